/*
 * Reading A.2 together with 4.7.2.
 *
 * A.2 counts steps of a Markov chain with four states: 1 received in a gap, 2 received in a burst, 3 lost in
 * a burst, 4 lost in a gap. Bad packets fall into groups: two neighbours with fewer than Gmin good packets
 * between them belong to one group. A group of one is a lone loss in a gap (c14); a group of two or more is a
 * burst (c13). A.2 learns that a group has ended only from the next bad packet that is Gmin or more away, so
 * that a report at an arbitrary moment lacks the last group, and it also counts a group that ended before the
 * first bad packet, though there was none: one lost packet in an hour comes out as a burst of one packet with
 * density 100 %.
 *
 * 4.7.2, the normative text, settles both ends: stream and report are taken as preceded and followed by at
 * least Gmin good packets. Hence:
 *  - the first bad packet opens a group, whatever stood before it, and closes none; the good packets before
 * it are in a gap;
 *  - a result is computed from a copy in which the last group is closed and the good packets after it are in
 * a gap.
 *
 * Then, with B bursts, L lost and G good packets in them, and S lost and Q good packets in gaps:
 *   c13 = c31 = B, c14 = S, c11 = Q, c22 + c23 = G, c31 + c32 + c33 = L
 * and A.2's formulas become
 *   burst density = p23 / (p23 + p32) = (c23/G) / (c23/G + c23/L) = L / (L + G)   (G = 0: p23 = 1, p32 = 0,
 * hence 1) gap density   = c14 / (c11 + c14) = S / (S + Q) gap length    = (c11 + c14 + c13) / c13 = (S + Q)
 * / B + 1 packets burst length  = ctotal / c13 - gap length = (L + G) / B packets Densities and burst length
 * are what 4.7.2 defines. Gap length is not quite: A.2 counts the step into the burst as a packet of the gap,
 * and it divides by the number of bursts where 4.7.2 averages over the gaps (B - 1, plus one at either end
 * that is not itself a burst). Dividing the time without bursts by the number of bursts is the usual estimate
 * of the time from one burst to the next when the first and the last of them are cut off by the ends of the
 * observation; it is also what endpoints report. It is kept.
 *
 * Zero denominators: no packet, nothing is known (NaN). No burst (no loss, or lone losses only): one gap as
 * long as the stream. No gap (all packets in one burst): NaN for the gap, which does not exist.
 */
#include "core/estimate/burst.h"

#include <math.h>

/* A group of bad packets has ended. */
static void close_group(struct vo_burst *burst)
{
    if (burst->lost == 1)
        burst->c14++;
    else if (burst->lost > 1)
        burst->c13++;
    burst->lost = 0;
}

void vo_burst_add(struct vo_burst *burst, uint64_t good, uint64_t bad)
{
    burst->good += good;
    if (bad == 0)
        return;
    if (burst->lost == 0 || burst->good >= VO_BURST_GMIN) {
        close_group(burst);
        burst->c11 += burst->good;
    } else if (burst->good == 0) {
        burst->c33++;
    } else {
        burst->c23++;
        burst->c22 += burst->good - 1;
    }
    burst->c33 += bad - 1; /* each further one follows a bad one directly */
    burst->lost += bad;
    burst->bad += bad;
    burst->good = 0;
}

/* c33 counts the bad packets that follow a bad one, so bad - c33 runs of bad packets; random loss at the same
 * rate p makes runs of 1 / (1 - p) packets on average. */
static double ratio_of(const struct vo_burst *burst, double packets)
{
    if (burst->bad == 0)
        return NAN;
    double bad = (double)burst->bad;
    double run = bad / (double)(burst->bad - burst->c33);
    return fmax(1, run * (1 - bad / packets));
}

struct vo_burst_result vo_burst_result(const struct vo_burst *burst, uint64_t good, double packet_ms)
{
    struct vo_burst_result result = {false, false, NAN, NAN, NAN, NAN, NAN};
    struct vo_burst closed = *burst;
    close_group(&closed);
    closed.c11 += closed.good + good;

    double bursts = (double)closed.c13;
    double in_gaps = (double)(closed.c11 + closed.c14);
    double burst_good = (double)(closed.c22 + closed.c23);
    double burst_lost = (double)(closed.c13 + closed.c23 + closed.c33); /* c31 + c32 + c33 */
    double packets = in_gaps + burst_good + burst_lost;
    if (packets <= 0)
        return result;
    result.any = true;
    result.burst_ratio = ratio_of(burst, packets);
    if (in_gaps > 0)
        result.gap_density_percent = 100 * (double)closed.c14 / in_gaps;
    if (closed.c13 == 0) {
        result.gap_length_ms = packets * packet_ms;
        return result;
    }
    result.bursts = true;
    double p23 = burst_good < 1 ? 1 : (double)closed.c23 / burst_good;
    double p32 = (double)closed.c23 / burst_lost;
    result.burst_density_percent = 100 * p23 / (p23 + p32);
    result.burst_length_ms = (burst_good + burst_lost) / bursts * packet_ms;
    if (in_gaps > 0)
        result.gap_length_ms = (in_gaps + bursts) / bursts * packet_ms;
    return result;
}
