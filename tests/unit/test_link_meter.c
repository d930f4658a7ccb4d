/* This host's link, reading by reading: differences, resets, roams, levels that are none. */
#include "probes/wlan/link_meter.h"

#include "tests/unit/link_scene.h"
#include "tests/unit/nl80211_scene.h"

#include <linux/nl80211.h>

static struct vo_link_step read_station(struct vo_link_meter *meter, double s, struct vo_station station)
{
    struct vo_link_reading reading = reading_at(s, &station, 5180, NULL);
    return vo_link_meter_read(meter, &reading);
}
#define READ(s, bssid, dbm, sent, retries, failed, received)                                                 \
    read_station(&meter, s, station_of(bssid, dbm, sent, retries, failed, received))

static void read_nothing(struct vo_link_meter *meter, double s)
{
    struct vo_link_reading reading = reading_at(s, NULL, 0, NULL);
    reading.interface.has = 0; /* a station without an association has no channel and no SSID */
    assert_null(vo_link_meter_read(meter, &reading).sum);
}

static void assert_per(const struct vo_link_sum *sum, double per, double retry)
{
    const char *why = "?";
    assert_float_equal(vo_link_per_percent(sum, &why), per, 1e-9);
    assert_float_equal(vo_link_retry_percent(sum, &why), retry, 1e-9);
}

static void assert_no_per(const struct vo_link_sum *sum, const char *words)
{
    const char *why = "?";
    assert_true(isnan(vo_link_per_percent(sum, &why)));
    if (!strstr(why, words))
        fail_msg("\"%s\" does not say \"%s\"", why, words);
}

/* What was lost before the first reading is not of this measurement. */
static void test_differences(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    READ(0, FIRST_AP, -60, 1000, 500, 400, 1000);
    assert_int_equal(meter.count, 1);
    const struct vo_link_sum *sum = meter.sums[0];
    assert_no_per(sum, "once only");
    struct vo_link_step step = READ(1, FIRST_AP, -60, 1080, 520, 402, 1050);
    assert_true(step.compared && !step.other);
    assert_true(step.grown[VO_LINK_SENT] == 80 && step.grown[VO_LINK_FAILED] == 2);
    assert_true(step.from == NOON && step.to == NOON + VO_NS_PER_S);
    READ(2, FIRST_AP, -60, 1100, 530, 403, 1100);
    /* 3 of 100 frames failed; 30 repetitions of 130 attempts: two things */
    assert_per(sum, 3, 100 * 30.0 / 130);
    assert_int_equal(sum->resets, 0);
    assert_int_equal(sum->associations, 1);
    assert_int_equal(sum->roams, 0);
    vo_link_meter_release(&meter);
}

static void test_nothing_sent(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    READ(0, FIRST_AP, -60, 1000, 0, 0, 1000);
    READ(1, FIRST_AP, -60, 1000, 0, 0, 1010);
    assert_no_per(meter.sums[0], "no frame was sent"); /* 0 of 0 is no 0 percent */
    READ(2, FIRST_AP, -60, 1001, 0, 2, 1010);          /* fates of frames that were sent before */
    assert_no_per(meter.sums[0], "larger than the whole");
    vo_link_meter_release(&meter);
}

static void test_what_drivers_leave_out(void **state)
{
    (void)state;
    static const struct {
        enum vo_station_field field;
        const char *words;
    } cases[] = {{VO_STATION_TX_PACKETS, "does not count the frames that it sends"},
                 {VO_STATION_TX_FAILED, "never acknowledged"}};
    for (size_t i = 0; i < 2; i++) {
        struct vo_link_meter meter = {0};
        for (int s = 0; s < 3; s++) {
            struct vo_station station = station_of(FIRST_AP, -60, 100 * (uint32_t)s, 0, 0, 0);
            station.has &= ~(UINT64_C(1) << cases[i].field);
            read_station(&meter, s, station);
        }
        assert_no_per(meter.sums[0], cases[i].words);
        vo_link_meter_release(&meter);
    }
}

/* Another access point: its counters have nothing to do with those of the last. 5 of 50 there, 1 of 100 here.
 */
