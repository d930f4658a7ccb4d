#include "tests/unit/wlan_scene.h"

#include "probes/wlan/air.h"

static const struct vo_air *air_of(const struct scene *scene)
{
    assert_int_equal(scene->session.ear_count, 1);
    return scene->session.ears[0]->air;
}

/* OFDM at 6 Mbit/s: 20 us + 4 us for each started 24 bits of 16 service bits, the frame and 6 tail bits. A
 * QoS data frame of 24 + 2 + 100 + 4 = 130 bytes: 20 + 4 * ceil(1062 / 24) = 200 us. An ACK of 14 bytes:
 * 20 + 4 * ceil(134 / 24) = 44 us. */
enum { DATA_US = 200, ACK_US = 44 };

static void test_sums_by_use(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    for (unsigned i = 0; i < 100; i++) {
        hear_data(scene, 20 * i, PHONE, AP, 6, i, TO_DS);
        hear_ack(scene, 20 * i + 0.06, PHONE);
        hear_data(scene, 20 * i + 10, PHONE, AP, i % 2 ? 0 : 1, i, TO_DS);
    }
    vo_wlan_session_finish(&scene->session);
    const struct vo_air_channel *channel = vo_air_channel_of(air_of(scene), 5180);
    assert_non_null(channel);
    assert_int_equal(channel->frames, 300);
    assert_int_equal(channel->untimed, 0);
    assert_int_equal(channel->sum.ns[VO_AIR_VOICE], 100 * DATA_US * 1000);
    assert_int_equal(channel->sum.ns[VO_AIR_CONTROL], 100 * ACK_US * 1000);
    assert_int_equal(channel->sum.ns[VO_AIR_BEST_EFFORT], 50 * DATA_US * 1000);
    assert_int_equal(channel->sum.ns[VO_AIR_BACKGROUND], 50 * DATA_US * 1000);
    assert_int_equal(channel->used_ns, vo_air_sum_ns(&channel->sum));
    /* from the begin of the first frame to the end of the last one, 1990 ms later */
    assert_int_equal(channel->listened_ns, 1990000000 + DATA_US * 1000);
    scene_free(scene);
}

/* DSSS, 2 Mbit/s, 130 bytes: 520 us, and 96 us of short or 192 us of long preamble. Without the field of
 * flags it is not told which; frames of both kinds of header are not mixed up. */
static void test_preambles_told_or_not(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    scene->rate_500 = 4;
    hear_data(scene, 1, PHONE, AP, 6, 1, TO_DS); /* flags: 0, long */
    const struct vo_air_channel *channel = vo_air_channel_of(air_of(scene), 5180);
    assert_int_equal(channel->sum.ns[VO_AIR_VOICE], (192 + 520) * 1000);
    assert_int_equal(channel->sum.slack_ns, 0);
    uint8_t bytes[200] = {0, 0, 16, 0, 0x0c, 0, 0, 0, 4, 0, 0x3c, 0x14, 0x40, 0}; /* rate and channel alone */
    memcpy(bytes + 16, scene->bytes + scene->header, scene->size - scene->header);
    memcpy(scene->bytes, bytes, scene->size = 16 + scene->size - scene->header);
    scene->ms = 5;
    hear(scene);
    assert_int_equal(channel->sum.ns[VO_AIR_VOICE], (192 + 520 + 144 + 520) * 1000);
    assert_int_equal(channel->sum.slack_ns, 48000);
    scene_free(scene);
}

/* A driver without a clock writes 0: equal times are then no A-MPDU. MCS 7 in 20 MHz, 130 bytes: 36 us of
 * preamble, and 4 * ceil(1062 / 260) = 20 us. */
