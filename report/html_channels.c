/* Who sits on which channel, band by band, and how the channels are used. */
#include "report/html_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RADIOS_SHOWN   40 /* of a band */
#define CHANNELS_SHOWN 60
#define NAMES_SHOWN    3
#define WIDTH          400.0
#define TICKS_AT_MOST  10

static double of(const struct vo_air_item *item, enum vo_metric metric)
{
    return item ? vo_facts_number(&item->seen.facts, metric) : NAN;
}

/* --- occupancy: the scale
 * ----------------------------------------------------------------------------------- */

struct band {
    enum vo_channel_band band;
    const struct vo_air_radio **radios; /* of it, by frequency */
    size_t count, shown;
    double low, high; /* MHz that the figures span */
};

static void span(struct band *band, double low, double high)
{
    band->low = fmin(band->low, low);
    band->high = fmax(band->high, high);
}

static double x_of(const struct band *band, double mhz)
{
    return (mhz - band->low) / (band->high - band->low) * WIDTH;
}

/* Channel numbers that 20 MHz channels have in the band, as far apart as the scale asks for. */
static unsigned tick(const struct band *band, size_t index)
{
    static const unsigned two[] = {1, 6, 11, 13}, five[] = {36, 52, 64, 100, 116, 132, 149, 165, 177},
                          six[] = {1, 33, 65, 97, 129, 161, 193, 225};
    switch (band->band) {
    case VO_CHANNEL_2_4_GHZ:
        return index < sizeof two / sizeof *two ? two[index] : 0;
    case VO_CHANNEL_5_GHZ:
        return index < sizeof five / sizeof *five ? five[index] : 0;
    case VO_CHANNEL_6_GHZ:
        return index < sizeof six / sizeof *six ? six[index] : 0;
    default:
        return 0;
    }
}

/* Lines where the numbered channels have their centres. */
static void write_grid(struct vo_out *out, const struct band *band, double height)
{
    vo_out_add(out, "<path class=\"grid\" d=\"");
    for (size_t i = 0; i < TICKS_AT_MOST && tick(band, i); i++) {
        double mhz = vo_channel_mhz(band->band, tick(band, i));
        if (mhz > band->low && mhz < band->high)
            vo_out_format(out, "M%.1f 0V%g", x_of(band, mhz), height);
    }
    vo_out_add(out, "\"/>");
}

static void write_scale(struct vo_out *out, const struct band *band)
{
    double last = -100;
    vo_out_format(out,
                  "<th scope=\"col\" class=\"air\">Spectrum by channel number<svg viewBox=\"0 0 %g 14\" "
                  "aria-hidden=\"true\">",
                  WIDTH);
    for (size_t i = 0; i < TICKS_AT_MOST && tick(band, i); i++) {
        double mhz = vo_channel_mhz(band->band, tick(band, i)), x = x_of(band, mhz);
        if (mhz <= band->low || mhz >= band->high || x - last < 20)
            continue;
        vo_out_format(out, "<text x=\"%.1f\" y=\"12\" text-anchor=\"middle\">%u</text>", x, tick(band, i));
        last = x;
    }
    vo_out_add(out, "</svg></th>");
}

/* --- occupancy: a row
 * ------------------------------------------------------------------------------------- */

static void write_spectrum(struct vo_out *out, const struct band *band, const struct vo_air_radio *radio)
{
    struct vo_channel_part parts[VO_CHANNEL_PARTS];
    unsigned count = vo_channel_parts(&radio->channel, parts);
    const char *class = radio->surveyed ? "own" : "other";
    vo_out_format(out, "<td class=\"air\"><svg viewBox=\"0 0 %g 18\" aria-hidden=\"true\">", WIDTH);
    write_grid(out, band, 18);
    for (unsigned i = 0; i < count; i++)
        vo_out_format(out, "<rect class=\"%s\" x=\"%.1f\" y=\"3\" width=\"%.1f\" height=\"12\"/>", class,
                      x_of(band, parts[i].low_mhz),
                      x_of(band, parts[i].high_mhz) - x_of(band, parts[i].low_mhz));
    vo_out_format(out, "<path class=\"primary\" d=\"M%.1f 1V17\"/></svg></td>", x_of(band, radio->mhz));
}

