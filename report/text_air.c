#include "report/phrase.h"
#include "report/text_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PLACES_SHOWN   40
#define BSSS_SHOWN     40
#define CHANNELS_SHOWN 40
#define LINKS_SHOWN    20
#define ROAMS_SHOWN    20
#define BURSTS_SHOWN   20
#define PLACE_WIDTH    22
#define VERDICT_WIDTH  9

static double of(const struct vo_air_item *item, enum vo_metric metric)
{
    return item ? vo_facts_number(&item->seen.facts, metric) : NAN;
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool is_heard(const struct vo_air_item *cell)
{
    return !same(vo_facts_of(&cell->seen.facts, VO_METRIC_WLAN_COVERAGE)->word, "not_heard");
}

/* What is left of the line for its last column. */
static size_t rest(const struct vo_text *page, size_t used)
{
    enum { LEAST = 8 };
    return page->style->width > used + LEAST ? page->style->width - used : LEAST;
}

/* The last column: cut, but not filled up. */
static void end_row(const struct vo_text *page, const char *text, size_t used)
{
    size_t width = vo_out_width(text), most = rest(page, used);
    vo_text_cell(page, text, width < most ? width : most, false);
    vo_out_add(page->out, "\n");
}

static void number(const struct vo_text *page, const struct vo_air_item *item, enum vo_metric metric,
                   size_t width)
{
    char text[VO_PHRASE_SIZE] = "–";
    double value = of(item, metric);
    if (!isnan(value))
        snprintf(text, sizeof text, "%.1f", value);
    vo_out_add(page->out, " ");
    vo_text_cell(page, text, width, true);
}

/* A line about something that was judged: the verdict first. */
static void write_item(const struct vo_text *page, enum vo_result_status worst, struct vo_out *line)
{
    vo_out_add(page->out, "  ");
    vo_text_worst(page, worst);
    vo_out_add(page->out, worst == VO_RESULT_STATUSES ? "" : ": ");
    size_t column = worst == VO_RESULT_STATUSES ? 2 : 4 + strlen(vo_phrase_worst(worst));
    vo_text_wrap(page, line->data ? line->data : "", column, 4);
    vo_out_end_part(page->out, line);
}

static const char *name_of(const struct vo_text *page, const char *address)
{
    const char *name = vo_air_name(page->report->air, address);
    return name ? name : address ? address : "–";
}

/* --- places
 * ------------------------------------------------------------------------------------------------- */

/* The verdict, and "Lobby, voice". */
static void write_place(const struct vo_text *page, const struct vo_air_item *cell,
                        enum vo_result_status worst)
{
    const char *ssid = vo_report_label(&cell->seen, "ssid");
    struct vo_out text = {0};
    vo_out_add(&text, cell->place ? cell->place : "place not told");
    vo_out_add(&text, ssid ? ", " : "");
    vo_out_add(&text, ssid);
    vo_out_add(page->out, "  ");
    vo_text_verdict(page, worst, VERDICT_WIDTH);
    vo_text_cell(page, text.data ? text.data : "", PLACE_WIDTH, false);
    vo_out_end_part(page->out, &text);
}

/* "ap-lobby (36)" */
static void write_serving(const struct vo_text *page, const struct vo_air_item *cell, size_t used)
{
    const char *ap = vo_report_label(&cell->seen, "ap"), *bssid = vo_report_label(&cell->seen, "bssid");
    double mhz = vo_air_number(cell, "frequency_mhz");
    char channel[VO_PHRASE_SIZE];
    struct vo_out text = {0};
    vo_out_add(&text, name_of(page, ap ? ap : bssid));
    vo_phrase_channel(channel, sizeof channel, mhz);
    const char *number_only = strncmp(channel, "channel ", 8) == 0 ? channel + 8 : channel;
    vo_out_format(&text, isnan(mhz) ? "" : " (%s)", number_only);
    vo_out_add(page->out, "  ");
    end_row(page, text.data ? text.data : "", used);
    vo_out_end_part(page->out, &text);
}

static void write_cell(const struct vo_text *page, const struct vo_air_item *cell)
{
    write_place(page, cell, cell->worst);
    if (!is_heard(cell)) {
        vo_out_add(page->out, " no coverage\n");
        return;
    }
    number(page, cell, VO_METRIC_WLAN_SIGNAL_DBM, 6);
    number(page, cell, VO_METRIC_WLAN_SIGNAL_MIN_DBM, 8);
    number(page, cell, VO_METRIC_WLAN_SIGNAL_HANDSET_DBM, 6);
    number(page, cell, VO_METRIC_WLAN_SNR_DB, 6);
    write_serving(page, cell, 34 + VERDICT_WIDTH + PLACE_WIDTH);
}

/* Why a metric was not measured where the SSID was heard; NULL: it was, or was not heard. */
static const char *why_missing(const struct vo_air_item *cell, enum vo_metric metric)
{
    return is_heard(cell) ? vo_facts_of(&cell->seen.facts, metric)->missing : NULL;
}

/* Each reason once with the number of places. */
static void write_reasons(const struct vo_text *page, const struct vo_air_list *cells, enum vo_metric metric)
{
    for (size_t i = 0; i < cells->count; i++) {
        const char *why = why_missing(cells->items[i], metric);
        size_t count = 0, before = 0;
        for (size_t k = 0; why && k < cells->count; k++) {
            bool equal = same(why_missing(cells->items[k], metric), why);
            count += equal;
            before += equal && k < i;
        }
        if (!why || before)
            continue;
        struct vo_out line = {0};
        vo_out_format(&line, "%s not measured at %zu place%s: %s", vo_phrase_heading(metric), count,
                      count == 1 ? "" : "s", why);
        write_item(page, VO_RESULT_STATUSES, &line);
    }
}

static void write_places(const struct vo_text *page)
{
    const struct vo_air_list *cells = &page->report->air->list[VO_AIR_CELL];
    if (cells->count == 0)
        return;
    double boundary = NAN;
    for (size_t i = 0; i < cells->count && isnan(boundary); i++)
        boundary = vo_air_number(cells->items[i], "boundary_dbm");
    vo_text_heading(page, "SIGNAL BY PLACE");
    if (!isnan(boundary))
        vo_out_format(page->out, "  in dBm; the cell boundary is %g dBm\n", boundary);
    vo_out_format(page->out, "  %-*s%-*s %6s %8s %6s %6s  %s\n", VERDICT_WIDTH, "verdict", PLACE_WIDTH,
                  "place", "mean", "smallest", "at ear", "SNR", "strongest");
    for (size_t i = 0; i < cells->count && i < PLACES_SHOWN; i++)
        write_cell(page, cells->items[i]);
    vo_text_more(page, cells->count, PLACES_SHOWN, "places, none weaker than these");
    write_reasons(page, cells, VO_METRIC_WLAN_SNR_DB);
}

static void write_separation_row(const struct vo_text *page, const struct vo_air_item *cell)
{
    const struct vo_result *result =
        vo_air_result(page->report->air, "cell", cell->seen.id, VO_METRIC_WLAN_SEPARATION_DB);
    const char *ssid = vo_report_label(&cell->seen, "interferer_ssid");
    const char *bssid = vo_report_label(&cell->seen, "interferer");
    double dbm = vo_air_number(cell, "interferer_dbm");
    struct vo_out other = {0};
    write_place(page, cell, result ? result->status : VO_RESULT_STATUSES);
    number(page, cell, VO_METRIC_WLAN_SEPARATION_DB, 6);
    number(page, cell, VO_METRIC_WLAN_SIGNAL_DBM, 6);
    vo_out_add(&other, ssid ? ssid : bssid ? bssid : "–");
    vo_out_format(&other, isnan(dbm) ? "" : " %.1f", dbm);
    vo_out_add(page->out, "  ");
    end_row(page, other.data ? other.data : "", 18 + VERDICT_WIDTH + PLACE_WIDTH);
    vo_out_end_part(page->out, &other);
}

/* The places in their order, which is that of levels; how near the nearest is stands in the results. */
static void write_separation(const struct vo_text *page)
{
    const struct vo_air_list *cells = &page->report->air->list[VO_AIR_CELL];
    size_t count = 0;
    for (size_t i = 0; i < cells->count; i++) {
        if (isnan(of(cells->items[i], VO_METRIC_WLAN_SEPARATION_DB)))
            continue;
        if (count++ == 0) {
            vo_text_heading(page, "SEPARATION OF CELLS ON A CHANNEL");
            vo_out_format(page->out, "  %-*s%-*s %6s %6s  %s\n", VERDICT_WIDTH, "verdict", PLACE_WIDTH,
                          "place", "dB", "dBm", "strongest other, dBm");
        }
        if (count <= PLACES_SHOWN)
            write_separation_row(page, cells->items[i]);
    }
    if (count == 0)
        return;
    vo_text_more(page, count, PLACES_SHOWN, "places");
    write_reasons(page, cells, VO_METRIC_WLAN_SEPARATION_DB);
}

static void write_overlap(const struct vo_text *page)
{
    const struct vo_air_list *list = &page->report->air->list[VO_AIR_ACCESS_POINT];
    char text[VO_PHRASE_SIZE];
    if (list->count > 0)
        vo_text_heading(page, "OVERLAP OF ADJOINING CELLS");
    for (size_t i = 0; i < list->count && i < BSSS_SHOWN; i++) {
        const struct vo_air_item *item = list->items[i];
        const char *ssid = vo_report_label(&item->seen, "ssid"), *address = strrchr(item->seen.id, ' ');
        const char *neighbour = vo_report_label(&item->seen, "neighbour");
        const char *shared = vo_report_label(&item->seen, "shared_places");
        double covered = of(item, VO_METRIC_WLAN_COVERED_PLACES);
        struct vo_out line = {0};
        vo_phrase_metric(text, sizeof text, &item->seen.facts, VO_METRIC_WLAN_OVERLAP_PERCENT);
        vo_out_format(&line, "%s%s%s: %s", ssid ? ssid : "", ssid ? ", " : "",
                      name_of(page, address ? address + 1 : item->seen.id), text);
        if (neighbour && shared && !isnan(covered))
            vo_out_format(&line, " (%s covers %s of its %.0f places)", name_of(page, neighbour), shared,
                          covered);
        write_item(page, item->worst, &line);
    }
    vo_text_more(page, list->count, BSSS_SHOWN, "access points, none worse than these");
}

/* --- channels and access points
 * ----------------------------------------------------------------------------- */

static void add_share(struct vo_out *line, const struct vo_air_item *item, enum vo_metric metric,
                      const char *what)
{
    char text[VO_PHRASE_SIZE];
    if (!item)
        return;
    vo_phrase_metric(text, sizeof text, &item->seen.facts, metric);
    vo_out_format(line, "; %s %s", what, text);
    if (item->place)
        vo_out_format(line, " at %s", item->place);
}

static void write_channel(const struct vo_text *page, const struct vo_air_channel *channel)
{
    const struct vo_air *air = page->report->air;
    char text[VO_PHRASE_SIZE];
    struct vo_out line = {0};
    double announced = NAN;
    for (size_t i = 0; i < air->radio_count; i++)
        if (fabs(air->radios[i].mhz - channel->mhz) < 0.5 && air->radios[i].load)
            announced = fmax(announced, air->radios[i].load->load_percent);
    vo_phrase_channel(text, sizeof text, channel->mhz);
    vo_out_format(&line, "%s (%.0f MHz): ", text, channel->mhz);
    if (air->told_surveyed)
        vo_out_format(&line, "%zu surveyed, %zu other", channel->surveyed, channel->foreign);
    else
        vo_out_format(&line, "%zu access points", channel->surveyed + channel->foreign);
    vo_phrase_number(text, sizeof text, announced, "percent", NAN, NAN, NAN);
    vo_out_format(&line, isnan(announced) ? "; no load announced" : "; announced %s", text);
    add_share(&line, channel->busy, VO_METRIC_WLAN_BUSY_PERCENT, "busy");
    add_share(&line, channel->airtime, VO_METRIC_WLAN_AIRTIME_PERCENT, "airtime heard");
    write_item(page, channel->worst, &line);
}

static void write_channels(const struct vo_text *page)
{
    const struct vo_air *air = page->report->air;
    if (air->channel_count > 0)
        vo_text_heading(page, "CHANNELS");
    size_t count = 0;
    for (size_t i = 0; i < air->channel_count; i++) {
        const struct vo_air_channel *channel = &air->channels[i];
        if ((channel->surveyed || channel->busy || channel->airtime) && count++ < CHANNELS_SHOWN)
            write_channel(page, channel);
    }
    vo_text_more(page, count, CHANNELS_SHOWN, "channels");
    if (count < air->channel_count)
        vo_out_format(page->out, "  and %zu with other networks only\n", air->channel_count - count);
}

static void add_word(struct vo_out *line, const struct vo_facts *facts, enum vo_metric state,
                     const char *what)
{
    const char *word = vo_facts_of(facts, state)->word;
    if (word)
        vo_out_format(line, ", %s %s", what, word);
}

static void write_bss(const struct vo_text *page, const struct vo_air_bss *bss)
{
    const struct vo_observation *seen = &bss->newest->seen;
    const struct vo_facts *facts = &seen->facts;
    const char *ssid = vo_report_label(seen, "ssid"), *name = vo_report_label(seen, "ap_name");
    const char *akms = vo_report_label(seen, "akms"), *country = vo_report_label(seen, "country");
    char text[VO_PHRASE_SIZE];
    struct vo_out line = {0};
    vo_phrase_channel(text, sizeof text, vo_air_number(bss->newest, "frequency_mhz"));
    vo_out_format(&line, "%s (%s%s%s, %s): ", ssid ? ssid : "hidden network", name ? name : "",
                  name ? ", " : "", seen->id, text);
    vo_phrase_metric_short(text, sizeof text, facts, VO_METRIC_WLAN_SECURITY);
    vo_out_add(&line, text);
    vo_out_format(&line, akms ? " (%s)" : "", akms ? akms : "");
    add_word(&line, facts, VO_METRIC_WLAN_PMF, "PMF");
    add_word(&line, facts, VO_METRIC_WLAN_WMM, "WMM");
    add_word(&line, facts, VO_METRIC_WLAN_UAPSD, "U-APSD");
    add_word(&line, facts, VO_METRIC_WLAN_NEIGHBOR_REPORTS, "802.11k");
    add_word(&line, facts, VO_METRIC_WLAN_BSS_TRANSITION, "802.11v");
    add_word(&line, facts, VO_METRIC_WLAN_FAST_TRANSITION, "802.11r");
    add_word(&line, facts, VO_METRIC_WLAN_PHY, "PHY");
    vo_phrase_metric_short(text, sizeof text, facts, VO_METRIC_WLAN_TX_POWER_DBM);
    vo_out_format(&line, ", power %s%s%s", strcmp(text, "–") == 0 ? "not announced" : text,
                  country ? ", " : "", country ? country : "");
    if (same(vo_report_label(seen, "dfs"), "yes"))
        vo_out_add(&line, ", radar (DFS)");
    write_item(page, bss->worst, &line);
}

static void write_bsss(const struct vo_text *page)
{
    const struct vo_air *air = page->report->air;
    if (air->surveyed_count > 0)
        vo_text_heading(page, air->told_surveyed ? "SURVEYED NETWORKS" : "NETWORKS");
    for (size_t i = 0; i < air->surveyed_count && i < BSSS_SHOWN; i++)
        write_bss(page, air->bsss[i]);
    vo_text_more(page, air->surveyed_count, BSSS_SHOWN, "networks");
}

/* --- links and roams
 * ---------------------------------------------------------------------------------------- */

static void add_metric(struct vo_out *line, const struct vo_air_item *item, enum vo_metric metric,
                       const char *what)
{
    char text[VO_PHRASE_SIZE];
    const struct vo_reported *told = vo_facts_of(&item->seen.facts, metric);
    if (!told->word && isnan(told->number) && !told->missing)
        return;
    vo_phrase_metric(text, sizeof text, &item->seen.facts, metric);
    vo_out_format(line, ", %s %s", what, text);
}

static void write_links(const struct vo_text *page)
{
    const struct vo_air_list *links = &page->report->air->list[VO_AIR_LINK];
    if (links->count > 0)
        vo_text_heading(page, "LINKS");
    for (size_t i = 0; i < links->count && i < LINKS_SHOWN; i++) {
        const struct vo_air_item *link = links->items[i];
        const char *ssid = vo_report_label(&link->seen, "ssid");
        struct vo_out line = {0};
        vo_out_format(&line, "%s%s%s%s", link->seen.id, ssid ? " (" : "", ssid ? ssid : "", ssid ? ")" : "");
        if (link->place)
            vo_out_format(&line, " at %s", link->place);
        add_metric(&line, link, VO_METRIC_WLAN_SIGNAL_DBM, "signal");
        add_metric(&line, link, VO_METRIC_WLAN_SNR_DB, "SNR");
        add_metric(&line, link, VO_METRIC_WLAN_PER_PERCENT, "undelivered");
        add_metric(&line, link, VO_METRIC_WLAN_RETRY_PERCENT, "retries");
        write_item(page, link->worst, &line);
    }
    vo_text_more(page, links->count, LINKS_SHOWN, "links, none worse than these");
}

/* "0 ms last data with the old; 24 ms first probe request; …" */
static void write_steps(const struct vo_text *page, const struct vo_air_event *event)
{
    char text[VO_PHRASE_SIZE];
    struct vo_out line = {0};
    for (size_t i = 0; i < event->step_count; i++) {
        double ms = vo_report_seconds(event->steps[0].time, event->steps[i].time) * 1e3;
        vo_phrase_step(text, sizeof text, event->steps[i].name);
        vo_out_format(&line, "%s%.*f ms %s", i ? "; " : "", ms < 10 && ms >= 0.05 ? 1 : 0, ms, text);
    }
    vo_out_add(page->out, "    ");
    vo_text_wrap(page, line.data, 4, 4);
    vo_out_end_part(page->out, &line);
}

static void write_roam(const struct vo_text *page, const struct vo_air_item *roam)
{
    const struct vo_observation *seen = &roam->seen;
    const struct vo_reported *gap = vo_facts_of(&seen->facts, VO_METRIC_WLAN_ROAM_GAP_MS);
    const char *who = vo_report_label(seen, "station");
    const char *method = vo_phrase_method(vo_facts_of(&seen->facts, VO_METRIC_WLAN_ROAM_METHOD)->word);
    char text[VO_PHRASE_SIZE];
    struct vo_out line = {0};
    who = who ? who : vo_report_label(seen, "interface");
    vo_phrase_time(text, sizeof text, seen->time);
    vo_out_format(&line, "%s, %s: %s → ", text, who ? who : "?",
                  name_of(page, vo_report_label(seen, "from")));
    vo_out_add(&line, name_of(page, vo_report_label(seen, "to")));
    vo_phrase_metric(text, sizeof text, &seen->facts, VO_METRIC_WLAN_ROAM_GAP_MS);
    vo_out_format(&line, ": gap %s", text);
    if (gap->uncertainty > 0)
        vo_out_format(&line, " ± %g ms", gap->uncertainty);
    add_metric(&line, roam, VO_METRIC_WLAN_ROAM_LOST_PACKETS, "packets lost");
    vo_out_format(&line, method ? ", %s" : "", method ? method : "");
    add_metric(&line, roam, VO_METRIC_WLAN_ROAM_SIGNAL_BEFORE_DBM, "signal before");
    add_metric(&line, roam, VO_METRIC_WLAN_ROAM_SIGNAL_AFTER_DBM, "after");
    add_metric(&line, roam, VO_METRIC_WLAN_ROAM_MEDIA, "media");
    add_metric(&line, roam, VO_METRIC_WLAN_ROAM_SUBNET, "subnet");
    if (same(vo_report_label(seen, "dhcp"), "yes"))
        vo_out_add(&line, ", DHCP seen");
    write_item(page, roam->worst, &line);
    if (roam->event && roam->event->step_count > 1)
        write_steps(page, roam->event);
}

static void write_roams(const struct vo_text *page)
{
    const struct vo_air_list *roams = &page->report->air->list[VO_AIR_ROAM];
    if (roams->count > 0)
        vo_text_heading(page, "ROAMS");
    for (size_t i = 0; i < roams->count && i < ROAMS_SHOWN; i++)
        write_roam(page, roams->items[i]);
    vo_text_more(page, roams->count, ROAMS_SHOWN, "roams, none worse than these");
}

static void write_burst(const struct vo_text *page, const struct vo_explanation *explanation)
{
    struct vo_out line = {0};
    char where[VO_PHRASE_SIZE];
    if (explanation->stream)
        vo_phrase_addresses(where, sizeof where, explanation->stream);
    else
        snprintf(where, sizeof where, "%s", explanation->stream_id ? explanation->stream_id : "a stream");
    vo_out_format(&line, "%s, ", where);
    vo_phrase_burst(&line, explanation);
    write_item(page, VO_RESULT_STATUSES, &line);
    for (size_t i = 0; i < explanation->with_count; i++) {
        vo_phrase_coincidence(&line, &explanation->with[i]);
        vo_out_add(page->out, "    - ");
        vo_text_wrap(page, line.data ? line.data : "", 6, 6);
        vo_out_end_part(page->out, &line);
    }
    if (explanation->with_count > 0)
        vo_out_format(page->out, "    %s\n", vo_phrase_no_cause(explanation));
}

static void write_bursts(const struct vo_text *page)
{
    const struct vo_air *air = page->report->air;
    if (air->explanation_count > 0)
        vo_text_heading(page, "LOSS, AND WHAT THE AIR DID THEN");
    for (size_t i = 0; i < air->explanation_count && i < BURSTS_SHOWN; i++)
        write_burst(page, &air->explanations[i]);
    vo_text_more(page, air->explanation_count, BURSTS_SHOWN, "bursts of loss");
}

void vo_text_air(const struct vo_text *page)
{
    write_places(page);
    write_separation(page);
    write_overlap(page);
    write_channels(page);
    write_bsss(page);
    write_links(page);
    write_roams(page);
    write_bursts(page);
}
