/*
 * Bursts and gaps: hand-computed streams, A.2 of RFC 3611 run packet by packet as the reference of the
 * counters, and the definition of 4.7.2 applied directly as the reference of the results.
 */
#include "core/estimate/burst.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PACKET_MS 20.0

static uint64_t random_state;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Feeds runs; returns the good packets after the last bad one. */
static uint64_t feed(struct vo_burst *burst, const bool *bad, size_t count)
{
    size_t i = 0;
    for (;;) {
        size_t good = 0, lost = 0;
        for (; i < count && !bad[i]; i++)
            good++;
        for (; i < count && bad[i]; i++)
            lost++;
        if (lost == 0)
            return good;
        vo_burst_add(burst, good, lost);
    }
}

static void assert_near(double got, double expected)
{
    if (isnan(expected) != isnan(got) || fabs(got - expected) > 1e-9 * fmax(1, fabs(expected)))
        fail_msg("%.12g instead of %.12g", got, expected);
}

struct expected {
    bool bursts;
    double burst_density, gap_density, burst_length, gap_length, ratio;
};

/* `pattern`: runs, good and bad in turn, ending with the good ones at the end and -1. */
static void check(const int *pattern, struct expected expected)
{
    struct vo_burst burst = {0};
    for (; pattern[1] >= 0; pattern += 2)
        vo_burst_add(&burst, (uint64_t)pattern[0], (uint64_t)pattern[1]);
    struct vo_burst_result result = vo_burst_result(&burst, (uint64_t)pattern[0], PACKET_MS);
    assert_true(result.any);
    assert_int_equal(result.bursts, expected.bursts);
    assert_near(result.burst_density_percent, expected.burst_density);
    assert_near(result.gap_density_percent, expected.gap_density);
    assert_near(result.burst_length_ms, expected.burst_length);
    assert_near(result.gap_length_ms, expected.gap_length);
    assert_near(result.burst_ratio, expected.ratio);
}
#define RUNS(...) ((const int[]){__VA_ARGS__, -1})

static void test_nothing(void **state)
{
    (void)state;
    struct vo_burst burst = {0};
    struct vo_burst_result result = vo_burst_result(&burst, 0, PACKET_MS);
    assert_false(result.any);
    assert_false(result.bursts);
    assert_true(isnan(result.burst_density_percent) && isnan(result.gap_density_percent));
    assert_true(isnan(result.burst_length_ms) && isnan(result.gap_length_ms) && isnan(result.burst_ratio));
}

static void test_no_burst(void **state)
{
    (void)state;
    /* No loss: one gap of 500 packets = 10 s, density 0. */
    check(RUNS(500), (struct expected){false, NAN, 0, NAN, 10000, NAN});
    /* One loss among 100, in the middle, first, last, and close to either end: lost in a gap, 1 of 100, 2 s.
     * A run of one is expected to be 1/(1-0.01) long: ratio 0.99, raised to 1. */
    check(RUNS(50, 1, 49), (struct expected){false, NAN, 1, NAN, 2000, 1});
    check(RUNS(0, 1, 99), (struct expected){false, NAN, 1, NAN, 2000, 1});
    check(RUNS(99, 1, 0), (struct expected){false, NAN, 1, NAN, 2000, 1});
    check(RUNS(3, 1, 96), (struct expected){false, NAN, 1, NAN, 2000, 1});
    /* Exactly Gmin good packets between two losses keep them apart: 2 of 50. */
    check(RUNS(16, 1, 16, 1, 16), (struct expected){false, NAN, 4, NAN, 1000, 1});
    /* A stream of one packet, lost. */
    check(RUNS(0, 1, 0), (struct expected){false, NAN, 100, NAN, 20, 1});
}

