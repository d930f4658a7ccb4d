/* voready-rtp: SIP calls and RTP streams of captures, measured. */
#include "core/estimate/emodel.h"
#include "core/options.h"
#include "core/output.h"
#include "core/progress.h"
#include "probes/flow/rtp_emit.h"
#include "probes/rtp/emit_capture.h"
#include "probes/rtp/points_emit.h"
#include "probes/rtp/table.h"

#include <getopt.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct command {
    const char *output, *filter, *keylog, *interface, *write_to, *site, *place, *position, *playout;
    double duration_s;
    long series_s, stream_limit;
    struct vo_option_list points, impairments, near, files;
    bool quiet, ladder;
};

static struct command command = {.playout = "fixed:60", .stream_limit = 65536};

static const char *const positions[] = {"near_sender", "middle", "near_receiver", "unknown", NULL};

static const struct vo_option options[] = {
    {"output", 'o', VO_OPTION_FILE, &command.output, "RECORDS", "write records here, - for standard output",
     0, 0, NULL},
    {"filter", 'f', VO_OPTION_TEXT, &command.filter, "FILTER",
     "only packets that this BPF expression selects", 0, 0, NULL},
    {"series", 0, VO_OPTION_INTEGER, &command.series_s, "SECONDS",
     "step of the series in the records (default 5)", 1, 3600, NULL},
    {"keylog", 0, VO_OPTION_FILE, &command.keylog, "FILE",
     "TLS key log (NSS format) to read SIP over TLS with", 0, 0, NULL},
    {"point", 0, VO_OPTION_LIST, &command.points, "NAME:FILE[,FILE...]",
     "a capture point by name; twice: delay and loss between both", 0, 0, NULL},
    {"interface", 'i', VO_OPTION_TEXT, &command.interface, "IFACE", "capture live", 0, 0, NULL},
    {"duration", 'd', VO_OPTION_NUMBER, &command.duration_s, "SECONDS", "stop a live capture after this long",
     0.1, 1e9, NULL},
    {"write", 'w', VO_OPTION_FILE, &command.write_to, "PCAP", "also write the live capture here", 0, 0, NULL},
    {"near", 0, VO_OPTION_LIST, &command.near, "[NAME:]ADDRESS",
     "the capture (of two: that of point NAME) was taken beside this host", 0, 0, NULL},
    {"position", 0, VO_OPTION_WORD, &command.position, "WORD",
     "where the capture was taken, for every stream", 0, 0, positions},
    {"playout", 0, VO_OPTION_TEXT, &command.playout, "fixed:MS|adaptive:MIN-MAX",
     "simulated playout buffer (default fixed:60)", 0, 0, NULL},
    {"codec-impairment", 0, VO_OPTION_LIST, &command.impairments, "NAME:nb|wb|fb:IE:BPL",
     "E-model figures of a codec", 0, 0, NULL},
    {"max-streams", 0, VO_OPTION_INTEGER, &command.stream_limit, "N",
     "streams measured at once (default 65536)", 1, 10000000, NULL},
    {"ladder", 0, VO_OPTION_FLAG, &command.ladder, NULL, "print each call's messages too", 0, 0, NULL},
    {"site", 0, VO_OPTION_TEXT, &command.site, "NAME", "name of the site, for the records", 0, 0, NULL},
    {"place", 0, VO_OPTION_TEXT, &command.place, "NAME", "name of the place, for the records", 0, 0, NULL},
    {"quiet", 'q', VO_OPTION_FLAG, &command.quiet, NULL, "no progress and no warnings", 0, 0, NULL},
    {NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL},
};

static const char *const usage[] = {
    "[-o RECORDS] [-f FILTER] [--series SECONDS] [--keylog FILE] FILE...",
    "[-o RECORDS] --point NAME:FILE[,FILE...] --point NAME:FILE...",
    "[-o RECORDS] -i IFACE [-d SECONDS] [-w PCAP]",
    NULL,
};

