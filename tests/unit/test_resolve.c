/* DNS against a small server of the test's own, on loopback, that answers right, wrong, or not at all. */
#include "probes/io/resolve.h"
#include "probes/io/resolve_answer.h"
#include "probes/io/sockaddr.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* --- crafting messages --- */

struct message {
    uint8_t data[16384];
    size_t size;
};
static void put8(struct message *message, unsigned value)
{
    message->data[message->size++] = (uint8_t)value;
}
static void put16(struct message *message, unsigned value)
{
    put8(message, value >> 8);
    put8(message, value & 0xff);
}
static void put(struct message *message, const void *data, size_t size)
{
    memcpy(message->data + message->size, data, size);
    message->size += size;
}
static void put_name(struct message *message, const char *name)
{
    while (*name) {
        size_t size = strcspn(name, ".");
        put8(message, (unsigned)size);
        put(message, name, size);
        name += size + (name[size] == '.');
    }
    put8(message, 0);
}
/* The question's name as a pointer to it. */
#define QUESTION NULL
static void put_record(struct message *message, const char *owner, unsigned type, const void *data,
                       size_t size)
{
    if (owner == QUESTION)
        put16(message, 0xc00c);
    else
        put_name(message, owner);
    put16(message, type);
    put16(message, 1);
    put16(message, 0);
    put16(message, 60);
    put16(message, (unsigned)size);
    put(message, data, size);
}
static void put_alias(struct message *message, const char *owner, const char *target)
{
    struct message name = {.size = 0};
    put_name(&name, target);
    put_record(message, owner, 5, name.data, name.size);
}
static void set_counts(struct message *message, unsigned flags, unsigned answers)
{
    message->data[2] = (uint8_t)(flags >> 8);
    message->data[3] = (uint8_t)flags;
    message->data[6] = (uint8_t)(answers >> 8);
    message->data[7] = (uint8_t)answers;
}

/* --- the server --- */

static struct vo_loop *loop;
static struct {
    struct vo_watch udp, listener, stream;
    char name[VO_RESOLVER_TEXT];
    const char *manner;
    unsigned queries, tcp_queries;
} server;

static const uint8_t a1[] = {192, 0, 2, 1}, a2[] = {192, 0, 2, 2};
static const uint8_t aaaa[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};

static void answer_addresses(struct message *message)
{
    put_record(message, QUESTION, VO_DNS_A, a1, 4);
    put_record(message, QUESTION, VO_DNS_A, a2, 4);
    set_counts(message, 0x8180, 2);
}
static void answer_address6(struct message *message)
{
    put_record(message, QUESTION, VO_DNS_AAAA, aaaa, 16);
    set_counts(message, 0x8180, 1);
}
static void answer_service(struct message *message)
{
    struct message data = {.size = 0};
    put16(&data, 10);
    put16(&data, 60);
    put16(&data, 5061);
    put_name(&data, "sbc.example.org");
    put_record(message, QUESTION, VO_DNS_SRV, data.data, data.size);
    set_counts(message, 0x8180, 1);
}
static void answer_pointer(struct message *message)
{
    static const char texts[] =
        "\1S\10SIPS+D2T"; /* flags "S", services; the length of the latter is octal 10 */
    struct message data = {.size = 0};
    put16(&data, 50);
    put16(&data, 100);
    put(&data, texts, sizeof texts - 1);
    put8(&data, 0); /* no regexp */
    put_name(&data, "_sips._tcp.example.org");
    put_record(message, QUESTION, VO_DNS_NAPTR, data.data, data.size);
    set_counts(message, 0x8180, 1);
}
static void answer_no_such_name(struct message *message)
{
    set_counts(message, 0x8183, 0);
}
static void answer_empty(struct message *message)
{
    set_counts(message, 0x8180, 0);
}
static void answer_failure(struct message *message)
{
    set_counts(message, 0x8182, 0);
}
static void answer_refused(struct message *message)
{
    set_counts(message, 0x8185, 0);
}
static void answer_format_error(struct message *message)
{
    set_counts(message, 0x8181, 0);
}
static void
answer_garbage(struct message *message) /* the header's numbers lie: ten records, and none there */
{
    set_counts(message, 0x8180, 10);
    put16(message, 0xdead);
}
static void answer_other_question(struct message *message) /* which c-ares drops without a word */
{
    message->data[13] ^= 1;
    set_counts(message, 0x8180, 0);
}
static void answer_head_only(struct message *message)
{
    message->size = 5;
}
static void answer_wrong_id(struct message *message)
{
    message->data[0] ^= 0x55;
    answer_addresses(message);
}
static void answer_query(struct message *message) /* the query itself, sent back */
{
    (void)message;
}
static void answer_loop(struct message *message) /* an owner that points at itself */
{
    put16(message, 0xc000 | (unsigned)message->size);
    put16(message, VO_DNS_A);
    put(message, "\0\1\0\0\0\0\0\4\1\2\3\4", 12);
    set_counts(message, 0x8180, 1);
}
static void answer_sixty(struct message *message)
{
    for (unsigned i = 0; i < 60; i++) {
        uint8_t address[] = {192, 0, 2, (uint8_t)i};
        put_record(message, QUESTION, VO_DNS_A, address, 4);
    }
    set_counts(message, 0x8180, 60);
}
static void answer_other_family(struct message *message)
{
    put_record(message, QUESTION, VO_DNS_AAAA, aaaa, 16);
    set_counts(message, 0x8180, 1);
}
static void answer_short_address(struct message *message)
{
    put_record(message, QUESTION, VO_DNS_A, a1, 3);
    set_counts(message, 0x8180, 1);
}
static void answer_stranger(struct message *message) /* somebody else's address */
{
    put_record(message, "evil.example.net", VO_DNS_A, a1, 4);
    set_counts(message, 0x8180, 1);
}
static void answer_aliases(struct message *message) /* in disorder, and with other letters' case */
{
    put_record(message, "c.example.org", VO_DNS_A, a1, 4);
    put_alias(message, "B.example.org", "c.example.org");
    put_alias(message, QUESTION, "b.EXAMPLE.org");
    set_counts(message, 0x8180, 3);
}
static void answer_alias_loop(struct message *message)
{
    put_alias(message, QUESTION, "b.example.org");
    put_alias(message, "b.example.org", "sip.example.org");
    set_counts(message, 0x8180, 2);
}
static void answer_truncated(struct message *message)
{
    set_counts(message, 0x8380, 0);
}

