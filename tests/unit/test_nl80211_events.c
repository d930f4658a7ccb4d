/* nl80211: announcements. Recorded in the lab: a scan, a connection, signals, a roam, a channel switch, a
 * station thrown out, an access point that falls silent; made by hand: what hwsim does not do. */
#include "probes/io/nl80211_events.h"

#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/nl80211_scene.h"

enum { STATION = 3 }; /* wlan1's index */
#define FIRST_AP  UINT64_C(0x020000000000)
#define SECOND_AP UINT64_C(0x020000000200)

struct story {
    unsigned count, of[VO_WLAN_EVENT_KINDS], malformed;
    struct vo_wlan_event events[512];
};

static void keep(void *context, uint8_t command, const void *attributes, size_t size)
{
    struct story *story = context;
    assert_true(story->count < 512);
    struct vo_wlan_event *event = &story->events[story->count++];
    vo_wlan_event_parse(command, attributes, size, event);
    assert_true(event->at == VO_TIME_UNKNOWN);
    story->of[event->kind]++;
    story->malformed += event->malformed;
}

static struct story *recorded(void)
{
    static struct story story;
    memset(&story, 0, sizeof story);
    assert_true(replay("events", keep, &story) > 50);
    return &story;
}

/* The next of the kind at or behind `from`, of the station; NULL: none. */
static const struct vo_wlan_event *next(const struct story *story, const struct vo_wlan_event *from,
                                        enum vo_wlan_event_kind kind)
{
    for (const struct vo_wlan_event *event = from; event < story->events + story->count; event++)
        if (event->kind == kind && event->index == STATION)
            return event;
    return NULL;
}

static void test_recorded_kinds(void **state)
{
    (void)state;
    const struct story *story = recorded();
    static const enum vo_wlan_event_kind all[] = {
        VO_WLAN_EVENT_SCAN_STARTED,     VO_WLAN_EVENT_SCAN_DONE,
        VO_WLAN_EVENT_AUTHENTICATED,    VO_WLAN_EVENT_ASSOCIATED,
        VO_WLAN_EVENT_CONNECTED,        VO_WLAN_EVENT_DISCONNECTED,
        VO_WLAN_EVENT_DEAUTHENTICATED,  VO_WLAN_EVENT_NEW_STATION,
        VO_WLAN_EVENT_DEL_STATION,      VO_WLAN_EVENT_CHANNEL_SWITCH_STARTED,
        VO_WLAN_EVENT_CHANNEL_SWITCHED, VO_WLAN_EVENT_CQM,
        VO_WLAN_EVENT_REGULATORY,       VO_WLAN_EVENT_NEW_INTERFACE,
        VO_WLAN_EVENT_DEL_INTERFACE,    VO_WLAN_EVENT_EAPOL,
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!story->of[all[i]])
            fail_msg("no event: %s", vo_wlan_event_name(all[i]));
    assert_int_equal(story->malformed, 0);
}

/* wpa_supplicant on mac80211 roams by letting the first access point go; the counters of that are gone with
 * it. */
static void test_recorded_roam(void **state)
{
    (void)state;
    const struct story *story = recorded();
    const struct vo_wlan_event *at = story->events;
    while ((at = next(story, at, VO_WLAN_EVENT_CONNECTED)) && (at->peer != FIRST_AP || at->status != 0))
        at++;
    assert_non_null(at);
    const struct vo_wlan_event *gone = next(story, at, VO_WLAN_EVENT_DEL_STATION);
    assert_non_null(gone);
    assert_true(gone->peer == FIRST_AP);
    const struct vo_wlan_event *authenticated = next(story, gone, VO_WLAN_EVENT_AUTHENTICATED);
    const struct vo_wlan_event *associated = next(story, gone, VO_WLAN_EVENT_ASSOCIATED);
    const struct vo_wlan_event *connected = next(story, gone, VO_WLAN_EVENT_CONNECTED);
    assert_true(authenticated && associated && connected);
    assert_true(authenticated < associated && associated < connected);
    assert_true(authenticated->peer == SECOND_AP && connected->peer == SECOND_AP);
    assert_true(vo_wlan_event_has(authenticated, VO_EVENT_STATUS)); /* from the frame in it */
    assert_int_equal(authenticated->status, 0);
    assert_true(vo_wlan_event_has(connected, VO_EVENT_STATUS));
    assert_int_equal(connected->status, 0);
}

