/*
 * Information elements of 802.11 management frames: the list, nothing of what is in them (bss_info.h).
 *
 * Source: IEEE 802.11-2020 9.4.2.1 (id, length, extension), 10.28.11 (fragments).
 *
 * Invariants: an element is given only if all of it is there: two bytes of header and as many as its length
 * says. The first that is not ends the list, and vo_elements_are_malformed() says so. An element 255 without
 * its extension is given as VO_ELEMENT_EXTENSION: it is none, but those behind it are. Views borrow from the
 * caller's bytes.
 */
#ifndef VO_PROBES_DECODE_ELEMENT_H
#define VO_PROBES_DECODE_ELEMENT_H

#include "probes/decode/bytes.h"

/* Ids of element 255 continue behind the others: 256 and the extension. */
#define VO_ELEMENT_EXTENDED(extension) (256 + (extension))
enum vo_element_id {
    VO_ELEMENT_SSID = 0,
    VO_ELEMENT_RATES = 1,
    VO_ELEMENT_DSSS = 3,
    VO_ELEMENT_TIM = 5,
    VO_ELEMENT_COUNTRY = 7,
    VO_ELEMENT_BSS_LOAD = 11,
    VO_ELEMENT_EDCA = 12,
    VO_ELEMENT_POWER_CONSTRAINT = 32,
    VO_ELEMENT_TPC_REPORT = 35,
    VO_ELEMENT_CHANNEL_SWITCH = 37,
    VO_ELEMENT_QUIET = 40,
    VO_ELEMENT_ERP = 42,
    VO_ELEMENT_HT_CAPABILITIES = 45,
    VO_ELEMENT_QOS_CAPABILITY = 46,
    VO_ELEMENT_RSN = 48,
    VO_ELEMENT_EXTENDED_RATES = 50,
    VO_ELEMENT_MOBILITY_DOMAIN = 54,
    VO_ELEMENT_EXTENDED_CHANNEL_SWITCH = 60,
    VO_ELEMENT_HT_OPERATION = 61,
    VO_ELEMENT_WAPI = 68,
    VO_ELEMENT_RADIO_MEASUREMENT = 70,
    VO_ELEMENT_MULTIPLE_BSSID = 71,
    VO_ELEMENT_NONTRANSMITTED_CAPABILITY = 83,
    VO_ELEMENT_MULTIPLE_BSSID_INDEX = 85,
    VO_ELEMENT_EXTENDED_CAPABILITIES = 127,
    VO_ELEMENT_CISCO_CCX1 = 133,
    VO_ELEMENT_CISCO_VENDOR = 150,
    VO_ELEMENT_VHT_CAPABILITIES = 191,
    VO_ELEMENT_VHT_OPERATION = 192,
    VO_ELEMENT_TRANSMIT_POWER_ENVELOPE = 195,
    VO_ELEMENT_REDUCED_NEIGHBORS = 201,
    VO_ELEMENT_VENDOR = 221,
    VO_ELEMENT_FRAGMENT = 242,
    VO_ELEMENT_EXTENSION = 255,
    VO_ELEMENT_HE_CAPABILITIES = VO_ELEMENT_EXTENDED(35),
    VO_ELEMENT_HE_OPERATION = VO_ELEMENT_EXTENDED(36),
    VO_ELEMENT_NON_INHERITANCE = VO_ELEMENT_EXTENDED(56),
    VO_ELEMENT_EHT_OPERATION = VO_ELEMENT_EXTENDED(106),
    VO_ELEMENT_MULTI_LINK = VO_ELEMENT_EXTENDED(107),
    VO_ELEMENT_EHT_CAPABILITIES = VO_ELEMENT_EXTENDED(108),
};

struct vo_element {
    const uint8_t *data; /* behind id, length and extension */
    uint32_t size;
    uint16_t id; /* 0 to 254, VO_ELEMENT_EXTENDED(), or 255 for one that lacks its extension */
    /* The Fragment elements that continue it, with their headers; NULL: none. `data` is its first part only,
     * see vo_element_join(). */
    const uint8_t *fragments;
    uint32_t fragments_size;
};

struct vo_elements {
    struct vo_bytes left;
};

static inline struct vo_elements vo_elements_of(const uint8_t *data, uint32_t size)
{
    return (struct vo_elements){vo_bytes_of(data, size)};
}

/* Takes the next element; false at the end. Fragments belong to the element before them. */
bool vo_element_next(struct vo_elements *elements, struct vo_element *element);

/* Once vo_element_next() has said false: whether bytes were left that are no whole element. */
static inline bool vo_elements_are_malformed(const struct vo_elements *elements)
{
    return elements->left.short_read;
}

/* Copies the whole element, its fragments joined, to `buffer`. Returns its size, which may be more than
 * `room`; then only so much was copied. */
uint32_t vo_element_join(const struct vo_element *element, uint8_t *buffer, uint32_t room);

/* The organisation (24 bits) and type (8 bits) of a vendor's element, as one number; `data` behind them is
 * element->data + 4. False: no vendor's element, or too short. */
static inline bool vo_element_vendor(const struct vo_element *element, uint32_t *vendor)
{
    if (element->id != VO_ELEMENT_VENDOR || element->size < 4)
        return false;
    *vendor = vo_load32(element->data);
    return true;
}

#endif
