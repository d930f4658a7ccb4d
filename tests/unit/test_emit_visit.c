/* The records of visits: what replaces what, what is missing and why, and cells without coverage. */
#include "probes/wlan/emit_visit.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/visit_scene.h"

static const uint8_t voice[] = {0, 5, 'v', 'o', 'i', 'c', 'e', 1, 1, 0x82, 3, 1, 1};
static const uint8_t guest[] = {0, 5, 'g', 'u', 'e', 's', 't', 1, 1, 0x82, 3, 1, 1};

static char path[] = "/tmp/voready-visit-XXXXXX";
static struct vo_visit visit;
static struct vo_surveyed surveyed;
static struct vo_frequencies chosen;
static struct vo_record_writer *writer;

static struct vo_visit_terms terms(const char *place, unsigned number)
{
    return (struct vo_visit_terms){
        .interface = "wlan0", .place = place, .number = number, .surveyed = &surveyed, .chosen = &chosen};
}

static int setup(void **state)
{
    (void)state;
    static const char *const names[] = {"voice", "staff"};
    static const struct vo_run run = {.probe = "voready-wlan"};
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    vo_visit_init(&visit);
    vo_visit_begin(&visit, 0);
    chosen.count = 0;
    return vo_surveyed_name(names, 2, &surveyed, NULL) == VO_OK &&
                   vo_record_open(path, &run, &writer, NULL) == VO_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    vo_visit_release(&visit);
    unlink(path);
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    return 0;
}

static bool hear(unsigned ap, const uint8_t *elements, size_t size, int mbm, double heard_ms)
{
    struct reply reply = {.bssid = AP(ap),
                          .mhz = 2412,
                          .mbm = mbm,
                          .heard_ms = heard_ms,
                          .beacon = elements,
                          .beacon_size = size};
    return give(&visit, &reply, heard_ms + 10);
}

static void scanned(void)
{
    static const uint32_t mhz[] = {2412};
    vo_visit_scanned(&visit, mhz, 1, true);
}

/* Closes the records; calls `each` with each observation and event. Returns how many of `kind` there are. */
struct check {
    const char *kind, *id;
    unsigned count;
    void (*last)(const struct vo_json *json); /* of that id */
};
static void read_back(struct check *check)
{
    struct vo_record_reader *reader;
    struct vo_record record;
    struct vo_error error;
    char *text = NULL;
    if (writer)
        assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    writer = NULL;
    assert_int_equal(vo_record_reader_open(path, &reader, &error), VO_OK);
    while (vo_record_read(reader, &record, &error) == VO_OK) {
        const struct vo_json *subject = vo_json_get(record.json, "subject");
        const char *kind =
            subject ? vo_json_get_text(subject, "kind") : vo_json_get_text(record.json, "kind");
        if (!kind || strcmp(kind, check->kind) != 0)
            continue;
        check->count++;
        if (check->id && strcmp(vo_json_get_text(subject, "id"), check->id) != 0)
            continue;
        struct vo_json_writer copy = {0};
        vo_json_copy(&copy, record.json);
        free(text);
        text = strndup(copy.data, copy.size);
        vo_json_writer_release(&copy);
    }
    vo_record_reader_free(reader);
    if (check->last) {
        struct vo_json *json;
        assert_non_null(text);
        assert_int_equal(vo_json_parse(text, strlen(text), &json, &error), VO_OK);
        check->last(json);
        vo_json_free(json);
    }
    free(text);
}

static double metric(const struct vo_json *json, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(json, "metrics"), name));
}
static const char *label(const struct vo_json *json, const char *name)
{
    return vo_json_get_text(vo_json_get(json, "subject"), name);
}
static const char *missing(const struct vo_json *json, const char *name)
{
    return vo_json_get_text(vo_json_get(json, "missing"), name);
}
static const char *state_of(const struct vo_json *json, const char *name)
{
    return vo_json_get_text(vo_json_get(json, "states"), name);
}

/* Cumulative: the second observation has both readings, -60 and -80 dBm, mean -62.967. Two visits stay two.
 */
