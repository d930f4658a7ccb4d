#include "probes/decode/sip_write.h"

#include "probes/decode/sip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct vo_sip_request options(void)
{
    return (struct vo_sip_request){
        .method = "OPTIONS",
        .uri = "sip:sbc.example.com:5060",
        .transport = "UDP",
        .sent_by = "192.0.2.9:5061",
        .branch = "77ef",
        .from = "sip:voready@192.0.2.9",
        .from_tag = "12ab",
        .to = "sip:sbc.example.com:5060",
        .call_id = "3848276298220188511@192.0.2.9",
        .cseq = 1,
        .expires = -1,
    };
}

static const char options_text[] = "OPTIONS sip:sbc.example.com:5060 SIP/2.0\r\n"
                                   "Via: SIP/2.0/UDP 192.0.2.9:5061;branch=z9hG4bK77ef;rport\r\n"
                                   "Max-Forwards: 70\r\n"
                                   "From: <sip:voready@192.0.2.9>;tag=12ab\r\n"
                                   "To: <sip:sbc.example.com:5060>\r\n"
                                   "Call-ID: 3848276298220188511@192.0.2.9\r\n"
                                   "CSeq: 1 OPTIONS\r\n"
                                   "Content-Length: 0\r\n"
                                   "\r\n";

static void writes_options(void **state)
{
    (void)state;
    char text[VO_SIP_REQUEST_MAX];
    struct vo_sip_request request = options();
    assert_int_equal(vo_sip_write_request(&request, text, sizeof text), sizeof options_text - 1);
    assert_string_equal(text, options_text);
}

static void writes_register(void **state)
{
    (void)state;
    char text[VO_SIP_REQUEST_MAX];
    struct vo_sip_request request = options();
    request.method = "REGISTER";
    request.uri = "sip:example.com";
    request.transport = "TLS";
    request.sent_by = "[2001:db8::9]:40000";
    request.to = request.from = "sip:4912345@example.com";
    request.cseq = INT32_MAX;
    request.contact = "sip:4912345@[2001:db8::9]:40000;transport=tls";
    request.expires = 604800;
    request.authorization = "Digest username=\"4912345\"";
    request.proxy_authorization = "Digest username=\"p\"";
    request.user_agent = "voready (\xC3\xA4)";
    size_t size = vo_sip_write_request(&request, text, sizeof text);
    assert_string_equal(text, "REGISTER sip:example.com SIP/2.0\r\n"
                              "Via: SIP/2.0/TLS [2001:db8::9]:40000;branch=z9hG4bK77ef;rport\r\n"
                              "Max-Forwards: 70\r\n"
                              "From: <sip:4912345@example.com>;tag=12ab\r\n"
                              "To: <sip:4912345@example.com>\r\n"
                              "Call-ID: 3848276298220188511@192.0.2.9\r\n"
                              "CSeq: 2147483647 REGISTER\r\n"
                              "Contact: <sip:4912345@[2001:db8::9]:40000;transport=tls>\r\n"
                              "Expires: 604800\r\n"
                              "Authorization: Digest username=\"4912345\"\r\n"
                              "Proxy-Authorization: Digest username=\"p\"\r\n"
                              "User-Agent: voready (\xC3\xA4)\r\n"
                              "Content-Length: 0\r\n"
                              "\r\n");
    struct vo_sip back; /* and the decoder agrees */
    assert_int_equal(vo_sip_decode((const uint8_t *)text, (uint32_t)size, true, &back), VO_SIP_MESSAGE);
    assert_int_equal(back.size, size);
    assert_int_equal(back.method, VO_SIP_REGISTER);
    assert_int_equal(back.cseq, INT32_MAX);
    assert_int_equal(back.content_length, 0);
    request.expires = 0;
    vo_sip_write_request(&request, text, sizeof text);
    assert_non_null(strstr(text, "\r\nExpires: 0\r\n"));
}

