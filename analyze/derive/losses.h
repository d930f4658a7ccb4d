/*
 * Bursts of lost packets of a stream, from the steps of its series that have any.
 *
 * Steps that follow each other make one burst. One that lost fewer than VO_LOSS_BURST_LEAST packets is none:
 * a single packet that is missing here and there has too many causes to look for one.
 *
 * A burst lies somewhere within its steps: when exactly is not known any closer.
 */
#ifndef VO_ANALYZE_DERIVE_LOSSES_H
#define VO_ANALYZE_DERIVE_LOSSES_H

#include "core/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_LOSS_BURST_LEAST 3

struct vo_loss_step {
    vo_time start;
    double step_s;
    double lost, expected; /* lost above 0; expected NaN: not told */
    uint64_t n;            /* of the record that has it */
};

struct vo_loss_burst {
    vo_time from, until;
    double lost, expected; /* expected NaN: not told of every step */
    size_t first, count;   /* its steps */
};

/* The burst that begins at step `*at` or behind, of steps in the order of time; moves `*at` behind it. False:
 * there is none. */
bool vo_loss_next_burst(const struct vo_loss_step *steps, size_t count, size_t *at,
                        struct vo_loss_burst *burst);

#endif
