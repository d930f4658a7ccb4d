/* One RTP stream, from its first packets to what is measured of it: the traps of real captures, one by one.
 */
#include "probes/flow/stream.h"

#include "probes/flow/stream_private.h"

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

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double uniform(void)
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

static void on_rows(void *context, const struct vo_stream *stream, int64_t first,
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

static void on_event(void *context, const struct vo_stream *stream, vo_time time, const char *kind,
                     const char *detail)
{
    struct told *told = context;
    (void)stream;
    assert_true(time >= START);
    size_t used = strlen(told->events);
    snprintf(told->events + used, sizeof told->events - used, "%s:%.8s ", kind, detail);
}

static struct scene *new_scene(unsigned series_s)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    scene->config.series_s = series_s;
    scene->config.context = &scene->told;
    scene->config.rows = on_rows;
    scene->config.event = on_event;
    assert_true(vo_playout_parse("fixed:60", &scene->config.playout));
    return scene;
}

static void free_scene(struct scene *scene)
{
    vo_stream_release(&scene->stream);
    free(scene);
}

static struct vo_rtp_packet packet_of(vo_time time, uint16_t sequence, uint32_t timestamp, uint8_t type)
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

static void feed(struct scene *scene, struct vo_rtp_packet packet)
{
    assert_true(vo_stream_add(&scene->stream, &scene->config, &packet));
}

/* PCMU packets `from` to `to` of a stream that began with number 100. */
static void send_run(struct scene *scene, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        feed(scene, packet_of(START + i * FRAME, (uint16_t)(100 + i), (uint32_t)i * 160, 0));
}

static const struct vo_measure *finish(struct scene *scene)
{
    vo_stream_finish(&scene->stream, &scene->config);
    vo_stream_finish(&scene->stream, &scene->config); /* twice does nothing */
    return scene->stream.measure;
}

static uint64_t lost(const struct vo_measure *measure)
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

static struct announced announce(const struct payload *payloads)
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

/* ---- candidates ---- */

static void test_confirmation(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        int64_t packets;
    } cases[] = {{0, 4}, {8, 4}, {9, 4}, {18, 4}, {77, 17}, {35, 17}, {2, 17}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene *scene = new_scene(0);
        for (int64_t n = 0; n < cases[i].packets; n++) {
            assert_false(scene->stream.confirmed);
            feed(scene,
                 packet_of(START + n * FRAME, (uint16_t)(65534 + n), (uint32_t)n * 160, cases[i].type));
        }
        assert_true(scene->stream.confirmed);
        const struct vo_measure *measure = finish(scene);
        assert_non_null(measure);
        assert_int_equal(measure->packets, cases[i].packets); /* the first ones count, too */
        assert_int_equal(lost(measure), 0);
        free_scene(scene);
    }
    /* copies prove nothing */
    struct scene *scene = new_scene(0);
    for (int n = 0; n < 50; n++)
        feed(scene, packet_of(START + n * FRAME, 7, 7, 0));
    assert_false(scene->stream.confirmed);
    assert_null(finish(scene));
    free_scene(scene);
    /* two packets and no signalling: nothing */
    scene = new_scene(0);
    send_run(scene, 0, 3);
    assert_null(finish(scene));
    free_scene(scene);
    scene = new_scene(0);
    assert_null(finish(scene)); /* not one */
    free_scene(scene);
}

static void test_noise_is_no_stream(void **state)
{
    (void)state;
    random_state = 5;
    struct scene *scene = new_scene(0);
    for (int i = 0; i < 100000; i++)
        feed(scene, packet_of(START + i * VO_NS_PER_MS, (uint16_t)next_random(), (uint32_t)next_random(),
                              (uint8_t)(next_random() % 128)));
    assert_false(scene->stream.confirmed);
    assert_null(finish(scene));
    free_scene(scene);
}

static void test_vouched_for(void **state)
{
    (void)state;
    struct scene *scene = new_scene(1);
    struct announced sdp = ANNOUNCE({111, "opus", 48000});
    vo_stream_bind(&scene->stream, &sdp.binding, NULL);
    vo_stream_confirm(&scene->stream, &scene->config);
    feed(scene, packet_of(START, 1, 1, 111));
    const struct vo_measure *measure = finish(scene);
    assert_non_null(measure);
    assert_int_equal(vo_sequence_expected(&measure->sequence), 1);
    assert_int_equal(measure->delay.jitter.count, 0); /* no jitter of one packet */
    assert_int_equal(scene->told.rows[0].packets, 1);
    assert_true(scene->told.rows[0].jitter_max_ms < 0);
    const struct vo_payload *payload = vo_stream_main_payload(&scene->stream);
    assert_string_equal(payload->codec, "opus");
    assert_int_equal(payload->clock_hz, 48000);
    assert_int_equal(payload->basis, VO_CLOCK_SDP);
    assert_int_equal(payload->packets, 1);
    free_scene(scene);
    free(sdp.media);
    /* RTCP vouches after two packets of a dynamic type: the clock stays unknown, and is said so */
    scene = new_scene(0);
    feed(scene, packet_of(START, 1, 1, 100));
    feed(scene, packet_of(START + FRAME, 2, 161, 100));
    vo_stream_confirm(&scene->stream, &scene->config);
    measure = finish(scene);
    assert_non_null(measure);
    assert_true(measure->clockless);
    assert_int_equal(measure->packets, 2);
    assert_int_equal(measure->delay.jitter.count, 0);
    assert_int_equal(measure->playout.packets, 0);
    free_scene(scene);
}

