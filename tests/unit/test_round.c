/* Whose scan it is, and how it ended, by the kernel's announcements. */
#include "probes/wlan/round.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/nl80211_scene.h"

#define S(n) ((int64_t)(n)*1000000000)

static struct vo_round fresh(void)
{
    return (struct vo_round){.index = 3, .wiphy = 1};
}

static struct vo_wlan_event event(enum vo_wlan_event_kind kind, uint32_t index, uint32_t wiphy)
{
    return (struct vo_wlan_event){
        .kind = kind, .has = 1u << VO_EVENT_INTERFACE | 1u << VO_EVENT_WIPHY, .index = index, .wiphy = wiphy};
}

static enum vo_round_news hear(struct vo_round *round, enum vo_wlan_event_kind kind, int64_t now_ns)
{
    struct vo_wlan_event one = event(kind, 3, 1);
    return vo_round_hear(round, &one, now_ns);
}

static void test_ours(void **state)
{
    (void)state;
    struct vo_round round = fresh();
    vo_round_asked(&round, S(1));
    assert_int_equal(hear(&round, VO_WLAN_EVENT_SCAN_STARTED, S(1)), VO_ROUND_NOTHING);
    assert_int_equal(round.state, VO_ROUND_OURS);
    assert_int_equal(hear(&round, VO_WLAN_EVENT_SCAN_DONE, S(3)), VO_ROUND_DONE);
    assert_int_equal(round.state, VO_ROUND_IDLE);
    assert_true(round.ended_ns == S(1));
    vo_round_asked(&round, S(4));
    hear(&round, VO_WLAN_EVENT_SCAN_STARTED, S(4));
    assert_int_equal(hear(&round, VO_WLAN_EVENT_SCAN_ABORTED, S(5)), VO_ROUND_ABORTED);
}

/* The end of another program's scan was announced before our request was taken, and read behind it. */
static void test_end_of_before(void **state)
{
    (void)state;
    struct vo_round round = fresh();
    vo_round_asked(&round, S(1));
    assert_int_equal(hear(&round, VO_WLAN_EVENT_SCAN_DONE, S(1)), VO_ROUND_OTHERS_DONE);
    assert_true(round.ended_ns == INT64_MIN); /* when it began is not known */
    assert_int_equal(round.state, VO_ROUND_ASKED);
    hear(&round, VO_WLAN_EVENT_SCAN_STARTED, S(1));
    assert_int_equal(hear(&round, VO_WLAN_EVENT_SCAN_DONE, S(3)), VO_ROUND_DONE);
}

/* NetworkManager begins one, we are refused, it ends. Of a scan whose begin was not heard the begin is not
 * known. */
static void test_others(void **state)
{
    (void)state;
    struct vo_round round = fresh();
    hear(&round, VO_WLAN_EVENT_SCAN_STARTED, S(2));
    assert_int_equal(round.state, VO_ROUND_THEIRS);
    vo_round_busy(&round, S(3));
    assert_int_equal(hear(&round, VO_WLAN_EVENT_SCAN_DONE, S(4)), VO_ROUND_OTHERS_DONE);
    assert_true(round.ended_ns == S(2));
    vo_round_busy(&round, S(5));
    assert_int_equal(hear(&round, VO_WLAN_EVENT_SCAN_ABORTED, S(6)), VO_ROUND_OTHERS_ABORTED);
    assert_true(round.ended_ns == INT64_MIN);
    assert_int_equal(round.state, VO_ROUND_IDLE);
}

/* Another radio's scans are none of ours; another interface of the radio is. */
static void test_of_the_radio(void **state)
{
    (void)state;
    struct vo_round round = fresh();
    struct vo_wlan_event elsewhere = event(VO_WLAN_EVENT_SCAN_DONE, 4, 2),
                         beside = event(VO_WLAN_EVENT_SCAN_DONE, 5, 1);
    vo_round_asked(&round, S(1));
    hear(&round, VO_WLAN_EVENT_SCAN_STARTED, S(1));
    assert_int_equal(vo_round_hear(&round, &elsewhere, S(2)), VO_ROUND_NOTHING);
    assert_int_equal(vo_round_hear(&round, &beside, S(2)), VO_ROUND_DONE);
}

