/* The observations of calls, what the capture has of both, series and events. */
#include "probes/flow/rtp_emit.h"
#include "probes/flow/leg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum vo_metric columns[] = {
    VO_METRIC_RTP_PACKETS,           VO_METRIC_RTP_EXPECTED_PACKETS, VO_METRIC_RTP_LOST_PACKETS,
    VO_METRIC_RTP_DISCARDED_PACKETS, VO_METRIC_RTP_DSCP_46_PACKETS,  VO_METRIC_RTP_JITTER_MAX_MS,
    VO_METRIC_RTP_PDV_MAX_MS,
};

/* One value of the series; NaN, written as null, where none was measured. */
static double cell(const void *rows, size_t at, enum vo_metric column)
{
    const struct vo_stream_row *row = (const struct vo_stream_row *)rows + at;
    switch (column) {
    case VO_METRIC_RTP_PACKETS:
        return row->packets;
    case VO_METRIC_RTP_EXPECTED_PACKETS:
        return (double)row->unique + row->lost;
    case VO_METRIC_RTP_LOST_PACKETS:
        return row->lost;
    case VO_METRIC_RTP_DISCARDED_PACKETS:
        return row->discarded;
    case VO_METRIC_RTP_DSCP_46_PACKETS:
        return row->dscp_46;
    case VO_METRIC_RTP_JITTER_MAX_MS:
        return row->jitter_max_ms < 0 ? NAN : row->jitter_max_ms;
    case VO_METRIC_RTP_PDV_MAX_MS:
        return row->variation_max_ms < 0 ? NAN : row->variation_max_ms;
    default:
        return NAN;
    }
}

void vo_rtp_emit_rows(void *context, const struct vo_stream *stream, int64_t first,
                      const struct vo_stream_row *rows, unsigned count)
{
    struct vo_rtp_session *session = context;
    unsigned step_s = session->options.stream.series_s;
    char id[VO_STREAM_ID], key[VO_STREAM_KEY];
    struct vo_subject subject = {"rtp_stream", vo_rtp_stream_id(session, stream, id),
                                 vo_rtp_stream_key(session, stream, key)};
    struct vo_json_writer *json = vo_record_begin(session->writer, "series"); /* after all look-ups */
    vo_record_put_subject(json, &subject);
    vo_record_put_time(json, "start", stream->measure->first + first * step_s * VO_NS_PER_S);
    vo_json_put_integer(json, "step_s", step_s);
    vo_record_put_columns(json, columns, sizeof columns / sizeof *columns, rows, count, cell);
    vo_record_commit(session->writer);
}

void vo_rtp_emit_stream_event(void *context, const struct vo_stream *stream, vo_time time, const char *kind,
                              const char *detail)
{
    struct vo_rtp_session *session = context;
    char id[VO_STREAM_ID], key[VO_STREAM_KEY];
    struct vo_subject subject = {"rtp_stream", vo_rtp_stream_id(session, stream, id),
                                 vo_rtp_stream_key(session, stream, key)};
    struct vo_json_writer *json = vo_record_begin(session->writer, "event"); /* after all look-ups */
    vo_record_put_time(json, "time", time);
    vo_json_put_string(json, "kind", kind);
    vo_record_put_subject(json, &subject);
    vo_json_put_string(json, "detail", detail);
    vo_record_commit(session->writer);
}

static void emit_ladder(struct vo_rtp_session *session, const struct vo_call *call,
                        const struct vo_subject *subject)
{
    char from[VO_ENDPOINT_TEXT], to[VO_ENDPOINT_TEXT];
    for (uint32_t i = 0; i < call->ladder_count; i++) {
        const struct vo_ladder *line = &call->ladder[i];
        struct vo_json_writer *json = vo_record_begin(session->writer, "event");
        vo_record_put_time(json, "time", line->time);
        vo_json_put_string(json, "kind", "sip");
        vo_record_put_subject(json, subject);
        vo_json_put_string(json, "call_id", call->id);
        vo_json_put_string(json, "from", vo_endpoint_format(line->source, line->source_port, from));
        vo_json_put_string(json, "to", vo_endpoint_format(line->destination, line->destination_port, to));
        vo_json_put_string(json, "text", line->text);
        vo_json_put_integer(json, "cseq", line->cseq);
        vo_json_put_bool(json, "retransmission", line->retransmission);
        vo_json_put_bool(json, "sdp", line->sdp);
        vo_json_put_integer(json, "dscp", line->dscp);
        vo_record_commit(session->writer);
    }
}

static void put_span(struct vo_record_writer *writer, enum vo_metric metric, vo_time from, vo_time to,
                     double unit_ns, const char *why)
{
    if (from == VO_TIME_UNKNOWN || to == VO_TIME_UNKNOWN)
        vo_observe_missing(writer, metric, "%s", why);
    else
        vo_observe_metric(writer, metric, (double)(to - from) / unit_ns);
}