static const struct manner {
    const char *name;
    void (*answer)(struct message *message); /* NULL: silence */
} manners[] = {
    {"addresses", answer_addresses},
    {"address6", answer_address6},
    {"service", answer_service},
    {"pointer", answer_pointer},
    {"no such name", answer_no_such_name},
    {"empty", answer_empty},
    {"failure", answer_failure},
    {"refused", answer_refused},
    {"format error", answer_format_error},
    {"garbage", answer_garbage},
    {"other question", answer_other_question},
    {"head only", answer_head_only},
    {"wrong id", answer_wrong_id},
    {"query", answer_query},
    {"loop", answer_loop},
    {"sixty", answer_sixty},
    {"other family", answer_other_family},
    {"short address", answer_short_address},
    {"stranger", answer_stranger},
    {"aliases", answer_aliases},
    {"alias loop", answer_alias_loop},
    {"truncated", answer_truncated},
    {"silence", NULL},
    {"late", NULL}, /* the first two queries */
};

static bool reply_to(struct message *message)
{
    for (size_t i = 0; i < sizeof manners / sizeof *manners; i++) {
        if (strcmp(manners[i].name, server.manner) != 0 || !manners[i].answer)
            continue;
        manners[i].answer(message);
        return true;
    }
    if (strcmp(server.manner, "late") != 0 || server.queries < 3)
        return false;
    answer_addresses(message);
    return true;
}

