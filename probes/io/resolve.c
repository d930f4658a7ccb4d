/*
 * c-ares sends, repeats, goes to TCP when an answer is truncated, and matches answers to questions. What it
 * does not tell is why nothing came: it drops what does not fit, without a word. So its sockets are made and
 * read here, where an answer with the right id that it then refuses is seen ("malformed", not "silent").
 */
#include "probes/io/resolve.h"

#include "probes/decode/bytes.h"
#include "probes/io/resolve_answer.h"
#include "probes/io/sockaddr.h"

/* Newer versions mark what 1.18 needs as old. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#define TRIES       3
#define TRY_PARTS   7 /* each try waits twice as long as the one before: 1 + 2 + 4 parts of the time-out */
#define PORT        53
#define READS       256 /* datagrams a round: c-ares would read as long as a flood lasts */
#define CLASS_IN    1
#define UDP_MAX     512 /* octets, RFC 1035 4.2.1; c-ares asks by TCP after a longer one */
#define QUERIES_MAX 4096u

struct query {
    struct vo_resolver *resolver; /* NULL: answered already, only c-ares still has it */
    struct query *next, **link;   /* pending ones */
    struct vo_timer timer;
    enum vo_dns_type type;
    uint16_t id;
    bool asking;       /* vo_resolver_ask() has not returned */
    bool sent;         /* it has left this host, at least once */
    bool heard;        /* something with its id came */
    bool with_cares;   /* c-ares will still call back */
    const char *state; /* found while it was asked, told later */
    vo_time began;
    void (*answered)(void *context, const struct vo_dns_answer *answer);
    void *context;
    char name[256];
};

struct channel_socket {
    struct channel_socket *next;
    struct vo_resolver *resolver;
    struct vo_watch watch;
};

struct vo_resolver {
    struct vo_loop *loop;
    char name[VO_RESOLVER_TEXT];
    struct sockaddr_storage server;
    vo_time timeout;
    ares_channel channel;
    struct query *pending;
    unsigned pending_count;
    struct channel_socket *sockets;
    struct vo_timer timer;
    unsigned reads; /* this round */
    int refusal;    /* why the system would not send, errno value; 0: it did */
    int icmp;       /* what an ICMP error said of the server, errno value; 0: none came */
    bool no_socket; /* the system refused one */
    unsigned busy;  /* within c-ares, which must not be destroyed there */
    bool freed;
};

/* --- the time-out of c-ares --- */

static void arm(struct vo_resolver *resolver)
{
    struct timeval wait;
    if (!ares_timeout(resolver->channel, NULL, &wait)) {
        vo_loop_cancel(resolver->loop, &resolver->timer);
        return;
    }
    /* A millisecond more: c-ares counts whole ones, and must find its time over. Without memory for the timer
     * there are no repetitions; the queries' own timers still end them. */
    vo_loop_set(resolver->loop, &resolver->timer,
                vo_clock_monotonic() + wait.tv_sec * VO_NS_PER_S + (wait.tv_usec / 1000 + 1) * VO_NS_PER_MS);
}

static void destroy(struct vo_resolver *resolver)
{
    if (resolver->channel)
        ares_destroy(resolver->channel); /* calls back for every query, and closes the sockets */
    vo_loop_cancel(resolver->loop, &resolver->timer);
    free(resolver);
    ares_library_cleanup();
}

static void process(struct vo_resolver *resolver, int readable, int writable)
{
    resolver->reads = 0;
    resolver->busy++;
    ares_process_fd(resolver->channel, readable, writable);
    resolver->busy--;
    if (resolver->freed)
        destroy(resolver);
    else
        arm(resolver);
}

