/* nl80211: what a scan found, recorded in the lab and made by hand for what the lab's radios do not say. */
#include "probes/io/nl80211_scan.h"

#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/nl80211_scene.h"

struct heard {
    vo_wlan_address bssid;
    uint32_t mhz;
    int32_t mbm;
    uint64_t has;
    bool from_probe, hidden, hidden_in_beacon, associated;
    char ssid[VO_SSID_MAX + 1];
    uint8_t load;
    uint32_t malformed;
};
struct found {
    unsigned count;
    struct heard bsss[8];
};

static void keep(void *context, uint8_t command, const void *attributes, size_t size)
{
    struct found *found = context;
    struct vo_scan_bss bss;
    struct vo_bss_info info, beacon;
    assert_int_equal(command, NL80211_CMD_NEW_SCAN_RESULTS);
    assert_true(found->count < 8);
    vo_scan_parse(attributes, size, &bss);
    vo_bss_info_decode(bss.elements, bss.elements_size, (uint16_t)bss.frequency_mhz, &info);
    vo_bss_info_decode(bss.beacon_elements, bss.beacon_elements_size, (uint16_t)bss.frequency_mhz, &beacon);
    struct heard *heard = &found->bsss[found->count++];
    *heard = (struct heard){
        .bssid = bss.bssid,
        .mhz = bss.frequency_mhz,
        .mbm = bss.signal_mbm,
        .has = bss.has,
        .from_probe = bss.from_probe,
        .hidden = info.hidden,
        .hidden_in_beacon = beacon.hidden,
        .associated = vo_scan_has(&bss, VO_SCAN_STATUS) && bss.status == VO_SCAN_ASSOCIATED,
        .load = info.load_utilization,
        .malformed = bss.malformed,
    };
    memcpy(heard->ssid, info.ssid, info.ssid_size);
}

static const struct heard *of(const struct found *found, vo_wlan_address bssid)
{
    for (unsigned i = 0; i < found->count; i++)
        if (found->bsss[i].bssid == bssid)
            return &found->bsss[i];
    fail_msg("a BSS is missing");
    return NULL;
}

/* The lab's air: wlan0 heard with -58 dBm on channel 1, wlan2 with -71 on 36, wlan3, hidden, with -83 on 6;
 * the loads that hostapd announces are 80 and 200 of 255. */
static void test_recorded_passive_scan(void **state)
{
    (void)state;
    struct found found = {0};
    assert_int_equal(replay("scan-passive", keep, &found), 3);
    const struct heard *first = of(&found, 0x020000000000), *second = of(&found, 0x020000000200),
                       *hidden = of(&found, 0x020000000300);
    assert_int_equal(first->mhz, 2412);
    assert_int_equal(first->mbm, -5800);
    assert_string_equal(first->ssid, "voice");
    assert_int_equal(first->load, 80);
    assert_int_equal(second->mhz, 5180);
    assert_int_equal(second->mbm, -7100);
    assert_int_equal(hidden->mhz, 2437);
    assert_int_equal(hidden->mbm, -8300);
    assert_true(hidden->hidden);
    assert_int_equal(hidden->load, 200);
    for (unsigned i = 0; i < found.count; i++) {
        assert_false(found.bsss[i].from_probe); /* it only listened */
        assert_false(found.bsss[i].associated);
        assert_int_equal(found.bsss[i].malformed, 0);
        uint64_t whole = 1u << VO_SCAN_BSSID | 1u << VO_SCAN_FREQUENCY | 1u << VO_SCAN_SIGNAL |
                         1u << VO_SCAN_AGE | 1u << VO_SCAN_BOOTTIME | 1u << VO_SCAN_BEACON_ELEMENTS |
                         1u << VO_SCAN_ELEMENTS;
        assert_true((found.bsss[i].has & whole) == whole);
    }
}

static void test_recorded_active_scan(void **state)
{
    (void)state;
    struct found found = {0};
    assert_true(replay("scan-active", keep, &found) >= 2);
    assert_true(of(&found, 0x020000000000)->from_probe);
    assert_true(of(&found, 0x020000000000)->associated);
    assert_true(of(&found, 0x020000000200)->from_probe);
    assert_false(of(&found, 0x020000000200)->associated);
}

