/*
 * Transit: RFC 3550 A.8 and the 10 s blocks of the delay variation, both computed again from whole lists, and
 * what is a network's doing and what a sender's.
 */
#include "core/estimate/delay.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS    VO_NS_PER_MS
#define START (1700000000 * VO_NS_PER_S)

static uint64_t random_state;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double uniform(void)
{
    return ((double)(next_random() >> 11) + 0.5) / 9007199254740992.0;
}

static void assert_near(double got, double expected, double relative)
{
    if (!(fabs(got - expected) <= relative * fmax(1, fabs(expected))))
        fail_msg("%.15g instead of %.15g", got, expected);
}

/* A stream of `count` packets of `step` ticks at `clock_hz`, each up to `jitter_ms` late, some far out of
 * order. */
#define COUNT 3000
struct sample {
    vo_time time;
    int64_t media; /* ticks from the first packet, not wrapped */
};

static int by_time(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return x->time < y->time ? -1 : x->time > y->time ? 1 : x->media < y->media ? -1 : 1;
}

static void make(struct sample *samples, uint32_t clock_hz, int64_t step, double jitter_ms)
{
    for (int i = 0; i < COUNT; i++) {
        samples[i].media = i * step;
        double late_ms = uniform() * jitter_ms + (next_random() % 100 == 0 ? 90 * uniform() : 0);
        samples[i].time = START + (vo_time)((double)i * (double)step * 1e9 / clock_hz + late_ms * 1e6);
    }
    qsort(samples, COUNT, sizeof *samples, by_time);
}

/* A.8 in timestamp units, as the RFC has it: the media difference is a signed 32-bit one of values that wrap.
 */
static void test_jitter(void **state)
{
    (void)state;
    static const struct {
        uint32_t clock_hz;
        int64_t step;
    } streams[] = {{8000, 160},  {8000, 80},    {16000, 320}, {44100, 882},
                   {48000, 960}, {90000, 3000}, {11025, 221}};
    static struct sample samples[COUNT];
    for (uint64_t seed = 1; seed <= 70; seed++) {
        random_state = seed;
        uint32_t clock_hz = streams[seed % 7].clock_hz;
        make(samples, clock_hz, streams[seed % 7].step, (double)(next_random() % 40));
        /* wraps within the stream: unsigned differences would be 4e9 ticks */
        uint32_t base = UINT32_MAX - (uint32_t)(next_random() % 100000);
        struct vo_delay delay;
        vo_delay_init(&delay, clock_hz);
        long double jitter = 0, sum = 0, most = 0;
        for (int i = 0; i < COUNT; i++) {
            bool resumes = next_random() % 50 == 0;
            vo_delay_add(&delay, samples[i].time, base + (uint32_t)samples[i].media, resumes);
            if (i == 0 || resumes)
                continue;
            uint32_t now = base + (uint32_t)samples[i].media, before = base + (uint32_t)samples[i - 1].media;
            long double arrival = (long double)(samples[i].time - samples[i - 1].time) * clock_hz / 1e9L;
            long double d = arrival - (int32_t)(now - before);
            jitter += (fabsl(d) - jitter) / 16;
            sum += jitter;
            most = jitter > most ? jitter : most;
        }
        double ns = 1e9 / clock_hz;
        assert_near(delay.jitter.now_ns, (double)jitter * ns, 1e-9);
        assert_near(delay.jitter.maximum_ns, (double)most * ns, 1e-9);
        assert_near(delay.jitter.sum_ns, (double)sum * ns, 1e-9);
        assert_true(delay.jitter.count < COUNT);
    }
}

/* By hand: transit 0, 16 ms, 0: J = 16/16 = 1; 1 + (16 - 1)/16 = 1.9375 ms. The mean of both 1.46875. */
static void test_jitter_by_hand(void **state)
{
    (void)state;
    struct vo_delay delay;
    vo_delay_init(&delay, 8000);
    assert_near(vo_delay_add(&delay, START, 4294967200u, false), 0, 0);
    assert_near(vo_delay_add(&delay, START + 36 * MS, 64, false), 16e6,
                1e-12); /* 160 ticks on, over the wrap */
    assert_near(delay.jitter.now_ns, 1e6, 1e-12);
    assert_near(vo_delay_add(&delay, START + 40 * MS, 224, false), 0, 1e-12);
    assert_near(delay.jitter.now_ns, 1937500, 1e-12);
    assert_near(delay.jitter.maximum_ns, 1937500, 1e-12);
    assert_near(delay.jitter.sum_ns / (double)delay.jitter.count, 1468750, 1e-12);
}

/* Above the smallest transit of this block of 10 s and of the one before; blocks count from the first packet,
 * and a packet at exactly 10 s is in the second. */
