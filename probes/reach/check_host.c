/* This host's own part of the network: the way to each target, and what stands between this host and the
 * network: proxies, resolvers, clock, addresses. Nothing is sent. */
#include "probes/io/route.h"
#include "probes/reach/check.h"
#include "probes/reach/proxy.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

static void put_address(struct vo_record_writer *writer, const char *label, bool known,
                        const struct sockaddr_storage *address)
{
    char text[VO_SOCKADDR_TEXT];
    if (known)
        vo_observe_label(writer, label, vo_sockaddr_format(address, text));
}

/* Addresses that NAT stands before: RFC 1918, RFC 6598, unique local ones of IPv6 (RFC 4193). */
static bool is_private(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6)
        return (((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr[0] & 0xfe) == 0xfc;
    uint32_t in = ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
    return in >> 24 == 10 || in >> 20 == 0xac1 || in >> 16 == 0xc0a8 || in >> 22 == 0x191;
}

static void put_route(struct vo_record_writer *writer, const struct vo_route *route)
{
    char prefix[VO_SOCKADDR_TEXT + 8], text[VO_SOCKADDR_TEXT];
    snprintf(prefix, sizeof prefix, "%s/%u", vo_sockaddr_format(&route->prefix, text), route->prefix_length);
    vo_observe_label(writer, "interface", route->name[0] ? route->name : NULL);
    vo_observe_label(writer, "interface_kind", route->kind[0] ? route->kind : NULL);
    vo_observe_label(writer, "tunnel", route->tunnel[0] ? route->tunnel : NULL);
    put_address(writer, "gateway", route->has_gateway, &route->gateway);
    put_address(writer, "source", route->has_source, &route->source);
    if (route->has_source)
        vo_observe_label(writer, "source_private", is_private(&route->source) ? "yes" : "no");
    if (route->has_prefix)
        vo_observe_label(writer, "route", route->prefix_length ? prefix : "default");
    if (route->table)
        vo_observe_label_number(writer, "route_table", route->table);
}

/* The whole observation; `why` there is no route, if there is none. */
static void finish_route(struct vo_check *check, const struct vo_route *route, const char *why)
{
    struct vo_record_writer *writer = check->reach->writer;
    vo_check_observe(check);
    if (!why) {
        put_route(writer, route);
        vo_observe_state(writer, VO_METRIC_NET_TUNNEL, route->tunnel[0] ? "tunnel" : "none");
        vo_observe_basis(writer, VO_METRIC_NET_TUNNEL, "routing_table");
        if (route->mtu)
            vo_observe_metric(writer, VO_METRIC_NET_MTU_BYTES, route->mtu);
        else
            vo_observe_missing(writer, VO_METRIC_NET_MTU_BYTES, "the kernel does not tell it");
    } else {
        vo_observe_missing(writer, VO_METRIC_NET_TUNNEL, "no route: %s", why);
        vo_observe_missing(writer, VO_METRIC_NET_MTU_BYTES, "no route: %s", why);
    }
    vo_observe_end(writer);
    vo_check_done(check);
}

static void start_route(struct vo_check *check)
{
    struct vo_route route;
    struct vo_error error;
    enum vo_status status = vo_route_get(&check->address, &route, &error);
    finish_route(check, &route,
                 status != VO_OK ? error.message
                 : route.found   ? NULL
                                 : strerror(route.refusal));
}

/* Of the two families' default routes the one that is a tunnel, else the first that there is. */
static void start_default_route(struct vo_check *check)
{
    struct vo_route found = {.found = false}, route;
    struct vo_error error;
    const char *none = "this host has no default route";
    enum vo_status status = VO_OK;
    static const sa_family_t families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < sizeof families / sizeof *families && status == VO_OK; i++) {
        status = vo_route_default(families[i], &route, &error);
        if (status == VO_OK && route.found && (!found.found || (route.tunnel[0] && !found.tunnel[0])))
            found = route;
    }
    if (found.found || status != VO_OK) {
        finish_route(check, &found, found.found ? NULL : error.message);
        return;
    }
    vo_check_put_untried(check, "not_applicable", none, none);
    vo_check_done(check);
}

static const char *variable(const char *name)
{
    return getenv(name);
}

