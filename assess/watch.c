/* voready watch PROBE ARGS...: measure, keep the records, judge and show while they come. */
#include "assess/watch.h"

#include "assess/commands.h"
#include "core/json.h"
#include "core/metric.h"
#include "core/options.h"
#include "core/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAME          "voready watch"
#define VERDICT_LIMIT ((size_t)1 << 30)
#define SAME_SECOND   100 /* folders of one second */

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static struct settings {
    struct vo_option_list rules;
    const char *profile, *site, *areas, *out;
} settings;

static const struct vo_option options[] = {
    {"rules", 'r', VO_OPTION_LIST, &settings.rules, "PACK",
     "rule pack, may be given several times (default openscape-mobile)", 0, 0, NULL},
    {"profile", 'p', VO_OPTION_TEXT, &settings.profile, "NAME",
     "how the phones are used: voice, uc or integrated (default: the site's mode, or voice)", 0, 0, NULL},
    {"site", 's', VO_OPTION_FILE, &settings.site, "SITE.json",
     "the site: its mode, limits, waivers, and the WLANs to survey", 0, 0, NULL},
    {"area", 'a', VO_OPTION_TEXT, &settings.areas, "A,B",
     "areas to judge (default: air of wlan, media,qos of rtp, reach,tls,net,sip of reach)", 0, 0, NULL},
    {"out", 'O', VO_OPTION_FILE, &settings.out, "DIR",
     "where the records are kept (default: a new folder voready-watch-DATE)", 0, 0, NULL},
    {0},
};

static const char *const usage[] = {
    "[--rules PACK]... [--profile NAME] [--site SITE.json] [--area A,B] [--out DIR] PROBE ARGS...", NULL};

static const char *const probe_names[] = {"wlan", "rtp", "reach", NULL};

static const struct vo_program program = {
    .name = NAME,
    .summary = "runs a probe, and shows live how what it measures is judged",
    .usage = usage,
    .options = options,
    .notes =
        "PROBE is wlan, rtp or reach, with the arguments that it takes by itself, except -o. Its records are "
        "kept\n"
        "in DIR/records.jsonl, whatever becomes of the view; at its end DIR/verdict.json is made of them.\n"
        "Ctrl-C ends the measurement.\n"
        "\n"
        "Exit codes: 0 ready, 1 the tool failed, 2 wrong usage, 3 not ready, 4 ready with warnings, 5 "
        "incomplete.\n"
        "\n"
        "Example: " NAME " wlan walk -i wlan0 --ssid voice\n",
    .first_operands = probe_names,
};

/* In the order of probe_names. What is measured decides which areas are judged. */
static const struct probe {
    const char *program, *areas;
    bool has_commands;
} probes[] = {
    {"voready-wlan", "air", true},
    {"voready-rtp", "media,qos", false},
    {"voready-reach", "reach,tls,net,sip", false},
};

/* What some of them cannot tell by itself is judged, but not required, as with voready assess --capture; and
 * who takes names of WLANs. */
static const struct part {
    const char *program, *command; /* NULL: any */
    bool takes_ssids;
    const char *not_required[2];
} parts[] = {
    {"voready-wlan", "walk", true, {NULL}},
    {"voready-wlan", "scan", true, {"air.capacity"}},
    {"voready-wlan", "monitor", true, {"air.coverage", "air.capacity"}},
    {"voready-wlan", "read", true, {"air.coverage", "air.capacity"}},
    {"voready-wlan", NULL, false, {"air.coverage", "air.capacity"}},
    {"voready-rtp", NULL, false, {"media.latency"}},
};

struct job {
    const struct probe *probe;
    const struct part *part;            /* or NULL */
    const struct vo_option_list *words; /* the probe's name, then its arguments */
    struct vo_site site;                /* path NULL: none */
    char pack[VO_RUN_PATH];             /* the default rules */
    char folder[VO_RUN_PATH], records[VO_RUN_PATH], verdict[VO_RUN_PATH];
    bool made; /* the folder is new */
};