/* ---- the clock ---- */

static int by_time(const void *a, const void *b)
{
    const struct vo_rtp_packet *x = a, *y = b;
    return x->time < y->time ? -1 : x->time > y->time ? 1 : (int16_t)(x->sequence - y->sequence);
}

/* Either right or unknown, whatever the network does: 12,000 random ones, with loss, silence and reordering.
 */
static void test_clock_estimate(void **state)
{
    (void)state;
    static const uint32_t clocks[] = {8000, 16000, 48000, 44100, 32000, 24000};
    static const unsigned times_ms[] = {10, 20, 30, 40, 60};
    unsigned right = 0, easy = 0, easy_right = 0;
    for (uint64_t seed = 1; seed <= 12000; seed++) {
        random_state = seed;
        uint32_t clock_hz = clocks[next_random() % 6];
        unsigned frame_ms = times_ms[next_random() % 5];
        uint32_t step = clock_hz / 100 * (frame_ms / 10);
        double jitter_ms = (double)(next_random() % 4) * 50 * uniform(),
               spike_ms = next_random() % 2 ? 0 : 400 * uniform();
        bool silent = next_random() % 3 == 0;
        unsigned loss = next_random() % 20, count = 0, number = 0;
        static struct vo_rtp_packet packets[VO_STREAM_KEEP];
        unsigned want = 64 * (1 + (unsigned)(next_random() % 4));
        double media_ms = 0;
        uint32_t base = (uint32_t)next_random();
        while (count < want) {
            double late_ms = -log(uniform()) * jitter_ms / 3 + (next_random() % 40 == 0 ? spike_ms : 0);
            uint32_t frames = (uint32_t)(media_ms / frame_ms + 0.5);
            if (next_random() % 100 >= loss)
                packets[count++] = packet_of(START + (vo_time)((media_ms + late_ms) * 1e6), (uint16_t)number,
                                             base + frames * step, 100);
            number++;
            media_ms += frame_ms;
            if (silent && next_random() % 30 == 0)
                media_ms += frame_ms * (double)(next_random() % 50);
        }
        qsort(packets, count, sizeof *packets, by_time);
        uint32_t estimate = vo_clock_estimate(packets, count);
        if (estimate != 0 && estimate != clock_hz)
            fail_msg("seed %llu: %u for %u (%u ms)", (unsigned long long)seed, estimate, clock_hz, frame_ms);
        right += estimate != 0;
        bool plain = jitter_ms < 20 && spike_ms == 0 && want * frame_ms >= 1000;
        easy += plain;
        easy_right += plain && estimate != 0;
    }
    assert_true(right > 10000);
    assert_int_equal(easy_right, easy); /* and none of the easy ones is unknown */
    assert_true(easy > 1500);
}

/* A sender that pauses with its timestamps for up to 6 s, or a network that stalls as long, among the
 * packets: the mean rate is then that of another clock, which is not taken for it. */
static void test_clock_with_a_break(void **state)
{
    (void)state;
    static const uint32_t clocks[] = {8000, 16000, 48000, 44100, 32000, 24000};
    static const unsigned times_ms[] = {10, 20, 30, 40, 60};
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        random_state = seed;
        uint32_t clock_hz = clocks[next_random() % 6];
        unsigned frame_ms = times_ms[next_random() % 5], count = 64 * (1 + (unsigned)(next_random() % 4));
        unsigned at = (unsigned)(next_random() % count);
        vo_time length = (vo_time)(next_random() % 6000) * VO_NS_PER_MS, frame = frame_ms * VO_NS_PER_MS;
        bool stall = next_random() % 2;
        static struct vo_rtp_packet packets[VO_STREAM_KEEP];
        for (unsigned i = 0; i < count; i++) {
            vo_time due = i * frame, end = at * frame + length;
            if (i >= at)
                due = stall ? (due < end ? end + (i - at) * 100000 : due) : due + length;
            packets[i] = packet_of(START + due, (uint16_t)i, i * (clock_hz / 100) * (frame_ms / 10), 100);
        }
        uint32_t estimate = vo_clock_estimate(packets, count);
        if (estimate != 0 && estimate != clock_hz)
            fail_msg("seed %llu: %u for %u", (unsigned long long)seed, estimate, clock_hz);
    }
}

