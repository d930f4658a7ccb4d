/* Whom a rule speaks of: other vantages, what is not judged, groups, and silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/analyze_case.h"

#include <stdlib.h>

#define OPEN           ",\"pass\":{\"equals\":\"open\"}"
#define REACH(more)    RULE("fw.x", "true", "target", "reach_state", more)
#define ANY(by)        OPEN ",\"aggregate\":\"any\",\"by\":" by
#define STATE(s)       ",\"states\":{\"reach_state\":\"" s "\"}"
#define MISSING(why)   ",\"missing\":{\"reach_state\":\"" why "\"}"
#define T(n, id, l, m) OBS("r", n, "target", id, l, m)
#define HOST(h)        ",\"host\":\"" h "\""
#define ADDRESS(a)     ",\"address\":\"" a "\""
#define PORT(p)        ",\"port\":" p
#define ELSEWHERE(v)   ",\"vantage\":\"" v "\",\"elsewhere\":\"" v "\""
#define FROM(v)        ",\"vantage\":\"" v "\""
#define RECORDS(lines) RUN("r") lines END("r")
#define SILENT                                                                                               \
    ",\"pass\":{\"one_of\":[\"closed\",\"filtered\"]},\"alive_by\":\"address\",\"where\":{\"port\":[8081]}"

struct row {
    const char *name, *rule, *records;
    const char *statuses; /* of the results, in their order: p f n a i */
    int exit;
    const char *reason; /* a part of the first one */
};

