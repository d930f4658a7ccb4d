/*
 * lab-record: nl80211's answers and announcements, raw, for fixtures (tests/fixtures/nl80211).
 *
 *     lab-record FILE interfaces|wiphy [N]|regulatory|scan IFACE|survey IFACE|radio IFACE|station IFACE
 *     lab-record FILE events SECONDS
 *
 * FILE gets the netlink messages as the kernel sent them, one behind the other (struct nlmsghdr, struct
 * genlmsghdr, attributes, in the byte order of the machine); what is not nl80211's (acknowledgements, ends of
 * dumps) is left out.
 */
#include <linux/nl80211.h>
#include <net/if.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct recorder {
    FILE *file;
    int family;
    unsigned count;
    bool done;
};

static const struct {
    const char *word;
    uint8_t command;
    bool of_interface, dump;
    int flag; /* an attribute without value; 0: none */
} questions[] = {
    {"interfaces", NL80211_CMD_GET_INTERFACE, false, true, 0},
    {"wiphy", NL80211_CMD_GET_WIPHY, false, true, NL80211_ATTR_SPLIT_WIPHY_DUMP},
    {"regulatory", NL80211_CMD_GET_REG, false, true, 0},
    {"scan", NL80211_CMD_GET_SCAN, true, true, 0},
    {"survey", NL80211_CMD_GET_SURVEY, true, true, 0},
    {"radio", NL80211_CMD_GET_SURVEY, true, true, NL80211_ATTR_SURVEY_RADIO_STATS},
    {"station", NL80211_CMD_GET_STATION, true, true, 0},
};

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "lab-record: %s: %s\n", what, why);
    exit(1);
}

static int on_message(struct nl_msg *message, void *context)
{
    struct recorder *recorder = context;
    struct nlmsghdr *header = nlmsg_hdr(message);
    static const char padding[NLMSG_ALIGNTO];
    if (header->nlmsg_type != recorder->family)
        return NL_OK;
    fwrite(header, header->nlmsg_len, 1, recorder->file);
    fwrite(padding, NLMSG_ALIGN(header->nlmsg_len) - header->nlmsg_len, 1, recorder->file);
    recorder->count++;
    return NL_OK;
}

static int on_end(struct nl_msg *message, void *context)
{
    (void)message;
    ((struct recorder *)context)->done = true;
    return NL_STOP;
}

static int on_refusal(struct sockaddr_nl *from, struct nlmsgerr *refused, void *context)
{
    (void)from;
    (void)context;
    stop("refused", strerror(-refused->error));
    return NL_STOP;
}

static void ask(struct nl_sock *socket, struct recorder *recorder, const char *word, const char *argument)
{
    size_t i = 0;
    while (i < sizeof questions / sizeof *questions && strcmp(questions[i].word, word) != 0)
        i++;
    if (i == sizeof questions / sizeof *questions)
        stop(word, "not known");
    struct nl_msg *message = nlmsg_alloc();
    genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, recorder->family, 0, questions[i].dump ? NLM_F_DUMP : 0,
                questions[i].command, 0);
    if (questions[i].flag)
        nla_put_flag(message, questions[i].flag);
    if (questions[i].of_interface)
        nla_put_u32(message, NL80211_ATTR_IFINDEX, if_nametoindex(argument ? argument : ""));
    else if (argument)
        nla_put_u32(message, NL80211_ATTR_WIPHY, (uint32_t)strtoul(argument, NULL, 10));
    if (nl_send_auto(socket, message) < 0)
        stop(word, "cannot be asked");
    nlmsg_free(message);
    while (!recorder->done)
        if (nl_recvmsgs_default(socket) < 0)
            stop(word, "no answer");
}

static void listen_to(struct nl_sock *socket, double seconds)
{
    static const char *const groups[] = {"mlme", "scan", "config", "regulatory"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        nl_socket_add_membership(socket, genl_ctrl_resolve_grp(socket, "nl80211", groups[i]));
    nl_socket_disable_seq_check(socket);
    printf("listening\n");
    fflush(stdout);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double until = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec + seconds;
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        double left = until - ((double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
        struct pollfd wait = {nl_socket_get_fd(socket), POLLIN, 0};
        if (left <= 0 || poll(&wait, 1, (int)(left * 1000)) <= 0)
            return;
        nl_recvmsgs_default(socket);
    }
}

int main(int argc, char **argv)
{
    struct recorder recorder = {0};
    if (argc < 3) {
        fprintf(stderr, "lab-record: FILE QUESTION [INTERFACE|NUMBER|SECONDS]\n");
        return 2;
    }
    struct nl_sock *socket = nl_socket_alloc();
    if (!socket || genl_connect(socket) < 0)
        stop("netlink", "no socket");
    recorder.family = genl_ctrl_resolve(socket, "nl80211");
    if (recorder.family < 0)
        stop("nl80211", "not there");
    recorder.file = fopen(argv[1], "wb");
    if (!recorder.file)
        stop(argv[1], "cannot be written");
    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, &recorder);
    nl_socket_modify_cb(socket, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &recorder);
    nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, on_refusal, &recorder);
    if (strcmp(argv[2], "events") == 0)
        listen_to(socket, argc > 3 ? strtod(argv[3], NULL) : 10);
    else
        ask(socket, &recorder, argv[2], argc > 3 ? argv[3] : NULL);
    if (fclose(recorder.file) != 0)
        stop(argv[1], "cannot be written");
    printf("%u messages\n", recorder.count);
    nl_socket_free(socket);
    return 0;
}
