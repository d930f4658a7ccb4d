#include "probes/reach/ground.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static size_t find(const struct vo_ground *ground, const char *name)
{
    size_t at = 0;
    while (at < ground->count && strcmp(ground->interfaces[at].name, name) != 0)
        at++;
    return at;
}

static bool leads_further(const struct sockaddr *address)
{
    struct sockaddr_in6 in6;
    if (address->sa_family != AF_INET6)
        return address->sa_family == AF_INET;
    memcpy(&in6, address, sizeof in6);
    return !IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr);
}

void vo_ground_look(struct vo_ground *ground)
{
    struct ifaddrs *all;
    ground->count = 0;
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        if (!at->ifa_addr || (at->ifa_flags & IFF_LOOPBACK) || !(at->ifa_flags & IFF_RUNNING) ||
            !leads_further(at->ifa_addr))
            continue;
        size_t index = find(ground, at->ifa_name);
        if (index == VO_GROUND_INTERFACES)
            continue;
        if (index == ground->count) {
            memset(&ground->interfaces[index], 0, sizeof ground->interfaces[index]);
            snprintf(ground->interfaces[index].name, IF_NAMESIZE, "%s", at->ifa_name);
            ground->count++;
        }
        ground->interfaces[index].has[at->ifa_addr->sa_family == AF_INET6] = true;
    }
    freeifaddrs(all);
}

bool vo_ground_moved(const struct vo_ground *before, const struct vo_ground *now, char *text, size_t size)
{
    for (size_t i = 0; i < before->count; i++) {
        const char *name = before->interfaces[i].name;
        size_t at = find(now, name);
        for (int family = 0; family < 2; family++) {
            if (!before->interfaces[i].has[family] || (at < now->count && now->interfaces[at].has[family]))
                continue;
            snprintf(text, size, "this host's interface %s lost its %s while it ran: run it again", name,
                     at == now->count ? "link"
                     : family         ? "IPv6 address"
                                      : "IPv4 address");
            return true;
        }
    }
    return false;
}
