#include "probes/decode/wlan_received.h"

#include "probes/decode/ieee80211.h"

#include <stddef.h>

typedef enum vo_wlan_received_result read_header(const uint8_t *data, uint32_t size,
                                                 struct vo_wlan_received *received);

static void has(struct vo_radiotap *radio, enum vo_radiotap_field field)
{
    radio->has |= UINT32_C(1) << field;
}

static void set_flags(struct vo_radiotap *radio, unsigned flags)
{
    radio->flags = (uint8_t)flags;
    has(radio, VO_RADIOTAP_FLAGS);
}

static int8_t load_signed(uint8_t byte)
{
    return (int8_t)(byte < 128 ? byte : byte - 256);
}

static void set_rate(struct vo_radiotap *radio, uint32_t rate_500)
{
    if (rate_500 == 0 || rate_500 > UINT8_MAX)
        return;
    radio->rate_500 = (uint8_t)rate_500;
    has(radio, VO_RADIOTAP_RATE);
}

static enum vo_wlan_received_result read_bare(const uint8_t *data, uint32_t size,
                                              struct vo_wlan_received *received)
{
    (void)data;
    (void)size;
    (void)received;
    return VO_WLAN_RECEIVED_OK;
}

static enum vo_wlan_received_result read_radiotap(const uint8_t *data, uint32_t size,
                                                  struct vo_wlan_received *received)
{
    enum vo_radiotap_result result = vo_radiotap_decode(data, size, &received->radio);
    if (result == VO_RADIOTAP_OK && vo_radiotap_has(&received->radio, VO_RADIOTAP_ZERO_LENGTH_PSDU))
        return VO_WLAN_RECEIVED_NO_FRAME;
    return result == VO_RADIOTAP_OK    ? VO_WLAN_RECEIVED_OK
           : result == VO_RADIOTAP_CUT ? VO_WLAN_RECEIVED_CUT
                                       : VO_WLAN_RECEIVED_MALFORMED;
}

/* --- PPI ------------------------------------------------------------------------------------------ */

/* What a value says of a level: -128 is none, as are those of vo_radiotap_level(). */
static void set_level(struct vo_radiotap *radio, enum vo_radiotap_field field, int8_t *to, uint8_t value)
{
    *to = load_signed(value);
    if (vo_radiotap_level(*to))
        has(radio, field);
}

/* The PPI field "802.11 common". What is zero in it is not told. */
static void read_ppi_common(const uint8_t *at, struct vo_radiotap *radio)
{
    enum { FLAGS = 8, RATE = 10, FREQUENCY = 12, CHANNEL_FLAGS = 14, SIGNAL = 18, NOISE = 19 };
    enum { FCS_PRESENT = 1, TSF_IN_MS = 2, FCS_INVALID = 4 };
    uint16_t flags = vo_load16_le(at + FLAGS), rate = vo_load16_le(at + RATE);
    uint64_t tsf = (uint64_t)vo_load32_le(at + 4) << 32 | vo_load32_le(at);
    set_flags(radio, (flags & FCS_PRESENT ? VO_RADIOTAP_FCS_AT_END : 0u) |
                         (flags & FCS_INVALID ? VO_RADIOTAP_BAD_FCS : 0u));
    radio->tsft_us = flags & TSF_IN_MS ? tsf * 1000 : tsf;
    if (tsf && !(flags & TSF_IN_MS)) /* in milliseconds it tells no two frames apart */
        has(radio, VO_RADIOTAP_TSFT);
    set_rate(radio, rate);
    radio->frequency_mhz = vo_load16_le(at + FREQUENCY);
    radio->channel_flags = vo_load16_le(at + CHANNEL_FLAGS);
    if (radio->frequency_mhz)
        has(radio, VO_RADIOTAP_CHANNEL);
    set_level(radio, VO_RADIOTAP_SIGNAL, &radio->signal_dbm, at[SIGNAL]);
    set_level(radio, VO_RADIOTAP_NOISE, &radio->noise_dbm, at[NOISE]);
}

