/* The headers that captures have for 802.11 frames; radiotap's own are in test_radiotap.c. */
#include "probes/decode/ieee80211.h"
#include "probes/decode/wlan_received.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define L16(x) (uint8_t)(x), (uint8_t)((x) >> 8)
#define L32(x) L16((uint32_t)(x)&0xffff), L16((uint32_t)(x) >> 16)
#define B32(x)                                                                                               \
    (uint8_t)((uint32_t)(x) >> 24), (uint8_t)((uint32_t)(x) >> 16), (uint8_t)((x) >> 8), (uint8_t)(x)
#define ACK 0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 1

enum { RADIOTAP = 127, BARE = 105, PPI = 192, PRISM = 119, AVS = 163, ACK_SIZE = 10 };

static struct vo_wlan_received received;
static uint8_t *held;

static enum vo_wlan_received_result decode(uint32_t linktype, const uint8_t *data, size_t size)
{
    free(held);
    held = malloc(size ? size : 1); /* ends where the data does */
    assert_non_null(held);
    if (size)
        memcpy(held, data, size);
    memset(&received, 0xa5, sizeof received);
    return vo_wlan_received_decode(linktype, held, (uint32_t)size, (uint32_t)size, &received);
}

static bool has(enum vo_radiotap_field field)
{
    return vo_radiotap_has(&received.radio, field);
}

/* At its full length there is an ACK behind the header; at every shorter one the header is cut. */
static void check(uint32_t linktype, const uint8_t *data, size_t size)
{
    size_t header = size - ACK_SIZE;
    for (size_t cut = 0; cut < header; cut++)
        assert_int_equal(decode(linktype, data, cut), VO_WLAN_RECEIVED_CUT);
    for (size_t cut = header; cut < size; cut++) {
        assert_int_equal(decode(linktype, data, cut), VO_WLAN_RECEIVED_OK);
        assert_int_equal(received.captured, cut - header);
    }
    assert_int_equal(decode(linktype, data, size), VO_WLAN_RECEIVED_OK);
    struct vo_ieee80211 frame;
    assert_ptr_equal(received.at, held + header);
    assert_int_equal(vo_ieee80211_decode(received.at, received.captured, received.length, 0, &frame),
                     VO_IEEE80211_OK);
    assert_int_equal(frame.kind, VO_IEEE80211_ACK);
}

static void bare(void **state)
{
    (void)state;
    const uint8_t data[] = {ACK};
    check(BARE, data, sizeof data);
    assert_int_equal(received.radio.has, 0);
    assert_int_equal(received.options, 0);
    assert_int_equal(decode(1, data, sizeof data), VO_WLAN_RECEIVED_NOT_WLAN);
    assert_true(vo_wlan_is_linktype(BARE) && vo_wlan_is_linktype(RADIOTAP) && !vo_wlan_is_linktype(1));
}

static void radiotap(void **state)
{
    (void)state;
    const uint8_t data[] = {0, 0, L16(10), L32(1 << 1 | 1 << 5), 0x70, 0xc4, ACK};
    check(RADIOTAP, data, sizeof data);
    assert_int_equal(received.options, VO_IEEE80211_WITH_FCS | VO_IEEE80211_PADDED);
    assert_true(received.bad_fcs);
    assert_int_equal(received.radio.signal_dbm, -60);
    const uint8_t sounding[] = {0, 0, L16(9), L32(1 << 26), 0, ACK}; /* a preamble without a frame */
    assert_int_equal(decode(RADIOTAP, sounding, sizeof sounding), VO_WLAN_RECEIVED_NO_FRAME);
    const uint8_t version[] = {1, 0, L16(8), L32(0), ACK};
    assert_int_equal(decode(RADIOTAP, version, sizeof version), VO_WLAN_RECEIVED_MALFORMED);
}

/* A field that is not known (type 99, two bytes), then 802.11 common: TSF, flags, rate, channel, hopping,
 * levels. */
static const uint8_t ppi[] = {0,         0,         L16(38), L32(105), L16(99), L16(2),      7,
                              7,         L16(2),    L16(20), L32(5),   L32(1),  L16(0x0005), L16(22),
                              L16(2462), L16(0xa0), 0,       0,        0xd8,    0xa1,        ACK};

