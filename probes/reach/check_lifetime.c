/*
 * How long NAT and firewalls remember an idle flow (RFC 4787 4.3, RFC 5382 5): the longest time after which a
 * packet from outside still comes back in.
 *
 * Each trial has a socket of its own, and asks the responder for one reply after a time; the responder keeps
 * the time, so nothing from here renews the flow. All trials run at once. Traffic is told apart, since
 * firewalls do: one packet out and nothing else (one_shot), packets both ways for some seconds before
 * (stream), a TCP connection on which the server speaks first (idle: what the client sent first would open a
 * flow anew). Over UDP each length is tried twice, since one reply may be lost by chance. A trial whose
 * request did not reach the responder, by its own word, tells nothing.
 */
#include "probes/reach/responder_hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIALS   32
#define UDP_MOST 300 /* s: longer ones are tried of TCP only */
#define SCALED   60  /* s: if the longest is shorter, it is tried in eighths */
#define TRIES    3
#define RETRY    VO_NS_PER_S
#define WARM     4 /* packets of a stream, and how far apart: Linux takes it for one after 2 s */
#define WARM_GAP (800 * VO_NS_PER_MS)
#define POLL_MIN VO_NS_PER_S
#define POLL_MAX (15 * VO_NS_PER_S) /* also keeps the control connection and the session alive */

enum outcome { RUNNING, ALIVE, DEAD, VOID };

struct life;
struct trial {
    struct life *life;
    vo_time length; /* 0: whether anything comes back at all */
    enum outcome outcome;
    struct vo_udp *udp;
    struct vo_conn *conn;
    uint32_t sequence; /* of what is answered after its time */
    unsigned warm;     /* packets left */
    unsigned tries;
    bool opened, ended;
    vo_time next_at, due;
    uint8_t in[VO_REFLECT_BODY]; /* TCP */
    uint32_t in_size;
};

struct life {
    struct vo_attempt *attempt;
    struct trial trials[TRIALS];
    unsigned count;
    vo_time poll_at, poll_every;
};

static bool is_tcp(const struct life *life)
{
    return strcmp(life->attempt->check->demand->transport, "tcp") == 0;
}

static enum vo_reflect_protocol protocol_of(const struct life *life)
{
    return is_tcp(life) ? VO_REFLECT_TCP : VO_REFLECT_UDP;
}

/* How long after its time a reply may still come. */
static vo_time patience(const struct life *life)
{
    vo_time part = life->attempt->hub->reach->timeout / 3;
    return part > VO_NS_PER_S ? part : VO_NS_PER_S;
}

static void close_trial(struct trial *trial)
{
    vo_udp_close(trial->udp);
    vo_conn_close(trial->conn);
    trial->udp = NULL;
    trial->conn = NULL;
}

static void close_all(void *own)
{
    struct life *life = own;
    for (unsigned i = 0; i < life->count; i++)
        close_trial(&life->trials[i]);
}

static void end_trial(struct trial *trial, enum outcome outcome)
{
    trial->outcome = outcome;
    close_trial(trial);
}

static void add_trial(struct life *life, vo_time length)
{
    bool stream = strcmp(life->attempt->check->demand->traffic, "stream") == 0;
    for (int i = 0; i < (is_tcp(life) || length == 0 ? 1 : 2) && life->count < TRIALS; i++)
        life->trials[life->count++] =
            (struct trial){.life = life, .length = length, .warm = stream && length > 0 ? WARM : 0};
}

/* Lengths up to the longest that is asked for. */
static void plan(struct life *life)
{
    static const int seconds[] = {15, 30, 45, 60, 65, 90, 120, 180, 300, 600, 900, 1200, 1800};
    vo_time most = is_tcp(life) ? VO_REFLECT_DELAY_MS * VO_NS_PER_MS : UDP_MOST * VO_NS_PER_S;
    vo_time longest = life->attempt->hub->reach->nat_lifetime;
    longest = longest < most ? longest : most;
    add_trial(life, 0);
    for (int i = 1; longest < SCALED * VO_NS_PER_S && i < 8; i++)
        add_trial(life, longest * i / 8);
    for (unsigned i = 0; longest >= SCALED * VO_NS_PER_S && i < sizeof seconds / sizeof *seconds; i++)
        if (seconds[i] * VO_NS_PER_S < longest)
            add_trial(life, seconds[i] * VO_NS_PER_S);
    add_trial(life, longest);
    life->poll_every = longest / 12 < POLL_MIN ? POLL_MIN : longest / 12 > POLL_MAX ? POLL_MAX : longest / 12;
}

