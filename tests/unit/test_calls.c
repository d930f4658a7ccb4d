/* The calls that fit a BSS, from a link's rates and the load; and why that is not known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/survey_scene.h"

#define CALLS                                                                                                \
    PACK(RULE("air.utilization", "false", "bss", "wlan_utilization_percent",                                 \
              ",\"pass\":{\"below\":45}") "," RULE("air.capacity", "true", "bss", "wlan_capacity_calls",     \
                                                   ",\"pass\":{\"at_least\":8}"))
#define NO_CEILING                                                                                           \
    PACK(RULE("air.capacity", "true", "bss", "wlan_capacity_calls", ",\"pass\":{\"at_least\":8}"))
#define LEAST VO_METRIC_WLAN_CAPACITY_CALLS
#define MOST  VO_METRIC_WLAN_CAPACITY_MOST_CALLS
#define WPA2  ",\"ciphers\":\"CCMP-128\""

static struct scene scene;

static void add_bss(const char *labels, const char *metrics)
{
    char all[400];
    snprintf(all, sizeof all, ",\"visit\":1" VOICE "%s", labels);
    scene_observe(&scene, "Hall", "bss", "a", all, metrics);
}

/* A link to "a" whose frames go at these rates: members behind tx_ and rx_. */
static void add_link(const char *tx, const char *rx, const char *metrics)
{
    char labels[600];
    snprintf(labels, sizeof labels, ",\"interface\":\"wlan0\",\"bssid\":\"a\",\"ssid\":\"voice\"%s%s", tx,
             rx);
    scene_observe(&scene, "Desk", "link", "wlan0 a", labels, metrics);
}

#define TX_HT7  ",\"tx_phy\":\"ht\",\"tx_mcs\":7,\"tx_width_mhz\":20,\"tx_gi_ns\":800"
#define RX_HT7  ",\"rx_phy\":\"ht\",\"rx_mcs\":7,\"rx_width_mhz\":20,\"rx_gi_ns\":800"
#define RETRY   ",\"metrics\":{\"wlan_retry_percent\":10}"
#define LOAD    ",\"metrics\":{\"wlan_utilization_percent\":10,\"wlan_scans\":4}"
#define NO_LOAD ",\"missing\":{\"wlan_utilization_percent\":\"its beacons have no BSS Load\"}"

static const struct vo_fact *derive(const char *pack)
{
    scene_end(&scene);
    scene_derive(&scene, pack, NULL);
    const struct vo_fact *fact = case_derived(&scene.it, "bss", "a");
    assert_non_null(fact);
    return fact;
}

/* HT MCS 7 carries 260 bits a symbol of 4 us behind 36 us of preamble. Cautiously: 264 bytes with SRTP's tag
 * (2134 bits) are 9 symbols; with STBC, which is not told, 10 and a training field more: 80 us. SIFS 16, ACK
 * at 6 Mbit/s 44, AIFS 34, backoff 13.5: 187.5 us a frame, 375 an exchange; 50 a second and half of one of
 * signalling; a tenth of the attempts are repetitions: 50.5 * 375e-6 / 0.9 = 2.1042 %. Of 45 - 10 = 35 % 16.6
 * calls fit. At best 254 bytes (8 symbols) 68 + 16 + 28 (ACK at 24 Mbit/s) + 34 = 146 us a frame: 50 * 292e-6
 * / 0.9 = 1.6222 %: 21.6 calls. Without a ceiling 90 % are free: 42.8 and 55.5. */
