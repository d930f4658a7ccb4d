/*
 * What a radio (wiphy) and its driver can, which of its frequencies may be used how, and the regulatory
 * domain.
 *
 * Source: Linux' include/uapi/linux/nl80211.h (NL80211_CMD_GET_WIPHY, enum nl80211_frequency_attr,
 * NL80211_CMD_GET_REG, enum nl80211_reg_rule_attr).
 *
 * A radio is told in many messages (the split dump), each with a part: vo_wiphy_parse() adds a part to what
 * came before, to a struct that began as zeros.
 */
#ifndef VO_PROBES_IO_NL80211_WIPHY_H
#define VO_PROBES_IO_NL80211_WIPHY_H

#include "probes/io/nl80211.h"

/* Bits of a frequency. */
enum {
    VO_FREQUENCY_DISABLED = 1 << 0,
    VO_FREQUENCY_NO_IR = 1 << 1, /* listen only: no probe requests, no access point */
    VO_FREQUENCY_RADAR = 1 << 2, /* shared with radar: DFS */
    VO_FREQUENCY_INDOOR_ONLY = 1 << 3,
    VO_FREQUENCY_NO_HT40_MINUS = 1 << 4,
    VO_FREQUENCY_NO_HT40_PLUS = 1 << 5,
    VO_FREQUENCY_NO_80 = 1 << 6,
    VO_FREQUENCY_NO_160 = 1 << 7,
    VO_FREQUENCY_NO_320 = 1 << 8,
    VO_FREQUENCY_NO_HE = 1 << 9,
    VO_FREQUENCY_NO_EHT = 1 << 10,
};
enum vo_dfs_state { VO_DFS_USABLE = 0, VO_DFS_UNAVAILABLE = 1, VO_DFS_AVAILABLE = 2 };
enum vo_frequency_field {
    VO_FREQUENCY_MHZ,
    VO_FREQUENCY_OFFSET,
    VO_FREQUENCY_MAX_POWER,
    VO_FREQUENCY_DFS_STATE, /* absent: no DFS there */
    VO_FREQUENCY_DFS_TIME,
    VO_FREQUENCY_CAC,
};
struct vo_wiphy_frequency {
    uint64_t has;
    uint32_t mhz, offset_khz;
    uint32_t flags;
    uint32_t max_power_mbm; /* 1/100 dBm */
    uint32_t dfs_state;     /* vo_dfs_state */
    uint32_t dfs_state_ms;  /* for so long */
    uint32_t cac_ms;        /* to be listened before sending */
    uint8_t band;           /* index of `bands` */
};

enum { VO_WIPHY_BANDS = 6, VO_WIPHY_FREQUENCIES = 256, VO_WIPHY_FEATURE_BYTES = 16 };
enum vo_wiphy_band_id { VO_BAND_2GHZ, VO_BAND_5GHZ, VO_BAND_60GHZ, VO_BAND_6GHZ, VO_BAND_S1G, VO_BAND_LC };
/* Bits of a band. */
enum { VO_BAND_HAS_HT = 1, VO_BAND_HAS_VHT = 2, VO_BAND_HAS_HE = 4, VO_BAND_HAS_EHT = 8 };
struct vo_wiphy_band {
    bool present;
    uint8_t phys;       /* VO_BAND_HAS_ */
    uint8_t rx_streams; /* by the HT and VHT MCS sets; 0: not told */
    uint16_t ht_capabilities;
    uint32_t vht_capabilities;
};

