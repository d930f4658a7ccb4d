#include "probes/io/mac.h"
#include "tests/unit/responder_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>

static struct scene scene;

static int begin(void **state)
{
    *state = &scene;
    scene_begin(&scene);
    return 0;
}

static int end(void **state)
{
    (void)state;
    scene_end(&scene);
    return 0;
}

/* A UDP socket from one address to another, as a phone has it. */
static int udp_socket(const char *from, const char *to, uint16_t port)
{
    static const int dscp46 = 46 << 2, on = 1;
    struct sockaddr_storage local = scene_address(from, 0), peer = scene_address(to, port);
    bool v6 = local.ss_family == AF_INET6;
    int fd = socket(local.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(
        setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, &dscp46, sizeof dscp46), 0);
    assert_int_equal(
        setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVTCLASS : IP_RECVTOS, &on, sizeof on), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&local, vo_sockaddr_size(&local)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&peer, vo_sockaddr_size(&peer)), 0);
    return fd;
}

static uint32_t make_request(uint16_t port, uint32_t sequence, uint8_t *datagram)
{
    struct vo_reflect_body body = {.kind = VO_REFLECT_REQUEST,
                                   .dscp = 46,
                                   .seen_dscp = VO_REFLECT_DSCP_UNKNOWN,
                                   .sequence = sequence,
                                   .port = port,
                                   .t1 = vo_clock_now()};
    uint32_t size;
    uint8_t *at = vo_reflect_wrap(vo_reflect_shape_of(port), 0x12345678, sequence, datagram, &size);
    assert_true(vo_responder_client_seal(scene.client, &body, at));
    return size;
}

/* Lets the responder work; the size of what came back, 0 if nothing did. `dscp` (or NULL): of what came. */
static size_t answer_to(int fd, uint8_t *data, size_t room, int *dscp)
{
    _Alignas(struct cmsghdr) uint8_t control[128];
    struct iovec part = {data, room};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t size = -1;
    for (int i = 0; i < 20 && size < 0; i++) {
        scene_run(&scene, 5);
        size = recvmsg(fd, &message, MSG_DONTWAIT);
    }
    if (size < 0)
        return 0;
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
    if (dscp && cmsg)
        *dscp = *CMSG_DATA(cmsg) >> 2;
    return (size_t)size;
}

static void assert_answered(const char *from, const char *to, uint16_t port, uint32_t sequence)
{
    uint8_t request[VO_REFLECT_DATAGRAM], reply[512];
    struct vo_reflect_body asked, body;
    enum vo_reflect_shape shape;
    uint32_t ssrc;
    int dscp = -1, fd = udp_socket(from, to, port);
    uint32_t size = make_request(port, sequence, request);
    assert_int_equal(send(fd, request, size, 0), size);
    assert_int_equal(answer_to(fd, reply, sizeof reply, &dscp), size); /* never more than came in */
    const uint8_t *at = vo_reflect_unwrap(reply, size, &shape, &ssrc);
    assert_non_null(at);
    assert_int_equal(shape, vo_reflect_shape_of(port));
    assert_int_equal(ssrc, 0x12345678);
    assert_true(vo_responder_client_open(scene.client, at, &body));
    assert_true(
        vo_reflect_body_read(vo_reflect_unwrap(request, size, &shape, &ssrc), VO_REFLECT_BODY, &asked));
    struct sockaddr_storage local;
    socklen_t local_size = sizeof local;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &local_size), 0);
    struct vo_endpoint own = vo_endpoint_of(&local);
    assert_int_equal(body.kind, VO_REFLECT_REPLY);
    assert_int_equal(body.sequence, sequence);
    assert_true(body.t1 == asked.t1);
    assert_true(body.t1 <= body.t2 && body.t2 <= body.t3 && body.t3 <= vo_clock_now());
    assert_memory_equal(body.seen_address, own.address, 16);
    assert_int_equal(body.seen_port, own.port);
    assert_int_equal(body.seen_dscp, 46);
    assert_int_equal(body.seen_ttl, 64); /* Linux's default, over loopback unchanged */
    assert_int_equal(dscp, 46);          /* the way back is marked like the way there */
    close(fd);
}

