/* Link layers, IP, UDP and TCP. Tunnels and 802.11 have files of their own. */
#include "tests/unit/frames.h"

/* ERF: a time stamp, type, flags, record length, losses, wire length. */
#define ERF(type) 0, 0, 0, 0, 0, 0, 0, 0, type, 4, 0, 80, 0, 0, 0, 62

static const struct frame frames[] = {
    {"Ethernet", 1, "", NO_PRIORITY, BYTES(ETHERNET(0x0800), INNER4)},
    {"Ethernet, padded", 1, "", NO_PRIORITY, .trailer = 3, BYTES(ETHERNET(0x0800), INNER4, 1, 2, 3)},
    {"Ethernet, IPv6", 1, "", VO_PACKET_IPV6, NO_PRIORITY, BYTES(ETHERNET(0x86dd), INNER6)},
    {"802.3 with SNAP", 1, "", NO_PRIORITY, BYTES(ETHERNET(8 + INNER4_SIZE), LLC_SNAP(0x0800), INNER4)},
    {"802.3 with SNAP, padded", 1, "", NO_PRIORITY, .trailer = 2,
     BYTES(ETHERNET(8 + INNER4_SIZE), LLC_SNAP(0x0800), INNER4, 0, 0)},
    {"802.3 with SNAP, bridge tunnel OUI", 1, "", NO_PRIORITY,
     BYTES(ETHERNET(8 + INNER4_SIZE), 0xaa, 0xaa, 3, 0, 0, 0xf8, B16(0x0800), INNER4)},
    {"802.3 with IP's own SAP", 1, "", NO_PRIORITY, BYTES(ETHERNET(3 + INNER4_SIZE), 6, 6, 3, INNER4)},
    /* tags: priority 5, VLAN 100 */
    {"VLAN", 1, "vlan100", .priority = 5, BYTES(ETHERNET(0x8100), 0xa0, 100, B16(0x0800), INNER4)},
    {"QinQ", 1, "vlan7/vlan100", .priority = 5,
     BYTES(ETHERNET(0x88a8), 0x20, 7, B16(0x8100), 0xa0, 100, B16(0x0800), INNER4)},
    {"tags of three kinds, IPv6", 1, "vlan7/vlan100/vlan0", VO_PACKET_IPV6, .priority = 6,
     BYTES(ETHERNET(0x9100), 0x20, 7, B16(0x9200), 0xa0, 100, B16(0x88a8), 0xc0, 0, B16(0x86dd), INNER6)},
    /* labels 1000 and 17, the second the last; TTL 255 */
    {"MPLS", 1, "mpls1000/mpls17", NO_PRIORITY, .vague = true,
     BYTES(ETHERNET(0x8847), 0, 0x3e, 0x80, 255, 0, 1, 0x11, 255, INNER4)},
    {"MPLS with IPv6", 1, "mpls17", VO_PACKET_IPV6, NO_PRIORITY, .vague = true,
     BYTES(ETHERNET(0x8848), 0, 1, 0x11, 255, INNER6)},
    {"pseudowire with control word", 1, "mpls17/vlan100", .priority = 5, .vague = true,
     BYTES(ETHERNET(0x8847), 0, 1, 0x11, 255, 0, 0, 0, 9, ETHERNET(0x8100), 0xa0, 100, B16(0x0800), INNER4)},
    {"pseudowire without control word", 1, "mpls17", VO_PACKET_IPV6, NO_PRIORITY, .vague = true,
     BYTES(ETHERNET(0x8847), 0, 1, 0x11, 255, ETHERNET(0x86dd), INNER6)},
    {"PPPoE", 1, "vlan2/pppoe4660", .priority = 0,
     BYTES(ETHERNET(0x8100), 0, 2, B16(0x8864), 0x11, 0, 0x12, 0x34, B16(2 + INNER4_SIZE), 0, 0x21, INNER4)},
    {"PPPoE, padded, protocol compressed", 1, "pppoe1", VO_PACKET_IPV6, NO_PRIORITY, .trailer = 4,
     BYTES(ETHERNET(0x8864), 0x11, 0, 0, 1, B16(1 + INNER6_SIZE), 0x57, INNER6, FCS)},
    {"PPPoE link", 51, "pppoe1", NO_PRIORITY, BYTES(0x11, 0, 0, 1, B16(2 + INNER4_SIZE), 0, 0x21, INNER4)},
    {"PPP", 9, "", NO_PRIORITY, BYTES(0xff, 3, 0, 0x21, INNER4)},
    {"PPP, all compressed", 9, "", NO_PRIORITY, BYTES(0x21, INNER4)},
    {"PPP with MPLS", 9, "mpls17", NO_PRIORITY, .vague = true,
     BYTES(0xff, 3, 0x02, 0x81, 0, 1, 0x11, 255, INNER4)},
    {"PPP in HDLC", 50, "", VO_PACKET_IPV6, NO_PRIORITY, BYTES(0xff, 3, 0, 0x57, INNER6)},
    {"Cisco HDLC as PPP_HDLC", 50, "", NO_PRIORITY, BYTES(0x0f, 0, B16(0x0800), INNER4)},
    {"Cisco HDLC", 104, "", NO_PRIORITY, BYTES(0x8f, 0, B16(0x0800), INNER4)},
    {"null, little endian", 0, "", NO_PRIORITY, BYTES(2, 0, 0, 0, INNER4)},
    {"null, big endian", 0, "", NO_PRIORITY, BYTES(0, 0, 0, 2, INNER4)},
    {"null, IPv6 of NetBSD", 0, "", VO_PACKET_IPV6, NO_PRIORITY, BYTES(24, 0, 0, 0, INNER6)},
    {"null, IPv6 of FreeBSD", 0, "", VO_PACKET_IPV6, NO_PRIORITY, BYTES(0, 0, 0, 28, INNER6)},
    {"null, IPv6 of macOS", 0, "", VO_PACKET_IPV6, NO_PRIORITY, BYTES(30, 0, 0, 0, INNER6)},
    {"null, IPv6 of Linux", 0, "", VO_PACKET_IPV6, NO_PRIORITY, BYTES(10, 0, 0, 0, INNER6)},
    {"loop", 108, "", NO_PRIORITY, BYTES(0, 0, 0, 2, INNER4)},
    {"raw", 101, "", NO_PRIORITY, BYTES(INNER4)},
    {"raw of BSD/OS", 12, "", VO_PACKET_IPV6, NO_PRIORITY, BYTES(INNER6)},
    {"raw of OpenBSD", 14, "", NO_PRIORITY, BYTES(INNER4)},
    {"raw IPv4", 228, "", NO_PRIORITY, BYTES(INNER4)},
    {"raw IPv6", 229, "", VO_PACKET_IPV6, NO_PRIORITY, BYTES(INNER6)},
    /* cooked: packet type, ARPHRD_ETHER, address length, address, protocol */
    {"cooked v1", 113, "", NO_PRIORITY, BYTES(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, B16(0x0800), INNER4)},
    {"cooked v1 with VLAN", 113, "vlan100", .priority = 5,
     BYTES(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, B16(0x8100), 0xa0, 100, B16(0x0800), INNER4)},
    {"cooked v1 with LLC", 113, "", NO_PRIORITY,
     BYTES(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, B16(4), LLC_SNAP(0x0800), INNER4)},
    /* protocol, reserved, interface 3, ARPHRD_ETHER, packet type, address length, address */
    {"cooked v2", 276, "", VO_PACKET_IPV6, NO_PRIORITY,
     BYTES(B16(0x86dd), 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0, INNER6)},
    {"ERF", 197, "", NO_PRIORITY, BYTES(ERF(2), 0, 0, ETHERNET(0x0800), INNER4)},
    /* two extension headers, the first with the bit for more */
    {"ERF, extended", 197, "", NO_PRIORITY, .trailer = 4,
     BYTES(ERF(0x82), 0x83, 0, 0, 0, 0, 0, 0, 1, 0x04, 0, 0, 0, 0, 0, 0, 2, 0, 0, ETHERNET(0x0800), INNER4,
           FCS)},
    {"ERF with IPv6", 197, "", VO_PACKET_IPV6, NO_PRIORITY, BYTES(ERF(23), INNER6)},
    /* IHL 6: 24 bytes of header, a router alert */
    {"IPv4 options", 228, "", NO_PRIORITY,
     BYTES(0x46, 0xb9, B16(24 + 24), 0, 0, 0, 0, 61, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2, 0x94, 4, 0, 0,
           UDP(16384, 20480, PAYLOAD_SIZE), PAYLOAD)},
    /* AH: next header, length in words less two (12 + 12 bytes: 4), reserved, SPI, sequence, 12 bytes of
       check value */
    {"IPv4 with AH", 228, "", NO_PRIORITY,
     BYTES(0x45, 0xb9, B16(20 + 24 + 24), 0, 0, 0, 0, 61, 51, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2, 17, 4, 0,
           0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, UDP(16384, 20480, PAYLOAD_SIZE),
           PAYLOAD)},
    /* hop-by-hop of 8 bytes, routing of 24 (one segment), destination of 16, AH of 16, an atomic fragment */
    {"IPv6 extension headers", 229, "", VO_PACKET_IPV6, NO_PRIORITY,
     BYTES(IPV6_HEADER(0, 8 + 24 + 16 + 16 + 8 + 24), 43, 0, 5, 2, 0, 0, 1, 0, 60, 2, 4, 0, 0, 0, 0, 0, 0x20,
           1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 51, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
           0, 44, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 17, 0, 0, 0, 0, 0, 0, 7,
           UDP(16384, 20480, PAYLOAD_SIZE), PAYLOAD)},
    /* UDP length 8 + 16, IP has two bytes more */
    {"UDP shorter than IP", 228, "", NO_PRIORITY, .trailer = 2,
     BYTES(0x45, 0xb9, B16(46), 0, 0, 0, 0, 61, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2,
           UDP(16384, 20480, PAYLOAD_SIZE), PAYLOAD, 0, 0)},
    {"UDP length 0", 228, "", NO_PRIORITY,
     BYTES(0x45, 0xb9, B16(44), 0, 0, 0, 0, 61, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2, B16(16384),
           B16(20480), 0, 0, 0, 0, PAYLOAD)},
};

