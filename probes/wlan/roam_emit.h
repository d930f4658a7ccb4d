/* A roam of this host as records: an observation and its timeline as an event; and as a line for a person. */
#ifndef VO_PROBES_WLAN_ROAM_EMIT_H
#define VO_PROBES_WLAN_ROAM_EMIT_H

#include "core/record.h"
#include "probes/wlan/clock_map.h"
#include "probes/wlan/host_roam.h"
#include "probes/wlan/media_gap.h"

#include <stdio.h>

struct vo_roam_told {
    const struct vo_host_roam *roam;
    const struct vo_media_gap *gap;
    const char *media; /* which stream: "echo", an RTP stream's id, "" for none */
    bool captured;     /* packets were seen, so that DHCP could be */
    const char *interface;
    const struct vo_clock_map *clock;
};

void vo_roam_emit(struct vo_record_writer *writer, const struct vo_roam_told *told);
void vo_roam_print_head(FILE *stream);
void vo_roam_print(const struct vo_roam_told *told, FILE *stream);

#endif
