/* Sequence numbers: each trap of the header alone, with numbers that follow from the scenario. */
#include "tests/unit/sequence_feed.h"

static void test_in_order(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 0, 0);
    assert_int_equal(vo_sequence_expected(&feed->sequence), 0);
    assert_int_equal(vo_sequence_settled_until(&feed->sequence), 0);
    send_run(feed, 0, 1000);
    assert_int_equal(vo_sequence_settled_until(&feed->sequence), START + 999 * FRAME);
    check(feed, (struct expected){1000, 0, 0, 0, 0, 0});
    check(new_feed(8000, 7, 7), (struct expected){0, 0, 0, 0, 0, 0});
}

static void test_one_lost(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 65000, 1);
    send_run(feed, 0, 100);
    send_run(feed, 101, 400);
    assert_int_equal(feed->log.runs, 0 + 1); /* 400 - 101 > 256 later positions */
    assert_int_equal(feed->log.count, 101);
    assert_int_equal(feed->log.outcome[100], 'x');
    assert_int_equal(feed->log.before, START + 99 * FRAME);
    assert_int_equal(feed->log.after, START + 101 * FRAME);
    check(feed, (struct expected){400, 1, 0, 0, 0, 0});
}

/* Positions settle when 256 later ones exist: position 100 is settled by 356 and not by 355. */
static void test_window_edge(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 10, 0);
    send_run(feed, 0, 100);
    send_run(feed, 101, 356);
    assert_int_equal(feed->log.runs, 0);
    send(feed, 356);
    assert_int_equal(feed->log.runs, 1);
    assert_int_equal(send_at(feed, 100, 357), VO_SEQUENCE_TOO_LATE);
    check(feed, (struct expected){357, 1, 0, 0, 0, 1});
    feed = new_feed(8000, 10, 0);
    send_run(feed, 0, 100);
    send_run(feed, 101, 356);
    assert_int_equal(send_at(feed, 100, 356), VO_SEQUENCE_REORDERED);
    send(feed, 356);
    check(feed, (struct expected){357, 0, 0, 1, 0, 0});
}

/* A run is lost as one when its last position is: 100..109 by 109 + 256 = 365. */
static void test_run_is_one(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 10, 0);
    send_run(feed, 0, 100);
    send_run(feed, 110, 365);
    assert_int_equal(feed->log.runs, 0);
    assert_int_equal(send_at(feed, 109, 364), VO_SEQUENCE_REORDERED); /* came 255 positions late */
    send_run(feed, 365, 800);
    assert_int_equal(feed->log.runs, 1);
    assert_int_equal(feed->sequence.longest_loss, 9);
    check(feed, (struct expected){800, 9, 0, 1, 0, 0});
}

static void test_patience(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 10, 0);
    send_run(feed, 0, 100);
    send(feed, 101);
    /* packets of 100 ms from here: 10 s are 100 packets, fewer than the window */
    for (int i = 1; i <= 100; i++)
        raw(feed, START + 101 * FRAME + i * 100 * VO_NS_PER_MS, (uint16_t)(10 + 101 + i),
            (101 + 5 * (uint32_t)i) * STEP, true);
    assert_int_equal(feed->log.runs, 1); /* at exactly 10 s after the successor */
    assert_int_equal(raw(feed, START + 202 * 100 * VO_NS_PER_MS, 110, 100 * STEP, true),
                     VO_SEQUENCE_TOO_LATE);
    check(feed, (struct expected){202, 1, 0, 0, 0, 1});
    feed = new_feed(8000, 10, 0);
    send_run(feed, 0, 100);
    send(feed, 101);
    send_run(feed, 102, 110);
    feed->shift = 11 * VO_NS_PER_S; /* a pause settles what was open before it */
    assert_int_equal(send(feed, 110), VO_SEQUENCE_NEW);
    assert_int_equal(feed->log.runs, 1);
    assert_int_equal(feed->log.after, START + 101 * FRAME);
    assert_int_equal(send_at(feed, 100, 111), VO_SEQUENCE_TOO_LATE);
    check(feed, (struct expected){111, 1, 0, 0, 0, 1});
}