/* --- What is asked for ---------------------------------------------------------------------------- */

static const struct part *find_part(const struct probe *probe, const char *command)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(parts[i].program, probe->program) == 0 &&
            (!parts[i].command || (command && strcmp(parts[i].command, command) == 0)))
            return &parts[i];
    return NULL;
}

static enum vo_status find_probe(struct job *job, struct vo_error *error)
{
    char hint[200];
    size_t count = sizeof probes / sizeof *probes, i = 0;
    if (!job->words->count)
        return vo_error_set(error, VO_ERR_USAGE,
                            "name what is to be watched, such as wlan walk -i wlan0; see " NAME " -h");
    const char *name = job->words->items[0];
    while (i < count && strcmp(probe_names[i], name) != 0)
        i++;
    if (i == count)
        return vo_error_set(error, VO_ERR_USAGE, "no probe '%.60s' %s; see " NAME " -h", name,
                            vo_unknown_hint(name, probe_names, count, hint, sizeof hint));
    job->probe = &probes[i];
    job->part = find_part(job->probe, job->words->count > 1 ? job->words->items[1] : NULL);
    return VO_OK;
}

/* The argument of the probe that is one of `names` (up to --), or NULL. `prefix`: it may go on. */
static const char *find_argument(const struct job *job, const char *const *names, bool prefix)
{
    for (size_t i = 1; i < job->words->count; i++) {
        const char *word = job->words->items[i];
        if (strcmp(word, "--") == 0)
            return NULL;
        for (size_t n = 0; names[n]; n++)
            if (prefix ? strncmp(word, names[n], strlen(names[n])) == 0 : strcmp(word, names[n]) == 0)
                return word;
    }
    return NULL;
}

static enum vo_status check_arguments(const struct job *job, struct vo_error *error)
{
    static const char *const output[] = {"-o", "--output", NULL};
    const char *taken = find_argument(job, output, true);
    if (!taken)
        return VO_OK;
    return vo_error_set(error, VO_ERR_USAGE,
                        "%.60s: the records go to records.jsonl in the folder of --out DIR, before %s", taken,
                        job->words->items[0]);
}

static enum vo_status read_site(struct job *job, struct vo_error *error)
{
    if (!settings.site)
        return VO_OK;
    enum vo_status status = vo_site_open(settings.site, &job->site, error);
    if (status == VO_ERR_IO)
        error->status = status = VO_ERR_USAGE; /* the user's to correct, as for voready-analyze */
    return status;
}

/* --- The programs --------------------------------------------------------------------------------- */

static void add_probe(const struct job *job, struct vo_command *command)
{
    static const char *const site[] = {"--site", NULL}, *const ssid[] = {"--ssid", NULL};
    size_t next = 1;
    vo_command_add(command, job->probe->program);
    if (job->probe->has_commands && job->words->count > 1)
        vo_command_add(command, job->words->items[next++]);
    vo_command_option(command, "-o", "-");
    if (job->site.path && !find_argument(job, site, true))
        vo_command_option(command, "--site", job->site.name);
    if (job->site.path && job->part && job->part->takes_ssids && !find_argument(job, ssid, true))
        for (size_t i = 0; i < job->site.ssids.count; i++)
            vo_command_option(command, "--ssid", job->site.ssids.items[i]);
    for (; next < job->words->count; next++)
        vo_command_add(command, job->words->items[next]);
}

/* What voready-analyze judges by, up to its output and input. */
static void add_rules(const struct job *job, struct vo_command *command)
{
    vo_command_add(command, "voready-analyze");
    for (size_t i = 0; i < settings.rules.count; i++)
        vo_command_option(command, "--rules", settings.rules.items[i]);
    vo_command_option(command, "--profile", settings.profile || settings.site ? settings.profile : "voice");
    vo_command_option(command, "--site", settings.site);
    vo_command_option(command, "--area", settings.areas ? settings.areas : job->probe->areas);
    if (settings.rules.count)
        return;
    vo_command_option(command, "--rules", job->pack);
    for (size_t i = 0; job->part && i < 2; i++)
        vo_command_option(command, "--not-required", job->part->not_required[i]);
}