/* Video: 8 packets a frame, 25 or 30 frames a second. */
static void test_clock_of_video(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        random_state = seed;
        static struct vo_rtp_packet packets[VO_STREAM_KEEP];
        uint32_t step = seed % 2 ? 3000 : 3600;
        for (unsigned i = 0; i < VO_STREAM_KEEP; i++)
            packets[i] = packet_of(START + (vo_time)((double)(i / 8 * step) / 90000 * 1e9 + 5e6 * uniform()),
                                   (uint16_t)i, i / 8 * step, 100);
        assert_int_equal(vo_clock_estimate(packets, VO_STREAM_KEEP), 90000);
    }
    struct vo_rtp_packet none = packet_of(START, 1, 1, 100);
    assert_int_equal(vo_clock_estimate(&none, 1), 0);
}

/* Opus without SDP: the clock is found, and nothing is measured without it. Alternating 4 ms of delay: jitter
 * goes to 4 ms. */
static void test_opus_without_sdp(void **state)
{
    (void)state;
    struct scene *scene = new_scene(0);
    for (int i = 0; i < 2000; i++)
        feed(scene,
             packet_of(START + i * FRAME + i % 2 * 4 * VO_NS_PER_MS, (uint16_t)i, (uint32_t)i * 960, 111));
    const struct vo_measure *measure = finish(scene);
    assert_false(measure->clockless);
    const struct vo_payload *payload = vo_stream_main_payload(&scene->stream);
    assert_int_equal(payload->basis, VO_CLOCK_ESTIMATED);
    assert_int_equal(payload->clock_hz, 48000);
    assert_int_equal(measure->packets, 2000);
    assert_int_equal(measure->delay.jitter.count, 1999); /* from the first packet on */
    assert_true(fabs(measure->delay.jitter.now_ns / 1e6 - 4) < 1e-6);
    free_scene(scene);
}

static void test_g722_is_8000(void **state)
{
    (void)state;
    struct scene *scene = new_scene(0);
    for (int i = 0; i < 500; i++)
        feed(scene, packet_of(START + i * FRAME, (uint16_t)i, (uint32_t)i * 160, 9));
    const struct vo_measure *measure = finish(scene);
    assert_true(measure->delay.jitter.maximum_ns < 1);
    assert_string_equal(vo_stream_main_payload(&scene->stream)->codec, "G722");
    free_scene(scene);
}

/* SDP that comes after the stream opened without a clock: time is measured from then on. */
static void test_late_sdp(void **state)
{
    (void)state;
    struct scene *scene = new_scene(0);
    for (int i = 0; i < 300; i++) /* packets at random times of a random clock: no estimate */
        feed(scene, packet_of(START + i * FRAME, (uint16_t)i, (uint32_t)i * 777, 100));
    assert_true(scene->stream.measure && scene->stream.measure->clockless);
    struct announced sdp = ANNOUNCE({100, "speex", 38850});
    vo_stream_bind(&scene->stream, NULL, &sdp.binding);
    for (int i = 300; i < 500; i++)
        feed(scene,
             packet_of(START + i * FRAME + i % 2 * 8 * VO_NS_PER_MS, (uint16_t)i, (uint32_t)i * 777, 100));
    const struct vo_measure *measure = finish(scene);
    assert_false(measure->clockless);
    assert_int_equal(measure->delay.jitter.count, 199);
    assert_true(fabs(measure->delay.jitter.now_ns - 8e6) < 100); /* 8 ms, but for 15/16 to the 199th */
    assert_int_equal(measure->codec_changes, 0);
    assert_string_equal(vo_stream_main_payload(&scene->stream)->codec, "speex");
    assert_string_equal(scene->told.events, "");
    free_scene(scene);
    free(sdp.media);
}

/* ---- payloads ---- */

/* PCMU, PCMA, G722 and opus in turn, each with timestamps of its own: changes are told, nothing is lost, no
 * jitter. */
