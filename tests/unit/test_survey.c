/* What was heard where: places, visits, access points and SSIDs, from observations in any order. */
#include "analyze/derive/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/survey_scene.h"

#define RULES PACK(RULE("air.signal", "false", "cell", "wlan_signal_dbm", ",\"pass\":{\"at_least\":-70}"))

static struct scene scene;
static struct vo_survey survey;

static void make(const char *const *ssids)
{
    scene_derive(&scene, RULES, ssids);
    assert_int_equal(vo_survey_make(scene.it.facts, &survey, &scene.it.error), VO_OK);
}

static void done(void)
{
    vo_survey_release(&survey);
    scene_free(&scene);
}

static const struct vo_survey_place *place(const char *name)
{
    for (size_t i = 0; i < survey.place_count; i++)
        if (name ? survey.places[i].name && strcmp(survey.places[i].name, name) == 0 : !survey.places[i].name)
            return &survey.places[i];
    fail_msg("no place %s", name ? name : "(none)");
    return NULL;
}

static const struct vo_survey_bss *bss(const char *at, const char *id)
{
    const struct vo_survey_place *it = place(at);
    for (size_t i = 0; i < it->bss_count; i++)
        if (strcmp(it->bss[i].bssid, id) == 0)
            return &it->bss[i];
    return NULL;
}

static const struct vo_survey_ssid *ssid(const char *at, const char *name)
{
    const struct vo_survey_place *it = place(at);
    for (size_t i = 0; i < it->ssid_count; i++)
        if (strcmp(it->ssids[i].ssid, name) == 0)
            return &it->ssids[i];
    return NULL;
}

/* Two walks cross the same places; what one BSSID gave in each visit is together, by place. */
static void places_and_visits(void **state)
{
    (void)state;
    for (int run = 0; run < 2; run++) {
        scene_run(&scene, run ? "q" : "r", "");
        scene_bss(&scene, "Hall", 1, "a", VOICE CH36, -60, 10);
        scene_bss(&scene, "Lobby", 1, "a", VOICE CH36, -70, 10);
        scene_bss(&scene, "Hall", 2, "a", VOICE CH36, -62, 10);
        scene_bss(&scene, "Hall", 2, "b", FOREIGN CH44_80, -80, 10);
        scene_bss(&scene, NULL, 1, "c", CH36, -50, 10);
        scene_end(&scene);
    }
    make(NULL);
    assert_int_equal(survey.place_count, 3);
    assert_int_equal(survey.bss_count, 3);
    assert_true(bss("Hall", "a")->fact_count == 4 && bss("Hall", "a")->level.visits == 4);
    assert_true(bss("Lobby", "a")->fact_count == 2 && bss("Hall", "b")->fact_count == 2);
    assert_null(bss("Lobby", "b"));
    assert_true(place(NULL)->bss_count == 1 && place(NULL)->hidden == 1 && place("Hall")->hidden == 0);
    assert_true(bss("Hall", "b")->channel.width_mhz == 80 && bss("Hall", "b")->channel.center_mhz == 5210);
    assert_int_equal(bss("Hall", "b")->mhz, 5220);
    /* four scans of each of two visits in each of two runs */
    assert_true(ssid("Hall", "voice")->scans == 16 && ssid("Lobby", "voice")->scans == 8);
    assert_null(ssid("Hall", "other"));
    assert_int_equal(place(NULL)->ssid_count, 0);
    assert_int_equal(survey.cell_count, 2);
    done();
}

/* A cell counts the scans of its visit better than its BSSs do; a visit without one keeps what they say. */
static void scans(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a", VOICE CH36, -60, 10); /* 4 scans of its channel */
    scene_cell(&scene, "Hall", 1, "voice", "heard", 7);
    scene_bss(&scene, "Hall", 2, "a", VOICE CH36, -60, 10);
    scene_cell(&scene, "Hall", 3, "voice", "not_heard", 2);
    scene_cell(&scene, "Hall", 3, "voice", "not_heard", 3); /* later in the same visit */
    scene_end(&scene);
    make(NULL);
    const struct vo_survey_ssid *voice = ssid("Hall", "voice");
    assert_true(voice->scans == 7 + 4 + 3 && voice->told_heard && voice->told_gone == 1 && voice->asked);
    assert_int_equal(voice->cell_count, 2);
    done();
}

