#include "report/phrase.h"
#include "report/text_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define VALUES_SHOWN  6
#define RESULTS_SHOWN 8 /* of one rule */
#define LABEL_WIDTH   10

/* --- lines
 * -------------------------------------------------------------------------------------------------- */

static const char *const colours[VO_RESULT_STATUSES] = {
    [VO_RESULT_ERROR] = "\033[1;31m",      [VO_RESULT_FAIL] = "\033[1;31m", [VO_RESULT_WARN] = "\033[33m",
    [VO_RESULT_NOT_MEASURED] = "\033[33m", [VO_RESULT_PASS] = "\033[32m",
};

static void colour(const struct vo_text *page, const char *sequence)
{
    if (page->style->colour)
        vo_out_add(page->out, sequence);
}

static size_t columns_of(const char *text, size_t bytes)
{
    size_t count = 0;
    uint32_t code;
    for (const char *at = text; at < text + bytes;) {
        at += vo_out_decode(at, &code);
        count += vo_out_columns(code);
    }
    return count;
}

/* Writes `text` word by word from column `column` on; further lines begin at `indent`. */
void vo_text_wrap(const struct vo_text *page, const char *text, size_t column, size_t indent)
{
    struct vo_out plain = {0};
    vo_out_plain(&plain, text);
    const char *at = plain.data ? plain.data : "";
    bool first = true;
    while (*at) {
        size_t bytes = strcspn(at, " "), width = columns_of(at, bytes), follows = width;
        bool sticks = at[0] == '%'; /* to its number */
        const char *next = at + bytes + strspn(at + bytes, " ");
        if (*next == '%')
            follows += 1 + columns_of(next, strcspn(next, " "));
        if (!first && !sticks && column + 1 + follows > page->style->width) {
            vo_out_add(page->out, "\n");
            vo_out_repeat(page->out, " ", indent);
            column = indent;
            first = true;
        }
        if (!first) {
            vo_out_add(page->out, " ");
            column++;
        }
        vo_out_bytes(page->out, at, bytes);
        column += width;
        first = false;
        at = next;
    }
    vo_out_add(page->out, "\n");
    vo_out_end_part(page->out, &plain);
}

/* "    limit     below 1 %" */
static void labelled(const struct vo_text *page, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    vo_out_format(page->out, "    %-*s", LABEL_WIDTH, label);
    vo_text_wrap(page, text, 4 + LABEL_WIDTH, 4 + LABEL_WIDTH);
}

void vo_text_heading(const struct vo_text *page, const char *text)
{
    vo_out_add(page->out, "\n");
    colour(page, "\033[1m");
    vo_out_add(page->out, text);
    colour(page, "\033[0m");
    vo_out_add(page->out, "\n");
}

/* Untrusted text in a column of `width`, cut if it is longer. */
void vo_text_cell(const struct vo_text *page, const char *text, size_t width, bool right)
{
    size_t length = vo_out_width(text), shown = 0;
    uint32_t code;
    struct vo_out part = {0};
    if (right && length < width)
        vo_out_repeat(page->out, " ", width - length);
    for (const char *at = text; *at;) {
        size_t size = vo_out_decode(at, &code);
        if (shown + vo_out_columns(code) > width)
            break;
        shown += vo_out_columns(code);
        vo_out_bytes(&part, at, size);
        at += size;
    }
    vo_out_plain(page->out, part.data);
    if (!right && shown < width)
        vo_out_repeat(page->out, " ", width - shown);
    vo_out_end_part(page->out, &part);
}

void vo_text_worst(const struct vo_text *page, enum vo_result_status worst)
{
    if (worst == VO_RESULT_STATUSES)
        return;
    if (colours[worst])
        colour(page, colours[worst]);
    vo_out_add(page->out, vo_phrase_worst(worst));
    if (colours[worst])
        colour(page, "\033[0m");
}

void vo_text_verdict(const struct vo_text *page, enum vo_result_status worst, size_t width)
{
    const char *text = worst == VO_RESULT_STATUSES       ? "–"
                       : worst == VO_RESULT_NOT_MEASURED ? "not all"
                                                         : vo_result_names[worst];
    bool coloured = worst < VO_RESULT_STATUSES && colours[worst];
    colour(page, coloured ? colours[worst] : "");
    vo_text_cell(page, text, width, false);
    colour(page, coloured ? "\033[0m" : "");
}

