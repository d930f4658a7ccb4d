#include "probes/io/route.h"

#include "probes/io/sockaddr.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER         32768 /* a link with all its attributes */
#define STRONGSWAN     220   /* its routing table: routes to what its IPsec policies cover */
#define ANSWER_TIMEOUT 1     /* seconds; the kernel answers at once */

/* Kinds of interfaces (IFLA_INFO_KIND) that carry packets within other packets. */
static const char *const tunnel_kinds[] = {
    "tun",    "wireguard", "ppp",    "xfrm", "vti",  "vti6",  "gre",    "gretap", "ip6gre", "ip6gretap",
    "erspan", "ipip",      "ip6tnl", "sit",  "ovpn", "vxlan", "geneve", "gtp",    "l2tpeth"};
static const struct {
    unsigned hardware;
    const char *word;
} tunnel_hardware[] = {{ARPHRD_PPP, "ppp"},     {ARPHRD_TUNNEL, "ipip"}, {ARPHRD_TUNNEL6, "ip6tnl"},
                       {ARPHRD_SIT, "sit"},     {ARPHRD_IPGRE, "gre"},   {ARPHRD_IP6GRE, "ip6gre"},
                       {ARPHRD_NONE, "tunnel"}, {ARPHRD_RAWIP, "rawip"}};

const char *vo_route_tunnel(const char *kind, unsigned hardware)
{
    for (size_t i = 0; i < sizeof tunnel_kinds / sizeof *tunnel_kinds; i++)
        if (strcmp(kind, tunnel_kinds[i]) == 0)
            return tunnel_kinds[i];
    for (size_t i = 0; i < sizeof tunnel_hardware / sizeof *tunnel_hardware && !kind[0]; i++)
        if (tunnel_hardware[i].hardware == hardware)
            return tunnel_hardware[i].word;
    return NULL;
}

struct request {
    struct nlmsghdr header;
    union {
        struct rtmsg route;
        struct ifinfomsg link;
    } body;
    char attributes[128];
};

static void put(struct request *request, unsigned short type, const void *data, size_t size)
{
    struct rtattr *attribute =
        (struct rtattr *)(void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(size);
    memcpy(RTA_DATA(attribute), data, size);
    request->header.nlmsg_len =
        (unsigned)(NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len));
}

static enum vo_status open_netlink(int *fd, struct vo_error *error)
{
    struct timeval patience = {.tv_sec = ANSWER_TIMEOUT};
    *fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) {
        int number = errno;
        if (*fd >= 0)
            close(*fd);
        return vo_error_set(error, VO_ERR_IO,
                            "cannot ask the kernel for routes: %s: a sandbox may forbid netlink sockets",
                            strerror(number));
    }
    return VO_OK;
}

/* One request, one answer. `answer` is NULL with `refusal` if the kernel says no. */
static enum vo_status ask(int fd, struct request *request, char *buffer, const struct nlmsghdr **answer,
                          int *refusal, struct vo_error *error)
{
    const struct nlmsghdr *header = (const struct nlmsghdr *)(void *)buffer;
    *answer = NULL;
    *refusal = 0;
    request->header.nlmsg_flags |= NLM_F_REQUEST;
    if (send(fd, request, request->header.nlmsg_len, 0) < 0)
        return vo_error_set(error, VO_ERR_IO, "cannot ask the kernel for routes: %s", strerror(errno));
    ssize_t size = recv(fd, buffer, ANSWER, 0);
    if (size < 0 || !NLMSG_OK(header, (size_t)size))
        return vo_error_set(error, VO_ERR_IO, "the kernel does not answer about routes: %s",
                            size < 0 ? strerror(errno) : "a cut message");
    if (header->nlmsg_type != NLMSG_ERROR) {
        *answer = header;
        return VO_OK;
    }
    struct nlmsgerr said;
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof said))
        return vo_error_set(error, VO_ERR_IO, "the kernel does not answer about routes: a cut message");
    memcpy(&said, NLMSG_DATA(header), sizeof said);
    *refusal = -said.error;
    return VO_OK;
}

static struct request route_request(sa_family_t family)
{
    return (struct request){
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = RTM_GETROUTE},
        .body.route = {.rtm_family = (unsigned char)family, .rtm_flags = RTM_F_LOOKUP_TABLE},
    };
}

