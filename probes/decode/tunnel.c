/*
 * Tunnels. By IP protocol: IP in IP (RFC 2003, RFC 2473), 6in4 (RFC 4213), GRE (RFC 2784, RFC 2890, routing
 * of RFC 1701, version 1 of RFC 2637) with NVGRE (RFC 7637) and ERSPAN (draft-foschiano-erspan). By UDP port:
 * VXLAN (RFC 7348), VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), GENEVE (RFC 8926), GTP-U (3GPP TS 29.281), CAPWAP
 * data (RFC 5415 4.3).
 *
 * A port alone proves nothing: those decoders look at every fixed bit of their header first, so that RTP on
 * such a port stays RTP.
 */
#include "probes/decode/layers.h"

enum { PROTOCOL_IPV4 = 0x0800, PROTOCOL_IPV6 = 0x86dd, PROTOCOL_ETHERNET = 0x6558 };

/* Like vo_encap_add(), and keeps the DSCP of the outermost IP header. */
static bool enter(struct vo_packet *packet, enum vo_encap_kind kind, uint32_t id)
{
    if (!vo_encap_add(packet, kind, id))
        return false;
    if (!(packet->flags & VO_PACKET_TUNNELLED)) {
        packet->flags |= VO_PACKET_TUNNELLED;
        packet->outer_dscp = packet->dscp;
    }
    return true;
}

enum vo_decoded vo_layer_ipip(struct vo_packet *packet, struct vo_layer layer)
{
    return enter(packet, VO_ENCAP_IPIP, 0) ? vo_layer_ipv4(packet, layer) : VO_DECODED_OTHER;
}

enum vo_decoded vo_layer_6in4(struct vo_packet *packet, struct vo_layer layer)
{
    return enter(packet, VO_ENCAP_IPIP, 0) ? vo_layer_ipv6(packet, layer) : VO_DECODED_OTHER;
}

/* An ERSPAN header of `header` bytes; type I has none. The session is in the same place in types II and III.
 */
static enum vo_decoded decode_erspan(struct vo_packet *packet, struct vo_layer layer, uint32_t header)
{
    enum { SESSION = 0x3ff, TRUNCATED = 0x400, LONGEST = 0x10000 };
    enum { III = 12, FRAME_TYPE_IP = 2, SUBHEADER_FOLLOWS = 1, SUBHEADER = 8 };
    if (layer.size < header)
        return vo_layer_lacks(layer, header);
    uint16_t session = header ? vo_load16(layer.at + 2) : 0;
    bool ip = header == III && (layer.at[10] >> 2 & 0x1f) == FRAME_TYPE_IP;
    if (header == III && layer.at[11] & SUBHEADER_FOLLOWS) {
        header += SUBHEADER;
        if (layer.size < header)
            return vo_layer_lacks(layer, header);
    }
    if (!enter(packet, VO_ENCAP_ERSPAN, session & SESSION))
        return VO_DECODED_OTHER;
    layer = vo_layer_after(layer, header);
    if (session & TRUNCATED && layer.length < LONGEST) /* the switch cut the copy: as a snap length does */
        layer.length = LONGEST;
    return ip ? vo_layer_ip(packet, layer) : vo_layer_ethernet(packet, layer);
}

static enum vo_decoded decode_gre_payload(struct vo_packet *packet, uint16_t type, bool sequenced,
                                          uint32_t key, struct vo_layer layer)
{
    enum { ERSPAN = 0x88be, ERSPAN_III = 0x22eb, ERSPAN_II_HEADER = 8, ERSPAN_III_HEADER = 12 };
    if (type == ERSPAN)
        return decode_erspan(packet, layer, sequenced ? ERSPAN_II_HEADER : 0);
    if (type == ERSPAN_III)
        return decode_erspan(packet, layer, ERSPAN_III_HEADER);
    if (!enter(packet, VO_ENCAP_GRE, key))
        return VO_DECODED_OTHER;
    if (type == PROTOCOL_ETHERNET)
        return vo_layer_ethernet(packet, layer);
    return vo_layer_ethertype(packet, type, layer);
}

