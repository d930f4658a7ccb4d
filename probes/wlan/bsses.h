/*
 * The BSSs that one receiver heard, from beacons and probe responses, and the access points that they belong
 * to. They come captured (vo_bss_hear()) or as the kernel keeps them of its scans (visit.h): what they say is
 * learned by the same code.
 *
 * A BSS is its BSSID; of scans it is BSSID and frequency, as the kernel keeps them. Its channel is that of
 * its own elements, by frequency; frames of it that were received on another one (2.4 GHz channels overlap)
 * are counted, but their signal is not its signal. The signal is that of beacons and probe responses alone,
 * which go out at one power and rate.
 *
 * Beacons and probe responses of one BSS differ. What a beacon says holds; a response adds the SSID that
 * beacons hide, and such information as is in no beacon (never channel, security or PHY, which a beacon
 * always has). Until a beacon was heard, the response's is all there is.
 *
 * BSS Load comes in two versions that are never mixed (bss_info.h); both are averaged over the frames that
 * had them: beacons, and probe responses as long as no beacon had it. A BSS without the element has no load,
 * not zero.
 *
 * Access points. BSSIDs are one access point's if their beacons say so (multiple BSSID, reduced neighbours
 * marked as co-located, multi-link device, Cisco's name), or if they differ in the last four bits and the
 * first byte only, as the BSSIDs and radios of one device do.
 */
#ifndef VO_PROBES_WLAN_BSSES_H
#define VO_PROBES_WLAN_BSSES_H

#include "probes/decode/bss_info.h"
#include "probes/wlan/air.h"
#include "probes/wlan/heard.h"
#include "probes/wlan/lookup.h"

#define VO_BSS_MOST 8192

struct vo_load_sum {
    uint64_t count, sum; /* of raw values */
    uint8_t last, most;
    uint16_t stations_last, stations_most;
};

struct vo_bss {
    vo_wlan_address bssid;
    vo_time first, last;
    struct vo_bss_info info;     /* of the newest beacon; until there is one, of a probe response */
    struct vo_bss_info response; /* of the newest probe response */
    bool has_beacon, has_response, loaded_beacon; /* loaded: beacons have BSS Load */
    uint16_t mhz;                                 /* primary channel */
    uint16_t capability, interval_tu;
    uint64_t beacons, responses, off_channel;
    uint64_t elements_hash, hidden_hash;
    uint32_t changes; /* times that beacons began to say something else */
    uint8_t ssid[VO_SSID_MAX], ssid_size;
    bool known;  /* a beacon or probe response was read; else only frames with this BSSID were heard */
    bool hidden; /* beacons hide the SSID */
    struct vo_levels signal, noise;
    struct vo_load_sum load, load_v1;
    struct vo_air_sum air;
    uint32_t stations; /* that sent data in it */
    size_t number;     /* in the order in which they were heard of */
    struct vo_bss *ap; /* of its access point the first one heard; itself, if it is that one */
    void *visited;     /* the caller's, as it likes */
    struct vo_bss *next;
};

struct vo_bsses {
    struct vo_lookup by;
    bool by_frequency; /* set by the caller before the first one: keyed by BSSID and frequency */
    struct vo_bss *first, **end;
    size_t count;
    uint64_t left_out;  /* frames of further BSSs */
    uint64_t ungrouped; /* BSSs whose access point is not known, for want of memory */
};

void vo_bsses_init(struct vo_bsses *bsses);
void vo_bsses_release(struct vo_bsses *bsses);
struct vo_bss *vo_bsses_find(const struct vo_bsses *bsses, vo_wlan_address bssid);
/* Finds or begins it; NULL: too many, no memory, or no BSSID of one. */
struct vo_bss *vo_bsses_get(struct vo_bsses *bsses, vo_wlan_address bssid, vo_time time);
/* The same by BSSID and frequency. */
struct vo_bss *vo_bsses_find_at(const struct vo_bsses *bsses, vo_wlan_address bssid, uint16_t mhz);
struct vo_bss *vo_bsses_get_at(struct vo_bsses *bsses, vo_wlan_address bssid, uint16_t mhz, vo_time time);

/* The elements of one beacon or probe response. */
struct vo_announcement {
    const uint8_t *elements;
    uint32_t size;
    uint16_t mhz; /* where it was received; 0: not told */
    bool beacon;
    bool cut; /* the capture does not have all of it */
    vo_time time;
};
/* Learns what it says, and of whom else it tells; neither its level nor its load. */
void vo_bss_learn(struct vo_bsses *bsses, struct vo_bss *bss, const struct vo_announcement *told);
/* Counts its BSS Load, once it was learned. Returns whether there was one to count. */
bool vo_bss_count_load(struct vo_bss *bss, const struct vo_announcement *told);
/* The name, where it is known by other means. */
void vo_bss_set_ssid(struct vo_bss *bss, const uint8_t *ssid, uint8_t size);

/* Takes a captured beacon or probe response: all of the above, and its level. */
void vo_bss_hear(struct vo_bsses *bsses, struct vo_bss *bss, const struct vo_heard *heard);
/* A station named the SSID of a BSS that hides it: (re)association request. */
void vo_bss_name(struct vo_bss *bss, const struct vo_ieee80211_management *management);
/* Sets `ap` of all that were heard so far. May be called again when there are more. */
void vo_bsses_group(struct vo_bsses *bsses);

#endif
