/*
 * The real-time clock, which the kernel stamps packets with, against the monotonic one, which nobody sets.
 * Pure: pairs of readings are passed in.
 *
 * A difference that changes by more than VO_CLOCK_STEP between two samples is a clock that was set; less is
 * its rate being steered. What was stamped shortly before a step that is seen after it cannot be placed
 * surely: it is doubtful.
 */
#ifndef VO_PROBES_WLAN_CLOCK_MAP_H
#define VO_PROBES_WLAN_CLOCK_MAP_H

#include "core/clock.h"

#include <stdbool.h>

#define VO_CLOCK_STEP  (2 * VO_NS_PER_MS)
#define VO_CLOCK_DOUBT (500 * VO_NS_PER_MS) /* how long a stamped packet may wait to be read */

struct vo_clock_map {
    bool started;
    vo_time offset;   /* real less monotonic */
    vo_time previous; /* before the last step */
    vo_time sampled;  /* monotonic */
    vo_time stepped;  /* monotonic, when the last step was seen; VO_TIME_UNKNOWN: none */
};

/* Both clocks, read at once; often, and just before stamps are converted. */
void vo_clock_map_sample(struct vo_clock_map *map, vo_time monotonic, vo_time real);
/* Reads both clocks of this host, as near to each other as it gets. */
void vo_clock_map_read(struct vo_clock_map *map);
/* A stamp on the monotonic clock. */
vo_time vo_clock_map_monotonic(const struct vo_clock_map *map, vo_time real, bool *doubtful);
/* As this host's clock shows it now; VO_TIME_UNKNOWN stays it. */
vo_time vo_clock_map_real(const struct vo_clock_map *map, vo_time monotonic);

#endif
