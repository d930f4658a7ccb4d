/* Durations of PPDUs against the equations worked by hand, published rates and published durations; what is
 * not told leaves a span or nothing. */
#include "core/estimate/airtime.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array)                         (sizeof(array) / sizeof *(array))
#define CHECK(ppdu, bytes, us)               check(__LINE__, &(ppdu), bytes, us, us)
#define CHECK_SPAN(ppdu, bytes, least, most) check(__LINE__, &(ppdu), bytes, least, most)

static bool same(double one, double other)
{
    return (isnan(one) && isnan(other)) || fabs(one - other) < 1e-6;
}

static void check(int line, const struct vo_airtime_ppdu *ppdu, uint32_t bytes, double least, double most)
{
    struct vo_airtime_span span = vo_airtime_ppdu_us(ppdu, bytes);
    if (!same(span.least_us, least) || !same(span.most_us, most))
        fail_msg("line %d: %u bytes take %.1f to %.1f us, not %.1f to %.1f", line, bytes, span.least_us,
                 span.most_us, least, most);
}

static struct vo_airtime_ppdu dsss(uint32_t kbps, uint8_t short_preamble)
{
    return (struct vo_airtime_ppdu){.phy = VO_AIRTIME_DSSS, .kbps = kbps, .short_preamble = short_preamble};
}

static struct vo_airtime_ppdu ofdm(uint32_t kbps, uint16_t width)
{
    return (struct vo_airtime_ppdu){.phy = VO_AIRTIME_OFDM, .kbps = kbps, .width_mhz = width};
}

static struct vo_airtime_ppdu ht(uint8_t mcs, uint16_t width, uint16_t gi)
{
    return (struct vo_airtime_ppdu){.phy = VO_AIRTIME_HT,
                                    .format = VO_AIRTIME_MIXED,
                                    .mcs = mcs,
                                    .width_mhz = width,
                                    .gi_ns = gi,
                                    .ldpc = VO_NO,
                                    .stbc = VO_NO};
}

static struct vo_airtime_ppdu vht(uint8_t mcs, uint8_t nss, uint16_t width, uint16_t gi)
{
    return (struct vo_airtime_ppdu){.phy = VO_AIRTIME_VHT,
                                    .format = VO_AIRTIME_SU,
                                    .mcs = mcs,
                                    .nss = nss,
                                    .width_mhz = width,
                                    .gi_ns = gi,
                                    .ldpc = VO_NO,
                                    .stbc = VO_NO};
}

static struct vo_airtime_ppdu he(uint8_t mcs, uint8_t nss, uint16_t tones, uint16_t gi, uint8_t ltf)
{
    return (struct vo_airtime_ppdu){.phy = VO_AIRTIME_HE,
                                    .format = VO_AIRTIME_SU,
                                    .mcs = mcs,
                                    .nss = nss,
                                    .tones = tones,
                                    .gi_ns = gi,
                                    .ltf_size = ltf,
                                    .ldpc = VO_NO,
                                    .stbc = VO_NO,
                                    .dcm = VO_NO,
                                    .padding = VO_AIRTIME_PADDING_0};
}

static void test_dsss(void **state)
{
    (void)state;
    /* Long: 144 + 48 us. 1536 * 8 / 11 = 1117.1 -> 1118; 14 * 8 / 11 = 10.2 -> 11; published: 1310, 203, 304.
     */
    struct vo_airtime_ppdu fast = dsss(11000, VO_NO), slow = dsss(1000, VO_NO);
    CHECK(fast, 1536, 1310);
    CHECK(fast, 14, 203);
    CHECK(slow, 14, 304);
    struct vo_airtime_ppdu middle = dsss(5500, VO_NO), two = dsss(2000, VO_NO);
    CHECK(middle, 1023, 1488 + 192); /* 1488 exactly */
    CHECK(middle, 1024, 1490 + 192); /* 1489.5 */
    CHECK(two, 1023, 4092 + 192);
    /* Short: 72 + 24 us; 76 * 8 / 11 = 55.3 -> 56. At 1 Mbit/s there is none, whatever a driver says. */
    struct vo_airtime_ppdu brief = dsss(11000, VO_YES), never = dsss(1000, VO_YES);
    CHECK(brief, 76, 96 + 56);
    CHECK(never, 14, 304);
    /* Not told: both, except where there is only one. */
    struct vo_airtime_ppdu untold = dsss(11000, VO_UNTOLD), clear = dsss(1000, VO_UNTOLD);
    CHECK_SPAN(untold, 14, 107, 203);
    CHECK(clear, 14, 304);
    struct vo_airtime_ppdu pbcc = dsss(22000, VO_NO), none = dsss(0, VO_NO);
    CHECK(pbcc, 14, NAN);
    CHECK(none, 14, NAN);
}

