#include "probes/reach/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The guide's ports of the client's media (13.5), and Apple's and Google's as the guide has them (8). */
#define RTP_FIRST 5008
#define RTP_PORTS 8

#define GIVES(...)                                                                                           \
    .metrics = (const enum vo_metric[]){__VA_ARGS__},                                                        \
    .count = sizeof((const enum vo_metric[]){__VA_ARGS__}) / sizeof(enum vo_metric)
#define CONNECTION VO_METRIC_REACH_STATE, VO_METRIC_REACH_CONNECT_MS

static const struct vo_gives gives_connection = {GIVES(CONNECTION)};
static const struct vo_gives gives_status = {GIVES(CONNECTION, VO_METRIC_HTTP_STATUS)};
static const struct vo_gives gives_websocket = {
    GIVES(CONNECTION, VO_METRIC_WEBSOCKET_STATE, VO_METRIC_WEBSOCKET_HELD_S)};
static const struct vo_gives gives_http2 = {GIVES(CONNECTION, VO_METRIC_HTTP2_STATE, VO_METRIC_HTTP_STATUS)};
static const struct vo_gives gives_sip = {
    GIVES(CONNECTION, VO_METRIC_SIP_OPTIONS_CODE, VO_METRIC_SIP_OPTIONS_MS, VO_METRIC_SIP_REGISTER_STATE,
          VO_METRIC_SIP_REGISTER_CODE, VO_METRIC_SIP_SERVER_AUTHENTICATION, VO_METRIC_SIP_EXPIRES_S)};
static const struct vo_gives gives_route = {.subject = "path",
                                            GIVES(VO_METRIC_NET_TUNNEL, VO_METRIC_NET_MTU_BYTES)};
static const struct vo_gives gives_host = {.subject = "link",
                                           GIVES(VO_METRIC_NET_PROXY, VO_METRIC_NET_CLOCK)};
static const struct vo_gives gives_portal = {.subject = "link", GIVES(VO_METRIC_NET_PORTAL)};
static const struct vo_gives gives_alg = {.subject = "nat", GIVES(VO_METRIC_SIP_ALG_STATE)};
static const struct vo_gives gives_lifetime = {.subject = "nat", GIVES(VO_METRIC_NAT_BINDING_LIFETIME_S)};
static const struct vo_gives gives_nat = {.subject = "nat", GIVES(VO_METRIC_NAT_MAPPING)};
static const struct vo_gives gives_issuer = {GIVES(VO_METRIC_TLS_SAME_ISSUER)};
static const struct vo_gives gives_kept = {GIVES(VO_METRIC_HTTP_STATUS_KEPT)};

/* A port that the site does not have makes no demand, unless it is for what the site lacks. */
void vo_plan_add(struct vo_plan *plan, struct vo_demand demand)
{
    bool needs_port = demand.transport != NULL;
    if (needs_port && demand.port == 0 && !demand.lacks)
        return;
    if (plan->count == plan->room) {
        size_t room = plan->room ? 2 * plan->room : 64;
        struct vo_demand *grown = realloc(plan->demands, room * sizeof *grown);
        if (!grown) {
            plan->failed = true;
            return;
        }
        plan->demands = grown;
        plan->room = room;
    }
    plan->demands[plan->count++] = demand;
}

const char *vo_plan_keep(struct vo_plan *plan, const char *text)
{
    char **grown = realloc(plan->texts, (plan->text_count + 1) * sizeof *grown);
    char *copy = grown ? strdup(text) : NULL;
    if (grown)
        plan->texts = grown;
    if (!copy) {
        plan->failed = true;
        return "";
    }
    return plan->texts[plan->text_count++] = copy;
}

/* Guide 2, 4.3, 8, 13.5: every call passes the SBC. 7.1 permits OpenScape Voice directly: then that the SBC
 * is reached is for information. */
