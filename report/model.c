#include "report/model.h"

#include "report/model_air.h"
#include "report/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VERDICT_FORMAT     1
#define VERDICT_SIZE_MAX   ((size_t)1 << 30)
#define RULE_NAMES_AT_MOST 4096

const char *const vo_result_words[VO_RESULT_STATUSES] = {
    "error", "fail", "warn", "not_measured", "pass", "informational", "skipped", "not_applicable"};
const char *const vo_result_names[VO_RESULT_STATUSES] = {"Error", "Fail",        "Warning", "Not measured",
                                                         "Pass",  "Information", "Skipped", "Not applicable"};

const struct vo_reported *vo_facts_of(const struct vo_facts *facts, enum vo_metric metric)
{
    static const struct vo_reported nothing = {.number = NAN, .uncertainty = NAN};
    size_t low = 0, high = facts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (facts->items[middle].metric < metric)
            low = middle + 1;
        else
            high = middle;
    }
    return low < facts->count && facts->items[low].metric == metric ? &facts->items[low] : &nothing;
}

double vo_facts_number(const struct vo_facts *facts, enum vo_metric metric)
{
    return vo_facts_of(facts, metric)->number;
}

const char *vo_report_label(const struct vo_observation *seen, const char *name)
{
    for (size_t i = 0; i < seen->label_count; i++)
        if (strcmp(seen->labels[i].name, name) == 0)
            return seen->labels[i].value;
    return NULL;
}

double vo_report_seconds(vo_time from, vo_time to)
{
    return ((double)to - (double)from) / (double)VO_NS_PER_S;
}

double vo_result_limit(const struct vo_result *result)
{
    const struct vo_json *limit = result->limit;
    return vo_json_double(vo_json_type(limit) == VO_JSON_OBJECT ? vo_json_child(limit) : limit);
}

double vo_report_limit(const struct vo_report *report, const struct vo_stream *stream, enum vo_metric metric)
{
    double any = NAN;
    for (size_t i = 0; i < report->result_count; i++) {
        const struct vo_result *result = &report->results[i];
        if (result->row != &vo_metrics[metric])
            continue;
        double limit = vo_result_limit(result);
        if (result->stream == stream && !isnan(limit))
            return limit;
        if (isnan(any))
            any = limit;
    }
    return any;
}

static bool read_status(const char *word, enum vo_result_status *status)
{
    for (size_t i = 0; word && i < VO_RESULT_STATUSES; i++) {
        if (strcmp(word, vo_result_words[i]) == 0) {
            *status = (enum vo_result_status)i;
            return true;
        }
    }
    return false;
}

static const char *text_or(const struct vo_json *object, const char *key, const char *otherwise)
{
    const char *text = vo_json_get_text(object, key);
    return text ? text : otherwise;
}

static void read_measurement(const struct vo_json *json, struct vo_result *result)
{
    const struct vo_json *observed = vo_json_get(json, "observed");
    result->metric = vo_json_get_text(json, "metric");
    result->row = result->metric ? vo_metric_find(result->metric) : NULL;
    result->observed = vo_json_double(observed);
    result->observed_word = vo_json_text(observed);
    result->unit = text_or(json, "unit", result->row ? result->row->unit : NULL);
    result->samples = vo_json_double(vo_json_get(json, "samples"));
    result->limit = vo_json_get(json, "limit");
    result->limit_text = vo_json_get_text(json, "limit_text");
    result->margin = vo_json_double(vo_json_get(json, "margin"));
    result->uncertainty = vo_json_double(vo_json_get(json, "uncertainty"));
    result->within_uncertainty = vo_json_true(vo_json_get(json, "within_uncertainty"));
    result->basis = vo_json_get_text(json, "basis");
}

