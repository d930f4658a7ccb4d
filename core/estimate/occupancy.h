/*
 * How much of each interval the air was in use: frames laid over each other count once.
 *
 * A frame is the time from its begin to its end. The union of the frames is taken, so that an interval is
 * never used by more than its own length: two stations that send at once, one frame heard by two adapters or
 * reported twice, a duration that is too long, all stay within 100 %. What lies on both sides of an
 * interval's end is divided there.
 *
 * Frames come about in the order of their begin. Up to VO_OCCUPANCY_PIECES stretches are kept apart, so that
 * a frame may come late by as many of them; what lies further back than that, or in an interval that was
 * closed, is not counted but told in `late_ns`. Waiting (interframe spaces, backoff) is not told here: it is
 * not use.
 *
 * One struct measures one thing: the channel, one BSS, one access category. Times in nanoseconds of any one
 * clock. Allocates nothing.
 */
#ifndef VO_CORE_ESTIMATE_OCCUPANCY_H
#define VO_CORE_ESTIMATE_OCCUPANCY_H

#include <stdbool.h>
#include <stdint.h>

#define VO_OCCUPANCY_PIECES 16

struct vo_occupancy_piece {
    int64_t begin, end;
};

struct vo_occupancy {
    int64_t start, length; /* of the open interval */
    int64_t settled;       /* nothing before this is kept apart any more */
    int64_t used, late;    /* of the open interval */
    uint64_t frames;
    unsigned count;
    struct vo_occupancy_piece pieces[VO_OCCUPANCY_PIECES]; /* in order, apart from each other */
};

struct vo_occupancy_interval {
    int64_t start_ns, length_ns;
    int64_t used_ns; /* 0 to length_ns */
    int64_t late_ns; /* of frames that came too late; not in used_ns, and of any interval before */
    uint64_t frames; /* that began in it, or were told while it was open */
};

/* `length_ns` above 0. Times stay within +-2^62 ns. */
void vo_occupancy_init(struct vo_occupancy *occupancy, int64_t start_ns, int64_t length_ns);

/* Closes the open interval if it ended at or before `now_ns`, and opens the next; false if it is still open.
 * Call it in a loop before each frame, with its begin. */
bool vo_occupancy_next(struct vo_occupancy *occupancy, int64_t now_ns,
                       struct vo_occupancy_interval *interval);

/* One PPDU (an A-MPDU is one). False, and nothing is counted: it begins behind the open interval, or does not
 * end behind its begin. */
bool vo_occupancy_add(struct vo_occupancy *occupancy, int64_t begin_ns, int64_t end_ns);

/* The open interval as it is now: length_ns is up to `now_ns`, which lies in it. At the end of a measurement.
 */
struct vo_occupancy_interval vo_occupancy_now(const struct vo_occupancy *occupancy, int64_t now_ns);

/* In percent; NAN for an interval without length. */
double vo_occupancy_percent(const struct vo_occupancy_interval *interval);

#endif
