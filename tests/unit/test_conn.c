/* TCP connections against peers that behave, and peers that do not. */
#include "probes/io/conn.h"

#include "tests/unit/net_scene.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

static struct vo_loop *loop;

/* --- the peer: a listener on the same loop --- */

enum manner { HOLD, CLOSE, RESET, FLOOD, DRIP, SINK, SAY_AND_CLOSE };
static struct peer {
    enum manner manner;
    struct vo_watch listener, stream;
    struct vo_timer drip;
    struct sockaddr_storage at;
    size_t said, say; /* bytes: said so far, to say at most */
    size_t taken;
} peer;

static void peer_close(void)
{
    vo_loop_unwatch(loop, &peer.stream);
    vo_loop_cancel(loop, &peer.drip);
    if (peer.stream.fd > 0)
        close(peer.stream.fd);
    peer.stream.fd = 0;
}

static void peer_reset(void)
{
    struct linger now = {1, 0};
    setsockopt(peer.stream.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    peer_close();
}

static void peer_ready(void *context, uint32_t events)
{
    static const char chunk[8192] = {'b', 'l', 'a'};
    static char taken[65536];
    (void)context;
    if (events & EPOLLOUT) {
        size_t left = peer.say - peer.said;
        ssize_t size = send(peer.stream.fd, chunk, left < sizeof chunk ? left : sizeof chunk, MSG_NOSIGNAL);
        if (size > 0)
            peer.said += (size_t)size;
        if (size < 0 || peer.said == peer.say)
            peer_close();
        return;
    }
    ssize_t size = recv(peer.stream.fd, taken, sizeof taken, 0);
    if (size > 0)
        peer.taken += (size_t)size;
    else
        peer_close();
}

static void peer_drip(void *context)
{
    (void)context;
    if (send(peer.stream.fd, "\x16", 1, MSG_NOSIGNAL) == 1) /* begins like a TLS handshake record */
        vo_loop_set(loop, &peer.drip, vo_clock_monotonic() + 10 * VO_NS_PER_MS);
}

static void peer_accept(void *context, uint32_t events)
{
    (void)context, (void)events;
    peer.stream.fd = accept4(peer.listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(peer.stream.fd >= 0);
    if (peer.manner == CLOSE)
        peer_close();
    else if (peer.manner == RESET)
        peer_reset();
    else if (peer.manner == DRIP)
        peer_drip(NULL);
    else if (peer.manner == FLOOD || peer.manner == SAY_AND_CLOSE)
        vo_loop_watch(loop, &peer.stream, EPOLLOUT, NULL);
    else if (peer.manner == SINK)
        vo_loop_watch(loop, &peer.stream, EPOLLIN, NULL);
}

/* A port of loopback; `backlog` below 0: bound, but nobody listens. */
static int port_open(const char *address, int backlog, struct sockaddr_storage *at)
{
    socklen_t size = sizeof *at;
    assert_true(vo_sockaddr_parse(address, 0, at));
    int fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)at, vo_sockaddr_size(at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &size), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static void peer_open(enum manner manner, size_t say)
{
    peer.manner = manner;
    peer.say = say;
    peer.listener = (struct vo_watch){.ready = peer_accept, .fd = port_open("127.0.0.1", 16, &peer.at)};
    peer.stream.ready = peer_ready;
    peer.drip.due = peer_drip;
    assert_int_equal(vo_loop_watch(loop, &peer.listener, EPOLLIN, NULL), VO_OK);
}

/* --- ours --- */

static struct ours {
    struct vo_conn *conn;
    unsigned opened, ended;
    size_t received;
    enum vo_conn_end end;
    char first[16];
    bool close_when_opened, close_when_received, close_when_ended, stay;
    const char *say; /* once it is open */
} ours;

static void close_ours(void)
{
    vo_conn_close(ours.conn);
    ours.conn = NULL;
    vo_loop_quit(loop);
}
static void on_opened(void *context)
{
    assert_ptr_equal(context, &ours);
    ours.opened++;
    if (ours.say)
        assert_true(vo_conn_send(ours.conn, ours.say, strlen(ours.say)));
    if (ours.close_when_opened)
        close_ours();
    else if (!ours.stay)
        vo_loop_quit(loop);
}
static void on_received(void *context, const uint8_t *data, size_t size)
{
    assert_ptr_equal(context, &ours);
    assert_int_not_equal(size, 0);
    for (size_t i = 0; i < size && ours.received + i < sizeof ours.first - 1; i++)
        ours.first[ours.received + i] = (char)data[i];
    ours.received += size;
    if (ours.close_when_received)
        close_ours();
}
static void on_ended(void *context, enum vo_conn_end end)
{
    assert_ptr_equal(context, &ours);
    ours.ended++;
    ours.end = end;
    assert_int_equal(vo_conn_result(ours.conn)->end, end);
    if (ours.close_when_ended)
        close_ours();
    vo_loop_quit(loop);
}

static struct vo_conn_config config_to(const struct sockaddr_storage *to, int timeout_ms)
{
    return (struct vo_conn_config){.to = *to,
                                   .timeout = timeout_ms * VO_NS_PER_MS,
                                   .context = &ours,
                                   .opened = on_opened,
                                   .received = on_received,
                                   .ended = on_ended};
}
static void open_ours(const struct vo_conn_config *config)
{
    struct vo_error error;
    unsigned before = ours.opened + ours.ended;
    assert_int_equal(vo_conn_open(loop, config, &ours.conn, &error), VO_OK);
    assert_int_equal(ours.opened + ours.ended, before); /* never before it returns */
}
static void quit_loop(void *context)
{
    (void)context;
    vo_loop_quit(loop);
}
static void run_for(int ms)
{
    struct vo_timer limit = {.due = quit_loop};
    assert_true(vo_loop_set(loop, &limit, vo_clock_monotonic() + ms * VO_NS_PER_MS));
    assert_int_equal(vo_loop_run(loop, NULL, NULL), VO_OK);
    vo_loop_cancel(loop, &limit);
}
static void run_until_ended(int ms)
{
    vo_time until = vo_clock_monotonic() + ms * VO_NS_PER_MS;
    while (!ours.ended && ours.conn && vo_clock_monotonic() < until)
        run_for(ms);
}
static const struct vo_conn_result *result(void)
{
    return vo_conn_result(ours.conn);
}
static const char *state_of_ours(void)
{
    return result()->state ? result()->state : "(none)";
}

static int make(void **state)
{
    (void)state;
    memset(&ours, 0, sizeof ours);
    memset(&peer, 0, sizeof peer);
    return vo_loop_new(&loop, NULL) == VO_OK ? 0 : -1;
}
static int unmake(void **state)
{
    (void)state;
    vo_conn_close(ours.conn);
    if (peer.listener.fd > 0) {
        peer_close();
        vo_loop_unwatch(loop, &peer.listener);
        close(peer.listener.fd);
    }
    vo_loop_free(loop);
    scene_leave();
    return 0;
}

/* --- answers to the SYN --- */

static void a_listener_is_open(void **state)
{
    (void)state;
    peer_open(HOLD, 0);
    struct vo_conn_config config = config_to(&peer.at, 2000);
    vo_time before = vo_clock_monotonic();
    open_ours(&config);
    run_for(2000);
    assert_int_equal(ours.opened, 1);
    assert_int_equal(ours.ended, 0);
    assert_string_equal(state_of_ours(), "open");
    assert_true(result()->began >= before && result()->connected >= result()->began);
    assert_int_equal(result()->secured, 0);
    assert_null(result()->tls);
    assert_true(vo_sockaddr_same_host(&result()->local, &peer.at));
    assert_int_not_equal(vo_sockaddr_port(&result()->local), 0);
    run_for(50); /* the time-out is over with the opening */
    assert_int_equal(ours.ended, 0);
}

static void rst_is_closed(void **state)
{
    (void)state;
    static const char *const families[] = {"127.0.0.1", "::1"};
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_storage at;
        int fd = port_open(families[i], -1, &at);
        struct vo_conn_config config = config_to(&at, 2000);
        open_ours(&config);
        run_until_ended(2000);
        assert_int_equal(ours.end, VO_CONN_UNREACHABLE);
        assert_string_equal(state_of_ours(), "closed");
        assert_false(result()->icmp.known);
        assert_int_equal(result()->connected, 0);
        assert_string_equal(result()->text, "RST: nothing listens on that port, or a firewall says so");
        assert_false(vo_conn_send(ours.conn, "x", 1));
        close_ours();
        close(fd);
        ours.ended = 0;
    }
}

/* A queue of one that nobody empties: Linux drops further SYNs, and the client hears nothing. */
static void a_full_backlog_is_filtered(void **state)
{
    (void)state;
    struct sockaddr_storage at;
    int listener = port_open("127.0.0.1", 0, &at), fillers[4];
    for (size_t i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(fillers[i], (struct sockaddr *)&at, vo_sockaddr_size(&at));
    }
    struct vo_conn_config config = config_to(&at, 200);
    vo_time before = vo_clock_monotonic();
    open_ours(&config);
    run_until_ended(3000);
    vo_time took = vo_clock_monotonic() - before;
    assert_int_equal(ours.end, VO_CONN_TIMEOUT);
    assert_string_equal(state_of_ours(), "filtered");
    assert_string_equal(result()->text, "nothing came back within 0.2 s");
    assert_true(took >= 200 * VO_NS_PER_MS && took < 700 * VO_NS_PER_MS);
    for (size_t i = 0; i < 4; i++)
        close(fillers[i]);
    close(listener);
}

/* TCP may connect to itself, when the port it calls from is the port it calls. */
static void a_connection_to_itself_is_not_open(void **state)
{
    (void)state;
    struct sockaddr_storage at;
    close(port_open("127.0.0.1", -1, &at));
    struct vo_conn_config config = config_to(&at, 2000);
    config.local_port = vo_sockaddr_port(&at);
    open_ours(&config);
    run_until_ended(2000);
    assert_int_equal(ours.opened, 0);
    assert_string_equal(state_of_ours(), "closed");
}

static void the_local_port_is_the_one_asked_for(void **state)
{
    (void)state;
    struct sockaddr_storage own;
    close(port_open("127.0.0.1", -1, &own));
    peer_open(HOLD, 0);
    struct vo_conn_config config = config_to(&peer.at, 2000);
    config.local_port = vo_sockaddr_port(&own);
    open_ours(&config);
    run_for(2000);
    assert_int_equal(vo_sockaddr_port(&result()->local), config.local_port);

    struct ours first = ours; /* the same again, while the first is open: the system has no such address */
    open_ours(&config);
    run_until_ended(2000);
    assert_int_equal(ours.end, VO_CONN_LOCAL);
    assert_null(result()->state);
    char address[VO_SOCKADDR_TEXT], expected[200];
    snprintf(expected, sizeof expected,
             "%s: local port %u is in use: end the program that has it (ss -anp shows it)",
             vo_sockaddr_format(&peer.at, address), config.local_port);
    assert_string_equal(result()->text, expected);
    vo_conn_close(first.conn);
}

static void too_many_open_files_say_what_to_do(void **state)
{
    (void)state;
    struct rlimit old, few;
    struct sockaddr_storage to;
    vo_sockaddr_parse("127.0.0.1", 9, &to);
    struct vo_conn_config config = config_to(&to, 2000);
    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    few.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &few);
    open_ours(&config);
    run_until_ended(2000);
    char text[200];
    snprintf(text, sizeof text, "%s", result()->text);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(ours.end, VO_CONN_LOCAL);
    assert_string_equal(
        text, "127.0.0.1:9: too many open files (this process may have 3): raise the limit, ulimit -n "
              "12");
}