static void test_codec_changes(void **state)
{
    (void)state;
    struct scene *scene = new_scene(0);
    struct announced sdp =
        ANNOUNCE({0, "PCMU", 8000}, {8, "PCMA", 8000}, {9, "G722", 8000}, {111, "opus", 48000});
    vo_stream_bind(&scene->stream, &sdp.binding, NULL);
    vo_stream_confirm(&scene->stream, &scene->config);
    static const struct {
        uint8_t type;
        uint32_t base, step;
    } parts[] = {{0, 0, 160}, {8, 900000000, 160}, {9, 12345, 160}, {111, 4000000000u, 960}};
    int number = 0;
    for (int part = 0; part < 4; part++)
        for (int i = 0; i < 100; i++, number++)
            feed(scene, packet_of(START + number * FRAME, (uint16_t)number,
                                  parts[part].base + (uint32_t)i * parts[part].step, parts[part].type));
    const struct vo_measure *measure = finish(scene);
    assert_int_equal(measure->codec_changes, 3);
    assert_string_equal(scene->told.events, "codec_change:PCMA codec_change:G722 codec_change:opus ");
    assert_int_equal(lost(measure), 0);
    assert_int_equal(measure->sequence.restarts + measure->sequence.strays, 0);
    assert_true(measure->delay.jitter.maximum_ns < 1);
    assert_int_equal(measure->delay.jitter.count, 396); /* each first packet of four has none */
    for (int i = 0; i < 4; i++)
        assert_int_equal(scene->stream.payloads[i].packets, 100);
    assert_int_equal(scene->stream.payloads[0].octets, 16000);
    free_scene(scene);
    free(sdp.media);
}

/* PCMU, comfort noise, PCMU: no change. PCMU, a key press, G722: one. */
static void test_change_across_noise(void **state)
{
    (void)state;
    struct scene *scene = new_scene(0);
    send_run(scene, 0, 100);
    feed(scene, packet_of(START + 100 * FRAME, 200, 100 * 160, 13));
    send_run(scene, 101, 200);
    assert_int_equal(scene->stream.measure->codec_changes, 0);
    struct vo_rtp_packet key = packet_of(START + 200 * FRAME, 300, 200 * 160, 101);
    key.payload_length = 4;
    feed(scene, key);
    for (int i = 201; i < 300; i++)
        feed(scene, packet_of(START + i * FRAME, (uint16_t)(100 + i), (uint32_t)i * 160, 9));
    const struct vo_measure *measure = finish(scene);
    assert_int_equal(measure->codec_changes, 1);
    assert_int_equal(measure->noise_packets, 1);
    assert_int_equal(measure->event_packets, 1);
    assert_string_equal(scene->told.events, "codec_change:G722 ");
    assert_int_equal(lost(measure), 0);
    assert_int_equal(measure->delay.jitter.count, 99 + 98 + 98); /* none after noise, an event, a change */
    free_scene(scene);
}

/* A stray packet of another type and far away is no codec change; one of a seventh type does no harm. */
static void test_stray_types(void **state)
{
    (void)state;
    struct scene *scene = new_scene(1);
    send_run(scene, 0, 100);
    feed(scene, packet_of(START + 100 * FRAME, 30000, 99, 8));
    send_run(scene, 100, 150);
    for (int i = 0; i < 20; i++)
        feed(scene, packet_of(START + 150 * FRAME + i, (uint16_t)(20000 + 1000 * i), 99, (uint8_t)(70 + i)));
    send_run(scene, 150, 200);
    const struct vo_measure *measure = finish(scene);
    assert_int_equal(measure->codec_changes, 0);
    assert_int_equal(measure->sequence.strays, 21);
    assert_int_equal(measure->sequence.unique, 200);
    assert_int_equal(lost(measure), 0);
    assert_int_equal(vo_stream_main_payload(&scene->stream)->type, 0);
    uint64_t rows = 0; /* strays are packets, too */
    for (int i = 0; i < ROWS; i++)
        rows += scene->told.rows[i].packets;
    assert_int_equal(rows, 221);
    free_scene(scene);
}

/* ---- events ---- */

static void press(struct scene *scene, int *number, uint8_t type, uint8_t key, int updates, int ends,
                  bool media_between)
{
    uint32_t begun = (uint32_t)*number * 160;
    for (int i = 0; i < updates + ends; i++, ++*number) {
        struct vo_rtp_packet packet =
            packet_of(START + *number * FRAME, (uint16_t)(100 + *number), begun, type);
        packet.payload_length = 4;
        packet.has_event = true;
        packet.event = key;
        packet.event_end = i >= updates ? 0x8a : 0x0a;
        feed(scene, packet);
        if (media_between) {
            ++*number;
            feed(scene,
                 packet_of(START + *number * FRAME, (uint16_t)(100 + *number), (uint32_t)*number * 160, 0));
        }
    }
}

static void test_keys(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) { /* with SDP; without; with media in between */
        struct scene *scene = new_scene(0);
        struct announced sdp = ANNOUNCE({0, "PCMU", 8000}, {101, "telephone-event", 8000});
        if (kind == 0)
            vo_stream_bind(&scene->stream, &sdp.binding, NULL);
        send_run(scene, 0, 50);
        int number = 50;
        static const uint8_t keys[] = {1, 1, 0, 10, 11, 12, 15, 16};
        for (unsigned i = 0; i < sizeof keys; i++) {
            press(scene, &number, 101, keys[i], 5, 3, kind == 2);
            send_run(scene, number, number + 10);
            number += 10;
        }
        const struct vo_measure *measure = finish(scene);
        assert_string_equal(scene->told.events, "dtmf:1 dtmf:1 dtmf:0 dtmf:* dtmf:# dtmf:A dtmf:D dtmf:16 ");
        assert_int_equal(measure->event_packets, 64);
        assert_int_equal(lost(measure), 0);
        assert_int_equal(measure->delay.jumps, 0);
        assert_true(measure->delay.jitter.maximum_ns < 1); /* frozen timestamps are no jitter */
        assert_int_equal(measure->codec_changes, 0);
        free_scene(scene);
        free(sdp.media);
    }
}

