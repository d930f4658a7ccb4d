#include "tests/unit/sip_scene.h"

/* ---- UDP ---- */

/* Timer E: at 0, 0.5 and 1.5 s; then 3.5 s is beyond the time-out (RFC 3261 17.1.2.2). Ports that are silent
 * are not called filtered. */
static void silence_of_udp(void **state)
{
    (void)state;
    scene.peer.script = NULL;
    scene.reach.timeout = 1700 * MS;
    run_udp();
    assert_state("reach_state", NULL);
    assert_missing("reach_state", "no answer: the port may be open or filtered");
    assert_missing("sip_options_code", "no answer to OPTIONS within 1.7 s");
    assert_int_equal(scene.peer.options, 3);
    vo_time first = scene.peer.times[1] - scene.peer.times[0],
            second = scene.peer.times[2] - scene.peer.times[1];
    assert_in_range(first, 490 * MS, 600 * MS);
    assert_in_range(second, 990 * MS, 1100 * MS);
    assert_in_range(scene.took, 1690 * MS, 1900 * MS);
}

static void answer_the_second(struct peer *peer, const struct vo_sip *request)
{
    if (peer->options == 2)
        serve(peer, request);
}

static void a_lost_request_is_sent_again(void **state)
{
    (void)state;
    scene.peer.script = answer_the_second;
    scene.reach.timeout = 2000 * MS;
    run_udp();
    assert_code("sip_options_code", 200);
    assert_true(number("sip_options_ms") >= 490 && number("sip_options_ms") < 700);
}

static void try_only(struct peer *peer, const struct vo_sip *request)
{
    respond(peer, request, "100 Trying", NULL);
    respond(peer, request, "183 Session Progress", NULL);
}

/* After a provisional response timer E is T2, 4 s (RFC 3261 17.1.2.2): only the retransmission that was due
 * already, at 0.5 s, goes. */
static void provisional_responses_are_no_answer(void **state)
{
    (void)state;
    scene.peer.script = try_only;
    scene.reach.timeout = 1700 * MS;
    run_udp();
    assert_state("reach_state", "open"); /* but something is there */
    assert_missing("sip_options_code", "no final answer to OPTIONS");
    assert_int_equal(scene.peer.options, 2);
}

static void try_then_answer(struct peer *peer, const struct vo_sip *request)
{
    try_only(peer, request);
    respond(peer, request, "200 OK", NULL);
    respond(peer, request, "500 Twice", NULL);
}

static void the_first_final_response_counts(void **state)
{
    (void)state;
    scene.peer.script = try_then_answer;
    run_udp();
    assert_code("sip_options_code", 200);
}

/* The request's own headers, with one of them another's. */
static void answer_others(struct peer *peer, const struct vo_sip *request)
{
    static const char *const marks[][2] = {{"branch=z9hG4bK", "branch=z9hG4bX"},
                                           {"Call-ID: ", "Call-ID: x"},
                                           {"CSeq: 1", "CSeq: 2"},
                                           {"OPTIONS\r\n", "INVITE\r\n"}};
    char text[4096], changed[4096];
    make_response(request, "200 OK", NULL, text, sizeof text);
    for (size_t i = 0; i < 4; i++) {
        const char *at = strstr(text, marks[i][0]);
        assert_non_null(at);
        snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, marks[i][1],
                 at + strlen(marks[i][0]));
        peer_send(peer, changed, strlen(changed));
    }
    peer_send(peer, "OPTIONS sip:a@b SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n", 44); /* a request of its own */
    if (peer->text)
        respond(peer, request, peer->text, NULL);
}

static void answers_to_others_are_passed_over(void **state)
{
    scene.peer.script = answer_others;
    run_udp();
    assert_state("reach_state", "open"); /* it is SIP, at that very port */
    assert_missing("sip_options_code", "SIP came that answers other requests");
    tear_down(state);
    set_up(state);
    scene.peer.script = answer_others;
    scene.peer.text = "404 Not Found";
    run_udp();
    assert_code("sip_options_code", 404);
}

static void send_garbage(struct peer *peer, const struct vo_sip *request)
{
    peer_send(peer, "\x16\x03\x01 no SIP\xff", 11);
    peer_send(peer, "", 0);
    peer_send(peer, "\r\n\r\n", 4);
    if (peer->text)
        respond(peer, request, peer->text, NULL);
}

