#include "analyze/rules.h"

#include "analyze/keys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_FILE_LIMIT ((size_t)16 * 1024 * 1024)
#define WHERE_SIZE       280
#define COUNT(array)     (sizeof(array) / sizeof *(array))

const char *const vo_severity_names[] = {NULL, "critical", "major", "advisory", NULL};
static const char *const aggregate_names[] = {"worst", "mean", "p95", "any", "share_passing", NULL};
static const char *const statistic_names[] = {"ratio", "mean", "max", NULL};
const char *const vo_site_limit_names[] = {NULL, "calls.per_ap", NULL};
static const char *const subject_kinds[] = {"capture",      "call",    "rtp_stream", "bss",     "cell",
                                            "access_point", "channel", "link",       "station", "roam",
                                            "target",       "path",    "nat",        "item"};

/* The labels that a rule may select by, and the subjects that carry them. */
static const struct {
    const char *name, *subjects;
} labels[] = {
    {"media", "rtp_stream"},
    {"payload_type", "rtp_stream"},
    {"codec", "rtp_stream"},
    {"clock_hz", "rtp_stream"},
    {"call_id", "rtp_stream call"},
    {"direction", "rtp_stream call link target"},
    {"point", "rtp_stream call capture"},
    {"position", "rtp_stream call capture"},
    {"playout", "rtp_stream"},
    {"demand", "target path link nat"},
    {"role", "target path link nat"},
    {"host", "target path nat"},
    {"address", "target path nat"},
    {"port", "target path nat"},
    {"transport", "target path nat"},
    {"family", "target path nat"},
    {"vantage", "target path link nat"},
    {"judged", "target path link nat bss cell access_point channel station roam"},
    {"local_port", "target nat"},
    {"type", "target"},
    {"server", "target"},
    {"ssid", "bss cell access_point link station roam"},
    {"place", "cell"},
    {"interface", "bss channel link station roam"},
    {"band", "bss channel"},
    {"frequency_mhz", "bss cell channel link station"},
    {"source", "channel"},
    {"in_use", "channel"},
    {"transmitter", "link"},
    {"voice_known_by", "link"},
    {"station", "roam"},
};

#define AT(member) offsetof(struct vo_rule, member)
static const struct vo_key rule_keys[] = {
    {"id", VO_KEY_TEXT, AT(id), true, 0, 0, NULL},
    {"title", VO_KEY_TEXT, AT(title), true, 0, 0, NULL},
    {"area", VO_KEY_TEXT, AT(area), true, 0, 0, NULL},
    {"severity", VO_KEY_WORD, AT(severity), true, 0, 0, vo_severity_names + 1},
    {"required", VO_KEY_BOOL, AT(required), true, 0, 0, NULL},
    {"profiles", VO_KEY_ARRAY, AT(profiles), false, 0, 0, NULL},
    {"source", VO_KEY_OBJECT, AT(source), true, 0, 0, NULL},
    {"subject", VO_KEY_TEXT, AT(subject), true, 0, 0, NULL},
    {"where", VO_KEY_OBJECT, AT(where), false, 0, 0, NULL},
    {"without", VO_KEY_ARRAY, AT(without), false, 0, 0, NULL},
    {"metric", VO_KEY_METRIC, AT(metric), true, 0, 0, NULL},
    {"unit", VO_KEY_TEXT, AT(unit), false, 0, 0, NULL},
    {"minimum_samples", VO_KEY_NUMBER, AT(minimum_samples), false, 1, 1e12, NULL},
    {"aggregate", VO_KEY_WORD, AT(aggregate), false, 0, 0, aggregate_names},
    {"by", VO_KEY_ARRAY, AT(by), false, 0, 0, NULL},
    {"share", VO_KEY_NUMBER, AT(share), false, 0, 1, NULL},
    {"window_s", VO_KEY_NUMBER, AT(window_s), false, 1e-3, 1e7, NULL},
    {"statistic", VO_KEY_WORD, AT(statistic), false, 0, 0, statistic_names},
    {"numerator", VO_KEY_METRIC, AT(numerator), false, 0, 0, NULL},
    {"minimum_coverage", VO_KEY_NUMBER, AT(minimum_coverage), false, 0, 1, NULL},
    {"pass", VO_KEY_LIMIT, AT(pass_node), true, 0, 0, NULL},
    {"warn", VO_KEY_LIMIT, AT(warn_node), false, 0, 0, NULL},
    {"far_end_metric", VO_KEY_METRIC, AT(far_end), false, 0, 0, NULL},
    {"alive_by", VO_KEY_TEXT, AT(alive_by), false, 0, 0, NULL},
    {"drops_explain", VO_KEY_BOOL, AT(drops_explain), false, 0, 0, NULL},
    {"site_limit", VO_KEY_WORD, AT(site_limit), false, 0, 0, vo_site_limit_names + 1},
    {"remediation", VO_KEY_TEXT, AT(remediation), true, 0, 0, NULL},
    {"note", VO_KEY_TEXT, AT(note), false, 0, 0, NULL},
    {NULL, VO_KEY_TEXT, 0, false, 0, 0, NULL},
};

