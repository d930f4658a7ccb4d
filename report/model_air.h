/*
 * The air's part of the model: reading it (air_read.c), and putting it together (air_link.c, air_group.c,
 * air_tracks.c). For
 * model*.c and air*.c.
 */
#ifndef VO_REPORT_MODEL_AIR_H
#define VO_REPORT_MODEL_AIR_H

#include "report/air.h"
#include "report/model_records.h"

/* An observation of the air's kinds; others are ignored. */
void vo_air_read(struct vo_report *report, const struct vo_json *json, bool derived);
/* An event "wlan_roam"; others are ignored. */
void vo_air_read_event(struct vo_report *report, const struct vo_json *json);
/* The verdict's `derived`. */
void vo_air_read_derived(struct vo_report *report);
/* After all was read: lists, results and tracks. VO_ERR_MEMORY. */
enum vo_status vo_air_link(struct vo_report *report, struct vo_error *error);
/* BSSs, radios and channels. False: no memory. */
bool vo_air_group(struct vo_report *report);
/* Tracks of the series pieces that belong to the air. */
void vo_air_tracks(struct vo_report *report);

#endif
