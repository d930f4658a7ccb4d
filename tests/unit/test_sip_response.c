#include "probes/decode/sip_response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* The spans of a decoded message point into `held`, which lives until the next decode(). */
static uint8_t *held;

static enum vo_sip_result decode(const char *text, size_t size, struct vo_sip *message)
{
    free(held);
    held = malloc(size ? size : 1); /* exactly sized: the sanitizer sees one byte too far */
    assert_non_null(held);
    if (size)
        memcpy(held, text, size);
    return vo_sip_decode(held, (uint32_t)size, false, message);
}

static struct vo_span of(const char *text)
{
    return (struct vo_span){text, (uint32_t)strlen(text)};
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

static const char response[] =
    "SIP/2.0 401 Unauthorized\r\n"
    "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1;rport=40001;received=203.0.113.7\r\n"
    "Via: SIP/2.0/UDP other;rport=1\r\n"
    "WWW-Authenticate: Digest realm=\"one, \\\"two\\\"\", algorithm=SHA-256,\r\n"
    " nonce=\"n1\"\r\n"
    "m: \"Doe, J\" <sip:a,b@192.0.2.9;x=1>;expires=60;q=0.5 , sip:c@192.0.2.9;expires=70\r\n"
    "Contact:, <sip:d@[2001:db8::1]:5060> ;Expires = \"80\"\r\n"
    "Expires: 3600\r\n"
    "www-authenticate : Digest realm=r2,nonce=\"n2\"\r\n"
    "Min-Expires: nine\r\n"
    "Retry-After: 4294967296\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

static void headers_by_name(void **state)
{
    (void)state;
    struct vo_sip m;
    struct vo_span value;
    const char *at = NULL;
    assert_int_equal(decode(response, sizeof response - 1, &m), VO_SIP_MESSAGE);
    assert_true(vo_sip_header(&m, "WWW-Authenticate", &at, &value));
    assert_span(value, "Digest realm=\"one, \\\"two\\\"\", algorithm=SHA-256,\r\n nonce=\"n1\"");
    assert_true(vo_sip_header(&m, "WWW-Authenticate", &at, &value));
    assert_span(value, "Digest realm=r2,nonce=\"n2\"");
    assert_false(vo_sip_header(&m, "WWW-Authenticate", &at, &value));
    assert_false(vo_sip_header(&m, "WWW-Authenticate", &at, &value)); /* and stays at the end */
    at = NULL;
    assert_false(vo_sip_header(&m, "Proxy-Authenticate", &at, &value));
    struct vo_sip none = {0};
    at = NULL;
    assert_false(vo_sip_header(&none, "Via", &at, &value));
}

static void bindings_of_all_contacts(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        int64_t expires;
    } expected[] = {{"sip:a,b@192.0.2.9;x=1", 60}, {"sip:c@192.0.2.9", 70}, {"sip:d@[2001:db8::1]:5060", 80}};
    struct vo_sip m;
    struct vo_sip_binding binding;
    struct vo_sip_bindings walk = {0};
    decode(response, sizeof response - 1, &m);
    for (size_t i = 0; i < 3; i++) {
        assert_true(vo_sip_binding_next(&m, &walk, &binding));
        assert_span(binding.uri, expected[i].uri);
        assert_int_equal(binding.expires, expected[i].expires);
    }
    assert_false(vo_sip_binding_next(&m, &walk, &binding));
    static const char without[] =
        "SIP/2.0 200 OK\r\nm: <sip:a@b>;expires=-1, <sip:c@d>;expires=4294967296\r\n\r\n";
    walk = (struct vo_sip_bindings){0};
    decode(without, sizeof without - 1, &m);
    for (size_t i = 0; i < 2; i++) {
        assert_true(vo_sip_binding_next(&m, &walk, &binding));
        assert_int_equal(binding.expires, -1); /* not a number of 32 bits */
    }
    assert_false(vo_sip_binding_next(&m, &walk, &binding));
}

static void numbers_and_via(void **state)
{
    (void)state;
    struct vo_sip m;
    decode(response, sizeof response - 1, &m);
    assert_int_equal(vo_sip_seconds(&m, "Expires"), 3600);
    assert_int_equal(vo_sip_seconds(&m, "Min-Expires"), -1);
    assert_int_equal(vo_sip_seconds(&m, "Retry-After"), -1); /* 2^32 */
    assert_int_equal(vo_sip_seconds(&m, "Session-Expires"), -1);
    struct vo_sip_seen seen = vo_sip_seen(&m);
    assert_span(seen.received, "203.0.113.7");
    assert_int_equal(seen.rport, 40001);
    static const char plain[] = "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a;rport;branch=z9hG4bK1\r\n\r\n";
    static const char beyond[] = "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a;rport=65536\r\n\r\n";
    static const char bare[] = "SIP/2.0 200 OK\r\n\r\n";
    const char *const texts[] = {plain, beyond, bare};
    for (size_t i = 0; i < 3; i++) {
        decode(texts[i], strlen(texts[i]), &m);
        seen = vo_sip_seen(&m);
        assert_span(seen.received, NULL);
        assert_int_equal(seen.rport, 0);
    }
}