/* --- the peer's manners --- */

static void a_peer_that_closes(void **state)
{
    (void)state;
    peer_open(SAY_AND_CLOSE, 3);
    ours.stay = true;
    struct vo_conn_config config = config_to(&peer.at, 2000);
    open_ours(&config);
    run_until_ended(2000);
    assert_int_equal(ours.opened, 1);
    assert_int_equal(ours.end, VO_CONN_PEER_CLOSED);
    assert_string_equal(ours.first, "bla");
    assert_string_equal(state_of_ours(), "open");
}

static void a_peer_that_resets(void **state)
{
    (void)state;
    peer_open(RESET, 0);
    ours.stay = true;
    struct vo_conn_config config = config_to(&peer.at, 2000);
    open_ours(&config);
    run_until_ended(2000);
    assert_int_equal(ours.end, VO_CONN_RESET);
    assert_string_equal(state_of_ours(), "open");
    assert_true(result()->connected > 0);
}

static void a_flood_is_cut_at_the_limit(void **state)
{
    (void)state;
    peer_open(FLOOD, SIZE_MAX);
    ours.stay = true;
    struct vo_conn_config config = config_to(&peer.at, 2000);
    config.limit = 100000;
    open_ours(&config);
    run_until_ended(5000);
    assert_int_equal(ours.end, VO_CONN_FLOODED);
    assert_int_equal(ours.received, 100000);
    assert_string_equal(result()->text, "the peer sent more than 100000 bytes: closed");
}

