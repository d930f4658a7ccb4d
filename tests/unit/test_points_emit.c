/* Two capture files of one call, compared: the records. */
#include "core/json.h"
#include "core/options.h"
#include "core/record.h"
#include "probes/flow/rtp_emit.h"
#include "probes/rtp/emit_capture.h"
#include "probes/rtp/points_emit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS       VO_NS_PER_MS
#define START    (1700000000LL * VO_NS_PER_S)
#define OFFSET   (3700 * MS) /* clock of B less that of A at START */
#define SKEW_PPM 20
#define A        0
#define B        1

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* An IPv4 datagram of LINKTYPE_RAW with PCMU of 20 ms. */
static void write_packet(struct vo_capture_writer *writer, vo_time time, const uint8_t ends[8],
                         unsigned ports, uint8_t ttl, uint32_t ssrc, unsigned i)
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

/* Streams of 1 s that one point only has; `at` is by its clock. The captures ran from START - 100 s and
 * START, to START + 40 s, so that by the clocks as they are number 3 would be outside of A's, and 4 within.
 */
static const struct lone {
    int point;
    vo_time at;
    uint32_t ssrc;
    const char *why;
} lone[] = {
    {A, START - 100 * VO_NS_PER_S, 0x4444,
     "not found at the other point, far: its capture did not run while this stream did"},
    {A, START + 10 * VO_NS_PER_S, 0x3333, "not found at the other point, far"},
    {B, START + 42 * VO_NS_PER_S, 0x5555, "not found at the other point, phone"},
    {B, START + 44 * VO_NS_PER_S, 0x6666,
     "not found at the other point, phone: its capture did not run while this stream did"},
};

static void write_more(struct vo_capture_writer *writer[2])
{
    static const uint8_t ends[8] = {192, 0, 2, 1, 192, 0, 2, 2};
    for (size_t n = 0; n < sizeof lone / sizeof *lone; n++)
        for (unsigned i = 0; i < 50; i++)
            write_packet(writer[lone[n].point], lone[n].at + i * 20 * MS, ends,
                         (9000u + (unsigned)n) << 16 | 9100, 64, lone[n].ssrc, i);
}

/* A call of 40 s: the phone, 192.168.1.2, at A; behind a NAT as 203.0.113.5 at B, whose clock is 3.7 s ahead
 * and 20 ppm fast. 12 ms each way; 7 packets to B are lost. */
static void write_captures(const char *const paths[2], bool more)
{
    static const uint8_t inside[8] = {192, 168, 1, 2, 198, 51, 100, 9},
                         outside[8] = {203, 0, 113, 5, 198, 51, 100, 9};
    static const uint8_t routed[8] = {10, 0, 0, 1, 10, 0, 0, 2};
    static const uint8_t to_nat[8] = {198, 51, 100, 9, 203, 0, 113, 5},
                         to_phone[8] = {198, 51, 100, 9, 192, 168, 1, 2};
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
        if (more) /* the same packets behind a router of the phone's site */
            write_packet(writer[A], sent + MS, routed, 7000u << 16 | 7002, 63, 0x1111, i);
    }
    if (more)
        write_more(writer);
    for (int i = 0; i < 2; i++)
        assert_int_equal(vo_capture_finish(writer[i], NULL), VO_OK);
}

static void run_session(struct vo_rtp_session *session, struct vo_point *point,
                        struct vo_record_writer *writer)
{
    struct vo_rtp_options options = {.stream_limit = 100, .point = point->name};
    struct vo_option_list none = {0};
    struct vo_capture *capture;
    struct vo_frame frame;
    struct vo_capture_options how = {0};
    options.impairments = &none;
    /* the phone is beside the first point, the far end beside the second */
    static const char *const hosts[] = {"192.168.1.2", "198.51.100.9"}, *const names[] = {"phone", "far"};
    for (; options.near_count < 2; options.near_count++) {
        assert_true(vo_address_parse(hosts[options.near_count], strlen(hosts[options.near_count]),
                                     options.near[options.near_count]));
        options.near_point[options.near_count] = names[options.near_count];
    }
    assert_true(vo_playout_parse("fixed:60", &options.stream.playout));
    assert_int_equal(vo_capture_open_files(point->files, point->file_count, &how, NULL, NULL, &capture, NULL),
                     VO_OK);
    assert_int_equal(vo_rtp_session_open(session, &options, writer, NULL), VO_OK);
    session->source = vo_capture_source(capture);
    session->keeper = vo_point_keeper(point);
    point->capture = capture;
    while (vo_capture_next(capture, &frame, NULL) == VO_OK)
        vo_rtp_session_frame(session, &frame);
    vo_rtp_session_finish(session);
    assert_true(vo_rtp_link_calls(session));
    vo_rtp_emit_all(session);
    vo_rtp_emit_capture(session, capture, point->name);
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
    assert_string_equal(label_of(record, "first_point"),
                        there ? "192.168.1.2:4000>198.51.100.9:5000#0x00001111"
                              : "198.51.100.9:5000>203.0.113.5:61000#0x00002222");
    assert_string_equal(label_of(record, "media"), "audio");
    assert_string_equal(label_of(record, "codec"), "PCMU");
    assert_string_equal(label_of(record, "position"), "near_receiver");
    assert_string_equal(label_of(record, "first_position"), "near_sender");
    assert_string_equal(label_of(record, "drops_at_point"), "not known");
    static const char *const delays[] = {"rtp_point_delay_ms", "rtp_point_delay_min_ms",
                                         "rtp_point_delay_max_ms", "rtp_latency_ms", "rtp_latency_max_ms"};
    for (size_t i = 0; i < sizeof delays / sizeof *delays;
         i++) { /* 12 ms each way, so that each half is right */
        assert_float_equal(number(record, "metrics", delays[i]), 12, 0.05);
        assert_float_equal(number(record, "uncertainty", delays[i]), 12, 0.2);
        assert_string_equal(vo_json_get_text(vo_json_get(record, "basis"), delays[i]), "clock_estimated");
    }
    assert_float_equal(number(record, "metrics", "rtp_point_packets"), 2000, 0);
    assert_float_equal(number(record, "metrics", "rtp_point_loss_percent"), there ? 100.0 * 7 / 2000 : 0,
                       1e-6);
    assert_float_equal(number(record, "metrics", "rtp_point_variation_p95_ms"), 0, 0.05);
}

