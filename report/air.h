/*
 * What records and verdict say of the air: places, access points, channels, links and roams.
 *
 * Part of the model (report/model.h): the same memory, the same rule that nothing is filled in. What
 * voready-wlan tells of a visit or of an association is told again while it lasts: of the same run, subject,
 * place, visit and interface the last observation stands. What voready-analyze derived comes from the
 * verdict's `derived`.
 */
#ifndef VO_REPORT_AIR_H
#define VO_REPORT_AIR_H

#include "core/estimate/channel.h"
#include "report/model.h"

enum vo_air_kind {
    VO_AIR_BSS,
    VO_AIR_CELL,
    VO_AIR_LINK,
    VO_AIR_CHANNEL,
    VO_AIR_ROAM,
    VO_AIR_ACCESS_POINT,
    VO_AIR_KINDS
};

/* One moment of a roam, as its event tells it: "authentication", "first_data", … */
struct vo_air_step {
    const char *name;
    vo_time time;
};

/* An event "wlan_roam". */
struct vo_air_event {
    const char *run, *id;
    struct vo_air_step *steps; /* in order of time */
    size_t step_count;
};

/* One observation of the records, or one that was derived from several. */
struct vo_air_item {
    struct vo_observation seen;
    enum vo_air_kind kind;
    size_t order;                     /* of reading */
    const char *place;                /* NULL: none was told */
    bool derived;                     /* it is the verdict's */
    bool surveyed;                    /* it is not marked as foreign (label judged) */
    enum vo_result_status worst;      /* of its results, of a cell but for separation; VO_RESULT_STATUSES
                                         without any */
    const struct vo_air_event *event; /* of a roam; NULL: none was told */
};

struct vo_air_list {
    struct vo_air_item **items;
    size_t count;
};

/* All that was heard of one BSSID. */
struct vo_air_bss {
    const struct vo_air_item *newest;
    const struct vo_air_item *strongest; /* by its mean level; NULL: no level was told */
    const struct vo_air_item *derived;   /* its capacity; NULL: none was derived */
    bool surveyed;
    double load_percent, load_max_percent; /* as announced, over all observations; NaN: not announced */
    const char *load_missing;              /* why not */
    enum vo_result_status worst;
};

/* The BSSs of one access point on one channel. */
struct vo_air_radio {
    struct vo_air_bss *const *bsss; /* surveyed ones first */
    size_t count;
    bool surveyed;                             /* one of them is */
    double mhz;                                /* of the primary channel */
    struct vo_channel channel;                 /* what it occupies, as far as told */
    const struct vo_air_bss *strongest, *load; /* NULL: none has a level, or announces a load */
};

/* What was measured of one frequency: where it was worst. */
struct vo_air_channel {
    double mhz;
    const struct vo_air_item *busy; /* the kernel's survey: the busiest, else one that says why not; NULL */
    const struct vo_air_item *airtime; /* frames heard: the busiest, else one that says why not; NULL */
    size_t surveyed, foreign;          /* access points whose primary channel it is */
    enum vo_result_status worst;
};

/* The series of one interface's links, or of one channel, over the time of a run. */
struct vo_air_track {
    const char *run, *name; /* interface of links; "5180 MHz" */
    const char *interface;  /* NULL: not told */
    bool is_link;
    struct vo_series series;
    double *roams; /* seconds after its start */
    size_t roam_count;
};

/* What the air did at the time of a loss. */
struct vo_coincidence {
    const char *what, *text, *run; /* run NULL: no evidence is named */
    uint64_t n;
};

struct vo_explanation {
    vo_time from, until;
    const char *stream_id;
    const struct vo_stream *stream; /* NULL: not in the records */
    double lost, expected;          /* packets; NaN: not told */
    struct vo_coincidence *with;
    size_t with_count;
};

struct vo_air {
    struct vo_air_list list[VO_AIR_KINDS]; /* worst first; BSSs and channels in the order of reading */
    struct vo_air_bss **bsss;              /* surveyed ones first, then by channel and level */
    size_t bss_count, surveyed_count;      /* the first of them are surveyed */
    bool told_surveyed;                    /* records mark some as foreign, so that the others are surveyed */
    struct vo_air_radio *radios;           /* by frequency, then surveyed ones first, then by level */
    size_t radio_count;
    struct vo_air_channel *channels; /* by frequency */
    size_t channel_count;
    struct vo_air_track *tracks; /* those of links first */
    size_t track_count;
    struct vo_explanation *explanations; /* in order of time */
    size_t explanation_count;
    const struct vo_result **results; /* those of the air's subjects, by kind and id */
    size_t result_count;
    struct vo_air_event *events; /* of roams; by id and run */
    size_t event_count;
    struct vo_air_map *map; /* used while loading */
};

/* Whether there is anything to show. */
bool vo_air_any(const struct vo_air *air);
/* The worst result of a subject, over `metric` or (VO_METRIC_COUNT) over any; NULL if there is none. */
const struct vo_result *vo_air_result(const struct vo_air *air, const char *kind, const char *id,
                                      enum vo_metric metric);
/* The name that an access point tells (Cisco), by its address or that of one of its BSSs; NULL. */
const char *vo_air_name(const struct vo_air *air, const char *address);
/* Word of the records: "bss", …; and back, VO_AIR_KINDS if it is none of the air's. */
extern const char *const vo_air_words[VO_AIR_KINDS];
enum vo_air_kind vo_air_kind_of(const char *word);
/* A label as a number; NaN if there is none. */
double vo_air_number(const struct vo_air_item *item, const char *label);

#endif
