/*
 * What voready's probes and voready-reflect say to each other. Codec only: no sockets, no state, no keys.
 * Whoever sends fills the MAC fields, whoever receives checks them, before anything else is believed.
 *
 * All numbers are big-endian. Reserved bytes are written as zero and ignored when read. MACs are HMAC-SHA256
 * (RFC 2104). Both sides know the secret K.
 *
 * CONTROL, over TCP (default port 8620): frames.
 *
 *      0  "VORC"   4  version 1   5  type   6  payload bytes (16)   8  sequence (32)   12  payload
 *      then the MAC (32 bytes)
 *
 * The MAC covers all before it. Each side numbers its frames from 0, without gaps. Until READY the MAC's key
 * is K; from READY on it is S = HMAC(K, "voready reflect session" client nonce, server nonce). Nonces are 32
 * fresh bytes, so that nothing that was recorded is of use again; the types differ by direction, so that
 * nothing can be sent back. A side that receives anything else closes without a word.
 *
 *      HELLO      client   client nonce
 *      CHALLENGE  server   client nonce, server nonce     proves that the server knows K
 *      PROOF      client   client nonce, server nonce     proves that the client knows K
 *      READY      server   token (64), client address as seen (16 bytes), its port (16),
 *                          reserved (16), server's real time in ns (64)
 *      PORTS      client   count (16), reserved (16), count * {protocol (8), reserved (8),
 *                          port (16)}: what will be tried
 *      SEND       client   from, to (16 each), interval in ms (16), count (8), DSCP (8):
 *                          send `count` packets unasked from your UDP port `from` to my `to`
 *      COUNT      client   nothing: how much came?
 *      REPORT     server   the answer to each of these three: count (16), reserved (16),
 *                          rows of the whole session (struct vo_reflect_row)
 *      FETCH      client   protocol (8), reserved (8), port (16), sequence (32): what came
 *                          there with the mark of that sequence?
 *      MESSAGE    server   its answer: count (16), reserved (16), the eight bytes of FETCH,
 *                          `count` bytes, each inverted so that nothing on the way takes them
 *                          for SIP; none of them: it has not come
 *      TRIALS     client   nothing: which delayed replies do you know of?
 *      HELD       server   its answer: count (16), reserved (16), count * {sequence (32),
 *                          protocol (8), state (8), reserved (16)} (struct vo_reflect_hold)
 *
 * The session, its token and its rows end with the connection. The token is bound to the address from which
 * the control connection came.
 *
 * PROBES, over UDP and TCP: a body of 160 bytes, under S, of which the last 16 are the MAC cut to 128 bits
 * (RFC 2104 5).
 *
 *      0  "VOR1"
 *      4  kind
 *      5  DSCP it was sent with
 *      6  DSCP as received (255: not known)
 *      7  TTL or hop limit as received (0: not known)
 *      8  token (64)
 *     16  sequence (32)
 *     20  port of the responder (16)
 *     22  client's port as seen (16)
 *     24  T1: sent (ns, 64)
 *     32  T2: received by the responder
 *     40  T3: sent by the responder
 *     48  client's address as seen
 *     64  how many requests came to that port in this session (32)
 *     68  LATER: how long the reply is to wait, in ms (32)
 *     72  reserved
 *    144  MAC
 *
 * REQUEST leaves what the responder says zero. REPLY repeats token, sequence, port and T1. UNSOLICITED is
 * what SEND asks for; its sequence counts from 0. LATER is a request that is answered once, after its time,
 * and that no row counts: it tells how long a binding of NAT lives. Nothing is answered without a token, a
 * MAC and a sequence number that is new on that port, and the reply is as long as the request.
 *
 * Over TCP a request is the body alone, first on the connection. Over UDP the parity of the destination port
 * gives the shape, so that the network sees what it sees of a call:
 *
 *   even   RTP (RFC 3550 5.1): 12 bytes header (0x80, payload type 0, sequence and timestamp from the body's
 *          sequence, SSRC), the body: 172 bytes, as G.711 with 20 ms a packet
 *   odd    RTCP (RFC 3550 6): an empty receiver report, SDES with a CNAME, APP "VORD" with the body:
 *          192 bytes
 *
 * A reply has its request's shape and SSRC. A stream of RTP requests at 50 a second is therefore an emulated
 * call, and needs nothing further.
 *
 * MESSAGES: any other text, up to 2048 bytes, in one datagram or first on a TCP connection, is kept for FETCH
 * if a mark of the session stands in it, and never answered. A mark is "vo" and 48 hexadecimal digits: token
 * (64), sequence (32), and the first 96 bits of HMAC(S, "voready sip" protocol (8), port (16), token,
 * sequence). It stands in SIP's Call-ID and branch. So what a firewall or NAT makes of SIP is seen: bytes
 * that were echoed on the way they came would be changed back.
 */
