#include "probes/wlan/channel_meter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* By how much a counter of time may exceed the time since it last grew, over a tenth of that: readings take
 * a moment, and drivers count in ticks. */
#define SLACK_MS 50
/* By how much a part may exceed the whole: two readings, each rounded. */
#define ROUNDING_MS 2

void vo_channel_meter_begin(struct vo_channel_meter *meter)
{
    memset(&meter->sum, 0, sizeof meter->sum);
    meter->sum.first = meter->sum.last = VO_TIME_UNKNOWN;
    meter->fresh = false;
}

/* --- Reading -------------------------------------------------------------------------------------- */

struct values {
    uint8_t told;
    uint64_t of[VO_CHANNEL_COUNTS];
};

static struct values values_of(const struct vo_survey *survey)
{
    static const enum vo_survey_field fields[VO_CHANNEL_COUNTS] = {VO_SURVEY_TIME, VO_SURVEY_BUSY,
                                                                   VO_SURVEY_RX, VO_SURVEY_TX};
    struct values values = {.of = {survey->time_ms, survey->busy_ms, survey->rx_ms, survey->tx_ms}};
    for (unsigned i = 0; i < VO_CHANNEL_COUNTS; i++)
        if (vo_survey_has(survey, fields[i]))
            values.told |= (uint8_t)(1u << i);
        else
            values.of[i] = 0;
    if (!(values.told & 1u << VO_CHANNEL_TIME)) /* parts of nothing */
        values.told = 0;
    return values;
}

static bool unchanged(const struct vo_channel_meter *meter, const struct values *values)
{
    for (unsigned i = 0; i < VO_CHANNEL_COUNTS; i++)
        if (!meter->counters[i].started || meter->counters[i].last != values->of[i])
            return false;
    return true;
}

static void refuse(struct vo_channel_meter *meter, const char *why)
{
    meter->sum.refused++;
    meter->sum.refusal = why;
}

/* Adds to the sums; refuses what cannot be. */
static struct vo_channel_step count(struct vo_channel_meter *meter, uint8_t told,
                                    const uint64_t grown[VO_CHANNEL_COUNTS])
{
    struct vo_channel_sum *sum = &meter->sum;
    uint64_t time = grown[VO_CHANNEL_TIME];
    for (unsigned i = 1; i < VO_CHANNEL_COUNTS; i++)
        if (grown[i] > time + ROUNDING_MS) {
            refuse(meter, vo_share_text(VO_SHARE_EXCEEDS));
            return (struct vo_channel_step){0};
        }
    sum->differences++;
    sum->observed_ms += time;
    for (unsigned i = 1; i < VO_CHANNEL_COUNTS; i++)
        if (told >> i & 1) {
            sum->ms[i] += grown[i];
            sum->of_ms[i] += time;
        }
    return (struct vo_channel_step){.stands = true,
                                    .busy_told = told >> VO_CHANNEL_BUSY & 1,
                                    .observed_ms = time,
                                    .busy_ms = grown[VO_CHANNEL_BUSY]};
}

/* The counters began anew since: what they say now is from 0, if that can be. */
static struct vo_channel_step count_anew(struct vo_channel_meter *meter, const struct values *values,
                                         uint64_t last_time, uint64_t most)
{
    uint64_t time = values->of[VO_CHANNEL_TIME];
    meter->sum.resets++;
    if (time > most || (time >= last_time && time - last_time >= VO_CHANNEL_VISIT_MS))
        return (struct vo_channel_step){0};
    return count(meter, values->told, values->of);
}

/* The counter of time was about as long as the time since the last reading: cleared by reading, or a driver
 * that was loaded just then. No difference until that is known. */
static bool may_be_cleared(struct vo_channel_meter *meter, enum vo_counter_result result)
{
    const struct vo_counter *time = &meter->counters[VO_CHANNEL_TIME];
    if (vo_counter_looks_cleared(time)) {
        meter->cleared = true;
        meter->pending_resets = 0;
        return true;
    }
    if (time->alike) {
        meter->pending_resets += result == VO_COUNTER_RESET;
        return true;
    }
    meter->sum.resets += meter->pending_resets;
    meter->pending_resets = 0;
    return false;
}

static struct vo_channel_step compare(struct vo_channel_meter *meter, const struct values *values, vo_time at)
{
    static const struct vo_channel_step nothing;
    uint64_t grown[VO_CHANNEL_COUNTS] = {0}, last_time = meter->counters[VO_CHANNEL_TIME].last;
    uint64_t elapsed = (uint64_t)((at - meter->moved) / VO_NS_PER_MS);
    bool first = !meter->counters[VO_CHANNEL_TIME].started;
    uint64_t most = first ? UINT64_MAX : elapsed + elapsed / 10 + SLACK_MS;
    enum vo_counter_result result =
        vo_counter_read_all(meter->counters, meter->cleared ? VO_COUNTER_CLEARED : VO_COUNTER_64, values->of,
                            most, grown, VO_CHANNEL_COUNTS);
    meter->moved = at;
    if (result == VO_COUNTER_FIRST)
        return nothing;
    if (!meter->cleared && may_be_cleared(meter, result))
        return meter->cleared ? count(meter, values->told, values->of) : nothing;
    if (result == VO_COUNTER_RESET)
        return count_anew(meter, values, last_time, most);
    if (!vo_counter_stands(result)) {
        refuse(meter, vo_counter_text(result));
        return nothing;
    }
    if (!meter->in_use && !meter->cleared && grown[VO_CHANNEL_TIME] < VO_CHANNEL_VISIT_MS)
        return count_anew(meter, values, last_time, most);
    return count(meter, values->told, grown);
}

