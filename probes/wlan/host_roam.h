/*
 * The roams of this host, of the kernel's announcements and of readings of the interface beside them. Pure:
 * both are passed in, with the monotonic time at which they were read.
 *
 * A roam begins when the interface leaves its access point or authenticates with another one, and ends when
 * it is connected and authorized: data may flow. What follows for VO_HOST_ROAM_AFTER, DHCP above all, still
 * belongs to it. An attempt that leads back to the old access point is one, too (from = to); so is being
 * disconnected without end (to = 0). Another network (SSID) is none; nor is an attempt for which the old
 * access point was never left.
 *
 * Drivers that choose by themselves only say that they have roamed; some say nothing, and announcements may
 * be lost: then readings tell that the access point is another one, between which two of them.
 *
 * What a call suffers is not told here, but by the packets: media_gap.h.
 *
 * Source: IEEE 802.11-2020 9.4.1.1 (authentication algorithms), 11.3, 13; Linux' nl80211.h.
 */
#ifndef VO_PROBES_WLAN_HOST_ROAM_H
#define VO_PROBES_WLAN_HOST_ROAM_H

#include "probes/io/addresses.h"
#include "probes/io/nl80211_events.h"

#define VO_HOST_ROAM_AFTER (10 * VO_NS_PER_S) /* DHCP, media */
#define VO_HOST_ROAM_KEYS  (30 * VO_NS_PER_S) /* for EAP, where the interface is not authorized yet */
#define VO_HOST_ROAM_SCAN  (1 * VO_NS_PER_S)  /* a scan that ended so shortly before is the roam's */
/* What readings say and announcements do not is believed when it has lasted for so long. */
#define VO_HOST_ROAM_DOUBT (300 * VO_NS_PER_MS)

/* Times are monotonic, VO_TIME_UNKNOWN for what was not seen. */
struct vo_host_roam {
    vo_wlan_address from, to; /* to: 0 if it has not connected again */
    uint32_t from_mhz, to_mhz;
    uint8_t ssid[VO_SSID_MAX], ssid_size;
    bool other_network; /* no roam: it connected to another SSID */
    vo_time begun;      /* leaving, or authentication, or the reading before: what came first */
    vo_time scan_began, scan_ended;
    vo_time left, authenticated, associated, connected, authorized;
    vo_time authorized_slack; /* it may have been so much earlier: seen by readings */
    vo_time settled;          /* when nothing more was waited for */
    bool keys_due;            /* it was connected and not authorized */
    bool by_readings;         /* no announcement told of it */
    bool by_driver;           /* the driver chose (ROAMED): when it left is not told */
    bool by_peer;             /* the access point ended it */
    uint16_t reason;          /* 9.4.1.7; 0: none told */
    uint16_t algorithm;       /* of authentication; UINT16_MAX: not seen */
    unsigned attempts;        /* that failed */
    unsigned lost;            /* times that announcements were lost meanwhile */
    uint32_t eap_frames, key_frames;
    int8_t from_dbm, to_dbm; /* last level before, first after; 0: none */
    bool open;               /* the new access point asks for no keys (by its beacons) */
    bool dhcp;
    bool next; /* another roam began before it had settled */
    bool cut;  /* the run ended before it had settled */
    struct vo_addresses before, after;
};
/* The end of its window: until then no data could flow. VO_TIME_UNKNOWN: not connected. */
vo_time vo_host_roam_ended(const struct vo_host_roam *roam);
/* A word of wlan_roam_method. */
const char *vo_host_roam_method(const struct vo_host_roam *roam);
/* What the interface's addresses did: a word of wlan_roam_subnet, or NULL and why. */
const char *vo_host_roam_subnet(const struct vo_host_roam *roam, const char **why);

/* One look at the interface. */
struct vo_host_reading {
    bool associated;
    vo_wlan_address bssid;
    uint32_t mhz; /* 0: not told */
    const uint8_t *ssid;
    uint8_t ssid_size; /* 0: not known */
    int8_t dbm;        /* of a frame since the last reading; 0: none */
    bool flags_told, authorized;
    bool network_known, open;
    const struct vo_addresses *addresses; /* NULL: not looked at this time */
};

struct vo_host_roams {
    uint32_t index; /* of the interface */
    void (*done)(void *context, const struct vo_host_roam *roam);
    void *context;
    /* where it is */
    vo_wlan_address ap; /* 0: nowhere */
    uint32_t mhz;
    uint8_t ssid[VO_SSID_MAX], ssid_size;
    int8_t dbm;
    bool confirmed;      /* a reading agreed since it was connected */
    vo_time steady;      /* the last reading that agreed with `ap` */
    vo_time disagreeing; /* since when readings do not; VO_TIME_UNKNOWN: they do */
    struct vo_addresses addresses;
    vo_time scan_began, scan_ended;
    vo_time read; /* the last reading */
    enum { VO_HOST_ROAM_IDLE, VO_HOST_ROAM_UNDERWAY, VO_HOST_ROAM_SETTLING } phase;
    struct vo_host_roam now;
    vo_time lost_at;
    vo_wlan_address target; /* that it authenticated or associated with last */
    vo_wlan_address failed; /* last attempt that failed */
    vo_time failed_at;
};

void vo_host_roams_init(struct vo_host_roams *roams, uint32_t index,
                        void (*done)(void *context, const struct vo_host_roam *roam), void *context);
/* Announcements of other interfaces are passed over. */
void vo_host_roams_event(struct vo_host_roams *roams, const struct vo_wlan_event *event, vo_time at);
void vo_host_roams_read(struct vo_host_roams *roams, const struct vo_host_reading *reading, vo_time at);
/* Packets on the interface: `at` is when they passed. */
void vo_host_roams_dhcp(struct vo_host_roams *roams, vo_time at);
void vo_host_roams_eapol(struct vo_host_roams *roams, bool key, vo_time at);
/* Tells the roam that has settled, if any. To be called often. */
void vo_host_roams_tick(struct vo_host_roams *roams, vo_time at);
/* Tells what is left. */
void vo_host_roams_finish(struct vo_host_roams *roams, vo_time at);
/* Whether the interface is between two access points now, and not since long, so that readings should be
 * frequent. */
bool vo_host_roams_busy(const struct vo_host_roams *roams, vo_time at);

#endif