static void test_variation(void **state)
{
    (void)state;
    static struct sample samples[COUNT];
    for (uint64_t seed = 1; seed <= 60; seed++) {
        random_state = seed;
        make(samples, 8000, 160, (double)(next_random() % 60));
        int cut = (int)(next_random() % COUNT),
            length = (int)(next_random() % 1800); /* nothing came for up to 36 s */
        struct vo_delay delay;
        vo_delay_init(&delay, 8000);
        struct vo_quantile expected = {0};
        static double least[COUNT];
        for (int i = 0; i < COUNT; i++)
            least[i] = INFINITY;
        for (int i = 0; i < COUNT; i++) {
            if (i >= cut && i < cut + length && i > 0)
                continue;
            double above = vo_delay_add(&delay, samples[i].time, (uint32_t)samples[i].media, false);
            int64_t block = (samples[i].time - samples[0].time) / (10 * VO_NS_PER_S);
            double transit = (double)(samples[i].time - samples[0].time) -
                             (double)(samples[i].media - samples[0].media) * 125000;
            least[block] = fmin(least[block], transit);
            double want = transit - fmin(least[block], block > 0 ? least[block - 1] : INFINITY);
            if (fabs(above - want) > 1e-3)
                fail_msg("seed %llu, packet %d: %.6f instead of %.6f", (unsigned long long)seed, i, above,
                         want);
            vo_quantile_add(&expected, (uint32_t)(want / 1000 + 0.5));
        }
        vo_delay_finish(&delay);
        assert_int_equal(delay.variation.count, expected.count);
        assert_int_equal(delay.variation.maximum, expected.maximum);
        assert_near(vo_quantile_get(&delay.variation, 0.95), vo_quantile_get(&expected, 0.95), 0.02);
    }
    /* the boundary: transit 0 at 0 s, then 5 ms; the 0 counts for 20 s and is forgotten at exactly 20 s */
    struct vo_delay delay;
    vo_delay_init(&delay, 8000);
    vo_delay_add(&delay, START, 0, false);
    for (int i = 1; i < 1000; i++) /* packet i comes at 20 i + 5 ms; the last at 19.985 s */
        assert_near(vo_delay_add(&delay, START + i * 20 * MS + 5 * MS, (uint32_t)i * 160, false), 5e6, 1e-9);
    assert_near(vo_delay_add(&delay, START + 1000 * 20 * MS - 1, 1000 * 160 - 40, false), 5e6 - 1, 1e-6);
    assert_near(vo_delay_add(&delay, START + 1000 * 20 * MS, 1000 * 160 - 40, false), 1,
                1e-6); /* against 5 ms - 1 ns */
}

/* A route that is 40 ms longer from 30 s on: variation until the old minimum is forgotten, then none. */
static void test_route_change(void **state)
{
    (void)state;
    struct vo_delay delay;
    vo_delay_init(&delay, 8000);
    for (int i = 0; i < 3500; i++) {
        vo_time time = START + i * 20 * MS + (i >= 1502 ? 40 * MS : 0);
        assert_false(vo_delay_jumps(&delay, time, (uint32_t)i * 160));
        double above = vo_delay_add(&delay, time, (uint32_t)i * 160, false);
        /* 1502 comes at 30.08 s, in block 3; its minimum holds the 0 of packets 1500 and 1501 until block 5
         * (50 s); the first packet that comes then is 2498 at 49.96 + 0.04 */
        assert_near(above, i >= 1502 && i < 2498 ? 40e6 : 0, 1e-6);
    }
}

/* ---- jumps ---- */

struct player {
    struct vo_delay delay;
    struct vo_delay_sample ahead[VO_DELAY_AHEAD];
    unsigned waiting;
    unsigned judged, moved;
};

static void judge(struct player *player)
{
    player->judged++;
    if (vo_delay_judge(&player->delay, player->ahead, player->waiting)) {
        player->moved++;
        vo_delay_restart(&player->delay, 8000);
    }
    for (unsigned i = 0; i < player->waiting; i++)
        vo_delay_add(&player->delay, player->ahead[i].time, player->ahead[i].timestamp, false);
    player->waiting = 0;
}

/* As the header asks the caller to do it. */
static void play(struct player *player, vo_time time, uint32_t timestamp)
{
    if (player->waiting == 0 && !vo_delay_jumps(&player->delay, time, timestamp)) {
        vo_delay_add(&player->delay, time, timestamp, false);
        return;
    }
    player->ahead[player->waiting++] = (struct vo_delay_sample){time, timestamp};
    if (player->waiting == VO_DELAY_AHEAD)
        judge(player);
}

static void play_run(struct player *player, int from, int to, int64_t later_ms, int64_t ticks)
{
    for (int i = from; i < to; i++)
        play(player, START + i * 20 * MS + later_ms * MS, (uint32_t)(i * 160 + ticks));
}