/* The repeated end of a press after the next has begun is no press; nor are copies, nor is anything told of
 * SRTP. */
static void test_keys_out_of_order(void **state)
{
    (void)state;
    struct scene *scene = new_scene(0);
    send_run(scene, 0, 50);
    struct vo_rtp_packet a = packet_of(0, 0, 50 * 160, 101), b = packet_of(0, 0, 54 * 160, 101);
    a.payload_length = b.payload_length = 4;
    a.has_event = b.has_event = true;
    a.event = 3;
    b.event = 4;
    const struct vo_rtp_packet *const order[] = {&a, &a, &a, &a, &b, &a, &b, &b, &b};
    static const uint16_t numbers[] = {50, 51, 52, 52, 54, 53, 55, 56, 56};
    for (int i = 0; i < 9; i++) {
        struct vo_rtp_packet packet = *order[i];
        packet.time = START + (50 + i) * FRAME;
        packet.sequence = (uint16_t)(100 + numbers[i]);
        feed(scene, packet);
    }
    const struct vo_measure *measure = finish(scene);
    assert_string_equal(scene->told.events, "dtmf:3 dtmf:4 ");
    assert_int_equal(measure->sequence.duplicates, 2);
    assert_int_equal(measure->event_packets, 7);
    free_scene(scene);
    scene = new_scene(0);
    scene->stream.secure = true;
    send_run(scene, 0, 50);
    int number = 50;
    press(scene, &number, 101, 5, 5, 3, false);
    finish(scene);
    assert_string_equal(scene->told.events, "");
    free_scene(scene);
}

/* ---- what breaks time ---- */

static void test_restart_and_hold(void **state)
{
    (void)state;
    struct scene *scene = new_scene(1);
    send_run(scene, 0, 500);
    for (int i = 0; i < 500; i++) /* anew, 10 s later */
        feed(scene,
             packet_of(START + (1000 + i) * FRAME, (uint16_t)(30000 + i), 777000000u + (uint32_t)i * 160, 0));
    for (int i = 500; i < 1000; i++) /* the numbers go on, the timestamps stood still for 10 s */
        feed(scene,
             packet_of(START + (1500 + i) * FRAME, (uint16_t)(30000 + i), 777000000u + (uint32_t)i * 160, 0));
    const struct vo_measure *measure = finish(scene);
    assert_string_equal(scene->told.events, "restart:a new se hold:timestam ");
    assert_int_equal(measure->sequence.restarts, 1);
    assert_int_equal(measure->delay.jumps, 1);
    assert_int_equal(lost(measure), 0);
    assert_int_equal(measure->playout.discarded, 0);
    assert_int_equal(measure->sequence.unique, 1500);
    assert_true(measure->delay.jitter.maximum_ns < 1);
    assert_int_equal(measure->delay.variation.maximum, 0);
    free_scene(scene);
}

/* 70,000 lost, the arrivals go on: no spike of 87,500 ms of jitter, and the loss is in the row where it was.
 */
static void test_wide_gap(void **state)
{
    (void)state;
    struct scene *scene = new_scene(1);
    send_run(scene, 0, 500);
    for (int64_t i = 500; i < 1000; i++)
        feed(scene,
             packet_of(START + i * FRAME, (uint16_t)(100 + i + 70000), (uint32_t)(i + 70000) * 160, 0));
    const struct vo_measure *measure = finish(scene);
    assert_int_equal(lost(measure), 70000);
    assert_true(measure->delay.jitter.maximum_ns < 1);
    assert_int_equal(measure->delay.jumps, 1);
    assert_int_equal(scene->told.rows[9].lost, 70000); /* between 9.98 s and 10.00 s */
    for (int i = 0; i < 20; i++)
        assert_int_equal(scene->told.rows[i].unique, 50);
    struct vo_window window = measure->window;
    struct vo_window_worst worst;
    assert_true(vo_window_finish(&window, &worst));
    assert_int_equal(worst.lost, 70000);
    assert_int_equal(worst.expected, 71000);
    free_scene(scene);
}

