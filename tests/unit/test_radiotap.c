/* Radiotap headers, written out by hand: every offset is beside its field. */
#include "probes/decode/radiotap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define L16(x) (uint8_t)(x), (uint8_t)((x) >> 8)
#define L32(x) L16((uint32_t)(x)&0xffff), L16((uint32_t)(x) >> 16)
#define BIT(x) (1u << (x))
#define MORE   BIT(31)
#define VENDOR BIT(30)
#define RESET  BIT(29)
#define TLV    BIT(28)

static struct vo_radiotap radiotap;

/* Decodes a copy that ends where the data does, so that the sanitizer sees one byte too far. */
static enum vo_radiotap_result decode(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    memset(&radiotap, 0xa5, sizeof radiotap);
    enum vo_radiotap_result result = vo_radiotap_decode(copy, (uint32_t)size, &radiotap);
    free(copy);
    return result;
}

static bool has(enum vo_radiotap_field field)
{
    return vo_radiotap_has(&radiotap, field);
}

/* All of the header's first 28 fields but FHSS and the dB ones, in one namespace. */
static const uint8_t full[] = {
    0,
    0,
    L16(140),
    L32(0x0fffffff & ~(BIT(4) | BIT(12) | BIT(13) | BIT(25))),
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,    /* 8: TSFT */
    0x52, /* 16: short preamble, FCS, bad FCS */
    11,   /* 17: 5.5 Mbit/s */
    L16(2437),
    L16(0x00a0), /* 18: channel 6, CCK, 2 GHz */
    0xa4,        /* 22: signal: 164 - 256 = -92 dBm */
    0x9f,        /* 23: noise: 159 - 256 = -97 dBm */
    L16(100),
    L16(1),
    L16(2), /* 24: lock, attenuation, attenuation in dB */
    0xff,   /* 30: transmitted with -1 dBm */
    3,      /* 31: antenna */
    L16(2),
    L16(8), /* 32: RX flags: bad PLCP; TX flags: no ACK */
    4,
    5, /* 36: retries of RTS, of data */
    0,
    0, /* 38 */
    L32(0x10080),
    L16(2437),
    6,
    30, /* 40: XChannel */
    0x07,
    0x05,
    15, /* 48: MCS */
    0,  /* 51 */
    L32(0x01020304),
    L16(0x0c),
    0x77,
    0, /* 52: A-MPDU, the last of it */
    L16(0x0044),
    0x04,
    4,
    0x92,
    0,
    0,
    0,
    1,
    2,
    L16(0x0103), /* 60: VHT */
    L32(0x11223344),
    L32(0x55667788),
    L16(9),
    0x12,
    3, /* 72: timestamp, aligned to 8 */
    L16(1),
    L16(2),
    L16(3),
    L16(4),
    L16(5),
    L16(6), /* 84: HE */
    L16(0x0102),
    L16(0x0304),
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8, /* 96: HE-MU */
    1, /* 108: no PSDU, not captured */
    0, /* 109 */
    L16(3),
    L16(0x0fff), /* 110: L-SIG */
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
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0, /* 114: more header than fields */
    0,
    0,
    0,
    0,
    0,
    0,
};

