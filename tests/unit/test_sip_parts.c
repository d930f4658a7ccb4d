#include "probes/decode/sip_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SDP "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"

/* Bodies are decoded from an exactly sized copy: the sanitizer sees one byte too far. */
static char *held;

static struct vo_span of(const char *text)
{
    return (struct vo_span){text, text ? (uint32_t)strlen(text) : 0};
}

static struct vo_span find(const char *type, const char *encoding, const char *body, size_t size)
{
    free(held);
    held = malloc(size ? size : 1);
    assert_non_null(held);
    if (size)
        memcpy(held, body, size);
    return vo_sip_find_sdp(of(type), of(encoding), (struct vo_span){held, (uint32_t)size});
}

static void assert_span(struct vo_span span, const char *text)
{
    if (!text) {
        assert_null(span.at);
        return;
    }
    assert_non_null(span.at);
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.at, text, span.size);
}

static void sdp_of_a_body(void **state)
{
    (void)state;
    static const char parts[] =
        "preamble --b1 is not a delimiter\r\n--b1\r\n"
        "Content-Type: application/pidf+xml\r\n\r\n<presence>--b1</presence>\r\n"
        "--b1\r\nContent-Type: Application/SDP; x=y\r\nContent-Disposition: session\r\n\r\n" SDP
        "\r\n--b1--\r\nepilogue";
    static const char nested[] = "--out\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
                                 "--in\r\n\r\nv=0 of plain text\r\n--in\r\nc: application/sdp\r\n\r\nv=0\r\n"
                                 "--in--\r\n--out--";
    static const char base64[] =
        "--b1\r\nContent-Type: application/sdp\r\nContent-Transfer-Encoding: base64\r\n\r\ndj0w\r\n--b1--";
    static const char unclosed[] = "--b1\nContent-Type: application/sdp\n\nv=0\nm=aud";
    static const char folded[] = "--b1\r\nContent-Type:\r\n application/sdp\r\n\r\nv=0\r\n\r\n--b1 \r\n";
    static const struct {
        const char *type, *encoding, *body, *sdp;
    } cases[] = {
        {"application/sdp", NULL, SDP, SDP},
        {"APPLICATION/sdp ;charset=utf-8", NULL, SDP, SDP},
        {"application/sdp", "gzip", SDP, NULL},
        {"application/sdp", "Identity", SDP, SDP},
        {"application/dtmf-relay", NULL, SDP, NULL},
        {NULL, NULL, SDP, SDP}, /* the type was left out, but it begins as SDP does */
        {NULL, NULL, "Signal=5", NULL},
        {"application/sdp", NULL, "", NULL},
        {"multipart/mixed;boundary=b1", NULL, parts, SDP},
        {"Multipart/Mixed ; foo=\"x;boundary=no\"; boundary=\"b1\"", NULL, parts, SDP},
        {"multipart/mixed;boundary=b", NULL, parts, NULL}, /* b1 is another boundary */
        {"multipart/mixed", NULL, parts, NULL},
        {"multipart/mixed;boundary=\"\"", NULL, parts, NULL},
        {"multipart/mixed;boundary=out", NULL, nested, "v=0"},
        {"multipart/mixed;boundary=b1", NULL, base64, NULL},
        {"multipart/mixed;boundary=b1", NULL, unclosed, "v=0\nm=aud"},
        {"multipart/mixed;boundary=b1", NULL, folded,
         "v=0\r\n"}, /* the last line end belongs to the delimiter */
        {"multipart/mixed;boundary=b1", NULL, "--b1", NULL},
        {"multipart/mixed;boundary=b1", NULL, "--b1\r\n--b1--", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = strlen(cases[i].body);
        assert_span(find(cases[i].type, cases[i].encoding, cases[i].body, size), cases[i].sdp);
        while (size-- > 0) { /* cut anywhere: a part of the same SDP or none */
            struct vo_span cut = find(cases[i].type, cases[i].encoding, cases[i].body, size);
            if (cut.at && cases[i].sdp)
                assert_memory_equal(cut.at, cases[i].body + (cut.at - held), cut.size);
            assert_true(!cut.at || cases[i].sdp);
        }
    }
}

static void boundaries_that_match_everywhere(void **state)
{
    (void)state;
    static char dashes[60000], nest[60000];
    memset(dashes, '-', sizeof dashes);
    assert_span(find("multipart/mixed;boundary=----------", NULL, dashes, sizeof dashes), NULL);
    static const char level[] = "--a\r\nc: multipart/mixed;boundary=a\r\n\r\n";
    for (size_t at = 0; at < sizeof nest; at++)
        nest[at] = level[at % (sizeof level - 1)];
    assert_span(find("multipart/mixed;boundary=a", NULL, nest, sizeof nest), NULL);
    char type[200] = "multipart/mixed;boundary=";
    memset(type + strlen(type), 'a', 71); /* RFC 2046: 70 at most */
    assert_span(find(type, NULL, SDP, sizeof SDP - 1), NULL);
}

static void lines_fold(void **state)
{
    (void)state;
    static const char text[] = "a: 1\r\n 2\n\t3\r\nb\n\r\n body";
    const char *at = text, *end = text + sizeof text - 1;
    struct vo_span line;
    assert_true(vo_sip_line(&at, end, &line));
    assert_span(line, "a: 1\r\n 2\n\t3");
    assert_true(vo_sip_line(&at, end, &line));
    assert_span(line, "b");
    assert_true(vo_sip_line(&at, end, &line));
    assert_int_equal(line.size, 0); /* the blank line ends the head although the body begins with a space */
    assert_true(vo_sip_line(&at, end, &line));
    assert_span(line, " body");
    assert_false(vo_sip_line(&at, end, &line));
}

static void parameters(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } cases[] = {
        {";tag=1", "1"},
        {";x=1; TAG = 2 ;y", "2"},
        {";tag", ""}, /* there, but without a value */
        {";tag=", ""},
        {";tag=\"a;b,c\"", "a;b,c"},
        {";x=\";tag=1\"", NULL},
        {";x=\";tag=1", NULL}, /* the quote is never closed */
        {";x=\"\\\";tag=1\";tag=2", "2"},
        {";x=1,;tag=1", NULL}, /* of the next element */
        {";nottag=1", NULL},
        {"tag=1", "1"},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_span(vo_sip_parameter(of(cases[i].text), "tag"), cases[i].value);
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
        cmocka_unit_test(sdp_of_a_body),
        cmocka_unit_test(boundaries_that_match_everywhere),
        cmocka_unit_test(lines_fold),
        cmocka_unit_test(parameters),
    };
    return cmocka_run_group_tests_name("sip_parts", tests, NULL, release);
}
