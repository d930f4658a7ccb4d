/*
 * What the network said of a packet: ICMP errors from a socket's error queue (IP_RECVERR, IPV6_RECVERR;
 * ip(7)).
 */
#ifndef VO_PROBES_IO_ICMP_H
#define VO_PROBES_IO_ICMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct vo_icmp_error {
    bool known;     /* an ICMP message was seen */
    uint8_t family; /* AF_INET: ICMP, AF_INET6: ICMPv6 */
    uint8_t type, code;
    int error; /* errno value */
    bool has_offender;
    struct sockaddr_storage offender; /* who sent it; port 0 */
};

/* Drains the error queue; the first ICMP error is kept if `icmp` has none yet. Timestamps on the same queue
 * are left out by their origin. Returns how many entries there were. */
unsigned vo_icmp_drain(int fd, struct vo_icmp_error *icmp);
/* "closed" (port unreachable from the target itself), "rejected" (any other unreachable that a router or the
 * target's firewall sends), or NULL if it proves nothing (time exceeded, fragmentation needed). Words of
 * reach_state. */
const char *vo_icmp_state(const struct vo_icmp_error *icmp, const struct sockaddr_storage *target);
/* "ICMP 3/13 (communication administratively prohibited) from 192.0.2.1"; `text` holds VO_ICMP_TEXT bytes. */
#define VO_ICMP_TEXT 160
char *vo_icmp_format(const struct vo_icmp_error *icmp, char *text);

#endif
