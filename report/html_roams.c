/* Roams: what happened when, worst first. */
#include "report/html_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROAMS_SHOWN 100
#define WIDTH       400.0
#define MARGIN      6.0

static double of(const struct vo_air_item *item, enum vo_metric metric)
{
    return vo_facts_number(&item->seen.facts, metric);
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* --- the timeline
 * ------------------------------------------------------------------------------------------- */

static vo_time step_time(const struct vo_air_event *event, const char *name)
{
    for (size_t i = 0; i < event->step_count; i++)
        if (same(event->steps[i].name, name))
            return event->steps[i].time;
    return VO_TIME_UNKNOWN;
}

static double ms_between(vo_time from, vo_time to)
{
    return vo_report_seconds(from, to) * 1e3;
}

static double x_of(const struct vo_air_event *event, vo_time time)
{
    double whole = ms_between(event->steps[0].time, event->steps[event->step_count - 1].time);
    double part = ms_between(event->steps[0].time, time);
    return MARGIN + (whole > 0 ? part / whole : 0) * (WIDTH - 2 * MARGIN);
}

/* From the first to the last moment; the gap, where both its ends are told, is a bar. */
static void write_line(struct vo_out *out, const struct vo_air_event *event)
{
    vo_time from = step_time(event, "last_data"), to = step_time(event, "first_data");
    vo_out_format(out,
                  "<svg viewBox=\"0 0 %g 20\" aria-hidden=\"true\"><path class=\"rail\" d=\"M%g 10H%g\"/>",
                  WIDTH, MARGIN, WIDTH - MARGIN);
    if (from != VO_TIME_UNKNOWN && to != VO_TIME_UNKNOWN && to > from)
        vo_out_format(out, "<rect class=\"gap\" x=\"%.1f\" y=\"6\" width=\"%.1f\" height=\"8\"/>",
                      x_of(event, from), x_of(event, to) - x_of(event, from));
    for (size_t i = 0; i < event->step_count; i++)
        vo_out_format(out, "<path class=\"step\" d=\"M%.1f 2V18\"/>", x_of(event, event->steps[i].time));
    vo_out_add(out, "</svg>");
}

/* The same in words, in ms after the first moment. */
static void write_steps(struct vo_out *out, const struct vo_air_event *event)
{
    char text[VO_PHRASE_SIZE], number[VO_PHRASE_SIZE];
    vo_out_add(out, "<span class=\"id\">");
    for (size_t i = 0; i < event->step_count; i++) {
        double ms = ms_between(event->steps[0].time, event->steps[i].time);
        vo_phrase_step(text, sizeof text, event->steps[i].name);
        snprintf(number, sizeof number, "%.*f ms", ms < 10 && ms >= 0.05 ? 1 : 0, ms);
        vo_out_add(out, i ? "; " : "");
        vo_out_format(out, "<span class=\"n\">%s</span> ", number);
        vo_out_html(out, text);
    }
    vo_out_add(out, "</span>");
}

static void write_timeline(struct vo_out *out, const struct vo_air_item *roam)
{
    const struct vo_air_event *event = roam->event;
    vo_out_add(out, event && event->step_count > 1 ? "<td class=\"line\">" : "<td class=\"off\">");
    if (event && event->step_count > 1) {
        write_line(out, event);
        write_steps(out, event);
    } else {
        vo_out_add(out, event && event->step_count ? "only one moment is told" : "no moments are told");
    }
    vo_out_add(out, "</td>");
}

/* --- a roam
 * ------------------------------------------------------------------------------------------------- */

/* An access point's own name if it tells one, else its address. */
static const char *name_of(const struct vo_html *html, const char *address)
{
    const char *name = vo_air_name(html->report->air, address);
    return name ? name : address ? address : "not known";
}

static void write_who(const struct vo_html *html, const struct vo_air_item *roam)
{
    const struct vo_observation *seen = &roam->seen;
    const char *from = vo_report_label(seen, "from"), *to = vo_report_label(seen, "to");
    const char *who = vo_report_label(seen, "station");
    char time[VO_PHRASE_SIZE];
    struct vo_out *out = html->out;
    who = who ? who : vo_report_label(seen, "interface");
    vo_html_row_begin(out, roam->worst);
    vo_out_add(out, "<th scope=\"row\">");
    vo_out_html(out, name_of(html, from));
    vo_out_add(out, " → ");
    vo_out_html(out, to ? name_of(html, to) : "nowhere");
    vo_phrase_time(time, sizeof time, seen->time);
    vo_html_below_format(out, "%s%s%s", who ? who : "", who ? ", " : "", time);
    if (from && to && (vo_air_name(html->report->air, from) || vo_air_name(html->report->air, to)))
        vo_html_below_format(out, "%s → %s", from, to);
    vo_out_add(out, "</th>");
}

/* "312 ms ± 20 ms", below where it was seen. */
static void write_gap(struct vo_out *out, const struct vo_facts *facts)
{
    const struct vo_reported *gap = vo_facts_of(facts, VO_METRIC_WLAN_ROAM_GAP_MS);
    char text[VO_PHRASE_SIZE];
    if (isnan(gap->number)) {
        vo_html_cell_metric(out, facts, VO_METRIC_WLAN_ROAM_GAP_MS);
        return;
    }
    vo_out_add(out, "<td class=\"n\"><b>");
    vo_phrase_metric_short(text, sizeof text, facts, VO_METRIC_WLAN_ROAM_GAP_MS);
    vo_out_html(out, text);
    vo_out_add(out, "</b>");
    if (gap->uncertainty > 0) {
        vo_phrase_number(text, sizeof text, gap->uncertainty, "ms", NAN, gap->uncertainty, NAN);
        vo_out_add(out, " ± ");
        vo_out_html(out, text);
    }
    vo_html_below(out, same(gap->basis, "rtp_received")        ? "in packets received"
                       : same(gap->basis, "data_frames_heard") ? "in frames heard"
                                                               : gap->basis);
    double lost = vo_facts_number(facts, VO_METRIC_WLAN_ROAM_LOST_PACKETS);
    if (!isnan(lost))
        vo_html_below_format(out, "%.0f packet%s lost", lost, lost > 0.5 && lost < 1.5 ? "" : "s");
    vo_out_add(out, "</td>");
}

static void write_level(struct vo_out *out, const struct vo_facts *facts)
{
    char before[VO_PHRASE_SIZE], after[VO_PHRASE_SIZE];
    vo_phrase_metric_short(before, sizeof before, facts, VO_METRIC_WLAN_ROAM_SIGNAL_BEFORE_DBM);
    vo_phrase_metric_short(after, sizeof after, facts, VO_METRIC_WLAN_ROAM_SIGNAL_AFTER_DBM);
    vo_out_add(out, "<td class=\"n\">");
    vo_out_html(out, before);
    vo_out_add(out, " →<br>");
    vo_out_html(out, after);
    vo_out_add(out, "</td>");
}

/* What it needed; below: whether media and subnet survived. */
static void write_rest(struct vo_out *out, const struct vo_air_item *roam)
{
    const struct vo_facts *facts = &roam->seen.facts;
    const char *method = vo_phrase_method(vo_facts_of(facts, VO_METRIC_WLAN_ROAM_METHOD)->word);
    const char *media = vo_facts_of(facts, VO_METRIC_WLAN_ROAM_MEDIA)->word;
    const char *subnet = vo_facts_of(facts, VO_METRIC_WLAN_ROAM_SUBNET)->word;
    vo_out_add(out, "<td class=\"w\">");
    vo_out_html(out, method ? method : "method not told");
    if (media)
        vo_html_below_format(out, "media %s", media);
    if (subnet)
        vo_html_below_format(out, "%s subnet%s", same(subnet, "same") ? "same" : "another",
                             same(vo_report_label(&roam->seen, "dhcp"), "yes") ? ", DHCP seen" : "");
    vo_out_add(out, "</td>");
}

static void write_roam(const struct vo_html *html, const struct vo_air_item *roam)
{
    struct vo_out *out = html->out;
    write_who(html, roam);
    write_timeline(out, roam);
    write_gap(out, &roam->seen.facts);
    write_level(out, &roam->seen.facts);
    write_rest(out, roam);
    vo_out_add(out, "</tr>\n");
}

/* "12 roams; the gap was measured for 10: 312 ms at most." */
static void write_summary(struct vo_out *out, const struct vo_air_list *roams)
{
    size_t measured = 0;
    double most = NAN;
    char text[VO_PHRASE_SIZE], count[VO_PHRASE_SIZE];
    for (size_t i = 0; i < roams->count; i++) {
        double gap = of(roams->items[i], VO_METRIC_WLAN_ROAM_GAP_MS);
        measured += !isnan(gap);
        most = fmax(most, gap);
    }
    vo_phrase_number(count, sizeof count, (double)roams->count, "count", NAN, NAN, NAN);
    vo_phrase_number(text, sizeof text, most, "ms", NAN, NAN, NAN);
    vo_out_format(out, "<p>%s roam%s", count, roams->count == 1 ? "" : "s");
    if (measured > 0)
        vo_out_format(out, "; the gap was measured for %zu: %s at most.</p>\n", measured, text);
    else
        vo_out_add(out, "; no gap was measured.</p>\n");
}

void vo_html_roams(const struct vo_html *html)
{
    static const char *const headings[] = {"Verdict", "Roam", "What happened when", "Gap", "Signal", "How"};
    const struct vo_air_list *roams = &html->report->air->list[VO_AIR_ROAM];
    if (roams->count == 0)
        return;
    vo_html_section(html->out, "roams", "Roams");
    write_summary(html->out, roams);
    vo_html_table_begin(html->out,
                        "Worst first. Bar: from the last data with the old access point to the first with "
                        "the new; lines: the moments told below it",
                        headings, 6);
    for (size_t i = 0; i < roams->count && i < ROAMS_SHOWN; i++)
        write_roam(html, roams->items[i]);
    vo_html_table_end(html->out);
    vo_html_more(html->out, roams->count, ROAMS_SHOWN, "roams, none worse than these");
    vo_out_add(html->out, "</section>\n");
}
