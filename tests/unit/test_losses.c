/* Bursts of lost packets, from the steps that lost some. */
#include "analyze/derive/losses.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define S VO_NS_PER_S

static struct vo_loss_step step(double start_s, double lost)
{
    return (struct vo_loss_step){(vo_time)(start_s * 1e9), 5, lost, 250, 7};
}

/* Steps of 5 s at 0 and 5 make one burst, that at 20 with a single packet is none, nor are two of them; 40
 * alone. */
static void neighbours_are_merged(void **state)
{
    (void)state;
    const struct vo_loss_step steps[] = {step(0, 2),  step(5, 1),    step(20, 1), step(30, 1),
                                         step(35, 1), step(40, 0.5), step(50, 20)};
    struct vo_loss_burst burst;
    size_t at = 0;
    assert_true(vo_loss_next_burst(steps, 7, &at, &burst));
    assert_true(burst.from == 0 && burst.until == 10 * S && burst.lost == 3 && burst.expected == 500);
    assert_true(burst.first == 0 && burst.count == 2);
    assert_true(vo_loss_next_burst(steps, 7, &at, &burst));
    assert_true(burst.from == 50 * S && burst.until == 55 * S && burst.lost == 20 && burst.first == 6);
    assert_false(vo_loss_next_burst(steps, 7, &at, &burst));
    at = 0;
    assert_false(vo_loss_next_burst(steps, 0, &at, &burst));
}

/* A step that begins a little late still follows; one of which is not told what was expected leaves that
 * open. */
static void edges(void **state)
{
    (void)state;
    struct vo_loss_step steps[] = {step(0, 2), step(5.2, 2), step(10.7, 3)};
    struct vo_loss_burst burst;
    size_t at = 0;
    steps[1].expected = NAN;
    assert_true(vo_loss_next_burst(steps, 3, &at, &burst));
    assert_true(burst.lost == 4 && isnan(burst.expected) && burst.count == 2);
    assert_true(vo_loss_next_burst(steps, 3, &at, &burst) && burst.lost == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(neighbours_are_merged), cmocka_unit_test(edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
