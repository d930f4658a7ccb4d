/*
 * One check: one thing tried on one address (or on the host itself), which becomes one observation or more.
 *
 * A kind of check is a row (struct vo_check_kind) and a file check_NAME.c. The plan (plan.h) makes checks of
 * the site file's targets, one for each address family and address; they all run at once on one loop. A check
 * ends by writing its observations and calling vo_check_done() exactly once, also when vo_check_kind.stop is
 * called (SIGINT): what is not known by then is `missing` with its reason.
 */
#ifndef VO_PROBES_REACH_CHECK_H
#define VO_PROBES_REACH_CHECK_H

#include "core/record.h"
#include "core/site.h"
#include "probes/io/conn.h"
#include "probes/io/resolve.h"

struct vo_reach;
struct vo_check;

struct vo_check_kind {
    const char *name; /* "tcp", "tls", "sip", "https", "websocket", "http2", "udp", "dns", "host" */
    void (*start)(struct vo_check *check); /* may call vo_check_done() at once */
    void (*stop)(struct vo_check *check);  /* ends it early, with what is known */
    void (*free)(struct vo_check *check);  /* frees check->state */
};

/* What a check measures, besides the tls_* metrics of transports with TLS: for what is missing altogether. */
struct vo_gives {
    const char *subject; /* kind of subject; NULL: "target" */
    const enum vo_metric *metrics;
    size_t count;
};

/* What the site demands: shared by the checks of its addresses. Strings live as long as the site. */
struct vo_demand {
    const struct vo_check_kind *kind;
    const struct vo_gives *gives;
    const char *row;   /* of the design's requirements: "fw.sip.tls" */
    const char *role;  /* "sbc", "haproxy", "uc", "openscape_voice", "bcom", "apns_device", "apns_provider",
                          "fcm_device", "fcm_provider", "responder" */
    const char *host;  /* name or address as the site file has it; NULL: the host itself */
    const char *lacks; /* what the site file has not, so that there is nothing to try; else NULL */
    bool unwanted;     /* and the site wants it so: it is not applicable, rather than missing */
    const char *transport; /* label: "udp", "tcp", "tls", "mtls", "https", "wss", "h2" */
    uint16_t port;
    uint16_t local_port; /* 0: any */
    enum vo_vantage vantage;
    bool judged; /* the site's own transport or port; else for information */
    const struct vo_site_list *pins;
    const char *direction; /* of UDP by the responder: "out", "in"; else NULL */
    const char *traffic;   /* of the lifetime of NAT: "one_shot", "stream", "idle"; else NULL */
    bool twin; /* another demand has the same host, port and transport: the row tells them apart */
    bool last; /* begins when all others are done, for it compares what they saw */
};

/* What a check saw that another one compares. */
struct vo_seen {
    const struct vo_demand *demand;
    char issuer[160], issuer_pin[52]; /* who signed the first certificate; "" if there was none */
    unsigned http_status;             /* 0: none */
};

struct vo_reach { /* the run: what every check may use */
    struct vo_loop *loop;
    const struct vo_site *site;
    struct vo_record_writer *writer;
    struct vo_tls_trust *trust;
    struct vo_tls_identity *identity; /* NULL: none */
    struct vo_resolver **resolvers;
    size_t resolver_count;
    vo_time timeout;      /* ns; default 5 s */
    vo_time nat_lifetime; /* the longest trial, ns; 0: none is made */
    vo_time started;      /* real time */
    unsigned left;        /* checks not done */
    bool stopping;
    struct vo_responder_hub *responder;       /* what the responder's checks share: check_responder.c */
    bool responder_heard;                     /* some address of it is, or was, alive */
    bool responder_lost;                      /* no address of it that is known is alive */
    void (*finished)(struct vo_check *check); /* called by vo_check_done(); NULL: nobody waits */
    void *context;                            /* its own */
    struct sockaddr_storage *heard;           /* addresses that answered on some port; owned by the run */
    size_t heard_count;
    struct vo_seen *seen; /* owned by the run */
    size_t seen_count;
};

