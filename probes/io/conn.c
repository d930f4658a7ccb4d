/*
 * How Linux tells of a failed connect (found by experiment, tests/unit/test_conn.c): a RST gives ECONNREFUSED
 * and an empty error queue; an ICMP error gives its errno and, with IP_RECVERR, an entry that names type,
 * code and sender. An ICMP error that comes while the system still holds the socket in connect(2), as it does
 * on loopback and fast links, is only noted: the entry is there at once (EPOLLERR without EPOLLHUP), the
 * socket goes on trying. So the entry decides, and not the end of the socket. Kernels that queue nothing for
 * TCP leave the errno.
 */
#include "probes/io/conn.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LIMIT_DEFAULT ((size_t)1024 * 1024)
#define OUT_MAX       ((size_t)1024 * 1024)
#define READ_SIZE     16384u
#define READS         4 /* a round; others want their turn */

struct vo_conn {
    struct vo_loop *loop;
    struct vo_conn_config config;
    struct vo_conn_result result;
    struct vo_watch watch;
    struct vo_timer timer;
    struct vo_tls_config *tls_config; /* NULL: plain */
    struct vo_tls_client *tls;
    uint8_t *out; /* plaintext that waits: for the peer to take it, or for TLS to be open */
    size_t out_at, out_size, out_room;
    size_t taken;      /* bytes from the peer */
    uint32_t events;   /* watched for */
    int write_error;   /* errno values; 0: none */
    int connect_error; /* the system tells it once */
    bool connected, opened, ended;
    bool busy;   /* within a callback of the loop */
    bool closed; /* by the user, meanwhile */
};

static void destroy(struct vo_conn *conn)
{
    vo_loop_unwatch(conn->loop, &conn->watch);
    vo_loop_cancel(conn->loop, &conn->timer);
    if (conn->watch.fd >= 0)
        close(conn->watch.fd);
    vo_tls_client_free(conn->tls);
    free(conn->tls_config);
    free(conn->out);
    free(conn);
}

/* Nothing more will come of the connection; its result stays. */
__attribute__((format(printf, 3, 4))) static void end(struct vo_conn *conn, enum vo_conn_end why,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(conn->result.text, sizeof conn->result.text, format, arguments);
    va_end(arguments);
    conn->ended = true;
    conn->result.end = why;
    vo_loop_unwatch(conn->loop, &conn->watch);
    vo_loop_cancel(conn->loop, &conn->timer);
    if (conn->watch.fd >= 0)
        close(conn->watch.fd);
    conn->watch.fd = -1;
    conn->config.ended(conn->config.context, why);
}

static bool is_over(const struct vo_conn *conn)
{
    return conn->ended || conn->closed;
}

/* The attempt was answered by a refusal: an ICMP error, or RST if there is none. */
static void unreachable(struct vo_conn *conn, const char *state)
{
    char text[VO_ICMP_TEXT];
    const struct vo_icmp_error *icmp = &conn->result.icmp;
    bool own = icmp->has_offender && vo_sockaddr_same_host(&icmp->offender, &conn->result.local) &&
               !vo_sockaddr_same_host(&icmp->offender, &conn->config.to);
    conn->result.state = state;
    if (!icmp->known)
        end(conn, VO_CONN_UNREACHABLE, "RST: nothing listens on that port, or a firewall says so");
    else
        end(conn, VO_CONN_UNREACHABLE, "%s%s", vo_icmp_format(icmp, text),
            own ? " (this host: nobody on its network has that address, or its firewall rejects)" : "");
}

