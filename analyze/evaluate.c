#include "analyze/evaluate.h"

#include "analyze/scope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const vo_verdict_names[VO_VERDICTS] = {"error", "not_ready", "incomplete", "ready_with_warnings",
                                                   "ready"};

int vo_verdict_exit(enum vo_verdict verdict)
{
    static const int codes[VO_VERDICTS] = {1, 3, 5, 4, 0};
    return codes[verdict];
}

void vo_evaluation_release(struct vo_evaluation *evaluation)
{
    vo_arena_release(&evaluation->arena);
    *evaluation = (struct vo_evaluation){0};
}

static bool is_capture(const struct vo_facts_subject *subject)
{
    return strcmp(subject->kind, "capture") == 0;
}

/* The last observation of each capture in each run: what a run dropped. */
static bool find_captures(struct vo_judge *judge)
{
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        const struct vo_facts_subject *subject = judge->facts->subjects;
        count = 0;
        for (; subject; subject = subject->next)
            for (const struct vo_fact *fact = is_capture(subject) ? subject->first : NULL; fact;
                 fact = fact->next) {
                if (fact->next && fact->next->run == fact->run)
                    continue;
                if (pass)
                    judge->captures[count] = fact;
                count++;
            }
        if (!pass)
            judge->captures = vo_arena_get(judge->arena, (count + 1) * sizeof(struct vo_fact *));
        if (!judge->captures)
            return false;
    }
    judge->capture_count = count;
    return true;
}

static bool has_value(const struct vo_fact *fact, const struct vo_rule *rule)
{
    enum vo_value_type type = vo_fact_value(fact, rule->metric)->type;
    return type == VO_VALUE_NUMBER || type == VO_VALUE_WORD;
}

/* How far a value is on the right side of the rule's limit; of a word 0 or -1. */
static double margin_of(const struct vo_fact *fact, const struct vo_rule *rule)
{
    const struct vo_value *value = vo_fact_value(fact, rule->metric);
    if (value->type == VO_VALUE_WORD)
        return vo_limit_holds_word(&rule->pass, value->text) ? 0 : -1;
    return vo_limit_margin(&rule->pass, value->number);
}

/* What one run tells of a BSS at several places or visits is judged where it is worst: a channel that was
 * full at one of them is not made free by the last. */
static bool are_places(const struct vo_fact *a, const struct vo_fact *b, const struct vo_rule *rule)
{
    return a->run == b->run && strcmp(a->kind, "bss") == 0 && !a->derived && !b->derived &&
           rule->pass.comparator != VO_LIMIT_NONE && (has_value(a, rule) || has_value(b, rule));
}

static bool is_worse_place(const struct vo_fact *fact, const struct vo_fact *best, const struct vo_rule *rule)
{
    if (has_value(fact, rule) != has_value(best, rule))
        return has_value(fact, rule);
    double margin = margin_of(fact, rule), least = margin_of(best, rule);
    return margin < least || (margin <= least && fact->time >= best->time);
}

/* Whether `fact` is better than one that was read before it: tried from its own vantage, saying something of
 * the metric, in a complete run, of a BSS the worst of a run, and the later the better; of equal times the
 * one read last. */
static bool is_better(const struct vo_facts *facts, const struct vo_rule *rule, const struct vo_fact *fact,
                      const struct vo_fact *best)
{
    bool tells = vo_fact_tells(fact, rule->metric), told = vo_fact_tells(best, rule->metric);
    if (fact->elsewhere != best->elsewhere)
        return !fact->elsewhere;
    if (tells != told)
        return tells;
    if (are_places(fact, best, rule))
        return is_worse_place(fact, best, rule);
    if (fact->run == best->run && !fact->derived && !best->derived)
        return fact->time >= best->time;
    bool counts = vo_fact_counts(facts, fact), counted = vo_fact_counts(facts, best);
    return counts != counted ? counts : fact->time >= best->time;
}

/* The next of those that were read, where there are any: what is derived is judged by stand_in() alone. */
static const struct vo_fact *next_of(const struct vo_facts_subject *subject, const struct vo_fact *fact)
{
    return fact == subject->last_read ? NULL : fact->next;
}

/* The derived observation that stands for those it was made of; NULL: none. One that has no value does not
 * stand for one that has: what was measured is not hidden by what could not be derived. */
