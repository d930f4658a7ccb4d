/* Counters that are reset, wrap, are cleared by reading or lie; and ratios of what they counted. */
#include "core/estimate/counter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#define READ(kind, value, most) vo_counter_read(&counter, kind, value, most, &difference)

static void test_plain(void **state)
{
    (void)state;
    struct vo_counter counter = {0};
    uint64_t difference = 42;
    assert_int_equal(READ(VO_COUNTER_64, 1000, UINT64_MAX), VO_COUNTER_FIRST);
    assert_int_equal(difference, 42); /* nothing was measured: nothing is written */
    assert_int_equal(READ(VO_COUNTER_64, 1250, UINT64_MAX), VO_COUNTER_OK);
    assert_int_equal(difference, 250);
    assert_int_equal(READ(VO_COUNTER_64, 1250, 1000), VO_COUNTER_OK);
    assert_int_equal(difference, 0);
    /* 1500 ms busy in 1000 ms */
    difference = 42;
    assert_int_equal(READ(VO_COUNTER_64, 2750, 1000), VO_COUNTER_ABSURD);
    assert_int_equal(difference, 42);
    assert_int_equal(READ(VO_COUNTER_64, 2800, 1000), VO_COUNTER_OK);
    assert_int_equal(difference, 50);
}

static void test_reset(void **state)
{
    (void)state;
    struct vo_counter counter = {0};
    uint64_t difference = 42;
    (void)READ(VO_COUNTER_64, 5000, 1000);
    /* a new association: what was counted before is not known, and 30 is no difference */
    assert_int_equal(READ(VO_COUNTER_64, 30, 1000), VO_COUNTER_RESET);
    assert_int_equal(difference, 42);
    assert_int_equal(READ(VO_COUNTER_64, 100, 1000), VO_COUNTER_OK);
    assert_int_equal(difference, 70);
    /* 32 bits: 4294967000 to 30 would be 326: a wrap, if that can be; without a bound nobody knows */
    (void)READ(VO_COUNTER_32, 4294967000, UINT64_MAX);
    assert_int_equal(READ(VO_COUNTER_32, 30, UINT64_MAX), VO_COUNTER_RESET);
    (void)READ(VO_COUNTER_32, 4294967000, UINT64_MAX);
    assert_int_equal(READ(VO_COUNTER_32, 30, 325), VO_COUNTER_RESET);
}

static void test_wrap(void **state)
{
    (void)state;
    struct vo_counter counter = {0};
    uint64_t difference = 42;
    (void)READ(VO_COUNTER_32, 4294967000, 1000);
    /* 2^32 = 4294967296: 296 up to it and 30 more */
    assert_int_equal(READ(VO_COUNTER_32, 30, 1000), VO_COUNTER_WRAPPED);
    assert_int_equal(difference, 326);
    assert_true(vo_counter_stands(VO_COUNTER_WRAPPED));
    vo_counter_forget(&counter, 1);
    (void)READ(VO_COUNTER_64, UINT64_MAX - 9, 1000);
    assert_int_equal(READ(VO_COUNTER_64, 5, 1000), VO_COUNTER_WRAPPED);
    assert_int_equal(difference, 15);
    /* more than 32 bits in one of 32: nonsense, and no base */
    vo_counter_forget(&counter, 1);
    (void)READ(VO_COUNTER_32, 7, 1000);
    assert_int_equal(READ(VO_COUNTER_32, UINT64_C(4294967296), 1000), VO_COUNTER_ABSURD);
    assert_int_equal(READ(VO_COUNTER_32, 9, 1000), VO_COUNTER_FIRST);
}

static void test_cleared(void **state)
{
    (void)state;
    struct vo_counter counter = {0};
    uint64_t difference = 42;
    assert_int_equal(READ(VO_COUNTER_CLEARED, 777, 1000), VO_COUNTER_FIRST);
    assert_int_equal(READ(VO_COUNTER_CLEARED, 300, 1000), VO_COUNTER_OK);
    assert_int_equal(difference, 300);
    assert_int_equal(READ(VO_COUNTER_CLEARED, 200, 1000), VO_COUNTER_OK); /* less is no reset */
    assert_int_equal(difference, 200);
    assert_int_equal(READ(VO_COUNTER_CLEARED, 0, 1000), VO_COUNTER_OK);
    assert_int_equal(difference, 0);
    assert_int_equal(READ(VO_COUNTER_CLEARED, 1001, 1000), VO_COUNTER_ABSURD);
}

