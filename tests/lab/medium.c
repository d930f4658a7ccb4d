/*
 * lab-medium: the air between simulated radios (mac80211_hwsim), with signals and losses that are set by
 * hand.
 *
 *     lab-medium [-r RADIOS] [-s SEED] [-c FIFO]
 *
 * Takes over every frame of every radio (HWSIM_CMD_REGISTER), decides attempt by attempt whether it arrives,
 * hands it to those that hear it with the signal of the pair, and tells the sender's kernel how often it was
 * sent at which rate and whether it was acknowledged. What it did is counted for each pair and direction: the
 * truth that counters and captures are compared with. With the same seed the n-th attempt from one radio to
 * another fares the same. Radio N is phyN, 42:00:00:00:NN:00 to hwsim.
 *
 * Commands, a line each, from standard input or the FIFO; # begins a comment:
 *     set signal A B DBM      both ways; below -95 nothing arrives. At first -50
 *     set loss A B P          both ways: the share of attempts that do not arrive, 0 to 1. At first 0
 *     set loss A>B P          one way (signal, too)
 *     set overhear N on|off   a sniffer: hears each attempt of others, and the acknowledgement, which the
 * kernel does not send; the Retry bit is set from the second attempt on reset                   counts from 0
 * again print [FILE]            the counts as JSON, one line; FILE appears whole or not at all quit "ready"
 * is printed when the frames come here. Frames that hwsim cannot be told of: rates of HT and later are
 * received as legacy rates, acknowledgements are never lost.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel's drivers/net/wireless/mac80211_hwsim.h is not among its user headers. */
enum { CMD_REGISTER = 1, CMD_FRAME = 2, CMD_TX_INFO_FRAME = 3 };
enum {
    ATTR_RECEIVER = 1,
    ATTR_TRANSMITTER = 2,
    ATTR_FRAME = 3,
    ATTR_FLAGS = 4,
    ATTR_RX_RATE = 5,
    ATTR_SIGNAL = 6,
    ATTR_TX_INFO = 7,
    ATTR_COOKIE = 8,
    ATTR_FREQ = 19,
    ATTR_LAST = 40,
};
enum { FLAG_NO_ACK = 2, FLAG_ACKED = 4 };
enum { RATES = 4, HIGHEST_LEGACY_RATE = 7 };
struct rate {
    int8_t index; /* -1: not used */
    uint8_t count;
};

enum { RADIOS_MAX = 32, ADDRESSES_MAX = 256, FLOOR_DBM = -95, HEADER = 24, LINE = 256 };

struct count {
    uint64_t frames, attempts, lost, acked, failed; /* unicast; an attempt is lost or arrives */
    uint64_t data_frames, data_attempts, data_acked, data_failed;
    uint64_t group, group_lost;
};
struct pair {
    double loss;
    int signal_dbm;
    uint64_t random;
    struct count count;
};
struct medium {
    struct nl_sock *socket;
    int family;
    unsigned radios;
    struct pair pairs[RADIOS_MAX][RADIOS_MAX]; /* [from][to] */
    uint32_t frequency[RADIOS_MAX];            /* last sent on; 0: not yet */
    bool beacons[RADIOS_MAX];                  /* an access point: stays on its frequency */
    bool overhears[RADIOS_MAX];
    struct {
        uint8_t address[6];
        unsigned radio;
    } known[ADDRESSES_MAX]; /* who sends as whom */
    unsigned known_count;
    uint64_t refused; /* by the kernel: a receiver that is not there or not up */
    bool quit;
};

/* One frame on its way. */
struct flight {
    unsigned from;
    const uint8_t *frame;
    int size;
    uint32_t flags, frequency;
    uint64_t cookie;
    struct rate rates[RATES];
};

/* --- chance --- */

static uint64_t mix(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool arrives(struct medium *medium, unsigned from, unsigned to)
{
    struct pair *pair = &medium->pairs[from][to];
    bool lucky = (double)(mix(&pair->random) >> 11) * 0x1p-53 >= pair->loss;
    return lucky && pair->signal_dbm >= FLOOR_DBM;
}

static void begin(struct medium *medium, uint64_t seed)
{
    for (unsigned from = 0; from < RADIOS_MAX; from++)
        for (unsigned to = 0; to < RADIOS_MAX; to++) {
            uint64_t state = seed ^ (uint64_t)(from * RADIOS_MAX + to + 1) << 32;
            medium->pairs[from][to] = (struct pair){.signal_dbm = -50, .random = mix(&state)};
        }
}

/* --- what the kernel is told --- */

static struct nl_msg *message_to_kernel(struct medium *medium, uint8_t command)
{
    struct nl_msg *message = nlmsg_alloc_size(8192);
    if (!message ||
        !genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, medium->family, 0, NLM_F_REQUEST, command, 1)) {
        fprintf(stderr, "lab-medium: out of memory\n");
        exit(1);
    }
    return message;
}

