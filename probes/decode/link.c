/*
 * Link layers: Ethernet and 802.3 (IEEE 802.3 3.2.6), LLC/SNAP (RFC 1042), 802.1Q/ad, MPLS (RFC 3032, RFC
 * 4448), PPPoE (RFC 2516), PPP (RFC 1661, RFC 1662), Cisco HDLC, and the pseudo headers of
 * www.tcpdump.org/linktypes.html.
 */
#include "probes/decode/layers.h"

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_VLAN = 0x8100, ETHERTYPE_IPV6 = 0x86dd };

static enum vo_decoded decode_vlan(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 4 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    uint16_t tag = vo_load16(layer.at);
    if (!vo_encap_add(packet, VO_ENCAP_VLAN, tag & 0xfff))
        return VO_DECODED_OTHER;
    packet->user_priority = (uint8_t)(tag >> 13);
    return vo_layer_ethertype(packet, vo_load16(layer.at + 2), vo_layer_after(layer, HEADER));
}

static const struct {
    uint16_t type;
    vo_layer_decode *decode;
} ethertypes[] = {
    {ETHERTYPE_IPV6, vo_layer_ipv6}, {0x88a8, decode_vlan},   {0x9100, decode_vlan},    {0x9200, decode_vlan},
    {0x8847, vo_layer_mpls},         {0x8848, vo_layer_mpls}, {0x8864, vo_layer_pppoe},
};

enum vo_decoded vo_layer_ethertype(struct vo_packet *packet, uint16_t type, struct vo_layer layer)
{
    if (type == ETHERTYPE_IPV4)
        return vo_layer_ipv4(packet, layer);
    if (type == ETHERTYPE_VLAN)
        return decode_vlan(packet, layer);
    for (unsigned i = 0; i < sizeof ethertypes / sizeof *ethertypes; i++)
        if (ethertypes[i].type == type)
            return ethertypes[i].decode(packet, layer);
    return VO_DECODED_OTHER;
}

enum vo_decoded vo_layer_ethernet(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 14, LONGEST_802_3 = 1500 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    uint16_t type = vo_load16(layer.at + 12);
    layer = vo_layer_after(layer, HEADER);
    if (type > LONGEST_802_3)
        return vo_layer_ethertype(packet, type, layer);
    if (type > layer.length)
        return VO_DECODED_MALFORMED;
    return vo_layer_llc(packet, vo_layer_trim(layer, type));
}

enum vo_decoded vo_layer_llc(struct vo_packet *packet, struct vo_layer layer)
{
    enum { LLC = 3, SNAP = 8 };
    static const uint8_t snap[3] = {0xaa, 0xaa, 0x03}, ip[3] = {0x06, 0x06, 0x03};
    static const uint8_t rfc1042[3] = {0, 0, 0}, bridge_tunnel[3] = {0, 0, 0xf8};
    if (layer.size < LLC)
        return vo_layer_lacks(layer, LLC);
    if (memcmp(layer.at, ip, LLC) == 0)
        return vo_layer_ipv4(packet, vo_layer_after(layer, LLC));
    if (memcmp(layer.at, snap, LLC) != 0)
        return VO_DECODED_OTHER;
    if (layer.size < SNAP)
        return vo_layer_lacks(layer, SNAP);
    const uint8_t *oui = layer.at + LLC;
    if (memcmp(oui, rfc1042, sizeof rfc1042) != 0 && memcmp(oui, bridge_tunnel, sizeof bridge_tunnel) != 0)
        return VO_DECODED_OTHER;
    return vo_layer_ethertype(packet, vo_load16(oui + 3), vo_layer_after(layer, SNAP));
}