static void test_a_clock_that_stands(void **state)
{
    (void)state;
    for (unsigned runs = 0; runs < 2; runs++) {
        struct scene *scene = scene_new();
        scene->rate_500 = 0;
        scene->has_mcs = scene->has_tsft = true;
        memcpy(scene->mcs, (const uint8_t[]){0x3f, 0, 7}, 3);
        scene->tsft_us = runs ? 1000 : 0;
        hear_data(scene, 1, AP, PHONE, 5, 1, FROM_DS);
        hear_data(scene, 2, AP, PHONE, 5, 2, FROM_DS);
        /* of one A-MPDU of 134 + 2 + 134 bytes: 36 + 4 * ceil((8 * 270 + 22) / 260) = 72 us */
        assert_int_equal(vo_air_channel_of(air_of(scene), 5180)->sum.ns[VO_AIR_VIDEO], runs ? 72000 : 112000);
        scene_free(scene);
    }
}

/* Nor are frames with one reference an A-MPDU, if the clock says that they are further apart than a PPDU can
 * be long: 10 ms (table 19-25, aPPDUMaxTime). */
static void test_a_reference_that_stands(void **state)
{
    (void)state;
    for (unsigned runs = 0; runs < 2; runs++) {
        struct scene *scene = scene_new();
        scene->rate_500 = 0;
        scene->has_mcs = scene->has_tsft = scene->has_reference = true;
        memcpy(scene->mcs, (const uint8_t[]){0x3f, 0, 7}, 3);
        scene->tsft_us = 1000;
        hear_data(scene, 1, AP, PHONE, 5, 1, FROM_DS);
        scene->tsft_us += runs ? 10000 : 10001;
        hear_data(scene, 7, AP, PHONE, 5, 2, FROM_DS);
        /* alone each has 134 bytes: 36 + 4 * ceil(1094 / 260) = 56 us */
        assert_int_equal(vo_air_channel_of(air_of(scene), 5180)->sum.ns[VO_AIR_VIDEO], runs ? 72000 : 112000);
        scene_free(scene);
    }
}

/* VHT has no MCS 6 with three streams in 80 MHz (21.5: 3159 bits a symbol are no whole number for each of two
 * encoders): whoever reports it is not believed. */
static void test_rates_that_there_are_not(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    const uint8_t vht[] = {0, 0, 26, 0,    8, 0, 0x20, 0, 0x3c, 0x14, 0x40, 1, 0x45,
                           0, 0, 4,  0x63, 0, 0, 0,    0, 0,    0,    0,    0, 0};
    hear_data(scene, 1, PHONE, AP, 6, 1, TO_DS);
    uint8_t bytes[200];
    size_t size = scene->size - scene->header;
    memcpy(bytes, vht, sizeof vht);
    memcpy(bytes + 26, scene->bytes + scene->header, size);
    memcpy(scene->bytes, bytes, scene->size = 26 + size);
    hear(scene);
    assert_int_equal(vo_air_channel_of(air_of(scene), 5180)->untimed, 1);
    scene_free(scene);
}

/* HT, MCS 7, 20 MHz, long guard interval: 65 Mbit/s, 260 bits a symbol of 4 us. Ten frames of 130 bytes in
 * one A-MPDU: each a delimiter of 4 bytes and padding to a multiple of 4 (136), the last without padding
 * (134): 1358 bytes. 36 us of preamble (mixed format, one stream) and 4 * ceil((16 + 8 * 1358 + 6) / 260) =
 * 168 us: 204 us. As ten PPDUs they would be 10 * (36 + 4 * ceil(1062 / 260)) = 560 us. */
static void test_one_preamble_an_ampdu(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    scene->rate_500 = 0;
    scene->has_mcs = true;
    memcpy(scene->mcs, (const uint8_t[]){0x3f, 0, 7}, 3); /* all known; 20 MHz, long, mixed, BCC, no STBC */
    scene->has_reference = true;
    scene->reference = 77;
    for (unsigned i = 0; i < 10; i++)
        hear_data(scene, 1, AP, PHONE, 5, i, FROM_DS);
    const struct vo_air_channel *channel = vo_air_channel_of(air_of(scene), 5180);
    assert_int_equal(channel->sum.ns[VO_AIR_VIDEO], 204000);
    assert_int_equal(channel->sum.slack_ns, 0);
    scene->reference = 78; /* the next one brings its own */
    hear_data(scene, 2, AP, PHONE, 5, 10, FROM_DS);
    assert_int_equal(channel->sum.ns[VO_AIR_VIDEO], 204000 + (36 + 4 * 5) * 1000); /* 134 bytes: 1094 bits */
    scene_free(scene);
}

