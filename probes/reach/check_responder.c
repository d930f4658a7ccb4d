/*
 * UDP and TCP ports through the responder (probes/decode/reflect.h).
 *
 * Nothing that is silent is called filtered unless the responder is alive: its control connection says
 * afterwards whether the requests came (then the replies were lost) or not. Without it, silence proves
 * nothing and is not measured.
 */
#include "probes/reach/responder_hub.h"

#include "probes/decode/packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SPACING_LEAST (300 * VO_NS_PER_MS)  /* faster, and a router's limit of ICMP errors would hide them */
#define SPACING_SLOW  (1100 * VO_NS_PER_MS) /* routers, Linux among them, send one a second */

static const char *const lost_names[] = {[0] = "out", [1] = "back"};

static vo_time spacing(const struct vo_attempt *attempt)
{
    vo_time part = attempt->hub->reach->timeout / 16;
    return part > SPACING_LEAST ? part : SPACING_LEAST;
}

/* How long a reply may take. Both directions of a local port take their turns within the time-out. */
static vo_time patience(const struct vo_attempt *attempt)
{
    return attempt->hub->reach->timeout / 6;
}

static void put_icmp(const struct vo_attempt *attempt)
{
    struct vo_record_writer *writer = attempt->hub->reach->writer;
    char text[VO_ICMP_TEXT], offender[VO_SOCKADDR_TEXT];
    if (!attempt->icmp.known)
        return;
    vo_observe_label(writer, "icmp", vo_icmp_format(&attempt->icmp, text));
    if (attempt->icmp.has_offender)
        vo_observe_label(writer, "offender", vo_sockaddr_format(&attempt->icmp.offender, offender));
}

/* `lost_on` NULL: nothing was lost. `arrived`: how many packets reached the other side; negative: not known.
 */
static bool finish(struct vo_attempt *attempt, const char *state, const char *lost_on, int64_t arrived,
                   const char *basis)
{
    struct vo_record_writer *writer = attempt->hub->reach->writer;
    char seen[VO_ENDPOINT_TEXT];
    vo_check_observe(attempt->check);
    vo_observe_state(writer, VO_METRIC_REACH_STATE, state);
    if (basis)
        vo_observe_basis(writer, VO_METRIC_REACH_STATE, basis);
    if (attempt->echoed && attempt->kind != VO_ATTEMPT_IN)
        vo_observe_metric(writer, VO_METRIC_REACH_CONNECT_MS, (double)attempt->took / (double)VO_NS_PER_MS);
    else if (attempt->kind == VO_ATTEMPT_IN)
        vo_observe_missing(writer, VO_METRIC_REACH_CONNECT_MS,
                           "the responder sent by itself: nothing was asked");
    else
        vo_observe_missing(writer, VO_METRIC_REACH_CONNECT_MS, "no answer: %s", state);
    vo_observe_label(writer, "lost_on", lost_on);
    if (attempt->kind != VO_ATTEMPT_IN)
        vo_observe_label_number(writer, "requests", attempt->sent);
    if (arrived >= 0)
        vo_observe_label_number(writer, "arrived", (double)arrived);
    if (attempt->echoed && attempt->kind != VO_ATTEMPT_IN)
        vo_observe_label(writer, "seen_as",
                         vo_endpoint_format(attempt->seen.address, attempt->seen.port, seen));
    put_icmp(attempt);
    vo_observe_end(writer);
    vo_hub_done(attempt);
    return true;
}

/* A body came from the network. True: it is the answer to one of ours. */
static bool take_reply(struct vo_attempt *attempt, const uint8_t *data, vo_time now)
{
    struct vo_reflect_body body;
    if (!vo_responder_client_open(attempt->peer->client, data, &body) || body.kind != VO_REFLECT_REPLY ||
        body.port != attempt->check->demand->port)
        return false;
    for (unsigned i = 0; i < attempt->sent && !attempt->echoed; i++) {
        if (attempt->sequences[i] != body.sequence)
            continue;
        attempt->echoed = true;
        attempt->took = now - attempt->sent_at[i];
        attempt->arrived = body.received;
        attempt->seen.port = body.seen_port;
        memcpy(attempt->seen.address, body.seen_address, sizeof body.seen_address);
    }
    return attempt->echoed;
}