static const struct vo_program program = {
    .name = "voready-rtp",
    .summary = "measures the SIP calls and RTP streams of a capture",
    .usage = usage,
    .options = options,
    .notes = "Several files are one capture (a rotated set). FILE may be pcap or pcapng, gzipped or not; - "
             "is standard input.\n"
             "Two points cost 64 bytes of memory a packet and 16 more a match until they are compared.\n"
             "Without -o a table is printed. Exit status: 0 done, 1 failed, 2 wrong usage, 5 done in part.",
    .operands_are_files = true,
};

/* What one run works on: one capture, or the two of --point. */
static struct job {
    unsigned count;
    struct vo_capture *captures[2];
    struct vo_point points[2];
    struct vo_rtp_session sessions[2];
    struct vo_keylog *keylog;
    struct vo_record_writer *writer;
    char why[VO_ERROR_SIZE]; /* what is missing when it is done in part */
} job;

static struct vo_capture *running[2]; /* what a signal stops */
static volatile sig_atomic_t stopped; /* it came, perhaps before there was anything to stop */

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
    for (int i = 0; i < 2; i++)
        if (running[i])
            vo_capture_stop(running[i]);
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
        fprintf(stderr, "%s: %s\n", program.name, message);
}

/* Which point "NAME:ADDRESS" speaks of, and the address; of one capture all of it is the address. */
static const struct vo_point *point_of_near(const char *text, const char **address)
{
    *address = text;
    for (unsigned i = 0; i < job.count && job.count == 2; i++) {
        size_t size = strlen(job.points[i].name);
        if (strncmp(text, job.points[i].name, size) != 0 || text[size] != ':')
            continue;
        *address = text + size + 1;
        return &job.points[i];
    }
    return NULL;
}

static enum vo_status add_near(struct vo_rtp_options *to, const char *text, struct vo_error *error)
{
    const char *address;
    const struct vo_point *point = point_of_near(text, &address);
    if (to->near_count == VO_RTP_NEAR)
        return vo_error_set(error, VO_ERR_USAGE, "--near takes at most %d addresses", VO_RTP_NEAR);
    if (job.count == 2 && !point)
        return vo_error_set(
            error, VO_ERR_USAGE,
            "--near: which point is beside '%s'? Of two, give its name too: '%.70s:ADDRESS' or "
            "'%.70s:ADDRESS'",
            text, job.points[0].name, job.points[1].name);
    if (!vo_address_parse(address, strlen(address), to->near[to->near_count]))
        return vo_error_set(error, VO_ERR_USAGE, "--near: '%s' is not an IP address", address);
    to->near_point[to->near_count++] = point ? point->name : NULL;
    return VO_OK;
}

/* A live capture on this host is taken beside it. */
static void add_own_addresses(struct vo_rtp_options *to)
{
    struct ifaddrs *all, *at;
    if (getifaddrs(&all) != 0)
        return;
    for (at = all; at && to->near_count < VO_RTP_NEAR; at = at->ifa_next) {
        uint8_t *near = to->near[to->near_count];
        if (!at->ifa_addr)
            continue;
        if (at->ifa_addr->sa_family == AF_INET6) {
            const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)at->ifa_addr;
            memcpy(near, &in6->sin6_addr, 16);
            to->near_count++;
        } else if (at->ifa_addr->sa_family == AF_INET) {
            const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)at->ifa_addr;
            vo_map_ipv4(near, (const uint8_t *)&in->sin_addr);
            to->near_count++;
        }
    }
    freeifaddrs(all);
}

static enum vo_status make_options(struct vo_rtp_options *to, struct vo_error *error)
{
    char name[32];
    struct vo_impairment row;
    memset(to, 0, sizeof *to);
    to->stream.series_s = command.output ? (unsigned)(command.series_s ? command.series_s : 5) : 0;
    to->stream_limit = (size_t)command.stream_limit;
    to->position = command.position;
    to->impairments = &command.impairments;
    if (!vo_playout_parse(command.playout, &to->stream.playout))
        return vo_error_set(error, VO_ERR_USAGE,
                            "--playout: '%s' is neither fixed:MS nor adaptive:MIN-MAX, within 0 to 2000 ms",
                            command.playout);
    for (size_t i = 0; i < command.impairments.count; i++)
        if (!vo_emodel_parse(command.impairments.items[i], name, &row))
            return vo_error_set(error, VO_ERR_USAGE,
                                "--codec-impairment: '%s' is not NAME:nb|wb|fb:IE:BPL, such as opus:fb:11:20",
                                command.impairments.items[i]);
    for (size_t i = 0; i < command.near.count; i++) {
        enum vo_status status = add_near(to, command.near.items[i], error);
        if (status != VO_OK)
            return status;
    }
    return VO_OK;
}

