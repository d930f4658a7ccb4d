/*
 * One observation against one rule: a result with its status and the sentence that says why.
 *
 * What a capture can know (design: formats): loss, DSCP and jitter are measured up to the capture point. A
 * fail stands wherever it was seen, except one that packets dropped by the capture itself could explain. A
 * pass stands near the receiver, or where the far end's RTCP agrees and covers enough of the stream;
 * elsewhere what lies beyond is named. A delay between two points stands where they are at the ends.
 */
#ifndef VO_ANALYZE_JUDGE_H
#define VO_ANALYZE_JUDGE_H

#include "analyze/arena.h"
#include "analyze/facts.h"
#include "analyze/rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vo_result_status {
    VO_RESULT_PASS,
    VO_RESULT_WARN,
    VO_RESULT_FAIL,
    VO_RESULT_NOT_MEASURED,
    VO_RESULT_NOT_APPLICABLE,
    VO_RESULT_SKIPPED, /* waived */
    VO_RESULT_INFORMATIONAL,
    VO_RESULT_ERROR,
    VO_RESULT_STATUSES
};

extern const char *const vo_result_status_names[VO_RESULT_STATUSES];

struct vo_result {
    struct vo_result *next;
    const struct vo_rule *rule;
    enum vo_result_status status;
    const struct vo_fact *fact; /* its subject; NULL: none, or several */
    size_t subjects;            /* how many observations one result stands for; 0: no subject */
    double observed;            /* NaN: not a number */
    const char *word;           /* an observed state, or NULL */
    const char *unit;
    double samples; /* NaN: not told */
    struct vo_limit limit, warn;
    const char *limit_text; /* or NULL */
    double margin;          /* NaN: none */
    double uncertainty;     /* NaN: not told */
    bool within_uncertainty;
    const char *basis; /* or NULL */
    const char *reason;
    const struct vo_evidence *evidence;
    size_t evidence_count;
};

struct vo_judge {
    struct vo_arena *arena;
    const struct vo_facts *facts;
    const struct vo_fact **captures; /* the last observation of each capture in each run */
    size_t capture_count;
};

/* A result without anything but rule, limits and unit. */
void vo_judge_begin(const struct vo_judge *judge, const struct vo_rule *rule, struct vo_result *result);
/* Observed value, samples, uncertainty, basis; false, with status and reason set, if there is none. */
bool vo_judge_measure(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result);
/* Status, margin and reason from the observed value. */
void vo_judge_compare(const struct vo_judge *judge, struct vo_result *result);
/* What the capture point and its drops make of the status; then uncertainty and basis for the reason. */
void vo_judge_qualify(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result);
/* All four. */
void vo_judge_fact(const struct vo_judge *judge, const struct vo_rule *rule, const struct vo_fact *fact,
                   struct vo_result *result);
/* One result of `count` (at least 1) observations, by the rule's aggregate. */
void vo_judge_aggregate(const struct vo_judge *judge, const struct vo_rule *rule,
                        const struct vo_fact *const *facts, size_t count, struct vo_result *result);

/* "streams" for rtp_stream, and so on; one of them for a count of 1. */
const char *vo_subject_noun(const char *kind, size_t count);

#endif
