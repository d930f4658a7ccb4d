/* voready-wlan roam: the roams of this host, and what they do to media that runs over it. */
#include "core/site.h"
#include "probes/wlan/clock_map.h"
#include "probes/wlan/commands.h"
#include "probes/wlan/describe.h"
#include "probes/wlan/echo.h"
#include "probes/wlan/host.h"
#include "probes/wlan/link_meter.h"
#include "probes/wlan/roam_emit.h"
#include "probes/wlan/roam_media.h"

#include <math.h>
#include <string.h>
#include <sys/epoll.h>

#define KEY_ROOM     1024
#define FAST         (20 * VO_NS_PER_MS)  /* between readings during a roam */
#define LOOK_ADDRESS (500 * VO_NS_PER_MS) /* between looks at the IP addresses */
#define AWAY         (2 * VO_NS_PER_S)
#define REOPEN       VO_NS_PER_S          /* between attempts at a capture that ended */
#define TIMEOUT      (5 * VO_NS_PER_S)    /* of each step with the responder */
#define LATE         (250 * VO_NS_PER_MS) /* so late the capture may give a packet */
#define PENDING      8
#define FRAMES_MOST  1024 /* at once; others want their turn */

static struct {
    struct vo_host_options common;
    const char *echo, *key;
    long pace_ms, echo_port;
    bool rtp;
} command = {.pace_ms = 20};

static const double interval_s = 0.1; /* between readings */

static const struct vo_option options[] = {
    VO_HOST_OPTIONS(command.common),
    {"echo", 0, VO_OPTION_TEXT, &command.echo, "RESPONDER[:PORT]",
     "run a stream to this voready-reflect and measure its gaps (PORT of its control channel, default 8620)",
     0, 0, NULL},
    {"key", 0, VO_OPTION_FILE, &command.key, "FILE", "the responder's key", 0, 0, NULL},
    {"echo-port", 0, VO_OPTION_INTEGER, &command.echo_port, "PORT",
     "the responder's UDP port, an even one (default: the first of its usual ones)", 2, 65534, NULL},
    {"pace", 0, VO_OPTION_INTEGER, &command.pace_ms, "MS", "time between packets of the echo (default 20)", 5,
     100, NULL},
    {"rtp", 0, VO_OPTION_FLAG, &command.rtp, NULL,
     "beside the echo also measure RTP streams that this host receives, as without --echo", 0, 0, NULL},
    {NULL, 0, 0, NULL, NULL, NULL, 0, 0, NULL},
};

static const char *const usage[] = {
    "[-o RECORDS] -i IFACE [-d SECONDS]",
    "[-o RECORDS] -i IFACE [-d SECONDS] --echo RESPONDER[:PORT] --key FILE [--rtp]", NULL};

static const struct vo_program program = {
    .name = "voready-wlan roam",
    .summary = "measures this host's roams: signal, time, and the gap in media",
    .usage = usage,
    .options = options,
    .notes =
        "Walk with this host from access point to access point, with a call of a softphone on it, or with\n"
        "--echo. The gap in RTP needs CAP_NET_RAW, that of the echo nothing.\n"
        "Without -o a line is printed for each roam, 10 s after it. Exit status: 0 done, 1 failed, 2 wrong\n"
        "usage, 5 done in part.",
};

static struct {
    struct vo_host_roams roams;
    struct vo_link_meter meter; /* tells which levels are new */
    struct vo_clock_map clock;
    struct vo_roam_media media;
    struct vo_media_stream echo_stream;
    struct vo_echo *echo;
    struct vo_capture *capture;
    struct vo_watch packets;
    struct vo_timer fast;
    char no_capture[VO_ERROR_SIZE]; /* why; "": there is one */
    vo_time reopened, looked, begun, was_with;
    uint64_t dropped;
    struct vo_host_roam pending[PENDING]; /* oldest first: packets of theirs may still be on their way */
    unsigned pending_count;
    vo_wlan_address where; /* as the person was told */
    bool said, headed;
    unsigned count, measured;
} job;

static struct vo_host *host_now; /* of the callbacks that have no other way to it */

/* --- Packets --- */