/* "voice, guest": the names that the access point's BSSs on this channel tell, each once. */
static void write_names(struct vo_out *out, const struct vo_air_radio *radio)
{
    size_t shown = 0, hidden = 0, more = 0;
    for (size_t i = 0; i < radio->count; i++) {
        const char *ssid = vo_report_label(&radio->bsss[i]->newest->seen, "ssid");
        bool before = false;
        for (size_t k = 0; ssid && k < i && !before; k++) {
            const char *other = vo_report_label(&radio->bsss[k]->newest->seen, "ssid");
            before = other && strcmp(other, ssid) == 0;
        }
        hidden += !ssid;
        if (!ssid || before)
            continue;
        if (shown == NAMES_SHOWN) {
            more++;
            continue;
        }
        vo_out_add(out, shown++ ? ", " : "");
        vo_out_html(out, ssid);
    }
    if (more > 0)
        vo_out_format(out, " and %zu more", more);
    if (hidden > 0)
        vo_out_format(out, "%s%zu hidden", shown ? ", " : "", hidden);
}

static void write_load(struct vo_out *out, const struct vo_air_radio *radio)
{
    const struct vo_air_bss *bss = radio->load;
    char text[VO_PHRASE_SIZE];
    if (!bss) {
        vo_out_add(out, "<td class=\"off\">not announced</td>");
        return;
    }
    vo_phrase_number(text, sizeof text, bss->load_percent, "percent", NAN, NAN, NAN);
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, text);
    vo_phrase_number(text, sizeof text, bss->load_max_percent, "percent", NAN, NAN, NAN);
    vo_html_below_format(out, "at most %s", text);
    vo_out_add(out, "</td>");
}

static void write_level(struct vo_out *out, const struct vo_air_radio *radio)
{
    const struct vo_air_item *heard = radio->strongest ? radio->strongest->strongest : NULL;
    char text[VO_PHRASE_SIZE];
    vo_phrase_number(text, sizeof text, of(heard, VO_METRIC_WLAN_SIGNAL_DBM), "dBm", NAN, NAN, NAN);
    vo_out_add(out, heard ? "<td class=\"n\">" : "<td class=\"off\">");
    vo_out_html(out, text);
    vo_html_below(out, heard ? heard->place : NULL);
    vo_out_add(out, "</td>");
}

static void write_radio(const struct vo_html *html, const struct band *band, const struct vo_air_radio *radio)
{
    struct vo_out *out = html->out;
    const struct vo_observation *seen = &radio->bsss[0]->newest->seen;
    const char *ap = vo_report_label(seen, "ap"), *name = vo_report_label(seen, "ap_name");
    const char *width = vo_report_label(seen, "width_mhz");
    char channel[VO_PHRASE_SIZE];
    vo_out_add(out, radio->surveyed ? "<tr><th scope=\"row\">" : "<tr class=\"foreign\"><th scope=\"row\">");
    write_names(out, radio);
    if (radio->surveyed && html->report->air->told_surveyed)
        vo_out_add(out, " <span class=\"tag info\">surveyed</span>");
    vo_html_below_format(out, "%s%s%s", name ? name : "", name ? ", " : "", ap ? ap : seen->id);
    vo_phrase_channel(channel, sizeof channel, radio->mhz);
    vo_out_add(out, "</th><td class=\"n\">");
    vo_out_html(out, channel);
    vo_html_below_format(out, "%s%s", width ? width : "width not told", width ? " MHz" : "");
    vo_out_add(out, "</td>");
    write_level(out, radio);
    write_load(out, radio);
    write_spectrum(out, band, radio);
    vo_out_add(out, "</tr>\n");
}

/* --- occupancy: a band
 * ------------------------------------------------------------------------------------ */

static double level(const struct vo_air_radio *radio)
{
    return radio->strongest ? of(radio->strongest->strongest, VO_METRIC_WLAN_SIGNAL_DBM) : -INFINITY;
}

