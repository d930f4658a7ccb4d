#include "probes/decode/radiotap_rate.h"

/* MCS of VHT, HE and EHT, and the last three bits of an HT MCS below 32: coded bits per subcarrier and code
 * rate. 14 and 15 are BPSK with DCM (EHT). */
static const struct {
    uint8_t bits, numerator, denominator;
} mcs_table[] = {{1, 1, 2}, {2, 1, 2}, {2, 3, 4},  {4, 1, 2},  {4, 3, 4},  {6, 2, 3},  {6, 3, 4}, {6, 5, 6},
                 {8, 3, 4}, {8, 5, 6}, {10, 3, 4}, {10, 5, 6}, {12, 3, 4}, {12, 5, 6}, {1, 1, 2}, {1, 1, 2}};
enum { HT_MCS_PER_STREAM = 8, VHT_HIGHEST = 9, HE_HIGHEST = 11, EHT_DUP = 14, EHT_DCM = 15 };

/* HT MCS 33 to 76, unequal modulation (IEEE 802.11-2020 tables 19-41 to 19-46): streams, coded bits per
 * subcarrier over all of them, and whether the code rate is 3/4 and not 1/2. */
enum { HT_DUPLICATE = 32, HT_UNEQUAL = 33 };
static const struct {
    uint8_t streams, bits, three_quarters;
} ht_unequal[] = {
    {2, 6, 0},  {2, 8, 0},  {2, 10, 0}, {2, 6, 1},  {2, 8, 1},  {2, 10, 1}, {3, 8, 0},  {3, 10, 0},
    {3, 10, 0}, {3, 12, 0}, {3, 14, 0}, {3, 14, 0}, {3, 16, 0}, {3, 8, 1},  {3, 10, 1}, {3, 10, 1},
    {3, 12, 1}, {3, 14, 1}, {3, 14, 1}, {3, 16, 1}, {4, 10, 0}, {4, 12, 0}, {4, 14, 0}, {4, 12, 0},
    {4, 14, 0}, {4, 16, 0}, {4, 18, 0}, {4, 16, 0}, {4, 18, 0}, {4, 20, 0}, {4, 20, 0}, {4, 22, 0},
    {4, 10, 1}, {4, 12, 1}, {4, 14, 1}, {4, 12, 1}, {4, 14, 1}, {4, 16, 1}, {4, 18, 1}, {4, 16, 1},
    {4, 18, 1}, {4, 20, 1}, {4, 20, 1}, {4, 22, 1},
};

/* HT and VHT: data subcarriers of a channel. */
static const struct {
    uint16_t mhz, subcarriers;
} channels[] = {{20, 52}, {40, 108}, {80, 234}, {160, 468}};

/* HE and EHT: data subcarriers of an RU or MRU of so many subcarriers (27.3.2.1 and 36.3.2.2). */
static const struct {
    uint16_t tones, subcarriers;
} units[] = {{26, 24},     {52, 48},     {78, 72},     {106, 102},   {132, 126},   {242, 234},
             {484, 468},   {726, 702},   {996, 980},   {1480, 1448}, {1722, 1682}, {1992, 1960},
             {2476, 2428}, {2988, 2940}, {3472, 3408}, {3984, 3920}};

static unsigned channel_subcarriers(unsigned mhz)
{
    for (unsigned i = 0; i < sizeof channels / sizeof *channels; i++)
        if (channels[i].mhz == mhz)
            return channels[i].subcarriers;
    return 0;
}

static unsigned unit_subcarriers(unsigned tones)
{
    for (unsigned i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].tones == tones)
            return units[i].subcarriers;
    return 0;
}

/* The RU that a whole channel is; 0: no such channel. */
static uint16_t full_channel(unsigned mhz)
{
    static const struct {
        uint16_t mhz, tones;
    } full[] = {{20, 242}, {40, 484}, {80, 996}, {160, 1992}, {320, 3984}};
    for (unsigned i = 0; i < sizeof full / sizeof *full; i++)
        if (full[i].mhz == mhz)
            return full[i].tones;
    return 0;
}

