/* nl80211: a peer's counters and rates, recorded in the lab and made by hand for other drivers. */
#include "probes/io/nl80211_station.h"

#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/nl80211_scene.h"

static void keep(void *context, uint8_t command, const void *attributes, size_t size)
{
    assert_int_equal(command, NL80211_CMD_NEW_STATION);
    vo_station_parse(attributes, size, context);
}

/* wlan1 is a station of wlan0 (signal set to -58 dBm, PMF, WMM), 2.4 GHz, 20 MHz, then of wlan2 (-55, 80
 * MHz). Some 150 packets of 200 bytes went each way; nothing was lost. */
static void test_recorded_before_a_roam(void **state)
{
    (void)state;
    struct vo_station station;
    assert_int_equal(replay("station", keep, &station), 1);
    assert_true(station.address == UINT64_C(0x020000000000));
    assert_true(vo_station_has(&station, VO_STATION_SIGNAL));
    assert_int_equal(station.signal_dbm, -58);
    assert_int_equal(station.signal_average_dbm, -58);
    assert_int_equal(station.beacon_average_dbm, -58);
    assert_false(vo_station_has(&station, VO_STATION_ACK_SIGNAL)); /* hwsim has none */
    assert_in_range(station.tx_packets, 150, 400);
    assert_int_equal(station.tx_retries, 0);
    assert_int_equal(station.tx_failed, 0);
    assert_true(vo_station_has(&station, VO_STATION_TX_FAILED)); /* a 0 that is known */
    assert_in_range(station.tx_bytes, 150 * 200, 400 * 400);
    assert_true(vo_station_has(&station, VO_STATION_BEACON_LOSS));
    assert_int_equal(station.beacon_loss, 0);
    assert_true(station.beacons > 10);
    assert_true(station.flags & VO_STATION_IS_AUTHORIZED);
    assert_true(station.flags & VO_STATION_HAS_PMF);
    assert_true(station.flags & VO_STATION_HAS_WMM);
    assert_int_equal(station.beacon_interval_tu, 100);
    assert_int_equal(station.dtim_period, 2);
    assert_int_equal(station.malformed, 0);
    assert_int_equal(station.tx_rate.phy, VO_WLAN_PHY_HT);
    assert_int_equal(station.tx_rate.width_mhz, 20);
    assert_true(station.tx_rate.nss >= 1 && station.tx_rate.nss <= 2);
    assert_true(station.tids[6].tx >= 150); /* CS6 is user priority 6: voice */
    assert_true(station.tids[6].has >> VO_TID_TX_FAILED & 1);
}

static void test_recorded_after_a_roam(void **state)
{
    (void)state;
    struct vo_station before, after;
    assert_int_equal(replay("station", keep, &before), 1);
    assert_int_equal(replay("station-roamed", keep, &after), 1);
    assert_true(after.address == UINT64_C(0x020000000200));
    assert_true(after.connected_s < 60);
    assert_true(after.tx_packets < before.tx_packets); /* another association: the counters began anew */
    assert_int_equal(after.signal_dbm, -55);
    assert_true(after.generation != before.generation);
}

static void test_recorded_of_an_access_point(void **state)
{
    (void)state;
    struct vo_station station;
    assert_int_equal(replay("station-of-ap", keep, &station), 1);
    assert_true(station.address == UINT64_C(0x020000000100));
    assert_int_equal(station.signal_dbm, -58);
    assert_false(vo_station_has(&station, VO_STATION_BEACON_LOSS)); /* a station has no beacons */
    assert_true(station.rx_packets >= 150);
}

/* --- by hand --- */

static struct list station_of(const struct list *info)
{
    static const uint8_t address[6] = {0, 0x11, 0x22, 0x33, 0x44, 0x55};
    struct list list = {.size = 0};
    put32(&list, NL80211_ATTR_IFINDEX, 3);
    put(&list, NL80211_ATTR_MAC, address, sizeof address);
    put32(&list, NL80211_ATTR_GENERATION, 17);
    put_list(&list, NL80211_ATTR_STA_INFO, info);
    return list;
}

static struct vo_station parsed(const struct list *info)
{
    struct list list = station_of(info);
    struct vo_station station;
    vo_station_parse(list.bytes, list.size, &station);
    return station;
}

