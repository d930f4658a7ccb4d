#include "probes/decode/radiotap.h"

#include <stddef.h>

enum { BIT_TLV = 28, BIT_RESET = 29, BIT_VENDOR = 30, BIT_MORE = 31 };
enum { TLV_USIG = 33, TLV_EHT = 34 };

static uint64_t load64_le(const uint8_t *at)
{
    return (uint64_t)vo_load32_le(at + 4) << 32 | vo_load32_le(at);
}

static int8_t load_signed(const uint8_t *at)
{
    return (int8_t)(at[0] < 128 ? at[0] : at[0] - 256);
}

static void read_tsft(struct vo_radiotap *to, const uint8_t *at)
{
    to->tsft_us = load64_le(at);
}
static void read_rate(struct vo_radiotap *to, const uint8_t *at)
{
    to->rate_500 = at[0];
}
static void read_channel(struct vo_radiotap *to, const uint8_t *at)
{
    to->frequency_mhz = vo_load16_le(at);
    to->channel_flags = vo_load16_le(at + 2);
}
static void read_fhss(struct vo_radiotap *to, const uint8_t *at)
{
    to->fhss_set = at[0];
    to->fhss_pattern = at[1];
}
static void read_signal(struct vo_radiotap *to, const uint8_t *at)
{
    to->signal_dbm = load_signed(at);
}
static void read_noise(struct vo_radiotap *to, const uint8_t *at)
{
    to->noise_dbm = load_signed(at);
}
static void read_lock_quality(struct vo_radiotap *to, const uint8_t *at)
{
    to->lock_quality = vo_load16_le(at);
}
static void read_tx_attenuation(struct vo_radiotap *to, const uint8_t *at)
{
    to->tx_attenuation = vo_load16_le(at);
}
static void read_tx_attenuation_db(struct vo_radiotap *to, const uint8_t *at)
{
    to->tx_attenuation_db = vo_load16_le(at);
}
static void read_tx_power(struct vo_radiotap *to, const uint8_t *at)
{
    to->tx_power_dbm = load_signed(at);
}
static void read_antenna(struct vo_radiotap *to, const uint8_t *at)
{
    to->antenna = at[0];
}
static void read_signal_db(struct vo_radiotap *to, const uint8_t *at)
{
    to->signal_db = at[0];
}
static void read_noise_db(struct vo_radiotap *to, const uint8_t *at)
{
    to->noise_db = at[0];
}
static void read_rx_flags(struct vo_radiotap *to, const uint8_t *at)
{
    to->rx_flags = vo_load16_le(at);
}
static void read_tx_flags(struct vo_radiotap *to, const uint8_t *at)
{
    to->tx_flags = vo_load16_le(at);
}
static void read_rts_retries(struct vo_radiotap *to, const uint8_t *at)
{
    to->rts_retries = at[0];
}
static void read_data_retries(struct vo_radiotap *to, const uint8_t *at)
{
    to->data_retries = at[0];
}
static void read_xchannel(struct vo_radiotap *to, const uint8_t *at)
{
    to->xchannel_flags = vo_load32_le(at);
    to->xchannel_mhz = vo_load16_le(at + 4);
    to->xchannel = at[6];
    to->xchannel_half_dbm = at[7];
}
static void read_mcs(struct vo_radiotap *to, const uint8_t *at)
{
    to->mcs_known = at[0];
    to->mcs_flags = at[1];
    to->mcs = at[2];
}
static void read_ampdu(struct vo_radiotap *to, const uint8_t *at)
{
    to->ampdu_reference = vo_load32_le(at);
    to->ampdu_flags = vo_load16_le(at + 4);
    to->ampdu_delimiter_crc = at[6];
}
static void read_vht(struct vo_radiotap *to, const uint8_t *at)
{
    to->vht_known = vo_load16_le(at);
    to->vht_flags = at[2];
    to->vht_bandwidth = at[3];
    memcpy(to->vht_mcs_nss, at + 4, sizeof to->vht_mcs_nss);
    to->vht_coding = at[8];
    to->vht_group = at[9];
    to->vht_partial_aid = vo_load16_le(at + 10);
}
static void read_timestamp(struct vo_radiotap *to, const uint8_t *at)
{
    to->timestamp = load64_le(at);
    to->timestamp_accuracy = vo_load16_le(at + 8);
    to->timestamp_unit_position = at[10];
    to->timestamp_flags = at[11];
}
static void read_he(struct vo_radiotap *to, const uint8_t *at)
{
    for (unsigned i = 0; i < 6; i++)
        to->he[i] = vo_load16_le(at + 2 * i);
}
static void read_he_mu(struct vo_radiotap *to, const uint8_t *at)
{
    to->he_mu_flags1 = vo_load16_le(at);
    to->he_mu_flags2 = vo_load16_le(at + 2);
    memcpy(to->he_mu_ru, at + 4, sizeof to->he_mu_ru);
}
static void read_he_mu_user(struct vo_radiotap *to, const uint8_t *at)
{
    to->he_user_1 = vo_load16_le(at);
    to->he_user_2 = vo_load16_le(at + 2);
    to->he_user_position = at[4];
    to->he_user_known = at[5];
}
static void read_zero_length_psdu(struct vo_radiotap *to, const uint8_t *at)
{
    to->zero_length_psdu = at[0];
}
static void read_lsig(struct vo_radiotap *to, const uint8_t *at)
{
    to->lsig_known = vo_load16_le(at);
    to->lsig = vo_load16_le(at + 2);
}