/* ---- what comes ---- */

static void take_reply(struct trial *trial, const uint8_t *data)
{
    const struct vo_attempt *attempt = trial->life->attempt;
    struct vo_reflect_body body;
    if (vo_responder_client_open(attempt->peer->client, data, &body) && body.kind == VO_REFLECT_REPLY &&
        body.port == attempt->check->demand->port && body.sequence == trial->sequence && trial->tries > 0) {
        trial->outcome = ALIVE; /* its socket is closed in the next round: this is called from it */
        vo_hub_wake(attempt->hub);
    }
}

static void on_datagram(void *context, const struct vo_udp_packet *packet,
                        const struct sockaddr_storage *from)
{
    enum vo_reflect_shape shape;
    uint32_t ssrc;
    (void)from;
    const uint8_t *data = packet->size <= VO_REFLECT_DATAGRAM
                              ? vo_reflect_unwrap(packet->data, (uint32_t)packet->size, &shape, &ssrc)
                              : NULL;
    if (data)
        take_reply(context, data);
}

static void on_received(void *context, const uint8_t *data, size_t size)
{
    struct trial *trial = context;
    size_t room = sizeof trial->in - trial->in_size, part = size < room ? size : room;
    memcpy(trial->in + trial->in_size, data, part);
    trial->in_size += (uint32_t)part;
    if (trial->in_size == sizeof trial->in)
        take_reply(trial, trial->in);
}

static void on_opened(void *context)
{
    struct trial *trial = context;
    trial->opened = true;
    trial->next_at = 0;
    vo_hub_wake(trial->life->attempt->hub);
}

static void on_ended(void *context, enum vo_conn_end end)
{
    struct trial *trial = context;
    (void)end;
    trial->ended = true;
    vo_hub_wake(trial->life->attempt->hub);
}

/* ---- a trial's course ---- */

static bool open_trial(struct trial *trial, struct vo_error *error)
{
    const struct vo_attempt *attempt = trial->life->attempt;
    struct vo_reach *reach = attempt->hub->reach;
    struct sockaddr_storage to = attempt->check->address;
    ((struct sockaddr_in *)(void *)&to)->sin_port =
        htons(attempt->check->demand->port); /* the place of both families */
    if (is_tcp(trial->life)) {
        struct vo_conn_config config = {.to = to,
                                        .timeout = reach->timeout,
                                        .limit = VO_REFLECT_BODY,
                                        .context = trial,
                                        .opened = on_opened,
                                        .received = on_received,
                                        .ended = on_ended};
        return vo_conn_open(reach->loop, &config, &trial->conn, error) == VO_OK;
    }
    struct vo_udp_config config = {.to = to, .context = trial, .received = on_datagram};
    return vo_udp_open(reach->loop, &config, &trial->udp, error) == VO_OK;
}

static void ask(struct trial *trial, uint32_t sequence, vo_time length)
{
    const struct vo_attempt *attempt = trial->life->attempt;
    uint8_t datagram[VO_REFLECT_DATAGRAM], body_bytes[VO_REFLECT_BODY];
    uint32_t size;
    struct vo_reflect_body body = {.kind = VO_REFLECT_LATER,
                                   .seen_dscp = VO_REFLECT_DSCP_UNKNOWN,
                                   .sequence = sequence,
                                   .port = attempt->check->demand->port,
                                   .t1 = vo_clock_now(),
                                   .delay_ms = (uint32_t)(length / VO_NS_PER_MS)};
    if (!vo_responder_client_seal(attempt->peer->client, &body, body_bytes))
        return;
    if (trial->conn) {
        vo_conn_send(trial->conn, body_bytes, sizeof body_bytes);
        return;
    }
    uint8_t *at = vo_reflect_wrap(vo_reflect_shape_of(body.port), sequence, sequence, datagram, &size);
    memcpy(at, body_bytes, sizeof body_bytes);
    /* an ICMP error about the last one may refuse this one; the second call sends it */
    if (!vo_udp_send(trial->udp, datagram, size))
        vo_udp_send(trial->udp, datagram, size);
}

