/*
 * Series: gathered by subject and run, and the worst of their sliding windows.
 *
 * A ratio is made of summed counts (numerator over the metric's samples, in percent); percents are never
 * averaged. A window is `window_s` long and slides by one step; a shorter series is one window of its own
 * length. A window counts when at least `minimum_coverage` of its steps have values.
 */
#ifndef VO_ANALYZE_SERIES_H
#define VO_ANALYZE_SERIES_H

#include "analyze/facts.h"
#include "analyze/rules.h"

struct vo_window {
    double value;   /* NaN: there was none, and `why` says so */
    double samples; /* the denominator of a ratio; else NaN */
    double start_s; /* after the start of the series */
    const char *why;
};

/* Adds a `series` record; only wanted columns are kept. */
enum vo_status vo_series_add(struct vo_facts *facts, const struct vo_record *record, struct vo_error *error);
/* The window of `series` (NULL: there is none) with the smallest margin against the rule's pass limit. */
struct vo_window vo_series_worst(struct vo_arena *arena, const struct vo_facts_series *series,
                                 const struct vo_rule *rule);

#endif
