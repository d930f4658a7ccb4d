#include "analyze/facts.h"

#include "analyze/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct vo_value absent = {.type = VO_VALUE_ABSENT, .uncertainty = NAN};

static void want(struct vo_facts *facts, const struct vo_metric_row *metric)
{
    if (metric)
        facts->wanted[metric - vo_metrics] = true;
}

static void want_rule(struct vo_facts *facts, const struct vo_rule *rule)
{
    want(facts, rule->metric);
    want(facts, rule->far_end);
    if (rule->far_end) {
        facts->wanted[VO_METRIC_RTCP_REPORTS] = true;
        facts->wanted[VO_METRIC_RTCP_EXPECTED_PACKETS] = true;
        facts->wanted[VO_METRIC_RTP_EXPECTED_PACKETS] = true;
    }
    want(facts, rule->metric->samples ? vo_metric_find(rule->metric->samples) : NULL);
    for (const struct vo_json *item = vo_json_child(rule->where); item; item = vo_json_next(item))
        want(facts, vo_metric_find(vo_json_key_of(item)));
    if (rule->drops_explain) {
        facts->wanted[VO_METRIC_CAPTURE_DROPPED_PACKETS] = true;
        facts->wanted[VO_METRIC_RTP_UNHEARD_PACKETS] = true;
    }
    if (isnan(rule->window_s))
        return;
    if (rule->statistic != VO_STATISTIC_RATIO) {
        facts->wanted_columns[rule->metric - vo_metrics] = true;
        return;
    }
    facts->wanted_columns[rule->numerator - vo_metrics] = true;
    facts->wanted_columns[vo_metric_find(rule->metric->samples) - vo_metrics] = true;
}

enum vo_status vo_facts_new(const struct vo_rules *rules, struct vo_facts **facts, struct vo_error *error)
{
    struct vo_facts *made = calloc(1, sizeof *made);
    *facts = made;
    if (!made)
        return vo_error_memory(error, "the records");
    made->rules = rules;
    for (size_t i = 0; i < rules->count; i++)
        if (rules->rules[i].selected)
            want_rule(made, &rules->rules[i]);
    for (size_t i = 0; i < VO_METRIC_COUNT; i++)
        if (made->wanted[i])
            made->slot[i] = made->slot_count++;
    return VO_OK;
}

void vo_facts_free(struct vo_facts *facts)
{
    if (!facts)
        return;
    for (struct vo_facts_series *series = facts->series; series; series = series->next)
        for (size_t i = 0; i < VO_METRIC_COUNT; i++)
            free(series->columns[i]);
    vo_names_release(&facts->run_names);
    vo_names_release(&facts->subject_names);
    vo_names_release(&facts->series_names);
    vo_arena_release(&facts->arena);
    free(facts->runs);
    free(facts);
}

/* Whether a selected rule asks for subjects of this kind. */
static bool wanted_kind(const struct vo_facts *facts, const char *kind)
{
    if (strcmp(kind, "capture") == 0 && facts->wanted[VO_METRIC_CAPTURE_DROPPED_PACKETS])
        return true;
    for (size_t i = 0; i < facts->rules->count; i++)
        if (facts->rules->rules[i].selected && strcmp(facts->rules->rules[i].subject, kind) == 0)
            return true;
    return false;
}

/* The run of a record, made when it is new. Neighbouring records are mostly of one run. */
static struct vo_facts_run *find_run(struct vo_facts *facts, const char *uuid)
{
    if (facts->run_count && strcmp(facts->runs[facts->last_run].run, uuid) == 0)
        return &facts->runs[facts->last_run];
    const char *const parts[VO_NAME_PARTS] = {uuid, "", ""};
    struct vo_name *name = vo_names_get(&facts->run_names, &facts->arena, parts);
    if (!name)
        return NULL;
    if (!name->object) {
        struct vo_facts_run *grown = realloc(facts->runs, (facts->run_count + 1) * sizeof *grown);
        size_t *index = vo_arena_get(&facts->arena, sizeof *index);
        if (grown)
            facts->runs = grown;
        if (!grown || !index)
            return NULL;
        *index = facts->run_count++;
        grown[*index] = (struct vo_facts_run){.run = name->parts[0]};
        name->object = index;
    }
    facts->last_run = *(size_t *)name->object;
    return &facts->runs[facts->last_run];
}