/* `bits` a symbol, as numerator / denominator, in symbols of `symbol_ns`. */
static void set_kbps(struct vo_wlan_rate *rate, uint64_t numerator, uint64_t denominator, unsigned symbol_ns)
{
    denominator *= symbol_ns;
    rate->kbps = (uint32_t)((numerator * 1000000 + denominator / 2) / denominator);
    rate->known |= VO_WLAN_RATE_KBPS;
}

static bool knows(const struct vo_wlan_rate *rate, unsigned bits)
{
    return (rate->known & bits) == bits;
}

static void note(struct vo_wlan_rate *rate, bool known, unsigned bit)
{
    if (known)
        rate->known |= (uint16_t)bit;
}

/* --- Rate field: DSSS, CCK, OFDM ------------------------------------------------------------------ */

/* The rates of 802.11a and g go with the width. */
static bool is_ofdm_rate(unsigned rate_500, unsigned width_mhz)
{
    static const uint8_t mbps[] = {6, 9, 12, 18, 24, 36, 48, 54};
    enum { WIDTH = 20, HALVES = 2 };
    for (unsigned i = 0; i < sizeof mbps; i++)
        if (rate_500 * WIDTH == mbps[i] * HALVES * width_mhz)
            return true;
    return false;
}

static bool is_dsss_rate(unsigned rate_500)
{
    static const uint8_t rates[] = {2, 4, 11, 22, 44, 66};
    for (unsigned i = 0; i < sizeof rates; i++)
        if (rates[i] == rate_500)
            return true;
    return false;
}

static void rate_legacy(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate)
{
    uint32_t flags = vo_radiotap_has(radiotap, VO_RADIOTAP_CHANNEL)    ? radiotap->channel_flags
                     : vo_radiotap_has(radiotap, VO_RADIOTAP_XCHANNEL) ? radiotap->xchannel_flags
                                                                       : 0;
    unsigned value = radiotap->rate_500;
    bool turbo = flags & VO_RADIOTAP_CHANNEL_TURBO;
    rate->width_mhz = flags & VO_RADIOTAP_CHANNEL_QUARTER ? 5
                      : flags & VO_RADIOTAP_CHANNEL_HALF  ? 10
                      : turbo                             ? 40
                                                          : 20;
    /* 1, 2, 5.5, 11, 22 and 33 Mbit/s are no rates of OFDM in 20 MHz. */
    rate->phy = is_ofdm_rate(value, turbo ? 20 : rate->width_mhz) || is_ofdm_rate(value, rate->width_mhz)
                    ? VO_WLAN_PHY_OFDM
                : rate->width_mhz == 20 && is_dsss_rate(value) ? VO_WLAN_PHY_DSSS
                                                               : VO_WLAN_PHY_UNKNOWN;
    /* Others are none at all: some systems write the MCS of an HT frame there, and 0x80. */
    if (rate->phy == VO_WLAN_PHY_UNKNOWN)
        return;
    if (turbo) /* of no standard; its symbols are shorter */
        rate->phy = VO_WLAN_PHY_UNKNOWN;
    rate->kbps = radiotap->rate_500 * 500u;
    rate->known |= VO_WLAN_RATE_KBPS | VO_WLAN_RATE_WIDTH;
    if (rate->phy == VO_WLAN_PHY_DSSS && vo_radiotap_has(radiotap, VO_RADIOTAP_FLAGS)) {
        rate->short_preamble = radiotap->flags & VO_RADIOTAP_SHORT_PREAMBLE;
        rate->known |= VO_WLAN_RATE_PREAMBLE;
    }
}

/* --- HT ------------------------------------------------------------------------------------------- */