static void a_peer_that_sends_just_the_limit_is_no_flood(void **state)
{
    (void)state;
    peer_open(SAY_AND_CLOSE, 1024 * 1024); /* the default limit */
    ours.stay = true;
    struct vo_conn_config config = config_to(&peer.at, 2000);
    open_ours(&config);
    run_until_ended(5000);
    assert_int_equal(ours.end, VO_CONN_PEER_CLOSED);
    assert_int_equal(ours.received, 1024 * 1024);
}

static void the_largest_limit_is_no_limit(void **state)
{
    (void)state;
    peer_open(SAY_AND_CLOSE, 3 * 1024 * 1024);
    ours.stay = true;
    struct vo_conn_config config = config_to(&peer.at, 2000);
    config.limit = SIZE_MAX;
    open_ours(&config);
    run_until_ended(5000);
    assert_int_equal(ours.end, VO_CONN_PEER_CLOSED);
    assert_int_equal(ours.received, 3 * 1024 * 1024);
}

/* --- sending --- */

static void what_is_sent_before_it_is_open_arrives(void **state)
{
    (void)state;
    peer_open(SINK, 0);
    struct vo_conn_config config = config_to(&peer.at, 2000);
    open_ours(&config);
    assert_true(vo_conn_send(ours.conn, "early", 5));
    run_for(2000);
    run_for(100);
    assert_int_equal(peer.taken, 5);
}

