/*
 * TCP streams put in order (RFC 9293 3.4), for signalling only.
 *
 * A connection is followed from its first segment with data, SYN seen or not. Segments out of order wait (at
 * most VO_TCP_WAITING bytes a direction); retransmitted bytes are delivered once; bytes that the capture
 * lacks are told as a hole after the other side acknowledged them, or when too much waits. Capped at
 * VO_TCP_MAX connections (the longest idle goes). Sequence numbers wrap.
 */
#ifndef VO_PROBES_FLOW_TCP_H
#define VO_PROBES_FLOW_TCP_H

#include "core/clock.h"
#include "probes/decode/packet.h"

#define VO_TCP_MAX     65536
#define VO_TCP_WAITING 262144

/* One connection; `user` belongs to the caller (freed in `closed`). Direction 0 is from endpoint[0] to
 * endpoint[1]. */
struct vo_tcp_connection {
    uint8_t address[2][16];
    uint16_t port[2];
    uint32_t encap_hash;
    int client; /* 0 or 1: who sent the SYN; -1 not seen */
    void *user;
};

struct vo_tcp_handler {
    /* First data of a connection, asked once a direction until it says true. After false for both, or while
     * the other is silent, nothing is kept of it. */
    bool (*accept)(void *context, struct vo_tcp_connection *connection, int direction, const uint8_t *data,
                   uint32_t size);
    void (*data)(void *context, struct vo_tcp_connection *connection, int direction, const uint8_t *data,
                 uint32_t size, const struct vo_packet *packet, vo_time time);
    void (*hole)(void *context, struct vo_tcp_connection *connection, int direction, uint32_t size,
                 vo_time time);
    /* Of accepted connections only. */
    void (*closed)(void *context, struct vo_tcp_connection *connection);
};

struct vo_tcp_stats {
    uint64_t segments, retransmitted, holes, evicted;
    uint64_t lost; /* segments, for want of memory */
};
struct vo_tcp;
struct vo_tcp *vo_tcp_new(const struct vo_tcp_handler *handler, void *context); /* NULL: out of memory */
void vo_tcp_add(struct vo_tcp *tcp, const struct vo_packet *packet, vo_time time);
const struct vo_tcp_stats *vo_tcp_stats(const struct vo_tcp *tcp);
void vo_tcp_free(struct vo_tcp *tcp); /* calls closed() for what is left */

#endif
