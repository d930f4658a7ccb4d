/* The gap in a stream of packets: where the roam is, and nowhere else. A packet each 20 ms throughout. */
#include "probes/wlan/media_gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MS(ms) ((vo_time)((ms)*1e6))

static struct vo_media_stream stream;
static struct vo_media_gap gap;
static uint32_t number;

static void begin(bool always)
{
    memset(&stream, 0, sizeof stream);
    vo_media_begin(&stream, always, true);
    number = 65500; /* wraps soon */
}

/* G.711: 160 units a packet. */
static void packet(double ms)
{
    vo_media_arrive(&stream, MS(ms), false, (uint16_t)number, 160 * number);
    number++;
}

/* A packet each 20 ms from `ms` on; returns when the next one would come. */
static double flow(double ms, unsigned packets)
{
    for (unsigned i = 0; i < packets; i++, ms += 20)
        packet(ms);
    return ms;
}

static void measure(double begun, double ended, double now)
{
    vo_media_measure(&stream, MS(begun), ended < 0 ? VO_TIME_UNKNOWN : MS(ended), MS(now), false, &gap);
}

static void assert_gap(double ms, uint32_t lost)
{
    if (gap.why)
        fail_msg("no gap: %s", gap.why);
    assert_int_equal(gap.to - gap.from, MS(ms));
    assert_null(gap.why_no_loss);
    assert_int_equal(gap.lost, lost);
    assert_int_equal(gap.state, VO_MEDIA_RESUMED);
}

static void assert_none(const char *words, enum vo_media_state state)
{
    assert_non_null(gap.why);
    if (!strstr(gap.why, words))
        fail_msg("\"%s\" does not say \"%s\"", gap.why, words);
    assert_int_equal(gap.state, state);
    assert_non_null(gap.why_no_loss);
    if (state == VO_MEDIA_UNKNOWN)
        assert_non_null(gap.why_unknown);
}

/* 50 packets until 980 ms; the roam from 990 to 1150; the next at 1300: of 15 sent meanwhile none came. */
static void test_gap_across_a_roam(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    number += 15;
    flow(1300, 500);
    measure(990, 1150, 11300);
    assert_gap(320, 15);
    assert_int_equal(gap.from, MS(980));
    assert_int_equal(gap.to, MS(1300));
    assert_int_equal(gap.pace, MS(20));
    assert_true(gap.steady);
}

/* A longer gap 300 ms before and another one 300 ms after are not the roam's. */
static void test_gaps_elsewhere(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);    /* until 980 */
    number += 20;   /* 420 ms */
    flow(1400, 21); /* 1400 to 1800 */
    number += 2;    /* 60 ms: the roam, from 1810 to 1850 */
    flow(1860, 16); /* 1860 to 2160 */
    number += 30;   /* 620 ms */
    flow(2780, 100);
    measure(1810, 1850, 12000);
    assert_gap(60, 2);
    assert_int_equal(gap.from, MS(1800));
}

/* Announcements are read up to 100 ms late: a gap that ended shortly before the first one is the roam's. */
static void test_margin(void **state)
{
    (void)state;
    begin(false);
    double next = flow(0, 50); /* 980 */
    number += 4;
    flow(next + 80, 100); /* 1080 */
    measure(1150, 1160, 12000);
    assert_gap(100, 4);
    measure(1200, 1210, 12000); /* 120 ms later it is not */
    assert_gap(20, 0);
}

/* Nothing was lost in a roam without a gap: what is told is the time between packets. */
static void test_no_gap(void **state)
{
    (void)state;
    begin(false);
    flow(0, 600);
    measure(1005, 1045, 11500);
    assert_gap(20, 0);
}

/* What the access point kept and delivered late is no loss; the gap is one all the same. */
static void test_delivered_late(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    for (int i = 0; i < 15; i++)
        packet(1300 + i * 0.1);
    flow(1302, 500);
    measure(990, 1150, 11300);
    assert_gap(320, 0);
}

/* Of 15 missing, three come out of order behind the first: 12 are lost. One comes twice. */
static void test_out_of_order(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    uint32_t first = number;
    number += 15;
    packet(1300);
    for (uint32_t i = 0; i < 3; i++)
        vo_media_arrive(&stream, MS(1301 + i), false, (uint16_t)(first + 12 + i), 160 * (first + 12 + i));
    vo_media_arrive(&stream, MS(1305), false, (uint16_t)(first + 12), 160 * (first + 12));
    flow(1320, 500);
    measure(990, 1150, 11300);
    assert_gap(320, 12);
}

static void test_not_steady(void **state)
{
    (void)state;
    begin(false);
    flow(800, 9); /* nine packets in the second before */
    flow(1300, 500);
    measure(990, 1150, 11300);
    assert_none("10 packets in the second before", VO_MEDIA_UNKNOWN);
    assert_false(gap.steady);
    begin(false);
    flow(780, 10); /* ten */
    number += 16;
    flow(1300, 500);
    measure(990, 1150, 11300);
    assert_gap(340, 16);
}

static void test_nothing_flowed(void **state)
{
    (void)state;
    begin(false);
    measure(990, 1150, 11300);
    assert_none("no media was received before", VO_MEDIA_UNKNOWN);
    flow(1300, 500); /* a call that began afterwards */
    measure(990, 1150, 11300);
    assert_none("no media was received before", VO_MEDIA_UNKNOWN);
}