#ifndef VO_PROBES_DECODE_REFLECT_H
#define VO_PROBES_DECODE_REFLECT_H

#include "probes/decode/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define VO_REFLECT_PORT     8620
#define VO_REFLECT_NONCE    32
#define VO_REFLECT_KEY      32 /* bytes of S */
#define VO_REFLECT_SECRET   16 /* bytes of K at least */
#define VO_REFLECT_BODY     160
#define VO_REFLECT_BODY_MAC 16
#define VO_REFLECT_DATAGRAM 192     /* the larger of both shapes */
#define VO_REFLECT_ROWS     128     /* of one session */
#define VO_REFLECT_TEXT     2048    /* bytes of a message that are kept */
#define VO_REFLECT_HOLDS    64      /* delayed replies of one session */
#define VO_REFLECT_DELAY_MS 1800000 /* the longest of them */

/* Probes. */
enum vo_reflect_kind { VO_REFLECT_REQUEST = 1, VO_REFLECT_REPLY, VO_REFLECT_UNSOLICITED, VO_REFLECT_LATER };
enum vo_reflect_shape { VO_REFLECT_RTP, VO_REFLECT_RTCP };
#define VO_REFLECT_DSCP_UNKNOWN 255

struct vo_reflect_body {
    enum vo_reflect_kind kind;
    uint8_t dscp;                /* it was sent with */
    uint8_t seen_dscp, seen_ttl; /* 255, 0: not known */
    uint64_t token;
    uint32_t sequence;
    uint16_t port;            /* the responder's */
    uint8_t seen_address[16]; /* the client's, IPv4 mapped */
    uint16_t seen_port;
    int64_t t1, t2, t3; /* real time, ns; 0: none */
    uint32_t received;
    uint32_t delay_ms; /* of LATER */
};

/* Writes VO_REFLECT_BODY bytes; the MAC field, the last 16 of them, is zero. */
void vo_reflect_body_write(const struct vo_reflect_body *body, uint8_t *to);
/* False if it is none: size, magic, kind. The MAC is not looked at. */
bool vo_reflect_body_read(const uint8_t *data, uint32_t size, struct vo_reflect_body *body);

/* The shape for a destination port. */
enum vo_reflect_shape vo_reflect_shape_of(uint16_t port);
/* Writes all of a datagram but the body; returns where that belongs. `datagram` holds VO_REFLECT_DATAGRAM
 * bytes, `size` is set to how many of them are used. */
uint8_t *vo_reflect_wrap(enum vo_reflect_shape shape, uint32_t ssrc, uint32_t sequence, uint8_t *datagram,
                         uint32_t *size);
/* The body of a datagram, VO_REFLECT_BODY bytes of it; NULL if it has neither shape. */
const uint8_t *vo_reflect_unwrap(const uint8_t *datagram, uint32_t size, enum vo_reflect_shape *shape,
                                 uint32_t *ssrc);

/* Control. */
enum vo_reflect_type {
    VO_REFLECT_HELLO = 1,
    VO_REFLECT_CHALLENGE,
    VO_REFLECT_PROOF,
    VO_REFLECT_READY,
    VO_REFLECT_PORTS,
    VO_REFLECT_SEND,
    VO_REFLECT_COUNT,
    VO_REFLECT_REPORT,
    VO_REFLECT_FETCH,
    VO_REFLECT_MESSAGE,
    VO_REFLECT_TRIALS,
    VO_REFLECT_HELD,
    VO_REFLECT_TYPES
};

