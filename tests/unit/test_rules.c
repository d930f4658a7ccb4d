/* Packs and site files: what loads, and what each mistake is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/analyze_case.h"

#include <stdlib.h>
#include <unistd.h>

#define LOSS       "rtp_loss_peak_5min_percent"
#define GOOD(more) RULE("media.loss", "true", "rtp_stream", LOSS, more)
#define PASS       ",\"pass\":{\"below\":1}"

struct mistake {
    const char *pack;
    const char *message; /* a part of it */
};

static const struct mistake mistakes[] = {
    /* the pack */
    {"[]", "pack.json: must be an object"},
    {"{\"format\":2,\"pack\":\"p\",\"title\":\"t\",\"profiles\":{},\"rules\":[]}",
     "pack.json: format 2 is not known"},
    {"{\"format\":1,\"pack\":\"p\",\"title\":\"t\",\"profiles\":{},\"rulez\":[]}",
     "pack.json: unknown key 'rulez' (did you mean 'rules'?)"},
    {"{\"format\":1,\"pack\":\"p\",\"title\":\"t\",\"profiles\":{}}", "pack.json: key 'rules' is missing"},
    {"{\"format\":1,\"pack\":\"p\",\"title\":\"t\",\"profiles\":{\"voice\":1},\"rules\":[]}",
     "profile 'voice' must have a title"},
    {PACK("7"), "pack.json: rule number 1: must be an object"},
    {PACK("{}"), "pack.json: rule number 1: key 'id' is missing"},
    /* names */
    {PACK(RULE("media.loss", "true", "rtp_stream", "rtp_los_percent", PASS)),
     "pack.json: rule media.loss: unknown metric 'rtp_los_percent' (did you mean 'rtp_loss_percent'?)"},
    {PACK(GOOD(PASS ",\"wher\":{}")),
     "pack.json: rule media.loss: unknown key 'wher' (did you mean 'where'?)"},
    {PACK(GOOD(PASS ",\"unit\":\"ms\"")),
     "rule media.loss: unit 'ms' is not that of rtp_loss_peak_5min_percent, which is 'percent'"},
    {PACK(RULE("media.loss", "true", "rtp_streams", LOSS, PASS)),
     "unknown subject 'rtp_streams' (did you mean 'rtp_stream'?)"},
    {PACK(RULE("media.loss", "true", "call", LOSS, PASS)),
     "metric 'rtp_loss_peak_5min_percent' belongs to rtp_stream, not to call"},
    {PACK(GOOD(PASS ",\"where\":{\"medai\":[\"audio\"]}")),
     "where: unknown label 'medai' of rtp_stream (did you mean 'media'?)"},
    {PACK(GOOD(PASS ",\"where\":{\"sip_call_state\":[\"answered\"]}")),
     "where: unknown label 'sip_call_state'"},
    {PACK(GOOD(PASS ",\"where\":{\"media\":\"audio\"}")), "where: 'media' must be a list"},
    {PACK(GOOD(PASS ",\"where\":{\"media\":[true]}")), "where: 'media' lists words or numbers only"},
    {PACK(RULE("c", "false", "call", "call_media_state",
               ",\"pass\":null,\"where\":{\"sip_call_state\":[\"answerd\"]}")),
     "'answerd' is not a word of sip_call_state"},
    {PACK(GOOD(PASS ",\"profiles\":[\"vioce\"]")), "profile 'vioce' is not one of the pack's"},
    {PACK(GOOD(PASS ",\"profiles\":[]")), "profiles is empty"},
    {PACK(GOOD(PASS ",\"aggregate\":\"wurst\"")), "unknown aggregate 'wurst' (did you mean 'worst'?)"},
    {PACK(GOOD(PASS) "," GOOD(PASS)), "rule media.loss: the id is taken by a rule of pack.json"},
    /* types */
    {PACK(RULE("media.loss", "1", "rtp_stream", LOSS, PASS)),
     "rule media.loss: key 'required' must be true or false"},
    {PACK(GOOD(PASS ",\"note\":\"\"")), "key 'note' must be a text that is not empty"},
    {PACK(GOOD(PASS ",\"minimum_samples\":0")), "key 'minimum_samples' must be a number from 1"},
    {PACK(GOOD(PASS ",\"where\":[]")), "key 'where' must be an object"},
    {PACK(GOOD("")), "rule media.loss: key 'pass' is missing"},
    {PACK(GOOD(",\"pass\":1")), "key 'pass' must be an object or null"},
    /* limits */
    {PACK(GOOD(",\"pass\":{\"belo\":1}")),
     "rule media.loss: pass: unknown comparator 'belo' (did you mean 'below'?)"},
    {PACK(GOOD(",\"pass\":{}")), "a limit is an object with one comparator"},
    {PACK(GOOD(",\"pass\":{\"below\":1,\"above\":0}")), "a limit is an object with one comparator"},
    {PACK(GOOD(",\"pass\":{\"below\":\"1\"}")), "pass: rtp_loss_peak_5min_percent is a number in percent"},
    {PACK(GOOD(PASS ",\"warn\":{\"between\":[2]}")), "warn: write \"between\": [low, high]"},
    {PACK(GOOD(PASS ",\"warn\":{\"between\":[2,1]}")), "between: 2 is above 1"},
    {PACK(GOOD(PASS ",\"warn\":{\"one_of\":[]}")), "\"one_of\": a list of 1 to 32 values"},
    {PACK(RULE("c", "false", "call", "call_media_state", ",\"pass\":{\"equals\":\"both_way\"}")),
     "'both_way' is not a word of call_media_state (did you mean 'both_ways'?)"},
    {PACK(RULE("c", "false", "call", "call_media_state", ",\"pass\":{\"equals\":1}")),
     "is a state: write one of its words"},
    {PACK(RULE("c", "false", "call", "call_media_state", ",\"pass\":{\"below\":1}")),
     "compare it with equals or one_of"},
    {PACK(GOOD(",\"pass\":null")), "a rule without a pass limit informs only"},
    /* what belongs together */
    {PACK(GOOD(PASS ",\"share\":0.9")), "aggregate share_passing and share (0 to 1) go together"},
    {PACK(GOOD(PASS ",\"aggregate\":\"share_passing\"")),
     "aggregate share_passing and share (0 to 1) go together"},
    {PACK(GOOD(PASS ",\"aggregate\":\"mean\"")), "percents are never averaged"},
    {PACK(RULE("c", "false", "call", "call_media_state",
               ",\"pass\":{\"equals\":\"none\"},\"aggregate\":\"p95\"")),
     "is a state, which has no mean"},
    {PACK(GOOD(PASS ",\"statistic\":\"ratio\"")), "go with window_s"},
    {PACK(GOOD(PASS ",\"window_s\":300")), "window_s needs a metric that is a number, and a statistic"},
    {PACK(GOOD(PASS ",\"window_s\":300,\"statistic\":\"mean\"")), "percents are never averaged"},
    {PACK(GOOD(PASS ",\"window_s\":300,\"statistic\":\"ratio\"")), "statistic ratio needs"},
    {PACK(GOOD(PASS ",\"window_s\":300,\"statistic\":\"max\",\"numerator\":\"rtp_lost_packets\"")),
     "numerator goes with statistic ratio only"},
    {PACK(GOOD(PASS ",\"far_end_metric\":\"rtcp_jitter_max_ms\"")),
     "far_end_metric 'rtcp_jitter_max_ms' has another unit"},
    {PACK(GOOD(",\"pass\":{\"above\":1},\"drops_explain\":true")), "drops_explain is for a percent"},
    {PACK(GOOD(PASS ",\"without\":[]")), "without lists labels: leave it out"},
    {PACK(GOOD(PASS ",\"without\":[\"poin\"]")),
     "without: unknown label 'poin' of rtp_stream (did you mean 'point'?)"},
    {PACK(GOOD(PASS ",\"without\":[7]")), "without: unknown label '(not a text)'"},
    {PACK(GOOD(PASS ",\"without\":\"point\"")), "key 'without' must be a list"},
    {PACK(GOOD(PASS ",\"site_limit\":\"calls.per_app\"")),
     "unknown site_limit 'calls.per_app' (did you mean 'calls.per_ap'?)"},
    {PACK(RULE("c", "false", "call", "call_media_state",
               ",\"pass\":{\"equals\":\"none\"},\"site_limit\":\"calls.per_ap\"")),
     "site_limit takes the place of the number of pass"},
    {PACK(GOOD(",\"pass\":{\"between\":[1,2]},\"site_limit\":\"calls.per_ap\"")),
     "site_limit takes the place of the number of pass"},
    {PACK(RULE("l", "true", "rtp_stream", "rtp_latency_ms", PASS ",\"minimum_samples\":9")),
     "the catalogue names no samples"},
    /* the source */
    {PACK("{\"id\":\"a\",\"title\":\"t\",\"area\":\"m\",\"severity\":\"major\",\"required\":true,\"subject\":"
          "\"rtp_stream\","
          "\"metric\":\"rtp_jitter_ms\",\"remediation\":\"r\",\"pass\":{\"below\":1},\"source\":{"
          "\"document\":\"d\"}}"),
     "rule a: source: key 'section' is missing"},
};

