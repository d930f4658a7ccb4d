/*
 * One TCP connection, with TLS on it or without, on the event loop; and one UDP socket.
 *
 * A connection attempt ends as one of the words of reach_state: open, closed (RST), rejected (an ICMP error;
 * by whom), filtered (nothing came until the time-out). Everything is bounded: what a peer sends is handed on
 * as it comes and never kept here; `limit` bytes in all, then the connection is closed as flooded.
 */
#ifndef VO_PROBES_IO_CONN_H
#define VO_PROBES_IO_CONN_H

#include "probes/io/icmp.h"
#include "probes/io/loop.h"
#include "probes/io/sockaddr.h"
#include "probes/io/tls.h"

enum vo_conn_end {
    VO_CONN_NOT_ENDED,
    VO_CONN_PEER_CLOSED, /* FIN or close_notify */
    VO_CONN_RESET,       /* RST after it was open */
    VO_CONN_TIMEOUT,     /* the time-out of connecting and of the TLS handshake */
    VO_CONN_UNREACHABLE, /* closed or rejected: see state and icmp */
    VO_CONN_TLS_FAILED,
    VO_CONN_FLOODED, /* more than `limit` bytes */
    VO_CONN_LOCAL,   /* the socket could not be made or bound, or there is no route: see error text */
};

struct vo_conn;
struct vo_conn_config {
    struct sockaddr_storage to;
    uint16_t local_port;             /* 0: any */
    vo_time timeout;                 /* ns for connecting and TLS together */
    size_t limit;                    /* bytes taken from the peer at most; 0: 1 MiB */
    const struct vo_tls_config *tls; /* NULL: plain; copied, what it points to is not */
    void *context;
    void (*opened)(void *context); /* connected, and the TLS handshake is over */
    void (*received)(void *context, const uint8_t *data, size_t size); /* plaintext */
    void (*ended)(void *context,
                  enum vo_conn_end end); /* once, and nothing after it; not after vo_conn_close() */
};

struct vo_conn_result {
    const char *state;        /* of the TCP connection; NULL: not known yet, or VO_CONN_LOCAL */
    vo_time began, connected; /* monotonic; connected 0: not */
    vo_time answered;         /* ns from SYN to SYN-ACK by the kernel's clock; 0: not known */
    vo_time secured;          /* end of the TLS handshake; 0: not */
    struct vo_icmp_error icmp;
    struct sockaddr_storage local;
    enum vo_conn_end end;
    char text[200];                  /* why it ended, for a person */
    const struct vo_tls_result *tls; /* NULL: plain, or TLS has not begun */
};

/* Never calls back before it returns. Errors: VO_ERR_MEMORY; what the system refuses is told by `ended`. */
enum vo_status vo_conn_open(struct vo_loop *loop, const struct vo_conn_config *config, struct vo_conn **conn,
                            struct vo_error *error);
/* Sends all of it, now or when the peer takes it; at most 1 MiB may wait. False: it waits for too much, or
 * has ended. */
bool vo_conn_send(struct vo_conn *conn, const void *data, size_t size);
/* Lives until vo_conn_close(). */
const struct vo_conn_result *vo_conn_result(const struct vo_conn *conn);
void vo_conn_close(
    struct vo_conn *conn); /* closes (a TLS connection with close_notify) and frees; accepts NULL */

/* A UDP socket connected to one peer, which hears the ICMP errors about what it sent. */
struct vo_udp;
struct vo_udp_packet {
    const uint8_t *data;
    size_t size;
    vo_time time;  /* real time of arrival, from the kernel */
    int dscp, ttl; /* -1: not known */
};
struct vo_udp_config {
    struct sockaddr_storage to;
    uint16_t local_port; /* 0: any */
    uint8_t dscp;
    bool unconnected; /* takes packets from anybody; `to` gives only the family */
    void *context;
    void (*received)(void *context, const struct vo_udp_packet *packet, const struct sockaddr_storage *from);
    void (*icmp)(void *context, const struct vo_icmp_error *icmp);
};
enum vo_status vo_udp_open(struct vo_loop *loop, const struct vo_udp_config *config, struct vo_udp **udp,
                           struct vo_error *error);
/* False with errno when the system refuses: ECONNREFUSED tells of an ICMP error, which comes by `icmp`. */
bool vo_udp_send(struct vo_udp *udp, const void *data, size_t size);
struct sockaddr_storage vo_udp_local(const struct vo_udp *udp);
void vo_udp_close(struct vo_udp *udp);

#endif
