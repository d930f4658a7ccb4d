#include "core/estimate/emodel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the band's own recommendation sets: default rating, the ceiling X of the loss term, and the factor
 * between its scale and that of G.107, which stretches both the delay impairment and the rating that a MOS is
 * computed from. */
static const struct band {
    double rating, ceiling, scale;
} bands[] = {
    [VO_BAND_NARROW] = {93.2, 95, 1},  /* G.107 */
    [VO_BAND_WIDE] = {129, 95, 1.29},  /* G.107.1 */
    [VO_BAND_FULL] = {148, 132, 1.48}, /* G.107.2 */
};

enum concealment { ANY, WITHOUT, WITH };

/*
 * Codecs by encoding name, rate of the mode in kbit/s (0: one mode only) and concealment. The figures are
 * those of ITU-T G.113; each was found in at least two publications that do not copy each other, which its
 * row names:
 *
 * - L: VSB Technical University of Ostrava, Rozhon and Voznak, lecture 05 on speech quality: quotes G.113
 *   (2024) Appendix I, the Ie of codecs and Table I.4 (Ie and Bpl)
 * - T: Telektronikk, "Internet Traffic Engineering", section 4.1, Table 3: the delay at which a call without
 *   echo falls to R 70, out of which Ie follows to 0.1 (the unit test does the sum)
 * - N: Nortel NN43001-563 (2007), Table 29
 * - M: Mitel MiVoice MX-ONE 7.8 planning, "Speech Compression Impairment", Table 1
 * - S: SIPRAL, RTP library: quotes G.113 (09/2024) Table I.4
 * - W: sipnab, wideband E-model: quotes G.113 (09/2024) Table IV.1; and its word on Table I.1
 * - C: VoLTE quality service that was given G.113 (09/2024) Appendix IV
 * - V: packet analysers and planning calculators that name G.113 Appendix I as their source
 *
 * Left out, since only one source gave a figure, or sources differ: G.722 (13, 20, 31 against 14, 18, 24 at
 * 64, 56, 48 kbit/s), G.726 at 24 and 16 kbit/s, AMR-WB at all but 12.65 kbit/s, and the Bpl of GSM full
 * rate, G.726 and G.728. G.113 has no row for iLBC, iSAC, Opus, Speex and AMR; those of EVS hold for
 * super-wideband modes, which name and rate do not tell from others.
 *
 * "G729" in SDP is G.729 or its Annex A, with the silence suppression of Annex B unless annexb=no (RFC 4856);
 * the row with loss figures is that of Annex A with suppression. AMR-WB is the figure of handset listening
 * (monotic); its tolerance to loss is tabulated for other listening only.
 */
#define G113_I1 "ITU-T G.113 Table I.1"
#define G113_I4 "ITU-T G.113 Table I.4"
#define G113_IV "ITU-T G.113 Table IV.1, monotic"
#define CODECS(ROW)                                                                                          \
    ROW("PCMU", 0, WITHOUT, NARROW, 0, 4.3, 0, G113_I4 ": G.711 without concealment") /* L S */              \
    ROW("PCMU", 0, WITH, NARROW, 0, 25.1, 3.75, G113_I4 ": G.711 with concealment")   /* L S V */            \
    ROW("PCMA", 0, WITHOUT, NARROW, 0, 4.3, 0, G113_I4 ": G.711 without concealment") /* L S */              \
    ROW("PCMA", 0, WITH, NARROW, 0, 25.1, 3.75, G113_I4 ": G.711 with concealment")   /* L S V */            \
    ROW("G729", 0, ANY, NARROW, 11, 19.0, 5, G113_I4 ": G.729-A + VAD")               /* L V; Ie M N */      \
    ROW("G723", 6.3, ANY, NARROW, 15, 16.1, 7.5, G113_I4 ": G.723.1 + VAD")           /* L V; Ie T N M */    \
    ROW("G723", 5.3, ANY, NARROW, 19, NAN, 7.5, G113_I1 ": G.723.1")                  /* L T N */            \
    ROW("GSM-EFR", 0, ANY, NARROW, 5, 10.0, 0, G113_I4 ": GSM-EFR")                   /* L V; Ie T W */      \
    ROW("GSM", 0, ANY, NARROW, 20, NAN, 0, G113_I1 ": GSM-FR")   /* V T (as G.728 at 12.8) */                \
    ROW("G726-40", 0, ANY, NARROW, 2, NAN, 0, G113_I1 ": G.726") /* L T */                                   \
    ROW("G726-32", 0, ANY, NARROW, 7, NAN, 0, G113_I1 ": G.726") /* L T M */                                 \
    ROW("G728", 0, ANY, NARROW, 7, NAN, 0, G113_I1 ": G.728")    /* L T */                                   \
    ROW("AMR-WB", 12.65, ANY, WIDE, 13, NAN, 5, G113_IV)         /* W C */

