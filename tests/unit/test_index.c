/* Numbers for pairs of integers. */
#include "analyze/derive/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void in_order(void **state)
{
    (void)state;
    struct vo_index index = {0};
    assert_true(vo_index_find(&index, 1, 2) == VO_INDEX_NONE);
    assert_int_equal(vo_index_get(&index, 1, 2), 0);
    assert_int_equal(vo_index_get(&index, 2, 1), 1); /* the order of a pair counts */
    assert_int_equal(vo_index_get(&index, 0, 0), 2);
    assert_int_equal(vo_index_get(&index, UINT64_MAX, UINT64_MAX), 3);
    assert_int_equal(vo_index_get(&index, 1, 2), 0);
    assert_int_equal(vo_index_find(&index, 0, 0), 2);
    assert_true(vo_index_find(&index, 7, 7) == VO_INDEX_NONE);
    assert_int_equal(index.count, 4);
    vo_index_release(&index);
    assert_int_equal(index.count, 0);
}

static void many(void **state)
{
    (void)state;
    struct vo_index index = {0};
    for (uint64_t i = 0; i < 20000; i++)
        assert_int_equal(vo_index_get(&index, i % 100, i / 100), i);
    for (uint64_t i = 0; i < 20000; i++)
        assert_int_equal(vo_index_find(&index, i % 100, i / 100), i);
    vo_index_release(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_order), cmocka_unit_test(many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
