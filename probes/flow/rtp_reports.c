/* RTCP: what both ends report of the streams (RFC 3550 6.4), and the round trips that follow from it. */
#include "probes/decode/rtp.h"
#include "probes/flow/rtp_emit.h"
#include "probes/flow/rtp_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_TRIP_PAIR_NS (30 * VO_NS_PER_S) /* two half loops further apart than this are no round trip */
#define HALF_LOOP_MAX_NS   (10 * VO_NS_PER_S)
#define SAME_SSRC_MAX      64 /* streams of one SSRC, among which addresses may still tell */

struct visit {
    struct vo_rtp_session *session;
    const struct vo_packet *packet;
};

static struct vo_stream_rtcp *rtcp_of(struct vo_rtp_session *session, struct vo_stream *stream)
{
    if (!stream->rtcp && !(stream->rtcp = calloc(1, sizeof *stream->rtcp)))
        session->counts.memory++;
    return stream->rtcp;
}

/* The encapsulation of a stream that an RTCP packet speaks of: of its own way, or of the way back. */
static uint32_t encap_of(const struct vo_packet *packet, bool back)
{
    return back ? vo_encap_back(packet->encap, packet->encap_count, packet->encap_hash) : packet->encap_hash;
}

/* The confirmed stream of an SSRC beside which an RTCP packet goes, or of whose way back it is (`back`): on
 * the same ports, or on the even ones below. */
static struct vo_stream *stream_beside(const struct vo_rtp_session *session, const struct vo_packet *packet,
                                       uint32_t ssrc, bool back)
{
    struct vo_stream_key key = {
        .ssrc = ssrc, .encap_hash = encap_of(packet, back), .interface = session->interface};
    memcpy(key.source, back ? packet->destination : packet->source, 16);
    memcpy(key.destination, back ? packet->source : packet->destination, 16);
    for (int mux = 1; mux >= 0; mux--) {
        key.source_port = (uint16_t)((back ? packet->destination_port : packet->source_port) - 1 + mux);
        key.destination_port = (uint16_t)((back ? packet->source_port : packet->destination_port) - 1 + mux);
        struct vo_stream *stream = vo_streams_find(session->streams, &key);
        if (stream && stream->confirmed)
            return stream;
    }
    return NULL;
}

/* The confirmed stream of an SSRC that an RTCP packet speaks of: by its ports; else by addresses, where there
 * are not too many of the SSRC; with one stream of the SSRC only, that one (NAT may have changed both). */
static struct vo_stream *stream_of(const struct vo_rtp_session *session, const struct vo_packet *packet,
                                   uint32_t ssrc, bool back)
{
    struct vo_stream *only = NULL, *best = stream_beside(session, packet, ssrc, back);
    const uint8_t *source = back ? packet->destination : packet->source;
    const uint8_t *destination = back ? packet->source : packet->destination;
    uint32_t encap_hash = encap_of(packet, back);
    unsigned count = 0;
    int best_score = 0;
    if (best)
        return best;
    for (struct vo_stream *s = vo_streams_of_ssrc(session->streams, ssrc); s; s = s->next_ssrc) {
        if (s->key.ssrc != ssrc)
            continue;
        only = s;
        if (++count > SAME_SSRC_MAX)
            return NULL;
        int score = 4 * (memcmp(s->key.source, source, 16) == 0) +
                    4 * (memcmp(s->key.destination, destination, 16) == 0) +
                    2 * (s->key.interface == session->interface) + (s->key.encap_hash == encap_hash);
        if (score > best_score && score >= 4) {
            best = s;
            best_score = score;
        }
    }
    return best ? best : count == 1 ? only : NULL;
}

/* A sender report vouches for a candidate that sends beside it: on the same ports, or on the even ones below.
 */
static void vouch(struct vo_rtp_session *session, const struct vo_packet *packet, uint32_t ssrc)
{
    struct vo_stream_key key = {
        .ssrc = ssrc, .encap_hash = packet->encap_hash, .interface = session->interface};
    memcpy(key.source, packet->source, 16);
    memcpy(key.destination, packet->destination, 16);
    for (int mux = 0; mux < 2; mux++) {
        key.source_port = (uint16_t)(packet->source_port - 1 + mux);
        key.destination_port = (uint16_t)(packet->destination_port - 1 + mux);
        struct vo_stream *stream = vo_streams_find(session->streams, &key);
        if (stream)
            vo_streams_confirm(session->streams, stream);
    }
}

static void take_sender_report(const struct visit *visit, const struct vo_rtcp_item *item)
{
    struct vo_rtp_session *session = visit->session;
    const struct vo_packet *packet = visit->packet;
    vouch(session, packet, item->ssrc);
    struct vo_stream *stream = stream_of(session, packet, item->ssrc, false);
    struct vo_stream_rtcp *rtcp = stream ? rtcp_of(session, stream) : NULL;
    if (!rtcp || item->sender.ntp == 0)
        return;
    rtcp->sent[rtcp->sent_count++ % VO_STREAM_REPORTS] =
        (struct vo_sent_report){(uint32_t)(item->sender.ntp >> 16), session->now};
}

/* From the capture point to the stream's receiver and back: the report's arrival, less that of the sender
 * report which it answers, less the receiver's own delay (RFC 3550 6.4.1, seen from the middle). */