static void every_field(void **state)
{
    (void)state;
    assert_int_equal(sizeof full, 140);
    assert_int_equal(decode(full, sizeof full), VO_RADIOTAP_OK);
    assert_int_equal(radiotap.size, 140);
    assert_false(radiotap.incomplete);
    for (unsigned i = 0; i < 28; i++)
        assert_int_equal(has((enum vo_radiotap_field)i), i != 4 && i != 12 && i != 13 && i != 25);
    assert_true(radiotap.tsft_us == 0x0807060504030201);
    assert_int_equal(radiotap.flags,
                     VO_RADIOTAP_SHORT_PREAMBLE | VO_RADIOTAP_FCS_AT_END | VO_RADIOTAP_BAD_FCS);
    assert_int_equal(radiotap.rate_500, 11);
    assert_int_equal(radiotap.frequency_mhz, 2437);
    assert_int_equal(radiotap.channel_flags, VO_RADIOTAP_CHANNEL_CCK | VO_RADIOTAP_CHANNEL_2GHZ);
    assert_int_equal(radiotap.signal_dbm, -92);
    assert_int_equal(radiotap.noise_dbm, -97);
    assert_int_equal(radiotap.lock_quality, 100);
    assert_int_equal(radiotap.tx_attenuation, 1);
    assert_int_equal(radiotap.tx_attenuation_db, 2);
    assert_int_equal(radiotap.tx_power_dbm, -1);
    assert_int_equal(radiotap.antenna, 3);
    assert_int_equal(radiotap.rx_flags, VO_RADIOTAP_RX_BAD_PLCP);
    assert_int_equal(radiotap.tx_flags, VO_RADIOTAP_TX_NO_ACK);
    assert_int_equal(radiotap.rts_retries, 4);
    assert_int_equal(radiotap.data_retries, 5);
    assert_int_equal(radiotap.xchannel_flags, 0x10080);
    assert_int_equal(radiotap.xchannel_mhz, 2437);
    assert_int_equal(radiotap.xchannel, 6);
    assert_int_equal(radiotap.mcs, 15);
    assert_int_equal(radiotap.ampdu_reference, 0x01020304);
    assert_int_equal(radiotap.ampdu_flags, VO_RADIOTAP_AMPDU_LAST | VO_RADIOTAP_AMPDU_LAST_KNOWN);
    assert_int_equal(radiotap.ampdu_delimiter_crc, 0x77);
    assert_int_equal(radiotap.vht_mcs_nss[0], 0x92);
    assert_int_equal(radiotap.vht_coding, 1);
    assert_int_equal(radiotap.vht_partial_aid, 0x0103);
    assert_true(radiotap.timestamp == 0x5566778811223344);
    assert_int_equal(radiotap.timestamp_accuracy, 9);
    assert_int_equal(radiotap.he[0], 1);
    assert_int_equal(radiotap.he[5], 6);
    assert_int_equal(radiotap.he_mu_flags2, 0x0304);
    assert_int_equal(radiotap.he_mu_ru[7], 8);
    assert_int_equal(radiotap.zero_length_psdu, 1);
    assert_int_equal(radiotap.lsig, 0x0fff);
}

static void the_rarer_fields(void **state)
{
    (void)state;
    const uint8_t header[] = {0,           0,         L16(20), L32(BIT(4) | BIT(12) | BIT(13) | BIT(25)),
                              7,           8,                     /* 8: FHSS */
                              55,          11,                    /* 10: signal and noise in dB */
                              L16(0x1234), L16(0x15), 2,       3, /* 12: HE-MU, another user */
                              0,           0};
    assert_int_equal(decode(header, sizeof header), VO_RADIOTAP_OK);
    assert_int_equal(radiotap.fhss_set, 7);
    assert_int_equal(radiotap.fhss_pattern, 8);
    assert_true(has(VO_RADIOTAP_SIGNAL_DB) && !has(VO_RADIOTAP_SIGNAL)); /* dB are no dBm */
    assert_int_equal(radiotap.signal_db, 55);
    assert_int_equal(radiotap.noise_db, 11);
    assert_int_equal(radiotap.he_user_1, 0x1234);
    assert_int_equal(radiotap.he_user_known, 3);
}

/* As mac80211 writes two chains: what they combine to first, then each with its antenna. The combined signal
 * must survive the chains. */
static const uint8_t two_chains[] = {
    0,    0,  L16(38),   L32(0xa000402f), L32(0xa0000820), L32(0x00000820), 0, 0, 0, 0, 0,
    0,    0,  0,                      /* 16: TSFT */
    0x10, 12, L16(5180), L16(0x0140), /* 24: flags, rate, channel */
    0xbd, 0,                          /* 30: signal -67 */
    0,    0,                          /* 32: RX flags */
    0xb6, 0,                          /* 34: -74 at antenna 0 */
    0xbc, 1,                          /* 36: -68 at antenna 1 */
};