static void a_mebibyte_may_wait_and_all_of_it_arrives(void **state)
{
    (void)state;
    static uint8_t data[1024 * 1024];
    peer_open(HOLD, 0);
    struct vo_conn_config config = config_to(&peer.at, 2000);
    open_ours(&config);
    run_for(2000);
    size_t sent = 0;
    while (vo_conn_send(ours.conn, data, 65536)) /* until the system's buffers and ours are full */
        sent += 65536;
    assert_true(sent > sizeof data - 65536 && sent < 64 * sizeof data);
    assert_false(vo_conn_send(ours.conn, data, sizeof data));
    peer.manner = SINK;
    assert_int_equal(vo_loop_watch(loop, &peer.stream, EPOLLIN, NULL), VO_OK);
    for (int i = 0; i < 50 && peer.taken < sent; i++)
        run_for(100);
    assert_int_equal(peer.taken, sent);
    assert_int_equal(ours.ended, 0);
}

static void sending_into_a_reset_ends_once(void **state)
{
    (void)state;
    peer_open(HOLD, 0);
    struct vo_conn_config config = config_to(&peer.at, 2000);
    open_ours(&config);
    run_for(2000);
    run_for(20);
    peer_reset();
    vo_conn_send(ours.conn, "x", 1); /* the system tells of the reset here; `ended` comes by the loop */
    vo_conn_send(ours.conn, "x", 1);
    assert_int_equal(ours.ended, 0);
    run_until_ended(2000);
    assert_int_equal(ours.end, VO_CONN_RESET);
    run_for(50);
    assert_int_equal(ours.ended, 1);
}

static void every_callback_may_close(void **state)
{
    (void)state;
    static const enum manner manners[] = {SAY_AND_CLOSE, FLOOD, RESET};
    for (size_t i = 0; i < 3; i++) {
        memset(&ours, 0, sizeof ours);
        ours.stay = true;
        ours.close_when_opened = i == 0;
        ours.close_when_received = i == 1;
        ours.close_when_ended = i == 2;
        peer_open(manners[i], 1 << 20);
        struct vo_conn_config config = config_to(&peer.at, 2000);
        open_ours(&config);
        run_until_ended(2000);
        assert_null(ours.conn);
        assert_int_equal(ours.ended, i == 2);
        peer_close();
        vo_loop_unwatch(loop, &peer.listener);
        close(peer.listener.fd);
        memset(&peer, 0, sizeof peer);
    }
    vo_conn_close(NULL);
}