struct source {
    const char *document, *section;
};
static const struct vo_key source_keys[] = {
    {"document", VO_KEY_TEXT, offsetof(struct source, document), true, 0, 0, NULL},
    {"section", VO_KEY_TEXT, offsetof(struct source, section), true, 0, 0, NULL},
    {NULL, VO_KEY_TEXT, 0, false, 0, 0, NULL},
};

struct pack {
    double format;
    const char *name, *title, *note;
    const struct vo_json *profiles, *rules;
};
static const struct vo_key pack_keys[] = {
    {"format", VO_KEY_NUMBER, offsetof(struct pack, format), true, 0, 1e6, NULL},
    {"pack", VO_KEY_TEXT, offsetof(struct pack, name), true, 0, 0, NULL},
    {"title", VO_KEY_TEXT, offsetof(struct pack, title), true, 0, 0, NULL},
    {"note", VO_KEY_TEXT, offsetof(struct pack, note), false, 0, 0, NULL},
    {"profiles", VO_KEY_OBJECT, offsetof(struct pack, profiles), true, 0, 0, NULL},
    {"rules", VO_KEY_ARRAY, offsetof(struct pack, rules), true, 0, 0, NULL},
    {NULL, VO_KEY_TEXT, 0, false, 0, 0, NULL},
};

struct vo_rule *vo_rules_find(struct vo_rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->rules[i].id, id) == 0)
            return &rules->rules[i];
    return NULL;
}

const char *vo_rules_hint(const struct vo_rules *rules, const char *id, char *text, size_t size)
{
    const char **ids = calloc(rules->count ? rules->count : 1, sizeof *ids);
    if (!ids)
        return "";
    for (size_t i = 0; i < rules->count; i++)
        ids[i] = rules->rules[i].id;
    vo_unknown_hint(id, ids, rules->count, text, size);
    free(ids);
    return text;
}

static enum vo_status check_subject(const struct vo_rule *rule, const char *where, struct vo_error *error)
{
    char hint[300];
    size_t i = 0;
    while (i < COUNT(subject_kinds) && strcmp(subject_kinds[i], rule->subject) != 0)
        i++;
    if (i == COUNT(subject_kinds))
        return vo_error_set(error, VO_ERR_USAGE, "%s: unknown subject '%.60s' %s", where, rule->subject,
                            vo_unknown_hint(rule->subject, subject_kinds, i, hint, sizeof hint));
    if (!vo_words_have(rule->metric->subjects, rule->subject))
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: metric '%s' belongs to %s, not to %s: change the subject", where,
                            rule->metric->name, rule->metric->subjects, rule->subject);
    if (rule->unit && strcmp(rule->unit, rule->metric->unit) != 0)
        return vo_error_set(error, VO_ERR_USAGE, "%s: unit '%.60s' is not that of %s, which is '%s'", where,
                            rule->unit, rule->metric->name, rule->metric->unit);
    return VO_OK;
}

static bool has_label(const struct vo_rule *rule, const char *name)
{
    for (size_t i = 0; i < COUNT(labels); i++)
        if (strcmp(labels[i].name, name) == 0 && vo_words_have(labels[i].subjects, rule->subject))
            return true;
    return false;
}

/* `key` is where the name stands: "where". */
static enum vo_status unknown_label(const struct vo_rule *rule, const char *key, const char *name,
                                    const char *where, struct vo_error *error)
{
    const char *names[COUNT(labels) + VO_METRIC_COUNT];
    size_t count = 0;
    char hint[300];
    for (size_t i = 0; i < COUNT(labels); i++)
        if (vo_words_have(labels[i].subjects, rule->subject))
            names[count++] = labels[i].name;
    for (size_t i = 0; i < VO_METRIC_COUNT && strcmp(key, "where") == 0; i++)
        if (vo_metrics[i].words && vo_words_have(vo_metrics[i].subjects, rule->subject))
            names[count++] = vo_metrics[i].name;
    return vo_error_set(error, VO_ERR_USAGE, "%s: %s: unknown label '%.60s' of %s %s", where, key, name,
                        rule->subject, vo_unknown_hint(name, names, count, hint, sizeof hint));
}

