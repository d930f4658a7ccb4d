#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/report_air_fixture.h"

#include <math.h>

static void near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-9))
        fail_msg("%g is not %g", value, expected);
}

/* What is told again of a visit stands once. */
static void test_a_visit_stands_once(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    const struct vo_air *air = report->air;
    /* OWN at Stairs, OWN at Lobby, SECOND, OTHER, and the capacity that was derived. */
    assert_int_equal(air->list[VO_AIR_BSS].count, 5);
    near(vo_facts_number(&air->list[VO_AIR_BSS].items[0]->seen.facts, VO_METRIC_WLAN_SIGNAL_DBM), -61);
    assert_int_equal(air->list[VO_AIR_BSS].items[0]->seen.n, 3);
    vo_report_free(report);
}

static void test_one_bss(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    const struct vo_air *air = report->air;
    assert_int_equal(air->bss_count, 3);
    assert_int_equal(air->surveyed_count, 1); /* the others say judged: no */
    assert_true(air->told_surveyed);
    const struct vo_air_bss *own = air->bsss[0];
    assert_string_equal(own->newest->seen.id, OWN);
    assert_string_equal(own->newest->place, "Lobby");
    assert_string_equal(own->strongest->place, "Stairs"); /* -61 above -72 */
    near(own->load_percent, (10 * 20.0 + 30 * 40.0) / 40);
    near(own->load_max_percent, 44);
    near(vo_facts_number(&own->derived->seen.facts, VO_METRIC_WLAN_CAPACITY_CALLS), 14);
    assert_int_equal(own->worst, VO_RESULT_WARN);
    const struct vo_air_bss *hidden = air->bsss[2];
    assert_true(isnan(hidden->load_percent));
    assert_string_equal(hidden->load_missing, "its beacons have no BSS Load");
    assert_string_equal(vo_air_name(air, OWN), "ap-lobby");
    assert_null(vo_air_name(air, OTHER));
    vo_report_free(report);
}

static void test_radios_and_channels(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    const struct vo_air *air = report->air;
    assert_int_equal(air->radio_count, 2); /* OWN and SECOND are one access point on one channel */
    assert_int_equal(air->radios[0].count, 2);
    assert_true(air->radios[0].surveyed);
    assert_string_equal(air->radios[0].bsss[0]->newest->seen.id, OWN);
    assert_int_equal(air->radios[0].channel.width_mhz, 80);
    near(air->radios[1].mhz, 5955);
    assert_int_equal(air->radios[1].channel.width_mhz, 0); /* not told: not filled in */
    assert_int_equal(air->channel_count, 2);
    const struct vo_air_channel *channel = &air->channels[0];
    near(channel->mhz, 5180);
    assert_int_equal(channel->surveyed, 1);
    assert_int_equal(channel->foreign, 0);
    assert_string_equal(vo_facts_of(&channel->busy->seen.facts, VO_METRIC_WLAN_BUSY_PERCENT)->missing,
                        "the driver does not count");
    near(vo_facts_number(&channel->airtime->seen.facts, VO_METRIC_WLAN_AIRTIME_PERCENT), 22.5);
    assert_int_equal(channel->worst, VO_RESULT_NOT_MEASURED);
    assert_null(air->channels[1].busy);
    vo_report_free(report);
}

/* Without coverage first; what was derived replaces what a visit said. */
static void test_cells(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    const struct vo_air_list *cells = &report->air->list[VO_AIR_CELL];
    assert_int_equal(cells->count, 2);
    assert_string_equal(cells->items[0]->place, "Stairs");
    assert_true(cells->items[0]->derived);
    assert_string_equal(vo_facts_of(&cells->items[0]->seen.facts, VO_METRIC_WLAN_COVERAGE)->word,
                        "not_heard");
    assert_int_equal(cells->items[0]->worst, VO_RESULT_STATUSES); /* not judged */
    assert_int_equal(cells->items[1]->worst, VO_RESULT_FAIL);
    assert_int_equal(cells->items[1]->seen.n, 4); /* the newest of its evidence */
    const struct vo_result *separation =
        vo_air_result(report->air, "cell", "Lobby / voice", VO_METRIC_WLAN_SEPARATION_DB);
    assert_int_equal(separation->status, VO_RESULT_PASS);
    assert_int_equal(vo_air_result(report->air, "cell", "Lobby / voice", VO_METRIC_COUNT)->status,
                     VO_RESULT_FAIL);
    assert_null(vo_air_result(report->air, "cell", "Lobby / voice", VO_METRIC_WLAN_SNR_DB));
    assert_null(vo_air_result(report->air, "cell", "Nowhere / voice", VO_METRIC_COUNT));
    vo_report_free(report);
}

/* A result at a place is told by the record that is its evidence. */
static void test_results_know_their_place(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    assert_string_equal(report->results[2].air->place, "Lobby");
    assert_null(report->results[3].air); /* no evidence is named */
    vo_report_free(report);
}

