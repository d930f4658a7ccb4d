/* The rate of a clock from minima of transit: exact lines, segments, and how often the error holds the truth.
 */
#include "core/estimate/skew.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

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

/* A sender that is `ppm` fast stamps media time ahead: transit falls by 1000 ns a second for each ppm. */
static void test_line(void **state)
{
    (void)state;
    static const double rates[] = {-200, -1, 0, 0.25, 50, 200};
    for (unsigned i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct vo_skew skew = {0};
        for (int block = 0; block < 60; block++)
            vo_skew_add(&skew, 10.0 * block, 7e6 - rates[i] * 1000 * 10 * block);
        double ppm, error;
        assert_true(vo_skew_result(&skew, &ppm, &error));
        assert_true(fabs(ppm - rates[i]) < 1e-9);
        assert_true(error < 1e-6);
    }
}

static void test_too_few(void **state)
{
    (void)state;
    struct vo_skew skew = {0};
    double ppm = 42, error = 42;
    assert_false(vo_skew_result(&skew, &ppm, &error));
    for (int i = 0; i < 5; i++)
        vo_skew_add(&skew, i, i);
    assert_false(vo_skew_result(&skew, &ppm, &error));
    assert_true(ppm == 42 && error == 42);
    vo_skew_add(&skew, 5, 5);
    assert_true(vo_skew_result(&skew, &ppm, &error));
    /* 2 segments of 3 have an intercept more to find: 7 points are needed */
    skew = (struct vo_skew){0};
    for (int i = 0; i < 6; i++) {
        vo_skew_add(&skew, i, i);
        if (i == 2)
            vo_skew_break(&skew);
    }
    assert_false(vo_skew_result(&skew, &ppm, &error));
    vo_skew_add(&skew, 6, 6);
    assert_true(vo_skew_result(&skew, &ppm, &error));
    /* points at one time have no slope */
    skew = (struct vo_skew){0};
    for (int i = 0; i < 10; i++)
        vo_skew_add(&skew, 3, i);
    assert_false(vo_skew_result(&skew, &ppm, &error));
}

/* Three segments of one rate and any offsets; a segment of one point tells nothing. */
static void test_segments(void **state)
{
    (void)state;
    struct vo_skew skew = {0};
    double ppm, error;
    for (int block = 0; block < 30; block++) {
        vo_skew_add(&skew, 10.0 * block, (block / 10) * 1e9 + 30 * 1000 * 10.0 * block);
        if (block % 10 == 9) {
            vo_skew_break(&skew);
            vo_skew_add(&skew, 10.0 * block + 5, 5e12);
            vo_skew_break(&skew);
            vo_skew_break(&skew);
        }
    }
    assert_int_equal(skew.points, 30);
    assert_int_equal(skew.segments, 3);
    assert_true(vo_skew_result(&skew, &ppm, &error));
    assert_true(fabs(ppm + 30) < 1e-6);
    assert_true(error < 1e-3);
}

/* By hand: x 0 to 5, y 0 0 0 0 0 6: mean 2.5 and 1, sxx 17.5, sxy 15, syy 30; slope 6/7 ns/s, residual
 * 30 - 90/7 = 120/7, over 4 degrees 30/7, standard error sqrt(30/7/17.5) = 0.494872; Student's t at 99 % and
 * 4 degrees is 4.604: 2.2784 ns/s. */
static void test_by_hand(void **state)
{
    (void)state;
    struct vo_skew skew = {0};
    double ppm, error;
    for (int i = 0; i < 6; i++)
        vo_skew_add(&skew, i, i == 5 ? 6 : 0);
    assert_true(vo_skew_result(&skew, &ppm, &error));
    assert_true(fabs(ppm + 6.0 / 7 / 1000) < 1e-12);
    assert_true(fabs(error * 1000 - 2.2784) < 0.02 * 2.2784);
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* How often does the interval hold the truth? 99 % for normal residuals, and no less than 97 % for those of
 * minima, which are exponential (4000 trials: a true 99 % gives 98.5 % or more with near certainty). */
static void test_error_holds(void **state)
{
    (void)state;
    static const int sizes[] = {6, 8, 12, 60};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int kind = 0; kind < 2; kind++) {
            random_state = 17 + i;
            int held = 0, trials = 4000;
            for (int trial = 0; trial < trials; trial++) {
                struct vo_skew skew = {0};
                double truth = uniform() * 400 - 200, ppm, error;
                for (int block = 0; block < sizes[i]; block++) {
                    double at = 10 * (block + 0.99 * uniform());
                    vo_skew_add(&skew, at, (kind ? -log(uniform()) : normal()) * 1e5 - truth * 1000 * at);
                }
                assert_true(vo_skew_result(&skew, &ppm, &error));
                held += fabs(ppm - truth) <= error;
            }
            if (held < trials * (kind ? 0.97 : 0.985))
                fail_msg("%d blocks, %s: held in %d of %d", sizes[i], kind ? "exponential" : "normal", held,
                         trials);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),    cmocka_unit_test(test_too_few),     cmocka_unit_test(test_segments),
        cmocka_unit_test(test_by_hand), cmocka_unit_test(test_error_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
