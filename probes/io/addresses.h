/*
 * The IP addresses of an interface of this host, with their prefixes (getifaddrs(3)).
 */
#ifndef VO_PROBES_IO_ADDRESSES_H
#define VO_PROBES_IO_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

enum { VO_ADDRESSES_MOST = 16 };
struct vo_net_address {
    uint8_t address[16]; /* IPv4 mapped */
    uint8_t prefix;      /* bits, of the address as it is written: 24 of 192.0.2.1/24 */
    bool ipv4;
};
struct vo_addresses {
    unsigned count;
    struct vo_net_address list[VO_ADDRESSES_MOST]; /* IPv4 first; link-local ones are left out */
};

/* Those of now; none if the interface has none or is gone. */
void vo_addresses_of(const char *interface, struct vo_addresses *addresses);
/* Whether the list has it, with the same prefix. */
bool vo_addresses_has(const struct vo_addresses *addresses, const struct vo_net_address *address);
/* "192.0.2.1/24"; `text` holds VO_NET_ADDRESS_TEXT bytes. */
#define VO_NET_ADDRESS_TEXT 52
char *vo_net_address_format(const struct vo_net_address *address, char *text);

#endif
