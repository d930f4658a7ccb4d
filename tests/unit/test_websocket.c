#include "probes/decode/websocket.h"
#include "probes/io/websocket_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* One event of bytes in memory of their own size. */
static size_t feed(struct vo_websocket *websocket, const void *bytes, size_t size,
                   enum vo_websocket_event *event)
{
    static uint8_t *exact; /* a piece of data lives until the next call */
    free(exact);
    exact = malloc(size ? size : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    size_t taken = vo_websocket_feed(websocket, exact, size, event);
    assert_true(taken <= size);
    if (size == 0) {
        free(exact);
        exact = NULL;
    }
    return taken;
}

static void the_proof_of_the_rfc(void **state)
{
    (void)state;
    char key[VO_WEBSOCKET_KEY], accept[VO_WEBSOCKET_ACCEPT];
    vo_websocket_key((const uint8_t *)"the sample nonce", key); /* RFC 6455 1.3 */
    assert_string_equal(key, "dGhlIHNhbXBsZSBub25jZQ==");
    vo_websocket_accept(key, accept);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/* RFC 6455 5.7. */
static void the_frames_of_the_rfc(void **state)
{
    (void)state;
    uint8_t frame[64];
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    assert_int_equal(vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_TEXT, NULL, "Hello", 5), 7);
    assert_memory_equal(frame, "\x81\x05Hello", 7);
    assert_int_equal(vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_TEXT, mask, "Hello", 5), 11);
    assert_memory_equal(frame, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
    assert_int_equal(vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_PING, NULL, "Hello", 5), 7);
    assert_memory_equal(frame, "\x89\x05Hello", 7);
    assert_int_equal(vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_PONG, NULL, NULL, 0), 2);
    assert_memory_equal(frame, "\x8a\x00", 2);
}

static void lengths_and_room(void **state)
{
    (void)state;
    static uint8_t frame[70100], payload[70000];
    static const uint8_t mask[4] = {1, 2, 3, 4};
    static const struct {
        size_t payload, head;
    } rows[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}, {70000, 10}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size = rows[i].payload, whole = rows[i].head + size;
        assert_int_equal(vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_BINARY, NULL, payload, size),
                         whole);
        assert_int_equal(vo_websocket_write(frame, whole, VO_WEBSOCKET_BINARY, NULL, payload, size), whole);
        assert_int_equal(vo_websocket_write(frame, whole - 1, VO_WEBSOCKET_BINARY, NULL, payload, size), 0);
        assert_int_equal(vo_websocket_write(frame, whole + 3, VO_WEBSOCKET_BINARY, mask, payload, size), 0);
        vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_BINARY, NULL, payload, size);
        struct vo_websocket websocket = {0};
        enum vo_websocket_event event;
        assert_int_equal(feed(&websocket, frame, whole, &event), whole);
        assert_int_equal(event, VO_WEBSOCKET_DATA);
        assert_int_equal(websocket.size, size);
        assert_true(websocket.last);
    }
    assert_int_equal(vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_PING, mask, payload, 126), 0);
    assert_int_equal(vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_PING, mask, payload, 125), 131);
}

/* A message in two fragments with a ping between (RFC 6455 5.4), then a close; in every cut. */
static void fragments_with_a_ping_between(void **state)
{
    (void)state;
    static const uint8_t bytes[] = "\x01\x03Hel\x89\x02hi\x80\x02lo\x88\x06\x03\xe9"
                                   "away";
    const size_t size = sizeof bytes - 1;
    for (size_t step = 1; step <= size; step++) {
        struct vo_websocket websocket = {0};
        char text[16] = "", told[64] = "";
        for (size_t at = 0; at < size;) {
            enum vo_websocket_event event;
            size_t part = size - at < step ? size - at : step;
            at += feed(&websocket, bytes + at, part, &event);
            if (event == VO_WEBSOCKET_DATA) {
                strncat(text, (const char *)websocket.data, websocket.size);
                if (websocket.last)
                    strcat(told, text);
            } else if (event == VO_WEBSOCKET_CONTROL) {
                snprintf(told + strlen(told), sizeof told - strlen(told), "[%d:%.*s:%u]", websocket.opcode,
                         (int)websocket.payload_size, (const char *)websocket.payload,
                         websocket.opcode == VO_WEBSOCKET_CLOSE ? websocket.close_code : 0);
            } else
                assert_int_equal(event, VO_WEBSOCKET_MORE);
        }
        assert_string_equal(told, "[9:hi:0]Hello[8:\x03\xe9"
                                  "away:1001]");
    }
}

