/* The simulated playout buffer: its configuration, the edges of a fixed one, the published recursion of an
 * adaptive one. */
#include "core/estimate/playout.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void test_parse(void **state)
{
    (void)state;
    struct vo_playout_config config;
    assert_true(vo_playout_parse("fixed:60", &config));
    assert_true(config.minimum_ms == 60 && config.maximum_ms == 60);
    assert_string_equal(config.name, "fixed 60 ms");
    assert_true(vo_playout_parse("fixed:0", &config));
    assert_true(vo_playout_parse("fixed:2000", &config));
    assert_true(vo_playout_parse("fixed:12.5", &config));
    assert_string_equal(config.name, "fixed 12.5 ms");
    assert_true(vo_playout_parse("adaptive:20-200", &config));
    assert_true(config.minimum_ms == 20 && config.maximum_ms == 200);
    assert_string_equal(config.name, "adaptive 20-200 ms");
    static const char *const bad[] = {
        "",           "fixed",        "fixed:",          "fixed:-1",          "fixed:2001",
        "fixed:60ms", "fixed:nan",    "fixed:inf",       "adaptive:20",       "adaptive:200-20",
        "adaptive:",  "adaptive:-20", "adaptive:20-20",  "adaptive:20-200ms", "adaptive:20-",
        "Fixed:60",   "fixed:60-70",  "adaptive:20-nan", "adaptive:0-2001",   "60"};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        if (vo_playout_parse(bad[i], &config))
            fail_msg("accepted \"%s\"", bad[i]);
}

/* 60 ms: a packet exactly 60 ms late is still played, one a nanosecond later is not. */
static void test_fixed(void **state)
{
    (void)state;
    struct vo_playout_config config;
    struct vo_playout playout = {0};
    assert_true(vo_playout_parse("fixed:60", &config));
    assert_true(isnan(vo_playout_mean_ms(&playout, &config)));
    assert_false(vo_playout_add(&playout, &config, 0, 0, false));
    assert_false(vo_playout_add(&playout, &config, 60e6, 5, true));
    assert_true(vo_playout_add(&playout, &config, 60e6 + 1, 2000000000, true));
    for (int i = 0; i < 5000; i++) /* never moves */
        assert_true(vo_playout_add(&playout, &config, 500e6, i * 20000000LL, i % 50 == 0));
    assert_int_equal(playout.discarded, 5001);
    assert_int_equal(playout.packets, 5003);
    assert_true(fabs(vo_playout_mean_ms(&playout, &config) - 60) < 1e-9);
    struct vo_playout none = {0};
    assert_true(vo_playout_parse("fixed:0", &config));
    assert_false(vo_playout_add(&none, &config, 0, 0, false));
    assert_true(vo_playout_add(&none, &config, 1, 0, false));
}

/* Algorithm 1 of Ramjee et al.: d = a d + (1 - a) n; v = a v + (1 - a) |d - n|; buffer d + 4 v, moved at
 * talkspurts or after a second. Kept as whole lists here, in milliseconds and long double. */
#define COUNT 4000
static void test_adaptive(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        random_state = seed;
        struct vo_playout_config config = {.minimum_ms = (double)(next_random() % 40),
                                           .maximum_ms = 60 + (double)(next_random() % 140)};
        struct vo_playout playout = {0};
        long double mean = 0, deviation = 0, buffer = 0, sum = 0;
        int64_t moved = 0, time = 0;
        uint64_t late = 0;
        for (int i = 0; i < COUNT; i++) {
            bool talkspurt = next_random() % 300 == 0;
            double above_ms = (double)(next_random() % 1000) / 10 * (next_random() % 8 ? 0.3 : 3.0);
            if (i == 0 || talkspurt || time - moved >= 1000000000) {
                buffer = mean + 4 * deviation;
                buffer = buffer < config.minimum_ms ? config.minimum_ms : buffer;
                buffer = buffer > config.maximum_ms ? config.maximum_ms : buffer;
                moved = time;
            }
            sum += buffer;
            mean = 0.998002L * mean + (1 - 0.998002L) * above_ms;
            deviation = 0.998002L * deviation + (1 - 0.998002L) * fabsl(mean - above_ms);
            bool expected = above_ms > buffer, close = fabsl(above_ms - buffer) < 1e-6L;
            bool got = vo_playout_add(&playout, &config, above_ms * 1e6, time, talkspurt);
            late += got;
            if (got != expected && !close)
                fail_msg("seed %llu, packet %d: %.9f ms against %.9Lf ms", (unsigned long long)seed, i,
                         above_ms, buffer);
            time += 20000000;
        }
        assert_int_equal(playout.discarded, late);
        assert_true(late > 0 && late < COUNT / 2);
        assert_true(fabsl(vo_playout_mean_ms(&playout, &config) - sum / COUNT) < 1e-6L);
    }
}

/* It begins at its minimum, and under steady delays of 0 and 40 ms in turn ends at mean 20 + 4 * 20 = 100 ms.
 */
static void test_adaptive_settles(void **state)
{
    (void)state;
    struct vo_playout_config config;
    struct vo_playout playout = {0};
    assert_true(vo_playout_parse("adaptive:20-200", &config));
    assert_true(vo_playout_add(&playout, &config, 20e6 + 1, 0, false));
    for (int i = 1; i < 6000; i++)
        vo_playout_add(&playout, &config, i % 2 ? 40e6 : 0, i * 20000000LL, false);
    assert_true(fabs(playout.buffer_ns / 1e6 - 100) < 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_adaptive),
        cmocka_unit_test(test_adaptive_settles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
