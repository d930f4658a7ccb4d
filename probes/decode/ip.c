/* IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200, RFC 4302), UDP (RFC 768), TCP (RFC 9293). */
#include "probes/decode/layers.h"

enum {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_IPIP = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_6IN4 = 41,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_GRE = 47,
    PROTOCOL_ESP = 50,
    PROTOCOL_AH = 51,
    PROTOCOL_NONE = 59,
    PROTOCOL_DESTINATION = 60,
};

/* `layer` is the payload of UDP or TCP. */
static inline enum vo_decoded finish(struct vo_packet *packet, struct vo_layer layer)
{
    packet->payload = layer.at;
    packet->payload_size = layer.size;
    packet->payload_length = layer.length;
    if (layer.size < layer.length)
        packet->flags |= VO_PACKET_SNAPPED;
    return VO_DECODED_DATAGRAM;
}

static enum vo_decoded decode_udp(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 8 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    uint16_t source = vo_load16(layer.at), destination = vo_load16(layer.at + 2);
    uint32_t length = vo_load16(layer.at + 4);
    if (length == 0) /* segmentation offload */
        length = layer.length;
    if (length < HEADER || length > layer.length)
        return VO_DECODED_MALFORMED;
    layer = vo_layer_after(vo_layer_trim(layer, length), HEADER);
    if (vo_tunnel_possible(destination) || vo_tunnel_possible(source)) {
        const struct vo_tunnel *tunnel = vo_tunnel_of(source, destination);
        enum vo_decoded result;
        if (tunnel && tunnel->decode(packet, layer, &result))
            return result;
    }
    packet->source_port = source;
    packet->destination_port = destination;
    return finish(packet, layer);
}

static enum vo_decoded decode_tcp(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 20 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    uint32_t header = (uint32_t)(layer.at[12] >> 4) * 4;
    if (header < HEADER)
        return VO_DECODED_MALFORMED;
    if (header > layer.size)
        return vo_layer_lacks(layer, header);
    packet->source_port = vo_load16(layer.at);
    packet->destination_port = vo_load16(layer.at + 2);
    packet->tcp.sequence = vo_load32(layer.at + 4);
    packet->tcp.acknowledgement = vo_load32(layer.at + 8);
    packet->tcp.flags = layer.at[13] & 0x1f;
    return finish(packet, vo_layer_after(layer, header));
}

static enum vo_decoded decode_esp(struct vo_packet *packet, struct vo_layer layer)
{
    (void)packet;
    (void)layer;
    return VO_DECODED_ENCRYPTED;
}

static const struct {
    uint8_t protocol;
    vo_layer_decode *decode;
} protocols[] = {
    {PROTOCOL_TCP, decode_tcp},     {PROTOCOL_UDP, decode_udp},   {PROTOCOL_IPIP, vo_layer_ipip},
    {PROTOCOL_6IN4, vo_layer_6in4}, {PROTOCOL_GRE, vo_layer_gre}, {PROTOCOL_ESP, decode_esp},
};

/* Headers that only lead to the next one: hop-by-hop, routing, destination options (RFC 8200 4), AH (RFC
 * 4302 2.2), and mobility, HIP and shim6, which have the same shape. `unit` times (length byte + `offset`) is
 * the size in bytes. */
static const struct extension {
    uint8_t protocol, unit, offset;
    bool ipv4_too;
} extensions[] = {
    {PROTOCOL_HOP_BY_HOP, 8, 1, false},
    {PROTOCOL_ROUTING, 8, 1, false},
    {PROTOCOL_DESTINATION, 8, 1, false},
    {PROTOCOL_AH, 4, 2, true},
    {135, 8, 1, false},
    {139, 8, 1, false},
    {140, 8, 1, false},
};

static const struct extension *find_extension(uint8_t protocol, bool ipv6)
{
    for (unsigned i = 0; i < sizeof extensions / sizeof *extensions; i++)
        if (extensions[i].protocol == protocol && (ipv6 || extensions[i].ipv4_too))
            return &extensions[i];
    return NULL;
}

static enum vo_decoded note_fragment(struct vo_packet *packet, uint32_t id, uint32_t offset, bool more,
                                     struct vo_layer layer)
{
    packet->fragment.id = id;
    packet->fragment.offset = offset;
    packet->fragment.more = more;
    packet->fragment.protocol = packet->protocol;
    finish(packet, layer);
    return VO_DECODED_FRAGMENT;
}

/* Walks to the header that is not an extension. CUT and MALFORMED end it, FRAGMENT too; DATAGRAM means
 * `layer` and packet->protocol are what follows. */