/* An offer that the decoder reads: 157 bytes of SDP, of which the address stands in o= and c=. */
static void writes_invite_with_sdp(void **state)
{
    static const char sdp_text[] =
        "v=0\r\no=- 7 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        "m=audio 5008 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
        "a=ptime:20\r\na=sendrecv\r\n";
    (void)state;
    char text[VO_SIP_REQUEST_MAX], sdp[512];
    struct vo_sip_request request = options();
    assert_int_equal(vo_sip_write_sdp("192.0.2.9", 5008, 7, sdp, sizeof sdp), sizeof sdp_text - 1);
    assert_string_equal(sdp, sdp_text);
    request.method = "INVITE";
    request.sdp = sdp;
    size_t size = vo_sip_write_request(&request, text, sizeof text);
    struct vo_sip back;
    assert_int_equal(vo_sip_decode((const uint8_t *)text, (uint32_t)size, true, &back), VO_SIP_MESSAGE);
    assert_int_equal(back.method, VO_SIP_INVITE);
    assert_int_equal(back.size, size);
    assert_int_equal(back.content_length, sizeof sdp_text - 1);
    assert_non_null(strstr(text, "\r\nContent-Type: application/sdp\r\n"));
    assert_string_equal(text + size - (sizeof sdp_text - 1), sdp_text);
    vo_sip_write_sdp("fe80::1%eth0", 1, 0, sdp, sizeof sdp); /* a zone means nothing to others */
    assert_non_null(strstr(sdp, "c=IN IP6 fe80::1\r\n"));
    static const char *const evil[] = {"", "192.0.2.9\r\na=x", "h ost", "example.com", "%eth0"};
    for (size_t i = 0; i < sizeof evil / sizeof *evil; i++)
        assert_int_equal(vo_sip_write_sdp(evil[i], 1, 0, sdp, sizeof sdp), 0);
    for (size_t room = 0; room < sizeof sdp_text; room++)
        assert_int_equal(vo_sip_write_sdp("192.0.2.9", 5008, 7, sdp, room), 0);
}

/* It fits into its length and the NUL, and in no byte less: an exactly sized block shows a byte too far. */
static void any_room(void **state)
{
    (void)state;
    struct vo_sip_request request = options();
    for (size_t room = 0; room <= sizeof options_text; room++) {
        char *text = malloc(room ? room : 1);
        assert_non_null(text);
        text[0] = 'x';
        size_t size = vo_sip_write_request(&request, text, room);
        assert_int_equal(size, room == sizeof options_text ? sizeof options_text - 1 : 0);
        assert_int_equal(text[0], room == 0 ? 'x' : size ? 'O' : '\0');
        assert_int_equal(vo_sip_write_uri("u", "h", 0, NULL, text, room), room >= 8 ? 7 : 0); /* sip:u@h */
        free(text);
    }
}

static void refused(struct vo_sip_request request)
{
    char text[VO_SIP_REQUEST_MAX] = "x";
    assert_int_equal(vo_sip_write_request(&request, text, sizeof text), 0);
    assert_string_equal(text, "");
}

/* No value can bring a line, a header parameter or a second element of its own. */
static void injection_is_refused(void **state)
{
    (void)state;
    static const char *const evil[] = {
        "a\r\nX: y", "a\nb", "a\rb", "a b", "a\tb", "a>b", "a<b", "a\"b", "a\x7f", "a\x01", "",
    };
    for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
        struct vo_sip_request request = options();
        const char **const fields[] = {&request.method,  &request.uri,    &request.transport,
                                       &request.sent_by, &request.branch, &request.from_tag,
                                       &request.from,    &request.to,     &request.contact};
        for (size_t j = 0; j < sizeof fields / sizeof *fields; j++) {
            const char *kept = *fields[j];
            *fields[j] = evil[i];
            refused(request);
            *fields[j] = kept;
        }
        if (!strpbrk(evil[i], "<>\"")) { /* a word may have these (RFC 3261 25.1) */
            request.call_id = evil[i];
            refused(request);
        }
    }
    static const char *const lines[] = {"a\r\nX: y", "a\nb", "a\rb", "a\x7f", "a\x01"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct vo_sip_request request = options();
        request.authorization = lines[i];
        refused(request);
        request.authorization = NULL;
        request.proxy_authorization = lines[i];
        refused(request);
        request.proxy_authorization = NULL;
        request.user_agent = lines[i];
        refused(request);
    }
    struct vo_sip_request request = options();
    request.from_tag = "a;b=c"; /* a parameter of its own */
    refused(request);
    request = options();
    request.sent_by = "192.0.2.1;maddr=198.51.100.1";
    refused(request);
    request = options();
    request.cseq = UINT32_C(1) << 31;
    refused(request);
    request = options();
    request.branch = NULL;
    refused(request);
}

