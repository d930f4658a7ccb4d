#include "probes/decode/sip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The spans of a decoded message point into `held`, which lives until the next decode(). */
static uint8_t *held;

static enum vo_sip_result decode_bytes(const void *data, size_t size, bool stream, struct vo_sip *message)
{
    free(held);
    held = malloc(size ? size : 1); /* exactly sized: the sanitizer sees one byte too far */
    assert_non_null(held);
    if (size)
        memcpy(held, data, size);
    return vo_sip_decode(held, (uint32_t)size, stream, message);
}

static enum vo_sip_result decode(const char *text, struct vo_sip *message)
{
    return decode_bytes(text, strlen(text), false, message);
}

static void assert_span(struct vo_span span, const char *text)
{
    assert_non_null(span.at);
    char copy[512];
    assert_true(span.size < sizeof copy);
    memcpy(copy, span.at, span.size);
    copy[span.size] = '\0';
    assert_string_equal(copy, text);
}

#define SDP "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=-\r\n" /* 5 + 30 + 5 = 40 bytes */

static const char invite[] =
    "INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP pc33.atlanta.example.com:5060;branch=z9hG4bK776asdhds ;received=192.0.2.1\r\n"
    "Via: SIP/2.0/UDP other.example.com;branch=z9hG4bKother\r\n"
    "Max-Forwards: 70\r\n"
    "To: Bob <sip:bob@biloxi.example.com>\r\n"
    "From: \"Alice \\\"A;tag=no\\\" <x>\" <sip:alice@atlanta.example.com;transport=udp>;tag=1928301774\r\n"
    "Call-ID: a84b4c76e66710@pc33.atlanta.example.com\r\n"
    "CSeq: 314159 INVITE\r\n"
    "Contact: <sip:alice@pc33.atlanta.example.com>;expires=60, <sip:second@example.com>\r\n"
    "User-Agent: Test Phone/1.0 (blue)\r\n"
    "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 40\r\n"
    "\r\n" SDP;

static void reads_an_invite(void **state)
{
    (void)state;
    struct vo_sip m;
    assert_int_equal(decode(invite, &m), VO_SIP_MESSAGE);
    assert_true(m.request);
    assert_int_equal(m.method, VO_SIP_INVITE);
    assert_span(m.method_text, "INVITE");
    assert_span(m.uri, "sip:bob@biloxi.example.com");
    assert_int_equal(m.status, 0);
    assert_span(m.call_id, "a84b4c76e66710@pc33.atlanta.example.com");
    assert_span(m.from_uri, "sip:alice@atlanta.example.com;transport=udp");
    assert_span(m.from_tag, "1928301774");
    assert_span(m.to_uri, "sip:bob@biloxi.example.com");
    assert_null(m.to_tag.at);
    assert_span(m.branch, "z9hG4bK776asdhds");
    assert_span(m.contact_uri, "sip:alice@pc33.atlanta.example.com");
    assert_span(m.user_agent, "Test Phone/1.0 (blue)");
    assert_span(m.session_id, "ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2");
    assert_int_equal(m.cseq, 314159);
    assert_int_equal(m.cseq_method, VO_SIP_INVITE);
    assert_int_equal(m.content_length, 40);
    assert_span(m.body, SDP);
    assert_span(m.sdp, SDP);
    assert_null(m.reason_header.at);
    assert_false(m.truncated);
    assert_int_equal(m.size, sizeof invite - 1);
}