static struct list station_by_hand(void)
{
    static const uint32_t flags[2] = {0xfe, 0x2a | 1u << 16};
    struct list info = {.size = 0}, chains = {.size = 0}, rate = {.size = 0}, tids = {.size = 0},
                tid = {.size = 0};
    put8(&chains, 0, -70);
    put8(&chains, 1, -61);
    put8(&chains, 2, -128); /* an antenna that is not there */
    put16(&rate, NL80211_RATE_INFO_BITRATE, 8667);
    put32(&rate, NL80211_RATE_INFO_BITRATE32, 8667);
    put8(&rate, NL80211_RATE_INFO_VHT_MCS, 9);
    put8(&rate, NL80211_RATE_INFO_VHT_NSS, 2);
    put(&rate, NL80211_RATE_INFO_80_MHZ_WIDTH, NULL, 0);
    put(&rate, NL80211_RATE_INFO_SHORT_GI, NULL, 0);
    put64(&tid, NL80211_TID_STATS_TX_MSDU, 1000);
    put64(&tid, NL80211_TID_STATS_TX_MSDU_FAILED, 12);
    put_list(&tids, 6 + 1, &tid);
    put8(&info, NL80211_STA_INFO_SIGNAL, -60);
    put_list(&info, NL80211_STA_INFO_CHAIN_SIGNAL, &chains);
    put32(&info, NL80211_STA_INFO_TX_PACKETS, 4000000000);
    put32(&info, NL80211_STA_INFO_TX_RETRIES, 7);
    put64(&info, NL80211_STA_INFO_RX_DROP_MISC, 3);
    put_list(&info, NL80211_STA_INFO_TX_BITRATE, &rate);
    put_list(&info, NL80211_STA_INFO_TID_STATS, &tids);
    put(&info, NL80211_STA_INFO_STA_FLAGS, flags, sizeof flags);
    put32(&info, NL80211_STA_INFO_EXPECTED_THROUGHPUT, 234567);
    return info;
}

static void test_members(void **state)
{
    (void)state;
    struct list info = station_by_hand();
    struct vo_station station = parsed(&info);
    assert_true(station.address == UINT64_C(0x001122334455));
    assert_int_equal(station.generation, 17);
    assert_int_equal(station.signal_dbm, -60);
    assert_int_equal(station.chain_mask, 3);
    assert_int_equal(station.chain_dbm[0], -70); /* the signal is the combined one, not the last chain's */
    assert_int_equal(station.chain_dbm[1], -61);
    assert_true(station.tx_packets == 4000000000u);
    assert_true(station.rx_dropped == 3);
    assert_int_equal(station.throughput_kbps, 234567);
    assert_int_equal(station.flags_known, 0xfe);
    assert_int_equal(station.flags, 0x2a);                        /* only those that are known */
    assert_false(vo_station_has(&station, VO_STATION_TX_FAILED)); /* not told is not 0 */
    assert_false(vo_station_has(&station, VO_STATION_SIGNAL_AVERAGE));
    assert_true(station.tids[6].tx == 1000 && station.tids[6].tx_failed == 12);
    assert_false(station.tids[6].has >> VO_TID_TX_RETRIES & 1);
    assert_true(station.tids[0].has == 0);
    assert_int_equal(station.malformed, 0);
}

static void test_signals_that_are_none(void **state)
{
    (void)state;
    static const int none[] = {0, 70, 127, -128, -121};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct list info = {.size = 0};
        put8(&info, NL80211_STA_INFO_SIGNAL, none[i]);
        put8(&info, NL80211_STA_INFO_BEACON_SIGNAL_AVG, -75);
        struct vo_station station = parsed(&info);
        assert_false(vo_station_has(&station, VO_STATION_SIGNAL));
        assert_true(vo_station_has(&station, VO_STATION_SIGNAL_DOUBTFUL));
        assert_int_equal(station.signal_dbm, none[i]);
        assert_true(vo_station_has(&station, VO_STATION_BEACON_AVERAGE));
        assert_false(vo_station_has(&station, VO_STATION_BEACON_AVERAGE_DOUBTFUL));
    }
}

static void test_told_twice(void **state)
{
    (void)state;
    struct list info = {.size = 0};
    put8(&info, NL80211_STA_INFO_SIGNAL, -60);
    put8(&info, NL80211_STA_INFO_SIGNAL, 0);
    struct vo_station station = parsed(&info); /* the last counts, bits and all */
    assert_int_equal(station.signal_dbm, 0);
    assert_false(vo_station_has(&station, VO_STATION_SIGNAL));
    assert_true(vo_station_has(&station, VO_STATION_SIGNAL_DOUBTFUL));
}