/* Reads the capture to its end. VO_OK or VO_END: to the end; else what went wrong, with all before it
 * measured. */
static enum vo_status read_frames(struct vo_rtp_session *session, struct vo_capture *capture,
                                  struct vo_progress *progress, struct vo_error *error)
{
    struct vo_frame frame;
    enum vo_status status;
    uint64_t since_tick = 0;
    bool live = command.interface || (command.files.count && strcmp(command.files.items[0], "-") == 0);
    vo_time next = 0; /* a second of the capture later: a slow pipe's records are written as they come */
    while ((status = vo_capture_next(capture, &frame, error)) == VO_OK) {
        if (frame.data)
            vo_rtp_session_frame(session, &frame);
        if (frame.data && ++since_tick < 16384 && session->now < next)
            continue;
        since_tick = 0;
        next = session->now + VO_NS_PER_S;
        vo_time now = vo_clock_monotonic();
        const struct vo_capture_stats *stats = vo_capture_stats(capture);
        if (live)
            vo_streams_settle(session->streams, session->calls);
        vo_record_tick(session->writer, now);
        vo_progress_update(progress, stats->frames, stats->bytes_read, stats->bytes_total, now);
        if (vo_record_status(session->writer, NULL) != VO_OK)
            return vo_record_status(session->writer, error);
    }
    return status == VO_END ? VO_OK : status;
}

/* The files of a capture, or the interface. */
static const char *const *sources_of(unsigned which, size_t *count)
{
    *count = command.interface ? 1 : job.count == 2 ? job.points[which].file_count : command.files.count;
    return command.interface ? &command.interface : job.count == 2 ? job.points[which].files : command.files.items;
}

static const char *capture_id(unsigned which, char *text, size_t size)
{
    size_t used = 0, count;
    const char *const *sources = sources_of(which, &count);
    text[0] = '\0';
    for (size_t i = 0; i < count && used < size - 1; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "", sources[i]);
    return text;
}

/* Done in part: the first reason is told. */
static int in_part(const char *why)
{
    if (!job.why[0])
        snprintf(job.why, sizeof job.why, "%s", why);
    return VO_EXIT_PARTIAL;
}

/* What did not fit. NULL, or why the records do not hold all that was captured. */
static const char *left_out(const struct vo_rtp_session *session)
{
    char text[VO_ERROR_SIZE];
    uint64_t evicted = vo_streams_evicted(session->streams);
    if (evicted) {
        snprintf(text, sizeof text,
                 "%llu streams were closed early, those idle the longest: over %ld were open at once; raise "
                 "--max-streams",
                 (unsigned long long)evicted, command.stream_limit);
        on_warning(NULL, text);
        return "streams were closed early for want of room: raise --max-streams";
    }
    if (session->counts.memory)
        return "out of memory: some packets or messages were not measured; read less at once";
    if (session->counts.unsorted)
        return "frames on the air of too many links: repetitions of the last ones were not told from copies; "
               "filter by station";
    if (vo_calls_evicted(session->calls))
        return "too many calls: those after the first 100000 were not followed; split the capture by time "
               "(editcap -i)";
    if (session->counts.hidden_left_out) {
        snprintf(
            text, sizeof text,
            "%llu TLS connections to SIP servers could not be read and were only counted: over %d servers; "
            "give their keys with --keylog, or split the capture by server",
            (unsigned long long)session->counts.hidden_left_out, VO_RTP_HIDDEN_MAX);
        on_warning(NULL, text);
        return "TLS connections to too many SIP servers: those to the last ones were only counted; split the "
               "capture by server";
    }
    return NULL;
}