bool vo_layer_is_ethernet_with_ip(struct vo_layer layer)
{
    enum { IPV4_HEADER = 20, IPV6_HEADER = 40, LENGTHS = 6 /* of IP: all of the header that is looked at */ };
    uint32_t at = 12;
    while (layer.size >= at + 4 &&
           (vo_load16(layer.at + at) == ETHERTYPE_VLAN || vo_load16(layer.at + at) == 0x88a8))
        at += 4;
    if (layer.size < at + 2 + LENGTHS)
        return false;
    uint16_t type = vo_load16(layer.at + at);
    struct vo_layer ip = vo_layer_after(layer, at + 2);
    if (type == ETHERTYPE_IPV4) {
        uint16_t total = vo_load16(ip.at + 2);
        return ip.at[0] >> 4 == 4 && (ip.at[0] & 15) >= 5 && total >= IPV4_HEADER && total <= ip.length;
    }
    return type == ETHERTYPE_IPV6 && ip.at[0] >> 4 == 6 &&
           IPV6_HEADER + (uint32_t)vo_load16(ip.at + 4) <= ip.length;
}

enum vo_decoded vo_layer_mpls(struct vo_packet *packet, struct vo_layer layer)
{
    enum { ENTRY = 4, BOTTOM = 0x100, CONTROL_WORD = 4 };
    uint32_t entry;
    do {
        if (layer.size < ENTRY)
            return vo_layer_lacks(layer, ENTRY);
        entry = vo_load32(layer.at);
        layer = vo_layer_after(layer, ENTRY);
        if (!vo_encap_add(packet, VO_ENCAP_MPLS, entry >> 12))
            return VO_DECODED_OTHER;
    } while (!(entry & BOTTOM));
    /* MPLS does not say what it carries: IP by its version, or an Ethernet pseudowire, with or without
     * control word. */
    if (layer.size > CONTROL_WORD && vo_load16(layer.at) == 0 &&
        vo_layer_is_ethernet_with_ip(vo_layer_after(layer, CONTROL_WORD)))
        return vo_layer_ethernet(packet, vo_layer_after(layer, CONTROL_WORD));
    if (vo_layer_is_ethernet_with_ip(layer))
        return vo_layer_ethernet(packet, layer);
    return vo_layer_ip(packet, layer);
}

enum vo_decoded vo_layer_ppp(struct vo_packet *packet, struct vo_layer layer)
{
    enum { ADDRESS = 0xff, ADDRESS_AND_CONTROL = 2 };
    static const struct {
        uint16_t protocol;
        vo_layer_decode *decode;
    } protocols[] = {
        {0x0021, vo_layer_ipv4}, {0x0057, vo_layer_ipv6}, {0x0281, vo_layer_mpls}, {0x0283, vo_layer_mpls}};
    if (layer.size < 1)
        return vo_layer_lacks(layer, 1);
    if (layer.at[0] == ADDRESS) { /* address and control, unless compressed away */
        if (layer.size < ADDRESS_AND_CONTROL + 1)
            return vo_layer_lacks(layer, ADDRESS_AND_CONTROL + 1);
        layer = vo_layer_after(layer, ADDRESS_AND_CONTROL);
    }
    bool compressed = layer.at[0] & 1;
    if (!compressed && layer.size < 2)
        return vo_layer_lacks(layer, 2);
    uint16_t protocol = compressed ? layer.at[0] : vo_load16(layer.at);
    for (unsigned i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (protocols[i].protocol == protocol)
            return protocols[i].decode(packet, vo_layer_after(layer, compressed ? 1 : 2));
    return VO_DECODED_OTHER;
}

/* PPP or Cisco HDLC, which differ in the address byte. */
enum vo_decoded vo_layer_ppp_hdlc(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 4, CISCO_UNICAST = 0x0f, CISCO_MULTICAST = 0x8f };
    if (layer.size < 1)
        return vo_layer_lacks(layer, 1);
    if (layer.at[0] != CISCO_UNICAST && layer.at[0] != CISCO_MULTICAST)
        return vo_layer_ppp(packet, layer);
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    return vo_layer_ethertype(packet, vo_load16(layer.at + 2), vo_layer_after(layer, HEADER));
}

