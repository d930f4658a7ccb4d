/* voready-wlan calibrate: this adapter beside a phone. */
#include "probes/wlan/commands.h"
#include "probes/wlan/lines.h"
#include "probes/wlan/phone_readings.h"
#include "probes/wlan/survey_run.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <unistd.h>

#define DURATION_S       20 /* where readings stand on the command line */
#define PAUSE_ON_TROUBLE 0.5

static struct command {
    struct vo_survey_options survey;
    struct vo_option_list readings;
    double duration_s;
    bool list, force;
} command;

static const struct vo_option options[] = {
    VO_SURVEY_SCANS(command.survey),
    VO_SURVEY_PHONE(command.survey),
    {"reading", 0, VO_OPTION_LIST, &command.readings, "BSSID=DBM", "what the phone shows (default: ask)", 0,
     0, NULL},
    {"duration", 'd', VO_OPTION_NUMBER, &command.duration_s, "SECONDS",
     "measure for this long (default 20, or as long as it asks)", 1, 1e5, NULL},
    {"force", 0, VO_OPTION_FLAG, &command.force, NULL, "save it although there are fewer than three readings",
     0, 0, NULL},
    {"list", 0, VO_OPTION_FLAG, &command.list, NULL, "show the calibrations that there are", 0, 0, NULL},
    {"quiet", 'q', VO_OPTION_FLAG, &command.survey.quiet, NULL, "no progress and no warnings", 0, 0, NULL},
    {NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL},
};

static const char *const usage[] = {"[-i IFACE] --phone MODEL [--reading BSSID=DBM]... [-d SECONDS]",
                                    "--list", NULL};

static const struct vo_program program = {
    .name = "voready-wlan calibrate",
    .summary = "compares this adapter with a phone that lies beside it",
    .usage = usage,
    .options = options,
    .notes =
        "While it measures, reads what the phone shows from standard input, unless --reading tells it: lines "
        "of\n"
        "BSSID and dBm, several of one BSSID as well. The offset, phone less adapter, is kept for scan, walk "
        "and\n"
        "link --phone MODEL. Needs CAP_NET_ADMIN.\n"
        "Exit status: 0 saved, 1 failed, or nothing was saved; 2 wrong usage, 5 saved, measured in part.",
};

static struct job {
    struct vo_survey_run run;
    struct vo_phone_readings readings;
    struct vo_lines lines;
    bool asks;
    int64_t until_ns;
    char path[PATH_MAX];
} job;

/* --- Standard input ------------------------------------------------------------------------------- */

static void take_lines(void)
{
    char text[VO_LINE_TEXT];
    struct vo_error error;
    while (vo_lines_next(&job.lines, text))
        if (text[0] && vo_phone_reading_add(&job.readings, text, &error) != VO_OK)
            vo_survey_tell(&job.run, "%s", error.message);
}

static bool turn(void *context)
{
    (void)context;
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    while (job.asks && !job.lines.ended && poll(&ready, 1, 0) > 0) {
        size_t room;
        char *space = vo_lines_space(&job.lines, &room);
        ssize_t came = read(STDIN_FILENO, space, room);
        if (came < 0 && (errno == EINTR || errno == EAGAIN))
            break;
        vo_lines_add(&job.lines, came > 0 ? (size_t)came : 0);
        take_lines();
    }
    job.run.scanner.input = job.asks && !job.lines.ended ? STDIN_FILENO : -1;
    return false;
}

/* --- Measuring ------------------------------------------------------------------------------------ */

/* At least one scan, and on until the time is over, or the input. */
static bool is_time_for_more(long done)
{
    if (vo_survey_stopped())
        return false;
    return !done || (job.asks && !job.lines.ended) || vo_scanner_now() < job.until_ns;
}

static enum vo_status measure(struct vo_error *error)
{
    struct vo_scanner *scanner = &job.run.scanner;
    double duration_s = command.duration_s > 0 ? command.duration_s : job.asks ? 0 : DURATION_S;
    long done = 0, tried = 0;
    job.until_ns = vo_scanner_now() + (int64_t)(duration_s * 1e9);
    vo_visit_begin(&scanner->visit, vo_scanner_now());
    if (job.asks && isatty(STDIN_FILENO) && !command.survey.quiet)
        fprintf(stderr, "What does the phone show? A line a reading, BSSID and dBm; Ctrl-D when done:\n");
    while (is_time_for_more(done)) {
        vo_survey_show(&job.run, "scan %ld, %u readings of the phone", done + 1, job.readings.count);
        switch (vo_scanner_round(scanner, error)) {
        case VO_SCANNER_DONE:
            done++;
            break;
        case VO_SCANNER_FORBIDDEN:
        case VO_SCANNER_REFUSED:
        case VO_SCANNER_GONE:
            return error->status;
        default:
            if (tried++ > done + DURATION_S)
                return vo_error_set(error, VO_ERR_IO,
                                    "no scan is completed: other programs scan all the time");
            vo_scanner_pause(scanner, PAUSE_ON_TROUBLE);
        }
    }
    turn(NULL);
    if (vo_survey_stopped())
        return vo_error_set(error, VO_ERR_INPUT, "stopped: nothing was saved");
    return VO_OK;
}

/* --- The result ----------------------------------------------------------------------------------- */