/* What the PPI fields "802.11n MAC" and "802.11n MAC+PHY" begin with: the frame is one of HT. */
static void read_ppi_mac(const uint8_t *at, struct vo_radiotap *radio)
{
    enum { REFERENCE = 4, WIDTH_40 = 0x02, IS_SHORT_GI = 0x04, AGGREGATE = 0x10 };
    enum { KNOWN_WIDTH = 1, KNOWN_GI = 4, IN_40_MHZ = 1, SHORT_GI = 4 }; /* of radiotap's MCS */
    uint32_t flags = vo_load32_le(at);
    radio->mcs_known |= KNOWN_WIDTH | KNOWN_GI;
    radio->mcs_flags = (uint8_t)((flags & WIDTH_40 ? IN_40_MHZ : 0) | (flags & IS_SHORT_GI ? SHORT_GI : 0));
    has(radio, VO_RADIOTAP_MCS);
    if (!(flags & AGGREGATE))
        return;
    radio->ampdu_reference = vo_load32_le(at + REFERENCE);
    has(radio, VO_RADIOTAP_AMPDU);
}

static void read_ppi_mac_phy(const uint8_t *at, struct vo_radiotap *radio)
{
    enum { MCS = 9, LEVELS = 24, CHAINS = 4, KNOWN_MCS = 2, HIGHEST_MCS = 76 };
    read_ppi_mac(at, radio);
    if (at[MCS] <= HIGHEST_MCS) {
        radio->mcs = at[MCS];
        radio->mcs_known |= KNOWN_MCS;
    }
    for (unsigned i = 0; i < CHAINS; i++) { /* signal and noise of each */
        int8_t dbm = load_signed(at[LEVELS + 2 * i]);
        if (!vo_radiotap_level(dbm) || radio->chain_count == VO_RADIOTAP_CHAINS)
            continue;
        radio->chain[radio->chain_count++] =
            (struct vo_radiotap_chain){.has = 1u << VO_RADIOTAP_SIGNAL | 1u << VO_RADIOTAP_ANTENNA,
                                       .signal_dbm = dbm,
                                       .antenna = (uint8_t)i};
    }
}

static void read_ppi_field(unsigned type, const uint8_t *at, uint32_t size, struct vo_radiotap *radio)
{
    static const struct {
        uint8_t type, size;
        void (*read)(const uint8_t *at, struct vo_radiotap *radio);
    } fields[] = {{2, 20, read_ppi_common}, {3, 12, read_ppi_mac}, {4, 48, read_ppi_mac_phy}};
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].type == type && size >= fields[i].size)
            fields[i].read(at, radio);
}

static enum vo_wlan_received_result read_ppi(const uint8_t *data, uint32_t size,
                                             struct vo_wlan_received *received)
{
    enum { SMALLEST = 8, FLAGS = 1, ALIGNED = 1, LENGTH = 2, LINKTYPE = 4, WLAN = 105, FIELD = 4 };
    if (size < SMALLEST)
        return VO_WLAN_RECEIVED_CUT;
    uint16_t header = vo_load16_le(data + LENGTH);
    if (data[0] != 0 || header < SMALLEST)
        return VO_WLAN_RECEIVED_MALFORMED;
    if (size < header)
        return VO_WLAN_RECEIVED_CUT;
    if (vo_load32_le(data + LINKTYPE) != WLAN)
        return VO_WLAN_RECEIVED_NOT_WLAN;
    struct vo_bytes fields = vo_bytes_of(data + SMALLEST, header - SMALLEST);
    while (fields.left >= FIELD) {
        const uint8_t *head = vo_bytes_take(&fields, FIELD);
        uint16_t type = vo_load16_le(head), length = vo_load16_le(head + 2);
        const uint8_t *at = vo_bytes_take(&fields, length);
        if (!at)
            break;
        read_ppi_field(type, at, length, &received->radio);
        uint32_t padding = data[FLAGS] & ALIGNED ? (4u - length % 4u) % 4u : 0;
        (void)vo_bytes_take(&fields, padding < fields.left ? padding : fields.left);
    }
    received->radio.size = header;
    return VO_WLAN_RECEIVED_OK;
}

