/* Cells: what an SSID's level, separation and coverage at a place are, from all visits and runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/survey_scene.h"

#define CELLS                                                                                                \
    PACK(RULE("air.signal", "true", "cell", "wlan_signal_dbm", ",\"pass\":{\"at_least\":-70}") "," RULE(     \
        "air.separation", "false", "cell", "wlan_separation_db", ",\"pass\":{\"at_least\":19}"))
#define NO_BOUNDARY                                                                                          \
    PACK(RULE("air.coverage", "true", "cell", "wlan_coverage", ",\"pass\":{\"equals\":\"heard\"}"))
#define M(name) VO_METRIC_WLAN_##name

static struct scene scene;

static const struct vo_fact *cell(const char *id)
{
    const struct vo_fact *fact = case_derived(&scene.it, "cell", id);
    assert_non_null(fact);
    return fact;
}

/* 10 readings of -60 dBm and 30 of -70 are 10 log10((10e-6 + 30e-7) / 40) = -64.8812; a handset 12 dB less. A
 * third visit is of another run and another adapter's: (10e-6 + 30e-7 + 40e-8) / 80 = 1.675e-7: -67.7599. */
static void visits_are_merged(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a", VOICE CH36, -30, 99); /* told half-way: replaced by the next */
    scene_bss(&scene, "Hall", 1, "a", VOICE CH36, -60, 10);
    scene_bss(&scene, "Hall", 2, "a", VOICE CH36, -70, 30);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    const struct vo_fact *hall = cell("Hall / voice");
    assert_true(near(number_of(hall, M(SIGNAL_DBM)), -64.8812));
    assert_true(number_of(hall, M(SIGNAL_MIN_DBM)) == -73 && number_of(hall, M(SIGNAL_FRAMES)) == 40);
    assert_true(near(number_of(hall, M(SIGNAL_HANDSET_DBM)), -76.8812));
    assert_true(number_of(hall, M(SCANS)) == 8);
    assert_true(vo_fact_label_number(hall, "visits") == 2 && vo_fact_label_number(hall, "margin_db") == 12);
    assert_non_null(strstr(missing_of(hall, M(SIGNAL_P10_DBM)), "several visits"));
    assert_non_null(strstr(missing_of(hall, M(SIGNAL_DEVIATION_DB)), "several visits"));
    assert_int_equal(hall->evidence_count, 2); /* n 3 and 4 */
    assert_true(hall->evidence[0].n == 3 && hall->evidence[1].n == 4);
    assert_string_equal(hall->place, "Hall");
    scene_free(&scene);
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a", VOICE CH36, -60, 10);
    scene_bss(&scene, "Hall", 2, "a", VOICE CH36, -70, 30);
    scene_end(&scene);
    scene_run(&scene, "q", "");
    scene_bss(&scene, "Hall", 1, "a", VOICE CH36, -80, 40);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    assert_true(near(number_of(cell("Hall / voice"), M(SIGNAL_DBM)), -67.7599));
    scene_free(&scene);
}

/* Without a place the cell is the SSID's; a single visit's percentile and spread are the cell's. */
static void without_a_place(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_observe(
        &scene, NULL, "bss", "a", ",\"visit\":1" VOICE CH36,
        ",\"metrics\":{\"wlan_signal_dbm\":-60,\"wlan_signal_p10_dbm\":-64,\"wlan_signal_deviation_db\":2,"
        "\"wlan_noise_dbm\":-92}");
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    const struct vo_fact *it = cell("voice");
    assert_null(it->place);
    assert_true(number_of(it, M(SIGNAL_P10_DBM)) == -64 && number_of(it, M(SIGNAL_DEVIATION_DB)) == 2);
    assert_true(near(number_of(it, M(SNR_DB)), 32) && number_of(it, M(NOISE_DBM)) == -92);
    assert_non_null(strstr(missing_of(it, M(SIGNAL_MIN_DBM)), "not every visit"));
    assert_non_null(strstr(missing_of(it, M(SCANS)), "do not tell"));
    assert_non_null(strstr(missing_of(it, M(SIGNAL_FRAMES)), "how many readings"));
    assert_string_equal(word_of(it, M(COVERAGE)), "heard");
    scene_free(&scene);
}

/* A at -50 on 36; its guest BSS is no interferer. X of 80 MHz at -62 has a quarter of its power there
 * (-68.02), B of 40 MHz at -66 half (-69.01): X decides, 12 dB as received and 18.02 effectively. X's second
 * BSSID is the same access point: two others are in the channel, not three. */
