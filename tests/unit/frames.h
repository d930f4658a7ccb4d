/*
 * Frames for the tests of the packet decoder: pieces to build them from, and what is checked of each.
 *
 * Every frame of a table ends in one of two known datagrams, perhaps followed by a trailer. It is decoded
 * whole, snapped at every length and cut short at every length, always from a copy of exactly that size.
 */
#ifndef VO_TESTS_UNIT_FRAMES_H
#define VO_TESTS_UNIT_FRAMES_H

#include "probes/decode/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define B16(x)                            (uint8_t)((x) >> 8), (uint8_t)(x)
#define ETHERNET(type)                    2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, B16(type)
#define LLC_SNAP(type)                    0xaa, 0xaa, 3, 0, 0, 0, B16(type)
#define UDP(source, destination, payload) B16(source), B16(destination), B16(8 + (payload)), 0, 0

/* The outer headers of a tunnel: DSCP 10 (AF11). `payload` is what follows. */
#define OUTER4(protocol, payload)                                                                            \
    0x45, 0x28, B16(20 + (payload)), 0, 9, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2
#define OUTER6(next, payload)                                                                                \
    0x62, 0x80, 0, 0, B16(payload), next, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xfd, 0, 0, \
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define OUTER_UDP(port, payload) OUTER4(17, 8 + (payload)), UDP(50000, port, payload)

#define PAYLOAD 0x80, 0, 0, 1, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 0xd5, 0xd4, 0xd5, 0xd4
enum { PAYLOAD_SIZE = 16, INNER4_SIZE = 20 + 8 + PAYLOAD_SIZE, INNER6_SIZE = 40 + 8 + PAYLOAD_SIZE };
/* DSCP 46 and ECN 1 (0xb9), TTL 61, 192.0.2.1:16384 to 198.51.100.2:20480. */
#define INNER4                                                                                               \
    0x45, 0xb9, B16(INNER4_SIZE), 0x12, 0x34, 0x40, 0, 61, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2,          \
        UDP(16384, 20480, PAYLOAD_SIZE), PAYLOAD
/* DSCP 46 and ECN 1, hop limit 61, 2001:db8::1 to 2001:db8::2; the header's next header and payload length.
 */
#define IPV6_HEADER(next, payload)                                                                           \
    0x6b, 0x90, 0, 0, B16(payload), next, 61, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,    \
        0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define INNER6 IPV6_HEADER(17, 8 + PAYLOAD_SIZE), UDP(16384, 20480, PAYLOAD_SIZE), PAYLOAD
#define FCS    0xf0, 0xf1, 0xf2, 0xf3

struct frame {
    const char *name;
    uint32_t linktype;
    const char *encap;
    unsigned flags;       /* VO_PACKET_TUNNELLED means the outer DSCP is 10 */
    unsigned no_priority; /* true: the user priority is 0xff, else `priority` */
    uint8_t priority;
    bool vague;       /* what it carries is found by looking at it: a cut one may be OTHER */
    uint32_t trailer; /* bytes behind the datagram */
    const uint8_t *bytes;
    uint32_t size;
};
#define BYTES(...)  .bytes = (const uint8_t[]){__VA_ARGS__}, .size = sizeof((const uint8_t[]){__VA_ARGS__})
#define NO_PRIORITY .no_priority = 1

/* What holds of every result, whatever the bytes. */
static inline void check_sound(enum vo_decoded result, const struct vo_packet *packet, const uint8_t *data,
                               uint32_t size)
{
    assert_in_range(result, VO_DECODED_DATAGRAM, VO_DECODED_LINK);
    assert_true(packet->encap_count <= VO_ENCAP_MAX);
    assert_true((packet->encap_hash == 0) == (packet->encap_count == 0));
    if (packet->rest)
        assert_true(packet->rest > data && packet->rest_size <= (size_t)(data + size - packet->rest) &&
                    packet->rest_size <= packet->rest_length);
    if (result != VO_DECODED_DATAGRAM && result != VO_DECODED_FRAGMENT)
        return;
    assert_true(packet->payload >= data && packet->payload <= data + size);
    assert_true(packet->payload_size <= (size_t)(data + size - packet->payload));
    assert_true(packet->payload_size <= packet->payload_length && packet->payload_length < packet->ip_length);
    assert_int_equal(!!(packet->flags & VO_PACKET_SNAPPED), packet->payload_size < packet->payload_length);
}

/* Decodes a copy of exactly `captured` bytes; packet->payload is moved to where it was in `data`. */
static inline enum vo_decoded decode_copy(uint32_t linktype, const uint8_t *data, uint32_t captured,
                                          uint32_t length, struct vo_packet *packet)
{
    uint8_t *copy = malloc(captured ? captured : 1);
    assert_non_null(copy);
    memcpy(copy, data, captured);
    memset(packet, 0xa5, sizeof *packet); /* so that a member nobody set is seen */
    enum vo_decoded result = vo_decode_frame(linktype, copy + (captured ? 0 : 1), captured, length, packet);
    check_sound(result, packet, copy, captured);
    if (packet->payload)
        packet->payload = data + (packet->payload - copy);
    if (packet->rest)
        packet->rest = data + (packet->rest - copy);
    free(copy);
    return result;
}

