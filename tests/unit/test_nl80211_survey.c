/* nl80211: the driver's survey, recorded in the lab (noise -92 on every channel) and made by hand for what
 * drivers do. */
#include "probes/io/nl80211_survey.h"

#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/nl80211_scene.h"

struct found {
    unsigned count, in_use;
    struct vo_survey surveys[128];
};

static void keep(void *context, uint8_t command, const void *attributes, size_t size)
{
    struct found *found = context;
    assert_int_equal(command, NL80211_CMD_NEW_SURVEY_RESULTS);
    assert_true(found->count < 128);
    struct vo_survey *survey = &found->surveys[found->count++];
    vo_survey_parse(attributes, size, survey);
    found->in_use += survey->in_use;
}

static void test_recorded(void **state)
{
    (void)state;
    struct found found = {0};
    assert_true(replay("survey", keep, &found) >= 2);
    for (unsigned i = 0; i < found.count; i++) {
        const struct vo_survey *survey = &found.surveys[i];
        assert_true(vo_survey_has(survey, VO_SURVEY_FREQUENCY));
        assert_true(vo_survey_has(survey, VO_SURVEY_NOISE));
        assert_int_equal(survey->noise_dbm, -92); /* 164 if its sign were lost */
        assert_true(vo_survey_has(survey, VO_SURVEY_BUSY));
        assert_true(survey->busy_ms == survey->time_ms / 8); /* what hwsim makes up */
        assert_false(vo_survey_has(survey, VO_SURVEY_RX));   /* and what it does not */
        assert_int_equal(survey->malformed, 0);
    }
}

static struct list survey_of(const struct list *info)
{
    struct list list = {.size = 0};
    put32(&list, NL80211_ATTR_IFINDEX, 3);
    put_list(&list, NL80211_ATTR_SURVEY_INFO, info);
    return list;
}

static struct vo_survey parsed(const struct list *info)
{
    struct list list = survey_of(info);
    struct vo_survey survey;
    vo_survey_parse(list.bytes, list.size, &survey);
    return survey;
}

static struct list channel(uint64_t time, uint64_t busy)
{
    struct list info = {.size = 0};
    put32(&info, NL80211_SURVEY_INFO_FREQUENCY, 5180);
    put8(&info, NL80211_SURVEY_INFO_NOISE, -101);
    put(&info, NL80211_SURVEY_INFO_IN_USE, NULL, 0);
    put64(&info, NL80211_SURVEY_INFO_TIME, time);
    put64(&info, NL80211_SURVEY_INFO_TIME_BUSY, busy);
    return info;
}

static void test_all_members(void **state)
{
    (void)state;
    struct list info = channel(5000000000, 400);
    put64(&info, NL80211_SURVEY_INFO_TIME_EXT_BUSY, 1);
    put64(&info, NL80211_SURVEY_INFO_TIME_RX, 2);
    put64(&info, NL80211_SURVEY_INFO_TIME_TX, 3);
    put64(&info, NL80211_SURVEY_INFO_TIME_SCAN, 4);
    put64(&info, NL80211_SURVEY_INFO_TIME_BSS_RX, 5);
    struct vo_survey survey = parsed(&info);
    assert_int_equal(survey.frequency_mhz, 5180);
    assert_int_equal(survey.noise_dbm, -101);
    assert_true(survey.in_use);
    assert_true(survey.time_ms == 5000000000 && survey.busy_ms == 400 && survey.busy_secondary_ms == 1);
    assert_true(survey.rx_ms == 2 && survey.tx_ms == 3 && survey.scan_ms == 4 && survey.bss_rx_ms == 5);
    assert_false(vo_survey_has(&survey, VO_SURVEY_CONTRADICTS));
    assert_int_equal(survey.malformed, 0);
}

