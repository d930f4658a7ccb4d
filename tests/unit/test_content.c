/* What is in unencrypted frames on the air: calls and streams, each packet once, whatever the air and the
 * access point made of it. */
#include "tests/unit/content_scene.h"

#include "probes/wlan/emit.h"

#include <unistd.h>

#define UP   "10.0.0.1:4000>10.0.0.2:4000#0x0000abcd@to_ap-02:00:00:00:10:00"
#define DOWN "10.0.0.1:4000>10.0.0.2:4000#0x0000abcd@from_ap-02:00:00:00:11:00"

/* 100 packets, 20 ms. Of every third the frame was sent again twice; of every tenth the first attempt was not
 * heard. Each counts once, and nothing is lost. */
static void test_repetitions(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    unsigned again = 0;
    for (unsigned i = 0; i < 100; i++) {
        struct sent sent = {20 * i, PHONE, AP, TO_DS, .number = i, .rtp = i};
        sent.flags |= i % 10 == 9 ? RETRY : 0;
        send(scene, sent);
        for (unsigned n = 0; n < 2 && i % 3 == 0; n++, again++) {
            sent.ms += 1;
            sent.flags |= RETRY;
            send(scene, sent);
        }
    }
    finish(scene);
    const struct vo_stream *stream = stream_of(scene, UP);
    assert_int_equal(stream->measure->packets, 100);
    assert_int_equal(stream->measure->sequence.unique, 100);
    assert_int_equal(stream->measure->sequence.duplicates, 0);
    assert_int_equal(stream->measure->dscp[46], 100);
    assert_int_equal(lost(stream), 0);
    assert_int_equal(scene->session.rtp.counts.repeated, again);
    assert_int_equal(again, 2 * 34);
    content_free(scene);
}

/* A packet that the network itself doubled comes in two frames: a duplicate, with or without a retry bit. */
static void test_duplicates_of_the_network(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    for (unsigned i = 0; i < 100; i++) {
        struct sent sent = {20 * i, AP, LAPTOP, FROM_DS, .number = 2 * i, .rtp = i};
        send(scene, sent);
        if (i % 10)
            continue;
        sent.number++;
        sent.flags |= i % 20 ? RETRY : 0;
        send(scene, sent);
    }
    finish(scene);
    const struct vo_stream *stream = stream_of(scene, DOWN);
    assert_int_equal(stream->measure->packets, 110);
    assert_int_equal(stream->measure->sequence.duplicates, 10);
    assert_int_equal(lost(stream), 0);
    content_free(scene);
}

/* From a phone by way of the access point to a laptop, 5 ms later: two ways, and the first leads to the
 * second. Every second frame comes twice. */
static void test_relayed(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    for (unsigned i = 0; i < 100; i++) {
        send(scene, (struct sent){20 * i, PHONE, AP, TO_DS, .number = i, .rtp = i});
        if (i % 2)
            send(scene, (struct sent){20 * i + 1, PHONE, AP, TO_DS | RETRY, .number = i, .rtp = i});
        if (i >= 50 && i < 53)
            continue; /* lost between: the access point gave no number to them */
        unsigned number = 1000 + i - (i < 50 ? 0 : 3);
        send(scene, (struct sent){20 * i + 5, AP, LAPTOP, FROM_DS, .number = number, .rtp = i});
    }
    finish(scene);
    const struct vo_stream *up = stream_of(scene, UP), *down = stream_of(scene, DOWN);
    assert_int_equal(up->measure->packets, 100);
    assert_int_equal(down->measure->packets, 97);
    assert_int_equal(up->measure->sequence.duplicates, 0);
    assert_int_equal(down->measure->sequence.duplicates, 0);
    assert_int_equal(lost(up), 0);
    assert_int_equal(lost(down), 3);
    assert_int_equal(down->measure->air.packets, 0);
    assert_ptr_equal(down->leg->first, up);
    assert_int_equal(up->leg->matched, 0);
    assert_true(down->leg->matched >= 90);
    assert_int_equal(down->leg->delay.minimum, 5000);
    assert_int_equal(down->leg->delay.maximum, 5000);
    /* sent by the first leg, as far as it was matched, and three of it never seen here */
    assert_int_equal(down->leg->last_unique - down->leg->first_unique - down->leg->matched, 3);
    content_free(scene);
}

