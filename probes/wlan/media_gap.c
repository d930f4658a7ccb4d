#include "probes/wlan/media_gap.h"

#include <string.h>

void vo_media_begin(struct vo_media_stream *stream, bool always, bool stamped)
{
    stream->always = always;
    stream->stamped = stamped;
    stream->ended = VO_TIME_UNKNOWN;
    stream->why_end = NULL;
    stream->count = 0;
}

static uint64_t first_of(const struct vo_media_stream *stream)
{
    return stream->count > VO_MEDIA_KEPT ? stream->count - VO_MEDIA_KEPT : 0;
}

/* How many there were by then. */
static uint64_t count_until(const struct vo_media_stream *stream, vo_time until)
{
    uint64_t count = stream->count;
    while (count > first_of(stream) && stream->arrivals[(count - 1) % VO_MEDIA_KEPT].at > until)
        count--;
    return count;
}

static const struct vo_media_arrival *arrival(const struct vo_media_stream *stream, uint64_t number)
{
    return &stream->arrivals[number % VO_MEDIA_KEPT];
}

void vo_media_arrive(struct vo_media_stream *stream, vo_time at, bool doubtful, uint32_t sequence,
                     uint32_t timestamp)
{
    if (stream->stamped && stream->count) {
        uint32_t last = arrival(stream, stream->count - 1)->sequence;
        sequence = last + (uint32_t)(int32_t)(int16_t)(uint16_t)(sequence - last);
    }
    stream->arrivals[stream->count++ % VO_MEDIA_KEPT] = (struct vo_media_arrival){
        .at = at, .sequence = sequence, .timestamp = timestamp, .doubtful = doubtful};
}

/* --- Before the roam ------------------------------------------------------------------------------ */

/* What a steady second of packets says. */
struct pace {
    unsigned packets;
    vo_time between;   /* ns */
    double timestamps; /* units a packet; 0: not known */
};

/* Of the second up to arrival `last`. */
static struct pace pace_before(const struct vo_media_stream *stream, uint64_t last)
{
    struct pace pace = {0};
    const struct vo_media_arrival *newest = arrival(stream, last), *oldest;
    uint64_t first = last;
    while (first > first_of(stream) && arrival(stream, first - 1)->at > newest->at - VO_NS_PER_S)
        first--;
    oldest = arrival(stream, first);
    pace.packets = (unsigned)(last - first) + 1;
    if (pace.packets < 2)
        return pace;
    pace.between = (newest->at - oldest->at) / (pace.packets - 1);
    int32_t numbers = (int32_t)(newest->sequence - oldest->sequence);
    int32_t units = (int32_t)(newest->timestamp - oldest->timestamp);
    if (stream->stamped && numbers > 0 && units > 0)
        pace.timestamps = (double)units / numbers;
    return pace;
}

/* --- The gap -------------------------------------------------------------------------------------- */

/* The pair of arrivals that is farthest apart, of the first `count`, of those that overlap the time: the
 * number of its first; false: none. */
static bool longest_between(const struct vo_media_stream *stream, uint64_t count, vo_time from, vo_time until,
                            uint64_t *found)
{
    vo_time longest = -1;
    for (uint64_t i = first_of(stream); i + 1 < count; i++) {
        vo_time begin = arrival(stream, i)->at, end = arrival(stream, i + 1)->at;
        if (begin > until || end < from || end - begin <= longest)
            continue;
        longest = end - begin;
        *found = i;
    }
    return longest >= 0;
}

/* Whether the sender itself sent nothing for most of the gap. */
static bool sender_paused(const struct vo_media_stream *stream, uint64_t before, const struct pace *pace)
{
    const struct vo_media_arrival *last = arrival(stream, before), *first = arrival(stream, before + 1);
    int32_t numbers = (int32_t)(first->sequence - last->sequence);
    int32_t units = (int32_t)(first->timestamp - last->timestamp);
    if (!stream->stamped || pace->timestamps <= 0 || numbers < 1 || units < 0)
        return false;
    double paused = (units / pace->timestamps - numbers) * (double)pace->between;
    return paused > 2 * (double)pace->between && paused > (double)(first->at - last->at) / 2;
}

