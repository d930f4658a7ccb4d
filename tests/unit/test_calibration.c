/* An adapter beside a phone: the offset and how sure it is, and the file that keeps it. */
#include "probes/wlan/calibration.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/voready-calibration-XXXXXX";
static char path[128];

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/below/calibrations.json", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[200];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.6f is not %.6f", value, expected);
}

/* -3, -5, -4, -4: mean -4, deviation sqrt((1 + 1 + 0 + 0) / 3) = 0.8165; t of 3 degrees is 3.182, so 3.182 *
 * 0.8165 / sqrt(4) = 1.2990. */
static void test_offset(void **state)
{
    (void)state;
    static const double differences[] = {-3, -5, -4, -4};
    struct vo_calibration calibration;
    vo_calibration_of(differences, 4, &calibration);
    assert_near(calibration.offset_db, -4, 1e-9);
    assert_near(calibration.spread_db, 0.8165, 1e-4);
    assert_near(calibration.uncertainty_db, 1.2990, 1e-4);
    assert_int_equal(calibration.readings, 4);
}

/* Three: t of 2 degrees is 4.303; 1, 2, 3 have a deviation of 1: 4.303 / sqrt(3) = 2.4843. Two: not known,
 * the spread of 1 and 3 is sqrt(2). One: neither. */
static void test_few(void **state)
{
    (void)state;
    static const double differences[] = {1, 3, 2};
    struct vo_calibration calibration;
    vo_calibration_of(differences, 3, &calibration);
    assert_near(calibration.uncertainty_db, 2.4843, 1e-4);
    vo_calibration_of(differences, 2, &calibration);
    assert_near(calibration.offset_db, 2, 1e-9);
    assert_near(calibration.spread_db, 1.41421, 1e-4);
    assert_true(isnan(calibration.uncertainty_db));
    vo_calibration_of(differences, 1, &calibration);
    assert_near(calibration.offset_db, 1, 1e-9);
    assert_true(isnan(calibration.spread_db));
    assert_true(isnan(calibration.uncertainty_db));
}

/* Whole numbers that agree leave half a dB open. */
static void test_never_certain(void **state)
{
    (void)state;
    static const double differences[] = {-6, -6, -6, -6, -6};
    struct vo_calibration calibration;
    vo_calibration_of(differences, 5, &calibration);
    assert_near(calibration.spread_db, 0, 1e-9);
    assert_near(calibration.uncertainty_db, 0.5, 1e-9);
}

static struct vo_calibration made(const char *adapter, const char *phone, double offset_db)
{
    struct vo_calibration one = {
        .offset_db = offset_db, .uncertainty_db = 1.25, .spread_db = NAN, .readings = 5};
    snprintf(one.adapter, sizeof one.adapter, "%s", adapter);
    snprintf(one.phone, sizeof one.phone, "%s", phone);
    vo_time_parse("2026-11-22T10:00:00Z", &one.made, NULL);
    return one;
}

