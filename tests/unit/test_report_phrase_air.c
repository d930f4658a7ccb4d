#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/phrase.h"
#include "tests/unit/report_air_fixture.h"

#include <math.h>

static void where(const struct vo_result *result, const char *expected)
{
    char text[VO_PHRASE_SIZE];
    vo_phrase_where(text, sizeof text, result);
    assert_string_equal(text, expected);
}

static void test_where(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    where(&report->results[0], "Lobby, voice (" OWN ", channel 36)");
    where(&report->results[2], "Lobby, voice (" OWN ", channel 36)"); /* the place is the evidence's */
    where(&report->results[3], "channel 36 (5180 MHz), wlan0");
    where(&report->results[4], "wlan0, voice (" OWN ", channel 36)");
    where(&report->results[5], OWN " → " SECOND ", wlan0, 14:03:05 UTC");
    where(&report->results[6], "voice, access point " OWN);
    vo_report_free(report);
}

/* What the subject does not tell is left out, not filled in. */
static void test_where_little_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *expected;
    } rows[] = {
        {"{\"kind\":\"cell\",\"id\":\"voice\",\"ssid\":\"voice\"}", "voice"},
        {"{\"kind\":\"cell\",\"id\":\"Stairs / voice\",\"ssid\":\"voice\",\"place\":\"Stairs\"}",
         "Stairs, voice"},
        {"{\"kind\":\"cell\",\"id\":\"all 5\",\"key\":\"all\"}", "all 5"},
        {"{\"kind\":\"bss\",\"id\":\"02:00:00:00:00:01\",\"hidden\":\"yes\"}",
         "hidden network (02:00:00:00:00:01)"},
        {"{\"kind\":\"bss\",\"id\":\"02:00:00:00:00:01\"}", "(02:00:00:00:00:01)"},
        {"{\"kind\":\"link\",\"id\":\"a>b\",\"transmitter\":\"a\",\"receiver\":\"b\",\"frequency_mhz\":2437}",
         "a → b (channel 6)"},
        {"{\"kind\":\"link\",\"id\":\"host\"}", "host"}, /* of voready-reach */
        {"{\"kind\":\"channel\",\"id\":\"0 MHz\"}", "0 MHz"},
        {"{\"kind\":\"channel\",\"id\":\"5955 MHz\",\"frequency_mhz\":5955}",
         "channel 1 of 6 GHz (5955 MHz)"},
        {"{\"kind\":\"roam\",\"id\":\"odd\",\"to\":\"b\"}", "odd"},
        {"{\"kind\":\"roam\",\"id\":\"x 2026-11-22T14:03:05Z\",\"to\":\"b\",\"station\":\"x\"}",
         "? → b, x, 14:03:05 UTC"},
        {"{\"kind\":\"roam\",\"id\":\"wlan0 2026-11-22T14:03:05Z\",\"from\":\"a\",\"interface\":\"wlan0\"}",
         "a → nowhere, wlan0, 14:03:05 UTC"},
        {"{\"kind\":\"access_point\",\"id\":\"02:00:00:00:00:01\"}", "access point 02:00:00:00:00:01"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char verdict[1024];
        struct vo_report *report;
        snprintf(verdict, sizeof verdict,
                 "{\"format\":1,\"verdict\":\"ready\",\"results\":[{\"rule\":\"r\",\"status\":\"pass\","
                 "\"subject\":%s}]}",
                 rows[i].subject);
        assert_int_equal(fixture_load_texts(verdict, NULL, &report, NULL), VO_OK);
        where(&report->results[0], rows[i].expected);
        vo_report_free(report);
    }
}

static void test_channels(void **state)
{
    (void)state;
    static const struct {
        double mhz;
        const char *expected;
    } rows[] = {{2412, "channel 1"},          {2484, "channel 14"},      {5180, "channel 36"},
                {5955, "channel 1 of 6 GHz"}, {5181, "5181 MHz"},        {NAN, "channel not told"},
                {-5, "channel not told"},     {1e99, "channel not told"}};
    char text[VO_PHRASE_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        vo_phrase_channel(text, sizeof text, rows[i].mhz);
        assert_string_equal(text, rows[i].expected);
    }
}

