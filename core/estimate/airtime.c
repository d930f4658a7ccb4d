#include "core/estimate/airtime.h"

#include <math.h>
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Coded bits per subcarrier, code rate, and the non-HT reference rate; HT counts its MCS anew for each number
 * of streams. 14 and 15 are BPSK with DCM (EHT). */
static const struct mcs {
    uint8_t bits, numerator, denominator;
    uint32_t reference_kbps;
} mcs_table[] = {
    {1, 1, 2, 6000},   {2, 1, 2, 12000},  {2, 3, 4, 18000},  {4, 1, 2, 24000},
    {4, 3, 4, 36000},  {6, 2, 3, 48000},  {6, 3, 4, 54000},  {6, 5, 6, 54000},
    {8, 3, 4, 54000},  {8, 5, 6, 54000},  {10, 3, 4, 54000}, {10, 5, 6, 54000},
    {12, 3, 4, 54000}, {12, 5, 6, 54000}, {1, 1, 2, 6000},   {1, 1, 2, 6000},
};
enum {
    HT_ROWS = 8,
    HT_DUPLICATE = 32,
    HE_MCS = 12,
    EHT_MCS = 16,
    EHT_DUPLICATE = 14,
    EHT_DCM = 15,
    STREAMS = 8
};
enum {
    SERVICE_BITS = 16,
    TAIL_BITS = 6,
    SYMBOL_NS = 4000,
    LEGACY_NS = 20000
}; /* LEGACY: L-STF, L-LTF, L-SIG */

/* What the equations of one PPDU have in common. */
struct symbols {
    uint64_t data_bits, coded_bits; /* per symbol: N_DBPS, N_CBPS */
    const struct mcs *mcs;
    unsigned pair; /* m_STBC: 2 with STBC */
};

static uint64_t divide_up(uint64_t value, uint64_t by)
{
    return (value + by - 1) / by;
}

static uint64_t excess(uint64_t value, uint64_t over)
{
    return value > over ? value - over : 0;
}

/* Training symbols for so many space-time streams (19.3.9.4.6, 21.3.8.3.5, 27.3.11.10). */
static unsigned training(unsigned streams)
{
    static const uint8_t symbols[] = {0, 1, 2, 4, 4, 6, 6, 8, 8};
    return streams < COUNT(symbols) ? symbols[streams] : 0;
}

/* Whether LDPC needs more room than the symbols at hand: too many bits would be punctured (19.3.11.7.5 steps
 * b to d). `payload` bits go into `available` coded bits. */
static bool ldpc_overflows(uint64_t payload, uint64_t available, const struct mcs *mcs)
{
    uint64_t numerator = mcs->numerator, denominator = mcs->denominator, redundancy = denominator - numerator;
    uint64_t spare = excess(available, payload) * denominator, words = 1, length = 1944;
    if (available <= 648)
        length = spare >= 912 * redundancy ? 1296 : 648;
    else if (available <= 1296)
        length = spare >= 1464 * redundancy ? 1944 : 1296;
    else if (available > 2592)
        words = divide_up(payload * denominator, length * numerator);
    else if (available > 1944) {
        words = 2;
        length = spare >= 2916 * redundancy ? 1944 : 1296;
    }
    uint64_t coded = words * length;
    uint64_t shortened = excess(coded * numerator / denominator, payload);
    uint64_t punctured = excess(coded, available + shortened);
    uint64_t parity = coded * redundancy; /* times the denominator */
    return (10 * punctured * denominator > parity &&
            10 * shortened * redundancy < 12 * punctured * numerator) ||
           10 * punctured * denominator > 3 * parity;
}

/* --- DSSS, OFDM ----------------------------------------------------------------------------------- */

enum { SLOWEST_DSSS = 1000 }; /* kbit/s; the only rate without a short preamble */

