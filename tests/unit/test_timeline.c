/* From records to explanations: series, roams, loads, and whose clock they have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/analyze_case.h"

#include "analyze/analysis.h"

#include <math.h>
#include <stdlib.h>

#define LOSS PACK(RULE("media.loss", "false", "rtp_stream", "rtp_loss_percent", ",\"pass\":{\"below\":1}"))
#define LIMITS                                                                                               \
    PACK(RULE("media.loss", "false", "rtp_stream", "rtp_loss_percent", ",\"pass\":{\"below\":1}") "," RULE(  \
        "air.signal", "false", "cell", "wlan_signal_dbm", ",\"pass\":{\"at_least\":-50}"))
#define LIVE(run, host, interface)                                                                           \
    "{\"record\":\"run\",\"run\":\"" run "\",\"n\":1,\"format\":1,\"probe\":\"p\",\"started\":"              \
    "\"2026-11-22T10:00:00Z\",\"source\":[\"" interface "\"],\"host\":{\"name\":\"" host                     \
    "\",\"interface\":\"" interface "\"}}\n"
#define FILES(run, host, file)                                                                               \
    "{\"record\":\"run\",\"run\":\"" run "\",\"n\":1,\"format\":1,\"probe\":\"p\",\"source\":[\"" file       \
    "\"],\"host\":{\"name\":\"" host "\"}}\n"
/* Five steps of 5 s from 10:00:00: 20 packets are lost in the third, 10:00:10 to 15. */
#define LOST(run)                                                                                            \
    "{\"record\":\"series\",\"run\":\"" run                                                                  \
    "\",\"n\":2,\"subject\":{\"kind\":\"rtp_stream\",\"id\":\"s\",\"key\":\"k\"},"                           \
    "\"start\":\"2026-11-22T10:00:00Z\",\"step_s\":5,\"columns\":{\"rtp_lost_packets\":[0,0,20,null,0],"     \
    "\"rtp_expected_packets\":[250,250,250,null,250]}}\n"
/* Thirty steps of a second from 10:00:00, at -60 dBm; in the thirteenth what is told. */
#define TWELVE(value)                                                                                        \
    value "," value "," value "," value "," value "," value "," value "," value "," value "," value          \
          "," value "," value
#define LINK(run, dbm)                                                                                       \
    "{\"record\":\"series\",\"run\":\"" run                                                                  \
    "\",\"n\":3,\"subject\":{\"kind\":\"link\",\"id\":\"wlan0 aa\"},"                                        \
    "\"start\":\"2026-11-22T10:00:00Z\",\"step_s\":1,\"columns\":{\"wlan_signal_dbm\":[" TWELVE(             \
        "-60") "," dbm "," TWELVE("-60") "]}}\n"
#define ROAM(run, time)                                                                                      \
    "{\"record\":\"observation\",\"run\":\"" run "\",\"n\":4,\"time\":\"" time                               \
    "\",\"subject\":{\"kind\":\"roam\",\"id\":"                                                              \
    "\"wlan0 " time                                                                                          \
    "\",\"key\":\"aa > bb\",\"interface\":\"wlan0\",\"from\":\"aa\",\"to\":\"bb\"},\"metrics\":{"            \
    "\"wlan_roam_gap_ms\":310,\"wlan_roam_signal_before_dbm\":-74}}\n"

static struct vo_case it;
static struct vo_analysis analysis;
static struct vo_arena arena;

/* The explanations of these records. */
static const struct vo_explanation *explain(const char *pack, const char *records)
{
    const struct vo_explanation *list = NULL;
    assert_int_equal(case_rules(&it, pack, NULL), VO_OK);
    assert_int_equal(vo_analysis_new(&it.rules, NULL, 0, &analysis, &it.error), VO_OK);
    it.facts = analysis.facts; /* case_record() adds to them */
    for (size_t number = 1; *records; number++) {
        size_t size = strcspn(records, "\n");
        struct vo_json *json = NULL;
        assert_int_equal(vo_json_parse(records, size, &json, &it.error), VO_OK);
        const struct vo_record record = {.kind = vo_json_get_text(json, "record"),
                                         .run = vo_json_get_text(json, "run"),
                                         .n = (uint64_t)vo_json_double(vo_json_get(json, "n")),
                                         .json = json,
                                         .line = number,
                                         .file = "records.jsonl"};
        assert_int_equal(vo_analysis_add(&analysis, &record, &it.error), VO_OK);
        vo_json_free(json);
        records += size + 1;
    }
    assert_int_equal(vo_facts_finish(analysis.facts, false, &it.error), VO_OK);
    assert_int_equal(vo_timeline_explain(analysis.timeline, &arena, &list, &it.error), VO_OK);
    return list;
}

