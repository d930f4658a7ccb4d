/*
 * DNS queries to one server each, on the event loop (c-ares): A, AAAA, SRV (RFC 2782), NAPTR (RFC 3403).
 *
 * No search domains, no hosts file, no cache: the answer is that server's. The system's resolvers are those
 * of /etc/resolv.conf, each by itself.
 */
#ifndef VO_PROBES_IO_RESOLVE_H
#define VO_PROBES_IO_RESOLVE_H

#include "probes/io/loop.h"

#include <netinet/in.h>

enum vo_dns_type { VO_DNS_A = 1, VO_DNS_AAAA = 28, VO_DNS_SRV = 33, VO_DNS_NAPTR = 35 };

#define VO_DNS_RECORDS 32 /* more of one answer are counted, not kept */
struct vo_dns_record {
    struct sockaddr_storage address; /* A, AAAA */
    uint16_t priority, weight, port; /* SRV; NAPTR: order, preference */
    char name[256];                  /* SRV target, NAPTR replacement */
    char service[64];                /* NAPTR */
};
struct vo_dns_answer {
    const char *state; /* a word of dns_state: resolved no_such_name no_data server_failure refused silent
                          malformed; NULL: this host did not send the query */
    const char
        *why; /* of NULL, such as that there is no route; of silent, the ICMP error that came; or NULL */
    vo_time took;
    unsigned count, more;
    struct vo_dns_record records[VO_DNS_RECORDS];
    char canonical[256]; /* "" if it is the name asked for */
};

struct vo_resolver;
/* `server`: "192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:53". `timeout` in ns for a whole query, retries
 * in it. */
enum vo_status vo_resolver_new(struct vo_loop *loop, const char *server, vo_time timeout,
                               struct vo_resolver **resolver, struct vo_error *error);
void vo_resolver_free(struct vo_resolver *resolver); /* pending queries are not answered any more */
const char *vo_resolver_name(const struct vo_resolver *resolver);
/* Answers once, never before it returns; the answer lives during the call. False: out of memory or of open
 * files, which is no answer of the server's. */
bool vo_resolver_ask(struct vo_resolver *resolver, const char *name, enum vo_dns_type type,
                     void (*answered)(void *context, const struct vo_dns_answer *answer), void *context);
/* The system's servers, up to `room`, each VO_RESOLVER_TEXT bytes; how many there are. */
#define VO_RESOLVER_TEXT 64
size_t vo_resolver_system(char (*servers)[VO_RESOLVER_TEXT], size_t room);

#endif