static uint64_t dsss_ns(const struct vo_airtime_ppdu *ppdu, uint32_t bytes)
{
    enum { LONG_US = 192, SHORT_US = 96 };
    static const uint16_t rates[] = {SLOWEST_DSSS, 2000, 5500, 11000};
    for (unsigned i = 0; i < COUNT(rates); i++) {
        if (rates[i] != ppdu->kbps)
            continue;
        bool is_short = ppdu->short_preamble == VO_YES && ppdu->kbps != SLOWEST_DSSS;
        return 1000 * ((is_short ? SHORT_US : LONG_US) + divide_up((uint64_t)bytes * 8000, ppdu->kbps));
    }
    return 0;
}

static uint64_t ofdm_ns(const struct vo_airtime_ppdu *ppdu, uint32_t bytes)
{
    static const uint16_t rates[] = {6000, 9000, 12000, 18000, 24000, 36000, 48000, 54000};
    unsigned width = ppdu->width_mhz, slower = width == 5    ? 4
                                               : width == 10 ? 2
                                                             : 1; /* half and quarter clock */
    if (width != 5 && width != 10 && (width < 20 || width % 20))
        return 0;
    for (unsigned i = 0; i < COUNT(rates); i++) {
        if (rates[i] != ppdu->kbps * slower)
            continue;
        uint64_t bits = SERVICE_BITS + (uint64_t)bytes * 8 + TAIL_BITS;
        return slower * (LEGACY_NS + SYMBOL_NS * divide_up(bits, rates[i] * 4u / 1000));
    }
    return 0;
}

/* --- HT, VHT -------------------------------------------------------------------------------------- */

static unsigned channel_subcarriers(unsigned width_mhz)
{
    static const struct {
        uint16_t mhz, subcarriers;
    } channels[] = {{20, 52}, {40, 108}, {80, 234}, {160, 468}};
    for (unsigned i = 0; i < COUNT(channels); i++)
        if (channels[i].mhz == width_mhz)
            return channels[i].subcarriers;
    return 0;
}

/* Bits per symbol; false if the standard has no such combination, because they are no whole number. */
static bool set_bits(struct symbols *symbols, const struct mcs *mcs, unsigned subcarriers, unsigned streams)
{
    symbols->mcs = mcs;
    symbols->coded_bits = (uint64_t)subcarriers * mcs->bits * streams;
    symbols->data_bits = symbols->coded_bits * mcs->numerator / mcs->denominator;
    return symbols->data_bits && symbols->coded_bits * mcs->numerator % mcs->denominator == 0;
}

/* With the guard interval; a short one ends at the next multiple of 4 us. */
static uint64_t data_ns(uint64_t symbols, unsigned gi_ns)
{
    enum { USEFUL_NS = 3200 };
    return SYMBOL_NS * divide_up(symbols * (USEFUL_NS + gi_ns), SYMBOL_NS);
}

static uint64_t bcc_symbols(const struct symbols *symbols, uint32_t bytes, unsigned encoders)
{
    uint64_t bits = (uint64_t)bytes * 8 + SERVICE_BITS + TAIL_BITS * (uint64_t)encoders;
    return symbols->pair * divide_up(bits, symbols->pair * symbols->data_bits);
}

static uint64_t ht_symbols(const struct symbols *symbols, bool ldpc, uint32_t bytes)
{
    enum { ONE_ENCODER_BITS = 1200 }; /* 300 Mbit/s (tables 19-27 to 19-34) */
    if (!ldpc)
        return bcc_symbols(symbols, bytes, symbols->data_bits > ONE_ENCODER_BITS ? 2 : 1);
    uint64_t payload = (uint64_t)bytes * 8 + SERVICE_BITS;
    uint64_t count = symbols->pair * divide_up(payload, symbols->pair * symbols->data_bits);
    return count + (ldpc_overflows(payload, count * symbols->coded_bits, symbols->mcs) ? symbols->pair : 0);
}

