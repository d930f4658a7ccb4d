#include "report/html_parts.h"
#include "report/phrase.h"
#include "report/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *title;
    const char *unit;
    const char *whole;    /* what the limit is for, if it is not for each interval; NULL */
    enum vo_metric limit; /* the metric whose limit is drawn */
    bool least;           /* the smallest value is the one to tell */
} kinds[VO_PLOT_KINDS] = {
    [VO_PLOT_LOSS] = {"Packet loss", "percent", " for five minutes", VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT,
                      false},
    [VO_PLOT_JITTER] = {"Jitter", "ms", NULL, VO_METRIC_RTP_JITTER_MAX_MS, false},
    [VO_PLOT_PDV] = {"Delay variation", "ms", NULL, VO_METRIC_RTP_PDV_MAX_MS, false},
    [VO_PLOT_DSCP] = {"Packets marked DSCP 46", "percent", NULL, VO_METRIC_RTP_DSCP_46_PERCENT, true},
    [VO_PLOT_SIGNAL] = {"Signal, smallest", "dBm", " for the mean", VO_METRIC_WLAN_SIGNAL_DBM, true},
    [VO_PLOT_RETRIES] = {"Retries, of attempts", "percent", " for the whole link",
                         VO_METRIC_WLAN_RETRY_PERCENT, false},
    [VO_PLOT_UNDELIVERED] = {"Undelivered frames", "percent", " for the whole link",
                             VO_METRIC_WLAN_PER_PERCENT, false},
    [VO_PLOT_BUSY] = {"Channel busy, measured", "percent", NULL, VO_METRIC_WLAN_BUSY_PERCENT, false},
    [VO_PLOT_AIRTIME] = {"Airtime of frames heard", "percent", NULL, VO_METRIC_WLAN_AIRTIME_PERCENT, false},
};

/* --- drawing
 * ------------------------------------------------------------------------------------------------ */

/* When the bursts of a stream began for which the air was looked at: seconds after its start. */
static size_t bursts(const struct vo_html *html, const struct vo_stream *stream, const double **marks)
{
    const struct vo_air *air = html->report->air;
    double *times = vo_store_take(html->report->store, (air->explanation_count + 1) * sizeof *times);
    size_t count = 0;
    for (size_t i = 0; times && i < air->explanation_count; i++)
        if (air->explanations[i].stream == stream && air->explanations[i].from != VO_TIME_UNKNOWN)
            times[count++] = vo_report_seconds(stream->series.start, air->explanations[i].from);
    *marks = times;
    return count;
}

static void want(struct vo_html *html, const struct vo_stream *stream)
{
    struct vo_bins bins;
    for (size_t kind = 0; kind < VO_PLOT_STREAM_KINDS; kind++) {
        if (!vo_plot_bins(&stream->series, (enum vo_plot_kind)kind, &bins))
            continue;
        struct vo_plot *plot = &html->plots[html->plot_count++];
        *plot = (struct vo_plot){.kind = (enum vo_plot_kind)kind,
                                 .series = &stream->series,
                                 .facts = &stream->seen.facts,
                                 .limit = vo_report_limit(html->report, stream, kinds[kind].limit)};
        if (kind == VO_PLOT_LOSS)
            plot->mark_count = bursts(html, stream, &plot->marks);
    }
}

