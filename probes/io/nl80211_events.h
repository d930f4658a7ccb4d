/*
 * What the kernel announces of its radios: scans, connections, roams, channels, signals, regulation.
 *
 * Source: Linux' include/uapi/linux/nl80211.h (multicast groups "mlme", "scan", "config", "regulatory").
 *
 * Events carry no time of their own: `at` is when this program read them, which is late by as long as it was
 * kept from reading. How long a roam takes is measured in the media, not here. A station whose access point
 * is chosen by wpa_supplicant roams by disconnecting or authenticating anew: DEL_STATION, AUTHENTICATED,
 * ASSOCIATED, CONNECTED; only drivers that choose by themselves say ROAMED.
 *
 * Whoever reads too slowly loses events; the kernel says so, and VO_WLAN_EVENT_LOST stands where they were.
 *
 * Needs no privilege.
 */
#ifndef VO_PROBES_IO_NL80211_EVENTS_H
#define VO_PROBES_IO_NL80211_EVENTS_H

#include "core/clock.h"
#include "probes/io/nl80211_station.h"

enum vo_wlan_event_kind {
    VO_WLAN_EVENT_OTHER, /* one that this table does not have: `command` */
    VO_WLAN_EVENT_LOST,  /* some are missing here */
    VO_WLAN_EVENT_SCAN_STARTED,
    VO_WLAN_EVENT_SCAN_DONE, /* results can be read */
    VO_WLAN_EVENT_SCAN_ABORTED,
    VO_WLAN_EVENT_AUTHENTICATED, /* the frame that ended it; or timed_out */
    VO_WLAN_EVENT_ASSOCIATED,
    VO_WLAN_EVENT_DEAUTHENTICATED,
    VO_WLAN_EVENT_DISASSOCIATED,
    VO_WLAN_EVENT_UNPROTECTED, /* deauthentication or disassociation that PMF refused: forged, or a stale key
                                */
    VO_WLAN_EVENT_CONNECTED,   /* `status`, 0: success */
    VO_WLAN_EVENT_DISCONNECTED,
    VO_WLAN_EVENT_ROAMED,
    VO_WLAN_EVENT_AUTHORIZED,  /* the keys are there: data flows */
    VO_WLAN_EVENT_NEW_STATION, /* a peer is known; of a station: its access point */
    VO_WLAN_EVENT_DEL_STATION,
    VO_WLAN_EVENT_CHANNEL_SWITCH_STARTED,
    VO_WLAN_EVENT_CHANNEL_SWITCHED,
    VO_WLAN_EVENT_CQM, /* `cqm` */
    VO_WLAN_EVENT_RADAR,
    VO_WLAN_EVENT_REGULATORY,
    VO_WLAN_EVENT_NEW_INTERFACE,
    VO_WLAN_EVENT_DEL_INTERFACE,
    VO_WLAN_EVENT_NEW_WIPHY,
    VO_WLAN_EVENT_DEL_WIPHY,
    VO_WLAN_EVENT_FRAME, /* of management, and how sending it ended; of whom listens for them */
    VO_WLAN_EVENT_EAPOL, /* of authentication or keys, sent or received: a roam's last steps; `frame` is EAPOL
                          */
    VO_WLAN_EVENT_KINDS,
};
/* "scan done", "connected" … */
const char *vo_wlan_event_name(enum vo_wlan_event_kind kind);

enum vo_wlan_cqm {
    VO_CQM_LOW,  /* fell below a threshold */
    VO_CQM_HIGH, /* rose above one */
    VO_CQM_BEACON_LOSS,
    VO_CQM_PACKET_LOSS, /* `lost` packets in a row were not acknowledged */
};
enum vo_wlan_event_field {
    VO_EVENT_INTERFACE,
    VO_EVENT_NAME,
    VO_EVENT_WIPHY,
    VO_EVENT_PEER,
    VO_EVENT_STATUS,
    VO_EVENT_REASON,
    VO_EVENT_FREQUENCY,
    VO_EVENT_CENTER,
    VO_EVENT_COUNTRY,
    VO_EVENT_CQM,
    VO_EVENT_LEVEL, /* level_dbm, where the driver tells it */
    VO_EVENT_LOST,
    VO_EVENT_FRAME,
    VO_EVENT_SCANNED, /* frequencies */
    VO_EVENT_ACK,     /* the frame was acknowledged */
};
struct vo_wlan_event {
    enum vo_wlan_event_kind kind;
    vo_time at; /* when it was read */
    uint64_t has;
    uint32_t malformed;
    uint8_t command;
    uint32_t index, wiphy;
    char name[VO_WLAN_NAME];
    vo_wlan_address peer;    /* access point, or station of an access point */
    uint16_t status, reason; /* IEEE 802.11-2020 9.4.1.9 and 9.4.1.7; those in a frame count, too */
    bool timed_out;          /* no answer came */
    bool by_peer;            /* the access point ended it */
    uint32_t frequency_mhz, center_mhz;
    char country[3];
    enum vo_wlan_cqm cqm;
    int32_t level_dbm;
    uint32_t lost;
    const uint8_t *frame; /* the management frame without FCS, or EAPOL; borrowed */
    uint32_t frame_size;
    bool acknowledged;
    uint32_t frequencies;   /* how many a scan covered */
    const uint8_t *scanned; /* which ones, see vo_wlan_event_scanned(); borrowed */
    uint32_t scanned_size;
};
static inline bool vo_wlan_event_has(const struct vo_wlan_event *event, enum vo_wlan_event_field field)
{
    return event->has >> field & 1;
}
/* Of one announcement: its command and the bytes of its attributes. `at` is left VO_TIME_UNKNOWN. Borrows. */
void vo_wlan_event_parse(uint8_t command, const void *attributes, size_t size, struct vo_wlan_event *event);

/* The frequencies that the scan covered, MHz, at most `room`; returns how many. 0: the event tells of none.
 */
size_t vo_wlan_event_scanned(const struct vo_wlan_event *event, uint32_t *mhz, size_t room);

struct vo_nl80211_events;
enum vo_status vo_nl80211_events_new(struct vo_nl80211_events **events, struct vo_error *error);
void vo_nl80211_events_free(struct vo_nl80211_events *events);
/* To be watched for EPOLLIN. */
int vo_nl80211_events_fd(const struct vo_nl80211_events *events);
/* Reads what has come and does not wait. `event` lives as long as the call. */
enum vo_status vo_nl80211_events_read(struct vo_nl80211_events *events,
                                      void (*each)(void *context, const struct vo_wlan_event *event),
                                      void *context, struct vo_error *error);

#endif