/* The attempt failed with `error`, and no ICMP error proves more. */
static void refused(struct vo_conn *conn, int error)
{
    char fault[sizeof conn->result.text];
    if (error == ECONNREFUSED) {
        conn->result.icmp = (struct vo_icmp_error){0};
        unreachable(conn, "closed");
    } else if (error == ETIMEDOUT) {
        conn->result.state = "filtered";
        end(conn, VO_CONN_TIMEOUT, "nothing came back until the system gave up");
    } else if (conn->result.icmp.known) { /* such as a loop of routers: time to live exceeded */
        unreachable(conn, "rejected");
    } else if (error == EHOSTUNREACH || error == ENETUNREACH || error == ENOPROTOOPT || error == EACCES) {
        conn->result.state = "rejected";
        end(conn, VO_CONN_UNREACHABLE, "an ICMP error, this system does not tell whose: %s", strerror(error));
    } else {
        vo_sockaddr_fault(error, &conn->config.to, conn->config.local_port, fault, sizeof fault);
        end(conn, VO_CONN_LOCAL, "%s", fault);
    }
}

/* Bytes that may go out now. */
static size_t unsent(const struct vo_conn *conn)
{
    size_t size = 0;
    if (conn->tls)
        vo_tls_client_output(conn->tls, &size);
    else if (!conn->tls_config)
        size = conn->out_size - conn->out_at;
    return size;
}

/* Nothing ends while the user sends: the timer tells, at once. */
static void fail_writing(struct vo_conn *conn, int error)
{
    conn->write_error = error;
    vo_loop_set(conn->loop, &conn->timer, 0);
}

/* How many bytes the peer took. */
static size_t push(struct vo_conn *conn, const uint8_t *data, size_t size)
{
    size_t sent = 0;
    while (sent < size && !conn->write_error) {
        ssize_t count = send(conn->watch.fd, data + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0)
            sent += (size_t)count;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            fail_writing(conn, errno);
    }
    return sent;
}

static void flush(struct vo_conn *conn)
{
    if (conn->tls) {
        size_t size;
        const uint8_t *data = vo_tls_client_output(conn->tls, &size);
        vo_tls_client_sent(conn->tls, push(conn, data, size));
    } else if (conn->connected && conn->out_size) {
        conn->out_at += push(conn, conn->out + conn->out_at, conn->out_size - conn->out_at);
        if (conn->out_at == conn->out_size)
            conn->out_at = conn->out_size = 0;
    }
}

/* Flushes, and has the loop tell when the peer takes more. */
static bool pump(struct vo_conn *conn, struct vo_error *error)
{
    flush(conn);
    uint32_t events = EPOLLIN;
    if (!conn->write_error && unsent(conn))
        events |= EPOLLOUT;
    if (events == conn->events)
        return true;
    conn->events = events;
    return vo_loop_watch(conn->loop, &conn->watch, events, error) == VO_OK;
}

static bool keep(struct vo_conn *conn, const uint8_t *data, size_t size)
{
    if (conn->out_at) {
        memmove(conn->out, conn->out + conn->out_at, conn->out_size - conn->out_at);
        conn->out_size -= conn->out_at;
        conn->out_at = 0;
    }
    if (conn->out_size + size > conn->out_room) {
        uint8_t *out = realloc(conn->out, conn->out_size + size);
        if (!out)
            return false;
        conn->out = out;
        conn->out_room = conn->out_size + size;
    }
    memcpy(conn->out + conn->out_size, data, size);
    conn->out_size += size;
    return true;
}

bool vo_conn_send(struct vo_conn *conn, const void *data, size_t size)
{
    size_t before = unsent(conn) + (conn->tls && !conn->opened ? conn->out_size : 0);
    bool early = conn->tls_config && !conn->opened; /* TLS takes it once it is open */
    if (is_over(conn) || conn->write_error || before > OUT_MAX || size > OUT_MAX - before)
        return false;
    if (conn->tls && !early) {
        if (!vo_tls_client_write(conn->tls, data, size))
            return false;
    } else {
        size_t sent = conn->connected && !early && !before ? push(conn, data, size) : 0;
        if (sent < size && !keep(conn, (const uint8_t *)data + sent, size - sent)) {
            fail_writing(conn, ENOMEM);
            return false;
        }
    }
    return !conn->connected || pump(conn, NULL);
}

