/*
 * Rate of a sender's clock against the capture's, from the smallest transit time of each block of time:
 * queues only add delay, so the minima move with the clocks alone.
 *
 * Least squares over the minima; the slope is shared by all segments (a restart or a paused clock begins a
 * new one with its own intercept). The error is the 99 % interval of the slope for normal residuals
 * (Student's t), so a stepped path widens it.
 */
#ifndef VO_CORE_ESTIMATE_SKEW_H
#define VO_CORE_ESTIMATE_SKEW_H

#include <stdbool.h>
#include <stdint.h>

#define VO_SKEW_MINIMUM_BLOCKS 6

struct vo_skew {    /* zero-initialise */
    uint32_t count; /* points of the segment */
    double mean_x, mean_y, sxx, sxy, syy;
    uint32_t points, segments; /* of the closed segments with at least two points: */
    double pooled_sxx, pooled_sxy, pooled_syy;
};

/* A minimum of `transit_ns` at `time_s`; times rise. */
void vo_skew_add(struct vo_skew *skew, double time_s, double transit_ns);
void vo_skew_break(struct vo_skew *skew);
/* False with fewer than VO_SKEW_MINIMUM_BLOCKS points, and one more for each further segment. Positive: the
 * sender's clock runs fast. */
bool vo_skew_result(const struct vo_skew *skew, double *ppm, double *error_ppm);

#endif
