/*
 * This host's own link and the channel that it is on: what the kernel counts and hears of the access point,
 * reading by reading, added up for each BSSID.
 *
 * Pure: readings are passed in (link_poll.h makes them). A zeroed struct has read nothing; release it.
 *
 * Counters are differences of readings of one association; they are read together, so that one that was reset
 * resets all. Another BSSID, a younger connection and counters that fell begin anew: what was counted between
 * the last reading before and the first one after is in no sum, and that is counted as a reset.
 *   tx_packets                frames sent
 *   tx_failed                 frames never acknowledged: PER = failed / sent
 *   tx_retries                attempts beyond the first: retry ratio = retries / (sent + retries)
 * So both are of the way to the access point. Of the way from it the kernel has no count of losses:
 * rx_drop_misc is duplicates and frames of no use.
 *
 * The level is that of the last frame received from the access point. A reading at which nothing had come
 * since the one before is no new reading: the last level of an access point that fell silent says nothing.
 * The beacons' average is the driver's own and stands for itself. What can be no level counts for nothing.
 */
#ifndef VO_PROBES_WLAN_LINK_METER_H
#define VO_PROBES_WLAN_LINK_METER_H

#include "probes/io/nl80211_station.h"
#include "probes/wlan/channel_meter.h"

/* One look at the interface. */
struct vo_link_reading {
    vo_time at;   /* monotonic */
    vo_time time; /* UTC */
    struct vo_wlan_interface interface;
    bool up; /* the interface is */
    bool associated;
    struct vo_station station;       /* its access point; valid if associated */
    const struct vo_survey *surveys; /* borrowed during the call */
    size_t survey_count;
    const char *no_survey; /* why the driver gives none; NULL: it does. Borrowed for as long as the meter */
};

enum vo_link_count {
    VO_LINK_SENT,
    VO_LINK_RETRIES,
    VO_LINK_FAILED,
    VO_LINK_RECEIVED,
    VO_LINK_BEACON_LOSSES,
    VO_LINK_COUNTS,
};

/* All that was read of one BSSID. */
struct vo_link_sum {
    vo_wlan_address bssid;
    uint8_t ssid[VO_SSID_MAX], ssid_size;
    uint32_t frequency_mhz; /* by the last reading; 0: not told */
    vo_time first, last;    /* readings, UTC */
    uint32_t readings, associations, roams, resets;
    uint32_t differences; /* readings whose counters could be compared */
    const char *refusal;  /* why the last reading could not be compared that should have been; NULL: none */
    uint8_t told;         /* bit n: vo_link_count n was reported */
    uint64_t count[VO_LINK_COUNTS];
    struct vo_signal signal, noise;
    double tx_kbps, rx_kbps; /* sums of the readings at which there was a new frame */
    uint32_t tx_rates, rx_rates;
    struct vo_station now; /* the last reading */
    const char *no_noise;  /* why the last reading without one had none */
    bool fresh;            /* a reading since it was last emitted */
    bool told_from_ap;     /* of link_emit.c */
};

#define VO_LINK_SUMS 1024 /* BSSIDs */

struct vo_link_meter {
    /* the last reading */
    bool associated;
    vo_time at;            /* 0: none yet */
    vo_wlan_address bssid; /* the last one it was associated with; 0: none yet */
    uint8_t ssid[VO_SSID_MAX], ssid_size;
    uint32_t frequency_mhz; /* of its channel; 0: none or not told */
    struct vo_station station;
    uint8_t told; /* counters that it had */
    struct vo_counter counters[VO_LINK_COUNTS];
    /* since vo_link_meter_begin() */
    struct vo_link_sum **sums;
    size_t count, room;
    uint64_t left_out;                 /* readings: of further BSSIDs, or for want of memory */
    struct vo_channel_meters channels; /* those that were in use */
};

/* What one reading added: a piece of the series. */
struct vo_link_step {
    const struct vo_link_sum *sum; /* of the association; NULL: not associated */
    bool other;                    /* another association than at the last reading */
    bool compared;                 /* `grown` is valid */
    uint64_t grown[VO_LINK_COUNTS];
    uint8_t told;
    double signal_dbm; /* NAN: no new one */
    uint32_t mhz;      /* of the channel in use; 0: not known */
    struct vo_channel_step channel;
    vo_time from, to; /* UTC; from: VO_TIME_UNKNOWN if there was no reading before */
};

/* New sums: another place. Readings go on, and the next one counts what happened since the last one: so read
 * once more just before. */
void vo_link_meter_begin(struct vo_link_meter *meter);
struct vo_link_step vo_link_meter_read(struct vo_link_meter *meter, const struct vo_link_reading *reading);
void vo_link_meter_release(struct vo_link_meter *meter);

/* Undelivered of sent frames, in percent; NAN: *why tells, in words for `missing`. */
double vo_link_per_percent(const struct vo_link_sum *sum, const char **why);
/* Repetitions of all attempts, likewise. */
double vo_link_retry_percent(const struct vo_link_sum *sum, const char **why);

#endif
