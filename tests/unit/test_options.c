#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/options.h"
#include "core/version.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    bool quiet, verbose;
    const char *output, *site, *format;
    long calls, any;
    double seconds;
    struct vo_option_list points;
} got;

static const char *const formats[] = {"text", "html", "json", NULL};

static const struct vo_option options[] = {
    {"output", 'o', VO_OPTION_FILE, &got.output, "FILE", "write records to FILE", 0, 0, NULL},
    {"quiet", 'q', VO_OPTION_FLAG, &got.quiet, NULL, "no progress", 0, 0, NULL},
    {"verbose", 'v', VO_OPTION_FLAG, &got.verbose, NULL, "say more", 0, 0, NULL},
    {"site", 0, VO_OPTION_TEXT, &got.site, "NAME", "name of the site", 0, 0, NULL},
    {"calls", 'n', VO_OPTION_INTEGER, &got.calls, "N", "calls at once", 1, 100, NULL},
    {"any", 0, VO_OPTION_INTEGER, &got.any, "N", "any number", 0, 0, NULL},
    {"duration", 'd', VO_OPTION_NUMBER, &got.seconds, "SECONDS", "how long", 0.5, INFINITY, NULL},
    {"format", 0, VO_OPTION_WORD, &got.format, "FORMAT",
     "what is written; this line is long enough that it has to be broken and goes on in the same column", 0,
     0, formats},
    {"a-name-longer-than-the-column", 0, VO_OPTION_LIST, &got.points, "NAME:FILE", "a point", 0, 0, NULL},
    {.name = NULL},
};

static const struct vo_program program = {
    .name = "voready-test",
    .summary = "tests options",
    .usage = (const char *const[]){"[-o FILE] FILE...", "-n N", NULL},
    .options = options,
    .notes = "Times are in UTC.",
    .operands_are_files = true,
};

static struct vo_option_list operands;
static struct vo_error error;

/* Parses the words of `line`, which are separated by single spaces ("" is no word). */
static enum vo_status parse(const char *line)
{
    static char text[512];
    static char *argv[32];
    int argc = 0;
    memset(&got, 0, sizeof got);
    snprintf(text, sizeof text, "voready-test%s%s", *line ? " " : "", line);
    char *rest = text;
    while (rest)
        argv[argc++] = strsep(&rest, " ");
    argv[argc] = NULL;
    char **exact = malloc((size_t)(argc + 1) * sizeof *exact); /* no argument behind the last is read */
    memcpy(exact, argv, (size_t)(argc + 1) * sizeof *exact);
    error = (struct vo_error){0};
    enum vo_status status = vo_options_parse(&program, argc, exact, &operands, &error);
    free(exact);
    return status;
}

static void release(void)
{
    vo_options_release(&program, &operands);
    assert_null(operands.items);
    assert_null(got.points.items);
}

static void test_all_types(void **state)
{
    (void)state;
    assert_int_equal(parse("-o out.jsonl --quiet --site=A=B one --calls 7 --any -5 -d 2.5 --format json "
                           "--a-name-longer-than-the-column x --a-name-longer-than-the-column=y - two"),
                     VO_OK);
    assert_string_equal(got.output, "out.jsonl");
    assert_true(got.quiet);
    assert_false(got.verbose);
    assert_string_equal(got.site, "A=B");
    assert_int_equal(got.calls, 7);
    assert_int_equal(got.any, -5);
    assert_true(got.seconds == 2.5);
    assert_string_equal(got.format, "json");
    assert_int_equal(got.points.count, 2);
    assert_string_equal(got.points.items[0], "x");
    assert_string_equal(got.points.items[1], "y");
    assert_int_equal(operands.count, 3);
    assert_string_equal(operands.items[0], "one");
    assert_string_equal(operands.items[1], "-");
    assert_string_equal(operands.items[2], "two");
    release();
}

