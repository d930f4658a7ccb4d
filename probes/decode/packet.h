/*
 * From a captured frame to the innermost IP datagram: link layers, tunnels, IP, UDP, TCP.
 *
 * Pure: no allocation, no state. Link layers (link.c, wlan.c): Ethernet, VLAN, QinQ, MPLS, PPPoE, PPP, Linux
 * cooked v1 and v2, BSD null/loopback, raw IP, ERF, 802.11 bare or with radiotap, PPI, Prism or AVS. Tunnels
 * (tunnel.c): IPIP, 6in4, GRE, NVGRE, ERSPAN I/II/III, VXLAN, GENEVE, CAPWAP data (802.3 or 802.11 inside),
 * GTP-U. Each is a row of a table, keyed by link type, EtherType, IP protocol or UDP port.
 *
 * Lengths: `captured` is what the file holds, `length` what was on the wire. Nothing beyond `captured` is
 * read; sizes come from the IP header, so that Ethernet padding and the FCS are never payload.
 */
#ifndef VO_PROBES_DECODE_PACKET_H
#define VO_PROBES_DECODE_PACKET_H

#include "probes/decode/bytes.h"
#include "probes/decode/ieee80211.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum vo_decoded {
    VO_DECODED_DATAGRAM, /* UDP or TCP: ports, payload */
    VO_DECODED_FRAGMENT, /* an IP fragment: `fragment` and payload (the fragment's data); see
                            vo_decode_transport() */
    VO_DECODED_OTHER, /* well formed, but not for us: ARP, ICMP, management frames, unknown EtherType … */
    VO_DECODED_ENCRYPTED, /* an 802.11 frame with protected payload, or ESP */
    VO_DECODED_DAMAGED,   /* 802.11 with a bad FCS: its content cannot be believed */
    VO_DECODED_CUT,       /* the snap length cut a header */
    VO_DECODED_MALFORMED, /* lengths that contradict each other */
    VO_DECODED_LINK,      /* a link type that is not known */
};

enum vo_encap_kind {
    VO_ENCAP_VLAN = 1,
    VO_ENCAP_MPLS,
    VO_ENCAP_PPPOE,
    VO_ENCAP_IPIP,
    VO_ENCAP_GRE,
    VO_ENCAP_ERSPAN,
    VO_ENCAP_VXLAN,
    VO_ENCAP_GENEVE,
    VO_ENCAP_CAPWAP,
    VO_ENCAP_GTPU,
    /* The way of a frame that was received on the air, so that what an access point relays is not taken for a
     * copy. Always the outermost one. The first two by the station at their end, which stays the same while
     * it roams, the others by the transmitter. */
    VO_ENCAP_TO_AP,
    VO_ENCAP_FROM_AP,
    VO_ENCAP_GROUP,  /* from the access point to a group address */
    VO_ENCAP_WDS,    /* to and from the distribution system: four addresses */
    VO_ENCAP_DIRECT, /* from station to station */
};

struct vo_encap {
    uint64_t kind : 8;
    uint64_t id : 56; /* VLAN id, label, session, key, VNI, TEID, address on the air; 0 where there is none */
};

#define VO_ENCAP_MAX 8 /* deeper nesting is VO_DECODED_OTHER */

enum vo_packet_flag {
    VO_PACKET_IPV6 = 1,
    VO_PACKET_SNAPPED = 2,   /* payload_size < payload_length because of the snap length */
    VO_PACKET_TUNNELLED = 4, /* an outer IP header exists: outer_dscp is valid */
    VO_PACKET_WLAN = 8,      /* came in an 802.11 data frame */
    VO_PACKET_WLAN_RETRY = 16,
    VO_PACKET_ON_AIR = 32, /* received on the air: `mpdu` is valid */
};

/* The frame that a packet came in, received on the air: what tells it from others and knows a repetition
 * (IEEE 802.11-2020 10.3.2.14). */
struct vo_mpdu {
    vo_wlan_address transmitter, receiver;
    const uint8_t *body; /* borrowed, `size` captured bytes */
    uint32_t size;
    uint16_t sequence;
    uint8_t tid; /* VO_MPDU_NO_TID: no QoS */
    bool retry;
};
enum { VO_MPDU_NO_TID = 16 };

