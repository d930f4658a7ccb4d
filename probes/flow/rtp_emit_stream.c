/* The observation of one RTP stream. */
#include "probes/flow/leg.h"
#include "probes/flow/rtp_emit.h"
#include "probes/flow/rtp_quality.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_STREAM "the stream has too few packets with a media timestamp"

/* What several parts of the observation need. */
struct view {
    struct vo_rtp_session *session;
    struct vo_record_writer *writer;
    const struct vo_stream *stream;
    const struct vo_measure *measure;
    const struct vo_payload *payload; /* of most packets */
    uint64_t expected, lost;
    double ptime_ms; /* NaN: unknown */
    double latency_ms;
};

/* The way of its frames on the air; NULL: it was not captured there. */
static const struct vo_encap *on_air(const struct vo_stream *stream)
{
    return vo_encap_is_air(stream->encap, stream->encap_count) ? &stream->encap[0] : NULL;
}

/* Of its lost packets those that the receiver may only not have heard, at most. */
static uint64_t unheard_of(const struct view *view)
{
    uint64_t unheard = view->measure->air.packets;
    return unheard < view->lost ? unheard : view->lost;
}

static void metric_at_point(const struct view *view, enum vo_metric metric, double value)
{
    vo_observe_metric(view->writer, metric, value);
    vo_observe_basis(view->writer, metric, "capture_point");
}

/* Did another interface of the same capture see the very same stream? Only then its name has to tell them
 * apart. */
static bool seen_elsewhere(const struct vo_rtp_session *session, const struct vo_stream *stream)
{
    struct vo_stream_key key = stream->key;
    const struct vo_frame_source *source = &session->source;
    size_t interfaces = source->interface_count ? source->interface_count(source->context) : 0;
    for (key.interface = 0; key.interface < interfaces; key.interface++) {
        const struct vo_stream *other =
            key.interface == stream->key.interface ? NULL : vo_streams_find(session->streams, &key);
        if (other && other->confirmed)
            return true;
    }
    return false;
}

char *vo_rtp_stream_id(const struct vo_rtp_session *session, const struct vo_stream *stream, char *text)
{
    char source[VO_ENDPOINT_TEXT], destination[VO_ENDPOINT_TEXT], encap[VO_ENCAP_TEXT];
    const struct vo_stream_key *key = &stream->key;
    vo_endpoint_format(key->source, key->source_port, source);
    vo_endpoint_format(key->destination, key->destination_port, destination);
    int size = snprintf(text, VO_STREAM_ID, "%s>%s#0x%08x", source, destination, key->ssrc);
    if (stream->encap_count)
        size += snprintf(text + size, (size_t)(VO_STREAM_ID - size), "@%s",
                         vo_encap_format(stream->encap, stream->encap_count, encap));
    if (!seen_elsewhere(session, stream))
        return text;
    const struct vo_frame_source *from = &session->source;
    const char *name = from->interface_name ? from->interface_name(from->context, key->interface) : NULL;
    if (name)
        snprintf(text + size, (size_t)(VO_STREAM_ID - size), "%%%s", name);
    else
        snprintf(text + size, (size_t)(VO_STREAM_ID - size), "%%%u", key->interface);
    return text;
}

/* The kind that SDP tells: of the m= lines that list the stream's payload type, else of its endpoint, where
 * all lines are of one kind. "" and why, where it does not. */
static const char *signalled_kind(const struct vo_stream *stream, const struct vo_payload *payload,
                                  const char **why)
{
    const struct vo_media_payload *named =
        payload ? vo_media_named(stream->to, stream->from, payload->type) : NULL;
    *why = named ? "m= lines of several kinds, bundled at its endpoint, list its payload type (RFC 9143 9.2)"
                 : "no m= line of those bundled at its endpoint lists its payload type";
    return named ? named->kind : (stream->to ? stream->to : stream->from)->media->kind;
}

/* Audio clocks are never 90 kHz and video's always are (RFC 3551, RFC 4855 registrations). */
static const char *kind_of(const struct vo_stream *stream, const char **why)
{
    const struct vo_payload *payload = vo_stream_main_payload(stream);
    if (stream->to || stream->from)
        return signalled_kind(stream, payload, why);
    *why = "no SDP tells it, and the payload clock is not known";
    if (!payload || payload->clock_hz == 0)
        return "";
    return payload->clock_hz == 90000 ? "video" : "audio";
}

