#include "report/html_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *title;
    enum vo_metric limit; /* the metric whose limit is drawn */
    const char *unit;
} kinds[VO_PLOT_KINDS] = {
    [VO_PLOT_LOSS] = {"Packet loss", VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT, "percent"},
    [VO_PLOT_JITTER] = {"Jitter", VO_METRIC_RTP_JITTER_MAX_MS, "ms"},
    [VO_PLOT_PDV] = {"Delay variation", VO_METRIC_RTP_PDV_MAX_MS, "ms"},
    [VO_PLOT_DSCP] = {"Packets marked DSCP 46", VO_METRIC_RTP_DSCP_46_PERCENT, "percent"},
};

/* --- drawing
 * ------------------------------------------------------------------------------------------------ */

static void want(struct vo_html *html, const struct vo_stream *stream)
{
    struct vo_bins bins;
    for (size_t kind = 0; kind < VO_PLOT_KINDS; kind++)
        if (vo_plot_bins(stream, (enum vo_plot_kind)kind, &bins))
            html->plots[html->plot_count++] =
                (struct vo_plot){.kind = (enum vo_plot_kind)kind,
                                 .stream = stream,
                                 .limit = vo_report_limit(html->report, stream, kinds[kind].limit)};
}

static size_t at_most(size_t count, size_t most)
{
    return count < most ? count : most;
}

enum vo_status vo_html_plots_draw(struct vo_html *html, struct vo_error *error)
{
    const struct vo_report *report = html->report;
    size_t calls = at_most(report->call_count, VO_REPORT_CALLS_WHOLE);
    size_t loose = at_most(html->loose_count, VO_REPORT_CALLS_WHOLE);
    size_t streams = loose;
    for (size_t i = 0; i < calls; i++)
        streams += report->calls[i]->stream_count;
    html->plots = calloc(streams * VO_PLOT_KINDS + 1, sizeof *html->plots);
    if (!html->plots)
        return vo_error_memory(error, "the plots");
    for (size_t i = 0; i < calls; i++)
        for (size_t k = 0; k < report->calls[i]->stream_count; k++)
            want(html, report->calls[i]->streams[k]);
    for (size_t i = 0; i < loose; i++)
        want(html, html->loose[i]);
    return vo_plot_draw(html->plots, html->plot_count, &html->plots_left_out, error);
}

void vo_html_plots_release(struct vo_html *html)
{
    for (size_t i = 0; i < html->plot_count; i++)
        vo_out_release(&html->plots[i].svg);
    free(html->plots);
    html->plots = NULL;
    html->plot_count = 0;
}

/* --- words
 * -------------------------------------------------------------------------------------------------- */

static void number(struct vo_out *out, double value, const char *unit)
{
    char text[VO_PHRASE_SIZE];
    vo_phrase_number(text, sizeof text, value, unit, NAN, NAN, NAN);
    vo_out_add(out, text);
}

/* "Largest 5.2 % at 00:08:10", of DSCP "Smallest 0 % …"; "0 % throughout". */
static void describe_extreme(struct vo_out *out, const struct vo_plot *plot, const struct vo_bins *bins)
{
    char time[VO_PHRASE_SIZE];
    size_t least = bins->count, most = bins->count;
    for (size_t i = 0; i < bins->count; i++) {
        if (isnan(bins->value[i]))
            continue;
        if (least == bins->count || bins->value[i] < bins->value[least])
            least = i;
        if (most == bins->count || bins->value[i] > bins->value[most])
            most = i;
    }
    if (least == bins->count)
        return;
    if (bins->value[most] - bins->value[least] < 1e-9) {
        number(out, bins->value[most], kinds[plot->kind].unit);
        vo_out_add(out, " throughout");
        return;
    }
    size_t extreme = plot->kind == VO_PLOT_DSCP ? least : most;
    vo_phrase_clock(time, sizeof time, (double)extreme * bins->width_s);
    vo_out_add(out, plot->kind == VO_PLOT_DSCP ? "Smallest " : "Largest ");
    number(out, bins->value[extreme], kinds[plot->kind].unit);
    vo_out_format(out, " at %s", time);
}

static void describe_window(struct vo_out *out, const struct vo_plot *plot)
{
    char time[VO_PHRASE_SIZE], loss[VO_PHRASE_SIZE];
    const struct vo_facts *facts = &plot->stream->seen.facts;
    double start = vo_facts_number(facts, VO_METRIC_RTP_LOSS_PEAK_5MIN_START_S);
    double peak = vo_facts_number(facts, VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT);
    if (plot->kind != VO_PLOT_LOSS || !(start >= 0.0) || !(peak > 0.0))
        return;
    vo_phrase_clock(time, sizeof time, start);
    vo_phrase_metric_short(loss, sizeof loss, facts, VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT);
    vo_out_format(out, "; worst five minutes (shaded) %s from %s", loss, time);
}

/* All that the plot says, in one sentence. */
static void describe(struct vo_out *out, const struct vo_plot *plot, const struct vo_bins *bins)
{
    describe_extreme(out, plot, bins);
    describe_window(out, plot);
    if (isnan(plot->limit))
        return;
    vo_out_format(out, "; limit %g %s%s", plot->limit,
                  strcmp(kinds[plot->kind].unit, "percent") == 0 ? "%" : "ms",
                  plot->kind == VO_PLOT_LOSS ? " for five minutes" : "");
}

/* --- figures
 * ------------------------------------------------------------------------------------------------ */

static void write_figure(const struct vo_html *html, size_t index)
{
    const struct vo_plot *plot = &html->plots[index];
    struct vo_bins bins;
    struct vo_out sentence = {0};
    if (!plot->svg.data || !vo_plot_bins(plot->stream, plot->kind, &bins))
        return;
    describe(&sentence, plot, &bins);
    vo_out_format(html->out, "<figure><figcaption><b>%s, %s of each %g&nbsp;s</b>", kinds[plot->kind].title,
                  kinds[plot->kind].unit, bins.width_s);
    vo_out_html(html->out, sentence.data);
    vo_out_format(html->out,
                  "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"p%zut p%zud\">"
                  "<title id=\"p%zut\">%s over the time of the stream</title><desc id=\"p%zud\">",
                  VO_PLOT_WIDTH, VO_PLOT_HEIGHT, index, index, index, kinds[plot->kind].title, index);
    vo_out_html(html->out, sentence.data);
    vo_out_add(html->out, "</desc>");
    vo_out_bytes(html->out, plot->svg.data, plot->svg.size);
    vo_out_add(html->out, "</svg></figure>\n");
    vo_out_end_part(html->out, &sentence);
}

void vo_html_plots(const struct vo_html *html, const struct vo_stream *stream)
{
    bool any = false;
    for (size_t i = 0; i < html->plot_count; i++) {
        if (html->plots[i].stream != stream || !html->plots[i].svg.data)
            continue;
        vo_out_add(html->out, any ? "" : "<div class=\"plots\">\n");
        write_figure(html, i);
        any = true;
    }
    if (any)
        vo_out_add(html->out, "</div>\n");
    else if (!html->plots_left_out)
        vo_out_add(html->out,
                   "<p class=\"muted\">No plots: the records hold no series of this stream.</p>\n");
}