/* --- many --- */

#define MANY 1000
#define LATE 400
static unsigned many_opened, many_ended;
static void many_on_opened(void *context)
{
    (void)context;
    if (++many_opened == MANY)
        vo_loop_quit(loop);
}
static void many_on_ended(void *context, enum vo_conn_end end)
{
    (void)context, (void)end;
    many_ended++;
}
static void a_thousand_at_once(void **state)
{
    (void)state;
    static struct vo_conn *conns[MANY];
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < MANY + 64) {
        print_message("skipped: this system allows fewer than %d open files\n", MANY + 64);
        skip();
    }
    struct sockaddr_storage at;
    int listener = port_open("127.0.0.1", 2 * MANY, &at);
    struct vo_conn_config config = config_to(&at, 10000);
    config.opened = many_on_opened;
    config.ended = many_on_ended;
    many_opened = many_ended = 0;
    vo_time before = vo_clock_monotonic();
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(vo_conn_open(loop, &config, &conns[i], NULL), VO_OK);
    run_for(10000);
    vo_time took = vo_clock_monotonic() - before;
    assert_int_equal(many_opened, MANY);
    assert_int_equal(many_ended, 0);
    print_message("1000 connections in %.1f ms\n", (double)took / (double)VO_NS_PER_MS);
    for (size_t i = 0; i < MANY; i++)
        vo_conn_close(conns[i]);
    close(listener);
}

/* The host slept through the time-out, while the answers lay there: more of them than a round of the loop
 * takes. */
static void answers_seen_late_are_answers(void **state)
{
    (void)state;
    static struct vo_conn *conns[LATE];
    struct sockaddr_storage at;
    int listener = port_open("127.0.0.1", 2 * LATE, &at);
    struct vo_conn_config config = config_to(&at, 20);
    config.opened = many_on_opened;
    config.ended = many_on_ended;
    many_opened = many_ended = 0;
    for (size_t i = 0; i < LATE; i++)
        assert_int_equal(vo_conn_open(loop, &config, &conns[i], NULL), VO_OK);
    struct timespec nap = {0, 60000000};
    nanosleep(&nap, NULL);
    run_for(300);
    assert_int_equal(many_opened, LATE);
    assert_int_equal(many_ended, 0);
    for (size_t i = 0; i < LATE; i++)
        vo_conn_close(conns[i]);
    close(listener);
}

/* --- firewalls --- */

struct answer {
    const char *rule, *to;
    enum vo_conn_end end;
    const char *state, *text;
};

static void check_answer(const struct answer *row)
{
    struct sockaddr_storage to;
    vo_sockaddr_parse(row->to, 9, &to);
    /* The first IPv6 packet waits a second for the router's own addresses (RFC 4862 5.4). */
    struct vo_conn_config config = config_to(&to, row->end == VO_CONN_TIMEOUT ? 600 : 4000);
    memset(&ours, 0, sizeof ours);
    open_ours(&config);
    run_until_ended(5000);
    if (ours.end != row->end || strcmp(state_of_ours(), row->state) != 0 ||
        strcmp(result()->text, row->text) != 0)
        fail_msg("%s, %s: end %d, %s, \"%s\"", row->rule, row->to, ours.end, state_of_ours(), result()->text);
    close_ours();
}

#define R4 " from 10.9.1.1"
#define R6 " from fd09:1::1"

