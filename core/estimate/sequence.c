#include "core/estimate/sequence.h"

#include <string.h>

#define PATIENCE_NS    (VO_SEQUENCE_PATIENCE_S * VO_NS_PER_S)
#define BIT(position)  (1ull << ((uint64_t)(position)&63))
#define WORD(position) (((uint64_t)(position) & (VO_SEQUENCE_WINDOW - 1)) >> 6)
#define SLOT(position) ((uint64_t)(position) & (VO_SEQUENCE_WINDOW - 1))

void vo_sequence_init(struct vo_sequence *sequence, uint32_t clock_hz)
{
    memset(sequence, 0, sizeof *sequence);
    sequence->clock_hz = clock_hz;
}

uint64_t vo_sequence_expected(const struct vo_sequence *sequence)
{
    return sequence->expected_before +
           (sequence->started ? (uint64_t)(sequence->highest - sequence->base + 1) : 0);
}

static bool is_received(const struct vo_sequence *sequence, int64_t position)
{
    return sequence->received[WORD(position)] & BIT(position);
}

/* Arrivals are kept in 32 bits of microseconds: the full time is the one within 35 minutes of `now`. */
static vo_time arrival(const struct vo_sequence *sequence, int64_t position, vo_time now)
{
    int32_t age_us = (int32_t)((uint32_t)(now / 1000) - sequence->arrival_us[SLOT(position)]);
    return now - (vo_time)age_us * 1000;
}

static void settle_received(struct vo_sequence *sequence, int64_t position, vo_time now,
                            const struct vo_sequence_sink *sink)
{
    if (sequence->late[WORD(position)] & BIT(position)) {
        sink->discarded(sink->context, sequence->good);
        sequence->good = 0;
    } else {
        sequence->good++;
    }
    vo_time came = arrival(sequence, position, now);
    if (came > sequence->settled_time) /* after reordering a later position may have come earlier */
        sequence->settled_time = came;
    sequence->settled = position;
}

/* The run of missing positions after `settled`, whose next received position is `next`. */
static void settle_lost(struct vo_sequence *sequence, int64_t next, vo_time now,
                        const struct vo_sequence_sink *sink)
{
    uint64_t count = (uint64_t)(next - sequence->settled - 1);
    vo_time before = sequence->settled_time, after = arrival(sequence, next, now);
    if (count > sequence->longest_loss)
        sequence->longest_loss = count;
    sink->lost(sink->context, sequence->good, count, before, after > before ? after : before);
    sequence->good = 0;
    sequence->settled = next - 1;
}

/* First received position above `position`; there is one, since the highest always is. What is open below the
 * window has not come. */
static int64_t next_received(const struct vo_sequence *sequence, int64_t position)
{
    if (position < sequence->highest - VO_SEQUENCE_WINDOW)
        position = sequence->highest - VO_SEQUENCE_WINDOW;
    do
        position++;
    while (position < sequence->highest && !is_received(sequence, position));
    return position;
}

/* Settles positions from the lowest on: all that came, and the runs of missing ones that end below `floor`,
 * that are longer than the window (a real outage), or whose successor came before `deadline`. */
static void settle(struct vo_sequence *sequence, int64_t floor, vo_time deadline, vo_time now,
                   const struct vo_sequence_sink *sink)
{
    while (sequence->settled < sequence->highest) {
        int64_t next = next_received(sequence, sequence->settled);
        if (next > sequence->settled + 1) {
            bool beyond = next <= floor || next - sequence->settled > VO_SEQUENCE_WINDOW;
            vo_time came = arrival(sequence, next, now);
            if (!beyond && came > deadline) {
                sequence->hole_next = next;
                sequence->hole_until = came + PATIENCE_NS;
                return;
            }
            settle_lost(sequence, next, now, sink);
        }
        settle_received(sequence, next, now, sink);
    }
}

/* Timestamp distance from the newest media packet, modulo 2^32 and signed. */
static int32_t timestamp_step(const struct vo_sequence *sequence, const struct vo_sequence_packet *packet)
{
    return (int32_t)(packet->timestamp - sequence->timed_timestamp);
}

