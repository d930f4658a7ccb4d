/*
 * Limits: one comparator and its value, `{"below": 1}`, and the words for it.
 *
 * Comparators: below, at_most, above, at_least, equals, between, one_of (design: formats, Rules). A state's
 * limit is made of its words (equals, one_of); a number's of numbers in the metric's unit.
 */
#ifndef VO_ANALYZE_LIMIT_H
#define VO_ANALYZE_LIMIT_H

#include "analyze/arena.h"
#include "core/error.h"
#include "core/json.h"
#include "core/metric.h"

#include <stdbool.h>

enum vo_comparator {
    VO_LIMIT_NONE, /* null: no limit */
    VO_LIMIT_BELOW,
    VO_LIMIT_AT_MOST,
    VO_LIMIT_ABOVE,
    VO_LIMIT_AT_LEAST,
    VO_LIMIT_EQUALS,
    VO_LIMIT_BETWEEN, /* both ends included */
    VO_LIMIT_ONE_OF,
};

struct vo_limit {
    enum vo_comparator comparator;
    double low, high;            /* the number; `high` for between only */
    const struct vo_json *value; /* as written; borrowed from its document; NULL for a limit made here */
};

/* Reads `node` (an object with one comparator, or null) as a limit for `metric`. `where` begins the message:
 * "rules/x.json: rule media.loss: pass". VO_ERR_USAGE. */
enum vo_status vo_limit_read(const struct vo_json *node, const struct vo_metric_row *metric,
                             const char *where, struct vo_limit *limit, struct vo_error *error);

/* Whether a number or a word satisfies the limit; VO_LIMIT_NONE is satisfied by nothing. */
bool vo_limit_holds(const struct vo_limit *limit, double value);
bool vo_limit_holds_word(const struct vo_limit *limit, const char *word);
/* How far `value` is on the right side, in the metric's unit; negative on the wrong side. NaN without a
 * limit. */
double vo_limit_margin(const struct vo_limit *limit, double value);

/* "below 1 %", "at least −70 dBm", "both_ways"; NULL for VO_LIMIT_NONE. `unit` as in the catalogue. */
const char *vo_limit_text(struct vo_arena *arena, const struct vo_limit *limit, const char *unit);
/* "0.50 %". Two decimals, or as many as it takes to show on which side of the limit the value is. */
const char *vo_value_text(struct vo_arena *arena, double value, const char *unit,
                          const struct vo_limit *limit);
void vo_limit_write(struct vo_json_writer *json, const struct vo_limit *limit);

/* "%" for percent, "" for count, else the unit itself. */
const char *vo_unit_symbol(const char *unit);
/* Whether `word` is among `words`, which are separated by spaces. */
bool vo_words_have(const char *words, const char *word);

#endif
