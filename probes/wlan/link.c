/* voready-wlan link: the interface's own link and its channel, by the kernel's counters. */
#include "probes/wlan/commands.h"
#include "probes/wlan/describe.h"
#include "probes/wlan/host.h"
#include "probes/wlan/link_emit.h"
#include "probes/wlan/link_table.h"

#include <stdlib.h>
#include <string.h>

#define EMIT_EVERY (5 * VO_NS_PER_S) /* so that who reads along sees the link of now */

static struct {
    struct vo_host_options common;
    double interval_s;
    long series_s;
} command = {.interval_s = 1};

static const struct vo_option options[] = {
    VO_HOST_OPTIONS(command.common),
    {"interval", 0, VO_OPTION_NUMBER, &command.interval_s, "SECONDS", "time between two readings (default 1)",
     0.1, 60, NULL},
    {"series", 0, VO_OPTION_INTEGER, &command.series_s, "SECONDS",
     "step of the series in the records (default 1, or the interval)", 1, 3600, NULL},
    {NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL},
};

static const char *const usage[] = {"[-o RECORDS] -i IFACE [--interval SECONDS] [-d SECONDS]", NULL};

static const struct vo_program program = {
    .name = "voready-wlan link",
    .summary = "measures this host's own Wi-Fi link: signal, rates, loss and load",
    .usage = usage,
    .options = options,
    .notes = "Needs no privilege. Follows the interface from access point to access point until SIGINT.\n"
             "Without -o a table is printed at the end. Exit status: 0 done, 1 failed, 2 wrong usage, 5 done "
             "in part.",
};

static struct {
    struct vo_link_meter meter;
    struct vo_link_series series;
    struct vo_link_tells tells;
    vo_time emitted; /* monotonic */
    bool said, was_up;
    vo_wlan_address bssid;
} job;

/* --- What the person is told while it runs --- */

static void say_change(struct vo_host *host)
{
    const struct vo_link_reading *reading = &host->poll.reading;
    char bssid[VO_WLAN_ADDRESS_TEXT], ssid[VO_SSID_TEXT];
    vo_wlan_address now = reading->associated ? reading->station.address : 0;
    if (job.said && job.was_up == reading->up && job.bssid == now)
        return;
    if (!reading->up)
        vo_host_say(host, "%s is down: waiting until it is up again", host->poll.name);
    else if (!reading->associated)
        vo_host_say(host, "%s is not associated: waiting", host->poll.name);
    else
        vo_host_say(host, "associated with %s \"%s\" at %u MHz", vo_wlan_address_text(now, bssid),
                    vo_ssid_text(reading->interface.ssid, reading->interface.ssid_size, ssid),
                    reading->interface.frequency_mhz);
    job.said = true;
    job.was_up = reading->up;
    job.bssid = now;
}

static void show(struct vo_host *host, const struct vo_link_step *step)
{
    char text[VO_LINK_LINE];
    if (step->sum)
        vo_host_status(host, "%s", vo_link_line(&job.meter, step->sum, step->signal_dbm, text));
}

/* --- The run --- */

static enum vo_status check(struct vo_error *error)
{
    return vo_link_series_begin(&job.series, command.series_s, command.interval_s, error);
}

static enum vo_status open_link(struct vo_host *host, struct vo_error *error)
{
    (void)error;
    job.tells = (struct vo_link_tells){.interface = host->poll.name, .place = command.common.place};
    return VO_OK;
}

static void tick(struct vo_host *host)
{
    job.tells.writer = host->writer;
    if (!vo_host_read(host))
        return;
    struct vo_link_step step = vo_link_meter_read(&job.meter, &host->poll.reading);
    say_change(host);
    show(host, &step);
    vo_link_series_add(&job.series, &job.tells, &step);
    if (step.other || host->poll.reading.at - job.emitted >= EMIT_EVERY) {
        vo_link_emit(&job.tells, &job.meter, false);
        job.emitted = host->poll.reading.at;
    }
}

static void finish(struct vo_host *host)
{
    job.tells.writer = host->writer;
    vo_link_series_flush(&job.series, &job.tells);
    vo_link_emit(&job.tells, &job.meter, false);
    if (job.meter.left_out || job.meter.channels.left_out)
        vo_host_incomplete(host, "there were more access points than memory is kept for");
}

static void print(struct vo_host *host, FILE *stream)
{
    if (!job.meter.count)
        fprintf(stream, "%s was not associated with any access point.\n", host->poll.name);
    vo_link_print(&job.meter, stream);
}

static void close_link(struct vo_host *host)
{
    (void)host;
    vo_link_meter_release(&job.meter);
}

int vo_wlan_link(int argc, char **argv)
{
    struct vo_host_command row = {
        .program = &program,
        .options = &command.common,
        .station = true,
        .check = check,
        .open = open_link,
        .tick = tick,
        .finish = finish,
        .print = print,
        .close = close_link,
        .interval_s = &command.interval_s,
    };
    return vo_host_main(&row, argc, argv);
}
