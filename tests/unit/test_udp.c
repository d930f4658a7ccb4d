/* UDP sockets: packets with their marks, ICMP errors, and refusals of the system. */
#include "probes/io/conn.h"

#include "tests/unit/net_scene.h"

#include <errno.h>
#include <sys/resource.h>
#include <time.h>

static struct vo_loop *loop;

/* What one socket heard. */
struct ear {
    struct vo_udp *udp;
    unsigned packets, errors;
    uint8_t data[65536];
    size_t size;
    int dscp, ttl;
    vo_time time;
    struct sockaddr_storage from;
    struct vo_icmp_error icmp;
    bool close_at_once;
};
static struct ear left, right;

static int make(void **state)
{
    (void)state;
    memset(&left, 0, sizeof left);
    memset(&right, 0, sizeof right);
    return vo_loop_new(&loop, NULL) == VO_OK ? 0 : -1;
}
static int unmake(void **state)
{
    (void)state;
    vo_udp_close(left.udp);
    vo_udp_close(right.udp);
    vo_loop_free(loop);
    scene_leave();
    return 0;
}

static void hear(void *context, const struct vo_udp_packet *packet, const struct sockaddr_storage *from)
{
    struct ear *ear = context;
    assert_non_null(packet->data);
    ear->packets++;
    memcpy(ear->data, packet->data, packet->size);
    ear->size = packet->size;
    ear->dscp = packet->dscp;
    ear->ttl = packet->ttl;
    ear->time = packet->time;
    ear->from = *from;
    if (ear->close_at_once) {
        vo_udp_close(ear->udp);
        ear->udp = NULL;
    }
    vo_loop_quit(loop);
}
static void hear_error(void *context, const struct vo_icmp_error *icmp)
{
    struct ear *ear = context;
    ear->errors++;
    ear->icmp = *icmp;
    vo_loop_quit(loop);
}

static void quit_loop(void *context)
{
    (void)context;
    vo_loop_quit(loop);
}
/* Until something is heard, `ms` at most. */
static void run_for(int ms)
{
    struct vo_timer limit = {.due = quit_loop};
    assert_true(vo_loop_set(loop, &limit, vo_clock_monotonic() + ms * VO_NS_PER_MS));
    assert_int_equal(vo_loop_run(loop, NULL, NULL), VO_OK);
    vo_loop_cancel(loop, &limit);
}

static struct vo_udp_config config_to(struct ear *ear, const char *address, uint16_t port)
{
    struct vo_udp_config config = {.context = ear, .received = hear, .icmp = hear_error};
    assert_true(vo_sockaddr_parse(address, port, &config.to));
    return config;
}
static bool open_to(struct ear *ear, const struct vo_udp_config *config)
{
    struct vo_error error;
    if (vo_udp_open(loop, config, &ear->udp, &error) == VO_OK)
        return true;
    print_message("%s\n", error.message);
    return false;
}

/* `right` takes from anybody, `left` sends to it with DSCP 46. */
static bool open_pair(const char *loopback)
{
    struct vo_udp_config config = config_to(&right, loopback, 0);
    config.unconnected = true;
    if (!open_to(&right, &config))
        return false;
    struct sockaddr_storage at = vo_udp_local(right.udp);
    assert_int_not_equal(vo_sockaddr_port(&at), 0);
    config = config_to(&left, loopback, vo_sockaddr_port(&at));
    config.dscp = 46;
    return open_to(&left, &config);
}

static void packets_come_with_mark_hops_time_and_sender(void **state)
{
    (void)state;
    static const char *const families[] = {"127.0.0.1", "::1"};
    for (size_t i = 0; i < 2; i++) {
        vo_udp_close(left.udp);
        vo_udp_close(right.udp);
        left.udp = right.udp = NULL;
        if (!open_pair(families[i])) {
            assert_int_equal(i, 1); /* a host may lack IPv6 */
            continue;
        }
        vo_time before = vo_clock_now();
        assert_true(vo_udp_send(left.udp, "hello", 5));
        run_for(2000);
        assert_int_equal(right.packets, i + 1);
        assert_int_equal(right.size, 5);
        assert_memory_equal(right.data, "hello", 5);
        assert_int_equal(right.dscp, 46);
        assert_int_equal(right.ttl, 64); /* Linux's default, and no router on the way */
        assert_true(right.time >= before && right.time <= vo_clock_now());
        char from[VO_SOCKADDR_TEXT], local[VO_SOCKADDR_TEXT];
        struct sockaddr_storage address = vo_udp_local(left.udp);
        assert_string_equal(vo_sockaddr_format(&right.from, from), vo_sockaddr_format(&address, local));
    }
}

