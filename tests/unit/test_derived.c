/* Derived observations: made beside those that were read, and taken back. */
#include "analyze/derived.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/analyze_case.h"

#include <math.h>
#include <stdlib.h>

#define RULES  PACK(RULE("air.signal", "false", "cell", "wlan_signal_dbm", ",\"pass\":{\"at_least\":-70}"))
#define SIGNAL VO_METRIC_WLAN_SIGNAL_DBM

static struct vo_case it;

static size_t count(const char *kind)
{
    size_t facts = 0;
    for (const struct vo_facts_subject *subject = it.facts->subjects; subject; subject = subject->next)
        for (const struct vo_fact *fact = subject->first; fact; fact = fact->next)
            facts += strcmp(subject->kind, kind) == 0;
    return facts;
}

static void begin(const char *records)
{
    assert_int_equal(case_rules(&it, RULES, NULL), VO_OK);
    assert_int_equal(vo_facts_new(&it.rules, &it.facts, &it.error), VO_OK);
    assert_int_equal(case_read(&it, records), VO_OK);
}

static void what_is_in_one(void **state)
{
    (void)state;
    char text[] = "a";
    begin(RUN("r") OBS("r", "2", "cell", "a", "", "") OBS("r", "3", "cell", "b", "", ""));
    struct vo_facts_subject *first = it.facts->subjects, *second = first->next;
    struct vo_fact *fact = vo_derive_begin(it.facts, "cell", text, "key", 5);
    vo_derive_label(it.facts, fact, "place", "Hall");
    vo_derive_label(it.facts, fact, "nothing", NULL);
    vo_derive_label_number(it.facts, fact, "number", 7);
    vo_derive_label_number(it.facts, fact, "none", NAN);
    vo_derive_number(it.facts, fact, SIGNAL, -60, "mean_of_mw", 1.5);
    vo_derive_number(it.facts, fact, SIGNAL, -10, NULL, NAN);                   /* the first stands */
    vo_derive_number(it.facts, fact, VO_METRIC_WLAN_NOISE_DBM, -95, NULL, NAN); /* nobody wants it */
    vo_derive_missing(it.facts, fact, VO_METRIC_WLAN_SIGNAL_FRAMES, "not %s", "told");
    vo_derive_evidence(it.facts, fact, second->first);
    vo_derive_evidence(it.facts, fact, first->first);
    text[0] = 'x'; /* all is copied */
    assert_ptr_equal(first->last, fact);
    assert_ptr_equal(fact->id, first->id);
    assert_string_equal(fact->place, "Hall");
    assert_int_equal(fact->label_count, 2);
    assert_true(vo_fact_number(fact, SIGNAL) == -60);
    assert_true(vo_fact_value(fact, &vo_metrics[SIGNAL])->uncertainty == 1.5);
    assert_string_equal(vo_fact_value(fact, &vo_metrics[VO_METRIC_WLAN_SIGNAL_FRAMES])->text, "not told");
    assert_false(vo_fact_tells(fact, &vo_metrics[VO_METRIC_WLAN_NOISE_DBM]));
    assert_int_equal(fact->evidence_count, 2);
    assert_true(fact->evidence[0].n == 3 && fact->evidence[1].n == 2);
    assert_true(fact->time == second->first->time); /* the latest */
    assert_int_equal(vo_derived_status(it.facts, &it.error), VO_OK);
    case_free(&it);
}

/* Numbers that are none are missing; what nobody asks for is nothing, and everything accepts it. */
static void nothing(void **state)
{
    (void)state;
    begin(RUN("r"));
    struct vo_fact *fact = vo_derive_begin(it.facts, "cell", "a", NULL, 0);
    vo_derive_number(it.facts, fact, SIGNAL, NAN, NULL, NAN);
    assert_int_equal(vo_fact_value(fact, &vo_metrics[SIGNAL])->type, VO_VALUE_MISSING);
    fact = vo_derive_begin(it.facts, "nat", "a", NULL, 1);
    assert_null(fact);
    vo_derive_label(it.facts, fact, "a", "b");
    vo_derive_label_number(it.facts, fact, "a", 1);
    vo_derive_number(it.facts, fact, SIGNAL, 1, NULL, NAN);
    vo_derive_word(it.facts, fact, VO_METRIC_WLAN_COVERAGE, "heard");
    vo_derive_missing(it.facts, fact, SIGNAL, "x");
    vo_derive_evidence(it.facts, fact, NULL);
    assert_int_equal(vo_derived_status(it.facts, &it.error), VO_OK);
    case_free(&it);
}

/* Subjects that were read keep what was read; those that only were derived go. Again and again. */
static void taken_back(void **state)
{
    (void)state;
    begin(RUN("r") OBS("r", "2", "cell", "a", "", ""));
    for (int i = 0; i < 3; i++) {
        assert_non_null(vo_derive_begin(it.facts, "cell", "a", NULL, 0));
        assert_non_null(vo_derive_begin(it.facts, "cell", "new", NULL, 0));
        assert_non_null(vo_derive_begin(it.facts, "cell", "new", NULL, 0));
        assert_int_equal(count("cell"), (size_t)(4 + i));
        vo_facts_underive(it.facts);
        assert_int_equal(count("cell"), (size_t)(1 + i));
        vo_facts_underive(it.facts);
        /* one more is read behind them, under a name that was derived before */
        char record[200];
        snprintf(record, sizeof record,
                 "{\"record\":\"observation\",\"run\":\"r\",\"n\":%d,\"subject\":{\"kind\":\"cell\",\"id\":"
                 "\"new\",\"visit\":%d}}\n",
                 i + 3, i);
        assert_int_equal(case_read(&it, record), VO_OK);
        assert_int_equal(count("cell"), (size_t)(2 + i));
    }
    assert_non_null(it.facts->subjects->next);
    assert_null(it.facts->subjects->next->next);
    case_free(&it);
}

/* Reading takes them back by itself. */
static void reading_takes_back(void **state)
{
    (void)state;
    begin(RUN("r"));
    assert_non_null(vo_derive_begin(it.facts, "cell", "a", NULL, 0));
    assert_int_equal(case_read(&it, OBS("r", "2", "call", "c", "", "")), VO_OK);
    assert_int_equal(count("cell"), 0);
    assert_null(it.facts->subjects);
    case_free(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_one),
        cmocka_unit_test(nothing),
        cmocka_unit_test(taken_back),
        cmocka_unit_test(reading_takes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
