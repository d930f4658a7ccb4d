/*
 * BSSs that a beacon tells of beside its own: those of the same access point (multiple BSSID) and its
 * neighbours, among them its other radios (reduced neighbour report). With them access points are told apart
 * from BSSIDs.
 *
 * Source: IEEE 802.11-2020 9.4.2.45 and 11.1.3.8 (multiple BSSID), 9.4.2.170 with 802.11ax-2021 and
 * 802.11be-2024 (reduced neighbour report).
 *
 * Invariants: views borrow from the caller's bytes. What a row does not say is said by `has`.
 */
#ifndef VO_PROBES_DECODE_COLOCATED_H
#define VO_PROBES_DECODE_COLOCATED_H

#include "probes/decode/element.h"
#include "probes/decode/ieee80211.h"

/* A BSS without a beacon of its own. */
struct vo_nontransmitted {
    vo_wlan_address bssid;
    uint8_t index; /* 1 to 2^n - 1 */
    bool has_capability;
    uint16_t capability;     /* as the fixed field of a beacon of its own would be */
    const uint8_t *elements; /* its profile: what differs from the beacon's own elements */
    uint32_t elements_size;
    const uint8_t *rest; /* of a profile that is split between two elements; NULL: it is not */
    uint32_t rest_size;
};
struct vo_nontransmitted_list {
    struct vo_elements rest; /* of the beacon */
    struct vo_elements profiles;
    vo_wlan_address transmitter;
    uint8_t bits;
};

/* Walks the multiple BSSID elements among `elements` of the beacon of `bssid`. */
void vo_nontransmitted_begin(const uint8_t *elements, uint32_t size, vo_wlan_address bssid,
                             struct vo_nontransmitted_list *list);
/* False at the end. A profile without its index is passed over. */
bool vo_nontransmitted_next(struct vo_nontransmitted_list *list, struct vo_nontransmitted *bss);
/* Writes the elements that hold for this BSS: its profile, and what it inherits of the `beacon`'s
 * (11.1.3.8.4), which is all but SSID, TIM, multiple BSSID and multi-link, what its profile has itself, and
 * what its element Non-Inheritance names. Of vendors' elements those with one organisation and type are the
 * same. Returns the number of bytes: `size` and 512 bytes more are always `room` enough, and what has none is
 * left out. */
uint32_t vo_nontransmitted_elements(const uint8_t *beacon, uint32_t size, const struct vo_nontransmitted *bss,
                                    uint8_t *buffer, uint32_t room);

/* Bits of vo_neighbor.has. */
enum {
    VO_NEIGHBOR_BSSID = 1,
    VO_NEIGHBOR_SHORT_SSID = 2,
    VO_NEIGHBOR_PARAMETERS = 4,
    VO_NEIGHBOR_POWER = 8,
    VO_NEIGHBOR_MLD = 16,
    VO_NEIGHBOR_OFFSET = 32,
};
/* BSS parameters of a neighbour (9.4.2.170.3). */
enum {
    VO_NEIGHBOR_SAME_SSID = 0x02,
    VO_NEIGHBOR_MULTIPLE_BSSID = 0x04,
    VO_NEIGHBOR_TRANSMITTED_BSSID = 0x08,
    VO_NEIGHBOR_CO_LOCATED = 0x40, /* in the same device as the sender */
};

struct vo_neighbor {
    uint8_t has;
    uint8_t operating_class, channel;
    uint16_t frequency_mhz; /* of the primary channel; 0: the class is not one that is known here */
    vo_wlan_address bssid;
    uint32_t short_ssid; /* CRC-32 of the SSID */
    uint8_t parameters;
    int8_t power_half_dbm; /* largest density for 20 MHz, 0.5 dBm/MHz */
    uint8_t mld_id, link_id;
    uint8_t offset_tu; /* of its beacon behind this one's */
};
struct vo_neighbor_list {
    struct vo_elements rest;
    struct vo_bytes sets, rows; /* of the element at hand; of the set at hand */
    uint8_t operating_class, channel, row_size;
};

/* Walks the reduced neighbour reports among `elements`. */
void vo_neighbors_begin(const uint8_t *elements, uint32_t size, struct vo_neighbor_list *list);
/* False at the end. */
bool vo_neighbor_next(struct vo_neighbor_list *list, struct vo_neighbor *neighbor);

#endif