static void test_gone(void **state)
{
    (void)state;
    struct vo_round round = fresh();
    struct vo_wlan_event beside = event(VO_WLAN_EVENT_DEL_INTERFACE, 5, 1),
                         itself = event(VO_WLAN_EVENT_DEL_INTERFACE, 3, 1),
                         radio = event(VO_WLAN_EVENT_DEL_WIPHY, 0, 1);
    assert_int_equal(vo_round_hear(&round, &beside, S(1)), VO_ROUND_NOTHING);
    assert_int_equal(vo_round_hear(&round, &itself, S(1)), VO_ROUND_GONE);
    assert_int_equal(vo_round_hear(&round, &radio, S(1)), VO_ROUND_GONE);
}

/* An end that is never announced: after 30 s, or 5 s once announcements were lost; and an end that comes
 * without its begin is ours then. */
static void test_lost_and_overdue(void **state)
{
    (void)state;
    struct vo_round round = fresh();
    struct vo_wlan_event lost = {.kind = VO_WLAN_EVENT_LOST};
    assert_false(vo_round_overdue(&round, S(1000))); /* nothing is waited for */
    vo_round_asked(&round, S(1));
    hear(&round, VO_WLAN_EVENT_SCAN_STARTED, S(1));
    assert_false(vo_round_overdue(&round, S(30)));
    assert_true(vo_round_overdue(&round, S(31)));
    assert_int_equal(vo_round_hear(&round, &lost, S(10)), VO_ROUND_NOTHING);
    assert_false(vo_round_overdue(&round, S(14)));
    vo_round_hear(&round, &lost, S(14)); /* further losses do not put it off */
    assert_true(vo_round_overdue(&round, S(15)));
    assert_int_equal(round.losses, 2);
    vo_round_idle(&round, S(15));
    assert_false(round.lost);
    vo_round_asked(&round, S(20));
    vo_round_hear(&round, &lost, S(20));
    assert_int_equal(hear(&round, VO_WLAN_EVENT_SCAN_DONE, S(22)), VO_ROUND_DONE);
}

/* What the lab announced in 75 s, of which no scan was ours: each that began ended, and it says what it
 * covered.
 */
struct counts {
    struct vo_round round;
    unsigned begun, done, aborted, other;
    size_t frequencies;
};
static void count(void *context, uint8_t command, const void *attributes, size_t size)
{
    struct counts *counts = context;
    struct vo_wlan_event one;
    uint32_t mhz[256];
    vo_wlan_event_parse(command, attributes, size, &one);
    counts->begun += one.kind == VO_WLAN_EVENT_SCAN_STARTED && one.wiphy == counts->round.wiphy;
    switch (vo_round_hear(&counts->round, &one, S(1))) {
    case VO_ROUND_OTHERS_DONE:
        counts->done++;
        counts->frequencies = vo_wlan_event_scanned(&one, mhz, 256);
        assert_int_equal(counts->frequencies, one.frequencies);
        assert_true(counts->frequencies > 0);
        for (size_t i = 0; i < counts->frequencies; i++)
            assert_in_range(mhz[i], 900, 7200);
        assert_int_equal(vo_wlan_event_scanned(&one, mhz, 1), 1);
        break;
    case VO_ROUND_OTHERS_ABORTED:
        counts->aborted++;
        break;
    case VO_ROUND_NOTHING:
        break;
    default:
        counts->other++;
    }
}
static void test_recorded(void **state)
{
    (void)state;
    struct counts counts = {.round = fresh()};
    assert_true(replay("events", count, &counts) > 0);
    assert_true(counts.done > 2);
    assert_int_equal(counts.other, 0);
    /* the last one may still run */
    unsigned running = counts.round.state == VO_ROUND_THEIRS;
    assert_int_equal(counts.done + counts.aborted, counts.begun - running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours),     cmocka_unit_test(test_end_of_before),
        cmocka_unit_test(test_others),   cmocka_unit_test(test_of_the_radio),
        cmocka_unit_test(test_gone),     cmocka_unit_test(test_lost_and_overdue),
        cmocka_unit_test(test_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
