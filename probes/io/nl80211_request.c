/* The connection and one request over it. Answers are gathered before they are given on, so that a dump that
 * was disturbed can begin again, and whoever takes an answer may ask the next question. */
#include "core/clock.h"
#include "probes/io/nl80211_attribute.h"
#include "probes/io/nl80211_private.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PATIENCE_MS 5000
#define GATHER_MAX  (64u << 20) /* bytes of one dump: a thousand BSSs have some 2 MB */
#define DUMP_TRIES  3

struct vo_nl80211 {
    struct nl_sock *socket;
    int family;
    int refusal;
};

/* Answers of the present request: size and bytes of each one's attributes. */
struct gathered {
    uint8_t *bytes;
    size_t size, room;
    uint32_t sequence;
    bool done, disturbed, no_memory, too_much;
    int refusal;
    char said[160]; /* the kernel's own words */
};

/* --- refusals --- */

/* The first row that fits counts; `what` NULL fits every request. */
static const struct {
    const char *what, *advice;
    int number;
    enum vo_status status;
} refusals[] = {
    {NULL,
     "it needs CAP_NET_ADMIN: run as root, or grant it once with sudo setcap cap_net_admin,cap_net_raw+ep "
     "$(command -v voready-wlan)",
     EPERM, VO_ERR_PRIVILEGE},
    {NULL,
     "it needs CAP_NET_ADMIN: run as root, or grant it once with sudo setcap cap_net_admin,cap_net_raw+ep "
     "$(command -v voready-wlan)",
     EACCES, VO_ERR_PRIVILEGE},
    {NULL, "the interface is gone or is no wireless one: see iw dev, and plug the adapter in again", ENODEV,
     VO_ERR_IO},
    {NULL, "the interface is down: bring it up with ip link set NAME up", ENETDOWN, VO_ERR_IO},
    {NULL, "the radio is switched off: rfkill unblock wifi, or the switch at the machine", ERFKILL,
     VO_ERR_IO},
    {"scan",
     "another scan is running, such as NetworkManager's: its results can be read when it ends, then try "
     "again",
     EBUSY, VO_ERR_IO},
    {NULL, "the radio is in use: disconnect its other interfaces first (nmcli device disconnect NAME)", EBUSY,
     VO_ERR_IO},
    {"survey",
     "this adapter's driver does not measure channels, so that busy time and noise are not to be had; ath9k, "
     "ath10k and mt76 do",
     EOPNOTSUPP, VO_ERR_IO},
    {"scan",
     "this interface does not scan; an access point's may not while it serves: use one of type station",
     EOPNOTSUPP, VO_ERR_IO},
    {NULL, "this adapter's driver does not do that", EOPNOTSUPP, VO_ERR_IO},
    {"survey", "the driver has no numbers yet: scan once, then ask again", ENOENT, VO_ERR_IO},
    {"scan",
     "the kernel does not take these frequencies: the radio or the regulatory domain (iw reg get) has none "
     "of them",
     EINVAL, VO_ERR_IO},
    {"the channel",
     "the radio or the regulatory domain (iw reg get) does not permit this frequency and width", EINVAL,
     VO_ERR_IO},
    {NULL, "the kernel does not take this request for this interface", EINVAL, VO_ERR_IO},
    {NULL, "no more interfaces fit on this radio: remove one with iw dev NAME del", ENFILE, VO_ERR_IO},
    {NULL, "the driver does not answer: unload it and load it again", ETIMEDOUT, VO_ERR_IO},
};

enum vo_status vo_nl80211_refuse(struct vo_error *error, const char *what, const char *interface, int number,
                                 const char *said)
{
    enum vo_status status = VO_ERR_IO;
    const char *advice = NULL;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals && !advice; i++)
        if (refusals[i].number == number && (!refusals[i].what || strcmp(refusals[i].what, what) == 0)) {
            status = refusals[i].status;
            advice = refusals[i].advice;
        }
    return vo_error_set(error, status, "%s%s%s is refused (%s%s%s)%s%s", what, interface ? " on " : "",
                        interface ? interface : "", strerror(number), said[0] ? "; the kernel says: " : "",
                        said, advice ? ": " : "", advice ? advice : "");
}

/* --- connection --- */

static enum vo_status not_there(int result, struct vo_error *error)
{
    if (result == -NLE_OBJ_NOTFOUND || result == -NLE_NODEV)
        return vo_error_set(
            error, VO_ERR_IO,
            "this kernel has no wireless stack loaded (nl80211): plug in a wireless adapter, or "
            "load its driver with modprobe");
    return vo_error_set(
        error, VO_ERR_IO,
        "cannot ask the kernel about its radios: %s: a sandbox or container may forbid netlink "
        "sockets",
        nl_geterror(result));
}

