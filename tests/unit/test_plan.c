/* What a site demands: which rows, from where, judged or not; samples of port ranges; words of --tcp. */
#include "probes/reach/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A site as vo_site_open() would give it: of integrated mode, with everything. */
static struct vo_site whole_site(void)
{
    static const char *const apns[] = {"courier.example.net"}, *const provider[] = {"api.example.net"};
    static const char *const fcm[] = {"mtalk.example.net"}, *const send[] = {"fcm.example.net"};
    struct vo_site site = {.name = "HQ", .mode = "integrated", .direct = "no"};
    site.sbc.address = "sbc.example.com";
    site.sbc.transport = VO_SIP_MTLS;
    site.sbc.ports[VO_SIP_TCP] = 5060;
    site.sbc.ports[VO_SIP_TLS] = 5061;
    site.sbc.ports[VO_SIP_MTLS] = 5161;
    site.sbc.rtp = (struct vo_port_range){20000, 29999};
    site.haproxy.address = "mobile.example.com";
    site.haproxy.https = 8443;
    site.haproxy.http = 8081;
    site.uc.address = "uc.example.com";
    site.uc.https = 8443;
    site.openscape_voice.address = "192.0.2.20";
    site.openscape_voice.soap = 8758;
    site.bcom.address = "192.0.2.21";
    site.bcom.soap = 8444;
    site.push.apns_device = (struct vo_site_list){apns, 1};
    site.push.apns_provider = (struct vo_site_list){provider, 1};
    site.push.fcm_device = (struct vo_site_list){fcm, 1};
    site.push.fcm_provider = (struct vo_site_list){send, 1};
    site.responder.address = "192.0.2.30";
    site.portal_url = "http://detect.example.net:8080/204";
    return site;
}

static struct vo_plan plan_of(const struct vo_site *site, enum vo_vantage here)
{
    struct vo_plan plan = {0};
    struct vo_error error;
    assert_int_equal(vo_plan_site(&plan, site, here, &error), VO_OK);
    return plan;
}

static unsigned count_row(const struct vo_plan *plan, const char *row)
{
    unsigned count = 0;
    for (size_t i = 0; i < plan->count; i++)
        count += strcmp(plan->demands[i].row, row) == 0;
    return count;
}

/* The demand of a row at a port (0: any), which must be there. */
static const struct vo_demand *find(const struct vo_plan *plan, const char *row, unsigned port)
{
    for (size_t i = 0; i < plan->count; i++)
        if (strcmp(plan->demands[i].row, row) == 0 && (port == 0 || plan->demands[i].port == port))
            return &plan->demands[i];
    fail_msg("no demand of %s at port %u", row, port);
    return NULL;
}

static void test_sip_transports(void **state)
{
    (void)state;
    struct vo_site site = whole_site();
    struct vo_plan plan = plan_of(&site, VO_VANTAGE_WIFI);
    /* The site's transport is judged, the others are for information; UDP has no port, so it is not tried. */
    assert_int_equal(count_row(&plan, "fw.sip.udp"), 0);
    assert_false(find(&plan, "fw.sip.tcp", 5060)->judged);
    assert_false(find(&plan, "fw.sip.tls", 5061)->judged);
    assert_true(find(&plan, "fw.sip.mtls", 5161)->judged);
    assert_string_equal(find(&plan, "fw.sip.mtls", 5161)->transport, "mtls");
    /* The SBC is reached if the port of that transport is. */
    const struct vo_demand *path = find(&plan, "path.sbc", 5161);
    assert_true(path->judged);
    assert_string_equal(path->transport, "tcp");
    vo_plan_free(&plan);

    /* Over UDP only an answer proves it, so SIP is spoken; OpenScape Voice directly makes it information. */
    site.sbc.transport = VO_SIP_UDP;
    site.sbc.ports[VO_SIP_UDP] = 5060;
    site.direct = "yes";
    plan = plan_of(&site, VO_VANTAGE_WIFI);
    path = find(&plan, "path.sbc", 5060);
    assert_ptr_equal(path->kind, &vo_check_sip);
    assert_false(path->judged);
    /* Its check would have the same name as that of fw.sip.udp. */
    assert_true(path->twin);
    assert_true(find(&plan, "fw.sip.udp", 5060)->twin);
    assert_false(find(&plan, "fw.sip.tls", 5061)->twin);
    vo_plan_free(&plan);
}

