#include "probes/io/responder_client.h"

#include "probes/io/mac.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct message {
    struct vo_reflect_message message;
    uint8_t bytes[VO_REFLECT_TEXT];
};

struct vo_responder_client {
    struct vo_loop *loop;
    struct vo_conn *conn;
    struct vo_timer patience; /* for READY, then for the oldest report that is due */
    void (*changed)(void *context);
    void *context;
    vo_time timeout;
    uint8_t *key;
    size_t key_size;
    uint8_t client_nonce[VO_REFLECT_NONCE], session_key[VO_REFLECT_KEY];
    struct vo_reflect_ready ready; /* once is_ready */
    bool is_ready, failed;
    char failure[VO_ERROR_SIZE];
    uint32_t sent_frames, received_frames, asked, reports, sequence;
    struct vo_reflect_row rows[VO_REFLECT_ROWS];
    struct message messages[VO_RESPONDER_MESSAGES]; /* a ring */
    struct vo_reflect_hold held[VO_REFLECT_HOLDS];
    uint32_t row_count, message_count, held_count, in_size;
    uint8_t in[VO_REFLECT_FRAME_OF(VO_REFLECT_PAYLOAD)];
};

__attribute__((format(printf, 2, 3))) static void fail(struct vo_responder_client *client, const char *format,
                                                       ...)
{
    va_list arguments;
    if (client->failed)
        return;
    va_start(arguments, format);
    vsnprintf(client->failure, sizeof client->failure, format, arguments);
    va_end(arguments);
    client->failed = true;
    vo_loop_cancel(client->loop, &client->patience);
    client->changed(client->context);
}

static const uint8_t *frame_key(const struct vo_responder_client *client, size_t *size)
{
    *size = client->is_ready ? VO_REFLECT_KEY : client->key_size;
    return client->is_ready ? client->session_key : client->key;
}

static bool send_frame(struct vo_responder_client *client, enum vo_reflect_type type, const uint8_t *payload,
                       uint32_t payload_size)
{
    uint8_t frame[VO_REFLECT_ASK];
    size_t key_size;
    const uint8_t *key = frame_key(client, &key_size);
    uint32_t size = vo_reflect_frame_write(type, client->sent_frames, payload, payload_size, frame);
    if (!vo_mac(key, key_size, frame, size - VO_REFLECT_FRAME_MAC, frame + size - VO_REFLECT_FRAME_MAC) ||
        !vo_conn_send(client->conn, frame, size))
        return false;
    client->sent_frames++;
    return true;
}

static void on_opened(void *context)
{
    struct vo_responder_client *client = context;
    if (!vo_random_bytes(client->client_nonce, VO_REFLECT_NONCE) ||
        !send_frame(client, VO_REFLECT_HELLO, client->client_nonce, VO_REFLECT_NONCE))
        fail(client, "the responder could not be asked: the system gives no random numbers");
}

/* The server has proved that it knows the key: our nonce is in what it signed. */
static bool on_challenge(struct vo_responder_client *client, const struct vo_reflect_frame *frame)
{
    return memcmp(frame->payload, client->client_nonce, VO_REFLECT_NONCE) == 0 &&
           send_frame(client, VO_REFLECT_PROOF, frame->payload, frame->payload_size);
}

static bool on_ready(struct vo_responder_client *client, const struct vo_reflect_frame *frame)
{
    if (!vo_reflect_ready_read(frame, &client->ready))
        return false;
    vo_loop_cancel(client->loop, &client->patience);
    client->changed(client->context);
    return true;
}

static bool take_rows(struct vo_responder_client *client, const struct vo_reflect_frame *frame)
{
    uint32_t count = vo_reflect_count(frame);
    for (uint32_t i = 0; i < count; i++)
        if (!vo_reflect_row_read(frame, i, &client->rows[i]))
            return false;
    client->row_count = count;
    return true;
}

/* The place of a message, or VO_RESPONDER_MESSAGES. */
static uint32_t find_message(const struct vo_responder_client *client, const struct vo_reflect_message *key)
{
    uint32_t at = 0;
    for (; at < VO_RESPONDER_MESSAGES; at++) {
        const struct vo_reflect_message *message = &client->messages[at].message;
        if (at < client->message_count && message->protocol == key->protocol && message->port == key->port &&
            message->sequence == key->sequence)
            break;
    }
    return at;
}

