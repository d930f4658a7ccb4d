#include "tests/unit/wlan_scene.h"

#include "probes/wlan/phone_roam.h"

static const uint8_t open_request[] = {0, 0, 1, 0, 0, 0}, open_response[] = {0, 0, 2, 0, 0, 0};
static const uint8_t ft_request[] = {2, 0, 1, 0, 0, 0};
static const uint8_t response[] = {0, 0, 0, 0, 1, 0xc0}, refused[] = {0, 0, 17, 0, 0, 0};

/* A call: a frame each way every 20 ms, both acknowledged. Returns when the last was sent. */
static double call(struct scene *scene, double ms, unsigned ap, unsigned packets)
{
    for (unsigned i = 0; i < packets; i++) {
        hear_data(scene, ms + 20 * i, PHONE, ap, 6, i, TO_DS | PROTECTED);
        hear_ack(scene, ms + 20 * i + 0.1, PHONE);
        hear_data(scene, ms + 20 * i + 5, ap, PHONE, 6, i, FROM_DS | PROTECTED);
        hear_ack(scene, ms + 20 * i + 5.1, ap);
    }
    return ms + 20 * (packets - 1) + 5.1;
}

/* A (re)association request whose current access point is `from`. */
static void hear_request(struct scene *scene, double ms, unsigned from, unsigned to)
{
    scene->ms = ms;
    put_header(scene, VO_IEEE80211_REASSOCIATION_REQUEST, 0, STATION(to), STATION(PHONE), STATION(to), 0);
    put_number(scene, 0, 4);
    put_address(scene, STATION(from));
    hear(scene);
}

static void hear_eapol(struct scene *scene, double ms, unsigned from, unsigned to, uint8_t type)
{
    const uint8_t body[] = {0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e, 2, type, 0, 0};
    scene->ms = ms;
    put_header(scene, VO_IEEE80211_QOS_DATA, from == PHONE ? TO_DS : FROM_DS, STATION(to), STATION(from),
               STATION(99), 100);
    put_number(scene, 7, 2);
    put(scene, body, sizeof body);
    hear(scene);
}

static const struct vo_phone_roam *only_roam(const struct scene *scene)
{
    assert_int_equal(scene->session.kept_count, 1);
    return scene->session.kept;
}

static double gap_ms(const struct vo_phone_roam *roam)
{
    vo_time gap = 0;
    const char *why;
    if (!vo_phone_roam_gap(roam, &gap, &why))
        fail_msg("no gap: %s", why);
    return (double)gap / 1e6;
}

static void on_channel(struct scene *scene, uint16_t mhz, int8_t dbm)
{
    scene->mhz = mhz;
    scene->dbm = dbm;
}

/* 802.11r over the air. The last data with the old access point is the acknowledgement at 1985.1 ms, the
 * first with the new one the phone's at 2035 ms: 49.9 ms. */
static void test_fast_transition(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    on_channel(scene, 5180, -72);
    assert_true(fabs(call(scene, 0, AP, 100) - 1985.1) < 1e-6);
    on_channel(scene, 5220, -55);
    for (unsigned i = 0; i < 3; i++) {
        scene->ms = 1995 + i;
        put_header(scene, VO_IEEE80211_PROBE_REQUEST, 0, GROUP, STATION(PHONE), GROUP, i);
        hear(scene);
    }
    hear_management(scene, 2010, VO_IEEE80211_AUTHENTICATION, PHONE, OTHER_AP, OTHER_AP, ft_request, 6);
    hear_management(scene, 2012, VO_IEEE80211_AUTHENTICATION, OTHER_AP, PHONE, OTHER_AP, ft_request, 6);
    hear_request(scene, 2014, AP, OTHER_AP);
    hear_management(scene, 2016, VO_IEEE80211_REASSOCIATION_RESPONSE, OTHER_AP, PHONE, OTHER_AP, response, 6);
    call(scene, 2035, OTHER_AP, 50);
    const struct vo_phone_roam *roam = only_roam(scene);
    assert_int_equal(roam->station, STATION(PHONE));
    assert_int_equal(roam->from, STATION(AP));
    assert_int_equal(roam->to, STATION(OTHER_AP));
    assert_true(fabs(gap_ms(roam) - 49.9) < 1e-6);
    assert_int_equal(vo_phone_roam_method(roam), VO_ROAM_FT);
    assert_int_equal(roam->probes, 3);
    assert_int_equal(roam->authentication - roam->first_probe, 15 * VO_NS_PER_MS);
    assert_int_equal(roam->response - roam->authentication, 6 * VO_NS_PER_MS);
    assert_int_equal(roam->from_mhz, 5180);
    assert_int_equal(roam->to_mhz, 5220);
    assert_int_equal(roam->from_dbm, -72);
    assert_int_equal(roam->to_dbm, -55);
    assert_true(roam->reassociation);
    scene_free(scene);
}