static void chains_do_not_replace_the_signal(void **state)
{
    (void)state;
    assert_int_equal(sizeof two_chains, 38);
    assert_int_equal(decode(two_chains, sizeof two_chains), VO_RADIOTAP_OK);
    assert_int_equal(radiotap.signal_dbm, -67);
    assert_false(has(VO_RADIOTAP_ANTENNA));
    assert_int_equal(radiotap.chain_count, 2);
    assert_int_equal(radiotap.chain[0].signal_dbm, -74);
    assert_int_equal(radiotap.chain[0].antenna, 0);
    assert_int_equal(radiotap.chain[1].signal_dbm, -68);
    assert_int_equal(radiotap.chain[1].antenna, 1);
    assert_int_equal(radiotap.chain[1].has, BIT(VO_RADIOTAP_SIGNAL) | BIT(VO_RADIOTAP_ANTENNA));
    assert_false(radiotap.incomplete);
}

/* A receiver that tells the levels of its chains alone: none is the frame's, the strongest stands for it. */
static void chains_alone(void **state)
{
    (void)state;
    /* two chains: -70 and -64 dBm; then one that wrote 0, which is no level; then none at all */
    const uint8_t header[] = {0,           0,    L16(18), L32(MORE | RESET), L32(MORE | RESET | BIT(5)),
                              L32(BIT(5)), 0xba, 0xc0};
    const uint8_t zero[] = {0,           0, L16(18), L32(MORE | RESET), L32(MORE | RESET | BIT(5)),
                            L32(BIT(5)), 0, 0xc0};
    const uint8_t none[] = {0, 0, L16(13), L32(MORE | RESET), L32(BIT(5)), 0};
    const uint8_t own[] = {0, 0, L16(14), L32(MORE | RESET | BIT(5)), L32(BIT(5)), 0xb0, 0xc0};
    assert_int_equal(decode(header, sizeof header), VO_RADIOTAP_OK);
    assert_false(has(VO_RADIOTAP_SIGNAL));
    assert_int_equal(vo_radiotap_signal(&radiotap), -64);
    decode(zero, sizeof zero);
    assert_int_equal(vo_radiotap_signal(&radiotap), -64);
    decode(none, sizeof none);
    assert_int_equal(vo_radiotap_signal(&radiotap), 0);
    decode(own, sizeof own); /* the frame's own is -80 dBm, though a chain has more */
    assert_int_equal(vo_radiotap_signal(&radiotap), -80);
}

/* FreeBSD's drivers write XChannel in place of Channel. */
static void where_it_was_received(void **state)
{
    (void)state;
    const uint8_t both[] = {0,         0,  L16(20), L32(BIT(3) | BIT(18)), L16(2412), L16(0xa0), L32(0x140),
                            L16(5180), 36, 40};
    const uint8_t extended[] = {0, 0, L16(16), L32(BIT(18)), L32(0x140), L16(5180), 36, 40};
    const uint8_t neither[] = {0, 0, L16(8), L32(0)};
    assert_int_equal(decode(both, sizeof both), VO_RADIOTAP_OK);
    assert_int_equal(vo_radiotap_mhz(&radiotap), 2412);
    decode(extended, sizeof extended);
    assert_int_equal(vo_radiotap_mhz(&radiotap), 5180);
    decode(neither, sizeof neither);
    assert_int_equal(vo_radiotap_mhz(&radiotap), 0);
}

static void chains_alone_are_no_signal(void **state)
{
    (void)state;
    const uint8_t header[] = {
        0, 0, L16(18), L32(MORE | RESET), L32(BIT(5) | BIT(6) | BIT(12) | BIT(13)), 0xb6, 0xa0, 40, 3, 0, 0};
    assert_int_equal(decode(header, sizeof header), VO_RADIOTAP_OK);
    assert_false(has(VO_RADIOTAP_SIGNAL));
    assert_int_equal(radiotap.chain_count, 1);
    assert_int_equal(radiotap.chain[0].noise_dbm, -96);
    assert_int_equal(radiotap.chain[0].signal_db, 40);
    assert_int_equal(radiotap.chain[0].noise_db, 3);
}