static enum vo_decoded skip_extensions(struct vo_packet *packet, struct vo_layer *layer)
{
    enum { SMALLEST = 8 };
    bool ipv6 = packet->flags & VO_PACKET_IPV6;
    for (;;) {
        const struct extension *extension = find_extension(packet->protocol, ipv6);
        bool fragment = ipv6 && packet->protocol == PROTOCOL_FRAGMENT;
        if (!extension && !fragment)
            return VO_DECODED_DATAGRAM;
        if (layer->size < SMALLEST)
            return vo_layer_lacks(*layer, SMALLEST);
        const uint8_t *header = layer->at;
        uint32_t size = fragment ? SMALLEST : (uint32_t)(header[1] + extension->offset) * extension->unit;
        if (size < SMALLEST)
            return VO_DECODED_MALFORMED;
        if (layer->size < size)
            return vo_layer_lacks(*layer, size);
        packet->protocol = header[0];
        *layer = vo_layer_after(*layer, size);
        if (!fragment)
            continue;
        uint32_t offset = vo_load16(header + 2) & 0xfff8u;
        bool more = header[3] & 1;
        if (offset || more) /* an atomic fragment (RFC 6946) is whole */
            return note_fragment(packet, vo_load32(header + 4), offset, more, *layer);
    }
}

static vo_layer_decode *find_protocol(uint8_t protocol)
{
    for (unsigned i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (protocols[i].protocol == protocol)
            return protocols[i].decode;
    return NULL;
}

enum vo_decoded vo_layer_transport(struct vo_packet *packet, uint8_t protocol, struct vo_layer layer)
{
    packet->protocol = protocol;
    if (protocol == PROTOCOL_UDP) /* nearly all that is of interest: without a search */
        return decode_udp(packet, layer);
    vo_layer_decode *decode = find_protocol(protocol);
    if (!decode) {
        enum vo_decoded skipped = skip_extensions(packet, &layer);
        if (skipped != VO_DECODED_DATAGRAM)
            return skipped;
        decode = find_protocol(packet->protocol);
    }
    return decode ? decode(packet, layer) : VO_DECODED_OTHER;
}

static inline void note_class(struct vo_packet *packet, uint8_t traffic_class, uint8_t ttl, uint32_t length)
{
    packet->dscp = traffic_class >> 2;
    packet->ecn = traffic_class & 3;
    packet->ttl = ttl;
    packet->ip_length = length;
}

enum vo_decoded vo_layer_ipv4(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 20, MORE_FRAGMENTS = 0x2000, OFFSET = 0x1fff };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    const uint8_t *ip = layer.at;
    uint32_t header = (ip[0] & 15u) * 4;
    uint32_t total = vo_load16(ip + 2);
    if (total == 0) /* segmentation offload: the card would have filled it in */
        total = layer.length;
    if (ip[0] >> 4 != 4 || header < HEADER || total < header || total > layer.length)
        return VO_DECODED_MALFORMED;
    if (header > layer.size)
        return VO_DECODED_CUT;
    note_class(packet, ip[1], ip[8], total);
    packet->flags &= (uint8_t)~VO_PACKET_IPV6;
    packet->protocol = ip[9];
    vo_map_ipv4(packet->source, ip + 12);
    vo_map_ipv4(packet->destination, ip + 16);
    layer = vo_layer_after(vo_layer_trim(layer, total), header);
    unsigned fragment = vo_load16(ip + 6);
    if (fragment & (MORE_FRAGMENTS | OFFSET))
        return note_fragment(packet, vo_load16(ip + 4), (fragment & OFFSET) * 8, fragment & MORE_FRAGMENTS,
                             layer);
    return vo_layer_transport(packet, ip[9], layer);
}

enum vo_decoded vo_layer_ipv6(struct vo_packet *packet, struct vo_layer layer)
{
    enum { HEADER = 40 };
    if (layer.size < HEADER)
        return vo_layer_lacks(layer, HEADER);
    const uint8_t *ip = layer.at;
    uint32_t payload = vo_load16(ip + 4);
    uint8_t next = ip[6];
    if (payload == 0 && next != PROTOCOL_NONE) /* segmentation offload, or a jumbogram */
        payload = layer.length - HEADER;
    if (ip[0] >> 4 != 6 || HEADER + payload > layer.length)
        return VO_DECODED_MALFORMED;
    note_class(packet, (uint8_t)(vo_load16(ip) >> 4), ip[7], HEADER + payload);
    packet->flags |= VO_PACKET_IPV6;
    packet->protocol = next;
    memcpy(packet->source, ip + 8, 16);
    memcpy(packet->destination, ip + 24, 16);
    if (vo_load16(ip + 4) == 0 && next == PROTOCOL_HOP_BY_HOP) /* jumbogram (RFC 2675) */
        return VO_DECODED_OTHER;
    return vo_layer_transport(packet, next, vo_layer_after(vo_layer_trim(layer, HEADER + payload), HEADER));
}

enum vo_decoded vo_layer_ip(struct vo_packet *packet, struct vo_layer layer)
{
    if (layer.size < 1)
        return vo_layer_lacks(layer, 1);
    if (layer.at[0] >> 4 == 4)
        return vo_layer_ipv4(packet, layer);
    if (layer.at[0] >> 4 == 6)
        return vo_layer_ipv6(packet, layer);
    return VO_DECODED_OTHER;
}
