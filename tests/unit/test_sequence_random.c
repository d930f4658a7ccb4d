/* Sequence numbers: thousands of random streams against a plain list of positions, and input that is no
 * stream at all. */
#include "tests/unit/sequence_feed.h"

static uint64_t random_state;

static uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Reference: what came, in lists, as the header words it. Loss, copies and reordering up to `reach`
 * positions. */
#define PACKETS 1500
struct arrival {
    double due;
    int number;
};

static int by_due(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;
    return x->due < y->due ? -1 : x->due > y->due ? 1 : x->number - y->number;
}

static unsigned scenario(struct arrival *arrivals, unsigned reach, unsigned loss, unsigned copies)
{
    unsigned count = 0;
    int outage = (int)(next_random() % PACKETS), length = (int)(next_random() % 8 ? 0 : next_random() % 400);
    for (int i = 0; i < PACKETS; i++) {
        if (next_random() % 1000 < loss || (i >= outage && i < outage + length))
            continue;
        unsigned times = 1 + (next_random() % 1000 < copies);
        while (times--)
            arrivals[count++] = (struct arrival){
                i + (next_random() % 10 ? 0.0 : (double)(next_random() % 100000) / 100000 * reach), i};
    }
    qsort(arrivals, count, sizeof *arrivals, by_due);
    return count;
}

/* Which positions are settled as lost although they come later: a run between received neighbours of which
 * 256 later positions exist after its last one, or that is as long as the window, when the highest moves up.
 */
struct reference {
    int first, base, highest, settled;
    bool came[PACKETS], shut[PACKETS];
    unsigned unique, duplicates, reordered, strays, old_run;
};

static void reference_settle(struct reference *r, bool all)
{
    if (r->settled < r->base && r->highest - r->base < VO_SEQUENCE_YOUNG && !all)
        return;
    while (r->settled < r->highest) {
        int next = r->settled + 1;
        while (!r->came[next])
            next++;
        bool final = next == r->settled + 1 || all || r->highest - (next - 1) >= VO_SEQUENCE_WINDOW ||
                     next - r->settled - 1 >= VO_SEQUENCE_WINDOW;
        if (!final)
            return;
        for (int p = r->settled + 1; p < next; p++)
            r->shut[p] = true;
        r->settled = next;
    }
}

static void reference_add(struct reference *r, int number)
{
    if (r->first < 0) {
        r->first = r->base = r->highest = number;
        r->settled = number - 1;
    } else if (number > r->highest) {
        bool young = r->settled < r->base && number - r->base < VO_SEQUENCE_YOUNG;
        if (r->highest < number && r->settled < r->highest && !young) {
            /* what the jump pushes out of the window is settled before */
            int highest = r->highest;
            if (number - highest >= VO_SEQUENCE_WINDOW) {
                reference_settle(r, true);
            } else {
                while (r->settled < highest) {
                    int next = r->settled + 1;
                    while (!r->came[next])
                        next++;
                    if (next > r->settled + 1 && number - (next - 1) < VO_SEQUENCE_WINDOW &&
                        next - r->settled - 1 < VO_SEQUENCE_WINDOW)
                        break;
                    for (int p = r->settled + 1; p < next; p++)
                        r->shut[p] = true;
                    r->settled = next;
                }
            }
        }
        r->highest = number;
    } else if (number < r->base) {
        if (r->settled >= r->base || r->highest - number > VO_SEQUENCE_YOUNG) {
            r->strays++;
            return;
        }
        r->base = number;
        r->settled = number - 1;
        r->reordered++;
    } else if (r->highest - number >= VO_SEQUENCE_WINDOW || r->shut[number]) {
        r->strays++;
        return;
    } else if (r->came[number]) {
        r->duplicates++;
        return;
    } else {
        r->reordered++;
    }
    r->came[number] = true;
    r->unique++;
    reference_settle(r, false);
}

