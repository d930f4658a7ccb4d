#include "core/estimate/place.h"

#include <math.h>

struct vo_place_separation vo_place_separation(const struct vo_place_bss *bss, size_t count, size_t serving)
{
    struct vo_place_separation result = {serving, 0, 0, NAN, NAN};
    double strongest = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (bss[i].access_point == bss[serving].access_point || isnan(bss[i].signal_dbm))
            continue;
        struct vo_channel_overlap overlap = vo_channel_overlap(&bss[serving].channel, &bss[i].channel);
        if (isnan(overlap.mhz))
            result.unknown++;
        if (!(overlap.mhz > 0))
            continue;
        result.overlapping++;
        if (bss[i].signal_dbm - overlap.attenuation_db > strongest) {
            strongest = bss[i].signal_dbm - overlap.attenuation_db;
            result.strongest = i;
        }
    }
    if (result.overlapping) {
        result.separation_db = bss[serving].signal_dbm - bss[result.strongest].signal_dbm;
        result.effective_db = bss[serving].signal_dbm - strongest;
    }
    return result;
}

struct vo_place_overlap vo_place_overlap(const double *first_dbm, const double *second_dbm, size_t places,
                                         double limit_dbm)
{
    struct vo_place_overlap overlap = {0, 0, NAN};
    for (size_t i = 0; i < places; i++) {
        if (!(first_dbm[i] >= limit_dbm))
            continue;
        overlap.covered++;
        overlap.shared += second_dbm[i] >= limit_dbm;
    }
    if (overlap.covered)
        overlap.percent = 100 * (double)overlap.shared / (double)overlap.covered;
    return overlap;
}