static void take_frame(const struct vo_frame *frame)
{
    bool doubtful;
    vo_time at = vo_clock_map_monotonic(&job.clock, frame->time, &doubtful);
    switch (vo_roam_media_frame(&job.media, frame, at, doubtful)) {
    case VO_ROAM_PACKET_DHCP:
        vo_host_roams_dhcp(&job.roams, at);
        break;
    case VO_ROAM_PACKET_EAP:
        vo_host_roams_eapol(&job.roams, false, at);
        break;
    case VO_ROAM_PACKET_KEY:
        vo_host_roams_eapol(&job.roams, true, at);
        break;
    default:
        break;
    }
}

static void close_capture(struct vo_host *host)
{
    if (job.packets.watched)
        vo_loop_unwatch(host->loop, &job.packets);
    vo_capture_close(job.capture);
    job.capture = NULL;
}

static void read_packets(struct vo_host *host)
{
    struct vo_frame frame;
    struct vo_error error;
    vo_clock_map_read(&job.clock);
    for (unsigned i = 0; job.capture && i < FRAMES_MOST; i++) {
        enum vo_status status = vo_capture_next(job.capture, &frame, &error);
        if (status == VO_OK && !frame.data)
            return;
        if (status == VO_OK) {
            take_frame(&frame);
            continue;
        }
        snprintf(job.no_capture, sizeof job.no_capture, "%s", error.message);
        vo_host_say(host, "%s", error.message);
        close_capture(host);
        job.media.dropped = job.reopened = vo_clock_monotonic();
    }
}

static void on_packets(void *context, uint32_t events)
{
    (void)events;
    read_packets(context);
}

static enum vo_status open_capture(struct vo_host *host, struct vo_error *error)
{
    const struct vo_capture_options how = {.filter = VO_ROAM_FILTER};
    enum vo_status status = vo_capture_open_live(host->poll.name, &how, NULL, NULL, &job.capture, error);
    if (status == VO_OK) {
        job.packets =
            (struct vo_watch){.ready = on_packets, .context = host, .fd = vo_capture_watchable(job.capture)};
        status = vo_loop_watch(host->loop, &job.packets, EPOLLIN, error);
    }
    job.dropped = 0;
    job.no_capture[0] = '\0';
    if (status != VO_OK) {
        snprintf(job.no_capture, sizeof job.no_capture, "%s", error->message);
        close_capture(host);
    }
    return status;
}

/* The kernel dropped packets of the capture: a gap about then may be its own. */
static void look_at_drops(vo_time now)
{
    const struct vo_capture_interface *interface =
        job.capture && vo_capture_interface_count(job.capture) ? vo_capture_interface(job.capture, 0) : NULL;
    if (!interface || !interface->has_statistics || interface->dropped == job.dropped)
        return;
    job.dropped = interface->dropped;
    job.media.dropped = now;
}

/* --- The echo --- */

static void on_echo(void *context, uint32_t sequence, vo_time time)
{
    bool doubtful;
    (void)context;
    vo_clock_map_read(&job.clock);
    vo_time at = vo_clock_map_monotonic(&job.clock, time, &doubtful);
    vo_media_arrive(&job.echo_stream, at, doubtful, sequence, 0);
}

static void on_echo_failed(void *context, const char *why)
{
    (void)context;
    job.echo_stream.ended = vo_clock_monotonic();
    job.echo_stream.why_end = why;
    vo_host_say(host_now, "%s: no further gaps are measured by the echo", why);
    vo_host_incomplete(host_now, why);
}

static enum vo_status open_echo(struct vo_host *host, struct vo_error *error)
{
    char key[KEY_ROOM];
    if (!command.echo)
        return VO_OK;
    enum vo_status status = vo_secret_read(command.key, key, sizeof key, error);
    struct vo_echo_config config = {.responder = command.echo,
                                    .key = key,
                                    .interface = host->poll.name,
                                    .port = (uint16_t)command.echo_port,
                                    .pace = command.pace_ms * VO_NS_PER_MS,
                                    .timeout = TIMEOUT,
                                    .stop = vo_host_stop(),
                                    .received = on_echo,
                                    .failed = on_echo_failed};
    if (status == VO_OK)
        status = vo_echo_open(host->loop, &config, &job.echo, error);
    explicit_bzero(key, sizeof key);
    if (status != VO_OK)
        return status;
    vo_media_begin(&job.echo_stream, true, false);
    job.media.echo = &job.echo_stream;
    job.media.no_rtp = !command.rtp;
    job.media.ignored_local = vo_echo_local_port(job.echo);
    vo_echo_start(job.echo);
    return VO_OK;
}

