/*
 * The observation of the capture itself: what was read, and what it lacks.
 */
#ifndef VO_PROBES_RTP_EMIT_CAPTURE_H
#define VO_PROBES_RTP_EMIT_CAPTURE_H

#include "probes/flow/rtp_session.h"
#include "probes/io/capture.h"

/* After vo_rtp_emit_all(). `id`: its files, or the interface. */
void vo_rtp_emit_capture(struct vo_rtp_session *session, struct vo_capture *capture, const char *id);

#endif
