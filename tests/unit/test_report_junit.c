#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/report_fixture.h"
static void contains(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" is missing in:\n%s", words, text);
}

static void test_suites_and_cases(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char *text = fixture_render(vo_report_junit, report);
    contains(text, "<testsuites name=\"voready\" tests=\"6\" failures=\"1\" errors=\"1\" skipped=\"2\">");
    contains(text, "<testsuite name=\"media\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" "
                   "timestamp=\"2026-11-22T18:00:00\" time=\"0\">");
    contains(text, "<testsuite name=\"qos\" tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"0\"");
    contains(
        text,
        "<testcase classname=\"media\" name=\"media.loss 192.0.2.1:5004&gt;198.51.100.7:5008#0x00000001\">");
    contains(text, "<failure message=\"Packet loss, worst five minutes: 2.0 % (limit: below 1 %).");
    contains(text, "<error message=\"Tool: not measured\" type=\"advisory\">it broke");
    contains(text, "<skipped message=\"Not measured: no RTCP\"/>");
    contains(text, "<skipped message=\"Skipped: waived\"/>");
    contains(text, "<system-out>Warning: SIP marked DSCP 40: 50 % (limit: at least 100 %)");
    free(text);
    vo_report_free(report);
}

static void test_what_xml_forbids_is_dropped(void **state)
{
    (void)state;
    struct vo_report *report;
    char *verdict = fixture_replace(fixture_verdict, "it broke", "\\u0001]]><\\u000b&");
    assert_int_equal(fixture_load_texts(verdict, NULL, &report, NULL), VO_OK);
    char *text = fixture_render(vo_report_junit, report);
    contains(text, ">]]&gt;&lt;&amp;</error>");
    free(text);
    free(verdict);
    vo_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suites_and_cases),
        cmocka_unit_test(test_what_xml_forbids_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
