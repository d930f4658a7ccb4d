/* voready-reach: whether everything that the site needs can be reached from here. */
#include "core/options.h"
#include "core/output.h"
#include "probes/reach/ground.h"
#include "probes/reach/schedule.h"
#include "probes/reach/table.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define SERVERS   16    /* DNS servers at most */
#define AT_ONCE   16384 /* checks: fewer than there are local ports */
#define RESERVED  256   /* file descriptors for all else */
#define PER_CHECK 2     /* file descriptors */

struct command {
    const char *output, *vantage, *site, *place;
    double timeout_s;
    long nat_lifetime_s;
    struct vo_option_list tcp, files;
    bool quiet;
};

static struct command command = {.vantage = "wifi", .timeout_s = 5};

static const char *const vantages[] = {"wifi", "sbc", "uc", NULL};

static const struct vo_option options[] = {
    {"output", 'o', VO_OPTION_FILE, &command.output, "RECORDS", "write records here, - for standard output",
     0, 0, NULL},
    {"vantage", 0, VO_OPTION_WORD, &command.vantage, "NAME", "where this host stands (default wifi)", 0, 0,
     vantages},
    {"timeout", 0, VO_OPTION_NUMBER, &command.timeout_s, "SECONDS",
     "silence of this long is filtered (default 5)", 0.1, 600, NULL},
    {"nat-lifetime", 0, VO_OPTION_INTEGER, &command.nat_lifetime_s, "SECONDS",
     "how long an idle flow is remembered, tried up to this (takes as long)", 0, 1800, NULL},
    {"tcp", 0, VO_OPTION_LIST, &command.tcp, "HOST:PORT[-PORT]", "plain TCP ports, without a site file", 0, 0,
     NULL},
    {"site", 0, VO_OPTION_TEXT, &command.site, "NAME",
     "name of the site, for the records (default: as in SITE.json)", 0, 0, NULL},
    {"place", 0, VO_OPTION_TEXT, &command.place, "NAME", "name of the place, for the records", 0, 0, NULL},
    {"quiet", 'q', VO_OPTION_FLAG, &command.quiet, NULL, "no progress and no warnings", 0, 0, NULL},
    {NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL},
};

static const char *const usage[] = {
    "[--vantage NAME] [--timeout SECONDS] [--nat-lifetime SECONDS] [-o RECORDS] SITE.json",
    "[--timeout SECONDS] [-o RECORDS] --tcp HOST:PORT[-PORT]...",
    NULL,
};

static const struct vo_program program = {
    .name = "voready-reach",
    .summary = "tries whether all that a site needs is reached from here",
    .usage = usage,
    .options = options,
    .notes = "What belongs to another vantage (the phones' wifi, the network of the sbc, the uc server) is "
             "named and not tried.\n"
             "Without -o a table is printed. Exit status: 0 done, 1 failed, 2 wrong usage, 5 done in part.",
    .operands_are_files = true,
};

/* One run, and all that it holds. */
static struct job {
    struct vo_site site; /* empty with --tcp */
    struct vo_plan plan;
    struct vo_reach reach;
    struct vo_resolver *resolvers[SERVERS];
    enum vo_vantage vantage;
    int table; /* file descriptor of the records that a table is made of; -1: none */
    char table_path[40];
} job = {.table = -1};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* As many file descriptors as may be had; how many checks run at once with them. */
static unsigned raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 256;
    rlim_t had = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        limit.rlim_cur = had;
    if (limit.rlim_cur >= RESERVED + (rlim_t)AT_ONCE * PER_CHECK)
        return AT_ONCE;
    return limit.rlim_cur > RESERVED + PER_CHECK ? (unsigned)((limit.rlim_cur - RESERVED) / PER_CHECK) : 1;
}

static enum vo_vantage vantage_of(const char *word)
{
    unsigned at = 0;
    while (at + 1 < VO_VANTAGES && strcmp(word, vo_vantage_names[at]) != 0)
        at++;
    return (enum vo_vantage)at;
}

