/* What counts as lost ground: links and families, not single addresses and not what is new. */
#include "probes/reach/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct vo_ground both = {.interfaces = {{"wlan0", {true, true}}, {"eth0", {true, false}}},
                                      .count = 2};

static void what_is_lost_is_told(void **state)
{
    (void)state;
    static const struct {
        struct vo_ground now;
        const char *text; /* NULL: nothing is lost */
    } rows[] = {
        {{{{"eth0", {true, false}}, {"wlan0", {true, true}}}, 2}, NULL}, /* in another order */
        {{{{"wlan0", {true, true}}, {"eth0", {true, true}}, {"tun0", {true, false}}}, 3}, NULL}, /* more */
        {{{{"wlan0", {true, true}}}, 1}, "eth0 lost its link"},
        {{{{"wlan0", {true, false}}, {"eth0", {true, false}}}, 2}, "wlan0 lost its IPv6 address"},
        {{{{"wlan0", {false, true}}, {"eth0", {true, false}}}, 2}, "wlan0 lost its IPv4 address"},
        {{.count = 0}, "wlan0 lost its link"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200] = "";
        assert_int_equal(vo_ground_moved(&both, &rows[i].now, text, sizeof text), rows[i].text != NULL);
        if (rows[i].text && !strstr(text, rows[i].text))
            fail_msg("row %zu: %s", i, text);
    }
}

static void this_host_stands_still(void **state)
{
    (void)state;
    struct vo_ground one, other;
    char text[200];
    vo_ground_look(&one);
    vo_ground_look(&other);
    assert_false(vo_ground_moved(&one, &other, text, sizeof text));
    for (size_t i = 0; i < one.count; i++)
        assert_string_not_equal(one.interfaces[i].name, "lo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_lost_is_told),
        cmocka_unit_test(this_host_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
