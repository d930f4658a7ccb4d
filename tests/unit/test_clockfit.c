/*
 * Clock fit: synthetic packets between two points whose true offset, skew and delays are known.
 *
 * True time is A's clock. B's clock shows t + offset + skew * (t - START) at A's time t.
 */
#include "core/estimate/clockfit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START INT64_C(1763833472000000000) /* 2025-11-22T17:44:32Z */
#define MS    1e6
#define S     INT64_C(1000000000)
#define HOUR  (3600 * S)

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

struct world {
    int64_t offset; /* ns at START */
    double skew_ppm;
    double floor_ns[2];  /* smallest delay of each direction */
    double jitter_ns[2]; /* mean of the exponential queueing above it */
    double trend_ppm;    /* growth of the delay of direction 0 */
    double wander_ns;    /* amplitude of a clock error with a period of 600 s */
    double loss;
    double begin_s[2], end_s[2];
    double interval_s;
};

static const struct world usual = {.offset = 37 * HOUR / 10,
                                   .floor_ns = {5 * MS, 5 * MS},
                                   .jitter_ns = {5 * MS, 5 * MS},
                                   .end_s = {60, 60},
                                   .interval_s = 0.02};

static double ahead(const struct world *world, vo_time t) /* B's clock minus A's, less world->offset */
{
    double seconds = (double)(t - START) / 1e9;
    return world->skew_ppm * 1e3 * seconds + world->wander_ns * sin(seconds * 6.283185307179586 / 600);
}

static vo_time shown_by_b(const struct world *world, vo_time t)
{
    return t + world->offset + llround(ahead(world, t));
}

static double delay(const struct world *world, int direction, double second)
{
    double queue = world->jitter_ns[direction] ? -world->jitter_ns[direction] * log(uniform()) : 0;
    return world->floor_ns[direction] + queue + (direction == 0 ? world->trend_ppm * 1e3 * second : 0);
}

/* One packet, as both points see it; returns its true delay, ns. */
static double packet(const struct world *world, int direction, double second, vo_time *a, vo_time *b)
{
    vo_time sent = START + llround(second * 1e9);
    vo_time arrived = sent + llround(delay(world, direction, second));
    *a = direction == 0 ? sent : arrived;
    *b = shown_by_b(world, direction == 0 ? arrived : sent);
    return (double)(arrived - sent);
}

static struct vo_clockfit *simulate(const struct world *world)
{
    struct vo_clockfit *fit = vo_clockfit_new();
    assert_non_null(fit);
    for (int direction = 0; direction < 2; direction++)
        for (double s = world->begin_s[direction]; s < world->end_s[direction]; s += world->interval_s) {
            vo_time a, b;
            packet(world, direction, s, &a, &b);
            if (uniform() >= world->loss)
                assert_true(vo_clockfit_add(fit, direction, a, b));
        }
    return fit;
}

static struct vo_clockfit_result solve(const struct world *world)
{
    struct vo_clockfit *fit = simulate(world);
    struct vo_clockfit_result result = vo_clockfit_solve(fit);
    vo_clockfit_free(fit);
    return result;
}

/* How far the offset is from the truth; never more than the bound. */
static double offset_error(const struct world *world, const struct vo_clockfit_result *result)
{
    assert_true(result->has_offset);
    double error = (result->offset_ns - (double)world->offset) - ahead(world, result->reference);
    if (!(fabs(error) <= result->offset_error_ns))
        fail_msg("offset is off by %f ms, bound %f ms", error / MS, result->offset_error_ns / MS);
    return error;
}

static bool skew_holds(const struct world *world, const struct vo_clockfit_result *result)
{
    assert_true(result->has_skew);
    return fabs(result->skew_ppm - world->skew_ppm) <= result->skew_error_ppm;
}

static void test_empty(void **state)
{
    (void)state;
    struct vo_clockfit *fit = vo_clockfit_new();
    struct vo_clockfit_result result = vo_clockfit_solve(fit);
    assert_false(result.directions[0] || result.directions[1] || result.has_offset || result.has_skew);
    assert_true(isnan(result.offset_ns) && isnan(result.skew_ppm));
    vo_clockfit_free(fit);
    vo_clockfit_free(NULL);
}

/* Constant delays of 6 ms there and 2 ms back, B one second ahead. Above: 1 s + 6 ms; below: 1 s - 2 ms;
 * middle 1 s + 2 ms, which is off by half of the asymmetry; half of the round trip is 4 ms, and 1 us is for
 * the resolution of the stamps. */
