#include "probes/io/http2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>

/* A server that does one thing when the request has come. */
struct server {
    nghttp2_session *session;
    enum { ANSWER, INTERIM_FIRST, MANY_HEADERS, GO_AWAY, RESET, SILENT } does;
    const char *status;
    char path[64], authority[64];
};

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0};
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags, void *context)
{
    struct server *server = context;
    (void)session, (void)frame, (void)flags;
    char *to = name_size == 5 && memcmp(name, ":path", 5) == 0          ? server->path
               : name_size == 10 && memcmp(name, ":authority", 10) == 0 ? server->authority
                                                                        : NULL;
    if (to)
        snprintf(to, 64, "%.*s", (int)value_size, (const char *)value);
    return 0;
}

static void answer(struct server *server, int32_t stream)
{
    nghttp2_nv many[300];
    const nghttp2_nv early[] = {field(":status", "103")};
    many[0] = field(":status", server->status ? server->status : "403");
    for (size_t i = 1; i < 300; i++)
        many[i] = field("x-filler", "y");
    if (server->does == INTERIM_FIRST)
        nghttp2_submit_headers(server->session, 0, stream, NULL, early, 1, NULL);
    if (server->does == RESET)
        nghttp2_submit_rst_stream(server->session, 0, stream, NGHTTP2_REFUSED_STREAM);
    else if (server->does == GO_AWAY)
        nghttp2_submit_goaway(server->session, 0, 0, NGHTTP2_ENHANCE_YOUR_CALM, NULL, 0);
    else if (server->does != SILENT)
        nghttp2_submit_response(server->session, stream, many, server->does == MANY_HEADERS ? 300 : 1, NULL);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    (void)session;
    if (frame->hd.type == NGHTTP2_HEADERS)
        answer(context, frame->hd.stream_id);
    return 0;
}

static void server_start(struct server *server)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    assert_int_equal(nghttp2_session_server_new(&server->session, callbacks, server), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(server->session, 0, NULL, 0);
}

static struct vo_http2 *client_new(void)
{
    struct vo_http2 *client;
    struct vo_error error;
    assert_int_equal(vo_http2_new("api.example.com", "/3/device", "test", &client, &error), VO_OK);
    return client;
}

/* Feeds bytes in pieces of their own memory. */
static void feed(struct vo_http2 *client, const uint8_t *data, size_t size, size_t step)
{
    for (size_t at = 0; at < size; at += step) {
        size_t part = size - at < step ? size - at : step;
        uint8_t *exact = malloc(part);
        memcpy(exact, data + at, part);
        vo_http2_feed(client, exact, part);
        free(exact);
    }
}

static void talk(struct vo_http2 *client, struct server *server, size_t step)
{
    for (bool more = true; more;) {
        const uint8_t *data;
        size_t size;
        ssize_t got;
        more = false;
        while ((size = vo_http2_output(client, &data)) > 0) {
            assert_int_equal(nghttp2_session_mem_recv(server->session, data, size), size);
            more = true;
        }
        while ((got = nghttp2_session_mem_send(server->session, &data)) > 0) {
            feed(client, data, (size_t)got, step);
            more = true;
        }
    }
}

static struct vo_http2_result meet(struct server *server, size_t step)
{
    struct vo_http2 *client = client_new();
    server_start(server);
    talk(client, server, step);
    struct vo_http2_result result = *vo_http2_result(client);
    if (result.phase == VO_HTTP2_WAITING) { /* then the server closes */
        vo_http2_feed(client, NULL, 0);
        result = *vo_http2_result(client);
    }
    vo_http2_free(client);
    nghttp2_session_del(server->session);
    return result;
}

