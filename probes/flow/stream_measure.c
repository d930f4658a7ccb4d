/* The measurement of an open stream, packet by packet. The hot path of the program. */
#include "probes/flow/stream_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sink_context {
    struct vo_stream *stream;
    const struct vo_stream_config *config;
};

static int64_t second_of(const struct vo_measure *measure, vo_time time)
{
    return time <= measure->first ? 0 : (time - measure->first) / VO_NS_PER_S;
}

static double seconds_of(const struct vo_measure *measure, vo_time time)
{
    return time <= measure->first ? 0 : (double)(time - measure->first) / 1e9;
}

static void flush_dscp(struct vo_measure *measure)
{
    measure->dscp[measure->batch.dscp] += measure->batch.dscp_packets;
    measure->batch.dscp_packets = 0;
}

static void flush_payload(struct vo_measure *measure)
{
    struct vo_measure_batch *batch = &measure->batch;
    if (!measure->payload)
        return;
    measure->payload->packets += batch->payloads;
    measure->payload->octets += batch->payload_octets;
    batch->payloads = batch->payload_octets = 0;
}

/* What gathered in the second that ends, or before something needs it in its place. */
static void flush_second(struct vo_measure *measure)
{
    struct vo_measure_batch *batch = &measure->batch;
    struct vo_stream_row *row = vo_row_at(measure, measure->row_newest);
    if (batch->received)
        vo_window_received(&measure->window, second_of(measure, measure->second_end) - 1, batch->received);
    row->packets += batch->row.packets;
    row->unique += batch->row.unique;
    row->discarded += batch->row.discarded;
    row->dscp_46 += batch->row.dscp_46;
    if (batch->row.jitter_max_ms > row->jitter_max_ms)
        row->jitter_max_ms = batch->row.jitter_max_ms;
    if (batch->row.variation_max_ms > row->variation_max_ms)
        row->variation_max_ms = batch->row.variation_max_ms;
    batch->received = 0;
    flush_payload(measure);
    vo_row_clear(&batch->row);
}

static void on_lost(void *context, uint64_t good, uint64_t count, vo_time before, vo_time after)
{
    struct sink_context *sink = context;
    struct vo_measure *measure = sink->stream->measure;
    double before_s = seconds_of(measure, before), after_s = seconds_of(measure, after);
    flush_second(measure);
    vo_burst_add(&measure->burst, good, count);
    vo_window_lost(&measure->window, count, before_s, after_s);
    if (sink->config->series_s)
        vo_rows_lost(sink->stream, sink->config, count, before_s, after_s);
}

static void on_discarded(void *context, uint64_t good)
{
    struct sink_context *sink = context;
    vo_burst_add(&sink->stream->measure->burst, good, 1);
}

static void tell_event(const struct vo_stream *stream, const struct vo_stream_config *config, vo_time time,
                       const char *kind, const char *detail)
{
    if (config->event)
        config->event(config->context, stream, time, kind, detail);
}

bool vo_measure_open(struct vo_stream *stream, const struct vo_stream_config *config,
                     const struct vo_rtp_packet *first)
{
    struct vo_measure *measure = config->measures ? vo_pool_take(config->measures)
                                                  : aligned_alloc(64, (sizeof *measure + 63) / 64 * 64);
    if (!measure)
        return false;
    memset(measure, 0, sizeof *measure);
    const struct vo_payload *payload = vo_payload_of(stream, first);
    measure->first = first->time;
    measure->second_end = first->time + VO_NS_PER_S;
    measure->ttl_minimum = UINT8_MAX;
    vo_sequence_init(&measure->sequence, payload->clock_hz);
    vo_delay_init(&measure->delay, payload->clock_hz ? payload->clock_hz : 1);
    measure->clockless = payload->clock_hz == 0;
    vo_row_clear(&measure->rows[0]);
    vo_row_clear(&measure->batch.row);
    stream->measure = measure;
    stream->measure_pool = config->measures;
    return true;
}

/* RFC 4733: one key press is one timestamp, however many packets tell it. */
static void take_event(struct vo_stream *stream, const struct vo_stream_config *config,
                       const struct vo_rtp_packet *packet)
{
    static const char keys[] = "0123456789*#ABCD";
    struct vo_measure *measure = stream->measure;
    measure->event_packets++;
    /* media may come in between, and the repeated ends of one press after the next press has begun */
    if (measure->any_event && (int32_t)(packet->timestamp - measure->event_timestamp) <= 0)
        return;
    measure->any_event = true;
    measure->event_timestamp = packet->timestamp;
    if (!packet->has_event || stream->secure)
        return;
    char detail[8];
    if (packet->event < sizeof keys - 1)
        snprintf(detail, sizeof detail, "%c", keys[packet->event]);
    else
        snprintf(detail, sizeof detail, "%u", packet->event);
    tell_event(stream, config, packet->time, "dtmf", detail);
}