#define VO_REFLECT_FRAME_HEADER      12
#define VO_REFLECT_FRAME_MAC         32
#define VO_REFLECT_FRAME_OF(payload) (VO_REFLECT_FRAME_HEADER + (payload) + VO_REFLECT_FRAME_MAC)
#define VO_REFLECT_ROW_SIZE          68
#define VO_REFLECT_PAYLOAD           (4 + VO_REFLECT_ROWS * VO_REFLECT_ROW_SIZE) /* of the largest frame */
/* The largest frame that a client may send. */
#define VO_REFLECT_ASK VO_REFLECT_FRAME_OF(4 + VO_REFLECT_ROWS * 4)

struct vo_reflect_frame {
    enum vo_reflect_type type;
    uint32_t sequence;
    const uint8_t *payload; /* borrowed; its size fits the type */
    uint32_t payload_size;
    uint32_t size; /* of the whole frame; the MAC is its last 32 bytes */
};
enum vo_reflect_got { VO_REFLECT_MORE, VO_REFLECT_FRAME, VO_REFLECT_BAD };

/* The first frame in `data`, if it is whole; VO_REFLECT_MORE: its beginning is right so far. The MAC is not
 * looked at. */
enum vo_reflect_got vo_reflect_frame_read(const uint8_t *data, uint32_t size, struct vo_reflect_frame *frame);
/* Writes a frame; `to` holds VO_REFLECT_FRAME_OF(payload_size) bytes and may hold the payload already, 12
 * bytes after its start. The MAC, the last 32 bytes, is zero. Returns its size. */
uint32_t vo_reflect_frame_write(enum vo_reflect_type type, uint32_t sequence, const uint8_t *payload,
                                uint32_t payload_size, uint8_t *to);
/* What is hashed under K into S; `to` holds VO_REFLECT_SESSION bytes. */
#define VO_REFLECT_SESSION (23 + 2 * VO_REFLECT_NONCE)
void vo_reflect_session_text(const uint8_t *client_nonce, const uint8_t *server_nonce, uint8_t *to);

struct vo_reflect_ready {
    uint64_t token;
    uint8_t seen_address[16];
    uint16_t seen_port;
    int64_t time; /* of the responder, ns */
};
#define VO_REFLECT_READY_SIZE 36
void vo_reflect_ready_write(const struct vo_reflect_ready *ready, uint8_t *payload);
bool vo_reflect_ready_read(const struct vo_reflect_frame *frame, struct vo_reflect_ready *ready);

struct vo_reflect_send {
    uint16_t from, to, interval_ms;
    uint8_t count, dscp;
};
#define VO_REFLECT_SEND_SIZE 8
void vo_reflect_send_write(const struct vo_reflect_send *send, uint8_t *payload);
bool vo_reflect_send_read(const struct vo_reflect_frame *frame, struct vo_reflect_send *send);

/* A port of the session and what came to it, or a SEND and what became of it. */
enum vo_reflect_protocol { VO_REFLECT_UDP, VO_REFLECT_TCP, VO_REFLECT_INBOUND, VO_REFLECT_PROTOCOLS };
enum vo_reflect_row_state {
    VO_REFLECT_SERVED,     /* the responder listens; or sends */
    VO_REFLECT_NOT_SERVED, /* it was not told to listen there, or could not */
    VO_REFLECT_REFUSED,    /* beyond its limits */
    VO_REFLECT_ROW_STATES
};
struct vo_reflect_row {
    enum vo_reflect_protocol protocol;
    enum vo_reflect_row_state state;
    uint16_t port, to;   /* the responder's; of INBOUND: the client's too */
    uint32_t accepted;   /* TCP connections from the session's address */
    uint32_t received;   /* requests that hold, each once */
    uint32_t duplicates; /* that came again */
    uint32_t foreign;    /* that hold, but came from another address: not answered */
    uint32_t answered;
    uint32_t sent;                /* unsolicited */
    uint8_t foreign_address[16];  /* the first of these */
    uint8_t icmp_family;          /* 4, 6: an ICMP error about what was sent; 0: none */
    uint8_t icmp_type, icmp_code; /* the first such */
    uint8_t icmp_offender[16];    /* who sent it; all zeros: not known */
};
/* Writes a row of VO_REFLECT_ROW_SIZE bytes: protocol, state (8 each), port, to (16 each), ICMP family, type,
 * code (8 each), 3 reserved, the six counts in their order (32 each), foreign address, offender. */
