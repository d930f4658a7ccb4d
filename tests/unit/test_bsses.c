#include "tests/unit/wlan_scene.h"

#include "probes/wlan/bsses.h"
#include "probes/wlan/describe.h"

#define CHANNEL(n) 3, 1, (n)

static const struct vo_bss *bss_of(const struct scene *scene, uint64_t bssid)
{
    const struct vo_bss *bss = vo_bsses_find(&scene->session.ears[0]->bsses, bssid);
    assert_non_null(bss);
    return bss;
}

/* The mean is that of the powers: -50 and -60 dBm are 10 and 1 nW, 5.5 nW, -52.60 dBm. Levels that are none
 * (0) are not counted. */
static void test_signal(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    static const uint8_t elements[] = {CHANNEL(1)};
    static const int8_t levels[] = {-50, -60, 0};
    struct vo_signal signal;
    scene->mhz = 2412;
    for (unsigned i = 0; i < 3; i++) {
        scene->dbm = levels[i];
        hear_beacon(scene, i * 100, STATION(AP), "voice", elements, sizeof elements);
    }
    const struct vo_bss *bss = bss_of(scene, STATION(AP));
    vo_levels_signal(&bss->signal, &signal);
    assert_int_equal(signal.count, 2);
    assert_true(fabs(vo_signal_mean_dbm(&signal) + 52.596) < 0.001);
    assert_true(vo_signal_minimum_dbm(&signal) == -60);
    assert_int_equal(bss->beacons, 3);
    assert_int_equal(bss->mhz, 2412);
    assert_int_equal(bss->interval_tu, 100);
    assert_memory_equal(bss->ssid, "voice", 5);
    scene_free(scene);
}

/* A beacon of channel 1 heard on channel 3 is weaker than it is: counted, but not its signal. */
static void test_heard_off_its_channel(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    static const uint8_t elements[] = {CHANNEL(1)};
    struct vo_signal signal;
    scene->mhz = 2422;
    scene->dbm = -80;
    hear_beacon(scene, 0, STATION(AP), "voice", elements, sizeof elements);
    scene->mhz = 2412;
    scene->dbm = -50;
    hear_beacon(scene, 100, STATION(AP), "voice", elements, sizeof elements);
    const struct vo_bss *bss = bss_of(scene, STATION(AP));
    vo_levels_signal(&bss->signal, &signal);
    assert_int_equal(bss->off_channel, 1);
    assert_true(vo_signal_minimum_dbm(&signal) == -50);
    assert_int_equal(bss->mhz, 2412);
    scene_free(scene);
}

/* 51, 102 and 153 of 255: 20, 40, 60 %. Between the beacons only this element changes, so the BSS is not
 * "changed". Version 1 stands apart; no element is no load. */
static void test_load(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    uint8_t load[] = {11, 5, 3, 0, 0, 0, 0}, old[] = {11, 4, 7, 0, 45, 0};
    for (unsigned i = 0; i < 3; i++) {
        load[4] = (uint8_t)(51 * (i + 1));
        load[2] = (uint8_t)(10 - i);
        hear_beacon(scene, i * 100, STATION(AP), "a", load, sizeof load);
        hear_beacon(scene, i * 100 + 1, STATION(OTHER_AP), "b", old, sizeof old);
        hear_beacon(scene, i * 100 + 2, STATION(PHONE), "c", NULL, 0);
    }
    const struct vo_bss *bss = bss_of(scene, STATION(AP));
    assert_int_equal(bss->load.count, 3);
    assert_int_equal(bss->load.sum, 51 + 102 + 153);
    assert_int_equal(bss->load.most, 153);
    assert_int_equal(bss->load.last, 153);
    assert_int_equal(bss->load.stations_last, 8);
    assert_int_equal(bss->load.stations_most, 10);
    assert_int_equal(bss->load_v1.count, 0);
    assert_int_equal(bss->changes, 0);
    assert_int_equal(bss_of(scene, STATION(OTHER_AP))->load.count, 0);
    assert_int_equal(bss_of(scene, STATION(OTHER_AP))->load_v1.sum, 3 * 45);
    assert_int_equal(bss_of(scene, STATION(PHONE))->load.count, 0);
    scene_free(scene);
}