static void test_by_hand(void **state)
{
    (void)state;
    struct world world = {.offset = S, .floor_ns = {6 * MS, 2 * MS}, .end_s = {10, 10}, .interval_s = 1};
    struct vo_clockfit_result result = solve(&world);
    assert_true(result.directions[0] && result.directions[1] && result.has_offset && !result.has_skew);
    assert_true(fabs(result.offset_ns - 1002e6) < 1);
    assert_true(fabs(result.offset_error_ns - 4.001e6) < 1);
    assert_true(isnan(result.skew_ppm) && isnan(result.skew_error_ppm));
    /* Packets' own delays are those of the middle: 4 ms either way. */
    vo_time t = START + 5 * S;
    assert_true(fabs(vo_clockfit_delay(&result, 0, t, t + S + 6000000) - 4 * MS) < 1);
    assert_true(fabs(vo_clockfit_delay(&result, 1, t + 2000000, t + S) - 4 * MS) < 1);

    /* Directions that do not meet, 0 to 9 s and 20 to 29 s: the middle is 14.5 s, at 1000 ppm 5.5 ms from
     * either end (to the 2 ms of the way back), so that the bound grows by that. */
    world.begin_s[1] = 20;
    world.end_s[1] = 30;
    result = solve(&world);
    assert_true(fabs(result.offset_ns - 1002e6) < 1);
    assert_true(fabs(result.offset_error_ns - (4.001e6 + 5.501e6)) < 1);
}

/* A slope without any queueing is found exactly, but for the resolution: 1 us over the time covered. */
static void test_skew_by_hand(void **state)
{
    (void)state;
    struct world world = {
        .offset = -S, .skew_ppm = 50, .floor_ns = {5 * MS, 5 * MS}, .end_s = {41, 41}, .interval_s = 1};
    struct vo_clockfit_result result = solve(&world);
    assert_true(result.has_skew);
    assert_true(fabs(result.skew_ppm - 50) < 1e-3);
    assert_true(fabs(result.skew_error_ppm - 1 / 40.0) < 2e-3);
    offset_error(&world, &result);
}

/* 10 minima and 30 s are needed, in one direction. */
static void test_when_there_is_a_skew(void **state)
{
    (void)state;
    static const struct {
        double interval, end;
        bool has;
    } cases[] = {{1, 10, false}, {1, 29.5, false}, {1, 30.5, true},
                 {5, 44, false}, {5, 46, true},    {0.02, 29.9, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world world = usual;
        world.interval_s = cases[i].interval;
        world.end_s[0] = world.end_s[1] = cases[i].end;
        struct vo_clockfit_result result = solve(&world);
        assert_int_equal(result.has_skew, cases[i].has);
        offset_error(&world, &result);
    }
}

/* Fixed worlds: the bounds hold and are of use. The half round trip is 5 ms and the smallest of 50 delays a
 * second is 0.1 ms above its floor on average. */
static void test_usual_worlds(void **state)
{
    (void)state;
    static const double skews[] = {0, 50, -200};
    static const struct {
        double end_s, skew_error_ppm;
    } lengths[] = {{60, 12}, {7200, 0.09}};
    random_state = 3;
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 2; j++) {
            struct world world = usual;
            world.skew_ppm = skews[i];
            world.end_s[0] = world.end_s[1] = lengths[j].end_s;
            struct vo_clockfit_result result = solve(&world);
            assert_true(fabs(offset_error(&world, &result)) < 0.1 * MS);
            assert_true(result.offset_error_ns < 5.6 * MS);
            assert_true(skew_holds(&world, &result));
            assert_true(result.skew_error_ppm < lengths[j].skew_error_ppm);
        }
}

static struct world random_world(void)
{
    static const double skews[] = {0, 50, -200};
    struct world world = usual;
    uint64_t which = next_random() % 4;
    world.offset = (int64_t)(next_random() % (8 * (uint64_t)HOUR)) - 4 * HOUR;
    world.skew_ppm = which < 3 ? skews[which] : 600 * uniform() - 300;
    world.loss = 0.3 * uniform() * uniform();
    world.interval_s = next_random() % 4 ? 0.02 : 0.5;
    for (int i = 0; i < 2; i++) {
        world.floor_ns[i] = (0.1 + 30 * uniform() * uniform()) * MS; /* the paths differ */
        world.jitter_ns[i] = (0.05 + 20 * uniform() * uniform()) * MS;
        world.begin_s[i] = 20 * uniform();
        world.end_s[i] = world.begin_s[i] + 35 + 120 * uniform();
    }
    return world;
}