/* Version 1: PPP, numbered by call. Without a sequence number it only acknowledges. */
static enum vo_decoded decode_pptp(struct vo_packet *packet, struct vo_layer layer)
{
    enum { BASIC = 8, SEQUENCE = 0x1000, ACKNOWLEDGEMENT = 0x0080, PPP = 0x880b };
    if (layer.size < BASIC)
        return vo_layer_lacks(layer, BASIC);
    uint16_t flags = vo_load16(layer.at), length = vo_load16(layer.at + 4), call = vo_load16(layer.at + 6);
    uint32_t header = BASIC + (flags & SEQUENCE ? 4 : 0) + (flags & ACKNOWLEDGEMENT ? 4 : 0);
    if (vo_load16(layer.at + 2) != PPP || !(flags & SEQUENCE))
        return VO_DECODED_OTHER;
    if (layer.size < header)
        return vo_layer_lacks(layer, header);
    if (length > layer.length - header)
        return VO_DECODED_MALFORMED;
    if (!enter(packet, VO_ENCAP_GRE, call))
        return VO_DECODED_OTHER;
    return vo_layer_ppp(packet, vo_layer_trim(vo_layer_after(layer, header), length));
}

enum vo_decoded vo_layer_gre(struct vo_packet *packet, struct vo_layer layer)
{
    enum {
        BASIC = 4,
        CHECKSUM = 0x8000,
        ROUTING = 0x4000,
        KEY = 0x2000,
        SEQUENCE = 0x1000,
        VERSION = 7,
        PPTP = 1
    };
    if (layer.size < BASIC)
        return vo_layer_lacks(layer, BASIC);
    uint16_t flags = vo_load16(layer.at), type = vo_load16(layer.at + 2);
    if ((flags & VERSION) == PPTP)
        return decode_pptp(packet, layer);
    if (flags & VERSION)
        return VO_DECODED_OTHER;
    uint32_t key_at = BASIC + ((flags & (CHECKSUM | ROUTING)) ? 4 : 0);
    uint32_t header = key_at + (flags & KEY ? 4 : 0) + (flags & SEQUENCE ? 4 : 0);
    if (layer.size < header)
        return vo_layer_lacks(layer, header);
    uint32_t key = flags & KEY ? vo_load32(layer.at + key_at) : 0;
    layer = vo_layer_after(layer, header);
    for (bool more = flags & ROUTING; more;) { /* source routes up to an empty one */
        enum { ENTRY = 4, ENTRY_LENGTH = 3 };
        if (layer.size < ENTRY)
            return vo_layer_lacks(layer, ENTRY);
        uint32_t entry = ENTRY + layer.at[ENTRY_LENGTH];
        if (layer.size < entry)
            return vo_layer_lacks(layer, entry);
        more = vo_load16(layer.at) || layer.at[ENTRY_LENGTH];
        layer = vo_layer_after(layer, entry);
    }
    return decode_gre_payload(packet, type, flags & SEQUENCE, key, layer);
}

static bool decode_vxlan(struct vo_packet *packet, struct vo_layer layer, enum vo_decoded *result)
{
    enum { HEADER = 8, VNI_VALID = 0x08, GROUP_POLICY = 0x80 };
    if (layer.length < HEADER)
        return false;
    *result = VO_DECODED_CUT;
    if (layer.size < HEADER)
        return true;
    if ((layer.at[0] & ~GROUP_POLICY) != VNI_VALID)
        return false;
    *result = enter(packet, VO_ENCAP_VXLAN, vo_load24(layer.at + 4))
                  ? vo_layer_ethernet(packet, vo_layer_after(layer, HEADER))
                  : VO_DECODED_OTHER;
    return true;
}

static bool decode_vxlan_gpe(struct vo_packet *packet, struct vo_layer layer, enum vo_decoded *result)
{
    enum { HEADER = 8, RESERVED_AND_VERSION = 0xf0, VNI_VALID = 0x08, NEXT_PROTOCOL = 0x04, OAM = 0x01 };
    static vo_layer_decode *const next[] = {
        [1] = vo_layer_ipv4, [2] = vo_layer_ipv6, [3] = vo_layer_ethernet, [5] = vo_layer_mpls};
    if (layer.length < HEADER)
        return false;
    *result = VO_DECODED_CUT;
    if (layer.size < HEADER)
        return true;
    uint8_t flags = layer.at[0], protocol = flags & NEXT_PROTOCOL ? layer.at[3] : 3;
    if ((flags & (RESERVED_AND_VERSION | VNI_VALID)) != VNI_VALID)
        return false;
    *result = VO_DECODED_OTHER;
    if (flags & OAM || protocol >= sizeof next / sizeof *next || !next[protocol] ||
        !enter(packet, VO_ENCAP_VXLAN, vo_load24(layer.at + 4)))
        return true;
    *result = next[protocol](packet, vo_layer_after(layer, HEADER));
    return true;
}