static const struct vo_fact *stand_in(const struct vo_facts_subject *subject, const struct vo_rule *rule)
{
    const struct vo_fact *fact = subject->last_read ? subject->last_read->next : subject->first;
    while (fact && !(vo_fact_tells(fact, rule->metric) && vo_fact_matches(fact, rule)))
        fact = fact->next;
    if (!fact || has_value(fact, rule) || !subject->last_read)
        return fact;
    for (const struct vo_fact *read = subject->first; read; read = next_of(subject, read))
        if (vo_fact_tells(read, rule->metric) && vo_fact_matches(read, rule))
            return NULL;
    return fact;
}

static const struct vo_fact *latest(const struct vo_facts *facts, const struct vo_facts_subject *subject,
                                    const struct vo_rule *rule)
{
    const struct vo_fact *best = NULL;
    for (const struct vo_fact *fact = subject->first; fact; fact = next_of(subject, fact))
        if (vo_fact_matches(fact, rule) && (!best || is_better(facts, rule, fact, best)))
            best = fact;
    return best;
}

/* An observation that says nothing of the metric, not even why it is missing, leaves it to those of its kind
 * that do: of two capture points, the comparison has the latency and each point has the loss. */
static size_t keep_mentions(const struct vo_rule *rule, const struct vo_fact **found, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        kept += vo_fact_tells(found[i], rule->metric);
    if (kept == 0)
        return count;
    kept = 0;
    for (size_t i = 0; i < count; i++)
        if (vo_fact_tells(found[i], rule->metric))
            found[kept++] = found[i];
    return kept;
}

/* The observations that the rule judges; the caller frees. NULL when out of memory. */
static const struct vo_fact **collect(const struct vo_facts *facts, const struct vo_rule *rule, size_t *count,
                                      size_t *others)
{
    size_t capacity = 64;
    const struct vo_fact **found = malloc(capacity * sizeof *found);
    *count = *others = 0;
    for (const struct vo_facts_subject *subject = facts->subjects; found && subject;
         subject = subject->next) {
        if (strcmp(subject->kind, rule->subject) != 0)
            continue;
        const struct vo_fact *derived = stand_in(subject, rule), *fact = derived;
        bool all = rule->aggregate && !derived;
        if (!derived)
            fact = all ? subject->first : latest(facts, subject, rule);
        size_t before = *count;
        for (; fact; fact = all ? next_of(subject, fact) : NULL) {
            if (!vo_fact_matches(fact, rule))
                continue;
            if (*count == capacity) {
                const struct vo_fact **grown = realloc(found, (capacity *= 2) * sizeof *found);
                if (!grown)
                    free(found);
                found = grown;
                if (!found)
                    return NULL;
            }
            found[(*count)++] = fact;
        }
        *others += *count == before;
    }
    if (found)
        *count = vo_scope_keep(found, *count);
    if (found && (!rule->aggregate || rule->by))
        *count = keep_mentions(rule, found, *count);
    return found;
}

/* "PCMU or PCMA or 10 others". */
static const char *values_text(struct vo_arena *arena, const struct vo_json *list)
{
    size_t left = vo_json_count(list), shown = left > 3 ? 2 : left;
    const char *text = "";
    const struct vo_json *value = vo_json_child(list);
    for (; shown; shown--, left--, value = vo_json_next(value)) {
        const char *word = vo_json_text(value), * or = *text ? " or " : "";
        text = word ? vo_arena_format(arena, "%s%s%s", text, or, word)
                    : vo_arena_format(arena, "%s%s%g", text, or, vo_json_double(value));
    }
    return left ? vo_arena_format(arena, "%s or %zu others", text, left) : text;
}

static const char *where_text(struct vo_arena *arena, const struct vo_rule *rule)
{
    const char *text = "";
    for (const struct vo_json *item = vo_json_child(rule->where); item; item = vo_json_next(item))
        text = vo_arena_format(arena, "%s%s%s %s", text, *text ? " and " : " with ", vo_json_key_of(item),
                               values_text(arena, item));
    for (const struct vo_json *item = vo_json_child(rule->without); item; item = vo_json_next(item))
        text = vo_arena_format(arena, "%s%s without %s", text, *text ? " and" : "", vo_json_text(item));
    return text;
}