/* One member of `where`: a label or a state of the subject, and the list of values that it may have. */
static enum vo_status check_label(const struct vo_rule *rule, const struct vo_json *values, const char *where,
                                  struct vo_error *error)
{
    const char *name = vo_json_key_of(values);
    const struct vo_metric_row *state = vo_metric_find(name);
    bool known = state && state->words && vo_words_have(state->subjects, rule->subject);
    if (!known && !has_label(rule, name))
        return unknown_label(rule, "where", name, where, error);
    if (vo_json_type(values) != VO_JSON_ARRAY || vo_json_count(values) == 0)
        return vo_error_set(error, VO_ERR_USAGE, "%s: where: '%s' must be a list of allowed values", where,
                            name);
    for (const struct vo_json *value = vo_json_child(values); value; value = vo_json_next(value)) {
        const char *text = vo_json_text(value);
        if (!text && !isfinite(vo_json_double(value)))
            return vo_error_set(error, VO_ERR_USAGE, "%s: where: '%s' lists words or numbers only", where,
                                name);
        if (state && (!text || !vo_words_have(state->words, text)))
            return vo_error_set(error, VO_ERR_USAGE, "%s: where: '%.60s' is not a word of %s: use one of %s",
                                where, text ? text : "number", name, state->words);
    }
    return VO_OK;
}

static enum vo_status check_where(const struct vo_rule *rule, const char *where, struct vo_error *error)
{
    enum vo_status status = VO_OK;
    const struct vo_json *label = vo_json_child(rule->where);
    for (; label && status == VO_OK; label = vo_json_next(label))
        status = check_label(rule, label, where, error);
    return status;
}

static enum vo_status check_profiles(const struct vo_rule *rule, const struct vo_json *known,
                                     const char *where, struct vo_error *error)
{
    const struct vo_json *item = vo_json_child(rule->profiles);
    if (rule->profiles && !item)
        return vo_error_set(error, VO_ERR_USAGE, "%s: profiles is empty: leave it out to hold for all",
                            where);
    for (; item; item = vo_json_next(item)) {
        const char *name = vo_json_text(item);
        if (!name || !vo_json_get(known, name))
            return vo_error_set(error, VO_ERR_USAGE,
                                "%s: profile '%.60s' is not one of the pack's: add it there", where,
                                name ? name : "(not a text)");
    }
    return VO_OK;
}

/* A list of labels of the subject, such as `by`. */
static enum vo_status check_labels(const struct vo_rule *rule, const struct vo_json *list, const char *key,
                                   const char *where, struct vo_error *error)
{
    for (const struct vo_json *item = vo_json_child(list); item; item = vo_json_next(item)) {
        const char *name = vo_json_text(item);
        if (!name || !has_label(rule, name))
            return unknown_label(rule, key, name ? name : "(not a text)", where, error);
    }
    return VO_OK;
}

/* `without`, `by` and `alive_by` name labels of the subject. */
static enum vo_status check_scope(const struct vo_rule *rule, const char *where, struct vo_error *error)
{
    if (rule->without && !vo_json_child(rule->without))
        return vo_error_set(error, VO_ERR_USAGE, "%s: without lists labels: leave it out if there are none",
                            where);
    if (rule->by && (!rule->aggregate || !vo_json_child(rule->by)))
        return vo_error_set(error, VO_ERR_USAGE, "%s: by lists labels, and goes with aggregate: add it",
                            where);
    enum vo_status status = check_labels(rule, rule->without, "without", where, error);
    if (status == VO_OK)
        status = check_labels(rule, rule->by, "by", where, error);
    if (status != VO_OK || !rule->alive_by)
        return status;
    if (!rule->metric->words || !vo_words_have(rule->metric->words, "filtered") || rule->aggregate)
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: alive_by goes with a metric that has the word filtered, without aggregate",
                            where);
    return has_label(rule, rule->alive_by) ? VO_OK
                                           : unknown_label(rule, "alive_by", rule->alive_by, where, error);
}