/* Both versions in one beacon, as Cisco's access points send them where they are told to: 51, 102, 153 of
 * 255, and 10, 20, 30 of 100. Of an element that comes twice the first counts. */
static void test_load_of_both_versions(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    uint8_t both[] = {11, 4, 7, 0, 0, 0, 11, 5, 3, 0, 0, 0, 0, 11, 5, 9, 0, 255, 0, 0};
    for (unsigned i = 1; i <= 3; i++) {
        both[4] = (uint8_t)(10 * i);
        both[10] = (uint8_t)(51 * i);
        hear_beacon(scene, i * 100, STATION(AP), "a", both, sizeof both);
    }
    const struct vo_bss *bss = bss_of(scene, STATION(AP));
    assert_int_equal(bss->load.sum, 51 + 102 + 153);
    assert_int_equal(bss->load_v1.sum, 10 + 20 + 30);
    assert_int_equal(bss->load.stations_last, 3);
    scene_free(scene);
}

/* Hidden in its beacons, named by a station that knows it. */
static void test_hidden(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    static const uint8_t request[] = {0x11, 0, 10, 0, 0, 6, 's', 'e', 'c', 'r', 'e', 't'};
    hear_beacon(scene, 0, STATION(AP), "", NULL, 0);
    assert_true(bss_of(scene, STATION(AP))->hidden);
    assert_int_equal(bss_of(scene, STATION(AP))->ssid_size, 0);
    hear_management(scene, 10, VO_IEEE80211_ASSOCIATION_REQUEST, PHONE, AP, AP, request, sizeof request);
    assert_int_equal(bss_of(scene, STATION(AP))->ssid_size, 6);
    assert_memory_equal(bss_of(scene, STATION(AP))->ssid, "secret", 6);
    assert_true(bss_of(scene, STATION(AP))->hidden);
    scene_free(scene);
}

/* One device: last four bits, or the first byte, differ; or the name. */
static void test_access_points(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    uint8_t name[2 + 30] = {133, 30};
    memcpy(name + 2 + 10, "ap-lobby", 8); /* Cisco's name begins at byte 10 */
    hear_beacon(scene, 0, UINT64_C(0x0018aa112230), "voice", NULL, 0);
    hear_beacon(scene, 1, UINT64_C(0x0018aa11223f), "guest", NULL, 0);
    hear_beacon(scene, 2, UINT64_C(0x0218aa112231), "local", NULL, 0);
    hear_beacon(scene, 3, UINT64_C(0x0018aa112240), "next door", NULL, 0);
    hear_beacon(scene, 4, UINT64_C(0x0018bb000000), "2.4", name, sizeof name);
    hear_beacon(scene, 5, UINT64_C(0x0018cc000000), "5", name, sizeof name);
    vo_wlan_session_finish(&scene->session);
    const struct vo_bss *first = bss_of(scene, UINT64_C(0x0018aa112230));
    assert_ptr_equal(bss_of(scene, UINT64_C(0x0018aa11223f))->ap, first);
    assert_ptr_equal(bss_of(scene, UINT64_C(0x0218aa112231))->ap, first);
    assert_ptr_not_equal(bss_of(scene, UINT64_C(0x0018aa112240))->ap, first);
    assert_ptr_equal(bss_of(scene, UINT64_C(0x0018cc000000))->ap, bss_of(scene, UINT64_C(0x0018bb000000)));
    scene_free(scene);
}

