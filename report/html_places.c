/* Signal by place, separation of cells, overlap of access points. */
#include "report/html_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PLACES_SHOWN        100
#define ACCESS_POINTS_SHOWN 100

/* The figure's scale. */
#define WEAKEST   (-95.0)
#define STRONGEST (-35.0)
#define WIDTH     240.0

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static double of(const struct vo_air_item *item, enum vo_metric metric)
{
    return vo_facts_number(&item->seen.facts, metric);
}

static bool is_heard(const struct vo_air_item *cell)
{
    return !same(vo_facts_of(&cell->seen.facts, VO_METRIC_WLAN_COVERAGE)->word, "not_heard");
}

static double x_of(double dbm)
{
    return (fmin(fmax(dbm, WEAKEST), STRONGEST) - WEAKEST) / (STRONGEST - WEAKEST) * WIDTH;
}

/* --- signal
 * ------------------------------------------------------------------------------------------------- */

/* A bar to the mean, a line at the smallest, a ring at the ear's, dashes at the boundary. The numbers stand
 * beside it: it is hidden from those who do not see it. */
static void write_bar(struct vo_out *out, const struct vo_air_item *cell)
{
    double mean = of(cell, VO_METRIC_WLAN_SIGNAL_DBM), least = of(cell, VO_METRIC_WLAN_SIGNAL_MIN_DBM);
    double ear = of(cell, VO_METRIC_WLAN_SIGNAL_HANDSET_DBM), boundary = vo_air_number(cell, "boundary_dbm");
    vo_out_format(out,
                  "<td class=\"bar\"><svg viewBox=\"0 0 %g 20\" aria-hidden=\"true\">"
                  "<path class=\"rail\" d=\"M0 10H%g\"/>",
                  WIDTH, WIDTH);
    if (!isnan(mean))
        vo_out_format(out, "<rect class=\"%s\" y=\"5\" width=\"%.1f\" height=\"10\"/>",
                      mean < boundary ? "weak" : "good", x_of(mean));
    if (!isnan(least))
        vo_out_format(out, "<path class=\"least\" d=\"M%.1f 2V18\"/>", x_of(least));
    if (!isnan(ear))
        vo_out_format(out, "<circle class=\"ear\" cx=\"%.1f\" cy=\"10\" r=\"3.5\"/>", x_of(ear));
    if (!isnan(boundary))
        vo_out_format(out, "<path class=\"edge\" d=\"M%.1f 0V20\"/>", x_of(boundary));
    vo_out_add(out, "</svg></td>");
}

/* The access point's name or its BSSID, and its level if wanted; below BSSID and channel. */
static void write_serving(const struct vo_html *html, const struct vo_air_item *cell, bool with_level)
{
    struct vo_out *out = html->out;
    const char *bssid = vo_report_label(&cell->seen, "bssid"), *ap = vo_report_label(&cell->seen, "ap");
    const char *name = vo_air_name(html->report->air, ap ? ap : bssid);
    double mhz = vo_air_number(cell, "frequency_mhz");
    char text[VO_PHRASE_SIZE];
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, name ? name : bssid ? bssid : "–");
    if (with_level) {
        vo_phrase_metric_short(text, sizeof text, &cell->seen.facts, VO_METRIC_WLAN_SIGNAL_DBM);
        vo_out_add(out, ", ");
        vo_out_html(out, text);
    }
    vo_html_below(out, name ? bssid : NULL);
    vo_phrase_channel(text, sizeof text, mhz);
    vo_html_below(out, isnan(mhz) ? NULL : text);
    vo_out_add(out, "</td>");
}

static void write_name(struct vo_out *out, const struct vo_air_item *cell)
{
    vo_out_add(out, "<th scope=\"row\">");
    vo_out_html(out, cell->place ? cell->place : "place not told");
    vo_html_below(out, vo_report_label(&cell->seen, "ssid"));
    vo_out_add(out, "</th>");
}

static void write_uncovered(struct vo_out *out, const struct vo_air_item *cell)
{
    double scans = of(cell, VO_METRIC_WLAN_SCANS);
    vo_out_add(out, "<td colspan=\"6\"><b class=\"bad\">No coverage</b>: not heard");
    if (!isnan(scans))
        vo_out_format(out, " in %.0f scan%s", scans, scans > 1.5 ? "s" : "");
    vo_out_add(out, "</td></tr>\n");
}