static void test_duplicates(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 10, 0);
    send_run(feed, 0, 50);
    assert_int_equal(send(feed, 49), VO_SEQUENCE_DUPLICATE);        /* adjacent */
    assert_int_equal(send_at(feed, 20, 50), VO_SEQUENCE_DUPLICATE); /* late */
    send_run(feed, 51, 60);
    assert_int_equal(send_at(feed, 50, 60), VO_SEQUENCE_REORDERED); /* recovered */
    assert_int_equal(send_at(feed, 50, 60), VO_SEQUENCE_DUPLICATE); /* and again */
    send_run(feed, 60, 100);
    check(feed, (struct expected){100, 0, 3, 1, 0, 0});
    /* 20 lost and 20 duplicated are 20 lost, not none */
    feed = new_feed(8000, 10, 0);
    for (int i = 0; i < 1000; i++) {
        if (i % 50 != 7)
            send(feed, i);
        if (i % 50 == 30)
            send(feed, i);
    }
    check(feed, (struct expected){1000, 20, 20, 0, 0, 0});
    /* every packet twice, as a mirror port of both directions gives */
    feed = new_feed(8000, 65530, 0);
    for (int i = 0; i < 500; i++) {
        send(feed, i);
        send(feed, i);
    }
    check(feed, (struct expected){500, 0, 500, 0, 0, 0});
}

static void test_reordered_start(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 65535, 0); /* the swap is over the wrap of the numbers, too */
    assert_int_equal(send_at(feed, 1, 0), VO_SEQUENCE_NEW);
    assert_int_equal(send_at(feed, 0, 1), VO_SEQUENCE_REORDERED);
    send_run(feed, 2, 300);
    check(feed, (struct expected){300, 0, 0, 1, 0, 0});
    /* 16 before the first: taken in; 17: the base stands, the packet is a stray */
    feed = new_feed(8000, 100, 0);
    assert_int_equal(send(feed, 16), VO_SEQUENCE_NEW);
    assert_int_equal(send_at(feed, 0, 17), VO_SEQUENCE_REORDERED);
    send_run(feed, 17, 300);
    check(feed, (struct expected){300, 15, 0, 1, 0, 0});
    feed = new_feed(8000, 100, 0);
    send(feed, 17);
    assert_int_equal(send_at(feed, 0, 17), VO_SEQUENCE_TOO_LATE);
    send_run(feed, 18, 300);
    check(feed, (struct expected){283, 0, 0, 0, 0, 1});
    /* not young any more: the base is firm after 16 positions */
    feed = new_feed(8000, 100, 0);
    send_run(feed, 5, 30);
    assert_int_equal(send_at(feed, 4, 30), VO_SEQUENCE_TOO_LATE);
    check(feed, (struct expected){25, 0, 0, 0, 0, 1});
}

static void test_reordered_end(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 0, 0);
    send_run(feed, 0, 98);
    send_at(feed, 99, 98);
    assert_int_equal(send_at(feed, 98, 99), VO_SEQUENCE_REORDERED);
    check(feed, (struct expected){100, 0, 0, 1, 0, 0});
    /* the last packet but nine comes last */
    feed = new_feed(8000, 0, 0);
    send_run(feed, 0, 90);
    send_run(feed, 91, 100);
    send_at(feed, 90, 100);
    check(feed, (struct expected){100, 0, 0, 1, 0, 0});
}

static void test_wrap(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 65486, UINT32_MAX - 100);
    send_run(feed, 0, 49);                                          /* up to 65534 */
    send_run(feed, 50, 60);                                         /* 0 to 9 */
    assert_int_equal(send_at(feed, 49, 60), VO_SEQUENCE_REORDERED); /* 65535 adds no cycle */
    send_run(feed, 60, 140000);                                     /* and two wraps more */
    check(feed, (struct expected){140000, 0, 0, 1, 0, 0});
}