const char *vo_rtp_media_kind(const struct vo_stream *stream)
{
    const char *why, *kind = kind_of(stream, &why);
    return kind[0] ? kind : "unknown";
}

char *vo_rtp_stream_key(const struct vo_rtp_session *session, const struct vo_stream *stream, char *text)
{
    static const char *const ways[] = {[VO_ENCAP_TO_AP] = " to_ap",
                                       [VO_ENCAP_FROM_AP] = " from_ap",
                                       [VO_ENCAP_GROUP] = " group",
                                       [VO_ENCAP_WDS] = " wds",
                                       [VO_ENCAP_DIRECT] = " direct"};
    char source[VO_ADDRESS_TEXT], destination[VO_ADDRESS_TEXT];
    const struct vo_encap *way = on_air(stream);
    snprintf(text, VO_STREAM_KEY, "%s %s %s>%s%s",
             session->options.point ? session->options.point : "capture", vo_rtp_media_kind(stream),
             vo_address_format(stream->key.source, source),
             vo_address_format(stream->key.destination, destination), way ? ways[way->kind] : "");
    return text;
}

char *vo_rtp_dscp_text(const uint32_t dscp[64], char *text, size_t size)
{
    bool told[64] = {false};
    size_t used = 0;
    text[0] = '\0';
    for (int shown = 0; shown < 4; shown++) {
        int most = -1;
        for (int i = 0; i < 64; i++)
            if (!told[i] && dscp[i] && (most < 0 || dscp[i] > dscp[most]))
                most = i;
        if (most < 0)
            break;
        told[most] = true;
        int written = snprintf(text + used, size - used, "%s%d x%u", used ? ", " : "", most, dscp[most]);
        if (written < 0 || (size_t)written >= size - used)
            break;
        used += (size_t)written;
    }
    return text;
}

static void label_payload(const struct view *view)
{
    static const char *const bases[] = {
        [VO_CLOCK_UNKNOWN] = "unknown",
        [VO_CLOCK_SDP] = "sdp",
        [VO_CLOCK_STATIC] = "rfc3551",
        [VO_CLOCK_ESTIMATED] = "clock_estimated",
    };
    struct vo_record_writer *writer = view->writer;
    const struct vo_payload *payload = view->payload;
    if (!payload)
        return;
    vo_observe_label_number(writer, "payload_type", payload->type);
    vo_observe_label(writer, "codec", payload->codec[0] ? payload->codec : NULL);
    if (payload->clock_hz)
        vo_observe_label_number(writer, "clock_hz", payload->clock_hz);
    vo_observe_label(writer, "clock_basis", bases[payload->basis]);
    char others[128] = "";
    size_t used = 0;
    for (unsigned i = 0; i < view->stream->payload_count && used < sizeof others; i++) {
        const struct vo_payload *other = &view->stream->payloads[i];
        if (other != payload && other->packets)
            used += (size_t)snprintf(others + used, sizeof others - used, "%s%s/%u x%llu", used ? ", " : "",
                                     other->codec[0] ? other->codec : "?", other->type,
                                     (unsigned long long)other->packets);
    }
    vo_observe_label(writer, "other_payloads", others[0] ? others : NULL);
}

/* The station at the end of a way to or from an access point. */
static void label_station(const struct view *view)
{
    const struct vo_encap *way = on_air(view->stream);
    char address[VO_WLAN_ADDRESS_TEXT];
    if (way && (way->kind == VO_ENCAP_TO_AP || way->kind == VO_ENCAP_FROM_AP))
        vo_observe_label(view->writer, "station", vo_wlan_address_text(way->id, address));
}

