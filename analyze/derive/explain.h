/*
 * What the air did when packets were lost: what coincides in time with a burst, and with which records.
 *
 * A coincidence is no cause, and is never worded as one. What is looked for, and when it counts, is a table
 * (docs/verdict.md); the limits are those of the selected rules, else the guide's. A burst is compared with
 * the air from VO_EXPLAIN_MARGIN_S before it to as long behind it.
 *
 * Runs have the same clock if they measured live on one host, or read the same files there. Records of
 * another clock are compared, too, but each says so; and that nothing coincided is said only of what
 * records of the same clock cover the burst with.
 *
 * Pure: all is passed in.
 */
#ifndef VO_ANALYZE_DERIVE_EXPLAIN_H
#define VO_ANALYZE_DERIVE_EXPLAIN_H

#include "analyze/arena.h"
#include "analyze/derive/losses.h"
#include "analyze/facts.h"

#define VO_EXPLAIN_MARGIN_S 1.0
#define VO_EXPLAIN_BEFORE_S 30.0 /* the time before, that the air is compared with */

/* A value of a series of the air; NaN: not told. */
enum vo_air_column {
    VO_AIR_SIGNAL_DBM,
    VO_AIR_SENT,
    VO_AIR_UNDELIVERED,
    VO_AIR_RETRIES,
    VO_AIR_BUSY_MS, /* or the airtime of frames heard */
    VO_AIR_OBSERVED_MS,
    VO_AIR_COLUMNS,
};

struct vo_air_step {
    vo_time start;
    float values[VO_AIR_COLUMNS];
    uint64_t n; /* of the record that has it */
};

/* The series of a link or channel. */
struct vo_air_track {
    struct vo_air_track *next;
    size_t run;
    const char *name;      /* "wlan0 02:00:00:00:00:01", "5180 MHz" */
    const char *interface; /* of a link: it has one at a time; NULL: a channel */
    bool heard;            /* `busy` is the airtime of frames heard: a lower bound */
    double step_s;
    struct vo_air_step *steps; /* in the order of time */
    size_t count, room;
    bool unordered;
};

/* What series tell of, as far as they cover a burst; bits of `looked_at`. */
enum vo_air_look {
    VO_AIR_LOOK_SIGNAL,
    VO_AIR_LOOK_RETRIES,
    VO_AIR_LOOK_UNDELIVERED,
    VO_AIR_LOOK_BUSY,
    VO_AIR_LOOKS
};
extern const char *const vo_air_looks[VO_AIR_LOOKS]; /* "signal", … */

/* Something that happened. */
struct vo_air_moment {
    struct vo_air_moment *next;
    size_t run;
    const char *what; /* "roam", "busy" */
    const char *id;   /* of its subject */
    vo_time from, until;
    const char *text; /* what to say of it */
    double value;     /* of "busy": percent */
    uint64_t n[2];    /* records that tell of it; 0: none */
};

struct vo_air {
    const struct vo_air_track *tracks;
    const struct vo_air_moment *moments;
    const unsigned *clocks; /* by run: runs of equal number have one clock */
};

struct vo_explain_limits {
    double signal_dbm, busy_percent, retry_percent, undelivered_percent;
};
/* The guide's -70 dBm, 45 %, 1 %; 20 % of retries (Cisco's 7925G guide has less as its limit). */
extern const struct vo_explain_limits vo_explain_guide;

struct vo_coincidence {
    struct vo_coincidence *next;
    const char *what; /* "roam", "signal", "busy", "retries", "undelivered" */
    const char *text;
    struct vo_evidence *evidence;
    size_t evidence_count;
};

struct vo_explanation {
    struct vo_explanation *next;
    size_t run; /* of the stream */
    const char *id, *key;
    vo_time from, until;
    double lost, expected;
    struct vo_evidence *evidence; /* of the loss */
    size_t evidence_count;
    unsigned
        looked_at; /* bits by vo_air_look: what records of the same clock tell of for most of the burst */
    struct vo_coincidence *with, *last;
    size_t with_count, left_out;
};

#define VO_EXPLAIN_COINCIDENCES 16 /* of one burst; further ones are counted */

/* Adds to `explanation`, whose run and times are set, what coincides, and whether the burst is covered.
 * Memory is the arena's. */
void vo_explain_burst(const struct vo_air *air, const struct vo_explain_limits *limits,
                      struct vo_arena *arena, struct vo_explanation *explanation);

#endif