static void on_datagram(void *context, uint32_t events)
{
    struct message message;
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    (void)context, (void)events;
    ssize_t count = recvfrom(server.udp.fd, message.data, 512, 0, (struct sockaddr *)&from, &size);
    if (count < 0)
        return;
    message.size = (size_t)count;
    server.queries++;
    if (reply_to(&message))
        assert_true(sendto(server.udp.fd, message.data, message.size, 0, (struct sockaddr *)&from, size) > 0);
}
/* TCP always has the sixty. */
static void on_stream(void *context, uint32_t events)
{
    struct message message = {.size = 0}, framed = {.size = 0};
    uint8_t data[514];
    (void)context, (void)events;
    ssize_t size = recv(server.stream.fd, data, sizeof data, 0);
    if (size <= 2) {
        vo_loop_unwatch(loop, &server.stream);
        return;
    }
    server.tcp_queries++;
    put(&message, data + 2, (size_t)size - 2);
    answer_sixty(&message);
    put16(&framed, (unsigned)message.size);
    put(&framed, message.data, message.size);
    assert_int_equal(send(server.stream.fd, framed.data, framed.size, MSG_NOSIGNAL), framed.size);
}
static void on_accept(void *context, uint32_t events)
{
    (void)context, (void)events;
    server.stream.fd = accept4(server.listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_int_equal(vo_loop_watch(loop, &server.stream, EPOLLIN, NULL), VO_OK);
}

/* UDP and TCP on the same port; `tcp` false: nobody listens there. */
static void serve(const char *address, bool tcp)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    memset(&server, 0, sizeof server);
    assert_true(vo_sockaddr_parse(address, 0, &at));
    server.udp = (struct vo_watch){.ready = on_datagram,
                                   .fd = socket(at.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(server.udp.fd, (struct sockaddr *)&at, vo_sockaddr_size(&at)), 0);
    assert_int_equal(getsockname(server.udp.fd, (struct sockaddr *)&at, &size), 0);
    server.listener = (struct vo_watch){
        .ready = on_accept, .fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(server.listener.fd, (struct sockaddr *)&at, vo_sockaddr_size(&at)), 0);
    server.stream = (struct vo_watch){.ready = on_stream, .fd = -1};
    assert_int_equal(vo_loop_watch(loop, &server.udp, EPOLLIN, NULL), VO_OK);
    if (tcp) {
        assert_int_equal(listen(server.listener.fd, 4), 0);
        assert_int_equal(vo_loop_watch(loop, &server.listener, EPOLLIN, NULL), VO_OK);
    }
    char text[VO_SOCKADDR_TEXT];
    snprintf(server.name, sizeof server.name, "%.63s", vo_sockaddr_format(&at, text));
}
static void serve_no_more(void)
{
    if (server.udp.fd <= 0)
        return;
    vo_loop_unwatch(loop, &server.udp);
    vo_loop_unwatch(loop, &server.listener);
    vo_loop_unwatch(loop, &server.stream);
    close(server.udp.fd);
    close(server.listener.fd);
    if (server.stream.fd >= 0)
        close(server.stream.fd);
    server.udp.fd = 0;
}

/* --- ours --- */

static struct vo_resolver *resolver;
static struct vo_dns_answer got;
static char got_why[200];
static unsigned answers, expected;
static bool free_when_answered;

static int make(void **state)
{
    (void)state;
    resolver = NULL;
    answers = 0;
    expected = 1;
    free_when_answered = false;
    return vo_loop_new(&loop, NULL) == VO_OK ? 0 : -1;
}
static int unmake(void **state)
{
    (void)state;
    vo_resolver_free(resolver);
    serve_no_more();
    vo_loop_free(loop);
    return 0;
}
static void on_answer(void *context, const struct vo_dns_answer *answer)
{
    assert_ptr_equal(context, &got);
    got = *answer;
    snprintf(got_why, sizeof got_why, "%s", answer->why ? answer->why : "");
    got.why = got_why;
    if (free_when_answered) {
        vo_resolver_free(resolver);
        resolver = NULL;
    }
    if (++answers == expected)
        vo_loop_quit(loop);
}
static void start(int timeout_ms)
{
    struct vo_error error;
    if (vo_resolver_new(loop, server.name, timeout_ms * VO_NS_PER_MS, &resolver, &error) != VO_OK)
        fail_msg("%s", error.message);
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
static void ask(const char *manner, const char *name, enum vo_dns_type type)
{
    server.manner = manner;
    answers = 0;
    memset(&got, 0, sizeof got);
    assert_true(vo_resolver_ask(resolver, name, type, on_answer, &got));
    assert_int_equal(answers, 0); /* never before it returns */
    run_for(5000);
    assert_int_equal(answers, 1);
}
static const char *address_text(unsigned i)
{
    static char text[VO_SOCKADDR_TEXT];
    return vo_sockaddr_format(&got.records[i].address, text);
}

static void records_are_read(void **state)
{
    (void)state;
    serve("127.0.0.1", true);
    start(2000);
    assert_string_equal(vo_resolver_name(resolver), server.name);
    ask("addresses", "sip.example.org", VO_DNS_A);
    assert_string_equal(got.state, "resolved");
    assert_int_equal(got.count, 2);
    assert_int_equal(got.more, 0);
    assert_string_equal(address_text(0), "192.0.2.1");
    assert_string_equal(address_text(1), "192.0.2.2");
    assert_string_equal(got.canonical, "");
    assert_true(got.took > 0 && got.took < 2 * VO_NS_PER_S);

    ask("address6", "sip.example.org.", VO_DNS_AAAA);
    assert_int_equal(got.count, 1);
    assert_string_equal(address_text(0), "2001:db8::1");

    ask("service", "_sips._tcp.example.org", VO_DNS_SRV);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.records[0].priority, 10);
    assert_int_equal(got.records[0].weight, 60);
    assert_int_equal(got.records[0].port, 5061);
    assert_string_equal(got.records[0].name, "sbc.example.org");

    ask("pointer", "example.org", VO_DNS_NAPTR);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.records[0].priority, 50);
    assert_int_equal(got.records[0].weight, 100);
    assert_string_equal(got.records[0].service, "SIPS+D2T");
    assert_string_equal(got.records[0].name, "_sips._tcp.example.org");

    ask("aliases", "sip.example.org", VO_DNS_A);
    assert_string_equal(got.state, "resolved");
    assert_int_equal(got.count, 1);
    assert_string_equal(got.canonical, "c.example.org");
}

