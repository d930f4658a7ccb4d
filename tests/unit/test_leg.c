/* Delay between two legs of one stream in one capture: exact, whichever leg was seen first. */
#include "probes/flow/leg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAME (20 * VO_NS_PER_MS)
#define START (1700000000 * VO_NS_PER_S)

static struct vo_stream *sibling; /* the last one that was found */

struct scene {
    struct vo_stream a, b;
    struct vo_stream_config config;
};

static struct scene *new_scene(void)
{
    struct scene *scene = aligned_alloc(_Alignof(struct scene), sizeof *scene);
    assert_non_null(scene);
    memset(scene, 0, sizeof *scene);
    assert_true(vo_playout_parse("fixed:60", &scene->config.playout));
    scene->a.confirmed = scene->b.confirmed = true;
    assert_true(vo_leg_join(&scene->a, &scene->b, &sibling));
    assert_ptr_equal(scene->a.leg->first, &scene->b);
    assert_ptr_equal(scene->b.leg->first, &scene->a);
    return scene;
}

static void free_scene(struct scene *scene)
{
    vo_stream_release(&scene->a);
    vo_stream_release(&scene->b);
    free(scene);
}

static void send(struct scene *scene, struct vo_stream *leg, vo_time time, int64_t number)
{
    struct vo_rtp_packet packet = {.time = time,
                                   .timestamp = (uint32_t)number * 160,
                                   .sequence = (uint16_t)number,
                                   .payload_length = 160,
                                   .outer_dscp = 0xff};
    assert_true(vo_stream_add(leg, &scene->config, &packet));
    vo_leg_add(leg, &packet);
}

/* 3 ms, and 3.5 ms every tenth packet. In whole µs: nothing is binned at the ends. */
static void test_delay(void **state)
{
    (void)state;
    struct scene *scene = new_scene();
    for (int64_t i = 0; i < 1000; i++) {
        send(scene, &scene->a, START + i * FRAME, 65000 + i); /* over the wrap */
        send(scene, &scene->b, START + i * FRAME + (i % 10 ? 3000 : 3500) * 1000, 65000 + i);
    }
    const struct vo_leg_delay *leg = scene->b.leg;
    assert_int_equal(leg->matched, 1000);
    assert_int_equal(leg->checked, 1000);
    assert_int_equal(leg->delay.count, 1000);
    assert_int_equal(leg->delay.minimum, 3000);
    assert_int_equal(leg->delay.maximum, 3500);
    assert_int_equal(leg->first_unique, 0);
    assert_int_equal(leg->last_unique, 1000);
    assert_int_equal(scene->a.leg->matched, 0); /* the first leg finds nothing in the second */
    assert_int_equal(scene->a.leg->checked, 0);
    free_scene(scene);
}

/* The order in which the table knew them does not matter; legs may be more than a packet apart. */
static void test_other_order(void **state)
{
    (void)state;
    struct scene *scene = new_scene();
    for (int64_t i = 0; i < 1000; i++) {
        send(scene, &scene->b, START + i * FRAME, i);
        if (i >= 5)
            send(scene, &scene->a, START + i * FRAME + 1234567,
                 i - 5); /* 100 ms and 1234.567 µs later: cut to 1234 */
    }
    assert_int_equal(scene->b.leg->matched, 0);
    const struct vo_leg_delay *leg = scene->a.leg;
    assert_int_equal(leg->matched, 995);
    assert_int_equal(leg->delay.minimum, 101234);
    assert_int_equal(leg->delay.maximum, 101234);
    assert_int_equal(leg->first_unique, 5);
    assert_int_equal(leg->last_unique, 1000);
    free_scene(scene);
}

/* Lost between the legs, 10 of 500: found by the counts. Lost before both: no matter. */
static void test_loss_between(void **state)
{
    (void)state;
    struct scene *scene = new_scene();
    for (int64_t i = 0; i < 500; i++) {
        if (i % 50 == 33)
            continue;
        send(scene, &scene->a, START + i * FRAME, i);
        if (i % 50 != 20)
            send(scene, &scene->b, START + i * FRAME + 2000000, i);
    }
    const struct vo_leg_delay *leg = scene->b.leg;
    assert_int_equal(leg->last_unique - leg->first_unique, 490);
    assert_int_equal(leg->matched, 480);
    assert_int_equal(leg->delay.minimum, 2000);
    assert_int_equal(leg->delay.maximum, 2000);
    free_scene(scene);
}

/* What the window has forgotten, what comes 10 s late, what the sibling never had: no delay is made of it. */
static void test_no_match(void **state)
{
    (void)state;
    struct scene *scene = new_scene();
    send(scene, &scene->b, START, 500); /* nothing of the sibling at all */
    for (int64_t i = 0; i < 600; i++)
        send(scene, &scene->a, START + i * FRAME, i);
    vo_time now = START + 600 * FRAME;
    send(scene, &scene->b, now, 343); /* 256 below the highest */
    assert_int_equal(scene->b.leg->matched, 0);
    send(scene, &scene->b, now, 344);
    assert_int_equal(scene->b.leg->matched, 1);
    assert_int_equal(scene->b.leg->delay.maximum, (600 - 344) * 20000);
    send(scene, &scene->b, now, 600); /* not yet had */
    send(scene, &scene->b, START + 599 * FRAME + 10 * VO_NS_PER_S, 599);
    assert_int_equal(scene->b.leg->matched, 1);
    send(scene, &scene->b, START + 599 * FRAME + 10 * VO_NS_PER_S - 1000, 599);
    assert_int_equal(scene->b.leg->matched, 2);
    assert_int_equal(scene->b.leg->delay.maximum, 9999999);
    free_scene(scene);
}

