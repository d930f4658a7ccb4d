/*
 * Channels as stretches of spectrum: number and band to frequency and back, edges, and how far one channel
 * lies in another.
 *
 * Source: IEEE 802.11-2020 annex E (operating classes: 81 to 84 for 2.4 GHz, 109 to 130 for 4.9 and 5 GHz),
 * 802.11ax-2021 and 802.11be-2024 annex E (131 to 137: 6 GHz, 320 MHz), 16.3.6.3, 17.3.8.4, 27.3.23
 * (numbering).
 *
 * Channel numbers collide: 1 is 2412 and 5955 MHz, 36 is 5180 and 6130, 184 is 4920, 5920 and 6870. Only
 * frequency is an identity; a number means something in its band alone.
 *
 * Overlap is that of the nominal widths, with the power spread evenly over the occupied part: spectral masks,
 * leakage into the channels beside, receiver filters and the 22 MHz of DSSS are left out. So channels that
 * only border have no overlap here, although a strong neighbour is heard there. A frame sent in 20 MHz by a
 * station whose channel is wider (beacons, responses) has all its power in its primary channel: lay that over
 * ours instead.
 *
 * Units: MHz. NAN: not known.
 */
#ifndef VO_CORE_ESTIMATE_CHANNEL_H
#define VO_CORE_ESTIMATE_CHANNEL_H

#include <stdint.h>

enum vo_channel_band {
    VO_CHANNEL_NO_BAND,
    VO_CHANNEL_2_4_GHZ,
    VO_CHANNEL_4_9_GHZ,
    VO_CHANNEL_5_GHZ,
    VO_CHANNEL_6_GHZ,
    VO_CHANNEL_BANDS,
};

enum vo_channel_band vo_channel_band(unsigned mhz);
/* "2.4 GHz", …; "unknown". Never NULL. */
const char *vo_channel_band_name(enum vo_channel_band band);
/* Number of the channel whose centre this is (of wide ones, too: 5210 is 42); 0: none. */
unsigned vo_channel_number(unsigned mhz);
/* Centre of that number; 0: the band has no such number. */
unsigned vo_channel_mhz(enum vo_channel_band band, unsigned number);

struct vo_channel {
    uint16_t center_mhz;   /* of the channel; of 80+80 MHz of its first half. 0: not told */
    uint16_t width_mhz;    /* 5, 10, 20, 40, 80, 160, 320; of 80+80 MHz 160. 0: not told */
    uint16_t center_2_mhz; /* 80+80 MHz: of the second half; else 0 */
    uint16_t punctured;    /* bit n: 20 MHz part n, counted from the lowest, is not used (EHT) */
};

struct vo_channel_part {
    double low_mhz, high_mhz;
};
enum { VO_CHANNEL_PARTS = 16 };
/* The stretches in use, those that border joined, from low to high; returns how many. 0: not told, or no
 * channel of 802.11 (halves of 80+80 MHz that overlap, parts punctured that are not there, all punctured). */
unsigned vo_channel_parts(const struct vo_channel *channel, struct vo_channel_part parts[VO_CHANNEL_PARTS]);

struct vo_channel_overlap {
    double mhz;            /* in both */
    double share;          /* of what the other occupies, 0 to 1: of its power, what falls into ours */
    double attenuation_db; /* that share as a loss of received power: 0 if all of it, INFINITY if none */
};
/* The other's power in our channel. Not symmetric: all of a 20 MHz channel lies in an 80 MHz one that
 * contains it, but a quarter (6 dB less) of the 80 MHz one in the 20. All NAN if one is not known. */
struct vo_channel_overlap vo_channel_overlap(const struct vo_channel *ours, const struct vo_channel *other);

#endif