/* The load stands in probe responses alone: they count, until a beacon has it. 51 and 102 of 255. */
static void test_load_of_responses(void **state)
{
    (void)state;
    struct vo_bsses bsses;
    static const uint8_t plain[] = {0, 5, 'v', 'o', 'i', 'c', 'e'};
    uint8_t loaded[] = {0, 5, 'v', 'o', 'i', 'c', 'e', 11, 5, 3, 0, 51, 0, 0};
    struct vo_announcement beacon = {.elements = plain, .size = sizeof plain, .mhz = 2412, .beacon = true};
    struct vo_announcement response = {.elements = loaded, .size = sizeof loaded, .mhz = 2412};
    vo_bsses_init(&bsses);
    struct vo_bss *bss = vo_bsses_get(&bsses, STATION(AP), 0);
    vo_bss_learn(&bsses, bss, &beacon);
    assert_false(vo_bss_count_load(bss, &beacon));
    assert_true(vo_bss_count_load(bss, &response));
    assert_int_equal(bss->load.sum, 51);
    loaded[11] = 102;
    beacon.elements = loaded;
    beacon.size = sizeof loaded;
    vo_bss_learn(&bsses, bss, &beacon);
    assert_true(vo_bss_count_load(bss, &beacon));
    assert_false(vo_bss_count_load(bss, &response));
    assert_int_equal(bss->load.count, 2);
    assert_int_equal(bss->load.sum, 51 + 102);
    vo_bsses_release(&bsses);
}

/* What a response tells beside: its name and its country; not a channel or security that its beacon denies.
 */
static void test_responses_beside_beacons(void **state)
{
    (void)state;
    struct vo_bsses bsses;
    static const uint8_t shown[] = {0, 0, 3, 1, 6};
    static const uint8_t told[] = {0,   5,    'v',  'o', 'i', 'c', 'e', 3,    1,    11,   7,    6, 'D', 'E',
                                   ' ', 1,    13,   20,  48,  20,  1,   0,    0,    0x0f, 0xac, 4, 1,   0,
                                   0,   0x0f, 0xac, 4,   1,   0,   0,   0x0f, 0xac, 1,    0,    0};
    struct vo_announcement beacon = {.elements = shown, .size = sizeof shown, .mhz = 2437, .beacon = true};
    struct vo_announcement response = {.elements = told, .size = sizeof told, .mhz = 2437};
    vo_bsses_init(&bsses);
    struct vo_bss *bss = vo_bsses_get(&bsses, STATION(AP), 0);
    vo_bss_learn(&bsses, bss, &response); /* all there is so far */
    assert_int_equal(bss->mhz, 2462);
    assert_true(vo_bss_has(&bss->info, VO_BSS_RSN));
    vo_bss_learn(&bsses, bss, &beacon);
    assert_true(bss->hidden);
    assert_memory_equal(bss->ssid, "voice", 5);
    assert_int_equal(bss->mhz, 2437);
    assert_false(vo_bss_has(&bss->info, VO_BSS_RSN));
    assert_true(vo_bss_has(&bss->info, VO_BSS_COUNTRY));
    assert_memory_equal(bss->info.country, "DE", 2);
    vo_bss_learn(&bsses, bss, &response);
    assert_int_equal(bss->mhz, 2437);
    assert_false(vo_bss_has(&bss->info, VO_BSS_RSN));
    assert_int_equal(bss->changes, 0);
    vo_bsses_release(&bsses);
}

/* A TIM that grows and shrinks with the stations that sleep is no change. */
static void test_tim_is_no_change(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    static const uint8_t shorter[] = {CHANNEL(1), 5, 4, 0, 1, 0, 0},
                         longer[] = {CHANNEL(1), 5, 6, 0, 1, 0, 1, 2, 3};
    hear_beacon(scene, 0, STATION(AP), "voice", shorter, sizeof shorter);
    hear_beacon(scene, 100, STATION(AP), "voice", longer, sizeof longer);
    assert_int_equal(bss_of(scene, STATION(AP))->changes, 0);
    hear_beacon(scene, 200, STATION(AP), "other", longer, sizeof longer);
    assert_int_equal(bss_of(scene, STATION(AP))->changes, 1);
    scene_free(scene);
}

/* Profiles of BSSs without a beacon (11.1.3.8): one with its own RSN (SAE) beside an open transmitter; an
 * open one that does not inherit the transmitter's RSN and WMM; one that inherits all. */