/* Packets 20 to 22 were in frames that this receiver did not hear, 50 to 54 in none. Of eight lost ones three
 * may have been there. Number 70 comes late, behind 71, and 90 in a repetition alone. */
static void test_unheard(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    unsigned number = 4050;
    for (unsigned i = 0; i < 100; i++) {
        unsigned rtp = i == 70   ? 71
                       : i == 71 ? 70
                                 : i,
                 own = i == 70   ? number + 1
                       : i == 71 ? number - 1
                                 : number;
        bool unheard = i >= 20 && i < 23, never_sent = i >= 50 && i < 55;
        number += !never_sent;
        if (unheard || never_sent)
            continue;
        uint8_t flags = i == 90 ? TO_DS | RETRY : TO_DS;
        send(scene, (struct sent){20 * i, PHONE, AP, flags, .number = own % 4096, .rtp = rtp});
    }
    finish(scene);
    const struct vo_stream *stream = stream_of(scene, UP);
    assert_int_equal(stream->measure->packets, 92);
    assert_int_equal(lost(stream), 8);
    assert_int_equal(stream->measure->sequence.reordered, 1);
    assert_int_equal(stream->measure->air.packets, 3);
    content_free(scene);
}

/* Every tenth packet has another priority, and numbers of its own. What is missing beside one of these may
 * have been there: 39 and 41, but not 55. */
static void test_priorities(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    unsigned numbers[2] = {0, 0};
    for (unsigned i = 0; i < 100; i++) {
        bool other = i % 10 == 0;
        if (i == 39 || i == 41 || i == 55)
            continue;
        send(scene, (struct sent){20 * i, PHONE, AP, TO_DS, .number = numbers[other]++, .tid = other ? 5 : 6,
                                  .rtp = i});
    }
    finish(scene);
    const struct vo_stream *stream = stream_of(scene, UP);
    assert_int_equal(lost(stream), 3);
    assert_int_equal(stream->measure->air.packets, 2);
    content_free(scene);
}

/* A phone roams; five packets are lost, and another link's numbers tell nothing of them. */
static void test_roam(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    for (unsigned i = 0; i < 100; i++)
        if (i < 50 || i >= 55)
            send(scene, (struct sent){20 * i, PHONE, i < 50 ? AP : OTHER_AP, TO_DS,
                                      .number = i < 50 ? i : 3000 + i, .rtp = i});
    finish(scene);
    const struct vo_stream *stream = stream_of(scene, UP);
    assert_int_equal(stream->measure->packets, 95);
    assert_int_equal(lost(stream), 5);
    assert_int_equal(stream->measure->air.packets, 0);
    content_free(scene);
}

/* Two adapters on one channel: what each hears is its own, and neither is a leg of the other. */
static void test_two_ears(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    for (unsigned i = 0; i < 100; i++)
        for (scene->interface = 0; scene->interface < 2; scene->interface++) {
            if (scene->interface == 0 && i == 50)
                continue;
            send(scene, (struct sent){20 * i, PHONE, AP, TO_DS, .number = i, .rtp = i});
            send(scene, (struct sent){20 * i + 3, AP, LAPTOP, FROM_DS, .number = i, .rtp = i});
        }
    finish(scene);
    struct vo_streams *streams = scene->session.rtp.streams;
    assert_int_equal(vo_streams_count(streams), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct vo_stream *stream = vo_streams_at(streams, i);
        bool first = stream->key.interface == 0;
        assert_int_equal(stream->measure->packets, first ? 99 : 100);
        assert_int_equal(stream->measure->sequence.duplicates, 0);
        assert_int_equal(stream->measure->air.packets, first ? 1 : 0);
        if (stream->encap[0].kind == VO_ENCAP_TO_AP)
            assert_int_equal(stream->leg->matched, 0);
        else
            assert_int_equal(stream->leg->first->key.interface, stream->key.interface);
    }
    content_free(scene);
}

