/* voready-wlan read and monitor: received 802.11 frames, from captures or live. */
#include "core/options.h"
#include "core/output.h"
#include "core/progress.h"
#include "probes/decode/packet.h"
#include "probes/decode/wlan_received.h"
#include "probes/wlan/commands.h"
#include "probes/wlan/describe.h"
#include "probes/wlan/emit.h"
#include "probes/wlan/table.h"

#include <signal.h>
#include <string.h>

struct command {
    const char *output, *filter, *interface, *write_to, *site, *place;
    double duration_s;
    long series_s;
    struct vo_option_list voice, ssids, files;
    bool quiet;
};

static struct command command = {.series_s = 5};

#define OUTPUT                                                                                               \
    {                                                                                                        \
        "output", 'o', VO_OPTION_FILE, &command.output, "RECORDS",                                           \
            "write records here, - for standard output", 0, 0, NULL                                          \
    }
#define COMMON                                                                                               \
    {"series",                                                                                               \
     0,                                                                                                      \
     VO_OPTION_INTEGER,                                                                                      \
     &command.series_s,                                                                                      \
     "SECONDS",                                                                                              \
     "step of the series in the records (default 5)",                                                        \
     1,                                                                                                      \
     3600,                                                                                                   \
     NULL},                                                                                                  \
        {"voice",                                                                                            \
         0,                                                                                                  \
         VO_OPTION_LIST,                                                                                     \
         &command.voice,                                                                                     \
         "STATION[/BYTES]",                                                                                  \
         "whose encrypted frames (of this length) are a call's",                                             \
         0,                                                                                                  \
         0,                                                                                                  \
         NULL},                                                                                              \
        {"ssid",                                                                                             \
         0,                                                                                                  \
         VO_OPTION_LIST,                                                                                     \
         &command.ssids,                                                                                     \
         "NAME",                                                                                             \
         "a network that is surveyed; others are not judged",                                                \
         0,                                                                                                  \
         0,                                                                                                  \
         NULL},                                                                                              \
        {"site", 0, VO_OPTION_TEXT, &command.site, "NAME", "name of the site, for the records", 0, 0, NULL}, \
        {"place", 0,   VO_OPTION_TEXT, &command.place, "NAME", "name of the place, for the records", 0,      \
         0,       NULL},                                                                                     \
        {"quiet", 'q', VO_OPTION_FLAG, &command.quiet, NULL, "no progress and no warnings", 0, 0, NULL},     \
    {                                                                                                        \
        NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL                                                             \
    }

static const struct vo_option read_options[] = {
    OUTPUT,
    {"filter", 'f', VO_OPTION_TEXT, &command.filter, "FILTER", "only frames that this BPF expression selects",
     0, 0, NULL},
    COMMON,
};

static const struct vo_option monitor_options[] = {
    OUTPUT,
    {"interface", 'i', VO_OPTION_TEXT, &command.interface, "IFACE", "in monitor mode", 0, 0, NULL},
    {"duration", 'd', VO_OPTION_NUMBER, &command.duration_s, "SECONDS", "stop after this long", 0.1, 1e9,
     NULL},
    {"write", 'w', VO_OPTION_FILE, &command.write_to, "PCAP", "also write the frames here", 0, 0, NULL},
    {"filter", 'f', VO_OPTION_TEXT, &command.filter, "FILTER", "only frames that this BPF expression selects",
     0, 0, NULL},
    COMMON,
};

static const char *const read_usage[] = {
    "[-o RECORDS] [-f FILTER] [--ssid NAME] [--voice STATION[/BYTES]] FILE...", NULL};
static const char *const monitor_usage[] = {"[-o RECORDS] [--ssid NAME] -i IFACE [-d SECONDS] [-w PCAP]",
                                            NULL};

static const struct vo_program read_program = {
    .name = "voready-wlan read",
    .summary = "measures the 802.11 frames of captures",
    .usage = read_usage,
    .options = read_options,
    .notes =
        "Several files are one capture (a rotated set). FILE may be pcap or pcapng, gzipped or not, with "
        "radiotap, PPI, Prism, AVS or bare 802.11; - is standard input.\n"
        "Without -o a table is printed. Exit status: 0 done, 1 failed, 2 wrong usage, 5 done in part.",
    .operands_are_files = true,
};

static const struct vo_program monitor_program = {
    .name = "voready-wlan monitor",
    .summary = "measures the 802.11 frames that an interface in monitor mode hears",
    .usage = monitor_usage,
    .options = monitor_options,
    .notes =
        "Needs CAP_NET_RAW, and an interface in monitor mode on the channel of interest:\n"
        "  iw dev wlan0 interface add mon0 type monitor; ip link set mon0 up; iw dev mon0 set freq 5180\n"
        "Without -o a table is printed at the end. Exit status: 0 done, 1 failed, 2 wrong usage, 5 done "
        "in part.",
};

