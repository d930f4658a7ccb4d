#include "analyze/site.h"

#include "analyze/keys.h"
#include "core/site.h"

#include <stdio.h>
#include <string.h>

#define SITE_FILE_LIMIT ((size_t)16 * 1024 * 1024)

struct override {
    const char *rule, *reason;
    const struct vo_json *pass, *warn;
};
static const struct vo_key override_keys[] = {
    {"rule", VO_KEY_TEXT, offsetof(struct override, rule), true, 0, 0, NULL},
    {"reason", VO_KEY_TEXT, offsetof(struct override, reason), true, 0, 0, NULL},
    {"pass", VO_KEY_LIMIT, offsetof(struct override, pass), false, 0, 0, NULL},
    {"warn", VO_KEY_LIMIT, offsetof(struct override, warn), false, 0, 0, NULL},
    {NULL, VO_KEY_TEXT, 0, false, 0, 0, NULL},
};

struct waiver {
    const char *rule, *reason, *author, *expires;
};
static const struct vo_key waiver_keys[] = {
    {"rule", VO_KEY_TEXT, offsetof(struct waiver, rule), true, 0, 0, NULL},
    {"reason", VO_KEY_TEXT, offsetof(struct waiver, reason), true, 0, 0, NULL},
    {"author", VO_KEY_TEXT, offsetof(struct waiver, author), true, 0, 0, NULL},
    {"expires", VO_KEY_TEXT, offsetof(struct waiver, expires), true, 0, 0, NULL},
    {NULL, VO_KEY_TEXT, 0, false, 0, 0, NULL},
};

static enum vo_status find_rule(struct vo_rules *rules, const char *where, const char *id,
                                struct vo_rule **rule, struct vo_error *error)
{
    char hint[300];
    *rule = vo_rules_find(rules, id);
    if (*rule)
        return VO_OK;
    return vo_error_set(error, VO_ERR_USAGE, "%s: no pack has a rule '%.60s' %s", where, id,
                        vo_rules_hint(rules, id, hint, sizeof hint));
}

static enum vo_status apply_override(struct vo_rules *rules, const char *where, const struct vo_json *node,
                                     vo_time now, struct vo_error *error)
{
    struct override change = {0};
    struct vo_rule *rule;
    char place[280];
    (void)now;
    enum vo_status status = vo_keys_read(node, override_keys, where, &change, error);
    if (status == VO_OK)
        status = find_rule(rules, where, change.rule, &rule, error);
    if (status != VO_OK)
        return status;
    if (!change.pass && !change.warn)
        return vo_error_set(error, VO_ERR_USAGE, "%s: rule %.80s: give a limit of your own, pass or warn",
                            where, rule->id);
    if (rule->override_reason)
        return vo_error_set(error, VO_ERR_USAGE, "%s: rule %.80s has an override already: keep one", where,
                            rule->id);
    if (change.pass)
        rule->pass_node = change.pass;
    if (change.warn)
        rule->warn_node = change.warn;
    rule->override_reason = change.reason;
    snprintf(place, sizeof place, "%.160s: rule %.80s", where, rule->id);
    return vo_rule_limits(rule, place, error);
}

static enum vo_status apply_waiver(struct vo_rules *rules, const char *where, const struct vo_json *node,
                                   vo_time now, struct vo_error *error)
{
    struct waiver waiver = {0};
    struct vo_rule *rule;
    char day[40];
    vo_time end = VO_TIME_UNKNOWN;
    enum vo_status status = vo_keys_read(node, waiver_keys, where, &waiver, error);
    if (status == VO_OK)
        status = find_rule(rules, where, waiver.rule, &rule, error);
    if (status != VO_OK)
        return status;
    if (rule->waiver_reason)
        return vo_error_set(error, VO_ERR_USAGE, "%s: rule %.80s is waived already: keep one", where,
                            rule->id);
    snprintf(day, sizeof day, "%.10sT23:59:59.999999999Z", waiver.expires);
    if (strlen(waiver.expires) != 10 || vo_time_parse(day, &end, NULL) != VO_OK)
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: rule %.80s: expires '%.40s' is not a date: write YYYY-MM-DD", where,
                            rule->id, waiver.expires);
    rule->waiver_reason = waiver.reason;
    rule->waiver_author = waiver.author;
    rule->waiver_expires = waiver.expires;
    rule->waiver_expired = now > end;
    return VO_OK;
}

/* What the site plans is the limit of the rules that ask for it, unless the site overrides them. */
static void apply_plan(struct vo_rules *rules, const struct vo_site *site)
{
    const double planned[] = {[VO_SITE_LIMIT_CALLS_PER_AP] = site->calls_per_ap};
    static const char *const reasons[] = {[VO_SITE_LIMIT_CALLS_PER_AP] =
                                              "calls.per_ap, the calls at once that are planned"};
    for (size_t i = 0; i < rules->count; i++) {
        struct vo_rule *rule = &rules->rules[i];
        if (!rule->site_limit || rule->override_reason || !(planned[rule->site_limit] > 0))
            continue;
        rule->pass.low = planned[rule->site_limit];
        rule->pass.value = NULL;
        rule->override_reason = reasons[rule->site_limit];
    }
}

typedef enum vo_status apply_item(struct vo_rules *, const char *, const struct vo_json *, vo_time,
                                  struct vo_error *);

static enum vo_status apply_list(struct vo_rules *rules, const char *path, const struct vo_json *document,
                                 const char *key, apply_item *apply, vo_time now, struct vo_error *error)
{
    const struct vo_json *list = vo_json_get(document, key);
    char where[220];
    size_t number = 1;
    if (!list)
        return VO_OK;
    if (vo_json_type(list) != VO_JSON_ARRAY)
        return vo_error_set(error, VO_ERR_USAGE, "%s: key '%s' must be a list", path, key);
    for (const struct vo_json *item = vo_json_child(list); item; item = vo_json_next(item)) {
        snprintf(where, sizeof where, "%.160s: %s number %zu", path, key, number++);
        enum vo_status status = apply(rules, where, item, now, error);
        if (status != VO_OK)
            return status;
    }
    return VO_OK;
}

enum vo_status vo_site_apply(struct vo_rules *rules, const char *path, struct vo_json *document, vo_time now,
                             struct vo_site_head *head, struct vo_error *error)
{
    struct vo_site site = {0};
    enum vo_status status = vo_site_read(path, document, &site, error);
    if (status != VO_OK)
        return status;
    *head = (struct vo_site_head){site.name, site.mode, vo_json_get(document, "ssids")};
    site.document = NULL; /* from here on the rules' */
    status = vo_rules_keep(rules, document, error);
    if (status == VO_OK)
        status = apply_list(rules, path, document, "overrides", apply_override, now, error);
    if (status == VO_OK)
        apply_plan(rules, &site);
    vo_site_free(&site);
    if (status == VO_OK)
        status = apply_list(rules, path, document, "waivers", apply_waiver, now, error);
    return status;
}

enum vo_status vo_site_load(struct vo_rules *rules, const char *path, vo_time now, struct vo_site_head *head,
                            struct vo_error *error)
{
    struct vo_json *document = NULL;
    enum vo_status status = vo_json_load(path, SITE_FILE_LIMIT, &document, error);
    return status == VO_OK ? vo_site_apply(rules, path, document, now, head, error) : status;
}
