/* A roam of this host as records. */
#include "probes/wlan/roam_emit.h"

#include "tests/unit/link_scene.h"

#define MS(ms) (STARTED + (vo_time)((ms)*1e6)) /* monotonic; NOON then */

static const struct vo_clock_map clock_map = {.started = true, .offset = NOON - STARTED};

/* FT at 2000 ms: left, 20 authenticated, 35 associated, 40 connected, 50 authorized as a reading saw. */
static struct vo_host_roam roam_of(void)
{
    struct vo_host_roam roam = {.from = FIRST_AP,
                                .to = OTHER_AP,
                                .from_mhz = 2412,
                                .to_mhz = 5180,
                                .ssid = "voice",
                                .ssid_size = 5,
                                .begun = MS(2000),
                                .scan_began = MS(1200),
                                .scan_ended = MS(1900),
                                .left = MS(2000),
                                .authenticated = MS(2020),
                                .associated = MS(2035),
                                .connected = MS(2040),
                                .authorized = MS(2050),
                                .authorized_slack = MS(10) - STARTED,
                                .settled = MS(12050),
                                .algorithm = 2,
                                .from_dbm = -72,
                                .to_dbm = -58};
    roam.before.count = roam.after.count = 1;
    roam.before.list[0] = roam.after.list[0] =
        (struct vo_net_address){.address = {[10] = 0xff, 0xff, 10, 9, 0, 2}, .prefix = 24, .ipv4 = true};
    return roam;
}

static const struct vo_json *told(struct records *records, const struct vo_host_roam *roam,
                                  const struct vo_media_gap *gap, const char *media, bool captured,
                                  const char *id)
{
    records_begin(records);
    const struct vo_roam_told words = {roam, gap, media, captured, "wlan0", &clock_map};
    vo_roam_emit(records->writer, &words);
    records_read(records);
    assert_int_equal(records->count, 2);
    return record_of(records, "observation", id, 0);
}

static const char *state_of(const struct vo_json *observation, const char *name)
{
    const char *word = vo_json_get_text(vo_json_get(observation, "states"), name);
    return word ? word : "";
}

static void test_measured(void **state)
{
    (void)state;
    struct records records;
    struct vo_host_roam roam = roam_of();
    roam.dhcp = true;
    const struct vo_media_gap gap = {.from = MS(1980),
                                     .to = MS(2300.5),
                                     .pace = MS(20) - STARTED,
                                     .lost = 15,
                                     .state = VO_MEDIA_RESUMED,
                                     .steady = true};
    const char *id = "wlan0 2027-01-15T08:00:02.040Z";
    const struct vo_json *json = told(&records, &roam, &gap, "echo", true, id);
    assert_string_equal(label_of(json, "key"), "02:00:00:00:00:00 > 02:00:00:00:02:00");
    assert_string_equal(label_of(json, "ssid"), "voice");
    assert_string_equal(label_of(json, "media"), "echo");
    assert_string_equal(label_of(json, "dhcp"), "yes");
    assert_string_equal(label_of(json, "told_by"), "events");
    assert_string_equal(label_of(json, "address_before"), "10.9.0.2/24");
    assert_float_equal(number_of(json, "from_mhz"), 2412, 0);
    assert_float_equal(metric_of(json, "wlan_roam_gap_ms"), 320.5, 1e-9);
    assert_float_equal(metric_of(json, "wlan_roam_lost_packets"), 15, 0);
    assert_float_equal(metric_of(json, "wlan_roam_events_ms"), 50, 1e-9);
    assert_float_equal(metric_of(json, "wlan_roam_scan_ms"), 820, 1e-9);
    assert_float_equal(metric_of(json, "wlan_roam_association_ms"), 15, 1e-9);
    assert_float_equal(metric_of(json, "wlan_roam_signal_before_dbm"), -72, 0);
    assert_float_equal(metric_of(json, "wlan_roam_signal_after_dbm"), -58, 0);
    assert_non_null(strstr(missing_of(json, "wlan_roam_keys_ms"), "fast transition"));
    assert_string_equal(state_of(json, "wlan_roam_method"), "ft");
    assert_string_equal(state_of(json, "wlan_roam_media"), "resumed");
    assert_string_equal(state_of(json, "wlan_roam_subnet"), "same");
    const struct vo_json *uncertainty = vo_json_get(json, "uncertainty");
    assert_float_equal(vo_json_double(vo_json_get(uncertainty, "wlan_roam_gap_ms")), 20, 1e-9);
    assert_float_equal(vo_json_double(vo_json_get(uncertainty, "wlan_roam_events_ms")), 10, 1e-9);
    assert_string_equal(vo_json_get_text(vo_json_get(json, "basis"), "wlan_roam_gap_ms"), "rtp_received");
    const struct vo_json *event = record_of(&records, "event", id, 0);
    assert_string_equal(vo_json_get_text(event, "kind"), "wlan_roam");
    assert_string_equal(vo_json_get_text(event, "disconnected"), "2027-01-15T08:00:02Z");
    assert_string_equal(vo_json_get_text(event, "last_data"), "2027-01-15T08:00:01.980Z");
    assert_string_equal(vo_json_get_text(event, "first_data"), "2027-01-15T08:00:02.300500Z");
    assert_string_equal(vo_json_get_text(event, "keys_last"), "2027-01-15T08:00:02.050Z");
    records_end(&records);
}

