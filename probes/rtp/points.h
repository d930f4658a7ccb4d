/*
 * The same streams at two capture points: which packet is which, which way it went, how long it took, what
 * was lost.
 *
 * Packets are the same when SSRC, sequence number and timestamp agree, and the hash of the payload where both
 * points have one; never by address, which NAT changes. Of duplicates at a point the first counts. What
 * cannot be told apart (a sequence number that comes again later than 2 s with the same timestamp, or with
 * another payload) takes no part. Streams pair with the stream that shares most packets, at least 16 or a
 * quarter of the shorter one; of equal claims the one with more of the same addresses and ports, and if that
 * is equal too, none: it is counted as ambiguous.
 *
 * The clocks of the points differ by anything. Which way a stream went is told first by its reverse: each
 * second, the clock of B less the clock of A is larger in the stream that went from A to B than in the other,
 * since both took time (whatever the clocks are). Then by TTL, which falls on the way; not where both
 * addresses changed, since something in between sent the packets anew. One fit over all streams gives the
 * clocks' offset (RFC 7679 3.7.1; core/estimate/clockfit.h).
 */
#ifndef VO_PROBES_RTP_POINTS_H
#define VO_PROBES_RTP_POINTS_H

#include "core/estimate/clockfit.h"
#include "probes/rtp/point.h"

#define VO_POINT_NONE SIZE_MAX

enum vo_point_direction { VO_POINT_A_TO_B = 0, VO_POINT_B_TO_A = 1, VO_POINT_UNKNOWN = 2 };

struct vo_point_match {
    vo_time at[2]; /* by the clocks of A and B; their difference fits an int64_t */
};

struct vo_point_pair {
    uint32_t number[2]; /* of the stream at A and at B */
    const struct vo_stream *stream[2];
    size_t reverse;                 /* the pair of the other direction, or VO_POINT_NONE */
    struct vo_point_match *matches; /* in order of sequence number as sent on the wire: not of time */
    size_t matched;
    uint64_t header_only; /* matched without a hash of the payload */
    enum vo_point_direction direction;
    const char *evidence; /* what told the direction, or why it is not known */
    int64_t shift[2];     /* smallest and largest: clock at the later point less clock at the earlier */
    uint64_t lost;        /* packets of the earlier point that the later must have seen, and did not */
};

struct vo_points {
    struct vo_point *point[2]; /* borrowed; their packets are put into another order */
    struct vo_point_pair *pairs;
    size_t count;
    size_t *pair_of[2]; /* by number of the stream: its pair or VO_POINT_NONE */
    uint64_t matched, header_only;
    uint64_t ambiguous; /* packets that cannot be told apart from others, at both points */
    uint64_t altered;   /* same SSRC, sequence number and timestamp, another payload */
    uint64_t torn;      /* streams with two equal claims */
    struct vo_clockfit_result clock;
};

/* Finds pairs and their matches. Both points are settled. The caller releases. VO_ERR_MEMORY. */
enum vo_status vo_points_match(struct vo_points *points, struct vo_point *a, struct vo_point *b,
                               struct vo_error *error);
/* After each pair's `reverse` is set: directions, clocks and losses. VO_ERR_MEMORY. */
enum vo_status vo_points_solve(struct vo_points *points, struct vo_error *error);
void vo_points_release(struct vo_points *points);

/* What one pair shows. */
struct vo_point_result {
    char missing[200]; /* why there is no delay; "" if there is */
    double median_ms, minimum_ms, maximum_ms, mean_ms;
    double error_ms;         /* ± of all of them, from the clocks */
    bool has_direction;      /* without it there is nothing of what follows either */
    double variation_p95_ms; /* above the smallest delay */
    uint64_t sent, lost;     /* packets that the later point could have seen */
};
struct vo_point_result vo_points_result(const struct vo_points *points, const struct vo_point_pair *pair);

/* Whether the capture of the other point ran while this stream, seen at point `side`, did. `told` becomes
 * false if no packet was matched, so that the clocks have to be taken as they are. */
bool vo_points_awaited(const struct vo_points *points, int side, const struct vo_stream *stream, bool *told);

#endif