static void test_one_burst(void **state)
{
    (void)state;
    /* 15 good packets between two losses: a burst of 17 packets with 2 lost; 32 others, so by A.2 a gap of
     * 32/1 + 1 packets. 49 packets, 2 runs of 1: ratio below 1. */
    check(RUNS(16, 1, 15, 1, 16), (struct expected){true, 200 / 17.0, 0, 340, 660, 1});
    /* A run of 10 in 1000: density 100 %, 200 ms; gap 990 + 1 packets; the mean run of 10 times 1 - 0.01. */
    check(RUNS(500, 10, 490), (struct expected){true, 100, 0, 200, 19820, 9.9});
    /* 3 lost, 2 good, 1 lost: 4 of 6, 120 ms; 2 runs of 2 packets on average, 4 of 106 lost. */
    check(RUNS(50, 3, 2, 1, 50), (struct expected){true, 400 / 6.0, 0, 120, 2020, 2 * (1 - 4 / 106.0)});
    /* A lone loss in the gap: 1 of 100 in gaps; burst of 2. 3 of 102, 2 runs: 1.5 * (1 - 3/102). */
    check(RUNS(20, 1, 39, 2, 40), (struct expected){true, 100, 1, 40, 2020, 1.5 * (1 - 3 / 102.0)});
    /* At the start and at the end. */
    check(RUNS(0, 4, 96), (struct expected){true, 100, 0, 80, 1940, 3.84});
    check(RUNS(96, 4, 0), (struct expected){true, 100, 0, 80, 1940, 3.84});
    /* Fewer than Gmin good packets before the burst are a gap nevertheless. */
    check(RUNS(5, 4, 91), (struct expected){true, 100, 0, 80, 1940, 3.84});
    /* All lost, and lost at both ends of the burst that fills the stream: no gap. Random loss of everything
     * is one run too. */
    check(RUNS(0, 100, 0), (struct expected){true, 100, NAN, 2000, NAN, 1});
    check(RUNS(0, 5, 10, 5, 0), (struct expected){true, 50, NAN, 400, NAN, 2.5});
}

static void test_two_bursts(void **state)
{
    (void)state;
    /* Bursts of 4 (density 1) and 8 with 6 lost; gaps 100, 30, 100. By A.2: burst (4 + 8)/2 = 6 packets, 10
     * of 12 lost; gap 230/2 + 1. 3 runs with 10 lost of 242. */
    check(RUNS(100, 4, 30, 3, 2, 3, 100),
          (struct expected){true, 1000 / 12.0, 0, 120, 2320, 10 / 3.0 * (1 - 10 / 242.0)});
    /* The same fed in pieces: without a bad one in between or at the end, and a run of bad ones split. */
    check(RUNS(60, 0, 40, 2, 0, 2, 30, 3, 2, 3, 70, 0, 30),
          (struct expected){true, 1000 / 12.0, 0, 120, 2320, 10 / 3.0 * (1 - 10 / 242.0)});
}

/* A result in the middle does not disturb the count: a later loss may join what looked like the last group.
 */
static void test_result_is_a_snapshot(void **state)
{
    (void)state;
    struct vo_burst burst = {0};
    vo_burst_add(&burst, 50, 1);
    struct vo_burst before = burst;
    assert_false(vo_burst_result(&burst, 10, PACKET_MS).bursts);
    assert_memory_equal(&burst, &before, sizeof burst);
    vo_burst_add(&burst, 10, 1);
    assert_true(vo_burst_result(&burst, 10, PACKET_MS).bursts);
}

/* RFC 3611 A.2 as it stands, a packet at a time. */
struct plain {
    uint64_t pkt, lost, c11, c13, c14, c22, c23, c33;
};

static void plain_packet(struct plain *p, bool bad)
{
    if (!bad) {
        p->pkt++;
        return;
    }
    if (p->pkt >= VO_BURST_GMIN) {
        if (p->lost == 1)
            p->c14++;
        else
            p->c13++;
        p->lost = 1;
        p->c11 += p->pkt;
    } else {
        p->lost++;
        if (p->pkt == 0) {
            p->c33++;
        } else {
            p->c23++;
            p->c22 += p->pkt - 1;
        }
    }
    p->pkt = 0;
}

/* Losses come in clusters of random tightness, so that all kinds of groups occur. */
static size_t random_stream(bool *bad, size_t most)
{
    size_t count = 1 + next_random() % most;
    unsigned enter = 1 + (unsigned)(next_random() % 60), leave = 1 + (unsigned)(next_random() % 12);
    bool losing = next_random() % 2;
    for (size_t i = 0; i < count; i++) {
        losing = losing ? next_random() % leave != 0 : next_random() % enter == 0;
        bad[i] = losing && next_random() % 3 != 0;
    }
    return count;
}

/*
 * The counters are A.2's. Literal A.2 needs 4.7.2's good packets before the stream, and Gmin good ones and a
 * loss after it, to close the last group; the first loss then counts one burst that ended before the stream
 * (c13), and the good packets lent to both ends and those at the stream's own end are in c11.
 */
static void test_counters_are_those_of_a2(void **state)
{
    (void)state;
    static bool bad[400];
    random_state = 1;
    for (unsigned round = 0; round < 3000; round++) {
        size_t count = random_stream(bad, 400);
        struct vo_burst burst = {0};
        uint64_t tail = feed(&burst, bad, count);
        if (burst.bad == 0)
            continue;
        struct plain plain = {0};
        plain.pkt = VO_BURST_GMIN;
        for (size_t i = 0; i < count; i++)
            plain_packet(&plain, bad[i]);
        bool last_is_alone = burst.lost == 1;
        plain.pkt += VO_BURST_GMIN;
        plain_packet(&plain, true);
        assert_int_equal(burst.c13 + !last_is_alone, plain.c13 - 1);
        assert_int_equal(burst.c14 + last_is_alone, plain.c14);
        assert_int_equal(burst.c11 + tail, plain.c11 - 2 * (uint64_t)VO_BURST_GMIN);
        assert_int_equal(burst.c22, plain.c22);
        assert_int_equal(burst.c23, plain.c23);
        assert_int_equal(burst.c33, plain.c33);
    }
}

