/*
 * What records tell over time: lost packets of streams, and the air. Small beside the records: of a stream
 * only the steps that lost something are kept.
 *
 * From series: of an `rtp_stream` rtp_lost_packets and rtp_expected_packets; of a `link` and a `channel` the
 * columns of vo_air_column. From observations: roams; the load that an access point announced, if this host
 * had a link to it, over a visit or run that was no longer than VO_TIMELINE_VISIT_S (a mean of more says
 * nothing of a moment). From events: `wlan_roam` (when it began and ended), `place` (when a visit did).
 */
#ifndef VO_ANALYZE_DERIVE_TIMELINE_H
#define VO_ANALYZE_DERIVE_TIMELINE_H

#include "analyze/derive/explain.h"
#include "analyze/derive/index.h"
#include "analyze/names.h"

#define VO_TIMELINE_VISIT_S      120.0
#define VO_TIMELINE_EXPLANATIONS 1000 /* those with most lost packets */

/* The steps of a stream that lost something. */
struct vo_timeline_loss {
    struct vo_timeline_loss *next;
    size_t run;
    const char *id, *key;
    struct vo_loss_step *steps;
    size_t count, room;
};

/* What an access point announced of its load, over a visit. */
struct vo_timeline_load {
    size_t run, stay;
    const char *bssid;
    double percent;
    uint64_t n;
};

/* A visit of a place in a run. VO_TIME_UNKNOWN: not told. */
struct vo_timeline_stay {
    vo_time from, until;
};

struct vo_timeline {
    struct vo_facts *facts;
    struct vo_arena arena;
    struct vo_names losses, tracks, moments; /* by run and id; streams by key, too */
    struct vo_timeline_loss *first_loss;
    struct vo_air_track *first_track, *last_track;
    struct vo_air_moment *first_moment;
    struct vo_index load_numbers, stay_numbers;
    struct vo_timeline_load *loads;
    struct vo_timeline_stay *stays;
    size_t load_room, stay_room;
};

/* `facts` have read, or will read, each record first; they must outlive it. NULL: out of memory. */
struct vo_timeline *vo_timeline_new(struct vo_facts *facts);
void vo_timeline_free(struct vo_timeline *timeline);
/* VO_ERR_MEMORY. What makes no sense is left out. */
enum vo_status vo_timeline_add(struct vo_timeline *timeline, const struct vo_record *record,
                               struct vo_error *error);
/* The bursts of all streams with which something coincided, or that are covered; in the order of time. Memory
 * is the arena's. VO_ERR_MEMORY. */
enum vo_status vo_timeline_explain(struct vo_timeline *timeline, struct vo_arena *arena,
                                   const struct vo_explanation **list, struct vo_error *error);

#endif