static void want_track(struct vo_html *html, const struct vo_air_track *track)
{
    struct vo_bins bins;
    for (size_t kind = VO_PLOT_STREAM_KINDS; kind < VO_PLOT_KINDS; kind++)
        if (vo_plot_bins(&track->series, (enum vo_plot_kind)kind, &bins))
            html->plots[html->plot_count++] =
                (struct vo_plot){.kind = (enum vo_plot_kind)kind,
                                 .series = &track->series,
                                 .limit = vo_report_limit(html->report, NULL, kinds[kind].limit),
                                 .marks = track->roams,
                                 .mark_count = track->roam_count};
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
    size_t streams = loose, tracks = at_most(report->air->track_count, VO_HTML_TRACKS);
    for (size_t i = 0; i < calls; i++)
        streams += report->calls[i]->stream_count;
    html->plots = calloc((streams + tracks) * VO_PLOT_KINDS + 1, sizeof *html->plots);
    if (!html->plots)
        return vo_error_memory(error, "the plots");
    for (size_t i = 0; i < calls; i++)
        for (size_t k = 0; k < report->calls[i]->stream_count; k++)
            want(html, report->calls[i]->streams[k]);
    for (size_t i = 0; i < loose; i++)
        want(html, html->loose[i]);
    for (size_t i = 0; i < tracks; i++)
        want_track(html, &report->air->tracks[i]);
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
    size_t extreme = kinds[plot->kind].least ? least : most;
    vo_phrase_clock(time, sizeof time, (double)extreme * bins->width_s);
    vo_out_add(out, kinds[plot->kind].least ? "Smallest " : "Largest ");
    number(out, bins->value[extreme], kinds[plot->kind].unit);
    vo_out_format(out, " at %s", time);
}

static void describe_window(struct vo_out *out, const struct vo_plot *plot)
{
    char time[VO_PHRASE_SIZE], loss[VO_PHRASE_SIZE];
    const struct vo_facts *facts = plot->facts;
    if (plot->kind != VO_PLOT_LOSS || !facts)
        return;
    double start = vo_facts_number(facts, VO_METRIC_RTP_LOSS_PEAK_5MIN_START_S);
    double peak = vo_facts_number(facts, VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT);
    if (!(start >= 0.0) || !(peak > 0.0))
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
    if (!isnan(plot->limit))
        vo_out_format(out, "; limit %g %s%s", plot->limit,
                      strcmp(kinds[plot->kind].unit, "percent") == 0 ? "%" : kinds[plot->kind].unit,
                      kinds[plot->kind].whole ? kinds[plot->kind].whole : "");
    if (plot->mark_count > 0)
        vo_out_format(out, "; dotted: %s%s", plot->facts ? "bursts of loss, told of below" : "roams",
                      plot->mark_count > VO_PLOT_MARKS ? ", not all of them" : "");
}

/* --- figures
 * ------------------------------------------------------------------------------------------------ */

static void write_figure(const struct vo_html *html, size_t index)
{
    const struct vo_plot *plot = &html->plots[index];
    struct vo_bins bins;
    struct vo_out sentence = {0};
    if (!plot->svg.data || !vo_plot_bins(plot->series, plot->kind, &bins))
        return;
    describe(&sentence, plot, &bins);
    vo_out_format(html->out, "<figure><figcaption><b>%s, %s of each %g&nbsp;s</b>", kinds[plot->kind].title,
                  kinds[plot->kind].unit, bins.width_s);
    vo_out_html(html->out, sentence.data);
    vo_out_format(html->out,
                  "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"p%zut p%zud\">"
                  "<title id=\"p%zut\">%s over the time of the %s</title><desc id=\"p%zud\">",
                  VO_PLOT_WIDTH, VO_PLOT_HEIGHT, index, index, index, kinds[plot->kind].title,
                  plot->facts ? "stream" : "run", index);
    vo_out_html(html->out, sentence.data);
    vo_out_add(html->out, "</desc>");
    vo_out_bytes(html->out, plot->svg.data, plot->svg.size);
    vo_out_add(html->out, "</svg></figure>\n");
    vo_out_end_part(html->out, &sentence);
}

void vo_html_plots(const struct vo_html *html, const struct vo_series *series, const char *of)
{
    bool any = false;
    for (size_t i = 0; i < html->plot_count; i++) {
        if (html->plots[i].series != series || !html->plots[i].svg.data)
            continue;
        vo_out_add(html->out, any ? "" : "<div class=\"plots\">\n");
        write_figure(html, i);
        any = true;
    }
    if (any)
        vo_out_add(html->out, "</div>\n");
    else if (!html->plots_left_out)
        vo_out_format(html->out, "<p class=\"muted\">No plots: the records hold no series of this %s.</p>\n",
                      of);
}
