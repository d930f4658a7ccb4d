/* Two capture points: which packets are the same, which way they went, how long they took, what was lost. */
#include "core/json.h"
#include "core/options.h"
#include "core/record.h"
#include "probes/rtp/emit.h"
#include "probes/rtp/points_emit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS         VO_NS_PER_MS
#define START      (1700000000LL * VO_NS_PER_S)
#define OFFSET     (3700 * MS) /* clock of B less that of A at START */
#define SKEW_PPM   20
#define STREAMS    8
#define PAYLOAD    40
#define A          0
#define B          1

/* Points filled by hand, as a session would fill them. */
struct scene {
    struct vo_point point[2];
    struct vo_stream streams[2][STREAMS + 1]; /* by number, from 1 */
    struct vo_measure measures[2][STREAMS + 1];
    struct vo_points between;
    uint32_t captured; /* bytes of payload that the snap length leaves */
};

static int set_up(void **state)
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

static int tear_down(void **state)
{
    struct scene *scene = *state;
    vo_points_release(&scene->between);
    vo_point_release(&scene->point[0]);
    vo_point_release(&scene->point[1]);
    free(scene);
    return 0;
}

/* A packet at a point by the true time (A's clock); its payload follows from `content`. */
static void see(struct scene *scene, int point, uint32_t number, uint16_t sequence, uint32_t timestamp, vo_time time,
                unsigned content)
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
static void settle(struct scene *scene)
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

static void match(struct scene *scene)
{
    settle(scene);
    assert_int_equal(vo_points_match(&scene->between, &scene->point[0], &scene->point[1], NULL), VO_OK);
}

static struct vo_point_pair *pair_of(struct scene *scene, int point, uint32_t n)
{
    size_t index = scene->between.pair_of[point][vo_point_number(&scene->streams[point][n])];
    return index == VO_POINT_NONE ? NULL : &scene->between.pairs[index];
}

static void solve(struct scene *scene)
{
    assert_int_equal(vo_points_solve(&scene->between, NULL), VO_OK);
}

static void make_reverse(struct scene *scene, uint32_t there, uint32_t back)
{
    struct vo_point_pair *one = pair_of(scene, A, there), *other = pair_of(scene, A, back);
    one->reverse = (size_t)(other - scene->between.pairs);
    other->reverse = (size_t)(one - scene->between.pairs);
}

/* Stream 1 from A to B, 20 ms packets, delay 10 to 14 ms; `lost` packets from number 100 on never reach B. */
static void forward(struct scene *scene, unsigned packets, unsigned lost)
{
    for (unsigned i = 0; i < packets; i++) {
        vo_time sent = START + i * 20 * MS;
        see(scene, A, 1, (uint16_t)(64000 + i), i * 160, sent, i);
        if (i < 100 || i >= 100 + lost)
            see(scene, B, 1, (uint16_t)(64000 + i), i * 160, sent + (10 + i % 5) * MS, i);
    }
}

/* Stream 2 from B to A, delay 6 to 8 ms. */
static void backward(struct scene *scene, unsigned packets)
{
    for (unsigned i = 0; i < packets; i++) {
        vo_time sent = START + 7 * MS + i * 20 * MS;
        see(scene, B, 2, (uint16_t)i, i * 160, sent, i);
        see(scene, A, 2, (uint16_t)i, i * 160, sent + (6 + i % 3) * MS, i);
    }
}

/* Sequence numbers wrap (64000 + 3000 > 65535), addresses and ports differ at B, duplicates at both points. */
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

    /* The smallest delays are 10 and 6 ms: a round trip of 16, of which each way gets half, whatever the true share
     * is; the offset is 2 ms too large for it, and says so: ± 8 ms and what the fit leaves. The reference is the middle
     * of 60 s, where 20 ppm have added 0.6 ms. */
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
    assert_string_equal(result.missing,
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
    /* B's clock runs 20 ppm fast: the shift lies between 3710.104 and 3710.36 ms. Number 250 arrives 10.1 ms after the
     * capture began, number 249 9.9 ms before; so 250 to 259 are lost, and 350, 450 ... 850. 899 is the last that came. */
    struct vo_point_result result = vo_points_result(&scene->between, pair_of(scene, A, 1));
    assert_int_equal(result.lost, 10 + 6);
    assert_int_equal(result.sent, 640 - 6 + 16);
}

