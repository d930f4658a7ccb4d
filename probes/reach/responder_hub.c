#include "probes/reach/responder_hub.h"

#include "probes/decode/packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_over(const struct vo_attempt *attempt)
{
    return attempt->dead || attempt->stage == VO_ATTEMPT_DONE;
}

static void free_hub(struct vo_responder_hub *hub)
{
    vo_loop_cancel(hub->reach->loop, &hub->wake);
    while (hub->peers) {
        struct vo_hub_peer *peer = hub->peers;
        hub->peers = peer->next;
        vo_responder_client_free(peer->client);
        free(peer);
    }
    if (hub->reach->responder == hub)
        hub->reach->responder = NULL;
    free(hub);
}

/* Frees the attempts whose checks are gone, and the hub after the last. False: it is gone. */
static bool reap(struct vo_responder_hub *hub)
{
    for (struct vo_attempt **at = &hub->attempts; *at;) {
        struct vo_attempt *attempt = *at;
        if (!attempt->dead) {
            at = &attempt->next;
            continue;
        }
        *at = attempt->next;
        free(attempt);
    }
    if (!hub->attempts)
        free_hub(hub);
    else
        return true;
    return false;
}

/* When the attempts want to be looked at again. */
static void set_wake(struct vo_responder_hub *hub)
{
    vo_time at = 0;
    for (const struct vo_attempt *attempt = hub->attempts; attempt; attempt = attempt->next) {
        if (attempt->stage != VO_ATTEMPT_TRY)
            continue;
        vo_time wants = attempt->next_at && attempt->next_at < attempt->end ? attempt->next_at : attempt->end;
        at = wants && (!at || wants < at) ? wants : at;
    }
    if (at)
        vo_loop_set(hub->reach->loop, &hub->wake, at);
}

/* Other checks want to know whether there is a responder. */
static void note_life(struct vo_responder_hub *hub)
{
    hub->reach->responder_lost = true;
    for (const struct vo_hub_peer *peer = hub->peers; peer; peer = peer->next) {
        if (peer->client && vo_responder_client_ready(peer->client))
            hub->reach->responder_heard = true;
        if (peer->client && !vo_responder_client_failure(peer->client))
            hub->reach->responder_lost = false;
    }
}

static bool advance(struct vo_attempt *attempt, vo_time now)
{
    const struct vo_responder_client *client = attempt->peer->client;
    const char *failure = client ? vo_responder_client_failure(client) : attempt->peer->why;
    if (failure && !attempt->echoed)
        return vo_hub_missing(attempt, "%s", failure);
    bool reported = client && vo_responder_client_reports(client) >= attempt->report;
    return attempt->kind == VO_ATTEMPT_OWN ? attempt->advance(attempt->own, now, reported)
                                           : vo_attempt_advance(attempt, now, reported);
}

/* One attempt's end may be another's turn: until nothing moves any more. */
static void walk(void *context)
{
    struct vo_responder_hub *hub = context;
    vo_time now = vo_loop_now(hub->reach->loop);
    bool moved;
    hub->walking = true;
    note_life(hub);
    do {
        moved = false;
        for (struct vo_attempt *attempt = hub->attempts; attempt; attempt = attempt->next)
            if (!is_over(attempt) && advance(attempt, now))
                moved = true;
    } while (moved);
    hub->walking = false;
    if (reap(hub))
        set_wake(hub);
}

void vo_hub_wake(struct vo_responder_hub *hub)
{
    if (!hub->walking)
        vo_loop_set(hub->reach->loop, &hub->wake, vo_loop_now(hub->reach->loop));
}

static void on_changed(void *context)
{
    vo_hub_wake(context);
}

/* Connects to the control port; what cannot be is told by peer->why. */
static void connect_peer(struct vo_responder_hub *hub, struct vo_hub_peer *peer)
{
    const struct vo_site *site = hub->reach->site;
    char key[1024];
    struct vo_error error = {VO_OK, ""};
    enum vo_status status = VO_OK;
    if (!site->responder.address)
        snprintf(peer->why, sizeof peer->why, "no responder in the site file");
    else if (peer->address.ss_family == AF_UNSPEC)
        snprintf(peer->why, sizeof peer->why, "the responder's name %s was not resolved",
                 site->responder.address);
    else if (!site->responder.key_file)
        snprintf(peer->why, sizeof peer->why, "the site file names no key_file for the responder");
    else
        status = vo_secret_read(site->responder.key_file, key, sizeof key, &error);
    if (peer->why[0] == '\0' && status == VO_OK)
        status = vo_responder_client_new(hub->reach->loop, &peer->address, key, hub->reach->timeout,
                                         on_changed, hub, &peer->client, &error);
    explicit_bzero(key, sizeof key);
    if (status != VO_OK)
        snprintf(peer->why, sizeof peer->why, "%s", error.message);
}

