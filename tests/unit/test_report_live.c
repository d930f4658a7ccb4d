#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/live.h"
#include "tests/unit/report_air_fixture.h"

#include <math.h>

static struct vo_report *parse(const char *text)
{
    struct vo_report *report;
    struct vo_error error = {0};
    if (vo_report_parse(text, strlen(text), "line 1", &report, &error) != VO_OK)
        fail_msg("%s", error.message);
    return report;
}

static char *view(const struct vo_report *report, size_t width, size_t height, bool colour)
{
    struct vo_live_style style = {colour, width, height};
    struct vo_out out = {0};
    assert_int_equal(vo_live_view(report, &style, NULL, &out, NULL), VO_OK);
    return out.data;
}

static void contains(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" is missing in:\n%s", words, text);
}

/* Stairs has record 2, Lobby 4: Lobby is the place now; nothing of Stairs is shown as if it were here. */
static void test_now(void **state)
{
    (void)state;
    struct vo_report *report = parse(air_verdict);
    struct vo_live_now now;
    assert_int_equal(vo_live_find(report, &now, NULL), VO_OK);
    assert_string_equal(now.cell->place, "Lobby");
    assert_int_equal(now.cells, 1);
    assert_string_equal(now.bssid, OWN);
    assert_true(fabs(now.mhz - 5180) < 0.1);
    assert_string_equal(now.link->rule, "air.per");
    assert_string_equal(now.roam->rule, "air.roaming.gap");
    /* worst first, what is required before what is not */
    static const char *const rules[] = {"air.signal", "air.roaming.gap", "air.utilization", "air.busy"};
    assert_int_equal(now.rule_count, 7);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(now.rules[i].result->rule, rules[i]);
    for (size_t i = 0; i < 7; i++) /* only the overlap is of no place */
        assert_int_equal(now.rules[i].here, strcmp(now.rules[i].result->rule, "air.overlap") != 0);
    vo_report_free(report);
}

static void test_view(void **state)
{
    (void)state;
    struct vo_report *report = parse(air_verdict);
    char *text = view(report, 100, 0, false);
    contains(text, "Not ready: air.signal failed for 1 of 2 places\n2 failed, 1 warning, 1 not measured, 3 "
                   "passed; as of "
                   "14:10:00 UTC\n");
    contains(text, "Place       Lobby  voice (" OWN ", channel 36)\n");
    /* 40 columns from -95 to -35 dBm: -72 is 15, -70 is 17 */
    contains(text,
             "Signal      ███████████████··│······················  -72.0 dBm  limit: at least -70 dBm\n");
    contains(text, "            smallest -77.0 dBm of 24 readings; at the ear -84.0 dBm\n");
    contains(text, "SNR         not measured: no noise\n");
    contains(text, "Load        announced 40.0 %; busy not measured: the driver does not count\n");
    contains(text, "Channel     others on it: 1; strongest Coffee -92.0 dBm\n");
    contains(text, "Separation  20.0 dB  limit: at least 19 dB\n");
    contains(text, "Link        wlan0 → " OWN ", undelivered 0.5 %\n");
    contains(text, "Last roam   " OWN " → " SECOND ", wlan0, 14:03:05 UTC\n            gap 312 ms\n");
    contains(text, "Fail          Signal     -72.0 dBm (at least -70 dBm)\n");
    contains(text, "Not measured  Busy       the driver does not count\n");
    assert_null(strchr(text, '\033'));
    free(text);
    text = view(report, 100, 0, true);
    contains(text, "\033[1;31mNot ready\033[0m: ");
    contains(text, "\033[32m20.0 dB\033[0m");
    free(text);
    vo_report_free(report);
}

/* No line is wider, and there are not more lines than told, down to nothing. */
static void test_view_fits(void **state)
{
    (void)state;
    struct vo_report *report = parse(air_verdict);
    for (size_t width = 1; width < 130; width += 7)
        for (size_t height = 1; height < 30; height++) {
            char *text = view(report, width, height, false);
            size_t lines = 0;
            for (char *at = text; *at; at += strcspn(at, "\n") + 1, lines++) {
                char line[512];
                snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
                if (vo_out_width(line) > width)
                    fail_msg("%zu columns do not hold \"%s\"", width, line);
            }
            assert_true(lines <= height);
            free(text);
        }
    /* of 12 lines, two are the verdict's, half of the others the place's */
    char *text = view(report, 80, 12, false);
    contains(text, "Signal      ");
    contains(text, "Fail          Signal");
    contains(text, "more, none worse here");
    free(text);
    vo_report_free(report);
}