/* The sender did not send: timestamps went on by 16 packets' worth, sequence numbers by one. */
static void test_sender_paused(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    uint32_t units = 160 * number + 160 * 15;
    for (unsigned i = 0; i < 500; i++)
        vo_media_arrive(&stream, MS(1300 + 20 * i), false, (uint16_t)(number + i), units + 160 * i);
    measure(990, 1150, 11300);
    assert_none("the sender paused", VO_MEDIA_RESUMED);
}

/* 10 s without a packet: lost. Less, because the run ended: not known. */
static void test_lost(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    measure(990, 1150, 11150);
    assert_none("did not flow again within 10 s", VO_MEDIA_LOST);
    measure(990, 1150, 11149);
    assert_none("the run ended before", VO_MEDIA_UNKNOWN);
    measure(990, -1, 10990); /* without a new access point: from leaving on */
    assert_none("did not flow again", VO_MEDIA_LOST);
    measure(990, -1, 10980);
    assert_none("the run ended", VO_MEDIA_UNKNOWN);
    /* one packet that came out of a queue is no call that goes on */
    number += 10;
    packet(1190);
    measure(990, 1150, 11190);
    assert_none("did not flow again", VO_MEDIA_LOST);
}

/* Hung up 3 s before the roam: the roam did not end it. An echo is never hung up. */
static void test_ended_before(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    measure(4000, 4150, 14200);
    assert_none("had ended before", VO_MEDIA_UNKNOWN);
    begin(true);
    flow(0, 50);
    measure(4000, 4150, 14200);
    assert_none("did not flow again", VO_MEDIA_LOST);
}

/* The radio was dead for 3 s before the interface left; the same stream goes on: 4320 ms, 215 packets. */
static void test_dead_before(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    number += 215;
    flow(5300, 500);
    measure(4000, 5150, 15300);
    assert_gap(4320, 215);
}

static void test_responder_ended(void **state)
{
    (void)state;
    begin(true);
    flow(0, 50);
    stream.ended = MS(3000);
    stream.why_end = "its connection was lost";
    measure(990, 1150, 11150);
    assert_none("its connection was lost", VO_MEDIA_UNKNOWN);
    measure(990, 1150, 20000); /* it ended less than 10 s after */
    assert_none("its connection was lost", VO_MEDIA_UNKNOWN);
    stream.ended = MS(30000);
    measure(990, 1150, 31000);
    assert_none("did not flow again", VO_MEDIA_LOST);
}

/* Two roams in 300 ms. No packet between them: one gap, told of the second. With one between: two gaps. */
static void test_two_roams(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    number += 25;
    flow(1500, 500);
    vo_media_measure(&stream, MS(990), MS(1050), MS(1250), true, &gap);
    assert_none("the next roam began", VO_MEDIA_UNKNOWN);
    vo_media_measure(&stream, MS(1250), MS(1350), MS(11350), false, &gap);
    assert_gap(520, 25);
    begin(false);
    flow(0, 50);
    number += 10;
    flow(1190, 4); /* 1190 to 1250 */
    number += 12;
    flow(1500, 500);
    vo_media_measure(&stream, MS(990), MS(1050), MS(1255), true, &gap);
    assert_gap(210, 10);
    vo_media_measure(&stream, MS(1255), MS(1350), MS(11350), false, &gap);
    assert_gap(250, 12);
    /* back at 1060, and the next one leaves 40 ms later: two packets are enough to have resumed */
    begin(false);
    flow(0, 50);
    number += 4;
    flow(1060, 2);
    number += 4;
    flow(1200, 500);
    vo_media_measure(&stream, MS(990), MS(1050), MS(1090), true, &gap);
    assert_gap(80, 4);
}

static void test_clock_was_set(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    number += 15;
    vo_media_arrive(&stream, MS(1300), true, (uint16_t)number, 160 * number);
    number++;
    flow(1320, 500);
    measure(990, 1150, 11300);
    assert_none("clock was set", VO_MEDIA_RESUMED);
}

static void test_new_sequence(void **state)
{
    (void)state;
    begin(false);
    flow(0, 50);
    number += 20000;
    flow(1300, 500);
    measure(990, 1150, 11300);
    assert_null(gap.why);
    assert_int_equal(gap.to - gap.from, MS(320));
    assert_non_null(strstr(gap.why_no_loss, "new sequence"));
}

/* More packets than are kept: what is kept is enough. */
static void test_long_run(void **state)
{
    (void)state;
    begin(false);
    double next = flow(0, 10000); /* the last at 199980 */
    number += 15;
    flow(next + 300, 500);
    measure(next - 10, next + 150, next + 10300);
    assert_gap(320, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gap_across_a_roam),
        cmocka_unit_test(test_gaps_elsewhere),
        cmocka_unit_test(test_margin),
        cmocka_unit_test(test_no_gap),
        cmocka_unit_test(test_delivered_late),
        cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_not_steady),
        cmocka_unit_test(test_nothing_flowed),
        cmocka_unit_test(test_sender_paused),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_ended_before),
        cmocka_unit_test(test_dead_before),
        cmocka_unit_test(test_responder_ended),
        cmocka_unit_test(test_two_roams),
        cmocka_unit_test(test_clock_was_set),
        cmocka_unit_test(test_new_sequence),
        cmocka_unit_test(test_long_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
