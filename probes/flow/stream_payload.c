/* Payload types of a stream: their names and clocks, by SDP, by RFC 3551, else estimated. */
#include "probes/decode/rtp.h"
#include "probes/flow/stream_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static enum vo_payload_kind kind_of(const char *codec)
{
    if (strcasecmp(codec, "telephone-event") == 0 || strcasecmp(codec, "tone") == 0)
        return VO_PAYLOAD_EVENT;
    return strcasecmp(codec, "CN") == 0 ? VO_PAYLOAD_NOISE : VO_PAYLOAD_MEDIA;
}

static bool take_sdp(struct vo_payload *payload, const struct vo_binding *binding)
{
    const struct vo_media_payload *found = binding ? vo_media_find(binding->media, payload->type) : NULL;
    if (!found || found->clock_hz == 0)
        return false;
    payload->clock_hz = found->clock_hz;
    payload->basis = VO_CLOCK_SDP;
    snprintf(payload->codec, sizeof payload->codec, "%s", found->codec);
    payload->kind = kind_of(payload->codec);
    return true;
}

static bool take_static(struct vo_payload *payload)
{
    const struct vo_rtp_static *known = vo_rtp_static_payload(payload->type);
    if (!known)
        return false;
    payload->clock_hz = known->clock_hz;
    payload->basis = VO_CLOCK_STATIC;
    snprintf(payload->codec, sizeof payload->codec, "%s", known->codec);
    payload->kind = kind_of(payload->codec);
    return true;
}

/* A dynamic type that nobody named, four bytes long, beside one that is media: telephone-event (RFC 4733 2.3). */
static bool looks_like_event(const struct vo_stream *stream, const struct vo_rtp_packet *packet)
{
    return packet->payload_type >= 96 && packet->payload_length == 4 && stream->payload_count > 0;
}

struct vo_payload *vo_payload_of(struct vo_stream *stream, const struct vo_rtp_packet *packet)
{
    for (unsigned i = 0; i < stream->payload_count; i++)
        if (stream->payloads[i].type == packet->payload_type)
            return &stream->payloads[i];
    bool event = looks_like_event(stream, packet);
    if (stream->payload_count == VO_STREAM_PAYLOADS)
        return &stream->payloads[VO_STREAM_PAYLOADS - 1];
    struct vo_payload *payload = &stream->payloads[stream->payload_count++];
    *payload = (struct vo_payload){.type = packet->payload_type};
    if (!take_sdp(payload, stream->to) && !take_sdp(payload, stream->from) && !take_static(payload) && event)
        payload->kind = VO_PAYLOAD_EVENT;
    return payload;
}

void vo_payloads_bind(struct vo_stream *stream)
{
    for (unsigned i = 0; i < stream->payload_count; i++) {
        struct vo_payload *payload = &stream->payloads[i];
        if (payload->basis != VO_CLOCK_SDP && !take_sdp(payload, stream->to))
            take_sdp(payload, stream->from);
    }
}

/* Least squares of timestamp over arrival: queues make the single packets useless, the slope of a second of them is not. A slope
 * within 4 % of a clock in use is that clock (neighbours are at least 8.8 % apart); anything else is not told. */
uint32_t vo_clock_estimate(const struct vo_rtp_packet *packets, unsigned count)
{
    static const uint32_t clocks[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 90000};
    double n = 0, mean_x = 0, mean_y = 0, sxx = 0, sxy = 0;
    for (unsigned i = 0; i < count; i++) {
        if (packets[i].payload_type != packets[0].payload_type)
            continue;
        double x = (double)(packets[i].time - packets[0].time) / 1e9;
        double y = (int32_t)(packets[i].timestamp - packets[0].timestamp);
        double dx = x - mean_x;
        n++;
        mean_x += dx / n;
        mean_y += (y - mean_y) / n;
        sxx += dx * (x - mean_x);
        sxy += dx * (y - mean_y);
    }
    double span = (double)(packets[count - 1].time - packets[0].time) / 1e9;
    if (n < 20 || span < 0.4 || sxx <= 0)
        return 0;
    double slope = sxy / sxx;
    for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++)
        if (fabs(slope / clocks[i] - 1) < 0.04)
            return clocks[i];
    return 0;
}

const struct vo_payload *vo_stream_main_payload(const struct vo_stream *stream)
{
    const struct vo_payload *most = NULL;
    for (unsigned i = 0; i < stream->payload_count; i++) {
        const struct vo_payload *payload = &stream->payloads[i];
        bool media = payload->kind == VO_PAYLOAD_MEDIA, most_media = most && most->kind == VO_PAYLOAD_MEDIA;
        if (!most || media > most_media || (media == most_media && payload->packets > most->packets))
            most = payload;
    }
    return most;
}
