/*
 * impair: a network impairer in user space, for kernels without netem.
 *
 *     impair [OPTIONS] LEFT RIGHT
 *
 * Carries Ethernet frames between two interfaces (veth ends within a network namespace) and on the way
 * delays, loses, duplicates, reorders and remarks them, as its options say for each direction. With the same
 * seed and the same frames it does the same. At its end (-d, SIGINT or SIGTERM) it prints as JSON what it
 * did, which is the truth that a measurement of the same traffic is compared with.
 *
 * Frames that are not IP (ARP) pass at once; IP frames from or to a spared port (--spare: signalling) are
 * delayed but neither lost, duplicated nor reordered. No frame overtakes another, whatever the
 * jitter, without --*-overtake or --*-reorder.
 */
#include "core/clock.h"
#include "core/json.h"
#include "core/options.h"
#include "core/version.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <math.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define FRAME_SIZE  (65536 + 256)
#define VNET_SIZE   (sizeof(struct virtio_net_hdr))
#define QUEUE_LIMIT 65536
#define PI          3.14159265358979323846

/* What is done to one direction, as the options say. */
struct rule {
    double delay_ms, jitter_ms, loss_percent, burst, duplicate_percent, reorder_percent, reorder_ms,
        rate_kbps;
    double queue_ms;
    long dscp, spared_dscp; /* -1: left as it is */
    const char *shape;
    bool overtake;
};

struct frame {
    vo_time due, came;
    uint64_t number;
    size_t size;
    uint8_t data[]; /* virtio header, then the Ethernet frame */
};

struct tally {
    uint64_t frames, bytes, lost, queue_dropped, duplicated, reordered, remarked, spared, sent, send_errors;
    double delay_sum_ms, delay_squares, delay_min_ms, delay_max_ms, late_max_ms;
};

struct direction {
    struct rule rule;
    struct tally tally;
    struct frame **heap;
    size_t count, capacity;
    int from, to;
    uint64_t random;
    bool losing;       /* state of the Gilbert model */
    vo_time last_due;  /* of the newest frame that keeps its order */
    vo_time line_free; /* when the line of --rate has sent all it took */
};

struct impairer {
    struct direction ways[2]; /* to the right, to the left */
    struct vo_option_list spare;
    uint16_t spared[16];
    size_t spared_count;
    double duration_s;
    long seed;
};

static struct impairer the = {.seed = 1};

static const char *const shapes[] = {"uniform", "normal", NULL};

/* clang-format off */
#define ROW(name_, member, type_, argument_, help_, ...) \
    {.name = name_, .type = type_, .target = &the.member, .argument = argument_, .help = help_, __VA_ARGS__}
#define WAY(way, i) \
    ROW(way "-delay", ways[i].rule.delay_ms, VO_OPTION_NUMBER, "MS", "constant delay", .maximum = 1e4), \
    ROW(way "-jitter", ways[i].rule.jitter_ms, VO_OPTION_NUMBER, "MS", "extra delay: width if uniform, deviation if normal", .maximum = 1e4), \
    ROW(way "-shape", ways[i].rule.shape, VO_OPTION_WORD, "SHAPE", "distribution of the jitter", .words = shapes), \
    ROW(way "-overtake", ways[i].rule.overtake, VO_OPTION_FLAG, NULL, "let frames overtake others by their jitter", .maximum = 0), \
    ROW(way "-loss", ways[i].rule.loss_percent, VO_OPTION_NUMBER, "PERCENT", "mean share of frames lost", .maximum = 100), \
    ROW(way "-burst", ways[i].rule.burst, VO_OPTION_NUMBER, "FRAMES", "mean length of a loss (Gilbert; 0: independent)", .maximum = 1e4), \
    ROW(way "-duplicate", ways[i].rule.duplicate_percent, VO_OPTION_NUMBER, "PERCENT", "frames sent twice", .maximum = 100), \
    ROW(way "-reorder", ways[i].rule.reorder_percent, VO_OPTION_NUMBER, "PERCENT", "frames held back while others pass", .maximum = 100), \
    ROW(way "-reorder-by", ways[i].rule.reorder_ms, VO_OPTION_NUMBER, "MS", "how long those are held back (50)", .maximum = 1e4), \
    ROW(way "-dscp", ways[i].rule.dscp, VO_OPTION_INTEGER, "DSCP", "rewrite the DSCP of packets", .maximum = 63), \
    ROW(way "-spared-dscp", ways[i].rule.spared_dscp, VO_OPTION_INTEGER, "DSCP", "likewise, for spared ports", .maximum = 63), \
    ROW(way "-rate", ways[i].rule.rate_kbps, VO_OPTION_NUMBER, "KBPS", "speed of the line (0: no limit)", .maximum = 1e7), \
    ROW(way "-queue", ways[i].rule.queue_ms, VO_OPTION_NUMBER, "MS", "longest wait for that line (200)", .maximum = 6e4)
