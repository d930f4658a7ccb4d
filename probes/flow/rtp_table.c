#include "probes/flow/rtp_table.h"

#include "probes/flow/rtp_emit.h"

#include <math.h>

static void print_ladder(FILE *stream, const struct vo_call *call)
{
    char from[VO_ENDPOINT_TEXT], to[VO_ENDPOINT_TEXT];
    for (uint32_t i = 0; i < call->ladder_count; i++) {
        const struct vo_ladder *line = &call->ladder[i];
        fprintf(stream, "    %9.3f s  %-21s > %-21s  %s%s%s\n", (double)(line->time - call->first) / 1e9,
                vo_endpoint_format(line->source, line->source_port, from),
                vo_endpoint_format(line->destination, line->destination_port, to), line->text,
                line->sdp ? " (SDP)" : "", line->retransmission ? " (again)" : "");
    }
    if (call->ladder_left_out)
        fprintf(stream, "    and %u more\n", call->ladder_left_out);
}

/* Strings from the capture go to a terminal: nothing but printable ASCII and UTF-8 may pass. */
static void print_safe(FILE *stream, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; at && *at; at++)
        fputc(*at < 0x20 || *at == 0x7f ? '?' : *at, stream);
}

static void print_call(FILE *stream, const struct vo_call *call, bool ladder)
{
    static const char *const states[] = {
        [VO_CALL_IN_PROGRESS] = "in progress", [VO_CALL_ANSWERED] = "answered",
        [VO_CALL_CANCELLED] = "cancelled",     [VO_CALL_REJECTED] = "rejected",
        [VO_CALL_FAILED] = "failed",           [VO_CALL_UNANSWERED] = "unanswered",
    };
    static const char *const hangups[] = {"end not captured", "caller hung up", "callee hung up"};
    double post_dial_ms = vo_call_post_dial_ms(call);
    const struct vo_call_media *media = call->user;
    fprintf(stream, "  ");
    print_safe(stream, call->caller ? call->caller : "?");
    fprintf(stream, " > ");
    print_safe(stream, call->callee ? call->callee : "?");
    fprintf(stream, ": %s", states[call->state]);
    if (call->final_code)
        fprintf(stream, " (%u)", call->final_code);
    if (call->state == VO_CALL_ANSWERED)
        fprintf(stream, ", %s", hangups[call->hangup]);
    if (!isnan(post_dial_ms))
        fprintf(stream, ", post-dial delay %.0f ms", post_dial_ms);
    if (call->answered != VO_TIME_UNKNOWN && call->ended != VO_TIME_UNKNOWN)
        fprintf(stream, ", %.1f s", (double)(call->ended - call->answered) / 1e9);
    if (call->retransmissions)
        fprintf(stream, ", %u retransmissions", call->retransmissions);
    if (call->state == VO_CALL_ANSWERED && media && call->media_announced[0] && call->media_announced[1]) {
        if (!media->packets[0] != !media->packets[1])
            fprintf(stream, ", ONE-WAY MEDIA: only %s",
                    media->packets[0] ? "callee to caller" : "caller to callee");
        else if (!media->packets[0])
            fprintf(stream, ", no media captured");
    }
    fprintf(stream, "\n");
    if (ladder)
        print_ladder(stream, call);
}

static const char *or_dash(char *text, size_t size, double value, const char *format)
{
    if (isnan(value))
        return "-";
    snprintf(text, size, format, value);
    return text;
}

static void print_stream(struct vo_rtp_session *session, FILE *stream, const struct vo_stream *s)
{
    const struct vo_measure *measure = s->measure;
    const struct vo_payload *payload = vo_stream_main_payload(s);
    struct vo_window window = measure->window;
    struct vo_window_worst worst;
    char id[VO_STREAM_ID], dscp[64], jitter[16], mean[16], late[16];
    uint64_t expected = vo_sequence_expected(&measure->sequence);
    bool timed = !measure->clockless && measure->delay.jitter.count > 0;
    double peak =
        vo_window_finish(&window, &worst) ? 100.0 * (double)worst.lost / (double)worst.expected : NAN;
    fprintf(stream, "  %s\n", vo_rtp_stream_id(session, s, id));
    fprintf(stream, "    %-8s %8llu %6llu %8s %8s %8s %8s  %s\n",
            payload && payload->codec[0] ? payload->codec : "?", (unsigned long long)measure->packets,
            (unsigned long long)(expected - measure->sequence.unique),
            or_dash(late, sizeof late, peak, "%.2f"),
            or_dash(mean, sizeof mean,
                    timed ? measure->delay.jitter.sum_ns / (double)measure->delay.jitter.count / 1e6 : NAN,
                    "%.2f"),
            or_dash(jitter, sizeof jitter, timed ? measure->delay.jitter.maximum_ns / 1e6 : NAN, "%.2f"),
            measure->sequence.duplicates || measure->sequence.reordered ? "dup/reo" : "",
            vo_rtp_dscp_text(measure->dscp, dscp, sizeof dscp));
    uint64_t lost = expected - measure->sequence.unique, unheard = measure->air.packets;
    if (lost && unheard)
        fprintf(stream, "    of the lost this receiver may only not have heard %llu\n",
                (unsigned long long)(unheard < lost ? unheard : lost));
}

void vo_rtp_print_hidden(const struct vo_rtp_session *session, FILE *stream)
{
    for (const struct vo_hidden_signalling *hidden = session->hidden; hidden; hidden = hidden->next) {
        char server[VO_ENDPOINT_TEXT];
        fprintf(stream, "Signalling encrypted, %llu connections to %s: %s%s.\n",
                (unsigned long long)hidden->connections,
                vo_endpoint_format(hidden->server, hidden->server_port, server), hidden->why,
                hidden->others_differ ? "; others for other reasons" : "");
    }
    if (session->crowded.ssrcs)
        fprintf(stream, "%llu streams share their SSRC with too many others to be linked by it.\n",
                (unsigned long long)session->crowded.streams);
}

void vo_rtp_print_calls(struct vo_rtp_session *session, FILE *stream, bool ladder)
{
    if (vo_calls_count(session->calls))
        fprintf(stream, "\nCalls\n");
    for (struct vo_call *call = vo_calls_first(session->calls); call; call = call->next)
        print_call(stream, call, ladder);
}

void vo_rtp_print_streams(struct vo_rtp_session *session, FILE *stream)
{
    if (vo_streams_count(session->streams) == 0)
        return;
    fprintf(stream, "\nStreams\n    %-8s %8s %6s %8s %8s %8s %8s  %s\n", "codec", "packets", "lost",
            "5 min %", "jitter", "max ms", "", "DSCP");
    for (size_t i = 0; i < vo_streams_count(session->streams); i++) {
        const struct vo_stream *s = vo_streams_at(session->streams, i);
        if (s->measure && s->measure->sequence.unique)
            print_stream(session, stream, s);
    }
}
