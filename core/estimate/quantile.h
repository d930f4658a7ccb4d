/*
 * Quantiles of bounded error in fixed memory, mergeable: a histogram whose buckets grow with the value
 * (log-linear, as HdrHistogram's).
 *
 * Values are durations in microseconds. Below 32 µs buckets are 1 µs wide; above, each octave has 32 buckets,
 * so that a quantile is off by at most 1/64 of itself (1.6 %) or 0.5 µs. Values from 2^27 µs (134 s) count as
 * that; minimum and maximum are exact. Counts saturate. A zeroed struct is empty. Merging is exact: the same
 * as adding all values to one.
 */
#ifndef VO_CORE_ESTIMATE_QUANTILE_H
#define VO_CORE_ESTIMATE_QUANTILE_H

#include <stdint.h>

#define VO_QUANTILE_SUB     32
#define VO_QUANTILE_BUCKETS (VO_QUANTILE_SUB + 22 * VO_QUANTILE_SUB)

struct vo_quantile {
    uint64_t count;
    uint32_t minimum, maximum; /* µs; valid when count > 0 */
    uint32_t buckets[VO_QUANTILE_BUCKETS];
};

/* static inline in this header: it runs once a packet */
static inline unsigned vo_quantile_bucket(uint32_t value)
{
    if (value < VO_QUANTILE_SUB)
        return value;
    if (value >= 1u << 27)
        return VO_QUANTILE_BUCKETS - 1;
    unsigned octave = 31u - (unsigned)__builtin_clz(value) - 5; /* 0 for 32..63 */
    return VO_QUANTILE_SUB + octave * VO_QUANTILE_SUB + ((value >> octave) - VO_QUANTILE_SUB);
}

static inline void vo_quantile_add(struct vo_quantile *quantile, uint32_t value)
{
    uint32_t *bucket = &quantile->buckets[vo_quantile_bucket(value)];
    *bucket += *bucket != UINT32_MAX;
    if (quantile->count == 0 || value < quantile->minimum)
        quantile->minimum = value;
    if (quantile->count == 0 || value > quantile->maximum)
        quantile->maximum = value;
    quantile->count++;
}

/* Adds up to VO_QUANTILE_BATCH values at once: their buckets are asked for together, before the first is
 * needed. */
#define VO_QUANTILE_BATCH 32
static inline void vo_quantile_add_all(struct vo_quantile *quantile, const uint32_t *values, unsigned count)
{
    uint16_t buckets[VO_QUANTILE_BATCH];
    uint32_t minimum = quantile->count ? quantile->minimum : UINT32_MAX;
    uint32_t maximum = quantile->count ? quantile->maximum : 0;
    for (unsigned i = 0; i < count; i++) {
        buckets[i] = (uint16_t)vo_quantile_bucket(values[i]);
        __builtin_prefetch(&quantile->buckets[buckets[i]], 1);
        minimum = values[i] < minimum ? values[i] : minimum;
        maximum = values[i] > maximum ? values[i] : maximum;
    }
    for (unsigned i = 0; i < count; i++)
        quantile->buckets[buckets[i]] += quantile->buckets[buckets[i]] != UINT32_MAX;
    quantile->minimum = minimum;
    quantile->maximum = maximum;
    quantile->count += count;
}

/* The value below which `fraction` (0 to 1) of the values lie (nearest rank: the ceil(fraction * count)th),
 * in µs; NaN when empty. */
double vo_quantile_get(const struct vo_quantile *quantile, double fraction);
void vo_quantile_merge(struct vo_quantile *into, const struct vo_quantile *from);

#endif
