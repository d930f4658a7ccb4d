#include "probes/io/nl80211_events.h"

#include "probes/io/nl80211_attribute.h"
#include "probes/io/nl80211_private.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGE_MAX   65536
#define RECEIVE_BYTES (1 << 20) /* some hundred events, should this program be kept from reading */
#define ROUND_MAX     1024      /* messages a call: a flood must not hold up the loop */

static const char *const names[VO_WLAN_EVENT_KINDS] = {
    [VO_WLAN_EVENT_OTHER] = "other",
    [VO_WLAN_EVENT_LOST] = "events lost",
    [VO_WLAN_EVENT_SCAN_STARTED] = "scan started",
    [VO_WLAN_EVENT_SCAN_DONE] = "scan done",
    [VO_WLAN_EVENT_SCAN_ABORTED] = "scan aborted",
    [VO_WLAN_EVENT_AUTHENTICATED] = "authenticated",
    [VO_WLAN_EVENT_ASSOCIATED] = "associated",
    [VO_WLAN_EVENT_DEAUTHENTICATED] = "deauthenticated",
    [VO_WLAN_EVENT_DISASSOCIATED] = "disassociated",
    [VO_WLAN_EVENT_UNPROTECTED] = "unprotected frame refused",
    [VO_WLAN_EVENT_CONNECTED] = "connected",
    [VO_WLAN_EVENT_DISCONNECTED] = "disconnected",
    [VO_WLAN_EVENT_ROAMED] = "roamed",
    [VO_WLAN_EVENT_AUTHORIZED] = "authorized",
    [VO_WLAN_EVENT_NEW_STATION] = "new station",
    [VO_WLAN_EVENT_DEL_STATION] = "station gone",
    [VO_WLAN_EVENT_CHANNEL_SWITCH_STARTED] = "channel switch started",
    [VO_WLAN_EVENT_CHANNEL_SWITCHED] = "channel switched",
    [VO_WLAN_EVENT_CQM] = "signal",
    [VO_WLAN_EVENT_RADAR] = "radar",
    [VO_WLAN_EVENT_REGULATORY] = "regulatory domain",
    [VO_WLAN_EVENT_NEW_INTERFACE] = "new interface",
    [VO_WLAN_EVENT_DEL_INTERFACE] = "interface gone",
    [VO_WLAN_EVENT_NEW_WIPHY] = "new radio",
    [VO_WLAN_EVENT_DEL_WIPHY] = "radio gone",
    [VO_WLAN_EVENT_FRAME] = "management frame",
    [VO_WLAN_EVENT_EAPOL] = "EAPOL frame",
};

static const struct {
    uint8_t command;
    enum vo_wlan_event_kind kind;
} kinds[] = {
    {NL80211_CMD_TRIGGER_SCAN, VO_WLAN_EVENT_SCAN_STARTED},
    {NL80211_CMD_NEW_SCAN_RESULTS, VO_WLAN_EVENT_SCAN_DONE},
    {NL80211_CMD_SCAN_ABORTED, VO_WLAN_EVENT_SCAN_ABORTED},
    {NL80211_CMD_AUTHENTICATE, VO_WLAN_EVENT_AUTHENTICATED},
    {NL80211_CMD_ASSOCIATE, VO_WLAN_EVENT_ASSOCIATED},
    {NL80211_CMD_DEAUTHENTICATE, VO_WLAN_EVENT_DEAUTHENTICATED},
    {NL80211_CMD_DISASSOCIATE, VO_WLAN_EVENT_DISASSOCIATED},
    {NL80211_CMD_UNPROT_DEAUTHENTICATE, VO_WLAN_EVENT_UNPROTECTED},
    {NL80211_CMD_UNPROT_DISASSOCIATE, VO_WLAN_EVENT_UNPROTECTED},
    {NL80211_CMD_CONNECT, VO_WLAN_EVENT_CONNECTED},
    {NL80211_CMD_DISCONNECT, VO_WLAN_EVENT_DISCONNECTED},
    {NL80211_CMD_ROAM, VO_WLAN_EVENT_ROAMED},
    {NL80211_CMD_PORT_AUTHORIZED, VO_WLAN_EVENT_AUTHORIZED},
    {NL80211_CMD_NEW_STATION, VO_WLAN_EVENT_NEW_STATION},
    {NL80211_CMD_DEL_STATION, VO_WLAN_EVENT_DEL_STATION},
    {NL80211_CMD_CH_SWITCH_STARTED_NOTIFY, VO_WLAN_EVENT_CHANNEL_SWITCH_STARTED},
    {NL80211_CMD_CH_SWITCH_NOTIFY, VO_WLAN_EVENT_CHANNEL_SWITCHED},
    {NL80211_CMD_NOTIFY_CQM, VO_WLAN_EVENT_CQM},
    {NL80211_CMD_RADAR_DETECT, VO_WLAN_EVENT_RADAR},
    {NL80211_CMD_REG_CHANGE, VO_WLAN_EVENT_REGULATORY},
    {NL80211_CMD_WIPHY_REG_CHANGE, VO_WLAN_EVENT_REGULATORY},
    {NL80211_CMD_NEW_INTERFACE, VO_WLAN_EVENT_NEW_INTERFACE},
    {NL80211_CMD_DEL_INTERFACE, VO_WLAN_EVENT_DEL_INTERFACE},
    {NL80211_CMD_NEW_WIPHY, VO_WLAN_EVENT_NEW_WIPHY},
    {NL80211_CMD_DEL_WIPHY, VO_WLAN_EVENT_DEL_WIPHY},
    {NL80211_CMD_FRAME, VO_WLAN_EVENT_FRAME},
    {NL80211_CMD_FRAME_TX_STATUS, VO_WLAN_EVENT_FRAME},
    {NL80211_CMD_CONTROL_PORT_FRAME, VO_WLAN_EVENT_EAPOL},
    {NL80211_CMD_CONTROL_PORT_FRAME_TX_STATUS, VO_WLAN_EVENT_EAPOL},
};

