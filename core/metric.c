#include "core/metric.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* "word: a b c" in the unit column makes a state: its words are what follows. */
#define WORDS(unit) (__builtin_strncmp(unit, "word: ", 6) == 0 ? (unit) + 6 : NULL)
#define UNIT(unit)  (__builtin_strncmp(unit, "word: ", 6) == 0 ? "word" : (unit))

const struct vo_metric_row vo_metrics[VO_METRIC_COUNT] = {
#define VO_METRIC(symbol, name, unit, samples, subjects, definition, source)                                 \
    {name, UNIT(unit), WORDS(unit), samples, subjects, definition, source},
#include "core/metrics.def"
#undef VO_METRIC
};

const struct vo_metric_row *vo_metric_find(const char *name)
{
    for (size_t i = 0; i < VO_METRIC_COUNT; i++)
        if (strcmp(vo_metrics[i].name, name) == 0)
            return &vo_metrics[i];
    return NULL;
}

/* Levenshtein distance of words up to 63 characters; longer ones are far from everything. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[64];
    size_t size_a = strlen(a), size_b = strlen(b);
    if (size_a >= 64 || size_b >= 64)
        return SIZE_MAX;
    for (size_t j = 0; j <= size_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= size_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= size_b; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = change < best ? change : best;
        }
    }
    return row[size_b];
}

static void keep_nearest(const char *word, const char *candidate, const char **nearest, size_t *distance)
{
    size_t d = edit_distance(word, candidate);
    if (d < *distance) {
        *distance = d;
        *nearest = candidate;
    }
}

const char *vo_nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t distance = strlen(word) / 3 + 2;
    for (size_t i = 0; i < count; i++)
        keep_nearest(word, words[i], &nearest, &distance);
    return nearest;
}

const char *vo_metric_nearest(const char *name)
{
    const char *nearest = NULL;
    size_t distance = strlen(name) / 3 + 2;
    for (size_t i = 0; i < VO_METRIC_COUNT; i++)
        keep_nearest(name, vo_metrics[i].name, &nearest, &distance);
    return nearest;
}

const char *vo_unknown_hint(const char *word, const char *const *words, size_t count, char *text, size_t size)
{
    const char *near = vo_nearest_word(word, words, count);
    if (near) {
        snprintf(text, size, "(did you mean '%s'?)", near);
        return text;
    }
    size_t used = (size_t)snprintf(text, size, "(known: ");
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", words[i]);
    if (used < size)
        snprintf(text + used, size - used, ")");
    return text;
}