static void add_sbc(struct vo_plan *plan, const struct vo_site *site)
{
    static const char *const rows[VO_SIP_TRANSPORTS] = {"fw.sip.udp", "fw.sip.tcp", "fw.sip.tls",
                                                        "fw.sip.mtls"};
    struct vo_demand base = {.role = "sbc",
                             .host = site->sbc.address,
                             .lacks = site->sbc.address ? NULL : "the site file has no sbc",
                             .pins = &site->sbc.issuer_pins};
    for (int i = 0; i < VO_SIP_TRANSPORTS; i++) {
        if (base.lacks && i != VO_SIP_TLS)
            continue;
        struct vo_demand demand = base;
        demand.kind = &vo_check_sip;
        demand.gives = &gives_sip;
        demand.row = rows[i];
        demand.transport = vo_sip_transport_names[i];
        demand.port = site->sbc.ports[i];
        demand.judged = base.lacks || i == (int)site->sbc.transport;
        vo_plan_add(plan, demand);
    }
    bool udp = !base.lacks && site->sbc.transport == VO_SIP_UDP;
    base.kind = udp ? &vo_check_sip : &vo_check_tcp;
    base.gives = udp ? &gives_sip : &gives_connection;
    base.row = "path.sbc";
    base.transport = udp ? "udp" : "tcp";
    base.port = site->sbc.ports[site->sbc.transport];
    base.judged = !site->direct || strcmp(site->direct, "yes") != 0;
    vo_plan_add(plan, base);
}

size_t vo_plan_sample(struct vo_port_range range, uint16_t *ports)
{
    unsigned size = range.first && range.last >= range.first ? range.last - range.first + 1U : 0;
    size_t count = 0;
    if (size <= VO_PLAN_SAMPLE) {
        for (unsigned i = 0; i < size; i++)
            ports[count++] = (uint16_t)(range.first + i);
        return count;
    }
    for (unsigned pair = 0; pair < VO_PLAN_SAMPLE / 2; pair++) { /* neighbours: one is even, one is odd */
        unsigned at = range.first + (size - 2) * pair / (VO_PLAN_SAMPLE / 2 - 1);
        ports[count++] = (uint16_t)at;
        ports[count++] = (uint16_t)(at + 1);
    }
    return count;
}

/* Guide 8, 13.5: the client's media ports both ways, and the SBC's. The responder stands for the SBC, where
 * nothing listens unless there is a call. */
static void add_rtp(struct vo_plan *plan, const struct vo_site *site)
{
    uint16_t ports[VO_PLAN_SAMPLE];
    struct vo_demand demand = {.kind = &vo_check_responder,
                               .gives = &gives_connection,
                               .row = "fw.rtp",
                               .role = "responder",
                               .host = site->responder.address,
                               .transport = "udp",
                               .judged = true};
    for (unsigned i = 0; i < RTP_PORTS; i++) {
        demand.port = demand.local_port = (uint16_t)(RTP_FIRST + i);
        demand.direction = "out";
        vo_plan_add(plan, demand);
        /* From another port than the one that was written to, which a firewall may remember from before. */
        demand.port = (uint16_t)(RTP_FIRST + (i + 2) % RTP_PORTS);
        demand.direction = "in";
        vo_plan_add(plan, demand);
    }
    if (!site->responder.address)
        vo_plan_add(
            plan, (struct vo_demand){.gives = &gives_nat,
                                     .row = "net.nat",
                                     .role = "responder",
                                     .lacks = "the site file names no responder, which would see the address",
                                     .judged = true});
    size_t count = vo_plan_sample(site->sbc.rtp, ports);
    demand.direction = "out";
    for (size_t i = 0; i < count; i++) { /* checks of one local port take turns: spread them */
        demand.port = ports[i];
        demand.local_port = (uint16_t)(RTP_FIRST + (i / 2 * 2 + ports[i] % 2) % RTP_PORTS);
        if (demand.port != demand.local_port)
            vo_plan_add(plan, demand);
    }
    if (!site->sbc.address)
        return;
    demand.kind = &vo_check_media; /* if there is no responder, or a dead one */
    demand.role = "sbc";
    demand.host = site->sbc.address;
    for (size_t i = 0; i < count; i++) {
        demand.port = ports[i];
        demand.local_port = (uint16_t)(RTP_FIRST + (i / 2 * 2 + ports[i] % 2) % RTP_PORTS);
        vo_plan_add(plan, demand);
    }
}

/* Guide 10: routers of homes, whose NAT forgets idle flows or meddles with SIP. Of the lifetime those ports
 * are tried that the site needs open in any case: one of media, and one of FCM's. */
static void add_nat(struct vo_plan *plan, const struct vo_site *site, bool voice)
{
    static const struct {
        const char *transport, *traffic;
        uint16_t port;
    } flows[] = {{"udp", "one_shot", RTP_FIRST + 4}, {"udp", "stream", RTP_FIRST + 4}, {"tcp", "idle", 5228}};
    struct vo_demand demand = {.kind = &vo_check_lifetime,
                               .gives = &gives_lifetime,
                               .row = "net.nat.lifetime",
                               .role = "responder",
                               .host = site->responder.address,
                               .judged = true};
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        demand.transport = flows[i].transport;
        demand.traffic = flows[i].traffic;
        demand.port = flows[i].port;
        demand.judged = strcmp(flows[i].traffic, "one_shot") != 0; /* no connection: short by custom */
        vo_plan_add(plan, demand);
    }
    demand.kind = &vo_check_alg;
    demand.gives = &gives_alg;
    demand.row = "net.alg";
    demand.traffic = NULL;
    demand.port = 5060;
    demand.transport = "udp";
    if (voice)
        vo_plan_add(plan, demand);
    demand.transport = "tcp";
    if (voice)
        vo_plan_add(plan, demand);
}