static void put_sip_dscp(struct vo_record_writer *writer, const uint32_t dscp[2][64])
{
    char text[128];
    uint64_t packets = 0, marked = (uint64_t)dscp[0][40] + dscp[1][40];
    for (int i = 0; i < 128; i++)
        packets += dscp[i / 64][i % 64];
    vo_observe_label(writer, "dscp_from_caller", vo_rtp_dscp_text(dscp[0], text, sizeof text));
    vo_observe_label(writer, "dscp_from_callee", vo_rtp_dscp_text(dscp[1], text, sizeof text));
    vo_observe_metric(writer, VO_METRIC_SIP_PACKETS, (double)packets);
    if (packets) {
        vo_observe_metric(writer, VO_METRIC_SIP_DSCP_40_PERCENT, 100.0 * (double)marked / (double)packets);
        vo_observe_basis(writer, VO_METRIC_SIP_DSCP_40_PERCENT, "capture_point");
    }
}

static void put_call_states(struct vo_record_writer *writer, const struct vo_call *call)
{
    static const char *const states[] = {
        [VO_CALL_IN_PROGRESS] = "in_progress", [VO_CALL_ANSWERED] = "answered",
        [VO_CALL_CANCELLED] = "cancelled",     [VO_CALL_REJECTED] = "rejected",
        [VO_CALL_FAILED] = "failed",           [VO_CALL_UNANSWERED] = "unanswered",
    };
    static const char *const hangups[] = {
        [VO_HANGUP_UNSEEN] = "unseen", [VO_HANGUP_CALLER] = "caller", [VO_HANGUP_CALLEE] = "callee"};
    vo_observe_state(writer, VO_METRIC_SIP_CALL_STATE, states[call->state]);
    vo_observe_state(writer, VO_METRIC_SIP_SIGNALLING_STATE,
                     call->transport == VO_SIP_TLS ? "decrypted" : "plain");
    if (call->state != VO_CALL_ANSWERED)
        return;
    vo_observe_state(writer, VO_METRIC_SIP_HANGUP_STATE, hangups[call->hangup]);
    const struct vo_call_media *media = call->user;
    if (!media || !call->media_announced[0] || !call->media_announced[1])
        return;
    bool caller = media->packets[0] > 0, callee = media->packets[1] > 0;
    vo_observe_state(writer, VO_METRIC_CALL_MEDIA_STATE,
                     caller && callee   ? "both_ways"
                     : caller || callee ? "one_way"
                                        : "none");
    if (caller != callee)
        vo_observe_label(writer, "media_seen", caller ? "callee_to_caller only" : "caller_to_callee only");
}

static void label_linked(struct vo_record_writer *writer, const struct vo_call *call)
{
    char text[1024];
    size_t used = 0;
    for (struct vo_call *c = vo_rtp_linked(call); c && c != call && used < sizeof text - 1;
         c = vo_rtp_linked(c))
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", c->id);
    vo_observe_label(writer, "linked_calls", used ? text : NULL);
}

void vo_rtp_emit_call(struct vo_rtp_session *session, struct vo_call *call)
{
    struct vo_record_writer *writer = session->writer;
    const struct vo_call_media *media = call->user;
    char key[512];
    snprintf(key, sizeof key, "%s > %s", call->caller ? call->caller : "?",
             call->callee ? call->callee : "?");
    struct vo_subject subject = {"call", call->id, key};
    const char *not_begun = "the INVITE was not captured",
               *not_answered = "the call was not answered in the capture";
    vo_observe_begin(writer, call->first, &subject);
    vo_observe_label(writer, "caller", call->caller);
    vo_observe_label(writer, "callee", call->callee);
    vo_observe_label(writer, "caller_agent", call->user_agent[0]);
    vo_observe_label(writer, "callee_agent", call->user_agent[1]);
    vo_observe_label(writer, "hangup_reason", call->hangup_reason);
    vo_observe_label(writer, "point", session->options.point);
    vo_observe_label(writer, "position",
                     session->options.position); /* told by the user: NULL and no label if not */
    label_linked(writer, call);
    if (call->holds)
        vo_observe_label_number(writer, "holds", call->holds);
    put_call_states(writer, call);
    double post_dial_ms = vo_call_post_dial_ms(call);
    if (isnan(post_dial_ms))
        vo_observe_missing(writer, VO_METRIC_SIP_POST_DIAL_DELAY_MS, "%s",
                           call->invite ? "no ringing or final response was captured" : not_begun);
    else
        vo_observe_metric(writer, VO_METRIC_SIP_POST_DIAL_DELAY_MS, post_dial_ms);
    put_span(writer, VO_METRIC_SIP_ANSWER_DELAY_MS, call->invited, call->answered, 1e6,
             call->invite ? not_answered : not_begun);
    put_span(writer, VO_METRIC_SIP_DURATION_S, call->answered, call->ended, 1e9,
             call->answered == VO_TIME_UNKNOWN ? not_answered : "the end of the call was not captured");
    vo_observe_metric(writer, VO_METRIC_SIP_RETRANSMISSIONS, call->retransmissions);
    if (call->final_code)
        vo_observe_metric(writer, VO_METRIC_SIP_FINAL_CODE, call->final_code);
    else
        vo_observe_missing(writer, VO_METRIC_SIP_FINAL_CODE, "no final response was captured");
    put_sip_dscp(writer, call->dscp);
    if (media && media->round_trips) {
        vo_observe_metric(writer, VO_METRIC_RTP_RTT_MS, media->rtt_sum_ns / (double)media->round_trips / 1e6);
        vo_observe_metric(writer, VO_METRIC_RTP_RTT_MAX_MS, media->rtt_max_ns / 1e6);
    }
    vo_observe_end(writer);
    emit_ladder(session, call, &subject);
}

