/*
 * The gap that a roam made in a stream of media, measured in its packets: when they came, and their sequence
 * numbers. Pure: arrivals are passed in, on the monotonic clock.
 *
 * The gap is the longest time between two packets that overlaps the roam, from leaving the old access point
 * until data may flow again, with VO_MEDIA_MARGIN on both sides, since the kernel's events are read a little
 * late. Its uncertainty is the time between packets: nobody knows when the next one would have come.
 *
 * It is told only where media flowed steadily until then: VO_MEDIA_STEADY packets in the second up to the
 * last one before. And only where it was not the sender who paused (silence suppression, hold), which
 * timestamps tell that went on while sequence numbers did not.
 *
 * Source: RFC 3550 5.1, A.1.
 */
#ifndef VO_PROBES_WLAN_MEDIA_GAP_H
#define VO_PROBES_WLAN_MEDIA_GAP_H

#include "core/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define VO_MEDIA_MARGIN   (100 * VO_NS_PER_MS)
#define VO_MEDIA_STEADY   10
#define VO_MEDIA_STALE    (2 * VO_NS_PER_S)  /* silent for so long before: the roam need not be why */
#define VO_MEDIA_PATIENCE (10 * VO_NS_PER_S) /* silent for so long after: media is lost */
#define VO_MEDIA_KEPT     4096               /* arrivals, the newest */

struct vo_media_arrival {
    vo_time at;
    uint32_t sequence;  /* extended */
    uint32_t timestamp; /* of the sender; 0 where there is none */
    bool doubtful;      /* the clock was set about then: `at` may be wrong */
};

struct vo_media_stream {
    bool always;         /* its packets come as long as it runs: silence is loss (echo) */
    bool stamped;        /* has timestamps */
    vo_time ended;       /* nothing can come from here on; VO_TIME_UNKNOWN: it runs */
    const char *why_end; /* why */
    uint64_t count;      /* arrivals; the newest is [(count - 1) % VO_MEDIA_KEPT] */
    struct vo_media_arrival arrivals[VO_MEDIA_KEPT];
};

void vo_media_begin(struct vo_media_stream *stream, bool always, bool stamped);
/* `sequence`: the 16 bits of RTP where `stamped`, else whole. Arrivals come in order. */
void vo_media_arrive(struct vo_media_stream *stream, vo_time at, bool doubtful, uint32_t sequence,
                     uint32_t timestamp);

enum vo_media_state { VO_MEDIA_UNKNOWN, VO_MEDIA_RESUMED, VO_MEDIA_LOST };
struct vo_media_gap {
    const char *why;         /* there is no gap; NULL: there is */
    vo_time from, to;        /* the last packet before, the first after; VO_TIME_UNKNOWN: none */
    vo_time pace;            /* mean time between packets before; 0: not known */
    const char *why_no_loss; /* `lost` is not known; NULL: it is */
    uint32_t lost;           /* sequence numbers between the two that never came */
    enum vo_media_state state;
    const char *why_unknown; /* of the state */
    bool steady;             /* media flowed before */
};
/* Of a roam from `begun` to `ended` (VO_TIME_UNKNOWN: not yet). `now`: until when arrivals are known. `next`:
 * another roam has begun then, so that nothing after it is of this one. */
void vo_media_measure(const struct vo_media_stream *stream, vo_time begun, vo_time ended, vo_time now,
                      bool next, struct vo_media_gap *gap);

#endif
