#include "analyze/derive/derive.h"

#include "analyze/derive/parts.h"

#include <math.h>
#include <string.h>

const char vo_derive_no_boundary[] =
    "no selected rule sets the cell boundary: one on wlan_signal_dbm of cells, with at_least";

const char *vo_derive_no_survey(const struct vo_survey *survey)
{
    if (survey->too_many)
        return "the records have more than 20000 cells: judge fewer places, or fewer SSIDs, at a time";
    return survey->any && !survey->cell_count ? "which WLAN is surveyed is not told: give --ssid NAME" : NULL;
}

double vo_derive_limit(const struct vo_rules *rules, const char *kind, enum vo_metric metric, bool least)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct vo_rule *rule = &rules->rules[i];
        if (!rule->selected || rule->metric != &vo_metrics[metric] || strcmp(rule->subject, kind) != 0)
            continue;
        int comparator = rule->pass.comparator;
        bool lower = comparator == VO_LIMIT_AT_LEAST || comparator == VO_LIMIT_ABOVE;
        bool upper = comparator == VO_LIMIT_AT_MOST || comparator == VO_LIMIT_BELOW;
        if (comparator == VO_LIMIT_BETWEEN)
            return least ? rule->pass.low : rule->pass.high;
        if (least ? lower : upper)
            return rule->pass.low;
    }
    return NAN;
}

/* --- What is derived ------------------------------------------------------------------------------ */

static bool judges(const struct vo_rules *rules, const char *kind, enum vo_metric metric)
{
    for (size_t i = 0; i < rules->count; i++)
        if (rules->rules[i].selected && strcmp(rules->rules[i].subject, kind) == 0 &&
            (metric == VO_METRIC_COUNT || rules->rules[i].metric == &vo_metrics[metric]))
            return true;
    return false;
}

/* Each kind of derived observation: the rules that ask for it, and who makes it. */
static const struct {
    const char *kind;
    enum vo_metric metrics[2]; /* of the kind; VO_METRIC_COUNT: any */
    void (*want)(struct vo_facts *);
    void (*make)(const struct vo_derive_context *);
} parts[] = {
    {"cell", {VO_METRIC_COUNT, VO_METRIC_COUNT}, vo_derive_want_cells, vo_derive_cells},
    {"access_point", {VO_METRIC_COUNT, VO_METRIC_COUNT}, vo_derive_want_overlaps, vo_derive_overlaps},
    {"bss",
     {VO_METRIC_WLAN_CAPACITY_CALLS, VO_METRIC_WLAN_CAPACITY_MOST_CALLS},
     vo_derive_want_capacities,
     vo_derive_capacities},
};
#define PARTS (sizeof parts / sizeof *parts)

static bool is_asked(const struct vo_rules *rules, size_t part)
{
    return judges(rules, parts[part].kind, parts[part].metrics[0]) ||
           judges(rules, parts[part].kind, parts[part].metrics[1]);
}

void vo_derive_want(struct vo_facts *facts)
{
    for (size_t i = 0; i < PARTS; i++)
        if (is_asked(facts->rules, i))
            parts[i].want(facts);
}

enum vo_status vo_derive(struct vo_facts *facts, struct vo_error *error)
{
    struct vo_survey survey = {.any = NULL};
    struct vo_derive_context context = {.facts = facts, .survey = &survey};
    size_t asked = 0;
    vo_facts_underive(facts);
    for (size_t i = 0; i < PARTS; i++)
        asked += is_asked(facts->rules, i);
    if (!asked)
        return VO_OK;
    context.boundary_dbm = vo_derive_limit(facts->rules, "cell", VO_METRIC_WLAN_SIGNAL_DBM, true);
    context.load_percent = vo_derive_limit(facts->rules, "bss", VO_METRIC_WLAN_UTILIZATION_PERCENT, false);
    if (isnan(context.load_percent))
        context.load_percent = vo_derive_limit(facts->rules, "channel", VO_METRIC_WLAN_BUSY_PERCENT, false);
    enum vo_status status = vo_survey_make(facts, &survey, error);
    for (size_t i = 0; i < PARTS && status == VO_OK; i++)
        if (is_asked(facts->rules, i))
            parts[i].make(&context);
    vo_survey_release(&survey);
    return status == VO_OK ? vo_derived_status(facts, error) : status;
}
