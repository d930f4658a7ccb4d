/*
 * Programs that scan by themselves, as far as they run here: the kernel does not tell whose scan it does.
 */
#ifndef VO_PROBES_WLAN_RIVALS_H
#define VO_PROBES_WLAN_RIVALS_H

#include <stddef.h>

/* "NetworkManager, wpa_supplicant", from `proc`, "/proc"; empty: none that is known here. Returns `text`. */
char *vo_rivals(const char *proc, char *text, size_t size);

#endif
