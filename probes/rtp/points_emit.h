/*
 * Two capture points compared: from two finished sessions to records, and to what is printed for a person.
 */
#ifndef VO_PROBES_RTP_POINTS_EMIT_H
#define VO_PROBES_RTP_POINTS_EMIT_H

#include "probes/flow/rtp_session.h"
#include "probes/rtp/points.h"

#include <stdio.h>

/* Compares what two sessions had kept, each at its point. The caller releases `points`. VO_ERR_MEMORY. */
enum vo_status vo_points_compare(struct vo_points *points, struct vo_point kept[2],
                                 const struct vo_rtp_session sessions[2], struct vo_error *error);
/* An observation for each stream, also for those that one point only saw, and an event "clock_fit". */
void vo_points_emit(const struct vo_points *points, const struct vo_rtp_session sessions[2]);
void vo_points_print(const struct vo_points *points, const struct vo_rtp_session sessions[2], FILE *stream);

#endif