static void put_radio(struct nl_msg *message, int attribute, unsigned radio)
{
    const uint8_t address[6] = {0x42, 0, 0, (uint8_t)(radio >> 8), (uint8_t)radio, 0};
    nla_put(message, attribute, sizeof address, address);
}

static void send_message(struct medium *medium, struct nl_msg *message)
{
    int result = nl_send_auto(medium->socket, message);
    if (result < 0)
        fprintf(stderr, "lab-medium: %s\n", nl_geterror(result));
    nlmsg_free(message);
}

static void deliver(struct medium *medium, const struct flight *flight, unsigned to, const uint8_t *frame,
                    int size, int rate, int signal_dbm)
{
    struct nl_msg *message = message_to_kernel(medium, CMD_FRAME);
    int legacy = rate < 0 ? 0 : rate > HIGHEST_LEGACY_RATE ? HIGHEST_LEGACY_RATE : rate;
    put_radio(message, ATTR_RECEIVER, to);
    nla_put(message, ATTR_FRAME, size, frame);
    nla_put_u32(message, ATTR_RX_RATE, (uint32_t)legacy);
    nla_put_u32(message, ATTR_SIGNAL, (uint32_t)signal_dbm);
    if (flight->frequency)
        nla_put_u32(message, ATTR_FREQ, flight->frequency);
    send_message(medium, message);
}

static void report(struct medium *medium, const struct flight *flight, const struct rate used[RATES],
                   bool acked, int signal_dbm)
{
    struct nl_msg *message = message_to_kernel(medium, CMD_TX_INFO_FRAME);
    put_radio(message, ATTR_TRANSMITTER, flight->from);
    nla_put_u32(message, ATTR_FLAGS, flight->flags | (acked ? FLAG_ACKED : 0));
    nla_put_u64(message, ATTR_COOKIE, flight->cookie);
    nla_put_u32(message, ATTR_SIGNAL, (uint32_t)signal_dbm);
    nla_put(message, ATTR_TX_INFO, (int)(RATES * sizeof *used), used);
    send_message(medium, message);
}

/* --- the air --- */

static void learn(struct medium *medium, const uint8_t *address, unsigned radio)
{
    unsigned i = 0;
    while (i < medium->known_count && memcmp(medium->known[i].address, address, 6) != 0)
        i++;
    if (i == ADDRESSES_MAX)
        return;
    memcpy(medium->known[i].address, address, 6);
    medium->known[i].radio = radio;
    if (i == medium->known_count)
        medium->known_count++;
}

/* The radio of an address: who was heard to use it, else by hwsim's own numbering. -1: nobody's. */
static int radio_of(const struct medium *medium, const uint8_t *address)
{
    for (unsigned i = 0; i < medium->known_count; i++)
        if (memcmp(medium->known[i].address, address, 6) == 0)
            return (int)medium->known[i].radio;
    bool ours = (address[0] == 0x02 || address[0] == 0x42) && !address[1] && !address[2] && !address[3] &&
                !address[5];
    return ours && address[4] < medium->radios ? address[4] : -1;
}

static bool tuned_elsewhere(const struct medium *medium, unsigned radio, uint32_t frequency)
{
    return frequency && medium->frequency[radio] && medium->frequency[radio] != frequency;
}

static void overhear(struct medium *medium, const struct flight *flight, int to, int rate, bool retry,
                     bool acked)
{
    uint8_t copy[4096], ack[10] = {0xd4, 0, 0, 0};
    if ((size_t)flight->size > sizeof copy)
        return;
    memcpy(copy, flight->frame, (size_t)flight->size);
    if (retry)
        copy[1] |= 0x08;
    memcpy(ack + 4, flight->frame + 10, 6); /* to the transmitter */
    for (unsigned radio = 0; radio < medium->radios; radio++) {
        if (!medium->overhears[radio] || radio == flight->from || (int)radio == to)
            continue;
        if (arrives(medium, flight->from, radio))
            deliver(medium, flight, radio, copy, flight->size, rate,
                    medium->pairs[flight->from][radio].signal_dbm);
        if (acked && to >= 0 && arrives(medium, (unsigned)to, radio))
            deliver(medium, flight, radio, ack, sizeof ack, 0, medium->pairs[to][radio].signal_dbm);
    }
}

