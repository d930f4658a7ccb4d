/*
 * The packets in unencrypted data frames: calls and RTP streams to the session that measures them
 * (probes/flow/rtp_session.h), voice to what is known of the link.
 *
 * A repetition of a frame that this ear heard is left out, but a repetition whose first attempt it did not
 * hear is taken. What an access point relays is the same packet on another way (VO_ENCAP_TO_AP, _FROM_AP),
 * and measured apart; so is what another ear heard.
 */
#ifndef VO_PROBES_WLAN_CONTENT_H
#define VO_PROBES_WLAN_CONTENT_H

#include "probes/wlan/session.h"

/* Takes a data frame with a body. `link`: NULL for a frame to a group. */
void vo_content_hear(struct vo_wlan_ear *ear, struct vo_link *link, const struct vo_heard *heard);

#endif