static void a_server_is_reached_by_ipv6_too(void **state)
{
    (void)state;
    int probe = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage at;
    vo_sockaddr_parse("::1", 0, &at);
    bool has = probe >= 0 && bind(probe, (struct sockaddr *)&at, vo_sockaddr_size(&at)) == 0;
    close(probe);
    if (!has) {
        print_message("skipped: this host has no IPv6 loopback\n");
        skip();
    }
    serve("::1", true);
    start(2000);
    ask("addresses", "sip.example.org", VO_DNS_A);
    assert_string_equal(got.state, "resolved");
}

/* Bad news of every kind, each by its own word, and quickly where the server did answer. */
static void states_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *manner, *state;
        bool waits; /* for the time-out */
    } rows[] = {
        {"no such name", "no_such_name", false},
        {"empty", "no_data", false},
        {"failure", "server_failure", false},
        {"format error", "server_failure", false},
        {"refused", "refused", false},
        {"garbage", "malformed", false},
        {"loop", "malformed", false},
        {"short address", "malformed", false},
        {"query", "malformed", false},
        {"other question", "malformed", true},
        {"head only", "malformed", true},
        {"wrong id", "silent", true}, /* may be a forger: it is not listened to */
        {"silence", "silent", true},
        {"other family", "no_data", false},
        {"stranger", "no_data", false},
        {"alias loop", "no_data", false},
    };
    serve("127.0.0.1", true);
    start(300);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ask(rows[i].manner, "sip.example.org", VO_DNS_A);
        if (strcmp(got.state, rows[i].state) != 0 || got.count || got.more)
            fail_msg("%s: %s, %u records", rows[i].manner, got.state, got.count);
        if (rows[i].waits)
            assert_in_range(got.took, 250 * VO_NS_PER_MS, 500 * VO_NS_PER_MS);
        else
            assert_in_range(got.took, 1, 200 * VO_NS_PER_MS);
    }
}

static void sixty_records_are_counted_and_32_kept(void **state)
{
    (void)state;
    serve("127.0.0.1", true);
    start(2000);
    ask("sixty", "sip.example.org", VO_DNS_A);
    assert_string_equal(got.state, "resolved");
    assert_int_equal(got.count, 32);
    assert_int_equal(got.more, 28);
    assert_string_equal(address_text(31), "192.0.2.31");
    assert_int_equal(server.tcp_queries, 1); /* they are more than the 512 octets of UDP, RFC 1035 4.2.1 */
}

static void truncation_goes_to_tcp(void **state)
{
    (void)state;
    serve("127.0.0.1", true);
    start(2000);
    ask("truncated", "sip.example.org", VO_DNS_A);
    assert_string_equal(got.state, "resolved");
    assert_int_equal(got.count + got.more, 60);
    assert_int_equal(server.tcp_queries, 1);
}

/* The answer by UDP is only "ask by TCP", and there nobody answers. */
static void truncation_without_tcp_is_silent(void **state)
{
    (void)state;
    serve("127.0.0.1", false);
    start(300);
    ask("truncated", "sip.example.org", VO_DNS_A);
    assert_string_equal(got.state, "silent");
}