/* Whether the timestamps moved as time did, within two seconds and half of the time. */
static bool is_timely(const struct vo_sequence *sequence, const struct vo_sequence_packet *packet)
{
    if (sequence->clock_hz == 0)
        return false;
    double media_s = (double)timestamp_step(sequence, packet) / sequence->clock_hz;
    double passed_s = (double)(packet->time - sequence->timed_at) / VO_NS_PER_S;
    double apart = media_s > passed_s ? media_s - passed_s : passed_s - media_s;
    return apart <= 2 + (passed_s > 0 ? passed_s / 2 : 0);
}

/* How many packets a jump of `distance` (modulo 65,536) really is, by timestamps that moved by exactly one
 * step a packet; 0 when they did not. Distances below one wrap of the timestamps are tried, the smallest
 * fits. */
static int64_t coupled_distance(const struct vo_sequence *sequence, const struct vo_sequence_packet *packet,
                                uint16_t distance)
{
    uint32_t ticks = packet->timestamp - sequence->timed_timestamp;
    int64_t since_timed = sequence->highest - sequence->timed_position;
    int64_t limit = (int64_t)(UINT32_MAX / sequence->step);
    for (int64_t d = distance ? distance : 65536; d <= limit; d += 65536)
        if ((uint32_t)((uint64_t)(d + since_timed) * sequence->step) == ticks)
            return d;
    return 0;
}

/* What a confirmed jump is: the distance of a loss, or 0 for a restart. */
static int64_t leap_of(const struct vo_sequence *sequence, const struct vo_sequence_packet *packet)
{
    uint16_t distance = (uint16_t)(packet->sequence - (uint16_t)sequence->highest);
    if (!packet->timed || sequence->step == 0)
        return distance < VO_SEQUENCE_DROPOUT ? distance : 0;
    int64_t coupled = coupled_distance(sequence, packet, distance);
    if (coupled)
        return coupled;
    /* silence suppression: less packets than the time would hold, and the time is right */
    uint64_t ticks = (uint64_t)(uint32_t)(packet->timestamp - sequence->timed_timestamp);
    if (is_timely(sequence, packet) && (uint64_t)distance * sequence->step <= ticks)
        return distance;
    return 0;
}

/* A copy of a packet from long ago: as far back in timestamps as in sequence numbers. */
static bool is_old(const struct vo_sequence *sequence, const struct vo_sequence_packet *packet, int16_t delta)
{
    int64_t back = delta + sequence->highest - sequence->timed_position;
    return packet->timed && sequence->step && delta < 0 &&
           timestamp_step(sequence, packet) == back * (int64_t)sequence->step;
}

static enum vo_sequence_verdict hold(struct vo_sequence *sequence, const struct vo_sequence_packet *packet,
                                     const struct vo_sequence_sink *sink)
{
    if (sequence->holding) {
        uint16_t onward = (uint16_t)(packet->sequence - sequence->held.sequence);
        if (onward == 0)
            return VO_SEQUENCE_DUPLICATE;
        if ((uint16_t)(onward + VO_SEQUENCE_YOUNG) <= 2 * VO_SEQUENCE_YOUNG) {
            sequence->holding = false;
            sequence->leap_distance = leap_of(sequence, &sequence->held);
            sequence->leap = sequence->leap_distance != 0;
            if (!sequence->leap) {
                vo_sequence_finish(sequence, sink);
                sequence->expected_before = vo_sequence_expected(sequence);
                sequence->started = false;
                sequence->restarts++;
            }
            return VO_SEQUENCE_AGAIN;
        }
        sequence->strays++;
    }
    sequence->holding = true;
    sequence->held = *packet;
    return VO_SEQUENCE_HELD;
}

/* A packet at or below the highest position, within the window. */
static enum vo_sequence_verdict classify_below(const struct vo_sequence *sequence, int64_t position)
{
    if (position < sequence->base) {
        bool young = sequence->settled < sequence->base && sequence->highest - position <= VO_SEQUENCE_YOUNG;
        return young ? VO_SEQUENCE_REORDERED : VO_SEQUENCE_TOO_LATE;
    }
    if (is_received(sequence, position))
        return VO_SEQUENCE_DUPLICATE;
    return position > sequence->settled ? VO_SEQUENCE_REORDERED : VO_SEQUENCE_TOO_LATE;
}

/* Is a small step ahead more than it seems? Media that would take far longer than the timestamps moved says a
 * restart (a factor of eight allows for other packet times; the packets of a video frame share a timestamp);
 * timestamps that moved by whole wraps of the sequence more, a loss of more than 65,536 packets. */