/* --- AVS and Prism -------------------------------------------------------------------------------- */

static uint16_t channel_mhz(uint32_t channel)
{
    return (uint16_t)(channel == 0 || channel > 196 ? 0
                      : channel == 14               ? 2484
                      : channel < 14                ? 2407 + 5 * channel
                      : channel >= 182              ? 4000 + 5 * channel
                                                    : 5000 + 5 * channel);
}

static void set_channel(struct vo_radiotap *radio, uint32_t channel)
{
    radio->frequency_mhz = channel_mhz(channel);
    if (radio->frequency_mhz)
        has(radio, VO_RADIOTAP_CHANNEL);
}

/* A channel number below 256, or a frequency: in MHz up to 10000, in kHz above. */
static void set_avs_channel(struct vo_radiotap *radio, uint32_t channel)
{
    enum { LOWEST_MHZ = 256, LOWEST_KHZ = 10000, KHZ_PER_MHZ = 1000 };
    if (channel < LOWEST_MHZ) {
        set_channel(radio, channel);
        return;
    }
    uint32_t mhz = channel < LOWEST_KHZ ? channel : channel / KHZ_PER_MHZ;
    if (mhz > UINT16_MAX)
        return;
    radio->frequency_mhz = (uint16_t)mhz;
    has(radio, VO_RADIOTAP_CHANNEL);
}

/* In 100 kbit/s; some drivers write bit/s. */
static void set_avs_rate(struct vo_radiotap *radio, uint32_t rate)
{
    enum { LOWEST_BPS = 100000, IN_500 = 5 };
    set_rate(radio, (rate < LOWEST_BPS ? rate : rate / LOWEST_BPS) / IN_500);
}

/* 32 bits, of which dBm need eight; some drivers extend the sign, others do not. */
static void set_avs_level(struct vo_radiotap *radio, enum vo_radiotap_field field, int8_t *to, uint32_t value)
{
    enum { EXTENSION = 0xffffff };
    if (value >> 8 == 0 || value >> 8 == EXTENSION)
        set_level(radio, field, to, (uint8_t)value);
}

static enum vo_wlan_received_result read_avs(const uint8_t *data, uint32_t size,
                                             struct vo_wlan_received *received)
{
    enum { LENGTH = 4, MAC_TIME = 8, CHANNEL = 28, RATE = 32, LEVEL_TYPE = 44, SIGNAL = 48, NOISE = 52 };
    enum { PREAMBLE = 56, SHORT = 1, LONG = 2 };
    enum { SMALLEST = 8, WITH_LEVELS = 56, WITH_PREAMBLE = 60, LEVEL_IN_DBM = 2 };
    if (size < SMALLEST)
        return VO_WLAN_RECEIVED_CUT;
    uint32_t header = vo_load32(data + LENGTH);
    if (header < SMALLEST || header > UINT16_MAX)
        return VO_WLAN_RECEIVED_MALFORMED;
    if (size < header)
        return VO_WLAN_RECEIVED_CUT;
    struct vo_radiotap *radio = &received->radio;
    radio->size = (uint16_t)header;
    if (header < WITH_LEVELS)
        return VO_WLAN_RECEIVED_OK;
    radio->tsft_us = vo_load64(data + MAC_TIME);
    if (radio->tsft_us)
        has(radio, VO_RADIOTAP_TSFT);
    set_avs_channel(radio, vo_load32(data + CHANNEL));
    set_avs_rate(radio, vo_load32(data + RATE));
    if (vo_load32(data + LEVEL_TYPE) == LEVEL_IN_DBM) {
        set_avs_level(radio, VO_RADIOTAP_SIGNAL, &radio->signal_dbm, vo_load32(data + SIGNAL));
        set_avs_level(radio, VO_RADIOTAP_NOISE, &radio->noise_dbm, vo_load32(data + NOISE));
    }
    uint32_t preamble = header >= WITH_PREAMBLE ? vo_load32(data + PREAMBLE) : 0;
    if (preamble == SHORT || preamble == LONG)
        set_flags(radio, preamble == SHORT ? VO_RADIOTAP_SHORT_PREAMBLE : 0);
    return VO_WLAN_RECEIVED_OK;
}

