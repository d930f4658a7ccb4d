/* Delayed replies: in time, once, no more than a session may have, and none for strangers. */
#include "tests/unit/responder_scene.h"

#include <errno.h>
#include <fcntl.h>

static struct scene scene;

static int begin(void **state)
{
    *state = &scene;
    scene_begin(&scene);
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    return 0;
}

static int end(void **state)
{
    (void)state;
    scene_end(&scene);
    return 0;
}

static int dial(int kind)
{
    struct sockaddr_storage to = scene_address("127.0.0.1", scene.ports[0]);
    int fd = socket(AF_INET, kind, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(struct sockaddr_in)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static void ask(int fd, bool tcp, uint32_t sequence, uint32_t delay_ms)
{
    struct vo_reflect_body body = {.kind = VO_REFLECT_LATER,
                                   .seen_dscp = VO_REFLECT_DSCP_UNKNOWN,
                                   .sequence = sequence,
                                   .port = scene.ports[0],
                                   .t1 = vo_clock_now(),
                                   .delay_ms = delay_ms};
    uint8_t datagram[VO_REFLECT_DATAGRAM];
    uint32_t size = VO_REFLECT_BODY;
    uint8_t *at = tcp ? datagram : vo_reflect_wrap(VO_REFLECT_RTP, 1, sequence, datagram, &size);
    assert_true(vo_responder_client_seal(scene.client, &body, at));
    assert_int_equal(send(fd, datagram, size, 0), size);
}

/* Runs until something comes, for so long at most; false: nothing did. */
static bool answered(int fd, bool tcp, uint32_t sequence, long ms, struct vo_reflect_body *body)
{
    uint8_t data[512];
    enum vo_reflect_shape shape;
    uint32_t ssrc;
    ssize_t size = -1;
    for (long waited = 0; waited < ms && size < 0; waited += 5) {
        scene_run(&scene, 5);
        size = recv(fd, data, sizeof data, 0);
    }
    if (size <= 0)
        return false;
    const uint8_t *at = tcp ? data : vo_reflect_unwrap(data, (uint32_t)size, &shape, &ssrc);
    assert_int_equal(size, tcp ? 160 : 172); /* never more than came in */
    assert_true(vo_responder_client_open(scene.client, at, body));
    assert_int_equal(body->kind, VO_REFLECT_REPLY);
    assert_int_equal(body->sequence, sequence);
    return true;
}

/* False: the responder does not know of it. */
static bool held(uint32_t sequence, enum vo_reflect_hold_state *state)
{
    uint32_t report = vo_responder_client_trials(scene.client);
    assert_int_not_equal(report, 0);
    SCENE_UNTIL(&scene, vo_responder_client_reports(scene.client) == report);
    return vo_responder_client_held(scene.client, sequence, state);
}

static void replies_when_it_is_time(void **state)
{
    struct vo_reflect_body body;
    enum vo_reflect_hold_state what;
    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        uint32_t sequence = 10u + (uint32_t)tcp;
        int fd = dial(tcp ? SOCK_STREAM : SOCK_DGRAM);
        assert_false(held(sequence, &what));
        ask(fd, tcp, sequence, 300);
        assert_false(answered(fd, tcp, sequence, 150, &body)); /* not before */
        assert_true(held(sequence, &what) && what == VO_REFLECT_WAITING);
        assert_true(answered(fd, tcp, sequence, 500, &body));
        assert_true(body.t3 - body.t2 >= 300 * VO_NS_PER_MS && body.t3 - body.t2 < 400 * VO_NS_PER_MS);
        assert_true(held(sequence, &what) && what == VO_REFLECT_SENT);
        assert_false(answered(fd, tcp, sequence, 400, &body)); /* once */
        close(fd);
    }
    /* no row counts them */
    assert_int_equal(scene_count(&scene, VO_REFLECT_UDP, scene.ports[0], 0).received, 0);
    assert_int_equal(scene_count(&scene, VO_REFLECT_TCP, scene.ports[0], 0).received, 0);
}

/* Without a delay it is answered at once, and is no delayed reply. */
static void replies_at_once(void **state)
{
    struct vo_reflect_body body;
    enum vo_reflect_hold_state what;
    (void)state;
    int fd = dial(SOCK_DGRAM);
    ask(fd, false, 1, 0);
    assert_true(answered(fd, false, 1, 200, &body));
    assert_false(held(1, &what));
    ask(fd, false, 1, 100); /* the sequence number is used up */
    assert_false(answered(fd, false, 1, 250, &body));
    close(fd);
}

/* The connection of a delayed reply outlives the short life of those that say nothing; ended by its client,
 * the reply is lost, and that is told. */
static void tells_that_a_connection_has_ended(void **state)
{
    enum vo_reflect_hold_state what;
    (void)state;
    int fd = dial(SOCK_STREAM);
    ask(fd, true, 7, 60000);
    scene_run(&scene, 30);
    assert_true(held(7, &what) && what == VO_REFLECT_WAITING);
    close(fd);
    scene_run(&scene, 30);
    assert_true(held(7, &what) && what == VO_REFLECT_LOST);
}

static void holds_no_more_than_it_may(void **state)
{
    struct vo_reflect_body body;
    enum vo_reflect_hold_state what;
    (void)state;
    int fd = dial(SOCK_DGRAM), tcp = dial(SOCK_STREAM);
    ask(fd, false, 1, VO_REFLECT_DELAY_MS + 1); /* too long */
    scene_run(&scene, 20);
    assert_false(held(1, &what));
    for (uint32_t i = 0; i < VO_REFLECT_HOLDS; i++)
        ask(fd, false, 10 + i, 100000);
    ask(fd, false, 100, 10);
    ask(tcp, true, 101, 10);
    scene_run(&scene, 20);
    assert_true(held(10 + VO_REFLECT_HOLDS - 1, &what));
    assert_false(held(100, &what));
    assert_false(held(101, &what));
    assert_false(answered(fd, false, 100, 100, &body));
    assert_false(answered(tcp, true, 101, 100, &body));
    close(fd);
    close(tcp);
}

/* With the session all that waits ends: nothing is sent any more, and connections are closed. */
static void ends_with_the_session(void **state)
{
    char back[8];
    (void)state;
    int fd = dial(SOCK_DGRAM), tcp = dial(SOCK_STREAM);
    ask(fd, false, 1, 150);
    ask(tcp, true, 2, 150);
    scene_run(&scene, 30);
    vo_responder_client_free(scene.client);
    scene.client = NULL;
    scene_run(&scene, 300);
    assert_true(recv(fd, back, sizeof back, 0) < 0);
    assert_true(recv(tcp, back, sizeof back, 0) == 0 || errno == ECONNRESET);
    assert_int_equal(vo_responder_counts(scene.responder)->connections_now, 0);
    close(fd);
    close(tcp);
}

/* All at once: nothing is left behind, as the sanitizers see. */
static void ends_with_the_responder(void **state)
{
    (void)state;
    int fd = dial(SOCK_DGRAM), tcp = dial(SOCK_STREAM);
    ask(fd, false, 1, 100000);
    ask(tcp, true, 2, 100000);
    scene_run(&scene, 30);
    vo_responder_free(scene.responder);
    scene.responder = NULL;
    close(fd);
    close(tcp);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replies_when_it_is_time),   TEST(replies_at_once),       TEST(tells_that_a_connection_has_ended),
        TEST(holds_no_more_than_it_may), TEST(ends_with_the_session), TEST(ends_with_the_responder),
    };
    return cmocka_run_group_tests_name("responder_hold", tests, NULL, NULL);
}