static void any_status_proves_it(void **state)
{
    (void)state;
    static const char *const codes[] = {"200", "400", "403", "405", "503"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        for (size_t step = 1; step < 50; step += 6) {
            struct server server = {.does = ANSWER, .status = codes[i]};
            struct vo_http2_result r = meet(&server, step);
            assert_int_equal(r.phase, VO_HTTP2_ANSWERED);
            assert_true(r.spoken);
            assert_int_equal(r.status, atoi(codes[i]));
            assert_string_equal(r.problem, "");
            assert_string_equal(server.path, "/3/device");
            assert_string_equal(server.authority, "api.example.com");
        }
}

static void an_interim_answer_is_not_the_answer(void **state)
{
    (void)state;
    struct server server = {.does = INTERIM_FIRST};
    struct vo_http2_result r = meet(&server, 1000);
    assert_int_equal(r.phase, VO_HTTP2_ANSWERED);
    assert_int_equal(r.status, 403);
}

static void ends_without_an_answer(void **state)
{
    (void)state;
    static const struct {
        int does;
        const char *says;
    } rows[] = {{GO_AWAY, "GOAWAY ENHANCE_YOUR_CALM"},
                {RESET, "without an answer: REFUSED_STREAM"},
                {SILENT, "closed before it answered"},
                {MANY_HEADERS, "more than 200 headers"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct server server = {.does = rows[i].does};
        struct vo_http2_result r = meet(&server, 1000);
        assert_int_equal(r.phase, VO_HTTP2_ENDED);
        assert_true(r.spoken);
        assert_int_equal(r.status, 0);
        if (!strstr(r.problem, rows[i].says))
            fail_msg("row %zu: %s", i, r.problem);
    }
}

static void other_protocols_are_not_spoken(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *says;
    } rows[] = {
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 47, "does not speak HTTP/2"},
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18, "does not speak HTTP/2"}, /* DATA before SETTINGS */
        {"\0\0\6\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15,
         "closed before it answered"}, /* a SETTINGS frame, and no more */
        {"", 0, "closed before it spoke HTTP/2"},
        {"\0\0\5\4\0\0\0\0\0\0\0\0\0\0", 14, "broke HTTP/2: FRAME_SIZE_ERROR"}, /* SETTINGS are sixes */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_http2 *client = client_new();
        const uint8_t *data;
        feed(client, (const uint8_t *)rows[i].bytes, rows[i].size, 7);
        while (vo_http2_output(client, &data) > 0)
            ;
        assert_int_equal(vo_http2_feed(client, NULL, 0), VO_HTTP2_ENDED);
        const struct vo_http2_result *r = vo_http2_result(client);
        if (!strstr(r->problem, rows[i].says))
            fail_msg("row %zu: %s", i, r->problem);
        assert_int_equal(r->spoken, i == 2);
        vo_http2_free(client);
    }
}

/* Whether or not we answer them: pings, settings and unknown frames without end. */
static void floods_are_given_up(void **state)
{
    (void)state;
    static const struct {
        const char *frame;
        size_t size;
    } rows[] = {{"\0\0\x08\x06\0\0\0\0\0abcdefgh", 17},
                {"\0\0\0\x04\0\0\0\0\0", 9},
                {"\0\0\x04\x77\0\0\0\0\0junk", 13}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int reads = 0; reads < 2; reads++) {
            struct vo_http2 *client = client_new();
            const uint8_t *data;
            size_t fed = 9;
            feed(client, (const uint8_t *)"\0\0\0\x04\0\0\0\0\0", 9, 9);
            while (vo_http2_result(client)->phase == VO_HTTP2_WAITING && fed < 10 * VO_HTTP2_LIMIT) {
                feed(client, (const uint8_t *)rows[i].frame, rows[i].size, rows[i].size);
                fed += rows[i].size;
                while (reads && vo_http2_output(client, &data) > 0)
                    ;
            }
            assert_true(fed <= VO_HTTP2_LIMIT + rows[i].size);
            assert_int_equal(vo_http2_result(client)->phase, VO_HTTP2_ENDED);
            assert_true(vo_http2_result(client)->problem[0] != '\0');
            vo_http2_free(client);
        }
}

/* What an honest server sends, cut and with one bit changed at every place. */
static void cut_and_damaged_answers_end(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t size = 0, more;
    const uint8_t *data;
    ssize_t got;
    struct server server = {.does = ANSWER};
    struct vo_http2 *client = client_new();
    server_start(&server);
    while ((more = vo_http2_output(client, &data)) > 0)
        nghttp2_session_mem_recv(server.session, data, more);
    while ((got = nghttp2_session_mem_send(server.session, &data)) > 0) {
        assert_true(size + (size_t)got <= sizeof bytes);
        memcpy(bytes + size, data, (size_t)got);
        size += (size_t)got;
    }
    vo_http2_free(client);
    nghttp2_session_del(server.session);
    for (size_t at = 0; at < 9 * size; at++) {
        uint8_t changed[512];
        memcpy(changed, bytes, size);
        bool cut = at >= 8 * size;
        if (!cut)
            changed[at / 8] ^= (uint8_t)(1u << (at % 8));
        client = client_new();
        while (vo_http2_output(client, &data) > 0)
            ;
        feed(client, changed, cut ? at - 8 * size : size, 5);
        vo_http2_feed(client, NULL, 0);
        const struct vo_http2_result *r = vo_http2_result(client);
        assert_int_not_equal(r->phase, VO_HTTP2_WAITING);
        assert_int_equal(r->phase == VO_HTTP2_ANSWERED, r->status != 0);
        assert_int_equal(r->phase == VO_HTTP2_ENDED, r->problem[0] != '\0');
        if (cut)
            assert_int_equal(r->status, 0);
        vo_http2_free(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_status_proves_it),   cmocka_unit_test(an_interim_answer_is_not_the_answer),
        cmocka_unit_test(ends_without_an_answer), cmocka_unit_test(other_protocols_are_not_spoken),
        cmocka_unit_test(floods_are_given_up),    cmocka_unit_test(cut_and_damaged_answers_end),
    };
    return cmocka_run_group_tests_name("http2", tests, NULL, NULL);
}