static void garbage_over_udp(void **state)
{
    scene.peer.script = send_garbage;
    run_udp();
    assert_state("reach_state", "open");
    assert_missing("sip_options_code", "what came is not SIP: \"... no SIP.\"");
    tear_down(state);
    set_up(state);
    scene.peer.script = send_garbage;
    scene.peer.text = "200 OK";
    run_udp();
    assert_code("sip_options_code", 200);
}

static void echo(struct peer *peer, const struct vo_sip *request)
{
    peer_send(peer, peer->buffer, request->size);
}

/* Our own request come back is no response, not even a provisional one. */
static void an_echo_is_no_answer(void **state)
{
    (void)state;
    scene.peer.script = echo;
    run_udp();
    assert_state("reach_state", "open");
    assert_string_equal(text_in("missing", "sip_options_code"), "no answer to OPTIONS within 0.3 s");
}

/* ---- TCP ---- */

/* Keep-alives, then a provisional response with a body that looks like the end of a head and is longer than
 * all of the final response behind it. */
static void drip_answer(struct peer *peer, const struct vo_sip *request)
{
    char text[4096] = "\r\n\r\n";
    size_t size = 4;
    size += make_response(request, "100 Trying", NULL, text + size, sizeof text - size - 1000);
    char *length = strstr(text, "Content-Length: 0\r\n");
    assert_non_null(length);
    memmove(length + 20, length + 17, size - (size_t)(length + 17 - text));
    memcpy(length, "Content-Length: 1000", 20);
    size += 3;
    memset(text + size, 'b', 1000);
    memcpy(text + size, "\n\r\n\nSIP/2", 9);
    size += 1000;
    size += make_response(request, "200 OK", "Server: slow\r\n", text + size, sizeof text - size);
    peer_drip(peer, text, size, 1, 0);
}

static void tcp_in_single_bytes(void **state)
{
    (void)state;
    scene.peer.script = drip_answer;
    scene.reach.timeout = 5000 * MS;
    run_tcp();
    assert_state("reach_state", "open");
    assert_code("sip_options_code", 200);
    assert_label("sip_server", "slow");
    assert_non_null(strstr(scene.peer.last, "Via: SIP/2.0/TCP 127.0.0.1:"));
    assert_non_null(strstr(scene.peer.last, ";transport=tcp>"));
    assert_int_equal(scene.peer.options, 1);
}

/* Lines that end in LF alone, and a body at the very end. */
static void drip_line_feeds(struct peer *peer, const struct vo_sip *request)
{
    char text[4096];
    size_t size = make_response(request, "200 OK", NULL, text, sizeof text), kept = 0;
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\r')
            text[kept++] = text[i];
    assert_true(kept > 3);
    text[kept - 3] = '5'; /* the length, before the two line feeds */
    memcpy(text + kept, "hello", 5);
    peer_drip(peer, text, kept + 5, 1, 0);
}

static void tcp_with_a_body_at_the_end(void **state)
{
    (void)state;
    scene.peer.script = drip_line_feeds;
    scene.reach.timeout = 5000 * MS;
    run_tcp();
    assert_code("sip_options_code", 200);
}

static void several_at_once(struct peer *peer, const struct vo_sip *request)
{
    char text[8192];
    size_t size = make_response(request, "100 Trying", NULL, text, sizeof text);
    char *at = strstr(text, "Call-ID: ");
    assert_non_null(at);
    size += make_response(request, "500 Other", NULL, text + size, sizeof text - size);
    at = strstr(strstr(text, "500 Other"), "Call-ID: ");
    assert_non_null(at);
    at[9] ^= 1; /* another call's */
    size += make_response(request, "486 Busy", NULL, text + size, sizeof text - size);
    size += make_response(request, "200 OK", NULL, text + size, sizeof text - size);
    peer_send(peer, text, size);
}

static void several_messages_in_a_segment(void **state)
{
    (void)state;
    scene.peer.script = several_at_once;
    run_tcp();
    assert_code("sip_options_code", 486);
}

static void send_banner(struct peer *peer, const struct vo_sip *request)
{
    (void)request;
    peer_send(peer, peer->text, strlen(peer->text));
}

static void what_is_not_sip_over_tcp(void **state)
{
    static const char *const banners[] = {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n",
                                          "SIP/2.0 9999 Odd\r\n\r\n", "\x15\x03\x01\x02\x02\x16"};
    for (size_t i = 0; i < 4; i++) {
        if (i > 0) {
            tear_down(state);
            set_up(state);
        }
        scene.reach.timeout = 5000 * MS;
        scene.peer.script = send_banner;
        scene.peer.text = banners[i];
        run_tcp();
        assert_state("reach_state", "open");
        assert_missing("sip_options_code", "what answers is not SIP: \"");
        assert_true(scene.took < 1000 * MS);
    }
    assert_missing("sip_options_code", "\"......\"");
}

