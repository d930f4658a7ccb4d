/* Messages with a mark of a session, kept as they came for its client to compare with what it sent. */
#include "probes/voice/responder_private.h"

#include <stdlib.h>

#define MARKS 4 /* of one message that are looked at: strangers make no work */

static bool same_key(const struct vo_reflect_message *one, const struct vo_reflect_message *other)
{
    return one->protocol == other->protocol && one->port == other->port && one->sequence == other->sequence;
}

/* The session whose mark stands in the text, and the mark's sequence. */
static struct vo_session *find_marked(const struct vo_responder *responder,
                                      struct vo_reflect_message *message, const uint8_t *data)
{
    struct vo_reflect_mark mark;
    uint8_t text[VO_REFLECT_MARKED];
    uint32_t at = 0;
    for (int i = 0; i < MARKS && vo_reflect_mark_find(data, message->size, &at, &mark); i++) {
        struct vo_session *session = vo_session_of_token(responder, mark.token);
        vo_reflect_mark_text(&mark, message->protocol, message->port, text);
        if (!session ||
            !vo_mac_holds(session->key, sizeof session->key, text, sizeof text, mark.mac, sizeof mark.mac))
            continue;
        message->sequence = mark.sequence;
        return session;
    }
    return NULL;
}

/* The place of a message: its own if it is kept already, else that of the oldest. */
static struct vo_kept_message *place_of(struct vo_session *session, const struct vo_reflect_message *message)
{
    for (uint32_t i = 0; i < VO_SESSION_MESSAGES; i++)
        if (session->messages[i].bytes && same_key(&session->messages[i].message, message))
            return &session->messages[i];
    return &session->messages[session->message_count++ % VO_SESSION_MESSAGES];
}

bool vo_message_keep(struct vo_responder *responder, enum vo_reflect_protocol protocol, uint16_t port,
                     const uint8_t *data, uint32_t size)
{
    struct vo_reflect_message message = {.protocol = protocol, .port = port, .size = size};
    struct vo_session *session = find_marked(responder, &message, data);
    if (!session)
        return false;
    session->used = vo_loop_now(responder->loop);
    struct vo_kept_message *place = place_of(session, &message);
    if (place->bytes && same_key(&place->message, &message) && place->message.size >= size)
        return true;
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return true;
    memcpy(bytes, data, size);
    free(place->bytes);
    place->message = message;
    place->bytes = bytes;
    return true;
}

const uint8_t *vo_message_find(const struct vo_session *session, struct vo_reflect_message *message)
{
    message->size = 0;
    for (uint32_t i = 0; i < VO_SESSION_MESSAGES; i++) {
        const struct vo_kept_message *kept = &session->messages[i];
        if (kept->bytes && same_key(&kept->message, message)) {
            message->size = kept->message.size;
            return kept->bytes;
        }
    }
    return NULL;
}