/* clang-format on */

static const struct vo_option options[] = {
    WAY("right", 0),
    WAY("left", 1),
    {.name = "spare",
     .type = VO_OPTION_LIST,
     .target = &the.spare,
     .argument = "PORT",
     .help = "never lose or duplicate frames of this UDP or TCP port (repeatable)"},
    {.name = "seed",
     .type = VO_OPTION_INTEGER,
     .target = &the.seed,
     .argument = "NUMBER",
     .help = "seed of the random numbers (1)",
     .minimum = 0,
     .maximum = INT32_MAX},
    {.name = "duration",
     .letter = 'd',
     .type = VO_OPTION_NUMBER,
     .target = &the.duration_s,
     .argument = "SECONDS",
     .help = "stop after this long",
     .maximum = 86400},
    {.name = NULL},
};
static const char *const usage[] = {"[OPTIONS] LEFT RIGHT", NULL};
static const struct vo_program program = {
    .name = "impair",
    .summary = "carry frames between two interfaces of a network namespace, badly",
    .usage = usage,
    .options = options,
    .notes = "--right-* act on frames from LEFT to RIGHT, --left-* on the others. Needs CAP_NET_RAW; SIGINT "
             "ends it\n"
             "and prints what was done as JSON.",
};

/* splitmix64: small, and the same everywhere. Returns a number in [0, 1). */
static double chance(struct direction *way)
{
    uint64_t z = way->random += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static bool happens(struct direction *way, double percent)
{
    return chance(way) * 100 < percent;
}

/* Gilbert: within a burst every frame is lost; it goes on with 1 - 1/burst, and begins as often as the mean
 * asks. */
static bool loses(struct direction *way)
{
    const struct rule *rule = &way->rule;
    double p = rule->loss_percent / 100, draw = chance(way);
    if (rule->burst <= 1 || p <= 0 || p >= 1)
        return draw < p;
    way->losing = way->losing ? draw >= 1 / rule->burst : draw < p / (1 - p) / rule->burst;
    return way->losing;
}

static double draw_jitter_ms(struct direction *way)
{
    const struct rule *rule = &way->rule;
    double u = chance(way), v = chance(way);
    if (rule->jitter_ms <= 0)
        return 0;
    if (!rule->shape || strcmp(rule->shape, "normal") != 0)
        return u * rule->jitter_ms;
    return fabs(sqrt(-2 * log(1 - u)) * cos(2 * PI * v)) * rule->jitter_ms;
}

/* Heap of frames by due time, then by number. */
static bool before(const struct frame *a, const struct frame *b)
{
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static bool heap_push(struct direction *way, struct frame *frame)
{
    if (way->count == way->capacity) {
        size_t capacity = way->capacity ? way->capacity * 2 : 256;
        struct frame **heap =
            capacity <= QUEUE_LIMIT ? realloc(way->heap, capacity * sizeof(struct frame *)) : NULL;
        if (!heap)
            return false;
        way->heap = heap;
        way->capacity = capacity;
    }
    size_t i = way->count++;
    for (; i > 0 && before(frame, way->heap[(i - 1) / 2]); i = (i - 1) / 2)
        way->heap[i] = way->heap[(i - 1) / 2];
    way->heap[i] = frame;
    return true;
}

static struct frame *heap_pop(struct direction *way)
{
    struct frame *top = way->heap[0], *last = way->heap[--way->count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= way->count)
            break;
        if (child + 1 < way->count && before(way->heap[child + 1], way->heap[child]))
            child++;
        if (!before(way->heap[child], last))
            break;
        way->heap[i] = way->heap[child];
        i = child;
    }
    way->heap[i] = last;
    return top;
}

/* Offset of the IP header in the Ethernet frame, or 0. One VLAN tag is stepped over. */
static size_t find_ip(const uint8_t *frame, size_t size, int *version)
{
    size_t at = 12;
    if (size >= 18 && frame[at] == 0x81 && frame[at + 1] == 0)
        at += 4;
    if (size < at + 2 + 20)
        return 0;
    unsigned type = (unsigned)frame[at] << 8 | frame[at + 1];
    *version = type == ETHERTYPE_IP ? 4 : type == ETHERTYPE_IPV6 ? 6 : 0;
    return *version ? at + 2 : 0;
}

static bool is_spared(const uint8_t *ip, size_t size, int version)
{
    size_t header = version == 4 ? (size_t)(ip[0] & 15) * 4 : 40;
    uint8_t protocol = version == 4 ? ip[9] : ip[6];
    if ((protocol != IPPROTO_UDP && protocol != IPPROTO_TCP) || size < header + 4)
        return false;
    unsigned source = (unsigned)ip[header] << 8 | ip[header + 1];
    unsigned destination = (unsigned)ip[header + 2] << 8 | ip[header + 3];
    for (size_t i = 0; i < the.spared_count; i++)
        if (the.spared[i] == source || the.spared[i] == destination)
            return true;
    return false;
}

/* Sets the DSCP, leaves ECN, and corrects the IPv4 header checksum (RFC 1624, equation 3). */
static bool remark(uint8_t *ip, int version, unsigned dscp)
{
    unsigned old = (unsigned)ip[0] << 8 | ip[1];
    unsigned shift = version == 4 ? 2 : 6;
    unsigned new = (old & ~(63U << shift)) | dscp << shift;
    if (new == old)
        return false;
    ip[0] = (uint8_t)(new >> 8);
    ip[1] = (uint8_t) new;
    if (version == 4) {
        unsigned sum = (unsigned)ip[10] << 8 | ip[11];
        sum = (~sum & 0xffff) + (~old & 0xffff) + new;
        sum = (sum & 0xffff) + (sum >> 16);
        sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
        ip[10] = (uint8_t)(sum >> 8);
        ip[11] = (uint8_t)sum;
    }
    return true;
}

static void schedule(struct direction *way, const uint8_t *data, size_t size, vo_time now, vo_time due)
{
    struct frame *frame = malloc(sizeof *frame + size);
    if (frame) {
        *frame = (struct frame){.due = due, .came = now, .number = way->tally.frames, .size = size};
        memcpy(frame->data, data, size);
    }
    if (!frame || !heap_push(way, frame)) {
        way->tally.queue_dropped++;
        free(frame);
    }
}

/* When a frame that comes now leaves the line of --rate; false when the queue before it is too long. */
static bool take_line(struct direction *way, size_t size, vo_time now, vo_time *leaves)
{
    *leaves = now;
    if (way->rule.rate_kbps <= 0)
        return true;
    vo_time start = way->line_free > now ? way->line_free : now;
    if ((double)(start - now) > way->rule.queue_ms * 1e6)
        return false;
    way->line_free = start + (vo_time)((double)size * 8 * 1e6 / way->rule.rate_kbps);
    *leaves = way->line_free;
    return true;
}

/* Decides what happens to a frame that came in. Every frame draws the same number of random numbers, so that
 * one setting does not change what another does. */
static void take(struct direction *way, uint8_t *data, size_t size, vo_time now)
{
    struct rule *rule = &way->rule;
    struct tally *tally = &way->tally;
    int version = 0;
    uint8_t *frame = data + VNET_SIZE;
    size_t length = size - VNET_SIZE, ip = find_ip(frame, length, &version);
    tally->frames++;
    tally->bytes += length;
    if (ip == 0) {
        schedule(way, data, size, now, now);
        return;
    }
    bool lost = loses(way), twice = happens(way, rule->duplicate_percent);
    bool held = happens(way, rule->reorder_percent), spared = is_spared(frame + ip, length - ip, version);
    double extra_ms = rule->delay_ms + draw_jitter_ms(way);
    tally->spared += spared;
    if (lost && !spared) {
        tally->lost++;
        return;
    }
    vo_time due;
    if (!take_line(way, length, now, &due)) {
        tally->queue_dropped++;
        return;
    }
    due += (vo_time)(extra_ms * 1e6);
    if (due < way->last_due && !rule->overtake)
        due = way->last_due;
    if (held && !spared) {
        tally->reordered++;
        due += (vo_time)(rule->reorder_ms * 1e6);
    } else {
        way->last_due = due;
    }
    long dscp = spared ? rule->spared_dscp : rule->dscp;
    if (dscp >= 0)
        tally->remarked += remark(frame + ip, version, (unsigned)dscp);
    schedule(way, data, size, now, due);
    if (twice && !spared) {
        tally->duplicated++;
        schedule(way, data, size, now, due);
    }
}

static void receive(struct direction *way)
{
    static uint8_t data[FRAME_SIZE];
    for (;;) {
        struct sockaddr_ll from = {0};
        socklen_t length = sizeof from;
        ssize_t size =
            recvfrom(way->from, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
        if (size < 0)
            return;
        if (from.sll_pkttype != PACKET_OUTGOING && (size_t)size > VNET_SIZE + ETHER_HDR_LEN)
            take(way, data, (size_t)size, vo_clock_monotonic());
    }
}

static void send_one(struct direction *way, const struct frame *frame, vo_time now)
{
    struct tally *tally = &way->tally;
    double delay_ms = (double)(now - frame->came) / 1e6, late_ms = (double)(now - frame->due) / 1e6;
    if (send(way->to, frame->data, frame->size, 0) < 0) {
        tally->send_errors++;
        return;
    }
    if (tally->sent == 0 || delay_ms < tally->delay_min_ms)
        tally->delay_min_ms = delay_ms;
    if (delay_ms > tally->delay_max_ms)
        tally->delay_max_ms = delay_ms;
    if (late_ms > tally->late_max_ms)
        tally->late_max_ms = late_ms;
    tally->delay_sum_ms += delay_ms;
    tally->delay_squares += delay_ms * delay_ms;
    tally->sent++;
}

static void send_due(struct direction *way)
{
    vo_time now;
    while (way->count > 0 && way->heap[0]->due <= (now = vo_clock_monotonic())) {
        struct frame *frame = heap_pop(way);
        send_one(way, frame, now);
        free(frame);
    }
}

static int open_interface(const char *name, struct vo_error *error)
{
    int one = 1, buffer = 8 << 20, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0 && errno == EPERM)
        vo_error_set(error, VO_ERR_PRIVILEGE, "raw sockets need CAP_NET_RAW: run as root");
    else if (fd < 0)
        vo_error_set(error, VO_ERR_IO, "cannot open a raw socket: %s", strerror(errno));
    if (fd < 0)
        return -1;
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
    struct packet_mreq promiscuous = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    /* The header carries what the kernel has still to do: checksums left to hardware, segmentation. */
    if (address.sll_ifindex == 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        vo_error_set(error, VO_ERR_IO, "cannot use interface \"%s\": %s; see ip link", name, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

/* Frames that the kernel dropped because this program was too slow. */
static unsigned kernel_drops(int fd)
{
    struct tpacket_stats stats = {0};
    socklen_t length = sizeof stats;
    return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0 ? stats.tp_drops : 0;
}

static void write_way(struct vo_json_writer *json, const char *name, const struct direction *way)
{
    const struct tally *t = &way->tally;
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {
        {"frames", t->frames},
        {"bytes", t->bytes},
        {"lost", t->lost},
        {"duplicated", t->duplicated},
        {"reordered", t->reordered},
        {"remarked", t->remarked},
        {"spared", t->spared},
        {"queue_dropped", t->queue_dropped},
        {"sent", t->sent},
        {"send_errors", t->send_errors},
        {"left_in_queue", way->count},
        {"kernel_dropped", kernel_drops(way->from)},
    };
    double mean = t->sent ? t->delay_sum_ms / (double)t->sent : 0;
    double variance = t->sent ? t->delay_squares / (double)t->sent - mean * mean : 0;
    vo_json_key(json, name);
    vo_json_begin_object(json);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        vo_json_put_integer(json, counts[i].key, (int64_t)counts[i].value);
    if (t->sent) {
        vo_json_put_number(json, "delay_min_ms", t->delay_min_ms);
        vo_json_put_number(json, "delay_mean_ms", mean);
        vo_json_put_number(json, "delay_max_ms", t->delay_max_ms);
        vo_json_put_number(json, "delay_deviation_ms", sqrt(variance > 0 ? variance : 0));
        vo_json_put_number(json, "own_lateness_max_ms", t->late_max_ms);
    }
    vo_json_end_object(json);
}

static int summarise(void)
{
    struct vo_json_writer json = {0};
    vo_json_begin_object(&json);
    vo_json_put_integer(&json, "seed", the.seed);
    write_way(&json, "right", &the.ways[0]);
    write_way(&json, "left", &the.ways[1]);
    vo_json_end_object(&json);
    bool bad = json.failed || printf("%.*s\n", (int)json.size, json.data) < 0 || fflush(stdout) != 0;
    vo_json_writer_release(&json);
    return bad ? VO_EXIT_FAILED : VO_EXIT_DONE;
}

static void arm(int timer, vo_time end)
{
    vo_time next = end;
    for (int i = 0; i < 2; i++)
        if (the.ways[i].count > 0 && the.ways[i].heap[0]->due < next)
            next = the.ways[i].heap[0]->due;
    struct itimerspec at = {.it_value = {.tv_sec = next / VO_NS_PER_S, .tv_nsec = next % VO_NS_PER_S}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Carries frames until a signal or the end of -d. */
static enum vo_status carry(struct vo_error *error)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    int stopper = signalfd(-1, &ends, SFD_CLOEXEC), poller = epoll_create1(EPOLL_CLOEXEC);
    int all[] = {the.ways[0].from, the.ways[1].from, timer, stopper};
    bool ready = timer >= 0 && stopper >= 0 && poller >= 0;
    for (int i = 0; ready && i < 4; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = all[i]};
        ready = epoll_ctl(poller, EPOLL_CTL_ADD, all[i], &event) == 0;
    }
    if (!ready)
        return vo_error_set(error, VO_ERR_IO, "cannot wait for frames: %s", strerror(errno));
    vo_time now = vo_clock_monotonic();
    vo_time end = now + (vo_time)((the.duration_s > 0 ? the.duration_s : 86400) * 1e9);
    for (bool stop = false; !stop && now < end; now = vo_clock_monotonic()) {
        struct epoll_event events[4];
        uint64_t ticks;
        arm(timer, end);
        int count = epoll_wait(poller, events, 4, -1);
        for (int i = 0; i < count; i++)
            stop = stop || events[i].data.fd == stopper;
        while (read(timer, &ticks, sizeof ticks) > 0)
            ;
        for (int i = 0; i < 2; i++)
            receive(&the.ways[i]);
        for (int i = 0; i < 2; i++)
            send_due(&the.ways[i]);
    }
    return VO_OK;
}

static enum vo_status prepare(const struct vo_option_list *operands, struct vo_error *error)
{
    if (operands->count != 2)
        return vo_error_set(error, VO_ERR_USAGE, "two interfaces are needed; see impair -h");
    for (size_t i = 0; i < the.spare.count; i++) {
        char *end;
        unsigned long port = strtoul(the.spare.items[i], &end, 10);
        if (*end || port < 1 || port > 65535 || the.spared_count == sizeof the.spared / sizeof *the.spared)
            return vo_error_set(error, VO_ERR_USAGE, "--spare \"%s\": not a port, or more than 16 of them",
                                the.spare.items[i]);
        the.spared[the.spared_count++] = (uint16_t)port;
    }
    int left = open_interface(operands->items[0], error);
    int right = left < 0 ? -1 : open_interface(operands->items[1], error);
    if (right < 0)
        return error->status;
    for (int i = 0; i < 2; i++) {
        the.ways[i].from = i == 0 ? left : right;
        the.ways[i].to = i == 0 ? right : left;
        the.ways[i].random = (uint64_t)the.seed * 2 + (uint64_t)i;
    }
    /* Punctuality is best effort: without the privilege it only gets a little worse. */
    struct sched_param priority = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_FIFO, &priority);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    return VO_OK;
}

int main(int argc, char **argv)
{
    struct vo_error error = {0};
    struct vo_option_list operands = {0};
    for (int i = 0; i < 2; i++)
        the.ways[i].rule = (struct rule){.dscp = -1, .spared_dscp = -1, .reorder_ms = 50, .queue_ms = 200};
    enum vo_status status = vo_options_parse(&program, argc, argv, &operands, &error);
    if (status == VO_OK)
        status = prepare(&operands, &error);
    if (status == VO_OK)
        status = carry(&error);
    vo_options_release(&program, &operands);
    if (status == VO_END)
        return VO_EXIT_DONE;
    if (status != VO_OK) {
        vo_complain(program.name, &error);
        return status == VO_ERR_USAGE ? VO_EXIT_USAGE : VO_EXIT_FAILED;
    }
    return summarise();
}
