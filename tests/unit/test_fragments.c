#include "probes/flow/fragments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND VO_NS_PER_S

static uint8_t original[65536]; /* byte i is i * 7 + i / 256, so that no two 8-byte blocks nearby are alike */

struct fixture {
    struct vo_fragments *fragments;
    const uint8_t *data;
    uint32_t size;
    vo_time time;
};

static int set_up(void **state)
{
    for (uint32_t i = 0; i < sizeof original; i++)
        original[i] = (uint8_t)(i * 7 + i / 256);
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->fragments = vo_fragments_new();
    *state = fixture;
    return fixture->fragments ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    vo_fragments_free(fixture->fragments);
    free(fixture);
    return 0;
}

static struct vo_packet fragment_of(uint32_t id, uint32_t offset, uint32_t size, bool more)
{
    struct vo_packet packet = {.payload = original + offset, .payload_size = size, .payload_length = size};
    packet.source[15] = 1;
    packet.destination[15] = 2;
    packet.fragment.id = id;
    packet.fragment.offset = offset;
    packet.fragment.protocol = 17;
    packet.fragment.more = more;
    return packet;
}

static bool add(struct fixture *fixture, const struct vo_packet *packet)
{
    /* exactly sized, so that the sanitizer sees any read beyond it */
    struct vo_packet copy = *packet;
    uint8_t *bytes = malloc(packet->payload_size ? packet->payload_size : 1);
    if (packet->payload_size)
        memcpy(bytes, packet->payload, packet->payload_size);
    copy.payload = bytes;
    bool done = vo_fragments_add(fixture->fragments, &copy, fixture->time, &fixture->data, &fixture->size);
    if (done) {
        assert_memory_equal(fixture->data, original, fixture->size);
    }
    free(bytes);
    return done;
}

static bool put(struct fixture *fixture, uint32_t id, uint32_t offset, uint32_t size, bool more)
{
    struct vo_packet packet = fragment_of(id, offset, size, more);
    return add(fixture, &packet);
}

static void test_in_order_and_reversed(void **state)
{
    struct fixture *fixture = *state;
    assert_false(put(fixture, 1, 0, 1480, true));
    assert_false(put(fixture, 1, 1480, 1480, true));
    assert_true(put(fixture, 1, 2960, 40, false));
    assert_int_equal(fixture->size, 3000);
    assert_false(put(fixture, 2, 2960, 40, false));
    assert_false(put(fixture, 2, 1480, 1480, true));
    assert_true(put(fixture, 2, 0, 1480, true));
    assert_int_equal(fixture->size, 3000);
    const struct vo_fragments_stats *stats = vo_fragments_stats(fixture->fragments);
    assert_int_equal(stats->fragments, 6);
    assert_int_equal(stats->reassembled, 2);
    assert_int_equal(stats->overlapping + stats->timed_out + stats->evicted, 0);
}

static void test_first_or_middle_missing(void **state)
{
    struct fixture *fixture = *state;
    assert_false(put(fixture, 1, 8, 8, true));
    assert_false(put(fixture, 1, 16, 8, false));
    assert_false(put(fixture, 2, 0, 8, true));
    assert_false(put(fixture, 2, 16, 8, false));
    assert_true(put(fixture, 1, 0, 8, true));
    assert_int_equal(fixture->size, 24);
}

static void test_key_is_all_of_it(void **state)
{
    struct fixture *fixture = *state;
    assert_false(put(fixture, 1, 0, 8, true));
    struct vo_packet other[5];
    for (int i = 0; i < 5; i++)
        other[i] = fragment_of(1, 8, 8, false);
    other[0].source[0] = 9;
    other[1].destination[0] = 9;
    other[2].fragment.protocol = 6;
    other[3].fragment.id = 9;
    other[4].encap_hash = 9;
    for (int i = 0; i < 5; i++)
        assert_false(add(fixture, &other[i]));
    assert_true(put(fixture, 1, 8, 8, false));
}