static void on_time(void *context)
{
    process(context, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* --- the sockets of c-ares --- */

static void on_socket(void *context, uint32_t events)
{
    const struct channel_socket *at = context;
    int fd = at->watch.fd; /* the struct may go while c-ares works */
    bool broken = events & (EPOLLERR | EPOLLHUP);
    process(at->resolver, (events & EPOLLIN) || broken ? fd : ARES_SOCKET_BAD,
            events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
}

static struct channel_socket **find_socket(struct vo_resolver *resolver, int fd)
{
    struct channel_socket **at = &resolver->sockets;
    while (*at && (*at)->watch.fd != fd)
        at = &(*at)->next;
    return at;
}

static void on_interest(void *context, ares_socket_t fd, int readable, int writable)
{
    struct vo_resolver *resolver = context;
    struct channel_socket *found = *find_socket(resolver, fd);
    if (!found)
        return;
    if (readable || writable)
        vo_loop_watch(resolver->loop, &found->watch, (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0),
                      NULL);
    else
        vo_loop_unwatch(resolver->loop, &found->watch);
}

static ares_socket_t make_socket(int family, int type, int protocol, void *context)
{
    struct vo_resolver *resolver = context;
    struct channel_socket *made = calloc(1, sizeof *made);
    int fd = made ? socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol) : -1;
    if (fd < 0) {
        free(made);
        resolver->no_socket = true;
        return ARES_SOCKET_BAD;
    }
    made->resolver = resolver;
    made->watch = (struct vo_watch){.ready = on_socket, .context = made, .fd = fd};
    made->next = resolver->sockets;
    resolver->sockets = made;
    return fd;
}

static int close_socket(ares_socket_t fd, void *context)
{
    struct vo_resolver *resolver = context;
    struct channel_socket **link = find_socket(resolver, fd), *gone = *link;
    if (gone) {
        vo_loop_unwatch(resolver->loop, &gone->watch);
        *link = gone->next;
        free(gone);
    }
    return close(fd);
}

/* To our own address of the server: c-ares's loses the interface of a link-local one. */
static int connect_socket(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t size, void *context)
{
    struct vo_resolver *resolver = context;
    (void)to, (void)size;
    int result = connect(fd, (const struct sockaddr *)&resolver->server, vo_sockaddr_size(&resolver->server));
    if (result < 0 && errno != EINPROGRESS)
        resolver->refusal = errno;
    return result;
}

static struct query *find_query(const struct vo_resolver *resolver, uint16_t id)
{
    struct query *at = resolver->pending;
    while (at && at->id != id)
        at = at->next;
    return at;
}

/* A connected socket tells by errno of an ICMP error that came to an earlier packet. */
static void note_icmp(struct vo_resolver *resolver)
{
    if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENOPROTOOPT)
        resolver->icmp = errno;
}

static ares_ssize_t read_socket(ares_socket_t fd, void *data, size_t room, int flags, struct sockaddr *from,
                                ares_socklen_t *from_size, void *context)
{
    struct vo_resolver *resolver = context;
    if (from && ++resolver->reads > READS) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t size = recvfrom(fd, data, room, flags, from, from_size);
    if (from && size < 0)
        note_icmp(resolver);
    if (from && size >= 4) { /* a datagram */
        struct query *query = find_query(resolver, vo_load16(data));
        bool truncated = size > UDP_MAX || (((const uint8_t *)data)[2] & 0x02);
        if (query && !truncated) /* a truncated answer is an invitation to TCP */
            query->heard = true;
    }
    return size;
}

static ares_ssize_t write_socket(ares_socket_t fd, const struct iovec *parts, int count, void *context)
{
    struct vo_resolver *resolver = context;
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = (size_t)count};
    struct query *query = count && parts[0].iov_len >= 2 ? find_query(resolver, vo_load16(parts[0].iov_base))
                                                         : NULL; /* by TCP it was asked by UDP before */
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (query && sent >= 0)
        query->sent = true;
    else if (sent < 0 && (errno == EPERM || errno == EACCES || errno == ENETUNREACH || errno == ENETDOWN))
        resolver->refusal = errno;
    else if (sent < 0)
        note_icmp(resolver);
    return sent;
}

static const struct ares_socket_functions socket_functions = {make_socket, close_socket, connect_socket,
                                                              read_socket, write_socket};

/* --- queries --- */

static void forget(struct query *query)
{
    struct vo_resolver *resolver = query->resolver;
    if (!resolver)
        return;
    vo_loop_cancel(resolver->loop, &query->timer);
    *query->link = query->next;
    if (query->next)
        query->next->link = query->link;
    resolver->pending_count--;
    query->resolver = NULL;
}