static uint64_t ht_ns(const struct vo_airtime_ppdu *ppdu, uint32_t bytes)
{
    enum {
        SIG_NS = 8000,
        STF_NS = 4000,
        GREENFIELD_NS = 16000,
        GI_SHORT = 400,
        GI_LONG = 800,
        DUPLICATE_CARRIERS = 48
    };
    unsigned row = ppdu->mcs % HT_ROWS, streams = ppdu->mcs / HT_ROWS + 1u, width = ppdu->width_mhz;
    unsigned subcarriers = channel_subcarriers(width);
    if (ppdu->mcs == HT_DUPLICATE) {
        streams = 1;
        subcarriers = width == 40 ? DUPLICATE_CARRIERS : 0;
    }
    struct symbols symbols = {.pair = ppdu->stbc == VO_YES ? 2 : 1};
    if (ppdu->mcs > HT_DUPLICATE || width > 40 || (ppdu->gi_ns != GI_SHORT && ppdu->gi_ns != GI_LONG) ||
        !set_bits(&symbols, &mcs_table[row], subcarriers, streams))
        return 0;
    unsigned trainings = training(streams + (ppdu->stbc == VO_YES));
    /* A greenfield preamble has no legacy part, but an STF and a first LTF of 8 us each. */
    uint64_t preamble = ppdu->format == VO_AIRTIME_GREENFIELD
                            ? GREENFIELD_NS + SIG_NS + (uint64_t)SYMBOL_NS * (trainings - 1)
                            : LEGACY_NS + SIG_NS + STF_NS + (uint64_t)SYMBOL_NS * trainings;
    return preamble + (bytes ? data_ns(ht_symbols(&symbols, ppdu->ldpc == VO_YES, bytes), ppdu->gi_ns) : 0);
}

/* Encoders of 540 Mbit/s each (long guard interval), and more until the bits divide among them: tables 21-29
 * to 21-60. 0: they never do. */
static unsigned vht_encoders(const struct symbols *symbols)
{
    enum { ENCODER_BITS = 2160, MOST = 12 };
    for (unsigned count = 1 + (unsigned)((symbols->data_bits - 1) / ENCODER_BITS); count <= MOST; count++)
        if (symbols->data_bits % count == 0 && symbols->coded_bits % count == 0)
            return count;
    return 0;
}

/* 0: there is no such combination. */
static uint64_t vht_symbols(const struct symbols *symbols, bool ldpc, uint32_t bytes)
{
    unsigned encoders = vht_encoders(symbols);
    if (!ldpc)
        return encoders ? bcc_symbols(symbols, bytes, encoders) : 0;
    uint64_t bits = (uint64_t)bytes * 8 + SERVICE_BITS;
    uint64_t count = symbols->pair * divide_up(bits, symbols->pair * symbols->data_bits);
    bool more = ldpc_overflows(count * symbols->data_bits, count * symbols->coded_bits, symbols->mcs);
    return count + (more ? symbols->pair : 0);
}

static uint64_t vht_ns(const struct vo_airtime_ppdu *ppdu, uint32_t bytes)
{
    enum { SIG_A_NS = 8000, SIG_B_NS = 4000, STF_NS = 4000, GI_SHORT = 400, GI_LONG = 800 };
    struct symbols symbols = {.pair = ppdu->stbc == VO_YES ? 2 : 1};
    unsigned trainings = training(ppdu->nss * symbols.pair);
    if ((ppdu->format != VO_AIRTIME_SU && ppdu->format != VO_AIRTIME_MU) || ppdu->mcs >= HE_MCS ||
        !trainings || (ppdu->gi_ns != GI_SHORT && ppdu->gi_ns != GI_LONG) ||
        !set_bits(&symbols, &mcs_table[ppdu->mcs], channel_subcarriers(ppdu->width_mhz), ppdu->nss))
        return 0;
    uint64_t preamble = LEGACY_NS + SIG_A_NS + STF_NS + (uint64_t)SYMBOL_NS * trainings + SIG_B_NS;
    uint64_t count = bytes ? vht_symbols(&symbols, ppdu->ldpc == VO_YES, bytes) : 0;
    return bytes && !count ? 0 : preamble + data_ns(count, ppdu->gi_ns);
}