static void label(const struct view *view, bool evicted)
{
    struct vo_record_writer *writer = view->writer;
    const struct vo_stream *stream = view->stream;
    const struct vo_call *call = vo_rtp_call_of(stream);
    const char *evidence, *why, *kind = kind_of(stream, &why);
    char text[VO_ENCAP_TEXT];
    vo_observe_label(writer, "media", kind[0] ? kind : "unknown");
    vo_observe_label(writer, "media_unknown", kind[0] ? NULL : why);
    label_payload(view);
    vo_observe_label(writer, "call_id", call ? call->id : NULL);
    vo_observe_label(writer, "direction", vo_rtp_direction(stream));
    vo_observe_label(writer, "point", view->session->options.point);
    vo_observe_label(writer, "position", vo_rtp_position(view->session, stream, &evidence));
    vo_observe_label(writer, "position_evidence", evidence);
    vo_observe_label(writer, "playout", view->session->options.stream.playout.name);
    vo_observe_label(writer, "source", vo_endpoint_format(stream->key.source, stream->key.source_port, text));
    vo_observe_label(writer, "destination",
                     vo_endpoint_format(stream->key.destination, stream->key.destination_port, text));
    if (stream->encap_count)
        vo_observe_label(writer, "encapsulation", vo_encap_format(stream->encap, stream->encap_count, text));
    label_station(view);
    vo_observe_label(writer, "dscp", vo_rtp_dscp_text(view->measure->dscp, text, sizeof text));
    if (view->measure->tunnelled)
        vo_observe_label(writer, "outer_dscp",
                         vo_rtp_dscp_text(view->measure->outer_dscp, text, sizeof text));
    vo_observe_label(writer, "cname", stream->rtcp && stream->rtcp->cname[0] ? stream->rtcp->cname : NULL);
    vo_observe_label(writer, "evicted", evicted ? "yes" : NULL);
}

static void put_counts(const struct view *view)
{
    struct vo_record_writer *writer = view->writer;
    const struct vo_measure *measure = view->measure;
    const struct vo_sequence *sequence = &measure->sequence;
    metric_at_point(view, VO_METRIC_RTP_PACKETS, (double)measure->packets);
    metric_at_point(view, VO_METRIC_RTP_UNIQUE_PACKETS, (double)sequence->unique);
    metric_at_point(view, VO_METRIC_RTP_EXPECTED_PACKETS, (double)view->expected);
    metric_at_point(view, VO_METRIC_RTP_LOST_PACKETS, (double)view->lost);
    if (on_air(view->stream))
        metric_at_point(view, VO_METRIC_RTP_UNHEARD_PACKETS, (double)unheard_of(view));
    metric_at_point(view, VO_METRIC_RTP_DUPLICATE_PACKETS, (double)sequence->duplicates);
    metric_at_point(view, VO_METRIC_RTP_REORDERED_PACKETS, (double)sequence->reordered);
    metric_at_point(view, VO_METRIC_RTP_STRAY_PACKETS, (double)sequence->strays);
    vo_observe_metric(writer, VO_METRIC_RTP_RESTARTS, (double)sequence->restarts);
    vo_observe_metric(writer, VO_METRIC_RTP_TIMESTAMP_JUMPS, (double)measure->delay.jumps);
    vo_observe_metric(writer, VO_METRIC_RTP_TALKSPURTS, (double)measure->talkspurts);
    vo_observe_metric(writer, VO_METRIC_RTP_COMFORT_NOISE_PACKETS, (double)measure->noise_packets);
    vo_observe_metric(writer, VO_METRIC_RTP_EVENT_PACKETS, (double)measure->event_packets);
    double duration_s = (double)(measure->last - measure->first) / 1e9;
    vo_observe_metric(writer, VO_METRIC_RTP_DURATION_S, duration_s);
    /* the last packet's bits belong to the time after it */
    if (duration_s > 0 && measure->packets > 1)
        vo_observe_metric(writer, VO_METRIC_RTP_BITRATE_KBPS,
                          (double)measure->octets * 8 / 1000 * (double)(measure->packets - 1) /
                              (double)measure->packets / duration_s);
    else
        vo_observe_missing(writer, VO_METRIC_RTP_BITRATE_KBPS, "the stream has one packet, or no duration");
    metric_at_point(view, VO_METRIC_RTP_DSCP_46_PACKETS, (double)measure->dscp[46]);
    metric_at_point(view, VO_METRIC_RTP_DSCP_46_PERCENT,
                    100.0 * (double)measure->dscp[46] / (double)measure->packets);
    if (measure->tunnelled)
        metric_at_point(view, VO_METRIC_RTP_OUTER_DSCP_46_PERCENT,
                        100.0 * (double)measure->outer_46 / (double)measure->tunnelled);
}