/* 20 minutes at 50 a second, 300 lost in a row: 0.5 % of the call and 2.0 % of its worst five minutes. */
static void test_worst_five_minutes(void **state)
{
    (void)state;
    struct scene *scene = new_scene(5);
    send_run(scene, 0, 30000);
    send_run(scene, 30300, 60000);
    const struct vo_measure *measure = finish(scene);
    assert_int_equal(vo_sequence_expected(&measure->sequence), 60000);
    assert_int_equal(lost(measure), 300);
    struct vo_window window = measure->window;
    struct vo_window_worst worst;
    assert_true(vo_window_finish(&window, &worst));
    assert_int_equal(worst.expected, 15000);
    assert_int_equal(worst.lost, 300);
    assert_int_equal(scene->told.rows[119].lost, 0);
    assert_int_equal(scene->told.rows[120].lost, 250); /* 600 s to 605 s */
    assert_int_equal(scene->told.rows[121].lost, 50);
    assert_int_equal(measure->burst.bad, 300);
    free_scene(scene);
}

/* ---- the series ---- */

/* Loss, copies, reordering, strays, late packets: rows add up to the totals, and hold what came in their
 * time. */
static void test_rows_add_up(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_state = seed;
        unsigned step = seed % 2 ? 1 : 5, loss = (unsigned)(next_random() % 100), marked = 0;
        struct scene *scene = new_scene(step);
        static uint32_t packets[ROWS];
        memset(packets, 0, sizeof packets);
        static struct vo_rtp_packet arrivals[20000];
        unsigned count = 0;
        vo_time shift = 0;
        for (int i = 0; i < 8000; i++) {
            if (i == 100 + (int)(seed % 7000) && seed % 3)
                shift = (vo_time)(next_random() % 400) *
                        VO_NS_PER_S; /* silence: shorter and longer than the rows kept */
            if (i > 20 && next_random() % 1000 < loss)
                continue;
            vo_time late =
                i > 20 && next_random() % 20 == 0 ? (vo_time)(next_random() % 300) * VO_NS_PER_MS : 0;
            struct vo_rtp_packet packet = packet_of(START + i * FRAME + shift + late, (uint16_t)(60000 + i),
                                                    (uint32_t)(i * 160 + shift / 125000), 0);
            packet.dscp = next_random() % 4 ? 46 : 0;
            arrivals[count++] = packet;
            if (i > 20 && next_random() % 50 == 0) {
                packet.time += (vo_time)(next_random() % 100) * VO_NS_PER_MS;
                arrivals[count++] = packet;
            }
            if (i > 20 && next_random() % 2000 == 0) {
                packet.sequence = (uint16_t)(packet.sequence + 20000 + next_random() % 20000);
                packet.timestamp = (uint32_t)next_random();
                arrivals[count++] = packet;
            }
        }
        qsort(arrivals, count, sizeof *arrivals, by_time);
        for (unsigned i = 0; i < count; i++) {
            feed(scene, arrivals[i]);
            marked += arrivals[i].dscp == 46;
            packets[(arrivals[i].time - START) / VO_NS_PER_S / step]++;
        }
        const struct vo_measure *measure = finish(scene);
        struct {
            uint64_t packets, unique, lost, discarded, dscp_46;
        } sum = {0, 0, 0, 0, 0};
        for (int i = 0; i < ROWS; i++) {
            const struct vo_stream_row *row = &scene->told.rows[i];
            if (row->packets != packets[i])
                fail_msg("seed %llu: row %d has %u packets instead of %u", (unsigned long long)seed, i,
                         row->packets, packets[i]);
            sum.packets += row->packets;
            sum.unique += row->unique;
            sum.lost += row->lost;
            sum.discarded += row->discarded;
            sum.dscp_46 += row->dscp_46;
        }
        assert_int_equal(sum.packets, count);
        assert_int_equal(measure->packets, count);
        assert_int_equal(sum.unique, measure->sequence.unique);
        assert_int_equal(sum.lost, lost(measure));
        assert_int_equal(sum.discarded, measure->playout.discarded);
        assert_int_equal(sum.dscp_46, marked);
        assert_int_equal(measure->dscp[46], marked);
        assert_int_equal(measure->dscp[0], count - marked);
        assert_int_equal(measure->burst.bad, lost(measure) + measure->playout.discarded);
        assert_int_equal(scene->stream.payloads[0].packets, measure->sequence.unique);
        assert_int_equal(measure->octets, (uint64_t)count * 200);
        /* the window: a stream of one window holds all of it */
        struct vo_window window = measure->window;
        struct vo_window_worst worst;
        assert_true(vo_window_finish(&window, &worst));
        if (arrivals[count - 1].time - START < 300 * VO_NS_PER_S) {
            assert_int_equal(worst.lost, lost(measure));
            assert_int_equal(worst.expected, vo_sequence_expected(&measure->sequence));
        }
        free_scene(scene);
    }
}