static void test_roam(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    READ(0, FIRST_AP, -80, 5000, 0, 40, 1000);
    READ(1, FIRST_AP, -80, 5050, 0, 45, 1001);
    struct vo_link_step step = READ(2, OTHER_AP, -50, 6000, 0, 60, 1002); /* higher, and yet no difference */
    assert_true(step.other && !step.compared);
    READ(3, OTHER_AP, -50, 6100, 0, 61, 1003);
    assert_int_equal(meter.count, 2);
    assert_per(meter.sums[0], 10, 0);
    assert_per(meter.sums[1], 1, 0);
    assert_int_equal(meter.sums[0]->roams, 0);
    assert_int_equal(meter.sums[1]->roams, 1);
    assert_int_equal(meter.sums[1]->resets, 1);
    assert_float_equal(vo_signal_mean_dbm(&meter.sums[0]->signal), -80, 1e-9);
    assert_float_equal(vo_signal_mean_dbm(&meter.sums[1]->signal), -50, 1e-9);
    /* back: its sums go on */
    READ(4, FIRST_AP, -80, 10, 0, 0, 1);
    READ(5, FIRST_AP, -80, 60, 0, 0, 2);
    assert_per(meter.sums[0], 5, 0); /* 5 of 50 + 50 */
    assert_int_equal(meter.sums[0]->associations, 2);
    assert_int_equal(meter.sums[0]->roams, 1);
    vo_link_meter_release(&meter);
}

/* The same access point, a younger association: told by its begin, its age, or counters that fell. */
static void test_associated_anew(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct vo_link_meter meter = {0};
        for (int s = 0; s < 4; s++) {
            bool anew = s >= 2;
            /* grown past the old numbers, but where counters are what tells */
            uint32_t sent = (uint32_t)(anew ? (how == 2 ? 0 : 5000) : 1000) + 100 * (uint32_t)s;
            uint32_t failed = (uint32_t)(anew ? (how == 2 ? 0 : 900) : 500) + (uint32_t)s;
            struct vo_station station = station_of(FIRST_AP, -60, sent, 0, failed, 10 + (uint32_t)s);
            if (how == 0)
                associated_at(&station, anew ? 61.5 : 20);
            if (how == 1) {
                station.connected_s = anew ? (uint32_t)s - 1 : 900 + (uint32_t)s;
                set(&station.has, VO_STATION_CONNECTED);
            }
            read_station(&meter, s, station);
        }
        assert_per(meter.sums[0], 1, 0); /* 1 of 100 twice */
        assert_true(meter.sums[0]->count[VO_LINK_SENT] == 200);
        assert_int_equal(meter.sums[0]->resets, 1);
        assert_int_equal(meter.sums[0]->roams, 0);
        vo_link_meter_release(&meter);
    }
}

/* Readings far apart: 5 s old at one, 20 s at the next a minute later, is another association. */
static void test_age_that_is_too_small(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    for (int i = 0; i < 2; i++) {
        struct vo_station station = station_of(FIRST_AP, -60, 100 + 50 * (uint32_t)i, 0, 0, (uint32_t)i);
        station.connected_s = i ? 20 : 5;
        set(&station.has, VO_STATION_CONNECTED);
        read_station(&meter, 60 * i, station);
    }
    assert_int_equal(meter.sums[0]->associations, 2);
    assert_no_per(meter.sums[0], "once only");
    vo_link_meter_release(&meter);
}

static void test_wrap(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    READ(0, FIRST_AP, -60, UINT32_MAX - 49, 0, 7, 10);
    READ(1, FIRST_AP, -60, 50, 0, 8, 20); /* 50 up to the wrap, 50 behind it */
    assert_per(meter.sums[0], 1, 0);
    assert_int_equal(meter.sums[0]->resets, 0);
    vo_link_meter_release(&meter);
}

/* 5 million frames in a second are none. */
static void test_absurd(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    READ(0, FIRST_AP, -60, 100, 0, 0, 10);
    READ(1, FIRST_AP, -60, 5000100, 0, 0, 20);
    assert_no_per(meter.sums[0], "more than is possible");
    vo_link_meter_release(&meter);
}