static void fly_to_all(struct medium *medium, const struct flight *flight)
{
    struct rate used[RATES] = {{flight->rates[0].index, 1}, {-1, 0}, {-1, 0}, {-1, 0}};
    for (unsigned to = 0; to < medium->radios; to++) {
        struct pair *pair = &medium->pairs[flight->from][to];
        /* An access point elsewhere could not hear it; whoever may be scanning could. */
        if (to == flight->from || (medium->beacons[to] && tuned_elsewhere(medium, to, flight->frequency)))
            continue;
        pair->count.group++;
        if (arrives(medium, flight->from, to))
            deliver(medium, flight, to, flight->frame, flight->size, used[0].index, pair->signal_dbm);
        else
            pair->count.group_lost++;
    }
    report(medium, flight, used, false, -50);
}

/* Attempts as the rates say, until one arrives. */
static void fly_to_one(struct medium *medium, const struct flight *flight, int to)
{
    struct rate used[RATES] = {{-1, 0}, {-1, 0}, {-1, 0}, {-1, 0}};
    bool data = (flight->frame[0] >> 2 & 3) == 2, no_ack = flight->flags & FLAG_NO_ACK, arrived = false;
    bool deaf = to < 0 || to == (int)flight->from || tuned_elsewhere(medium, (unsigned)to, flight->frequency);
    unsigned attempts = 0;
    for (unsigned i = 0; i < RATES && flight->rates[i].index >= 0 && !arrived && !(no_ack && attempts); i++) {
        used[i].index = flight->rates[i].index;
        for (unsigned n = 0; n < flight->rates[i].count && !arrived && !(no_ack && attempts); n++) {
            attempts++;
            used[i].count++;
            arrived = !deaf && arrives(medium, flight->from, (unsigned)to);
            overhear(medium, flight, to, used[i].index, attempts > 1, arrived && !no_ack);
        }
        if (arrived)
            deliver(medium, flight, (unsigned)to, flight->frame, flight->size, used[i].index,
                    medium->pairs[flight->from][to].signal_dbm);
    }
    report(medium, flight, used, arrived && !no_ack,
           to < 0 ? -50 : medium->pairs[to][flight->from].signal_dbm);
    if (to < 0)
        return;
    struct count *count = &medium->pairs[flight->from][to].count;
    count->frames++;
    count->attempts += attempts;
    count->lost += attempts - arrived;
    count->acked += arrived && !no_ack;
    count->failed += !arrived;
    count->data_frames += data;
    count->data_attempts += data ? attempts : 0;
    count->data_acked += data && arrived && !no_ack;
    count->data_failed += data && !arrived;
}

static int on_message(struct nl_msg *message, void *context)
{
    struct medium *medium = context;
    struct nlattr *attributes[ATTR_LAST + 1];
    struct flight flight = {0};
    struct nlmsghdr *header = nlmsg_hdr(message);
    if (header->nlmsg_type != medium->family || !genlmsg_valid_hdr(header, 0))
        return NL_OK;
    if (((struct genlmsghdr *)nlmsg_data(header))->cmd != CMD_FRAME ||
        genlmsg_parse(header, 0, attributes, ATTR_LAST, NULL) < 0)
        return NL_OK;
    if (!attributes[ATTR_TRANSMITTER] || nla_len(attributes[ATTR_TRANSMITTER]) != 6 ||
        !attributes[ATTR_FRAME] || !attributes[ATTR_FLAGS] || !attributes[ATTR_TX_INFO] ||
        !attributes[ATTR_COOKIE])
        return NL_OK;
    const uint8_t *sender = nla_data(attributes[ATTR_TRANSMITTER]);
    flight.from = sender[4];
    flight.frame = nla_data(attributes[ATTR_FRAME]);
    flight.size = nla_len(attributes[ATTR_FRAME]);
    flight.flags = nla_get_u32(attributes[ATTR_FLAGS]);
    flight.cookie = nla_get_u64(attributes[ATTR_COOKIE]);
    flight.frequency = attributes[ATTR_FREQ] ? nla_get_u32(attributes[ATTR_FREQ]) : 0;
    for (unsigned i = 0; i < RATES; i++)
        flight.rates[i].index = -1;
    size_t told = (size_t)nla_len(attributes[ATTR_TX_INFO]);
    memcpy(flight.rates, nla_data(attributes[ATTR_TX_INFO]),
           told < sizeof flight.rates ? told : sizeof flight.rates);
    if (flight.from >= medium->radios || flight.size < HEADER)
        return NL_OK;
    if (flight.frequency)
        medium->frequency[flight.from] = flight.frequency;
    learn(medium, flight.frame + 10, flight.from);
    medium->beacons[flight.from] |= flight.frame[0] == 0x80;
    if (flight.frame[4] & 1)
        fly_to_all(medium, &flight);
    else
        fly_to_one(medium, &flight, radio_of(medium, flight.frame + 4));
    return NL_OK;
}