static void no_subject(struct vo_judge *judge, const struct vo_rule *rule, size_t others,
                       struct vo_result *result)
{
    const char *where = where_text(judge->arena, rule);
    vo_judge_begin(judge, rule, result);
    result->reason = others ? vo_arena_format(judge->arena, "the records have no %s%s (but %zu %s%s)",
                                              vo_subject_noun(rule->subject, 1), where, others,
                                              vo_subject_noun(rule->subject, others),
                                              rule->without ? " of another kind" : " without")
                            : vo_arena_format(judge->arena, "the records have no %s%s",
                                              vo_subject_noun(rule->subject, 1), where);
}

static const struct vo_facts_run *cut_short(const struct vo_facts *facts, const struct vo_result *result)
{
    for (size_t i = 0; i < result->evidence_count; i++)
        if (!vo_facts_run_counts(&facts->runs[result->evidence[i].run]))
            return &facts->runs[result->evidence[i].run];
    return NULL;
}

/* A required result over a run that was cut short is not measured; others say so. */
static void weigh_run(struct vo_judge *judge, struct vo_result *result)
{
    const struct vo_facts_run *run = cut_short(judge->facts, result);
    if (!run || result->status == VO_RESULT_ERROR || result->status == VO_RESULT_NOT_APPLICABLE)
        return;
    const char *cut =
        vo_arena_format(judge->arena, "the run %s%s%s%s was cut short: %s", run->run, run->probe ? " (" : "",
                        run->probe ? run->probe : "", run->probe ? ")" : "", run->why);
    if (result->rule->required && result->status != VO_RESULT_NOT_MEASURED) {
        result->status = VO_RESULT_NOT_MEASURED;
        result->reason = vo_arena_format(judge->arena, "%s; until then: %s", cut, result->reason);
    } else {
        result->reason = vo_arena_format(judge->arena, "%s; %s", result->reason, cut);
    }
}

/* What the site file says of the rule. */
static void weigh_site(struct vo_judge *judge, struct vo_result *result)
{
    const struct vo_rule *rule = result->rule;
    bool bad = result->status == VO_RESULT_WARN || result->status == VO_RESULT_FAIL ||
               result->status == VO_RESULT_NOT_MEASURED;
    if (rule->override_reason)
        result->reason = vo_arena_format(judge->arena, "%s; the limit is the site's own: %s", result->reason,
                                         rule->override_reason);
    if (!rule->waiver_reason || !bad)
        return;
    if (rule->waiver_expired) {
        result->reason =
            vo_arena_format(judge->arena, "%s; the waiver by %s expired on %s and does not count",
                            result->reason, rule->waiver_author, rule->waiver_expires);
        return;
    }
    result->reason = vo_arena_format(judge->arena, "waived by %s until %s: %s; without the waiver: %s, %s",
                                     rule->waiver_author, rule->waiver_expires, rule->waiver_reason,
                                     vo_result_status_names[result->status], result->reason);
    result->status = VO_RESULT_SKIPPED;
}

static bool add_result(struct vo_evaluation *evaluation, struct vo_judge *judge, struct vo_result *draft)
{
    weigh_run(judge, draft);
    weigh_site(judge, draft);
    struct vo_result *result = vo_arena_get(judge->arena, sizeof *result);
    if (!result)
        return false;
    *result = *draft;
    if (evaluation->last)
        evaluation->last->next = result;
    else
        evaluation->first = result;
    evaluation->last = result;
    evaluation->count[result->status]++;
    return true;
}

/* One result for each group of `by`. */
static bool evaluate_groups(struct vo_evaluation *evaluation, struct vo_judge *judge,
                            const struct vo_rule *rule, const struct vo_fact **facts, size_t count)
{
    struct vo_result draft;
    bool good = true;
    for (size_t size; good && count; facts += size, count -= size) {
        size = vo_scope_group(rule, facts, count);
        const struct vo_fact *first = facts[0];
        size_t deciding = vo_scope_keep_deciding(facts, size);
        if (deciding)
            vo_judge_aggregate(judge, rule, facts, deciding, &draft);
        else
            vo_judge_fact(judge, rule, first, &draft);
        good = add_result(evaluation, judge, &draft);
    }
    return good;
}