static bool take_message(struct vo_responder_client *client, const struct vo_reflect_frame *frame)
{
    struct vo_reflect_message key;
    if (!vo_reflect_message_read(frame, &key, NULL))
        return false;
    uint32_t at = find_message(client, &key);
    if (at == VO_RESPONDER_MESSAGES)
        at = client->message_count++ % VO_RESPONDER_MESSAGES;
    return vo_reflect_message_read(frame, &client->messages[at].message, client->messages[at].bytes);
}

static bool take_held(struct vo_responder_client *client, const struct vo_reflect_frame *frame)
{
    uint32_t count = vo_reflect_count(frame);
    for (uint32_t i = 0; i < count; i++)
        if (!vo_reflect_hold_read(frame, i, &client->held[i]))
            return false;
    client->held_count = count;
    return true;
}

/* How each kind of answer is taken up. */
static bool (*const takers[VO_REFLECT_TYPES])(struct vo_responder_client *,
                                              const struct vo_reflect_frame *) = {
    [VO_REFLECT_REPORT] = take_rows,
    [VO_REFLECT_MESSAGE] = take_message,
    [VO_REFLECT_HELD] = take_held,
};

static bool on_report(struct vo_responder_client *client, const struct vo_reflect_frame *frame)
{
    if (!takers[frame->type](client, frame))
        return false;
    client->reports++;
    if (client->reports < client->asked)
        vo_loop_set(client->loop, &client->patience, vo_loop_now(client->loop) + client->timeout);
    else
        vo_loop_cancel(client->loop, &client->patience);
    client->changed(client->context);
    return true;
}

/* Whether this frame is the one that has to come now. READY is the first under the session's key. */
static bool is_due(struct vo_responder_client *client, const struct vo_reflect_frame *frame)
{
    if (frame->sequence != client->received_frames)
        return false;
    if (frame->sequence == 0)
        return frame->type == VO_REFLECT_CHALLENGE;
    if (frame->sequence > 1)
        return takers[frame->type] && client->reports < client->asked;
    return frame->type == VO_REFLECT_READY;
}

static bool on_frame(struct vo_responder_client *client, const struct vo_reflect_frame *frame)
{
    uint8_t text[VO_REFLECT_SESSION], server_nonce[VO_REFLECT_NONCE] = {0};
    size_t key_size;
    if (!is_due(client, frame))
        return false;
    const uint8_t *key = frame_key(client, &key_size);
    if (frame->type == VO_REFLECT_READY) {
        key = client->session_key;
        key_size = VO_REFLECT_KEY;
    }
    if (!vo_mac_holds(key, key_size, client->in, frame->size - VO_REFLECT_FRAME_MAC,
                      client->in + frame->size - VO_REFLECT_FRAME_MAC, VO_REFLECT_FRAME_MAC))
        return false;
    client->received_frames++;
    if (takers[frame->type])
        return on_report(client, frame);
    if (frame->type == VO_REFLECT_READY) {
        client->is_ready = true;
        return on_ready(client, frame);
    }
    memcpy(server_nonce, frame->payload + VO_REFLECT_NONCE, VO_REFLECT_NONCE);
    vo_reflect_session_text(client->client_nonce, server_nonce, text);
    return vo_mac(client->key, client->key_size, text, sizeof text, client->session_key) &&
           on_challenge(client, frame);
}

static void on_received(void *context, const uint8_t *data, size_t size)
{
    struct vo_responder_client *client = context;
    while (!client->failed && size > 0) {
        struct vo_reflect_frame frame;
        size_t room = sizeof client->in - client->in_size, part = size < room ? size : room;
        memcpy(client->in + client->in_size, data, part);
        client->in_size += (uint32_t)part;
        data += part;
        size -= part;
        enum vo_reflect_got got;
        while ((got = vo_reflect_frame_read(client->in, client->in_size, &frame)) == VO_REFLECT_FRAME) {
            if (!on_frame(client, &frame))
                break;
            client->in_size -= frame.size;
            memmove(client->in, client->in + frame.size, client->in_size);
        }
        if (got != VO_REFLECT_MORE) /* a whole frame always has room: no more is the only other thing */
            fail(client,
                 "the responder did not answer: what answers on its control port does not know the key, "
                 "or is no voready-reflect");
    }
}

