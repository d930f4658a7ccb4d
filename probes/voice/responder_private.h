/* What the responder's files share: listeners, connections, sessions. */
#ifndef VO_PROBES_VOICE_RESPONDER_PRIVATE_H
#define VO_PROBES_VOICE_RESPONDER_PRIVATE_H

#include "probes/decode/packet.h"
#include "probes/decode/reflect.h"
#include "probes/io/endpoint.h"
#include "probes/io/mac.h"
#include "probes/voice/responder.h"

#define VO_SESSION_MESSAGES 16 /* the last ones are kept */

enum vo_listener_role { VO_LISTEN_UDP, VO_LISTEN_TCP, VO_LISTEN_CONTROL };

struct vo_listener {
    struct vo_responder *responder;
    struct vo_watch watch;
    enum vo_listener_role role;
    sa_family_t family;
    uint16_t port;
};

/* A row of a session with what it takes to serve it. */
struct vo_session_row {
    struct vo_reflect_row row;
    uint64_t window;     /* bit i: sequence highest - i has come */
    uint32_t highest;    /* valid once the window is not 0 */
    struct vo_timer due; /* INBOUND: the next packet */
    vo_time interval;
    uint8_t left, dscp;
    struct vo_session *session;
};

/* A reply to a request: where it goes and what it says. */
struct vo_reply {
    struct vo_listener *listener;     /* UDP */
    struct sockaddr_storage from, to; /* UDP; `from`: the address that was asked */
    unsigned interface;               /* where a link-local address belongs */
    enum vo_reflect_shape shape;
    uint32_t ssrc;
    struct vo_reflect_body body;
};

/* A reply that waits. */
struct vo_hold {
    struct vo_session *session;
    struct vo_reflect_hold told;
    struct vo_timer due;
    struct vo_reply reply;
    struct vo_link *link; /* TCP; NULL once it is gone */
};

/* A message that came with a mark. */
struct vo_kept_message {
    struct vo_reflect_message message;
    uint8_t *bytes; /* owned; message.size of them */
};

struct vo_session {
    struct vo_responder *responder;
    uint64_t token;
    uint8_t key[VO_REFLECT_KEY];
    struct sockaddr_storage peer, local;     /* of the control connection */
    struct vo_endpoint seen;                 /* peer */
    vo_time used;                            /* last time that something held, monotonic */
    vo_time filled;                          /* the budget was, monotonic */
    int64_t packets, bytes;                  /* the budget, in billionths */
    struct vo_hold *holds[VO_REFLECT_HOLDS]; /* owned */
    uint32_t hold_count;
    struct vo_kept_message messages[VO_SESSION_MESSAGES]; /* a ring */
    uint32_t message_count;                               /* that ever came */
    uint32_t count;
    struct vo_session_row rows[VO_REFLECT_ROWS];
};

/* A TCP connection: of a probe, or of control. */
struct vo_link {
    struct vo_responder *responder;
    const struct vo_listener *listener;
    struct vo_link *next, *previous; /* oldest first */
    struct vo_watch watch;
    struct vo_timer expiry;
    struct sockaddr_storage peer;
    struct vo_session *session; /* control, once authenticated */
    uint8_t client_nonce[VO_REFLECT_NONCE], server_nonce[VO_REFLECT_NONCE];
    uint32_t received_frames, sent_frames;
    uint8_t *out; /* owned; what the peer has not taken yet */
    uint32_t out_size, out_sent;
    uint32_t in_size;
    bool answered;        /* probe: its one request */
    struct vo_hold *hold; /* probe: its reply waits */
    uint8_t in[VO_REFLECT_TEXT];
};
_Static_assert(VO_REFLECT_ASK <= VO_REFLECT_TEXT, "room for any frame of a client");

struct vo_responder {
    struct vo_loop *loop;
    struct vo_responder_limits limits;
    struct vo_responder_counts counts;
    uint8_t *key;
    size_t key_size;
    struct vo_listener *listeners;
    size_t listener_count;
    struct vo_timer resume; /* listeners rest while there are no file descriptors */
    struct vo_link *oldest, *newest;
    struct vo_session **sessions; /* limits.sessions of them; NULL: free */
};

