#include "probes/wlan/roam_media.h"

#include "probes/decode/rtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINKTYPE_ETHERNET = 1, ETHERNET_HEADER = 14, ETHERTYPE_EAPOL = 0x888e, EAPOL_KEY = 3 };
enum { UDP = 17, DHCP_SERVER = 67, DHCP_CLIENT = 68, IN_ORDER_MOST = 3 };

/* --- Streams -------------------------------------------------------------------------------------- */

static bool is_sure(const struct vo_roam_stream *stream)
{
    return stream->in_order >= VO_ROAM_RTP_SURE;
}

static struct vo_roam_stream *find(const struct vo_roam_media *media, const struct vo_packet *packet,
                                   uint32_t ssrc)
{
    for (unsigned i = 0; i < media->count; i++) {
        struct vo_roam_stream *stream = media->streams[i];
        if (stream->ssrc == ssrc && stream->source_port == packet->source_port &&
            stream->destination_port == packet->destination_port &&
            memcmp(stream->source, packet->source, sizeof stream->source) == 0 &&
            memcmp(stream->destination, packet->destination, sizeof stream->destination) == 0)
            return stream;
    }
    return NULL;
}

/* The one that is of least use: not sure, or silent for longest. */
static struct vo_roam_stream *replaceable(const struct vo_roam_media *media)
{
    struct vo_roam_stream *worst = media->streams[0];
    for (unsigned i = 1; i < media->count; i++) {
        struct vo_roam_stream *stream = media->streams[i];
        if (is_sure(stream) == is_sure(worst) ? stream->last < worst->last : !is_sure(stream))
            worst = stream;
    }
    return worst;
}

static struct vo_roam_stream *begin(struct vo_roam_media *media, const struct vo_packet *packet,
                                    uint32_t ssrc)
{
    struct vo_roam_stream *stream =
        media->count < VO_ROAM_STREAMS ? malloc(sizeof *stream) : replaceable(media);
    if (!stream)
        return NULL;
    if (media->count < VO_ROAM_STREAMS)
        media->streams[media->count++] = stream;
    memcpy(stream->source, packet->source, sizeof stream->source);
    memcpy(stream->destination, packet->destination, sizeof stream->destination);
    stream->source_port = packet->source_port;
    stream->destination_port = packet->destination_port;
    stream->ssrc = ssrc;
    stream->in_order = 0;
    vo_media_begin(&stream->media, false, true);
    return stream;
}

static enum vo_roam_packet take_rtp(struct vo_roam_media *media, const struct vo_packet *packet, vo_time at,
                                    bool doubtful)
{
    struct vo_rtp rtp;
    if (vo_media_classify(packet->payload, packet->payload_size, packet->payload_length) != VO_MEDIA_RTP ||
        !vo_rtp_decode(packet->payload, packet->payload_size, packet->payload_length, &rtp))
        return VO_ROAM_PACKET_OTHER;
    struct vo_roam_stream *stream = find(media, packet, rtp.ssrc);
    if (!stream && !(stream = begin(media, packet, rtp.ssrc)))
        return VO_ROAM_PACKET_OTHER;
    if (!is_sure(stream)) {
        uint16_t step = (uint16_t)(rtp.sequence - stream->sequence);
        bool follows = stream->media.count && step >= 1 && step <= IN_ORDER_MOST;
        if (!follows)
            vo_media_begin(&stream->media, false, true);
        stream->in_order = follows ? stream->in_order + 1 : 1;
    }
    stream->sequence = rtp.sequence;
    stream->last = at;
    vo_media_arrive(&stream->media, at, doubtful, rtp.sequence, rtp.timestamp);
    return VO_ROAM_PACKET_RTP;
}

void vo_roam_media_release(struct vo_roam_media *media)
{
    for (unsigned i = 0; i < media->count; i++)
        free(media->streams[i]);
    media->count = 0;
}

/* --- Frames --------------------------------------------------------------------------------------- */