static void test_ofdm(void **state)
{
    (void)state;
    /* 16 + 8 * 1536 + 6 = 12310 bits / 216 = 56.99 -> 57 symbols of 4 us, and 20 us. */
    struct vo_airtime_ppdu fast = ofdm(54000, 20);
    CHECK(fast, 1536, 248);
    CHECK(fast, 76, 32); /* 630 / 216 = 2.9 -> 3 */
    CHECK(fast, 14, 24); /* 134 / 216 -> 1 */
    struct vo_airtime_ppdu response = ofdm(24000, 20), slowest = ofdm(6000, 20);
    CHECK(response, 14, 28);    /* ACK: 134 / 96 = 1.4 -> 2 */
    CHECK(response, 32, 32);    /* BlockAck: 278 / 96 = 2.9 -> 3 */
    CHECK(slowest, 14, 44);     /* 134 / 24 = 5.6 -> 6 */
    CHECK(slowest, 1500, 2024); /* 12022 / 24 = 500.9 -> 501 */
    /* the last bit that still fits: 216 * 57 = 12312 = 16 + 8 * 1536 + 6 + 2; one byte more needs a symbol */
    CHECK(fast, 1537, 252);
    /* Half and quarter clock: the same symbols, twice and four times as long. Duplicates in wider channels.
     */
    struct vo_airtime_ppdu half = ofdm(27000, 10), quarter = ofdm(13500, 5), duplicate = ofdm(54000, 80);
    CHECK(half, 1536, 496);
    CHECK(quarter, 1536, 992);
    CHECK(duplicate, 1536, 248);
    struct vo_airtime_ppdu not_one = ofdm(27000, 20), nowhere = ofdm(54000, 0), cck = ofdm(11000, 20);
    CHECK(not_one, 14, NAN);
    CHECK(nowhere, 14, NAN);
    CHECK(cck, 14, NAN);
}