static void take_half_loop(struct vo_rtp_session *session, struct vo_stream *stream,
                           const struct vo_rtcp_report_block *block)
{
    struct vo_stream_rtcp *rtcp = stream->rtcp;
    if (block->lsr == 0)
        return;
    for (unsigned i = 0; i < VO_STREAM_REPORTS && i < rtcp->sent_count; i++) {
        if (rtcp->sent[i].ntp_middle != block->lsr)
            continue;
        double half = (double)(session->now - rtcp->sent[i].time) - block->dlsr * (1e9 / 65536);
        if (half < -1e6 || half > HALF_LOOP_MAX_NS)
            return; /* a delay that cannot be: the report's clock is not to be believed */
        half = half < 0 ? 0 : half;
        rtcp->half_loops++;
        rtcp->half_sum_ns += half;
        rtcp->half_max_ns = half > rtcp->half_max_ns ? half : rtcp->half_max_ns;
        rtcp->half_last_ns = half;
        rtcp->half_at = session->now;
        const struct vo_stream *reverse = vo_rtp_reverse(session, stream);
        if (!reverse || !reverse->rtcp || !reverse->rtcp->half_loops ||
            session->now - reverse->rtcp->half_at > ROUND_TRIP_PAIR_NS)
            return;
        double rtt = half + reverse->rtcp->half_last_ns;
        for (int side = 0; side < 2; side++) {
            struct vo_stream_rtcp *of = side ? reverse->rtcp : rtcp;
            of->round_trips++;
            of->rtt_sum_ns += rtt;
            of->rtt_max_ns = rtt > of->rtt_max_ns ? rtt : of->rtt_max_ns;
        }
        return;
    }
}

static void take_block(const struct visit *visit, uint32_t reporter, const struct vo_rtcp_report_block *block)
{
    struct vo_rtp_session *session = visit->session;
    const struct vo_packet *packet = visit->packet;
    /* the report travels back: from the stream's receiver to its sender */
    struct vo_stream *stream = stream_of(session, packet, block->source, true);
    struct vo_stream_rtcp *rtcp = stream ? rtcp_of(session, stream) : NULL;
    if (!rtcp || (rtcp->reports && rtcp->reporter != reporter))
        return;
    rtcp->reporter = reporter;
    if (rtcp->reports++ == 0) {
        rtcp->first_highest = block->highest;
        rtcp->first_lost = block->lost;
    } else if (block->fraction_lost > rtcp->fraction_max) {
        rtcp->fraction_max =
            block->fraction_lost; /* the first report's interval may lie before the capture */
    }
    rtcp->last_highest = block->highest;
    rtcp->last_lost = block->lost;
    rtcp->jitter_max = block->jitter > rtcp->jitter_max ? block->jitter : rtcp->jitter_max;
    take_half_loop(session, stream, block);
}

static void take_voip(const struct visit *visit, const struct vo_rtcp_xr_voip *voip)
{
    struct vo_rtp_session *session = visit->session;
    const struct vo_packet *packet = visit->packet;
    struct vo_stream *stream = stream_of(session, packet, voip->source, true);
    struct vo_stream_rtcp *rtcp = stream ? rtcp_of(session, stream) : NULL;
    if (!rtcp)
        return;
    rtcp->has_xr = true;
    rtcp->xr = *voip;
}

static void take_cname(const struct visit *visit, const struct vo_rtcp_item *item)
{
    const struct vo_packet *packet = visit->packet;
    struct vo_stream *stream = stream_of(visit->session, packet, item->ssrc, false);
    struct vo_stream_rtcp *rtcp = stream ? rtcp_of(visit->session, stream) : NULL;
    if (rtcp)
        snprintf(rtcp->cname, sizeof rtcp->cname, "%.*s", (int)item->text.size, item->text.at);
}

static void on_item(void *context, const struct vo_rtcp_item *item)
{
    const struct visit *visit = context;
    switch (item->kind) {
    case VO_RTCP_SENDER_REPORT:
        take_sender_report(visit, item);
        break;
    case VO_RTCP_REPORT_BLOCK:
        if (item->block.source != item->ssrc) /* a report on oneself is no receiver's */
            take_block(visit, item->ssrc, &item->block);
        break;
    case VO_RTCP_XR_VOIP:
        take_voip(visit, &item->voip);
        break;
    case VO_RTCP_SDES_CNAME:
        take_cname(visit, item);
        break;
    case VO_RTCP_BYE:
    case VO_RTCP_XR_RRT:
    case VO_RTCP_XR_DLRR:
        break;
    }
}

/* SDP with a=crypto or DTLS makes the RTCP of these ports SRTCP (RFC 3711). */
static bool is_secure(const struct vo_rtp_session *session, const struct vo_packet *packet)
{
    const struct vo_binding *to =
        vo_calls_binding(session->calls, packet->destination, packet->destination_port);
    const struct vo_binding *from = vo_calls_binding(session->calls, packet->source, packet->source_port);
    return (to && to->media->secure) || (from && from->media->secure);
}

void vo_rtp_rtcp(struct vo_rtp_session *session, const struct vo_packet *packet)
{
    struct visit visit = {session, packet};
    switch (
        vo_rtcp_decode(packet->payload, packet->payload_size, is_secure(session, packet), on_item, &visit)) {
    case VO_RTCP_OK:
        break;
    case VO_RTCP_ENCRYPTED:
        session->counts.srtcp++;
        break;
    case VO_RTCP_MALFORMED:
        session->counts.malformed_rtcp++;
        break;
    }
}