static void by_hand(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    add_bss(CH36 WPA2, LOAD);
    add_link(TX_HT7, RX_HT7, RETRY);
    const struct vo_fact *a = derive(CALLS);
    assert_true(number_of(a, LEAST) == 16 && number_of(a, MOST) == 21);
    assert_string_equal(basis_of(a, LEAST), "model");
    assert_string_equal(label_of(a, "load_from"), "bss_load");
    assert_true(vo_fact_label_number(a, "load_percent") == 10 &&
                vo_fact_label_number(a, "ceiling_percent") == 45);
    assert_true(near(vo_fact_label_number(a, "call_percent"), 2.1042));
    assert_string_equal(label_of(a, "rates_at"), "Desk");
    assert_non_null(strstr(label_of(a, "assumptions"), "no_collisions"));
    assert_int_equal(a->evidence_count, 2); /* the link and the BSS, whose load it is, too */
    assert_string_equal(label_of(a, "ssid"), "voice");
    case_free(&scene.it);
    scene_derive(&scene, NO_CEILING, NULL);
    a = case_derived(&scene.it, "bss", "a");
    assert_true(number_of(a, LEAST) == 42 && number_of(a, MOST) == 55);
    assert_true(vo_fact_label_number(a, "ceiling_percent") == 100);
    scene_free(&scene);
}

/* Without BSS Load the kernel's survey of the channel that the host is on. */
static void load_by_survey(void **state)
{
    (void)state;
    static const char *const in_use[] = {"yes", "no"};
    for (int i = 0; i < 2; i++) {
        char labels[200];
        snprintf(labels, sizeof labels,
                 ",\"frequency_mhz\":5180,\"in_use\":\"%s\",\"source\":\"kernel_survey\"", in_use[i]);
        scene_run(&scene, "r", "");
        add_bss(CH36 WPA2, NO_LOAD);
        add_link(TX_HT7, RX_HT7, RETRY);
        scene_observe(&scene, "Desk", "channel", "5180 MHz", labels,
                      ",\"metrics\":{\"wlan_busy_percent\":10}");
        const struct vo_fact *a = derive(CALLS);
        if (i == 0) {
            assert_true(number_of(a, LEAST) == 16);
            assert_string_equal(label_of(a, "load_from"), "kernel_survey");
            assert_int_equal(a->evidence_count, 3);
        } else {
            assert_non_null(strstr(missing_of(a, LEAST), "its beacons have no BSS Load"));
            assert_non_null(strstr(missing_of(a, MOST), "its beacons have no BSS Load"));
        }
        scene_free(&scene);
    }
}

