/* Quantiles: the histogram against the exact quantiles of the sorted values. */
#include "core/estimate/quantile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VALUES 20011 /* a prime, so that no percentile falls on a whole rank by chance */

static uint64_t random_state;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double uniform(void)
{
    return ((double)(next_random() >> 11) + 0.5) / 9007199254740992.0;
}

static uint32_t small(void)
{
    return (uint32_t)(next_random() % 40);
}
static uint32_t flat(void)
{
    return (uint32_t)(next_random() % 200000);
}
static uint32_t exponential(void)
{
    return (uint32_t)(-5000 * log(uniform()));
}
static uint32_t heavy_tail(void)
{
    return (uint32_t)fmin(100 / uniform(), 134217727.0);
}
static uint32_t two_modes(void)
{
    return next_random() % 100 < 95 ? 20000 + (uint32_t)(next_random() % 50) : 180000;
}
static uint32_t constant(void)
{
    return 20000;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void test_error_is_bounded(void **state)
{
    (void)state;
    static uint32_t (*const distributions[])(void) = {small,      flat,      exponential,
                                                      heavy_tail, two_modes, constant};
    static uint32_t values[VALUES];
    for (size_t d = 0; d < sizeof distributions / sizeof distributions[0]; d++) {
        struct vo_quantile quantile = {0};
        random_state = d;
        for (size_t i = 0; i < VALUES; i++)
            vo_quantile_add(&quantile, values[i] = distributions[d]());
        qsort(values, VALUES, sizeof values[0], ascending);
        for (unsigned mille = 1; mille <= 1000; mille++) {
            size_t rank = (mille * (size_t)VALUES + 999) / 1000; /* ceil, in whole numbers */
            double exact = values[rank - 1], got = vo_quantile_get(&quantile, mille / 1000.0);
            double bound = exact < 32 ? 0.5 : exact / 64;
            if (fabs(got - exact) > bound)
                fail_msg("distribution %zu, %u/1000: %f instead of %f", d, mille, got, exact);
        }
        assert_true(vo_quantile_get(&quantile, 0) == values[0]);
        assert_true(vo_quantile_get(&quantile, 1) == values[VALUES - 1]);
    }
}

/* Every value of the first octaves and both edges of every bucket stay within the bound; buckets are
 * contiguous. */
static void test_buckets(void **state)
{
    (void)state;
    for (uint32_t value = 0; value < 1u << 16; value++) {
        struct vo_quantile quantile = {0};
        vo_quantile_add(&quantile, value ? value - 1 : 0); /* so that the second is not the exact extreme */
        vo_quantile_add(&quantile, value);
        vo_quantile_add(&quantile, value + 1);
        assert_true(fabs(vo_quantile_get(&quantile, 0.5) - value) <= fmax(0.5, value / 64.0));
    }
    unsigned last = vo_quantile_bucket(0);
    for (uint32_t value = 1; value < (1u << 27); value += 1 + value / 128) {
        unsigned bucket = vo_quantile_bucket(value);
        assert_true(bucket == last || bucket == last + 1);
        last = bucket;
    }
    assert_int_equal(vo_quantile_bucket((1u << 27) - 1), VO_QUANTILE_BUCKETS - 1);
    assert_int_equal(vo_quantile_bucket(UINT32_MAX), VO_QUANTILE_BUCKETS - 1);
}

/* 1..100: the p-th percentile is p. Ranks are exact although 0.07 * 100 is more than 7 in binary; values up
 * to 63 have buckets of their own. */
static void test_nearest_rank(void **state)
{
    (void)state;
    struct vo_quantile quantile = {0};
    for (uint32_t value = 1; value <= 100; value++)
        vo_quantile_add(&quantile, value);
    for (unsigned percent = 1; percent < 64; percent++)
        assert_true(vo_quantile_get(&quantile, percent / 100.0) == percent);
    assert_true(vo_quantile_get(&quantile, 0.0701) == 8);
    assert_true(vo_quantile_get(&quantile, -1) == 1);
    assert_true(vo_quantile_get(&quantile, 2) == 100);
    assert_true(isnan(vo_quantile_get(&quantile, NAN)));
}

static void test_empty(void **state)
{
    (void)state;
    struct vo_quantile empty = {0}, other = {0}, copy;
    assert_true(isnan(vo_quantile_get(&empty, 0.5)));
    vo_quantile_add(&other, 7);
    copy = other;
    vo_quantile_merge(&other, &empty);
    assert_memory_equal(&other, &copy, sizeof copy);
    vo_quantile_merge(&empty, &other);
    assert_memory_equal(&empty, &copy, sizeof copy);
}

static void test_merging_is_adding(void **state)
{
    (void)state;
    random_state = 11;
    for (unsigned round = 0; round < 20; round++) {
        struct vo_quantile parts[3] = {0}, all = {0}, merged = {0};
        for (unsigned i = 0; i < 3000; i++) {
            uint32_t value = heavy_tail() >> next_random() % 20;
            vo_quantile_add(&parts[next_random() % 3], value);
            vo_quantile_add(&all, value);
        }
        for (unsigned i = 0; i < 3; i++)
            vo_quantile_merge(&merged, &parts[i]);
        assert_memory_equal(&merged, &all, sizeof all);
    }
}

/* 200 s and 3000 s count as 2^27 us = 134.2 s, but the maximum is exact. */
static void test_long_values(void **state)
{
    (void)state;
    struct vo_quantile quantile = {0};
    vo_quantile_add(&quantile, 1000);
    vo_quantile_add(&quantile, 200000000);
    vo_quantile_add(&quantile, 3000000000u);
    double median = vo_quantile_get(&quantile, 0.5);
    assert_true(fabs(median - 134217728) <= 134217728 / 64.0);
    assert_true(vo_quantile_get(&quantile, 1) == 3000000000.0);
}

/* A full bucket stays full, by adding as by merging, and quantiles still come from what the buckets hold. */
static void test_saturation(void **state)
{
    (void)state;
    struct vo_quantile quantile = {0}, more = {0};
    vo_quantile_add(&quantile, 10);
    vo_quantile_add(&quantile, 20);
    quantile.buckets[10] = UINT32_MAX - 1;
    quantile.buckets[20] = UINT32_MAX;
    quantile.count = 2 * (uint64_t)UINT32_MAX - 1;
    vo_quantile_add(&quantile, 10);
    vo_quantile_add(&quantile, 10);
    vo_quantile_add(&quantile, 20);
    assert_int_equal(quantile.buckets[10], UINT32_MAX);
    assert_int_equal(quantile.buckets[20], UINT32_MAX);
    assert_true(quantile.count == 2 * (uint64_t)UINT32_MAX + 2);
    vo_quantile_add(&more, 10);
    vo_quantile_add(&more, 15);
    vo_quantile_merge(&quantile, &more);
    assert_int_equal(quantile.buckets[10], UINT32_MAX);
    assert_int_equal(quantile.buckets[15], 1);
    assert_true(vo_quantile_get(&quantile, 0.25) == 10);
    assert_true(vo_quantile_get(&quantile, 0.5) == 15);
    assert_true(vo_quantile_get(&quantile, 0.9999999999) == 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_is_bounded),  cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_nearest_rank),      cmocka_unit_test(test_empty),
        cmocka_unit_test(test_merging_is_adding), cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_saturation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
