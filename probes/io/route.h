/*
 * Where this host would send a packet: the route to an address, as the kernel looks it up (rtnetlink(7)),
 * with its policy rules; nothing is sent. Also whether the way leaves by a tunnel, told by the kind of
 * interface.
 *
 * What the kernel encrypts by IPsec policies alone, without an interface of its own, is seen only where the
 * routes stand in a table of their own, as strongSwan's do (table 220): reading policies needs CAP_NET_ADMIN.
 */
#ifndef VO_PROBES_IO_ROUTE_H
#define VO_PROBES_IO_ROUTE_H

#include "core/error.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct vo_route {
    bool found;
    int refusal;        /* not found: errno value (ENETUNREACH, EHOSTUNREACH, EACCES …) */
    bool local;         /* to this host itself */
    unsigned interface; /* index; 0: none */
    char name[IF_NAMESIZE];
    char kind[24];   /* of a virtual interface, as ip(8) has it: "wireguard"; else "" */
    char tunnel[24]; /* what kind of tunnel it leaves by; "" if by none */
    bool has_gateway, has_source, has_prefix;
    struct sockaddr_storage gateway, source, prefix; /* ports 0; the prefix of the route that matched */
    unsigned prefix_length;                          /* 0: the default route */
    unsigned table;
    unsigned mtu; /* bytes: the route's, or the interface's; 0: not known */
};

/* Asks the kernel. VO_ERR_IO if it cannot be asked; that there is no route is VO_OK with `refusal`. */
enum vo_status vo_route_get(const struct sockaddr_storage *to, struct vo_route *route,
                            struct vo_error *error);
/* The default route of a family: the interface that leads everywhere else. */
enum vo_status vo_route_default(sa_family_t family, struct vo_route *route, struct vo_error *error);
/* What kind of tunnel an interface is, by the kernel's kind ("" if it has none) and its hardware type
 * (ARPHRD_); NULL if it is none. */
const char *vo_route_tunnel(const char *kind, unsigned hardware);

#endif