static void routers_that_reject_are_named(void **state)
{
    (void)state;
    static const struct answer rows[] = {
        {"icmp type net-unreachable", "10.9.2.2", VO_CONN_UNREACHABLE, "rejected",
         "ICMP 3/0 (network unreachable)" R4},
        {"icmp type host-unreachable", "10.9.2.2", VO_CONN_UNREACHABLE, "rejected",
         "ICMP 3/1 (host unreachable)" R4},
        {"icmp type prot-unreachable", "10.9.2.2", VO_CONN_UNREACHABLE, "rejected",
         "ICMP 3/2 (protocol unreachable)" R4},
        {"icmp type port-unreachable", "10.9.2.2", VO_CONN_UNREACHABLE, "rejected",
         "ICMP 3/3 (port unreachable)" R4},
        {"icmp type net-prohibited", "10.9.2.2", VO_CONN_UNREACHABLE, "rejected",
         "ICMP 3/9 (network administratively prohibited)" R4},
        {"icmp type host-prohibited", "10.9.2.2", VO_CONN_UNREACHABLE, "rejected",
         "ICMP 3/10 (host administratively prohibited)" R4},
        {"icmp type admin-prohibited", "10.9.2.2", VO_CONN_UNREACHABLE, "rejected",
         "ICMP 3/13 (communication administratively prohibited)" R4},
        {"icmpv6 type no-route", "fd09:2::2", VO_CONN_UNREACHABLE, "rejected",
         "ICMPv6 1/0 (no route to destination)" R6},
        {"icmpv6 type admin-prohibited", "fd09:2::2", VO_CONN_UNREACHABLE, "rejected",
         "ICMPv6 1/1 (communication administratively prohibited)" R6},
        {"icmpv6 type addr-unreachable", "fd09:2::2", VO_CONN_UNREACHABLE, "rejected",
         "ICMPv6 1/3 (address unreachable)" R6},
        {"icmpv6 type port-unreachable", "fd09:2::2", VO_CONN_UNREACHABLE, "rejected",
         "ICMPv6 1/4 (port unreachable)" R6},
        {"icmpv6 type policy-fail", "fd09:2::2", VO_CONN_UNREACHABLE, "rejected",
         "ICMPv6 1/5 (source address failed policy)" R6},
        {"icmpv6 type reject-route", "fd09:2::2", VO_CONN_UNREACHABLE, "rejected",
         "ICMPv6 1/6 (reject route to destination)" R6},
        {"tcp reset", "10.9.2.2", VO_CONN_UNREACHABLE, "closed",
         "RST: nothing listens on that port, or a firewall says so"},
        {"tcp reset", "fd09:2::2", VO_CONN_UNREACHABLE, "closed",
         "RST: nothing listens on that port, or a firewall says so"},
    };
    scene_enter();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char rule[100];
        snprintf(rule, sizeof rule, "tcp dport 9 reject with %s", rows[i].rule);
        scene_rule(scene.router, "forward", rule);
        check_answer(&rows[i]);
    }
}

static void targets_that_refuse_are_closed(void **state)
{
    (void)state;
    static const struct answer rows[] = {
        {"accept", "10.9.2.2", VO_CONN_UNREACHABLE, "closed",
         "RST: nothing listens on that port, or a firewall says so"},
        {"tcp dport 9 reject with icmpx port-unreachable", "10.9.2.2", VO_CONN_UNREACHABLE, "closed",
         "ICMP 3/3 (port unreachable) from 10.9.2.2"},
        {"tcp dport 9 reject with icmpx port-unreachable", "fd09:2::2", VO_CONN_UNREACHABLE, "closed",
         "ICMPv6 1/4 (port unreachable) from fd09:2::2"},
        {"tcp dport 9 reject with icmpx admin-prohibited", "10.9.2.2", VO_CONN_UNREACHABLE, "rejected",
         "ICMP 3/13 (communication administratively prohibited) from 10.9.2.2"},
        {"tcp dport 9 drop", "10.9.2.2", VO_CONN_TIMEOUT, "filtered", "nothing came back within 0.6 s"},
        {"tcp dport 9 drop", "fd09:2::2", VO_CONN_TIMEOUT, "filtered", "nothing came back within 0.6 s"},
    };
    scene_enter();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_rule(scene.target, "input", rows[i].rule);
        check_answer(&rows[i]);
    }
}