/* Joining again, or a third leg: what is measured stays. */
static void test_join_again(void **state)
{
    (void)state;
    struct scene *scene = new_scene();
    struct vo_leg_delay *leg = scene->b.leg;
    assert_true(vo_leg_join(&scene->b, &scene->a, &sibling));
    assert_ptr_equal(scene->b.leg, leg);
    struct vo_stream third = {.confirmed = true};
    assert_true(vo_leg_join(&third, &scene->b, &sibling));
    assert_ptr_equal(third.leg->first, &scene->b);
    assert_ptr_equal(scene->b.leg, leg);
    vo_stream_release(&third);
    free_scene(scene);
}

/* Streams of one SSRC as the table joins them: each with the newest before it, which leads to the older. */
static void join_next(struct vo_stream *streams, size_t index, vo_time now)
{
    streams[index].confirmed = true;
    streams[index].last = now;
    streams[index].next_ssrc = index ? &streams[index - 1] : NULL;
    if (index)
        assert_true(vo_leg_join(&streams[index], &streams[index - 1], &sibling));
}

/* A recording sent in many calls: the fifth stream at once proves that the SSRC tells nothing, for good. */
static void test_crowded(void **state)
{
    (void)state;
    struct vo_stream streams[8] = {{.key.ssrc = 7}, {.key.ssrc = 7}, {.key.ssrc = 7}, {.key.ssrc = 7},
                                   {.key.ssrc = 7}, {.key.ssrc = 7}, {.key.ssrc = 7}, {.key.ssrc = 7}};
    for (size_t i = 0; i < VO_LEG_STREAMS; i++)
        join_next(streams, i, START + (vo_time)i * FRAME);
    for (size_t i = 0; i < VO_LEG_STREAMS; i++)
        assert_non_null(streams[i].leg->first);
    for (size_t i = VO_LEG_STREAMS; i < 7; i++)
        join_next(streams, i, START + (vo_time)i * FRAME);
    join_next(streams, 7, START + 3600 * VO_NS_PER_S);
    struct vo_rtp_packet packet = {.time = START};
    for (size_t i = 0; i < 8; i++) {
        vo_leg_add(&streams[i], &packet);
        assert_null(streams[i].leg->first);
        assert_int_equal(streams[i].leg->matched + streams[i].leg->checked, 0);
        vo_stream_release(&streams[i]);
    }
}

/* A sender that keeps its SSRC from call to call has one or two streams at once, however many in all. */
static void test_one_after_the_other(void **state)
{
    (void)state;
    struct vo_stream streams[8] = {{.key.ssrc = 7}, {.key.ssrc = 7}, {.key.ssrc = 7}, {.key.ssrc = 7},
                                   {.key.ssrc = 7}, {.key.ssrc = 7}, {.key.ssrc = 7}, {.key.ssrc = 7}};
    for (size_t i = 0; i < 8; i++)
        join_next(streams, i, START + (vo_time)i * 60 * VO_NS_PER_S);
    for (size_t i = 0; i < 8; i++)
        assert_non_null(streams[i].leg->first);
    for (size_t i = 0; i < 8; i++)
        vo_stream_release(&streams[i]);
}

/* On the air: a station's packets to the access point and from it to another, heard by two interfaces. The
 * legs are those of one interface; the same way heard twice is no leg. */
static void test_on_the_air(void **state)
{
    (void)state;
    static struct vo_encap to_ap = {VO_ENCAP_TO_AP, 16}, from_ap = {VO_ENCAP_FROM_AP, 17};
    struct vo_stream streams[4] = {{.key.ssrc = 7}};
    for (unsigned i = 0; i < 4; i++) {
        struct vo_stream *stream = &streams[i];
        stream->key.ssrc = 7;
        stream->key.interface = i % 2;
        stream->key.encap_hash = i < 2 ? 1 : 2;
        stream->encap = i < 2 ? &to_ap : &from_ap;
        stream->encap_count = 1;
        join_next(streams, i, START + i);
        if (i == 1)
            assert_null(sibling);
    }
    assert_ptr_equal(streams[2].leg->first, &streams[0]);
    assert_ptr_equal(streams[0].leg->first, &streams[2]);
    assert_ptr_equal(streams[3].leg->first, &streams[1]);
    assert_ptr_equal(streams[1].leg->first, &streams[3]);
    for (unsigned i = 0; i < 4; i++) {
        streams[i].encap = NULL; /* not its own */
        vo_stream_release(&streams[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay),        cmocka_unit_test(test_other_order),
        cmocka_unit_test(test_loss_between), cmocka_unit_test(test_no_match),
        cmocka_unit_test(test_join_again),   cmocka_unit_test(test_on_the_air),
        cmocka_unit_test(test_crowded),      cmocka_unit_test(test_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
