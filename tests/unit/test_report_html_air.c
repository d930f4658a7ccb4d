#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/report_air_fixture.h"

static void contains(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" is missing", words);
}

static size_t count(const char *text, const char *words)
{
    size_t found = 0;
    for (const char *at = strstr(text, words); at; at = strstr(at + 1, words))
        found++;
    return found;
}

/* The page without plots, which need gnuplot. */
static char *render(const struct vo_report *report)
{
    char *path = strdup(getenv("PATH") ? getenv("PATH") : "");
    setenv("PATH", "/nonexistent", 1);
    char *page = fixture_render(vo_report_html, report);
    setenv("PATH", path, 1);
    free(path);
    return page;
}

static void test_places(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    char *page = render(report);
    contains(page, "<h2 id=\"places\">Signal by place</h2>");
    contains(page, "<p>1 of 2 without coverage, 1 with a mean below the boundary of -70 dBm.");
    contains(page, "<b class=\"bad\">No coverage</b>: not heard in 3 scans");
    assert_true(strstr(page, "Stairs<span class=\"id\">voice</span>") <
                strstr(page, "Lobby<span class=\"id\">voice"));
    /* the bar's scale is from -95 to -35 dBm, 240 wide: -72 is at 92, -77 at 72, -84 at 44, -70 at 100 */
    contains(
        page,
        "<rect class=\"weak\" y=\"5\" width=\"92.0\" height=\"10\"/><path class=\"least\" d=\"M72.0 2V18\"/>"
        "<circle class=\"ear\" cx=\"44.0\" cy=\"10\" r=\"3.5\"/><path class=\"edge\" d=\"M100.0 0V20\"/>");
    contains(page, "-72.0 dBm<span class=\"id\">smallest -77.0 dBm</span>");
    contains(page, "not measured<span class=\"id\">no noise</span>"); /* the SNR */
    contains(page, "Coffee, -92.0 dBm<span class=\"id\">" OTHER "</span>");
    contains(page, "20.0 dB<span class=\"id\">limit: at least 19 dB</span>");
    contains(page, "25 %<span class=\"id\">limit: at least 20 %</span>");
    free(page);
    vo_report_free(report);
}

static void test_channels(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    char *page = render(report);
    contains(page, "<caption>5 GHz: 1 access point</caption>");
    contains(page, "<caption>6 GHz: 1 access point</caption>");
    contains(page, "voice, guest <span class=\"tag info\">surveyed</span>");
    contains(page, "<tr class=\"foreign\"><th scope=\"row\">1 hidden");
    /* 5170 to 5250 MHz of a scale from 5160 to 5260, 400 wide: from 40 on, 320 */
    contains(page, "<rect class=\"own\" x=\"40.0\" y=\"3\" width=\"320.0\" height=\"12\"/>"
                   "<path class=\"primary\" d=\"M80.0 1V17\"/>");
    /* the width of the other one is not told: no bar, but its primary channel */
    contains(page, "width not told");
    assert_int_equal(count(page, "class=\"other\" x="), 0);
    contains(page, "35.0 %<span class=\"id\">at most 44.0 %</span>");
    contains(page, "not measured<span class=\"id\">the driver does not count</span>");
    contains(page, "22.5 %<svg viewBox=\"0 0 200 10\"");
    contains(page, "<i class=\"u1\"></i>Voice 6.0 %");
    free(page);
    vo_report_free(report);
}

static void test_access_points_links_roams(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    char *page = render(report);
    contains(page, "wpa2 enterprise<span class=\"id\">802.1X</span>");
    contains(page, "<td class=\"n\"><b>off</b></td>"); /* U-APSD */
    contains(page, "<td class=\"n\">r</td>");          /* of k, v, r */
    contains(page, "ax<span class=\"id\">4 streams</span>");
    contains(page, "radar (DFS)");
    contains(page, "14 to 27<span class=\"id\">G.711</span>");
    contains(page, "wlan0 → " OWN "<span class=\"id\">voice, channel 36</span>");
    contains(page, "0.5 %<span class=\"id\">5 of 1,000</span>");
    contains(page, "1 roam; the gap was measured for 1: 312 ms at most.");
    contains(page, "<b>312 ms</b> ± 20 ms<span class=\"id\">in packets received</span>");
    contains(page, "fast transition (802.11r)");
    contains(page, "same subnet, DHCP seen");
    /* 100 of 312 ms: 6 + 0.3205 * 388 */
    contains(page, "<rect class=\"gap\" x=\"6.0\" y=\"6\" width=\"388.0\" height=\"8\"/>");
    contains(page, "d=\"M130.4 2V18\"");
    contains(page, "<span class=\"n\">250 ms</span> port opened");
    contains(page, "plots left out: gnuplot is not installed");
    contains(page, "Stream s1, 14:03:05–14:03:07 UTC: 23 of 100 packets lost.");
    contains(page, "That it coincides does not prove a cause.");
    free(page);
    vo_report_free(report);
}

