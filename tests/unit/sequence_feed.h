/* For the tests of sequence numbers: a stream fed packet by packet, and what its sink was told. */
#ifndef VO_TESTS_UNIT_SEQUENCE_FEED_H
#define VO_TESTS_UNIT_SEQUENCE_FEED_H

#include "core/estimate/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEP  160 /* 20 ms at 8 kHz */
#define FRAME (20 * VO_NS_PER_MS)
#define START (1700000000 * VO_NS_PER_S)
#define ROOM  200000

/* What the sink was told: one letter a position, in order: '.' good, 'x' lost, 'd' discarded. */
struct log {
    char outcome[ROOM];
    size_t count, runs;
    vo_time before, after; /* of the last run of lost ones */
    vo_time floor;         /* settled_until() of the last packet */
    uint64_t fed;
};

struct feed {
    struct vo_sequence sequence;
    struct vo_sequence_sink sink;
    struct log log;
    struct vo_sequence_packet held;
    uint32_t timestamp0;
    uint16_t sequence0;
    vo_time shift; /* added to the arrivals of packets to come */
};

static inline void put(struct log *log, char outcome, uint64_t count)
{
    assert_true(log->count + count <= ROOM);
    memset(log->outcome + log->count, outcome, count);
    log->count += count;
}

static inline void on_lost(void *context, uint64_t good, uint64_t count, vo_time before, vo_time after)
{
    struct log *log = context;
    assert_true(count > 0);
    assert_true(before <= after);
    assert_true(before >= log->floor); /* settled_until() kept its word */
    put(log, '.', good);
    put(log, 'x', count);
    log->runs++;
    log->before = before;
    log->after = after;
}

static inline void on_discarded(void *context, uint64_t good)
{
    put(context, '.', good);
    put(context, 'd', 1);
}

static inline struct feed *new_feed(uint32_t clock_hz, uint16_t sequence0, uint32_t timestamp0)
{
    struct feed *feed = calloc(1, sizeof *feed);
    assert_non_null(feed);
    vo_sequence_init(&feed->sequence, clock_hz);
    feed->sink = (struct vo_sequence_sink){&feed->log, on_lost, on_discarded};
    feed->sequence0 = sequence0;
    feed->timestamp0 = timestamp0;
    return feed;
}

static inline enum vo_sequence_verdict take(struct feed *feed, const struct vo_sequence_packet *packet,
                                            bool late)
{
    int64_t position = INT64_MIN;
    enum vo_sequence_verdict verdict = vo_sequence_classify(&feed->sequence, packet, &feed->sink, &position);
    if (verdict == VO_SEQUENCE_AGAIN) {
        struct vo_sequence_packet held = feed->held;
        take(feed, &held, false);
        return take(feed, packet, late);
    }
    if (verdict == VO_SEQUENCE_HELD)
        feed->held = *packet;
    if (verdict == VO_SEQUENCE_NEW || verdict == VO_SEQUENCE_REORDERED)
        vo_sequence_commit(&feed->sequence, packet, position, late, &feed->sink);
    vo_time until = vo_sequence_settled_until(&feed->sequence);
    assert_true(until >= feed->log.floor);
    feed->log.floor = until;
    return verdict;
}

static inline enum vo_sequence_verdict raw(struct feed *feed, vo_time time, uint16_t sequence,
                                           uint32_t timestamp, bool timed)
{
    struct vo_sequence_packet packet = {time, timestamp, sequence, timed};
    feed->log.fed++;
    return take(feed, &packet, false);
}

/* The `number`-th packet that the sender sent, arriving when the `at`-th was due. */
static inline enum vo_sequence_verdict send_at(struct feed *feed, int64_t number, int64_t at)
{
    return raw(feed, START + at * FRAME + feed->shift, (uint16_t)(feed->sequence0 + number),
               feed->timestamp0 + (uint32_t)(number * STEP), true);
}

static inline enum vo_sequence_verdict send(struct feed *feed, int64_t number)
{
    return send_at(feed, number, number);
}

static inline void send_run(struct feed *feed, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        send(feed, i);
}

struct expected {
    uint64_t expected, lost, duplicates, reordered, restarts, strays;
};

/* Finishes, checks the counts and what always holds. */
static inline void check(struct feed *feed, struct expected want)
{
    struct vo_sequence *s = &feed->sequence;
    vo_sequence_finish(s, &feed->sink);
    put(&feed->log, '.', s->good);
    assert_int_equal(vo_sequence_expected(s), want.expected);
    assert_int_equal(vo_sequence_expected(s) - s->unique, want.lost);
    assert_int_equal(s->duplicates, want.duplicates);
    assert_int_equal(s->reordered, want.reordered);
    assert_int_equal(s->restarts, want.restarts);
    assert_int_equal(s->strays, want.strays);
    assert_int_equal(s->unique + s->duplicates + s->strays, feed->log.fed);
    uint64_t lost = 0;
    for (size_t i = 0; i < feed->log.count; i++)
        lost += feed->log.outcome[i] == 'x';
    assert_int_equal(feed->log.count, want.expected); /* each position was told exactly once */
    assert_int_equal(lost, want.lost);
    free(feed);
}

#endif