static bool evaluate_rule(struct vo_evaluation *evaluation, struct vo_judge *judge,
                          const struct vo_rule *rule)
{
    size_t count, others;
    const struct vo_fact **facts = collect(judge->facts, rule, &count, &others);
    struct vo_result draft;
    bool good = facts != NULL;
    if (good && count == 0) {
        no_subject(judge, rule, others, &draft);
        good = add_result(evaluation, judge, &draft);
    } else if (good && rule->aggregate) {
        good = evaluate_groups(evaluation, judge, rule, facts, count);
    }
    for (size_t i = 0; good && i < count && !rule->aggregate; i++) {
        vo_judge_fact(judge, rule, facts[i], &draft);
        good = add_result(evaluation, judge, &draft);
    }
    free(facts);
    return good;
}

/* What decides for each verdict, in their order. */
static bool decides(const struct vo_result *result, enum vo_verdict verdict)
{
    bool required = result->rule->required;
    switch (verdict) {
    case VO_VERDICT_ERROR:
        return result->status == VO_RESULT_ERROR;
    case VO_VERDICT_NOT_READY:
        return result->status == VO_RESULT_FAIL && required;
    case VO_VERDICT_INCOMPLETE:
        return result->status == VO_RESULT_NOT_MEASURED && required;
    case VO_VERDICT_READY_WITH_WARNINGS:
        return result->status == VO_RESULT_WARN || result->status == VO_RESULT_FAIL;
    default:
        return true;
    }
}

/* "media.loss failed for 1 of 4 streams; 1 more rule likewise". */
static const char *decision_text(struct vo_evaluation *evaluation, const struct vo_result *decisive)
{
    static const char *const verbs[VO_RESULT_STATUSES] = {[VO_RESULT_WARN] = "gave a warning",
                                                          [VO_RESULT_FAIL] = "failed",
                                                          [VO_RESULT_NOT_MEASURED] = "was not measured",
                                                          [VO_RESULT_ERROR] = "could not be judged"};
    const struct vo_rule *rule = decisive->rule, *seen = rule;
    size_t same = 0, all = 0, more = 0;
    for (const struct vo_result *result = evaluation->first; result; result = result->next) {
        all += result->rule == rule;
        same += result->rule == rule && result->status == decisive->status;
        if (result->rule != seen && result->rule != rule && decides(result, evaluation->verdict)) {
            more++;
            seen = result->rule;
        }
    }
    const char *text = vo_arena_format(&evaluation->arena, "%s %s", rule->id, verbs[decisive->status]);
    if (decisive->subjects && (!rule->aggregate || rule->by))
        text = vo_arena_format(&evaluation->arena, "%s for %zu of %zu %s", text, same, all,
                               vo_subject_noun(rule->subject, all));
    else if (!decisive->subjects)
        text = vo_arena_format(&evaluation->arena, "%s: %s", text, decisive->reason);
    if (more)
        text = vo_arena_format(&evaluation->arena, "%s; %zu more rule%s likewise", text, more,
                               more == 1 ? "" : "s");
    return text;
}

static void decide(struct vo_evaluation *evaluation)
{
    size_t required = 0;
    for (int verdict = VO_VERDICT_ERROR; verdict < VO_VERDICT_READY; verdict++)
        for (const struct vo_result *result = evaluation->first; result; result = result->next)
            if (decides(result, (enum vo_verdict)verdict)) {
                evaluation->verdict = (enum vo_verdict)verdict;
                evaluation->reason = decision_text(evaluation, result);
                return;
            }
    for (const struct vo_result *result = evaluation->first; result; result = result->next)
        required += result->rule->required && result->status == VO_RESULT_PASS;
    evaluation->verdict = VO_VERDICT_READY;
    evaluation->reason =
        required ? vo_arena_format(&evaluation->arena, "all %zu required results passed", required)
                 : "nothing failed; nothing that was measured is required";
}

enum vo_status vo_evaluate(const struct vo_rules *rules, const struct vo_facts *facts,
                           struct vo_evaluation *evaluation, struct vo_error *error)
{
    struct vo_judge judge = {.arena = &evaluation->arena, .facts = facts};
    bool good = find_captures(&judge);
    for (size_t i = 0; good && i < rules->count; i++)
        if (rules->rules[i].selected)
            good = evaluate_rule(evaluation, &judge, &rules->rules[i]);
    if (!good || evaluation->arena.failed)
        return vo_error_memory(error, "the results");
    decide(evaluation);
    return evaluation->arena.failed ? vo_error_memory(error, "the results") : VO_OK;
}