void vo_text_more(const struct vo_text *page, size_t count, size_t shown, const char *what)
{
    if (count > shown)
        vo_out_format(page->out, "  and %zu more %s: see --format html or json\n", count - shown, what);
}

/* --- results
 * ------------------------------------------------------------------------------------------------ */

static void write_place(const struct vo_text *page, const struct vo_result *result, bool with_value,
                        bool first)
{
    char observed[VO_PHRASE_SIZE], where[VO_PHRASE_SIZE], line[VO_PHRASE_SIZE];
    struct vo_out text = {0};
    vo_phrase_observed(observed, sizeof observed, result);
    vo_phrase_where(where, sizeof where, result);
    vo_phrase_when(line, sizeof line, result);
    if (with_value)
        vo_out_format(&text, "%s: ", observed);
    vo_out_add(&text, where);
    labelled(page, "where", text.data);
    if (first)
        labelled(page, "when", line);
    vo_phrase_call(line, sizeof line, result);
    if (first)
        labelled(page, "call", line);
    vo_out_end_part(page->out, &text);
}

/* A failure or a warning: what, by how much, where, what to do. */
static void write_problem(const struct vo_text *page, const struct vo_group *group)
{
    const struct vo_result *worst = group->results[0];
    char text[VO_PHRASE_SIZE];
    struct vo_out title = {0};
    vo_phrase_observed(text, sizeof text, worst);
    vo_out_format(&title, "%s: %s", worst->title, text);
    vo_phrase_limit(text, sizeof text, worst);
    if (text[0])
        vo_out_format(&title, " (limit: %s)", text);
    vo_out_add(page->out, "  ");
    colour(page, colours[group->status]);
    vo_text_wrap(page, title.data, 2, 4);
    colour(page, "\033[0m");
    vo_out_end_part(page->out, &title);
    vo_phrase_margin(text, sizeof text, worst);
    labelled(page, "by", text);
    for (size_t i = 0; i < group->count && i < RESULTS_SHOWN; i++)
        write_place(page, group->results[i], group->count > 1, i == 0);
    if (group->count > RESULTS_SHOWN)
        vo_out_format(page->out, "    %-*sand %zu more\n", LABEL_WIDTH, "", group->count - RESULTS_SHOWN);
    labelled(page, "why", worst->reason);
    labelled(page, "do", worst->remediation);
    labelled(page, "note", worst->note);
    vo_phrase_citation(text, sizeof text, worst);
    labelled(page, "source", text);
    vo_out_format(page->out, "    %-*s", LABEL_WIDTH, "rule");
    vo_out_plain(page->out, worst->rule);
    vo_out_add(page->out, ", ");
    vo_out_plain(page->out, worst->severity);
    vo_out_add(page->out, worst->required ? ", required\n" : "\n");
}

/* The values of results that have no best and worst: each once, the first few. */
static void write_values(struct vo_out *line, const struct vo_group *group)
{
    char text[VO_PHRASE_SIZE], before[VO_PHRASE_SIZE] = "";
    size_t shown = 0;
    for (size_t i = 0; i < group->count; i++) {
        vo_phrase_observed(text, sizeof text, group->results[i]);
        if (strcmp(text, before) == 0)
            continue;
        if (shown++ == VALUES_SHOWN) {
            vo_out_add(line, ", …");
            return;
        }
        vo_out_format(line, "%s%s", shown > 1 ? ", " : "", text);
        snprintf(before, sizeof before, "%s", text);
    }
}

/* Everything else: a line or two. */
static void write_brief(const struct vo_text *page, const struct vo_group *group)
{
    const struct vo_result *worst = group->results[0];
    char text[VO_PHRASE_SIZE];
    struct vo_out line = {0};
    vo_out_add(&line, worst->title);
    if (group->status == VO_RESULT_PASS || group->status == VO_RESULT_INFORMATIONAL) {
        vo_out_add(&line, group->count > 1 && !isnan(worst->margin) ? ": at worst " : ": ");
        if (isnan(worst->margin)) {
            write_values(&line, group);
        } else {
            vo_phrase_observed(text, sizeof text, worst);
            vo_out_add(&line, text);
        }
        vo_phrase_limit(text, sizeof text, worst);
        if (text[0])
            vo_out_format(&line, " (limit: %s)", text);
    } else if (worst->reason) {
        vo_out_format(&line, ": %s", worst->reason);
    }
    if (group->count > 1)
        vo_out_format(&line, " (%zu times)", group->count);
    vo_out_add(page->out, "  ");
    vo_text_wrap(page, line.data, 2, 4);
    vo_out_end_part(page->out, &line);
}