/* What 4.7.2 says of a stream, found without counters. */
struct direct {
    size_t bursts, burst_packets, burst_lost, gaps, gap_packets, gap_lost, lost, runs;
};

/* A burst starts and ends with a lost packet and has no Gmin good ones in a row; the longest such sequences
 * count, and a lost packet with Gmin good ones on either side (or the end of the stream) is in a gap. So: a
 * packet is in a burst if it stands between (or is) two lost packets without such a row between them. */
static struct direct classify(const bool *bad, size_t count)
{
    static bool inside[400];
    struct direct d = {0};
    memset(inside, 0, sizeof inside);
    for (size_t from = 0; from < count; from++) {
        size_t row = 0;
        for (size_t to = from + 1; bad[from] && to < count && row < VO_BURST_GMIN; to++) {
            row = bad[to] ? 0 : row + 1;
            if (bad[to])
                memset(&inside[from], true, to - from + 1);
        }
    }
    for (size_t i = 0; i < count; i++) {
        d.bursts += inside[i] && (i == 0 || !inside[i - 1]);
        d.gaps += !inside[i] && (i == 0 || inside[i - 1]);
        d.burst_packets += inside[i];
        d.burst_lost += inside[i] && bad[i];
        d.gap_packets += !inside[i];
        d.gap_lost += !inside[i] && bad[i];
        d.lost += bad[i];
        d.runs += bad[i] && (i == 0 || !bad[i - 1]);
    }
    return d;
}

/*
 * Densities and burst length are those of the definition. Gap length is A.2's: the packets in gaps by the
 * number of bursts, and one more for the step into the burst; by the definition it is the packets in gaps by
 * the number of gaps. So (gap length / m - 1) * bursts = mean gap of the definition * gaps, and since there
 * are one fewer, as many or one more gaps than bursts, the two means differ by a factor between (B - 1)/B and
 * (B + 1)/B, and by one packet.
 */
static void test_results_against_the_definition(void **state)
{
    (void)state;
    static bool bad[400];
    random_state = 2;
    size_t with_bursts = 0, without = 0, without_gap = 0, fewer = 0, equal = 0, more = 0;
    for (unsigned round = 0; round < 5000; round++) {
        size_t count = random_stream(bad, round % 2 ? 400 : 20);
        struct direct d = classify(bad, count);
        struct vo_burst burst = {0};
        uint64_t tail = feed(&burst, bad, count);
        struct vo_burst_result result = vo_burst_result(&burst, tail, PACKET_MS);
        assert_true(result.any);
        assert_int_equal(result.bursts, d.bursts > 0);
        assert_near(result.gap_density_percent, 100 * (double)d.gap_lost / (double)d.gap_packets);
        assert_near(result.burst_density_percent, 100 * (double)d.burst_lost / (double)d.burst_packets);
        assert_near(result.burst_length_ms, (double)d.burst_packets / (double)d.bursts * PACKET_MS);
        double run = (double)d.lost / (double)d.runs, random_run = (double)count / (double)(count - d.lost);
        assert_near(result.burst_ratio, d.lost ? fmax(1, run / random_run) : NAN);
        if (d.bursts == 0) {
            without++;
            assert_near(result.gap_length_ms, (double)count * PACKET_MS);
        } else if (d.gaps == 0) {
            without_gap++;
            assert_true(isnan(result.gap_length_ms));
        } else {
            with_bursts++;
            fewer += d.gaps < d.bursts;
            equal += d.gaps == d.bursts;
            more += d.gaps > d.bursts;
            double mean_gap = (double)d.gap_packets / (double)d.gaps;
            assert_near((result.gap_length_ms / PACKET_MS - 1) * (double)d.bursts, mean_gap * (double)d.gaps);
        }
    }
    /* all kinds of streams were met */
    assert_true(with_bursts > 500 && without > 500 && without_gap > 50 && fewer > 10 && equal > 100 &&
                more > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_no_burst),
        cmocka_unit_test(test_one_burst),
        cmocka_unit_test(test_two_bursts),
        cmocka_unit_test(test_result_is_a_snapshot),
        cmocka_unit_test(test_counters_are_those_of_a2),
        cmocka_unit_test(test_results_against_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