static void on_datagram(void *context, const struct vo_udp_packet *packet,
                        const struct sockaddr_storage *from)
{
    struct vo_attempt *attempt = context;
    enum vo_reflect_shape shape;
    struct vo_reflect_body body;
    uint32_t ssrc;
    (void)from;
    const uint8_t *data = packet->size <= VO_REFLECT_DATAGRAM
                              ? vo_reflect_unwrap(packet->data, (uint32_t)packet->size, &shape, &ssrc)
                              : NULL;
    if (!data || attempt->echoed)
        return;
    if (attempt->kind == VO_ATTEMPT_IN)
        attempt->echoed = vo_responder_client_open(attempt->peer->client, data, &body) &&
                          body.kind == VO_REFLECT_UNSOLICITED && body.port == attempt->check->demand->port;
    else if (take_reply(attempt, data, vo_clock_monotonic())) {
        struct sockaddr_storage local = vo_udp_local(attempt->udp);
        attempt->local = vo_endpoint_of(&local);
        vo_hub_note_nat(attempt->peer, "udp", &attempt->local, &attempt->seen);
    }
    if (attempt->echoed)
        vo_hub_wake(attempt->hub);
}

/* An error may be older than the reply that overtakes it: it is believed after one more spacing. */
static void on_icmp(void *context, const struct vo_icmp_error *icmp)
{
    struct vo_attempt *attempt = context;
    if (attempt->icmp.known || !vo_icmp_state(icmp, &attempt->peer->address))
        return;
    attempt->icmp = *icmp;
    attempt->peer->heard_icmp = true;
    vo_time soon = vo_loop_now(attempt->hub->reach->loop) + spacing(attempt);
    if (!attempt->slow) /* its end is the beginning of the next slow one */
        attempt->end = soon < attempt->end ? soon : attempt->end;
    vo_hub_wake(attempt->hub);
}

static bool make_request(struct vo_attempt *attempt, uint8_t *to)
{
    struct vo_reflect_body body = {.kind = VO_REFLECT_REQUEST,
                                   .seen_dscp = VO_REFLECT_DSCP_UNKNOWN,
                                   .sequence = vo_responder_client_next(attempt->peer->client),
                                   .port = attempt->check->demand->port,
                                   .t1 = vo_clock_now()};
    attempt->sequences[attempt->sent] = body.sequence;
    attempt->sent_at[attempt->sent] = vo_clock_monotonic();
    return vo_responder_client_seal(attempt->peer->client, &body, to);
}

static void send_request(struct vo_attempt *attempt, vo_time now)
{
    uint8_t datagram[VO_REFLECT_DATAGRAM], body[VO_REFLECT_BODY];
    uint32_t size;
    if (!make_request(attempt, body))
        return;
    uint8_t *at = vo_reflect_wrap(vo_reflect_shape_of(attempt->check->demand->port),
                                  attempt->sequences[0] ^ (uint32_t)attempt->check->demand->port << 16,
                                  attempt->sequences[attempt->sent], datagram, &size);
    memcpy(at, body, sizeof body);
    /* an ICMP error about the last request may refuse this one; the second call sends it */
    if (!vo_udp_send(attempt->udp, datagram, size))
        vo_udp_send(attempt->udp, datagram, size);
    attempt->sent++;
    attempt->next_at = attempt->sent < VO_ATTEMPT_TRIES ? now + spacing(attempt) : 0;
}

static bool open_udp(struct vo_attempt *attempt, bool unconnected, struct vo_error *error)
{
    const struct vo_check *check = attempt->check;
    struct vo_endpoint to = vo_endpoint_of(&check->address);
    struct vo_udp_config config = {.to = check->address,
                                   .local_port = check->demand->local_port,
                                   .unconnected = unconnected,
                                   .context = attempt,
                                   .received = on_datagram,
                                   .icmp = on_icmp};
    if (to.port != check->demand->port) /* the address keeps its interface, if it has one */
        ((struct sockaddr_in *)(void *)&config.to)->sin_port = htons(check->demand->port);
    return vo_udp_open(attempt->hub->reach->loop, &config, &attempt->udp, error) == VO_OK;
}