const char *vo_wlan_event_name(enum vo_wlan_event_kind kind)
{
    return (unsigned)kind < VO_WLAN_EVENT_KINDS ? names[kind] : names[VO_WLAN_EVENT_OTHER];
}

/* --- what an event says --- */

static bool take_name(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_event *event = to;
    size_t size = attribute->size ? strnlen((const char *)attribute->data, attribute->size) : 0;
    if (size == 0 || size >= sizeof event->name)
        return false;
    memcpy(event->name, attribute->data, size);
    event->name[size] = '\0';
    event->has |= 1u << VO_EVENT_NAME;
    return true;
}

static bool take_frame(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_event *event = to;
    event->frame = attribute->data;
    event->frame_size = attribute->size;
    event->has |= 1u << VO_EVENT_FRAME;
    return true;
}

static bool take_mark(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_event *event = to;
    event->timed_out |= attribute->type == NL80211_ATTR_TIMED_OUT;
    event->by_peer |= attribute->type == NL80211_ATTR_DISCONNECTED_BY_AP;
    return true;
}

static bool take_country(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_event *event = to;
    if (attribute->size < 2)
        return false;
    for (size_t i = 0; i < 2; i++) {
        char letter = (char)attribute->data[i];
        event->country[i] = letter >= ' ' && letter <= '~' ? letter : '?';
    }
    event->has |= 1u << VO_EVENT_COUNTRY;
    return true;
}

static bool take_scanned(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_event *event = to;
    struct vo_nlas list = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla frequency;
    while (vo_nla_next(&list, &frequency))
        event->frequencies++;
    event->scanned = attribute->data;
    event->scanned_size = attribute->size;
    event->has |= 1u << VO_EVENT_SCANNED;
    return !list.malformed;
}

size_t vo_wlan_event_scanned(const struct vo_wlan_event *event, uint32_t *mhz, size_t room)
{
    struct vo_nlas list = vo_nlas_of(event->scanned, event->scanned_size);
    struct vo_nla frequency;
    size_t count = 0;
    while (count < room && vo_nla_next(&list, &frequency))
        count += vo_nla_u32(&frequency, &mhz[count]);
    return count;
}

static bool take_cqm(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_event *event = to;
    struct vo_nlas list = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla entry;
    uint32_t number = 0;
    bool good = true;
    while (vo_nla_next(&list, &entry)) {
        if (entry.type == NL80211_ATTR_CQM_BEACON_LOSS_EVENT) {
            event->cqm = VO_CQM_BEACON_LOSS;
            event->has |= 1u << VO_EVENT_CQM;
            continue;
        }
        if (!vo_nla_u32(&entry, &number)) {
            good = false;
            continue;
        }
        switch (entry.type) {
        case NL80211_ATTR_CQM_RSSI_THRESHOLD_EVENT:
            event->cqm = number == NL80211_CQM_RSSI_THRESHOLD_EVENT_LOW    ? VO_CQM_LOW
                         : number == NL80211_CQM_RSSI_THRESHOLD_EVENT_HIGH ? VO_CQM_HIGH
                                                                           : VO_CQM_BEACON_LOSS;
            event->has |= 1u << VO_EVENT_CQM;
            break;
        case NL80211_ATTR_CQM_RSSI_LEVEL:
            memcpy(&event->level_dbm, &number, sizeof number);
            if (event->level_dbm >= VO_DBM_LOWEST && event->level_dbm <= VO_DBM_HIGHEST)
                event->has |= 1u << VO_EVENT_LEVEL;
            break;
        case NL80211_ATTR_CQM_PKT_LOSS_EVENT:
            event->cqm = VO_CQM_PACKET_LOSS;
            event->lost = number;
            event->has |= 1u << VO_EVENT_CQM | 1u << VO_EVENT_LOST;
            break;
        default:
            break;
        }
    }
    return good && !list.malformed;
}