static void challenge_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *value;
    } cases[] = {
        {"realm=\"a\", nonce=\"b\"", "nonce", "b"},
        {"realm=\"a\",NONCE = \"b\"", "nonce", "b"},
        {"qop=\"auth,auth-int\", nonce=x", "qop", "auth,auth-int"},
        {"qop=\"auth,auth-int\", nonce=x", "nonce", "x"},
        {"qop=\"nonce=evil\", nonce=good", "nonce", "good"},
        {"realm=\"say \\\"hi\\\", nonce=no\", nonce=yes", "nonce", "yes"},
        {"realm=\"say \\\"hi\\\"\"", "realm", "say \\\"hi\\\""},
        {"realm=\"\"", "realm", ""},
        {"realm=", "realm", ""},
        {"realm", "realm", ""},
        {"xrealm=a", "realm", NULL},
        {"realm=\"open", "realm", NULL},
        {"realm=\"open\\\"", "realm", NULL}, /* the quote that seems to close is escaped */
        {"realm=\"a\"b", "realm", NULL},
        {"realm=\"", "realm", NULL},
        {"realm=1, realm=2", "realm", "1"},
        {",, ,realm=1", "realm", "1"},
        {"", "realm", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_span(vo_sip_auth_parameter(of(cases[i].text), cases[i].name), cases[i].value);
}

static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *text, *elements[4];
    } cases[] = {
        {"a, b ,c", {"a", "b", "c"}},
        {"\"a,b\" <sip:c,d>,e", {"\"a,b\" <sip:c,d>", "e"}},
        {"<sip:a, b", {"<sip:a", "b"}},         /* an open bracket parts as if it were none */
        {"\"a, \"b\", c", {"\"a, \"b\"", "c"}}, /* quotes pair off, the last is none */
        {" , ,", {NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_span rest = of(cases[i].text), element;
        for (size_t j = 0; cases[i].elements[j]; j++) {
            assert_true(vo_sip_list_next(&rest, &element));
            assert_span(element, cases[i].elements[j]);
        }
        assert_false(vo_sip_list_next(&rest, &element));
    }
}

/* A cut message shows whole lines only: what is read of it is what the whole message has, or nothing. */
static void every_prefix(void **state)
{
    (void)state;
    unsigned bindings_seen = 0, challenges_seen = 0, ports_seen = 0;
    for (size_t size = 0; size < sizeof response; size++) {
        struct vo_sip m;
        struct vo_sip_bindings walk = {0};
        struct vo_sip_binding binding;
        struct vo_span value;
        const char *at = NULL;
        if (decode(response, size, &m) != VO_SIP_MESSAGE)
            continue;
        unsigned count = 0;
        while (vo_sip_binding_next(&m, &walk, &binding)) {
            count++;
            assert_int_equal(binding.expires, 50 + 10 * count);
        }
        assert_true(count == 0 || count == 2 || count == 3); /* two stand in one line */
        bindings_seen |= 1u << count;
        while (vo_sip_header(&m, "WWW-Authenticate", &at, &value)) {
            challenges_seen++;
            struct vo_span nonce = vo_sip_auth_parameter(value, "nonce");
            assert_true(nonce.size == 0 || nonce.size == 2); /* 0: the line that is folded in is cut off */
        }
        int64_t expires = vo_sip_seconds(&m, "Expires");
        assert_true(expires == -1 || expires == 3600);
        struct vo_sip_seen seen = vo_sip_seen(&m);
        assert_true(seen.rport == 0 || seen.rport == 40001);
        ports_seen += seen.rport != 0;
    }
    assert_int_equal(bindings_seen, 1u << 0 | 1u << 2 | 1u << 3);
    assert_true(challenges_seen > 100 && ports_seen > 100);
}

/* A challenge that is cut anywhere gives a parameter whole or not at all, as its quote closes or not. */
static void every_prefix_of_a_challenge(void **state)
{
    (void)state;
    static const char text[] = "realm=\"a,b\", nonce=\"c\\\"d\"";
    for (size_t size = 0; size < sizeof text; size++) {
        char *copy = malloc(size ? size : 1);
        assert_non_null(copy);
        memcpy(copy, text, size);
        const struct vo_span span = {copy, (uint32_t)size};
        struct vo_span realm = vo_sip_auth_parameter(span, "realm"),
                       nonce = vo_sip_auth_parameter(span, "nonce");
        if (size >= 11)
            assert_span(realm, "a,b");
        else
            assert_int_equal(realm.size, 0);
        if (size == sizeof text - 1)
            assert_span(nonce, "c\\\"d");
        else
            assert_int_equal(nonce.size, 0);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_by_name),
        cmocka_unit_test(bindings_of_all_contacts),
        cmocka_unit_test(numbers_and_via),
        cmocka_unit_test(challenge_parameters),
        cmocka_unit_test(lists),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(every_prefix_of_a_challenge),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(held);
    return failed;
}
