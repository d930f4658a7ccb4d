#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/out.h"
#include "tests/unit/report_fixture.h"

static void check(void (*write)(struct vo_out *, const char *), const char *text, const char *expected)
{
    struct vo_out out = {0};
    write(&out, text);
    assert_string_equal(out.data ? out.data : "", expected);
    vo_out_release(&out);
}

static void test_markup_is_escaped(void **state)
{
    (void)state;
    check(vo_out_html, "<b a=\"1\" c='2'>&", "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
    check(vo_out_xml, "]]><!--", "]]&gt;&lt;!--");
    check(vo_out_html, NULL, "");
}

static void test_control_characters(void **state)
{
    (void)state;
    /* ESC, BEL and C1's CSI would steer a terminal; U+202E turns what follows around. */
    check(vo_out_plain, "a\033[31mb\007\xC2\x9B\xE2\x80\xAE",
          "a\xEF\xBF\xBD[31mb\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    check(vo_out_xml, "a\001b\xE2\x80\xAEz", "abz");
    check(vo_out_html, "two\r\nlines\t", "two  lines ");
}

static void test_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    check(vo_out_html, "\xFFx\xC3", "\xEF\xBF\xBDx\xEF\xBF\xBD");
    check(vo_out_plain, "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"); /* an overlong '/' */
    check(vo_out_plain, "gr\xC3\xBC\xC3\x9F \xF0\x9F\x93\x9E", "gr\xC3\xBC\xC3\x9F \xF0\x9F\x93\x9E");
    check(vo_out_xml, "\xEF\xBF\xBF", "\xEF\xBF\xBD"); /* U+FFFF is no XML character */
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(vo_out_width("caller → callee"), 15);
    assert_int_equal(vo_out_width(NULL), 0);
    assert_int_equal(vo_out_width("大厅 A"), 6);    /* ideographs take two columns */
    assert_int_equal(vo_out_width("e\xCC\x81"), 1); /* a combining accent takes none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markup_is_escaped),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_bytes_that_are_not_utf8),
        cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