static void put_loss(const struct view *view, const struct vo_burst_result *burst)
{
    struct vo_record_writer *writer = view->writer;
    const struct vo_measure *measure = view->measure;
    struct vo_window window = measure->window; /* a copy: judging the last window changes it */
    struct vo_window_worst worst;
    metric_at_point(view, VO_METRIC_RTP_LOSS_PERCENT, 100.0 * (double)view->lost / (double)view->expected);
    vo_observe_metric(writer, VO_METRIC_RTP_LOSS_LONGEST_PACKETS, (double)measure->sequence.longest_loss);
    if (vo_window_finish(&window, &worst)) {
        metric_at_point(view, VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT,
                        100.0 * (double)worst.lost / (double)worst.expected);
        vo_observe_metric(writer, VO_METRIC_RTP_LOSS_PEAK_5MIN_PACKETS, (double)worst.expected);
        vo_observe_metric(writer, VO_METRIC_RTP_LOSS_PEAK_5MIN_START_S, (double)worst.start_s);
    }
    if (measure->clockless) {
        vo_observe_missing(writer, VO_METRIC_RTP_DISCARDED_PERCENT, "the payload clock is not known");
    } else {
        vo_observe_metric(writer, VO_METRIC_RTP_DISCARDED_PACKETS, (double)measure->playout.discarded);
        vo_observe_metric(writer, VO_METRIC_RTP_DISCARDED_PERCENT,
                          100.0 * (double)measure->playout.discarded / (double)view->expected);
    }
    if (isnan(view->ptime_ms)) {
        vo_observe_missing(writer, VO_METRIC_RTP_BURST_LENGTH_MS, "the media time of a packet is not known");
        vo_observe_missing(writer, VO_METRIC_RTP_GAP_LENGTH_MS, "the media time of a packet is not known");
    } else {
        vo_observe_metric(writer, VO_METRIC_RTP_GAP_LENGTH_MS, burst->gap_length_ms);
        if (burst->bursts)
            vo_observe_metric(writer, VO_METRIC_RTP_BURST_LENGTH_MS, burst->burst_length_ms);
        else
            vo_observe_missing(writer, VO_METRIC_RTP_BURST_LENGTH_MS,
                               "no burst: the whole stream is one gap");
    }
    vo_observe_metric(writer, VO_METRIC_RTP_GAP_DENSITY_PERCENT, burst->gap_density_percent);
    if (burst->bursts)
        vo_observe_metric(writer, VO_METRIC_RTP_BURST_DENSITY_PERCENT, burst->burst_density_percent);
    else
        vo_observe_missing(writer, VO_METRIC_RTP_BURST_DENSITY_PERCENT,
                           "no burst: the whole stream is one gap");
}

static void put_timing(const struct view *view)
{
    static const enum vo_metric timed[] = {
        VO_METRIC_RTP_JITTER_MS,      VO_METRIC_RTP_JITTER_MEAN_MS, VO_METRIC_RTP_JITTER_MAX_MS,
        VO_METRIC_RTP_PDV_P50_MS,     VO_METRIC_RTP_PDV_P95_MS,     VO_METRIC_RTP_PDV_MAX_MS,
        VO_METRIC_RTP_CLOCK_SKEW_PPM,
    };
    struct vo_record_writer *writer = view->writer;
    const struct vo_delay *delay = &view->measure->delay;
    const char *why = view->measure->clockless
                          ? "the payload clock is not known: no SDP, no static payload type, and "
                            "the timestamps fit no clock in use"
                      : delay->jitter.count == 0 ? SHORT_STREAM
                                                 : NULL;
    vo_observe_metric(writer, VO_METRIC_RTP_JITTER_PACKETS, why ? 0 : (double)delay->jitter.count);
    for (size_t i = 0; why && i < sizeof timed / sizeof *timed; i++)
        vo_observe_missing(writer, timed[i], "%s", why);
    if (why)
        return;
    const struct vo_quantile *variation = &delay->variation;
    metric_at_point(view, VO_METRIC_RTP_JITTER_MS, delay->jitter.now_ns / 1e6);
    metric_at_point(view, VO_METRIC_RTP_JITTER_MEAN_MS,
                    delay->jitter.sum_ns / (double)delay->jitter.count / 1e6);
    metric_at_point(view, VO_METRIC_RTP_JITTER_MAX_MS, delay->jitter.maximum_ns / 1e6);
    metric_at_point(view, VO_METRIC_RTP_PDV_P50_MS, vo_quantile_get(variation, 0.5) / 1000);
    metric_at_point(view, VO_METRIC_RTP_PDV_P95_MS, vo_quantile_get(variation, 0.95) / 1000);
    vo_observe_uncertainty(writer, VO_METRIC_RTP_PDV_P95_MS, vo_quantile_get(variation, 0.95) / 1000 / 64);
    metric_at_point(view, VO_METRIC_RTP_PDV_MAX_MS, variation->maximum / 1000.0);
    double ppm, error_ppm;
    if (view->payload->basis != VO_CLOCK_ESTIMATED && vo_skew_result(&delay->skew, &ppm, &error_ppm)) {
        vo_observe_metric(writer, VO_METRIC_RTP_CLOCK_SKEW_PPM, ppm);
        vo_observe_uncertainty(writer, VO_METRIC_RTP_CLOCK_SKEW_PPM, error_ppm);
    } else {
        vo_observe_missing(writer, VO_METRIC_RTP_CLOCK_SKEW_PPM, "%s",
                           view->payload->basis == VO_CLOCK_ESTIMATED
                               ? "the payload clock itself is estimated"
                               : "needs at least a minute of one timestamp sequence");
    }
}