static void answers_rtp_and_rtcp_shaped_requests(void **state)
{
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    for (uint32_t i = 0; i < 4; i++)
        assert_answered("127.0.0.1", "127.0.0.1", scene.ports[i], i + 1);
    assert_int_equal(scene_count(&scene, VO_REFLECT_UDP, scene.ports[0], 0).received, 1);
    assert_int_equal(scene_count(&scene, VO_REFLECT_UDP, scene.ports[0], 0).answered, 1);
}

static void answers_on_ipv6(void **state)
{
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "::1");
    assert_answered("::1", "::1", scene.ports[0], 1);
    assert_answered("::1", "::1", scene.ports[1], 1);
}

/* The socket is connected: a reply from any other address would not reach it. */
static void answers_from_the_address_that_was_asked(void **state)
{
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    assert_answered("127.0.0.1", "127.0.0.2", scene.ports[0], 1);
    assert_answered("127.0.0.1", "127.7.7.7", scene.ports[1], 1);
}

static void says_what_it_cannot_bind_and_goes_on(void **state)
{
    struct sockaddr_storage any = scene_address("0.0.0.0", scene.ports[2]);
    char text[64];
    (void)state;
    int taken = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(taken, (struct sockaddr *)&any, sizeof(struct sockaddr_in)), 0);
    scene_respond(&scene, NULL);
    snprintf(text, sizeof text, "UDP port %u, IPv4: Address already in use", scene.ports[2]);
    assert_non_null(strstr(scene.said, text));
    snprintf(text, sizeof text, "UDP %u-%u, %u; TCP %u-%u", scene.ports[0], scene.ports[1], scene.ports[3],
             scene.ports[0], scene.ports[3]);
    assert_non_null(strstr(scene.said, text));
    scene_connect(&scene, "127.0.0.1");
    assert_int_equal(scene_count(&scene, VO_REFLECT_UDP, scene.ports[2], 0).state, VO_REFLECT_NOT_SERVED);
    assert_int_equal(scene_count(&scene, VO_REFLECT_TCP, scene.ports[2], 0).state, VO_REFLECT_SERVED);
    assert_answered("127.0.0.1", "127.0.0.1", scene.ports[3], 1);
    close(taken);
}

/* Sends what is wrong in one way; nothing may come back. */
static void assert_silence(int fd, const uint8_t *data, size_t size)
{
    uint8_t reply[512];
    assert_int_equal(send(fd, data, size, 0), size);
    assert_int_equal(answer_to(fd, reply, sizeof reply, NULL), 0);
}

static void is_silent_unless_all_is_right(void **state)
{
    uint8_t request[VO_REFLECT_DATAGRAM + 1] = {0}, reply[512];
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    int fd = udp_socket("127.0.0.1", "127.0.0.1", scene.ports[0]);
    uint32_t size = make_request(scene.ports[0], 1, request);
    static const size_t places[] = {0,       12,      16,       12 + 8,   12 + 15,
                                    12 + 19, 12 + 21, 12 + 100, 12 + 144, 12 + 159};
    for (size_t i = 0; i < sizeof places / sizeof *places;
         i++) { /* header, magic, token, sequence, port, MAC */
        request[places[i]] ^= 1;
        assert_silence(fd, request, size);
        request[places[i]] ^= 1;
    }
    assert_silence(fd, request, size - 1);
    assert_silence(fd, request, size + 1);
    assert_silence(fd, request, 0);
    size = make_request(scene.ports[2], 1, request); /* made for another port */
    assert_silence(fd, request, size);
    assert_int_equal(scene_count(&scene, VO_REFLECT_UDP, scene.ports[0], 0).received, 0);

    size = make_request(scene.ports[0], 1, request);
    assert_int_equal(send(fd, request, size, 0), size);
    assert_int_equal(answer_to(fd, reply, sizeof reply, NULL), size);
    assert_silence(fd, request, size); /* a replay */
    assert_silence(fd, reply, size);   /* its own words are no request */
    struct vo_reflect_row row = scene_count(&scene, VO_REFLECT_UDP, scene.ports[0], 0);
    assert_int_equal(row.received, 1);
    assert_int_equal(row.duplicates, 1);
    assert_int_equal(row.answered, 1);

    int elsewhere =
        udp_socket("127.0.0.3", "127.0.0.1", scene.ports[0]); /* the token is bound to the address */
    size = make_request(scene.ports[0], 2, request);
    assert_silence(elsewhere, request, size);
    row = scene_count(&scene, VO_REFLECT_UDP, scene.ports[0], 0);
    assert_int_equal(row.foreign, 1);
    assert_int_equal(row.foreign_address[15], 3);
    assert_int_equal(row.received, 1);
    close(fd);
    close(elsewhere);
}

