/*
 * Which frequencies to scan, from what a user writes: "1,6,11,36-48" as channel numbers,
 * "2412,5180-5240,5955" as MHz.
 *
 * A channel number is one of 2.4 and 5 GHz, where they do not collide; 6 GHz is asked for by frequency. A
 * single one that the radio does not have, or that the regulatory domain does not permit, is named in
 * `refused`, and the others are scanned. Of a range, what the radio has and may is taken.
 */
#ifndef VO_PROBES_WLAN_FREQUENCIES_H
#define VO_PROBES_WLAN_FREQUENCIES_H

#include "probes/io/nl80211_wiphy.h"

struct vo_frequencies {
    uint32_t mhz[VO_WIPHY_FREQUENCIES]; /* rising; none: all that there are */
    size_t count;
    char refused[200]; /* "5845 MHz (not permitted), 5955 MHz (not of this radio)"; empty: none */
};

/* Either may be NULL. VO_ERR_USAGE: not a list of numbers, no channel of that number, or nothing is left. */
enum vo_status vo_frequencies_choose(const char *channels, const char *mhz, const struct vo_wiphy *wiphy,
                                     struct vo_frequencies *chosen, struct vo_error *error);

#endif
