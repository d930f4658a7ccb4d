/*
 * The kernel's wireless stack, asked by generic netlink: the connection, the interfaces, and what is set on
 * them. Scans, surveys, stations, radios and events have modules of their own: nl80211_scan.h,
 * nl80211_survey.h, nl80211_station.h, nl80211_wiphy.h, nl80211_events.h.
 *
 * Source: Linux' include/uapi/linux/nl80211.h.
 *
 * Requests wait for their answer, which the kernel gives at once, some drivers after a moment; a kernel that
 * does not answer in five seconds is an error. What an answer is made of is read by vo_..._parse() from the
 * bytes of its attributes alone, so that recorded and hand-made answers can be read without a kernel.
 *
 * Invariant of every struct that is parsed: a member means something only if its bit in `has` is set. A
 * driver that does not tell a number has no bit set for it; 0 is a number. `malformed` counts attributes that
 * were not what they claim to be; they are left out.
 *
 * Needs no privilege, except where it is said: CAP_NET_ADMIN.
 */
#ifndef VO_PROBES_IO_NL80211_H
#define VO_PROBES_IO_NL80211_H

#include "core/error.h"
#include "probes/decode/bss_info.h"

#include <stddef.h>

/* The first and last dBm that a receiver can mean: drivers say 0, positive numbers, -128 or less for "none".
 */
enum { VO_DBM_LOWEST = -120, VO_DBM_HIGHEST = -1 };

struct vo_nl80211;

/* VO_ERR_IO with what to do if this kernel has no wireless stack, or it may not be asked. */
enum vo_status vo_nl80211_new(struct vo_nl80211 **nl80211, struct vo_error *error);
void vo_nl80211_free(struct vo_nl80211 *nl80211);
/* Why the last request was refused: an errno value (EBUSY, ENODEV …); 0: it was not refused by the kernel. */
int vo_nl80211_refusal(const struct vo_nl80211 *nl80211);

enum vo_wlan_interface_type {
    VO_WLAN_ADHOC = 1,
    VO_WLAN_STATION = 2,
    VO_WLAN_AP = 3,
    VO_WLAN_MONITOR = 6,
};
/* "station", "AP", "monitor" …; "other" for what came after this was written. */
const char *vo_wlan_interface_type_name(uint32_t type);

enum vo_wlan_interface_field {
    VO_WLAN_INTERFACE_INDEX,
    VO_WLAN_INTERFACE_NAME,
    VO_WLAN_INTERFACE_WIPHY,
    VO_WLAN_INTERFACE_TYPE,
    VO_WLAN_INTERFACE_ADDRESS,
    VO_WLAN_INTERFACE_SSID,
    VO_WLAN_INTERFACE_FREQUENCY, /* frequency_mhz; absent while it is on no channel */
    VO_WLAN_INTERFACE_OFFSET,
    VO_WLAN_INTERFACE_WIDTH,
    VO_WLAN_INTERFACE_CENTER,
    VO_WLAN_INTERFACE_CENTER_2, /* 80+80 MHz */
    VO_WLAN_INTERFACE_TX_POWER,
    VO_WLAN_INTERFACE_LINKS, /* multi-link: its channels are told by link, and not here */
};
enum { VO_WLAN_NAME = 16 };
struct vo_wlan_interface {
    uint64_t has;
    uint32_t malformed;
    uint32_t index; /* absent: it is no network interface (P2P device) */
    uint32_t wiphy; /* the radio */
    uint32_t type;  /* vo_wlan_interface_type */
    char name[VO_WLAN_NAME];
    vo_wlan_address address;
    uint8_t ssid[VO_SSID_MAX], ssid_size;
    uint32_t frequency_mhz, offset_khz; /* primary channel: MHz, and kHz to be added (sub-1-GHz) */
    uint16_t width_mhz;                 /* 80+80: 160, with two centres */
    bool ht;                            /* false: 20 MHz as before 802.11n */
    uint32_t center_mhz, center_2_mhz;
    int32_t tx_power_mbm; /* 1/100 dBm */
    uint8_t links;
};
static inline bool vo_wlan_interface_has(const struct vo_wlan_interface *interface,
                                         enum vo_wlan_interface_field field)
{
    return interface->has >> field & 1;
}
void vo_wlan_interface_parse(const void *attributes, size_t size, struct vo_wlan_interface *interface);

/* All wireless interfaces of this network namespace. */
enum vo_status vo_nl80211_interfaces(struct vo_nl80211 *nl80211,
                                     void (*each)(void *context, const struct vo_wlan_interface *interface),
                                     void *context, struct vo_error *error);
/* One by its name. VO_ERR_USAGE if there is none: the message names those that there are. */
enum vo_status vo_nl80211_interface(struct vo_nl80211 *nl80211, const char *name,
                                    struct vo_wlan_interface *interface, struct vo_error *error);

/* Whether the interface's station sleeps between beacons, which delays what comes to it by up to a beacon. */
enum vo_status vo_nl80211_power_save(struct vo_nl80211 *nl80211, uint32_t index, bool *on,
                                     struct vo_error *error);

/* Asks for an event (VO_WLAN_EVENT_CQM) whenever the signal crosses one of `count` thresholds, dBm, from the
 * lowest up, by more than `hysteresis_db`; none: no more. Drivers may take one only (EOPNOTSUPP).
 * CAP_NET_ADMIN. A program that already has such a wish (wpa_supplicant) loses it. */
enum vo_status vo_nl80211_set_cqm(struct vo_nl80211 *nl80211, uint32_t index, const int32_t *thresholds_dbm,
                                  size_t count, uint32_t hysteresis_db, struct vo_error *error);

/* A monitor interface beside the others of a radio, down at first. CAP_NET_ADMIN. */
enum vo_status vo_nl80211_add_monitor(struct vo_nl80211 *nl80211, uint32_t wiphy, const char *name,
                                      struct vo_wlan_interface *interface, struct vo_error *error);
enum vo_status vo_nl80211_remove(struct vo_nl80211 *nl80211, uint32_t index, struct vo_error *error);
/* Tunes a monitor interface: 20, 40, 80 or 160 MHz wide with its centre, MHz; a radio that is associated on
 * another channel refuses (EBUSY). CAP_NET_ADMIN. */
enum vo_status vo_nl80211_set_channel(struct vo_nl80211 *nl80211, uint32_t index, uint32_t frequency_mhz,
                                      uint16_t width_mhz, uint32_t center_mhz, struct vo_error *error);

#endif