static void test_random_worlds(void **state)
{
    (void)state;
    random_state = 4;
    unsigned held = 0;
    for (unsigned trial = 0; trial < 200; trial++) {
        struct world world = random_world();
        struct vo_clockfit_result result = solve(&world);
        offset_error(&world, &result); /* in every trial */
        held += skew_holds(&world, &result);
        /* The bound is not just large: half of the smallest round trip and a few of the smallest queues. */
        double half = (world.floor_ns[0] + world.floor_ns[1]) / 2;
        double queue = fmax(world.jitter_ns[0], world.jitter_ns[1]) * fmin(1, world.interval_s);
        assert_true(result.offset_error_ns < half + 8 * queue + 0.1 * MS);
    }
    if (held < 190)
        fail_msg("the skew was within its error in %u of 200 trials", held);
}

/* The extreme of asymmetry: all of the round trip is in one direction. The error is half of it, 25 ms, the
 * bound not much more. */
static void test_all_of_the_delay_one_way(void **state)
{
    (void)state;
    random_state = 5;
    for (int direction = 0; direction < 2; direction++) {
        struct world world = usual;
        world.floor_ns[direction] = 0;
        world.floor_ns[!direction] = 50 * MS;
        struct vo_clockfit_result result = solve(&world);
        double error = offset_error(&world, &result);
        assert_true(fabs(fabs(error) - 25 * MS) < 0.2 * MS);
        assert_true((error < 0) == (direction == 0));
        assert_true(result.offset_error_ns < 25.7 * MS);
    }
}

/* 10 s: no skew, and the offset's bound holds although the skew is there. */
static void test_short(void **state)
{
    (void)state;
    random_state = 6;
    for (unsigned trial = 0; trial < 50; trial++) {
        struct world world = random_world();
        world.begin_s[0] = world.begin_s[1] = 0;
        world.end_s[0] = world.end_s[1] = 10;
        struct vo_clockfit_result result = solve(&world);
        assert_false(result.has_skew);
        offset_error(&world, &result);
    }
}

/* Differences of delays come out right, in one direction alone as in two; the skew would spoil them by 0.2 ms
 * each second. */
static void test_variation(void **state)
{
    (void)state;
    random_state = 7;
    for (int kind = 0; kind < 3; kind++) { /* A to B only, B to A only, both */
        struct world world = usual;
        world.skew_ppm = -200;
        if (kind < 2)
            world.end_s[!kind] = 0;
        struct vo_clockfit_result result = solve(&world);
        assert_int_equal(result.has_offset, kind == 2);
        assert_int_equal(isnan(result.offset_ns) && isnan(result.offset_error_ns), kind < 2);
        if (kind < 2)
            assert_true(result.directions[kind] && !result.directions[!kind]);
        assert_true(skew_holds(&world, &result));
        int direction = kind == 1;
        double first = 0;
        for (unsigned i = 0; i < 60; i++) {
            vo_time a, b;
            double truth = packet(&world, direction, i, &a, &b);
            double constant = vo_clockfit_delay(&result, direction, a, b) - truth;
            if (i == 0)
                first = constant;
            assert_true(fabs(constant - first) <= 60 * 1e3 * result.skew_error_ppm);
            if (kind == 2)
                assert_true(fabs(constant) <= result.offset_error_ns + 30 * 1e3 * result.skew_error_ppm);
        }
    }
}

/* The quiet direction decides: 0.01 ms of jitter against 50 ms. */
static void test_quiet_direction_decides(void **state)
{
    (void)state;
    random_state = 12;
    for (unsigned trial = 0; trial < 40; trial++) {
        struct world world = usual;
        world.skew_ppm = 50;
        world.jitter_ns[trial % 2] = 50 * MS;
        world.jitter_ns[!(trial % 2)] = 0.01 * MS;
        struct vo_clockfit_result result = solve(&world);
        offset_error(&world, &result);
        assert_true(fabs(result.skew_ppm - 50) < 1); /* reported: some 50 */
    }
}

/* A queue that grows all along in one direction looks like a fast clock there, but not in the other
 * direction: they disagree, and the error says so. */
static void test_growing_queue(void **state)
{
    (void)state;
    random_state = 8;
    for (int i = -1; i <= 1; i += 2) {
        struct world world = usual;
        world.skew_ppm = 20;
        world.floor_ns[0] = 40 * MS;
        world.trend_ppm = i * 500; /* 30 ms in a minute */
        struct vo_clockfit_result result = solve(&world);
        offset_error(&world, &result);
        assert_true(skew_holds(&world, &result));
        assert_true(result.skew_error_ppm > 250 && result.skew_error_ppm < 1000);
    }
}

