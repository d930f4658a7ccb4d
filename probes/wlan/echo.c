#include "probes/wlan/echo.h"

#include "probes/io/responder_client.h"
#include "probes/io/route.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DSCP_VOICE 46
#define BEHIND     VO_NS_PER_S /* what was missed for longer (a suspended host) is not sent late */

/* Even ports that voready-reflect serves by itself. */
static const uint16_t usual_ports[] = {5008, 5010, 5012, 5014, 5060, 5070, 5228, 5230, 2196};
enum { USUAL = sizeof usual_ports / sizeof *usual_ports };

struct vo_echo {
    struct vo_loop *loop;
    struct vo_echo_config config;
    struct vo_responder_client *client;
    struct vo_udp *udp;
    struct vo_timer due;
    struct sockaddr_storage address; /* of the control port */
    uint16_t port;
    uint32_t ssrc;
    bool waiting, failed;
    uint32_t asked; /* reports that are to come */
    struct vo_echo_counts counts;
};

/* --- The address ---------------------------------------------------------------------------------- */

/* Splits "HOST:PORT", "[IPv6]:PORT", "HOST"; false: it is none of these. */
static bool split(const char *text, char *host, size_t room, uint16_t *port)
{
    const char *colon = strrchr(text, ':'), *end = NULL;
    bool bracketed = text[0] == '[';
    size_t length = strlen(text);
    *port = VO_REFLECT_PORT;
    if (bracketed) {
        end = strchr(text++, ']');
        if (!end)
            return false;
        length = (size_t)(end - text);
        colon = end[1] == ':' ? end + 1 : NULL;
        if (!colon && end[1])
            return false;
    } else if (colon && strchr(text, ':') == colon) {
        length = (size_t)(colon - text);
    } else {
        colon = NULL; /* none, or an IPv6 address */
    }
    if (colon) {
        char *rest;
        unsigned long number = strtoul(colon + 1, &rest, 10);
        if (colon[1] < '0' || colon[1] > '9' || *rest || number == 0 || number > UINT16_MAX)
            return false;
        *port = (uint16_t)number;
    }
    if (length == 0 || length >= room)
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    return true;
}