/* Reordering is no replay; what is older than 63 numbers is. */
static void takes_requests_out_of_order(void **state)
{
    static const struct {
        uint32_t sequence;
        bool answered;
    } order[] = {{100, true}, {99, true},  {102, true}, {101, true},  {99, false}, {100, false},
                 {39, true},  {38, false}, {166, true}, {102, false}, {104, true}, {0xffffffff, true}};
    uint8_t request[VO_REFLECT_DATAGRAM], reply[512];
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    int fd = udp_socket("127.0.0.1", "127.0.0.1", scene.ports[0]);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        uint32_t size = make_request(scene.ports[0], order[i].sequence, request);
        assert_int_equal(send(fd, request, size, 0), size);
        assert_int_equal(answer_to(fd, reply, sizeof reply, NULL), order[i].answered ? size : 0);
    }
    close(fd);
}

static int tcp_socket(uint16_t port)
{
    struct sockaddr_storage peer = scene_address("127.0.0.1", port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(struct sockaddr_in)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* What comes until the responder closes, or for 200 ms: the number of bytes; *closed tells. */
static size_t read_all(int fd, uint8_t *data, size_t room, bool *closed)
{
    size_t used = 0;
    *closed = false;
    for (int i = 0; i < 40 && !*closed; i++) {
        scene_run(&scene, 5);
        ssize_t size = recv(fd, data + used, room - used, 0);
        if (size > 0)
            used += (size_t)size;
        else if (size == 0 || errno != EAGAIN)
            *closed = true;
    }
    return used;
}

static void answers_one_hello_over_tcp(void **state)
{
    uint8_t request[VO_REFLECT_BODY], reply[512];
    struct vo_reflect_body body = {
        .kind = VO_REFLECT_REQUEST, .sequence = 1, .port = scene.ports[0], .t1 = 5};
    bool closed;
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    assert_true(vo_responder_client_seal(scene.client, &body, request));
    int fd = tcp_socket(scene.ports[0]);
    assert_int_equal(send(fd, request, 100, 0), 100); /* in two parts */
    scene_run(&scene, 20);
    assert_int_equal(send(fd, request + 100, 60, 0), 60);
    assert_int_equal(read_all(fd, reply, sizeof reply, &closed), VO_REFLECT_BODY);
    assert_true(vo_responder_client_open(scene.client, reply, &body));
    assert_int_equal(body.kind, VO_REFLECT_REPLY);
    assert_true(body.t1 == 5 && body.t2 > 5);
    assert_int_equal(body.seen_address[12], 127);
    assert_int_equal(send(fd, request, 1, 0), 1); /* no second one */
    assert_int_equal(read_all(fd, reply, sizeof reply, &closed), 0);
    assert_true(closed);
    close(fd);
    fd = tcp_socket(scene.ports[0]); /* the same hello on another connection is a replay */
    assert_int_equal(send(fd, request, sizeof request, 0), sizeof request);
    assert_int_equal(read_all(fd, reply, sizeof reply, &closed), 0);
    assert_true(closed);
    close(fd);
    struct vo_reflect_row row = scene_count(&scene, VO_REFLECT_TCP, scene.ports[0], 0);
    assert_int_equal(row.accepted, 2);
    assert_int_equal(row.received, 1);
    assert_int_equal(row.duplicates, 1);
}

static void tells_a_wrong_key(void **state)
{
    (void)state;
    scene_respond(&scene, NULL);
    scene.client = scene_client(&scene, "127.0.0.1", "another excellent secret, 32 b.!");
    SCENE_UNTIL(&scene, vo_responder_client_failure(scene.client));
    assert_non_null(strstr(vo_responder_client_failure(scene.client), "is the key the same on both sides?"));
    assert_false(vo_responder_client_ready(scene.client));
    assert_int_equal(vo_responder_counts(scene.responder)->refused, 1);
    assert_int_equal(vo_responder_counts(scene.responder)->sessions_now, 0);
}

/* A frame of the client under the shared key. */
static uint32_t control_frame(enum vo_reflect_type type, uint32_t sequence, const uint8_t *payload,
                              uint32_t size, uint8_t *to)
{
    uint32_t whole = vo_reflect_frame_write(type, sequence, payload, size, to);
    assert_true(vo_mac(SCENE_KEY, strlen(SCENE_KEY), to, whole - 32, to + whole - 32));
    return whole;
}

static void refuses_frames_out_of_turn(void **state)
{
    static const struct {
        enum vo_reflect_type type;
        uint32_t sequence, size;
    } wrong[] = {{VO_REFLECT_PROOF, 0, 64}, {VO_REFLECT_COUNT, 0, 0},  {VO_REFLECT_CHALLENGE, 0, 64},
                 {VO_REFLECT_HELLO, 1, 32}, {VO_REFLECT_READY, 0, 36}, {VO_REFLECT_REPORT, 0, 4}};
    uint8_t payload[64] = {0}, frame[VO_REFLECT_FRAME_OF(64)], reply[512];
    bool closed;
    (void)state;
    scene_respond(&scene, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int fd = tcp_socket(scene.control);
        uint32_t size = control_frame(wrong[i].type, wrong[i].sequence, payload, wrong[i].size, frame);
        assert_int_equal(send(fd, frame, size, 0), size);
        assert_int_equal(read_all(fd, reply, sizeof reply, &closed), 0);
        assert_true(closed);
        close(fd);
    }
}

/* Who recorded a HELLO gets a challenge that he cannot answer, and no more bytes than the whole exchange had.
 */
static void refuses_a_recorded_exchange(void **state)
{
    uint8_t nonce[VO_REFLECT_NONCE] = {1}, both[64], hello[76], proof[VO_REFLECT_FRAME_OF(64)], reply[512];
    struct vo_reflect_frame frame;
    bool closed;
    (void)state;
    scene_respond(&scene, NULL);
    int fd = tcp_socket(scene.control);
    assert_int_equal(control_frame(VO_REFLECT_HELLO, 0, nonce, sizeof nonce, hello), sizeof hello);
    assert_int_equal(send(fd, hello, sizeof hello, 0), sizeof hello);
    size_t size = read_all(fd, reply, sizeof reply, &closed);
    assert_int_equal(size, VO_REFLECT_FRAME_OF(64));
    assert_int_equal(vo_reflect_frame_read(reply, (uint32_t)size, &frame), VO_REFLECT_FRAME);
    assert_int_equal(frame.type, VO_REFLECT_CHALLENGE);
    memcpy(both, frame.payload, sizeof both);
    control_frame(VO_REFLECT_PROOF, 1, both, sizeof both, proof);
    assert_int_equal(send(fd, proof, sizeof proof, 0), sizeof proof);
    assert_int_equal(read_all(fd, reply, sizeof reply, &closed), VO_REFLECT_FRAME_OF(VO_REFLECT_READY_SIZE));
    assert_int_equal(vo_responder_counts(scene.responder)->sessions_now, 1);

    int again = tcp_socket(scene.control);
    assert_int_equal(send(again, hello, sizeof hello, 0), sizeof hello);
    assert_int_equal(send(again, proof, sizeof proof, 0), sizeof proof);
    assert_int_equal(read_all(again, reply, sizeof reply, &closed), VO_REFLECT_FRAME_OF(64));
    assert_true(closed);
    assert_int_equal(vo_responder_counts(scene.responder)->sessions_now, 1);
    close(fd);
    close(again);
}

static unsigned take_unsolicited(int fd, uint16_t from)
{
    uint8_t data[512];
    struct vo_reflect_body body;
    enum vo_reflect_shape shape;
    uint32_t ssrc;
    unsigned count = 0;
    for (;;) {
        struct sockaddr_storage peer = {0};
        socklen_t peer_size = sizeof peer;
        ssize_t size = recvfrom(fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&peer, &peer_size);
        if (size < 0)
            return count;
        const uint8_t *at = vo_reflect_unwrap(data, (uint32_t)size, &shape, &ssrc);
        assert_non_null(at);
        assert_true(vo_responder_client_open(scene.client, at, &body));
        assert_int_equal(body.kind, VO_REFLECT_UNSOLICITED);
        assert_int_equal(body.sequence, count);
        assert_int_equal(body.port, from);
        assert_int_equal(vo_sockaddr_port(&peer), from);
        count++;
    }
}

static uint32_t send_unasked(struct vo_reflect_send send)
{
    uint32_t report = vo_responder_client_send(scene.client, &send);
    SCENE_UNTIL(&scene, vo_responder_client_reports(scene.client) == report);
    return report;
}

static void sends_unasked_only_what_was_ordered(void **state)
{
    struct sockaddr_storage local = scene_address("127.0.0.1", 0);
    socklen_t local_size = sizeof local;
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&local, sizeof(struct sockaddr_in)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &local_size), 0);
    uint16_t own = vo_sockaddr_port(&local), from = scene.ports[2];
    struct vo_reflect_send send = {.from = from, .to = own, .interval_ms = 20, .count = 3, .dscp = 46};
    send_unasked(send);
    scene_run(&scene, 100);
    assert_int_equal(take_unsolicited(fd, from), 3);
    assert_int_equal(scene_count(&scene, VO_REFLECT_INBOUND, from, own).sent, 3);
    send_unasked(send); /* a second time: no */
    scene_run(&scene, 100);
    assert_int_equal(take_unsolicited(fd, from), 0);
    send.from = scene.ports[3];
    send.count = 11; /* too many */
    send_unasked(send);
    assert_int_equal(scene_count(&scene, VO_REFLECT_INBOUND, send.from, own).state, VO_REFLECT_REFUSED);
    send.from = scene.control; /* no UDP there */
    send.count = 3;
    send_unasked(send);
    assert_int_equal(scene_count(&scene, VO_REFLECT_INBOUND, send.from, own).state, VO_REFLECT_NOT_SERVED);
    scene_run(&scene, 100);
    assert_int_equal(take_unsolicited(fd, from), 0);
    close(fd);
}