static enum vo_status add_resolver(const char *server, struct vo_error *error)
{
    enum vo_status status = vo_resolver_new(job.reach.loop, server, job.reach.timeout,
                                            &job.resolvers[job.reach.resolver_count], error);
    if (status == VO_OK)
        job.reach.resolver_count++;
    return status;
}

/* The site's DNS servers, or those of the system. */
static enum vo_status open_resolvers(struct vo_error *error)
{
    char system[SERVERS][VO_RESOLVER_TEXT];
    const struct vo_site_list *named = &job.site.resolvers;
    enum vo_status status = VO_OK;
    job.reach.resolvers = job.resolvers;
    if (named->count > SERVERS)
        return vo_error_set(error, VO_ERR_USAGE, "%s: resolvers: %zu are more than %d", job.site.path,
                            named->count, SERVERS);
    size_t count = named->count ? 0 : vo_resolver_system(system, SERVERS);
    for (size_t i = 0; i < named->count && status == VO_OK; i++)
        status = add_resolver(named->items[i], error);
    for (size_t i = 0; i < count && i < SERVERS && status == VO_OK; i++)
        status = add_resolver(system[i], error);
    return status;
}

static enum vo_status open_identity(struct vo_error *error)
{
    char password[256] = "";
    const struct vo_site_certificate *certificate = &job.site.client_certificate;
    enum vo_status status = VO_OK;
    if (!certificate->file)
        return VO_OK;
    if (certificate->password_file)
        status = vo_secret_read(certificate->password_file, password, sizeof password, error);
    if (status == VO_OK)
        status =
            vo_tls_identity_load(certificate->file, certificate->key_file,
                                 certificate->password_file ? password : NULL, &job.reach.identity, error);
    explicit_bzero(password, sizeof password);
    return status;
}

static enum vo_status open_site(struct vo_error *error)
{
    enum vo_status status = vo_site_open(command.files.items[0], &job.site, error);
    if (status == VO_OK)
        status = vo_output_apart(command.output, command.files.items, command.files.count, error);
    if (status == VO_OK)
        status = vo_plan_site(&job.plan, &job.site, job.vantage, error);
    if (status == VO_OK)
        status = vo_tls_trust_new(job.site.ca_file, &job.reach.trust, error);
    return status == VO_OK ? open_identity(error) : status;
}

/* The records' file: the one that is asked for, or one in memory that the table is made of. */
static enum vo_status open_records(struct vo_error *error)
{
    char conditions[64];
    const struct vo_option_list *source = command.tcp.count ? &command.tcp : &command.files;
    struct vo_run run = {.probe = program.name,
                         .site = command.site ? command.site : job.site.name,
                         .vantage = command.tcp.count ? NULL : vo_vantage_names[job.vantage],
                         .place = command.place,
                         .source = source->items,
                         .source_count = source->count,
                         .conditions = conditions};
    snprintf(conditions, sizeof conditions, "{\"timeout_s\": %.3f}", command.timeout_s);
    if (!command.output) {
        job.table = memfd_create("records", MFD_CLOEXEC);
        if (job.table < 0)
            return vo_error_set(error, VO_ERR_IO, "cannot keep the results for a table: %s: give -o",
                                strerror(errno));
        snprintf(job.table_path, sizeof job.table_path, "/proc/self/fd/%d", job.table);
    }
    return vo_record_open(command.output ? command.output : job.table_path, &run, &job.reach.writer, error);
}

static enum vo_status open_all(struct vo_error *error)
{
    job.vantage = vantage_of(command.vantage);
    job.reach.site = &job.site;
    job.reach.timeout = (vo_time)(command.timeout_s * (double)VO_NS_PER_S);
    job.reach.nat_lifetime = command.nat_lifetime_s * VO_NS_PER_S;
    job.reach.started = vo_clock_now();
    enum vo_status status = vo_loop_new(&job.reach.loop, error);
    if (status == VO_OK)
        status = command.tcp.count ? vo_plan_tcp(&job.plan, command.tcp.items, command.tcp.count, error)
                                   : open_site(error);
    if (status == VO_OK)
        status = open_resolvers(error);
    return status == VO_OK ? open_records(error) : status;
}