/* Media of another clock: transit starts anew. */
static void use_clock(struct vo_measure *measure, uint32_t clock_hz)
{
    measure->clockless = clock_hz == 0;
    measure->sequence.clock_hz = clock_hz;
    vo_delay_restart(&measure->delay, clock_hz ? clock_hz : 1);
    measure->resumes = true;
}

void vo_measure_bind(struct vo_stream *stream)
{
    struct vo_measure *measure = stream->measure;
    const struct vo_payload *media = measure->media;
    if (media && media->kind == VO_PAYLOAD_MEDIA && media->clock_hz != measure->sequence.clock_hz)
        use_clock(measure, media->clock_hz);
}

/* The media before and after noise and events may be of one codec or two. */
static void change_payload(struct vo_stream *stream, const struct vo_stream_config *config,
                           const struct vo_rtp_packet *packet, struct vo_payload *payload)
{
    struct vo_measure *measure = stream->measure;
    const struct vo_payload *before = measure->media;
    flush_payload(measure);
    measure->payload = payload;
    if (payload->kind != VO_PAYLOAD_MEDIA || payload == before)
        return;
    measure->media = payload;
    if (before || payload->clock_hz != measure->sequence.clock_hz)
        use_clock(measure, payload->clock_hz);
    if (before) {
        measure->codec_changes++;
        tell_event(stream, config, packet->time, "codec_change", payload->codec);
    }
}

static void count_packet(struct vo_stream *stream, const struct vo_rtp_packet *packet)
{
    struct vo_measure *measure = stream->measure;
    measure->packets++;
    measure->octets += packet->ip_length;
    if (packet->dscp != measure->batch.dscp) {
        flush_dscp(measure);
        measure->batch.dscp = packet->dscp & 63;
    }
    measure->batch.dscp_packets++;
    if (packet->outer_dscp != 0xff) {
        measure->tunnelled++;
        measure->outer_dscp[packet->outer_dscp & 63]++;
        measure->outer_46 += packet->outer_dscp == 46;
    }
    if (packet->ttl < measure->ttl_minimum)
        measure->ttl_minimum = packet->ttl;
    if (packet->ttl > measure->ttl_maximum)
        measure->ttl_maximum = packet->ttl;
    if (packet->time > measure->last)
        measure->last = packet->time;
}

/* At a new second: what can no more change is judged and told. */
static void roll(struct vo_stream *stream, const struct vo_stream_config *config, vo_time time)
{
    struct vo_measure *measure = stream->measure;
    flush_second(measure);
    int64_t second = second_of(measure, time);
    int64_t settled = second_of(measure, vo_sequence_settled_until(&measure->sequence));
    measure->second_end = measure->first + (second + 1) * VO_NS_PER_S;
    vo_window_settle(&measure->window, settled);
    if (!config->series_s)
        return;
    vo_rows_advance(stream, config, second / config->series_s);
    int64_t done = settled / config->series_s;
    if (done - measure->row_first >= VO_STREAM_CHUNK)
        vo_rows_tell(stream, config, done);
}

/* What one packet adds to its row of the series. */
struct outcome {
    bool unique, timed, late;
    double above_ns;
};

static void update_row(struct vo_stream *stream, const struct vo_stream_config *config,
                       const struct vo_rtp_packet *packet, const struct outcome *outcome)
{
    struct vo_measure *measure = stream->measure;
    /* a copy does not end an outage: the rows in between wait for what was lost in it */
    if (packet->time >= measure->second_end &&
        (outcome->unique || packet->time - measure->second_end < VO_STREAM_CHUNK * VO_NS_PER_S))
        roll(stream, config, packet->time);
    struct vo_stream_row *row = &measure->batch.row;
    measure->batch.received += outcome->unique;
    row->packets += !packet->counted;
    row->dscp_46 += !packet->counted && packet->dscp == 46;
    row->unique += outcome->unique;
    row->discarded += outcome->late;
    if (!outcome->timed)
        return;
    float jitter_ms = (float)(measure->delay.jitter.now_ns / 1e6),
          above_ms = (float)(outcome->above_ns / 1e6);
    if (measure->delay.jitter.count && jitter_ms > row->jitter_max_ms)
        row->jitter_max_ms = jitter_ms;
    if (above_ms > row->variation_max_ms)
        row->variation_max_ms = above_ms;
}

