/* UDP: replies go out from the address that was asked (ip(7) IP_PKTINFO, RFC 3542 6), ICMP errors about
 * unsolicited packets go to their row. */
#include "probes/voice/responder_private.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#define AT_ONCE 64 /* datagrams and errors of one socket before the others have their turn */

/* Ancillary data of one datagram, aligned for cmsghdr. */
union control {
    struct cmsghdr align;
    uint8_t bytes[256];
};

struct datagram {
    struct sockaddr_storage from;
    struct sockaddr_storage asked; /* the address that it was sent to; family 0: not known */
    unsigned interface;            /* where a link-local address belongs */
    uint8_t dscp, ttl;
    vo_time time;
    uint32_t size;
    uint8_t data[VO_REFLECT_TEXT];
};

enum vo_status vo_responder_udp_options(int fd, sa_family_t family, struct vo_error *error)
{
    static const int on = 1;
    static const struct {
        sa_family_t family;
        int level, name;
    } wanted[] = {
        {AF_INET, IPPROTO_IP, IP_PKTINFO},
        {AF_INET, IPPROTO_IP, IP_RECVTOS},
        {AF_INET, IPPROTO_IP, IP_RECVTTL},
        {AF_INET, IPPROTO_IP, IP_RECVERR},
        {AF_INET6, IPPROTO_IPV6, IPV6_RECVPKTINFO},
        {AF_INET6, IPPROTO_IPV6, IPV6_RECVTCLASS},
        {AF_INET6, IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
        {AF_INET6, IPPROTO_IPV6, IPV6_RECVERR},
        {0, SOL_SOCKET, SO_TIMESTAMPNS},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if ((wanted[i].family == family || wanted[i].family == 0) &&
            setsockopt(fd, wanted[i].level, wanted[i].name, &on, sizeof on) != 0)
            return vo_error_set(error, VO_ERR_IO, "UDP option %d: %s", wanted[i].name, strerror(errno));
    return VO_OK;
}

static void read_ipv4(const struct cmsghdr *cmsg, struct datagram *to)
{
    int number;
    if (cmsg->cmsg_type == IP_TOS) { /* one byte */
        to->dscp = *CMSG_DATA(cmsg) >> 2;
    } else if (cmsg->cmsg_type == IP_TTL) {
        memcpy(&number, CMSG_DATA(cmsg), sizeof number);
        to->ttl = (uint8_t)number;
    } else if (cmsg->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        struct sockaddr_in in = {.sin_family = AF_INET};
        memcpy(&info, CMSG_DATA(cmsg), sizeof info);
        in.sin_addr = info.ipi_spec_dst;
        memcpy(&to->asked, &in, sizeof in);
    }
}

static void read_ipv6(const struct cmsghdr *cmsg, struct datagram *to)
{
    int number;
    if (cmsg->cmsg_type == IPV6_TCLASS) {
        memcpy(&number, CMSG_DATA(cmsg), sizeof number);
        to->dscp = (uint8_t)(number >> 2 & 0x3f);
    } else if (cmsg->cmsg_type == IPV6_HOPLIMIT) {
        memcpy(&number, CMSG_DATA(cmsg), sizeof number);
        to->ttl = (uint8_t)number;
    } else if (cmsg->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        memcpy(&info, CMSG_DATA(cmsg), sizeof info);
        in6.sin6_addr = info.ipi6_addr;
        to->interface = info.ipi6_ifindex;
        if (!IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
            memcpy(&to->asked, &in6, sizeof in6);
    }
}

static void read_time(const struct cmsghdr *cmsg, struct datagram *to)
{
    struct timespec time;
    if (cmsg->cmsg_type != SCM_TIMESTAMPNS)
        return;
    memcpy(&time, CMSG_DATA(cmsg), sizeof time);
    to->time = time.tv_sec * VO_NS_PER_S + time.tv_nsec;
}

/* False with errno when there is none. */
static bool receive(int fd, struct datagram *to)
{
    union control control;
    struct iovec part = {to->data, sizeof to->data};
    struct msghdr message = {.msg_name = &to->from,
                             .msg_namelen = sizeof to->from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
    if (size < 0)
        return false;
    to->size = (uint32_t)size;
    to->asked.ss_family = 0;
    to->interface = 0;
    to->dscp = VO_REFLECT_DSCP_UNKNOWN;
    to->ttl = 0;
    to->time = 0;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message); cmsg; cmsg = CMSG_NXTHDR(&message, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_IP)
            read_ipv4(cmsg, to);
        else if (cmsg->cmsg_level == IPPROTO_IPV6)
            read_ipv6(cmsg, to);
        else if (cmsg->cmsg_level == SOL_SOCKET)
            read_time(cmsg, to);
    }
    if (to->time == 0)
        to->time = vo_clock_now();
    return true;
}

static struct cmsghdr *put_control(struct cmsghdr *cmsg, int level, int type, const void *data, size_t size)
{
    cmsg->cmsg_level = level;
    cmsg->cmsg_type = type;
    cmsg->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(cmsg), data, size);
    return (struct cmsghdr *)(void *)((uint8_t *)cmsg + CMSG_SPACE(size));
}

/* Sends from the address `from`, of which only the address counts. What the system does not take at once is
 * lost, as the network loses packets too. */
static bool send_datagram(int fd, const struct sockaddr_storage *from, unsigned interface,
                          const struct sockaddr_storage *to, uint8_t dscp, uint8_t *data, uint32_t size)
{
    union control control = {.bytes = {0}};
    struct cmsghdr *cmsg = &control.align;
    struct sockaddr_storage name = *to;
    int class = (dscp & 0x3f) << 2;
    if (from->ss_family == AF_INET) {
        struct in_pktinfo info = {0};
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        info.ipi_spec_dst = in.sin_addr;
        cmsg = put_control(cmsg, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
        cmsg = put_control(cmsg, IPPROTO_IP, IP_TOS, &class, sizeof class);
    } else {
        struct in6_pktinfo info = {0};
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof in6);
        info.ipi6_addr = in6.sin6_addr;
        if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr))
            info.ipi6_ifindex = interface;
        cmsg = put_control(cmsg, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
        cmsg = put_control(cmsg, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof class);
    }
    struct iovec part = {data, size};
    struct msghdr message = {.msg_name = &name,
                             .msg_namelen = name.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                                      : sizeof(struct sockaddr_in6),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = (size_t)((uint8_t *)cmsg - control.bytes)};
    /* an ICMP error about an earlier packet is told by the first call after it, which then sends nothing */
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size ||
           (errno != EAGAIN && sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size);
}

