/* Who else may be scanning. */
#include "probes/wlan/rivals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char root[] = "/tmp/voready-proc-XXXXXX";

static void process(const char *number, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, number);
    mkdir(path, 0755);
    strncat(path, "/comm", sizeof path - strlen(path) - 1);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\n", name);
    fclose(file);
}

static void test_rivals(void **state)
{
    (void)state;
    char text[128], command[128], small[8];
    assert_non_null(mkdtemp(root));
    assert_string_equal(vo_rivals(root, text, sizeof text), "");
    process("12", "wpa_supplicant");
    process("7", "NetworkManager");
    process("13", "wpa_supplicant");
    process("14", "bash");
    process("self", "iwd"); /* not a number */
    assert_string_equal(vo_rivals(root, text, sizeof text), "NetworkManager, wpa_supplicant");
    vo_rivals(root, small, sizeof small);
    assert_int_equal(strlen(small), 7);
    assert_string_equal(vo_rivals("/nowhere", text, sizeof text), "");
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rivals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