/* --- by hand --- */

static const uint8_t probe_elements[] = {0, 4, 'v', 'o', 'i', 'p'};
static const uint8_t beacon_elements[] = {0, 0, 5, 4, 0, 1, 0, 0};

static struct list bss_by_hand(void)
{
    static const uint8_t bssid[6] = {0xaa, 1, 2, 3, 4, 5}, mld[6] = {0xaa, 1, 2, 3, 4, 0};
    struct list list = {.size = 0}, bss = {.size = 0}, chains = {.size = 0};
    put8(&chains, 0, -60);
    put8(&chains, 1, -64);
    put8(&chains, 3, 0); /* there, and says nothing */
    put(&bss, NL80211_BSS_BSSID, bssid, sizeof bssid);
    put32(&bss, NL80211_BSS_FREQUENCY, 5955);
    put32(&bss, NL80211_BSS_SIGNAL_MBM, (uint32_t)-5850);
    put_list(&bss, NL80211_BSS_CHAIN_SIGNAL, &chains);
    put32(&bss, NL80211_BSS_SEEN_MS_AGO, 16600);
    put64(&bss, NL80211_BSS_TSF, 12345678901234);
    put16(&bss, NL80211_BSS_BEACON_INTERVAL, 100);
    put16(&bss, NL80211_BSS_CAPABILITY, 0x0411);
    put(&bss, NL80211_BSS_PRESP_DATA, NULL, 0);
    put(&bss, NL80211_BSS_INFORMATION_ELEMENTS, probe_elements, sizeof probe_elements);
    put(&bss, NL80211_BSS_BEACON_IES, beacon_elements, sizeof beacon_elements);
    put8(&bss, 21 /* NL80211_BSS_MLO_LINK_ID */, 2);
    put(&bss, 22 /* NL80211_BSS_MLD_ADDR */, mld, sizeof mld);
    put32(&list, NL80211_ATTR_IFINDEX, 3);
    put_list(&list, NL80211_ATTR_BSS, &bss);
    return list;
}

static void test_beacon_and_probe_response_stay_apart(void **state)
{
    (void)state;
    struct list list = bss_by_hand();
    struct vo_scan_bss bss;
    vo_scan_parse(list.bytes, list.size, &bss);
    assert_true(bss.bssid == UINT64_C(0xaa0102030405));
    assert_int_equal(bss.frequency_mhz, 5955);
    assert_int_equal(bss.signal_mbm, -5850);
    assert_int_equal(bss.seen_ms_ago, 16600);
    assert_true(bss.tsf == 12345678901234);
    assert_int_equal(bss.capability, 0x0411);
    assert_true(bss.from_probe);
    assert_int_equal(bss.elements_size, sizeof probe_elements);
    assert_memory_equal(bss.elements, probe_elements, sizeof probe_elements);
    assert_int_equal(bss.beacon_elements_size, sizeof beacon_elements);
    assert_memory_equal(bss.beacon_elements, beacon_elements, sizeof beacon_elements);
    assert_int_equal(bss.link, 2);
    assert_true(bss.mld == UINT64_C(0xaa0102030400));
    assert_int_equal(bss.malformed, 0);
}

static void test_chains_apart_from_the_signal(void **state)
{
    (void)state;
    struct list list = bss_by_hand();
    struct vo_scan_bss bss;
    vo_scan_parse(list.bytes, list.size, &bss);
    assert_int_equal(bss.chain_mask, 3); /* not the one that says 0 dBm */
    assert_int_equal(bss.chain_dbm[0], -60);
    assert_int_equal(bss.chain_dbm[1], -64);
}

static struct vo_scan_bss with(unsigned type, uint32_t value, unsigned size)
{
    static struct list list;
    struct list bss = {.size = 0};
    struct vo_scan_bss parsed;
    list.size = 0;
    put(&bss, type, &value, size);
    put_list(&list, NL80211_ATTR_BSS, &bss);
    vo_scan_parse(list.bytes, list.size, &parsed);
    return parsed;
}