/* A NAT that forgets gives a stream another port halfway: two streams at B. What the other one has is not lost. */
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
            for (unsigned i = 0; i < 50; i++) {
                scene->streams[A][n].key.ssrc = scene->streams[B][n].key.ssrc = 9;
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

static void test_parse(void **state)
{
    (void)state;
    struct vo_point point;
    struct vo_error error;
    assert_int_equal(vo_point_parse("phone:a.pcap", &point, &error), VO_OK);
    assert_string_equal(point.name, "phone");
    assert_int_equal(point.file_count, 1);
    assert_string_equal(point.files[0], "a.pcap");
    vo_point_release(&point);
    assert_int_equal(vo_point_parse("b:one,two:x,/dir/three", &point, &error), VO_OK);
    assert_int_equal(point.file_count, 3);
    assert_string_equal(point.files[1], "two:x");
    assert_string_equal(point.files[2], "/dir/three");
    vo_point_release(&point);
    static const char *const bad[] = {"", "a.pcap", ":a.pcap", "a:", "a:x,,y", "a:x,", "a>b:x", "a\n:x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(vo_point_parse(bad[i], &point, &error), VO_ERR_USAGE);
        assert_non_null(strstr(error.message, bad[i]));
        vo_point_release(&point);
    }
}

/* --- from two captures to records --- */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* An IPv4 datagram of LINKTYPE_RAW with PCMU of 20 ms. */
static void write_packet(struct vo_capture_writer *writer, vo_time time, const uint8_t ends[8], unsigned ports,
                         uint8_t ttl, uint32_t ssrc, unsigned i)
{
    uint8_t frame[20 + 8 + 12 + 160] = {0x45, 0xb8};
    put16(frame + 2, sizeof frame);
    frame[8] = ttl;
    frame[9] = 17;
    memcpy(frame + 12, ends, 8);
    put16(frame + 20, ports >> 16);
    put16(frame + 22, ports & 0xffff);
    put16(frame + 24, sizeof frame - 20);
    frame[28] = 0x80;
    put16(frame + 30, 65000 + i);
    put16(frame + 32, (i * 160) >> 16);
    put16(frame + 34, i * 160);
    put16(frame + 36, ssrc >> 16);
    put16(frame + 38, ssrc);
    for (unsigned j = 40; j < sizeof frame; j++)
        frame[j] = (uint8_t)(i * j);
    assert_int_equal(vo_capture_write(writer, time, frame, sizeof frame, sizeof frame, NULL), VO_OK);
}

/* A call of 40 s: the phone, 192.168.1.2, at A; behind a NAT as 203.0.113.5 at B, whose clock is 3.7 s ahead and 20
 * ppm fast. 12 ms each way; 7 packets to B are lost. */
static void write_captures(const char *const paths[2])
{
    static const uint8_t inside[8] = {192, 168, 1, 2, 198, 51, 100, 9}, outside[8] = {203, 0, 113, 5, 198, 51, 100, 9};
    static const uint8_t to_nat[8] = {198, 51, 100, 9, 203, 0, 113, 5}, to_phone[8] = {198, 51, 100, 9, 192, 168, 1, 2};
    struct vo_capture_writer *writer[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(vo_capture_create(paths[i], 101, 65535, &writer[i], NULL), VO_OK);
    for (unsigned i = 0; i < 2000; i++) {
        vo_time sent = START + i * 20 * MS, arrived = sent + 12 * MS;
        vo_time b_arrived = arrived + OFFSET + (arrived - START) / 1000000 * SKEW_PPM;
        vo_time b_sent = sent + OFFSET + (sent - START) / 1000000 * SKEW_PPM;
        write_packet(writer[A], sent, inside, 4000u << 16 | 5000, 64, 0x1111, i);
        write_packet(writer[B], b_sent, to_nat, 5000u << 16 | 61000, 60, 0x2222, i);
        if (i < 1000 || i >= 1007)
            write_packet(writer[B], b_arrived, outside, 61000u << 16 | 5000, 62, 0x1111, i);
        write_packet(writer[A], arrived, to_phone, 5000u << 16 | 4000, 58, 0x2222, i);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(vo_capture_finish(writer[i], NULL), VO_OK);
}

static void run_session(struct vo_rtp_session *session, struct vo_point *point, struct vo_record_writer *writer)
{
    struct vo_rtp_options options = {.stream_limit = 100, .point = point->name};
    struct vo_option_list none = {0};
    struct vo_capture *capture;
    struct vo_frame frame;
    struct vo_capture_options how = {0};
    options.impairments = &none;
    assert_true(vo_playout_parse("fixed:60", &options.stream.playout));
    assert_int_equal(
        vo_capture_open_files(point->files, point->file_count, &how, NULL, NULL, &capture, NULL), VO_OK);
    assert_int_equal(vo_rtp_session_open(session, &options, writer, NULL), VO_OK);
    session->capture = capture;
    session->point = point;
    while (vo_capture_next(capture, &frame, NULL) == VO_OK)
        vo_rtp_session_frame(session, &frame);
    vo_rtp_session_finish(session);
    assert_true(vo_rtp_link_calls(session));
    vo_rtp_emit_all(session, point->name);
}

static double number(const struct vo_json *record, const char *section, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(record, section), name));
}

static const char *label_of(const struct vo_json *record, const char *name)
{
    const char *text = vo_json_get_text(vo_json_get(record, "subject"), name);
    return text ? text : "";
}

/* What the observation of one of both pairs has to say. */
static void check_pair(const struct vo_json *record)
{
    bool there = strcmp(label_of(record, "point"), "phone>far") == 0;
    assert_string_equal(label_of(record, "id"), there ? "203.0.113.5:61000>198.51.100.9:5000#0x00001111"
                                                      : "198.51.100.9:5000>192.168.1.2:4000#0x00002222");
    assert_string_equal(label_of(record, "key"), there ? "phone>far audio 203.0.113.5>198.51.100.9"
                                                       : "far>phone audio 198.51.100.9>192.168.1.2");
    assert_string_equal(label_of(record, "first_point"), there ? "192.168.1.2:4000>198.51.100.9:5000#0x00001111"
                                                               : "198.51.100.9:5000>203.0.113.5:61000#0x00002222");
    assert_string_equal(label_of(record, "media"), "audio");
    assert_string_equal(label_of(record, "codec"), "PCMU");
    assert_string_equal(label_of(record, "position"), "near_receiver");
    assert_string_equal(label_of(record, "drops_at_point"), "not known");
    static const char *const delays[] = {"rtp_point_delay_ms", "rtp_point_delay_min_ms", "rtp_point_delay_max_ms",
                                         "rtp_latency_ms", "rtp_latency_max_ms"};
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) { /* 12 ms each way, so that each half is right */
        assert_float_equal(number(record, "metrics", delays[i]), 12, 0.05);
        assert_float_equal(number(record, "uncertainty", delays[i]), 12, 0.2);
        assert_string_equal(vo_json_get_text(vo_json_get(record, "basis"), delays[i]), "clock_estimated");
    }
    assert_float_equal(number(record, "metrics", "rtp_point_packets"), 2000, 0);
    assert_float_equal(number(record, "metrics", "rtp_point_loss_percent"), there ? 100.0 * 7 / 2000 : 0, 1e-6);
    assert_float_equal(number(record, "metrics", "rtp_point_variation_p95_ms"), 0, 0.05);
}

