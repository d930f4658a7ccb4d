#include "report/html_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LADDER_LINES_MAX 400
#define ENDPOINTS_MAX    26

/* --- streams
 * ------------------------------------------------------------------------------------------------ */

static void write_stat(struct vo_out *out, const char *term, const char *value)
{
    bool off = strcmp(value, "–") == 0;
    vo_out_add(out, "<div><dt>");
    vo_out_html(out, term);
    vo_out_add(out, off ? "</dt><dd class=\"off\">" : "</dt><dd>");
    vo_out_html(out, off ? "not measured" : value);
    vo_out_add(out, "</dd></div>");
}

static void write_stats(struct vo_out *out, const struct vo_stream *stream)
{
    static const enum vo_metric shown[] = {
        VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT, VO_METRIC_RTP_LOSS_PERCENT, VO_METRIC_RTP_DISCARDED_PERCENT,
        VO_METRIC_RTP_JITTER_MAX_MS,          VO_METRIC_RTP_PDV_P95_MS,   VO_METRIC_RTP_LATENCY_MAX_MS,
        VO_METRIC_RTP_DSCP_46_PERCENT,        VO_METRIC_RTP_DURATION_S,   VO_METRIC_RTP_PACKETS,
    };
    char text[VO_PHRASE_SIZE];
    vo_out_add(out, "<dl class=\"stats\">");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        vo_phrase_metric_short(text, sizeof text, &stream->seen.facts, shown[i]);
        write_stat(out, vo_phrase_heading(shown[i]), text);
    }
    vo_phrase_mos(text, sizeof text, stream);
    write_stat(out, "Estimated MOS", text);
    if (vo_report_label(&stream->seen, "dscp"))
        write_stat(out, "DSCP seen", vo_report_label(&stream->seen, "dscp"));
    vo_out_add(out, "</dl>\n");
}

static bool is_known(const struct vo_reported *told)
{
    return told->word || told->missing || !isnan(told->number);
}

static void write_metric_row(struct vo_out *out, const struct vo_facts *facts, const struct vo_reported *told)
{
    enum vo_metric metric = told->metric;
    char text[VO_PHRASE_SIZE];
    vo_phrase_metric(text, sizeof text, facts, metric);
    vo_out_add(out, "<tr><th scope=\"row\">");
    vo_out_html(out, vo_phrase_heading(metric));
    vo_out_add(out, "<span class=\"id\">");
    vo_out_html(out, vo_metrics[metric].definition);
    vo_out_add(out, "</span></th><td>");
    vo_out_html(out, text);
    if (told->uncertainty > 0) {
        vo_phrase_number(text, sizeof text, told->uncertainty, vo_metrics[metric].unit, NAN,
                         told->uncertainty, NAN);
        vo_out_add(out, " ± ");
        vo_out_html(out, text);
    }
    vo_out_add(out, "</td><td>");
    vo_out_html(out, told->basis);
    vo_out_add(out, "</td></tr>\n");
}

/* media_seen → "Media seen" */
static void write_labels(struct vo_out *out, const struct vo_observation *seen)
{
    char name[VO_PHRASE_SIZE];
    for (size_t i = 0; i < seen->label_count; i++) {
        snprintf(name, sizeof name, "%s", seen->labels[i].name);
        for (char *at = name; *at; at++)
            *at = *at == '_' ? ' ' : *at;
        if (name[0] >= 'a' && name[0] <= 'z')
            name[0] = (char)(name[0] - 'a' + 'A');
        vo_html_row(out, name, seen->labels[i].value);
    }
}

/* Every measurement, folded. */
static void write_metrics(struct vo_out *out, const struct vo_observation *seen, const char *of)
{
    static const char *const headings[] = {"Measure", "Value", "Basis"};
    size_t count = 0;
    for (size_t i = 0; i < seen->facts.count; i++)
        count += is_known(&seen->facts.items[i]);
    if (count == 0)
        return;
    vo_out_format(out, "<details class=\"more\"><summary>All %zu measurements of this %s</summary>\n", count,
                  of);
    if (seen->label_count > 0) {
        vo_out_add(out, "<dl class=\"rows facts\">");
        write_labels(out, seen);
        vo_out_add(out, "</dl>\n");
    }
    vo_html_table_begin(out, seen->id, headings, 3);
    for (size_t i = 0; i < seen->facts.count; i++)
        if (is_known(&seen->facts.items[i]))
            write_metric_row(out, &seen->facts, &seen->facts.items[i]);
    vo_html_table_end(out);
    vo_out_add(out, "</details>\n");
}

