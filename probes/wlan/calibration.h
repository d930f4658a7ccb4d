/*
 * How a phone hears beside this adapter: what the phone shows less what the adapter measures, at the same
 * place and time, kept for each pair of adapter and phone model.
 *
 * The offset is the mean of the differences in dB. Its uncertainty is half the width of the 95 % confidence
 * interval of that mean (Student's t with n - 1 degrees of freedom), but never less than the half dB that a
 * phone's whole numbers leave open; with fewer than three readings it is not known (NAN). The spread is the
 * standard deviation of the differences: how much one place differs from the other.
 *
 * The file is JSON that a person may edit:
 *   {"format": 1, "calibrations": [{"adapter": "iwlwifi a4:b1:c1:00:00:01", "phone": "Model", "offset_db":
 * -3.2, "uncertainty_db": 1.4, "spread_db": 1.1, "readings": 5, "made": "2026-11-22T10:00:00Z"}]} What it
 * does not know of, of another type or twice for one pair, is an error that names it.
 */
#ifndef VO_PROBES_WLAN_CALIBRATION_H
#define VO_PROBES_WLAN_CALIBRATION_H

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"

#include <stddef.h>

enum { VO_CALIBRATION_NAME = 128, VO_CALIBRATION_LEAST = 3 };
#define VO_CALIBRATION_MOST_DB 40.0 /* no two receivers differ by more */

struct vo_calibration {
    char adapter[VO_CALIBRATION_NAME], phone[VO_CALIBRATION_NAME];
    double offset_db;                 /* phone less adapter */
    double uncertainty_db, spread_db; /* NAN: not known */
    unsigned readings;
    vo_time made;
};

/* Of `count` (at least 1) differences, dB: fills offset, uncertainty, spread, readings. */
void vo_calibration_of(const double *differences, unsigned count, struct vo_calibration *calibration);
/* The members of one as a JSON object: for the file, and for the run's conditions. */
void vo_calibration_put(struct vo_json_writer *json, const struct vo_calibration *calibration);

/* A zeroed struct is empty. */
struct vo_calibrations {
    struct vo_calibration *rows;
    size_t count;
};
/* Where they are kept if nobody says otherwise: $XDG_CONFIG_HOME/voready/calibrations.json, or below
 * ~/.config. VO_ERR_IO if neither is set. */
enum vo_status vo_calibrations_path(char *path, size_t size, struct vo_error *error);
/* A file that does not exist has none. VO_ERR_INPUT, VO_ERR_IO. Freed by vo_calibrations_release(). */
enum vo_status vo_calibrations_load(const char *path, struct vo_calibrations *list, struct vo_error *error);
void vo_calibrations_release(struct vo_calibrations *list);
/* NULL: none of that pair. */
const struct vo_calibration *vo_calibrations_find(const struct vo_calibrations *list, const char *adapter,
                                                  const char *phone);
/* Replaces the one of the same pair. */
enum vo_status vo_calibrations_set(struct vo_calibrations *list, const struct vo_calibration *calibration,
                                   struct vo_error *error);
/* The file as a whole, or not at all; its folder is made. */
enum vo_status vo_calibrations_save(const char *path, const struct vo_calibrations *list,
                                    struct vo_error *error);

/* The one of adapter and phone, from `path` (NULL: the usual one). VO_ERR_USAGE if the pair was never
 * calibrated: the message says how it is done on `interface`. */
enum vo_status vo_calibration_for(const char *path, const char *adapter, const char *phone,
                                  const char *interface, struct vo_calibration *calibration,
                                  struct vo_error *error);

#endif