static void separation(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36 ",\"ap\":\"a1\"", -50, 10);
    scene_bss(&scene, "Hall", 1, "a2", FOREIGN CH36 ",\"ap\":\"a1\"", -49, 10);
    scene_bss(&scene, "Hall", 1, "b1", VOICE CH40_40 ",\"ap\":\"b1\"", -66, 10);
    scene_bss(&scene, "Hall", 1, "x1", FOREIGN CH44_80 ",\"ap\":\"x1\"", -62, 10);
    scene_bss(&scene, "Hall", 1, "x2", FOREIGN CH44_80 ",\"ap\":\"x1\"", -63, 10);
    scene_bss(&scene, "Hall", 1, "c1", FOREIGN CH149_80 ",\"ap\":\"c1\"", -40, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    const struct vo_fact *hall = cell("Hall / voice");
    assert_true(near(number_of(hall, M(SEPARATION_DB)), 12));
    assert_true(near(number_of(hall, M(EFFECTIVE_SEPARATION_DB)), 18.0206));
    assert_true(number_of(hall, M(CHANNEL_ACCESS_POINTS)) == 2);
    assert_string_equal(label_of(hall, "interferer"), "x1");
    assert_string_equal(label_of(hall, "interferer_ssid"), "other");
    assert_true(vo_fact_label_number(hall, "interferer_dbm") == -62);
    assert_true(number_of(hall, M(ACCESS_POINTS)) == 2 && near(number_of(hall, M(SECOND_SIGNAL_DBM)), -66));
    assert_string_equal(label_of(hall, "second"), "b1");
    assert_string_equal(basis_of(hall, M(SEPARATION_DB)), "");
    scene_free(&scene);
}

/* Nobody else in the channel: no number, neither 0 nor infinite. */
static void nobody_else(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -50, 10);
    scene_bss(&scene, "Hall", 1, "c1", FOREIGN CH149_80, -40, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    const struct vo_fact *hall = cell("Hall / voice");
    assert_string_equal(missing_of(hall, M(SEPARATION_DB)), "no other access point was heard in its channel");
    assert_string_equal(missing_of(hall, M(EFFECTIVE_SEPARATION_DB)),
                        "no other access point was heard in its channel");
    assert_true(number_of(hall, M(CHANNEL_ACCESS_POINTS)) == 0);
    assert_string_equal(missing_of(hall, M(SECOND_SIGNAL_DBM)), "no second access point of it was heard");
    scene_free(&scene);
}

/* What is not known of others may only lower the separation: a pass is none then, a fail stays. One that is
 * weaker than the interferer changes nothing, wherever it is. */
static void others_not_told(void **state)
{
    (void)state;
    static const struct {
        const char *labels;
        double dbm, interferer_dbm;
        const char *basis;
        enum vo_result_status status;
    } rows[] = {
        {FOREIGN, -60, -80, "upper_bound", VO_RESULT_NOT_MEASURED},                           /* no channel */
        {FOREIGN ",\"frequency_mhz\":5200", -60, -80, "upper_bound", VO_RESULT_NOT_MEASURED}, /* no width */
        {FOREIGN ",\"frequency_mhz\":2412", -60, -80, "", VO_RESULT_PASS}, /* another band */
        {FOREIGN, -85, -80, "", VO_RESULT_PASS},                           /* too weak */
        {FOREIGN, -60, -65, "upper_bound", VO_RESULT_FAIL},
        {FOREIGN CHANNEL("5180", "20", "7"), -60, -80, "",
         VO_RESULT_FAIL}, /* nonsense, but 36 is its primary */
        {FOREIGN CHANNEL("5180", "1e9", "-5"), -60, -80, "", VO_RESULT_FAIL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_run(&scene, "r", "");
        scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -50, 10);
        scene_bss(&scene, "Hall", 1, "b1", FOREIGN CH36, rows[i].interferer_dbm, 10);
        scene_bss(&scene, "Hall", 1, "u1", rows[i].labels, rows[i].dbm, 10);
        scene_end(&scene);
        scene_derive(&scene, CELLS, NULL);
        assert_string_equal(basis_of(cell("Hall / voice"), M(SEPARATION_DB)), rows[i].basis);
        const struct vo_result *result = scene.it.evaluation.first->next;
        if (result->status != rows[i].status)
            fail_msg("row %zu: %s: %s", i, vo_result_status_names[result->status], result->reason);
        scene_free(&scene);
    }
}