static void check_clock(const struct vo_json *record)
{
    assert_float_equal(vo_json_double(vo_json_get(record, "offset_ms")), 3700 + 0.4,
                       0.02); /* 20 ppm of 20 s */
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
        if (strcmp(record.kind, "observation") == 0 && strcmp(kind, "rtp_stream") == 0 &&
            strchr(point, '>')) {
            check_pair(record.json);
            pairs++;
        } else if (strcmp(record.kind, "observation") == 0 && strcmp(kind, "rtp_stream") == 0) {
            assert_true(strcmp(point, "phone") == 0 || strcmp(point, "far") == 0);
            /* what the phone sends was seen near it at its point, and near its receiver at the other */
            bool sent_by_phone = strstr(label_of(record.json, "id"), "#0x00001111") != NULL;
            assert_string_equal(label_of(record.json, "position"),
                                sent_by_phone == (strcmp(point, "phone") == 0) ? "near_sender"
                                                                               : "near_receiver");
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

/* One row of `lone`, said of the stream at its point. */
static void check_lone(const struct vo_json *record, bool found[4])
{
    static const char *const missing[] = {"rtp_latency_ms", "rtp_latency_max_ms", "rtp_point_delay_ms",
                                          "rtp_point_loss_percent"};
    char end[16];
    size_t n = 0;
    for (; n < 4; n++) {
        snprintf(end, sizeof end, "#0x%08x", lone[n].ssrc);
        if (strstr(label_of(record, "id"), end))
            break;
    }
    assert_true(n < 4); /* of the other leg, whose packets were matched, there is none */
    assert_false(found[n]);
    found[n] = true;
    assert_string_equal(label_of(record, "point"), lone[n].point == A ? "phone?far" : "far?phone");
    assert_string_equal(label_of(record, "media"), "audio");
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(vo_json_get_text(vo_json_get(record, "missing"), missing[i]), lone[n].why);
    assert_null(vo_json_get(record, "metrics"));
}

static void check_more(const char *path)
{
    struct vo_record_reader *reader;
    struct vo_record record;
    bool found[4] = {false};
    unsigned pairs = 0;
    assert_int_equal(vo_record_reader_open(path, &reader, NULL), VO_OK);
    while (vo_record_read(reader, &record, NULL) == VO_OK) {
        if (strcmp(record.kind, "observation") == 0 && strchr(label_of(record.json, "point"), '?'))
            check_lone(record.json, found);
        pairs += strcmp(record.kind, "observation") == 0 && strchr(label_of(record.json, "point"), '>');
    }
    vo_record_reader_free(reader);
    assert_int_equal(pairs, 2);
    assert_true(found[0] && found[1] && found[2] && found[3]);
}

static void compare(bool more, void (*check)(const char *path))
{
    char directory[] = "/tmp/test_points.XXXXXX", paths[3][64], text[2][80];
    assert_non_null(mkdtemp(directory));
    for (int i = 0; i < 3; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%d", directory, i);
    write_captures((const char *const[]){paths[0], paths[1]}, more);
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
    assert_int_equal(vo_points_compare(&between, points, sessions, NULL), VO_OK);
    vo_points_emit(&between, sessions);
    vo_points_release(&between);
    for (int i = 0; i < 2; i++) {
        struct vo_capture *capture = points[i].capture;
        vo_rtp_session_close(&sessions[i]);
        vo_capture_close(capture);
        vo_point_release(&points[i]);
    }
    assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    check(paths[2]);
    for (int i = 0; i < 3; i++)
        unlink(paths[i]);
    rmdir(directory);
}

static void test_from_captures_to_records(void **state)
{
    (void)state;
    compare(false, check_records);
}

static void test_streams_at_one_point_only(void **state)
{
    (void)state;
    compare(true, check_more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_captures_to_records),
        cmocka_unit_test(test_streams_at_one_point_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
