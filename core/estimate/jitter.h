/*
 * Interarrival jitter (RFC 3550 6.4.1, A.8): J += (|D| - J) / 16, D the change of transit time between two
 * packets in order of arrival. In nanoseconds, not in timestamp units, so that a codec change does not change
 * its scale.
 */
#ifndef VO_CORE_ESTIMATE_JITTER_H
#define VO_CORE_ESTIMATE_JITTER_H

#include <stdint.h>

struct vo_jitter { /* zero-initialise */
    double now_ns, maximum_ns, sum_ns;
    uint64_t count;
};

static inline void vo_jitter_add(struct vo_jitter *jitter, double transit_change_ns)
{
    double d = transit_change_ns < 0 ? -transit_change_ns : transit_change_ns;
    jitter->now_ns += (d - jitter->now_ns) / 16;
    if (jitter->now_ns > jitter->maximum_ns)
        jitter->maximum_ns = jitter->now_ns;
    jitter->sum_ns += jitter->now_ns;
    jitter->count++;
}

#endif
