/*
 * The commonest packet, read at once: Ethernet, IPv4 without options and no fragment, UDP, RTP without CSRC,
 * extension or padding. Voice captures hold little else, and this costs a fifth of going through the layers.
 *
 * What vo_direct_read() takes, vo_decode_frame() and vo_rtp_decode() would take with the same outcome
 * (tests/unit/test_direct.c compares them); whatever it does not take goes through them.
 */
#ifndef VO_PROBES_RTP_DIRECT_H
#define VO_PROBES_RTP_DIRECT_H

#include "probes/decode/layers.h"
#include "probes/flow/streams.h"
#include "probes/io/capture.h"

/* IPv4 as ::ffff:a.b.c.d, in two stores of eight bytes. */
static inline void vo_direct_address(uint8_t address[16], const uint8_t *ipv4)
{
    uint64_t high = 0, low;
    uint8_t bytes[sizeof low] = {0, 0, 0xff, 0xff, ipv4[0], ipv4[1], ipv4[2], ipv4[3]};
    memcpy(&low, bytes, sizeof low);
    memcpy(address, &high, sizeof high);
    memcpy(address + sizeof high, &low, sizeof low);
}

/* False: `to` is not written, or not whole. */
static inline bool vo_direct_read(const struct vo_frame *frame, vo_time now, struct vo_queued *to)
{
    enum { LINKTYPE_ETHERNET = 1, ETHERNET = 14, IP = 20, UDP = 8, RTP = 12 };
    enum { HEADERS = ETHERNET + IP + UDP + RTP, TYPE_IPV4 = 0x0800, PROTOCOL_UDP = 17, FRAGMENT = 0x3fff };
    if (frame->linktype != LINKTYPE_ETHERNET || frame->captured < HEADERS || frame->captured > frame->length)
        return false;
    const uint8_t *ip = frame->data + ETHERNET, *udp = ip + IP, *rtp = udp + UDP;
    if (vo_load16(ip - 2) != TYPE_IPV4 || ip[0] != 0x45 || ip[9] != PROTOCOL_UDP ||
        vo_load16(ip + 6) & FRAGMENT || rtp[0] != 0x80 || (rtp[1] >= 192 && rtp[1] <= 223))
        return false;
    uint32_t total = vo_load16(ip + 2), datagram = vo_load16(udp + 4);
    uint16_t source = vo_load16(udp), destination = vo_load16(udp + 2);
    if (total > frame->length - ETHERNET || datagram + IP != total || datagram < UDP + RTP ||
        vo_tunnel_possible(source) || vo_tunnel_possible(destination))
        return false;
    uint32_t payload = datagram - UDP - RTP;
    bool event = payload == 4 && frame->captured >= HEADERS + 2;
    vo_direct_address(to->key.source, ip + 12);
    vo_direct_address(to->key.destination, ip + 16);
    to->key.source_port = source;
    to->key.destination_port = destination;
    to->key.ssrc = vo_load32(rtp + 8);
    to->key.encap_hash = 0;
    to->key.interface = frame->interface;
    /* each member by itself: a copy of a whole literal would wait for its own narrow stores */
    struct vo_rtp_packet *fed = &to->rtp;
    fed->time = now;
    fed->timestamp = vo_load32(rtp + 4);
    fed->sequence = vo_load16(rtp + 2);
    fed->ip_length = (uint16_t)total;
    fed->payload_length = (uint16_t)payload;
    fed->payload_type = rtp[1] & 0x7f;
    fed->marker = rtp[1] & 0x80;
    fed->dscp = ip[1] >> 2;
    fed->outer_dscp = 0xff;
    fed->ttl = ip[8];
    fed->has_event = event;
    fed->event = event ? rtp[RTP] : 0;
    fed->event_end = event ? rtp[RTP + 1] : 0;
    fed->counted = false;
    return true;
}

#endif
