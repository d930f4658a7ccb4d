/* Frames on the air: which are repetitions, and how many were not heard. */
#include "probes/flow/on_air.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS    VO_NS_PER_MS
#define START (1700000000 * VO_NS_PER_S)

enum { PHONE = 0x1000, LAPTOP = 0x1100, AP = 0x0100 };

/* A frame as a scene: numbers that tests change, and a body with one of them in it. */
struct sent {
    vo_wlan_address from, to;
    uint32_t interface;
    uint16_t sequence;
    uint8_t tid, content;
    bool retry;
    vo_time at; /* ms from the start */
};

static struct vo_on_air_frame hear(struct vo_on_air *air, struct sent sent)
{
    uint8_t body[60] = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
    body[38] = sent.content; /* the RTP sequence number */
    const struct vo_mpdu mpdu = {.transmitter = sent.from,
                                 .receiver = sent.to,
                                 .body = body,
                                 .size = sizeof body,
                                 .sequence = sent.sequence,
                                 .tid = sent.tid,
                                 .retry = sent.retry};
    return vo_on_air_hear(air, sent.interface, &mpdu, START + sent.at * MS);
}

static const struct sent first = {.from = PHONE, .to = AP, .sequence = 7, .tid = 6, .content = 1};

static bool repeats(struct sent second)
{
    struct vo_on_air *air = vo_on_air_new();
    assert_non_null(air);
    assert_false(hear(air, first).repeated);
    bool repeated = hear(air, second).repeated;
    vo_on_air_free(air);
    return repeated;
}