static void per_packet_information(void **state)
{
    (void)state;
    check(PPI, ppi, sizeof ppi);
    assert_int_equal(received.options, VO_IEEE80211_WITH_FCS);
    assert_true(received.bad_fcs);
    assert_true(received.radio.tsft_us == 0x100000005);
    assert_int_equal(received.radio.rate_500, 22);
    assert_int_equal(received.radio.frequency_mhz, 2462);
    assert_int_equal(received.radio.signal_dbm, -40);
    assert_int_equal(received.radio.noise_dbm, -95);
    uint8_t changed[sizeof ppi];
    memcpy(changed, ppi, sizeof ppi);
    changed[16] = 200; /* the field is longer than the header: it is not read, the frame is there */
    assert_int_equal(decode(PPI, changed, sizeof changed), VO_WLAN_RECEIVED_OK);
    assert_int_equal(received.radio.has, 0);
    changed[4] = 1; /* Ethernet */
    assert_int_equal(decode(PPI, changed, sizeof changed), VO_WLAN_RECEIVED_NOT_WLAN);
    changed[2] = 7;
    assert_int_equal(decode(PPI, changed, sizeof changed), VO_WLAN_RECEIVED_MALFORMED);
    memcpy(changed, ppi, sizeof ppi);
    changed[26] |= 2; /* the clock counts milliseconds */
    changed[22] = 0;
    assert_int_equal(decode(PPI, changed, sizeof changed), VO_WLAN_RECEIVED_OK);
    assert_true(received.radio.tsft_us == 5000);
}

#define PRISM_ITEM(which, status, value) L32(which), L16(status), L16(4), L32(value)

static void prism(void **state)
{
    (void)state;
    /* Code, length 60, name; channel 6 (item 3), rate 11 Mbit/s (8), signal -40 (6): whose unit nobody knows.
     */
    const uint8_t data[] = {L32(0x44),
                            L32(60),
                            'w',
                            'l',
                            'a',
                            'n',
                            '0',
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            PRISM_ITEM(0x00030044, 0, 6),
                            PRISM_ITEM(0x00080044, 0, 22),
                            PRISM_ITEM(0x00060044, 0, -40),
                            ACK};
    check(PRISM, data, sizeof data);
    assert_int_equal(received.radio.frequency_mhz, 2437);
    assert_int_equal(received.radio.rate_500, 22);
    assert_false(has(VO_RADIOTAP_SIGNAL));
    /* The host's other byte order; the items' numbers as wlan-ng counted them; a channel that is not there.
     */
    const uint8_t big[] = {B32(0x41), B32(48), 'w',         'l', 'a', 'n', '0', 0,           0,  0, 0,
                           0,         0,       0,           0,   0,   0,   0,   B32(0x3041), 0,  1, 0,
                           4,         B32(6),  B32(0x8041), 0,   0,   0,   4,   B32(4),      ACK};
    check(PRISM, big, sizeof big);
    assert_false(has(VO_RADIOTAP_CHANNEL));
    assert_int_equal(received.radio.rate_500, 4);
    const uint8_t lying[] = {L32(0x44), L32(7), ACK};
    assert_int_equal(decode(PRISM, lying, sizeof lying), VO_WLAN_RECEIVED_MALFORMED);
}

/* AVS: version, length, clocks, PHY, channel 36, 54 Mbit/s, antenna, priority, levels in dBm. */
#define AVS_HEADER(levels)                                                                                   \
    B32(0x80211001), B32(64), B32(0), B32(77), B32(0), B32(0), B32(5), B32(36), B32(540), B32(0), B32(0),    \
        B32(levels), B32(-55), B32(-96), B32(0), B32(0)

static void avs(void **state)
{
    (void)state;
    const uint8_t data[] = {AVS_HEADER(2), ACK};
    check(AVS, data, sizeof data);
    check(PRISM, data, sizeof data); /* drivers write it under Prism's number */
    assert_true(received.radio.tsft_us == 77);
    assert_int_equal(received.radio.frequency_mhz, 5180);
    assert_int_equal(received.radio.rate_500, 108);
    assert_int_equal(received.radio.signal_dbm, -55);
    assert_int_equal(received.radio.noise_dbm, -96);
    const uint8_t raw[] = {AVS_HEADER(3), ACK}; /* levels without a unit */
    check(AVS, raw, sizeof raw);
    assert_false(has(VO_RADIOTAP_SIGNAL) || has(VO_RADIOTAP_NOISE));
    const uint8_t brief[] = {B32(0x80211001), B32(8), ACK};
    check(AVS, brief, sizeof brief);
    assert_int_equal(received.radio.has, 0);
    const uint8_t lying[] = {B32(0x80211001), B32(0x10000), ACK};
    assert_int_equal(decode(AVS, lying, sizeof lying), VO_WLAN_RECEIVED_MALFORMED);
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
        cmocka_unit_test(bare),  cmocka_unit_test(radiotap), cmocka_unit_test(per_packet_information),
        cmocka_unit_test(prism), cmocka_unit_test(avs),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