static bool is_contradicted(const struct vo_sequence *sequence, int64_t ticks, int64_t packets)
{
    int64_t step = sequence->step, wrap = 65536 * step;
    if (sequence->clock_hz != 90000 && packets * step > 8 * ticks + 2 * (int64_t)sequence->clock_hz)
        return true;
    return ticks > wrap && (ticks - packets * step) % wrap == 0;
}

/* Does a packet within the window, or a little ahead, belong to this sequence by its timestamp? Video frames
 * may go back a little, so two seconds are allowed. */
static bool fits(const struct vo_sequence *sequence, const struct vo_sequence_packet *packet, int16_t delta)
{
    if (!packet->timed || sequence->clock_hz == 0 || sequence->step == 0)
        return true;
    int64_t ticks = timestamp_step(sequence, packet);
    int64_t clock = sequence->clock_hz;
    if (delta <= 0)
        return ticks <= 2 * clock && ticks >= -60 * clock;
    int64_t packets = delta + sequence->highest - sequence->timed_position;
    return ticks == packets * (int64_t)sequence->step ||
           (is_timely(sequence, packet) && !is_contradicted(sequence, ticks, packets));
}

enum vo_sequence_verdict vo_sequence_classify(struct vo_sequence *sequence,
                                              const struct vo_sequence_packet *packet,
                                              const struct vo_sequence_sink *sink, int64_t *position)
{
    if (!sequence->started) {
        *position = (1ll << 32) + packet->sequence;
        return VO_SEQUENCE_NEW;
    }
    int16_t delta = (int16_t)(packet->sequence - (uint16_t)sequence->highest);
    if (delta == 1 && !sequence->holding) { /* beside a held packet it may be that one's successor */
        *position = sequence->highest + 1;
        return VO_SEQUENCE_NEW;
    }
    if (sequence->leap) {
        *position = sequence->highest + sequence->leap_distance;
        return VO_SEQUENCE_NEW;
    }
    bool near = delta > -VO_SEQUENCE_WINDOW && delta < VO_SEQUENCE_DROPOUT;
    if (!near || !fits(sequence, packet, delta)) {
        if (sequence->old_run < VO_SEQUENCE_YOUNG && is_old(sequence, packet, delta)) {
            sequence->old_run++;
            sequence->strays++;
            return VO_SEQUENCE_TOO_LATE;
        }
        enum vo_sequence_verdict verdict = hold(sequence, packet, sink);
        sequence->duplicates += verdict == VO_SEQUENCE_DUPLICATE;
        return verdict;
    }
    *position = sequence->highest + delta;
    if (delta > 0)
        return VO_SEQUENCE_NEW;
    enum vo_sequence_verdict verdict = classify_below(sequence, *position);
    sequence->duplicates += verdict == VO_SEQUENCE_DUPLICATE;
    sequence->strays += verdict == VO_SEQUENCE_TOO_LATE;
    return verdict;
}

static void start(struct vo_sequence *sequence, const struct vo_sequence_packet *packet, int64_t position)
{
    memset(sequence->received, 0, sizeof sequence->received);
    memset(sequence->late, 0, sizeof sequence->late);
    sequence->started = true;
    sequence->base = sequence->highest = position;
    sequence->settled = position - 1;
    if (packet->time > sequence->settled_time)
        sequence->settled_time = packet->time;
    sequence->highest_at = sequence->timed_at = packet->time;
    sequence->timed_timestamp = packet->timestamp;
    sequence->timed_position = position;
    sequence->step = sequence->votes = 0;
}

/* Clears the window's slots of the positions after the highest up to `position`. */
static void forget_slots(struct vo_sequence *sequence, int64_t position)
{
    if (position - sequence->highest >= VO_SEQUENCE_WINDOW) {
        memset(sequence->received, 0, sizeof sequence->received);
        memset(sequence->late, 0, sizeof sequence->late);
        return;
    }
    for (int64_t p = sequence->highest + 1; p <= position; p++) {
        sequence->received[WORD(p)] &= ~BIT(p);
        sequence->late[WORD(p)] &= ~BIT(p);
    }
}

/* The commonest timestamp step by majority vote (Boyer and Moore): one counter, no table. Packets of one
 * video frame share a timestamp and do not vote. */
