/*
 * The names of the site, resolved by each DNS server by itself: A and AAAA, for SIP names SRV (RFC 3263 4.1)
 * and NAPTR too. Each query is an observation, and each name's type another one on whether the servers agree.
 *
 * An address is told as soon as the first server gives it, and once.
 */
#ifndef VO_PROBES_REACH_CHECK_DNS_H
#define VO_PROBES_REACH_CHECK_DNS_H

#include "probes/reach/check.h"

struct vo_lookups;
struct vo_lookups_user {
    void *context;
    /* `address` has no port. */
    void (*found)(void *context, const char *host, const struct sockaddr_storage *address);
    /* Every server has answered for its addresses, or none will; `why_none` is NULL if there was any address.
     * `asked`: a query has left this host, so that it is the answer, or silence, that there is none. */
    void (*over)(void *context, const char *host, const char *why_none, bool asked);
    void (*all_over)(void *context); /* nothing is asked any more, SRV and NAPTR neither */
};

/* NULL: out of memory. */
struct vo_lookups *vo_lookups_new(struct vo_reach *reach, const struct vo_lookups_user *user);
/* A host to resolve, if it is not there yet: its first demand, or the first that is judged, gives role and
 * vantage. The host is borrowed.
 * False: out of memory. */
bool vo_lookups_add(struct vo_lookups *lookups, const struct vo_demand *demand);
/* Asks everything. Calls back at once for all hosts if there is no DNS server. */
void vo_lookups_ask(struct vo_lookups *lookups);
/* Ends early: what was not answered is missing. Calls over() for every host that is not over. */
void vo_lookups_stop(struct vo_lookups *lookups);
unsigned vo_lookups_asked(const struct vo_lookups *lookups);
unsigned vo_lookups_answered(const struct vo_lookups *lookups);
void vo_lookups_free(struct vo_lookups *lookups); /* frees; accepts NULL */

#endif
