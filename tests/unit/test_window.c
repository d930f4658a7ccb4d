/* The worst five minutes: against every window of 300 seconds added up, and the cases of the guide's 13.6. */
#include "core/estimate/window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static struct vo_window *new_window(void)
{
    struct vo_window *window = calloc(1, sizeof *window);
    assert_non_null(window);
    return window;
}

static void received(struct vo_window *window, int64_t second, unsigned count)
{
    /* in parts: the stream tells what gathered in a second when it needs to */
    unsigned part = count / 3;
    vo_window_received(window, second, part);
    vo_window_received(window, second, count - part);
}

static void check(struct vo_window *window, uint64_t expected, uint64_t lost, int64_t start_s)
{
    struct vo_window_worst worst;
    assert_int_equal(vo_window_finish(window, &worst), expected > 0);
    assert_int_equal(worst.expected, expected);
    assert_int_equal(worst.lost, lost);
    assert_int_equal(worst.start_s, start_s);
    free(window);
}

static void test_short(void **state)
{
    (void)state;
    check(new_window(), 0, 0, 0);
    struct vo_window *window = new_window();
    received(window, 0, 50);
    vo_window_lost(window, 3, 0.2, 0.3);
    check(window, 53, 3, 0);
    /* 299 s of 10 packets and 300 s of them are one window */
    for (int64_t seconds = 299; seconds <= 300; seconds++) {
        window = new_window();
        for (int64_t s = 0; s < seconds; s++)
            received(window, s, 10);
        vo_window_lost(window, 5, 100.1, 100.2);
        check(window, 10 * (uint64_t)seconds + 5, 5, 0);
    }
    /* 301 s: two windows; the loss in second 0 is in the first, that of second 300 in the last only */
    window = new_window();
    for (int64_t s = 0; s < 301; s++) {
        received(window, s, 10);
        if (s == 0 || s == 300)
            vo_window_lost(window, s == 0 ? 5 : 6, (double)s + 0.1, (double)s + 0.2);
    }
    check(window, 3006, 6, 1);
}

/* 1200 s of 50 packets, 300 in a row lost: 0.5 % of the call, 300 of 15,000 = 2.0 % of the worst window. */
static void test_outage_of_the_guide(void **state)
{
    (void)state;
    struct vo_window *window = new_window();
    for (int64_t i = 0; i < 60000; i++) {
        if (i == 30300) /* 29999 came at 599.98 s, 30300 at 606.00 s */
            vo_window_lost(window, 300, 599.98, 606.00);
        if (i < 30000 || i >= 30300)
            vo_window_received(window, i / 50, 1);
    }
    /* the first window that holds all of it ends with second 605 */
    check(window, 15000, 300, 306);
}

/* Losses of 30 in seconds 100 and 399 are in one window (100 to 399), in 100 and 400 in none: 301 seconds. */
static void test_edges(void **state)
{
    (void)state;
    for (int64_t apart = 299; apart <= 300; apart++) {
        struct vo_window *window = new_window();
        for (int64_t s = 0; s < 1000; s++) {
            received(window, s, 10);
            if (s == 100 || s == 100 + apart)
                vo_window_lost(window, 30, (double)s + 0.2, (double)s + 0.4);
        }
        if (apart == 299)
            check(window, 3060, 60, 100);
        else
            check(window, 3030, 30, 0); /* ties: the earliest */
    }
}

/* A hold with a trickle: 1 of 2 lost in a window of few packets gives way to 1 % in a window of many. */
static void test_few_packets_give_way(void **state)
{
    (void)state;
    struct vo_window *window = new_window();
    for (int64_t s = 0; s < 400; s++)
        received(window, s, 50);
    vo_window_lost(window, 10, 399.1, 399.3);
    for (int64_t s = 1000; s < 1400; s += 100) {
        vo_window_lost(window, 1, (double)s - 0.1, (double)s);
        received(window, s, 1);
    }
    /* windows from 100 on hold all 10; those from 101 on hold fewer packets, down to 250: 5 full seconds,
     * 395 to 399, and no less: 10 / 260. Four (200 packets and 10) are too few. */
    check(window, 260, 10, 395);
    /* nothing but few: then they count */
    window = new_window();
    for (int64_t s = 0; s < 1000; s += 10)
        received(window, s, 1);
    vo_window_lost(window, 2, 995.1, 995.5);
    received(window, 995, 1);
    check(window, 30 + 1 + 2, 2, 696);
}

