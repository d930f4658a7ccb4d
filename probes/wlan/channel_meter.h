/*
 * The kernel's survey of one channel, as differences of its counters: how long the radio was there, and of
 * that how long the driver found the channel busy, received and sent; and the noise.
 *
 * Pure: readings are passed in. A zeroed struct has read nothing.
 *
 * What drivers do, and what becomes of it:
 *   they add up since they were loaded        differences
 *   they clear when read                      after VO_COUNTER_ALIKE readings that look so, each reading is a
 *                                             difference; what cannot be told apart until then is in no sum
 *   they begin anew with each scan            a reset; what it counted since is from 0 and counts
 *   they count busy for longer than they      in no sum
 *   were there, or more than time has passed
 *   they do not count at all, or not busy     missing: vo_channel_why()
 * Entries of channels that the radio is not on hold what a scan left. They are read between scans only, and
 * whoever did not grow was not visited: neither its counters nor its noise are new then.
 */
#ifndef VO_PROBES_WLAN_CHANNEL_METER_H
#define VO_PROBES_WLAN_CHANNEL_METER_H

#include "core/clock.h"
#include "core/estimate/counter.h"
#include "core/estimate/signal.h"
#include "probes/io/nl80211_survey.h"

enum vo_channel_count {
    VO_CHANNEL_TIME,
    VO_CHANNEL_BUSY,
    VO_CHANNEL_RECEIVING,
    VO_CHANNEL_SENDING,
    VO_CHANNEL_COUNTS,
};

#define VO_CHANNEL_VISIT_MS 10 /* no scan stays for less: an entry that grew by less began anew */
#define VO_CHANNEL_LEAST_MS 50 /* a share of less is none */

struct vo_channel_sum {
    vo_time first, last;            /* readings, UTC; VO_TIME_UNKNOWN: none */
    uint32_t readings, differences; /* of which as many stand */
    uint32_t resets, refused;       /* refused: no difference, as it cannot be true */
    const char *refusal;            /* why the last one of those was; NULL: none */
    uint64_t observed_ms;           /* on the channel */
    uint64_t ms[VO_CHANNEL_COUNTS]; /* of which busy …; each with the time of the readings that had it */
    uint64_t of_ms[VO_CHANNEL_COUNTS];
    struct vo_signal noise;
};

struct vo_channel_meter {
    uint32_t mhz;
    bool in_use;             /* by the last reading */
    uint8_t told, ever_told; /* bit n: vo_channel_count n is reported; in the last reading, in any */
    bool noise_told, noise_doubtful, cleared;
    bool fresh;              /* a reading since it was last emitted */
    uint32_t pending_resets; /* that may be a reading that clears */
    vo_time moved;           /* monotonic; when the counters last grew or were first read */
    struct vo_counter counters[VO_CHANNEL_COUNTS];
    const char *absent; /* why the driver's survey does not have it, by the last reading; NULL: it does */
    struct vo_channel_sum sum; /* since vo_channel_meter_begin() */
};

/* What one reading added. */
struct vo_channel_step {
    bool stands, busy_told;
    uint64_t observed_ms, busy_ms;
};

/* New sums; the last reading stays what the next one is compared with. */
void vo_channel_meter_begin(struct vo_channel_meter *meter);
/* `at`: monotonic; `time`: UTC. `in_use`: the radio is on the channel. Entries that are not in use are not
 * to be read while a scan runs. */
struct vo_channel_step vo_channel_meter_read(struct vo_channel_meter *meter, const struct vo_survey *survey,
                                             bool in_use, vo_time at, vo_time time);

/* A reading of a survey that does not have the channel: `why`, borrowed for as long as the meter. */
void vo_channel_meter_absent(struct vo_channel_meter *meter, const char *why, bool in_use, vo_time time);

/* Time of `what` in percent of the time on the channel; NAN: not measured, see vo_channel_why(). */
double vo_channel_percent(const struct vo_channel_meter *meter, enum vo_channel_count what);
/* Why there is no share of `what`, or no noise, in words for `missing`. */
const char *vo_channel_why(const struct vo_channel_meter *meter, enum vo_channel_count what);
const char *vo_channel_why_no_noise(const struct vo_channel_meter *meter);

/* Meters by frequency. A zeroed struct is empty. */
struct vo_channel_meters {
    struct vo_channel_meter *list; /* moves when another one is added */
    size_t count, room;
    bool left_out; /* one, for want of memory */
};
/* Finds or begins it; NULL: no memory. */
struct vo_channel_meter *vo_channel_meters_get(struct vo_channel_meters *meters, uint32_t mhz);
/* NULL: none. */
struct vo_channel_meter *vo_channel_meters_find(const struct vo_channel_meters *meters, uint32_t mhz);
void vo_channel_meters_release(struct vo_channel_meters *meters);

#endif
