#include "core/estimate/delay.h"

#include <math.h>
#include <string.h>

#define JUMP_NS (VO_DELAY_JUMP_MS * 1e6)

void vo_delay_init(struct vo_delay *delay, uint32_t clock_hz)
{
    memset(delay, 0, sizeof *delay);
    delay->ns_per_tick = 1e9 / clock_hz;
}

void vo_delay_restart(struct vo_delay *delay, uint32_t clock_hz)
{
    vo_delay_finish(delay);
    delay->ns_per_tick = 1e9 / clock_hz;
    delay->started = false;
}

static double transit_of(const struct vo_delay *delay, vo_time time, uint32_t timestamp, int64_t *ticks)
{
    *ticks = delay->ticks + (int32_t)(timestamp - delay->timestamp);
    return (double)(time - delay->origin) - (double)*ticks * delay->ns_per_tick;
}

static double smallest(const struct vo_delay *delay)
{
    return delay->block_ns < delay->previous_ns ? delay->block_ns : delay->previous_ns;
}

bool vo_delay_jumps(const struct vo_delay *delay, vo_time time, uint32_t timestamp)
{
    int64_t ticks;
    if (!delay->started)
        return false;
    double transit = transit_of(delay, time, timestamp, &ticks);
    return fabs(transit - delay->transit_ns) > JUMP_NS && fabs(transit - smallest(delay)) > JUMP_NS;
}

bool vo_delay_judge(const struct vo_delay *delay, const struct vo_delay_sample *samples, unsigned count)
{
    int64_t ticks;
    double first = transit_of(delay, samples[0].time, samples[0].timestamp, &ticks);
    if (first < smallest(delay))
        return true; /* no network delivers before the fastest packet */
    for (unsigned i = 1; i < count; i++)
        if (fabs(transit_of(delay, samples[i].time, samples[i].timestamp, &ticks) - smallest(delay)) <
            JUMP_NS)
            return false; /* the stream itself went on: one packet was late */
    double passed = (double)(samples[count - 1].time - samples[0].time);
    double media = (int32_t)(samples[count - 1].timestamp - samples[0].timestamp) * delay->ns_per_tick;
    if (count == 1)
        return false;           /* the stream ends here; the delay stands as measured */
    return passed >= media / 2; /* packets held back by the network come at once, not at their pace */
}

/* The smallest transit of the block that ends goes to the skew; after a pause longer than a block it is
 * forgotten. */
static void end_block(struct vo_delay *delay, vo_time time)
{
    vo_time block = VO_DELAY_BLOCK_S * VO_NS_PER_S;
    if (delay->block_ns < INFINITY)
        vo_skew_add(&delay->skew, (double)(delay->block_at - delay->origin) / 1e9, delay->block_ns);
    delay->previous_ns = time - delay->block_end < block ? delay->block_ns : INFINITY;
    delay->block_ns = INFINITY;
    delay->block_end = time - (time - delay->block_end) % block + block;
}

static void start(struct vo_delay *delay, vo_time time, uint32_t timestamp)
{
    delay->started = true;
    delay->origin = time;
    delay->ticks = 0;
    delay->timestamp = timestamp;
    delay->transit_ns = 0;
    delay->block_ns = delay->previous_ns = INFINITY;
    delay->block_end = time + VO_DELAY_BLOCK_S * VO_NS_PER_S;
}

static void take_waiting(struct vo_delay *delay)
{
    _Static_assert(VO_DELAY_BATCH <= VO_QUANTILE_BATCH, "a batch is taken at once");
    if (delay->waiting_count)
        vo_quantile_add_all(&delay->variation, delay->waiting, delay->waiting_count);
    delay->waiting_count = 0;
}

/* After the transit is known: the smallest of the block, and how far this is above it. */
static double rank(struct vo_delay *delay, vo_time time)
{
    if (time >= delay->block_end)
        end_block(delay, time);
    if (delay->transit_ns < delay->block_ns) {
        delay->block_ns = delay->transit_ns;
        delay->block_at = time;
    }
    double above = delay->transit_ns - smallest(delay);
    delay->waiting[delay->waiting_count++] = above < 4e12 ? (uint32_t)(above / 1000 + 0.5) : UINT32_MAX;
    if (delay->waiting_count == VO_DELAY_BATCH)
        take_waiting(delay);
    return above;
}

bool vo_delay_step(struct vo_delay *delay, vo_time time, uint32_t timestamp, double *above_ns)
{
    int64_t ticks;
    double transit = transit_of(delay, time, timestamp, &ticks);
    double change = transit - delay->transit_ns;
    if (!delay->started || (fabs(change) > JUMP_NS && fabs(transit - smallest(delay)) > JUMP_NS))
        return false;
    delay->ticks = ticks;
    delay->timestamp = timestamp;
    delay->transit_ns = transit;
    vo_jitter_add(&delay->jitter, change);
    *above_ns = rank(delay, time);
    return true;
}

double vo_delay_add(struct vo_delay *delay, vo_time time, uint32_t timestamp, bool resumes)
{
    if (delay->started) {
        double transit = transit_of(delay, time, timestamp, &delay->ticks);
        delay->timestamp = timestamp;
        if (!resumes)
            vo_jitter_add(&delay->jitter, transit - delay->transit_ns);
        delay->transit_ns = transit;
    } else {
        start(delay, time, timestamp);
    }
    return rank(delay, time);
}

void vo_delay_finish(struct vo_delay *delay)
{
    /* a few packets have no minimum worth the name: the last block counts when half of it or more was seen */
    double last = (double)delay->origin + (double)delay->ticks * delay->ns_per_tick + delay->transit_ns;
    bool half = (double)delay->block_end - last <= VO_DELAY_BLOCK_S * 0.5e9;
    if (delay->started && delay->block_ns < INFINITY && half)
        vo_skew_add(&delay->skew, (double)(delay->block_at - delay->origin) / 1e9, delay->block_ns);
    vo_skew_break(&delay->skew);
    delay->block_ns = INFINITY;
    take_waiting(delay);
}