/* One run. */
static struct job {
    const struct vo_program *program;
    struct vo_capture *capture;
    struct vo_wlan_session session;
    struct vo_record_writer *writer;
} job;

static struct vo_capture *running; /* what a signal stops */
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
    if (running)
        vo_capture_stop(running);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void on_warning(void *context, const char *message)
{
    (void)context;
    if (!command.quiet)
        fprintf(stderr, "%s: %s\n", job.program->name, message);
}

static enum vo_status make_options(struct vo_wlan_options *to, struct vo_error *error)
{
    memset(to, 0, sizeof *to);
    to->series_s = (unsigned)command.series_s;
    to->place = command.place;
    for (size_t i = 0; i < command.voice.count; i++) {
        if (to->told_count == VO_VOICE_TOLD)
            return vo_error_set(error, VO_ERR_USAGE, "--voice takes at most %d stations", VO_VOICE_TOLD);
        if (!vo_voice_told_parse(command.voice.items[i], &to->told[to->told_count++]))
            return vo_error_set(
                error, VO_ERR_USAGE,
                "--voice: '%s' is neither the address of a station nor ADDRESS/BYTES, such as "
                "02:00:00:00:01:00/222",
                command.voice.items[i]);
    }
    for (size_t i = 0; i < command.ssids.count; i++)
        if (!vo_ssid_name_is_possible(command.ssids.items[i]))
            return vo_error_set(
                error, VO_ERR_USAGE,
                "--ssid: '%s' is no name of a network: it has 1 to %d bytes, written \\xNN where "
                "they are no UTF-8",
                command.ssids.items[i], VO_SSID_MAX);
    to->ssids = command.ssids.items;
    to->ssid_count = command.ssids.count;
    return VO_OK;
}

static enum vo_status open_capture(struct vo_error *error)
{
    struct vo_capture_options how = {command.filter, command.write_to, command.duration_s};
    enum vo_status status =
        command.interface ? vo_capture_open_live(command.interface, &how, on_warning, NULL, &job.capture,
                                                 error)
                          : vo_capture_open_files(command.files.items, command.files.count, &how, on_warning,
                                                  NULL, &job.capture, error);
    running = job.capture;
    if (running && stopped)
        vo_capture_stop(running);
    if (status != VO_OK || !command.interface)
        return status;
    uint32_t linktype = vo_capture_interface(job.capture, 0)->linktype;
    const char *name = vo_linktype_name(linktype);
    if (!vo_wlan_is_linktype(linktype))
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s is not in monitor mode (it gives %s): make one with iw dev %s interface add "
                            "mon0 type monitor, then ip link set mon0 up",
                            command.interface, name ? name : "something else", command.interface);
    return VO_OK;
}

static enum vo_status open_all(struct vo_wlan_options *to, struct vo_error *error)
{
    enum vo_status status = make_options(to, error);
    if (status == VO_OK)
        status = open_capture(error);
    if (status == VO_OK && !command.interface)
        status = vo_output_apart(command.output, command.files.items, command.files.count, error);
    struct vo_run run = {.probe = "voready-wlan",
                         .site = command.site,
                         .place = command.place,
                         .interface = command.interface,
                         .source = command.interface ? &command.interface : command.files.items,
                         .source_count = command.interface ? 1 : command.files.count};
    if (status == VO_OK)
        status = vo_record_open(command.output, &run, &job.writer, error);
    if (status == VO_OK)
        status = vo_wlan_session_open(&job.session, to, job.writer, error);
    if (status == VO_OK)
        vo_wlan_session_source(&job.session, job.capture);
    return status;
}

/* To the end; VO_OK or VO_END. Else what went wrong, with all before it measured. */
static enum vo_status read_frames(struct vo_progress *progress, struct vo_error *error)
{
    enum { TICK = 16384 };
    struct vo_frame frame;
    enum vo_status status;
    unsigned since_tick = 0;
    vo_time second = 0; /* of the capture */
    struct vo_wlan_session *session = &job.session;
    while ((status = vo_capture_next(job.capture, &frame, error)) == VO_OK) {
        if (frame.data) {
            vo_wlan_session_frame(session, &frame);
            if (++since_tick < TICK && (!command.interface || session->now / VO_NS_PER_S == second))
                continue;
        }
        since_tick = 0;
        second = session->now / VO_NS_PER_S;
        vo_time now = vo_clock_monotonic();
        const struct vo_capture_stats *stats = vo_capture_stats(job.capture);
        if (command.interface)
            vo_streams_settle(session->rtp.streams, session->rtp.calls);
        vo_progress_update(progress, stats->frames, stats->bytes_read, stats->bytes_total, now);
        vo_record_tick(job.writer, now);
        if (vo_record_status(job.writer, error) != VO_OK)
            return VO_ERR_IO;
    }
    return status == VO_END ? VO_OK : status;
}

