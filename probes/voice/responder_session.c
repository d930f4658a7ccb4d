#include "probes/voice/responder_private.h"

#include <stdlib.h>

#define SLOT_BITS 16 /* of a token: which session it is; the rest is random */

static bool same_address(const struct vo_endpoint *one, const struct vo_endpoint *other)
{
    return memcmp(one->address, other->address, sizeof one->address) == 0;
}

struct vo_session *vo_session_new(struct vo_responder *responder, const struct sockaddr_storage *peer,
                                  const struct sockaddr_storage *local)
{
    struct vo_endpoint seen = vo_endpoint_of(peer);
    uint32_t slot = 0, of_address = 0, vacant = responder->limits.sessions;
    for (; slot < responder->limits.sessions; slot++) {
        const struct vo_session *other = responder->sessions[slot];
        if (!other && vacant == responder->limits.sessions)
            vacant = slot;
        of_address += other && same_address(&other->seen, &seen);
    }
    if (vacant == responder->limits.sessions || of_address >= responder->limits.sessions_per_address)
        return NULL;
    struct vo_session *session = calloc(1, sizeof *session);
    if (!session || !vo_random_bytes(&session->token, sizeof session->token)) {
        free(session);
        return NULL;
    }
    session->token = session->token << SLOT_BITS | vacant;
    session->responder = responder;
    session->peer = *peer;
    session->local = *local;
    session->seen = seen;
    session->used = session->filled = vo_loop_now(responder->loop);
    session->packets = responder->limits.packets_per_s * VO_NS_PER_S;
    session->bytes = responder->limits.bytes_per_s * VO_NS_PER_S;
    responder->sessions[vacant] = session;
    responder->counts.sessions_now++;
    return session;
}

void vo_session_end(struct vo_session *session)
{
    struct vo_responder *responder = session->responder;
    for (uint32_t i = 0; i < session->count; i++)
        vo_loop_cancel(responder->loop, &session->rows[i].due);
    for (uint32_t i = 0; i < session->hold_count; i++)
        vo_hold_free(session->holds[i]);
    for (uint32_t i = 0; i < VO_SESSION_MESSAGES; i++)
        free(session->messages[i].bytes);
    responder->sessions[session->token & ((1u << SLOT_BITS) - 1)] = NULL;
    responder->counts.sessions_now--;
    explicit_bzero(session->key, sizeof session->key);
    free(session);
}

struct vo_session *vo_session_of_token(const struct vo_responder *responder, uint64_t token)
{
    uint32_t slot = (uint32_t)(token & ((1u << SLOT_BITS) - 1));
    struct vo_session *session = slot < responder->limits.sessions ? responder->sessions[slot] : NULL;
    return session && session->token == token ? session : NULL;
}

struct vo_session_row *vo_session_find(struct vo_session *session, enum vo_reflect_protocol protocol,
                                       uint16_t port, uint16_t to)
{
    for (uint32_t i = 0; i < session->count; i++) {
        const struct vo_reflect_row *row = &session->rows[i].row;
        if (row->port == port && row->protocol == protocol && row->to == to)
            return &session->rows[i];
    }
    return NULL;
}

struct vo_session_row *vo_session_add(struct vo_session *session, enum vo_reflect_protocol protocol,
                                      uint16_t port, uint16_t to)
{
    if (session->count == VO_REFLECT_ROWS)
        return NULL;
    struct vo_session_row *row = &session->rows[session->count++];
    row->row = (struct vo_reflect_row){.protocol = protocol, .port = port, .to = to};
    row->session = session;
    return row;
}

/* Adds what `rate` a second gives in `passed` ns, to one second's worth at most. */
static void fill(int64_t *budget, uint32_t rate, vo_time passed)
{
    int64_t most = rate * VO_NS_PER_S;
    int64_t more = passed >= VO_NS_PER_S ? most : rate * passed;
    *budget = more >= most - *budget ? most : *budget + more;
}

