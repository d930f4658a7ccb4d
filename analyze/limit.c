#include "analyze/limit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EQUAL_WITHIN 1e-9
#define MAX_WORDS    32 /* of a state, and of a one_of */

/* In the order of enum vo_comparator. */
static const char *const comparators[] = {"below",  "at_most", "above", "at_least",
                                          "equals", "between", "one_of"};
static const char *const phrases[] = {"below",   "at most", "above", "at least",
                                      "exactly", "between", "one of"};
#define COMPARATORS (sizeof comparators / sizeof *comparators)

const char *vo_unit_symbol(const char *unit)
{
    if (strcmp(unit, "percent") == 0)
        return "%";
    return strcmp(unit, "count") == 0 || strcmp(unit, "word") == 0 || strcmp(unit, "code") == 0 ? "" : unit;
}

bool vo_words_have(const char *words, const char *word)
{
    size_t size = strlen(word);
    while (words && *words) {
        size_t length = strcspn(words, " ");
        if (length == size && memcmp(words, word, size) == 0)
            return true;
        words += length + (words[length] == ' ');
    }
    return false;
}

/* The hint for a word that is none of `metric`'s. */
static enum vo_status unknown_word(const struct vo_metric_row *metric, const char *where, const char *word,
                                   struct vo_error *error)
{
    char copy[256], hint[320];
    const char *words[MAX_WORDS];
    size_t count = 0;
    char *rest = NULL;
    snprintf(copy, sizeof copy, "%s", metric->words);
    for (char *w = strtok_r(copy, " ", &rest); w && count < MAX_WORDS; w = strtok_r(NULL, " ", &rest))
        words[count++] = w;
    return vo_error_set(error, VO_ERR_USAGE, "%s: '%.60s' is not a word of %s %s", where, word, metric->name,
                        vo_unknown_hint(word, words, count, hint, sizeof hint));
}

static enum vo_status check_value(const struct vo_json *value, const struct vo_metric_row *metric,
                                  const char *where, struct vo_error *error)
{
    const char *text = vo_json_text(value);
    if (!metric->words) {
        if (isfinite(vo_json_double(value)))
            return VO_OK;
        return vo_error_set(error, VO_ERR_USAGE, "%s: %s is a number in %s: write a number", where,
                            metric->name, metric->unit);
    }
    if (!text)
        return vo_error_set(error, VO_ERR_USAGE, "%s: %s is a state: write one of its words, %s", where,
                            metric->name, metric->words);
    return vo_words_have(metric->words, text) ? VO_OK : unknown_word(metric, where, text, error);
}

static enum vo_status read_list(const struct vo_json *value, const struct vo_metric_row *metric,
                                const char *where, struct vo_limit *limit, struct vo_error *error)
{
    size_t count = vo_json_count(value);
    bool between = limit->comparator == VO_LIMIT_BETWEEN;
    if (vo_json_type(value) != VO_JSON_ARRAY || count == 0 || count > MAX_WORDS || (between && count != 2))
        return vo_error_set(error, VO_ERR_USAGE, "%s: write %s", where,
                            between ? "\"between\": [low, high]" : "\"one_of\": a list of 1 to 32 values");
    for (const struct vo_json *item = vo_json_child(value); item; item = vo_json_next(item)) {
        enum vo_status status = check_value(item, metric, where, error);
        if (status != VO_OK)
            return status;
    }
    limit->low = vo_json_double(vo_json_child(value));
    limit->high = vo_json_double(vo_json_next(vo_json_child(value)));
    if (between && limit->low > limit->high)
        return vo_error_set(error, VO_ERR_USAGE, "%s: between: %g is above %g: the lower end comes first",
                            where, limit->low, limit->high);
    return VO_OK;
}

enum vo_status vo_limit_read(const struct vo_json *node, const struct vo_metric_row *metric,
                             const char *where, struct vo_limit *limit, struct vo_error *error)
{
    *limit = (struct vo_limit){.comparator = VO_LIMIT_NONE};
    if (!node || vo_json_type(node) == VO_JSON_NULL)
        return VO_OK;
    if (vo_json_type(node) != VO_JSON_OBJECT || vo_json_count(node) != 1)
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: a limit is an object with one comparator, such as {\"below\": 1}, or null",
                            where);
    const struct vo_json *value = vo_json_child(node);
    const char *name = vo_json_key_of(value);
    for (size_t i = 0; i < COMPARATORS; i++)
        if (strcmp(comparators[i], name) == 0)
            limit->comparator = (enum vo_comparator)(i + 1);
    if (limit->comparator == VO_LIMIT_NONE) {
        char hint[200];
        return vo_error_set(error, VO_ERR_USAGE, "%s: unknown comparator '%.60s' %s", where, name,
                            vo_unknown_hint(name, comparators, COMPARATORS, hint, sizeof hint));
    }
    if (metric->words && limit->comparator != VO_LIMIT_EQUALS && limit->comparator != VO_LIMIT_ONE_OF)
        return vo_error_set(error, VO_ERR_USAGE, "%s: %s is a state: compare it with equals or one_of", where,
                            metric->name);
    limit->value = value;
    if (limit->comparator == VO_LIMIT_BETWEEN || limit->comparator == VO_LIMIT_ONE_OF)
        return read_list(value, metric, where, limit, error);
    limit->low = vo_json_double(value);
    return check_value(value, metric, where, error);
}

