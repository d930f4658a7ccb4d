#include "analyze/verdict.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put_packs(struct vo_json_writer *json, const struct vo_rules *rules)
{
    vo_json_key(json, "packs");
    vo_json_begin_array(json);
    for (size_t i = 0; i < rules->pack_count; i++) {
        vo_json_begin_object(json);
        vo_json_put_string(json, "pack", rules->packs[i].name);
        vo_json_put_string(json, "title", rules->packs[i].title);
        vo_json_put_string(json, "file", rules->packs[i].file);
        vo_json_end_object(json);
    }
    vo_json_end_array(json);
}

/* The areas of the selected rules, each once, in their order. */
static void put_areas(struct vo_json_writer *json, const struct vo_rules *rules)
{
    vo_json_key(json, "areas");
    vo_json_begin_array(json);
    for (size_t i = 0; i < rules->count; i++) {
        bool put = rules->rules[i].selected;
        for (size_t j = 0; j < i && put; j++)
            put = !rules->rules[j].selected || strcmp(rules->rules[j].area, rules->rules[i].area) != 0;
        if (put)
            vo_json_string(json, rules->rules[i].area);
    }
    vo_json_end_array(json);
}

static void put_runs(struct vo_json_writer *json, const struct vo_facts *facts)
{
    vo_json_key(json, "runs");
    vo_json_begin_array(json);
    for (size_t i = 0; i < facts->run_count; i++) {
        const struct vo_facts_run *run = &facts->runs[i];
        vo_json_begin_object(json);
        vo_json_put_string(json, "run", run->run);
        vo_json_put_string(json, "probe", run->probe);
        vo_json_put_string(json, "version", run->version);
        vo_json_put_string(json, "started", run->started);
        vo_json_put_string(json, "finished", run->finished);
        vo_json_key(json, "source");
        if (run->source)
            vo_json_raw(json, run->source, strlen(run->source));
        else
            vo_json_null(json);
        vo_json_put_bool(json, "complete", run->complete);
        if (run->running)
            vo_json_put_bool(json, "running", true);
        vo_json_put_string(json, "why", run->complete ? NULL : run->why);
        vo_json_put_integer(json, "records", (int64_t)run->records);
        vo_json_end_object(json);
    }
    vo_json_end_array(json);
}

/* What to do, and what to know, of each rule that was judged: once, not with each result. */
static void put_rules(struct vo_json_writer *json, const struct vo_rules *rules)
{
    vo_json_key(json, "rules");
    vo_json_begin_array(json);
    for (size_t i = 0; i < rules->count; i++) {
        if (!rules->rules[i].selected)
            continue;
        vo_json_begin_object(json);
        vo_json_put_string(json, "rule", rules->rules[i].id);
        vo_json_put_string(json, "title", rules->rules[i].title);
        vo_json_put_string(json, "remediation", rules->rules[i].remediation);
        vo_json_put_string(json, "note", rules->rules[i].note);
        vo_json_end_object(json);
    }
    vo_json_end_array(json);
}

static void put_summary(struct vo_json_writer *json, const struct vo_evaluation *evaluation)
{
    vo_json_key(json, "summary");
    vo_json_begin_object(json);
    for (size_t i = 0; i < VO_RESULT_STATUSES; i++)
        vo_json_put_integer(json, vo_result_status_names[i], (int64_t)evaluation->count[i]);
    vo_json_end_object(json);
}

/* How a label was had, and what the id says already, is left to the record that the evidence names. */
static bool is_left_out(const char *label)
{
    static const char *const names[] = {"source", "destination", "clock_basis"};
    const char *end = strrchr(label, '_');
    if (end && strcmp(end, "_evidence") == 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(label, names[i]) == 0)
            return true;
    return false;
}

static void put_labels(struct vo_json_writer *json, const struct vo_fact *fact)
{
    for (size_t i = 0; i < fact->label_count; i++) {
        const struct vo_fact_label *label = &fact->labels[i];
        if (is_left_out(label->name))
            continue;
        if (label->text)
            vo_json_put_string(json, label->name, label->text);
        else
            vo_json_put_number(json, label->name, label->number);
    }
}

/* One subject, or all of a kind for a result that stands for several. */
static void put_subject(struct vo_json_writer *json, const struct vo_result *result)
{
    char id[40];
    vo_json_key(json, "subject");
    if (!result->subjects) {
        vo_json_null(json);
        return;
    }
    vo_json_begin_object(json);
    vo_json_put_string(json, "kind", result->rule->subject);
    if (result->fact) {
        vo_json_put_string(json, "id", result->fact->id);
        vo_json_put_string(json, "key", result->fact->key);
        put_labels(json, result->fact);
    } else {
        snprintf(id, sizeof id, "all %zu", result->subjects);
        vo_json_put_string(json, "id", id);
        vo_json_put_string(json, "key", "all");
    }
    vo_json_end_object(json);
}