/* --- Roams --- */

static void tell(struct vo_host *host, const struct vo_host_roam *roam)
{
    char id[VO_ROAM_STREAM_ID];
    struct vo_media_gap gap;
    vo_roam_media_measure(&job.media, roam->begun, vo_host_roam_ended(roam), roam->settled, roam->next,
                          job.no_capture[0] ? job.no_capture : NULL, id, &gap);
    struct vo_roam_told told = {.roam = roam,
                                .gap = &gap,
                                .media = id,
                                .captured = job.capture != NULL,
                                .interface = host->poll.name,
                                .clock = &job.clock};
    job.count++;
    job.measured += !gap.why;
    vo_roam_emit(host->writer, &told);
    if (command.common.output)
        return;
    if (!job.headed)
        vo_roam_print_head(stdout);
    job.headed = true;
    vo_roam_print(&told, stdout);
}

/* Tells those that had settled by then. */
static void tell_pending(struct vo_host *host, vo_time until)
{
    while (job.pending_count && job.pending[0].settled <= until) {
        tell(host, &job.pending[0]);
        memmove(job.pending, job.pending + 1, --job.pending_count * sizeof *job.pending);
    }
}

static void on_roam(void *context, const struct vo_host_roam *roam)
{
    struct vo_host *host = context;
    if (roam->other_network) {
        vo_host_say(host, "it connected to another network: no roam");
        return;
    }
    if (job.pending_count == PENDING)
        tell_pending(host, job.pending[0].settled);
    job.pending[job.pending_count++] = *roam;
}

static void read_interface(struct vo_host *host)
{
    struct vo_addresses addresses;
    const struct vo_link_reading *reading = &host->poll.reading;
    const struct vo_station *station = &reading->station;
    if (!vo_host_read(host))
        return;
    job.media.own = reading->interface.address; /* some change it with each connection */
    struct vo_link_step step = vo_link_meter_read(&job.meter, reading);
    bool look = reading->at - job.looked >= LOOK_ADDRESS;
    if (look) {
        vo_addresses_of(host->poll.name, &addresses);
        job.looked = reading->at;
    }
    struct vo_host_reading told = {
        .associated = reading->associated,
        .bssid = station->address,
        .mhz = reading->interface.frequency_mhz,
        .ssid = reading->interface.ssid,
        .ssid_size = reading->interface.ssid_size,
        .dbm = isnan(step.signal_dbm) ? 0 : (int8_t)step.signal_dbm,
        .flags_told =
            vo_station_has(station, VO_STATION_FLAGS) && station->flags_known & VO_STATION_IS_AUTHORIZED,
        .authorized = station->flags & VO_STATION_IS_AUTHORIZED,
        .network_known = host->poll.network.known,
        .open = !(host->poll.network.capability & VO_CAPABILITY_PRIVACY),
        .addresses = look ? &addresses : NULL,
    };
    vo_host_roams_read(&job.roams, &told, reading->at);
}

static void on_fast(void *context)
{
    struct vo_host *host = context;
    if (!vo_host_roams_busy(&job.roams, vo_clock_monotonic()))
        return;
    read_interface(host);
    vo_loop_set(host->loop, &job.fast, vo_clock_monotonic() + FAST);
}

static void event(struct vo_host *host, const struct vo_wlan_event *event)
{
    if (event->kind == VO_WLAN_EVENT_LOST)
        vo_host_say(host, "announcements of the kernel were lost: steps of roams may be missing");
    vo_host_roams_event(&job.roams, event, vo_clock_monotonic());
    if (!job.fast.place && vo_host_roams_busy(&job.roams, vo_clock_monotonic()))
        vo_loop_set(host->loop, &job.fast, vo_clock_monotonic() + FAST);
}

/* --- The run --- */

