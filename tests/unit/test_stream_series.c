/* The series of a stream: rows add up to its totals, and losses lie in the rows in which they would have
 * come. */
#include "tests/unit/stream_scene.h"

/* 160 s of PCMU as it arrives: with loss, packets late and out of order, copies, strays, and a silence that
 * is shorter or longer than the rows that are kept. */
#define ARRIVALS 20000
static unsigned make_arrivals(struct vo_rtp_packet *arrivals, uint64_t seed, unsigned loss)
{
    unsigned count = 0;
    vo_time shift = 0;
    for (int i = 0; i < 8000; i++) {
        if (i == 100 + (int)(seed % 7000) && seed % 3)
            shift = (vo_time)(next_random() % 400) * VO_NS_PER_S;
        if (i > 20 && next_random() % 1000 < loss)
            continue;
        vo_time late = i > 20 && next_random() % 20 == 0 ? (vo_time)(next_random() % 300) * VO_NS_PER_MS : 0;
        struct vo_rtp_packet packet = packet_of(START + i * FRAME + shift + late, (uint16_t)(60000 + i),
                                                (uint32_t)(i * 160 + shift / 125000), 0);
        packet.dscp = next_random() % 4 ? 46 : 0;
        arrivals[count++] = packet;
        if (i > 20 && next_random() % 50 == 0) {
            packet.time += (vo_time)(next_random() % 100) * VO_NS_PER_MS;
            arrivals[count++] = packet;
        }
        if (i > 20 && next_random() % 2000 == 0) {
            packet.sequence = (uint16_t)(packet.sequence + 20000 + next_random() % 20000);
            packet.timestamp = (uint32_t)next_random();
            arrivals[count++] = packet;
        }
    }
    qsort(arrivals, count, sizeof *arrivals, packet_by_time);
    return count;
}

/* Loss, copies, reordering, strays, late packets: rows add up to the totals, and hold what came in their
 * time. */
static void test_rows_add_up(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_state = seed;
        unsigned step = seed % 2 ? 1 : 5, loss = (unsigned)(next_random() % 100), marked = 0;
        struct scene *scene = new_scene(step);
        static uint32_t packets[ROWS];
        memset(packets, 0, sizeof packets);
        static struct vo_rtp_packet arrivals[ARRIVALS];
        unsigned count = make_arrivals(arrivals, seed, loss);
        for (unsigned i = 0; i < count; i++) {
            feed(scene, arrivals[i]);
            marked += arrivals[i].dscp == 46;
            packets[(arrivals[i].time - START) / VO_NS_PER_S / step]++;
        }
        const struct vo_measure *measure = finish(scene);
        struct {
            uint64_t packets, unique, lost, discarded, dscp_46;
        } sum = {0, 0, 0, 0, 0};
        for (int i = 0; i < ROWS; i++) {
            const struct vo_stream_row *row = &scene->told.rows[i];
            if (row->packets != packets[i])
                fail_msg("seed %llu: row %d has %u packets instead of %u", (unsigned long long)seed, i,
                         row->packets, packets[i]);
            sum.packets += row->packets;
            sum.unique += row->unique;
            sum.lost += row->lost;
            sum.discarded += row->discarded;
            sum.dscp_46 += row->dscp_46;
        }
        assert_int_equal(sum.packets, count);
        assert_int_equal(measure->packets, count);
        assert_int_equal(sum.unique, measure->sequence.unique);
        assert_int_equal(sum.lost, lost(measure));
        assert_int_equal(sum.discarded, measure->playout.discarded);
        assert_int_equal(sum.dscp_46, marked);
        assert_int_equal(measure->dscp[46], marked);
        assert_int_equal(measure->dscp[0], count - marked);
        assert_int_equal(measure->burst.bad, lost(measure) + measure->playout.discarded);
        assert_int_equal(scene->stream.payloads[0].packets, measure->sequence.unique);
        assert_int_equal(measure->octets, (uint64_t)count * 200);
        /* the window: a stream of one window holds all of it */
        struct vo_window window = measure->window;
        struct vo_window_worst worst;
        assert_true(vo_window_finish(&window, &worst));
        if (arrivals[count - 1].time - START < 300 * VO_NS_PER_S) {
            assert_int_equal(worst.lost, lost(measure));
            assert_int_equal(worst.expected, vo_sequence_expected(&measure->sequence));
        }
        free_scene(scene);
    }
}

