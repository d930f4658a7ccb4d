/* E-model: reference values, which were computed apart from this code with the formulas of the
 * recommendations. */
#include "core/estimate/emodel.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%.9g instead of %.9g", got, expected);
}

/* Listening quality: no delay. */
static double mos(const struct vo_impairment *row, double loss, double burst_ratio)
{
    assert_non_null(row);
    double effective = vo_emodel_effective(row, loss, burst_ratio);
    return vo_emodel_mos(row->band, vo_emodel_rating(row->band, effective, 0));
}

/* For instance G.711 at 2 %: Ie,eff = 95 * 2 / (2 + 4.3) = 30.1587; R = 93.2 - 30.1587 = 63.0413;
 * MOS = 1 + 2.206444 + 63.0413 * 3.0413 * 36.9587 * 7e-6 = 3.256046. */
static void test_mos_under_loss(void **state)
{
    (void)state;
    static const double loss[] = {0, 1, 2, 5, 10};
    static const struct {
        const char *codec;
        bool plc;
        double mos[5];
    } vectors[] = {
        {"PCMU", false, {4.409286, 3.833651, 3.256046, 2.169309, 1.480814}},
        {"PCMA", true, {4.409286, 4.328075, 4.234833, 3.922839, 3.410881}},
        {"G729", false, {4.104375, 3.946216, 3.787287, 3.339641, 2.745306}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        for (size_t j = 0; j < 5; j++)
            assert_near(mos(vo_emodel_codec(vectors[i].codec, vectors[i].plc, 0), loss[j], 1),
                        vectors[i].mos[j], 1e-6);
}

/* G.107: losses in bursts weigh more at the same rate. 2 %: 190 / (2/1 + 4.3), 190 / (2/2 + 4.3), 190 / (2/4
 * + 4.3). */
static void test_burst_ratio(void **state)
{
    (void)state;
    const struct vo_impairment *pcmu = vo_emodel_codec("PCMU", false, 0);
    assert_near(vo_emodel_effective(pcmu, 2, 1), 30.158730, 1e-6);
    assert_near(vo_emodel_effective(pcmu, 2, 2), 35.849057, 1e-6);
    assert_near(vo_emodel_effective(pcmu, 2, 4), 39.583333, 1e-6);
    /* Without loss there is no burst ratio, and none is needed. */
    assert_near(vo_emodel_effective(pcmu, 0, NAN), 0, 0);
    assert_true(isnan(vo_emodel_effective(pcmu, 1, NAN)));
    assert_true(isnan(vo_emodel_effective(pcmu, NAN, 1)));
}

static void test_delay(void **state)
{
    (void)state;
    static const double vectors[][2] = {
        {0, 0},          {100, 0},         {150, 0.163531},  {177.3, 1.172058},
        {200, 3.044414}, {300, 14.760695}, {400, 24.070089}, {1000, 43.789575}};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        assert_near(vo_emodel_delay(VO_BAND_NARROW, vectors[i][0]), vectors[i][1], 1e-6);
        assert_near(vo_emodel_delay(VO_BAND_WIDE, vectors[i][0]), 1.29 * vectors[i][1], 2e-6);
        assert_near(vo_emodel_delay(VO_BAND_FULL, vectors[i][0]), 1.48 * vectors[i][1], 2e-6);
    }
    assert_true(isnan(vo_emodel_delay(VO_BAND_NARROW, NAN)));
}

/* Wideband: R = 129 - 13 = 116, R/1.29 = 89.92: 4.337. Ie 20, Bpl 4.3, 2 %: Ie,eff = 20 + 75 * 2/6.3 = 43.81,
 * R = 85.19: 3.406. Fullband: Ie 10.2, Bpl 9.6, 2 %: Ie,eff = 10.2 + 121.8 * 2/11.6 = 31.2, R = 116.8: 3.982.
 */
static void test_scales(void **state)
{
    (void)state;
    assert_near(mos(vo_emodel_codec("AMR-WB", false, 12.65), 0, 1), 4.337096, 1e-6);
    struct vo_impairment wide = {"x", VO_BAND_WIDE, 20, 4.3, 0, "test"};
    assert_near(mos(&wide, 2, 1), 3.406179, 1e-6);
    struct vo_impairment full = {"x", VO_BAND_FULL, 10.2, 9.6, 0, "test"};
    assert_near(mos(&full, 2, 1), 3.982489, 1e-6);
    assert_near(vo_emodel_rating(VO_BAND_NARROW, 11, 3.2), 79, 1e-9);
    assert_near(vo_emodel_rating(VO_BAND_WIDE, 0, 0), 129, 0);
    assert_near(vo_emodel_rating(VO_BAND_FULL, 148, 10), -10, 1e-9);
    /* Total loss: Ie,eff tends to the ceiling, 95 or 132 at Bpl 0. */
    full.bpl = 1e-9;
    assert_near(vo_emodel_effective(&full, 100, 1), 132, 1e-6);
    wide.bpl = 1e-9;
    assert_near(vo_emodel_effective(&wide, 100, 1), 95, 1e-6);
}

/* The cubic 1 + 0.035 R + 7e-6 R (R - 60)(100 - R) is 1 at R = 0 and again where (R - 60)(100 - R) = -5000,
 * at R = 80 - sqrt(5400) = 6.515; between them it dips to 0.989, where the result stays 1. */
static void test_ends_of_the_scale(void **state)
{
    (void)state;
    static const double scale[] = {[VO_BAND_NARROW] = 1, [VO_BAND_WIDE] = 1.29, [VO_BAND_FULL] = 1.48};
    for (unsigned i = 0; i < 3; i++) {
        enum vo_band band = (enum vo_band)i;
        assert_near(vo_emodel_mos(band, -50), 1, 0);
        assert_near(vo_emodel_mos(band, 0), 1, 0);
        assert_near(vo_emodel_mos(band, 3.2 * scale[i]), 1, 0);
        assert_near(vo_emodel_mos(band, 6.5 * scale[i]), 1, 0);
        assert_true(vo_emodel_mos(band, 6.6 * scale[i]) > 1);
        assert_near(vo_emodel_mos(band, 60 * scale[i]), 3.1, 1e-9);
        assert_true(vo_emodel_mos(band, 99.9 * scale[i]) < 4.5);
        assert_near(vo_emodel_mos(band, 100 * scale[i]), 4.5, 1e-9);
        assert_near(vo_emodel_mos(band, 1000), 4.5, 0);
        assert_true(isnan(vo_emodel_mos(band, NAN)));
        double last = 1;
        for (double r = -5; r <= 105; r += 0.01) {
            double now = vo_emodel_mos(band, r * scale[i]);
            assert_true(now >= last && now <= 4.5);
            last = now;
        }
    }
}

static void test_more_impairment_is_never_better(void **state)
{
    (void)state;
    const struct vo_impairment *rows;
    size_t count = vo_emodel_codecs(&rows);
    for (size_t i = 0; i < count; i++)
        for (double loss = 0.5; loss <= 100 && !isnan(rows[i].bpl); loss += 0.5)
            for (double ratio = 1; ratio <= 8; ratio++) {
                double here = vo_emodel_effective(&rows[i], loss, ratio);
                assert_true(here > vo_emodel_effective(&rows[i], loss - 0.5, ratio));
                assert_true(here < vo_emodel_effective(&rows[i], loss, ratio + 1));
                assert_true(here >= rows[i].ie &&
                            (ratio > 1 || here < 95)); /* bursts may exceed the ceiling */
            }
    for (double ms = 100; ms < 2000; ms++)
        assert_true(vo_emodel_delay(VO_BAND_NARROW, ms + 1) >= vo_emodel_delay(VO_BAND_NARROW, ms));
}

static void test_codecs(void **state)
{
    (void)state;
    assert_near(vo_emodel_codec("pcmu", false, 0)->bpl, 4.3, 0);
    assert_near(vo_emodel_codec("PCMU", true, 64)->bpl, 25.1, 0);
    /* Concealment is a matter of G.711 only: others have their own. */
    assert_ptr_equal(vo_emodel_codec("G729", true, 0), vo_emodel_codec("g729", false, 8));
    assert_near(vo_emodel_codec("GSM-EFR", false, 0)->ie, 5, 0);
    assert_near(vo_emodel_codec("G723", false, 6.3)->ie, 15, 0);
    assert_near(vo_emodel_codec("G723", false, 5.3)->ie, 19, 0);
    assert_int_equal(vo_emodel_codec("AMR-WB", false, 12.65)->band, VO_BAND_WIDE);
    /* Modes differ and the rate is unknown or none of theirs. */
    assert_null(vo_emodel_codec("G723", false, 0));
    assert_null(vo_emodel_codec("AMR-WB", false, 0));
    assert_null(vo_emodel_codec("AMR-WB", false, 13.2));
    /* Figures that one source only gives, or on which sources differ. */
    static const double g722[] = {0, 48, 56, 64};
    static const double amr_wb[] = {6.6, 8.85, 14.25, 15.85, 18.25, 19.85, 23.05, 23.85};
    for (size_t i = 0; i < sizeof g722 / sizeof g722[0]; i++)
        assert_null(vo_emodel_codec("G722", false, g722[i]));
    for (size_t i = 0; i < sizeof amr_wb / sizeof amr_wb[0]; i++)
        assert_null(vo_emodel_codec("AMR-WB", false, amr_wb[i]));
    assert_null(vo_emodel_codec("G726-24", false, 24));
    assert_null(vo_emodel_codec("G726-16", false, 16));
    static const char *const untabulated[] = {"iLBC",  "iSAC", "opus",  "EVS", "AMR",
                                              "speex", "",     "PCMU ", "PCM", NULL};
    for (size_t i = 0; i < sizeof untabulated / sizeof untabulated[0]; i++)
        assert_null(vo_emodel_codec(untabulated[i], false, 12.65));
}

/* Ie against a source of another kind: Telektronikk, "Internet Traffic Engineering", Table 3, gives the
 * one-way delay at which a call without echo and loss falls to R = 70, from an R of G.711 of about 94 (94.07:
 * G.711 gets there at 400 ms). For instance G.729, not Annex A: 294 ms, Idd 14.10, 24.07 - 14.10 = 9.97;
 * tabulated 10. */
static void test_impairments_by_tolerable_delay(void **state)
{
    (void)state;
    static const struct {
        const char *codec;
        double kbps, tolerable_ms;
    } told[] = {{"PCMU", 64, 400}, {"G726-40", 40, 375}, {"GSM-EFR", 12.2, 342}, {"G726-32", 32, 322},
                {"G728", 16, 322}, {"G723", 6.3, 251},   {"G723", 5.3, 219}};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        assert_near(vo_emodel_codec(told[i].codec, false, told[i].kbps)->ie,
                    24.07 - vo_emodel_delay(VO_BAND_NARROW, told[i].tolerable_ms), 0.1);
}

/* A codec without a tabulated tolerance to loss has a rating only while nothing is lost. */
static void test_unknown_tolerance(void **state)
{
    (void)state;
    const struct vo_impairment *gsm = vo_emodel_codec("GSM", false, 0);
    assert_near(mos(gsm, 0, NAN), 3.743267, 1e-6); /* R = 73.2: 1 + 2.562 + 73.2 * 13.2 * 26.8 * 7e-6 */
    assert_true(isnan(mos(gsm, 0.01, 1)));
}

static void test_every_row_is_usable(void **state)
{
    (void)state;
    const struct vo_impairment *rows;
    size_t count = vo_emodel_codecs(&rows);
    assert_true(count > 10);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].codec[0] != '\0' && strncmp(rows[i].source, "ITU-T G.113", 11) == 0);
        assert_true(rows[i].ie >= 0 && rows[i].ie < 95 && (isnan(rows[i].bpl) || rows[i].bpl > 0));
        assert_true(rows[i].lookahead_ms >= 0 && rows[i].lookahead_ms < 10);
        /* Found by some rate, with or without concealment: no row is shadowed. */
        bool found = false;
        for (double kbps = 0; kbps <= 64 && !found; kbps += 0.05)
            found = vo_emodel_codec(rows[i].codec, false, kbps) == &rows[i] ||
                    vo_emodel_codec(rows[i].codec, true, kbps) == &rows[i];
        assert_true(found);
    }
}