/* The mean, below the smallest reading. */
static void write_mean(struct vo_out *out, const struct vo_air_item *cell)
{
    char text[VO_PHRASE_SIZE], least[VO_PHRASE_SIZE];
    if (isnan(of(cell, VO_METRIC_WLAN_SIGNAL_DBM))) {
        vo_html_cell_metric(out, &cell->seen.facts, VO_METRIC_WLAN_SIGNAL_DBM);
        return;
    }
    vo_phrase_metric_short(text, sizeof text, &cell->seen.facts, VO_METRIC_WLAN_SIGNAL_DBM);
    vo_phrase_metric_short(least, sizeof least, &cell->seen.facts, VO_METRIC_WLAN_SIGNAL_MIN_DBM);
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, text);
    if (strcmp(least, "–") != 0)
        vo_html_below_format(out, "smallest %s", least);
    vo_out_add(out, "</td>");
}

/* How many access points of the SSID reach the boundary, below the second one's level. */
static void write_reach(struct vo_out *out, const struct vo_air_item *cell)
{
    char text[VO_PHRASE_SIZE], second[VO_PHRASE_SIZE];
    vo_phrase_metric_short(text, sizeof text, &cell->seen.facts, VO_METRIC_WLAN_ACCESS_POINTS);
    vo_phrase_metric_short(second, sizeof second, &cell->seen.facts, VO_METRIC_WLAN_SECOND_SIGNAL_DBM);
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, text);
    if (strcmp(second, "–") != 0)
        vo_html_below_format(out, "second: %s", second);
    vo_out_add(out, "</td>");
}

static void write_cell(const struct vo_html *html, const struct vo_air_item *cell)
{
    struct vo_out *out = html->out;
    vo_html_row_begin(out, cell->worst);
    write_name(out, cell);
    if (!is_heard(cell)) {
        write_uncovered(out, cell);
        return;
    }
    write_bar(out, cell);
    write_mean(out, cell);
    vo_html_cell_metric(out, &cell->seen.facts, VO_METRIC_WLAN_SIGNAL_HANDSET_DBM);
    vo_html_cell_metric(out, &cell->seen.facts, VO_METRIC_WLAN_SNR_DB);
    write_serving(html, cell, false);
    write_reach(out, cell);
    vo_out_add(out, "</tr>\n");
}

/* "3 of 40 places have no coverage, 5 are below the boundary of -70 dBm." Only places with a boundary count.
 */
static void write_summary(struct vo_out *out, const struct vo_air_list *cells)
{
    size_t silent = 0, weak = 0;
    double boundary = NAN;
    for (size_t i = 0; i < cells->count; i++) {
        double limit = vo_air_number(cells->items[i], "boundary_dbm");
        silent += !is_heard(cells->items[i]);
        weak += of(cells->items[i], VO_METRIC_WLAN_SIGNAL_DBM) < limit;
        boundary = isnan(boundary) ? limit : boundary;
    }
    vo_out_format(out, "<p>%zu of %zu without coverage", silent, cells->count);
    if (!isnan(boundary))
        vo_out_format(out, ", %zu with a mean below the boundary of %g dBm", weak, boundary);
    vo_out_add(out, ". Bar: mean; thin line: smallest reading; ring: estimate at the ear; dashes: "
                    "boundary; from -95 to -35 dBm.</p>\n");
}

/* How the ear's level was estimated: the adapter's calibration, and the head. */
static void write_calibration(struct vo_out *out, const struct vo_air_list *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        const char *phone = vo_report_label(&cells->items[i]->seen, "phone");
        const char *adapter = vo_report_label(&cells->items[i]->seen, "adapter");
        double offset = vo_air_number(cells->items[i], "phone_offset_db");
        if (!phone || isnan(offset))
            continue;
        vo_out_format(out, "<p class=\"muted\">At the ear: corrected by %+g dB for ", offset);
        vo_out_html(out, phone);
        if (adapter) {
            vo_out_add(out, " against ");
            vo_out_html(out, adapter);
        }
        vo_out_add(out, ", as calibrated.</p>\n");
        return;
    }
}

