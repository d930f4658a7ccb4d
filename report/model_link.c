#include "report/model_records.h"

#include "report/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* --- look-up by id
 * ------------------------------------------------------------------------------------------ */

/* Things sorted by id; equal ids stay in the order of the records. */
struct entry {
    const char *id;
    size_t order;
    void *thing;
};

struct lookup {
    struct entry *entries;
    size_t count;
};

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = strcmp(a->id, b->id);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* The first entry with `id`; NULL if none. Those that follow may have it too. */
static const struct entry *lookup_first(const struct lookup *lookup, const char *id)
{
    size_t low = 0, high = lookup->count;
    while (id && low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(lookup->entries[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return id && low < lookup->count && strcmp(lookup->entries[low].id, id) == 0 ? &lookup->entries[low]
                                                                                 : NULL;
}

static const struct entry *lookup_next(const struct lookup *lookup, const struct entry *entry)
{
    const struct entry *next = entry + 1;
    return next < lookup->entries + lookup->count && strcmp(next->id, entry->id) == 0 ? next : NULL;
}

static bool lookup_streams(struct vo_report *report, struct lookup *lookup)
{
    lookup->entries = vo_store_take(report->store, (report->stream_count + 1) * sizeof *lookup->entries);
    for (size_t i = 0; lookup->entries && i < report->stream_count; i++)
        lookup->entries[lookup->count++] = (struct entry){report->streams[i]->seen.id, i, report->streams[i]};
    if (lookup->entries)
        qsort(lookup->entries, lookup->count, sizeof *lookup->entries, compare_entries);
    return lookup->entries;
}

static bool lookup_calls(struct vo_report *report, bool by_call_id, struct lookup *lookup)
{
    lookup->entries = vo_store_take(report->store, (report->call_count + 1) * sizeof *lookup->entries);
    for (size_t i = 0; lookup->entries && i < report->call_count; i++) {
        struct vo_call *call = report->calls[i];
        lookup->entries[lookup->count++] =
            (struct entry){by_call_id ? call->call_id : call->seen.id, i, call};
    }
    if (lookup->entries)
        qsort(lookup->entries, lookup->count, sizeof *lookup->entries, compare_entries);
    return lookup->entries;
}

/* --- streams and events to calls
 * ---------------------------------------------------------------------------- */

static void call_adds_stream(struct vo_report *report, struct vo_call *call, struct vo_stream *stream)
{
    void *grown = vo_store_grow(report->store, call->streams, call->stream_count, sizeof *call->streams);
    if (!grown)
        return;
    call->streams = grown;
    call->streams[call->stream_count++] = stream;
    stream->call = call;
}

static void call_adds_event(struct vo_report *report, struct vo_call *call, struct vo_event *event)
{
    void *grown = vo_store_grow(report->store, call->events, call->event_count, sizeof *call->events);
    if (!grown)
        return;
    call->events = grown;
    call->events[call->event_count++] = event;
}

static void link_calls(struct vo_report *report, const struct lookup *calls, const struct lookup *streams)
{
    for (size_t i = 0; i < report->stream_count; i++) {
        struct vo_stream *stream = report->streams[i];
        const struct entry *found = lookup_first(calls, stream->call_id), *entry = found;
        for (; entry; entry = lookup_next(calls, entry))
            if (same(((struct vo_call *)entry->thing)->point, stream->point))
                found = entry;
        if (found)
            call_adds_stream(report, found->thing, stream);
    }
    for (size_t i = 0; i < report->event_count; i++) {
        struct vo_event *event = report->events[i];
        const struct entry *call = lookup_first(calls, event->call_id);
        const struct entry *stream = call ? NULL : lookup_first(streams, event->stream);
        if (call)
            call_adds_event(report, call->thing, event);
        else if (stream && ((struct vo_stream *)stream->thing)->call)
            call_adds_event(report, ((struct vo_stream *)stream->thing)->call, event);
    }
}

static int compare_events(const void *left, const void *right)
{
    const struct vo_event *a = *(struct vo_event *const *)left, *b = *(struct vo_event *const *)right;
    return a->time != b->time ? (a->time < b->time ? -1 : 1) : 0;
}

static int direction_rank(const struct vo_stream *stream)
{
    return same(stream->direction, "caller_to_callee")   ? 0
           : same(stream->direction, "callee_to_caller") ? 1
                                                         : 2;
}

static int compare_streams(const void *left, const void *right)
{
    const struct vo_stream *a = *(struct vo_stream *const *)left, *b = *(struct vo_stream *const *)right;
    int media = same(b->media, "audio") - same(a->media, "audio");
    int direction = direction_rank(a) - direction_rank(b);
    int id = strcmp(a->seen.id, b->seen.id);
    return media       ? media
           : direction ? direction
           : id        ? id
                       : (a->seen.time > b->seen.time) - (a->seen.time < b->seen.time);
}

static int compare_calls(const void *left, const void *right)
{
    const struct vo_call *a = *(struct vo_call *const *)left, *b = *(struct vo_call *const *)right;
    if (a->worst != b->worst)
        return a->worst < b->worst ? -1 : 1;
    if (a->seen.time != b->seen.time)
        return a->seen.time < b->seen.time ? -1 : 1;
    return strcmp(a->seen.id, b->seen.id);
}

static void sort_calls(struct vo_report *report)
{
    for (size_t i = 0; i < report->call_count; i++) {
        struct vo_call *call = report->calls[i];
        if (call->stream_count)
            qsort(call->streams, call->stream_count, sizeof *call->streams, compare_streams);
        if (call->event_count)
            qsort(call->events, call->event_count, sizeof *call->events, compare_events);
    }
    if (report->call_count)
        qsort(report->calls, report->call_count, sizeof *report->calls, compare_calls);
}

/* --- results to streams and calls
 * --------------------------------------------------------------------------- */

/* Evidence names the very record; if there is none, the capture point tells observations of one id apart. */
static bool is_evidence(const struct vo_result *result, const struct vo_observation *seen)
{
    const struct vo_json *item = vo_json_child(vo_json_get(result->json, "evidence"));
    for (; item; item = vo_json_next(item)) {
        double n = vo_json_double(vo_json_get(item, "n"));
        if (same(vo_json_get_text(item, "run"), seen->run) && n > (double)seen->n - 0.5 &&
            n < (double)seen->n + 0.5)
            return true;
    }
    return false;
}

static struct vo_stream *stream_of(const struct vo_result *result, const struct lookup *streams)
{
    const char *point = vo_json_get_text(vo_json_get(result->json, "subject"), "point");
    const struct entry *entry = lookup_first(streams, result->subject_id);
    struct vo_stream *best = entry ? entry->thing : NULL;
    for (; entry; entry = lookup_next(streams, entry)) {
        struct vo_stream *stream = entry->thing;
        if (is_evidence(result, &stream->seen))
            return stream;
        if (point && same(stream->point, point) && !same(best->point, point))
            best = stream;
    }
    return best;
}

static struct vo_call *call_of(const struct vo_result *result, const struct lookup *calls)
{
    const struct entry *entry = lookup_first(calls, result->subject_id);
    struct vo_call *first = entry ? entry->thing : NULL;
    for (; entry; entry = lookup_next(calls, entry))
        if (is_evidence(result, &((struct vo_call *)entry->thing)->seen))
            return entry->thing;
    return first;
}

static void keep_worst(enum vo_result_status *worst, enum vo_result_status status)
{
    if (status < *worst)
        *worst = status;
}

static void link_results(struct vo_report *report, const struct lookup *streams, const struct lookup *calls)
{
    for (size_t i = 0; i < report->result_count; i++) {
        struct vo_result *result = &report->results[i];
        struct vo_stream *stream = NULL;
        struct vo_call *call = NULL;
        if (same(result->subject_kind, "rtp_stream"))
            stream = stream_of(result, streams);
        else if (same(result->subject_kind, "call"))
            call = call_of(result, calls);
        if (stream) {
            keep_worst(&stream->worst, result->status);
            call = stream->call;
        }
        if (call)
            keep_worst(&call->worst, result->status);
        result->stream = stream;
        result->call = call;
    }
}

/* --- series to streams
 * -------------------------------------------------------------------------------------- */

/* The stream that a series belongs to. Two capture points see the same id: key or point must tell them apart.
 */
static struct vo_stream *stream_of_piece(const struct vo_series_piece *piece, const struct lookup *streams)
{
    struct vo_stream *found = NULL;
    const struct entry *entry = lookup_first(streams, piece->id);
    for (; entry; entry = lookup_next(streams, entry)) {
        struct vo_stream *stream = entry->thing;
        if (!same(piece->run, stream->seen.run) || (piece->key && !same(piece->key, stream->seen.key)) ||
            (piece->point && !same(piece->point, stream->point)))
            continue;
        if (found && found->point && !same(found->point, stream->point))
            return NULL;
        if (!found)
            found = stream;
    }
    return found;
}

static void link_series(struct vo_report *report, const struct lookup *streams)
{
    for (struct vo_series_piece *piece = report->pieces; piece; piece = piece->next) {
        struct vo_stream *stream = stream_of_piece(piece, streams);
        if (stream)
            vo_series_measure(&stream->series, piece);
    }
    for (struct vo_series_piece *piece = report->pieces; piece; piece = piece->next) {
        struct vo_stream *stream = stream_of_piece(piece, streams);
        if (stream)
            vo_series_copy(report, &stream->series, piece);
    }
}

static void compare_points(struct vo_report *report)
{
    bool several = false;
    for (size_t i = 1; i < report->stream_count; i++)
        several = several ||
                  (report->streams[i]->point && !same(report->streams[i]->point, report->streams[0]->point));
    for (size_t i = 0; i < report->stream_count; i++)
        report->streams[i]->point_matters = several && report->streams[i]->point;
}

enum vo_status vo_report_link(struct vo_report *report, struct vo_error *error)
{
    struct lookup streams = {0}, calls_by_id = {0}, calls_by_call_id = {0};
    if (!lookup_streams(report, &streams) || !lookup_calls(report, false, &calls_by_id) ||
        !lookup_calls(report, true, &calls_by_call_id))
        return vo_error_memory(error, "the calls and streams");
    link_calls(report, &calls_by_call_id, &streams);
    link_series(report, &streams);
    link_results(report, &streams, &calls_by_id);
    sort_calls(report);
    compare_points(report);
    return VO_OK;
}
