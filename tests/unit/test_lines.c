/* Lines as they come in pieces. */
#include "probes/wlan/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void feed(struct vo_lines *lines, const char *text, size_t size)
{
    size_t room;
    char *space = vo_lines_space(lines, &room);
    assert_true(size <= room);
    memcpy(space, text, size);
    if (size)
        vo_lines_add(lines, size);
}

static void assert_line(struct vo_lines *lines, const char *expected)
{
    char text[VO_LINE_TEXT];
    assert_true(vo_lines_next(lines, text));
    assert_string_equal(text, expected);
}

static void assert_no_line(struct vo_lines *lines)
{
    char text[VO_LINE_TEXT];
    assert_false(vo_lines_next(lines, text));
}

/* At every cut of the text the lines are the same; the last one needs no end. */
static void test_in_pieces(void **state)
{
    (void)state;
    static const char text[] = "Lobby\n\n  2. OG, Büro \t\r\nend";
    for (size_t cut = 0; cut <= sizeof text - 1; cut++) {
        struct vo_lines lines = {.size = 0};
        char first[VO_LINE_TEXT];
        feed(&lines, text, cut);
        if (cut < 6) {
            assert_false(vo_lines_next(&lines, first));
            feed(&lines, text + cut, sizeof text - 1 - cut);
            assert_line(&lines, "Lobby");
        } else {
            assert_line(&lines, "Lobby");
            feed(&lines, text + cut, sizeof text - 1 - cut);
        }
        assert_line(&lines, "");
        assert_line(&lines, "2. OG, Büro");
        assert_no_line(&lines);
        vo_lines_add(&lines, 0);
        assert_line(&lines, "end");
        assert_no_line(&lines);
    }
}

/* Latin-1 and control characters are kept as what they are: two names stay two. */
static void test_other_bytes(void **state)
{
    (void)state;
    struct vo_lines lines = {.size = 0};
    feed(&lines, "B\xfcro\nB\xe4ro\na\x1b[31mb\n", 19);
    assert_line(&lines, "B\\xfcro");
    assert_line(&lines, "B\\xe4ro");
    assert_line(&lines, "a\\x1b[31mb");
}

/* 201 bytes are one too many; a character of two bytes that would be cut is left out. */
static void test_long(void **state)
{
    (void)state;
    struct vo_lines lines = {.size = 0};
    char name[VO_LINE_MOST + 3], text[VO_LINE_TEXT];
    memset(name, 'x', sizeof name);
    memcpy(name + VO_LINE_MOST - 1, "\xc3\xbc", 2);
    name[VO_LINE_MOST + 2] = '\n';
    feed(&lines, name, sizeof name);
    assert_true(vo_lines_next(&lines, text));
    assert_int_equal(strlen(text), VO_LINE_MOST - 1);
    assert_no_line(&lines);
}

/* More than there is room for, without an end: its begin is a line, its rest is none. */
static void test_endless(void **state)
{
    (void)state;
    struct vo_lines lines = {.size = 0};
    char text[VO_LINE_TEXT];
    for (unsigned i = 0; i < 5; i++) {
        size_t room;
        char *space = vo_lines_space(&lines, &room);
        memset(space, 'y', room);
        vo_lines_add(&lines, room);
        bool got = vo_lines_next(&lines, text);
        assert_int_equal(got, i == 0);
    }
    assert_int_equal(strlen(text), VO_LINE_MOST);
    feed(&lines, "yyy\nnext\n", 9);
    assert_line(&lines, "next");
    assert_no_line(&lines);
}

static void test_nothing(void **state)
{
    (void)state;
    struct vo_lines lines = {.size = 0};
    assert_no_line(&lines);
    vo_lines_add(&lines, 0);
    assert_true(lines.ended);
    assert_no_line(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_pieces), cmocka_unit_test(test_other_bytes), cmocka_unit_test(test_long),
        cmocka_unit_test(test_endless),   cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