/* A marker after more media time than the packets in between account for: the end of silence (RFC 3551 4.1).
 */
static bool ends_silence(const struct vo_measure *measure, const struct vo_rtp_packet *packet,
                         int64_t position)
{
    const struct vo_sequence *sequence = &measure->sequence;
    if (!packet->marker || !sequence->started || sequence->step == 0 || sequence->clock_hz == 90000)
        return false;
    int64_t ticks = (int32_t)(packet->timestamp - sequence->timed_timestamp);
    return 2 * ticks > (2 * (position - sequence->timed_position) + 1) * (int64_t)sequence->step;
}

/* Transit, jitter and playout of a media packet. */
static void take_timing(struct vo_stream *stream, const struct vo_stream_config *config,
                        const struct vo_rtp_packet *packet, int64_t position, struct outcome *outcome)
{
    struct vo_measure *measure = stream->measure;
    bool talkspurt = ends_silence(measure, packet, position);
    if (talkspurt)
        measure->talkspurts++;
    outcome->timed = true;
    outcome->above_ns =
        vo_delay_add(&measure->delay, packet->time, packet->timestamp, measure->resumes || talkspurt);
    outcome->late =
        vo_playout_add(&measure->playout, &config->playout, outcome->above_ns, packet->time, talkspurt);
    measure->resumes = false;
}

static void measure_now(struct vo_stream *stream, const struct vo_stream_config *config,
                        const struct vo_rtp_packet *packet);

/* The packets kept ahead decide what the first of them meant, and are then measured in order. */
static void replay_ahead(struct vo_stream *stream, const struct vo_stream_config *config)
{
    struct vo_measure *measure = stream->measure;
    struct vo_delay_sample samples[VO_DELAY_AHEAD] = {{0}};
    struct vo_rtp_packet ahead[VO_DELAY_AHEAD];
    unsigned count = measure->ahead_count, timed = 0;
    memcpy(ahead, measure->ahead, count * sizeof *ahead);
    for (unsigned i = 0; i < count; i++)
        if (vo_payload_of(stream, &ahead[i])->kind == VO_PAYLOAD_MEDIA)
            samples[timed++] = (struct vo_delay_sample){ahead[i].time, ahead[i].timestamp};
    if (vo_delay_judge(&measure->delay, samples, timed)) {
        vo_delay_restart(&measure->delay, measure->sequence.clock_hz);
        measure->delay.jumps++;
        measure->resumes = true;
        tell_event(stream, config, ahead[0].time, "hold", "timestamps left the flow of time");
    }
    measure->ahead_count = 0;
    measure->replaying = true;
    for (unsigned i = 0; i < count; i++)
        measure_now(stream, config, &ahead[i]);
    measure->replaying = false;
}

/* Takes a packet of a new position in; keeps it instead when its transit is not to be believed at once. */
static void commit(struct vo_stream *stream, const struct vo_stream_config *config,
                   const struct vo_rtp_packet *packet, struct vo_payload *payload,
                   const struct vo_sequence_packet *sequence, int64_t position,
                   const struct vo_sequence_sink *sink)
{
    struct vo_measure *measure = stream->measure;
    struct outcome outcome = {.unique = true};
    bool media = payload->kind == VO_PAYLOAD_MEDIA;
    if (payload != measure->payload)
        change_payload(stream, config, packet, payload);
    if (media && !measure->clockless) {
        if (!measure->replaying && vo_delay_jumps(&measure->delay, packet->time, packet->timestamp)) {
            measure->ahead[0] = *packet;
            measure->ahead_count = 1;
            return;
        }
        take_timing(stream, config, packet, position, &outcome);
    } else if (!media) {
        measure->resumes = true;
        if (payload->kind == VO_PAYLOAD_EVENT)
            take_event(stream, config, packet);
        else
            measure->noise_packets++;
    }
    measure->batch.payloads++;
    measure->batch.payload_octets += packet->payload_length;
    vo_sequence_commit(&measure->sequence, sequence, position, outcome.late, sink);
    update_row(stream, config, packet, &outcome);
}

