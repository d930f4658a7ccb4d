#include "core/version.h"
#include "report/html_parts.h"
#include "report/phrase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAD_SHOWN    6
#define PLACES_SHOWN  10
#define RESULTS_SHOWN 200 /* of one rule and status */

/* --- parts
 * -------------------------------------------------------------------------------------------------- */

const char *vo_html_class(enum vo_result_status status)
{
    static const char *const classes[VO_RESULT_STATUSES] = {"fail", "fail", "warn", "none",
                                                            "pass", "info", "none", "none"};
    return classes[status];
}

void vo_html_tag(struct vo_out *out, enum vo_result_status status)
{
    vo_out_format(out, "<span class=\"tag %s\">%s</span>", vo_html_class(status), vo_result_names[status]);
}

void vo_html_tag_worst(struct vo_out *out, enum vo_result_status worst)
{
    if (worst < VO_RESULT_STATUSES)
        vo_out_format(out, "<span class=\"tag %s\">%s</span>", vo_html_class(worst), vo_phrase_worst(worst));
}

void vo_html_row(struct vo_out *out, const char *term, const char *text)
{
    if (!text || !*text)
        return;
    vo_out_add(out, "<dt>");
    vo_out_html(out, term);
    vo_out_add(out, "</dt><dd>");
    vo_out_html(out, text);
    vo_out_add(out, "</dd>\n");
}