/* Paging to a group, sent by two BSSs; and to the access point before. Three ways. */
static void test_group(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    static const uint64_t group = UINT64_C(0x01005e000001);
    for (unsigned i = 0; i < 100; i++) {
        send(scene, (struct sent){20 * i, PHONE, AP, TO_DS, .number = i, .rtp = i});
        send(scene, (struct sent){20 * i + 4, AP, 0, FROM_DS, .number = i, .rtp = i, .group = group});
        send(scene, (struct sent){20 * i + 5, OTHER_AP, 0, FROM_DS, .number = i, .rtp = i, .group = group});
    }
    finish(scene);
    static const char *const ids[] = {UP, "10.0.0.1:4000>10.0.0.2:4000#0x0000abcd@group-02:00:00:00:01:00",
                                      "10.0.0.1:4000>10.0.0.2:4000#0x0000abcd@group-02:00:00:00:02:00"};
    for (unsigned i = 0; i < 3; i++) {
        const struct vo_stream *stream = stream_of(scene, ids[i]);
        assert_int_equal(stream->measure->packets, 100);
        assert_int_equal(stream->measure->sequence.duplicates, 0);
    }
    content_free(scene);
}

/* Two packets a frame; one frame is repeated, one was not heard. */
static void test_amsdu(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    for (unsigned i = 0; i < 50; i++) {
        struct sent sent = {40 * i, PHONE, AP, TO_DS, .number = i};
        for (unsigned attempt = 0; attempt < 1 + (i == 30); attempt++) {
            sent.flags |= attempt ? RETRY : 0;
            put_frame(scene, &sent, 0x80);
            for (sent.rtp = 2 * i; sent.rtp < 2 * i + 2; sent.rtp++) {
                put_address(scene, STATION(AP));
                put_address(scene, STATION(PHONE));
                put_big(scene, 8 + 20 + 8 + 12 + 160, 2); /* with the header of 14: 222, and 2 to align */
                put_llc(scene);
                put_packet(scene, &sent);
                put_big(scene, 0, sent.rtp % 2 ? 0 : 2);
            }
            if (i != 20)
                hear(scene);
        }
    }
    finish(scene);
    const struct vo_stream *stream = stream_of(scene, UP);
    assert_int_equal(stream->measure->packets, 98);
    assert_int_equal(stream->measure->sequence.duplicates, 0);
    assert_int_equal(lost(stream), 2);
    assert_int_equal(stream->measure->air.packets, 2);
    assert_int_equal(scene->session.rtp.counts.repeated, 1);
    content_free(scene);
}

/* What cannot be read is in no stream: encrypted, fragments, damaged, without a body. */
static void test_unreadable(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    for (unsigned i = 0; i < 40; i++) {
        struct sent sent = {20 * i, PHONE, AP, TO_DS, .number = i, .rtp = i};
        sent.flags |= i % 4 == 0 ? PROTECTED : i % 4 == 1 ? VO_IEEE80211_MORE_FRAGMENTS >> 8 : 0;
        scene->flags = i % 4 == 2 ? VO_RADIOTAP_BAD_FCS : 0;
        put_frame(scene, &sent, 0);
        put_llc(scene);
        put_packet(scene, &sent);
        if (i % 4 == 3)
            scene->bytes[scene->header] |= 0x40; /* QoS null */
        hear(scene);
    }
    finish(scene);
    assert_int_equal(vo_streams_count(scene->session.rtp.streams), 0);
    assert_int_equal(vo_streams_unconfirmed(scene->session.rtp.streams), 0);
    content_free(scene);
}

