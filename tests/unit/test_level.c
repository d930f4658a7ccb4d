/* Levels of several visits of a place as one. */
#include "core/estimate/level.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool near(double one, double other)
{
    return fabs(one - other) < 5e-5;
}

static bool add(struct vo_level *level, double mean, double readings, double minimum, double noise)
{
    const struct vo_level_visit visit = {mean, readings, minimum, noise};
    return vo_level_add(level, &visit);
}

/* (10 * 1e-6 + 30 * 1e-7) / 40 = 3.25e-7 mW: -64.8812 dBm, neither -65 (the mean of the dBm) nor -67.5
 * (weighted). */
static void test_mean(void **state)
{
    (void)state;
    struct vo_level level = {0};
    assert_true(isnan(vo_level_mean_dbm(&level)) && isnan(vo_level_minimum_dbm(&level)));
    assert_true(add(&level, -60, 10, -66, NAN));
    assert_true(near(vo_level_mean_dbm(&level), -60) && vo_level_minimum_dbm(&level) == -66);
    assert_true(add(&level, -70, 30, -75, NAN));
    assert_true(near(vo_level_mean_dbm(&level), -64.8812));
    assert_true(vo_level_minimum_dbm(&level) == -75 && level.readings == 40 && !level.no_readings);
    assert_true(isnan(vo_level_noise_dbm(&level)) && isnan(vo_level_snr_db(&level)));
    /* the same level twice is that level, whatever the weights */
    struct vo_level same = {0};
    assert_true(add(&same, -71, 1, -71, NAN) && add(&same, -71, 1000, -71, NAN));
    assert_true(near(vo_level_mean_dbm(&same), -71));
}

/* Weights that are not told count as one reading: (1e-6 + 1e-7) / 2 = 5.5e-7: -62.5964 dBm. */
static void test_readings_not_told(void **state)
{
    (void)state;
    struct vo_level level = {0};
    assert_true(add(&level, -60, NAN, NAN, NAN) && add(&level, -70, 0, -70, NAN));
    assert_true(near(vo_level_mean_dbm(&level), -62.5964) && level.readings == 2 && level.no_readings);
    assert_true(isnan(vo_level_minimum_dbm(&level))); /* one did not tell: the smallest is not known */
}

/* Noise of -95 at the first visit only: SNR is of that visit, 35 dB, not that of the mean of both. With -95
 * and -92 of equal weight noise is 10 log10((10^-9.5 + 10^-9.2) / 2) = -93.2460, and the signal of both is
 * -62.5964: 30.6496 dB. */
static void test_noise(void **state)
{
    (void)state;
    struct vo_level level = {0};
    assert_true(add(&level, -60, 10, -60, -95) && add(&level, -70, 10, -70, NAN));
    assert_true(near(vo_level_noise_dbm(&level), -95) && near(vo_level_snr_db(&level), 35));
    assert_int_equal(level.noise_visits, 1);
    level = (struct vo_level){0};
    assert_true(add(&level, -60, 10, -60, -95) && add(&level, -70, 10, -70, -92));
    assert_true(near(vo_level_noise_dbm(&level), -93.2460) && near(vo_level_snr_db(&level), 30.6496));
}

static void test_refused(void **state)
{
    (void)state;
    static const double none[] = {NAN, INFINITY, -INFINITY, 0, 20, 127, -128, -256, 1e308};
    struct vo_level level = {0};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(add(&level, none[i], 10, -70, -95));
    assert_false(add(&level, -60, 1e300, -70, NAN));
    assert_true(level.visits == 0 && isnan(vo_level_mean_dbm(&level)));
    assert_int_equal(level.refused, sizeof none / sizeof *none + 1);
    /* a minimum above the mean is none, and noise that is no level is none */
    assert_true(add(&level, -60, 10, -50, 164));
    assert_true(isnan(vo_level_minimum_dbm(&level)) && isnan(vo_level_snr_db(&level)));
    /* rounded to two digits the minimum may be above the mean */
    level = (struct vo_level){0};
    assert_true(add(&level, -60.004, 1, -60, NAN) && vo_level_minimum_dbm(&level) == -60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean),
        cmocka_unit_test(test_readings_not_told),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
