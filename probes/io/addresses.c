#include "probes/io/addresses.h"

#include "probes/decode/packet.h"
#include "probes/io/endpoint.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static uint8_t bits_of(const uint8_t *mask, unsigned size)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < size; i++)
        bits += (unsigned)__builtin_popcount(mask[i]);
    return (uint8_t)bits;
}

/* False: neither IPv4 nor IPv6, or link-local. */
static bool take(const struct ifaddrs *entry, struct vo_net_address *to)
{
    struct sockaddr_storage address = {0};
    if (!entry->ifa_addr)
        return false;
    bool ipv4 = entry->ifa_addr->sa_family == AF_INET;
    if (!ipv4 && entry->ifa_addr->sa_family != AF_INET6)
        return false;
    memcpy(&address, entry->ifa_addr, ipv4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    struct vo_endpoint endpoint = vo_endpoint_of(&address);
    memcpy(to->address, endpoint.address, sizeof to->address);
    to->ipv4 = ipv4;
    to->prefix = ipv4 ? 32 : 128;
    if (entry->ifa_netmask && ipv4) {
        struct sockaddr_in mask;
        memcpy(&mask, entry->ifa_netmask, sizeof mask);
        to->prefix = bits_of((const uint8_t *)&mask.sin_addr, sizeof mask.sin_addr);
    } else if (entry->ifa_netmask) {
        struct sockaddr_in6 mask;
        memcpy(&mask, entry->ifa_netmask, sizeof mask);
        to->prefix = bits_of(mask.sin6_addr.s6_addr, sizeof mask.sin6_addr.s6_addr);
    }
    const uint8_t *at = to->address;
    return ipv4 ? !(at[12] == 169 && at[13] == 254) : !(at[0] == 0xfe && (at[1] & 0xc0) == 0x80);
}

/* IPv4 addresses may have a label behind the name: "wlan0:1". */
static bool is_of(const struct ifaddrs *entry, const char *interface)
{
    size_t length = strcspn(entry->ifa_name, ":");
    return strncmp(entry->ifa_name, interface, length) == 0 && interface[length] == '\0';
}

void vo_addresses_of(const char *interface, struct vo_addresses *addresses)
{
    struct ifaddrs *list;
    memset(addresses, 0, sizeof *addresses);
    if (getifaddrs(&list) != 0)
        return;
    for (int ipv4 = 1; ipv4 >= 0; ipv4--)
        for (const struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
            struct vo_net_address address;
            memset(&address, 0, sizeof address);
            if (!is_of(entry, interface) || addresses->count == VO_ADDRESSES_MOST || !take(entry, &address) ||
                address.ipv4 != ipv4)
                continue;
            addresses->list[addresses->count++] = address;
        }
    freeifaddrs(list);
}

bool vo_addresses_has(const struct vo_addresses *addresses, const struct vo_net_address *address)
{
    for (unsigned i = 0; i < addresses->count; i++)
        if (memcmp(addresses->list[i].address, address->address, sizeof address->address) == 0 &&
            addresses->list[i].prefix == address->prefix)
            return true;
    return false;
}

char *vo_net_address_format(const struct vo_net_address *address, char *text)
{
    char plain[VO_ADDRESS_TEXT];
    snprintf(text, VO_NET_ADDRESS_TEXT, "%s/%u", vo_address_format(address->address, plain), address->prefix);
    return text;
}
