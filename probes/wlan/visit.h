/*
 * What scans find at a place: the kernel's replies made into readings, cumulative over a visit of the place.
 * It is given replies and times and asks for nothing.
 *
 * Source: Linux' net/wireless/scan.c, for what a reply is. The kernel keeps the last frame that it heard of
 * each BSSID and frequency for 30 s, of anybody's scan, and for longer while it is associated.
 *
 * A reading is one frame that was heard, with its level. When it was heard is told by CLOCK_BOOTTIME where
 * the driver has it, else by an age in ms, so that it lies in an interval. It counts if that lies wholly
 * behind the visit's begin, and behind the last reading of the same BSS: what was heard before is no reading,
 * and none counts twice, however often results are read. What another program's scan heard counts, too.
 *
 * The level is the driver's own in dBm. Percent, 0 dBm and positive numbers are none: the BSS was heard, at a
 * level that is not known.
 *
 * Noise is that of the kernel's survey, for channels that a scan covered since the survey was last read, or
 * that the interface is on. Where the time that the radio was on the channel did not grow, and is longer than
 * the scan, the number is an older one's and does not count.
 *
 * Times: ns of CLOCK_BOOTTIME, unless they are vo_time.
 */
#ifndef VO_PROBES_WLAN_VISIT_H
#define VO_PROBES_WLAN_VISIT_H

#include "core/estimate/signal.h"
#include "probes/io/nl80211_scan.h"
#include "probes/io/nl80211_survey.h"
#include "probes/wlan/bsses.h"

#define VO_VISIT_CHANNELS 256
#define VO_VISIT_TICK_NS  (10 * VO_NS_PER_MS) /* the kernel's own clock of ages, at its coarsest */

enum vo_level_absence { VO_LEVEL_THERE, VO_LEVEL_NOT_TOLD, VO_LEVEL_PERCENT, VO_LEVEL_NONSENSE };

struct vo_visit_bss {
    struct vo_bss *bss;
    uint16_t mhz;              /* as the kernel keeps it */
    bool associated;           /* the interface is, with it */
    int64_t from_ns, until_ns; /* between these it was last heard */
    vo_time heard;             /* the same as time of day */
    uint64_t tsf, beacon_tsf;  /* of the frames whose load was counted last */
    struct vo_visit_bss *next;
    /* of this visit */
    uint32_t hearings, by_others; /* by_others: of these, in scans of other programs */
    bool changed;                 /* since the caller last set it to false */
    uint32_t written_scans;       /* the caller's, as it likes; 0 in a new visit */
    struct vo_signal signal;
    enum vo_level_absence absence; /* of the last reading without a level */
    double said;                   /* what the driver said in its place: percent, dBm */
    uint8_t chain_mask;            /* antenna chains of the last reading */
    int8_t chain_dbm[VO_SCAN_CHAINS_MAX];
};

enum vo_noise_absence { VO_NOISE_NO_ENTRY, VO_NOISE_NOT_TOLD, VO_NOISE_NONSENSE, VO_NOISE_OLD };

struct vo_visit_channel {
    uint16_t mhz;
    bool radar, listen_only; /* as the regulatory domain has it; set by the caller */
    bool covered;            /* since the survey was last read */
    bool timed;              /* time_ms was told */
    uint64_t time_ms;
    /* of this visit */
    uint32_t scans; /* completed ones that covered it */
    struct vo_signal noise;
    enum vo_noise_absence absence; /* of the last reading without noise */
    int8_t said;
};

struct vo_visit {
    struct vo_bsses bsses; /* of the whole run, by BSSID and frequency */
    struct vo_visit_bss *first, **end;
    struct vo_visit_channel channels[VO_VISIT_CHANNELS];
    unsigned channel_count;
    char no_survey[VO_ERROR_SIZE]; /* why the driver has none; empty: it has */
    bool asks_by_name;             /* scans ask for the surveyed SSIDs; set by the caller */
    uint32_t malformed;            /* results without BSSID, frequency or age, or with lying sizes */
    /* of this visit */
    int64_t since_ns;
    unsigned scans, others_scans; /* completed; others_scans: of these, other programs' */
    bool written;                 /* the caller's, as it likes; false in a new visit */
    unsigned written_scans;       /* likewise */
};

void vo_visit_init(struct vo_visit *visit);
void vo_visit_release(struct vo_visit *visit);
/* A new visit: no readings yet. What BSSs are is kept. */
void vo_visit_begin(struct vo_visit *visit, int64_t now_ns);

/* When a reply was read: before it was asked for and after it had come. */
struct vo_visit_moment {
    int64_t before_ns, after_ns;
    vo_time time;                /* after_ns as time of day */
    int64_t own_from, own_until; /* the last scan of this program; 0, 0: none */
};
/* One result. Returns whether it was a reading. */
bool vo_visit_result(struct vo_visit *visit, const struct vo_scan_bss *result,
                     const struct vo_visit_moment *moment);
/* A scan was completed that covered these frequencies, MHz. */
void vo_visit_scanned(struct vo_visit *visit, const uint32_t *mhz, size_t count, bool own);
/* One entry of the survey, read after a scan of `scan_ms` (0: only to know where its counters stand).
 * vo_visit_survey_read() once all were given. */
void vo_visit_survey(struct vo_visit *visit, const struct vo_survey *survey, uint64_t scan_ms);
void vo_visit_survey_read(struct vo_visit *visit);

/* Begins it if it is not there yet; NULL: too many. */
struct vo_visit_channel *vo_visit_channel(struct vo_visit *visit, uint32_t mhz);
/* NULL: not there. */
const struct vo_visit_channel *vo_visit_channel_of(const struct vo_visit *visit, uint32_t mhz);

/* Mean level above mean noise; NAN without both. */
double vo_visit_snr_db(const struct vo_visit *visit, const struct vo_visit_bss *it);
/* Why a BSS that was heard has no level, and why a channel has no noise: for `missing`. Returns `text`. */
const char *vo_visit_no_level(const struct vo_visit_bss *it, char *text, size_t size);
const char *vo_visit_no_noise(const struct vo_visit *visit, uint16_t mhz, char *text, size_t size);

enum vo_visit_coverage { VO_COVERAGE_HEARD, VO_COVERAGE_NOT_HEARD, VO_COVERAGE_UNKNOWN };
/* Whether the SSID was heard in this visit; *why: why that is not known. */
enum vo_visit_coverage vo_visit_coverage(const struct vo_visit *visit, const uint8_t *ssid, size_t size,
                                         const char **why);

#endif
