/* Two capture points: which packets are the same, and which streams. */
#include "tests/unit/points_scene.h"

/* A NAT that forgets gives a stream another port halfway: two streams at B. What the other one has is not
 * lost. */
static void test_rebinding_is_no_loss(void **state)
{
    struct scene *scene = *state;
    scene->streams[B][2].key.ssrc = 1;
    for (unsigned i = 0; i < 400; i++) {
        see(scene, A, 1, (uint16_t)i, i * 160, START + i * 20 * MS, i);
        see(scene, B, i < 250 ? 1 : 2, (uint16_t)i, i * 160, START + i * 20 * MS + 5 * MS, i);
    }
    scene->measures[B][1].ttl_minimum = scene->measures[B][1].ttl_maximum = 63;
    match(scene);
    solve(scene);
    assert_int_equal(scene->between.count, 1);
    assert_int_equal(pair_of(scene, A, 1)->matched, 250);
    assert_int_equal(pair_of(scene, A, 1)->lost, 0);
}

/* Timestamps that stand still while the sequence wraps: 100 numbers come twice, 65536 packets apart. */
static void test_wrap_with_equal_timestamps_is_ambiguous(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 65536 + 100; i++) {
        see(scene, A, 1, (uint16_t)i, 5, START + i * 20 * MS, i % 65536);
        see(scene, B, 1, (uint16_t)i, 5, START + i * 20 * MS + 10 * MS, i % 65536);
    }
    match(scene);
    assert_int_equal(scene->between.matched, 65536 - 100);
    assert_int_equal(scene->between.ambiguous, 400);
}

/* Calls that replay one file send the same packets: ports tell them apart, and without those nothing does. */
static void test_replayed_streams(void **state)
{
    struct scene *scene = *state;
    for (int nat = 0; nat < 2; nat++) {
        for (uint32_t n = 1; n <= 3; n++)
            scene->streams[A][n].key.ssrc = scene->streams[B][n].key.ssrc = 9;
        for (uint32_t n = 1; n <= 3; n++)
            for (unsigned i = 0; i < 50; i++) {
                vo_time sent = START + n * VO_NS_PER_S + i * 20 * MS;
                see(scene, A, n, (uint16_t)i, i * 160, sent, i);
                see(scene, B, 4 - n, (uint16_t)i, i * 160, sent + 10 * MS, i);
            }
        for (uint32_t n = 1; n <= 3 && nat; n++) {
            scene->streams[B][n].key.source[14] = 77;
            scene->streams[B][n].key.source_port = (uint16_t)(40000 + n);
        }
        match(scene);
        assert_int_equal(scene->between.count, nat ? 0 : 3);
        assert_int_equal(scene->between.torn, nat ? 6 : 0);
        for (uint32_t n = 1; n <= 3 && !nat; n++)
            assert_ptr_equal(pair_of(scene, A, n)->stream[1], &scene->streams[B][n]);
        tear_down(state);
        set_up(state);
        scene = *state;
    }
}

/* Two VLANs at A show the same flow twice: either may stand for it, and the first one does. */
static void test_legs_at_one_point(void **state)
{
    struct scene *scene = *state;
    scene->streams[A][2].key = scene->streams[A][1].key;
    scene->streams[A][1].key.encap_hash = 10;
    scene->streams[A][2].key.encap_hash = 20;
    for (unsigned i = 0; i < 50; i++) {
        see(scene, A, 1, (uint16_t)i, i * 160, START + i * 20 * MS, i);
        see(scene, A, 2, (uint16_t)i, i * 160, START + i * 20 * MS + MS, i);
        see(scene, B, 1, (uint16_t)i, i * 160, START + i * 20 * MS + 9 * MS, i);
    }
    match(scene);
    assert_int_equal(scene->between.count, 1);
    assert_int_equal(scene->between.torn, 0);
    assert_ptr_equal(scene->between.pairs[0].stream[0], &scene->streams[A][1]);
}