static void uris(void **state)
{
    (void)state;
    static const struct {
        const char *user, *host;
        uint16_t port;
        const char *transport, *uri; /* NULL: refused */
    } cases[] = {
        {NULL, "sbc.example.com", 0, NULL, "sip:sbc.example.com"},
        {NULL, "192.0.2.1", 5060, "tcp", "sip:192.0.2.1:5060;transport=tcp"},
        {NULL, "2001:db8::1", 5061, "tls", "sip:[2001:db8::1]:5061;transport=tls"},
        {NULL, "[2001:db8::1]", 0, NULL, "sip:[2001:db8::1]"},
        {NULL, "fe80::1%eth0", 65535, NULL, "sip:[fe80::1]:65535"},
        {NULL, "[fe80::1%eth0]", 0, NULL, "sip:[fe80::1]"},
        {NULL, "::ffff:192.0.2.1", 0, NULL, "sip:[::ffff:192.0.2.1]"},
        {"+4912345", "h", 0, NULL, "sip:+4912345@h"},
        {"a b@c:d%\"<>", "h", 0, NULL, "sip:a%20b%40c%3Ad%25%22%3C%3E@h"},
        {"\xC3\xA4", "h", 0, NULL, "sip:%C3%A4@h"},
        {"a\r\nb", "h", 0, NULL, NULL},
        {"a\x7f", "h", 0, NULL, NULL},
        {"", "h", 0, NULL, NULL},
        {NULL, "", 0, NULL, NULL},
        {NULL, "a b", 0, NULL, NULL},
        {NULL, "a;b", 0, NULL, NULL},
        {NULL, "a\r\n", 0, NULL, NULL},
        {NULL, "[::1", 0, NULL, NULL},
        {NULL, "::1]", 0, NULL, NULL},
        {NULL, "[]:", 0, NULL, NULL},
        {NULL, "%:", 0, NULL, NULL},
        {NULL, "example.com:5060", 0, NULL, NULL}, /* the port has its own place */
        {NULL, "h", 0, "tcp;x", NULL},
        {NULL, "h", 0, "", NULL},
    };
    char text[VO_SIP_URI_MAX], longest[VO_SIP_URI_MAX + 1];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = vo_sip_write_uri(cases[i].user, cases[i].host, cases[i].port, cases[i].transport, text,
                                       sizeof text);
        assert_string_equal(text, cases[i].uri ? cases[i].uri : "");
        assert_int_equal(size, strlen(text));
    }
    memset(longest, 'a', VO_SIP_URI_MAX);
    longest[VO_SIP_URI_MAX] = '\0';
    assert_int_equal(vo_sip_write_uri(NULL, longest, 0, NULL, text, sizeof text), 0);
    memset(longest, ':', VO_SIP_URI_MAX);
    assert_int_equal(vo_sip_write_uri(NULL, longest, 0, NULL, text, sizeof text), 0);
}

static void random_text(void **state)
{
    (void)state;
    static const uint8_t random[] = {0x00, 0x0f, 0xf0, 0xab};
    char text[9];
    vo_sip_write_hex(random, sizeof random, text);
    assert_string_equal(text, "000ff0ab");
    vo_sip_write_hex(random, 0, text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_options),
        cmocka_unit_test(writes_register),
        cmocka_unit_test(writes_invite_with_sdp),
        cmocka_unit_test(any_room),
        cmocka_unit_test(injection_is_refused),
        cmocka_unit_test(uris),
        cmocka_unit_test(random_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
