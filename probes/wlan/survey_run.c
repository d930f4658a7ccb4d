#include "probes/wlan/survey_run.h"

#include "core/output.h"
#include "probes/wlan/visit_table.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* --- Signals -------------------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART: poll() and read() end */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool vo_survey_stopped(void)
{
    return stopped;
}

/* --- Messages ------------------------------------------------------------------------------------- */

void vo_survey_tell(struct vo_survey_run *run, const char *format, ...)
{
    va_list arguments;
    if (run->options->quiet)
        return;
    vo_survey_show(run, NULL);
    fprintf(stderr, "%s: ", run->program->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void vo_survey_show(struct vo_survey_run *run, const char *format, ...)
{
    va_list arguments;
    if (run->options->quiet || (!run->shown && !format) || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K");
    run->shown = format != NULL;
    if (!format)
        return;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
}

void vo_survey_partial(struct vo_survey_run *run, const char *format, ...)
{
    va_list arguments;
    if (run->why[0])
        return;
    va_start(arguments, format);
    vsnprintf(run->why, sizeof run->why, format, arguments);
    va_end(arguments);
}

static void on_message(void *context, const char *message)
{
    vo_survey_tell(context, "%s", message);
}

static bool on_turn(void *context)
{
    struct vo_survey_run *run = context;
    if (run->writer)
        vo_record_tick(run->writer, vo_clock_monotonic());
    return stopped || (run->turn && run->turn(run->context));
}

/* --- Opening -------------------------------------------------------------------------------------- */

static void survey_own_network(struct vo_survey_run *run)
{
    const struct vo_wlan_interface *own = &run->poll.reading.interface;
    if (vo_link_poll_open(&run->poll, run->scanner.nl80211, run->scanner.radio.interface.name, false, NULL) !=
        VO_OK)
        return;
    run->poll.without_survey = true;
    if (vo_link_poll(&run->poll, NULL) == VO_OK && run->poll.reading.associated &&
        vo_wlan_interface_has(own, VO_WLAN_INTERFACE_SSID))
        vo_surveyed_associated(&run->surveyed, own->ssid, own->ssid_size);
}

static enum vo_status open_scanner(struct vo_survey_run *run, struct vo_error *error)
{
    const struct vo_survey_options *options = run->options;
    struct vo_scanner_options how = {.interface = options->interface,
                                     .channels = options->channels,
                                     .frequencies = options->frequencies,
                                     .passive = options->passive,
                                     .dwell_tu = (uint16_t)options->dwell_tu,
                                     .tell = on_message,
                                     .turn = on_turn,
                                     .context = run};
    if (options->passive && options->active)
        return vo_error_set(error, VO_ERR_USAGE, "--active and --passive exclude each other");
    enum vo_status status =
        vo_surveyed_name(options->ssids.items, options->ssids.count, &run->surveyed, error);
    if (status == VO_OK)
        status = vo_scanner_open(&run->scanner, &how, error);
    if (status != VO_OK)
        return status;
    survey_own_network(run);
    run->scanner.surveyed = &run->surveyed;
    if (run->scanner.chosen.refused[0]) {
        vo_survey_tell(run, "not scanned: %s", run->scanner.chosen.refused);
        vo_survey_partial(run, "not scanned: %s", run->scanner.chosen.refused);
    }
    return VO_OK;
}

/* What the run was made with, as JSON. */
static void put_conditions(struct vo_json_writer *json, const struct vo_survey_run *run)
{
    const struct vo_radio *radio = &run->scanner.radio;
    vo_json_begin_object(json);
    vo_json_put_string(json, "scan", run->options->passive ? "passive" : "active");
    if (radio->adapter[0])
        vo_json_put_string(json, "adapter", radio->adapter);
    if (vo_regulatory_has(&radio->regulatory, VO_REGULATORY_COUNTRY))
        vo_json_put_string(json, "regulatory_domain", radio->regulatory.country);
    if (run->options->phone) {
        vo_json_key(json, "calibration");
        vo_calibration_put(json, &run->calibration);
    }
    vo_json_end_object(json);
    json->comma = false;
    vo_json_raw(json, "", 1); /* the NUL */
}

static enum vo_status open_records(struct vo_survey_run *run, const char *place, struct vo_error *error)
{
    struct vo_json_writer conditions = {0};
    const char *interface = run->scanner.radio.interface.name;
    put_conditions(&conditions, run);
    struct vo_run about = {.probe = "voready-wlan",
                           .site = run->options->site,
                           .place = place,
                           .interface = interface,
                           .source = &interface,
                           .source_count = 1,
                           .conditions = conditions.data};
    enum vo_status status = conditions.failed
                                ? vo_error_memory(error, "the run's conditions")
                                : vo_record_open(run->options->output, &about, &run->writer, error);
    vo_json_writer_release(&conditions);
    return status;
}

enum vo_status vo_survey_open(struct vo_survey_run *run, const char *place, bool records,
                              struct vo_error *error)
{
    catch_signals();
    enum vo_status status = open_scanner(run, error);
    if (status == VO_OK && records && run->options->phone)
        status =
            vo_calibration_for(run->options->calibrations, run->scanner.radio.adapter, run->options->phone,
                               run->scanner.radio.interface.name, &run->calibration, error);
    if (status == VO_OK && records)
        status = open_records(run, place, error);
    return status;
}

/* --- Closing -------------------------------------------------------------------------------------- */

int vo_survey_close(struct vo_survey_run *run, enum vo_status status, const struct vo_error *error)
{
    struct vo_error closing;
    vo_survey_show(run, NULL);
    int code = status == VO_ERR_USAGE ? VO_EXIT_USAGE : status != VO_OK ? VO_EXIT_FAILED : VO_EXIT_DONE;
    if (run->scanner.visit.bsses.left_out)
        vo_survey_partial(run, "more BSSs were heard than are kept");
    if (status != VO_OK) {
        vo_complain(run->program->name, error);
    } else if (run->why[0]) {
        code = VO_EXIT_PARTIAL;
        if (!run->options->quiet)
            fprintf(stderr, "%s: measured in part: %s\n", run->program->name, run->why);
    }
    const char *why = status != VO_OK ? error->message : run->why;
    if (vo_record_close(run->writer, code == VO_EXIT_DONE, why, &closing) != VO_OK) {
        if (status == VO_OK) /* else it was said */
            vo_complain(run->program->name, &closing);
        code = VO_EXIT_FAILED;
    }
    vo_scanner_close(&run->scanner);
    return code;
}

/* --- Terms ---------------------------------------------------------------------------------------- */

long vo_survey_rounds(const struct vo_survey_options *options, long asked)
{
    enum { ACTIVE = 3, PASSIVE = 5 }; /* a dwell of some 111 ms may miss a beacon that comes every 102.4 ms */
    return asked ? asked : options->passive ? PASSIVE : ACTIVE;
}

void vo_survey_print_head(const struct vo_survey_run *run, FILE *stream)
{
    const struct vo_radio *radio = &run->scanner.radio;
    const struct vo_visit *visit = &run->scanner.visit;
    char domain[64];
    size_t bsss, access_points;
    vo_visit_count(visit, &bsss, &access_points);
    fprintf(stream, "%s", radio->interface.name);
    if (radio->driver[0])
        fprintf(stream, " (%s)", radio->driver);
    fprintf(stream, ": %u scan%s", visit->scans, visit->scans == 1 ? "" : "s");
    if (visit->others_scans)
        fprintf(stream, " (%u of other programs)", visit->others_scans);
    fprintf(stream, ", %zu BSS%s of %zu access point%s, regulatory domain %s\n", bsss, bsss == 1 ? "" : "s",
            access_points, access_points == 1 ? "" : "s", vo_radio_domain(radio, domain, sizeof domain));
    vo_radio_print_limits(radio, stream);
}
