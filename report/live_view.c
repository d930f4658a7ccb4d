#include "report/live_parts.h"

#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STATUS_WIDTH 14
#define TITLE_LEAST  20
#define VALUE_WIDTH  36

static const char *const colours[VO_RESULT_STATUSES] = {
    [VO_RESULT_ERROR] = "\033[1;31m",      [VO_RESULT_FAIL] = "\033[1;31m", [VO_RESULT_WARN] = "\033[33m",
    [VO_RESULT_NOT_MEASURED] = "\033[33m", [VO_RESULT_PASS] = "\033[32m",
};

const char *vo_live_status_colour(enum vo_result_status status)
{
    return colours[status];
}

const char *vo_live_colour(const struct vo_result *result)
{
    return result ? colours[result->status] : NULL;
}

void vo_live_put(struct vo_live_page *view, const char *sequence, const char *text)
{
    struct vo_out plain = {0};
    bool coloured = sequence && view->style->colour;
    vo_out_plain(&plain, text);
    vo_out_add(view->out, coloured ? sequence : "");
    for (const char *at = plain.data ? plain.data : ""; *at;) {
        uint32_t code;
        size_t size = vo_out_decode(at, &code), columns = vo_out_columns(code);
        if (view->used + columns > view->style->width)
            break;
        vo_out_bytes(view->out, at, size);
        view->used += columns;
        at += size;
    }
    vo_out_add(view->out, coloured ? "\033[0m" : "");
    vo_out_end_part(view->out, &plain);
}

void vo_live_pad(struct vo_live_page *view, size_t column)
{
    while (view->used < column && view->used < view->style->width) {
        vo_out_add(view->out, " ");
        view->used++;
    }
}

void vo_live_end_line(struct vo_live_page *view)
{
    vo_out_add(view->out, "\n");
    view->lines++;
    view->used = 0;
}

static bool is_full(const struct vo_live_page *view)
{
    return view->style->height > 0 && view->lines >= view->style->height;
}

void vo_live_begin(struct vo_live_page *view, const char *name)
{
    vo_live_put(view, "\033[1m", name);
    vo_live_pad(view, VO_LIVE_NAME_WIDTH);
}

/* --- head
 * ---------------------------------------------------------------------------------------------------- */

static void write_head(struct vo_live_page *view)
{
    const struct vo_report *report = view->report;
    bool bad = strcmp(report->word, "not_ready") == 0 || strcmp(report->word, "error") == 0;
    bool good = strcmp(report->word, "ready") == 0;
    char text[VO_PHRASE_SIZE];
    vo_time time;
    vo_live_put(view,
                bad    ? "\033[1;31m"
                : good ? "\033[1;32m"
                       : "\033[1;33m",
                vo_phrase_verdict(report->word));
    if (report->reason) {
        vo_live_put(view, NULL, ": ");
        vo_live_put(view, NULL, report->reason);
    }
    vo_live_end_line(view);
    vo_phrase_counts(text, sizeof text, report);
    vo_live_put(view, NULL, text);
    if (report->created && vo_time_parse(report->created, &time, NULL) == VO_OK) {
        vo_phrase_time(text, sizeof text, time);
        vo_live_put(view, NULL, "; as of ");
        vo_live_put(view, NULL, text);
    }
    vo_live_end_line(view);
}

/* --- limits
 * -------------------------------------------------------------------------------------------------- */

/* Where nothing was measured, why; else the value and its limit. */
static void put_outcome(struct vo_live_page *view, const struct vo_result *result)
{
    char text[VO_PHRASE_SIZE];
    if (result->status == VO_RESULT_NOT_MEASURED || result->status == VO_RESULT_SKIPPED ||
        result->status == VO_RESULT_NOT_APPLICABLE || result->status == VO_RESULT_ERROR) {
        vo_live_put(view, NULL, result->reason ? result->reason : "no reason given");
        return;
    }
    vo_phrase_observed(text, sizeof text, result);
    vo_live_put(view, colours[result->status], text);
    vo_phrase_limit(text, sizeof text, result);
    if (!text[0])
        return;
    vo_live_put(view, NULL, " (");
    vo_live_put(view, NULL, text);
    vo_live_put(view, NULL, ")");
}

/* Columns of the titles: as many as the longest needs, if that leaves the values their place. */
static size_t title_width(const struct vo_live_page *view)
{
    size_t longest = 0, width = view->style->width;
    size_t most =
        width > STATUS_WIDTH + VALUE_WIDTH + TITLE_LEAST ? width - STATUS_WIDTH - VALUE_WIDTH : TITLE_LEAST;
    for (size_t i = 0; i < view->now.rule_count; i++)
        if (vo_out_width(view->now.rules[i].result->title) > longest)
            longest = vo_out_width(view->now.rules[i].result->title);
    return longest < most ? longest : most;
}