static void test_against_reference(void **state)
{
    (void)state;
    static struct arrival arrivals[2 * PACKETS];
    uint64_t all_lost = 0, all_reordered = 0, all_strays = 0;
    for (uint64_t seed = 1; seed <= 4000; seed++) {
        random_state = seed;
        unsigned reach = (unsigned)(next_random() % 201),
                 loss = (unsigned)(next_random() % 3 * (next_random() % 200));
        unsigned count = scenario(arrivals, reach, loss, (unsigned)(next_random() % 100));
        struct feed *feed = new_feed(8000, (uint16_t)next_random(), (uint32_t)next_random());
        struct reference r = {.first = -1};
        for (unsigned i = 0; i < count; i++) {
            raw(feed, START + (vo_time)(arrivals[i].due * 20000) * 1000,
                (uint16_t)(feed->sequence0 + arrivals[i].number),
                feed->timestamp0 + (uint32_t)arrivals[i].number * STEP, true);
            reference_add(&r, arrivals[i].number);
            uint64_t expected = (uint64_t)(r.highest - r.base + 1);
            const struct vo_sequence *s = &feed->sequence;
            if (vo_sequence_expected(s) != expected || s->unique != r.unique ||
                s->duplicates != r.duplicates || s->reordered != r.reordered ||
                s->strays + s->holding != r.strays)
                fail_msg("seed %llu, packet %u (number %d): expected %llu/%llu unique %llu/%u duplicates "
                         "%llu/%u reordered "
                         "%llu/%u strays %llu/%u",
                         (unsigned long long)seed, i, arrivals[i].number,
                         (unsigned long long)vo_sequence_expected(s), (unsigned long long)expected,
                         (unsigned long long)s->unique, r.unique, (unsigned long long)s->duplicates,
                         r.duplicates, (unsigned long long)s->reordered, r.reordered,
                         (unsigned long long)s->strays, r.strays);
        }
        vo_sequence_finish(&feed->sequence, &feed->sink);
        put(&feed->log, '.', feed->sequence.good);
        feed->sequence.good = 0;
        for (int p = r.base; p <= r.highest; p++)
            if (feed->log.outcome[p - r.base] != (r.came[p] ? '.' : 'x'))
                fail_msg("seed %llu: position %d told as %c", (unsigned long long)seed, p,
                         feed->log.outcome[p - r.base]);
        uint64_t expected = (uint64_t)(r.highest - r.base + 1);
        all_lost += expected - r.unique;
        all_reordered += r.reordered;
        all_strays += r.strays;
        check(feed, (struct expected){expected, expected - r.unique, r.duplicates, r.reordered, 0, r.strays});
    }
    print_message("lost %llu, reordered %llu, strays %llu\n", (unsigned long long)all_lost,
                  (unsigned long long)all_reordered, (unsigned long long)all_strays);
    assert_true(all_lost > 100000 && all_reordered > 100000 && all_strays > 100); /* it was a test */
}

/* Hostile input: any packets at any times. Nothing but what always holds can be said. */
static void test_noise(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_state = seed * 7919;
        struct vo_sequence sequence;
        struct log *log = calloc(1, sizeof *log);
        assert_non_null(log);
        vo_sequence_init(&sequence, (uint32_t[]){0, 8000, 90000, 48000}[seed % 4]);
        uint64_t fed = 0;
        uint16_t number = 0;
        struct vo_sequence_packet held = {0};
        uint64_t lost = 0, told = 0;
        for (int i = 0; i < 300; i++) {
            uint64_t kind = next_random() % 8;
            number = (uint16_t)(kind < 4   ? number + 1u
                                : kind < 6 ? number + next_random() % 600 - 300
                                           : next_random());
            struct vo_sequence_packet packets[2] = {
                {(vo_time)(next_random() % 4000000000000),
                 next_random() % 2 ? (uint32_t)next_random() : number * 160u, number,
                 next_random() % 4 != 0}};
            unsigned pending = 1;
            fed++;
            while (pending) {
                int64_t position;
                struct vo_sequence_packet packet = packets[--pending];
                const struct vo_sequence_sink sink = {log, on_lost, on_discarded};
                log->count = 0;
                log->floor = 0;
                uint64_t before = vo_sequence_expected(&sequence);
                enum vo_sequence_verdict verdict = vo_sequence_classify(&sequence, &packet, &sink, &position);
                if (verdict == VO_SEQUENCE_AGAIN) {
                    if (sequence.leap && sequence.leap_distance > 100000) /* more than the log holds */
                        sequence.leap = false;
                    packets[pending++] = packet;
                    packets[pending++] = held;
                } else if (verdict == VO_SEQUENCE_HELD) {
                    held = packet;
                } else if (verdict <= VO_SEQUENCE_REORDERED) {
                    vo_sequence_commit(&sequence, &packet, position, next_random() % 5 == 0, &sink);
                }
                for (size_t p = 0; p < log->count; p++)
                    lost += log->outcome[p] == 'x';
                told += log->count;
                assert_true(vo_sequence_expected(&sequence) >= before);
                assert_true(pending < 3);
            }
        }
        log->count = 0;
        const struct vo_sequence_sink sink = {log, on_lost, on_discarded};
        vo_sequence_finish(&sequence, &sink);
        for (size_t p = 0; p < log->count; p++)
            lost += log->outcome[p] == 'x';
        told += log->count;
        assert_int_equal(told + sequence.good, vo_sequence_expected(&sequence));
        assert_int_equal(lost, vo_sequence_expected(&sequence) - sequence.unique);
        assert_int_equal(sequence.unique + sequence.duplicates + sequence.strays, fed);
        free(log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_reference),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