/* "PCMU, 192.0.2.1:5004 → 198.51.100.7:5008, captured at sbc-lan (middle)" */
static void write_stream_labels(struct vo_out *out, const struct vo_stream *stream)
{
    char text[VO_PHRASE_SIZE];
    const char *const before[] = {stream->media, stream->codec};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        if (!before[i])
            continue;
        vo_out_html(out, before[i]);
        vo_out_add(out, i == 0 ? " " : ", ");
    }
    vo_phrase_addresses(text, sizeof text, stream);
    vo_out_html(out, text);
    if (stream->point) {
        vo_out_add(out, ", captured at ");
        vo_out_html(out, stream->point);
    }
    if (stream->position) {
        snprintf(text, sizeof text, " (%s)", stream->position);
        for (char *at = text; *at; at++)
            *at = *at == '_' ? ' ' : *at;
        vo_out_html(out, text);
    }
}

static size_t index_of(const struct vo_report *report, const struct vo_stream *stream)
{
    size_t i = 0;
    while (i < report->stream_count && report->streams[i] != stream)
        i++;
    return i;
}

static void write_stream(const struct vo_html *html, const struct vo_stream *stream)
{
    struct vo_out *out = html->out;
    vo_out_format(out, "<h4 id=\"s%zu\">%s ", index_of(html->report, stream), vo_phrase_direction(stream));
    vo_html_tag_worst(out, stream->worst);
    vo_out_add(out, "<br><small>");
    write_stream_labels(out, stream);
    vo_out_add(out, "</small></h4>\n");
    write_stats(out, stream);
    vo_html_plots(html, &stream->series, "stream");
    vo_html_bursts(html, stream);
    write_metrics(out, &stream->seen, "stream");
}

/* --- calls
 * -------------------------------------------------------------------------------------------------- */

static size_t endpoint(const char **endpoints, size_t *count, const char *name)
{
    size_t i = 0;
    while (i < *count && strcmp(endpoints[i], name) != 0)
        i++;
    if (i == *count && *count < ENDPOINTS_MAX)
        endpoints[(*count)++] = name;
    return i;
}

/* "  0.020  A ← B  100 Trying": the lower letter stands left. */
static void write_ladder_line(struct vo_out *out, const struct vo_event *event, double seconds, size_t from,
                              size_t to)
{
    vo_out_format(out, "%9.3f s  ", seconds);
    if (from < ENDPOINTS_MAX && to < ENDPOINTS_MAX)
        vo_out_format(out, "%c %s %c  ", 'A' + (int)(from < to ? from : to), from <= to ? "→" : "←",
                      'A' + (int)(from < to ? to : from));
    else
        vo_out_add(out, "       ");
    if (strcmp(event->kind, "sip") != 0) {
        vo_out_html(out, event->kind);
        vo_out_add(out, event->text && *event->text ? ": " : "");
    }
    vo_out_html(out, event->text);
    vo_out_add(out, event->sdp ? " (SDP)" : "");
    vo_out_add(out, event->retransmission ? " (sent again)" : "");
    vo_out_add(out, "\n");
}

static void write_ladder(struct vo_out *out, const struct vo_call *call)
{
    const char *endpoints[ENDPOINTS_MAX];
    size_t count = 0, lines = call->event_count < LADDER_LINES_MAX ? call->event_count : LADDER_LINES_MAX;
    vo_out_format(out, "<details class=\"more\" open><summary>Signalling and events (%zu)</summary>\n<pre>",
                  call->event_count);
    for (size_t i = 0; i < lines; i++) {
        const struct vo_event *event = call->events[i];
        if (event->from && event->to) {
            endpoint(endpoints, &count, event->from);
            endpoint(endpoints, &count, event->to);
        }
    }
    for (size_t i = 0; i < count; i++) {
        vo_out_format(out, "%c  ", 'A' + (int)i);
        vo_out_html(out, endpoints[i]);
        vo_out_add(out, "\n");
    }
    vo_out_add(out, count ? "\n" : "");
    for (size_t i = 0; i < lines; i++) {
        const struct vo_event *event = call->events[i];
        bool known = event->from && event->to;
        write_ladder_line(out, event, vo_report_seconds(call->events[0]->time, event->time),
                          known ? endpoint(endpoints, &count, event->from) : ENDPOINTS_MAX,
                          known ? endpoint(endpoints, &count, event->to) : ENDPOINTS_MAX);
    }
    if (lines < call->event_count)
        vo_out_format(out, "and %zu more: see the records\n", call->event_count - lines);
    vo_out_add(out, "</pre></details>\n");
}