/* Traps of drivers: 0 dBm and positive numbers for "none", percent for dBm. */
static void test_signals_that_are_none(void **state)
{
    (void)state;
    static const struct {
        int32_t mbm;
        bool possible;
    } cases[] = {{-100, true},    {-12000, true}, {0, false},  {7000, false},
                 {-25600, false}, {12700, false}, {-50, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_scan_bss bss = with(NL80211_BSS_SIGNAL_MBM, (uint32_t)cases[i].mbm, 4);
        assert_int_equal(vo_scan_has(&bss, VO_SCAN_SIGNAL), cases[i].possible);
        assert_int_equal(vo_scan_has(&bss, VO_SCAN_SIGNAL_DOUBTFUL), !cases[i].possible);
        assert_int_equal(bss.signal_mbm, cases[i].mbm); /* told as it came */
    }
}

static void test_percent_is_no_dbm(void **state)
{
    (void)state;
    struct vo_scan_bss bss = with(NL80211_BSS_SIGNAL_UNSPEC, 70, 1);
    assert_true(vo_scan_has(&bss, VO_SCAN_SIGNAL_PERCENT));
    assert_int_equal(bss.signal_percent, 70);
    assert_false(vo_scan_has(&bss, VO_SCAN_SIGNAL));
    bss = with(NL80211_BSS_SIGNAL_UNSPEC, 101, 1);
    assert_false(vo_scan_has(&bss, VO_SCAN_SIGNAL_PERCENT));
    assert_int_equal(bss.malformed, 1);
}

static void test_nothing_known_is_not_zero(void **state)
{
    (void)state;
    struct list list = {.size = 0}, empty = {.size = 0};
    struct vo_scan_bss bss;
    put_list(&list, NL80211_ATTR_BSS, &empty);
    vo_scan_parse(list.bytes, list.size, &bss);
    assert_true(bss.has == 0 && bss.malformed == 0);
    assert_true(bss.bssid == VO_WLAN_NO_ADDRESS);
    assert_null(bss.elements);
    vo_scan_parse(NULL, 0, &bss);
    assert_true(bss.has == 0 && bss.malformed == 0);
}

/* A number of another size is not taken; an inner length that reaches beyond its list ends it. */
static void test_lying_sizes(void **state)
{
    (void)state;
    assert_true(with(NL80211_BSS_FREQUENCY, 2412, 2).has == 0);
    assert_int_equal(with(NL80211_BSS_FREQUENCY, 2412, 2).malformed, 1);
    assert_true(with(NL80211_BSS_BSSID, 0, 4).bssid == VO_WLAN_NO_ADDRESS);
    struct list list = {.size = 0}, bss = {.size = 0};
    struct vo_scan_bss parsed;
    put32(&bss, NL80211_BSS_FREQUENCY, 2412);
    put(&bss, NL80211_BSS_INFORMATION_ELEMENTS, probe_elements, sizeof probe_elements);
    bss.bytes[8] = 0xff; /* the elements claim 255 bytes and more */
    put_list(&list, NL80211_ATTR_BSS, &bss);
    vo_scan_parse(list.bytes, list.size, &parsed);
    assert_int_equal(parsed.frequency_mhz, 2412);
    assert_null(parsed.elements);
    assert_int_equal(parsed.malformed, 1);
}

static void parse(const void *attributes, size_t size, void *context)
{
    struct vo_scan_bss bss;
    (void)context;
    vo_scan_parse(attributes, size, &bss);
    const uint8_t *begin = attributes;
    if (bss.elements)
        assert_true(bss.elements >= begin && bss.elements + bss.elements_size <= begin + size);
    if (bss.beacon_elements)
        assert_true(bss.beacon_elements + bss.beacon_elements_size <= begin + size);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    struct list list = bss_by_hand();
    at_every_length(&list, parse, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_passive_scan),
        cmocka_unit_test(test_recorded_active_scan),
        cmocka_unit_test(test_beacon_and_probe_response_stay_apart),
        cmocka_unit_test(test_chains_apart_from_the_signal),
        cmocka_unit_test(test_signals_that_are_none),
        cmocka_unit_test(test_percent_is_no_dbm),
        cmocka_unit_test(test_nothing_known_is_not_zero),
        cmocka_unit_test(test_lying_sizes),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