static enum vo_status read_result(const struct vo_json *json, const char *path, struct vo_result *result,
                                  struct vo_error *error)
{
    const char *status = vo_json_get_text(json, "status");
    const struct vo_json *source = vo_json_get(json, "source");
    const struct vo_json *subject = vo_json_get(json, "subject");
    result->json = json;
    result->rule = text_or(json, "rule", "?");
    if (!read_status(status, &result->status))
        return vo_error_set(error, VO_ERR_INPUT,
                            "%s: rule %s has the status \"%s\", which this version does not know: "
                            "use the voready-report of the version that wrote it",
                            path, result->rule, status ? status : "");
    result->title = text_or(json, "title", result->rule);
    result->area = text_or(json, "area", "");
    result->severity = text_or(json, "severity", "");
    result->required = vo_json_true(vo_json_get(json, "required"));
    result->subject_kind = vo_json_get_text(subject, "kind");
    result->subject_id = vo_json_get_text(subject, "id");
    read_measurement(json, result);
    result->document = vo_json_get_text(source, "document");
    result->section = vo_json_get_text(source, "section");
    result->reason = vo_json_get_text(json, "reason");
    result->remediation = vo_json_get_text(json, "remediation");
    result->note = vo_json_get_text(json, "note");
    return VO_OK;
}

/* Numbers the rules as they first appear. */
static void number_rules(struct vo_report *report)
{
    const char *seen[RULE_NAMES_AT_MOST];
    size_t count = 0;
    for (size_t i = 0; i < report->result_count; i++) {
        struct vo_result *result = &report->results[i];
        size_t k = 0;
        while (k < count && strcmp(seen[k], result->rule) != 0)
            k++;
        if (k == count && count < RULE_NAMES_AT_MOST)
            seen[count++] = result->rule;
        result->rule_order = k;
    }
}

static enum vo_status read_results(struct vo_report *report, const char *path, struct vo_error *error)
{
    const struct vo_json *results = vo_json_get(report->verdict, "results");
    if (vo_json_type(results) != VO_JSON_ARRAY)
        return vo_error_set(error, VO_ERR_INPUT,
                            "%s: no \"results\": give a verdict file, as voready-analyze -o writes it", path);
    report->results = vo_store_take(report->store, (vo_json_count(results) + 1) * sizeof *report->results);
    if (!report->results)
        return vo_error_memory(error, "the results");
    for (const struct vo_json *json = vo_json_child(results); json; json = vo_json_next(json)) {
        struct vo_result *result = &report->results[report->result_count];
        enum vo_status status = read_result(json, path, result, error);
        if (status != VO_OK)
            return status;
        report->counts[result->status]++;
        report->result_count++;
    }
    number_rules(report);
    return VO_OK;
}

static int severity_rank(const char *severity)
{
    static const char *const order[] = {"critical", "major", "advisory"};
    int rank = 0;
    while (rank < 3 && strcmp(severity, order[rank]) != 0)
        rank++;
    return rank;
}

static int compare_results(const void *left, const void *right)
{
    const struct vo_result *a = *(const struct vo_result *const *)left;
    const struct vo_result *b = *(const struct vo_result *const *)right;
    if (a->status != b->status)
        return a->status < b->status ? -1 : 1;
    int rank_a = severity_rank(a->severity), rank_b = severity_rank(b->severity);
    if (rank_a != rank_b)
        return rank_a - rank_b;
    if (a->rule_order != b->rule_order)
        return a->rule_order < b->rule_order ? -1 : 1;
    double margin_a = isnan(a->margin) ? INFINITY : a->margin;
    double margin_b = isnan(b->margin) ? INFINITY : b->margin;
    if (margin_a < margin_b || margin_a > margin_b)
        return margin_a < margin_b ? -1 : 1;
    return a < b ? -1 : a > b;
}

static enum vo_status group_results(struct vo_report *report, struct vo_error *error)
{
    size_t count = report->result_count;
    const struct vo_result **sorted = vo_store_take(report->store, (count + 1) * sizeof *sorted);
    report->groups = vo_store_take(report->store, (count + 1) * sizeof *report->groups);
    if (!sorted || !report->groups)
        return vo_error_memory(error, "the results");
    for (size_t i = 0; i < count; i++)
        sorted[i] = &report->results[i];
    qsort(sorted, count, sizeof *sorted, compare_results);
    for (size_t i = 0; i < count; i++) {
        struct vo_group *last = report->group_count ? &report->groups[report->group_count - 1] : NULL;
        if (!last || last->status != sorted[i]->status ||
            strcmp(last->results[0]->rule, sorted[i]->rule) != 0) {
            last = &report->groups[report->group_count++];
            *last = (struct vo_group){.status = sorted[i]->status, .results = &sorted[i]};
        }
        last->count++;
    }
    return VO_OK;
}

