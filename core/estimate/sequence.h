/*
 * RTP sequence numbers: what was lost, duplicated, reordered, and when the sender began anew
 * (RFC 3550 A.1, A.3; RFC 4737; traps that A.1 leaves open are named below).
 *
 * Sequence numbers are extended to positions. A position is settled, lost or received, once nothing can
 * change it any more: at once while packets come in order, else when the missing packet came, when
 * VO_SEQUENCE_WINDOW later positions exist, or VO_SEQUENCE_PATIENCE_S after its successor; a run of missing
 * positions is settled as one. Settled outcomes are told in order of position to a sink, so that bursts,
 * windows and series count each position exactly once.
 *
 * Beyond RFC 3550:
 * - a duplicate never cancels a loss: each position counts once;
 * - a packet before the first one, at most VO_SEQUENCE_YOUNG below the highest, lowers the base while the
 * stream is young (reordering at its start);
 * - a jump that timestamps contradict is a restart, however small; a jump of any size that they
 *   confirm is a loss, also beyond 65,536 packets (but a loss of exactly 65,536 looks as silence does);
 * - old packets that come again are strays, but more than VO_SEQUENCE_YOUNG of them in a row are a restart: a
 * sender that plays the same recording anew;
 * - a jump needs a second packet that goes on from it; a lone stray packet is neither received nor lost.
 */
#ifndef VO_CORE_ESTIMATE_SEQUENCE_H
#define VO_CORE_ESTIMATE_SEQUENCE_H

#include "core/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define VO_SEQUENCE_WINDOW     256  /* positions below the highest that are told apart */
#define VO_SEQUENCE_DROPOUT    3000 /* RFC 3550 A.1 MAX_DROPOUT: a larger jump needs a second packet */
#define VO_SEQUENCE_YOUNG      16   /* positions after which the base is firm */
#define VO_SEQUENCE_PATIENCE_S 10
#define VO_SEQUENCE_VOTES      100 /* that a timestamp step gathers at most */

enum vo_sequence_verdict {
    VO_SEQUENCE_NEW,       /* a position not seen before; commit it */
    VO_SEQUENCE_REORDERED, /* likewise, below the highest */
    VO_SEQUENCE_DUPLICATE,
    VO_SEQUENCE_HELD,     /* far from the sequence: keep the packet; the next ones decide */
    VO_SEQUENCE_AGAIN,    /* this packet confirms the held one: classify the held one again, then this one */
    VO_SEQUENCE_TOO_LATE, /* its position was settled as lost long ago; counted as stray */
};

struct vo_sequence_packet {
    vo_time time;
    uint32_t timestamp;
    uint16_t sequence;
    bool timed; /* its timestamp follows the media clock: false for telephone-events and comfort noise */
};

/* Where settled positions go. Times bound the arrivals that a run of lost ones would have had: `before` is
 * the newest arrival of the positions below, which only rises; `after` the successor's, but not before
 * `before`. */
struct vo_sequence_sink {
    void *context;
    /* `good` positions came in time since the last call, then `count` were lost in a row between two
     * arrivals. */
    void (*lost)(void *context, uint64_t good, uint64_t count, vo_time before, vo_time after);
    /* `good` positions came in time, then one came too late to be played. */
    void (*discarded)(void *context, uint64_t good);
};

struct vo_sequence {
    /* counts; lost is vo_sequence_expected() - unique */
    uint64_t unique, duplicates, reordered, restarts, strays, longest_loss;
    uint64_t good; /* settled good positions since the last bad one */
    /* the segment: from one restart to the next */
    int64_t base, highest, settled; /* settled: all up to here are final */
    uint64_t expected_before;       /* of earlier segments */
    vo_time settled_time;           /* newest arrival of the settled received positions */
    vo_time highest_at;             /* arrival of the highest position */
    vo_time timed_at;               /* of the newest packet with a media timestamp: */
    uint32_t timed_timestamp;
    int64_t timed_position;
    uint32_t step, votes; /* the commonest timestamp step between neighbours; 0: not known yet */
    uint32_t clock_hz;    /* 0: unknown */
    bool started, leap;   /* leap: the held packet was confirmed as a gap of leap_distance */
    bool holding;
    uint8_t old_run;    /* old packets since the last one that was taken in */
    int64_t hole_next;  /* while positions are open: the first received one above them, */
    vo_time hole_until; /* and when they are lost for good */
    int64_t leap_distance;
    struct vo_sequence_packet held;
    uint64_t received[VO_SEQUENCE_WINDOW / 64], late[VO_SEQUENCE_WINDOW / 64];
    uint32_t arrival_us[VO_SEQUENCE_WINDOW]; /* modulo 2^32 */
};

