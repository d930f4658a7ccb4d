/* Which way the streams went, what the clocks differ by, and what follows for each pair. */
#include "core/estimate/quantile.h"
#include "probes/rtp/points.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MIN    3       /* that both streams of a pair must share to tell their directions */
#define SECONDS_MAX    1000000 /* longer than this is no call, but a clock gone wild */
#define TTL_HOPS_MAX   64      /* a larger difference is another initial value, not a path */
#define RATE_ALLOWANCE 100.0   /* ppm: for the time away from the reference where no skew could be measured */

/* Smallest and largest difference of the clocks, B less A, of the matches of one second. */
struct second {
    int64_t low, high;
    bool used;
};

static int64_t apart(const struct vo_point_match *match)
{
    return match->at[1] - match->at[0];
}

static void span_of(const struct vo_point_pair *pair, int64_t *first, int64_t *last)
{
    *first = INT64_MAX;
    *last = INT64_MIN;
    for (size_t i = 0; i < pair->matched; i++) {
        int64_t second = pair->matches[i].at[0] / VO_NS_PER_S;
        *first = second < *first ? second : *first;
        *last = second > *last ? second : *last;
    }
}

static void fill_seconds(const struct vo_point_pair *pair, int64_t first, size_t count,
                         struct second *seconds)
{
    for (size_t i = 0; i < pair->matched; i++) {
        int64_t at = pair->matches[i].at[0] / VO_NS_PER_S - first, value = apart(&pair->matches[i]);
        if (at < 0 || at >= (int64_t)count)
            continue;
        struct second *second = &seconds[at];
        if (!second->used || value < second->low)
            second->low = value;
        if (!second->used || value > second->high)
            second->high = value;
        second->used = true;
    }
}

/* By the clocks: +1 if `pair` went from A to B and its reverse back, -1 the other way round, 0 if they do not
 * tell. Nine seconds of ten have to agree: a clock may be set meanwhile. Each second by itself, so that skew
 * does not matter. */
static int tell_by_clock(const struct vo_point_pair *pair, const struct vo_point_pair *reverse, bool *memory)
{
    int64_t first, last, reverse_first, reverse_last;
    span_of(pair, &first, &last);
    span_of(reverse, &reverse_first, &reverse_last);
    first = reverse_first > first ? reverse_first : first;
    last = reverse_last < last ? reverse_last : last;
    if (last < first || last - first >= SECONDS_MAX)
        return 0;
    size_t count = (size_t)(last - first) + 1, common = 0, above = 0, below = 0;
    struct second *here = calloc(2 * count, sizeof *here);
    if (!here) {
        *memory = false;
        return 0;
    }
    const struct second *back = here + count;
    fill_seconds(pair, first, count, here);
    fill_seconds(reverse, first, count, here + count);
    for (size_t i = 0; i < count; i++) {
        if (!here[i].used || !back[i].used)
            continue;
        common++;
        above += here[i].low > back[i].high;
        below += back[i].low > here[i].high;
    }
    free(here);
    if (common < SECONDS_MIN)
        return 0;
    return 10 * above >= 9 * common ? 1 : 10 * below >= 9 * common ? -1 : 0;
}

/* By TTL: +1 if it is lower at B, -1 if at A, 0 if it does not tell. */
static int tell_by_ttl(const struct vo_point_pair *pair)
{
    const struct vo_stream *a = pair->stream[0], *b = pair->stream[1];
    if (!a->measure || !b->measure || a->measure->ttl_minimum != a->measure->ttl_maximum ||
        b->measure->ttl_minimum != b->measure->ttl_maximum)
        return 0;
    if (memcmp(a->key.source, b->key.source, 16) != 0 &&
        memcmp(a->key.destination, b->key.destination, 16) != 0)
        return 0;
    int hops = a->measure->ttl_minimum - b->measure->ttl_minimum;
    return abs(hops) >= TTL_HOPS_MAX ? 0 : (hops > 0) - (hops < 0);
}

