#include "report/live_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BAR_LEAST 10
#define BAR_MOST  40
#define WEAKEST   (-95.0) /* of the bar */
#define STRONGEST (-35.0)

/* "-72.1 dBm" in its colour, or why not. */
static void put_metric(struct vo_live_page *view, const struct vo_facts *facts, enum vo_metric metric,
                       const struct vo_result *judged)
{
    char text[VO_PHRASE_SIZE];
    vo_phrase_metric(text, sizeof text, facts, metric);
    vo_live_put(view, vo_live_colour(judged), text);
}

static void put_limit(struct vo_live_page *view, const struct vo_result *judged)
{
    char text[VO_PHRASE_SIZE];
    if (!judged)
        return;
    vo_phrase_limit(text, sizeof text, judged);
    if (!text[0])
        return;
    vo_live_put(view, NULL, "  limit: ");
    vo_live_put(view, NULL, text);
}

/* "22.7 %", or "not measured: reason", or "not judged". */
static void put_result(struct vo_live_page *view, const struct vo_result *result)
{
    char text[VO_PHRASE_SIZE];
    if (!result) {
        vo_live_put(view, NULL, "not judged");
        return;
    }
    vo_phrase_observed(text, sizeof text, result);
    vo_live_put(view, vo_live_colour(result), text);
    if (result->status == VO_RESULT_NOT_MEASURED && result->reason) {
        vo_live_put(view, NULL, ": ");
        vo_live_put(view, NULL, result->reason);
    }
}

static const struct vo_result *judged(const struct vo_live_page *view, enum vo_metric metric)
{
    return vo_air_result(view->report->air, "cell", view->now.cell->seen.id, metric);
}

static void write_place(struct vo_live_page *view)
{
    const struct vo_air_item *cell = view->now.cell;
    const char *ssid = vo_report_label(&cell->seen, "ssid"), *bssid = view->now.bssid;
    char text[VO_PHRASE_SIZE];
    vo_live_begin(view, "Place");
    vo_live_put(view, "\033[1m", cell->place ? cell->place : "not told");
    if (ssid) {
        vo_live_put(view, NULL, "  ");
        vo_live_put(view, NULL, ssid);
    }
    if (bssid) {
        vo_phrase_channel(text, sizeof text, view->now.mhz);
        vo_live_put(view, NULL, " (");
        vo_live_put(view, NULL, bssid);
        vo_live_put(view, NULL, ", ");
        vo_live_put(view, NULL, text);
        vo_live_put(view, NULL, ")");
    }
    if (view->now.cells > 1) {
        snprintf(text, sizeof text, ", %zu more here", view->now.cells - 1);
        vo_live_put(view, NULL, text);
    }
    vo_live_end_line(view);
}

static size_t bar_column(double dbm, size_t width)
{
    double share = (fmin(fmax(dbm, WEAKEST), STRONGEST) - WEAKEST) / (STRONGEST - WEAKEST);
    return (size_t)(share * (double)width + 0.5);
}

static void put_run(struct vo_live_page *view, const char *sequence, const char *character, size_t count)
{
    char text[BAR_MOST * sizeof "█"] = "";
    for (size_t i = 0; i < count && i < BAR_MOST; i++)
        strcat(text, character);
    if (count > 0)
        vo_live_put(view, sequence, text);
}

/* "██████···│····": to the level, with the limit as a line. */
static void put_bar(struct vo_live_page *view, double dbm, double limit, const struct vo_result *result)
{
    size_t spare = view->style->width > 56 ? view->style->width - 56 : 0;
    size_t width = spare < BAR_LEAST ? BAR_LEAST : spare > BAR_MOST ? BAR_MOST : spare;
    size_t filled = isnan(dbm) ? 0 : bar_column(dbm, width);
    size_t mark = isnan(limit) ? width : bar_column(limit, width);
    put_run(view, vo_live_colour(result), "█", filled < mark ? filled : mark);
    put_run(view, NULL, "·", filled < mark ? mark - filled : 0);
    if (mark < width) {
        vo_live_put(view, "\033[1m", "│");
        put_run(view, vo_live_colour(result), "█", filled > mark + 1 ? filled - mark - 1 : 0);
        put_run(view, NULL, "·", width - (filled > mark + 1 ? filled : mark + 1));
    }
    vo_live_put(view, NULL, "  ");
}

static void write_signal(struct vo_live_page *view)
{
    const struct vo_facts *facts = &view->now.cell->seen.facts;
    const struct vo_result *result = judged(view, VO_METRIC_WLAN_SIGNAL_DBM);
    double mean = vo_facts_number(facts, VO_METRIC_WLAN_SIGNAL_DBM);
    char text[VO_PHRASE_SIZE];
    vo_live_begin(view, "Signal");
    if (!isnan(mean))
        put_bar(view, mean, result ? vo_result_limit(result) : vo_air_number(view->now.cell, "boundary_dbm"),
                result);
    put_metric(view, facts, VO_METRIC_WLAN_SIGNAL_DBM, result);
    put_limit(view, result);
    vo_live_end_line(view);
    if (isnan(mean))
        return;
    vo_live_pad(view, VO_LIVE_NAME_WIDTH);
    vo_phrase_metric_short(text, sizeof text, facts, VO_METRIC_WLAN_SIGNAL_MIN_DBM);
    vo_live_put(view, NULL, "smallest ");
    vo_live_put(view, NULL, text);
    vo_phrase_metric_short(text, sizeof text, facts, VO_METRIC_WLAN_SIGNAL_FRAMES);
    vo_live_put(view, NULL, " of ");
    vo_live_put(view, NULL, text);
    vo_live_put(view, NULL, " readings; at the ear ");
    put_metric(view, facts, VO_METRIC_WLAN_SIGNAL_HANDSET_DBM,
               judged(view, VO_METRIC_WLAN_SIGNAL_HANDSET_DBM));
    vo_live_end_line(view);
}