static void vote_step(struct vo_sequence *sequence, uint32_t ticks)
{
    if (ticks == 0 || ticks > INT32_MAX)
        return;
    if (ticks == sequence->step) {
        sequence->votes += sequence->votes < VO_SEQUENCE_VOTES;
    } else if (sequence->votes == 0) {
        sequence->step = ticks;
        sequence->votes = 1;
    } else {
        sequence->votes--;
    }
}

/* Moves the highest position up. What would leave the window, or is older than the patience, is settled
 * first. */
static void advance(struct vo_sequence *sequence, const struct vo_sequence_packet *packet, int64_t position,
                    const struct vo_sequence_sink *sink)
{
    bool young = sequence->settled < sequence->base && position - sequence->base < VO_SEQUENCE_YOUNG;
    if (sequence->settled < sequence->highest && !young) {
        bool pause = packet->time - sequence->highest_at > PATIENCE_NS;
        bool far = position - sequence->highest >= VO_SEQUENCE_WINDOW;
        if (pause || far)
            settle(sequence, INT64_MAX, INT64_MAX, sequence->highest_at, sink);
        else
            settle(sequence, position - VO_SEQUENCE_WINDOW + 1, packet->time - PATIENCE_NS, packet->time,
                   sink);
    }
    forget_slots(sequence, position);
    if (packet->timed && position == sequence->timed_position + 1)
        vote_step(sequence, packet->timestamp - sequence->timed_timestamp);
    sequence->highest = position;
    sequence->highest_at = packet->time;
}

/* The next number, one step on, below which an open hole has room and time left: nothing can be settled. */
static bool waits(const struct vo_sequence *sequence, const struct vo_sequence_packet *packet,
                  int64_t position)
{
    return sequence->started && position == sequence->highest + 1 && !sequence->holding && packet->timed &&
           packet->timestamp - sequence->timed_timestamp == sequence->step && sequence->votes > 0 &&
           position == sequence->timed_position + 1 && sequence->settled < sequence->highest &&
           sequence->settled >= sequence->base && sequence->hole_next > sequence->settled &&
           sequence->hole_next > position - VO_SEQUENCE_WINDOW + 1 && packet->time < sequence->hole_until;
}

void vo_sequence_commit(struct vo_sequence *sequence, const struct vo_sequence_packet *packet,
                        int64_t position, bool late, const struct vo_sequence_sink *sink)
{
    if (waits(sequence, packet, position)) {
        vo_sequence_step(sequence, packet->time, packet->timestamp, late, sink);
        return;
    }
    if (!sequence->started)
        start(sequence, packet, position);
    else if (position > sequence->highest)
        advance(sequence, packet, position, sink);
    else
        sequence->reordered++;
    if (position < sequence->base) {
        sequence->base = position;
        sequence->settled = position - 1;
    }
    sequence->strays += sequence->holding;
    sequence->holding = sequence->leap = false;
    sequence->old_run = 0;
    sequence->unique++;
    sequence->received[WORD(position)] |= BIT(position);
    if (late)
        sequence->late[WORD(position)] |= BIT(position);
    sequence->arrival_us[SLOT(position)] = (uint32_t)(packet->time / 1000);
    if (packet->timed && position >= sequence->timed_position) {
        sequence->timed_at = packet->time;
        sequence->timed_timestamp = packet->timestamp;
        sequence->timed_position = position;
    }
    if (sequence->settled < sequence->base && sequence->highest - sequence->base < VO_SEQUENCE_YOUNG)
        return;
    if (sequence->settled == position - 1) {
        settle_received(sequence, position, packet->time, sink);
        if (position == sequence->highest)
            return;
    }
    settle(sequence, sequence->highest - VO_SEQUENCE_WINDOW + 1, packet->time - PATIENCE_NS, packet->time,
           sink);
}

void vo_sequence_finish(struct vo_sequence *sequence, const struct vo_sequence_sink *sink)
{
    sequence->strays += sequence->holding;
    sequence->holding = false;
    if (sequence->started)
        settle(sequence, INT64_MAX, INT64_MAX, sequence->highest_at, sink);
}

vo_time vo_sequence_settled_until(const struct vo_sequence *sequence)
{
    return sequence->settled_time;
}
