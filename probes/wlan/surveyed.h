/*
 * Which networks a measurement is about: those that the user named, else the one that the interface is
 * associated with, else none. All others are neighbours.
 */
#ifndef VO_PROBES_WLAN_SURVEYED_H
#define VO_PROBES_WLAN_SURVEYED_H

#include "core/error.h"
#include "probes/decode/bss_info.h"

enum { VO_SURVEYED_MOST = 15 };
struct vo_surveyed {
    struct {
        uint8_t bytes[VO_SSID_MAX], size;
    } names[VO_SURVEYED_MOST];
    unsigned count;
    const char *told_by; /* "option" or "association"; NULL: there is none */
};

/* By the names of --ssid. VO_ERR_USAGE: one is empty or too long, or there are too many. */
enum vo_status vo_surveyed_name(const char *const *names, size_t count, struct vo_surveyed *surveyed,
                                struct vo_error *error);
/* By association, where none was named. */
void vo_surveyed_associated(struct vo_surveyed *surveyed, const uint8_t *ssid, size_t size);
/* Bytes are compared; a name may also be written as records write it, with \xNN. */
bool vo_surveyed_has(const struct vo_surveyed *surveyed, const uint8_t *ssid, size_t size);

#endif