/* A title that is longer than its column ends in "…". */
static void put_title(struct vo_live_page *view, const char *title, size_t width)
{
    const struct vo_live_style *style = view->style;
    size_t end = view->used + width;
    bool cut = vo_out_width(title) > width;
    struct vo_live_style narrow = *style;
    narrow.width = end < style->width ? end - cut : style->width;
    view->style = &narrow;
    vo_live_put(view, NULL, title);
    view->style = style;
    vo_live_put(view, NULL, cut ? "…" : "");
    vo_live_pad(view, end);
    vo_live_put(view, NULL, " ");
}

/* "Fail          Signal at the cell boundary       -74.3 dBm (at least -70 dBm)"; how often it failed
 * elsewhere stands before what may be cut. */
static void write_rule(struct vo_live_page *view, const struct vo_live_rule *rule, size_t width)
{
    const struct vo_result *result = rule->result;
    char text[VO_PHRASE_SIZE];
    vo_live_put(view, colours[result->status], vo_result_names[result->status]);
    vo_live_pad(view, STATUS_WIDTH);
    put_title(view, result->title, width);
    if (rule->failed_elsewhere > 0) {
        snprintf(text, sizeof text, "%zu failed elsewhere", rule->failed_elsewhere);
        vo_live_put(view, colours[VO_RESULT_FAIL], text);
        vo_live_put(view, NULL, "; ");
    }
    put_outcome(view, result);
    if (!rule->here && result->status <= VO_RESULT_WARN && result->subject_id) {
        vo_phrase_where(text, sizeof text, result);
        vo_live_put(view, NULL, "; ");
        vo_live_put(view, NULL, text);
    }
    vo_live_end_line(view);
}

static void write_rules(struct vo_live_page *view)
{
    const struct vo_live_now *now = &view->now;
    size_t width = title_width(view);
    char text[VO_PHRASE_SIZE];
    for (size_t i = 0; i < now->rule_count; i++) {
        size_t left = view->style->height ? view->style->height - view->lines : SIZE_MAX;
        if (left == 0)
            return;
        if (left == 1 && i + 1 < now->rule_count) {
            size_t failed = 0;
            for (size_t k = i; k < now->rule_count; k++)
                failed += now->rules[k].failed_elsewhere;
            snprintf(text, sizeof text, "and %zu more, none worse here", now->rule_count - i);
            vo_live_put(view, NULL, text);
            snprintf(text, sizeof text, "; %zu failed elsewhere", failed);
            vo_live_put(view, colours[VO_RESULT_FAIL], failed ? text : "");
            vo_live_end_line(view);
            return;
        }
        write_rule(view, &now->rules[i], width);
    }
}

bool vo_live_asks(const struct vo_report *report)
{
    if (!report)
        return true;
    if (report->air->list[VO_AIR_CELL].count > 0)
        return true;
    for (size_t i = 0; i < report->result_count; i++)
        if (report->results[i].subject_id)
            return false;
    return true;
}

static void write_trouble(struct vo_live_page *view, const char *trouble)
{
    if (!trouble)
        return;
    vo_live_put(view, "\033[33m", trouble);
    vo_live_end_line(view);
}

/* What is over `height` lines from `begin` on goes; each line ends in a newline. Returns how many stay. */
static size_t cut(struct vo_out *out, size_t begin, size_t height)
{
    size_t lines = 0;
    for (size_t at = begin; !out->failed && at < out->size; at++)
        if (out->data[at] == '\n' && ++lines == height) {
            out->size = at + 1;
            out->data[out->size] = '\0';
        }
    return lines;
}

/* Half of the room is the limits', if they need it. */
static void write_body(struct vo_live_page *view)
{
    size_t rules = view->now.rule_count, height = view->style->height;
    size_t left = height > view->lines ? height - view->lines : 0, start = view->out->size;
    bool any = view->now.cell || view->now.link || view->now.roam;
    size_t here = height == 0 ? SIZE_MAX : left > rules + 2 ? left - rules - 2 : 0;
    if (here < left / 2)
        here = left / 2;
    if (any && here > 1) {
        size_t before = view->lines;
        vo_live_end_line(view);
        vo_live_here(view);
        view->lines = before + cut(view->out, start, here);
    }
    if (is_full(view))
        return;
    vo_live_end_line(view);
    if (!is_full(view))
        write_rules(view);
}

enum vo_status vo_live_view(const struct vo_report *report, const struct vo_live_style *style,
                            const char *trouble, struct vo_out *out, struct vo_error *error)
{
    struct vo_live_page view = {.report = report, .style = style, .out = out};
    size_t start = out->size;
    enum vo_status status = vo_live_find(report, &view.now, error);
    if (status != VO_OK)
        return status;
    write_head(&view);
    write_trouble(&view, trouble);
    write_body(&view);
    if (style->height > 0)
        cut(out, start, style->height);
    return out->failed ? vo_error_memory(error, "the live view") : VO_OK;
}