static struct vo_hub_peer *find_peer(struct vo_responder_hub *hub, const struct sockaddr_storage *of)
{
    uint16_t port = hub->reach->site->responder.port;
    struct vo_endpoint wanted = vo_endpoint_of(of);
    struct vo_hub_peer *peer;
    for (peer = hub->peers; peer; peer = peer->next) {
        struct vo_endpoint has = vo_endpoint_of(&peer->address);
        if (peer->address.ss_family == of->ss_family &&
            memcmp(&has.address, &wanted.address, sizeof has.address) == 0)
            return peer;
    }
    peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->address = *of;
    if (of->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)&peer->address)->sin6_port = htons(port ? port : VO_REFLECT_PORT);
    else if (of->ss_family == AF_INET)
        ((struct sockaddr_in *)(void *)&peer->address)->sin_port = htons(port ? port : VO_REFLECT_PORT);
    peer->next = hub->peers;
    hub->peers = peer;
    connect_peer(hub, peer);
    return peer;
}

static struct vo_attempt *join(struct vo_check *check, size_t own_size)
{
    struct vo_reach *reach = check->reach;
    struct vo_responder_hub *hub = reach->responder;
    struct vo_attempt *attempt = calloc(1, sizeof *attempt);
    if (attempt && own_size)
        attempt->own = calloc(1, own_size);
    bool made = attempt && (!own_size || attempt->own);
    if (made && !hub) {
        hub = calloc(1, sizeof *hub);
        if (hub)
            *hub = (struct vo_responder_hub){.reach = reach, .wake = {.due = walk, .context = hub}};
        reach->responder = hub;
    }
    if (made && hub)
        attempt->peer = find_peer(hub, &check->address);
    if (made && hub && attempt->peer)
        return attempt;
    if (attempt)
        free(attempt->own);
    free(attempt);
    if (hub && !hub->attempts)
        free_hub(hub);
    return NULL;
}

struct vo_attempt *vo_hub_join(struct vo_check *check, enum vo_attempt_kind kind, size_t own_size)
{
    struct vo_attempt *attempt = join(check, own_size);
    check->state = attempt;
    if (!attempt) {
        vo_check_put_untried(check, NULL, NULL, "out of memory");
        vo_check_done(check);
        return NULL;
    }
    attempt->check = check;
    attempt->hub = check->reach->responder;
    attempt->kind = kind;
    attempt->peer->left++;
    attempt->next = attempt->hub->attempts;
    attempt->hub->attempts = attempt;
    vo_hub_wake(attempt->hub);
    return attempt;
}

static void close_sockets(struct vo_attempt *attempt)
{
    vo_udp_close(attempt->udp);
    vo_conn_close(attempt->conn);
    attempt->udp = NULL;
    attempt->conn = NULL;
    if (attempt->close)
        attempt->close(attempt->own);
}

void vo_hub_stop(struct vo_check *check)
{
    struct vo_attempt *attempt = check->state;
    if (attempt && attempt->stage != VO_ATTEMPT_DONE)
        vo_hub_missing(attempt, "stopped before it was known");
}

void vo_hub_leave(struct vo_check *check)
{
    struct vo_attempt *attempt = check->state;
    if (!attempt)
        return;
    struct vo_responder_hub *hub = attempt->hub;
    close_sockets(attempt);
    free(attempt->own);
    attempt->own = NULL;
    attempt->close = NULL;
    attempt->dead = true;
    check->state = NULL;
    if (!hub->walking)
        reap(hub);
}

bool vo_hub_turn(const struct vo_attempt *attempt)
{
    const struct vo_demand *demand = attempt->check->demand;
    for (const struct vo_attempt *other = attempt->hub->attempts; other; other = other->next) {
        if (other == attempt || is_over(other))
            continue;
        const struct vo_demand *its = other->check->demand;
        bool is_active = other->stage == VO_ATTEMPT_TRY || other->stage == VO_ATTEMPT_COUNT;
        bool same_local = attempt->kind != VO_ATTEMPT_TCP && other->kind != VO_ATTEMPT_TCP &&
                          demand->local_port && demand->local_port == its->local_port &&
                          attempt->peer->address.ss_family == other->peer->address.ss_family;
        bool same_row =
            attempt->peer == other->peer && attempt->kind == other->kind && demand->port == its->port;
        /* a firewall lets in what answers: whoever waits for a call unasked goes before whoever calls */
        bool is_first = other->kind == VO_ATTEMPT_IN && attempt->kind == VO_ATTEMPT_OUT;
        bool both_slow = attempt->slow && other->slow && attempt->peer == other->peer;
        if ((same_local && (other->udp || is_first)) || ((same_row || both_slow) && is_active))
            return false;
    }
    return true;
}