static void set_ht_kbps(struct vo_wlan_rate *rate)
{
    enum { SYMBOL = 3200, DUPLICATE_BITS = 24 };
    unsigned symbol = SYMBOL + rate->gi_ns, mcs = rate->mcs;
    if (mcs == HT_DUPLICATE) { /* only in 40 MHz */
        if (rate->width_mhz == 40)
            set_kbps(rate, DUPLICATE_BITS, 1, symbol);
        return;
    }
    uint64_t bits = channel_subcarriers(rate->width_mhz);
    if (mcs < HT_DUPLICATE) {
        unsigned row = mcs % HT_MCS_PER_STREAM;
        set_kbps(rate, bits * mcs_table[row].bits * mcs_table[row].numerator * rate->nss,
                 mcs_table[row].denominator, symbol);
        return;
    }
    unsigned row = mcs - HT_UNEQUAL;
    bits *= ht_unequal[row].bits;
    set_kbps(rate, ht_unequal[row].three_quarters ? bits * 3 : bits, ht_unequal[row].three_quarters ? 4 : 2,
             symbol);
}

static void rate_ht(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate)
{
    enum { KNOWN_WIDTH = 1, KNOWN_MCS = 2, KNOWN_GI = 4, KNOWN_FORMAT = 8, KNOWN_FEC = 16, KNOWN_STBC = 32 };
    enum { WIDTH = 3, WIDTH_40 = 1, SHORT_GI = 4, GREENFIELD = 8, LDPC = 16, STBC = 0x60 };
    enum { UNEQUAL_ROWS = sizeof ht_unequal / sizeof *ht_unequal };
    unsigned known = radiotap->mcs_known, flags = radiotap->mcs_flags;
    rate->phy = VO_WLAN_PHY_HT;
    if (known & KNOWN_FORMAT)
        rate->format = flags & GREENFIELD ? VO_WLAN_FORMAT_GREENFIELD : VO_WLAN_FORMAT_MIXED;
    rate->mcs = radiotap->mcs;
    rate->width_mhz = (flags & WIDTH) == WIDTH_40 ? 40 : 20; /* 2 and 3: 20 MHz in one half of 40 */
    bool flagged = !(known & KNOWN_GI) && vo_radiotap_has(radiotap, VO_RADIOTAP_FLAGS) &&
                   radiotap->flags & VO_RADIOTAP_SHORT_GI;
    rate->gi_ns = flagged || flags & SHORT_GI ? 400 : 800;
    rate->ldpc = flags & LDPC;
    rate->stbc = flags & STBC;
    note(rate, known & KNOWN_WIDTH, VO_WLAN_RATE_WIDTH);
    note(rate, known & KNOWN_GI || flagged, VO_WLAN_RATE_GI);
    note(rate, known & KNOWN_FEC, VO_WLAN_RATE_LDPC);
    note(rate, known & KNOWN_STBC, VO_WLAN_RATE_STBC);
    if (!(known & KNOWN_MCS) || rate->mcs >= HT_UNEQUAL + UNEQUAL_ROWS)
        return;
    rate->nss = rate->mcs < HT_DUPLICATE    ? (uint8_t)(rate->mcs / HT_MCS_PER_STREAM + 1)
                : rate->mcs == HT_DUPLICATE ? 1
                                            : ht_unequal[rate->mcs - HT_UNEQUAL].streams;
    rate->known |= VO_WLAN_RATE_MCS | VO_WLAN_RATE_NSS;
    if (knows(rate, VO_WLAN_RATE_WIDTH | VO_WLAN_RATE_GI))
        set_ht_kbps(rate);
}

/* --- VHT ------------------------------------------------------------------------------------------ */

/* Bandwidths 0 to 25: 20 MHz and 40, 80 and 160 MHz, each followed by its narrower parts ("20 MHz in the
 * lower half of 40 MHz" and so on). What was sent is the part. */
static const uint8_t vht_parts[] = {20, 40, 20, 20, 80, 40, 40, 20, 20, 20, 20, 160, 80,
                                    80, 40, 40, 40, 40, 20, 20, 20, 20, 20, 20, 20,  20};

/* Combinations that 802.11 has no rate for, because their bits do not divide among the encoders (21.5). */
static bool vht_excluded(const struct vo_wlan_rate *rate)
{
    static const struct {
        uint8_t mcs, mhz;
        uint8_t streams; /* bit 0: one */
    } excluded[] = {{9, 20, 0xdb}, {6, 80, 0x44}, {9, 80, 0x20}, {9, 160, 0x04}};
    for (unsigned i = 0; i < sizeof excluded / sizeof *excluded; i++)
        if (excluded[i].mcs == rate->mcs && excluded[i].mhz == rate->width_mhz &&
            excluded[i].streams >> (rate->nss - 1) & 1)
            return true;
    return false;
}

