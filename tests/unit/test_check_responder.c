#include "probes/reach/check.h"
#include "tests/unit/reach_scene.h"

#include <errno.h>
#include <sys/stat.h>

/* What the network does: these go before those of the C library. */
static struct {
    bool drop_out, drop_back; /* UDP requests; what the responder sends */
    uint16_t from, to;        /* who connects to port `from` comes to port `to` */
} network;

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    if (network.drop_out && type_of(fd) == SOCK_DGRAM)
        return (ssize_t)size;
    return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (network.drop_back && type_of(fd) == SOCK_DGRAM)
        return (ssize_t)message->msg_iov->iov_len;
    return syscall(SYS_sendmsg, fd, message, flags);
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
    struct sockaddr_storage elsewhere = {0};
    memcpy(&elsewhere, to, size);
    if (network.from && vo_sockaddr_port(&elsewhere) == network.from)
        ((struct sockaddr_in *)(void *)&elsewhere)->sin_port = htons(network.to);
    return (int)syscall(SYS_connect, fd, &elsewhere, size);
}

static const enum vo_metric metrics[] = {VO_METRIC_REACH_STATE, VO_METRIC_REACH_CONNECT_MS};
static const struct vo_gives gives = {NULL, metrics, 2};

static int begin(void **state)
{
    memset(&network, 0, sizeof network);
    return run_begin(state);
}

static unsigned demand(const char *address, const char *transport, const char *direction, uint16_t port,
                       uint16_t local_port)
{
    struct vo_demand made = {.kind = &vo_check_responder,
                             .gives = &gives,
                             .row = "fw.rtp",
                             .role = "responder",
                             .host = address,
                             .transport = transport,
                             .direction = direction,
                             .port = port,
                             .local_port = local_port};
    return run_add(made, address);
}

static const struct vo_json *observation(const char *id)
{
    for (unsigned i = 0; i < run.observed; i++)
        if (strcmp(vo_json_get_text(vo_json_get(run.observations[i], "subject"), "id"), id) == 0)
            return run.observations[i];
    fail_msg("no observation of %s", id);
    return NULL;
}

static const struct vo_json *of(unsigned check)
{
    return observation(run.checks[check].id);
}

static const char *state_of(unsigned check)
{
    const char *state = vo_json_get_text(vo_json_get(of(check), "states"), "reach_state");
    return state ? state : vo_json_get_text(vo_json_get(of(check), "missing"), "reach_state");
}

static const char *label(const struct vo_json *of_what, const char *name)
{
    return vo_json_get_text(vo_json_get(of_what, "subject"), name);
}

static double label_number(unsigned check, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(of(check), "subject"), name));
}

/* A port of ours that nobody uses: beside those of the responder. */
static uint16_t own_port(unsigned i)
{
    return (uint16_t)(run.scene.control + 1 + i);
}

static void finds_ports_open_both_ways(void **state)
{
    uint16_t *ports = run.scene.ports;
    (void)state;
    scene_respond(&run.scene, NULL);
    unsigned out = demand("127.0.0.1", "udp", "out", ports[0], own_port(0));
    unsigned in = demand("127.0.0.1", "udp", "in", ports[2], own_port(0));
    unsigned odd = demand("127.0.0.1", "udp", "out", ports[1], own_port(1));
    unsigned tcp = demand("127.0.0.1", "tcp", NULL, ports[0], 0);
    unsigned out6 = demand("::1", "udp", "out", ports[0], own_port(0));
    unsigned in6 = demand("::1", "udp", "in", ports[2], own_port(0));
    vo_time took = run_all(0);
    for (unsigned i = 0; i < run.count; i++)
        assert_string_equal(state_of(i), "open");
    unsigned place_in = 0, place_out = 0; /* whoever is called unasked goes first */
    for (unsigned i = 0; i < run.count; i++) {
        place_in = run.order[i] == in ? i : place_in;
        place_out = run.order[i] == out ? i : place_out;
    }
    assert_true(place_in < place_out);
    assert_true(took < VO_NS_PER_S); /* nothing waits for a time-out */
    const struct vo_json *numbers = vo_json_get(of(out), "metrics");
    assert_true(vo_json_double(vo_json_get(numbers, "reach_connect_ms")) > 0);
    assert_non_null(vo_json_get_text(vo_json_get(of(in), "missing"), "reach_connect_ms"));
    char seen[40];
    snprintf(seen, sizeof seen, "127.0.0.1:%u", own_port(1));
    assert_string_equal(label(of(odd), "seen_as"), seen);
    assert_non_null(label(of(tcp), "seen_as"));
    assert_int_equal(label_number(out6, "requests"), 1);
    assert_non_null(of(in6));
    /* one observation of NAT for each address of the responder, both on this interface */
    unsigned nats = 0;
    for (unsigned i = 0; i < run.observed; i++) {
        if (strcmp(label(run.observations[i], "kind"), "nat") != 0)
            continue;
        nats++;
        assert_string_equal(label(run.observations[i], "id"), "lo");
        assert_string_equal(vo_json_get_text(vo_json_get(run.observations[i], "states"), "nat_mapping"),
                            "none");
        assert_string_equal(label(run.observations[i], "ports_kept"), "yes");
    }
    assert_int_equal(nats, 2);
}

