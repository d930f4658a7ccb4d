#include "probes/io/sockaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static struct sockaddr_in as_in(const struct sockaddr_storage *address)
{
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    return in;
}

static struct sockaddr_in6 as_in6(const struct sockaddr_storage *address)
{
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    return in6;
}

/* An IPv4-mapped address as the IPv4 one; any other as it is. */
static struct sockaddr_storage unmapped(const struct sockaddr_storage *address)
{
    struct sockaddr_in6 in6 = as_in6(address);
    if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return *address;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = in6.sin6_port};
    memcpy(&in.sin_addr, in6.sin6_addr.s6_addr + 12, sizeof in.sin_addr);
    struct sockaddr_storage plain = {0};
    memcpy(&plain, &in, sizeof in);
    return plain;
}

char *vo_sockaddr_format(const struct sockaddr_storage *address, char *text)
{
    struct sockaddr_storage plain = unmapped(address);
    uint16_t port = vo_sockaddr_port(&plain);
    char host[INET6_ADDRSTRLEN] = "", zone[IF_NAMESIZE + 1] = "";
    text[0] = '\0';
    if (plain.ss_family == AF_INET) {
        struct sockaddr_in in = as_in(&plain);
        inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
        snprintf(text, VO_SOCKADDR_TEXT, port ? "%s:%u" : "%s", host, port);
    } else if (plain.ss_family == AF_INET6) {
        struct sockaddr_in6 in6 = as_in6(&plain);
        inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
        if (in6.sin6_scope_id && IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr)) {
            zone[0] = '%';
            if (!if_indextoname(in6.sin6_scope_id, zone + 1))
                snprintf(zone + 1, sizeof zone - 1, "%u", (unsigned)in6.sin6_scope_id);
        }
        snprintf(text, VO_SOCKADDR_TEXT, port ? "[%s%s]:%u" : "%s%s", host, zone, port);
    }
    return text;
}

static bool parse6(const char *address, uint16_t port, struct sockaddr_storage *to)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    char host[INET6_ADDRSTRLEN];
    const char *zone = strchr(address, '%');
    size_t size = zone ? (size_t)(zone - address) : strlen(address);
    if (size >= sizeof host)
        return false;
    memcpy(host, address, size);
    host[size] = '\0';
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) != 1)
        return false;
    if (zone && !(in6.sin6_scope_id = if_nametoindex(zone + 1)))
        return false;
    memcpy(to, &in6, sizeof in6);
    return true;
}

bool vo_sockaddr_parse(const char *address, uint16_t port, struct sockaddr_storage *to)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    memset(to, 0, sizeof *to);
    if (inet_pton(AF_INET, address, &in.sin_addr) != 1)
        return parse6(address, port, to);
    memcpy(to, &in, sizeof in);
    return true;
}

socklen_t vo_sockaddr_size(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return sizeof(struct sockaddr_in);
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : 0;
}

uint16_t vo_sockaddr_port(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohs(as_in(address).sin_port);
    return address->ss_family == AF_INET6 ? ntohs(as_in6(address).sin6_port) : 0;
}

struct sockaddr_storage vo_sockaddr_any(sa_family_t family, uint16_t port)
{
    struct sockaddr_storage any = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (family == AF_INET)
        memcpy(&any, &in, sizeof in);
    else if (family == AF_INET6)
        memcpy(&any, &in6, sizeof in6);
    return any;
}

struct sockaddr_storage vo_sockaddr_host(const struct sockaddr_storage *address)
{
    struct sockaddr_storage host = unmapped(address);
    struct sockaddr_in in = as_in(&host);
    struct sockaddr_in6 in6 = as_in6(&host);
    in.sin_port = in6.sin6_port = 0;
    if (host.ss_family == AF_INET)
        memcpy(&host, &in, sizeof in);
    else if (host.ss_family == AF_INET6)
        memcpy(&host, &in6, sizeof in6);
    return host;
}

bool vo_sockaddr_same_host(const struct sockaddr_storage *one, const struct sockaddr_storage *other)
{
    struct sockaddr_storage left = unmapped(one), right = unmapped(other);
    if (left.ss_family != right.ss_family)
        return false;
    if (left.ss_family == AF_INET)
        return as_in(&left).sin_addr.s_addr == as_in(&right).sin_addr.s_addr;
    struct sockaddr_in6 left6 = as_in6(&left), right6 = as_in6(&right);
    return left.ss_family == AF_INET6 && IN6_ARE_ADDR_EQUAL(&left6.sin6_addr, &right6.sin6_addr);
}

static const struct {
    int error;
    const char *text;
} faults[] = {
    {ENETUNREACH, "no route to it: check this host's addresses and default route of that family"},
    {EHOSTUNREACH, "no route to it: a route of this host says unreachable"},
    {EACCES, "this host forbids it: a route of type prohibit, or a local port below 1024 without "
             "CAP_NET_BIND_SERVICE"},
    {EPERM, "this host's own firewall or security policy forbids it"},
    {EAFNOSUPPORT, "this system does not speak that address family"},
    {EINVAL, "a route of this host discards it, or a link-local address lacks its interface (%eth0)"},
    {ENOBUFS, "the system has no memory for another socket"},
    {ENOMEM, "the system has no memory for another socket"},
};

static const char *fault_text(int error)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].error == error)
            return faults[i].text;
    return strerror(error);
}

char *vo_sockaddr_fault(int error, const struct sockaddr_storage *to, uint16_t local_port, char *text,
                        size_t room)
{
    char name[VO_SOCKADDR_TEXT];
    vo_sockaddr_format(to, name);
    if (error == EMFILE || error == ENFILE) {
        struct rlimit limit = {0};
        getrlimit(RLIMIT_NOFILE, &limit);
        snprintf(text, room,
                 "%s: too many open files (this process may have %llu): raise the limit, ulimit -n %llu",
                 name, (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_cur * 4);
    } else if (local_port && (error == EADDRINUSE || error == EADDRNOTAVAIL)) {
        snprintf(text, room, "%s: local port %u is in use: end the program that has it (ss -anp shows it)",
                 name, local_port);
    } else if (error == EADDRNOTAVAIL) {
        snprintf(text, room, "%s: no local address of that family, or all local ports are in use", name);
    } else {
        snprintf(text, room, "%s: %s", name, fault_text(error));
    }
    return text;
}
