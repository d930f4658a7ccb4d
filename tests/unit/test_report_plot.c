#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/plot.h"
#include "tests/unit/report_fixture.h"

#include <math.h>

static void test_bins(void **state)
{
    (void)state;
    struct vo_report *report = fixture_load();
    const struct vo_stream *forth = report->calls[0]->streams[0], *back = report->calls[0]->streams[1];
    struct vo_bins bins;
    assert_true(vo_plot_bins(&forth->series, VO_PLOT_LOSS, &bins));
    assert_int_equal(bins.count, 10);
    assert_true(fabs(bins.value[0] - 10.0) < 1e-9); /* 5 of 50 */
    assert_true(isnan(bins.value[2]));
    assert_true(fabs(bins.duration_s - 10.0) < 1e-9);
    assert_false(vo_plot_bins(&forth->series, VO_PLOT_DSCP, &bins)); /* no such column */
    assert_false(vo_plot_bins(&back->series, VO_PLOT_LOSS, &bins));  /* no series */
    vo_report_free(report);
}

/* 400 rows in 200 bins of two: 1 of 50 and 0 of 150 are 0.5 %, not the mean of 2 % and 0 %. */
static void test_bins_add_counts(void **state)
{
    (void)state;
    double lost[400], expected[400], jitter[400];
    for (size_t i = 0; i < 400; i++) {
        lost[i] = i % 2 == 0;
        expected[i] = i % 2 == 0 ? 50 : 150;
        jitter[i] = (double)(i % 2) * 7;
    }
    struct vo_stream stream = {.series = {.step_s = 5, .rows = 400}};
    stream.series.column[VO_SERIES_LOST] = lost;
    stream.series.column[VO_SERIES_EXPECTED] = expected;
    stream.series.column[VO_SERIES_JITTER] = jitter;
    struct vo_bins bins;
    assert_true(vo_plot_bins(&stream.series, VO_PLOT_LOSS, &bins));
    assert_int_equal(bins.count, 200);
    assert_true(fabs(bins.value[7] - 0.5) < 1e-9);
    assert_true(fabs(bins.width_s - 10) < 1e-9);
    assert_true(vo_plot_bins(&stream.series, VO_PLOT_JITTER, &bins));
    assert_true(fabs(bins.value[7] - 7) < 1e-9); /* the largest */
}

/* Of levels the smallest; repetitions of all attempts: 10 of 50 frames sent and 10 more are 16.7 %. */
static void test_bins_of_a_link(void **state)
{
    (void)state;
    double signal[2] = {-60, -76}, sent[2] = {50, 50}, retries[2] = {10, 0}, undelivered[2] = {1, 0};
    struct vo_series series = {.step_s = 1, .rows = 2};
    series.column[VO_SERIES_SIGNAL] = signal;
    series.column[VO_SERIES_SENT] = sent;
    series.column[VO_SERIES_RETRIES] = retries;
    series.column[VO_SERIES_UNDELIVERED] = undelivered;
    struct vo_bins bins;
    assert_true(vo_plot_bins(&series, VO_PLOT_SIGNAL, &bins));
    assert_true(fabs(bins.value[1] + 76) < 1e-9);
    assert_true(vo_plot_bins(&series, VO_PLOT_RETRIES, &bins));
    assert_true(fabs(bins.value[0] - 100 * 10.0 / 60) < 1e-9);
    assert_true(fabs(bins.value[1]) < 1e-9);
    assert_true(vo_plot_bins(&series, VO_PLOT_UNDELIVERED, &bins));
    assert_true(fabs(bins.value[0] - 2) < 1e-9); /* 1 of 50 */
    assert_false(vo_plot_bins(&series, VO_PLOT_BUSY, &bins));
}