void vo_sequence_init(struct vo_sequence *sequence, uint32_t clock_hz);
/* Tells what a packet is and, for NEW and REORDERED, its position. Changes counts only for the other
 * verdicts. */
enum vo_sequence_verdict vo_sequence_classify(struct vo_sequence *sequence,
                                              const struct vo_sequence_packet *packet,
                                              const struct vo_sequence_sink *sink, int64_t *position);
/* Takes the packet in. `late`: the playout simulation discards it. */
void vo_sequence_commit(struct vo_sequence *sequence, const struct vo_sequence_packet *packet,
                        int64_t position, bool late, const struct vo_sequence_sink *sink);
/* The common case by itself. In line: the next packets, one number and one timestamp step on, need no
 * decision, since nothing is held and either nothing is open or a hole that has room and time left. It stays
 * so while packets continue. Such a packet is taken in by vo_sequence_step() as by classify and commit. */
static inline bool vo_sequence_in_line(const struct vo_sequence *sequence)
{
    bool waits = sequence->settled >= sequence->base && sequence->hole_next > sequence->settled;
    return sequence->started && !sequence->holding && !sequence->leap &&
           (sequence->settled == sequence->highest || waits) &&
           sequence->timed_position == sequence->highest && sequence->votes > 0;
}
static inline bool vo_sequence_continues(const struct vo_sequence *sequence, vo_time time, uint16_t number,
                                         uint32_t timestamp)
{
    return number == (uint16_t)(sequence->highest + 1) &&
           timestamp == sequence->timed_timestamp + sequence->step &&
           (sequence->settled == sequence->highest ||
            (time < sequence->hole_until &&
             sequence->hole_next > sequence->highest + 2 - VO_SEQUENCE_WINDOW));
}
static inline void vo_sequence_step(struct vo_sequence *sequence, vo_time time, uint32_t timestamp, bool late,
                                    const struct vo_sequence_sink *sink)
{
    bool whole = sequence->settled == sequence->highest;
    int64_t position = ++sequence->highest;
    uint64_t slot = (uint64_t)position & (VO_SEQUENCE_WINDOW - 1), bit = 1ull << (slot & 63);
    uint64_t *late_word = &sequence->late[slot >> 6];
    sequence->received[slot >> 6] |= bit;
    *late_word = late ? *late_word | bit : *late_word & ~bit;
    sequence->arrival_us[slot] = (uint32_t)(time / 1000);
    sequence->votes += sequence->votes < VO_SEQUENCE_VOTES;
    sequence->timed_position = position;
    sequence->highest_at = sequence->timed_at = time;
    sequence->timed_timestamp = timestamp;
    sequence->old_run = 0;
    sequence->unique++;
    if (!whole)
        return;
    sequence->settled = position;
    if (time > sequence->settled_time)
        sequence->settled_time = time;
    sequence->good++;
    if (late) {
        sink->discarded(sink->context, sequence->good - 1);
        sequence->good = 0;
    }
}
/* Settles all that is open: at the end of the stream. */
void vo_sequence_finish(struct vo_sequence *sequence, const struct vo_sequence_sink *sink);
uint64_t vo_sequence_expected(const struct vo_sequence *sequence);
/* No loss will be told any more before this time. It never falls. */
vo_time vo_sequence_settled_until(const struct vo_sequence *sequence);

#endif
