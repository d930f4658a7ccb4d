#include "analyze/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GAP  ((double)1000000) /* steps without values that are filled in between two records */
#define MAX_BINS ((size_t)100000000)

/* `subject` is an id, or an object with id and perhaps key. */
static void name_parts(const struct vo_record *record, const char *parts[VO_NAME_PARTS])
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    const char *id = vo_json_text(subject) ? vo_json_text(subject) : vo_json_get_text(subject, "id");
    const char *key = vo_json_get_text(subject, "key");
    parts[0] = record->run;
    parts[1] = id;
    parts[2] = key ? key : "";
}

static struct vo_facts_series *get_series(struct vo_facts *facts, const char *const parts[VO_NAME_PARTS])
{
    struct vo_name *name = vo_names_get(&facts->series_names, &facts->arena, parts);
    if (!name)
        return NULL;
    if (!name->object) {
        struct vo_facts_series *series = vo_arena_get(&facts->arena, sizeof *series);
        if (!series)
            return NULL;
        series->next = facts->series;
        facts->series = series;
        name->object = series;
    }
    return name->object;
}

static bool make_room(const struct vo_facts *facts, struct vo_facts_series *series, size_t bins)
{
    if (bins <= series->capacity)
        return true;
    size_t capacity = bins > 2 * series->capacity ? bins : 2 * series->capacity;
    for (size_t i = 0; i < VO_METRIC_COUNT; i++) {
        if (!facts->wanted_columns[i])
            continue;
        double *grown = realloc(series->columns[i], capacity * sizeof *grown);
        if (!grown)
            return false;
        series->columns[i] = grown;
    }
    series->capacity = capacity;
    return true;
}

/* Longest of the wanted columns. */
static size_t column_length(const struct vo_facts *facts, const struct vo_json *columns)
{
    size_t longest = 0;
    for (size_t i = 0; i < VO_METRIC_COUNT; i++)
        if (facts->wanted_columns[i]) {
            size_t count = vo_json_count(vo_json_get(columns, vo_metrics[i].name));
            longest = count > longest ? count : longest;
        }
    return longest;
}

static void copy_column(double *column, size_t gap, size_t length, const struct vo_json *values)
{
    const struct vo_json *item = vo_json_child(values);
    for (size_t i = 0; i < gap; i++)
        *column++ = NAN;
    for (size_t i = 0; i < length; i++) {
        *column++ = vo_json_double(item); /* NaN for null and beyond the end */
        item = vo_json_next(item);
    }
}

/* Steps between the end of the series and `start`; negative when they overlap. */
static double gap_before(struct vo_facts_series *series, vo_time start, double step_s)
{
    if (!series->bins) {
        series->start = start;
        series->step_s = step_s;
        return 0;
    }
    if (fabs(step_s - series->step_s) > 1e-9)
        series->broken = "its records have different steps";
    double elapsed_s = (double)start / 1e9 - (double)series->start / 1e9;
    return round(elapsed_s / series->step_s - (double)series->bins);
}

enum vo_status vo_series_add(struct vo_facts *facts, const struct vo_record *record, struct vo_error *error)
{
    const struct vo_json *columns = vo_json_get(record->json, "columns");
    const char *text = vo_json_get_text(record->json, "start"), *parts[VO_NAME_PARTS];
    double step_s = vo_json_double(vo_json_get(record->json, "step_s"));
    vo_time start;
    size_t length = column_length(facts, columns);
    if (!length)
        return VO_OK;
    name_parts(record, parts);
    if (!parts[1] || !text || vo_time_parse(text, &start, NULL) != VO_OK || !(step_s > 0))
        return vo_error_set(error, VO_ERR_INPUT, "%s:%zu: a series needs subject, start and step_s",
                            record->file, record->line);
    struct vo_facts_series *series = get_series(facts, parts);
    if (!series)
        return vo_error_memory(error, "a series");
    double gap = gap_before(series, start, step_s);
    if (!(gap >= 0 && gap <= MAX_GAP) || series->bins > MAX_BINS)
        series->broken = gap < 0 ? "its records overlap" : "a gap within it is too long";
    if (series->broken)
        return VO_OK;
    if (!make_room(facts, series, series->bins + (size_t)gap + length))
        return vo_error_memory(error, "a series");
    for (size_t i = 0; i < VO_METRIC_COUNT; i++)
        if (facts->wanted_columns[i])
            copy_column(series->columns[i] + series->bins, (size_t)gap, length,
                        vo_json_get(columns, vo_metrics[i].name));
    series->bins += (size_t)gap + length;
    return VO_OK;
}