static void test_modes(void **state)
{
    (void)state;
    struct vo_site site = whole_site();
    site.mode = "voice";
    struct vo_plan plan = plan_of(&site, VO_VANTAGE_WIFI);
    assert_int_equal(count_row(&plan, "fw.haproxy") + count_row(&plan, "fw.http8081"), 0);
    assert_int_equal(count_row(&plan, "fw.soap") + count_row(&plan, "fw.codes"), 0);
    assert_int_equal(count_row(&plan, "fw.apns.device"), 2);
    vo_plan_free(&plan);
    site.mode = "uc";
    plan = plan_of(&site, VO_VANTAGE_WIFI);
    assert_int_equal(count_row(&plan, "path.sbc") + count_row(&plan, "fw.rtp"), 0);
    assert_int_equal(count_row(&plan, "fw.apns.provider") + count_row(&plan, "fw.fcm.provider"), 0);
    assert_int_equal(count_row(&plan, "fw.haproxy"), 2); /* HTTPS and WebSocket */
    assert_int_equal(count_row(&plan, "fw.soap"), 0);
    assert_int_equal(count_row(&plan, "fw.fcm"), 4); /* 5228, 5229, 5230, 443 */
    vo_plan_free(&plan);
}

static void test_vantages(void **state)
{
    (void)state;
    struct vo_site site = whole_site();
    struct vo_plan plan = plan_of(&site, VO_VANTAGE_WIFI);
    assert_int_equal(find(&plan, "fw.sip.mtls", 0)->vantage, VO_VANTAGE_WIFI);
    assert_int_equal(find(&plan, "fw.http8081", 8081)->vantage, VO_VANTAGE_WIFI);
    assert_int_equal(find(&plan, "fw.soap", 8758)->vantage, VO_VANTAGE_UC);
    assert_int_equal(find(&plan, "tls.soap", 8444)->vantage, VO_VANTAGE_UC);
    assert_int_equal(find(&plan, "fw.codes", 8443)->vantage, VO_VANTAGE_UC);
    assert_int_equal(find(&plan, "fw.fcm.provider", 443)->vantage, VO_VANTAGE_SBC);
    /* This host is demanded of the phones' network once, with the portal. */
    assert_int_equal(count_row(&plan, "net.proxy"), 2);
    vo_plan_free(&plan);
    /* Elsewhere it is told too, for information. */
    plan = plan_of(&site, VO_VANTAGE_SBC);
    assert_int_equal(count_row(&plan, "net.proxy"), 4);
    for (size_t i = 0; i < plan.count; i++)
        if (strcmp(plan.demands[i].row, "net.proxy") == 0)
            assert_int_equal(plan.demands[i].judged, plan.demands[i].vantage == VO_VANTAGE_WIFI);
    vo_plan_free(&plan);
}

/* Apple's own closed ports tell nothing about the firewall; the responder's do. */
static void test_push_ports(void **state)
{
    (void)state;
    struct vo_site site = whole_site();
    struct vo_plan plan = plan_of(&site, VO_VANTAGE_SBC);
    unsigned judged = 0;
    for (size_t i = 0; i < plan.count; i++) {
        const struct vo_demand *demand = &plan.demands[i];
        if (strcmp(demand->row, "fw.apns.provider") != 0)
            continue;
        bool responder = strcmp(demand->role, "responder") == 0;
        assert_int_equal(demand->judged, responder || demand->port == 443);
        if (responder)
            assert_true(demand->port == 2195 || demand->port == 2196);
        judged += demand->judged;
    }
    assert_int_equal(judged, 3);
    assert_true(vo_demand_has_tls(find(&plan, "fw.apns.provider", 443)));
    assert_false(vo_demand_has_tls(find(&plan, "fw.apns.provider", 2195)));
    vo_plan_free(&plan);
}