/* Channels that are told in part, and labels of no use. */
static void channels(void **state)
{
    (void)state;
    static const struct {
        const char *labels;
        uint16_t center, width, mhz;
        bool least;
    } rows[] = {
        {CH36, 5180, 20, 5180, false},
        {CH40_40, 5190, 40, 5200, false},
        {",\"frequency_mhz\":5180,\"width_mhz\":20", 5180, 20, 5180, false},
        {",\"frequency_mhz\":5180", 5180, 20, 5180, true},
        {",\"frequency_mhz\":5180,\"width_mhz\":80", 5180, 20, 5180, true},
        {CHANNEL("5180", "30", "5180"), 5180, 20, 5180, true},
        {CHANNEL("5180", "-1", "1e9"), 5180, 20, 5180, true},
        {CHANNEL("\"5180\"", "20", "5180"), 5180, 20, 0, false}, /* the primary is not told, the channel is */
        {"", 0, 0, 0, true},
        {CHANNEL("5180", "160", "5210") ",\"center_2_mhz\":5775", 5210, 160, 5180, false},
        {CHANNEL("5180", "80", "5210") ",\"punctured\":255", 5180, 20, 5180, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scene_run(&scene, "r", "");
        scene_bss(&scene, "Hall", 1, "a", rows[i].labels, -60, 10);
        scene_end(&scene);
        make(NULL);
        const struct vo_survey_bss *it = bss("Hall", "a");
        if (it->channel.center_mhz != rows[i].center || it->channel.width_mhz != rows[i].width ||
            it->mhz != rows[i].mhz || it->least != rows[i].least)
            fail_msg("row %zu: %u MHz, %u wide, primary %u, least %d", i, it->channel.center_mhz,
                     it->channel.width_mhz, it->mhz, it->least);
        done();
    }
}

/* b1 and b2 in one run, b2 and b3 in another: one access point, named by the smallest. A name that is no
 * BSSID heard joins, too. */
static void access_points(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "b3", CH36 ",\"ap\":\"b2\"", -60, 10);
    scene_bss(&scene, "Hall", 1, "b2", CH36 ",\"ap\":\"b1\"", -60, 10);
    scene_bss(&scene, "Hall", 1, "c1", CH36, -60, 10);
    scene_bss(&scene, "Hall", 1, "d1", CH36 ",\"ap\":\"radio\"", -60, 10);
    scene_bss(&scene, "Hall", 1, "d2", CH36 ",\"ap\":\"radio\"", -60, 10);
    scene_bss(&scene, "Hall", 1, "e1", CH36 ",\"ap\":7", -60, 10);
    scene_end(&scene);
    make(NULL);
    const char *const *names = survey.access_points;
    assert_int_equal(bss("Hall", "b3")->access_point, bss("Hall", "b2")->access_point);
    assert_string_equal(names[bss("Hall", "b3")->access_point], "b1");
    assert_string_equal(names[bss("Hall", "c1")->access_point], "c1");
    assert_int_equal(bss("Hall", "d1")->access_point, bss("Hall", "d2")->access_point);
    assert_string_equal(names[bss("Hall", "d1")->access_point], "d1");
    assert_string_equal(names[bss("Hall", "e1")->access_point], "e1");
    done();
}

/* The SSID of the latest observation that tells one. */
static void ssids_of_a_bss(void **state)
{
    (void)state;
    static const char *const told[] = {"new", NULL};
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a", CH36 ",\"ssid\":\"old\"", -60, 10);
    scene_bss(&scene, "Hall", 2, "a", CH36 ",\"ssid\":\"new\"", -60, 10);
    scene_bss(&scene, "Hall", 3, "a", CH36 ",\"hidden\":\"yes\"", -60, 10);
    scene_end(&scene);
    make(told);
    assert_string_equal(bss("Hall", "a")->ssid, "new");
    assert_ptr_equal(bss("Hall", "a")->ssid, ssid("Hall", "new")->ssid); /* one address */
    assert_false(ssid("Hall", "new")->asked);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_and_visits), cmocka_unit_test(scans),          cmocka_unit_test(channels),
        cmocka_unit_test(access_points),     cmocka_unit_test(ssids_of_a_bss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