enum vo_status vo_nl80211_connect(struct nl_sock **socket, int *family, struct vo_error *error)
{
    int on = 1;
    struct nl_sock *made = nl_socket_alloc();
    if (!made)
        return vo_error_memory(error, "a netlink socket");
    int result = genl_connect(made);
    if (result >= 0)
        result = *family = genl_ctrl_resolve(made, "nl80211");
    if (result < 0) {
        nl_socket_free(made);
        return not_there(result, error);
    }
    /* Kernels before 4.12 have neither; then there are no sentences to show. */
    (void)setsockopt(nl_socket_get_fd(made), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    (void)setsockopt(nl_socket_get_fd(made), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    *socket = made;
    return VO_OK;
}

enum vo_status vo_nl80211_new(struct vo_nl80211 **nl80211, struct vo_error *error)
{
    struct vo_nl80211 *made = calloc(1, sizeof *made);
    if (!made)
        return vo_error_memory(error, "the connection to the kernel's wireless stack");
    enum vo_status status = vo_nl80211_connect(&made->socket, &made->family, error);
    if (status != VO_OK) {
        free(made);
        return status;
    }
    *nl80211 = made;
    return VO_OK;
}

void vo_nl80211_free(struct vo_nl80211 *nl80211)
{
    if (!nl80211)
        return;
    nl_socket_free(nl80211->socket);
    free(nl80211);
}

int vo_nl80211_refusal(const struct vo_nl80211 *nl80211)
{
    return nl80211->refusal;
}

/* --- one request --- */

struct nl_msg *vo_nl80211_message(struct vo_nl80211 *nl80211, uint8_t command, int flags)
{
    struct nl_msg *message = nlmsg_alloc();
    if (message && !genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, nl80211->family, 0, flags, command, 0)) {
        nlmsg_free(message);
        message = NULL;
    }
    return message;
}

struct nl_msg *vo_nl80211_about(struct vo_nl80211 *nl80211, uint8_t command, int flags, uint32_t index)
{
    struct nl_msg *message = vo_nl80211_message(nl80211, command, flags);
    if (message && nla_put_u32(message, NL80211_ATTR_IFINDEX, index) != 0) {
        nlmsg_free(message);
        message = NULL;
    }
    return message;
}

static bool gather(struct gathered *gathered, const void *attributes, size_t size)
{
    size_t needed = gathered->size + sizeof size + size;
    gathered->too_much = needed > GATHER_MAX;
    if (gathered->too_much)
        return false;
    if (needed > gathered->room) {
        size_t room = needed * 2;
        uint8_t *bytes = realloc(gathered->bytes, room);
        gathered->no_memory = !bytes;
        if (!bytes)
            return false;
        gathered->bytes = bytes;
        gathered->room = room;
    }
    memcpy(gathered->bytes + gathered->size, &size, sizeof size);
    memcpy(gathered->bytes + gathered->size + sizeof size, attributes, size);
    gathered->size = needed;
    return true;
}

static int on_answer(struct nl_msg *message, void *context)
{
    struct gathered *gathered = context;
    struct nlmsghdr *header = nlmsg_hdr(message);
    gathered->disturbed |= (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (!genlmsg_valid_hdr(header, 0))
        return NL_SKIP;
    struct genlmsghdr *generic = nlmsg_data(header);
    return gather(gathered, genlmsg_attrdata(generic, 0), (size_t)genlmsg_attrlen(generic, 0)) ? NL_OK
                                                                                               : NL_STOP;
}

/* The sentence that the kernel may add to a refusal. */
static void keep_words(struct gathered *gathered, const uint8_t *attributes, size_t size)
{
    struct vo_nlas list = vo_nlas_of(attributes, size);
    struct vo_nla attribute;
    while (vo_nla_next(&list, &attribute)) {
        size_t length = attribute.size < sizeof gathered->said ? attribute.size : sizeof gathered->said - 1;
        if (attribute.type != NLMSGERR_ATTR_MSG)
            continue;
        memcpy(gathered->said, attribute.data, length);
        gathered->said[length] = '\0';
    }
}

/* A dump's end, which tells its error, too. */
static int on_finish(struct nl_msg *message, void *context)
{
    struct gathered *gathered = context;
    struct nlmsghdr *header = nlmsg_hdr(message);
    int result = 0;
    gathered->done = true;
    gathered->disturbed |= (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (nlmsg_datalen(header) >= (int)sizeof result)
        memcpy(&result, nlmsg_data(header), sizeof result);
    if (result >= 0)
        return NL_STOP;
    gathered->refusal = -result;
    if (header->nlmsg_flags & NLM_F_ACK_TLVS)
        keep_words(gathered, (uint8_t *)nlmsg_data(header) + sizeof result,
                   (size_t)nlmsg_datalen(header) - sizeof result);
    return NL_STOP;
}

static int on_acknowledged(struct nl_msg *message, void *context)
{
    (void)message;
    ((struct gathered *)context)->done = true;
    return NL_STOP;
}

static int on_refused(struct sockaddr_nl *from, struct nlmsgerr *refused, void *context)
{
    (void)from;
    struct gathered *gathered = context;
    const struct nlmsghdr *header = (const struct nlmsghdr *)(void *)((uint8_t *)refused - NLMSG_HDRLEN);
    size_t size = header->nlmsg_len - NLMSG_HDRLEN;
    size_t skipped = sizeof *refused;
    if (!(header->nlmsg_flags & NLM_F_CAPPED))
        skipped += NLMSG_ALIGN(refused->msg.nlmsg_len) - NLMSG_HDRLEN;
    gathered->done = true;
    gathered->refusal = -refused->error;
    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) && skipped < size)
        keep_words(gathered, (const uint8_t *)refused + skipped, size - skipped);
    return NL_STOP;
}

/* An answer to a question that was given up. */
static int on_sequence(struct nl_msg *message, void *context)
{
    return nlmsg_hdr(message)->nlmsg_seq == ((struct gathered *)context)->sequence ? NL_OK : NL_SKIP;
}

static struct nl_cb *callbacks(struct gathered *gathered)
{
    struct nl_cb *callbacks = nl_cb_alloc(NL_CB_CUSTOM);
    if (!callbacks)
        return NULL;
    nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_answer, gathered);
    nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, gathered);
    nl_cb_set(callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_acknowledged, gathered);
    nl_cb_set(callbacks, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence, gathered);
    nl_cb_err(callbacks, NL_CB_CUSTOM, on_refused, gathered);
    return callbacks;
}