/* IP addresses are 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). All of the innermost IP header. */
struct vo_packet {
    uint8_t source[16], destination[16];
    uint16_t source_port, destination_port;
    uint8_t protocol; /* 17 UDP, 6 TCP, or what else the IP header says */
    uint8_t dscp;     /* ECN masked */
    uint8_t ecn;
    uint8_t ttl;
    uint8_t outer_dscp;    /* of the outermost IP header */
    uint8_t flags;         /* enum vo_packet_flag */
    uint8_t user_priority; /* 802.11 QoS control or the innermost 802.1Q PCP, 0xff: none */
    uint8_t encap_count;
    uint32_t encap_hash;     /* of kinds and ids in order; 0 when encap_count is 0 */
    const uint8_t *payload;  /* of UDP or TCP, or the fragment's data; borrowed from the frame */
    uint32_t payload_size;   /* captured bytes of it */
    uint32_t payload_length; /* bytes of it on the wire, from the IP and UDP lengths */
    uint32_t ip_length;      /* the innermost IP packet on the wire, header included */
    union {
        struct {
            uint32_t sequence, acknowledgement;
            uint8_t flags; /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16 */
        } tcp;
        struct {
            uint32_t id;
            uint32_t offset; /* bytes */
            uint8_t protocol;
            bool more;
        } fragment;
    };
    struct vo_encap encap[VO_ENCAP_MAX]; /* outermost first */
    struct vo_mpdu mpdu;
    const uint8_t *rest;             /* further MSDUs of an 802.11 A-MSDU, for vo_decode_next(); NULL: none */
    uint32_t rest_size, rest_length; /* captured, and on the wire */
    uint8_t rest_encap_count, rest_flags,
        rest_user_priority; /* as they were outside the A-MSDU; for vo_decode_next() */
};

/* Decodes one frame of link type `linktype` (LINKTYPE_ value of the file, not DLT_). All members that the
 * result names are set. */
enum vo_decoded vo_decode_frame(uint32_t linktype, const uint8_t *data, uint32_t captured, uint32_t length,
                                struct vo_packet *packet);
/* The same from a frame on the air whose header has been read: as vo_decode_frame() of the whole. */
enum vo_decoded vo_decode_wlan(const struct vo_ieee80211 *frame, struct vo_packet *packet);
/* The next MSDU of the same frame. Call while packet->rest is not NULL. */
enum vo_decoded vo_decode_next(struct vo_packet *packet);
/* Goes on above IP with a reassembled datagram of `size` bytes, all captured; addresses and encapsulations
 * stay. Tunnels inside it are followed. */
enum vo_decoded vo_decode_transport(struct vo_packet *packet, uint8_t protocol, const uint8_t *data,
                                    uint32_t size);

/* For messages: is this LINKTYPE_ known? NULL if not, else its name. */
const char *vo_linktype_name(uint32_t linktype);

/* ::ffff:a.b.c.d, in two stores of eight bytes: who loads more of the address than was stored at once has to
 * wait. */
static inline void vo_map_ipv4(uint8_t address[16], const uint8_t *ipv4)
{
    uint64_t high = 0, low;
    uint8_t bytes[sizeof low] = {0, 0, 0xff, 0xff, ipv4[0], ipv4[1], ipv4[2], ipv4[3]};
    memcpy(&low, bytes, sizeof low);
    memcpy(address, &high, sizeof high);
    memcpy(address + sizeof high, &low, sizeof low);
}

/* "192.0.2.1" or "2001:db8::1"; `text` holds VO_ADDRESS_TEXT bytes. */
#define VO_ADDRESS_TEXT 46
char *vo_address_format(const uint8_t address[16], char *text);
/* "192.0.2.1:5004" or "[2001:db8::1]:5004". `text` holds VO_ENDPOINT_TEXT bytes. */
#define VO_ENDPOINT_TEXT 54
char *vo_endpoint_format(const uint8_t address[16], uint16_t port, char *text);
/* Parses an IPv4 or IPv6 literal (no brackets); false if it is none. */
bool vo_address_parse(const char *text, size_t size, uint8_t address[16]);
/* "vlan100/vxlan7", "to_ap-02:00:00:00:10:00"; empty for none. Returns `text`. */
#define VO_ENCAP_TEXT 160
char *vo_encap_format(const struct vo_encap *encap, unsigned count, char *text);
/* The way of a frame on the air whose flags are `control` (VO_IEEE80211_). */
struct vo_encap vo_encap_of_air(unsigned control, vo_wlan_address transmitter, vo_wlan_address receiver);
/* Whether the outermost is a way on the air. */
static inline bool vo_encap_is_air(const struct vo_encap *encap, unsigned count)
{
    return count && encap[0].kind >= VO_ENCAP_TO_AP;
}
/* The hash of the way back of what has these encapsulations and this `hash`: the same, but that what went to
 * the access point comes from it. */
uint32_t vo_encap_back(const struct vo_encap *encap, unsigned count, uint32_t hash);

#endif
