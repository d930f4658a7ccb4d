/* Live capture by libpcap. The handle does not block; waiting is done here, so that stop and duration are
 * obeyed. */
#include "probes/io/capture_private.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define KERNEL_BUFFER (16 * 1024 * 1024)
#define WAIT_MS       100
#define CLOCK_EVERY   64u /* frames between two looks at the clock */

struct vo_live {
    pcap_t *pcap;
    char *interface;
    uint32_t linktype, index;
    vo_time ns_per_unit; /* of the fraction that libpcap gives */
    vo_time deadline;    /* monotonic; 0: none */
    uint32_t since_clock;
    vo_time last_call; /* once it is to end: frames up to this real time are still taken; else 0 */
    vo_time closing;   /* monotonic: …but not for longer than until then, for real time may be stepped */
    bool no_wait;
    struct vo_capture_writer *writer; /* NULL: none, or it has failed */
};

static enum vo_status no_such_interface(const char *interface, struct vo_error *error)
{
    char names[256] = "";
    struct if_nameindex *list = if_nameindex();
    for (struct if_nameindex *it = list; it && it->if_index != 0; it++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", it->if_name);
    }
    if (list)
        if_freenameindex(list);
    return vo_error_set(error, VO_ERR_USAGE,
                        "no interface is named %s: there are %s, and any for all of them", interface,
                        names[0] ? names : "none");
}

static enum vo_status cannot_activate(const struct vo_live *live, int result, struct vo_error *error)
{
    const char *why = pcap_geterr(live->pcap);
    switch (result) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return vo_error_set(
            error, VO_ERR_PRIVILEGE,
            "capturing on %s needs CAP_NET_RAW: run as root, or grant it once with sudo setcap "
            "cap_net_raw,cap_net_admin+ep $(command -v %s)",
            live->interface, program_invocation_short_name);
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return no_such_interface(live->interface, error);
    case PCAP_ERROR_IFACE_NOT_UP:
        return vo_error_set(error, VO_ERR_IO, "%s is down: bring it up with ip link set %s up",
                            live->interface, live->interface);
    default:
        return vo_error_set(error, VO_ERR_IO, "cannot capture on %s: %s%s%s", live->interface,
                            pcap_statustostr(result), why[0] ? ": " : "", why);
    }
}

static enum vo_status activate(struct vo_capture *capture, struct vo_error *error)
{
    struct vo_live *live = capture->live;
    char why[PCAP_ERRBUF_SIZE] = "";
    live->pcap = pcap_create(live->interface, why);
    if (!live->pcap)
        return vo_error_set(error, VO_ERR_IO, "cannot capture on %s: %s", live->interface, why);
    pcap_set_snaplen(live->pcap, (int)VO_FRAME_MAX);
    pcap_set_promisc(live->pcap, 1);
    pcap_set_timeout(live->pcap, WAIT_MS);
    pcap_set_buffer_size(live->pcap, KERNEL_BUFFER);
    pcap_set_tstamp_precision(live->pcap, PCAP_TSTAMP_PRECISION_NANO); /* refused: microseconds */
    int result = pcap_activate(live->pcap);
    if (result < 0)
        return cannot_activate(live, result, error);
    if (result > 0)
        vo_capture_tell(capture, "%s: %s", live->interface, pcap_statustostr(result));
    if (pcap_setnonblock(live->pcap, 1, why) != 0)
        return vo_error_set(error, VO_ERR_IO, "cannot capture on %s: %s", live->interface, why);
    bool nano = pcap_get_tstamp_precision(live->pcap) == PCAP_TSTAMP_PRECISION_NANO;
    live->ns_per_unit = nano ? 1 : 1000;
    live->linktype = vo_dlt_to_linktype(pcap_datalink(live->pcap));
    return vo_capture_add_interface(capture, live->interface, live->linktype, VO_FRAME_MAX, &live->index,
                                    error);
}