static void on_ended(void *context, enum vo_conn_end end)
{
    struct vo_responder_client *client = context;
    const struct vo_conn_result *result = vo_conn_result(client->conn);
    if (client->is_ready)
        fail(client, "the responder did not answer: its control connection was lost: %s", result->text);
    else if (end == VO_CONN_PEER_CLOSED || end == VO_CONN_RESET)
        fail(client,
             "the responder did not answer: it closed the control connection: is the key the same on both "
             "sides? (%s)",
             result->text);
    else
        fail(client, "the responder did not answer: its control port: %s", result->text);
}

static void on_patience(void *context)
{
    struct vo_responder_client *client = context;
    fail(client, client->is_ready
                     ? "the responder did not answer: its control connection is silent"
                     : "the responder did not answer: its control port takes connections, but says nothing");
}

enum vo_status vo_responder_client_new(struct vo_loop *loop, const struct sockaddr_storage *to,
                                       const char *key, vo_time timeout, void (*changed)(void *context),
                                       void *context, struct vo_responder_client **client,
                                       struct vo_error *error)
{
    *client = NULL;
    if (strlen(key) < VO_REFLECT_SECRET)
        return vo_error_set(error, VO_ERR_USAGE, "the responder's key has %zu bytes, and needs %d at least",
                            strlen(key), VO_REFLECT_SECRET);
    struct vo_responder_client *made = calloc(1, sizeof *made);
    if (!made)
        return vo_error_memory(error, "the connection to the responder");
    made->loop = loop;
    made->changed = changed;
    made->context = context;
    made->timeout = timeout;
    made->key = (uint8_t *)strdup(key);
    made->key_size = strlen(key);
    made->patience = (struct vo_timer){.due = on_patience, .context = made};
    struct vo_conn_config config = {.to = *to,
                                    .timeout = timeout,
                                    .limit = (size_t)1 << 24, /* some thousand reports */
                                    .context = made,
                                    .opened = on_opened,
                                    .received = on_received,
                                    .ended = on_ended};
    enum vo_status status = made->key ? VO_OK : vo_error_memory(error, "the key of the responder");
    if (status == VO_OK)
        status = vo_conn_open(loop, &config, &made->conn, error);
    if (status == VO_OK && !vo_loop_set(loop, &made->patience, vo_loop_now(loop) + timeout + timeout / 4))
        status = vo_error_memory(error, "the connection to the responder");
    if (status == VO_OK)
        *client = made;
    else
        vo_responder_client_free(made);
    return status;
}

void vo_responder_client_free(struct vo_responder_client *client)
{
    if (!client)
        return;
    vo_loop_cancel(client->loop, &client->patience);
    vo_conn_close(client->conn);
    if (client->key)
        explicit_bzero(client->key, client->key_size);
    free(client->key);
    explicit_bzero(client->session_key, sizeof client->session_key);
    free(client);
}

bool vo_responder_client_ready(const struct vo_responder_client *client)
{
    return client->is_ready && !client->failed;
}

const char *vo_responder_client_failure(const struct vo_responder_client *client)
{
    return client->failed ? client->failure : NULL;
}

struct vo_endpoint vo_responder_client_local(const struct vo_responder_client *client)
{
    return vo_endpoint_of(&vo_conn_result(client->conn)->local);
}

struct vo_endpoint vo_responder_client_seen(const struct vo_responder_client *client)
{
    struct vo_endpoint seen = {.port = client->ready.seen_port};
    memcpy(seen.address, client->ready.seen_address, sizeof seen.address);
    return seen;
}

static uint32_t ask(struct vo_responder_client *client, enum vo_reflect_type type, const uint8_t *payload,
                    uint32_t size)
{
    if (!vo_responder_client_ready(client) || !send_frame(client, type, payload, size))
        return 0;
    if (client->asked == client->reports)
        vo_loop_set(client->loop, &client->patience, vo_loop_now(client->loop) + client->timeout);
    return ++client->asked;
}

uint32_t vo_responder_client_port(struct vo_responder_client *client, enum vo_reflect_protocol protocol,
                                  uint16_t port)
{
    uint8_t payload[8];
    vo_reflect_count_write(1, payload);
    vo_reflect_port_write(protocol, port, payload + 4);
    return ask(client, VO_REFLECT_PORTS, payload, sizeof payload);
}

