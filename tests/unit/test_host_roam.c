/* This host's roams, of announcements and readings made by hand. Announcements as wpa_supplicant and mac80211
 * make them: DEL_STATION, DEAUTHENTICATED, DISCONNECTED, AUTHENTICATED, ASSOCIATED, CONNECTED. */
#include "probes/wlan/host_roam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/nl80211_scene.h"

#define MS(ms) ((vo_time)((ms)*1e6))
enum { INDEX = 3, A = 0xa00, B = 0xb00, C = 0xc00, OPEN = 0, FT = 2 };

static struct vo_host_roams roams;
static struct vo_host_roam told[8];
static unsigned count;
static const struct vo_addresses home = {1, {{{[10] = 0xff, 0xff, 10, 0, 0, 7}, 24, true}}};
static const struct vo_addresses away = {1, {{{[10] = 0xff, 0xff, 10, 0, 9, 7}, 24, true}}};
static const struct vo_addresses none = {.count = 0};

static void on_roam(void *context, const struct vo_host_roam *roam)
{
    (void)context;
    assert_true(count < 8);
    told[count++] = *roam;
}

static void read_as(double ms, unsigned bssid, int dbm, bool authorized, const char *ssid,
                    const struct vo_addresses *addresses)
{
    const struct vo_host_reading reading = {.associated = bssid != 0,
                                            .bssid = bssid,
                                            .mhz = bssid == A ? 2412 : 5180,
                                            .ssid = (const uint8_t *)ssid,
                                            .ssid_size = bssid ? (uint8_t)strlen(ssid) : 0,
                                            .dbm = (int8_t)dbm,
                                            .flags_told = true,
                                            .authorized = authorized,
                                            .addresses = addresses};
    vo_host_roams_read(&roams, &reading, MS(ms));
    vo_host_roams_tick(&roams, MS(ms));
}
static void read_at(double ms, unsigned bssid, int dbm)
{
    read_as(ms, bssid, dbm, true, "voice", &home);
}

/* With A at -72 dBm for a while, until 1000 ms. */
static void begin(void)
{
    count = 0;
    vo_host_roams_init(&roams, INDEX, on_roam, NULL);
    read_at(0, A, -70);
    read_at(500, A, -71);
    read_at(1000, A, -72);
}

static struct vo_wlan_event event_of(enum vo_wlan_event_kind kind, unsigned peer)
{
    struct vo_wlan_event event = {.kind = kind, .index = INDEX, .peer = peer};
    event.has = 1u << VO_EVENT_INTERFACE | (peer ? 1u << VO_EVENT_PEER : 0);
    return event;
}
static void hear(double ms, enum vo_wlan_event_kind kind, unsigned peer)
{
    struct vo_wlan_event event = event_of(kind, peer);
    vo_host_roams_event(&roams, &event, MS(ms));
}
static void hear_status(double ms, enum vo_wlan_event_kind kind, unsigned peer, uint16_t status)
{
    struct vo_wlan_event event = event_of(kind, peer);
    event.status = status;
    event.has |= 1u << VO_EVENT_STATUS;
    vo_host_roams_event(&roams, &event, MS(ms));
}
static void hear_authentication(double ms, unsigned peer, uint8_t algorithm)
{
    uint8_t frame[30] = {0xb0, [24] = algorithm};
    struct vo_wlan_event event = event_of(VO_WLAN_EVENT_AUTHENTICATED, peer);
    event.frame = frame;
    event.frame_size = sizeof frame;
    event.has |= 1u << VO_EVENT_FRAME | 1u << VO_EVENT_STATUS;
    vo_host_roams_event(&roams, &event, MS(ms));
}

/* All of a roam but its keys: 40 ms from leaving to connected. */
static void hear_roam(double ms, unsigned from, unsigned to, uint8_t algorithm)
{
    hear(ms, VO_WLAN_EVENT_DEL_STATION, from);
    hear(ms + 1, VO_WLAN_EVENT_DEAUTHENTICATED, from);
    hear(ms + 2, VO_WLAN_EVENT_DISCONNECTED, 0);
    hear_authentication(ms + 20, to, algorithm);
    hear(ms + 21, VO_WLAN_EVENT_NEW_STATION, to);
    hear_status(ms + 35, VO_WLAN_EVENT_ASSOCIATED, to, 0);
    hear_status(ms + 40, VO_WLAN_EVENT_CONNECTED, to, 0);
}

