/* A capture point: how it is named on the command line. */
#include "probes/rtp/point.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_parse(void **state)
{
    (void)state;
    struct vo_point point;
    struct vo_error error;
    assert_int_equal(vo_point_parse("phone:a.pcap", &point, &error), VO_OK);
    assert_string_equal(point.name, "phone");
    assert_int_equal(point.file_count, 1);
    assert_string_equal(point.files[0], "a.pcap");
    vo_point_release(&point);
    assert_int_equal(vo_point_parse("b:one,two:x,/dir/three", &point, &error), VO_OK);
    assert_int_equal(point.file_count, 3);
    assert_string_equal(point.files[1], "two:x");
    assert_string_equal(point.files[2], "/dir/three");
    vo_point_release(&point);
    static const char *const bad[] = {"", "a.pcap", ":a.pcap", "a:", "a:x,,y", "a:x,", "a>b:x", "a\n:x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(vo_point_parse(bad[i], &point, &error), VO_ERR_USAGE);
        assert_non_null(strstr(error.message, bad[i]));
        vo_point_release(&point);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
