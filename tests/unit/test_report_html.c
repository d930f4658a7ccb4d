#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/report_fixture.h"
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

static void test_page(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char *page = fixture_render(vo_report_html, report);
    contains(page, "<h1 class=\"fail\">Not ready</h1>");
    contains(page, "Packet loss, worst five minutes: <b>2.0 %</b></a> (limit: below 1 %)");
    contains(page, "Worst five minutes from 00:07:12 of the stream");
    contains(page, "caller → callee, 192.0.2.1:5004 → 198.51.100.7:5008");
    contains(page, "Mend, then ask.");
    contains(page, "Guide, § 13.6");
    contains(page, "A → B  INVITE (SDP)");
    contains(page, "A ← B  180 Ringing");
    contains(page, "not measured: no RTCP");
    contains(page, "default-src 'none'");
    contains(page, "<html lang=\"en\">");
    assert_int_equal(count(page, "<h1"), 1);
    assert_int_equal(count(page, "<main"), 1);
    assert_int_equal(count(page, "http"), 1); /* only http-equiv: nothing from elsewhere */
    assert_true(strstr(page, "id=\"problems\"") < strstr(page, "id=\"warnings\""));
    assert_true(strstr(page, "id=\"warnings\"") < strstr(page, "id=\"unmeasured\""));
    assert_true(strstr(page, "id=\"unmeasured\"") < strstr(page, "id=\"calls\""));
    assert_true(strstr(page, "id=\"calls\"") < strstr(page, "id=\"results\""));
    free(page);
    vo_report_free(report);
}

/* Every text that a capture decides, with markup in it. */
static void test_markup_from_a_capture(void **state)
{
    (void)state;
    static const char *const places[] = {
        "sip:alice@example.com", "PCMU",         "180 Ringing", "no RTCP\"}", "call.pcap",
        "192.0.2.1:5004\",",     "\"digit\":\"5"};
    static const char *const hostile[] = {
        "<script>x</script>", "<img src=x>",       "</pre><script>",      "<b>\"}",
        "'><script>",         "<svg onload=x>\",", "\"digit\":\"<script>"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct vo_report *report;
        char *records = fixture_replace(fixture_records, places[i], hostile[i]);
        assert_int_equal(fixture_load_texts(fixture_verdict, records, &report, NULL), VO_OK);
        char *page = fixture_render(vo_report_html, report);
        assert_int_equal(count(page, "<script"), 0);
        assert_int_equal(count(page, "<img"), 0);
        assert_int_equal(count(page, "<svg onload"), 0);
        assert_int_equal(count(page, "</pre>"), 1);
        free(page);
        free(records);
        vo_report_free(report);
    }
}

/* Loss and jitter of one stream; a second report in the same page would need no other ids. */
static void test_plots(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char *page = fixture_render(vo_report_html, report);
    if (strstr(page, "gnuplot is not installed")) {
        free(page);
        vo_report_free(report);
        skip();
    }
    assert_int_equal(count(page, "<svg "), 2);
    contains(page, "<desc id=\"p0d\">Largest 10.0 % at 00:00:00;");
    contains(page, "Largest 40.0 ms at 00:00:00; limit 30 ms");
    contains(page, "var(--g5)");
    assert_int_equal(count(page, "gnuplot_"), 0);
    contains(page, "No plots: the records hold no series of this stream."); /* of the other one */
    free(page);
    vo_report_free(report);
}

static void test_without_gnuplot(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    char *path = strdup(getenv("PATH") ? getenv("PATH") : "");
    setenv("PATH", "/nonexistent", 1);
    char *page = fixture_render(vo_report_html, report);
    setenv("PATH", path, 1);
    contains(page, "plots left out: gnuplot is not installed (apt install gnuplot-nox)");
    contains(page, "Packet loss, worst five minutes: <b>2.0 %</b>");
    assert_int_equal(count(page, "<svg "), 0);
    free(page);
    free(path);
    vo_report_free(report);
}

static void test_without_records(void **state)
{
    (void)state;
    struct vo_report *report;
    assert_int_equal(fixture_load_texts(fixture_verdict, NULL, &report, NULL), VO_OK);
    char *page = fixture_render(vo_report_html, report);
    contains(page, "no records with calls or streams were given");
    contains(page, "<h1 class=\"fail\">Not ready</h1>");
    free(page);
    vo_report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_markup_from_a_capture),
        cmocka_unit_test(test_plots),
        cmocka_unit_test(test_without_gnuplot),
        cmocka_unit_test(test_without_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
