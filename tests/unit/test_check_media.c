#include "tests/unit/reach_scene.h"

#include "probes/decode/rtcp.h"
#include "probes/decode/rtp.h"

static const enum vo_metric metrics[] = {VO_METRIC_REACH_STATE, VO_METRIC_REACH_CONNECT_MS};
static const struct vo_gives gives = {NULL, metrics, 2};

/* A media port of the SBC, which is this host. */
static unsigned add(uint16_t port)
{
    return run_add((struct vo_demand){.kind = &vo_check_media,
                                      .gives = &gives,
                                      .row = "fw.rtp",
                                      .role = "sbc",
                                      .host = "127.0.0.1",
                                      .transport = "udp",
                                      .port = port,
                                      .judged = true,
                                      .direction = "out"},
                   "127.0.0.1");
}

/* The other check of the responder: by it the first one knows of its life. */
static void add_responder(void)
{
    run_add((struct vo_demand){.kind = &vo_check_responder,
                               .gives = &gives,
                               .row = "fw.rtp",
                               .role = "responder",
                               .host = "127.0.0.1",
                               .transport = "udp",
                               .port = run.scene.ports[0],
                               .direction = "out"},
            "127.0.0.1");
}

static int listen_on(uint16_t port)
{
    struct sockaddr_storage any = scene_address("127.0.0.1", port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(struct sockaddr_in)), 0);
    return fd;
}

/* Nobody listens: the SBC itself says so, which is no fault of a firewall. */
static void a_port_that_is_closed(void **state)
{
    (void)state;
    run.site.responder.address = NULL;
    unsigned even = add(run.scene.ports[0]), odd = add(run.scene.ports[1]);
    vo_time took = run_all(0);
    assert_string_equal(run_state(even, "reach_state"), "closed");
    assert_string_equal(run_state(odd, "reach_state"), "closed");
    assert_string_equal(run_label(even, "offender"), "127.0.0.1");
    assert_non_null(strstr(run_label(even, "not_applicable"), "no call has this port open"));
    assert_true(run_number(even, "subject", "requests") == 1); /* one is enough */
    assert_true(took < VO_NS_PER_S);
}

/* Silence proves nothing; what was sent had the shape of RTP and RTCP, and was little. */
static void silence_proves_nothing(void **state)
{
    uint8_t data[512];
    unsigned count[2] = {0, 0};
    struct vo_rtp rtp;
    (void)state;
    run.site.responder.address = NULL;
    const int fds[] = {listen_on(run.scene.ports[0]), listen_on(run.scene.ports[1])};
    unsigned even = add(run.scene.ports[0]), odd = add(run.scene.ports[1]);
    run_all(0);
    assert_non_null(strstr(run_state(even, "reach_state"), "proves nothing without a responder"));
    assert_non_null(strstr(run_state(odd, "reach_state"), "proves nothing without a responder"));
    for (size_t i = 0; i < 2; i++) {
        ssize_t size;
        while ((size = recv(fds[i], data, sizeof data, 0)) > 0) {
            count[i]++;
            assert_int_equal(vo_media_classify(data, (uint32_t)size, (uint32_t)size),
                             i ? VO_MEDIA_RTCP : VO_MEDIA_RTP);
            if (i == 0)
                assert_true(vo_rtp_decode(data, (uint32_t)size, (uint32_t)size, &rtp) &&
                            rtp.payload_length == 160);
        }
        close(fds[i]);
    }
    assert_int_equal(count[0], 2);
    assert_int_equal(count[1], 2);
}

/* Nothing is sent to the SBC, and nothing written. */
static void a_live_responder_tells_more(void **state)
{
    uint8_t data[512];
    (void)state;
    scene_respond(&run.scene, NULL);
    uint16_t port = (uint16_t)(run.scene.control + 1);
    int fd = listen_on(port);
    unsigned media = add(port);
    add_responder();
    vo_time took = run_all(0);
    assert_null(run_of(media));
    assert_true(recv(fd, data, sizeof data, 0) < 0);
    assert_true(took < VO_NS_PER_S);
    close(fd);
}

static void a_responder_that_is_not_there(void **state)
{
    (void)state; /* nobody listens on the control port */
    unsigned media = add(run.scene.ports[2]);
    add_responder();
    vo_time took = run_all(0);
    assert_string_equal(run_state(media, "reach_state"), "closed");
    assert_true(took < VO_NS_PER_S); /* its refusal is not waited for long */
}

/* Nothing is heard of it, not even that it is dead: the time-out and a quarter, here 2.5 s. */
static void a_responder_that_nobody_asked(void **state)
{
    (void)state;
    unsigned media = add(run.scene.ports[2]);
    vo_time took = run_all(0);
    assert_string_equal(run_state(media, "reach_state"), "closed");
    assert_true(took >= 2500 * VO_NS_PER_MS && took < 3500 * VO_NS_PER_MS);
}

static void ends_early_when_stopped(void **state)
{
    (void)state;
    unsigned media = add(run.scene.ports[2]);
    run_all(100);
    assert_string_equal(run_state(media, "reach_state"), "stopped before it was known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_port_that_is_closed),         TEST(silence_proves_nothing),
        TEST(a_live_responder_tells_more),   TEST(a_responder_that_is_not_there),
        TEST(a_responder_that_nobody_asked), TEST(ends_early_when_stopped),
    };
    return cmocka_run_group_tests_name("check_media", tests, NULL, NULL);
}
