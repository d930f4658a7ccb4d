/* One result of several observations: worst, any, mean, p95, share_passing. */
#include "analyze/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* From the best to the worst. What has no value may be either: for `any` it comes before a fail, which it
 * could outdo, else after a pass. */
static const int badness[VO_RESULT_STATUSES] = {
    [VO_RESULT_WARN] = 1, [VO_RESULT_NOT_MEASURED] = 2, [VO_RESULT_FAIL] = 3, [VO_RESULT_ERROR] = 4};
static const int badness_for_any[VO_RESULT_STATUSES] = {
    [VO_RESULT_WARN] = 1, [VO_RESULT_ERROR] = 2, [VO_RESULT_NOT_MEASURED] = 3, [VO_RESULT_FAIL] = 4};

static bool is_worse(const int *ranks, const struct vo_result *a, const struct vo_result *b)
{
    if (a->status != b->status)
        return ranks[a->status] > ranks[b->status];
    return a->margin < b->margin;
}

static void worst_or_any(const struct vo_judge *judge, const struct vo_rule *rule,
                         const struct vo_fact *const *facts, size_t count, struct vo_result *result)
{
    bool any = rule->aggregate == VO_AGGREGATE_ANY;
    struct vo_result one;
    vo_judge_fact(judge, rule, facts[0], result);
    for (size_t i = 1; i < count; i++) {
        vo_judge_fact(judge, rule, facts[i], &one);
        if (any ? is_worse(badness_for_any, result, &one) : is_worse(badness, &one, result))
            *result = one;
    }
    if (count > 1)
        result->reason =
            vo_arena_format(judge->arena, "%s of %zu: %s", any ? "best" : "worst", count, result->reason);
    /* What decided alone is the evidence; else all of them are. */
    if (result->status != (any ? VO_RESULT_PASS : VO_RESULT_FAIL))
        result->evidence_count = 0;
}

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

/* Nearest rank: the smallest value that at least 95 % do not exceed. */
static double p95_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_numbers);
    return values[(count * 95 + 99) / 100 - 1];
}

/* Mean or percentile of what was measured; then what the capture points make of it, the worst of them. */
static void mean_or_p95(const struct vo_judge *judge, const struct vo_rule *rule,
                        const struct vo_fact *const *facts, size_t count, struct vo_result *result)
{
    double *values = vo_arena_get(judge->arena, count * sizeof *values);
    size_t measured = 0;
    struct vo_result one;
    for (size_t i = 0; i < count && values; i++) {
        vo_judge_begin(judge, rule, &one);
        if (vo_judge_measure(judge, facts[i], &one))
            values[measured++] = one.observed;
        else if (i == 0 || one.status == VO_RESULT_ERROR)
            *result = one;
    }
    if (!measured || result->status == VO_RESULT_ERROR)
        return; /* with the first one's reason, or what is wrong */
    vo_judge_begin(judge, rule, &one);
    one.observed =
        rule->aggregate == VO_AGGREGATE_MEAN ? mean_of(values, measured) : p95_of(values, measured);
    vo_judge_compare(judge, &one);
    one.reason = vo_arena_format(judge->arena, "%s over %zu of %zu %s: %s",
                                 rule->aggregate == VO_AGGREGATE_MEAN ? "mean" : "95th percentile", measured,
                                 count, vo_subject_noun(rule->subject, count), one.reason);
    *result = one;
    for (size_t i = 0; i < count; i++) {
        struct vo_result qualified = one;
        qualified.basis = vo_fact_value(facts[i], rule->metric)->basis;
        vo_judge_qualify(judge, facts[i], &qualified);
        if (i == 0 || is_worse(badness, &qualified, result))
            *result = qualified;
    }
}

/* What was not measured may pass or fail: the share is decided if neither would change it. */
static void share_passing(const struct vo_judge *judge, const struct vo_rule *rule,
                          const struct vo_fact *const *facts, size_t count, struct vo_result *result)
{
    size_t tally[VO_RESULT_STATUSES] = {0};
    struct vo_result one;
    for (size_t i = 0; i < count; i++) {
        vo_judge_fact(judge, rule, facts[i], &one);
        tally[one.status]++;
        if (one.status == VO_RESULT_ERROR)
            *result = one;
    }
    if (tally[VO_RESULT_ERROR])
        return;
    size_t good = tally[VO_RESULT_PASS], fair = good + tally[VO_RESULT_WARN];
    size_t open = tally[VO_RESULT_NOT_MEASURED], needed = (size_t)ceil(rule->share * (double)count - 1e-9);
    const char *noun = vo_subject_noun(rule->subject, count);
    result->status = good >= needed         ? VO_RESULT_PASS
                     : fair >= needed       ? VO_RESULT_WARN
                     : fair + open < needed ? VO_RESULT_FAIL
                                            : VO_RESULT_NOT_MEASURED;
    result->unit = "percent";
    result->limit_text = vo_arena_format(judge->arena, "at least %g %% of %s %s", 100 * rule->share,
                                         vo_subject_noun(rule->subject, 2), result->limit_text);
    result->limit = (struct vo_limit){.comparator = VO_LIMIT_AT_LEAST, .low = 100 * rule->share};
    result->warn = (struct vo_limit){.comparator = VO_LIMIT_NONE};
    if (count > open) {
        result->observed = 100 * (double)fair / (double)(count - open);
        result->margin = vo_limit_margin(&result->limit, result->observed);
    }
    result->reason = vo_arena_format(judge->arena,
                                     "of %zu %s %zu pass, %zu with a warning, %zu fail and %zu were "
                                     "not measured; at least %zu must pass",
                                     count, noun, good, fair - good, tally[VO_RESULT_FAIL], open, needed);
}

static void set_evidence(const struct vo_judge *judge, const struct vo_fact *const *facts, size_t count,
                         struct vo_result *result)
{
    size_t all = 0, own;
    struct vo_evidence self;
    for (size_t i = 0; i < count; i++) {
        vo_fact_evidence(facts[i], &self, &own);
        all += own;
    }
    struct vo_evidence *list = vo_arena_get(judge->arena, all * sizeof *list);
    result->evidence = list;
    result->evidence_count = list ? all : 0;
    for (size_t i = 0; i < count && list; i++) {
        const struct vo_evidence *of = vo_fact_evidence(facts[i], &self, &own);
        memcpy(list, of, own * sizeof *list);
        list += own;
    }
}

void vo_judge_aggregate(const struct vo_judge *judge, const struct vo_rule *rule,
                        const struct vo_fact *const *facts, size_t count, struct vo_result *result)
{
    vo_judge_begin(judge, rule, result);
    if (rule->aggregate == VO_AGGREGATE_WORST || rule->aggregate == VO_AGGREGATE_ANY) {
        worst_or_any(judge, rule, facts, count, result);
    } else {
        if (rule->aggregate == VO_AGGREGATE_SHARE)
            share_passing(judge, rule, facts, count, result);
        else
            mean_or_p95(judge, rule, facts, count, result);
        result->fact = count == 1 ? facts[0] : NULL;
        result->evidence_count = 0;
    }
    if (!result->evidence_count)
        set_evidence(judge, facts, count, result);
    result->subjects = count;
}
