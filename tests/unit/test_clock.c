#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"

#include <string.h>
#include <time.h>

/* Seconds by `date -u -d TEXT +%s`. */
static const struct {
    vo_time time;
    const char *text;
} pairs[] = {
    {0, "1970-01-01T00:00:00Z"},
    {1, "1970-01-01T00:00:00.000000001Z"},
    {1000, "1970-01-01T00:00:00.000001Z"},
    {1000000, "1970-01-01T00:00:00.001Z"},
    {100000000, "1970-01-01T00:00:00.100Z"},
    {-1, "1969-12-31T23:59:59.999999999Z"},
    {-VO_NS_PER_S, "1969-12-31T23:59:59Z"},
    {-86400 * VO_NS_PER_S, "1969-12-31T00:00:00Z"},
    {-86401 * VO_NS_PER_S, "1969-12-30T23:59:59Z"},
    {1795369472123456789, "2026-11-22T17:44:32.123456789Z"},
    {951782400 * VO_NS_PER_S, "2000-02-29T00:00:00Z"},
    {951868800 * VO_NS_PER_S, "2000-03-01T00:00:00Z"},
    {1709251199 * VO_NS_PER_S, "2024-02-29T23:59:59Z"},
    {4107542400 * VO_NS_PER_S, "2100-03-01T00:00:00Z"}, /* 2100 is no leap year */
    {4107456000 * VO_NS_PER_S, "2100-02-28T00:00:00Z"},
    {-2203891200 * VO_NS_PER_S, "1900-03-01T00:00:00Z"},
    {-2203977600 * VO_NS_PER_S, "1900-02-28T00:00:00Z"},
    {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
    {INT64_MIN + 1, "1677-09-21T00:12:43.145224193Z"},
};

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[VO_TIME_TEXT_SIZE];
        vo_time time = 1;
        assert_string_equal(vo_time_format(pairs[i].time, text), pairs[i].text);
        assert_int_equal(vo_time_parse(pairs[i].text, &time, NULL), VO_OK);
        assert_true(time == pairs[i].time);
    }
}

static void test_agrees_with_gmtime(void **state)
{
    (void)state;
    /* Every 7 h 13 min 5 s over all representable days: each date, leap days too, at changing hours. */
    for (int64_t s = -9223372036 + 1; s < 9223372036; s += 25985) {
        char ours[VO_TIME_TEXT_SIZE], theirs[VO_TIME_TEXT_SIZE];
        time_t seconds = (time_t)s;
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%SZ", &tm);
        vo_time_format(s * VO_NS_PER_S, ours);
        if (strcmp(ours, theirs) != 0)
            assert_string_equal(ours, theirs);
        vo_time back = 0;
        if (vo_time_parse(ours, &back, NULL) != VO_OK || back != s * VO_NS_PER_S)
            fail_msg("%s does not read back", ours);
    }
}

static void test_accepted_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        vo_time time;
    } forms[] = {
        {"1970-01-01T01:00:00+01:00", 0},
        {"1969-12-31T14:30:00-09:30", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01T00:00:00.5Z", 500000000},
        {"1970-01-01T00:00:00.12Z", 120000000},
        {"1969-12-31T23:59:59.25Z", -750000000},
        {"2016-12-31T23:59:60Z", 1483228800 * VO_NS_PER_S}, /* leap second: 2017-01-01T00:00:00Z */
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        vo_time time = 1;
        assert_int_equal(vo_time_parse(forms[i].text, &time, NULL), VO_OK);
        assert_true(time == forms[i].time);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-22",
        "2026-11-22 17:44:32Z",
        "2026-11-22T17:44:32",
        "2026-11-22T17:44:32Zx",
        "2026-11-22T17:44:32.Z",
        "2026-11-22T17:44:32.1234567890Z",
        "2026-11-22T17:44:32+1:00",
        "2026-11-22T17:44:32+24:00",
        "2026-11-22T24:00:00Z",
        "2026-11-22T17:60:00Z",
        "2026-11-22T17:44:61Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "-026-11-22T17:44:32Z",
        "2026-11-22T17:44: 2Z",
        "0001-01-01T00:00:00Z", /* a date, but not one of 64 bits of nanoseconds */
        "9999-12-31T23:59:59Z",
        "2262-04-11T23:47:16.854775808Z",
        "1677-09-21T00:12:43.145224192Z", /* would be VO_TIME_UNKNOWN */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vo_error error = {0};
        vo_time time;
        if (vo_time_parse(bad[i], &time, &error) != VO_ERR_INPUT)
            fail_msg("\"%s\" was accepted", bad[i]);
        assert_non_null(strstr(error.message, bad[i]));
    }
    vo_time time;
    assert_int_equal(vo_time_parse(NULL, &time, NULL), VO_ERR_INPUT);
}

static void test_unknown_is_no_date(void **state)
{
    (void)state;
    char text[VO_TIME_TEXT_SIZE];
    assert_string_equal(vo_time_format(VO_TIME_UNKNOWN, text), "unknown");
}

static void test_clocks_run(void **state)
{
    (void)state;
    vo_time before = vo_clock_monotonic();
    assert_true(vo_clock_monotonic() >= before);
    assert_true(vo_clock_now() > 1700000000 * VO_NS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_agrees_with_gmtime),
        cmocka_unit_test(test_accepted_forms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_unknown_is_no_date),
        cmocka_unit_test(test_clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