static void done(void)
{
    it.facts = NULL;
    vo_analysis_free(&analysis);
    vo_arena_release(&arena);
    case_free(&it);
}

static void one_run(void **state)
{
    (void)state;
    const struct vo_explanation *found =
        explain(LOSS, LIVE("r", "h", "wlan0") LOST("r") LINK("r", "-82") ROAM("r", "2026-11-22T10:00:12.5Z"));
    assert_non_null(found);
    assert_null(found->next);
    assert_string_equal(found->id, "s");
    assert_string_equal(found->key, "k");
    assert_true(found->lost == 20 && found->expected == 250 && found->until - found->from == 5 * VO_NS_PER_S);
    assert_int_equal(found->evidence_count, 1);
    assert_true(found->evidence[0].n == 2 && found->looked_at && found->with_count == 2);
    assert_string_equal(found->with->what, "roam");
    assert_string_equal(found->with->text,
                        "wlan0 roamed from aa to bb at 10:00:12.5Z, at a level of -74.0 dBm, with a gap "
                        "of 310 ms in its data");
    assert_string_equal(found->with->next->what, "signal");
    assert_true(found->with->next->evidence[0].n == 3);
    done();
}

/* By the clock: two live probes of one host have the same; files are compared by their names; another host's
 * clock is named, and what it covers is not covered. */
static void clocks(void **state)
{
    (void)state;
    static const struct {
        const char *records;
        bool found, covered, other;
    } rows[] = {
        {LIVE("r", "h", "eth0") LOST("r") LIVE("q", "h", "wlan0") LINK("q", "-82"), true, true, false},
        {LIVE("r", "h", "eth0") LOST("r") LIVE("q", "g", "wlan0") LINK("q", "-82"), true, false, true},
        {LIVE("r", "h", "eth0") LOST("r") LIVE("q", "g", "wlan0") LINK("q", "-60"), false, false, false},
        {LIVE("r", "h", "eth0") LOST("r") LIVE("q", "h", "wlan0") LINK("q", "-60"), true, true, false},
        {FILES("r", "h", "a.pcap") LOST("r") LIVE("q", "h", "wlan0") LINK("q", "-82"), true, false, true},
        {FILES("r", "h", "a.pcap") LOST("r") FILES("q", "h", "a.pcap") LINK("q", "-82"), true, true, false},
        {FILES("r", "h", "a.pcap") LOST("r") FILES("q", "h", "b.pcap") LINK("q", "-82"), true, false, true},
        {FILES("r", "h", "a.pcap") LOST("r") FILES("q", "g", "a.pcap") LINK("q", "-82"), true, false, true},
        {RUN("r") LOST("r") RUN("q") LINK("q", "-82"), true, false, true}, /* no host is told */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct vo_explanation *found = explain(LOSS, rows[i].records);
        if (!found != !rows[i].found)
            fail_msg("row %zu", i);
        if (found) {
            bool other = found->with && strstr(found->with->text, "by another clock");
            if (!found->looked_at != !rows[i].covered || other != rows[i].other)
                fail_msg("row %zu: covered %d, other %d", i, found->looked_at, other);
        }
        done();
    }
}

/* The limits are those of the selected rules: at -60 dBm below -50. */
static void limits_of_rules(void **state)
{
    (void)state;
    const struct vo_explanation *found = explain(LIMITS, LIVE("r", "h", "wlan0") LOST("r") LINK("r", "-60"));
    assert_string_equal(found->with->what, "signal");
    assert_non_null(strstr(found->with->text, "(limit: -50 dBm)"));
    done();
}

/* The event of a roam knows when it began and ended; it may come before its observation or without it. */
static void roam_events(void **state)
{
    (void)state;
#define EVENT                                                                                                \
    "{\"record\":\"event\",\"run\":\"r\",\"n\":5,\"time\":\"2026-11-22T10:00:19Z\",\"kind\":\"wlan_roam\","  \
    "\"subject\":{\"kind\":\"roam\",\"id\":\"wlan0 2026-11-22T10:00:19Z\",\"key\":\"aa > bb\"},"             \
    "\"last_data\":\"2026-11-22T10:00:15.5Z\",\"first_data\":\"2026-11-22T10:00:19Z\",\"far\":\"1999-01-"    \
    "01T00:00:00Z\"}\n"
    const struct vo_explanation *found =
        explain(LOSS, LIVE("r", "h", "wlan0") LOST("r") ROAM("r", "2026-11-22T10:00:19Z"));
    assert_null(found); /* 10:00:18.69 at the earliest */
    done();
    found = explain(LOSS, LIVE("r", "h", "wlan0") LOST("r") EVENT ROAM("r", "2026-11-22T10:00:19Z"));
    assert_string_equal(found->with->what, "roam");
    assert_true(found->with->evidence_count == 2);
    done();
    found = explain(LOSS, LIVE("r", "h", "wlan0") LOST("r") EVENT);
    assert_string_equal(found->with->text, "a roam (aa > bb) at 10:00:19Z");
    done();
}

