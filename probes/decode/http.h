/*
 * HTTP/1.0 and 1.1 responses (RFC 9112), as they come in pieces; the client's side.
 *
 * Bounded: the head is VO_HTTP_HEAD_MAX bytes and VO_HTTP_HEADERS headers at most, a line VO_HTTP_LINE_MAX
 * bytes; the body is counted, and its first bytes are kept if there is room for them. Nothing is allocated.
 * Interim responses (1xx) are passed over, except 101, which ends HTTP: what follows belongs to the next
 * protocol.
 */
#ifndef VO_PROBES_DECODE_HTTP_H
#define VO_PROBES_DECODE_HTTP_H

#include "probes/decode/bytes.h"

#include <stddef.h>

#define VO_HTTP_LINE_MAX 4096
#define VO_HTTP_HEAD_MAX 32768 /* of all heads and trailers of one response */
#define VO_HTTP_HEADERS  100

enum vo_http_state {
    VO_HTTP_HEAD,   /* more of it must come */
    VO_HTTP_BODY,   /* status and headers are known */
    VO_HTTP_DONE,   /* the response is complete */
    VO_HTTP_NOT,    /* the first bytes are no HTTP response */
    VO_HTTP_BROKEN, /* not as RFC 9112 says, cut short, or beyond the bounds: see problem */
};

struct vo_http {
    enum vo_http_state state;
    unsigned status;        /* 0: not known yet */
    unsigned minor;         /* of HTTP/1.minor */
    uint64_t body_size;     /* without chunk sizes; all that came */
    const char *problem;    /* static text; NULL: none */
    bool upgrade_websocket; /* Upgrade: websocket */
    bool connection_upgrade;
    char accept[64];    /* Sec-WebSocket-Accept, or "" */
    char extra[64];     /* Sec-WebSocket-Extensions or -Protocol: what was not asked for; "" */
    char location[256]; /* cut; "" */
    char server[96];    /* cut; "" */

    /* Set by the caller after vo_http_begin(): where the first bytes of the body go. */
    uint8_t *body;
    size_t body_room, body_kept;

    /* The decoder's own. */
    enum {
        VO_HTTP_STATUS,
        VO_HTTP_FIELDS,
        VO_HTTP_SIZED,
        VO_HTTP_CHUNK,
        VO_HTTP_CHUNK_END,
        VO_HTTP_TRAILER,
        VO_HTTP_REST
    } step;
    bool head_only; /* the request was HEAD */
    bool chunked, coded, sized;
    uint64_t left; /* of the body or chunk */
    uint32_t head_size, headers, line_size;
    char line[VO_HTTP_LINE_MAX];
};

void vo_http_begin(struct vo_http *http, bool head_only);
/* Takes what belongs to the response; returns how many bytes that were. It stops once after the head (state
 * VO_HTTP_BODY), where the caller calls again with the rest, and at the end. */
size_t vo_http_feed(struct vo_http *http, const uint8_t *data, size_t size);
/* The peer closed: ends a body that has no other end; anything else is cut short. */
void vo_http_end(struct vo_http *http);

#endif
