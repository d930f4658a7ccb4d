/* Control: who knows the key gets a session, and what is counted in it. */
#include "probes/voice/responder_private.h"

#include <stdlib.h>

#define SEND_MOST     10 /* packets of one SEND */
#define SEND_INTERVAL 20 /* ms at least */
#define SEND_SLOWEST  5000

/* Sends a frame; `out` is of malloc, has the payload in its place, and becomes the link's. */
static bool send_frame(struct vo_link *link, enum vo_reflect_type type, uint32_t payload_size, uint8_t *out)
{
    const struct vo_responder *responder = link->responder;
    bool open = link->session != NULL;
    uint32_t size =
        vo_reflect_frame_write(type, link->sent_frames++, out + VO_REFLECT_FRAME_HEADER, payload_size, out);
    if (!vo_mac(open ? link->session->key : responder->key, open ? VO_REFLECT_KEY : responder->key_size, out,
                size - VO_REFLECT_FRAME_MAC, out + size - VO_REFLECT_FRAME_MAC)) {
        free(out);
        return false;
    }
    return vo_link_send(link, out, size);
}

static bool on_hello(struct vo_link *link, const struct vo_reflect_frame *frame)
{
    uint8_t *out = malloc(VO_REFLECT_FRAME_OF(2 * VO_REFLECT_NONCE));
    if (!out || !vo_random_bytes(link->server_nonce, VO_REFLECT_NONCE)) {
        free(out);
        return false;
    }
    memcpy(link->client_nonce, frame->payload, VO_REFLECT_NONCE);
    memcpy(out + VO_REFLECT_FRAME_HEADER, link->client_nonce, VO_REFLECT_NONCE);
    memcpy(out + VO_REFLECT_FRAME_HEADER + VO_REFLECT_NONCE, link->server_nonce, VO_REFLECT_NONCE);
    return send_frame(link, VO_REFLECT_CHALLENGE, 2 * VO_REFLECT_NONCE, out);
}

static bool on_proof(struct vo_link *link, const struct vo_reflect_frame *frame)
{
    struct vo_responder *responder = link->responder;
    struct sockaddr_storage local = {0};
    socklen_t local_size = sizeof local;
    uint8_t text[VO_REFLECT_SESSION];
    if (memcmp(frame->payload, link->client_nonce, VO_REFLECT_NONCE) != 0 ||
        memcmp(frame->payload + VO_REFLECT_NONCE, link->server_nonce, VO_REFLECT_NONCE) != 0 ||
        getsockname(link->watch.fd, (struct sockaddr *)&local, &local_size) != 0)
        return false;
    uint8_t *out = malloc(VO_REFLECT_FRAME_OF(VO_REFLECT_READY_SIZE));
    link->session = out ? vo_session_new(responder, &link->peer, &local) : NULL;
    vo_reflect_session_text(link->client_nonce, link->server_nonce, text);
    if (!link->session ||
        !vo_mac(responder->key, responder->key_size, text, sizeof text, link->session->key)) {
        free(out);
        return false;
    }
    struct vo_reflect_ready ready = {
        .token = link->session->token, .seen_port = link->session->seen.port, .time = vo_clock_now()};
    memcpy(ready.seen_address, link->session->seen.address, sizeof ready.seen_address);
    vo_reflect_ready_write(&ready, out + VO_REFLECT_FRAME_HEADER);
    return send_frame(link, VO_REFLECT_READY, VO_REFLECT_READY_SIZE, out);
}

static bool report(struct vo_link *link)
{
    const struct vo_session *session = link->session;
    uint32_t payload_size = 4 + session->count * VO_REFLECT_ROW_SIZE;
    uint8_t *out = malloc(VO_REFLECT_FRAME_OF(payload_size));
    if (!out)
        return false;
    uint8_t *at = out + VO_REFLECT_FRAME_HEADER;
    vo_reflect_count_write(session->count, at);
    for (uint32_t i = 0; i < session->count; i++)
        vo_reflect_row_write(&session->rows[i].row, at + 4 + i * VO_REFLECT_ROW_SIZE);
    return send_frame(link, VO_REFLECT_REPORT, payload_size, out);
}

static bool on_ports(struct vo_link *link, const struct vo_reflect_frame *frame)
{
    struct vo_reflect_row asked;
    for (uint32_t i = 0; i < vo_reflect_count(frame); i++) {
        if (!vo_reflect_row_read(frame, i, &asked))
            return false;
        if (vo_session_find(link->session, asked.protocol, asked.port, 0))
            continue;
        struct vo_session_row *row = vo_session_add(link->session, asked.protocol, asked.port, 0);
        enum vo_listener_role role = asked.protocol == VO_REFLECT_UDP ? VO_LISTEN_UDP : VO_LISTEN_TCP;
        if (row && !vo_responder_listener(link->responder, role, link->peer.ss_family, asked.port))
            row->row.state = VO_REFLECT_NOT_SERVED;
    }
    return report(link);
}