/* What `window_s`, `statistic` and `numerator` need of each other. */
static enum vo_status check_series(const struct vo_rule *rule, const char *where, struct vo_error *error)
{
    const struct vo_metric_row *metric = rule->metric;
    if (isnan(rule->window_s)) {
        if (rule->statistic || rule->numerator || !isnan(rule->minimum_coverage))
            return vo_error_set(error, VO_ERR_USAGE,
                                "%s: statistic, numerator and minimum_coverage go with window_s: add it",
                                where);
        return VO_OK;
    }
    if (!rule->statistic || metric->words)
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: window_s needs a metric that is a number, and a statistic", where);
    if (rule->statistic == VO_STATISTIC_MEAN && strcmp(metric->unit, "percent") == 0)
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: percents are never averaged: use statistic ratio with a numerator", where);
    if (rule->statistic != VO_STATISTIC_RATIO)
        return rule->numerator
                   ? vo_error_set(error, VO_ERR_USAGE, "%s: numerator goes with statistic ratio only", where)
                   : VO_OK;
    if (!rule->numerator || strcmp(rule->numerator->unit, "count") != 0 ||
        strcmp(metric->unit, "percent") != 0 || !metric->samples)
        return vo_error_set(
            error, VO_ERR_USAGE,
            "%s: statistic ratio needs a metric in percent that the catalogue gives a count of "
            "samples, and the counted numerator, such as rtp_lost_packets",
            where);
    return VO_OK;
}

static enum vo_status check_extras(const struct vo_rule *rule, const char *where, struct vo_error *error)
{
    const struct vo_metric_row *metric = rule->metric, *far_end = rule->far_end;
    if (!isnan(rule->minimum_samples) && !metric->samples)
        return vo_error_set(error, VO_ERR_USAGE, "%s: minimum_samples: the catalogue names no samples for %s",
                            where, metric->name);
    if ((rule->aggregate == VO_AGGREGATE_SHARE) == isnan(rule->share))
        return vo_error_set(error, VO_ERR_USAGE, "%s: aggregate share_passing and share (0 to 1) go together",
                            where);
    if (metric->words && (rule->aggregate == VO_AGGREGATE_MEAN || rule->aggregate == VO_AGGREGATE_P95))
        return vo_error_set(
            error, VO_ERR_USAGE,
            "%s: %s is a state, which has no mean or percentile: use worst, any or share_passing", where,
            metric->name);
    if (rule->aggregate == VO_AGGREGATE_MEAN && strcmp(metric->unit, "percent") == 0)
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: percents are never averaged: use aggregate worst, any or share_passing",
                            where);
    if (far_end &&
        (strcmp(far_end->unit, metric->unit) != 0 || !vo_words_have(far_end->subjects, rule->subject)))
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: far_end_metric '%s' has another unit or subject than %s", where,
                            far_end->name, metric->name);
    if (rule->site_limit &&
        (metric->words || rule->pass.comparator == VO_LIMIT_NONE || rule->pass.comparator > VO_LIMIT_EQUALS))
        return vo_error_set(
            error, VO_ERR_USAGE,
            "%s: site_limit takes the place of the number of pass: give a limit with one number", where);
    return check_series(rule, where, error);
}

static bool is_upper(const struct vo_limit *limit)
{
    return limit->comparator == VO_LIMIT_BELOW || limit->comparator == VO_LIMIT_AT_MOST;
}

enum vo_status vo_rule_limits(struct vo_rule *rule, const char *where, struct vo_error *error)
{
    char place[WHERE_SIZE + 8];
    snprintf(place, sizeof place, "%s: pass", where);
    enum vo_status status = vo_limit_read(rule->pass_node, rule->metric, place, &rule->pass, error);
    snprintf(place, sizeof place, "%s: warn", where);
    if (status == VO_OK)
        status = vo_limit_read(rule->warn_node, rule->metric, place, &rule->warn, error);
    if (status != VO_OK)
        return status;
    bool informational = rule->pass.comparator == VO_LIMIT_NONE;
    if (informational && (rule->required || rule->warn.comparator != VO_LIMIT_NONE || rule->aggregate ||
                          !isnan(rule->window_s)))
        return vo_error_set(
            error, VO_ERR_USAGE,
            "%s: a rule without a pass limit informs only: it cannot be required, warn, aggregate "
            "or have a window",
            where);
    bool upper = is_upper(&rule->pass) && (rule->warn.comparator == VO_LIMIT_NONE || is_upper(&rule->warn));
    if (rule->drops_explain &&
        (!upper || !rule->metric->samples || strcmp(rule->metric->unit, "percent") != 0))
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: drops_explain is for a percent of counted packets that passes below a limit",
                            where);
    return VO_OK;
}

