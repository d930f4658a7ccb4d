/*
 * The responder outside a firewall: it answers probes on ports that nobody else serves there
 * (probes/decode/reflect.h is what it speaks).
 *
 * Whoever does not know the key gets nothing: no datagram, no byte on a TCP connection. An answer is as long
 * as its request and goes where the request came from, with the address that was asked as its source. Packets
 * that nobody asked for go only to the address of an authenticated control connection. Messages of a session
 * are kept and told by its control connection, and delayed replies wait, up to a number of each. Memory is
 * bounded by the limits, whatever comes. Datagrams that do not hold cost no memory at all.
 */
#ifndef VO_PROBES_VOICE_RESPONDER_H
#define VO_PROBES_VOICE_RESPONDER_H

#include "probes/io/loop.h"

#define VO_RESPONDER_PORTS 128 /* that it may listen on, each by UDP and TCP, IPv4 and IPv6 */

struct vo_responder_limits {
    uint32_t sessions, sessions_per_address;
    uint32_t connections,
        connections_per_address;         /* TCP, authenticated or not; of IPv6 a /64 is one address */
    uint32_t packets_per_s, bytes_per_s; /* sent to one session */
    vo_time half_open;                   /* until a connection has proved itself, ns */
    vo_time idle;                        /* of a session, ns */
};
extern const struct vo_responder_limits vo_responder_limits;

struct vo_responder_config {
    const char *listen; /* a numeric address; NULL: all of the host's */
    const uint16_t *ports;
    size_t port_count;
    uint16_t control_port;
    const char *key; /* the secret; VO_REFLECT_SECRET bytes at least; copied */
    size_t key_size;
    struct vo_responder_limits limits;
    void (*say)(void *context, const char *text); /* what it listens on and what not; may be NULL */
    void *context;
};

struct vo_responder_counts {
    uint64_t datagrams, answered, unsolicited;
    uint64_t refused;    /* datagrams and hellos that do not hold */
    uint64_t foreign;    /* that hold, from another address than the session's */
    uint64_t duplicates; /* requests that came again */
    uint64_t limited;    /* that hold, but beyond the session's rate */
    uint64_t connections, connections_refused;
    uint32_t sessions_now, connections_now;
};

struct vo_responder;
/* Binds and begins. A port that cannot be bound is said, and the others go on. VO_ERR_USAGE: key or address;
 * VO_ERR_IO if the control port could not be bound at all, or no other one. */
enum vo_status vo_responder_new(struct vo_loop *loop, const struct vo_responder_config *config,
                                struct vo_responder **responder, struct vo_error *error);
void vo_responder_free(struct vo_responder *responder);
const struct vo_responder_counts *vo_responder_counts(const struct vo_responder *responder);

/* "5008-5015,2195": up to VO_RESPONDER_PORTS ports, each once. VO_ERR_USAGE says what is wrong. */
enum vo_status vo_responder_ports(const char *list, uint16_t ports[VO_RESPONDER_PORTS], size_t *count,
                                  struct vo_error *error);

#endif
