/*
 * Scans by the kernel: asking for one, and the BSSs that it remembers (of the last 30 s, of any scan).
 *
 * Source: Linux' include/uapi/linux/nl80211.h (NL80211_CMD_TRIGGER_SCAN, enum nl80211_bss).
 *
 * A scan ends with an event, VO_WLAN_EVENT_SCAN_DONE or VO_WLAN_EVENT_SCAN_ABORTED (nl80211_events.h), of
 * anybody's scan; results can be read at any time. A BSS is keyed by BSSID and frequency: one BSSID may be
 * heard on two.
 *
 * The elements of probe responses and of beacons are kept apart, since they differ: a beacon hides an SSID
 * that a probe response tells, and only the beacon has the TIM.
 */
#ifndef VO_PROBES_IO_NL80211_SCAN_H
#define VO_PROBES_IO_NL80211_SCAN_H

#include "probes/io/nl80211.h"

enum { VO_SCAN_SSIDS = 16 };
struct vo_scan_request {
    bool active; /* probe requests to everybody; false: listens only */
    struct {
        uint8_t bytes[VO_SSID_MAX], size;
    } ssids[VO_SCAN_SSIDS]; /* asked for by name, too, where active: hidden networks answer */
    size_t ssid_count;
    const uint32_t *frequencies_mhz; /* NULL: all that the radio and the regulatory domain permit */
    size_t frequency_count;
    bool flush;        /* forget what earlier scans found */
    uint16_t dwell_tu; /* time on a channel, 1.024 ms; 0: the driver's choice (passive some 111 ms). Only
                          where vo_wiphy_extended() has VO_WIPHY_SCAN_DWELL */
};
/* Begins a scan. Refusals (vo_nl80211_refusal()): EBUSY, another is running; EOPNOTSUPP, this interface or
 * with this dwell time cannot; ENETDOWN, the interface is down; EPERM: needs CAP_NET_ADMIN. */
enum vo_status vo_nl80211_scan(struct vo_nl80211 *nl80211, uint32_t index,
                               const struct vo_scan_request *request, struct vo_error *error);

enum vo_scan_field {
    VO_SCAN_BSSID,
    VO_SCAN_FREQUENCY,
    VO_SCAN_OFFSET,
    VO_SCAN_SIGNAL,          /* signal_mbm, which can be true */
    VO_SCAN_SIGNAL_DOUBTFUL, /* signal_mbm as the driver says, but it is none (0 dBm, positive, too low) */
    VO_SCAN_SIGNAL_PERCENT,  /* signal_percent: the driver has no dBm; not convertible */
    VO_SCAN_CHAINS,          /* chain_dbm, by chain_mask */
    VO_SCAN_AGE,
    VO_SCAN_BOOTTIME,
    VO_SCAN_TSF,
    VO_SCAN_BEACON_TSF,
    VO_SCAN_BEACON_INTERVAL,
    VO_SCAN_CAPABILITY,
    VO_SCAN_STATUS,   /* only of the BSS that this interface has to do with */
    VO_SCAN_ELEMENTS, /* elements: of the probe response where `from_probe`, else not told of which frame */
    VO_SCAN_BEACON_ELEMENTS,
    VO_SCAN_MLD,
    VO_SCAN_LINK,
};
enum vo_scan_status { VO_SCAN_AUTHENTICATED = 0, VO_SCAN_ASSOCIATED = 1, VO_SCAN_JOINED = 2 };
enum { VO_SCAN_CHAINS_MAX = 8 };
struct vo_scan_bss {
    uint64_t has;
    uint32_t malformed;
    vo_wlan_address bssid;
    uint32_t frequency_mhz, offset_khz;
    int32_t signal_mbm;     /* 1/100 dBm */
    uint8_t signal_percent; /* 0 to 100 */
    uint8_t chain_mask;
    int8_t chain_dbm[VO_SCAN_CHAINS_MAX];
    uint32_t seen_ms_ago;
    uint64_t boottime_ns; /* CLOCK_BOOTTIME, when it was last heard */
    uint64_t tsf;         /* of the frame that `elements` is from; us */
    uint64_t beacon_tsf;  /* of the last beacon; us */
    uint16_t beacon_interval_tu, capability;
    uint32_t status;
    bool from_probe;
    const uint8_t *elements, *beacon_elements; /* borrowed; NULL: none */
    uint32_t elements_size, beacon_elements_size;
    vo_wlan_address mld; /* the multi-link device */
    uint8_t link;
};
static inline bool vo_scan_has(const struct vo_scan_bss *bss, enum vo_scan_field field)
{
    return bss->has >> field & 1;
}
/* Of one message of the dump. Borrows from the bytes. */
void vo_scan_parse(const void *attributes, size_t size, struct vo_scan_bss *bss);
/* What is known of an interface's surroundings; `bss` and its elements live as long as the call. */
enum vo_status vo_nl80211_scan_results(struct vo_nl80211 *nl80211, uint32_t index,
                                       void (*each)(void *context, const struct vo_scan_bss *bss),
                                       void *context, struct vo_error *error);

#endif