/* A restart at `sequence` and `timestamp` after 500 packets from 1000 on; 300 more follow. */
static void restart_to(uint16_t sequence, uint32_t timestamp, uint64_t restarts)
{
    struct feed *feed = new_feed(8000, 1000, 5000000);
    send_run(feed, 0, 500);
    for (uint32_t i = 0; i < 300; i++)
        raw(feed, START + (500 + (vo_time)i) * FRAME, (uint16_t)(sequence + i), timestamp + i * STEP, true);
    check(feed, (struct expected){800, 0, 0, 0, restarts, 0});
}

static void test_restart(void **state)
{
    (void)state;
    const uint32_t goes_on = 5000000 + 500 * STEP;
    restart_to(40000, 123456789, 1);
    restart_to(20000, 4123456789u, 1);
    restart_to(1000, 99, 1);              /* the same numbers, other timestamps */
    restart_to(1499 + 500, 123456789, 1); /* 500 above */
    restart_to(1499 - 500, 123456789, 1); /* 500 below */
    restart_to(1499 - 100, 123456789, 1); /* within the window */
    restart_to(1499, 123456789, 1);       /* the highest itself */
    restart_to(1499 + 2, 123456789, 1);
    restart_to(40000, goes_on, 1); /* the timestamps go on: 38,500 packets do not fit into 20 ms */
    restart_to(1499 - 500, goes_on, 1);
    restart_to(1499 + 501, goes_on, 1); /* 500 packets are 10 s, timestamps moved by 20 ms */
    restart_to(1500, 123456789, 0);     /* the next number: nothing is lost, whatever the clock does */
    /* its first two packets swapped */
    struct feed *feed = new_feed(8000, 1000, 5000000);
    send_run(feed, 0, 500);
    static const int order[] = {1, 0, 2, 3, 4};
    for (int i = 0; i < 5; i++)
        raw(feed, START + (500 + i) * FRAME, (uint16_t)(30000 + order[i]), 77 + (uint32_t)order[i] * STEP,
            true);
    check(feed, (struct expected){505, 0, 0, 1, 1, 0});
    /* the first of the new ones lost, and the second doubled */
    feed = new_feed(8000, 1000, 5000000);
    send_run(feed, 0, 500);
    static const int doubled[] = {1, 1, 3};
    for (int i = 0; i < 3; i++)
        raw(feed, START + (500 + i) * FRAME, (uint16_t)(30000 + doubled[i]), 77 + (uint32_t)doubled[i] * STEP,
            true);
    check(feed, (struct expected){503, 1, 1, 0, 1, 0});
    /* what was open before the restart is settled by it, in order */
    feed = new_feed(8000, 1000, 5000000);
    send_run(feed, 0, 490);
    send_run(feed, 492, 500);
    for (uint32_t i = 0; i < 3; i++)
        raw(feed, START + (500 + (vo_time)i) * FRAME, (uint16_t)(30000 + i), 77 + i * STEP, true);
    assert_int_equal(feed->log.runs, 1);
    check(feed, (struct expected){503, 2, 0, 0, 1, 0});
}

/* A sender that plays the same recording again: the first 16 old packets could be copies, then it is a
 * restart. */
static void test_recording_again(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 1000, 5000000);
    send_run(feed, 0, 2000);
    for (int i = 0; i < 2000; i++)
        send_at(feed, i, 2000 + i);
    check(feed, (struct expected){2000 + 1984, 0, 0, 0, 1, 16});
}

