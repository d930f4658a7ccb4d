/* Separation of cells on overlapping channels, overlap of cells over places. */
#include "core/estimate/place.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CH36, CH40, CH42, CH149, UNKNOWN };
static const struct vo_channel channels[] = {
    [CH36] = {5180, 20, 0, 0},  [CH40] = {5200, 20, 0, 0}, [CH42] = {5210, 80, 0, 0},
    [CH149] = {5745, 20, 0, 0}, [UNKNOWN] = {0, 0, 0, 0},
};

static struct vo_place_bss bss(uint32_t access_point, double dbm, unsigned channel)
{
    return (struct vo_place_bss){access_point, dbm, channels[channel]};
}

static void test_separation(void **state)
{
    (void)state;
    const struct vo_place_bss heard[] = {
        bss(1, -43, CH36),  /* serving */
        bss(1, -44, CH36),  /* its other SSID: no interferer */
        bss(2, -62, CH36),  /* 19 dB below */
        bss(3, -50, CH149), /* stronger, elsewhere */
        bss(4, -50, CH40),  /* borders */
        bss(5, NAN, CH36),  /* not heard here */
    };
    struct vo_place_separation separation = vo_place_separation(heard, 6, 0);
    assert_true(separation.separation_db == 19 && separation.effective_db == 19);
    assert_int_equal(separation.strongest, 2);
    assert_int_equal(separation.overlapping, 1);
    assert_int_equal(separation.unknown, 0);
    /* without it there is nothing to judge, which is not 0 dB and not the best of all */
    separation = vo_place_separation(heard, 2, 0);
    assert_true(isnan(separation.separation_db) && isnan(separation.effective_db));
    assert_int_equal(separation.overlapping, 0);
}

/* An 80 MHz cell with another primary channel lies over ours: received 15 dB below, a quarter of it in our 20
 * MHz, so 21.02 dB effectively. A 20 MHz cell at 18 dB is then the nearer one. */
static void test_wide(void **state)
{
    (void)state;
    const struct vo_place_bss heard[] = {bss(1, -50, CH36), bss(2, -65, CH42), bss(3, -68, CH36),
                                         bss(4, -40, UNKNOWN)};
    struct vo_place_separation separation = vo_place_separation(heard, 2, 0);
    assert_true(separation.separation_db == 15);
    assert_true(fabs(separation.effective_db - 21.0206) < 5e-4);
    separation = vo_place_separation(heard, 4, 0);
    assert_int_equal(separation.strongest, 2);
    assert_true(separation.separation_db == 18 && separation.effective_db == 18);
    assert_int_equal(separation.overlapping, 2);
    assert_int_equal(separation.unknown, 1);
    const struct vo_place_bss reversed[] = {heard[0], heard[2], heard[1]}; /* in whatever order */
    separation = vo_place_separation(reversed, 3, 0);
    assert_true(separation.strongest == 1 && separation.separation_db == 18);
    /* seen from the wide cell the narrow one is wholly inside */
    separation = vo_place_separation(heard, 2, 1);
    assert_true(separation.separation_db == -15 && separation.effective_db == -15);
    /* the serving one's own level or channel is not known */
    const struct vo_place_bss silent[] = {bss(1, NAN, CH36), bss(2, -65, CH36)};
    assert_true(isnan(vo_place_separation(silent, 2, 0).separation_db));
    separation = vo_place_separation(heard, 4, 3);
    assert_true(isnan(separation.separation_db) && separation.unknown == 3);
}

static void test_overlap(void **state)
{
    (void)state;
    /* of five places where the first reaches -70 dBm, the second does in one: 20 percent; exactly -70 counts
     */
    static const double first[] = {-50, -60, -65, -70, -69, -71, NAN},
                        second[] = {-80, NAN, -75, -70, -71, -50, -40};
    struct vo_place_overlap overlap = vo_place_overlap(first, second, 7, -70);
    assert_int_equal(overlap.covered, 5);
    assert_int_equal(overlap.shared, 1);
    assert_true(overlap.percent == 20);
    overlap = vo_place_overlap(second, first, 7, -70); /* not symmetric: -70, -50, -40 */
    assert_int_equal(overlap.covered, 3);
    assert_int_equal(overlap.shared, 1);
    overlap = vo_place_overlap(first, second, 7, -30);
    assert_true(overlap.covered == 0 && isnan(overlap.percent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_separation),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