static void put_rtcp(const struct view *view)
{
    struct vo_record_writer *writer = view->writer;
    const struct vo_stream_rtcp *rtcp = view->stream->rtcp;
    uint64_t reports = rtcp ? rtcp->reports : 0;
    vo_observe_metric(writer, VO_METRIC_RTCP_REPORTS, (double)reports);
    if (reports >= 2 && rtcp->last_highest > rtcp->first_highest) {
        double expected = (double)(rtcp->last_highest - rtcp->first_highest);
        double lost = (double)rtcp->last_lost - rtcp->first_lost;
        vo_observe_metric(writer, VO_METRIC_RTCP_EXPECTED_PACKETS, expected);
        vo_observe_metric(writer, VO_METRIC_RTCP_LOST_PACKETS, lost);
        if (lost >= 0)
            vo_observe_metric(writer, VO_METRIC_RTCP_LOSS_PERCENT, 100 * lost / expected);
        else
            vo_observe_missing(
                writer, VO_METRIC_RTCP_LOSS_PERCENT,
                "the receiver's count of lost packets went down: it counts duplicates, or began anew");
        vo_observe_metric(writer, VO_METRIC_RTCP_LOSS_INTERVAL_MAX_PERCENT, rtcp->fraction_max * 100.0 / 256);
    } else {
        vo_observe_missing(writer, VO_METRIC_RTCP_LOSS_PERCENT, "%s",
                           reports >= 2 ? "the receiver's highest sequence number did not rise between its "
                                          "first and its last report"
                           : view->stream->secure
                               ? "RTCP is encrypted, or the receiver sent fewer than two reports"
                               : "fewer than two reports of the receiver were captured");
    }
    if (reports && view->payload && view->payload->clock_hz)
        vo_observe_metric(writer, VO_METRIC_RTCP_JITTER_MAX_MS,
                          1000.0 * rtcp->jitter_max / view->payload->clock_hz);
    if (rtcp && rtcp->half_loops)
        vo_observe_metric(writer, VO_METRIC_RTP_HALF_LOOP_MS,
                          rtcp->half_sum_ns / (double)rtcp->half_loops / 1e6);
    if (!rtcp || !rtcp->has_xr)
        return;
    if (rtcp->xr.mos_lq != 127)
        vo_observe_metric(writer, VO_METRIC_RTCP_XR_MOS_LQ, rtcp->xr.mos_lq / 10.0);
    if (rtcp->xr.mos_cq != 127)
        vo_observe_metric(writer, VO_METRIC_RTCP_XR_MOS_CQ, rtcp->xr.mos_cq / 10.0);
    vo_observe_metric(writer, VO_METRIC_RTCP_XR_DISCARD_PERCENT, rtcp->xr.discard_rate * 100.0 / 256);
}

/* Latency: half of the round trip from RTCP; a second capture point measures better, and then says so itself.
 */
