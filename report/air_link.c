#include "report/model_air.h"

#include "report/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static void sort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    if (count)
        qsort(items, count, size, compare);
}

bool vo_air_any(const struct vo_air *air)
{
    for (size_t i = 0; i < VO_AIR_KINDS; i++)
        if (air->list[i].count)
            return true;
    return air->explanation_count + air->track_count > 0;
}

/* --- results
 * ------------------------------------------------------------------------------------------------ */

static int compare_subject(const struct vo_result *result, const char *kind, const char *id)
{
    int order = compare_text(result->subject_kind, kind);
    return order ? order : compare_text(result->subject_id, id);
}

static int compare_results(const void *left, const void *right)
{
    const struct vo_result *a = *(const struct vo_result *const *)left;
    const struct vo_result *b = *(const struct vo_result *const *)right;
    int order = compare_subject(a, b->subject_kind, b->subject_id);
    if (order)
        return order;
    if (a->status != b->status)
        return a->status < b->status ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* The first result of a subject, which is its worst. */
static size_t first_result(const struct vo_air *air, const char *kind, const char *id)
{
    size_t low = 0, high = air->result_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_subject(air->results[middle], kind, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct vo_result *vo_air_result(const struct vo_air *air, const char *kind, const char *id,
                                      enum vo_metric metric)
{
    for (size_t i = first_result(air, kind, id); i < air->result_count; i++) {
        const struct vo_result *result = air->results[i];
        if (compare_subject(result, kind, id) != 0)
            return NULL;
        if (metric == VO_METRIC_COUNT || result->row == &vo_metrics[metric])
            return result;
    }
    return NULL;
}

static bool index_results(struct vo_report *report)
{
    struct vo_air *air = report->air;
    air->results = vo_store_take(report->store, (report->result_count + 1) * sizeof *air->results);
    if (!air->results)
        return false;
    for (size_t i = 0; i < report->result_count; i++)
        if (vo_air_kind_of(report->results[i].subject_kind) != VO_AIR_KINDS && report->results[i].subject_id)
            air->results[air->result_count++] = &report->results[i];
    sort(air->results, air->result_count, sizeof *air->results, compare_results);
    return true;
}

/* Of a link that of its own place; of a cell without the rules of its separation, which has a table of its
 * own. */
static enum vo_result_status worst_of(const struct vo_air *air, const struct vo_air_item *item)
{
    enum vo_air_kind kind = item->kind;
    const char *id = item->seen.id;
    const char *word = vo_air_words[kind];
    for (size_t i = first_result(air, word, id); i < air->result_count; i++) {
        const struct vo_result *result = air->results[i];
        if (compare_subject(result, word, id) != 0)
            break;
        const char *place = vo_json_get_text(vo_json_get(result->json, "subject"), "place");
        bool by_place = kind == VO_AIR_LINK || kind == VO_AIR_CHANNEL;
        if (by_place && compare_text(place, item->place) != 0)
            continue; /* the same link elsewhere */
        if (kind != VO_AIR_CELL || (result->row != &vo_metrics[VO_METRIC_WLAN_SEPARATION_DB] &&
                                    result->row != &vo_metrics[VO_METRIC_WLAN_EFFECTIVE_SEPARATION_DB]))
            return result->status;
    }
    return VO_RESULT_STATUSES;
}

static void judge_items(struct vo_air *air)
{
    for (size_t kind = 0; kind < VO_AIR_KINDS; kind++)
        for (size_t i = 0; i < air->list[kind].count; i++) {
            struct vo_air_item *item = air->list[kind].items[i];
            item->worst = worst_of(air, item);
        }
}

static int compare_record(const struct vo_air_item *item, const char *run, uint64_t n)
{
    int order = compare_text(item->seen.run, run);
    return order ? order : (item->seen.n > n) - (item->seen.n < n);
}

static int compare_records(const void *left, const void *right)
{
    const struct vo_air_item *a = *(struct vo_air_item *const *)left,
                             *b = *(struct vo_air_item *const *)right;
    int order = compare_record(a, b->seen.run, b->seen.n);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static struct vo_air_item *item_of_record(struct vo_air_item **items, size_t count, const char *run,
                                          uint64_t n)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_record(items[middle], run, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && compare_record(items[low], run, n) == 0 ? items[low] : NULL;
}

/* Whom a result speaks of: the observation that is its evidence. */
static bool link_results(struct vo_report *report)
{
    struct vo_air *air = report->air;
    size_t count = 0;
    for (size_t kind = 0; kind < VO_AIR_KINDS; kind++)
        count += air->list[kind].count;
    struct vo_air_item **items = vo_store_take(report->store, (count + 1) * sizeof *items);
    if (!items)
        return false;
    count = 0;
    for (size_t kind = 0; kind < VO_AIR_KINDS; kind++)
        for (size_t i = 0; i < air->list[kind].count; i++)
            items[count++] = air->list[kind].items[i];
    sort(items, count, sizeof *items, compare_records);
    for (size_t i = 0; i < report->result_count; i++) {
        struct vo_result *result = &report->results[i];
        const struct vo_json *evidence = vo_json_child(vo_json_get(result->json, "evidence"));
        for (; evidence && !result->air; evidence = vo_json_next(evidence)) {
            double n = vo_json_double(vo_json_get(evidence, "n"));
            struct vo_air_item *item =
                n >= 1 && n < 1e15
                    ? item_of_record(items, count, vo_json_get_text(evidence, "run"), (uint64_t)n)
                    : NULL;
            if (item && same(item->seen.id, result->subject_id))
                result->air = item;
        }
    }
    return true;
}

/* --- roams
 * -------------------------------------------------------------------------------------------------- */

static int compare_events(const void *left, const void *right)
{
    const struct vo_air_event *a = left, *b = right;
    int order = compare_text(a->id, b->id);
    return order ? order : compare_text(a->run, b->run);
}

static void link_events(struct vo_air *air)
{
    sort(air->events, air->event_count, sizeof *air->events, compare_events);
    for (size_t i = 0; i < air->list[VO_AIR_ROAM].count; i++) {
        struct vo_air_item *roam = air->list[VO_AIR_ROAM].items[i];
        struct vo_air_event wanted = {.run = roam->seen.run, .id = roam->seen.id};
        if (air->event_count)
            roam->event =
                bsearch(&wanted, air->events, air->event_count, sizeof *air->events, compare_events);
    }
}

static int compare_numbers(double a, double b) /* NaN last */
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

static double of(const struct vo_air_item *item, enum vo_metric metric)
{
    return vo_facts_number(&item->seen.facts, metric);
}

/* Worst result first, then by the metric: the largest, or (sign 1) the smallest. */
static int compare_worst(const struct vo_air_item *a, const struct vo_air_item *b, enum vo_metric metric,
                         double sign)
{
    if (a->worst != b->worst)
        return a->worst < b->worst ? -1 : 1;
    int order = compare_numbers(sign * of(a, metric), sign * of(b, metric));
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static int compare_roams(const void *left, const void *right)
{
    return compare_worst(*(struct vo_air_item *const *)left, *(struct vo_air_item *const *)right,
                         VO_METRIC_WLAN_ROAM_GAP_MS, -1);
}

static int compare_links(const void *left, const void *right)
{
    return compare_worst(*(struct vo_air_item *const *)left, *(struct vo_air_item *const *)right,
                         VO_METRIC_WLAN_PER_PERCENT, -1);
}

static int compare_access_points(const void *left, const void *right)
{
    return compare_worst(*(struct vo_air_item *const *)left, *(struct vo_air_item *const *)right,
                         VO_METRIC_WLAN_OVERLAP_PERCENT, 1);
}

/* --- cells
 * -------------------------------------------------------------------------------------------------- */

static bool is_heard(const struct vo_air_item *cell)
{
    return same(vo_facts_of(&cell->seen.facts, VO_METRIC_WLAN_COVERAGE)->word, "heard");
}

static int coverage_rank(const struct vo_air_item *cell)
{
    if (same(vo_facts_of(&cell->seen.facts, VO_METRIC_WLAN_COVERAGE)->word, "not_heard"))
        return 0;
    return isnan(of(cell, VO_METRIC_WLAN_SIGNAL_DBM)) ? 1 : 2;
}

/* Places without coverage first, then the weakest. */
static int compare_cells(const void *left, const void *right)
{
    const struct vo_air_item *a = *(struct vo_air_item *const *)left,
                             *b = *(struct vo_air_item *const *)right;
    int order = coverage_rank(a) - coverage_rank(b);
    if (!order)
        order = compare_numbers(of(a, VO_METRIC_WLAN_SIGNAL_DBM), of(b, VO_METRIC_WLAN_SIGNAL_DBM));
    return order ? order : compare_text(a->seen.id, b->seen.id);
}

/* Of one id: what was derived, else a visit in which it was heard, else the last visit. */
static int compare_same_cells(const void *left, const void *right)
{
    const struct vo_air_item *a = *(struct vo_air_item *const *)left,
                             *b = *(struct vo_air_item *const *)right;
    int order = compare_text(a->seen.id, b->seen.id);
    if (order)
        return order;
    if (a->derived != b->derived)
        return a->derived ? -1 : 1;
    if (is_heard(a) != is_heard(b))
        return is_heard(a) ? -1 : 1;
    return (b->order > a->order) - (b->order < a->order);
}

static void choose_cells(struct vo_air_list *cells)
{
    size_t kept = 0;
    sort(cells->items, cells->count, sizeof *cells->items, compare_same_cells);
    for (size_t i = 0; i < cells->count; i++)
        if (kept == 0 || strcmp(cells->items[kept - 1]->seen.id, cells->items[i]->seen.id) != 0)
            cells->items[kept++] = cells->items[i];
    cells->count = kept;
    sort(cells->items, cells->count, sizeof *cells->items, compare_cells);
}

/* --- explanations
 * ------------------------------------------------------------------------------------------- */

static int compare_explanations(const void *left, const void *right)
{
    const struct vo_explanation *a = left, *b = right;
    return a->from != b->from ? (a->from < b->from ? -1 : 1) : compare_text(a->stream_id, b->stream_id);
}

static void link_explanations(struct vo_report *report)
{
    struct vo_air *air = report->air;
    sort(air->explanations, air->explanation_count, sizeof *air->explanations, compare_explanations);
    for (size_t i = 0; i < air->explanation_count; i++)
        for (size_t k = 0; k < report->stream_count && !air->explanations[i].stream; k++)
            if (same(report->streams[k]->seen.id, air->explanations[i].stream_id))
                air->explanations[i].stream = report->streams[k];
}

static void sort_list(struct vo_air *air, enum vo_air_kind kind, int (*compare)(const void *, const void *))
{
    sort(air->list[kind].items, air->list[kind].count, sizeof *air->list[kind].items, compare);
}

enum vo_status vo_air_link(struct vo_report *report, struct vo_error *error)
{
    struct vo_air *air = report->air;
    if (!index_results(report) || !link_results(report))
        return vo_error_memory(error, "the air");
    choose_cells(&air->list[VO_AIR_CELL]);
    judge_items(air);
    link_events(air);
    sort_list(air, VO_AIR_ROAM, compare_roams);
    sort_list(air, VO_AIR_LINK, compare_links);
    sort_list(air, VO_AIR_ACCESS_POINT, compare_access_points);
    link_explanations(report);
    vo_air_tracks(report);
    return vo_air_group(report) ? VO_OK : vo_error_memory(error, "the access points");
}