/* Distance to the nearest of a list of numbers. */
static double distance(const struct vo_limit *limit, double value)
{
    double nearest = INFINITY;
    for (const struct vo_json *item = vo_json_child(limit->value); item; item = vo_json_next(item))
        nearest = fmin(nearest, fabs(value - vo_json_double(item)));
    return nearest;
}

double vo_limit_margin(const struct vo_limit *limit, double value)
{
    switch (limit->comparator) {
    case VO_LIMIT_BELOW:
    case VO_LIMIT_AT_MOST:
        return limit->low - value;
    case VO_LIMIT_ABOVE:
    case VO_LIMIT_AT_LEAST:
        return value - limit->low;
    case VO_LIMIT_EQUALS:
        return -fabs(value - limit->low);
    case VO_LIMIT_BETWEEN:
        return fmin(value - limit->low, limit->high - value);
    case VO_LIMIT_ONE_OF:
        return -distance(limit, value);
    default:
        return NAN;
    }
}

bool vo_limit_holds(const struct vo_limit *limit, double value)
{
    double margin = vo_limit_margin(limit, value);
    switch (limit->comparator) {
    case VO_LIMIT_BELOW:
    case VO_LIMIT_ABOVE:
        return margin > 0;
    case VO_LIMIT_EQUALS:
    case VO_LIMIT_ONE_OF: /* what went through decimal text is equal up to its last digits */
        return margin >= -EQUAL_WITHIN;
    default:
        return margin >= 0; /* false for NaN, which is no limit */
    }
}

bool vo_limit_holds_word(const struct vo_limit *limit, const char *word)
{
    if (limit->comparator == VO_LIMIT_EQUALS) {
        const char *wanted = vo_json_text(limit->value);
        return wanted && strcmp(wanted, word) == 0;
    }
    if (limit->comparator != VO_LIMIT_ONE_OF)
        return false;
    for (const struct vo_json *item = vo_json_child(limit->value); item; item = vo_json_next(item)) {
        const char *wanted = vo_json_text(item);
        if (wanted && strcmp(wanted, word) == 0)
            return true;
    }
    return false;
}

static const char *list_text(struct vo_arena *arena, const struct vo_limit *limit)
{
    const char *text = "";
    for (const struct vo_json *item = vo_json_child(limit->value); item; item = vo_json_next(item)) {
        const char *word = vo_json_text(item);
        const char *comma = *text ? ", " : "";
        text = word ? vo_arena_format(arena, "%s%s%s", text, comma, word)
                    : vo_arena_format(arena, "%s%s%g", text, comma, vo_json_double(item));
    }
    return text;
}

const char *vo_limit_text(struct vo_arena *arena, const struct vo_limit *limit, const char *unit)
{
    const char *symbol = vo_unit_symbol(unit);
    const char *space = *symbol ? " " : "";
    if (limit->comparator == VO_LIMIT_NONE)
        return NULL;
    const char *phrase = phrases[limit->comparator - 1];
    if (limit->comparator == VO_LIMIT_EQUALS && vo_json_text(limit->value))
        return vo_arena_text(arena, vo_json_text(limit->value));
    if (limit->comparator == VO_LIMIT_BETWEEN)
        return vo_arena_format(arena, "%s %g and %g%s%s", phrase, limit->low, limit->high, space, symbol);
    if (limit->comparator == VO_LIMIT_ONE_OF)
        return vo_arena_format(arena, "%s %s%s%s", phrase, list_text(arena, limit), space, symbol);
    return vo_arena_format(arena, "%s %g%s%s", phrase, limit->low, space, symbol);
}

const char *vo_value_text(struct vo_arena *arena, double value, const char *unit,
                          const struct vo_limit *limit)
{
    const char *symbol = vo_unit_symbol(unit);
    const char *space = *symbol ? " " : "";
    char rounded[64];
    bool whole = strcmp(unit, "count") == 0 || strcmp(unit, "code") == 0;
    snprintf(rounded, sizeof rounded, whole ? "%.0f" : "%.2f", value);
    if (limit && vo_limit_holds(limit, value) != vo_limit_holds(limit, strtod(rounded, NULL)))
        snprintf(rounded, sizeof rounded, "%.9g", value);
    return vo_arena_format(arena, "%s%s%s", rounded, space, symbol);
}

void vo_limit_write(struct vo_json_writer *json, const struct vo_limit *limit)
{
    if (limit->comparator == VO_LIMIT_NONE) {
        vo_json_null(json);
        return;
    }
    vo_json_begin_object(json);
    vo_json_key(json, comparators[limit->comparator - 1]);
    if (limit->value)
        vo_json_copy(json, limit->value);
    else
        vo_json_number(json, limit->low);
    vo_json_end_object(json);
}
