/* Overlap of access points, counted in the places of a walk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/survey_scene.h"

#define OVERLAP                                                                                              \
    PACK(RULE("air.signal", "false", "cell", "wlan_signal_dbm", ",\"pass\":{\"at_least\":-70}") "," RULE(    \
        "air.overlap", "true", "access_point", "wlan_overlap_percent", ",\"pass\":{\"between\":[20,30]}"))
#define NO_BOUNDARY                                                                                          \
    PACK(RULE("air.overlap", "true", "access_point", "wlan_overlap_percent",                                 \
              ",\"pass\":{\"between\":[20,30]}"))
#define PERCENT VO_METRIC_WLAN_OVERLAP_PERCENT
#define COVERED VO_METRIC_WLAN_COVERED_PLACES

static struct scene scene;

static const struct vo_fact *access_point(const char *id)
{
    const struct vo_fact *fact = case_derived(&scene.it, "access_point", id);
    assert_non_null(fact);
    return fact;
}

/* Levels of access points "a", "b", "c" at places 1 to `places`; 0: not heard. */
static void walk(const double (*levels)[3], unsigned places)
{
    static const char *const ids[] = {"a", "b", "c"};
    for (unsigned i = 0; i < places; i++) {
        char place[16];
        snprintf(place, sizeof place, "P%u", i % 1000);
        scene_cell(&scene, place, i, "voice", "heard", 4);
        for (unsigned k = 0; k < 3; k++)
            if (levels[i][k] < 0)
                scene_bss(&scene, place, i, ids[k], VOICE CH36, levels[i][k], 10);
    }
}

/* a reaches -70 at four places; there b does at one (25 %) and c at two (50 %, the best neighbour). b reaches
 * it at two places: too few. c at four, a at two of them. -70 itself is within. */
static void best_neighbour(void **state)
{
    (void)state;
    static const double levels[][3] = {{-50, -60, -70}, {-60, -71, -70}, {-70, 0, -71},  {-69, -80, 0},
                                       {-75, 0, -60},   {0, -60, -61},   {-90, -90, -90}};
    scene_run(&scene, "r", "");
    walk(levels, 7);
    scene_end(&scene);
    scene_derive(&scene, OVERLAP, NULL);
    const struct vo_fact *a = access_point("voice a"), *b = access_point("voice b"),
                         *c = access_point("voice c");
    assert_true(number_of(a, PERCENT) == 50 && number_of(a, COVERED) == 4);
    assert_string_equal(label_of(a, "neighbour"), "c");
    assert_true(vo_fact_label_number(a, "places") == 7 && vo_fact_label_number(a, "shared_places") == 2);
    assert_true(vo_fact_label_number(a, "boundary_dbm") == -70);
    assert_int_equal(a->evidence_count, 4 + 2);
    assert_true(number_of(b, COVERED) == 2);
    assert_non_null(strstr(missing_of(b, PERCENT), "-70 dBm at 2 places"));
    assert_true(number_of(c, PERCENT) == 50 && number_of(c, COVERED) == 4);
    scene_free(&scene);
}

/* Two visits of a place are one place: -60 of 10 readings and -80 of 10 are -62.97, within. */
static void visits_of_a_place(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    for (unsigned i = 0; i < 3; i++) {
        char place[16];
        snprintf(place, sizeof place, "P%u", i);
        scene_bss(&scene, place, 2 * i, "a", VOICE CH36, -60, 10);
        scene_bss(&scene, place, 2 * i + 1, "a", VOICE CH36, -80, 10);
        scene_bss(&scene, place, 2 * i, "b", VOICE CH149_80, i ? -60 : -90, 10);
    }
    scene_end(&scene);
    scene_derive(&scene, OVERLAP, NULL);
    assert_true(number_of(access_point("voice a"), COVERED) == 3);
    assert_true(near(number_of(access_point("voice a"), PERCENT), 200.0 / 3));
    assert_int_equal(access_point("voice a")->evidence_count, 6 + 2);
    scene_free(&scene);
}

