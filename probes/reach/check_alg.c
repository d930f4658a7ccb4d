/*
 * SIP-ALG: what becomes of SIP on its way to port 5060 of the responder.
 *
 * An ALG in a NAT changes addresses in SIP and changes them back in what returns, so nothing that is echoed
 * shows it. The responder keeps what it received, and its control connection tells the bytes. OPTIONS,
 * REGISTER and INVITE with SDP go to 5060, which ALGs look at, and to 5070, which they do not. Whether the
 * port is open at all is told by what is no SIP: a request of ours over UDP, the connection itself over TCP.
 */
#include "probes/reach/responder_hub.h"

#include "probes/decode/packet.h"
#include "probes/decode/sip_write.h"
#include "probes/reach/sip_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTROL_PORT(port) ((uint16_t)((port) + 10)) /* 5070 for 5060 */
#define MEDIA_PORT         5008 /* of the offer over UDP; over TCP two more: ALGs drop what another call has */
#define METHODS            3
#define SIDES              2 /* 5060, and the control port */
#define ROUNDS             6
#define GAP_LEAST          (200 * VO_NS_PER_MS)

static const char *const methods[METHODS] = {"OPTIONS", "REGISTER", "INVITE"};

struct alg;
struct message {
    struct alg *alg;
    unsigned method, side;
    uint32_t sequence;
    struct vo_udp *udp;
    struct vo_conn *conn;
    bool opened;  /* TCP */
    bool settled; /* as it was sent, or told twice alike */
    size_t size;
    uint32_t got_size;
    char text[VO_REFLECT_TEXT];
    uint8_t got[VO_REFLECT_TEXT];
};

struct alg {
    struct vo_attempt *attempt;
    struct message messages[SIDES * METHODS];
    struct vo_udp *plain; /* what is no SIP, to 5060 */
    unsigned round;
};

static bool is_tcp(const struct vo_attempt *attempt)
{
    return strcmp(attempt->check->demand->transport, "tcp") == 0;
}

static enum vo_reflect_protocol protocol_of(const struct vo_attempt *attempt)
{
    return is_tcp(attempt) ? VO_REFLECT_TCP : VO_REFLECT_UDP;
}

static uint16_t port_of(const struct alg *alg, unsigned side)
{
    uint16_t port = alg->attempt->check->demand->port;
    return side ? CONTROL_PORT(port) : port;
}

static vo_time gap_of(const struct vo_attempt *attempt)
{
    vo_time part = attempt->hub->reach->timeout / 16;
    return part > GAP_LEAST ? part : GAP_LEAST;
}

static struct sockaddr_storage address_of(const struct alg *alg, unsigned side)
{
    struct sockaddr_storage to = alg->attempt->check->address;
    ((struct sockaddr_in *)(void *)&to)->sin_port =
        htons(port_of(alg, side)); /* the place of both families */
    return to;
}

/* Writes the message, from an address of ours. False: it cannot be told in SIP. */
static bool compose(struct message *message, const struct sockaddr_storage *local)
{
    const struct vo_attempt *attempt = message->alg->attempt;
    struct vo_endpoint own = vo_endpoint_of(local), peer = vo_endpoint_of(&attempt->check->address);
    char host[VO_ADDRESS_TEXT], to_host[VO_ADDRESS_TEXT], sent_by[VO_ENDPOINT_TEXT];
    char uri[VO_SIP_URI_MAX], from[VO_SIP_URI_MAX], to[VO_SIP_URI_MAX], contact[VO_SIP_URI_MAX];
    char mark[VO_REFLECT_MARK + 1], sdp[512] = "";
    const char *transport = is_tcp(attempt) ? "tcp" : "udp";
    bool invite = strcmp(methods[message->method], "INVITE") == 0;
    uint16_t port = port_of(message->alg, message->side);
    vo_address_format(own.address, host);
    vo_address_format(peer.address, to_host);
    struct vo_sip_request request = {.method = methods[message->method],
                                     .uri = uri,
                                     .transport = is_tcp(attempt) ? "TCP" : "UDP",
                                     .sent_by = vo_endpoint_format(own.address, own.port, sent_by),
                                     .branch = mark,
                                     .from = from,
                                     .from_tag = mark + VO_REFLECT_MARK / 2,
                                     .to = to,
                                     .call_id = mark,
                                     .cseq = 1,
                                     .contact = contact,
                                     .expires = message->method == 1 ? 60 : -1,
                                     .user_agent = "voready-reach",
                                     .sdp = invite ? sdp : NULL};
    if (!vo_responder_client_mark(attempt->peer->client, protocol_of(attempt), port, message->sequence,
                                  mark) ||
        !vo_sip_write_uri(NULL, to_host, port, transport, uri, sizeof uri) ||
        !vo_sip_write_uri("voready", host, own.port, NULL, from, sizeof from) ||
        !vo_sip_write_uri("voready", to_host, 0, NULL, to, sizeof to) ||
        !vo_sip_write_uri("voready", host, own.port, transport, contact, sizeof contact) ||
        (invite && !vo_sip_write_sdp(host, is_tcp(attempt) ? MEDIA_PORT + 2 : MEDIA_PORT, message->sequence,
                                     sdp, sizeof sdp)))
        return false;
    message->size = vo_sip_write_request(&request, message->text, sizeof message->text);
    return message->size > 0;
}

