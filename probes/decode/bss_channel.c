/*
 * The channel of a BSS, from its HT, VHT, HE and EHT operation elements.
 *
 * Source: IEEE 802.11-2020 11.40.1 and table 11-25 (VHT: width, and centres 0, 1 and, of HT operation, 2),
 * 802.11ax-2021 9.4.2.249 (6 GHz), 802.11be-2024 9.4.2.311.
 */
#include "probes/decode/bss_private.h"

enum { FIRST_6GHZ = 5925, LAST_6GHZ = 7125, LAST_2GHZ = 2500, FIRST_5GHZ = 4900 };
enum { SECOND_OF_6GHZ = 2, LOW_OF_4GHZ = 182 };

static bool is_6ghz(uint16_t mhz)
{
    return mhz >= FIRST_6GHZ && mhz <= LAST_6GHZ;
}

uint16_t vo_bss_channel_mhz(unsigned channel, uint16_t frequency_mhz)
{
    if (channel == 0 || channel > 233)
        return 0;
    if (is_6ghz(frequency_mhz))
        return channel == SECOND_OF_6GHZ ? 5935 : (uint16_t)(5950 + 5 * channel);
    if (frequency_mhz ? frequency_mhz < LAST_2GHZ : channel <= 14)
        return channel > 14 ? 0 : channel == 14 ? 2484 : (uint16_t)(2407 + 5 * channel);
    if (channel > 196)
        return 0;
    return (uint16_t)((channel >= LOW_OF_4GHZ ? 4000 : 5000) + 5 * channel);
}

/* The optional parts of an HE operation element; NULL: not there. */
struct he_parts {
    const uint8_t *vht;     /* width, centre 0, centre 1 */
    const uint8_t *of_6ghz; /* primary, control, centre 0, centre 1, lowest rate */
};

static struct he_parts he_parts_of(const struct vo_element *he)
{
    enum { FIXED = 6, VHT_PRESENT = 1 << 14, CO_HOSTED = 1 << 15, PRESENT_6GHZ = 1 << 17 };
    enum { VHT_SIZE = 3, CO_HOSTED_SIZE = 1, SIZE_6GHZ = 5 };
    struct he_parts parts = {NULL, NULL};
    struct vo_bytes bytes = vo_bytes_of(he->data, he->size);
    const uint8_t *fixed = he->data ? vo_bytes_take(&bytes, FIXED) : NULL;
    if (!fixed)
        return parts;
    uint32_t parameters = (uint32_t)fixed[2] << 16 | vo_load16_le(fixed);
    if (parameters & VHT_PRESENT)
        parts.vht = vo_bytes_take(&bytes, VHT_SIZE);
    if (parameters & CO_HOSTED)
        (void)vo_bytes_take(&bytes, CO_HOSTED_SIZE);
    if (parameters & PRESENT_6GHZ && !bytes.short_read)
        parts.of_6ghz = vo_bytes_take(&bytes, SIZE_6GHZ);
    return parts;
}

/* Notes width and centre if the primary channel is one of the 20 MHz channels in them. */
static bool set_channel(struct vo_bss_info *info, unsigned width, unsigned center)
{
    if (!vo_bss_has(info, VO_BSS_CHANNEL))
        return false;
    int lowest = (int)center - (int)width / 2 + 10, distance = (int)info->primary_mhz - lowest;
    if (distance < 0 || distance > (int)width - 20 || distance % 20)
        return false;
    info->width_mhz = (uint16_t)width;
    info->center_mhz = (uint16_t)center;
    vo_bss_set(info, VO_BSS_WIDTH);
    vo_bss_set(info, VO_BSS_CENTER);
    return true;
}

static unsigned channel_of(const struct vo_bss_info *info, unsigned number)
{
    return vo_bss_channel_mhz(number, info->primary_mhz);
}

/* 80 MHz around channel `first`, 160 MHz around `second` if the two are 40 MHz apart, 80+80 MHz if they are
 * more than 80 MHz apart. */
static bool set_wide(struct vo_bss_info *info, unsigned first, unsigned second)
{
    unsigned distance = first > second ? first - second : second - first;
    if (second && distance == 8)
        return set_channel(info, 160, channel_of(info, second));
    if (!set_channel(info, 80, channel_of(info, first)))
        return false;
    unsigned center_2 = second && distance > 16 ? channel_of(info, second) : 0;
    if (center_2) {
        info->width_mhz = 160;
        info->center_2_mhz = (uint16_t)center_2;
        vo_bss_set(info, VO_BSS_CENTER_2);
    }
    return true;
}

/* VHT operation information: width, centre 0, centre 1. `center_2` is that of HT operation, 0: none. */
static bool by_vht(struct vo_bss_info *info, const uint8_t *vht, unsigned center_2)
{
    enum { OF_HT = 0, WIDE = 1, OLD_160 = 2, OLD_80_80 = 3 };
    switch (vht[0]) {
    case WIDE:
        return set_wide(info, vht[1], vht[2] ? vht[2] : center_2);
    case OLD_160:
        return set_channel(info, 160, channel_of(info, vht[1]));
    case OLD_80_80:
        return set_wide(info, vht[1], vht[2]);
    default:
        return false;
    }
}