static void note(struct vo_channel_meter *meter, bool in_use, vo_time time)
{
    if (meter->sum.readings++ == 0)
        meter->sum.first = time;
    meter->sum.last = time;
    meter->in_use = in_use;
    meter->fresh = true;
}

struct vo_channel_step vo_channel_meter_read(struct vo_channel_meter *meter, const struct vo_survey *survey,
                                             bool in_use, vo_time at, vo_time time)
{
    struct vo_channel_step step = {0};
    struct values values = values_of(survey);
    bool moved = true;
    meter->absent = NULL;
    note(meter, in_use, time);
    if (values.told != meter->told) {
        vo_counter_forget(meter->counters, VO_CHANNEL_COUNTS);
        meter->told = values.told;
        meter->moved = at;
    }
    meter->ever_told |= values.told;
    if (values.told) {
        moved = !unchanged(meter, &values);
        if (moved)
            step = compare(meter, &values, at);
    }
    /* What a scan left is known already if nothing moved since; how old it is at first, nobody tells. */
    if (vo_survey_has(survey, VO_SURVEY_NOISE) && (in_use || (moved && step.stands)))
        vo_signal_add(&meter->sum.noise, survey->noise_dbm);
    meter->noise_told |= vo_survey_has(survey, VO_SURVEY_NOISE);
    meter->noise_doubtful = vo_survey_has(survey, VO_SURVEY_NOISE_DOUBTFUL);
    return step;
}

void vo_channel_meter_absent(struct vo_channel_meter *meter, const char *why, bool in_use, vo_time time)
{
    note(meter, in_use, time);
    meter->absent = why;
}

/* --- Results -------------------------------------------------------------------------------------- */

double vo_channel_percent(const struct vo_channel_meter *meter, enum vo_channel_count what)
{
    const struct vo_channel_sum *sum = &meter->sum;
    double percent;
    if (sum->of_ms[what] < VO_CHANNEL_LEAST_MS)
        return NAN;
    enum vo_share_result result =
        vo_share_percent(sum->ms[what], sum->of_ms[what], (uint64_t)ROUNDING_MS * sum->differences, &percent);
    return result == VO_SHARE_OK ? percent : NAN;
}

const char *vo_channel_why(const struct vo_channel_meter *meter, enum vo_channel_count what)
{
    static const char *const not_told[VO_CHANNEL_COUNTS] = {
        [VO_CHANNEL_TIME] = "the driver does not tell how long it was on the channel",
        [VO_CHANNEL_BUSY] = "the driver does not tell how long the channel was busy",
        [VO_CHANNEL_RECEIVING] = "the driver does not tell how long it received",
        [VO_CHANNEL_SENDING] = "the driver does not tell how long it sent",
    };
    const struct vo_channel_sum *sum = &meter->sum;
    if (meter->absent && !sum->differences)
        return meter->absent;
    if (!(meter->ever_told & 1u << VO_CHANNEL_TIME))
        return not_told[VO_CHANNEL_TIME];
    if (!(meter->ever_told >> what & 1))
        return not_told[what];
    if (!sum->differences && sum->refusal)
        return sum->refusal;
    if (sum->readings < 2)
        return "the survey was read once only: a difference needs two readings";
    if (!sum->differences)
        return meter->in_use ? "the driver's counters did not grow while the radio was on the channel"
                             : "no scan came to the channel since the first reading";
    return sum->of_ms[what] < VO_CHANNEL_LEAST_MS ? "the channel was listened to for less than 50 ms"
                                                  : "the driver reports a part that is larger than the whole";
}

const char *vo_channel_why_no_noise(const struct vo_channel_meter *meter)
{
    if (meter->noise_told)
        return "no scan came to the channel since the first reading";
    if (meter->absent)
        return meter->absent;
    return meter->noise_doubtful ? "the driver reports a noise that can be none"
                                 : "the driver reports no noise";
}

/* --- Meters by frequency -------------------------------------------------------------------------- */

struct vo_channel_meter *vo_channel_meters_find(const struct vo_channel_meters *meters, uint32_t mhz)
{
    for (size_t i = 0; i < meters->count; i++)
        if (meters->list[i].mhz == mhz)
            return &meters->list[i];
    return NULL;
}

struct vo_channel_meter *vo_channel_meters_get(struct vo_channel_meters *meters, uint32_t mhz)
{
    struct vo_channel_meter *found = vo_channel_meters_find(meters, mhz);
    if (found)
        return found;
    if (meters->count == meters->room) {
        size_t room = meters->room ? 2 * meters->room : 16;
        struct vo_channel_meter *list = realloc(meters->list, room * sizeof *list);
        if (!list) {
            meters->left_out = true;
            return NULL;
        }
        meters->list = list;
        meters->room = room;
    }
    found = &meters->list[meters->count++];
    *found = (struct vo_channel_meter){.mhz = mhz, .moved = VO_TIME_UNKNOWN};
    vo_channel_meter_begin(found);
    return found;
}

void vo_channel_meters_release(struct vo_channel_meters *meters)
{
    free(meters->list);
    *meters = (struct vo_channel_meters){0};
}
