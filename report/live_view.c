#include "report/live.h"

#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH  12
#define BAR_LEAST   10
#define BAR_MOST    40
#define WEAKEST     (-95.0) /* of the bar */
#define STRONGEST   (-35.0)
#define TITLE_WIDTH 34

static const char *const colours[VO_RESULT_STATUSES] = {
    [VO_RESULT_ERROR] = "\033[1;31m",      [VO_RESULT_FAIL] = "\033[1;31m", [VO_RESULT_WARN] = "\033[33m",
    [VO_RESULT_NOT_MEASURED] = "\033[33m", [VO_RESULT_PASS] = "\033[32m",
};

static const char *colour_of(const struct vo_result *result)
{
    return result ? colours[result->status] : NULL;
}

/* A view is made line by line; what does not fit is cut. */
struct view {
    const struct vo_report *report;
    const struct vo_live_style *style;
    struct vo_out *out;
    struct vo_live_now now;
    size_t lines, used; /* columns of the line that is open */
};

/* Untrusted text, in `sequence` (or NULL) if there are colours. */
static void put(struct view *view, const char *sequence, const char *text)
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

static void pad_to(struct view *view, size_t column)
{
    while (view->used < column && view->used < view->style->width) {
        vo_out_add(view->out, " ");
        view->used++;
    }
}

static void end_line(struct view *view)
{
    vo_out_add(view->out, "\n");
    view->lines++;
    view->used = 0;
}

static bool is_full(const struct view *view)
{
    return view->style->height > 0 && view->lines >= view->style->height;
}

/* "Signal      " */
static void begin(struct view *view, const char *name)
{
    put(view, "\033[1m", name);
    pad_to(view, NAME_WIDTH);
}

/* --- head
 * ---------------------------------------------------------------------------------------------------- */

static void write_head(struct view *view)
{
    const struct vo_report *report = view->report;
    bool bad = strcmp(report->word, "not_ready") == 0 || strcmp(report->word, "error") == 0;
    bool good = strcmp(report->word, "ready") == 0;
    char text[VO_PHRASE_SIZE];
    vo_time time;
    put(view, bad ? "\033[1;31m" : good ? "\033[1;32m" : "\033[1;33m", vo_phrase_verdict(report->word));
    if (report->reason) {
        put(view, NULL, ": ");
        put(view, NULL, report->reason);
    }
    end_line(view);
    vo_phrase_counts(text, sizeof text, report);
    put(view, NULL, text);
    if (report->created && vo_time_parse(report->created, &time, NULL) == VO_OK) {
        vo_phrase_time(text, sizeof text, time);
        put(view, NULL, "; as of ");
        put(view, NULL, text);
    }
    end_line(view);
}

/* --- here
 * ---------------------------------------------------------------------------------------------------- */

/* "-72.1 dBm" in its colour, or why not. */
static void put_metric(struct view *view, const struct vo_facts *facts, enum vo_metric metric,
                       const struct vo_result *judged)
{
    char text[VO_PHRASE_SIZE];
    vo_phrase_metric(text, sizeof text, facts, metric);
    put(view, colour_of(judged), text);
}

static void put_limit(struct view *view, const struct vo_result *judged)
{
    char text[VO_PHRASE_SIZE];
    if (!judged)
        return;
    vo_phrase_limit(text, sizeof text, judged);
    if (!text[0])
        return;
    put(view, NULL, "  limit: ");
    put(view, NULL, text);
}

/* "22.7 %", or "not measured: reason", or "not judged". */
static void put_result(struct view *view, const struct vo_result *result)
{
    char text[VO_PHRASE_SIZE];
    if (!result) {
        put(view, NULL, "not judged");
        return;
    }
    vo_phrase_observed(text, sizeof text, result);
    put(view, colour_of(result), text);
    if (result->status == VO_RESULT_NOT_MEASURED && result->reason) {
        put(view, NULL, ": ");
        put(view, NULL, result->reason);
    }
}

static const struct vo_result *judged(const struct view *view, enum vo_metric metric)
{
    return vo_air_result(view->report->air, "cell", view->now.cell->seen.id, metric);
}

