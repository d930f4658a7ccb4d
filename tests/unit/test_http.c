#include "probes/decode/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Feeds `text` in pieces of `step` bytes, each in memory of its own size; returns how many were taken. */
static size_t feed(struct vo_http *http, const void *text, size_t size, size_t step)
{
    size_t at = 0;
    while (at < size) {
        size_t part = size - at < step ? size - at : step;
        uint8_t *exact = malloc(part);
        assert_non_null(exact);
        memcpy(exact, (const uint8_t *)text + at, part);
        size_t taken = vo_http_feed(http, exact, part);
        free(exact);
        assert_true(taken <= part);
        at += taken;
        if (taken < part && (http->state == VO_HTTP_DONE || http->problem))
            break;
    }
    return at;
}

static size_t decode(struct vo_http *http, const char *text)
{
    vo_http_begin(http, false);
    return feed(http, text, strlen(text), SIZE_MAX);
}

static void reads_a_response(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 401 Unauthorized\r\n"
                               "Server: Apache-Coyote/1.1\r\n"
                               "location:/axis/login \r\n"
                               "Content-Length: 5\r\n"
                               "\r\n"
                               "helloHTTP/1.1 200 next";
    for (size_t step = 1; step < sizeof text; step++) {
        struct vo_http http;
        uint8_t body[3];
        vo_http_begin(&http, false);
        http.body = body;
        http.body_room = sizeof body;
        size_t taken = feed(&http, text, sizeof text - 1, step);
        assert_int_equal(http.state, VO_HTTP_DONE);
        assert_int_equal(taken, sizeof text - 1 - 17); /* what follows is not its own */
        assert_int_equal(http.status, 401);
        assert_int_equal(http.minor, 1);
        assert_string_equal(http.server, "Apache-Coyote/1.1");
        assert_string_equal(http.location, "/axis/login");
        assert_int_equal(http.body_size, 5);
        assert_int_equal(http.body_kept, 3);
        assert_memory_equal(body, "hel", 3);
        assert_null(http.problem);
    }
}

static void stops_after_the_head(void **state)
{
    (void)state;
    struct vo_http http;
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd";
    vo_http_begin(&http, false);
    assert_int_equal(vo_http_feed(&http, (const uint8_t *)text, sizeof text - 1), sizeof text - 1 - 4);
    assert_int_equal(http.state, VO_HTTP_BODY);
    assert_int_equal(http.status, 200);
}

static void ends_of_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum vo_http_state state, closed; /* before and after the peer closes */
        unsigned status, body;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\nabc", VO_HTTP_BODY, VO_HTTP_DONE, 200, 3},
        {"HTTP/1.0 200 OK\r\n\r\n", VO_HTTP_BODY, VO_HTTP_DONE, 200, 0},
        {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", VO_HTTP_DONE, VO_HTTP_DONE, 200, 0},
        {"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", VO_HTTP_DONE, VO_HTTP_DONE, 204, 0},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", VO_HTTP_DONE, VO_HTTP_DONE, 304, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", VO_HTTP_BODY, VO_HTTP_BROKEN, 200, 3},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nX: "
         "y\r\n\r\n",
         VO_HTTP_DONE, VO_HTTP_DONE, 200, 13},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
         VO_HTTP_DONE, VO_HTTP_DONE, 200, 0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc", VO_HTTP_BODY,
         VO_HTTP_DONE, 200, 3},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", VO_HTTP_BODY, VO_HTTP_BROKEN, 200,
         2},
        {"HTTP/1.1 200 OK\nContent-Length: 2\n\nab", VO_HTTP_DONE, VO_HTTP_DONE, 200, 2}, /* bare LF */
        {"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 403 "
         "No\r\nContent-Length: 0\r\n\r\n",
         VO_HTTP_DONE, VO_HTTP_DONE, 403, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", VO_HTTP_DONE, VO_HTTP_DONE,
         200, 2},
        {"HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 7\r\nContent-Length: 0\r\n\r\n", VO_HTTP_DONE,
         VO_HTTP_DONE, 200, 0}, /* folded: not a header of its own */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t step = 1; step < 100; step += 7) {
            struct vo_http http;
            vo_http_begin(&http, false);
            feed(&http, rows[i].text, strlen(rows[i].text), step);
            if (http.state != rows[i].state || http.status != rows[i].status ||
                http.body_size != rows[i].body)
                fail_msg("row %zu: state %d, status %u, body %u", i, http.state, http.status,
                         (unsigned)http.body_size);
            vo_http_end(&http);
            assert_int_equal(http.state, rows[i].closed);
        }
}

static void a_head_request_has_no_body(void **state)
{
    (void)state;
    struct vo_http http;
    vo_http_begin(&http, true);
    feed(&http, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 38, 1);
    assert_int_equal(http.state, VO_HTTP_DONE);
}

