/* Interframe spaces, backoff, responses: exact figures of the standard. */
#include "core/estimate/contention.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_timing(void **state)
{
    (void)state;
    struct vo_contention_timing timing = vo_contention_timing(5180, VO_UNTOLD);
    assert_true(timing.sifs_us == 16 && timing.slot_us == 9);
    timing = vo_contention_timing(6105, VO_NO);
    assert_true(timing.sifs_us == 16 && timing.slot_us == 9);
    timing = vo_contention_timing(2437, VO_YES);
    assert_true(timing.sifs_us == 10 && timing.slot_us == 9);
    timing = vo_contention_timing(2484, VO_NO);
    assert_true(timing.sifs_us == 10 && timing.slot_us == 20);
    /* In the 2.4 GHz band the slot is the BSS's choice: not told, not known; nor is what is made of it. */
    timing = vo_contention_timing(2437, VO_UNTOLD);
    assert_true(timing.sifs_us == 10 && isnan(timing.slot_us));
    assert_true(isnan(vo_contention_aifs_us(&timing, 2)));
    assert_true(isnan(vo_contention_backoff_us(&timing, 3)));
    timing = vo_contention_timing(0, VO_YES);
    assert_true(isnan(timing.sifs_us) && isnan(timing.slot_us));
}

/* 5 GHz: voice 16 + 2 * 9 = 34 us (the DIFS, too) and 3 / 2 * 9 = 13.5; best effort 16 + 3 * 9 = 43 and 15 /
 * 2 * 9 = 67.5; background 16 + 7 * 9 = 79. 802.11b: DIFS 10 + 2 * 20 = 50, backoff 31 / 2 * 20 = 310. */
static void test_access(void **state)
{
    (void)state;
    struct vo_contention_timing fast = vo_contention_timing(5180, VO_UNTOLD);
    struct vo_contention_timing slow = vo_contention_timing(2437, VO_NO);
    static const double aifs[] = {43, 79, 34, 34}, backoff[] = {67.5, 67.5, 31.5, 13.5};
    static const unsigned largest[] = {1023, 1023, 15, 7};
    for (unsigned i = 0; i < VO_CONTENTION_CATEGORIES; i++) {
        struct vo_contention_access access = vo_contention_default(i, true);
        assert_true(vo_contention_aifs_us(&fast, access.aifsn) == aifs[i]);
        assert_true(vo_contention_backoff_us(&fast, access.cw_min) == backoff[i]);
        assert_int_equal(access.cw_max, largest[i]);
    }
    assert_true(vo_contention_aifs_us(&slow, 2) == 50);
    assert_true(vo_contention_backoff_us(&slow, vo_contention_default(VO_CONTENTION_BE, false).cw_min) ==
                310);
    assert_int_equal(vo_contention_default(VO_CONTENTION_VO, false).cw_min, 7);
    assert_int_equal(vo_contention_default(VO_CONTENTION_VI, false).cw_min, 15);
}

static void test_response(void **state)
{
    (void)state;
    static const uint8_t mixed[] = {0x82, 0x84, 0x8b, 0x96, 12, 18,
                                    24,   36,   48,   72,   96, 108};        /* basic: 1 to 11 */
    static const uint8_t modern[] = {0x8c, 18, 0x98, 36, 0xb0, 72, 96, 108}; /* basic: 6, 12, 24 */
    static const uint8_t lone[] = {0x98, 36, 48, 0xff}; /* basic: 12, and the HT selector */
    struct vo_airtime_ppdu fast = {.phy = VO_AIRTIME_OFDM, .kbps = 54000};
    struct vo_airtime_ppdu slow = {.phy = VO_AIRTIME_OFDM, .kbps = 9000};
    struct vo_airtime_ppdu cck = {.phy = VO_AIRTIME_DSSS, .kbps = 5500};
    struct vo_airtime_ppdu vht = {.phy = VO_AIRTIME_VHT, .mcs = 2}; /* QPSK 3/4: as 18 Mbit/s */
    struct vo_airtime_ppdu ht = {.phy = VO_AIRTIME_HT, .mcs = 15};  /* as 54 */
    assert_int_equal(vo_contention_response_kbps(&fast, modern, sizeof modern), 24000);
    assert_int_equal(vo_contention_response_kbps(&ht, modern, sizeof modern), 24000);
    assert_int_equal(vo_contention_response_kbps(&slow, modern, sizeof modern), 6000);
    assert_int_equal(vo_contention_response_kbps(&vht, modern, sizeof modern), 12000);
    assert_int_equal(vo_contention_response_kbps(&fast, lone, sizeof lone), 12000);
    /* no basic rate of the same modulation: the highest mandatory one */
    assert_int_equal(vo_contention_response_kbps(&fast, mixed, sizeof mixed), 24000);
    assert_int_equal(vo_contention_response_kbps(&slow, lone, sizeof lone), 6000);
    assert_int_equal(vo_contention_response_kbps(&cck, mixed, sizeof mixed), 5500);
    assert_int_equal(vo_contention_response_kbps(&cck, modern, sizeof modern), 5500);
    /* an empty set is an answer, no set is none */
    assert_int_equal(vo_contention_response_kbps(&fast, modern, 0), 24000);
    assert_int_equal(vo_contention_response_kbps(&fast, NULL, 0), 0);
    struct vo_airtime_ppdu unknown = {0};
    assert_int_equal(vo_contention_response_kbps(&unknown, modern, sizeof modern), 0);
}

/* ACK at 24 Mbit/s 28 us, at 1 Mbit/s 304; compressed BlockAck at 24 Mbit/s 32; RTS at 6: 16 + 160 + 6 = 182
 * / 24 -> 8 symbols, 52 us. */
static void test_control(void **state)
{
    (void)state;
    struct vo_airtime_ppdu ppdu = vo_contention_control(24000, VO_UNTOLD);
    assert_true(vo_airtime_ppdu_us(&ppdu, VO_CONTENTION_ACK).most_us == 28);
    assert_true(vo_airtime_ppdu_us(&ppdu, VO_CONTENTION_BLOCK_ACK).most_us == 32);
    ppdu = vo_contention_control(6000, VO_UNTOLD);
    assert_true(vo_airtime_ppdu_us(&ppdu, VO_CONTENTION_RTS).most_us == 52);
    ppdu = vo_contention_control(1000, VO_NO);
    assert_true(vo_airtime_ppdu_us(&ppdu, VO_CONTENTION_CTS).most_us == 304);
    ppdu = vo_contention_control(65000, VO_NO);
    assert_true(isnan(vo_airtime_ppdu_us(&ppdu, VO_CONTENTION_ACK).least_us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timing),
        cmocka_unit_test(test_access),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
