#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/wlan/lookup.h"

/* Pairs are found by both halves, before and after the table grew many times. */
static void test_pairs(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static int values[COUNT];
    struct vo_lookup lookup = {0};
    assert_null(vo_lookup_find(&lookup, 1, 2));
    for (uint64_t i = 0; i < COUNT; i++)
        assert_true(vo_lookup_add(&lookup, i % 50, i / 50, &values[i]));
    assert_int_equal(lookup.count, COUNT);
    for (uint64_t i = 0; i < COUNT; i++)
        assert_ptr_equal(vo_lookup_find(&lookup, i % 50, i / 50), &values[i]);
    assert_null(vo_lookup_find(&lookup, 50, 0));
    assert_null(vo_lookup_find(&lookup, 0, COUNT));
    vo_lookup_release(&lookup);
    assert_null(vo_lookup_find(&lookup, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
