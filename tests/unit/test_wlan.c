/* 802.11 data frames, and the headers that capture programs put before them. */
#include "probes/decode/wlan_received.h"
#include "tests/unit/frames.h"

#define WLAN   VO_PACKET_WLAN | VO_PACKET_ON_AIR
#define WLAN6  WLAN | VO_PACKET_IPV6
#define TO_AP  "to_ap-02:00:00:00:00:02" /* by the transmitter */
#define L16(x) (uint8_t)(x), (uint8_t)((x) >> 8)
#define L32(x) L16((x)&0xffff), L16((uint32_t)(x) >> 16)

/* Frame control, duration, three addresses, sequence control. 24 bytes. */
#define WLAN_HEADER(control, flags)                                                                          \
    control, flags, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0x10, 0x02
#define ADDRESS_4                2, 0, 0, 0, 0, 4
#define DATA                     WLAN_HEADER(0x08, 1)
#define QOS_DATA(flags, control) WLAN_HEADER(0x88, flags), control, 0
#define SNAP4                    LLC_SNAP(0x0800), INNER4
#define SNAP6                    LLC_SNAP(0x86dd), INNER6

/* Radiotap: version, padding, length; the present words and fields follow. */
#define RADIOTAP(length)  0, 0, L16(length)
#define WITH_FLAGS(flags) RADIOTAP(9), L32(1 << 1), flags
#define RADIOTAP_MORE     0x80000000
#define RADIOTAP_RESET    0x20000000
#define RADIOTAP_VENDOR   0x40000000

/* PPI: version, flags, length, link type; 802.11 common (type 2, 20 bytes) with its flags at 8. */
#define PPI(length, linktype) 0, 0, L16(length), L32(linktype)
#define PPI_COMMON(flags)                                                                                    \
    L16(2), L16(20), 0, 0, 0, 0, 0, 0, 0, 0, L16(flags), 0, 0, 0, 0, 0, 0, 0, 0, 0xd0, 0xa0