static void test_ht(void **state)
{
    (void)state;
    /* Mixed, one stream: 20 + HT-SIG 8 + HT-STF 4 + HT-LTF 4 = 36. MCS 7 in 20 MHz: 260 bits a symbol:
     * 12310 / 260 = 47.3 -> 48 symbols, 192 us. Published (ns-3's tests): 228, 48, 40. */
    struct vo_airtime_ppdu mcs7 = ht(7, 20, 800);
    CHECK(mcs7, 1536, 228);
    CHECK(mcs7, 76, 48);
    CHECK(mcs7, 14, 40);
    /* Greenfield: STF 8 + LTF 8 + SIG 8 = 24 */
    mcs7.format = VO_AIRTIME_GREENFIELD;
    CHECK(mcs7, 1536, 216);
    mcs7.format = VO_AIRTIME_UNTOLD;
    CHECK_SPAN(mcs7, 1536, 216, 228);
    /* Short guard interval, 40 MHz, 540 bits: 22.8 -> 23 * 3.6 = 82.8, up to a multiple of 4: 84 */
    struct vo_airtime_ppdu wide = ht(7, 40, 400);
    CHECK(wide, 1536, 120);
    /* Two streams have two LTFs: 40; 1080 bits: 11.4 -> 12 * 3.6 = 43.2 -> 44 */
    struct vo_airtime_ppdu two = ht(15, 40, 400);
    CHECK(two, 1536, 84);
    /* Three streams have four LTFs: 48. 405 Mbit/s has two encoders, so two tails: 402 bytes are 3216 + 16 +
     * 12 = 3244 bits, 4 more than two symbols of 1620 hold; with one tail they would fit. */
    struct vo_airtime_ppdu three = ht(23, 40, 800);
    CHECK(three, 402, 60);
    CHECK(three, 401, 56);
    /* MCS 32: 24 bits a symbol, 40 MHz only */
    struct vo_airtime_ppdu duplicate = ht(32, 40, 800), wrong = ht(32, 20, 800), unequal = ht(33, 20, 800);
    CHECK(duplicate, 14, 36 + 24);
    CHECK(wrong, 14, NAN);
    CHECK(unequal, 14, NAN);
    /* STBC: symbols in pairs, one LTF more: 134 / 52 = 2.6 -> 3 pairs; 40 + 24 */
    struct vo_airtime_ppdu paired = ht(0, 20, 800);
    paired.stbc = VO_YES;
    CHECK(paired, 14, 64);
    /* no data: sounding */
    mcs7.format = VO_AIRTIME_MIXED;
    CHECK(mcs7, 0, 36);
    mcs7.gi_ns = 0;
    CHECK(mcs7, 14, NAN);
}

/* MCS 7, 29 bytes. BCC: 254 of 260 bits, one symbol. LDPC: 248 bits into one symbol of 312 coded ones, word
 * of 648: shortened 540 - 248 = 292, punctured 648 - 312 - 292 = 44, more than 0.3 * 648 / 6 = 32.4: one
 * symbol more. */
static void test_ht_ldpc(void **state)
{
    (void)state;
    struct vo_airtime_ppdu bcc = ht(7, 20, 800), ldpc = bcc, untold = bcc;
    ldpc.ldpc = VO_YES;
    untold.ldpc = VO_UNTOLD;
    CHECK(bcc, 29, 40);
    CHECK(ldpc, 29, 44);
    CHECK_SPAN(untold, 29, 40, 44);
    /* 100 bytes: 816 bits, 4 symbols, word of 1944: nothing is punctured */
    CHECK(ldpc, 100, 52);
    /* 128 bytes: 1040 bits fill 4 symbols of 260, 1248 coded bits, word of 1296: 8 punctured, below 21.6. BCC
     * needs 5. */
    CHECK(ldpc, 128, 52);
    CHECK(bcc, 128, 56);
    /* 1536 bytes: 12304 bits, 48 symbols, 14976 coded; 8 words (7.59), 15552: shortened 656, none punctured
     */
    CHECK(ldpc, 1536, 228);
}

/* Each clause of LDPC's rule by itself, one stream in 20 MHz; a symbol more than the bits need, or not. In
 * brackets: bits into coded bits (words), shortened, punctured, and what the rule compares. */
static void test_ldpc_rule(void **state)
{
    (void)state;
    static const struct {
        uint8_t mcs;
        uint32_t bytes;
        unsigned symbols;
    } rows[] = {
        {0, 27, 10}, /* 232 into 468 (648): 92, 88: above 32.4, and 92 < 1.2 * 88: one more than 9 */
        {0, 30, 11}, /* 256 into 520 (648): 68, 60: above 32.4, and 68 < 72: one more than 10 */
        {0, 26, 9},  /* 224 into 468 (648): 100, 80: 100 is not below 96, 80 not above 97.2 */
        {0, 18, 8},  /* 160 into 364 (648): 164, 120: 164 is not below 144, but 120 above 97.2 */
        {7, 58, 2},  /* 480 into 624 (648, as 144 are spare and not 152): 60, none */
        {7, 127, 4}, /* 1032 into 1248 (1296, as 216 are spare and not 244): 48, none */
        {7, 255, 8}, /* 2056 into 2496 (twice 1296, as 440 are spare and not 486): 104, none */
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct vo_airtime_ppdu ppdu = ht(rows[i].mcs, 20, 800);
        ppdu.ldpc = VO_YES;
        CHECK(ppdu, rows[i].bytes, 36 + 4 * rows[i].symbols);
    }
    /* VHT fills its symbols first: */
    struct vo_airtime_ppdu ppdu = vht(2, 1, 20, 800);
    CHECK(ppdu, 1, 40 + 4);
    ppdu.ldpc = VO_YES; /* 78 into 104 (648): 408, 136, above 48.6 */
    CHECK(ppdu, 1, 40 + 8);
}