static const struct row rows[] = {
    /* other vantages */
    {"another vantage", REACH(OPEN), RECORDS(T("2", "x", ELSEWHERE("uc"), MISSING("not from here"))), "a", 0,
     "it belongs to vantage uc: run voready-reach --vantage uc there"},
    {"another vantage, and what is tried here", REACH(OPEN),
     RECORDS(T("2", "x", ELSEWHERE("uc"), MISSING("no")) T("3", "y", FROM("wifi"), STATE("open"))), "ap", 0,
     ""},
    {"the other vantage's records are there too", REACH(OPEN),
     RECORDS(T("2", "x", ELSEWHERE("uc"), MISSING("no")) T("3", "x 10.0.0.1", FROM("uc"), STATE("closed"))),
     "f", 3, "closed is not open"},
    {"the same subject from both vantages, the wrong one later", REACH(OPEN),
     RECORDS(T("2", "x", FROM("wifi"), STATE("closed")) T("3", "x", ELSEWHERE("wifi"), MISSING("no"))), "f",
     3, "closed is not open"},
    {"of two vantages one was tried", REACH(OPEN),
     RECORDS(T("2", "x", ELSEWHERE("uc"), MISSING("no")) T("3", "y", ELSEWHERE("sbc"), MISSING("no"))
                 T("4", "x 10.0.0.1", FROM("uc"), STATE("open"))),
     "ap", 0, "vantage sbc"},
    {"a cut run does not make it unmeasured", REACH(OPEN),
     RUN("r") T("2", "x", ELSEWHERE("uc"), MISSING("no")) CUT("r", "stopped"), "a", 0, "vantage uc"},
    {"not applicable for another reason", REACH(OPEN),
     RECORDS(T("2", "x", ",\"not_applicable\":\"this host has no IPv6 address\"", MISSING("no route"))), "a",
     0, "this host has no IPv6 address"},
    {"nothing at all is not measured", REACH(OPEN), RECORDS(""), "n", 5, "the records have no target"},
    /* what is not judged */
    {"not judged", REACH(OPEN), RECORDS(T("2", "x", ",\"judged\":\"no\"", STATE("closed"))), "i", 0,
     "closed is not open; for information"},
    {"not judged and not measured", REACH(OPEN),
     RECORDS(T("2", "x", ",\"judged\":\"no\"", MISSING("no route"))), "i", 0, "no route; for information"},
    {"judged", REACH(OPEN), RECORDS(T("2", "x", ",\"judged\":\"yes\"", STATE("closed"))), "f", 3, ""},
    {"a bad record stays an error", REACH(OPEN), RECORDS(T("2", "x", ",\"judged\":\"no\"", STATE("ajar"))),
     "e", 1, "'ajar' is not a word"},
    /* what explains a failure */
    {"who refused", REACH(OPEN),
     RECORDS(T("2", "x", ",\"offender\":\"10.0.0.1\",\"icmp\":\"3/13\"", STATE("rejected"))), "f", 3,
     "rejected is not open; refused by 10.0.0.1; 3/13"},
    {"nobody, of a pass", REACH(OPEN), RECORDS(T("2", "x", ",\"detail\":\"banner\"", STATE("open"))), "p", 0,
     "open is open"},
    /* groups: 5223 or 443, of each address by itself */
    {"one port of each address suffices", REACH(ANY("[\"address\"]")),
     RECORDS(T("2", "a", ADDRESS("10.0.0.1") PORT("5223"), STATE("filtered"))
                 T("3", "b", ADDRESS("2001:db8::1") PORT("5223"), STATE("open"))
                     T("4", "c", ADDRESS("10.0.0.1") PORT("443"), STATE("open"))
                         T("5", "d", ADDRESS("2001:db8::1") PORT("443"), STATE("closed"))),
     "pp", 0, "best of 2: open is open"},
    {"one family does not connect", REACH(ANY("[\"host\",\"address\"]")),
     RECORDS(T("2", "a", HOST("h") ADDRESS("10.0.0.1"), STATE("open"))
                 T("3", "b", HOST("h") ADDRESS("2001:db8::1"), STATE("filtered"))
                     T("4", "c", HOST("h") ADDRESS("2001:db8::1"), STATE("closed"))),
     "pf", 3, ""},
    {"numbers are compared as numbers", REACH(ANY("[\"port\"]")),
     RECORDS(T("2", "a", PORT("443"), STATE("open")) T("3", "b", PORT("443.0"), STATE("closed"))
                 T("4", "c", PORT("5223"), STATE("closed"))),
     "pf", 3, ""},
    {"without by all are one", REACH(OPEN ",\"aggregate\":\"any\""),
     RECORDS(T("2", "a", ADDRESS("10.0.0.1"), STATE("open"))
                 T("3", "b", ADDRESS("10.0.0.2"), STATE("closed"))),
     "p", 0, "best of 2"},
    {"in a group only what is applicable and judged decides", REACH(ANY("[\"host\"]")),
     RECORDS(T("2", "a", HOST("h") ",\"not_applicable\":\"no IPv6\"", MISSING("no")) T(
         "3", "b", HOST("h") ",\"judged\":\"no\"", STATE("open")) T("4", "c", HOST("h"), STATE("closed"))),
     "f", 3, "closed is not open"},
    {"a group of other vantages only", REACH(ANY("[\"host\"]")),
     RECORDS(T("2", "a", HOST("h") ELSEWHERE("sbc"), MISSING("no"))
                 T("3", "b", HOST("h") ELSEWHERE("sbc"), MISSING("no"))),
     "a", 0, "vantage sbc"},
    {"in groups, what does not mention the metric stays out", REACH(ANY("[\"host\"]")),
     RECORDS(T("2", "a", HOST("h"), STATE("open"))
                 T("3", "b", HOST("i"), ",\"states\":{\"dns_state\":\"resolved\"}")),
     "p", 0, ""},
    /* silence */
    {"silence, and another port answers", REACH(SILENT),
     RECORDS(T("2", "a", ADDRESS("10.0.0.1") PORT("8081"), STATE("filtered"))
                 T("3", "b", ADDRESS("10.0.0.1") PORT("8443"), STATE("open"))),
     "p", 0, "while 10.0.0.1 answers on another port"},
    {"silence, and another port refuses", REACH(SILENT),
     RECORDS(T("2", "a", ADDRESS("10.0.0.1") PORT("8081"), STATE("filtered"))
                 T("3", "b", ADDRESS("10.0.0.1") PORT("8443"), STATE("closed"))),
     "p", 0, ""},
    {"silence of the whole address", REACH(SILENT),
     RECORDS(T("2", "a", ADDRESS("10.0.0.1") PORT("8081"), STATE("filtered"))
                 T("3", "b", ADDRESS("10.0.0.1") PORT("8443"), STATE("filtered"))
                     T("4", "c", ADDRESS("10.0.0.2") PORT("8443"), STATE("open"))),
     "n", 5, "no other port of 10.0.0.1 answered either"},
    {"a router's refusal proves nothing of the address", REACH(SILENT),
     RECORDS(T("2", "a", ADDRESS("10.0.0.1") PORT("8081"), STATE("filtered"))
                 T("3", "b", ADDRESS("10.0.0.1") PORT("8443"), STATE("rejected"))),
     "n", 5, ""},
    {"silence without an address", REACH(SILENT),
     RECORDS(T("2", "a", PORT("8081"), STATE("filtered")) T("3", "b", PORT("8443"), STATE("open"))), "n", 5,
     "no other port of this target"},
    {"a refusal needs no witness", REACH(SILENT),
     RECORDS(T("2", "a", ADDRESS("10.0.0.1") PORT("8081"), STATE("closed"))), "p", 0, ""},
    {"an open port is a failure, whoever answers", REACH(SILENT),
     RECORDS(T("2", "a", ADDRESS("10.0.0.1") PORT("8081"), STATE("open"))
                 T("3", "b", ADDRESS("10.0.0.1") PORT("8443"), STATE("open"))),
     "f", 3, ""},
};