/* A port on which nobody waits answers with ICMP, which only the responder hears. */
static void tells_of_icmp_about_what_it_sent(void **state)
{
    struct sockaddr_storage local = scene_address("127.0.0.1", 0);
    socklen_t local_size = sizeof local;
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&local, sizeof(struct sockaddr_in)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &local_size), 0);
    uint16_t own = vo_sockaddr_port(&local), from = scene.ports[0];
    close(fd);
    send_unasked((struct vo_reflect_send){.from = from, .to = own, .interval_ms = 20, .count = 3});
    scene_run(&scene, 100);
    struct vo_reflect_row row = scene_count(&scene, VO_REFLECT_INBOUND, from, own);
    assert_int_equal(row.sent, 3);
    assert_int_equal(row.icmp_family, 4);
    assert_int_equal(row.icmp_type, 3);
    assert_int_equal(row.icmp_code, 3);
    assert_memory_equal(row.icmp_offender + 12, ((uint8_t[]){127, 0, 0, 1}), 4);
    assert_answered("127.0.0.1", "127.0.0.1", from, 1); /* the error does not stop the port */
}

static void keeps_to_the_rate(void **state)
{
    struct vo_responder_limits limits = vo_responder_limits;
    uint8_t request[VO_REFLECT_DATAGRAM], reply[512];
    unsigned answered = 0;
    (void)state;
    limits.packets_per_s = 5;
    scene_respond(&scene, &limits);
    scene_connect(&scene, "127.0.0.1");
    int fd = udp_socket("127.0.0.1", "127.0.0.1", scene.ports[0]);
    vo_time began = vo_clock_monotonic();
    for (uint32_t i = 1; i <= 30; i++)
        assert_int_equal(send(fd, request, make_request(scene.ports[0], i, request), 0), 172);
    scene_run(&scene, 50);
    while (recv(fd, reply, sizeof reply, 0) > 0)
        answered++;
    /* five at once, and five more in each second that passed */
    unsigned most = 5 + (unsigned)((vo_clock_monotonic() - began) * 5 / VO_NS_PER_S) + 1;
    assert_in_range(answered, 5, most);
    struct vo_reflect_row row = scene_count(&scene, VO_REFLECT_UDP, scene.ports[0], 0);
    assert_int_equal(row.received, 30);
    assert_int_equal(row.answered, answered);
    assert_int_equal(vo_responder_counts(scene.responder)->limited, 30 - answered);
    close(fd);
}