void vo_html_table_begin(struct vo_out *out, const char *caption, const char *const *headings, size_t count)
{
    vo_out_add(out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
    vo_out_html(out, caption);
    vo_out_add(out, "\"><table><caption>");
    vo_out_html(out, caption);
    vo_out_add(out, "</caption><thead><tr>");
    for (size_t i = 0; i < count; i++)
        vo_out_format(out, "<th scope=\"col\">%s</th>", headings[i]);
    vo_out_add(out, "</tr></thead><tbody>\n");
}

void vo_html_table_end(struct vo_out *out)
{
    vo_out_add(out, "</tbody></table></div>\n");
}

/* --- head
 * --------------------------------------------------------------------------------------------------- */

/* One sentence a failed rule, of its worst subject: what, how much, limit, when, where. */
static void write_lead_item(const struct vo_html *html, size_t index)
{
    const struct vo_group *group = &html->report->groups[index];
    const struct vo_result *worst = group->results[0];
    struct vo_out *out = html->out;
    char text[VO_PHRASE_SIZE], where[VO_PHRASE_SIZE];
    vo_out_format(out, "<li><a href=\"#g%zu\">", index);
    vo_out_html(out, worst->title);
    vo_phrase_observed(text, sizeof text, worst);
    vo_out_add(out, ": <b>");
    vo_out_html(out, text);
    vo_out_add(out, "</b>");
    vo_phrase_limit(text, sizeof text, worst);
    vo_out_add(out, "</a>");
    if (text[0]) {
        vo_out_add(out, " (limit: ");
        vo_out_html(out, text);
        vo_out_add(out, ")");
    }
    vo_phrase_when(text, sizeof text, worst);
    vo_phrase_where(where, sizeof where, worst);
    if (text[0] || where[0]) {
        vo_out_add(out, "<p>");
        vo_out_html(out, text);
        vo_out_add(out, text[0] && where[0] ? "<br>" : "");
        vo_out_html(out, where);
        if (group->count > 1)
            vo_out_format(out, ", and %zu more", group->count - 1);
        vo_phrase_call(text, sizeof text, worst);
        vo_out_add(out, text[0] ? "<br>Call " : "");
        vo_out_html(out, text);
        vo_out_add(out, "</p>");
    }
    vo_out_add(out, "</li>\n");
}

static void write_lead(const struct vo_html *html)
{
    const struct vo_report *report = html->report;
    size_t failed = 0;
    while (failed < report->group_count && report->groups[failed].status <= VO_RESULT_FAIL)
        failed++;
    if (failed == 0)
        return;
    vo_out_add(html->out, "<ul class=\"lead\" aria-label=\"What failed\">\n");
    for (size_t i = 0; i < failed && i < LEAD_SHOWN; i++)
        write_lead_item(html, i);
    if (failed > LEAD_SHOWN)
        vo_out_format(html->out, "<li><a href=\"#problems\">and %zu more</a></li>\n", failed - LEAD_SHOWN);
    vo_out_add(html->out, "</ul>\n");
}

static void add_list(struct vo_out *out, const struct vo_json *array)
{
    bool first = true;
    for (const struct vo_json *item = vo_json_child(array); item; item = vo_json_next(item)) {
        if (!vo_json_text(item))
            continue;
        vo_out_add(out, first ? "" : ", ");
        vo_out_html(out, vo_json_text(item));
        first = false;
    }
}

static void write_meta(const struct vo_html *html)
{
    const struct vo_report *report = html->report;
    struct vo_out *out = html->out;
    char counts[VO_PHRASE_SIZE];
    vo_phrase_counts(counts, sizeof counts, report);
    vo_out_add(out, "<div class=\"meta\"><p>");
    vo_out_html(out, counts);
    vo_out_add(out, "</p>\n<p>");
    if (report->profile) {
        vo_out_add(out, "Profile ");
        vo_out_html(out, report->profile);
        vo_out_add(out, ", areas ");
        add_list(out, vo_json_get(report->verdict, "areas"));
        vo_out_add(out, ". ");
    }
    if (report->site) {
        vo_out_add(out, "Site ");
        vo_out_html(out, report->site);
        vo_out_add(out, ". ");
    }
    const struct vo_json *run = vo_json_child(vo_json_get(report->verdict, "runs"));
    for (size_t i = 0; run && i < 4; i++, run = vo_json_next(run)) {
        vo_out_html(out, vo_json_get_text(run, "probe"));
        vo_out_add(out, ": ");
        add_list(out, vo_json_get(run, "source"));
        vo_out_add(out, ". ");
    }
    vo_out_add(out, "Judged ");
    vo_out_html(out, report->created);
    vo_out_add(out, ".</p></div>\n");
}

static const char *verdict_class(const char *word)
{
    if (strcmp(word, "ready") == 0)
        return "pass";
    return strcmp(word, "not_ready") == 0 || strcmp(word, "error") == 0 ? "fail" : "warn";
}

static void write_navigation(const struct vo_html *html)
{
    const struct vo_report *report = html->report;
    const struct vo_air *air = report->air;
    const struct {
        const char *id, *name;
        bool shown;
    } links[] = {
        {"problems", "Failures", report->counts[VO_RESULT_FAIL] + report->counts[VO_RESULT_ERROR] > 0},
        {"warnings", "Warnings", report->counts[VO_RESULT_WARN] > 0},
        {"unmeasured", "Not measured", report->counts[VO_RESULT_NOT_MEASURED] > 0},
        {"places", "Places", air->list[VO_AIR_CELL].count > 0},
        {"channels", "Channels", air->radio_count + air->channel_count > 0},
        {"access-points", "Access points", air->surveyed_count > 0},
        {"links", "Links", air->list[VO_AIR_LINK].count + air->track_count > 0},
        {"roams", "Roams", air->list[VO_AIR_ROAM].count > 0},
        {"calls", "Calls", report->call_count > 0},
        {"loose", "Streams of no known call", html->loose_count > 0},
        {"results", "All results", true},
        {"capture", "Capture", report->capture_count + report->note_count > 0},
    };
    vo_out_add(html->out, "<nav aria-label=\"Sections\"><ul>");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (links[i].shown)
            vo_out_format(html->out, "<li><a href=\"#%s\">%s</a></li>", links[i].id, links[i].name);
    vo_out_add(html->out, "</ul></nav>\n");
}

static void write_head(const struct vo_html *html)
{
    const struct vo_report *report = html->report;
    struct vo_out *out = html->out;
    const char *verdict = vo_phrase_verdict(report->word);
    vo_out_add(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                    "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    vo_out_html(out, verdict);
    vo_out_add(out, " – voice readiness report</title>\n<style>\n");
    vo_out_add(out, vo_html_style);
    vo_out_add(out,
               "</style></head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the results</a>\n<header>\n"
               "<p class=\"kicker\">Voice readiness report</p>\n");
    vo_out_format(out, "<h1 class=\"%s\">", verdict_class(report->word));
    vo_out_html(out, verdict);
    vo_out_add(out, "</h1>\n");
    if (report->reason) {
        vo_out_add(out, "<p class=\"reason\">");
        vo_out_html(out, report->reason);
        vo_out_add(out, "</p>\n");
    }
    write_lead(html);
    write_meta(html);
    write_navigation(html);
    vo_out_add(out, "</header>\n<main id=\"main\" tabindex=\"-1\">\n");
}

/* --- failures and warnings
 * ---------------------------------------------------------------------------------- */

static void write_place(const struct vo_html *html, const struct vo_result *result, bool with_value)
{
    struct vo_out *out = html->out;
    char text[VO_PHRASE_SIZE];
    size_t index;
    vo_out_add(out, with_value ? "<li>" : "");
    if (with_value) {
        vo_phrase_observed(text, sizeof text, result);
        vo_out_html(out, text);
        vo_out_add(out, ": ");
    }
    vo_phrase_where(text, sizeof text, result);
    vo_out_html(out, text);
    vo_phrase_when(text, sizeof text, result);
    vo_out_add(out, text[0] ? "<br>" : "");
    vo_out_html(out, text);
    if (result->stream && vo_html_shows(html, result->stream, &index))
        vo_out_format(out, " <a href=\"#s%zu\">plots</a>", index);
    vo_out_add(out, with_value ? "</li>" : "");
}

static void write_places(const struct vo_html *html, const struct vo_group *group)
{
    struct vo_out *out = html->out;
    if (!group->results[0]->subject_id)
        return;
    vo_out_add(out, "<dt>Where</dt><dd>");
    if (group->count == 1) {
        write_place(html, group->results[0], false);
    } else {
        vo_out_add(out, "<ul>");
        for (size_t i = 0; i < group->count && i < PLACES_SHOWN; i++)
            write_place(html, group->results[i], true);
        if (group->count > PLACES_SHOWN)
            vo_out_format(out, "<li>and %zu more: see <a href=\"#results\">all results</a></li>",
                          group->count - PLACES_SHOWN);
        vo_out_add(out, "</ul>");
    }
    vo_out_add(out, "</dd>\n");
}

static void write_value(struct vo_out *out, const struct vo_result *result)
{
    char text[VO_PHRASE_SIZE];
    vo_phrase_observed(text, sizeof text, result);
    vo_out_add(out, "<p class=\"value\"><b>");
    vo_out_html(out, text);
    vo_out_add(out, "</b> ");
    vo_phrase_limit(text, sizeof text, result);
    if (text[0]) {
        vo_out_add(out, "limit: ");
        vo_out_html(out, text);
    }
    vo_phrase_margin(text, sizeof text, result);
    if (text[0]) {
        vo_out_add(out, "; ");
        vo_out_html(out, text);
    }
    vo_out_add(out, "</p>\n");
}

static void write_card(const struct vo_html *html, size_t index)
{
    const struct vo_group *group = &html->report->groups[index];
    const struct vo_result *worst = group->results[0];
    struct vo_out *out = html->out;
    char text[VO_PHRASE_SIZE];
    vo_out_format(out, "<article class=\"card %s\" id=\"g%zu\" aria-labelledby=\"g%zuh\"><h3 id=\"g%zuh\">",
                  vo_html_class(group->status), index, index, index);
    vo_html_tag(out, group->status);
    vo_out_add(out, " ");
    vo_out_html(out, worst->title);
    vo_out_add(out, "</h3>\n");
    write_value(out, worst);
    vo_out_add(out, "<dl class=\"rows\">");
    write_places(html, group);
    vo_phrase_call(text, sizeof text, worst);
    vo_html_row(out, "Call", group->count == 1 ? text : NULL);
    vo_html_row(out, "What to do", worst->remediation);
    vo_html_row(out, "Why", worst->reason);
    vo_html_row(out, "Note", worst->note);
    vo_phrase_evidence(text, sizeof text, worst);
    vo_html_row(out, "Evidence", text);
    vo_phrase_citation(text, sizeof text, worst);
    vo_html_row(out, "Demanded by", text);
    vo_out_add(out, "<dt>Rule</dt><dd>");
    vo_out_html(out, worst->rule);
    vo_out_add(out, ", ");
    vo_out_html(out, worst->severity);
    vo_out_add(out, worst->required ? ", required</dd></dl></article>\n" : "</dd></dl></article>\n");
}

static void write_cards(const struct vo_html *html, const char *id, const char *heading,
                        enum vo_result_status first, enum vo_result_status last)
{
    const struct vo_report *report = html->report;
    bool any = false;
    for (size_t i = 0; i < report->group_count; i++) {
        if (report->groups[i].status < first || report->groups[i].status > last)
            continue;
        if (!any)
            vo_out_format(html->out, "<section aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2>\n", id, id,
                          heading);
        any = true;
        write_card(html, i);
    }
    vo_out_add(html->out, any ? "</section>\n" : "");
}

/* One line a rule and reason, which says what to do; the rule's remediation is for what was measured. */
static void write_unmeasured(const struct vo_html *html)
{
    const struct vo_report *report = html->report;
    struct vo_out *out = html->out;
    if (report->counts[VO_RESULT_NOT_MEASURED] == 0)
        return;
    vo_out_add(out, "<section aria-labelledby=\"unmeasured\"><h2 id=\"unmeasured\">Not measured</h2>\n"
                    "<ul class=\"plain\">\n");
    for (size_t i = 0; i < report->group_count; i++) {
        const struct vo_result *result = report->groups[i].results[0];
        if (report->groups[i].status != VO_RESULT_NOT_MEASURED)
            continue;
        vo_out_add(out, "<li><strong>");
        vo_out_html(out, result->title);
        vo_out_add(out, "</strong>");
        if (report->groups[i].count > 1)
            vo_out_format(out, " (%zu times)", report->groups[i].count);
        vo_out_add(out, ": ");
        vo_out_html(out, result->reason ? result->reason : "no reason given");
        vo_out_add(out, "</li>\n");
    }
    vo_out_add(out, "</ul></section>\n");
}

/* --- all results
 * -------------------------------------------------------------------------------------------- */

#define LIMIT_LINE 16 /* characters of a limit on one line; lists of words are longer */

static void write_result(struct vo_out *out, const struct vo_result *result)
{
    char text[VO_PHRASE_SIZE];
    vo_out_add(out, "<tr><td>");
    vo_html_tag(out, result->status);
    vo_out_add(out, "</td><th scope=\"row\">");
    vo_out_html(out, result->title);
    vo_out_add(out, "<span class=\"id\">");
    vo_out_html(out, result->rule);
    vo_out_add(out, "</span></th><td class=\"n\">");
    vo_phrase_observed(text, sizeof text, result);
    vo_out_html(out, text);
    vo_phrase_limit(text, sizeof text, result);
    vo_out_add(out, strlen(text) > LIMIT_LINE ? "</td><td>" : "</td><td class=\"n\">");
    vo_out_html(out, text[0] ? text : "–");
    vo_out_add(out, "</td><td class=\"w where\">");
    vo_phrase_where(text, sizeof text, result);
    vo_out_html(out, text[0] ? text : "–");
    vo_out_add(out, "</td><td class=\"w\">");
    vo_out_html(out, result->reason);
    vo_out_add(out, "</td></tr>\n");
}

/* Results of one rule and status, the worst ones. */
static void write_group(struct vo_out *out, const struct vo_group *group)
{
    for (size_t i = 0; i < group->count && i < RESULTS_SHOWN; i++)
        write_result(out, group->results[i]);
    if (group->count <= RESULTS_SHOWN)
        return;
    vo_out_add(out, "<tr><td>");
    vo_html_tag(out, group->status);
    vo_out_add(out, "</td><th scope=\"row\">");
    vo_out_html(out, group->results[0]->title);
    vo_out_format(out, "</th><td colspan=\"4\">and %zu more, none worse: see --format csv</td></tr>\n",
                  group->count - RESULTS_SHOWN);
}

static void write_results(const struct vo_html *html)
{
    static const char *const headings[] = {"Status", "Rule", "Observed", "Limit", "Where", "Why"};
    const struct vo_report *report = html->report;
    vo_out_add(html->out, "<section aria-labelledby=\"results\"><h2 id=\"results\">All results</h2>\n");
    vo_html_table_begin(html->out, "All results, worst first", headings, 6);
    for (size_t i = 0; i < report->group_count; i++)
        write_group(html->out, &report->groups[i]);
    vo_html_table_end(html->out);
    vo_out_add(html->out, "</section>\n");
}

/* --- capture and foot
 * --------------------------------------------------------------------------------------- */

static void write_capture(const struct vo_html *html)
{
    const struct vo_report *report = html->report;
    struct vo_out *out = html->out;
    char text[VO_PHRASE_SIZE];
    if (report->capture_count + report->note_count == 0)
        return;
    vo_out_add(out, "<section aria-labelledby=\"capture\"><h2 id=\"capture\">Capture</h2>\n");
    for (size_t i = 0; i < report->note_count; i++) {
        vo_out_add(out, "<p>");
        vo_out_html(out, report->notes[i]);
        vo_out_add(out, "</p>\n");
    }
    for (size_t i = 0; i < report->capture_count; i++) {
        const struct vo_facts *facts = &report->captures[i]->seen.facts;
        vo_out_add(out, "<h3>");
        vo_out_html(out, report->captures[i]->seen.id);
        vo_out_add(out, "</h3>\n<dl class=\"stats\">");
        for (size_t m = VO_METRIC_CAPTURE_PACKETS; m <= VO_METRIC_CAPTURE_CALLS; m++) {
            const struct vo_reported *told = vo_facts_of(facts, (enum vo_metric)m);
            if (isnan(told->number) && !told->missing)
                continue;
            vo_phrase_metric(text, sizeof text, facts, (enum vo_metric)m);
            vo_out_add(out, "<div><dt>");
            vo_out_html(out, vo_phrase_heading((enum vo_metric)m));
            vo_out_add(out, isnan(told->number) ? "</dt><dd class=\"off\">" : "</dt><dd>");
            vo_out_html(out, text);
            vo_out_add(out, "</dd></div>");
        }
        vo_out_add(out, "</dl>\n");
    }
    vo_out_add(out, "</section>\n");
}

static void write_page(const struct vo_html *html)
{
    const struct vo_report *report = html->report;
    write_head(html);
    write_cards(html, "problems", "Failures", VO_RESULT_ERROR, VO_RESULT_FAIL);
    write_cards(html, "warnings", "Warnings", VO_RESULT_WARN, VO_RESULT_WARN);
    write_unmeasured(html);
    vo_html_air(html);
    vo_html_calls(html);
    write_results(html);
    if (report->call_count + report->stream_count == 0 && !vo_air_any(report->air))
        vo_out_add(html->out,
                   "<p class=\"muted\">Calls and plots are left out: no records with calls or streams were "
                   "given. Give the records after the verdict.</p>\n");
    write_capture(html);
    vo_out_add(html->out,
               "</main>\n<footer><p>Made by voready-report " VO_VERSION ". What was not measured is said "
               "so; nothing is filled in. MOS is estimated by the E-model (ITU-T G.107).</p></footer>\n"
               "</body></html>\n");
}

enum vo_status vo_report_html(const struct vo_report *report, const struct vo_report_style *style,
                              struct vo_out *out, struct vo_error *error)
{
    struct vo_html html = {.report = report, .out = out};
    (void)style;
    html.loose = calloc(report->stream_count + 1, sizeof *html.loose);
    if (!html.loose)
        return vo_error_memory(error, "the HTML report");
    for (size_t i = 0; i < report->stream_count; i++)
        if (!report->streams[i]->call)
            html.loose[html.loose_count++] = report->streams[i];
    enum vo_status status = vo_html_plots_draw(&html, error);
    if (status == VO_OK)
        write_page(&html);
    vo_html_plots_release(&html);
    free(html.loose);
    if (status == VO_OK && out->failed)
        status = vo_error_memory(error, "the HTML report");
    return status;
}