/* By their bit. Flags are gathered by store(). */
static const struct {
    uint8_t align, size;
    void (*read)(struct vo_radiotap *to, const uint8_t *at);
} fields[] = {
    [VO_RADIOTAP_TSFT] = {8, 8, read_tsft},
    [VO_RADIOTAP_FLAGS] = {1, 1, NULL},
    [VO_RADIOTAP_RATE] = {1, 1, read_rate},
    [VO_RADIOTAP_CHANNEL] = {2, 4, read_channel},
    [VO_RADIOTAP_FHSS] = {2, 2, read_fhss},
    [VO_RADIOTAP_SIGNAL] = {1, 1, read_signal},
    [VO_RADIOTAP_NOISE] = {1, 1, read_noise},
    [VO_RADIOTAP_LOCK_QUALITY] = {2, 2, read_lock_quality},
    [VO_RADIOTAP_TX_ATTENUATION] = {2, 2, read_tx_attenuation},
    [VO_RADIOTAP_TX_ATTENUATION_DB] = {2, 2, read_tx_attenuation_db},
    [VO_RADIOTAP_TX_POWER] = {1, 1, read_tx_power},
    [VO_RADIOTAP_ANTENNA] = {1, 1, read_antenna},
    [VO_RADIOTAP_SIGNAL_DB] = {1, 1, read_signal_db},
    [VO_RADIOTAP_NOISE_DB] = {1, 1, read_noise_db},
    [VO_RADIOTAP_RX_FLAGS] = {2, 2, read_rx_flags},
    [VO_RADIOTAP_TX_FLAGS] = {2, 2, read_tx_flags},
    [VO_RADIOTAP_RTS_RETRIES] = {1, 1, read_rts_retries},
    [VO_RADIOTAP_DATA_RETRIES] = {1, 1, read_data_retries},
    [VO_RADIOTAP_XCHANNEL] = {4, 8, read_xchannel},
    [VO_RADIOTAP_MCS] = {1, 3, read_mcs},
    [VO_RADIOTAP_AMPDU] = {4, 8, read_ampdu},
    [VO_RADIOTAP_VHT] = {2, 12, read_vht},
    [VO_RADIOTAP_TIMESTAMP] = {8, 12, read_timestamp},
    [VO_RADIOTAP_HE] = {2, 12, read_he},
    [VO_RADIOTAP_HE_MU] = {2, 12, read_he_mu},
    [VO_RADIOTAP_HE_MU_USER] = {2, 6, read_he_mu_user},
    [VO_RADIOTAP_ZERO_LENGTH_PSDU] = {1, 1, read_zero_length_psdu},
    [VO_RADIOTAP_LSIG] = {2, 4, read_lsig},
};
enum { FIELDS = sizeof fields / sizeof *fields };

/* What a further namespace says of its chain. */
enum {
    OF_CHAIN = 1u << VO_RADIOTAP_SIGNAL | 1u << VO_RADIOTAP_NOISE | 1u << VO_RADIOTAP_ANTENNA |
               1u << VO_RADIOTAP_SIGNAL_DB | 1u << VO_RADIOTAP_NOISE_DB
};

struct walk {
    struct vo_radiotap *to;
    const uint8_t *header;
    uint32_t size;                   /* of the header */
    uint32_t at;                     /* where the next field begins, before its alignment */
    bool vendor;                     /* in a vendor's namespace */
    bool resumed;                    /* in the standard one, but behind its first 32 bits */
    bool further;                    /* in a standard namespace that is not the first */
    bool tlv;                        /* fields of type, length and value follow the others */
    struct vo_radiotap_chain *chain; /* of this namespace; NULL: not begun, or no room */
};

