/*
 * WebSocket frames (RFC 6455 5): writing them, and reading them as they come in pieces.
 *
 * Nothing is allocated and no extension is known: a reserved bit is a fault (5.2). The payload of data frames
 * is passed on in pieces, that of control frames (125 bytes at most, 5.5) is kept whole.
 */
#ifndef VO_PROBES_DECODE_WEBSOCKET_H
#define VO_PROBES_DECODE_WEBSOCKET_H

#include "probes/decode/bytes.h"

#include <stddef.h>

#define VO_WEBSOCKET_CONTROL_MAX 125
#define VO_WEBSOCKET_OVERHEAD    14 /* bytes of the longest frame header */

enum vo_websocket_opcode {
    VO_WEBSOCKET_CONTINUATION = 0,
    VO_WEBSOCKET_TEXT = 1,
    VO_WEBSOCKET_BINARY = 2,
    VO_WEBSOCKET_CLOSE = 8,
    VO_WEBSOCKET_PING = 9,
    VO_WEBSOCKET_PONG = 10,
};

/* Writes one final frame, masked with the four bytes of `mask` (a client must, with fresh random ones: 5.3)
 * or not masked (NULL: a server). Returns its size, 0 if `room` is too small or a control frame too long. */
size_t vo_websocket_write(uint8_t *to, size_t room, enum vo_websocket_opcode opcode, const uint8_t mask[4],
                          const void *payload, size_t size);

enum vo_websocket_event {
    VO_WEBSOCKET_MORE,    /* all was taken, nothing to tell yet */
    VO_WEBSOCKET_DATA,    /* data, size: a piece of a message */
    VO_WEBSOCKET_CONTROL, /* opcode; payload, payload_size */
    VO_WEBSOCKET_BROKEN,  /* against RFC 6455: see problem; for good */
};

struct vo_websocket {
    enum vo_websocket_opcode opcode; /* of the frame of the event */
    bool last;                       /* the piece of data ends its message */
    const uint8_t *data;             /* borrowed from what was fed; masked as it came */
    size_t size;
    uint8_t payload[VO_WEBSOCKET_CONTROL_MAX];
    unsigned payload_size;
    unsigned close_code; /* of a close frame; 1005 if it has none (7.1.5) */
    const char *problem; /* static text */

    bool from_client; /* set before the first feed: frames must be masked; else they must not */

    /* The decoder's own. */
    uint8_t head[VO_WEBSOCKET_OVERHEAD];
    unsigned head_size;
    bool in_frame, in_message;
    uint64_t left;
};

/* Takes bytes up to the next event; returns how many. The struct is zero-initialised before the first call.
 */
size_t vo_websocket_feed(struct vo_websocket *websocket, const uint8_t *data, size_t size,
                         enum vo_websocket_event *event);

#endif