/* --- A call --------------------------------------------------------------------------------------- */

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * (3 - i));
}

/* A sender report with one block: `lsr` is the middle of the other's timestamp, answered at once. */
static void send_report(struct scene *scene, double ms, bool to_phone, unsigned number, uint32_t ntp_middle,
                        uint32_t lsr)
{
    uint8_t report[52] = {0x81, 200, 0, 12};
    put32(report + 4, to_phone ? 0x2222 : 0x1111);
    put32(report + 8, ntp_middle >> 16);
    put32(report + 12, ntp_middle << 16);
    put32(report + 28, to_phone ? 0x1111 : 0x2222);
    put32(report + 44, lsr);
    send(scene, (struct sent){.ms = ms,
                              .from = to_phone ? AP : PHONE,
                              .to = to_phone ? PHONE : AP,
                              .flags = to_phone ? FROM_DS : TO_DS,
                              .number = number,
                              .tid = 5,
                              .source = to_phone ? 2 : 1,
                              .destination = to_phone ? 1 : 2,
                              .ports = 4001,
                              .payload = report,
                              .size = sizeof report});
}

static void make_call(struct scene *scene)
{
    send_sip(scene, 0, false, 1, SIP_FROM("INVITE sip:b@10.0.0.2 SIP/2.0", "1 INVITE", "", WITH_SDP("1")));
    send_sip(scene, 100, true, 1, SIP_OF("SIP/2.0 180 Ringing", "1 INVITE", NO_BODY));
    send_sip(scene, 900, true, 2, SIP_OF("SIP/2.0 200 OK", "1 INVITE", WITH_SDP("2")));
    send_sip(scene, 950, false, 2, SIP_OF("ACK sip:b@10.0.0.2 SIP/2.0", "1 ACK", NO_BODY));
    for (unsigned i = 0; i < 100; i++) {
        send(scene, (struct sent){1000 + 20 * i, PHONE, AP, TO_DS, .number = i, .rtp = i, .ssrc = 0x1111});
        send(scene, (struct sent){1003 + 20 * i, AP, PHONE, FROM_DS, .number = i, .rtp = i, .ssrc = 0x2222,
                                  .source = 2, .destination = 1, .ttl = 60});
        /* the phone's report goes out at 1500; the far end's answer is here after 30 ms; the phone answers
         * that within 4 ms */
        if (i == 24)
            send_report(scene, 1500, false, 1, 0x1000, 0);
        if (i == 26)
            send_report(scene, 1530, true, 1, 0x2000, 0x1000);
        if (i == 27)
            send_report(scene, 1534, false, 2, 0x3000, 0x2000);
    }
    send_sip(scene, 4000, false, 3, SIP_OF("BYE sip:b@10.0.0.2 SIP/2.0", "9 BYE", NO_BODY));
    send_sip(scene, 4010, true, 3, SIP_OF("SIP/2.0 200 OK", "9 BYE", NO_BODY));
}

static void test_call(void **state)
{
    (void)state;
    struct scene *scene = content_new();
    make_call(scene);
    finish(scene);
    struct vo_rtp_session *rtp = &scene->session.rtp;
    assert_int_equal(vo_calls_count(rtp->calls), 1);
    const struct vo_call *call = vo_calls_first(rtp->calls);
    assert_int_equal(call->state, VO_CALL_ANSWERED);
    assert_int_equal(call->hangup, VO_HANGUP_CALLER);
    assert_int_equal(call->retransmissions, 0); /* the air repeated them, and nobody else */
    assert_int_equal(rtp->counts.sip_packets, 6);
    assert_true(vo_call_post_dial_ms(call) == 100);
    const struct vo_stream *up =
        stream_of(scene, "10.0.0.1:4000>10.0.0.2:4000#0x00001111@to_ap-02:00:00:00:10:00");
    const struct vo_stream *down =
        stream_of(scene, "10.0.0.2:4000>10.0.0.1:4000#0x00002222@from_ap-02:00:00:00:10:00");
    assert_ptr_equal(vo_rtp_call_of(up), call);
    assert_string_equal(vo_rtp_direction(up), "caller_to_callee");
    assert_ptr_equal(vo_rtp_reverse(rtp, up), down);
    assert_ptr_equal(vo_rtp_reverse(rtp, down), up);
    assert_int_equal(up->rtcp->round_trips, 1);
    assert_true(fabs(up->rtcp->rtt_max_ns - 34e6) < 1);
    content_free(scene);
}

