/* Which way streams went between two points, how long they took, what was lost. */
#include "tests/unit/points_scene.h"

/* Sequence numbers wrap (64000 + 3000 > 65535), addresses and ports differ at B, duplicates at both points.
 */
static void test_both_directions(void **state)
{
    struct scene *scene = *state;
    forward(scene, 3000, 7);
    backward(scene, 3000);
    see(scene, A, 1, (uint16_t)(64000 + 200), 200 * 160, START + 200 * 20 * MS + 3 * MS, 200);
    see(scene, B, 1, (uint16_t)(64000 + 300), 300 * 160, START + 300 * 20 * MS + 25 * MS, 300);
    for (uint32_t n = 1; n <= 2; n++) {
        scene->streams[B][n].key.source[14] = 77;
        scene->streams[B][n].key.source_port = 55555;
        scene->streams[B][n].key.destination[14] = 78;
    }
    match(scene);
    assert_int_equal(scene->between.count, 2);
    assert_int_equal(scene->between.matched, 2993 + 3000);
    assert_int_equal(scene->between.ambiguous, 0);
    assert_int_equal(scene->between.header_only, 0);
    make_reverse(scene, 1, 2);
    solve(scene);
    const struct vo_point_pair *there = pair_of(scene, A, 1), *back = pair_of(scene, A, 2);
    assert_int_equal(there->direction, VO_POINT_A_TO_B);
    assert_int_equal(back->direction, VO_POINT_B_TO_A);

    /* The smallest delays are 10 and 6 ms: a round trip of 16, of which each way gets half, whatever the true
     * share is; the offset is 2 ms too large for it, and says so: ± 8 ms and what the fit leaves. The
     * reference is the middle of 60 s, where 20 ppm have added 0.6 ms. */
    const struct vo_clockfit_result *clock = &scene->between.clock;
    assert_true(clock->has_offset && clock->has_skew);
    assert_float_equal(clock->offset_ns / 1e6, 3700 + 2 + 0.6, 0.05);
    assert_float_equal(clock->skew_ppm, SKEW_PPM, 1);
    assert_true(clock->offset_error_ns >= 8e6 && clock->offset_error_ns < 8.1e6);
    struct vo_point_result result = vo_points_result(&scene->between, there);
    assert_string_equal(result.missing, "");
    assert_float_equal(result.minimum_ms, 8, 0.05);
    assert_float_equal(result.median_ms, 10, 0.1); /* delays 10 to 14, each a fifth: 2 above the smallest */
    assert_float_equal(result.mean_ms, 10, 0.05);
    assert_float_equal(result.maximum_ms, 12, 0.05);
    assert_true(result.error_ms >= 8 && result.error_ms < 8.5);
    assert_float_equal(result.variation_p95_ms, 4, 0.1);
    assert_int_equal(result.lost, 7);
    assert_int_equal(result.sent, 3000);
    result = vo_points_result(&scene->between, back);
    assert_float_equal(result.minimum_ms, 8, 0.05);
    assert_float_equal(result.median_ms, 9, 0.1);
    assert_float_equal(result.maximum_ms, 10, 0.05);
    assert_int_equal(result.lost, 0);
    assert_int_equal(result.sent, 3000);
}

/* The points named the other way round give the same delays under the other directions. */
static void test_points_swapped(void **state)
{
    struct scene *scene = *state;
    forward(scene, 500, 7);
    backward(scene, 500);
    settle(scene);
    assert_int_equal(vo_points_match(&scene->between, &scene->point[B], &scene->point[A], NULL), VO_OK);
    scene->between.pairs[0].reverse = 1;
    scene->between.pairs[1].reverse = 0;
    solve(scene);
    for (size_t i = 0; i < 2; i++) {
        const struct vo_point_pair *pair = &scene->between.pairs[i];
        bool is_forward = pair->stream[1] == &scene->streams[A][1];
        struct vo_point_result result = vo_points_result(&scene->between, pair);
        assert_int_equal(pair->direction, is_forward ? VO_POINT_B_TO_A : VO_POINT_A_TO_B);
        assert_float_equal(result.median_ms, is_forward ? 10 : 9, 0.2);
        assert_int_equal(result.lost, is_forward ? 7 : 0);
    }
    assert_float_equal(scene->between.clock.offset_ns / 1e6, -3702, 0.5);
}

/* TTL tells the direction of one stream alone; there is variation and loss, and no delay. */
static void test_one_direction(void **state)
{
    struct scene *scene = *state;
    forward(scene, 3000, 7);
    scene->measures[B][1].ttl_minimum = scene->measures[B][1].ttl_maximum = 61;
    match(scene);
    solve(scene);
    const struct vo_point_pair *pair = pair_of(scene, A, 1);
    assert_int_equal(pair->direction, VO_POINT_A_TO_B);
    assert_non_null(strstr(pair->evidence, "TTL"));
    struct vo_point_result result = vo_points_result(&scene->between, pair);
    assert_string_equal(
        result.missing,
        "only one direction was matched: the clocks' offset cannot be told apart from the delay");
    assert_true(result.has_direction);
    assert_float_equal(result.variation_p95_ms, 4, 0.1);
    assert_int_equal(result.lost, 7);
}