static void a_close_without_code(void **state)
{
    (void)state;
    struct vo_websocket websocket = {0};
    enum vo_websocket_event event;
    assert_int_equal(feed(&websocket, "\x88\x00", 2, &event), 2);
    assert_int_equal(event, VO_WEBSOCKET_CONTROL);
    assert_int_equal(websocket.close_code, 1005);
}

static void a_server_unmasks(void **state)
{
    (void)state;
    struct vo_websocket websocket = {.from_client = true};
    enum vo_websocket_event event;
    uint8_t frame[32];
    static const uint8_t mask[4] = {9, 8, 7, 6};
    size_t size = vo_websocket_write(frame, sizeof frame, VO_WEBSOCKET_PING, mask, "nonce", 5);
    assert_int_equal(feed(&websocket, frame, size, &event), size);
    assert_int_equal(event, VO_WEBSOCKET_CONTROL);
    assert_int_equal(websocket.payload_size, 5);
    assert_memory_equal(websocket.payload, "nonce", 5);
}

static void faults(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool from_client;
        const char *problem;
    } rows[] = {
        {"\xc1\x00", 2, false, "reserved bit"},
        {"\x83\x00", 2, false, "unknown kind"},
        {"\x8b\x00", 2, false, "unknown kind"},
        {"\x81\x80", 2, false, "a server's frame that is masked"},
        {"\x81\x00", 2, true, "a client's frame that is not masked"},
        {"\x09\x00", 2, false, "control frame"},
        {"\x89\x7e\x00\x80", 4, false, "control frame"},
        {"\x80\x00", 2, false, "continuation of nothing"},
        {"\x01\x00\x01\x00", 4, false, "new message within another"},
        {"\x82\x7e\x00\x7d", 4, false, "shortest form"},
        {"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", 10, false, "shortest form"},
        {"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10, false, "highest bit"},
        {"\x88\x01\x03", 3, false, "half a code"},
        {"HTTP/1.1", 8, false, "reserved bit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t step = 1; step <= rows[i].size; step++) {
            struct vo_websocket websocket = {.from_client = rows[i].from_client};
            enum vo_websocket_event event = VO_WEBSOCKET_MORE;
            for (size_t at = 0; at < rows[i].size && event != VO_WEBSOCKET_BROKEN;) {
                size_t part = rows[i].size - at < step ? rows[i].size - at : step;
                at += feed(&websocket, rows[i].bytes + at, part, &event);
            }
            if (event != VO_WEBSOCKET_BROKEN || !strstr(websocket.problem, rows[i].problem))
                fail_msg("row %zu: %d %s", i, event, websocket.problem ? websocket.problem : "");
            vo_websocket_feed(&websocket, (const uint8_t *)"\x89\x00", 2, &event);
            assert_int_equal(event, VO_WEBSOCKET_BROKEN); /* for good */
        }
}

/* A frame of 2^62 bytes is only counted. */
static void giant_frames_take_no_memory(void **state)
{
    (void)state;
    static uint8_t flood[65536];
    struct vo_websocket websocket = {0};
    enum vo_websocket_event event;
    feed(&websocket, "\x82\x7f\x40\x00\x00\x00\x00\x00\x00\x00", 10, &event);
    assert_int_equal(event, VO_WEBSOCKET_MORE);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(vo_websocket_feed(&websocket, flood, sizeof flood, &event), sizeof flood);
        assert_int_equal(event, VO_WEBSOCKET_DATA);
        assert_int_equal(websocket.size, sizeof flood);
        assert_false(websocket.last);
    }
}

static int release(void **state)
{
    (void)state;
    struct vo_websocket websocket = {0};
    enum vo_websocket_event event;
    feed(&websocket, "", 0, &event);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_proof_of_the_rfc),
        cmocka_unit_test(the_frames_of_the_rfc),
        cmocka_unit_test(lengths_and_room),
        cmocka_unit_test(fragments_with_a_ping_between),
        cmocka_unit_test(a_close_without_code),
        cmocka_unit_test(a_server_unmasks),
        cmocka_unit_test(faults),
        cmocka_unit_test(giant_frames_take_no_memory),
    };
    return cmocka_run_group_tests_name("websocket", tests, NULL, release);
}
