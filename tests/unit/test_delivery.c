#include "tests/unit/wlan_scene.h"

#include "probes/wlan/delivery.h"

/* To the access point, each acknowledged 0.06 ms later. */
static void send_well(struct scene *scene, double ms, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        hear_data(scene, ms + i, PHONE, AP, 6, (first + i) % 4096, TO_DS);
        hear_ack(scene, ms + i + 0.06, PHONE);
    }
}

static void finish(struct scene *scene)
{
    hear_beacon(scene, 100000, STATION(AP), "late", NULL, 0);
    vo_wlan_session_finish(&scene->session);
}

static void test_delivered_frames(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    send_well(scene, 0, 4090, 20); /* the sequence numbers wrap */
    finish(scene);
    const struct vo_link *link = link_between(scene, PHONE, AP);
    double percent, uncertainty;
    const char *why;
    assert_int_equal(link->attempts, 20);
    assert_int_equal(link->frames, 20);
    assert_int_equal(link->acknowledged, 20);
    assert_int_equal(link->undelivered + link->unheard + link->open, 0);
    assert_int_equal(link->skipped, 0);
    assert_int_equal(link->direction, VO_LINK_TO_AP);
    assert_true(vo_link_per(link, &percent, &uncertainty, &why));
    assert_true(percent == 0 && uncertainty == 0);
    scene_free(scene);
}

/* Frames of this host, as its driver hands them back (radiotap's TX flags and data retries): 8 at once, one
 * at the third attempt, one never, after four: 10 frames, 8 + 3 + 4 attempts, of which 2 + 3 are repetitions.
 * No acknowledgement is in the capture, and none is missed. */
static void test_sent_by_this_host(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    scene->is_sent = true;
    for (unsigned i = 0; i < 10; i++) {
        scene->data_retries = i == 8 ? 2 : i == 9 ? 3 : 0;
        scene->tx_flags = i == 9 ? VO_RADIOTAP_TX_FAILED : 0;
        hear_data(scene, 10 * i, PHONE, AP, 6, i, TO_DS);
    }
    scene->tx_flags = VO_RADIOTAP_TX_NO_ACK;
    hear_data(scene, 100, PHONE, AP, 6, 10, TO_DS);
    finish(scene);
    const struct vo_link *link = link_between(scene, PHONE, AP);
    double percent, uncertainty;
    const char *why;
    assert_int_equal(link->attempts, 15);
    assert_int_equal(link->retries, 5);
    assert_int_equal(link->frames, 10);
    assert_int_equal(link->acknowledged, 9);
    assert_int_equal(link->repeated_acknowledged, 1);
    assert_int_equal(link->undelivered, 1);
    assert_int_equal(link->unheard + link->open, 0);
    assert_int_equal(link->unacknowledgeable, 1);
    assert_true(vo_link_per(link, &percent, &uncertainty, &why));
    assert_true(fabs(percent - 10) < 1e-9 && uncertainty == 0);
    scene_free(scene);
}

/* 97 frames at once; one at the third attempt; one never, after four. */
static void test_retry_is_no_loss(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    send_well(scene, 0, 0, 97);
    hear_data(scene, 200, PHONE, AP, 6, 97, TO_DS);
    hear_data(scene, 201, PHONE, AP, 6, 97, TO_DS | RETRY);
    hear_data(scene, 202, PHONE, AP, 6, 97, TO_DS | RETRY);
    hear_ack(scene, 202.06, PHONE);
    for (unsigned i = 0; i < 4; i++)
        hear_data(scene, 203 + i, PHONE, AP, 6, 98, (uint8_t)(TO_DS | (i ? RETRY : 0)));
    send_well(scene, 300, 99, 1);
    finish(scene);
    const struct vo_link *link = link_between(scene, PHONE, AP);
    double percent, uncertainty;
    const char *why;
    assert_int_equal(link->attempts, 97 + 3 + 4 + 1);
    assert_int_equal(link->retries, 2 + 3);
    assert_int_equal(link->frames, 100);
    assert_int_equal(link->acknowledged, 99);
    assert_int_equal(link->repeated_acknowledged, 1);
    assert_int_equal(link->undelivered, 1);
    assert_true(vo_link_per(link, &percent, &uncertainty, &why));
    assert_true(fabs(percent - 1) < 1e-9); /* 1 of 100 */
    assert_true(uncertainty == 0);         /* no acknowledgement was missed */
    scene_free(scene);
}