static void test_repetitions(void **state)
{
    (void)state;
    struct sent again = first;
    again.at = 3;
    assert_false(repeats(again)); /* without the retry bit: another frame of the number 4096 further */
    again.retry = true;
    assert_true(repeats(again));
    static const struct {
        const char *what;
        struct sent sent;
    } others[] = {
        {"another number", {PHONE, AP, 0, 8, 6, 1, true, 3}},
        {"another TID", {PHONE, AP, 0, 7, 5, 1, true, 3}},
        {"another transmitter", {LAPTOP, AP, 0, 7, 6, 1, true, 3}},
        {"another receiver", {PHONE, LAPTOP, 0, 7, 6, 1, true, 3}},
        {"another interface", {PHONE, AP, 1, 7, 6, 1, true, 3}},
        {"another content", {PHONE, AP, 0, 7, 6, 2, true, 3}},
        {"much later", {PHONE, AP, 0, 7, 6, 1, true, 10001}},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (repeats(others[i].sent))
            fail_msg("%s: taken for a repetition", others[i].what);
    again.at = -1; /* the clock was set back a little */
    assert_true(repeats(again));
}

/* A retry whose first attempt was not heard is taken; the next one is not. */
static void test_first_attempt_unheard(void **state)
{
    (void)state;
    struct vo_on_air *air = vo_on_air_new();
    struct sent sent = first;
    sent.retry = true;
    assert_false(hear(air, sent).repeated);
    assert_true(hear(air, sent).repeated);
    assert_true(hear(air, sent).repeated);
    vo_on_air_free(air);
}

/* Repetitions within a window of block acknowledgement: 1 to 64, then each of them again. */
static void test_window(void **state)
{
    (void)state;
    struct vo_on_air *air = vo_on_air_new();
    struct sent sent = first;
    for (sent.retry = false;; sent.retry = true) {
        for (sent.sequence = 4060; sent.sequence != 28; sent.sequence = (sent.sequence + 1) % 4096) {
            sent.content = (uint8_t)sent.sequence;
            assert_int_equal(hear(air, sent).repeated, sent.retry);
        }
        if (sent.retry)
            break;
    }
    vo_on_air_free(air);
}

/* A body of which the snap length left little, and one with an FCS behind it that nobody told of. */
static void test_bodies(void **state)
{
    (void)state;
    struct vo_on_air *air = vo_on_air_new();
    uint8_t body[52] = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
    struct vo_mpdu mpdu = {.transmitter = PHONE, .receiver = AP, .body = body, .size = sizeof body};
    for (uint32_t size = 0; size <= sizeof body; size++) {
        mpdu.size = size;
        mpdu.sequence = (uint16_t)size;
        mpdu.retry = false;
        assert_false(vo_on_air_hear(air, 0, &mpdu, START).repeated);
        mpdu.retry = true;
        if (size == sizeof body)
            memset(body + 48, 0xff, 4);
        assert_true(vo_on_air_hear(air, 0, &mpdu, START).repeated);
    }
    vo_on_air_free(air);
}

/* Numbers 7, 8, 11, 10 (late), 12: 9 and 10 were skipped, and 10 came. Then further ones, over the wrap at
 * 4096. Each flow has its own count. */
static void test_unheard(void **state)
{
    (void)state;
    static const struct {
        uint16_t sequence, unheard;
    } heard[] = {{7, 0},       {8, 0}, {11, 2}, {10, 1}, {12, 1}, {2000, 1 + 1987}, {4090, 1988 + 2089},
                 {3, 4077 + 8}};
    struct vo_on_air *air = vo_on_air_new();
    struct sent sent = first;
    uint16_t link = hear(air, (struct sent){PHONE, AP, 0, 100, 0, 0, false, 0}).link;
    assert_int_not_equal(hear(air, (struct sent){AP, PHONE, 0, 100, 0, 0, false, 0}).link, link);
    assert_int_not_equal(hear(air, (struct sent){PHONE, LAPTOP, 0, 100, 0, 0, false, 0}).link, link);
    assert_int_not_equal(hear(air, (struct sent){PHONE, AP, 1, 100, 0, 0, false, 0}).link, link);
    for (size_t i = 0; i < sizeof heard / sizeof *heard; i++) {
        sent.sequence = heard[i].sequence;
        sent.content = (uint8_t)i;
        struct vo_on_air_frame frame = hear(air, sent);
        assert_int_equal(frame.unheard, heard[i].unheard);
        assert_int_equal(frame.state, 6); /* the TID, and no pause */
        assert_int_equal(frame.link, link);
    }
    assert_int_equal(hear(air, (struct sent){PHONE, AP, 0, 101, 0, 0, false, 0}).unheard, 0);
    vo_on_air_free(air);
}

/* After a repetition or a pause of more than 10 s nothing is counted; the pause is told. */
static void test_pause(void **state)
{
    (void)state;
    struct vo_on_air *air = vo_on_air_new();
    struct sent sent = first;
    hear(air, sent);
    sent.at = 10000;
    sent.sequence = 8;
    struct vo_on_air_frame frame = hear(air, sent);
    assert_int_equal(frame.state & VO_ON_AIR_PAUSES, 0);
    sent.at = 20001;
    sent.sequence = 3000; /* 4096 further than 8, or not at all: who knows */
    frame = hear(air, sent);
    assert_int_equal(frame.state, VO_ON_AIR_ONE_PAUSE | 6);
    assert_int_equal(frame.unheard, 0);
    sent.sequence = 3002;
    frame = hear(air, sent);
    assert_int_equal(frame.state, VO_ON_AIR_ONE_PAUSE | 6);
    assert_int_equal(frame.unheard, 1);
    vo_on_air_free(air);
}

/* A frame that held three packets: each that is missing may have held as many. */
static void test_amsdu(void **state)
{
    (void)state;
    struct vo_on_air *air = vo_on_air_new();
    struct sent sent = first;
    hear(air, sent);
    vo_on_air_count(air, 3);
    sent.sequence = 10;
    assert_int_equal(hear(air, sent).unheard, 2 * 3);
    vo_on_air_free(air);
}

/* Each flow of 8192 is followed; what comes beyond is counted and taken as it comes. */
static void test_too_many(void **state)
{
    (void)state;
    struct vo_on_air *air = vo_on_air_new();
    struct sent sent = first;
    for (unsigned i = 0; i < VO_ON_AIR_FLOWS; i++) {
        sent.from = 0x10000 + i;
        assert_int_not_equal(hear(air, sent).link, 0);
    }
    assert_int_equal(vo_on_air_left_out(air), 0);
    sent.from = PHONE;
    sent.retry = true;
    for (unsigned i = 0; i < 2; i++) {
        struct vo_on_air_frame frame = hear(air, sent);
        assert_false(frame.repeated);
        assert_int_equal(frame.link, 0);
    }
    assert_int_equal(vo_on_air_left_out(air), 2);
    sent.from = 0x10000;
    assert_true(hear(air, sent).repeated);
    vo_on_air_free(air);
    vo_on_air_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repetitions), cmocka_unit_test(test_first_attempt_unheard),
        cmocka_unit_test(test_window),      cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_unheard),     cmocka_unit_test(test_pause),
        cmocka_unit_test(test_amsdu),       cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