static void test_exact_copies_do_no_harm(void **state)
{
    struct fixture *fixture = *state;
    assert_false(put(fixture, 1, 0, 16, true));
    assert_false(put(fixture, 1, 0, 16, true));
    assert_false(put(fixture, 1, 24, 5, false));
    assert_false(put(fixture, 1, 24, 5, false));
    assert_true(put(fixture, 1, 16, 8, true));
    assert_int_equal(fixture->size, 29);
    assert_int_equal(vo_fragments_stats(fixture->fragments)->overlapping, 0);
}

/* Each row contradicts the fragments 0..16 (more) and 32..40 (last); none of the datagrams may come out
 * afterwards. */
static void test_overlaps_discard(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        uint32_t offset, size;
        bool more, changed;
    } rows[] = {
        {8, 16, true, false},  /* begins inside */
        {0, 8, true, false},   /* a part of it */
        {0, 24, true, false},  /* all of it and more */
        {0, 16, true, true},   /* same place, other bytes */
        {24, 16, true, false}, /* into the last one */
        {32, 16, true, false}, /* beyond the end */
        {40, 8, true, false},  /* after the end */
        {16, 8, false, false}, /* another end, before */
        {40, 8, false, false}, /* another end, after */
        {32, 8, true, false},  /* same bytes, but not the last */
        {0, 16, false, false}, /* atomic ones are apart: see below */
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool atomic = !rows[i].offset && !rows[i].more;
        assert_false(put(fixture, i, 0, 16, true));
        assert_false(put(fixture, i, 32, 8, false));
        struct vo_packet packet = fragment_of(i, rows[i].offset, rows[i].size, rows[i].more);
        packet.payload = rows[i].changed ? original + 4096 : packet.payload;
        assert_int_equal(add(fixture, &packet), atomic);
        assert_int_equal(vo_fragments_stats(fixture->fragments)->overlapping, atomic ? i : i + 1);
        assert_int_equal(put(fixture, i, 16, 16, true), atomic);
    }
    /* what is discarded stays so: no new datagram begins from its other fragments */
    assert_false(put(fixture, 0, 0, 16, true));
    assert_false(put(fixture, 0, 16, 8, false));
}

static void test_last_before_data_beyond_it(void **state)
{
    struct fixture *fixture = *state;
    assert_false(put(fixture, 1, 32, 8, true));
    assert_false(put(fixture, 1, 16, 8, false));
    assert_int_equal(vo_fragments_stats(fixture->fragments)->overlapping, 1);
}

static void test_sizes_that_lie(void **state)
{
    struct fixture *fixture = *state;
    assert_false(put(fixture, 1, 0, 0, true));
    assert_false(put(fixture, 1, 0, 12, true)); /* not the last, not a multiple of 8 */
    struct vo_packet packet = fragment_of(1, 0, 8, false);
    packet.fragment.offset = 65528; /* ends at 65536 */
    assert_false(add(fixture, &packet));
    packet.fragment.offset = UINT32_MAX - 7;
    assert_false(add(fixture, &packet));
    packet = fragment_of(1, 8, 8, false);
    packet.payload_length = UINT32_MAX;
    assert_false(add(fixture, &packet));
    packet = fragment_of(1, 8, 8, false);
    packet.payload_length = 4; /* more captured than sent */
    assert_false(add(fixture, &packet));
    /* the largest datagram: 8191 blocks and 7 bytes, 65535 */
    assert_false(put(fixture, 1, 0, 65528, true));
    assert_true(put(fixture, 1, 65528, 7, false));
    assert_int_equal(fixture->size, 65535);
}

