/*
 * The records' part of the model: reading them (model_records.c), their series (model_series.c), and finding
 * out which result, stream, call, series and event belong together (model_link.c). For model*.c and air*.c.
 */
#ifndef VO_REPORT_MODEL_RECORDS_H
#define VO_REPORT_MODEL_RECORDS_H

#include "report/model.h"

/* A series record, until it is known whose it is. */
struct vo_series_piece {
    struct vo_series_piece *next; /* the one read before */
    const char *run, *kind, *id, *key, *point, *interface;
    vo_time start;
    double step_s;
    size_t rows;
    double *column[VO_SERIES_COLUMNS];
};

enum vo_status vo_report_read_records(struct vo_report *report, const char *const *paths, size_t count,
                                      struct vo_error *error);
/* After the records were read: attaches everything to everything. */
enum vo_status vo_report_link(struct vo_report *report, struct vo_error *error);
/* Appends a series record to `pieces`; one that cannot be placed in time is left out. */
void vo_series_read(struct vo_report *report, const struct vo_json *json);
/* First pass over the pieces of one series: how far it reaches. */
void vo_series_measure(struct vo_series *series, const struct vo_series_piece *piece);
/* Second pass: its values. Pieces with another step than the series' are left out. */
void vo_series_copy(struct vo_report *report, struct vo_series *series, const struct vo_series_piece *piece);

/* An observation, or what was derived in its shape: all but the labels named in `left_out` (NULL ends it).
 * `seen` is zeroed, or an earlier one that it replaces. */
void vo_report_read_observation(struct vo_report *report, const struct vo_json *json,
                                const char *const *left_out, struct vo_observation *seen);
/* Text of a member: text, a number, or texts with commas between; NULL if it is none of these. */
const char *vo_report_read_label(struct vo_report *report, const struct vo_json *object, const char *key);
vo_time vo_report_read_time(const struct vo_json *object, const char *key);

/* Adds a sentence to the report's notes. */
void vo_report_note(struct vo_report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