static void test_frames(void **state)
{
    (void)state;
    check_frames(frames, COUNT(frames));
}

static void test_mutations(void **state)
{
    (void)state;
    check_mutations(frames, COUNT(frames), 200000);
}

static void test_ethernet_lies(void **state)
{
    /* Ethernet 14, IP from 14: version 14, length 16, fragment 20, protocol 23; UDP from 34: length 38 */
    static const struct lie lies[] = {
        {"IP version 5", 14, {0x55}, 1, VO_DECODED_MALFORMED},
        {"IP header of 16 bytes", 14, {0x44}, 1, VO_DECODED_MALFORMED},
        {"IP header of 60 bytes", 14, {0x4f}, 1, VO_DECODED_MALFORMED},
        {"IP length 19", 16, {0, 19}, 2, VO_DECODED_MALFORMED},
        {"IP length one too many", 16, {0, INNER4_SIZE + 1}, 2, VO_DECODED_MALFORMED},
        {"IP length within UDP's header", 16, {0, 27}, 2, VO_DECODED_MALFORMED},
        {"IP length one too few: UDP's is beyond", 16, {0, INNER4_SIZE - 1}, 2, VO_DECODED_MALFORMED},
        {"UDP length 7", 38, {0, 7}, 2, VO_DECODED_MALFORMED},
        {"UDP length one too many", 38, {0, 25}, 2, VO_DECODED_MALFORMED},
        {"ICMP", 23, {1}, 1, VO_DECODED_OTHER},
        {"ESP", 23, {50}, 1, VO_DECODED_ENCRYPTED},
        {"TCP data offset 8: 32 bytes",
         23,
         {6},
         1,
         VO_DECODED_MALFORMED}, /* the payload's 0xd.. is no header length */
        {"ARP", 12, {0x08, 0x06}, 2, VO_DECODED_OTHER},
        {"802.3 length beyond the frame", 12, {0x01, 0x00}, 2, VO_DECODED_MALFORMED},
        {"neither type nor length", 12, {0x05, 0xdd}, 2, VO_DECODED_OTHER},
    };
    (void)state;
    check_lies(&frames[0], lies, COUNT(lies));
}

