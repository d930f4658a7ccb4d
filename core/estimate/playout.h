/*
 * A simulated playout buffer: which packets would come too late to be heard (RFC 3611 4.7.1 "discard").
 *
 * Fixed: a packet is late when its delay above the stream's smallest exceeds the buffer. Adaptive (Ramjee,
 * Kurose, Towsley, Schulzrinne 1994, algorithm 1): mean delay plus four mean deviations, both smoothed with
 * 0.998002, within minimum and maximum; the buffer moves at the start of a talkspurt, or each second where
 * there are none.
 */
#ifndef VO_CORE_ESTIMATE_PLAYOUT_H
#define VO_CORE_ESTIMATE_PLAYOUT_H

#include "core/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct vo_playout_config {
    double minimum_ms, maximum_ms; /* equal: fixed */
    char name[48];                 /* "fixed 60 ms", "adaptive 20-200 ms" */
};

struct vo_playout { /* zero-initialise */
    double buffer_ns, mean_ns, deviation_ns;
    double buffer_sum_ms; /* over `packets`, for the mean of an adaptive one */
    uint64_t packets, discarded;
    vo_time moved;
};

/* "fixed:60" or "adaptive:20-200"; false if it is neither, or not within 0 to 2000 ms. */
bool vo_playout_parse(const char *text, struct vo_playout_config *config);
/* Is a packet that came `above_ns` after the fastest one too late? */
bool vo_playout_add(struct vo_playout *playout, const struct vo_playout_config *config, double above_ns,
                    vo_time time, bool talkspurt);
/* Mean depth of the buffer in ms; NaN before the first packet. */
double vo_playout_mean_ms(const struct vo_playout *playout, const struct vo_playout_config *config);

#endif
