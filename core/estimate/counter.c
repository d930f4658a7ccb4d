#include "core/estimate/counter.h"

const char *vo_counter_text(enum vo_counter_result result)
{
    static const char *const texts[VO_COUNTER_RESULTS] = {
        [VO_COUNTER_OK] = "counted",
        [VO_COUNTER_WRAPPED] = "counted over a wrap",
        [VO_COUNTER_FIRST] = "first reading: nothing to compare with yet",
        [VO_COUNTER_RESET] = "counter was reset between two readings",
        [VO_COUNTER_ABSURD] = "counter grew by more than is possible in the time",
    };
    return texts[result < VO_COUNTER_RESULTS ? result : VO_COUNTER_ABSURD];
}

/* About as long as the time since the last reading: more than half of it. */
static void compare_to_time(struct vo_counter *counter, uint64_t value, uint64_t most)
{
    if (most == 0 || most == UINT64_MAX || value > most || value <= most / 2)
        counter->alike = 0;
    else if (counter->alike < UINT8_MAX)
        counter->alike++;
}

enum vo_counter_result vo_counter_read(struct vo_counter *counter, enum vo_counter_kind kind, uint64_t value,
                                       uint64_t most, uint64_t *difference)
{
    uint64_t last = counter->last, grown = value - last; /* modulo 2^64 */
    bool first = !counter->started;
    if (kind == VO_COUNTER_32) {
        if (value > UINT32_MAX) {
            vo_counter_forget(counter, 1);
            return VO_COUNTER_ABSURD;
        }
        grown &= UINT32_MAX;
    }
    compare_to_time(counter, value, most);
    counter->last = value;
    counter->started = true;
    if (first)
        return VO_COUNTER_FIRST;
    if (kind == VO_COUNTER_CLEARED)
        grown = value;
    else if (value < last && (most == UINT64_MAX || grown > most))
        return VO_COUNTER_RESET;
    if (grown > most)
        return VO_COUNTER_ABSURD;
    *difference = grown;
    return kind != VO_COUNTER_CLEARED && value < last ? VO_COUNTER_WRAPPED : VO_COUNTER_OK;
}

enum vo_counter_result vo_counter_read_all(struct vo_counter *counters, enum vo_counter_kind kind,
                                           const uint64_t *values, uint64_t most, uint64_t *differences,
                                           size_t count)
{
    /* A reset explains whatever else the others show. */
    static const uint8_t gravity[VO_COUNTER_RESULTS] = {
        [VO_COUNTER_OK] = 0,    [VO_COUNTER_WRAPPED] = 1, [VO_COUNTER_ABSURD] = 2,
        [VO_COUNTER_RESET] = 3, [VO_COUNTER_FIRST] = 4,
    };
    enum vo_counter_result worst = VO_COUNTER_OK;
    for (size_t i = 0; i < count; i++) {
        uint64_t unused;
        struct vo_counter counter = counters[i];
        enum vo_counter_result result = vo_counter_read(&counter, kind, values[i], most, &unused);
        if (gravity[result] > gravity[worst])
            worst = result;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t difference;
        if (vo_counter_stands(vo_counter_read(&counters[i], kind, values[i], most, &difference)) &&
            vo_counter_stands(worst))
            differences[i] = difference;
    }
    return worst;
}

void vo_counter_forget(struct vo_counter *counters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        counters[i] = (struct vo_counter){0};
}

bool vo_counter_looks_cleared(const struct vo_counter *counter)
{
    return counter->alike >= VO_COUNTER_ALIKE;
}

const char *vo_share_text(enum vo_share_result result)
{
    static const char *const texts[VO_SHARE_RESULTS] = {
        [VO_SHARE_OK] = "measured",
        [VO_SHARE_NOTHING] = "nothing was counted in the interval",
        [VO_SHARE_EXCEEDS] = "the driver reports a part that is larger than the whole",
    };
    return texts[result < VO_SHARE_RESULTS ? result : VO_SHARE_EXCEEDS];
}

enum vo_share_result vo_share_percent(uint64_t part, uint64_t whole, uint64_t slack, double *percent)
{
    if (part > whole && part - whole > slack)
        return VO_SHARE_EXCEEDS;
    if (whole == 0)
        return VO_SHARE_NOTHING;
    *percent = part > whole ? 100 : 100 * (double)part / (double)whole;
    return VO_SHARE_OK;
}