/* A place where nothing was heard: said, and no level of another place. */
static void test_no_coverage(void **state)
{
    (void)state;
    char *verdict = fixture_replace(air_verdict, "\"evidence\":[{\"run\":\"w\",\"n\":2}]",
                                    "\"evidence\":[{\"run\":\"w\",\"n\":99}]");
    struct vo_report *report = parse(verdict);
    char *text = view(report, 100, 0, false);
    contains(text, "Place       Stairs  voice\nSignal      no coverage: not heard in 3 scans\n");
    assert_null(strstr(text, "\nSeparation  "));
    assert_null(strstr(text, "\nLoad  "));
    contains(text, "Fail          Signal     -72.0 dBm (at least -70 dBm); Lobby, voice");
    free(text);
    free(verdict);
    vo_report_free(report);
}

static void test_hostile_names(void **state)
{
    (void)state;
    char *verdict =
        fixture_replace(air_verdict, "\"place\":\"Stairs\"", "\"place\":\"x\\u001b[2J\\u202e\\n\"");
    char *newest = fixture_replace(verdict, "\"n\":2}]", "\"n\":99}]");
    struct vo_report *report = parse(newest);
    char *text = view(report, 100, 0, true);
    contains(text, "x\xef\xbf\xbd[2J\xef\xbf\xbd ");
    assert_null(strstr(text, "\033[2J"));
    free(text);
    free(newest);
    free(verdict);
    vo_report_free(report);
}

/* A name in ideographs takes two columns a character: the line is cut in time. */
static void test_wide_characters(void **state)
{
    (void)state;
    char *verdict = fixture_replace(air_verdict, "\"reason\":\"air.signal failed for 1 of 2 places\"",
                                    "\"reason\":\"大厅大厅大厅大厅大厅大厅\"");
    struct vo_report *report = parse(verdict);
    char *text = view(report, 20, 1, false);
    assert_string_equal(text,
                        "Not ready: 大厅大厅\n"); /* 11 columns, and four of two: one more would be 21 */
    free(text);
    free(verdict);
    vo_report_free(report);
}

static char *changes(struct vo_live_seen **seen, const char *verdict)
{
    struct vo_report *report = parse(verdict);
    struct vo_out out = {0};
    assert_int_equal(vo_live_changes(seen, report, &out, NULL), VO_OK);
    vo_report_free(report);
    vo_out_add(&out, "");
    return out.data;
}

static void test_changes(void **state)
{
    (void)state;
    struct vo_live_seen *seen = NULL;
    char *text = changes(&seen, air_verdict);
    contains(text, "14:10:00 UTC  Fail: Signal: -72.0 dBm (limit: at least -70 dBm); Lobby, voice (" OWN
                   ", channel 36)\n");
    contains(text,
             "14:10:00 UTC  Not measured: Busy; channel 36 (5180 MHz), wlan0: the driver does not count\n");
    contains(text, "14:10:00 UTC  Verdict: Not ready: air.signal failed for 1 of 2 places\n");
    free(text);
    text = changes(&seen, air_verdict); /* the same: nothing to say */
    assert_string_equal(text, "");
    free(text);
    char *warned = fixture_replace(air_verdict, "\"status\":\"warn\"", "\"status\":\"pass\"");
    char *ready = fixture_replace(warned, "\"verdict\":\"not_ready\"", "\"verdict\":\"incomplete\"");
    text = changes(&seen, ready);
    assert_string_equal(
        text, "14:10:00 UTC  Warning → Pass: Load: 40.0 % (limit: below 45 %); voice (" OWN
              ", channel 36)\n14:10:00 UTC  Verdict: Not ready → Incomplete: air.signal failed for 1 of "
              "2 places\n");
    free(text);
    free(ready);
    free(warned);
    vo_live_forget(seen);
    vo_live_forget(NULL);
}

static void test_asks(void **state)
{
    (void)state;
    assert_true(vo_live_asks(NULL));
    struct vo_report *report = parse(air_verdict);
    assert_true(vo_live_asks(report));
    vo_report_free(report);
    report = parse(fixture_verdict); /* streams: nobody walks */
    assert_false(vo_live_asks(report));
    char *text = view(report, 80, 24, false);
    assert_null(strstr(text, "Place"));
    contains(text, "Fail          Packet loss, worst five minut… 2.0 % (below 1 %)");
    free(text);
    vo_report_free(report);
}

static void test_what_is_no_verdict(void **state)
{
    (void)state;
    static const char *const lines[] = {"{", "[]", "{}", "{\"format\":1,\"verdict\":\"ready\"}", "\"x\""};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct vo_report *report;
        struct vo_error error = {0};
        assert_int_equal(vo_report_parse(lines[i], strlen(lines[i]), "line 3", &report, &error),
                         VO_ERR_INPUT);
        assert_null(report);
        assert_true(error.message[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_now),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_view_fits),
        cmocka_unit_test(test_no_coverage),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_wide_characters),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_asks),
        cmocka_unit_test(test_what_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
