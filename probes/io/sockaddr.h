/*
 * Socket addresses: their text, their comparison, and what a refusal of the system to use one means.
 *
 * IPv4-mapped IPv6 addresses (RFC 4291 2.5.5.2) are told as the IPv4 addresses they are. A link-local address
 * keeps its interface ("fe80::1%eth0", RFC 4007 11).
 */
#ifndef VO_PROBES_IO_SOCKADDR_H
#define VO_PROBES_IO_SOCKADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* "192.0.2.1:5060", "[2001:db8::1]:5060"; without port when it is 0; "" for any other family. `text` holds
 * VO_SOCKADDR_TEXT bytes. */
#define VO_SOCKADDR_TEXT 72
char *vo_sockaddr_format(const struct sockaddr_storage *address, char *text);
/* Numeric only: "192.0.2.1", "2001:db8::1", "fe80::1%eth0". */
bool vo_sockaddr_parse(const char *address, uint16_t port, struct sockaddr_storage *to);
/* The size that the system wants with it; 0 for a family that is neither IPv4 nor IPv6. */
socklen_t vo_sockaddr_size(const struct sockaddr_storage *address);
uint16_t vo_sockaddr_port(const struct sockaddr_storage *address);
/* The wildcard address of a family, for binding. */
struct sockaddr_storage vo_sockaddr_any(sa_family_t family, uint16_t port);
/* The host alone: port 0, an IPv4-mapped address as IPv4. */
struct sockaddr_storage vo_sockaddr_host(const struct sockaddr_storage *address);
/* Whether both are the same host's address; ports and interfaces do not count. */
bool vo_sockaddr_same_host(const struct sockaddr_storage *one, const struct sockaddr_storage *other);
/* Why the system refused to make, bind or connect a socket to `to` (errno value), and what to do. */
char *vo_sockaddr_fault(int error, const struct sockaddr_storage *to, uint16_t local_port, char *text,
                        size_t room);

#endif