static void rate_vht(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate)
{
    enum { KNOWN_STBC = 0x01, KNOWN_GI = 0x04, KNOWN_WIDTH = 0x40, STBC = 1, SHORT_GI = 4, SYMBOL = 3200 };
    enum { USERS = 4, STREAMS = 0x0f, MOST_STREAMS = 8, WIDTH = 0x1f };
    unsigned known = radiotap->vht_known, width = radiotap->vht_bandwidth & WIDTH, users = 0, user = 0;
    rate->phy = VO_WLAN_PHY_VHT;
    rate->gi_ns = radiotap->vht_flags & SHORT_GI ? 400 : 800;
    rate->stbc = radiotap->vht_flags & STBC;
    note(rate, known & KNOWN_GI, VO_WLAN_RATE_GI);
    note(rate, known & KNOWN_STBC, VO_WLAN_RATE_STBC);
    if (known & KNOWN_WIDTH && width < sizeof vht_parts) {
        rate->width_mhz = vht_parts[width];
        rate->known |= VO_WLAN_RATE_WIDTH;
    }
    for (unsigned i = USERS; i-- > 0;) {
        if (radiotap->vht_mcs_nss[i] & STREAMS) {
            users++;
            user = i;
        }
    }
    rate->format = users > 1 ? VO_WLAN_FORMAT_MU : VO_WLAN_FORMAT_SU;
    if (users != 1) /* none has streams; or several, and nothing says whose frame this is */
        return;
    rate->nss = radiotap->vht_mcs_nss[user] & STREAMS;
    rate->mcs = radiotap->vht_mcs_nss[user] >> 4;
    rate->ldpc = radiotap->vht_coding >> user & 1;
    rate->known |= VO_WLAN_RATE_MCS | VO_WLAN_RATE_NSS | VO_WLAN_RATE_LDPC;
    if (rate->nss > MOST_STREAMS || rate->mcs > HE_HIGHEST ||
        !knows(rate, VO_WLAN_RATE_WIDTH | VO_WLAN_RATE_GI) || vht_excluded(rate))
        return;
    uint64_t subcarriers = channel_subcarriers(rate->width_mhz);
    set_kbps(rate, subcarriers * mcs_table[rate->mcs].bits * mcs_table[rate->mcs].numerator * rate->nss,
             mcs_table[rate->mcs].denominator, SYMBOL + rate->gi_ns);
}

/* --- HE and EHT ----------------------------------------------------------------------------------- */

static const uint16_t he_gi_ns[] = {800, 1600, 3200, 0};
static const uint8_t he_ltf_size[] = {0, 1, 2, 4};

/* MCS, streams, RU and guard interval are known. */
static void set_he_kbps(struct vo_wlan_rate *rate)
{
    enum { SYMBOL = 12800, MOST_STREAMS = 8 };
    unsigned subcarriers = unit_subcarriers(rate->tones), mcs = rate->mcs;
    if (rate->nss == 0 || rate->nss > MOST_STREAMS || !subcarriers)
        return;
    /* Data on half of the subcarriers, and again on the other half. */
    uint64_t denominator = mcs_table[mcs].denominator * (rate->dcm ? 2u : 1u);
    set_kbps(rate, (uint64_t)subcarriers * mcs_table[mcs].bits * mcs_table[mcs].numerator * rate->nss,
             denominator, SYMBOL + rate->gi_ns);
}

static void set_tones(struct vo_wlan_rate *rate, uint16_t tones)
{
    rate->tones = tones;
    note(rate, tones != 0, VO_WLAN_RATE_TONES);
}

static void set_width(struct vo_wlan_rate *rate, uint16_t mhz)
{
    rate->width_mhz = mhz;
    note(rate, mhz != 0, VO_WLAN_RATE_WIDTH);
}