static char letter(enum vo_result_status status)
{
    return "pwfnasie"[status];
}

static void rows_give_statuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct vo_case it;
        char pack[2048], statuses[20];
        size_t count = 0;
        snprintf(pack, sizeof pack, PACK("%s"), row->rule);
        if (case_run(&it, pack, NULL, row->records) != VO_OK)
            fail_msg("%s: %s", row->name, it.error.message);
        for (const struct vo_result *result = it.evaluation.first; result; result = result->next)
            statuses[count++] = letter(result->status);
        statuses[count] = '\0';
        const struct vo_result *first = it.evaluation.first;
        if (strcmp(statuses, row->statuses) != 0 || vo_verdict_exit(it.evaluation.verdict) != row->exit ||
            !strstr(first->reason, row->reason))
            fail_msg("%s: %s, exit %d, \"%s\"", row->name, statuses, vo_verdict_exit(it.evaluation.verdict),
                     first->reason);
        case_free(&it);
    }
}

/* A thousand addresses in groups of two, each group with one open port. */
static void groups_keep_apart(void **state)
{
    (void)state;
    struct vo_case it;
    size_t room = 400000, used = 0, results = 0;
    char *records = malloc(room);
    used += (size_t)snprintf(records, room, RUN("r"));
    for (unsigned i = 0; i < 2000; i++)
        used += (size_t)snprintf(
            records + used, room - used,
            "{\"record\":\"observation\",\"run\":\"r\",\"n\":%u,\"subject\":{\"kind\":\"target\","
            "\"id\":\"t%u\",\"key\":\"k\",\"address\":\"a%u\"},\"states\":{\"reach_state\":"
            "\"%s\"}}\n",
            i + 2, i, i % 1000, i < 1000 ? "filtered" : "open");
    snprintf(records + used, room - used, END("r"));
    assert_int_equal(case_run(&it, PACK(REACH(ANY("[\"address\"]"))), NULL, records), VO_OK);
    for (const struct vo_result *result = it.evaluation.first; result; result = result->next, results++) {
        assert_int_equal(result->status, VO_RESULT_PASS);
        assert_int_equal(result->subjects, 2);
    }
    assert_int_equal(results, 1000);
    case_free(&it);
    free(records);
}

static const struct {
    const char *rule, *message;
} mistakes[] = {
    {REACH(OPEN ",\"by\":[\"host\"]"), "rule fw.x: by lists labels, and goes with aggregate"},
    {REACH(ANY("[]")), "by lists labels"},
    {REACH(ANY("[\"adress\"]")), "by: unknown label 'adress' of target (did you mean 'address'?)"},
    {REACH(ANY("[3]")), "by: unknown label '(not a text)'"},
    {REACH(ANY("[\"dns_state\"]")), "by: unknown label 'dns_state'"},
    {REACH(OPEN ",\"alive_by\":\"adress\""),
     "alive_by: unknown label 'adress' of target (did you mean 'address'?)"},
    {REACH(OPEN ",\"aggregate\":\"any\",\"alive_by\":\"address\""),
     "alive_by goes with a metric that has the word filtered"},
    {RULE("fw.x", "true", "target", "dns_state",
          ",\"pass\":{\"equals\":\"resolved\"},\"alive_by\":\"address\""),
     "alive_by goes with a metric that has the word filtered"},
    {REACH(OPEN ",\"where\":{\"demnad\":[\"x\"]}"),
     "where: unknown label 'demnad' of target (did you mean 'demand'?)"},
};

static void mistakes_name_the_label(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct vo_case it;
        char pack[2048];
        snprintf(pack, sizeof pack, PACK("%s"), mistakes[i].rule);
        if (case_rules(&it, pack, NULL) != VO_ERR_USAGE || !strstr(it.error.message, mistakes[i].message))
            fail_msg("row %zu: %s", i, it.error.message);
        case_free(&it);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_give_statuses),
        cmocka_unit_test(groups_keep_apart),
        cmocka_unit_test(mistakes_name_the_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