static enum vo_status read_rule(struct vo_rules *rules, const struct vo_pack *pack,
                                const struct vo_json *node, size_t number, struct vo_error *error)
{
    struct vo_rule rule = {.pack = rules->pack_count - 1};
    struct source source;
    char where[WHERE_SIZE];
    const char *id = vo_json_get_text(node, "id");
    if (id)
        snprintf(where, sizeof where, "%.160s: rule %.80s", pack->file, id);
    else
        snprintf(where, sizeof where, "%.160s: rule number %zu", pack->file, number);
    enum vo_status status = vo_keys_read(node, rule_keys, where, &rule, error);
    if (status == VO_OK)
        status = check_subject(&rule, where, error);
    if (status == VO_OK)
        status = vo_rule_limits(&rule, where, error);
    if (status == VO_OK)
        status = check_where(&rule, where, error);
    if (status == VO_OK)
        status = check_profiles(&rule, pack->profiles, where, error);
    if (status == VO_OK)
        status = check_extras(&rule, where, error);
    if (status == VO_OK)
        status = check_scope(&rule, where, error);
    if (status != VO_OK)
        return status;
    const struct vo_rule *twin = vo_rules_find(rules, rule.id);
    if (twin)
        return vo_error_set(error, VO_ERR_USAGE, "%s: the id is taken by a rule of %.120s: choose another",
                            where, rules->packs[twin->pack].file);
    strncat(where, ": source", sizeof where - strlen(where) - 1);
    status = vo_keys_read(rule.source, source_keys, where, &source, error);
    if (status == VO_OK)
        rules->rules[rules->count++] = rule;
    return status;
}

static enum vo_status read_pack(struct vo_rules *rules, const char *file, const struct vo_json *document,
                                struct pack *pack, struct vo_error *error)
{
    *pack = (struct pack){0};
    enum vo_status status = vo_keys_read(document, pack_keys, file, pack, error);
    if (status != VO_OK)
        return status;
    if (pack->format < VO_RULES_FORMAT || pack->format > VO_RULES_FORMAT)
        return vo_error_set(error, VO_ERR_USAGE, "%s: format %g is not known: this program reads format %d",
                            file, pack->format, VO_RULES_FORMAT);
    for (const struct vo_json *item = vo_json_child(pack->profiles); item; item = vo_json_next(item))
        if (!vo_json_text(item))
            return vo_error_set(error, VO_ERR_USAGE, "%s: profile '%.60s' must have a title, a text", file,
                                vo_json_key_of(item));
    size_t count = rules->count + vo_json_count(pack->rules);
    struct vo_rule *grown = realloc(rules->rules, (count + 1) * sizeof *grown);
    if (grown)
        rules->rules = grown;
    struct vo_pack *packs = realloc(rules->packs, (rules->pack_count + 1) * sizeof *packs);
    if (packs)
        rules->packs = packs;
    if (!grown || !packs)
        return vo_error_memory(error, "the rules");
    packs[rules->pack_count++] = (struct vo_pack){file, pack->name, pack->title, pack->profiles};
    return VO_OK;
}

enum vo_status vo_rules_keep(struct vo_rules *rules, struct vo_json *document, struct vo_error *error)
{
    struct vo_json **grown = realloc(rules->documents, (rules->document_count + 1) * sizeof *grown);
    if (!grown) {
        vo_json_free(document);
        return vo_error_memory(error, "the rules");
    }
    rules->documents = grown;
    grown[rules->document_count++] = document;
    return VO_OK;
}

enum vo_status vo_rules_add(struct vo_rules *rules, const char *file, struct vo_json *document,
                            struct vo_error *error)
{
    struct pack pack;
    enum vo_status status = vo_rules_keep(rules, document, error);
    if (status == VO_OK)
        status = read_pack(rules, file, document, &pack, error);
    if (status != VO_OK)
        return status;
    size_t number = 1;
    const struct vo_json *node = vo_json_child(pack.rules);
    for (; node && status == VO_OK; node = vo_json_next(node))
        status = read_rule(rules, &rules->packs[rules->pack_count - 1], node, number++, error);
    return status;
}

enum vo_status vo_rules_load(struct vo_rules *rules, const char *path, struct vo_error *error)
{
    struct vo_json *document = NULL;
    enum vo_status status = vo_json_load(path, RULES_FILE_LIMIT, &document, error);
    if (status != VO_OK)
        return status;
    return vo_rules_add(rules, path, document, error);
}

void vo_rules_release(struct vo_rules *rules)
{
    for (size_t i = 0; i < rules->document_count; i++)
        vo_json_free(rules->documents[i]);
    free(rules->documents);
    free(rules->packs);
    free(rules->rules);
    *rules = (struct vo_rules){0};
}
