/*
 * Calls and streams as a program prints them for a person when no records are asked for. After
 * vo_rtp_session_finish() and vo_rtp_link_calls().
 */
#ifndef VO_PROBES_FLOW_RTP_TABLE_H
#define VO_PROBES_FLOW_RTP_TABLE_H

#include "probes/flow/rtp_session.h"

#include <stdio.h>

/* Lines of signalling that could not be read, and of what could not be linked. */
void vo_rtp_print_hidden(const struct vo_rtp_session *session, FILE *stream);
/* A heading and the rows, nothing where there are none. `ladder`: also each call's messages. */
void vo_rtp_print_calls(struct vo_rtp_session *session, FILE *stream, bool ladder);
void vo_rtp_print_streams(struct vo_rtp_session *session, FILE *stream);

#endif