static void write_call_facts(struct vo_out *out, const struct vo_call *call)
{
    static const enum vo_metric shown[] = {VO_METRIC_SIP_POST_DIAL_DELAY_MS, VO_METRIC_SIP_ANSWER_DELAY_MS,
                                           VO_METRIC_SIP_RETRANSMISSIONS, VO_METRIC_SIP_DSCP_40_PERCENT};
    char text[VO_PHRASE_SIZE], time[VO_TIME_TEXT_SIZE];
    vo_out_add(out, "<dl class=\"rows facts\">");
    vo_html_row(out, "Began",
                call->seen.time == VO_TIME_UNKNOWN ? NULL : vo_time_format(call->seen.time, time));
    vo_html_row(out, "Call-ID", call->call_id);
    vo_html_row(out, "Leg", call->leg);
    vo_html_row(out, "Same talk as", call->linked);
    write_labels(out, &call->seen);
    vo_out_add(out, "</dl>\n<dl class=\"stats facts\">");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        if (!is_known(vo_facts_of(&call->seen.facts, shown[i])))
            continue;
        vo_phrase_metric_short(text, sizeof text, &call->seen.facts, shown[i]);
        write_stat(out, vo_phrase_heading(shown[i]), text);
    }
    vo_out_add(out, "</dl>\n");
}

/* Whether there is something to tell of the air: then it is not folded away. */
static bool has_bursts(const struct vo_html *html, const struct vo_call *call)
{
    const struct vo_air *air = html->report->air;
    for (size_t i = 0; i < air->explanation_count; i++)
        if (air->explanations[i].stream && air->explanations[i].stream->call == call)
            return true;
    return false;
}

static void write_call(const struct vo_html *html, const struct vo_call *call)
{
    struct vo_out *out = html->out;
    char text[VO_PHRASE_SIZE];
    bool open = call->worst <= VO_RESULT_WARN || has_bursts(html, call);
    vo_out_add(out,
               open ? "<details class=\"call\" open><summary><h3>" : "<details class=\"call\"><summary><h3>");
    vo_phrase_parties(text, sizeof text, call);
    vo_out_html(out, text);
    vo_out_add(out, "</h3> ");
    vo_html_tag_worst(out, call->worst);
    vo_out_add(out, " <span class=\"muted\">");
    vo_phrase_outcome(text, sizeof text, call);
    vo_out_html(out, text);
    vo_out_add(out, "</span></summary>\n");
    write_call_facts(out, call);
    for (size_t i = 0; i < call->stream_count; i++)
        write_stream(html, call->streams[i]);
    if (call->stream_count == 0)
        vo_out_add(out, "<p class=\"muted\">No RTP stream of this call was captured.</p>\n");
    if (call->event_count > 0)
        write_ladder(out, call);
    vo_out_add(out, "</details>\n");
}

/* --- what is not shown whole: one line a stream
 * --------------------------------------------------------------- */

static const char *const brief_headings[] = {"Status",          "Call", "Stream", "Codec", "Loss, 5 min",
                                             "Jitter, largest", "MOS",  "DSCP 46"};

static void cell(struct vo_out *out, const char *text)
{
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, text);
    vo_out_add(out, "</td>");
}

