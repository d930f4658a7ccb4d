#include "probes/io/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define PACKET_MAX 65536u
#define READS      64 /* packets a round; others want their turn */

struct vo_udp {
    struct vo_loop *loop;
    struct vo_udp_config config;
    struct vo_watch watch;
    bool busy, closed; /* closed within its own callback */
};

static void destroy(struct vo_udp *udp)
{
    vo_loop_unwatch(udp->loop, &udp->watch);
    if (udp->watch.fd >= 0)
        close(udp->watch.fd);
    free(udp);
}

static int cmsg_int(struct cmsghdr *header)
{
    int value;
    if (header->cmsg_len < CMSG_LEN(sizeof value))
        return -1;
    memcpy(&value, CMSG_DATA(header), sizeof value);
    return value;
}

static void read_control(struct msghdr *message, struct vo_udp_packet *packet)
{
    packet->dscp = packet->ttl = -1;
    packet->time = VO_TIME_UNKNOWN;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        int level = header->cmsg_level, type = header->cmsg_type;
        struct timespec time;
        if (level == IPPROTO_IP && type == IP_TTL) {
            packet->ttl = cmsg_int(header);
        } else if (level == IPPROTO_IPV6 && type == IPV6_HOPLIMIT) {
            packet->ttl = cmsg_int(header);
        } else if (level == IPPROTO_IP && type == IP_TOS && header->cmsg_len > CMSG_LEN(0)) {
            packet->dscp = CMSG_DATA(header)[0] >> 2; /* one byte, unlike IPv6's int */
        } else if (level == IPPROTO_IPV6 && type == IPV6_TCLASS) {
            int octet = cmsg_int(header);
            packet->dscp = octet < 0 ? -1 : octet >> 2;
        } else if (level == SOL_SOCKET && type == SCM_TIMESTAMPNS &&
                   header->cmsg_len >= CMSG_LEN(sizeof time)) {
            memcpy(&time, CMSG_DATA(header), sizeof time);
            packet->time = time.tv_sec * VO_NS_PER_S + time.tv_nsec;
        }
    }
}

/* False when there is nothing more to receive. */
static bool receive(struct vo_udp *udp)
{
    uint8_t data[PACKET_MAX];
    _Alignas(struct cmsghdr) char control[256];
    struct sockaddr_storage from = {0};
    struct iovec vector = {data, sizeof data};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t size = recvmsg(udp->watch.fd, &message, MSG_DONTWAIT);
    if (size < 0)
        return errno != EAGAIN; /* else an ICMP error that came meanwhile: the queue has it */
    struct vo_udp_packet packet = {.data = data, .size = (size_t)size};
    read_control(&message, &packet);
    if (udp->config.received)
        udp->config.received(udp->config.context, &packet, &from);
    return true;
}

static void hear_errors(struct vo_udp *udp)
{
    struct vo_icmp_error icmp = {0};
    int error;
    socklen_t size = sizeof error;
    vo_icmp_drain(udp->watch.fd, &icmp);
    /* What is left without an entry would wake the loop forever. */
    getsockopt(udp->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (icmp.known && udp->config.icmp)
        udp->config.icmp(udp->config.context, &icmp);
}

static void ready(void *context, uint32_t events)
{
    struct vo_udp *udp = context;
    udp->busy = true;
    if (events & EPOLLERR)
        hear_errors(udp);
    for (int i = 0; i < READS && !udp->closed && (events & EPOLLIN); i++)
        if (!receive(udp))
            break;
    udp->busy = false;
    if (udp->closed)
        destroy(udp);
}

static void ask_for(int fd, int level, int option)
{
    static const int on = 1;
    setsockopt(fd, level, option, &on, sizeof on);
}

/* What only some systems know is not an error: the packet then says "not known". */
static void set_options(int fd, const struct vo_udp_config *config)
{
    int octet = (config->dscp & 0x3f) << 2;
    bool v6 = config->to.ss_family == AF_INET6;
    ask_for(fd, SOL_SOCKET, SO_TIMESTAMPNS);
    if (v6) {
        ask_for(fd, IPPROTO_IPV6, IPV6_RECVERR);
        ask_for(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
        ask_for(fd, IPPROTO_IPV6, IPV6_RECVTCLASS);
        setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &octet, sizeof octet);
        const struct sockaddr_in6 *to = (const struct sockaddr_in6 *)(const void *)&config->to;
        if (config->unconnected || !IN6_IS_ADDR_V4MAPPED(&to->sin6_addr))
            ask_for(fd, IPPROTO_IPV6, IPV6_V6ONLY); /* each family has the local port for itself */
    }
    /* On an IPv6 socket too: with an IPv4-mapped peer it sends IPv4, which IPV6_TCLASS does not mark. */
    ask_for(fd, IPPROTO_IP, IP_RECVERR);
    ask_for(fd, IPPROTO_IP, IP_RECVTTL);
    ask_for(fd, IPPROTO_IP, IP_RECVTOS);
    setsockopt(fd, IPPROTO_IP, IP_TOS, &octet, sizeof octet);
}

/* An errno value if the system refuses. */
static int dial(struct vo_udp *udp)
{
    const struct vo_udp_config *config = &udp->config;
    int fd = socket(config->to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    udp->watch.fd = fd;
    set_options(fd, config);
    struct sockaddr_storage any = vo_sockaddr_any(config->to.ss_family, config->local_port);
    if ((config->local_port || config->unconnected) &&
        bind(fd, (struct sockaddr *)&any, vo_sockaddr_size(&any)) < 0)
        return errno;
    if (!config->unconnected &&
        connect(fd, (const struct sockaddr *)&config->to, vo_sockaddr_size(&config->to)) < 0)
        return errno;
    return 0;
}

enum vo_status vo_udp_open(struct vo_loop *loop, const struct vo_udp_config *config, struct vo_udp **udp,
                           struct vo_error *error)
{
    struct vo_udp *made = calloc(1, sizeof *made);
    *udp = NULL;
    if (!made)
        return vo_error_memory(error, "a UDP socket");
    made->loop = loop;
    made->config = *config;
    made->watch = (struct vo_watch){.ready = ready, .context = made, .fd = -1};
    char fault[200];
    int refusal = dial(made);
    enum vo_status status = VO_OK;
    if (refusal)
        status =
            vo_error_set(error, VO_ERR_IO, "UDP to %s",
                         vo_sockaddr_fault(refusal, &config->to, config->local_port, fault, sizeof fault));
    else
        status = vo_loop_watch(loop, &made->watch, EPOLLIN, error);
    if (status != VO_OK) {
        destroy(made);
        return status;
    }
    *udp = made;
    return VO_OK;
}

bool vo_udp_send(struct vo_udp *udp, const void *data, size_t size)
{
    ssize_t sent;
    do
        sent = send(udp->watch.fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size;
}

struct sockaddr_storage vo_udp_local(const struct vo_udp *udp)
{
    struct sockaddr_storage local = {0};
    socklen_t size = sizeof local;
    getsockname(udp->watch.fd, (struct sockaddr *)&local, &size);
    return local;
}

void vo_udp_close(struct vo_udp *udp)
{
    if (!udp || udp->closed)
        return;
    udp->closed = true;
    vo_loop_unwatch(udp->loop, &udp->watch);
    if (!udp->busy)
        destroy(udp);
}