static bool by_6ghz(struct vo_bss_info *info, const uint8_t *of_6ghz)
{
    enum { WIDTH = 3, WIDE = 3 };
    unsigned width = of_6ghz[1] & WIDTH;
    if (width < WIDE)
        return set_channel(info, 20u << width, channel_of(info, of_6ghz[2]));
    return set_wide(info, of_6ghz[2], of_6ghz[3]);
}

static bool by_eht(struct vo_bss_info *info, const struct vo_element *eht)
{
    enum {
        FIXED = 5,
        INFORMATION = 3,
        PRESENT = 1,
        BITMAP_PRESENT = 2,
        WIDTH = 7,
        HIGHEST = 4,
        FIRST_WIDE = 3
    };
    struct vo_bytes bytes = vo_bytes_of(eht->data, eht->size);
    const uint8_t *fixed = eht->data ? vo_bytes_take(&bytes, FIXED) : NULL;
    if (!fixed || !(*fixed & PRESENT))
        return false;
    const uint8_t *at = vo_bytes_take(&bytes, INFORMATION);
    if (!at || (at[0] & WIDTH) > HIGHEST)
        return false;
    unsigned width = at[0] & WIDTH;
    if (!set_channel(info, 20u << width, channel_of(info, width >= FIRST_WIDE ? at[2] : at[1])))
        return false;
    const uint8_t *bitmap = *fixed & BITMAP_PRESENT ? vo_bytes_take(&bytes, 2) : NULL;
    if (bitmap) {
        info->punctured = vo_load16_le(bitmap);
        vo_bss_set(info, VO_BSS_PUNCTURED);
    }
    return true;
}

static bool by_ht(struct vo_bss_info *info, const uint8_t *ht)
{
    enum { OFFSET = 3, ABOVE = 1, BELOW = 3, ANY_WIDTH = 4 };
    unsigned offset = ht[1] & OFFSET;
    if (!(ht[1] & ANY_WIDTH) || (offset != ABOVE && offset != BELOW))
        return set_channel(info, 20, info->primary_mhz);
    return set_channel(info, 40, offset == ABOVE ? info->primary_mhz + 10u : info->primary_mhz - 10u);
}

static void resolve_primary(const struct vo_bss_operation *operation, const struct he_parts *he,
                            uint16_t frequency_mhz, struct vo_bss_info *info)
{
    unsigned channel = operation->ht.data              ? operation->ht.data[0]
                       : vo_bss_has(info, VO_BSS_DSSS) ? info->dsss_channel
                                                       : 0;
    uint16_t band = frequency_mhz;
    if (he->of_6ghz && (band == 0 || is_6ghz(band))) {
        channel = he->of_6ghz[0];
        band = FIRST_6GHZ;
    }
    info->primary_mhz = vo_bss_channel_mhz(channel, band);
    /* Where nothing says it (802.11a), it is where the frame was heard; not so in the 2.4 GHz band, where a
     * frame is heard on the channels beside its own. */
    if (!channel && frequency_mhz >= FIRST_5GHZ)
        info->primary_mhz = frequency_mhz;
    if (info->primary_mhz)
        vo_bss_set(info, VO_BSS_CHANNEL);
}

/* The limit of the primary channel's row. Rows behind an operating class (201 and above) are of 6 GHz. */
static void resolve_country(const struct vo_element *country, struct vo_bss_info *info)
{
    enum { NAME = 3, ROW = 3, FIRST_CLASS = 201 };
    bool of_class = false, in_6ghz = is_6ghz(info->primary_mhz);
    for (uint32_t at = NAME; country->data && at + ROW <= country->size; at += ROW) {
        const uint8_t *row = country->data + at;
        if (row[0] >= FIRST_CLASS) {
            of_class = true;
            continue;
        }
        unsigned step = row[0] > 14 || of_class ? 4 : 1;
        for (unsigned i = 0; i < row[1] && of_class == in_6ghz; i++) {
            if (channel_of(info, row[0] + i * step) != info->primary_mhz)
                continue;
            info->country_dbm = (int8_t)(row[2] < 128 ? row[2] : row[2] - 256);
            vo_bss_set(info, VO_BSS_COUNTRY_POWER);
            return;
        }
    }
}

void vo_bss_channel_resolve(const struct vo_bss_operation *operation, uint16_t frequency_mhz,
                            struct vo_bss_info *info)
{
    struct he_parts he = he_parts_of(&operation->he);
    resolve_primary(operation, &he, frequency_mhz, info);
    if (!vo_bss_has(info, VO_BSS_CHANNEL))
        return;
    resolve_country(&operation->country, info);
    const uint8_t *ht = operation->ht.data, *vht = operation->vht.data ? operation->vht.data : he.vht;
    unsigned center_2 = ht ? (unsigned)vo_load16_le(ht + 2) >> 5 & 0xff : 0;
    if (by_eht(info, &operation->eht))
        return;
    if (is_6ghz(info->primary_mhz)) {
        if (he.of_6ghz)
            (void)by_6ghz(info, he.of_6ghz);
        return;
    }
    if (vht && by_vht(info, vht, center_2))
        return;
    if (ht)
        (void)by_ht(info, ht);
    else
        (void)set_channel(info, 20, info->primary_mhz);
}