static void test_media_ports(void **state)
{
    (void)state;
    struct vo_site site = whole_site();
    struct vo_plan plan = plan_of(&site, VO_VANTAGE_WIFI);
    unsigned out = 0, in = 0, sbc = 0, alone = 0, local[8] = {0};
    for (size_t i = 0; i < plan.count; i++) {
        const struct vo_demand *demand = &plan.demands[i];
        if (strcmp(demand->row, "fw.rtp") != 0)
            continue;
        assert_in_range(demand->local_port, 5008, 5015);
        assert_string_equal(demand->transport, "udp");
        if (strcmp(demand->role, "sbc") == 0) { /* the same ports of the SBC itself, without a responder */
            assert_ptr_equal(demand->kind, &vo_check_media);
            assert_string_equal(demand->host, "sbc.example.com");
            assert_int_equal(demand->port % 2, demand->local_port % 2);
            alone |= 1u << (demand->local_port - 5008);
            continue;
        }
        /* RTP speaks to RTP, RTCP to RTCP: even to even. */
        assert_int_equal(demand->port % 2, demand->local_port % 2);
        if (strcmp(demand->direction, "in") == 0) {
            /* What comes in must not look like an answer to what went out. */
            assert_int_not_equal(demand->port, demand->local_port);
            in++;
        } else if (demand->port == demand->local_port) {
            out++;
        } else {
            sbc++;
            local[demand->local_port - 5008]++;
        }
    }
    assert_int_equal(out, 8);
    assert_int_equal(in, 8);
    assert_int_equal(sbc, VO_PLAN_SAMPLE);
    assert_int_equal(alone, 0xff); /* each from a local port of its own */
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(local[i], 1); /* they take turns on a port, so no port has two */
    vo_plan_free(&plan);

    /* Without a responder the demands stay: what is not measured is told. */
    site.responder.address = NULL;
    plan = plan_of(&site, VO_VANTAGE_WIFI);
    assert_int_equal(count_row(&plan, "fw.rtp"), 16 + 2 * VO_PLAN_SAMPLE);
    assert_null(find(&plan, "fw.rtp", 0)->host);
    vo_plan_free(&plan);
}

/* NAT: two kinds of UDP and one of TCP, on ports that the site needs open; SIP in modes that have SIP. */
static void test_nat(void **state)
{
    (void)state;
    struct vo_site site = whole_site();
    struct vo_plan plan = plan_of(&site, VO_VANTAGE_WIFI);
    assert_int_equal(count_row(&plan, "net.nat.lifetime"), 3);
    assert_string_equal(find(&plan, "net.nat.lifetime", 5228)->traffic, "idle");
    assert_false(find(&plan, "net.nat.lifetime", 5012)->judged); /* one_shot comes first */
    assert_false(find(&plan, "net.nat.lifetime", 5012)->twin);   /* traffic tells it from stream */
    assert_int_equal(count_row(&plan, "net.alg"), 2);
    assert_ptr_equal(find(&plan, "net.alg", 5060)->kind, &vo_check_alg);
    vo_plan_free(&plan);
    site.mode = "uc";
    plan = plan_of(&site, VO_VANTAGE_WIFI);
    assert_int_equal(count_row(&plan, "net.nat.lifetime"), 3);
    assert_int_equal(count_row(&plan, "net.alg"), 0);
    vo_plan_free(&plan);
}

