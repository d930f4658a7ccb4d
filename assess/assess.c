/* voready assess SITE.json, or --capture FILE...: measure, judge, report. */
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
    struct vo_option_list captures, rules, near, ssids, records;
    const char *out, *profile, *areas, *vantage, *filter, *keylog, *site, *place, *position, *playout;
    bool quiet;
};

static struct settings settings = {.out = "voready-assessment"};

/* What is measured decides which areas are judged: rules of others would all lack their measurement. */
static const char capture_areas[] = "media,qos", site_areas[] = "reach,tls,net,sip";

static const char *const vantages[] = {"wifi", "sbc", "uc", NULL};

static const struct vo_option options[] = {
    {"capture", 'c', VO_OPTION_LIST, &settings.captures, "FILE",
     "judge the calls of this capture; further files follow as FILE...", 0, 0, NULL},
    {"ssid", 0, VO_OPTION_LIST, &settings.ssids, "NAME",
     "the capture is of the air: judge this WLAN in it, too; may be given several times", 0, 0, NULL},
    {"records", 'R', VO_OPTION_LIST, &settings.records, "FILE",
     "judge these records as well, such as those of a walk; may be given several times", 0, 0, NULL},
    {"profile", 'p', VO_OPTION_TEXT, &settings.profile, "NAME",
     "how the phones are used: voice, uc or integrated (default: the site's mode, or voice)", 0, 0, NULL},
    {"vantage", 0, VO_OPTION_WORD, &settings.vantage, "NAME",
     "where this host stands, with SITE.json (default wifi)", 0, 0, vantages},
    {"area", 'a', VO_OPTION_TEXT, &settings.areas, "A,B",
     "areas to judge (default reach,tls,net,sip, or media,qos; air with --ssid or --records)", 0, 0, NULL},
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

static const char *const usage[] = {"SITE.json [--vantage NAME] [--out DIR]",
                                    "--capture FILE... [--ssid NAME]... [--profile NAME] [--out DIR]",
                                    "--records FILE... [--ssid NAME]... [--profile NAME] [--out DIR]", NULL};

static const struct vo_program program = {
    .name = NAME,
    .summary = "measures, judges and reports in one go",
    .usage = usage,
    .options = options,
    .notes =
        "With SITE.json: what the site's phones must reach is tried from here, and judged in the areas "
        "reach, tls,\n"
        "net and sip. With --capture: the calls of a capture are judged in the areas media and qos; "
        "media.latency\n"
        "is not required then, since one capture rarely holds it. With --capture and --ssid the capture is "
        "one "
        "of\n"
        "802.11 frames (monitor mode): the air is judged, too. --records adds what was measured before, such "
        "as "
        "a\n"
        "walk; alone they are judged in the area air:\n"
        "  voready-wlan walk -i wlan0 -o walk.jsonl; voready assess --records walk.jsonl\n"
        "Writes reach.jsonl or records.jsonl, verdict.json and report.html into DIR, and the report as text "
        "to\n"
        "standard output.\n"
        "\n"
        "Exit codes: 0 ready, 1 the tool failed, 2 wrong usage, 3 not ready, 4 ready with warnings, 5 "
        "incomplete.\n",
    .operands_are_files = true,
};

struct paths {
    char records[VO_RUN_PATH], verdict[VO_RUN_PATH], html[VO_RUN_PATH];
};

static enum vo_status make_folder(struct paths *paths, bool measures, struct vo_error *error)
{
    struct stat there;
    int failure = mkdir(settings.out, 0777) == 0 ? 0 : errno;
    if (failure == EEXIST && stat(settings.out, &there) == 0)
        failure = S_ISDIR(there.st_mode) ? 0 : ENOTDIR;
    if (failure)
        return vo_error_set(error, VO_ERR_IO, "cannot make the folder %.300s: %s: name another with --out",
                            settings.out, strerror(failure));
    int size = snprintf(paths->records, VO_RUN_PATH, "%s/%s", settings.out,
                        settings.captures.count ? "records.jsonl" : "reach.jsonl");
    if (size >= VO_RUN_PATH)
        return vo_error_set(error, VO_ERR_USAGE, "--out: the path is too long");
    if (!measures)
        paths->records[0] = '\0';
    snprintf(paths->verdict, VO_RUN_PATH, "%s/verdict.json", settings.out);
    snprintf(paths->html, VO_RUN_PATH, "%s/report.html", settings.out);
    return VO_OK;
}

static void add_ssids(struct vo_command *command)
{
    for (size_t i = 0; i < settings.ssids.count; i++)
        vo_command_option(command, "--ssid", settings.ssids.items[i]);
}

/* The end of a probe's command: what is captured. */
static void add_files(struct vo_command *command, const struct vo_option_list *files)
{
    if (settings.quiet)
        vo_command_add(command, "-q");
    vo_command_add(command, "--");
    for (size_t i = 0; i < settings.captures.count; i++)
        vo_command_add(command, settings.captures.items[i]);
    for (size_t i = 0; i < files->count; i++)
        vo_command_add(command, files->items[i]);
}

static void add_capture(struct vo_command *command, const struct paths *paths,
                        const struct vo_option_list *files)
{
    vo_command_add(command, "voready-rtp");
    vo_command_option(command, "-o", paths->records);
    vo_command_option(command, "-f", settings.filter);
    vo_command_option(command, "--keylog", settings.keylog);
    vo_command_option(command, "--position", settings.position);
    vo_command_option(command, "--playout", settings.playout);
    vo_command_option(command, "--site", settings.site);
    vo_command_option(command, "--place", settings.place);
    for (size_t i = 0; i < settings.near.count; i++)
        vo_command_option(command, "--near", settings.near.items[i]);
    add_files(command, files);
}

/* A capture of the air: its calls are measured along, where they are not encrypted. */
static void add_air(struct vo_command *command, const struct paths *paths, const struct vo_option_list *files)
{
    vo_command_add(command, "voready-wlan");
    vo_command_add(command, "read");
    vo_command_option(command, "-o", paths->records);
    vo_command_option(command, "-f", settings.filter);
    vo_command_option(command, "--site", settings.site);
    vo_command_option(command, "--place", settings.place);
    add_ssids(command);
    add_files(command, files);
}

static void add_site(struct vo_command *command, const struct paths *paths, const char *site)
{
    vo_command_add(command, "voready-reach");
    vo_command_option(command, "-o", paths->records);
    vo_command_option(command, "--vantage", settings.vantage);
    vo_command_option(command, "--site", settings.site);
    vo_command_option(command, "--place", settings.place);
    if (settings.quiet)
        vo_command_add(command, "-q");
    vo_command_add(command, "--");
    vo_command_add(command, site);
}

/* The probe: done or done in part is good enough to be judged. */
static enum vo_status measure(const struct paths *paths, const struct vo_option_list *files, int *code,
                              struct vo_error *error)
{
    struct vo_command command = {0};
    if (settings.captures.count && settings.ssids.count)
        add_air(&command, paths, files);
    else if (settings.captures.count)
        add_capture(&command, paths, files);
    else
        add_site(&command, paths, files->items[0]);
    return vo_command_run(&command, code, error);
}

static void add_records(struct vo_command *command, const struct paths *paths)
{
    if (paths->records[0])
        vo_command_add(command, paths->records);
    for (size_t i = 0; i < settings.records.count; i++)
        vo_command_add(command, settings.records.items[i]);
}

/* `site`: the site file, or NULL. */
static enum vo_status judge(const struct paths *paths, const char *pack, const char *site, int *code,
                            struct vo_error *error)
{
    struct vo_command command = {0};
    bool capture = settings.captures.count, air = settings.ssids.count || settings.records.count;
    char areas[64];
    snprintf(areas, sizeof areas, "%s%s%s",
             site      ? site_areas
             : capture ? capture_areas
                       : "",
             air && (site || capture) ? "," : "", air ? "air" : "");
    vo_command_add(&command, "voready-analyze");
    for (size_t i = 0; i < settings.rules.count; i++)
        vo_command_option(&command, "--rules", settings.rules.items[i]);
    if (settings.rules.count == 0)
        vo_command_option(&command, "--rules", pack);
    vo_command_option(&command, "--site", site);
    vo_command_option(&command, "--profile", settings.profile || site ? settings.profile : "voice");
    vo_command_option(&command, "--area", settings.areas ? settings.areas : areas);
    vo_command_option(&command, "--not-required", capture ? "media.latency" : NULL);
    if (settings.rules.count == 0 && settings.ssids.count && !settings.records.count) {
        /* what a receiver in one place hears tells neither where the WLAN is not, nor the rates of phones */
        vo_command_option(&command, "--not-required", "air.coverage");
        vo_command_option(&command, "--not-required", "air.capacity");
    }
    add_ssids(&command);
    vo_command_option(&command, "-o", paths->verdict);
    add_records(&command, paths);
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
    add_records(&command, paths);
    return vo_command_run(&command, code, error);
}

/* A stage that failed has said why by itself: its exit status is passed on. */
static int run(const struct vo_option_list *files)
{
    struct paths paths;
    char pack[VO_RUN_PATH];
    struct vo_error error;
    int code = 0, verdict = 0;
    const char *site = settings.captures.count || !files->count ? NULL : files->items[0];
    bool measures = settings.captures.count || site;
    enum vo_status status = make_folder(&paths, measures, &error);
    if (status == VO_OK && settings.rules.count == 0)
        status = vo_data_path("rules/openscape-mobile.json", pack, &error);
    if (status == VO_OK && measures)
        status = measure(&paths, files, &code, &error);
    if (status == VO_OK && code != VO_EXIT_DONE && code != VO_EXIT_PARTIAL)
        return code == VO_EXIT_USAGE ? EXIT_USAGE : EXIT_FAILED;
    if (status == VO_OK)
        status = judge(&paths, pack, site, &verdict, &error);
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

/* A site file or captures, and what goes with them. */
static enum vo_status check_usage(const struct vo_option_list *files, struct vo_error *error)
{
    const struct {
        const char *name;
        bool given;
    } of_captures[] = {
        {"--filter", settings.filter != NULL},   {"--keylog", settings.keylog != NULL},
        {"--near", settings.near.count != 0},    {"--position", settings.position != NULL},
        {"--playout", settings.playout != NULL},
    };
    bool capture = settings.captures.count != 0, air = settings.ssids.count != 0;
    if (!capture && air && files->count)
        return vo_error_set(error, VO_ERR_USAGE,
                            "--ssid goes with --capture: the site file names its WLANs itself, with ssids");
    for (size_t i = 1; air && i < sizeof of_captures / sizeof *of_captures; i++)
        if (of_captures[i].given)
            return vo_error_set(error, VO_ERR_USAGE,
                                "%s does not go with --ssid, which is for captures of the air",
                                of_captures[i].name);
    if (!capture && files->count == 0 && settings.records.count == 0)
        return vo_error_set(
            error, VO_ERR_USAGE,
            "nothing to assess: name a site file, captures with --capture FILE..., or records "
            "with --records FILE; see " NAME " -h");
    if (!capture && files->count > 1)
        return vo_error_set(error, VO_ERR_USAGE,
                            "'%.200s': one site file at a time; captures are named with --capture",
                            files->items[1]);
    if (capture && settings.vantage)
        return vo_error_set(error, VO_ERR_USAGE, "--vantage goes with a site file, not with --capture");
    for (size_t i = 0; !capture && i < sizeof of_captures / sizeof *of_captures; i++)
        if (of_captures[i].given)
            return vo_error_set(error, VO_ERR_USAGE,
                                "%s goes with --capture, not with a site file: name captures with --capture "
                                "FILE...",
                                of_captures[i].name);
    return VO_OK;
}

int vo_assess(int argc, char **argv)
{
    struct vo_option_list files = {0};
    struct vo_error error;
    int code = 0;
    enum vo_status status = vo_options_parse(&program, argc, argv, &files, &error);
    if (status == VO_OK)
        status = check_usage(&files, &error);
    if (status == VO_OK) {
        code = run(&files);
    } else if (status != VO_END) {
        vo_complain(NAME, &error);
        code = EXIT_USAGE;
    }
    vo_options_release(&program, &files);
    return code;
}
