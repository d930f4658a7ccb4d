/*
 * What the records say, as far as the selected rules ask: runs, and observations by subject.
 *
 * Records are streamed; of each observation only the metrics that are wanted of its kind stay, of each series
 * only the wanted columns. A subject is one kind, id and capture point, of links and channels also one place;
 * its observations are kept in the order of reading. A run is complete when it has its `run` record and an
 * `end` that says so (design: formats, Records).
 *
 * The place of an observation is its label `place` too. An observation of a BSS, cell, link or channel that
 * counts on from an earlier one (the same run, subject, place, visit, interface, source and association)
 * takes its place, so that memory grows with places and not with time.
 *
 * Derived observations (analyze/derived.h) stand with those that were read, behind them, until they are taken
 * back.
 */
#ifndef VO_ANALYZE_FACTS_H
#define VO_ANALYZE_FACTS_H

#include "analyze/arena.h"
#include "analyze/names.h"
#include "analyze/rules.h"
#include "analyze/texts.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/metric.h"
#include "core/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The phone beside which the adapter's levels were measured; see `conditions` in docs/records.md. */
struct vo_calibration {
    bool told;
    const char *bad; /* told, but it cannot be used: why; or NULL */
    const char *phone, *adapter;
    double offset_db;      /* the phone's level less the adapter's */
    double uncertainty_db; /* NaN: not told */
};

