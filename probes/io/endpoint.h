/*
 * Addresses and ports between sockets and decoders, which write every address as 16 bytes (IPv4 mapped, RFC
 * 4291 2.5.5.2).
 */
#ifndef VO_PROBES_IO_ENDPOINT_H
#define VO_PROBES_IO_ENDPOINT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct vo_endpoint {
    uint8_t address[16];
    uint16_t port;
};

/* All zeros for what is neither IPv4 nor IPv6. */
struct vo_endpoint vo_endpoint_of(const struct sockaddr_storage *from);
/* The socket address, of family AF_INET for a mapped address. A link-local address loses its scope. */
struct sockaddr_storage vo_endpoint_sockaddr(const uint8_t address[16], uint16_t port);
/* The name of this host's interface with that address; false if none has it. */
bool vo_endpoint_interface(const uint8_t address[16], char name[IF_NAMESIZE]);

#endif
