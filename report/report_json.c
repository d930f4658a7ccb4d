#include "report/air.h"
#include "report/formats.h"

#include <math.h>

static void put_facts(struct vo_json_writer *json, const struct vo_facts *facts)
{
    vo_json_key(json, "metrics");
    vo_json_begin_object(json);
    for (size_t i = 0; i < facts->count; i++)
        if (!isnan(facts->items[i].number))
            vo_json_put_number(json, vo_metrics[facts->items[i].metric].name, facts->items[i].number);
    vo_json_end_object(json);
    vo_json_key(json, "uncertainty");
    vo_json_begin_object(json);
    for (size_t i = 0; i < facts->count; i++)
        if (!isnan(facts->items[i].uncertainty))
            vo_json_put_number(json, vo_metrics[facts->items[i].metric].name, facts->items[i].uncertainty);
    vo_json_end_object(json);
    static const struct {
        const char *name;
        size_t text;
    } rows[] = {{"states", offsetof(struct vo_reported, word)},
                {"missing", offsetof(struct vo_reported, missing)},
                {"basis", offsetof(struct vo_reported, basis)}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        vo_json_key(json, rows[k].name);
        vo_json_begin_object(json);
        for (size_t i = 0; i < facts->count; i++) {
            const char *text = *(const char *const *)((const char *)&facts->items[i] + rows[k].text);
            if (text)
                vo_json_put_string(json, vo_metrics[facts->items[i].metric].name, text);
        }
        vo_json_end_object(json);
    }
}

static void put_label(struct vo_json_writer *json, const char *key, const char *value)
{
    if (value)
        vo_json_put_string(json, key, value);
}

static void put_seen(struct vo_json_writer *json, const struct vo_observation *seen)
{
    char time[VO_TIME_TEXT_SIZE];
    vo_json_put_string(json, "id", seen->id);
    put_label(json, "key", seen->key);
    put_label(json, "run", seen->run);
    vo_json_put_integer(json, "n", (int64_t)seen->n);
    if (seen->time != VO_TIME_UNKNOWN)
        vo_json_put_string(json, "time", vo_time_format(seen->time, time));
}

static void put_labels(struct vo_json_writer *json, const struct vo_observation *seen)
{
    vo_json_key(json, "labels");
    vo_json_begin_object(json);
    for (size_t i = 0; i < seen->label_count; i++)
        vo_json_put_string(json, seen->labels[i].name, seen->labels[i].value);
    vo_json_end_object(json);
}

static void put_worst(struct vo_json_writer *json, enum vo_result_status worst)
{
    vo_json_put_string(json, "worst", worst < VO_RESULT_STATUSES ? vo_result_words[worst] : NULL);
}

/* What every observation has, last: labels without a place of their own, and its facts. */
static void put_rest(struct vo_json_writer *json, const struct vo_observation *seen)
{
    put_labels(json, seen);
    put_facts(json, &seen->facts);
}

static void put_stream(struct vo_json_writer *json, const struct vo_stream *stream)
{
    vo_json_begin_object(json);
    put_seen(json, &stream->seen);
    put_worst(json, stream->worst);
    put_label(json, "media", stream->media);
    put_label(json, "codec", stream->codec);
    put_label(json, "payload_type", stream->payload_type);
    put_label(json, "clock_hz", stream->clock_hz);
    put_label(json, "call_id", stream->call_id);
    put_label(json, "direction", stream->direction);
    put_label(json, "point", stream->point);
    put_label(json, "position", stream->position);
    put_label(json, "playout", stream->playout);
    put_label(json, "source", stream->source);
    put_label(json, "destination", stream->destination);
    put_rest(json, &stream->seen);
    vo_json_end_object(json);
}

static void put_call(struct vo_json_writer *json, const struct vo_call *call)
{
    vo_json_begin_object(json);
    put_seen(json, &call->seen);
    put_worst(json, call->worst);
    put_label(json, "call_id", call->call_id);
    put_label(json, "caller", call->caller);
    put_label(json, "callee", call->callee);
    put_label(json, "leg", call->leg);
    put_label(json, "linked_calls", call->linked);
    put_label(json, "point", call->point);
    put_rest(json, &call->seen);
    vo_json_key(json, "streams");
    vo_json_begin_array(json);
    for (size_t i = 0; i < call->stream_count; i++)
        put_stream(json, call->streams[i]);
    vo_json_end_array(json);
    vo_json_end_object(json);
}

static void put_captures(struct vo_json_writer *json, const struct vo_report *report)
{
    vo_json_key(json, "captures");
    vo_json_begin_array(json);
    for (size_t i = 0; i < report->capture_count; i++) {
        vo_json_begin_object(json);
        put_seen(json, &report->captures[i]->seen);
        put_label(json, "point", report->captures[i]->point);
        put_rest(json, &report->captures[i]->seen);
        vo_json_end_object(json);
    }
    vo_json_end_array(json);
}

static void put_item(struct vo_json_writer *json, const struct vo_air_item *item)
{
    vo_json_begin_object(json);
    vo_json_put_string(json, "kind", vo_air_words[item->kind]);
    put_label(json, "place", item->place);
    put_seen(json, &item->seen);
    put_worst(json, item->worst);
    put_rest(json, &item->seen);
    vo_json_end_object(json);
}

/* Links, channels and roams as observed, and of each BSS its newest observation: what they are at each place
 * is derived, and stands in `derived`. */
static void put_air(struct vo_json_writer *json, const struct vo_air *air)
{
    static const enum vo_air_kind kinds[] = {VO_AIR_LINK, VO_AIR_CHANNEL, VO_AIR_ROAM};
    vo_json_key(json, "air");
    vo_json_begin_array(json);
    for (size_t i = 0; i < air->bss_count; i++)
        put_item(json, air->bsss[i]->newest);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < air->list[kinds[k]].count; i++)
            if (!air->list[kinds[k]].items[i]->derived)
                put_item(json, air->list[kinds[k]].items[i]);
    vo_json_end_array(json);
}

static void put_report(struct vo_json_writer *json, const struct vo_report *report)
{
    vo_json_begin_object(json);
    for (const struct vo_json *node = vo_json_child(report->verdict); node; node = vo_json_next(node)) {
        vo_json_key(json, vo_json_key_of(node));
        vo_json_copy(json, node);
    }
    vo_json_key(json, "calls");
    vo_json_begin_array(json);
    for (size_t i = 0; i < report->call_count; i++)
        put_call(json, report->calls[i]);
    vo_json_end_array(json);
    vo_json_key(json, "streams");
    vo_json_begin_array(json);
    for (size_t i = 0; i < report->stream_count; i++)
        if (!report->streams[i]->call)
            put_stream(json, report->streams[i]);
    vo_json_end_array(json);
    put_captures(json, report);
    put_air(json, report->air);
    vo_json_key(json, "notes");
    vo_json_begin_array(json);
    for (size_t i = 0; i < report->note_count; i++)
        vo_json_string(json, report->notes[i]);
    vo_json_end_array(json);
    vo_json_end_object(json);
}

enum vo_status vo_report_json(const struct vo_report *report, const struct vo_report_style *style,
                              struct vo_out *out, struct vo_error *error)
{
    struct vo_json_writer json = {0};
    (void)style;
    put_report(&json, report);
    if (!json.failed) {
        vo_out_bytes(out, json.data, json.size);
        vo_out_add(out, "\n");
    }
    bool failed = json.failed || out->failed;
    vo_json_writer_release(&json);
    return failed ? vo_error_memory(error, "the JSON report") : VO_OK;
}