/* Neighbours of the same SSID only; all BSSs of one access point are one, with the strongest level. */
static void who_is_a_neighbour(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    for (unsigned i = 0; i < 4; i++) {
        char place[16];
        snprintf(place, sizeof place, "P%u", i);
        scene_bss(&scene, place, i, "a1", VOICE CH36 ",\"ap\":\"a1\"", -90, 10);
        scene_bss(&scene, place, i, "a2", VOICE CH149_80 ",\"ap\":\"a1\"", -60, 10);
        scene_bss(&scene, place, i, "x", FOREIGN CH36, -50, 10);
    }
    scene_end(&scene);
    scene_derive(&scene, OVERLAP, NULL);
    const struct vo_fact *a = access_point("voice a1");
    assert_true(number_of(a, COVERED) == 4);
    assert_string_equal(missing_of(a, PERCENT), "no other access point of the SSID was heard on the walk");
    assert_null(case_derived(&scene.it, "access_point", "voice a2"));
    assert_null(case_derived(&scene.it, "access_point", "other x"));
    scene_free(&scene);
}

/* A neighbour that was heard elsewhere alone: 0 percent is a measurement. */
static void no_overlap_at_all(void **state)
{
    (void)state;
    static const double levels[][3] = {{-50, -80, 0}, {-60, 0, 0}, {-65, 0, 0}, {0, -50, 0}};
    scene_run(&scene, "r", "");
    walk(levels, 4);
    scene_end(&scene);
    scene_derive(&scene, OVERLAP, NULL);
    const struct vo_fact *a = access_point("voice a");
    assert_true(number_of(a, PERCENT) == 0 && number_of(a, COVERED) == 3);
    assert_string_equal(label_of(a, "neighbour"), "");
    scene_free(&scene);
}

/* A neighbour without a level may cover the place: the share is a lower bound, and a fail by it is none. */
static void neighbour_without_a_level(void **state)
{
    (void)state;
    static const double levels[][3] = {{-50, 0, 0}, {-60, 0, 0}, {-65, 0, 0}};
    scene_run(&scene, "r", "");
    walk(levels, 3);
    scene_observe(&scene, "P1", "bss", "b", ",\"visit\":1" VOICE CH36, "");
    scene_end(&scene);
    scene_derive(&scene, OVERLAP, NULL);
    const struct vo_fact *a = access_point("voice a");
    assert_true(number_of(a, PERCENT) == 0);
    assert_string_equal(basis_of(a, PERCENT), "lower_bound");
    for (const struct vo_result *result = scene.it.evaluation.first; result; result = result->next)
        if (result->fact == a)
            assert_int_equal(result->status, VO_RESULT_NOT_MEASURED);
    scene_free(&scene);
}

/* Captures and scans without a place are no walk; places where the WLAN was not surveyed are none of its. */
static void what_is_a_walk(void **state)
{
    (void)state;
    scene_run(&scene, "r", "");
    for (unsigned i = 0; i < 5; i++) {
        char place[16];
        snprintf(place, sizeof place, "P%u", i);
        if (i < 3)
            scene_observe(&scene, place, "bss", "a", VOICE CH36, ",\"metrics\":{\"wlan_signal_dbm\":-50}");
        else
            scene_bss(&scene, place, i, "a", VOICE CH36, -50, 10);
    }
    scene_bss(&scene, "P9", 9, "x", FOREIGN CH36, -50, 10);
    scene_end(&scene);
    scene_derive(&scene, OVERLAP, NULL);
    const struct vo_fact *a = access_point("voice a");
    assert_true(number_of(a, COVERED) == 2 && vo_fact_label_number(a, "places") == 2);
    scene_free(&scene);
}

static void without_limits_and_names(void **state)
{
    (void)state;
    static const double levels[][3] = {{-50, -60, 0}, {-60, -60, 0}, {-65, -70, 0}};
    scene_run(&scene, "r", "");
    walk(levels, 3);
    scene_end(&scene);
    scene_derive(&scene, NO_BOUNDARY, NULL);
    assert_non_null(strstr(missing_of(access_point("voice a"), PERCENT), "no selected rule sets"));
    assert_non_null(strstr(missing_of(access_point("voice a"), COVERED), "no selected rule sets"));
    scene_free(&scene);
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "x", FOREIGN CH36, -50, 10);
    scene_end(&scene);
    scene_derive(&scene, OVERLAP, NULL);
    assert_non_null(strstr(missing_of(access_point(NULL), PERCENT), "give --ssid NAME"));
    scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_neighbour),
        cmocka_unit_test(visits_of_a_place),
        cmocka_unit_test(who_is_a_neighbour),
        cmocka_unit_test(no_overlap_at_all),
        cmocka_unit_test(neighbour_without_a_level),
        cmocka_unit_test(what_is_a_walk),
        cmocka_unit_test(without_limits_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
