/*
 * What a BSS announces, in the words of records: labels and states, the same from a scan and from captured
 * beacons.
 */
#ifndef VO_PROBES_WLAN_DESCRIBE_H
#define VO_PROBES_WLAN_DESCRIBE_H

#include "core/record.h"
#include "probes/decode/bss_info.h"

/* Each character of an SSID becomes at most four: "\xNN" for what is no UTF-8, and for control characters. */
#define VO_SSID_TEXT (4 * VO_SSID_MAX + 1)
char *vo_ssid_text(const uint8_t *ssid, unsigned size, char text[VO_SSID_TEXT]);

/* Whether it is one of the names that the user told, as it is or as records write it. An SSID of no bytes is
 * not known, and none. */
bool vo_ssid_is_told(const uint8_t *ssid, unsigned size, const char *const *names, size_t count);
/* Whether an SSID can have that name. */
bool vo_ssid_name_is_possible(const char *name);

/* Words of wlan_security, wlan_pmf, wlan_phy. `capability`: the fixed field. What a beacon does not say is
 * only known if all of it was captured: else the words are "unknown", which records do not have, and of the
 * PHY NULL. */
const char *vo_bss_security_word(const struct vo_bss_info *info, uint16_t capability);
const char *vo_bss_pmf_word(const struct vo_bss_info *info);
const char *vo_bss_phy_word(const struct vo_bss_info *info, uint16_t mhz);
/* "802.1X, FT-802.1X"; empty: none. Returns `text`. */
char *vo_bss_akm_text(const struct vo_bss_info *info, char *text, size_t size);

/* Labels, states and numbers of the open observation of a BSS whose primary channel is at `mhz`: all that
 * does not change from beacon to beacon. Not its SSID. */
void vo_bss_observe(struct vo_record_writer *writer, const struct vo_bss_info *info, uint16_t capability,
                    uint16_t mhz);

#endif