#define IMPAIRMENT(codec, kbps, plc, band, ie, bpl, lookahead, source)                                       \
    {codec, VO_BAND_##band, ie, bpl, lookahead, source},
#define SELECTOR(codec, kbps, plc, band, ie, bpl, lookahead, source) {kbps, plc},

static const struct vo_impairment rows[] = {CODECS(IMPAIRMENT)};
static const struct selector {
    double kbps;
    enum concealment plc;
} selectors[] = {CODECS(SELECTOR)}; /* one for each row */

#define ROWS (sizeof rows / sizeof rows[0])

/* Neighbouring modes are at least 3 % apart. */
static bool same_mode(double mode_kbps, double kbps)
{
    return mode_kbps == 0 || fabs(kbps - mode_kbps) <= 0.01 * mode_kbps;
}

const struct vo_impairment *vo_emodel_codec(const char *codec, bool plc, double bitrate_kbps)
{
    if (!codec)
        return NULL;
    for (size_t i = 0; i < ROWS; i++)
        if (strcasecmp(rows[i].codec, codec) == 0 && selectors[i].plc != (plc ? WITHOUT : WITH) &&
            same_mode(selectors[i].kbps, bitrate_kbps))
            return &rows[i];
    return NULL;
}

size_t vo_emodel_codecs(const struct vo_impairment **table)
{
    *table = rows;
    return ROWS;
}

/* A plain decimal number from `text` to its end: no sign, exponent, hexadecimal, "inf" or "nan". */
static bool parse_number(const char *text, size_t length, double *value)
{
    char digits[32];
    if (length == 0 || length >= sizeof digits || strspn(text, "0123456789.") < length)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    char *end;
    *value = strtod(digits, &end);
    return end == digits + length;
}

static bool parse_band(const char *text, size_t length, enum vo_band *band)
{
    static const char *const names[] = {
        [VO_BAND_NARROW] = "nb", [VO_BAND_WIDE] = "wb", [VO_BAND_FULL] = "fb"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (length == 2 && memcmp(text, names[i], 2) == 0) {
            *band = (enum vo_band)i;
            return true;
        }
    return false;
}

/* What a tabulated codec looks ahead does not depend on the figures that a user has for it. */
static double lookahead_of(const char *codec)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcasecmp(rows[i].codec, codec) == 0)
            return rows[i].lookahead_ms;
    return NAN;
}

bool vo_emodel_parse(const char *text, char *name, struct vo_impairment *row)
{
    const char *part[4];
    size_t length[4];
    for (unsigned i = 0; i < 4; i++) {
        part[i] = text;
        length[i] = strcspn(text, ":");
        text += length[i];
        if (i < 3 && *text++ != ':')
            return false;
    }
    struct vo_impairment parsed = {.codec = name, .source = "given by the user"};
    if (*text != '\0' || length[0] == 0 || length[0] >= 24 || !parse_band(part[1], length[1], &parsed.band) ||
        !parse_number(part[2], length[2], &parsed.ie) || !parse_number(part[3], length[3], &parsed.bpl))
        return false;
    if (parsed.ie > bands[parsed.band].ceiling || !(parsed.bpl > 0))
        return false;
    memcpy(name, part[0], length[0]);
    name[length[0]] = '\0';
    parsed.lookahead_ms = lookahead_of(name);
    *row = parsed;
    return true;
}

double vo_emodel_effective(const struct vo_impairment *row, double loss_percent, double burst_ratio)
{
    if (loss_percent <= 0)
        return row->ie;
    double ceiling = bands[row->band].ceiling;
    return row->ie + (ceiling - row->ie) * loss_percent / (loss_percent / burst_ratio + row->bpl);
}

double vo_emodel_delay(enum vo_band band, double one_way_ms)
{
    if (one_way_ms <= 100)
        return 0;
    double x = log2(one_way_ms / 100);
    double narrow = 25 * (pow(1 + pow(x, 6), 1.0 / 6) - 3 * pow(1 + pow(x / 3, 6), 1.0 / 6) + 2);
    return bands[band].scale * narrow;
}

double vo_emodel_rating(enum vo_band band, double effective, double delay_impairment)
{
    return bands[band].rating - delay_impairment - effective;
}

double vo_emodel_mos(enum vo_band band, double rating)
{
    double r = rating / bands[band].scale;
    if (r <= 0)
        return 1;
    if (r >= 100)
        return 4.5;
    double mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
    return mos < 1 ? 1 : mos; /* the cubic is below 1 for r under 80 - sqrt(5400) = 6.515; NaN stays NaN */
}
