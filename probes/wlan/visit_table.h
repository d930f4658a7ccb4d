/*
 * What a person reads of a visit: the surveyed networks first, strongest first, with what else is heard in
 * their channels; then all others.
 */
#ifndef VO_PROBES_WLAN_VISIT_TABLE_H
#define VO_PROBES_WLAN_VISIT_TABLE_H

#include "probes/wlan/surveyed.h"
#include "probes/wlan/visit.h"

#include <stdio.h>

/* How strong the surveyed network is: its strongest BSS of the visit; NULL: none was heard with a level. */
const struct vo_visit_bss *vo_visit_strongest(const struct vo_visit *visit, const uint8_t *ssid, size_t size);

struct vo_visit_neighbors {
    size_t access_points;                 /* others whose channel overlaps */
    const struct vo_visit_bss *strongest; /* the one that is nearest to it in level; NULL: none */
    double separation_db;                 /* NAN: none */
    size_t unknown;                       /* others whose channel is not told */
};
/* In the channel of `it`. */
struct vo_visit_neighbors vo_visit_neighbors(const struct vo_visit *visit, const struct vo_visit_bss *it);

/* Access points and BSSs that were heard in the visit. */
void vo_visit_count(const struct vo_visit *visit, size_t *bsss, size_t *access_points);

void vo_visit_print(const struct vo_visit *visit, const struct vo_surveyed *surveyed, FILE *stream);

#endif
