#include "report/model_records.h"

#include "core/record.h"
#include "report/store.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SERIES_ROWS_MAX 200000 /* 55 hours of one-second rows */
#define TEXT_SIZE       1024

void vo_report_note(struct vo_report *report, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char **notes = vo_store_grow(report->store, report->notes, report->note_count, sizeof *notes);
    if (!notes)
        return;
    report->notes = notes;
    report->notes[report->note_count++] = vo_store_text(report->store, text);
}

/* A label is text, a number or a list of texts. */
static const char *label(struct vo_report *report, const struct vo_json *object, const char *key)
{
    const struct vo_json *node = vo_json_get(object, key);
    char text[TEXT_SIZE] = "";
    size_t size = 0;
    switch (vo_json_type(node)) {
    case VO_JSON_STRING:
        return vo_store_text(report->store, vo_json_text(node));
    case VO_JSON_NUMBER:
        snprintf(text, sizeof text, "%.10g", vo_json_double(node));
        return vo_store_text(report->store, text);
    case VO_JSON_ARRAY:
        for (const struct vo_json *item = vo_json_child(node); item && size < sizeof text;
             item = vo_json_next(item))
            if (vo_json_text(item))
                size += (size_t)snprintf(text + size, sizeof text - size, "%s%s", size ? ", " : "",
                                         vo_json_text(item));
        return size ? vo_store_text(report->store, text) : NULL;
    default:
        return NULL;
    }
}

static vo_time read_time(const struct vo_json *object, const char *key)
{
    const char *text = vo_json_get_text(object, key);
    vo_time time = VO_TIME_UNKNOWN;
    return text && vo_time_parse(text, &time, NULL) == VO_OK ? time : VO_TIME_UNKNOWN;
}

/* Calls `keep` for each member of `object` whose key is in the catalogue. */
static void each_metric(struct vo_report *report, const struct vo_json *object, struct vo_facts *facts,
                        void (*keep)(struct vo_report *, struct vo_facts *, size_t, const struct vo_json *))
{
    for (const struct vo_json *node = vo_json_child(object); node; node = vo_json_next(node)) {
        const struct vo_metric_row *row = vo_metric_find(vo_json_key_of(node));
        if (row)
            keep(report, facts, (size_t)(row - vo_metrics), node);
    }
}

static void keep_number(struct vo_report *report, struct vo_facts *facts, size_t i,
                        const struct vo_json *node)
{
    (void)report;
    facts->number[i] = vo_json_double(node);
}

static void keep_uncertainty(struct vo_report *report, struct vo_facts *facts, size_t i,
                             const struct vo_json *node)
{
    (void)report;
    facts->uncertainty[i] = vo_json_double(node);
}

static void keep_word(struct vo_report *report, struct vo_facts *facts, size_t i, const struct vo_json *node)
{
    facts->word[i] = vo_store_text(report->store, vo_json_text(node));
}

static void keep_missing(struct vo_report *report, struct vo_facts *facts, size_t i,
                         const struct vo_json *node)
{
    facts->missing[i] = vo_store_text(report->store, vo_json_text(node));
}

static void keep_basis(struct vo_report *report, struct vo_facts *facts, size_t i, const struct vo_json *node)
{
    facts->basis[i] = vo_store_text(report->store, vo_json_text(node));
}

/* Labels that have a field of their own. */
static bool has_field(const char *name)
{
    static const char *const names[] = {"kind",     "id",           "key",         "media",  "codec",
                                        "clock_hz", "call_id",      "direction",   "point",  "position",
                                        "playout",  "source",       "destination", "caller", "callee",
                                        "leg",      "linked_calls", "payload_type"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void read_labels(struct vo_report *report, const struct vo_json *subject, struct vo_observation *seen)
{
    struct vo_label *labels = vo_store_take(report->store, (vo_json_count(subject) + 1) * sizeof *labels);
    const struct vo_json *node = labels ? vo_json_child(subject) : NULL;
    seen->labels = labels;
    for (; node; node = vo_json_next(node)) {
        const char *name = vo_json_key_of(node),
                   *value = has_field(name) ? NULL : label(report, subject, name);
        if (value)
            labels[seen->label_count++] = (struct vo_label){vo_store_text(report->store, name), value};
    }
}

static void read_observation(struct vo_report *report, const struct vo_record *record,
                             struct vo_observation *seen)
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    const char *id = vo_json_get_text(subject, "id");
    seen->id = vo_store_text(report->store, id ? id : "?");
    seen->key = label(report, subject, "key");
    read_labels(report, subject, seen);
    seen->run = vo_store_text(report->store, record->run);
    seen->n = record->n;
    seen->time = read_time(record->json, "time");
    for (size_t i = 0; i < VO_METRIC_COUNT; i++)
        seen->facts.number[i] = seen->facts.uncertainty[i] = NAN;
    each_metric(report, vo_json_get(record->json, "metrics"), &seen->facts, keep_number);
    each_metric(report, vo_json_get(record->json, "uncertainty"), &seen->facts, keep_uncertainty);
    each_metric(report, vo_json_get(record->json, "states"), &seen->facts, keep_word);
    each_metric(report, vo_json_get(record->json, "missing"), &seen->facts, keep_missing);
    each_metric(report, vo_json_get(record->json, "basis"), &seen->facts, keep_basis);
}

/* Appends a pointer to a list that lives in the store. */
#define APPEND(report, list, count, item)                                                                    \
    do {                                                                                                     \
        void *grown_ = vo_store_grow((report)->store, (list), (count), sizeof *(list));                      \
        if (grown_) {                                                                                        \
            (list) = grown_;                                                                                 \
            (list)[(count)++] = (item);                                                                      \
        }                                                                                                    \
    } while (0)

static void read_stream(struct vo_report *report, const struct vo_record *record)
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    struct vo_stream *stream = vo_store_take(report->store, sizeof *stream);
    if (!stream)
        return;
    read_observation(report, record, &stream->seen);
    stream->media = label(report, subject, "media");
    stream->codec = label(report, subject, "codec");
    stream->payload_type = label(report, subject, "payload_type");
    stream->clock_hz = label(report, subject, "clock_hz");
    stream->call_id = label(report, subject, "call_id");
    stream->direction = label(report, subject, "direction");
    stream->point = label(report, subject, "point");
    stream->position = label(report, subject, "position");
    stream->playout = label(report, subject, "playout");
    stream->source = label(report, subject, "source");
    stream->destination = label(report, subject, "destination");
    stream->worst = VO_RESULT_STATUSES;
    APPEND(report, report->streams, report->stream_count, stream);
}

