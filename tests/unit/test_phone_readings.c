/* What a phone shows, beside what was measured. */
#include "probes/wlan/phone_readings.h"

#include "tests/unit/visit_scene.h"

static const uint8_t voice[] = {0, 5, 'v', 'o', 'i', 'c', 'e', 1, 1, 0x82};

static void test_parse(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "-61",
                                        "02:00:00:00:01:00",
                                        "02:00:00:00:01:00=",
                                        "02:00:00:00:01:00=0",
                                        "02:00:00:00:01:00=61",
                                        "02:00:00:00:01:00=-61dBm",
                                        "02:00:00:00:01=-61",
                                        "02:00:00:00:01:0g=-61",
                                        "ff:ff:ff:ff:ff:ff=-61",
                                        "02:00:00:00:01:00=-200"};
    static struct vo_phone_readings readings;
    struct vo_error error;
    assert_int_equal(vo_phone_reading_add(&readings, "02:00:00:00:01:00=-61", &error), VO_OK);
    assert_int_equal(vo_phone_reading_add(&readings, "02:00:00:00:0A:00 -61.5", &error), VO_OK);
    assert_int_equal(readings.count, 2);
    assert_true(readings.rows[0].bssid == AP(1) && readings.rows[1].bssid == AP(10));
    assert_near(readings.rows[1].dbm, -61.5, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(vo_phone_reading_add(&readings, wrong[i], &error), VO_ERR_USAGE);
        assert_non_null(strstr(error.message, "BSSID=DBM"));
    }
    assert_int_equal(readings.count, 2);
    while (readings.count < VO_PHONE_READINGS)
        vo_phone_reading_add(&readings, "02:00:00:00:01:00=-61", &error);
    assert_int_equal(vo_phone_reading_add(&readings, "02:00:00:00:01:00=-61", &error), VO_ERR_USAGE);
}

/* Measured: AP 1 with -50 and -60 (mean -52.596 dBm), AP 2 with -70, AP 3 on two frequencies, AP 4 in
 * percent, AP 5 not at all. The phone: -56 and -58 of AP 1, -71 of AP 2, and others that cannot be compared.
 */
static void test_differences(void **state)
{
    (void)state;
    static const struct {
        unsigned ap;
        uint32_t mhz;
        int mbm;
        double heard_ms;
    } heard_of[] = {{1, 2412, -5000, 100}, {1, 2412, -6000, 200}, {2, 2412, -7000, 100},
                    {3, 2412, -5500, 100}, {3, 5180, -5500, 100}, {4, 2412, PERCENT + 50, 100}};
    static const char *const shown[] = {"02:00:00:00:01:00=-56", "02:00:00:00:05:00=-60",
                                        "02:00:00:00:03:00=-60", "02:00:00:00:02:00=-71",
                                        "02:00:00:00:04:00=-60", "02:00:00:00:01:00=-58"};
    static struct vo_phone_readings readings;
    static struct vo_visit visit;
    double differences[VO_PHONE_READINGS];
    const char *why;
    char text[4096];
    vo_visit_init(&visit);
    vo_visit_begin(&visit, 0);
    for (size_t i = 0; i < sizeof heard_of / sizeof *heard_of; i++) {
        struct reply reply = {.bssid = AP(heard_of[i].ap),
                              .mhz = heard_of[i].mhz,
                              .mbm = heard_of[i].mbm,
                              .heard_ms = heard_of[i].heard_ms,
                              .beacon = voice,
                              .beacon_size = sizeof voice};
        assert_true(give(&visit, &reply, 500));
    }
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        assert_int_equal(vo_phone_reading_add(&readings, shown[i], NULL), VO_OK);
    assert_int_equal(vo_phone_differences(&readings, &visit, differences), 3);
    assert_near(differences[0], -56 + 52.596, 0.001);
    assert_near(differences[1], -1, 0.001);
    assert_near(differences[2], -58 + 52.596, 0.001);
    assert_null(vo_phone_reading_bss(&visit, AP(5), &why));
    assert_non_null(strstr(why, "did not hear"));
    assert_null(vo_phone_reading_bss(&visit, AP(3), &why));
    assert_non_null(strstr(why, "two frequencies"));
    assert_null(vo_phone_reading_bss(&visit, AP(4), &why));
    assert_non_null(strstr(why, "no level"));
    FILE *stream = fmemopen(text, sizeof text, "w");
    vo_phone_print(&readings, &visit, stream);
    fclose(stream);
    assert_non_null(strstr(text, "-52.6"));
    assert_non_null(strstr(text, "02:00:00:00:05:00 left out: this adapter did not hear it"));
    vo_visit_release(&visit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