static void on_opened(void *context)
{
    struct message *message = context;
    message->opened = true;
    if (compose(message, &vo_conn_result(message->conn)->local))
        vo_conn_send(message->conn, message->text, message->size);
}

/* Nothing is to come back; whatever does is not ours. */
static void on_received(void *context, const uint8_t *data, size_t size)
{
    (void)context;
    (void)data;
    (void)size;
}

static void on_ended(void *context, enum vo_conn_end end)
{
    (void)context;
    (void)end;
}

static bool open_message(struct message *message, struct vo_error *error)
{
    const struct alg *alg = message->alg;
    struct vo_reach *reach = alg->attempt->hub->reach;
    struct sockaddr_storage to = address_of(alg, message->side);
    message->sequence = vo_responder_client_next(alg->attempt->peer->client);
    if (is_tcp(alg->attempt)) {
        struct vo_conn_config config = {.to = to,
                                        .timeout = reach->timeout,
                                        .limit = VO_REFLECT_TEXT,
                                        .context = message,
                                        .opened = on_opened,
                                        .received = on_received,
                                        .ended = on_ended};
        return vo_conn_open(reach->loop, &config, &message->conn, error) == VO_OK;
    }
    struct vo_udp_config config = {.to = to};
    if (vo_udp_open(reach->loop, &config, &message->udp, error) != VO_OK)
        return false;
    struct sockaddr_storage local = vo_udp_local(message->udp);
    return compose(message, &local) ||
           vo_error_set(error, VO_ERR_INPUT, "this host's address cannot stand in SIP") == VO_OK;
}

static bool open_all(struct alg *alg, struct vo_error *error)
{
    for (unsigned i = 0; i < SIDES * METHODS; i++) {
        struct message *message = &alg->messages[i];
        *message = (struct message){.alg = alg, .method = i % METHODS, .side = i / METHODS};
        if (!open_message(message, error))
            return false;
    }
    struct vo_udp_config config = {.to = address_of(alg, 0)};
    return is_tcp(alg->attempt) ||
           vo_udp_open(alg->attempt->hub->reach->loop, &config, &alg->plain, error) == VO_OK;
}

static void close_all(void *own)
{
    struct alg *alg = own;
    for (unsigned i = 0; i < SIDES * METHODS; i++) {
        vo_udp_close(alg->messages[i].udp);
        vo_conn_close(alg->messages[i].conn);
        alg->messages[i].udp = NULL;
        alg->messages[i].conn = NULL;
    }
    vo_udp_close(alg->plain);
    alg->plain = NULL;
}

static void send_plain(const struct alg *alg)
{
    struct vo_responder_client *client = alg->attempt->peer->client;
    uint8_t datagram[VO_REFLECT_DATAGRAM];
    uint32_t size;
    struct vo_reflect_body body = {.kind = VO_REFLECT_REQUEST,
                                   .seen_dscp = VO_REFLECT_DSCP_UNKNOWN,
                                   .sequence = vo_responder_client_next(client),
                                   .port = port_of(alg, 0),
                                   .t1 = vo_clock_now()};
    uint8_t *at =
        vo_reflect_wrap(vo_reflect_shape_of(body.port), body.sequence, body.sequence, datagram, &size);
    if (alg->plain && vo_responder_client_seal(client, &body, at))
        vo_udp_send(alg->plain, datagram, size);
}