static void reads_a_response_in_compact_form(void **state)
{
    (void)state;
    struct vo_sip m;
    assert_int_equal(
        decode("sip/2.0 486 Busy Here\n"
               "v: SIP / 2.0 / TCP first.example.com: 4000;ttl=16 ;BRANCH = z9hG4bKa7c6a8dlze.1, SIP/2.0/UDP "
               "second.example.com;branch=z9hG4bK2\n"
               "f : sip:caller@example.com;x=\"a;tag=b\";tag=88sja8x\n"
               "T\t:\n  \"Watson,\n\tThomas\" < sip:t.watson@example.com > ; tag = 7f\n"
               "i:\n 3c26@example.com\n"
               "cseq:\t0009\n  BYE\n"
               "M: sip:a@example.com;q=1, <sip:b@example.com>\n"
               "Server: Proxy 7\n"
               "Reason: Q.850;cause=17;text=\"User busy\"\n"
               "L:0\n\n",
               &m),
        VO_SIP_MESSAGE);
    assert_false(m.request);
    assert_int_equal(m.status, 486);
    assert_span(m.reason, "Busy Here");
    assert_int_equal(m.method, VO_SIP_BYE);
    assert_int_equal(m.cseq, 9);
    assert_span(m.branch, "z9hG4bKa7c6a8dlze.1");
    assert_span(m.from_uri, "sip:caller@example.com");
    assert_span(m.from_tag, "88sja8x");
    assert_span(m.to_uri, "sip:t.watson@example.com");
    assert_span(m.to_tag, "7f");
    assert_span(m.call_id, "3c26@example.com");
    assert_span(m.contact_uri, "sip:a@example.com");
    assert_span(m.user_agent, "Proxy 7");
    assert_span(m.reason_header, "Q.850;cause=17;text=\"User busy\"");
    assert_int_equal(m.content_length, 0);
    assert_null(m.body.at);
    assert_null(m.sdp.at);
    assert_false(m.truncated);
}

static void start_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum vo_sip_result result;
        unsigned status;
        enum vo_sip_method method;
    } cases[] = {
        {"SIP/2.0 100 Trying", VO_SIP_MESSAGE, 100, VO_SIP_UNKNOWN},
        {"SIP/2.0 699 \xE2\x98\x8E", VO_SIP_MESSAGE, 699, VO_SIP_UNKNOWN},
        {"SIP/2.0 200", VO_SIP_MESSAGE, 200, VO_SIP_UNKNOWN},
        {"SIP/2.0 099 No", VO_SIP_MALFORMED, 0, 0},
        {"SIP/2.0 700 No", VO_SIP_MALFORMED, 0, 0},
        {"SIP/2.0 2000 No", VO_SIP_MALFORMED, 0, 0},
        {"SIP/2.0 -20 No", VO_SIP_MALFORMED, 0, 0},
        {"SIP/2.0", VO_SIP_MALFORMED, 0, 0},
        {"SIP/3.0 200 OK", VO_SIP_MALFORMED, 0, 0},
        {"SIP/2.0x 200 OK", VO_SIP_MALFORMED, 0, 0},
        {"BYE sip:a@example.com SIP/2.0", VO_SIP_MESSAGE, 0, VO_SIP_BYE},
        {"BYE  sip:a@example.com; lr  SIP/2.0 ", VO_SIP_MESSAGE, 0, VO_SIP_BYE},
        {"MESSAGE sip:a@example.com SIP/2.0", VO_SIP_MESSAGE, 0, VO_SIP_MESSAGE_METHOD},
        {"invite sip:a@example.com SIP/2.0", VO_SIP_MESSAGE, 0,
         VO_SIP_UNKNOWN}, /* names are case-sensitive */
        {"!interesting-Method0123456789_*+`. sip:a@example.com SIP/2.0", VO_SIP_NOT, 0, 0}, /* 34 bytes */
        {"NEWMETHOD sip:a@example.com SIP/2.0", VO_SIP_MESSAGE, 0, VO_SIP_UNKNOWN},
        {"INVITE sip:a@example.com SIP/7.0", VO_SIP_MALFORMED, 0, 0},
        {"INVITE sip:a@example.com", VO_SIP_MALFORMED, 0, 0},
        {"INVITE SIP/2.0", VO_SIP_MALFORMED, 0, 0},
        {"INVITE", VO_SIP_MALFORMED, 0, 0},
        {"OPTIONS * RTSP/1.0", VO_SIP_NOT, 0, 0},
        {"GET / HTTP/1.1", VO_SIP_NOT, 0, 0},
        {"hello there", VO_SIP_NOT, 0, 0},
        {"\x80\x08plain RTP", VO_SIP_NOT, 0, 0},
        {"IN\x01VITE sip:a@example.com SIP/2.0", VO_SIP_NOT, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_sip m;
        char text[200];
        snprintf(text, sizeof text, "%s\r\n\r\n", cases[i].line);
        for (int stream = 0; stream < 2; stream++) {
            assert_int_equal(decode_bytes(text, strlen(text), stream, &m), cases[i].result);
            if (cases[i].result != VO_SIP_MESSAGE)
                continue;
            assert_int_equal(m.status, cases[i].status);
            assert_int_equal(m.method, cases[i].method);
            assert_int_equal(m.size, strlen(text));
            assert_null(m.call_id.at); /* missing headers do not cost the message */
            assert_false(m.truncated);
        }
    }
}

