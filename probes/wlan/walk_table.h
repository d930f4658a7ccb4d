/* What `voready-wlan walk` prints for a person: a line a visit and surveyed network. */
#ifndef VO_PROBES_WLAN_WALK_TABLE_H
#define VO_PROBES_WLAN_WALK_TABLE_H

#include "probes/wlan/emit_visit.h"

#include <stdio.h>

void vo_walk_print_head(FILE *stream);
void vo_walk_print_visit(const struct vo_visit *visit, const struct vo_visit_terms *terms, FILE *stream);
/* The same in words while it is measured, to the end of the line. */
void vo_walk_print_now(const struct vo_visit *visit, const struct vo_visit_terms *terms, FILE *stream);

#endif