static void write_place(struct view *view)
{
    const struct vo_air_item *cell = view->now.cell;
    const char *ssid = vo_report_label(&cell->seen, "ssid"), *bssid = view->now.bssid;
    char text[VO_PHRASE_SIZE];
    begin(view, "Place");
    put(view, "\033[1m", cell->place ? cell->place : "not told");
    if (ssid) {
        put(view, NULL, "  ");
        put(view, NULL, ssid);
    }
    if (bssid) {
        vo_phrase_channel(text, sizeof text, view->now.mhz);
        put(view, NULL, " (");
        put(view, NULL, bssid);
        put(view, NULL, ", ");
        put(view, NULL, text);
        put(view, NULL, ")");
    }
    if (view->now.cells > 1) {
        snprintf(text, sizeof text, ", %zu more here", view->now.cells - 1);
        put(view, NULL, text);
    }
    end_line(view);
}

static size_t bar_column(double dbm, size_t width)
{
    double share = (fmin(fmax(dbm, WEAKEST), STRONGEST) - WEAKEST) / (STRONGEST - WEAKEST);
    return (size_t)(share * (double)width + 0.5);
}

/* "▕██████░░░│░░░▏": to the level, with the limit as a line. */
static void put_bar(struct view *view, double dbm, double limit, const struct vo_result *result)
{
    size_t spare = view->style->width > 56 ? view->style->width - 56 : 0;
    size_t width = spare < BAR_LEAST ? BAR_LEAST : spare > BAR_MOST ? BAR_MOST : spare;
    size_t filled = isnan(dbm) ? 0 : bar_column(dbm, width);
    size_t mark = isnan(limit) ? width : bar_column(limit, width);
    for (size_t i = 0; i < width; i++) {
        if (i == mark)
            put(view, "\033[1m", "│");
        else
            put(view, i < filled ? colour_of(result) : NULL, i < filled ? "█" : "·");
    }
    put(view, NULL, "  ");
}

static void write_signal(struct view *view)
{
    const struct vo_facts *facts = &view->now.cell->seen.facts;
    const struct vo_result *result = judged(view, VO_METRIC_WLAN_SIGNAL_DBM);
    double mean = vo_facts_number(facts, VO_METRIC_WLAN_SIGNAL_DBM);
    char text[VO_PHRASE_SIZE];
    begin(view, "Signal");
    if (!isnan(mean))
        put_bar(view, mean, result ? vo_result_limit(result) : vo_air_number(view->now.cell, "boundary_dbm"),
                result);
    put_metric(view, facts, VO_METRIC_WLAN_SIGNAL_DBM, result);
    put_limit(view, result);
    end_line(view);
    if (isnan(mean))
        return;
    pad_to(view, NAME_WIDTH);
    vo_phrase_metric_short(text, sizeof text, facts, VO_METRIC_WLAN_SIGNAL_MIN_DBM);
    put(view, NULL, "smallest ");
    put(view, NULL, text);
    vo_phrase_metric_short(text, sizeof text, facts, VO_METRIC_WLAN_SIGNAL_FRAMES);
    put(view, NULL, " of ");
    put(view, NULL, text);
    put(view, NULL, " readings; at the ear ");
    put_metric(view, facts, VO_METRIC_WLAN_SIGNAL_HANDSET_DBM,
               judged(view, VO_METRIC_WLAN_SIGNAL_HANDSET_DBM));
    end_line(view);
}

static bool is_uncovered(const struct vo_air_item *cell)
{
    const char *word = vo_facts_of(&cell->seen.facts, VO_METRIC_WLAN_COVERAGE)->word;
    return word && strcmp(word, "not_heard") == 0;
}

/* Nothing else is to be told of such a place. */
static void write_uncovered(struct view *view)
{
    double scans = vo_facts_number(&view->now.cell->seen.facts, VO_METRIC_WLAN_SCANS);
    char text[VO_PHRASE_SIZE];
    begin(view, "Signal");
    put(view, colours[VO_RESULT_FAIL], "no coverage");
    snprintf(text, sizeof text, ": not heard in %.0f scan%s", scans, scans > 1.5 ? "s" : "");
    put(view, NULL, isnan(scans) ? ": not heard" : text);
    end_line(view);
}

