#include "report/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TICK_SIZE 32

/* --- values
 * ------------------------------------------------------------------------------------------------- */

static const struct {
    enum vo_series_column value, of;
    enum { LARGEST, SMALLEST, SHARE, SHARE_OF_BOTH } way; /* of both: of value and of together */
    const char *unit;
    double bottom;
    double top; /* 0: as the values ask for */
} kinds[VO_PLOT_KINDS] = {
    [VO_PLOT_LOSS] = {VO_SERIES_LOST, VO_SERIES_EXPECTED, SHARE, "%", 0, 0},
    [VO_PLOT_JITTER] = {VO_SERIES_JITTER, VO_SERIES_JITTER, LARGEST, "ms", 0, 0},
    [VO_PLOT_PDV] = {VO_SERIES_PDV, VO_SERIES_PDV, LARGEST, "ms", 0, 0},
    [VO_PLOT_DSCP] = {VO_SERIES_DSCP, VO_SERIES_PACKETS, SHARE, "%", 0, 105},
    [VO_PLOT_SIGNAL] = {VO_SERIES_SIGNAL, VO_SERIES_SIGNAL, SMALLEST, "dBm", -95, -30},
    [VO_PLOT_RETRIES] = {VO_SERIES_RETRIES, VO_SERIES_SENT, SHARE_OF_BOTH, "%", 0, 0},
    [VO_PLOT_UNDELIVERED] = {VO_SERIES_UNDELIVERED, VO_SERIES_SENT, SHARE, "%", 0, 0},
    [VO_PLOT_BUSY] = {VO_SERIES_BUSY, VO_SERIES_LISTENED, SHARE, "%", 0, 105},
    [VO_PLOT_AIRTIME] = {VO_SERIES_AIRTIME, VO_SERIES_LISTENED, SHARE, "%", 0, 105},
};

/* What no packet could have had must not spoil the other plots: gnuplot stops at its first error. */
#define VALUE_MAX 1e9

static double bin_value(size_t kind, const double *value, const double *of, size_t first, size_t end)
{
    double sum = 0, total = 0, largest = NAN, smallest = NAN;
    for (size_t row = first; row < end; row++) {
        if (!(fabs(value[row]) < VALUE_MAX && fabs(of[row]) < VALUE_MAX)) /* or NaN */
            continue;
        largest = fmax(largest, value[row]);
        smallest = fmin(smallest, value[row]);
        sum += value[row];
        total += of[row] + (kinds[kind].way == SHARE_OF_BOTH ? value[row] : 0);
    }
    if (kinds[kind].way == LARGEST || kinds[kind].way == SMALLEST)
        return kinds[kind].way == LARGEST ? largest : smallest;
    return total > 0 ? 100.0 * sum / total : NAN;
}

bool vo_plot_bins(const struct vo_series *series, enum vo_plot_kind kind, struct vo_bins *bins)
{
    const double *value = series->column[kinds[kind].value], *of = series->column[kinds[kind].of];
    bool any = false;
    if (!value || !of || series->rows == 0)
        return false;
    size_t rows = (series->rows + VO_PLOT_BINS - 1) / VO_PLOT_BINS;
    *bins = (struct vo_bins){.width_s = (double)rows * series->step_s,
                             .duration_s = (double)series->rows * series->step_s};
    for (size_t first = 0; first < series->rows; first += rows) {
        size_t end = first + rows < series->rows ? first + rows : series->rows;
        double bin = bin_value(kind, value, of, first, end);
        bins->value[bins->count++] = bin;
        any = any || !isnan(bin);
    }
    return any;
}

/* --- script
 * ------------------------------------------------------------------------------------------------- */

/* Colours 1 to 9 are places in the page's style: axes, grid, worst window over the limit, limit, line, area,
 * level of that window, and window and level within the limit. */
static const char preamble[] = "set terminal svg size %d,%d dynamic font ',14'\n"
                               "set encoding utf8\n"
                               "set border 1 linecolor rgb '#010101'\n"
                               "set tics nomirror textcolor rgb '#010101'\n"
                               "set xtics out scale 0.5\n"
                               "set ytics scale 0\n"
                               "set grid ytics linetype 1 linewidth 1 linecolor rgb '#020202'\n"
                               "set style fill solid 1 noborder\n"
                               "set lmargin 6\nset rmargin 2\nset tmargin 1\nset bmargin 2\n"
                               "unset key\n";

static double nice_step(double range, const double *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (range / steps[i] <= 6.0)
            return steps[i];
    return range / 4.0;
}

static void write_time_tics(struct vo_out *script, double duration)
{
    static const double steps[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
                                   600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400};
    double step = nice_step(duration, steps, sizeof steps / sizeof *steps);
    vo_out_add(script, "set xtics (");
    for (size_t i = 0; (double)i * step <= duration; i++) {
        double at = (double)i * step;
        unsigned long s = (unsigned long)(at + 0.5);
        vo_out_add(script, i > 0 ? ", " : "");
        if (duration >= 3600.0)
            vo_out_format(script, "'%lu:%02lu:%02lu' %.3f", s / 3600, s / 60 % 60, s % 60, at);
        else
            vo_out_format(script, "'%lu:%02lu' %.3f", s / 60, s % 60, at);
    }
    vo_out_add(script, ")\n");
}