static enum vo_status read_run(struct vo_facts *facts, struct vo_facts_run *run,
                               const struct vo_record *record, struct vo_error *error)
{
    struct vo_json_writer source = {0};
    if (run->begun)
        return vo_error_set(error, VO_ERR_INPUT,
                            "%s:%zu: run %s is there for the second time: give each file once", record->file,
                            record->line, run->run);
    run->begun = true;
    run->probe = vo_arena_text(&facts->arena, vo_json_get_text(record->json, "probe"));
    run->version = vo_arena_text(&facts->arena, vo_json_get_text(record->json, "version"));
    run->started = vo_arena_text(&facts->arena, vo_json_get_text(record->json, "started"));
    if (vo_json_get(record->json, "source")) {
        vo_json_copy(&source, vo_json_get(record->json, "source"));
        run->source = vo_arena_text_sized(&facts->arena, source.data, source.size);
    }
    bool failed = source.failed;
    vo_json_writer_release(&source);
    return failed ? vo_error_memory(error, "the records") : VO_OK;
}

static void read_end(struct vo_facts *facts, struct vo_facts_run *run, const struct vo_record *record)
{
    run->ended = true;
    run->complete = vo_json_true(vo_json_get(record->json, "complete"));
    run->finished = vo_arena_text(&facts->arena, vo_json_get_text(record->json, "finished"));
    run->why = run->complete ? NULL : vo_arena_text(&facts->arena, vo_json_get_text(record->json, "why"));
}

static void read_labels(struct vo_facts *facts, struct vo_fact *fact, const struct vo_json *subject)
{
    fact->labels = vo_arena_get(&facts->arena, (vo_json_count(subject) + 1) * sizeof *fact->labels);
    for (const struct vo_json *item = vo_json_child(subject); item && fact->labels;
         item = vo_json_next(item)) {
        const char *name = vo_json_key_of(item), *text = vo_json_text(item);
        if (strcmp(name, "kind") == 0 || strcmp(name, "id") == 0 || strcmp(name, "key") == 0)
            continue;
        if (vo_json_type(item) == VO_JSON_BOOL)
            text = vo_json_true(item) ? "true" : "false";
        if (!text && vo_json_type(item) != VO_JSON_NUMBER)
            continue;
        fact->labels[fact->label_count++] = (struct vo_fact_label){
            vo_arena_text(&facts->arena, name), vo_arena_text(&facts->arena, text), vo_json_double(item)};
    }
}

/* A number in `metrics`, a word in `states`, a reason in `missing`; anything else is bad. */
static void read_value(struct vo_facts *facts, const struct vo_metric_row *metric, const struct vo_json *json,
                       struct vo_value *value)
{
    const struct vo_json *number = vo_json_get(vo_json_get(json, "metrics"), metric->name);
    const struct vo_json *word = vo_json_get(vo_json_get(json, "states"), metric->name);
    const struct vo_json *reason = vo_json_get(vo_json_get(json, "missing"), metric->name);
    const struct vo_json *node = metric->words ? word : number;
    const char *text = vo_json_text(metric->words ? word : reason);
    *value = (struct vo_value){.number = vo_json_double(number)};
    value->uncertainty = vo_json_double(vo_json_get(vo_json_get(json, "uncertainty"), metric->name));
    value->basis = vo_arena_text(&facts->arena, vo_json_get_text(vo_json_get(json, "basis"), metric->name));
    if (metric->words && node) {
        bool known = text && vo_words_have(metric->words, text);
        value->type = known ? VO_VALUE_WORD : VO_VALUE_BAD;
        value->text = known ? vo_arena_text(&facts->arena, text)
                            : vo_arena_format(&facts->arena, "the record's state '%.60s' is not a word of %s",
                                              text ? text : "(not a text)", metric->name);
    } else if (node) {
        value->type = isfinite(value->number) ? VO_VALUE_NUMBER : VO_VALUE_BAD;
        value->text = isfinite(value->number) ? NULL : "the record's value is not a number";
    } else if (reason) {
        value->type = VO_VALUE_MISSING;
        value->text = vo_json_text(reason) ? vo_arena_text(&facts->arena, vo_json_text(reason))
                                           : "the record says that it is missing, but not why";
    }
}