static void more_chains_than_rows(void **state)
{
    (void)state;
    enum { NAMESPACES = 12 };
    uint8_t header[4 + 4 * NAMESPACES + NAMESPACES] = {0, 0, sizeof header};
    for (unsigned i = 0; i < NAMESPACES; i++) {
        const uint8_t word[] = {L32(BIT(5) | (i + 1 < NAMESPACES ? MORE | RESET : 0))};
        memcpy(header + 4 + 4 * i, word, 4);
        header[4 + 4 * NAMESPACES + i] = (uint8_t)(0x80 + i);
    }
    assert_int_equal(decode(header, sizeof header), VO_RADIOTAP_OK);
    assert_int_equal(radiotap.signal_dbm, -128);
    assert_int_equal(radiotap.chain_count, VO_RADIOTAP_CHAINS);
    assert_int_equal(radiotap.chains_left_out, NAMESPACES - 1 - VO_RADIOTAP_CHAINS);
    assert_int_equal(radiotap.chain[7].signal_dbm, -120);
}

/* A vendor's three bytes between two standard namespaces; its own word has the bit of the flags. What only
 * the later namespace has (MCS) is the frame's; flags add up; the rate of the first stands. */
static void vendors_are_skipped(void **state)
{
    (void)state;
    const uint8_t header[] = {
        0,
        0,
        L16(34),
        L32(MORE | VENDOR | BIT(1) | BIT(2)),
        L32(MORE | RESET | BIT(1) | BIT(5)),
        L32(BIT(1) | BIT(2) | BIT(19)),
        0x10,
        2, /* 16: flags, rate */
        0,
        0x10,
        0x18,
        0,
        L16(3),
        9,
        9,
        9, /* 18: vendor, three bytes */
        0x40,
        4,
        0x07,
        0x01,
        7,
        0,
        0, /* 27: flags, rate, MCS */
    };
    assert_int_equal(sizeof header, 34);
    assert_int_equal(decode(header, sizeof header), VO_RADIOTAP_OK);
    assert_int_equal(radiotap.vendor_namespaces, 1);
    assert_int_equal(radiotap.flags, VO_RADIOTAP_FCS_AT_END | VO_RADIOTAP_BAD_FCS);
    assert_int_equal(radiotap.rate_500, 2);
    assert_int_equal(radiotap.mcs, 7);
    assert_false(has(VO_RADIOTAP_SIGNAL));
    assert_false(radiotap.incomplete);
}

/* Bits that nobody assigned have no known size: what is behind them is not read, what is before stands. */
static void unknown_bits_end_the_walk(void **state)
{
    (void)state;
    const uint8_t header[] = {0, 0, L16(21), L32(MORE | BIT(5)), L32(BIT(7)), L32(0xdeadbeef), 0xc4, 1,
                              2, 3, 4};
    assert_int_equal(decode(header, sizeof header), VO_RADIOTAP_OK);
    assert_true(radiotap.incomplete);
    assert_true(has(VO_RADIOTAP_SIGNAL));
    assert_int_equal(radiotap.size, 21);
    assert_int_equal(radiotap.signal_dbm, (int8_t)0xef); /* 12: behind two words */
}

/* Present, TLV: a flags field, then U-SIG, an unknown type of two bytes, EHT with two users. */
static const uint8_t tlvs[] = {
    0,
    0,
    L16(96),
    L32(BIT(1) | TLV),
    0x10,
    0,
    0,
    0,
    L16(33),
    L16(12),
    L32(0x00018002),
    L32(0x40),
    L32(0x3ec0), /* 12: U-SIG */
    L16(99),
    L16(2),
    1,
    2,
    0,
    0, /* 28 */
    L16(34),
    L16(48),
    L32(0x04), /* 36: EHT, known */
    L32(0x80),
    L32(5),
    L32(0),
    L32(0),
    L32(0),
    L32(0),
    L32(0),
    L32(0),
    L32(9), /* 44: data */
    L32(0x01100012),
    L32(0x02200092), /* 80: users */
    L16(5),
    L16(1),
    0xc4,
    0,
    0,
    0, /* 88: signal -60 */
};