/* Rules that cannot be used are told now, and not when the survey is done: an empty record is judged. */
static enum vo_status try_rules(const struct job *job, int *code, struct vo_error *error)
{
    struct vo_command command = {0};
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC), status;
    const struct vo_start how = {.in = nothing, .out = nothing};
    pid_t pid;
    if (nothing < 0)
        return vo_error_set(error, VO_ERR_IO, "/dev/null: %s", strerror(errno));
    add_rules(job, &command);
    vo_command_add(&command, "-");
    enum vo_status result = vo_command_start(&command, &how, &pid, error);
    close(nothing);
    if (result != VO_OK)
        return result;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return vo_error_set(error, VO_ERR_IO, "lost sight of voready-analyze: %s", strerror(errno));
    return vo_command_ended("voready-analyze", status, code, error);
}

/* --- The folder ----------------------------------------------------------------------------------- */

/* voready-watch-20261122-181500, and with -2 and so on if the second had one already. */
static enum vo_status make_new_folder(struct job *job, struct vo_error *error)
{
    char day[40];
    struct tm parts_of;
    time_t now = time(NULL);
    strftime(day, sizeof day, "voready-watch-%Y%m%d-%H%M%S", localtime_r(&now, &parts_of));
    for (unsigned i = 1; i < SAME_SECOND; i++) {
        snprintf(job->folder, sizeof job->folder, i > 1 ? "%s-%u" : "%s", day, i);
        if (mkdir(job->folder, 0777) == 0) {
            job->made = true;
            return VO_OK;
        }
        if (errno != EEXIST)
            break;
    }
    return vo_error_set(error, VO_ERR_IO, "cannot make the folder %s: %s: name another with --out",
                        job->folder, strerror(errno));
}

static enum vo_status make_folder(struct job *job, struct vo_error *error)
{
    struct stat there;
    enum vo_status status = VO_OK;
    if (!settings.out)
        status = make_new_folder(job, error);
    else if (strlen(settings.out) > VO_RUN_PATH - 32)
        return vo_error_set(error, VO_ERR_USAGE, "--out: the path is too long");
    if (status != VO_OK)
        return status;
    if (settings.out) {
        snprintf(job->folder, sizeof job->folder, "%s", settings.out);
        job->made = mkdir(job->folder, 0777) == 0;
        if (!job->made && (errno != EEXIST || stat(job->folder, &there) != 0 || !S_ISDIR(there.st_mode)))
            return vo_error_set(error, VO_ERR_IO,
                                "cannot make the folder %.300s: %s: name another with --out", job->folder,
                                strerror(errno == EEXIST ? ENOTDIR : errno));
    }
    snprintf(job->records, sizeof job->records, "%.*s/records.jsonl", VO_RUN_PATH - 32, job->folder);
    snprintf(job->verdict, sizeof job->verdict, "%.*s/verdict.json", VO_RUN_PATH - 32, job->folder);
    return VO_OK;
}

static void leave_no_trace(const struct job *job)
{
    unlink(job->records);
    if (job->made)
        rmdir(job->folder);
}

/* --- The end -------------------------------------------------------------------------------------- */

/* "Not ready: air.signal failed for 1 of 2 places". */
static void print_verdict(const struct job *job)
{
    static const struct {
        const char *word, *said;
    } words[] = {{"ready", "Ready"},
                 {"ready_with_warnings", "Ready with warnings"},
                 {"incomplete", "Incomplete"},
                 {"not_ready", "Not ready"},
                 {"error", "Error"}};
    struct vo_json *document = NULL;
    struct vo_error error;
    if (vo_json_load(job->verdict, VERDICT_LIMIT, &document, &error) != VO_OK) {
        vo_complain(NAME, &error);
        return;
    }
    const char *word = vo_json_get_text(document, "verdict"), *reason = vo_json_get_text(document, "reason");
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0)
            printf("%s: %s\n", words[i].said, reason ? reason : "");
    vo_json_free(document);
}