/* --- HE, EHT -------------------------------------------------------------------------------------- */

/* Data subcarriers of an RU or MRU, whole and of a quarter symbol (tables 27-15, 27-33, 36-46), plain and
 * DCM. */
static const struct unit {
    uint16_t tones, subcarriers, quarter, dcm_quarter;
} units[] = {{26, 24, 6, 2},         {52, 48, 12, 6},        {78, 72, 18, 8},        {106, 102, 24, 12},
             {132, 126, 30, 14},     {242, 234, 60, 30},     {484, 468, 120, 60},    {726, 702, 180, 90},
             {996, 980, 240, 120},   {1480, 1448, 360, 180}, {1722, 1682, 420, 210}, {1992, 1960, 492, 246},
             {2476, 2428, 612, 306}, {2988, 2940, 732, 366}, {3472, 3408, 852, 426}, {3984, 3920, 984, 492}};

static const struct unit *unit_of(unsigned tones)
{
    for (unsigned i = 0; i < COUNT(units); i++)
        if (units[i].tones == tones)
            return &units[i];
    return NULL;
}

static bool is_dcm(const struct vo_airtime_ppdu *ppdu)
{
    return ppdu->dcm == VO_YES || (ppdu->phy == VO_AIRTIME_EHT && ppdu->mcs == EHT_DCM);
}

/* Larger RUs, more than four streams and 1024-QAM have LDPC always (27.3.12.5). */
static bool needs_ldpc(const struct vo_airtime_ppdu *ppdu)
{
    return ppdu->tones > 242 || ppdu->nss > 4 || (ppdu->mcs >= 10 && ppdu->mcs < EHT_DUPLICATE);
}

/* Packet extension behind the last symbol, whose quarters up to `quarter` are filled (tables 27-44, 36-61).
 */
static unsigned extension_ns(const struct vo_airtime_ppdu *ppdu, unsigned quarter)
{
    static const uint16_t ns[][5] = {[VO_AIRTIME_PADDING_0] = {0},
                                     [VO_AIRTIME_PADDING_8] = {0, 0, 0, 4000, 8000},
                                     [VO_AIRTIME_PADDING_16] = {0, 4000, 8000, 12000, 16000},
                                     [VO_AIRTIME_PADDING_20] = {0, 8000, 12000, 16000, 20000}};
    return ppdu->padding < COUNT(ns) ? ns[ppdu->padding][quarter] : 0;
}

/* Data symbols and packet extension (27.3.12.5.1 to 5.3, 27.3.13). */
static uint64_t he_data_ns(const struct vo_airtime_ppdu *ppdu, const struct symbols *symbols,
                           const struct symbols *part, uint32_t bytes)
{
    enum { USEFUL_NS = 12800, QUARTERS = 4 };
    bool ldpc = ppdu->ldpc == VO_YES || needs_ldpc(ppdu);
    uint64_t bits = (uint64_t)bytes * 8 + SERVICE_BITS + (ldpc ? 0 : TAIL_BITS), pair = symbols->pair;
    uint64_t count = pair * divide_up(bits, pair * symbols->data_bits),
             left = bits % (pair * symbols->data_bits);
    unsigned quarter = QUARTERS;
    if (left && divide_up(left, pair * part->data_bits) < QUARTERS)
        quarter = (unsigned)divide_up(left, pair * part->data_bits);
    if (ldpc) {
        bool full = quarter == QUARTERS;
        uint64_t payload = (count - pair) * symbols->data_bits +
                           pair * (full ? symbols->data_bits : quarter * part->data_bits);
        uint64_t available = (count - pair) * symbols->coded_bits +
                             pair * (full ? symbols->coded_bits : quarter * part->coded_bits);
        if (ldpc_overflows(payload, available, symbols->mcs)) {
            count += full ? pair : 0;
            quarter = full ? 1 : quarter + 1;
        }
    }
    return count * (USEFUL_NS + ppdu->gi_ns) + extension_ns(ppdu, quarter);
}

