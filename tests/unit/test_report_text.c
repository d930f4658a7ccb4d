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

static void test_verdict_first_then_the_worst(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char *text = fixture_render(vo_report_text, report);
    assert_true(strncmp(text, "Not ready: media.loss failed for 1 of 2 streams\n", 48) == 0);
    contains(text, "Packet loss, worst five minutes: 2.0 % (limit: below 1 %)");
    contains(text, "1.0 points over the limit");
    contains(text, "Mend, then ask.");
    contains(text, "Guide, § 13.6");
    contains(text, "Latency: no RTCP");
    contains(text, "alice@example.com → bob@example.com: answered, 00:12:40");
    assert_true(strstr(text, "FAILED") < strstr(text, "WARNINGS"));
    assert_true(strstr(text, "WARNINGS") < strstr(text, "NOT MEASURED"));
    assert_true(strstr(text, "NOT MEASURED") < strstr(text, "PASSED"));
    assert_true(strstr(text, "PASSED") < strstr(text, "CALLS"));
    assert_null(strchr(text, '\033'));
    free(text);
    vo_report_free(report);
}

static void test_lines_fit(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char *text = fixture_render(vo_report_text, report);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (vo_out_width(line) > 80)
            fail_msg("wider than 80 columns: %s", line);
    free(text);
    vo_report_free(report);
}

static void test_colour_only_when_wanted(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    struct vo_report_style style = {.colour = true, .width = 80};
    struct vo_out out = {0};
    assert_int_equal(vo_report_text(report, &style, &out, NULL), VO_OK);
    assert_true(strncmp(out.data, "\033[1;31mNot ready\033[0m", 20) == 0);
    vo_out_release(&out);
    vo_report_free(report);
}

/* A name from a capture must not steer the terminal. */
static void test_escape_sequences_from_a_capture(void **state)
{
    (void)state;
    struct vo_report *report;
    char *records = fixture_replace(fixture_records, "sip:alice@example.com", "\\u001b[2J\\u0007evil");
    assert_int_equal(fixture_load_texts(fixture_verdict, records, &report, NULL), VO_OK);
    char *text = fixture_render(vo_report_text, report);
    contains(text, "evil");
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\007'));
    free(text);
    free(records);
    vo_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_first_then_the_worst),
        cmocka_unit_test(test_lines_fit),
        cmocka_unit_test(test_colour_only_when_wanted),
        cmocka_unit_test(test_escape_sequences_from_a_capture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