static void content_length_that_lies(void **state)
{
    (void)state;
    static const struct {
        const char *length;
        int64_t value;
        const char *body;
        bool truncated;
        uint32_t left_over;
    } cases[] = {
        {"4", 4, "v=0\n", false, 0},     {"3", 3, "v=0", false, 1},
        {"5", 5, "v=0\n", true, 0},      {"99999999999999999999999", INT64_MAX, "v=0\n", true, 0},
        {"-4", -1, "v=0\n", false, 0}, /* not a number: as if absent */
        {"four", -1, "v=0\n", false, 0}, {"", -1, "v=0\n", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_sip m;
        char text[200];
        snprintf(text, sizeof text, "SIP/2.0 200 OK\r\nContent-Length: %s\r\n\r\nv=0\n", cases[i].length);
        assert_int_equal(decode(text, &m), VO_SIP_MESSAGE);
        assert_int_equal(m.content_length, cases[i].value);
        assert_span(m.body, cases[i].body);
        assert_span(m.sdp, cases[i].body); /* no Content-Type, but it begins as SDP does */
        assert_int_equal(m.truncated, cases[i].truncated);
        assert_int_equal(m.size, strlen(text) - cases[i].left_over);
    }
}

static void every_prefix_of_a_datagram(void **state)
{
    (void)state;
    struct vo_sip m;
    size_t whole = sizeof invite - 1, head = whole - 40,
           line = strlen("INVITE sip:bob@biloxi.example.com SIP/2.0");
    for (size_t size = 0; size < whole; size++) {
        enum vo_sip_result result = decode_bytes(invite, size, false, &m);
        if (size < 7) /* "INVITE" and less */
            assert_int_equal(result, size == 6 ? VO_SIP_MALFORMED : VO_SIP_NOT);
        else if (size < line)
            assert_int_equal(result, VO_SIP_MALFORMED);
        else {
            assert_int_equal(result, VO_SIP_MESSAGE);
            assert_true(m.truncated);
            assert_int_equal(m.size, size);
            assert_int_equal(m.body.size, size > head ? size - head : 0);
            if (m.call_id.at) /* all of it or nothing */
                assert_span(m.call_id, "a84b4c76e66710@pc33.atlanta.example.com");
        }
    }
}

static void every_prefix_of_a_stream_waits(void **state)
{
    (void)state;
    struct vo_sip m;
    char text[2 * sizeof invite + 2];
    int size = snprintf(text, sizeof text, "\r\n%s%s", invite, invite);
    assert_int_equal(size, 2 + 2 * (sizeof invite - 1));
    uint32_t first = 2 + (uint32_t)sizeof invite - 1;
    for (uint32_t got = 0; got <= (uint32_t)size; got++) {
        enum vo_sip_result result = decode_bytes(text, got, true, &m);
        if (got == 1 || got == 2) {
            assert_int_equal(result, VO_SIP_KEEPALIVE);
            assert_int_equal(m.size, got);
        } else if (got < first) {
            assert_int_equal(result, VO_SIP_INCOMPLETE);
        } else {
            assert_int_equal(result, VO_SIP_MESSAGE);
            assert_int_equal(m.size, first);
            assert_false(m.truncated);
            assert_int_equal(m.body.size, 40);
        }
    }
    assert_int_equal(decode_bytes(text + first, (size_t)size - first, true, &m), VO_SIP_MESSAGE);
    assert_int_equal(m.size, sizeof invite - 1);
}

static void a_stream_message_without_content_length_has_no_body(void **state)
{
    (void)state;
    struct vo_sip m;
    const char text[] =
        "BYE sip:a@example.com SIP/2.0\r\nCall-ID: 1\r\n\r\nACK sip:a@example.com SIP/2.0\r\n\r\n";
    assert_int_equal(decode_bytes(text, sizeof text - 1, true, &m), VO_SIP_MESSAGE);
    assert_int_equal(m.content_length, -1);
    assert_null(m.body.at);
    assert_int_equal(m.size, 45); /* 31 + 12 + 2 */
}

static void other_protocols_on_a_stream_are_not_waited_for(void **state)
{
    (void)state;
    struct vo_sip m;
    assert_int_equal(decode_bytes("\x16\x03\x01\x02", 4, true, &m), VO_SIP_NOT);
    assert_int_equal(decode_bytes("\r\n\x16", 3, true, &m), VO_SIP_NOT);
    assert_int_equal(decode_bytes("a_word_of_more_than_thirty_two_bytes", 36, true, &m), VO_SIP_NOT);
    assert_int_equal(decode_bytes("IN\x01", 3, true, &m), VO_SIP_NOT);
    assert_int_equal(decode_bytes("SIP/", 4, true, &m), VO_SIP_INCOMPLETE);
    assert_int_equal(decode_bytes("NEW", 3, true, &m), VO_SIP_INCOMPLETE);
}

static void a_stream_gives_up_waiting_at_the_maximum(void **state)
{
    (void)state;
    struct vo_sip m;
    uint32_t size = VO_SIP_MESSAGE_MAX + 100;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    static const char head[] = "SIP/2.0 200 OK\r\nCall-ID: 7\r\nContent-Length: 90000\r\n\r\n";
    memcpy(text, head, sizeof head - 1);
    assert_int_equal(decode_bytes(text, VO_SIP_MESSAGE_MAX - 1, true, &m), VO_SIP_INCOMPLETE);
    for (uint32_t got = VO_SIP_MESSAGE_MAX; got <= size; got += 100) {
        assert_int_equal(decode_bytes(text, got, true, &m), VO_SIP_MESSAGE);
        assert_true(m.truncated);
        assert_span(m.call_id, "7");
        assert_int_equal(m.size, VO_SIP_MESSAGE_MAX);
        assert_int_equal(m.body.size, VO_SIP_MESSAGE_MAX - (sizeof head - 1));
    }
    memset(text, 'x', size); /* one word without end */
    assert_int_equal(decode_bytes(text, size, true, &m), VO_SIP_NOT);
    free(text);
}

static void keepalives(void **state)
{
    (void)state;
    struct vo_sip m;
    assert_int_equal(decode("\r\n\r\n", &m), VO_SIP_KEEPALIVE);
    assert_int_equal(m.size, 4);
    assert_int_equal(decode_bytes("\0\0\0\0", 4, false, &m), VO_SIP_KEEPALIVE);
    assert_int_equal(decode_bytes("\r\n", 2, true, &m), VO_SIP_KEEPALIVE);
    assert_int_equal(m.size, 2);
    assert_int_equal(decode("", &m), VO_SIP_NOT);
    assert_int_equal(decode("\r\n\r\nSIP/2.0 200 OK\r\n\r\n", &m), VO_SIP_MESSAGE);
    assert_int_equal(m.size, 22);
    assert_int_equal(decode_bytes("\0\1\0\0", 4, false, &m), VO_SIP_NOT); /* STUN */
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *value, *uri, *tag;
    } cases[] = {
        {"<sip:a@example.com>;tag=1", "sip:a@example.com", "1"},
        {"sip:a@example.com;tag=1", "sip:a@example.com", "1"},
        {"sip:a@example.com", "sip:a@example.com", NULL},
        {"<sip:a@example.com;tag=uri>", "sip:a@example.com;tag=uri", NULL},
        {"<sip:a@example.com;tag=uri>;TAG=x;tag=y", "sip:a@example.com;tag=uri", "x"},
        {"A Name <tel:+15551234>;x;tag=\"q\"", "tel:+15551234", "q"},
        {"\"\\\\\" <sip:a@example.com>;tag=2", "sip:a@example.com",
         "2"},                                                          /* a display name of one backslash */
        {"\"open <sip:a@example.com>;tag=3", "sip:a@example.com", "3"}, /* the quote is never closed */
        {"<sip:a@example.com;tag=4", "sip:a@example.com;tag=4", NULL},  /* nor the bracket */
        {"<sip:a@[2001:db8::1]:5060>;tag=5", "sip:a@[2001:db8::1]:5060", "5"},
        {"<sip:a@example.com>;nottag=1;tagged=2", "sip:a@example.com", NULL},
        {"<>", "", NULL},
        {"", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_sip m;
        char text[300];
        snprintf(text, sizeof text, "SIP/2.0 200 OK\r\nFrom: %s\r\nTo: %s\r\n\r\n", cases[i].value,
                 cases[i].value);
        assert_int_equal(decode(text, &m), VO_SIP_MESSAGE);
        assert_span(m.from_uri, cases[i].uri);
        assert_span(m.to_uri, cases[i].uri);
        if (cases[i].tag) {
            assert_span(m.from_tag, cases[i].tag);
            assert_span(m.to_tag, cases[i].tag);
        } else {
            assert_null(m.from_tag.at);
            assert_null(m.to_tag.at);
        }
    }
}

static void the_first_of_repeated_headers_counts(void **state)
{
    (void)state;
    struct vo_sip m;
    assert_int_equal(
        decode(
            "BYE sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nVia: SIP/2.0/UDP h;branch=z9\r\nCall-ID: "
            "1\r\nCall-ID: 2\r\ni: 3\r\nUser-Agent: x\r\nServer: y\r\nCSeq: 4294967296 BYE\r\nContact: "
            "*\r\nl: "
            "0\r\nl: 9\r\n\r\n",
            &m),
        VO_SIP_MESSAGE);
    assert_null(m.branch.at); /* the topmost Via has none; the second is another hop's */
    assert_span(m.call_id, "1");
    assert_span(m.user_agent, "x");
    assert_int_equal(m.cseq, 0); /* more than 32 bits */
    assert_int_equal(m.cseq_method, VO_SIP_UNKNOWN);
    assert_span(m.contact_uri, "*");
    assert_int_equal(m.content_length, 0);
    assert_false(m.truncated);
}

/* Builds "head", `count` times `piece`, "tail"; decodes it as a datagram. */
static enum vo_sip_result decode_repeated(const char *head, const char *piece, size_t count, const char *tail,
                                          struct vo_sip *message)
{
    size_t size = strlen(head) + count * strlen(piece) + strlen(tail), at = strlen(head);
    char *text = malloc(size + 1);
    assert_non_null(text);
    memcpy(text, head, at);
    for (size_t i = 0; i < count; i++, at += strlen(piece))
        memcpy(text + at, piece, strlen(piece));
    memcpy(text + at, tail, strlen(tail) + 1);
    enum vo_sip_result result = decode_bytes(text, size, false, message);
    free(text);
    return result;
}

static void hostile_heads(void **state)
{
    (void)state;
    struct vo_sip m;
    const char *start = "SIP/2.0 200 OK\r\ni: 1\r\n";
    assert_int_equal(decode_repeated(start, "X: y\r\n", 10000, "CSeq: 1 BYE\r\n\r\nbody", &m),
                     VO_SIP_MESSAGE);
    assert_true(m.truncated);
    assert_span(m.call_id, "1");
    assert_int_equal(m.cseq, 0); /* header 10,002 is not looked at */
    assert_span(m.body, "body");
    /* the start has one header: 510 more and CSeq are 512 */
    assert_int_equal(decode_repeated(start, "X: y\r\n", 510, "CSeq: 1 BYE\r\n\r\n", &m), VO_SIP_MESSAGE);
    assert_int_equal(m.cseq, 1);
    assert_false(m.truncated);
    assert_int_equal(decode_repeated(start, "X: y\r\n", 511, "CSeq: 1 BYE\r\n\r\n", &m), VO_SIP_MESSAGE);
    assert_int_equal(m.cseq, 0);
    assert_true(m.truncated);
    assert_int_equal(
        decode_repeated("SIP/2.0 200 OK\r\nFrom: ", "x", 60000, ";tag=1\r\nCSeq: 2 ACK\r\n\r\n", &m),
        VO_SIP_MESSAGE);
    assert_int_equal(m.from_uri.size, 60000);
    assert_span(m.from_tag, "1");
    assert_int_equal(m.cseq, 2);
    /* quotes that could be tried again and again: must not take quadratic time (3 s here would be felt) */
    assert_int_equal(
        decode_repeated("SIP/2.0 200 OK\r\nFrom: \"", "\\\"", 30000, "\r\nVia: x;y=\"\r\n\r\n", &m),
        VO_SIP_MESSAGE);
    assert_int_equal(decode_repeated("SIP/2.0 200 OK\r\nVia: \"", "\\\"", 30000, ";branch=1\r\n\r\n", &m),
                     VO_SIP_MESSAGE);
    assert_null(m.branch.at);
    assert_int_equal(decode_repeated("SIP/2.0 200 OK\r\nFrom: <a>", "\r\n ;tag", 10000, "=3\r\n\r\n", &m),
                     VO_SIP_MESSAGE);
    assert_int_equal(decode_repeated(start, "\r", 100, "\r\n\r\n", &m), VO_SIP_MESSAGE);
    assert_int_equal(decode_repeated(start, "no colon\r\n:\r\n: x\r\n", 3, "\r\n", &m), VO_SIP_MESSAGE);
    assert_false(m.truncated);
    assert_int_equal(decode_repeated(start, "X: y\r\n", 3, "", &m), VO_SIP_MESSAGE); /* no blank line */
    assert_true(m.truncated);
    assert_null(m.body.at);
    static const char nuls[] = "SIP/2.0 200 OK\r\ni: a\0b\r\n\0: \0\r\n\r\n\0\0";
    assert_int_equal(decode_bytes(nuls, sizeof nuls - 1, false, &m), VO_SIP_MESSAGE);
    assert_int_equal(m.call_id.size, 3);
    assert_int_equal(m.body.size, 2);
}

static void first_look(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool likely;
    } cases[] = {
        {"SIP/2.0 200 OK", true},
        {"sip/2.0 200 OK", true},
        {"INVITE sip:a", true},
        {"\r\nBYE sip:a", true},
        {"ACK ", true},
        {"ACK", false},
        {"INVITED x", false},
        {"GET / HTTP/1.1", false},
        {"", false},
        {"\r\n\r\n", false},
        {"SIP/1.0", false},
        {"INVITE", false},
        {"PUBLISH x", true},
        {"\x80\x00wxyz", false},
        {"SUBSCRIBE *", true},
        {"SIP/2", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = strlen(cases[i].text);
        uint8_t *copy = malloc(size ? size : 1);
        assert_non_null(copy);
        if (size)
            memcpy(copy, cases[i].text, size);
        assert_int_equal(vo_sip_likely(copy, (uint32_t)size), cases[i].likely);
        free(copy);
    }
    assert_string_equal(vo_sip_method_name(VO_SIP_MESSAGE_METHOD), "MESSAGE");
    assert_string_equal(vo_sip_method_name(VO_SIP_PUBLISH), "PUBLISH");
    assert_string_equal(vo_sip_method_name(VO_SIP_UNKNOWN), "unknown");
    assert_string_equal(vo_sip_method_name((enum vo_sip_method)99), "unknown");
}

static int release(void **state)
{
    (void)state;
    free(held);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_invite),
        cmocka_unit_test(reads_a_response_in_compact_form),
        cmocka_unit_test(start_lines),
        cmocka_unit_test(content_length_that_lies),
        cmocka_unit_test(every_prefix_of_a_datagram),
        cmocka_unit_test(every_prefix_of_a_stream_waits),
        cmocka_unit_test(a_stream_message_without_content_length_has_no_body),
        cmocka_unit_test(other_protocols_on_a_stream_are_not_waited_for),
        cmocka_unit_test(a_stream_gives_up_waiting_at_the_maximum),
        cmocka_unit_test(keepalives),
        cmocka_unit_test(addresses),
        cmocka_unit_test(the_first_of_repeated_headers_counts),
        cmocka_unit_test(hostile_heads),
        cmocka_unit_test(first_look),
    };
    return cmocka_run_group_tests_name("sip", tests, NULL, release);
}
