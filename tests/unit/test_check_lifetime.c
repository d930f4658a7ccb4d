#include "tests/unit/reach_scene.h"

#include "probes/decode/bytes.h"

/* How long the network remembers an idle flow, ns: what the responder sends after that long is lost, as its
 * own times in the reply say (T2 at 32, T3 at 40, RTP before it over UDP). 0: for ever. */
static struct {
    vo_time udp, tcp;
    bool back, late_requests; /* nothing comes back at all; requests for a later answer are lost */
    unsigned lose;            /* so many delayed replies are lost by chance */
} memory;

static bool is_lost(const uint8_t *body, vo_time lives)
{
    vo_time idle = (vo_time)(vo_load64(body + 40) - vo_load64(body + 32));
    if (memory.back)
        return true;
    if (idle > 50 * VO_NS_PER_MS && memory.lose > 0)
        return memory.lose-- > 0;
    return lives && idle > lives;
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    const uint8_t *body = (const uint8_t *)data + (type_of(fd) == SOCK_DGRAM ? 12 : 0);
    bool probe = size == 160 || size == 172;
    if (probe && memcmp(body, "VOR1\2", 5) == 0 && is_lost(body, memory.tcp)) /* of the responder */
        return (ssize_t)size;
    if (probe && memory.late_requests && memcmp(body, "VOR1\4", 5) == 0 && vo_load32(body + 68) > 0)
        return (ssize_t)size;
    return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    const uint8_t *datagram = message->msg_iov->iov_base;
    if (message->msg_iov->iov_len == 172 && datagram[12 + 4] == VO_REFLECT_REPLY &&
        is_lost(datagram + 12, memory.udp))
        return 172;
    return syscall(SYS_sendmsg, fd, message, flags);
}

static const enum vo_metric metrics[] = {VO_METRIC_NAT_BINDING_LIFETIME_S};
static const struct vo_gives gives = {"nat", metrics, 1};

static unsigned add(const char *traffic)
{
    return run_add((struct vo_demand){.kind = &vo_check_lifetime,
                                      .gives = &gives,
                                      .row = "net.nat.lifetime",
                                      .role = "responder",
                                      .host = "127.0.0.1",
                                      .transport = strcmp(traffic, "idle") == 0 ? "tcp" : "udp",
                                      .traffic = traffic,
                                      .port = run.scene.ports[0]},
                   "127.0.0.1");
}

static int begin(void **state)
{
    run_begin(state);
    memset(&memory, 0, sizeof memory);
    run.reach.nat_lifetime = 1600 * VO_NS_PER_MS; /* eighths: 0.2, 0.4 … 1.6 s */
    return 0;
}

static void assert_interval(unsigned check, double middle, double half)
{
    assert_true(run_number(check, "metrics", "nat_binding_lifetime_s") > middle - 1e-9);
    assert_true(run_number(check, "metrics", "nat_binding_lifetime_s") < middle + 1e-9);
    assert_true(run_number(check, "uncertainty", "nat_binding_lifetime_s") > half - 1e-9);
    assert_true(run_number(check, "uncertainty", "nat_binding_lifetime_s") < half + 1e-9);
    assert_string_equal(vo_json_get_text(vo_json_get(run_of(check), "basis"), "nat_binding_lifetime_s"),
                        "interval");
    assert_string_equal(run_label(check, "at_least"), "");
}

/* UDP lives for 0.7 s: 0.6 comes back, 0.8 does not. TCP for 0.3 s: 0.2 and 0.4. */
static void finds_the_interval(void **state)
{
    (void)state;
    memory.udp = 700 * VO_NS_PER_MS;
    memory.tcp = 300 * VO_NS_PER_MS;
    scene_respond(&run.scene, NULL);
    unsigned one_shot = add("one_shot"), stream = add("stream"), idle = add("idle");
    run_all(0);
    assert_interval(one_shot, 0.7, 0.1);
    assert_interval(stream, 0.7, 0.1);
    assert_interval(idle, 0.3, 0.1);
    assert_true(run_number(one_shot, "subject", "lived_s") == 0.6);
    assert_true(run_number(one_shot, "subject", "died_s") == 0.8);
    assert_string_equal(run_label(stream, "traffic"), "stream");
}

