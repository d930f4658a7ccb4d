/*
 * What the levels at a place, or at many, say of a WLAN's plan: how far the serving access point stands above
 * the others on its channel (guide 13.4: at least 19 dB), and in how many of the places where one is strong
 * enough another is too (20 to 30 percent).
 *
 * Access points are told apart by a number that the caller gives: the BSSIDs of one have the same one, and
 * never interfere with each other. Levels are means at the place in dBm. NAN: it was not heard there, which
 * is an answer; a place where nothing was measured is not told at all.
 */
#ifndef VO_CORE_ESTIMATE_PLACE_H
#define VO_CORE_ESTIMATE_PLACE_H

#include "core/estimate/channel.h"

#include <stddef.h>

struct vo_place_bss {
    uint32_t access_point;
    double signal_dbm; /* NAN: not heard */
    struct vo_channel channel;
};

struct vo_place_separation {
    size_t strongest,
        overlapping;      /* which other one is meant; how many lie in the channel in part or whole */
    size_t unknown;       /* others that were heard, on a channel that is not told: they may be nearer */
    double separation_db; /* serving less the other's level as it was received */
    double effective_db;  /* less that part of it that falls into the serving one's channel */
};

/* Of all others that overlap the channel of `bss[serving]`, the one whose power there is the largest (see
 * vo_channel_overlap() for what is left out). Both dB are NAN if the serving one's level or channel is not
 * known, or if no other overlaps: then there is no separation to judge (`overlapping` is 0). The other's
 * level is that of its beacons: what it sends with may differ. */
struct vo_place_separation vo_place_separation(const struct vo_place_bss *bss, size_t count, size_t serving);

struct vo_place_overlap {
    size_t covered,
        shared;     /* places where the first reaches the limit; of those, where the second does too */
    double percent; /* shared of covered; NAN if the first covers none */
};

/* Levels of two access points at the same `places`. */
struct vo_place_overlap vo_place_overlap(const double *first_dbm, const double *second_dbm, size_t places,
                                         double limit_dbm);

#endif