static void test_busy_longer_than_there(void **state)
{
    (void)state;
    struct list info = channel(1000, 2300); /* 230 %, as users report */
    struct vo_survey survey = parsed(&info);
    assert_true(vo_survey_has(&survey, VO_SURVEY_CONTRADICTS));
    assert_true(survey.time_ms == 1000 && survey.busy_ms == 2300); /* told as they came */
    info = channel(1000, 1000);
    survey = parsed(&info);
    assert_false(vo_survey_has(&survey, VO_SURVEY_CONTRADICTS));
    struct list alone = {.size = 0};
    put64(&alone, NL80211_SURVEY_INFO_TIME_BUSY, 5); /* without the time there is nothing to contradict */
    survey = parsed(&alone);
    assert_false(vo_survey_has(&survey, VO_SURVEY_CONTRADICTS));
    assert_false(vo_survey_has(&survey, VO_SURVEY_TIME));
}

static void test_noise_that_is_none(void **state)
{
    (void)state;
    static const struct {
        int noise;
        bool possible;
    } cases[] = {{-92, true}, {-1, true}, {-120, true}, {0, false}, {127, false}, {-128, false}, {99, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct list info = {.size = 0};
        put8(&info, NL80211_SURVEY_INFO_NOISE, cases[i].noise);
        struct vo_survey survey = parsed(&info);
        assert_int_equal(vo_survey_has(&survey, VO_SURVEY_NOISE), cases[i].possible);
        assert_int_equal(vo_survey_has(&survey, VO_SURVEY_NOISE_DOUBTFUL), !cases[i].possible);
        assert_int_equal(survey.noise_dbm, cases[i].noise);
    }
    struct list none = {.size = 0};
    put32(&none, NL80211_SURVEY_INFO_FREQUENCY, 2412);
    struct vo_survey survey = parsed(&none);
    assert_false(vo_survey_has(&survey, VO_SURVEY_NOISE));
    assert_false(vo_survey_has(&survey, VO_SURVEY_NOISE_DOUBTFUL));
    assert_false(vo_survey_has(&survey, VO_SURVEY_BUSY));
    assert_false(survey.in_use);
}

/* iwlwifi: the radio's times over all its channels, no channel's. */
static void test_the_whole_radio(void **state)
{
    (void)state;
    struct list info = {.size = 0};
    put64(&info, NL80211_SURVEY_INFO_TIME, 60000);
    put64(&info, NL80211_SURVEY_INFO_TIME_RX, 4000);
    put64(&info, NL80211_SURVEY_INFO_TIME_TX, 1000);
    struct vo_survey survey = parsed(&info);
    assert_false(vo_survey_has(&survey, VO_SURVEY_FREQUENCY));
    assert_true(survey.rx_ms == 4000);
}

static void test_wrong_sizes(void **state)
{
    (void)state;
    struct list info = {.size = 0};
    put32(&info, NL80211_SURVEY_INFO_TIME, 5); /* 64 bits, says the kernel's header */
    put32(&info, NL80211_SURVEY_INFO_NOISE, 5);
    put(&info, NL80211_SURVEY_INFO_TIME_BUSY, NULL, 0);
    struct vo_survey survey = parsed(&info);
    assert_true(survey.has == 0);
    assert_int_equal(survey.malformed, 3);
}

static void parse(const void *attributes, size_t size, void *context)
{
    struct vo_survey survey;
    (void)context;
    vo_survey_parse(attributes, size, &survey);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    struct list info = channel(1000, 500), list = survey_of(&info);
    struct vo_survey survey;
    at_every_length(&list, parse, NULL);
    vo_survey_parse(list.bytes, list.size - 1,
                    &survey); /* the outer length now lies: nothing of it is believed */
    assert_true(survey.has == 0);
    assert_int_equal(survey.malformed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_all_members),
        cmocka_unit_test(test_busy_longer_than_there),
        cmocka_unit_test(test_noise_that_is_none),
        cmocka_unit_test(test_the_whole_radio),
        cmocka_unit_test(test_wrong_sizes),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