/* Answers, by the response's bytes or, without any, by `state`. The query may be freed by it. */
static void tell(struct query *query, const uint8_t *data, size_t size, const char *state)
{
    struct vo_dns_answer answer;
    char why[200];
    answer.why = NULL;
    if (data) {
        vo_resolve_read(data, size, query->name, query->type, &answer);
    } else {
        answer.state = state;
        answer.count = answer.more = 0;
        answer.canonical[0] = '\0';
    }
    if (!query->sent && query->resolver->refusal && strcmp(answer.state, "silent") == 0) {
        answer.state = NULL;
        answer.why =
            vo_sockaddr_fault(query->resolver->refusal, &query->resolver->server, 0, why, sizeof why);
    } else if (query->resolver->icmp && strcmp(answer.state, "silent") == 0) {
        snprintf(why, sizeof why, "an ICMP error came back: %s", strerror(query->resolver->icmp));
        answer.why = why;
    }
    answer.took = vo_clock_monotonic() - query->began;
    void (*answered)(void *, const struct vo_dns_answer *) = query->answered;
    void *context = query->context;
    forget(query);
    if (!query->with_cares)
        free(query);
    answered(context, &answer);
}

/* The time for the query is over, or its answer was known before it could be told. */
static void on_query_time(void *context)
{
    struct query *query = context;
    tell(query, NULL, 0, query->state ? query->state : query->heard ? "malformed" : "silent");
}

static void on_response(void *context, int status, int repeats, unsigned char *data, int size)
{
    struct query *query = context;
    struct vo_resolver *resolver = query->resolver;
    (void)repeats;
    query->with_cares = false;
    if (query->asking) { /* failed at once; vo_resolver_ask() goes on from here */
        query->state = "silent";
    } else if (!resolver || resolver->freed) {
        forget(query);
        free(query);
    } else if (data && size > 0 && status != ARES_EBADRESP) {
        tell(query, data, (size_t)size, NULL);
    } else {
        tell(query, NULL, 0, query->heard ? "malformed" : "silent");
    }
}

static bool choose_id(struct query *query, const struct vo_resolver *resolver)
{
    do
        if (getrandom(&query->id, sizeof query->id, 0) != sizeof query->id)
            return false;
    while (find_query(resolver, query->id));
    return true;
}

static void submit(struct vo_resolver *resolver, struct query *query)
{
    unsigned char *packet = NULL;
    int size = 0;
    int status = ares_create_query(query->name, CLASS_IN, (int)query->type, query->id, 1, &packet, &size, 0);
    if (status == ARES_SUCCESS) {
        query->with_cares = true;
        resolver->busy++;
        ares_send(resolver->channel, packet, size, on_response, query);
        resolver->busy--;
    } else { /* c-ares itself says that .onion does not exist (RFC 7686) */
        query->state = status == ARES_ENOTFOUND ? "no_such_name" : "malformed";
    }
    ares_free_string(packet);
}

bool vo_resolver_ask(struct vo_resolver *resolver, const char *name, enum vo_dns_type type,
                     void (*answered)(void *context, const struct vo_dns_answer *answer), void *context)
{
    struct query *query = resolver->pending_count < QUERIES_MAX ? calloc(1, sizeof *query) : NULL;
    if (!query || !choose_id(query, resolver)) {
        free(query);
        return false;
    }
    size_t size = strlen(name);
    if (size > 1 && name[size - 1] == '.')
        size--;
    snprintf(query->name, sizeof query->name, "%.*s", size < sizeof query->name ? (int)size : 0, name);
    query->type = type;
    query->answered = answered;
    query->context = context;
    query->began = vo_clock_monotonic();
    query->timer = (struct vo_timer){.due = on_query_time, .context = query};
    query->resolver = resolver;
    query->link = &resolver->pending;
    query->next = resolver->pending;
    if (query->next)
        query->next->link = &query->next;
    resolver->pending = query;
    resolver->pending_count++;
    resolver->no_socket = false;
    resolver->refusal = 0;
    query->asking = true;
    if (query->name[0])
        submit(resolver, query);
    else
        query->state = "malformed";
    query->asking = false;
    bool set =
        vo_loop_set(resolver->loop, &query->timer, query->state ? 0 : query->began + resolver->timeout);
    if (!set || (resolver->no_socket && !query->with_cares)) {
        forget(query);
        if (!query->with_cares)
            free(query);
        return false;
    }
    arm(resolver);
    return true;
}

/* --- resolvers --- */