static int compare_worth(const void *left, const void *right)
{
    const struct vo_air_radio *a = *(const struct vo_air_radio *const *)left;
    const struct vo_air_radio *b = *(const struct vo_air_radio *const *)right;
    if (a->surveyed != b->surveyed)
        return a->surveyed ? -1 : 1;
    return (level(a) < level(b)) - (level(a) > level(b));
}

static int compare_place(const void *left, const void *right) /* as the model has them */
{
    const struct vo_air_radio *a = *(const struct vo_air_radio *const *)left;
    const struct vo_air_radio *b = *(const struct vo_air_radio *const *)right;
    return (a > b) - (a < b);
}

/* Its radios: surveyed ones and the strongest others, if there are more than can be shown. */
static void choose(struct band *band, const struct vo_air *air)
{
    for (size_t i = 0; i < air->radio_count; i++) {
        const struct vo_air_radio *radio = &air->radios[i];
        if (!isnan(radio->mhz) && vo_channel_band((unsigned)radio->mhz) == band->band)
            band->radios[band->count++] = radio;
    }
    band->shown = band->count < RADIOS_SHOWN ? band->count : RADIOS_SHOWN;
    if (band->count == 0)
        return;
    qsort(band->radios, band->count, sizeof *band->radios, compare_worth);
    qsort(band->radios, band->shown, sizeof *band->radios, compare_place);
    band->low = INFINITY;
    band->high = -INFINITY;
    for (size_t i = 0; i < band->shown; i++) {
        struct vo_channel_part parts[VO_CHANNEL_PARTS];
        unsigned count = vo_channel_parts(&band->radios[i]->channel, parts);
        span(band, band->radios[i]->mhz - 20, band->radios[i]->mhz + 20);
        for (unsigned k = 0; k < count; k++)
            span(band, parts[k].low_mhz - 10, parts[k].high_mhz + 10);
    }
    if (band->band == VO_CHANNEL_2_4_GHZ)
        span(band, 2400, 2484);
}