/* Of 100 frames the receiver misses 4 acknowledgements (one attempt each), and 10 were repeated, 2 of them
 * never acknowledged: 2 % undelivered. It misses 4 % of acknowledgements, so of the 10 it may have missed
 * 0.4: 0.4 % of 100. */
static void test_unheard_acknowledgements(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    send_well(scene, 0, 0, 86);
    for (unsigned i = 0; i < 4; i++)
        hear_data(scene, 100 + i, PHONE, AP, 6, 86 + i, TO_DS);
    for (unsigned i = 0; i < 10; i++) {
        hear_data(scene, 200 + 2 * i, PHONE, AP, 6, 90 + i, TO_DS);
        hear_data(scene, 201 + 2 * i, PHONE, AP, 6, 90 + i, TO_DS | RETRY);
        if (i < 8)
            hear_ack(scene, 201.06 + 2 * i, PHONE);
    }
    finish(scene);
    const struct vo_link *link = link_between(scene, PHONE, AP);
    double percent, uncertainty;
    const char *why;
    assert_int_equal(link->unheard, 4);
    assert_int_equal(link->undelivered, 2);
    assert_int_equal(link->acknowledged, 94);
    assert_true(vo_link_per(link, &percent, &uncertainty, &why));
    assert_true(fabs(percent - 2) < 1e-9);
    assert_true(fabs(uncertainty - 0.4) < 1e-9);
    scene_free(scene);
}

static void test_what_cannot_be_told(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    double percent, uncertainty;
    const char *why;
    for (unsigned i = 0; i < 10; i++) /* no acknowledgement at all */
        hear_data(scene, i, AP, PHONE, 0, i, FROM_DS);
    for (unsigned i = 0; i < 10; i++) { /* half of them */
        hear_data(scene, 20 + i, PHONE, AP, 0, i, TO_DS);
        if (i % 2)
            hear_ack(scene, 20.06 + i, PHONE);
    }
    finish(scene);
    assert_false(vo_link_per(link_between(scene, AP, PHONE), &percent, &uncertainty, &why));
    assert_non_null(strstr(why, "no acknowledgement"));
    assert_false(vo_link_per(link_between(scene, PHONE, AP), &percent, &uncertainty, &why));
    assert_non_null(strstr(why, "misses"));
    scene_free(scene);
}

/* An ACK answers the frame right before it, to its transmitter, in time. */
static void test_foreign_acknowledgements(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    hear_data(scene, 0, PHONE, AP, 0, 1, TO_DS);
    hear_ack(scene, 0.06, LAPTOP); /* to another */
    hear_data(scene, 10, PHONE, AP, 0, 2, TO_DS);
    hear_beacon(scene, 10.05, STATION(AP), "between", NULL, 0);
    hear_ack(scene, 10.06, PHONE); /* something came between */
    hear_data(scene, 20, PHONE, AP, 0, 3, TO_DS);
    hear_ack(scene, 26, PHONE); /* 6 ms later */
    hear_data(scene, 30, PHONE, AP, 0, 4, TO_DS);
    scene->flags = VO_RADIOTAP_BAD_FCS;
    hear_ack(scene, 30.06, PHONE); /* damaged: perhaps its ACK, perhaps not */
    scene->flags = 0;
    hear_ack(scene, 30.12, PHONE);
    finish(scene);
    const struct vo_link *link = link_between(scene, PHONE, AP);
    assert_int_equal(link->acknowledged, 0);
    assert_int_equal(link->unheard, 4);
    scene_free(scene);
}

/* By the receiver's clock: the frame of 138 bytes at 6 Mbit/s takes 20 + 4 * ceil((22 + 8 * 138) / 24) = 208
 * us, its ACK begins 16 us later. The kernel's times are 20 ms apart and do not matter. */
