/* Records of a running probe: kept first, then given on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assess/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define FROM_PIPE 65536 /* a pipe holds so much (pipe(7)) */

/* A folder, a probe's pipe, and a reader's. */
static struct scene {
    char folder[64], path[96];
    int probe, reader;
    struct vo_keep keep;
    struct vo_error error;
} it;

static int set_up(void **state)
{
    int in[2], out[2];
    (void)state;
    it = (struct scene){.folder = "/tmp/voready-keep-XXXXXX"};
    if (!mkdtemp(it.folder) || pipe(in) != 0 || pipe(out) != 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    snprintf(it.path, sizeof it.path, "%s/records.jsonl", it.folder);
    if (vo_keep_open(&it.keep, it.path, &it.error) != VO_OK)
        return -1;
    fcntl(out[1], F_SETFL, O_NONBLOCK);
    it.keep.from = in[0];
    it.keep.to = out[1];
    it.probe = in[1];
    it.reader = out[0];
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vo_keep_close(&it.keep, &it.error);
    if (it.probe >= 0)
        close(it.probe);
    if (it.reader >= 0)
        close(it.reader);
    unlink(it.path);
    return rmdir(it.folder);
}

static void say(const char *text)
{
    assert_int_equal(write(it.probe, text, strlen(text)), strlen(text));
    vo_keep_take(&it.keep);
}

static void end_probe(void)
{
    close(it.probe);
    it.probe = -1;
    vo_keep_take(&it.keep);
}

/* What the file has, up to 200 bytes. */
static const char *kept(void)
{
    static char text[201];
    int file = open(it.path, O_RDONLY);
    ssize_t size = read(file, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    close(file);
    return text;
}

static const char *given(void)
{
    static char text[201];
    ssize_t size = read(it.reader, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static void kept_first_and_given_on(void **state)
{
    (void)state;
    say("one\n");
    assert_string_equal(kept(), "one\n");
    assert_int_equal(it.keep.fed, 0);
    assert_true(vo_keep_feed(&it.keep));
    assert_string_equal(given(), "one\n");
    say("two, and half of ");
    say("three\n");
    assert_true(vo_keep_feed(&it.keep));
    assert_string_equal(given(), "two, and half of three\n");
    assert_false(vo_keep_done(&it.keep)); /* the probe may write more */
    end_probe();
    assert_int_equal(it.keep.from, -1);
    assert_true(vo_keep_done(&it.keep));
    assert_int_equal(vo_keep_close(&it.keep, &it.error), VO_OK);
    assert_string_equal(kept(), "one\ntwo, and half of three\n");
    assert_string_equal(given(), ""); /* the reader sees the end */
}

static void nothing_is_written_over(void **state)
{
    (void)state;
    struct vo_keep other;
    say("one\n");
    assert_int_equal(vo_keep_open(&other, it.path, &it.error), VO_ERR_IO);
    assert_non_null(strstr(it.error.message, "not written over"));
    assert_non_null(strstr(it.error.message, it.path));
    assert_int_equal(vo_keep_open(&other, "/no/such/folder/x", &it.error), VO_ERR_IO);
    assert_non_null(strstr(it.error.message, "--out"));
    assert_string_equal(kept(), "one\n");
}

/* A reader that takes nothing holds nobody up, and is given everything in the end, in order. */
static void slow_reader(void **state)
{
    (void)state;
    enum { LINES = 40000 };
    char line[16], got[FROM_PIPE];
    size_t total = 0, read_so_far = 0;
    for (unsigned i = 0; i < LINES; i++) {
        snprintf(line, sizeof line, "%09u\n", i);
        say(line);
        total += 10;
        assert_true(vo_keep_feed(&it.keep));
    }
    assert_int_equal(it.keep.written, total);
    assert_true(it.keep.fed <= FROM_PIPE);
    end_probe();
    while (read_so_far < total) {
        ssize_t size = read(it.reader, got, sizeof got);
        assert_true(size > 0);
        for (ssize_t i = 0; i < size; i++, read_so_far++)
            if (read_so_far % 10 == 9 ? got[i] != '\n' : got[i] < '0' || got[i] > '9')
                fail_msg("byte %zu is %d", read_so_far, got[i]);
        assert_true(vo_keep_feed(&it.keep));
    }
    assert_true(vo_keep_done(&it.keep));
}

static void dead_reader(void **state)
{
    (void)state;
    close(it.reader);
    it.reader = -1;
    say("one\n");
    assert_false(vo_keep_feed(&it.keep));
    assert_int_equal(it.keep.to, -1);
    say("two\n");
    assert_true(vo_keep_feed(&it.keep)); /* there is none any more: nothing to say */
    assert_string_equal(kept(), "one\ntwo\n");
}

static void limit_size(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* No room: held, and written when there is room again, without a hole. */
static void full_disk_with_room_again(void **state)
{
    (void)state;
    limit_size(6);
    say("0123456789\n");
    assert_int_equal(it.keep.failure, EFBIG);
    assert_int_equal(it.keep.written, 6);
    assert_int_equal(it.keep.held_size, 5);
    say("abc\n");
    assert_int_equal(it.keep.held_size, 9);
    assert_true(vo_keep_feed(&it.keep));
    assert_string_equal(given(), "012345"); /* what is not kept is not given on */
    vo_keep_retry(&it.keep);
    assert_int_equal(it.keep.failure, EFBIG);
    limit_size(RLIM_INFINITY);
    vo_keep_retry(&it.keep);
    assert_int_equal(it.keep.failure, 0);
    assert_int_equal(it.keep.held_size, 0);
    assert_string_equal(kept(), "0123456789\nabc\n");
    assert_true(vo_keep_feed(&it.keep));
    assert_string_equal(given(), "6789\nabc\n");
}

/* What does not fit into memory either is lost: from there on all of it, so that the file has no hole. */
static void full_disk_and_memory(void **state)
{
    (void)state;
    char *block = malloc(FROM_PIPE);
    size_t blocks = VO_KEEP_HELD / FROM_PIPE;
    assert_non_null(block);
    memset(block, 'x', FROM_PIPE);
    limit_size(0);
    for (size_t i = 0; i < blocks; i++) {
        assert_int_equal(write(it.probe, block, FROM_PIPE), FROM_PIPE);
        vo_keep_take(&it.keep);
    }
    assert_int_equal(it.keep.held_size, VO_KEEP_HELD);
    assert_int_equal(it.keep.lost, 0);
    say("lost\n");
    assert_int_equal(it.keep.lost, 5);
    limit_size(RLIM_INFINITY);
    vo_keep_retry(&it.keep);
    say("too\n");
    assert_int_equal(it.keep.lost, 9);
    assert_int_equal(it.keep.written, VO_KEEP_HELD);
    assert_int_equal(vo_keep_close(&it.keep, &it.error), VO_ERR_IO); /* though there is room now */
    assert_non_null(strstr(it.error.message, "9 bytes are lost"));
    free(block);
}

static void full_disk_to_the_end(void **state)
{
    (void)state;
    limit_size(4);
    say("one\ntwo\n");
    end_probe();
    assert_false(vo_keep_done(&it.keep));
    assert_int_equal(vo_keep_close(&it.keep, &it.error), VO_ERR_IO);
    assert_non_null(strstr(it.error.message, "4 bytes are lost"));
    limit_size(RLIM_INFINITY);
    assert_string_equal(kept(), "one\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kept_first_and_given_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_written_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slow_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dead_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_disk_with_room_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_disk_and_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_disk_to_the_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