static void opened(struct vo_conn *conn)
{
    conn->opened = true;
    vo_loop_cancel(conn->loop, &conn->timer);
    if (conn->tls && conn->out_size) {
        vo_tls_client_write(conn->tls, conn->out, conn->out_size);
        conn->out_size = 0;
    }
    if (conn->config.opened)
        conn->config.opened(conn->config.context);
}

static void deliver(struct vo_conn *conn, const uint8_t *data, size_t size)
{
    if (conn->config.received)
        conn->config.received(conn->config.context, data, size);
}

/* Ciphertext came, or (size 0) the peer closed. */
static void feed_tls(struct vo_conn *conn, const uint8_t *data, size_t size)
{
    uint8_t plain[READ_SIZE];
    enum vo_tls_phase phase = vo_tls_client_feed(conn->tls, data, size);
    if (!conn->opened && (phase == VO_TLS_OPEN || phase == VO_TLS_CLOSED)) {
        conn->result.secured = vo_clock_monotonic();
        opened(conn);
    }
    while (!is_over(conn) && (size = vo_tls_client_read(conn->tls, plain, sizeof plain)) > 0)
        deliver(conn, plain, size);
    if (is_over(conn))
        return;
    phase = conn->result.tls->phase;
    if (phase == VO_TLS_FAILED || phase == VO_TLS_CLOSED)
        flush(conn); /* an alert is owed to the peer */
    if (phase == VO_TLS_FAILED)
        end(conn, VO_CONN_TLS_FAILED, "%s", conn->result.tls->failure);
    else if (phase == VO_TLS_CLOSED)
        end(conn, VO_CONN_PEER_CLOSED, "the peer closed the connection");
}

/* The peer closed (0), or the system says what became of the connection. */
static void peer_gone(struct vo_conn *conn, int error)
{
    if (!error && conn->write_error == ECONNRESET)
        error = ECONNRESET;
    if (!error && conn->tls)
        feed_tls(conn, NULL, 0);
    if (is_over(conn))
        return;
    if (!error)
        end(conn, VO_CONN_PEER_CLOSED, "the peer closed the connection");
    else if (error == ECONNRESET || error == EPIPE)
        end(conn, VO_CONN_RESET, "the connection was reset%s",
            conn->tls && !conn->opened ? " during the TLS handshake" : "");
    else
        end(conn, VO_CONN_TIMEOUT, "the connection died: %s", strerror(error));
}

static void receive(struct vo_conn *conn)
{
    uint8_t data[READ_SIZE];
    for (int i = 0; i < READS && !is_over(conn); i++) {
        /* One byte more than allowed tells a flood from a peer that sends just as much and closes. */
        size_t left = conn->config.limit - conn->taken;
        ssize_t size = recv(conn->watch.fd, data, left < sizeof data ? left + 1 : sizeof data, MSG_DONTWAIT);
        if (size <= 0) {
            if (size < 0 && (errno == EAGAIN || errno == EINTR))
                return;
            peer_gone(conn, size < 0 ? errno : 0);
            return;
        }
        bool flood = (size_t)size > left;
        conn->taken += (size_t)size;
        size -= flood;
        if (conn->tls && size)
            feed_tls(conn, data, (size_t)size);
        else if (size)
            deliver(conn, data, (size_t)size);
        if (flood && !is_over(conn))
            end(conn, VO_CONN_FLOODED, "the peer sent more than %zu bytes: closed", conn->config.limit);
    }
}

static void start_tls(struct vo_conn *conn)
{
    struct vo_error error;
    if (vo_tls_client_new(conn->tls_config, &conn->tls, &error) != VO_OK) {
        end(conn, VO_CONN_LOCAL, "%s", error.message);
        return;
    }
    conn->result.tls = vo_tls_client_result(conn->tls);
}

/* SYN to SYN-ACK without the time until this process looked, which is long when it has much to do. The kernel
 * has no sample where the SYN was sent again (RFC 6298 3). */
static vo_time syn_time(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_total_retrans)
        return 0;
    return (vo_time)info.tcpi_rtt * 1000; /* of microseconds */
}