static bool start_out(struct vo_attempt *attempt, vo_time now)
{
    struct vo_error error;
    if (attempt->slow) {
        attempt->end = now + SPACING_SLOW;
        send_request(attempt, now);
        return true;
    }
    if (!open_udp(attempt, false, &error))
        return vo_hub_missing(attempt, "%s", error.message);
    attempt->before = vo_hub_counted(attempt);
    attempt->end = now + (VO_ATTEMPT_TRIES - 1) * spacing(attempt) + patience(attempt);
    send_request(attempt, now);
    return true;
}

static bool start_in(struct vo_attempt *attempt, vo_time now)
{
    const struct vo_demand *demand = attempt->check->demand;
    struct vo_error error;
    struct vo_reflect_send send = {
        .from = demand->port,
        .to = demand->local_port,
        .interval_ms =
            (uint16_t)(spacing(attempt) / VO_NS_PER_MS > 5000 ? 5000 : spacing(attempt) / VO_NS_PER_MS),
        .count = VO_ATTEMPT_TRIES};
    if (demand->local_port == 0)
        return vo_hub_missing(attempt, "no local port is named on which to wait");
    if (!open_udp(attempt, true, &error))
        return vo_hub_missing(attempt, "%s", error.message);
    attempt->report = vo_responder_client_send(attempt->peer->client, &send);
    attempt->end = now + (VO_ATTEMPT_TRIES - 1) * spacing(attempt) + patience(attempt);
    return true;
}

static void on_opened(void *context)
{
    struct vo_attempt *attempt = context;
    uint8_t body[VO_REFLECT_BODY];
    if (make_request(attempt, body))
        vo_conn_send(attempt->conn, body, sizeof body);
    attempt->sent++;
    attempt->opened = true;
    attempt->end = vo_loop_now(attempt->hub->reach->loop) + 2 * patience(attempt);
    vo_hub_wake(attempt->hub);
}

static void on_received(void *context, const uint8_t *data, size_t size)
{
    struct vo_attempt *attempt = context;
    size_t room = sizeof attempt->in - attempt->in_size, part = size < room ? size : room;
    memcpy(attempt->in + attempt->in_size, data, part);
    attempt->in_size += (uint32_t)part;
    if (attempt->in_size == sizeof attempt->in && take_reply(attempt, attempt->in, vo_clock_monotonic()))
        vo_hub_wake(attempt->hub);
}

static void on_ended(void *context, enum vo_conn_end end)
{
    struct vo_attempt *attempt = context;
    (void)end;
    attempt->ended = true;
    vo_hub_wake(attempt->hub);
}

static bool start_tcp(struct vo_attempt *attempt, vo_time now)
{
    struct vo_tls_config tls;
    struct vo_error error;
    struct vo_conn_config config = vo_check_conn_config(attempt->check, &tls);
    ((struct sockaddr_in *)(void *)&config.to)->sin_port = htons(attempt->check->demand->port);
    config.tls = NULL;
    config.limit = VO_REFLECT_BODY;
    config.context = attempt;
    config.opened = on_opened;
    config.received = on_received;
    config.ended = on_ended;
    attempt->end = now + 2 * attempt->hub->reach->timeout; /* the connection has a time-out of its own */
    if (vo_conn_open(attempt->hub->reach->loop, &config, &attempt->conn, &error) != VO_OK)
        return vo_hub_missing(attempt, "%s", error.message);
    return true;
}

/* Nothing came in time: did anything come there? */
static bool ask_counters(struct vo_attempt *attempt)
{
    attempt->report = vo_responder_client_count(attempt->peer->client);
    attempt->stage = VO_ATTEMPT_COUNT;
    return true;
}

static bool try_tcp(struct vo_attempt *attempt, vo_time now)
{
    const struct vo_conn_result *result = vo_conn_result(attempt->conn);
    if (attempt->echoed) {
        attempt->took = result->connected - result->began;
        return finish(attempt, "open", NULL, 1, NULL);
    }
    if (attempt->ended && result->end == VO_CONN_UNREACHABLE && result->state) {
        attempt->icmp = result->icmp;
        return finish(attempt, result->state, NULL, -1, NULL);
    }
    if (attempt->ended && result->end == VO_CONN_LOCAL)
        return vo_hub_missing(attempt, "%s", result->text);
    return attempt->ended || now >= attempt->end ? ask_counters(attempt) : false;
}