static void test_bins_keep_the_smallest_level(void **state)
{
    (void)state;
    double signal[400];
    for (size_t i = 0; i < 400; i++)
        signal[i] = i % 2 ? -50 : -71;
    struct vo_series series = {.step_s = 1, .rows = 400};
    series.column[VO_SERIES_SIGNAL] = signal;
    struct vo_bins bins;
    assert_true(vo_plot_bins(&series, VO_PLOT_SIGNAL, &bins));
    assert_int_equal(bins.count, 200);
    assert_true(fabs(bins.value[7] + 71) < 1e-9);
}

/* A level has a scale of its own, and roams are lines down. */
static void test_script_of_a_link(void **state)
{
    (void)state;
    double signal[2] = {-60, -76};
    const double roams[] = {1};
    struct vo_series series = {.step_s = 1, .rows = 2};
    series.column[VO_SERIES_SIGNAL] = signal;
    struct vo_plot plot = {
        .kind = VO_PLOT_SIGNAL, .series = &series, .limit = -70, .marks = roams, .mark_count = 1};
    struct vo_out script = {0};
    vo_plot_script(&script, &plot, 1);
    assert_non_null(strstr(script.data, "set yrange [-95.0000:-30.0000]"));
    assert_non_null(strstr(script.data, "'limit -70 dBm'"));
    assert_non_null(strstr(script.data, "set arrow 3 from 1.000, graph 0 to 1.000, graph 1"));
    assert_non_null(strstr(script.data, "filledcurves y1=-95"));
    vo_out_release(&script);
}

static void test_script_holds_numbers_only(void **state)
{
    (void)state;
    struct vo_report *report;
    char *records = fixture_replace(fixture_records, "PCMU", "';system('id')");
    assert_int_equal(fixture_load_texts(fixture_verdict, records, &report, NULL), VO_OK);
    struct vo_plot plot = {.kind = VO_PLOT_JITTER,
                           .series = &report->calls[0]->streams[0]->series,
                           .facts = &report->calls[0]->streams[0]->seen.facts,
                           .limit = 30};
    struct vo_out script = {0};
    vo_plot_script(&script, &plot, 1);
    assert_null(strstr(script.data, "system"));
    assert_non_null(strstr(script.data, "limit 30 ms"));
    /* Seconds 0 and 1, then a gap where nothing is known. */
    assert_non_null(
        strstr(script.data, "0.000 40.0000\n1.000 40.0000\n1.000 5.0000\n2.000 5.0000\n\n3.000 5.0000\n"));
    vo_out_release(&script);
    free(records);
    vo_report_free(report);
}

static void clean(const char *svg, const char *expected)
{
    struct vo_out out = {0};
    vo_plot_clean(&out, svg, strlen(svg));
    assert_string_equal(out.data ? out.data : "", expected);
    vo_out_release(&out);
}

static void test_svg_is_cut_down(void **state)
{
    (void)state;
    clean("<svg viewBox='0 0 1 1'><title>Gnuplot</title><defs><path id='p' d='M1'/></defs>"
          "<g id=\"gnuplot_plot_1\" ><title>x</title>\n<path stroke='rgb(  5,   5,   5)'  d='M1,2 L3,4  "
          "'/></g>",
          "<g><path stroke=\"var(--g5)\" d=\"M1,2 L3,4\"/></g>");
    clean("<g fill='none'>\n <g stroke='black'>\n</g></g>", "");
    clean("<g><text><tspan font-family=\"x\">5 %</tspan></text></g>", "<g><text>5 %</text></g>");
    clean("<g onload='x()'><a href='x'><script>alert(1)</script><use xlink:href='#p'/><path d='M1'/>",
          "<g><path d=\"M1\"/></g>");
    clean("<path fill='black' d='M1", ""); /* cut off */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bins),
        cmocka_unit_test(test_bins_add_counts),
        cmocka_unit_test(test_bins_of_a_link),
        cmocka_unit_test(test_bins_keep_the_smallest_level),
        cmocka_unit_test(test_script_of_a_link),
        cmocka_unit_test(test_script_holds_numbers_only),
        cmocka_unit_test(test_svg_is_cut_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
