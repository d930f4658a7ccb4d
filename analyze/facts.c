#include "analyze/facts.h"

#include "analyze/derived.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

_Static_assert(VO_METRIC_COUNT < UINT8_MAX, "slots of a kind are bytes");

static const struct vo_value absent = {.type = VO_VALUE_ABSENT, .number = NAN, .uncertainty = NAN};

/* --- What is wanted ------------------------------------------------------------------------------- */

static struct vo_facts_kind *get_kind(struct vo_facts *facts, const char *name)
{
    static const char *const counting[] = {"bss", "cell", "link", "channel"};
    for (size_t i = 0; i < facts->kind_count; i++)
        if (strcmp(facts->kinds[i].name, name) == 0)
            return &facts->kinds[i];
    assert(facts->kind_count < VO_FACTS_KINDS);
    struct vo_facts_kind *kind = &facts->kinds[facts->kind_count++];
    *kind = (struct vo_facts_kind){.name = name};
    for (size_t i = 0; i < sizeof counting / sizeof *counting; i++)
        kind->counts_on = kind->counts_on || strcmp(counting[i], name) == 0;
    return kind;
}

void vo_facts_want(struct vo_facts *facts, const char *kind, enum vo_metric metric)
{
    struct vo_facts_kind *shape = get_kind(facts, kind);
    if (metric == VO_METRIC_COUNT || shape->slots[metric])
        return;
    shape->metrics[shape->slot_count++] = (uint8_t)metric;
    shape->slots[metric] = (uint8_t)shape->slot_count;
}

const struct vo_facts_kind *vo_facts_kind(const struct vo_facts *facts, const char *kind)
{
    for (size_t i = 0; i < facts->kind_count; i++)
        if (strcmp(facts->kinds[i].name, kind) == 0)
            return &facts->kinds[i];
    return NULL;
}

static void want_row(struct vo_facts *facts, const char *kind, const struct vo_metric_row *row)
{
    if (row)
        vo_facts_want(facts, kind, (enum vo_metric)(row - vo_metrics));
}

static void want_rule(struct vo_facts *facts, const struct vo_rule *rule)
{
    const char *kind = rule->subject;
    want_row(facts, kind, rule->metric);
    want_row(facts, kind, rule->far_end);
    if (rule->far_end) {
        vo_facts_want(facts, kind, VO_METRIC_RTCP_REPORTS);
        vo_facts_want(facts, kind, VO_METRIC_RTCP_EXPECTED_PACKETS);
        vo_facts_want(facts, kind, VO_METRIC_RTP_EXPECTED_PACKETS);
    }
    want_row(facts, kind, rule->metric->samples ? vo_metric_find(rule->metric->samples) : NULL);
    for (const struct vo_json *item = vo_json_child(rule->where); item; item = vo_json_next(item))
        want_row(facts, kind, vo_metric_find(vo_json_key_of(item)));
    if (rule->drops_explain) {
        vo_facts_want(facts, "capture", VO_METRIC_CAPTURE_DROPPED_PACKETS);
        vo_facts_want(facts, kind, VO_METRIC_RTP_UNHEARD_PACKETS);
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
    made->scratch = calloc(VO_METRIC_COUNT, sizeof *made->scratch);
    if (!made->scratch) {
        free(made);
        *facts = NULL;
        return vo_error_memory(error, "the records");
    }
    for (size_t i = 0; i < rules->count; i++)
        if (rules->rules[i].selected)
            want_rule(made, &rules->rules[i]);
    return VO_OK;
}

void vo_facts_survey(struct vo_facts *facts, const char *const *ssids, size_t count)
{
    facts->surveyed = ssids;
    facts->surveyed_count = count;
}

void vo_facts_free(struct vo_facts *facts)
{
    if (!facts)
        return;
    vo_facts_underive(facts);
    for (struct vo_facts_series *series = facts->series; series; series = series->next)
        for (size_t i = 0; i < VO_METRIC_COUNT; i++)
            free(series->columns[i]);
    vo_names_release(&facts->run_names);
    vo_names_release(&facts->subject_names);
    vo_names_release(&facts->series_names);
    vo_texts_release(&facts->texts);
    vo_arena_release(&facts->arena);
    free(facts->counting.slots);
    free(facts->scratch);
    free(facts->draft.labels);
    free(facts->runs);
    free(facts);
}

/* --- Runs ----------------------------------------------------------------------------------------- */

enum vo_status vo_facts_finish(struct vo_facts *facts, bool more, struct vo_error *error)
{
    for (size_t i = 0; i < facts->run_count; i++) {
        struct vo_facts_run *run = &facts->runs[i];
        run->running = more && run->begun && !run->ended;
        if (!run->begun) {
            run->complete = false;
            run->why = "its beginning, the run record, is not there";
        } else if (run->running) {
            run->why = "it is still running";
        } else if (!run->ended) {
            run->why = "it has no end record: the probe was killed, or the file was cut";
        } else if (!run->complete && !run->why) {
            run->why = "the probe does not say why";
        }
    }
    return facts->arena.failed ? vo_error_memory(error, "the records") : VO_OK;
}

bool vo_facts_run_counts(const struct vo_facts_run *run)
{
    return run->complete || run->running;
}

bool vo_fact_counts(const struct vo_facts *facts, const struct vo_fact *fact)
{
    struct vo_evidence self;
    size_t count;
    const struct vo_evidence *evidence = vo_fact_evidence(fact, &self, &count);
    for (size_t i = 0; i < count; i++)
        if (!vo_facts_run_counts(&facts->runs[evidence[i].run]))
            return false;
    return true;
}

const struct vo_evidence *vo_fact_evidence(const struct vo_fact *fact, struct vo_evidence *self,
                                           size_t *count)
{
    *self = (struct vo_evidence){fact->run, fact->n};
    *count = fact->evidence ? fact->evidence_count : 1;
    return fact->evidence ? fact->evidence : self;
}

/* --- Values and labels ---------------------------------------------------------------------------- */

const struct vo_value *vo_fact_value(const struct vo_fact *fact, const struct vo_metric_row *metric)
{
    size_t slot = fact->shape->slots[metric - vo_metrics];
    size_t at = slot ? fact->at[slot - 1] : 0;
    return at ? &fact->values[at - 1] : &absent;
}

bool vo_fact_tells(const struct vo_fact *fact, const struct vo_metric_row *metric)
{
    size_t slot = fact->shape->slots[metric - vo_metrics];
    return slot && fact->at[slot - 1];
}

double vo_fact_number(const struct vo_fact *fact, enum vo_metric metric)
{
    const struct vo_value *value = vo_fact_value(fact, &vo_metrics[metric]);
    return value->type == VO_VALUE_NUMBER ? value->number : NAN;
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

double vo_fact_label_number(const struct vo_fact *fact, const char *name)
{
    const struct vo_fact_label *label = find_label(fact, name);
    return label && !label->text ? label->number : NAN;
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

bool vo_fact_matches(const struct vo_fact *fact, const struct vo_rule *rule)
{
    for (const struct vo_json *item = vo_json_child(rule->where); item; item = vo_json_next(item)) {
        const struct vo_metric_row *state = vo_metric_find(vo_json_key_of(item));
        const struct vo_fact_label *label = find_label(fact, vo_json_key_of(item));
        struct vo_fact_label word = {NULL, NULL, NAN};
        if (state) {
            const struct vo_value *value = vo_fact_value(fact, state);
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