static void begin(struct player *player)
{
    *player = (struct player){.waiting = 0};
    vo_delay_init(&player->delay, 8000);
}

/* No variation: nothing above 1 ms was measured, and all packets are in. */
static void assert_quiet(struct player *player, uint64_t packets)
{
    vo_delay_finish(&player->delay);
    assert_int_equal(player->delay.variation.count, packets);
    assert_true(player->delay.variation.maximum < 1000);
    assert_int_equal(player->moved, 1);
}

static void test_hold(void **state)
{
    (void)state;
    struct player player;
    /* timestamps pause for 7 s: transit is 7 s more for good */
    begin(&player);
    play_run(&player, 0, 500, 0, 0);
    play_run(&player, 500, 1000, 7000, 0);
    assert_quiet(&player, 1000);
    /* timestamps run on: nothing to see */
    begin(&player);
    play_run(&player, 0, 500, 0, 0);
    play_run(&player, 850, 1000, 0, 0);
    assert_int_equal(player.judged, 0);
    vo_delay_finish(&player.delay);
    assert_int_equal(player.delay.variation.maximum, 0);
    /* the timestamps step ahead by 10 s: no network is that fast */
    begin(&player);
    play_run(&player, 0, 500, 0, 0);
    play_run(&player, 500, 1000, 0, 80000);
    assert_quiet(&player, 1000);
    /* a random new timestamp base, half a wrap away and more */
    static const int64_t bases[] = {1000000000, 2147483648, 3000000000, 4294900000, -1000000};
    for (unsigned i = 0; i < sizeof bases / sizeof *bases; i++) {
        begin(&player);
        play_run(&player, 0, 500, 0, 0);
        play_run(&player, 500, 1000, 0, bases[i]);
        assert_quiet(&player, 1000);
    }
}

static void test_freeze(void **state)
{
    (void)state;
    struct player player;
    /* the network stalls 1.5 s, then all 75 packets come at once, 1 ms apart */
    begin(&player);
    play_run(&player, 0, 500, 0, 0);
    for (int i = 500; i < 575; i++)
        play(&player, START + 575 * 20 * MS + (i - 575) * MS / 10, (uint32_t)i * 160);
    play_run(&player, 575, 1000, 0, 0);
    assert_true(player.judged > 0);
    assert_int_equal(player.moved, 0);
    vo_delay_finish(&player.delay);
    assert_int_equal(player.delay.variation.count, 1000);
    /* packet 500 came at 11.5 s - 7.5 ms instead of 10 s: exact, since the maximum is not binned */
    assert_int_equal(player.delay.variation.maximum, 1500000 - 7500);
    /* what was sent in the stall is lost: transit is as before, nothing is late */
    begin(&player);
    play_run(&player, 0, 500, 0, 0);
    play_run(&player, 575, 1000, 0, 0);
    assert_int_equal(player.judged, 0);
    /* it stalls and the stream ends: two packets, 2 s late, as they came */
    begin(&player);
    play_run(&player, 0, 500, 0, 0);
    play(&player, START + 600 * 20 * MS, 500 * 160);
    assert_int_equal(player.waiting, 1);
    judge(&player);
    assert_int_equal(player.moved, 0);
    vo_delay_finish(&player.delay);
    assert_int_equal(player.delay.variation.maximum, 2000000);
}

/* One packet 700 ms late, among its successors. */
static void test_one_late(void **state)
{
    (void)state;
    struct player player;
    begin(&player);
    play_run(&player, 0, 500, 0, 0);
    play_run(&player, 501, 536, 0, 0);
    play(&player, START + 500 * 20 * MS + 700 * MS, 500 * 160);
    play_run(&player, 536, 1000, 0, 0);
    assert_int_equal(player.judged, 1);
    assert_int_equal(player.moved, 0);
    vo_delay_finish(&player.delay);
    assert_int_equal(player.delay.variation.count, 1000);
    assert_int_equal(player.delay.variation.maximum, 700000);
    /* 499 ms are believed at once */
    begin(&player);
    play_run(&player, 0, 500, 0, 0);
    play(&player, START + 501 * 20 * MS + 499 * MS, 501 * 160);
    assert_int_equal(player.judged + player.waiting, 0);
}