static void ends_the_session_with_its_connection(void **state)
{
    uint8_t request[VO_REFLECT_DATAGRAM];
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    int fd = udp_socket("127.0.0.1", "127.0.0.1", scene.ports[0]);
    uint32_t size = make_request(scene.ports[0], 1, request);
    vo_responder_client_free(scene.client);
    scene.client = NULL;
    SCENE_UNTIL(&scene, vo_responder_counts(scene.responder)->sessions_now == 0);
    assert_silence(fd, request, size);
    assert_int_equal(vo_responder_counts(scene.responder)->connections_now, 0);
    close(fd);
}

static void closes_what_does_not_prove_itself(void **state)
{
    struct vo_responder_limits limits = vo_responder_limits;
    uint8_t reply[16];
    bool closed;
    (void)state;
    limits.half_open = 100 * VO_NS_PER_MS;
    limits.idle = 300 * VO_NS_PER_MS;
    scene_respond(&scene, &limits);
    int silent = tcp_socket(scene.control), slow = tcp_socket(scene.ports[0]);
    assert_int_equal(send(slow, "VOR1", 4, 0), 4);
    scene_run(&scene, 20);
    assert_int_equal(vo_responder_counts(scene.responder)->connections_now, 2);
    assert_int_equal(read_all(silent, reply, sizeof reply, &closed), 0);
    assert_true(closed);
    assert_int_equal(read_all(slow, reply, sizeof reply, &closed), 0);
    assert_true(closed);
    assert_int_equal(vo_responder_counts(scene.responder)->connections_now, 0);
    close(silent);
    close(slow);
    scene_connect(&scene, "127.0.0.1"); /* outlives the half-open time, not the idle one */
    scene_run(&scene, 200);
    assert_int_equal(vo_responder_counts(scene.responder)->sessions_now, 1);
    SCENE_UNTIL(&scene, vo_responder_counts(scene.responder)->sessions_now == 0);
    assert_non_null(strstr(vo_responder_client_failure(scene.client), "control connection was lost"));
}