static enum vo_status set_filter(const struct vo_capture *capture, struct vo_error *error)
{
    struct bpf_program program;
    pcap_t *pcap = capture->live->pcap;
    if (!capture->filter)
        return VO_OK;
    if (pcap_compile(pcap, &program, capture->filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return vo_error_set(error, VO_ERR_USAGE, "the filter '%s' is not valid: %s", capture->filter,
                            pcap_geterr(pcap));
    int result = pcap_setfilter(pcap, &program);
    pcap_freecode(&program);
    if (result != 0)
        return vo_error_set(error, VO_ERR_IO, "cannot filter on %s: %s", capture->live->interface,
                            pcap_geterr(pcap));
    return VO_OK;
}

enum vo_status vo_live_open(struct vo_capture *capture, const char *interface,
                            const struct vo_capture_options *options, struct vo_error *error)
{
    struct vo_live *live = calloc(1, sizeof *live);
    if (!live || !(live->interface = strdup(interface))) {
        free(live);
        return vo_error_memory(error, "a live capture");
    }
    capture->live = live;
    enum vo_status status = activate(capture, error);
    if (status == VO_OK)
        status = set_filter(capture, error);
    if (status == VO_OK && options && options->write_to)
        status = vo_capture_create(options->write_to, live->linktype, VO_FRAME_MAX, &live->writer, error);
    if (status == VO_OK && options && options->duration_s > 0)
        live->deadline = vo_clock_monotonic() + (vo_time)(options->duration_s * (double)VO_NS_PER_S);
    return status;
}

/* A disk that is full ends the writing, not the measuring. */
static void give_up_writing(struct vo_capture *capture, const struct vo_error *why)
{
    vo_capture_tell(capture, "%s; the capture goes on without it", why->message);
    vo_capture_finish(capture->live->writer, NULL);
    capture->live->writer = NULL;
}

static bool over(struct vo_live *live)
{
    live->since_clock = 0;
    return live->deadline != 0 && vo_clock_monotonic() >= live->deadline;
}

/* The kernel hands frames over in blocks, a full one at once and others every WAIT_MS: what came before the
 * end is still to be taken. An open-ended capture is whole when it is stopped; one with a planned length only
 * when that is over. */
static void begin_end(struct vo_capture *capture)
{
    struct vo_live *live = capture->live;
    capture->cut = live->deadline != 0 && !over(live);
    live->last_call = vo_clock_now();
    live->closing = vo_clock_monotonic() + VO_NS_PER_S;
}

/* Whether the frame is one too many. */
static bool is_late(const struct vo_live *live, const struct vo_frame *frame)
{
    return live->last_call != 0 && (frame->time > live->last_call || vo_clock_monotonic() > live->closing);
}

/* The next frame once the capture is to end, as pcap_next_ex(); 0: there is none any more. */
static int take_last(struct vo_live *live, struct pcap_pkthdr **header, const uint8_t **data)
{
    enum { TRIES = 3 };
    int result = pcap_next_ex(live->pcap, header, data);
    for (int i = 0; i < TRIES && result <= 0; i++) {
        const struct timespec half = {0, WAIT_MS / 2 * 1000000L};
        nanosleep(&half, NULL);
        result = pcap_next_ex(live->pcap, header, data);
    }
    return result;
}

/* Nothing is queued: writes out what was kept and sleeps until something comes, a signal does, or WAIT_MS are
 * over. */
static void wait_for_frames(struct vo_capture *capture)
{
    struct vo_live *live = capture->live;
    struct vo_error error;
    if (live->writer && vo_capture_flush(live->writer, &error) != VO_OK)
        give_up_writing(capture, &error);
    struct pollfd pollfd = {.fd = pcap_get_selectable_fd(live->pcap), .events = POLLIN};
    poll(&pollfd, 1, WAIT_MS);
}

static void fill_frame(const struct vo_live *live, const struct pcap_pkthdr *header, const uint8_t *data,
                       struct vo_frame *frame)
{
    *frame = (struct vo_frame){.data = data,
                               .captured = header->caplen,
                               .length = header->len > header->caplen ? header->len : header->caplen,
                               .linktype = live->linktype,
                               .interface = live->index,
                               .time = (vo_time)header->ts.tv_sec * VO_NS_PER_S +
                                       (vo_time)header->ts.tv_usec * live->ns_per_unit};
}

enum vo_status vo_live_next(struct vo_capture *capture, struct vo_frame *frame, struct vo_error *error)
{
    struct vo_live *live = capture->live;
    struct vo_error why;
    struct pcap_pkthdr *header;
    const uint8_t *data;
    if (!live->last_call && (capture->stop || (++live->since_clock >= CLOCK_EVERY && over(live))))
        begin_end(capture);
    int result = live->last_call ? take_last(live, &header, &data) : pcap_next_ex(live->pcap, &header, &data);
    if (result == 0 && !live->last_call && !live->no_wait) {
        wait_for_frames(capture);
        if (capture->stop || over(live))
            begin_end(capture);
        result = live->last_call ? take_last(live, &header, &data) : pcap_next_ex(live->pcap, &header, &data);
    }
    if (result < 0)
        result = take_last(live, &header, &data); /* the interface is gone, but not what it received */
    if (result < 0)
        return vo_error_set(error, VO_ERR_IO, "the capture on %s ended: %s", live->interface,
                            pcap_geterr(live->pcap));
    if (result == 0 && live->last_call)
        return VO_END;
    if (result == 0) {
        *frame =
            (struct vo_frame){.linktype = live->linktype, .interface = live->index, .time = VO_TIME_UNKNOWN};
        return VO_OK;
    }
    fill_frame(live, header, data, frame);
    if (is_late(live, frame))
        return VO_END;
    if (live->writer &&
        vo_capture_write(live->writer, frame->time, data, frame->captured, frame->length, &why) != VO_OK)
        give_up_writing(capture, &why);
    return VO_OK;
}

int vo_capture_watchable(struct vo_capture *capture)
{
    if (!capture->live)
        return -1;
    capture->live->no_wait = true;
    return pcap_get_selectable_fd(capture->live->pcap);
}

void vo_live_statistics(struct vo_capture *capture)
{
    struct vo_live *live = capture->live;
    struct pcap_stat stat;
    if (pcap_stats(live->pcap, &stat) != 0)
        return;
    struct vo_capture_interface *shown = &capture->interfaces[live->index]->shown;
    shown->received = stat.ps_recv;
    shown->dropped = (uint64_t)stat.ps_drop + stat.ps_ifdrop;
    shown->has_statistics = true;
}

void vo_live_close(struct vo_capture *capture)
{
    struct vo_live *live = capture->live;
    struct vo_error error;
    if (!live)
        return;
    if (live->writer && vo_capture_finish(live->writer, &error) != VO_OK)
        vo_capture_tell(capture, "%s", error.message);
    if (live->pcap)
        pcap_close(live->pcap);
    free(live->interface);
    free(live);
    capture->live = NULL;
}