/* Takes a field; NULL when it is not in the header. */
static const uint8_t *take(struct walk *walk, uint32_t align, uint32_t size)
{
    uint32_t at = (walk->at + align - 1) & ~(align - 1);
    if (at > walk->size || size > walk->size - at)
        return NULL;
    walk->at = at + size;
    return walk->header + at;
}

static void store_chain(struct vo_radiotap_chain *chain, unsigned bit, const uint8_t *at)
{
    chain->has |= 1u << bit;
    if (bit == VO_RADIOTAP_SIGNAL)
        chain->signal_dbm = load_signed(at);
    else if (bit == VO_RADIOTAP_NOISE)
        chain->noise_dbm = load_signed(at);
    else if (bit == VO_RADIOTAP_ANTENNA)
        chain->antenna = at[0];
    else if (bit == VO_RADIOTAP_SIGNAL_DB)
        chain->signal_db = at[0];
    else
        chain->noise_db = at[0];
}

static void store(struct walk *walk, unsigned bit, const uint8_t *at)
{
    struct vo_radiotap *to = walk->to;
    if (walk->further && OF_CHAIN >> bit & 1) {
        if (walk->chain)
            store_chain(walk->chain, bit, at);
        return;
    }
    if (bit == VO_RADIOTAP_FLAGS)
        to->flags |= at[0];
    else if (!(to->has >> bit & 1))
        fields[bit].read(to, at);
    to->has |= 1u << bit;
}

/* A chain's row for the namespace that begins with this present word. */
static void begin_chain(struct walk *walk, uint32_t present)
{
    walk->chain = NULL;
    if (!walk->further || !(present & OF_CHAIN))
        return;
    if (walk->to->chain_count == VO_RADIOTAP_CHAINS) {
        walk->to->chains_left_out += walk->to->chains_left_out < UINT8_MAX;
        return;
    }
    walk->chain = &walk->to->chain[walk->to->chain_count++];
    memset(walk->chain, 0, sizeof *walk->chain);
}

/* The fields of one present word; false ends the walk. */
static bool walk_fields(struct walk *walk, uint32_t present)
{
    uint32_t left = present & ((1u << BIT_TLV) - 1);
    if (walk->resumed)
        return left == 0; /* bits 32 and above have no fields yet, but types */
    begin_chain(walk, left);
    for (; left; left &= left - 1) {
        unsigned bit = (unsigned)__builtin_ctz(left);
        if (bit >= FIELDS)
            return false;
        const uint8_t *at = take(walk, fields[bit].align, fields[bit].size);
        if (!at)
            return false;
        store(walk, bit, at);
    }
    return true;
}

/* One present word, and which namespace the next one is in; false ends the walk. */
static bool walk_word(struct walk *walk, uint32_t present)
{
    enum { VENDOR_ALIGN = 2, VENDOR_SIZE = 6, VENDOR_SKIP = 4 };
    /* A vendor's fields were skipped as a whole. */
    if (!walk->vendor && !walk_fields(walk, present))
        return false;
    walk->tlv |= !walk->vendor && (present >> BIT_TLV & 1);
    walk->resumed = true;
    if (present >> BIT_RESET & 1) {
        walk->vendor = walk->resumed = false;
        walk->further = true;
    }
    if (present >> BIT_VENDOR & 1) {
        const uint8_t *at = take(walk, VENDOR_ALIGN, VENDOR_SIZE);
        if (!at || !take(walk, 1, vo_load16_le(at + VENDOR_SKIP)))
            return false;
        walk->vendor = true;
        walk->to->vendor_namespaces += walk->to->vendor_namespaces < UINT8_MAX;
    }
    return true;
}

static void store_usig(struct vo_radiotap *to, const uint8_t *at)
{
    to->usig_common = vo_load32_le(at);
    to->usig_value = vo_load32_le(at + 4);
    to->usig_mask = vo_load32_le(at + 8);
    to->has |= 1u << VO_RADIOTAP_USIG;
}

static void store_eht(struct vo_radiotap *to, const uint8_t *at, uint32_t size)
{
    enum { FIXED = 40 }; /* known, nine words of data; then one word a user */
    to->eht_known = vo_load32_le(at);
    for (unsigned i = 0; i < 9; i++)
        to->eht[i] = vo_load32_le(at + 4 + 4 * i);
    uint32_t users = (size - FIXED) / 4;
    to->eht_user_count = (uint8_t)(users < VO_RADIOTAP_EHT_USERS ? users : VO_RADIOTAP_EHT_USERS);
    for (unsigned i = 0; i < to->eht_user_count; i++)
        to->eht_user[i] = vo_load32_le(at + FIXED + 4 * i);
    to->has |= 1u << VO_RADIOTAP_EHT;
}