static enum vo_status save(const struct vo_calibration *calibration, struct vo_error *error)
{
    struct vo_calibrations list;
    enum vo_status status = vo_calibrations_load(job.path, &list, error);
    if (status == VO_OK)
        status = vo_calibrations_set(&list, calibration, error);
    if (status == VO_OK)
        status = vo_calibrations_save(job.path, &list, error);
    if (status == VO_OK)
        printf("saved to %s\n", job.path);
    vo_calibrations_release(&list);
    return status;
}

static void print_offset(const struct vo_calibration *calibration, FILE *stream)
{
    fprintf(stream, "%s beside %s: %+.1f dB", calibration->phone, calibration->adapter,
            calibration->offset_db);
    if (!isnan(calibration->uncertainty_db))
        fprintf(stream, " +- %.1f dB", calibration->uncertainty_db);
    if (!isnan(calibration->spread_db))
        fprintf(stream, ", spread %.1f dB", calibration->spread_db);
    fprintf(stream, ", %u reading%s\n", calibration->readings, calibration->readings == 1 ? "" : "s");
}

static enum vo_status conclude(struct vo_error *error)
{
    double differences[VO_PHONE_READINGS];
    struct vo_calibration calibration = {.made = vo_clock_now()};
    const struct vo_visit *visit = &job.run.scanner.visit;
    unsigned count = vo_phone_differences(&job.readings, visit, differences);
    vo_survey_show(&job.run, NULL);
    if (job.readings.count)
        vo_phone_print(&job.readings, visit, stdout);
    if (!count)
        return vo_error_set(error, VO_ERR_INPUT,
                            "there is no reading of the phone to compare with: nothing was saved");
    snprintf(calibration.adapter, sizeof calibration.adapter, "%s", job.run.scanner.radio.adapter);
    snprintf(calibration.phone, sizeof calibration.phone, "%s", command.survey.phone);
    vo_calibration_of(differences, count, &calibration);
    print_offset(&calibration, stdout);
    if (fabs(calibration.offset_db) > VO_CALIBRATION_MOST_DB)
        return vo_error_set(
            error, VO_ERR_INPUT,
            "no two receivers differ by more than %.0f dB: is the phone here? Nothing was saved",
            VO_CALIBRATION_MOST_DB);
    if (count < VO_CALIBRATION_LEAST && !command.force)
        return vo_error_set(
            error, VO_ERR_INPUT,
            "with fewer than %d readings its uncertainty is unknown: take more, or save it all the "
            "same with --force; nothing was saved",
            VO_CALIBRATION_LEAST);
    if (count < job.readings.count)
        vo_survey_partial(&job.run, "%u of %u readings could be compared", count, job.readings.count);
    return save(&calibration, error);
}

static int list(struct vo_error *error)
{
    struct vo_calibrations there;
    if (vo_calibrations_load(job.path, &there, error) != VO_OK) {
        vo_complain(program.name, error);
        return VO_EXIT_FAILED;
    }
    for (size_t i = 0; i < there.count; i++) {
        char made[VO_TIME_TEXT_SIZE];
        printf("%s  ", vo_time_format(there.rows[i].made, made));
        print_offset(&there.rows[i], stdout);
    }
    if (!there.count && !command.survey.quiet)
        fprintf(stderr, "%s: there are none in %s\n", program.name, job.path);
    vo_calibrations_release(&there);
    return VO_EXIT_DONE;
}

static int run(struct vo_error *error)
{
    job.run = (struct vo_survey_run){.program = &program, .options = &command.survey, .turn = turn};
    job.asks = job.readings.count == 0;
    enum vo_status status = vo_survey_open(&job.run, NULL, false, error);
    if (status == VO_OK && !job.run.scanner.radio.adapter[0])
        status = vo_error_set(error, VO_ERR_IO, "%s: its driver has no name to keep a calibration under",
                              job.run.scanner.radio.interface.name);
    if (status == VO_OK)
        status = measure(error);
    if (status == VO_OK)
        status = conclude(error);
    fflush(stdout);
    return vo_survey_close(&job.run, status, error);
}

/* --- The command line ----------------------------------------------------------------------------- */

static enum vo_status check_command(struct vo_error *error)
{
    enum vo_status status = VO_OK;
    if (!command.list && (!command.survey.phone || !command.survey.phone[0]))
        return vo_error_set(error, VO_ERR_USAGE, "name the phone: --phone MODEL, such as --phone 'Pixel 8'");
    for (size_t i = 0; i < command.readings.count && status == VO_OK; i++)
        status = vo_phone_reading_add(&job.readings, command.readings.items[i], error);
    if (status != VO_OK)
        return status;
    if (command.survey.calibrations)
        snprintf(job.path, sizeof job.path, "%s", command.survey.calibrations);
    else
        status = vo_calibrations_path(job.path, sizeof job.path, error);
    return status;
}

int vo_wlan_calibrate(int argc, char **argv)
{
    struct vo_error error;
    struct vo_option_list operands;
    enum vo_status status = vo_options_parse(&program, argc, argv, &operands, &error);
    if (status == VO_END)
        return VO_EXIT_DONE;
    if (status == VO_OK && operands.count)
        status = vo_error_set(&error, VO_ERR_USAGE, "'%s' is no option; see %s -h", operands.items[0],
                              program.name);
    if (status == VO_OK)
        status = check_command(&error);
    if (status != VO_OK) {
        vo_complain(program.name, &error);
        return status == VO_ERR_USAGE ? VO_EXIT_USAGE : VO_EXIT_FAILED;
    }
    int code = command.list ? list(&error) : run(&error);
    vo_options_release(&program, &operands);
    return code;
}
