/* 802.11 frames, written out by hand. */
#include "probes/decode/ieee80211.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define L16(x)     (uint8_t)(x), (uint8_t)((x) >> 8)
#define ADDRESS(n) 2, 0, 0, 0, 0, n
#define MAC(n)     (UINT64_C(0x020000000000) + (n))
#define NONE       VO_WLAN_NO_ADDRESS

static struct vo_ieee80211 frame;
static uint8_t *held;

/* Decodes a copy of the first `captured` bytes that ends there. */
static enum vo_ieee80211_result decode(const uint8_t *data, size_t captured, size_t length, unsigned options)
{
    free(held);
    held = malloc(captured ? captured : 1);
    assert_non_null(held);
    memcpy(held, data, captured);
    memset(&frame, 0xa5, sizeof frame);
    return vo_ieee80211_decode(held, (uint32_t)captured, (uint32_t)length, options, &frame);
}

#define DECODE(...)                                                                                          \
    decode((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}),                           \
           sizeof((const uint8_t[]){__VA_ARGS__}), 0)

static void assert_roles(vo_wlan_address receiver, vo_wlan_address transmitter, vo_wlan_address bssid,
                         vo_wlan_address source, vo_wlan_address destination)
{
    assert_true(frame.receiver == receiver);
    assert_true(frame.transmitter == transmitter);
    assert_true(frame.bssid == bssid);
    assert_true(frame.source == source);
    assert_true(frame.destination == destination);
}

/* Table 9-30 of the standard: the roles by To DS and From DS. */
static void roles_of_data(void **state)
{
    (void)state;
    assert_int_equal(DECODE(0x08, 0, L16(44), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0x1230)),
                     VO_IEEE80211_OK);
    assert_roles(MAC(1), MAC(2), MAC(3), MAC(2), MAC(1));
    assert_int_equal(frame.sequence, 0x123);
    assert_int_equal(frame.duration_us, 44);
    assert_int_equal(frame.header_size, 24);
    assert_int_equal(frame.body_length, 0);
    DECODE(0x08, 1, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0));
    assert_roles(MAC(1), MAC(2), MAC(1), MAC(2), MAC(3));
    DECODE(0x08, 2, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0));
    assert_roles(MAC(1), MAC(2), MAC(2), MAC(3), MAC(1));
    DECODE(0x08, 3, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), ADDRESS(4));
    assert_roles(MAC(1), MAC(2), NONE, MAC(4), MAC(3));
    assert_int_equal(frame.header_size, 30);
}

static void roles_with_an_amsdu(void **state)
{
    (void)state;
    /* Table 9-30: TA = SA to the DS and RA = DA from it also here; what would be in the third and fourth
     * address is in the A-MSDU, and there is the BSSID. */
    DECODE(0x88, 1, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 0x86, 0);
    assert_roles(MAC(1), MAC(2), MAC(1), MAC(2), NONE);
    assert_true(frame.has & VO_IEEE80211_IS_AMSDU);
    DECODE(0x88, 2, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 0x86, 0);
    assert_roles(MAC(1), MAC(2), MAC(2), NONE, MAC(1));
    DECODE(0x88, 0, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 0x86, 0);
    assert_roles(MAC(1), MAC(2), MAC(3), MAC(2), MAC(1));
    DECODE(0x88, 3, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), ADDRESS(4), 0x86, 0);
    assert_roles(MAC(1), MAC(2), MAC(3), NONE, NONE);
    /* QoS Null has no A-MSDU, whatever the bit says (9.2.4.5.1: reserved there). */
    DECODE(0xc8, 1, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 0x86, 0);
    assert_roles(MAC(1), MAC(2), MAC(1), MAC(2), MAC(3));
    assert_false(frame.has & VO_IEEE80211_IS_AMSDU);
}