/* A clock that is steered by more than a round trip on a wire of 0.2 ms: no line fits, and the bound is
 * wider, not wrong. */
static void test_wandering_clock(void **state)
{
    (void)state;
    random_state = 9;
    for (unsigned trial = 0; trial < 20; trial++) {
        struct world world = usual;
        world.floor_ns[0] = world.floor_ns[1] = 0.1 * MS;
        world.jitter_ns[0] = world.jitter_ns[1] = 0.5 * MS;
        world.wander_ns = 0.5 * MS;
        world.begin_s[0] = world.begin_s[1] = 600 * uniform();
        world.end_s[0] = world.end_s[1] = world.begin_s[0] + 60 + 1200 * uniform();
        struct vo_clockfit_result result = solve(&world);
        offset_error(&world, &result);
        assert_true(result.offset_error_ns < 5 * MS);
    }
}

static void test_any_order(void **state)
{
    (void)state;
    enum { PACKETS = 4000 };
    static struct {
        int direction;
        vo_time a, b;
    } packets[PACKETS];
    random_state = 10;
    struct world world = usual;
    struct vo_clockfit *ordered = vo_clockfit_new(), *shuffled = vo_clockfit_new();
    for (size_t i = 0; i < PACKETS; i++) {
        packets[i].direction = (int)(i % 2);
        packet(&world, packets[i].direction, (double)i * 0.02, &packets[i].a, &packets[i].b);
        assert_true(vo_clockfit_add(ordered, packets[i].direction, packets[i].a, packets[i].b));
    }
    for (size_t i = PACKETS; i-- > 0;) {
        size_t j = next_random() % (i + 1);
        assert_true(vo_clockfit_add(shuffled, packets[j].direction, packets[j].a, packets[j].b));
        packets[j] = packets[i];
    }
    struct vo_clockfit_result one = vo_clockfit_solve(ordered), other = vo_clockfit_solve(shuffled);
    assert_true(one.offset_ns == other.offset_ns && one.offset_error_ns == other.offset_error_ns);
    assert_true(one.skew_ppm == other.skew_ppm && one.skew_error_ppm == other.skew_error_ppm);
    assert_true(one.reference == other.reference);
    vo_clockfit_free(ordered);
    vo_clockfit_free(shuffled);
}

/* Stamps that cannot be: nothing overflows, and unknown ones are not counted. */
static void test_hostile(void **state)
{
    (void)state;
    static const vo_time times[] = {VO_TIME_UNKNOWN, INT64_MIN + 1, -1,       0, 1,
                                    START,           INT64_MAX - 1, INT64_MAX};
    enum { TIMES = sizeof times / sizeof times[0] };
    struct vo_clockfit *fit = vo_clockfit_new();
    assert_true(vo_clockfit_add(fit, 0, VO_TIME_UNKNOWN, START));
    assert_true(vo_clockfit_add(fit, 1, START, VO_TIME_UNKNOWN));
    struct vo_clockfit_result result = vo_clockfit_solve(fit);
    assert_false(result.directions[0] || result.directions[1]);
    for (size_t i = 0; i < TIMES; i++)
        for (size_t j = 0; j < TIMES; j++) {
            assert_true(vo_clockfit_add(fit, (int)(i + j) % 2, times[i], times[j]));
            result = vo_clockfit_solve(fit);
            vo_clockfit_delay(&result, 0, times[j], times[i]);
            vo_clockfit_delay(&result, 1, times[i], times[j]);
        }
    vo_clockfit_free(fit);
    /* A difference of -2^63, whose mirror image does not exist. */
    for (int direction = 0; direction < 2; direction++) {
        fit = vo_clockfit_new();
        assert_true(vo_clockfit_add(fit, direction, direction ? -1 : INT64_MAX, direction ? INT64_MAX : -1));
        result = vo_clockfit_solve(fit);
        assert_false(result.has_offset);
        vo_clockfit_free(fit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_skew_by_hand),
        cmocka_unit_test(test_when_there_is_a_skew),
        cmocka_unit_test(test_usual_worlds),
        cmocka_unit_test(test_random_worlds),
        cmocka_unit_test(test_all_of_the_delay_one_way),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_variation),
        cmocka_unit_test(test_quiet_direction_decides),
        cmocka_unit_test(test_growing_queue),
        cmocka_unit_test(test_wandering_clock),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
