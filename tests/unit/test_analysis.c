/* From records to the verdict's JSON: what is derived, with its evidence, while records come and at their
 * end. */
#include "analyze/analysis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/survey_scene.h"

#define RULES                                                                                                \
    PACK(RULE("air.signal", "true", "cell", "wlan_signal_dbm", ",\"pass\":{\"at_least\":-70}") "," RULE(     \
        "media.loss", "false", "rtp_stream", "rtp_loss_percent", ",\"pass\":{\"below\":1}"))

static struct scene scene;
static struct vo_analysis analysis;
static struct vo_json *tree;

static void begin(void)
{
    assert_int_equal(case_rules(&scene.it, RULES, NULL), VO_OK);
    assert_int_equal(vo_analysis_new(&scene.it.rules, NULL, 0, &analysis, &scene.it.error), VO_OK);
}

/* Adds what was written to the scene, and empties it. */
static void add_all(void)
{
    const char *line = scene.text;
    while (*line) {
        size_t size = strcspn(line, "\n");
        struct vo_json *json = NULL;
        assert_int_equal(vo_json_parse(line, size, &json, &scene.it.error), VO_OK);
        const struct vo_record record = {.kind = vo_json_get_text(json, "record"),
                                         .run = vo_json_get_text(json, "run"),
                                         .n = (uint64_t)vo_json_double(vo_json_get(json, "n")),
                                         .json = json,
                                         .line = 1,
                                         .file = "records"};
        assert_int_equal(vo_analysis_add(&analysis, &record, &scene.it.error), VO_OK);
        vo_json_free(json);
        line += size + 1;
    }
    scene.used = 0;
    scene.text[0] = '\0';
}

static enum vo_verdict judge(bool more)
{
    const struct vo_verdict_head head = {.profile = "voice"};
    struct vo_json_writer json = {0};
    enum vo_verdict verdict = VO_VERDICT_ERROR;
    vo_json_free(tree);
    tree = NULL;
    assert_int_equal(vo_analysis_judge(&analysis, &head, more, &json, &verdict, &scene.it.error), VO_OK);
    assert_int_equal(vo_json_parse(json.data, json.size, &tree, &scene.it.error), VO_OK);
    vo_json_writer_release(&json);
    return verdict;
}

static void done(void)
{
    vo_json_free(tree);
    tree = NULL;
    vo_analysis_free(&analysis);
    scene_free(&scene);
}

static const struct vo_json *derived(size_t number)
{
    const struct vo_json *item = vo_json_child(vo_json_get(tree, "derived"));
    while (item && number--)
        item = vo_json_next(item);
    return item;
}

static double number(const struct vo_json *object, const char *section, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(object, section), name));
}

/* The shape of a record, with evidence in the place of run and n. */
static void an_observation(void **state)
{
    (void)state;
    begin();
    scene_run(&scene, "r",
              ",\"conditions\":{\"calibration\":{\"phone\":\"P\",\"offset_db\":-4,\"uncertainty_db\":1.5}}");
    scene_bss(&scene, "Hall", 1, "a", VOICE CH36, -60, 10);
    scene_end(&scene);
    add_all();
    assert_int_equal(judge(false), VO_VERDICT_READY);
    const struct vo_json *hall = derived(0), *subject = vo_json_get(hall, "subject");
    assert_null(derived(1));
    assert_string_equal(vo_json_get_text(hall, "record"), "observation");
    assert_string_equal(vo_json_get_text(hall, "place"), "Hall");
    assert_string_equal(vo_json_get_text(hall, "time"), "2026-11-22T10:00:02Z");
    assert_string_equal(vo_json_get_text(subject, "kind"), "cell");
    assert_string_equal(vo_json_get_text(subject, "id"), "Hall / voice");
    assert_string_equal(vo_json_get_text(subject, "key"), "Hall / voice");
    assert_string_equal(vo_json_get_text(subject, "bssid"), "a");
    assert_true(number(hall, "metrics", "wlan_signal_dbm") == -60);
    assert_true(number(hall, "uncertainty", "wlan_signal_handset_dbm") == 1.5);
    assert_string_equal(vo_json_get_text(vo_json_get(hall, "states"), "wlan_coverage"), "heard");
    assert_string_equal(vo_json_get_text(vo_json_get(hall, "basis"), "wlan_signal_dbm"), "mean_of_mw");
    assert_non_null(vo_json_get_text(vo_json_get(hall, "missing"), "wlan_separation_db"));
    assert_null(vo_json_get(hall, "run"));
    assert_null(vo_json_get(hall, "n"));
    const struct vo_json *evidence = vo_json_child(vo_json_get(hall, "evidence"));
    assert_string_equal(vo_json_get_text(evidence, "run"), "r");
    assert_true(vo_json_double(vo_json_get(evidence, "n")) == 2);
    /* the result stands on the same */
    const struct vo_json *result = vo_json_child(vo_json_get(tree, "results"));
    assert_true(vo_json_double(vo_json_get(vo_json_child(vo_json_get(result, "evidence")), "n")) == 2);
    assert_string_equal(vo_json_get_text(vo_json_get(result, "subject"), "place"), "Hall");
    done();
}

