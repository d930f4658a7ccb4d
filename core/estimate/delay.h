/*
 * Transit time of a stream's packets: jitter (RFC 3550 A.8), delay variation (RFC 5481 4.2) and what breaks
 * them.
 *
 * Transit is arrival minus media time, both from the stream's first packet: known up to a constant, so only
 * differences mean anything. Delay variation is transit above the smallest of this block of 10 s and the one
 * before, so that neither clock skew nor a moved route adds to it.
 *
 * A sender that pauses (hold) or steps its clock changes transit for good; a network that stalls delivers
 * late and then catches up. A change beyond VO_DELAY_JUMP_MS is therefore not taken at once: the caller keeps
 * up to VO_DELAY_AHEAD packets and vo_delay_judge() decides.
 */
#ifndef VO_CORE_ESTIMATE_DELAY_H
#define VO_CORE_ESTIMATE_DELAY_H

#include "core/clock.h"
#include "core/estimate/jitter.h"
#include "core/estimate/quantile.h"
#include "core/estimate/skew.h"

#include <stdbool.h>
#include <stdint.h>

#define VO_DELAY_BLOCK_S 10
#define VO_DELAY_JUMP_MS 500
#define VO_DELAY_AHEAD   5
#define VO_DELAY_BATCH   24

struct vo_delay {
    double ns_per_tick;
    vo_time origin;     /* arrival of the first packet of the segment */
    int64_t ticks;      /* media time since then */
    uint32_t timestamp; /* of the last packet */
    bool started;
    double transit_ns;            /* of the last packet */
    double block_ns, previous_ns; /* smallest transit of this block and the one before */
    vo_time block_end, block_at;  /* when the block ends; when its smallest was seen */
    uint64_t jumps;
    struct vo_jitter jitter;
    uint32_t waiting[VO_DELAY_BATCH]; /* delay variations not yet in `variation`: its memory is touched once a
                                         batch */
    unsigned waiting_count;
    struct vo_skew skew;
    struct vo_quantile variation; /* µs; whole after vo_delay_finish() */
};

/* clock_hz > 0. */
void vo_delay_init(struct vo_delay *delay, uint32_t clock_hz);
/* Another payload clock, or a new sequence: transit starts anew, the jitter so far stays. */
void vo_delay_restart(struct vo_delay *delay, uint32_t clock_hz);
/* Would this packet change transit by more than the network is believed to without a second look? */
bool vo_delay_jumps(const struct vo_delay *delay, vo_time time, uint32_t timestamp);

struct vo_delay_sample {
    vo_time time;
    uint32_t timestamp;
};
/* The jumping packet and those after it, in order of arrival (`count` >= 1): true if the sender's clock
 * moved, so that vo_delay_restart() is due; false if the network held packets back. */
bool vo_delay_judge(const struct vo_delay *delay, const struct vo_delay_sample *samples, unsigned count);

/* The same question and vo_delay_add() at once: false, and nothing taken in, if the packet jumps. */
bool vo_delay_step(struct vo_delay *delay, vo_time time, uint32_t timestamp, double *above_ns);

/* Takes a packet in; `resumes`: the first after silence, comfort noise or an event, which is no jitter
 * sample. Returns its delay above the smallest, in ns. */
double vo_delay_add(struct vo_delay *delay, vo_time time, uint32_t timestamp, bool resumes);
/* Closes the last block for the skew, and takes the waiting variations in. */
void vo_delay_finish(struct vo_delay *delay);

#endif
