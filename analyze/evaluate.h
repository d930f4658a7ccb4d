/*
 * Rules and facts to results, and the results to one verdict (design: formats, Verdict).
 *
 * Without `aggregate` a rule gives one result a subject, of its latest observation in a complete run (in any
 * run, if none is complete); with it one result of all observations; without any subject one not_measured.
 */
#ifndef VO_ANALYZE_EVALUATE_H
#define VO_ANALYZE_EVALUATE_H

#include "analyze/judge.h"

enum vo_verdict {
    VO_VERDICT_ERROR,
    VO_VERDICT_NOT_READY,  /* a required rule failed */
    VO_VERDICT_INCOMPLETE, /* a required rule was not measured */
    VO_VERDICT_READY_WITH_WARNINGS,
    VO_VERDICT_READY,
    VO_VERDICTS
};

extern const char *const vo_verdict_names[VO_VERDICTS];

struct vo_evaluation { /* zero-initialise */
    struct vo_arena arena;
    struct vo_result *first, *last; /* by rule, then by subject in the order of reading */
    size_t count[VO_RESULT_STATUSES];
    enum vo_verdict verdict;
    const char *reason; /* what decided */
};

/* Results borrow from rules and facts. VO_ERR_MEMORY. */
enum vo_status vo_evaluate(const struct vo_rules *rules, const struct vo_facts *facts,
                           struct vo_evaluation *evaluation, struct vo_error *error);
void vo_evaluation_release(struct vo_evaluation *evaluation);
/* Exit code of analyze and assess. */
int vo_verdict_exit(enum vo_verdict verdict);

#endif