uint32_t vo_hub_counted(const struct vo_attempt *attempt)
{
    enum vo_reflect_protocol protocol = attempt->kind == VO_ATTEMPT_TCP ? VO_REFLECT_TCP : VO_REFLECT_UDP;
    uint16_t port = attempt->check->demand->port;
    const struct vo_reflect_row *row = vo_responder_client_row(attempt->peer->client, protocol, port, 0);
    uint32_t counted = row ? row->received : 0;
    for (const struct vo_attempt *other = attempt->hub->attempts; other; other = other->next)
        if (!other->dead && other->peer == attempt->peer && other->kind == attempt->kind &&
            other->check->demand->port == port && other->arrived > counted)
            counted = other->arrived;
    return counted;
}

void vo_hub_note_nat(struct vo_hub_peer *peer, const char *by, const struct vo_endpoint *local,
                     const struct vo_endpoint *seen)
{
    bool differs =
        memcmp(local->address, seen->address, sizeof local->address) != 0 || local->port != seen->port;
    if (!peer->nat.by || (differs && !peer->nat.translated)) {
        peer->nat.by = by;
        peer->nat.local = *local;
        peer->nat.mapped = *seen;
    }
    peer->nat.translated = peer->nat.translated || differs;
    peer->nat.ports_changed = peer->nat.ports_changed || local->port != seen->port;
}

/* Why the peer's NAT is not known. */
static const char *nat_unknown(const struct vo_hub_peer *peer)
{
    const char *failure = peer->client ? vo_responder_client_failure(peer->client) : peer->why;
    return failure ? failure : "stopped before the responder answered";
}

static void observe_nat(struct vo_responder_hub *hub, struct vo_hub_peer *peer)
{
    struct vo_record_writer *writer = hub->reach->writer;
    char local[VO_ENDPOINT_TEXT], mapped[VO_ENDPOINT_TEXT], responder[VO_SOCKADDR_TEXT], key[40];
    char interface[IF_NAMESIZE] = "unknown";
    const char *family = peer->address.ss_family == AF_INET6 ? "ipv6" : "ipv4";
    bool has_address = peer->address.ss_family != AF_UNSPEC;
    if (peer->client && vo_responder_client_ready(peer->client) && !peer->nat.by) {
        struct vo_endpoint own = vo_responder_client_local(peer->client);
        struct vo_endpoint seen = vo_responder_client_seen(peer->client);
        vo_hub_note_nat(peer, "control", &own, &seen);
    }
    if (peer->nat.by)
        vo_endpoint_interface(peer->nat.local.address, interface);
    snprintf(key, sizeof key, "nat%s%s", has_address ? " " : "", has_address ? family : "");
    vo_observe_begin(writer, vo_clock_now(), &(struct vo_subject){"nat", interface, key});
    vo_observe_label(writer, "demand", "net.nat");
    vo_observe_label(writer, "role", "responder");
    vo_observe_label(writer, "host", hub->reach->site->responder.address);
    if (has_address) {
        vo_observe_label(writer, "family", family);
        vo_observe_label(writer, "address", vo_sockaddr_format(&peer->address, responder));
    }
    if (!peer->nat.by) {
        vo_observe_missing(writer, VO_METRIC_NAT_MAPPING, "%s", nat_unknown(peer));
    } else {
        vo_observe_state(writer, VO_METRIC_NAT_MAPPING, peer->nat.translated ? "translated" : "none");
        vo_observe_basis(writer, VO_METRIC_NAT_MAPPING, peer->nat.by);
        vo_observe_label(writer, "local",
                         vo_endpoint_format(peer->nat.local.address, peer->nat.local.port, local));
        vo_observe_label(writer, "mapped",
                         vo_endpoint_format(peer->nat.mapped.address, peer->nat.mapped.port, mapped));
        vo_observe_label(writer, "ports_kept", peer->nat.ports_changed ? "no" : "yes");
    }
    vo_observe_end(writer);
}

void vo_hub_done(struct vo_attempt *attempt)
{
    struct vo_hub_peer *peer = attempt->peer;
    attempt->stage = VO_ATTEMPT_DONE;
    close_sockets(attempt);
    if (--peer->left == 0 && !peer->nat.told) {
        peer->nat.told = true;
        observe_nat(attempt->hub, peer);
    }
    vo_hub_wake(attempt->hub);
    vo_check_done(attempt->check);
}

bool vo_hub_missing(struct vo_attempt *attempt, const char *format, ...)
{
    char why[VO_ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    vo_check_put_untried(attempt->check, NULL, NULL, why);
    vo_hub_done(attempt);
    return true;
}