static void check_clock(const struct vo_json *record)
{
    assert_float_equal(vo_json_double(vo_json_get(record, "offset_ms")), 3700 + 0.4, 0.02); /* 20 ppm of 20 s */
    assert_float_equal(vo_json_double(vo_json_get(record, "offset_error_ms")), 12, 0.1);
    assert_float_equal(vo_json_double(vo_json_get(record, "skew_ppm")), SKEW_PPM, 0.5);
    assert_float_equal(vo_json_double(vo_json_get(record, "directions")), 2, 0);
    assert_float_equal(vo_json_double(vo_json_get(record, "matched_packets")), 1993 + 2000, 0);
    assert_float_equal(vo_json_double(vo_json_get(record, "matched_streams")), 2, 0);
    assert_float_equal(vo_json_double(vo_json_get(record, "first_point_only_streams")), 0, 0);
}

static void check_records(const char *path)
{
    struct vo_record_reader *reader;
    struct vo_record record;
    unsigned pairs = 0, alone = 0, clocks = 0, captures = 0;
    assert_int_equal(vo_record_reader_open(path, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK) {
        const char *point = label_of(record.json, "point"), *kind = label_of(record.json, "kind");
        if (strcmp(record.kind, "observation") == 0 && strcmp(kind, "rtp_stream") == 0 && strchr(point, '>')) {
            check_pair(record.json);
            pairs++;
        } else if (strcmp(record.kind, "observation") == 0 && strcmp(kind, "rtp_stream") == 0) {
            assert_true(strcmp(point, "phone") == 0 || strcmp(point, "far") == 0);
            alone++;
        } else if (strcmp(record.kind, "observation") == 0 && strcmp(kind, "capture") == 0) {
            captures++;
        } else if (strcmp(record.kind, "event") == 0) {
            check_clock(record.json);
            clocks++;
        }
    }
    vo_record_reader_free(reader);
    assert_int_equal(pairs, 2);
    assert_int_equal(alone, 4);
    assert_int_equal(captures, 2);
    assert_int_equal(clocks, 1);
}

static void test_from_captures_to_records(void **state)
{
    (void)state;
    char directory[] = "/tmp/test_points.XXXXXX", paths[3][64], text[2][80];
    assert_non_null(mkdtemp(directory));
    for (int i = 0; i < 3; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%d", directory, i);
    write_captures((const char *const[]){paths[0], paths[1]});
    struct vo_point points[2];
    struct vo_rtp_session sessions[2];
    struct vo_points between;
    struct vo_record_writer *writer;
    struct vo_run run = {.probe = "test"};
    assert_int_equal(vo_record_open(paths[2], &run, &writer, NULL), VO_OK);
    for (int i = 0; i < 2; i++) {
        snprintf(text[i], sizeof text[i], "%s:%s", i ? "far" : "phone", paths[i]);
        assert_int_equal(vo_point_parse(text[i], &points[i], NULL), VO_OK);
        run_session(&sessions[i], &points[i], writer);
    }
    assert_int_equal(vo_points_compare(&between, sessions, NULL), VO_OK);
    vo_points_emit(&between, sessions);
    vo_points_release(&between);
    for (int i = 0; i < 2; i++) {
        struct vo_capture *capture = sessions[i].capture;
        vo_rtp_session_close(&sessions[i]);
        vo_capture_close(capture);
        vo_point_release(&points[i]);
    }
    assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    check_records(paths[2]);
    for (int i = 0; i < 3; i++)
        unlink(paths[i]);
    rmdir(directory);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
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
        SCENE(test_rebinding_is_no_loss),
        SCENE(test_wrap_with_equal_timestamps_is_ambiguous),
        SCENE(test_replayed_streams),
        SCENE(test_legs_at_one_point),
        SCENE(test_snapped),
        SCENE(test_other_payload_is_another_packet),
        SCENE(test_how_many_make_a_pair),
        SCENE(test_nothing_in_common),
        SCENE(test_wild_times),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_from_captures_to_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