struct vo_facts_run {
    const char *run, *probe, *version, *started, *finished; /* NULL: not told */
    const char *source;                                     /* JSON as written, or NULL */
    const char *why;                                        /* of complete false; NULL when complete */
    const char *host, *interface;                           /* interface: it measured live */
    struct vo_calibration calibration;
    bool begun, ended, complete;
    bool running;     /* it has no end yet, and more records may come */
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

struct vo_evidence {
    size_t run; /* index into facts->runs */
    uint64_t n;
};

/* What is kept of a kind of subject. */
struct vo_facts_kind {
    const char *name;
    bool counts_on; /* later observations take the place of earlier ones, see above */
    size_t slot_count;
    uint8_t slots[VO_METRIC_COUNT];   /* 1 + its slot; 0: not wanted */
    uint8_t metrics[VO_METRIC_COUNT]; /* by slot: enum vo_metric */
};

enum { VO_FACT_TOLD = 64 };

struct vo_fact {
    /* What is asked of every observation, for each rule, stands at the front. */
    struct vo_fact *next; /* of the same subject */
    const struct vo_facts_kind *shape;
    uint64_t told;  /* bit n: it mentions the metric of slot n; of the first VO_FACT_TOLD */
    vo_time time;   /* VO_TIME_UNKNOWN: not told */
    size_t run;     /* index into facts->runs; of a derived one that of its first evidence */
    bool elsewhere; /* has that label */
    bool derived;
    uint64_t n; /* 0: derived */
    const char *kind, *id, *key;
    const char *place; /* or NULL */
    double counted;    /* what a link or channel has counted so far; NaN: nothing */
    struct vo_fact_label *labels;
    struct vo_value *values; /* those that the observation mentions */
    uint8_t *at;             /* by slot: 1 + index into values; 0: absent */
    uint32_t label_count, label_room, value_count, value_room;
    struct vo_evidence *evidence; /* of a derived one; else NULL: it is its own */
    size_t evidence_count;
};

struct vo_facts_subject {
    struct vo_facts_subject *next;
    const char *kind, *id;
    struct vo_fact *first, *last; /* those that were read, then those that are derived */
    struct vo_fact *last_read;
};

struct vo_facts_series {
    struct vo_facts_series *next;
    double step_s;
    vo_time start;
    size_t bins, capacity;
    double *columns[VO_METRIC_COUNT]; /* NaN: null, or not told; NULL: not wanted */
    const char *broken;               /* why it cannot be used, or NULL */
};

enum { VO_FACTS_KINDS = 24 };

struct vo_facts {
    struct vo_arena arena;
    struct vo_texts texts; /* in `arena` */
    struct vo_facts_run *runs;
    size_t run_count, last_run;
    struct vo_names run_names, subject_names, series_names;
    struct vo_facts_subject *subjects, *last_subject;
    struct vo_facts_series *series;
    struct vo_facts_kind kinds[VO_FACTS_KINDS];
    size_t kind_count;
    bool wanted_columns[VO_METRIC_COUNT];
    struct vo_value *scratch; /* of the observation that is being read, by slot */
    struct vo_fact draft;     /* that observation; its labels are on the heap */
    struct {
        struct vo_fact **slots;
        size_t capacity, count;
    } counting; /* facts that a later observation may replace, by run, subject, place, visit, interface */
    struct {
        struct vo_arena arena;
        struct vo_names names;
        struct vo_facts_subject *last_read; /* the last subject that was read; those behind are derived */
        bool any;
    } derived;
    const char *const *surveyed;  /* SSIDs that decide the label `judged`; borrowed */
    size_t surveyed_count;        /* 0: the records' own labels stand */
    const struct vo_rules *rules; /* borrowed */
};

/* For the rules that are selected. The caller frees with vo_facts_free(). VO_ERR_MEMORY. */
enum vo_status vo_facts_new(const struct vo_rules *rules, struct vo_facts **facts, struct vo_error *error);
void vo_facts_free(struct vo_facts *facts);
/* Before the first record: a metric (VO_METRIC_COUNT: none) of subjects of a kind is to be kept, whatever the
 * rules ask. `kind` is a literal. */
void vo_facts_want(struct vo_facts *facts, const char *kind, enum vo_metric metric);
/* NULL: nothing is kept of the kind. */
const struct vo_facts_kind *vo_facts_kind(const struct vo_facts *facts, const char *kind);
/* Before the first record: the SSIDs of the WLAN that is surveyed. They decide the label `judged` of whatever
 * has an SSID, and of BSSs whose SSID is not known. Borrowed. */
void vo_facts_survey(struct vo_facts *facts, const char *const *ssids, size_t count);

/* VO_ERR_INPUT with file and line, VO_ERR_MEMORY. */
enum vo_status vo_facts_add(struct vo_facts *facts, const struct vo_record *record, struct vo_error *error);
/* To be called after the last record, or after the last so far (`more`): says why runs are incomplete, or
 * that they are running. */
enum vo_status vo_facts_finish(struct vo_facts *facts, bool more, struct vo_error *error);
/* Whether what it says counts as a whole run's: it is complete, or still running. */
bool vo_facts_run_counts(const struct vo_facts_run *run);
/* The same of all runs that an observation stands on. */
bool vo_fact_counts(const struct vo_facts *facts, const struct vo_fact *fact);

/* Never NULL; type VO_VALUE_ABSENT for what was not wanted. */
const struct vo_value *vo_fact_value(const struct vo_fact *fact, const struct vo_metric_row *metric);
/* Whether it mentions the metric: its value, or why it is missing. */
bool vo_fact_tells(const struct vo_fact *fact, const struct vo_metric_row *metric);
/* Its number; NaN if it has none. */
double vo_fact_number(const struct vo_fact *fact, enum vo_metric metric);
/* A label's text, or NULL. */
const char *vo_fact_label(const struct vo_fact *fact, const char *name);
/* A label's number; NaN if it has none. */
double vo_fact_label_number(const struct vo_fact *fact, const char *name);
/* Whether both have the same value of a label, or both have none. */
bool vo_fact_same_label(const struct vo_fact *a, const struct vo_fact *b, const char *name);
/* Whether labels and states are among those that the rule's `where` allows, and none is of its `without`. */
bool vo_fact_matches(const struct vo_fact *fact, const struct vo_rule *rule);
/* What it stands on; at least one. `self` is filled for an observation that was read. */
const struct vo_evidence *vo_fact_evidence(const struct vo_fact *fact, struct vo_evidence *self,
                                           size_t *count);
/* The series of the observation's subject in its run, or NULL. */
const struct vo_facts_series *vo_fact_series(const struct vo_facts *facts, const struct vo_fact *fact);

#endif
