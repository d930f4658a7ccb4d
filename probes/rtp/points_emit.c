#include "probes/rtp/points_emit.h"

#include "probes/flow/rtp_emit.h"

#include <math.h>
#include <string.h>

#define WAY_TEXT 160
#define WAY_KEY  (WAY_TEXT + 128)

static vo_time overlap_of(const struct vo_stream *a, const struct vo_stream *b)
{
    if (!a->measure || !b->measure)
        return -1;
    vo_time first = a->measure->first > b->measure->first ? a->measure->first : b->measure->first;
    vo_time last = a->measure->last < b->measure->last ? a->measure->last : b->measure->last;
    return last - first;
}

/* The stream of the other direction that shares most time with this one: an SSRC may change within a call. */
static const struct vo_stream *reverse_of(const struct vo_rtp_session *session,
                                          const struct vo_stream *stream)
{
    const struct vo_stream_key *key = &stream->key;
    const struct vo_stream *best = NULL;
    for (const struct vo_stream *s =
             vo_streams_from(session->streams, key->destination, key->destination_port);
         s; s = s->next_source)
        if (s->key.source_port == key->destination_port && s->key.destination_port == key->source_port &&
            memcmp(s->key.source, key->destination, 16) == 0 &&
            memcmp(s->key.destination, key->source, 16) == 0 &&
            (!best || overlap_of(stream, s) > overlap_of(stream, best)))
            best = s;
    return best ? best : vo_rtp_reverse(session, stream);
}

/* Either point may know it: signalling may have been captured at one only. */
static void relate(struct vo_points *points, const struct vo_rtp_session sessions[2])
{
    for (size_t i = 0; i < points->count; i++) {
        struct vo_point_pair *pair = &points->pairs[i];
        for (int side = 0; side < 2 && pair->reverse == VO_POINT_NONE; side++) {
            const struct vo_stream *reverse = reverse_of(&sessions[side], pair->stream[side]);
            if (reverse)
                pair->reverse = points->pair_of[side][vo_point_number(reverse)];
            if (pair->reverse == i)
                pair->reverse = VO_POINT_NONE;
        }
    }
}

enum vo_status vo_points_compare(struct vo_points *points, struct vo_point kept[2],
                                 const struct vo_rtp_session sessions[2], struct vo_error *error)
{
    *points = (struct vo_points){0};
    enum vo_status status = VO_OK;
    for (int i = 0; i < 2 && status == VO_OK; i++)
        status = vo_point_settle(&kept[i], sessions[i].streams, sessions[i].first, sessions[i].last, error);
    if (status == VO_OK)
        status = vo_points_match(points, &kept[0], &kept[1], error);
    if (status != VO_OK)
        return status;
    relate(points, sessions);
    return vo_points_solve(points, error);
}

/* What the observation of a pair is made from. */
struct view {
    const struct vo_points *points;
    const struct vo_rtp_session *sessions;
    const struct vo_point_pair *pair;
    struct vo_record_writer *writer;
    int later;                      /* the point downstream; B where that is not known */
    const struct vo_stream *stream; /* there */
    const struct vo_stream *known;  /* at the point that knows the call, else there */
    char way[WAY_TEXT];             /* "A>B" */
};

static struct view view_of(const struct vo_points *points, const struct vo_rtp_session sessions[2],
                           const struct vo_point_pair *pair)
{
    struct view view = {.points = points, .sessions = sessions, .pair = pair, .writer = sessions[0].writer};
    view.later = pair->direction != VO_POINT_B_TO_A;
    view.stream = view.known = pair->stream[view.later];
    if (!vo_rtp_call_of(view.stream) && vo_rtp_call_of(pair->stream[!view.later]))
        view.known = pair->stream[!view.later];
    snprintf(view.way, sizeof view.way, "%.70s%c%.70s", points->point[!view.later]->name,
             pair->direction == VO_POINT_UNKNOWN ? '?' : '>', points->point[view.later]->name);
    return view;
}

/* What the capture at the later point dropped shows as loss between the points. */
static void label_drops(const struct view *view)
{
    struct vo_capture *capture = view->points->point[view->later]->capture;
    uint64_t dropped = 0;
    bool known = false;
    for (size_t i = 0; capture && i < vo_capture_interface_count(capture); i++) {
        dropped += vo_capture_interface(capture, i)->dropped;
        known |= vo_capture_interface(capture, i)->has_statistics;
    }
    if (known)
        vo_observe_label_number(view->writer, "drops_at_point", (double)dropped);
    else
        vo_observe_label(view->writer, "drops_at_point", "not known");
}

