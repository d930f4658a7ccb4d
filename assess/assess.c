/* voready assess --capture FILE...: measure, judge, report. */
#include "assess/commands.h"
#include "assess/run.h"
#include "core/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAME "voready assess"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct settings {
    struct vo_option_list captures, rules, near;
    const char *out, *profile, *filter, *keylog, *site, *place, *position, *playout;
    bool quiet;
};

static struct settings settings = {.out = "voready-assessment", .profile = "voice"};

static const struct vo_option options[] = {
    {"capture", 'c', VO_OPTION_LIST, &settings.captures, "FILE",
     "judge the calls of this capture; further files follow as FILE...", 0, 0, NULL},
    {"profile", 'p', VO_OPTION_TEXT, &settings.profile, "NAME",
     "how the phones are used: voice, uc or integrated (default voice)", 0, 0, NULL},
    {"out", 'O', VO_OPTION_FILE, &settings.out, "DIR",
     "where records, verdict and report go (default voready-assessment)", 0, 0, NULL},
    {"rules", 'r', VO_OPTION_LIST, &settings.rules, "PACK", "rule pack (default openscape-mobile)", 0, 0,
     NULL},
    {"filter", 'f', VO_OPTION_TEXT, &settings.filter, "FILTER",
     "only packets that this BPF expression selects", 0, 0, NULL},
    {"keylog", 0, VO_OPTION_FILE, &settings.keylog, "FILE", "TLS key log to read SIP over TLS with", 0, 0,
     NULL},
    {"near", 0, VO_OPTION_LIST, &settings.near, "ADDRESS", "the capture was taken beside this host", 0, 0,
     NULL},
    {"position", 0, VO_OPTION_TEXT, &settings.position, "WORD",
     "near_sender, middle, near_receiver or unknown, for every stream", 0, 0, NULL},
    {"playout", 0, VO_OPTION_TEXT, &settings.playout, "fixed:MS|adaptive:MIN-MAX", "simulated playout buffer",
     0, 0, NULL},
    {"site", 0, VO_OPTION_TEXT, &settings.site, "NAME", "name of the site, for the records", 0, 0, NULL},
    {"place", 0, VO_OPTION_TEXT, &settings.place, "NAME", "name of the place, for the records", 0, 0, NULL},
    {"quiet", 'q', VO_OPTION_FLAG, &settings.quiet, NULL, "only the report's text, no progress", 0, 0, NULL},
    {0},
};

static const char *const usage[] = {"--capture FILE... [--profile NAME] [--out DIR]", NULL};

static const struct vo_program program = {
    .name = NAME,
    .summary = "measures, judges and reports in one go",
    .usage = usage,
    .options = options,
    .notes =
        "Judges the areas media and qos; media.latency is not required, since one capture rarely holds it.\n"
        "Writes records.jsonl, verdict.json and report.html into DIR, and the report as text to standard "
        "output.\n"
        "\n"
        "Exit codes: 0 ready, 1 the tool failed, 2 wrong usage, 3 not ready, 4 ready with warnings, 5 "
        "incomplete.\n",
    .operands_are_files = true,
};

struct paths {
    char records[VO_RUN_PATH], verdict[VO_RUN_PATH], html[VO_RUN_PATH];
};

static enum vo_status make_folder(struct paths *paths, struct vo_error *error)
{
    struct stat there;
    int failure = mkdir(settings.out, 0777) == 0 ? 0 : errno;
    if (failure == EEXIST && stat(settings.out, &there) == 0)
        failure = S_ISDIR(there.st_mode) ? 0 : ENOTDIR;
    if (failure)
        return vo_error_set(error, VO_ERR_IO, "cannot make the folder %.300s: %s: name another with --out",
                            settings.out, strerror(failure));
    int size = snprintf(paths->records, VO_RUN_PATH, "%s/records.jsonl", settings.out);
    if (size >= VO_RUN_PATH)
        return vo_error_set(error, VO_ERR_USAGE, "--out: the path is too long");
    snprintf(paths->verdict, VO_RUN_PATH, "%s/verdict.json", settings.out);
    snprintf(paths->html, VO_RUN_PATH, "%s/report.html", settings.out);
    return VO_OK;
}

