/* The short way for the commonest packet against the layers: what it takes, they take with the same outcome.
 */
#include "probes/flow/rtp_direct.h"

#include "probes/decode/rtp.h"
#include "tests/unit/frames.h"

#define NOW       (1700000000 * VO_NS_PER_S + 123456789)
#define INTERFACE 3
#define SIZE      58 /* of the frames below: 14 + 20 + 8 + 12 + 4 */
#define TRAILER   6

/* PCMU, marker, DSCP 46, TTL 61, 192.0.2.1:16384 to 198.51.100.2:20480; four bytes of payload, as a key press
 * has. */
static const uint8_t plain[SIZE + TRAILER] = {ETHERNET(0x0800),
                                              0x45,
                                              0xb9,
                                              B16(44),
                                              0x12,
                                              0x34,
                                              0x40,
                                              0,
                                              61,
                                              17,
                                              0,
                                              0,
                                              192,
                                              0,
                                              2,
                                              1,
                                              198,
                                              51,
                                              100,
                                              2,
                                              UDP(16384, 20480, 16),
                                              0x80,
                                              0x80 | 101,
                                              0xab,
                                              0xcd,
                                              0x11,
                                              0x22,
                                              0x33,
                                              0x44,
                                              0xde,
                                              0xad,
                                              0xbe,
                                              0xef,
                                              5,
                                              0x8a,
                                              0,
                                              160};

static void fill_long(const struct vo_packet *packet, const struct vo_rtp *rtp, vo_time now,
                      uint32_t interface, struct vo_queued *to)
{
    const uint8_t *payload = packet->payload + rtp->payload_offset;
    bool event = rtp->payload_length == 4 && packet->payload_size >= rtp->payload_offset + 2;
    memcpy(to->key.source, packet->source, 16);
    memcpy(to->key.destination, packet->destination, 16);
    to->key.source_port = packet->source_port;
    to->key.destination_port = packet->destination_port;
    to->key.ssrc = rtp->ssrc;
    to->key.encap_hash = packet->encap_hash;
    to->key.interface = interface;
    to->rtp = (struct vo_rtp_packet){
        .time = now,
        .timestamp = rtp->timestamp,
        .sequence = rtp->sequence,
        .ip_length = (uint16_t)packet->ip_length,
        .payload_length = (uint16_t)rtp->payload_length,
        .payload_type = rtp->payload_type,
        .marker = rtp->marker,
        .dscp = packet->dscp,
        .outer_dscp = 0xff,
        .ttl = packet->ttl,
        .event = event ? payload[0] : 0,
        .event_end = event ? payload[1] : 0,
        .has_event = event,
    };
}

/* The long way, as the session goes: false if it does not end in RTP over UDP. */
static bool read_long(const struct vo_frame *frame, vo_time now, struct vo_queued *to)
{
    struct vo_packet packet;
    struct vo_rtp rtp;
    packet.rest = NULL;
    if (vo_decode_frame(frame->linktype, frame->data, frame->captured, frame->length, &packet) !=
            VO_DECODED_DATAGRAM ||
        packet.protocol != 17 || packet.rest ||
        vo_media_classify(packet.payload, packet.payload_size, packet.payload_length) != VO_MEDIA_RTP ||
        !vo_rtp_decode(packet.payload, packet.payload_size, packet.payload_length, &rtp))
        return false;
    assert_int_equal(packet.encap_count, 0); /* the short way tells of none */
    assert_int_equal(packet.flags & VO_PACKET_TUNNELLED, 0);
    fill_long(&packet, &rtp, now, frame->interface, to);
    return true;
}

#define SAME(member)                                                                                         \
    if (got->member != want->member)                                                                         \
    fail_msg(#member ": %llu instead of %llu", (unsigned long long)got->member,                              \
             (unsigned long long)want->member)

static void check_same(const struct vo_queued *got, const struct vo_queued *want)
{
    assert_memory_equal(&got->key, &want->key, sizeof got->key); /* it has no padding */
    SAME(rtp.time);
    SAME(rtp.timestamp);
    SAME(rtp.sequence);
    SAME(rtp.ip_length);
    SAME(rtp.payload_length);
    SAME(rtp.air_link);
    SAME(rtp.payload_type);
    SAME(rtp.marker);
    SAME(rtp.dscp);
    SAME(rtp.outer_dscp);
    SAME(rtp.ttl);
    SAME(rtp.event);
    SAME(rtp.event_end);
    SAME(rtp.has_event);
    SAME(rtp.counted);
}