/* Up to and including the LTFs; 0: there is no such format, or EHT-SIG is not told. */
static uint64_t he_preamble_ns(const struct vo_airtime_ppdu *ppdu)
{
    enum { REPEATED_NS = 4000, SIG_NS = 8000, STF_NS = 4000, LTF_NS = 3200 };
    bool eht = ppdu->phy == VO_AIRTIME_EHT;
    uint64_t preamble = LEGACY_NS + REPEATED_NS + SIG_NS + STF_NS;
    unsigned trainings = training(ppdu->nss * (ppdu->stbc == VO_YES ? 2u : 1u));
    if (ppdu->ltf_count)
        trainings = ppdu->ltf_count;
    if (ppdu->format == VO_AIRTIME_TB)
        preamble += STF_NS; /* twice as long */
    else if (ppdu->format == VO_AIRTIME_ER_SU && !eht)
        preamble += SIG_NS; /* HE-SIG-A again */
    else if (ppdu->format == VO_AIRTIME_MU && !eht)
        preamble += (uint64_t)SYMBOL_NS * (ppdu->sig_symbols ? ppdu->sig_symbols : 1);
    else if ((ppdu->format == VO_AIRTIME_SU || ppdu->format == VO_AIRTIME_MU) && eht && ppdu->sig_symbols)
        preamble += (uint64_t)SYMBOL_NS * ppdu->sig_symbols;
    else if (ppdu->format != VO_AIRTIME_SU || eht)
        return 0;
    return preamble + (uint64_t)trainings * (LTF_NS * ppdu->ltf_size + ppdu->gi_ns);
}

static uint64_t he_ns(const struct vo_airtime_ppdu *ppdu, uint32_t bytes)
{
    enum { SOUNDING_NS = 4000, WIDE_SOUNDING_NS = 8000, WIDEST = 3984 };
    const struct unit *unit = unit_of(ppdu->tones);
    bool eht = ppdu->phy == VO_AIRTIME_EHT, dcm = is_dcm(ppdu);
    uint64_t preamble = he_preamble_ns(ppdu);
    /* EHT duplicate mode repeats in the frequency and needs other figures. */
    if (!unit || !preamble || ppdu->nss == 0 || ppdu->nss > STREAMS ||
        ppdu->mcs >= (eht ? EHT_MCS : HE_MCS) || ppdu->mcs == EHT_DUPLICATE ||
        (ppdu->gi_ns != 800 && ppdu->gi_ns != 1600 && ppdu->gi_ns != 3200))
        return 0;
    if (!bytes)
        return preamble + (eht && ppdu->tones == WIDEST ? WIDE_SOUNDING_NS : SOUNDING_NS);
    struct symbols symbols = {.pair = ppdu->stbc == VO_YES ? 2 : 1}, part = symbols;
    /* Some RUs have half a bit too many with DCM, which is dropped: not refused. */
    (void)set_bits(&symbols, &mcs_table[ppdu->mcs], dcm ? unit->subcarriers / 2u : unit->subcarriers,
                   ppdu->nss);
    (void)set_bits(&part, &mcs_table[ppdu->mcs], dcm ? unit->dcm_quarter : unit->quarter, ppdu->nss);
    return part.data_bits ? preamble + he_data_ns(ppdu, &symbols, &part, bytes) : 0;
}

/* --- What is not told ----------------------------------------------------------------------------- */

static bool may_shorten(const struct vo_airtime_ppdu *ppdu, unsigned value)
{
    return value == VO_NO || ppdu->kbps > SLOWEST_DSSS;
}

static bool may_be(const struct vo_airtime_ppdu *ppdu, unsigned value)
{
    (void)ppdu, (void)value;
    return true;
}

static bool may_ldpc(const struct vo_airtime_ppdu *ppdu, unsigned value)
{
    return value == VO_YES || ppdu->phy < VO_AIRTIME_HE || !needs_ldpc(ppdu);
}

