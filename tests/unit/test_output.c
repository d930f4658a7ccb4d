#include "core/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/voready-output-XXXXXX";

static int make_files(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    FILE *a = fopen("a", "w"), *b = fopen("b", "w");
    if (!a || !b || fclose(a) != 0 || fclose(b) != 0)
        return -1;
    return link("a", "hard") != 0 || symlink("a", "soft") != 0;
}

static int remove_files(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "hard", "soft"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(names[i]);
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void same_file_is_refused_by_any_name(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "./a", "hard", "soft"};
    const char *const inputs[] = {"b", "a"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct vo_error error = {VO_OK, ""};
        assert_int_equal(vo_output_apart(names[i], inputs, 2, &error), VO_ERR_USAGE);
        assert_non_null(strstr(error.message, names[i]));
        assert_non_null(strstr(error.message, "-o"));
    }
}

static void other_outputs_pass(void **state)
{
    (void)state;
    const char *const inputs[] = {"a", "/dev/null", "gone", "-"};
    static const char *const names[] = {NULL, "-", "b", "new", "gone", "/dev/null"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(vo_output_apart(names[i], inputs, 4, NULL), VO_OK);
    assert_int_equal(vo_output_apart("a", inputs, 0, NULL), VO_OK);
}

/* A child prints to `path` and ends with vo_output_finish(.., 4): its exit status, -1 if it cannot be run. */
static int finish_on(const char *path)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr) || !freopen(path, "w", stdout) || printf("result\n") < 0)
            _exit(99);
        _exit(vo_output_finish("program", 4));
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static void lost_output_is_a_failure(void **state)
{
    (void)state;
    assert_int_equal(finish_on("/dev/null"), 4);
    assert_int_equal(finish_on("/dev/full"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_file_is_refused_by_any_name),
        cmocka_unit_test(other_outputs_pass),
        cmocka_unit_test(lost_output_is_a_failure),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
