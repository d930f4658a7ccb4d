/*
 * One cell that is being made, for the files that make its parts.
 */
#ifndef VO_ANALYZE_DERIVE_CELL_H
#define VO_ANALYZE_DERIVE_CELL_H

#include "analyze/derive/parts.h"
#include "core/estimate/place.h"

#include <math.h>

#define VO_CELL_REASON 400

struct vo_cell {
    const struct vo_derive_context *context;
    const struct vo_survey_place *place;
    const struct vo_survey_ssid *ssid;
    const struct vo_place_bss *heard; /* all BSSs of the place */
    size_t *stamps, stamp;            /* by access point: marks those that were counted */
    struct vo_fact *fact;
    const struct vo_survey_bss *serving, *interferer, *second; /* NULL: none */
    size_t bsss;                                               /* of the SSID, that were heard */
};

static inline struct vo_facts *vo_cell_facts(const struct vo_cell *cell)
{
    return cell->context->facts;
}

static inline void vo_cell_miss(const struct vo_cell *cell, enum vo_metric metric, const char *why)
{
    vo_derive_missing(vo_cell_facts(cell), cell->fact, metric, "%s", why);
}

static inline void vo_cell_put(const struct vo_cell *cell, enum vo_metric metric, double number,
                               const char *basis)
{
    vo_derive_number(vo_cell_facts(cell), cell->fact, metric, number, basis, NAN);
}

static inline void vo_cell_label(const struct vo_cell *cell, const char *name, const char *text)
{
    vo_derive_label(vo_cell_facts(cell), cell->fact, name, text);
}

static inline void vo_cell_label_number(const struct vo_cell *cell, const char *name, double number)
{
    vo_derive_label_number(vo_cell_facts(cell), cell->fact, name, number);
}

/* Level, spread, noise of the serving BSS; what a phone at the ear would have. */
void vo_cell_put_level(const struct vo_cell *cell);
void vo_cell_put_handset(const struct vo_cell *cell);
/* Why no BSS of the SSID has a level, though it was heard. */
void vo_cell_no_level(const struct vo_cell *cell, char why[VO_CELL_REASON]);
/* How far the serving BSS stands above the others in its channel; finds `interferer`. */
void vo_cell_put_separation(struct vo_cell *cell);
/* Access points of the SSID that reach the boundary; the second one's level. */
void vo_cell_put_access_points(struct vo_cell *cell);
void vo_cell_put_second(const struct vo_cell *cell);

#endif
