/*
 * Parts of the HTML report: style (html_style.c), plots (html_plots.c), calls and streams (html_calls.c). For
 * html*.c.
 */
#ifndef VO_REPORT_HTML_PARTS_H
#define VO_REPORT_HTML_PARTS_H

#include "report/formats.h"
#include "report/plot.h"

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
/* The figures of one stream, or a sentence why there are none. */
void vo_html_plots(const struct vo_html *html, const struct vo_stream *stream);

/* Calls, then streams of no known call. */
void vo_html_calls(const struct vo_html *html);
/* Whether a stream has its own section in the page (with the id "s" + its index), so that a link can lead
 * there. */
bool vo_html_shows(const struct vo_html *html, const struct vo_stream *stream, size_t *index);

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
