/* The echo, with a responder on the same loop, on loopback. */
#include "probes/wlan/echo.h"

#include "tests/unit/responder_scene.h"

#define PACE (20 * VO_NS_PER_MS)

static struct scene scene;
static struct {
    unsigned count;
    uint32_t first, last;
    vo_time first_at, last_at;
    const char *failure;
} came;

static void on_reply(void *context, uint32_t sequence, vo_time time)
{
    assert_ptr_equal(context, &scene);
    if (came.count++ == 0) {
        came.first = sequence;
        came.first_at = time;
    }
    came.last = sequence;
    came.last_at = time;
}

static void on_failed(void *context, const char *why)
{
    assert_ptr_equal(context, &scene);
    came.failure = why;
}

static int begin(void **state)
{
    (void)state;
    memset(&came, 0, sizeof came);
    scene_begin(&scene);
    scene_respond(&scene, NULL);
    return 0;
}
static int end(void **state)
{
    (void)state;
    scene_end(&scene);
    return 0;
}

static struct vo_echo_config config_of(const char *key, char responder[32])
{
    snprintf(responder, 32, "127.0.0.1:%u", scene.control);
    return (struct vo_echo_config){.responder = responder,
                                   .key = key,
                                   .port = scene.ports[0],
                                   .pace = PACE,
                                   .timeout = VO_NS_PER_S,
                                   .context = &scene,
                                   .received = on_reply,
                                   .failed = on_failed};
}

/* 500 ms: a packet each 20 ms; a loaded machine may send some at once, later. */
static void test_flow(void **state)
{
    (void)state;
    char responder[32];
    struct vo_echo *echo;
    struct vo_error error = {VO_OK, ""};
    struct vo_echo_config config = config_of(SCENE_KEY, responder);
    if (vo_echo_open(scene.loop, &config, &echo, &error) != VO_OK)
        fail_msg("%s", error.message);
    assert_int_not_equal(vo_echo_local_port(echo), 0);
    vo_echo_start(echo);
    SCENE_UNTIL(&scene, came.count >= 20);
    assert_int_equal(came.last - came.first, came.count - 1); /* numbers without gaps */
    vo_time took = came.last_at - came.first_at;
    assert_true(took >= 15 * PACE && took < 200 * PACE);
    struct vo_echo_counts counts = vo_echo_counts(echo);
    assert_true(counts.sent >= counts.received && counts.received == came.count && counts.refused == 0);
    assert_null(came.failure);
    /* The responder goes: that is told once, and nothing is sent any more. */
    vo_responder_free(scene.responder);
    scene.responder = NULL;
    SCENE_UNTIL(&scene, came.failure);
    assert_non_null(strstr(came.failure, "control connection was lost"));
    counts = vo_echo_counts(echo);
    scene_run(&scene, 100);
    assert_true(vo_echo_counts(echo).sent == counts.sent);
    vo_echo_free(echo);
}

static void assert_refused(const struct vo_echo_config *config, enum vo_status status, const char *words)
{
    struct vo_echo *echo;
    struct vo_error error = {VO_OK, ""};
    assert_int_equal(vo_echo_open(scene.loop, config, &echo, &error), status);
    assert_null(echo);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
}

static void test_refusals(void **state)
{
    (void)state;
    char responder[32];
    struct vo_echo_config config = config_of("another secret of 32 bytes, well", responder);
    assert_refused(&config, VO_ERR_IO, "is the key the same on both sides");
    config = config_of("too short", responder);
    assert_refused(&config, VO_ERR_USAGE, "needs 16 at least");
    config = config_of(SCENE_KEY, responder);
    config.port = 65534;
    assert_refused(&config, VO_ERR_USAGE, "does not serve UDP port 65534");
    config.port = 0; /* it serves none of those that are usual */
    assert_refused(&config, VO_ERR_USAGE, "--echo-port");
    snprintf(responder, sizeof responder, "127.0.0.1:%u", scene.ports[1] + 10); /* nobody listens there */
    assert_refused(&config, VO_ERR_IO, "did not answer");
    config.interface = "wlan7";
    assert_refused(&config, VO_ERR_USAGE, "not by wlan7");
    static const char *const wrong[] = {"",     "host:",  "host:0", "host:70000", "host:8x",
                                        "[::1", "[::1]x", "[::1]:", ":8620",      "host:-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        config.responder = wrong[i];
        assert_refused(&config, VO_ERR_USAGE, "is no responder");
    }
    config.responder = "no-such-host.invalid";
    assert_refused(&config, VO_ERR_IO, "no-such-host.invalid is not known");
}

static void test_ipv6(void **state)
{
    (void)state;
    char responder[32];
    struct vo_echo *echo;
    struct vo_echo_config config = config_of(SCENE_KEY, responder);
    snprintf(responder, sizeof responder, "[::1]:%u", scene.control);
    if (vo_echo_open(scene.loop, &config, &echo, NULL) != VO_OK)
        skip(); /* no IPv6 here */
    vo_echo_start(echo);
    SCENE_UNTIL(&scene, came.count >= 3);
    vo_echo_free(echo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_flow, begin, end),
        cmocka_unit_test_setup_teardown(test_refusals, begin, end),
        cmocka_unit_test_setup_teardown(test_ipv6, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
