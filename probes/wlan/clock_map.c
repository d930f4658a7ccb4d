#include "probes/wlan/clock_map.h"

#define NEAR_ENOUGH (200 * 1000) /* ns between two looks at one clock, with the other between them */
#define TRIES       8

void vo_clock_map_sample(struct vo_clock_map *map, vo_time monotonic, vo_time real)
{
    vo_time offset = real - monotonic, change = offset - map->offset;
    if (!map->started) {
        map->started = true;
        map->stepped = VO_TIME_UNKNOWN;
    } else if (change > VO_CLOCK_STEP || change < -VO_CLOCK_STEP) {
        map->previous = map->offset;
        map->stepped = monotonic;
    }
    map->offset = offset;
    map->sampled = monotonic;
}

void vo_clock_map_read(struct vo_clock_map *map)
{
    vo_time best = INT64_MAX, monotonic = 0, real = 0;
    for (int i = 0; i < TRIES && best > NEAR_ENOUGH; i++) {
        vo_time before = vo_clock_monotonic(), now = vo_clock_now(), after = vo_clock_monotonic();
        if (after - before >= best)
            continue;
        best = after - before;
        monotonic = before + best / 2;
        real = now;
    }
    /* Interrupted each time: that would look like a step. */
    if (best <= VO_CLOCK_STEP / 2 || !map->started)
        vo_clock_map_sample(map, monotonic, real);
}

vo_time vo_clock_map_monotonic(const struct vo_clock_map *map, vo_time real, bool *doubtful)
{
    vo_time at = real - map->offset;
    *doubtful = map->stepped != VO_TIME_UNKNOWN && map->sampled - map->stepped < VO_CLOCK_DOUBT;
    /* Only one of the two can be where it was read: not in the future, and not long ago. */
    if (*doubtful && (at > map->sampled + VO_CLOCK_STEP || at < map->sampled - VO_CLOCK_DOUBT))
        at = real - map->previous;
    return at;
}

vo_time vo_clock_map_real(const struct vo_clock_map *map, vo_time monotonic)
{
    return monotonic == VO_TIME_UNKNOWN ? VO_TIME_UNKNOWN : monotonic + map->offset;
}