/* Measures one capture into the open records. Returns the exit code. */
static int measure(unsigned which, struct vo_rtp_options *to, struct vo_error *error)
{
    struct vo_progress progress;
    char id[1024];
    struct vo_rtp_session *session = &job.sessions[which];
    struct vo_capture *capture = job.captures[which];
    to->point = job.points[which].name;
    if (vo_rtp_session_open(session, to, job.writer, error) != VO_OK)
        return VO_EXIT_FAILED;
    session->source = vo_capture_source(capture);
    session->keylog = job.keylog;
    if (job.count == 2)
        session->keeper = vo_point_keeper(&job.points[which]);
    job.points[which].capture = capture;
    vo_progress_start(&progress, stderr, "packets", command.quiet, vo_clock_monotonic());
    enum vo_status status = read_frames(session, capture, &progress, error);
    vo_progress_finish(&progress);
    vo_rtp_session_finish(session);
    if (!vo_rtp_link_calls(session))
        status = vo_error_memory(error, "the links between calls");
    vo_rtp_emit_all(session);
    vo_rtp_emit_capture(session, capture, capture_id(which, id, sizeof id));
    if (status != VO_OK)
        return in_part(error->message);
    const char *missing = left_out(session);
    if (missing)
        return in_part(missing);
    if (vo_capture_cut(capture))
        return in_part(command.interface ? "stopped before its planned length"
                                         : "a file was cut short, or reading was stopped");
    return VO_EXIT_DONE;
}

/* Measures all captures and, of two points, what is between them. Returns the exit code. */
static int measure_all(struct vo_rtp_options *to, struct vo_error *error)
{
    int code = VO_EXIT_DONE;
    for (unsigned i = 0; i < job.count && code != VO_EXIT_FAILED; i++) {
        int one = measure(i, to, error);
        code = one == VO_EXIT_DONE ? code : one;
    }
    if (code == VO_EXIT_FAILED)
        return code;
    for (unsigned i = 0; i < job.count && !command.output; i++) {
        if (job.count == 2)
            printf("%sPoint %s\n", i ? "\n" : "", job.points[i].name);
        vo_rtp_print_table(&job.sessions[i], job.captures[i], stdout, command.ladder);
    }
    if (job.count == 2) {
        struct vo_points between;
        if (vo_points_compare(&between, job.points, job.sessions, error) != VO_OK) {
            vo_points_release(&between);
            return in_part(error->message);
        }
        vo_points_emit(&between, job.sessions);
        if (!command.output)
            vo_points_print(&between, job.sessions, stdout);
        vo_points_release(&between);
    }
    return code;
}

static enum vo_status name_points(struct vo_error *error)
{
    enum vo_status status = VO_OK;
    job.count = command.points.count ? 2 : 1;
    for (unsigned i = 0; i < command.points.count && status == VO_OK; i++)
        status = vo_point_parse(command.points.items[i], &job.points[i], error);
    if (status == VO_OK && job.count == 2 && strcmp(job.points[0].name, job.points[1].name) == 0)
        status =
            vo_error_set(error, VO_ERR_USAGE, "--point: both points are called '%s'; give them two names",
                         job.points[0].name);
    return status;
}

static enum vo_status open_captures(struct vo_error *error)
{
    struct vo_capture_options how = {command.filter, command.write_to, command.duration_s};
    enum vo_status status = VO_OK;
    for (unsigned i = 0; i < job.count && status == VO_OK; i++) {
        size_t count;
        const char *const *sources = sources_of(i, &count);
        status = command.interface ? vo_capture_open_live(command.interface, &how, on_warning, NULL,
                                                          &job.captures[i], error)
                                   : vo_capture_open_files(sources, count, &how, on_warning, NULL,
                                                           &job.captures[i], error);
        running[i] = job.captures[i];
        if (running[i] && stopped)
            vo_capture_stop(running[i]);
    }
    return status;
}

static enum vo_status open_keylog(struct vo_error *error)
{
    if (!command.keylog)
        return vo_keylog_add(&job.keylog, "", 0, error);
    enum vo_status status = vo_keylog_load(command.keylog, &job.keylog, error);
    if (status == VO_OK && vo_keylog_count(job.keylog) == 0) {
        struct vo_error none;
        vo_error_set(&none, VO_OK, "%s has no line of a TLS key log (SSLKEYLOGFILE): TLS is not read with it",
                     command.keylog);
        on_warning(NULL, none.message);
    }
    return status;
}