static void test_gnu_forms(void **state)
{
    (void)state;
    assert_int_equal(parse("-qvn12 -ofile --site= -- -q --calls"), VO_OK);
    assert_true(got.quiet && got.verbose);
    assert_int_equal(got.calls, 12);
    assert_string_equal(got.output, "file");
    assert_string_equal(got.site, "");
    assert_int_equal(operands.count, 2);
    assert_string_equal(operands.items[0], "-q");
    assert_string_equal(operands.items[1], "--calls");
    release();
    assert_int_equal(parse("-o -q"), VO_OK); /* an option's value may begin with a dash */
    assert_string_equal(got.output, "-q");
    assert_false(got.quiet);
    release();
    assert_int_equal(parse(""), VO_OK);
    assert_int_equal(operands.count, 0);
    release();
    assert_int_equal(parse("-n 3 -n 4"), VO_OK); /* the last one counts */
    assert_int_equal(got.calls, 4);
    release();
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } rows[] = {
        {"--ouput x", "--ouput is not an option; did you mean --output? See voready-test -h"},
        {"--hlep", "did you mean --help?"},
        {"--zzzzzzzzzzz", "--zzzzzzzzzzz is not an option; see voready-test -h"},
        {"--quie=1", "--quie is not an option; did you mean --quiet?"},
        {"-x", "-x is not an option; see voready-test -h"},
        {"-qx", "-x is not an option"},
        {"--output", "--output needs a value, FILE; see voready-test -h"},
        {"-qo", "--output needs a value, FILE"},
        {"--quiet=yes", "--quiet takes no value"},
        {"--calls 0", "--calls 0: expected a whole number, 1 to 100; see voready-test -h"},
        {"--calls 101", "expected a whole number, 1 to 100"},
        {"--calls 5x", "--calls 5x: expected a whole number"},
        {"--calls 5.5", "expected a whole number"},
        {"--calls 99999999999999999999", "expected a whole number"},
        {"--any 99999999999999999999", "--any 99999999999999999999: expected a whole number; see"},
        {"--calls=", "--calls : expected a whole number"},
        {"-d 0.4", "--duration 0.4: expected a number, at least 0.5"},
        {"-d nan", "expected a number"},
        {"-d inf", "expected a number"},
        {"-d 0x10", "expected a number"},
        {"-d 1e", "expected a number"},
        {"-d 1e999", "expected a number"},
        {"--format htm",
         "--format htm: expected one of text, html, json; did you mean html? See voready-test -h"},
        {"--format xyzzyxyzzy", "expected one of text, html, json; see voready-test -h"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[128];
        snprintf(line, sizeof line, "operand --a-name-longer-than-the-column x %s", rows[i].line);
        assert_int_equal(parse(line), VO_ERR_USAGE);
        if (!strstr(error.message, rows[i].message))
            fail_msg("%s\n  gave     %s\n  expected %s", rows[i].line, error.message, rows[i].message);
        assert_null(operands.items); /* nothing is left to free */
        assert_null(got.points.items);
    }
}

/* What parsing `line` prints on standard output. */
static const char *printed(const char *line)
{
    static char text[4096];
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    FILE *file = tmpfile();
    assert_non_null(file);
    dup2(fileno(file), STDOUT_FILENO);
    enum vo_status status = parse(line);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(status, VO_END);
    return text;
}

static const char help[] =
    "voready-test: tests options\n"
    "\n"
    "usage: voready-test [-o FILE] FILE...\n"
    "       voready-test -n N\n"
    "\n"
    "options:\n"
    "  -o, --output FILE       write records to FILE\n"
    "  -q, --quiet             no progress\n"
    "  -v, --verbose           say more\n"
    "      --site NAME         name of the site\n"
    "  -n, --calls N           calls at once (1 to 100)\n"
    "      --any N             any number\n"
    "  -d, --duration SECONDS  how long (at least 0.5)\n"
    "      --format FORMAT     what is written; this line is long enough that it has to be broken and\n"
    "                          goes on in the same column (text, html, json)\n"
    "      --a-name-longer-than-the-column NAME:FILE\n"
    "                          a point\n"
    "  -h, --help              show this help\n"
    "      --version           show the version\n"
    "\n"
    "Times are in UTC.\n";

static void test_help(void **state)
{
    (void)state;
    assert_string_equal(printed("--help"), help);
    assert_string_equal(printed("-qh --nonsense"), help);
    for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
}

static void test_version(void **state)
{
    (void)state;
    assert_string_equal(printed("--version"), "voready-test " VO_VERSION "\n");
}

static void test_completion(void **state)
{
    (void)state;
    const char *text = printed("--completion");
    static const char *const lines[] = {
        "-o\t--output\tFILE\twrite records to FILE\n",
        "-q\t--quiet\t\tno progress\n",
        "\t--site\tVALUE\tname of the site\n",
        "\t--format\ttext html json\twhat is written",
        "-h\t--help\t\tshow this help\n",
        "\n\t\tFILE\t\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(text, lines[i]))
            fail_msg("no line %s", lines[i]);
}

/* A front command: its options end with the first operand, and what follows is left as it is. */
static void test_first_operand_ends_options(void **state)
{
    (void)state;
    static const char *const probes[] = {"wlan", "rtp", NULL};
    struct vo_program front = program;
    const char *const words[] = {"voready-test", "-q", "--site", "HQ", "rtp", "-i", "--", "-n", "900", "-h"};
    char *argv[11] = {NULL};
    for (size_t i = 0; i < 10; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    front.operands_are_files = false;
    front.first_operands = probes;
    memset(&got, 0, sizeof got);
    assert_int_equal(vo_options_parse(&front, 10, argv, &operands, &error), VO_OK);
    assert_true(got.quiet);
    assert_string_equal(got.site, "HQ");
    assert_int_equal(operands.count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(operands.items[i], words[i + 4]);
    release();
    argv[4] = (char *)(uintptr_t) "--"; /* then the next one is the first */
    assert_int_equal(vo_options_parse(&front, 10, argv, &operands, &error), VO_OK);
    assert_string_equal(operands.items[0], "-i");
    assert_int_equal(operands.count, 5);
    release();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_types),
        cmocka_unit_test(test_gnu_forms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_first_operand_ends_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