static void test_direction_not_known(void **state)
{
    struct scene *scene = *state;
    forward(scene, 100, 0);
    match(scene);
    solve(scene);
    struct vo_point_pair *pair = pair_of(scene, A, 1);
    assert_int_equal(pair->direction, VO_POINT_UNKNOWN);
    struct vo_point_result result = vo_points_result(&scene->between, pair);
    assert_false(result.has_direction);
    assert_non_null(strstr(result.missing, "direction not known"));
}

/* What sends anew, such as an SBC, sets a fresh TTL: higher behind it than before it. */
static void test_ttl_behind_a_relay_is_not_believed(void **state)
{
    struct scene *scene = *state;
    forward(scene, 100, 0);
    scene->measures[A][1].ttl_minimum = scene->measures[A][1].ttl_maximum = 60;
    scene->streams[B][1].key.source[14] = 77;
    scene->streams[B][1].key.destination[14] = 78;
    match(scene);
    solve(scene);
    assert_int_equal(pair_of(scene, A, 1)->direction, VO_POINT_UNKNOWN);
}

/* Loud TTL, louder physics: the delays of both directions say which way it went. */
static void test_delays_overrule_ttl(void **state)
{
    struct scene *scene = *state;
    forward(scene, 500, 0);
    backward(scene, 500);
    scene->measures[A][1].ttl_minimum = scene->measures[A][1].ttl_maximum = 60;
    match(scene);
    make_reverse(scene, 1, 2);
    solve(scene);
    assert_int_equal(pair_of(scene, A, 1)->direction, VO_POINT_A_TO_B);
    assert_int_equal(pair_of(scene, A, 2)->direction, VO_POINT_B_TO_A);
}

/* The reverse came only later: no second is shared, and TTL of the one stream tells both. */
static void test_ttl_of_the_reverse(void **state)
{
    struct scene *scene = *state;
    forward(scene, 200, 0);
    for (unsigned i = 0; i < 200; i++) {
        vo_time sent = START + 10 * VO_NS_PER_S + i * 20 * MS;
        see(scene, B, 2, (uint16_t)i, i * 160, sent, i);
        see(scene, A, 2, (uint16_t)i, i * 160, sent + 10 * MS, i);
    }
    scene->measures[A][2].ttl_minimum = scene->measures[A][2].ttl_maximum = 59;
    match(scene);
    make_reverse(scene, 1, 2);
    solve(scene);
    assert_int_equal(pair_of(scene, A, 1)->direction, VO_POINT_A_TO_B);
    assert_int_equal(pair_of(scene, A, 2)->direction, VO_POINT_B_TO_A);
}

/* TTLs that lie for both, with nothing to contradict them: the delays come out negative, and are not told. */
static void test_negative_delays_are_not_told(void **state)
{
    struct scene *scene = *state;
    forward(scene, 200, 0);
    for (unsigned i = 0; i < 200; i++) {
        vo_time sent = START + 10 * VO_NS_PER_S + i * 20 * MS;
        see(scene, B, 2, (uint16_t)i, i * 160, sent, i);
        see(scene, A, 2, (uint16_t)i, i * 160, sent + 10 * MS, i);
    }
    scene->measures[B][2].ttl_minimum = scene->measures[B][2].ttl_maximum = 59;
    scene->measures[A][1].ttl_minimum = scene->measures[A][1].ttl_maximum = 59;
    match(scene);
    solve(scene);
    struct vo_point_result result = vo_points_result(&scene->between, pair_of(scene, A, 1));
    assert_non_null(strstr(result.missing, "below 0"));
}

/* B began to capture 5 s later and stopped 2 s earlier: what it could not see is not lost. */
static void test_loss_counts_only_what_was_awaited(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 1000; i++) {
        vo_time sent = START + i * 20 * MS;
        see(scene, A, 1, (uint16_t)i, i * 160, sent, i);
        if (i >= 260 && i < 900 && i % 100 != 50)
            see(scene, B, 1, (uint16_t)i, i * 160, sent + 10 * MS, i);
    }
    scene->measures[B][1].ttl_minimum = scene->measures[B][1].ttl_maximum = 63;
    scene->point[B].first = START + OFFSET + 5 * VO_NS_PER_S;
    scene->point[B].last = START + OFFSET + 18 * VO_NS_PER_S;
    match(scene);
    solve(scene);
    /* B's clock runs 20 ppm fast: the shift lies between 3710.104 and 3710.36 ms. Number 250 arrives 10.1 ms
     * after the capture began, number 249 9.9 ms before; so 250 to 259 are lost, and 350, 450 ... 850. 899 is
     * the last that came. */
    struct vo_point_result result = vo_points_result(&scene->between, pair_of(scene, A, 1));
    assert_int_equal(result.lost, 10 + 6);
    assert_int_equal(result.sent, 640 - 6 + 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_both_directions),
        SCENE(test_points_swapped),
        SCENE(test_one_direction),
        SCENE(test_direction_not_known),
        SCENE(test_ttl_behind_a_relay_is_not_believed),
        SCENE(test_delays_overrule_ttl),
        SCENE(test_ttl_of_the_reverse),
        SCENE(test_negative_delays_are_not_told),
        SCENE(test_loss_counts_only_what_was_awaited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
