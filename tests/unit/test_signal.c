/* Levels: the mean of power, what lies below it, and readings that are none. */
#include "core/estimate/signal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool near(double one, double other)
{
    return fabs(one - other) < 5e-4;
}

static void test_mean(void **state)
{
    (void)state;
    struct vo_signal signal = {0};
    assert_true(vo_signal_add(&signal, -60));
    assert_true(isnan(vo_signal_deviation_db(&signal)));
    assert_true(near(vo_signal_mean_dbm(&signal), -60));
    assert_true(vo_signal_add(&signal, -80));
    /* (1e-6 + 1e-8) / 2 = 5.05e-7 mW: -62.967 dBm; the mean of the dBm would be -70 */
    assert_true(near(vo_signal_mean_dbm(&signal), -62.967));
    assert_true(vo_signal_minimum_dbm(&signal) == -80 && signal.maximum == -60);
    /* 10 and 10 from the mean of -70: sqrt(200 / 1) */
    assert_true(near(vo_signal_deviation_db(&signal), 14.142));
    /* ten times the same: no spread */
    struct vo_signal steady = {0};
    for (unsigned i = 0; i < 10; i++)
        (void)vo_signal_add(&steady, -67.3);
    assert_true(near(vo_signal_mean_dbm(&steady), -67.3) && near(vo_signal_deviation_db(&steady), 0));
    assert_true(vo_signal_quantile_dbm(&steady, 0.1) == -67.3); /* never beyond what was read */
}

/* -51 to -70: the tenth percentile of 20 is the second lowest, of 21 the third. */
static void test_quantile(void **state)
{
    (void)state;
    struct vo_signal signal = {0};
    for (int dbm = -70; dbm <= -51; dbm++)
        assert_true(vo_signal_add(&signal, dbm));
    assert_true(vo_signal_quantile_dbm(&signal, 0.1) == -69);
    assert_true(vo_signal_quantile_dbm(&signal, 0) == -70);
    assert_true(vo_signal_quantile_dbm(&signal, 0.5) == -61);
    assert_true(vo_signal_quantile_dbm(&signal, 1) == -51);
    assert_true(vo_signal_add(&signal, -90.5));
    assert_true(vo_signal_quantile_dbm(&signal, 0.1) == -69); /* rank 3 of 21: -90.5, -70, -69 */
    assert_true(vo_signal_quantile_dbm(&signal, 0.01) == -90.5);
    assert_true(vo_signal_quantile_dbm(&signal, 2) == -51);
}

static void test_absent(void **state)
{
    (void)state;
    static const double none[] = {0, 127, -128, -256, 5, -200};
    struct vo_signal signal = {0};
    for (unsigned i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(vo_signal_add(&signal, none[i]));
    assert_false(vo_signal_add(&signal, NAN));
    assert_int_equal(signal.refused, 7);
    assert_int_equal(signal.count, 0);
    assert_true(isnan(vo_signal_mean_dbm(&signal)) && isnan(vo_signal_minimum_dbm(&signal)));
    assert_true(isnan(vo_signal_quantile_dbm(&signal, 0.1)) && isnan(vo_signal_deviation_db(&signal)));
    assert_true(vo_signal_add(&signal, -127.9) && vo_signal_add(&signal, -0.1)); /* the ends of the scale */
    assert_true(vo_signal_minimum_dbm(&signal) == -127.9);
}

static void test_kernel_values(void **state)
{
    (void)state;
    assert_true(vo_signal_of_byte(164) == -92); /* 256 - 164 */
    assert_true(vo_signal_of_byte(255) == -1);
    assert_true(isnan(vo_signal_of_byte(0)) && isnan(vo_signal_of_byte(127)) &&
                isnan(vo_signal_of_byte(128)));
    assert_true(isnan(vo_signal_of_byte(70))); /* a sign that was lost */
    assert_true(vo_signal_of_mbm(-6750) == -67.5);
    assert_true(isnan(vo_signal_of_mbm(0)) && isnan(vo_signal_of_mbm(INT32_MIN)) &&
                isnan(vo_signal_of_mbm(-25600)));
}

static void test_two(void **state)
{
    (void)state;
    assert_true(vo_signal_snr_db(-67, -92) == 25);
    assert_true(vo_signal_snr_db(-95, -92) == -3);
    assert_true(isnan(vo_signal_snr_db(-67, 0)) && isnan(vo_signal_snr_db(-67, -256)));
    assert_true(isnan(vo_signal_snr_db(-67, NAN)) && isnan(vo_signal_snr_db(0, -92)));
    assert_true(near(vo_signal_sum_dbm(-70, -70), -66.990)); /* twice the power: 3.010 dB */
    assert_true(isnan(vo_signal_sum_dbm(-70, NAN)));
}

static void test_merge(void **state)
{
    (void)state;
    static const double levels[] = {-55, -61.5, -70, -72, -90, -44};
    struct vo_signal all = {0}, one = {0}, other = {0}, empty = {0};
    for (unsigned i = 0; i < 6; i++) {
        (void)vo_signal_add(&all, levels[i]);
        (void)vo_signal_add(i < 2 ? &one : &other, levels[i]);
    }
    (void)vo_signal_add(&all, 0);
    (void)vo_signal_add(&other, 0);
    vo_signal_merge(&one, &other);
    vo_signal_merge(&one, &empty);
    vo_signal_merge(&empty, &one);
    assert_int_equal(empty.count, 6);
    assert_int_equal(empty.refused, 1);
    assert_true(near(vo_signal_mean_dbm(&empty), vo_signal_mean_dbm(&all)));
    assert_true(near(vo_signal_deviation_db(&empty), vo_signal_deviation_db(&all)));
    assert_true(empty.minimum == -90 && empty.maximum == -44);
    for (unsigned i = 0; i <= 10; i++)
        assert_true(vo_signal_quantile_dbm(&empty, i / 10.0) == vo_signal_quantile_dbm(&all, i / 10.0));
}

/* Many equal readings at once are the same as each by itself. */
static void test_many(void **state)
{
    (void)state;
    struct vo_signal many = {0}, single = {0};
    assert_true(vo_signal_add_many(&many, -60, 3) && vo_signal_add_many(&many, -75, 40));
    assert_false(vo_signal_add_many(&many, 0, 5));
    for (unsigned i = 0; i < 43; i++)
        (void)vo_signal_add(&single, i < 3 ? -60 : -75);
    assert_int_equal(many.count, 43);
    assert_int_equal(many.refused, 5);
    assert_true(near(vo_signal_mean_dbm(&many), vo_signal_mean_dbm(&single)));
    assert_true(near(vo_signal_deviation_db(&many), vo_signal_deviation_db(&single)));
    assert_true(vo_signal_quantile_dbm(&many, 0.93) == -75 && vo_signal_quantile_dbm(&many, 0.94) == -60);
    assert_true(vo_signal_minimum_dbm(&many) == -75 && many.maximum == -60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean),          cmocka_unit_test(test_quantile), cmocka_unit_test(test_absent),
        cmocka_unit_test(test_kernel_values), cmocka_unit_test(test_two),      cmocka_unit_test(test_many),
        cmocka_unit_test(test_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