static void bounds_connections_and_sessions(void **state)
{
    struct vo_responder_limits limits = vo_responder_limits;
    struct vo_responder_client *clients[3];
    int fds[12];
    (void)state;
    limits.connections = 6;
    limits.connections_per_address = 8;
    limits.sessions_per_address = 2;
    scene_respond(&scene, &limits);
    for (int i = 0; i < 3; i++)
        clients[i] = scene_client(&scene, "127.0.0.1", SCENE_KEY);
    SCENE_UNTIL(&scene, vo_responder_client_failure(clients[0]) || vo_responder_client_failure(clients[1]) ||
                            vo_responder_client_failure(clients[2]));
    assert_int_equal(vo_responder_counts(scene.responder)->sessions_now, 2);
    for (int i = 0; i < 12; i++) { /* more than the limit: the oldest strangers go, the sessions stay */
        fds[i] = tcp_socket(scene.ports[0]);
        scene_run(&scene, 5);
        assert_in_range(vo_responder_counts(scene.responder)->connections_now, 0, 6);
    }
    assert_int_equal(vo_responder_counts(scene.responder)->connections_now, 6);
    assert_int_equal(vo_responder_counts(scene.responder)->sessions_now, 2);
    for (int i = 0; i < 12; i++)
        close(fds[i]);
    for (int i = 0; i < 3; i++)
        vo_responder_client_free(clients[i]);
}

