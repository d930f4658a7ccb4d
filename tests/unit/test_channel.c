/* Channels: numbers of four bands, edges, and how much of one lies in another. */
#include "core/estimate/channel.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        enum vo_channel_band band;
        unsigned number, mhz;
    } rows[] = {
        {VO_CHANNEL_2_4_GHZ, 1, 2412},   {VO_CHANNEL_2_4_GHZ, 13, 2472},  {VO_CHANNEL_2_4_GHZ, 14, 2484},
        {VO_CHANNEL_4_9_GHZ, 184, 4920}, {VO_CHANNEL_4_9_GHZ, 196, 4980}, {VO_CHANNEL_5_GHZ, 36, 5180},
        {VO_CHANNEL_5_GHZ, 42, 5210},    {VO_CHANNEL_5_GHZ, 50, 5250},    {VO_CHANNEL_5_GHZ, 144, 5720},
        {VO_CHANNEL_5_GHZ, 177, 5885},   {VO_CHANNEL_6_GHZ, 1, 5955},     {VO_CHANNEL_6_GHZ, 2, 5935},
        {VO_CHANNEL_6_GHZ, 31, 6105},    {VO_CHANNEL_6_GHZ, 36, 6130},    {VO_CHANNEL_6_GHZ, 184, 6870},
        {VO_CHANNEL_6_GHZ, 233, 7115}};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        assert_int_equal(vo_channel_mhz(rows[i].band, rows[i].number), rows[i].mhz);
        assert_int_equal(vo_channel_number(rows[i].mhz), rows[i].number);
        assert_int_equal(vo_channel_band(rows[i].mhz), rows[i].band);
    }
    /* the same number is another channel in each band */
    assert_int_equal(vo_channel_mhz(VO_CHANNEL_5_GHZ, 184), 5920);
    assert_int_equal(vo_channel_mhz(VO_CHANNEL_2_4_GHZ, 15), 0);
    assert_int_equal(vo_channel_mhz(VO_CHANNEL_2_4_GHZ, 0), 0);
    assert_int_equal(vo_channel_mhz(VO_CHANNEL_5_GHZ, 6), 0);
    assert_int_equal(vo_channel_mhz(VO_CHANNEL_6_GHZ, 234), 0);
    assert_int_equal(vo_channel_mhz(VO_CHANNEL_NO_BAND, 1), 0);
    assert_int_equal(vo_channel_mhz(VO_CHANNEL_BANDS, 1), 0);
    static const unsigned none[] = {0,    2407, 2413, 2477, 2499, 3600, 4000,
                                    5000, 5181, 5930, 5950, 7125, 60480};
    for (unsigned i = 0; i < COUNT(none); i++)
        assert_int_equal(vo_channel_number(none[i]), 0);
    assert_int_equal(vo_channel_band(3600), VO_CHANNEL_NO_BAND);
    assert_string_equal(vo_channel_band_name(vo_channel_band(2484)), "2.4 GHz");
    assert_string_equal(vo_channel_band_name(vo_channel_band(60480)), "unknown");
    /* every number there and back */
    for (unsigned band = 0; band < VO_CHANNEL_BANDS; band++)
        for (unsigned number = 0; number < 300; number++)
            if (vo_channel_mhz((enum vo_channel_band)band, number))
                assert_int_equal(vo_channel_number(vo_channel_mhz((enum vo_channel_band)band, number)),
                                 number);
}

static void check_parts(struct vo_channel channel, unsigned count, double low, double high, double low_2,
                        double high_2)
{
    struct vo_channel_part parts[VO_CHANNEL_PARTS];
    assert_int_equal(vo_channel_parts(&channel, parts), count);
    if (count > 0)
        assert_true(parts[0].low_mhz == low && parts[0].high_mhz == high);
    if (count > 1)
        assert_true(parts[1].low_mhz == low_2 && parts[1].high_mhz == high_2);
}