/* What a run of the verdict that is not complete deserves: one sentence. */
static void note_runs(struct vo_report *report)
{
    const struct vo_json *run = vo_json_child(vo_json_get(report->verdict, "runs"));
    for (; run; run = vo_json_next(run)) {
        const struct vo_json *complete = vo_json_get(run, "complete");
        if (vo_json_type(complete) != VO_JSON_BOOL || vo_json_true(complete))
            continue;
        const char *source = vo_json_text(vo_json_child(vo_json_get(run, "source")));
        vo_report_note(report, "The run of %s%s%s was cut short: %s", text_or(run, "probe", "a probe"),
                       source ? " over " : "", source ? source : "",
                       text_or(run, "why", "its records have no end"));
    }
}

static enum vo_status check_format(const struct vo_json *document, const char *path, struct vo_error *error)
{
    double format = vo_json_double(vo_json_get(document, "format"));
    if (isnan(format) || !vo_json_get_text(document, "verdict"))
        return vo_error_set(error, VO_ERR_INPUT,
                            "%s: not a verdict: give the file that voready-analyze -o wrote first, "
                            "then records",
                            path);
    if (!(format > VERDICT_FORMAT - 0.5 && format < VERDICT_FORMAT + 0.5))
        return vo_error_set(error, VO_ERR_INPUT, "%s: verdict format %g is not known: use a newer voready",
                            path, format);
    return VO_OK;
}

/* Takes the document. */
static enum vo_status read_verdict(struct vo_report *report, struct vo_json *document, const char *path,
                                   struct vo_error *error)
{
    vo_store_keep(report->store, document);
    if (vo_store_failed(report->store))
        return vo_error_memory(error, "the verdict");
    report->verdict = document;
    enum vo_status status = check_format(document, path, error);
    if (status != VO_OK)
        return status;
    report->word = vo_json_get_text(document, "verdict");
    report->reason = vo_json_get_text(document, "reason");
    report->created = vo_json_get_text(document, "created");
    report->profile = vo_json_get_text(document, "profile");
    report->site = vo_json_get_text(document, "site");
    note_runs(report);
    return read_results(report, path, error);
}

/* The document becomes the report's. */
static enum vo_status load_all(struct vo_report *report, struct vo_json *document, const char *path,
                               const char *const *records, size_t count, struct vo_error *error)
{
    enum vo_status status = read_verdict(report, document, path, error);
    if (status == VO_OK)
        status = vo_report_read_records(report, records, count, error);
    if (status == VO_OK)
        vo_air_read_derived(report);
    if (status == VO_OK)
        status = vo_report_link(report, error);
    if (status == VO_OK)
        status = vo_air_link(report, error);
    if (status == VO_OK)
        status = group_results(report, error);
    if (status == VO_OK && vo_store_failed(report->store))
        status = vo_error_memory(error, "the report");
    return status;
}

static struct vo_report *new_report(void)
{
    struct vo_report *report = calloc(1, sizeof *report);
    if (report)
        report->store = vo_store_new();
    if (report && report->store)
        report->air = vo_store_take(report->store, sizeof *report->air);
    if (report && report->air)
        return report;
    vo_report_free(report);
    return NULL;
}

static enum vo_status load(struct vo_json *document, const char *path, const char *const *records,
                           size_t count, struct vo_report **out, struct vo_error *error)
{
    struct vo_report *report = new_report();
    *out = NULL;
    if (!report) {
        vo_json_free(document);
        return vo_error_memory(error, "the report");
    }
    enum vo_status status = load_all(report, document, path, records, count, error);
    if (status == VO_OK)
        *out = report;
    else
        vo_report_free(report);
    return status;
}

enum vo_status vo_report_load(const char *verdict, const char *const *records, size_t count,
                              struct vo_report **out, struct vo_error *error)
{
    struct vo_json *document;
    enum vo_status status = vo_json_load(verdict, VERDICT_SIZE_MAX, &document, error);
    *out = NULL;
    return status == VO_OK ? load(document, verdict, records, count, out, error) : status;
}

enum vo_status vo_report_parse(const char *text, size_t size, const char *name, struct vo_report **out,
                               struct vo_error *error)
{
    struct vo_json *document;
    enum vo_status status = vo_json_parse(text, size, &document, error);
    *out = NULL;
    return status == VO_OK ? load(document, name, NULL, 0, out, error) : status;
}

void vo_report_free(struct vo_report *report)
{
    if (!report)
        return;
    vo_store_free(report->store);
    free(report);
}