/* Outages of 6 s, 70 s and 10 min, at second 60: lost packets lie evenly where they would have come. */
static void test_outages(void **state)
{
    (void)state;
    static const int64_t outages[] = {6, 70, 600};
    for (unsigned step = 1; step <= 5; step += 4)
        for (unsigned i = 0; i < 3; i++) {
            struct scene *scene = new_scene(step);
            int64_t seconds = outages[i];
            send_run(scene, 0, 3000);
            send_run(scene, 3000 + seconds * 50, 6000 + seconds * 50);
            const struct vo_measure *measure = finish(scene);
            assert_int_equal(lost(measure), seconds * 50);
            int64_t rows = (120 + seconds + step - 1) / step;
            for (int64_t row = 0; row < rows; row++) {
                uint32_t want_lost = 0, want_unique = 0;
                for (int64_t s = row * step; s < (row + 1) * step && s < 120 + seconds; s++) {
                    want_lost += s >= 60 && s < 60 + seconds ? 50 : 0;
                    want_unique += s >= 60 && s < 60 + seconds ? 0 : 50;
                }
                assert_true(scene->told.has[row]);
                /* the first lost packet would have come at exactly 60 s: rounding may put it on either side
                 */
                if (labs((long)scene->told.rows[row].lost - (long)want_lost) > 1)
                    fail_msg("outage of %lld s, step %u: row %lld has %u lost", (long long)seconds, step,
                             (long long)row, scene->told.rows[row].lost);
                assert_int_equal(scene->told.rows[row].unique, want_unique);
            }
            assert_int_equal(scene->told.next_row, rows);
            assert_true(scene->told.calls <= (unsigned)rows / 16 + 4); /* in chunks, not row by row */
            free_scene(scene);
        }
}

/* Silence longer than the rows that are kept: no rows of it, and the same rows as ever after it. */
static void test_rows_after_silence(void **state)
{
    (void)state;
    static const int64_t silences[] = {1, 62, 63, 64, 65, 66, 500};
    for (unsigned i = 0; i < sizeof silences / sizeof *silences; i++) {
        struct scene *scene = new_scene(1);
        send_run(scene, 0, 100);
        for (int64_t n = 100; n < 200; n++) {
            int64_t at = n + silences[i] * 50;
            feed(scene, packet_of(START + at * FRAME, (uint16_t)(100 + n), (uint32_t)at * 160, 0));
        }
        const struct vo_measure *measure = finish(scene);
        assert_int_equal(lost(measure), 0);
        assert_int_equal(measure->delay.jumps, 0);
        for (int64_t row = 0; row < 4 + silences[i]; row++) {
            bool talks = row < 2 || row >= 2 + silences[i];
            assert_int_equal(scene->told.rows[row].unique, talks ? 50 : 0);
            assert_int_equal(scene->told.has[row] && scene->told.rows[row].jitter_max_ms >= 0, talks);
        }
        assert_int_equal(scene->told.next_row, 4 + silences[i]);
        free_scene(scene);
    }
}

/* A copy at the end of an outage does not smear the loss. */
static void test_copy_after_outage(void **state)
{
    (void)state;
    struct scene *scene = new_scene(1);
    send_run(scene, 0, 500);
    feed(scene,
         packet_of(START + 5000 * FRAME - 1, 599, 499 * 160, 0)); /* the last packet again, 90 s late */
    send_run(scene, 5000, 5500);
    const struct vo_measure *measure = finish(scene);
    assert_int_equal(lost(measure), 4500);
    assert_int_equal(measure->sequence.duplicates, 1);
    for (int row = 11; row < 99; row++)
        assert_in_range(scene->told.rows[row].lost, 49, 51);
    free_scene(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_add_up),
        cmocka_unit_test(test_outages),
        cmocka_unit_test(test_rows_after_silence),
        cmocka_unit_test(test_copy_after_outage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