/* Code, length, name, then items of twelve bytes: which, whether it is there (0), size, value; all in the
 * byte order of the host that captured. */
static enum vo_wlan_received_result read_prism(const uint8_t *data, uint32_t size,
                                               struct vo_wlan_received *received)
{
    enum { SMALLEST = 8, NAME = 16, ITEM = 12, STATUS = 4, VALUE = 8, AVS_MAGIC = 0x80211 };
    enum { CHANNEL = 3, RATE = 8 }; /* numbers of items: bits 16 and up, or 12 and up */
    if (size < SMALLEST)
        return VO_WLAN_RECEIVED_CUT;
    if (vo_load32(data) >> 12 == AVS_MAGIC)
        return read_avs(data, size, received);
    uint32_t header = vo_load32_le(data + 4);
    bool big = header > UINT16_MAX;
    if (big)
        header = vo_load32(data + 4);
    if (header < SMALLEST || header > UINT16_MAX)
        return VO_WLAN_RECEIVED_MALFORMED;
    if (size < header)
        return VO_WLAN_RECEIVED_CUT;
    received->radio.size = (uint16_t)header;
    struct vo_bytes items = vo_bytes_of(data + SMALLEST, header - SMALLEST);
    (void)vo_bytes_take(&items, NAME);
    const uint8_t *item;
    while ((item = vo_bytes_take(&items, ITEM)) != NULL) {
        uint32_t which = big ? vo_load32(item) : vo_load32_le(item);
        uint32_t value = big ? vo_load32(item + VALUE) : vo_load32_le(item + VALUE);
        uint16_t status = big ? vo_load16(item + STATUS) : vo_load16_le(item + STATUS);
        uint32_t number = which >> 16 ? which >> 16 : which >> 12;
        if (status == 0 && number == CHANNEL)
            set_channel(&received->radio, value);
        else if (status == 0 && number == RATE)
            set_rate(&received->radio, value);
    }
    return VO_WLAN_RECEIVED_OK;
}

static read_header *reader_of(uint32_t linktype)
{
    static const struct {
        uint32_t linktype;
        read_header *read;
    } readers[] = {
        {127, read_radiotap}, {105, read_bare}, {192, read_ppi}, {119, read_prism}, {163, read_avs}};
    for (unsigned i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i].linktype == linktype)
            return readers[i].read;
    return NULL;
}

bool vo_wlan_is_linktype(uint32_t linktype)
{
    return reader_of(linktype) != NULL;
}

enum vo_wlan_received_result vo_wlan_received_decode(uint32_t linktype, const uint8_t *data,
                                                     uint32_t captured, uint32_t length,
                                                     struct vo_wlan_received *received)
{
    read_header *read = reader_of(linktype);
    struct vo_radiotap *radio = &received->radio;
    if (!read)
        return VO_WLAN_RECEIVED_NOT_WLAN;
    received->at = NULL;
    received->captured = received->length = 0;
    received->options = 0;
    received->bad_fcs = received->fcs_told = false;
    if (read != read_radiotap) /* which clears it itself */
        memset(radio, 0, offsetof(struct vo_radiotap, chain));
    enum vo_wlan_received_result result = read(data, captured, received);
    if (result != VO_WLAN_RECEIVED_OK)
        return result;
    received->at = data + radio->size;
    received->captured = captured - radio->size;
    received->length = length - radio->size;
    received->options = (radio->flags & VO_RADIOTAP_FCS_AT_END ? VO_IEEE80211_WITH_FCS : 0u) |
                        (radio->flags & VO_RADIOTAP_PADDED ? VO_IEEE80211_PADDED : 0u);
    received->bad_fcs = radio->flags & VO_RADIOTAP_BAD_FCS;
    received->fcs_told =
        (read == read_radiotap || read == read_ppi) && vo_radiotap_has(radio, VO_RADIOTAP_FLAGS);
    return result;
}
