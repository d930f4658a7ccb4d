/*
 * What a site file demands to be tried, as a list: a demand is a port of a host from a vantage, with the row
 * of the design's requirements that it serves. Which addresses the host has is not asked here (schedule.h).
 *
 * The guide's sections are cited in plan.c, row by row.
 */
#ifndef VO_PROBES_REACH_PLAN_H
#define VO_PROBES_REACH_PLAN_H

#include "probes/reach/check.h"

struct vo_plan {
    struct vo_demand *demands;
    size_t count, room;
    char **texts; /* owned hosts, which are in no site file */
    size_t text_count;
    bool failed; /* out of memory while it was made */
};

/* Every demand of the site's mode, of all vantages, and what there is to know of this host at the vantage
 * `here`. `plan` is zero-initialised; the strings are the site's,
 * which outlives it. Errors: VO_ERR_MEMORY, VO_ERR_USAGE (portal_url). The caller frees in any case. */
enum vo_status vo_plan_site(struct vo_plan *plan, const struct vo_site *site, enum vo_vantage here,
                            struct vo_error *error);
/* Plain TCP ports without a site file: "HOST:PORT", "HOST:PORT-PORT", IPv6 literals in brackets. Errors:
 * VO_ERR_MEMORY, VO_ERR_USAGE with the words that are wrong. */
enum vo_status vo_plan_tcp(struct vo_plan *plan, const char *const *targets, size_t count,
                           struct vo_error *error);
void vo_plan_free(struct vo_plan *plan);

/* What plans are made of. Without memory they set plan->failed. */
void vo_plan_add(struct vo_plan *plan, struct vo_demand demand);
const char *vo_plan_keep(struct vo_plan *plan, const char *text); /* a copy that lives as long as the plan */

/* Ports that stand for a range: all of up to 8, else 8 with both ends and as many even as odd ones (RTP and
 * RTCP). Returns how many. */
#define VO_PLAN_SAMPLE 8
size_t vo_plan_sample(struct vo_port_range range, uint16_t *ports);
/* The parts of "http://HOST[:PORT][/PATH]"; false if it is none. `host` holds 256 bytes; the path is
 * borrowed,
 * "/" if there is none. */
bool vo_plan_split_url(const char *url, char *host, uint16_t *port, const char **path);

#endif