static void test_other_lies(void **state)
{
    const struct frame pppoe = {"PPPoE", 51, "", 0,
                                BYTES(0x11, 0, 0, 1, B16(2 + INNER4_SIZE), 0, 0x21, INNER4)};
    static const struct lie pppoe_lies[] = {
        {"length one too many", 4, {0, 3 + INNER4_SIZE}, 2, VO_DECODED_MALFORMED},
        {"length 0", 4, {0, 0}, 2, VO_DECODED_MALFORMED},
        {"version 2", 0, {0x21}, 1, VO_DECODED_MALFORMED},
        {"discovery", 1, {0x09}, 1, VO_DECODED_OTHER},
        {"LCP", 6, {0xc0, 0x21}, 2, VO_DECODED_OTHER},
    };
    const struct frame ipv6 = {
        "IPv6", 229, "", 0,
        BYTES(IPV6_HEADER(60, 8 + 24), 17, 0, 1, 4, 0, 0, 0, 0, UDP(16384, 20480, PAYLOAD_SIZE), PAYLOAD)};
    static const struct lie ipv6_lies[] = {
        {"version 4", 0, {0x4b}, 1, VO_DECODED_MALFORMED},
        {"payload length one too many", 4, {0, 33}, 2, VO_DECODED_MALFORMED},
        {"payload length within an extension", 4, {0, 7}, 2, VO_DECODED_MALFORMED},
        {"extension longer than the packet", 41, {4}, 1, VO_DECODED_MALFORMED},
        {"no next header", 40, {59}, 1, VO_DECODED_OTHER},
        {"ESP", 6, {50}, 1, VO_DECODED_ENCRYPTED},
    };
    const struct frame jumbogram = {"jumbogram", 229, "", 0,
                                    BYTES(IPV6_HEADER(0, 0), 17, 0, 0xc2, 4, 0, 1, 0, 0, UDP(1, 2, 0))};
    static const struct lie no_lie[] = {{"as it is", 0, {0x6b}, 1, VO_DECODED_OTHER}};
    (void)state;
    check_lies(&pppoe, pppoe_lies, COUNT(pppoe_lies));
    check_lies(&ipv6, ipv6_lies, COUNT(ipv6_lies));
    check_lies(&jumbogram, no_lie, COUNT(no_lie));
}