/* All that was kept is judged once more: that holds whatever became of the live view. */
static int conclude(const struct job *job, const struct vo_watched *watched)
{
    struct vo_command command = {0};
    struct vo_error error;
    int code = EXIT_FAILED;
    if (watched->bytes == 0) {
        leave_no_trace(job);
        if (!watched->failed) {
            vo_error_set(&error, VO_ERR_INPUT, "%s wrote no records", job->probe->program);
            vo_complain(NAME, &error);
        }
        return watched->code == VO_EXIT_USAGE ? EXIT_USAGE : EXIT_FAILED;
    }
    add_rules(job, &command);
    vo_command_option(&command, "-o", job->verdict);
    vo_command_add(&command, job->records);
    enum vo_status status = vo_command_run(&command, &code, &error);
    if (status != VO_OK)
        vo_complain(NAME, &error);
    printf("Records: %s\n", job->records);
    if (status != VO_OK || code == EXIT_FAILED || code == EXIT_USAGE)
        return EXIT_FAILED;
    print_verdict(job);
    return watched->failed ? EXIT_FAILED : code;
}

static int watch(struct job *job, struct vo_error *error)
{
    struct vo_watch it = {.records = job->records};
    struct vo_watched watched;
    int code = 0;
    enum vo_status status = try_rules(job, &code, error);
    if (status == VO_OK && (code == EXIT_FAILED || code == EXIT_USAGE))
        return code;
    if (status == VO_OK)
        status = make_folder(job, error);
    if (status != VO_OK) {
        vo_complain(NAME, error);
        return status == VO_ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
    }
    add_probe(job, &it.probe);
    add_rules(job, &it.judge);
    vo_command_add(&it.judge, "--follow");
    vo_command_option(&it.judge, "-o", "-");
    vo_command_add(&it.judge, "-");
    vo_command_add(&it.show, "voready-report");
    vo_command_option(&it.show, "--format", "live");
    vo_command_add(&it.show, "-");
    status = vo_watch_run(NAME, &it, &watched, error);
    if (status == VO_OK)
        return conclude(job, &watched);
    vo_complain(NAME, error);
    if (job->made)
        leave_no_trace(job);
    return EXIT_FAILED;
}

/* Its own help needs no folder and no rules. */
static int ask_probe(const struct job *job, struct vo_error *error)
{
    struct vo_command command = {0};
    vo_command_add(&command, job->probe->program);
    for (size_t i = 1; i < job->words->count; i++)
        vo_command_add(&command, job->words->items[i]);
    vo_command_become(&command, error);
    vo_complain(NAME, error);
    return EXIT_FAILED;
}

static int run(const struct vo_option_list *words)
{
    static const char *const asks[] = {"-h", "--help", "--version", "--completion", NULL};
    struct job job = {.words = words};
    struct vo_error error;
    enum vo_status status = find_probe(&job, &error);
    if (job.probe && (find_argument(&job, asks, false) || (job.probe->has_commands && words->count < 2)))
        return ask_probe(&job, &error);
    if (status == VO_OK)
        status = check_arguments(&job, &error);
    if (status == VO_OK)
        status = read_site(&job, &error);
    if (status == VO_OK && settings.rules.count == 0)
        status = vo_data_path("rules/openscape-mobile.json", job.pack, &error);
    int code = status == VO_ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
    if (status == VO_OK)
        code = watch(&job, &error);
    else
        vo_complain(NAME, &error);
    vo_site_free(&job.site);
    return code;
}

int vo_watch(int argc, char **argv)
{
    struct vo_option_list words = {0};
    struct vo_error error;
    int code = 0;
    enum vo_status status = vo_options_parse(&program, argc, argv, &words, &error);
    if (status == VO_OK) {
        code = run(&words);
    } else if (status != VO_END) {
        vo_complain(NAME, &error);
        code = EXIT_USAGE;
    }
    vo_options_release(&program, &words);
    return code;
}