/* The event came before its observation; what is a time is a moment, what is a number is not. */
static void test_roam(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    const struct vo_air_item *roam = report->air->list[VO_AIR_ROAM].items[0];
    assert_non_null(roam->event);
    assert_int_equal(roam->event->step_count, 4);
    assert_string_equal(roam->event->steps[0].name, "last_data");
    assert_string_equal(roam->event->steps[2].name, "port_opened");
    near(vo_report_seconds(roam->event->steps[0].time, roam->event->steps[3].time), 0.312);
    vo_report_free(report);
}

static void test_track_of_two_links(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    assert_int_equal(report->air->track_count, 1);
    const struct vo_air_track *track = &report->air->tracks[0];
    assert_string_equal(track->name, "wlan0");
    assert_int_equal(track->series.rows, 4);
    near(track->series.column[VO_SERIES_SENT][2], 40);    /* 30 with the old, 10 with the new */
    near(track->series.column[VO_SERIES_SIGNAL][2], -76); /* the weaker */
    near(track->series.column[VO_SERIES_SIGNAL][3], -58);
    assert_int_equal(track->roam_count, 1);
    near(track->roams[0], 2); /* 14:03:05 after 14:03:03 */
    vo_report_free(report);
}

static void test_explanations(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    const struct vo_air *air = report->air;
    assert_int_equal(air->explanation_count, 2);
    assert_int_equal(air->explanations[0].with_count, 0); /* the earlier one first */
    assert_string_equal(air->explanations[1].with[0].run, "5f0c2f6e-x");
    assert_int_equal(air->explanations[1].with[0].n, 17);
    assert_null(air->explanations[1].stream); /* its records were not given */
    assert_string_equal(air->explanations[1].stream_id, "s1");
    vo_report_free(report);
}

/* A wired host's link is none of the air's; unknown shapes are ignored; numbers that are none stay unknown.
 */
static void test_what_is_not_of_the_air(void **state)
{
    (void)state;
    static const char records[] =
        "{\"record\":\"run\",\"run\":\"x\",\"n\":1,\"format\":1}\n"
        "{\"record\":\"observation\",\"run\":\"x\",\"n\":2,\"subject\":{\"kind\":\"link\",\"id\":\"host\"},"
        "\"states\":{\"net_proxy\":\"none\"}}\n"
        "{\"record\":\"observation\",\"run\":\"x\",\"n\":3,\"subject\":{\"kind\":\"bss\",\"id\":\"" OWN
        "\",\"frequency_mhz\":\"5180x\",\"width_mhz\":-5,\"center_mhz\":1e99}}\n"
        "{\"record\":\"observation\",\"run\":\"x\",\"n\":4,\"subject\":\"text\"}\n"
        "{\"record\":\"event\",\"run\":\"x\",\"n\":5,\"kind\":\"wlan_roam\"}\n"
        "{\"record\":\"series\",\"run\":\"x\",\"n\":6,\"subject\":{\"kind\":\"link\",\"id\":\"a>b\"},"
        "\"start\":\"2026-11-22T14:03:05Z\",\"step_s\":1,\"columns\":{\"wlan_sent_frames\":[1]}}\n"
        "{\"record\":\"end\",\"run\":\"x\",\"n\":7,\"complete\":true}\n";
    static const char verdict[] =
        "{\"format\":1,\"verdict\":\"ready\",\"results\":[],\"derived\":[1,null,\"x\",{},"
        "{\"record\":\"event\",\"kind\":\"explanation\",\"with\":[{},7]},"
        "{\"subject\":{\"kind\":\"cell\"},\"evidence\":[{\"n\":-1}]}]}";
    struct vo_report *report;
    assert_int_equal(fixture_load_texts(verdict, records, &report, NULL), VO_OK);
    const struct vo_air *air = report->air;
    assert_int_equal(air->list[VO_AIR_LINK].count, 0);
    assert_int_equal(air->track_count, 0);
    assert_int_equal(air->bss_count, 1);
    assert_true(isnan(air->radios[0].mhz));
    assert_int_equal(air->radios[0].channel.width_mhz, 0);
    assert_int_equal(air->radios[0].channel.center_mhz, 0);
    assert_int_equal(air->channel_count, 0);
    assert_int_equal(air->explanation_count, 1);
    assert_int_equal(air->explanations[0].with_count, 0);
    char *text = fixture_render(vo_report_text, report), *page = fixture_render(vo_report_html, report);
    assert_non_null(strstr(page, "The channel of 1 more is not told."));
    free(text);
    free(page);
    vo_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_visit_stands_once),      cmocka_unit_test(test_one_bss),
        cmocka_unit_test(test_radios_and_channels),      cmocka_unit_test(test_cells),
        cmocka_unit_test(test_results_know_their_place), cmocka_unit_test(test_roam),
        cmocka_unit_test(test_track_of_two_links),       cmocka_unit_test(test_explanations),
        cmocka_unit_test(test_what_is_not_of_the_air),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
