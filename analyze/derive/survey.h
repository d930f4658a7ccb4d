/*
 * A survey: what was heard at each place, from all observations of BSSs and cells, over all visits and runs.
 *
 * Of each BSSID at a place there is one level (core/estimate/level.h), made of the last observation of each
 * visit (analyze/facts.h keeps no other). Where a complete run, or one that is still running, was at a place,
 * those that were cut short there are left out, as a rule prefers complete runs, too.
 *
 * Access points are told apart by the label `ap`; as each run groups for itself, BSSIDs that any run puts
 * together are together.
 *
 * Which SSIDs are surveyed at a place is told by the user (facts->surveyed), else by the records: those that
 * have a cell there, or a BSS with the label ssid_told_by.
 */
#ifndef VO_ANALYZE_DERIVE_SURVEY_H
#define VO_ANALYZE_DERIVE_SURVEY_H

#include "analyze/facts.h"
#include "core/estimate/channel.h"
#include "core/estimate/level.h"

/* More cells than this are a hostile file, not a building: nothing is derived then, and that is said. */
#define VO_SURVEY_CELLS_MAX ((size_t)20000)

struct vo_survey_bss {
    const char *bssid;
    const char *ssid;    /* has one address; NULL: not told */
    size_t access_point; /* index into access_points */
    uint16_t mhz;        /* of the primary channel; 0: not told */
    struct vo_channel channel;
    bool least; /* its width is not told: `channel` is the primary one, and it may be wider */
    struct vo_level level;
    const struct vo_fact *latest;
    const struct vo_fact *const *facts;
    size_t fact_count;
};

/* An SSID that is surveyed at a place. */
struct vo_survey_ssid {
    const char *ssid;
    bool asked;       /* the probe knew that it is surveyed, and asked for it by name */
    bool told_heard;  /* what cells said: it was heard in some visit */
    size_t told_gone; /* visits in which it was not heard */
    const char *why;  /* why it is not known whether it was heard; NULL: not told */
    double scans;     /* that would have heard it; NaN: not told */
    const struct vo_fact **cells;
    size_t cell_count;
};

struct vo_survey_place {
    const char *name; /* NULL: no place was told */
    struct vo_survey_bss *bss;
    size_t bss_count;
    size_t hidden;             /* BSSs without a known SSID */
    const struct vo_fact *any; /* an observation there */
    struct vo_survey_ssid *ssids;
    size_t ssid_count;
};

struct vo_survey {
    struct vo_arena arena;
    struct vo_survey_place *places; /* in the order of reading */
    size_t place_count, cell_count;
    const char **access_points; /* the BSSID that stands for each; NULL for those that are part of another */
    size_t access_point_count;
    bool too_many;             /* cells: the places have no SSIDs */
    const struct vo_fact *any; /* an observation of a BSS; NULL: there is none */
    size_t bss_count;          /* BSSIDs */
};

/* The caller frees with vo_survey_release(). Borrows from the facts, into whose texts it may add. */
enum vo_status vo_survey_make(struct vo_facts *facts, struct vo_survey *survey, struct vo_error *error);
void vo_survey_release(struct vo_survey *survey);

#endif
