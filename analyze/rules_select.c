/* Which rules hold: profile, areas, and what is not required this time. */
#include "analyze/rules.h"

#include <stdio.h>
#include <string.h>

#define MAX_NAMES 64

/* Adds `name` unless it is there already. */
static size_t add_name(const char **names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return count;
    if (count < MAX_NAMES)
        names[count++] = name;
    return count;
}

static bool in_profile(const struct vo_rule *rule, const char *profile)
{
    if (!rule->profiles)
        return true;
    for (const struct vo_json *item = vo_json_child(rule->profiles); item; item = vo_json_next(item))
        if (strcmp(vo_json_text(item), profile) == 0)
            return true;
    return false;
}

bool vo_area_in(const char *areas, const char *area)
{
    size_t size = strlen(area);
    if (!areas)
        return true;
    for (;; areas++) {
        size_t length = strcspn(areas, ",");
        if (length == size && memcmp(areas, area, size) == 0)
            return true;
        areas += length;
        if (!*areas)
            return false;
    }
}

static enum vo_status check_profile(const struct vo_rules *rules, const char *profile, struct vo_error *error)
{
    const char *names[MAX_NAMES];
    size_t count = 0;
    char list[300];
    for (size_t i = 0; i < rules->pack_count; i++) {
        const struct vo_json *item = vo_json_child(rules->packs[i].profiles);
        for (; item; item = vo_json_next(item))
            count = add_name(names, count, vo_json_key_of(item));
    }
    for (size_t i = 0; profile && i < count; i++)
        if (strcmp(names[i], profile) == 0)
            return VO_OK;
    if (profile)
        return vo_error_set(error, VO_ERR_USAGE, "--profile: no pack has a profile '%.60s' %s", profile,
                            vo_unknown_hint(profile, names, count, list, sizeof list));
    /* The empty word is near to nothing, so that the hint is the whole list. */
    return vo_error_set(error, VO_ERR_USAGE, "--profile is missing: say how the phones are used %s",
                        vo_unknown_hint("", names, count, list, sizeof list));
}

static enum vo_status check_areas(const struct vo_rules *rules, const char *areas, struct vo_error *error)
{
    const char *names[MAX_NAMES];
    size_t count = 0;
    char hint[300], area[64];
    for (size_t i = 0; i < rules->count; i++)
        count = add_name(names, count, rules->rules[i].area);
    while (areas && *areas) {
        size_t length = strcspn(areas, ","), i = 0;
        snprintf(area, sizeof area, "%.*s", (int)(length < sizeof area ? length : sizeof area - 1), areas);
        while (i < count && strcmp(names[i], area) != 0)
            i++;
        if (i == count)
            return vo_error_set(error, VO_ERR_USAGE, "--area: no rule has the area '%s' %s", area,
                                vo_unknown_hint(area, names, count, hint, sizeof hint));
        areas += length + (areas[length] == ',');
    }
    return VO_OK;
}

static enum vo_status release_required(struct vo_rules *rules, const struct vo_selection *selection,
                                       struct vo_error *error)
{
    char hint[300];
    for (size_t i = 0; i < selection->not_required_count; i++) {
        struct vo_rule *rule = vo_rules_find(rules, selection->not_required[i]);
        if (!rule)
            return vo_error_set(error, VO_ERR_USAGE, "--not-required: no pack has a rule '%.60s' %s",
                                selection->not_required[i],
                                vo_rules_hint(rules, selection->not_required[i], hint, sizeof hint));
        rule->required = false;
    }
    return VO_OK;
}

enum vo_status vo_rules_select(struct vo_rules *rules, const struct vo_selection *selection,
                               struct vo_error *error)
{
    enum vo_status status = check_profile(rules, selection->profile, error);
    if (status == VO_OK)
        status = check_areas(rules, selection->areas, error);
    if (status == VO_OK)
        status = release_required(rules, selection, error);
    if (status != VO_OK)
        return status;
    size_t selected = 0;
    for (size_t i = 0; i < rules->count; i++) {
        struct vo_rule *rule = &rules->rules[i];
        rule->selected = in_profile(rule, selection->profile) && vo_area_in(selection->areas, rule->area);
        selected += rule->selected;
    }
    if (selected)
        return VO_OK;
    return vo_error_set(error, VO_ERR_USAGE,
                        "no rule is selected: profile %.60s has none%s%.120s; choose another profile or area",
                        selection->profile, selection->areas ? " in the areas " : "",
                        selection->areas ? selection->areas : "");
}