static void empty_and_largest_datagrams_pass(void **state)
{
    (void)state;
    static uint8_t large[65507]; /* 65535 less IPv4's and UDP's headers, RFC 768 */
    assert_true(open_pair("127.0.0.1"));
    memset(large, 0x5a, sizeof large);
    assert_true(vo_udp_send(left.udp, large, 0));
    run_for(2000);
    assert_int_equal(right.packets, 1);
    assert_int_equal(right.size, 0);
    assert_true(vo_udp_send(left.udp, large, sizeof large));
    run_for(2000);
    assert_int_equal(right.size, sizeof large);
    assert_memory_equal(right.data, large, sizeof large);
    assert_false(vo_udp_send(left.udp, large, sizeof large + 1));
    assert_int_equal(errno, EMSGSIZE);
}

static uint16_t free_port(void)
{
    struct vo_udp *udp;
    struct vo_udp_config config = {.to = vo_sockaddr_any(AF_INET, 0), .unconnected = true};
    assert_int_equal(vo_udp_open(loop, &config, &udp, NULL), VO_OK);
    struct sockaddr_storage at = vo_udp_local(udp);
    vo_udp_close(udp);
    return vo_sockaddr_port(&at);
}

static void a_closed_port_is_told_and_does_not_spin_the_loop(void **state)
{
    (void)state;
    struct vo_udp_config config = config_to(&left, "127.0.0.1", free_port());
    assert_true(open_to(&left, &config));
    assert_true(vo_udp_send(left.udp, "x", 1));
    run_for(2000);
    assert_int_equal(left.errors, 1);
    assert_string_equal(vo_icmp_state(&left.icmp, &config.to), "closed");
    clock_t before = clock();
    run_for(300);
    assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 0.1);
    assert_int_equal(left.errors, 1);
    /* A second datagram before the error of the first was heard: the system refuses it, and says so once. */
    assert_true(vo_udp_send(left.udp, "x", 1));
    assert_false(vo_udp_send(left.udp, "x", 1));
    assert_int_equal(errno, ECONNREFUSED);
    run_for(2000);
    assert_int_equal(left.errors, 2);
}

static void a_callback_may_close_its_socket(void **state)
{
    (void)state;
    assert_true(open_pair("127.0.0.1"));
    right.close_at_once = true;
    assert_true(vo_udp_send(left.udp, "a", 1) && vo_udp_send(left.udp, "b", 1));
    run_for(2000);
    assert_int_equal(right.packets, 1);
    assert_null(right.udp);
}

static void the_local_port_is_the_one_asked_for(void **state)
{
    (void)state;
    struct vo_error error;
    struct vo_udp_config config = config_to(&left, "127.0.0.1", 9);
    config.local_port = free_port();
    assert_true(open_to(&left, &config));
    struct sockaddr_storage at = vo_udp_local(left.udp);
    assert_int_equal(vo_sockaddr_port(&at), config.local_port);
    struct vo_udp *second;
    char expected[200];
    assert_int_equal(vo_udp_open(loop, &config, &second, &error), VO_ERR_IO);
    assert_null(second);
    snprintf(expected, sizeof expected,
             "UDP to 127.0.0.1:9: local port %u is in use: end the program that has it (ss -anp shows it)",
             config.local_port);
    assert_string_equal(error.message, expected);
}

static void too_many_open_files_say_what_to_do(void **state)
{
    (void)state;
    struct vo_error error;
    struct rlimit old, few;
    struct vo_udp_config config = config_to(&left, "127.0.0.1", 9);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    enum vo_status status = vo_udp_open(loop, &config, &left.udp, &error);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(status, VO_ERR_IO);
    assert_string_equal(error.message,
                        "UDP to 127.0.0.1:9: too many open files (this process may have 3): raise "
                        "the limit, ulimit -n 12");
}