/* Stable between runs, like vo_rtp_stream_key(). */
static const char *key_of(const struct view *view, char key[WAY_KEY])
{
    char source[VO_ADDRESS_TEXT], destination[VO_ADDRESS_TEXT];
    snprintf(key, WAY_KEY, "%s %s %s>%s", view->way, vo_rtp_media_kind(view->known),
             vo_address_format(view->stream->key.source, source),
             vo_address_format(view->stream->key.destination, destination));
    return key;
}

static void label_stream(const struct view *view)
{
    struct vo_record_writer *writer = view->writer;
    const struct vo_payload *payload = vo_stream_main_payload(view->known);
    const struct vo_call *call = vo_rtp_call_of(view->known);
    const struct vo_stream_key *key = &view->stream->key;
    char text[VO_ENDPOINT_TEXT];
    vo_observe_label(writer, "media", vo_rtp_media_kind(view->known));
    vo_observe_label(writer, "codec", payload && payload->codec[0] ? payload->codec : NULL);
    vo_observe_label(writer, "call_id", call ? call->id : NULL);
    vo_observe_label(writer, "direction", vo_rtp_direction(view->known));
    vo_observe_label(writer, "point", view->way);
    vo_observe_label(writer, "source", vo_endpoint_format(key->source, key->source_port, text));
    vo_observe_label(writer, "destination",
                     vo_endpoint_format(key->destination, key->destination_port, text));
}

static void label(const struct view *view)
{
    struct vo_record_writer *writer = view->writer;
    const struct vo_rtp_session *first = &view->sessions[!view->later];
    const struct vo_stream *there = view->pair->stream[!view->later];
    const char *evidence;
    char id[VO_STREAM_ID];
    label_stream(view);
    vo_observe_label(writer, "direction_evidence", view->pair->evidence);
    vo_observe_label(writer, "position",
                     vo_rtp_position(&view->sessions[view->later], view->stream, &evidence));
    vo_observe_label(writer, "position_evidence", evidence);
    vo_observe_label(writer, "first_point", vo_rtp_stream_id(first, there, id));
    vo_observe_label(writer, "first_position", vo_rtp_position(first, there, &evidence));
    vo_observe_label(writer, "first_position_evidence", evidence);
    if (view->pair->header_only)
        vo_observe_label_number(writer, "matched_by_header_only", (double)view->pair->header_only);
    label_drops(view);
}

static void put_delay(const struct view *view, const struct vo_point_result *result)
{
    const struct {
        enum vo_metric metric;
        double value;
    } rows[] = {
        {VO_METRIC_RTP_POINT_DELAY_MS, result->median_ms},
        {VO_METRIC_RTP_POINT_DELAY_MIN_MS, result->minimum_ms},
        {VO_METRIC_RTP_POINT_DELAY_MAX_MS, result->maximum_ms},
        {VO_METRIC_RTP_LATENCY_MS, result->mean_ms},
        {VO_METRIC_RTP_LATENCY_MAX_MS, result->maximum_ms},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (result->missing[0]) {
            vo_observe_missing(view->writer, rows[i].metric, "%s", result->missing);
            continue;
        }
        vo_observe_metric(view->writer, rows[i].metric, rows[i].value);
        vo_observe_basis(view->writer, rows[i].metric, "clock_estimated");
        vo_observe_uncertainty(view->writer, rows[i].metric, result->error_ms);
    }
}

static void emit_pair(const struct view *view)
{
    char id[VO_STREAM_ID], key[WAY_KEY];
    struct vo_record_writer *writer = view->writer;
    const struct vo_stream *stream = view->stream;
    struct vo_point_result result = vo_points_result(view->points, view->pair);
    struct vo_subject subject = {"rtp_stream", vo_rtp_stream_id(&view->sessions[view->later], stream, id),
                                 key_of(view, key)};
    vo_observe_begin(writer, stream->measure ? stream->measure->first : VO_TIME_UNKNOWN, &subject);
    label(view);
    put_delay(view, &result);
    if (result.has_direction) {
        vo_observe_metric(writer, VO_METRIC_RTP_POINT_VARIATION_P95_MS, result.variation_p95_ms);
        vo_observe_metric(writer, VO_METRIC_RTP_POINT_PACKETS, (double)result.sent);
        vo_observe_metric(writer, VO_METRIC_RTP_POINT_LOSS_PERCENT,
                          100.0 * (double)result.lost / (double)result.sent);
    } else {
        vo_observe_missing(writer, VO_METRIC_RTP_POINT_VARIATION_P95_MS, "%s", result.missing);
        vo_observe_missing(writer, VO_METRIC_RTP_POINT_PACKETS, "%s", result.missing);
        vo_observe_missing(writer, VO_METRIC_RTP_POINT_LOSS_PERCENT, "%s", result.missing);
    }
    vo_observe_end(writer);
}

