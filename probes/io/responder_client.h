/*
 * The control connection to a responder (voready-reflect; probes/decode/reflect.h says what is spoken).
 *
 * It proves the responder alive, has it listen and send, and asks afterwards what came. Whether the peer
 * knows the key is proved before anything else is believed of it.
 */
#ifndef VO_PROBES_IO_RESPONDER_CLIENT_H
#define VO_PROBES_IO_RESPONDER_CLIENT_H

#include "probes/decode/reflect.h"
#include "probes/io/conn.h"
#include "probes/io/endpoint.h"

struct vo_responder_client;

/* Connects to `to`, the control port. `changed` is called from the loop after each change: ready, failed, a
 * new report. `key` is copied. `timeout`: for the connection, for READY, and for each report, ns. Errors:
 * VO_ERR_MEMORY, VO_ERR_USAGE (the key is too short). */
enum vo_status vo_responder_client_new(struct vo_loop *loop, const struct sockaddr_storage *to,
                                       const char *key, vo_time timeout, void (*changed)(void *context),
                                       void *context, struct vo_responder_client **client,
                                       struct vo_error *error);
void vo_responder_client_free(struct vo_responder_client *client); /* not from `changed` */

bool vo_responder_client_ready(const struct vo_responder_client *client);
/* Why there is no responder; NULL while there is, or may be, one. Final. */
const char *vo_responder_client_failure(const struct vo_responder_client *client);
/* This host's end of the control connection, and as the responder sees it. Valid once it is ready. */
struct vo_endpoint vo_responder_client_local(const struct vo_responder_client *client);
struct vo_endpoint vo_responder_client_seen(const struct vo_responder_client *client);

#define VO_RESPONDER_MESSAGES 32 /* that are kept at once */

/* Each asks for something and returns the number of the report that will answer, 0 if it cannot be asked (see
 * failure). Only once it is ready. */
uint32_t vo_responder_client_port(struct vo_responder_client *client, enum vo_reflect_protocol protocol,
                                  uint16_t port);
uint32_t vo_responder_client_send(struct vo_responder_client *client, const struct vo_reflect_send *send);
uint32_t vo_responder_client_count(struct vo_responder_client *client);
/* What came there with a mark; see vo_responder_client_message(). */
uint32_t vo_responder_client_fetch(struct vo_responder_client *client, enum vo_reflect_protocol protocol,
                                   uint16_t port, uint32_t sequence);
/* What became of delayed replies; see vo_responder_client_held(). */
uint32_t vo_responder_client_trials(struct vo_responder_client *client);
/* How many reports came. */
uint32_t vo_responder_client_reports(const struct vo_responder_client *client);
/* The row of the last report, or NULL. `to` is 0 but for VO_REFLECT_INBOUND. */
const struct vo_reflect_row *vo_responder_client_row(const struct vo_responder_client *client,
                                                     enum vo_reflect_protocol protocol, uint16_t port,
                                                     uint16_t to);

/* The bytes of a message as they came, by the last answer about it; NULL: it had not come. Borrowed until the
 * next round of the loop. */
const uint8_t *vo_responder_client_message(const struct vo_responder_client *client,
                                           enum vo_reflect_protocol protocol, uint16_t port,
                                           uint32_t sequence, uint32_t *size);
/* What became of a delayed reply, by the last answer; false: the request had not come. */
bool vo_responder_client_held(const struct vo_responder_client *client, uint32_t sequence,
                              enum vo_reflect_hold_state *state);

/* Sequence numbers of requests: never the same twice. */
uint32_t vo_responder_client_next(struct vo_responder_client *client);
/* Fills a request's token and writes it with its MAC, VO_REFLECT_BODY bytes. False: not ready. */
bool vo_responder_client_seal(const struct vo_responder_client *client, struct vo_reflect_body *body,
                              uint8_t *to);
/* Writes the mark of a message, VO_REFLECT_MARK characters and a NUL. False: not ready. */
bool vo_responder_client_mark(const struct vo_responder_client *client, enum vo_reflect_protocol protocol,
                              uint16_t port, uint32_t sequence, char *to);
/* Reads a body of VO_REFLECT_BODY bytes; false if it does not come from the responder and for this session.
 */
bool vo_responder_client_open(const struct vo_responder_client *client, const uint8_t *data,
                              struct vo_reflect_body *body);

#endif
