/*
 * What a phone shows of BSSs, beside what this adapter measured of them at the same place.
 */
#ifndef VO_PROBES_WLAN_PHONE_READINGS_H
#define VO_PROBES_WLAN_PHONE_READINGS_H

#include "probes/wlan/calibration.h"
#include "probes/wlan/visit.h"

#include <stdio.h>

enum { VO_PHONE_READINGS = 256 };
struct vo_phone_reading {
    vo_wlan_address bssid;
    double dbm;
};
struct vo_phone_readings {
    struct vo_phone_reading rows[VO_PHONE_READINGS];
    unsigned count;
};

/* "02:00:00:00:01:00=-61", or with a space in the place of =. VO_ERR_USAGE says what it should be. */
enum vo_status vo_phone_reading_add(struct vo_phone_readings *readings, const char *text,
                                    struct vo_error *error);

/* The BSS that a reading is of. NULL: *why says why there is nothing to compare with. */
const struct vo_visit_bss *vo_phone_reading_bss(const struct vo_visit *visit, vo_wlan_address bssid,
                                                const char **why);
/* Phone less adapter, of those that can be compared. Returns how many. */
unsigned vo_phone_differences(const struct vo_phone_readings *readings, const struct vo_visit *visit,
                              double differences[VO_PHONE_READINGS]);
/* Row by row. */
void vo_phone_print(const struct vo_phone_readings *readings, const struct vo_visit *visit, FILE *stream);

#endif
