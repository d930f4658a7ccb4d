/*
 * What stands between frames: interframe spaces and backoff by access category, and the responses that a
 * frame calls for. Times of waiting are never airtime used: the medium is idle, and stations wait at the same
 * time.
 *
 * Source: IEEE 802.11-2020 10.3.2.3 (interframe spaces), 10.3.3 (random backoff), 10.23.2 (EDCA), table 9-155
 * (its default parameters), 10.6.6.5.2 (rate of responses), 9.3.1 (lengths of control frames), tables 15-6,
 * 16-4, 17-21, 18-5, 19-25 (slot and SIFS).
 *
 * Units: microseconds. NAN: not known.
 */
#ifndef VO_CORE_ESTIMATE_CONTENTION_H
#define VO_CORE_ESTIMATE_CONTENTION_H

#include "core/estimate/airtime.h"

#include <stddef.h>

/* Bytes with FCS. A BlockAck is the compressed one; the number is its bits. */
enum vo_contention_frame {
    VO_CONTENTION_ACK = 14,
    VO_CONTENTION_CTS = 14,
    VO_CONTENTION_RTS = 20,
    VO_CONTENTION_PS_POLL = 20,
    VO_CONTENTION_BLOCK_ACK_REQUEST = 24,
    VO_CONTENTION_BLOCK_ACK = 32, /* 64 */
    VO_CONTENTION_BLOCK_ACK_256 = 56,
    VO_CONTENTION_BLOCK_ACK_512 = 88,
    VO_CONTENTION_BLOCK_ACK_1024 = 152,
};

/* The order of the access categories' numbers in 802.11. */
enum { VO_CONTENTION_BE, VO_CONTENTION_BK, VO_CONTENTION_VI, VO_CONTENTION_VO, VO_CONTENTION_CATEGORIES };

struct vo_contention_access {
    uint8_t aifsn;           /* slots behind a SIFS: 2 and more, for an access point 1 */
    uint16_t cw_min, cw_max; /* slots */
};

/* What stations use as long as their access point has announced nothing else. `ofdm`: the PHY knows OFDM (its
 * smallest window is 15 slots; that of DSSS alone is 31). */
struct vo_contention_access vo_contention_default(unsigned category, bool ofdm);

struct vo_contention_timing {
    double sifs_us, slot_us;
};

/* Of 20 MHz and wider channels. In the 2.4 GHz band the slot is 9 us if the whole BSS uses short ones, else
 * 20; not told: NAN. Other bands know only 9. Both NAN for a frequency that is in none. */
struct vo_contention_timing vo_contention_timing(unsigned frequency_mhz, enum vo_told short_slot);

/* Idle time before a frame may go, without backoff. 2: the DIFS of what is no QoS frame. */
double vo_contention_aifs_us(const struct vo_contention_timing *timing, unsigned aifsn);
/* Mean backoff of the first attempt: half of the window. Each failed one doubles the window up to cw_max. */
double vo_contention_backoff_us(const struct vo_contention_timing *timing, unsigned cw_min);

/* Rate of the ACK, BlockAck or CTS that answers a PPDU, kbit/s: the highest basic rate of the same modulation
 * that is no higher than its reference rate, else the highest mandatory one. `rates`: those of the BSS in
 * 500 kbit/s, basic ones marked by 0x80, as beacons write them. 0: unknown (also if rates is NULL). */
uint32_t vo_contention_response_kbps(const struct vo_airtime_ppdu *ppdu, const uint8_t *rates, size_t count);

/* The PPDU of a control frame at that rate, for vo_airtime_ppdu_us(). */
struct vo_airtime_ppdu vo_contention_control(uint32_t kbps, enum vo_told short_preamble);

#endif
