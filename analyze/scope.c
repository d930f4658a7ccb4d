#include "analyze/scope.h"

#include <string.h>

#define SILENCE "filtered"

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

const char *vo_scope_reason(struct vo_arena *arena, const struct vo_fact *fact)
{
    const char *vantage = vo_fact_label(fact, "elsewhere");
    if (vantage)
        return vo_arena_format(arena, "it belongs to vantage %s: run voready-reach --vantage %s there",
                               vantage, vantage);
    return vo_fact_label(fact, "not_applicable");
}

/* Whether one of them was tried from the vantage. */
static bool tried_from(const char *vantage, const struct vo_fact *const *facts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!facts[i]->elsewhere && same(vo_fact_label(facts[i], "vantage"), vantage))
            return true;
    return false;
}

size_t vo_scope_keep(const struct vo_fact **facts, size_t count)
{
    bool tried = false;
    size_t kept = 0;
    const char *last = NULL; /* one vantage mostly follows itself */
    for (size_t i = 0; i < count; i++) {
        const char *vantage = facts[i]->elsewhere ? vo_fact_label(facts[i], "elsewhere") : NULL;
        if (vantage && !same(vantage, last)) {
            /* Those that were left out were tried from nowhere: what they leave behind does not matter. */
            tried = tried_from(vantage, facts, count);
            last = vantage;
        }
        if (!vantage || !tried)
            facts[kept++] = facts[i];
    }
    return kept;
}

bool vo_scope_decides(const struct vo_fact *fact)
{
    return !fact->elsewhere && !vo_fact_label(fact, "not_applicable") &&
           !same(vo_fact_label(fact, "judged"), "no");
}

size_t vo_scope_keep_deciding(const struct vo_fact **facts, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (vo_scope_decides(facts[i]))
            facts[kept++] = facts[i];
    return kept;
}

static bool same_group(const struct vo_rule *rule, const struct vo_fact *a, const struct vo_fact *b)
{
    for (const struct vo_json *label = vo_json_child(rule->by); label; label = vo_json_next(label))
        if (!vo_fact_same_label(a, b, vo_json_text(label)))
            return false;
    return true;
}

size_t vo_scope_group(const struct vo_rule *rule, const struct vo_fact **facts, size_t count)
{
    size_t size = 1;
    for (size_t i = 1; i < count; i++) {
        const struct vo_fact *fact = facts[i];
        if (!same_group(rule, facts[0], fact))
            continue;
        memmove(&facts[size + 1], &facts[size], (i - size) * sizeof *facts);
        facts[size++] = fact;
    }
    return size;
}

/* An answer proves that somebody is there: a connection, or a refusal of its own. */
static bool is_answer(const struct vo_value *value)
{
    return value->type == VO_VALUE_WORD && (same(value->text, "open") || same(value->text, "closed"));
}

static bool answers(const struct vo_judge *judge, const struct vo_result *result)
{
    const struct vo_rule *rule = result->rule;
    for (const struct vo_facts_subject *subject = judge->facts->subjects; subject; subject = subject->next) {
        if (strcmp(subject->kind, rule->subject) != 0)
            continue;
        for (const struct vo_fact *fact = subject->first; fact; fact = fact->next)
            if (fact->run == result->fact->run && vo_fact_label(fact, rule->alive_by) &&
                vo_fact_same_label(fact, result->fact, rule->alive_by) &&
                is_answer(vo_fact_value(fact, rule->metric)))
                return true;
    }
    return false;
}

/* A pass that is mere silence. */
static void weigh_silence(const struct vo_judge *judge, struct vo_result *result)
{
    const struct vo_rule *rule = result->rule;
    if (!rule->alive_by || result->status != VO_RESULT_PASS || !same(result->word, SILENCE))
        return;
    const char *value = vo_fact_label(result->fact, rule->alive_by);
    if (answers(judge, result)) {
        result->reason =
            vo_arena_format(judge->arena, "%s, while %s answers on another port", result->reason, value);
        return;
    }
    result->status = VO_RESULT_NOT_MEASURED;
    result->reason = vo_arena_format(judge->arena,
                                     "nothing came back, but no other port of %s answered either: it may be "
                                     "down, or out of reach as a whole",
                                     value ? value : "this target");
}

void vo_scope_weigh(const struct vo_judge *judge, struct vo_result *result)
{
    if (!result->fact || result->status == VO_RESULT_ERROR)
        return;
    weigh_silence(judge, result);
    if (!same(vo_fact_label(result->fact, "judged"), "no") || result->status == VO_RESULT_INFORMATIONAL)
        return;
    result->status = VO_RESULT_INFORMATIONAL;
    result->reason = vo_arena_format(
        judge->arena, "%s; for information, since the site does not depend on it", result->reason);
}