/* 3 hours of loss: windows within it lost all. Counted once, and the whole of it. */
static void test_hours_of_loss(void **state)
{
    (void)state;
    struct vo_window *window = new_window();
    for (int64_t s = 0; s < 600; s++)
        received(window, s, 50);
    const uint64_t lost = 50 * 10800;
    vo_window_lost(window, lost, 599.99, 599.99 + 10800.02);
    for (int64_t s = 11400; s < 12000; s++)
        received(window, s, 50);
    /* the first window of nothing but loss begins at 600: 300 s of 50 (packets lie evenly) */
    check(window, 15000, 15000, 600);
}

/* 30 minutes of pause: windows across it hold what is left on either side; afterwards all counts as before.
 */
static void test_pause(void **state)
{
    (void)state;
    static const int64_t pauses[] = {299, 300, 301, 335, 336, 337, 671, 672, 673, 1800, 100000};
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        int64_t pause = pauses[i];
        struct vo_window *window = new_window();
        for (int64_t s = 0; s < 400; s++)
            received(window, s, 50);
        for (int64_t s = 400 + pause; s < 800 + pause; s++) {
            received(window, s, 50);
            if (s == 450 + pause)
                vo_window_lost(window, 51, (double)s + 0.1, (double)s + 0.2);
        }
        /* with a long pause, the window that ends with second 450 + pause holds least: 51 s of packets */
        int64_t start = 451 + pause - 300, before = 400 - start;
        uint64_t packets = 51 * 50 + (before > 0 ? (uint64_t)before * 50 : 0);
        check(window, packets + 51, 51, start);
    }
}

/* 70,000 lost between two packets 20 ms apart: 70000 / (70000 + 15000), not cut at 65,535. */
static void test_many_in_a_second(void **state)
{
    (void)state;
    struct vo_window *window = new_window();
    for (int64_t s = 0; s < 300; s++) {
        received(window, s, 50);
        if (s == 100)
            vo_window_lost(window, 70000, 100.5, 100.52);
    }
    check(window, 85000, 70000, 0);
    window = new_window();
    vo_window_received(window, 0, 1);
    vo_window_lost(window, UINT64_C(1) << 40, 0.1, 0.2); /* nonsense stays bounded */
    received(window, 0, 70000);
    check(window, UINT32_MAX + UINT64_C(65535), UINT32_MAX, 0);
}

/* Losses told up to 35 s late land where they belong; from before a judged second they go to the first open
 * one. */
static void test_lag(void **state)
{
    (void)state;
    struct vo_window *window = new_window();
    for (int64_t s = 0; s <= 435; s++)
        received(window, s, 10);
    vo_window_lost(window, 10, 400.1, 400.9); /* 435 - 35: still open */
    for (int64_t s = 436; s < 720; s++)
        received(window, s, 10);
    check(window, 3010, 10, 101); /* the first window that holds second 400 is 101 to 400 */
    window = new_window();
    for (int64_t s = 0; s <= 435; s++)
        received(window, s, 10);
    vo_window_settle(window, 420);
    vo_window_settle(window, 410); /* goes back: nothing */
    vo_window_lost(window, 10, 400.1, 400.9);
    for (int64_t s = 436; s < 800; s++)
        received(window, s, 10);
    check(window, 3010, 10, 121);
}

/* Each packet placed by itself: before + (after - before) * i / (count + 1), in whole 1/2^20 s to be exact.
 */
