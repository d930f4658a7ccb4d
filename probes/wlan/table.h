/*
 * What `voready-wlan read` and `monitor` print for a person when no records are asked for.
 */
#ifndef VO_PROBES_WLAN_TABLE_H
#define VO_PROBES_WLAN_TABLE_H

#include "probes/wlan/session.h"

#include <stdio.h>

/* After vo_wlan_session_finish(). Of long lists the most important rows, and how many more there are. */
void vo_wlan_print_table(struct vo_wlan_session *session, FILE *stream);

#endif