static double number_of(const struct vo_json *record, const char *section, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(record, section), name));
}

static const char *label_of(const struct vo_json *record, const char *name)
{
    const char *text = vo_json_get_text(vo_json_get(record, "subject"), name);
    return text ? text : "";
}

static void check_stream(const struct vo_json *json)
{
    bool up = strcmp(label_of(json, "encapsulation"), "to_ap-02:00:00:00:10:00") == 0;
    assert_true(number_of(json, "metrics", "rtp_packets") == 100);
    assert_true(number_of(json, "metrics", "rtp_lost_packets") == 0);
    assert_true(number_of(json, "metrics", "rtp_unheard_packets") == 0);
    assert_true(number_of(json, "metrics", "rtp_latency_ms") == 17);
    assert_string_equal(vo_json_get_text(vo_json_get(json, "basis"), "rtp_loss_percent"), "capture_point");
    assert_string_equal(label_of(json, "station"), "02:00:00:00:10:00");
    assert_string_equal(label_of(json, "call_id"), "air");
    assert_string_equal(label_of(json, "position"), up ? "near_sender" : "middle");
    assert_string_equal(label_of(json, "key"), up ? "capture audio 10.0.0.1>10.0.0.2 to_ap"
                                                  : "capture audio 10.0.0.2>10.0.0.1 from_ap");
    assert_string_equal(vo_json_get_text(vo_json_get(json, "states"), "rtp_address_state"), "as_signalled");
}

static void check_capture(const struct vo_json *json)
{
    assert_true(number_of(json, "metrics", "capture_streams") == 2);
    assert_true(number_of(json, "metrics", "capture_calls") == 1);
    assert_true(number_of(json, "metrics", "capture_one_sided_flows") == 0);
    assert_true(number_of(json, "metrics", "sip_packets") == 6);
    assert_true(number_of(json, "subject", "repeated_frames_left_out") == 6);
}