/* Takes up what the responder told last. */
static void look(struct message *message)
{
    const struct alg *alg = message->alg;
    uint32_t size;
    const uint8_t *bytes = vo_responder_client_message(alg->attempt->peer->client, protocol_of(alg->attempt),
                                                       port_of(alg, message->side), message->sequence, &size);
    if (!bytes || message->settled)
        return;
    bool as_sent = size == message->size && memcmp(bytes, message->text, size) == 0;
    bool as_before = size == message->got_size && memcmp(bytes, message->got, size) == 0;
    message->settled = as_sent || as_before;
    message->got_size = size;
    memcpy(message->got, bytes, size);
}

/* Sends what has not come yet, and asks for it. False: there is nothing more to ask. */
static bool begin_round(struct alg *alg)
{
    struct vo_attempt *attempt = alg->attempt;
    bool all = true;
    if (alg->round++ == ROUNDS)
        return false;
    for (unsigned i = 0; i < SIDES * METHODS; i++) {
        struct message *message = &alg->messages[i];
        if (message->settled)
            continue;
        all = false;
        if (message->udp && message->got_size == 0)
            vo_udp_send(message->udp, message->text, message->size);
        attempt->report = vo_responder_client_fetch(attempt->peer->client, protocol_of(attempt),
                                                    port_of(alg, message->side), message->sequence);
    }
    if (!all)
        send_plain(alg);
    return !all;
}

/* ---- what it comes to ---- */

/* The names of the methods that came to a port, or did not. */
static unsigned list(const struct alg *alg, unsigned side, bool came, char *text, size_t room)
{
    unsigned count = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < METHODS; i++) {
        const struct message *message = &alg->messages[side * METHODS + i];
        size_t used = strlen(text);
        if ((message->got_size > 0) != came)
            continue;
        count++;
        snprintf(text + used, room - used, "%s%s", used ? ", " : "", methods[message->method]);
    }
    return count;
}

/* What was changed, over all messages; the methods in which it was. */
static bool compare(const struct alg *alg, struct vo_sip_difference *difference, char *changed, size_t room)
{
    changed[0] = '\0';
    for (unsigned i = 0; i < SIDES * METHODS; i++) {
        const struct message *message = &alg->messages[i];
        size_t used = strlen(changed);
        const char *name = methods[message->method];
        if (message->got_size > 0 &&
            vo_sip_compare(message->text, message->size, message->got, message->got_size, difference) &&
            !strstr(changed, name))
            snprintf(changed + used, room - used, "%s%s", used ? ", " : "", name);
    }
    return changed[0] != '\0';
}

static bool finish(struct alg *alg, const char *state, const char *lost)
{
    struct vo_attempt *attempt = alg->attempt;
    struct vo_record_writer *writer = attempt->hub->reach->writer;
    struct vo_sip_difference difference = {"", "", ""};
    char changed[64], names[64];
    bool differs = compare(alg, &difference, changed, sizeof changed);
    vo_check_observe(attempt->check);
    vo_observe_state(writer, VO_METRIC_SIP_ALG_STATE, state);
    vo_observe_label_number(writer, "arrived", list(alg, 0, true, names, sizeof names));
    vo_observe_label_number(writer, "control_port", port_of(alg, 1));
    vo_observe_label_number(writer, "control_arrived", list(alg, 1, true, names, sizeof names));
    vo_observe_label(writer, "lost", lost[0] ? lost : NULL);
    if (differs) {
        vo_observe_label(writer, "changed", difference.what);
        vo_observe_label(writer, "changed_in", changed);
        vo_observe_label(writer, "changed_from", difference.from[0] ? difference.from : NULL);
        vo_observe_label(writer, "changed_to", difference.to[0] ? difference.to : NULL);
    }
    vo_observe_end(writer);
    vo_hub_done(attempt);
    return true;
}

static bool miss(struct alg *alg, const char *format, const char *detail)
{
    char why[VO_ERROR_SIZE];
    snprintf(why, sizeof why, "%s %u: ", is_tcp(alg->attempt) ? "TCP" : "UDP", port_of(alg, 0));
    size_t used = strlen(why);
    snprintf(why + used, sizeof why - used, format, detail);
    return vo_hub_missing(alg->attempt, "%s", why);
}