static bool decode_geneve(struct vo_packet *packet, struct vo_layer layer, enum vo_decoded *result)
{
    enum {
        BASIC = 8,
        VERSION = 0xc0,
        OPTIONS = 0x3f,
        CONTROL = 0x80,
        RESERVED = 0x3f,
        SMALLEST_ETHERTYPE = 0x0600
    };
    if (layer.length < BASIC)
        return false;
    *result = VO_DECODED_CUT;
    if (layer.size < BASIC)
        return true;
    uint32_t header = BASIC + (layer.at[0] & OPTIONS) * 4u;
    uint16_t type = vo_load16(layer.at + 2);
    if (layer.at[0] & VERSION || layer.at[1] & RESERVED || layer.at[7] || type < SMALLEST_ETHERTYPE ||
        layer.length < header)
        return false;
    if (layer.size < header)
        return true;
    *result = VO_DECODED_OTHER;
    if (layer.at[1] & CONTROL || !enter(packet, VO_ENCAP_GENEVE, vo_load24(layer.at + 4)))
        return true;
    layer = vo_layer_after(layer, header);
    *result = type == PROTOCOL_ETHERNET ? vo_layer_ethernet(packet, layer)
                                        : vo_layer_ethertype(packet, type, layer);
    return true;
}

/* Skips GTP-U's optional fields and extension headers. CUT, or MALFORMED, or DATAGRAM: `layer` is the user's
 * packet. */
static enum vo_decoded skip_gtpu_extensions(struct vo_layer *layer, bool extended)
{
    enum { OPTIONAL = 4 };
    if (layer->size < OPTIONAL)
        return vo_layer_lacks(*layer, OPTIONAL);
    uint8_t next = extended ? layer->at[OPTIONAL - 1] : 0;
    *layer = vo_layer_after(*layer, OPTIONAL);
    while (next) {
        if (layer->size < 1)
            return vo_layer_lacks(*layer, 1);
        uint32_t size = layer->at[0] * 4u;
        if (size == 0)
            return VO_DECODED_MALFORMED;
        if (layer->size < size)
            return vo_layer_lacks(*layer, size);
        next = layer->at[size - 1];
        *layer = vo_layer_after(*layer, size);
    }
    return VO_DECODED_DATAGRAM;
}

static bool decode_gtpu(struct vo_packet *packet, struct vo_layer layer, enum vo_decoded *result)
{
    enum { BASIC = 8, FIXED = 0xf8, VERSION_1_GTP = 0x30, EXTENDED = 0x04, OPTIONAL = 0x07, GPDU = 255 };
    if (layer.length < BASIC)
        return false;
    *result = VO_DECODED_CUT;
    if (layer.size < BASIC)
        return true;
    uint8_t flags = layer.at[0];
    uint32_t teid = vo_load32(layer.at + 4), length = vo_load16(layer.at + 2);
    if ((flags & FIXED) != VERSION_1_GTP || layer.at[1] != GPDU || length > layer.length - BASIC)
        return false;
    layer = vo_layer_trim(vo_layer_after(layer, BASIC), length);
    enum vo_decoded skipped =
        flags & OPTIONAL ? skip_gtpu_extensions(&layer, flags & EXTENDED) : VO_DECODED_DATAGRAM;
    if (skipped == VO_DECODED_MALFORMED)
        return false;
    if (skipped == VO_DECODED_CUT)
        return true;
    if (!enter(packet, VO_ENCAP_GTPU, teid))
        *result = VO_DECODED_OTHER;
    else if (vo_layer_is_ethernet_with_ip(
                 layer)) /* a 5G Ethernet session: the type is only known to the network */
        *result = vo_layer_ethernet(packet, layer);
    else
        *result = vo_layer_ip(packet, layer);
    return true;
}