/* A coincidence, never a cause. */
static void test_explanations(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    const struct vo_explanation *with = &report->air->explanations[1], *bare = &report->air->explanations[0];
    struct vo_out text = {0};
    vo_phrase_burst(&text, with);
    assert_string_equal(text.data, "14:03:05–14:03:07 UTC: 23 of 100 packets lost. At the same time:");
    vo_out_release(&text);
    vo_phrase_coincidence(&text, &with->with[0]);
    assert_string_equal(text.data, "roam A → B (record 17 of run 5f0c2f6e)");
    vo_out_release(&text);
    assert_string_equal(vo_phrase_no_cause(with), "That it coincides does not prove a cause.");
    vo_phrase_burst(&text, bare);
    assert_string_equal(text.data,
                        "14:02:05.120–14:02:05.480 UTC: 3 packets lost. The air was measured then, and "
                        "nothing in it coincides.");
    vo_out_release(&text);
    assert_null(vo_phrase_no_cause(bare));
    struct vo_coincidence two[] = {{.text = "a"}, {.text = "b"}};
    struct vo_explanation unknown = {VO_TIME_UNKNOWN, VO_TIME_UNKNOWN, NULL, NULL, NAN, NAN, two, 2};
    vo_phrase_burst(&text, &unknown);
    assert_string_equal(text.data, "At a time that is not told: packets lost. At the same time:");
    vo_out_release(&text);
    vo_phrase_coincidence(&text, &two[0]); /* without evidence */
    assert_string_equal(text.data, "a");
    vo_out_release(&text);
    assert_string_equal(vo_phrase_no_cause(&unknown), "That they coincide does not prove a cause.");
    vo_report_free(report);
}

/* A difference of levels is in dB. */
static void test_margin_of_levels(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    char text[VO_PHRASE_SIZE];
    vo_phrase_margin(text, sizeof text, &report->results[0]);
    assert_string_equal(text, "2.0 dB under the limit");
    vo_phrase_step(text, sizeof text, "association_response");
    assert_string_equal(text, "associated");
    vo_phrase_step(text, sizeof text, "port_opened");
    assert_string_equal(text, "port opened");
    assert_string_equal(vo_phrase_method("ft"), "fast transition (802.11r)");
    assert_string_equal(vo_phrase_method("telepathy"), "telepathy");
    assert_null(vo_phrase_method(NULL));
    vo_report_free(report);
}

/* 36 frames are no resolution of the time that they took: 0.24 % is not 0 %. Of 36 frames one is 2.8 %. */
static void test_shares_of_time(void **state)
{
    (void)state;
    struct vo_reported items[] = {
        {VO_METRIC_WLAN_FRAMES, 36, NAN, NULL, NULL, NULL},
        {VO_METRIC_WLAN_FCS_ERROR_PERCENT, 100 / 36.0, NAN, NULL, NULL, NULL},
        {VO_METRIC_WLAN_AIRTIME_PERCENT, 0.239372, NAN, NULL, NULL, NULL},
    };
    const struct vo_facts facts = {items, 3, 3};
    char text[VO_PHRASE_SIZE];
    vo_phrase_metric(text, sizeof text, &facts, VO_METRIC_WLAN_AIRTIME_PERCENT);
    assert_string_equal(text, "0.24 %");
    vo_phrase_metric(text, sizeof text, &facts, VO_METRIC_WLAN_FCS_ERROR_PERCENT);
    assert_string_equal(text, "3 %");
    const struct vo_result load = {.row = &vo_metrics[VO_METRIC_WLAN_UTILIZATION_PERCENT],
                                   .unit = "percent",
                                   .observed = 44.7,
                                   .samples = 3};
    vo_phrase_observed(text, sizeof text, &load);
    assert_string_equal(text, "44.7 %");
}

static void test_short_buffers(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    for (size_t size = 1; size < 90; size++)
        for (size_t i = 0; i < report->result_count; i++) {
            char *text = malloc(size);
            vo_phrase_where(text, size, &report->results[i]);
            assert_true(strlen(text) < size);
            free(text);
        }
    vo_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_where_little_is_known),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_explanations),
        cmocka_unit_test(test_margin_of_levels),
        cmocka_unit_test(test_short_buffers),
        cmocka_unit_test(test_shares_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
