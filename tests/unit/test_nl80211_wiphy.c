/* nl80211: what a radio can, and the regulatory domain; recorded in the lab (hwsim, domain US) and made by
 * hand. */
#include "probes/io/nl80211_wiphy.h"

#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/nl80211_scene.h"

static void add(void *context, uint8_t command, const void *attributes, size_t size)
{
    assert_int_equal(command, NL80211_CMD_NEW_WIPHY);
    vo_wiphy_parse(attributes, size, context);
}

/* Split into many messages, a frequency each. */
static void test_recorded_radio(void **state)
{
    (void)state;
    static struct vo_wiphy wiphy;
    assert_true(replay("wiphy", add, &wiphy) > 100);
    assert_int_equal(wiphy.index, 1);
    assert_string_equal(wiphy.name, "phy1");
    assert_int_equal(wiphy.malformed, 0);
    assert_true(wiphy.types >> VO_WLAN_STATION & 1);
    assert_true(wiphy.types >> VO_WLAN_AP & 1);
    assert_true(wiphy.types >> VO_WLAN_MONITOR & 1);
    assert_int_equal(wiphy.max_ssids, 4); /* mac80211's software scan */
    assert_true(wiphy.sets_channel);
    assert_true(vo_wiphy_extended(&wiphy, VO_WIPHY_CQM_LIST));
    assert_false(vo_wiphy_extended(&wiphy, VO_WIPHY_SCAN_DWELL));
    assert_false(vo_wiphy_extended(&wiphy, 100000));
    assert_true(wiphy.bands[VO_BAND_2GHZ].present && wiphy.bands[VO_BAND_5GHZ].present);
    assert_false(wiphy.bands[VO_BAND_60GHZ].present);
    assert_int_equal(wiphy.bands[VO_BAND_2GHZ].phys & (VO_BAND_HAS_HT | VO_BAND_HAS_HE),
                     VO_BAND_HAS_HT | VO_BAND_HAS_HE);
    assert_true(wiphy.bands[VO_BAND_5GHZ].phys & VO_BAND_HAS_VHT);
    assert_false(wiphy.more_frequencies);
}

static void test_recorded_frequencies(void **state)
{
    (void)state;
    static struct vo_wiphy wiphy;
    memset(&wiphy, 0, sizeof wiphy);
    replay("wiphy", add, &wiphy);
    const struct vo_wiphy_frequency *first = vo_wiphy_frequency(&wiphy, 2412),
                                    *radar = vo_wiphy_frequency(&wiphy, 5260),
                                    *japan = vo_wiphy_frequency(&wiphy, 2484);
    assert_non_null(first);
    assert_int_equal(first->flags & (VO_FREQUENCY_DISABLED | VO_FREQUENCY_NO_IR | VO_FREQUENCY_RADAR), 0);
    assert_int_equal(first->max_power_mbm, 3000);
    assert_int_equal(first->band, VO_BAND_2GHZ);
    assert_false(first->has >> VO_FREQUENCY_DFS_STATE & 1);
    assert_non_null(radar);
    assert_true(radar->flags & VO_FREQUENCY_RADAR);
    assert_true(radar->has >> VO_FREQUENCY_DFS_STATE & 1);
    assert_int_equal(radar->dfs_state, VO_DFS_USABLE); /* not yet listened to */
    assert_int_equal(radar->cac_ms, 60000);
    assert_non_null(japan);
    assert_true(japan->flags & VO_FREQUENCY_DISABLED); /* channel 14 in the domain US */
    assert_null(vo_wiphy_frequency(&wiphy, 2413));
}

static void keep_domain(void *context, uint8_t command, const void *attributes, size_t size)
{
    assert_int_equal(command, NL80211_CMD_GET_REG);
    vo_regulatory_parse(attributes, size, context);
}

static void test_recorded_domain(void **state)
{
    (void)state;
    struct vo_regulatory domain;
    assert_int_equal(replay("regulatory", keep_domain, &domain), 1);
    assert_string_equal(domain.country, "US");
    assert_int_equal(domain.dfs_region, VO_DFS_FCC);
    assert_false(vo_regulatory_has(&domain, VO_REGULATORY_WIPHY));
    assert_false(domain.own);
    assert_int_equal(domain.malformed, 0);
    bool found = false;
    for (unsigned i = 0; i < domain.rule_count; i++)
        if (domain.rules[i].start_khz == 2400000 && domain.rules[i].end_khz == 2472000) {
            found = true;
            assert_int_equal(domain.rules[i].max_width_khz, 40000);
            assert_int_equal(domain.rules[i].max_eirp_mbm, 3000);
        }
    assert_true(found);
}

/* --- by hand --- */

static struct list frequency(uint32_t mhz, uint16_t flag)
{
    struct list list = {.size = 0};
    put32(&list, NL80211_FREQUENCY_ATTR_FREQ, mhz);
    put32(&list, NL80211_FREQUENCY_ATTR_MAX_TX_POWER, 2000);
    put(&list, flag, NULL, 0);
    return list;
}

static struct list part(uint32_t mhz, uint16_t flag)
{
    struct list one = frequency(mhz, flag), frequencies = {.size = 0}, band = {.size = 0},
                bands = {.size = 0}, list = {.size = 0};
    static const uint8_t mcs_set[16] = {0xff, 0xff, 0xff};
    put_list(&frequencies, 0, &one);
    put_list(&band, NL80211_BAND_ATTR_FREQS, &frequencies);
    put(&band, NL80211_BAND_ATTR_HT_MCS_SET, mcs_set, sizeof mcs_set);
    put16(&band, NL80211_BAND_ATTR_HT_CAPA, 0x01ef);
    put_list(&bands, NL80211_BAND_5GHZ, &band);
    put_list(&bands, 77, &band); /* a band of a time to come */
    put32(&list, NL80211_ATTR_WIPHY, 9);
    put(&list, NL80211_ATTR_WIPHY_NAME, "phy9", 5);
    put_list(&list, NL80211_ATTR_WIPHY_BANDS, &bands);
    return list;
}

