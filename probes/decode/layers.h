/*
 * What the layers of packet.h share with each other. Not for other modules.
 *
 * A layer is a view of the bytes that are left, outer padding and trailers already cut off. A layer's decoder
 * checks its own header, then calls the next one. Every way round (IP in IP, VLAN in VLAN) adds a row to
 * packet->encap, whose capacity bounds the recursion.
 */
#ifndef VO_PROBES_DECODE_LAYERS_H
#define VO_PROBES_DECODE_LAYERS_H

#include "probes/decode/packet.h"

struct vo_layer {
    const uint8_t *at;
    uint32_t size;   /* captured bytes */
    uint32_t length; /* bytes on the wire; at least size */
};

typedef enum vo_decoded vo_layer_decode(struct vo_packet *packet, struct vo_layer layer);

/* The result when a header needs `need` bytes and fewer were captured. */
static inline enum vo_decoded vo_layer_lacks(struct vo_layer layer, uint32_t need)
{
    return layer.length < need ? VO_DECODED_MALFORMED : VO_DECODED_CUT;
}

/* The layer behind a header of `header` captured bytes. */
static inline struct vo_layer vo_layer_after(struct vo_layer layer, uint32_t header)
{
    return (struct vo_layer){layer.at + header, layer.size - header, layer.length - header};
}

/* Cuts off what lies behind `length` bytes, which is at most layer.length. */
static inline struct vo_layer vo_layer_trim(struct vo_layer layer, uint32_t length)
{
    return (struct vo_layer){layer.at, layer.size < length ? layer.size : length, length};
}

/* Hash of a chain that is longer by one. Never 0, so that 0 can mean "no encapsulation". */
static inline uint32_t vo_encap_mix(uint32_t hash, uint8_t kind, uint64_t id)
{
    uint64_t mixed = ((uint64_t)hash << 32 ^ id) + kind * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
    mixed ^= mixed >> 32;
    return (uint32_t)mixed ? (uint32_t)mixed : 1;
}

/* Notes an encapsulation; false when there are too many, and the decoder returns VO_DECODED_OTHER. */
static inline bool vo_encap_add(struct vo_packet *packet, enum vo_encap_kind kind, uint64_t id)
{
    if (packet->encap_count == VO_ENCAP_MAX)
        return false;
    packet->encap[packet->encap_count++] = (struct vo_encap){.kind = (uint8_t)kind, .id = id};
    packet->encap_hash = vo_encap_mix(packet->encap_hash, (uint8_t)kind, id);
    return true;
}

/* link.c */
vo_layer_decode vo_layer_ethernet, vo_layer_llc, vo_layer_mpls, vo_layer_ppp, vo_layer_ppp_hdlc,
    vo_layer_pppoe, vo_layer_null, vo_layer_sll, vo_layer_sll2, vo_layer_erf;
enum vo_decoded vo_layer_ethertype(struct vo_packet *packet, uint16_t type, struct vo_layer layer);
/* Whether the bytes can be an Ethernet frame with IP: its type, the IP version and the IP length agree. For
 * payloads that do not say what they are. */
bool vo_layer_is_ethernet_with_ip(struct vo_layer layer);

/* wlan.c */
vo_layer_decode vo_layer_wlan, vo_layer_radiotap, vo_layer_ppi, vo_layer_prism, vo_layer_avs, vo_layer_amsdu;
enum vo_wlan_flag {
    VO_WLAN_FCS = 1,     /* four bytes of FCS at the end */
    VO_WLAN_BAD_FCS = 2, /* the receiver found it wrong */
    VO_WLAN_PADDED = 4,  /* the body begins at a multiple of four */
    VO_WLAN_SWAPPED = 8, /* the two bytes of frame control are exchanged */
};
enum vo_decoded vo_layer_wlan_frame(struct vo_packet *packet, struct vo_layer layer, unsigned flags);
/* What follows the header of a data frame whose flags are `control` (VO_IEEE80211_); `mpdu` has its
 * addresses and numbers. */
enum vo_decoded vo_layer_wlan_body(struct vo_packet *packet, struct vo_layer layer, unsigned control,
                                   bool amsdu, const struct vo_mpdu *mpdu);

/* ip.c */
vo_layer_decode vo_layer_ip, vo_layer_ipv4, vo_layer_ipv6;
/* What follows an IP header or a reassembled one: extension headers, UDP, TCP, tunnels. */
enum vo_decoded vo_layer_transport(struct vo_packet *packet, uint8_t protocol, struct vo_layer layer);

/* tunnel.c */
vo_layer_decode vo_layer_ipip, vo_layer_6in4, vo_layer_gre;
/* A tunnel that a UDP port suggests; the payload's first bytes have to confirm it. */
struct vo_tunnel {
    uint16_t port;
    bool answers; /* the port may be the source as well */
    /* False: the payload is not this tunnel's. Else *result is what is inside. */
    bool (*decode)(struct vo_packet *packet, struct vo_layer layer, enum vo_decoded *result);
};
/* The lowest and the highest port of the table: most media lies above, and is spared the search. */
enum { VO_TUNNEL_FIRST = 2152, VO_TUNNEL_LAST = 8472 };
static inline bool vo_tunnel_possible(uint16_t port)
{
    return port >= VO_TUNNEL_FIRST && port <= VO_TUNNEL_LAST;
}
const struct vo_tunnel *vo_tunnel_of(uint16_t source_port, uint16_t destination_port);

/* packet.c: the decoder of a link type, NULL if it is not known. */
vo_layer_decode *vo_layer_of_linktype(uint32_t linktype);

#endif