/* Sequence numbers between two neighbours that did not come later either. */
static void count_lost(const struct vo_media_stream *stream, uint64_t before, struct vo_media_gap *gap)
{
    enum { MOST = 65536 };
    uint64_t came[MOST / 64];
    uint32_t last = arrival(stream, before)->sequence;
    int32_t numbers = (int32_t)(arrival(stream, before + 1)->sequence - last);
    if (numbers > MOST || numbers < -100 || (stream->stamped && numbers > MOST / 4)) {
        gap->why_no_loss = "the sender began a new sequence";
        return;
    }
    if (numbers < 2)
        return;
    gap->lost = (uint32_t)numbers - 1;
    memset(came, 0, sizeof came);
    for (uint64_t i = first_of(stream); i < stream->count; i++) {
        uint32_t number = arrival(stream, i)->sequence - last - 1;
        if (number >= (uint32_t)numbers - 1 || came[number / 64] >> number % 64 & 1)
            continue;
        came[number / 64] |= UINT64_C(1) << number % 64;
        gap->lost--;
    }
}

static void measure_gap(const struct vo_media_stream *stream, uint64_t before, const struct pace *pace,
                        struct vo_media_gap *gap)
{
    const struct vo_media_arrival *last = arrival(stream, before), *first = arrival(stream, before + 1);
    gap->from = last->at;
    gap->to = first->at;
    if (last->doubtful || first->doubtful) {
        gap->why = "this host's clock was set just then";
        gap->from = gap->to = VO_TIME_UNKNOWN;
        gap->why_no_loss = gap->why;
        return;
    }
    if (sender_paused(stream, before, pace)) {
        gap->why = "the sender paused meanwhile (silence suppression or hold)";
        gap->why_no_loss = gap->why;
        return;
    }
    count_lost(stream, before, gap);
}

/* Nothing came after the roam. */
static void tell_silence(const struct vo_media_stream *stream, vo_time last, vo_time ended, vo_time now,
                         bool next, struct vo_media_gap *gap)
{
    vo_time since = ended > last ? ended : last;
    bool over = stream->ended != VO_TIME_UNKNOWN && stream->ended < since + VO_MEDIA_PATIENCE;
    gap->from = last;
    if (next)
        gap->why = "the next roam began before media flowed again: the gap is told there";
    else if (over)
        gap->why = stream->why_end;
    else if (now - since < VO_MEDIA_PATIENCE)
        gap->why = "the run ended before media flowed again";
    else
        gap->why = "media did not flow again within 10 s";
    gap->why_no_loss = gap->why;
    if (!next && !over && now - since >= VO_MEDIA_PATIENCE)
        gap->state = VO_MEDIA_LOST;
    else
        gap->why_unknown = gap->why;
}

static void tell_nothing(struct vo_media_gap *gap, const char *why)
{
    gap->why = gap->why_no_loss = gap->why_unknown = why;
}

void vo_media_measure(const struct vo_media_stream *stream, vo_time begun, vo_time ended, vo_time now,
                      bool next, struct vo_media_gap *gap)
{
    *gap = (struct vo_media_gap){.from = VO_TIME_UNKNOWN, .to = VO_TIME_UNKNOWN};
    vo_time from = begun - VO_MEDIA_MARGIN;
    vo_time until = (ended == VO_TIME_UNKNOWN ? now : ended) + VO_MEDIA_MARGIN;
    uint64_t count = count_until(stream, now), last = count_until(stream, begun), longest;
    if (last == first_of(stream)) {
        tell_nothing(gap, "no media was received before the roam");
        return;
    }
    last--;
    struct pace pace = pace_before(stream, last);
    gap->pace = pace.between;
    gap->steady = pace.packets >= VO_MEDIA_STEADY;
    if (!gap->steady) {
        tell_nothing(gap, "media did not flow steadily before the roam (10 packets in the second before)");
        return;
    }
    vo_time newest = arrival(stream, count - 1)->at;
    /* One that came within the margin is after the roam, too, but silence may follow it. */
    bool resumed = newest > until || (ended != VO_TIME_UNKNOWN && newest > ended && now <= until);
    bool stale = !stream->always && begun - arrival(stream, last)->at > VO_MEDIA_STALE;
    if (!resumed && stale) {
        gap->steady = false;
        tell_nothing(gap, "media had ended before the roam");
    } else if (!resumed) {
        tell_silence(stream, newest, ended == VO_TIME_UNKNOWN ? begun : ended, now, next, gap);
    } else if (longest_between(stream, count, from, until, &longest)) {
        gap->state = VO_MEDIA_RESUMED;
        measure_gap(stream, longest, &pace, gap);
    }
}
