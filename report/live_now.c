#include "report/live.h"

#include "report/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static const char *label(const struct vo_result *result, const char *name)
{
    return vo_json_get_text(vo_json_get(result->json, "subject"), name);
}

static double number(const struct vo_result *result, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(result->json, "subject"), name));
}

/* --- what is newest
 * ----------------------------------------------------------------------------------------- */

/* How late a record was written: its run's place among the runs, and its number there. */
struct age {
    size_t run;
    double n;
};

static size_t run_order(const struct vo_report *report, const char *run)
{
    size_t order = 1;
    const struct vo_json *node = vo_json_child(vo_json_get(report->verdict, "runs"));
    for (; node; node = vo_json_next(node), order++)
        if (same(vo_json_get_text(node, "run"), run))
            return order;
    return 0;
}

static bool is_later(struct age a, struct age b)
{
    return a.run != b.run ? a.run > b.run : a.n > b.n;
}

static struct age age_of(const struct vo_report *report, const struct vo_json *evidence)
{
    struct age age = {0, 0};
    for (const struct vo_json *item = vo_json_child(evidence); item; item = vo_json_next(item)) {
        struct age one = {run_order(report, vo_json_get_text(item, "run")),
                          vo_json_double(vo_json_get(item, "n"))};
        if (!isnan(one.n) && is_later(one, age))
            age = one;
    }
    return age;
}

/* The place that is measured is the one whose cell was heard last; of its SSIDs the strongest one. */
static void find_cell(const struct vo_report *report, struct vo_live_now *now)
{
    const struct vo_air_list *cells = &report->air->list[VO_AIR_CELL];
    struct age newest = {0, 0};
    for (size_t i = 0; i < cells->count; i++) {
        const struct vo_air_item *cell = cells->items[i];
        struct age age = {run_order(report, cell->seen.run), (double)cell->seen.n};
        if (now->cell && !is_later(age, newest))
            continue;
        newest = age;
        now->cell = cell;
    }
    for (size_t i = 0; now->cell && i < cells->count; i++) {
        const struct vo_air_item *cell = cells->items[i];
        bool here = cell->place == now->cell->place || same(cell->place, now->cell->place);
        now->cells += here;
        if (here && vo_facts_number(&cell->seen.facts, VO_METRIC_WLAN_SIGNAL_DBM) >
                        vo_facts_number(&now->cell->seen.facts, VO_METRIC_WLAN_SIGNAL_DBM))
            now->cell = cell;
    }
}

/* The newest result of a kind. Of links only this host's own. */
static const struct vo_result *find_newest(const struct vo_report *report, enum vo_air_kind kind)
{
    const struct vo_result *found = NULL;
    struct age newest = {0, 0};
    for (size_t i = 0; i < report->result_count; i++) {
        const struct vo_result *result = &report->results[i];
        if (!same(result->subject_kind, vo_air_words[kind]) || !result->subject_id ||
            same(label(result, "key"), "all") || (kind == VO_AIR_LINK && !label(result, "interface")))
            continue;
        struct age age = age_of(report, vo_json_get(result->json, "evidence"));
        if (found && !is_later(age, newest))
            continue;
        newest = age;
        found = result;
    }
    return found;
}

/* --- what is here
 * ------------------------------------------------------------------------------------------- */

static bool is_here(const struct vo_live_now *now, const struct vo_result *result)
{
    const char *place = label(result, "place");
    double mhz = number(result, "frequency_mhz");
    switch (vo_air_kind_of(result->subject_kind)) {
    case VO_AIR_CELL:
        return now->cell && same(result->subject_id, now->cell->seen.id);
    case VO_AIR_BSS:
        return same(result->subject_id, now->bssid) &&
               (!place || !now->cell || !now->cell->place || same(place, now->cell->place));
    case VO_AIR_LINK:
        return now->link && same(result->subject_id, now->link->subject_id);
    case VO_AIR_CHANNEL:
        return fabs(mhz - now->mhz) < 0.5;
    case VO_AIR_ROAM:
        return now->roam && same(result->subject_id, now->roam->subject_id);
    default:
        return false;
    }
}

