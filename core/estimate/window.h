/*
 * The worst five minutes: loss over windows of 300 s that slide by 1 s (guide 13.6).
 *
 * Seconds count from the stream's first packet. A received packet belongs to the second of its arrival; the
 * i-th of n lost ones between two arrivals to the second of before + (after - before) * i / (n + 1), the
 * place where it would have come. A window is the 300 seconds up to and including one; a stream shorter than
 * that is one window of its own length. Windows in which fewer than VO_WINDOW_SAMPLES packets were expected
 * (hold, silence) give way to any other. Ties: the earliest.
 *
 * Received packets are told as they come; lost ones up to VO_WINDOW_LAG seconds later. A zeroed struct is
 * empty.
 */
#ifndef VO_CORE_ESTIMATE_WINDOW_H
#define VO_CORE_ESTIMATE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define VO_WINDOW_S       300
#define VO_WINDOW_LAG     35
#define VO_WINDOW_RING    (VO_WINDOW_S + VO_WINDOW_LAG + 1)
#define VO_WINDOW_SAMPLES 250

struct vo_window_worst {
    uint64_t expected, lost; /* expected 0: no window yet */
    int64_t start_s;
};

struct vo_window {
    int64_t newest;                            /* the second that packets go to now */
    int64_t judged;                            /* windows that end before this second have been judged */
    uint64_t expected, lost;                   /* of the window that ends with judged - 1 */
    struct vo_window_worst worst, worst_small; /* with enough packets; any */
    uint16_t received_in[VO_WINDOW_RING];
    uint32_t lost_in[VO_WINDOW_RING]; /* a gap may be of more packets than a second can hold */
};

/* `count` packets in second `second`; the second has not been judged. */
void vo_window_received(struct vo_window *window, int64_t second, unsigned count);
/* `count` lost between two arrivals, in seconds; `after_s` may lie beyond newest. */
void vo_window_lost(struct vo_window *window, uint64_t count, double before_s, double after_s);
/* Judges the windows that end before `second`: nothing will be told about those any more. */
void vo_window_settle(struct vo_window *window, int64_t second);
/* At the end; false when no packet was expected. */
bool vo_window_finish(struct vo_window *window, struct vo_window_worst *worst);

/* How many of `count` packets, placed evenly between `before` and `after`, lie in [from, to). Also for other
 * intervals. */
uint64_t vo_window_share(uint64_t count, double before, double after, double from, double to);

#endif