static void mistakes_name_file_rule_and_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct vo_case it;
        enum vo_status status = case_rules(&it, mistakes[i].pack, NULL);
        if (status != VO_ERR_USAGE || !strstr(it.error.message, mistakes[i].message))
            fail_msg("row %zu: status %d, message \"%s\", wanted \"%s\"", i, (int)status,
                     status == VO_OK ? "" : it.error.message, mistakes[i].message);
        case_free(&it);
    }
}

static void long_names_do_not_overflow(void **state)
{
    (void)state;
    size_t size = 20000;
    char *pack = malloc(2 * size), *id = malloc(size + 1);
    assert_non_null(pack);
    assert_non_null(id);
    memset(id, 'x', size);
    id[size] = '\0';
    snprintf(pack, 2 * size, PACK("{\"id\":\"%s\",\"%.9000s\":1}"), id, id);
    struct vo_case it;
    assert_int_equal(case_rules(&it, pack, NULL), VO_ERR_USAGE);
    assert_non_null(strstr(it.error.message, "unknown key 'xxx"));
    case_free(&it);
    free(pack);
    free(id);
}

static void selection_by_profile_and_area(void **state)
{
    (void)state;
    struct vo_case it;
    const char *pack = PACK(
        GOOD(PASS) "," RULE("a.uc", "true", "rtp_stream", "rtp_jitter_ms", PASS ",\"profiles\":[\"uc\"]"));
    assert_int_equal(case_rules(&it, pack, NULL), VO_OK);
    assert_true(it.rules.rules[0].selected); /* no profiles: holds for all */
    assert_false(it.rules.rules[1].selected);
    const char *wrong = "media.los", *right = "media.loss";
    struct {
        struct vo_selection selection;
        const char *message;
    } rows[] = {
        {{.profile = NULL}, "--profile is missing: say how the phones are used (known: voice, uc)"},
        {{.profile = "vioce"}, "no pack has a profile 'vioce' (did you mean 'voice'?)"},
        {{.profile = "uc", .areas = "media,medai"}, "no rule has the area 'medai' (did you mean 'media'?)"},
        {{.profile = "uc", .not_required = &wrong, .not_required_count = 1},
         "no pack has a rule 'media.los'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(vo_rules_select(&it.rules, &rows[i].selection, &it.error), VO_ERR_USAGE);
        if (!strstr(it.error.message, rows[i].message))
            fail_msg("row %zu: %s", i, it.error.message);
    }
    struct vo_selection released = {
        .profile = "voice", .areas = "media", .not_required = &right, .not_required_count = 1};
    assert_int_equal(vo_rules_select(&it.rules, &released, &it.error), VO_OK);
    assert_false(it.rules.rules[0].required);
    case_free(&it);

    pack = PACK(RULE("a.uc", "true", "rtp_stream", "rtp_jitter_ms", PASS ",\"profiles\":[\"uc\"]"));
    assert_int_equal(case_rules(&it, pack, NULL), VO_ERR_USAGE);
    assert_non_null(strstr(it.error.message, "no rule is selected: profile voice has none"));
    case_free(&it);
}

static const struct mistake site_mistakes[] = {
    {"[]", "site.json: a site file is one JSON object"},
    {"{\"name\":\"HQ\"}", "site.json: key 'mode' is missing"},
    {SITE "\"wavers\":[]}", "site.json: unknown key 'wavers' (did you mean 'waivers'?)"},
    {SITE "\"waivers\":{}}", "site.json: key 'waivers' must be a list"},
    {SITE "\"waivers\":[{\"rule\":\"media.loss\",\"reason\":\"r\",\"expires\":\"2027-01-01\"}]}",
     "site.json: waivers number 1: key 'author' is missing"},
    {SITE
     "\"waivers\":[{\"rule\":\"media.lost\",\"reason\":\"r\",\"author\":\"a\",\"expires\":\"2027-01-01\"}]}",
     "no pack has a rule 'media.lost' (did you mean 'media.loss'?)"},
    {SITE
     "\"waivers\":[{\"rule\":\"media.loss\",\"reason\":\"r\",\"author\":\"a\",\"expires\":\"2027-02-30\"}]}",
     "expires '2027-02-30' is not a date"},
    {SITE
     "\"waivers\":[{\"rule\":\"media.loss\",\"reason\":\"r\",\"author\":\"a\",\"expires\":\"tomorrow\"}]}",
     "expires 'tomorrow' is not a date"},
    {SITE "\"overrides\":[{\"rule\":\"media.loss\",\"reason\":\"r\"}]}", "give a limit of your own"},
    {SITE "\"overrides\":[{\"rule\":\"media.loss\",\"pass\":{\"below\":2}}]}", "key 'reason' is missing"},
    {SITE "\"overrides\":[{\"rule\":\"media.loss\",\"reason\":\"r\",\"limit\":2}]}", "unknown key 'limit'"},
    {SITE "\"overrides\":[{\"rule\":\"media.loss\",\"reason\":\"r\",\"pass\":{\"below\":\"x\"}}]}",
     "site.json: overrides number 1: rule media.loss: pass: rtp_loss_peak_5min_percent is a number"},
    {SITE "\"overrides\":[{\"rule\":\"media.loss\",\"reason\":\"r\",\"pass\":null}]}", "informs only"},
};

static void site_mistakes_name_file_and_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof site_mistakes / sizeof *site_mistakes; i++) {
        struct vo_case it;
        enum vo_status status = case_rules(&it, PACK(GOOD(PASS)), site_mistakes[i].pack);
        if (status != VO_ERR_USAGE || !strstr(it.error.message, site_mistakes[i].message))
            fail_msg("row %zu: status %d, message \"%s\"", i, (int)status, it.error.message);
        case_free(&it);
    }
}