static void feed(struct vo_stream *stream, const struct vo_stream_config *config,
                 const struct vo_rtp_packet *packet);

/* The held packet began a new sequence, or continued the old one after a gap: it is measured now, and
 * `packet` after it. */
static void take_held(struct vo_stream *stream, const struct vo_stream_config *config,
                      const struct vo_rtp_packet *packet)
{
    struct vo_measure *measure = stream->measure;
    struct vo_rtp_packet held = measure->held;
    if (!measure->sequence.leap) {
        use_clock(measure, measure->sequence.clock_hz);
        measure->any_event = false;
        tell_event(stream, config, held.time, "restart", "a new sequence under the same SSRC");
    }
    feed(stream, config, &held);
    feed(stream, config, packet);
}

static void measure_now(struct vo_stream *stream, const struct vo_stream_config *config,
                        const struct vo_rtp_packet *packet)
{
    static const struct outcome none;
    struct vo_measure *measure = stream->measure;
    struct sink_context context = {stream, config};
    const struct vo_sequence_sink sink = {&context, on_lost, on_discarded};
    struct vo_payload *payload = measure->payload;
    if (!payload || payload->type != packet->payload_type)
        payload = vo_payload_of(stream, packet);
    /* the first packet of another clock is not judged by the old one */
    bool media = payload->kind == VO_PAYLOAD_MEDIA;
    struct vo_sequence_packet sequence = {packet->time, packet->timestamp, packet->sequence,
                                          media && payload->clock_hz == measure->sequence.clock_hz};
    int64_t position;
    switch (vo_sequence_classify(&measure->sequence, &sequence, &sink, &position)) {
    case VO_SEQUENCE_NEW:
    case VO_SEQUENCE_REORDERED:
        sequence.timed = media;
        commit(stream, config, packet, payload, &sequence, position, &sink);
        break;
    case VO_SEQUENCE_HELD:
        update_row(stream, config, packet, &none);
        measure->held = *packet;
        measure->held.counted = true;
        break;
    case VO_SEQUENCE_AGAIN:
        take_held(stream, config, packet);
        break;
    case VO_SEQUENCE_DUPLICATE:
    case VO_SEQUENCE_TOO_LATE:
        update_row(stream, config, packet, &none);
        break;
    }
}

static void feed(struct vo_stream *stream, const struct vo_stream_config *config,
                 const struct vo_rtp_packet *packet)
{
    struct vo_measure *measure = stream->measure;
    if (measure->ahead_count == 0) {
        measure_now(stream, config, packet);
        return;
    }
    measure->ahead[measure->ahead_count++] = *packet;
    if (measure->ahead_count == VO_DELAY_AHEAD)
        replay_ahead(stream, config);
}

void vo_stream_prefetch(const struct vo_stream *stream)
{
    const struct vo_measure *measure = stream->measure;
    uint16_t sequence = stream->pending[0].sequence;
    const char *at = (const char *)measure;
    const char *end = at + offsetof(struct vo_measure, sequence.arrival_us);
    for (; at < end; at += 64)
        __builtin_prefetch(at, 1);
    __builtin_prefetch(&measure->sequence.arrival_us[sequence & (VO_SEQUENCE_WINDOW - 1)], 1);
    at = (const char *)&measure->delay;
    end = at + offsetof(struct vo_delay, skew);
    for (; at < end; at += 64)
        __builtin_prefetch(at, 1);
}

/* Packets in line: the same payload and marks, the next number, one step on, within the second. They only add
 * to sums, most of them once a run. The outcome is that of feed(). Returns how many of `packets` these are.
 */
