#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/report_fixture.h"
#include <math.h>

static void test_results_and_groups(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    assert_int_equal(report->result_count, 6);
    assert_int_equal(report->counts[VO_RESULT_FAIL], 1);
    /* Worst first: error, fail, warn, not measured, pass, skipped. */
    static const char *const rules[] = {"tool",          "media.loss",   "qos.sip.dscp",
                                        "media.latency", "media.jitter", "air"};
    assert_int_equal(report->group_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(report->groups[i].results[0]->rule, rules[i]);
    assert_ptr_equal(report->results[1].stream, report->calls[0]->streams[0]);
    assert_ptr_equal(report->results[3].call, report->calls[0]);
    vo_report_free(report);
}

static void test_calls_have_streams_and_events(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    assert_int_equal(report->call_count, 1);
    const struct vo_call *call = report->calls[0];
    assert_int_equal(call->stream_count, 2);
    assert_string_equal(call->streams[0]->seen.id, FORTH); /* the caller's first */
    assert_int_equal(call->streams[0]->worst, VO_RESULT_FAIL);
    assert_int_equal(call->streams[1]->worst, VO_RESULT_NOT_MEASURED);
    assert_int_equal(call->worst, VO_RESULT_FAIL);
    assert_int_equal(call->event_count, 3); /* in order of time, the DTMF by its stream */
    assert_string_equal(call->events[0]->text, "INVITE");
    assert_string_equal(call->events[2]->text, "digit 5");
    vo_report_free(report);
}

static void test_facts_say_what_is_missing(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    const struct vo_facts *facts = &report->calls[0]->streams[0]->seen.facts;
    assert_true(fabs(vo_facts_number(facts, VO_METRIC_RTP_MOS_LQ_NB) - 3.61) < 1e-12);
    assert_true(isnan(vo_facts_number(facts, VO_METRIC_RTP_RTT_MS)));
    assert_string_equal(vo_facts_of(facts, VO_METRIC_RTP_RTT_MS)->missing, "no RTCP");
    assert_null(vo_facts_of(facts, VO_METRIC_RTP_LATENCY_MS)->missing);
    vo_report_free(report);
}

static void test_further_labels_are_kept(void **state)
{
    (void)state;
    struct vo_report *report;
    char *records =
        fixture_replace(fixture_records, "\"codec\":\"PCMU\"", "\"codec\":\"PCMU\",\"dscp\":\"0 x9\"");
    assert_int_equal(fixture_load_texts(fixture_verdict, records, &report, NULL), VO_OK);
    const struct vo_stream *stream = report->calls[0]->streams[0];
    assert_int_equal(stream->seen.label_count, 1);
    assert_string_equal(vo_report_label(&stream->seen, "dscp"), "0 x9");
    assert_null(vo_report_label(&stream->seen, "codec")); /* has a field */
    assert_string_equal(stream->codec, "PCMU");
    vo_report_free(report);
    free(records);
}

static void test_series_are_joined_in_order_of_time(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    const struct vo_series *series = &report->calls[0]->streams[0]->series;
    const double *lost = series->column[VO_SERIES_LOST];
    assert_int_equal(series->rows, 10);
    assert_true(lost[0] > 4.9 && lost[0] < 5.1);
    assert_true(isnan(lost[2]));
    assert_true(lost[9] > 0.9 && lost[9] < 1.1);
    assert_null(series->column[VO_SERIES_DSCP]);
    assert_int_equal(report->calls[0]->streams[1]->series.rows, 0);
    vo_report_free(report);
}

/* The same packets at two points: one id, two observations. */
static const char two_points[] =
    "{\"record\":\"run\",\"run\":\"r\",\"n\":1,\"format\":1}\n"
    "{\"record\":\"observation\",\"run\":\"r\",\"n\":2,\"subject\":{\"kind\":\"rtp_stream\",\"id\":\"" FORTH
    "\",\"key\":\"lan\",\"point\":\"lan\"},\"metrics\":{\"rtp_packets\":10}}\n"
    "{\"record\":\"observation\",\"run\":\"r\",\"n\":3,\"subject\":{\"kind\":\"rtp_stream\",\"id\":\"" FORTH
    "\",\"key\":\"wan\",\"point\":\"wan\"},\"metrics\":{\"rtp_packets\":9}}\n"
    "{\"record\":\"series\",\"run\":\"r\",\"n\":4,\"subject\":{\"kind\":\"rtp_stream\",\"id\":\"" FORTH
    "\",\"key\":\"wan\"},\"start\":\"2026-11-22T17:44:30Z\",\"step_s\":1,\"columns\":{\"rtp_jitter_max_ms\":["
    "7]}}\n"
    "{\"record\":\"series\",\"run\":\"r\",\"n\":5,\"subject\":\"" FORTH
    "\",\"start\":\"2026-11-22T17:44:31Z\",\"step_s\":1,\"columns\":{\"rtp_jitter_max_ms\":[99]}}\n"
    "{\"record\":\"end\",\"run\":\"r\",\"n\":6,\"complete\":true}\n";

static void test_two_points_are_told_apart(void **state)
{
    (void)state;
    struct vo_report *report;
    char *verdict = fixture_replace(fixture_verdict, "\"n\": 2}", "\"n\": 3}");
    assert_int_equal(fixture_load_texts(verdict, two_points, &report, NULL), VO_OK);
    assert_string_equal(report->results[1].stream->point, "wan"); /* the evidence names record 3 */
    assert_int_equal(report->streams[0]->series.rows, 0);
    assert_int_equal(report->streams[1]->series.rows,
                     1); /* a series that names no point belongs to neither */
    assert_true(report->streams[1]->point_matters);
    vo_report_free(report);
    free(verdict);
}

static void test_limit_of_a_plot(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    const struct vo_stream *forth = report->calls[0]->streams[0], *back = report->calls[0]->streams[1];
    assert_true(fabs(vo_report_limit(report, forth, VO_METRIC_RTP_JITTER_MAX_MS) - 30) < 1e-9);
    assert_true(fabs(vo_report_limit(report, back, VO_METRIC_RTP_JITTER_MAX_MS) - 30) < 1e-9);
    assert_true(isnan(vo_report_limit(report, forth, VO_METRIC_RTP_PDV_MAX_MS)));
    vo_report_free(report);
}

static void refuse(const char *verdict, const char *words)
{
    struct vo_report *report;
    struct vo_error error = {0};
    assert_int_equal(fixture_load_texts(verdict, NULL, &report, &error), VO_ERR_INPUT);
    assert_null(report);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
}

static void test_what_is_no_verdict_is_refused(void **state)
{
    (void)state;
    refuse("{}", "not a verdict");
    refuse("{\"format\": 2, \"verdict\": \"ready\", \"results\": []}", "format 2");
    refuse("{\"format\": 1, \"verdict\": \"ready\"}", "results");
    refuse("{\"format\": 1, \"verdict\": \"ready\", \"results\": [{\"rule\": \"x\", \"status\": \"odd\"}]}",
           "odd");
    refuse("[1", "line 1"); /* where the JSON breaks */
}

static void test_incomplete_input_is_noted(void **state)
{
    (void)state;
    struct vo_report *report;
    char *verdict =
        fixture_replace(fixture_verdict, "\"complete\": true", "\"complete\": false, \"why\": \"disk full\"");
    char *records = strdup(fixture_records);
    *strstr(records, ",\"complete\":true,\"records\":12") = '\0'; /* cut within the last record */
    assert_int_equal(fixture_load_texts(verdict, records, &report, NULL), VO_OK);
    assert_int_equal(report->note_count, 2);
    assert_non_null(strstr(report->notes[0], "disk full"));
    assert_non_null(strstr(report->notes[1], "middle of a record"));
    vo_report_free(report);
    free(verdict);
    free(records);
}

static void test_results_without_records(void **state)
{
    (void)state;
    struct vo_report *report;
    assert_int_equal(fixture_load_texts(fixture_verdict, NULL, &report, NULL), VO_OK);
    assert_null(report->results[1].stream);
    assert_int_equal(report->call_count, 0);
    vo_report_free(report);
    vo_report_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_and_groups),
        cmocka_unit_test(test_calls_have_streams_and_events),
        cmocka_unit_test(test_facts_say_what_is_missing),
        cmocka_unit_test(test_further_labels_are_kept),
        cmocka_unit_test(test_series_are_joined_in_order_of_time),
        cmocka_unit_test(test_two_points_are_told_apart),
        cmocka_unit_test(test_limit_of_a_plot),
        cmocka_unit_test(test_what_is_no_verdict_is_refused),
        cmocka_unit_test(test_incomplete_input_is_noted),
        cmocka_unit_test(test_results_without_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
