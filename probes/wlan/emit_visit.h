/*
 * The records of a visit: BSSs and cells, cumulative. Each replaces the one before of the same run, place,
 * visit and id; so they are written after each round, and what was measured is on disk whatever happens.
 */
#ifndef VO_PROBES_WLAN_EMIT_VISIT_H
#define VO_PROBES_WLAN_EMIT_VISIT_H

#include "core/record.h"
#include "probes/wlan/frequencies.h"
#include "probes/wlan/surveyed.h"
#include "probes/wlan/visit.h"

struct vo_visit_terms {
    const char *interface;
    const char *place; /* NULL: none */
    unsigned number;   /* of the visit of that place, from 1 */
    const struct vo_surveyed *surveyed;
    const struct vo_frequencies *chosen;
};

/* BSSs that were heard in the visit: those with new readings since they were last written; with `all`, at the
 * end, also those of which only the number of scans has changed. And the cell of each surveyed network, heard
 * or not. `now` is now_ns as time of day. */
void vo_visit_emit(struct vo_record_writer *writer, struct vo_visit *visit,
                   const struct vo_visit_terms *terms, bool all, int64_t now_ns, vo_time now);
/* Event `place`: `began`, or it ended. */
void vo_visit_emit_place(struct vo_record_writer *writer, const struct vo_visit_terms *terms, bool began,
                         vo_time now);

#endif