static bool may_stbc(const struct vo_airtime_ppdu *ppdu, unsigned value)
{
    if (value == VO_NO)
        return true;
    if (ppdu->phy == VO_AIRTIME_HT)
        return ppdu->mcs / HT_ROWS < 3;
    return ppdu->phy == VO_AIRTIME_VHT ? ppdu->nss <= STREAMS / 2 : ppdu->nss == 1 && ppdu->dcm != VO_YES;
}

static bool may_dcm(const struct vo_airtime_ppdu *ppdu, unsigned value)
{
    return value == VO_NO ||
           ((ppdu->mcs <= 1 || ppdu->mcs == 3 || ppdu->mcs == 4) && ppdu->nss <= 2 && ppdu->stbc != VO_YES);
}

/* LTF sizes that go with a guard interval (27.3.4, 36.3.4). */
static bool may_ltf(const struct vo_airtime_ppdu *ppdu, unsigned value)
{
    if (ppdu->gi_ns == 3200)
        return value == 4;
    if (ppdu->format == VO_AIRTIME_TB)
        return value != 4;
    if (ppdu->gi_ns == 1600)
        return value == 2;
    return value != 1 || (ppdu->phy == VO_AIRTIME_HE && ppdu->format != VO_AIRTIME_MU);
}

static bool may_pad(const struct vo_airtime_ppdu *ppdu, unsigned value)
{
    return ppdu->format != VO_AIRTIME_TB && (value != VO_AIRTIME_PADDING_20 || ppdu->phy == VO_AIRTIME_EHT);
}

static const struct unknown {
    size_t member;
    uint8_t first, last; /* PHYs that have it */
    uint8_t values[3];   /* 0: none */
    bool (*applies)(const struct vo_airtime_ppdu *ppdu, unsigned value);
} unknowns[] = {
    {offsetof(struct vo_airtime_ppdu, short_preamble),
     VO_AIRTIME_DSSS,
     VO_AIRTIME_DSSS,
     {VO_NO, VO_YES},
     may_shorten},
    {offsetof(struct vo_airtime_ppdu, format),
     VO_AIRTIME_HT,
     VO_AIRTIME_HT,
     {VO_AIRTIME_MIXED, VO_AIRTIME_GREENFIELD},
     may_be},
    {offsetof(struct vo_airtime_ppdu, ldpc), VO_AIRTIME_HT, VO_AIRTIME_EHT, {VO_NO, VO_YES}, may_ldpc},
    {offsetof(struct vo_airtime_ppdu, stbc), VO_AIRTIME_HT, VO_AIRTIME_HE, {VO_NO, VO_YES}, may_stbc},
    {offsetof(struct vo_airtime_ppdu, dcm), VO_AIRTIME_HE, VO_AIRTIME_HE, {VO_NO, VO_YES}, may_dcm},
    {offsetof(struct vo_airtime_ppdu, ltf_size), VO_AIRTIME_HE, VO_AIRTIME_EHT, {1, 2, 4}, may_ltf},
    {offsetof(struct vo_airtime_ppdu, padding),
     VO_AIRTIME_HE,
     VO_AIRTIME_EHT,
     {VO_AIRTIME_PADDING_0, VO_AIRTIME_PADDING_16, VO_AIRTIME_PADDING_20},
     may_pad},
};

struct extremes {
    uint64_t least, most; /* ns; 0: none yet */
};

static void measure(const struct vo_airtime_ppdu *ppdu, uint32_t bytes, struct extremes *extremes)
{
    static uint64_t (*const durations[])(const struct vo_airtime_ppdu *, uint32_t) = {
        [VO_AIRTIME_DSSS] = dsss_ns, [VO_AIRTIME_OFDM] = ofdm_ns, [VO_AIRTIME_HT] = ht_ns,
        [VO_AIRTIME_VHT] = vht_ns,   [VO_AIRTIME_HE] = he_ns,     [VO_AIRTIME_EHT] = he_ns};
    uint64_t ns = durations[ppdu->phy](ppdu, bytes);
    if (ns && (!extremes->least || ns < extremes->least))
        extremes->least = ns;
    if (ns > extremes->most)
        extremes->most = ns;
}

