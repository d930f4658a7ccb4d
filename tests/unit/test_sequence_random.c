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

/* ---- the short step against classify and commit ---- */

/* What a sink was told, call by call. */
struct calls {
    struct {
        uint64_t good, count; /* count 0: discarded */
        vo_time before, after;
    } all[4000];
    unsigned count;
};

static void note_lost(void *context, uint64_t good, uint64_t count, vo_time before, vo_time after)
{
    struct calls *calls = context;
    assert_true(calls->count < sizeof calls->all / sizeof *calls->all);
    calls->all[calls->count].good = good;
    calls->all[calls->count].count = count;
    calls->all[calls->count].before = before;
    calls->all[calls->count++].after = after;
}

static void note_discarded(void *context, uint64_t good)
{
    note_lost(context, good, 0, 0, 0);
}

/* All members but the held packet, which is compared where it is one. */
static void assert_same(const struct vo_sequence *a, const struct vo_sequence *b)
{
    assert_memory_equal(a, b, offsetof(struct vo_sequence, held));
    assert_memory_equal(a->received, b->received, sizeof a->received);
    assert_memory_equal(a->late, b->late, sizeof a->late);
    assert_memory_equal(a->arrival_us, b->arrival_us, sizeof a->arrival_us);
    if (a->holding)
        assert_true(a->held.time == b->held.time && a->held.timestamp == b->held.timestamp &&
                    a->held.sequence == b->held.sequence && a->held.timed == b->held.timed);
}

static void take_long(struct vo_sequence *sequence, struct vo_sequence_packet *held,
                      const struct vo_sequence_packet *packet, bool late, const struct vo_sequence_sink *sink)
{
    int64_t position;
    switch (vo_sequence_classify(sequence, packet, sink, &position)) {
    case VO_SEQUENCE_NEW:
    case VO_SEQUENCE_REORDERED:
        vo_sequence_commit(sequence, packet, position, late, sink);
        break;
    case VO_SEQUENCE_HELD:
        *held = *packet;
        break;
    case VO_SEQUENCE_AGAIN:
        if (vo_sequence_classify(sequence, held, sink, &position) <= VO_SEQUENCE_REORDERED)
            vo_sequence_commit(sequence, held, position, false, sink);
        if (vo_sequence_classify(sequence, packet, sink, &position) <= VO_SEQUENCE_REORDERED)
            vo_sequence_commit(sequence, packet, position, late, sink);
        break;
    case VO_SEQUENCE_DUPLICATE:
    case VO_SEQUENCE_TOO_LATE:
        break;
    }
}

/* A sender whose numbers and timestamps go on, mostly; whose packets are mostly in order, and in time. */
static struct vo_sequence_packet next_packet(struct vo_sequence_packet *sender, unsigned trouble)
{
    sender->sequence++;
    sender->timestamp += STEP;
    sender->time += FRAME;
    sender->timed = true;
    struct vo_sequence_packet packet = *sender;
    packet.time += (vo_time)(next_random() % 5000000);
    if (next_random() % 1000 >= trouble)
        return packet;
    uint16_t back = (uint16_t)(next_random() % 20);
    switch (next_random() % 9) {
    case 0: /* loss, short or long */
        back = (uint16_t)(next_random() % (next_random() % 8 ? 10 : 4000));
        sender->sequence = packet.sequence = (uint16_t)(packet.sequence + back);
        sender->timestamp = packet.timestamp += back * STEP;
        sender->time = packet.time += back * FRAME;
        break;
    case 1: /* an old packet, or a copy; now and then from beyond the window */
        back = (uint16_t)(back + (next_random() % 2 ? 0 : 300));
        packet.sequence = (uint16_t)(packet.sequence - back);
        packet.timestamp -= back * STEP;
        if (next_random() % 2) { /* beside the stream, not in place of a packet of it */
            sender->sequence--;
            sender->timestamp -= STEP;
        }
        break;
    case 2: /* restart */
        sender->sequence = packet.sequence = (uint16_t)next_random();
        sender->timestamp = packet.timestamp = (uint32_t)next_random();
        break;
    case 3: /* silence */
        sender->timestamp = packet.timestamp += back * STEP;
        sender->time = packet.time += back * FRAME;
        break;
    case 4: /* another packet time */
        sender->timestamp = packet.timestamp += 80;
        break;
    case 5: /* comfort noise, an event */
        packet.timed = false;
        sender->timestamp -= next_random() % 2 ? STEP : 0; /* for which the media's timestamps waited */
        break;
    case 6: /* a pause beyond the patience */
        sender->time = packet.time += (vo_time)(next_random() % 20) * VO_NS_PER_S;
        break;
    case 7: /* arrivals go back */
        packet.time -= 100 * VO_NS_PER_MS;
        break;
    default: /* a stray one */
        packet.sequence = (uint16_t)next_random();
    }
    return packet;
}

static void test_step(void **state)
{
    (void)state;
    static struct calls short_calls, long_calls;
    const struct vo_sequence_sink short_sink = {&short_calls, note_lost, note_discarded},
                                  long_sink = {&long_calls, note_lost, note_discarded};
    uint64_t steps = 0, late_steps = 0, others = 0;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        random_state = seed * 104729;
        struct vo_sequence stepped, plain;
        struct vo_sequence_packet held[2] = {{0}, {0}};
        struct vo_sequence_packet sender = {START, (uint32_t)next_random(), (uint16_t)next_random(), true};
        uint32_t clock_hz = (uint32_t[]){8000, 8000, 90000, 0}[seed % 4];
        unsigned trouble = (unsigned)(1 + next_random() % 100), lateness = (unsigned)(next_random() % 100);
        vo_sequence_init(&stepped, clock_hz);
        vo_sequence_init(&plain, clock_hz);
        short_calls.count = long_calls.count = 0;
        int frozen = seed % 8 ? 0 : 60; /* a video frame of many packets, which tells no step */
        for (int i = 0; i < 1000; i++) {
            sender.timestamp -= i < frozen ? STEP : 0;
            struct vo_sequence_packet packet = next_packet(&sender, trouble);
            bool late = next_random() % 1000 < lateness;
            take_long(&plain, &held[0], &packet, late, &long_sink);
            if (packet.timed && vo_sequence_in_line(&stepped) &&
                vo_sequence_continues(&stepped, packet.time, packet.sequence, packet.timestamp)) {
                vo_sequence_step(&stepped, packet.time, packet.timestamp, late, &short_sink);
                assert_true(vo_sequence_in_line(&stepped)); /* it stays so */
                steps++;
                late_steps += late;
            } else {
                take_long(&stepped, &held[1], &packet, late, &short_sink);
                others++;
            }
            assert_same(&stepped, &plain);
            assert_int_equal(short_calls.count, long_calls.count);
        }
        vo_sequence_finish(&stepped, &short_sink);
        vo_sequence_finish(&plain, &long_sink);
        assert_same(&stepped, &plain);
        assert_int_equal(short_calls.count, long_calls.count);
        assert_memory_equal(short_calls.all, long_calls.all, short_calls.count * sizeof *short_calls.all);
    }
    print_message("steps %llu, %llu of them late; others %llu\n", (unsigned long long)steps,
                  (unsigned long long)late_steps, (unsigned long long)others);
    assert_true(steps > 100000 && late_steps > 2000 && others > 50000); /* it was a test */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_reference),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
