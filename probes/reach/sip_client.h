/*
 * SIP client transactions without INVITE (RFC 3261 17.1.2, 18.1) over one UDP socket or one connection: sends
 * requests, sends them again on UDP (timer E), hands on the final response to each.
 *
 * Only a response with our branch, Call-ID and CSeq counts; 1xx, requests and answers to others are passed
 * over. A peer that sends no SIP, never ends a message or drips it costs one buffer of VO_SIP_MESSAGE_MAX
 * bytes and the time until the transaction's deadline.
 */
#ifndef VO_PROBES_REACH_SIP_CLIENT_H
#define VO_PROBES_REACH_SIP_CLIENT_H

#include "probes/decode/sip.h"
#include "probes/decode/sip_write.h"
#include "probes/io/conn.h"

#define VO_SIP_TRANSACTIONS 2  /* at once: OPTIONS and REGISTER */
#define VO_SIP_RANDOM       33 /* room of a random text: 16 bytes in hexadecimal */
#define VO_SIP_WHY          512

struct vo_sip_transaction {
    void *context; /* of both; one of the two is called, once. `response` lives during the call. */
    void (*answered)(void *context, const struct vo_sip *response);
    /* `asked`: the request was sent and there was no answer; else it could not be sent, or it was refused by
     * the network. */
    void (*failed)(void *context, bool asked, const char *why);
    vo_time sent; /* monotonic: first transmission */
    /* the client's own */
    struct vo_sip_client *client;
    struct vo_timer timer;
    vo_time deadline, interval;
    const char *method, *call_id;
    uint32_t cseq;
    bool pending, provisional;
    int refused; /* errno of the first transmission, or 0 */
    char branch[VO_SIP_RANDOM];
    size_t size;
    char request[VO_SIP_REQUEST_MAX];
};

struct vo_sip_client {
    /* set by the user */
    struct vo_loop *loop;
    void *context;
    void (*ready)(void *context);                   /* requests may be sent */
    void (*broken)(void *context, const char *why); /* never ready: could not connect */
    /* read by the user */
    char sent_by[VO_SOCKADDR_TEXT]; /* our own address and port, as Via and Contact need it */
    const char *transport;          /* of Via: "UDP", "TCP", "TLS" */
    /* the client's own */
    struct vo_conn_result result; /* of UDP, told as if it were a connection */
    struct sockaddr_storage to;
    struct vo_timer start;
    struct vo_udp *udp;
    struct vo_conn *conn;
    struct vo_sip_transaction *pending[VO_SIP_TRANSACTIONS];
    bool is_ready, is_over;
    bool strangers;   /* SIP came that answers none of our requests */
    char garbage[49]; /* the beginning of what came and is not SIP, for a person; "": none */
    uint8_t *buffer;
    uint32_t used, need;
};

/* `transport`: "udp", "tcp", "tls", "mtls". Never calls back before it returns. What the system refuses is
 * told by `broken`, for UDP by the status: VO_ERR_IO; also VO_ERR_MEMORY. vo_sip_client_close() must follow.
 */
enum vo_status vo_sip_client_open(struct vo_sip_client *client, const char *transport,
                                  const struct vo_conn_config *config, struct vo_error *error);
/* Sends a request: the client fills in transport, sent_by and branch. method and call_id of `request` must
 * outlive the transaction. False if it cannot be written (a value that SIP cannot carry) or the client is
 * over: nothing is called. `deadline` is monotonic. */
bool vo_sip_client_send(struct vo_sip_client *client, struct vo_sip_transaction *transaction,
                        struct vo_sip_request *request, vo_time deadline);
/* Forgets a transaction: neither of its functions will be called. */
void vo_sip_client_forget(struct vo_sip_transaction *transaction);
/* What became of the transport: open for UDP if anything came from the peer, state NULL if nothing did. Until
 * vo_sip_client_close(). */
const struct vo_conn_result *vo_sip_client_result(const struct vo_sip_client *client);
/* Forgets all transactions and closes; not from within a callback. */
void vo_sip_client_close(struct vo_sip_client *client);

/* The URI of our own address, for Contact and From; `transport` may be NULL. 0: `user` cannot stand in it. */
size_t vo_sip_client_uri(const struct vo_sip_client *client, const char *user, const char *transport,
                         char *to, size_t room);
/* 16 random bytes as text. */
void vo_sip_random(char text[VO_SIP_RANDOM]);
/* A copy of text from the network that is fit for a person: cut to `room`, control characters as spaces. */
char *vo_sip_text(struct vo_span span, char *to, size_t room);

#endif
