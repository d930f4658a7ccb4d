#include "core/estimate/quantile.h"

#include <float.h>
#include <math.h>

/* The value that stands for a bucket: its middle. A bucket that starts at `low` holds `width` integers, width
 * <= low / 32, so the middle is at most (width - 1) / 2 < low / 64 from any of them; below 64 µs it is the
 * value itself. */
static double middle_of(unsigned bucket)
{
    if (bucket < VO_QUANTILE_SUB)
        return bucket;
    unsigned octave = bucket / VO_QUANTILE_SUB - 1;
    uint32_t low = (VO_QUANTILE_SUB + bucket % VO_QUANTILE_SUB) << octave;
    uint32_t width = UINT32_C(1) << octave;
    return low + (width - 1) / 2.0;
}

/* The smallest rank whose share of `total` reaches `fraction`. The product may come out a rounding error
 * above a whole number (0.07 * 100 = 7.000000000000001), which must not cost a rank. */
static uint64_t rank_of(double fraction, uint64_t total)
{
    double rank = ceil(fraction * (double)total * (1 - 4 * DBL_EPSILON));
    if (!(rank > 1))
        return 1;
    return rank >= (double)total ? total : (uint64_t)rank;
}

double vo_quantile_get(const struct vo_quantile *quantile, double fraction)
{
    /* Ranks count what the buckets hold, which is less than `count` once a bucket is full. */
    uint64_t total = 0;
    for (unsigned i = 0; i < VO_QUANTILE_BUCKETS; i++)
        total += quantile->buckets[i];
    if (total == 0 || isnan(fraction))
        return NAN;
    uint64_t rank = rank_of(fraction, total);
    if (rank == 1)
        return quantile->minimum;
    if (rank == total)
        return quantile->maximum;
    unsigned bucket = 0;
    uint64_t below = quantile->buckets[0];
    while (below < rank)
        below += quantile->buckets[++bucket];
    return fmin(fmax(middle_of(bucket), quantile->minimum), quantile->maximum);
}

void vo_quantile_merge(struct vo_quantile *into, const struct vo_quantile *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->minimum < into->minimum)
        into->minimum = from->minimum;
    if (into->count == 0 || from->maximum > into->maximum)
        into->maximum = from->maximum;
    into->count += from->count;
    for (unsigned i = 0; i < VO_QUANTILE_BUCKETS; i++) {
        uint32_t room = UINT32_MAX - into->buckets[i];
        into->buckets[i] += from->buckets[i] < room ? from->buckets[i] : room;
    }
}
