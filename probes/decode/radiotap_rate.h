/*
 * The data rate of a received PPDU, from the PHY fields of its radiotap header.
 *
 * Source: IEEE 802.11-2020 15.3 and 16.3 (DSSS, CCK), 17.3 (OFDM), 19.5 (HT: MCS 0 to 76), 21.5 (VHT), IEEE
 * 802.11ax-2021 27.5 (HE), IEEE 802.11be-2024 36.5 (EHT); www.radiotap.org for the fields.
 *
 * From HT on a rate is (data subcarriers of the channel or RU) x (coded bits per subcarrier and stream) x
 * (code rate) x (streams) / (symbol with its guard interval), rounded to 1 kbit/s. The newest PHY whose field
 * is there counts: a VHT or HE frame's Rate field, if any, is not its rate.
 *
 * Unknown is said by `known`. A rate is given only when MCS, streams, guard interval and width (or RU) are
 * all told. Two things that are rarely used and often not told are taken as unused, and this is said in
 * `assumed`: DCM and STBC.
 */
#ifndef VO_PROBES_DECODE_RADIOTAP_RATE_H
#define VO_PROBES_DECODE_RADIOTAP_RATE_H

#include "probes/decode/radiotap.h"

enum vo_wlan_phy {
    VO_WLAN_PHY_UNKNOWN,
    VO_WLAN_PHY_DSSS, /* 1, 2 (DSSS), 5.5, 11 (CCK), 22, 33 (PBCC) Mbit/s */
    VO_WLAN_PHY_OFDM, /* 802.11a and g */
    VO_WLAN_PHY_HT,
    VO_WLAN_PHY_VHT,
    VO_WLAN_PHY_HE,
    VO_WLAN_PHY_EHT,
};

enum vo_wlan_format {
    VO_WLAN_FORMAT_UNKNOWN,
    VO_WLAN_FORMAT_MIXED,      /* HT */
    VO_WLAN_FORMAT_GREENFIELD, /* HT */
    VO_WLAN_FORMAT_SU,         /* HE, EHT (an EHT MU PPDU to one) */
    VO_WLAN_FORMAT_ER_SU,      /* HE */
    VO_WLAN_FORMAT_MU,
    VO_WLAN_FORMAT_TB,
};

/* Bits of vo_wlan_rate.known. */
enum {
    VO_WLAN_RATE_KBPS = 1,
    VO_WLAN_RATE_MCS = 2,
    VO_WLAN_RATE_NSS = 4,
    VO_WLAN_RATE_WIDTH = 8,
    VO_WLAN_RATE_GI = 16,
    VO_WLAN_RATE_TONES = 32,
    VO_WLAN_RATE_STBC = 64,
    VO_WLAN_RATE_DCM = 128,
    VO_WLAN_RATE_LDPC = 256,
    VO_WLAN_RATE_PREAMBLE = 512,
    VO_WLAN_RATE_LTF = 1024,
};
/* Bits of vo_wlan_rate.assumed. */
enum { VO_WLAN_ASSUMED_NO_DCM = 1, VO_WLAN_ASSUMED_NO_STBC = 2, VO_WLAN_ASSUMED_WHOLE_CHANNEL = 4 };

struct vo_wlan_rate {
    enum vo_wlan_phy phy;
    enum vo_wlan_format format;
    uint16_t known;
    uint8_t assumed;
    uint8_t mcs;        /* HT: 0 to 76, streams included */
    uint8_t nss;        /* spatial streams of the frame's user */
    uint32_t kbps;      /* kbit/s */
    uint16_t width_mhz; /* of the PPDU: 20 to 320; not known where only an RU is told */
    uint16_t tones;     /* HE, EHT: subcarriers of the user's RU or MRU, pilots included (26 to 4 x 996) */
    uint16_t gi_ns;     /* 400, 800, 1600, 3200 */
    bool stbc, dcm, ldpc, short_preamble; /* short_preamble: DSSS */
    uint8_t ltf_size;                     /* HE, EHT: 1, 2, 4 (times 3.2 us) */
    uint8_t ltf_count;                    /* HE, EHT: symbols; 0: not told */
};

/* Fills `rate`; true if its kbps is known. */
bool vo_radiotap_rate(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate);

#endif