/* The same packets as a stream that was paired, under other addresses or tags: that pair speaks for both. */
static bool is_leg_of_pair(const struct vo_points *points, const struct vo_rtp_session *session, int side,
                           const struct vo_stream *stream)
{
    bool paired = false, leg = false;
    for (const struct vo_stream *s = vo_streams_of_ssrc(session->streams, stream->key.ssrc); s;
         s = s->next_ssrc) {
        uint32_t number = vo_point_number(s);
        if (s->key.ssrc != stream->key.ssrc || !number)
            continue;
        paired |= points->pair_of[side][number] != VO_POINT_NONE;
        leg |= vo_rtp_is_leg(stream, s);
    }
    return paired && leg;
}

static void tell_why_alone(const struct vo_points *points, int side, const struct vo_stream *stream,
                           char *text, size_t size)
{
    bool told;
    const char *other = points->point[!side]->name;
    if (points->point[side]->streams[vo_point_number(stream)].torn)
        snprintf(text, size, "several streams of the other point, %.70s, fit this one equally", other);
    else if (vo_points_awaited(points, side, stream, &told))
        snprintf(text, size, "not found at the other point, %.70s", other);
    else
        snprintf(text, size,
                 "not found at the other point, %.70s: its capture did not run while this stream did%s",
                 other, told ? "" : ", by the clocks as they are");
}

/* A stream that one point saw: what the comparison would have told of it is missing. */
static void emit_alone(const struct vo_points *points, const struct vo_rtp_session *session, int side,
                       const struct vo_stream *stream)
{
    struct vo_record_writer *writer = session->writer;
    char id[VO_STREAM_ID], why[256];
    struct view view = {.stream = stream, .known = stream, .writer = writer};
    snprintf(view.way, sizeof view.way, "%.70s?%.70s", points->point[side]->name, points->point[!side]->name);
    char key[WAY_KEY];
    struct vo_subject subject = {"rtp_stream", vo_rtp_stream_id(session, stream, id), key_of(&view, key)};
    tell_why_alone(points, side, stream, why, sizeof why);
    vo_observe_begin(writer, stream->measure->first, &subject);
    label_stream(&view);
    vo_observe_missing(writer, VO_METRIC_RTP_POINT_DELAY_MS, "%s", why);
    vo_observe_missing(writer, VO_METRIC_RTP_POINT_LOSS_PERCENT, "%s", why);
    if (!stream->rtcp || !stream->rtcp->round_trips) { /* else its own observation has a latency */
        vo_observe_missing(writer, VO_METRIC_RTP_LATENCY_MS, "%s", why);
        vo_observe_missing(writer, VO_METRIC_RTP_LATENCY_MAX_MS, "%s", why);
    }
    vo_observe_end(writer);
}

static void emit_unpaired(const struct vo_points *points, const struct vo_rtp_session *session, int side)
{
    for (uint32_t i = 1; i <= points->point[side]->stream_count; i++) {
        const struct vo_stream *stream = points->point[side]->streams[i].stream;
        if (stream && stream->measure && stream->measure->sequence.unique &&
            points->pair_of[side][i] == VO_POINT_NONE && !is_leg_of_pair(points, session, side, stream))
            emit_alone(points, session, side, stream);
    }
}

/* Streams that one point saw and that have no pair. */
static size_t unpaired(const struct vo_points *points, int side)
{
    size_t count = 0;
    for (uint32_t i = 1; i <= points->point[side]->stream_count; i++)
        count += points->point[side]->streams[i].stream && points->pair_of[side][i] == VO_POINT_NONE;
    return count;
}