static void test_sample(void **state)
{
    (void)state;
    uint16_t ports[VO_PLAN_SAMPLE];
    assert_int_equal(vo_plan_sample((struct vo_port_range){0, 0}, ports), 0);
    assert_int_equal(vo_plan_sample((struct vo_port_range){5010, 5008}, ports), 0);
    assert_int_equal(vo_plan_sample((struct vo_port_range){65535, 65535}, ports), 1);
    assert_int_equal(ports[0], 65535);
    assert_int_equal(vo_plan_sample((struct vo_port_range){5008, 5015}, ports), 8);
    assert_int_equal(ports[7], 5015);
    /* Of 10,000: pairs at 0, 1/3, 2/3 and the end of the 9,998 places that a pair may have. */
    const uint16_t expected[] = {20000, 20001, 23332, 23333, 26665, 26666, 29998, 29999};
    assert_int_equal(vo_plan_sample((struct vo_port_range){20000, 29999}, ports), 8);
    assert_memory_equal(ports, expected, sizeof expected);
    assert_int_equal(vo_plan_sample((struct vo_port_range){1, 65535}, ports), 8);
    assert_int_equal(ports[0], 1);
    assert_int_equal(ports[7], 65535);
}

/* One path for each host of each vantage, whatever is tried there. */
static void test_routes(void **state)
{
    (void)state;
    struct vo_site site = whole_site();
    struct vo_plan plan = plan_of(&site, VO_VANTAGE_WIFI);
    unsigned sbc = 0, defaults = 0;
    for (size_t i = 0; i < plan.count; i++) {
        const struct vo_demand *demand = &plan.demands[i];
        if (strcmp(demand->row, "net.vpn") != 0)
            continue;
        assert_int_equal(demand->judged, demand->vantage == VO_VANTAGE_WIFI);
        defaults += !demand->host; /* the way to all the rest, of this host alone */
        sbc += demand->host && strcmp(demand->host, "sbc.example.com") == 0;
    }
    assert_int_equal(defaults, 1);
    assert_int_equal(sbc, 1);
    /* wifi: SBC, HAProxy, two push services, responder; sbc: two push services, responder; uc: HAProxy, UC,
     * OpenScape Voice, BCOM; and the default route */
    assert_int_equal(count_row(&plan, "net.vpn"), 13);
    vo_plan_free(&plan);
}

static void test_portal(void **state)
{
    (void)state;
    struct vo_site site = whole_site();
    struct vo_plan plan = plan_of(&site, VO_VANTAGE_WIFI);
    assert_string_equal(find(&plan, "net.proxy", 8080)->host, "detect.example.net");
    vo_plan_free(&plan);
    struct vo_error error;
    site.portal_url = "https://detect.example.net/";
    assert_int_equal(vo_plan_site(&plan, &site, VO_VANTAGE_WIFI, &error), VO_ERR_USAGE);
    assert_non_null(strstr(error.message, "portal_url"));
    vo_plan_free(&plan);
}

/* What the site file has not is told, row by row, and not left out: its rules would say only that there are
 * no records. Lists of push services that are empty are the site's own choice. */