static void an_explanation(void **state)
{
    (void)state;
    begin();
    scene_run(&scene, "r", ",\"host\":{\"name\":\"h\",\"interface\":\"wlan0\"}");
#define SERIES(n, kind, id, columns)                                                                         \
    "{\"record\":\"series\",\"run\":\"r\",\"n\":" n ",\"subject\":{\"kind\":\"" kind "\",\"id\":\"" id       \
    "\"},\"start\":\"2026-11-22T10:00:00Z\",\"step_s\":5,\"columns\":{" columns "}}\n"
    scene_add(
        &scene, "%s%s",
        SERIES("2", "rtp_stream", "s", "\"rtp_lost_packets\":[0,20],\"rtp_expected_packets\":[250,250]"),
        SERIES("3", "link", "wlan0 a", "\"wlan_signal_dbm\":[-60,-82]"));
    scene.n = 3;
    scene_end(&scene);
    add_all();
    (void)judge(false);
    const struct vo_json *it = derived(0);
    assert_string_equal(vo_json_get_text(it, "record"), "event");
    assert_string_equal(vo_json_get_text(it, "kind"), "explanation");
    assert_string_equal(vo_json_get_text(it, "time"), "2026-11-22T10:00:05Z");
    assert_string_equal(vo_json_get_text(it, "until"), "2026-11-22T10:00:10Z");
    assert_string_equal(vo_json_get_text(vo_json_get(it, "subject"), "id"), "s");
    assert_true(vo_json_double(vo_json_get(it, "lost")) == 20 &&
                vo_json_double(vo_json_get(it, "expected")) == 250);
    assert_string_equal(vo_json_text(vo_json_child(vo_json_get(it, "looked_at"))), "signal");
    const struct vo_json *with = vo_json_child(vo_json_get(it, "with"));
    assert_string_equal(vo_json_get_text(with, "what"), "signal");
    assert_true(vo_json_double(vo_json_get(vo_json_child(vo_json_get(with, "evidence")), "n")) == 3);
    assert_true(vo_json_double(vo_json_get(vo_json_child(vo_json_get(it, "evidence")), "n")) == 2);
    done();
}

/* While records come the run is running and counts; each verdict is of all so far; at the end it was cut. */
static void while_they_come(void **state)
{
    (void)state;
    begin();
    assert_int_equal(judge(true), VO_VERDICT_INCOMPLETE); /* nothing yet */
    scene_run(&scene, "r", "");
    scene_bss(&scene, "Hall", 1, "a", VOICE CH36, -60, 10);
    add_all();
    assert_int_equal(judge(true), VO_VERDICT_READY);
    const struct vo_json *run = vo_json_child(vo_json_get(tree, "runs"));
    assert_true(vo_json_true(vo_json_get(run, "running")) && !vo_json_true(vo_json_get(run, "complete")));
    assert_null(derived(1));
    scene_bss(&scene, "Lobby", 1, "a", VOICE CH36, -80, 10);
    add_all();
    assert_int_equal(judge(true), VO_VERDICT_NOT_READY);
    assert_non_null(derived(1));
    scene_bss(&scene, "Lobby", 1, "a", VOICE CH36, -65, 20); /* the visit goes on */
    add_all();
    assert_int_equal(judge(true), VO_VERDICT_READY);
    assert_int_equal(judge(false), VO_VERDICT_INCOMPLETE);
    run = vo_json_child(vo_json_get(tree, "runs"));
    assert_null(vo_json_get(run, "running"));
    scene_end(&scene);
    add_all();
    assert_int_equal(judge(true), VO_VERDICT_READY);
    assert_int_equal(judge(false), VO_VERDICT_READY);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_observation),
        cmocka_unit_test(an_explanation),
        cmocka_unit_test(while_they_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
