#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/phrase.h"
#include "tests/unit/report_fixture.h"

#include <math.h>

static const struct {
    double value;
    const char *unit;
    double samples, uncertainty, limit;
    const char *expected;
} numbers[] = {
    {2.0, "percent", 15000, NAN, 1, "2.0 %"},
    {31.42, "ms", NAN, NAN, 30, "31.4 ms"},
    {128.6, "ms", NAN, NAN, NAN, "129 ms"},
    {0.0123, "percent", 1e6, NAN, NAN, "0.012 %"},
    {0, "percent", 15000, NAN, 1, "0 %"},
    {100, "percent", 15000, NAN, 100, "100 %"},
    {12345, "count", NAN, NAN, NAN, "12,345"},
    {1234567, "count", NAN, NAN, NAN, "1,234,567"},
    {486, "code", NAN, NAN, NAN, "486"},
    {760.2, "s", NAN, NAN, NAN, "00:12:40"},
    {604800, "s", NAN, NAN, 604800, "604,800 s"}, /* beside its limit */
    {59.94, "s", NAN, NAN, NAN, "59.9 s"},
    {4.384, "MOS", NAN, NAN, NAN, "4.4"},
    {-67.2, "dBm", NAN, NAN, NAN, "-67.2 dBm"},
    /* One of 30 packets is 3.3 %: the next possible value is 6.7 %, so tenths would be invented. */
    {100.0 / 30, "percent", 30, NAN, NAN, "3 %"},
    /* ± 2 ms does not support tenths. */
    {31.42, "ms", NAN, 2, NAN, "31 ms"},
    {31.42, "ms", NAN, 0.3, NAN, "31.4 ms"},
    /* Not rounded onto a limit that was not reached. */
    {0.996, "percent", 1e6, NAN, 1, "0.996 %"},
    {29.98, "ms", NAN, NAN, 30, "29.98 ms"},
    {99.96, "percent", 1e6, NAN, 100, "99.96 %"},
    {30, "ms", NAN, NAN, 30, "30.0 ms"},
    {NAN, "ms", NAN, NAN, NAN, "not measured"},
};

static void test_numbers(void **state)
{
    (void)state;
    char text[VO_PHRASE_SIZE];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        vo_phrase_number(text, sizeof text, numbers[i].value, numbers[i].unit, numbers[i].samples,
                         numbers[i].uncertainty, numbers[i].limit);
        assert_string_equal(text, numbers[i].expected);
    }
}

static void test_failure_in_one_sentence(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char text[3 * VO_PHRASE_SIZE];
    vo_phrase_sentence(text, sizeof text, &report->results[1]);
    /* The series begins at 17:44:30; 432 s later is 17:51:42. */
    assert_string_equal(text,
                        "Packet loss, worst five minutes: 2.0 % (limit: below 1 %). Worst five minutes from "
                        "00:07:12 of the stream (17:51:42 UTC); caller → callee, 192.0.2.1:5004 → "
                        "198.51.100.7:5008");
    vo_phrase_margin(text, sizeof text, &report->results[1]);
    assert_string_equal(text, "1.0 points over the limit");
    vo_phrase_margin(text, sizeof text, &report->results[3]);
    assert_string_equal(text, "50.0 points under the limit");
    vo_phrase_margin(text, sizeof text, &report->results[0]);
    assert_string_equal(text, "17.7 ms to spare");
    vo_phrase_citation(text, sizeof text, &report->results[1]);
    assert_string_equal(text, "Guide, § 13.6");
    vo_phrase_evidence(text, sizeof text, &report->results[1]);
    assert_string_equal(text, "15,000 samples, measured up to the capture point; record 2 of run r");
    vo_phrase_call(text, sizeof text, &report->results[1]);
    assert_string_equal(text, "alice@example.com → bob@example.com, begun 17:44:28 UTC");
    vo_report_free(report);
}

static void test_margin_within_uncertainty(void **state)
{
    (void)state;
    struct vo_report *report;
    char text[VO_PHRASE_SIZE];
    char *verdict = fixture_replace(fixture_verdict, "\"margin\": 17.66",
                                    "\"margin\": 1.5, \"uncertainty\": 2, \"within_uncertainty\": true");
    assert_int_equal(fixture_load_texts(verdict, NULL, &report, NULL), VO_OK);
    vo_phrase_margin(text, sizeof text, &report->results[0]);
    assert_string_equal(text, "2 ms to spare, within the uncertainty of ± 2 ms");
    vo_report_free(report);
    free(verdict);
}

static void test_metrics_say_why_they_are_missing(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    const struct vo_facts *facts = &report->calls[0]->streams[0]->seen.facts;
    char text[VO_PHRASE_SIZE];
    vo_phrase_metric(text, sizeof text, facts, VO_METRIC_RTP_RTT_MS);
    assert_string_equal(text, "not measured: no RTCP");
    vo_phrase_metric(text, sizeof text, facts, VO_METRIC_RTP_LATENCY_MS);
    assert_string_equal(text, "not measured");
    vo_phrase_metric(text, sizeof text, facts, VO_METRIC_RTP_MEDIA_STATE);
    assert_string_equal(text, "plain");
    vo_phrase_mos(text, sizeof text, report->calls[0]->streams[0]);
    assert_string_equal(text, "3.6 nb");
    vo_phrase_outcome(text, sizeof text, report->calls[0]);
    assert_string_equal(text, "answered, 00:12:40, ended by the caller");
    vo_phrase_counts(text, sizeof text, report);
    assert_string_equal(text, "1 error, 1 failed, 1 warning, 1 not measured, 1 passed, 1 skipped");
    vo_report_free(report);
}

static void test_short_buffers(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    for (size_t size = 1; size < 200; size++) { /* exactly sized, so that a sanitizer sees an overrun */
        char *text = malloc(size);
        vo_phrase_sentence(text, size, &report->results[1]);
        assert_true(strlen(text) < size);
        vo_phrase_outcome(text, size, report->calls[0]);
        vo_phrase_margin(text, size, &report->results[1]);
        vo_phrase_evidence(text, size, &report->results[1]);
        free(text);
    }
    vo_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_failure_in_one_sentence),
        cmocka_unit_test(test_margin_within_uncertainty),
        cmocka_unit_test(test_metrics_say_why_they_are_missing),
        cmocka_unit_test(test_short_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
