/* A stream's life: candidate, confirmed, open, finished. */
#include "probes/decode/rtp.h"
#include "probes/flow/leg.h"
#include "probes/flow/stream_private.h"

#include <stdlib.h>
#include <string.h>

/* Does `b` follow `a` as RTP packets do: the next few numbers, time going on, the same payload type or a
 * related one? */
static bool follows(const struct vo_rtp_packet *a, const struct vo_rtp_packet *b)
{
    int16_t ahead = (int16_t)(b->sequence - a->sequence);
    int32_t ticks = (int32_t)(b->timestamp - a->timestamp);
    return ahead > 0 && ahead <= 8 && ticks >= 0 && ticks <= 900000;
}

/* Types 35 to 95 are unassigned or clash with RTCP (RFC 3551 6): such a stream has to prove itself for
 * longer. */
static bool is_usual_type(uint8_t type)
{
    return type >= 96 || vo_rtp_static_payload(type) != NULL;
}

static void look_for_proof(struct vo_stream *stream, const struct vo_rtp_packet *packet)
{
    if (stream->kept_count == 0)
        return;
    if (follows(&stream->kept[stream->kept_count - 1], packet))
        stream->good_pairs++;
    unsigned needed = is_usual_type(packet->payload_type) ? VO_STREAM_CONFIRM - 1 : 4 * VO_STREAM_CONFIRM;
    if (stream->good_pairs >= needed)
        stream->confirmed = true;
}

static bool keep(struct vo_stream *stream, const struct vo_rtp_packet *packet)
{
    if (stream->kept_count > VO_STREAM_KEEP)
        return true; /* what could not be opened for want of memory does not grow */
    if (stream->kept_count == stream->kept_room) {
        unsigned room = stream->kept_room ? stream->kept_room * 4u : 4;
        struct vo_rtp_packet *kept = realloc(stream->kept, room * sizeof *kept);
        if (!kept)
            return false;
        stream->kept = kept;
        stream->kept_room = (uint16_t)room;
    }
    stream->kept[stream->kept_count++] = *packet;
    return true;
}

/* Is every media payload's clock known? */
static bool clock_known(const struct vo_stream *stream)
{
    for (unsigned i = 0; i < stream->payload_count; i++)
        if (stream->payloads[i].kind == VO_PAYLOAD_MEDIA && stream->payloads[i].clock_hz == 0)
            return false;
    return true;
}

/* Ready to be measured: every clock known, or estimated over enough packets, or not to be had. */
static bool ready(struct vo_stream *stream, bool last)
{
    if (!stream->confirmed || stream->kept_count == 0)
        return false;
    if (clock_known(stream))
        return true;
    vo_time span = stream->kept[stream->kept_count - 1].time - stream->kept[0].time;
    bool enough = stream->kept_count % 64 == 0 && span >= VO_NS_PER_S;
    last |= stream->kept_count >= VO_STREAM_KEEP;
    if (!enough && !last)
        return false;
    uint32_t clock_hz = vo_clock_estimate(stream->kept, stream->kept_count);
    struct vo_payload *payload = vo_payload_of(stream, &stream->kept[0]);
    if (clock_hz && payload->clock_hz == 0) {
        payload->clock_hz = clock_hz;
        payload->basis = VO_CLOCK_ESTIMATED;
    }
    return clock_hz || last;
}

/* Measures what was kept. */
static bool open_stream(struct vo_stream *stream, const struct vo_stream_config *config)
{
    if (!vo_measure_open(stream, config, &stream->kept[0]))
        return false;
    vo_measure_packets(stream, config, stream->kept, stream->kept_count);
    free(stream->kept);
    stream->kept = NULL;
    stream->kept_count = stream->kept_room = 0;
    return true;
}

bool vo_stream_add(struct vo_stream *stream, const struct vo_stream_config *config,
                   const struct vo_rtp_packet *packet)
{
    vo_stream_settle(stream, config);
    stream->last = packet->time;
    if (stream->measure) {
        vo_measure_packets(stream, config, packet, 1);
        return true;
    }
    if (!stream->confirmed)
        look_for_proof(stream, packet);
    if (stream->confirmed && stream->payload_count == 0 && stream->kept_count > 0)
        vo_payload_of(stream, &stream->kept[0]);
    if (stream->confirmed)
        vo_payload_of(stream, packet);
    if (!stream->confirmed && stream->kept_count == VO_STREAM_KEEP)
        return true; /* a long flow that never looked like RTP */
    if (!keep(stream, packet))
        return false;
    return !ready(stream, false) || open_stream(stream, config);
}

void vo_stream_settle(struct vo_stream *stream, const struct vo_stream_config *config)
{
    unsigned count = stream->pending_count;
    if (count == 0)
        return;
    stream->pending_count = 0;
    stream->last = stream->pending[count - 1].time;
    vo_measure_packets(stream, config, stream->pending, count);
}

void vo_stream_confirm(struct vo_stream *stream, const struct vo_stream_config *config)
{
    if (stream->confirmed)
        return;
    stream->confirmed = true;
    for (unsigned i = 0; i < stream->kept_count; i++)
        vo_payload_of(stream, &stream->kept[i]);
    if (ready(stream, false))
        open_stream(stream, config);
}

void vo_stream_bind(struct vo_stream *stream, const struct vo_binding *to, const struct vo_binding *from)
{
    stream->to = to;
    stream->from = from;
    stream->secure |= (to && to->media->secure) || (from && from->media->secure);
    vo_payloads_bind(stream);
    if (stream->measure)
        vo_measure_bind(stream);
}

void vo_stream_finish(struct vo_stream *stream, const struct vo_stream_config *config)
{
    if (stream->closed)
        return;
    vo_stream_settle(stream, config);
    if (!stream->measure && ready(stream, true))
        open_stream(stream, config);
    if (stream->measure)
        vo_measure_finish(stream, config);
    stream->closed = true;
}

void vo_stream_release(struct vo_stream *stream)
{
    free(stream->encap);
    free(stream->kept);
    if (stream->measure_pool)
        vo_pool_give(stream->measure_pool, stream->measure);
    else
        free(stream->measure);
    free(stream->rtcp);
    vo_leg_release(stream);
}