static void test_bsss_of_one_beacon(void **state)
{
    (void)state;
    static const uint8_t with_sae[] = {71, 35,  1,  0,  32, 83, 2,  17,  0,   0,    1, 'b', 85,
                                       1,  1,   48, 20, 1,  0,  0,  15,  172, 4,    1, 0,   0,
                                       15, 172, 4,  1,  0,  0,  15, 172, 8,   0xc0, 0};
    static const uint8_t secure[] = {
        48,  20, 1,  0,   0,  15,  172, 4,    1,  0,  0, 15, 172, 4,  1, 0,   0,   15,  172, 1,   0,  0, 221,
        7,   0,  80, 242, 2,  0,   1,   0x80, 71, 35, 2, 0,  17,  83, 2, 1,   0,   0,   1,   'c', 85, 1, 1,
        255, 5,  56, 2,   48, 221, 0,   0,    13, 83, 2, 17, 0,   0,  4, 's', 'a', 'm', 'e', 85,  1,  2};
    struct scene *scene = scene_new();
    hear_beacon(scene, 0, STATION(AP), "open", with_sae, sizeof with_sae);
    hear_beacon(scene, 1, STATION(OTHER_AP), "office", secure, sizeof secure);
    const struct vo_bss *sae = bss_of(scene, STATION(AP) + 1), *open = bss_of(scene, STATION(OTHER_AP) + 1),
                        *same = bss_of(scene, STATION(OTHER_AP) + 2),
                        *office = bss_of(scene, STATION(OTHER_AP));
    assert_string_equal(vo_bss_security_word(&bss_of(scene, STATION(AP))->info, VO_CAPABILITY_ESS), "open");
    assert_string_equal(vo_bss_security_word(&sae->info, sae->capability), "wpa3_personal");
    assert_string_equal(vo_bss_pmf_word(&sae->info), "required");
    assert_string_equal(vo_bss_security_word(&office->info, office->capability), "wpa2_enterprise");
    assert_string_equal(vo_bss_security_word(&open->info, open->capability), "open");
    assert_false(vo_bss_has(&open->info, VO_BSS_WMM));
    assert_memory_equal(open->ssid, "c", 1);
    assert_string_equal(vo_bss_security_word(&same->info, same->capability), "wpa2_enterprise");
    assert_true(vo_bss_has(&same->info, VO_BSS_WMM));
    assert_memory_equal(same->ssid, "same", 4);
    assert_int_equal(same->mhz, 5180);
    scene_free(scene);
}

/* A beacon that the capture cut before its RSN: that the network is open would be a guess. */
static void test_cut_beacons(void **state)
{
    (void)state;
    static const uint8_t elements[] = {CHANNEL(36), 48,  20, 1, 0, 0, 15, 172, 4, 1,    0, 0,
                                       15,          172, 4,  1, 0, 0, 15, 172, 2, 0x80, 0};
    for (unsigned snap = 0; snap < 2; snap++) {
        struct scene *scene = scene_new();
        scene->snap =
            snap ? 80 : 0; /* 14 of radiotap, 24 and 12 of header, 2 + 5 + 6 + 3, then into the RSN */
        hear_beacon(scene, 0, STATION(AP), "voice", elements, sizeof elements);
        const struct vo_bss *bss = bss_of(scene, STATION(AP));
        assert_int_equal(bss->info.cut, snap);
        assert_int_equal(bss->mhz, 5180);
        assert_memory_equal(bss->ssid, "voice", 5);
        assert_string_equal(vo_bss_security_word(&bss->info, bss->capability),
                            snap ? "unknown" : "wpa2_personal");
        assert_string_equal(vo_bss_pmf_word(&bss->info), snap ? "unknown" : "optional");
        if (snap)
            assert_null(vo_bss_phy_word(&bss->info, bss->mhz));
        else
            assert_string_equal(vo_bss_phy_word(&bss->info, bss->mhz), "a");
        scene_free(scene);
    }
}