enum vo_wiphy_field {
    VO_WIPHY_INDEX,
    VO_WIPHY_NAME,
    VO_WIPHY_MAX_SSIDS,
    VO_WIPHY_MAX_ELEMENTS,
    VO_WIPHY_FEATURES,
    VO_WIPHY_TYPES,
    VO_WIPHY_COMMANDS,
    VO_WIPHY_TX_ANTENNAS,
    VO_WIPHY_RX_ANTENNAS,
    VO_WIPHY_OWN_REGULATION, /* the firmware has a regulatory domain of its own */
};
/* Extended features of use here, vo_wiphy_extended(). */
enum { VO_WIPHY_SCAN_DWELL = 5, VO_WIPHY_CQM_LIST = 13 };
struct vo_wiphy {
    uint64_t has;
    uint32_t malformed;
    uint32_t index;
    char name[32];
    uint8_t max_ssids;     /* of one active scan */
    uint16_t max_elements; /* bytes that may be added to a probe request */
    uint8_t features[VO_WIPHY_FEATURE_BYTES];
    uint32_t types;                    /* bit n: can be of vo_wlan_interface_type n */
    bool sets_channel;                 /* takes vo_nl80211_set_channel() */
    uint32_t tx_antennas, rx_antennas; /* masks of those that are there */
    struct vo_wiphy_band bands[VO_WIPHY_BANDS];
    struct vo_wiphy_frequency frequencies[VO_WIPHY_FREQUENCIES];
    uint16_t frequency_count;
    bool more_frequencies; /* than fit */
};
static inline bool vo_wiphy_has(const struct vo_wiphy *wiphy, enum vo_wiphy_field field)
{
    return wiphy->has >> field & 1;
}
static inline bool vo_wiphy_extended(const struct vo_wiphy *wiphy, unsigned feature)
{
    return feature / 8 < VO_WIPHY_FEATURE_BYTES && (wiphy->features[feature / 8] >> feature % 8 & 1);
}
/* NULL: the radio does not have it. */
const struct vo_wiphy_frequency *vo_wiphy_frequency(const struct vo_wiphy *wiphy, uint32_t mhz);
/* Adds what one message says. */
void vo_wiphy_parse(const void *attributes, size_t size, struct vo_wiphy *wiphy);
/* The radio of that index (vo_wlan_interface.wiphy). */
enum vo_status vo_nl80211_wiphy(struct vo_nl80211 *nl80211, uint32_t index, struct vo_wiphy *wiphy,
                                struct vo_error *error);

/* Bits of a rule. */
enum {
    VO_RULE_NO_OFDM = 1 << 0,
    VO_RULE_NO_OUTDOOR = 1 << 3,
    VO_RULE_DFS = 1 << 4,
    VO_RULE_NO_IR = 1 << 7,
    VO_RULE_AUTO_WIDTH = 1 << 11,
};
enum vo_rule_field {
    VO_RULE_FLAGS,
    VO_RULE_START,
    VO_RULE_END,
    VO_RULE_MAX_WIDTH,
    VO_RULE_MAX_GAIN,
    VO_RULE_MAX_EIRP,
    VO_RULE_CAC,
};
struct vo_regulatory_rule {
    uint64_t has;
    uint32_t flags, start_khz, end_khz, max_width_khz;
    uint32_t max_gain_mbi, max_eirp_mbm; /* 1/100 dBi, 1/100 dBm */
    uint32_t cac_ms;
};
enum vo_regulatory_field {
    VO_REGULATORY_COUNTRY,
    VO_REGULATORY_DFS,
    VO_REGULATORY_WIPHY, /* of one radio only; absent: of the whole machine */
    VO_REGULATORY_OWN,   /* the radio's firmware made it */
};
enum vo_dfs_region { VO_DFS_UNSET = 0, VO_DFS_FCC = 1, VO_DFS_ETSI = 2, VO_DFS_JAPAN = 3 };
enum { VO_REGULATORY_RULES = 64 };
struct vo_regulatory {
    uint64_t has;
    uint32_t malformed;
    char country[3]; /* "00": the world's; "99", "98": composed by the kernel */
    uint8_t dfs_region;
    uint32_t wiphy;
    bool own;
    struct vo_regulatory_rule rules[VO_REGULATORY_RULES];
    uint16_t rule_count;
    bool more_rules; /* than fit */
};
static inline bool vo_regulatory_has(const struct vo_regulatory *regulatory, enum vo_regulatory_field field)
{
    return regulatory->has >> field & 1;
}
void vo_regulatory_parse(const void *attributes, size_t size, struct vo_regulatory *regulatory);
/* The domain that holds for a radio. */
enum vo_status vo_nl80211_regulatory(struct vo_nl80211 *nl80211, uint32_t wiphy,
                                     struct vo_regulatory *regulatory, struct vo_error *error);

#endif