/* --- rates --- */

struct part {
    uint16_t type;
    uint8_t size; /* bytes of value; 0: a flag */
    uint32_t value;
};

static struct vo_wlan_rate rate_of(const struct part *parts, struct vo_station *station)
{
    struct list info = {.size = 0}, rate = {.size = 0};
    for (; parts->type; parts++)
        put(&rate, parts->type, &parts->value, parts->size);
    put_list(&info, NL80211_STA_INFO_RX_BITRATE, &rate);
    *station = parsed(&info);
    return station->rx_rate;
}

static void test_rates_of_every_phy(void **state)
{
    (void)state;
    enum { SHORT = NL80211_RATE_INFO_SHORT_GI, RATE = NL80211_RATE_INFO_BITRATE32 };
    static const struct {
        struct part parts[8];
        enum vo_wlan_phy phy;
        uint32_t kbps;
        uint16_t width, gi;
        uint8_t nss, mcs;
        uint16_t tones;
    } cases[] = {
        {{{RATE, 4, 55}}, VO_WLAN_PHY_DSSS, 5500, 20, 0, 0, 0, 0},
        {{{RATE, 4, 540}}, VO_WLAN_PHY_OFDM, 54000, 20, 0, 0, 0, 0},
        {{{NL80211_RATE_INFO_BITRATE, 2, 60}}, VO_WLAN_PHY_OFDM, 6000, 20, 0, 0, 0, 0}, /* old kernels */
        {{{RATE, 4, 1444}, {NL80211_RATE_INFO_MCS, 1, 15}, {SHORT, 0, 0}},
         VO_WLAN_PHY_HT,
         144400,
         20,
         400,
         2,
         15,
         0},
        {{{RATE, 4, 1350}, {NL80211_RATE_INFO_MCS, 1, 7}, {NL80211_RATE_INFO_40_MHZ_WIDTH, 0, 0}},
         VO_WLAN_PHY_HT,
         135000,
         40,
         800,
         1,
         7,
         0},
        {{{RATE, 4, 8667},
          {NL80211_RATE_INFO_VHT_MCS, 1, 9},
          {NL80211_RATE_INFO_VHT_NSS, 1, 2},
          {NL80211_RATE_INFO_80_MHZ_WIDTH, 0, 0},
          {SHORT, 0, 0}},
         VO_WLAN_PHY_VHT,
         866700,
         80,
         400,
         2,
         9,
         0},
        {{{RATE, 4, 24019},
          {NL80211_RATE_INFO_HE_MCS, 1, 11},
          {NL80211_RATE_INFO_HE_NSS, 1, 2},
          {NL80211_RATE_INFO_HE_GI, 1, NL80211_RATE_INFO_HE_GI_0_8},
          {NL80211_RATE_INFO_160_MHZ_WIDTH, 0, 0}},
         VO_WLAN_PHY_HE,
         2401900,
         160,
         800,
         2,
         11,
         0},
        {{{RATE, 4, 150},
          {NL80211_RATE_INFO_HE_MCS, 1, 5},
          {NL80211_RATE_INFO_HE_NSS, 1, 1},
          {NL80211_RATE_INFO_HE_GI, 1, NL80211_RATE_INFO_HE_GI_3_2},
          {NL80211_RATE_INFO_HE_RU_ALLOC, 1, NL80211_RATE_INFO_HE_RU_ALLOC_106}},
         VO_WLAN_PHY_HE,
         15000,
         0,
         3200,
         1,
         5,
         106}, /* a part of the channel: its width is not told */
        {{{RATE, 4, 57647},
          {19 /* EHT_MCS */, 1, 13},
          {20 /* EHT_NSS */, 1, 2},
          {21 /* EHT_GI */, 1, 1},
          {18 /* 320 MHz */, 0, 0}},
         VO_WLAN_PHY_EHT,
         5764700,
         320,
         1600,
         2,
         13,
         0},
        {{{RATE, 4, 100}, {19, 1, 0}, {20, 1, 1}, {22 /* EHT_RU_ALLOC */, 1, 7}},
         VO_WLAN_PHY_EHT,
         10000,
         0,
         0,
         1,
         0,
         726},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_station station;
        struct vo_wlan_rate rate = rate_of(cases[i].parts, &station);
        assert_true(vo_station_has(&station, VO_STATION_RX_RATE));
        assert_false(vo_station_has(&station, VO_STATION_TX_RATE));
        assert_int_equal(rate.phy, cases[i].phy);
        assert_int_equal(rate.kbps, cases[i].kbps);
        assert_int_equal(rate.width_mhz, cases[i].width);
        assert_int_equal((rate.known & VO_WLAN_RATE_WIDTH) != 0, cases[i].width != 0);
        assert_int_equal(rate.gi_ns, cases[i].gi);
        assert_int_equal((rate.known & VO_WLAN_RATE_GI) != 0, cases[i].gi != 0);
        assert_int_equal(rate.nss, cases[i].nss);
        assert_int_equal(rate.mcs, cases[i].mcs);
        assert_int_equal(rate.tones, cases[i].tones);
    }
}

