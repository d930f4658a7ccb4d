/* What is kept of records: places, what counts on, what decides who is judged, and which observation is
 * judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/analyze_case.h"

#include "analyze/derived.h"

#include <math.h>
#include <stdlib.h>

#define AIR(subject, metric, more) PACK(RULE("air.x", "false", subject, metric, more))
#define SIGNAL                     AIR("bss", "wlan_signal_dbm", ",\"pass\":{\"at_least\":-70}")
#define LINK                       AIR("link", "wlan_per_percent", ",\"pass\":{\"below\":1}")
#define AT(n, kind, id, place, labels, more)                                                                 \
    "{\"record\":\"observation\",\"run\":\"r\",\"n\":" n ",\"time\":\"2026-11-22T10:0" n                     \
    ":00Z\",\"place\":\"" place "\",\"subject\":{\"kind\":\"" kind "\",\"id\":\"" id "\"" labels "}" more    \
    "}\n"
#define DBM(value) ",\"metrics\":{\"wlan_signal_dbm\":" value "}"
#define VISIT(n)   ",\"visit\":" n

static struct vo_case it;

static void read_all(const char *pack, const char *records)
{
    assert_int_equal(case_rules(&it, pack, NULL), VO_OK);
    assert_int_equal(vo_facts_new(&it.rules, &it.facts, &it.error), VO_OK);
    assert_int_equal(case_read(&it, records), VO_OK);
}

static size_t count_facts(void)
{
    size_t count = 0;
    for (const struct vo_facts_subject *subject = it.facts->subjects; subject; subject = subject->next)
        for (const struct vo_fact *fact = subject->first; fact; fact = fact->next)
            count++;
    return count;
}

static const struct vo_fact *first(void)
{
    return it.facts->subjects->first;
}

/* The place is a label, but one that the subject has itself stands. */
static void place_is_a_label(void **state)
{
    (void)state;
    read_all(SIGNAL, RUN("r") AT("2", "bss", "b", "Hall", "", DBM("-60"))
                         AT("3", "bss", "c", "Hall", ",\"place\":\"Lobby\"", DBM("-60"))
                             OBS("r", "4", "bss", "d", "", DBM("-60")));
    const struct vo_facts_subject *subject = it.facts->subjects;
    assert_string_equal(subject->first->place, "Hall");
    assert_string_equal(vo_fact_label(subject->first, "place"), "Hall");
    assert_string_equal(vo_fact_label(subject->next->first, "place"), "Lobby");
    assert_null(subject->next->next->first->place);
    assert_null(vo_fact_label(subject->next->next->first, "place"));
    case_free(&it);
}

/* The last observation of a visit replaces those before; another visit, place, run or interface does not. */
static void counting_on(void **state)
{
    (void)state;
    read_all(SIGNAL,
             RUN("r") AT("2", "bss", "b", "Hall", VISIT("1") ",\"x\":1", DBM("-60"))
                 AT("3", "bss", "b", "Hall", VISIT("1"), DBM("-61"))
                     AT("4", "bss", "b", "Hall", VISIT("1") ",\"one\":1,\"more\":2,\"label\":3", DBM("-62")));
    assert_int_equal(count_facts(), 1);
    assert_int_equal(first()->n, 4);
    assert_true(vo_fact_number(first(), VO_METRIC_WLAN_SIGNAL_DBM) == -62);
    assert_true(isnan(vo_fact_label_number(first(), "x")) && vo_fact_label_number(first(), "label") == 3);
    assert_int_equal(case_read(&it, AT("5", "bss", "b", "Hall", VISIT("2"), DBM("-63"))
                                        AT("6", "bss", "b", "Lobby", VISIT("1"), DBM("-64"))
                                            AT("7", "bss", "b", "Hall", VISIT("1") ",\"interface\":\"wlan1\"",
                                               DBM("-65")) OBS("q", "8", "bss", "b", VISIT("1"), DBM("-66"))),
                     VO_OK);
    assert_int_equal(count_facts(), 5);
    /* a later visit that is told again takes its own place, and what it no longer mentions is gone */
    assert_int_equal(case_read(&it, AT("9", "bss", "b", "Hall", VISIT("2"), "")), VO_OK);
    assert_int_equal(count_facts(), 5);
    assert_false(vo_fact_tells(first()->next, &vo_metrics[VO_METRIC_WLAN_SIGNAL_DBM]));
    case_free(&it);
}

/* A link counts on at its place; where it has counted less than before it began anew, and both stand. Streams
 * never replace one another. */