static bool is_uncovered(const struct vo_air_item *cell)
{
    const char *word = vo_facts_of(&cell->seen.facts, VO_METRIC_WLAN_COVERAGE)->word;
    return word && strcmp(word, "not_heard") == 0;
}

/* Nothing else is to be told of such a place. */
static void write_uncovered(struct vo_live_page *view)
{
    double scans = vo_facts_number(&view->now.cell->seen.facts, VO_METRIC_WLAN_SCANS);
    char text[VO_PHRASE_SIZE];
    vo_live_begin(view, "Signal");
    vo_live_put(view, vo_live_status_colour(VO_RESULT_FAIL), "no coverage");
    snprintf(text, sizeof text, ": not heard in %.0f scan%s", scans, scans > 1.5 ? "s" : "");
    vo_live_put(view, NULL, isnan(scans) ? ": not heard" : text);
    vo_live_end_line(view);
}

static void write_cell_metric(struct vo_live_page *view, const char *name, enum vo_metric metric)
{
    const struct vo_result *result = judged(view, metric);
    vo_live_begin(view, name);
    put_metric(view, &view->now.cell->seen.facts, metric, result);
    put_limit(view, result);
    vo_live_end_line(view);
}

static void write_load(struct vo_live_page *view)
{
    vo_live_begin(view, "Load");
    vo_live_put(view, NULL, "announced ");
    put_result(view,
               vo_live_result(view->report, &view->now, VO_AIR_BSS, VO_METRIC_WLAN_UTILIZATION_PERCENT));
    vo_live_put(view, NULL, "; busy ");
    put_result(view, vo_live_result(view->report, &view->now, VO_AIR_CHANNEL, VO_METRIC_WLAN_BUSY_PERCENT));
    vo_live_end_line(view);
}

static void write_neighbours(struct vo_live_page *view)
{
    const struct vo_air_item *cell = view->now.cell;
    const char *ssid = vo_report_label(&cell->seen, "interferer_ssid");
    const char *bssid = vo_report_label(&cell->seen, "interferer");
    double dbm = vo_air_number(cell, "interferer_dbm");
    char text[VO_PHRASE_SIZE];
    vo_live_begin(view, "Channel");
    vo_phrase_metric(text, sizeof text, &cell->seen.facts, VO_METRIC_WLAN_CHANNEL_ACCESS_POINTS);
    vo_live_put(view, NULL, "others on it: ");
    vo_live_put(view, NULL, text);
    if (bssid) {
        vo_live_put(view, NULL, "; strongest ");
        vo_live_put(view, NULL, ssid ? ssid : bssid);
        snprintf(text, sizeof text, " %.1f dBm", dbm);
        vo_live_put(view, NULL, isnan(dbm) ? "" : text);
    }
    vo_live_end_line(view);
}

/* --- link and roam
 * ------------------------------------------------------------------------------------------- */

static void write_link(struct vo_live_page *view)
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
    vo_live_begin(view, "Link");
    vo_live_put(view, NULL, interface);
    vo_live_put(view, NULL, bssid ? " → " : "");
    vo_live_put(view, NULL, bssid ? bssid : "");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const struct vo_result *result =
            vo_live_result(view->report, &view->now, VO_AIR_LINK, shown[i].metric);
        char text[VO_PHRASE_SIZE];
        if (!result)
            continue;
        vo_phrase_observed(text, sizeof text, result);
        vo_live_put(view, NULL, ", ");
        vo_live_put(view, NULL, shown[i].name);
        vo_live_put(view, NULL, " ");
        vo_live_put(view, vo_live_colour(result), text);
    }
    vo_live_end_line(view);
}

static void write_roam(struct vo_live_page *view)
{
    static const struct {
        enum vo_metric metric;
        const char *name;
    } shown[] = {{VO_METRIC_WLAN_ROAM_GAP_MS, "gap"},
                 {VO_METRIC_WLAN_ROAM_SIGNAL_BEFORE_DBM, "signal before"},
                 {VO_METRIC_WLAN_ROAM_MEDIA, "media"},
                 {VO_METRIC_WLAN_ROAM_SUBNET, "subnet"}};
    char text[VO_PHRASE_SIZE] = "";
    vo_live_begin(view, "Last roam");
    vo_phrase_where(text, sizeof text, view->now.roam);
    vo_live_put(view, NULL, text);
    vo_live_end_line(view);
    vo_live_pad(view, VO_LIVE_NAME_WIDTH);
    bool first = true;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const struct vo_result *result =
            vo_live_result(view->report, &view->now, VO_AIR_ROAM, shown[i].metric);
        if (!result)
            continue;
        vo_live_put(view, NULL, first ? "" : ", ");
        vo_live_put(view, NULL, shown[i].name);
        vo_live_put(view, NULL, " ");
        put_result(view, result);
        first = false;
    }
    vo_live_end_line(view);
}

void vo_live_here(struct vo_live_page *view)
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