const struct vo_facts_series *vo_fact_series(const struct vo_facts *facts, const struct vo_fact *fact)
{
    const char *parts[VO_NAME_PARTS] = {facts->runs[fact->run].run, fact->id, fact->key ? fact->key : ""};
    struct vo_name *name = vo_names_find(&facts->series_names, parts);
    if (!name) {
        parts[2] = "";
        name = vo_names_find(&facts->series_names, parts);
    }
    return name ? name->object : NULL;
}

/* Sums over the window, kept while it slides; counts are whole numbers, so that the sums stay exact. */
struct sums {
    double upper, lower;
    size_t covered;
};

static void count_bin(struct sums *sums, const double *upper, const double *lower, size_t i, double sign)
{
    double value = upper[i], base = lower ? lower[i] : 1;
    if (!isfinite(value) || !isfinite(base))
        return;
    sums->upper += sign * value;
    sums->lower += sign * base;
    sums->covered = sign > 0 ? sums->covered + 1 : sums->covered - 1;
}

static double largest(const double *values, size_t from, size_t to)
{
    double most = NAN;
    for (size_t i = from; i < to; i++)
        most = fmax(most, values[i]); /* fmax leaves NaN out */
    return most;
}

static double window_value(const struct vo_rule *rule, const struct sums *sums, const double *upper,
                           size_t from, size_t to)
{
    if (rule->statistic == VO_STATISTIC_MAX)
        return largest(upper, from, to);
    if (!(sums->lower > 0))
        return NAN;
    return rule->statistic == VO_STATISTIC_RATIO ? 100 * sums->upper / sums->lower
                                                 : sums->upper / sums->lower;
}

static const char *none_text(struct vo_arena *arena, const struct vo_rule *rule, double coverage,
                             double samples)
{
    if (coverage < rule->minimum_coverage)
        return vo_arena_format(arena,
                               "no window of %g s has values for %g %% of its time; the best has %.4g %%",
                               rule->window_s, 100 * rule->minimum_coverage, 100 * coverage);
    if (samples < rule->minimum_samples)
        return vo_arena_format(arena,
                               "%.0f samples in the fullest window, where the rule asks for at least %.0f",
                               samples, rule->minimum_samples);
    return "the series has no values";
}

struct vo_window vo_series_worst(struct vo_arena *arena, const struct vo_facts_series *series,
                                 const struct vo_rule *rule)
{
    struct vo_window worst = {NAN, NAN, NAN, NULL};
    bool ratio = rule->statistic == VO_STATISTIC_RATIO;
    if (!series || series->broken || !series->bins) {
        worst.why = vo_arena_format(arena, "the series of the subject %s",
                                    series && series->broken ? series->broken : "is not in the records");
        return worst;
    }
    const double *upper = series->columns[(ratio ? rule->numerator : rule->metric) - vo_metrics];
    const double *lower = ratio ? series->columns[vo_metric_find(rule->metric->samples) - vo_metrics] : NULL;
    double steps = fmax(1, round(rule->window_s / series->step_s)), best_coverage = 0, most = 0;
    size_t size = steps < (double)series->bins ? (size_t)steps : series->bins;
    double margin = INFINITY;
    struct sums sums = {0};
    for (size_t end = 0; end < series->bins; end++) {
        count_bin(&sums, upper, lower, end, 1);
        if (end + 1 < size)
            continue;
        size_t from = end + 1 - size;
        double coverage = (double)sums.covered / (double)size;
        double value = window_value(rule, &sums, upper, from, end + 1);
        bool enough = !(coverage < rule->minimum_coverage) && !(ratio && sums.lower < rule->minimum_samples);
        best_coverage = fmax(best_coverage, coverage);
        most = fmax(most, sums.lower);
        if (enough && isfinite(value) && vo_limit_margin(&rule->pass, value) < margin) {
            margin = vo_limit_margin(&rule->pass, value);
            worst = (struct vo_window){value, ratio ? sums.lower : NAN, (double)from * series->step_s, NULL};
        }
        count_bin(&sums, upper, lower, from, -1);
    }
    if (!isfinite(worst.value))
        worst.why = none_text(arena, rule, best_coverage, most);
    return worst;
}
