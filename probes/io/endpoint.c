#include "probes/io/endpoint.h"

#include "probes/decode/packet.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct vo_endpoint vo_endpoint_of(const struct sockaddr_storage *from)
{
    struct vo_endpoint to = {{0}, 0};
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (from->ss_family == AF_INET) {
        memcpy(&in, from, sizeof in);
        vo_map_ipv4(to.address, (const uint8_t *)&in.sin_addr);
        to.port = ntohs(in.sin_port);
    } else if (from->ss_family == AF_INET6) {
        memcpy(&in6, from, sizeof in6);
        memcpy(to.address, &in6.sin6_addr, 16);
        to.port = ntohs(in6.sin6_port);
    }
    return to;
}

struct sockaddr_storage vo_endpoint_sockaddr(const uint8_t address[16], uint16_t port)
{
    struct sockaddr_storage to = {0};
    if (memcmp(address, mapped, sizeof mapped) == 0) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&in.sin_addr, address + 12, 4);
        memcpy(&to, &in, sizeof in);
    } else {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        memcpy(&in6.sin6_addr, address, 16);
        memcpy(&to, &in6, sizeof in6);
    }
    return to;
}

bool vo_endpoint_interface(const uint8_t address[16], char name[IF_NAMESIZE])
{
    struct ifaddrs *all;
    bool found = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *at = all; at && !found; at = at->ifa_next) {
        struct sockaddr_storage own = {0};
        if (!at->ifa_addr || (at->ifa_addr->sa_family != AF_INET && at->ifa_addr->sa_family != AF_INET6))
            continue;
        memcpy(&own, at->ifa_addr,
               at->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        struct vo_endpoint of = vo_endpoint_of(&own);
        found = memcmp(of.address, address, sizeof of.address) == 0;
        if (found)
            snprintf(name, IF_NAMESIZE, "%s", at->ifa_name);
    }
    freeifaddrs(all);
    return found;
}
