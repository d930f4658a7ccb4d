/*
 * Readings for link_meter.h and channel_meter.h, of the kernel: the interface, its access point's counters,
 * the survey. Needs no privilege.
 */
#ifndef VO_PROBES_WLAN_LINK_POLL_H
#define VO_PROBES_WLAN_LINK_POLL_H

#include "probes/io/nl80211.h"
#include "probes/wlan/link_meter.h"

#define VO_LINK_SURVEYS 512

struct vo_link_poll {
    struct vo_nl80211 *nl80211; /* borrowed */
    char name[VO_WLAN_NAME];
    struct vo_link_reading reading; /* of the last call; borrows `surveys` and `no_survey` */
    struct vo_survey surveys[VO_LINK_SURVEYS];
    bool without_survey; /* the caller's wish */
    char no_survey[VO_ERROR_SIZE];
    bool no_survey_ever; /* the driver has none: it is not asked again */
    /* The network of the access point, by the kernel's list of BSSs: many kernels do not tell it with the
     * interface. */
    struct {
        vo_wlan_address peer; /* the station's entry that this is about; 0: none */
        vo_time looked;       /* monotonic */
        bool known;
        uint8_t ssid[VO_SSID_MAX], ssid_size;
        uint16_t capability; /* of its beacons */
    } network;
};

/* Begins with the interface of that name; VO_ERR_USAGE if there is none, or, where `station` is asked for, if
 * it is of another type. */
enum vo_status vo_link_poll_open(struct vo_link_poll *poll, struct vo_nl80211 *nl80211, const char *name,
                                 bool station, struct vo_error *error);
/* Fills poll->reading; of another type than station only interface and survey. An interface that is down or
 * not associated is no error. VO_ERR_IO: it is gone, or the kernel cannot be asked. */
enum vo_status vo_link_poll(struct vo_link_poll *poll, struct vo_error *error);

#endif