/* A report that is quicker than the sender's kernel, which hands a frame out before it notes that it waits
 * for the report, is refused: it is sent again. How often is kept in the message's version, which the kernel
 * does not look at. */
static int on_refusal(struct sockaddr_nl *from, struct nlmsgerr *refused, void *context)
{
    (void)from;
    struct medium *medium = context;
    const struct nlmsghdr *outer = (const struct nlmsghdr *)(void *)((char *)refused - NLMSG_HDRLEN);
    struct genlmsghdr *generic = nlmsg_data(&refused->msg);
    bool whole = !(outer->nlmsg_flags & NLM_F_CAPPED) &&
                 refused->msg.nlmsg_len >= NLMSG_HDRLEN + GENL_HDRLEN &&
                 outer->nlmsg_len >= NLMSG_HDRLEN + sizeof refused->error + refused->msg.nlmsg_len;
    if (!whole || refused->error != -EINVAL || generic->cmd != CMD_TX_INFO_FRAME || generic->version > 20) {
        medium->refused++;
        return NL_SKIP;
    }
    generic->version++;
    refused->msg.nlmsg_seq = NL_AUTO_SEQ;
    refused->msg.nlmsg_pid = NL_AUTO_PORT;
    send_message(medium, nlmsg_convert(&refused->msg));
    return NL_SKIP;
}

/* --- commands --- */

static void print_counts(const struct medium *medium, const char *path)
{
    char draft[LINE + 8];
    snprintf(draft, sizeof draft, "%s.new", path ? path : "");
    FILE *file = path ? fopen(draft, "w") : stdout;
    if (!file) {
        fprintf(stderr, "lab-medium: %s: %s\n", draft, strerror(errno));
        return;
    }
    fprintf(file, "{\"refused\":%" PRIu64 ",\"pairs\":[", medium->refused);
    const char *comma = "";
    for (unsigned from = 0; from < medium->radios; from++)
        for (unsigned to = 0; to < medium->radios; to++) {
            const struct pair *pair = &medium->pairs[from][to];
            const struct count *count = &pair->count;
            if (!count->frames && !count->group)
                continue;
            fprintf(file,
                    "%s{\"from\":%u,\"to\":%u,\"signal\":%d,\"loss\":%g,\"frames\":%" PRIu64
                    ",\"attempts\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"failed\":%" PRIu64
                    ",\"data_frames\":%" PRIu64 ",\"data_attempts\":%" PRIu64 ",\"data_acked\":%" PRIu64
                    ",\"data_failed\":%" PRIu64 ",\"group\":%" PRIu64 ",\"group_lost\":%" PRIu64 "}",
                    comma, from, to, pair->signal_dbm, pair->loss, count->frames, count->attempts,
                    count->lost, count->acked, count->failed, count->data_frames, count->data_attempts,
                    count->data_acked, count->data_failed, count->group, count->group_lost);
            comma = ",";
        }
    fprintf(file, "]}\n");
    fflush(file);
    if (path && (fclose(file) != 0 || rename(draft, path) != 0))
        fprintf(stderr, "lab-medium: %s: %s\n", path, strerror(errno));
}

static bool set_pair(struct medium *medium, const char *what, unsigned from, unsigned to, double value)
{
    if (from >= medium->radios || to >= medium->radios)
        return false;
    if (strcmp(what, "signal") == 0 && value >= -127 && value <= 0)
        medium->pairs[from][to].signal_dbm = (int)value;
    else if (strcmp(what, "loss") == 0 && value >= 0 && value <= 1)
        medium->pairs[from][to].loss = value;
    else
        return false;
    return true;
}