static void test_receiver_clock(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    scene->has_tsft = true;
    scene->tsft_us = 1000;
    hear_data(scene, 0, PHONE, AP, 0, 1, TO_DS);
    scene->tsft_us = 1000 + 224;
    hear_ack(scene, 20, PHONE);
    scene->tsft_us = 50000;
    hear_data(scene, 30, PHONE, AP, 0, 2, TO_DS);
    scene->tsft_us = 50000 + 208 + 501; /* too late, though the kernel saw both at once */
    hear_ack(scene, 30, PHONE);
    finish(scene);
    assert_int_equal(link_between(scene, PHONE, AP)->acknowledged, 1);
    assert_int_equal(link_between(scene, PHONE, AP)->unheard, 1);
    scene_free(scene);
}

static void send_block(struct scene *scene, double ms, unsigned first, unsigned count, uint8_t flags)
{
    scene->has_reference = true;
    scene->reference++;
    for (unsigned i = 0; i < count; i++)
        hear_data(scene, ms + i * 0.001, AP, PHONE, 5, (first + i) % 4096, (uint8_t)(FROM_DS | flags));
    scene->has_reference = false;
}

/* Two A-MPDUs of 32 across the end of the sequence numbers: of the first, 4080 to 15, the numbers 4082 and 3
 * (bits 2 and 19) are missing, and received when they come again. */
static void test_block_acknowledgement(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    send_block(scene, 0, 4080, 32, 0);
    hear_block_ack(scene, 0.1, PHONE, AP, 5, 4080, 0xffffffff & ~(UINT64_C(1) << 2 | UINT64_C(1) << 19));
    scene->has_reference = true;
    scene->reference++;
    hear_data(scene, 1, AP, PHONE, 5, 4082, FROM_DS | RETRY);
    hear_data(scene, 1, AP, PHONE, 5, 3, FROM_DS | RETRY);
    scene->has_reference = false;
    hear_block_ack(scene, 1.1, PHONE, AP, 5, 4082, 0x3fffffff);
    send_block(scene, 2, 16, 32, 0);
    hear_block_ack(scene, 2.1, PHONE, AP, 5, 16, 0xffffffff);
    finish(scene);
    const struct vo_link *link = link_between(scene, AP, PHONE);
    assert_int_equal(link->attempts, 66);
    assert_int_equal(link->retries, 2);
    assert_int_equal(link->frames, 64);
    assert_int_equal(link->acknowledged, 64);
    assert_int_equal(link->repeated_acknowledged, 2);
    assert_int_equal(link->skipped, 0);
    scene_free(scene);
}

/* Number 3 of 100 is never received: the sender goes on without it. */
static void test_block_with_a_loss(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    double percent, uncertainty;
    const char *why;
    send_block(scene, 0, 0, 50, 0);
    hear_block_ack(scene, 0.1, PHONE, AP, 5, 0, ((UINT64_C(1) << 50) - 1) & ~(UINT64_C(1) << 3));
    send_block(scene, 1, 3, 1, RETRY);
    hear_block_ack(scene, 1.1, PHONE, AP, 5, 3, ((UINT64_C(1) << 47) - 1) & ~UINT64_C(1));
    send_block(scene, 2, 50, 50, 0);
    hear_block_ack(scene, 2.1, PHONE, AP, 5, 50, (UINT64_C(1) << 50) - 1);
    finish(scene);
    const struct vo_link *link = link_between(scene, AP, PHONE);
    assert_int_equal(link->frames, 100);
    assert_int_equal(link->acknowledged, 99);
    assert_int_equal(link->undelivered, 1);
    assert_true(vo_link_per(link, &percent, &uncertainty, &why));
    assert_true(fabs(percent - 1) < 1e-9);
    scene_free(scene);
}

/* A repetition that no BlockAck is heard for is not known: neither delivered nor lost. */
static void test_block_unheard(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    send_block(scene, 0, 0, 10, 0);
    hear_block_ack(scene, 0.1, PHONE, AP, 5, 0, 0x3fe);
    send_block(scene, 1, 0, 1, RETRY);
    finish(scene);
    const struct vo_link *link = link_between(scene, AP, PHONE);
    assert_int_equal(link->acknowledged, 9);
    assert_int_equal(link->unheard, 1);
    assert_int_equal(link->undelivered, 0);
    scene_free(scene);
}

