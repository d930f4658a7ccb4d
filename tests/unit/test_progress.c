#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* A terminal: what is written to `stream` comes out of `master`. */
static struct {
    int master;
    FILE *stream;
} terminal;

static int open_terminal(void **state)
{
    (void)state;
    terminal.master = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal.master < 0 || grantpt(terminal.master) != 0 || unlockpt(terminal.master) != 0)
        return -1;
    terminal.stream = fopen(ptsname(terminal.master), "r+");
    return terminal.stream ? 0 : -1;
}

static int close_terminal(void **state)
{
    (void)state;
    fclose(terminal.stream);
    close(terminal.master);
    return 0;
}

/* What was drawn since the last call; "" if nothing. */
static const char *drawn(void)
{
    static char text[512];
    struct pollfd ready = {.fd = terminal.master, .events = POLLIN};
    fflush(terminal.stream);
    ssize_t size = poll(&ready, 1, 20) == 1 ? read(terminal.master, text, sizeof text - 1) : 0;
    text[size > 0 ? size : 0] = '\0';
    return text;
}

#define MS(n) ((vo_time)(n)*VO_NS_PER_MS)

static void test_line(void **state)
{
    (void)state;
    struct vo_progress progress;
    const vo_time start = MS(5000);
    vo_progress_start(&progress, terminal.stream, "packets", false, start);
    vo_progress_update(&progress, 100, 1, 2, start + MS(999)); /* nothing in the first second */
    assert_string_equal(drawn(), "");
    /* 2,500,000 in 2 s are 1,250,000/s; a quarter is done in 2 s, so 6 s are left */
    vo_progress_update(&progress, 2500000, 250, 1000, start + MS(2000));
    assert_string_equal(drawn(), "\r2,500,000 packets, 1,250,000/s, 25 %, 0:06 left\033[K");
    vo_progress_update(&progress, 2600000, 300, 1000, start + MS(2199)); /* less than 200 ms later */
    assert_string_equal(drawn(), "");
    vo_progress_update(&progress, 22, 0, 0, start + MS(2200)); /* total not known */
    assert_string_equal(drawn(), "\r22 packets, 10/s\033[K");
    /* 10 s for 1 part of 1000: 9990 s are left, 2:46:30 */
    vo_progress_update(&progress, 999, 1, 1000, start + MS(10000));
    assert_string_equal(drawn(), "\r999 packets, 99/s, 0 %, 2:46:30 left\033[K");
    vo_progress_update(&progress, 1000, 2000, 1000, start + MS(20000)); /* a file that grew meanwhile */
    assert_string_equal(drawn(), "\r1,000 packets, 50/s, 100 %, 0:00 left\033[K");
    vo_progress_finish(&progress);
    assert_string_equal(drawn(), "\r\033[K");
    vo_progress_finish(&progress);
    vo_progress_update(&progress, 1000, 1000, 1000, start + MS(30000));
    assert_string_equal(drawn(), "");
}

static void test_quiet(void **state)
{
    (void)state;
    struct vo_progress progress;
    vo_progress_start(&progress, terminal.stream, "packets", true, 0);
    vo_progress_update(&progress, 1, 1, 2, MS(5000));
    vo_progress_finish(&progress);
    assert_string_equal(drawn(), "");
}

static void test_terminal_of_another(void **state)
{
    (void)state;
    struct vo_progress progress;
    setenv(VO_PROGRESS_ENVIRONMENT, "off", 1);
    vo_progress_start(&progress, terminal.stream, "packets", false, 0);
    vo_progress_update(&progress, 1, 1, 2, MS(5000));
    vo_progress_finish(&progress);
    unsetenv(VO_PROGRESS_ENVIRONMENT);
    assert_string_equal(drawn(), "");
}

static void test_short_work_draws_nothing(void **state)
{
    (void)state;
    struct vo_progress progress;
    vo_progress_start(&progress, terminal.stream, "packets", false, 0);
    vo_progress_update(&progress, 1, 1, 2, MS(900));
    vo_progress_finish(&progress);
    assert_string_equal(drawn(), "");
}

static void test_not_a_terminal(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    struct vo_progress progress;
    vo_progress_start(&progress, file, "packets", false, 0);
    vo_progress_update(&progress, 1, 1, 2, MS(5000));
    vo_progress_finish(&progress);
    assert_int_equal(ftell(file), 0);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_terminal_of_another),
        cmocka_unit_test(test_short_work_draws_nothing),
        cmocka_unit_test(test_not_a_terminal),
    };
    return cmocka_run_group_tests(tests, open_terminal, close_terminal);
}
