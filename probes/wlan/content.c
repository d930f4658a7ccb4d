#include "probes/wlan/content.h"

#include "probes/decode/rtp.h"
#include "probes/flow/rtp_direct.h"

/* A frame, and whose it is. */
struct content {
    struct vo_wlan_session *session;
    struct vo_link *link;     /* NULL: to a group */
    struct vo_roamer *roamer; /* NULL: no station, or not followed */
    const struct vo_heard *heard;
    vo_wlan_address ap;
    bool own; /* sent by the station */
};

static void take_addresses(const struct content *content, const uint8_t source[16],
                           const uint8_t destination[16])
{
    if (content->roamer)
        vo_phone_media_addresses(&content->session->watches, content->roamer, content->own, content->ap,
                                 source, destination);
}

/* What looks like RTP. */
static void take_rtp(const struct content *content, const struct vo_stream_key *key, uint16_t sequence,
                     uint8_t dscp)
{
    if (!content->link)
        return;
    bool sure = vo_voice_rtp(&content->link->voice, content->heard, key->ssrc, sequence, dscp);
    if (content->roamer)
        vo_phone_media_packet(&content->session->watches, content->roamer, content->own, content->ap,
                              content->heard->time, key, sequence, sure);
}

/* The same of a packet that came by way of the layers. */
static void take_packet(const struct content *content, const struct vo_packet *packet)
{
    enum { UDP = 17 };
    struct vo_rtp rtp;
    take_addresses(content, packet->source, packet->destination);
    if (packet->protocol != UDP ||
        vo_media_classify(packet->payload, packet->payload_size, packet->payload_length) != VO_MEDIA_RTP ||
        !vo_rtp_decode(packet->payload, packet->payload_size, packet->payload_length, &rtp))
        return;
    struct vo_stream_key key = {.source_port = packet->source_port,
                                .destination_port = packet->destination_port,
                                .ssrc = rtp.ssrc,
                                .encap_hash = packet->encap_hash,
                                .interface = content->session->rtp.interface};
    memcpy(key.source, packet->source, sizeof key.source);
    memcpy(key.destination, packet->destination, sizeof key.destination);
    take_rtp(content, &key, rtp.sequence, packet->dscp);
}

static void take_layers(const struct content *content)
{
    struct vo_rtp_session *rtp = &content->session->rtp;
    struct vo_packet packet;
    unsigned packets = 1;
    packet.rest = NULL;
    for (enum vo_decoded decoded = vo_decode_wlan(content->heard->frame, &packet);; packets++) {
        if (decoded == VO_DECODED_DATAGRAM)
            take_packet(content, &packet);
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
    bool to_ap = link && link->direction == VO_LINK_TO_AP;
    const struct content content = {
        .session = ear->session,
        .link = link,
        .roamer = link ? link->roamer : NULL,
        .heard = heard,
        .ap = to_ap ? frame->receiver : frame->transmitter,
        .own = to_ap,
    };
    struct vo_encap way = vo_encap_of_air(frame->control, frame->transmitter, frame->receiver);
    struct vo_queued *placed = vo_streams_place(rtp->streams);
    if (!vo_direct_read_air(frame, ear->interface, &way, heard->time, placed)) {
        take_layers(&content);
        return;
    }
    take_addresses(&content, placed->key.source, placed->key.destination);
    take_rtp(&content, &placed->key, placed->rtp.sequence, placed->rtp.dscp);
    vo_rtp_session_queue(rtp, &way, 1);
}
