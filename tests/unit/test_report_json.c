#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/report_fixture.h"
#include <math.h>

static void test_verdict_and_calls_in_one(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char *text = fixture_render(vo_report_json, report);
    struct vo_json *json;
    assert_int_equal(vo_json_parse(text, strlen(text), &json, NULL), VO_OK);
    assert_string_equal(vo_json_get_text(json, "verdict"), "not_ready");
    assert_int_equal(vo_json_count(vo_json_get(json, "results")), 6);
    const struct vo_json *call = vo_json_child(vo_json_get(json, "calls"));
    assert_string_equal(vo_json_get_text(call, "caller"), "sip:alice@example.com");
    assert_string_equal(vo_json_get_text(call, "worst"), "fail");
    const struct vo_json *stream = vo_json_child(vo_json_get(call, "streams"));
    assert_string_equal(vo_json_get_text(stream, "id"), FORTH);
    assert_true(fabs(vo_json_double(vo_json_get(vo_json_get(stream, "metrics"), "rtp_mos_lq_nb")) - 3.61) <
                1e-9);
    /* What was not measured is absent among the numbers, with its reason among the missing. */
    assert_null(vo_json_get(vo_json_get(stream, "metrics"), "rtp_rtt_ms"));
    assert_string_equal(vo_json_get_text(vo_json_get(stream, "missing"), "rtp_rtt_ms"), "no RTCP");
    assert_int_equal(vo_json_count(vo_json_get(json, "streams")), 0);
    assert_int_equal(vo_json_count(vo_json_get(json, "captures")), 1);
    vo_json_free(json);
    free(text);
    vo_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_verdict_and_calls_in_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