bool vo_responder_udp_reply(const struct vo_session *session, struct vo_reply *reply)
{
    uint8_t datagram[VO_REFLECT_DATAGRAM];
    uint32_t size;
    uint8_t *at = vo_reflect_wrap(reply->shape, reply->ssrc, reply->body.sequence, datagram, &size);
    reply->body.t3 = vo_clock_now();
    return vo_session_seal(session, &reply->body, at) &&
           send_datagram(reply->listener->watch.fd, &reply->from, reply->interface, &reply->to,
                         reply->body.dscp, datagram, size);
}

/* What is no request is kept if it is a message of a session; it is never answered. */
static void keep_message(struct vo_listener *listener, const struct datagram *came)
{
    uint32_t size = came->size < VO_REFLECT_TEXT ? came->size : VO_REFLECT_TEXT;
    if (!vo_message_keep(listener->responder, VO_REFLECT_UDP, listener->port, came->data, size))
        listener->responder->counts.refused++;
}

static void answer(struct vo_listener *listener, struct datagram *asked)
{
    struct vo_responder *responder = listener->responder;
    struct vo_reply reply = {
        .listener = listener, .from = asked->asked, .to = asked->from, .interface = asked->interface};
    struct vo_reflect_body *body = &reply.body;
    struct vo_endpoint peer = vo_endpoint_of(&asked->from);
    const uint8_t *data = vo_reflect_unwrap(asked->data, asked->size, &reply.shape, &reply.ssrc);
    responder->counts.datagrams++;
    if (!data || asked->asked.ss_family == 0) {
        keep_message(listener, asked);
        return;
    }
    struct vo_session_row *row =
        vo_session_request(responder, VO_REFLECT_UDP, listener->port, &peer, data, asked->size, body);
    if (!row)
        return;
    bool later = body->kind == VO_REFLECT_LATER && body->delay_ms > 0;
    body->kind = VO_REFLECT_REPLY;
    body->dscp &= 0x3f; /* the reply is marked as the request was */
    body->seen_dscp = asked->dscp;
    body->seen_ttl = asked->ttl;
    body->seen_port = peer.port;
    memcpy(body->seen_address, peer.address, sizeof peer.address);
    body->received = row->row.received;
    body->t2 = asked->time;
    if (later)
        vo_hold_add(row->session, VO_REFLECT_UDP, &reply, NULL);
    else
        vo_responder_udp_reply(row->session, &reply);
}