static void close_all(void)
{
    for (size_t i = 0; i < job.reach.resolver_count; i++)
        vo_resolver_free(job.resolvers[i]);
    vo_loop_free(job.reach.loop);
    vo_tls_identity_free(job.reach.identity);
    vo_tls_trust_free(job.reach.trust);
    vo_plan_free(&job.plan);
    vo_site_free(&job.site);
    if (job.table >= 0)
        close(job.table);
}

static int exit_of(enum vo_status status)
{
    return status == VO_ERR_USAGE ? VO_EXIT_USAGE : VO_EXIT_FAILED;
}

static bool wants_colour(void)
{
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no && no[0]) && terminal && strcmp(terminal, "dumb") != 0;
}

static int fail(const struct vo_error *error)
{
    vo_complain(program.name, error);
    return exit_of(error->status);
}

/* Tries everything, and writes or prints it. */
static int measure(unsigned limit)
{
    struct vo_error error, closing;
    struct vo_progress progress;
    struct vo_schedule_options how = {&job.plan, job.vantage, &progress, &stopped, limit};
    struct vo_ground before, after;
    char moved[200];
    vo_progress_start(&progress, stderr, "checks", command.quiet, vo_clock_monotonic());
    vo_ground_look(&before);
    enum vo_status status = vo_schedule_run(&job.reach, &how, &error);
    vo_ground_look(&after);
    vo_progress_finish(&progress);
    const char *why = status != VO_OK                                         ? error.message
                      : job.reach.stopping                                    ? "stopped before all was tried"
                      : vo_ground_moved(&before, &after, moved, sizeof moved) ? moved
                                                                              : NULL;
    enum vo_status closed = vo_record_close(job.reach.writer, !why, why, &closing);
    job.reach.writer = NULL;
    if (status != VO_OK)
        return fail(&error);
    if (closed == VO_OK && !command.output)
        closed = vo_reach_print_table(job.table_path, stdout, wants_colour(), &closing);
    if (closed != VO_OK)
        return fail(&closing);
    if (why && !command.quiet)
        fprintf(stderr, "%s: done in part: %s\n", program.name, why);
    return why ? VO_EXIT_PARTIAL : VO_EXIT_DONE;
}

static enum vo_status check_command(struct vo_error *error)
{
    if (command.tcp.count && command.files.count)
        return vo_error_set(error, VO_ERR_USAGE,
                            "--tcp needs no site file, and '%s' is one: try them in two runs",
                            command.files.items[0]);
    if (!command.tcp.count && command.files.count == 0)
        return vo_error_set(error, VO_ERR_USAGE,
                            "no site file is named: voready init writes one; see voready-reach -h");
    if (command.files.count > 1)
        return vo_error_set(error, VO_ERR_USAGE, "one site file is tried at a time, and '%s' is another",
                            command.files.items[1]);
    return VO_OK;
}

int main(int argc, char **argv)
{
    struct vo_error error;
    enum vo_status status = vo_options_parse(&program, argc, argv, &command.files, &error);
    if (status == VO_OK)
        status = check_command(&error);
    if (status == VO_END)
        return vo_output_finish(program.name, VO_EXIT_DONE);
    if (status != VO_OK) {
        vo_complain(program.name, &error);
        return exit_of(status);
    }
    catch_signals();
    unsigned limit = raise_limit();
    status = open_all(&error);
    int code = status == VO_OK ? measure(limit) : fail(&error);
    vo_record_close(job.reach.writer, false, "not begun", NULL);
    close_all();
    vo_options_release(&program, &command.files);
    return vo_output_finish(program.name, code);
}
