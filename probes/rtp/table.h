/*
 * What voready-rtp prints for a person when no records are asked for: calls, streams, and what the capture
 * lacks.
 */
#ifndef VO_PROBES_RTP_TABLE_H
#define VO_PROBES_RTP_TABLE_H

#include "probes/flow/rtp_session.h"
#include "probes/io/capture.h"

#include <stdio.h>

/* `ladder`: also each call's messages. */
void vo_rtp_print_table(struct vo_rtp_session *session, struct vo_capture *capture, FILE *stream,
                        bool ladder);

#endif