static void test_vht(void **state)
{
    (void)state;
    /* 20 + SIG-A 8 + STF 4 + LTF 4 + SIG-B 4 = 40. Published (ns-3's tests): these eight, all with a long
     * guard interval or whole multiples of 4 us. */
    static const struct {
        uint8_t mcs;
        uint16_t width, gi;
        uint32_t bytes;
        double us;
    } published[] = {{8, 20, 800, 1536, 200}, {8, 20, 800, 76, 52},    {8, 20, 400, 1536, 184},
                     {9, 40, 800, 1536, 112}, {0, 80, 800, 1536, 464}, {0, 80, 800, 76, 64},
                     {9, 80, 800, 1536, 72},  {8, 160, 800, 1536, 60}};
    for (unsigned i = 0; i < COUNT(published); i++) {
        struct vo_airtime_ppdu ppdu = vht(published[i].mcs, 1, published[i].width, published[i].gi);
        CHECK(ppdu, published[i].bytes, published[i].us);
    }
    /* MCS 9, 80 MHz, two streams: 234 * 8 * 2 * 5/6 = 3120 bits, two encoders: 12288 + 16 + 12 = 12316 / 3120
     * = 3.9 -> 4 symbols; two LTFs: 44. */
    struct vo_airtime_ppdu two = vht(9, 2, 80, 800);
    CHECK(two, 1536, 60);
    two.gi_ns = 400; /* 4 * 3.6 = 14.4 -> 16 */
    CHECK(two, 1536, 60);
    /* LDPC fills whole symbols: 4 * 3120 = 12480 bits into 14976; 8 words (7.7): shortened 480, punctured 96,
     * below 259.2: none more. */
    two.ldpc = VO_YES;
    CHECK(two, 1536, 60);
    /* 346.67 bits a symbol: no such combination. */
    struct vo_airtime_ppdu never = vht(9, 1, 20, 800), unformed = vht(9, 1, 80, 800);
    CHECK(never, 1536, NAN);
    unformed.format = VO_AIRTIME_UNTOLD;
    CHECK(unformed, 1536, NAN);
    /* Several users: the longest decides, and this need not be it. */
    struct vo_airtime_ppdu many = vht(9, 1, 80, 800);
    many.format = VO_AIRTIME_MU;
    CHECK_SPAN(many, 1536, 72, NAN);
}

/* Encoders of wide VHT, tables 21-29 to 21-60: more bytes fit k symbols the fewer tails there are. */
static void test_vht_encoders(void **state)
{
    (void)state;
    static const struct {
        uint16_t width;
        uint8_t nss, mcs, encoders;
        unsigned bits;
    } rows[] = {{80, 1, 9, 1, 1560},    {80, 2, 9, 2, 3120},   {80, 4, 9, 3, 6240},   {80, 7, 2, 3, 2457},
                {80, 7, 7, 6, 8190},    {80, 7, 8, 6, 9828},   {80, 8, 7, 6, 9360},   {160, 1, 9, 2, 3120},
                {160, 4, 7, 6, 9360},   {160, 5, 8, 8, 14040}, {160, 6, 7, 8, 14040}, {160, 7, 3, 4, 6552},
                {160, 7, 4, 6, 9828},   {160, 7, 5, 7, 13104}, {160, 7, 7, 9, 16380}, {160, 7, 8, 12, 19656},
                {160, 7, 9, 12, 21840}, {160, 8, 9, 12, 24960}};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct vo_airtime_ppdu ppdu = vht(rows[i].mcs, rows[i].nss, rows[i].width, 800);
        double preamble = vo_airtime_ppdu_us(&ppdu, 0).least_us;
        for (unsigned k = 1; k <= 16; k++) {
            uint32_t fits = (k * rows[i].bits - 16 - 6 * rows[i].encoders) / 8;
            CHECK(ppdu, fits, preamble + 4 * k);
            CHECK(ppdu, fits + 1, preamble + 4 * (k + 1));
        }
    }
}