/* Both ways, on a copy of exactly `captured` bytes. True if the short way took it. */
static bool check_ways(const uint8_t *bytes, uint32_t captured, uint32_t length, uint32_t linktype)
{
    uint8_t *copy = malloc(captured ? captured : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, captured);
    struct vo_frame frame = {.data = copy + (captured ? 0 : 1),
                             .captured = captured,
                             .length = length,
                             .linktype = linktype,
                             .interface = INTERFACE,
                             .time = NOW};
    struct vo_queued got, want;
    memset(&got, 0xa5, sizeof got); /* so that a member nobody set is seen */
    bool taken = vo_direct_read(&frame, NOW, &got);
    if (taken) {
        if (!read_long(&frame, NOW, &want))
            fail_msg("the layers do not take it (%u of %u bytes)", captured, length);
        check_same(&got, &want);
    }
    free(copy);
    return taken;
}

/* By hand, without the layers. */
static void test_members(void **state)
{
    (void)state;
    struct vo_frame frame = {plain, SIZE, SIZE, 1, INTERFACE, NOW};
    struct vo_queued got;
    char source[VO_ENDPOINT_TEXT], destination[VO_ENDPOINT_TEXT];
    memset(&got, 0xa5, sizeof got);
    assert_true(vo_direct_read(&frame, NOW, &got));
    vo_endpoint_format(got.key.source, got.key.source_port, source);
    vo_endpoint_format(got.key.destination, got.key.destination_port, destination);
    assert_string_equal(source, "192.0.2.1:16384");
    assert_string_equal(destination, "198.51.100.2:20480");
    assert_int_equal(got.key.ssrc, 0xdeadbeef);
    assert_int_equal(got.key.encap_hash, 0);
    assert_int_equal(got.key.interface, INTERFACE);
    assert_int_equal(got.rtp.time, NOW);
    assert_int_equal(got.rtp.timestamp, 0x11223344);
    assert_int_equal(got.rtp.sequence, 0xabcd);
    assert_int_equal(got.rtp.ip_length, 44);
    assert_int_equal(got.rtp.payload_length, 4);
    assert_int_equal(got.rtp.payload_type, 101);
    assert_true(got.rtp.marker);
    assert_int_equal(got.rtp.dscp, 46);
    assert_int_equal(got.rtp.outer_dscp, 0xff);
    assert_int_equal(got.rtp.ttl, 61);
    assert_true(got.rtp.has_event);
    assert_int_equal(got.rtp.event, 5);
    assert_int_equal(got.rtp.event_end, 0x8a);
    assert_false(got.rtp.counted);
}