/* The listener on a port, or NULL. */
struct vo_listener *vo_responder_listener(const struct vo_responder *responder, enum vo_listener_role role,
                                          sa_family_t family, uint16_t port);

/* Sessions (responder_session.c). NULL: a limit is reached, or there is no memory. */
struct vo_session *vo_session_new(struct vo_responder *responder, const struct sockaddr_storage *peer,
                                  const struct sockaddr_storage *local);
void vo_session_end(struct vo_session *session);
struct vo_session_row *vo_session_find(struct vo_session *session, enum vo_reflect_protocol protocol,
                                       uint16_t port, uint16_t to);
/* NULL: the session has all the rows that it may have. */
struct vo_session_row *vo_session_add(struct vo_session *session, enum vo_reflect_protocol protocol,
                                      uint16_t port, uint16_t to);
/* Whether the session may be sent `size` bytes more; takes them from its budget. */
bool vo_session_affords(struct vo_session *session, uint32_t size);
/* The session of a token that came from a stranger, or NULL. */
struct vo_session *vo_session_of_token(const struct vo_responder *responder, uint64_t token);
/* Judges a request of VO_REFLECT_BODY bytes that came from `peer` and counts it, unless it is LATER. Its row
 * if it is to be answered with `answer` bytes in all, else NULL. */
struct vo_session_row *vo_session_request(struct vo_responder *responder, enum vo_reflect_protocol protocol,
                                          uint16_t port, const struct vo_endpoint *peer, const uint8_t *data,
                                          uint32_t answer, struct vo_reflect_body *body);
/* Writes a body with its MAC, VO_REFLECT_BODY bytes. */
bool vo_session_seal(const struct vo_session *session, const struct vo_reflect_body *body, uint8_t *to);
/* Counts a TCP connection on a port for every session of its address. */
void vo_session_accepted(struct vo_responder *responder, uint16_t port, const struct vo_endpoint *peer);

/* Delayed replies (responder_hold.c): answers after reply->body.delay_ms; `link` NULL: by UDP. False: the
 * session has all that it may have, or waits for too long. */
bool vo_hold_add(struct vo_session *session, enum vo_reflect_protocol protocol, const struct vo_reply *reply,
                 struct vo_link *link);
/* The link of a hold is gone. */
void vo_hold_lose(struct vo_hold *hold);
void vo_hold_free(struct vo_hold *hold);

/* Messages (responder_message.c): keeps what came if it has a mark of a session; with the mark of one that is
 * kept already and a longer text, that. False: it has none. */
bool vo_message_keep(struct vo_responder *responder, enum vo_reflect_protocol protocol, uint16_t port,
                     const uint8_t *data, uint32_t size);
/* The bytes that came with that mark, or NULL; sets message->size. */
const uint8_t *vo_message_find(const struct vo_session *session, struct vo_reflect_message *message);

/* UDP (responder_udp.c). */
enum vo_status vo_responder_udp_options(int fd, sa_family_t family, struct vo_error *error);
void vo_responder_udp_ready(void *listener, uint32_t events);
/* Sends a reply now. */
bool vo_responder_udp_reply(const struct vo_session *session, struct vo_reply *reply);
/* The timer of an INBOUND row: sends its next packet. */
void vo_responder_unsolicited(void *row);

/* TCP (responder_tcp.c). */
void vo_responder_accept_ready(void *listener, uint32_t events);
void vo_responder_resume(void *responder);
void vo_link_close(struct vo_link *link);
/* Sends `size` bytes of `out`, which becomes the link's. False: the link was closed. */
bool vo_link_send(struct vo_link *link, uint8_t *out, uint32_t size);
/* Sends a reply now. False: it could not be sent; the link is to be closed. */
bool vo_link_reply(struct vo_link *link, const struct vo_session *session, struct vo_reflect_body *body);
/* Sends a reply that waited, or with `body` NULL none, and closes the link if it cannot be sent, else soon.
 * False: it was closed. */
bool vo_link_release(struct vo_link *link, const struct vo_session *session, struct vo_reflect_body *body);

/* Control (responder_control.c): takes the first frame of link->in if it is whole. False: the link is to be
 * closed. `used`: its size, 0 if more must come. */
bool vo_control_frame(struct vo_link *link, uint32_t *used);

#endif
