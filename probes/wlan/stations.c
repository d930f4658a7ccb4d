#include "probes/wlan/stations.h"

#include <stdlib.h>
#include <string.h>

void vo_stations_init(struct vo_stations *stations)
{
    memset(stations, 0, sizeof *stations);
    stations->end = &stations->first;
}

void vo_stations_release(struct vo_stations *stations)
{
    while (stations->first) {
        struct vo_station *next = stations->first->next;
        free(stations->first);
        stations->first = next;
    }
    vo_lookup_release(&stations->by);
    vo_stations_init(stations);
}

struct vo_station *vo_stations_find(const struct vo_stations *stations, vo_wlan_address address)
{
    return vo_lookup_find(&stations->by, address, 0);
}

struct vo_station *vo_stations_get(struct vo_stations *stations, vo_wlan_address address, vo_time time)
{
    struct vo_station *station = vo_stations_find(stations, address);
    if (station)
        return station;
    if (address == VO_WLAN_NO_ADDRESS || vo_wlan_address_is_group(address))
        return NULL;
    station = stations->count < VO_STATION_MOST ? calloc(1, sizeof *station) : NULL;
    if (!station || !vo_lookup_add(&stations->by, address, 0, station)) {
        free(station);
        stations->left_out++;
        return NULL;
    }
    station->address = address;
    station->first = station->last = time;
    *stations->end = station;
    stations->end = &station->next;
    stations->count++;
    return station;
}

void vo_station_hear(struct vo_station *station, const struct vo_heard *heard, struct vo_bss *bss)
{
    const struct vo_ieee80211 *frame = heard->frame;
    station->frames++;
    station->last = heard->time;
    station->retries += (frame->control & VO_IEEE80211_RETRY) != 0;
    vo_levels_add(&station->signal, heard->signal_dbm);
    vo_levels_add(&station->noise, heard->noise_dbm);
    if (frame->type == VO_IEEE80211_CONTROL)
        return;
    if (frame->bssid == frame->transmitter)
        station->is_ap = true;
    if (frame->type != VO_IEEE80211_DATA)
        return;
    station->data += !(frame->has & VO_IEEE80211_NO_BODY);
    if (bss && station->bss != bss) {
        station->bss = bss;
        bss->stations += !station->is_ap;
    }
}