static void write_cell_metric(struct view *view, const char *name, enum vo_metric metric)
{
    const struct vo_result *result = judged(view, metric);
    begin(view, name);
    put_metric(view, &view->now.cell->seen.facts, metric, result);
    put_limit(view, result);
    end_line(view);
}

static void write_load(struct view *view)
{
    begin(view, "Load");
    put(view, NULL, "announced ");
    put_result(view,
               vo_live_result(view->report, &view->now, VO_AIR_BSS, VO_METRIC_WLAN_UTILIZATION_PERCENT));
    put(view, NULL, "; busy ");
    put_result(view, vo_live_result(view->report, &view->now, VO_AIR_CHANNEL, VO_METRIC_WLAN_BUSY_PERCENT));
    end_line(view);
}

static void write_neighbours(struct view *view)
{
    const struct vo_air_item *cell = view->now.cell;
    const char *ssid = vo_report_label(&cell->seen, "interferer_ssid");
    const char *bssid = vo_report_label(&cell->seen, "interferer");
    double dbm = vo_air_number(cell, "interferer_dbm");
    char text[VO_PHRASE_SIZE];
    begin(view, "Channel");
    vo_phrase_metric(text, sizeof text, &cell->seen.facts, VO_METRIC_WLAN_CHANNEL_ACCESS_POINTS);
    put(view, NULL, "others on it: ");
    put(view, NULL, text);
    if (bssid) {
        put(view, NULL, "; strongest ");
        put(view, NULL, ssid ? ssid : bssid);
        snprintf(text, sizeof text, " %.1f dBm", dbm);
        put(view, NULL, isnan(dbm) ? "" : text);
    }
    end_line(view);
}

/* --- link and roam
 * ------------------------------------------------------------------------------------------- */

static void write_link(struct view *view)
{
    static const struct {
        enum vo_metric metric;
        const char *name;
    } shown[] = {{VO_METRIC_WLAN_SIGNAL_DBM, "signal"},
                 {VO_METRIC_WLAN_SNR_DB, "SNR"},
                 {VO_METRIC_WLAN_PER_PERCENT, "undelivered"},
                 {VO_METRIC_WLAN_RETRY_PERCENT, "retries"}};
    const struct vo_result *link = view->now.link;
    const char *interface = vo_json_get_text(vo_json_get(link->json, "subject"), "interface");
    const char *bssid = vo_json_get_text(vo_json_get(link->json, "subject"), "bssid");
    begin(view, "Link");
    put(view, NULL, interface);
    put(view, NULL, bssid ? " → " : "");
    put(view, NULL, bssid ? bssid : "");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const struct vo_result *result =
            vo_live_result(view->report, &view->now, VO_AIR_LINK, shown[i].metric);
        char text[VO_PHRASE_SIZE];
        if (!result)
            continue;
        vo_phrase_observed(text, sizeof text, result);
        put(view, NULL, ", ");
        put(view, NULL, shown[i].name);
        put(view, NULL, " ");
        put(view, colour_of(result), text);
    }
    end_line(view);
}

static void write_roam(struct view *view)
{
    static const struct {
        enum vo_metric metric;
        const char *name;
    } shown[] = {{VO_METRIC_WLAN_ROAM_GAP_MS, "gap"},
                 {VO_METRIC_WLAN_ROAM_SIGNAL_BEFORE_DBM, "signal before"},
                 {VO_METRIC_WLAN_ROAM_MEDIA, "media"},
                 {VO_METRIC_WLAN_ROAM_SUBNET, "subnet"}};
    char text[VO_PHRASE_SIZE] = "";
    begin(view, "Last roam");
    vo_phrase_where(text, sizeof text, view->now.roam);
    put(view, NULL, text);
    end_line(view);
    pad_to(view, NAME_WIDTH);
    bool first = true;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const struct vo_result *result =
            vo_live_result(view->report, &view->now, VO_AIR_ROAM, shown[i].metric);
        if (!result)
            continue;
        put(view, NULL, first ? "" : ", ");
        put(view, NULL, shown[i].name);
        put(view, NULL, " ");
        put_result(view, result);
        first = false;
    }
    end_line(view);
}

