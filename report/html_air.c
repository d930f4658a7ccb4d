#include "report/html_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BURSTS_SHOWN 50

void vo_html_section(struct vo_out *out, const char *id, const char *heading)
{
    vo_out_format(out, "<section aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2>\n", id, id, heading);
}

void vo_html_row_begin(struct vo_out *out, enum vo_result_status worst)
{
    vo_out_add(out, "<tr><td>");
    vo_html_tag_worst(out, worst);
    vo_out_add(out, worst == VO_RESULT_STATUSES ? "<span class=\"off\">not judged</span></td>" : "</td>");
}

static void write_cell(struct vo_out *out, const char *class, const char *text)
{
    vo_out_format(out, "<td class=\"%s\">", class);
    vo_out_html(out, text && *text ? text : "–");
    vo_out_add(out, "</td>");
}

void vo_html_cell(struct vo_out *out, const char *text)
{
    write_cell(out, "n", text);
}

void vo_html_cell_wide(struct vo_out *out, const char *text)
{
    write_cell(out, "w", text);
}

void vo_html_below(struct vo_out *out, const char *text)
{
    if (!text || !*text)
        return;
    vo_out_add(out, "<span class=\"id\">");
    vo_out_html(out, text);
    vo_out_add(out, "</span>");
}

void vo_html_below_format(struct vo_out *out, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0) {
        out->failed = true;
        return;
    }
    vo_html_below(out, text);
    free(text);
}

void vo_html_cell_metric(struct vo_out *out, const struct vo_facts *facts, enum vo_metric metric)
{
    const struct vo_reported *told = vo_facts_of(facts, metric);
    char text[VO_PHRASE_SIZE];
    if (told->word || !isnan(told->number)) {
        vo_phrase_metric_short(text, sizeof text, facts, metric);
        vo_html_cell(out, text);
        return;
    }
    vo_out_add(out, "<td class=\"off\">not measured");
    vo_html_below(out, told->missing);
    vo_out_add(out, "</td>");
}

void vo_html_more(struct vo_out *out, size_t count, size_t shown, const char *what)
{
    if (count > shown)
        vo_out_format(out, "<p class=\"muted\">and %zu more %s: see the records.</p>\n", count - shown, what);
}

/* --- loss and what the air did
 * ------------------------------------------------------------------------------ */

static void write_coincidences(struct vo_out *out, const struct vo_explanation *explanation)
{
    if (explanation->with_count == 0)
        return;
    vo_out_add(out, "<ul>");
    for (size_t i = 0; i < explanation->with_count; i++) {
        struct vo_out text = {0};
        vo_phrase_coincidence(&text, &explanation->with[i]);
        vo_out_add(out, "<li>");
        vo_out_html(out, text.data);
        vo_out_add(out, "</li>");
        vo_out_end_part(out, &text);
    }
    vo_out_format(out, "</ul>%s", vo_phrase_no_cause(explanation));
}

static void write_burst(struct vo_out *out, const struct vo_explanation *explanation, bool with_stream)
{
    struct vo_out text = {0};
    vo_phrase_burst(&text, explanation);
    vo_out_add(out, "<li>");
    if (with_stream && explanation->stream_id) {
        vo_out_add(out, "Stream ");
        vo_out_html(out, explanation->stream_id);
        vo_out_add(out, ", ");
    }
    vo_out_html(out, text.data);
    write_coincidences(out, explanation);
    vo_out_add(out, "</li>\n");
    vo_out_end_part(out, &text);
}

static void write_bursts(const struct vo_html *html, const struct vo_stream *stream)
{
    const struct vo_air *air = html->report->air;
    size_t count = 0;
    for (size_t i = 0; i < air->explanation_count; i++)
        if (air->explanations[i].stream == stream && count++ < BURSTS_SHOWN) {
            vo_out_add(html->out, count == 1 ? "<ul class=\"plain bursts\">\n" : "");
            write_burst(html->out, &air->explanations[i], !stream);
        }
    vo_out_add(html->out, count ? "</ul>\n" : "");
    vo_html_more(html->out, count, BURSTS_SHOWN, "bursts of loss");
}

void vo_html_bursts(const struct vo_html *html, const struct vo_stream *stream)
{
    const struct vo_air *air = html->report->air;
    for (size_t i = 0; i < air->explanation_count; i++)
        if (air->explanations[i].stream == stream) {
            vo_out_add(html->out, "<p class=\"above\"><b>Loss, and what the air did then</b></p>\n");
            write_bursts(html, stream);
            return;
        }
}

/* Of streams that the page does not show: their records were not given, or they are of further calls. */
static void write_other_bursts(const struct vo_html *html)
{
    const struct vo_air *air = html->report->air;
    size_t count = 0, index;
    for (size_t i = 0; i < air->explanation_count; i++) {
        const struct vo_explanation *explanation = &air->explanations[i];
        if (explanation->stream && vo_html_shows(html, explanation->stream, &index))
            continue;
        if (count++ == 0) {
            vo_html_section(html->out, "bursts", "Loss, and what the air did then");
            vo_out_add(html->out, "<ul class=\"plain bursts\">\n");
        }
        if (count <= BURSTS_SHOWN)
            write_burst(html->out, explanation, true);
    }
    if (count == 0)
        return;
    vo_out_add(html->out, "</ul>\n");
    vo_html_more(html->out, count, BURSTS_SHOWN, "bursts of loss");
    vo_out_add(html->out, "</section>\n");
}

void vo_html_air(const struct vo_html *html)
{
    vo_html_places(html);
    vo_html_channels(html);
    vo_html_access_points(html);
    vo_html_links(html);
    vo_html_roams(html);
    write_other_bursts(html);
}