static void test_a_rate_without_numbers_is_none(void **state)
{
    (void)state;
    struct vo_station station;
    rate_of((const struct part[]){{NL80211_RATE_INFO_BITRATE32, 4, 0}, {0, 0, 0}}, &station);
    assert_false(vo_station_has(&station, VO_STATION_RX_RATE));
    rate_of((const struct part[]){{0, 0, 0}}, &station);
    assert_false(vo_station_has(&station, VO_STATION_RX_RATE));
    struct vo_wlan_rate rate = rate_of((const struct part[]){{NL80211_RATE_INFO_HE_MCS, 1, 3},
                                                             {NL80211_RATE_INFO_HE_RU_ALLOC, 1, 200},
                                                             {0, 0, 0}},
                                       &station);
    assert_false(rate.known & (VO_WLAN_RATE_KBPS | VO_WLAN_RATE_TONES | VO_WLAN_RATE_NSS));
    assert_true(rate.known & VO_WLAN_RATE_MCS);
    rate = rate_of((const struct part[]){{NL80211_RATE_INFO_BITRATE32, 4, UINT32_MAX}, {0, 0, 0}}, &station);
    assert_false(rate.known & VO_WLAN_RATE_KBPS);
}

/* --- lies --- */

static void test_lists_that_lie(void **state)
{
    (void)state;
    struct list info = {.size = 0}, tids = {.size = 0}, tid = {.size = 0};
    put64(&tid, NL80211_TID_STATS_TX_MSDU, 5);
    put_list(&tids, 0, &tid);  /* there is no such */
    put_list(&tids, 18, &tid); /* nor such */
    put_list(&tids, 17, &tid); /* frames without QoS */
    put_list(&info, NL80211_STA_INFO_TID_STATS, &tids);
    put8(&info, NL80211_STA_INFO_TX_PACKETS, 1);
    put16(&info, NL80211_STA_INFO_STA_FLAGS, 1);
    struct vo_station station = parsed(&info);
    assert_true(station.tids[16].tx == 5);
    assert_true(station.tids[0].has == 0);
    assert_false(vo_station_has(&station, VO_STATION_TX_PACKETS));
    assert_false(vo_station_has(&station, VO_STATION_FLAGS));
    assert_int_equal(station.malformed, 2);
    struct list many = {.size = 0}, chains = {.size = 0};
    for (int chain = 0; chain < 12; chain++)
        put8(&chains, (unsigned)chain, -50 - chain);
    put_list(&many, NL80211_STA_INFO_CHAIN_SIGNAL, &chains);
    station = parsed(&many);
    assert_int_equal(station.chain_mask, 0xff); /* as many as there is room for */
    assert_int_equal(station.chain_dbm[7], -57);
}

static void parse(const void *attributes, size_t size, void *context)
{
    struct vo_station station;
    (void)context;
    vo_station_parse(attributes, size, &station);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    struct list info = station_by_hand(), list = station_of(&info);
    at_every_length(&list, parse, NULL);
    at_every_length(&info, parse, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_before_a_roam),
        cmocka_unit_test(test_recorded_after_a_roam),
        cmocka_unit_test(test_recorded_of_an_access_point),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_signals_that_are_none),
        cmocka_unit_test(test_told_twice),
        cmocka_unit_test(test_rates_of_every_phy),
        cmocka_unit_test(test_a_rate_without_numbers_is_none),
        cmocka_unit_test(test_lists_that_lie),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