static void set_gi_ltf(struct vo_wlan_rate *rate, bool gi_known, unsigned gi, unsigned ltf)
{
    rate->gi_ns = he_gi_ns[gi];
    note(rate, gi_known && rate->gi_ns, VO_WLAN_RATE_GI);
    rate->ltf_size = he_ltf_size[ltf];
    note(rate, rate->ltf_size, VO_WLAN_RATE_LTF);
}

/* Width or RU (data5, low four bits). */
static void he_allocation(struct vo_wlan_rate *rate, unsigned allocation)
{
    static const uint16_t widths[] = {20, 40, 80, 160};
    static const uint16_t tones[] = {26, 52, 106, 242, 484, 996, 1992};
    enum { WIDTHS = sizeof widths / sizeof *widths, RUS = sizeof tones / sizeof *tones };
    if (allocation >= WIDTHS + RUS)
        return;
    if (allocation < WIDTHS)
        set_width(rate, widths[allocation]);
    set_tones(rate, allocation < WIDTHS ? full_channel(widths[allocation]) : tones[allocation - WIDTHS]);
}

/* Space-time streams of an HE frame to spatial streams, and DCM: with what is assumed where it is not told.
 */
static void he_streams(struct vo_wlan_rate *rate, unsigned space_time_streams)
{
    if (!knows(rate, VO_WLAN_RATE_STBC))
        rate->assumed |= VO_WLAN_ASSUMED_NO_STBC;
    if (!knows(rate, VO_WLAN_RATE_DCM) && rate->mcs <= 4 && rate->mcs != 2) /* those that can have DCM */
        rate->assumed |= VO_WLAN_ASSUMED_NO_DCM;
    rate->nss = (uint8_t)(rate->stbc ? space_time_streams / 2 : space_time_streams);
    note(rate, rate->nss, VO_WLAN_RATE_NSS);
}

static void rate_he(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate)
{
    enum { FORMAT = 3, MCS = 0x20, DCM = 0x40, CODING = 0x80, STBC = 0x200, ALLOCATION = 0x4000 }; /* data1 */
    enum { GI_KNOWN = 2, LTF_COUNT_KNOWN = 4 };                                                    /* data2 */
    enum { IS_DCM = 0x1000, IS_LDPC = 0x2000, IS_STBC = 0x8000 };                                  /* data3 */
    static const uint8_t formats[] = {VO_WLAN_FORMAT_SU, VO_WLAN_FORMAT_ER_SU, VO_WLAN_FORMAT_MU,
                                      VO_WLAN_FORMAT_TB};
    static const uint8_t ltf_counts[] = {1, 2, 4, 6, 8, 0, 0, 0};
    const uint16_t *data = radiotap->he; /* data1 is [0] */
    rate->phy = VO_WLAN_PHY_HE;
    rate->format = (enum vo_wlan_format)formats[data[0] & FORMAT];
    rate->mcs = data[2] >> 8 & 15;
    rate->dcm = data[0] & DCM && data[2] & IS_DCM;
    rate->stbc = data[0] & STBC && data[2] & IS_STBC;
    rate->ldpc = data[2] & IS_LDPC;
    note(rate, data[0] & MCS && rate->mcs <= HE_HIGHEST, VO_WLAN_RATE_MCS);
    note(rate, data[0] & DCM, VO_WLAN_RATE_DCM);
    note(rate, data[0] & STBC, VO_WLAN_RATE_STBC);
    note(rate, data[0] & CODING, VO_WLAN_RATE_LDPC);
    if (data[0] & ALLOCATION)
        he_allocation(rate, data[4] & 15);
    set_gi_ltf(rate, data[1] & GI_KNOWN, data[4] >> 4 & 3, data[4] >> 6 & 3);
    if (data[1] & LTF_COUNT_KNOWN)
        rate->ltf_count = ltf_counts[data[4] >> 8 & 7];
    he_streams(rate, data[5] & 15);
    if (knows(rate, VO_WLAN_RATE_MCS | VO_WLAN_RATE_NSS | VO_WLAN_RATE_TONES | VO_WLAN_RATE_GI))
        set_he_kbps(rate);
}