/* One change of the frame above each: is it still the short way's? */
static const struct {
    const char *name;
    uint32_t at;
    uint8_t bytes[2];
    uint32_t count;
    bool taken;
} changes[] = {
    {"as it is", 0, {0}, 0, true},
    {"another MAC address", 0, {0xff, 0xff}, 2, true},
    {"VLAN", 12, {0x81, 0}, 2, false},
    {"IPv6", 12, {0x86, 0xdd}, 2, false},
    {"802.3", 12, {0, 44}, 2, false},
    {"IP version 6", 14, {0x65}, 1, false},
    {"IP options", 14, {0x46}, 1, false},
    {"IP header too short", 14, {0x44}, 1, false},
    {"DSCP 0", 15, {0}, 1, true},
    {"total length 0: segmentation offload", 16, {0, 0}, 2, false},
    {"total length one less than UDP's", 16, {0, 43}, 2, false},
    {"total length one more than UDP's", 16, {0, 45}, 2, false},
    {"total length beyond the frame", 16, {0, 200}, 2, false},
    {"identification", 18, {1, 2}, 2, true},
    {"don't fragment off", 20, {0, 0}, 2, true},
    {"the reserved flag", 20, {0x80, 0}, 2, true},
    {"more fragments", 20, {0x20, 0}, 2, false},
    {"last fragment", 20, {0, 1}, 2, false},
    {"fragment far behind", 20, {0x10, 0}, 2, false},
    {"TTL 1", 22, {1}, 1, true},
    {"TCP", 23, {6}, 1, false},
    {"UDP-Lite", 23, {136}, 1, false},
    {"IP checksum", 24, {1, 2}, 2, true},
    {"source address", 26, {10, 0}, 2, true},
    {"destination address", 30, {239, 1}, 2, true},
    {"source port of GTP-U", 34, {2152 >> 8, 2152 & 255}, 2, false},
    {"source port below all tunnels", 34, {2151 >> 8, 2151 & 255}, 2, true},
    {"source port of VXLAN", 34, {8472 >> 8, 8472 & 255}, 2, false},
    {"source port above all tunnels", 34, {8473 >> 8, 8473 & 255}, 2, true},
    {"destination port of GTP-U", 36, {2152 >> 8, 2152 & 255}, 2, false},
    {"destination port of CAPWAP", 36, {5247 >> 8, 5247 & 255}, 2, false},
    {"destination port above all tunnels", 36, {8473 >> 8, 8473 & 255}, 2, true},
    {"UDP length 0", 38, {0, 0}, 2, false},
    {"UDP length 7", 38, {0, 7}, 2, false},
    {"UDP length one less", 38, {0, 23}, 2, false},
    {"UDP length one more", 38, {0, 25}, 2, false},
    {"UDP checksum", 40, {1, 2}, 2, true},
    {"RTP version 1", 42, {0x40}, 1, false},
    {"STUN", 42, {0}, 1, false},
    {"padding", 42, {0xa0}, 1, false},
    {"header extension", 42, {0x90}, 1, false},
    {"one CSRC", 42, {0x81}, 1, false},
    {"type 63 with marker", 43, {191}, 1, true},
    {"RTCP: the first type", 43, {192}, 1, false},
    {"RTCP: sender report", 43, {200}, 1, false},
    {"RTCP: the last type", 43, {223}, 1, false},
    {"type 96 with marker", 43, {224}, 1, true},
    {"type 0", 43, {0}, 1, true},
    {"type 72: no marker, so no RTCP", 43, {72}, 1, true},
};

static void test_conditions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        uint8_t bytes[SIZE];
        memcpy(bytes, plain, SIZE);
        memcpy(bytes + changes[i].at, changes[i].bytes, changes[i].count);
        if (check_ways(bytes, SIZE, SIZE, 1) != changes[i].taken)
            fail_msg("%s: %staken", changes[i].name, changes[i].taken ? "not " : "");
    }
    assert_false(check_ways(plain, SIZE, SIZE, 0));
    assert_false(check_ways(plain, SIZE, SIZE, 113));                  /* Linux cooked */
    assert_false(check_ways(plain, SIZE, SIZE - 1, 1));                /* more captured than there was */
    assert_true(check_ways(plain, SIZE + TRAILER, SIZE + TRAILER, 1)); /* Ethernet's padding */
    uint8_t bare[SIZE];
    memcpy(bare, plain, SIZE);
    bare[17] = 40; /* no payload at all: 20 + 8 + 12 */
    bare[39] = 20;
    assert_true(check_ways(bare, SIZE, SIZE, 1));
    assert_true(check_ways(bare, SIZE - 4, SIZE - 4, 1));
    bare[17] = 39; /* not even a whole RTP header */
    bare[39] = 19;
    assert_false(check_ways(bare, SIZE, SIZE, 1));
}

/* Cut by the snap length: taken from the last byte of the RTP header on; cut short on the wire: never. */
static void test_every_length(void **state)
{
    (void)state;
    for (uint32_t size = 0; size <= SIZE; size++) {
        assert_int_equal(check_ways(plain, size, SIZE, 1), size >= SIZE - 4);
        assert_int_equal(check_ways(plain, size, size, 1), size == SIZE);
    }
}

static uint64_t random_state = 42;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Values at which something ends. */
static uint8_t pick_byte(const uint8_t *bytes, uint32_t at)
{
    static const uint8_t edges[] = {0, 1, 4, 17, 20, 0x40, 0x45, 0x80, 0x90, 0xa0, 191, 192, 223, 224, 255};
    switch (next_random() % 4) {
    case 0:
        return edges[next_random() % sizeof edges];
    case 1:
        return (uint8_t)(bytes[at] + next_random() % 5 - 2);
    case 2:
        return (uint8_t)(bytes[at] ^ 1 << next_random() % 8);
    default:
        return (uint8_t)next_random();
    }
}

