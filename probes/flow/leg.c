#include "probes/flow/leg.h"

#include <stdlib.h>
#include <string.h>

#define QUIET_NS (5 * VO_NS_PER_S) /* a stream that sent within it is still up */

static struct vo_leg_delay parted; /* the leg of all that have none for good: never written */

static bool give(struct vo_stream *stream, struct vo_stream *sibling)
{
    if (stream->leg)
        return true;
    stream->leg = calloc(1, sizeof *stream->leg);
    if (!stream->leg)
        return false;
    stream->leg->first = sibling;
    return true;
}

void vo_leg_release(struct vo_stream *stream)
{
    if (stream->leg != &parted)
        free(stream->leg);
    stream->leg = NULL;
}

void vo_leg_part(struct vo_stream *stream)
{
    vo_leg_release(stream);
    stream->leg = &parted;
}

/* Are the VO_LEG_STREAMS before the newest all up beside it? */
static bool is_crowded(const struct vo_stream *newest, const struct vo_stream *before)
{
    unsigned up = 0;
    for (const struct vo_stream *s = before; s && up < VO_LEG_STREAMS; s = s->next_ssrc) {
        if (s->key.ssrc != newest->key.ssrc)
            continue;
        if (s->closed || newest->last - s->last > QUIET_NS)
            return false;
        up++;
    }
    return up == VO_LEG_STREAMS;
}

/* The very same frames on the air, heard by two interfaces? */
static bool is_other_ear(const struct vo_stream *one, const struct vo_stream *other)
{
    struct vo_stream_key key = one->key;
    key.interface = other->key.interface;
    return vo_encap_is_air(one->encap, one->encap_count) && one->key.interface != other->key.interface &&
           memcmp(&key, &other->key, sizeof key) == 0;
}

static struct vo_stream *sibling_of(const struct vo_stream *newest, struct vo_stream *before)
{
    struct vo_stream *found = NULL;
    if (!vo_encap_is_air(newest->encap, newest->encap_count))
        return before;
    for (struct vo_stream *s = before; s; s = s->next_ssrc) {
        if (s->key.ssrc != newest->key.ssrc || is_other_ear(newest, s))
            continue;
        if (s->key.interface == newest->key.interface)
            return s;
        found = found ? found : s;
    }
    return found;
}

bool vo_leg_join(struct vo_stream *newest, struct vo_stream *before, struct vo_stream **sibling)
{
    *sibling = NULL;
    if (before->leg != &parted && !is_crowded(newest, before)) {
        *sibling = sibling_of(newest, before);
        return !*sibling || (give(newest, *sibling) && give(*sibling, newest));
    }
    for (struct vo_stream *s = before; s && s->leg != &parted; s = s->next_ssrc)
        if (s->key.ssrc == newest->key.ssrc)
            vo_leg_part(s);
    vo_leg_part(newest);
    return true;
}

/* When the sibling had this packet: false if it has not, or so long ago that it is forgotten. */
static bool seen_by(const struct vo_stream *stream, const struct vo_stream *sibling,
                    const struct vo_rtp_packet *packet, int64_t *delay_us)
{
    const struct vo_measure *measure = sibling->measure;
    if (!measure || !measure->sequence.started)
        return false;
    const struct vo_sequence *sequence = &measure->sequence;
    int16_t delta = (int16_t)(packet->sequence - (uint16_t)sequence->highest);
    int64_t position = sequence->highest + delta;
    if (delta > 0 || delta <= -VO_SEQUENCE_WINDOW || position < sequence->base)
        return false;
    uint64_t slot = (uint64_t)position & (VO_SEQUENCE_WINDOW - 1);
    if (!(sequence->received[slot >> 6] & 1ull << (slot & 63)))
        return false;
    uint32_t expected = sequence->timed_timestamp +
                        (uint32_t)((position - sequence->timed_position) * (int64_t)sequence->step);
    if (stream->leg->matched < VO_LEG_PROOF && packet->timestamp != expected)
        return false; /* the same numbers by chance, until enough packets agree in their timestamps too */
    *delay_us = (int32_t)((uint32_t)(packet->time / 1000) - sequence->arrival_us[slot]);
    return *delay_us >= 0 && *delay_us < 10000000;
}

void vo_leg_add(struct vo_stream *stream, const struct vo_rtp_packet *packet)
{
    struct vo_leg_delay *leg = stream->leg;
    int64_t delay_us;
    if (!leg->first)
        return;
    bool seen = seen_by(stream, leg->first, packet, &delay_us);
    if (leg->matched == 0 && !seen)
        return;
    leg->checked++;
    if (!seen)
        return;
    uint64_t unique = leg->first->measure->sequence.unique;
    if (leg->matched == 0)
        leg->first_unique = unique - 1;
    leg->last_unique = unique;
    leg->matched++;
    vo_quantile_add(&leg->delay, (uint32_t)delay_us);
}