static enum vo_status look_up(const char *text, struct sockaddr_storage *address, struct vo_error *error)
{
    char host[256], service[8];
    uint16_t port;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found;
    if (!split(text, host, sizeof host, &port))
        return vo_error_set(error, VO_ERR_USAGE,
                            "--echo: '%s' is no responder: HOST, or HOST:PORT of its control channel", text);
    if (vo_sockaddr_parse(host, port, address))
        return VO_OK;
    snprintf(service, sizeof service, "%u", port);
    int result = getaddrinfo(host, service, &hints, &found);
    if (result != 0)
        return vo_error_set(error, VO_ERR_IO, "the responder %s is not known: %s", host,
                            gai_strerror(result));
    memcpy(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return VO_OK;
}

static enum vo_status check_route(const struct vo_echo *echo, struct vo_error *error)
{
    struct vo_route route;
    char text[VO_SOCKADDR_TEXT];
    struct sockaddr_storage host = vo_sockaddr_host(&echo->address);
    enum vo_status status = vo_route_get(&host, &route, error);
    vo_sockaddr_format(&host, text);
    if (status != VO_OK)
        return status;
    if (!route.found)
        return vo_error_set(error, VO_ERR_IO,
                            "there is no route to the responder %s (%s): has %s an address? see ip route",
                            text, strerror(route.refusal), echo->config.interface);
    if (route.local || strcmp(route.name, echo->config.interface) != 0)
        return vo_error_set(error, VO_ERR_USAGE,
                            "packets to the responder %s leave by %s, not by %s, so that they say nothing of "
                            "its roams: disconnect the other, or set a route",
                            text, route.local ? "no interface (it is this host)" : route.name,
                            echo->config.interface);
    return VO_OK;
}

/* --- Packets -------------------------------------------------------------------------------------- */

static void on_datagram(void *context, const struct vo_udp_packet *packet,
                        const struct sockaddr_storage *from)
{
    struct vo_echo *echo = context;
    enum vo_reflect_shape shape;
    struct vo_reflect_body body;
    uint32_t ssrc;
    (void)from;
    const uint8_t *data = packet->size <= VO_REFLECT_DATAGRAM
                              ? vo_reflect_unwrap(packet->data, (uint32_t)packet->size, &shape, &ssrc)
                              : NULL;
    if (!data || !vo_responder_client_open(echo->client, data, &body) || body.kind != VO_REFLECT_REPLY ||
        body.port != echo->port)
        return;
    echo->counts.received++;
    echo->config.received(echo->config.context, body.sequence,
                          packet->time == VO_TIME_UNKNOWN ? vo_clock_now() : packet->time);
}

static void send_one(struct vo_echo *echo)
{
    uint8_t datagram[VO_REFLECT_DATAGRAM];
    uint32_t size;
    struct vo_reflect_body body = {.kind = VO_REFLECT_REQUEST,
                                   .dscp = DSCP_VOICE,
                                   .seen_dscp = VO_REFLECT_DSCP_UNKNOWN,
                                   .sequence = vo_responder_client_next(echo->client),
                                   .port = echo->port,
                                   .t1 = vo_clock_now()};
    uint8_t *at = vo_reflect_wrap(VO_REFLECT_RTP, echo->ssrc, body.sequence, datagram, &size);
    echo->counts.sent++;
    if (!vo_responder_client_seal(echo->client, &body, at) || !vo_udp_send(echo->udp, datagram, size))
        echo->counts.refused++;
}

static void on_due(void *context)
{
    struct vo_echo *echo = context;
    vo_time now = vo_clock_monotonic();
    if (echo->failed)
        return;
    send_one(echo);
    vo_time next = echo->due.at + echo->config.pace;
    if (now - next > BEHIND)
        next = now + echo->config.pace;
    vo_loop_set(echo->loop, &echo->due, next);
}

void vo_echo_start(struct vo_echo *echo)
{
    vo_loop_set(echo->loop, &echo->due, vo_clock_monotonic() + echo->config.pace);
}

/* --- The responder -------------------------------------------------------------------------------- */

static void on_changed(void *context)
{
    struct vo_echo *echo = context;
    const char *why = vo_responder_client_failure(echo->client);
    if (echo->waiting) {
        vo_loop_quit(echo->loop);
    } else if (why && !echo->failed) {
        echo->failed = true;
        vo_loop_cancel(echo->loop, &echo->due);
        echo->config.failed(echo->config.context, why);
    }
}

/* Runs the loop until the responder is ready and has answered all that it was asked. */
static enum vo_status wait_for_it(struct vo_echo *echo, struct vo_error *error)
{
    enum vo_status status = VO_OK;
    const char *why = NULL;
    const volatile sig_atomic_t *stop = echo->config.stop;
    echo->waiting = true;
    while (status == VO_OK && !(why = vo_responder_client_failure(echo->client)) &&
           !(vo_responder_client_ready(echo->client) &&
             vo_responder_client_reports(echo->client) >= echo->asked))
        status = stop && *stop ? vo_error_set(error, VO_ERR_IO, "interrupted")
                               : vo_loop_run(echo->loop, stop, error);
    echo->waiting = false;
    return status == VO_OK && why ? vo_error_set(error, VO_ERR_IO, "%s", why) : status;
}

static enum vo_status choose_port(struct vo_echo *echo, struct vo_error *error)
{
    const uint16_t *ports = echo->config.port ? &echo->config.port : usual_ports;
    unsigned count = echo->config.port ? 1 : USUAL;
    for (unsigned i = 0; i < count; i++)
        echo->asked = vo_responder_client_port(echo->client, VO_REFLECT_UDP, ports[i]);
    enum vo_status status = wait_for_it(echo, error);
    for (unsigned i = 0; status == VO_OK && i < count && !echo->port; i++) {
        const struct vo_reflect_row *row = vo_responder_client_row(echo->client, VO_REFLECT_UDP, ports[i], 0);
        if (row && row->state == VO_REFLECT_SERVED)
            echo->port = ports[i];
    }
    if (status == VO_OK && !echo->port && echo->config.port)
        return vo_error_set(error, VO_ERR_USAGE, "the responder does not serve UDP port %u",
                            echo->config.port);
    if (status == VO_OK && !echo->port)
        return vo_error_set(error, VO_ERR_USAGE,
                            "the responder serves none of the usual even ports (5008 to 5014): name one that "
                            "it serves by --echo-port");
    return status;
}

static enum vo_status connect_both(struct vo_echo *echo, struct vo_error *error)
{
    const struct vo_echo_config *config = &echo->config;
    enum vo_status status = vo_responder_client_new(echo->loop, &echo->address, config->key, config->timeout,
                                                    on_changed, echo, &echo->client, error);
    if (status == VO_OK)
        status = wait_for_it(echo, error);
    if (status == VO_OK)
        status = choose_port(echo, error);
    if (status != VO_OK)
        return status;
    struct sockaddr_in6 to; /* the port stands in the same place of both families */
    struct vo_udp_config udp = {
        .to = echo->address, .dscp = DSCP_VOICE, .context = echo, .received = on_datagram};
    memcpy(&to, &udp.to, sizeof to);
    to.sin6_port = htons(echo->port);
    memcpy(&udp.to, &to, sizeof to);
    return vo_udp_open(echo->loop, &udp, &echo->udp, error);
}

enum vo_status vo_echo_open(struct vo_loop *loop, const struct vo_echo_config *config, struct vo_echo **echo,
                            struct vo_error *error)
{
    struct vo_echo *made = calloc(1, sizeof *made);
    *echo = NULL;
    if (!made)
        return vo_error_memory(error, "the echo");
    made->loop = loop;
    made->config = *config;
    made->due = (struct vo_timer){.due = on_due, .context = made};
    made->ssrc = (uint32_t)vo_clock_now();
    enum vo_status status = look_up(config->responder, &made->address, error);
    if (status == VO_OK && config->interface)
        status = check_route(made, error);
    if (status == VO_OK)
        status = connect_both(made, error);
    made->config.key = NULL;
    if (status == VO_OK)
        *echo = made;
    else
        vo_echo_free(made);
    return status;
}

void vo_echo_free(struct vo_echo *echo)
{
    if (!echo)
        return;
    vo_loop_cancel(echo->loop, &echo->due);
    vo_udp_close(echo->udp);
    vo_responder_client_free(echo->client);
    free(echo);
}

struct vo_echo_counts vo_echo_counts(const struct vo_echo *echo)
{
    return echo->counts;
}

uint16_t vo_echo_local_port(const struct vo_echo *echo)
{
    struct sockaddr_storage local = vo_udp_local(echo->udp);
    return vo_sockaddr_port(&local);
}