#define AT(member) offsetof(struct vo_wlan_event, member)
static const struct vo_nla_field event_fields[] = {
    {NL80211_ATTR_IFINDEX, VO_NLA_32, VO_EVENT_INTERFACE, AT(index), NULL},
    {NL80211_ATTR_IFNAME, VO_NLA_OTHER, 0, 0, take_name},
    {NL80211_ATTR_WIPHY, VO_NLA_32, VO_EVENT_WIPHY, AT(wiphy), NULL},
    {NL80211_ATTR_MAC, VO_NLA_ADDRESS, VO_EVENT_PEER, AT(peer), NULL},
    {NL80211_ATTR_STATUS_CODE, VO_NLA_16, VO_EVENT_STATUS, AT(status), NULL},
    {NL80211_ATTR_REASON_CODE, VO_NLA_16, VO_EVENT_REASON, AT(reason), NULL},
    {NL80211_ATTR_TIMED_OUT, VO_NLA_OTHER, 0, 0, take_mark},
    {NL80211_ATTR_DISCONNECTED_BY_AP, VO_NLA_OTHER, 0, 0, take_mark},
    {NL80211_ATTR_WIPHY_FREQ, VO_NLA_32, VO_EVENT_FREQUENCY, AT(frequency_mhz), NULL},
    {NL80211_ATTR_CENTER_FREQ1, VO_NLA_32, VO_EVENT_CENTER, AT(center_mhz), NULL},
    {NL80211_ATTR_REG_ALPHA2, VO_NLA_OTHER, 0, 0, take_country},
    {NL80211_ATTR_CQM, VO_NLA_OTHER, 0, 0, take_cqm},
    {NL80211_ATTR_FRAME, VO_NLA_OTHER, 0, 0, take_frame},
    {NL80211_ATTR_SCAN_FREQUENCIES, VO_NLA_OTHER, 0, 0, take_scanned},
    {NL80211_ATTR_ACK, VO_NLA_FLAG, VO_EVENT_ACK, AT(acknowledged), NULL},
};

/* The 802.11 frame that such an event carries tells the peer and how it went. */
static void read_frame(struct vo_wlan_event *event)
{
    struct vo_bytes bytes = vo_bytes_of(event->frame, event->frame_size);
    const uint8_t *header = vo_bytes_take(&bytes, 24);
    if (!header)
        return;
    /* Of two addresses one is the own; the access point's is the BSSID. */
    if (!vo_wlan_event_has(event, VO_EVENT_PEER)) {
        event->peer = vo_wlan_address_of(header + 16);
        event->has |= 1u << VO_EVENT_PEER;
    }
    static const struct {
        enum vo_wlan_event_kind kind;
        uint8_t skipped; /* before the code */
        bool reason;
    } codes[] = {{VO_WLAN_EVENT_AUTHENTICATED, 4, false},
                 {VO_WLAN_EVENT_ASSOCIATED, 2, false},
                 {VO_WLAN_EVENT_DEAUTHENTICATED, 0, true},
                 {VO_WLAN_EVENT_DISASSOCIATED, 0, true},
                 {VO_WLAN_EVENT_UNPROTECTED, 0, true}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const uint8_t *code;
        if (codes[i].kind != event->kind || !vo_bytes_take(&bytes, codes[i].skipped) ||
            !(code = vo_bytes_take(&bytes, 2)))
            continue;
        *(codes[i].reason ? &event->reason : &event->status) = vo_load16_le(code);
        event->has |= 1u << (codes[i].reason ? VO_EVENT_REASON : VO_EVENT_STATUS);
    }
}

