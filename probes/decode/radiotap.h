/*
 * Radiotap: what the receiver of a captured 802.11 frame says about its reception.
 *
 * Source: www.radiotap.org (the field's name is beside each member) and IEEE 802.11 for what the PHY fields
 * mean.
 *
 * Namespaces. The first standard namespace describes the frame; its signal and noise are those of the
 * receiver as a whole (mac80211 combines the chains before it writes them). Every further standard namespace
 * describes one chain: its signal, noise and antenna go to `chain` and never replace the frame's. A field
 * other than these that only a later namespace has is taken from there; flags are gathered from all. A
 * vendor's namespace is skipped as a whole. Where only the chains have a level, see vo_radiotap_signal().
 *
 * Invariants: a member means something only if vo_radiotap_has() says so. `has` never tells of a field that
 * was not wholly inside the header. What the walk does not know (a field without a known size) ends it:
 * `incomplete` is set, and what came before stands.
 *
 * Levels are kept as they are written. vo_radiotap_level() judges whether one was measured.
 */
#ifndef VO_PROBES_DECODE_RADIOTAP_H
#define VO_PROBES_DECODE_RADIOTAP_H

#include "probes/decode/bytes.h"

/* Bit numbers of the present words; 33 and 34 are TLV types, which have bits 28 and 29 of `has`. */
enum vo_radiotap_field {
    VO_RADIOTAP_TSFT,
    VO_RADIOTAP_FLAGS,
    VO_RADIOTAP_RATE,
    VO_RADIOTAP_CHANNEL,
    VO_RADIOTAP_FHSS,
    VO_RADIOTAP_SIGNAL,
    VO_RADIOTAP_NOISE,
    VO_RADIOTAP_LOCK_QUALITY,
    VO_RADIOTAP_TX_ATTENUATION,
    VO_RADIOTAP_TX_ATTENUATION_DB,
    VO_RADIOTAP_TX_POWER,
    VO_RADIOTAP_ANTENNA,
    VO_RADIOTAP_SIGNAL_DB,
    VO_RADIOTAP_NOISE_DB,
    VO_RADIOTAP_RX_FLAGS,
    VO_RADIOTAP_TX_FLAGS,
    VO_RADIOTAP_RTS_RETRIES,
    VO_RADIOTAP_DATA_RETRIES,
    VO_RADIOTAP_XCHANNEL,
    VO_RADIOTAP_MCS,
    VO_RADIOTAP_AMPDU,
    VO_RADIOTAP_VHT,
    VO_RADIOTAP_TIMESTAMP,
    VO_RADIOTAP_HE,
    VO_RADIOTAP_HE_MU,
    VO_RADIOTAP_HE_MU_USER,
    VO_RADIOTAP_ZERO_LENGTH_PSDU,
    VO_RADIOTAP_LSIG,
    VO_RADIOTAP_USIG,
    VO_RADIOTAP_EHT,
};

/* Flags (bit 1). */
enum {
    VO_RADIOTAP_SHORT_PREAMBLE = 0x02,
    VO_RADIOTAP_FCS_AT_END = 0x10,
    VO_RADIOTAP_PADDED = 0x20, /* the frame's body begins at a multiple of four */
    VO_RADIOTAP_BAD_FCS = 0x40,
    VO_RADIOTAP_SHORT_GI = 0x80, /* HT; not set: long, or not told */
};
/* Channel and XChannel flags. */
enum {
    VO_RADIOTAP_CHANNEL_TURBO = 0x0010,
    VO_RADIOTAP_CHANNEL_CCK = 0x0020,
    VO_RADIOTAP_CHANNEL_OFDM = 0x0040,
    VO_RADIOTAP_CHANNEL_2GHZ = 0x0080,
    VO_RADIOTAP_CHANNEL_5GHZ = 0x0100,
    VO_RADIOTAP_CHANNEL_DYNAMIC = 0x0400, /* CCK and OFDM */
    VO_RADIOTAP_CHANNEL_GFSK = 0x0800,
    VO_RADIOTAP_CHANNEL_HALF = 0x4000,
    VO_RADIOTAP_CHANNEL_QUARTER = 0x8000,
};
/* A-MPDU flags. */
enum {
    VO_RADIOTAP_AMPDU_LAST_KNOWN = 0x04,
    VO_RADIOTAP_AMPDU_LAST = 0x08,
    VO_RADIOTAP_AMPDU_DELIMITER_ERROR = 0x10,
    VO_RADIOTAP_AMPDU_EOF = 0x40,
    VO_RADIOTAP_AMPDU_EOF_KNOWN = 0x80,
};
/* RX flags, TX flags. */
enum { VO_RADIOTAP_RX_BAD_PLCP = 0x0002, VO_RADIOTAP_TX_FAILED = 0x0001, VO_RADIOTAP_TX_NO_ACK = 0x0008 };

enum { VO_RADIOTAP_CHAINS = 8, VO_RADIOTAP_EHT_USERS = 8 };

