#include "probes/io/icmp.h"

#include "probes/io/sockaddr.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h>

#define DRAIN_MAX 1024u /* entries a call: a flood of ICMP must not hold up the loop */

/* ICMP: RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1. ICMPv6: RFC 4443 3.1, 3.3. */
enum { ICMP_UNREACHABLE = 3, ICMP_TOO_BIG_CODE = 4, ICMP_PORT_CODE = 3, ICMP_EXPIRED = 11 };
enum { ICMP6_UNREACHABLE = 1, ICMP6_PORT_CODE = 4, ICMP6_TOO_BIG = 2, ICMP6_EXPIRED = 3 };

static const struct {
    uint8_t family, type, code;
    const char *text;
} meanings[] = {
    {AF_INET, ICMP_UNREACHABLE, 0, "network unreachable"},
    {AF_INET, ICMP_UNREACHABLE, 1, "host unreachable"},
    {AF_INET, ICMP_UNREACHABLE, 2, "protocol unreachable"},
    {AF_INET, ICMP_UNREACHABLE, ICMP_PORT_CODE, "port unreachable"},
    {AF_INET, ICMP_UNREACHABLE, ICMP_TOO_BIG_CODE, "fragmentation needed"},
    {AF_INET, ICMP_UNREACHABLE, 5, "source route failed"},
    {AF_INET, ICMP_UNREACHABLE, 6, "network unknown"},
    {AF_INET, ICMP_UNREACHABLE, 7, "host unknown"},
    {AF_INET, ICMP_UNREACHABLE, 8, "source host isolated"},
    {AF_INET, ICMP_UNREACHABLE, 9, "network administratively prohibited"},
    {AF_INET, ICMP_UNREACHABLE, 10, "host administratively prohibited"},
    {AF_INET, ICMP_UNREACHABLE, 11, "network unreachable for this type of service"},
    {AF_INET, ICMP_UNREACHABLE, 12, "host unreachable for this type of service"},
    {AF_INET, ICMP_UNREACHABLE, 13, "communication administratively prohibited"},
    {AF_INET, ICMP_UNREACHABLE, 14, "host precedence violation"},
    {AF_INET, ICMP_UNREACHABLE, 15, "precedence cutoff"},
    {AF_INET, ICMP_EXPIRED, 0, "time to live exceeded"},
    {AF_INET, ICMP_EXPIRED, 1, "fragment reassembly time exceeded"},
    {AF_INET6, ICMP6_UNREACHABLE, 0, "no route to destination"},
    {AF_INET6, ICMP6_UNREACHABLE, 1, "communication administratively prohibited"},
    {AF_INET6, ICMP6_UNREACHABLE, 2, "beyond scope of source address"},
    {AF_INET6, ICMP6_UNREACHABLE, 3, "address unreachable"},
    {AF_INET6, ICMP6_UNREACHABLE, ICMP6_PORT_CODE, "port unreachable"},
    {AF_INET6, ICMP6_UNREACHABLE, 5, "source address failed policy"},
    {AF_INET6, ICMP6_UNREACHABLE, 6, "reject route to destination"},
    {AF_INET6, ICMP6_TOO_BIG, 0, "packet too big"},
    {AF_INET6, ICMP6_EXPIRED, 0, "hop limit exceeded"},
    {AF_INET6, ICMP6_EXPIRED, 1, "fragment reassembly time exceeded"},
};

/* The extended error in one control message, and who caused it; false if it is another message. */
static bool read_entry(struct cmsghdr *header, struct sock_extended_err *entry,
                       struct sockaddr_storage *offender)
{
    bool ip = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR;
    bool ipv6 = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR;
    if ((!ip && !ipv6) || header->cmsg_len < CMSG_LEN(sizeof *entry))
        return false;
    memcpy(entry, CMSG_DATA(header), sizeof *entry);
    size_t size = header->cmsg_len - CMSG_LEN(sizeof *entry); /* the offender's address follows the entry */
    memset(offender, 0, sizeof *offender);
    memcpy(offender, CMSG_DATA(header) + sizeof *entry, size < sizeof *offender ? size : sizeof *offender);
    return true;
}

static void keep_first(struct vo_icmp_error *icmp, struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        struct sock_extended_err entry;
        struct sockaddr_storage offender;
        if (icmp->known || !read_entry(header, &entry, &offender))
            continue;
        if (entry.ee_origin != SO_EE_ORIGIN_ICMP && entry.ee_origin != SO_EE_ORIGIN_ICMP6)
            continue;
        icmp->known = true;
        icmp->family = entry.ee_origin == SO_EE_ORIGIN_ICMP ? AF_INET : AF_INET6;
        icmp->type = entry.ee_type;
        icmp->code = entry.ee_code;
        icmp->error = (int)entry.ee_errno;
        icmp->has_offender = vo_sockaddr_size(&offender) != 0;
        icmp->offender = vo_sockaddr_host(&offender);
    }
}

unsigned vo_icmp_drain(int fd, struct vo_icmp_error *icmp)
{
    unsigned count = 0;
    for (; count < DRAIN_MAX; count++) {
        _Alignas(struct cmsghdr) char control[512];
        char quoted; /* of the packet that failed; not looked at */
        struct iovec vector = {&quoted, sizeof quoted};
        struct msghdr message = {
            .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            break;
        keep_first(icmp, &message);
    }
    return count;
}

const char *vo_icmp_state(const struct vo_icmp_error *icmp, const struct sockaddr_storage *target)
{
    bool v6 = icmp->family == AF_INET6;
    if (!icmp->known || icmp->type != (v6 ? ICMP6_UNREACHABLE : ICMP_UNREACHABLE))
        return NULL;
    if (!v6 && icmp->code == ICMP_TOO_BIG_CODE)
        return NULL;
    bool from_target = icmp->has_offender && vo_sockaddr_same_host(&icmp->offender, target);
    return from_target && icmp->code == (v6 ? ICMP6_PORT_CODE : ICMP_PORT_CODE) ? "closed" : "rejected";
}

char *vo_icmp_format(const struct vo_icmp_error *icmp, char *text)
{
    const char *meaning = NULL;
    char from[VO_SOCKADDR_TEXT] = "";
    if (!icmp->known) {
        snprintf(text, VO_ICMP_TEXT, "no ICMP error");
        return text;
    }
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].family == icmp->family && meanings[i].type == icmp->type &&
            meanings[i].code == icmp->code)
            meaning = meanings[i].text;
    if (icmp->has_offender)
        vo_sockaddr_format(&icmp->offender, from);
    snprintf(text, VO_ICMP_TEXT, "%s %u/%u%s%s%s%s%s", icmp->family == AF_INET6 ? "ICMPv6" : "ICMP",
             icmp->type, icmp->code, meaning ? " (" : "", meaning ? meaning : "", meaning ? ")" : "",
             *from ? " from " : "", from);
    return text;
}
