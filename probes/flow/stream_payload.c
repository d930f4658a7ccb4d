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

static bool take_sdp(struct vo_payload *payload, const struct vo_stream *stream)
{
    const struct vo_media_payload *found = vo_media_named(stream->to, stream->from, payload->type);
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

/* A dynamic type that nobody named, four bytes long, beside one that is media: telephone-event (RFC
 * 4733 2.3). */
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
    if (!take_sdp(payload, stream) && !take_static(payload) && event)
        payload->kind = VO_PAYLOAD_EVENT;
    return payload;
}

void vo_payloads_bind(struct vo_stream *stream)
{
    for (unsigned i = 0; i < stream->payload_count; i++) {
        struct vo_payload *payload = &stream->payloads[i];
        if (payload->basis != VO_CLOCK_SDP)
            take_sdp(payload, stream);
    }
}

#define STRAIGHT 0.995 /* least square of the correlation */

/* Media rate of the packets in ticks a second, by least squares: queues make single packets useless, the
 * slope of a second of them is not. 0 when there are too few, or when they do not lie on one line: a pause or
 * a stall among them would bend it to the rate of another clock. */
static double media_rate(const struct vo_rtp_packet *packets, unsigned count)
{
    double n = 0, mean_x = 0, mean_y = 0, sxx = 0, sxy = 0, syy = 0;
    for (unsigned i = 0; i < count; i++) {
        if (packets[i].payload_type != packets[0].payload_type)
            continue;
        double x = (double)(packets[i].time - packets[0].time) / 1e9;
        double y = (int32_t)(packets[i].timestamp - packets[0].timestamp);
        double dx = x - mean_x, dy = y - mean_y;
        n++;
        mean_x += dx / n;
        mean_y += dy / n;
        sxx += dx * (x - mean_x);
        sxy += dx * (y - mean_y);
        syy += dy * (y - mean_y);
    }
    double span_s = (double)(packets[count - 1].time - packets[0].time) / 1e9;
    bool straight = sxy * sxy >= STRAIGHT * sxx * syy;
    return n < 20 || span_s < 0.4 || sxx <= 0 || !straight ? 0 : sxy / sxx;
}

/* Is the timestamp step of most neighbours a whole number of 2.5 ms at this clock, as every audio packet time
 * is? */
static bool step_fits(const struct vo_rtp_packet *packets, unsigned count, uint32_t clock_hz)
{
    unsigned fits = 0, pairs = 0;
    for (unsigned i = 1; i < count; i++) {
        uint32_t step = packets[i].timestamp - packets[i - 1].timestamp;
        if ((uint16_t)(packets[i].sequence - packets[i - 1].sequence) != 1 || step == 0 || step > clock_hz)
            continue;
        pairs++;
        fits += (uint64_t)step * 400 % clock_hz == 0;
    }
    return pairs >= 10 && fits * 10 >= pairs * 8;
}

/* A clock in use within 10 % of the media rate, whose packet time is possible; two such are no answer.
 * Video's 90 kHz has no packet time and must be met within 3 %. */
uint32_t vo_clock_estimate(const struct vo_rtp_packet *packets, unsigned count)
{
    static const uint32_t clocks[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000};
    double rate = media_rate(packets, count);
    uint32_t found = 0;
    if (fabs(rate / 90000 - 1) < 0.03)
        return 90000;
    for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        if (fabs(rate / clocks[i] - 1) > 0.1 || !step_fits(packets, count, clocks[i]))
            continue;
        if (found)
            return 0;
        found = clocks[i];
    }
    return found;
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
