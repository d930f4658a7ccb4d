/*
 * The commonest packet, read at once: IPv4 without options and no fragment, UDP, RTP without CSRC, extension
 * or padding, in an Ethernet frame or in a data frame on the air. Voice captures hold little else, and this
 * costs a fifth of going through the layers.
 *
 * What is taken here, vo_decode_frame() or vo_decode_wlan(), and vo_rtp_decode(), would take with the same
 * outcome (tests/unit/test_rtp_direct.c compares them); whatever is not goes through them.
 */
#ifndef VO_PROBES_FLOW_RTP_DIRECT_H
#define VO_PROBES_FLOW_RTP_DIRECT_H

#include "probes/decode/frame.h"
#include "probes/decode/layers.h"
#include "probes/flow/streams.h"

enum { VO_DIRECT_IP = 20, VO_DIRECT_UDP = 8, VO_DIRECT_RTP = 12 };
enum { VO_DIRECT_HEADERS = VO_DIRECT_IP + VO_DIRECT_UDP + VO_DIRECT_RTP };

/* From an EtherType and what follows it: VO_DIRECT_HEADERS or more bytes at `ip` were `captured`, of
 * `length`. Time, interface, encapsulation and what is known of a frame on the air are left to the caller.
 * False: `to` is not written, or not whole. Headers are looked at four bytes at a time. */
static inline bool vo_direct_read_ip(const uint8_t *ip, uint32_t captured, uint32_t length,
                                     struct vo_queued *to)
{
    const uint8_t *udp = ip + VO_DIRECT_IP, *rtp = udp + VO_DIRECT_UDP;
    uint32_t type = vo_load32(ip - 2);     /* EtherType, version and header length, traffic class */
    uint32_t protocol = vo_load32(ip + 6); /* fragment, time to live, protocol */
    uint32_t ports = vo_load32(udp), media = vo_load32(rtp);
    uint8_t kind = (uint8_t)(media >> 16);
    if ((type & 0xffffff00) != 0x08004500 || (protocol & 0x3fff00ff) != 17 || media >> 24 != 0x80 ||
        (kind >= 192 && kind <= 223))
        return false;
    uint32_t total = vo_load16(ip + 2), datagram = vo_load16(udp + 4);
    uint16_t source = (uint16_t)(ports >> 16), destination = (uint16_t)ports;
    if (total > length || datagram + VO_DIRECT_IP != total || datagram < VO_DIRECT_UDP + VO_DIRECT_RTP ||
        vo_tunnel_possible(source) || vo_tunnel_possible(destination))
        return false;
    uint32_t payload = datagram - VO_DIRECT_UDP - VO_DIRECT_RTP;
    vo_map_ipv4(to->key.source, ip + 12);
    vo_map_ipv4(to->key.destination, ip + 16);
    to->key.source_port = source;
    to->key.destination_port = destination;
    to->key.ssrc = vo_load32(rtp + 8);
    /* each member by itself: a copy of a whole literal would wait for its own narrow stores */
    struct vo_rtp_packet *fed = &to->rtp;
    fed->timestamp = vo_load32(rtp + 4);
    fed->sequence = (uint16_t)media;
    fed->ip_length = (uint16_t)total;
    fed->payload_length = (uint16_t)payload;
    fed->payload_type = kind & 0x7f;
    fed->marker = kind & 0x80;
    fed->dscp = (type & 0xff) >> 2;
    fed->outer_dscp = 0xff;
    fed->ttl = (uint8_t)(protocol >> 8);
    fed->event = fed->event_end = 0;
    fed->has_event = fed->counted = false;
    if (payload == 4 && captured >= VO_DIRECT_HEADERS + 2) {
        fed->has_event = true;
        fed->event = rtp[VO_DIRECT_RTP];
        fed->event_end = rtp[VO_DIRECT_RTP + 1];
    }
    return true;
}

/* A captured frame of Ethernet. */
static inline bool vo_direct_read(const struct vo_frame *frame, vo_time now, struct vo_queued *to)
{
    enum { LINKTYPE_ETHERNET = 1, ETHERNET = 14 };
    if (frame->linktype != LINKTYPE_ETHERNET || frame->captured < ETHERNET + VO_DIRECT_HEADERS ||
        frame->captured > frame->length ||
        !vo_direct_read_ip(frame->data + ETHERNET, frame->captured - ETHERNET, frame->length - ETHERNET, to))
        return false;
    to->key.encap_hash = 0;
    to->key.interface = frame->interface;
    to->rtp.time = now;
    to->rtp.air_link = to->rtp.air_unheard = 0;
    to->rtp.air_state = 0;
    return true;
}

/* A data frame on the air with a body that is neither encrypted nor a fragment (VO_IEEE80211_HAS …): LLC and
 * SNAP. Not its flow. */
static inline bool vo_direct_read_air(const struct vo_ieee80211 *frame, uint32_t interface,
                                      const struct vo_encap *way, vo_time now, struct vo_queued *to)
{
    enum { LLC = 8 };
    if (frame->body_size < LLC + VO_DIRECT_HEADERS || frame->has & VO_IEEE80211_IS_AMSDU ||
        vo_load32(frame->body) != 0xaaaa0300 || vo_load16(frame->body + 4) != 0 ||
        !vo_direct_read_ip(frame->body + LLC, frame->body_size - LLC, frame->body_length - LLC, to))
        return false;
    to->key.encap_hash = vo_encap_mix(0, way->kind, way->id);
    to->key.interface = interface;
    to->rtp.time = now;
    return true;
}

#endif