static void write_results(const struct vo_text *page)
{
    static const char *const headings[VO_RESULT_STATUSES] = {
        "ERRORS", "FAILED", "WARNINGS", "NOT MEASURED", "PASSED", "INFORMATION", "SKIPPED", "NOT APPLICABLE"};
    const struct vo_report *report = page->report;
    for (size_t i = 0; i < report->group_count; i++) {
        const struct vo_group *group = &report->groups[i];
        if (i == 0 || report->groups[i - 1].status != group->status)
            vo_text_heading(page, headings[group->status]);
        else if (group->status <= VO_RESULT_WARN)
            vo_out_add(page->out, "\n");
        if (group->status <= VO_RESULT_WARN)
            write_problem(page, group);
        else
            write_brief(page, group);
    }
}

/* --- calls
 * -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum vo_metric metric; /* VO_METRIC_COUNT: not a single metric */
    size_t width;
} columns[] = {
    {"packets", VO_METRIC_RTP_PACKETS, 8},
    {"loss", VO_METRIC_RTP_LOSS_PERCENT, 8},
    {"5 min", VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT, 8},
    {"jitter max", VO_METRIC_RTP_JITTER_MAX_MS, 10},
    {"MOS", VO_METRIC_COUNT, 6},
    {"DSCP 46", VO_METRIC_RTP_DSCP_46_PERCENT, 7},
};

static void write_stream_head(const struct vo_text *page)
{
    vo_out_format(page->out, "  %-16s %-6s", "stream", "codec");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        vo_out_format(page->out, " %*s", (int)columns[i].width, columns[i].name);
    vo_out_add(page->out, "\n");
}

static void write_stream(const struct vo_text *page, const struct vo_stream *stream)
{
    char text[VO_PHRASE_SIZE];
    vo_out_add(page->out, "  ");
    vo_text_cell(page, vo_phrase_direction(stream), 16, false);
    vo_out_add(page->out, " ");
    vo_text_cell(page, stream->codec ? stream->codec : "–", 6, false);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        if (columns[i].metric == VO_METRIC_COUNT)
            vo_phrase_mos(text, sizeof text, stream);
        else
            vo_phrase_metric_short(text, sizeof text, &stream->seen.facts, columns[i].metric);
        vo_out_add(page->out, " ");
        vo_text_cell(page, text, columns[i].width, true);
    }
    vo_out_add(page->out, "\n    ");
    vo_phrase_addresses(text, sizeof text, stream);
    vo_out_plain(page->out, text);
    if (stream->point_matters) {
        vo_out_add(page->out, ", at ");
        vo_out_plain(page->out, stream->point);
    }
    if (stream->worst < VO_RESULT_STATUSES && stream->worst != VO_RESULT_INFORMATIONAL) {
        vo_out_add(page->out, ": ");
        vo_text_worst(page, stream->worst);
    }
    vo_out_add(page->out, "\n");
}

static void write_call(const struct vo_text *page, const struct vo_call *call)
{
    char text[VO_PHRASE_SIZE];
    struct vo_out line = {0};
    vo_out_add(page->out, "\n  ");
    vo_phrase_parties(text, sizeof text, call);
    vo_out_add(&line, text);
    vo_phrase_outcome(text, sizeof text, call);
    vo_out_format(&line, ": %s", text);
    colour(page, "\033[1m");
    vo_text_wrap(page, line.data, 2, 4);
    colour(page, "\033[0m");
    vo_out_end_part(page->out, &line);
    if (call->stream_count > 0)
        write_stream_head(page);
    for (size_t i = 0; i < call->stream_count; i++)
        write_stream(page, call->streams[i]);
}