static void test_share(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        random_state = seed;
        int64_t unit = 1 << 20, before = (int64_t)(next_random() % (uint64_t)(10 * unit));
        int64_t span = (int64_t)(next_random() % (uint64_t)(next_random() % 2 ? 8 * unit : unit / 4));
        int64_t count = 1 + (int64_t)(next_random() % 60);
        int64_t from = (int64_t)(next_random() % 20) * unit, to = from + (int64_t)(next_random() % 5) * unit;
        uint64_t inside = 0;
        bool tie = false;
        for (int64_t i = 1; i <= count; i++) {
            /* place * (count + 1), an integer; on an edge to the bit, rounding may fall either way */
            int64_t place = before * (count + 1) + span * i;
            inside += place >= from * (count + 1) && place < to * (count + 1);
            tie |= span > 0 && (place == from * (count + 1) || place == to * (count + 1));
        }
        uint64_t share = vo_window_share((uint64_t)count, (double)before / (double)unit,
                                         (double)(before + span) / (double)unit, (double)from / (double)unit,
                                         (double)to / (double)unit);
        if (share != inside && !tie)
            fail_msg("seed %llu: %llu instead of %llu", (unsigned long long)seed, (unsigned long long)share,
                     (unsigned long long)inside);
    }
    /* parts of a whole add up, wherever it is cut */
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        random_state = seed;
        double before = (double)(next_random() % 1000000) / 997,
               after = before + (double)(next_random() % 1000000) / 3331;
        uint64_t count = next_random() % 5000, sum = 0;
        for (int64_t s = 0; s < 1400; s++)
            sum += vo_window_share(count, before, after, (double)s, (double)s + 1);
        assert_int_equal(sum, count);
    }
}

/* Random calls: received and lost in random seconds, lost ones told late; every window by addition. */
#define SECONDS 1600
static void test_against_addition(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        random_state = seed;
        struct vo_window *window = new_window();
        static uint64_t got[SECONDS], gone[SECONDS];
        memset(got, 0, sizeof got);
        memset(gone, 0, sizeof gone);
        int64_t length = 1 + (int64_t)(next_random() % SECONDS), told = 0, pause = 0;
        unsigned rate = (unsigned)(next_random() % 60), loss = (unsigned)(next_random() % 10);
        for (int64_t s = 0; s < length; s++) {
            if (next_random() % 200 == 0)
                pause = (int64_t)(next_random() % 400); /* hold: nothing is sent */
            if (s == 0 || s == length - 1 || (pause > 0 ? pause-- == 0 : true)) {
                got[s] = s == 0 || s == length - 1 ? 1 + next_random() % 50 : next_random() % (rate + 1);
                gone[s] = next_random() % 20 == 0 ? next_random() % (2 * loss + 1) : 0;
            }
            int64_t upto = next_random() % 3 ? told : s - (int64_t)(next_random() % 30);
            if (upto < s - 30)
                upto = s - 30;
            for (; told < upto && got[s]; told++)
                if (gone[told])
                    vo_window_lost(window, gone[told], (double)told + 0.1, (double)told + 0.2);
            if (got[s]) { /* without arrivals nothing is told or settled; after a pause, losses are told first
                           */
                received(window, s, (unsigned)got[s]);
                vo_window_settle(window, told);
            }
        }
        for (; told < length; told++)
            if (gone[told])
                vo_window_lost(window, gone[told], (double)told + 0.1, (double)told + 0.2);
        struct vo_window_worst worst = {0}, small = {0}, have;
        for (int64_t end = length < VO_WINDOW_S ? length : VO_WINDOW_S; end <= length; end++) {
            uint64_t expected = 0, lost = 0;
            int64_t start = end < VO_WINDOW_S ? 0 : end - VO_WINDOW_S;
            for (int64_t s = start; s < end; s++) {
                expected += got[s] + gone[s];
                lost += gone[s];
            }
            bool full = expected >= VO_WINDOW_SAMPLES || length < VO_WINDOW_S;
            if (full && (worst.expected == 0 || (double)lost / (double)expected >
                                                    (double)worst.lost / (double)worst.expected + 1e-12))
                worst = (struct vo_window_worst){expected, lost, start};
            if (expected && (small.expected == 0 || (double)lost / (double)expected >
                                                        (double)small.lost / (double)small.expected + 1e-12))
                small = (struct vo_window_worst){expected, lost, start};
        }
        if (worst.expected == 0)
            worst = small;
        assert_true(vo_window_finish(window, &have));
        if (have.expected != worst.expected || have.lost != worst.lost || have.start_s != worst.start_s)
            fail_msg("seed %llu (%lld s): %llu of %llu from %lld instead of %llu of %llu from %lld",
                     (unsigned long long)seed, (long long)length, (unsigned long long)have.lost,
                     (unsigned long long)have.expected, (long long)have.start_s,
                     (unsigned long long)worst.lost, (unsigned long long)worst.expected,
                     (long long)worst.start_s);
        free(window);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_outage_of_the_guide),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_few_packets_give_way),
        cmocka_unit_test(test_hours_of_loss),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_many_in_a_second),
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_against_addition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
