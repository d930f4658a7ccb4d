/* A channel's survey as differences, for all that drivers do to their counters. */
#include "probes/wlan/channel_meter.h"

#include "tests/unit/link_scene.h"

#define READ(s, time_ms, busy_ms)    read_at(&meter, s, survey_of(5180, time_ms, busy_ms, -92), true)
#define SCANNED(s, time_ms, busy_ms) read_at(&meter, s, survey_of(5180, time_ms, busy_ms, -92), false)

static struct vo_channel_step read_at(struct vo_channel_meter *meter, double s, struct vo_survey survey,
                                      bool in_use)
{
    return vo_channel_meter_read(meter, &survey, in_use, STARTED + (vo_time)(s * 1e9),
                                 NOON + (vo_time)(s * 1e9));
}

static struct vo_channel_meter fresh(void)
{
    struct vo_channel_meter meter = {.mhz = 5180, .moved = VO_TIME_UNKNOWN};
    vo_channel_meter_begin(&meter);
    return meter;
}

static double busy(const struct vo_channel_meter *meter)
{
    return vo_channel_percent(meter, VO_CHANNEL_BUSY);
}

/* A driver that adds up since it was loaded an hour ago: 90 % busy before we came counts for nothing. */
static void test_differences(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    assert_false(READ(0, 3600000, 3240000).stands);
    assert_true(isnan(busy(&meter)));
    assert_non_null(strstr(vo_channel_why(&meter, VO_CHANNEL_BUSY), "once only"));
    struct vo_channel_step step = READ(1, 3601000, 3240200);
    assert_true(step.stands && step.busy_told);
    assert_true(step.observed_ms == 1000 && step.busy_ms == 200);
    READ(2, 3602000, 3240300);
    assert_float_equal(busy(&meter), 15, 1e-9); /* (200 + 100) / 2000 */
    assert_true(meter.sum.observed_ms == 2000);
    assert_int_equal(meter.sum.resets, 0);
    assert_true(isnan(vo_channel_percent(&meter, VO_CHANNEL_SENDING)));
    assert_non_null(strstr(vo_channel_why(&meter, VO_CHANNEL_SENDING), "does not tell how long it sent"));
    assert_float_equal(vo_signal_mean_dbm(&meter.sum.noise), -92, 1e-9);
    assert_int_equal(meter.sum.noise.count, 3);
}

/* The sums begin anew, the readings do not: the next difference is from the last reading. */
static void test_another_place(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    READ(0, 3600000, 3240000);
    READ(1, 3601000, 3240900);
    vo_channel_meter_begin(&meter);
    assert_true(isnan(busy(&meter)));
    READ(2, 3602000, 3241000);
    assert_float_equal(busy(&meter), 10, 1e-9); /* 100 / 1000; the 90 % of the place before are not in it */
    assert_true(meter.sum.first == NOON + 2 * VO_NS_PER_S);
}

/* Nothing moves: no time passed on the channel, and 0 of 0 is not 0 percent. */
static void test_nothing_moves(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    for (int s = 0; s < 5; s++)
        assert_false(
            READ(s, 900, 112).stands); /* 900 of 1000 ms: as a counter cleared by reading would look */
    assert_true(isnan(busy(&meter)));
    assert_non_null(strstr(vo_channel_why(&meter, VO_CHANNEL_BUSY), "did not grow"));
    assert_false(meter.cleared);
    /* What a driver gathers for 5 s and tells at once is no more than the time that passed. */
    assert_true(READ(5, 5900, 612).stands);
    assert_float_equal(busy(&meter), 10, 1e-9); /* 500 / 5000 */
}

static void test_nonsense(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    READ(0, 10000, 1000);
    assert_false(READ(1, 11000, 2100).stands); /* busy for 1100 of 1000 ms */
    assert_true(isnan(busy(&meter)));
    assert_non_null(strstr(vo_channel_why(&meter, VO_CHANNEL_BUSY), "larger than the whole"));
    assert_false(READ(2, 13000, 2200).stands); /* 2000 ms on the channel within 1000 */
    assert_non_null(strstr(vo_channel_why(&meter, VO_CHANNEL_BUSY), "more than is possible"));
    assert_true(READ(3, 14000, 3202).stands); /* 1002 of 1000: both are rounded */
    assert_float_equal(busy(&meter), 100, 1e-9);
    assert_int_equal(meter.sum.refused, 2);
}

/* The driver is loaded anew: it counts from 0, for 400 ms until the reading. */
static void test_reset(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    READ(0, 50000, 25000);
    READ(1, 51000, 25500);
    struct vo_channel_step step = READ(2, 400, 100);
    assert_true(step.stands && step.observed_ms == 400 && step.busy_ms == 100);
    assert_int_equal(meter.sum.resets, 1);
    READ(3, 1400, 300);
    /* 500 of 1000, 100 of 400, 200 of 1000 */
    assert_float_equal(busy(&meter), 100 * 800.0 / 2400, 1e-9);
    assert_true(meter.sum.observed_ms == 2400);
    /* busy alone falls: the driver errs, and its time is no measure either */
    assert_false(READ(4, 2400, 10).stands);
    assert_int_equal(meter.sum.resets, 2);
}