static void tells_where_it_was_lost(void **state)
{
    uint16_t *ports = run.scene.ports;
    (void)state;
    scene_respond(&run.scene, NULL);
    network.drop_out = true;
    unsigned out = demand("127.0.0.1", "udp", "out", ports[0], own_port(0));
    unsigned in = demand("127.0.0.1", "udp", "in", ports[2], own_port(0));
    vo_time took = run_all(0);
    assert_string_equal(state_of(in), "open");
    assert_string_equal(state_of(out), "filtered");
    assert_string_equal(label(of(out), "lost_on"), "out");
    assert_string_equal(vo_json_get_text(vo_json_get(of(out), "basis"), "reach_state"), "responder_counters");
    assert_int_equal(label_number(out, "requests"), 3);
    assert_int_equal(label_number(out, "arrived"), 0);
    /* three requests, 300 ms apart at least, and 333 ms for the last reply */
    assert_true(took >= 900 * VO_NS_PER_MS && took < 2 * VO_NS_PER_S);
}

static void tells_that_the_way_back_lost_it(void **state)
{
    uint16_t *ports = run.scene.ports;
    (void)state;
    scene_respond(&run.scene, NULL);
    network.drop_back = true;
    unsigned out = demand("127.0.0.1", "udp", "out", ports[0], own_port(0));
    unsigned in = demand("127.0.0.1", "udp", "in", ports[2], own_port(0));
    unsigned free_port = demand("127.0.0.1", "udp", "out", ports[1], 0);
    unsigned out6 = demand("::1", "udp", "out", ports[0], own_port(0)); /* each family has that port */
    vo_time took = run_all(0);
    assert_string_equal(state_of(out6), "filtered");
    assert_string_equal(state_of(out), "filtered");
    assert_string_equal(label(of(out), "lost_on"), "back");
    assert_int_equal(label_number(out, "arrived"), 3);
    assert_string_equal(state_of(in), "filtered");
    assert_string_equal(label(of(in), "lost_on"), "back");
    assert_string_equal(state_of(free_port), "filtered");
    assert_true(took < 3 * VO_NS_PER_S); /* two turns at one port, within the time-out and a second */
    const struct vo_json *nat = observation("lo"); /* without a reply, the control connection tells */
    assert_string_equal(vo_json_get_text(vo_json_get(nat, "basis"), "nat_mapping"), "control");
}

static void takes_icmp_for_what_it_says(void **state)
{
    uint16_t *ports = run.scene.ports;
    (void)state;
    scene_respond(&run.scene, NULL);
    network.from = ports[0];
    network.to = own_port(5); /* where nobody listens */
    unsigned udp = demand("127.0.0.1", "udp", "out", ports[0], 0);
    unsigned tcp = demand("127.0.0.1", "tcp", NULL, ports[0], 0);
    run_all(0);
    assert_string_equal(state_of(udp), "closed");
    assert_string_equal(label(of(udp), "offender"), "127.0.0.1");
    assert_string_equal(label(of(udp), "icmp"), "ICMP 3/3 (port unreachable) from 127.0.0.1");
    assert_string_equal(state_of(tcp), "closed");
}

/* Something between takes the connection, and the responder knows nothing of it. */
static void sees_that_another_one_answers(void **state)
{
    uint16_t *ports = run.scene.ports;
    struct sockaddr_storage any = scene_address("127.0.0.1", own_port(6));
    (void)state;
    int thief = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(thief, (struct sockaddr *)&any, sizeof(struct sockaddr_in)), 0);
    assert_int_equal(listen(thief, 5), 0);
    scene_respond(&run.scene, NULL);
    network.from = ports[0];
    network.to = own_port(6);
    unsigned tcp = demand("127.0.0.1", "tcp", NULL, ports[0], 0);
    run_all(0);
    assert_string_equal(state_of(tcp), "intercepted");
    close(thief);
}

static void says_why_a_port_was_not_tried(void **state)
{
    uint16_t *ports = run.scene.ports;
    struct sockaddr_storage any = scene_address("0.0.0.0", own_port(7));
    char text[80];
    (void)state;
    int taken = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(taken, (struct sockaddr *)&any, sizeof(struct sockaddr_in)), 0);
    scene_respond(&run.scene, NULL);
    unsigned in_use = demand("127.0.0.1", "udp", "out", ports[0], own_port(7));
    unsigned unserved = demand("127.0.0.1", "udp", "out", own_port(8), 0);
    unsigned unserved_tcp = demand("127.0.0.1", "tcp", NULL, own_port(8), 0);
    unsigned unserved_in = demand("127.0.0.1", "udp", "in", own_port(8), own_port(9));
    unsigned nowhere = demand("127.0.0.1", "udp", "in", ports[0], 0);
    run_all(0);
    snprintf(text, sizeof text, "%u", own_port(7));
    assert_non_null(strstr(state_of(in_use), text)); /* names the local port */
    snprintf(text, sizeof text, "the responder does not listen on UDP %u: add it to its --ports",
             own_port(8));
    assert_string_equal(state_of(unserved), text);
    assert_string_equal(state_of(unserved_in), text);
    snprintf(text, sizeof text, "the responder does not listen on TCP %u: add it to its --ports",
             own_port(8));
    assert_string_equal(state_of(unserved_tcp), text);
    assert_string_equal(state_of(nowhere), "no local port is named on which to wait");
    close(taken);
}