static void test_he(void **state)
{
    (void)state;
    /* 20 + RL-SIG 4 + SIG-A 8 + STF 4 = 36; LTF twice 3.2 + 0.8 = 7.2; MCS 0, 20 MHz: 117 bits:
     * 12310 / 117 = 105.2 -> 106 symbols of 13.6 = 1441.6 */
    struct vo_airtime_ppdu slow = he(0, 1, 242, 800, 2);
    CHECK(slow, 1536, 1484.8);
    slow.format = VO_AIRTIME_ER_SU; /* SIG-A twice */
    CHECK(slow, 1536, 1492.8);
    /* MCS 11, 20 MHz: LDPC always. 1950 bits: 12304 / 1950 -> 7 symbols, 95.2. The last has 604 bits, a
     * quarter symbol 500: 2 quarters. 12700 bits into 15240; 8 words: shortened 260, punctured 52, below
     * 259.2. 43.2 + 95.2. */
    struct vo_airtime_ppdu fast = he(11, 1, 242, 800, 2);
    CHECK(fast, 1536, 138.4);
    fast.padding = VO_AIRTIME_PADDING_8; /* begins at 3 quarters */
    CHECK(fast, 1536, 138.4);
    fast.padding = VO_AIRTIME_PADDING_16; /* 2 quarters: 8 us */
    CHECK(fast, 1536, 146.4);
    fast.padding = VO_AIRTIME_PADDING_UNTOLD;
    CHECK_SPAN(fast, 1536, 138.4, 146.4);
    /* and the size of the LTF: 4.0 to 13.6 us with this guard interval */
    fast.ltf_size = 0;
    CHECK_SPAN(fast, 1536, 135.2, 152.8);
    fast.gi_ns = 3200; /* only 4 x 3.2 + 3.2 = 16 goes with it: 36 + 16 + 7 * 16 */
    CHECK_SPAN(fast, 1536, 164, 172);
    /* 80 MHz, two streams: 16333 bits (a third of one is dropped), one symbol, 4 quarters; 19600 coded; 11
     * words: shortened 1487, punctured 297, below 356.4. 36 + 2 * 7.2 + 13.6, and 16. */
    struct vo_airtime_ppdu wide = he(11, 2, 996, 800, 2);
    CHECK(wide, 1536, 64);
    wide.padding = VO_AIRTIME_PADDING_16;
    CHECK(wide, 1536, 80);
    /* DCM: 58 bits: 134 / 58 -> 3 symbols */
    struct vo_airtime_ppdu twice = he(0, 1, 242, 800, 2);
    CHECK(twice, 14, 43.2 + 27.2); /* 134 / 117 -> 2 */
    twice.dcm = VO_YES;
    CHECK(twice, 14, 43.2 + 40.8);
    twice.dcm = VO_UNTOLD;
    CHECK_SPAN(twice, 14, 70.4, 84);
}

/* LDPC that overflows by a quarter of a symbol: 106 tones, MCS 9 (102 * 8 = 816 coded, 680 bits; a quarter 24
 * * 8 = 192 and 160). 29 bytes: 248 bits, 2 quarters: 320 bits into 384, word of 648: shortened 220,
 * punctured 44, more than 0.3 * 648 / 6 = 32.4: 3 quarters. Only the packet extension shows it: 12 and not 8
 * us. BCC: 254 bits, 2 quarters. */