static void test_not_associated(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    read_nothing(&meter, 0);
    assert_int_equal(meter.count, 0);
    READ(1, FIRST_AP, -60, 100, 0, 0, 10);
    assert_int_equal(meter.sums[0]->resets, 0); /* nothing had been counted before */
    READ(2, FIRST_AP, -60, 200, 0, 20, 20);
    read_nothing(&meter, 3);
    READ(4, FIRST_AP, -60, 300, 0, 20, 30); /* whatever it counted meanwhile is of another association */
    assert_per(meter.sums[0], 20, 0);
    assert_int_equal(meter.sums[0]->associations, 2);
    assert_int_equal(meter.sums[0]->roams, 0);
    assert_int_equal(meter.sums[0]->resets, 1);
    /* through nothing to another one of the same name is a roam; to another network is none */
    read_nothing(&meter, 5);
    READ(6, OTHER_AP, -60, 1, 0, 0, 1);
    assert_int_equal(meter.sums[1]->roams, 1);
    struct vo_station station = station_of(0x020000000300, -60, 1, 0, 0, 1);
    struct vo_link_reading reading = reading_at(7, &station, 5180, NULL);
    memcpy(reading.interface.ssid, "guest", 5);
    vo_link_meter_read(&meter, &reading);
    assert_int_equal(meter.sums[2]->roams, 0);
    vo_link_meter_release(&meter);
}

/* -60 and -80 dBm: 1e-6 and 1e-8 mW, mean 5.05e-7 mW, -62.967 dBm. 0 dBm is no level. An access point that
 * fell silent is read again and again with its last level, which counts once. */
static void test_levels(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    READ(0, FIRST_AP, -60, 0, 0, 0, 1);
    assert_float_equal(READ(1, FIRST_AP, -80, 0, 0, 0, 2).signal_dbm, -80, 0);
    for (int s = 2; s < 10; s++)
        assert_true(isnan(READ(s, FIRST_AP, -80, 0, 0, 0, 2).signal_dbm));
    struct vo_station doubtful = station_of(FIRST_AP, 0, 0, 0, 0, 3);
    doubtful.has ^= UINT64_C(1) << VO_STATION_SIGNAL | UINT64_C(1) << VO_STATION_SIGNAL_DOUBTFUL;
    assert_true(isnan(read_station(&meter, 10, doubtful).signal_dbm));
    const struct vo_signal *signal = &meter.sums[0]->signal;
    assert_int_equal(signal->count, 2);
    assert_float_equal(vo_signal_mean_dbm(signal), -62.967, 0.001);
    assert_float_equal(vo_signal_minimum_dbm(signal), -80, 0);
    vo_link_meter_release(&meter);
}

/* Rates are of frames: where none was sent or heard since, the rate is an old one. 100 and 300 Mbit/s. */
static void test_rates(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    static const struct {
        uint32_t sent, received, kbps;
    } rows[] = {{1, 1, 100000}, {2, 1, 300000}, {2, 1, 300000}, {2, 1, 300000}};
    for (int s = 0; s < 4; s++) {
        struct vo_station station = station_of(FIRST_AP, -60, rows[s].sent, 0, 0, rows[s].received);
        station.tx_rate = station.rx_rate =
            (struct vo_wlan_rate){.phy = VO_WLAN_PHY_HE, .known = VO_WLAN_RATE_KBPS, .kbps = rows[s].kbps};
        set(&station.has, VO_STATION_TX_RATE);
        set(&station.has, VO_STATION_RX_RATE);
        read_station(&meter, s, station);
    }
    assert_int_equal(meter.sums[0]->tx_rates, 2);
    assert_float_equal(meter.sums[0]->tx_kbps, 400000, 0);
    assert_int_equal(meter.sums[0]->rx_rates, 1);
    vo_link_meter_release(&meter);
}

