#include "probes/io/mac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4231 4.2 and 4.7: a short key, and one that is longer than a block and therefore hashed first. */
static void is_that_of_the_rfc(void **state)
{
    static const uint8_t first[32] = {0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf,
                                      0xce, 0xaf, 0x0b, 0xf1, 0x2b, 0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83,
                                      0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7};
    static const uint8_t sixth[32] = {0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f, 0x0d, 0x8a, 0x26,
                                      0xaa, 0xcb, 0xf5, 0xb7, 0x7f, 0x8e, 0x0b, 0xc6, 0x21, 0x37, 0x28,
                                      0xc5, 0x14, 0x05, 0x46, 0x04, 0x0f, 0x0e, 0xe3, 0x7f, 0x54};
    static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    uint8_t key[131], mac[VO_MAC_SIZE];
    (void)state;
    memset(key, 0x0b, 20);
    assert_true(vo_mac(key, 20, "Hi There", 8, mac));
    assert_memory_equal(mac, first, sizeof first);
    memset(key, 0xaa, sizeof key);
    assert_true(vo_mac(key, sizeof key, text, sizeof text - 1, mac));
    assert_memory_equal(mac, sixth, sizeof sixth);
}

static void holds_only_if_every_byte_does(void **state)
{
    uint8_t mac[VO_MAC_SIZE];
    (void)state;
    assert_true(vo_mac("key", 3, "data", 4, mac));
    assert_true(vo_mac_holds("key", 3, "data", 4, mac, sizeof mac));
    assert_true(vo_mac_holds("key", 3, "data", 4, mac, 16)); /* cut */
    assert_false(vo_mac_holds("key", 3, "data", 4, mac, 0)); /* nothing proves nothing */
    assert_false(vo_mac_holds("kez", 3, "data", 4, mac, sizeof mac));
    assert_false(vo_mac_holds("key", 3, "date", 4, mac, sizeof mac));
    for (size_t i = 0; i < sizeof mac; i++) {
        mac[i] ^= 1;
        assert_false(vo_mac_holds("key", 3, "data", 4, mac, sizeof mac));
        mac[i] ^= 1;
    }
}

static void random_bytes_differ(void **state)
{
    uint8_t one[32] = {0}, other[32] = {0};
    (void)state;
    assert_true(vo_random_bytes(one, sizeof one));
    assert_true(vo_random_bytes(other, sizeof other));
    assert_memory_not_equal(one, other, sizeof one); /* by chance equal once in 2^256 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_that_of_the_rfc),
        cmocka_unit_test(holds_only_if_every_byte_does),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests_name("mac", tests, NULL, NULL);
}