static void test_fast_transition(void **state)
{
    (void)state;
    begin();
    hear(1200, VO_WLAN_EVENT_SCAN_STARTED, 0);
    hear(1900, VO_WLAN_EVENT_SCAN_DONE, 0);
    hear_roam(2000, A, B, FT);
    assert_true(vo_host_roams_busy(&roams, MS(2040)));
    assert_false(
        vo_host_roams_busy(&roams, MS(40000))); /* who is nowhere for long need not be asked so often */
    read_as(2050, B, -58, true, "voice", &home);
    assert_false(vo_host_roams_busy(&roams, MS(2050)));
    read_at(12049, B, -50);
    assert_int_equal(count, 0); /* DHCP may still come */
    read_at(12050, B, -50);
    assert_int_equal(count, 1);
    const struct vo_host_roam *roam = &told[0];
    assert_true(roam->from == A && roam->to == B);
    assert_int_equal(roam->from_mhz, 2412);
    assert_int_equal(roam->to_mhz, 5180);
    assert_int_equal(roam->from_dbm, -72);
    assert_int_equal(roam->to_dbm, -58);
    assert_int_equal(roam->begun, MS(2000));
    assert_int_equal(roam->left, MS(2000));
    assert_int_equal(roam->authenticated, MS(2020));
    assert_int_equal(roam->associated, MS(2035));
    assert_int_equal(roam->connected, MS(2040));
    assert_int_equal(roam->authorized, MS(2050)); /* seen by a reading: 10 ms after it was connected */
    assert_int_equal(roam->authorized_slack, MS(10));
    assert_int_equal(roam->scan_began, MS(1200));
    assert_string_equal(vo_host_roam_method(roam), "ft");
    assert_int_equal(roam->attempts, 0);
    assert_false(roam->by_readings || roam->dhcp || roam->next || roam->cut || roam->lost);
    const char *why;
    assert_string_equal(vo_host_roam_subnet(roam, &why), "same");
}

/* EAP anew: connected at 2040, authorized at 2600 only. Frames of EAP and keys came as packets. */
static void test_authentication(void **state)
{
    (void)state;
    begin();
    hear_roam(2000, A, B, OPEN);
    read_as(2060, B, -58, false, "voice", &home);
    vo_host_roams_eapol(&roams, false, MS(2100));
    vo_host_roams_eapol(&roams, true, MS(2550));
    assert_true(vo_host_roams_busy(&roams, MS(2560)));
    read_as(2580, B, -58, false, "voice", &home);
    read_as(2600, B, -58, true, "voice", &home);
    vo_host_roams_eapol(&roams, true, MS(9000)); /* the group's keys, later */
    vo_host_roams_finish(&roams, MS(12700));
    assert_int_equal(count, 1);
    assert_int_equal(told[0].authorized, MS(2600));
    assert_int_equal(told[0].authorized_slack, MS(20));
    assert_int_equal(vo_host_roam_ended(&told[0]), MS(2600));
    assert_int_equal(told[0].eap_frames, 1);
    assert_int_equal(told[0].key_frames, 1);
    assert_string_equal(vo_host_roam_method(&told[0]), "authentication");
}