void vo_wlan_event_parse(uint8_t command, const void *attributes, size_t size, struct vo_wlan_event *event)
{
    memset(event, 0, sizeof *event);
    event->command = command;
    event->at = VO_TIME_UNKNOWN;
    event->peer = VO_WLAN_NO_ADDRESS;
    event->kind = VO_WLAN_EVENT_OTHER;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].command == command)
            event->kind = kinds[i].kind;
    vo_nla_fill(attributes, size, event_fields, sizeof event_fields / sizeof *event_fields,
                (struct vo_nla_target){event, &event->has, &event->malformed});
    bool wireless = event->kind != VO_WLAN_EVENT_OTHER && event->kind != VO_WLAN_EVENT_EAPOL;
    if (wireless && vo_wlan_event_has(event, VO_EVENT_FRAME))
        read_frame(event);
}

/* --- the socket --- */

struct vo_nl80211_events {
    struct nl_sock *socket;
    int family;
    _Alignas(struct nlmsghdr) uint8_t message[MESSAGE_MAX];
};

enum vo_status vo_nl80211_events_new(struct vo_nl80211_events **events, struct vo_error *error)
{
    static const char *const groups[] = {"mlme", "scan", "config", "regulatory"};
    struct vo_nl80211_events *made = calloc(1, sizeof *made);
    if (!made)
        return vo_error_memory(error, "the kernel's announcements about its radios");
    enum vo_status status = vo_nl80211_connect(&made->socket, &made->family, error);
    for (size_t i = 0; status == VO_OK && i < sizeof groups / sizeof *groups; i++) {
        int group = genl_ctrl_resolve_grp(made->socket, "nl80211", groups[i]);
        int result = group < 0 ? group : nl_socket_add_membership(made->socket, group);
        if (result < 0)
            status = vo_error_set(error, VO_ERR_IO, "cannot listen to the kernel's group \"%s\": %s",
                                  groups[i], nl_geterror(result));
    }
    if (status != VO_OK) {
        vo_nl80211_events_free(made);
        return status;
    }
    (void)nl_socket_set_buffer_size(made->socket, RECEIVE_BYTES, 0); /* as much as the system permits */
    nl_socket_set_nonblocking(made->socket);
    *events = made;
    return VO_OK;
}

void vo_nl80211_events_free(struct vo_nl80211_events *events)
{
    if (!events)
        return;
    nl_socket_free(events->socket);
    free(events);
}

int vo_nl80211_events_fd(const struct vo_nl80211_events *events)
{
    return nl_socket_get_fd(events->socket);
}

static void give(const struct vo_nl80211_events *events, int size, vo_time at,
                 void (*each)(void *context, const struct vo_wlan_event *event), void *context)
{
    struct nlmsghdr *header = (struct nlmsghdr *)(uintptr_t)events->message;
    for (; nlmsg_ok(header, size); header = nlmsg_next(header, &size)) {
        struct vo_wlan_event event;
        if (header->nlmsg_type != events->family || !genlmsg_valid_hdr(header, 0))
            continue;
        const struct genlmsghdr *generic = nlmsg_data(header);
        vo_wlan_event_parse(generic->cmd, genlmsg_attrdata(generic, 0), (size_t)genlmsg_attrlen(generic, 0),
                            &event);
        event.at = at;
        each(context, &event);
    }
}

/* Read without libnl's own loop, whose errors do not tell an overrun from want of memory. */
enum vo_status vo_nl80211_events_read(struct vo_nl80211_events *events,
                                      void (*each)(void *context, const struct vo_wlan_event *event),
                                      void *context, struct vo_error *error)
{
    int fd = nl_socket_get_fd(events->socket);
    for (unsigned i = 0; i < ROUND_MAX; i++) {
        struct sockaddr_nl from = {0};
        socklen_t from_size = sizeof from;
        ssize_t size = recvfrom(fd, events->message, sizeof events->message, MSG_TRUNC,
                                (struct sockaddr *)(void *)&from, &from_size);
        vo_time at = vo_clock_now();
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return VO_OK;
        if (size < 0 && errno == EINTR)
            continue;
        if ((size < 0 && errno == ENOBUFS) || size > (ssize_t)sizeof events->message) {
            struct vo_wlan_event lost = {.kind = VO_WLAN_EVENT_LOST, .at = at, .peer = VO_WLAN_NO_ADDRESS};
            each(context, &lost);
            continue;
        }
        if (size <= 0)
            return vo_error_set(error, VO_ERR_IO, "cannot read the kernel's announcements: %s",
                                size ? strerror(errno) : "nothing more comes");
        if (from.nl_pid == 0) /* of the kernel, not of another program */
            give(events, (int)size, at, each, context);
    }
    return VO_OK;
}
