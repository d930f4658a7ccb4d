/*
 * From measured state to records: streams, calls, series and events. The observation of the capture is the
 * program's.
 *
 * Everything that could not be measured is written with its reason.
 */
#ifndef VO_PROBES_FLOW_RTP_EMIT_H
#define VO_PROBES_FLOW_RTP_EMIT_H

#include "probes/flow/rtp_session.h"

void vo_rtp_emit_stream(struct vo_rtp_session *session, const struct vo_stream *stream, bool evicted);
void vo_rtp_emit_call(struct vo_rtp_session *session, struct vo_call *call);
void vo_rtp_emit_hidden(struct vo_rtp_session *session, const struct vo_hidden_signalling *hidden);
/* All of the above, after vo_rtp_session_finish(). */
void vo_rtp_emit_all(struct vo_rtp_session *session);
/* What was found of streams and calls, into the open observation of the capture; after vo_rtp_emit_all(). */
void vo_rtp_emit_counts(struct vo_rtp_session *session);

/* Callbacks of the streams. */
void vo_rtp_emit_rows(void *context, const struct vo_stream *stream, int64_t first,
                      const struct vo_stream_row *rows, unsigned count);
void vo_rtp_emit_stream_event(void *context, const struct vo_stream *stream, vo_time time, const char *kind,
                              const char *detail);

/* "SRC:PORT>DST:PORT#0xSSRC[@encapsulation]". */
#define VO_STREAM_ID 400
char *vo_rtp_stream_id(const struct vo_rtp_session *session, const struct vo_stream *stream, char *text);
/* Stable between runs: point, media, addresses without ports and SSRC. */
#define VO_STREAM_KEY 256
char *vo_rtp_stream_key(const struct vo_rtp_session *session, const struct vo_stream *stream, char *text);
/* "audio", "video", what SDP says, or "unknown". */
const char *vo_rtp_media_kind(const struct vo_stream *stream);
/* "46 x1500, 0 x3": packets by DSCP, most first. */
char *vo_rtp_dscp_text(const uint32_t dscp[64], char *text, size_t size);

/* rtp_relate.c: how streams belong together. */
/* Whether one of both streams was seen to carry the packets of the other, within one capture. */
bool vo_rtp_is_leg(const struct vo_stream *stream, const struct vo_stream *other);
/* The call a stream belongs to, or NULL. */
struct vo_call *vo_rtp_call_of(const struct vo_stream *stream);
/* "caller_to_callee", "callee_to_caller" or "unknown". */
const char *vo_rtp_direction(const struct vo_stream *stream);
/* The stream of the other direction, or NULL. */
const struct vo_stream *vo_rtp_reverse(const struct vo_rtp_session *session, const struct vo_stream *stream);
/* near_sender, middle, near_receiver, unknown; *evidence is one phrase. */
const char *vo_rtp_position(const struct vo_rtp_session *session, const struct vo_stream *stream,
                            const char **evidence);
/* Links calls of one conversation by Session-ID, SDP origin or media that passes from one to the other. An
 * SSRC under which more than VO_LEG_STREAMS streams were up at once links nothing and is counted. After it
 * vo_rtp_linked() gives another call of the same conversation, or NULL at the end of the ring. False: out of
 * memory. */
bool vo_rtp_link_calls(struct vo_rtp_session *session);
struct vo_call *vo_rtp_linked(const struct vo_call *call);
/* Packets captured of a call: [0] to the caller, [1] to the callee; and its streams' round trip. */
struct vo_call_media {
    uint64_t packets[2];
    struct vo_call *linked; /* the next call of the conversation, in a ring */
    struct vo_call *root;   /* leads to the one call that stands for the ring */
    uint64_t round_trips;
    double rtt_sum_ns, rtt_max_ns;
};

#endif
