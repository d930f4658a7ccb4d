/*
 * E-model: transmission rating R and estimated MOS, each on its own scale.
 *
 * Narrowband ITU-T G.107 (default R 93.2), wideband G.107.1 (129), fullband G.107.2 (148). Scales are not
 * comparable. Listening quality leaves out delay; conversational quality takes a delay that was measured,
 * never assumed. Codec impairments are ITU-T G.113's, as far as independent publications agree on them
 * (emodel.c names those); any other codec has no rating unless the user supplies Ie and Bpl.
 */
#ifndef VO_CORE_ESTIMATE_EMODEL_H
#define VO_CORE_ESTIMATE_EMODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vo_band { VO_BAND_NARROW, VO_BAND_WIDE, VO_BAND_FULL };

struct vo_impairment {
    const char *codec; /* encoding name as in SDP, compared without case */
    enum vo_band band;
    double ie, bpl;      /* bpl NaN: not tabulated, so that a rating exists only without loss */
    double lookahead_ms; /* algorithmic delay beyond the packet; NaN: unknown (a user's row of an untabulated
                            codec) */
    const char *source;  /* where the figures stand: "ITU-T G.113 Table I.4" … */
};

/* The row of the table for a codec, or NULL: not tabulated. `plc`: loss concealment is known (G.711 Appendix
 * I). `bitrate_kbps` picks among a codec's modes (0: the rate is not known; NULL then if the modes differ).
 */
const struct vo_impairment *vo_emodel_codec(const char *codec, bool plc, double bitrate_kbps);
size_t vo_emodel_codecs(const struct vo_impairment **rows);

/* Parses "--codec-impairment NAME:nb|wb|fb:IE:BPL" as given by a user; false if it is not one. `name` holds
 * 24 bytes and backs row->codec. */
bool vo_emodel_parse(const char *text, char *name, struct vo_impairment *row);

/* Ie,eff = Ie + (X - Ie) * Ppl / (Ppl / BurstR + Bpl); X = 95 narrow and wide, 132 full. loss_percent 0..100
 * includes late discards; burst_ratio >= 1. NaN if bpl is NaN and loss > 0. */
double vo_emodel_effective(const struct vo_impairment *row, double loss_percent, double burst_ratio);
/* Delay impairment Idd for one-way mouth-to-ear delay Ta (G.107 eq. 7-27, 7-28 with sT 1, mT 100; wideband
 * and fullband by their own recommendation). */
double vo_emodel_delay(enum vo_band band, double one_way_ms);
/* R = R0(band) - Id - Ie,eff; not clamped. */
double vo_emodel_rating(enum vo_band band, double effective, double delay_impairment);
/* MOS of R on its band's scale, 1 to 4.5. NaN gives NaN. */
double vo_emodel_mos(enum vo_band band, double rating);

#endif