/* What is not known is missing, with the reason; never 0 calls, and never a default. */
static void what_is_not_known(void **state)
{
    (void)state;
    static const struct {
        const char *bss, *load, *tx, *rx, *retry, *why;
    } rows[] = {
        {CH36, LOAD, "", "", RETRY, "at which rate frames are sent and received"},
        {CH36, LOAD, TX_HT7, "", RETRY, "at which rate frames are received"},
        {CH36, LOAD, "", RX_HT7, RETRY, "at which rate frames are sent"},
        {CH36, LOAD, ",\"transmitter\":\"x\"", "", RETRY, "no link to it was measured"},
        {CH36, LOAD, TX_HT7, ",\"rx_phy\":\"laser\"", RETRY, "at which rate frames are received"},
        {CH36, LOAD, TX_HT7, ",\"rx_phy\":\"ht\"", RETRY, "at which rate frames are received"},
        {CH36, LOAD, TX_HT7,
         ",\"rx_phy\":\"eht\",\"rx_mcs\":7,\"rx_nss\":1,\"rx_width_mhz\":20,\"rx_gi_ns\":800", RETRY, "EHT"},
        {CH36, LOAD, TX_HT7, ",\"rx_phy\":\"vht\",\"rx_mcs\":99,\"rx_nss\":1", RETRY, "how long a frame"},
        {CH36, "", TX_HT7, RX_HT7, RETRY, "the records do not tell"},
        {CH36, ",\"metrics\":{\"wlan_utilization_percent\":220}", TX_HT7, RX_HT7, RETRY, "no percentage"},
        {CH36, ",\"metrics\":{\"wlan_utilization_percent\":-1}", TX_HT7, RX_HT7, RETRY, "no percentage"},
        {"", LOAD, TX_HT7, RX_HT7, RETRY, "its channel is not told"},
        {CH36, LOAD, TX_HT7, RX_HT7, "", "how many frames are repeated is not known"},
        {CH36, LOAD, TX_HT7, RX_HT7, ",\"metrics\":{\"wlan_retry_percent\":100}", "how long a frame"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_run(&scene, "r", "");
        add_bss(rows[i].bss, rows[i].load);
        add_link(rows[i].tx, rows[i].rx, rows[i].retry);
        const struct vo_fact *a = derive(CALLS);
        if (!strstr(missing_of(a, LEAST), rows[i].why))
            fail_msg("row %zu: %s", i, missing_of(a, LEAST));
        assert_true(isnan(vo_fact_label_number(a, "call_percent")));
        assert_int_equal(scene.it.evaluation.verdict, VO_VERDICT_INCOMPLETE);
        scene_free(&scene);
    }
}

/* A channel that is full already: no call fits, which is a number. */
static void full(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    add_bss(CH36 WPA2, ",\"metrics\":{\"wlan_utilization_percent\":60}");
    add_link(TX_HT7, RX_HT7, RETRY);
    const struct vo_fact *a = derive(CALLS);
    assert_true(number_of(a, LEAST) == 0 && number_of(a, MOST) == 0);
    scene_free(&scene);
}

/* Whatever the rates, the cautious bound is not above the other one. */
static void bounds(void **state)
{
    (void)state;
    static const char *const rates[][2] = {
        {",\"tx_phy\":\"dsss\",\"tx_kbps\":11000", ",\"rx_phy\":\"dsss\",\"rx_kbps\":1000"},
        {",\"tx_phy\":\"ofdm\",\"tx_kbps\":54000", ",\"rx_phy\":\"ofdm\",\"rx_kbps\":6000"},
        {",\"tx_phy\":\"vht\",\"tx_mcs\":9,\"tx_nss\":2,\"tx_width_mhz\":80,\"tx_gi_ns\":400",
         ",\"rx_phy\":\"vht\",\"rx_mcs\":0,\"rx_nss\":1,\"rx_width_mhz\":20,\"rx_gi_ns\":800"},
        {",\"tx_phy\":\"he\",\"tx_mcs\":11,\"tx_nss\":2,\"tx_width_mhz\":80,\"tx_gi_ns\":800",
         ",\"rx_phy\":\"he\",\"rx_mcs\":0,\"rx_nss\":1,\"rx_width_mhz\":20,\"rx_gi_ns\":3200,\"rx_dcm\":0"},
    };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        scene_run(&scene, "r", "");
        add_bss(CHANNEL("2437", "20", "2437"), LOAD);
        add_link(rates[i][0], rates[i][1], RETRY);
        const struct vo_fact *a = derive(CALLS);
        if (i == 2) /* there is no VHT in the 2.4 GHz band by the standard */
            assert_non_null(strstr(missing_of(a, LEAST), "how long a frame"));
        else
            assert_true(number_of(a, LEAST) > 0 && number_of(a, LEAST) <= number_of(a, MOST));
        scene_free(&scene);
    }
}

/* Only BSSs of the surveyed WLAN; the latest link with rates. */
static void whose(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    add_bss(CH36 WPA2, LOAD);
    scene_bss(&scene, "Hall", 1, "x", FOREIGN CH36, -50, 10);
    add_link(",\"tx_phy\":\"ofdm\",\"tx_kbps\":6000", ",\"rx_phy\":\"ofdm\",\"rx_kbps\":6000", RETRY);
    scene_observe(&scene, "Roof", "link", "wlan0 a", ",\"bssid\":\"a\"" TX_HT7 RX_HT7, RETRY);
    scene_observe(&scene, "Cellar", "link", "wlan0 a", ",\"bssid\":\"a\"", RETRY);
    const struct vo_fact *a = derive(CALLS);
    assert_true(number_of(a, LEAST) == 16);
    assert_string_equal(label_of(a, "rates_at"), "Roof");
    assert_null(case_derived(&scene.it, "bss", "x"));
    /* one result of the rule: the observations themselves say nothing of it */
    size_t results = 0;
    for (const struct vo_result *result = scene.it.evaluation.first; result; result = result->next)
        results += strcmp(result->rule->id, "air.capacity") == 0;
    assert_int_equal(results, 1);
    scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand), cmocka_unit_test(load_by_survey), cmocka_unit_test(what_is_not_known),
        cmocka_unit_test(full),    cmocka_unit_test(bounds),         cmocka_unit_test(whose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
