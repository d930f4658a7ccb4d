/*
 * What a site file says about rules: limits of its own, waivers, and what is planned, which is the limit of
 * rules with the key site_limit.
 *
 *   {"calls": {"per_ap": 8},
 *    "overrides": [{"rule": "media.jitter", "pass": {"below": 20}, "reason": "…"}],
 *    "waivers": [{"rule": "qos.rtp.dscp", "reason": "…", "author": "…", "expires": "2027-01-31"}]}
 *
 * A waiver holds up to the end of its day (UTC). The rest of the file is read and checked by core/site.h: it
 * is an error here too.
 */
#ifndef VO_ANALYZE_SITE_H
#define VO_ANALYZE_SITE_H

#include "analyze/rules.h"
#include "core/clock.h"
#include "core/error.h"

struct vo_site_head {            /* lives as long as the rules */
    const char *name, *mode;     /* never NULL */
    const struct vo_json *ssids; /* a list of texts, or NULL */
};

/* Reads the file and applies it to rules of the loaded packs. `now` decides which waivers have expired. */
enum vo_status vo_site_load(struct vo_rules *rules, const char *path, vo_time now, struct vo_site_head *head,
                            struct vo_error *error);
/* The same from a parsed document, which becomes the rules' own in any case. */
enum vo_status vo_site_apply(struct vo_rules *rules, const char *path, struct vo_json *document, vo_time now,
                             struct vo_site_head *head, struct vo_error *error);

#endif