/* Outages of 6 s, 70 s and 10 min, at second 60: lost packets lie evenly where they would have come. */
static void test_outages(void **state)
{
    (void)state;
    static const int64_t outages[] = {6, 70, 600};
    for (unsigned step = 1; step <= 5; step += 4)
        for (unsigned i = 0; i < 3; i++) {
            struct scene *scene = new_scene(step);
            int64_t seconds = outages[i];
            send_run(scene, 0, 3000);
            send_run(scene, 3000 + seconds * 50, 6000 + seconds * 50);
            const struct vo_measure *measure = finish(scene);
            assert_int_equal(lost(measure), seconds * 50);
            int64_t rows = (120 + seconds + step - 1) / step;
            for (int64_t row = 0; row < rows; row++) {
                uint32_t want_lost = 0, want_unique = 0;
                for (int64_t s = row * step; s < (row + 1) * step && s < 120 + seconds; s++) {
                    want_lost += s >= 60 && s < 60 + seconds ? 50 : 0;
                    want_unique += s >= 60 && s < 60 + seconds ? 0 : 50;
                }
                assert_true(scene->told.has[row]);
                /* the first lost packet would have come at exactly 60 s: rounding may put it on either side
                 */
                if (labs((long)scene->told.rows[row].lost - (long)want_lost) > 1)
                    fail_msg("outage of %lld s, step %u: row %lld has %u lost", (long long)seconds, step,
                             (long long)row, scene->told.rows[row].lost);
                assert_int_equal(scene->told.rows[row].unique, want_unique);
            }
            assert_int_equal(scene->told.next_row, rows);
            assert_true(scene->told.calls <= (unsigned)rows / 16 + 4); /* in chunks, not row by row */
            free_scene(scene);
        }
}

/* Silence longer than the rows that are kept: no rows of it, and the same rows as ever after it. */
static void test_rows_after_silence(void **state)
{
    (void)state;
    static const int64_t silences[] = {1, 62, 63, 64, 65, 66, 500};
    for (unsigned i = 0; i < sizeof silences / sizeof *silences; i++) {
        struct scene *scene = new_scene(1);
        send_run(scene, 0, 100);
        for (int64_t n = 100; n < 200; n++) {
            int64_t at = n + silences[i] * 50;
            feed(scene, packet_of(START + at * FRAME, (uint16_t)(100 + n), (uint32_t)at * 160, 0));
        }
        const struct vo_measure *measure = finish(scene);
        assert_int_equal(lost(measure), 0);
        assert_int_equal(measure->delay.jumps, 0);
        for (int64_t row = 0; row < 4 + silences[i]; row++) {
            bool talks = row < 2 || row >= 2 + silences[i];
            assert_int_equal(scene->told.rows[row].unique, talks ? 50 : 0);
            assert_int_equal(scene->told.has[row] && scene->told.rows[row].jitter_max_ms >= 0, talks);
        }
        assert_int_equal(scene->told.next_row, 4 + silences[i]);
        free_scene(scene);
    }
}

/* A copy at the end of an outage does not smear the loss. */
static void test_copy_after_outage(void **state)
{
    (void)state;
    struct scene *scene = new_scene(1);
    send_run(scene, 0, 500);
    feed(scene,
         packet_of(START + 5000 * FRAME - 1, 599, 499 * 160, 0)); /* the last packet again, 90 s late */
    send_run(scene, 5000, 5500);
    const struct vo_measure *measure = finish(scene);
    assert_int_equal(lost(measure), 4500);
    assert_int_equal(measure->sequence.duplicates, 1);
    for (int row = 11; row < 99; row++)
        assert_in_range(scene->told.rows[row].lost, 49, 51);
    free_scene(scene);
}

/* Talkspurts: 30 silences with a marker; the first packet after each is no jitter sample. Late ones are
 * discarded. */
static void test_talkspurts(void **state)
{
    (void)state;
    struct scene *scene = new_scene(1);
    int number = 0, frame = 0;
    for (int talk = 0; talk < 31; talk++, frame += 40)
        for (int i = 0; i < 50; i++, number++, frame++) {
            /* each talkspurt begins 30 ms late and drifts back: jitter comes only from within */
            struct vo_rtp_packet packet =
                packet_of(START + frame * FRAME, (uint16_t)number, (uint32_t)frame * 160, 0);
            packet.marker = i == 0;
            packet.time += talk && i == 0 ? 61 * VO_NS_PER_MS : 0;
            if (talk && i == 1)
                packet.time += 41 * VO_NS_PER_MS + 1000;
            if (talk && i == 2)
                packet.time += 21 * VO_NS_PER_MS + 2000;
            feed(scene, packet);
        }
    const struct vo_measure *measure = finish(scene);
    assert_int_equal(measure->talkspurts, 30);
    assert_int_equal(lost(measure), 0);
    assert_int_equal(measure->playout.discarded, 30);
    assert_int_equal(measure->delay.jitter.count, 31 * 49);
    free_scene(scene);
}

