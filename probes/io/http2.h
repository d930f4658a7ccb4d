/*
 * One HTTP/2 request (RFC 9113), to learn whether a peer speaks it and what it answers (nghttp2). No sockets:
 * bytes in, bytes out, after a connection whose ALPN chose "h2".
 *
 * Bounded: VO_HTTP2_LIMIT bytes from the peer, VO_HTTP2_HEADERS headers; the body is not waited for.
 */
#ifndef VO_PROBES_IO_HTTP2_H
#define VO_PROBES_IO_HTTP2_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_HTTP2_LIMIT   (128 * 1024)
#define VO_HTTP2_HEADERS 200

enum vo_http2_phase {
    VO_HTTP2_WAITING,
    VO_HTTP2_ANSWERED, /* a status code came: the connection can be closed */
    VO_HTTP2_ENDED,    /* none will come: see problem */
};

struct vo_http2_result {
    enum vo_http2_phase phase;
    bool spoken;       /* the peer's SETTINGS came: it speaks HTTP/2 (3.4) */
    unsigned status;   /* final; 0: none */
    char problem[160]; /* "" if there is none */
};

struct vo_http2;
/* A GET; the strings are copied. The client's preface and request are ready to be sent at once. Errors:
 * VO_ERR_MEMORY. */
enum vo_status vo_http2_new(const char *authority, const char *path, const char *agent,
                            struct vo_http2 **http2, struct vo_error *error);
void vo_http2_free(struct vo_http2 *http2);
/* Bytes from the peer; size 0: it closed. */
enum vo_http2_phase vo_http2_feed(struct vo_http2 *http2, const uint8_t *data, size_t size);
/* The next piece to send, all of it, borrowed until the next call; 0 when there is none. May end the
 * exchange: look at the result after it. */
size_t vo_http2_output(struct vo_http2 *http2, const uint8_t **data);
const struct vo_http2_result *vo_http2_result(const struct vo_http2 *http2);

#endif