/* A load that an access point announced counts over a short visit, if there was a link to it. */
static void announced_loads(void **state)
{
    (void)state;
#define PLACE(n, time, word)                                                                                 \
    "{\"record\":\"event\",\"run\":\"r\",\"n\":" n ",\"time\":\"2026-11-22T10:" time                         \
    "Z\",\"kind\":\"place\",\"visit\":1,"                                                                    \
    "\"state\":\"" word "\"}\n"
#define LOAD(bssid, percent)                                                                                 \
    "{\"record\":\"observation\",\"run\":\"r\",\"n\":8,\"time\":\"2026-11-22T10:00:30Z\",\"subject\":{"      \
    "\"kind\":\"bss\","                                                                                      \
    "\"id\":\"" bssid "\",\"visit\":1},\"metrics\":{\"wlan_utilization_percent\":" percent "}}\n"
    static const struct {
        const char *records;
        size_t with;
    } rows[] = {
        {PLACE("6", "00:00", "begun") LOAD("aa", "62") PLACE("9", "00:40", "ended"), 1},
        {PLACE("6", "00:00", "begun") LOAD("bb", "62") PLACE("9", "00:40", "ended"), 0}, /* no link to it */
        {PLACE("6", "00:00", "begun") LOAD("aa", "12") PLACE("9", "00:40", "ended"), 0},
        {PLACE("6", "00:00", "begun") LOAD("aa", "620") PLACE("9", "00:40", "ended"), 0},
        {PLACE("6", "00:00", "begun") LOAD("aa", "62") PLACE("9", "09:00", "ended"), 0}, /* nine minutes */
        {PLACE("6", "00:00", "begun") LOAD("aa", "62"), 0},                              /* until when? */
        /* the first visit of another place is another visit */
        {PLACE("6", "00:00", "begun\",\"place\":\"Lobby") LOAD("aa", "62")
             PLACE("9", "00:40", "ended\",\"place\":\"Lobby"),
         0},
        {PLACE("6", "00:30", "begun") LOAD("aa", "62") PLACE("9", "00:40", "ended"), 0}, /* behind it */
        {LOAD("aa", "62"), 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char records[4096];
        snprintf(records, sizeof records, "%s%s", LIVE("r", "h", "wlan0") LOST("r") LINK("r", "-60"),
                 rows[i].records);
        const struct vo_explanation *found = explain(LOSS, records);
        if (found->with_count != rows[i].with)
            fail_msg("row %zu: %zu coincide", i, found->with_count);
        if (found->with)
            assert_string_equal(found->with->text,
                                "aa announced that its channel was in use for 62.0 % of the time");
        done();
    }
}

/* Records in any order of time, series whose subject is an id alone, and what makes no sense. */
static void odd_records(void **state)
{
    (void)state;
#define SERIES(subject, start, step, columns)                                                                \
    "{\"record\":\"series\",\"run\":\"r\",\"n\":9,\"subject\":" subject ",\"start\":" start                  \
    ",\"step_s\":" step ",\"columns\":{" columns "}}\n"
    const struct vo_explanation *found = explain(
        LOSS,
        LIVE("r", "h", "wlan0") SERIES("\"s\"", "\"2026-11-22T10:00:20Z\"", "5",
                                       "\"rtp_lost_packets\":[9,-9,\"x\",1e300,{}]")
            SERIES("\"s\"", "\"2026-11-22T10:00:10Z\"", "5", "\"rtp_lost_packets\":[9]") SERIES(
                "\"wlan0 aa\"", "\"2026-11-22T10:00:20Z\"", "5", "\"wlan_signal_dbm\":[-90,1e39,\"x\"]")
                SERIES("\"wlan0 aa\"", "\"2026-11-22T10:00:05Z\"", "5", "\"wlan_signal_dbm\":[-80,-80,-80]")
                    SERIES("\"5180 MHz\"", "\"2026-11-22T10:00:00Z\"", "60",
                           "\"wlan_airtime_ms\":[40000],\"wlan_observed_ms\":[60000]"));
    assert_true(found && found->next && !found->next->next);
    assert_true(found->from < found->next->from && found->with_count == 2);
    assert_string_equal(found->with->what, "signal");
    assert_string_equal(found->with->next->what, "busy");
    assert_non_null(strstr(found->with->next->text, "filled with frames that were heard for 66.7 %"));
    assert_non_null(strstr(found->next->with->text, "down to -90.0 dBm"));
    done();
    static const char *const nonsense[] = {
        SERIES("null", "\"2026-11-22T10:00:20Z\"", "5", "\"rtp_lost_packets\":[9]"),
        SERIES("\"s\"", "null", "5", "\"wlan_signal_dbm\":[-90]"),
        SERIES("\"s\"", "\"x\"", "5", "\"wlan_signal_dbm\":[-90]"),
        SERIES("\"s\"", "\"2026-11-22T10:00:20Z\"", "-5", "\"wlan_signal_dbm\":[-90]"),
        SERIES("\"s\"", "\"2026-11-22T10:00:20Z\"", "1e300", "\"wlan_signal_dbm\":[-90]"),
        SERIES("\"s\"", "\"2262-04-11T00:00:00Z\"", "3600",
               "\"rtp_lost_packets\":[9,9,9,9],\"wlan_signal_dbm\":[-9]"),
        SERIES("\"s\"", "\"1677-09-22T00:00:00Z\"", "3600", "\"rtp_lost_packets\":[9,9,9,9]"),
        SERIES("{\"kind\":\"link\",\"id\":\"l\"}", "\"1677-09-22T00:00:00Z\"", "3600",
               "\"wlan_signal_dbm\":[-9]"),
        SERIES("\"s\"", "\"2026-11-22T10:00:20Z\"", "1", "\"wlan_signal_dbm\":7"),
        ROAM("r", "1677-09-22T00:00:00Z"),
        ROAM("r", "2262-04-11T00:00:00Z"),
        ROAM("r", "soon"),
        "{\"record\":\"event\",\"run\":\"r\",\"n\":5,\"time\":\"1677-09-22T00:00:00Z\",\"kind\":\"wlan_"
        "roam\"}\n",
        "{\"record\":\"event\",\"run\":\"r\",\"n\":5,\"time\":\"2026-11-22T10:00:00Z\",\"kind\":\"wlan_"
        "roam\"}\n",
        "{\"record\":\"event\",\"run\":\"r\",\"n\":5,\"kind\":\"place\",\"visit\":-1,\"state\":7}\n",
        "{\"record\":\"event\",\"run\":\"r\",\"n\":5}\n",
    };
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        char records[4096];
        snprintf(records, sizeof records, "%s%s", LIVE("r", "h", "wlan0") LOST("r") LINK("r", "-60"),
                 nonsense[i]);
        (void)explain(LOSS, records);
        done();
    }
}