static void links_that_begin_anew(void **state)
{
    (void)state;
#define PER(percent, sent) ",\"metrics\":{\"wlan_per_percent\":" percent ",\"wlan_sent_frames\":" sent "}"
    read_all(LINK, RUN("r") AT("2", "link", "l", "Hall", "", PER("50", "100"))
                       AT("3", "link", "l", "Hall", "", PER("40", "200"))
                           AT("4", "link", "l", "Hall", "", PER("0", "10"))
                               AT("5", "link", "l", "Hall", "", PER("0", "20")));
    assert_int_equal(count_facts(), 2);
    assert_int_equal(first()->n, 3);
    assert_int_equal(first()->next->n, 5);
    case_free(&it);
    read_all(PACK(RULE("media.j", "false", "rtp_stream", "rtp_jitter_max_ms", ",\"pass\":{\"below\":30}")),
             RUN("r") AT("2", "rtp_stream", "s", "Hall", "", ",\"metrics\":{\"rtp_jitter_max_ms\":1}")
                 AT("3", "rtp_stream", "s", "Hall", "", ",\"metrics\":{\"rtp_jitter_max_ms\":2}"));
    assert_int_equal(count_facts(), 2);
    case_free(&it);
}

/* An hour of a walk that tells the same visit again and again does not grow. */
static void memory_follows_places(void **state)
{
    (void)state;
    char line[400];
    read_all(SIGNAL, RUN("r"));
    for (int i = 0; i < 20000; i++) {
        snprintf(line, sizeof line,
                 "{\"record\":\"observation\",\"run\":\"r\",\"n\":%d,\"place\":\"Hall\",\"subject\":{"
                 "\"kind\":\"bss\","
                 "\"id\":\"b%d\",\"visit\":1,\"ssid\":\"voice\",\"age_ms\":%d},\"metrics\":{\"wlan_signal_"
                 "dbm\":-%d}}\n",
                 i + 2, i % 10, i, 40 + i % 50);
        assert_int_equal(case_read(&it, line), VO_OK);
    }
    assert_int_equal(count_facts(), 10);
    assert_true(it.facts->texts.count < 100);
    case_free(&it);
}

static const char *judged_of(const char *kind, const char *labels)
{
    static const char *const ssids[] = {"voice", "staff \\xff"};
    static char word[16];
    char record[400];
    assert_int_equal(case_rules(&it, SIGNAL, NULL), VO_OK);
    assert_int_equal(vo_facts_new(&it.rules, &it.facts, &it.error), VO_OK);
    vo_facts_want(it.facts, "link", VO_METRIC_COUNT);
    vo_facts_want(it.facts, "roam", VO_METRIC_COUNT);
    vo_facts_want(it.facts, "channel", VO_METRIC_COUNT);
    vo_facts_survey(it.facts, ssids, 2);
    snprintf(
        record, sizeof record,
        "{\"record\":\"observation\",\"run\":\"r\",\"n\":2,\"subject\":{\"kind\":\"%s\",\"id\":\"i\"%s}}\n",
        kind, labels);
    assert_int_equal(case_read(&it, record), VO_OK);
    const char *found = vo_fact_label(first(), "judged");
    snprintf(word, sizeof word, "%s", found ? found : "-");
    case_free(&it);
    return word;
}

/* The SSIDs that the user tells decide, whatever the probes said; not on what has no SSID, but BSSs. */
static void surveyed_ssids_decide(void **state)
{
    (void)state;
    assert_string_equal(judged_of("bss", ",\"ssid\":\"voice\",\"judged\":\"no\""), "-");
    assert_string_equal(judged_of("bss", ",\"ssid\":\"guest\""), "no");
    assert_string_equal(judged_of("bss", ",\"ssid\":\"VOICE\""), "no"); /* names are compared to the letter */
    assert_string_equal(judged_of("bss", ",\"ssid\":\"staff \\\\xff\""), "-");
    assert_string_equal(judged_of("bss", ""), "no"); /* a hidden one cannot be shown to belong to it */
    assert_string_equal(judged_of("link", ",\"ssid\":\"guest\",\"judged\":\"yes\""), "no");
    assert_string_equal(judged_of("link", ""), "-");
    assert_string_equal(judged_of("roam", ",\"ssid\":\"voice\",\"judged\":\"no\""), "-");
    assert_string_equal(judged_of("channel", ",\"ssid\":\"voice\",\"judged\":\"no\""), "no");
}

/* Of two observations of one subject the one that mentions the metric, with its value or with the reason why
 * it is missing, though the other is later. */