/* Sends what is due, and sets when the trial wants to be looked at again. */
static void send_trial(struct trial *trial, vo_time now)
{
    struct life *life = trial->life;
    struct vo_responder_client *client = life->attempt->peer->client;
    if (trial->warm > 0) {
        trial->warm--;
        ask(trial, vo_responder_client_next(client), 0);
        trial->next_at = now + WARM_GAP;
        return;
    }
    if (trial->tries == 0 ||
        (trial->length == 0 && !trial->conn)) /* told again, a request that was lost is the same */
        trial->sequence = vo_responder_client_next(client);
    if (!trial->conn || trial->tries == 0) /* TCP sends again by itself */
        ask(trial, trial->sequence, trial->length);
    trial->tries++;
    trial->next_at = now + RETRY;
    if (!trial->conn || trial->tries == 1)
        trial->due = now + trial->length + patience(life);
    if (trial->length > 0 && life->poll_at > now + RETRY / 2)
        life->poll_at = now + RETRY / 2;
}

/* The responder has the request, and it is too late for the reply, or the connection is gone. */
static void judge_trial(struct trial *trial, enum vo_reflect_hold_state state, vo_time now)
{
    struct life *life = trial->life;
    if (state != VO_REFLECT_WAITING && now >= trial->due) {
        end_trial(trial, DEAD);
    } else if (now >= trial->due) { /* what it knows is old */
        life->poll_at = now;
        trial->next_at = now + POLL_MIN;
    } else {
        trial->next_at = trial->due;
    }
}

static void advance_trial(struct trial *trial, vo_time now)
{
    enum vo_reflect_hold_state state;
    if (trial->outcome != RUNNING) {
        close_trial(trial);
        return;
    }
    if (trial->ended && (!trial->opened || trial->tries == 0)) {
        end_trial(trial, VOID);
        return;
    }
    bool held = trial->tries > 0 && trial->length > 0 &&
                vo_responder_client_held(trial->life->attempt->peer->client, trial->sequence, &state);
    if (held && trial->ended) { /* somebody has closed it meanwhile */
        end_trial(trial, DEAD);
        return;
    }
    if (now < trial->next_at || (trial->conn && !trial->opened))
        return;
    if (held)
        judge_trial(trial, state, now);
    else if (trial->tries == TRIES)
        end_trial(trial, VOID);
    else
        send_trial(trial, now);
}

/* ---- what it comes to ---- */

struct found {
    vo_time lived, died; /* 0: none */
    unsigned decided, lengths_died;
    bool waiting; /* for a trial that may still change it */
};

/* Whether a length is known to be too long: no trial of it lived, and none is left. */
static bool is_dead(const struct life *life, vo_time length)
{
    bool dead = false;
    for (unsigned i = 0; i < life->count; i++) {
        const struct trial *trial = &life->trials[i];
        if (trial->length != length)
            continue;
        if (trial->outcome == ALIVE || trial->outcome == RUNNING)
            return false;
        dead = dead || trial->outcome == DEAD;
    }
    return dead;
}

static struct found look(const struct life *life)
{
    struct found found = {0};
    vo_time last_died = 0;
    for (unsigned i = 0; i < life->count; i++)
        if (life->trials[i].outcome == ALIVE && life->trials[i].length > found.lived)
            found.lived = life->trials[i].length;
    for (unsigned i = 0; i < life->count; i++) { /* from the shortest to the longest */
        const struct trial *trial = &life->trials[i];
        found.decided += trial->length > 0 && (trial->outcome == ALIVE || trial->outcome == DEAD);
        if (trial->length > found.lived && trial->length != last_died && is_dead(life, trial->length)) {
            found.died = found.died ? found.died : trial->length;
            last_died = trial->length;
            found.lengths_died++;
        }
        /* two lengths that died one after the other: longer ones need not be waited for */
        found.waiting = found.waiting || (trial->outcome == RUNNING && found.lengths_died < 2);
    }
    return found;
}

static bool finish(struct life *life, const struct found *found)
{
    struct vo_attempt *attempt = life->attempt;
    struct vo_record_writer *writer = attempt->hub->reach->writer;
    const enum vo_metric metric = VO_METRIC_NAT_BINDING_LIFETIME_S;
    double lived = (double)found->lived / (double)VO_NS_PER_S;
    double died = (double)found->died / (double)VO_NS_PER_S;
    vo_check_observe(attempt->check);
    if (found->died) {
        vo_observe_metric(writer, metric, (lived + died) / 2);
        vo_observe_uncertainty(writer, metric, (died - lived) / 2);
        vo_observe_basis(writer, metric, "interval");
        vo_observe_label_number(writer, "died_s", died);
    } else {
        vo_observe_metric(writer, metric, lived);
        vo_observe_basis(writer, metric, "lower_bound");
        vo_observe_label(writer, "at_least", "yes");
    }
    vo_observe_label_number(writer, "lived_s", lived);
    vo_observe_label_number(writer, "trials", found->decided);
    vo_observe_end(writer);
    vo_hub_done(attempt);
    return true;
}