/* Its own channel, or only its width, is not told. */
static void own_channel_not_told(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {VOICE, "its channel is not told"},
        {VOICE ",\"frequency_mhz\":5180", "the width of its channel is not told"},
        {VOICE ",\"frequency_mhz\":\"5180\"", "its channel is not told"},
        {VOICE ",\"frequency_mhz\":1e300", "its channel is not told"},
        {VOICE ",\"frequency_mhz\":5180.5", "its channel is not told"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_run(&scene, "r", "");
        scene_bss(&scene, "Hall", 1, "a1", rows[i][0], -50, 10);
        scene_bss(&scene, "Hall", 1, "b1", FOREIGN CH36, -60, 10);
        scene_end(&scene);
        scene_derive(&scene, CELLS, NULL);
        assert_string_equal(missing_of(cell("Hall / voice"), M(SEPARATION_DB)), rows[i][1]);
        scene_free(&scene);
    }
    /* a width of 20 MHz needs no centre: it is the primary channel */
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE ",\"frequency_mhz\":5180,\"width_mhz\":20", -50, 10);
    scene_bss(&scene, "Hall", 1, "b1", FOREIGN CH36, -60, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    assert_true(near(number_of(cell("Hall / voice"), M(SEPARATION_DB)), 10));
    scene_free(&scene);
}

/* Each run groups BSSIDs for itself; what any of them puts together is together: b2 is no interferer of b1.
 */
static void access_points_over_runs(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "b1", VOICE CH36 ",\"ap\":\"b1\"", -50, 10);
    scene_bss(&scene, "Hall", 1, "b2", VOICE CH36 ",\"ap\":\"b2\"", -52, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    assert_true(near(number_of(cell("Hall / voice"), M(SEPARATION_DB)), 2));
    assert_true(number_of(cell("Hall / voice"), M(ACCESS_POINTS)) == 2);
    case_free(&scene.it);
    scene_run(&scene, "q", "");
    scene_bss(&scene, "Lobby", 1, "b2", VOICE CH36 ",\"ap\":\"b1\"", -70, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    assert_non_null(strstr(missing_of(cell("Hall / voice"), M(SEPARATION_DB)), "no other"));
    assert_true(number_of(cell("Hall / voice"), M(ACCESS_POINTS)) == 1);
    assert_string_equal(label_of(cell("Hall / voice"), "ap"), "b1");
    assert_string_equal(label_of(cell("Lobby / voice"), "ap"), "b1");
    scene_free(&scene);
}

/* A place without coverage stays. */
static void not_heard(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -50, 10);
    scene_cell(&scene, "Hall", 1, "voice", "heard", 4);
    scene_cell(&scene, "Cellar", 2, "voice", "not_heard", 3);
    scene_cell(&scene, "Cellar", 3, "voice", "not_heard", 4);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    const struct vo_fact *cellar = cell("Cellar / voice");
    assert_string_equal(word_of(cellar, M(COVERAGE)), "not_heard");
    assert_string_equal(missing_of(cellar, M(SIGNAL_DBM)), "not heard in 7 scans");
    assert_string_equal(missing_of(cellar, M(SEPARATION_DB)), "not heard in 7 scans");
    assert_true(number_of(cellar, M(ACCESS_POINTS)) == 0 && number_of(cellar, M(SCANS)) == 7);
    assert_int_equal(cellar->evidence_count, 2);
    assert_true(vo_fact_label_number(cellar, "visits_not_heard") == 2);
    assert_int_equal(scene.it.evaluation.first->next->status, VO_RESULT_NOT_MEASURED);
    scene_free(&scene);
    /* of channels that the user chose: another one may have it, and that is said */
    scene_run(&scene, "r", "");
    scene_observe(&scene, "Cellar", "cell", "Cellar / voice",
                  VOICE ",\"visit\":1,\"scanned_mhz\":\"5180 5200\"",
                  ",\"metrics\":{\"wlan_scans\":1},\"states\":{\"wlan_coverage\":\"not_heard\"}");
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    assert_string_equal(missing_of(cell("Cellar / voice"), M(SIGNAL_DBM)),
                        "not heard in 1 scan of some channels (scanned_mhz)");
    assert_string_equal(label_of(cell("Cellar / voice"), "scanned_mhz"), "5180 5200");
    scene_free(&scene);
}