static void mention_before_time(void **state)
{
    (void)state;
    assert_int_equal(case_run(&it, SIGNAL, NULL,
                              RUN("r") AT("2", "bss", "b", "Hall", VISIT("1"), DBM("-60"))
                                  AT("3", "bss", "b", "Lobby", VISIT("2"), "") END("r")),
                     VO_OK);
    assert_int_equal(it.evaluation.first->status, VO_RESULT_PASS);
    case_free(&it);
    assert_int_equal(case_run(&it, SIGNAL, NULL,
                              RUN("r") AT("2", "bss", "b", "Hall", VISIT("1"),
                                          ",\"missing\":{\"wlan_signal_dbm\":\"in percent\"}")
                                  AT("3", "bss", "b", "Lobby", VISIT("2"), "") END("r")),
                     VO_OK);
    assert_string_equal(it.evaluation.first->reason, "in percent");
    case_free(&it);
    /* both mention it: the later one */
    assert_int_equal(case_run(&it, SIGNAL, NULL,
                              RUN("r") AT("2", "bss", "b", "Hall", VISIT("1"), DBM("-60"))
                                  AT("3", "bss", "b", "Lobby", VISIT("2"), DBM("-80")) END("r")),
                     VO_OK);
    assert_int_equal(it.evaluation.first->status, VO_RESULT_FAIL);
    assert_null(it.evaluation.first->next);
    case_free(&it);
}

/* A run without end is running while more may come, and cut when nothing does. */
static void running_runs(void **state)
{
    (void)state;
    read_all(SIGNAL, RUN("r") AT("2", "bss", "b", "Hall", "", DBM("-60")));
    assert_int_equal(vo_facts_finish(it.facts, true, &it.error), VO_OK);
    const struct vo_facts_run *run = &it.facts->runs[0];
    assert_true(run->running && !run->complete && vo_facts_run_counts(run));
    assert_string_equal(run->why, "it is still running");
    assert_int_equal(vo_facts_finish(it.facts, false, &it.error), VO_OK);
    assert_true(!run->running && !vo_facts_run_counts(run));
    assert_non_null(strstr(run->why, "no end record"));
    assert_int_equal(case_read(&it, END("r")), VO_OK);
    assert_int_equal(vo_facts_finish(it.facts, true, &it.error), VO_OK);
    assert_true(it.facts->runs[0].complete && !it.facts->runs[0].running);
    case_free(&it);
}

static struct vo_calibration calibration_of(const char *conditions)
{
    char record[500];
    snprintf(record, sizeof record,
             "{\"record\":\"run\",\"run\":\"r\",\"n\":1,\"format\":1,\"host\":{\"name\":\"h\",\"interface\":"
             "\"wlan0\"},"
             "\"conditions\":%s}\n",
             conditions);
    read_all(SIGNAL, record);
    struct vo_calibration calibration = it.facts->runs[0].calibration;
    assert_string_equal(it.facts->runs[0].host, "h");
    assert_string_equal(it.facts->runs[0].interface, "wlan0");
    calibration.phone = calibration.phone ? "told" : NULL;
    case_free(&it);
    return calibration;
}

static void calibrations(void **state)
{
    (void)state;
    struct vo_calibration good = calibration_of(
        "{\"calibration\":{\"phone\":\"P\",\"adapter\":\"A\",\"offset_db\":-4.5,\"uncertainty_db\":1.5}}");
    assert_true(good.told && !good.bad && good.offset_db == -4.5 && good.uncertainty_db == 1.5 && good.phone);
    assert_false(calibration_of("{}").told);
    assert_false(calibration_of("null").told);
    assert_false(calibration_of("{\"calibration\":null}").told);
    assert_non_null(calibration_of("{\"calibration\":{\"offset_db\":3}}").bad);
    assert_non_null(calibration_of("{\"calibration\":{\"phone\":\"P\"}}").bad);
    assert_non_null(calibration_of("{\"calibration\":{\"phone\":\"P\",\"offset_db\":1e9}}").bad);
    assert_non_null(calibration_of("{\"calibration\":{\"phone\":\"P\",\"offset_db\":\"3\"}}").bad);
    assert_non_null(calibration_of("{\"calibration\":7}").bad);
    assert_true(
        isnan(calibration_of("{\"calibration\":{\"phone\":\"P\",\"offset_db\":3,\"uncertainty_db\":-1}}")
                  .uncertainty_db));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(place_is_a_label),      cmocka_unit_test(counting_on),
        cmocka_unit_test(links_that_begin_anew), cmocka_unit_test(memory_follows_places),
        cmocka_unit_test(surveyed_ssids_decide), cmocka_unit_test(mention_before_time),
        cmocka_unit_test(running_runs),          cmocka_unit_test(calibrations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