/* `count` packets lost after 500; the arrivals go on as if nothing was lost, or with the timestamps. */
static void gap(int64_t count, bool moves)
{
    struct feed *feed = new_feed(8000, 60000, 4000000000u);
    send_run(feed, 0, 500);
    for (int64_t i = 0; i < 400; i++)
        send_at(feed, 500 + count + i, 500 + (moves ? count : 0) + i);
    assert_int_equal(feed->sequence.longest_loss, count);
    assert_int_equal(feed->log.runs, 1);
    assert_int_equal(feed->log.before, START + 499 * FRAME);
    assert_int_equal(feed->log.after, START + (500 + (moves ? count : 0)) * FRAME);
    check(feed, (struct expected){900 + (uint64_t)count, (uint64_t)count, 0, 0, 0, 0});
}

static void test_gaps(void **state)
{
    (void)state;
    static const int64_t counts[] = {1,    2,     254,   255,   256,   257,   299,   2998,  2999,  3000,
                                     3001, 32767, 32768, 65280, 65534, 65535, 65537, 65538, 67000, 70000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        gap(counts[i], true);
        gap(counts[i], false);
    }
    /* exactly one wrap cannot be told from silence: the numbers go on */
    struct feed *feed = new_feed(8000, 60000, 0);
    send_run(feed, 0, 500);
    send_run(feed, 500 + 65536, 900 + 65536);
    check(feed, (struct expected){900, 0, 0, 0, 0, 0});
}

static void test_strays(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 1000, 0);
    send_run(feed, 0, 500);
    assert_int_equal(raw(feed, START + 500 * FRAME, 40000, 1, true), VO_SEQUENCE_HELD); /* a lone one */
    send_run(feed, 500, 600);
    raw(feed, START + 600 * FRAME, 40000, 1, true); /* two that do not go on from each other */
    raw(feed, START + 600 * FRAME, 20000, 1, true);
    send_run(feed, 600, 700);
    raw(feed, START + 700 * FRAME, 50000, 1, true); /* the last packet of all */
    check(feed, (struct expected){700, 0, 0, 0, 0, 4});
    /* copies from beyond the window are old, not a restart */
    feed = new_feed(8000, 1000, 0);
    send_run(feed, 0, 500);
    assert_int_equal(send_at(feed, 100, 500), VO_SEQUENCE_TOO_LATE);
    assert_int_equal(send_at(feed, 101, 500), VO_SEQUENCE_TOO_LATE);
    send_run(feed, 500, 600);
    check(feed, (struct expected){600, 0, 0, 0, 0, 2});
}

/* Silence suppression: timestamps jump, numbers go on; a loss in the midst of it is one packet, not the
 * silence. */
static void test_silence(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 1000, 0);
    int64_t number = 0, frame = 0;
    for (int talk = 0; talk < 40; talk++) {
        for (int i = 0; i < 25; i++, number++, frame++)
            if (!(talk > 0 && i == 0 &&
                  talk % 4 == 0)) /* the first packet after every fourth silence is lost */
                raw(feed, START + frame * FRAME, (uint16_t)(1000 + number), (uint32_t)frame * STEP, true);
        frame += 50 + talk * 37; /* 1 to 30 s */
    }
    check(feed, (struct expected){1000, 9, 0, 0, 0, 0});
}

/* 3,100 numbers are missing, but the time holds 10,000 packets: silence and a long loss. */
static void test_silence_with_long_gap(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 1000, 0);
    send_run(feed, 0, 500);
    for (int i = 0; i < 100; i++)
        raw(feed, START + (10500 + i) * FRAME, (uint16_t)(1000 + 3600 + i), (uint32_t)(10500 + i) * STEP,
            true);
    check(feed, (struct expected){3700, 3100, 0, 0, 0, 0});
}

/* RFC 4733: the timestamp stands for the press; end packets lost. 1 of 3 ends and 2 media packets after it
 * are lost. */
static void test_events(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 1000, 0);
    send_run(feed, 0, 100);
    for (int i = 100; i < 120; i++) /* 400 ms of key press */
        if (i != 119)
            raw(feed, START + i * FRAME, (uint16_t)(1000 + i), 100 * STEP, false);
    for (int i = 122; i < 600; i++)
        raw(feed, START + i * FRAME, (uint16_t)(1000 + i), (uint32_t)i * STEP, true);
    check(feed, (struct expected){600, 3, 0, 0, 0, 0});
}