static void check_second(const struct vo_json *json)
{
    assert_near(metric(json, "wlan_signal_frames"), 2, 0);
    assert_near(metric(json, "wlan_signal_dbm"), -62.967, 0.001);
    assert_near(metric(json, "wlan_signal_min_dbm"), -80, 0);
    assert_near(metric(json, "wlan_signal_p10_dbm"), -80, 0);
    assert_near(metric(json, "wlan_signal_deviation_db"), 14.142, 0.001);
    assert_near(metric(json, "wlan_scans"), 2, 0);
    assert_string_equal(label(json, "ssid"), "voice");
    assert_string_equal(label(json, "ssid_told_by"), "option");
    assert_null(label(json, "judged"));
    assert_string_equal(label(json, "ap"), "02:00:00:00:01:00");
    assert_near(vo_json_double(vo_json_get(vo_json_get(json, "subject"), "visit")), 1, 0);
    assert_near(vo_json_double(vo_json_get(vo_json_get(json, "subject"), "age_ms")), 50, 0);
    assert_string_equal(missing(json, "wlan_noise_dbm"), "the driver has no survey of the channel");
    assert_string_equal(missing(json, "wlan_snr_db"), "the driver has no survey of the channel");
    assert_string_equal(missing(json, "wlan_utilization_percent"), "its beacons have no BSS Load");
    assert_string_equal(state_of(json, "wlan_security"), "wep"); /* privacy, and no RSN */
}
static void test_cumulative(void **state)
{
    (void)state;
    struct vo_visit_terms about = terms(NULL, 1);
    struct check bss = {.kind = "bss", .id = "02:00:00:00:01:00", .last = check_second};
    assert_true(hear(1, voice, sizeof voice, -6000, 100));
    scanned();
    vo_visit_emit(writer, &visit, &about, false, MS(150), A_YEAR);
    assert_true(hear(1, voice, sizeof voice, -8000, 200));
    scanned();
    vo_visit_emit(writer, &visit, &about, false, MS(250), A_YEAR);
    vo_visit_emit(writer, &visit, &about, true, MS(300), A_YEAR); /* nothing is new */
    read_back(&bss);
    assert_int_equal(bss.count, 2);
}

/* A BSS that a later scan does not hear: at the end its number of scans is right. */
static void check_scans(const struct vo_json *json)
{
    assert_near(metric(json, "wlan_scans"), 3, 0);
    assert_near(metric(json, "wlan_signal_frames"), 1, 0);
    assert_string_equal(missing(json, "wlan_signal_deviation_db"), "fewer than two readings");
    assert_string_equal(label(json, "judged"), "no");
    assert_null(label(json, "ssid_told_by"));
}
static void test_heard_once(void **state)
{
    (void)state;
    struct vo_visit_terms about = terms(NULL, 1);
    struct check bss = {.kind = "bss", .id = "02:00:00:00:02:00", .last = check_scans};
    hear(2, guest, sizeof guest, -7000, 100);
    for (unsigned i = 0; i < 3; i++) {
        scanned();
        vo_visit_emit(writer, &visit, &about, false, MS(150), A_YEAR);
    }
    vo_visit_emit(writer, &visit, &about, true, MS(150), A_YEAR);
    read_back(&bss);
    assert_int_equal(bss.count, 2);
}

/* Heard by a driver that tells percent, in another program's scan, on a channel shared with radar. */
static void check_percent(const struct vo_json *json)
{
    assert_near(metric(json, "wlan_signal_frames"), 0, 0);
    assert_string_equal(missing(json, "wlan_signal_dbm"),
                        "the driver tells a quality of 70 percent and no dBm");
    assert_string_equal(missing(json, "wlan_snr_db"), "the driver tells a quality of 70 percent and no dBm");
    assert_string_equal(label(json, "scanned_by"), "others");
    assert_string_equal(label(json, "dfs"), "yes");
    assert_near(metric(json, "wlan_noise_dbm"), -92, 0);
    assert_string_equal(vo_json_get_text(vo_json_get(json, "basis"), "wlan_noise_dbm"), "kernel_survey");
}
static void test_without_level(void **state)
{
    (void)state;
    struct vo_visit_terms about = terms(NULL, 1);
    struct check bss = {.kind = "bss", .id = "02:00:00:00:01:00", .last = check_percent};
    vo_visit_channel(&visit, 2412)->radar = true;
    hear(1, voice, sizeof voice, PERCENT + 70, 100);
    heard(&visit, AP(1), 2412)->by_others = 1;
    scanned();
    survey(&visit, 2412, -92, 100, false, 1000);
    vo_visit_emit(writer, &visit, &about, true, MS(150), A_YEAR);
    read_back(&bss);
}