static const struct frame frames[] = {
    {"data", 105, TO_AP, WLAN, NO_PRIORITY, BYTES(DATA, SNAP4)},
    {"data with an FCS that nobody tells of", 105, TO_AP, WLAN6, NO_PRIORITY, .trailer = 4,
     BYTES(DATA, SNAP6, FCS)},
    {"data, retried, from the access point", 105, "from_ap-02:00:00:00:00:01", WLAN | VO_PACKET_WLAN_RETRY,
     NO_PRIORITY, BYTES(WLAN_HEADER(0x08, 0x0a), SNAP4)},
    {"QoS data, TID 6", 105, TO_AP, WLAN, .priority = 6, BYTES(QOS_DATA(1, 6), SNAP4)},
    {"QoS data, priority 0", 105, TO_AP, WLAN, .priority = 0, BYTES(QOS_DATA(1, 0), SNAP4)},
    {"QoS data, a traffic stream has no priority", 105, TO_AP, WLAN, NO_PRIORITY,
     BYTES(QOS_DATA(1, 9), SNAP4)},
    {"QoS data with HT control", 105, TO_AP, WLAN, .priority = 5,
     BYTES(QOS_DATA(0x81, 5), 1, 2, 3, 4, SNAP4)},
    {"data, order without HT control", 105, TO_AP, WLAN, NO_PRIORITY, BYTES(WLAN_HEADER(0x08, 0x81), SNAP4)},
    {"four addresses", 105, "wds-02:00:00:00:00:02", WLAN, NO_PRIORITY,
     BYTES(WLAN_HEADER(0x08, 3), ADDRESS_4, SNAP4)},
    {"four addresses, QoS, HT control", 105, "wds-02:00:00:00:00:02", WLAN6, .priority = 7,
     BYTES(WLAN_HEADER(0x88, 0x83), ADDRESS_4, 7, 0, 1, 2, 3, 4, SNAP6)},
    {"from station to station", 105, "direct-02:00:00:00:00:02", WLAN, NO_PRIORITY,
     BYTES(WLAN_HEADER(0x08, 0), SNAP4)},
    /* no station is at its end: by the access point */
    {"from the access point to a group", 105, "group-02:00:00:00:00:02", WLAN, NO_PRIORITY,
     BYTES(0x08, 2, 0, 0, 1, 0, 0x5e, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0x10, 0x02, SNAP4)},
    /* QoS control with bit 8: mesh control of 6 bytes, and of 12 with a fifth address (9.2.4.7.3) */
    {"mesh", 105, "wds-02:00:00:00:00:02", WLAN, .priority = 6, .vague = true,
     BYTES(WLAN_HEADER(0x88, 3), ADDRESS_4, 6, 1, 0, 31, 1, 2, 3, 4, SNAP4)},
    {"mesh, to a group", 105, "from_ap-02:00:00:00:00:01", WLAN, .priority = 6, .vague = true,
     BYTES(WLAN_HEADER(0x88, 2), 6, 1, 1, 31, 1, 2, 3, 4, ADDRESS_4, SNAP4)},
    {"bit 8 of the QoS control outside of a mesh", 105, "from_ap-02:00:00:00:00:01", WLAN, .priority = 6,
     BYTES(WLAN_HEADER(0x88, 2), 6, 1, SNAP4)},
    {"VLAN in the frame", 105, TO_AP "/vlan100", WLAN, .priority = 5,
     BYTES(QOS_DATA(1, 6), LLC_SNAP(0x8100), 0xa0, 100, B16(0x0800), INNER4)},
    {"A-MSDU of one", 105, TO_AP, WLAN, .priority = 6,
     BYTES(QOS_DATA(1, 0x86), 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, B16(8 + INNER4_SIZE), SNAP4)},
    {"radiotap without fields", 127, TO_AP, WLAN, NO_PRIORITY, BYTES(RADIOTAP(8), L32(0), DATA, SNAP4)},
    {"radiotap, FCS at the end", 127, TO_AP, WLAN, NO_PRIORITY, .trailer = 4,
     BYTES(WITH_FLAGS(0x10), DATA, SNAP4, FCS)},
    {"radiotap, padded header", 127, TO_AP, WLAN, .priority = 6,
     BYTES(WITH_FLAGS(0x20), QOS_DATA(1, 6), 0, 0, SNAP4)},
    {"radiotap, padded header that needs none", 127, TO_AP, WLAN, NO_PRIORITY,
     BYTES(WITH_FLAGS(0x20), DATA, SNAP4)},
    /* TSFT is aligned to 8: present word ends at 8, TSFT 8..15, flags at 16 */
    {"radiotap, TSFT before the flags", 127, TO_AP, WLAN, NO_PRIORITY,
     BYTES(RADIOTAP(17), L32(3), 0x50, 0x50, 0x50, 0x50, 0x50, 0x50, 0x50, 0x50, 0, DATA, SNAP4)},
    /* two present words end at 12: TSFT at 16, flags at 24, the antenna's signal and number behind */
    {"radiotap, two namespaces", 127, TO_AP, WLAN, .priority = 6, .trailer = 4,
     BYTES(RADIOTAP(27), L32(RADIOTAP_MORE | RADIOTAP_RESET | 3), L32(1 << 5 | 1 << 11), 0x40, 0x40, 0x40,
           0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x10, 0x40, 0x40, QOS_DATA(1, 6), SNAP4,
           FCS)},
    /* First rate (12), channel (14..17), a vendor's six bytes (18..23) and its three (24..26), then flags of
     * the second standard namespace at 27, which tell of padding. The vendor's word has bit 1 as well, which
     * is no flags field. */
    {"radiotap, a vendor's namespace", 127, TO_AP, WLAN, .priority = 6,
     BYTES(RADIOTAP(32), L32(RADIOTAP_MORE | RADIOTAP_VENDOR | 1 << 2 | 1 << 3),
           L32(RADIOTAP_MORE | RADIOTAP_RESET | 1 << 1 | 1 << 4), L32(1 << 1), 0x50, 0x50, 0x50, 0x50, 0x50,
           0x50, 0, 0x10, 0x18, 0, 3, 0, 0x50, 0x50, 0x50, 0x20, QOS_DATA(1, 6), 0, 0, SNAP4)},
    {"PPI", 192, TO_AP, WLAN, .priority = 6, .trailer = 4,
     BYTES(PPI(32, 105), PPI_COMMON(1), QOS_DATA(1, 6), SNAP4, FCS)},
    /* an unknown field before the common one */
    {"PPI with two fields", 192, TO_AP, WLAN, NO_PRIORITY,
     BYTES(PPI(38, 105), L16(99), L16(2), 0, 0, PPI_COMMON(0), DATA, SNAP4)},
    /* the same of five bytes and three of padding, as flag 1 says; then common tells of the FCS */
    {"PPI with fields at multiples of four", 192, TO_AP, WLAN, NO_PRIORITY, .trailer = 4,
     BYTES(0, 1, L16(44), L32(105), L16(99), L16(5), 0, 0, 0, 0, 0, 0, 0, 0, PPI_COMMON(1), DATA, SNAP4,
           FCS)},
    {"PPI with Ethernet", 192, "", NO_PRIORITY, BYTES(PPI(8, 1), ETHERNET(0x0800), INNER4)},
    {"Prism", 119, TO_AP, WLAN, NO_PRIORITY,
     BYTES(0x44, 0, 0, 0, L32(24), 'w', 'l', 'a', 'n', '0', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, DATA, SNAP4)},
    {"Prism, big endian", 119, TO_AP, WLAN, NO_PRIORITY,
     BYTES(0, 0, 0, 0x44, 0, 0, 0, 12, 'w', 'l', 'a', 'n', DATA, SNAP4)},
    {"AVS", 163, TO_AP, WLAN, NO_PRIORITY, BYTES(0x80, 0x21, 0x10, 1, 0, 0, 0, 12, 0, 0, 0, 0, DATA, SNAP4)},
    {"AVS under Prism's link type", 119, TO_AP, WLAN, NO_PRIORITY,
     BYTES(0x80, 0x21, 0x10, 2, 0, 0, 0, 12, 0, 0, 0, 0, DATA, SNAP4)},
    {"radiotap in a cooked frame", 113, TO_AP, WLAN, NO_PRIORITY,
     BYTES(0, 0, B16(803), 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, RADIOTAP(8), L32(0), DATA, SNAP4)},
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

static void test_lies(void **state)
{
    const struct frame radiotap = {"radiotap", 127, "", 0, BYTES(WITH_FLAGS(0), QOS_DATA(1, 6), SNAP4)};
    static const struct lie lies[] = {
        {"bad FCS", 8, {0x40}, 1, VO_DECODED_DAMAGED},
        {"radiotap version 1", 0, {1}, 1, VO_DECODED_MALFORMED},
        {"radiotap length 7", 2, {7, 0}, 2, VO_DECODED_MALFORMED},
        {"radiotap length beyond the frame", 2, {0, 1}, 2, VO_DECODED_MALFORMED},
        {"no fields", 4, {0, 0}, 2, VO_DECODED_DATAGRAM},
        {"chain of present words beyond the header", 7, {0x80}, 1, VO_DECODED_MALFORMED},
        {"management", 9, {0x80}, 1, VO_DECODED_OTHER},
        {"control", 9, {0xb4}, 1, VO_DECODED_OTHER},
        {"extension", 9, {0x8c}, 1, VO_DECODED_OTHER},
        {"version 1", 9, {0x89}, 1, VO_DECODED_OTHER},
        {"no data", 9, {0xc8}, 1, VO_DECODED_OTHER},
        {"protected", 10, {0x41}, 1, VO_DECODED_ENCRYPTED},
        {"more fragments", 10, {0x05}, 1, VO_DECODED_OTHER},
        {"fragment 3", 9 + 22, {0x13}, 1, VO_DECODED_OTHER},
        {"EAPOL", 9 + 26 + 6, {0x88, 0x8e}, 2, VO_DECODED_OTHER},
        {"spanning tree", 9 + 26, {0x42, 0x42}, 2, VO_DECODED_OTHER},
        {"another organisation", 9 + 26 + 4, {0x40, 0x96}, 2, VO_DECODED_OTHER},
    };
    const struct frame amsdu = {
        "A-MSDU", 105, "", 0,
        BYTES(QOS_DATA(1, 0x86), 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, B16(8 + INNER4_SIZE), SNAP4)};
    static const struct lie amsdu_lies[] = {
        {"length one too many", 26 + 12, {B16(9 + INNER4_SIZE)}, 2, VO_DECODED_MALFORMED},
        {"length one too few", 26 + 12, {B16(7 + INNER4_SIZE)}, 2, VO_DECODED_MALFORMED},
    };
    const struct frame ppi = {"PPI", 192, "", 0, BYTES(PPI(32, 105), PPI_COMMON(0), DATA, SNAP4)};
    static const struct lie ppi_lies[] = {
        {"failed FCS", 20, {4}, 1, VO_DECODED_DAMAGED},
        {"length 7", 2, {7, 0}, 2, VO_DECODED_MALFORMED},
        {"length beyond the frame", 2, {255, 0}, 2, VO_DECODED_MALFORMED},
        {"field beyond the header", 10, {21, 0}, 2, VO_DECODED_DATAGRAM}, /* its flags are not believed */
        {"PPI in PPI", 4, {192}, 1, VO_DECODED_OTHER},
        {"unknown link type", 4, {147}, 1, VO_DECODED_OTHER},
    };
    (void)state;
    check_lies(&radiotap, lies, COUNT(lies));
    check_lies(&amsdu, amsdu_lies, COUNT(amsdu_lies));
    check_lies(&ppi, ppi_lies, COUNT(ppi_lies));
}

static void test_zero_length_psdu(void **state)
{
    /* bit 26: nothing of the frame itself was received */
    static const uint8_t bytes[] = {RADIOTAP(9), L32(1 << 26), 0, DATA, SNAP4};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(127, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_OTHER);
}

static void test_unknown_radiotap_field(void **state)
{
    /* flags are read, then the unknown bit 28 ends the walk: what lies behind is not taken for flags */
    static const uint8_t bytes[] = {RADIOTAP(14), L32(RADIOTAP_MORE | RADIOTAP_RESET | 1 << 1 | 1 << 28),
                                    L32(1 << 1),  0x10,
                                    0x40,         DATA,
                                    SNAP4,        FCS};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(127, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_DATAGRAM);
}

static void test_radiotap_capture(void **state)
{
    /* Flags of an FCS that is longer than the frame. */
    static const uint8_t bytes[] = {WITH_FLAGS(0x10), 8, 1, 0};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(127, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_MALFORMED);
}

/* Three MSDUs: 52, 72 and 52 bytes behind their headers of 14, each but the last padded to a multiple of 4.
 */
#define SUBFRAME(length) 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, B16(length)
enum { FIRST = 26, SECOND = FIRST + 68, THIRD = SECOND + 88, AMSDU_END = THIRD + 66 };
static const uint8_t amsdu_frame[] = {QOS_DATA(9, 0x85),
                                      SUBFRAME(8 + INNER4_SIZE),
                                      SNAP4,
                                      0,
                                      0,
                                      SUBFRAME(8 + INNER6_SIZE),
                                      LLC_SNAP(0x86dd),
                                      INNER6,
                                      0,
                                      0,
                                      SUBFRAME(8 + INNER4_SIZE),
                                      SNAP4,
                                      FCS};

static void test_amsdu(void **state)
{
    const struct frame first = {
        "", 105, TO_AP, WLAN | VO_PACKET_WLAN_RETRY, .priority = 5, .bytes = amsdu_frame, .size = FIRST + 66};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(sizeof amsdu_frame, AMSDU_END + 4);
    /* the FCS is untold: four bytes are less than a subframe's header, and no fourth MSDU */
    assert_int_equal(decode_copy(105, amsdu_frame, sizeof amsdu_frame, sizeof amsdu_frame, &packet),
                     VO_DECODED_DATAGRAM);
    check_datagram(&first, &packet);
    assert_ptr_equal(packet.rest, amsdu_frame + SECOND);

    const struct frame second = {"",
                                 105,
                                 TO_AP,
                                 WLAN6 | VO_PACKET_WLAN_RETRY,
                                 .priority = 5,
                                 .bytes = amsdu_frame,
                                 .size = SECOND + 86};
    assert_int_equal(vo_decode_next(&packet), VO_DECODED_DATAGRAM);
    check_datagram(&second, &packet);
    assert_ptr_equal(packet.rest, amsdu_frame + THIRD);

    const struct frame third = {
        "", 105, TO_AP, WLAN | VO_PACKET_WLAN_RETRY, .priority = 5, .bytes = amsdu_frame, .size = AMSDU_END};
    assert_int_equal(vo_decode_next(&packet), VO_DECODED_DATAGRAM);
    check_datagram(&third, &packet);
    assert_null(packet.rest);
}

static void test_amsdu_snapped(void **state)
{
    (void)state;
    for (uint32_t size = 0; size < sizeof amsdu_frame; size++) {
        uint8_t *copy = malloc(size ? size : 1);
        assert_non_null(copy);
        memcpy(copy, amsdu_frame, size);
        struct vo_packet packet;
        unsigned msdus = 1, whole = 0;
        enum vo_decoded result = vo_decode_frame(105, copy, size, sizeof amsdu_frame, &packet);
        for (;; msdus++) {
            check_sound(result, &packet, copy, size);
            assert_true(result == VO_DECODED_DATAGRAM || result == VO_DECODED_CUT);
            whole += result == VO_DECODED_DATAGRAM && !(packet.flags & VO_PACKET_SNAPPED);
            if (!packet.rest)
                break;
            result = vo_decode_next(&packet);
        }
        assert_int_equal(msdus, size > THIRD ? 3 : size > SECOND ? 2 : 1);
        assert_int_equal(whole, (size >= FIRST + 66) + (size >= SECOND + 86) + (size >= AMSDU_END));
        free(copy);
    }
}

static void test_amsdu_with_vlan_and_tunnel(void **state)
{
    /* What one MSDU carries (a VLAN tag, a tunnel) does not rub off on the next. */
    static const uint8_t bytes[] = {QOS_DATA(1, 0x86),
                                    SUBFRAME(8 + 4 + 20 + INNER4_SIZE),
                                    LLC_SNAP(0x8100),
                                    0x20,
                                    7,
                                    B16(0x0800),
                                    OUTER4(4, INNER4_SIZE),
                                    INNER4,
                                    0,
                                    0,
                                    SUBFRAME(8 + INNER4_SIZE),
                                    SNAP4};
    struct vo_packet packet;
    char text[VO_ENCAP_TEXT];
    (void)state;
    assert_int_equal(decode_copy(105, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_DATAGRAM);
    assert_string_equal(vo_encap_format(packet.encap, packet.encap_count, text), TO_AP "/vlan7/ipip");
    assert_int_equal(packet.user_priority, 1);
    assert_int_equal(packet.outer_dscp, 10);
    assert_int_equal(vo_decode_next(&packet), VO_DECODED_DATAGRAM);
    const struct frame second = {"", 105, TO_AP, WLAN, .priority = 6, .bytes = bytes, .size = sizeof bytes};
    check_datagram(&second, &packet);
    assert_int_equal(packet.encap_count, 1);
}

static void test_amsdu_in_a_tunnel(void **state)
{
    /* CAPWAP with an A-MSDU: the tunnel is around every MSDU */
    enum { PAYLOAD_OF_TUNNEL = 8 + 26 + 68 + 66 };
    static const uint8_t bytes[] = {OUTER_UDP(5247, PAYLOAD_OF_TUNNEL),
                                    0,
                                    2 << 3,
                                    3,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    QOS_DATA(1, 0x86),
                                    SUBFRAME(8 + INNER4_SIZE),
                                    SNAP4,
                                    0,
                                    0,
                                    SUBFRAME(8 + INNER4_SIZE),
                                    SNAP4};
    const struct frame second = {"",
                                 105,
                                 "capwap",
                                 VO_PACKET_WLAN | VO_PACKET_TUNNELLED,
                                 .priority = 6,
                                 .bytes = bytes,
                                 .size = sizeof bytes};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(101, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_DATAGRAM);
    uint32_t hash = packet.encap_hash;
    assert_int_equal(vo_decode_next(&packet), VO_DECODED_DATAGRAM);
    check_datagram(&second, &packet);
    assert_int_equal(packet.encap_hash, hash);
}

/* What tells a frame on the air from others. */
static void test_mpdu(void **state)
{
    static const uint8_t bytes[] = {QOS_DATA(9, 6), SNAP4}; /* sequence control 0x0210: number 33, whole */
    static const uint8_t plain[] = {WLAN_HEADER(0x08, 2), SNAP4};
    struct vo_packet packet;
    (void)state;
    assert_int_equal(decode_copy(105, bytes, sizeof bytes, sizeof bytes, &packet), VO_DECODED_DATAGRAM);
    assert_int_equal(packet.mpdu.transmitter, UINT64_C(0x020000000002));
    assert_int_equal(packet.mpdu.receiver, UINT64_C(0x020000000001));
    assert_int_equal(packet.mpdu.sequence, 33);
    assert_int_equal(packet.mpdu.tid, 6);
    assert_int_equal(packet.mpdu.size, 8 + INNER4_SIZE);
    assert_true(packet.mpdu.retry);
    assert_int_equal(decode_copy(105, plain, sizeof plain, sizeof plain, &packet), VO_DECODED_DATAGRAM);
    assert_int_equal(packet.mpdu.tid, VO_MPDU_NO_TID);
    assert_false(packet.mpdu.retry);
}

/* What goes to the access point comes back from it, whatever is inside; other ways are the same back. */
static void test_way_back(void **state)
{
    static const uint8_t there[] = {WLAN_HEADER(0x08, 1), LLC_SNAP(0x8100), 0, 7, B16(0x0800), INNER4};
    static const uint8_t back[] = {0x08, 2, 0,           0,     2,
                                   0,    0, 0,           0,     2,
                                   2,    0, 0,           0,     0,
                                   1,    2, 0,           0,     0,
                                   0,    3, 0x10,        0x02,  LLC_SNAP(0x8100),
                                   0,    7, B16(0x0800), INNER4};
    static const uint8_t wds[] = {WLAN_HEADER(0x08, 3), ADDRESS_4, SNAP4};
    struct vo_packet one, other;
    char text[VO_ENCAP_TEXT];
    (void)state;
    assert_int_equal(decode_copy(105, there, sizeof there, sizeof there, &one), VO_DECODED_DATAGRAM);
    assert_int_equal(decode_copy(105, back, sizeof back, sizeof back, &other), VO_DECODED_DATAGRAM);
    assert_string_equal(vo_encap_format(one.encap, one.encap_count, text), TO_AP "/vlan7");
    assert_string_equal(vo_encap_format(other.encap, other.encap_count, text),
                        "from_ap-02:00:00:00:00:02/vlan7");
    assert_int_not_equal(one.encap_hash, other.encap_hash);
    assert_int_equal(vo_encap_back(one.encap, one.encap_count, one.encap_hash), other.encap_hash);
    assert_int_equal(vo_encap_back(other.encap, other.encap_count, other.encap_hash), one.encap_hash);
    assert_int_equal(decode_copy(105, wds, sizeof wds, sizeof wds, &one), VO_DECODED_DATAGRAM);
    assert_int_equal(vo_encap_back(one.encap, one.encap_count, one.encap_hash), one.encap_hash);
    assert_int_equal(vo_encap_back(NULL, 0, 0), 0);
}

#define SAME(member) assert_int_equal(one.member, other.member)

/* The frame decoded as a whole, and by way of its header: true if it is a datagram. */
static bool check_ways(uint32_t linktype, const uint8_t *bytes, uint32_t size)
{
    struct vo_wlan_received received;
    struct vo_ieee80211 frame;
    struct vo_packet one, other;
    one.rest = other.rest = NULL;
    if (vo_wlan_received_decode(linktype, bytes, size, size, &received) != VO_WLAN_RECEIVED_OK ||
        received.bad_fcs ||
        vo_ieee80211_decode(received.at, received.captured, received.length, received.options, &frame) !=
            VO_IEEE80211_OK)
        return false;
    enum vo_decoded result = vo_decode_frame(linktype, bytes, size, size, &one);
    assert_int_equal(vo_decode_wlan(&frame, &other), result);
    SAME(rest);
    if (result != VO_DECODED_DATAGRAM)
        return false;
    SAME(flags);
    SAME(user_priority);
    SAME(encap_hash);
    SAME(payload);
    SAME(payload_size);
    SAME(payload_length);
    SAME(ip_length);
    SAME(source_port);
    SAME(dscp);
    SAME(mpdu.transmitter);
    SAME(mpdu.receiver);
    SAME(mpdu.body);
    SAME(mpdu.size);
    SAME(mpdu.sequence);
    SAME(mpdu.tid);
    SAME(mpdu.retry);
    while (one.rest) {
        assert_int_equal(vo_decode_next(&one), vo_decode_next(&other));
        SAME(rest);
        SAME(encap_hash);
        SAME(payload);
    }
    return true;
}

/* Each frame as it is, and 200,000 times with up to three bytes of it changed. */
static void test_decoded_by_its_header(void **state)
{
    unsigned datagrams = 0, changed = 0;
    uint64_t random = 88172645463325252u;
    (void)state;
    for (size_t i = 0; i < COUNT(frames); i++)
        datagrams += check_ways(frames[i].linktype, frames[i].bytes, frames[i].size);
    assert_int_equal(datagrams, COUNT(frames) - 2); /* without Ethernet in PPI, and the cooked frame */
    for (unsigned round = 0; round < 200000; round++) {
        const struct frame *frame = &frames[round % COUNT(frames)];
        uint8_t bytes[512];
        if (frame->linktype != 105)
            continue;
        memcpy(bytes, frame->bytes, frame->size);
        for (unsigned change = 0; change <= round % 4; change++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            bytes[(random >> 8) % (change ? frame->size : 26)] ^= (uint8_t)(random >> 40);
        }
        changed += check_ways(105, bytes, frame->size);
    }
    assert_true(changed > 10000);
    assert_true(check_ways(105, amsdu_frame, sizeof amsdu_frame));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_zero_length_psdu),
        cmocka_unit_test(test_unknown_radiotap_field),
        cmocka_unit_test(test_radiotap_capture),
        cmocka_unit_test(test_amsdu),
        cmocka_unit_test(test_amsdu_snapped),
        cmocka_unit_test(test_amsdu_with_vlan_and_tunnel),
        cmocka_unit_test(test_amsdu_in_a_tunnel),
        cmocka_unit_test(test_mpdu),
        cmocka_unit_test(test_way_back),
        cmocka_unit_test(test_decoded_by_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