static void quality_of_service(void **state)
{
    (void)state;
    /* Retry, protected, power management, fragment 5; TID 6; HT control. */
    assert_int_equal(
        DECODE(0x88, 0xd9, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0xfff5), 6, 0x12, 1, 2, 3, 4, 99),
        VO_IEEE80211_OK);
    assert_int_equal(frame.kind, VO_IEEE80211_QOS_DATA);
    assert_int_equal(frame.control & 0xff00, VO_IEEE80211_TO_DS | VO_IEEE80211_RETRY |
                                                 VO_IEEE80211_POWER_MANAGEMENT | VO_IEEE80211_PROTECTED |
                                                 VO_IEEE80211_ORDER);
    assert_int_equal(frame.sequence, 4095);
    assert_int_equal(frame.fragment, 5);
    assert_int_equal(frame.tid, 6);
    assert_int_equal(frame.qos_control, 0x1206);
    assert_int_equal(frame.ht_control, 0x04030201);
    assert_true(frame.has & VO_IEEE80211_HAS_PRIORITY);
    assert_int_equal(frame.header_size, 30);
    assert_int_equal(frame.body[0], 99);
    DECODE(0x88, 1, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 9, 0);
    assert_int_equal(frame.tid, 9); /* a traffic stream, no priority */
    assert_false(frame.has & VO_IEEE80211_HAS_PRIORITY);
    DECODE(0xc8, 0x11, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 7, 0);
    assert_int_equal(frame.kind, VO_IEEE80211_QOS_NULL);
    assert_true(frame.has & VO_IEEE80211_NO_BODY);
}

static void padding_and_fcs(void **state)
{
    (void)state;
    const uint8_t data[] = {0x88, 1, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 6,
                            0,    0, 0,      42,         0xf,        0xc,        0x5,    0};
    assert_int_equal(decode(data, sizeof data, sizeof data, VO_IEEE80211_WITH_FCS | VO_IEEE80211_PADDED),
                     VO_IEEE80211_OK);
    assert_int_equal(frame.header_size, 28);
    assert_int_equal(frame.body_size, 1);
    assert_int_equal(frame.body[0], 42);
    /* Cut by the snap length: the body ends with the capture, the frame's length is known all the same. */
    assert_int_equal(decode(data, 29, 100, VO_IEEE80211_WITH_FCS | VO_IEEE80211_PADDED), VO_IEEE80211_OK);
    assert_int_equal(frame.body_size, 1);
    assert_int_equal(frame.body_length, 100 - 28 - 4);
    assert_int_equal(decode(data, 3, 3, VO_IEEE80211_WITH_FCS), VO_IEEE80211_MALFORMED);
}

static void control_frames(void **state)
{
    (void)state;
    assert_int_equal(DECODE(0xd4, 0, L16(0), ADDRESS(1)), VO_IEEE80211_OK); /* ACK */
    assert_roles(MAC(1), NONE, NONE, NONE, NONE);
    assert_int_equal(frame.has, VO_IEEE80211_HAS_DURATION);
    assert_int_equal(DECODE(0xc4, 0, L16(100), ADDRESS(1)), VO_IEEE80211_OK); /* CTS */
    assert_int_equal(frame.kind, VO_IEEE80211_CTS);
    assert_int_equal(DECODE(0xb4, 0, L16(200), ADDRESS(1), ADDRESS(2)), VO_IEEE80211_OK); /* RTS */
    assert_roles(MAC(1), MAC(2), NONE, NONE, NONE);
    /* Bandwidth signalled: the transmitter's group bit is set, and is not part of its address. */
    DECODE(0xb4, 0, L16(200), ADDRESS(1), 3, 0, 0, 0, 0, 2);
    assert_roles(MAC(1), MAC(2), NONE, NONE, NONE);
    assert_true(frame.has & VO_IEEE80211_BANDWIDTH_SIGNALLED);
    DECODE(0xa4, 0, L16(0xc001), ADDRESS(1), ADDRESS(2)); /* PS-Poll: an AID, no duration */
    assert_roles(MAC(1), MAC(2), MAC(1), NONE, NONE);
    assert_false(frame.has & VO_IEEE80211_HAS_DURATION);
    DECODE(0xe4, 0, L16(0), ADDRESS(1), ADDRESS(2)); /* CF-End */
    assert_roles(MAC(1), MAC(2), MAC(2), NONE, NONE);
    DECODE(0x74, 0, L16(0), ADDRESS(1), L16(0xd4), 1, 2, 3, 4); /* wrapper around an ACK */
    assert_roles(MAC(1), NONE, NONE, NONE, NONE);
    assert_int_equal(frame.ht_control, 0x04030201);
    static const uint8_t both[] = {0x24, 0x34, 0x44, 0x54, 0x84, 0x94};
    for (size_t i = 0; i < sizeof both; i++) {
        assert_int_equal(DECODE(both[i], 0, L16(0), ADDRESS(1), ADDRESS(2), 7), VO_IEEE80211_OK);
        assert_roles(MAC(1), MAC(2), NONE, NONE, NONE);
        assert_int_equal(frame.body_size, 1);
    }
    assert_int_equal(DECODE(0x14, 0, L16(0), 9), VO_IEEE80211_OK); /* reserved: nothing is known of it */
    assert_roles(NONE, NONE, NONE, NONE, NONE);
    assert_int_equal(frame.header_size, 4);
}