static void test_tcp(void **state)
{
    /* data offset 8 (an option of 12 bytes), flags PSH and ACK with CWR and ECE, which are not told; 2 bytes
     * of data */
    static const uint8_t bytes[] = {
        0x45, 0, B16(54),  0,         0,    0, 0,  61, 6,    0,    0,    192,  0,    2,    1, 198, 51,
        100,  2, B16(443), B16(5061), 0x80, 0, 0,  1,  0xff, 0xff, 0xff, 0xfe, 0x80, 0xd8, 1, 0,   0,
        0,    0, 0,        1,         1,    8, 10, 0,  0,    0,    1,    0,    0,    0,    2, 'h', 'i'};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(101, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_DATAGRAM);
    assert_int_equal(packet.protocol, 6);
    assert_int_equal(packet.source_port, 443);
    assert_int_equal(packet.destination_port, 5061);
    assert_int_equal(packet.tcp.sequence, 0x80000001);
    assert_int_equal(packet.tcp.acknowledgement, 0xfffffffe);
    assert_int_equal(packet.tcp.flags, 24);
    assert_int_equal(packet.payload_size, 2);
    assert_memory_equal(packet.payload, "hi", 2);
    for (uint32_t size = 0; size < 52; size++) {
        assert_int_equal(decode_copy(101, bytes, size, sizeof bytes, &packet), VO_DECODED_CUT);
        assert_int_equal(decode_copy(101, bytes, size, size, &packet), VO_DECODED_MALFORMED);
    }
}

static void test_segmentation_offload(void **state)
{
    /* total length 0: the captured packet tells it */
    static const uint8_t bytes[] = {0x45,   0xb9, 0,   0,  0,   0,   0,
                                    0,      61,   17,  0,  0,   192, 0,
                                    2,      1,    198, 51, 100, 2,   UDP(16384, 20480, PAYLOAD_SIZE),
                                    PAYLOAD};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(101, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_DATAGRAM);
    assert_int_equal(packet.ip_length, 44);
    assert_int_equal(packet.payload_length, PAYLOAD_SIZE);
}