/* EAP and the 4-way handshake are no data: the gap ends with the first frame behind them. */
static void test_full_authentication(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    double last = call(scene, 0, AP, 60);
    hear_management(scene, 1300, VO_IEEE80211_AUTHENTICATION, PHONE, OTHER_AP, OTHER_AP, open_request, 6);
    hear_management(scene, 1301, VO_IEEE80211_AUTHENTICATION, OTHER_AP, PHONE, OTHER_AP, open_response, 6);
    hear_request(scene, 1302, AP, OTHER_AP);
    hear_management(scene, 1303, VO_IEEE80211_REASSOCIATION_RESPONSE, OTHER_AP, PHONE, OTHER_AP, response, 6);
    for (unsigned i = 0; i < 8; i++)
        hear_eapol(scene, 1310 + 10 * i, i % 2 ? PHONE : OTHER_AP, i % 2 ? OTHER_AP : PHONE, 0);
    for (unsigned i = 0; i < 4; i++)
        hear_eapol(scene, 1400 + i, i % 2 ? PHONE : OTHER_AP, i % 2 ? OTHER_AP : PHONE, 3);
    call(scene, 1410, OTHER_AP, 50);
    const struct vo_phone_roam *roam = only_roam(scene);
    assert_int_equal(vo_phone_roam_method(roam), VO_ROAM_AUTHENTICATION);
    assert_int_equal(roam->eap_frames, 8);
    assert_int_equal(roam->key_frames, 4);
    assert_int_equal(roam->keys_last - roam->response, 100 * VO_NS_PER_MS);
    assert_true(fabs(gap_ms(roam) - (1410 - last)) < 1e-6);
    scene_free(scene);
}

/* The old access point goes on sending to a phone that has left, and gets no acknowledgement: that is no data
 * with it; neither is it a way back. */
static void test_frames_to_one_who_left(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    double last = call(scene, 0, AP, 60);
    for (unsigned i = 0; i < 10; i++)
        hear_data(scene, 1190 + 5 * i, AP, PHONE, 6, 60, (uint8_t)(FROM_DS | PROTECTED | (i ? RETRY : 0)));
    hear_management(scene, 1260, VO_IEEE80211_AUTHENTICATION, PHONE, OTHER_AP, OTHER_AP, open_request, 6);
    hear_request(scene, 1262, AP, OTHER_AP);
    hear_management(scene, 1263, VO_IEEE80211_REASSOCIATION_RESPONSE, OTHER_AP, PHONE, OTHER_AP, response, 6);
    hear_data(scene, 1270, PHONE, OTHER_AP, 6, 1, TO_DS | PROTECTED);
    hear_data(scene, 1275, AP, PHONE, 6, 61, FROM_DS | PROTECTED);
    call(scene, 1290, OTHER_AP, 20);
    assert_true(fabs(gap_ms(only_roam(scene)) - (1270 - last)) < 1e-6);
    scene_free(scene);
}

/* Each is told with its reason instead of a gap. */
static void test_no_gap(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    vo_time gap;
    const char *why;
    /* seven frames in 6 s: a phone at rest */
    for (unsigned i = 0; i < 7; i++)
        hear_data(scene, 1000 * i, PHONE, AP, 0, i, TO_DS | PROTECTED);
    hear_request(scene, 6500, AP, OTHER_AP);
    hear_management(scene, 6501, VO_IEEE80211_REASSOCIATION_RESPONSE, OTHER_AP, PHONE, OTHER_AP, response, 6);
    hear_data(scene, 7000, PHONE, OTHER_AP, 0, 1, TO_DS | PROTECTED);
    assert_false(vo_phone_roam_gap(only_roam(scene), &gap, &why));
    assert_non_null(strstr(why, "steady"));
    assert_int_equal(vo_phone_roam_method(only_roam(scene)), VO_ROAM_UNSEEN);
    scene_free(scene);
    /* a call of 60 frames that ended at about 1.2 s, and a roam at 4 s: silence, and no gap */
    scene = scene_new();
    double last = call(scene, 0, AP, 60);
    hear_request(scene, 4000, AP, OTHER_AP);
    hear_management(scene, 4001, VO_IEEE80211_REASSOCIATION_RESPONSE, OTHER_AP, PHONE, OTHER_AP, response, 6);
    hear_data(scene, 4010, PHONE, OTHER_AP, 0, 1, TO_DS | PROTECTED);
    assert_true(last < 1300);
    assert_false(vo_phone_roam_gap(only_roam(scene), &gap, &why));
    assert_non_null(strstr(why, "ceased"));
    scene_free(scene);
    /* but a link that broke, 1.8 s of probing: a gap */
    scene = scene_new();
    last = call(scene, 0, AP, 60);
    scene->ms = last + 20;
    put_header(scene, VO_IEEE80211_PROBE_REQUEST, 0, GROUP, STATION(PHONE), GROUP, 1);
    hear(scene);
    scene->ms = last + 900;
    put_header(scene, VO_IEEE80211_PROBE_REQUEST, 0, GROUP, STATION(PHONE), GROUP, 2);
    hear(scene);
    hear_request(scene, last + 1800, AP, OTHER_AP);
    hear_management(scene, last + 1801, VO_IEEE80211_REASSOCIATION_RESPONSE, OTHER_AP, PHONE, OTHER_AP,
                    response, 6);
    hear_data(scene, last + 1810, PHONE, OTHER_AP, 0, 1, TO_DS | PROTECTED);
    assert_true(fabs(gap_ms(only_roam(scene)) - 1810) < 1e-6);
    scene_free(scene);
    /* the old channel was not heard: where it comes from is known by its own words */
    scene = scene_new();
    hear_request(scene, 0, AP, OTHER_AP);
    hear_management(scene, 1, VO_IEEE80211_REASSOCIATION_RESPONSE, OTHER_AP, PHONE, OTHER_AP, response, 6);
    hear_data(scene, 20, PHONE, OTHER_AP, 6, 1, TO_DS | PROTECTED);
    assert_int_equal(only_roam(scene)->from, STATION(AP));
    assert_false(vo_phone_roam_gap(only_roam(scene), &gap, &why));
    assert_non_null(strstr(why, "channel"));
    scene_free(scene);
}