/* "FILE", "FILE and 2 more", "IFACE". */
static const char *capture_id(char *text, size_t size)
{
    if (command.interface)
        return command.interface;
    if (command.files.count == 1)
        return command.files.items[0];
    snprintf(text, size, "%s and %zu more", command.files.items[0], command.files.count - 1);
    return text;
}

/* What keeps the run from being complete; NULL: nothing. */
static const char *why_partial(void)
{
    const char *left_out = vo_wlan_session_left_out(&job.session);
    if (left_out)
        return left_out;
    if (!vo_capture_cut(job.capture))
        return NULL;
    return command.interface ? "stopped before its planned length"
                             : "a file was cut short, or reading was stopped";
}

static enum vo_status measure(struct vo_error *error)
{
    struct vo_progress progress;
    char id[1024];
    vo_progress_start(&progress, stderr, "frames", command.quiet, vo_clock_monotonic());
    enum vo_status status = read_frames(&progress, error);
    vo_progress_finish(&progress);
    vo_wlan_session_finish(&job.session);
    const struct vo_wlan_counts *counts = &job.session.counts;
    if (status == VO_OK && counts->frames && counts->not_wlan == counts->frames) {
        const char *name = vo_linktype_name(counts->other_linktype);
        return vo_error_set(error, VO_ERR_INPUT,
                            "there is no 802.11 frame in the capture, but %s: capture in monitor mode",
                            name ? name : "an unknown link type");
    }
    vo_wlan_emit_all(&job.session, capture_id(id, sizeof id));
    return status;
}

static int exit_of(enum vo_status status)
{
    return status == VO_ERR_USAGE ? VO_EXIT_USAGE : VO_EXIT_FAILED;
}

static void close_all(void)
{
    vo_wlan_session_close(&job.session);
    running = NULL;
    vo_capture_close(job.capture);
    job.capture = NULL;
}

static int run(struct vo_error *error)
{
    struct vo_wlan_options to;
    struct vo_error closing;
    enum vo_status status = open_all(&to, error);
    if (status != VO_OK) {
        vo_complain(job.program->name, error);
        vo_record_close(job.writer, false, error->message, NULL);
        close_all();
        return exit_of(status);
    }
    status = measure(error);
    const char *why = status != VO_OK ? error->message : why_partial();
    int code = status == VO_ERR_INPUT && job.session.counts.frames == job.session.counts.not_wlan
                   ? VO_EXIT_FAILED
               : why ? VO_EXIT_PARTIAL
                     : VO_EXIT_DONE;
    if (vo_record_close(job.writer, code == VO_EXIT_DONE, why, &closing) != VO_OK) {
        vo_complain(job.program->name, &closing);
        code = VO_EXIT_FAILED;
    } else if (code == VO_EXIT_FAILED) {
        vo_complain(job.program->name, error);
    } else if (why && !command.quiet) {
        fprintf(stderr, "%s: measured in part: %s\n", job.program->name, why);
    }
    if (!command.output && code != VO_EXIT_FAILED)
        vo_wlan_print_table(&job.session, stdout);
    close_all();
    return code;
}

static enum vo_status check_command(struct vo_error *error)
{
    if (job.program == &read_program && command.files.count == 0)
        return vo_error_set(error, VO_ERR_USAGE, "no capture is named; see voready-wlan read -h");
    if (job.program == &monitor_program && !command.interface)
        return vo_error_set(error, VO_ERR_USAGE,
                            "no interface is named: give -i, such as -i mon0; see voready-wlan monitor -h");
    if (job.program == &monitor_program && command.files.count)
        return vo_error_set(error, VO_ERR_USAGE,
                            "monitor takes no files, and '%s' is one: voready-wlan read measures them",
                            command.files.items[0]);
    return VO_OK;
}

static int begin(const struct vo_program *program, int argc, char **argv)
{
    struct vo_error error;
    job.program = program;
    enum vo_status status = vo_options_parse(program, argc, argv, &command.files, &error);
    if (status == VO_END)
        return VO_EXIT_DONE;
    if (status == VO_OK)
        status = check_command(&error);
    if (status != VO_OK) {
        vo_complain(program->name, &error);
        return exit_of(status);
    }
    catch_signals();
    int code = run(&error);
    vo_options_release(program, &command.files);
    return code;
}

int vo_wlan_read(int argc, char **argv)
{
    return begin(&read_program, argc, argv);
}

int vo_wlan_monitor(int argc, char **argv)
{
    return begin(&monitor_program, argc, argv);
}