/* NaN is written as null. */
static void put_measured(struct vo_json_writer *json, const struct vo_result *result)
{
    vo_json_put_string(json, "metric", result->rule->metric->name);
    vo_json_key(json, "observed");
    if (result->word)
        vo_json_string(json, result->word);
    else
        vo_json_number(json, result->observed);
    vo_json_put_string(json, "unit", result->unit);
    vo_json_put_number(json, "samples", result->samples);
    vo_json_key(json, "limit");
    vo_limit_write(json, &result->limit);
    vo_json_key(json, "warn");
    vo_limit_write(json, &result->warn);
    vo_json_put_string(json, "limit_text", result->limit_text);
    vo_json_put_number(json, "margin", result->margin);
    vo_json_put_number(json, "uncertainty", result->uncertainty);
    vo_json_put_bool(json, "within_uncertainty", result->within_uncertainty);
    vo_json_put_string(json, "basis", result->basis);
}

/* Whether there is something to be done about a result: only then it says what. */
static bool asks_for_action(enum vo_result_status status)
{
    return status == VO_RESULT_WARN || status == VO_RESULT_FAIL || status == VO_RESULT_NOT_MEASURED ||
           status == VO_RESULT_ERROR;
}

static void put_result(struct vo_json_writer *json, const struct vo_facts *facts,
                       const struct vo_result *result)
{
    const struct vo_rule *rule = result->rule;
    vo_json_begin_object(json);
    vo_json_put_string(json, "rule", rule->id);
    vo_json_put_string(json, "title", rule->title);
    vo_json_put_string(json, "area", rule->area);
    vo_json_put_string(json, "severity", vo_severity_names[rule->severity]);
    vo_json_put_bool(json, "required", rule->required);
    vo_json_put_string(json, "status", vo_result_status_names[result->status]);
    put_subject(json, result);
    put_measured(json, result);
    vo_json_key(json, "source");
    vo_json_copy(json, rule->source);
    vo_verdict_put_evidence(json, facts, result->evidence, result->evidence_count);
    vo_json_put_string(json, "reason", result->reason);
    if (asks_for_action(result->status)) {
        vo_json_put_string(json, "remediation", rule->remediation);
        vo_json_put_string(json, "note", rule->note);
    }
    vo_json_end_object(json);
}

void vo_verdict_put(struct vo_json_writer *json, const struct vo_verdict_head *head,
                    const struct vo_rules *rules, const struct vo_facts *facts,
                    const struct vo_evaluation *evaluation)
{
    char created[VO_TIME_TEXT_SIZE];
    vo_json_begin_object(json);
    vo_json_put_integer(json, "format", VO_VERDICT_FORMAT);
    vo_json_put_string(json, "verdict", vo_verdict_names[evaluation->verdict]);
    vo_json_put_string(json, "reason", evaluation->reason);
    vo_json_put_string(json, "created", vo_time_format(head->created, created));
    put_packs(json, rules);
    vo_json_put_string(json, "profile", head->profile);
    put_areas(json, rules);
    vo_json_put_string(json, "site", head->site);
    put_rules(json, rules);
    put_runs(json, facts);
    put_summary(json, evaluation);
    vo_json_key(json, "results");
    vo_json_begin_array(json);
    for (const struct vo_result *result = evaluation->first; result; result = result->next)
        put_result(json, facts, result);
    vo_json_end_array(json);
    vo_verdict_put_derived(json, facts, head->explained);
    vo_json_end_object(json);
}

static enum vo_status fail(const char *path, int why, struct vo_error *error)
{
    return vo_error_set(error, VO_ERR_IO, "%s: cannot write the verdict: %s%s",
                        strcmp(path, "-") == 0 ? "standard output" : path, strerror(why),
                        why == EPIPE ? ": the program that reads it has ended" : "");
}

enum vo_status vo_verdict_write(const char *path, const struct vo_json_writer *json, struct vo_error *error)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *stream = standard ? stdout : fopen(path, "we");
    if (!stream)
        return fail(path, errno, error);
    fwrite(json->data, 1, json->size, stream);
    fputc('\n', stream);
    bool failed = fflush(stream) != 0 || ferror(stream);
    int why = errno;
    if (!standard && fclose(stream) != 0 && !failed) {
        failed = true;
        why = errno;
    }
    return failed ? fail(path, why, error) : VO_OK;
}

/* What is no file of its own, such as a device or a pipe, cannot be replaced. */
static bool is_replaceable(const char *path)
{
    struct stat there;
    return strcmp(path, "-") != 0 && (lstat(path, &there) != 0 || S_ISREG(there.st_mode));
}

enum vo_status vo_verdict_replace(const char *path, const struct vo_json_writer *json, struct vo_error *error)
{
    if (!is_replaceable(path))
        return vo_verdict_write(path, json, error);
    size_t size = strlen(path) + sizeof ".new";
    char *beside = malloc(size);
    if (!beside)
        return vo_error_memory(error, "the verdict");
    snprintf(beside, size, "%s.new", path);
    enum vo_status status = vo_verdict_write(beside, json, error);
    if (status == VO_OK && rename(beside, path) != 0)
        status = fail(path, errno, error);
    if (status != VO_OK)
        unlink(beside);
    free(beside);
    return status;
}