/* Video: 8 packets a frame share a timestamp, 30 frames a second, every third frame is shown before its
 * predecessor. */
static void test_video(void **state)
{
    (void)state;
    struct feed *feed = new_feed(90000, 65000, 0xfffff000u);
    uint64_t lost = 0;
    for (int frame = 0; frame < 600; frame++)
        for (int i = 0; i < 8; i++) {
            uint32_t shown = (uint32_t)(frame % 3 == 1 ? frame + 1 : frame % 3 == 2 ? frame - 1 : frame);
            bool gone = frame % 50 == 20 && i >= 2 && frame > 0;
            gone |= frame >= 300 && frame < 340; /* 40 whole frames: 320 packets */
            lost += gone;
            if (!gone)
                raw(feed, START + frame * 33333333LL, (uint16_t)(65000 + frame * 8 + i),
                    0xfffff000u + shown * 3000, true);
        }
    assert_int_equal(lost, 12 * 6 - 6 + 320); /* frame 320 is within the outage */
    check(feed, (struct expected){4800, lost, 0, 0, 0, 0});
}

/* Another packet time, 20 to 10 ms and 10 to 60 ms, with losses at and after the change. */
static void test_packet_time_changes(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 1000, 0);
    static const uint32_t frames[] = {160, 80, 480, 80};
    uint32_t ticks = 0;
    int number = 0;
    for (int part = 0; part < 4; part++)
        for (int i = 0; i < 200; i++, number++) {
            if (!(i >= 1 && i <= 5) && !(i >= 50 && i < 70 && i % 2))
                raw(feed, START + (vo_time)ticks * 125000, (uint16_t)(1000 + number), ticks, true);
            ticks += frames[part];
        }
    check(feed, (struct expected){800, 4 * 15, 0, 0, 0, 0});
}

static void test_unknown_clock(void **state)
{
    (void)state;
    struct feed *feed = new_feed(0, 1000, 0);
    send_run(feed, 0, 100);
    send_run(feed, 102, 500);
    send_run(feed, 500 + 4000, 600 + 4000); /* the steps confirm it without a clock */
    check(feed, (struct expected){4600, 4002, 0, 0, 0, 0});
    feed = new_feed(0, 1000, 0);
    send_run(feed, 0, 500);
    for (uint32_t i = 0; i < 100; i++)
        raw(feed, START + (500 + (vo_time)i) * FRAME, (uint16_t)(30000 + i), 3333333333u + i * STEP, true);
    check(feed, (struct expected){600, 0, 0, 0, 1, 0});
}

static void test_late_is_discarded(void **state)
{
    (void)state;
    struct feed *feed = new_feed(8000, 1000, 0);
    for (int i = 0; i < 100; i++) {
        struct vo_sequence_packet packet = {START + i * FRAME, (uint32_t)i * STEP, (uint16_t)(1000 + i),
                                            true};
        feed->log.fed += i != 50;
        if (i != 50)
            take(feed, &packet, i == 3 || i == 51 || i == 52);
    }
    vo_sequence_finish(&feed->sequence, &feed->sink);
    assert_int_equal(feed->log.count, 53);
    assert_memory_equal(feed->log.outcome, "...d..............................................xdd", 53);
    assert_int_equal(feed->sequence.good, 47);
    check(feed, (struct expected){100, 1, 0, 0, 0, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_one_lost),
        cmocka_unit_test(test_window_edge),
        cmocka_unit_test(test_run_is_one),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_reordered_start),
        cmocka_unit_test(test_reordered_end),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_recording_again),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_strays),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_silence_with_long_gap),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_video),
        cmocka_unit_test(test_packet_time_changes),
        cmocka_unit_test(test_unknown_clock),
        cmocka_unit_test(test_late_is_discarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
