#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The writer's text as a string, which lives until the next call. */
static const char *text_of(struct vo_json_writer *writer)
{
    static char text[65536];
    assert_false(writer->failed);
    assert_true(writer->size < sizeof text);
    memcpy(text, writer->data, writer->size);
    text[writer->size] = '\0';
    vo_json_writer_release(writer);
    return text;
}

static const char *number_text(double value)
{
    struct vo_json_writer writer = {0};
    vo_json_number(&writer, value);
    return text_of(&writer);
}

static const char *string_text(const char *text, size_t size)
{
    struct vo_json_writer writer = {0};
    vo_json_string_sized(&writer, text, size);
    return text_of(&writer);
}

static void test_write_structure(void **state)
{
    (void)state;
    struct vo_json_writer writer = {0};
    vo_json_begin_object(&writer);
    vo_json_put_string(&writer, "a", "b");
    vo_json_put_number(&writer, "n", 1.5);
    vo_json_key(&writer, "list");
    vo_json_begin_array(&writer);
    vo_json_integer(&writer, 1);
    vo_json_null(&writer);
    vo_json_begin_object(&writer);
    vo_json_end_object(&writer);
    vo_json_begin_array(&writer);
    vo_json_end_array(&writer);
    vo_json_raw(&writer, "{\"x\":0}", 7);
    vo_json_end_array(&writer);
    vo_json_put_bool(&writer, "yes", true);
    vo_json_put_bool(&writer, "no", false);
    vo_json_put_string(&writer, "none", NULL);
    vo_json_put_integer(&writer, "least", INT64_MIN);
    vo_json_end_object(&writer);
    assert_string_equal(text_of(&writer),
                        "{\"a\":\"b\",\"n\":1.5,\"list\":[1,null,{},[],{\"x\":0}],\"yes\":true,"
                        "\"no\":false,\"none\":null,\"least\":-9223372036854775808}");
}

static void test_write_numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "0"},
        {7, "7"},
        {-12, "-12"},
        {1e9, "1000000000"},
        {9007199254740991, "9007199254740991"},
        {1e300, "1e+300"},
        {0.5, "0.5"},
        {-0.5, "-0.5"},
        {20.000001, "20.000001"},
        {20.0000004, "20"},
        {0.9999996, "1"},
        {-0.9999996, "-1"},
        {1.0 / 3, "0.333333"},
        {2.0 / 3, "0.666667"},
        {100.10, "100.1"},
        {1234.001, "1234.001"},
        {999999999.5, "999999999.5"},
        {0.001, "0.001"},
        {0.00012345, "0.00012345"}, /* tiny: nine significant digits */
        {-1.5e-12, "-1.5e-12"},
        {1234567890.25, "1.23456789e+09"}, /* huge and not whole */
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
        {DBL_MAX, "1.79769313e+308"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(number_text(rows[i].value), rows[i].text);
}

/* What is written reads back within half a millionth (and half the step of a double near 1e15 millionths,
 * 0.0625, by which the scaled value may be off), and is never longer
 * than printf's six decimals. */
static void test_write_numbers_many(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int i = 0; i < 200000; i++) {
        random = random * 1664525 + 1013904223;
        double value = ((double)random / 4294967296.0 - 0.5) * pow(10, i % 10);
        if (fabs(value) < 1e-3)
            continue;
        const char *text = number_text(value);
        char exact[64];
        snprintf(exact, sizeof exact, "%.6f", value);
        if (fabs(strtod(text, NULL) - value) > 0.5626e-6 || strlen(text) > strlen(exact) ||
            (strchr(text, '.') && text[strlen(text) - 1] == '0'))
            fail_msg("%.17g was written as %s", value, text);
    }
}