static void send_giant(struct peer *peer, const struct vo_sip *request)
{
    static char text[200000];
    (void)request;
    size_t size = (size_t)snprintf(text, sizeof text, "SIP/2.0 200 OK\r\n%s", peer->text);
    memset(text + size, 'a', sizeof text - size);
    if (strstr(peer->text, "X-Many"))
        for (; size + 3 <= sizeof text; size += 3)
            memcpy(text + size, "a:\n", 3);
    peer_drip(peer, text, sizeof text, 50000, 0);
}

static void giant_messages(void **state)
{
    static const char *const heads[] = {"Content-Length: 150000\r\n\r\n",
                                        "Content-Length: 99999999999999999999\r\n\r\n",
                                        "Subject: ", "X-Many: 1\r\n"};
    for (size_t i = 0; i < 4; i++) {
        if (i > 0) {
            tear_down(state);
            set_up(state);
        }
        scene.reach.timeout = 5000 * MS;
        scene.peer.script = send_giant;
        scene.peer.text = heads[i];
        run_tcp();
        assert_state("reach_state", "open");
        assert_missing("sip_options_code", "longer than 64 KiB");
        assert_true(scene.took < 2000 * MS);
    }
}

static void drip_forever(struct peer *peer, const struct vo_sip *request)
{
    static const char text[] = "SIP/2.0 200 OK\r\nSubject: 0123456789012345678901234567890123456789";
    (void)request;
    peer_drip(peer, text, sizeof text - 1, 1, 50 * MS);
}

static void a_slow_drip_ends_by_the_time_out(void **state)
{
    (void)state;
    scene.peer.script = drip_forever;
    run_tcp();
    assert_state("reach_state", "open");
    assert_missing("sip_options_code", "bytes of a message came, and not its end");
    assert_in_range(scene.took, 290 * MS, 600 * MS);
}

static void hang_up(struct peer *peer, const struct vo_sip *request)
{
    (void)request;
    peer_hang_up(peer, peer->text != NULL);
}

static void connections_that_end(void **state)
{
    scene.peer.script = hang_up;
    scene.demand.judged = true;
    run_tcp();
    assert_state("reach_state", "open");
    assert_missing("sip_options_code", "closed");
    assert_state("sip_register_state", "no_answer");
    tear_down(state);
    set_up(state);
    scene.peer.script = hang_up;
    scene.peer.text = "reset";
    run_tcp();
    assert_state("reach_state", "open");
    assert_missing("sip_options_code", "reset");
    tear_down(state);
    set_up(state);
    peer_open(&scene.peer, scene.loop, true, false);
    peer_close(&scene.peer);
    scene.demand.transport = "tcp";
    scene.demand.judged = true;
    scene.demand.port = peer_port(&scene.peer);
    run_to(&scene.peer.address);
    assert_state("reach_state", "closed");
    assert_state("sip_options_code", NULL);
    assert_non_null(text_in("missing", "sip_options_code"));
}

static void a_silent_tcp_server(void **state)
{
    (void)state;
    scene.peer.script = NULL;
    scene.demand.judged = true;
    run_tcp();
    assert_state("reach_state", "open");
    assert_missing("sip_options_code", "no answer to OPTIONS within 0.3 s");
    assert_state("sip_register_state", "no_answer");
    assert_int_equal(scene.peer.options, 1); /* TCP sends again by itself */
    assert_in_range(scene.took, 290 * MS, 600 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(silence_of_udp),
        SCENE(a_lost_request_is_sent_again),
        SCENE(provisional_responses_are_no_answer),
        SCENE(the_first_final_response_counts),
        SCENE(answers_to_others_are_passed_over),
        SCENE(garbage_over_udp),
        SCENE(an_echo_is_no_answer),
        SCENE(tcp_in_single_bytes),
        SCENE(tcp_with_a_body_at_the_end),
        SCENE(several_messages_in_a_segment),
        SCENE(what_is_not_sip_over_tcp),
        SCENE(giant_messages),
        SCENE(a_slow_drip_ends_by_the_time_out),
        SCENE(connections_that_end),
        SCENE(a_silent_tcp_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
