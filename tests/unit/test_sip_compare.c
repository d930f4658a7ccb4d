#include "probes/reach/sip_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char sent[] = "INVITE sip:h SIP/2.0\r\n"
                           "Via: SIP/2.0/UDP 192.0.2.10:5\r\n"
                           "Via: SIP/2.0/UDP 192.0.2.11:5\r\n"
                           "Contact: <sip:u@192.0.2.10>\r\n"
                           "Content-Length: 40\r\n"
                           "\r\n"
                           "v=0\r\n"
                           "o=- 1 1 IN IP4 192.0.2.10\r\n"
                           "c=IN IP4 192.0.2.10\r\n"
                           "a=x\r\n"
                           "a=y\r\n";

/* Compares with an exact copy on the heap, so that one byte too far is found. */
static bool compare(const char *got, size_t size, struct vo_sip_difference *difference)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, got, size);
    memset(difference, 0, sizeof *difference);
    bool differs = vo_sip_compare(sent, sizeof sent - 1, copy, size, difference);
    free(copy);
    return differs;
}

/* `sent` with one text in the place of another. */
static size_t with(char *to, const char *from, const char *instead)
{
    const char *at = strstr(sent, from);
    assert_non_null(at);
    size_t before = (size_t)(at - sent), length = strlen(instead);
    memcpy(to, sent, before);
    memcpy(to + before, instead, length);
    strcpy(to + before + length, at + strlen(from));
    return strlen(to);
}

static void the_same_bytes_do_not_differ(void **state)
{
    struct vo_sip_difference difference;
    (void)state;
    assert_false(compare(sent, sizeof sent - 1, &difference));
    assert_string_equal(difference.what, "");
}

static void names_what_was_changed(void **state)
{
    static const struct {
        const char *from, *instead, *what, *first, *became;
    } cases[] = {
        {"SIP/2.0/UDP 192.0.2.11", "SIP/2.0/UDP 198.51.100.1", "Via", "Via: SIP/2.0/UDP 192.0.2.11:5",
         "Via: SIP/2.0/UDP 198.51.100.1:5"},
        {"sip:u@192.0.2.10", "sip:u@198.51.100.1", "Contact", "Contact: <sip:u@192.0.2.10>",
         "Contact: <sip:u@198.51.100.1>"},
        {"sip:h", "sip:i", "request line", "INVITE sip:h SIP/2.0", "INVITE sip:i SIP/2.0"},
        {"c=IN IP4 192.0.2.10", "c=IN IP4 198.51.100.1", "SDP c=", "c=IN IP4 192.0.2.10",
         "c=IN IP4 198.51.100.1"},
        {"a=y", "a=z", "SDP a=", "a=y", "a=z"},
        {"Contact: <sip:u@192.0.2.10>\r\n", "", "Contact", "Contact: <sip:u@192.0.2.10>", ""},
        {"Content-Length: 40", "Content-length: 40", "Content-Length, further lines", "Content-Length: 40",
         ""},
        {"Contact", "X: y\r\nContact", "further lines", "", ""},
        {"a=y\r\n", "a=y\n", "line ends", "", ""},
        {"192.0.2.10:5", "\x1b[31m\xff:5", "Via", "Via: SIP/2.0/UDP 192.0.2.10:5",
         "Via: SIP/2.0/UDP ?[31m?:5"}, /* goes to a terminal */
    };
    char text[sizeof sent + 64];
    struct vo_sip_difference difference;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = with(text, cases[i].from, cases[i].instead);
        assert_true(compare(text, size, &difference));
        assert_string_equal(difference.what, cases[i].what);
        assert_string_equal(difference.from, cases[i].first);
        assert_string_equal(difference.to, cases[i].became);
    }
}

/* Each name once, over several messages; the first line that differs is kept. */
static void gathers_over_messages(void **state)
{
    char text[sizeof sent + 64];
    struct vo_sip_difference difference = {"", "", ""};
    (void)state;
    size_t size = with(text, "sip:u@192.0.2.10", "sip:u@198.51.100.1");
    assert_true(vo_sip_compare(sent, sizeof sent - 1, (const uint8_t *)text, size, &difference));
    size = with(text, "192.0.2.10:5", "198.51.100.1:5");
    assert_true(vo_sip_compare(sent, sizeof sent - 1, (const uint8_t *)text, size, &difference));
    assert_true(vo_sip_compare(sent, sizeof sent - 1, (const uint8_t *)text, size, &difference));
    assert_string_equal(difference.what, "Contact, Via");
    assert_string_equal(difference.from, "Contact: <sip:u@192.0.2.10>");
}

/* Anything may come: every cut, and bytes that are no message. */
static void survives_anything(void **state)
{
    struct vo_sip_difference difference;
    char noise[3000];
    (void)state;
    for (size_t size = 0; size < sizeof sent - 1; size++) {
        assert_true(compare(sent, size, &difference));
        assert_true(strlen(difference.what) > 0);
    }
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i % 3 ? i * 31 : '\n');
    assert_true(compare(noise, sizeof noise, &difference));
    memset(noise, 'a', sizeof noise);
    assert_true(compare(noise, sizeof noise, &difference));
    memset(noise, '\n', sizeof noise);
    assert_true(compare(noise, sizeof noise, &difference));
    assert_true(strlen(difference.what) < sizeof difference.what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_do_not_differ),
        cmocka_unit_test(names_what_was_changed),
        cmocka_unit_test(gathers_over_messages),
        cmocka_unit_test(survives_anything),
    };
    return cmocka_run_group_tests_name("sip_compare", tests, NULL, NULL);
}