static void test_write_strings(void **state)
{
    (void)state;
    assert_string_equal(string_text("", 0), "\"\"");
    assert_string_equal(string_text("a\"b\\c/d", 7), "\"a\\\"b\\\\c/d\"");
    assert_string_equal(string_text("\n\t\r\b\f\x01\x1f\x7f", 8), "\"\\n\\t\\r\\b\\f\\u0001\\u001f\x7f\"");
    assert_string_equal(string_text("a\0b", 3), "\"a\\u0000b\"");
    assert_string_equal(string_text("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9),
                        "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    /* Not UTF-8: a lone continuation, overlong NUL, a surrogate, past U+10FFFF, a cut character. Each bad
     * byte becomes one U+FFFD. */
#define BAD "\xEF\xBF\xBD"
    assert_string_equal(string_text("x\x80y", 3), "\"x" BAD "y\"");
    assert_string_equal(string_text("\xC0\x80", 2), "\"" BAD BAD "\"");
    assert_string_equal(string_text("\xED\xA0\x80", 3), "\"" BAD BAD BAD "\"");
    assert_string_equal(string_text("\xF4\x90\x80\x80", 4), "\"" BAD BAD BAD BAD "\"");
    assert_string_equal(string_text("\xE2\x82", 2), "\"" BAD BAD "\"");
    assert_string_equal(string_text("\xFF\"", 2), "\"" BAD "\\\"\"");
}

static struct vo_json *parse(const char *text)
{
    struct vo_json *document = NULL;
    struct vo_error error = {0};
    if (vo_json_parse(text, strlen(text), &document, &error) != VO_OK)
        fail_msg("%s: %s", text, error.message);
    return document;
}

static void test_read(void **state)
{
    (void)state;
    struct vo_json *root = parse(
        " {\"a\": [1, -2.5e1, \"x\\u00e9\\ud83d\\ude00\\n\"], \"A\": null, \"t\": true, \"f\": false} \n");
    assert_int_equal(vo_json_type(root), VO_JSON_OBJECT);
    assert_int_equal(vo_json_count(root), 4);
    const struct vo_json *a = vo_json_get(root, "a");
    assert_int_equal(vo_json_type(a), VO_JSON_ARRAY);
    assert_int_equal(vo_json_count(a), 3);
    assert_string_equal(vo_json_key_of(a), "a");
    const struct vo_json *child = vo_json_child(a);
    assert_true(vo_json_double(child) == 1);
    assert_null(vo_json_key_of(child));
    child = vo_json_next(child);
    assert_true(vo_json_double(child) == -25);
    child = vo_json_next(child);
    assert_string_equal(vo_json_text(child), "x\xC3\xA9\xF0\x9F\x98\x80\n");
    assert_true(isnan(vo_json_double(child)));
    assert_null(vo_json_next(child));
    assert_int_equal(vo_json_type(vo_json_get(root, "A")), VO_JSON_NULL);
    assert_true(vo_json_true(vo_json_get(root, "t")));
    assert_false(vo_json_true(vo_json_get(root, "f")));
    assert_int_equal(vo_json_type(vo_json_get(root, "f")), VO_JSON_BOOL);
    assert_null(vo_json_get(root, "T")); /* case counts */
    assert_null(vo_json_get_text(root, "a"));
    assert_null(vo_json_get(a, "a"));
    vo_json_free(root);
}

static void test_accessors_accept_null(void **state)
{
    (void)state;
    assert_int_equal(vo_json_type(NULL), VO_JSON_NONE);
    assert_null(vo_json_get(NULL, "a"));
    assert_null(vo_json_child(NULL));
    assert_null(vo_json_next(NULL));
    assert_int_equal(vo_json_count(NULL), 0);
    assert_null(vo_json_key_of(NULL));
    assert_null(vo_json_text(NULL));
    assert_true(isnan(vo_json_double(NULL)));
    assert_false(vo_json_true(NULL));
    assert_null(vo_json_get_text(NULL, "a"));
    vo_json_free(NULL);
}

static const struct {
    const char *text, *message;
} refused[] = {
    {"", "line 1, column 1: expected a value, found the end of the text"},
    {"  \n ", "line 2, column 2: expected a value"},
    {"{", "line 1, column 2: expected a string in double quotes, found the end"},
    {"{\"a\":1,}", "line 1, column 8: expected a string in double quotes"},
    {"{\"a\" 1}", "line 1, column 6: expected a colon after the key"},
    {"{\"a\":1 \"b\":2}", "line 1, column 8: expected a comma or } after a member"},
    {"{a:1}", "line 1, column 2: expected a string in double quotes"},
    {"[1,]", "line 1, column 4: expected a value"},
    {"[1 2]", "line 1, column 4: expected a comma or ] after an element"},
    {"[1}", "line 1, column 3"},
    {"{} x", "line 1, column 4: nothing may follow the value"},
    {"{}{}", "line 1, column 3: nothing may follow the value"},
    {"[01]", "line 1, column 3: a number must not begin with 0"},
    {"[-.5]", "line 1, column 3: expected a digit"},
    {"[1.]", "line 1, column 4: expected a digit"},
    {"[1e]", "line 1, column 4: expected a digit"},
    {"[+1]", "line 1, column 2: expected a value"},
    {"[nan]", "line 1, column 2: expected a value"},
    {"[True]", "line 1, column 2: expected a value"},
    {"[1e999]", "line 1, column 2: this number is too large"},
    {"{\"a\":0,\n\"b\": -1e999}", "line 2, column 1: this number is too large"},
    {"\"a\nb\"", "line 1, column 3: a string must not contain a line break"},
    {"\"a", "line 1, column 3: expected a closing double quote, found the end"},
    {"\"\\x\"", "line 1, column 3: this escape does not exist"},
    {"\"\\u12g4\"", "line 1, column 6: \\u needs four hexadecimal digits"},
    {"\"\\u0000\"", "the character \\u0000 is not accepted"},
    {"\"\\ud800x\"", "first half of a surrogate pair"},
    {"\"\\udc00\"", "second half of a surrogate pair"},
    {"\"\xC3\xA9\xFF\"", "line 1, column 3: this byte is not UTF-8"}, /* a character is one column */
    {"{\n \"a\": 1,\n \"b\": 2, \"a\": 3}", "line 3, column 10: the key \"a\" is given twice"},
    {"[{\"k\":{\"a\":[{}],\"\\u0061\":2}}]", "line 1, column 17: the key \"\\u0061\" is given twice"},
    {"[1111111111222222222233333333334444444444555555555566666666667777]", "more than 63 characters"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct vo_json *document = NULL;
        struct vo_error error = {0};
        size_t size = strlen(refused[i].text);
        char *text = malloc(size ? size : 1); /* exactly sized: no byte behind the end is read */
        memcpy(text, refused[i].text, size);
        assert_int_equal(vo_json_parse(text, size, &document, &error), VO_ERR_INPUT);
        assert_null(document);
        if (!strstr(error.message, refused[i].message))
            fail_msg("%s\n  gave     %s\n  expected %s", refused[i].text, error.message, refused[i].message);
        free(text);
    }
    struct vo_json *document;
    assert_int_equal(vo_json_parse("[1]\0", 4, &document, NULL), VO_ERR_INPUT); /* a NUL is no white space */
}

static void test_every_prefix_is_refused(void **state)
{
    (void)state;
    static const char whole[] = "{\"a\":[1.5e3,true,null,\"\\ud83d\\ude00\xE2\x82\xAC\"],\"b\":{}}";
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        char *text = malloc(size ? size : 1);
        struct vo_json *document;
        memcpy(text, whole, size);
        assert_int_equal(vo_json_parse(text, size, &document, NULL), VO_ERR_INPUT);
        free(text);
    }
    vo_json_free(parse(whole));
}

static enum vo_status parse_nested(int depth)
{
    char text[512];
    memset(text, '[', (size_t)depth);
    memset(text + depth, ']', (size_t)depth);
    struct vo_json *document;
    struct vo_error error = {0};
    enum vo_status status = vo_json_parse(text, (size_t)depth * 2, &document, &error);
    if (status != VO_OK)
        assert_string_equal(error.message, "line 1, column 66: nested deeper than 64 levels");
    vo_json_free(document);
    return status;
}

static void test_nesting(void **state)
{
    (void)state;
    assert_int_equal(parse_nested(64), VO_OK);
    assert_int_equal(parse_nested(65), VO_ERR_INPUT);
    assert_int_equal(parse_nested(200), VO_ERR_INPUT);
}

static void test_mark_and_white_space(void **state)
{
    (void)state;
    struct vo_json *document = parse("\xEF\xBB\xBF"
                                     "7");
    assert_true(vo_json_double(document) == 7);
    vo_json_free(document);
    struct vo_json *none;
    assert_int_equal(vo_json_parse("\f1", 2, &none, NULL),
                     VO_ERR_INPUT); /* form feed is not JSON's white space */
}

/* Sorted keys: 300,000 members take far less than the hours that comparing all pairs would. */
static void test_many_keys(void **state)
{
    (void)state;
    enum { COUNT = 300000 };
    char *text = malloc(COUNT * 16 + 64);
    size_t size = 0;
    text[size++] = '{';
    for (int i = 0; i < COUNT; i++)
        size += (size_t)sprintf(text + size, "%s\"k%d\":0", i ? "," : "", i);
    struct vo_json *document;
    struct vo_error error;
    size_t end = size + (size_t)sprintf(text + size, "}");
    assert_int_equal(vo_json_parse(text, end, &document, &error), VO_OK);
    assert_int_equal(vo_json_count(document), COUNT);
    vo_json_free(document);
    end = size + (size_t)sprintf(text + size, ",\n\"k77\":1}");
    assert_int_equal(vo_json_parse(text, end, &document, &error), VO_ERR_INPUT);
    assert_non_null(strstr(error.message, "line 2, column 1: the key \"k77\" is given twice"));
    free(text);
}

static void test_copy(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[0.1,1e-12,12345678901.5,-3,1e+300],\"b\":\"q\\\"\",\"c\":[true,false,null,{},[]]}";
    struct vo_json *document = parse(text);
    struct vo_json_writer writer = {0};
    vo_json_copy(&writer, document);
    assert_string_equal(text_of(&writer), text);
    vo_json_free(document);
}

static void test_load(void **state)
{
    (void)state;
    char path[] = "/tmp/voready-json-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"a\":\n1}", 8), 8);
    struct vo_json *document;
    struct vo_error error = {0};
    assert_int_equal(vo_json_load(path, 8, &document, &error), VO_OK);
    assert_true(vo_json_double(vo_json_get(document, "a")) == 1);
    vo_json_free(document);
    assert_int_equal(vo_json_load(path, 7, &document, &error), VO_ERR_LIMIT);
    assert_non_null(strstr(error.message, path));
    assert_int_equal(write(fd, ",", 1), 1);
    assert_int_equal(vo_json_load(path, 100, &document, &error), VO_ERR_INPUT);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, "line 2, column 3"));
    close(fd);
    unlink(path);
    assert_int_equal(vo_json_load(path, 100, &document, &error), VO_ERR_IO);
    assert_non_null(strstr(error.message, "No such file"));
    assert_int_equal(vo_json_load("/tmp", 100, &document, &error), VO_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_structure),
        cmocka_unit_test(test_write_numbers),
        cmocka_unit_test(test_write_numbers_many),
        cmocka_unit_test(test_write_strings),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_accessors_accept_null),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_every_prefix_is_refused),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_mark_and_white_space),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