/* The network that is not there has a cell, too; one of which nothing can be said has the reason. */
static void check_not_heard(const struct vo_json *json)
{
    assert_string_equal(state_of(json, "wlan_coverage"), "not_heard");
    assert_near(metric(json, "wlan_scans"), 1, 0);
    assert_string_equal(label(json, "place"), "Büro 2.14");
    assert_string_equal(vo_json_get_text(json, "place"), "Büro 2.14");
    assert_string_equal(label(json, "ssid"), "staff");
    assert_string_equal(label(json, "scanned_mhz"), "2412 5180");
    assert_near(vo_json_double(vo_json_get(vo_json_get(json, "subject"), "visit")), 3, 0);
}
static void check_heard(const struct vo_json *json)
{
    assert_string_equal(state_of(json, "wlan_coverage"), "heard");
}
static void test_cells(void **state)
{
    (void)state;
    struct vo_visit_terms about = terms("Büro 2.14", 3);
    struct check not_heard = {.kind = "cell", .id = "Büro 2.14 / staff", .last = check_not_heard};
    struct check was_heard = {.kind = "cell", .id = "Büro 2.14 / voice", .last = check_heard};
    chosen.count = 2;
    chosen.mhz[0] = 2412;
    chosen.mhz[1] = 5180;
    assert_int_equal(vo_record_set_place(writer, "Büro 2.14", NULL), VO_OK);
    hear(1, voice, sizeof voice, -6000, 100);
    scanned();
    vo_visit_emit(writer, &visit, &about, true, MS(150), A_YEAR);
    read_back(&not_heard);
    assert_int_equal(not_heard.count, 2);
    read_back(&was_heard);
}

static void check_unknown(const struct vo_json *json)
{
    assert_null(state_of(json, "wlan_coverage"));
    assert_string_equal(missing(json, "wlan_coverage"), "no scan was completed");
    assert_near(metric(json, "wlan_scans"), 0, 0);
}
static void test_no_scan(void **state)
{
    (void)state;
    struct vo_visit_terms about = terms(NULL, 1);
    struct check cell = {.kind = "cell", .id = "voice", .last = check_unknown};
    vo_visit_emit(writer, &visit, &about, true, MS(150), A_YEAR);
    read_back(&cell);
}

static void check_second_frequency(const struct vo_json *json)
{
    assert_near(metric(json, "wlan_signal_dbm"), -65, 1e-9);
    assert_near(vo_json_double(vo_json_get(vo_json_get(json, "subject"), "frequency_mhz")), 5180, 0);
}
/* The same BSSID on two frequencies is two observations: the second has its frequency in the id. */
static void test_two_frequencies(void **state)
{
    (void)state;
    struct vo_visit_terms about = terms(NULL, 1);
    struct check first = {.kind = "bss", .id = "02:00:00:00:01:00"},
                 second = {.kind = "bss", .id = "02:00:00:00:01:00 5180 MHz"};
    hear(1, voice, sizeof voice, -6000, 100);
    struct reply other = {
        .bssid = AP(1), .mhz = 5180, .mbm = -6500, .heard_ms = 100, .beacon = guest, .beacon_size = 7};
    give(&visit, &other, 110);
    vo_visit_emit(writer, &visit, &about, true, MS(150), A_YEAR);
    read_back(&first);
    assert_int_equal(first.count, 2);
    second.last = check_second_frequency;
    read_back(&second);
}

static void test_place_events(void **state)
{
    (void)state;
    struct vo_visit_terms about = terms("lobby", 2);
    struct check events = {.kind = "place"};
    assert_int_equal(vo_record_set_place(writer, "lobby", NULL), VO_OK);
    vo_visit_emit_place(writer, &about, true, A_YEAR);
    vo_visit_emit_place(writer, &about, false, A_YEAR);
    read_back(&events);
    assert_int_equal(events.count, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_cumulative), TEST(test_heard_once),   TEST(test_without_level),   TEST(test_cells),
        TEST(test_no_scan),    TEST(test_place_events), TEST(test_two_frequencies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
