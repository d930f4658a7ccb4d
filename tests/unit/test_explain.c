/* What coincides with a burst of lost packets: timelines made by hand. */
#include "analyze/derive/explain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S    VO_NS_PER_S
#define NONE NAN

/* Run 0 is the stream's, run 1 the air's of the same clock, run 2 of another one. */
static const unsigned clocks[] = {0, 0, 2};
static struct vo_arena arena;
static struct vo_explanation it;

/* A burst from 100 s to 105 s. */
static void explain(const struct vo_air_track *tracks, const struct vo_air_moment *moments)
{
    const struct vo_air air = {tracks, moments, clocks};
    it = (struct vo_explanation){.run = 0, .id = "stream", .from = 100 * S, .until = 105 * S, .lost = 20};
    vo_explain_burst(&air, &vo_explain_guide, &arena, &it);
}

static struct vo_air_step air_step(double start_s, double signal, double sent, double undelivered,
                                   double retries)
{
    return (struct vo_air_step){(vo_time)(start_s * 1e9),
                                {(float)signal, (float)sent, (float)undelivered, (float)retries, NONE, NONE},
                                (uint64_t)(start_s / 10) + 1};
}

static struct vo_air_step channel_step(double start_s, double busy, double observed)
{
    return (struct vo_air_step){
        (vo_time)(start_s * 1e9), {NONE, NONE, NONE, NONE, (float)busy, (float)observed}, 5};
}

/* A quiet link from 60 s to 119 s; its steps are the caller's to change. */
static struct vo_air_step steps[60];
static struct vo_air_track quiet_link(size_t run)
{
    for (int i = 0; i < 60; i++)
        steps[i] = air_step(60 + i, -60, 50, 0, 2);
    return (struct vo_air_track){
        .run = run, .name = "wlan0 aa", .interface = "wlan0", .step_s = 1, .steps = steps, .count = 60};
}

static const struct vo_coincidence *nth(size_t number)
{
    const struct vo_coincidence *with = it.with;
    while (with && number--)
        with = with->next;
    return with;
}

static void done(void)
{
    vo_arena_release(&arena);
}

/* Covered by a link on which nothing stands out: that is said, with nothing in it. 2 of 52 attempts are 3.8
 * %. */
static void nothing_fits(void **state)
{
    (void)state;
    struct vo_air_track link = quiet_link(1);
    explain(&link, NULL);
    assert_true(it.looked_at && it.with_count == 0 && !it.with);
    done();
}

/* No record of the air at that time: nothing is said. A link that covers half of the burst does not cover it.
 */
static void not_covered(void **state)
{
    (void)state;
    explain(NULL, NULL);
    assert_true(!it.looked_at && !it.with);
    struct vo_air_track link = quiet_link(1);
    link.count = 42; /* up to 102 s */
    explain(&link, NULL);
    assert_true(!it.looked_at && !it.with);
    link = quiet_link(1);
    link.count = 45; /* up to 105 s */
    explain(&link, NULL);
    assert_true(it.looked_at);
    for (int i = 41; i < 45; i++) /* there, but without anything in them */
        steps[i] = air_step(60 + i, NONE, NONE, NONE, NONE);
    explain(&link, NULL);
    assert_false(it.looked_at);
    /* another clock: nothing can be said by it */
    link = quiet_link(2);
    explain(&link, NULL);
    assert_true(!it.looked_at && !it.with);
    done();
}

/* Two links of one interface, one after the other, cover together; two channels half the time each do not,
 * and two interfaces neither. */
static void covered_together(void **state)
{
    (void)state;
    struct vo_air_track first = quiet_link(1), second = first;
    first.count = 42;
    second.name = "wlan0 bb";
    second.steps = steps + 42;
    second.count = 18;
    first.next = &second;
    explain(&first, NULL);
    assert_true(it.looked_at);
    second.interface = "wlan1";
    explain(&first, NULL);
    assert_false(it.looked_at);
    done();
}