static void write_brief(struct vo_out *out, const struct vo_stream *stream)
{
    static const enum vo_metric shown[] = {VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT, VO_METRIC_RTP_JITTER_MAX_MS};
    char text[VO_PHRASE_SIZE] = "–";
    vo_out_add(out, "<tr><td>");
    vo_html_tag_worst(out, stream->worst);
    vo_out_add(out, "</td><td class=\"w\">");
    if (stream->call)
        vo_phrase_parties(text, sizeof text, stream->call);
    vo_out_html(out, text);
    vo_out_format(out, "</td><td class=\"w\">%s<span class=\"id\">", vo_phrase_direction(stream));
    vo_phrase_addresses(text, sizeof text, stream);
    vo_out_html(out, text);
    vo_out_add(out, "</span></td>");
    cell(out, stream->codec ? stream->codec : "–");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        vo_phrase_metric_short(text, sizeof text, &stream->seen.facts, shown[i]);
        cell(out, text);
    }
    vo_phrase_mos(text, sizeof text, stream);
    cell(out, text);
    vo_phrase_metric_short(text, sizeof text, &stream->seen.facts, VO_METRIC_RTP_DSCP_46_PERCENT);
    cell(out, text);
    vo_out_add(out, "</tr>\n");
}

static void write_further_calls(const struct vo_html *html)
{
    const struct vo_report *report = html->report;
    if (report->call_count <= VO_REPORT_CALLS_WHOLE)
        return;
    vo_out_format(html->out,
                  "<h3>%zu further calls</h3>\n<p>The %d worst calls are shown above with all their "
                  "measurements and plots; here are the others, in short.</p>\n",
                  report->call_count - VO_REPORT_CALLS_WHOLE, VO_REPORT_CALLS_WHOLE);
    vo_html_table_begin(html->out, "Streams of further calls", brief_headings, 8);
    for (size_t i = VO_REPORT_CALLS_WHOLE; i < report->call_count; i++)
        for (size_t k = 0; k < report->calls[i]->stream_count; k++)
            write_brief(html->out, report->calls[i]->streams[k]);
    vo_html_table_end(html->out);
}

static void write_loose(const struct vo_html *html)
{
    if (html->loose_count == 0)
        return;
    vo_out_add(html->out,
               "<section aria-labelledby=\"loose\"><h2 id=\"loose\">Streams of no known call</h2>\n"
               "<p class=\"muted\">The capture has no signalling that announces them.</p>\n");
    for (size_t i = 0; i < html->loose_count && i < VO_REPORT_CALLS_WHOLE; i++) {
        const struct vo_stream *stream = html->loose[i];
        bool open = stream->worst <= VO_RESULT_WARN;
        vo_out_format(html->out, "<details class=\"call\"%s><summary><h3>", open ? " open" : "");
        vo_out_html(html->out, stream->seen.id);
        vo_out_add(html->out, "</h3></summary>\n");
        write_stream(html, stream);
        vo_out_add(html->out, "</details>\n");
    }
    if (html->loose_count > VO_REPORT_CALLS_WHOLE) {
        vo_html_table_begin(html->out, "Further streams", brief_headings, 8);
        for (size_t i = VO_REPORT_CALLS_WHOLE; i < html->loose_count; i++)
            write_brief(html->out, html->loose[i]);
        vo_html_table_end(html->out);
    }
    vo_out_add(html->out, "</section>\n");
}

bool vo_html_shows(const struct vo_html *html, const struct vo_stream *stream, size_t *index)
{
    const struct vo_report *report = html->report;
    *index = index_of(report, stream);
    for (size_t i = 0; i < report->call_count && i < VO_REPORT_CALLS_WHOLE; i++)
        if (stream->call == report->calls[i])
            return true;
    for (size_t i = 0; i < html->loose_count && i < VO_REPORT_CALLS_WHOLE; i++)
        if (stream == html->loose[i])
            return true;
    return false;
}

void vo_html_calls(const struct vo_html *html)
{
    const struct vo_report *report = html->report;
    if (report->call_count > 0) {
        vo_out_add(html->out, "<section aria-labelledby=\"calls\"><h2 id=\"calls\">Calls</h2>\n");
        if (html->plots_left_out) {
            vo_out_add(html->out, "<p>");
            vo_out_html(html->out, html->plots_left_out);
            vo_out_add(html->out, "</p>\n");
        }
        for (size_t i = 0; i < report->call_count && i < VO_REPORT_CALLS_WHOLE; i++)
            write_call(html, report->calls[i]);
        write_further_calls(html);
        vo_out_add(html->out, "</section>\n");
    }
    write_loose(html);
}