/* Saved and read again: two phones beside one adapter, and the same phone beside another; one is replaced. */
static void test_file(void **state)
{
    (void)state;
    struct vo_calibrations list = {0}, back;
    struct vo_error error;
    struct vo_calibration rows[] = {made("iwlwifi aa", "Pixel \"8\"", -3.5), made("iwlwifi aa", "iPhone", 2),
                                    made("ath9k bb", "iPhone", 0), made("iwlwifi aa", "iPhone", 2.5)};
    assert_int_equal(vo_calibrations_load(path, &back, &error), VO_OK); /* there is none yet */
    assert_int_equal(back.count, 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(vo_calibrations_set(&list, &rows[i], &error), VO_OK);
    assert_int_equal(list.count, 3);
    assert_int_equal(vo_calibrations_save(path, &list, &error), VO_OK);
    assert_int_equal(vo_calibrations_save(path, &list, &error), VO_OK); /* over the old one */
    assert_int_equal(vo_calibrations_load(path, &back, &error), VO_OK);
    assert_int_equal(back.count, 3);
    const struct vo_calibration *one = vo_calibrations_find(&back, "iwlwifi aa", "Pixel \"8\"");
    assert_non_null(one);
    assert_near(one->offset_db, -3.5, 1e-9);
    assert_near(one->uncertainty_db, 1.25, 1e-9);
    assert_true(isnan(one->spread_db));
    assert_int_equal(one->readings, 5);
    assert_true(one->made == rows[0].made);
    assert_near(vo_calibrations_find(&back, "iwlwifi aa", "iPhone")->offset_db, 2.5, 1e-9);
    assert_near(vo_calibrations_find(&back, "ath9k bb", "iPhone")->offset_db, 0, 0);
    assert_null(vo_calibrations_find(&back, "ath9k bb", "Pixel \"8\""));
    vo_calibrations_release(&list);
    vo_calibrations_release(&back);
}

static void test_look_up(void **state)
{
    (void)state;
    struct vo_calibrations list = {0};
    struct vo_calibration found, one = made("iwlwifi aa", "iPhone", 2);
    struct vo_error error;
    vo_calibrations_set(&list, &one, &error);
    assert_int_equal(vo_calibrations_save(path, &list, &error), VO_OK);
    vo_calibrations_release(&list);
    assert_int_equal(vo_calibration_for(path, "iwlwifi aa", "iPhone", "wlan0", &found, &error), VO_OK);
    assert_near(found.offset_db, 2, 1e-9);
    assert_int_equal(vo_calibration_for(path, "iwlwifi aa", "Galaxy", "wlan0", &found, &error), VO_ERR_USAGE);
    assert_non_null(strstr(error.message, "'Galaxy' was never calibrated"));
    assert_non_null(strstr(error.message, "calibrate -i wlan0 --phone 'Galaxy'"));
    assert_int_equal(vo_calibration_for(path, "iwlwifi bb", "iPhone", "wlan0", &found, &error), VO_ERR_USAGE);
}

#define HEAD "{\"format\":1,\"calibrations\":["
#define ROW                                                                                                  \
    "{\"adapter\":\"a\",\"phone\":\"p\",\"offset_db\":-3,\"readings\":5,\"made\":\"2026-11-22T10:00:00Z\"}"

/* What a person may have written: the message names file, row and key. */
static void test_bad_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{\"format\":1,", "line 1"},
        {"[]", "no JSON object"},
        {"{}", "\"format\""},
        {"{\"format\":2,\"calibrations\":[]}", "\"format\""},
        {"{\"format\":1}", "\"calibrations\" is no list"},
        {"{\"format\":1,\"calibrations\":{}}", "\"calibrations\" is no list"},
        {"{\"format\":1,\"calibrations\":[],\"note\":1}", "\"note\" is not known"},
        {HEAD "3]}", "calibration 1 is no object"},
        {HEAD ROW "," ROW "]}", "calibration 2: there is one of adapter \"a\" and phone \"p\" before"},
        {HEAD "{\"adapter\":\"a\"}]}", "\"phone\" is missing"},
        {HEAD "{\"adapter\":3}]}", "\"adapter\" is not a name"},
        {HEAD "{\"adapter\":\"\"}]}", "\"adapter\" is not a name"},
        {HEAD "{\"offset_db\":\"-3\"}]}", "\"offset_db\" is not a number of dB"},
        {HEAD "{\"offset_db\":-300}]}", "\"offset_db\""},
        {HEAD "{\"offset_db\":null}]}", "\"offset_db\""},
        {HEAD "{\"uncertainty_db\":-1}]}", "\"uncertainty_db\""},
        {HEAD "{\"readings\":0}]}", "\"readings\""},
        {HEAD "{\"readings\":2.5}]}", "\"readings\""},
        {HEAD "{\"made\":\"yesterday\"}]}", "\"made\" is not a time"},
        {HEAD "{\"offset\":-3}]}", "calibration 1: the key \"offset\" is not known"},
    };
    char file[160];
    snprintf(file, sizeof file, "%s/bad.json", folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_calibrations list;
        struct vo_error error;
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        fputs(cases[i].text, out);
        fclose(out);
        assert_int_equal(vo_calibrations_load(file, &list, &error), VO_ERR_INPUT);
        assert_int_equal(list.count, 0);
        if (!strstr(error.message, cases[i].says) || !strstr(error.message, "bad.json"))
            fail_msg("\"%s\" does not say %s", error.message, cases[i].says);
    }
}

static void test_usual_path(void **state)
{
    (void)state;
    char where[64];
    struct vo_error error;
    setenv("XDG_CONFIG_HOME", "/x", 1);
    assert_int_equal(vo_calibrations_path(where, sizeof where, &error), VO_OK);
    assert_string_equal(where, "/x/voready/calibrations.json");
    setenv("XDG_CONFIG_HOME", "not/absolute", 1); /* is to be ignored, says the specification */
    setenv("HOME", "/h", 1);
    assert_int_equal(vo_calibrations_path(where, sizeof where, &error), VO_OK);
    assert_string_equal(where, "/h/.config/voready/calibrations.json");
    unsetenv("HOME");
    assert_int_equal(vo_calibrations_path(where, sizeof where, &error), VO_ERR_IO);
}

static void test_cannot_save(void **state)
{
    (void)state;
    struct vo_calibrations list = {0};
    struct vo_error error;
    assert_int_equal(vo_calibrations_save("/proc/nowhere/calibrations.json", &list, &error), VO_ERR_IO);
    assert_non_null(strstr(error.message, "--calibrations"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offset),        cmocka_unit_test(test_few),
        cmocka_unit_test(test_never_certain), cmocka_unit_test(test_file),
        cmocka_unit_test(test_look_up),       cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_usual_path),    cmocka_unit_test(test_cannot_save),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
