/*
 * Everything that transmits, by its address: how much, and how strong it is heard.
 *
 * A level is that of the transmitter, heard at the receiver: it is never put down to whom the frame was sent
 * to. Frames that do not name their transmitter (ACK, CTS) have nobody's.
 */
#ifndef VO_PROBES_WLAN_STATIONS_H
#define VO_PROBES_WLAN_STATIONS_H

#include "probes/wlan/bsses.h"
#include "probes/wlan/lookup.h"

#define VO_STATION_MOST 32768

struct vo_station {
    vo_wlan_address address;
    vo_time first, last;
    uint64_t frames, retries, data;
    struct vo_levels signal, noise;
    uint64_t air_ns;
    struct vo_bss *bss; /* of its last data frame or association */
    bool is_ap;         /* it sent data or beacons with its own address as BSSID */
    struct vo_station *next;
};

struct vo_stations {
    struct vo_lookup by;
    struct vo_station *first, **end;
    size_t count;
    uint64_t left_out; /* frames of further stations */
};

void vo_stations_init(struct vo_stations *stations);
void vo_stations_release(struct vo_stations *stations);
struct vo_station *vo_stations_find(const struct vo_stations *stations, vo_wlan_address address);
/* Finds or begins it; NULL: too many, no memory, no address of one. */
struct vo_station *vo_stations_get(struct vo_stations *stations, vo_wlan_address address, vo_time time);
/* Takes a frame that it transmitted. `bss`: whose the frame is, or NULL. */
void vo_station_hear(struct vo_station *station, const struct vo_heard *heard, struct vo_bss *bss);

#endif
