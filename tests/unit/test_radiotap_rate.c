/* Rates from radiotap's fields. All combinations of HT, VHT and HE are compared with tshark and with a second
 * computation by tests/golden/wlan; here are those that show the rules, and EHT, which tshark 4.0 lacks. */
#include "probes/decode/radiotap_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HAS(field) (UINT32_C(1) << (field))

static struct vo_wlan_rate rate;

/* 0: not known. */
static uint32_t kbps(const struct vo_radiotap *radiotap)
{
    return vo_radiotap_rate(radiotap, &rate) ? rate.kbps : 0;
}

static void nothing_gives_no_rate(void **state)
{
    (void)state;
    struct vo_radiotap radiotap = {0};
    assert_int_equal(kbps(&radiotap), 0);
    assert_int_equal(rate.phy, VO_WLAN_PHY_UNKNOWN);
    radiotap.has = HAS(VO_RADIOTAP_RATE); /* the field is there and is 0 */
    assert_int_equal(kbps(&radiotap), 0);
    assert_int_equal(rate.known, 0);
}

static void legacy(void **state)
{
    (void)state;
    struct vo_radiotap radiotap = {
        .has = HAS(VO_RADIOTAP_RATE) | HAS(VO_RADIOTAP_FLAGS), .rate_500 = 11, .flags = 2};
    assert_int_equal(kbps(&radiotap), 5500);
    assert_int_equal(rate.phy, VO_WLAN_PHY_DSSS);
    assert_true(rate.short_preamble && rate.known & VO_WLAN_RATE_PREAMBLE);
    radiotap.rate_500 = 12;
    assert_int_equal(kbps(&radiotap), 6000);
    assert_int_equal(rate.phy, VO_WLAN_PHY_OFDM);
    assert_int_equal(rate.width_mhz, 20);
    radiotap.has |=
        HAS(VO_RADIOTAP_CHANNEL); /* 3 Mbit/s of a channel of 5 MHz: 12 at a quarter of the clock */
    radiotap.channel_flags = VO_RADIOTAP_CHANNEL_QUARTER;
    radiotap.rate_500 = 6;
    assert_int_equal(kbps(&radiotap), 3000);
    assert_int_equal(rate.phy, VO_WLAN_PHY_OFDM);
    assert_int_equal(rate.width_mhz, 5);
    radiotap.has =
        HAS(VO_RADIOTAP_RATE) | HAS(VO_RADIOTAP_XCHANNEL); /* 3 Mbit/s in 10 MHz, told by XChannel */
    radiotap.xchannel_flags = VO_RADIOTAP_CHANNEL_HALF;
    assert_int_equal(kbps(&radiotap), 3000);
    assert_int_equal(rate.width_mhz, 10);
}

/* What is no rate of 802.11a, b or g (17.3.2.2, 16.3.1) is not told: 0x87 is MCS 7 of an HT frame as FreeBSD
 * writes it, not 67.5 Mbit/s. Turbo is of no standard: its rate is told, but no PHY whose times are known. */
static void values_that_are_no_rates(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 1, 3, 10, 13, 21, 23, 130, 0x87, 255};
    struct vo_radiotap radiotap = {.has = HAS(VO_RADIOTAP_RATE)};
    for (unsigned i = 0; i < sizeof values; i++) {
        radiotap.rate_500 = values[i];
        assert_false(vo_radiotap_rate(&radiotap, &rate));
        assert_int_equal(rate.phy, VO_WLAN_PHY_UNKNOWN);
    }
    radiotap.has |= HAS(VO_RADIOTAP_CHANNEL);
    radiotap.channel_flags = VO_RADIOTAP_CHANNEL_TURBO;
    radiotap.rate_500 = 216;
    assert_int_equal(kbps(&radiotap), 108000);
    assert_int_equal(rate.phy, VO_WLAN_PHY_UNKNOWN);
    radiotap.channel_flags = VO_RADIOTAP_CHANNEL_HALF;
    radiotap.rate_500 = 108; /* 54 Mbit/s does not exist there */
    assert_false(vo_radiotap_rate(&radiotap, &rate));
}

/* Flags tell of a short guard interval where the MCS field does not; not set, it may be long or not told.
 * MCS 7 in 20 MHz: 52 subcarriers, 6 bits, code 5/6, 3.6 us: 72.2 Mbit/s. */