static void without_a_responder_nothing_is_judged(void **state)
{
    (void)state;
    run.site.responder.address = NULL;
    unsigned check = demand(NULL, "udp", "out", 5008, 5008);
    run_all(0);
    assert_string_equal(state_of(check), "no responder in the site file");
    const struct vo_json *nat = observation("unknown");
    assert_string_equal(vo_json_get_text(vo_json_get(nat, "missing"), "nat_mapping"),
                        "no responder in the site file");
}

static void a_responder_that_is_not_there(void **state)
{
    (void)state; /* nobody listens on the control port */
    unsigned udp = demand("127.0.0.1", "udp", "out", run.scene.ports[0], own_port(0));
    unsigned tcp = demand("127.0.0.1", "tcp", NULL, run.scene.ports[0], 0);
    run_all(0);
    assert_non_null(strstr(state_of(udp), "the responder did not answer: its control port: "));
    assert_string_equal(state_of(tcp), state_of(udp));
}

static void a_responder_with_another_key(void **state)
{
    (void)state;
    scene_respond(&run.scene, NULL);
    run_write_key("not at all the right one\n");
    unsigned udp = demand("127.0.0.1", "udp", "out", run.scene.ports[0], own_port(0));
    run_all(0);
    assert_non_null(strstr(state_of(udp), "is the key the same on both sides?"));
}

static void a_key_that_others_can_read(void **state)
{
    (void)state;
    assert_int_equal(chmod(run.key_file, 0644), 0);
    unsigned udp = demand("127.0.0.1", "udp", "out", run.scene.ports[0], own_port(0));
    run_all(0);
    assert_non_null(strstr(state_of(udp), "chmod 600"));
}

/* As systemd hands it over: the mask of its ACL looks like a right of the group. */
static void a_key_that_systemd_keeps(void **state)
{
    (void)state;
    scene_respond(&run.scene, NULL);
    assert_int_equal(chmod(run.key_file, 0440), 0);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", run.folder, 1), 0);
    unsigned udp = demand("127.0.0.1", "udp", "out", run.scene.ports[0], 0);
    run_all(0);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_string_equal(state_of(udp), "open");
}

/* A silent control port: all end together, a time-out after the start. */
static void a_responder_that_says_nothing(void **state)
{
    struct sockaddr_storage any = scene_address("127.0.0.1", run.scene.control);
    (void)state;
    int silent = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(silent, (struct sockaddr *)&any, sizeof(struct sockaddr_in)), 0);
    assert_int_equal(listen(silent, 5), 0);
    for (unsigned i = 0; i < 8; i++)
        demand("127.0.0.1", "udp", i % 2 ? "in" : "out", run.scene.ports[i % 4], own_port(i / 2));
    vo_time took = run_all(0);
    for (unsigned i = 0; i < run.count; i++)
        assert_string_equal(
            state_of(i),
            "the responder did not answer: its control port takes connections, but says nothing");
    assert_true(took < run.reach.timeout + VO_NS_PER_S);
    close(silent);
}

static void ends_early_when_stopped(void **state)
{
    (void)state;
    scene_respond(&run.scene, NULL);
    network.drop_out = true;
    for (unsigned i = 0; i < 4; i++)
        demand("127.0.0.1", "udp", "out", run.scene.ports[i], own_port(0));
    vo_time took = run_all(100);
    for (unsigned i = 0; i < run.count; i++)
        assert_string_equal(state_of(i), "stopped before it was known");
    assert_true(took < 500 * VO_NS_PER_MS);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, run_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_ports_open_both_ways),
        TEST(tells_where_it_was_lost),
        TEST(tells_that_the_way_back_lost_it),
        TEST(takes_icmp_for_what_it_says),
        TEST(sees_that_another_one_answers),
        TEST(says_why_a_port_was_not_tried),
        TEST(without_a_responder_nothing_is_judged),
        TEST(a_responder_that_is_not_there),
        TEST(a_responder_with_another_key),
        TEST(a_key_that_others_can_read),
        TEST(a_key_that_systemd_keeps),
        TEST(a_responder_that_says_nothing),
        TEST(ends_early_when_stopped),
    };
    return cmocka_run_group_tests_name("check_responder", tests, NULL, NULL);
}