static void read_time(struct vo_fact *fact, const struct vo_json *json)
{
    const char *text = vo_json_get_text(json, "time");
    if (!text || vo_time_parse(text, &fact->time, NULL) != VO_OK)
        fact->time = VO_TIME_UNKNOWN;
}

/* Puts the fact at the end of its subject, and a new subject at the end of the subjects. */
static bool append(struct vo_facts *facts, struct vo_fact *fact, const char *point)
{
    const char *const parts[VO_NAME_PARTS] = {fact->kind, fact->id, point ? point : ""};
    struct vo_name *name = vo_names_get(&facts->subject_names, &facts->arena, parts);
    struct vo_facts_subject *subject = name ? name->object : NULL;
    if (!name)
        return false;
    if (!subject) {
        subject = vo_arena_get(&facts->arena, sizeof *subject);
        if (!subject)
            return false;
        subject->kind = name->parts[0];
        subject->id = name->parts[1];
        name->object = subject;
        if (facts->last_subject)
            facts->last_subject->next = subject;
        else
            facts->subjects = subject;
        facts->last_subject = subject;
    }
    fact->kind = subject->kind;
    fact->id = subject->id;
    if (subject->last)
        subject->last->next = fact;
    else
        subject->first = fact;
    subject->last = fact;
    return true;
}

static enum vo_status read_observation(struct vo_facts *facts, const struct vo_record *record,
                                       struct vo_error *error)
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    const char *kind = vo_json_get_text(subject, "kind"), *id = vo_json_get_text(subject, "id");
    if (!kind || !id)
        return vo_error_set(error, VO_ERR_INPUT, "%s:%zu: an observation whose subject has no kind or no id",
                            record->file, record->line);
    if (!wanted_kind(facts, kind))
        return VO_OK;
    struct vo_fact *fact = vo_arena_get(&facts->arena, sizeof *fact);
    struct vo_value *values = vo_arena_get(&facts->arena, (facts->slot_count + 1) * sizeof *values);
    if (!fact || !values)
        return vo_error_memory(error, "an observation");
    *fact =
        (struct vo_fact){.run = facts->last_run, .n = record->n, .kind = kind, .id = id, .values = values};
    fact->key = vo_arena_text(&facts->arena, vo_json_get_text(subject, "key"));
    read_time(fact, record->json);
    read_labels(facts, fact, subject);
    for (size_t i = 0; i < VO_METRIC_COUNT; i++)
        if (facts->wanted[i])
            read_value(facts, &vo_metrics[i], record->json, &values[facts->slot[i]]);
    bool good = append(facts, fact, vo_json_get_text(subject, "point"));
    return good && !facts->arena.failed ? VO_OK : vo_error_memory(error, "an observation");
}

enum vo_status vo_facts_add(struct vo_facts *facts, const struct vo_record *record, struct vo_error *error)
{
    struct vo_facts_run *run = find_run(facts, record->run);
    enum vo_status status = VO_OK;
    if (!run)
        return vo_error_memory(error, "the records");
    run->records++;
    if (strcmp(record->kind, "run") == 0)
        status = read_run(facts, run, record, error);
    else if (strcmp(record->kind, "observation") == 0)
        status = read_observation(facts, record, error);
    else if (strcmp(record->kind, "series") == 0)
        status = vo_series_add(facts, record, error);
    else if (strcmp(record->kind, "end") == 0)
        read_end(facts, run, record);
    return status == VO_OK && facts->arena.failed ? vo_error_memory(error, "the records") : status;
}