static bool try_udp(struct vo_attempt *attempt, vo_time now)
{
    if (attempt->echoed)
        return finish(attempt, "open", NULL, attempt->kind == VO_ATTEMPT_IN ? 1 : -1, NULL);
    if (attempt->kind == VO_ATTEMPT_OUT && attempt->next_at && now >= attempt->next_at &&
        now < attempt->end) {
        send_request(attempt, now);
        return true;
    }
    if (now < attempt->end)
        return false;
    const char *state = attempt->icmp.known ? vo_icmp_state(&attempt->icmp, &attempt->peer->address) : NULL;
    return state ? finish(attempt, state, NULL, -1, NULL) : ask_counters(attempt);
}

/* Other ports were refused by ICMP errors, of which a router sends only so many: this one gets one more
 * request, when all is quiet. Not for ever: true while there is time. */
static bool try_slowly(struct vo_attempt *attempt)
{
    struct vo_hub_peer *peer = attempt->peer;
    vo_time now = vo_loop_now(attempt->hub->reach->loop);
    if (attempt->slow || !peer->heard_icmp)
        return false;
    if (!peer->slow_until)
        peer->slow_until = now + 2 * attempt->hub->reach->timeout;
    if (now >= peer->slow_until)
        return false;
    attempt->slow = true;
    attempt->stage = VO_ATTEMPT_TURN;
    return true;
}

static bool judge_out(struct vo_attempt *attempt, const struct vo_reflect_row *row)
{
    char address[VO_ADDRESS_TEXT];
    uint32_t arrived = row->received - attempt->before;
    if (arrived == 0 && row->foreign > 0)
        return vo_hub_missing(
            attempt,
            "the requests reached the responder from %s, not from the address of its control "
            "connection: NAT uses several addresses",
            vo_address_format(row->foreign_address, address));
    if (arrived > 0 && row->answered == 0)
        return vo_hub_missing(attempt, "the responder had sent all that it may: it did not answer");
    if (arrived == 0 && try_slowly(attempt))
        return true;
    return finish(attempt, "filtered", lost_names[arrived > 0], arrived, "responder_counters");
}

/* An ICMP error comes from a firewall or from NAT, also if it is this host's: somebody listens on that port
 * here. */
static bool judge_in(struct vo_attempt *attempt, const struct vo_reflect_row *row)
{
    static const struct sockaddr_storage nobody;
    if (row->state == VO_REFLECT_NOT_SERVED)
        return vo_hub_missing(attempt, "the responder does not listen on UDP %u: add it to its --ports",
                              row->port);
    if (row->state == VO_REFLECT_REFUSED || row->sent == 0)
        return vo_hub_missing(attempt, "the responder could not send from UDP %u", row->port);
    attempt->icmp = (struct vo_icmp_error){.known = row->icmp_family != 0,
                                           .family = row->icmp_family == 4 ? AF_INET : AF_INET6,
                                           .type = row->icmp_type,
                                           .code = row->icmp_code,
                                           .offender = vo_endpoint_sockaddr(row->icmp_offender, 0)};
    attempt->icmp.has_offender = attempt->icmp.known && memcmp(row->icmp_offender, (uint8_t[16]){0}, 16) != 0;
    const char *state = attempt->icmp.known ? vo_icmp_state(&attempt->icmp, &nobody) : NULL;
    return finish(attempt, state ? state : "filtered", state ? NULL : lost_names[1], 0, "responder_counters");
}

/* The connection opened here, but nobody connected there: something between answers in its place. */
static bool judge_tcp(struct vo_attempt *attempt, const struct vo_reflect_row *row)
{
    uint32_t arrived = row->received - attempt->before;
    if (attempt->opened && row->accepted == 0)
        return finish(attempt, "intercepted", lost_names[0], 0, "responder_counters");
    bool came = attempt->opened ? arrived > 0 : row->accepted > 0;
    return finish(attempt, "filtered", lost_names[came], arrived, "responder_counters");
}