/* More bursts than are told: those with most lost packets, in the order of time. */
static void many_bursts(void **state)
{
    (void)state;
    enum { BURSTS = 1200 };
    static char records[200000];
    size_t used = (size_t)snprintf(records, sizeof records, "%s", LIVE("r", "h", "wlan0"));
    const char *parts[] = {"\"rtp_lost_packets\":[", "\"wlan_signal_dbm\":["};
    for (int part = 0; part < 2; part++) {
        used += (size_t)snprintf(
            records + used, sizeof records - used,
            "{\"record\":\"series\",\"run\":\"r\",\"n\":2,\"subject\":\"wlan0 aa\",\"start\":"
            "\"2026-11-22T10:00:00Z\",\"step_s\":5,\"columns\":{%s",
            parts[part]);
        for (int i = 0; i < BURSTS; i++) /* every other step; the first 200 lose least */
            used += (size_t)snprintf(records + used, sizeof records - used, "%s%d,%d", i ? "," : "",
                                     part ? -60 : 4 + (i >= 200), part ? -60 : 0);
        used += (size_t)snprintf(records + used, sizeof records - used, "]}}\n");
    }
    const struct vo_explanation *found = explain(LOSS, records);
    size_t count = 0;
    for (const struct vo_explanation *one = found; one; one = one->next, count++)
        assert_true(one->lost == 5 && (!one->next || one->from < one->next->from));
    assert_int_equal(count, VO_TIMELINE_EXPLANATIONS);
    done();
}

/* A pack that judges no streams pays for none of it. */
static void not_wanted(void **state)
{
    (void)state;
    assert_int_equal(
        case_rules(&it, PACK(RULE("c", "false", "call", "sip_call_state", ",\"pass\":null")), NULL), VO_OK);
    assert_int_equal(vo_analysis_new(&it.rules, NULL, 0, &analysis, &it.error), VO_OK);
    assert_null(analysis.timeline);
    assert_null(vo_facts_kind(analysis.facts, "bss"));
    vo_analysis_free(&analysis);
    case_free(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_run),     cmocka_unit_test(clocks),      cmocka_unit_test(limits_of_rules),
        cmocka_unit_test(roam_events), cmocka_unit_test(odd_records), cmocka_unit_test(announced_loads),
        cmocka_unit_test(many_bursts), cmocka_unit_test(not_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