struct vo_check {
    struct vo_reach *reach;
    const struct vo_demand *demand;
    struct sockaddr_storage address; /* family AF_UNSPEC where there is none */
    char id[320];                    /* "sbc.example.com 192.0.2.10:5061/tls" */
    void *state;
    bool done;
};

/* Names the check: "sbc.example.com 192.0.2.10:5061/tls" (without address before there is one), with local
 * port and direction if there are any, and with the row if the demand has a twin. */
void vo_check_name(struct vo_check *check);
/* Begins the observation of a check: subject `target` (id; key: role, transport and port, family) with the
 * labels demand (row), role, host, address, port, transport, family ("ipv4", "ipv6"), vantage, judged ("yes",
 * "no") and, if any, local_port, direction; ports are numbers, the other labels are words. What there is none
 * of is left out: a name that does not resolve has no address and no family. Two more labels make every
 * rule's result "not applicable": `elsewhere` (the vantage that the demand belongs to: one observation
 * without address, nothing is tried) and `not_applicable` (a reason, such as "this host has no IPv6
 * address"). */
void vo_check_observe(const struct vo_check *check);
/* The whole observation of a check that was not tried: all that it would have measured is missing because of
 * `why`. `label` is "elsewhere" with the vantage as its value, "not_applicable" with the reason, or NULL. */
void vo_check_put_untried(const struct vo_check *check, const char *label, const char *value,
                          const char *why);
/* The same for a name that no DNS server resolves: reach_state is "unresolved", the rest is missing. */
void vo_check_put_unresolved(const struct vo_check *check, const char *why);
/* What a connection found: reach_state, reach_connect_ms, labels offender, icmp, detail and, where nothing
 * came, answers ("yes" or "no": whether another port of that address did), and every tls_* metric; missing
 * with the reason where it has none. Within an open observation. */
void vo_check_put_conn(const struct vo_check *check, const struct vo_conn_result *result);
void vo_check_put_tls(const struct vo_check *check, const struct vo_tls_result *tls, const char *why_missing);
/* Keeps the status code of a response for the checks that compare. */
void vo_check_note_status(const struct vo_check *check, unsigned http_status);
/* Whether the demand's transport has TLS: tls, mtls, https, wss, h2. */
bool vo_demand_has_tls(const struct vo_demand *demand);
void vo_check_done(struct vo_check *check);
/* The configuration of a connection for this check, TLS by its transport. `tls` is filled if it uses TLS. */
struct vo_conn_config vo_check_conn_config(const struct vo_check *check, struct vo_tls_config *tls);

extern const struct vo_check_kind vo_check_tcp;       /* TCP, and TLS or MTLS by transport: check_tcp.c */
extern const struct vo_check_kind vo_check_https;     /* check_http.c: status code of a request */
extern const struct vo_check_kind vo_check_websocket; /* check_websocket.c: upgrade, and an idle hold */
extern const struct vo_check_kind vo_check_http2;     /* check_http2.c: APNs provider, FCM */
extern const struct vo_check_kind vo_check_sip; /* check_sip.c: OPTIONS and REGISTER over any transport */
extern const struct vo_check_kind
    vo_check_responder; /* check_responder.c: UDP and TCP ports through the responder */
extern const struct vo_check_kind vo_check_media; /* check_media.c: the SBC's media ports without it */
extern const struct vo_check_kind vo_check_alg;   /* check_alg.c: what becomes of SIP on its way to it */
extern const struct vo_check_kind
    vo_check_lifetime; /* check_lifetime.c: how long NAT and firewalls remember an idle flow */
extern const struct vo_check_kind
    vo_check_route; /* check_host.c: route, interface, source, MTU, tunnel to a target */
extern const struct vo_check_kind vo_check_default_route; /* check_host.c: that to all the rest */
extern const struct vo_check_kind vo_check_host;        /* check_host.c: proxy, resolvers, clock, addresses */
extern const struct vo_check_kind vo_check_same_issuer; /* check_pair.c: OpenScape Voice and BCOM */
extern const struct vo_check_kind vo_check_same_status; /* check_pair.c: through HAProxy and directly */
extern const struct vo_check_kind
    vo_check_portal; /* check_portal.c: a captive portal in place of portal_url */

#endif
