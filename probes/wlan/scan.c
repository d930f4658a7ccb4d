/* voready-wlan scan: what is on the air here, by the kernel's scans. */
#include "probes/wlan/commands.h"
#include "probes/wlan/survey_run.h"
#include "probes/wlan/visit_table.h"

#include <math.h>
#include <string.h>

#define SPARE_ROUNDS     3  /* for scans that were aborted */
#define CACHE_AGE_S      30 /* the kernel keeps results for so long */
#define PAUSE_ON_TROUBLE 0.5
#define GRACE_NS         (15 * VO_NS_PER_S) /* for the scan that runs when the time is over */

static struct command {
    struct vo_survey_options survey;
    const char *place;
    long rounds; /* -1: not told; 0: until it is stopped */
    double duration_s, interval_s, max_age_s;
} command = {.rounds = -1, .max_age_s = -1};

static const struct vo_option options[] = {
    VO_SURVEY_OUTPUT(command.survey),
    VO_SURVEY_SCANS(command.survey),
    {"rounds", 0, VO_OPTION_INTEGER, &command.rounds, "N", "scans (default 3, passive 5; 0: until SIGINT)", 0,
     1e6, NULL},
    {"duration", 'd', VO_OPTION_NUMBER, &command.duration_s, "SECONDS", "scan for this long instead", 0.1,
     1e9, NULL},
    {"interval", 0, VO_OPTION_NUMBER, &command.interval_s, "SECONDS", "pause between scans (default 0)", 0,
     1e6, NULL},
    {"max-age", 0, VO_OPTION_NUMBER, &command.max_age_s, "SECONDS",
     "earlier results that are no older count, too (default 0)", 0, 1e6, NULL},
    {"place", 0, VO_OPTION_TEXT, &command.place, "NAME", "name of the place, for the records", 0, 0, NULL},
    VO_SURVEY_PHONE(command.survey),
    VO_SURVEY_REST(command.survey),
    {NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL},
};

static const char *const usage[] = {
    "[-o RECORDS] [-i IFACE] [--passive] [--rounds N | -d SECONDS] [--ssid NAME]...", NULL};

static const struct vo_program program = {
    .name = "voready-wlan scan",
    .summary = "measures the networks around, by scans of the kernel",
    .usage = usage,
    .options = options,
    .notes = "Needs CAP_NET_ADMIN to scan; without it, shows what scans of other programs found.\n"
             "Without -o a table is printed. Exit status: 0 done, 1 failed, 2 wrong usage, 5 done in part.",
};

static struct job {
    struct vo_survey_run run;
    long planned; /* rounds; 0: no number of them */
    long done, tried;
    int64_t until_ns; /* INT64_MAX: no time was told */
} job;

static void emit(bool all)
{
    struct vo_survey_run *run = &job.run;
    struct vo_visit_terms terms = {.interface = run->scanner.radio.interface.name,
                                   .place = command.place,
                                   .number = 1,
                                   .surveyed = &run->surveyed,
                                   .chosen = &run->scanner.chosen};
    vo_visit_emit(run->writer, &run->scanner.visit, &terms, all, vo_scanner_now(), vo_clock_now());
}

static bool turn(void *context)
{
    (void)context;
    return job.until_ns != INT64_MAX && vo_scanner_now() - job.until_ns > GRACE_NS;
}

static bool has_readings(void)
{
    size_t bsss, access_points;
    vo_visit_count(&job.run.scanner.visit, &bsss, &access_points);
    return bsss > 0;
}

/* May not scan: what others' scans found is all there is, and what they will find if there is time. */
static bool go_on_without_privilege(const struct vo_error *error)
{
    struct vo_scanner *scanner = &job.run.scanner;
    struct vo_error unread;
    if (!job.run.why[0] || job.tried == 1) {
        vo_survey_tell(&job.run, "%s; what other programs' scans found is shown", error->message);
        vo_survey_partial(&job.run,
                          "it may not scan (CAP_NET_ADMIN is missing): only what other programs' scans "
                          "found is there");
        if (command.max_age_s < 0)
            scanner->visit.since_ns -= CACHE_AGE_S * VO_NS_PER_S;
        if (vo_scanner_read(scanner, &unread) != VO_OK)
            vo_survey_tell(&job.run, "%s", unread.message);
    }
    return job.until_ns != INT64_MAX;
}