static void types_lengths_and_values(void **state)
{
    (void)state;
    assert_int_equal(sizeof tlvs, 96);
    assert_int_equal(decode(tlvs, sizeof tlvs), VO_RADIOTAP_OK);
    assert_false(radiotap.incomplete);
    assert_true(has(VO_RADIOTAP_USIG) && has(VO_RADIOTAP_EHT));
    assert_int_equal(radiotap.usig_common, 0x00018002);
    assert_int_equal(radiotap.usig_value, 0x40);
    assert_int_equal(radiotap.usig_mask, 0x3ec0);
    assert_int_equal(radiotap.eht_known, 0x04);
    assert_int_equal(radiotap.eht[0], 0x80);
    assert_int_equal(radiotap.eht[1], 5);
    assert_int_equal(radiotap.eht[8], 9);
    assert_int_equal(radiotap.eht_user_count, 2);
    assert_int_equal(radiotap.eht_user[1], 0x02200092);
    assert_int_equal(radiotap.signal_dbm, -60);
    uint8_t lying[sizeof tlvs];
    memcpy(lying, tlvs, sizeof tlvs);
    lying[38] = 0xff; /* EHT says that it goes on beyond the header */
    assert_int_equal(decode(lying, sizeof lying), VO_RADIOTAP_OK);
    assert_true(radiotap.incomplete);
    assert_true(has(VO_RADIOTAP_USIG) && !has(VO_RADIOTAP_EHT));
}

/* Drivers that have no level write the ends of the scale or 0; nothing of it may become a measurement. */
static void levels(void **state)
{
    (void)state;
    assert_true(vo_radiotap_level(-92));
    assert_true(vo_radiotap_level(-1));
    assert_true(vo_radiotap_level(-127));
    assert_false(vo_radiotap_level(0));
    assert_false(vo_radiotap_level(-128));
    assert_false(vo_radiotap_level(127));
    assert_false(vo_radiotap_level(70));
}

/* Every captured length, and every length that the header claims. */
static void every_length(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *data;
        size_t size;
    } headers[] = {{full, sizeof full}, {two_chains, sizeof two_chains}, {tlvs, sizeof tlvs}};
    for (size_t i = 0; i < 3; i++) {
        for (size_t size = 0; size < headers[i].size; size++)
            assert_int_equal(decode(headers[i].data, size), VO_RADIOTAP_CUT);
        uint8_t lying[sizeof full];
        memcpy(lying, headers[i].data, headers[i].size);
        for (size_t size = 0; size < headers[i].size; size++) {
            lying[2] = (uint8_t)size;
            enum vo_radiotap_result result = decode(lying, size < 8 ? 8 : size);
            unsigned words = i == 1 ? 3 : 1;
            assert_int_equal(result, size < 4 + 4 * words ? VO_RADIOTAP_MALFORMED : VO_RADIOTAP_OK);
        }
    }
    assert_int_equal(decode((const uint8_t[]){1, 0, 8, 0, 0, 0, 0, 0}, 8), VO_RADIOTAP_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field),
        cmocka_unit_test(the_rarer_fields),
        cmocka_unit_test(chains_do_not_replace_the_signal),
        cmocka_unit_test(chains_alone_are_no_signal),
        cmocka_unit_test(chains_alone),
        cmocka_unit_test(where_it_was_received),
        cmocka_unit_test(more_chains_than_rows),
        cmocka_unit_test(vendors_are_skipped),
        cmocka_unit_test(unknown_bits_end_the_walk),
        cmocka_unit_test(types_lengths_and_values),
        cmocka_unit_test(levels),
        cmocka_unit_test(every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