static void this_hosts_own_refusals_are_told_as_such(void **state)
{
    (void)state;
    static const struct answer rows[] = {
        {"no default route", "192.0.2.1", VO_CONN_LOCAL, "(none)",
         "192.0.2.1:9: no route to it: check this host's addresses and default route of that family"},
        {"no default route", "2001:db8::1", VO_CONN_LOCAL, "(none)",
         "[2001:db8::1]:9: no route to it: check this host's addresses and default route of that family"},
        {"prohibit", "10.9.3.1", VO_CONN_LOCAL, "(none)",
         "10.9.3.1:9: this host forbids it: a route of type prohibit, or a local port below 1024 without "
         "CAP_NET_BIND_SERVICE"},
        {"unreachable", "10.9.4.1", VO_CONN_LOCAL, "(none)",
         "10.9.4.1:9: no route to it: a route of this host says unreachable"},
        {"blackhole", "10.9.5.1", VO_CONN_LOCAL, "(none)",
         "10.9.5.1:9: a route of this host discards it, or a link-local address lacks its interface (%eth0)"},
    };
    scene_enter();
    scene_run("ip route del default && ip -6 route del default && ip route add prohibit 10.9.3.0/24 && "
              "ip route add unreachable 10.9.4.0/24 && ip route add blackhole 10.9.5.0/24");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_answer(&rows[i]);
    scene_rule(getpid(), "output", "tcp dport 9 reject");
    check_answer(
        &(struct answer){"own firewall", "10.9.1.1", VO_CONN_UNREACHABLE, "rejected",
                         "ICMP 3/3 (port unreachable) from 10.9.1.2 (this host: nobody on its network has "
                         "that address, or its firewall rejects)"});
}

/* A loop of two routers: the packet dies of age on the way, and no host ever refused it. */
static void a_routing_loop_is_rejected_by_the_router_that_says_so(void **state)
{
    (void)state;
    struct sockaddr_storage to;
    scene_enter();
    scene_run("nsenter --net=/proc/%d/ns/net ip route add 198.51.100.0/24 via 10.9.2.2", scene.router);
    scene_run("nsenter --net=/proc/%d/ns/net sysctl -qw net.ipv4.ip_forward=1", scene.target);
    vo_sockaddr_parse("198.51.100.1", 9, &to);
    struct vo_conn_config config = config_to(&to, 3000);
    open_ours(&config);
    run_until_ended(4000);
    assert_string_equal(state_of_ours(), "rejected");
    assert_int_equal(result()->icmp.type, 11);
}

/* An ICMP error about an open connection, true or forged, does not end it. */
static void an_open_connection_survives_icmp_errors(void **state)
{
    (void)state;
    scene_enter();
    struct sockaddr_storage to;
    pid_t pid = fork();
    if (pid == 0) { /* a listener over there, for as long as the test wants it */
        char path[64];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(path, sizeof path, "/proc/%d/ns/net", (int)scene.target);
        int there = open(path, O_RDONLY | O_CLOEXEC);
        if (setns(there, CLONE_NEWNET) != 0)
            _exit(1);
        vo_sockaddr_parse("10.9.2.2", 9, &to);
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&to, vo_sockaddr_size(&to)) != 0 || listen(fd, 4) != 0)
            _exit(2);
        for (;;)
            pause();
    }
    struct timespec nap = {0, 100000000};
    nanosleep(&nap, NULL);
    vo_sockaddr_parse("10.9.2.2", 9, &to);
    struct vo_conn_config config = config_to(&to, 3000);
    open_ours(&config);
    run_for(3000);
    assert_int_equal(ours.opened, 1);
    scene_rule(scene.router, "forward", "tcp dport 9 reject with icmp type admin-prohibited");
    assert_true(vo_conn_send(ours.conn, "hello", 5));
    run_for(300);
    assert_int_equal(ours.ended, 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        CASE(a_listener_is_open),
        CASE(rst_is_closed),
        CASE(a_full_backlog_is_filtered),
        CASE(a_connection_to_itself_is_not_open),
        CASE(the_local_port_is_the_one_asked_for),
        CASE(too_many_open_files_say_what_to_do),
        CASE(a_peer_that_closes),
        CASE(a_peer_that_resets),
        CASE(a_flood_is_cut_at_the_limit),
        CASE(a_peer_that_sends_just_the_limit_is_no_flood),
        CASE(the_largest_limit_is_no_limit),
        CASE(what_is_sent_before_it_is_open_arrives),
        CASE(a_mebibyte_may_wait_and_all_of_it_arrives),
        CASE(sending_into_a_reset_ends_once),
        CASE(every_callback_may_close),
        CASE(a_thousand_at_once),
        CASE(answers_seen_late_are_answers),
        CASE(routers_that_reject_are_named),
        CASE(targets_that_refuse_are_closed),
        CASE(this_hosts_own_refusals_are_told_as_such),
        CASE(a_routing_loop_is_rejected_by_the_router_that_says_so),
        CASE(an_open_connection_survives_icmp_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