static void told_ssids(void **state)
{
    (void)state;
    static const char *const guest[] = {"guest", NULL};
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -50, 10);
    scene_cell(&scene, "Hall", 1, "voice", "heard", 4);
    scene_end(&scene);
    scene_derive(&scene, CELLS, guest);
    assert_null(case_derived(&scene.it, "cell", "Hall / voice"));
    const struct vo_fact *hall = cell("Hall / guest");
    assert_string_equal(word_of(hall, M(COVERAGE)), "not_heard");
    assert_string_equal(missing_of(hall, M(SIGNAL_DBM)), "not heard in 4 scans");
    assert_int_equal(hall->evidence_count, 1);
    case_free(&scene.it);
    /* where somebody hides a name that nobody asked for, it may be that one */
    scene_run(&scene, "q", "");
    scene_bss(&scene, "Hall", 1, "h1", CH36 ",\"hidden\":\"yes\"", -70, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, guest);
    assert_string_equal(word_of(cell("Hall / guest"), M(COVERAGE)), "");
    assert_non_null(strstr(missing_of(cell("Hall / guest"), M(COVERAGE)), "1 BSS there hid its SSID"));
    assert_non_null(strstr(missing_of(cell("Hall / guest"), M(SIGNAL_DBM)), "is not known"));
    scene_free(&scene);
}

/* Captures have no scans: what they do not hear may be on another channel. */
static void captures_do_not_tell_absence(void **state)
{
    (void)state;
    static const char *const ssids[] = {"voice", "guest", NULL};
    scene_run(&scene, "r", "");
    scene_observe(&scene, "Hall", "bss", "a1", ",\"ssid\":\"voice\"" CH36,
                  ",\"metrics\":{\"wlan_signal_dbm\":-60}");
    scene_end(&scene);
    scene_derive(&scene, CELLS, ssids);
    assert_string_equal(word_of(cell("Hall / voice"), M(COVERAGE)), "heard");
    assert_non_null(strstr(missing_of(cell("Hall / guest"), M(COVERAGE)), "no scan"));
    assert_string_equal(word_of(cell("Hall / guest"), M(COVERAGE)), "");
    scene_free(&scene);
}

static void nothing_is_told(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", ",\"ssid\":\"voice\",\"judged\":\"no\"" CH36, -50, 10);
    scene_bss(&scene, "Lobby", 2, "b1", ",\"ssid\":\"other\",\"judged\":\"no\"" CH36, -50, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    const struct vo_fact *it = case_derived(&scene.it, "cell", NULL);
    assert_string_equal(missing_of(it, M(SIGNAL_DBM)),
                        "which WLAN is surveyed is not told: give --ssid NAME");
    assert_string_equal(missing_of(it, M(COVERAGE)), "which WLAN is surveyed is not told: give --ssid NAME");
    assert_null(it->next);
    assert_int_equal(scene.it.evaluation.verdict, VO_VERDICT_INCOMPLETE);
    scene_free(&scene);
    /* no BSS at all: nothing is derived, and the rule says that there is no cell */
    scene_run(&scene, "r", "");
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    assert_null(case_derived(&scene.it, "cell", NULL));
    assert_string_equal(scene.it.evaluation.first->reason, "the records have no cell");
    scene_free(&scene);
}

/* Heard, but without a level, or with one that is none. */
static void without_levels(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {",\"missing\":{\"wlan_signal_dbm\":\"the driver tells percent\"}", "the driver tells percent"},
        {"", "its level was not told"},
        {",\"metrics\":{\"wlan_signal_dbm\":70}", "70 dBm is no level"},
        {",\"metrics\":{\"wlan_signal_dbm\":0}", "0 dBm is no level"},
        {",\"metrics\":{\"wlan_signal_dbm\":-1e308}", "is no level"},
        {",\"metrics\":{\"wlan_signal_dbm\":\"-60\"}", "not a number"},
        {",\"metrics\":{\"wlan_signal_dbm\":-60,\"wlan_signal_frames\":1e300}", "is no level"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_run(&scene, "r", "");
        scene_observe(&scene, "Hall", "bss", "a1", ",\"visit\":1" VOICE CH36, rows[i][0]);
        scene_end(&scene);
        scene_derive(&scene, CELLS, NULL);
        const struct vo_fact *hall = cell("Hall / voice");
        assert_string_equal(word_of(hall, M(COVERAGE)), "heard");
        if (!strstr(missing_of(hall, M(SIGNAL_DBM)), rows[i][1]))
            fail_msg("row %zu: %s", i, missing_of(hall, M(SIGNAL_DBM)));
        assert_true(isnan(number_of(hall, M(ACCESS_POINTS))));
        scene_free(&scene);
    }
}

