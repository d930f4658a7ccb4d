/*
 * What the records say, as far as the selected rules ask: runs, and observations by subject.
 *
 * Records are streamed; of each observation only the wanted metrics stay, of each series only the wanted
 * columns. A subject is one kind, id and capture point; its observations are kept in the order of reading.
 * A run is complete when it has its `run` record and an `end` that says so (design: formats, Records).
 */
#ifndef VO_ANALYZE_FACTS_H
#define VO_ANALYZE_FACTS_H

#include "analyze/arena.h"
#include "analyze/names.h"
#include "analyze/rules.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/metric.h"
#include "core/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vo_facts_run {
    const char *run, *probe, *version, *started, *finished; /* NULL: not told */
    const char *source;                                     /* JSON as written, or NULL */
    const char *why;                                        /* of complete false; NULL when complete */
    bool begun, ended, complete;
    uint64_t records; /* read, `run` and `end` included */
};

enum vo_value_type {
    VO_VALUE_ABSENT, /* the observation does not mention it */
    VO_VALUE_NUMBER,
    VO_VALUE_WORD,
    VO_VALUE_MISSING, /* `text` is the reason */
    VO_VALUE_BAD,     /* `text` says what is wrong with it */
};

struct vo_value {
    enum vo_value_type type;
    double number;
    const char *text;
    const char *basis;  /* or NULL */
    double uncertainty; /* NaN: not told */
};

struct vo_fact_label {
    const char *name, *text; /* text NULL: a number */
    double number;
};

struct vo_fact {
    struct vo_fact *next; /* of the same subject */
    size_t run;           /* index into facts->runs */
    uint64_t n;
    vo_time time; /* VO_TIME_UNKNOWN: not told */
    const char *kind, *id, *key;
    struct vo_fact_label *labels;
    size_t label_count;
    struct vo_value *values; /* by facts->slot */
};

struct vo_facts_subject {
    struct vo_facts_subject *next;
    const char *kind, *id;
    struct vo_fact *first, *last;
};

struct vo_facts_series {
    struct vo_facts_series *next;
    double step_s;
    vo_time start;
    size_t bins, capacity;
    double *columns[VO_METRIC_COUNT]; /* NaN: null, or not told; NULL: not wanted */
    const char *broken;               /* why it cannot be used, or NULL */
};

struct vo_facts {
    struct vo_arena arena;
    struct vo_facts_run *runs;
    size_t run_count, last_run;
    struct vo_names run_names, subject_names, series_names;
    struct vo_facts_subject *subjects, *last_subject;
    struct vo_facts_series *series;
    bool wanted[VO_METRIC_COUNT], wanted_columns[VO_METRIC_COUNT];
    size_t slot[VO_METRIC_COUNT]; /* where a wanted metric lies in vo_fact.values */
    size_t slot_count;
    const struct vo_rules *rules; /* borrowed */
};

/* For the rules that are selected. The caller frees with vo_facts_free(). VO_ERR_MEMORY. */
enum vo_status vo_facts_new(const struct vo_rules *rules, struct vo_facts **facts, struct vo_error *error);
void vo_facts_free(struct vo_facts *facts);
/* Reads a whole file of records ("-": standard input). VO_ERR_IO, VO_ERR_INPUT with file and line. */
enum vo_status vo_facts_read(struct vo_facts *facts, const char *path, struct vo_error *error);
enum vo_status vo_facts_add(struct vo_facts *facts, const struct vo_record *record, struct vo_error *error);
/* To be called after the last record: says why runs are incomplete. */
enum vo_status vo_facts_finish(struct vo_facts *facts, struct vo_error *error);

/* Never NULL; type VO_VALUE_ABSENT for what was not wanted. */
const struct vo_value *vo_fact_value(const struct vo_facts *facts, const struct vo_fact *fact,
                                     const struct vo_metric_row *metric);
/* A label's text, or NULL. */
const char *vo_fact_label(const struct vo_fact *fact, const char *name);
/* Whether both have the same value of a label, or both have none. */
bool vo_fact_same_label(const struct vo_fact *a, const struct vo_fact *b, const char *name);
/* Whether labels and states are among those that the rule's `where` allows, and none is of its `without`. */
bool vo_fact_matches(const struct vo_facts *facts, const struct vo_fact *fact, const struct vo_rule *rule);
/* The series of the observation's subject in its run, or NULL. */
const struct vo_facts_series *vo_fact_series(const struct vo_facts *facts, const struct vo_fact *fact);

#endif