void vo_responder_unsolicited(void *context)
{
    struct vo_session_row *row = context;
    struct vo_session *session = row->session;
    struct vo_responder *responder = session->responder;
    struct vo_listener *listener =
        vo_responder_listener(responder, VO_LISTEN_UDP, session->peer.ss_family, row->row.port);
    struct vo_reflect_body body = {.kind = VO_REFLECT_UNSOLICITED,
                                   .dscp = row->dscp,
                                   .seen_dscp = VO_REFLECT_DSCP_UNKNOWN,
                                   .token = session->token,
                                   .sequence = row->row.sent,
                                   .port = row->row.port};
    uint8_t datagram[VO_REFLECT_DATAGRAM];
    uint32_t size;
    uint8_t *at = vo_reflect_wrap(vo_reflect_shape_of(row->row.to), (uint32_t)session->token, row->row.sent,
                                  datagram, &size);
    struct sockaddr_storage to = session->peer;
    struct sockaddr_in6 in6;
    memcpy(&in6, &to, sizeof in6);
    in6.sin6_port = htons(row->row.to); /* the port stands in the same place of both families */
    memcpy(&to, &in6, sizeof in6);
    body.t3 = vo_clock_now();
    if (listener && vo_session_affords(session, size) && vo_session_seal(session, &body, at) &&
        send_datagram(listener->watch.fd, &session->local, in6.sin6_scope_id, &to, row->dscp, datagram,
                      size)) {
        row->row.sent++;
        responder->counts.unsolicited++;
    }
    if (--row->left > 0)
        vo_loop_set(responder->loop, &row->due, vo_loop_now(responder->loop) + row->interval);
}
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
               "ports stand in one place");

/* An ICMP error about a packet to `to` belongs to the row of each session that had it sent. */
static void keep_icmp(struct vo_listener *listener, const struct vo_endpoint *to,
                      const struct sock_extended_err *icmp, const struct sockaddr_storage *offender)
{
    struct vo_responder *responder = listener->responder;
    for (uint32_t i = 0; i < responder->limits.sessions; i++) {
        struct vo_session *session = responder->sessions[i];
        if (!session || memcmp(session->seen.address, to->address, sizeof to->address) != 0)
            continue;
        struct vo_session_row *row = vo_session_find(session, VO_REFLECT_INBOUND, listener->port, to->port);
        if (!row || row->row.icmp_family != 0)
            continue;
        struct vo_endpoint from = vo_endpoint_of(offender);
        row->row.icmp_family = icmp->ee_origin == SO_EE_ORIGIN_ICMP ? 4 : 6;
        row->row.icmp_type = icmp->ee_type;
        row->row.icmp_code = icmp->ee_code;
        memcpy(row->row.icmp_offender, from.address, sizeof from.address);
    }
}

/* One entry of the error queue. False: it is empty. */
static bool take_error(struct vo_listener *listener)
{
    union control control;
    uint8_t data[1];
    struct sockaddr_storage to = {0};
    struct iovec part = {data, sizeof data};
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen = sizeof to,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (recvmsg(listener->watch.fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        return false;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message); cmsg; cmsg = CMSG_NXTHDR(&message, cmsg)) {
        struct sock_extended_err icmp;
        struct sockaddr_storage offender = {0};
        bool is_error = (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
                        (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR);
        if (!is_error || cmsg->cmsg_len < CMSG_LEN(sizeof icmp))
            continue;
        memcpy(&icmp, CMSG_DATA(cmsg), sizeof icmp);
        size_t rest = cmsg->cmsg_len - CMSG_LEN(sizeof icmp);
        memcpy(&offender, CMSG_DATA(cmsg) + sizeof icmp, rest < sizeof offender ? rest : sizeof offender);
        struct vo_endpoint about = vo_endpoint_of(&to);
        if (icmp.ee_origin == SO_EE_ORIGIN_ICMP || icmp.ee_origin == SO_EE_ORIGIN_ICMP6)
            keep_icmp(listener, &about, &icmp, &offender);
    }
    return true;
}

void vo_responder_udp_ready(void *context, uint32_t events)
{
    struct vo_listener *listener = context;
    struct datagram datagram;
    for (int i = 0; i < AT_ONCE && events & EPOLLERR && take_error(listener); i++)
        ;
    for (int i = 0; i < AT_ONCE; i++) {
        if (receive(listener->watch.fd, &datagram))
            answer(listener, &datagram);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
    }
}
