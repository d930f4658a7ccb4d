/*
 * Delay between two legs of a stream that one capture saw, such as before and behind an SBC or a VLAN border:
 * the same SSRC and sequence numbers under other addresses or another encapsulation. One clock, so that the
 * delay is exact.
 *
 * Each of two siblings looks for its packets among those that the other has had within the last
 * VO_SEQUENCE_WINDOW; only the later leg finds them, so the order of the legs need not be known.
 *
 * An SSRC is random (RFC 3550 8.1) and so tells a stream from all others; but traffic generators send one
 * recording, with its SSRC, in every call. More than VO_LEG_STREAMS streams at once under one SSRC are taken
 * for that: none of them has a sibling, then or later.
 */
#ifndef VO_PROBES_FLOW_LEG_H
#define VO_PROBES_FLOW_LEG_H

#include "core/estimate/quantile.h"
#include "probes/flow/stream.h"

#define VO_LEG_PROOF   16 /* packets that two streams share before they count as legs of one */
#define VO_LEG_STREAMS 4

struct vo_leg_delay {
    struct vo_stream *first; /* the sibling that had the packets before; NULL: see vo_leg_part() */
    uint64_t matched;
    uint64_t checked;         /* packets of this leg since the first match */
    uint64_t first_unique;    /* the sibling's unique packets at the first match, */
    uint64_t last_unique;     /* and at the last */
    struct vo_quantile delay; /* µs */
};

/* Makes two confirmed streams of the same SSRC siblings, where they are none yet: the newest and, as a rule,
 * the one before it, from which `next_ssrc` leads to the older ones. On the air not the same way as another
 * interface heard it, which is no other leg, and of two rather what its own interface heard. *sibling: the
 * one that was found, or NULL. False: out of memory. */
bool vo_leg_join(struct vo_stream *newest, struct vo_stream *before, struct vo_stream **sibling);
/* It has no sibling and gets none. */
void vo_leg_part(struct vo_stream *stream);
void vo_leg_release(struct vo_stream *stream);
/* After a packet of a stream that has a sibling. */
void vo_leg_add(struct vo_stream *stream, const struct vo_rtp_packet *packet);

#endif