static unsigned measure_run(struct vo_stream *stream, const struct vo_stream_config *config,
                            const struct vo_rtp_packet *packets, unsigned count)
{
    struct vo_measure *measure = stream->measure;
    struct vo_sequence *sequence = &measure->sequence;
    struct vo_delay *delay = &measure->delay;
    const struct vo_payload *payload = measure->payload;
    if (measure->ahead_count || measure->clockless || measure->resumes || !payload ||
        payload->kind != VO_PAYLOAD_MEDIA || payload->clock_hz != sequence->clock_hz ||
        !vo_sequence_in_line(sequence))
        return 0;
    struct sink_context context = {stream, config};
    const struct vo_sequence_sink sink = {&context, on_lost, on_discarded};
    struct vo_measure_batch *batch = &measure->batch;
    uint32_t octets = 0, payload_octets = 0, discarded = 0;
    double jitter_ns = 0, above_ns = 0;
    vo_time last = measure->last;
    unsigned done = 0;
    for (; done < count; done++) {
        const struct vo_rtp_packet *packet = &packets[done];
        double above;
        if (packet->payload_type != payload->type || packet->dscp != batch->dscp ||
            packet->outer_dscp != 0xff || packet->ttl < measure->ttl_minimum ||
            packet->ttl > measure->ttl_maximum || packet->counted || packet->time >= measure->second_end ||
            !vo_sequence_continues(sequence, packet->time, packet->sequence, packet->timestamp) ||
            !vo_delay_step(delay, packet->time, packet->timestamp, &above))
            break;
        octets += packet->ip_length;
        payload_octets += packet->payload_length;
        bool late = vo_playout_add(&measure->playout, &config->playout, above, packet->time, false);
        discarded += late;
        jitter_ns = delay->jitter.now_ns > jitter_ns ? delay->jitter.now_ns : jitter_ns;
        above_ns = above > above_ns ? above : above_ns;
        vo_sequence_step(sequence, packet->time, packet->timestamp, late, &sink);
        last = packet->time > last ? packet->time : last;
    }
    if (done == 0)
        return 0;
    measure->last = last;
    measure->packets += done;
    measure->octets += octets;
    batch->dscp_packets += done;
    batch->payloads += done;
    batch->payload_octets += payload_octets;
    batch->received += done;
    batch->row.packets += done;
    batch->row.unique += done;
    batch->row.discarded += discarded;
    batch->row.dscp_46 += batch->dscp == 46 ? done : 0;
    if (delay->jitter.count && (float)(jitter_ns / 1e6) > batch->row.jitter_max_ms)
        batch->row.jitter_max_ms = (float)(jitter_ns / 1e6);
    if ((float)(above_ns / 1e6) > batch->row.variation_max_ms)
        batch->row.variation_max_ms = (float)(above_ns / 1e6);
    return done;
}

/* Of the packets that are missing before this one of a stream on the air: how many may be among the frames of
 * its flow that were not heard? All of them, where the flow is another one of the same link, or had paused;
 * none that anything tells of, where another link begins, with the roam to another access point. */
static void note_unheard(struct vo_measure *measure, const struct vo_rtp_packet *packet)
{
    enum { LATE = 1024 };
    int16_t ahead = (int16_t)(packet->sequence - measure->air.sequence);
    uint16_t skipped = (uint16_t)(packet->air_unheard - measure->air.unheard);
    bool same = measure->air.link == packet->air_link, came_late = skipped >= (uint16_t)-LATE;
    if (same && ahead > 1 && packet->air_state != measure->air.state)
        measure->air.packets += (uint64_t)ahead - 1;
    else if (same && ahead > 1 && !came_late)
        measure->air.packets += skipped < ahead - 1 ? skipped : (uint64_t)ahead - 1;
    else if (same && ahead < 0 && came_late && measure->air.packets)
        measure->air.packets--;
    if (ahead > 0 || ahead < -LATE || !measure->air.link)
        measure->air.sequence = packet->sequence;
    measure->air.link = packet->air_link;
    measure->air.unheard = packet->air_unheard;
    measure->air.state = packet->air_state;
}

void vo_measure_packets(struct vo_stream *stream, const struct vo_stream_config *config,
                        const struct vo_rtp_packet *packets, unsigned count)
{
    for (unsigned i = 0; i < count && packets[i].air_link; i++)
        note_unheard(stream->measure, &packets[i]);
    while (count > 0) {
        unsigned run = measure_run(stream, config, packets, count);
        packets += run;
        count -= run;
        if (count == 0)
            return;
        count_packet(stream, packets);
        feed(stream, config, packets);
        packets++;
        count--;
    }
}

void vo_measure_finish(struct vo_stream *stream, const struct vo_stream_config *config)
{
    struct vo_measure *measure = stream->measure;
    struct sink_context context = {stream, config};
    const struct vo_sequence_sink sink = {&context, on_lost, on_discarded};
    if (measure->ahead_count)
        replay_ahead(stream, config);
    vo_sequence_finish(&measure->sequence, &sink);
    flush_second(measure);
    flush_dscp(measure);
    flush_payload(measure);
    vo_delay_finish(&measure->delay);
    if (config->series_s)
        vo_rows_tell(stream, config, measure->row_newest + 1);
}