/* U-SIG-2 of an EHT MU PPDU that is not OFDMA: the MRU that is left when 20 MHz parts are punctured
 * (36.3.12.7.2, table 36-30). 0: no such value. */
static uint16_t punctured(unsigned mhz, unsigned pattern)
{
    static const struct {
        uint16_t mhz;
        uint8_t last; /* pattern */
        uint16_t tones;
    } patterns[] = {{80, 4, 726},   {160, 8, 1722},  {160, 12, 1480},
                    {320, 8, 3472}, {320, 12, 2988}, {320, 24, 2476}};
    if (pattern == 0)
        return full_channel(mhz);
    for (unsigned i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (patterns[i].mhz == mhz && pattern <= patterns[i].last)
            return patterns[i].tones;
    return 0;
}

/* Format, width and, unless it is OFDMA, the RU, from U-SIG. */
static void eht_usig(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate)
{
    enum { BW_KNOWN = 2, UL_KNOWN = 4, TYPE = 0xc0, PUNCTURED = 0x3e00, OFDMA = 0, TO_ONE = 1, MU_MIMO = 2 };
    static const uint16_t widths[] = {20, 40, 80, 160, 320, 320, 0, 0};
    unsigned common = radiotap->usig_common, type = radiotap->usig_value >> 6 & 3;
    bool uplink = common >> 18 & 1, ofdma = false;
    if (common & BW_KNOWN)
        set_width(rate, widths[common >> 15 & 7]);
    if (common & UL_KNOWN && (radiotap->usig_mask & TYPE) == TYPE) {
        if (type == TO_ONE)
            rate->format = VO_WLAN_FORMAT_SU;
        else if (uplink && type == OFDMA)
            rate->format = VO_WLAN_FORMAT_TB;
        else if (!uplink && (type == OFDMA || type == MU_MIMO))
            rate->format = VO_WLAN_FORMAT_MU;
        ofdma = type != TO_ONE && (uplink || type != MU_MIMO);
    }
    if (ofdma || !knows(rate, VO_WLAN_RATE_WIDTH))
        return;
    if (rate->format != VO_WLAN_FORMAT_UNKNOWN && (radiotap->usig_mask & PUNCTURED) == PUNCTURED) {
        set_tones(rate, punctured(rate->width_mhz, radiotap->usig_value >> 9 & 31));
        return;
    }
    set_tones(rate, full_channel(rate->width_mhz));
    rate->assumed |= VO_WLAN_ASSUMED_WHOLE_CHANNEL;
}

/* The RU of the user, where the EHT field tells it: by size, or as a trigger frame writes it. */
static void eht_unit(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate)
{
    enum { SIZE_KNOWN = 0x00400000, TRIGGERED_KNOWN = 0x01000000, SIZE = 0x1f };
    static const uint16_t sizes[] = {26, 52,  106, 242,  484,  996,  1992, 3984,
                                     78, 132, 726, 1480, 1722, 2476, 2988, 3472};
    static const struct {
        uint8_t last; /* B7 to B1 of the RU Allocation subfield, table 9-53 */
        uint16_t tones;
    } allocations[] = {{36, 26},   {52, 52},    {60, 106},   {64, 242},  {66, 484}, {67, 996},
                       {68, 1992}, {69, 3984},  {81, 78},    {89, 132},  {93, 726}, {95, 1480},
                       {99, 1722}, {103, 2476}, {104, 2988}, {106, 3472}};
    unsigned size = radiotap->eht[1] & SIZE, allocation = radiotap->eht[8] >> 2 & 0x7f;
    if (radiotap->eht_known & (SIZE_KNOWN | TRIGGERED_KNOWN))
        rate->assumed &= (uint8_t)~VO_WLAN_ASSUMED_WHOLE_CHANNEL;
    if (radiotap->eht_known & SIZE_KNOWN) {
        if (size < sizeof sizes / sizeof *sizes)
            set_tones(rate, sizes[size]);
        return;
    }
    if (!(radiotap->eht_known & TRIGGERED_KNOWN))
        return;
    for (unsigned i = 0; i < sizeof allocations / sizeof *allocations; i++) {
        if (allocation <= allocations[i].last) {
            set_tones(rate, allocations[i].tones);
            return;
        }
    }
}

/* The user whose frame was captured: the one that is marked so, or the only one. */
static const uint32_t *eht_user(const struct vo_radiotap *radiotap)
{
    enum { DATA_FOR_USER = 0x80 };
    const uint32_t *found = NULL;
    unsigned marked = 0;
    for (unsigned i = 0; i < radiotap->eht_user_count; i++) {
        if (radiotap->eht_user[i] & DATA_FOR_USER) {
            found = &radiotap->eht_user[i];
            marked++;
        }
    }
    if (marked == 0 && radiotap->eht_user_count == 1)
        return radiotap->eht_user;
    return marked == 1 ? found : NULL;
}

static void rate_eht(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate)
{
    enum { GI_KNOWN = 0x04, LTF_COUNT_KNOWN = 0x10, MCS_KNOWN = 0x02, CODING_KNOWN = 0x04, NSS_KNOWN = 0x10 };
    static const uint8_t ltf_counts[] = {1, 2, 4, 6, 8, 0, 0, 0};
    rate->phy = VO_WLAN_PHY_EHT;
    if (vo_radiotap_has(radiotap, VO_RADIOTAP_USIG))
        eht_usig(radiotap, rate);
    if (!vo_radiotap_has(radiotap, VO_RADIOTAP_EHT))
        return;
    eht_unit(radiotap, rate);
    set_gi_ltf(rate, radiotap->eht_known & GI_KNOWN, radiotap->eht[0] >> 7 & 3, radiotap->eht[0] >> 9 & 3);
    if (radiotap->eht_known & LTF_COUNT_KNOWN)
        rate->ltf_count = ltf_counts[radiotap->eht[0] >> 11 & 7];
    const uint32_t *user = eht_user(radiotap);
    if (!user)
        return;
    rate->mcs = *user >> 20 & 15;
    rate->ldpc = *user >> 19 & 1;
    /* As it is on the air, one less. (Some drivers write the count.) */
    rate->nss = (uint8_t)((*user >> 24 & 15) + 1);
    note(rate, *user & MCS_KNOWN, VO_WLAN_RATE_MCS);
    note(rate, *user & CODING_KNOWN, VO_WLAN_RATE_LDPC);
    note(rate, *user & NSS_KNOWN, VO_WLAN_RATE_NSS);
    if (!knows(rate, VO_WLAN_RATE_MCS | VO_WLAN_RATE_NSS | VO_WLAN_RATE_TONES | VO_WLAN_RATE_GI))
        return;
    struct vo_wlan_rate sent = *rate;
    if (rate->mcs == EHT_DUP) /* the same in both halves of the channel, with DCM in each */
        sent.tones = rate->tones == 996 ? 484 : rate->tones == 1992 ? 996 : rate->tones == 3984 ? 1992 : 0;
    sent.dcm = rate->mcs >= EHT_DUP;
    set_he_kbps(&sent);
    rate->dcm = sent.dcm;
    rate->kbps = sent.kbps;
    rate->known |= (sent.known & VO_WLAN_RATE_KBPS) | VO_WLAN_RATE_DCM;
}

bool vo_radiotap_rate(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate)
{
    static const struct {
        enum vo_radiotap_field field;
        void (*decode)(const struct vo_radiotap *radiotap, struct vo_wlan_rate *rate);
    } newest_first[] = {{VO_RADIOTAP_EHT, rate_eht}, {VO_RADIOTAP_USIG, rate_eht},
                        {VO_RADIOTAP_HE, rate_he},   {VO_RADIOTAP_VHT, rate_vht},
                        {VO_RADIOTAP_MCS, rate_ht},  {VO_RADIOTAP_RATE, rate_legacy}};
    memset(rate, 0, sizeof *rate);
    for (unsigned i = 0; i < sizeof newest_first / sizeof *newest_first; i++) {
        if (vo_radiotap_has(radiotap, newest_first[i].field)) {
            newest_first[i].decode(radiotap, rate);
            break;
        }
    }
    return rate->known & VO_WLAN_RATE_KBPS;
}