/* 20 bytes of payload left at B: the hash is over 32, so the headers have to do, and it is told. */
static void test_snapped(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 50; i++) {
        scene->captured = PAYLOAD;
        see(scene, A, 1, (uint16_t)i, i * 160, START + i * 20 * MS, i);
        scene->captured = i < 30 ? VO_POINT_PAYLOAD - 1 : VO_POINT_PAYLOAD;
        see(scene, B, 1, (uint16_t)i, i * 160, START + i * 20 * MS + 9 * MS, i);
    }
    match(scene);
    assert_int_equal(scene->between.matched, 50);
    assert_int_equal(scene->between.header_only, 30);
    assert_int_equal(pair_of(scene, A, 1)->header_only, 30);
}

static void test_other_payload_is_another_packet(void **state)
{
    struct scene *scene = *state;
    for (unsigned i = 0; i < 50; i++) {
        see(scene, A, 1, (uint16_t)i, i * 160, START + i * 20 * MS, i);
        see(scene, B, 1, (uint16_t)i, i * 160, START + i * 20 * MS + 9 * MS, i + 1);
    }
    match(scene);
    assert_int_equal(scene->between.count, 0);
    assert_int_equal(scene->between.altered, 50);
}

/* 15 of 100 packets in common are too few, 16 are enough; of a stream of 20, 5 are a quarter. */
static void test_how_many_make_a_pair(void **state)
{
    static const struct {
        unsigned packets, common, pairs;
    } cases[] = {{100, 15, 0}, {100, 16, 1}, {20, 4, 0}, {20, 5, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct scene *scene = *state;
        for (unsigned i = 0; i < cases[c].packets; i++) {
            see(scene, A, 1, (uint16_t)i, i * 160, START + i * 20 * MS, i);
            unsigned sequence = i < cases[c].common ? i : i + 1000;
            see(scene, B, 1, (uint16_t)sequence, i * 160, START + i * 20 * MS, i);
        }
        match(scene);
        assert_int_equal(scene->between.count, cases[c].pairs);
        tear_down(state);
        set_up(state);
    }
}

static void test_nothing_in_common(void **state)
{
    struct scene *scene = *state;
    forward(scene, 10, 10);
    match(scene);
    assert_int_equal(vo_points_solve(&scene->between, NULL), VO_OK);
    tear_down(state);
    set_up(state);
    match(*state); /* no packets at all */
    solve(*state);
    assert_int_equal(((struct scene *)*state)->between.count, 0);
}

/* Times at the ends of what a vo_time holds, from a file that lies. */
static void test_wild_times(void **state)
{
    struct scene *scene = *state;
    static const vo_time times[] = {INT64_MAX, INT64_MIN + 1, 0, INT64_MAX / 2, INT64_MIN / 2};
    uint8_t bytes[12] = {0x80};
    struct vo_packet packet = {.payload = bytes, .payload_size = 12, .payload_length = 12};
    struct vo_rtp rtp = {.payload_offset = 12};
    for (unsigned i = 0; i < 250; i++) {
        rtp.sequence = (uint16_t)(i % 50);
        rtp.timestamp = i;
        assert_true(vo_point_keep(&scene->point[A], &scene->streams[A][1], &packet, &rtp, times[i % 5]));
        assert_true(vo_point_keep(&scene->point[B], &scene->streams[B][1], &packet, &rtp, times[i / 5 % 5]));
    }
    scene->measures[B][1].ttl_minimum = scene->measures[B][1].ttl_maximum = 63;
    match(scene);
    solve(scene);
    assert_true(scene->between.matched > 0 && scene->between.matched < 250);
    vo_points_result(&scene->between, &scene->between.pairs[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_rebinding_is_no_loss),
        SCENE(test_wrap_with_equal_timestamps_is_ambiguous),
        SCENE(test_replayed_streams),
        SCENE(test_legs_at_one_point),
        SCENE(test_snapped),
        SCENE(test_other_payload_is_another_packet),
        SCENE(test_how_many_make_a_pair),
        SCENE(test_nothing_in_common),
        SCENE(test_wild_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
