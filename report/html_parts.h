/*
 * Parts of the HTML report: style (html_style.c), plots (html_plots.c), calls and streams (html_calls.c), the
 * air (html_air.c and the sections it calls). For html*.c.
 */
#ifndef VO_REPORT_HTML_PARTS_H
#define VO_REPORT_HTML_PARTS_H

#include "report/air.h"
#include "report/formats.h"
#include "report/plot.h"

/* Tracks of links and channels that are drawn. */
#define VO_HTML_TRACKS 12

struct vo_html {
    const struct vo_report *report;
    struct vo_out *out;
    const struct vo_stream **loose; /* streams of no known call */
    size_t loose_count;
    struct vo_plot *plots;
    size_t plot_count;
    const char *plots_left_out; /* why, or NULL */
};

extern const char vo_html_style[];

/* Draws all plots of the calls and streams that are shown whole. Frees with vo_html_plots_release(). */
enum vo_status vo_html_plots_draw(struct vo_html *html, struct vo_error *error);
void vo_html_plots_release(struct vo_html *html);
/* The figures of one series, or a sentence why there are none; `of`: "stream". */
void vo_html_plots(const struct vo_html *html, const struct vo_series *series, const char *of);

/* Calls, then streams of no known call. */
void vo_html_calls(const struct vo_html *html);
/* Whether a stream has its own section in the page (with the id "s" + its index), so that a link can lead
 * there. */
bool vo_html_shows(const struct vo_html *html, const struct vo_stream *stream, size_t *index);

/* --- the air: each a section, or nothing if there is nothing to show */
void vo_html_air(const struct vo_html *html); /* all of the following, then bursts of streams not shown */
void vo_html_places(const struct vo_html *html);
void vo_html_channels(const struct vo_html *html);
void vo_html_access_points(const struct vo_html *html);
void vo_html_links(const struct vo_html *html);
void vo_html_roams(const struct vo_html *html);
/* What the air did when the stream lost packets: a list, or nothing. */
void vo_html_bursts(const struct vo_html *html, const struct vo_stream *stream);

/* <section><h2 id="…">; close with </section>. */
void vo_html_section(struct vo_out *out, const char *id, const char *heading);
/* <tr> with the verdict in its first cell: "not judged" without results. */
void vo_html_row_begin(struct vo_out *out, enum vo_result_status worst);
/* <td>: one line; several; the text is escaped, – for NULL and "". */
void vo_html_cell(struct vo_out *out, const char *text);
void vo_html_cell_wide(struct vo_out *out, const char *text);
/* <td> with a metric, or "not measured" and the reason below. */
void vo_html_cell_metric(struct vo_out *out, const struct vo_facts *facts, enum vo_metric metric);
/* <span class="id">…</span>: a smaller second line; nothing if it is empty or NULL. */
void vo_html_below(struct vo_out *out, const char *text);
/* The same of what `format` makes. */
void vo_html_below_format(struct vo_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "and 12 more …" as a paragraph, if `count` exceeds `shown`; `what` says which ones. */
void vo_html_more(struct vo_out *out, size_t count, size_t shown, const char *what);

/* "fail", "warn", "none" (not measured), "pass", "info": the class of a status. */
const char *vo_html_class(enum vo_result_status status);
/* <span class="tag fail">Fail</span> */
void vo_html_tag(struct vo_out *out, enum vo_result_status status);
/* The same for the worst of several results; nothing if there is none. */
void vo_html_tag_worst(struct vo_out *out, enum vo_result_status worst);
/* <dt>…</dt><dd>…</dd>; nothing if `text` is empty or NULL. Both are escaped. */
void vo_html_row(struct vo_out *out, const char *term, const char *text);
/* A table that scrolls sideways by itself: opens the region and the table with its caption. */
void vo_html_table_begin(struct vo_out *out, const char *caption, const char *const *headings, size_t count);
void vo_html_table_end(struct vo_out *out);

#endif