/* The 802.11 frame of a WLAN controller's tunnel. Cisco exchanges the bytes of the frame control. A tunnelled
 * data frame goes to or from the distribution system; exchanged, that bit lies in the version field, where it
 * cannot be otherwise. */
static enum vo_decoded decode_capwap_wlan(struct vo_packet *packet, struct vo_layer layer)
{
    enum { CONTROL = 2, VERSION = 0x03, DS = 0x03, VERSION_AND_TYPE = 0x0f, DATA = 0x08 };
    if (layer.size < CONTROL)
        return vo_layer_lacks(layer, CONTROL);
    uint8_t first = layer.at[0], second = layer.at[1];
    if (first & VERSION && (second & VERSION_AND_TYPE) == DATA)
        return vo_layer_wlan_frame(packet, layer, VO_WLAN_SWAPPED);
    if ((first & VERSION_AND_TYPE) == DATA && second & DS)
        return vo_layer_wlan_frame(packet, layer, 0);
    return VO_DECODED_OTHER;
}

/* CAPWAP's DTLS preamble: one byte and three reserved, then a DTLS record (RFC 6347 4.1). */
static bool is_capwap_dtls(struct vo_layer layer)
{
    enum { HEADER = 4, RECORD = 3 };
    if (layer.size < HEADER + RECORD || vo_load24(layer.at + 1) != 0)
        return false;
    const uint8_t *record = layer.at + HEADER;
    return record[0] >= 20 && record[0] <= 25 && record[1] == 0xfe;
}

static bool decode_capwap(struct vo_packet *packet, struct vo_layer layer, enum vo_decoded *result)
{
    enum {
        BASIC = 8,
        DTLS = 1,
        HEADER_LENGTH = 0xf8,
        WORD = 4,
        BINDING = 0x3e,
        BINDING_WLAN = 0x02,
        NATIVE = 0x01
    };
    enum { FRAGMENT = 0x80, KEEP_ALIVE = 0x08, RESERVED_FLAGS = 0x07, RESERVED = 0x07 };
    if (layer.length < BASIC)
        return false;
    *result = VO_DECODED_CUT;
    if (layer.size < BASIC)
        return true;
    const uint8_t *at = layer.at;
    *result = VO_DECODED_ENCRYPTED;
    if (at[0] == DTLS)
        return is_capwap_dtls(layer);
    uint32_t header = (uint32_t)(at[1] >> 3) * WORD;
    if (at[0] != 0 || header < BASIC || header > layer.length || at[3] & RESERVED_FLAGS || at[7] & RESERVED)
        return false;
    *result = VO_DECODED_CUT;
    if (layer.size < header)
        return true;
    *result = VO_DECODED_OTHER;
    bool native = at[2] & NATIVE, wlan = (at[2] & BINDING) == BINDING_WLAN;
    if (at[3] & (FRAGMENT | KEEP_ALIVE) || (native && !wlan) || !enter(packet, VO_ENCAP_CAPWAP, 0))
        return true;
    layer = vo_layer_after(layer, header);
    *result = native ? decode_capwap_wlan(packet, layer) : vo_layer_ethernet(packet, layer);
    return true;
}

/* A port beyond VO_TUNNEL_FIRST and VO_TUNNEL_LAST moves them. */
static const struct vo_tunnel tunnels[] = {
    {.port = 4789, .decode = decode_vxlan},
    {.port = 8472, .decode = decode_vxlan}, /* Linux before it had a number */
    {.port = 4790, .decode = decode_vxlan_gpe},
    {.port = 6081, .decode = decode_geneve},
    {.port = 2152, .decode = decode_gtpu},
    {.port = 5247, .answers = true, .decode = decode_capwap},
};

const struct vo_tunnel *vo_tunnel_of(uint16_t source_port, uint16_t destination_port)
{
    for (unsigned i = 0; i < sizeof tunnels / sizeof *tunnels; i++)
        if (tunnels[i].port == destination_port || (tunnels[i].answers && tunnels[i].port == source_port))
            return &tunnels[i];
    return NULL;
}
