/* What becomes of readings in the records: observations and series of link and channel. */
#include "probes/wlan/link_emit.h"

#include "tests/unit/link_scene.h"

#define LINK "wlan0 02:00:00:00:00:00"

static struct vo_link_tells tells_of(const struct records *records)
{
    return (struct vo_link_tells){
        .writer = records->writer, .interface = "wlan0", .place = "lobby", .visit = 2};
}

static struct vo_station station_at(int s)
{
    struct vo_station station =
        station_of(FIRST_AP, -60 - s, 100 * (uint32_t)s, 25 * (uint32_t)s, (uint32_t)s, 10 + (uint32_t)s);
    station.chain_mask = 5;
    station.chain_dbm[0] = -61;
    station.chain_dbm[2] = -66;
    set(&station.has, VO_STATION_CHAINS);
    station.beacon_average_dbm = -59;
    set(&station.has, VO_STATION_BEACON_AVERAGE);
    station.tx_rate = (struct vo_wlan_rate){.phy = VO_WLAN_PHY_VHT,
                                            .known = VO_WLAN_RATE_KBPS | VO_WLAN_RATE_MCS | VO_WLAN_RATE_NSS |
                                                     VO_WLAN_RATE_WIDTH | VO_WLAN_RATE_GI,
                                            .kbps = 866700,
                                            .mcs = 9,
                                            .nss = 2,
                                            .width_mhz = 80,
                                            .gi_ns = 400};
    set(&station.has, VO_STATION_TX_RATE);
    return station;
}

static void add_phone(void *context, struct vo_record_writer *writer, const struct vo_link_sum *sum)
{
    assert_true(sum->bssid == FIRST_AP);
    vo_observe_label(writer, "phone", context);
}

static void test_observations(void **state)
{
    (void)state;
    struct records records;
    struct vo_link_meter meter = {0};
    records_begin(&records);
    struct vo_link_tells tells = tells_of(&records);
    char phone[] = "Wi-Fi phone 1";
    tells.more = add_phone;
    tells.context = phone;
    for (int s = 0; s < 3; s++) {
        struct vo_station station = station_at(s);
        struct vo_survey survey = survey_of(5180, 9000 + 1000 * (uint64_t)s, 250 * (uint64_t)s, -95);
        struct vo_link_reading reading = reading_at(s, &station, 5180, &survey);
        vo_link_meter_read(&meter, &reading);
    }
    vo_link_emit(&tells, &meter, false);
    vo_link_emit(&tells, &meter, false); /* nothing new */
    vo_link_emit(&tells, &meter, true);  /* all the same */
    records_read(&records);
    assert_int_equal(records.count, 5);
    const struct vo_json *link = record_of(&records, "observation", LINK, 0);
    assert_string_equal(label_of(link, "key"), "voice @ lobby");
    assert_string_equal(label_of(link, "direction"), "to_ap");
    assert_string_equal(label_of(link, "bssid"), "02:00:00:00:00:00");
    assert_string_equal(label_of(link, "ssid"), "voice");
    assert_string_equal(label_of(link, "chains_dbm"), "-61 - -66");
    assert_string_equal(label_of(link, "tx_phy"), "vht");
    assert_float_equal(number_of(link, "tx_mcs"), 9, 0);
    assert_float_equal(number_of(link, "tx_nss"), 2, 0);
    assert_float_equal(number_of(link, "tx_width_mhz"), 80, 0);
    assert_float_equal(number_of(link, "tx_gi_ns"), 400, 0);
    assert_float_equal(number_of(link, "tx_kbps"), 866700, 0);
    assert_true(isnan(number_of(link, "tx_dcm")));
    assert_float_equal(number_of(link, "visit"), 2, 0);
    assert_float_equal(number_of(link, "frequency_mhz"), 5180, 0);
    assert_string_equal(vo_json_get_text(link, "time"), "2027-01-15T08:00:00Z");
    assert_float_equal(metric_of(link, "wlan_per_percent"), 1, 1e-9);    /* 2 of 200 */
    assert_float_equal(metric_of(link, "wlan_retry_percent"), 20, 1e-9); /* 50 of 250 */
    assert_float_equal(metric_of(link, "wlan_attempts"), 250, 0);
    assert_float_equal(metric_of(link, "wlan_sent_frames"), 200, 0);
    assert_float_equal(metric_of(link, "wlan_undelivered_frames"), 2, 0);
    assert_float_equal(metric_of(link, "wlan_signal_frames"), 3, 0);
    assert_float_equal(metric_of(link, "wlan_signal_min_dbm"), -62, 0);
    /* -60, -61, -62: (1e-6 + 7.943e-7 + 6.310e-7) / 3 mW */
    assert_float_equal(metric_of(link, "wlan_signal_dbm"), -60.924, 0.001);
    assert_float_equal(metric_of(link, "wlan_noise_dbm"), -95, 1e-6);
    assert_float_equal(metric_of(link, "wlan_snr_db"), 95 - 60.924, 0.001);
    assert_float_equal(metric_of(link, "wlan_beacon_signal_dbm"), -59, 0);
    assert_float_equal(metric_of(link, "wlan_tx_rate_mbps"), 866.7, 1e-9);
    assert_non_null(strstr(missing_of(link, "wlan_rx_rate_mbps"), "no rate"));
    assert_string_equal(vo_json_get_text(vo_json_get(link, "basis"), "wlan_per_percent"), "kernel_counters");
    assert_string_equal(label_of(link, "phone"), "Wi-Fi phone 1");
    const struct vo_json *back = record_of(&records, "observation", LINK " from_ap", 0);
    assert_string_equal(label_of(back, "direction"), "from_ap");
    assert_non_null(strstr(missing_of(back, "wlan_per_percent"), "monitor mode"));
    assert_true(isnan(metric_of(back, "wlan_per_percent")));
    const struct vo_json *channel = record_of(&records, "observation", "5180 MHz", 0);
    assert_float_equal(metric_of(channel, "wlan_busy_percent"), 25, 1e-9);
    assert_float_equal(metric_of(channel, "wlan_observed_s"), 2, 1e-9);
    assert_string_equal(label_of(channel, "in_use"), "yes");
    assert_string_equal(label_of(channel, "judged"), "");
    assert_string_equal(label_of(channel, "source"), "kernel_survey");
    assert_float_equal(number_of(channel, "channel"), 36, 0);
    records_end(&records);
    vo_link_meter_release(&meter);
}