enum vo_decoded vo_layer_pppoe(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 6, VERSION_1_TYPE_1 = 0x11, CODE_SESSION = 0 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    uint32_t length = vo_load16(layer.at + 4);
    if (layer.at[0] != VERSION_1_TYPE_1 || length > layer.length - HEADER)
        return VO_DECODED_MALFORMED;
    if (layer.at[1] != CODE_SESSION || !vo_encap_add(packet, VO_ENCAP_PPPOE, vo_load16(layer.at + 2)))
        return VO_DECODED_OTHER;
    return vo_layer_ppp(packet, vo_layer_trim(vo_layer_after(layer, HEADER), length));
}

/* An address family in the byte order of the host that captured, or of the network. */
enum vo_decoded vo_layer_null(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 4 };
    static const struct {
        uint32_t family;
        vo_layer_decode *decode;
    } families[] = {
        {2, vo_layer_ipv4},  {10, vo_layer_ipv6}, /* Linux */
        {23, vo_layer_ipv6},                      /* Windows */
        {24, vo_layer_ipv6},                      /* NetBSD, OpenBSD */
        {28, vo_layer_ipv6},                      /* FreeBSD */
        {30, vo_layer_ipv6},                      /* macOS */
    };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    uint32_t family = vo_load32(layer.at);
    if (family > 0xffff)
        family = vo_load32_le(layer.at);
    for (unsigned i = 0; i < sizeof families / sizeof *families; i++)
        if (families[i].family == family)
            return families[i].decode(packet, vo_layer_after(layer, HEADER));
    return VO_DECODED_OTHER;
}

/* Behind a Linux cooked header: the ARP hardware type decides where it is no EtherType's. */
static enum vo_decoded decode_cooked(struct vo_packet *packet, uint16_t hardware, uint16_t protocol,
                                     struct vo_layer layer)
{
    enum { ARPHRD_RADIOTAP = 803, PROTOCOL_LLC = 4 };
    if (hardware == ARPHRD_RADIOTAP)
        return vo_layer_radiotap(packet, layer);
    if (protocol == PROTOCOL_LLC)
        return vo_layer_llc(packet, layer);
    return vo_layer_ethertype(packet, protocol, layer);
}

enum vo_decoded vo_layer_sll(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 16 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    return decode_cooked(packet, vo_load16(layer.at + 2), vo_load16(layer.at + 14),
                         vo_layer_after(layer, HEADER));
}

enum vo_decoded vo_layer_sll2(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 20 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    return decode_cooked(packet, vo_load16(layer.at + 8), vo_load16(layer.at), vo_layer_after(layer, HEADER));
}

/* Endace: a 16-byte header, 8-byte extension headers while bit 7 of the type says so, then two more bytes for
 * Ethernet. */
enum vo_decoded vo_layer_erf(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 16, EXTENSION = 8, TYPE = 8, MORE = 0x80 };
    static const struct {
        uint8_t type, pad;
        vo_layer_decode *decode;
    } types[] = {
        {1, 0, vo_layer_ppp_hdlc},  {2, 2, vo_layer_ethernet},  {10, 0, vo_layer_ppp_hdlc},
        {11, 2, vo_layer_ethernet}, {15, 0, vo_layer_ppp_hdlc}, {16, 2, vo_layer_ethernet},
        {19, 0, vo_layer_ppp_hdlc}, {20, 2, vo_layer_ethernet}, {22, 0, vo_layer_ipv4},
        {23, 0, vo_layer_ipv6},
    };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    uint8_t type = layer.at[TYPE] & (uint8_t)~MORE;
    bool more = layer.at[TYPE] & MORE;
    layer = vo_layer_after(layer, HEADER);
    while (more) {
        if (layer.size < EXTENSION)
            return vo_layer_lacks(layer, EXTENSION);
        more = layer.at[0] & MORE;
        layer = vo_layer_after(layer, EXTENSION);
    }
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].type != type)
            continue;
        if (layer.size < types[i].pad)
            return vo_layer_lacks(layer, types[i].pad);
        return types[i].decode(packet, vo_layer_after(layer, types[i].pad));
    }
    return VO_DECODED_OTHER;
}
