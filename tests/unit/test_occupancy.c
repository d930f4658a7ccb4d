/* Use of the air by interval: overlaps, borders, late frames; and against a count of every nanosecond. */
#include "core/estimate/occupancy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

static void expect(struct vo_occupancy *occupancy, int64_t now, int64_t start, int64_t used, int64_t late,
                   uint64_t frames)
{
    struct vo_occupancy_interval interval;
    assert_true(vo_occupancy_next(occupancy, now, &interval));
    assert_int_equal(interval.start_ns, start);
    assert_int_equal(interval.used_ns, used);
    assert_int_equal(interval.late_ns, late);
    assert_int_equal(interval.frames, frames);
    assert_true(vo_occupancy_percent(&interval) == 100.0 * (double)used / (double)interval.length_ns);
}

static void test_overlap(void **state)
{
    (void)state;
    struct vo_occupancy occupancy;
    struct vo_occupancy_interval interval;
    vo_occupancy_init(&occupancy, 1000, 1000);
    assert_true(vo_occupancy_add(&occupancy, 1100, 1300));
    assert_true(vo_occupancy_add(&occupancy, 1200, 1400)); /* two at once: 1100 to 1400 */
    assert_true(vo_occupancy_add(&occupancy, 1200, 1300)); /* within */
    assert_true(vo_occupancy_add(&occupancy, 1400, 1450)); /* borders */
    assert_true(vo_occupancy_add(&occupancy, 1600, 1700));
    assert_false(vo_occupancy_next(&occupancy, 1999, &interval));
    /* over the border: 100 here, 150 there */
    assert_true(vo_occupancy_add(&occupancy, 1900, 2150));
    assert_false(vo_occupancy_add(&occupancy, 2000, 2100)); /* of the next interval: close this one first */
    assert_false(vo_occupancy_add(&occupancy, 1500, 1500)); /* no length */
    expect(&occupancy, 2000, 1000, 350 + 100 + 100, 0, 6);
    assert_true(vo_occupancy_add(&occupancy, 2100, 2200));
    interval = vo_occupancy_now(&occupancy, 2120);
    assert_int_equal(interval.used_ns, 120);
    assert_int_equal(interval.length_ns, 120);
    expect(&occupancy, 5000, 2000, 200, 0, 1);
    /* silence is an interval, too */
    expect(&occupancy, 5000, 3000, 0, 0, 0);
    expect(&occupancy, 5000, 4000, 0, 0, 0);
    assert_false(vo_occupancy_next(&occupancy, 5000, &interval));
    interval = vo_occupancy_now(&occupancy, 5000);
    assert_true(isnan(vo_occupancy_percent(&interval)));
}

/* A lying duration, and a frame longer than several intervals: never above 100 percent. */
static void test_never_above(void **state)
{
    (void)state;
    struct vo_occupancy occupancy;
    vo_occupancy_init(&occupancy, 0, 100);
    for (int i = 0; i < 50; i++)
        assert_true(vo_occupancy_add(&occupancy, i, 350));
    expect(&occupancy, 400, 0, 100, 0, 50);
    expect(&occupancy, 400, 100, 100, 0, 0);
    expect(&occupancy, 400, 200, 100, 0, 0);
    expect(&occupancy, 400, 300, 50, 0, 0);
}

/* 20 stretches of 10 with gaps of 10, but 16 are kept apart: by the 17th to 20th the first four were settled.
 * Then one comes late and covers all from 0 on: what it has before the end of the fourth, 70, is late. */
static void test_late(void **state)
{
    (void)state;
    struct vo_occupancy occupancy;
    vo_occupancy_init(&occupancy, 0, 1000);
    for (int i = 0; i < 20; i++)
        assert_true(vo_occupancy_add(&occupancy, i * 20, i * 20 + 10));
    assert_true(vo_occupancy_add(&occupancy, 0, 400)); /* makes room once more: the fifth, up to 90 */
    expect(&occupancy, 1000, 0, 5 * 10 + (400 - 90), 90, 21);
    /* begins in the interval that was closed */
    assert_true(vo_occupancy_add(&occupancy, 990, 1010));
    expect(&occupancy, 2000, 1000, 10, 10, 1);
    assert_true(vo_occupancy_add(&occupancy, 1500, 1600)); /* wholly */
    expect(&occupancy, 3000, 2000, 0, 100, 1);
}

static uint64_t random_state;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(random_state >> 33) % limit;
}

/* Frames of up to 60 ns about every 20, some up to 40 late, against a table of every nanosecond. */
static void test_random(void **state)
{
    (void)state;
    enum { LENGTH = 1000, INTERVALS = 200, ALL = LENGTH * INTERVALS };
    uint8_t *air = calloc(1, ALL + 100);
    assert_non_null(air);
    struct vo_occupancy occupancy;
    struct vo_occupancy_interval interval;
    int64_t sums[INTERVALS] = {0}, late = 0;
    vo_occupancy_init(&occupancy, 0, LENGTH);
    for (int64_t now = 100; now < ALL; now += random_below(40)) {
        int64_t begin = now - (random_below(4) ? 0 : random_below(40)), end = begin + 1 + random_below(60);
        while (vo_occupancy_next(&occupancy, begin, &interval)) {
            sums[interval.start_ns / LENGTH] = interval.used_ns;
            late += interval.late_ns;
        }
        /* what reaches back over a border that was closed is late, by design */
        for (int64_t i = begin > occupancy.start ? begin : occupancy.start; i < end; i++)
            air[i] = 1;
        assert_true(vo_occupancy_add(&occupancy, begin, end));
    }
    for (unsigned i = 0; i + 1 < INTERVALS; i++) {
        int64_t used = 0;
        for (unsigned j = 0; j < LENGTH; j++)
            used += air[i * LENGTH + j];
        assert_int_equal(sums[i], used);
    }
    assert_true(late > 0);
    free(air);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_never_above),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