/* Drivers without numbers: not one of them is made up. */
static void test_nothing_told(void **state)
{
    (void)state;
    struct records records;
    struct vo_link_meter meter = {0};
    records_begin(&records);
    struct vo_link_tells tells = tells_of(&records);
    for (int s = 0; s < 3; s++) {
        struct vo_station station = {.address = FIRST_AP, .has = 1u << VO_STATION_ADDRESS};
        struct vo_link_reading reading = reading_at(s, &station, 5180, NULL);
        reading.no_survey = "survey on wlan0 is refused";
        vo_link_meter_read(&meter, &reading);
    }
    vo_link_emit(&tells, &meter, false);
    records_read(&records);
    const struct vo_json *link = record_of(&records, "observation", LINK, 0);
    static const char *const missing[] = {
        "wlan_signal_dbm",       "wlan_signal_min_dbm", "wlan_noise_dbm",     "wlan_snr_db",
        "wlan_per_percent",      "wlan_retry_percent",  "wlan_sent_frames",   "wlan_undelivered_frames",
        "wlan_tx_rate_mbps",     "wlan_rx_rate_mbps",   "wlan_beacon_losses", "wlan_retry_frames",
        "wlan_beacon_signal_dbm"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        assert_true(isnan(metric_of(link, missing[i])));
        if (!*missing_of(link, missing[i]))
            fail_msg("no reason for %s", missing[i]);
    }
    const struct vo_json *channel = record_of(&records, "observation", "5180 MHz", 0);
    assert_string_equal(missing_of(channel, "wlan_busy_percent"), "survey on wlan0 is refused");
    assert_string_equal(missing_of(channel, "wlan_noise_dbm"), "survey on wlan0 is refused");
    records_end(&records);
    vo_link_meter_release(&meter);
}

static void feed(struct vo_link_series *series, const struct vo_link_tells *tells,
                 struct vo_link_meter *meter, double s, vo_wlan_address bssid, uint32_t sent, int dbm)
{
    struct vo_station station = station_of(bssid, dbm, sent, 0, 0, sent + 1);
    struct vo_survey survey =
        survey_of(5180, 60000 + (uint64_t)(s * 1000), (uint64_t)(s * 500), -95); /* half of the time */
    struct vo_link_reading reading = reading_at(s, &station, 5180, &survey);
    struct vo_link_step step = vo_link_meter_read(meter, &reading);
    vo_link_series_add(series, tells, &step);
}

/* Readings a few ms after each second: what lies between two is of the second between them. Then 3 s without
 * one: nobody knows of which second those frames are. */