static void guard_interval_by_flags(void **state)
{
    (void)state;
    struct vo_radiotap radiotap = {.has = HAS(VO_RADIOTAP_MCS) | HAS(VO_RADIOTAP_FLAGS),
                                   .flags = VO_RADIOTAP_SHORT_GI,
                                   .mcs_known = 3,
                                   .mcs = 7};
    assert_int_equal(kbps(&radiotap), 72222);
    assert_int_equal(rate.gi_ns, 400);
    radiotap.flags = 0;
    assert_false(vo_radiotap_rate(&radiotap, &rate));
    radiotap.flags = VO_RADIOTAP_SHORT_GI;
    radiotap.mcs_known = 7; /* the field says that it is long */
    assert_int_equal(kbps(&radiotap), 65000);
}

static uint32_t ht(unsigned known, unsigned flags, unsigned mcs)
{
    const struct vo_radiotap radiotap = {.has = HAS(VO_RADIOTAP_MCS) | HAS(VO_RADIOTAP_RATE),
                                         .rate_500 = 2, /* of a driver that fills both */
                                         .mcs_known = (uint8_t)known,
                                         .mcs_flags = (uint8_t)flags,
                                         .mcs = (uint8_t)mcs};
    return kbps(&radiotap);
}

static void ht_rates(void **state)
{
    (void)state;
    assert_int_equal(ht(7, 0, 0), 6500);    /* 52 x 1/2 / 4 us */
    assert_int_equal(ht(7, 4, 7), 72222);   /* 52 x 6 x 5/6 / 3.6 us = 72.2 */
    assert_int_equal(ht(7, 5, 15), 300000); /* 108 x 6 x 5/6 x 2 / 3.6 us */
    assert_int_equal(rate.nss, 2);
    assert_int_equal(ht(7, 1, 31), 540000);
    assert_int_equal(ht(7, 1, 32), 6000);   /* duplicate: 24 bits / 4 us */
    assert_int_equal(ht(7, 0, 32), 0);      /* which 20 MHz cannot have */
    assert_int_equal(ht(7, 0, 33), 39000);  /* 16-QAM and QPSK: 52 x 6 x 1/2 / 4 us */
    assert_int_equal(ht(7, 5, 76), 495000); /* 108 x 22 x 3/4 / 3.6 us */
    assert_int_equal(rate.nss, 4);
    assert_int_equal(ht(7, 0, 77), 0);
    assert_int_equal(ht(5, 0, 7), 0); /* MCS, guard interval or width not known: no rate */
    assert_int_equal(ht(3, 0, 7), 0);
    assert_int_equal(ht(6, 0, 7), 0);
    assert_int_equal(rate.phy, VO_WLAN_PHY_HT);
    assert_int_equal(ht(0x0f, 0x08, 0), 6500);
    assert_int_equal(rate.format, VO_WLAN_FORMAT_GREENFIELD);
}

static struct vo_radiotap vht(unsigned bandwidth, unsigned mcs, unsigned streams, unsigned flags)
{
    return (struct vo_radiotap){.has = HAS(VO_RADIOTAP_VHT),
                                .vht_known = 0x45,
                                .vht_flags = (uint8_t)flags,
                                .vht_bandwidth = (uint8_t)bandwidth,
                                .vht_mcs_nss = {(uint8_t)(mcs << 4 | streams)}};
}

static void vht_rates(void **state)
{
    (void)state;
    struct vo_radiotap radiotap = vht(4, 9, 1, 4); /* 234 x 8 x 5/6 / 3.6 us */
    assert_int_equal(kbps(&radiotap), 433333);
    radiotap = vht(12, 9, 1, 4); /* the lower 80 of 160 MHz: 80 were sent */
    assert_int_equal(kbps(&radiotap), 433333);
    assert_int_equal(rate.width_mhz, 80);
    radiotap = vht(25, 8, 2, 0); /* the uppermost 20 MHz: 52 x 8 x 3/4 x 2 / 4 us */
    assert_int_equal(kbps(&radiotap), 156000);
    radiotap = vht(26, 8, 2, 0);
    assert_int_equal(kbps(&radiotap), 0);
    assert_false(rate.known & VO_WLAN_RATE_WIDTH);
    radiotap = vht(0, 9, 1, 0); /* 346 2/3 bits a symbol: the standard has no such rate */
    assert_int_equal(kbps(&radiotap), 0);
    radiotap = vht(0, 9, 3, 0); /* 52 x 8 x 5/6 x 3 / 4 us */
    assert_int_equal(kbps(&radiotap), 260000);
    radiotap.vht_mcs_nss[2] = 0x11; /* a second user: whose frame this is, nobody says */
    assert_int_equal(kbps(&radiotap), 0);
    assert_int_equal(rate.format, VO_WLAN_FORMAT_MU);
    radiotap.vht_mcs_nss[0] = 0; /* only the third: his */
    assert_int_equal(kbps(&radiotap), 13000);
    radiotap.vht_mcs_nss[2] = 0x1f;
    assert_int_equal(kbps(&radiotap), 0);
    radiotap = vht(4, 9, 1, 4);
    radiotap.vht_known = 0x41;
    assert_int_equal(kbps(&radiotap), 0);
}