static void connected(struct vo_conn *conn)
{
    static const int on = 1, off = 0;
    bool v6 = conn->config.to.ss_family == AF_INET6;
    /* With it on, an ICMP error, forged or passing, would end an open connection (tcp(7)). */
    setsockopt(conn->watch.fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &off,
               sizeof off);
    setsockopt(conn->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    vo_icmp_drain(conn->watch.fd, &conn->result.icmp);
    conn->result.icmp = (struct vo_icmp_error){0}; /* of a former SYN; it does not matter any more */
    conn->connected = true;
    conn->result.connected = vo_clock_monotonic();
    conn->result.answered = syn_time(conn->watch.fd);
    conn->result.state = "open";
    if (conn->tls_config)
        start_tls(conn);
    else
        opened(conn);
}

/* A port of this host that nobody listens on may be the very one the system chose for us to call from: then
 * TCP connects to itself (RFC 9293 3.5, simultaneous open). */
static bool is_self(const struct vo_conn *conn)
{
    return vo_sockaddr_port(&conn->result.local) == vo_sockaddr_port(&conn->config.to) &&
           vo_sockaddr_same_host(&conn->result.local, &conn->config.to);
}

static void connecting(struct vo_conn *conn, uint32_t events)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer, error_size = sizeof(int);
    int error = 0;
    if ((events & EPOLLOUT) && getpeername(conn->watch.fd, (struct sockaddr *)&peer, &size) == 0) {
        if (is_self(conn))
            refused(conn, ECONNREFUSED);
        else
            connected(conn);
        return;
    }
    /* Before the queue is drained, which clears it. */
    getsockopt(conn->watch.fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error)
        conn->connect_error = error;
    vo_icmp_drain(conn->watch.fd, &conn->result.icmp);
    const char *state = vo_icmp_state(&conn->result.icmp, &conn->config.to);
    if (error == ECONNRESET || error == EPIPE) { /* it was open for a moment */
        conn->result.state = "open";
        conn->result.connected = vo_clock_monotonic();
        end(conn, VO_CONN_RESET, "the connection was reset as soon as it was open");
    } else if (state) {
        unreachable(conn, state);
    } else if (events & EPOLLHUP) {
        refused(conn, conn->connect_error ? conn->connect_error : ECONNABORTED);
    }
}

static void step(struct vo_conn *conn, uint32_t events)
{
    struct vo_error error;
    if (!conn->connected)
        connecting(conn, events);
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive(conn);
    if (!is_over(conn) && conn->connected && !pump(conn, &error))
        end(conn, VO_CONN_LOCAL, "%s", error.message);
}

static void leave(struct vo_conn *conn)
{
    conn->busy = false;
    if (conn->closed)
        destroy(conn);
}

static void ready(void *context, uint32_t events)
{
    struct vo_conn *conn = context;
    conn->busy = true;
    step(conn, events);
    leave(conn);
}

static void timed_out(struct vo_conn *conn)
{
    double seconds = (double)conn->config.timeout / (double)VO_NS_PER_S;
    if (conn->connected) {
        end(conn, VO_CONN_TIMEOUT, "TCP is open, but the TLS handshake was not over after %g s", seconds);
        return;
    }
    char text[VO_ICMP_TEXT];
    conn->result.state = "filtered";
    if (conn->result.icmp.known)
        end(conn, VO_CONN_TIMEOUT, "no answer within %g s, only %s", seconds,
            vo_icmp_format(&conn->result.icmp, text));
    else
        end(conn, VO_CONN_TIMEOUT, "nothing came back within %g s", seconds);
}

static void due(void *context)
{
    struct vo_conn *conn = context;
    conn->busy = true;
    if (conn->result.end == VO_CONN_LOCAL) { /* found while it was opened, told now */
        char text[sizeof conn->result.text];
        memcpy(text, conn->result.text, sizeof text);
        end(conn, VO_CONN_LOCAL, "%s", text);
    } else {
        /* A last look: when this host was late, the answer may lie there unseen. */
        struct pollfd last = {.fd = conn->watch.fd, .events = POLLIN | POLLOUT};
        if (poll(&last, 1, 0) > 0)
            step(conn, (uint32_t)last.revents); /* the bits are epoll's */
        if (!is_over(conn) && conn->write_error)
            peer_gone(conn, conn->write_error);
        else if (!is_over(conn) && !conn->opened)
            timed_out(conn);
    }
    leave(conn);
}