static void test_parts(void **state)
{
    (void)state;
    check_parts((struct vo_channel){2412, 20, 0, 0}, 1, 2402, 2422, 0, 0);
    check_parts((struct vo_channel){5210, 80, 0, 0}, 1, 5170, 5250, 0, 0);
    check_parts((struct vo_channel){6105, 320, 0, 0}, 1, 5945, 6265, 0, 0);
    check_parts((struct vo_channel){4923, 5, 0, 0}, 1, 4920.5, 4925.5, 0, 0);
    /* 80+80 MHz, in whatever order; halves that border are one */
    check_parts((struct vo_channel){5210, 160, 5775, 0}, 2, 5170, 5250, 5735, 5815);
    check_parts((struct vo_channel){5775, 160, 5210, 0}, 2, 5170, 5250, 5735, 5815);
    check_parts((struct vo_channel){5210, 160, 5290, 0}, 1, 5170, 5330, 0, 0);
    check_parts((struct vo_channel){5210, 160, 5230, 0}, 0, 0, 0, 0, 0);
    check_parts((struct vo_channel){5210, 80, 5775, 0}, 0, 0, 0, 0, 0);
    /* punctured: the second of four 20 MHz parts; the lowest; one that is not there; all */
    check_parts((struct vo_channel){5210, 80, 0, 0x2}, 2, 5170, 5190, 5210, 5250);
    check_parts((struct vo_channel){5210, 80, 0, 0x1}, 1, 5190, 5250, 0, 0);
    check_parts((struct vo_channel){5210, 80, 0, 0x10}, 0, 0, 0, 0, 0);
    check_parts((struct vo_channel){5210, 80, 0, 0xf}, 0, 0, 0, 0, 0);
    check_parts((struct vo_channel){6105, 320, 0, 0x5555}, 8, 5965, 5985, 6005, 6025);
    /* not told, or no width of 802.11 */
    check_parts((struct vo_channel){0, 20, 0, 0}, 0, 0, 0, 0, 0);
    check_parts((struct vo_channel){5210, 0, 0, 0}, 0, 0, 0, 0, 0);
    check_parts((struct vo_channel){5210, 30, 0, 0}, 0, 0, 0, 0, 0);
}

static void check_overlap(struct vo_channel ours, struct vo_channel other, double mhz, double share,
                          double db)
{
    struct vo_channel_overlap overlap = vo_channel_overlap(&ours, &other);
    assert_true(overlap.mhz == mhz);
    assert_true(fabs(overlap.share - share) < 1e-12);
    assert_true(isinf(db) ? overlap.attenuation_db == db : fabs(overlap.attenuation_db - db) < 5e-4);
}

static void test_overlap(void **state)
{
    (void)state;
    const struct vo_channel ch36 = {5180, 20, 0, 0}, ch40 = {5200, 20, 0, 0}, ch42 = {5210, 80, 0, 0};
    check_overlap(ch36, ch36, 20, 1, 0);
    check_overlap(ch36, ch40, 0, 0, INFINITY); /* border only */
    /* another primary, yet a quarter of its power is in ours: 10 log10(4) = 6.021 dB less */
    check_overlap(ch40, ch42, 20, 0.25, 6.0206);
    check_overlap(ch42, ch40, 20, 1, 0);
    /* 40 MHz of channel 38 in 80: all; 80 in it: half, 3.010 dB */
    check_overlap((struct vo_channel){5190, 40, 0, 0}, ch42, 40, 0.5, 3.0103);
    /* channels 1 and 3 of the 2.4 GHz band: 2402..2422 and 2412..2432: half; 1 and 6: 2427 is beyond */
    check_overlap((struct vo_channel){2412, 20, 0, 0}, (struct vo_channel){2422, 20, 0, 0}, 10, 0.5, 3.0103);
    check_overlap((struct vo_channel){2412, 20, 0, 0}, (struct vo_channel){2437, 20, 0, 0}, 0, 0, INFINITY);
    /* 40 MHz 2437 (below: 2417..2457) on channel 1: 5 of 40 MHz, 9.031 dB */
    check_overlap((struct vo_channel){2412, 20, 0, 0}, (struct vo_channel){2437, 40, 0, 0}, 5, 0.125, 9.0309);
    /* one half of 80+80: half of the power; 320 MHz on 80: a quarter */
    check_overlap(ch42, (struct vo_channel){5210, 160, 5775, 0}, 80, 0.5, 3.0103);
    check_overlap((struct vo_channel){6145, 80, 0, 0}, (struct vo_channel){6105, 320, 0, 0}, 80, 0.25,
                  6.0206);
    /* punctured where we are: none; where we are not: 20 of the 60 MHz that are left, 4.771 dB */
    check_overlap(ch40, (struct vo_channel){5210, 80, 0, 0x2}, 0, 0, INFINITY);
    check_overlap(ch40, (struct vo_channel){5210, 80, 0, 0x1}, 20, 1.0 / 3, 4.7712);
    /* the same number in another band: no overlap */
    check_overlap(ch36, (struct vo_channel){6130, 20, 0, 0}, 0, 0, INFINITY);
    struct vo_channel unknown = {0};
    struct vo_channel_overlap overlap = vo_channel_overlap(&ch36, &unknown);
    assert_true(isnan(overlap.mhz) && isnan(overlap.share) && isnan(overlap.attenuation_db));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