/* Thresholds at -70 and -62 dBm while the signal went from -58 to -66 and on to -80. */
static void test_recorded_signal(void **state)
{
    (void)state;
    const struct story *story = recorded();
    const struct vo_wlan_event *first = next(story, story->events, VO_WLAN_EVENT_CQM);
    assert_non_null(first);
    const struct vo_wlan_event *second = next(story, first + 1, VO_WLAN_EVENT_CQM);
    assert_non_null(second);
    assert_int_equal(first->cqm, VO_CQM_LOW);
    assert_int_equal(second->cqm, VO_CQM_LOW);
    assert_true(vo_wlan_event_has(first, VO_EVENT_LEVEL) && vo_wlan_event_has(second, VO_EVENT_LEVEL));
    assert_in_range(-first->level_dbm, 64, 66);
    assert_in_range(-second->level_dbm, 72, 80);
}

static void test_recorded_channel_switch(void **state)
{
    (void)state;
    const struct story *story = recorded();
    const struct vo_wlan_event *switched = next(story, story->events, VO_WLAN_EVENT_CHANNEL_SWITCHED);
    assert_non_null(switched);
    assert_int_equal(switched->frequency_mhz, 5220); /* as hostapd was told */
    assert_int_equal(switched->center_mhz, 5210);
}

static void test_recorded_scan(void **state)
{
    (void)state;
    const struct story *story = recorded();
    const struct vo_wlan_event *done = next(story, story->events, VO_WLAN_EVENT_SCAN_DONE);
    assert_non_null(done);
    assert_int_equal(done->frequencies, 3); /* as many as were asked for */
    const struct vo_wlan_event *changed = NULL;
    for (unsigned i = 0; i < story->count; i++)
        if (story->events[i].kind == VO_WLAN_EVENT_REGULATORY)
            changed = &story->events[i];
    assert_non_null(changed);
    assert_string_equal(changed->country, "DE");
}

/* --- by hand --- */

static struct vo_wlan_event parsed(uint8_t command, const struct list *list)
{
    struct vo_wlan_event event;
    vo_wlan_event_parse(command, list->bytes, list->size, &event);
    return event;
}

static void put_peer(struct list *list)
{
    static const uint8_t peer[6] = {2, 0, 0, 0, 2, 0};
    put32(list, NL80211_ATTR_IFINDEX, STATION);
    put(list, NL80211_ATTR_MAC, peer, sizeof peer);
}

static void test_time_outs(void **state)
{
    (void)state;
    struct list list = {.size = 0};
    put_peer(&list);
    put(&list, NL80211_ATTR_TIMED_OUT, NULL, 0);
    struct vo_wlan_event event = parsed(NL80211_CMD_AUTHENTICATE, &list);
    assert_int_equal(event.kind, VO_WLAN_EVENT_AUTHENTICATED);
    assert_true(event.timed_out);
    assert_true(event.peer == SECOND_AP);
    assert_false(vo_wlan_event_has(&event, VO_EVENT_STATUS)); /* nobody answered: not "success" */
}

static void test_disconnected_by_the_access_point(void **state)
{
    (void)state;
    struct list list = {.size = 0};
    put_peer(&list);
    put16(&list, NL80211_ATTR_REASON_CODE, 34); /* poor channel */
    put(&list, NL80211_ATTR_DISCONNECTED_BY_AP, NULL, 0);
    struct vo_wlan_event event = parsed(NL80211_CMD_DISCONNECT, &list);
    assert_int_equal(event.kind, VO_WLAN_EVENT_DISCONNECTED);
    assert_true(event.by_peer);
    assert_int_equal(event.reason, 34);
}

/* Deauthentication, reason 7; an authentication that is refused with status 17, whose code stands 4 bytes on.
 */
static void test_codes_in_frames(void **state)
{
    (void)state;
    static const uint8_t deauthentication[] = {0xc0, 0, 0, 0, 2, 0, 0, 0, 1, 0,    2,    0, 0,
                                               0,    2, 0, 2, 0, 0, 0, 2, 0, 0x10, 0x20, 7, 0};
    static const uint8_t authentication[] = {0xb0, 0, 0, 0, 2, 0, 0, 0, 1, 0,    2,    0, 0, 0,  2,
                                             0,    2, 0, 0, 0, 2, 0, 0, 0, 0x00, 0x00, 2, 0, 17, 0};
    struct list list = {.size = 0}, other = {.size = 0};
    put(&list, NL80211_ATTR_FRAME, deauthentication, sizeof deauthentication);
    struct vo_wlan_event event = parsed(NL80211_CMD_DEAUTHENTICATE, &list);
    assert_int_equal(event.reason, 7);
    assert_true(event.peer == SECOND_AP);
    assert_false(vo_wlan_event_has(&event, VO_EVENT_STATUS));
    assert_int_equal(parsed(NL80211_CMD_UNPROT_DEAUTHENTICATE, &list).kind, VO_WLAN_EVENT_UNPROTECTED);
    put(&other, NL80211_ATTR_FRAME, authentication, sizeof authentication);
    event = parsed(NL80211_CMD_AUTHENTICATE, &other);
    assert_int_equal(event.status, 17);
    event = parsed(NL80211_CMD_CONTROL_PORT_FRAME, &other); /* EAPOL: no addresses to be read in it */
    assert_int_equal(event.kind, VO_WLAN_EVENT_EAPOL);
    assert_false(vo_wlan_event_has(&event, VO_EVENT_PEER));
    for (uint16_t size = 0; size < sizeof authentication; size++) {
        struct list cut = {.size = 0};
        put(&cut, NL80211_ATTR_FRAME, authentication, size);
        event = parsed(NL80211_CMD_AUTHENTICATE, &cut);
        assert_false(vo_wlan_event_has(&event, VO_EVENT_STATUS));
        assert_int_equal(vo_wlan_event_has(&event, VO_EVENT_PEER), size >= 24);
    }
}

