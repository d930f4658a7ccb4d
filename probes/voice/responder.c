#include "probes/voice/responder_private.h"

#include "core/site.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BACKLOG 64

const struct vo_responder_limits vo_responder_limits = {
    .sessions = 64,
    .sessions_per_address = 8,
    .connections = 256,
    .connections_per_address = 48,
    .packets_per_s = 500,
    .bytes_per_s = 100000,
    .half_open = 5 * VO_NS_PER_S,
    .idle = 120 * VO_NS_PER_S,
};

enum vo_status vo_responder_ports(const char *list, uint16_t ports[VO_RESPONDER_PORTS], size_t *count,
                                  struct vo_error *error)
{
    const char *at = list;
    *count = 0;
    do {
        struct vo_port_range range;
        const char *end;
        if (!vo_port_range_parse(at, &range, &end) || (*end != ',' && *end != '\0'))
            return vo_error_set(error, VO_ERR_USAGE,
                                "ports: '%.80s' is neither a port nor a range, such as 5008-5015,2195", at);
        for (unsigned port = range.first; port <= range.last; port++) {
            size_t i = 0;
            while (i < *count && ports[i] != port)
                i++;
            if (i == VO_RESPONDER_PORTS)
                return vo_error_set(error, VO_ERR_USAGE, "ports: more than %d of them in '%.80s'",
                                    VO_RESPONDER_PORTS, list);
            ports[i] = (uint16_t)port;
            *count += i == *count;
        }
        at = end + 1;
    } while (at[-1] == ',');
    return VO_OK;
}

struct vo_listener *vo_responder_listener(const struct vo_responder *responder, enum vo_listener_role role,
                                          sa_family_t family, uint16_t port)
{
    for (size_t i = 0; i < responder->listener_count; i++) {
        struct vo_listener *listener = &responder->listeners[i];
        if (listener->port == port && listener->role == role && listener->family == family)
            return listener;
    }
    return NULL;
}

__attribute__((format(printf, 2, 3))) static void say(const struct vo_responder_config *config,
                                                      const char *format, ...)
{
    char text[1024];
    va_list arguments;
    if (!config->say)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    config->say(config->context, text);
}

/* A bound socket, or -1 with errno. */
static int bind_socket(enum vo_listener_role role, const struct sockaddr_storage *to, struct vo_error *error)
{
    static const int on = 1;
    int kind = role == VO_LISTEN_UDP ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(to->ss_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t size = to->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (fd < 0)
        return -1;
    bool ready = to->ss_family == AF_INET || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
    if (role == VO_LISTEN_UDP)
        ready = ready && vo_responder_udp_options(fd, to->ss_family, error) == VO_OK;
    else
        ready = ready && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    ready = ready && bind(fd, (const struct sockaddr *)to, size) == 0 &&
            (role == VO_LISTEN_UDP || listen(fd, BACKLOG) == 0);
    if (ready)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* Listens on one port. False if it could not; says why. */
static bool add_listener(struct vo_responder *responder, const struct vo_responder_config *config,
                         enum vo_listener_role role, const uint8_t address[16], uint16_t port)
{
    struct vo_error error = {VO_OK, ""};
    struct sockaddr_storage to = vo_endpoint_sockaddr(address, port);
    int fd = bind_socket(role, &to, &error);
    struct vo_listener *listener = &responder->listeners[responder->listener_count];
    *listener =
        (struct vo_listener){.responder = responder, .role = role, .family = to.ss_family, .port = port};
    listener->watch =
        (struct vo_watch){.ready = role == VO_LISTEN_UDP ? vo_responder_udp_ready : vo_responder_accept_ready,
                          .context = listener,
                          .fd = fd};
    if (fd >= 0 && vo_loop_watch(responder->loop, &listener->watch, EPOLLIN, &error) == VO_OK) {
        responder->listener_count++;
        return true;
    }
    say(config, "%s port %u, %s: %s%s", role == VO_LISTEN_UDP ? "UDP" : "TCP", port,
        to.ss_family == AF_INET ? "IPv4" : "IPv6", error.message[0] ? error.message : strerror(errno),
        errno == EACCES       ? " (ports below 1024 need CAP_NET_BIND_SERVICE)"
        : errno == EADDRINUSE ? " (another program listens there)"
                              : "");
    if (fd >= 0)
        close(fd);
    return false;
}

/* "2195-2196, 5008-5015" of one role and family. */
static void format_ports(const struct vo_responder *responder, enum vo_listener_role role, sa_family_t family,
                         char *text, size_t room)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t first = 1, last; first <= 65535 && used < room; first = last + 1) {
        for (last = first; last <= 65535 && vo_responder_listener(responder, role, family, (uint16_t)last);)
            last++;
        if (last - first == 1)
            used += (size_t)snprintf(text + used, room - used, "%s%u", used ? ", " : "", first);
        else if (last > first)
            used += (size_t)snprintf(text + used, room - used, "%s%u-%u", used ? ", " : "", first, last - 1);
    }
}