/* A codec change in the midst: jitter goes on, transit starts anew; 48 kHz after 8 kHz without a spike. */
static void test_restart(void **state)
{
    (void)state;
    struct vo_delay delay;
    vo_delay_init(&delay, 8000);
    for (int i = 0; i < 100; i++)
        vo_delay_add(&delay, START + i * 20 * MS + i % 2 * MS, (uint32_t)i * 160, false);
    double jitter = delay.jitter.now_ns;
    uint64_t count = delay.jitter.count;
    vo_delay_restart(&delay, 48000);
    assert_false(vo_delay_jumps(&delay, START + 100 * 20 * MS, 3000000000u));
    assert_near(vo_delay_add(&delay, START + 100 * 20 * MS, 3000000000u, true), 0, 0);
    assert_near(delay.jitter.now_ns, jitter, 0);
    assert_near(vo_delay_add(&delay, START + 101 * 20 * MS, 3000000960u, false), 0, 1e-9);
    assert_near(delay.jitter.now_ns, jitter * 15 / 16, 1e-12);
    assert_int_equal(delay.jitter.count, count + 1);
}

/* 10 minutes at -200 to 200 ppm, with queues of 0 to 30 ms: found within its own error, which is below 0.5
 * ppm. */
static void test_skew(void **state)
{
    (void)state;
    int outside = 0;
    for (int i = 0; i < 41; i++) {
        double truth = -200 + 10 * i, ppm, error;
        random_state = (uint64_t)i;
        struct vo_delay delay;
        vo_delay_init(&delay, 8000);
        for (int n = 0; n < 30000; n++) {
            vo_time time = START + (vo_time)(n * 20e6 / (1 + truth * 1e-6) + 30e6 * uniform());
            vo_delay_add(&delay, time, (uint32_t)n * 160, false);
        }
        vo_delay_finish(&delay);
        assert_true(vo_skew_result(&delay.skew, &ppm, &error));
        assert_true(error < 0.5 && error > 0);
        outside += fabs(ppm - truth) > error;
        assert_true(fabs(ppm - truth) < 0.5);
        /* and the variation does not grow with it: 20 s of 200 ppm are 4 ms above the 30 ms of queue */
        assert_true(delay.variation.maximum < 34100);
    }
    assert_true(outside <= 2);
}

/* Anything that delays, pauses, jumps or goes back: a step is the question and the taking in, or nothing. */
static void test_step(void **state)
{
    (void)state;
    static struct vo_delay stepped, plain, before;
    uint64_t steps = 0, jumps = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        random_state = seed;
        uint32_t clock_hz = (uint32_t[]){8000, 48000, 90000, 11025}[seed % 4], timestamp = (uint32_t)seed;
        vo_time now = START;
        vo_delay_init(&stepped, clock_hz);
        vo_delay_init(&plain, clock_hz);
        for (int i = 0; i < 1500; i++) {
            uint64_t kind = next_random() % 200;
            now += 20 * MS + (kind == 0 ? (vo_time)(next_random() % 30000) * MS : 0);
            timestamp += clock_hz / 50 + (kind == 1 ? (uint32_t)next_random() : 0);
            vo_time time = now + (vo_time)(uniform() * 30e6) + (kind == 2 ? (vo_time)(uniform() * 2e9) : 0) -
                           (kind == 3 ? (vo_time)(uniform() * 2e9) : 0);
            if (kind == 4) { /* another sequence, at whatever transit */
                vo_delay_restart(&plain, clock_hz);
                vo_delay_restart(&stepped, clock_hz);
            }
            double got = -1, want = -1;
            bool taken = !vo_delay_jumps(&plain, time, timestamp) && plain.started;
            memcpy(&before, &stepped, sizeof before);
            assert_int_equal(vo_delay_step(&stepped, time, timestamp, &got), taken);
            steps += taken;
            if (taken) {
                want = vo_delay_add(&plain, time, timestamp, false);
            } else {
                assert_memory_equal(&stepped, &before, sizeof stepped); /* nothing was taken in */
                jumps += plain.started;
                if (plain.started && next_random() % 2) {
                    vo_delay_restart(&plain, clock_hz);
                    vo_delay_restart(&stepped, clock_hz);
                }
                want = vo_delay_add(&plain, time, timestamp, i % 2);
                got = vo_delay_add(&stepped, time, timestamp, i % 2);
            }
            assert_memory_equal(&got, &want, sizeof got);
            assert_memory_equal(&stepped, &plain, sizeof stepped);
        }
        vo_delay_finish(&stepped);
        vo_delay_finish(&plain);
        assert_memory_equal(&stepped, &plain, sizeof stepped);
    }
    print_message("steps %llu, jumps %llu\n", (unsigned long long)steps, (unsigned long long)jumps);
    assert_true(steps > 400000 && jumps > 4000); /* it was a test */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jitter),    cmocka_unit_test(test_jitter_by_hand),
        cmocka_unit_test(test_variation), cmocka_unit_test(test_route_change),
        cmocka_unit_test(test_hold),      cmocka_unit_test(test_freeze),
        cmocka_unit_test(test_one_late),  cmocka_unit_test(test_restart),
        cmocka_unit_test(test_skew),      cmocka_unit_test(test_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
