/* Which frequencies to scan, from what a user writes. */
#include "probes/wlan/frequencies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* 2.4 GHz with 13 and 14 not permitted; 36 to 48 with 44 not permitted; 6 GHz: 1 (5955). */
static const struct vo_wiphy *radio(void)
{
    static struct vo_wiphy wiphy;
    static const uint32_t mhz[] = {2412, 2417, 2422, 2427, 2432, 2437, 2442, 2447, 2452, 2457,
                                   2462, 2467, 2472, 2484, 5180, 5200, 5220, 5240, 5955};
    wiphy.frequency_count = 0;
    for (size_t i = 0; i < sizeof mhz / sizeof *mhz; i++) {
        bool forbidden = mhz[i] == 2472 || mhz[i] == 2484 || mhz[i] == 5220;
        wiphy.frequencies[wiphy.frequency_count++] =
            (struct vo_wiphy_frequency){.mhz = mhz[i],
                                        .flags = forbidden ? VO_FREQUENCY_DISABLED : 0,
                                        .band = mhz[i] < 3000   ? VO_BAND_2GHZ
                                                : mhz[i] < 5925 ? VO_BAND_5GHZ
                                                                : VO_BAND_6GHZ};
    }
    return &wiphy;
}

static void assert_chosen(const char *channels, const char *mhz, const uint32_t *expected, size_t count)
{
    struct vo_frequencies chosen;
    struct vo_error error;
    assert_int_equal(vo_frequencies_choose(channels, mhz, radio(), &chosen, &error), VO_OK);
    assert_int_equal(chosen.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(chosen.mhz[i], expected[i]);
}

static void test_lists(void **state)
{
    (void)state;
    static const uint32_t usual[] = {2412, 2437, 2462}, wide[] = {2412, 5180, 5200, 5240},
                          both[] = {2437, 5180, 5955};
    assert_chosen(NULL, NULL, NULL, 0); /* all */
    assert_chosen("1,6,11", NULL, usual, 3);
    assert_chosen("11,1,6,1", NULL, usual, 3); /* in order, once */
    assert_chosen("1,36-48", NULL, wide, 4);   /* what may be, of a range */
    assert_chosen(NULL, "2412,5150-5250", wide, 4);
    assert_chosen("6", "5180,5955", both, 3);
}

/* What is refused is named, and the others are scanned. */
static void test_refused(void **state)
{
    (void)state;
    struct vo_frequencies chosen;
    struct vo_error error;
    assert_int_equal(vo_frequencies_choose("1,13", "5955,6115", radio(), &chosen, &error), VO_OK);
    assert_int_equal(chosen.count, 2);
    assert_string_equal(chosen.refused, "2472 MHz (the regulatory domain does not permit it), "
                                        "6115 MHz (this radio does not have it)");
    assert_int_equal(vo_frequencies_choose("13,44", NULL, radio(), &chosen, &error), VO_ERR_USAGE);
    assert_non_null(strstr(error.message, "2472 MHz"));
    assert_non_null(strstr(error.message, "5220 MHz"));
    assert_int_equal(vo_frequencies_choose(NULL, "5900-5920", radio(), &chosen, &error), VO_ERR_USAGE);
}

static void test_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *channels, *mhz, *says;
    } cases[] = {
        {"1;6", NULL, "'1;6'"},      {"", NULL, "no list"},
        {"1,", NULL, "no list"},     {"6-1", NULL, "no list"},
        {"-1", NULL, "no list"},     {"1-", NULL, "no list"},
        {"1-6-11", NULL, "no list"}, {"0", NULL, "0 is no channel"},
        {"300", NULL, "300 is"},     {"1-200", NULL, "200"},
        {NULL, "70000", "70000 is"}, {NULL, "2412 ", "no list"},
        {"one", NULL, "'one'"},      {"99999999999999999999", NULL, "is no channel"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_frequencies chosen;
        struct vo_error error;
        assert_int_equal(vo_frequencies_choose(cases[i].channels, cases[i].mhz, radio(), &chosen, &error),
                         VO_ERR_USAGE);
        if (!strstr(error.message, cases[i].says))
            fail_msg("\"%s\" does not say %s", error.message, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