void vo_reflect_row_write(const struct vo_reflect_row *row, uint8_t *to);
/* The number of rows of a REPORT (or of ports of a PORTS); the payload's size fits it. */
uint32_t vo_reflect_count(const struct vo_reflect_frame *frame);
/* Row `index` of a REPORT; of a PORTS only protocol and port are set. False if there is no such row, or it
 * says what cannot be. */
bool vo_reflect_row_read(const struct vo_reflect_frame *frame, uint32_t index, struct vo_reflect_row *row);
/* Writes the four bytes before rows or ports, and a port of four bytes. */
void vo_reflect_count_write(uint32_t count, uint8_t *payload);
void vo_reflect_port_write(enum vo_reflect_protocol protocol, uint16_t port, uint8_t *to);

/* A message that came with a mark. */
#define VO_REFLECT_FETCH_SIZE 8
struct vo_reflect_message {
    enum vo_reflect_protocol protocol;
    uint16_t port;
    uint32_t sequence;
    uint32_t size; /* 0: it has not come */
};
/* FETCH: `size` is left out. */
void vo_reflect_fetch_write(const struct vo_reflect_message *message, uint8_t *payload);
/* MESSAGE: `payload` holds VO_REFLECT_MESSAGE_SIZE(message->size) bytes. */
#define VO_REFLECT_MESSAGE_SIZE(bytes) (4 + VO_REFLECT_FETCH_SIZE + (bytes))
void vo_reflect_message_write(const struct vo_reflect_message *message, const uint8_t *bytes,
                              uint8_t *payload);
/* Of FETCH and MESSAGE; of the latter `bytes` (VO_REFLECT_TEXT of them, or NULL) are filled as they came. */
bool vo_reflect_message_read(const struct vo_reflect_frame *frame, struct vo_reflect_message *message,
                             uint8_t *bytes);

/* A delayed reply. */
enum vo_reflect_hold_state {
    VO_REFLECT_WAITING,
    VO_REFLECT_SENT,
    VO_REFLECT_LOST, /* its connection ended before, or the system refused to send */
    VO_REFLECT_HOLD_STATES
};
struct vo_reflect_hold {
    uint32_t sequence;
    enum vo_reflect_protocol protocol;
    enum vo_reflect_hold_state state;
};
#define VO_REFLECT_HOLD_SIZE 8
void vo_reflect_hold_write(const struct vo_reflect_hold *hold, uint8_t *to);
/* Item `index` of HELD; false if there is no such one, or it says what cannot be. */
bool vo_reflect_hold_read(const struct vo_reflect_frame *frame, uint32_t index, struct vo_reflect_hold *hold);

/* Marks. */
#define VO_REFLECT_MARK     50 /* characters */
#define VO_REFLECT_MARK_MAC 12 /* bytes */
struct vo_reflect_mark {
    uint64_t token;
    uint32_t sequence;
    uint8_t mac[VO_REFLECT_MARK_MAC];
};
/* What is hashed under S; `to` holds VO_REFLECT_MARKED bytes. */
#define VO_REFLECT_MARKED 26
void vo_reflect_mark_text(const struct vo_reflect_mark *mark, enum vo_reflect_protocol protocol,
                          uint16_t port, uint8_t *to);
/* `to` holds VO_REFLECT_MARK characters and a NUL. */
void vo_reflect_mark_write(const struct vo_reflect_mark *mark, char *to);
/* The first mark at or after `*from`, which is set behind it. False: there is none. The MAC is not looked
 * at. */
bool vo_reflect_mark_find(const uint8_t *data, uint32_t size, uint32_t *from, struct vo_reflect_mark *mark);

#endif
