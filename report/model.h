/*
 * What a report is made of: the verdict's results, and the calls, streams and captures of its records.
 *
 * Every output format reads this model and nothing else. Text and JSON nodes belong to the model and live as
 * long as it. A number that is not known is NaN, a word or text that is not known is NULL: nothing is filled
 * in. Unknown record kinds, metrics and fields are ignored. The verdict file is described in docs/verdict.md.
 */
#ifndef VO_REPORT_MODEL_H
#define VO_REPORT_MODEL_H

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "core/metric.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Worst first: the order of every list. */
enum vo_result_status {
    VO_RESULT_ERROR,
    VO_RESULT_FAIL,
    VO_RESULT_WARN,
    VO_RESULT_NOT_MEASURED,
    VO_RESULT_PASS,
    VO_RESULT_INFORMATIONAL,
    VO_RESULT_SKIPPED,
    VO_RESULT_NOT_APPLICABLE,
    VO_RESULT_STATUSES
};
extern const char *const vo_result_words[VO_RESULT_STATUSES]; /* as in the verdict: "not_measured" */
extern const char *const vo_result_names[VO_RESULT_STATUSES]; /* for people: "Not measured" */

/* What one observation says of one metric of the catalogue. */
struct vo_reported {
    enum vo_metric metric;
    double number, uncertainty;
    const char *word, *missing, *basis; /* missing: the reason */
};

/* What one observation says: only the metrics that it names, in the order of the catalogue. */
struct vo_facts {
    struct vo_reported *items;
    size_t count, room;
};

enum vo_series_column {
    VO_SERIES_PACKETS,
    VO_SERIES_EXPECTED,
    VO_SERIES_LOST,
    VO_SERIES_DISCARDED,
    VO_SERIES_JITTER,
    VO_SERIES_PDV,
    VO_SERIES_DSCP,
    VO_SERIES_SIGNAL,
    VO_SERIES_SENT,
    VO_SERIES_UNDELIVERED,
    VO_SERIES_RETRIES,
    VO_SERIES_BUSY,
    VO_SERIES_AIRTIME,
    VO_SERIES_LISTENED,
    VO_SERIES_COLUMNS
};

/* One row a step from `start`; NaN where there was nothing. `rows` is 0 without a series. */
struct vo_series {
    vo_time start;
    double step_s;
    size_t rows;
    double *column[VO_SERIES_COLUMNS]; /* NULL if the records have no such column */
};

struct vo_call;
struct vo_air;
struct vo_air_item;

struct vo_label {
    const char *name, *value;
};

struct vo_observation {
    struct vo_label *labels; /* those without a field of their own below, in the order of the record */
    size_t label_count, label_room;
    const char *id, *key, *run;
    uint64_t n;
    vo_time time;
    struct vo_facts facts;
};

struct vo_stream {
    struct vo_observation seen;
    const char *media, *codec, *payload_type, *clock_hz, *call_id, *direction, *point, *position, *playout;
    const char *source, *destination;
    bool point_matters; /* the report has streams of several capture points */
    struct vo_series series;
    struct vo_call *call;        /* NULL if no call is known */
    enum vo_result_status worst; /* of its results; VO_RESULT_STATUSES without any */
};

struct vo_event {
    const char *kind; /* "sip", "dtmf", … */
    vo_time time;
    const char *call_id, *stream;
    const char *from, *to, *text;
    bool retransmission, sdp;
};

struct vo_call {
    struct vo_observation seen;
    const char *call_id, *caller, *callee, *leg, *linked, *point;
    struct vo_stream **streams;
    size_t stream_count;
    struct vo_event **events; /* in order of time */
    size_t event_count;
    enum vo_result_status worst; /* of its own and its streams' results */
};

struct vo_capture {
    struct vo_observation seen;
    const char *point;
};

struct vo_result {
    const struct vo_json *json; /* whole, as in the verdict */
    size_t rule_order;          /* of its rule among the rules, as they first appear in the file */
    const char *rule, *title, *area, *severity;
    bool required;
    enum vo_result_status status;
    const char *subject_kind, *subject_id;
    const char *metric;              /* NULL if the rule has none */
    const struct vo_metric_row *row; /* NULL if the metric is not in the catalogue */
    double observed;
    const char *observed_word;
    const char *unit;
    double samples, margin, uncertainty;
    const struct vo_json *limit;
    const char *limit_text;
    bool within_uncertainty;
    const char *basis, *document, *section, *reason, *remediation, *note;
    const struct vo_stream *stream; /* whom it speaks of, if the records tell */
    const struct vo_call *call;
    const struct vo_air_item *air;
};

/* Results of one rule with one status, worst margin first. */
struct vo_group {
    enum vo_result_status status;
    const struct vo_result **results;
    size_t count;
};

struct vo_report {
    const struct vo_json *verdict; /* root of the verdict file */
    const char *word, *reason, *created, *profile, *site;
    struct vo_result *results; /* in the order of the file */
    size_t result_count;
    struct vo_group *groups; /* worst status first, then severity, then the order of the file */
    size_t group_count;
    size_t counts[VO_RESULT_STATUSES];
    struct vo_stream **streams;
    size_t stream_count;
    struct vo_call **calls; /* worst first, then in order of time */
    size_t call_count;
    struct vo_capture **captures;
    size_t capture_count;
    struct vo_event **events;
    size_t event_count;
    struct vo_air *air; /* never NULL; report/air.h */
    const char **notes; /* what the reader must know of the input: a run cut short, a file that ends early */
    size_t note_count;
    struct vo_series_piece *pieces; /* used while loading */
    struct vo_store *store;         /* memory of all the above */
};

/* Reads a verdict file and records files ("-": standard input). VO_ERR_INPUT names file and what is wrong:
 * not a verdict, an unknown format or status; VO_ERR_IO; VO_ERR_MEMORY. vo_report_free() accepts NULL. */
enum vo_status vo_report_load(const char *verdict, const char *const *records, size_t count,
                              struct vo_report **report, struct vo_error *error);
/* The same of a verdict in memory, without records; `name` stands for its path in messages. */
enum vo_status vo_report_parse(const char *text, size_t size, const char *name, struct vo_report **report,
                               struct vo_error *error);
void vo_report_free(struct vo_report *report);

/* The value of a label of `labels`, or NULL. */
const char *vo_report_label(const struct vo_observation *seen, const char *name);

/* What they say of a metric: never NULL, but NaN and NULL throughout if they do not name it. */
const struct vo_reported *vo_facts_of(const struct vo_facts *facts, enum vo_metric metric);
/* The number of a metric, or NaN. */
double vo_facts_number(const struct vo_facts *facts, enum vo_metric metric);

/* Seconds from `from` to `to`; both known. */
double vo_report_seconds(vo_time from, vo_time to);

/* The number in a result's limit, such as {"below": 30}; NaN for words and ranges. */
double vo_result_limit(const struct vo_result *result);
/* The limit that a result over `metric` was judged by: of this stream, else of any. NaN if there is none. */
double vo_report_limit(const struct vo_report *report, const struct vo_stream *stream, enum vo_metric metric);

#endif