/* Listens on all ports of one address. */
static void add_family(struct vo_responder *responder, const struct vo_responder_config *config,
                       const uint8_t address[16])
{
    char text[VO_LISTEN_CONTROL][400], name[VO_ADDRESS_TEXT];
    sa_family_t family = vo_endpoint_sockaddr(address, 0).ss_family;
    struct sockaddr_storage any = vo_endpoint_sockaddr(address, 0);
    int fd = bind_socket(VO_LISTEN_TCP, &any, NULL);
    if (fd < 0) { /* then no port of it will do */
        say(config, "nothing on %s: %s", vo_address_format(address, name), strerror(errno));
        return;
    }
    close(fd);
    bool control = add_listener(responder, config, VO_LISTEN_CONTROL, address, config->control_port);
    for (size_t i = 0; i < config->port_count; i++) {
        add_listener(responder, config, VO_LISTEN_UDP, address, config->ports[i]);
        add_listener(responder, config, VO_LISTEN_TCP, address, config->ports[i]);
    }
    for (enum vo_listener_role role = VO_LISTEN_UDP; role < VO_LISTEN_CONTROL; role++)
        format_ports(responder, role, family, text[role], sizeof text[role]);
    if (control)
        say(config, "listening on %s, control %u; UDP %s; TCP %s", vo_address_format(address, name),
            config->control_port, text[VO_LISTEN_UDP][0] ? text[VO_LISTEN_UDP] : "none",
            text[VO_LISTEN_TCP][0] ? text[VO_LISTEN_TCP] : "none");
}

static enum vo_status check_config(const struct vo_responder_config *config, struct vo_error *error)
{
    if (config->key_size < VO_REFLECT_SECRET)
        return vo_error_set(
            error, VO_ERR_USAGE,
            "the key has %zu bytes, and needs %d at least: make one with 'openssl rand -base64 32'",
            config->key_size, VO_REFLECT_SECRET);
    for (size_t i = 0; i < config->port_count; i++)
        if (config->ports[i] == config->control_port)
            return vo_error_set(error, VO_ERR_USAGE,
                                "port %u is that of the control channel: leave it out of the ports",
                                config->control_port);
    return VO_OK;
}

static enum vo_status listen_all(struct vo_responder *responder, const struct vo_responder_config *config,
                                 struct vo_error *error)
{
    uint8_t address[16] = {0};
    if (config->listen) {
        if (!vo_address_parse(config->listen, strlen(config->listen), address))
            return vo_error_set(error, VO_ERR_USAGE, "'%s' is not an IP address of this host",
                                config->listen);
        add_family(responder, config, address);
    } else {
        add_family(responder, config, address);
        memset(address + 10, 0xff, 2);
        add_family(responder, config, address);
    }
    size_t control = 0;
    for (size_t i = 0; i < responder->listener_count; i++)
        control += responder->listeners[i].role == VO_LISTEN_CONTROL;
    if (control == 0)
        return vo_error_set(
            error, VO_ERR_IO,
            "port %u for control could not be bound: free it, or choose another with --control",
            config->control_port);
    if (responder->listener_count == control)
        return vo_error_set(error, VO_ERR_IO,
                            "none of the ports could be bound: there is nothing to answer on");
    return VO_OK;
}

enum vo_status vo_responder_new(struct vo_loop *loop, const struct vo_responder_config *config,
                                struct vo_responder **responder, struct vo_error *error)
{
    *responder = NULL;
    enum vo_status status = check_config(config, error);
    if (status != VO_OK)
        return status;
    struct vo_responder *made = calloc(1, sizeof *made);
    if (!made)
        return vo_error_memory(error, "the responder");
    made->loop = loop;
    made->limits = config->limits;
    made->resume = (struct vo_timer){.due = vo_responder_resume, .context = made};
    made->key = malloc(config->key_size);
    made->listeners = calloc(4 * config->port_count + 2, sizeof *made->listeners);
    made->sessions = calloc(config->limits.sessions, sizeof(struct vo_session *));
    if (made->key && made->listeners && made->sessions) {
        memcpy(made->key, config->key, config->key_size);
        made->key_size = config->key_size;
        status = listen_all(made, config, error);
    } else {
        status = vo_error_memory(error, "the responder");
    }
    if (status == VO_OK)
        *responder = made;
    else
        vo_responder_free(made);
    return status;
}

void vo_responder_free(struct vo_responder *responder)
{
    if (!responder)
        return;
    while (responder->oldest)
        vo_link_close(responder->oldest);
    vo_loop_cancel(responder->loop, &responder->resume);
    for (size_t i = 0; i < responder->listener_count; i++) {
        vo_loop_unwatch(responder->loop, &responder->listeners[i].watch);
        close(responder->listeners[i].watch.fd);
    }
    if (responder->key)
        explicit_bzero(responder->key, responder->key_size);
    free(responder->key);
    free(responder->listeners);
    free(responder->sessions);
    free(responder);
}

const struct vo_responder_counts *vo_responder_counts(const struct vo_responder *responder)
{
    return &responder->counts;
}
