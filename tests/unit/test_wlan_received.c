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
    assert_null(received.at);
    assert_int_equal(received.length, 0);
    assert_false(received.bad_fcs);
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
    assert_false(has(VO_RADIOTAP_TSFT)); /* which is no clock that tells frames apart */
}

/* With flag 1 each field begins at a multiple of four (PPI 1.0.10, 3.1): five bytes of a field that is not
 * known and three of padding, then 802.11 common with nothing in it, which is zeros and -128. */
static void fields_at_multiples_of_four(void **state)
{
    (void)state;
    const uint8_t data[] = {0,      1,      L16(44),   L32(105), L16(99), L16(5), 'a',     'b',    'c',
                            'd',    'e',    0,         0,        0,       L16(2), L16(20), L32(0), L32(0),
                            L16(1), L16(0), L16(2412), L16(0),   0,       0,      0x80,    0,      ACK};
    check(PPI, data, sizeof data);
    assert_int_equal(received.options, VO_IEEE80211_WITH_FCS);
    assert_true(received.fcs_told);
    assert_int_equal(received.radio.frequency_mhz, 2412);
    assert_false(has(VO_RADIOTAP_SIGNAL) || has(VO_RADIOTAP_NOISE) || has(VO_RADIOTAP_TSFT) ||
                 has(VO_RADIOTAP_RATE));
    uint8_t unaligned[sizeof data];
    memcpy(unaligned, data, sizeof data);
    unaligned[1] = 0; /* then the padding begins a field that is longer than the header */
    assert_int_equal(decode(PPI, unaligned, sizeof unaligned), VO_WLAN_RECEIVED_OK);
    assert_int_equal(received.options, 0);
    assert_false(received.fcs_told);
}

/* 802.11n MAC+PHY (48 bytes): 40 MHz, short guard interval, one of an A-MPDU; MCS 15; levels of two chains.
 */
static void of_802_11n(void **state)
{
    (void)state;
    uint8_t data[8 + 4 + 48 + ACK_SIZE] = {0,         0,         L16(60), L32(105), L16(4), L16(48),
                                           L32(0x16), L32(4711), 0,       15,       2};
    memcpy(data + 12 + 24, (const uint8_t[]){0xce, 0xa1, 0xc4, 0xa1, 0x80, 0, 0x80, 0}, 8);
    memcpy(data + 60, (const uint8_t[]){ACK}, ACK_SIZE);
    check(PPI, data, sizeof data);
    assert_true(has(VO_RADIOTAP_MCS) && has(VO_RADIOTAP_AMPDU));
    assert_int_equal(received.radio.mcs_known, 7); /* width, MCS, guard interval */
    assert_int_equal(received.radio.mcs_flags, 5); /* 40 MHz, short */
    assert_int_equal(received.radio.mcs, 15);
    assert_int_equal(received.radio.ampdu_reference, 4711);
    assert_int_equal(received.radio.chain_count, 2);
    assert_int_equal(vo_radiotap_signal(&received.radio), -50);
    data[12] = 0x02;    /* in no A-MPDU */
    data[12 + 9] = 255; /* and the MCS is not told */
    assert_int_equal(decode(PPI, data, sizeof data), VO_WLAN_RECEIVED_OK);
    assert_int_equal(received.radio.mcs_known, 5);
    assert_false(has(VO_RADIOTAP_AMPDU));
    data[8] = 3; /* 802.11n MAC has twelve bytes; this one is longer, and is read alike */
    assert_int_equal(decode(PPI, data, sizeof data), VO_WLAN_RECEIVED_OK);
    assert_int_equal(received.radio.mcs_known, 5);
    assert_int_equal(received.radio.chain_count, 0);
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
    assert_false(has(VO_RADIOTAP_FLAGS));
    assert_false(received.fcs_told);
    /* A frequency in kHz in place of the channel, a rate in bit/s, a level that is none of eight bits, a
     * short preamble; the clock is not there. */
    uint8_t other[] = {AVS_HEADER(2), ACK};
    memcpy(other + 8, (const uint8_t[8]){0}, 8);
    memcpy(other + 28, (const uint8_t[]){B32(2437000), B32(5500000)}, 8);
    memcpy(other + 48, (const uint8_t[]){0, 0, 1, 200}, 4);
    other[59] = 1;
    check(AVS, other, sizeof other);
    assert_int_equal(received.radio.frequency_mhz, 2437);
    assert_int_equal(received.radio.rate_500, 11);
    assert_false(has(VO_RADIOTAP_SIGNAL) || has(VO_RADIOTAP_TSFT));
    assert_int_equal(received.radio.noise_dbm, -96);
    assert_int_equal(received.radio.flags, VO_RADIOTAP_SHORT_PREAMBLE);
    assert_false(received.fcs_told);                     /* of that the header says nothing */
    memcpy(other + 28, (const uint8_t[]){B32(2437)}, 4); /* in MHz */
    check(AVS, other, sizeof other);
    assert_int_equal(received.radio.frequency_mhz, 2437);
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
        cmocka_unit_test(bare),
        cmocka_unit_test(radiotap),
        cmocka_unit_test(per_packet_information),
        cmocka_unit_test(prism),
        cmocka_unit_test(avs),
        cmocka_unit_test(fields_at_multiples_of_four),
        cmocka_unit_test(of_802_11n),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