static void test_losses_that_the_driver_sees(void **state)
{
    (void)state;
    struct list list = {.size = 0}, cqm = {.size = 0};
    put32(&cqm, NL80211_ATTR_CQM_PKT_LOSS_EVENT, 50);
    put_peer(&list);
    put_list(&list, NL80211_ATTR_CQM, &cqm);
    struct vo_wlan_event event = parsed(NL80211_CMD_NOTIFY_CQM, &list);
    assert_int_equal(event.cqm, VO_CQM_PACKET_LOSS);
    assert_int_equal(event.lost, 50);
    struct list beacons = {.size = 0}, second = {.size = 0};
    put(&beacons, NL80211_ATTR_CQM_BEACON_LOSS_EVENT, NULL, 0);
    put_list(&second, NL80211_ATTR_CQM, &beacons);
    event = parsed(NL80211_CMD_NOTIFY_CQM, &second);
    assert_int_equal(event.cqm, VO_CQM_BEACON_LOSS);
    struct list level = {.size = 0}, third = {.size = 0};
    put32(&level, NL80211_ATTR_CQM_RSSI_THRESHOLD_EVENT, NL80211_CQM_RSSI_THRESHOLD_EVENT_HIGH);
    put32(&level, NL80211_ATTR_CQM_RSSI_LEVEL, 0);
    put_list(&third, NL80211_ATTR_CQM, &level);
    event = parsed(NL80211_CMD_NOTIFY_CQM, &third);
    assert_int_equal(event.cqm, VO_CQM_HIGH);
    assert_false(vo_wlan_event_has(&event, VO_EVENT_LEVEL)); /* 0 dBm is none */
}

static void test_what_is_not_known(void **state)
{
    (void)state;
    struct list list = {.size = 0};
    struct vo_wlan_event event = parsed(250, &list);
    assert_int_equal(event.kind, VO_WLAN_EVENT_OTHER);
    assert_int_equal(event.command, 250);
    assert_true(event.has == 0);
    for (unsigned kind = 0; kind < VO_WLAN_EVENT_KINDS; kind++)
        assert_non_null(vo_wlan_event_name((enum vo_wlan_event_kind)kind));
    assert_string_equal(vo_wlan_event_name((enum vo_wlan_event_kind)9999), "other");
    put16(&list, NL80211_ATTR_IFINDEX, 3);
    put8(&list, NL80211_ATTR_REASON_CODE, 3);
    put8(&list, NL80211_ATTR_CQM, 3);
    event = parsed(NL80211_CMD_DISCONNECT, &list);
    assert_true(event.has == 0);
    assert_int_equal(event.malformed, 3);
}

static void parse(const void *attributes, size_t size, void *context)
{
    struct vo_wlan_event event;
    (void)context;
    for (unsigned command = 0; command < 160; command++)
        vo_wlan_event_parse((uint8_t)command, attributes, size, &event);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    struct list list = {.size = 0}, cqm = {.size = 0};
    put32(&cqm, NL80211_ATTR_CQM_RSSI_THRESHOLD_EVENT, 1);
    put(&list, NL80211_ATTR_FRAME, "\xb0 and what follows in a frame of forty", 39);
    put_list(&list, NL80211_ATTR_CQM, &cqm);
    put(&list, NL80211_ATTR_IFNAME, "wlan1", 6);
    put(&list, NL80211_ATTR_REG_ALPHA2, "DE", 3);
    at_every_length(&list, parse, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_kinds),
        cmocka_unit_test(test_recorded_roam),
        cmocka_unit_test(test_recorded_signal),
        cmocka_unit_test(test_recorded_channel_switch),
        cmocka_unit_test(test_recorded_scan),
        cmocka_unit_test(test_time_outs),
        cmocka_unit_test(test_disconnected_by_the_access_point),
        cmocka_unit_test(test_codes_in_frames),
        cmocka_unit_test(test_losses_that_the_driver_sees),
        cmocka_unit_test(test_what_is_not_known),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
