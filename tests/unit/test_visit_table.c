/* What a person reads of a visit, and who is in the channel. */
#include "probes/wlan/visit_table.h"

#include "probes/wlan/walk_table.h"

#include "tests/unit/visit_scene.h"

static struct vo_visit visit;
static struct vo_surveyed surveyed;
static struct vo_frequencies chosen;
static char text[16384];

/* SSID, one rate, HT operation: primary channel 36 (and 40 above it, where it is 40 MHz wide). */
static size_t elements_of(uint8_t to[64], const char *ssid, bool wide)
{
    size_t size = 0, length = strlen(ssid);
    to[size++] = 0;
    to[size++] = (uint8_t)length;
    memcpy(to + size, ssid, length);
    size += length;
    const uint8_t rates[] = {1, 1, 0x8c}, capabilities[] = {45, 26}, operation[] = {61, 22, 36, wide ? 5 : 0};
    memcpy(to + size, rates, sizeof rates);
    size += sizeof rates;
    memcpy(to + size, capabilities, sizeof capabilities);
    memset(to + size + 2, 0, 26);
    to[size + 2] = wide ? 2 : 0;
    size += 28;
    memcpy(to + size, operation, sizeof operation);
    memset(to + size + 4, 0, 20);
    return size + 24;
}

static void hear(uint64_t bssid, uint32_t mhz, const char *ssid, bool wide, int mbm)
{
    uint8_t elements[64];
    struct reply reply = {.bssid = bssid, .mhz = mhz, .mbm = mbm, .heard_ms = 100, .beacon = elements};
    reply.beacon_size = elements_of(elements, ssid, wide);
    assert_true(give(&visit, &reply, 200));
}

static int setup(void **state)
{
    (void)state;
    static const char *const names[] = {"voice", "staff"};
    static const uint32_t mhz[] = {5180};
    vo_visit_init(&visit);
    vo_visit_begin(&visit, 0);
    vo_surveyed_name(names, 2, &surveyed, NULL);
    vo_visit_scanned(&visit, mhz, 1, true);
    hear(AP(1), 5180, "voice", false, -5800);
    hear(AP(2), 5180, "guest", true, -7700);      /* 19 dB below */
    hear(AP(1) | 1, 5180, "local", false, -5900); /* the same access point */
    hear(AP(2) | 1, 5180, "more", true, -7800);   /* the same other access point */
    hear(AP(3), 5180, "voice", false, -8500); /* 27 dB; the 40 MHz of AP 2 have half their power here: 22 */
    vo_bsses_group(&visit.bsses);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vo_visit_release(&visit);
    return 0;
}

/* Two other access points, of three BSSs; the strongest is 19 dB below: -58 + 77. */
static void test_neighbors(void **state)
{
    (void)state;
    const struct vo_visit_bss *best = vo_visit_strongest(&visit, (const uint8_t *)"voice", 5);
    assert_ptr_equal(best, heard(&visit, AP(1), 5180));
    struct vo_visit_neighbors near = vo_visit_neighbors(&visit, best);
    assert_int_equal(near.access_points, 2);
    assert_ptr_equal(near.strongest, heard(&visit, AP(2), 5180));
    assert_near(near.separation_db, 19, 1e-9);
    assert_null(vo_visit_strongest(&visit, (const uint8_t *)"staff", 5));
    size_t bsss, access_points;
    vo_visit_count(&visit, &bsss, &access_points);
    assert_int_equal(bsss, 5);
    assert_int_equal(access_points, 3);
}

static void test_alone(void **state)
{
    (void)state;
    struct vo_visit lonely;
    uint8_t elements[64];
    vo_visit_init(&lonely);
    vo_visit_begin(&lonely, 0);
    struct reply reply = {.bssid = AP(1), .mhz = 5180, .mbm = -5800, .heard_ms = 100, .beacon = elements};
    reply.beacon_size = elements_of(elements, "voice", false);
    give(&lonely, &reply, 200);
    struct vo_visit_neighbors near = vo_visit_neighbors(&lonely, heard(&lonely, AP(1), 5180));
    assert_int_equal(near.access_points, 0);
    assert_null(near.strongest);
    assert_true(isnan(near.separation_db));
    vo_visit_release(&lonely);
}

static const char *line_with(const char *what)
{
    static char line[512];
    const char *at = strstr(text, what);
    if (!at)
        fail_msg("no \"%s\" in:\n%s", what, text);
    while (at > text && at[-1] != '\n')
        at--;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    return line;
}

/* The surveyed ones first, strongest first; what was not heard is said. */
static void test_table(void **state)
{
    (void)state;
    FILE *stream = fmemopen(text, sizeof text, "w");
    vo_visit_print(&visit, &surveyed, stream);
    fclose(stream);
    const char *first = strstr(text, "02:00:00:00:01:00"), *second = strstr(text, "02:00:00:00:03:00"),
               *others = strstr(text, "Others"), *local = strstr(text, "local"),
               *guest = strstr(text, "guest");
    assert_true(first && second && others && local && guest);
    assert_true(first < second && second < others && others < local && local < guest);
    assert_non_null(strstr(line_with("02:00:00:00:01:00"), "19.0"));
    assert_non_null(strstr(text, "staff: not heard in 1 scan\n"));
    assert_non_null(strstr(text, "No SNR: the driver has no survey of the channel"));
}

static void test_walk_rows(void **state)
{
    (void)state;
    struct vo_visit_terms about = {
        .interface = "wlan0", .place = "Treppe Süd", .number = 2, .surveyed = &surveyed, .chosen = &chosen};
    FILE *stream = fmemopen(text, sizeof text, "w");
    vo_walk_print_head(stream);
    vo_walk_print_visit(&visit, &about, stream);
    vo_walk_print_now(&visit, &about, stream);
    fclose(stream);
    /* the place's name takes its column whatever its bytes: both lines have what follows at the same place */
    const char *row = line_with("02:00:00:00:01:00");
    assert_non_null(strstr(row, "-58.0"));
    assert_non_null(strstr(row, "-85.0")); /* the second access point of the network */
    assert_non_null(strstr(row, "19.0"));
    assert_non_null(strstr(line_with("staff: not heard"), "Treppe Süd"));
    assert_non_null(strstr(text, "voice -58.0 dBm on 5180 MHz, 2 others in the channel, 19.0 dB apart"));
    const char *head = strstr(text, " visit"), *two = strstr(row, "     2 ");
    assert_non_null(head);
    assert_non_null(two);
    assert_int_equal(two - row, 24 + 1); /* one byte more than the column: the umlaut */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_neighbors),
        TEST(test_alone),
        TEST(test_table),
        TEST(test_walk_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