static void test_ipv4_fragments(void **state)
{
    /* identification 0x1234; more fragments and offset 0, then offset 185 * 8 = 1480 and no more */
    uint8_t bytes[] = {INNER4};
    struct vo_packet packet;
    (void)state;
    bytes[6] = 0x20;
    assert_int_equal(decode_copy(101, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_FRAGMENT);
    assert_int_equal(packet.fragment.id, 0x1234);
    assert_int_equal(packet.fragment.offset, 0);
    assert_true(packet.fragment.more);
    assert_int_equal(packet.fragment.protocol, 17);
    assert_ptr_equal(packet.payload, bytes + 20);
    assert_int_equal(packet.payload_size, 24);
    bytes[6] = 0, bytes[7] = 185;
    assert_int_equal(decode_copy(101, bytes, 30, sizeof bytes, &packet), VO_DECODED_FRAGMENT);
    assert_int_equal(packet.fragment.offset, 1480);
    assert_false(packet.fragment.more);
    assert_int_equal(packet.payload_size, 10); /* snapped at 30, behind 20 of header */
    assert_int_equal(packet.payload_length, 24);
    bytes[7] = 0, bytes[6] = 0x40; /* do not fragment */
    assert_int_equal(decode_copy(101, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_DATAGRAM);
}

static void test_ipv6_fragment_and_transport(void **state)
{
    /* fragment header: next header 60 (destination options), offset 0x5c8 = 1480, more, id 0x01020304 */
    static const uint8_t bytes[] = {IPV6_HEADER(44, 8 + 16), 60, 0, 0x05, 0xc9, 1, 2, 3, 4, PAYLOAD};
    static const uint8_t whole[] = {17, 0, 1, 4, 0, 0, 0, 0, UDP(16384, 20480, PAYLOAD_SIZE), PAYLOAD};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(229, bytes, sizeof bytes - 1, sizeof bytes, &packet), VO_DECODED_FRAGMENT);
    assert_int_equal(packet.fragment.id, 0x01020304);
    assert_int_equal(packet.fragment.offset, 1480);
    assert_true(packet.fragment.more);
    assert_int_equal(packet.fragment.protocol, 60);
    assert_int_equal(packet.payload_length, 16);
    assert_true(packet.flags & VO_PACKET_SNAPPED);

    assert_int_equal(vo_decode_transport(&packet, packet.fragment.protocol, whole, sizeof whole),
                     VO_DECODED_DATAGRAM);
    const struct frame as_usual = {
        "", 0, "", VO_PACKET_IPV6, NO_PRIORITY, .bytes = whole, .size = sizeof whole};
    check_datagram(&as_usual, &packet);
    assert_false(packet.flags & VO_PACKET_SNAPPED);
    assert_int_equal(packet.ip_length, 40 + 32); /* the fragment header is gone */
}

static void test_transport_of_a_tunnel(void **state)
{
    /* an IPv4 fragment that was the last of an IPIP packet */
    static const uint8_t bytes[] = {0x45, 0x28, B16(28), 0, 9, 0, 1, 64, 4, 0, 0, 10, 0, 0,
                                    1,    10,   0,       0, 2, 1, 2, 3,  4, 5, 6, 7,  8};
    static const uint8_t whole[] = {INNER4};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(101, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_FRAGMENT);
    assert_int_equal(vo_decode_transport(&packet, 4, whole, sizeof whole), VO_DECODED_DATAGRAM);
    const struct frame as_usual = {
        "", 0, "ipip", VO_PACKET_TUNNELLED, NO_PRIORITY, .bytes = whole, .size = sizeof whole};
    check_datagram(&as_usual, &packet);
    assert_int_equal(packet.ip_length, INNER4_SIZE);
}

static void test_nesting_is_bounded(void **state)
{
    /* eight tags are decoded, nine are not; label stacks the same */
    uint8_t tags[14 + 9 * 4 + INNER4_SIZE] = {ETHERNET(0x8100)};
    static const uint8_t inner[] = {INNER4};
    struct vo_packet packet;
    (void)state;
    for (unsigned count = 8; count <= 9; count++) {
        for (unsigned i = 0; i < count; i++)
            memcpy(tags + 14 + i * 4, (uint8_t[]){0, (uint8_t)i, B16(i + 1 < count ? 0x8100 : 0x0800)}, 4);
        uint32_t size = 14 + count * 4 + INNER4_SIZE;
        memcpy(tags + size - INNER4_SIZE, inner, INNER4_SIZE);
        assert_int_equal(decode_copy(1, tags, size, size, &packet),
                         count == 8 ? VO_DECODED_DATAGRAM : VO_DECODED_OTHER);
        assert_int_equal(packet.encap_count, 8);
    }
    assert_int_equal(
        decode_copy(9, (uint8_t[]){0xff, 3, 0x02, 0x81, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9,
                                   0,    0, 0,    9,    0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 1, 9},
                    40, 40, &packet),
        VO_DECODED_OTHER);
}

static uint32_t hash_of(const uint8_t *bytes, uint32_t size)
{
    struct vo_packet packet;
    assert_int_equal(decode_copy(1, bytes, size, size, &packet), VO_DECODED_DATAGRAM);
    return packet.encap_hash;
}

static void test_encap_hash(void **state)
{
    /* order, id and kind count; the same chain gives the same hash; none gives 0 */
    static const uint8_t chains[][22 + INNER4_SIZE] = {
        {ETHERNET(0x8100), 0, 1, B16(0x8100), 0, 2, B16(0x0800), INNER4},
        {ETHERNET(0x8100), 0, 2, B16(0x8100), 0, 1, B16(0x0800), INNER4},
        {ETHERNET(0x8100), 0, 1, B16(0x8100), 0, 3, B16(0x0800), INNER4},
        {ETHERNET(0x8100), 0, 1, B16(0x8847), 0, 0, 0x21, 64, INNER4},
        {ETHERNET(0x8100), 0, 2, B16(0x0800), INNER4},
    };
    uint32_t hashes[COUNT(chains)];
    (void)state;
    for (size_t i = 0; i < COUNT(chains); i++) {
        hashes[i] = hash_of(chains[i], sizeof chains[i]);
        assert_int_not_equal(hashes[i], 0);
        assert_int_equal(hashes[i], hash_of(chains[i], sizeof chains[i]));
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(hashes[i], hashes[k]);
    }
    assert_int_equal(hash_of(frames[0].bytes, frames[0].size), 0);
}

static void test_encap_format(void **state)
{
    char text[VO_ENCAP_TEXT];
    struct vo_encap chain[VO_ENCAP_MAX] = {{VO_ENCAP_VLAN, 100}, {VO_ENCAP_VXLAN, 7}, {VO_ENCAP_GRE, 0}};
    (void)state;
    assert_string_equal(vo_encap_format(chain, 3, text), "vlan100/vxlan7/gre");
    assert_string_equal(vo_encap_format(chain, 0, text), "");
    for (unsigned i = 0; i < VO_ENCAP_MAX; i++)
        chain[i] = (struct vo_encap){VO_ENCAP_GENEVE, 0xffffffff}; /* the longest there can be */
    assert_int_equal(strlen(vo_encap_format(chain, VO_ENCAP_MAX, text)), 8 * strlen("geneve4294967295") + 7);
}

static void test_link_types(void **state)
{
    struct vo_packet packet;
    (void)state;
    assert_string_equal(vo_linktype_name(1), "Ethernet");
    assert_string_equal(vo_linktype_name(127), "802.11 with radiotap");
    assert_null(vo_linktype_name(147));
    assert_int_equal(decode_copy(147, (uint8_t[]){INNER4}, INNER4_SIZE, INNER4_SIZE, &packet),
                     VO_DECODED_LINK);
    assert_int_equal(decode_copy(0, (uint8_t[]){7, 0, 0, 0, 1}, 5, 5, &packet), VO_DECODED_OTHER);
    assert_int_equal(decode_copy(197, (uint8_t[]){ERF(5), 1, 2}, 18, 18, &packet), VO_DECODED_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_ethernet_lies),
        cmocka_unit_test(test_other_lies),
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_segmentation_offload),
        cmocka_unit_test(test_ipv4_fragments),
        cmocka_unit_test(test_ipv6_fragment_and_transport),
        cmocka_unit_test(test_transport_of_a_tunnel),
        cmocka_unit_test(test_nesting_is_bounded),
        cmocka_unit_test(test_encap_hash),
        cmocka_unit_test(test_encap_format),
        cmocka_unit_test(test_link_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