static void test_he_ldpc(void **state)
{
    (void)state;
    struct vo_airtime_ppdu ppdu = he(9, 1, 106, 800, 2);
    ppdu.padding = VO_AIRTIME_PADDING_16;
    CHECK(ppdu, 29, 43.2 + 13.6 + 8);
    ppdu.ldpc = VO_YES;
    CHECK(ppdu, 29, 43.2 + 13.6 + 12);
    /* From a full symbol into the next one: 106 tones, MCS 7: 612 coded, 510 bits. 299 bytes: 2408 bits, 5
     * symbols, 4 quarters: 2550 into 3060, two words of 1944: shortened 690, punctured 138, above 64.8, and
     * 690 < 828: a sixth symbol, of which one quarter is filled: 4 us. BCC: 2414 bits, 5 full ones: 16 us. */
    ppdu.mcs = 7;
    CHECK(ppdu, 299, 43.2 + 6 * 13.6 + 4);
    ppdu.ldpc = VO_NO;
    CHECK(ppdu, 299, 43.2 + 5 * 13.6 + 16);
    /* Wider RUs have LDPC whatever is told: 484 tones, MCS 0, 234 bits. 25 bytes: 216 bits, one symbol, 4
     * quarters; 234 into 468 (648): shortened 90, punctured 90, and 90 < 108: 2 symbols. BCC would have one.
     */
    ppdu = he(0, 1, 484, 800, 2);
    struct vo_airtime_ppdu told = ppdu;
    told.ldpc = VO_YES;
    for (uint32_t bytes = 1; bytes < 400; bytes++) {
        struct vo_airtime_span one = vo_airtime_ppdu_us(&ppdu, bytes),
                               other = vo_airtime_ppdu_us(&told, bytes);
        assert_true(one.least_us == other.least_us && one.most_us == other.most_us);
    }
    CHECK(ppdu, 25, 43.2 + 2 * 13.6);
}

static void test_he_several(void **state)
{
    (void)state;
    /* MU: SIG-B as told, else at least one symbol; TB: STF twice as long. */
    struct vo_airtime_ppdu many = he(0, 1, 242, 800, 2);
    many.format = VO_AIRTIME_MU;
    CHECK_SPAN(many, 1536, 1488.8, NAN);
    many.sig_symbols = 3;
    CHECK_SPAN(many, 1536, 1496.8, NAN);
    struct vo_airtime_ppdu triggered = he(0, 1, 242, 1600, 2);
    triggered.format = VO_AIRTIME_TB;
    CHECK_SPAN(triggered, 1536, 20 + 4 + 8 + 8 + 8 + 106 * 14.4, NAN);
    /* no format, no time */
    many.format = VO_AIRTIME_UNTOLD;
    CHECK(many, 1536, NAN);
    /* an RU that does not exist */
    many = he(0, 1, 243, 800, 2);
    CHECK(many, 1536, NAN);
}

static void test_eht(void **state)
{
    (void)state;
    /* As HE MCS 11 above, but U-SIG and EHT-SIG: 20 + 4 + 8 + 2 * 4 + 4 + 7.2 + 95.2 */
    struct vo_airtime_ppdu ppdu = he(11, 1, 242, 800, 2);
    ppdu.phy = VO_AIRTIME_EHT;
    CHECK(ppdu, 1536, NAN); /* how long EHT-SIG is, is not told */
    ppdu.sig_symbols = 2;
    CHECK(ppdu, 1536, 146.4);
    ppdu.padding = VO_AIRTIME_PADDING_20; /* 2 quarters: 12 us */
    CHECK(ppdu, 1536, 158.4);
    ppdu.padding = VO_AIRTIME_PADDING_0;
    ppdu.mcs = 14; /* duplicate mode */
    CHECK(ppdu, 1536, NAN);
    ppdu.mcs = 15; /* DCM by itself: 58 bits */
    CHECK(ppdu, 14, 51.2 + 3 * 13.6);
    /* sounding in 320 MHz: 8 us of extension */
    ppdu.mcs = 0;
    ppdu.tones = 3984;
    CHECK(ppdu, 0, 51.2 + 8);
}