/* The records must not replace what they are made from. */
static enum vo_status check_output(struct vo_error *error)
{
    enum vo_status status = vo_output_apart(command.output, &command.keylog, command.keylog != NULL, error);
    for (unsigned i = 0; i < job.count && status == VO_OK && !command.interface; i++) {
        size_t count;
        const char *const *sources = sources_of(i, &count);
        status = vo_output_apart(command.output, sources, count, error);
    }
    return status;
}

static enum vo_status open_all(struct vo_rtp_options *to, struct vo_error *error)
{
    enum vo_status status = name_points(error);
    if (status == VO_OK)
        status = make_options(to, error);
    if (status == VO_OK && command.interface)
        add_own_addresses(to);
    if (status == VO_OK)
        status = open_keylog(error);
    if (status == VO_OK)
        status = open_captures(error);
    if (status == VO_OK)
        status = check_output(error);
    const struct vo_option_list *named = command.points.count ? &command.points : &command.files;
    struct vo_run run_of = {.probe = program.name,
                            .site = command.site,
                            .place = command.place,
                            .interface = command.interface,
                            .source = named->items,
                            .source_count = named->count};
    if (command.interface) {
        run_of.source = &command.interface;
        run_of.source_count = 1;
    }
    return status == VO_OK ? vo_record_open(command.output, &run_of, &job.writer, error) : status;
}

static void close_all(void)
{
    for (unsigned i = 0; i < 2; i++) {
        vo_rtp_session_close(&job.sessions[i]);
        running[i] = NULL;
        vo_capture_close(job.captures[i]);
        vo_point_release(&job.points[i]);
    }
    vo_keylog_free(job.keylog);
}

static int exit_of(enum vo_status status)
{
    return status == VO_ERR_USAGE ? VO_EXIT_USAGE : VO_EXIT_FAILED;
}

static int run(struct vo_error *error)
{
    struct vo_rtp_options to;
    enum vo_status status = open_all(&to, error);
    if (status != VO_OK) {
        vo_complain(program.name, error);
        close_all();
        return exit_of(status);
    }
    int code = measure_all(&to, error);
    const char *why = job.why[0] ? job.why : code == VO_EXIT_FAILED ? error->message : NULL;
    struct vo_error closing;
    if (vo_record_close(job.writer, code == VO_EXIT_DONE, why, &closing) != VO_OK) {
        vo_complain(program.name, &closing);
        code = VO_EXIT_FAILED;
    } else if (code == VO_EXIT_FAILED) {
        vo_complain(program.name, error);
    } else if (why && !command.quiet) {
        fprintf(stderr, "%s: measured in part: %s\n", program.name, why);
    }
    close_all();
    return code;
}

/* Files, -i and --point are three ways to name what is measured. */
static enum vo_status check_command(struct vo_error *error)
{
    if (!command.interface && command.files.count == 0 && command.points.count == 0)
        return vo_error_set(error, VO_ERR_USAGE,
                            "no capture is named: give files, --point or -i; see voready-rtp -h");
    if (command.interface && command.files.count)
        return vo_error_set(error, VO_ERR_USAGE, "-i and files exclude each other: measure them in two runs");
    if (command.points.count && command.interface)
        return vo_error_set(error, VO_ERR_USAGE,
                            "-i and --point exclude each other: capture first, then compare the files");
    if (command.points.count && command.files.count)
        return vo_error_set(
            error, VO_ERR_USAGE,
            "'%s' belongs to no point: several files of a point are one --point, NAME:FILE,FILE",
            command.files.items[0]);
    if (command.points.count == 1)
        return vo_error_set(error, VO_ERR_USAGE,
                            "--point: only '%s' is given, and two points are compared: give the other",
                            command.points.items[0]);
    if (command.points.count > 2)
        return vo_error_set(error, VO_ERR_USAGE,
                            "--point: two points are compared, and '%s' is one more of %zu",
                            command.points.items[2], command.points.count);
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
    int code = run(&error);
    vo_options_release(&program, &command.files);
    return vo_output_finish(program.name, code);
}
