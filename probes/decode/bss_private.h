/* What bss_info.c, bss_security.c and bss_channel.c share. Not for other modules. */
#ifndef VO_PROBES_DECODE_BSS_PRIVATE_H
#define VO_PROBES_DECODE_BSS_PRIVATE_H

#include "probes/decode/bss_info.h"

/* The elements that together tell the channel, and the country's limits on it. NULL data: not there. */
struct vo_bss_operation {
    struct vo_element ht, vht, he, eht, country;
};

/* bss_security.c: an RSN element, and the part of a WPA element behind its organisation and type. False: it
 * ends within one of its lists; what came before stands. */
bool vo_bss_security_decode(const uint8_t *data, uint32_t size, uint32_t organisation,
                            struct vo_bss_security *security);

/* bss_channel.c: primary channel, width, centres, punctured parts, and the country's limit. */
void vo_bss_channel_resolve(const struct vo_bss_operation *operation, uint16_t frequency_mhz,
                            struct vo_bss_info *info);

static inline void vo_bss_set(struct vo_bss_info *info, enum vo_bss_field field)
{
    info->has |= UINT64_C(1) << field;
}

#endif