static void test_lacks(void **state)
{
    (void)state;
    static const struct {
        const char *row, *lacks;
        bool unwanted;
    } rows[] = {
        {"path.sbc", "no sbc", false},
        {"fw.sip.tls", "no sbc", false},
        {"fw.haproxy", "no haproxy", false},
        {"fw.http8081", "no haproxy", false},
        {"fw.codes", "no uc", false},
        {"fw.soap", "no openscape_voice", false},
        {"tls.soap", "no openscape_voice", false},
        {"net.nat", "no responder", false},
        {"fw.apns.device", "Apple", true},
        {"fw.apns.provider", "Apple", true},
        {"fw.fcm", "Google", true},
        {"fw.fcm.provider", "Google", true},
    };
    struct vo_site site = {.name = "HQ", .mode = "integrated", .direct = "no"};
    struct vo_plan plan = plan_of(&site, VO_VANTAGE_WIFI);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct vo_demand *demand = find(&plan, rows[i].row, 0);
        if (!demand->lacks || !strstr(demand->lacks, rows[i].lacks) || demand->unwanted != rows[i].unwanted ||
            !demand->judged ||
            demand->last != (strcmp(demand->row, "fw.codes") == 0 || strcmp(demand->row, "tls.soap") == 0))
            fail_msg("%s: %s", rows[i].row, demand->lacks ? demand->lacks : "nothing lacks");
    }
    unsigned portal = 0;
    for (size_t i = 0; i < plan.count; i++)
        portal += plan.demands[i].lacks && strstr(plan.demands[i].lacks, "portal_url") != NULL;
    assert_int_equal(portal, 1);
    assert_int_equal(count_row(&plan, "fw.apns.device"), 1); /* not once a port */
    vo_plan_free(&plan);

    /* A whole site lacks nothing. */
    site = whole_site();
    plan = plan_of(&site, VO_VANTAGE_WIFI);
    for (size_t i = 0; i < plan.count; i++)
        assert_null(plan.demands[i].lacks);
    vo_plan_free(&plan);
}

static void test_split_url(void **state)
{
    (void)state;
    char host[256];
    const char *path;
    uint16_t port;
    assert_true(vo_plan_split_url("http://a.example", host, &port, &path));
    assert_string_equal(host, "a.example");
    assert_int_equal(port, 80);
    assert_string_equal(path, "/");
    assert_true(vo_plan_split_url("http://[2001:db8::1]:8080/x?y", host, &port, &path));
    assert_string_equal(host, "2001:db8::1");
    assert_int_equal(port, 8080);
    assert_string_equal(path, "/x?y");
    const char *const wrong[] = {"https://a/",   "http://",       "http:///x",      "http://a:/",
                                 "http://a:0/",  "ftp://a/",      "http://a:65536", "http://a:80x/",
                                 "http://[::1/", "http://[::1]x/"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (vo_plan_split_url(wrong[i], host, &port, &path))
            fail_msg("%s is taken", wrong[i]);
}

static void test_tcp_list(void **state)
{
    (void)state;
    const char *const targets[] = {"sbc.example.com:5060-5062", "[2001:db8::1]:443", "192.0.2.1:65535"};
    struct vo_plan plan = {0};
    struct vo_error error;
    assert_int_equal(vo_plan_tcp(&plan, targets, 3, &error), VO_OK);
    assert_int_equal(plan.count, 5);
    assert_string_equal(plan.demands[0].host, "sbc.example.com");
    assert_int_equal(plan.demands[2].port, 5062);
    assert_string_equal(plan.demands[3].host, "2001:db8::1");
    assert_int_equal(plan.demands[4].port, 65535);
    assert_false(vo_demand_has_tls(&plan.demands[0]));
    vo_plan_free(&plan);
    const char *const wrong[] = {"host",
                                 "host:",
                                 ":80",
                                 "host:0",
                                 "host:65536",
                                 "host:80-79",
                                 "host:80-",
                                 "host:80-81x",
                                 "host:-80",
                                 "::1:80",
                                 "[]:80",
                                 "host: 80",
                                 "",
                                 ":",
                                 "host:80,81",
                                 "host:+5",
                                 "host:99999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (vo_plan_tcp(&plan, &wrong[i], 1, &error) != VO_ERR_USAGE)
            fail_msg("%s is taken", wrong[i]);
        assert_non_null(strstr(error.message, "--tcp"));
        vo_plan_free(&plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sip_transports), cmocka_unit_test(test_modes),
        cmocka_unit_test(test_vantages),       cmocka_unit_test(test_push_ports),
        cmocka_unit_test(test_media_ports),    cmocka_unit_test(test_nat),
        cmocka_unit_test(test_sample),         cmocka_unit_test(test_routes),
        cmocka_unit_test(test_portal),         cmocka_unit_test(test_lacks),
        cmocka_unit_test(test_split_url),      cmocka_unit_test(test_tcp_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
