/* The verdict file as its readers see it: docs/verdict.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/analysis.h"
#include "tests/unit/analyze_case.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#define RULES                                                                                                \
    PACK(RULE(                                                                                               \
        "media.loss", "true", "rtp_stream", "rtp_loss_peak_5min_percent",                                    \
        ",\"pass\":{\"below\":1},\"note\":\"A note\"") "," RULE("call.state", "false", "call",               \
                                                                "sip_call_state",                            \
                                                                ",\"pass\":null") "," RULE("share", "false", \
                                                                                           "rtp_stream",     \
                                                                                           "rtp_loss_peak_"  \
                                                                                           "5min_percent",   \
                                                                                           ",\"pass\":{"     \
                                                                                           "\"below\":1},"   \
                                                                                           "\"aggregate\":"  \
                                                                                           "\"share_"        \
                                                                                           "passing\","      \
                                                                                           "\"share\":0.5"))
#define RECORDS                                                                                              \
    RUN("r")                                                                                                 \
    OBS("r", "2", "rtp_stream", STREAM, ",\"media\":\"audio\",\"payload_type\":0",                           \
        ",\"metrics\":{\"rtp_loss_peak_5min_percent\":2,\"rtp_loss_peak_5min_packets\":15000},"              \
        "\"basis\":{\"rtp_loss_peak_5min_percent\":\"capture_point\"},\"uncertainty\":{\"rtp_loss_peak_"     \
        "5min_percent\":3}")                                                                                 \
    OBS("r", "3", "call", "c@x", "", ",\"states\":{\"sip_call_state\":\"answered\"}") END("r") RUN("q")

/* The verdict as a tree; the caller frees. */
static struct vo_json *verdict_of(const char *pack, const char *records)
{
    struct vo_case it;
    struct vo_json_writer json = {0};
    struct vo_json *tree = NULL;
    const struct vo_verdict_head head = {.created = 1795348800LL * VO_NS_PER_S, .profile = "voice"};
    if (case_run(&it, pack, NULL, records) != VO_OK)
        fail_msg("%s", it.error.message);
    vo_verdict_put(&json, &head, &it.rules, it.facts, &it.evaluation);
    assert_false(json.failed);
    if (vo_json_parse(json.data, json.size, &tree, &it.error) != VO_OK)
        fail_msg("%s", it.error.message);
    vo_json_writer_release(&json);
    case_free(&it);
    return tree;
}

static const struct vo_json *nth(const struct vo_json *list, size_t index)
{
    const struct vo_json *item = vo_json_child(list);
    while (index--)
        item = vo_json_next(item);
    return item;
}

static bool is_null(const struct vo_json *object, const char *key)
{
    return vo_json_type(vo_json_get(object, key)) == VO_JSON_NULL;
}

static double number(const struct vo_json *object, const char *key)
{
    return vo_json_double(vo_json_get(object, key));
}

static void head_and_runs(void **state)
{
    (void)state;
    struct vo_json *v = verdict_of(RULES, RECORDS);
    assert_true(number(v, "format") == 1);
    assert_string_equal(vo_json_get_text(v, "verdict"), "not_ready");
    assert_string_equal(vo_json_get_text(v, "reason"), "media.loss failed for 1 of 1 stream");
    assert_string_equal(vo_json_get_text(v, "created"), "2026-11-22T12:00:00Z");
    assert_string_equal(vo_json_get_text(v, "profile"), "voice");
    assert_true(is_null(v, "site"));
    assert_int_equal(vo_json_count(vo_json_get(v, "areas")), 1); /* three rules of one area */
    assert_string_equal(vo_json_text(nth(vo_json_get(v, "areas"), 0)), "media");
    assert_string_equal(vo_json_get_text(nth(vo_json_get(v, "packs"), 0), "file"), "pack.json");
    const struct vo_json *run = nth(vo_json_get(v, "runs"), 0), *cut = nth(vo_json_get(v, "runs"), 1);
    assert_string_equal(vo_json_get_text(run, "probe"), "voready-rtp");
    assert_string_equal(vo_json_text(nth(vo_json_get(run, "source"), 0)), "a.pcap");
    assert_true(vo_json_true(vo_json_get(run, "complete")) && is_null(run, "why"));
    assert_true(number(run, "records") == 4); /* run, two observations, end */
    assert_false(vo_json_true(vo_json_get(cut, "complete")));
    assert_non_null(vo_json_get_text(cut, "why"));
    const struct vo_json *summary = vo_json_get(v, "summary");
    assert_int_equal(vo_json_count(summary), 8);
    assert_true(number(summary, "fail") == 2 && number(summary, "informational") == 1 &&
                number(summary, "pass") == 0);
    assert_int_equal(vo_json_type(vo_json_get(v, "derived")), VO_JSON_ARRAY);
    vo_json_free(v);
}

