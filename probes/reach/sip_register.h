/*
 * One registration tried and taken back (RFC 3261 10.2, 22; RFC 7616; RFC 8760): REGISTER without
 * credentials, again with the strongest digest that is offered, then Expires: 0 for our own contact only.
 *
 * Answered besides: a second challenge that only says that the nonce is stale (once), 407 on top of 401, 423
 * with Min-Expires (once). Redirections are told, not followed. The password is read when a challenge is
 * there, and wiped as soon as its hash is made. Calls that the registrar sends to our contact meanwhile are
 * not answered, as by a telephone without a network.
 */
#ifndef VO_PROBES_REACH_SIP_REGISTER_H
#define VO_PROBES_REACH_SIP_REGISTER_H

#include "core/site.h"
#include "probes/io/digest.h"
#include "probes/reach/sip_client.h"

struct vo_sip_registration { /* zero-initialise */
    /* set by the user */
    struct vo_sip_client *client;
    const struct vo_site_account *account;
    const char *domain;    /* where the account has none */
    const char *transport; /* of the Contact: "tcp", "tls"; NULL for UDP */
    vo_time timeout;       /* ns, of each request */
    void *context;
    void (*finished)(void *context); /* once; all results are known */
    /* results */
    const char *state;             /* a word of sip_register_state, or NULL: see why */
    char why[VO_SIP_WHY];          /* what is missing, and the reason; "" if nothing is */
    unsigned code;                 /* last final response to REGISTER, 0: none */
    int64_t expires;               /* granted; -1: not told */
    const char *proof;             /* a word of sip_server_authentication, or NULL */
    const char *algorithm;         /* of the digest; NULL: none */
    bool bound;                    /* the registrar may have had a binding of ours */
    char unregistered[VO_SIP_WHY]; /* "yes", or why it may be left */
    /* its own */
    bool unregistering, raised;
    vo_time until; /* all requests must be over by then */
    uint32_t cseq, asked_s;
    struct {
        struct vo_digest digest;
        bool used, renewed;
    } slots[2]; /* the registrar's, the proxy's */
    char call_id[VO_SIP_RANDOM], tag[VO_SIP_RANDOM];
    char uri[VO_SIP_URI_MAX], aor[VO_SIP_URI_MAX], contact[VO_SIP_URI_MAX];
    struct vo_sip_transaction transaction;
};

/* Begins; the client is ready. May call `finished` before it returns. */
void vo_sip_register_begin(struct vo_sip_registration *registration);
/* Cuts it short: what may be registered is unregistered, which takes a second at most. `finished` is called
 * as ever, perhaps before this returns; nothing happens if it was already. */
void vo_sip_register_stop(struct vo_sip_registration *registration);
/* Wipes what is secret. */
void vo_sip_register_clear(struct vo_sip_registration *registration);

#endif