static void signal_fell(void **state)
{
    (void)state;
    struct vo_air_track link = quiet_link(1);
    steps[42] = air_step(102, -82.5, 50, 0, 2);
    explain(&link, NULL);
    assert_int_equal(it.with_count, 1);
    assert_string_equal(nth(0)->what, "signal");
    assert_string_equal(nth(0)->text,
                        "the level of wlan0 aa was down to -82.5 dBm (limit: -70 dBm); in the 30 s before "
                        "-60.0 dBm in the mean");
    /* the records of 99 s to 105 s: n 10 and 11 */
    assert_int_equal(nth(0)->evidence_count, 2);
    assert_true(nth(0)->evidence[0].run == 1 && nth(0)->evidence[0].n == 10 && nth(0)->evidence[1].n == 11);
    /* outside of the burst and a second around it: no coincidence */
    link = quiet_link(1);
    steps[38] = air_step(98, -82.5, 50, 0, 2);
    steps[46] = air_step(106, -82.5, 50, 0, 2);
    explain(&link, NULL);
    assert_int_equal(it.with_count, 0);
    steps[39] = air_step(99, -82.5, 50, 0, 2);
    explain(&link, NULL);
    assert_int_equal(it.with_count, 1);
    /* exactly at the limit is within it */
    link = quiet_link(1);
    steps[42] = air_step(102, -70, 50, 0, 2);
    explain(&link, NULL);
    assert_int_equal(it.with_count, 0);
    done();
}

/* In 99 s to 106 s 350 frames: 70 repetitions of 420 attempts are 16.7 %, 105 of 455 are 23.1 %. Undelivered
 * 3 of 350 are 0.86 %, 4 are 1.14 %. */
static void delivery(void **state)
{
    (void)state;
    struct vo_air_track link = quiet_link(1);
    for (int i = 39; i < 46; i++)
        steps[i] = air_step(60 + i, -60, 50, 0, 10);
    steps[41] = air_step(101, -60, 50, 3, 10);
    explain(&link, NULL);
    assert_int_equal(it.with_count, 0);
    for (int i = 39; i < 46; i++)
        steps[i] = air_step(60 + i, -60, 50, 0, 15);
    steps[41] = air_step(101, -60, 50, 4, 15);
    explain(&link, NULL);
    assert_int_equal(it.with_count, 2);
    assert_string_equal(nth(0)->what, "retries");
    assert_string_equal(
        nth(0)->text,
        "of the frames on wlan0 aa 23.1 % were repetitions (105 of 455); in the 30 s before 3.8 %");
    assert_string_equal(nth(1)->what, "undelivered");
    assert_non_null(
        strstr(nth(1)->text, "1.1 % were never acknowledged (4 of 350); in the 30 s before 0.0 %"));
    /* a handful of frames says nothing about repetitions */
    link = quiet_link(1);
    for (int i = 39; i < 46; i++)
        steps[i] = air_step(60 + i, -60, i == 41 ? 4 : 0, 0, i == 41 ? 4 : 0);
    explain(&link, NULL);
    assert_int_equal(it.with_count, 0);
    done();
}

/* 600 of 1000 ms each second. A channel that the radio only touched, however busy, is not the stream's. */
static void busy_channel(void **state)
{
    (void)state;
    static struct vo_air_step here[20], there[20];
    for (int i = 0; i < 20; i++) {
        here[i] = channel_step(90 + i, 600, 1000);
        there[i] = channel_step(90 + i, 60, 60);
    }
    struct vo_air_track scanned = {.run = 1, .name = "5500 MHz", .step_s = 1, .steps = there, .count = 20};
    struct vo_air_track channel = {
        .next = &scanned, .run = 1, .name = "5180 MHz", .step_s = 1, .steps = here, .count = 20};
    explain(&channel, NULL);
    assert_int_equal(it.with_count, 1);
    assert_string_equal(nth(0)->what, "busy");
    assert_string_equal(nth(0)->text,
                        "5180 MHz was busy for 60.0 % of the time (limit: 45 %); in the 30 s before 60.0 %");
    assert_true(it.looked_at);
    for (int i = 0; i < 20; i++)
        here[i] = channel_step(90 + i, 440, 1000);
    explain(&channel, NULL);
    assert_int_equal(it.with_count, 0);
    channel.heard = true; /* by frames heard */
    for (int i = 0; i < 20; i++)
        here[i] = channel_step(90 + i, 500, 1000);
    explain(&channel, NULL);
    assert_non_null(strstr(nth(0)->text, "filled with frames that were heard for 50.0 %"));
    done();
}