/* A survey's active time, read each second: one that reading clears is about 1000 each time. */
static void test_looks_cleared(void **state)
{
    (void)state;
    struct vo_counter counter = {0};
    uint64_t difference;
    static const uint64_t cleared[] = {998, 1000, 999, 997};
    (void)READ(VO_COUNTER_64, 123456, UINT64_MAX);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(vo_counter_looks_cleared(&counter), i >= VO_COUNTER_ALIKE);
        (void)READ(VO_COUNTER_64, cleared[i], 1000);
    }
    assert_true(vo_counter_looks_cleared(&counter));
    /* since the driver's start: once at most */
    vo_counter_forget(&counter, 1);
    for (unsigned i = 0; i < 10; i++) {
        (void)READ(VO_COUNTER_64, 900 + i * 1000, 1000);
        assert_false(vo_counter_looks_cleared(&counter));
    }
    /* a channel that is hardly visited: short times say nothing */
    vo_counter_forget(&counter, 1);
    for (unsigned i = 0; i < 10; i++)
        (void)READ(VO_COUNTER_64, 120, 1000);
    assert_false(vo_counter_looks_cleared(&counter));
}

/* Sent, retried, failed of one station. After a roam failed has already passed its old value, but sent shows
 * it. */
static void test_all(void **state)
{
    (void)state;
    struct vo_counter counters[3] = {{0}};
    uint64_t differences[3] = {42, 42, 42};
    static const uint64_t first[] = {1000, 100, 2}, second[] = {1500, 120, 2}, roamed[] = {40, 130, 5},
                          after[] = {140, 140, 6};
    assert_int_equal(vo_counter_read_all(counters, VO_COUNTER_64, first, UINT64_MAX, differences, 3),
                     VO_COUNTER_FIRST);
    assert_int_equal(vo_counter_read_all(counters, VO_COUNTER_64, second, UINT64_MAX, differences, 3),
                     VO_COUNTER_OK);
    assert_true(differences[0] == 500 && differences[1] == 20 && differences[2] == 0);
    assert_int_equal(vo_counter_read_all(counters, VO_COUNTER_64, roamed, UINT64_MAX, differences, 3),
                     VO_COUNTER_RESET);
    assert_true(differences[0] == 500 && differences[1] == 20 && differences[2] == 0);
    assert_int_equal(vo_counter_read_all(counters, VO_COUNTER_64, after, UINT64_MAX, differences, 3),
                     VO_COUNTER_OK);
    assert_true(differences[0] == 100 && differences[1] == 10 && differences[2] == 1);
    /* known to be a new connection */
    vo_counter_forget(counters, 3);
    assert_int_equal(vo_counter_read_all(counters, VO_COUNTER_64, after, UINT64_MAX, differences, 3),
                     VO_COUNTER_FIRST);
}

static void test_share(void **state)
{
    (void)state;
    double percent = 42;
    assert_int_equal(vo_share_percent(450, 1000, 0, &percent), VO_SHARE_OK);
    assert_true(percent == 45);
    assert_int_equal(vo_share_percent(0, 1000, 0, &percent), VO_SHARE_OK);
    assert_true(percent == 0);
    percent = 42;
    /* no time passed: not 0 percent */
    assert_int_equal(vo_share_percent(0, 0, 1, &percent), VO_SHARE_NOTHING);
    assert_true(percent == 42);
    /* busy above active: by the rounding of milliseconds, and by a driver that lies */
    assert_int_equal(vo_share_percent(1001, 1000, 1, &percent), VO_SHARE_OK);
    assert_true(percent == 100);
    percent = 42;
    assert_int_equal(vo_share_percent(1002, 1000, 1, &percent), VO_SHARE_EXCEEDS);
    assert_int_equal(vo_share_percent(5, 0, 1, &percent), VO_SHARE_EXCEEDS);
    assert_true(percent == 42);
    /* 20 retries for 429 frames: 20 of 449 attempts */
    assert_int_equal(vo_share_percent(20, 429 + 20, 0, &percent), VO_SHARE_OK);
    assert_true(fabs(percent - 4.454) < 5e-4);
}

static void test_texts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VO_COUNTER_RESULTS + 2; i++)
        assert_true(strlen(vo_counter_text((enum vo_counter_result)i)) > 0);
    for (unsigned i = 0; i < VO_SHARE_RESULTS + 2; i++)
        assert_true(strlen(vo_share_text((enum vo_share_result)i)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),   cmocka_unit_test(test_reset),         cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_cleared), cmocka_unit_test(test_looks_cleared), cmocka_unit_test(test_all),
        cmocka_unit_test(test_share),   cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