/* One round. Returns whether there is to be another; *status: what failed so that nothing is left. */
static bool do_round(enum vo_status *status, struct vo_error *error)
{
    struct vo_survey_run *run = &job.run;
    bool go_on = true;
    job.tried++;
    if (job.planned)
        vo_survey_show(run, "scan %ld of %ld", job.done + 1, job.planned);
    else
        vo_survey_show(run, "scan %ld", job.done + 1);
    switch (vo_scanner_round(&run->scanner, error)) {
    case VO_SCANNER_DONE:
        job.done++;
        break;
    case VO_SCANNER_FORBIDDEN:
        go_on = go_on_without_privilege(error);
        break;
    case VO_SCANNER_CUT:
    case VO_SCANNER_BUSY:
        go_on = vo_scanner_pause(&run->scanner, PAUSE_ON_TROUBLE);
        break;
    case VO_SCANNER_BROKEN:
        go_on = false;
        break;
    case VO_SCANNER_REFUSED:
    case VO_SCANNER_GONE:
        vo_survey_partial(run, "%s", error->message);
        if (!has_readings())
            *status = error->status;
        go_on = false;
        break;
    }
    emit(false);
    return go_on && *status == VO_OK;
}

static bool is_time_for_more(void)
{
    if (vo_survey_stopped() || vo_scanner_now() >= job.until_ns)
        return false;
    return !job.planned || (job.done < job.planned && job.tried < job.planned + SPARE_ROUNDS);
}

static void say_what_is_missing(void)
{
    struct vo_survey_run *run = &job.run;
    const struct vo_scanner *scanner = &run->scanner;
    if (vo_survey_stopped() && (job.planned || job.until_ns != INT64_MAX))
        vo_survey_partial(run, "stopped before its planned length");
    if (job.planned && job.done < job.planned)
        vo_survey_partial(run,
                          "%ld of %ld scans were completed (aborted: %u; without an end: %u; the others were "
                          "refused while other programs scanned)",
                          job.done, job.planned, scanner->aborted, scanner->overdue);
    if (!job.planned && !job.done)
        vo_survey_partial(run, "no scan was completed");
}

static enum vo_status measure(struct vo_error *error)
{
    struct vo_survey_run *run = &job.run;
    enum vo_status status = VO_OK;
    double age_s = fmax(command.max_age_s, 0);
    bool has_time = command.duration_s > 0;
    int64_t now_ns = vo_scanner_now();
    job.planned = has_time ? 0 : command.rounds >= 0 ? command.rounds : vo_survey_rounds(&command.survey, 0);
    job.until_ns = has_time ? now_ns + (int64_t)(command.duration_s * 1e9) : INT64_MAX;
    vo_visit_begin(&run->scanner.visit, now_ns - (int64_t)(age_s * 1e9));
    if (age_s > 0)
        status = vo_scanner_read(&run->scanner, error);
    while (status == VO_OK && is_time_for_more() && do_round(&status, error)) {
        double left_s = (double)(job.until_ns - vo_scanner_now()) / 1e9;
        if (command.interval_s > 0 && is_time_for_more())
            vo_scanner_pause(&run->scanner, fmin(command.interval_s, fmax(left_s, 0)));
        status = vo_record_status(run->writer, error);
    }
    emit(true);
    if (status == VO_OK)
        say_what_is_missing();
    return status;
}

static int run(struct vo_error *error)
{
    job.run = (struct vo_survey_run){.program = &program, .options = &command.survey, .turn = turn};
    job.until_ns = INT64_MAX;
    enum vo_status status = vo_survey_open(&job.run, command.place, true, error);
    if (status == VO_OK)
        status = measure(error);
    vo_survey_show(&job.run, NULL);
    if (status == VO_OK && !command.survey.output) {
        vo_survey_print_head(&job.run, stdout);
        vo_visit_print(&job.run.scanner.visit, &job.run.surveyed, stdout);
        fflush(stdout);
    }
    return vo_survey_close(&job.run, status, error);
}

int vo_wlan_scan(int argc, char **argv)
{
    struct vo_error error;
    struct vo_option_list operands;
    enum vo_status status = vo_options_parse(&program, argc, argv, &operands, &error);
    if (status == VO_END)
        return VO_EXIT_DONE;
    if (status == VO_OK && operands.count)
        status = vo_error_set(&error, VO_ERR_USAGE, "'%s' is no option; see %s -h", operands.items[0],
                              program.name);
    if (status == VO_OK && command.duration_s > 0 && command.rounds >= 0)
        status = vo_error_set(&error, VO_ERR_USAGE, "--rounds and --duration exclude each other");
    if (status != VO_OK) {
        vo_complain(program.name, &error);
        return VO_EXIT_USAGE;
    }
    int code = run(&error);
    vo_options_release(&program, &operands);
    return code;
}