enum vo_roam_packet vo_roam_media_frame(struct vo_roam_media *media, const struct vo_frame *frame, vo_time at,
                                        bool doubtful)
{
    struct vo_packet packet;
    if (frame->linktype != LINKTYPE_ETHERNET || frame->captured < ETHERNET_HEADER + 2)
        return VO_ROAM_PACKET_OTHER;
    if (vo_load16(frame->data + 12) == ETHERTYPE_EAPOL)
        return frame->data[ETHERNET_HEADER + 1] == EAPOL_KEY ? VO_ROAM_PACKET_KEY : VO_ROAM_PACKET_EAP;
    if (vo_decode_frame(frame->linktype, frame->data, frame->captured, frame->length, &packet) !=
            VO_DECODED_DATAGRAM ||
        packet.protocol != UDP)
        return VO_ROAM_PACKET_OTHER;
    if ((packet.source_port == DHCP_SERVER || packet.source_port == DHCP_CLIENT) &&
        (packet.destination_port == DHCP_SERVER || packet.destination_port == DHCP_CLIENT))
        return VO_ROAM_PACKET_DHCP;
    if (vo_wlan_address_of(frame->data) != media->own ||
        (media->ignored_local && packet.destination_port == media->ignored_local))
        return VO_ROAM_PACKET_OTHER;
    return take_rtp(media, &packet, at, doubtful);
}

/* --- The gap -------------------------------------------------------------------------------------- */

/* How much worse for a call: lost, then by length; what flowed before comes before what did not. */
static vo_time badness(const struct vo_media_gap *gap)
{
    if (gap->state == VO_MEDIA_LOST)
        return INT64_MAX;
    if (!gap->why)
        return gap->to - gap->from;
    return gap->steady ? -1 : -2;
}

struct choice {
    vo_time badness, last;
    struct vo_media_gap gap;
    const struct vo_roam_stream *stream; /* NULL: the echo */
    bool any;
};

static void consider(struct choice *choice, const struct vo_roam_stream *stream, vo_time last,
                     const struct vo_media_gap *gap)
{
    vo_time bad = badness(gap);
    if (choice->any && (bad < choice->badness || (bad == choice->badness && last <= choice->last)))
        return;
    *choice = (struct choice){bad, last, *gap, stream, true};
}

static void name_stream(const struct vo_roam_stream *stream, char *id)
{
    char source[VO_ENDPOINT_TEXT], destination[VO_ENDPOINT_TEXT];
    snprintf(id, VO_ROAM_STREAM_ID, "%s>%s#0x%08x",
             vo_endpoint_format(stream->source, stream->source_port, source),
             vo_endpoint_format(stream->destination, stream->destination_port, destination), stream->ssrc);
}

void vo_roam_media_measure(const struct vo_roam_media *media, vo_time begun, vo_time ended, vo_time now,
                           bool next, const char *none, char *id, struct vo_media_gap *gap)
{
    struct choice choice = {.any = false};
    struct vo_media_gap one;
    id[0] = '\0';
    for (unsigned i = 0; i < media->count && !media->no_rtp; i++) {
        const struct vo_roam_stream *stream = media->streams[i];
        if (!is_sure(stream))
            continue;
        vo_media_measure(&stream->media, begun, ended, now, next, &one);
        if (!one.why && media->dropped != VO_TIME_UNKNOWN && media->dropped >= begun - VO_NS_PER_S)
            one.why = one.why_no_loss = "the capture itself lost packets meanwhile";
        consider(&choice, stream, stream->last, &one);
    }
    if (media->echo) {
        vo_media_measure(media->echo, begun, ended, now, next, &one);
        consider(&choice, NULL, now, &one);
    }
    if (!choice.any) {
        *gap = (struct vo_media_gap){.from = VO_TIME_UNKNOWN, .to = VO_TIME_UNKNOWN};
        gap->why = gap->why_no_loss = gap->why_unknown =
            none ? none : "no RTP was received on the interface: make a call, or use --echo";
        return;
    }
    *gap = choice.gap;
    if (choice.stream)
        name_stream(choice.stream, id);
    else
        strcpy(id, "echo");
}
