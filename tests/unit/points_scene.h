/*
 * Two capture points filled by hand, as sessions would fill them, for the tests of their comparison.
 */
#ifndef VO_TESTS_UNIT_POINTS_SCENE_H
#define VO_TESTS_UNIT_POINTS_SCENE_H

#include "probes/rtp/points.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS       VO_NS_PER_MS
#define START    (1700000000LL * VO_NS_PER_S)
#define OFFSET   (3700 * MS) /* clock of B less that of A at START */
#define SKEW_PPM 20
#define STREAMS  8
#define PAYLOAD  40
#define A        0
#define B        1

/* Points filled by hand, as a session would fill them. */
struct scene {
    struct vo_point point[2];
    struct vo_stream streams[2][STREAMS + 1]; /* by number, from 1 */
    struct vo_measure measures[2][STREAMS + 1];
    struct vo_points between;
    uint32_t captured; /* bytes of payload that the snap length leaves */
};

static inline int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    if (!scene)
        return -1;
    for (int i = 0; i < 2; i++) {
        scene->point[i].name = strdup(i ? "B" : "A");
        scene->point[i].first = START - VO_NS_PER_S;
        scene->point[i].last = START + 4000 * VO_NS_PER_S;
        for (uint16_t n = 1; n <= STREAMS; n++) {
            struct vo_stream *stream = &scene->streams[i][n];
            stream->measure = &scene->measures[i][n];
            stream->measure->ttl_minimum = stream->measure->ttl_maximum = 64;
            stream->key.source[15] = (uint8_t)n;
            stream->key.destination[15] = 100;
            stream->key.source_port = (uint16_t)(10000 + n);
            stream->key.destination_port = 20000;
            stream->key.ssrc = n;
        }
    }
    scene->captured = PAYLOAD;
    *state = scene;
    return 0;
}

static inline int tear_down(void **state)
{
    struct scene *scene = *state;
    vo_points_release(&scene->between);
    vo_point_release(&scene->point[0]);
    vo_point_release(&scene->point[1]);
    free(scene);
    return 0;
}

/* A packet at a point by the true time (A's clock); its payload follows from `content`. */
static inline void see(struct scene *scene, int point, uint32_t number, uint16_t sequence, uint32_t timestamp,
                       vo_time time, unsigned content)
{
    uint8_t bytes[12 + PAYLOAD] = {0x80};
    for (unsigned i = 0; i < PAYLOAD; i++)
        bytes[12 + i] = (uint8_t)((content + 1) * 7 * (i + 3));
    struct vo_packet packet = {
        .payload = bytes, .payload_size = 12 + scene->captured, .payload_length = 12 + PAYLOAD};
    struct vo_stream *stream = &scene->streams[point][number];
    struct vo_rtp rtp = {.ssrc = stream->key.ssrc,
                         .timestamp = timestamp,
                         .sequence = sequence,
                         .payload_offset = 12,
                         .payload_length = PAYLOAD};
    if (point == B)
        time += OFFSET + (time - START) / 1000000 * SKEW_PPM;
    assert_true(vo_point_keep(&scene->point[point], stream, &packet, &rtp, time));
}

/* What vo_point_settle() does, without a stream table; numbers were given in order of first sight. */
static inline void settle(struct scene *scene)
{
    for (int i = 0; i < 2; i++) {
        struct vo_point *point = &scene->point[i];
        point->streams = calloc(point->stream_count + 1, sizeof *point->streams);
        assert_non_null(point->streams);
        for (uint32_t n = 1; n <= STREAMS; n++)
            if (vo_point_number(&scene->streams[i][n]))
                point->streams[vo_point_number(&scene->streams[i][n])].stream = &scene->streams[i][n];
    }
}

static inline void match(struct scene *scene)
{
    settle(scene);
    assert_int_equal(vo_points_match(&scene->between, &scene->point[0], &scene->point[1], NULL), VO_OK);
}

static inline struct vo_point_pair *pair_of(struct scene *scene, int point, uint32_t n)
{
    size_t index = scene->between.pair_of[point][vo_point_number(&scene->streams[point][n])];
    return index == VO_POINT_NONE ? NULL : &scene->between.pairs[index];
}

static inline void solve(struct scene *scene)
{
    assert_int_equal(vo_points_solve(&scene->between, NULL), VO_OK);
}

static inline void make_reverse(struct scene *scene, uint32_t there, uint32_t back)
{
    struct vo_point_pair *one = pair_of(scene, A, there), *other = pair_of(scene, A, back);
    one->reverse = (size_t)(other - scene->between.pairs);
    other->reverse = (size_t)(one - scene->between.pairs);
}

/* Stream 1 from A to B, 20 ms packets, delay 10 to 14 ms; `lost` packets from number 100 on never reach B. */
static inline void forward(struct scene *scene, unsigned packets, unsigned lost)
{
    for (unsigned i = 0; i < packets; i++) {
        vo_time sent = START + i * 20 * MS;
        see(scene, A, 1, (uint16_t)(64000 + i), i * 160, sent, i);
        if (i < 100 || i >= 100 + lost)
            see(scene, B, 1, (uint16_t)(64000 + i), i * 160, sent + (10 + i % 5) * MS, i);
    }
}

/* Stream 2 from B to A, delay 6 to 8 ms. */
static inline void backward(struct scene *scene, unsigned packets)
{
    for (unsigned i = 0; i < packets; i++) {
        vo_time sent = START + 7 * MS + i * 20 * MS;
        see(scene, B, 2, (uint16_t)i, i * 160, sent, i);
        see(scene, A, 2, (uint16_t)i, i * 160, sent + (6 + i % 3) * MS, i);
    }
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
