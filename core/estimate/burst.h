/*
 * Bursts and gaps of loss and discard (RFC 3611 4.7.2, algorithm of A.2, Gmin 16).
 *
 * Fed in sequence order: how many good packets stood between two bad ones is all that the algorithm needs.
 * Lost and discarded packets count alike. A zeroed struct is empty.
 */
#ifndef VO_CORE_ESTIMATE_BURST_H
#define VO_CORE_ESTIMATE_BURST_H

#include <stdbool.h>
#include <stdint.h>

#define VO_BURST_GMIN 16

struct vo_burst {
    uint64_t good; /* packets since the last bad one (A.2: pkt) */
    uint64_t lost; /* bad ones in the burst so far */
    uint64_t c11, c13, c14, c22, c23, c33;
    uint64_t bad; /* all bad ones */
};

struct vo_burst_result {
    bool any;    /* false: no packet at all */
    bool bursts; /* false: no burst; burst members are NaN, and the whole stream is one gap */
    double burst_density_percent, gap_density_percent; /* the gap's are NaN if all is one burst */
    double burst_length_ms, gap_length_ms;             /* means */
    double burst_ratio; /* BurstR of G.107: mean run of bad packets / mean run under random loss, >= 1; NaN
                           without loss */
};

/* `good` packets arrived in time since the last call, and then `bad` were lost or discarded in a row. */
void vo_burst_add(struct vo_burst *burst, uint64_t good, uint64_t bad);
/* `packet_ms`: media time of a packet; `good` packets after the last bad one. The header's .c derives the
 * treatment of the unfinished last gap or burst, of no burst at all and of every zero denominator. */
struct vo_burst_result vo_burst_result(const struct vo_burst *burst, uint64_t good, double packet_ms);

#endif