static bool on_send(struct vo_link *link, const struct vo_reflect_frame *frame)
{
    struct vo_responder *responder = link->responder;
    struct vo_reflect_send send;
    if (!vo_reflect_send_read(frame, &send))
        return false;
    /* each pair of ports once a session: what was sent is not sent again */
    struct vo_session_row *row = vo_session_find(link->session, VO_REFLECT_INBOUND, send.from, send.to)
                                     ? NULL
                                     : vo_session_add(link->session, VO_REFLECT_INBOUND, send.from, send.to);
    if (!row)
        return report(link);
    row->due = (struct vo_timer){.due = vo_responder_unsolicited, .context = row};
    row->interval = send.interval_ms * VO_NS_PER_MS;
    row->left = send.count;
    row->dscp = send.dscp & 0x3f;
    if (!vo_responder_listener(responder, VO_LISTEN_UDP, link->peer.ss_family, send.from))
        row->row.state = VO_REFLECT_NOT_SERVED;
    else if (send.to == 0 || send.count == 0 || send.count > SEND_MOST || send.interval_ms < SEND_INTERVAL ||
             send.interval_ms > SEND_SLOWEST ||
             !vo_loop_set(responder->loop, &row->due, vo_loop_now(responder->loop)))
        row->row.state = VO_REFLECT_REFUSED;
    return report(link);
}

static bool on_count(struct vo_link *link, const struct vo_reflect_frame *frame)
{
    (void)frame;
    return report(link);
}

static bool on_fetch(struct vo_link *link, const struct vo_reflect_frame *frame)
{
    struct vo_reflect_message message;
    if (!vo_reflect_message_read(frame, &message, NULL))
        return false;
    const uint8_t *bytes = vo_message_find(link->session, &message);
    uint32_t size = VO_REFLECT_MESSAGE_SIZE(message.size);
    uint8_t *out = malloc(VO_REFLECT_FRAME_OF(size));
    if (!out)
        return false;
    vo_reflect_message_write(&message, bytes, out + VO_REFLECT_FRAME_HEADER);
    return send_frame(link, VO_REFLECT_MESSAGE, size, out);
}

static bool on_trials(struct vo_link *link, const struct vo_reflect_frame *frame)
{
    const struct vo_session *session = link->session;
    uint32_t size = 4 + session->hold_count * VO_REFLECT_HOLD_SIZE;
    uint8_t *out = malloc(VO_REFLECT_FRAME_OF(size));
    (void)frame;
    if (!out)
        return false;
    uint8_t *at = out + VO_REFLECT_FRAME_HEADER;
    vo_reflect_count_write(session->hold_count, at);
    for (uint32_t i = 0; i < session->hold_count; i++)
        vo_reflect_hold_write(&session->holds[i]->told, at + 4 + i * VO_REFLECT_HOLD_SIZE);
    return send_frame(link, VO_REFLECT_HELD, size, out);
}

static bool (*const handlers[VO_REFLECT_TYPES])(struct vo_link *, const struct vo_reflect_frame *) = {
    [VO_REFLECT_HELLO] = on_hello,   [VO_REFLECT_PROOF] = on_proof, [VO_REFLECT_PORTS] = on_ports,
    [VO_REFLECT_SEND] = on_send,     [VO_REFLECT_COUNT] = on_count, [VO_REFLECT_FETCH] = on_fetch,
    [VO_REFLECT_TRIALS] = on_trials,
};

/* Whether a frame may come now: HELLO, PROOF, then any of the rest. */
static bool is_due(const struct vo_link *link, const struct vo_reflect_frame *frame)
{
    if (frame->sequence != link->received_frames || !handlers[frame->type])
        return false;
    if (link->received_frames == 0)
        return frame->type == VO_REFLECT_HELLO;
    if (!link->session)
        return frame->type == VO_REFLECT_PROOF;
    return frame->type != VO_REFLECT_HELLO && frame->type != VO_REFLECT_PROOF;
}

bool vo_control_frame(struct vo_link *link, uint32_t *used)
{
    struct vo_responder *responder = link->responder;
    struct vo_reflect_frame frame;
    bool open = link->session != NULL;
    *used = 0;
    enum vo_reflect_got got = vo_reflect_frame_read(link->in, link->in_size, &frame);
    if (got == VO_REFLECT_MORE)
        return true;
    if (got == VO_REFLECT_BAD || !is_due(link, &frame) ||
        !vo_mac_holds(open ? link->session->key : responder->key, open ? VO_REFLECT_KEY : responder->key_size,
                      link->in, frame.size - VO_REFLECT_FRAME_MAC,
                      link->in + frame.size - VO_REFLECT_FRAME_MAC, VO_REFLECT_FRAME_MAC)) {
        responder->counts.refused++;
        return false;
    }
    *used = frame.size;
    link->received_frames++;
    if (open)
        link->session->used = vo_loop_now(responder->loop);
    return handlers[frame.type](link, &frame);
}