/* --- limits
 * -------------------------------------------------------------------------------------------------- */

/* Where nothing was measured, why; else the value and its limit. */
static void put_outcome(struct view *view, const struct vo_result *result)
{
    char text[VO_PHRASE_SIZE];
    if (result->status == VO_RESULT_NOT_MEASURED || result->status == VO_RESULT_SKIPPED ||
        result->status == VO_RESULT_NOT_APPLICABLE || result->status == VO_RESULT_ERROR) {
        put(view, NULL, result->reason ? result->reason : "no reason given");
        return;
    }
    vo_phrase_observed(text, sizeof text, result);
    put(view, colours[result->status], text);
    vo_phrase_limit(text, sizeof text, result);
    if (!text[0])
        return;
    put(view, NULL, " (");
    put(view, NULL, text);
    put(view, NULL, ")");
}

/* "Fail          Signal at the cell boundary       -74.3 dBm (at least -70 dBm)"; how often it failed
 * elsewhere stands before what may be cut. */
static void write_rule(struct view *view, const struct vo_live_rule *rule)
{
    const struct vo_result *result = rule->result;
    char text[VO_PHRASE_SIZE];
    put(view, colours[result->status], vo_result_names[result->status]);
    pad_to(view, 14);
    put(view, NULL, result->title);
    pad_to(view, 14 + TITLE_WIDTH);
    put(view, NULL, " ");
    if (rule->failed_elsewhere > 0) {
        snprintf(text, sizeof text, "%zu failed elsewhere", rule->failed_elsewhere);
        put(view, colours[VO_RESULT_FAIL], text);
        put(view, NULL, "; ");
    }
    put_outcome(view, result);
    if (!rule->here && result->status <= VO_RESULT_WARN && result->subject_id) {
        vo_phrase_where(text, sizeof text, result);
        put(view, NULL, "; ");
        put(view, NULL, text);
    }
    end_line(view);
}

static void write_rules(struct view *view)
{
    const struct vo_live_now *now = &view->now;
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
            put(view, NULL, text);
            snprintf(text, sizeof text, "; %zu failed elsewhere", failed);
            put(view, colours[VO_RESULT_FAIL], failed ? text : "");
            end_line(view);
            return;
        }
        write_rule(view, &now->rules[i]);
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

static void write_trouble(struct view *view, const char *trouble)
{
    if (!trouble)
        return;
    put(view, "\033[33m", trouble);
    end_line(view);
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

/* Lines in the order in which they are given up if there is no room. */
static void write_here(struct view *view)
{
    const struct vo_air_item *cell = view->now.cell;
    if (cell)
        write_place(view);
    if (cell && is_uncovered(cell)) {
        write_uncovered(view);
    } else if (cell) {
        write_signal(view);
        write_cell_metric(view, "Separation", VO_METRIC_WLAN_SEPARATION_DB);
        write_cell_metric(view, "SNR", VO_METRIC_WLAN_SNR_DB);
        write_load(view);
        write_neighbours(view);
    }
    if (view->now.link)
        write_link(view);
    if (view->now.roam)
        write_roam(view);
}

/* Half of the room is the limits', if they need it. */
static void write_body(struct view *view)
{
    size_t rules = view->now.rule_count, height = view->style->height;
    size_t left = height > view->lines ? height - view->lines : 0, start = view->out->size;
    bool any = view->now.cell || view->now.link || view->now.roam;
    size_t here = height == 0 ? SIZE_MAX : left > rules + 2 ? left - rules - 2 : 0;
    if (here < left / 2)
        here = left / 2;
    if (any && here > 1) {
        size_t before = view->lines;
        end_line(view);
        write_here(view);
        view->lines = before + cut(view->out, start, here);
    }
    if (is_full(view))
        return;
    end_line(view);
    if (!is_full(view))
        write_rules(view);
}

enum vo_status vo_live_view(const struct vo_report *report, const struct vo_live_style *style,
                            const char *trouble, struct vo_out *out, struct vo_error *error)
{
    struct view view = {.report = report, .style = style, .out = out};
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