bool vo_session_affords(struct vo_session *session, uint32_t size)
{
    const struct vo_responder_limits *limits = &session->responder->limits;
    vo_time now = vo_loop_now(session->responder->loop);
    if (now > session->filled) {
        fill(&session->packets, limits->packets_per_s, now - session->filled);
        fill(&session->bytes, limits->bytes_per_s, now - session->filled);
        session->filled = now;
    }
    if (session->packets < VO_NS_PER_S || session->bytes < size * VO_NS_PER_S) {
        session->responder->counts.limited++;
        return false;
    }
    session->packets -= VO_NS_PER_S;
    session->bytes -= size * VO_NS_PER_S;
    return true;
}

/* Whether the sequence number is new on this row; numbers 64 behind the highest are taken for old. */
static bool is_fresh(struct vo_session_row *row, uint32_t sequence)
{
    if (row->window == 0 || sequence > row->highest) {
        uint32_t ahead = sequence - row->highest;
        row->window = row->window == 0 || ahead > 63 ? 1 : row->window << ahead | 1;
        row->highest = sequence;
        return true;
    }
    uint32_t behind = row->highest - sequence;
    if (behind > 63 || row->window >> behind & 1)
        return false;
    row->window |= 1ULL << behind;
    return true;
}

struct vo_session_row *vo_session_request(struct vo_responder *responder, enum vo_reflect_protocol protocol,
                                          uint16_t port, const struct vo_endpoint *peer, const uint8_t *data,
                                          uint32_t answer, struct vo_reflect_body *body)
{
    struct vo_session *session = NULL;
    struct vo_session_row *row = NULL;
    if (vo_reflect_body_read(data, VO_REFLECT_BODY, body) &&
        (body->kind == VO_REFLECT_REQUEST || body->kind == VO_REFLECT_LATER) && body->port == port)
        session = vo_session_of_token(responder, body->token);
    if (session)
        row = vo_session_find(session, protocol, port, 0);
    if (!row || row->row.state != VO_REFLECT_SERVED ||
        !vo_mac_holds(session->key, sizeof session->key, data, VO_REFLECT_BODY - VO_REFLECT_BODY_MAC,
                      data + VO_REFLECT_BODY - VO_REFLECT_BODY_MAC, VO_REFLECT_BODY_MAC)) {
        responder->counts.refused++;
        return NULL;
    }
    if (!same_address(&session->seen, peer)) {
        if (row->row.foreign++ == 0)
            memcpy(row->row.foreign_address, peer->address, sizeof peer->address);
        responder->counts.foreign++;
        return NULL;
    }
    session->used = vo_loop_now(responder->loop);
    if (!is_fresh(row, body->sequence)) {
        row->row.duplicates += body->kind == VO_REFLECT_REQUEST;
        responder->counts.duplicates++;
        return NULL;
    }
    bool counted = body->kind == VO_REFLECT_REQUEST;
    row->row.received += counted;
    if (!vo_session_affords(session, answer))
        return NULL;
    row->row.answered += counted;
    responder->counts.answered++;
    return row;
}

bool vo_session_seal(const struct vo_session *session, const struct vo_reflect_body *body, uint8_t *to)
{
    uint8_t mac[VO_MAC_SIZE];
    vo_reflect_body_write(body, to);
    if (!vo_mac(session->key, sizeof session->key, to, VO_REFLECT_BODY - VO_REFLECT_BODY_MAC, mac))
        return false;
    memcpy(to + VO_REFLECT_BODY - VO_REFLECT_BODY_MAC, mac, VO_REFLECT_BODY_MAC);
    return true;
}

void vo_session_accepted(struct vo_responder *responder, uint16_t port, const struct vo_endpoint *peer)
{
    for (uint32_t i = 0; i < responder->limits.sessions; i++) {
        struct vo_session *session = responder->sessions[i];
        struct vo_session_row *row = session && same_address(&session->seen, peer)
                                         ? vo_session_find(session, VO_REFLECT_TCP, port, 0)
                                         : NULL;
        if (row)
            row->row.accepted++;
    }
}