static const void *bytes_of(const struct sockaddr_storage *address, size_t *size)
{
    if (address->ss_family == AF_INET6) {
        *size = sizeof(struct in6_addr);
        return &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    }
    *size = sizeof(struct in_addr);
    return &((const struct sockaddr_in *)(const void *)address)->sin_addr;
}

static bool take_address(const struct rtattr *attribute, sa_family_t family, struct sockaddr_storage *to)
{
    size_t size;
    memset(to, 0, sizeof *to);
    to->ss_family = family;
    void *bytes = (void *)(uintptr_t)bytes_of(to, &size);
    if (RTA_PAYLOAD(attribute) != size)
        return false;
    memcpy(bytes, RTA_DATA(attribute), size);
    return true;
}

static uint32_t take_number(const struct rtattr *attribute)
{
    uint32_t number = 0;
    if (RTA_PAYLOAD(attribute) >= sizeof number)
        memcpy(&number, RTA_DATA(attribute), sizeof number);
    return number;
}

static uint32_t metric_of(const struct rtattr *metrics, unsigned short type)
{
    int left = (int)RTA_PAYLOAD(metrics);
    for (const struct rtattr *at = RTA_DATA(metrics); RTA_OK(at, left); at = RTA_NEXT(at, left))
        if (at->rta_type == type)
            return take_number(at);
    return 0;
}

/* The gateway of another family than the destination's (RFC 5549). */
static bool take_via(const struct rtattr *attribute, struct sockaddr_storage *to)
{
    struct rtvia via;
    size_t size;
    if (RTA_PAYLOAD(attribute) < sizeof via)
        return false;
    memcpy(&via, RTA_DATA(attribute), sizeof via);
    memset(to, 0, sizeof *to);
    to->ss_family = via.rtvia_family;
    void *bytes = (void *)(uintptr_t)bytes_of(to, &size);
    if ((via.rtvia_family != AF_INET && via.rtvia_family != AF_INET6) ||
        RTA_PAYLOAD(attribute) < sizeof via + size)
        return false;
    memcpy(bytes, (const char *)RTA_DATA(attribute) + sizeof via, size);
    return true;
}

static void read_route(const struct nlmsghdr *answer, sa_family_t family, struct vo_route *route)
{
    struct rtmsg message;
    if (answer->nlmsg_type != RTM_NEWROUTE || answer->nlmsg_len < NLMSG_LENGTH(sizeof message))
        return;
    memcpy(&message, NLMSG_DATA(answer), sizeof message);
    int left = (int)RTM_PAYLOAD(answer);
    route->found = true;
    route->local = message.rtm_type == RTN_LOCAL;
    route->table = message.rtm_table;
    for (const struct rtattr *at = RTM_RTA(NLMSG_DATA(answer)); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        switch (at->rta_type) {
        case RTA_OIF:
            route->interface = take_number(at);
            break;
        case RTA_GATEWAY:
            route->has_gateway = take_address(at, family, &route->gateway);
            break;
        case RTA_VIA:
            route->has_gateway = take_via(at, &route->gateway);
            break;
        case RTA_PREFSRC:
            route->has_source = take_address(at, family, &route->source);
            break;
        case RTA_TABLE:
            route->table = take_number(at);
            break;
        case RTA_METRICS:
            route->mtu = metric_of(at, RTAX_MTU);
            break;
        default:
            break;
        }
    }
}

/* The entry that matched: which prefix sends the packet there. Kernels before 4.13 do not tell. */
static void read_match(const struct nlmsghdr *answer, sa_family_t family, struct vo_route *route)
{
    struct rtmsg message;
    if (answer->nlmsg_type != RTM_NEWROUTE || answer->nlmsg_len < NLMSG_LENGTH(sizeof message))
        return;
    memcpy(&message, NLMSG_DATA(answer), sizeof message);
    int left = (int)RTM_PAYLOAD(answer);
    memset(&route->prefix, 0, sizeof route->prefix);
    route->prefix.ss_family = family;
    route->prefix_length = message.rtm_dst_len;
    route->has_prefix = true;
    for (const struct rtattr *at = RTM_RTA(NLMSG_DATA(answer)); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        if (at->rta_type == RTA_DST)
            take_address(at, family, &route->prefix);
        if (at->rta_type == RTA_TABLE)
            route->table = take_number(at);
    }
}

static void take_text(const struct rtattr *attribute, char *text, size_t room)
{
    size_t size = strnlen(RTA_DATA(attribute), RTA_PAYLOAD(attribute));
    if (size >= room)
        size = room - 1;
    memcpy(text, RTA_DATA(attribute), size);
    text[size] = '\0';
}