static bool direct(const struct vo_points *points, struct vo_point_pair *pair)
{
    const struct vo_point_pair *reverse =
        pair->reverse == VO_POINT_NONE ? NULL : &points->pairs[pair->reverse];
    bool memory = true;
    int by_ttl = tell_by_ttl(pair), by_reverse = reverse ? -tell_by_ttl(reverse) : 0;
    bool round = reverse && by_ttl && by_ttl == -by_reverse; /* both ways pass the points in the same order */
    int way = reverse && !round ? tell_by_clock(pair, reverse, &memory) : 0;
    pair->evidence = "delays: the stream and its reverse each took time between the points";
    if (!way && by_ttl) {
        way = by_ttl;
        pair->evidence = "TTL is lower at the later point";
    } else if (!way && by_reverse) {
        way = by_reverse;
        pair->evidence = "TTL of the reverse stream is lower at the earlier point";
    }
    if (!way)
        pair->evidence =
            reverse ? "neither the delays nor TTL tell which point is the earlier one"
                    : "its reverse was not matched, and TTL does not tell which point is the earlier one";
    pair->direction = way > 0 ? VO_POINT_A_TO_B : way < 0 ? VO_POINT_B_TO_A : VO_POINT_UNKNOWN;
    return memory;
}

static bool fit_clocks(struct vo_points *points)
{
    struct vo_clockfit *fit = vo_clockfit_new();
    bool good = fit != NULL;
    for (size_t i = 0; i < points->count; i++) {
        const struct vo_point_pair *pair = &points->pairs[i];
        for (size_t j = 0; good && pair->direction != VO_POINT_UNKNOWN && j < pair->matched; j++)
            good = vo_clockfit_add(fit, (int)pair->direction, pair->matches[j].at[0], pair->matches[j].at[1]);
    }
    if (good)
        points->clock = vo_clockfit_solve(fit);
    vo_clockfit_free(fit);
    return good;
}

static void find_shift(struct vo_point_pair *pair)
{
    pair->shift[0] = INT64_MAX;
    pair->shift[1] = INT64_MIN;
    for (size_t i = 0; i < pair->matched; i++) {
        int64_t value = apart(&pair->matches[i]);
        value = pair->direction == VO_POINT_B_TO_A ? -value : value;
        pair->shift[0] = value < pair->shift[0] ? value : pair->shift[0];
        pair->shift[1] = value > pair->shift[1] ? value : pair->shift[1];
    }
}

/* Was the capture at the later point running when this packet came by, however long it took? */
static bool was_awaited(const struct vo_point_pair *pair, vo_time sent, const struct vo_point *later)
{
    int64_t earliest, latest;
    return !__builtin_add_overflow(sent, pair->shift[0], &earliest) && earliest >= later->first &&
           !__builtin_add_overflow(sent, pair->shift[1], &latest) && latest <= later->last;
}

/* Packets that one point had once and the other never, in no stream. */
static void count_lost(struct vo_points *points, int earlier)
{
    const struct vo_point *point = points->point[earlier], *later = points->point[!earlier];
    for (size_t i = 0; i < point->count; i++) {
        const struct vo_point_packet *packet = &point->packets[i];
        size_t index = points->pair_of[earlier][packet->stream];
        if (packet->fate || index == VO_POINT_NONE)
            continue;
        struct vo_point_pair *pair = &points->pairs[index];
        if (pair->direction == (earlier ? VO_POINT_B_TO_A : VO_POINT_A_TO_B))
            pair->lost += was_awaited(pair, packet->time, later);
    }
}

enum vo_status vo_points_solve(struct vo_points *points, struct vo_error *error)
{
    bool good = true;
    for (size_t i = 0; good && i < points->count; i++) {
        good = direct(points, &points->pairs[i]);
        find_shift(&points->pairs[i]);
    }
    if (!good || !fit_clocks(points))
        return vo_error_memory(error, "the comparison of the points' clocks");
    count_lost(points, 0);
    count_lost(points, 1);
    return VO_OK;
}

