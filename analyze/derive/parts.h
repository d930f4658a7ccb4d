/*
 * The parts of derive.h: each makes one kind of derived observation of a survey.
 */
#ifndef VO_ANALYZE_DERIVE_PARTS_H
#define VO_ANALYZE_DERIVE_PARTS_H

#include "analyze/derive/survey.h"
#include "analyze/derived.h"

struct vo_derive_context {
    struct vo_facts *facts;
    const struct vo_survey *survey;
    double boundary_dbm; /* the cell boundary; NaN: no rule sets it */
    double load_percent; /* limit of a channel's load; NaN: no rule sets it */
};

/* Why there is no boundary. */
extern const char vo_derive_no_boundary[];
/* Why nothing can be said of the survey; NULL: something can. */
const char *vo_derive_no_survey(const struct vo_survey *survey);

/* cell: each surveyed SSID at each place. */
void vo_derive_cells(const struct vo_derive_context *context);
void vo_derive_want_cells(struct vo_facts *facts);
/* access_point: each one of each surveyed SSID. */
void vo_derive_overlaps(const struct vo_derive_context *context);
void vo_derive_want_overlaps(struct vo_facts *facts);
/* bss: the calls that fit each surveyed one. */
void vo_derive_capacities(const struct vo_derive_context *context);
void vo_derive_want_capacities(struct vo_facts *facts);

#endif