enum vo_status vo_facts_read(struct vo_facts *facts, const char *path, struct vo_error *error)
{
    struct vo_record_reader *reader = NULL;
    struct vo_record record = {0};
    enum vo_status status = vo_record_reader_open(path, &reader, error);
    while (status == VO_OK) {
        status = vo_record_read(reader, &record, error);
        if (status == VO_OK)
            status = vo_facts_add(facts, &record, error);
    }
    vo_record_reader_free(reader);
    return status == VO_END ? VO_OK : status;
}

enum vo_status vo_facts_finish(struct vo_facts *facts, struct vo_error *error)
{
    for (size_t i = 0; i < facts->run_count; i++) {
        struct vo_facts_run *run = &facts->runs[i];
        if (!run->begun) {
            run->complete = false;
            run->why = "its beginning, the run record, is not there";
        } else if (!run->ended) {
            run->why = "it has no end record: the probe was killed, or the file was cut";
        } else if (!run->complete && !run->why) {
            run->why = "the probe does not say why";
        }
    }
    return facts->arena.failed ? vo_error_memory(error, "the records") : VO_OK;
}

const struct vo_value *vo_fact_value(const struct vo_facts *facts, const struct vo_fact *fact,
                                     const struct vo_metric_row *metric)
{
    size_t index = (size_t)(metric - vo_metrics);
    return facts->wanted[index] ? &fact->values[facts->slot[index]] : &absent;
}

static const struct vo_fact_label *find_label(const struct vo_fact *fact, const char *name)
{
    for (size_t i = 0; i < fact->label_count; i++)
        if (strcmp(fact->labels[i].name, name) == 0)
            return &fact->labels[i];
    return NULL;
}

const char *vo_fact_label(const struct vo_fact *fact, const char *name)
{
    const struct vo_fact_label *label = find_label(fact, name);
    return label ? label->text : NULL;
}

bool vo_fact_same_label(const struct vo_fact *a, const struct vo_fact *b, const char *name)
{
    const struct vo_fact_label *x = find_label(a, name), *y = find_label(b, name);
    if (!x || !y || !x->text != !y->text)
        return x == y;
    return x->text ? strcmp(x->text, y->text) == 0 : fabs(x->number - y->number) < 1e-9;
}

static bool label_allowed(const struct vo_fact_label *label, const struct vo_json *allowed)
{
    for (const struct vo_json *item = vo_json_child(allowed); item; item = vo_json_next(item)) {
        const char *text = vo_json_text(item);
        /* Encoding names are compared without case (RFC 4855 3). */
        if (text ? label->text && strcasecmp(text, label->text) == 0
                 : !label->text && fabs(label->number - vo_json_double(item)) < 1e-9)
            return true;
    }
    return false;
}

bool vo_fact_matches(const struct vo_facts *facts, const struct vo_fact *fact, const struct vo_rule *rule)
{
    for (const struct vo_json *item = vo_json_child(rule->where); item; item = vo_json_next(item)) {
        const struct vo_metric_row *state = vo_metric_find(vo_json_key_of(item));
        const struct vo_fact_label *label = find_label(fact, vo_json_key_of(item));
        struct vo_fact_label word = {NULL, NULL, NAN};
        if (state) {
            const struct vo_value *value = vo_fact_value(facts, fact, state);
            word.text = value->type == VO_VALUE_WORD ? value->text : NULL;
            label = word.text ? &word : NULL;
        }
        if (!label || !label_allowed(label, item))
            return false;
    }
    for (const struct vo_json *item = vo_json_child(rule->without); item; item = vo_json_next(item))
        if (find_label(fact, vo_json_text(item)))
            return false;
    return true;
}