static bool obey(struct medium *medium, const char *line)
{
    char what[16], path[LINE], state[4];
    unsigned a, b;
    double value;
    int end = 0;
    if (sscanf(line, "set %15[a-z] %u>%u %lf %n", what, &a, &b, &value, &end) == 4 && !line[end])
        return set_pair(medium, what, a, b, value);
    if (sscanf(line, "set %15[a-z] %u %u %lf %n", what, &a, &b, &value, &end) == 4 && !line[end])
        return set_pair(medium, what, a, b, value) && set_pair(medium, what, b, a, value);
    if (sscanf(line, "set overhear %u %3[a-z] %n", &a, state, &end) == 2 && !line[end] &&
        a < medium->radios) {
        medium->overhears[a] = strcmp(state, "on") == 0;
        return medium->overhears[a] || strcmp(state, "off") == 0;
    }
    if (strcmp(line, "reset") == 0) {
        for (unsigned i = 0; i < RADIOS_MAX * RADIOS_MAX; i++)
            medium->pairs[i / RADIOS_MAX][i % RADIOS_MAX].count = (struct count){0};
        return true;
    }
    if (strcmp(line, "print") == 0 || sscanf(line, "print %255s", path) == 1) {
        print_counts(medium, strcmp(line, "print") == 0 ? NULL : path);
        return true;
    }
    medium->quit = strcmp(line, "quit") == 0;
    return medium->quit;
}

/* False: nothing more will come. */
static bool read_commands(struct medium *medium, int fd, char *text, size_t room, size_t *used)
{
    ssize_t size = read(fd, text + *used, room - *used - 1);
    if (size <= 0)
        return size < 0 && errno == EINTR;
    *used += (size_t)size;
    text[*used] = '\0';
    char *line = text;
    for (char *end; !medium->quit && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        line += strspn(line, " \t");
        line[strcspn(line, "#")] = '\0';
        for (char *last = line + strlen(line); last > line && isspace((unsigned char)last[-1]);)
            *--last = '\0';
        if (*line && !obey(medium, line))
            fprintf(stderr, "lab-medium: not understood: %s\n", line);
    }
    *used = strlen(line);
    memmove(text, line, *used + 1);
    if (*used + 1 >= room)
        *used = 0;
    return true;
}

static void serve(struct medium *medium, int commands)
{
    static char text[4096];
    size_t used = 0;
    struct pollfd wait[] = {{nl_socket_get_fd(medium->socket), POLLIN, 0}, {commands, POLLIN, 0}};
    while (!medium->quit) {
        if (poll(wait, 2, -1) < 0 && errno != EINTR)
            return;
        if (wait[1].revents && !read_commands(medium, commands, text, sizeof text, &used))
            wait[1].fd = -1; /* the end of standard input: what was set stays */
        if (wait[0].revents) {
            int result = nl_recvmsgs_default(medium->socket);
            if (result == -NLE_NOMEM)
                fprintf(stderr, "lab-medium: frames were lost: it is too slow\n");
        }
    }
}

static void fail(const char *what, int result)
{
    fprintf(stderr, "lab-medium: %s: %s\n", what, nl_geterror(result));
    exit(1);
}

static void take_over(struct medium *medium)
{
    medium->socket = nl_socket_alloc();
    int result = medium->socket ? genl_connect(medium->socket) : -NLE_NOMEM;
    if (result < 0)
        fail("netlink", result);
    medium->family = genl_ctrl_resolve(medium->socket, "MAC80211_HWSIM");
    if (medium->family < 0)
        fail("no simulated radios", medium->family);
    nl_socket_set_buffer_size(medium->socket, 4 << 20, 1 << 20);
    nl_socket_disable_seq_check(medium->socket);
    struct nl_msg *message = message_to_kernel(medium, CMD_REGISTER);
    result = nl_send_sync(medium->socket, message);
    if (result < 0)
        fail("another medium is there, or root is needed", result);
    nl_socket_disable_auto_ack(medium->socket);
    nl_socket_modify_cb(medium->socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, medium);
    nl_socket_modify_err_cb(medium->socket, NL_CB_CUSTOM, on_refusal, medium);
    printf("ready\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct medium medium = {.radios = 4};
    uint64_t seed = 1;
    int option, commands = STDIN_FILENO;
    while ((option = getopt(argc, argv, "r:s:c:")) != -1) {
        if (option == 'r')
            medium.radios = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 's')
            seed = strtoull(optarg, NULL, 10);
        else if (option == 'c')
            commands = open(optarg, O_RDWR | O_CLOEXEC); /* also for writing: writers come and go */
        else
            return 2;
    }
    if (medium.radios < 1 || medium.radios > RADIOS_MAX || commands < 0) {
        fprintf(stderr, "lab-medium: [-r RADIOS (1 to %d)] [-s SEED] [-c FIFO]\n", RADIOS_MAX);
        return 2;
    }
    begin(&medium, seed);
    take_over(&medium);
    serve(&medium, commands);
    nl_socket_free(medium.socket);
    return 0;
}
