/* Which networks are surveyed. */
#include "probes/wlan/surveyed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static void test_by_option(void **state)
{
    (void)state;
    static const char *const names[] = {"voice", "B\xc3\xbcro"};
    struct vo_surveyed surveyed;
    assert_int_equal(vo_surveyed_name(names, 2, &surveyed, NULL), VO_OK);
    assert_string_equal(surveyed.told_by, "option");
    assert_true(vo_surveyed_has(&surveyed, BYTES("voice")));
    assert_true(vo_surveyed_has(&surveyed, BYTES("B\xc3\xbcro")));
    assert_false(vo_surveyed_has(&surveyed, BYTES("voice2")));
    assert_false(vo_surveyed_has(&surveyed, BYTES("Voice")));
    assert_false(vo_surveyed_has(&surveyed, BYTES(""))); /* a hidden one */
    vo_surveyed_associated(&surveyed, BYTES("guest"));   /* named ones come first */
    assert_false(vo_surveyed_has(&surveyed, BYTES("guest")));
}

static void test_by_association(void **state)
{
    (void)state;
    struct vo_surveyed surveyed;
    assert_int_equal(vo_surveyed_name(NULL, 0, &surveyed, NULL), VO_OK);
    assert_null(surveyed.told_by);
    assert_false(vo_surveyed_has(&surveyed, BYTES("voice")));
    vo_surveyed_associated(&surveyed, BYTES("voice"));
    assert_string_equal(surveyed.told_by, "association");
    assert_true(vo_surveyed_has(&surveyed, BYTES("voice")));
}

/* As records write what is no UTF-8. */
static void test_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"B\\xfcro", "a\\x", "a\\xzz"};
    struct vo_surveyed surveyed;
    assert_int_equal(vo_surveyed_name(names, 3, &surveyed, NULL), VO_OK);
    assert_true(vo_surveyed_has(&surveyed, BYTES("B\xfcro")));
    assert_true(vo_surveyed_has(&surveyed, BYTES("a\\x"))); /* these are no such bytes */
    assert_true(vo_surveyed_has(&surveyed, BYTES("a\\xzz")));
}

static void test_wrong(void **state)
{
    (void)state;
    const char *empty = "", *longest = "12345678901234567890123456789012",
               *too_long = "123456789012345678901234567890123";
    const char *many[VO_SURVEYED_MOST + 1];
    struct vo_surveyed surveyed;
    struct vo_error error;
    for (unsigned i = 0; i <= VO_SURVEYED_MOST; i++)
        many[i] = "x";
    assert_int_equal(vo_surveyed_name(&empty, 1, &surveyed, &error), VO_ERR_USAGE);
    assert_int_equal(vo_surveyed_name(&longest, 1, &surveyed, &error), VO_OK);
    assert_int_equal(vo_surveyed_name(&too_long, 1, &surveyed, &error), VO_ERR_USAGE);
    assert_non_null(strstr(error.message, "32 bytes"));
    assert_int_equal(vo_surveyed_name(many, VO_SURVEYED_MOST, &surveyed, &error), VO_OK);
    assert_int_equal(vo_surveyed_name(many, VO_SURVEYED_MOST + 1, &surveyed, &error), VO_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_option),
        cmocka_unit_test(test_by_association),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