static void write_value_tics(struct vo_out *script, double bottom, double top)
{
    static const double steps[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000};
    double range = top - bottom, step = range / 4.0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (range / steps[i] <= 5.0) {
            step = steps[i];
            break;
        }
    }
    vo_out_format(script, "set yrange [%.4f:%.4f]\nset ytics %.4f\nset format y '%%g'\n", bottom, top, step);
}

static double top_of(const struct vo_plot *plot, const struct vo_bins *bins)
{
    double top = 0;
    if (kinds[plot->kind].top > 0 || kinds[plot->kind].top < 0)
        return kinds[plot->kind].top;
    for (size_t i = 0; i < bins->count; i++)
        top = fmax(top, bins->value[i]);
    top = fmax(top, plot->limit);
    return top > 0 ? top * 1.2 : 1.0;
}

static void write_limit(struct vo_out *script, const struct vo_plot *plot, double top)
{
    char number[TICK_SIZE];
    if (isnan(plot->limit))
        return;
    snprintf(number, sizeof number, "%g %s", plot->limit, kinds[plot->kind].unit);
    double bottom = kinds[plot->kind].bottom;
    bool below = plot->limit - bottom > 0.85 * (top - bottom); /* the label must not leave the plot */
    vo_out_format(script,
                  "set arrow 1 from graph 0, first %.4f to graph 1, first %.4f nohead front linewidth 1.5 "
                  "linecolor rgb '#040404' dashtype (8,5)\n"
                  "set label 1 'limit %s' at graph 1, first %.4f right offset -0.3,%s front "
                  "textcolor rgb '#040404'\n",
                  plot->limit, plot->limit, number, plot->limit, below ? "-0.7" : "0.6");
}

/* The worst five minutes: shaded, with their own loss as a line. */
static void write_window(struct vo_out *script, const struct vo_plot *plot, const struct vo_bins *bins)
{
    const struct vo_facts *facts = plot->facts;
    if (plot->kind != VO_PLOT_LOSS || !facts)
        return;
    double start = vo_facts_number(facts, VO_METRIC_RTP_LOSS_PEAK_5MIN_START_S);
    double loss = vo_facts_number(facts, VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT);
    if (!(start >= 0 && start < bins->duration_s) || !(loss > 0))
        return;
    double end = fmin(start + 300.0, bins->duration_s);
    bool bad = loss >= plot->limit;
    vo_out_format(script,
                  "set object 1 rectangle from %.3f, graph 0 to %.3f, graph 1 behind fillcolor rgb '%s' "
                  "fillstyle solid 1 noborder\n"
                  "set arrow 2 from %.3f, first %.4f to %.3f, first %.4f nohead front linewidth 2.5 "
                  "linecolor rgb '%s'\n",
                  start, end, bad ? "#030303" : "#080808", start, loss, end, loss,
                  bad ? "#070707" : "#090909");
}

/* Lines down: roams, bursts. Arrows 1 and 2 are the limit's and the window's. */
static void write_marks(struct vo_out *script, const struct vo_plot *plot)
{
    for (size_t i = 0; i < plot->mark_count && i < VO_PLOT_MARKS; i++)
        vo_out_format(script,
                      "set arrow %zu from %.3f, graph 0 to %.3f, graph 1 nohead front linewidth 1.5 "
                      "linecolor rgb '#090909' dashtype (2,3)\n",
                      i + 3, plot->marks[i], plot->marks[i]);
}

/* Each value holds for its interval: corners of steps. Where nothing is known the line is broken. */
static void write_data(struct vo_out *script, const struct vo_bins *bins)
{
    vo_out_add(script, "$d << E\n");
    for (size_t i = 0; i < bins->count; i++) {
        if (isnan(bins->value[i]))
            continue;
        double end = fmin((double)(i + 1) * bins->width_s, bins->duration_s);
        vo_out_format(script, "%.3f %.4f\n%.3f %.4f\n", (double)i * bins->width_s, bins->value[i], end,
                      bins->value[i]);
        if (i + 1 == bins->count || isnan(bins->value[i + 1]))
            vo_out_add(script, "\n");
    }
    vo_out_add(script, "E\n");
}

void vo_plot_script(struct vo_out *script, const struct vo_plot *plots, size_t count)
{
    struct vo_bins bins;
    vo_out_format(script, preamble, VO_PLOT_WIDTH, VO_PLOT_HEIGHT);
    for (size_t i = 0; i < count; i++) {
        if (!vo_plot_bins(plots[i].series, plots[i].kind, &bins))
            continue;
        double top = top_of(&plots[i], &bins), bottom = kinds[plots[i].kind].bottom;
        vo_out_add(script, "unset arrow\nunset label\nunset object\nset output\n");
        vo_out_format(script, "set xrange [0:%.3f]\n", bins.duration_s);
        write_time_tics(script, bins.duration_s);
        write_value_tics(script, bottom, top);
        write_limit(script, &plots[i], top);
        write_window(script, &plots[i], &bins);
        write_marks(script, &plots[i]);
        write_data(script, &bins);
        vo_out_format(script,
                      "plot $d using 1:2 with filledcurves y1=%g fillcolor rgb '#060606', "
                      "$d using 1:2 with lines linewidth 1.5 linecolor rgb '#050505'\n",
                      bottom);
    }
    vo_out_add(script, "set output\n");
}