static void write_signal(const struct vo_html *html)
{
    static const char *const headings[] = {"Verdict",    "Place",           "Level",     "Mean",
                                           "At the ear", "Signal to noise", "Strongest", "APs in reach"};
    const struct vo_air_list *cells = &html->report->air->list[VO_AIR_CELL];
    vo_html_section(html->out, "places", "Signal by place");
    write_summary(html->out, cells);
    vo_html_table_begin(html->out, "Places without coverage first, then the weakest", headings, 8);
    for (size_t i = 0; i < cells->count && i < PLACES_SHOWN; i++)
        write_cell(html, cells->items[i]);
    vo_html_table_end(html->out);
    vo_html_more(html->out, cells->count, PLACES_SHOWN, "places, none weaker than these");
    write_calibration(html->out, cells);
    vo_out_add(html->out, "</section>\n");
}

/* --- separation
 * --------------------------------------------------------------------------------------------- */

static const struct vo_result *result_of(const struct vo_html *html, const struct vo_air_item *item,
                                         enum vo_metric metric)
{
    return vo_air_result(html->report->air, vo_air_words[item->kind], item->seen.id, metric);
}

static void begin_judged(const struct vo_html *html, const struct vo_air_item *item, enum vo_metric metric)
{
    const struct vo_result *result = result_of(html, item, metric);
    vo_html_row_begin(html->out, result ? result->status : VO_RESULT_STATUSES);
}

/* The metric, below its limit. */
static void write_limited(const struct vo_html *html, const struct vo_air_item *item, enum vo_metric metric)
{
    const struct vo_result *result = result_of(html, item, metric);
    char text[VO_PHRASE_SIZE], limit[VO_PHRASE_SIZE] = "";
    if (isnan(of(item, metric))) {
        vo_html_cell_metric(html->out, &item->seen.facts, metric);
        return;
    }
    vo_phrase_metric_short(text, sizeof text, &item->seen.facts, metric);
    vo_out_add(html->out, "<td class=\"n\">");
    vo_out_html(html->out, text);
    if (result)
        vo_phrase_limit(limit, sizeof limit, result);
    if (limit[0])
        vo_html_below_format(html->out, "limit: %s", limit);
    vo_out_add(html->out, "</td>");
}

static void write_interferer(struct vo_out *out, const struct vo_air_item *cell)
{
    const char *bssid = vo_report_label(&cell->seen, "interferer");
    const char *ssid = vo_report_label(&cell->seen, "interferer_ssid");
    double dbm = vo_air_number(cell, "interferer_dbm");
    char text[VO_PHRASE_SIZE];
    vo_out_add(out, "<td class=\"w\">");
    vo_out_html(out, ssid ? ssid : bssid ? "name not known" : "–");
    if (!isnan(dbm)) {
        vo_phrase_number(text, sizeof text, dbm, "dBm", NAN, NAN, NAN);
        vo_out_add(out, ", ");
        vo_out_html(out, text);
    }
    vo_html_below(out, bssid);
    vo_out_add(out, "</td>");
}

static void write_separation_row(const struct vo_html *html, const struct vo_air_item *cell)
{
    struct vo_out *out = html->out;
    begin_judged(html, cell, VO_METRIC_WLAN_SEPARATION_DB);
    write_name(out, cell);
    write_serving(html, cell, true);
    write_interferer(out, cell);
    write_limited(html, cell, VO_METRIC_WLAN_SEPARATION_DB);
    vo_html_cell_metric(out, &cell->seen.facts, VO_METRIC_WLAN_EFFECTIVE_SEPARATION_DB);
    vo_out_add(out, "</tr>\n");
}

/* NULL: there is a separation, or the SSID was not heard. */
static const char *why_unseparated(const struct vo_air_item *cell)
{
    return is_heard(cell) ? vo_facts_of(&cell->seen.facts, VO_METRIC_WLAN_SEPARATION_DB)->missing : NULL;
}

/* Places where there is nothing to separate from, by their reason. */
static void write_unseparated(struct vo_out *out, const struct vo_air_list *cells)
{
    bool first = true;
    for (size_t i = 0; i < cells->count; i++) {
        const struct vo_air_item *cell = cells->items[i];
        const char *why = why_unseparated(cell);
        size_t count = 0, before = 0;
        for (size_t k = 0; why && k < cells->count; k++) {
            const char *other = why_unseparated(cells->items[k]);
            count += same(other, why);
            before += k < i && same(other, why);
        }
        if (!why || before)
            continue;
        vo_out_format(out, "%sNot measured at %zu place%s: ", first ? "<p class=\"muted\">" : "<br>", count,
                      count == 1 ? "" : "s");
        vo_out_html(out, why);
        vo_out_add(out, ".");
        first = false;
    }
    vo_out_add(out, first ? "" : "</p>\n");
}

