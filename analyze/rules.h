/*
 * Rule packs: read and checked against the metric catalogue (design: formats, Rules; rules/README.md).
 *
 * Every message names file, rule and key; what is not known is an error that names the nearest known word.
 * Invariant: a rule that loaded can be evaluated: its metric exists and belongs to its subject, its limits
 * have the metric's type. Texts and nodes borrow from the packs' documents, which `struct vo_rules` owns.
 */
#ifndef VO_ANALYZE_RULES_H
#define VO_ANALYZE_RULES_H

#include "analyze/limit.h"
#include "core/error.h"
#include "core/json.h"
#include "core/metric.h"

#include <stdbool.h>
#include <stddef.h>

#define VO_RULES_FORMAT 1

enum vo_severity { VO_SEVERITY_CRITICAL = 1, VO_SEVERITY_MAJOR, VO_SEVERITY_ADVISORY };
enum vo_aggregate {
    VO_AGGREGATE_NONE,
    VO_AGGREGATE_WORST,
    VO_AGGREGATE_MEAN,
    VO_AGGREGATE_P95,
    VO_AGGREGATE_ANY,   /* one suffices */
    VO_AGGREGATE_SHARE, /* the share of subjects that pass */
};
enum vo_site_limit { VO_SITE_LIMIT_NONE, VO_SITE_LIMIT_CALLS_PER_AP };
enum vo_statistic { VO_STATISTIC_NONE, VO_STATISTIC_RATIO, VO_STATISTIC_MEAN, VO_STATISTIC_MAX };

struct vo_rule {
    size_t pack; /* index of its pack */
    const char *id, *title, *area, *subject, *remediation;
    const char *note; /* or NULL */
    const char *unit; /* as written, or NULL; checked against the metric's */
    int severity;     /* enum vo_severity */
    bool required;
    const struct vo_json *source;   /* document, section */
    const struct vo_json *profiles; /* NULL: holds for all */
    const struct vo_json *where;    /* NULL: every subject of the kind */
    const struct vo_json *without;  /* labels that the subject must not have, or NULL */
    const struct vo_metric_row *metric;
    const struct vo_metric_row *far_end;   /* what the far end's RTCP says of the same thing, or NULL */
    const struct vo_metric_row *numerator; /* of statistic ratio; the denominator is the metric's `samples` */
    const struct vo_json *pass_node, *warn_node;
    struct vo_limit pass, warn; /* no pass limit: informational */
    double minimum_samples;     /* NaN: none */
    int aggregate;              /* enum vo_aggregate */
    const struct vo_json *by;   /* labels: one result for each of their values; NULL: one in all */
    double share;               /* 0..1, of share_passing */
    double window_s;            /* NaN: over observations; else over series */
    int statistic;              /* enum vo_statistic */
    double minimum_coverage;    /* 0..1 of a window's steps that must have a value; NaN: 0 */
    const char *alive_by;       /* label: `filtered` counts only if its value answers otherwise; or NULL */
    int site_limit;     /* enum vo_site_limit: what of the site file is the pass limit, if it is there */
    bool drops_explain; /* packets that the capture dropped look like this metric */

    bool selected;
    const char *override_reason;                                /* NULL: the pack's own limits hold */
    const char *waiver_reason, *waiver_author, *waiver_expires; /* NULL: no waiver */
    bool waiver_expired;
};

struct vo_pack {
    const char *file, *name, *title; /* file: the caller's string */
    const struct vo_json *profiles;
};

struct vo_rules {
    struct vo_pack *packs;
    size_t pack_count;
    struct vo_rule *rules;
    size_t count;
    struct vo_json **documents; /* owned */
    size_t document_count;
};

struct vo_selection {
    const char *profile;             /* must be one of a pack's */
    const char *areas;               /* "media,qos"; NULL: all */
    const char *const *not_required; /* ids of rules */
    size_t not_required_count;
};

/* Reads a pack and appends its rules. VO_ERR_USAGE, VO_ERR_IO, VO_ERR_MEMORY. */
enum vo_status vo_rules_load(struct vo_rules *rules, const char *path, struct vo_error *error);
/* The same from a parsed document, which becomes the rules' own in any case; `file` names it in messages and
 * must outlive the rules. */
enum vo_status vo_rules_add(struct vo_rules *rules, const char *file, struct vo_json *document,
                            struct vo_error *error);
/* Takes ownership of `document`, in any case. */
enum vo_status vo_rules_keep(struct vo_rules *rules, struct vo_json *document, struct vo_error *error);
/* Sets `selected`, and clears `required` where told. VO_ERR_USAGE when a name is unknown or nothing is left.
 */
enum vo_status vo_rules_select(struct vo_rules *rules, const struct vo_selection *selection,
                               struct vo_error *error);
/* NULL if there is none of that id. */
struct vo_rule *vo_rules_find(struct vo_rules *rules, const char *id);
/* The hint for an id that is not known, in `text`. */
const char *vo_rules_hint(const struct vo_rules *rules, const char *id, char *text, size_t size);
/* Reads the limits from pass_node and warn_node and checks what depends on them; again after an override. */
enum vo_status vo_rule_limits(struct vo_rule *rule, const char *where, struct vo_error *error);
/* Whether an area is in a list separated by commas; NULL is every area. */
bool vo_area_in(const char *areas, const char *area);
void vo_rules_release(struct vo_rules *rules);

extern const char *const vo_severity_names[];   /* by enum vo_severity; [0] is NULL */
extern const char *const vo_site_limit_names[]; /* by enum vo_site_limit; [0] is NULL */

#endif