static uint32_t he(unsigned data1, unsigned data2, unsigned data3, unsigned data5, unsigned data6)
{
    const struct vo_radiotap radiotap = {
        .has = HAS(VO_RADIOTAP_HE) | HAS(VO_RADIOTAP_RATE),
        .rate_500 = 12,
        .he = {(uint16_t)data1, (uint16_t)data2, (uint16_t)data3, 0, (uint16_t)data5, (uint16_t)data6}};
    return kbps(&radiotap);
}

static void he_rates(void **state)
{
    (void)state;
    /* Known: MCS (0x20), DCM (0x40), STBC (0x200), allocation (0x4000); GI (2). */
    assert_int_equal(he(0x4260, 2, 11 << 8, 2, 2), 1200980); /* 980 x 10 x 5/6 x 2 / 13.6 us */
    assert_int_equal(rate.width_mhz, 80);
    assert_int_equal(rate.tones, 996);
    assert_int_equal(rate.gi_ns, 800);
    assert_int_equal(rate.assumed, 0);
    assert_int_equal(he(0x4262, 2, 0, 4 | 2 << 4, 1), 750); /* MU, 26 tones, 3.2 us: 24 x 1/2 / 16 us */
    assert_int_equal(rate.format, VO_WLAN_FORMAT_MU);
    assert_false(rate.known & VO_WLAN_RATE_WIDTH);
    assert_int_equal(he(0x4260, 2, 0x1000, 0, 1), 4301);           /* DCM halves 8.6 Mbit/s */
    assert_int_equal(he(0x4260, 2, 0x8000 | 7 << 8, 0, 2), 86029); /* STBC: two streams carry one */
    assert_int_equal(rate.nss, 1);
    assert_int_equal(he(0x4020, 2, 0, 0, 1), 8603); /* DCM and STBC not told: taken as unused, and said */
    assert_int_equal(rate.assumed, VO_WLAN_ASSUMED_NO_DCM | VO_WLAN_ASSUMED_NO_STBC);
    assert_int_equal(he(0x4220, 2, 7 << 8, 0, 1), 86029); /* MCS 7 cannot have DCM: nothing to assume */
    assert_int_equal(rate.assumed, 0);
    assert_int_equal(he(0x4260, 0, 0, 0, 1), 0);                     /* guard interval not known */
    assert_int_equal(he(0x4260, 2, 0, 3 << 4, 1), 0);                /* … or reserved */
    assert_int_equal(he(0x0260, 2, 0, 0, 1), 0);                     /* width not known */
    assert_int_equal(he(0x4240, 2, 0, 0, 1), 0);                     /* MCS not known */
    assert_int_equal(he(0x4260, 2, 12 << 8, 0, 1), 0);               /* no MCS of HE */
    assert_int_equal(he(0x4260, 2, 0, 0, 0), 0);                     /* streams not told */
    assert_int_equal(he(0x4260, 2, 0, 11, 1), 0);                    /* no allocation */
    assert_int_equal(he(0x4263, 6, 0, 10 | 0x80 | 0x400, 1), 72059); /* TB, 2x996: 1960 / 2 / 13.6 us */
    assert_int_equal(rate.format, VO_WLAN_FORMAT_TB);
    assert_int_equal(rate.ltf_size, 2);
    assert_int_equal(rate.ltf_count, 8);
}

enum { MCS_AND_NSS_KNOWN = 0x12, FOR_USER = 0x80 };

/* `width` 0 to 5: 20 to 160 and twice 320 MHz. `type` of the PPDU, `pattern` of puncturing. */
static struct vo_radiotap eht(unsigned width, unsigned type, unsigned pattern, unsigned mcs, unsigned streams)
{
    return (struct vo_radiotap){
        .has = HAS(VO_RADIOTAP_USIG) | HAS(VO_RADIOTAP_EHT),
        .usig_common = 0x06 | width << 15, /* bandwidth and direction known: downlink */
        .usig_mask = 0x3ec0,
        .usig_value = type << 6 | pattern << 9,
        .eht_known = 0x04,
        .eht_user_count = 1,
        .eht_user = {MCS_AND_NSS_KNOWN | mcs << 20 | (streams - 1) << 24},
    };
}