/* Seen by readings alone, without packets: nothing is a guess. */
static void test_not_measured(void **state)
{
    (void)state;
    struct records records;
    struct vo_host_roam roam = roam_of();
    roam.by_readings = true;
    roam.lost = 2;
    roam.left = roam.authenticated = roam.associated = roam.scan_began = VO_TIME_UNKNOWN;
    roam.algorithm = UINT16_MAX;
    roam.to_dbm = 0;
    const struct vo_media_gap gap = {.from = VO_TIME_UNKNOWN,
                                     .to = VO_TIME_UNKNOWN,
                                     .why = "needs CAP_NET_RAW",
                                     .why_no_loss = "needs CAP_NET_RAW",
                                     .why_unknown = "needs CAP_NET_RAW"};
    const struct vo_json *json = told(&records, &roam, &gap, "", false, "wlan0 2027-01-15T08:00:02.040Z");
    static const char *const missing[] = {
        "wlan_roam_gap_ms",  "wlan_roam_lost_packets",   "wlan_roam_media",   "wlan_roam_events_ms",
        "wlan_roam_scan_ms", "wlan_roam_association_ms", "wlan_roam_keys_ms", "wlan_roam_signal_after_dbm"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        assert_true(isnan(metric_of(json, missing[i])));
        if (!*missing_of(json, missing[i]))
            fail_msg("no reason for %s", missing[i]);
    }
    assert_string_equal(missing_of(json, "wlan_roam_gap_ms"), "needs CAP_NET_RAW");
    assert_non_null(strstr(missing_of(json, "wlan_roam_events_ms"), "were lost"));
    assert_string_equal(state_of(json, "wlan_roam_method"), "unseen");
    assert_string_equal(label_of(json, "told_by"), "readings");
    assert_string_equal(label_of(json, "events_lost"), "yes");
    assert_string_equal(label_of(json, "dhcp"), ""); /* not known: nobody looked */
    assert_string_equal(label_of(json, "media"), "");
    records_end(&records);
}

/* Thrown out, and nowhere after it. */
static void test_nowhere(void **state)
{
    (void)state;
    struct records records;
    struct vo_host_roam roam = roam_of();
    roam.to = 0;
    roam.to_mhz = 0;
    roam.to_dbm = 0;
    roam.by_peer = true;
    roam.reason = 3;
    roam.authenticated = roam.associated = roam.connected = roam.authorized = VO_TIME_UNKNOWN;
    const struct vo_media_gap gap = {.from = MS(1980),
                                     .to = VO_TIME_UNKNOWN,
                                     .why = "media did not flow again within 10 s",
                                     .why_no_loss = "media did not flow again within 10 s",
                                     .state = VO_MEDIA_LOST};
    const struct vo_json *json = told(&records, &roam, &gap, "echo", true, "wlan0 2027-01-15T08:00:02Z");
    assert_string_equal(label_of(json, "key"), "02:00:00:00:00:00 > nowhere");
    assert_string_equal(label_of(json, "to"), "");
    assert_string_equal(label_of(json, "ended_by"), "access_point");
    assert_float_equal(number_of(json, "reason"), 3, 0);
    assert_string_equal(state_of(json, "wlan_roam_media"), "lost");
    assert_string_equal(state_of(json, "wlan_roam_subnet"), "");
    assert_non_null(strstr(missing_of(json, "wlan_roam_subnet"), "no access point again"));
    assert_non_null(strstr(missing_of(json, "wlan_roam_events_ms"), "no access point again"));
    records_end(&records);
}

static void test_line(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    struct vo_host_roam roam = roam_of();
    const struct vo_media_gap gap = {
        .from = MS(1980), .to = MS(2300), .lost = 15, .state = VO_MEDIA_RESUMED, .steady = true};
    const struct vo_roam_told words = {&roam, &gap, "echo", true, "wlan0", &clock_map};
    FILE *stream = open_memstream(&text, &size);
    vo_roam_print_head(stream);
    vo_roam_print(&words, stream);
    fclose(stream);
    assert_non_null(strstr(text, "08:00:02"));
    assert_non_null(strstr(text, "02:00:00:00:00:00 > 02:00:00:00:02:00"));
    assert_non_null(strstr(text, "-72>-58"));
    assert_non_null(strstr(text, "320 ms"));
    assert_non_null(strstr(text, "50 ms"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measured),
        cmocka_unit_test(test_not_measured),
        cmocka_unit_test(test_nowhere),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
