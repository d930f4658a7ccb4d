/* Addresses as text and back. */
#include "tests/unit/frames.h"

static bool parse(const char *text, uint8_t address[16])
{
    size_t size = strlen(text); /* without the NUL, which a span does not have */
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    bool parsed = vo_address_parse(copy, size, address);
    free(copy);
    return parsed;
}

static void test_parse_and_format(void **state)
{
    static const struct {
        const char *text, *formatted, *endpoint;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", "192.0.2.1:5004"},
        {"255.255.255.255", "255.255.255.255", "255.255.255.255:5004"},
        {"0.0.0.0", "0.0.0.0", "0.0.0.0:5004"},
        {"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1:5004"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", "[2001:db8::1]:5004"},
        {"::", "::", "[::]:5004"},
        {"::1", "::1", "[::1]:5004"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:5004"}, /* RFC 5952 4.2.2 */
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:5004"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t address[16];
        char text[VO_ADDRESS_TEXT], endpoint[VO_ENDPOINT_TEXT];
        assert_true(parse(cases[i].text, address));
        assert_string_equal(vo_address_format(address, text), cases[i].formatted);
        assert_string_equal(vo_endpoint_format(address, 5004, endpoint), cases[i].endpoint);
    }
}

static void test_bytes(void **state)
{
    static const uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    uint8_t address[16];
    (void)state;
    assert_true(parse("192.0.2.1", address));
    assert_memory_equal(address, mapped, 16);
}

static void test_what_is_no_address(void **state)
{
    static const char *const texts[] = {"",
                                        "192.0.2",
                                        "192.0.2.256",
                                        "192.0.2.1.",
                                        "192.0.2.1 ",
                                        "192.0.2.1:5004",
                                        "[::1]",
                                        "::1%eth0",
                                        "1:2:3",
                                        ":::",
                                        "example.com",
                                        "12345::",
                                        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
    uint8_t address[16], before[16];
    (void)state;
    memset(before, 7, sizeof before);
    memcpy(address, before, sizeof address);
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_false(parse(texts[i], address));
    assert_false(vo_address_parse("1.2.3.4\0", 8, address)); /* a NUL in the span */
    assert_memory_equal(address, before, sizeof address);
}

static void test_longest_endpoint(void **state)
{
    /* 39 digits and colons, two brackets, a colon, five digits */
    uint8_t address[16];
    char text[VO_ENDPOINT_TEXT];
    (void)state;
    memset(address, 0xff, sizeof address);
    assert_int_equal(strlen(vo_endpoint_format(address, 65535, text)), 47);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_format),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_what_is_no_address),
        cmocka_unit_test(test_longest_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