/* Names of networks and places are what anybody nearby likes. */
static void test_markup_from_the_air(void **state)
{
    (void)state;
    static const char *const places[] = {"\"ssid\":\"guest\"", "\"ap_name\":\"ap-lobby\"",
                                         "\"place\":\"Lobby\"", "\"akms\":\"802.1X\"", "\"country\":\"DE\""};
    static const char *const hostile[] = {"\"ssid\":\"</td><script>x</script>\"",
                                          "\"ap_name\":\"<img src=x>\"", "\"place\":\"'><svg onload=x>\"",
                                          "\"akms\":\"<script>\"", "\"country\":\"<b>\\u202e\""};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct vo_report *report;
        char *records = fixture_replace(air_records, places[i], hostile[i]);
        char *verdict = i == 2 ? fixture_replace(air_verdict, places[i], hostile[i]) : strdup(air_verdict);
        assert_int_equal(fixture_load_texts(verdict, records, &report, NULL), VO_OK);
        char *page = render(report), *text = fixture_render(vo_report_text, report);
        assert_int_equal(count(page, "<script"), 0);
        assert_int_equal(count(page, "<img"), 0);
        assert_int_equal(count(page, "<svg onload"), 0);
        assert_int_equal(count(page, "\xe2\x80\xae"), 0);
        assert_int_equal(count(text, "\xe2\x80\xae"), 0);
        free(page);
        free(text);
        free(records);
        free(verdict);
        vo_report_free(report);
    }
}

/* 150 places and 120 roams: the page says how many it leaves out. */
static void test_many(void **state)
{
    (void)state;
    struct vo_out records = {0}, verdict = {0};
    struct vo_report *report;
    vo_out_add(&verdict, "{\"format\":1,\"verdict\":\"ready\",\"results\":[],\"derived\":[");
    for (int i = 0; i < 150; i++)
        vo_out_format(&verdict,
                      "%s{\"subject\":{\"kind\":\"cell\",\"id\":\"P%d / v\",\"place\":\"P%d\"},\"metrics\":{"
                      "\"wlan_signal_dbm\":%d,\"wlan_separation_db\":%d}}",
                      i ? "," : "", i, i, -90 + i % 50, i % 40);
    vo_out_add(&verdict, "]}");
    vo_out_add(&records, "{\"record\":\"run\",\"run\":\"w\",\"n\":1,\"format\":1}\n");
    for (int i = 0; i < 120; i++)
        vo_out_format(&records,
                      "{\"record\":\"observation\",\"run\":\"w\",\"n\":%d,\"subject\":{\"kind\":\"roam\","
                      "\"id\":\"wlan0 %d\"},\"metrics\":{\"wlan_roam_gap_ms\":%d}}\n",
                      i + 2, i, i);
    assert_int_equal(fixture_load_texts(verdict.data, records.data, &report, NULL), VO_OK);
    char *page = render(report), *text = fixture_render(vo_report_text, report);
    contains(page, "and 50 more places, none weaker than these: see the records.");
    contains(page, "and 50 more places, with larger separation: see the records.");
    contains(page, "and 20 more roams, none worse than these: see the records.");
    assert_null(strstr(page, "wlan0 19<")); /* the 100 longest gaps are 20 to 119 */
    contains(text, "and 110 more places, none weaker than these");
    contains(text, "and 100 more roams, none worse than these");
    free(page);
    free(text);
    vo_out_release(&records);
    vo_out_release(&verdict);
    vo_report_free(report);
}

/* What there is nothing of has no section. */
static void test_no_air(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char *page = render(report), *text = fixture_render(vo_report_text, report);
    static const char *const ids[] = {"id=\"places\"", "id=\"channels\"", "id=\"access-points\"",
                                      "id=\"links\"",  "id=\"roams\"",    "id=\"bursts\""};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_null(strstr(page, ids[i]));
    assert_null(strstr(text, "ROAMS"));
    assert_null(strstr(text, "CHANNELS"));
    free(page);
    free(text);
    vo_report_free(report);
}

static void test_text(void **state)
{
    (void)state;
    struct vo_report *report = air_load();
    char *text = fixture_render(vo_report_text, report);
    contains(text, "SIGNAL BY PLACE\n  in dBm; the cell boundary is -70 dBm\n");
    contains(text, "  –        Stairs, voice          no coverage\n");
    contains(text, "  Fail     Lobby, voice            -72.0    -77.0  -84.0      –  ap-lobby (36)\n");
    contains(text, "Signal to noise not measured at 1 place: no noise");
    contains(text, "  Pass     Lobby, voice             20.0  -72.0  Coffee -92.0\n");
    contains(text, "Pass: voice, ap-lobby: 25 % (" SECOND " covers 1 of its 4 places)");
    contains(text, "Not all measured: channel 36 (5180 MHz): 1 surveyed, 0 other;");
    contains(text, "Fail: 14:03:05 UTC, wlan0: ap-lobby → " SECOND ": gap 312 ms ± 20 ms,");
    contains(text, "0 ms last data with the old; 100 ms authentication; 250 ms port opened;");
    contains(text, "s1, 14:03:05–14:03:07 UTC: 23 of 100 packets lost.");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (vo_out_width(line) > 80)
            fail_msg("wider than 80 columns: %s", line);
    free(text);
    vo_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_access_points_links_roams),
        cmocka_unit_test(test_markup_from_the_air),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_no_air),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