static struct vo_air_moment roam(size_t run, double from_s, double until_s)
{
    return (struct vo_air_moment){.run = run,
                                  .what = "roam",
                                  .id = "r",
                                  .from = (vo_time)(from_s * 1e9),
                                  .until = (vo_time)(until_s * 1e9),
                                  .text = "wlan0 roamed",
                                  .n = {4, 0}};
}

static void roams(void **state)
{
    (void)state;
    static const struct {
        double from, until;
        bool fits;
    } rows[] = {{102, 102.3, true}, {98.5, 99.5, true},  {95, 98.9, false},
                {106, 107, true},   {106.1, 107, false}, {90, 120, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_air_moment moment = roam(1, rows[i].from, rows[i].until);
        explain(NULL, &moment);
        assert_int_equal(it.with_count, rows[i].fits);
        assert_false(it.looked_at); /* a roam alone does not cover */
    }
    struct vo_air_moment moment = roam(2, 102, 103);
    explain(NULL, &moment);
    assert_string_equal(nth(0)->text, "wlan0 roamed (by another clock, which may differ)");
    assert_true(nth(0)->evidence_count == 1 && nth(0)->evidence[0].run == 2 && nth(0)->evidence[0].n == 4);
    done();
}

/* Two things at once: both are told, neither as the cause. */
static void two_coincide(void **state)
{
    (void)state;
    struct vo_air_track link = quiet_link(1);
    steps[42] = air_step(102, -79, 50, 0, 2);
    struct vo_air_moment moment = roam(1, 102, 102.3);
    explain(&link, &moment);
    assert_int_equal(it.with_count, 2);
    assert_string_equal(nth(0)->what, "roam");
    assert_string_equal(nth(1)->what, "signal");
    for (size_t i = 0; i < 2; i++)
        assert_true(!strstr(nth(i)->text, "cause") && !strstr(nth(i)->text, "because"));
    done();
}

/* A load that an access point announced counts above the limit only. */
static void announced_load(void **state)
{
    (void)state;
    struct vo_air_moment load = roam(1, 80, 130);
    load.what = "busy";
    load.value = 44;
    explain(NULL, &load);
    assert_int_equal(it.with_count, 0);
    load.value = 45;
    explain(NULL, &load);
    assert_int_equal(it.with_count, 1);
    done();
}

static void many_coincidences(void **state)
{
    (void)state;
    static struct vo_air_moment moments[40];
    for (int i = 0; i < 40; i++) {
        moments[i] = roam(1, 102, 103);
        moments[i].next = i < 39 ? &moments[i + 1] : NULL;
    }
    explain(NULL, moments);
    assert_true(it.with_count == VO_EXPLAIN_COINCIDENCES && it.left_out == 40 - VO_EXPLAIN_COINCIDENCES);
    done();
}

/* Times at the ends of all times overflow nothing. */
static void far_times(void **state)
{
    (void)state;
    struct vo_air_step far = air_step(0, -90, 50, 0, 2);
    far.start = (vo_time)8999999999999999999;
    struct vo_air_track track = {
        .run = 1, .name = "x", .interface = "x", .step_s = 3600, .steps = &far, .count = 1};
    const struct vo_air air = {&track, NULL, clocks};
    it = (struct vo_explanation){.run = 0, .from = far.start, .until = far.start + 3600 * S, .lost = 9};
    vo_explain_burst(&air, &vo_explain_guide, &arena, &it);
    assert_true(it.looked_at && it.with_count == 1);
    it = (struct vo_explanation){.run = 0, .from = -far.start, .until = -far.start + 5 * S, .lost = 9};
    vo_explain_burst(&air, &vo_explain_guide, &arena, &it);
    assert_true(!it.looked_at && it.with_count == 0);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_fits),
        cmocka_unit_test(not_covered),
        cmocka_unit_test(covered_together),
        cmocka_unit_test(signal_fell),
        cmocka_unit_test(delivery),
        cmocka_unit_test(busy_channel),
        cmocka_unit_test(roams),
        cmocka_unit_test(two_coincide),
        cmocka_unit_test(announced_load),
        cmocka_unit_test(far_times),
        cmocka_unit_test(many_coincidences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
