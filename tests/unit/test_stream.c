/* One RTP stream, from its first packets to what is measured of it: the traps of real captures, one by one.
 */
#include "tests/unit/stream_scene.h"

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

/* ---- packets and headers ---- */

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
        cmocka_unit_test(test_codec_changes),
        cmocka_unit_test(test_change_across_noise),
        cmocka_unit_test(test_stray_types),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_keys_out_of_order),
        cmocka_unit_test(test_restart_and_hold),
        cmocka_unit_test(test_wide_gap),
        cmocka_unit_test(test_worst_five_minutes),
        cmocka_unit_test(test_talkspurts),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