/* 300,000 frames of any payload size with up to four bytes changed, lengths among them, and cut anywhere. */
static void test_mutations(void **state)
{
    (void)state;
    enum { ROUNDS = 300000, ROOM = 300, HEADERS = 54 };
    unsigned taken = 0, changed = 0, cut = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t bytes[ROOM];
        uint32_t payload = (uint32_t)(next_random() % 4 ? next_random() % 6 : next_random() % 240);
        uint32_t length = HEADERS + payload + (uint32_t)(next_random() % 4 ? 0 : next_random() % TRAILER);
        memcpy(bytes, plain, HEADERS);
        for (uint32_t i = HEADERS; i < ROOM; i++)
            bytes[i] = (uint8_t)next_random();
        bytes[17] = (uint8_t)(40 + payload);
        bytes[16] = (uint8_t)((40 + payload) >> 8);
        bytes[39] = (uint8_t)(20 + payload);
        bytes[38] = (uint8_t)((20 + payload) >> 8);
        unsigned count = (unsigned)(next_random() % 5);
        for (unsigned i = 0; i < count; i++) {
            uint32_t at = (uint32_t)(next_random() % (HEADERS + 4));
            bytes[at] = pick_byte(bytes, at);
        }
        uint32_t captured = length;
        if (next_random() % 3 == 0)
            captured = (uint32_t)(next_random() % (length + 1));
        if (next_random() % 8 == 0) /* the wire's length lies */
            length = (uint32_t)(next_random() % ROOM);
        bool took = check_ways(bytes, captured, length, 1);
        taken += took;
        changed += took && count;
        cut += took && captured < length;
    }
    print_message("%u taken, %u of them changed, %u cut\n", taken, changed, cut);
    assert_true(taken > ROUNDS / 4 && changed > ROUNDS / 8 && cut > ROUNDS / 100); /* it was a test */
}

/* --- The same in a data frame on the air ---------------------------------------------------------- */

enum { WLAN = 26, LLC = 8, ETHERNET_SIZE = 14, AIR_SIZE = WLAN + LLC + SIZE - ETHERNET_SIZE };

