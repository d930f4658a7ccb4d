/*
 * What link_meter.h and channel_meter.h added up, as observations of `link` and `channel`; and their steps,
 * as series.
 */
#ifndef VO_PROBES_WLAN_LINK_EMIT_H
#define VO_PROBES_WLAN_LINK_EMIT_H

#include "core/record.h"
#include "probes/wlan/link_meter.h"

struct vo_link_tells {
    struct vo_record_writer *writer;
    const char *interface;
    const char *place; /* for keys; NULL: none */
    unsigned visit;    /* of the place, from 1; 0: none */
    /* May add labels and metrics to the observation of a link to_ap; NULL: nothing. */
    void (*more)(void *context, struct vo_record_writer *writer, const struct vo_link_sum *sum);
    void *context;
};

/* Those that were read since they were last told, or `all`. Each is of all since vo_link_meter_begin() and
 * takes the place of the one before with the same id and visit. */
void vo_link_emit(const struct vo_link_tells *tells, struct vo_link_meter *meter, bool all);
void vo_channel_emit(const struct vo_link_tells *tells, struct vo_channel_meter *meter);

/* --- Series: rows of step_s seconds of UTC; a zeroed struct with `step_s` set is empty --- */

#define VO_LINK_ROWS 30

struct vo_link_row {
    double signal_mw;
    uint32_t signals;
    uint64_t sent, failed, retries; /* valid as `counted` says */
    uint8_t counted;                /* bit n: vo_link_count n */
    bool channel, busy_told;        /* a difference of the survey fell into it */
    uint64_t busy_ms, observed_ms;
};
struct vo_link_series {
    unsigned step_s;
    vo_wlan_address bssid; /* 0: not associated */
    uint8_t ssid[VO_SSID_MAX], ssid_size;
    uint32_t mhz;
    int64_t first; /* step of the first row, since 1970 */
    unsigned count;
    struct vo_link_row rows[VO_LINK_ROWS];
};

/* Begins with steps of `asked_s`, or where that is 0 of a second, or of the whole seconds that the time
 * between readings takes. VO_ERR_USAGE if that is longer than what was asked for. */
enum vo_status vo_link_series_begin(struct vo_link_series *series, long asked_s, double interval_s,
                                    struct vo_error *error);
/* Adds a reading; writes the rows that are full, or those of the link before. What lies between two readings
 * counts for the step in its middle; where that is longer than a step it counts for none. A step
 * without a link may have a channel. */
void vo_link_series_add(struct vo_link_series *series, const struct vo_link_tells *tells,
                        const struct vo_link_step *step);
/* Writes what there is. */
void vo_link_series_flush(struct vo_link_series *series, const struct vo_link_tells *tells);

#endif