/* 700 ms are seven parts: queries at 0, 100 and 300 ms. */
static void queries_are_repeated(void **state)
{
    (void)state;
    serve("127.0.0.1", true);
    start(700);
    ask("late", "sip.example.org", VO_DNS_A);
    assert_string_equal(got.state, "resolved");
    assert_int_equal(server.queries, 3);
    assert_in_range(got.took, 295 * VO_NS_PER_MS, 500 * VO_NS_PER_MS);
}

static void a_closed_port_is_silent_at_once(void **state)
{
    (void)state;
    serve("127.0.0.1", true);
    serve_no_more();
    start(3000);
    ask("silence", "sip.example.org", VO_DNS_A);
    assert_string_equal(got.state, "silent");
    assert_true(got.took < 1000 * VO_NS_PER_MS);
    assert_non_null(strstr(got.why, "ICMP")); /* RFC 1122 3.2.2.1: port unreachable */
}

/* What this host does not send, nobody was silent to: Linux refuses a broadcast address (EACCES). */
static void what_is_not_sent_is_no_silence(void **state)
{
    (void)state;
    struct vo_error error;
    assert_int_equal(vo_resolver_new(loop, "255.255.255.255", 3 * VO_NS_PER_S, &resolver, &error), VO_OK);
    ask("silence", "sip.example.org", VO_DNS_A);
    assert_null(got.state);
    assert_non_null(strstr(got.why, "255.255.255.255"));
    assert_int_equal(got.count, 0);
}

static void many_queries_at_once(void **state)
{
    (void)state;
    serve("127.0.0.1", true);
    start(5000);
    server.manner = "addresses";
    expected = 200;
    for (int i = 0; i < 200; i++) {
        char name[40];
        snprintf(name, sizeof name, "h%d.example.org", i);
        assert_true(vo_resolver_ask(resolver, name, VO_DNS_A, on_answer, &got));
    }
    run_for(5000);
    assert_int_equal(answers, 200);
    assert_string_equal(got.state, "resolved");
    run_for(50); /* idle, it leaves nothing behind that the loop waits for */
    serve_no_more();
    vo_time before = vo_clock_monotonic();
    assert_int_equal(vo_loop_run(loop, NULL, NULL), VO_OK);
    assert_true(vo_clock_monotonic() - before < VO_NS_PER_S);
}

static void names_that_cannot_be_asked(void **state)
{
    (void)state;
    char label[100], longest[300];
    memset(label, 'x', 64);
    label[64] = '\0';
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    serve("127.0.0.1", true);
    start(2000);
    ask("addresses", label, VO_DNS_A); /* labels have 63 octets at most, RFC 1035 2.3.4 */
    assert_string_equal(got.state, "malformed");
    ask("addresses", longest, VO_DNS_A);
    assert_string_equal(got.state, "malformed");
    ask("addresses", "", VO_DNS_A);
    assert_string_equal(got.state, "malformed");
    ask("addresses", "a..example.org", VO_DNS_A);
    assert_string_equal(got.state, "malformed");
    assert_int_equal(server.queries, 0);
}

static void freeing_ends_pending_queries_without_an_answer(void **state)
{
    (void)state;
    serve("127.0.0.1", true);
    start(2000);
    server.manner = "silence";
    for (int i = 0; i < 10; i++)
        assert_true(vo_resolver_ask(resolver, "sip.example.org", VO_DNS_A, on_answer, &got));
    run_for(20);
    vo_resolver_free(resolver);
    resolver = NULL;
    run_for(50);
    assert_int_equal(answers, 0);
    vo_resolver_free(NULL);
}

static void an_answer_may_free_the_resolver(void **state)
{
    (void)state;
    serve("127.0.0.1", true);
    start(300);
    expected = 1;
    free_when_answered = true;
    ask("addresses", "sip.example.org", VO_DNS_A); /* within c-ares */
    assert_null(resolver);
    start(100);
    ask("silence", "sip.example.org", VO_DNS_A); /* by the query's timer */
    assert_null(resolver);
    start(100);
    server.manner = "addresses";
    answers = 0;
    for (int i = 0; i < 5; i++)
        assert_true(vo_resolver_ask(resolver, "sip.example.org", VO_DNS_A, on_answer, &got));
    run_for(200);
    assert_int_equal(answers, 1); /* of five, the first freed it */
}