static void result_of_a_stream(void **state)
{
    (void)state;
    struct vo_json *v = verdict_of(RULES, RECORDS);
    const struct vo_json *result = nth(vo_json_get(v, "results"), 0),
                         *subject = vo_json_get(result, "subject");
    static const char *const texts[][2] = {
        {"rule", "media.loss"},
        {"title", "Title of media.loss"},
        {"area", "media"},
        {"status", "fail"},
        {"severity", "critical"},
        {"metric", "rtp_loss_peak_5min_percent"},
        {"unit", "percent"},
        {"limit_text", "below 1 %"},
        {"basis", "capture_point"},
        {"note", "A note"},
        {"remediation", "Do it."},
        {"reason", "2.00 % is not below 1 %; the margin of -1 % is within the uncertainty of ± 3 %"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(vo_json_get_text(result, texts[i][0]), texts[i][1]);
    assert_true(vo_json_true(vo_json_get(result, "required")));
    assert_true(number(result, "observed") == 2 && number(result, "margin") == -1 &&
                number(result, "samples") == 15000);
    assert_true(number(result, "uncertainty") == 3 &&
                vo_json_true(vo_json_get(result, "within_uncertainty")));
    assert_true(number(vo_json_get(result, "limit"), "below") == 1 && is_null(result, "warn"));
    assert_string_equal(vo_json_get_text(subject, "id"), STREAM);
    assert_string_equal(vo_json_get_text(subject, "key"), "k");
    assert_string_equal(vo_json_get_text(subject, "media"), "audio");
    assert_true(number(subject, "payload_type") == 0);
    assert_string_equal(vo_json_get_text(vo_json_get(result, "source"), "section"), "13.6");
    const struct vo_json *evidence = nth(vo_json_get(result, "evidence"), 0);
    assert_string_equal(vo_json_get_text(evidence, "run"), "r");
    assert_true(number(evidence, "n") == 2);
    vo_json_free(v);
}

/* Texts stand once in `rules`, and with a result only if it asks for something to be done. */
static void remediation_where_needed(void **state)
{
    (void)state;
    static const char *const values[] = {"0", "2"}; /* pass, fail */
    for (size_t i = 0; i < 2; i++) {
        char records[2000];
        snprintf(records, sizeof records,
                 RUN("r")
                     OBS("r", "2", "rtp_stream", STREAM,
                         ",\"media\":\"audio\",\"source\":\"10.0.0.1:5008\",\"position_evidence\":\"told\"",
                         ",\"metrics\":{\"rtp_loss_peak_5min_percent\":%s}") END("r"),
                 values[i]);
        struct vo_json *v = verdict_of(RULES, records);
        const struct vo_json *rule = nth(vo_json_get(v, "rules"), 0), *results = vo_json_get(v, "results");
        assert_int_equal(vo_json_count(vo_json_get(v, "rules")), 3);
        assert_string_equal(vo_json_get_text(rule, "rule"), "media.loss");
        assert_string_equal(vo_json_get_text(rule, "remediation"), "Do it.");
        assert_string_equal(vo_json_get_text(rule, "note"), "A note");
        assert_true(is_null(nth(vo_json_get(v, "rules"), 1), "note"));
        const struct vo_json *loss = nth(results, 0), *call = nth(results, 1);
        assert_string_equal(vo_json_get_text(loss, "status"), i ? "fail" : "pass");
        assert_int_equal(vo_json_get(loss, "remediation") != NULL, i);
        assert_int_equal(vo_json_get(loss, "note") != NULL, i);
        assert_string_equal(vo_json_get_text(call, "status"), "not_measured");
        assert_string_equal(vo_json_get_text(call, "remediation"), "Do it.");
        const struct vo_json *subject = vo_json_get(loss, "subject");
        assert_string_equal(vo_json_get_text(subject, "media"), "audio");
        assert_null(vo_json_get(subject, "source"));
        assert_null(vo_json_get(subject, "position_evidence"));
        vo_json_free(v);
    }
}

static void informational_share_and_no_subject(void **state)
{
    (void)state;
    struct vo_json *v = verdict_of(RULES, RECORDS);
    const struct vo_json *call = nth(vo_json_get(v, "results"), 1),
                         *share = nth(vo_json_get(v, "results"), 2);
    assert_string_equal(vo_json_get_text(call, "status"), "informational");
    assert_string_equal(vo_json_get_text(call, "observed"), "answered");
    assert_true(is_null(call, "limit") && is_null(call, "limit_text") && is_null(call, "margin"));
    assert_true(number(share, "observed") == 0 && number(share, "margin") == -50);
    assert_true(number(vo_json_get(share, "limit"), "at_least") == 50);
    assert_string_equal(vo_json_get_text(share, "limit_text"), "at least 50 % of streams below 1 %");
    vo_json_free(v);
    v = verdict_of(RULES, RUN("r") END("r"));
    const struct vo_json *none = nth(vo_json_get(v, "results"), 0);
    assert_string_equal(vo_json_get_text(none, "status"), "not_measured");
    assert_true(is_null(none, "subject") && is_null(none, "observed"));
    assert_int_equal(vo_json_count(vo_json_get(none, "evidence")), 0);
    vo_json_free(v);
}

static void mean_stands_for_all_subjects(void **state)
{
    (void)state;
    struct vo_json *v = verdict_of(
        PACK(RULE("j", "true", "rtp_stream", "rtp_jitter_max_ms",
                  ",\"pass\":{\"below\":30},\"aggregate\":\"mean\"")),
        RUN("r") OBS("r", "2", "rtp_stream", STREAM, "", ",\"metrics\":{\"rtp_jitter_max_ms\":10}")
            OBS("r", "3", "rtp_stream", STREAM2, "", ",\"metrics\":{\"rtp_jitter_max_ms\":20}") END("r"));
    const struct vo_json *result = nth(vo_json_get(v, "results"), 0);
    assert_string_equal(vo_json_get_text(vo_json_get(result, "subject"), "id"), "all 2");
    assert_true(number(result, "observed") == 15);
    assert_int_equal(vo_json_count(vo_json_get(result, "evidence")), 2);
    vo_json_free(v);
}

/* Through real files: records with a cut last line, and a verdict that is read back. */
static void files_in_and_out(void **state)
{
    (void)state;
    char records[] = "/tmp/voready-test-XXXXXX", verdict[] = "/tmp/voready-test-XXXXXX";
    int in = mkstemp(records), out = mkstemp(verdict);
    assert_true(in >= 0 && out >= 0);
    static const char text[] =
        RUN("r") OBS("r", "2", "rtp_stream", STREAM, "",
                     ",\"metrics\":{\"rtp_loss_peak_5min_percent\":0}") "{\"record\":\"en";
    assert_int_equal(write(in, text, sizeof text - 1), sizeof text - 1);
    struct vo_case it;
    struct vo_analysis analysis;
    struct vo_json_writer json = {0};
    enum vo_verdict found = VO_VERDICT_ERROR;
    const struct vo_verdict_head head = {.created = 0, .profile = "voice", .site = "HQ"};
    assert_int_equal(case_rules(&it, RULES, NULL), VO_OK);
    assert_int_equal(vo_analysis_new(&it.rules, NULL, 0, &analysis, &it.error), VO_OK);
    assert_int_equal(vo_analysis_read(&analysis, records, &it.error), VO_OK);
    assert_int_equal(vo_analysis_judge(&analysis, &head, false, &json, &found, &it.error), VO_OK);
    assert_int_equal(found, VO_VERDICT_INCOMPLETE);
    assert_int_equal(vo_verdict_write(verdict, &json, &it.error), VO_OK);
    struct vo_json *tree = NULL;
    assert_int_equal(vo_json_load(verdict, 1 << 20, &tree, &it.error), VO_OK);
    assert_string_equal(vo_json_get_text(tree, "verdict"),
                        "incomplete"); /* required, over a run that was cut */
    assert_string_equal(vo_json_get_text(tree, "site"), "HQ");
    vo_json_free(tree);
    assert_int_equal(vo_verdict_write("/nowhere/at/all", &json, &it.error), VO_ERR_IO);
    assert_non_null(strstr(it.error.message, "/nowhere/at/all"));
    assert_int_equal(vo_verdict_replace("/nowhere/at/all", &json, &it.error), VO_ERR_IO);
    assert_int_equal(vo_analysis_read(&analysis, "/nowhere/at/all", &it.error), VO_ERR_IO);
    vo_json_writer_release(&json);
    vo_analysis_free(&analysis);
    case_free(&it);
    close(in);
    close(out);
    unlink(records);
    unlink(verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_and_runs),
        cmocka_unit_test(result_of_a_stream),
        cmocka_unit_test(remediation_where_needed),
        cmocka_unit_test(informational_share_and_no_subject),
        cmocka_unit_test(mean_stands_for_all_subjects),
        cmocka_unit_test(files_in_and_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