static void test_parts_add_up(void **state)
{
    (void)state;
    static struct vo_wiphy wiphy;
    struct list one = part(5180, NL80211_FREQUENCY_ATTR_NO_IR),
                other = part(5200, NL80211_FREQUENCY_ATTR_RADAR),
                again = part(5180, NL80211_FREQUENCY_ATTR_INDOOR_ONLY);
    memset(&wiphy, 0, sizeof wiphy);
    vo_wiphy_parse(one.bytes, one.size, &wiphy);
    vo_wiphy_parse(other.bytes, other.size, &wiphy);
    assert_int_equal(wiphy.frequency_count, 2);
    assert_int_equal(vo_wiphy_frequency(&wiphy, 5180)->flags, VO_FREQUENCY_NO_IR);
    assert_int_equal(vo_wiphy_frequency(&wiphy, 5200)->flags, VO_FREQUENCY_RADAR);
    assert_int_equal(vo_wiphy_frequency(&wiphy, 5200)->band, VO_BAND_5GHZ);
    vo_wiphy_parse(again.bytes, again.size, &wiphy); /* told anew: what is told last holds */
    assert_int_equal(wiphy.frequency_count, 2);
    assert_int_equal(vo_wiphy_frequency(&wiphy, 5180)->flags, VO_FREQUENCY_INDOOR_ONLY);
    assert_int_equal(wiphy.bands[VO_BAND_5GHZ].rx_streams, 3);
    assert_int_equal(wiphy.bands[VO_BAND_5GHZ].ht_capabilities, 0x01ef);
    assert_int_equal(wiphy.malformed, 0);
}

static void test_more_frequencies_than_fit(void **state)
{
    (void)state;
    static struct vo_wiphy wiphy;
    memset(&wiphy, 0, sizeof wiphy);
    for (uint32_t mhz = 5000; mhz < 5000 + VO_WIPHY_FREQUENCIES; mhz++) {
        struct list list = part(mhz, NL80211_FREQUENCY_ATTR_NO_IR);
        vo_wiphy_parse(list.bytes, list.size, &wiphy);
    }
    assert_int_equal(wiphy.frequency_count, VO_WIPHY_FREQUENCIES);
    assert_false(wiphy.more_frequencies);
    struct list list = part(6000, NL80211_FREQUENCY_ATTR_NO_IR);
    vo_wiphy_parse(list.bytes, list.size, &wiphy);
    assert_int_equal(wiphy.frequency_count, VO_WIPHY_FREQUENCIES);
    assert_true(wiphy.more_frequencies);
}

static struct list domain_by_hand(unsigned rules)
{
    struct list list = {.size = 0}, all = {.size = 0}, rule = {.size = 0};
    put32(&rule, NL80211_ATTR_REG_RULE_FLAGS, NL80211_RRF_DFS | NL80211_RRF_AUTO_BW);
    put32(&rule, NL80211_ATTR_FREQ_RANGE_START, 5250000);
    put32(&rule, NL80211_ATTR_FREQ_RANGE_END, 5330000);
    for (unsigned i = 0; i < rules; i++)
        put_list(&all, i, &rule);
    put(&list, NL80211_ATTR_REG_ALPHA2, "D\x01", 3);
    put8(&list, NL80211_ATTR_DFS_REGION, VO_DFS_ETSI);
    put32(&list, NL80211_ATTR_WIPHY, 0);
    put(&list, NL80211_ATTR_WIPHY_SELF_MANAGED_REG, NULL, 0);
    put_list(&list, NL80211_ATTR_REG_RULES, &all);
    return list;
}

static void test_domain_of_a_firmware(void **state)
{
    (void)state;
    struct list list = domain_by_hand(2);
    struct vo_regulatory domain;
    vo_regulatory_parse(list.bytes, list.size, &domain);
    assert_string_equal(domain.country, "D?"); /* nothing that would disturb a terminal */
    assert_true(domain.own);
    assert_true(vo_regulatory_has(&domain, VO_REGULATORY_WIPHY));
    assert_int_equal(domain.rule_count, 2);
    assert_int_equal(domain.rules[1].flags, VO_RULE_DFS | VO_RULE_AUTO_WIDTH);
    assert_false(domain.rules[1].has >> VO_RULE_MAX_EIRP & 1); /* not told is not 0 dBm */
    list = domain_by_hand(VO_REGULATORY_RULES + 5);
    vo_regulatory_parse(list.bytes, list.size, &domain);
    assert_int_equal(domain.rule_count, VO_REGULATORY_RULES);
    assert_true(domain.more_rules);
}

static void parse(const void *attributes, size_t size, void *context)
{
    static struct vo_wiphy wiphy;
    struct vo_regulatory domain;
    (void)context;
    memset(&wiphy, 0, sizeof wiphy);
    vo_wiphy_parse(attributes, size, &wiphy);
    vo_regulatory_parse(attributes, size, &domain);
    assert_true(memchr(wiphy.name, '\0', sizeof wiphy.name) != NULL);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    struct list list = part(5180, NL80211_FREQUENCY_ATTR_NO_IR), domain = domain_by_hand(3);
    at_every_length(&list, parse, NULL);
    at_every_length(&domain, parse, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_radio),
        cmocka_unit_test(test_recorded_frequencies),
        cmocka_unit_test(test_recorded_domain),
        cmocka_unit_test(test_parts_add_up),
        cmocka_unit_test(test_more_frequencies_than_fit),
        cmocka_unit_test(test_domain_of_a_firmware),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
