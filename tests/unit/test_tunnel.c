/* Tunnels by IP protocol and by UDP port. */
#include "tests/unit/frames.h"

enum { E4 = 14 + INNER4_SIZE, E6 = 14 + INNER6_SIZE }; /* an inner Ethernet frame */

#define TUNNEL  VO_PACKET_TUNNELLED
#define TUNNEL6 VO_PACKET_TUNNELLED | VO_PACKET_IPV6
#define FRAME4  ETHERNET(0x0800), INNER4
#define FRAME6  ETHERNET(0x86dd), INNER6

/* CAPWAP: 8 bytes are HLEN 2, binding 1 (802.11), flags; here also the 16 of Cisco with wireless information
 * (W). */
#define CAPWAP(hlen, wbid_t, flags) 0, (hlen) << 3, wbid_t, flags, 0, 0, 0, 0
#define CAPWAP_CISCO                CAPWAP(4, 3, 0x20), 4, 0xec, 0x4d, 0, 0, 0, 0, 0
/* The rest of a QoS data frame after its frame control: duration, addresses, sequence, TID 6 */
#define WLAN_REST 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0, 0, 6, 0

static const struct frame frames[] = {
    {"IPIP", 101, "ipip", TUNNEL, NO_PRIORITY, BYTES(OUTER4(4, INNER4_SIZE), INNER4)},
    {"6in4", 101, "ipip", TUNNEL6, NO_PRIORITY, BYTES(OUTER4(41, INNER6_SIZE), INNER6)},
    {"4in6", 101, "ipip", TUNNEL, NO_PRIORITY, BYTES(OUTER6(4, INNER4_SIZE), INNER4)},
    {"6in6 in VLAN", 1, "vlan100/ipip", TUNNEL6, .priority = 5,
     BYTES(ETHERNET(0x8100), 0xa0, 100, B16(0x86dd), OUTER6(41, INNER6_SIZE), INNER6)},
    {"IPIP twice: the DSCP of the outermost", 101, "ipip/ipip", TUNNEL, NO_PRIORITY,
     BYTES(OUTER4(4, 20 + INNER4_SIZE), 0x45, 0x50, B16(20 + INNER4_SIZE), 0, 9, 0, 0, 64, 4, 0, 0, 10, 1, 0,
           1, 10, 1, 0, 2, INNER4)},
    {"GRE", 101, "gre", TUNNEL, NO_PRIORITY, BYTES(OUTER4(47, 4 + INNER4_SIZE), 0, 0, B16(0x0800), INNER4)},
    /* checksum and reserved, key 0x01020304, sequence */
    {"GRE with all fields", 101, "gre16909060", TUNNEL6, NO_PRIORITY,
     BYTES(OUTER4(47, 16 + INNER6_SIZE), 0xb0, 0, B16(0x86dd), 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 1, INNER6)},
    /* checksum and offset; a source route of one IPv4 hop, and the empty one */
    {"GRE with routing", 101, "gre", TUNNEL, NO_PRIORITY,
     BYTES(OUTER4(47, 8 + 8 + 4 + INNER4_SIZE), 0x40, 0, B16(0x0800), 0, 0, 0, 0, 8, 0, 0, 4, 10, 0, 0, 9, 0,
           0, 0, 0, INNER4)},
    /* VSID 0x000102, flow 3 */
    {"NVGRE", 101, "gre66051", TUNNEL, NO_PRIORITY,
     BYTES(OUTER4(47, 8 + E4), 0x20, 0, B16(0x6558), 0, 1, 2, 3, FRAME4)},
    {"GRE with MPLS", 101, "gre/mpls17", TUNNEL, NO_PRIORITY, .vague = true,
     BYTES(OUTER4(47, 8 + INNER4_SIZE), 0, 0, B16(0x8847), 0, 1, 0x11, 255, INNER4)},
    /* version 1: key and sequence, payload length, call 7, sequence, acknowledgement; PPP */
    {"PPTP", 101, "gre7", TUNNEL, NO_PRIORITY,
     BYTES(OUTER4(47, 16 + 4 + INNER4_SIZE), 0x30, 0x81, B16(0x880b), B16(4 + INNER4_SIZE), 0, 7, 0, 0, 0, 1,
           0, 0, 0, 2, 0xff, 3, 0, 0x21, INNER4)},
    {"ERSPAN I", 101, "erspan", TUNNEL, NO_PRIORITY, BYTES(OUTER4(47, 4 + E4), 0, 0, B16(0x88be), FRAME4)},
    /* sequence; version 1, VLAN 20, session 513, index */
    {"ERSPAN II", 101, "erspan513", TUNNEL, NO_PRIORITY,
     BYTES(OUTER4(47, 8 + 8 + E4), 0x10, 0, B16(0x88be), 0, 0, 0, 1, 0x10, 20, 2, 1, 0, 0, 0, 5, FRAME4)},
    /* version 2, session 9, time stamp, group, frame type 0, no subheader */
    {"ERSPAN III", 101, "erspan9", TUNNEL6, NO_PRIORITY,
     BYTES(OUTER4(47, 8 + 12 + E6), 0x10, 0, B16(0x22eb), 0, 0, 0, 1, 0x20, 20, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0,
           FRAME6)},
    {"ERSPAN III with subheader", 101, "erspan9/vlan100", TUNNEL, .priority = 5,
     BYTES(OUTER4(47, 8 + 20 + 4 + E4), 0x10, 0, B16(0x22eb), 0, 0, 0, 1, 0x20, 20, 0, 9, 0, 0, 0, 1, 0, 0, 0,
           1, 0x0c, 0, 0, 0, 0, 0, 0, 0, ETHERNET(0x8100), 0xa0, 100, B16(0x0800), INNER4)},
    {"ERSPAN III of an IP packet", 101, "erspan9", TUNNEL, NO_PRIORITY,
     BYTES(OUTER4(47, 8 + 12 + INNER4_SIZE), 0x10, 0, B16(0x22eb), 0, 0, 0, 1, 0x20, 20, 0, 9, 0, 0, 0, 1, 0,
           0, 2 << 2, 0, INNER4)},
    {"VXLAN", 1, "vxlan7", TUNNEL, NO_PRIORITY,
     BYTES(ETHERNET(0x0800), OUTER_UDP(4789, 8 + E4), 8, 0, 0, 0, 0, 0, 7, 0, FRAME4)},
    {"VXLAN in and with VLAN, group policy", 1, "vlan1/vxlan16777215/vlan100", TUNNEL, .priority = 5,
     BYTES(ETHERNET(0x8100), 0, 1, B16(0x0800), OUTER_UDP(4789, 8 + 4 + E4), 0x88, 0, 1, 2, 255, 255, 255, 0,
           ETHERNET(0x8100), 0xa0, 100, B16(0x0800), INNER4)},
    {"VXLAN on Linux's port", 101, "vxlan7", TUNNEL6, NO_PRIORITY,
     BYTES(OUTER_UDP(8472, 8 + E6), 8, 0, 0, 0, 0, 0, 7, 0, FRAME6)},
    {"VXLAN-GPE, IPv4", 101, "vxlan7", TUNNEL, NO_PRIORITY,
     BYTES(OUTER_UDP(4790, 8 + INNER4_SIZE), 0x0c, 0, 0, 1, 0, 0, 7, 0, INNER4)},
    {"VXLAN-GPE, IPv6", 101, "vxlan7", TUNNEL6, NO_PRIORITY,
     BYTES(OUTER_UDP(4790, 8 + INNER6_SIZE), 0x0c, 0, 0, 2, 0, 0, 7, 0, INNER6)},
    {"VXLAN-GPE, Ethernet", 101, "vxlan7", TUNNEL, NO_PRIORITY,
     BYTES(OUTER_UDP(4790, 8 + E4), 0x0c, 0, 0, 3, 0, 0, 7, 0, FRAME4)},
    {"VXLAN-GPE without a protocol", 101, "vxlan7", TUNNEL, NO_PRIORITY,
     BYTES(OUTER_UDP(4790, 8 + E4), 8, 0, 0, 0, 0, 0, 7, 0, FRAME4)},
    {"GENEVE", 101, "geneve9", TUNNEL, NO_PRIORITY,
     BYTES(OUTER_UDP(6081, 8 + E4), 0, 0, B16(0x6558), 0, 0, 9, 0, FRAME4)},
    /* two words of options, critical */
    {"GENEVE with options, IP", 101, "geneve9", TUNNEL6, NO_PRIORITY,
     BYTES(OUTER_UDP(6081, 16 + INNER6_SIZE), 2, 0x40, B16(0x86dd), 0, 0, 9, 0, 1, 2, 0x80, 1, 1, 2, 3, 4,
           INNER6)},
    {"GTP-U", 101, "gtpu4660", TUNNEL, NO_PRIORITY,
     BYTES(OUTER_UDP(2152, 8 + INNER4_SIZE), 0x30, 255, B16(INNER4_SIZE), 0, 0, 0x12, 0x34, INNER4)},
    /* sequence; no extensions */
    {"GTP-U with sequence", 101, "gtpu1", TUNNEL6, NO_PRIORITY,
     BYTES(OUTER_UDP(2152, 12 + INNER6_SIZE), 0x32, 255, B16(4 + INNER6_SIZE), 0, 0, 0, 1, 0, 5, 0, 0,
           INNER6)},
    /* PDU session container (0x85) of a word, then PDCP number (0xc0) of two */
    {"GTP-U with extensions", 101, "gtpu1", TUNNEL, NO_PRIORITY,
     BYTES(OUTER_UDP(2152, 24 + INNER4_SIZE), 0x34, 255, B16(16 + INNER4_SIZE), 0, 0, 0, 1, 0, 0, 0, 0x85, 1,
           0, 9, 0xc0, 2, 0, 0, 0, 0, 0, 0, 0, INNER4)},
    {"GTP-U with Ethernet", 101, "gtpu1", TUNNEL, NO_PRIORITY, .vague = true,
     BYTES(OUTER_UDP(2152, 8 + E4), 0x30, 255, B16(E4), 0, 0, 0, 1, FRAME4)},
    {"CAPWAP with 802.3", 101, "capwap", TUNNEL, NO_PRIORITY,
     BYTES(OUTER_UDP(5247, 8 + E4), CAPWAP(2, 2, 0), FRAME4)},
    {"CAPWAP from the controller", 101, "capwap", TUNNEL6, NO_PRIORITY,
     BYTES(OUTER4(17, 8 + 8 + E6), UDP(5247, 12380, 8 + E6), CAPWAP(2, 2, 0), FRAME6)},
    {"CAPWAP with 802.11", 101, "capwap", TUNNEL | VO_PACKET_WLAN, .priority = 6,
     BYTES(OUTER_UDP(5247, 8 + 26 + 8 + INNER4_SIZE), CAPWAP(2, 3, 0), 0x88, 1, WLAN_REST, LLC_SNAP(0x0800),
           INNER4)},
    /* Sequence 17 as seen of such a controller: 0x0110, exchanged. The priority cannot be believed then. */
    {"CAPWAP with Cisco's exchanged frame control", 101, "capwap",
     TUNNEL6 | VO_PACKET_WLAN | VO_PACKET_WLAN_RETRY, NO_PRIORITY,
     BYTES(OUTER_UDP(5247, 16 + 26 + 8 + INNER6_SIZE), CAPWAP_CISCO, 0x0a, 0x88, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0,
           0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0x01, 0x10, 6, 0, LLC_SNAP(0x86dd), INNER6)},
    {"GRE in VXLAN in VLAN", 1, "vlan100/vxlan7/gre", TUNNEL, .priority = 5,
     BYTES(ETHERNET(0x8100), 0xa0, 100, B16(0x0800), OUTER_UDP(4789, 8 + 14 + 24 + INNER4_SIZE), 8, 0, 0, 0,
           0, 0, 7, 0, ETHERNET(0x0800), 0x45, 0x50, B16(24 + INNER4_SIZE), 0, 9, 0, 0, 64, 47, 0, 0, 10, 1,
           0, 1, 10, 1, 0, 2, 0, 0, B16(0x0800), INNER4)},
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

/* On a tunnel's port, but not its protocol: a plain datagram, with the outer addresses. */
static void test_a_port_is_no_proof(void **state)
{
    static const uint16_t ports[] = {4789, 8472, 4790, 6081, 2152, 5247};
    static const uint8_t payloads[][24] = {
        {PAYLOAD},                                                    /* RTP */
        {0x81, 201, 0, 7},                                            /* RTCP */
        {0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4},             /* STUN request */
        {1, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4},             /* STUN answer */
        {'I', 'N', 'V', 'I', 'T', 'E', ' ', 's', 'i', 'p', ':', 'a'}, /* SIP */
    };
    (void)state;
    for (size_t port = 0; port < COUNT(ports); port++) {
        for (size_t i = 0; i < COUNT(payloads); i++) {
            uint8_t bytes[20 + 8 + 24] = {OUTER_UDP(ports[port], 24)};
            struct vo_packet packet;
            memcpy(bytes + 28, payloads[i], 24);
            assert_int_equal(decode_copy(101, bytes, sizeof bytes, sizeof bytes, &packet),
                             VO_DECODED_DATAGRAM);
            assert_int_equal(packet.destination_port, ports[port]);
            assert_int_equal(packet.payload_length, 24);
            assert_int_equal(packet.encap_count, 0);
            assert_int_equal(packet.flags, 0);
        }
        uint8_t empty[28] = {OUTER_UDP(ports[port], 0)};
        struct vo_packet packet;
        assert_int_equal(decode_copy(101, empty, sizeof empty, sizeof empty, &packet), VO_DECODED_DATAGRAM);
    }
}

static const struct frame *find_frame(const char *name)
{
    for (size_t i = 0; i < COUNT(frames); i++)
        if (strcmp(frames[i].name, name) == 0)
            return &frames[i];
    fail_msg("no frame %s", name);
    return NULL;
}

static void test_lies(void **state)
{
    /* outer IP 20 bytes, UDP 8: a UDP tunnel begins at 28, another at 20 */
    static const struct lie gre[] = {
        {"version 2", 21, {2}, 1, VO_DECODED_OTHER},
        {"keep-alive", 22, {0, 0}, 2, VO_DECODED_OTHER},
        {"a key that is not there",
         20,
         {0x20},
         1,
         VO_DECODED_MALFORMED}, /* the inner header begins 4 bytes late */
    };
    static const struct lie routing[] = {
        {"source route longer than the packet", 31, {255}, 1, VO_DECODED_MALFORMED},
    };
    static const struct lie pptp[] = {
        {"no sequence: only an acknowledgement", 20, {0x20}, 1, VO_DECODED_OTHER},
        {"payload length one too many", 24, {B16(5 + INNER4_SIZE)}, 2, VO_DECODED_MALFORMED},
        {"MPPE", 38, {0, 0xfd}, 2, VO_DECODED_OTHER},
    };
    static const struct lie geneve[] = {
        {"version 1", 28, {0x42}, 1, VO_DECODED_DATAGRAM},
        {"control", 29, {0x80}, 1, VO_DECODED_OTHER},
        {"options beyond the packet", 28, {0x3f}, 1, VO_DECODED_DATAGRAM},
        {"a reserved bit", 29, {0x41}, 1, VO_DECODED_DATAGRAM},
    };
    static const struct lie gtpu[] = {
        {"length one too many", 30, {B16(17 + INNER4_SIZE)}, 2, VO_DECODED_DATAGRAM},
        {"echo request", 29, {1}, 1, VO_DECODED_DATAGRAM},
        {"GTP'", 28, {0x24}, 1, VO_DECODED_DATAGRAM},
        {"extension of length 0", 40, {0}, 1, VO_DECODED_DATAGRAM},
        {"extension beyond the packet", 40, {255}, 1, VO_DECODED_DATAGRAM},
    };
    static const struct lie vxlan[] = {
        {"no VNI", 28, {0}, 1, VO_DECODED_DATAGRAM},
        {"OAM", 28, {0x0d}, 1, VO_DECODED_OTHER},
        {"service header", 31, {4}, 1, VO_DECODED_OTHER},
        {"unknown protocol", 31, {200}, 1, VO_DECODED_OTHER},
        {"version 1", 28, {0x1c}, 1, VO_DECODED_DATAGRAM},
    };
    static const struct lie capwap[] = {
        {"header of 4 bytes", 29, {1 << 3}, 1, VO_DECODED_DATAGRAM},
        {"header beyond the packet", 29, {31 << 3}, 1, VO_DECODED_DATAGRAM},
        {"fragment", 31, {0x80}, 1, VO_DECODED_OTHER},
        {"keep-alive", 31, {0x08}, 1, VO_DECODED_OTHER},
        {"binding of another radio", 30, {5}, 1, VO_DECODED_OTHER},
        {"version 1", 28, {0x10}, 1, VO_DECODED_DATAGRAM},
        {"probe request", 36, {0x40, 0}, 2, VO_DECODED_OTHER},
        {"probe request, exchanged", 36, {0, 0x40}, 2, VO_DECODED_OTHER},
        {"probe request, exchanged, retry", 36, {8, 0x40}, 2, VO_DECODED_OTHER},
        {"protected", 37, {0x41}, 1, VO_DECODED_ENCRYPTED},
    };
    (void)state;
    check_lies(find_frame("GRE"), gre, COUNT(gre));
    check_lies(find_frame("GRE with routing"), routing, COUNT(routing));
    check_lies(find_frame("PPTP"), pptp, COUNT(pptp));
    check_lies(find_frame("GENEVE with options, IP"), geneve, COUNT(geneve));
    check_lies(find_frame("GTP-U with extensions"), gtpu, COUNT(gtpu));
    check_lies(find_frame("VXLAN-GPE, IPv4"), vxlan, COUNT(vxlan));
    check_lies(find_frame("CAPWAP with 802.11"), capwap, COUNT(capwap));
}

static void test_capwap_dtls(void **state)
{
    /* preamble 1, reserved; a record: application data, DTLS 1.2 */
    uint8_t bytes[] = {
        OUTER_UDP(5247, 20), 1, 0, 0, 0, 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 3, 1, 2, 3};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(101, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_ENCRYPTED);
    bytes[33] = 3; /* no DTLS */
    assert_int_equal(decode_copy(101, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_DATAGRAM);
}

static void test_erspan_truncated_copy(void **state)
{
    /* The bit T (0x04 of the third byte): the switch mirrored 10 of the 16 payload bytes, as if snapped
     * there. */
    uint8_t bytes[] = {
        OUTER4(47, 8 + 8 + E4 - 6), 0x10, 0, B16(0x88be), 0, 0, 0, 1, 0x10, 20, 4, 1, 0, 0, 0, 5, FRAME4};
    uint32_t size = sizeof bytes - 6;
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(101, bytes, size, size, &packet), VO_DECODED_DATAGRAM);
    assert_int_equal(packet.flags, VO_PACKET_TUNNELLED | VO_PACKET_SNAPPED);
    assert_int_equal(packet.payload_size, PAYLOAD_SIZE - 6);
    assert_int_equal(packet.payload_length, PAYLOAD_SIZE);
    assert_int_equal(packet.encap[0].id, 1);
    bytes[30] = 0;
    assert_int_equal(decode_copy(101, bytes, size, size, &packet), VO_DECODED_MALFORMED);
}

static void test_nesting_is_bounded(void **state)
{
    /* eight IPIP headers are followed, nine are not */
    static const uint8_t inner[] = {INNER4};
    struct vo_packet packet;
    (void)state;
    for (unsigned count = 8; count <= 9; count++) {
        uint8_t bytes[9 * 20 + INNER4_SIZE];
        uint32_t size = count * 20 + INNER4_SIZE;
        for (unsigned i = 0; i < count; i++)
            memcpy(bytes + i * 20, (uint8_t[]){OUTER4(4, size - 20 - i * 20)}, 20);
        memcpy(bytes + count * 20, inner, sizeof inner);
        assert_int_equal(decode_copy(101, bytes, size, size, &packet),
                         count == 8 ? VO_DECODED_DATAGRAM : VO_DECODED_OTHER);
        assert_int_equal(packet.outer_dscp, 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_a_port_is_no_proof),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_capwap_dtls),
        cmocka_unit_test(test_erspan_truncated_copy),
        cmocka_unit_test(test_nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
