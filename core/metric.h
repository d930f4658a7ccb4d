/*
 * The metric catalogue: one table (core/metrics.def) of every name that a record may carry in `metrics`,
 * `states` or a series, with unit or words, subject kinds, definition and source.
 *
 * Names follow Prometheus, `<area>_<what>_<unit>`, and are binding (design: formats).
 */
#ifndef VO_CORE_METRIC_H
#define VO_CORE_METRIC_H

#include <stddef.h>

enum vo_metric {
#define VO_METRIC(symbol, name, unit, samples, subjects, definition, source) VO_METRIC_##symbol,
#include "core/metrics.def"
#undef VO_METRIC
    VO_METRIC_COUNT
};

struct vo_metric_row {
    const char *name;
    const char *unit;       /* "ms", "percent", "dB" …, "count"; for a state "word" */
    const char *words;      /* a state's words, separated by spaces, in order; NULL for a number */
    const char *samples;    /* name of the count that says how many samples stand behind it, or NULL */
    const char *subjects;   /* subject kinds that may carry it, separated by spaces */
    const char *definition; /* one sentence */
    const char *source;     /* RFC, ITU, IEEE or guide section */
};

extern const struct vo_metric_row vo_metrics[VO_METRIC_COUNT];

/* NULL if no metric has that name. */
const struct vo_metric_row *vo_metric_find(const char *name);
/* The known name nearest to `name` in edit distance, for "did you mean"; NULL if none is near. */
const char *vo_metric_nearest(const char *name);
/* Nearest of `count` words to `word`, or NULL if none is within a third of its length. */
const char *vo_nearest_word(const char *word, const char *const *words, size_t count);
/* A message's end for a word that is not known: "(did you mean 'x'?)", or "(known: a, b, c)". */
const char *vo_unknown_hint(const char *word, const char *const *words, size_t count, char *text,
                            size_t size);

#endif