/* A server that floods must not hold the loop. */
static int flood_fd = -1;
static struct sockaddr_storage flood_to;
static void on_flood_query(void *context, uint32_t events)
{
    uint8_t data[512];
    socklen_t size = sizeof flood_to;
    (void)context, (void)events;
    if (recvfrom(flood_fd, data, sizeof data, 0, (struct sockaddr *)&flood_to, &size) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        for (time_t end = time(NULL) + 2; time(NULL) < end;)
            sendto(flood_fd, "garbage, garbage, garbage", 25, 0, (struct sockaddr *)&flood_to, size);
        _exit(0);
    }
}
static void a_flood_does_not_hold_the_loop(void **state)
{
    (void)state;
    serve("127.0.0.1", true);
    server.udp.ready = on_flood_query;
    flood_fd = server.udp.fd;
    start(300);
    ask("silence", "sip.example.org", VO_DNS_A);
    assert_string_equal(got.state, "silent");
    assert_in_range(got.took, 295 * VO_NS_PER_MS, 1000 * VO_NS_PER_MS);
    while (wait(NULL) > 0)
        ;
}

static void no_socket_is_no_answer(void **state)
{
    (void)state;
    struct rlimit old, few;
    serve("127.0.0.1", true);
    start(300);
    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    few.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &few);
    bool asked = vo_resolver_ask(resolver, "sip.example.org", VO_DNS_A, on_answer, &got);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_false(asked); /* "silent" would blame the server */
    run_for(50);
    assert_int_equal(answers, 0);
}

static void servers_are_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"192.0.2.53",        "192.0.2.53:5353", "2001:db8::53",
                                       "[2001:db8::53]:53", "[2001:db8::53]",  "::1",
                                       "[fe80::1%lo]:53"};
    static const char *const bad[] = {"",
                                      "dns.example.org",
                                      "192.0.2.53:",
                                      "192.0.2.53:0",
                                      "192.0.2.53:65536",
                                      "192.0.2.53:+5",
                                      "192.0.2.53:5x",
                                      "[2001:db8::53]5",
                                      "[2001:db8::53",
                                      "[192.0.2.53",
                                      "192.0.2.53 "};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (vo_resolver_new(loop, good[i], VO_NS_PER_S, &resolver, NULL) != VO_OK)
            fail_msg("%s", good[i]);
        vo_resolver_free(resolver);
    }
    struct vo_error error;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (vo_resolver_new(loop, bad[i], VO_NS_PER_S, &resolver, &error) != VO_ERR_USAGE)
            fail_msg("%s", bad[i]);
        assert_null(resolver);
    }
    assert_string_equal(error.message, "DNS server 192.0.2.53 : not an IP address; give one like 192.0.2.53, "
                                       "192.0.2.53:5353 or [2001:db8::53]:53");
}

/* --- the system's own configuration, in a mount namespace of the test's own --- */

