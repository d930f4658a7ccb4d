/*
 * The records' part of the model: reading them (model_records.c), and finding out which result, stream, call,
 * series and event belong together (model_link.c). For model.c only.
 */
#ifndef VO_REPORT_MODEL_RECORDS_H
#define VO_REPORT_MODEL_RECORDS_H

#include "report/model.h"

/* A series record, until its stream is known. */
struct vo_series_piece {
    struct vo_series_piece *next; /* the one read before */
    const char *run, *id, *key, *point;
    vo_time start;
    double step_s;
    size_t rows;
    double *column[VO_SERIES_COLUMNS];
};

enum vo_status vo_report_read_records(struct vo_report *report, const char *const *paths, size_t count,
                                      struct vo_error *error);
/* After the records were read: attaches everything to everything. */
enum vo_status vo_report_link(struct vo_report *report, struct vo_error *error);
/* Adds a sentence to the report's notes. */
void vo_report_note(struct vo_report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
