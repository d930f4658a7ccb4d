/* The packs of other vendors: that they load, alone and beside the guide's, what they ask for, and that
 * somebody measures it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/analyze_case.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#define GUIDE "rules/openscape-mobile.json"

static const char *const packs[] = {"rules/cisco.json",       "rules/zebra.json", "rules/vocera.json",
                                    "rules/spectralink.json", "rules/apple.json", "rules/generic.json"};
#define PACKS (sizeof packs / sizeof *packs)

static void load(struct vo_rules *rules, const char *path)
{
    struct vo_error error;
    if (vo_rules_load(rules, path, &error) != VO_OK)
        fail_msg("%s", error.message);
}

/* In any order, for the profiles that have voice; UC has none of their rules. */
static void packs_load_beside_the_guide(void **state)
{
    (void)state;
    static const struct vo_selection voice = {.profile = "voice"}, both = {.profile = "integrated"},
                                     uc = {.profile = "uc"};
    struct vo_rules rules = {0};
    struct vo_error error;
    for (size_t i = 0; i < PACKS; i++) {
        struct vo_rules alone = {0};
        load(&alone, packs[i]);
        assert_int_equal(vo_rules_select(&alone, &voice, &error), VO_OK);
        vo_rules_release(&alone);
        load(&rules, packs[i]);
        if (i == 2)
            load(&rules, GUIDE);
    }
    assert_int_equal(rules.pack_count, PACKS + 1);
    assert_int_equal(vo_rules_select(&rules, &both, &error), VO_OK);
    for (size_t i = 0; i < rules.count; i++)
        if (rules.rules[i].pack != 3)
            assert_true(rules.rules[i].selected);
    assert_int_equal(vo_rules_select(&rules, &uc, &error), VO_OK);
    for (size_t i = 0; i < rules.count; i++)
        if (rules.rules[i].pack != 3)
            assert_false(rules.rules[i].selected);
    vo_rules_release(&rules);
}

/* Each names the document with its address or its page, what to do, and how the figure was had; none decides
 * readiness.
 */
static void rules_name_their_source(void **state)
{
    (void)state;
    for (size_t i = 0; i < PACKS; i++) {
        struct vo_rules rules = {0};
        load(&rules, packs[i]);
        for (size_t j = 0; j < rules.count; j++) {
            const struct vo_rule *rule = &rules.rules[j];
            const char *document = vo_json_get_text(rule->source, "document");
            const char *section = vo_json_get_text(rule->source, "section");
            if (!strstr(document, "https://") && !strstr(document, "http://") && !strstr(section, "(page "))
                fail_msg("%s: neither an address nor a page of '%s'", rule->id, document);
            assert_true(strlen(section) > 0);
            if (strlen(rule->remediation) < 60 || !rule->note || rule->required)
                fail_msg("%s lacks a remediation or a note, or is required", rule->id);
        }
        vo_rules_release(&rules);
    }
}

