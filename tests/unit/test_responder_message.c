/* What the responder keeps of messages with a mark, and what it does with all others. */
#include "tests/unit/responder_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

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

static int dial(int kind, uint16_t port)
{
    struct sockaddr_storage to = scene_address("127.0.0.1", port);
    int fd = socket(AF_INET, kind, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(struct sockaddr_in)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* A message with a mark, of so many bytes in all. */
static size_t make_message(enum vo_reflect_protocol protocol, uint16_t port, uint32_t sequence, char *to,
                           size_t size)
{
    char mark[VO_REFLECT_MARK + 1];
    assert_true(vo_responder_client_mark(scene.client, protocol, port, sequence, mark));
    size_t used = (size_t)snprintf(to, size + 1, "OPTIONS sip:x SIP/2.0\r\nCall-ID: %s\r\n", mark);
    memset(to + used, 'x', size - used);
    return size;
}

/* What the responder tells of a mark. */
static const uint8_t *told(enum vo_reflect_protocol protocol, uint16_t port, uint32_t sequence,
                           uint32_t *size)
{
    uint32_t report = vo_responder_client_fetch(scene.client, protocol, port, sequence);
    assert_int_not_equal(report, 0);
    SCENE_UNTIL(&scene, vo_responder_client_reports(scene.client) == report);
    return vo_responder_client_message(scene.client, protocol, port, sequence, size);
}

static void assert_told(enum vo_reflect_protocol protocol, uint16_t port, uint32_t sequence, const char *text,
                        size_t size)
{
    uint32_t told_size;
    const uint8_t *bytes = told(protocol, port, sequence, &told_size);
    assert_int_equal(told_size, size);
    assert_memory_equal(bytes, text, size);
}

static void assert_nothing(enum vo_reflect_protocol protocol, uint16_t port, uint32_t sequence)
{
    uint32_t size;
    assert_null(told(protocol, port, sequence, &size));
    assert_int_equal(size, 0);
}

static void tells_the_bytes_and_answers_nothing(void **state)
{
    char text[VO_REFLECT_TEXT + 1], back[64];
    uint16_t port = scene.ports[0];
    (void)state;
    int udp = dial(SOCK_DGRAM, port), tcp = dial(SOCK_STREAM, port);
    assert_nothing(VO_REFLECT_UDP, port, 1);
    make_message(VO_REFLECT_UDP, port, 1, text, 300);
    assert_int_equal(send(udp, text, 300, 0), 300);
    scene_run(&scene, 20);
    assert_told(VO_REFLECT_UDP, port, 1, text, 300);
    make_message(VO_REFLECT_TCP, port, 1, text, VO_REFLECT_TEXT); /* the same sequence over TCP is another */
    assert_nothing(VO_REFLECT_TCP, port, 1);
    for (size_t at = 0; at < VO_REFLECT_TEXT; at += 512) { /* in pieces */
        assert_int_equal(send(tcp, text + at, 512, 0), 512);
        scene_run(&scene, 10);
    }
    assert_told(VO_REFLECT_TCP, port, 1, text, VO_REFLECT_TEXT);
    assert_true(recv(udp, back, sizeof back, 0) < 0);
    SCENE_UNTIL(&scene, recv(tcp, back, sizeof back, 0) == 0); /* full: closed, without a word */
    assert_int_equal(scene_count(&scene, VO_REFLECT_UDP, port, 0).received, 0); /* no request */
    close(udp);
    close(tcp);
}

/* A longer datagram is kept up to what is told of it: 2048 bytes. */
static void keeps_so_much_and_no_more(void **state)
{
    static char text[5000];
    (void)state;
    int udp = dial(SOCK_DGRAM, scene.ports[0]);
    make_message(VO_REFLECT_UDP, scene.ports[0], 1, text, sizeof text - 1);
    assert_int_equal(send(udp, text, sizeof text, 0), sizeof text);
    scene_run(&scene, 20);
    assert_told(VO_REFLECT_UDP, scene.ports[0], 1, text, VO_REFLECT_TEXT);
    /* sixteen of them: the first is gone after sixteen others */
    for (uint32_t i = 2; i <= 17; i++) {
        make_message(VO_REFLECT_UDP, scene.ports[0], i, text, 200);
        assert_int_equal(send(udp, text, 200, 0), 200);
    }
    scene_run(&scene, 20);
    assert_nothing(VO_REFLECT_UDP, scene.ports[0], 1);
    make_message(VO_REFLECT_UDP, scene.ports[0], 2, text, 200);
    assert_told(VO_REFLECT_UDP, scene.ports[0], 2, text, 200);
    close(udp);
}

/* A mark is good for its port and protocol, and as it was made. */
static void keeps_nothing_of_strangers(void **state)
{
    char text[400], other[400];
    uint16_t port = scene.ports[0];
    (void)state;
    int udp = dial(SOCK_DGRAM, port), elsewhere = dial(SOCK_DGRAM, scene.ports[1]);
    make_message(VO_REFLECT_UDP, port, 5, text, 300);
    uint64_t refused = vo_responder_counts(scene.responder)->refused;
    assert_int_equal(send(elsewhere, text, 300, 0), 300);
    make_message(VO_REFLECT_TCP, port, 5, other, 300);
    assert_int_equal(send(udp, other, 300, 0), 300);
    char *mark = strstr(text, "Call-ID: vo") + 9;
    for (size_t i = 0; i < VO_REFLECT_MARK; i++) { /* one character of it */
        memcpy(other, text, 300);
        other[mark - text + (long)i] = mark[i] == '0' ? '1' : '0';
        assert_int_equal(send(udp, other, 300, 0), 300);
    }
    assert_int_equal(send(udp, text, (size_t)(mark - text) + VO_REFLECT_MARK - 1, 0),
                     (mark - text) + VO_REFLECT_MARK - 1); /* cut */
    scene_run(&scene, 30);
    assert_int_equal(vo_responder_counts(scene.responder)->refused, refused + 2 + VO_REFLECT_MARK + 1);
    assert_nothing(VO_REFLECT_UDP, port, 5);
    assert_nothing(VO_REFLECT_UDP, scene.ports[1], 5);
    /* five false marks before the right one are not looked through */
    size_t used = 0;
    for (int i = 0; i < 4; i++)
        used += (size_t)snprintf(other + used, sizeof other - used, "vo%048d ", 1);
    memcpy(other + used, mark, VO_REFLECT_MARK);
    assert_int_equal(send(udp, other, used + VO_REFLECT_MARK, 0), used + VO_REFLECT_MARK);
    scene_run(&scene, 20);
    assert_nothing(VO_REFLECT_UDP, port, 5);
    assert_int_equal(send(udp, text, 300, 0), 300); /* the right one is taken all the same */
    scene_run(&scene, 20);
    assert_told(VO_REFLECT_UDP, port, 5, text, 300);
    close(udp);
    close(elsewhere);
}

/* A text that never proves itself costs its connection's short life. */
static void closes_what_says_nothing(void **state)
{
    char text[VO_REFLECT_TEXT], back[8];
    (void)state;
    int tcp = dial(SOCK_STREAM, scene.ports[0]);
    memset(text, 'S', sizeof text);
    assert_int_equal(send(tcp, text, sizeof text, 0), sizeof text);
    SCENE_UNTIL(&scene, recv(tcp, back, sizeof back, 0) == 0 || errno == ECONNRESET);
    close(tcp);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_the_bytes_and_answers_nothing),
        TEST(keeps_so_much_and_no_more),
        TEST(keeps_nothing_of_strangers),
        TEST(closes_what_says_nothing),
    };
    return cmocka_run_group_tests_name("responder_message", tests, NULL, NULL);
}