uint32_t vo_responder_client_send(struct vo_responder_client *client, const struct vo_reflect_send *send)
{
    uint8_t payload[VO_REFLECT_SEND_SIZE];
    vo_reflect_send_write(send, payload);
    return ask(client, VO_REFLECT_SEND, payload, sizeof payload);
}

uint32_t vo_responder_client_count(struct vo_responder_client *client)
{
    return ask(client, VO_REFLECT_COUNT, NULL, 0);
}

uint32_t vo_responder_client_fetch(struct vo_responder_client *client, enum vo_reflect_protocol protocol,
                                   uint16_t port, uint32_t sequence)
{
    uint8_t payload[VO_REFLECT_FETCH_SIZE];
    vo_reflect_fetch_write(&(struct vo_reflect_message){protocol, port, sequence, 0}, payload);
    return ask(client, VO_REFLECT_FETCH, payload, sizeof payload);
}

uint32_t vo_responder_client_trials(struct vo_responder_client *client)
{
    return ask(client, VO_REFLECT_TRIALS, NULL, 0);
}

uint32_t vo_responder_client_reports(const struct vo_responder_client *client)
{
    return client->reports;
}

const struct vo_reflect_row *vo_responder_client_row(const struct vo_responder_client *client,
                                                     enum vo_reflect_protocol protocol, uint16_t port,
                                                     uint16_t to)
{
    for (uint32_t i = 0; i < client->row_count; i++)
        if (client->rows[i].protocol == protocol && client->rows[i].port == port && client->rows[i].to == to)
            return &client->rows[i];
    return NULL;
}

const uint8_t *vo_responder_client_message(const struct vo_responder_client *client,
                                           enum vo_reflect_protocol protocol, uint16_t port,
                                           uint32_t sequence, uint32_t *size)
{
    uint32_t at = find_message(client, &(struct vo_reflect_message){protocol, port, sequence, 0});
    *size = at < VO_RESPONDER_MESSAGES ? client->messages[at].message.size : 0;
    return *size ? client->messages[at].bytes : NULL;
}

bool vo_responder_client_held(const struct vo_responder_client *client, uint32_t sequence,
                              enum vo_reflect_hold_state *state)
{
    for (uint32_t i = 0; i < client->held_count; i++)
        if (client->held[i].sequence == sequence) {
            *state = client->held[i].state;
            return true;
        }
    return false;
}

uint32_t vo_responder_client_next(struct vo_responder_client *client)
{
    return ++client->sequence;
}

bool vo_responder_client_seal(const struct vo_responder_client *client, struct vo_reflect_body *body,
                              uint8_t *to)
{
    uint8_t mac[VO_MAC_SIZE];
    if (!vo_responder_client_ready(client))
        return false;
    body->token = client->ready.token;
    vo_reflect_body_write(body, to);
    if (!vo_mac(client->session_key, VO_REFLECT_KEY, to, VO_REFLECT_BODY - VO_REFLECT_BODY_MAC, mac))
        return false;
    memcpy(to + VO_REFLECT_BODY - VO_REFLECT_BODY_MAC, mac, VO_REFLECT_BODY_MAC);
    return true;
}

bool vo_responder_client_open(const struct vo_responder_client *client, const uint8_t *data,
                              struct vo_reflect_body *body)
{
    return client->is_ready && vo_reflect_body_read(data, VO_REFLECT_BODY, body) &&
           body->token == client->ready.token && body->kind != VO_REFLECT_REQUEST &&
           vo_mac_holds(client->session_key, VO_REFLECT_KEY, data, VO_REFLECT_BODY - VO_REFLECT_BODY_MAC,
                        data + VO_REFLECT_BODY - VO_REFLECT_BODY_MAC, VO_REFLECT_BODY_MAC);
}

bool vo_responder_client_mark(const struct vo_responder_client *client, enum vo_reflect_protocol protocol,
                              uint16_t port, uint32_t sequence, char *to)
{
    struct vo_reflect_mark mark = {.token = client->ready.token, .sequence = sequence};
    uint8_t text[VO_REFLECT_MARKED], mac[VO_MAC_SIZE];
    vo_reflect_mark_text(&mark, protocol, port, text);
    if (!vo_responder_client_ready(client) ||
        !vo_mac(client->session_key, VO_REFLECT_KEY, text, sizeof text, mac))
        return false;
    memcpy(mark.mac, mac, sizeof mark.mac);
    vo_reflect_mark_write(&mark, to);
    return true;
}
