#include "report/model_records.h"

#include "core/record.h"
#include "report/model_air.h"
#include "report/store.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 1024

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
const char *vo_report_read_label(struct vo_report *report, const struct vo_json *object, const char *key)
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

vo_time vo_report_read_time(const struct vo_json *object, const char *key)
{
    const char *text = vo_json_get_text(object, key);
    vo_time time = VO_TIME_UNKNOWN;
    return text && vo_time_parse(text, &time, NULL) == VO_OK ? time : VO_TIME_UNKNOWN;
}

/* --- facts
 * -------------------------------------------------------------------------------------------------- */

static void keep_number(struct vo_report *report, struct vo_reported *told, const struct vo_json *node)
{
    (void)report;
    told->number = vo_json_double(node);
}

static void keep_uncertainty(struct vo_report *report, struct vo_reported *told, const struct vo_json *node)
{
    (void)report;
    told->uncertainty = vo_json_double(node);
}

static void keep_word(struct vo_report *report, struct vo_reported *told, const struct vo_json *node)
{
    told->word = vo_store_text(report->store, vo_json_text(node));
}

static void keep_missing(struct vo_report *report, struct vo_reported *told, const struct vo_json *node)
{
    told->missing = vo_store_text(report->store, vo_json_text(node));
}

static void keep_basis(struct vo_report *report, struct vo_reported *told, const struct vo_json *node)
{
    told->basis = vo_store_text(report->store, vo_json_text(node));
}

static const struct {
    const char *name;
    void (*keep)(struct vo_report *report, struct vo_reported *told, const struct vo_json *node);
} sections[] = {{"metrics", keep_number},
                {"uncertainty", keep_uncertainty},
                {"states", keep_word},
                {"missing", keep_missing},
                {"basis", keep_basis}};

static void read_facts(struct vo_report *report, const struct vo_json *json, struct vo_facts *facts)
{
    struct vo_reported told[VO_METRIC_COUNT];
    bool named[VO_METRIC_COUNT] = {false};
    size_t count = 0;
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        const struct vo_json *node = vo_json_child(vo_json_get(json, sections[s].name));
        for (; node; node = vo_json_next(node)) {
            const char *name = vo_json_key_of(node); /* NULL in an array */
            const struct vo_metric_row *row = name ? vo_metric_find(name) : NULL;
            if (!row)
                continue;
            size_t i = (size_t)(row - vo_metrics);
            if (!named[i])
                told[i] =
                    (struct vo_reported){.metric = (enum vo_metric)i, .number = NAN, .uncertainty = NAN};
            count += !named[i];
            named[i] = true;
            sections[s].keep(report, &told[i], node);
        }
    }
    if (count > facts->room) {
        facts->items = vo_store_take(report->store, count * sizeof *facts->items);
        facts->room = facts->items ? count : 0;
    }
    facts->count = 0;
    for (size_t i = 0; i < VO_METRIC_COUNT && facts->count < facts->room; i++)
        if (named[i])
            facts->items[facts->count++] = told[i];
}

/* --- observations
 * ------------------------------------------------------------------------------------------- */

static bool is_listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

static void read_labels(struct vo_report *report, const struct vo_json *subject, const char *const *left_out,
                        struct vo_observation *seen)
{
    size_t most = vo_json_count(subject);
    if (most > seen->label_room) {
        seen->labels = vo_store_take(report->store, most * sizeof *seen->labels);
        seen->label_room = seen->labels ? most : 0;
    }
    seen->label_count = 0;
    const struct vo_json *node = vo_json_child(subject);
    for (; node && seen->label_count < seen->label_room; node = vo_json_next(node)) {
        const char *name = vo_json_key_of(node);
        const char *value = is_listed(left_out, name) ? NULL : vo_report_read_label(report, subject, name);
        if (value)
            seen->labels[seen->label_count++] = (struct vo_label){vo_store_text(report->store, name), value};
    }
}

void vo_report_read_observation(struct vo_report *report, const struct vo_json *json,
                                const char *const *left_out, struct vo_observation *seen)
{
    const struct vo_json *subject = vo_json_get(json, "subject");
    const char *id = vo_json_get_text(subject, "id");
    double n = vo_json_double(vo_json_get(json, "n"));
    seen->id = vo_store_text(report->store, id ? id : "?");
    seen->key = vo_report_read_label(report, subject, "key");
    read_labels(report, subject, left_out, seen);
    seen->run = vo_store_text(report->store, vo_json_get_text(json, "run"));
    seen->n = n >= 1 && n < 1e15 ? (uint64_t)n : 0;
    seen->time = vo_report_read_time(json, "time");
    read_facts(report, json, &seen->facts);
}