/* Measures with every value that the members from `index` on may have. */
static void explore(const struct vo_airtime_ppdu *ppdu, uint32_t bytes, unsigned index,
                    struct extremes *extremes)
{
    for (; index < COUNT(unknowns); index++) {
        const struct unknown *unknown = &unknowns[index];
        bool any = false;
        if (ppdu->phy < unknown->first || ppdu->phy > unknown->last ||
            *((const uint8_t *)ppdu + unknown->member))
            continue;
        for (unsigned i = 0; i < COUNT(unknown->values); i++) {
            if (!unknown->values[i] || !unknown->applies(ppdu, unknown->values[i]))
                continue;
            struct vo_airtime_ppdu one = *ppdu;
            *((uint8_t *)&one + unknown->member) = unknown->values[i];
            explore(&one, bytes, index + 1, extremes);
            any = true;
        }
        if (any)
            return;
    }
    measure(ppdu, bytes, extremes);
}

struct vo_airtime_span vo_airtime_ppdu_us(const struct vo_airtime_ppdu *ppdu, uint32_t bytes)
{
    struct vo_airtime_span span = {NAN, NAN};
    struct extremes extremes = {0, 0};
    if (ppdu->phy == VO_AIRTIME_UNKNOWN || ppdu->phy >= VO_AIRTIME_PHYS)
        return span;
    explore(ppdu, bytes, 0, &extremes);
    if (!extremes.least)
        return span;
    span.least_us = (double)extremes.least / 1000;
    if (ppdu->format != VO_AIRTIME_MU && ppdu->format != VO_AIRTIME_TB)
        span.most_us = (double)extremes.most / 1000;
    return span;
}

/* --- The rest ------------------------------------------------------------------------------------- */

double vo_airtime_extension_us(uint8_t phy, unsigned frequency_mhz)
{
    enum { LOWEST = 2400, HIGHEST = 2500 };
    if (phy == VO_AIRTIME_UNKNOWN || phy >= VO_AIRTIME_PHYS || frequency_mhz == 0)
        return NAN;
    if (phy == VO_AIRTIME_DSSS || frequency_mhz < LOWEST || frequency_mhz > HIGHEST)
        return 0;
    return phy == VO_AIRTIME_VHT ? NAN : 6;
}

double vo_airtime_lsig_us(unsigned length)
{
    enum { BYTES_A_SYMBOL = 3, OTHER_BYTES = 3, LONGEST = 4095 }; /* 6 Mbit/s; service and tail */
    if (length == 0 || length > LONGEST)
        return NAN;
    return (double)(LEGACY_NS + SYMBOL_NS * divide_up(length + OTHER_BYTES, BYTES_A_SYMBOL)) / 1000;
}

uint32_t vo_airtime_aggregate(uint32_t bytes, uint32_t mpdu)
{
    enum { DELIMITER = 4 };
    uint64_t sum = ((uint64_t)bytes + 3) / 4 * 4 + DELIMITER + mpdu;
    return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

uint32_t vo_airtime_reference_kbps(const struct vo_airtime_ppdu *ppdu)
{
    static const uint8_t rows[] = {[VO_AIRTIME_HT] = HT_DUPLICATE + 1,
                                   [VO_AIRTIME_VHT] = HE_MCS,
                                   [VO_AIRTIME_HE] = HE_MCS,
                                   [VO_AIRTIME_EHT] = EHT_DUPLICATE};
    if (ppdu->phy == VO_AIRTIME_DSSS || ppdu->phy == VO_AIRTIME_OFDM)
        return ppdu->kbps;
    if (ppdu->phy >= COUNT(rows) || ppdu->mcs >= rows[ppdu->phy] || ppdu->dcm == VO_YES)
        return 0;
    return mcs_table[ppdu->phy == VO_AIRTIME_HT ? ppdu->mcs % HT_ROWS : ppdu->mcs].reference_kbps;
}
