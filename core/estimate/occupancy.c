#include "core/estimate/occupancy.h"

#include <math.h>
#include <string.h>

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void vo_occupancy_init(struct vo_occupancy *occupancy, int64_t start_ns, int64_t length_ns)
{
    *occupancy = (struct vo_occupancy){.start = start_ns, .length = length_ns, .settled = start_ns};
}

static void remove_pieces(struct vo_occupancy *occupancy, unsigned at, unsigned count)
{
    occupancy->count -= count;
    memmove(&occupancy->pieces[at], &occupancy->pieces[at + count],
            (occupancy->count - at) * sizeof *occupancy->pieces);
}

/* What of all pieces lies before `end`. */
static int64_t before(const struct vo_occupancy *occupancy, int64_t end)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < occupancy->count; i++)
        sum += larger(smaller(occupancy->pieces[i].end, end) - occupancy->pieces[i].begin, 0);
    return sum;
}

bool vo_occupancy_next(struct vo_occupancy *occupancy, int64_t now_ns, struct vo_occupancy_interval *interval)
{
    int64_t end = occupancy->start + occupancy->length;
    if (now_ns < end)
        return false;
    *interval = vo_occupancy_now(occupancy, end);
    unsigned done = 0;
    while (done < occupancy->count && occupancy->pieces[done].end <= end)
        done++;
    remove_pieces(occupancy, 0, done);
    if (occupancy->count) /* only the last may reach beyond, because none begins there */
        occupancy->pieces[0].begin = end;
    occupancy->start = occupancy->settled = end;
    occupancy->used = occupancy->late = 0;
    occupancy->frames = 0;
    return true;
}

/* Makes room: the earliest piece can grow no more. It ends within the interval, as a later one begins in it.
 */
static void settle_first(struct vo_occupancy *occupancy)
{
    occupancy->used += occupancy->pieces[0].end - occupancy->pieces[0].begin;
    occupancy->settled = occupancy->pieces[0].end;
    remove_pieces(occupancy, 0, 1);
}

bool vo_occupancy_add(struct vo_occupancy *occupancy, int64_t begin_ns, int64_t end_ns)
{
    if (end_ns <= begin_ns || begin_ns >= occupancy->start + occupancy->length)
        return false;
    occupancy->frames++;
    if (occupancy->count == VO_OCCUPANCY_PIECES)
        settle_first(occupancy);
    int64_t begin = larger(begin_ns, occupancy->settled), end = end_ns;
    occupancy->late += smaller(begin, end_ns) - begin_ns;
    if (end <= begin)
        return true;
    unsigned at = 0;
    while (at < occupancy->count && occupancy->pieces[at].end < begin)
        at++;
    unsigned last = at; /* behind those that it touches */
    while (last < occupancy->count && occupancy->pieces[last].begin <= end) {
        begin = smaller(begin, occupancy->pieces[last].begin);
        end = larger(end, occupancy->pieces[last].end);
        last++;
    }
    if (last > at)
        remove_pieces(occupancy, at, last - at - 1);
    else
        memmove(&occupancy->pieces[at + 1], &occupancy->pieces[at],
                (occupancy->count++ - at) * sizeof *occupancy->pieces);
    occupancy->pieces[at] = (struct vo_occupancy_piece){begin, end};
    return true;
}

struct vo_occupancy_interval vo_occupancy_now(const struct vo_occupancy *occupancy, int64_t now_ns)
{
    int64_t end = larger(smaller(now_ns, occupancy->start + occupancy->length), occupancy->start);
    return (struct vo_occupancy_interval){
        .start_ns = occupancy->start,
        .length_ns = end - occupancy->start,
        .used_ns = smaller(occupancy->used + before(occupancy, end), end - occupancy->start),
        .late_ns = occupancy->late,
        .frames = occupancy->frames,
    };
}

double vo_occupancy_percent(const struct vo_occupancy_interval *interval)
{
    return interval->length_ns > 0 ? 100.0 * (double)interval->used_ns / (double)interval->length_ns : NAN;
}