/* The sender missed the ACK that this receiver heard: a duplicate, delivered once. */
static void test_duplicates(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    hear_data(scene, 0, PHONE, AP, 0, 1, TO_DS);
    hear_ack(scene, 0.06, PHONE);
    hear_data(scene, 1, PHONE, AP, 0, 1, TO_DS | RETRY);
    hear_ack(scene, 1.06, PHONE);
    finish(scene);
    const struct vo_link *link = link_between(scene, PHONE, AP);
    assert_int_equal(link->frames, 1);
    assert_int_equal(link->acknowledged, 1);
    assert_int_equal(link->duplicates, 1);
    scene_free(scene);
}

/* Numbers that were not heard are told, not lost; one that comes late is taken back. */
static void test_skipped_numbers(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    send_well(scene, 0, 10, 1);
    send_well(scene, 10, 15, 1); /* 11 to 14 */
    send_well(scene, 20, 13, 1);
    finish(scene);
    const struct vo_link *link = link_between(scene, PHONE, AP);
    assert_int_equal(link->skipped, 3);
    assert_int_equal(link->frames, 3);
    assert_int_equal(link->undelivered, 0);
    scene_free(scene);
}

/* Same sequence number, other TID or fragment: other frames. After a second: another frame, too. */
static void test_frames_apart(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    hear_data(scene, 0, PHONE, AP, 0, 7, TO_DS);
    hear_data(scene, 1, PHONE, AP, 6, 7, TO_DS);
    hear_data(scene, 2000, PHONE, AP, 6, 7, TO_DS);
    finish(scene);
    assert_int_equal(link_between(scene, PHONE, AP)->frames, 3);
    scene_free(scene);
}

/* Not of a standing link, or not to be acknowledged. */
static void test_left_out(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    static const uint8_t fields[12];
    hear_management(scene, 0, VO_IEEE80211_PROBE_RESPONSE, AP, PHONE, AP, fields, sizeof fields);
    hear_management(scene, 1, VO_IEEE80211_DEAUTHENTICATION, AP, PHONE, AP, fields, 2);
    put_header(scene, VO_IEEE80211_NULL, TO_DS, STATION(AP), STATION(PHONE), STATION(AP), 5);
    hear(scene);
    assert_null(scene->session.ears[0]->delivery.first);
    hear_data(scene, 2, PHONE, AP, 0x20, 7, TO_DS); /* ack policy: no ack */
    finish(scene);
    const struct vo_link *link = link_between(scene, PHONE, AP);
    assert_int_equal(link->unacknowledgeable, 1);
    assert_int_equal(link->attempts, 0);
    scene_free(scene);
}

/* What was sent 50 ms before the end may be answered behind it. */
static void test_open_end(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    hear_data(scene, 0, PHONE, AP, 0, 7, TO_DS);
    hear_data(scene, 1000, PHONE, AP, 0, 8, TO_DS);
    hear_beacon(scene, 1050, STATION(AP), "end", NULL, 0);
    vo_wlan_session_finish(&scene->session);
    assert_int_equal(link_between(scene, PHONE, AP)->open, 1);
    assert_int_equal(link_between(scene, PHONE, AP)->unheard, 1);
    scene_free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delivered_frames),
        cmocka_unit_test(test_sent_by_this_host),
        cmocka_unit_test(test_retry_is_no_loss),
        cmocka_unit_test(test_unheard_acknowledgements),
        cmocka_unit_test(test_what_cannot_be_told),
        cmocka_unit_test(test_foreign_acknowledgements),
        cmocka_unit_test(test_receiver_clock),
        cmocka_unit_test(test_block_acknowledgement),
        cmocka_unit_test(test_block_with_a_loss),
        cmocka_unit_test(test_block_unheard),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_skipped_numbers),
        cmocka_unit_test(test_frames_apart),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_open_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