static void write_calls(const struct vo_text *page)
{
    const struct vo_report *report = page->report;
    if (report->call_count > 0)
        vo_text_heading(page, "CALLS");
    for (size_t i = 0; i < report->call_count && i < VO_REPORT_CALLS_WHOLE; i++)
        write_call(page, report->calls[i]);
    if (report->call_count > VO_REPORT_CALLS_WHOLE)
        vo_out_format(page->out, "\n  and %zu more calls, none worse than these: see --format html or csv\n",
                      report->call_count - VO_REPORT_CALLS_WHOLE);
    size_t loose = 0;
    for (size_t i = 0; i < report->stream_count; i++) {
        if (report->streams[i]->call)
            continue;
        if (loose++ == 0) {
            vo_text_heading(page, "STREAMS OF NO KNOWN CALL");
            write_stream_head(page);
        }
        if (loose <= VO_REPORT_CALLS_WHOLE)
            write_stream(page, report->streams[i]);
    }
    if (loose > VO_REPORT_CALLS_WHOLE)
        vo_out_format(page->out, "  and %zu more streams: see --format html or csv\n",
                      loose - VO_REPORT_CALLS_WHOLE);
}

/* --- capture, notes, head
 * ----------------------------------------------------------------------------------- */

/* Zeros are good news of a capture: only that of dropped packets is told. */
static bool is_worth_telling(const struct vo_facts *facts, size_t metric)
{
    const struct vo_reported *told = vo_facts_of(facts, (enum vo_metric)metric);
    if (metric == VO_METRIC_CAPTURE_DROPPED_PACKETS && !isnan(told->number))
        return true;
    return told->missing || told->number > 0;
}

static void write_capture(const struct vo_text *page)
{
    const struct vo_report *report = page->report;
    char text[VO_PHRASE_SIZE];
    if (report->capture_count + report->note_count > 0)
        vo_text_heading(page, "CAPTURE");
    for (size_t i = 0; i < report->note_count; i++) {
        vo_out_add(page->out, "  ");
        vo_text_wrap(page, report->notes[i], 2, 4);
    }
    for (size_t i = 0; i < report->capture_count; i++) {
        struct vo_out line = {0};
        vo_out_format(&line, "%s: ", report->captures[i]->seen.id);
        bool first = true;
        for (size_t m = VO_METRIC_CAPTURE_PACKETS; m <= VO_METRIC_CAPTURE_CALLS; m++) {
            if (!is_worth_telling(&report->captures[i]->seen.facts, m))
                continue;
            vo_phrase_metric(text, sizeof text, &report->captures[i]->seen.facts, (enum vo_metric)m);
            vo_out_format(&line, "%s%s %s", first ? "" : "; ", vo_phrase_heading((enum vo_metric)m), text);
            first = false;
        }
        vo_out_add(page->out, "  ");
        vo_text_wrap(page, line.data, 2, 4);
        vo_out_end_part(page->out, &line);
    }
}

static void write_head(const struct vo_text *page)
{
    const struct vo_report *report = page->report;
    char counts[VO_PHRASE_SIZE];
    struct vo_out line = {0};
    bool bad = strcmp(report->word, "not_ready") == 0 || strcmp(report->word, "error") == 0;
    bool good = strcmp(report->word, "ready") == 0;
    colour(page, bad ? "\033[1;31m" : good ? "\033[1;32m" : "\033[1;33m");
    vo_out_plain(page->out, vo_phrase_verdict(report->word));
    colour(page, "\033[0m");
    if (report->reason) {
        vo_out_format(&line, ": %s", report->reason);
        vo_text_wrap(page, line.data, vo_out_width(vo_phrase_verdict(report->word)), 2);
    } else {
        vo_out_add(page->out, "\n");
    }
    vo_out_end_part(page->out, &line);
    vo_phrase_counts(counts, sizeof counts, report);
    vo_out_add(&line, counts);
    if (report->profile)
        vo_out_format(&line, "; profile %s", report->profile);
    if (report->site)
        vo_out_format(&line, "; site %s", report->site);
    if (report->created)
        vo_out_format(&line, "; %s", report->created);
    vo_text_wrap(page, line.data, 0, 2);
    vo_out_end_part(page->out, &line);
}

enum vo_status vo_report_text(const struct vo_report *report, const struct vo_report_style *style,
                              struct vo_out *out, struct vo_error *error)
{
    struct vo_text page = {report, style, out};
    write_head(&page);
    write_results(&page);
    vo_text_air(&page);
    write_calls(&page);
    write_capture(&page);
    return out->failed ? vo_error_memory(error, "the text report") : VO_OK;
}