/* The rate that the durations amount to, over 4,000,000 bytes, is the published one to a thousandth. */
static void test_rates(void **state)
{
    (void)state;
    static const double ht20[] = {6.5, 13, 19.5, 26, 39, 52, 58.5, 65};
    static const double ht40_short[] = {15, 30, 45, 60, 90, 120, 135, 150};
    static const double vht80_short[] = {32.5, 65, 97.5, 130, 195, 260, 292.5, 325, 390, 433.333};
    static const double he80[] = {36.029,  72.059,  108.088, 144.118, 216.176, 288.235,
                                  324.265, 360.294, 432.353, 480.392, 540.441, 600.490};
    static const double eht320[] = {144.118,  288.235,  432.353,  576.471,  864.706,  1152.941, 1297.059,
                                    1441.176, 1729.412, 1921.569, 2161.765, 2401.961, 2594.118, 2882.353};
    const struct {
        struct vo_airtime_ppdu ppdu;
        const double *mbps;
        unsigned count;
    } tables[] = {{ht(0, 20, 800), ht20, COUNT(ht20)},
                  {ht(0, 40, 400), ht40_short, COUNT(ht40_short)},
                  {vht(0, 1, 80, 400), vht80_short, COUNT(vht80_short)},
                  {he(0, 1, 996, 800, 2), he80, COUNT(he80)},
                  {he(0, 1, 3984, 800, 2), eht320, COUNT(eht320)}};
    for (unsigned i = 0; i < COUNT(tables); i++) {
        for (unsigned mcs = 0; mcs < tables[i].count; mcs++) {
            struct vo_airtime_ppdu ppdu = tables[i].ppdu;
            ppdu.mcs = (uint8_t)mcs;
            if (ppdu.tones == 3984) {
                ppdu.phy = VO_AIRTIME_EHT;
                ppdu.sig_symbols = 1;
            }
            double us = vo_airtime_ppdu_us(&ppdu, 4000000).least_us - vo_airtime_ppdu_us(&ppdu, 0).least_us;
            if (fabs(32e6 / us / tables[i].mbps[mcs] - 1) > 1.5e-3)
                fail_msg("table %u, MCS %u: %.3f Mbit/s, not %.3f", i, mcs, 32e6 / us, tables[i].mbps[mcs]);
        }
    }
}

/* 32 frames of 1536 bytes in one A-MPDU, VHT MCS 9, 80 MHz, two streams: 32 * (4 + 1536) = 49280 bytes,
 * 394268 bits, 127 symbols: 44 + 508 us. One by one they would take 32 * 60 = 1920 us, of which 31 preambles
 * never were. */
static void test_aggregate(void **state)
{
    (void)state;
    uint32_t bytes = 0;
    for (unsigned i = 0; i < 32; i++)
        bytes = vo_airtime_aggregate(bytes, 1536);
    assert_int_equal(bytes, 49280);
    struct vo_airtime_ppdu ppdu = vht(9, 2, 80, 800);
    CHECK(ppdu, bytes, 552);
    /* what came before is padded, the last frame is not */
    assert_int_equal(vo_airtime_aggregate(0, 101), 105);
    assert_int_equal(vo_airtime_aggregate(105, 101), 108 + 105);
    assert_int_equal(vo_airtime_aggregate(UINT32_MAX, 1), UINT32_MAX);
}

static void test_extension(void **state)
{
    (void)state;
    assert_true(vo_airtime_extension_us(VO_AIRTIME_OFDM, 2437) == 6);
    assert_true(vo_airtime_extension_us(VO_AIRTIME_HT, 2484) == 6);
    assert_true(vo_airtime_extension_us(VO_AIRTIME_HE, 2412) == 6);
    assert_true(vo_airtime_extension_us(VO_AIRTIME_DSSS, 2437) == 0);
    assert_true(vo_airtime_extension_us(VO_AIRTIME_OFDM, 5180) == 0);
    assert_true(vo_airtime_extension_us(VO_AIRTIME_EHT, 6105) == 0);
    assert_true(isnan(vo_airtime_extension_us(VO_AIRTIME_VHT, 2437)));
    assert_true(isnan(vo_airtime_extension_us(VO_AIRTIME_OFDM, 0)));
    assert_true(isnan(vo_airtime_extension_us(VO_AIRTIME_UNKNOWN, 5180)));
}