static void write_band(const struct vo_html *html, const struct band *band)
{
    static const char *const headings[] = {"Access point", "Channel", "Level, strongest", "Load, announced"};
    struct vo_out *out = html->out;
    char caption[VO_PHRASE_SIZE];
    snprintf(caption, sizeof caption, "%s: %zu access point%s", vo_channel_band_name(band->band), band->count,
             band->count == 1 ? "" : "s");
    vo_out_add(out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
    vo_out_html(out, caption);
    vo_out_add(out, "\"><table class=\"radios\"><caption>");
    vo_out_html(out, caption);
    vo_out_add(out, "</caption><thead><tr>");
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        vo_out_format(out, "<th scope=\"col\">%s</th>", headings[i]);
    write_scale(out, band);
    vo_out_add(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < band->shown; i++)
        write_radio(html, band, band->radios[i]);
    vo_html_table_end(out);
    vo_html_more(out, band->count, band->shown, "access points, weaker than these");
}

static void write_occupancy(const struct vo_html *html)
{
    const struct vo_air *air = html->report->air;
    const struct vo_air_radio **radios = calloc(air->radio_count + 1, sizeof *radios);
    if (!radios) {
        html->out->failed = true;
        return;
    }
    size_t told = 0;
    for (size_t i = VO_CHANNEL_NO_BAND + 1; i < VO_CHANNEL_BANDS; i++) {
        struct band band = {.band = (enum vo_channel_band)i, .radios = radios};
        choose(&band, air);
        if (band.count > 0)
            write_band(html, &band);
        told += band.count;
    }
    if (told < air->radio_count)
        vo_out_format(html->out, "<p class=\"muted\">The channel of %zu more is not told.</p>\n",
                      air->radio_count - told);
    free(radios);
}

/* --- use
 * ---------------------------------------------------------------------------------------------------- */

static const struct {
    enum vo_metric metric;
    const char *class;
} uses[] = {
    {VO_METRIC_WLAN_AIRTIME_VOICE_PERCENT, "u1"},       {VO_METRIC_WLAN_AIRTIME_VIDEO_PERCENT, "u2"},
    {VO_METRIC_WLAN_AIRTIME_BEST_EFFORT_PERCENT, "u3"}, {VO_METRIC_WLAN_AIRTIME_BACKGROUND_PERCENT, "u4"},
    {VO_METRIC_WLAN_AIRTIME_MANAGEMENT_PERCENT, "u5"},  {VO_METRIC_WLAN_AIRTIME_CONTROL_PERCENT, "u6"},
    {VO_METRIC_WLAN_AIRTIME_DAMAGED_PERCENT, "u7"},
};

/* A bar of parts, and the same in words. */
static void write_airtime(struct vo_out *out, const struct vo_air_item *item)
{
    const struct vo_reported *told =
        item ? vo_facts_of(&item->seen.facts, VO_METRIC_WLAN_AIRTIME_PERCENT) : NULL;
    char text[VO_PHRASE_SIZE];
    double x = 0;
    if (!told || isnan(told->number)) {
        vo_out_add(out, "<td class=\"off\">not measured");
        vo_html_below(out, told ? told->missing : "the records have no capture of it");
        vo_out_add(out, "</td>");
        return;
    }
    vo_phrase_metric_short(text, sizeof text, &item->seen.facts, VO_METRIC_WLAN_AIRTIME_PERCENT);
    vo_out_add(out, "<td class=\"bar\">");
    vo_out_html(out, text);
    vo_out_add(out, "<svg viewBox=\"0 0 200 10\" aria-hidden=\"true\"><path class=\"rail\" d=\"M0 5H200\"/>");
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        double percent = of(item, uses[i].metric);
        if (!(percent > 0 && x + 2 * percent <= 200.5))
            continue;
        vo_out_format(out, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/>", uses[i].class, x,
                      2 * percent);
        x += 2 * percent;
    }
    vo_out_add(out, "</svg><span class=\"id\">");
    bool first = true;
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        if (!(of(item, uses[i].metric) > 0))
            continue;
        vo_phrase_metric_short(text, sizeof text, &item->seen.facts, uses[i].metric);
        vo_out_format(out, "%s<span class=\"n\"><i class=\"%s\"></i>%s %s</span>", first ? "" : ", ",
                      uses[i].class, vo_phrase_heading(uses[i].metric), text);
        first = false;
    }
    vo_out_add(out, "</span></td>");
}

static void write_noise(struct vo_out *out, const struct vo_air_item *item)
{
    char noise[VO_PHRASE_SIZE];
    if (isnan(of(item, VO_METRIC_WLAN_NOISE_DBM)))
        return;
    vo_phrase_metric_short(noise, sizeof noise, &item->seen.facts, VO_METRIC_WLAN_NOISE_DBM);
    vo_html_below_format(out, "noise %s", noise);
}

/* "31.4 %", below: by which interface, and where; what it says of receiving and sending. */
static void write_busy(struct vo_out *out, const struct vo_air_item *item)
{
    const struct vo_reported *told =
        item ? vo_facts_of(&item->seen.facts, VO_METRIC_WLAN_BUSY_PERCENT) : NULL;
    char text[VO_PHRASE_SIZE], part[VO_PHRASE_SIZE];
    if (!told || isnan(told->number)) {
        vo_out_add(out, "<td class=\"off\">not measured");
        vo_html_below(out, told ? told->missing : "the records have no survey of it");
        vo_out_add(out, "</td>");
        return;
    }
    vo_phrase_metric_short(text, sizeof text, &item->seen.facts, VO_METRIC_WLAN_BUSY_PERCENT);
    vo_out_add(out, "<td class=\"w\">");
    vo_out_html(out, text);
    const char *interface = vo_report_label(&item->seen, "interface");
    vo_html_below_format(out, "%s%s%s%s", interface ? interface : "", item->place ? ", at " : "",
                         item->place ? item->place : "", item->surveyed ? "" : ", samples of scans");
    if (!isnan(of(item, VO_METRIC_WLAN_RECEIVING_PERCENT)) &&
        !isnan(of(item, VO_METRIC_WLAN_SENDING_PERCENT))) {
        vo_phrase_metric_short(part, sizeof part, &item->seen.facts, VO_METRIC_WLAN_RECEIVING_PERCENT);
        vo_phrase_metric_short(text, sizeof text, &item->seen.facts, VO_METRIC_WLAN_SENDING_PERCENT);
        vo_html_below_format(out, "receiving %s, sending %s", part, text);
    }
    write_noise(out, item);
    vo_out_add(out, "</td>");
}

