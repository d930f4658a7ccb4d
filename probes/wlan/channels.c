/* voready-wlan channels: the driver's survey of all channels, as differences. */
#include "probes/wlan/commands.h"
#include "probes/wlan/host.h"
#include "probes/wlan/link_emit.h"
#include "probes/wlan/link_table.h"

#include "probes/io/nl80211_scan.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define EMIT_EVERY (5 * VO_NS_PER_S)
#define SCAN_PAUSE (2 * VO_NS_PER_S)  /* between own scans: the link has its turn */
#define SCAN_LIMIT (60 * VO_NS_PER_S) /* a scan that nobody ended: its end was missed */

static struct {
    struct vo_host_options common;
    double interval_s;
    long series_s;
    bool scan;
} command = {.interval_s = 1};

static const struct vo_option options[] = {
    VO_HOST_OPTIONS(command.common),
    {"interval", 0, VO_OPTION_NUMBER, &command.interval_s, "SECONDS", "time between two readings (default 1)",
     0.1, 60, NULL},
    {"series", 0, VO_OPTION_INTEGER, &command.series_s, "SECONDS",
     "step of the series in the records (default 1, or the interval)", 1, 3600, NULL},
    {"scan", 0, VO_OPTION_FLAG, &command.scan, NULL,
     "scan again and again, so that other channels are measured, too", 0, 0, NULL},
    {NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL},
};

static const char *const usage[] = {"[-o RECORDS] -i IFACE [--scan] [--interval SECONDS] [-d SECONDS]", NULL};

static const struct vo_program program = {
    .name = "voready-wlan channels",
    .summary = "measures how busy and noisy channels are, by the driver's survey",
    .usage = usage,
    .options = options,
    .notes = "Many drivers have no survey (iwlwifi and rtw88 as a station): that is said then.\n"
             "The channel in use is measured all the time; others only while a scan is there. --scan needs\n"
             "CAP_NET_ADMIN and takes the radio from its channel for a moment, again and again.\n"
             "Without -o a table is printed at the end. Exit status: 0 done, 1 failed, 2 wrong usage, 5 done "
             "in part.",
};

static struct {
    struct vo_channel_meters meters;
    struct vo_link_series series; /* of the channel in use */
    struct vo_link_tells tells;
    vo_time read, emitted, scan_began, scan_ended; /* monotonic */
    bool scanning;
    bool refused;            /* own scans are not to be had */
    uint64_t scans;          /* that ended, of anybody */
    uint64_t aborted;        /* of those */
    char why[VO_ERROR_SIZE]; /* the survey is refused */
} job;

/* --- Scans --- */

/* VO_OK also if somebody else scans, whose scan serves as well. */
static enum vo_status begin_scan(struct vo_host *host, struct vo_error *error)
{
    const struct vo_scan_request request = {.active = false};
    vo_time now = vo_clock_monotonic();
    if (!command.scan || job.refused || job.scanning || now - job.scan_ended < SCAN_PAUSE)
        return VO_OK;
    enum vo_status status =
        vo_nl80211_scan(host->nl80211, host->poll.reading.interface.index, &request, error);
    if (status == VO_OK) {
        job.scanning = true;
        job.scan_began = now;
    } else if (vo_nl80211_refusal(host->nl80211) == EBUSY) {
        return VO_OK;
    }
    job.refused = status != VO_OK;
    return status;
}

static void event(struct vo_host *host, const struct vo_wlan_event *event)
{
    bool ours = vo_wlan_event_has(event, VO_EVENT_WIPHY) ? event->wiphy == host->poll.reading.interface.wiphy
                                                         : event->index == host->poll.reading.interface.index;
    bool ended = event->kind == VO_WLAN_EVENT_SCAN_DONE || event->kind == VO_WLAN_EVENT_SCAN_ABORTED;
    if (event->kind == VO_WLAN_EVENT_LOST)
        job.scanning = false; /* its end may be among them */
    if (!ours)
        return;
    if (event->kind == VO_WLAN_EVENT_SCAN_STARTED) {
        job.scanning = true;
        job.scan_began = vo_clock_monotonic();
    } else if (ended) {
        job.scanning = false;
        job.scan_ended = vo_clock_monotonic();
        job.scans++;
        job.aborted += event->kind == VO_WLAN_EVENT_SCAN_ABORTED;
    }
}

/* --- The run --- */