static void read_call(struct vo_report *report, const struct vo_record *record)
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    struct vo_call *call = vo_store_take(report->store, sizeof *call);
    if (!call)
        return;
    read_observation(report, record, &call->seen);
    call->call_id = label(report, subject, "call_id");
    if (!call->call_id)
        call->call_id = call->seen.id;
    call->caller = label(report, subject, "caller");
    call->callee = label(report, subject, "callee");
    call->leg = label(report, subject, "leg");
    call->linked = label(report, subject, "linked_calls");
    call->point = label(report, subject, "point");
    call->worst = VO_RESULT_STATUSES;
    APPEND(report, report->calls, report->call_count, call);
}

static void read_capture(struct vo_report *report, const struct vo_record *record)
{
    struct vo_capture *capture = vo_store_take(report->store, sizeof *capture);
    if (!capture)
        return;
    read_observation(report, record, &capture->seen);
    capture->point = label(report, vo_json_get(record->json, "subject"), "point");
    APPEND(report, report->captures, report->capture_count, capture);
}

static const struct {
    const char *kind;
    void (*read)(struct vo_report *report, const struct vo_record *record);
} subjects[] = {{"rtp_stream", read_stream}, {"call", read_call}, {"capture", read_capture}};

static void read_observed(struct vo_report *report, const struct vo_record *record)
{
    const char *kind = vo_json_get_text(vo_json_get(record->json, "subject"), "kind");
    for (size_t i = 0; kind && i < sizeof subjects / sizeof *subjects; i++)
        if (strcmp(kind, subjects[i].kind) == 0)
            subjects[i].read(report, record);
}

static const enum vo_metric series_metrics[VO_SERIES_COLUMNS] = {
    [VO_SERIES_PACKETS] = VO_METRIC_RTP_PACKETS,      [VO_SERIES_EXPECTED] = VO_METRIC_RTP_EXPECTED_PACKETS,
    [VO_SERIES_LOST] = VO_METRIC_RTP_LOST_PACKETS,    [VO_SERIES_DISCARDED] = VO_METRIC_RTP_DISCARDED_PACKETS,
    [VO_SERIES_JITTER] = VO_METRIC_RTP_JITTER_MAX_MS, [VO_SERIES_PDV] = VO_METRIC_RTP_PDV_MAX_MS,
    [VO_SERIES_DSCP] = VO_METRIC_RTP_DSCP_46_PACKETS,
};

static void read_column(struct vo_report *report, struct vo_series_piece *piece, size_t i,
                        const struct vo_json *values)
{
    piece->column[i] = vo_store_take(report->store, (piece->rows + 1) * sizeof(double));
    const struct vo_json *value = vo_json_child(values);
    for (size_t row = 0; piece->column[i] && row < piece->rows; row++) {
        piece->column[i][row] = vo_json_double(value);
        value = vo_json_next(value);
    }
}

