/*
 * What a SIP client reads in a response beyond its head (RFC 3261 10.2, 18.2.1, 20, 22; RFC 3581 4; RFC 7616
 * 3.3): bindings, challenges, what the server saw of the way here. Everything borrows from the message.
 */
#ifndef VO_PROBES_DECODE_SIP_RESPONSE_H
#define VO_PROBES_DECODE_SIP_RESPONSE_H

#include "probes/decode/sip.h"

/* Cuts off the next element of a comma-separated list; commas in quotes and angle brackets do not part. False
 * at the end. Empty elements are left out. */
bool vo_sip_list_next(struct vo_span *rest, struct vo_span *element);

/* One binding of a response to REGISTER. */
struct vo_sip_binding {
    struct vo_span uri; /* without brackets and header parameters */
    int64_t expires;    /* seconds; -1: not told */
};
struct vo_sip_bindings { /* zero-initialised it begins with the first */
    const char *at;
    struct vo_span rest;
};
/* The next Contact, through all headers of that name. */
bool vo_sip_binding_next(const struct vo_sip *message, struct vo_sip_bindings *walk,
                         struct vo_sip_binding *binding);

/* The number in the first header of that name: Expires, Min-Expires. -1: absent, not a number, or beyond 32
 * bits. */
int64_t vo_sip_seconds(const struct vo_sip *message, const char *name);

/* The parameter of a challenge or of Authentication-Info: a list of NAME=VALUE. A quoted value is given
 * without its quotes and as it stands between them, which is how a digest takes it (RFC 7616 3.3, unq). At
 * NULL: absent, or its quote does not close. The word "Digest" must have been cut off. */
struct vo_span vo_sip_auth_parameter(struct vo_span parameters, const char *name);

/* From where the server got the request: the topmost Via's `received` and `rport`. */
struct vo_sip_seen {
    struct vo_span received; /* at NULL: not told */
    uint16_t rport;          /* 0: not told */
};
struct vo_sip_seen vo_sip_seen(const struct vo_sip *message);

#endif