/* What the documents say. */
static const struct limit {
    const char *rule, *metric;
    enum vo_comparator comparator;
    double low, high;
    enum vo_comparator warn;
    double warn_low;
} limits[] = {
    {"cisco.air.signal", "wlan_signal_dbm", VO_LIMIT_AT_LEAST, -67, 0, VO_LIMIT_NONE, 0},
    {"cisco.air.noise", "wlan_noise_dbm", VO_LIMIT_AT_MOST, -92, 0, VO_LIMIT_NONE, 0},
    {"cisco.air.snr", "wlan_snr_db", VO_LIMIT_AT_LEAST, 25, 0, VO_LIMIT_NONE, 0},
    {"cisco.air.separation", "wlan_separation_db", VO_LIMIT_AT_LEAST, 19, 0, VO_LIMIT_BELOW, 19},
    {"cisco.air.overlap", "wlan_overlap_percent", VO_LIMIT_BETWEEN, 20, 30, VO_LIMIT_ABOVE, 30},
    {"cisco.air.utilization", "wlan_utilization_percent", VO_LIMIT_AT_MOST, 41.18, 0, VO_LIMIT_BELOW, 50},
    {"cisco.air.utilization.be4000", "wlan_utilization_percent", VO_LIMIT_BELOW, 40, 0, VO_LIMIT_NONE, 0},
    {"cisco.air.utilization.v1", "wlan_utilization_v1_percent", VO_LIMIT_AT_MOST, 45, 0, VO_LIMIT_NONE, 0},
    {"cisco.air.utilization.7920", "wlan_utilization_v1_percent", VO_LIMIT_BELOW, 40, 0, VO_LIMIT_NONE, 0},
    {"cisco.air.per", "wlan_per_percent", VO_LIMIT_AT_MOST, 1, 0, VO_LIMIT_NONE, 0},
    {"cisco.air.retry", "wlan_retry_percent", VO_LIMIT_BELOW, 20, 0, VO_LIMIT_NONE, 0},
    {"cisco.media.loss", "rtp_loss_percent", VO_LIMIT_AT_MOST, 1, 0, VO_LIMIT_NONE, 0},
    {"cisco.media.jitter", "rtp_jitter_max_ms", VO_LIMIT_BELOW, 100, 0, VO_LIMIT_NONE, 0},
    {"zebra.air.signal", "wlan_signal_dbm", VO_LIMIT_AT_LEAST, -65, 0, VO_LIMIT_NONE, 0},
    {"zebra.air.noise", "wlan_noise_dbm", VO_LIMIT_AT_MOST, -90, 0, VO_LIMIT_ABOVE, -90},
    {"zebra.air.snr", "wlan_snr_db", VO_LIMIT_AT_LEAST, 25, 0, VO_LIMIT_NONE, 0},
    {"zebra.air.separation", "wlan_separation_db", VO_LIMIT_AT_LEAST, 19, 0, VO_LIMIT_NONE, 0},
    {"zebra.air.overlap", "wlan_overlap_percent", VO_LIMIT_AT_LEAST, 20, 0, VO_LIMIT_BELOW, 20},
    {"zebra.air.utilization", "wlan_utilization_percent", VO_LIMIT_BELOW, 50, 0, VO_LIMIT_NONE, 0},
    {"zebra.media.loss", "rtp_loss_percent", VO_LIMIT_BELOW, 1, 0, VO_LIMIT_NONE, 0},
    {"zebra.media.latency", "rtp_latency_max_ms", VO_LIMIT_BELOW, 100, 0, VO_LIMIT_NONE, 0},
    {"vocera.air.signal", "wlan_signal_dbm", VO_LIMIT_ABOVE, -65, 0, VO_LIMIT_NONE, 0},
    {"vocera.air.snr", "wlan_snr_db", VO_LIMIT_ABOVE, 20, 0, VO_LIMIT_AT_LEAST, 18},
    {"spectralink.air.signal", "wlan_signal_dbm", VO_LIMIT_AT_LEAST, -60, 0, VO_LIMIT_AT_LEAST, -70},
    {"apple.air.signal", "wlan_signal_dbm", VO_LIMIT_AT_LEAST, -70, 0, VO_LIMIT_NONE, 0},
    {"apple.air.second", "wlan_second_signal_dbm", VO_LIMIT_NONE, 0, 0, VO_LIMIT_NONE, 0},
    {"nortel.air.signal", "wlan_signal_dbm", VO_LIMIT_AT_LEAST, -70, 0, VO_LIMIT_NONE, 0},
    {"nortel.air.separation", "wlan_separation_db", VO_LIMIT_AT_LEAST, 20, 0, VO_LIMIT_AT_LEAST, 15},
    {"nortel.media.loss", "rtp_loss_percent", VO_LIMIT_BELOW, 1, 0, VO_LIMIT_NONE, 0},
    {"nortel.media.latency", "rtp_latency_max_ms", VO_LIMIT_BELOW, 100, 0, VO_LIMIT_NONE, 0},
    {"wl3.air.signal", "wlan_signal_dbm", VO_LIMIT_AT_LEAST, -70, 0, VO_LIMIT_NONE, 0},
    {"aruba.air.signal", "wlan_signal_dbm", VO_LIMIT_AT_LEAST, -67, 0, VO_LIMIT_NONE, 0},
    {"ekahau.air.utilization", "wlan_utilization_percent", VO_LIMIT_BELOW, 50, 0, VO_LIMIT_NONE, 0},
    {"wfa.media.loss", "rtp_loss_percent", VO_LIMIT_BELOW, 1, 0, VO_LIMIT_NONE, 0},
    {"wfa.media.burst", "rtp_loss_longest_packets", VO_LIMIT_NONE, 0, 0, VO_LIMIT_NONE, 0},
    {"wfa.media.latency", "rtp_latency_max_ms", VO_LIMIT_BELOW, 50, 0, VO_LIMIT_NONE, 0},
    {"wfa.media.jitter", "rtp_jitter_max_ms", VO_LIMIT_BELOW, 50, 0, VO_LIMIT_NONE, 0},
    {"integra.air.signal", "wlan_signal_dbm", VO_LIMIT_AT_LEAST, -67, 0, VO_LIMIT_NONE, 0},
    {"integra.air.snr", "wlan_snr_db", VO_LIMIT_AT_LEAST, 25, 0, VO_LIMIT_NONE, 0},
    {"integra.air.separation", "wlan_separation_db", VO_LIMIT_AT_LEAST, 19, 0, VO_LIMIT_NONE, 0},
    {"integra.air.utilization.idle", "wlan_utilization_percent", VO_LIMIT_NONE, 0, 0, VO_LIMIT_NONE, 0},
    {"integra.air.per", "wlan_per_percent", VO_LIMIT_AT_MOST, 1, 0, VO_LIMIT_NONE, 0},
};