static void write_separation(const struct vo_html *html)
{
    static const char *const headings[] = {"Verdict",    "Place",
                                           "Strongest",  "Strongest other in its channel",
                                           "Separation", "Within the channel"};
    const struct vo_air_list *cells = &html->report->air->list[VO_AIR_CELL];
    const struct vo_air_item *sorted[PLACES_SHOWN];
    size_t count = 0, shown = 0;
    for (size_t i = 0; i < cells->count; i++) {
        const struct vo_air_item *cell = cells->items[i];
        double db = of(cell, VO_METRIC_WLAN_SEPARATION_DB);
        if (isnan(db))
            continue;
        count++;
        size_t at = shown < PLACES_SHOWN ? shown++ : PLACES_SHOWN; /* insertion: the smallest stay */
        while (at > 0 && of(sorted[at - 1], VO_METRIC_WLAN_SEPARATION_DB) > db) {
            if (at < PLACES_SHOWN)
                sorted[at] = sorted[at - 1];
            at--;
        }
        if (at < PLACES_SHOWN)
            sorted[at] = cell;
    }
    if (count == 0)
        return;
    vo_html_section(html->out, "separation", "Separation of cells on a channel");
    vo_html_table_begin(html->out, "How far the strongest stands above others in its channel, smallest first",
                        headings, 6);
    for (size_t i = 0; i < shown; i++)
        write_separation_row(html, sorted[i]);
    vo_html_table_end(html->out);
    vo_html_more(html->out, count, PLACES_SHOWN, "places, with larger separation");
    write_unseparated(html->out, cells);
    vo_out_add(html->out, "</section>\n");
}

/* --- overlap
 * ------------------------------------------------------------------------------------------------ */

/* "SSID ADDRESS" is the id. */
static const char *address_of(const struct vo_air_item *access_point)
{
    const char *end = strrchr(access_point->seen.id, ' ');
    return end ? end + 1 : access_point->seen.id;
}

static void write_access_point(const struct vo_html *html, const char *address)
{
    const char *name = vo_air_name(html->report->air, address);
    vo_out_html(html->out, name ? name : address ? address : "–");
    vo_html_below(html->out, name ? address : NULL);
}

static void write_overlap_row(const struct vo_html *html, const struct vo_air_item *item)
{
    struct vo_out *out = html->out;
    begin_judged(html, item, VO_METRIC_WLAN_OVERLAP_PERCENT);
    vo_out_add(out, "<th scope=\"row\">");
    write_access_point(html, address_of(item));
    vo_out_add(out, "</th>");
    vo_html_cell_wide(out, vo_report_label(&item->seen, "ssid"));
    vo_html_cell_metric(out, &item->seen.facts, VO_METRIC_WLAN_COVERED_PLACES);
    vo_out_add(out, "<td class=\"n\">");
    write_access_point(html, vo_report_label(&item->seen, "neighbour"));
    vo_out_add(out, "</td>");
    vo_html_cell(out, vo_report_label(&item->seen, "shared_places"));
    write_limited(html, item, VO_METRIC_WLAN_OVERLAP_PERCENT);
    vo_out_add(out, "</tr>\n");
}

static void write_overlap(const struct vo_html *html)
{
    static const char *const headings[] = {"Verdict",        "Access point",   "SSID",   "Places covered",
                                           "Best neighbour", "Covers of them", "Overlap"};
    const struct vo_air_list *list = &html->report->air->list[VO_AIR_ACCESS_POINT];
    if (list->count == 0)
        return;
    vo_html_section(html->out, "overlap", "Overlap of adjoining cells");
    vo_html_table_begin(html->out,
                        "Of the places that an access point covers, those that its best neighbour covers too",
                        headings, 7);
    for (size_t i = 0; i < list->count && i < ACCESS_POINTS_SHOWN; i++)
        write_overlap_row(html, list->items[i]);
    vo_html_table_end(html->out);
    vo_html_more(html->out, list->count, ACCESS_POINTS_SHOWN, "access points, none worse than these");
    vo_out_add(html->out, "</section>\n");
}

void vo_html_places(const struct vo_html *html)
{
    if (html->report->air->list[VO_AIR_CELL].count > 0) {
        write_signal(html);
        write_separation(html);
    }
    write_overlap(html);
}