/* Beside what other programs read of the site file. */
static void site_overrides_limits(void **state)
{
    (void)state;
    struct vo_case it;
    assert_int_equal(case_rules(&it, PACK(GOOD(PASS)),
                                SITE "\"ssids\":[],\"overrides\":[{\"rule\":\"media.loss\",\"reason\":"
                                     "\"satellite\",\"pass\":{\"at_most\":2},\"warn\":{\"at_most\":3}}]}"),
                     VO_OK);
    assert_int_equal(it.rules.rules[0].pass.comparator, VO_LIMIT_AT_MOST);
    assert_true(it.rules.rules[0].pass.low == 2 && it.rules.rules[0].warn.low == 3);
    case_free(&it);
}

/* What is planned is the limit; the site's own limit goes before it, and nothing planned leaves the pack's.
 */
static void site_plans_are_limits(void **state)
{
    (void)state;
    const char *pack = PACK(RULE("air.capacity", "true", "bss", "wlan_capacity_calls",
                                 ",\"pass\":{\"at_least\":1},\"site_limit\":\"calls.per_ap\""));
    static const struct {
        const char *site;
        double limit;
        const char *reason;
    } rows[] = {
        {SITE "\"calls\":{\"per_ap\":8}}", 8, "calls.per_ap, the calls at once that are planned"},
        {SITE "\"calls\":{\"total\":80}}", 1, NULL},
        {SITE "\"ssids\":[\"voice\"]}", 1, NULL},
        {SITE "\"calls\":{\"per_ap\":8},\"overrides\":[{\"rule\":\"air.capacity\",\"reason\":\"few "
              "phones\",\"pass\":{\"at_least\":3}}]}",
         3, "few phones"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vo_case it;
        if (case_rules(&it, pack, rows[i].site) != VO_OK)
            fail_msg("row %zu: %s", i, it.error.message);
        const struct vo_rule *rule = &it.rules.rules[0];
        assert_int_equal(rule->pass.comparator, VO_LIMIT_AT_LEAST);
        assert_true(rule->pass.low == rows[i].limit);
        assert_int_equal(!rule->override_reason, !rows[i].reason);
        if (rows[i].reason)
            assert_string_equal(rule->override_reason, rows[i].reason);
        case_free(&it);
    }
}

/* The shipped pack; the tests run in the root of the project. */
static void shipped_pack_is_complete(void **state)
{
    (void)state;
    struct vo_rules rules = {0};
    struct vo_error error;
    if (vo_rules_load(&rules, "rules/openscape-mobile.json", &error) != VO_OK)
        fail_msg("%s", error.message);
    static const struct {
        const char *id, *metric;
        bool required;
    } demands[] = {
        {"qos.rtp.dscp", "rtp_dscp_46_percent", false},
        {"qos.sip.dscp", "sip_dscp_40_percent", false},
        {"media.latency", "rtp_latency_max_ms", true},
        {"media.jitter", "rtp_jitter_max_ms", true},
        {"media.loss", LOSS, true},
        {"media.bandwidth", "rtp_bitrate_kbps", false},
    };
    for (size_t i = 0; i < sizeof demands / sizeof *demands; i++) {
        const struct vo_rule *rule = vo_rules_find(&rules, demands[i].id);
        assert_non_null(rule);
        assert_string_equal(rule->metric->name, demands[i].metric);
        assert_int_equal(rule->required, demands[i].required);
    }
    for (size_t i = 0; i < rules.count; i++) {
        const struct vo_rule *rule = &rules.rules[i];
        assert_non_null(vo_json_get_text(rule->source, "section"));
        assert_true(strlen(rule->remediation) > 40);
        /* the guide's limits are for speech: video and unknown media are not judged by them */
        if (strcmp(rule->area, "media") == 0 && strcmp(rule->subject, "rtp_stream") == 0)
            assert_string_equal(vo_json_text(vo_json_child(vo_json_get(rule->where, "media"))), "audio");
    }
    /* 13.6: latency < 100 ms, jitter < 30 ms, loss < 1 % */
    assert_true(vo_rules_find(&rules, "media.latency")->pass.low == 100);
    assert_true(vo_rules_find(&rules, "media.jitter")->pass.low == 30);
    assert_true(vo_rules_find(&rules, "media.loss")->pass.low == 1);
    assert_true(vo_rules_find(&rules, "media.loss")->minimum_samples == 250);
    vo_rules_release(&rules);
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    struct vo_rules rules = {0};
    struct vo_error error;
    assert_int_not_equal(vo_rules_load(&rules, "no/such/pack.json", &error), VO_OK);
    assert_non_null(strstr(error.message, "no/such/pack.json"));
    vo_rules_release(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_name_file_rule_and_key), cmocka_unit_test(long_names_do_not_overflow),
        cmocka_unit_test(selection_by_profile_and_area),   cmocka_unit_test(site_mistakes_name_file_and_rule),
        cmocka_unit_test(site_overrides_limits),           cmocka_unit_test(shipped_pack_is_complete),
        cmocka_unit_test(files_that_are_not_there),        cmocka_unit_test(site_plans_are_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