static void read_series(struct vo_report *report, const struct vo_record *record)
{
    const struct vo_json *subject = vo_json_get(record->json, "subject");
    const struct vo_json *columns = vo_json_get(record->json, "columns");
    const char *id = vo_json_text(subject) ? vo_json_text(subject) : vo_json_get_text(subject, "id");
    vo_time start = read_time(record->json, "start");
    double step = vo_json_double(vo_json_get(record->json, "step_s"));
    struct vo_series_piece *piece = vo_store_take(report->store, sizeof *piece);
    if (!piece || !id || start == VO_TIME_UNKNOWN || !(step >= 0.001 && step <= 86400.0))
        return;
    piece->run = vo_store_text(report->store, record->run);
    piece->id = vo_store_text(report->store, id);
    piece->key = label(report, subject, "key");
    piece->point = label(report, vo_json_get(subject, "point") ? subject : record->json, "point");
    piece->start = start;
    piece->step_s = step;
    for (const struct vo_json *column = vo_json_child(columns); column; column = vo_json_next(column))
        if (vo_json_count(column) > piece->rows)
            piece->rows = vo_json_count(column);
    if (piece->rows == 0 || piece->rows > SERIES_ROWS_MAX)
        return;
    for (size_t i = 0; i < VO_SERIES_COLUMNS; i++) {
        const struct vo_json *values = vo_json_get(columns, vo_metrics[series_metrics[i]].name);
        if (vo_json_type(values) == VO_JSON_ARRAY)
            read_column(report, piece, i, values);
    }
    piece->next = report->pieces;
    report->pieces = piece;
}

/* "digit 5, duration_ms 120": the scalar fields of an event that has no text of its own. */
static const char *compose_event(struct vo_report *report, const struct vo_json *json)
{
    static const char *const known[] = {"record", "run",   "n",       "time",   "kind", "subject",
                                        "place",  "point", "call_id", "stream", "from", "to"};
    char text[TEXT_SIZE] = "";
    size_t size = 0;
    for (const struct vo_json *node = vo_json_child(json); node && size < sizeof text;
         node = vo_json_next(node)) {
        bool skip = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            skip = skip || strcmp(vo_json_key_of(node), known[i]) == 0;
        const char *before = size ? ", " : "";
        if (skip)
            continue;
        if (vo_json_text(node))
            size += (size_t)snprintf(text + size, sizeof text - size, "%s%s %s", before, vo_json_key_of(node),
                                     vo_json_text(node));
        else if (vo_json_type(node) == VO_JSON_NUMBER)
            size += (size_t)snprintf(text + size, sizeof text - size, "%s%s %.10g", before,
                                     vo_json_key_of(node), vo_json_double(node));
    }
    return vo_store_text(report->store, text);
}

static void read_event(struct vo_report *report, const struct vo_record *record)
{
    const struct vo_json *json = record->json, *subject = vo_json_get(json, "subject");
    const char *kind = vo_json_get_text(json, "kind");
    const char *subject_kind = vo_json_get_text(subject, "kind");
    struct vo_event *event = vo_store_take(report->store, sizeof *event);
    if (!event || !kind)
        return;
    event->kind = vo_store_text(report->store, kind);
    event->time = read_time(json, "time");
    event->call_id = label(report, json, "call_id");
    event->stream = label(report, json, "stream");
    if (vo_json_text(subject) && !event->stream)
        event->stream = vo_store_text(report->store, vo_json_text(subject));
    else if (subject_kind && strcmp(subject_kind, "rtp_stream") == 0)
        event->stream = label(report, subject, "id");
    else if (subject_kind && strcmp(subject_kind, "call") == 0 && !event->call_id)
        event->call_id = label(report, subject, "id");
    if (!event->call_id)
        event->call_id = label(report, subject, "call_id");
    event->from = label(report, json, "from");
    event->to = label(report, json, "to");
    event->text = label(report, json, "text");
    if (!event->text)
        event->text = label(report, json, "detail");
    if (!event->text)
        event->text = compose_event(report, json);
    event->retransmission = vo_json_true(vo_json_get(json, "retransmission"));
    event->sdp = vo_json_true(vo_json_get(json, "sdp"));
    APPEND(report, report->events, report->event_count, event);
}

static const struct {
    const char *kind;
    void (*read)(struct vo_report *report, const struct vo_record *record);
} records[] = {{"observation", read_observed}, {"series", read_series}, {"event", read_event}};

static enum vo_status read_file(struct vo_report *report, const char *path, struct vo_error *error)
{
    struct vo_record_reader *reader;
    struct vo_record record = {0};
    enum vo_status status = vo_record_reader_open(path, &reader, error);
    if (status != VO_OK)
        return status;
    while ((status = vo_record_read(reader, &record, error)) == VO_OK) {
        for (size_t i = 0; i < sizeof records / sizeof *records; i++)
            if (strcmp(record.kind, records[i].kind) == 0)
                records[i].read(report, &record);
        if (vo_store_failed(report->store)) {
            status = vo_error_memory(error, "the records");
            break;
        }
    }
    if (status == VO_END && vo_record_reader_cut(reader))
        vo_report_note(report, "%s ends in the middle of a record: what came after it is not in this report",
                       path);
    vo_record_reader_free(reader);
    return status == VO_END ? VO_OK : status;
}

enum vo_status vo_report_read_records(struct vo_report *report, const char *const *paths, size_t count,
                                      struct vo_error *error)
{
    for (size_t i = 0; i < count; i++) {
        enum vo_status status = read_file(report, paths[i], error);
        if (status != VO_OK)
            return status;
    }
    return VO_OK;
}
