/*
 * How long a PPDU is on the air: preamble, PHY headers and data, from its PHY, rate and length.
 *
 * Source: IEEE 802.11-2020 16.3.4 (DSSS and CCK), 17.4.3 (OFDM), 19.4.3 and 19.3.11.7.5 (HT, LDPC), 21.4.3
 * and 21.3.10.5.4 (VHT); IEEE 802.11ax-2021 27.4.3, 27.3.12.5 and 27.3.13 (HE: symbols, padding, packet
 * extension); IEEE 802.11be-2024 36.4.3, 36.3.13.3 and 36.3.14 (EHT). An HE PPDU to one user follows from its
 * length and rate; an EHT PPDU only if the symbols of its EHT-SIG are told too, because they are coded at a
 * rate of their own.
 *
 * Units: microseconds; lengths in bytes of the PSDU, which is the MPDU with its FCS or the whole A-MPDU
 * (vo_airtime_aggregate()): an A-MPDU has one preamble, however many frames are in it.
 *
 * Unknown. A zeroed member is not told; nothing is taken for granted. Where a missing member can only have
 * few values (short preamble, LDPC, STBC, LTF, packet extension), the answer is the shortest and the longest
 * time that they leave, equal if all is told; where it cannot be bounded, NAN. In a PPDU to or from several
 * users at once, the longest user decides: from one user's length only the shortest time is known, `most_us`
 * is NAN. Its L-SIG tells (vo_airtime_lsig_us()).
 *
 * Left out: signal extension (quiet, see vo_airtime_extension_us()), midambles (HE Doppler), HT extension
 * LTFs, HT MCS 33 to 76, PBCC, S1G and DMG.
 */
#ifndef VO_CORE_ESTIMATE_AIRTIME_H
#define VO_CORE_ESTIMATE_AIRTIME_H

#include <stdbool.h>
#include <stdint.h>

enum vo_airtime_phy {
    VO_AIRTIME_UNKNOWN,
    VO_AIRTIME_DSSS, /* 1, 2, 5.5, 11 Mbit/s */
    VO_AIRTIME_OFDM, /* also ERP-OFDM and non-HT duplicate */
    VO_AIRTIME_HT,
    VO_AIRTIME_VHT,
    VO_AIRTIME_HE,
    VO_AIRTIME_EHT,
    VO_AIRTIME_PHYS,
};

enum vo_airtime_format {
    VO_AIRTIME_UNTOLD,
    VO_AIRTIME_MIXED,      /* HT */
    VO_AIRTIME_GREENFIELD, /* HT */
    VO_AIRTIME_SU,         /* VHT, HE, EHT */
    VO_AIRTIME_ER_SU,      /* HE */
    VO_AIRTIME_MU,
    VO_AIRTIME_TB,
};

enum vo_told { VO_UNTOLD, VO_NO, VO_YES };

/* What the receiver needs after a PPDU (HE, EHT): nominal packet padding. */
enum vo_airtime_padding {
    VO_AIRTIME_PADDING_UNTOLD,
    VO_AIRTIME_PADDING_0,
    VO_AIRTIME_PADDING_8,
    VO_AIRTIME_PADDING_16,
    VO_AIRTIME_PADDING_20, /* EHT */
};

struct vo_airtime_ppdu {
    uint8_t phy;            /* vo_airtime_phy */
    uint8_t format;         /* vo_airtime_format; VHT, HE and EHT have no time without it */
    uint8_t short_preamble; /* DSSS: vo_told; 1 Mbit/s has none */
    uint8_t ldpc, stbc;     /* vo_told; HT and later */
    uint8_t dcm;            /* vo_told; HE, EHT */
    uint8_t padding;        /* vo_airtime_padding */
    uint8_t ltf_size;       /* HE, EHT: 1, 2, 4 (times 3.2 us); 0: not told */
    uint8_t ltf_count;      /* HE, EHT: symbols; 0: as many as the streams need */
    uint8_t sig_symbols;    /* HE-SIG-B, EHT-SIG; 0: not told */
    uint8_t mcs;            /* HT: 0 to 32, streams included */
    uint8_t nss;            /* spatial streams; HT: as the MCS says */
    uint16_t width_mhz;     /* OFDM, HT, VHT */
    uint16_t tones;         /* HE, EHT: subcarriers of the RU or MRU, pilots included; 20 MHz: 242 */
    uint16_t gi_ns;         /* HT and later */
    uint32_t kbps;          /* DSSS, OFDM */
};

struct vo_airtime_span {
    double least_us, most_us; /* NAN: unknown */
};

/* Without signal extension. `bytes` 0: of HT and later a PPDU without data (sounding). */
struct vo_airtime_span vo_airtime_ppdu_us(const struct vo_airtime_ppdu *ppdu, uint32_t bytes);

/* The quiet end that receivers count to the PPDU in the 2.4 GHz band, so that slow ones keep up (18.5.3.2,
 * 19.4.3, 27.4.3): 6 us of OFDM, HT, HE and EHT, else 0. Interframe spaces begin behind it. NAN: PHY or
 * frequency not told, or VHT in that band, for which there is no standard. */
double vo_airtime_extension_us(uint8_t phy, unsigned frequency_mhz);

/* Time that the L-SIG of an HT-mixed, VHT, HE or EHT PPDU reserves (19.3.9.3.5, 21.3.4.5, 27.3.11.5.2),
 * without signal extension: the next multiple of 4 us behind 20 us, up to 4 us more than the PPDU. NAN of
 * length 0 and above 4095. */
double vo_airtime_lsig_us(unsigned length);

/* Bytes of an A-MPDU of `bytes` (0: empty) with one more MPDU of `mpdu` bytes: delimiter, and padding of
 * what came before to a multiple of four (9.7.1). Empty delimiters between them are not known here.
 * Saturates. VHT and later send every MPDU in an A-MPDU, even one alone. */
uint32_t vo_airtime_aggregate(uint32_t bytes, uint32_t mpdu);

/* The non-HT reference rate that decides the rate of responses (10.6.11, table 10-10), kbit/s; of DSSS and
 * OFDM their own. 0: unknown, or DCM, for which the MCS alone does not tell it. */
uint32_t vo_airtime_reference_kbps(const struct vo_airtime_ppdu *ppdu);

#endif