/* An access point without a level may reach the boundary, and may be the second one. */
static void second_without_a_level(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -50, 10);
    scene_observe(&scene, "Hall", "bss", "b1", ",\"visit\":1" VOICE CH149_80, "");
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    const struct vo_fact *hall = cell("Hall / voice");
    assert_true(number_of(hall, M(ACCESS_POINTS)) == 1);
    assert_string_equal(basis_of(hall, M(ACCESS_POINTS)), "lower_bound");
    assert_non_null(strstr(missing_of(hall, M(SECOND_SIGNAL_DBM)), "without a level"));
    scene_free(&scene);
}

/* Without a rule on the level there is no boundary, and no number is made up. */
static void no_boundary(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -50, 10);
    scene_end(&scene);
    scene_derive(&scene, NO_BOUNDARY, NULL);
    assert_non_null(strstr(missing_of(cell("Hall / voice"), M(ACCESS_POINTS)), "no selected rule sets"));
    assert_true(isnan(vo_fact_label_number(cell("Hall / voice"), "boundary_dbm")));
    scene_free(&scene);
}

#define CALIBRATED(phone, offset, uncertainty)                                                               \
    ",\"conditions\":{\"calibration\":{\"phone\":\"" phone "\",\"adapter\":\"A1\",\"offset_db\":" offset     \
    ",\"uncertainty_db\":" uncertainty "}}"

/* A phone that hears 4 dB less than the adapter: -60 - 4 - 12 = -76, uncertain by 1.5 dB. */
static void handset(void **state)
{
    (void)state;
    scene_run(&scene, "r", CALIBRATED("P", "-4", "1.5"));
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -60, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    const struct vo_fact *hall = cell("Hall / voice");
    const struct vo_value *value = vo_fact_value(hall, &vo_metrics[M(SIGNAL_HANDSET_DBM)]);
    assert_true(near(value->number, -76) && value->uncertainty == 1.5);
    assert_string_equal(label_of(hall, "phone"), "P");
    assert_string_equal(label_of(hall, "adapter"), "A1");
    assert_true(vo_fact_label_number(hall, "phone_offset_db") == -4);
    assert_true(near(number_of(hall, M(SIGNAL_DBM)), -60)); /* as this adapter received it */
    case_free(&scene.it);
    /* another run with the same phone and another adapter, each with its own offset: (10^-6.4 + 10^-6.2) / 2
     * is -62.8859; less 12 dB */
    scene_run(&scene, "q", CALIBRATED("P", "-2", "2"));
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -60, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    value = vo_fact_value(cell("Hall / voice"), &vo_metrics[M(SIGNAL_HANDSET_DBM)]);
    assert_true(near(value->number, -74.8859) && value->uncertainty == 2);
    assert_true(isnan(vo_fact_label_number(cell("Hall / voice"), "phone_offset_db")));
    case_free(&scene.it);
    /* and one without a calibration: no number fits them all */
    scene_run(&scene, "p", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -60, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    assert_non_null(strstr(missing_of(cell("Hall / voice"), M(SIGNAL_HANDSET_DBM)), "judge them apart"));
    scene_free(&scene);
    scene_run(&scene, "r", ",\"conditions\":{\"calibration\":{\"phone\":\"P\"}}");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -60, 10);
    scene_end(&scene);
    scene_derive(&scene, CELLS, NULL);
    assert_non_null(strstr(missing_of(cell("Hall / voice"), M(SIGNAL_HANDSET_DBM)), "offset_db"));
    scene_free(&scene);
}

/* Where a complete run was at a place, one that was cut short there does not count; elsewhere it does, and a
 * required rule says so. */
static void runs_that_were_cut(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -60, 10);
    scene_end(&scene);
    scene_run(&scene, "q", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -80, 1000);
    scene_bss(&scene, "Lobby", 2, "a1", VOICE CH36, -50, 10);
    scene_derive(&scene, CELLS, NULL);
    assert_true(near(number_of(cell("Hall / voice"), M(SIGNAL_DBM)), -60));
    assert_true(near(number_of(cell("Lobby / voice"), M(SIGNAL_DBM)), -50));
    const struct vo_result *hall = scene.it.evaluation.first, *lobby = hall->next;
    assert_int_equal(hall->status, VO_RESULT_PASS);
    assert_int_equal(lobby->status, VO_RESULT_NOT_MEASURED);
    assert_non_null(strstr(lobby->reason, "was cut short"));
    scene_free(&scene);
}

