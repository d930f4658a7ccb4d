/* The clock of a payload: from SDP, from RFC 3551, or estimated; right or unknown, never wrong. */
#include "probes/flow/stream_private.h"
#include "tests/unit/stream_scene.h"

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
        qsort(packets, count, sizeof *packets, packet_by_time);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_estimate), cmocka_unit_test(test_clock_with_a_break),
        cmocka_unit_test(test_clock_of_video), cmocka_unit_test(test_opus_without_sdp),
        cmocka_unit_test(test_g722_is_8000),   cmocka_unit_test(test_late_sdp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