static struct vo_bss_info with_akms(uint32_t akms)
{
    return (struct vo_bss_info){.has = UINT64_C(1) << VO_BSS_RSN,
                                .rsn = {.parts = VO_BSS_SECURITY_AKM, .akms = akms}};
}

/* The weakest way in decides. */
static void test_security_words(void **state)
{
    (void)state;
    static const struct {
        uint32_t akms;
        const char *word;
    } rows[] = {
        {1u << 1, "wpa2_enterprise"},
        {1u << 3, "wpa2_enterprise"},
        {1u << 5 | 1u << 12, "wpa2_enterprise"},
        {1u << 12, "wpa3_enterprise"},
        {1u << 13, "wpa3_enterprise"},
        {1u << 2, "wpa2_personal"},
        {1u << 8, "wpa3_personal"},
        {1u << 2 | 1u << 8, "wpa2_personal"},
        {1u << 1 | 1u << 2, "wpa2_personal"},
        {1u << 18, "owe"},
        {0, "other"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_bss_info info = with_akms(rows[i].akms);
        assert_string_equal(vo_bss_security_word(&info, VO_CAPABILITY_PRIVACY), rows[i].word);
    }
    struct vo_bss_info none = {0}, old = with_akms(1u << 1);
    old.has |= UINT64_C(1) << VO_BSS_WPA;
    assert_string_equal(vo_bss_security_word(&none, 0), "open");
    assert_string_equal(vo_bss_security_word(&none, VO_CAPABILITY_PRIVACY), "wep");
    assert_string_equal(vo_bss_security_word(&old, VO_CAPABILITY_PRIVACY), "wpa");
    struct vo_bss_info wapi = {.has = UINT64_C(1) << VO_BSS_OTHER_SECURITY}, broken = with_akms(0);
    assert_string_equal(vo_bss_security_word(&wapi, VO_CAPABILITY_PRIVACY), "other");
    broken.rsn.parts = 0; /* the element has no list of AKMs, which means 802.1X … */
    assert_string_equal(vo_bss_security_word(&broken, VO_CAPABILITY_PRIVACY), "wpa2_enterprise");
    broken.rsn.broken = true; /* … but if it ends within one before */
    assert_string_equal(vo_bss_security_word(&broken, VO_CAPABILITY_PRIVACY), "unknown");
    assert_string_equal(vo_bss_pmf_word(&broken), "unknown");
}

static void test_ssid_text(void **state)
{
    (void)state;
    static const uint8_t mixed[] = {'a', 0xc3, 0xa4, 0xff, '\n', 'b'};
    uint8_t worst[VO_SSID_MAX];
    char text[VO_SSID_TEXT];
    assert_string_equal(vo_ssid_text(mixed, sizeof mixed, text), "a\xc3\xa4\\xff\\x0a"
                                                                 "b");
    memset(worst, 0xff, sizeof worst);
    assert_int_equal(strlen(vo_ssid_text(worst, sizeof worst, text)), VO_SSID_TEXT - 1);
    assert_string_equal(vo_ssid_text(worst, 0, text), "");
}

/* More BSSs than are kept (somebody floods the air) are told. */
static void test_flood(void **state)
{
    (void)state;
    struct scene *scene = scene_new();
    for (uint64_t i = 0; i < VO_BSS_MOST + 10; i++)
        hear_beacon(scene, (double)i, UINT64_C(0x020000000000) + i, "x", NULL, 0);
    assert_int_equal(scene->session.ears[0]->bsses.count, VO_BSS_MOST);
    assert_int_equal(scene->session.ears[0]->bsses.left_out, 10);
    assert_non_null(vo_wlan_session_left_out(&scene->session));
    scene_free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_heard_off_its_channel),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_load_of_both_versions),
        cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_load_of_responses),
        cmocka_unit_test(test_responses_beside_beacons),
        cmocka_unit_test(test_tim_is_no_change),
        cmocka_unit_test(test_access_points),
        cmocka_unit_test(test_security_words),
        cmocka_unit_test(test_ssid_text),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_bsss_of_one_beacon),
        cmocka_unit_test(test_cut_beacons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