/* No association was heard: the second frame to the new access point tells, the first counts; a single one
 * among frames to the old is damaged, or nothing. */
static void test_without_association(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    double last = call(scene, 0, AP, 60);
    hear_data(scene, last + 1, PHONE, 77, 6, 500, TO_DS | PROTECTED);
    last = call(scene, last + 2, AP, 60);
    assert_int_equal(scene->session.kept_count, 0);
    hear_data(scene, last + 100, PHONE, OTHER_AP, 6, 0, TO_DS | PROTECTED);
    hear_data(scene, last + 120, PHONE, OTHER_AP, 6, 1, TO_DS | PROTECTED);
    assert_true(fabs(gap_ms(only_roam(scene)) - 100) < 1e-6);
    scene_free(scene);
}

/* Refused by one access point, taken by the next; and a first association is no roam. */
static void test_attempts(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    hear_management(scene, 0, VO_IEEE80211_AUTHENTICATION, PHONE, AP, AP, open_request, 6);
    hear_management(scene, 1, VO_IEEE80211_ASSOCIATION_REQUEST, PHONE, AP, AP, response, 4);
    hear_management(scene, 2, VO_IEEE80211_ASSOCIATION_RESPONSE, AP, PHONE, AP, response, 6);
    call(scene, 10, AP, 60);
    assert_int_equal(scene->session.kept_count, 0);
    hear_management(scene, 1250, VO_IEEE80211_AUTHENTICATION, PHONE, 77, 77, open_request, 6);
    hear_request(scene, 1251, AP, 77);
    hear_management(scene, 1252, VO_IEEE80211_REASSOCIATION_RESPONSE, 77, PHONE, 77, refused, 6);
    hear_management(scene, 1260, VO_IEEE80211_AUTHENTICATION, PHONE, OTHER_AP, OTHER_AP, open_request, 6);
    hear_request(scene, 1261, AP, OTHER_AP);
    hear_management(scene, 1262, VO_IEEE80211_REASSOCIATION_RESPONSE, OTHER_AP, PHONE, OTHER_AP, response, 6);
    hear_data(scene, 1270, PHONE, OTHER_AP, 6, 1, TO_DS | PROTECTED);
    assert_int_equal(only_roam(scene)->to, STATION(OTHER_AP));
    assert_int_equal(only_roam(scene)->attempts, 1);
    assert_int_equal(vo_phone_roam_method(only_roam(scene)), VO_ROAM_OPEN);
    scene_free(scene);
}

/* Two adapters, one on each channel, hear the roam together. */
static void test_two_ears(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    double last = call(scene, 0, AP, 60);
    scene->interface = 1;
    on_channel(scene, 2412, -50);
    hear_request(scene, last + 30, AP, OTHER_AP);
    hear_management(scene, last + 31, VO_IEEE80211_REASSOCIATION_RESPONSE, OTHER_AP, PHONE, OTHER_AP,
                    response, 6);
    hear_data(scene, last + 40, PHONE, OTHER_AP, 6, 1, TO_DS | PROTECTED);
    assert_int_equal(scene->session.ear_count, 2);
    assert_true(fabs(gap_ms(only_roam(scene)) - 40) < 1e-6);
    scene_free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_transition),
        cmocka_unit_test(test_full_authentication),
        cmocka_unit_test(test_frames_to_one_who_left),
        cmocka_unit_test(test_no_gap),
        cmocka_unit_test(test_without_association),
        cmocka_unit_test(test_attempts),
        cmocka_unit_test(test_two_ears),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