/* An empty list is the site's word that it has no such phones. */
static void add_push_ports(struct vo_plan *plan, const struct vo_site_list *hosts, struct vo_demand demand,
                           const uint16_t *ports)
{
    if (hosts->count == 0) {
        demand.lacks =
            strncmp(demand.role, "apns_", 5) == 0
                ? "the site file's list of Apple's push services is empty: no iPhones here"
                : "the site file's list of Google's push services is empty: no Android phones here";
        demand.unwanted = true;
        demand.port = ports[0];
        vo_plan_add(plan, demand);
    }
    for (size_t i = 0; i < hosts->count; i++)
        for (const uint16_t *port = ports; *port; port++) {
            demand.host = hosts->items[i];
            demand.port = *port;
            vo_plan_add(plan, demand);
        }
}

/* Guide 8: what the phones need. */
static void add_push_devices(struct vo_plan *plan, const struct vo_site *site)
{
    struct vo_demand demand = {.kind = &vo_check_tcp,
                               .gives = &gives_connection,
                               .row = "fw.apns.device",
                               .role = "apns_device",
                               .transport = "tls",
                               .judged = true,
                               .pins = &site->push.issuer_pins};
    add_push_ports(plan, &site->push.apns_device, demand, (const uint16_t[]){5223, 443, 0});
    demand.row = "fw.fcm";
    demand.role = "fcm_device";
    add_push_ports(plan, &site->push.fcm_device, demand, (const uint16_t[]){5228, 5229, 5230, 443, 0});
}

/* Guide 4.3.2 to 4.3.4, 8: what the SBC needs. Apple closed 2195 and 2196 on 2021-03-31 and serves 2197
 * beside 443, so its own silence there is for information, and the firewall is judged by the responder. */
static void add_push_providers(struct vo_plan *plan, const struct vo_site *site)
{
    struct vo_demand demand = {.kind = &vo_check_http2,
                               .gives = &gives_http2,
                               .row = "fw.apns.provider",
                               .role = "apns_provider",
                               .transport = "h2",
                               .vantage = VO_VANTAGE_SBC,
                               .judged = true,
                               .pins = &site->push.issuer_pins};
    add_push_ports(plan, &site->push.apns_provider, demand, (const uint16_t[]){443, 0});
    demand.judged = false;
    add_push_ports(plan, &site->push.apns_provider, demand, (const uint16_t[]){2197, 0});
    demand.kind = &vo_check_tcp;
    demand.gives = &gives_connection;
    demand.transport = "tcp";
    add_push_ports(plan, &site->push.apns_provider, demand, (const uint16_t[]){2195, 2196, 0});
    demand.kind = &vo_check_responder;
    demand.role = "responder";
    demand.host = site->responder.address;
    demand.direction = "out";
    demand.pins = NULL;
    demand.judged = true;
    demand.port = 2195;
    vo_plan_add(plan, demand);
    demand.port = 2196;
    vo_plan_add(plan, demand);
    demand = (struct vo_demand){.kind = &vo_check_http2,
                                .gives = &gives_http2,
                                .row = "fw.fcm.provider",
                                .role = "fcm_provider",
                                .transport = "h2",
                                .vantage = VO_VANTAGE_SBC,
                                .judged = true,
                                .pins = &site->push.issuer_pins};
    add_push_ports(plan, &site->push.fcm_provider, demand, (const uint16_t[]){443, 0});
}

/* Guide 2.1, 6, 7.1: HTTPS and a WebSocket to HAProxy, and never plain HTTP. */
static void add_haproxy(struct vo_plan *plan, const struct vo_site *site)
{
    struct vo_demand demand = {.kind = &vo_check_https,
                               .gives = &gives_status,
                               .row = "fw.haproxy",
                               .role = "haproxy",
                               .host = site->haproxy.address,
                               .transport = "https",
                               .port = site->haproxy.https,
                               .judged = true,
                               .pins = &site->haproxy.issuer_pins};
    if (!site->haproxy.address)
        demand.lacks = "the site file has no haproxy";
    vo_plan_add(plan, demand);
    demand.kind = &vo_check_websocket;
    demand.gives = &gives_websocket;
    demand.transport = "wss";
    vo_plan_add(plan, demand);
    demand.kind = &vo_check_tcp;
    demand.gives = &gives_connection;
    demand.row = "fw.http8081";
    demand.transport = "tcp";
    demand.port = site->haproxy.http;
    vo_plan_add(plan, demand);
}