static bool miss(struct life *life, const char *why)
{
    const struct vo_demand *demand = life->attempt->check->demand;
    return vo_hub_missing(life->attempt, "%s of the responder's port %u/%s", why, demand->port,
                          demand->transport);
}

/* ---- its course ---- */

static bool advance_control(struct life *life)
{
    struct vo_attempt *attempt = life->attempt;
    if (!vo_responder_client_ready(attempt->peer->client))
        return false;
    attempt->report =
        vo_responder_client_port(attempt->peer->client, protocol_of(life), attempt->check->demand->port);
    attempt->stage = VO_ATTEMPT_PORT;
    return true;
}

static bool advance_port(struct life *life, vo_time now)
{
    struct vo_attempt *attempt = life->attempt;
    uint16_t port = attempt->check->demand->port;
    struct vo_error error;
    const struct vo_reflect_row *row =
        vo_responder_client_row(attempt->peer->client, protocol_of(life), port, 0);
    if (!row || row->state != VO_REFLECT_SERVED)
        return vo_hub_missing(attempt, "the responder does not listen on %s %u: add it to its --ports",
                              is_tcp(life) ? "TCP" : "UDP", port);
    for (unsigned i = 0; i < life->count; i++)
        if (!open_trial(&life->trials[i], &error))
            return vo_hub_missing(attempt, "%s", error.message);
    attempt->stage = VO_ATTEMPT_TRY;
    attempt->next_at = attempt->end = now;
    life->poll_at = now + life->poll_every;
    return true;
}

static void set_next(struct life *life, vo_time now)
{
    vo_time at = life->poll_at;
    for (unsigned i = 0; i < life->count; i++) {
        const struct trial *trial = &life->trials[i];
        bool waits = trial->outcome == RUNNING && !(trial->conn && !trial->opened);
        at = waits && trial->next_at < at ? trial->next_at : at;
    }
    life->attempt->next_at = life->attempt->end = at > now ? at : now + VO_NS_PER_MS;
}

static bool advance_try(struct life *life, vo_time now)
{
    struct vo_attempt *attempt = life->attempt;
    for (unsigned i = 0; i < life->count; i++)
        advance_trial(&life->trials[i], now);
    if (life->trials[0].outcome == VOID || life->trials[0].outcome == DEAD)
        return miss(life, "nothing comes back, not even at once,");
    struct found found = look(life);
    if (!found.waiting && life->trials[0].outcome == ALIVE) {
        if (found.lived || found.died)
            return finish(life, &found);
        return miss(life, "no request reached the responder that asked for a later answer");
    }
    if (now >= life->poll_at) {
        attempt->report = vo_responder_client_trials(attempt->peer->client);
        life->poll_at = now + life->poll_every;
    }
    set_next(life, now);
    return false;
}

static bool advance(void *own, vo_time now, bool reported)
{
    struct life *life = own;
    switch (life->attempt->stage) {
    case VO_ATTEMPT_CONTROL:
        return advance_control(life);
    case VO_ATTEMPT_PORT:
        return reported ? advance_port(life, now) : false;
    case VO_ATTEMPT_TRY:
        return advance_try(life, now);
    default:
        return false;
    }
}

static void start(struct vo_check *check)
{
    if (check->reach->nat_lifetime <= 0) {
        vo_check_put_untried(check, NULL, NULL, "not tried: --nat-lifetime 120 takes two minutes");
        vo_check_done(check);
        return;
    }
    struct vo_attempt *attempt = vo_hub_join(check, VO_ATTEMPT_OWN, sizeof(struct life));
    if (!attempt)
        return;
    struct life *life = attempt->own;
    life->attempt = attempt;
    attempt->advance = advance;
    attempt->close = close_all;
    plan(life);
}

/* What lived so far is known; what has not come back may still do. */
static void stop(struct vo_check *check)
{
    struct vo_attempt *attempt = check->state;
    if (!attempt || attempt->stage == VO_ATTEMPT_DONE)
        return;
    struct found found = look(attempt->own);
    if (found.lived || found.died)
        finish(attempt->own, &found);
    else
        vo_hub_stop(check);
}

const struct vo_check_kind vo_check_lifetime = {
    .name = "lifetime", .start = start, .stop = stop, .free = vo_hub_leave};
