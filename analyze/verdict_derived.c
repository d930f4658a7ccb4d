/* What was derived, as a part of the verdict: observations in the shape of records, and explanations. */
#include "analyze/verdict.h"

#include <math.h>
#include <string.h>

void vo_verdict_put_evidence(struct vo_json_writer *json, const struct vo_facts *facts,
                             const struct vo_evidence *evidence, size_t count)
{
    vo_json_key(json, "evidence");
    vo_json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        vo_json_begin_object(json);
        vo_json_put_string(json, "run", facts->runs[evidence[i].run].run);
        vo_json_put_integer(json, "n", (int64_t)evidence[i].n);
        vo_json_end_object(json);
    }
    vo_json_end_array(json);
}

/* The sections of an observation, each from the values that belong there. */
enum section { METRICS, STATES, MISSING, BASIS, UNCERTAINTY, SECTIONS };
static const char *const section_names[SECTIONS] = {"metrics", "states", "missing", "basis", "uncertainty"};

static bool belongs(const struct vo_value *value, enum section section)
{
    switch (section) {
    case METRICS:
        return value->type == VO_VALUE_NUMBER;
    case STATES:
        return value->type == VO_VALUE_WORD;
    case MISSING:
        return value->type == VO_VALUE_MISSING;
    case BASIS:
        return value->basis != NULL;
    default:
        return isfinite(value->uncertainty);
    }
}

static void put_section(struct vo_json_writer *json, const struct vo_fact *fact, enum section section)
{
    bool any = false;
    for (size_t i = 0; i < fact->shape->slot_count; i++) {
        const struct vo_metric_row *metric = &vo_metrics[fact->shape->metrics[i]];
        const struct vo_value *value = vo_fact_value(fact, metric);
        if (!belongs(value, section))
            continue;
        if (!any) {
            vo_json_key(json, section_names[section]);
            vo_json_begin_object(json);
        }
        any = true;
        if (section == METRICS)
            vo_json_put_number(json, metric->name, value->number);
        else if (section == UNCERTAINTY)
            vo_json_put_number(json, metric->name, value->uncertainty);
        else
            vo_json_put_string(json, metric->name, section == BASIS ? value->basis : value->text);
    }
    if (any)
        vo_json_end_object(json);
}

static void put_subject(struct vo_json_writer *json, const struct vo_fact *fact)
{
    vo_json_key(json, "subject");
    vo_json_begin_object(json);
    vo_json_put_string(json, "kind", fact->kind);
    vo_json_put_string(json, "id", fact->id);
    if (fact->key)
        vo_json_put_string(json, "key", fact->key);
    for (size_t i = 0; i < fact->label_count; i++) {
        const struct vo_fact_label *label = &fact->labels[i];
        if (label->text)
            vo_json_put_string(json, label->name, label->text);
        else
            vo_json_put_number(json, label->name, label->number);
    }
    vo_json_end_object(json);
}

static void put_time(struct vo_json_writer *json, const char *key, vo_time time)
{
    char text[VO_TIME_TEXT_SIZE];
    if (time != VO_TIME_UNKNOWN)
        vo_json_put_string(json, key, vo_time_format(time, text));
}

static void put_observation(struct vo_json_writer *json, const struct vo_facts *facts,
                            const struct vo_fact *fact)
{
    vo_json_begin_object(json);
    vo_json_put_string(json, "record", "observation");
    put_time(json, "time", fact->time);
    if (fact->place)
        vo_json_put_string(json, "place", fact->place);
    put_subject(json, fact);
    for (int section = METRICS; section < SECTIONS; section++)
        put_section(json, fact, (enum section)section);
    vo_verdict_put_evidence(json, facts, fact->evidence, fact->evidence_count);
    vo_json_end_object(json);
}

static void put_explanation(struct vo_json_writer *json, const struct vo_facts *facts,
                            const struct vo_explanation *it)
{
    vo_json_begin_object(json);
    vo_json_put_string(json, "record", "event");
    vo_json_put_string(json, "kind", "explanation");
    put_time(json, "time", it->from);
    put_time(json, "until", it->until);
    vo_json_put_number(json, "margin_s", VO_EXPLAIN_MARGIN_S);
    vo_json_key(json, "subject");
    vo_json_begin_object(json);
    vo_json_put_string(json, "kind", "rtp_stream");
    vo_json_put_string(json, "id", it->id);
    if (it->key)
        vo_json_put_string(json, "key", it->key);
    vo_json_end_object(json);
    vo_json_put_number(json, "lost", it->lost);
    vo_json_put_number(json, "expected", it->expected);
    vo_json_key(json, "looked_at");
    vo_json_begin_array(json);
    for (int look = 0; look < VO_AIR_LOOKS; look++)
        if (it->looked_at >> look & 1)
            vo_json_string(json, vo_air_looks[look]);
    vo_json_end_array(json);
    vo_json_key(json, "with");
    vo_json_begin_array(json);
    for (const struct vo_coincidence *with = it->with; with; with = with->next) {
        vo_json_begin_object(json);
        vo_json_put_string(json, "what", with->what);
        vo_json_put_string(json, "text", with->text);
        vo_verdict_put_evidence(json, facts, with->evidence, with->evidence_count);
        vo_json_end_object(json);
    }
    vo_json_end_array(json);
    if (it->left_out)
        vo_json_put_integer(json, "left_out", (int64_t)it->left_out);
    vo_verdict_put_evidence(json, facts, it->evidence, it->evidence_count);
    vo_json_end_object(json);
}

void vo_verdict_put_derived(struct vo_json_writer *json, const struct vo_facts *facts,
                            const struct vo_explanation *explained)
{
    vo_json_key(json, "derived");
    vo_json_begin_array(json);
    for (const struct vo_facts_subject *subject = facts->subjects; subject; subject = subject->next) {
        const struct vo_fact *fact = subject->last_read ? subject->last_read->next : subject->first;
        for (; fact; fact = fact->next)
            put_observation(json, facts, fact);
    }
    for (; explained; explained = explained->next)
        put_explanation(json, facts, explained);
    vo_json_end_array(json);
}
