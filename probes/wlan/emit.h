/*
 * From what was heard to records: BSSs, channels, links, stations, roams, the capture.
 *
 * Everything that could not be measured is written with its reason.
 */
#ifndef VO_PROBES_WLAN_EMIT_H
#define VO_PROBES_WLAN_EMIT_H

#include "probes/wlan/session.h"

/* Callbacks of air.h; the context is a struct vo_wlan_ear. */
void vo_wlan_emit_rows(void *context, const struct vo_air_channel *channel, vo_time start,
                       const struct vo_air_row *rows, unsigned count);
/* A roam: the event as soon as it has ended, the observation once its outcome is settled. */
void vo_wlan_tell_roam(struct vo_wlan_session *session, const struct vo_phone_roam *roam);
void vo_wlan_emit_roam(struct vo_wlan_session *session, const struct vo_phone_roam *roam);
/* All else, after vo_wlan_session_finish(). `id`: of the capture. */
void vo_wlan_emit_all(struct vo_wlan_session *session, const char *id);

/* The interface's name where there is more than one, else NULL. */
const char *vo_wlan_ear_name(const struct vo_wlan_ear *ear);
/* emit_link.c */
void vo_wlan_emit_link(const struct vo_wlan_ear *ear, const struct vo_link *link);
void vo_wlan_emit_station(const struct vo_wlan_ear *ear, const struct vo_station *station);
void vo_wlan_label_address(struct vo_record_writer *writer, const char *name, vo_wlan_address address);
/* The SSID of a BSS (NULL: it is not known), and whether that is surveyed. */
void vo_wlan_label_ssid(const struct vo_wlan_session *session, const struct vo_bss *bss);
void vo_wlan_put_levels(struct vo_record_writer *writer, const struct vo_levels *levels,
                        const struct vo_levels *noise);

#endif