/* 9.2.4.1.1: B8 to B11 of a control frame extension are its own subtype (here 10, SSW-Ack, with B11, which is
 * Retry elsewhere), B12 is Power Management. All flags of an S1G beacon are others. */
static void kinds_without_these_flags(void **state)
{
    (void)state;
    assert_int_equal(DECODE(0x64, 0x1a, L16(0), ADDRESS(1), ADDRESS(2), 0), VO_IEEE80211_OK);
    assert_int_equal(frame.kind, VO_IEEE80211_CONTROL_EXTENSION);
    assert_int_equal(frame.control & 0xff00, VO_IEEE80211_POWER_MANAGEMENT);
    assert_roles(MAC(1), MAC(2), NONE, NONE, NONE);
    DECODE(0x64, 0x06, L16(0), ADDRESS(1), ADDRESS(8), ADDRESS(9)); /* DMG DTS: then NAV-SA and NAV-DA */
    assert_roles(MAC(1), NONE, NONE, NONE, NONE);
    assert_int_equal(DECODE(0x1c, 0xff, L16(0), ADDRESS(3)), VO_IEEE80211_OK);
    assert_int_equal(frame.kind, VO_IEEE80211_S1G_BEACON);
    assert_int_equal(frame.control & 0xff00, 0);
}

static void other_kinds(void **state)
{
    (void)state;
    assert_int_equal(DECODE(0x0c, 0, L16(0), ADDRESS(3)), VO_IEEE80211_OK); /* DMG beacon */
    assert_roles(NONE, MAC(3), MAC(3), MAC(3), NONE);
    assert_int_equal(DECODE(0x81, 0, L16(0), ADDRESS(1)), VO_IEEE80211_UNKNOWN); /* version 1 */
    assert_roles(NONE, NONE, NONE, NONE, NONE);
    assert_string_equal(vo_ieee80211_kind_name(VO_IEEE80211_BEACON), "beacon");
    assert_string_equal(vo_ieee80211_kind_name(VO_IEEE80211_KIND(0, 7)), "reserved");
    assert_string_equal(vo_ieee80211_kind_name(64), "reserved");
    char text[VO_WLAN_ADDRESS_TEXT];
    assert_string_equal(vo_wlan_address_text(UINT64_C(0x02abcdef0910), text), "02:ab:cd:ef:09:10");
    assert_string_equal(vo_wlan_address_text(NONE, text), "-");
    assert_true(vo_wlan_address_is_group(VO_WLAN_BROADCAST));
    assert_false(vo_wlan_address_is_group(NONE));
}

/* Every kind, with every combination of flags, at every length: no over-read, and whole at its header's size.
 */
static void every_kind_at_every_length(void **state)
{
    (void)state;
    enum { LONGEST = 40 };
    uint8_t data[LONGEST] = {0};
    for (unsigned control = 0; control < 0x10000; control += 4) {
        if (control >> 8 & 0x7c) /* of the flags, To DS, From DS and Order shape the header */
            continue;
        data[0] = (uint8_t)control;
        data[1] = (uint8_t)(control >> 8);
        assert_int_equal(decode(data, LONGEST, LONGEST, 0), VO_IEEE80211_OK);
        unsigned header = frame.header_size;
        for (unsigned size = 0; size < LONGEST; size++) {
            enum vo_ieee80211_result whole = decode(data, size, size, 0),
                                     cut = decode(data, size, LONGEST, 0);
            assert_int_equal(whole, size < header ? VO_IEEE80211_MALFORMED : VO_IEEE80211_OK);
            assert_int_equal(cut, size < header ? VO_IEEE80211_CUT : VO_IEEE80211_OK);
        }
    }
}