void vo_rtp_emit_hidden(struct vo_rtp_session *session, const struct vo_hidden_signalling *hidden)
{
    struct vo_record_writer *writer = session->writer;
    char client[VO_ENDPOINT_TEXT], server[VO_ENDPOINT_TEXT], address[VO_ADDRESS_TEXT];
    char id[160], key[160], why[240];
    snprintf(id, sizeof id, "tls %s", vo_endpoint_format(hidden->server, hidden->server_port, server));
    snprintf(key, sizeof key, "tls %s", vo_address_format(hidden->server, address));
    snprintf(why, sizeof why, "%s%s", hidden->why,
             hidden->others_differ ? "; other connections for other reasons" : "");
    struct vo_subject subject = {"call", id, key};
    vo_observe_begin(writer, hidden->first, &subject);
    vo_observe_label_number(writer, "connections", (double)hidden->connections);
    vo_observe_label(writer, "first_client", vo_endpoint_format(hidden->client, hidden->client_port, client));
    vo_observe_label(writer, "why_encrypted", why);
    vo_observe_state(writer, VO_METRIC_SIP_SIGNALLING_STATE, "encrypted");
    vo_observe_missing(writer, VO_METRIC_SIP_CALL_STATE, "signalling encrypted: %s", why);
    vo_observe_missing(writer, VO_METRIC_SIP_POST_DIAL_DELAY_MS, "signalling encrypted: %s", why);
    put_sip_dscp(writer, hidden->dscp);
    vo_observe_end(writer);
}

static void label_crowded(struct vo_rtp_session *session)
{
    char text[200], others[48] = "";
    if (session->crowded.ssrcs == 0)
        return;
    if (session->crowded.ssrcs > 1)
        snprintf(others, sizeof others, " and of %llu more SSRCs",
                 (unsigned long long)session->crowded.ssrcs - 1);
    snprintf(text, sizeof text,
             "%llu streams of SSRC 0x%08x%s: more than %d were up at once, so they link no legs and no calls",
             (unsigned long long)session->crowded.streams, session->crowded.ssrc, others, VO_LEG_STREAMS);
    vo_observe_label(session->writer, "shared_ssrc", text);
}

/* Media flows of which only one direction was captured, among those that have no SDP to say so. */
static uint64_t one_sided(const struct vo_rtp_session *session)
{
    uint64_t count = 0;
    for (size_t i = 0; i < vo_streams_count(session->streams); i++) {
        const struct vo_stream *stream = vo_streams_at(session->streams, i);
        count += !vo_rtp_call_of(stream) && !vo_rtp_reverse(session, stream);
    }
    return count;
}

void vo_rtp_emit_counts(struct vo_rtp_session *session)
{
    struct vo_record_writer *writer = session->writer;
    label_crowded(session);
    if (session->counts.repeated)
        vo_observe_label_number(writer, "repeated_frames_left_out", (double)session->counts.repeated);
    if (session->counts.hidden_left_out)
        vo_observe_label_number(writer, "encrypted_signalling_left_out",
                                (double)session->counts.hidden_left_out);
    vo_observe_metric(writer, VO_METRIC_CAPTURE_STREAMS, (double)session->streams_written);
    vo_observe_metric(writer, VO_METRIC_CAPTURE_CALLS, (double)vo_calls_count(session->calls));
    vo_observe_metric(writer, VO_METRIC_CAPTURE_EVICTED_STREAMS,
                      (double)vo_streams_evicted(session->streams));
    vo_observe_metric(writer, VO_METRIC_CAPTURE_UNCONFIRMED_FLOWS,
                      (double)vo_streams_unconfirmed(session->streams));
    vo_observe_metric(writer, VO_METRIC_CAPTURE_ONE_SIDED_FLOWS, (double)one_sided(session));
    vo_observe_metric(writer, VO_METRIC_SIP_PACKETS, (double)session->counts.sip_packets);
    if (session->counts.sip_packets)
        vo_observe_metric(writer, VO_METRIC_SIP_DSCP_40_PERCENT,
                          100.0 * (double)session->counts.sip_40 / (double)session->counts.sip_packets);
}

void vo_rtp_emit_all(struct vo_rtp_session *session)
{
    for (struct vo_call *call = vo_calls_first(session->calls); call; call = call->next)
        vo_rtp_emit_call(session, call);
    for (const struct vo_hidden_signalling *hidden = session->hidden; hidden; hidden = hidden->next)
        vo_rtp_emit_hidden(session, hidden);
    for (size_t i = 0; i < vo_streams_count(session->streams); i++)
        vo_rtp_emit_stream(session, vo_streams_at(session->streams, i), false);
}