/* Drivers without a reference give all frames of an A-MPDU one TSFT. */
static void test_ampdu_by_clock(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    scene->rate_500 = 0;
    scene->has_mcs = scene->has_tsft = true;
    memcpy(scene->mcs, (const uint8_t[]){0x3f, 0, 7}, 3);
    scene->tsft_us = 123456;
    for (unsigned i = 0; i < 10; i++)
        hear_data(scene, 1, AP, PHONE, 5, i, FROM_DS);
    /* the first was taken for a frame alone (130 bytes, no delimiter); joined, it is 4 bytes less than above,
     * which is within the padding of the last symbol: (16 + 8 * 1354 + 6) / 260 = 41.7 */
    assert_int_equal(vo_air_channel_of(air_of(scene), 5180)->sum.ns[VO_AIR_VIDEO], 204000);
    scene_free(scene);
}

/* The kernel gives a burst one time. Each frame still lies behind the one before: 1000 frames of 200 us in
 * 250 ms are 80 %, not 0.2 ms. */
static void test_times_in_bunches(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    for (unsigned i = 0; i < 5000; i++)
        hear_data(scene, 12.5 * (i / 50), PHONE, AP, 0, i % 4096, TO_DS);
    vo_wlan_session_finish(&scene->session);
    const struct vo_air_channel *channel = vo_air_channel_of(air_of(scene), 5180);
    assert_int_equal(channel->used_ns, 5000 * (uint64_t)DATA_US * 1000);
    assert_int_equal(channel->late_ns, 0);
    assert_true(channel->used_ns <= channel->listened_ns);
    double percent = 100 * (double)channel->used_ns / (double)channel->listened_ns;
    assert_true(percent > 79.9 && percent < 80.7); /* 1000 ms of 1237.5 + 10 ms */
    scene_free(scene);
}

/* Times or rates that cannot be: never more than all of the time. */
static void test_never_above_all(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    for (unsigned i = 0; i < 50000; i++)
        hear_data(scene, i * 0.1, PHONE, AP, 0, i % 4096, TO_DS); /* 200 us every 100 us */
    vo_wlan_session_finish(&scene->session);
    const struct vo_air_channel *channel = vo_air_channel_of(air_of(scene), 5180);
    assert_true(channel->used_ns <= channel->listened_ns);
    assert_true((double)channel->used_ns > 0.999 * (double)channel->listened_ns);
    assert_true(channel->late_ns > 0);
    assert_int_equal(channel->used_ns + channel->late_ns, 50000 * (uint64_t)DATA_US * 1000);
    scene_free(scene);
}

static void test_damaged_frames_use_the_air(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    hear_data(scene, 0, PHONE, AP, 6, 1, TO_DS);
    scene->flags = VO_RADIOTAP_BAD_FCS;
    hear_data(scene, 10, LAPTOP, AP, 6, 1, TO_DS);
    scene->flags = 0;
    hear_data(scene, 2000, PHONE, AP, 6, 2, TO_DS);
    vo_wlan_session_finish(&scene->session);
    const struct vo_wlan_ear *ear = scene->session.ears[0];
    const struct vo_air_channel *channel = vo_air_channel_of(ear->air, 5180);
    assert_int_equal(channel->damaged, 1);
    assert_int_equal(channel->sum.ns[VO_AIR_DAMAGED], DATA_US * 1000);
    assert_null(vo_stations_find(&ear->stations, STATION(LAPTOP))); /* its address is not believed */
    assert_int_equal(ear->delivery.count, 1);
    scene_free(scene);
}

