/*
 * What an access point says of its BSS in the elements of a beacon, probe response or (re)association
 * response; of a station's request the same elements tell what the station can.
 *
 * Source: IEEE 802.11-2020 9.4.2, 802.11ax-2021 9.4.2.248 and 249 (HE), 802.11be-2024 9.4.2.311 to 313 (EHT),
 * the Wi-Fi Alliance's WMM 1.2.0 2.2 (WMM, U-APSD), WPA 3.1 and OWE 1.1. Cisco's elements are undocumented by
 * Cisco; they are read as far as Linux (mac80211, dynamic transmit power) and Wireshark (QBSS version 1,
 * name, CCX version) read them.
 *
 * Invariants: a member means something only if vo_bss_has() says so. Of an element that comes twice the first
 * counts. One that is too short for what it is is left out and counted in `malformed`. A channel is told only
 * if the primary channel lies in it: an operation element that contradicts itself is not believed.
 *
 * Cut. Where the list of elements goes on beyond what was given, what is not in it may yet be announced:
 * `cut` says so, and what more elements could make larger (width, streams) is not told.
 *
 * BSS Load exists in two versions that must not be mixed up: element 11 of five bytes (802.11e) has the
 * utilisation in 255ths, Cisco's older one of four bytes has percent of another measure. They are kept apart.
 */
#ifndef VO_PROBES_DECODE_BSS_INFO_H
#define VO_PROBES_DECODE_BSS_INFO_H

#include "probes/decode/element.h"
#include "probes/decode/ieee80211.h"

enum vo_bss_field {
    VO_BSS_SSID,
    VO_BSS_RATES,
    VO_BSS_EXTENDED_RATES, /* both are gathered in `rates` */
    VO_BSS_CHANNEL,        /* primary_mhz */
    VO_BSS_WIDTH,          /* width_mhz */
    VO_BSS_CENTER,         /* center_mhz */
    VO_BSS_CENTER_2,       /* 80+80 MHz: center_2_mhz */
    VO_BSS_PUNCTURED,      /* EHT: punctured */
    VO_BSS_TIM,
    VO_BSS_COUNTRY,
    VO_BSS_COUNTRY_POWER, /* the country element's limit on the primary channel */
    VO_BSS_POWER_CONSTRAINT,
    VO_BSS_TX_POWER,       /* TPC report */
    VO_BSS_CISCO_TX_POWER, /* Cisco DTPC: what stations are asked to send with */
    VO_BSS_EIRP_LIMIT,     /* transmit power envelope */
    VO_BSS_LOAD,
    VO_BSS_LOAD_V1,
    VO_BSS_RSN,
    VO_BSS_WPA,
    VO_BSS_OTHER_SECURITY, /* WAPI, OSEN: neither RSN nor WPA, but not WEP either */
    VO_BSS_OWE_TRANSITION,
    VO_BSS_WMM,            /* wmm_version, qos_info */
    VO_BSS_WMM_PARAMETERS, /* access_category */
    VO_BSS_EDCA,           /* the same from element 12 */
    VO_BSS_QOS_CAPABILITY,
    VO_BSS_RADIO_MEASUREMENT, /* 802.11k */
    VO_BSS_MOBILITY_DOMAIN,   /* 802.11r */
    VO_BSS_EXTENDED_CAPABILITIES,
    VO_BSS_ERP,
    VO_BSS_DSSS, /* primary channel by the DSSS parameter set */
    VO_BSS_HT,
    VO_BSS_HT_OPERATION,
    VO_BSS_VHT,
    VO_BSS_VHT_OPERATION,
    VO_BSS_HE,
    VO_BSS_HE_OPERATION,
    VO_BSS_EHT,
    VO_BSS_EHT_OPERATION,
    VO_BSS_STREAMS,
    VO_BSS_COLOR,
    VO_BSS_MULTI_LINK,
    VO_BSS_CHANNEL_SWITCH,
    VO_BSS_QUIET,
    VO_BSS_MULTIPLE_BSSID,
    VO_BSS_REDUCED_NEIGHBORS,
    VO_BSS_CISCO_NAME,
    VO_BSS_CISCO_CLIENTS,
    VO_BSS_CCX_VERSION,
};

/* Suites by number, 9.4.2.24.2 and 9.4.2.24.3: bit n is suite 00-0f-ac:n (of WPA1 00-50-f2:n). */
struct vo_bss_security {
    uint16_t version;
    uint8_t parts; /* which of the following the element has: VO_BSS_SECURITY_ */
    uint8_t group; /* cipher suite; 0xff: another organisation's */
    uint8_t group_management;
    uint32_t pairwise, akms;
    bool other_pairwise, other_akm; /* suites of another organisation, or above 31 */
    bool broken;                    /* it ends within one of its lists: what is not there is not known */
    uint16_t capabilities;
};
enum {
    VO_BSS_SECURITY_GROUP = 1,
    VO_BSS_SECURITY_PAIRWISE = 2,
    VO_BSS_SECURITY_AKM = 4,
    VO_BSS_SECURITY_CAPABILITIES = 8,
    VO_BSS_SECURITY_GROUP_MANAGEMENT = 16,
};
enum { VO_RSN_PMF_REQUIRED = 0x40, VO_RSN_PMF_CAPABLE = 0x80 };
/* Suites that authenticate by 802.1X: 1, 3, 5, 11 to 13, 22, 23; and by FILS over it: 14 to 17. */
enum { VO_AKM_IEEE8021X = 0x00c0382a, VO_AKM_FILS = 0x0003c000 };
/* "802.1X", "SAE", …; "CCMP", …; NULL where there is none. Of WPA1 the numbers mean the same. */
const char *vo_akm_name(unsigned akm);
const char *vo_cipher_name(unsigned cipher);