/* The clock of B less that of A, as near as a delay: enough to tell whether a capture was running. */
static double clocks_apart(const struct vo_points *points, bool *told)
{
    *told = true;
    if (points->clock.has_offset)
        return points->clock.offset_ns;
    for (size_t i = 0; i < points->count; i++)
        if (points->pairs[i].matched)
            return (double)apart(&points->pairs[i].matches[0]);
    *told = false;
    return 0;
}

bool vo_points_awaited(const struct vo_points *points, int side, const struct vo_stream *stream, bool *told)
{
    const struct vo_point *other = points->point[!side];
    double shift = clocks_apart(points, told);
    shift = side ? -shift : shift;
    return other->first != VO_TIME_UNKNOWN && (double)stream->measure->last + shift >= (double)other->first &&
           (double)stream->measure->first + shift <= (double)other->last;
}

/* ± of a delay from the clocks, for times up to `away_s` from the reference of the fit. */
static double clock_error_ms(const struct vo_clockfit_result *clock, double away_s)
{
    double rate_ppm = clock->has_skew ? clock->skew_error_ppm : RATE_ALLOWANCE;
    return (clock->offset_error_ns + rate_ppm * 1000 * away_s) / 1e6;
}

/* A smallest delay below 0 may be the error of the clocks; half of the delays, or one beyond the error, is no
 * delay. */
static void put_missing(const struct vo_points *points, struct vo_point_result *result)
{
    if (!points->clock.has_offset)
        snprintf(result->missing, sizeof result->missing,
                 "only one direction was matched: the clocks' offset cannot be told apart from the delay");
    else if (result->minimum_ms + result->error_ms < 0 || result->median_ms < 0)
        snprintf(result->missing, sizeof result->missing,
                 "the clocks cannot be fitted: delays come out below 0 (smallest %.3f ms, median %.3f ms, ± "
                 "%.3f ms)",
                 result->minimum_ms, result->median_ms, result->error_ms);
}

struct vo_point_result vo_points_result(const struct vo_points *points, const struct vo_point_pair *pair)
{
    const struct vo_clockfit_result *clock = &points->clock;
    struct vo_point_result result = {"",  NAN, NAN, NAN, NAN, NAN, pair->direction != VO_POINT_UNKNOWN,
                                     NAN, 0,   0};
    if (!result.has_direction) {
        snprintf(result.missing, sizeof result.missing, "direction not known: %s", pair->evidence);
        return result;
    }
    struct vo_quantile above = {0};
    double minimum = INFINITY, sum = 0, away = 0;
    for (size_t i = 0; i < pair->matched; i++) {
        const vo_time *at = pair->matches[i].at;
        double delay = vo_clockfit_delay(clock, (int)pair->direction, at[0], at[1]);
        minimum = fmin(minimum, delay);
        sum += delay;
        away = fmax(away, fabs((double)at[0] - (double)clock->reference));
    }
    for (size_t i = 0; i < pair->matched; i++) {
        const vo_time *at = pair->matches[i].at;
        double delay = vo_clockfit_delay(clock, (int)pair->direction, at[0], at[1]);
        vo_quantile_add(&above, (uint32_t)fmin((delay - minimum) / 1000 + 0.5, UINT32_MAX));
    }
    result.minimum_ms = minimum / 1e6;
    result.maximum_ms = result.minimum_ms + above.maximum / 1000.0;
    result.median_ms = result.minimum_ms + vo_quantile_get(&above, 0.5) / 1000;
    result.mean_ms = sum / (double)pair->matched / 1e6;
    result.error_ms = clock_error_ms(clock, away / 1e9);
    result.variation_p95_ms = vo_quantile_get(&above, 0.95) / 1000;
    result.lost = pair->lost;
    result.sent = pair->matched + pair->lost;
    put_missing(points, &result);
    return result;
}