/* Numbers that could not be had are null. */
static void emit_clock(const struct vo_points *points, struct vo_record_writer *writer)
{
    const struct vo_clockfit_result *clock = &points->clock;
    bool none = !clock->directions[0] && !clock->directions[1];
    char id[WAY_TEXT];
    snprintf(id, sizeof id, "%.70s,%.70s", points->point[0]->name, points->point[1]->name);
    struct vo_subject subject = {"capture", id, id};
    struct vo_json_writer *json = vo_record_begin(writer, "event");
    vo_record_put_time(json, "time", none ? points->point[0]->first : clock->reference);
    vo_json_put_string(json, "kind", "clock_fit");
    vo_record_put_subject(json, &subject);
    vo_json_put_string(json, "first_point", points->point[0]->name);
    vo_json_put_string(json, "second_point", points->point[1]->name);
    vo_json_put_number(json, "offset_ms", clock->has_offset ? clock->offset_ns / 1e6 : NAN);
    vo_json_put_number(json, "offset_error_ms", clock->has_offset ? clock->offset_error_ns / 1e6 : NAN);
    vo_json_put_number(json, "skew_ppm", clock->has_skew ? clock->skew_ppm : NAN);
    vo_json_put_number(json, "skew_error_ppm", clock->has_skew ? clock->skew_error_ppm : NAN);
    vo_json_put_integer(json, "directions", clock->directions[0] + clock->directions[1]);
    vo_json_put_integer(json, "matched_packets", (int64_t)points->matched);
    vo_json_put_integer(json, "matched_by_header_only", (int64_t)points->header_only);
    vo_json_put_integer(json, "altered_packets", (int64_t)points->altered);
    vo_json_put_integer(json, "ambiguous_packets", (int64_t)points->ambiguous);
    vo_json_put_integer(json, "ambiguous_streams", (int64_t)points->torn);
    vo_json_put_integer(json, "matched_streams", (int64_t)points->count);
    vo_json_put_integer(json, "first_point_only_streams", (int64_t)unpaired(points, 0));
    vo_json_put_integer(json, "second_point_only_streams", (int64_t)unpaired(points, 1));
    vo_record_commit(writer);
}

void vo_points_emit(const struct vo_points *points, const struct vo_rtp_session sessions[2])
{
    for (size_t i = 0; i < points->count; i++) {
        struct view view = view_of(points, sessions, &points->pairs[i]);
        emit_pair(&view);
    }
    for (int side = 0; side < 2; side++)
        emit_unpaired(points, &sessions[side], side);
    emit_clock(points, sessions[0].writer);
}

static void print_clock(const struct vo_points *points, FILE *stream)
{
    const struct vo_clockfit_result *clock = &points->clock;
    if (clock->has_offset)
        fprintf(stream, "The clock of %s less the clock of %s: %.6f s, ± %.3f ms", points->point[1]->name,
                points->point[0]->name, clock->offset_ns / 1e9, clock->offset_error_ns / 1e6);
    else
        fprintf(stream, "The clocks' offset is not known: no streams of both directions were matched");
    if (clock->has_skew)
        fprintf(stream, "; skew %.1f ± %.1f ppm", clock->skew_ppm, clock->skew_error_ppm);
    fprintf(stream, ".\n");
    if (points->header_only)
        fprintf(stream, "%llu packets were matched by their headers only: their payload was cut.\n",
                (unsigned long long)points->header_only);
    if (points->altered)
        fprintf(stream, "%llu packets have another payload at the other point: encrypted, or coded anew.\n",
                (unsigned long long)points->altered);
    if (points->torn)
        fprintf(stream, "%llu streams were not compared: several at the other point fit equally.\n",
                (unsigned long long)points->torn);
}

void vo_points_print(const struct vo_points *points, const struct vo_rtp_session sessions[2], FILE *stream)
{
    fprintf(stream, "\nBetween %s and %s: %zu streams at both, %zu only at %s, %zu only at %s\n",
            points->point[0]->name, points->point[1]->name, points->count, unpaired(points, 0),
            points->point[0]->name, unpaired(points, 1), points->point[1]->name);
    if (points->count == 0)
        return;
    print_clock(points, stream);
    fprintf(stream, "    %8s %6s %9s %9s %9s %9s  way\n", "packets", "lost", "delay ms", "least", "most",
            "var 95 %");
    for (size_t i = 0; i < points->count; i++) {
        struct view view = view_of(points, sessions, &points->pairs[i]);
        struct vo_point_result result = vo_points_result(points, view.pair);
        char id[VO_STREAM_ID];
        fprintf(stream, "  %s\n", vo_rtp_stream_id(&sessions[view.later], view.stream, id));
        if (!result.has_direction)
            fprintf(stream, "    %8zu %6s %9s %9s %9s %9s  %s\n", view.pair->matched, "-", "-", "-", "-", "-",
                    view.way);
        else if (result.missing[0])
            fprintf(stream, "    %8llu %6llu %9s %9s %9s %9.2f  %s\n", (unsigned long long)result.sent,
                    (unsigned long long)result.lost, "-", "-", "-", result.variation_p95_ms, view.way);
        else
            fprintf(stream, "    %8llu %6llu %9.2f %9.2f %9.2f %9.2f  %s, ± %.2f ms\n",
                    (unsigned long long)result.sent, (unsigned long long)result.lost, result.median_ms,
                    result.minimum_ms, result.maximum_ms, result.variation_p95_ms, view.way, result.error_ms);
        if (result.missing[0])
            fprintf(stream, "    no delay: %s\n", result.missing);
    }
}
