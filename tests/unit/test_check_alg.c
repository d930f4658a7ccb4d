#include "tests/unit/reach_scene.h"

/* What an ALG does to SIP for port run.scene.ports[0]; all else passes. */
static enum { LEAVES, REWRITES, SWALLOWS, SWALLOWS_INVITE, BLOCKS } alg;

static uint16_t peer_port(int fd)
{
    struct sockaddr_storage to = {0};
    socklen_t size = sizeof to;
    return getpeername(fd, (struct sockaddr *)&to, &size) == 0 ? vo_sockaddr_port(&to) : 0;
}

/* As NAT does: another address in Via, Contact and SDP, longer by one. */
static size_t rewrite(const char *data, size_t size, char *to, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < size && used + 16 < room;) {
        bool ours = size - i > 9 && memcmp(data + i, "127.0.0.1", 9) == 0 && i > 64; /* not the Request-URI */
        memcpy(to + used, ours ? "198.51.0.1" : data + i, ours ? 10 : 1);
        used += ours ? 10 : 1;
        i += ours ? 9 : 1;
    }
    return used;
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    static char changed[4096];
    bool there = alg != LEAVES && peer_port(fd) == run.scene.ports[0];
    bool sip = size > 3 &&
               (memcmp(data, "OPT", 3) == 0 || memcmp(data, "REG", 3) == 0 || memcmp(data, "INV", 3) == 0);
    bool swallows = alg == SWALLOWS || (alg == SWALLOWS_INVITE && memcmp(data, "INV", 3) == 0);
    if (there && ((sip && swallows) || (alg == BLOCKS && type_of(fd) == SOCK_DGRAM)))
        return (ssize_t)size;
    if (!there || !sip || alg != REWRITES)
        return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
    size_t more = rewrite(data, size, changed, sizeof changed);
    return syscall(SYS_sendto, fd, changed, more, flags, NULL, 0) == (ssize_t)more ? (ssize_t)size : -1;
}

static const enum vo_metric metrics[] = {VO_METRIC_SIP_ALG_STATE};
static const struct vo_gives gives = {"nat", metrics, 1};

static unsigned add(const char *transport, const char *address)
{
    return run_add((struct vo_demand){.kind = &vo_check_alg,
                                      .gives = &gives,
                                      .row = "net.alg",
                                      .role = "responder",
                                      .host = address,
                                      .transport = transport,
                                      .port = run.scene.ports[0]},
                   address);
}

/* A responder on the port and its control port, ten above. */
static void respond(void)
{
    run.scene.ports[1] = (uint16_t)(run.scene.ports[0] + 10);
    scene_respond(&run.scene, NULL);
}

static void assert_methods(unsigned check, double there, double control)
{
    assert_true(run_number(check, "subject", "arrived") == there);
    assert_true(run_number(check, "subject", "control_arrived") == control);
    assert_true(run_number(check, "subject", "control_port") == run.scene.ports[0] + 10);
}

static void bytes_that_arrive_as_they_were_sent(void **state)
{
    (void)state;
    alg = LEAVES;
    respond();
    const unsigned checks[] = {add("udp", "127.0.0.1"), add("tcp", "127.0.0.1"), add("udp", "::1"),
                               add("tcp", "::1")};
    vo_time took = run_all(0);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(run_state(checks[i], "sip_alg_state"), "none");
        assert_methods(checks[i], 3, 3);
        assert_string_equal(run_label(checks[i], "changed"), "");
        assert_string_equal(run_label(checks[i], "lost"), "");
        assert_string_equal(run_label(checks[i], "kind"), "nat");
    }
    assert_true(took < VO_NS_PER_S); /* nothing waits once all has come */
}

static void tells_what_is_written_anew(void **state)
{
    (void)state;
    alg = REWRITES;
    respond();
    const unsigned checks[] = {add("udp", "127.0.0.1"), add("tcp", "127.0.0.1")};
    run_all(0);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(run_state(checks[i], "sip_alg_state"), "rewritten");
        assert_methods(checks[i], 3, 3);
        assert_string_equal(run_label(checks[i], "changed_in"), "OPTIONS, REGISTER, INVITE");
        assert_string_equal(run_label(checks[i], "changed"), "Via, From, To, Contact, SDP o=, SDP c=");
        assert_non_null(strstr(run_label(checks[i], "changed_from"), " 127.0.0.1:"));
        assert_non_null(strstr(run_label(checks[i], "changed_to"), " 198.51.0.1:"));
    }
}

static void tells_what_is_swallowed(void **state)
{
    (void)state;
    alg = SWALLOWS;
    respond();
    const unsigned checks[] = {add("udp", "127.0.0.1"), add("tcp", "127.0.0.1")};
    vo_time took = run_all(0);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(run_state(checks[i], "sip_alg_state"), "dropped");
        assert_methods(checks[i], 0, 3);
        assert_string_equal(run_label(checks[i], "lost"), "OPTIONS, REGISTER, INVITE");
    }
    assert_true(took < 3 * VO_NS_PER_S); /* six rounds of 200 ms, with a time-out of 2 s */
}

static void one_method_alone(void **state)
{
    (void)state;
    alg = SWALLOWS_INVITE;
    respond();
    unsigned udp = add("udp", "127.0.0.1");
    run_all(0);
    assert_string_equal(run_state(udp, "sip_alg_state"), "dropped");
    assert_methods(udp, 2, 3);
    assert_string_equal(run_label(udp, "lost"), "INVITE");
}

/* Where nothing at all arrives, no ALG is to blame. */
static void a_port_that_is_blocked(void **state)
{
    (void)state;
    alg = BLOCKS;
    respond();
    unsigned udp = add("udp", "127.0.0.1");
    run_all(0);
    assert_non_null(strstr(run_state(udp, "sip_alg_state"), "not even what is no SIP"));
}

static void a_port_that_is_not_served(void **state)
{
    char text[80];
    (void)state;
    alg = LEAVES;
    scene_respond(&run.scene, NULL); /* without the control port */
    unsigned udp = add("udp", "127.0.0.1"), tcp = add("tcp", "127.0.0.1");
    run_all(0);
    snprintf(text, sizeof text, "the responder does not listen on UDP %u: add it to its --ports",
             run.scene.ports[0] + 10);
    assert_string_equal(run_state(udp, "sip_alg_state"), text);
    assert_non_null(strstr(run_state(tcp, "sip_alg_state"), "does not listen on TCP"));
}

static void without_a_responder(void **state)
{
    (void)state; /* nobody listens on the control port */
    unsigned udp = add("udp", "127.0.0.1");
    run_all(0);
    assert_non_null(strstr(run_state(udp, "sip_alg_state"), "the responder did not answer"));
}

static void ends_early_when_stopped(void **state)
{
    (void)state;
    alg = SWALLOWS;
    respond();
    unsigned udp = add("udp", "127.0.0.1"), tcp = add("tcp", "127.0.0.1");
    run_all(100);
    assert_string_equal(run_state(udp, "sip_alg_state"), "stopped before it was known");
    assert_string_equal(run_state(tcp, "sip_alg_state"), "stopped before it was known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_that_arrive_as_they_were_sent),
        TEST(tells_what_is_written_anew),
        TEST(tells_what_is_swallowed),
        TEST(one_method_alone),
        TEST(a_port_that_is_blocked),
        TEST(a_port_that_is_not_served),
        TEST(without_a_responder),
        TEST(ends_early_when_stopped),
    };
    return cmocka_run_group_tests_name("check_alg", tests, NULL, NULL);
}
