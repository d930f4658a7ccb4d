/* Stamps of the real-time clock on the monotonic one, while somebody sets the former. Units: ms. */
#include "probes/wlan/clock_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS(ms) ((vo_time)((ms)*1e6))
#define REAL   MS(1.8e12) /* real time less monotonic at first */

static struct vo_clock_map map;

static void sample(double monotonic, double step)
{
    vo_clock_map_sample(&map, MS(monotonic), MS(monotonic) + REAL + MS(step));
}

static void assert_at(double stamp, double step, double expected, bool expected_doubt)
{
    bool doubtful;
    assert_int_equal(vo_clock_map_monotonic(&map, MS(stamp) + REAL + MS(step), &doubtful), MS(expected));
    assert_int_equal(doubtful, expected_doubt);
}

static void test_steady(void **state)
{
    (void)state;
    map = (struct vo_clock_map){0};
    sample(1000, 0);
    assert_at(990, 0, 990, false);
    sample(1100, 0.05); /* steered by 500 ppm: no step */
    assert_at(1090, 0.05, 1090, false);
    assert_int_equal(vo_clock_map_real(&map, MS(1090)), MS(1090) + REAL + MS(0.05));
    assert_int_equal(vo_clock_map_real(&map, VO_TIME_UNKNOWN), VO_TIME_UNKNOWN);
}

/* The clock is set back by an hour between 2000 and 2100 ms. */
static void test_set(void **state)
{
    (void)state;
    const double hour = 3600e3;
    map = (struct vo_clock_map){0};
    sample(2000, 0);
    sample(2100, -hour);
    assert_at(2040, 0, 2040, true);     /* stamped before the step, read after it */
    assert_at(2090, -hour, 2090, true); /* stamped after it */
    sample(2300, -hour);
    assert_at(2290, -hour, 2290, true); /* others may have waited as long */
    sample(2601, -hour);
    assert_at(2590, -hour, 2590, false);
}

/* By so little that a stamp may be of either side: doubtful, that is all. */
static void test_set_by_little(void **state)
{
    (void)state;
    bool doubtful;
    map = (struct vo_clock_map){0};
    sample(2000, 0);
    sample(2100, 30);
    vo_clock_map_monotonic(&map, MS(2040) + REAL, &doubtful);
    assert_true(doubtful);
}

static void test_of_this_host(void **state)
{
    (void)state;
    bool doubtful;
    map = (struct vo_clock_map){0};
    vo_clock_map_read(&map);
    vo_time before = vo_clock_monotonic();
    vo_time at = vo_clock_map_monotonic(&map, vo_clock_now(), &doubtful);
    vo_time after = vo_clock_monotonic();
    assert_false(doubtful);
    assert_true(at >= before - MS(5) && at <= after + MS(5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steady),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_by_little),
        cmocka_unit_test(test_of_this_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