static void add_step(const struct vo_link_reading *reading, uint32_t mhz, struct vo_channel_step step)
{
    struct vo_link_step row = {.mhz = mhz,
                               .channel = step,
                               .signal_dbm = NAN,
                               .from = job.read ? reading->time - (reading->at - job.read) : VO_TIME_UNKNOWN,
                               .to = reading->time};
    if (step.stands)
        vo_link_series_add(&job.series, &job.tells, &row);
}

static void read_survey(const struct vo_link_reading *reading)
{
    bool tuned = vo_wlan_interface_has(&reading->interface, VO_WLAN_INTERFACE_FREQUENCY);
    for (size_t i = 0; i < reading->survey_count; i++) {
        const struct vo_survey *survey = &reading->surveys[i];
        bool in_use = tuned ? survey->frequency_mhz == reading->interface.frequency_mhz : survey->in_use;
        if (job.scanning && !in_use)
            continue; /* its numbers are on the move */
        struct vo_channel_meter *meter = vo_channel_meters_get(&job.meters, survey->frequency_mhz);
        if (!meter)
            continue;
        struct vo_channel_step step =
            vo_channel_meter_read(meter, survey, in_use, reading->at, reading->time);
        if (in_use)
            add_step(reading, survey->frequency_mhz, step);
    }
    job.read = reading->at;
    struct vo_channel_meter *meter =
        reading->no_survey && tuned ? vo_channel_meters_get(&job.meters, reading->interface.frequency_mhz)
                                    : NULL;
    if (meter)
        vo_channel_meter_absent(meter, reading->no_survey, true, reading->time);
}

static enum vo_status check(struct vo_error *error)
{
    return vo_link_series_begin(&job.series, command.series_s, command.interval_s, error);
}

/* What the first scan is compared with is read before it; and what cannot work is said at the start. */
static enum vo_status open_channels(struct vo_host *host, struct vo_error *error)
{
    job.tells = (struct vo_link_tells){.interface = host->poll.name, .place = command.common.place};
    read_survey(&host->poll.reading);
    job.scan_ended = vo_clock_monotonic() - SCAN_PAUSE;
    return begin_scan(host, error);
}

static void emit(void)
{
    for (size_t i = 0; i < job.meters.count; i++)
        if (job.meters.list[i].fresh)
            vo_channel_emit(&job.tells, &job.meters.list[i]);
}

static void tick(struct vo_host *host)
{
    const struct vo_link_reading *reading = &host->poll.reading;
    struct vo_error error;
    job.tells.writer = host->writer;
    if (job.scanning && vo_clock_monotonic() - job.scan_began > SCAN_LIMIT)
        job.scanning = false;
    if (!vo_host_read(host))
        return;
    read_survey(reading);
    if (reading->no_survey && strcmp(job.why, reading->no_survey) != 0) {
        snprintf(job.why, sizeof job.why, "%s", reading->no_survey);
        vo_host_say(host, "%s", job.why);
    }
    if (begin_scan(host, &error) != VO_OK) {
        vo_host_say(host, "%s", error.message);
        vo_host_incomplete(host, error.message);
    }
    vo_host_status(host, "%zu channels, %llu scans", job.meters.count, (unsigned long long)job.scans);
    if (reading->at - job.emitted >= EMIT_EVERY) {
        emit();
        job.emitted = reading->at;
    }
}

static void finish(struct vo_host *host)
{
    job.tells.writer = host->writer;
    vo_link_series_flush(&job.series, &job.tells);
    emit();
    if (job.meters.left_out)
        vo_host_incomplete(host, "there was no memory for all channels");
}

static void print(struct vo_host *host, FILE *stream)
{
    if (!job.meters.count)
        fprintf(stream, "The survey of %s has no channel%s%s\n", host->poll.name, job.why[0] ? ": " : ".",
                job.why);
    vo_channel_print(&job.meters, stream);
    if (job.aborted)
        fprintf(stream, "%llu of %llu scans were aborted.\n", (unsigned long long)job.aborted,
                (unsigned long long)job.scans);
}

static void close_channels(struct vo_host *host)
{
    (void)host;
    vo_channel_meters_release(&job.meters);
}

int vo_wlan_channels(int argc, char **argv)
{
    struct vo_host_command row = {
        .program = &program,
        .options = &command.common,
        .interval_s = &command.interval_s,
        .check = check,
        .open = open_channels,
        .tick = tick,
        .event = event,
        .finish = finish,
        .print = print,
        .close = close_channels,
    };
    return vo_host_main(&row, argc, argv);
}