static void a_router_that_rejects_is_named(void **state)
{
    (void)state;
    scene_enter();
    static const struct {
        const char *rule, *to, *state, *text;
    } rows[] = {
        {"udp dport 9 reject with icmpx admin-prohibited", "10.9.2.2", "rejected",
         "ICMP 3/13 (communication administratively prohibited) from 10.9.1.1"},
        {"udp dport 9 reject with icmpx admin-prohibited", "fd09:2::2", "rejected",
         "ICMPv6 1/1 (communication administratively prohibited) from fd09:1::1"},
        {"udp dport 9 reject with icmpx port-unreachable", "10.9.2.2", "rejected",
         "ICMP 3/3 (port unreachable) from 10.9.1.1"},
        {"accept", "10.9.2.2", "closed", "ICMP 3/3 (port unreachable) from 10.9.2.2"},
        {"accept", "fd09:2::2", "closed", "ICMPv6 1/4 (port unreachable) from fd09:2::2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[VO_ICMP_TEXT];
        struct vo_udp_config config = config_to(&left, rows[i].to, 9);
        scene_rule(scene.router, "forward", rows[i].rule);
        assert_true(open_to(&left, &config));
        left.errors = 0;
        assert_true(vo_udp_send(left.udp, "x", 1));
        run_for(3000);
        assert_int_equal(left.errors, 1);
        assert_string_equal(vo_icmp_format(&left.icmp, text), rows[i].text);
        assert_string_equal(vo_icmp_state(&left.icmp, &config.to), rows[i].state);
        vo_udp_close(left.udp);
        left.udp = NULL;
    }
    scene_rule(scene.router, "forward", "udp dport 9 drop");
    struct vo_udp_config config = config_to(&left, "10.9.2.2", 9);
    assert_true(open_to(&left, &config));
    left.errors = 0;
    assert_true(vo_udp_send(left.udp, "x", 1));
    run_for(300);
    assert_int_equal(left.errors, 0);
}

static void no_route_is_told_at_once(void **state)
{
    (void)state;
    scene_enter();
    struct vo_error error;
    scene_run("ip route del default");
    struct vo_udp_config config = config_to(&left, "192.0.2.1", 9);
    assert_int_equal(vo_udp_open(loop, &config, &left.udp, &error), VO_ERR_IO);
    assert_string_equal(error.message,
                        "UDP to 192.0.2.1:9: no route to it: check this host's addresses and default "
                        "route of that family");
}

static void addresses_have_one_text(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        uint16_t port;
        const char *text; /* NULL: not an address */
    } rows[] = {
        {"192.0.2.1", 5060, "192.0.2.1:5060"},
        {"192.0.2.1", 0, "192.0.2.1"},
        {"2001:DB8:0::1", 5060, "[2001:db8::1]:5060"},
        {"2001:db8::1", 0, "2001:db8::1"},
        {"::ffff:192.0.2.1", 53, "192.0.2.1:53"}, /* RFC 4291 2.5.5.2 */
        {"fe80::1%lo", 53, "[fe80::1%lo]:53"},
        {"fe80::1%nosuch0", 53, NULL},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
        {"192.0.2", 1, NULL},
        {"0x7f.1", 1, NULL},
        {"192.0.2.256", 1, NULL},
        {"[::1]", 1, NULL},
        {"example.org", 1, NULL},
        {"", 1, NULL},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", 1, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sockaddr_storage address;
        char text[VO_SOCKADDR_TEXT];
        bool parsed = vo_sockaddr_parse(rows[i].address, rows[i].port, &address);
        if (parsed != (rows[i].text != NULL))
            fail_msg("%s", rows[i].address);
        if (parsed)
            assert_string_equal(vo_sockaddr_format(&address, text), rows[i].text);
    }
    struct sockaddr_storage none = {0};
    char text[VO_SOCKADDR_TEXT];
    assert_string_equal(vo_sockaddr_format(&none, text), "");
    assert_int_equal(vo_sockaddr_size(&none), 0);
}

static void hosts_are_the_same_whatever_the_port(void **state)
{
    (void)state;
    struct sockaddr_storage a, b, mapped, other6;
    vo_sockaddr_parse("192.0.2.1", 1, &a);
    vo_sockaddr_parse("192.0.2.1", 2, &b);
    vo_sockaddr_parse("::ffff:192.0.2.1", 3, &mapped);
    vo_sockaddr_parse("2001:db8::1", 1, &other6);
    assert_true(vo_sockaddr_same_host(&a, &b));
    assert_true(vo_sockaddr_same_host(&a, &mapped));
    assert_false(vo_sockaddr_same_host(&a, &other6));
    struct sockaddr_storage bare = vo_sockaddr_host(&mapped);
    assert_int_equal(bare.ss_family, AF_INET);
    assert_int_equal(vo_sockaddr_port(&bare), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        CASE(packets_come_with_mark_hops_time_and_sender),
        CASE(empty_and_largest_datagrams_pass),
        CASE(a_closed_port_is_told_and_does_not_spin_the_loop),
        CASE(a_callback_may_close_its_socket),
        CASE(the_local_port_is_the_one_asked_for),
        CASE(too_many_open_files_say_what_to_do),
        CASE(a_router_that_rejects_is_named),
        CASE(no_route_is_told_at_once),
        CASE(addresses_have_one_text),
        CASE(hosts_are_the_same_whatever_the_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
