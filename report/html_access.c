/* What the surveyed BSSs announce: security, features, power; and how many calls they fit. */
#include "report/html_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BSSS_SHOWN 100

static const struct vo_facts *facts_of(const struct vo_air_bss *bss)
{
    return &bss->newest->seen.facts;
}

static const char *word(const struct vo_air_bss *bss, enum vo_metric state)
{
    return vo_facts_of(facts_of(bss), state)->word;
}

/* A state: what is off in a voice network is meant to be seen. */
static void write_state(struct vo_out *out, const struct vo_air_bss *bss, enum vo_metric state)
{
    const char *said = word(bss, state);
    bool off = said && strcmp(said, "off") == 0;
    vo_out_add(out, said ? off ? "<td class=\"n\"><b>" : "<td class=\"n\">" : "<td class=\"off\">");
    vo_out_html(out, said ? said : "not told");
    vo_out_add(out, off ? "</b></td>" : "</td>");
}

static void write_security(struct vo_out *out, const struct vo_air_bss *bss)
{
    char text[VO_PHRASE_SIZE];
    vo_phrase_metric_short(text, sizeof text, facts_of(bss), VO_METRIC_WLAN_SECURITY);
    vo_out_add(out, "<td>");
    vo_out_html(out, text);
    vo_html_below(out, vo_report_label(&bss->newest->seen, "akms"));
    vo_out_add(out, "</td>");
}

/* "k, v, r": what helps to roam. */
static void write_roaming(struct vo_out *out, const struct vo_air_bss *bss)
{
    static const struct {
        enum vo_metric state;
        const char *letter;
    } rows[] = {{VO_METRIC_WLAN_NEIGHBOR_REPORTS, "k"},
                {VO_METRIC_WLAN_BSS_TRANSITION, "v"},
                {VO_METRIC_WLAN_FAST_TRANSITION, "r"}};
    size_t on = 0, told = 0;
    vo_out_add(out, "<td class=\"n\">");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *said = word(bss, rows[i].state);
        told += said != NULL;
        if (said && strcmp(said, "on") == 0)
            vo_out_format(out, "%s%s", on++ ? ", " : "", rows[i].letter);
    }
    vo_out_add(out, on ? "</td>" : told ? "<b>none</b></td>" : "not told</td>");
}

/* "ax, 4 streams" */
static void write_phy(struct vo_out *out, const struct vo_air_bss *bss)
{
    char text[VO_PHRASE_SIZE];
    double streams = vo_facts_number(facts_of(bss), VO_METRIC_WLAN_STREAMS);
    vo_phrase_metric_short(text, sizeof text, facts_of(bss), VO_METRIC_WLAN_PHY);
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, text);
    vo_out_add(out, "<span class=\"id\">");
    if (isnan(streams))
        vo_out_add(out, "streams not told");
    else
        vo_out_format(out, "%.0f stream%s", streams, streams > 1.5 ? "s" : "");
    vo_out_add(out, "</span></td>");
}

/* The power that it announces; below: country, and what the country allows. */
static void write_power(struct vo_out *out, const struct vo_air_bss *bss)
{
    const struct vo_observation *seen = &bss->newest->seen;
    const char *country = vo_report_label(seen, "country"), *most = vo_report_label(seen, "power_limit_dbm");
    const char *radar = vo_report_label(seen, "dfs");
    bool shared = radar && strcmp(radar, "yes") == 0;
    char text[VO_PHRASE_SIZE];
    vo_phrase_metric_short(text, sizeof text, &seen->facts, VO_METRIC_WLAN_TX_POWER_DBM);
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, strcmp(text, "–") == 0 ? "not announced" : text);
    vo_html_below_format(out, "%s%s%s%s", country ? country : "", most ? ", at most " : "", most ? most : "",
                         most ? " dBm" : "");
    vo_html_below(out, shared ? "radar (DFS)" : NULL);
    vo_out_add(out, "</td>");
}

static void write_capacity(struct vo_out *out, const struct vo_air_bss *bss)
{
    const struct vo_facts *facts = bss->derived ? &bss->derived->seen.facts : NULL;
    char text[VO_PHRASE_SIZE], most[VO_PHRASE_SIZE];
    if (!facts) {
        vo_html_cell(out, NULL);
        return;
    }
    const struct vo_reported *calls = vo_facts_of(facts, VO_METRIC_WLAN_CAPACITY_CALLS);
    if (isnan(calls->number)) {
        vo_html_cell_metric(out, facts, VO_METRIC_WLAN_CAPACITY_CALLS);
        return;
    }
    vo_phrase_metric_short(text, sizeof text, facts, VO_METRIC_WLAN_CAPACITY_CALLS);
    vo_out_add(out, "<td>");
    vo_out_html(out, text);
    vo_phrase_metric_short(most, sizeof most, facts, VO_METRIC_WLAN_CAPACITY_MOST_CALLS);
    if (strcmp(most, "–") != 0) {
        vo_out_add(out, " to ");
        vo_out_html(out, most);
    }
    vo_html_below(out, vo_report_label(&bss->derived->seen, "assumptions"));
    vo_out_add(out, "</td>");
}

static void write_bss(struct vo_out *out, const struct vo_air_bss *bss)
{
    const struct vo_observation *seen = &bss->newest->seen;
    const char *ssid = vo_report_label(seen, "ssid"), *name = vo_report_label(seen, "ap_name");
    char channel[VO_PHRASE_SIZE];
    vo_phrase_channel(channel, sizeof channel, vo_air_number(bss->newest, "frequency_mhz"));
    vo_html_row_begin(out, bss->worst);
    vo_out_add(out, "<th scope=\"row\">");
    vo_out_html(out, ssid ? ssid : "hidden network");
    vo_html_below_format(out, "%s%s%s, %s", name ? name : "", name ? ", " : "", seen->id, channel);
    vo_out_add(out, "</th>");
    write_security(out, bss);
    write_state(out, bss, VO_METRIC_WLAN_PMF);
    write_state(out, bss, VO_METRIC_WLAN_WMM);
    write_state(out, bss, VO_METRIC_WLAN_UAPSD);
    write_roaming(out, bss);
    write_phy(out, bss);
    write_power(out, bss);
    vo_phrase_metric_short(channel, sizeof channel, &seen->facts, VO_METRIC_WLAN_BSS_STATIONS);
    vo_html_cell(out, channel);
    write_capacity(out, bss);
    vo_out_add(out, "</tr>\n");
}

void vo_html_access_points(const struct vo_html *html)
{
    static const char *const headings[] = {"Verdict", "Network",  "Security",      "PMF",
                                           "WMM",     "U-APSD",   "802.11",        "PHY",
                                           "Power",   "Stations", "Calls that fit"};
    const struct vo_air *air = html->report->air;
    if (air->surveyed_count == 0)
        return;
    vo_html_section(html->out, "access-points", "Access points, as they announce themselves");
    vo_html_table_begin(html->out, air->told_surveyed ? "Surveyed networks" : "Networks", headings, 11);
    for (size_t i = 0; i < air->surveyed_count && i < BSSS_SHOWN; i++)
        write_bss(html->out, air->bsss[i]);
    vo_html_table_end(html->out);
    vo_html_more(html->out, air->surveyed_count, BSSS_SHOWN, "networks");
    vo_out_add(
        html->out,
        "<p class=\"muted\">802.11: k neighbour reports, v BSS transition, r fast transition. Calls that "
        "fit are of a model, from cautious to what no channel beats; no measurement.</p>\n</section>\n");
}
