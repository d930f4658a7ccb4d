/* Ethernet, IP, UDP, TCP and tunnels around a payload, with their checksums. */
#include "samples/gen.h"

#include <arpa/inet.h>
#include <string.h>

#define ETHERNET  14
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_GRE 47

void gen_store16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void gen_store32(uint8_t *at, uint32_t value)
{
    gen_store16(at, value >> 16);
    gen_store16(at + 2, value & 0xffff);
}

uint16_t gen_checksum(uint32_t sum, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i + 1 < size; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    if (size & 1)
        sum += (uint32_t)bytes[size - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

struct gen_address gen_ip(const char *text, uint16_t port)
{
    struct gen_address address = {.six = strchr(text, ':') != NULL, .port = port};
    if (inet_pton(address.six ? AF_INET6 : AF_INET, text, address.bytes) != 1)
        gen_die("not an address: %s", text);
    return address;
}

struct gen_path gen_reverse(struct gen_path path)
{
    struct gen_address from = path.from;
    path.from = path.to;
    path.to = from;
    return path;
}

char *gen_address_text(const struct gen_address *address, bool with_port, char text[64])
{
    char plain[INET6_ADDRSTRLEN];
    inet_ntop(address->six ? AF_INET6 : AF_INET, address->bytes, plain, sizeof plain);
    if (!with_port)
        snprintf(text, 64, "%s", plain);
    else
        snprintf(text, 64, address->six ? "[%s]:%u" : "%s:%u", plain, (unsigned)address->port);
    return text;
}

static size_t address_size(const struct gen_address *address)
{
    return address->six ? 16 : 4;
}

/* Sum of the pseudo header (RFC 768, RFC 8200 8.1). */
static uint32_t pseudo_sum(const struct gen_path *path, unsigned protocol, size_t size)
{
    uint8_t both[32];
    size_t half = address_size(&path->from);
    memcpy(both, path->from.bytes, half);
    memcpy(both + half, path->to.bytes, half);
    return (uint16_t)~gen_checksum(0, both, 2 * half) + protocol + (uint32_t)size;
}

/* The header of an IP packet whose payload has `size` bytes; `offset` in the IPv4 fragment field's own form.
 */
static uint8_t *put_ip(uint8_t *at, const struct gen_path *path, unsigned protocol, size_t size, unsigned id,
                       unsigned offset)
{
    unsigned class = (unsigned)path->dscp << 2 | path->ecn;
    if (path->from.six) {
        gen_store32(at, 6u << 28 | class << 20);
        gen_store16(at + 4, (unsigned)size);
        at[6] = (uint8_t)protocol;
        at[7] = 64;
        memcpy(at + 8, path->from.bytes, 16);
        memcpy(at + 24, path->to.bytes, 16);
        return at + 40;
    }
    at[0] = 0x45;
    at[1] = (uint8_t) class;
    gen_store16(at + 2, (unsigned)size + 20);
    gen_store16(at + 4, id);
    gen_store16(at + 6, offset);
    at[8] = 64;
    at[9] = (uint8_t)protocol;
    gen_store16(at + 10, 0);
    memcpy(at + 12, path->from.bytes, 4);
    memcpy(at + 16, path->to.bytes, 4);
    gen_store16(at + 10, gen_checksum(0, at, 20));
    return at + 20;
}

/* Locally administered MAC addresses, made from the IP addresses. */
static uint8_t *put_mac(uint8_t *at, const struct gen_path *path)
{
    const struct gen_address *ends[] = {&path->to, &path->from};
    for (int i = 0; i < 2; i++, at += 6) {
        at[0] = 2;
        at[1] = 0;
        memcpy(at + 2, ends[i]->bytes + address_size(ends[i]) - 4, 4);
    }
    return at;
}

static uint8_t *put_type(uint8_t *at, unsigned type)
{
    gen_store16(at, type);
    return at + 2;
}

static uint8_t *put_tag(uint8_t *at, unsigned type, unsigned id)
{
    gen_store16(at, type);
    gen_store16(at + 2, id);
    return at + 4;
}

/* The outer packet of a tunnel between two fixed ends, around `size` bytes. */
static uint8_t *put_outer(uint8_t *at, const struct gen_path *path, size_t size)
{
    struct gen_path outer = {.from = gen_ip("192.0.2.1", 49152), .to = gen_ip("192.0.2.2", 4789)};
    outer.dscp = path->outer_dscp;
    if (path->tunnel == GEN_GRE) {
        at = put_ip(at, &outer, PROTO_GRE, size + 4, 0, 0);
        gen_store32(at, 0x0800);
        return at + 4;
    }
    at = put_ip(at, &outer, PROTO_UDP, size + 8 + 8 + ETHERNET, 0, 0);
    gen_store16(at, outer.from.port);
    gen_store16(at + 2, outer.to.port);
    gen_store16(at + 4, (unsigned)size + 8 + 8 + ETHERNET);
    gen_store16(at + 6, 0); /* RFC 7348: no checksum */
    gen_store32(at + 8, 8u << 24);
    gen_store32(at + 12, GEN_VNI << 8);
    return put_type(put_mac(at + 16, path), 0x0800);
}

/* Everything before the IP packet of `size` bytes. */
static uint8_t *put_link(uint8_t *at, const struct gen_path *path, size_t size)
{
    at = put_mac(at, path);
    if (path->tunnel == GEN_QINQ)
        at = put_tag(at, 0x88a8, GEN_VLAN_ID);
    if (path->tunnel == GEN_VLAN || path->tunnel == GEN_QINQ)
        at = put_tag(at, 0x8100, path->tunnel == GEN_QINQ ? GEN_INNER_ID : GEN_VLAN_ID);
    at = put_type(at, path->from.six ? 0x86dd : 0x0800);
    return path->tunnel == GEN_GRE || path->tunnel == GEN_VXLAN ? put_outer(at, path, size) : at;
}

static size_t ip_size(const struct gen_path *path)
{
    return path->from.six ? 40 : 20;
}

/* Wraps the `size` bytes of UDP or TCP that `segment` holds. */
static size_t wrap(uint8_t *frame, const struct gen_path *path, unsigned protocol, const uint8_t *segment,
                   size_t size)
{
    static unsigned id;
    if (size + 200 > GEN_FRAME_MAX)
        gen_die("a packet of %zu bytes does not fit into a frame", size);
    uint8_t *at = put_link(frame, path, size + ip_size(path));
    at = put_ip(at, path, protocol, size, ++id & 0xffff, 0x4000);
    memcpy(at, segment, size);
    return (size_t)(at - frame) + size;
}

static size_t put_udp(uint8_t *datagram, const struct gen_path *path, const void *payload, size_t size)
{
    if (size + 8 > GEN_FRAME_MAX)
        gen_die("a datagram of %zu bytes is too large", size);
    gen_store16(datagram, path->from.port);
    gen_store16(datagram + 2, path->to.port);
    gen_store16(datagram + 4, (unsigned)size + 8);
    gen_store16(datagram + 6, 0);
    memcpy(datagram + 8, payload, size);
    uint16_t sum = gen_checksum(pseudo_sum(path, PROTO_UDP, size + 8), datagram, size + 8);
    gen_store16(datagram + 6, sum ? sum : 0xffff);
    return size + 8;
}

size_t gen_udp(uint8_t *frame, const struct gen_path *path, const void *payload, size_t size)
{
    uint8_t datagram[GEN_FRAME_MAX];
    size_t whole = put_udp(datagram, path, payload, size);
    return wrap(frame, path, PROTO_UDP, datagram, whole);
}

size_t gen_tcp(uint8_t *frame, const struct gen_path *path, const struct gen_segment *segment,
               const void *payload, size_t size)
{
    uint8_t bytes[GEN_FRAME_MAX] = {0};
    if (size + 20 > sizeof bytes)
        gen_die("a segment of %zu bytes is too large", size);
    gen_store16(bytes, path->from.port);
    gen_store16(bytes + 2, path->to.port);
    gen_store32(bytes + 4, segment->sequence);
    gen_store32(bytes + 8, segment->acknowledgement);
    bytes[12] = 5 << 4;
    bytes[13] = segment->flags;
    gen_store16(bytes + 14, 65000);
    if (size)
        memcpy(bytes + 20, payload, size);
    gen_store16(bytes + 16, gen_checksum(pseudo_sum(path, PROTO_TCP, size + 20), bytes, size + 20));
    return wrap(frame, path, PROTO_TCP, bytes, size + 20);
}

size_t gen_fragment(uint8_t *frame, const struct gen_path *path, const void *payload, size_t size, size_t mtu,
                    unsigned index)
{
    uint8_t datagram[GEN_FRAME_MAX];
    size_t whole = put_udp(datagram, path, payload, size), from = index * mtu;
    if (from >= whole)
        return 0;
    size_t part = whole - from < mtu ? whole - from : mtu;
    unsigned more = from + part < whole ? 0x2000 : 0;
    uint8_t *at = put_link(frame, path, part + ip_size(path));
    at = put_ip(at, path, PROTO_UDP, part, 0x4242, more | (unsigned)(from / 8));
    memcpy(at, datagram + from, part);
    return (size_t)(at - frame) + part;
}
