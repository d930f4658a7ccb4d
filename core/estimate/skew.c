#include "core/estimate/skew.h"

#include <math.h>

/* Welford's update keeps the sums about the mean, so that large times lose no digits. */
void vo_skew_add(struct vo_skew *skew, double time_s, double transit_ns)
{
    skew->count++;
    double dx = time_s - skew->mean_x, dy = transit_ns - skew->mean_y;
    skew->mean_x += dx / skew->count;
    skew->mean_y += dy / skew->count;
    skew->sxx += dx * (time_s - skew->mean_x);
    skew->sxy += dx * (transit_ns - skew->mean_y);
    skew->syy += dy * (transit_ns - skew->mean_y);
}

void vo_skew_break(struct vo_skew *skew)
{
    if (skew->count >= 2) {
        skew->points += skew->count;
        skew->segments++;
        skew->pooled_sxx += skew->sxx;
        skew->pooled_sxy += skew->sxy;
        skew->pooled_syy += skew->syy;
    }
    skew->count = 0;
    skew->mean_x = skew->mean_y = skew->sxx = skew->sxy = skew->syy = 0;
}

bool vo_skew_result(const struct vo_skew *skew, double *ppm, double *error_ppm)
{
    struct vo_skew all = *skew;
    vo_skew_break(&all);
    if (all.points + 1 < VO_SKEW_MINIMUM_BLOCKS + all.segments || all.points < VO_SKEW_MINIMUM_BLOCKS ||
        all.pooled_sxx <= 0)
        return false;
    double slope = all.pooled_sxy / all.pooled_sxx; /* ns of transit a second */
    double residual = all.pooled_syy - slope * all.pooled_sxy;
    double freedom = all.points - all.segments - 1;
    double student =
        2.58 + 4.9 / freedom + 13 / (freedom * freedom); /* two-sided 99 %, within 2 % from 4 degrees on */
    *ppm = -slope / 1000;
    *error_ppm = student * sqrt(fmax(residual, 0) / freedom / all.pooled_sxx) / 1000;
    return true;
}
