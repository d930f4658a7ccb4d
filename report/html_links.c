/* Links: this host's own, by the kernel's counters, and those heard on the air; and their time. */
#include "report/html_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LINKS_SHOWN 50

/* "wlan0", below: the network; of what was heard, who sends to whom. */
static void write_name(struct vo_out *out, const struct vo_air_item *link)
{
    const struct vo_observation *seen = &link->seen;
    const char *from = vo_report_label(seen, "transmitter"), *to = vo_report_label(seen, "receiver");
    const char *interface = vo_report_label(seen, "interface"), *bssid = vo_report_label(seen, "bssid");
    const char *ssid = vo_report_label(seen, "ssid");
    double mhz = vo_air_number(link, "frequency_mhz");
    bool heard = from && to;
    char channel[VO_PHRASE_SIZE] = "";
    vo_html_row_begin(out, link->worst);
    vo_out_add(out, "<th scope=\"row\">");
    vo_out_html(out, heard ? from : interface ? interface : seen->id);
    if (heard || bssid) {
        vo_out_add(out, " → ");
        vo_out_html(out, heard ? to : bssid);
    }
    if (!isnan(mhz))
        vo_phrase_channel(channel, sizeof channel, mhz);
    vo_html_below_format(out, "%s%s%s%s%s", ssid ? ssid : "", ssid && channel[0] ? ", " : "", channel,
                         link->place ? ", at " : "", link->place ? link->place : "");
    vo_out_add(out, "</th>");
}

/* A metric, below how many of what: "0.05 %", "10 of 18,720 frames". */
static void write_share(struct vo_out *out, const struct vo_facts *facts, enum vo_metric share,
                        enum vo_metric part, enum vo_metric whole)
{
    char text[VO_PHRASE_SIZE], few[VO_PHRASE_SIZE], all[VO_PHRASE_SIZE];
    if (isnan(vo_facts_number(facts, share))) {
        vo_html_cell_metric(out, facts, share);
        return;
    }
    vo_phrase_metric_short(text, sizeof text, facts, share);
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, text);
    if (!isnan(vo_facts_number(facts, part)) && !isnan(vo_facts_number(facts, whole))) {
        vo_phrase_metric_short(few, sizeof few, facts, part);
        vo_phrase_metric_short(all, sizeof all, facts, whole);
        vo_html_below_format(out, "%s of %s", few, all);
    }
    vo_out_add(out, "</td>");
}

static void write_signal(struct vo_out *out, const struct vo_facts *facts)
{
    char text[VO_PHRASE_SIZE], least[VO_PHRASE_SIZE];
    if (isnan(vo_facts_number(facts, VO_METRIC_WLAN_SIGNAL_DBM))) {
        vo_html_cell_metric(out, facts, VO_METRIC_WLAN_SIGNAL_DBM);
        return;
    }
    vo_phrase_metric_short(text, sizeof text, facts, VO_METRIC_WLAN_SIGNAL_DBM);
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, text);
    vo_phrase_metric_short(least, sizeof least, facts, VO_METRIC_WLAN_SIGNAL_MIN_DBM);
    if (strcmp(least, "–") != 0)
        vo_html_below_format(out, "smallest %s", least);
    vo_out_add(out, "</td>");
}

/* "573 / 516 Mbit/s" */
static void write_rates(struct vo_out *out, const struct vo_facts *facts)
{
    double sent = vo_facts_number(facts, VO_METRIC_WLAN_TX_RATE_MBPS);
    double received = vo_facts_number(facts, VO_METRIC_WLAN_RX_RATE_MBPS);
    char one[VO_PHRASE_SIZE], other[VO_PHRASE_SIZE];
    vo_phrase_metric_short(one, sizeof one, facts, VO_METRIC_WLAN_TX_RATE_MBPS);
    vo_phrase_metric_short(other, sizeof other, facts, VO_METRIC_WLAN_RX_RATE_MBPS);
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, one);
    vo_out_add(out, isnan(sent) ? "" : " sent");
    if (!isnan(received))
        vo_html_below_format(out, "%s received", other);
    vo_out_add(out, "</td>");
}

static void write_link(struct vo_out *out, const struct vo_air_item *link)
{
    const struct vo_facts *facts = &link->seen.facts;
    write_name(out, link);
    write_signal(out, facts);
    vo_html_cell_metric(out, facts, VO_METRIC_WLAN_SNR_DB);
    write_share(out, facts, VO_METRIC_WLAN_PER_PERCENT, VO_METRIC_WLAN_UNDELIVERED_FRAMES,
                VO_METRIC_WLAN_SENT_FRAMES);
    write_share(out, facts, VO_METRIC_WLAN_RETRY_PERCENT, VO_METRIC_WLAN_RETRY_FRAMES,
                VO_METRIC_WLAN_ATTEMPTS);
    write_rates(out, facts);
    vo_out_add(out, "</tr>\n");
}

static void write_track(const struct vo_html *html, const struct vo_air_track *track)
{
    struct vo_out *out = html->out;
    char text[VO_PHRASE_SIZE];
    vo_out_add(out, "<h3 class=\"above\">");
    vo_out_html(out, track->name);
    if (!track->is_link && track->interface) {
        vo_out_add(out, ", ");
        vo_out_html(out, track->interface);
    }
    vo_phrase_time(text, sizeof text, track->series.start);
    vo_out_format(out, " <small class=\"muted\">from %s, ", text);
    vo_phrase_clock(text, sizeof text, (double)track->series.rows * track->series.step_s);
    vo_out_format(out, "%s</small></h3>\n", text);
    vo_html_plots(html, &track->series, track->is_link ? "link" : "channel");
}

static void write_tracks(const struct vo_html *html)
{
    const struct vo_air *air = html->report->air;
    if (html->plots_left_out) {
        vo_out_add(html->out, "<p>");
        vo_out_html(html->out, html->plots_left_out);
        vo_out_add(html->out, "</p>\n");
        return;
    }
    for (size_t i = 0; i < air->track_count && i < VO_HTML_TRACKS; i++)
        write_track(html, &air->tracks[i]);
    vo_html_more(html->out, air->track_count, VO_HTML_TRACKS, "series of links and channels");
}

void vo_html_links(const struct vo_html *html)
{
    static const char *const headings[] = {"Verdict",     "Link",    "Signal, mean", "Signal to noise",
                                           "Undelivered", "Retries", "Rates, mean"};
    const struct vo_air *air = html->report->air;
    const struct vo_air_list *links = &air->list[VO_AIR_LINK];
    if (links->count + air->track_count == 0)
        return;
    vo_html_section(html->out, "links", "Links and their time");
    if (links->count > 0) {
        vo_html_table_begin(html->out, "Worst first. A retry is no loss", headings, 7);
        for (size_t i = 0; i < links->count && i < LINKS_SHOWN; i++)
            write_link(html->out, links->items[i]);
        vo_html_table_end(html->out);
        vo_html_more(html->out, links->count, LINKS_SHOWN, "links, none worse than these");
    }
    if (air->track_count > 0)
        write_tracks(html);
    vo_out_add(html->out, "</section>\n");
}