/* "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:53", "[2001:db8::53]" */
static bool parse_server(const char *text, struct sockaddr_storage *server)
{
    char host[VO_RESOLVER_TEXT];
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    const char *first = strchr(text, ':');
    if (end)
        text++;
    else if (first && !strchr(first + 1, ':'))
        end = first;
    size_t size = end ? (size_t)(end - text) : strlen(text);
    const char *port = end ? end + (*end == ']') : "";
    unsigned long number = PORT;
    if (*port) {
        char *rest;
        if (*port != ':' || port[1] < '0' || port[1] > '9')
            return false;
        number = strtoul(port + 1, &rest, 10);
        if (*rest || number < 1 || number > UINT16_MAX)
            return false;
    }
    if (size >= sizeof host)
        return false;
    memcpy(host, text, size);
    host[size] = '\0';
    return vo_sockaddr_parse(host, (uint16_t)number, server);
}

static int set_server(struct vo_resolver *resolver)
{
    const struct sockaddr_storage *server = &resolver->server;
    struct ares_addr_port_node node = {.family = server->ss_family};
    node.udp_port = node.tcp_port = vo_sockaddr_port(server);
    if (server->ss_family == AF_INET)
        memcpy(&node.addr.addr4, (const char *)server + offsetof(struct sockaddr_in, sin_addr),
               sizeof node.addr.addr4);
    else
        memcpy(&node.addr.addr6, (const char *)server + offsetof(struct sockaddr_in6, sin6_addr),
               sizeof node.addr.addr6);
    return ares_set_servers_ports(resolver->channel, &node);
}

static int open_channel(struct vo_resolver *resolver)
{
    static char lookups[] = "b", nowhere[] = "/dev/null";
    vo_time first = resolver->timeout / TRY_PARTS / VO_NS_PER_MS + 1; /* the query's own timer ends it */
    struct ares_options options = {
        /* every code of a response is an answer; nothing of this host's configuration counts */
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP,
        .timeout = first > 60000 ? 60000 : (int)first,
        .tries = TRIES,
        .lookups = lookups,
        .resolvconf_path = nowhere,
        .sock_state_cb = on_interest,
        .sock_state_cb_data = resolver,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF |
               ARES_OPT_SOCK_STATE_CB;
    int status = ares_init_options(&resolver->channel, &options, mask);
    if (status != ARES_SUCCESS) {
        resolver->channel = NULL;
        return status;
    }
    ares_set_socket_functions(resolver->channel, &socket_functions, resolver);
    return set_server(resolver);
}

enum vo_status vo_resolver_new(struct vo_loop *loop, const char *server, vo_time timeout,
                               struct vo_resolver **resolver, struct vo_error *error)
{
    struct vo_resolver *made = calloc(1, sizeof *made);
    *resolver = NULL;
    if (!made)
        return vo_error_memory(error, "a DNS resolver");
    made->loop = loop;
    made->timeout = timeout;
    made->timer = (struct vo_timer){.due = on_time, .context = made};
    if (strlen(server) >= sizeof made->name || !parse_server(server, &made->server)) {
        free(made);
        return vo_error_set(
            error, VO_ERR_USAGE,
            "DNS server %.80s: not an IP address; give one like 192.0.2.53, 192.0.2.53:5353 or "
            "[2001:db8::53]:53",
            server);
    }
    memcpy(made->name, server, strlen(server) + 1);
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status == ARES_SUCCESS)
        status = open_channel(made);
    if (status != ARES_SUCCESS) {
        destroy(made);
        return vo_error_set(error, status == ARES_ENOMEM ? VO_ERR_MEMORY : VO_ERR_IO, "DNS server %s: %s",
                            server, ares_strerror(status));
    }
    *resolver = made;
    return VO_OK;
}

void vo_resolver_free(struct vo_resolver *resolver)
{
    if (!resolver || resolver->freed)
        return;
    resolver->freed = true;
    for (struct query *query = resolver->pending, *next; query; query = next) {
        next = query->next;
        forget(query);
        if (!query->with_cares)
            free(query);
    }
    if (!resolver->busy)
        destroy(resolver);
}

const char *vo_resolver_name(const struct vo_resolver *resolver)
{
    return resolver->name;
}

size_t vo_resolver_system(char (*servers)[VO_RESOLVER_TEXT], size_t room)
{
    FILE *file = fopen("/etc/resolv.conf", "re");
    char line[512], word[16], server[VO_RESOLVER_TEXT];
    size_t count = 0;
    struct sockaddr_storage ignored;
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%15s %63s", word, server) != 2 || strcmp(word, "nameserver") != 0 ||
            !vo_sockaddr_parse(server, PORT, &ignored))
            continue;
        if (count < room)
            memcpy(servers[count], server, sizeof server);
        count++;
    }
    if (file)
        fclose(file);
    return count;
}