/* QoS data to the access point, with the packet of the frame above. */
static void make_air_frame(uint8_t bytes[AIR_SIZE + TRAILER])
{
    static const uint8_t header[WLAN + LLC] = {0x88, 1, 0,    0,    2, 0, 0, 0, 0, 1, 2,    0,
                                               0,    0, 0,    2,    2, 0, 0, 0, 0, 3, 0x10, 0x02,
                                               6,    0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
    memcpy(bytes, header, sizeof header);
    memcpy(bytes + sizeof header, plain + ETHERNET_SIZE, SIZE - ETHERNET_SIZE + TRAILER);
}

static bool read_air_long(const struct vo_ieee80211 *frame, struct vo_queued *to)
{
    struct vo_packet packet;
    struct vo_rtp rtp;
    packet.rest = NULL;
    if (vo_decode_wlan(frame, &packet) != VO_DECODED_DATAGRAM || packet.protocol != 17 || packet.rest ||
        vo_media_classify(packet.payload, packet.payload_size, packet.payload_length) != VO_MEDIA_RTP ||
        !vo_rtp_decode(packet.payload, packet.payload_size, packet.payload_length, &rtp))
        return false;
    assert_int_equal(packet.encap_count, 1);
    fill_long(&packet, &rtp, NOW, INTERFACE, to);
    return true;
}

/* True if the short way took it. */
static bool check_air_ways(const uint8_t *bytes, uint32_t captured, uint32_t length)
{
    enum { UNREADABLE = VO_IEEE80211_PROTECTED | VO_IEEE80211_MORE_FRAGMENTS };
    struct vo_ieee80211 frame;
    struct vo_queued got, want;
    uint8_t *copy = malloc(captured ? captured : 1);
    bool taken = false;
    assert_non_null(copy);
    memcpy(copy, bytes, captured);
    memset(&got, 0xa5, sizeof got);
    if (vo_ieee80211_decode(copy, captured, length, 0, &frame) == VO_IEEE80211_OK &&
        frame.type == VO_IEEE80211_DATA && !(frame.control & UNREADABLE) && !frame.fragment &&
        !(frame.has & VO_IEEE80211_NO_BODY)) {
        struct vo_encap way = vo_encap_of_air(frame.control, frame.transmitter, frame.receiver);
        taken = vo_direct_read_air(&frame, INTERFACE, &way, NOW, &got);
    }
    if (taken) {
        if (!read_air_long(&frame, &want))
            fail_msg("the layers do not take it (%u of %u bytes)", captured, length);
        got.rtp.air_link = want.rtp.air_link = 0; /* the session's */
        check_same(&got, &want);
    }
    free(copy);
    return taken;
}

static void test_air_conditions(void **state)
{
    static const struct {
        const char *name;
        uint32_t at;
        uint8_t bytes[2];
        uint32_t count;
        bool taken;
    } air_changes[] = {
        {"as it is", 0, {0}, 0, true},
        {"from the access point", 1, {2}, 1, true},
        {"station to station", 1, {0}, 1, true},
        {"a retry", 1, {9}, 1, true},
        {"no QoS: the body begins two bytes before", 0, {8}, 1, false},
        {"management", 0, {0x80}, 1, false},
        {"no data", 0, {0xc8}, 1, false},
        {"encrypted", 1, {0x41}, 1, false},
        {"more fragments", 1, {5}, 1, false},
        {"a later fragment", 22, {1}, 1, false},
        {"HT control: the body begins four bytes later", 1, {0x81}, 1, false},
        {"A-MSDU", 24, {0x86}, 1, false},
        {"a traffic stream", 24, {9}, 1, true},
        {"no SNAP", WLAN, {0x42, 0x42}, 2, false},
        {"another control", WLAN + 2, {0xf3}, 1, false},
        {"another organisation", WLAN + 3, {1}, 1, false},
        {"a bridge's tunnel", WLAN + 5, {0xf8}, 1, false},
        {"EAPOL", WLAN + 6, {0x88, 0x8e}, 2, false},
        {"VLAN", WLAN + 6, {0x81, 0}, 2, false},
        {"RTCP", WLAN + LLC + 29, {200}, 1, false},
    };
    uint8_t bytes[AIR_SIZE + TRAILER];
    (void)state;
    for (size_t i = 0; i < COUNT(air_changes); i++) {
        make_air_frame(bytes);
        memcpy(bytes + air_changes[i].at, air_changes[i].bytes, air_changes[i].count);
        if (check_air_ways(bytes, AIR_SIZE, AIR_SIZE) != air_changes[i].taken)
            fail_msg("%s: %staken", air_changes[i].name, air_changes[i].taken ? "not " : "");
    }
    make_air_frame(bytes);
    assert_true(check_air_ways(bytes, AIR_SIZE + TRAILER, AIR_SIZE + TRAILER)); /* an FCS nobody told of */
    for (uint32_t size = 0; size <= AIR_SIZE; size++) {
        assert_int_equal(check_air_ways(bytes, size, AIR_SIZE), size >= AIR_SIZE - 4);
        assert_int_equal(check_air_ways(bytes, size, size), size == AIR_SIZE);
    }
}

/* 200,000 frames with up to four bytes changed, and cut anywhere. */
static void test_air_mutations(void **state)
{
    enum { ROUNDS = 200000 };
    unsigned taken = 0, changed = 0, cut = 0;
    uint8_t bytes[AIR_SIZE + TRAILER];
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t length = AIR_SIZE + (uint32_t)(next_random() % TRAILER), captured = length;
        unsigned count = (unsigned)(next_random() % 5);
        make_air_frame(bytes);
        for (unsigned i = 0; i < count; i++) {
            uint32_t at = (uint32_t)(next_random() % AIR_SIZE);
            bytes[at] = pick_byte(bytes, at);
        }
        if (next_random() % 3 == 0)
            captured = (uint32_t)(next_random() % (length + 1));
        bool took = check_air_ways(bytes, captured, length);
        taken += took;
        changed += took && count;
        cut += took && captured < length;
    }
    assert_true(taken > ROUNDS / 4 && changed > ROUNDS / 8 && cut > ROUNDS / 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_every_length),   cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_air_conditions), cmocka_unit_test(test_air_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
