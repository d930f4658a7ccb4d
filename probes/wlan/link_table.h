/* Links and channels for a person. */
#ifndef VO_PROBES_WLAN_LINK_TABLE_H
#define VO_PROBES_WLAN_LINK_TABLE_H

#include "probes/wlan/link_meter.h"

#include <stdio.h>

#define VO_LINK_LINE 256
/* One line of how the link is now, with the level of the last reading (NAN: none was new). Returns `text`. */
const char *vo_link_line(const struct vo_link_meter *meter, const struct vo_link_sum *sum, double signal_dbm,
                         char text[VO_LINK_LINE]);
void vo_link_print(const struct vo_link_meter *meter, FILE *stream);
/* Sorted by frequency; those without a reading are left out. */
void vo_channel_print(const struct vo_channel_meters *meters, FILE *stream);

#endif