static void test_records(void **state)
{
    (void)state;
    char path[] = "/tmp/voready-content-XXXXXX";
    static const struct vo_wlan_options options;
    struct vo_record_reader *reader;
    struct vo_record record;
    unsigned calls = 0, streams = 0, captures = 0, series = 0, sip = 0;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct scene *scene = content_scene(&options, path);
    make_call(scene);
    finish(scene);
    vo_wlan_emit_all(&scene->session, "test");
    content_free(scene);
    assert_int_equal(vo_record_reader_open(path, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK) {
        const char *kind = vo_json_get_text(vo_json_get(record.json, "subject"), "kind");
        bool observed = strcmp(record.kind, "observation") == 0;
        series += strcmp(record.kind, "series") == 0 && strcmp(kind, "rtp_stream") == 0;
        sip += strcmp(record.kind, "event") == 0 && strcmp(kind, "call") == 0;
        calls += observed && strcmp(kind, "call") == 0;
        if (observed && strcmp(kind, "rtp_stream") == 0 && ++streams)
            check_stream(record.json);
        if (observed && strcmp(kind, "capture") == 0 && ++captures)
            check_capture(record.json);
    }
    vo_record_reader_free(reader);
    unlink(path);
    assert_int_equal(streams, 2);
    assert_int_equal(calls, 1);
    assert_int_equal(captures, 1);
    assert_int_equal(series, 2); /* of 2 s in steps of 5 s */
    assert_int_equal(sip, 6);
}

/* More streams than are kept: said, and the run is not complete. */
static void test_eviction(void **state)
{
    (void)state;
    static const struct vo_wlan_options options = {.stream_limit = 2};
    struct scene *scene = content_scene(&options, NULL);
    for (unsigned i = 0; i < 20; i++)
        for (unsigned n = 0; n < 3; n++)
            send(scene, (struct sent){20 * i, PHONE + n, AP, TO_DS, .number = i, .rtp = i,
                                      .source = 1 + (uint8_t)n, .ssrc = 1 + n});
    finish(scene);
    assert_int_equal(vo_streams_evicted(scene->session.rtp.streams) > 0, 1);
    assert_non_null(vo_wlan_session_left_out(&scene->session));
    content_free(scene);
    scene = content_new();
    assert_null(vo_wlan_session_left_out(&scene->session));
    content_free(scene);
}

/* Frames of voice, SIP and reports with bytes changed anywhere, cut anywhere, between stations that roam:
 * whatever comes of it, both programs find the same, and nothing is read that is not there. */
static void test_hostile(void **state)
{
    (void)state;
    static const struct vo_wlan_options options = {.stream_limit = 16};
    struct scene *scene = content_scene(&options, NULL);
    uint64_t random = 88172645463325252u;
    struct sent sent = {0};
    for (unsigned i = 0; i < 40000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        bool up = random >> 8 & 1;
        unsigned ap = AP + (i / 3000) % 2, phone = PHONE + (random >> 9) % 3;
        if (i % 3 == 2) { /* the one before again */
            sent.ms++;
            sent.flags |= RETRY;
        } else {
            sent = (struct sent){.ms = 5 * i,
                                 .from = up ? phone : ap,
                                 .to = up ? ap : phone,
                                 .flags = up ? TO_DS : FROM_DS,
                                 .number = i % 4096,
                                 .rtp = i / 12,
                                 .ssrc = 1 + phone + up,
                                 .source = (uint8_t)phone};
        }
        if (i % 50 == 0) {
            sent.payload = SIP_OF("OPTIONS sip:b@10.0.0.2 SIP/2.0", "1 OPTIONS", NO_BODY);
            sent.size = (uint32_t)strlen(sent.payload);
            sent.ports = 5060;
        }
        put_frame(scene, &sent, i % 11 == 0 ? 0x80 : 0);
        put_llc(scene);
        put_packet(scene, &sent);
        for (unsigned change = 0; change < (random >> 16) % 3; change++)
            scene->bytes[scene->header + (random >> (20 + 8 * change)) % (scene->size - scene->header)] ^=
                (uint8_t)(random >> 40);
        if (random >> 60 == 0)
            scene->size = scene->header + (random >> 30) % (scene->size - scene->header) + 1;
        hear(scene);
    }
    finish(scene);
    same("streams", vo_streams_count(scene->session.rtp.streams), vo_streams_count(scene->also->streams));
    same("unconfirmed", vo_streams_unconfirmed(scene->session.rtp.streams),
         vo_streams_unconfirmed(scene->also->streams));
    same("SIP", scene->session.rtp.counts.sip_packets, scene->also->counts.sip_packets);
    assert_true(scene->session.rtp.counts.repeated > 1000);
    vo_wlan_emit_all(&scene->session, "hostile");
    content_free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repetitions), cmocka_unit_test(test_duplicates_of_the_network),
        cmocka_unit_test(test_relayed),     cmocka_unit_test(test_unheard),
        cmocka_unit_test(test_priorities),  cmocka_unit_test(test_roam),
        cmocka_unit_test(test_two_ears),    cmocka_unit_test(test_group),
        cmocka_unit_test(test_amsdu),       cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_call),        cmocka_unit_test(test_records),
        cmocka_unit_test(test_eviction),    cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