static void eht_rates(void **state)
{
    (void)state;
    struct vo_radiotap radiotap = eht(4, 1, 0, 13, 2); /* 320 MHz: 3920 x 12 x 5/6 x 2 / 13.6 us */
    assert_int_equal(kbps(&radiotap), 5764706);
    assert_int_equal(rate.format, VO_WLAN_FORMAT_SU);
    assert_int_equal(rate.width_mhz, 320);
    assert_int_equal(rate.assumed, 0);
    radiotap = eht(2, 1, 1, 0, 1); /* 80 MHz less 20: 702 / 2 / 13.6 us */
    assert_int_equal(kbps(&radiotap), 25809);
    assert_int_equal(rate.tones, 726);
    radiotap = eht(3, 1, 12, 0, 1); /* 160 less 40: 1448 / 2 / 13.6 us */
    assert_int_equal(kbps(&radiotap), 53235);
    radiotap = eht(5, 1, 24, 0, 1); /* 320 less 120: 2428 / 2 / 13.6 us */
    assert_int_equal(kbps(&radiotap), 89265);
    radiotap = eht(2, 1, 5, 0, 1); /* 80 MHz has no fifth pattern */
    assert_int_equal(kbps(&radiotap), 0);
    radiotap = eht(2, 1, 0, 14, 1); /* duplicated: 234 / 2 / 13.6 us */
    assert_int_equal(kbps(&radiotap), 8603);
    assert_true(rate.dcm);
    assert_int_equal(rate.tones, 996);
    radiotap = eht(0, 1, 0, 14, 1); /* which needs 80 MHz */
    assert_int_equal(kbps(&radiotap), 0);
    radiotap = eht(0, 1, 0, 15, 1); /* DCM: 117 / 2 / 13.6 us */
    assert_int_equal(kbps(&radiotap), 4301);
}

static void eht_units(void **state)
{
    (void)state;
    struct vo_radiotap radiotap = eht(2, 0, 0, 5, 1); /* OFDMA, and the RU is not told */
    assert_int_equal(kbps(&radiotap), 0);
    radiotap.eht_known |= 0x00400000; /* its size is: 106+26, 126 x 6 x 2/3 / 13.6 us */
    radiotap.eht[1] = 9;
    assert_int_equal(kbps(&radiotap), 37059);
    assert_int_equal(rate.tones, 132);
    radiotap.eht[1] = 16;
    assert_int_equal(kbps(&radiotap), 0);
    radiotap.eht_known ^= 0x00400000 | 0x01000000; /* as a trigger frame writes it: 61 is 242 tones */
    radiotap.eht[8] = 61 << 2;
    assert_int_equal(kbps(&radiotap), 68824); /* 234 x 4 / 13.6 us */
    radiotap.eht[8] = 107 << 2;
    assert_int_equal(kbps(&radiotap), 0);
    /* A driver that tells nothing but the width. */
    radiotap = eht(1, 0, 0, 0, 1);
    radiotap.usig_common = 0x02 | 1 << 15;
    radiotap.usig_mask = 0;
    assert_int_equal(kbps(&radiotap), 17206); /* 468 / 2 / 13.6 us */
    assert_int_equal(rate.assumed, VO_WLAN_ASSUMED_WHOLE_CHANNEL);
    assert_int_equal(rate.format, VO_WLAN_FORMAT_UNKNOWN);
}

static void eht_users(void **state)
{
    (void)state;
    struct vo_radiotap radiotap = eht(0, 2, 0, 0, 1);
    radiotap.eht_user_count = 2;
    radiotap.eht_user[1] = MCS_AND_NSS_KNOWN | 1 << 20;
    assert_int_equal(kbps(&radiotap), 0); /* two, and nobody says whose frame it is */
    radiotap.eht_user[1] |= FOR_USER;
    assert_int_equal(kbps(&radiotap), 17206); /* 234 x 2 / 2 / 13.6 us */
    assert_int_equal(rate.mcs, 1);
    radiotap.eht_user[0] |= FOR_USER;
    assert_int_equal(kbps(&radiotap), 0);
    radiotap.has = HAS(VO_RADIOTAP_USIG);
    assert_int_equal(kbps(&radiotap), 0);
    assert_int_equal(rate.phy, VO_WLAN_PHY_EHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_gives_no_rate),
        cmocka_unit_test(legacy),
        cmocka_unit_test(values_that_are_no_rates),
        cmocka_unit_test(guard_interval_by_flags),
        cmocka_unit_test(ht_rates),
        cmocka_unit_test(vht_rates),
        cmocka_unit_test(he_rates),
        cmocka_unit_test(eht_rates),
        cmocka_unit_test(eht_units),
        cmocka_unit_test(eht_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