static void put_proxies(struct vo_record_writer *writer, const struct vo_site *site)
{
    struct vo_proxies proxies;
    char exempt[256] = "";
    size_t used = 0;
    FILE *file = fopen("/etc/environment", "re");
    vo_proxies_find(&proxies, variable, file);
    if (file)
        fclose(file);
    vo_observe_state(writer, VO_METRIC_NET_PROXY, proxies.configured ? "configured" : "none");
    vo_observe_label(writer, "proxy", proxies.configured ? proxies.set : NULL);
    vo_observe_label(writer, "no_proxy", proxies.no_proxy[0] ? proxies.no_proxy : NULL);
    vo_observe_label(writer, "proxy_looked_at", proxies.looked_at);
    for (size_t i = 0; i < site->proxy_exempt.count && used < sizeof exempt; i++)
        used += (size_t)snprintf(exempt + used, sizeof exempt - used, "%s%s", i ? " " : "",
                                 site->proxy_exempt.items[i]);
    vo_observe_label(writer, "proxy_exempt", used ? exempt : NULL);
}

static void put_clock(struct vo_record_writer *writer)
{
    struct timex state = {.modes = 0};
    int result = adjtimex(&state);
    if (result < 0) {
        vo_observe_missing(writer, VO_METRIC_NET_CLOCK, "the kernel does not tell: %s", strerror(errno));
        return;
    }
    bool loose = result == TIME_ERROR || (state.status & STA_UNSYNC);
    vo_observe_state(writer, VO_METRIC_NET_CLOCK, loose ? "unsynchronised" : "synchronised");
    if (!loose)
        vo_observe_label_number(writer, "clock_error_us", (double)state.maxerror);
}

/* All addresses that lead further than the link; how many, and whether any is public. */
static void put_addresses(struct vo_record_writer *writer)
{
    struct ifaddrs *all;
    char list[512] = "", text[VO_SOCKADDR_TEXT];
    size_t used = 0;
    bool any = false, public = false;
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        if (!at->ifa_addr || (at->ifa_flags & IFF_LOOPBACK) ||
            (at->ifa_addr->sa_family != AF_INET && at->ifa_addr->sa_family != AF_INET6))
            continue;
        const struct sockaddr_storage *address = (const struct sockaddr_storage *)(const void *)at->ifa_addr;
        struct sockaddr_storage host = vo_sockaddr_host(address);
        if (host.ss_family == AF_INET6 &&
            IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)&host)->sin6_addr))
            continue;
        any = true;
        public = public || !is_private(&host);
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s %s", used ? ", " : "",
                                     at->ifa_name, vo_sockaddr_format(&host, text));
    }
    freeifaddrs(all);
    vo_observe_label(writer, "addresses", any ? list : "none");
    vo_observe_label(writer, "addresses_private", any ? public ? "no" : "yes" : NULL);
}

static void put_resolvers(const struct vo_reach *reach)
{
    char list[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < reach->resolver_count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? " " : "",
                                 vo_resolver_name(reach->resolvers[i]));
    vo_observe_label(reach->writer, "resolvers", used ? list : "none");
}

static void start_host(struct vo_check *check)
{
    struct vo_record_writer *writer = check->reach->writer;
    struct vo_route route;
    vo_check_observe(check);
    if (vo_route_default(AF_INET, &route, NULL) == VO_OK &&
        (route.found || vo_route_default(AF_INET6, &route, NULL) == VO_OK) && route.found)
        put_route(writer, &route);
    put_addresses(writer);
    put_resolvers(check->reach);
    put_proxies(writer, check->reach->site);
    put_clock(writer);
    vo_observe_end(writer);
    vo_check_done(check);
}

/* All are done when they have begun: there is nothing to stop or to free. */
static void nothing(struct vo_check *check)
{
    (void)check;
}

const struct vo_check_kind vo_check_route = {
    .name = "route", .start = start_route, .stop = nothing, .free = nothing};
const struct vo_check_kind vo_check_default_route = {
    .name = "default_route", .start = start_default_route, .stop = nothing, .free = nothing};
const struct vo_check_kind vo_check_host = {
    .name = "host", .start = start_host, .stop = nothing, .free = nothing};