static void limits_are_the_documents(void **state)
{
    (void)state;
    struct vo_rules rules = {0};
    for (size_t i = 0; i < PACKS; i++)
        load(&rules, packs[i]);
    assert_int_equal(rules.count, sizeof limits / sizeof *limits);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct limit *it = &limits[i];
        const struct vo_rule *rule = vo_rules_find(&rules, it->rule);
        if (!rule)
            fail_msg("no rule %s", it->rule);
        assert_string_equal(rule->metric->name, it->metric);
        bool pass = rule->pass.comparator == it->comparator &&
                    (!it->comparator || rule->pass.low == it->low) &&
                    (it->comparator != VO_LIMIT_BETWEEN || rule->pass.high == it->high);
        bool warn = rule->warn.comparator == it->warn && (!it->warn || rule->warn.low == it->warn_low);
        if (!pass || !warn)
            fail_msg("%s: another limit", it->rule);
    }
    vo_rules_release(&rules);
}

/* 105 of 255 are 41.176 %, within what Cisco's phones take; 106 are 41.569 %, and 127 (49.8 %) the last
 * warning. */
static void raw_105_of_255_passes(void **state)
{
    (void)state;
    static const struct {
        int raw;
        const char *statuses;
    } rows[] = {{105, "p"}, {106, "w"}, {127, "w"}, {128, "f"}};
    static const struct vo_selection selection = {.profile = "voice", .areas = "air"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[300], statuses[16];
        struct vo_case it;
        snprintf(
            text, sizeof text,
            "{\"record\":\"observation\",\"run\":\"r\",\"n\":2,\"subject\":{\"kind\":\"bss\",\"id\":\"b\"},"
            "\"metrics\":{\"wlan_utilization_percent\":%.17g}}\n",
            100.0 * rows[i].raw / 255);
        assert_int_equal(case_file(&it, "rules/cisco.json", &selection, text), VO_OK);
        assert_string_equal(case_statuses(&it, "cisco.air.utilization", statuses), rows[i].statuses);
        assert_string_equal(case_statuses(&it, "cisco.air.utilization.v1", statuses), "n");
        case_free(&it);
    }
}

/* --- Somebody writes what is judged ----------------------------------------------------------------- */

static char *sources; /* of the probes and of what is derived, one after the other */

static void add_source(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t used = sources ? strlen(sources) : 0;
    if (!file)
        return;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    sources = realloc(sources, used + (size_t)size + 1);
    assert_non_null(sources);
    sources[used + fread(sources + used, 1, (size_t)size, file)] = '\0';
    fclose(file);
}

/* What measures places, links and roams is there as soon as voready-wlan has all of its commands. */
static bool everything_is_measured(void)
{
    static const char *const commands[] = {"{\"walk\"", "{\"link\"", "{\"channels\"", "{\"roam\""};
    bool all = access("analyze/derive", R_OK) == 0;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        all = all && strstr(sources, commands[i]);
    return all;
}

static bool is_written(const struct vo_metric_row *metric)
{
    char symbol[80] = "VO_METRIC_";
    size_t used = strlen(symbol);
    for (const char *at = metric->name; *at && used < sizeof symbol - 1; at++)
        symbol[used++] = (char)toupper((unsigned char)*at);
    symbol[used] = '\0';
    for (const char *at = strstr(sources, symbol); at; at = strstr(at + 1, symbol))
        if (!isalnum((unsigned char)at[used]) && at[used] != '_')
            return true;
    return false;
}

static void somebody_writes_what_is_judged(void **state)
{
    (void)state;
    static const char *const places[] = {"probes/*/*.c", "analyze/derive/*.c"};
    static const char *const later[] = {"cell", "access_point", "roam"};
    struct vo_rules rules = {0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        glob_t found;
        if (glob(places[i], 0, NULL, &found) == 0)
            for (size_t j = 0; j < found.gl_pathc; j++)
                add_source(found.gl_pathv[j]);
        globfree(&found);
    }
    assert_non_null(sources);
    bool all = everything_is_measured();
    load(&rules, GUIDE);
    for (size_t i = 0; i < PACKS; i++)
        load(&rules, packs[i]);
    for (size_t i = 0; i < rules.count; i++) {
        const struct vo_rule *rule = &rules.rules[i];
        bool excused =
            !all && (strstr(rule->metric->name, "wlan_capacity") || strstr(rule->metric->name, "busy"));
        for (size_t j = 0; j < sizeof later / sizeof *later; j++)
            excused = excused || (!all && strcmp(rule->subject, later[j]) == 0);
        if (!excused && !is_written(rule->metric))
            fail_msg("%s judges %s, which nobody writes", rule->id, rule->metric->name);
    }
    vo_rules_release(&rules);
    free(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_load_beside_the_guide),    cmocka_unit_test(rules_name_their_source),
        cmocka_unit_test(limits_are_the_documents),       cmocka_unit_test(raw_105_of_255_passes),
        cmocka_unit_test(somebody_writes_what_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