static void test_cut_by_the_snap_length(void **state)
{
    struct fixture *fixture = *state;
    struct vo_packet packet = fragment_of(1, 0, 8, true);
    packet.payload_length = 16;
    assert_false(add(fixture, &packet));
    assert_false(put(fixture, 1, 16, 8, false));
    assert_false(put(fixture, 1, 0, 16, true));
    packet = fragment_of(2, 0, 8, false);
    packet.payload_length = 9;
    assert_false(add(fixture, &packet));
    fixture->time = 31 * SECOND;
    assert_true(put(fixture, 3, 0, 8, false));
    assert_false(put(fixture, 3, 0, 8, true)); /* looks all of them through */
    assert_int_equal(vo_fragments_stats(fixture->fragments)->timed_out, 1);
}

static void test_time_out(void **state)
{
    struct fixture *fixture = *state;
    fixture->time = 100 * SECOND;
    assert_false(put(fixture, 1, 0, 8, true));
    assert_false(put(fixture, 2, 0, 8, true));
    fixture->time = 130 * SECOND; /* 30 s exactly: still good */
    assert_true(put(fixture, 1, 8, 8, false));
    fixture->time = 130 * SECOND + 1;
    assert_false(put(fixture, 2, 8, 8, false)); /* the first half is gone; this begins anew */
    assert_int_equal(vo_fragments_stats(fixture->fragments)->timed_out, 1);
    fixture->time = 1; /* clocks go back; a time is no reason to lose data then */
    assert_true(put(fixture, 2, 0, 8, true));
    fixture->time = INT64_MIN + 1;
    assert_false(put(fixture, 4, 0, 8, true));
    fixture->time = INT64_MAX;
    assert_false(put(fixture, 4, 8, 8, false));
    assert_int_equal(vo_fragments_stats(fixture->fragments)->timed_out, 2);
}

static void test_oldest_goes(void **state)
{
    struct fixture *fixture = *state;
    for (uint32_t id = 0; id <= VO_FRAGMENTS_MAX; id++)
        assert_false(put(fixture, id, 0, 8, true));
    assert_int_equal(vo_fragments_stats(fixture->fragments)->evicted, 1);
    assert_true(put(fixture, 1, 8, 8, false));
    assert_true(put(fixture, VO_FRAGMENTS_MAX, 8, 8, false));
    assert_false(put(fixture, 0, 8, 8, false));
}

/* 2,400 datagrams of 500 to 4,499 bytes cut at random places, all their fragments shuffled with copies, 8
 * datagrams at a time. */
static void test_random(void **state)
{
    struct fixture *fixture = *state;
    srandom(20240611);
    for (uint32_t round = 0; round < 300; round++) {
        struct vo_packet packets[8 * 563];
        unsigned count = 0, completed = 0;
        for (uint32_t id = 0; id < 8; id++) {
            uint32_t size = 500 + (uint32_t)random() % 4000, at = 0;
            while (at < size) {
                uint32_t part = 8 * (1 + (uint32_t)random() % 60);
                bool more = at + part < size;
                packets[count++] = fragment_of(round * 8 + id, at, more ? part : size - at, more);
                at += part;
            }
        }
        for (unsigned i = 0; i < count; i++) {
            unsigned other = (unsigned)random() % count;
            struct vo_packet swap = packets[i];
            packets[i] = packets[other];
            packets[other] = swap;
        }
        for (unsigned i = 0; i < count; i++) {
            unsigned before = completed;
            completed += add(fixture, &packets[i]);
            if (before == completed && random() % 4 == 0)
                assert_false(add(fixture, &packets[i])); /* a copy completes nothing */
        }
        assert_int_equal(completed, 8);
    }
    assert_int_equal(vo_fragments_stats(fixture->fragments)->reassembled, 2400);
    assert_int_equal(vo_fragments_stats(fixture->fragments)->overlapping, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order_and_reversed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_first_or_middle_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_key_is_all_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_exact_copies_do_no_harm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_overlaps_discard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_last_before_data_beyond_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sizes_that_lie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut_by_the_snap_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_time_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_oldest_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