/* The largest load that any access point announces whose primary channel it is. */
static void write_announced(const struct vo_html *html, const struct vo_air_channel *channel)
{
    const struct vo_air *air = html->report->air;
    double most = NAN;
    char text[VO_PHRASE_SIZE];
    for (size_t i = 0; i < air->radio_count; i++) {
        const struct vo_air_radio *radio = &air->radios[i];
        if (fabs(radio->mhz - channel->mhz) < 0.5 && radio->load)
            most = fmax(most, radio->load->load_percent);
    }
    vo_phrase_number(text, sizeof text, most, "percent", NAN, NAN, NAN);
    vo_html_cell(html->out, isnan(most) ? NULL : text);
}

static void write_channel(const struct vo_html *html, const struct vo_air_channel *channel)
{
    struct vo_out *out = html->out;
    char text[VO_PHRASE_SIZE];
    vo_phrase_channel(text, sizeof text, channel->mhz);
    vo_html_row_begin(out, channel->worst);
    vo_out_add(out, "<th scope=\"row\">");
    vo_out_html(out, text);
    vo_out_format(out, "<span class=\"id\">%.0f MHz</span></th><td class=\"n\">", channel->mhz);
    if (html->report->air->told_surveyed)
        vo_out_format(out, "%zu surveyed<span class=\"id\">%zu other%s</span></td>", channel->surveyed,
                      channel->foreign, channel->foreign == 1 ? "" : "s");
    else
        vo_out_format(out, "%zu</td>", channel->surveyed + channel->foreign);
    write_announced(html, channel);
    write_busy(out, channel->busy);
    write_airtime(out, channel->airtime);
    vo_out_add(out, "</tr>\n");
}

/* Channels that a surveyed access point has, or of which something was measured. */
static void write_use(const struct vo_html *html)
{
    static const char *const headings[] = {"Verdict",
                                           "Channel",
                                           "Primary channel of",
                                           "Announced, largest",
                                           "Busy, measured",
                                           "Airtime of frames heard, by use"};
    const struct vo_air *air = html->report->air;
    size_t count = 0;
    for (size_t i = 0; i < air->channel_count; i++) {
        const struct vo_air_channel *channel = &air->channels[i];
        if (!channel->surveyed && !channel->busy && !channel->airtime)
            continue;
        if (count++ == 0)
            vo_html_table_begin(html->out,
                                "Use of the channels, where it was largest. Airtime is what was "
                                "heard here: a lower bound of busy time",
                                headings, 6);
        if (count <= CHANNELS_SHOWN)
            write_channel(html, channel);
    }
    if (count == 0)
        return;
    vo_html_table_end(html->out);
    vo_html_more(html->out, count, CHANNELS_SHOWN, "channels");
}

void vo_html_channels(const struct vo_html *html)
{
    const struct vo_air *air = html->report->air;
    if (air->radio_count + air->channel_count == 0)
        return;
    vo_html_section(html->out, "channels", "Channels");
    if (air->radio_count > 0)
        vo_out_add(html->out,
                   "<p>A bar spans what the access point occupies, with a line at its primary channel: bars "
                   "above one another share spectrum.</p>\n");
    if (air->radio_count > 0 && air->surveyed_count == 0)
        vo_out_add(html->out, "<p class=\"muted\">No network was named as the surveyed one.</p>\n");
    write_occupancy(html);
    write_use(html);
    vo_out_add(html->out, "</section>\n");
}