/* The order of files does not matter; of equal levels the smaller BSSID serves. */
static void order_does_not_matter(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        scene_run(&scene, order ? "q" : "r", "");
        scene_bss(&scene, "Hall", 1, order ? "b" : "a", VOICE CH36, -60, 10);
        scene_bss(&scene, "Hall", 1, order ? "a" : "b", VOICE CH36, -60, 10);
        scene_end(&scene);
        scene_derive(&scene, CELLS, NULL);
        assert_string_equal(label_of(cell("Hall / voice"), "bssid"), "a");
        assert_string_equal(label_of(cell("Hall / voice"), "second"), "b");
        scene_free(&scene);
    }
}

/* A derived observation stands for those it was made of, whatever they say, and goes when more is read. */
static void derived_stand_in(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a1", VOICE CH36, -60, 10);
    scene_cell(&scene, "Hall", 1, "voice", "not_heard", 4); /* at odds with what it heard */
    scene_end(&scene);
    scene_derive(&scene, NO_BOUNDARY, NULL);
    assert_int_equal(scene.it.evaluation.first->status, VO_RESULT_PASS);
    assert_null(scene.it.evaluation.first->next);
    assert_int_equal(scene.it.evaluation.first->evidence_count, 2);
    vo_evaluation_release(&scene.it.evaluation);
    scene.used = 0;
    scene.text[0] = '\0';
    scene.run = "r";
    scene_bss(&scene, "Lobby", 2, "a1", VOICE CH36, -60, 10);
    assert_int_equal(case_read(&scene.it, scene.text), VO_OK);
    assert_null(case_derived(&scene.it, "cell", NULL));
    assert_int_equal(vo_facts_finish(scene.it.facts, false, &scene.it.error), VO_OK);
    assert_int_equal(vo_derive(scene.it.facts, &scene.it.error), VO_OK);
    assert_int_equal(vo_derive(scene.it.facts, &scene.it.error), VO_OK); /* twice is once */
    assert_int_equal(vo_evaluate(&scene.it.rules, scene.it.facts, &scene.it.evaluation, &scene.it.error),
                     VO_OK);
    assert_non_null(scene.it.evaluation.first->next);
    assert_null(scene.it.evaluation.first->next->next);
    scene_free(&scene);
}

/* Thousands of SSIDs at thousands of places are no building. */
static void too_many_cells(void **state)
{
    (void)state;
    static const char *ssids[301];
    static char names[300][24];
    for (int i = 0; i < 300; i++) {
        snprintf(names[i], sizeof names[i], "ssid %d", i);
        ssids[i] = names[i];
    }
    scene_run(&scene, "r", "");
    for (unsigned i = 0; i < 80; i++) {
        char place[24];
        snprintf(place, sizeof place, "Place %u", i);
        scene_bss(&scene, place, i, "a1", VOICE CH36, -60, 10);
    }
    scene_end(&scene);
    scene_derive(&scene, CELLS, ssids); /* 80 times 300 */
    const struct vo_fact *it = case_derived(&scene.it, "cell", NULL);
    assert_non_null(strstr(missing_of(it, M(SIGNAL_DBM)), "more than 20000 cells"));
    assert_int_equal(scene.it.evaluation.verdict, VO_VERDICT_INCOMPLETE);
    scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visits_are_merged),
        cmocka_unit_test(without_a_place),
        cmocka_unit_test(separation),
        cmocka_unit_test(nobody_else),
        cmocka_unit_test(others_not_told),
        cmocka_unit_test(own_channel_not_told),
        cmocka_unit_test(access_points_over_runs),
        cmocka_unit_test(not_heard),
        cmocka_unit_test(told_ssids),
        cmocka_unit_test(captures_do_not_tell_absence),
        cmocka_unit_test(nothing_is_told),
        cmocka_unit_test(without_levels),
        cmocka_unit_test(second_without_a_level),
        cmocka_unit_test(no_boundary),
        cmocka_unit_test(handset),
        cmocka_unit_test(runs_that_were_cut),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(derived_stand_in),
        cmocka_unit_test(too_many_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
