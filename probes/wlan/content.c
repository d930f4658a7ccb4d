#include "probes/wlan/content.h"

#include "probes/decode/rtp.h"
#include "probes/flow/rtp_direct.h"

/* What the air makes of a packet of RTP. */
static void take_rtp(struct vo_link *link, const struct vo_heard *heard, const struct vo_queued *packet)
{
    bool retry = heard->frame->control & VO_IEEE80211_RETRY;
    if (link && !retry)
        vo_voice_rtp(&link->voice, heard, packet->key.ssrc, packet->rtp.sequence, packet->rtp.dscp);
}

/* The same of a packet that came by way of the layers. */
static void take_packet(struct vo_link *link, const struct vo_heard *heard, const struct vo_packet *packet)
{
    enum { UDP = 17 };
    struct vo_rtp rtp;
    if (packet->protocol != UDP ||
        vo_media_classify(packet->payload, packet->payload_size, packet->payload_length) != VO_MEDIA_RTP ||
        !vo_rtp_decode(packet->payload, packet->payload_size, packet->payload_length, &rtp))
        return;
    struct vo_queued taken = {.key.ssrc = rtp.ssrc, .rtp = {.sequence = rtp.sequence, .dscp = packet->dscp}};
    take_rtp(link, heard, &taken);
}

static void take_layers(struct vo_wlan_ear *ear, struct vo_link *link, const struct vo_heard *heard)
{
    struct vo_rtp_session *rtp = &ear->session->rtp;
    struct vo_packet packet;
    unsigned packets = 1;
    packet.rest = NULL;
    for (enum vo_decoded decoded = vo_decode_wlan(heard->frame, &packet);; packets++) {
        if (decoded == VO_DECODED_DATAGRAM)
            take_packet(link, heard, &packet);
        vo_rtp_session_packet(rtp, decoded, &packet);
        if (!packet.rest)
            break;
        decoded = vo_decode_next(&packet);
    }
    if (packets > 1)
        vo_on_air_count(rtp->air, packets);
}

void vo_content_hear(struct vo_wlan_ear *ear, struct vo_link *link, const struct vo_heard *heard)
{
    enum { UNREADABLE = VO_IEEE80211_PROTECTED | VO_IEEE80211_MORE_FRAGMENTS };
    const struct vo_ieee80211 *frame = heard->frame;
    struct vo_rtp_session *rtp = &ear->session->rtp;
    if (frame->control & UNREADABLE || frame->fragment || frame->has & VO_IEEE80211_NO_BODY)
        return;
    const struct vo_mpdu mpdu = {
        .transmitter = frame->transmitter,
        .receiver = frame->receiver,
        .body = frame->body,
        .size = frame->body_size,
        .sequence = frame->sequence,
        .tid = frame->has & VO_IEEE80211_HAS_QOS ? frame->tid : VO_MPDU_NO_TID,
        .retry = frame->control & VO_IEEE80211_RETRY,
    };
    if (!vo_rtp_session_begin(rtp, ear->interface, &mpdu, heard->time))
        return;
    struct vo_encap way = vo_encap_of_air(frame->control, frame->transmitter, frame->receiver);
    struct vo_queued *placed = vo_streams_place(rtp->streams);
    if (!vo_direct_read_air(frame, ear->interface, &way, heard->time, placed)) {
        take_layers(ear, link, heard);
        return;
    }
    take_rtp(link, heard, placed);
    vo_rtp_session_queue(rtp, &way, 1);
}
