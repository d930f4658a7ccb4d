/*
 * Differences of counters that somebody else counts: the kernel's survey and station counters, an access
 * point's. Between two readings a counter may have been reset (reassociation, driver restart), may have
 * wrapped, or may begin anew with each reading; and drivers report nonsense. A difference is given only where
 * it is one.
 *
 * A wrap is told from a reset by `most`: the largest difference that can be, such as the milliseconds since
 * the last reading for a counter of time. Without such a bound (UINT64_MAX) a counter that fell was reset.
 *
 * What no reading can show: that a counter was reset and has grown past its old value again. Therefore
 * counters of one source are read together (vo_counter_read_all()): if one was reset, all were; and the
 * caller forgets them when it knows of a reset (another BSSID, a younger connection).
 *
 * A zeroed struct has read nothing. Ratios of differences stand at the end; their reasons are words for
 * `missing`.
 */
#ifndef VO_CORE_ESTIMATE_COUNTER_H
#define VO_CORE_ESTIMATE_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vo_counter_result {
    VO_COUNTER_OK,
    VO_COUNTER_WRAPPED, /* the difference stands */
    VO_COUNTER_FIRST,   /* nothing to compare with yet */
    VO_COUNTER_RESET,   /* it began anew since: what came in between is lost */
    VO_COUNTER_ABSURD,  /* it grew by more than it can */
    VO_COUNTER_RESULTS,
};
/* In words: "first reading", "counter was reset", … Never NULL. */
const char *vo_counter_text(enum vo_counter_result result);
static inline bool vo_counter_stands(enum vo_counter_result result)
{
    return result == VO_COUNTER_OK || result == VO_COUNTER_WRAPPED;
}

enum vo_counter_kind {
    VO_COUNTER_64,
    VO_COUNTER_32,
    /* Reading clears it: each value is a difference. The first one counts from a time that nobody knows, and
     * is FIRST. Another program that reads it, too, takes its share: the values are lower bounds then. */
    VO_COUNTER_CLEARED,
};

struct vo_counter {
    uint64_t last;
    bool started;
    uint8_t alike; /* readings in a row that look like a cleared counter's, see vo_counter_looks_cleared() */
};

/* The next reading. *difference is set only where the result stands; the reading is the base of the next one
 * in any case. A 32-bit counter's value above 32 bits is ABSURD and no base. */
enum vo_counter_result vo_counter_read(struct vo_counter *counter, enum vo_counter_kind kind, uint64_t value,
                                       uint64_t most, uint64_t *difference);

/* One reading of `count` counters of one source. The worst result of all, and all differences are set only if
 * it stands. */
enum vo_counter_result vo_counter_read_all(struct vo_counter *counters, enum vo_counter_kind kind,
                                           const uint64_t *values, uint64_t most, uint64_t *differences,
                                           size_t count);
void vo_counter_forget(struct vo_counter *counters, size_t count);

/* A counter of the time that a channel was listened to, read as VO_COUNTER_64 or 32 with `most` = the time
 * since the last reading: true if it was VO_COUNTER_ALIKE times in a row about that time itself, which a
 * counter since the driver's start is only once. Then it is one that reading clears, and so are those read
 * with it. */
#define VO_COUNTER_ALIKE 3
bool vo_counter_looks_cleared(const struct vo_counter *counter);

enum vo_share_result {
    VO_SHARE_OK,
    VO_SHARE_NOTHING, /* of nothing: no time passed, no frame was sent. Not 0 percent */
    VO_SHARE_EXCEEDS, /* the part is larger than the whole */
    VO_SHARE_RESULTS,
};
const char *vo_share_text(enum vo_share_result result);

/* `part` of `whole` in percent: busy of active time, failed of sent frames. *percent is set only with OK, 0
 * to 100. `slack`: by how much the part may exceed the whole because both are rounded (1 for milliseconds):
 * 100 percent then; more is EXCEEDS. Retries of attempts: part = retries, whole = frames + retries. */
enum vo_share_result vo_share_percent(uint64_t part, uint64_t whole, uint64_t slack, double *percent);

#endif