/* Whether something that is no SIP came to the port; else why there is nothing to say. */
static bool is_open(const struct alg *alg, const struct vo_reflect_row *row, const char **why)
{
    *why = "nothing arrives, not even what is no SIP";
    if (!is_tcp(alg->attempt))
        return row->received > 0;
    bool opened = false;
    for (unsigned i = 0; i < METHODS; i++) {
        const char *state = vo_conn_result(alg->messages[i].conn)->state;
        *why = state && strcmp(state, "open") != 0 ? state : *why;
        opened = opened || alg->messages[i].opened;
    }
    return opened; /* also if another one took the connection in the responder's place */
}

static bool judge(struct alg *alg)
{
    const struct vo_attempt *attempt = alg->attempt;
    const struct vo_reflect_row *row =
        vo_responder_client_row(attempt->peer->client, protocol_of(attempt), attempt->check->demand->port, 0);
    struct vo_sip_difference difference = {"", "", ""};
    char changed[64], lost[64];
    const char *why = "the responder tells nothing of it";
    unsigned count = list(alg, 0, false, lost, sizeof lost);
    if (compare(alg, &difference, changed, sizeof changed))
        return finish(alg, "rewritten", lost);
    if (count == 0)
        return finish(alg, "none", lost);
    if (row && is_open(alg, row, &why))
        return finish(alg, "dropped", lost);
    return miss(alg, "%s: a port that is blocked tells nothing of an ALG", why);
}

/* ---- its course ---- */

static bool advance_control(struct alg *alg)
{
    struct vo_attempt *attempt = alg->attempt;
    struct vo_responder_client *client = attempt->peer->client;
    if (!vo_responder_client_ready(client))
        return false;
    for (unsigned side = 0; side < SIDES; side++)
        attempt->report = vo_responder_client_port(client, protocol_of(attempt), port_of(alg, side));
    attempt->stage = VO_ATTEMPT_PORT;
    return true;
}

static bool advance_port(struct alg *alg, vo_time now)
{
    struct vo_attempt *attempt = alg->attempt;
    struct vo_error error = {VO_OK, ""};
    for (unsigned side = 0; side < SIDES; side++) {
        const struct vo_reflect_row *row =
            vo_responder_client_row(attempt->peer->client, protocol_of(attempt), port_of(alg, side), 0);
        if (!row || row->state != VO_REFLECT_SERVED)
            return vo_hub_missing(attempt, "the responder does not listen on %s %u: add it to its --ports",
                                  is_tcp(attempt) ? "TCP" : "UDP", port_of(alg, side));
    }
    if (!open_all(alg, &error))
        return miss(alg, "%s", error.message);
    attempt->stage = VO_ATTEMPT_TRY;
    attempt->next_at = attempt->end = now;
    return true;
}

static bool advance_try(struct alg *alg, vo_time now, bool reported)
{
    struct vo_attempt *attempt = alg->attempt;
    if (now < attempt->end)
        return false;
    attempt->next_at = attempt->end = now + gap_of(attempt);
    if (!reported)
        return false;
    for (unsigned i = 0; alg->round > 0 && i < SIDES * METHODS; i++)
        look(&alg->messages[i]);
    if (begin_round(alg))
        return true;
    attempt->report = vo_responder_client_count(attempt->peer->client);
    attempt->stage = VO_ATTEMPT_COUNT;
    return true;
}

static bool advance(void *own, vo_time now, bool reported)
{
    struct alg *alg = own;
    switch (alg->attempt->stage) {
    case VO_ATTEMPT_CONTROL:
        return advance_control(alg);
    case VO_ATTEMPT_PORT:
        return reported ? advance_port(alg, now) : false;
    case VO_ATTEMPT_TRY:
        return advance_try(alg, now, reported);
    case VO_ATTEMPT_COUNT:
        return reported ? judge(alg) : false;
    default:
        return false;
    }
}

static void start(struct vo_check *check)
{
    struct vo_attempt *attempt = vo_hub_join(check, VO_ATTEMPT_OWN, sizeof(struct alg));
    if (!attempt)
        return;
    struct alg *alg = attempt->own;
    alg->attempt = attempt;
    attempt->advance = advance;
    attempt->close = close_all;
}

const struct vo_check_kind vo_check_alg = {
    .name = "alg", .start = start, .stop = vo_hub_stop, .free = vo_hub_leave};
