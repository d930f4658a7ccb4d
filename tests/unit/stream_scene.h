/* For the tests of a stream: packets to feed it, SDP to bind it, and what it told. */
#ifndef VO_TESTS_UNIT_STREAM_SCENE_H
#define VO_TESTS_UNIT_STREAM_SCENE_H

#include "probes/flow/stream.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAME (20 * VO_NS_PER_MS)
#define START (1700000000 * VO_NS_PER_S)
#define ROWS  4000

static uint64_t random_state;

static inline uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline double uniform(void)
{
    return ((double)(next_random() >> 11) + 0.5) / 9007199254740992.0;
}

/* What the stream tells. */
struct told {
    struct vo_stream_row rows[ROWS];
    bool has[ROWS];
    int64_t next_row;
    unsigned calls;
    char events[512]; /* "kind:detail " of each */
};

struct scene {
    struct vo_stream stream;
    struct vo_stream_config config;
    struct told told;
};

static inline void on_rows(void *context, const struct vo_stream *stream, int64_t first,
                           const struct vo_stream_row *rows, unsigned count)
{
    struct told *told = context;
    (void)stream;
    assert_true(count > 0 && first >= told->next_row && first + count <= ROWS); /* rising, none twice */
    for (unsigned i = 0; i < count; i++) {
        told->rows[first + i] = rows[i];
        told->has[first + i] = true;
    }
    told->next_row = first + count;
    told->calls++;
}

static inline void on_event(void *context, const struct vo_stream *stream, vo_time time, const char *kind,
                            const char *detail)
{
    struct told *told = context;
    (void)stream;
    assert_true(time >= START);
    size_t used = strlen(told->events);
    snprintf(told->events + used, sizeof told->events - used, "%s:%.8s ", kind, detail);
}

static inline struct scene *new_scene(unsigned series_s)
{
    struct scene *scene = aligned_alloc(_Alignof(struct scene), sizeof *scene);
    assert_non_null(scene);
    memset(scene, 0, sizeof *scene);
    scene->config.series_s = series_s;
    scene->config.context = &scene->told;
    scene->config.rows = on_rows;
    scene->config.event = on_event;
    assert_true(vo_playout_parse("fixed:60", &scene->config.playout));
    return scene;
}

static inline void free_scene(struct scene *scene)
{
    vo_stream_release(&scene->stream);
    free(scene);
}

static inline struct vo_rtp_packet packet_of(vo_time time, uint16_t sequence, uint32_t timestamp,
                                             uint8_t type)
{
    return (struct vo_rtp_packet){.time = time,
                                  .timestamp = timestamp,
                                  .sequence = sequence,
                                  .ip_length = 200,
                                  .payload_length = 160,
                                  .payload_type = type,
                                  .dscp = 46,
                                  .outer_dscp = 0xff,
                                  .ttl = 64};
}

static inline void feed(struct scene *scene, struct vo_rtp_packet packet)
{
    assert_true(vo_stream_add(&scene->stream, &scene->config, &packet));
}

/* PCMU packets `from` to `to` of a stream that began with number 100. */
static inline void send_run(struct scene *scene, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        feed(scene, packet_of(START + i * FRAME, (uint16_t)(100 + i), (uint32_t)i * 160, 0));
}

static inline const struct vo_measure *finish(struct scene *scene)
{
    vo_stream_finish(&scene->stream, &scene->config);
    vo_stream_finish(&scene->stream, &scene->config); /* twice does nothing */
    return scene->stream.measure;
}

static inline uint64_t lost(const struct vo_measure *measure)
{
    return vo_sequence_expected(&measure->sequence) - measure->sequence.unique;
}

struct payload {
    uint8_t type;
    const char *codec;
    uint32_t clock_hz;
};

/* A binding that announces payload types up to the one of clock 0. */
struct announced {
    struct vo_binding binding;
    struct vo_media *media;
};

static inline struct announced announce(const struct payload *payloads)
{
    unsigned count = 0;
    while (payloads[count].clock_hz)
        count++;
    struct vo_media *media = calloc(1, sizeof *media + count * sizeof media->payloads[0]);
    assert_non_null(media);
    strcpy(media->kind, "audio");
    media->payload_count = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        media->payloads[i].type = payloads[i].type;
        media->payloads[i].channels = 1;
        media->payloads[i].clock_hz = payloads[i].clock_hz;
        snprintf(media->payloads[i].codec, sizeof media->payloads[i].codec, "%s", payloads[i].codec);
    }
    return (struct announced){{.media = media}, media};
}
#define ANNOUNCE(...) announce((const struct payload[]){__VA_ARGS__, {0, "", 0}})

static inline int packet_by_time(const void *a, const void *b)
{
    const struct vo_rtp_packet *x = a, *y = b;
    return x->time < y->time ? -1 : x->time > y->time ? 1 : (int16_t)(x->sequence - y->sequence);
}

#endif