static void test_series(void **state)
{
    (void)state;
    struct records records;
    struct vo_link_meter meter = {0};
    struct vo_link_series series = {.step_s = 1};
    records_begin(&records);
    struct vo_link_tells tells = tells_of(&records);
    feed(&series, &tells, &meter, 0.003, FIRST_AP, 1000, -60);
    feed(&series, &tells, &meter, 1.004, FIRST_AP, 1050, -61);
    feed(&series, &tells, &meter, 2.002, FIRST_AP, 1070, -62);
    feed(&series, &tells, &meter, 5.003, FIRST_AP, 1370, -63);
    feed(&series, &tells, &meter, 6.003, FIRST_AP, 1380, -64);
    feed(&series, &tells, &meter, 7.003, OTHER_AP, 5, -40);
    feed(&series, &tells, &meter, 8.003, OTHER_AP, 15, -40);
    vo_link_series_flush(&series, &tells);
    records_read(&records);
    const struct vo_json *link = record_of(&records, "series", LINK, 0);
    assert_string_equal(vo_json_get_text(link, "start"), "2027-01-15T08:00:00Z");
    assert_float_equal(cell_of(link, "wlan_sent_frames", 0), 50, 0);
    assert_float_equal(cell_of(link, "wlan_sent_frames", 1), 20, 0);
    assert_true(isnan(cell_of(link, "wlan_sent_frames", 2)));
    assert_true(isnan(cell_of(link, "wlan_sent_frames", 3)));
    assert_float_equal(cell_of(link, "wlan_sent_frames", 5), 10, 0);
    assert_float_equal(cell_of(link, "wlan_undelivered_frames", 5), 0, 0);
    assert_float_equal(cell_of(link, "wlan_signal_dbm", 1), -61, 1e-6);
    const struct vo_json *other = record_of(&records, "series", "wlan0 02:00:00:00:02:00", 0);
    /* the second of the roam is the new one's, and its frames are nobody's */
    assert_string_equal(vo_json_get_text(other, "start"), "2027-01-15T08:00:06Z");
    assert_true(isnan(cell_of(other, "wlan_sent_frames", 0)));
    assert_float_equal(cell_of(other, "wlan_sent_frames", 1), 10, 0);
    const struct vo_json *channel = record_of(&records, "series", "5180 MHz", 0);
    assert_float_equal(cell_of(channel, "wlan_observed_ms", 0), 1001, 0); /* 60003 to 61004 */
    assert_float_equal(cell_of(channel, "wlan_busy_ms", 0), 501, 0);      /* 1 to 502 */
    records_end(&records);
    vo_link_meter_release(&meter);
}

/* More rows than a record holds, and a clock that is set back: records of their own. */
static void test_series_in_pieces(void **state)
{
    (void)state;
    struct records records;
    struct vo_link_meter meter = {0};
    struct vo_link_series series = {.step_s = 1};
    records_begin(&records);
    struct vo_link_tells tells = tells_of(&records);
    for (int s = 0; s <= VO_LINK_ROWS + 5; s++)
        feed(&series, &tells, &meter, s + 0.001, FIRST_AP, 10 * (uint32_t)s, -60);
    struct vo_station station = station_of(FIRST_AP, -60, 10 * (VO_LINK_ROWS + 6), 0, 0, 1000);
    struct vo_link_reading reading = reading_at(VO_LINK_ROWS + 6, &station, 5180, NULL);
    reading.time -= 3600 * VO_NS_PER_S;
    struct vo_link_step step = vo_link_meter_read(&meter, &reading);
    vo_link_series_add(&series, &tells, &step);
    vo_link_series_flush(&series, &tells);
    records_read(&records);
    double sum = 0;
    for (unsigned i = 0; i < VO_LINK_ROWS; i++)
        sum += cell_of(record_of(&records, "series", LINK, 0), "wlan_sent_frames", i);
    assert_float_equal(sum, 10 * VO_LINK_ROWS, 0);
    const struct vo_json *second = record_of(&records, "series", LINK, 1);
    assert_string_equal(vo_json_get_text(second, "start"), "2027-01-15T08:00:30Z");
    assert_float_equal(cell_of(second, "wlan_sent_frames", 4), 10, 0);
    /* 36.0 s an hour ago, of the second before */
    assert_string_equal(vo_json_get_text(record_of(&records, "series", LINK, 2), "start"),
                        "2027-01-15T07:00:35Z");
    records_end(&records);
    vo_link_meter_release(&meter);
}

/* A channel without a link, as `channels` has it; steps of the series and time between readings. */
static void test_series_of_a_channel(void **state)
{
    (void)state;
    struct records records;
    struct vo_link_series series;
    struct vo_error error;
    records_begin(&records);
    struct vo_link_tells tells = tells_of(&records);
    assert_int_equal(vo_link_series_begin(&series, 0, 0.5, &error), VO_OK);
    assert_int_equal(series.step_s, 1);
    for (int i = 0; i < 4; i++) {
        struct vo_link_step step = {.mhz = 5180,
                                    .channel = {true, true, 500, 100},
                                    .signal_dbm = NAN,
                                    .from = NOON + i * VO_NS_PER_S / 2,
                                    .to = NOON + (i + 1) * VO_NS_PER_S / 2};
        vo_link_series_add(&series, &tells, &step);
    }
    vo_link_series_flush(&series, &tells);
    records_read(&records);
    assert_int_equal(records.count, 1);
    const struct vo_json *channel = record_of(&records, "series", "5180 MHz", 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_float_equal(cell_of(channel, "wlan_observed_ms", i), 1000, 0);
        assert_float_equal(cell_of(channel, "wlan_busy_ms", i), 200, 0);
    }
    records_end(&records);
    assert_int_equal(vo_link_series_begin(&series, 0, 2.5, &error), VO_OK);
    assert_int_equal(series.step_s, 3);
    assert_int_equal(vo_link_series_begin(&series, 10, 2.5, &error), VO_OK);
    assert_int_equal(series.step_s, 10);
    assert_int_equal(vo_link_series_begin(&series, 2, 2.5, &error), VO_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_observations),
        cmocka_unit_test(test_nothing_told),
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_series_in_pieces),
        cmocka_unit_test(test_series_of_a_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
