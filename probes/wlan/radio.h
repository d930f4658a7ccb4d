/*
 * The radio that measures: its interface, what it can, what the regulatory domain lets it, and what it is
 * called.
 *
 * An adapter is named by its driver and its permanent address ("iwlwifi a4:b1:c1:00:00:01"), which stay when
 * the interface is renamed or takes a random address; by driver and hardware id where it has no address.
 */
#ifndef VO_PROBES_WLAN_RADIO_H
#define VO_PROBES_WLAN_RADIO_H

#include "probes/io/nl80211_wiphy.h"

#include <stdio.h>

struct vo_radio {
    struct vo_wlan_interface interface;
    struct vo_wiphy wiphy;
    struct vo_regulatory regulatory; /* `has` is 0 if the kernel does not tell */
    char driver[64];                 /* "" if it is not known */
    char adapter[128];               /* likewise */
};

/* `name` NULL: the only station there is. VO_ERR_USAGE if there is no such interface, or more than one and
 * none is named: the message names them. */
enum vo_status vo_radio_open(struct vo_nl80211 *nl80211, const char *name, struct vo_radio *radio,
                             struct vo_error *error);
/* Fills driver and adapter from `sys`, "/sys". */
void vo_radio_identify(const char *sys, const char *interface, struct vo_radio *radio);

/* "DE (ETSI)", "00 (the world's)", "unknown"; returns `text`. */
const char *vo_radio_domain(const struct vo_radio *radio, char *text, size_t size);
/* What it cannot do, a line each: bands that it has not, frequencies that are not permitted, and those where
 * it may not send first, so that it only listens. */
void vo_radio_print_limits(const struct vo_radio *radio, FILE *stream);

#endif