static void say_where(struct vo_host *host)
{
    const struct vo_link_reading *reading = &host->poll.reading;
    char bssid[VO_WLAN_ADDRESS_TEXT], ssid[VO_SSID_TEXT];
    vo_wlan_address now = reading->associated ? reading->station.address : 0;
    if (now)
        job.was_with = reading->at;
    if (job.said && now == job.where)
        return;
    if (now && reading->interface.ssid_size)
        vo_host_say(host, "%s is with %s \"%s\" at %u MHz", host->poll.name, vo_wlan_address_text(now, bssid),
                    vo_ssid_text(reading->interface.ssid, reading->interface.ssid_size, ssid),
                    reading->interface.frequency_mhz);
    else if (!now && (!job.said || reading->at - job.was_with > AWAY)) /* within a roam it need not be said */
        vo_host_say(host, "%s is %s", host->poll.name,
                    reading->up ? "not associated" : "down: waiting until it is up again");
    else
        return; /* or its network's name will be known soon */
    job.said = true;
    job.where = now;
}

static enum vo_status check(struct vo_error *error)
{
    if (command.echo && !command.key)
        return vo_error_set(error, VO_ERR_USAGE, "--echo needs --key FILE, the key of the responder");
    if (!command.echo && (command.key || command.echo_port))
        return vo_error_set(error, VO_ERR_USAGE, "--key and --echo-port belong to --echo RESPONDER");
    if (command.echo_port % 2)
        return vo_error_set(error, VO_ERR_USAGE,
                            "--echo-port %ld is odd: the responder echoes RTP on even ports",
                            command.echo_port);
    return VO_OK;
}

static enum vo_status open_roam(struct vo_host *host, struct vo_error *error)
{
    const struct vo_wlan_interface *interface = &host->poll.reading.interface;
    host_now = host;
    host->poll.without_survey = true;
    job.media.own = interface->address;
    job.media.dropped = VO_TIME_UNKNOWN;
    job.begun = vo_clock_monotonic();
    job.looked = job.begun - LOOK_ADDRESS;
    job.fast = (struct vo_timer){.due = on_fast, .context = host};
    vo_clock_map_read(&job.clock);
    vo_host_roams_init(&job.roams, interface->index, on_roam, host);
    enum vo_status status = open_echo(host, error);
    if (status != VO_OK)
        return status;
    struct vo_error why;
    if (open_capture(host, &why) != VO_OK)
        vo_host_say(host, "%s; without packets no gap in RTP%s is measured", why.message,
                    command.echo ? " beside the echo" : "");
    return VO_OK;
}

static void tick(struct vo_host *host)
{
    vo_time now = vo_clock_monotonic();
    vo_clock_map_read(&job.clock);
    read_interface(host);
    say_where(host);
    if (!job.capture && host->poll.reading.up && job.reopened && now - job.reopened >= REOPEN) {
        struct vo_error unused;
        job.reopened = now;
        (void)open_capture(host, &unused);
    }
    look_at_drops(now);
    vo_host_roams_tick(&job.roams, now);
    tell_pending(host, now - LATE);
    vo_host_status(host, "%u roams, %u gaps measured, %.0f s", job.count, job.measured,
                   (double)(now - job.begun) / (double)VO_NS_PER_S);
}

static void finish(struct vo_host *host)
{
    read_packets(host);
    vo_host_roams_finish(&job.roams, vo_clock_monotonic());
    tell_pending(host, INT64_MAX);
}

static void print(struct vo_host *host, FILE *stream)
{
    (void)host;
    double seconds = (double)(vo_clock_monotonic() - job.begun) / (double)VO_NS_PER_S;
    fprintf(stream, "%u roam%s in %.0f s; gaps in media measured: %u\n", job.count, job.count == 1 ? "" : "s",
            seconds, job.measured);
    if (job.echo) {
        struct vo_echo_counts counts = vo_echo_counts(job.echo);
        fprintf(stream, "Echo: %llu packets sent, %llu came back\n", (unsigned long long)counts.sent,
                (unsigned long long)counts.received);
    }
}

static void close_roam(struct vo_host *host)
{
    if (host->loop) {
        close_capture(host);
        vo_loop_cancel(host->loop, &job.fast);
    }
    vo_echo_free(job.echo);
    vo_roam_media_release(&job.media);
    vo_link_meter_release(&job.meter);
}

int vo_wlan_roam(int argc, char **argv)
{
    struct vo_host_command row = {
        .program = &program,
        .options = &command.common,
        .interval_s = &interval_s,
        .station = true,
        .check = check,
        .open = open_roam,
        .tick = tick,
        .event = event,
        .finish = finish,
        .print = print,
        .close = close_roam,
    };
    return vo_host_main(&row, argc, argv);
}
