/* Cells of one size: apart from each other, aligned, used again, given back. */
#include "probes/flow/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 5000

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (void *const *)a, y = (uintptr_t) * (void *const *)b;
    return (x > y) - (x < y);
}

/* Aligned, and whole: what is written to one is in no other, and in none that is waiting to be used. */
static void check_cells(struct vo_pool *pool, void **cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cells[i] = vo_pool_take(pool);
        assert_non_null(cells[i]);
        assert_int_equal((uintptr_t)cells[i] % VO_POOL_ALIGN, 0);
        memset(cells[i], (int)(i % 251), pool->size);
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = cells[i];
        assert_int_equal(bytes[0], i % 251);
        assert_int_equal(bytes[pool->size - 1], i % 251);
        assert_int_equal(bytes[pool->size / 2], i % 251);
    }
    qsort(cells, count, sizeof *cells, by_address);
    for (size_t i = 1; i < count; i++)
        assert_true((uintptr_t)cells[i] - (uintptr_t)cells[i - 1] >= pool->size);
}

/* From one byte to the largest, beside every multiple of the alignment that matters: 5000 cells, or as many
 * as 8 blocks hold. */
static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {1,
                                   8,
                                   63,
                                   64,
                                   65,
                                   1000,
                                   8192,
                                   10368,
                                   VO_POOL_BLOCK / 2 - VO_POOL_ALIGN,
                                   VO_POOL_BLOCK / 2,
                                   VO_POOL_BLOCK / 2 + 1,
                                   VO_POOL_LARGEST - 1,
                                   VO_POOL_LARGEST};
    static void *cells[COUNT];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct vo_pool pool = {.size = sizes[i]};
        check_cells(&pool, cells, sizes[i] <= 10368 ? COUNT : 8);
        vo_pool_release(&pool);
    }
    struct vo_pool pool = {.size = VO_POOL_LARGEST + 1};
    assert_null(vo_pool_take(&pool));
    vo_pool_release(&pool);
}

/* Cells are taken in order of address, so that streams of one time lie side by side. */
static void test_order(void **state)
{
    (void)state;
    struct vo_pool pool = {.size = 1000}; /* 1024 with alignment: 2047 to a block after its link */
    char *first = vo_pool_take(&pool);
    for (size_t i = 1; i < (VO_POOL_BLOCK - VO_POOL_ALIGN) / 1024; i++)
        assert_ptr_equal(vo_pool_take(&pool), first + i * 1024);
    char *next = vo_pool_take(&pool);
    assert_true(next < first || next >= first + VO_POOL_BLOCK - VO_POOL_ALIGN);
    vo_pool_release(&pool);
}

/* What is given back is taken again before the pool grows; each cell has one holder at a time. */
static void test_reuse(void **state)
{
    (void)state;
    static void *cells[COUNT], *again[COUNT];
    struct vo_pool pool = {.size = 200};
    vo_pool_give(&pool, NULL);
    check_cells(&pool, cells, COUNT);
    for (size_t i = 0; i < COUNT; i += 2) /* every other one */
        vo_pool_give(&pool, cells[i]);
    const void *blocks = pool.blocks;
    check_cells(&pool, again, COUNT / 2);
    assert_ptr_equal(pool.blocks, blocks);
    for (size_t i = 0; i < COUNT / 2; i++) /* both lists are in order of address */
        assert_ptr_equal(again[i], cells[2 * i]);
    for (int round = 0; round < 100000; round++) { /* the last one given is the next one taken: still warm */
        vo_pool_give(&pool, cells[7]);
        assert_ptr_equal(vo_pool_take(&pool), cells[7]);
    }
    assert_ptr_equal(pool.blocks, blocks);
    vo_pool_release(&pool);
}

/* A released pool is empty, and may be used anew. */
static void test_release(void **state)
{
    (void)state;
    static void *cells[COUNT];
    struct vo_pool pool = {.size = 3000};
    vo_pool_release(&pool); /* nothing yet */
    for (int round = 0; round < 3; round++) {
        check_cells(&pool, cells, COUNT);
        for (size_t i = 0; i < COUNT; i += 3)
            vo_pool_give(&pool, cells[i]);
        vo_pool_release(&pool);
        vo_pool_release(&pool);
        assert_null(pool.blocks);
        assert_null(pool.unused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