/* The probe: done or done in part is good enough to be judged. */
static enum vo_status measure(const struct paths *paths, const struct vo_option_list *files, int *code,
                              struct vo_error *error)
{
    struct vo_command command = {0};
    vo_command_add(&command, "voready-rtp");
    vo_command_option(&command, "-o", paths->records);
    vo_command_option(&command, "-f", settings.filter);
    vo_command_option(&command, "--keylog", settings.keylog);
    vo_command_option(&command, "--position", settings.position);
    vo_command_option(&command, "--playout", settings.playout);
    vo_command_option(&command, "--site", settings.site);
    vo_command_option(&command, "--place", settings.place);
    for (size_t i = 0; i < settings.near.count; i++)
        vo_command_option(&command, "--near", settings.near.items[i]);
    if (settings.quiet)
        vo_command_add(&command, "-q");
    vo_command_add(&command, "--");
    for (size_t i = 0; i < settings.captures.count; i++)
        vo_command_add(&command, settings.captures.items[i]);
    for (size_t i = 0; i < files->count; i++)
        vo_command_add(&command, files->items[i]);
    return vo_command_run(&command, code, error);
}

static enum vo_status judge(const struct paths *paths, const char *pack, int *code, struct vo_error *error)
{
    struct vo_command command = {0};
    vo_command_add(&command, "voready-analyze");
    for (size_t i = 0; i < settings.rules.count; i++)
        vo_command_option(&command, "--rules", settings.rules.items[i]);
    if (settings.rules.count == 0)
        vo_command_option(&command, "--rules", pack);
    vo_command_option(&command, "--profile", settings.profile);
    vo_command_option(&command, "--area", "media,qos");
    vo_command_option(&command, "--not-required", "media.latency");
    vo_command_option(&command, "-o", paths->verdict);
    vo_command_add(&command, paths->records);
    return vo_command_run(&command, code, error);
}

static enum vo_status report(const struct paths *paths, const char *format, const char *output, int *code,
                             struct vo_error *error)
{
    struct vo_command command = {0};
    vo_command_add(&command, "voready-report");
    vo_command_option(&command, "--format", format);
    vo_command_option(&command, "-o", output);
    vo_command_add(&command, paths->verdict);
    vo_command_add(&command, paths->records);
    return vo_command_run(&command, code, error);
}

/* A stage that failed has said why by itself: its exit status is passed on. */
static int run(const struct vo_option_list *files)
{
    struct paths paths;
    char pack[VO_RUN_PATH];
    struct vo_error error;
    int code = 0, verdict = 0;
    enum vo_status status = make_folder(&paths, &error);
    if (status == VO_OK && settings.rules.count == 0)
        status = vo_data_path("rules/openscape-mobile.json", pack, &error);
    if (status == VO_OK)
        status = measure(&paths, files, &code, &error);
    if (status == VO_OK && code != VO_EXIT_DONE && code != VO_EXIT_PARTIAL)
        return code == VO_EXIT_USAGE ? EXIT_USAGE : EXIT_FAILED;
    if (status == VO_OK)
        status = judge(&paths, pack, &verdict, &error);
    if (status == VO_OK && (verdict == EXIT_FAILED || verdict == EXIT_USAGE))
        return verdict == EXIT_USAGE ? EXIT_USAGE : EXIT_FAILED;
    if (status == VO_OK)
        status = report(&paths, "html", paths.html, &code, &error);
    if (status == VO_OK && code == 0)
        status = report(&paths, "text", NULL, &code, &error);
    if (status != VO_OK)
        vo_complain(NAME, &error);
    if (status != VO_OK || code != 0)
        return EXIT_FAILED;
    printf("\nReport: %s\n", paths.html);
    return verdict;
}

int vo_assess(int argc, char **argv)
{
    struct vo_option_list files = {0};
    struct vo_error error;
    int code = 0;
    enum vo_status status = vo_options_parse(&program, argc, argv, &files, &error);
    if (status == VO_OK && settings.captures.count == 0)
        status = vo_error_set(&error, VO_ERR_USAGE,
                              "nothing to assess: name captures with --capture FILE...; see " NAME " -h");
    if (status == VO_OK) {
        code = run(&files);
    } else if (status != VO_END) {
        vo_complain(NAME, &error);
        code = EXIT_USAGE;
    }
    vo_options_release(&program, &files);
    return code;
}
