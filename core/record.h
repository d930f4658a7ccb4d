/*
 * Records: JSON Lines, the only thing that passes between probes, analyze and report.
 *
 * Kinds: run, observation, series, event, end (design: formats). Each carries `record`, `run` (UUID) and `n`.
 * The writer flushes at least every second and writes `end` when closed; a file without `end` was cut short.
 */
#ifndef VO_CORE_RECORD_H
#define VO_CORE_RECORD_H

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "core/metric.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_RECORD_FORMAT 1

/* What a run is, for its first record. NULL members are left out. */
struct vo_run {
    const char *probe;         /* "voready-rtp" */
    const char *site;          /* --site */
    const char *vantage;       /* --vantage */
    const char *place;         /* --place: goes into observations and events */
    const char *interface;     /* live only: its driver is looked up */
    const char *const *source; /* files, interface or target */
    size_t source_count;
    const char *conditions; /* JSON object, or NULL */
};

struct vo_subject {
    const char *kind; /* "rtp_stream", "call", "capture", … */
    const char *id;   /* exact */
    const char *key;  /* stable between runs of the same site */
};

struct vo_record_writer;

/* Opens `path` ("-": standard output) and writes the `run` record. The file is created new; an existing one
 * is replaced. With path NULL nothing is written anywhere, and every call succeeds. The `run` record is
 * written at once, so that a full disk shows here. Otherwise SIGPIPE is ignored from here on: a closed pipe
 * is VO_ERR_IO. Errors: VO_ERR_IO; VO_ERR_USAGE if `conditions` are not a JSON object; VO_ERR_MEMORY. */
enum vo_status vo_record_open(const char *path, const struct vo_run *run, struct vo_record_writer **writer,
                              struct vo_error *error);
/* Another place from here on: in `place` of the observations and events that follow; NULL: none. A place that
 * is the same as before changes nothing. VO_ERR_MEMORY, and then there is no place any more. */
enum vo_status vo_record_set_place(struct vo_record_writer *writer, const char *place,
                                   struct vo_error *error);
/* The run's UUID, 36 characters. */
const char *vo_record_run(const struct vo_record_writer *writer);

/* An observation is built between begin and end; rows may come in any order. The strings are copied. A metric
 * is given once in each section: the first stands. VO_TIME_UNKNOWN leaves `time` out. */
void vo_observe_begin(struct vo_record_writer *writer, vo_time time, const struct vo_subject *subject);
void vo_observe_label(struct vo_record_writer *writer, const char *name,
                      const char *value); /* skipped if NULL */
void vo_observe_label_number(struct vo_record_writer *writer, const char *name, double value);
void vo_observe_metric(struct vo_record_writer *writer, enum vo_metric metric,
                       double value); /* NaN or infinite: a missing row "not a number" */
void vo_observe_state(struct vo_record_writer *writer, enum vo_metric state,
                      const char *word); /* word must be in the catalogue (asserted) */
void vo_observe_missing(struct vo_record_writer *writer, enum vo_metric metric, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void vo_observe_basis(struct vo_record_writer *writer, enum vo_metric metric, const char *basis);
void vo_observe_uncertainty(struct vo_record_writer *writer, enum vo_metric metric, double plus_minus);
/* Writes it; returns its `n`, or 0 after a failure (kept; see vo_record_close()). */
uint64_t vo_observe_end(struct vo_record_writer *writer);

/* Any other record: begins the object with record, run, n (and for events place, if the run has one); the
 * caller adds fields with vo_json_* on the returned writer, then calls vo_record_commit(). */
struct vo_json_writer *vo_record_begin(struct vo_record_writer *writer, const char *kind);
uint64_t vo_record_commit(struct vo_record_writer *writer);
/* Writes `"subject": {...}` with kind, id and key into an open record. */
void vo_record_put_subject(struct vo_json_writer *json, const struct vo_subject *subject);
/* Writes `"key": "<RFC 3339>"`; nothing for VO_TIME_UNKNOWN. */
void vo_record_put_time(struct vo_json_writer *json, const char *key, vo_time time);

/* Writes `"columns": {name: [numbers or null], …}` of `row_count` rows into an open series; `cell` gives what
 * is in `rows` (NaN: null). */
void vo_record_put_columns(struct vo_json_writer *json, const enum vo_metric *columns, size_t column_count,
                           const void *rows, size_t row_count,
                           double (*cell)(const void *rows, size_t row, enum vo_metric column));

/* Flushes if a second of `now` (monotonic) has passed since the last flush. Cheap; call it now and then. */
void vo_record_tick(struct vo_record_writer *writer, vo_time now);
/* First failure of writing so far: VO_OK, or VO_ERR_IO (disk full, closed pipe) with its message. */
enum vo_status vo_record_status(const struct vo_record_writer *writer, struct vo_error *error);
/* Writes `end` (complete, or not with `why`; `records` counts all records of the run, this one too), flushes,
 * closes, frees. Returns the first failure. Accepts NULL. */
enum vo_status vo_record_close(struct vo_record_writer *writer, bool complete, const char *why,
                               struct vo_error *error);

/* Reader: one record at a time, from a path or "-". */
struct vo_record_reader;
struct vo_record {
    const char *kind; /* "run", "observation", … */
    const char *run;
    uint64_t n;
    const struct vo_json *json; /* the whole object; valid until the next call */
    size_t line;                /* from 1 */
    const char *file;
};
enum vo_status vo_record_reader_open(const char *path, struct vo_record_reader **reader,
                                     struct vo_error *error);
/* VO_OK, VO_END, or VO_ERR_INPUT with file and line: not JSON, no `record`, `run` or `n`, an unknown
 * `format`. A last line that was cut (no newline and not JSON) is VO_END with vo_record_reader_cut() true.
 * Lines are at most 16 MiB. Unknown kinds and fields are returned as they are: ignoring them is the caller's.
 */
enum vo_status vo_record_read(struct vo_record_reader *reader, struct vo_record *record,
                              struct vo_error *error);
/* For records that come bit by bit: the descriptor to wait for; one read of it, which takes what is there;
 * and a record of what was taken so far, VO_OK with `kind` NULL if none is whole yet. */
int vo_record_reader_descriptor(const struct vo_record_reader *reader);
enum vo_status vo_record_fill(struct vo_record_reader *reader, struct vo_error *error);
enum vo_status vo_record_take(struct vo_record_reader *reader, struct vo_record *record,
                              struct vo_error *error);
bool vo_record_reader_cut(const struct vo_record_reader *reader);
void vo_record_reader_free(struct vo_record_reader *reader);

#endif