static void put_latency(struct view *view)
{
    struct vo_record_writer *writer = view->writer;
    const struct vo_stream_rtcp *rtcp = view->stream->rtcp;
    view->latency_ms = NAN;
    if (!rtcp || rtcp->round_trips == 0) {
        if (view->session->keeper.keep)
            return; /* the comparison of the two points has the word on it */
        const char *why =
            view->stream->secure
                ? "one capture cannot tell it, and the RTCP that could is encrypted or missing"
                : "one capture cannot tell it, and RTCP of both ends with matching reports was not captured";
        vo_observe_missing(writer, VO_METRIC_RTP_RTT_MS, "%s", why);
        vo_observe_missing(writer, VO_METRIC_RTP_LATENCY_MS, "%s", why);
        vo_observe_missing(writer, VO_METRIC_RTP_LATENCY_MAX_MS, "%s", why);
        return;
    }
    double mean_ms = rtcp->rtt_sum_ns / (double)rtcp->round_trips / 1e6;
    view->latency_ms = mean_ms / 2;
    vo_observe_metric(writer, VO_METRIC_RTP_RTT_MS, mean_ms);
    vo_observe_metric(writer, VO_METRIC_RTP_RTT_MAX_MS, rtcp->rtt_max_ns / 1e6);
    vo_observe_metric(writer, VO_METRIC_RTP_LATENCY_MS, mean_ms / 2);
    vo_observe_basis(writer, VO_METRIC_RTP_LATENCY_MS, "rtt_half");
    vo_observe_metric(writer, VO_METRIC_RTP_LATENCY_MAX_MS, rtcp->rtt_max_ns / 2e6);
    vo_observe_basis(writer, VO_METRIC_RTP_LATENCY_MAX_MS, "rtt_half");
    /* the two ways of a round trip may share it in any proportion */
    vo_observe_uncertainty(writer, VO_METRIC_RTP_LATENCY_MS, mean_ms / 2);
    vo_observe_uncertainty(writer, VO_METRIC_RTP_LATENCY_MAX_MS, rtcp->rtt_max_ns / 2e6);
}

static void put_quality(const struct view *view, const struct vo_burst_result *burst)
{
    static const enum vo_metric r_lq[] = {VO_METRIC_RTP_R_LQ_NB, VO_METRIC_RTP_R_LQ_WB,
                                          VO_METRIC_RTP_R_LQ_FB};
    static const enum vo_metric mos_lq[] = {VO_METRIC_RTP_MOS_LQ_NB, VO_METRIC_RTP_MOS_LQ_WB,
                                            VO_METRIC_RTP_MOS_LQ_FB};
    static const enum vo_metric mos_cq[] = {VO_METRIC_RTP_MOS_CQ_NB, VO_METRIC_RTP_MOS_CQ_WB,
                                            VO_METRIC_RTP_MOS_CQ_FB};
    struct vo_record_writer *writer = view->writer;
    double bad = 100.0 * (double)(view->lost + view->measure->playout.discarded) / (double)view->expected;
    struct vo_rtp_quality quality =
        vo_rtp_quality(view->session, view->stream, burst, bad, isnan(view->ptime_ms) ? 0 : view->ptime_ms,
                       view->latency_ms);
    if (!quality.listening) {
        for (unsigned i = 0; i < sizeof mos_lq / sizeof *mos_lq; i++)
            vo_observe_missing(writer, mos_lq[i], "%s", quality.missing);
        return;
    }
    vo_observe_metric(writer, r_lq[quality.band], quality.r_lq);
    vo_observe_metric(writer, mos_lq[quality.band], quality.mos_lq);
    vo_observe_basis(writer, mos_lq[quality.band], quality.basis);
    if (quality.conversational) {
        vo_observe_metric(writer, mos_cq[quality.band], quality.mos_cq);
        vo_observe_basis(writer, mos_cq[quality.band], "rtt_half");
    } else {
        vo_observe_missing(writer, mos_cq[quality.band], "%s", quality.missing_cq);
    }
}

static void put_signalled(const struct view *view)
{
    struct vo_record_writer *writer = view->writer;
    const struct vo_stream *stream = view->stream;
    const struct vo_binding *binding = stream->to ? stream->to : stream->from;
    vo_observe_state(writer, VO_METRIC_RTP_MEDIA_STATE, stream->secure ? "srtp" : "plain");
    if (!binding)
        return;
    vo_observe_state(writer, VO_METRIC_RTP_ADDRESS_STATE,
                     stream->to                              ? "as_signalled"
                     : vo_rtp_reverse(view->session, stream) ? "symmetric"
                                                             : "different");
    const struct vo_media_payload *named =
        view->payload ? vo_media_named(stream->to, stream->from, view->payload->type) : NULL;
    double told = named ? named->ptime_ms : binding->media->ptime_ms;
    if (told > 0 && !isnan(view->ptime_ms))
        vo_observe_state(writer, VO_METRIC_RTP_PTIME_STATE,
                         fabs(told - view->ptime_ms) < 0.5 ? "as_signalled" : "different");
}