/* The known datagram's headers, and where its payload begins in the frame. */
static inline void check_datagram(const struct frame *frame, const struct vo_packet *packet)
{
    char text[VO_ENCAP_TEXT], source[VO_ENDPOINT_TEXT], destination[VO_ENDPOINT_TEXT];
    bool ipv6 = packet->flags & VO_PACKET_IPV6;
    vo_endpoint_format(packet->source, packet->source_port, source);
    vo_endpoint_format(packet->destination, packet->destination_port, destination);
    assert_string_equal(source, ipv6 ? "[2001:db8::1]:16384" : "192.0.2.1:16384");
    assert_string_equal(destination, ipv6 ? "[2001:db8::2]:20480" : "198.51.100.2:20480");
    assert_int_equal(packet->protocol, 17);
    assert_int_equal(packet->dscp, 46);
    assert_int_equal(packet->ecn, 1);
    assert_int_equal(packet->ttl, 61);
    assert_int_equal(packet->flags & ~VO_PACKET_SNAPPED, frame->flags);
    assert_int_equal(packet->user_priority, frame->no_priority ? 0xff : frame->priority);
    assert_string_equal(vo_encap_format(packet->encap, packet->encap_count, text), frame->encap);
    if (frame->flags & VO_PACKET_TUNNELLED)
        assert_int_equal(packet->outer_dscp, 10);
    assert_int_equal(packet->payload_length, PAYLOAD_SIZE);
    assert_ptr_equal(packet->payload, frame->bytes + frame->size - frame->trailer - PAYLOAD_SIZE);
}

static inline void check_frame(const struct frame *frame)
{
    struct vo_packet packet;
    uint32_t end = frame->size - frame->trailer, start = end - PAYLOAD_SIZE;
    print_message("%s\n", frame->name);
    assert_int_equal(decode_copy(frame->linktype, frame->bytes, frame->size, frame->size, &packet),
                     VO_DECODED_DATAGRAM);
    check_datagram(frame, &packet);
    assert_int_equal(packet.payload_size, PAYLOAD_SIZE);
    for (uint32_t size = 0; size < end; size++) { /* snapped */
        enum vo_decoded result = decode_copy(frame->linktype, frame->bytes, size, frame->size, &packet);
        if (size >= start) {
            assert_int_equal(result, VO_DECODED_DATAGRAM);
            check_datagram(frame, &packet);
            assert_int_equal(packet.payload_size, size - start);
        } else if (!frame->vague || result != VO_DECODED_OTHER)
            assert_int_equal(result, VO_DECODED_CUT);
    }
    for (uint32_t size = 0; size < end; size++) { /* short on the wire: the inner lengths lie */
        enum vo_decoded result = decode_copy(frame->linktype, frame->bytes, size, size, &packet);
        if (!frame->vague || result != VO_DECODED_OTHER)
            assert_int_equal(result, VO_DECODED_MALFORMED);
    }
}

static inline void check_frames(const struct frame *frames, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_frame(&frames[i]);
}

/* Bytes of all the frames overwritten at random; the generator is xorshift64 from a fixed seed. */
static inline void check_mutations(const struct frame *frames, size_t count, unsigned rounds)
{
    uint64_t state = 88172645463325252u;
    for (unsigned round = 0; round < rounds; round++) {
        const struct frame *frame = &frames[round % count];
        uint8_t bytes[512];
        assert_true(frame->size <= sizeof bytes);
        memcpy(bytes, frame->bytes, frame->size);
        uint32_t size = frame->size;
        for (unsigned change = 0; change <= round % 4; change++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes[(state >> 8) % frame->size] = (uint8_t)(state >> 40);
            if (state >> 60 == 0)
                size = (uint32_t)(state >> 20) % (frame->size + 1);
        }
        struct vo_packet packet;
        decode_copy(frame->linktype, bytes, size, round & 4 ? size : frame->size, &packet);
    }
}

/* A frame with `count` of its bytes replaced, and what becomes of it. */
struct lie {
    const char *name;
    uint32_t at;
    uint8_t bytes[2];
    uint32_t count;
    enum vo_decoded result;
};

static inline void check_lies(const struct frame *frame, const struct lie *lies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[512];
        struct vo_packet packet;
        print_message("%s: %s\n", frame->name, lies[i].name);
        memcpy(bytes, frame->bytes, frame->size);
        memcpy(bytes + lies[i].at, lies[i].bytes, lies[i].count);
        assert_int_equal(decode_copy(frame->linktype, bytes, frame->size, frame->size, &packet),
                         lies[i].result);
    }
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