static void all_that_was_tried_lived(void **state)
{
    (void)state;
    scene_respond(&run.scene, NULL);
    unsigned one_shot = add("one_shot"), stream = add("stream"), idle = add("idle");
    const unsigned checks[] = {one_shot, stream, idle};
    vo_time took = run_all(0);
    for (size_t i = 0; i < 3; i++) {
        assert_true(run_number(checks[i], "metrics", "nat_binding_lifetime_s") == 1.6);
        assert_string_equal(run_label(checks[i], "at_least"), "yes");
        assert_null(vo_json_get(run_of(checks[i]), "uncertainty"));
        assert_string_equal(
            vo_json_get_text(vo_json_get(run_of(checks[i]), "basis"), "nat_binding_lifetime_s"),
            "lower_bound");
    }
    assert_true(run_number(one_shot, "subject", "trials") == 16); /* eight lengths, twice each */
    assert_true(run_number(idle, "subject", "trials") == 8);
    assert_true(took < 7 * VO_NS_PER_S); /* 3.2 s before the stream's requests, then 1.6 */
}

/* The shortest trial does not live: from nothing to 0.2 s. */
static void nothing_lived(void **state)
{
    (void)state;
    memory.udp = memory.tcp = 100 * VO_NS_PER_MS;
    scene_respond(&run.scene, NULL);
    unsigned one_shot = add("one_shot"), idle = add("idle");
    run_all(0);
    assert_interval(one_shot, 0.1, 0.1);
    assert_interval(idle, 0.1, 0.1);
}

/* Of each length one reply of two may be lost by chance: those of one length are sent in order. */
static void a_reply_that_is_lost_by_chance(void **state)
{
    (void)state;
    memory.lose = 1;
    scene_respond(&run.scene, NULL);
    unsigned one_shot = add("one_shot");
    run_all(0);
    assert_true(run_number(one_shot, "metrics", "nat_binding_lifetime_s") == 1.6);
    assert_true(run_number(one_shot, "subject", "trials") == 16);
}

static void nothing_comes_back_at_all(void **state)
{
    (void)state;
    memory.back = true;
    scene_respond(&run.scene, NULL);
    unsigned one_shot = add("one_shot"), idle = add("idle");
    run_all(0);
    assert_non_null(
        strstr(run_state(one_shot, "nat_binding_lifetime_s"), "nothing comes back, not even at once"));
    assert_non_null(
        strstr(run_state(idle, "nat_binding_lifetime_s"), "nothing comes back, not even at once"));
}

/* Requests that the responder never had are no sign of NAT's. */
static void requests_that_are_lost(void **state)
{
    (void)state;
    memory.late_requests = true;
    scene_respond(&run.scene, NULL);
    unsigned one_shot = add("one_shot"), idle = add("idle");
    run_all(0);
    assert_non_null(
        strstr(run_state(one_shot, "nat_binding_lifetime_s"), "no request reached the responder"));
    assert_non_null(strstr(run_state(idle, "nat_binding_lifetime_s"), "no request reached the responder"));
}

static void is_not_tried_unasked(void **state)
{
    (void)state;
    run.reach.nat_lifetime = 0;
    scene_respond(&run.scene, NULL);
    unsigned stream = add("stream");
    assert_true(run_all(0) < 100 * VO_NS_PER_MS);
    assert_string_equal(run_state(stream, "nat_binding_lifetime_s"),
                        "not tried: --nat-lifetime 120 takes two minutes");
}

/* What lived until then is known. */
static void ends_early_when_stopped(void **state)
{
    (void)state;
    scene_respond(&run.scene, NULL);
    unsigned one_shot = add("one_shot"), stream = add("stream");
    run_all(700);
    assert_true(run_number(one_shot, "metrics", "nat_binding_lifetime_s") == 0.6);
    assert_string_equal(run_label(one_shot, "at_least"), "yes");
    assert_string_equal(run_state(stream, "nat_binding_lifetime_s"), "stopped before it was known");
}

static void without_a_responder(void **state)
{
    (void)state;
    unsigned stream = add("stream");
    run_all(0);
    assert_non_null(strstr(run_state(stream, "nat_binding_lifetime_s"), "the responder did not answer"));
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, run_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_the_interval),
        TEST(all_that_was_tried_lived),
        TEST(nothing_lived),
        TEST(a_reply_that_is_lost_by_chance),
        TEST(nothing_comes_back_at_all),
        TEST(requests_that_are_lost),
        TEST(is_not_tried_unasked),
        TEST(ends_early_when_stopped),
        TEST(without_a_responder),
    };
    return cmocka_run_group_tests_name("check_lifetime", tests, NULL, NULL);
}
