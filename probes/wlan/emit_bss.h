/*
 * What a BSS announces and how strong it is, into an open observation: the same from captured frames and from
 * scans.
 */
#ifndef VO_PROBES_WLAN_EMIT_BSS_H
#define VO_PROBES_WLAN_EMIT_BSS_H

#include "core/estimate/signal.h"
#include "core/record.h"
#include "probes/wlan/bsses.h"

/* Name, access point, all that vo_bss_observe() tells, load. */
void vo_wlan_put_bss(struct vo_record_writer *writer, const struct vo_bss *bss);

/* Level and noise of a receiver; why the one or the other is not there, where it is not. */
void vo_wlan_put_signal(struct vo_record_writer *writer, const struct vo_signal *signal,
                        const char *no_signal, const struct vo_signal *noise, const char *no_noise);

#endif