/* A receiver that hops: each stay counts from its first frame to its last. */
static void test_hopping(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    for (unsigned stay = 0; stay < 6; stay++) {
        scene->mhz = stay % 2 ? 2412 : 5180;
        for (unsigned i = 0; i < 11; i++)
            hear_data(scene, stay * 1000 + i * 20, PHONE, AP, 6, stay * 11 + i, TO_DS);
    }
    vo_wlan_session_finish(&scene->session);
    for (unsigned i = 0; i < 2; i++) {
        const struct vo_air_channel *channel = vo_air_channel_of(air_of(scene), i ? 2412 : 5180);
        assert_int_equal(channel->frames, 33);
        assert_int_equal(channel->listened_ns, 3 * (200000000 + DATA_US * 1000));
        assert_int_equal(channel->used_ns, 33 * DATA_US * 1000);
    }
    scene_free(scene);
}

static void test_unknown_rate(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    scene->rate_500 = 0;
    hear_data(scene, 0, PHONE, AP, 6, 1, TO_DS);
    vo_wlan_session_finish(&scene->session);
    const struct vo_air_channel *channel = vo_air_channel_of(air_of(scene), 5180);
    assert_int_equal(channel->untimed, 1);
    assert_int_equal(channel->used_ns, 0);
    scene_free(scene);
}

struct told {
    unsigned rows, frames;
    uint64_t used_ns, listened_ns;
};

static void on_rows(void *context, const struct vo_air_channel *channel, vo_time start,
                    const struct vo_air_row *rows, unsigned count)
{
    struct told *told = context;
    (void)channel;
    assert_int_equal(start % VO_NS_PER_S, 0);
    for (unsigned i = 0; i < count; i++) {
        assert_true(rows[i].used_ns <= rows[i].listened_ns);
        assert_true(rows[i].listened_ns <= (uint64_t)VO_NS_PER_S);
        told->frames += rows[i].frames;
        told->used_ns += rows[i].used_ns;
        told->listened_ns += rows[i].listened_ns;
    }
    told->rows += count;
}

/* Rows of a second, told in order; a long silence makes no rows, but was listened to. */
static void test_rows(void **state)
{
    (void)state;
    struct told told = {0};
    struct vo_air *air = vo_air_new(VO_NS_PER_S, on_rows, &told);
    struct vo_radiotap radio = {.has = 1u << VO_RADIOTAP_RATE | 1u << VO_RADIOTAP_CHANNEL,
                                .rate_500 = 12,
                                .frequency_mhz = 5180,
                                .channel_flags = VO_RADIOTAP_CHANNEL_OFDM};
    struct vo_heard heard = {.radio = &radio, .length = 130, .mhz = 5180, .use = VO_AIR_DAMAGED};
    struct vo_air_channel *channel;
    uint64_t slack_ns, ns = 0;
    assert_non_null(air);
    for (unsigned i = 0; i < 100; i++) {
        heard.time = i * (VO_NS_PER_S / 20) + (i >= 50 ? 86400 * VO_NS_PER_S : 0);
        ns += vo_air_add(air, &heard, &slack_ns, &channel);
    }
    vo_air_finish(air);
    assert_int_equal(ns, 100 * DATA_US * 1000);
    assert_int_equal(told.frames, 100);
    assert_int_equal(told.used_ns, ns);
    assert_true(told.rows < 100);
    assert_int_equal(air->channels[0]->listened_ns,
                     (uint64_t)(heard.time) + DATA_US * 1000); /* from the first frame's begin */
    vo_air_free(air);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_by_use),
        cmocka_unit_test(test_preambles_told_or_not),
        cmocka_unit_test(test_a_clock_that_stands),
        cmocka_unit_test(test_a_reference_that_stands),
        cmocka_unit_test(test_rates_that_there_are_not),
        cmocka_unit_test(test_one_preamble_an_ampdu),
        cmocka_unit_test(test_ampdu_by_clock),
        cmocka_unit_test(test_times_in_bunches),
        cmocka_unit_test(test_never_above_all),
        cmocka_unit_test(test_damaged_frames_use_the_air),
        cmocka_unit_test(test_hopping),
        cmocka_unit_test(test_unknown_rate),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
