/*
 * One-way delay between two capture points whose clocks differ: offset and skew from the packets themselves.
 *
 * Each matched packet gives (time at A, time at B - time at A) for its direction. The true delays are
 * positive, so the smallest differences of each direction bound the offset: with both directions, offset =
 * half the difference of the two lower envelopes, and half of their sum, the smallest round trip over two,
 * bounds its error (the paths' asymmetry cannot be known). Skew is the slope that the lower envelopes of both
 * directions share (convex hull of the minima; Moon, Skelly, Towsley 1999). With one direction only, offset
 * cannot be had: variation is all.
 */
#ifndef VO_CORE_ESTIMATE_CLOCKFIT_H
#define VO_CORE_ESTIMATE_CLOCKFIT_H

#include "core/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vo_clockfit; /* memory grows with the time covered, not with packets: one minimum a second and
                       direction */

struct vo_clockfit *vo_clockfit_new(void); /* NULL: out of memory */
void vo_clockfit_free(struct vo_clockfit *fit);
/* direction 0: A to B, seen at A at `a` and at B at `b` (each by its own clock); direction 1: B to A
 * likewise. Any order. False: out of memory. */
bool vo_clockfit_add(struct vo_clockfit *fit, int direction, vo_time a, vo_time b);

struct vo_clockfit_result { /* numbers whose has_... is false are NaN */
    bool directions[2];     /* any packets in each */
    bool has_offset;        /* both directions */
    double offset_ns;       /* B's clock minus A's at `reference` */
    double offset_error_ns; /* ± bound: half the smallest round trip, plus the fit's residual */
    bool has_skew;          /* at least 30 s of common time and 10 minima */
    double skew_ppm;        /* B's clock against A's */
    double skew_error_ppm;
    vo_time reference; /* A's time at which offset holds */
};
struct vo_clockfit_result vo_clockfit_solve(const struct vo_clockfit *fit);
/* Delay of one packet of `direction`, ns, offset and skew taken off; without offset, up to an unknown
 * constant. */
double vo_clockfit_delay(const struct vo_clockfit_result *result, int direction, vo_time a, vo_time b);

#endif
