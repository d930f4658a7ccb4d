/*
 * The interface's own link during a walk: read between scans, since a scan takes the radio off its channel;
 * summed over each visit.
 */
#ifndef VO_PROBES_WLAN_WALK_LINK_H
#define VO_PROBES_WLAN_WALK_LINK_H

#include "probes/wlan/emit_visit.h"
#include "probes/wlan/link_emit.h"
#include "probes/wlan/link_poll.h"

struct vo_walk_link {
    struct vo_link_poll *poll; /* borrowed; NULL: nothing is read */
    struct vo_link_meter meter;
    vo_time read; /* monotonic, the last time */
};

/* Now, or if `now` (monotonic) is a second after the last time. */
void vo_walk_link_read(struct vo_walk_link *link);
void vo_walk_link_tick(struct vo_walk_link *link, vo_time now);
/* A new visit: what was counted up to now belongs to the one before. */
void vo_walk_link_begin(struct vo_walk_link *link);
/* Observations of `link` and `channel`, cumulative over the visit. */
void vo_walk_link_emit(struct vo_walk_link *link, struct vo_record_writer *writer,
                       const struct vo_visit_terms *terms);
void vo_walk_link_release(struct vo_walk_link *link);

#endif