/* A sender writes LENGTH = ceil((TXTIME - 20) / 4) * 3 - 3, of HE SU 2 less. So 60 us is 27, 138.4 us is 85
 * and reserves 140. */
static void test_lsig(void **state)
{
    (void)state;
    assert_true(vo_airtime_lsig_us(27) == 60);
    assert_true(vo_airtime_lsig_us(85) == 140);
    assert_true(vo_airtime_lsig_us(1) == 28);
    assert_true(vo_airtime_lsig_us(4095) == 20 + 4 * 1366);
    assert_true(isnan(vo_airtime_lsig_us(0)));
    assert_true(isnan(vo_airtime_lsig_us(4096)));
}

static void test_reference(void **state)
{
    (void)state;
    struct vo_airtime_ppdu ppdu = ht(15, 40, 400);
    assert_int_equal(vo_airtime_reference_kbps(&ppdu), 54000);
    ppdu.mcs = 11; /* 16-QAM 1/2 */
    assert_int_equal(vo_airtime_reference_kbps(&ppdu), 24000);
    ppdu = vht(9, 2, 80, 800);
    assert_int_equal(vo_airtime_reference_kbps(&ppdu), 54000);
    ppdu = he(1, 1, 242, 800, 2);
    assert_int_equal(vo_airtime_reference_kbps(&ppdu), 12000);
    ppdu.dcm = VO_YES;
    assert_int_equal(vo_airtime_reference_kbps(&ppdu), 0);
    ppdu = dsss(5500, VO_NO);
    assert_int_equal(vo_airtime_reference_kbps(&ppdu), 5500);
    ppdu = ht(33, 20, 800);
    assert_int_equal(vo_airtime_reference_kbps(&ppdu), 0);
}

/* Members come from captured bytes: no value of them may do harm, and none gives a span that ends before it
 * begins. */
static void test_any_value(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (unsigned i = 0; i < 300000; i++) {
        struct vo_airtime_ppdu ppdu;
        uint8_t *bytes = (uint8_t *)&ppdu;
        for (unsigned j = 0; j < sizeof ppdu; j++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            bytes[j] = (uint8_t)(random >> 56);
            if (random >> 40 & 1) /* small values are meaningful ones */
                bytes[j] &= 7;
        }
        static const uint16_t tones[] = {26, 242, 996, 3984}, widths[] = {5, 20, 40, 160},
                              gis[] = {400, 800, 1600, 3200};
        ppdu.tones = tones[random >> 20 & 3];
        ppdu.width_mhz = widths[random >> 22 & 3];
        ppdu.gi_ns = gis[random >> 24 & 3];
        struct vo_airtime_span span = vo_airtime_ppdu_us(&ppdu, random & 1 ? UINT32_MAX : 1500);
        assert_true(isnan(span.least_us) ? isnan(span.most_us) : span.least_us > 0);
        assert_true(isnan(span.most_us) || span.most_us >= span.least_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dsss),         cmocka_unit_test(test_ofdm),      cmocka_unit_test(test_ht),
        cmocka_unit_test(test_ht_ldpc),      cmocka_unit_test(test_ldpc_rule), cmocka_unit_test(test_vht),
        cmocka_unit_test(test_vht_encoders), cmocka_unit_test(test_he),        cmocka_unit_test(test_he_ldpc),
        cmocka_unit_test(test_he_several),   cmocka_unit_test(test_eht),       cmocka_unit_test(test_rates),
        cmocka_unit_test(test_aggregate),    cmocka_unit_test(test_extension), cmocka_unit_test(test_lsig),
        cmocka_unit_test(test_reference),    cmocka_unit_test(test_any_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