static void test_channel_in_use(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    struct vo_survey surveys[2];
    struct vo_station station = station_of(FIRST_AP, -60, 1, 0, 0, 1);
    for (int s = 0; s < 3; s++) {
        surveys[0] = survey_of(5200, 7000 + 900 * (uint64_t)s, 6000, -70); /* another one */
        surveys[1] = survey_of(5180, 1000000 + 1000 * (uint64_t)s, 5000 + 300 * (uint64_t)s, -95);
        struct vo_link_reading reading = reading_at(s, &station, 5180, surveys);
        reading.survey_count = 2;
        struct vo_link_step step = vo_link_meter_read(&meter, &reading);
        assert_int_equal(step.mhz, 5180);
        assert_true(step.channel.stands == (s > 0));
    }
    assert_int_equal(meter.channels.count, 1);
    assert_float_equal(vo_channel_percent(&meter.channels.list[0], VO_CHANNEL_BUSY), 30, 1e-9);
    assert_float_equal(vo_signal_mean_dbm(&meter.sums[0]->noise), -95, 1e-9);
    /* multi-link: the interface has no channel of its own, and two are in use: whose noise would it be? */
    struct vo_link_reading reading = reading_at(3, &station, 0, surveys);
    reading.interface.has &= ~(UINT64_C(1) << VO_WLAN_INTERFACE_FREQUENCY);
    surveys[0].in_use = surveys[1].in_use = true;
    reading.survey_count = 2;
    assert_int_equal(vo_link_meter_read(&meter, &reading).mhz, 0);
    surveys[0].in_use = false;
    assert_int_equal(vo_link_meter_read(&meter, &reading).mhz, 5180);
    vo_link_meter_release(&meter);
}

static void test_no_survey(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    struct vo_station station = station_of(FIRST_AP, -60, 1, 0, 0, 1);
    struct vo_link_reading reading = reading_at(0, &station, 5180, NULL);
    reading.no_survey = "survey is refused";
    vo_link_meter_read(&meter, &reading);
    assert_string_equal(meter.sums[0]->no_noise, "survey is refused");
    assert_int_equal(meter.channels.count, 1); /* said of the channel, too */
    assert_string_equal(vo_channel_why(&meter.channels.list[0], VO_CHANNEL_BUSY), "survey is refused");
    vo_link_meter_release(&meter);
}

/* Another place: what is counted is of there. */
static void test_another_place(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    READ(0, FIRST_AP, -60, 100, 0, 0, 10);
    READ(1, FIRST_AP, -60, 200, 0, 50, 20);
    vo_link_meter_begin(&meter);
    assert_int_equal(meter.count, 0);
    READ(2, FIRST_AP, -70, 300, 0, 51, 30);
    assert_per(meter.sums[0], 1, 0); /* 1 of 100 since; 50 of 100 were at the place before */
    assert_float_equal(vo_signal_mean_dbm(&meter.sums[0]->signal), -70, 1e-9);
    assert_int_equal(meter.sums[0]->resets, 0);
    vo_link_meter_release(&meter);
}

/* Real answers: a roam from wlan0 (-58 dBm) to wlan2 (-55 dBm), tests/fixtures/nl80211/README.md. */
static void keep(void *context, uint8_t command, const void *attributes, size_t size)
{
    (void)command;
    vo_station_parse(attributes, size, context);
}

static void test_recorded(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    struct vo_station before, after;
    assert_int_equal(replay("station", keep, &before), 1);
    assert_int_equal(replay("station-roamed", keep, &after), 1);
    read_station(&meter, 0, before);
    before.tx_packets += 100; /* as if 100 more had gone, of which 4 in vain */
    before.tx_failed += 4;
    read_station(&meter, 1, before);
    read_station(&meter, 2, after);
    assert_int_equal(meter.count, 2);
    assert_per(meter.sums[0], 4, 0);
    assert_float_equal(vo_signal_mean_dbm(&meter.sums[0]->signal), -58, 1e-9);
    assert_float_equal(vo_signal_mean_dbm(&meter.sums[1]->signal), -55, 1e-9);
    assert_int_equal(meter.sums[1]->roams, 1);
    vo_link_meter_release(&meter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_nothing_sent),
        cmocka_unit_test(test_what_drivers_leave_out),
        cmocka_unit_test(test_roam),
        cmocka_unit_test(test_associated_anew),
        cmocka_unit_test(test_age_that_is_too_small),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_absurd),
        cmocka_unit_test(test_not_associated),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_channel_in_use),
        cmocka_unit_test(test_no_survey),
        cmocka_unit_test(test_another_place),
        cmocka_unit_test(test_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