static enum vo_status receive(struct nl_sock *socket, struct nl_cb *callbacks, struct gathered *gathered,
                              const char *what, struct vo_error *error)
{
    vo_time until = vo_clock_monotonic() + PATIENCE_MS * VO_NS_PER_MS;
    struct pollfd wait = {.fd = nl_socket_get_fd(socket), .events = POLLIN};
    while (!gathered->done && !gathered->no_memory && !gathered->too_much) {
        vo_time left = (until - vo_clock_monotonic()) / VO_NS_PER_MS;
        int ready = poll(&wait, 1, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            return vo_error_set(error, VO_ERR_IO,
                                "the driver does not answer to %s in %d s: unload it and load it again", what,
                                PATIENCE_MS / 1000);
        int result = ready < 0 ? -NLE_FAILURE : nl_recvmsgs(socket, callbacks);
        if (result == -NLE_NOMEM) { /* ENOBUFS: answers came faster than they were read */
            gathered->disturbed = true;
            return VO_OK;
        }
        if (result < 0 && !gathered->done && result != -NLE_DUMP_INTR)
            return vo_error_set(error, VO_ERR_IO, "cannot read the kernel's answer to %s: %s", what,
                                nl_geterror(result));
    }
    if (gathered->no_memory)
        return vo_error_memory(error, "the kernel's answers about its radios");
    if (gathered->too_much)
        return vo_error_set(error, VO_ERR_LIMIT,
                            "the kernel's answer to %s is longer than %u MB: its driver is broken", what,
                            GATHER_MAX >> 20);
    return VO_OK;
}

static enum vo_status exchange(struct vo_nl80211 *nl80211, struct nl_msg *message, struct gathered *gathered,
                               const char *what, struct vo_error *error)
{
    struct nl_cb *calls = callbacks(gathered);
    if (!calls)
        return vo_error_memory(error, "a netlink request");
    enum vo_status status;
    nlmsg_hdr(message)->nlmsg_seq = NL_AUTO_SEQ;
    int result = nl_send_auto(nl80211->socket, message);
    gathered->sequence = nlmsg_hdr(message)->nlmsg_seq;
    if (result < 0)
        status =
            vo_error_set(error, VO_ERR_IO, "cannot ask the kernel for %s: %s", what, nl_geterror(result));
    else
        status = receive(nl80211->socket, calls, gathered, what, error);
    nl_cb_put(calls);
    return status;
}

static void give(const struct gathered *gathered, const struct vo_nl80211_request *request)
{
    for (size_t at = 0, size; request->each && at < gathered->size; at += sizeof size + size) {
        memcpy(&size, gathered->bytes + at, sizeof size);
        request->each(request->context, gathered->bytes + at + sizeof size, size);
    }
}

enum vo_status vo_nl80211_ask(struct vo_nl80211 *nl80211, struct vo_nl80211_request request,
                              struct vo_error *error)
{
    struct gathered gathered = {0};
    enum vo_status status = VO_OK;
    nl80211->refusal = 0;
    if (!request.message)
        return vo_error_memory(error, "a netlink request");
    for (int tries = 0; tries == 0 || (gathered.disturbed && tries < DUMP_TRIES); tries++) {
        gathered = (struct gathered){.bytes = gathered.bytes, .room = gathered.room};
        status = exchange(nl80211, request.message, &gathered, request.what, error);
        if (status != VO_OK || gathered.refusal)
            break;
    }
    nlmsg_free(request.message);
    if (status == VO_OK && gathered.refusal) {
        char name[IF_NAMESIZE];
        nl80211->refusal = gathered.refusal;
        status =
            vo_nl80211_refuse(error, request.what, request.index ? if_indextoname(request.index, name) : NULL,
                              gathered.refusal, gathered.said);
    } else if (status == VO_OK && !gathered.done) {
        status = vo_error_set(error, VO_ERR_IO, "the kernel's answers to %s overran this program: try again",
                              request.what);
    } else if (status == VO_OK) {
        give(&gathered, &request);
    }
    free(gathered.bytes);
    return status;
}