/* What was captured of a cut header still tells. */
static void a_cut_header_tells_what_it_has(void **state)
{
    (void)state;
    const uint8_t data[] = {0x88, 2, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0x10)};
    assert_int_equal(decode(data, 16, 100, 0), VO_IEEE80211_CUT);
    assert_true(frame.receiver == MAC(1));
    assert_true(frame.transmitter == MAC(2));
    assert_false(frame.has & VO_IEEE80211_HAS_SEQUENCE);
    assert_true(frame.source == NONE); /* without the QoS control it could be an A-MSDU */
    assert_null(frame.body);
}

static void checks_the_fcs(void **state)
{
    (void)state;
    /* CRC-32's check value: "123456789" gives 0xcbf43926; least significant byte first on the air. */
    uint8_t data[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9', 0x26, 0x39, 0xf4, 0xcb};
    assert_int_equal(vo_ieee80211_fcs(data, 9), 0xcbf43926);
    assert_true(vo_ieee80211_fcs_holds(data, sizeof data, NULL));
    data[3] ^= 1;
    assert_false(vo_ieee80211_fcs_holds(data, sizeof data, NULL));
}

/* The receiver's padding was not on the air: the FCS is that of the 26 bytes of header and the body. */
static void the_fcs_is_without_padding(void **state)
{
    (void)state;
    uint8_t air[] = {0x88, 1, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 6, 0, 'v', 'o'};
    uint8_t captured[sizeof air + 2 + 4];
    uint32_t fcs = vo_ieee80211_fcs(air, sizeof air);
    memcpy(captured, air, 26);
    memcpy(captured + 26, (const uint8_t[]){0xee, 0xee, 'v', 'o', L16(fcs), L16(fcs >> 16)}, 8);
    assert_int_equal(
        decode(captured, sizeof captured, sizeof captured, VO_IEEE80211_WITH_FCS | VO_IEEE80211_PADDED),
        VO_IEEE80211_OK);
    assert_int_equal(frame.padding, 2);
    assert_int_equal(frame.body_size, 2);
    assert_true(vo_ieee80211_fcs_holds(captured, sizeof captured, &frame));
    captured[28] ^= 1;
    assert_false(vo_ieee80211_fcs_holds(captured, sizeof captured, &frame));
}

static void ethertypes(void **state)
{
    (void)state;
    uint16_t type;
    DECODE(0x08, 1, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e);
    assert_true(vo_ieee80211_ethertype(&frame, &type));
    assert_int_equal(type, 0x888e);
    DECODE(0x08, 0x41, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 0xaa, 0xaa, 3, 0, 0, 0, 0x88,
           0x8e);
    assert_false(vo_ieee80211_ethertype(&frame, &type)); /* protected */
    DECODE(0x08, 1, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(1), 0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e);
    assert_false(vo_ieee80211_ethertype(&frame, &type)); /* a later fragment */
    DECODE(0x08, 1, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 0xaa, 0xaa, 3, 0, 0, 0, 0x88);
    assert_false(vo_ieee80211_ethertype(&frame, &type));
    DECODE(0xd4, 0, L16(0), ADDRESS(1), 0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e);
    assert_false(vo_ieee80211_ethertype(&frame, &type));
}

/* Mesh control (9.2.4.7.3): flags, time to live, sequence number, and 0, 6 or 12 bytes of addresses by the
 * flags' lower two bits, of which 3 is reserved. Outside of a mesh bit 8 of the QoS control is another. */
static void types_behind_mesh_control(void **state)
{
    (void)state;
    enum { LONGEST = 18 };
    for (unsigned extension = 0; extension < 4; extension++) {
        uint8_t data[32 + LONGEST + 8] = {0x88, 3, 0, 0};
        uint32_t control = 6 + 6 * extension, size = 32 + (control <= LONGEST ? control : LONGEST);
        data[30] = 6;
        data[31] = 1; /* mesh control present */
        data[32] = (uint8_t)extension;
        memcpy(data + size, (const uint8_t[]){0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 8);
        uint16_t type = 0;
        decode(data, size + 8, size + 8, 0);
        assert_int_equal(vo_ieee80211_ethertype(&frame, &type), extension < 3);
        assert_int_equal(type, extension < 3 ? 0x0800 : 0);
        for (uint32_t cut = 32; cut < size + 8; cut++) {
            decode(data, cut, size + 8, 0);
            assert_false(vo_ieee80211_ethertype(&frame, &type));
        }
        data[31] = 0; /* and if it is not announced, it is none */
        decode(data, size + 8, size + 8, 0);
        assert_false(vo_ieee80211_ethertype(&frame, &type));
    }
    uint16_t type;
    DECODE(0x88, 2, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(3), L16(0), 6, 1, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0);
    assert_true(vo_ieee80211_ethertype(&frame, &type)); /* an AP's buffer state, not mesh control */
}

/* Three bytes and one of padding, then one byte. */
static const uint8_t amsdu[] = {ADDRESS(1), ADDRESS(2), 0,          3,          7, 8, 9, 0,
                                0,          0,          ADDRESS(3), ADDRESS(4), 0, 1, 6};

static unsigned msdus(const uint8_t *data, size_t size, bool *faulty)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    struct vo_bytes left = vo_bytes_of(copy, (uint32_t)size);
    struct vo_ieee80211_msdu msdu;
    unsigned count = 0;
    while (vo_ieee80211_msdu_next(&left, &msdu)) {
        count++;
        assert_true(msdu.destination == MAC(count * 2 - 1) && msdu.source == MAC(count * 2));
        assert_int_equal(msdu.at[0], count == 1 ? 7 : 6);
    }
    *faulty = left.short_read;
    free(copy);
    return count;
}

static void frames_in_an_amsdu(void **state)
{
    (void)state;
    bool faulty;
    assert_int_equal(sizeof amsdu, 35); /* 14 + 3, padded to 20; 14 + 1 */
    assert_int_equal(msdus(amsdu, sizeof amsdu, &faulty), 2);
    assert_false(faulty);
    for (size_t size = 0; size < sizeof amsdu; size++) {
        assert_int_equal(msdus(amsdu, size, &faulty), size >= 17);
        assert_int_equal(faulty, !(size <= 3 || (size >= 17 && size <= 23)));
    }
}

static void management_fields(void **state)
{
    (void)state;
    struct vo_ieee80211_management management;
    DECODE(0x80, 0, L16(0), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ADDRESS(2), ADDRESS(2), L16(0), 8, 7, 6, 5, 4,
           3, 2, 1, L16(100), L16(0x1411), 0, 1, 'x');
    assert_roles(VO_WLAN_BROADCAST, MAC(2), MAC(2), MAC(2), VO_WLAN_BROADCAST);
    assert_true(vo_ieee80211_management_decode(&frame, &management));
    assert_true(management.value[VO_MANAGEMENT_TIMESTAMP] == 0x0102030405060708);
    assert_int_equal(management.value[VO_MANAGEMENT_INTERVAL], 100);
    assert_int_equal(management.value[VO_MANAGEMENT_CAPABILITY], 0x1411);
    assert_int_equal(management.elements_size, 3);
    DECODE(0x20, 0, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(1), L16(0), L16(0x11), L16(5), ADDRESS(9), 0, 0);
    assert_true(vo_ieee80211_management_decode(&frame, &management)); /* a reassociation, and where from */
    assert_true(management.value[VO_MANAGEMENT_CURRENT_AP] == MAC(9));
    assert_int_equal(management.elements_size, 2);
    DECODE(0x30, 0, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(2), L16(0), L16(0x11), L16(0), L16(0xc007));
    assert_true(vo_ieee80211_management_decode(&frame, &management));
    assert_int_equal(management.value[VO_MANAGEMENT_AID], 7);
    DECODE(0xb0, 0, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(2), L16(0), L16(2), L16(1), L16(0), 55, 0);
    assert_true(vo_ieee80211_management_decode(&frame, &management)); /* FT */
    assert_int_equal(management.value[VO_MANAGEMENT_ALGORITHM], 2);
    assert_non_null(management.elements);
    DECODE(0xb0, 0, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(2), L16(0), L16(3), L16(1), L16(126), 19, 0);
    assert_true(vo_ieee80211_management_decode(&frame, &management)); /* SAE: what follows is no element */
    assert_int_equal(management.value[VO_MANAGEMENT_STATUS], 126);
    assert_null(management.elements);
    DECODE(0xc0, 0, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(2), L16(0), L16(8));
    assert_true(vo_ieee80211_management_decode(&frame, &management));
    assert_int_equal(management.value[VO_MANAGEMENT_REASON], 8);
    DECODE(0xd0, 0, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(2), L16(0), 10, 7);
    assert_true(vo_ieee80211_management_decode(&frame, &management));
    assert_int_equal(management.value[VO_MANAGEMENT_ACTION], 7);
    assert_null(management.elements);
    DECODE(0xd0, 0x40, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(2), L16(0), 10, 7);
    assert_false(vo_ieee80211_management_decode(&frame, &management)); /* protected */
    DECODE(0xd4, 0, L16(0), ADDRESS(1));
    assert_false(vo_ieee80211_management_decode(&frame, &management));
}

/* A management frame in fragments (10.4): the elements go on in the next, whose body begins anywhere. */
static void management_in_fragments(void **state)
{
    (void)state;
    struct vo_ieee80211_management management;
    DECODE(0x10, 0x04, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(2), L16(0x10), L16(0x11), L16(0), L16(0xc007),
           0, 0);
    assert_true(vo_ieee80211_management_decode(&frame, &management));
    assert_int_equal(management.value[VO_MANAGEMENT_AID], 7);
    assert_true(management.cut);
    DECODE(0x10, 0, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(2), L16(0x11), L16(0x11), L16(0), L16(0xc007), 0,
           0);
    assert_false(vo_ieee80211_management_decode(&frame, &management));
}

static void management_at_every_length(void **state)
{
    (void)state;
    struct vo_ieee80211_management management;
    const uint8_t beacon[] = {0x80, 0, L16(0), ADDRESS(1), ADDRESS(2), ADDRESS(2), L16(0), 1,      1,
                              1,    1, 1,      1,          1,          1,          L16(1), L16(1), 0};
    for (size_t size = 24; size < sizeof beacon; size++) {
        decode(beacon, size, sizeof beacon, 0);
        assert_true(vo_ieee80211_management_decode(&frame, &management));
        assert_int_equal(management.has >> VO_MANAGEMENT_TIMESTAMP & 1, size >= 32);
        assert_int_equal(management.has >> VO_MANAGEMENT_INTERVAL & 1, size >= 34);
        assert_int_equal(management.has >> VO_MANAGEMENT_CAPABILITY & 1, size >= 36);
        assert_int_equal(management.elements != NULL, size >= 36);
        assert_true(management.cut);
    }
}

#define BLOCK_ACK(...) DECODE(0x94, 0, L16(0), ADDRESS(1), ADDRESS(2), __VA_ARGS__)

static struct vo_ieee80211_block_acks acks;
static struct vo_ieee80211_block_ack ack;

static void block_acks(void **state)
{
    (void)state;
    /* Compressed (type 2), TID 6, from sequence 4094: bits 0, 2 and 9 are 4094, 0 and 7. An FCS that nobody
     * told of follows. */
    BLOCK_ACK(L16(0x6005), L16(4094 << 4), 0x05, 0x02, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4);
    assert_true(vo_ieee80211_block_acks_begin(&frame, &acks));
    assert_true(vo_ieee80211_block_ack_next(&acks, &ack));
    assert_int_equal(ack.tid, 6);
    assert_int_equal(ack.start, 4094);
    assert_int_equal(ack.bitmap_size, 8);
    assert_true(vo_ieee80211_block_ack_covers(&ack, 4094));
    assert_false(vo_ieee80211_block_ack_covers(&ack, 4095));
    assert_true(vo_ieee80211_block_ack_covers(&ack, 0));
    assert_true(vo_ieee80211_block_ack_covers(&ack, 7));
    assert_false(vo_ieee80211_block_ack_covers(&ack, 8));
    assert_false(vo_ieee80211_block_ack_covers(&ack, 62)); /* 64 behind the start: not in the bitmap */
    assert_false(vo_ieee80211_block_ack_covers(&ack, 4093));
    assert_false(vo_ieee80211_block_ack_next(&acks, &ack));
    /* Multi-TID (3): TID 1 and TID 5. */
    BLOCK_ACK(L16(0x1007), L16(0x1000), L16(0), 1, 0, 0, 0, 0, 0, 0, 0, L16(0x5000), L16(16), 2, 0, 0, 0, 0,
              0, 0, 0);
    assert_true(vo_ieee80211_block_acks_begin(&frame, &acks));
    assert_true(vo_ieee80211_block_ack_next(&acks, &ack));
    assert_int_equal(ack.tid, 1);
    assert_true(vo_ieee80211_block_ack_next(&acks, &ack));
    assert_int_equal(ack.tid, 5);
    assert_true(vo_ieee80211_block_ack_covers(&ack, 2));
    assert_false(vo_ieee80211_block_ack_next(&acks, &ack));
    assert_false(acks.left.short_read);
}

static void block_acks_of_several_stations(void **state)
{
    (void)state;
    /* Type 11: AID 3, all of the A-MPDU (ack type 1, TID 14); AID 4, TID 2, bitmap of 4 bytes (fragment
     * number 6); a station that is not associated (2045). */
    BLOCK_ACK(L16(0x0017), L16(0xe803), L16(0x2004), L16(0x0106), 1, 0, 0, 0x80, L16(0xf7fd), 0, 0, 0, 0,
              ADDRESS(9));
    assert_true(vo_ieee80211_block_acks_begin(&frame, &acks));
    assert_true(vo_ieee80211_block_ack_next(&acks, &ack));
    assert_int_equal(ack.aid, 3);
    assert_true(ack.all);
    assert_true(vo_ieee80211_block_ack_covers(&ack, 1234));
    assert_true(vo_ieee80211_block_ack_next(&acks, &ack));
    assert_int_equal(ack.aid, 4);
    assert_int_equal(ack.tid, 2);
    assert_int_equal(ack.start, 16);
    assert_int_equal(ack.bitmap_size, 4);
    assert_true(vo_ieee80211_block_ack_covers(&ack, 47));
    assert_false(vo_ieee80211_block_ack_covers(&ack, 48));
    assert_true(vo_ieee80211_block_ack_next(&acks, &ack));
    assert_int_equal(ack.aid, 2045);
    assert_false(vo_ieee80211_block_ack_next(&acks, &ack));
    assert_false(acks.left.short_read);
    BLOCK_ACK(L16(0x0017), L16(0x2004), L16(0x0106), 1, 0, 0); /* one byte of the bitmap is missing */
    assert_true(vo_ieee80211_block_acks_begin(&frame, &acks));
    assert_false(vo_ieee80211_block_ack_next(&acks, &ack));
    assert_true(acks.left.short_read);
    BLOCK_ACK(L16(0x0001), L16(0)); /* basic: fragments, not frames */
    assert_true(vo_ieee80211_block_acks_begin(&frame, &acks));
    assert_false(vo_ieee80211_block_ack_next(&acks, &ack));
    BLOCK_ACK(1);
    assert_false(vo_ieee80211_block_acks_begin(&frame, &acks));
    DECODE(0xd4, 0, L16(0), ADDRESS(1), 1, 2, 3, 4);
    assert_false(vo_ieee80211_block_acks_begin(&frame, &acks));
}

static int release(void **state)
{
    (void)state;
    free(held);
    held = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_of_data),
        cmocka_unit_test(roles_with_an_amsdu),
        cmocka_unit_test(quality_of_service),
        cmocka_unit_test(padding_and_fcs),
        cmocka_unit_test(control_frames),
        cmocka_unit_test(other_kinds),
        cmocka_unit_test(kinds_without_these_flags),
        cmocka_unit_test(every_kind_at_every_length),
        cmocka_unit_test(a_cut_header_tells_what_it_has),
        cmocka_unit_test(checks_the_fcs),
        cmocka_unit_test(the_fcs_is_without_padding),
        cmocka_unit_test(ethertypes),
        cmocka_unit_test(types_behind_mesh_control),
        cmocka_unit_test(frames_in_an_amsdu),
        cmocka_unit_test(management_fields),
        cmocka_unit_test(management_in_fragments),
        cmocka_unit_test(management_at_every_length),
        cmocka_unit_test(block_acks),
        cmocka_unit_test(block_acks_of_several_stations),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
