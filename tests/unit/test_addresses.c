/* The addresses of an interface: loopback has some everywhere. */
#include "probes/io/addresses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_loopback(void **state)
{
    (void)state;
    struct vo_addresses addresses;
    char text[VO_NET_ADDRESS_TEXT];
    vo_addresses_of("lo", &addresses);
    assert_true(addresses.count >= 1);
    assert_true(addresses.list[0].ipv4); /* IPv4 comes first */
    assert_string_equal(vo_net_address_format(&addresses.list[0], text), "127.0.0.1/8");
    struct vo_net_address other = addresses.list[0];
    assert_true(vo_addresses_has(&addresses, &other));
    other.prefix = 16;
    assert_false(vo_addresses_has(&addresses, &other));
    other = addresses.list[0];
    other.address[15] = 77;
    assert_false(vo_addresses_has(&addresses, &other));
}

static void test_no_interface(void **state)
{
    (void)state;
    struct vo_addresses addresses;
    vo_addresses_of("l", &addresses); /* the beginning of a name is no name */
    assert_int_equal(addresses.count, 0);
    vo_addresses_of("nonesuch0", &addresses);
    assert_int_equal(addresses.count, 0);
}

static void test_ipv6_text(void **state)
{
    (void)state;
    char text[VO_NET_ADDRESS_TEXT];
    const struct vo_net_address address = {.address = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .prefix = 64};
    assert_string_equal(vo_net_address_format(&address, text), "2001:db8::1/64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_no_interface),
        cmocka_unit_test(test_ipv6_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