/* Strangers get nothing and cost nothing that stays; who knows the key is served all the while. */
static void survives_a_flood_of_strangers(void **state)
{
    uint8_t junk[1400], request[VO_REFLECT_DATAGRAM];
    uint32_t seed = 1;
    int strangers[40];
    unsigned sent = 0;
    (void)state;
    scene_respond(&scene, NULL);
    scene_connect(&scene, "127.0.0.1");
    int fd = udp_socket("127.0.0.9", "127.0.0.1", scene.ports[0]);
    make_request(scene.ports[0], 1000, request);
    for (int i = 0; i < 40; i++)
        strangers[i] = tcp_socket(i % 2 ? scene.control : scene.ports[1]);
    scene_run(&scene, 20);
    size_t before = mallinfo2().uordblks;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 50; i++) {
            for (size_t j = 0; j < 200; j++)
                junk[j] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
            size_t size = i % 3 == 0 ? seed % sizeof junk : i % 3 == 1 ? 172 : 192;
            if (i % 3 == 1) /* nearly right: a true request, one byte changed */
                memcpy(junk, request, 172), junk[12 + seed % 160] ^= 1;
            sent += send(fd, junk, size, 0) == (ssize_t)size;
        }
        if (round < 40)
            send(strangers[round], junk, 150, MSG_NOSIGNAL);
        scene_run(&scene, 2);
        assert_true(recv(fd, junk, sizeof junk, 0) < 0 && errno == EAGAIN);
    }
    assert_in_range(sent, 9000, 10000);
    SCENE_UNTIL(&scene, vo_responder_counts(scene.responder)->datagrams >= 9000);
    const struct vo_responder_counts *counts = vo_responder_counts(scene.responder);
    assert_true(counts->refused >= counts->datagrams);
    assert_int_equal(counts->answered, 0);
    assert_in_range(mallinfo2().uordblks, 0, before + 4096);
    for (int i = 0; i < 40; i++) {
        ssize_t size = recv(strangers[i], junk, sizeof junk, 0);
        assert_true(size <= 0); /* closed or still silent; never a byte */
        close(strangers[i]);
    }
    close(fd);
    assert_answered("127.0.0.1", "127.0.0.1", scene.ports[0], 1);
}

static void wants_a_key_and_a_port(void **state)
{
    struct vo_error error = {VO_OK, ""};
    struct vo_responder *responder;
    (void)state;
    struct vo_responder_config config = scene_config(&scene);
    config.key_size = 15;
    assert_int_equal(vo_responder_new(scene.loop, &config, &responder, &error), VO_ERR_USAGE);
    assert_non_null(strstr(error.message, "needs 16 at least"));
    assert_null(strstr(error.message, SCENE_KEY));
    config = scene_config(&scene);
    config.control_port = scene.ports[1];
    assert_int_equal(vo_responder_new(scene.loop, &config, &responder, &error), VO_ERR_USAGE);
    config = scene_config(&scene);
    config.listen = "192.0.2.1"; /* RFC 5737: not ours */
    assert_int_equal(vo_responder_new(scene.loop, &config, &responder, &error), VO_ERR_IO);
    config.listen = "localhost";
    assert_int_equal(vo_responder_new(scene.loop, &config, &responder, &error), VO_ERR_USAGE);
}

static void reads_lists_of_ports(void **state)
{
    static const char *const wrong[] = {"",      ",",         "0",     "65536",
                                        "5008-", "5015-5008", "5008,", "-5008",
                                        "5008 ", "a",         "1-200", "5008-99999999999999999999"};
    uint16_t ports[VO_RESPONDER_PORTS];
    size_t count;
    (void)state;
    assert_int_equal(vo_responder_ports("5008-5010,2195,5009", ports, &count, NULL), VO_OK);
    assert_int_equal(count, 4); /* 5009 once */
    assert_int_equal(ports[0], 5008);
    assert_int_equal(ports[3], 2195);
    assert_int_equal(vo_responder_ports("1-128", ports, &count, NULL), VO_OK);
    assert_int_equal(count, 128);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(vo_responder_ports(wrong[i], ports, &count, NULL), VO_ERR_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_rtp_and_rtcp_shaped_requests),
        TEST(answers_on_ipv6),
        TEST(answers_from_the_address_that_was_asked),
        TEST(says_what_it_cannot_bind_and_goes_on),
        TEST(is_silent_unless_all_is_right),
        TEST(takes_requests_out_of_order),
        TEST(answers_one_hello_over_tcp),
        TEST(tells_a_wrong_key),
        TEST(refuses_frames_out_of_turn),
        TEST(refuses_a_recorded_exchange),
        TEST(sends_unasked_only_what_was_ordered),
        TEST(tells_of_icmp_about_what_it_sent),
        TEST(keeps_to_the_rate),
        TEST(ends_the_session_with_its_connection),
        TEST(closes_what_does_not_prove_itself),
        TEST(bounds_connections_and_sessions),
        TEST(survives_a_flood_of_strangers),
        TEST(wants_a_key_and_a_port),
        TEST(reads_lists_of_ports),
    };
    return cmocka_run_group_tests_name("responder", tests, NULL, NULL);
}