static const struct {
    enum vo_reflect_protocol protocol;
    bool (*start)(struct vo_attempt *attempt, vo_time now);
    bool (*try)(struct vo_attempt *attempt, vo_time now);
    bool (*judge)(struct vo_attempt *attempt, const struct vo_reflect_row *row);
} kinds[] = {
    [VO_ATTEMPT_OUT] = {VO_REFLECT_UDP, start_out, try_udp, judge_out},
    [VO_ATTEMPT_IN] = {VO_REFLECT_INBOUND, start_in, try_udp, judge_in},
    [VO_ATTEMPT_TCP] = {VO_REFLECT_TCP, start_tcp, try_tcp, judge_tcp},
};

static const struct vo_reflect_row *row_of(const struct vo_attempt *attempt)
{
    const struct vo_demand *demand = attempt->check->demand;
    return vo_responder_client_row(attempt->peer->client, kinds[attempt->kind].protocol, demand->port,
                                   attempt->kind == VO_ATTEMPT_IN ? demand->local_port : 0);
}

static bool advance_control(struct vo_attempt *attempt)
{
    struct vo_responder_client *client = attempt->peer->client;
    if (!vo_responder_client_ready(client))
        return false;
    attempt->stage = VO_ATTEMPT_TURN;
    if (attempt->kind != VO_ATTEMPT_IN) {
        attempt->report =
            vo_responder_client_port(client, kinds[attempt->kind].protocol, attempt->check->demand->port);
        attempt->stage = VO_ATTEMPT_PORT;
    }
    return true;
}

static bool advance_port(struct vo_attempt *attempt)
{
    const struct vo_reflect_row *row = row_of(attempt);
    bool is_tcp = attempt->kind == VO_ATTEMPT_TCP;
    if (row && row->state != VO_REFLECT_SERVED)
        return vo_hub_missing(attempt, "the responder does not listen on %s %u: add it to its --ports",
                              is_tcp ? "TCP" : "UDP", row->port);
    if (!row)
        return vo_hub_missing(attempt, "the responder serves no more than %d ports a run", VO_REFLECT_ROWS);
    attempt->stage = VO_ATTEMPT_TURN;
    return true;
}

static bool advance_count(struct vo_attempt *attempt)
{
    const struct vo_reflect_row *row = row_of(attempt);
    if (attempt->echoed) /* it came late, but it came */
        return attempt->kind == VO_ATTEMPT_TCP ? try_tcp(attempt, 0) : try_udp(attempt, 0);
    return row ? kinds[attempt->kind].judge(attempt, row)
               : vo_hub_missing(attempt, "the responder serves no more than %d ports a run", VO_REFLECT_ROWS);
}

bool vo_attempt_advance(struct vo_attempt *attempt, vo_time now, bool reported)
{
    switch (attempt->stage) {
    case VO_ATTEMPT_CONTROL:
        return advance_control(attempt);
    case VO_ATTEMPT_PORT:
        return reported ? advance_port(attempt) : false;
    case VO_ATTEMPT_TURN:
        if (!vo_hub_turn(attempt))
            return false;
        if (attempt->slow && now >= attempt->peer->slow_until)
            return finish(attempt, "filtered", lost_names[0], 0, "responder_counters");
        attempt->stage = VO_ATTEMPT_TRY;
        return kinds[attempt->kind].start(attempt, now);
    case VO_ATTEMPT_TRY:
        return kinds[attempt->kind].try(attempt, now);
    case VO_ATTEMPT_COUNT:
        return reported ? advance_count(attempt) : false;
    default:
        return false;
    }
}

static enum vo_attempt_kind kind_of(const struct vo_demand *demand)
{
    if (demand->transport && strcmp(demand->transport, "udp") != 0)
        return VO_ATTEMPT_TCP;
    return demand->direction && strcmp(demand->direction, "in") == 0 ? VO_ATTEMPT_IN : VO_ATTEMPT_OUT;
}

static void start(struct vo_check *check)
{
    vo_hub_join(check, kind_of(check->demand), 0);
}

const struct vo_check_kind vo_check_responder = {
    .name = "responder", .start = start, .stop = vo_hub_stop, .free = vo_hub_leave};
