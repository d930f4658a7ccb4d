/* Links and channels as a person sees them: what was not measured is a dash, and its reason stands below. */
#include "probes/wlan/link_table.h"

#include "tests/unit/link_scene.h"

static char *printed(const struct vo_link_meter *meter)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    vo_link_print(meter, stream);
    fclose(stream);
    return text;
}

static void assert_has(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" is not in:\n%s", words, text);
}

static void test_measured(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    char line[VO_LINK_LINE];
    for (int s = 0; s < 3; s++) {
        struct vo_station station =
            station_of(FIRST_AP, -60, 100 * (uint32_t)s, 0, (uint32_t)s, 1 + (uint32_t)s);
        struct vo_survey survey = survey_of(5180, 9000 + 1000 * (uint64_t)s, 250 * (uint64_t)s, -95);
        struct vo_link_reading reading = reading_at(s, &station, 5180, &survey);
        vo_link_meter_read(&meter, &reading);
    }
    assert_has(vo_link_line(&meter, meter.sums[0], -61, line), "-61 dBm, SNR 34 dB");
    assert_has(line, "PER 1.00 %, retries 0.0 %, channel busy 25 %");
    char *text = printed(&meter);
    assert_has(text,
               "02:00:00:00:00:00  5180      2 s   -60.0   -60    -95    35       200   1.00 %    0.0 %");
    assert_has(text, " 5180      36 5 GHz    yes         2.0 s   25.0 %");
    assert_has(text, "voice");
    assert_null(strstr(text, "not measured"));
    free(text);
    vo_link_meter_release(&meter);
}

static void test_not_measured(void **state)
{
    (void)state;
    struct vo_link_meter meter = {0};
    char line[VO_LINK_LINE];
    for (int s = 0; s < 2; s++) {
        struct vo_station station = {.address = FIRST_AP, .has = 1u << VO_STATION_ADDRESS};
        struct vo_link_reading reading = reading_at(s, &station, 5180, NULL);
        reading.no_survey = "survey is refused";
        vo_link_meter_read(&meter, &reading);
    }
    assert_has(vo_link_line(&meter, meter.sums[0], NAN, line), "- dBm, SNR - dB, sent at - Mbit/s, PER -");
    char *text = printed(&meter);
    assert_has(text, "PER not measured: the driver does not count the frames that it sends");
    assert_has(text, "noise and SNR not measured: survey is refused");
    assert_has(text, "  survey is refused\n"); /* beside the channel */
    free(text);
    vo_link_meter_release(&meter);
}

/* Channels that nobody scanned are only counted. */
static void test_other_channels(void **state)
{
    (void)state;
    struct vo_channel_meters meters = {0};
    char *text = NULL;
    size_t size;
    for (uint32_t mhz = 5180; mhz <= 5240; mhz += 20)
        for (int s = 0; s < 2; s++) {
            struct vo_survey survey = survey_of(mhz, 5000 + (mhz == 5200 ? 110 * (uint64_t)s : 0), 100, -90);
            vo_channel_meter_read(vo_channel_meters_get(&meters, mhz), &survey, false,
                                  STARTED + s * VO_NS_PER_S, NOON + s * VO_NS_PER_S);
        }
    FILE *stream = open_memstream(&text, &size);
    vo_channel_print(&meters, stream);
    fclose(stream);
    assert_has(text, " 5200      40 5 GHz    no          0.1 s    0.0 %");
    assert_has(text, "3 further channels are not measured");
    assert_null(strstr(text, " 5180"));
    free(text);
    vo_channel_meters_release(&meters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measured),
        cmocka_unit_test(test_not_measured),
        cmocka_unit_test(test_other_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