static void read_link(const struct nlmsghdr *answer, struct vo_route *route)
{
    struct ifinfomsg message;
    if (answer->nlmsg_type != RTM_NEWLINK || answer->nlmsg_len < NLMSG_LENGTH(sizeof message))
        return;
    memcpy(&message, NLMSG_DATA(answer), sizeof message);
    int left = (int)IFLA_PAYLOAD(answer);
    for (const struct rtattr *at = IFLA_RTA(NLMSG_DATA(answer)); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        unsigned short type = at->rta_type & NLA_TYPE_MASK;
        if (type == IFLA_IFNAME)
            take_text(at, route->name, sizeof route->name);
        if (type == IFLA_MTU && route->mtu == 0)
            route->mtu = take_number(at);
        if (type != IFLA_LINKINFO)
            continue;
        int rest = (int)RTA_PAYLOAD(at);
        for (const struct rtattr *info = RTA_DATA(at); RTA_OK(info, rest); info = RTA_NEXT(info, rest))
            if (info->rta_type == IFLA_INFO_KIND)
                take_text(info, route->kind, sizeof route->kind);
    }
    const char *tunnel = route->local ? NULL : vo_route_tunnel(route->kind, message.ifi_type);
    if (!tunnel && route->table == STRONGSWAN)
        tunnel = "ipsec";
    memcpy(route->tunnel, tunnel ? tunnel : "", tunnel ? strlen(tunnel) + 1 : 1);
}

static enum vo_status ask_link(int fd, struct vo_route *route, char *buffer, struct vo_error *error)
{
    const struct nlmsghdr *answer;
    int refusal;
    struct request request = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = RTM_GETLINK},
        .body.link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)route->interface},
    };
    uint32_t mask = RTEXT_FILTER_SKIP_STATS;
    put(&request, IFLA_EXT_MASK, &mask, sizeof mask);
    enum vo_status status = ask(fd, &request, buffer, &answer, &refusal, error);
    if (status == VO_OK && answer)
        read_link(answer, route);
    return status;
}

static enum vo_status look_up(int fd, const struct sockaddr_storage *to, struct vo_route *route, char *buffer,
                              struct vo_error *error)
{
    const struct nlmsghdr *answer;
    struct request request = route_request(to->ss_family);
    size_t size;
    int refusal;
    const void *bytes = bytes_of(to, &size);
    uint32_t user = getuid();
    request.body.route.rtm_dst_len = (unsigned char)(8 * size);
    put(&request, RTA_DST, bytes, size);
    put(&request, RTA_UID, &user, sizeof user); /* there are rules by user, too */
    if (to->ss_family == AF_INET6 && ((const struct sockaddr_in6 *)(const void *)to)->sin6_scope_id) {
        uint32_t link = ((const struct sockaddr_in6 *)(const void *)to)->sin6_scope_id;
        put(&request, RTA_OIF, &link, sizeof link);
    }
    enum vo_status status = ask(fd, &request, buffer, &answer, &route->refusal, error);
    if (status != VO_OK || !answer)
        return status;
    read_route(answer, to->ss_family, route);
    request.body.route.rtm_flags |= RTM_F_FIB_MATCH;
    status = ask(fd, &request, buffer, &answer, &refusal, error);
    if (status == VO_OK && answer)
        read_match(answer, to->ss_family, route);
    return status == VO_OK && route->interface ? ask_link(fd, route, buffer, error) : status;
}

enum vo_status vo_route_get(const struct sockaddr_storage *to, struct vo_route *route, struct vo_error *error)
{
    _Alignas(struct nlmsghdr) char buffer[ANSWER];
    int fd;
    memset(route, 0, sizeof *route);
    enum vo_status status = open_netlink(&fd, error);
    if (status != VO_OK)
        return status;
    struct sockaddr_storage host = vo_sockaddr_host(to);
    if (host.ss_family == AF_INET6) /* the host alone has lost its interface */
        host = *to;
    status = look_up(fd, &host, route, buffer, error);
    close(fd);
    return status;
}

enum vo_status vo_route_default(sa_family_t family, struct vo_route *route, struct vo_error *error)
{
    struct sockaddr_storage anywhere;
    /* A root server's addresses stand for all that has no route of its own. */
    vo_sockaddr_parse(family == AF_INET6 ? "2001:503:ba3e::2:30" : "198.41.0.4", 0, &anywhere);
    return vo_route_get(&anywhere, route, error);
}