/* Guide 12: the web entry must not change the UC endpoint's status codes. Both are asked from the UC server's
 * side, which is where the endpoint itself can be reached. */
static void add_codes(struct vo_plan *plan, const struct vo_site *site)
{
    struct vo_demand demand = {.kind = &vo_check_https,
                               .gives = &gives_status,
                               .row = "fw.codes",
                               .role = "haproxy",
                               .host = site->haproxy.address,
                               .transport = "https",
                               .port = site->haproxy.https,
                               .vantage = VO_VANTAGE_UC,
                               .pins = &site->haproxy.issuer_pins};
    struct vo_demand compared = {.kind = &vo_check_same_status,
                                 .gives = &gives_kept,
                                 .row = "fw.codes",
                                 .role = "haproxy and uc",
                                 .vantage = VO_VANTAGE_UC,
                                 .judged = true,
                                 .last = true};
    if (site->haproxy.address && site->uc.address) {
        vo_plan_add(plan, demand);
        demand.role = "uc";
        demand.host = site->uc.address;
        demand.port = site->uc.https;
        demand.pins = &site->uc.issuer_pins;
        vo_plan_add(plan, demand);
    } else {
        compared.lacks = site->uc.address ? "the site file has no haproxy" : "the site file has no uc";
    }
    vo_plan_add(plan, compared);
}

/* Guide 5.1: SOAP over TLS from the UC server to OpenScape Voice, and one CA for it and BCOM. */
static void add_soap(struct vo_plan *plan, const struct vo_site *site)
{
    struct vo_demand demand = {.kind = &vo_check_tcp,
                               .gives = &gives_connection,
                               .row = "fw.soap",
                               .role = "openscape_voice",
                               .host = site->openscape_voice.address,
                               .transport = "tls",
                               .port = site->openscape_voice.soap,
                               .vantage = VO_VANTAGE_UC,
                               .judged = true,
                               .pins = &site->openscape_voice.issuer_pins};
    struct vo_demand compared = {.kind = &vo_check_same_issuer,
                                 .gives = &gives_issuer,
                                 .row = "tls.soap",
                                 .role = "openscape_voice and bcom",
                                 .vantage = VO_VANTAGE_UC,
                                 .judged = true,
                                 .last = true};
    if (!site->bcom.address)
        compared.lacks = "the site file has no bcom";
    if (!site->openscape_voice.address)
        demand.lacks = compared.lacks = "the site file has no openscape_voice";
    vo_plan_add(plan, demand);
    if (!compared.lacks) {
        demand.row = "tls.soap";
        demand.role = "bcom";
        demand.host = site->bcom.address;
        demand.port = site->bcom.soap;
        demand.pins = &site->bcom.issuer_pins;
        vo_plan_add(plan, demand);
    }
    vo_plan_add(plan, compared);
}

/* Guide 2.1, 4.5.1: no VPN on the way to anything. One path for each host that the others try, and that to
 * all the rest. */
static void add_routes(struct vo_plan *plan, enum vo_vantage here)
{
    size_t count = plan->count;
    vo_plan_add(plan, (struct vo_demand){.kind = &vo_check_default_route,
                                         .gives = &gives_route,
                                         .row = "net.vpn",
                                         .role = "default route",
                                         .vantage = here,
                                         .judged = here == VO_VANTAGE_WIFI});
    for (size_t i = 0; i < count; i++) {
        const struct vo_demand *demand = &plan->demands[i];
        bool again = !demand->host;
        for (size_t j = 0; j < i && !again; j++)
            again = plan->demands[j].host && plan->demands[j].vantage == demand->vantage &&
                    strcmp(plan->demands[j].host, demand->host) == 0;
        if (again)
            continue;
        vo_plan_add(plan, (struct vo_demand){.kind = &vo_check_route,
                                             .gives = &gives_route,
                                             .row = "net.vpn",
                                             .role = demand->role,
                                             .host = demand->host,
                                             .vantage = demand->vantage,
                                             .judged = demand->vantage == VO_VANTAGE_WIFI});
    }
}

