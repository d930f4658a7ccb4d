/*
 * How many calls fit an access point's channel, by the time that each of their frames takes from everybody.
 *
 * Source: S. Garg, M. Kappes, "Can I add a VoIP call?", IEEE ICC 2003: a call of packet interval P sends one
 * frame each way in P, so the channel holds the largest n with n * (T_down + T_up) <= P, where T is all the
 * time that a frame keeps the medium from others. Here
 *
 *   T = AIFS + mean backoff + protection + PPDU + SIFS + response (each PPDU with its signal extension)
 *
 * with AIFS and backoff of the voice category (IEEE 802.11-2020 10.23.2), divided by the share of attempts
 * that succeed, and the free part of P: the planned ceiling of utilisation less the load that is there
 * already. Further exchanges (signalling) of a call count as frames of the same size.
 *
 * Two bounds. `calls_least` gives every frame its backoff alone, though stations count down at the same time;
 * `calls_most` gives none a backoff, which no channel beats without aggregation. Neither knows collisions.
 * The assumptions have names (vo_capacity_assumptions()), for whoever shows the figure.
 *
 * NAN wherever something that the figure needs is not known; of a PPDU whose time is a span the longest
 * counts.
 */
#ifndef VO_CORE_ESTIMATE_CAPACITY_H
#define VO_CORE_ESTIMATE_CAPACITY_H

#include "core/estimate/contention.h"

struct vo_capacity_direction {
    struct vo_airtime_ppdu ppdu; /* at the rate of this direction */
    uint32_t response_kbps;      /* see vo_contention_response_kbps() */
    struct vo_contention_access access;
};

struct vo_capacity_plan {
    struct vo_capacity_direction down, up;
    uint32_t frame_bytes;    /* MPDU with FCS, see vo_capacity_frame_bytes() */
    double packet_ms;        /* 20 for most codecs */
    unsigned frequency_mhz;  /* tells SIFS, slot, signal extension */
    enum vo_told short_slot; /* matters in the 2.4 GHz band */
    double other_percent;    /* measured load of the channel without these calls */
    double ceiling_percent;  /* planned limit of the whole: 45 by the guide's 13.4; 100: none */
    double retry_percent;    /* of attempts, 0 to below 100 */
    double protection_us;    /* CTS to self or RTS and CTS with their SIFS before each frame; 0: none */
    double signalling_per_s; /* further exchanges of a call a second */
};

struct vo_capacity {
    double exchange_us;      /* PPDU, SIFS, response and protection, both directions once */
    double contention_us;    /* AIFS and mean backoff, both directions */
    double used_percent;     /* of the channel, by one call: without contention, as utilisation is measured */
    double occupied_percent; /* with contention */
    double free_percent;     /* ceiling less other load, not below 0 */
    double calls_least, calls_most; /* whole numbers */
};

/* A figure that cannot be had leaves NAN; so do a packet interval, ceiling or retry share that make no sense.
 */
struct vo_capacity vo_capacity_calls(const struct vo_capacity_plan *plan);

enum vo_capacity_cipher { VO_CAPACITY_OPEN, VO_CAPACITY_CCMP, VO_CAPACITY_GCMP_256 };

/* Bytes of the MPDU of one RTP packet: QoS data header 26, cipher (CCMP-128 16, GCMP and CCMP-256 24), LLC
 * and SNAP 8, IPv4 20 or IPv6 40, UDP 8, RTP 12, payload, SRTP tag, FCS 4. G.711 of 20 ms over WPA2 and IPv4:
 * 254. */
uint32_t vo_capacity_frame_bytes(uint32_t payload, uint32_t srtp_tag, bool ipv6,
                                 enum vo_capacity_cipher cipher);

struct vo_capacity_assumption {
    const char *name, *text;
};
/* All of them; returns how many. */
size_t vo_capacity_assumptions(const struct vo_capacity_assumption **rows);

#endif