/* Reading clears: about a second each. Differences of these are a few ms, of which any share may be busy. */
static void test_cleared_by_reading(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    READ(0, 700000, 1000); /* since nobody knows when */
    assert_false(READ(1, 1000, 250).stands);
    assert_false(READ(2, 1001, 251).stands); /* 1 of 1 ms busy is no 100 % */
    assert_true(isnan(busy(&meter)));
    struct vo_channel_step step = READ(3, 999, 249); /* the third that looks so: now it is known */
    assert_true(step.stands && step.observed_ms == 999 && step.busy_ms == 249);
    READ(4, 1001, 251);
    assert_true(meter.cleared);
    assert_float_equal(busy(&meter), 25, 1e-9); /* (249 + 251) / (999 + 1001) */
    assert_int_equal(meter.sum.resets, 0);      /* being cleared is none */
}

/* A driver that was loaded a second before the first reading looks cleared once. */
static void test_just_loaded(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    READ(0, 100, 50);
    assert_false(READ(1, 1100, 150).stands); /* 1100 ms may be since the last reading, or a sum */
    assert_true(READ(2, 2100, 250).stands);
    READ(3, 3100, 350);
    assert_float_equal(busy(&meter), 10, 1e-9);
    assert_false(meter.cleared);
}

/* Off the channel: only what a scan added counts, noise too. */
static void test_scanned(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    SCANNED(0, 1110, 500);
    SCANNED(1, 1110, 500);
    assert_true(isnan(busy(&meter)));
    assert_int_equal(meter.sum.noise.count, 0); /* of a scan that nobody knows the age of */
    assert_non_null(strstr(vo_channel_why(&meter, VO_CHANNEL_BUSY), "no scan came"));
    assert_non_null(strstr(vo_channel_why_no_noise(&meter), "no scan came"));
    assert_true(SCANNED(5, 1220, 522).stands); /* 110 ms, 22 busy */
    assert_false(SCANNED(6, 1220, 522).stands);
    assert_float_equal(busy(&meter), 20, 1e-9);
    assert_int_equal(meter.sum.noise.count, 1);
}

/* The counters are those of the last scan alone (ath9k, hwsim): 110, 112, 108 ms are three scans and no 2 ms.
 */
static void test_scan_begins_anew(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    SCANNED(0, 110, 11);
    assert_true(SCANNED(4, 112, 28).stands);
    assert_true(meter.sum.observed_ms == 112);
    assert_true(SCANNED(8, 108, 54).stands);
    assert_float_equal(busy(&meter), 100 * 82.0 / 220, 1e-9);
    assert_int_equal(meter.sum.resets, 2);
}

/* 20 ms are too few to be told as a share. */
static void test_too_short(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    SCANNED(0, 1110, 500);
    SCANNED(4, 1130, 520);
    assert_true(isnan(busy(&meter)));
    assert_non_null(strstr(vo_channel_why(&meter, VO_CHANNEL_BUSY), "less than 50 ms"));
}

static void test_what_drivers_leave_out(void **state)
{
    (void)state;
    struct vo_channel_meter meter = fresh();
    struct vo_survey survey = survey_of(5180, 1000, 0, -90);
    survey.has &= ~(UINT64_C(1) << VO_SURVEY_BUSY);
    read_at(&meter, 0, survey, true);
    survey.time_ms = 2000;
    survey.has &= ~(UINT64_C(1) << VO_SURVEY_NOISE);
    struct vo_channel_step step = read_at(&meter, 1, survey, true);
    survey.time_ms = 3000;
    step = read_at(&meter, 2, survey, true);
    assert_true(step.stands && !step.busy_told);
    assert_non_null(strstr(vo_channel_why(&meter, VO_CHANNEL_BUSY), "does not tell how long the channel"));
    assert_int_equal(meter.sum.noise.count, 1);

    meter = fresh();
    survey.has = UINT64_C(1) << VO_SURVEY_FREQUENCY | UINT64_C(1) << VO_SURVEY_NOISE_DOUBTFUL;
    survey.noise_dbm = 0;
    read_at(&meter, 0, survey, true);
    read_at(&meter, 1, survey, true);
    assert_non_null(strstr(vo_channel_why(&meter, VO_CHANNEL_BUSY), "how long it was on the channel"));
    assert_non_null(strstr(vo_channel_why_no_noise(&meter), "can be none"));

    meter = fresh();
    vo_channel_meter_absent(&meter, "refused", true, NOON);
    assert_string_equal(vo_channel_why(&meter, VO_CHANNEL_BUSY), "refused");
    assert_string_equal(vo_channel_why_no_noise(&meter), "refused");
}

static void test_by_frequency(void **state)
{
    (void)state;
    struct vo_channel_meters meters = {0};
    for (uint32_t mhz = 5180; mhz < 5180 + 20 * 40; mhz += 20)
        assert_int_equal(vo_channel_meters_get(&meters, mhz)->mhz, mhz);
    assert_int_equal(meters.count, 40);
    assert_ptr_equal(vo_channel_meters_get(&meters, 5240), vo_channel_meters_find(&meters, 5240));
    assert_null(vo_channel_meters_find(&meters, 2412));
    vo_channel_meters_release(&meters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_another_place),
        cmocka_unit_test(test_nothing_moves),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_cleared_by_reading),
        cmocka_unit_test(test_just_loaded),
        cmocka_unit_test(test_scanned),
        cmocka_unit_test(test_scan_begins_anew),
        cmocka_unit_test(test_too_short),
        cmocka_unit_test(test_what_drivers_leave_out),
        cmocka_unit_test(test_by_frequency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