static void test_methods(void **state)
{
    (void)state;
    static const struct {
        struct vo_host_roam roam;
        const char *word;
    } cases[] = {
        {{.algorithm = 2}, "ft"},
        {{.algorithm = 3, .key_frames = 4}, "sae"},
        {{.algorithm = 0, .key_frames = 4}, "handshake"},
        {{.algorithm = 0, .eap_frames = 9, .key_frames = 4}, "authentication"},
        {{.algorithm = 4}, "authentication"}, /* FILS */
        {{.algorithm = 0, .open = true}, "open"},
        {{.algorithm = 0}, "unseen"}, /* the supplicant takes its EAPOL frames by another way than packets */
        {{.algorithm = UINT16_MAX}, "unseen"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(vo_host_roam_method(&cases[i].roam), cases[i].word);
}

/* B does not answer, and then refuses: back to A. */
static void test_back_to_the_old(void **state)
{
    (void)state;
    begin();
    hear(2000, VO_WLAN_EVENT_DEL_STATION, A);
    hear(2001, VO_WLAN_EVENT_DISCONNECTED, A);
    struct vo_wlan_event silent = event_of(VO_WLAN_EVENT_AUTHENTICATED, B);
    silent.timed_out = true;
    vo_host_roams_event(&roams, &silent, MS(2600));
    hear_status(3300, VO_WLAN_EVENT_AUTHENTICATED, B, 17); /* the access point is full */
    hear_status(3301, VO_WLAN_EVENT_CONNECTED, B, 17);     /* of the same attempt */
    hear_authentication(3500, A, OPEN);
    hear_status(3520, VO_WLAN_EVENT_ASSOCIATED, A, 0);
    hear_status(3530, VO_WLAN_EVENT_CONNECTED, A, 0);
    read_at(3550, A, -73);
    read_at(13600, A, -73);
    assert_int_equal(count, 1);
    assert_true(told[0].from == A && told[0].to == A);
    assert_int_equal(told[0].attempts, 2);
    assert_int_equal(told[0].begun, MS(2000));
    assert_int_equal(vo_host_roam_ended(&told[0]), MS(3550));
}

/* An authentication that came to nothing while A was never left. */
static void test_never_left(void **state)
{
    (void)state;
    begin();
    struct vo_wlan_event silent = event_of(VO_WLAN_EVENT_AUTHENTICATED, B);
    silent.timed_out = true;
    vo_host_roams_event(&roams, &silent, MS(2000));
    read_at(2100, A, -72);
    assert_true(vo_host_roams_busy(&roams, MS(2100)));
    read_at(4100, A, -72);
    assert_false(vo_host_roams_busy(&roams, MS(4100)));
    vo_host_roams_finish(&roams, MS(20000));
    assert_int_equal(count, 0);
}

static void test_disconnected_for_good(void **state)
{
    (void)state;
    begin();
    struct vo_wlan_event kicked = event_of(VO_WLAN_EVENT_DEAUTHENTICATED, A);
    kicked.by_peer = true;
    kicked.reason = 3;
    kicked.has |= 1u << VO_EVENT_REASON;
    vo_host_roams_event(&roams, &kicked, MS(2000));
    hear(2001, VO_WLAN_EVENT_DEL_STATION, A);
    for (int s = 3; s < 40; s++)
        read_at(1000 * s, 0, 0);
    assert_int_equal(count, 0); /* it may still come back */
    vo_host_roams_finish(&roams, MS(40000));
    assert_int_equal(count, 1);
    assert_true(told[0].from == A && told[0].to == 0);
    assert_true(told[0].by_peer);
    assert_int_equal(told[0].reason, 3);
    assert_int_equal(vo_host_roam_ended(&told[0]), VO_TIME_UNKNOWN);
    const char *why = NULL;
    assert_null(vo_host_roam_subnet(&told[0], &why));
    assert_non_null(strstr(why, "no access point again"));
}

/* A to B, and 300 ms later B to C. */
static void test_two_in_a_row(void **state)
{
    (void)state;
    begin();
    hear_roam(2000, A, B, FT);
    read_at(2060, B, -60);
    hear_roam(2300, B, C, FT);
    hear(2341, VO_WLAN_EVENT_DEAUTHENTICATED, A); /* late word of one that was left before */
    read_at(2360, C, -50);
    vo_host_roams_finish(&roams, MS(20000));
    assert_int_equal(count, 2);
    assert_true(told[0].from == A && told[0].to == B && told[0].next);
    assert_int_equal(told[0].settled, MS(2300));
    assert_true(told[1].from == B && told[1].to == C && !told[1].next);
    assert_int_equal(told[1].from_dbm, -60);
    const char *why;
    assert_null(vo_host_roam_subnet(&told[0], &why)); /* too soon to know */
}

/* Announcements were lost: readings tell, as soon as they say so for 300 ms. Of the time between the last
 * reading with A and the first with B nothing is known. */
static void test_events_lost(void **state)
{
    (void)state;
    begin();
    struct vo_wlan_event lost = {.kind = VO_WLAN_EVENT_LOST};
    vo_host_roams_event(&roams, &lost, MS(1950));
    read_at(1900, A, -72);
    read_at(2100, B, -58);
    assert_false(vo_host_roams_busy(&roams, MS(2100))); /* an announcement may be on its way */
    read_at(2300, B, -58);
    read_at(2400, B, -57);
    read_at(12500, B, -57);
    assert_int_equal(count, 1);
    assert_true(told[0].from == A && told[0].to == B && told[0].by_readings);
    assert_int_equal(told[0].lost, 1);
    assert_int_equal(told[0].begun, MS(1900));
    assert_int_equal(told[0].connected, MS(2100));
    assert_int_equal(told[0].left, VO_TIME_UNKNOWN);
    assert_int_equal(told[0].from_dbm, -72);
}

/* Lost in the middle: the roam has begun, its end is seen by readings. */
static void test_end_lost(void **state)
{
    (void)state;
    begin();
    hear(2000, VO_WLAN_EVENT_DEL_STATION, A);
    struct vo_wlan_event lost = {.kind = VO_WLAN_EVENT_LOST};
    vo_host_roams_event(&roams, &lost, MS(2010));
    for (int ms = 2020; ms < 2500; ms += 20)
        read_at(ms, ms < 2100 ? 0 : B, ms < 2100 ? 0 : -58);
    vo_host_roams_finish(&roams, MS(13000));
    assert_int_equal(count, 1);
    assert_true(told[0].to == B && told[0].by_readings);
    assert_int_equal(told[0].left, MS(2000));
    assert_int_equal(told[0].connected, MS(2100));
    assert_int_equal(told[0].lost, 1);
}

/* A driver that chooses by itself says ROAMED and no more. */
/* Announced under a link's address, read under the multi-link device's: one association. */
static void test_two_addresses(void **state)
{
    (void)state;
    begin();
    hear_roam(2000, A, B, FT);
    for (int ms = 2060; ms < 13000; ms += 100)
        read_at(ms, C, -58);
    assert_int_equal(count, 1);
    assert_true(told[0].to == B && !told[0].next);
    assert_int_equal(told[0].to_dbm, -58);
    vo_host_roams_finish(&roams, MS(20000));
    assert_int_equal(count, 1);
}

static void test_driver(void **state)
{
    (void)state;
    begin();
    hear(2000, VO_WLAN_EVENT_ROAMED, B);
    hear(2030, VO_WLAN_EVENT_AUTHORIZED, B);
    read_at(2050, B, -58);
    read_at(12100, B, -58);
    assert_int_equal(count, 1);
    assert_true(told[0].by_driver && told[0].from == A && told[0].to == B);
    assert_int_equal(told[0].left, VO_TIME_UNKNOWN);
    assert_int_equal(told[0].authorized, MS(2030));
    assert_int_equal(told[0].authorized_slack, 0);
    assert_string_equal(vo_host_roam_method(&told[0]), "unseen");
}

static void test_other_interfaces(void **state)
{
    (void)state;
    begin();
    roams.index = INDEX + 1;
    hear_roam(2000, A, B, FT);
    vo_host_roams_finish(&roams, MS(20000));
    assert_int_equal(count, 0);
}

/* From nothing to an access point is no roam; neither is another network. */
static void test_no_roams(void **state)
{
    (void)state;
    count = 0;
    vo_host_roams_init(&roams, INDEX, on_roam, NULL);
    read_at(0, 0, 0);
    hear_authentication(100, A, OPEN);
    hear_status(110, VO_WLAN_EVENT_CONNECTED, A, 0);
    read_at(200, A, -60);
    assert_int_equal(roams.phase, VO_HOST_ROAM_IDLE);
    hear_roam(2000, A, B, OPEN);
    read_as(2060, B, -58, true, "guest", &away);
    vo_host_roams_finish(&roams, MS(20000));
    assert_int_equal(count, 1);
    assert_true(told[0].other_network);
}

/* A scan of NetworkManager 5 s before has nothing to do with the roam. One after leaving has. */
static void test_scans(void **state)
{
    (void)state;
    begin();
    hear(1000, VO_WLAN_EVENT_SCAN_STARTED, 0);
    hear(3000, VO_WLAN_EVENT_SCAN_DONE, 0);
    hear_roam(8000, A, B, FT);
    read_at(8050, B, -58);
    vo_host_roams_finish(&roams, MS(20000));
    assert_int_equal(told[0].scan_began, VO_TIME_UNKNOWN);
    begin();
    hear(2000, VO_WLAN_EVENT_DISCONNECTED, 0);
    hear(2100, VO_WLAN_EVENT_SCAN_STARTED, 0);
    hear(2500, VO_WLAN_EVENT_SCAN_DONE, 0);
    hear_authentication(2550, B, OPEN);
    hear_status(2570, VO_WLAN_EVENT_CONNECTED, B, 0);
    read_at(2600, B, -58);
    vo_host_roams_finish(&roams, MS(20000));
    assert_int_equal(told[0].scan_began, MS(2100));
    assert_int_equal(told[0].scan_ended, MS(2500));
}

static void test_addresses(void **state)
{
    (void)state;
    const char *why = NULL;
    begin();
    hear_roam(2000, A, B, FT);
    read_as(2060, B, -58, true, "voice", &home);
    vo_host_roams_dhcp(&roams, MS(1999)); /* of before */
    assert_false(roams.now.dhcp);
    vo_host_roams_dhcp(&roams, MS(4000));
    read_as(5000, B, -58, true, "voice", &away);
    read_as(12100, B, -58, true, "voice", NULL); /* not looked at this time */
    assert_int_equal(count, 1);
    assert_true(told[0].dhcp);
    assert_string_equal(vo_host_roam_subnet(&told[0], &why), "different");
    begin();
    hear_roam(2000, A, B, FT);
    read_as(2060, B, -58, true, "voice", &none);
    read_as(12100, B, -58, true, "voice", &none);
    assert_null(vo_host_roam_subnet(&told[0], &why));
    assert_non_null(strstr(why, "no IP address after"));
    told[0].before = none;
    assert_null(vo_host_roam_subnet(&told[0], &why));
    assert_non_null(strstr(why, "no IP address before"));
}

/* Never authorized: data never flowed, and EAP may take its time. */
static void test_never_authorized(void **state)
{
    (void)state;
    begin();
    hear_roam(2000, A, B, OPEN);
    for (int s = 3; s < 32; s++)
        read_as(1000 * s, B, -58, false, "voice", &home);
    assert_int_equal(count, 0);
    read_as(32100, B, -58, false, "voice", &home);
    assert_int_equal(count, 1);
    assert_int_equal(vo_host_roam_ended(&told[0]), VO_TIME_UNKNOWN);
}

/* What the kernel really announced (tests/fixtures/nl80211/README.md), 10 ms between two announcements. */
static void feed(void *context, uint8_t command, const void *attributes, size_t size)
{
    struct vo_wlan_event event;
    unsigned *number = context;
    vo_wlan_event_parse(command, attributes, size, &event);
    vo_host_roams_event(&roams, &event, MS(10 * ++*number));
}

static void test_recorded(void **state)
{
    (void)state;
    unsigned number = 0;
    count = 0;
    vo_host_roams_init(&roams, INDEX, on_roam, NULL);
    assert_true(replay("events", feed, &number) > 50);
    vo_host_roams_finish(&roams, MS(100000));
    enum { WLAN0 = 0x000, WLAN2 = 0x200 }; /* 02:00:00:00:0N:00 */
    static const struct {
        unsigned from, to, attempts;
        const char *method;
        double begun, ended; /* announcements 26 to 35, and 41 to 50 */
    } roamed[] = {{WLAN2, WLAN0, 0, "ft", 260, 350}, {WLAN0, WLAN2, 0, "ft", 410, 500}};
    assert_int_equal(count, 3);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(told[i].from & 0xfff, roamed[i].from);
        assert_int_equal(told[i].to & 0xfff, roamed[i].to);
        assert_int_equal(told[i].attempts, roamed[i].attempts);
        assert_string_equal(vo_host_roam_method(&told[i]), roamed[i].method);
        assert_int_equal(told[i].begun, MS(roamed[i].begun));
        assert_int_equal(vo_host_roam_ended(&told[i]), MS(roamed[i].ended));
    }
    /* Then all frames were lost: neither of the two answers to an authentication any more. */
    assert_int_equal(told[2].from & 0xfff, WLAN2);
    assert_true(told[2].to == 0);
    assert_int_equal(told[2].attempts, 2);
    assert_int_equal(told[2].begun, MS(670));
}

static void test_cut(void **state)
{
    (void)state;
    begin();
    hear_roam(2000, A, B, FT);
    read_at(2060, B, -58);
    vo_host_roams_finish(&roams, MS(5000));
    assert_int_equal(count, 1);
    assert_true(told[0].cut);
    assert_int_equal(told[0].settled, MS(5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_transition),
        cmocka_unit_test(test_authentication),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_back_to_the_old),
        cmocka_unit_test(test_never_left),
        cmocka_unit_test(test_disconnected_for_good),
        cmocka_unit_test(test_two_in_a_row),
        cmocka_unit_test(test_events_lost),
        cmocka_unit_test(test_end_lost),
        cmocka_unit_test(test_driver),
        cmocka_unit_test(test_two_addresses),
        cmocka_unit_test(test_other_interfaces),
        cmocka_unit_test(test_no_roams),
        cmocka_unit_test(test_scans),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_never_authorized),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