static void put_leg(const struct view *view)
{
    struct vo_record_writer *writer = view->writer;
    const struct vo_leg_delay *leg = view->stream->leg;
    if (!leg || leg->matched < VO_LEG_PROOF)
        return;
    char id[VO_STREAM_ID];
    uint64_t sent = leg->last_unique - leg->first_unique;
    double missed = sent > leg->matched ? (double)(sent - leg->matched) : 0;
    vo_observe_label(writer, "first_leg", vo_rtp_stream_id(view->session, leg->first, id));
    vo_observe_metric(writer, VO_METRIC_RTP_POINT_DELAY_MS, vo_quantile_get(&leg->delay, 0.5) / 1000);
    vo_observe_metric(writer, VO_METRIC_RTP_POINT_DELAY_MIN_MS, leg->delay.minimum / 1000.0);
    vo_observe_metric(writer, VO_METRIC_RTP_POINT_DELAY_MAX_MS, leg->delay.maximum / 1000.0);
    vo_observe_basis(writer, VO_METRIC_RTP_POINT_DELAY_MS, "two_legs");
    vo_observe_metric(writer, VO_METRIC_RTP_POINT_PACKETS, (double)sent);
    uint64_t unheard = unheard_of(view);
    if (missed > 0 && unheard)
        vo_observe_missing(
            writer, VO_METRIC_RTP_POINT_LOSS_PERCENT,
            "%.0f packets of the first leg are missing here, of which this receiver may only not "
            "have heard up to %llu",
            missed, (unsigned long long)unheard);
    else
        vo_observe_metric(writer, VO_METRIC_RTP_POINT_LOSS_PERCENT, sent ? 100 * missed / (double)sent : 0);
}

void vo_rtp_emit_stream(struct vo_rtp_session *session, const struct vo_stream *stream, bool evicted)
{
    if (!stream->measure || stream->measure->sequence.unique == 0)
        return;
    struct view view = {
        session, session->writer, stream, stream->measure, vo_stream_main_payload(stream), 0, 0, NAN, NAN};
    view.expected = vo_sequence_expected(&stream->measure->sequence);
    view.lost = view.expected - stream->measure->sequence.unique;
    if (!view.measure->clockless && view.payload && view.payload->clock_hz && view.measure->sequence.step &&
        view.payload->clock_hz != 90000)
        view.ptime_ms = 1000.0 * view.measure->sequence.step / view.payload->clock_hz;
    char id[VO_STREAM_ID], key[VO_STREAM_KEY];
    struct vo_subject subject = {"rtp_stream", vo_rtp_stream_id(session, stream, id),
                                 vo_rtp_stream_key(session, stream, key)};
    struct vo_burst_result burst = vo_burst_result(&view.measure->burst, view.measure->sequence.good,
                                                   isnan(view.ptime_ms) ? 1 : view.ptime_ms);
    /* looking a stream up measures what waits of it, which may write records: so before this one begins */
    char other[VO_STREAM_ID];
    (void)vo_rtp_reverse(session, stream);
    if (stream->leg && stream->leg->first)
        (void)vo_rtp_stream_id(session, stream->leg->first, other);
    vo_observe_begin(session->writer, view.measure->first, &subject);
    label(&view, evicted);
    put_counts(&view);
    put_loss(&view, &burst);
    put_timing(&view);
    if (isnan(view.ptime_ms))
        vo_observe_missing(session->writer, VO_METRIC_RTP_PTIME_MS,
                           "video, an unknown clock, or too few packets");
    else
        vo_observe_metric(session->writer, VO_METRIC_RTP_PTIME_MS, view.ptime_ms);
    put_rtcp(&view);
    put_latency(&view);
    put_quality(&view, &burst);
    put_signalled(&view);
    put_leg(&view);
    vo_observe_end(session->writer);
    session->streams_written++;
}