static void the_systems_servers_are_those_of_resolv_conf(void **state)
{
    (void)state;
    static const char text[] = "# nameserver 192.0.2.9\nnameserver 192.0.2.53\nsearch example.org\n"
                               "nameserver   2001:db8::53 \nnameserver nonsense\n\tnameserver 192.0.2.54\n";
    if (geteuid() != 0) {
        print_message("skipped: root is needed for a mount namespace\n");
        skip();
    }
    pid_t pid = fork();
    if (pid == 0) {
        char file[] = "/tmp/voready-resolv-XXXXXX", command[100];
        int fd = mkstemp(file);
        snprintf(command, sizeof command, "mount --bind %s /etc/resolv.conf 2>/dev/null", file);
        if (fd < 0 || write(fd, text, sizeof text - 1) < 0 || unshare(CLONE_NEWNS) != 0 ||
            system("mount --make-rprivate / 2>/dev/null") != 0 || system(command) != 0) {
            unlink(file);
            _exit(77);
        }
        unlink(file);
        char servers[2][VO_RESOLVER_TEXT];
        bool right = vo_resolver_system(servers, 2) == 3 && strcmp(servers[0], "192.0.2.53") == 0 &&
                     strcmp(servers[1], "2001:db8::53") == 0;
        _exit(right ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("skipped: this system mounts nothing over /etc/resolv.conf\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- every truncated length, in memory of just that size --- */

static void cut_answers_are_not_read_beyond(void **state)
{
    (void)state;
    static const struct {
        const char *manner;
        enum vo_dns_type type;
    } rows[] = {{"addresses", VO_DNS_A},   {"address6", VO_DNS_AAAA}, {"service", VO_DNS_SRV},
                {"pointer", VO_DNS_NAPTR}, {"aliases", VO_DNS_A},     {"alias loop", VO_DNS_A},
                {"loop", VO_DNS_A},        {"sixty", VO_DNS_A}};
    static struct vo_dns_answer answer;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct message whole = {.data = {0x12, 0x34, 1, 0, 0, 1}, .size = 12};
        put_name(&whole, "sip.example.org");
        put16(&whole, rows[i].type);
        put16(&whole, 1);
        server.manner = rows[i].manner;
        assert_true(reply_to(&whole));
        for (size_t size = 0; size < whole.size; size++) {
            uint8_t *cut = malloc(size ? size : 1);
            assert_non_null(cut);
            memcpy(cut, whole.data, size);
            vo_resolve_read(cut, size, "sip.example.org", rows[i].type, &answer);
            assert_string_equal(answer.state, "malformed");
            assert_int_equal(answer.count, 0);
            free(cut);
        }
    }
}

static void hostile_names_become_plain_text(void **state)
{
    (void)state;
    static struct vo_dns_answer answer;
    struct message message = {.data = {0, 0, 0x81, 0x80, 0, 1, 0, 1}, .size = 12};
    put_name(&message, "x");
    put16(&message, VO_DNS_SRV);
    put16(&message, 1);
    put_record(&message, QUESTION, VO_DNS_SRV, "\0\1\0\2\0\3\6a\033[2J.\3b\\c\0", 18);
    vo_resolve_read(message.data, message.size, "x", VO_DNS_SRV, &answer);
    assert_string_equal(answer.state, "resolved");
    assert_string_equal(answer.records[0].name, "a\\027[2J\\046.b\\092c"); /* decimal, RFC 1035 5.1 */
}

/* As many aliases as fit, each owned by a name that jumps as often as is allowed, all leading back to the
 * first: as expensive to read as can be, and far less than a second. */
static void the_worst_message_is_read_quickly(void **state)
{
    (void)state;
    static uint8_t data[65535] = {0, 0, 0x81, 0x80, 0, 0, 0xff, 0xff};
    static struct vo_dns_answer answer;
    unsigned depth = 0, records = 0;
    for (size_t at = 12, last = 12; at + 64 < sizeof data; records++) {
        size_t here = at;
        if (records && depth < 32 && last < 0x4000) {
            data[at++] = (uint8_t)(0xc0 | last >> 8);
            data[at++] = (uint8_t)last;
            depth++;
        } else if (records) {
            memcpy(data + at, "\xc0\x0c", 2);
            at += 2;
            depth = 1;
        } else {
            memcpy(data + at, "\1a", 3);
            at += 3;
        }
        memcpy(data + at, "\0\5\0\1\0\0\0\0\0\2\xc0\x0c", 12);
        at += 12;
        last = here;
    }
    data[6] = (uint8_t)(records >> 8);
    data[7] = (uint8_t)records;
    assert_true(records > 4000);
    vo_time before = vo_clock_monotonic();
    vo_resolve_read(data, sizeof data, "a", VO_DNS_A, &answer);
    assert_true(vo_clock_monotonic() - before < VO_NS_PER_S);
    assert_string_equal(answer.state, "no_data");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        CASE(records_are_read),
        CASE(a_server_is_reached_by_ipv6_too),
        CASE(states_are_told_apart),
        CASE(sixty_records_are_counted_and_32_kept),
        CASE(truncation_goes_to_tcp),
        CASE(truncation_without_tcp_is_silent),
        CASE(queries_are_repeated),
        CASE(a_closed_port_is_silent_at_once),
        CASE(what_is_not_sent_is_no_silence),
        CASE(many_queries_at_once),
        CASE(names_that_cannot_be_asked),
        CASE(freeing_ends_pending_queries_without_an_answer),
        CASE(an_answer_may_free_the_resolver),
        CASE(a_flood_does_not_hold_the_loop),
        CASE(no_socket_is_no_answer),
        CASE(servers_are_addresses),
        CASE(the_systems_servers_are_those_of_resolv_conf),
        cmocka_unit_test(cut_answers_are_not_read_beyond),
        cmocka_unit_test(hostile_names_become_plain_text),
        cmocka_unit_test(the_worst_message_is_read_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