/* One access category, as the AP asks its stations to contend. */
struct vo_bss_access {
    uint8_t aifsn;
    bool admission_required;
    uint8_t cw_min_exponent, cw_max_exponent; /* the window is 2 to this, less 1 */
    uint16_t txop_us;                         /* 0: one frame */
};
enum { VO_AC_BE, VO_AC_BK, VO_AC_VI, VO_AC_VO, VO_ACCESS_CATEGORIES };
/* QoS info of an access point and of a station. */
enum { VO_QOS_INFO_UAPSD = 0x80, VO_QOS_INFO_STATION_UAPSD = 0x0f };

enum { VO_BSS_RATES_MAX = 32, VO_BSS_EXTENDED_MAX = 16, VO_BSS_NAME_MAX = 16, VO_SSID_MAX = 32 };

struct vo_bss_info {
    uint64_t has;       /* bits by vo_bss_field */
    uint32_t elements;  /* read */
    uint16_t malformed; /* elements too short, and 1 for a list that ends within one */
    bool cut;           /* there may be more elements than were read */

    uint8_t ssid[VO_SSID_MAX], ssid_size;
    bool hidden; /* the SSID is there, but empty or all zeros */

    uint8_t rates[VO_BSS_RATES_MAX], rate_count; /* 500 kbit/s; 0x80: basic */
    bool dsss, ofdm;                             /* any rate of 802.11b; of 802.11a or g */
    bool sae_hash_to_element_only;               /* a membership selector among the rates */

    uint16_t primary_mhz, width_mhz, center_mhz, center_2_mhz; /* MHz; 80+80: width 160, two centres */
    uint16_t punctured; /* disabled subchannels, bit 0: the lowest 20 MHz of the BSS's channel */
    uint8_t dsss_channel;

    uint8_t dtim_count, dtim_period; /* in beacons */

    char country[4]; /* two letters and the environment, a NUL behind */
    int8_t country_dbm;
    uint8_t power_constraint_db;
    int8_t tx_power_dbm, cisco_tx_power_dbm;
    int8_t eirp_limit_half_dbm; /* 0.5 dBm, for 20 MHz */

    uint16_t load_stations;
    uint8_t load_utilization;     /* 0 to 255, 255 is 100 % */
    uint16_t load_admission_32us; /* free for admission control, in 32 us a second */
    uint16_t load_v1_stations;
    uint8_t load_v1_utilization; /* 0 to 100 */

    struct vo_bss_security rsn, wpa;
    vo_wlan_address owe_bssid; /* the BSS of the other kind that belongs to this one */
    uint8_t owe_ssid[VO_SSID_MAX], owe_ssid_size;

    uint8_t wmm_version, qos_info;
    struct vo_bss_access access[VO_ACCESS_CATEGORIES];

    uint8_t radio_measurement[5]; /* RM enabled capabilities; bit 1 of the first: neighbour report */
    uint16_t mobility_domain;
    uint8_t ft_capability;                                /* bit 0: over the DS */
    uint8_t extended[VO_BSS_EXTENDED_MAX], extended_size; /* see vo_bss_capable_of() */
    uint8_t erp;                                          /* bit 0: non-ERP present, bit 1: protection */

    uint16_t ht_capabilities;
    uint8_t ht_protection; /* 0 to 3 */
    uint32_t vht_capabilities;
    uint8_t rx_streams,
        tx_streams; /* spatial streams, the most that any of its PHYs tells of; tx 0: not told */
    uint8_t color;
    vo_wlan_address mld; /* the multi-link device that this BSS is a link of */
    uint8_t link_id;
    bool has_link_id;

    uint8_t switch_mode, switch_channel, switch_count, quiet_count;
    uint8_t multiple_bssid_bits; /* up to 2 to this BSSIDs share the beacon */

    uint8_t cisco_name[VO_BSS_NAME_MAX], cisco_name_size, cisco_clients, ccx_version;
};

/* Bits of the extended capabilities (9.4.2.26). */
enum { VO_EXTENDED_WNM_SLEEP = 17, VO_EXTENDED_BSS_TRANSITION = 19, VO_EXTENDED_MULTIPLE_BSSID = 22 };

static inline bool vo_bss_has(const struct vo_bss_info *info, enum vo_bss_field field)
{
    return info->has >> field & 1;
}
/* Whether the extended capabilities are there and this bit of them is set. */
static inline bool vo_bss_capable_of(const struct vo_bss_info *info, unsigned bit)
{
    return bit / 8 < info->extended_size && (info->extended[bit / 8] >> bit % 8 & 1);
}

/* Reads the elements. `frequency_mhz`: where the frame was received, which tells the band; 0: not known, and
 * the band is taken from the elements. Fills `info` in any case; a list that ends within an element leaves
 * what came before, and is cut. Allocates nothing, keeps no pointer. */
void vo_bss_info_decode(const uint8_t *elements, uint32_t size, uint16_t frequency_mhz,
                        struct vo_bss_info *info);

/* The caller knows that there are more elements than it gave. Sets `cut`, and takes back what it says. */
void vo_bss_info_cut(struct vo_bss_info *info);

/* The middle of a 20 MHz channel, MHz: in the band that `frequency_mhz` is in, or (0) in the 2.4 GHz band up
 * to 14 and above it in the 5 GHz band. 0: there is no such channel. */
uint16_t vo_bss_channel_mhz(unsigned channel, uint16_t frequency_mhz);

#endif