bool vo_plan_split_url(const char *url, char *host, uint16_t *port, const char **path)
{
    if (strncmp(url, "http://", 7) != 0)
        return false;
    const char *from = url + 7, *end = from + strcspn(from, "/?#"), *colon = NULL;
    const char *stop = end;
    if (*from == '[') {
        stop = memchr(from, ']', (size_t)(end - from));
        if (!stop)
            return false;
        from++;
        colon = stop + 1 < end ? stop + 1 : NULL;
    } else if ((colon = memchr(from, ':', (size_t)(end - from)))) {
        stop = colon;
    }
    size_t size = (size_t)(stop - from);
    char *rest = NULL;
    unsigned long number = colon && *colon == ':' ? strtoul(colon + 1, &rest, 10) : 80;
    if (size == 0 || size > 255 || (colon && rest != end) || number == 0 || number > 65535)
        return false;
    memcpy(host, from, size);
    host[size] = '\0';
    *port = (uint16_t)number;
    *path = *end == '/' ? end : "/";
    return true;
}

/* Guide 7.1: no proxy, neither told nor met; what else there is to know about this host. It is demanded of
 * the phones' network, and told of any. */
static enum vo_status add_host(struct vo_plan *plan, const struct vo_site *site, enum vo_vantage at,
                               struct vo_error *error)
{
    char host[256];
    const char *path;
    struct vo_demand demand = {.kind = &vo_check_host,
                               .gives = &gives_host,
                               .row = "net.proxy",
                               .vantage = at,
                               .judged = at == VO_VANTAGE_WIFI};
    vo_plan_add(plan, demand);
    demand.kind = &vo_check_portal;
    demand.gives = &gives_portal;
    demand.role = "portal";
    demand.transport = "http";
    if (!site->portal_url) {
        demand.lacks = "the site file has no portal_url";
        if (demand.judged)
            vo_plan_add(plan, demand);
        return VO_OK;
    }
    if (!vo_plan_split_url(site->portal_url, host, &demand.port, &path))
        return vo_error_set(
            error, VO_ERR_USAGE,
            "%s: portal_url '%.200s' is not http://HOST/PATH: a portal shows only without TLS",
            site->path ? site->path : "the site", site->portal_url);
    demand.host = vo_plan_keep(plan, host);
    vo_plan_add(plan, demand);
    return VO_OK;
}

/* Demands whose checks would have the same name. */
static void find_twins(struct vo_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        for (size_t j = 0; j < i; j++) {
            struct vo_demand *a = &plan->demands[i], *b = &plan->demands[j];
            const char *host[2] = {a->host ? a->host : a->role, b->host ? b->host : b->role};
            if (a->vantage != b->vantage || a->port != b->port || a->local_port != b->local_port ||
                !host[0] || !host[1] || strcmp(host[0], host[1]) != 0 || !a->transport != !b->transport ||
                (a->transport && strcmp(a->transport, b->transport) != 0) || !a->direction != !b->direction ||
                (a->direction && strcmp(a->direction, b->direction) != 0) || !a->traffic != !b->traffic ||
                (a->traffic && strcmp(a->traffic, b->traffic) != 0))
                continue;
            a->twin = b->twin = true;
        }
}

enum vo_status vo_plan_site(struct vo_plan *plan, const struct vo_site *site, enum vo_vantage here,
                            struct vo_error *error)
{
    bool voice = strcmp(site->mode, "uc") != 0, uc = strcmp(site->mode, "voice") != 0;
    if (voice) {
        add_sbc(plan, site);
        add_rtp(plan, site);
    }
    if (uc) {
        add_haproxy(plan, site);
        add_codes(plan, site);
    }
    add_push_devices(plan, site);
    if (voice)
        add_push_providers(plan, site);
    add_nat(plan, site, voice);
    if (voice && uc)
        add_soap(plan, site);
    add_routes(plan, here);
    enum vo_status status = add_host(plan, site, VO_VANTAGE_WIFI, error);
    if (status == VO_OK && here != VO_VANTAGE_WIFI)
        status = add_host(plan, site, here, error);
    if (status != VO_OK)
        return status;
    find_twins(plan);
    return plan->failed ? vo_error_memory(error, "the plan of what to try") : VO_OK;
}

/* "PORT" or "PORT-PORT", all of the text. */
void vo_plan_free(struct vo_plan *plan)
{
    for (size_t i = 0; i < plan->text_count; i++)
        free(plan->texts[i]);
    free(plan->texts);
    free(plan->demands);
    *plan = (struct vo_plan){0};
}