const struct vo_result *vo_live_result(const struct vo_report *report, const struct vo_live_now *now,
                                       enum vo_air_kind kind, enum vo_metric metric)
{
    const struct vo_result *found = NULL;
    for (size_t i = 0; i < report->result_count; i++) {
        const struct vo_result *result = &report->results[i];
        if (result->row == &vo_metrics[metric] && same(result->subject_kind, vo_air_words[kind]) &&
            is_here(now, result) && (!found || result->status < found->status))
            found = result;
    }
    return found;
}

/* --- rules
 * -------------------------------------------------------------------------------------------------- */

static bool is_worse(const struct vo_result *a, const struct vo_result *b)
{
    if (a->status != b->status)
        return a->status < b->status;
    double left = isnan(a->margin) ? INFINITY : a->margin, right = isnan(b->margin) ? INFINITY : b->margin;
    return left < right;
}

static void add_result(struct vo_live_rule *rule, const struct vo_result *result, bool here)
{
    bool better =
        !rule->result || here > rule->here || (here == rule->here && is_worse(result, rule->result));
    rule->failed_elsewhere += result->status == VO_RESULT_FAIL;
    if (!better)
        return;
    rule->result = result;
    rule->here = here;
}

static int compare_rules(const void *left, const void *right)
{
    const struct vo_result *a = ((const struct vo_live_rule *)left)->result;
    const struct vo_result *b = ((const struct vo_live_rule *)right)->result;
    size_t failed_a = ((const struct vo_live_rule *)left)->failed_elsewhere;
    size_t failed_b = ((const struct vo_live_rule *)right)->failed_elsewhere;
    if (a->status != b->status)
        return a->status < b->status ? -1 : 1;
    if ((failed_a > 0) != (failed_b > 0))
        return failed_a > 0 ? -1 : 1;
    if (a->required != b->required)
        return a->required ? -1 : 1;
    return a->rule_order != b->rule_order ? (a->rule_order < b->rule_order ? -1 : 1) : (a > b) - (a < b);
}

static bool find_rules(const struct vo_report *report, struct vo_live_now *now)
{
    size_t count = 0;
    for (size_t i = 0; i < report->result_count; i++)
        if (report->results[i].rule_order >= count)
            count = report->results[i].rule_order + 1;
    struct vo_live_rule *rules = vo_store_take(report->store, (count + 1) * sizeof *rules);
    if (!rules)
        return false;
    for (size_t i = 0; i < report->result_count; i++)
        add_result(&rules[report->results[i].rule_order], &report->results[i],
                   is_here(now, &report->results[i]));
    now->rules = rules;
    for (size_t i = 0; i < count; i++) {
        if (!rules[i].result)
            continue;
        rules[i].failed_elsewhere -= rules[i].result->status == VO_RESULT_FAIL;
        rules[now->rule_count++] = rules[i];
    }
    if (now->rule_count)
        qsort(rules, now->rule_count, sizeof *rules, compare_rules);
    return true;
}

enum vo_status vo_live_find(const struct vo_report *report, struct vo_live_now *now, struct vo_error *error)
{
    *now = (struct vo_live_now){.mhz = NAN};
    find_cell(report, now);
    now->link = find_newest(report, VO_AIR_LINK);
    now->roam = find_newest(report, VO_AIR_ROAM);
    if (now->cell) {
        now->bssid = vo_report_label(&now->cell->seen, "bssid");
        now->mhz = vo_air_number(now->cell, "frequency_mhz");
    } else if (now->link) {
        now->bssid = label(now->link, "bssid");
        now->mhz = number(now->link, "frequency_mhz");
    }
    return find_rules(report, now) ? VO_OK : vo_error_memory(error, "the live view");
}