/* Makes the socket and lets it connect; an errno value if the system refuses. */
static int dial(struct vo_conn *conn)
{
    static const int on = 1;
    const struct vo_conn_config *config = &conn->config;
    bool v6 = config->to.ss_family == AF_INET6;
    int fd = socket(config->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    conn->watch.fd = fd;
    setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on);
    if (config->local_port) {
        struct sockaddr_storage any = vo_sockaddr_any(config->to.ss_family, config->local_port);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
                   sizeof on); /* a former connection may be in TIME-WAIT */
        if (bind(fd, (struct sockaddr *)&any, vo_sockaddr_size(&any)) < 0)
            return errno;
    }
    conn->result.began = vo_clock_monotonic();
    int failed = connect(fd, (const struct sockaddr *)&config->to, vo_sockaddr_size(&config->to));
    if (failed && errno != EINPROGRESS)
        return errno;
    socklen_t size = sizeof conn->result.local;
    getsockname(fd, (struct sockaddr *)&conn->result.local, &size);
    return 0;
}

static enum vo_status start(struct vo_conn *conn, struct vo_error *error)
{
    struct vo_error fault;
    conn->result.began = vo_clock_monotonic();
    int refusal = dial(conn);
    vo_time at = conn->result.began + conn->config.timeout;
    if (refusal) {
        vo_sockaddr_fault(refusal, &conn->config.to, conn->config.local_port, conn->result.text,
                          sizeof conn->result.text);
        conn->result.end = VO_CONN_LOCAL;
    } else if (vo_loop_watch(conn->loop, &conn->watch, EPOLLOUT, &fault) != VO_OK) {
        snprintf(conn->result.text, sizeof conn->result.text, "%.190s", fault.message);
        conn->result.end = VO_CONN_LOCAL;
    }
    if (conn->result.end == VO_CONN_LOCAL)
        at = 0;
    return vo_loop_set(conn->loop, &conn->timer, at) ? VO_OK : vo_error_memory(error, "a connection");
}

enum vo_status vo_conn_open(struct vo_loop *loop, const struct vo_conn_config *config, struct vo_conn **conn,
                            struct vo_error *error)
{
    struct vo_conn *made = calloc(1, sizeof *made);
    *conn = NULL;
    if (!made)
        return vo_error_memory(error, "a connection");
    made->loop = loop;
    made->config = *config;
    made->config.tls = NULL;
    if (!made->config.limit)
        made->config.limit = LIMIT_DEFAULT;
    made->events = EPOLLOUT;
    made->watch = (struct vo_watch){.ready = ready, .context = made, .fd = -1};
    made->timer = (struct vo_timer){.due = due, .context = made};
    enum vo_status status = VO_OK;
    if (config->tls) {
        made->tls_config = malloc(sizeof *made->tls_config);
        if (made->tls_config)
            *made->tls_config = *config->tls;
        else
            status = vo_error_memory(error, "a connection");
    }
    if (status == VO_OK)
        status = start(made, error);
    if (status != VO_OK) {
        destroy(made);
        return status;
    }
    *conn = made;
    return VO_OK;
}

const struct vo_conn_result *vo_conn_result(const struct vo_conn *conn)
{
    return &conn->result;
}

void vo_conn_close(struct vo_conn *conn)
{
    if (!conn || conn->closed)
        return;
    conn->closed = true;
    if (conn->tls && conn->opened && !conn->ended) {
        vo_tls_client_close(conn->tls);
        flush(conn);
    }
    vo_loop_unwatch(conn->loop, &conn->watch);
    vo_loop_cancel(conn->loop, &conn->timer);
    if (!conn->busy)
        destroy(conn);
}