/* Type, length and value, each beginning at a multiple of four, up to the end of the header. */
static bool walk_tlvs(struct walk *walk)
{
    enum { USIG_SIZE = 12, EHT_SMALLEST = 40 };
    const uint8_t *head;
    walk->further = false; /* they speak of the frame */
    while ((head = take(walk, 4, 4)) != NULL) {
        uint32_t type = vo_load16_le(head), size = vo_load16_le(head + 2);
        const uint8_t *at = take(walk, 1, size);
        if (!at)
            return false;
        if (type < FIELDS && size >= fields[type].size)
            store(walk, type, at);
        else if (type == TLV_USIG && size >= USIG_SIZE)
            store_usig(walk->to, at);
        else if (type == TLV_EHT && size >= EHT_SMALLEST)
            store_eht(walk->to, at, size);
    }
    return walk->at == walk->size || ((walk->at + 3) & ~3u) >= walk->size;
}

/* The commonest header: one present word, none but known fields, all there. False: it is another, and `to` is
 * to be read again. */
static bool read_plain(const uint8_t *data, uint32_t size, struct vo_radiotap *to)
{
    enum { PRESENT = 4 };
    uint32_t present = vo_load32_le(data + PRESENT), at = PRESENT + 4;
    if (present >> FIELDS)
        return false;
    for (uint32_t left = present; left; left &= left - 1) {
        unsigned bit = (unsigned)__builtin_ctz(left), align = fields[bit].align;
        at = (at + align - 1) & ~(align - 1);
        if (at + fields[bit].size > size)
            return false;
        if (bit == VO_RADIOTAP_FLAGS)
            to->flags = data[at];
        else
            fields[bit].read(to, data + at);
        at += fields[bit].size;
    }
    to->has = present;
    return true;
}

enum vo_radiotap_result vo_radiotap_decode(const uint8_t *data, uint32_t size, struct vo_radiotap *radiotap)
{
    enum { SMALLEST = 8, LENGTH = 2, PRESENT = 4 };
    if (size < SMALLEST)
        return VO_RADIOTAP_CUT;
    uint16_t header = vo_load16_le(data + LENGTH);
    if (data[0] != 0 || header < SMALLEST)
        return VO_RADIOTAP_MALFORMED;
    if (size < header)
        return VO_RADIOTAP_CUT;
    /* The rows of `chain` are cleared when they are begun. */
    memset(radiotap, 0, offsetof(struct vo_radiotap, chain));
    radiotap->size = header;
    if (read_plain(data, header, radiotap))
        return VO_RADIOTAP_OK;
    memset(radiotap, 0, offsetof(struct vo_radiotap, chain));
    radiotap->size = header;
    struct walk walk = {.to = radiotap, .header = data, .size = header, .at = PRESENT};
    uint32_t word = PRESENT;
    const uint8_t *at;
    do { /* the fields begin behind the last word */
        at = take(&walk, 4, 4);
        if (!at)
            return VO_RADIOTAP_MALFORMED;
    } while (vo_load32_le(at) >> BIT_MORE & 1);
    uint32_t present;
    do {
        present = vo_load32_le(data + word);
        if (!walk_word(&walk, present)) {
            radiotap->incomplete = true;
            return VO_RADIOTAP_OK;
        }
        word += 4;
    } while (present >> BIT_MORE & 1);
    if (walk.tlv)
        radiotap->incomplete = !walk_tlvs(&walk);
    return VO_RADIOTAP_OK;
}

int8_t vo_radiotap_signal(const struct vo_radiotap *radiotap)
{
    int8_t strongest = 0;
    if (vo_radiotap_has(radiotap, VO_RADIOTAP_SIGNAL))
        return vo_radiotap_level(radiotap->signal_dbm) ? radiotap->signal_dbm : 0;
    for (unsigned i = 0; i < radiotap->chain_count; i++) {
        int8_t dbm = radiotap->chain[i].signal_dbm;
        if (radiotap->chain[i].has >> VO_RADIOTAP_SIGNAL & 1 && vo_radiotap_level(dbm) &&
            (!strongest || dbm > strongest))
            strongest = dbm;
    }
    return strongest;
}
