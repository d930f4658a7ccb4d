#include "analyze/derive/losses.h"

#include <math.h>

static vo_time end_of(const struct vo_loss_step *step)
{
    return step->start + (vo_time)(step->step_s * 1e9);
}

/* Whether `next` begins where `step` ends, within a twentieth of a step. */
static bool follows(const struct vo_loss_step *step, const struct vo_loss_step *next)
{
    return fabs((double)(next->start - end_of(step))) <= step->step_s * 5e7;
}

bool vo_loss_next_burst(const struct vo_loss_step *steps, size_t count, size_t *at,
                        struct vo_loss_burst *burst)
{
    while (*at < count) {
        size_t first = *at, next = first + 1;
        double lost = steps[first].lost, expected = steps[first].expected;
        for (; next < count && follows(&steps[next - 1], &steps[next]); next++) {
            lost += steps[next].lost;
            expected += steps[next].expected;
        }
        *at = next;
        if (lost < VO_LOSS_BURST_LEAST)
            continue;
        *burst = (struct vo_loss_burst){steps[first].start, end_of(&steps[next - 1]), lost, expected, first,
                                        next - first};
        return true;
    }
    return false;
}