/* One further namespace. `has` holds the bits of SIGNAL, NOISE, ANTENNA, SIGNAL_DB and NOISE_DB. */
struct vo_radiotap_chain {
    uint32_t has;
    int8_t signal_dbm, noise_dbm;
    uint8_t signal_db, noise_db, antenna;
};

struct vo_radiotap {
    uint32_t has;    /* bits by vo_radiotap_field */
    uint16_t size;   /* bytes of the header; the frame follows */
    bool incomplete; /* fields that the walk does not know, or that the header is too short for */
    uint8_t vendor_namespaces;
    uint8_t chain_count; /* rows of `chain`; further namespaces are counted in `chains_left_out` */
    uint8_t chains_left_out;

    uint8_t flags;    /* Flags */
    uint8_t rate_500; /* Rate, in 500 kbit/s */
    uint64_t tsft_us; /* TSFT, microseconds of the receiver's clock */
    uint16_t frequency_mhz, channel_flags;
    uint8_t fhss_set, fhss_pattern;
    int8_t signal_dbm, noise_dbm, tx_power_dbm; /* as written; see vo_radiotap_level() */
    uint8_t antenna, signal_db, noise_db;       /* dB: above an unknown reference, never dBm */
    uint16_t lock_quality, tx_attenuation, tx_attenuation_db, rx_flags, tx_flags;
    uint8_t rts_retries, data_retries;
    uint32_t xchannel_flags;
    uint16_t xchannel_mhz;
    uint8_t xchannel, xchannel_half_dbm; /* channel number; largest power */
    uint8_t mcs_known, mcs_flags, mcs;   /* MCS (HT) */
    uint32_t ampdu_reference;            /* the same for all frames of one A-MPDU of one capture */
    uint16_t ampdu_flags;
    uint8_t ampdu_delimiter_crc;
    uint16_t vht_known, vht_partial_aid;
    uint8_t vht_flags, vht_bandwidth, vht_mcs_nss[4], vht_coding, vht_group;
    uint64_t timestamp;
    uint16_t timestamp_accuracy;
    uint8_t timestamp_unit_position, timestamp_flags;
    uint16_t he[6]; /* HE data1 to data6 */
    uint16_t he_mu_flags1, he_mu_flags2;
    uint8_t he_mu_ru[8]; /* channels 1 and 2, four each */
    uint16_t he_user_1, he_user_2;
    uint8_t he_user_position, he_user_known;
    uint8_t zero_length_psdu; /* its type: there is no frame, only a preamble was received */
    uint16_t lsig_known, lsig;
    uint32_t usig_common, usig_value, usig_mask;
    uint32_t eht_known, eht[9];
    uint8_t eht_user_count; /* rows of eht_user; further ones are left out */
    uint32_t eht_user[VO_RADIOTAP_EHT_USERS];

    struct vo_radiotap_chain chain[VO_RADIOTAP_CHAINS];
};

enum vo_radiotap_result {
    VO_RADIOTAP_OK,
    VO_RADIOTAP_CUT,       /* the header is longer than what was captured */
    VO_RADIOTAP_MALFORMED, /* version not 0, or a length that no header can have */
};

/* Reads the header at `data`, of which `size` bytes were captured. Only with OK does `radiotap` mean
 * anything. Allocates nothing, keeps no pointer. */
enum vo_radiotap_result vo_radiotap_decode(const uint8_t *data, uint32_t size, struct vo_radiotap *radiotap);

static inline bool vo_radiotap_has(const struct vo_radiotap *radiotap, enum vo_radiotap_field field)
{
    return radiotap->has >> field & 1;
}

/* Where the frame was received, MHz: by Channel, or by XChannel, which BSD writes in its place. 0: not told.
 */
static inline uint16_t vo_radiotap_mhz(const struct vo_radiotap *radiotap)
{
    if (vo_radiotap_has(radiotap, VO_RADIOTAP_CHANNEL))
        return radiotap->frequency_mhz;
    return vo_radiotap_has(radiotap, VO_RADIOTAP_XCHANNEL) ? radiotap->xchannel_mhz : 0;
}

/* Whether the receiver's clock tells frames apart. Drivers that have none write 0. */
static inline bool vo_radiotap_has_clock(const struct vo_radiotap *radiotap)
{
    return vo_radiotap_has(radiotap, VO_RADIOTAP_TSFT) && radiotap->tsft_us != 0;
}

/* Whether a level in dBm was measured at all. Drivers that have none write 0 (the most frequent), -128 (the
 * end of the scale) or 127, and no receiver sees a signal of 0 dBm or more: -127 to -1 is a measurement,
 * everything else is absent. */
static inline bool vo_radiotap_level(int8_t dbm)
{
    return dbm < 0 && dbm > INT8_MIN;
}

/* The level of the frame, dBm; 0: none was measured. Where the receiver tells none of its own but those of
 * its chains, that of the strongest: together they are no weaker. */
int8_t vo_radiotap_signal(const struct vo_radiotap *radiotap);

#endif