/* Labels of streams, calls and captures that have a field of their own. */
static const char *const fields[] = {"kind",     "id",           "key",          "media",  "codec",
                                     "clock_hz", "call_id",      "direction",    "point",  "position",
                                     "playout",  "source",       "destination",  "caller", "callee",
                                     "leg",      "linked_calls", "payload_type", NULL};

static void read_observation(struct vo_report *report, const struct vo_record *record,
                             struct vo_observation *seen)
{
    vo_report_read_observation(report, record->json, fields, seen);
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
    stream->media = vo_report_read_label(report, subject, "media");
    stream->codec = vo_report_read_label(report, subject, "codec");
    stream->payload_type = vo_report_read_label(report, subject, "payload_type");
    stream->clock_hz = vo_report_read_label(report, subject, "clock_hz");
    stream->call_id = vo_report_read_label(report, subject, "call_id");
    stream->direction = vo_report_read_label(report, subject, "direction");
    stream->point = vo_report_read_label(report, subject, "point");
    stream->position = vo_report_read_label(report, subject, "position");
    stream->playout = vo_report_read_label(report, subject, "playout");
    stream->source = vo_report_read_label(report, subject, "source");
    stream->destination = vo_report_read_label(report, subject, "destination");
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
    call->call_id = vo_report_read_label(report, subject, "call_id");
    if (!call->call_id)
        call->call_id = call->seen.id;
    call->caller = vo_report_read_label(report, subject, "caller");
    call->callee = vo_report_read_label(report, subject, "callee");
    call->leg = vo_report_read_label(report, subject, "leg");
    call->linked = vo_report_read_label(report, subject, "linked_calls");
    call->point = vo_report_read_label(report, subject, "point");
    call->worst = VO_RESULT_STATUSES;
    APPEND(report, report->calls, report->call_count, call);
}

static void read_capture(struct vo_report *report, const struct vo_record *record)
{
    struct vo_capture *capture = vo_store_take(report->store, sizeof *capture);
    if (!capture)
        return;
    read_observation(report, record, &capture->seen);
    capture->point = vo_report_read_label(report, vo_json_get(record->json, "subject"), "point");
    APPEND(report, report->captures, report->capture_count, capture);
}

static const struct {
    const char *kind;
    void (*read)(struct vo_report *report, const struct vo_record *record);
} subjects[] = {{"rtp_stream", read_stream}, {"call", read_call}, {"capture", read_capture}};

static void read_series(struct vo_report *report, const struct vo_record *record)
{
    vo_series_read(report, record->json);
}

static void read_observed(struct vo_report *report, const struct vo_record *record)
{
    const char *kind = vo_json_get_text(vo_json_get(record->json, "subject"), "kind");
    vo_air_read(report, record->json, false);
    for (size_t i = 0; kind && i < sizeof subjects / sizeof *subjects; i++)
        if (strcmp(kind, subjects[i].kind) == 0)
            subjects[i].read(report, record);
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
    vo_air_read_event(report, json);
    if (!event || !kind)
        return;
    event->kind = vo_store_text(report->store, kind);
    event->time = vo_report_read_time(json, "time");
    event->call_id = vo_report_read_label(report, json, "call_id");
    event->stream = vo_report_read_label(report, json, "stream");
    if (vo_json_text(subject) && !event->stream)
        event->stream = vo_store_text(report->store, vo_json_text(subject));
    else if (subject_kind && strcmp(subject_kind, "rtp_stream") == 0)
        event->stream = vo_report_read_label(report, subject, "id");
    else if (subject_kind && strcmp(subject_kind, "call") == 0 && !event->call_id)
        event->call_id = vo_report_read_label(report, subject, "id");
    if (!event->call_id)
        event->call_id = vo_report_read_label(report, subject, "call_id");
    event->from = vo_report_read_label(report, json, "from");
    event->to = vo_report_read_label(report, json, "to");
    event->text = vo_report_read_label(report, json, "text");
    if (!event->text)
        event->text = vo_report_read_label(report, json, "detail");
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