static void test_parse(void **state)
{
    (void)state;
    char name[24];
    struct vo_impairment row;
    assert_true(vo_emodel_parse("opus:fb:10.5:12", name, &row));
    assert_string_equal(row.codec, "opus");
    assert_ptr_equal(row.codec, name);
    assert_int_equal(row.band, VO_BAND_FULL);
    assert_near(row.ie, 10.5, 0);
    assert_near(row.bpl, 12, 0);
    assert_true(isnan(row.lookahead_ms));
    assert_true(vo_emodel_parse("iLBC:nb:0:.5", name, &row));
    assert_int_equal(row.band, VO_BAND_NARROW);
    assert_true(vo_emodel_parse("g729:wb:95:25.", name, &row));
    assert_int_equal(row.band, VO_BAND_WIDE);
    assert_near(row.lookahead_ms, 5, 0); /* the table knows it */
    assert_true(vo_emodel_parse("abcdefghijklmnopqrstuvw:fb:132:1", name, &row));
    assert_int_equal(strlen(name), 23);
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        ":",
        "opus",
        "opus:fb",
        "opus:fb:1",
        ":fb:1:2",
        "opus::1:2",
        "opus:fb::2",
        "opus:fb:1:",
        "opus:fb:1:2:",
        "opus:fb:1:2:3",
        "opus:FB:1:2",
        "opus:full:1:2",
        "opus:n:1:2",
        "o:fb:-1:2",
        "o:fb:1:0",
        "o:fb:1:-2",
        "o:fb:1:nan",
        "o:fb:inf:2",
        "o:fb:0x1:2",
        "o:fb:1e1:2",
        "o:fb:1 :2",
        "o:fb: 1:2",
        "o:fb:1.2.3:2",
        "o:fb:.:2",
        "o:nb:95.1:2",
        "o:wb:96:2",
        "o:fb:132.1:2",
        "o:fb:1:2 ",
        "o:fb:1,5:2",
        "abcdefghijklmnopqrstuvwx:fb:1:2",
        "o:fb:00000000000000000000000000000001:2",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char name[24] = "before";
        struct vo_impairment row = {"before", VO_BAND_FULL, 1, 2, 3, "before"};
        char *exact = strdup(wrong[i]);
        if (vo_emodel_parse(exact, name, &row))
            fail_msg("accepted \"%s\"", wrong[i]);
        free(exact);
        assert_string_equal(name, "before");
        assert_string_equal(row.source, "before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mos_under_loss),
        cmocka_unit_test(test_burst_ratio),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_ends_of_the_scale),
        cmocka_unit_test(test_more_impairment_is_never_better),
        cmocka_unit_test(test_codecs),
        cmocka_unit_test(test_impairments_by_tolerable_delay),
        cmocka_unit_test(test_unknown_tolerance),
        cmocka_unit_test(test_every_row_is_usable),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
