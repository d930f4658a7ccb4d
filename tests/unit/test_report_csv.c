#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/report_fixture.h"
static void test_lines(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char *text = fixture_render(vo_report_csv, report);
    assert_string_equal(
        text,
        "rule,title,area,severity,required,status,subject_kind,subject_id,metric,observed,unit,limit,margin,"
        "uncertainty,basis,samples,document,section,reason,remediation,where\r\n"
        "media.jitter,Jitter,media,critical,true,pass,rtp_stream," FORTH ",rtp_jitter_max_ms,12.34,ms,"
        "below 30 ms,17.66,,,,Guide,13.6,12.3 ms is below 30 ms,,\"caller → callee, 192.0.2.1:5004 → "
        "198.51.100.7:5008\"\r\n"
        "media.loss,\"Packet loss, worst five minutes\",media,critical,true,fail,rtp_stream," FORTH
        ",rtp_loss_peak_5min_percent,2,percent,below 1 %,-1,,capture_point,15000,Guide,13.6,"
        "2.00 % is not below 1 %,\"Mend, then ask.\",\"caller → callee, 192.0.2.1:5004 → "
        "198.51.100.7:5008\"\r\n"
        "media.latency,Latency,media,critical,false,not_measured,rtp_stream," BACK
        ",rtp_latency_max_ms,,ms,below 100 ms,,,,,,,no RTCP,,\"callee → caller, " BACK "\"\r\n"
        "qos.sip.dscp,SIP marked DSCP 40,qos,major,false,warn,call,c1,sip_dscp_40_percent,50,percent,"
        "at least 100 %,-50,,,8,,,half,,call alice@example.com → bob@example.com\r\n"
        "tool,Tool,qos,advisory,false,error,,,,,,,,,,,,,it broke,,\r\n"
        "air,Air,air,advisory,false,skipped,,,,,,,,,,,,,waived,,\r\n");
    free(text);
    vo_report_free(report);
}

static void check_reason(const char *reason, const char *cell)
{
    struct vo_report *report;
    char *verdict = fixture_replace(fixture_verdict, "waived", reason), *expected = malloc(strlen(cell) + 16);
    assert_int_equal(fixture_load_texts(verdict, NULL, &report, NULL), VO_OK);
    char *text = fixture_render(vo_report_csv, report);
    sprintf(expected, ",,,%s,,\r\n", cell);
    if (!strstr(text, expected))
        fail_msg("\"%s\" is missing in:\n%s", cell, text);
    free(text);
    free(expected);
    free(verdict);
    vo_report_free(report);
}

static void test_quotes_and_formulas(void **state)
{
    (void)state;
    check_reason("say \\\"no\\\"", "\"say \"\"no\"\"\"");
    check_reason("=1+1", "'=1+1");
    check_reason("@SUM(A1)", "'@SUM(A1)");
    check_reason("+49,89", "\"'+49,89\"");
    check_reason("-x", "'-x");
    check_reason("two\\nlines", "two lines"); /* a line a result */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_quotes_and_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