/* A tunnel's DSCP is counted apart, TTL by its range; out-of-range values stay in their tables. */
static void test_headers(void **state)
{
    (void)state;
    struct scene *scene = new_scene(0);
    for (int i = 0; i < 100; i++) {
        struct vo_rtp_packet packet = packet_of(START + i * FRAME, (uint16_t)i, (uint32_t)i * 160, 0);
        packet.dscp = (uint8_t)(i % 2 ? 46 : i % 64);
        packet.outer_dscp = (uint8_t)(i < 30 ? 0xff : i < 60 ? 46 : 34);
        packet.ttl = (uint8_t)(50 + i % 7);
        feed(scene, packet);
    }
    const struct vo_measure *measure = finish(scene);
    assert_int_equal(measure->dscp[46], 50 + 1); /* the odd ones, and 46 itself */
    assert_int_equal(measure->dscp[0], 2);
    assert_int_equal(measure->tunnelled, 70);
    assert_int_equal(measure->outer_46, 30);
    assert_int_equal(measure->outer_dscp[34], 40);
    assert_int_equal(measure->ttl_minimum, 50);
    assert_int_equal(measure->ttl_maximum, 56);
    free_scene(scene);
}

/* Anything at all: nothing crashes, and the sums hold. */
static void test_anything(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        random_state = seed * 31;
        struct scene *scene = new_scene(seed % 2 ? 1 : 7);
        scene->stream.confirmed = seed % 3 != 0;
        vo_time time = START;
        uint16_t sequence = (uint16_t)next_random();
        uint32_t timestamp = (uint32_t)next_random();
        uint8_t type = 0;
        for (int i = 0; i < 600; i++) {
            uint64_t kind = next_random() % 40;
            time += kind == 0 ? (vo_time)(next_random() % 100) * VO_NS_PER_S : FRAME;
            time -= kind == 1 && time > START + VO_NS_PER_S ? VO_NS_PER_S : 0;
            sequence = (uint16_t)(kind == 2   ? next_random()
                                  : kind == 3 ? sequence + next_random() % 5000
                                              : sequence + 1u);
            timestamp = kind == 4 ? (uint32_t)next_random() : timestamp + 160;
            type = kind == 5 ? (uint8_t)(next_random() % 128) : type;
            struct vo_rtp_packet packet = packet_of(time, sequence, timestamp, type);
            packet.marker = next_random() % 8 == 0;
            packet.payload_length = next_random() % 8 ? 160 : 4;
            packet.has_event = packet.payload_length == 4;
            packet.event = (uint8_t)next_random();
            feed(scene, packet);
        }
        const struct vo_measure *measure = finish(scene);
        if (measure) {
            uint64_t packets = 0, unique = 0, gone = 0, sent = 0, of_payloads = 0;
            for (int i = 0; i < ROWS; i++) {
                packets += scene->told.rows[i].packets;
                unique += scene->told.rows[i].unique;
                gone += scene->told.rows[i].lost;
            }
            for (int i = 0; i < scene->stream.payload_count; i++)
                of_payloads += scene->stream.payloads[i].packets;
            for (int i = 0; i < 64; i++)
                sent += measure->dscp[i];
            const struct vo_sequence *s = &measure->sequence;
            assert_int_equal(s->unique + s->duplicates + s->strays, measure->packets);
            assert_int_equal(packets, measure->packets);
            assert_int_equal(sent, measure->packets);
            assert_int_equal(unique, s->unique);
            assert_int_equal(of_payloads, s->unique);
            assert_int_equal(gone, lost(measure));
            assert_int_equal(measure->burst.bad, lost(measure) + measure->playout.discarded);
        }
        free_scene(scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirmation),
        cmocka_unit_test(test_noise_is_no_stream),
        cmocka_unit_test(test_vouched_for),
        cmocka_unit_test(test_clock_estimate),
        cmocka_unit_test(test_clock_with_a_break),
        cmocka_unit_test(test_clock_of_video),
        cmocka_unit_test(test_opus_without_sdp),
        cmocka_unit_test(test_g722_is_8000),
        cmocka_unit_test(test_late_sdp),
        cmocka_unit_test(test_codec_changes),
        cmocka_unit_test(test_change_across_noise),
        cmocka_unit_test(test_stray_types),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_keys_out_of_order),
        cmocka_unit_test(test_restart_and_hold),
        cmocka_unit_test(test_wide_gap),
        cmocka_unit_test(test_worst_five_minutes),
        cmocka_unit_test(test_rows_add_up),
        cmocka_unit_test(test_outages),
        cmocka_unit_test(test_rows_after_silence),
        cmocka_unit_test(test_copy_after_outage),
        cmocka_unit_test(test_talkspurts),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