static void switching_ends_http(void **state)
{
    (void)state;
    struct vo_http http;
    size_t taken = decode(&http, "HTTP/1.1 101 Switching Protocols\r\nUPGRADE: WebSocket\r\n"
                                 "connection: keep-alive, Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x02hi");
    assert_int_equal(http.state, VO_HTTP_DONE);
    assert_int_equal(taken, 34 + 20 + 33 + 52 + 2); /* the lines above, without the frame */
    assert_true(http.upgrade_websocket && http.connection_upgrade);
    assert_string_equal(http.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_string_equal(http.extra, "");
    decode(&http,
           "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgraded\r\nSec-WebSocket-Protocol: a\r\n\r\n");
    assert_false(http.upgrade_websocket || http.connection_upgrade);
    assert_string_equal(http.extra, "a");
}

static void other_protocols_show_at_once(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "SSH-2.0-x\r\n",       "SIP/2.0 200 OK\r\n",     "HTTP/2 200\r\n",     "HTTP/1.1200 OK\r\n",
        "HTTP/1.x 200 OK\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 099 X\r\n", "HTTP/1.1 2000 OK\r\n",
        "\x15\x03\x01",        "\r\nHTTP/1.1 200\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct vo_http http;
        decode(&http, texts[i]);
        if (http.state != VO_HTTP_NOT)
            fail_msg("%s: %d", texts[i], http.state);
        assert_int_equal(http.status, 0);
        assert_non_null(http.problem);
    }
}

static void broken_ones_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "Content-Length"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "Content-Length"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "Content-Length"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "no size"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "no size"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", "no size"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "longer than its size"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_http http;
        decode(&http, rows[i].text);
        if (http.state != VO_HTTP_BROKEN || !strstr(http.problem, rows[i].problem))
            fail_msg("row %zu: %d %s", i, http.state, http.problem ? http.problem : "");
    }
}

/* A head that never ends, as one line, as many, and as interim responses. */
static void endless_heads_are_given_up(void **state)
{
    (void)state;
    static const struct {
        const char *begin, *again, *problem;
    } rows[] = {
        {"HTTP/1.1 200 ", "x", "a line of it is longer than 4 KiB"},
        {"HTTP/1.1 200 OK\r\nX: ", "x", "a line of it is longer than 4 KiB"},
        {"HTTP/1.1 200 OK\r\n", "X: y\r\n", "more than 100 headers"},
        {"HTTP/1.1 200 OK\r\n", " folded again and again\r\n", "more than 100 headers"},
        {"", "HTTP/1.1 100 Continue\r\n\r\n", "does not end within 32 KiB"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", "more than 100 headers"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0", "a line of it is longer than 4 KiB"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_http http;
        decode(&http, rows[i].begin);
        size_t fed = 0;
        while (!http.problem && fed < 100000)
            fed += feed(&http, rows[i].again, strlen(rows[i].again), SIZE_MAX);
        if (!http.problem || !strstr(http.problem, rows[i].problem))
            fail_msg("row %zu: %s", i, http.problem ? http.problem : "no end");
        assert_true(fed <= VO_HTTP_HEAD_MAX + 1); /* the byte too many is taken */
    }
}

static void values_are_cut_and_stay_text(void **state)
{
    (void)state;
    struct vo_http http;
    char text[2000];
    snprintf(text, sizeof text,
             "HTTP/1.1 302 x\r\nServer: a\x1b[31m\xff\r\nLocation: /%0900d\r\nContent-Length: 0\r\n\r\n", 0);
    decode(&http, text);
    assert_int_equal(http.state, VO_HTTP_DONE);
    assert_string_equal(http.server, "a?[31m?");
    assert_int_equal(strlen(http.location), sizeof http.location - 1);
}

static void closed_within_the_head(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    for (size_t cut = 0; cut < sizeof text - 1; cut++) {
        struct vo_http http;
        vo_http_begin(&http, false);
        feed(&http, text, cut, 3);
        vo_http_end(&http);
        assert_int_equal(http.state, VO_HTTP_BROKEN);
        assert_string_equal(http.problem, cut == 0   ? "it was closed without a byte"
                                          : cut < 38 ? "it was closed within the head"
                                                     : "it was closed within the body");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_response),
        cmocka_unit_test(stops_after_the_head),
        cmocka_unit_test(ends_of_bodies),
        cmocka_unit_test(a_head_request_has_no_body),
        cmocka_unit_test(switching_ends_http),
        cmocka_unit_test(other_protocols_show_at_once),
        cmocka_unit_test(broken_ones_say_why),
        cmocka_unit_test(endless_heads_are_given_up),
        cmocka_unit_test(values_are_cut_and_stay_text),
        cmocka_unit_test(closed_within_the_head),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
