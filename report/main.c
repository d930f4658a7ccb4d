/* voready-report: a verdict and its records in a form that people or other tools read. */
#include "core/options.h"
#include "core/output.h"
#include "core/record.h"
#include "report/formats.h"
#include "report/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM       "voready-report"
#define WIDTH_USUAL   80
#define WIDTH_LEAST   40
#define WIDTH_LARGEST 120

static const struct output {
    const char *name, *what;
    enum vo_status (*write)(const struct vo_report *report, const struct vo_report_style *style,
                            struct vo_out *out, struct vo_error *error); /* NULL: it follows its input */
} outputs[] = {
    {"text", "for a terminal", vo_report_text},
    {"html", "one page with plots", vo_report_html},
    {"json", "verdict, calls and streams in one object", vo_report_json},
    {"junit", "for CI systems", vo_report_junit},
    {"csv", "a line a result, for spreadsheets", vo_report_csv},
    {"live", "a view of verdicts as they come on standard input", NULL},
};
#define OUTPUTS (sizeof outputs / sizeof *outputs)

static const struct output *find_output(const char *name)
{
    for (size_t i = 0; i < OUTPUTS; i++)
        if (strcmp(outputs[i].name, name) == 0)
            return &outputs[i];
    return NULL;
}

static struct vo_report_style style_of(bool to_terminal)
{
    struct winsize window;
    struct vo_report_style style = {.width = WIDTH_USUAL};
    const char *no_colour = getenv("NO_COLOR");
    if (!to_terminal)
        return style;
    style.colour = !no_colour || !*no_colour;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col >= WIDTH_LEAST)
        style.width = window.ws_col < WIDTH_LARGEST ? window.ws_col : WIDTH_LARGEST;
    return style;
}

static bool write_all(FILE *stream, const struct vo_out *out)
{
    return fwrite(out->data ? out->data : "", 1, out->size, stream) == out->size && fflush(stream) == 0;
}

static enum vo_status refuse_file(const char *path, int failure, struct vo_error *error)
{
    return vo_error_set(error, VO_ERR_IO, "%s: cannot be written (%s): choose another -o", path,
                        strerror(failure));
}

/* A pipe, a device or a link stays what it is: it must not be replaced by a file. */
static bool is_special(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static enum vo_status write_through(const char *path, const struct vo_out *out, struct vo_error *error)
{
    FILE *file = fopen(path, "we");
    bool good = file && write_all(file, out);
    int failure = errno;
    if (file && fclose(file) != 0 && good) {
        failure = errno;
        good = false;
    }
    return good ? VO_OK : refuse_file(path, failure, error);
}

/* Writes beside the target and renames: a reader never sees half a report, a failure leaves the old one. */
static enum vo_status write_file(const char *path, const struct vo_out *out, struct vo_error *error)
{
    if (is_special(path))
        return write_through(path, out, error);
    size_t size = strlen(path) + 16;
    char *temporary = malloc(size);
    if (!temporary)
        return vo_error_memory(error, path);
    snprintf(temporary, size, "%s.XXXXXX", path);
    int descriptor = mkstemp(temporary);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    bool good = file && write_all(file, out);
    int failure = errno;
    mode_t mask = umask(0);
    umask(mask);
    if (good)
        good = fchmod(descriptor, 0666 & ~mask) == 0;
    if (file && fclose(file) != 0 && good) {
        failure = errno;
        good = false;
    }
    if (good && rename(temporary, path) != 0) {
        failure = errno;
        good = false;
    }
    if (!good && descriptor >= 0)
        unlink(temporary);
    free(temporary);
    return good ? VO_OK : refuse_file(path, failure, error);
}

static enum vo_status make(const char *format, const char *path, const struct vo_option_list *operands,
                           struct vo_error *error)
{
    bool to_file = path && strcmp(path, "-") != 0;
    struct vo_report_style style = style_of(!to_file && isatty(STDOUT_FILENO));
    struct vo_report *report;
    struct vo_out out = {0};
    enum vo_status status =
        vo_report_load(operands->items[0], operands->items + 1, operands->count - 1, &report, error);
    if (status != VO_OK)
        return status;
    status = find_output(format)->write(report, &style, &out, error);
    vo_report_free(report);
    if (status == VO_OK && to_file)
        status = write_file(path, &out, error);
    else if (status == VO_OK && !write_all(stdout, &out))
        status = vo_error_set(error, VO_ERR_IO, "standard output cannot be written: %s", strerror(errno));
    vo_out_release(&out);
    return status;
}

static enum vo_status make_live(const char *path, const struct vo_option_list *operands,
                                struct vo_error *error)
{
    if (path)
        return vo_error_set(error, VO_ERR_USAGE, "-o %s: --format live writes to standard output", path);
    if (operands->count > 1)
        return vo_error_set(error, VO_ERR_USAGE, "%s: --format live takes no records", operands->items[1]);
    return vo_report_live(operands->count ? operands->items[0] : NULL, error);
}

static void describe_outputs(struct vo_out *notes)
{
    vo_out_add(notes, "Formats:\n");
    for (size_t i = 0; i < OUTPUTS; i++)
        vo_out_format(notes, "  %-6s  %s\n", outputs[i].name, outputs[i].what);
    vo_out_add(notes,
               "\nVERDICT.json is what voready-analyze -o wrote. RECORDS, the files that were analysed, add\n"
               "calls, streams, the air and plots (which need gnuplot).\n"
               "live reads what voready-analyze --follow writes, and no files.\n"
               "\nExit codes: 0 written, 1 failed, 2 wrong usage. They say nothing of the verdict.\n");
}

int main(int argc, char **argv)
{
    static const char *const usage[] = {"[--format FORMAT] [-o FILE] VERDICT.json [RECORDS...]",
                                        "--format live [-]", NULL};
    const char *format = "text", *path = NULL, *words[OUTPUTS + 1] = {NULL};
    struct vo_out notes = {0};
    describe_outputs(&notes);
    for (size_t i = 0; i < OUTPUTS; i++)
        words[i] = outputs[i].name;
    const struct vo_option options[] = {
        {.name = "format",
         .type = VO_OPTION_WORD,
         .target = &format,
         .argument = "FORMAT",
         .help = "what to write, text unless told",
         .words = words},
        {.name = "output",
         .letter = 'o',
         .type = VO_OPTION_FILE,
         .target = &path,
         .argument = "FILE",
         .help = "write there instead of standard output"},
        {.name = NULL},
    };
    const struct vo_program program = {
        PROGRAM, "turns a verdict into something to read", usage, options, notes.data, true, NULL};
    struct vo_option_list operands = {0};
    struct vo_error error = {0};
    enum vo_status status = vo_options_parse(&program, argc, argv, &operands, &error);
    bool live = strcmp(format, "live") == 0;
    if (status == VO_OK && operands.count == 0 && !live)
        status = vo_error_set(&error, VO_ERR_USAGE, "no verdict given: see " PROGRAM " -h");
    if (status == VO_OK && !live)
        status = vo_output_apart(path, operands.items, operands.count, &error);
    if (status == VO_OK)
        status = live ? make_live(path, &operands, &error) : make(format, path, &operands, &error);
    if (status != VO_OK && status != VO_END)
        vo_complain(PROGRAM, &error);
    vo_options_release(&program, &operands);
    vo_out_release(&notes);
    if (status == VO_OK || status == VO_END)
        return vo_output_finish(PROGRAM, VO_EXIT_DONE);
    return status == VO_ERR_USAGE ? VO_EXIT_USAGE : VO_EXIT_FAILED;
}
