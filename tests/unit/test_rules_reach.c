/* The shipped rules of reachability: what each makes of an observation of voready-reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/analyze_case.h"

#include <stdlib.h>

#define PACK_FILE "rules/openscape-mobile.json"

#define SUBJECT(n, kind, id, labels, more)                                                                   \
    "{\"record\":\"observation\",\"run\":\"r\",\"n\":" n ",\"subject\":{\"kind\":\"" kind "\",\"id\":\"" id  \
    "\",\"key\":\"k\"," labels "}," more "}\n"
#define L(demand, role, transport)                                                                           \
    "\"demand\":\"" demand "\",\"role\":\"" role "\",\"transport\":\"" transport "\",\"vantage\":\"wifi\","  \
    "\"judged\":\"yes\",\"host\":\"h\""
#define LP(demand, role, transport, port) L(demand, role, transport) ",\"port\":" port
#define AT(address)                       ",\"address\":\"" address "\""
#define NO(demand, role, transport)                                                                          \
    "\"demand\":\"" demand "\",\"role\":\"" role "\",\"transport\":\"" transport "\",\"vantage\":\"wifi\","  \
    "\"judged\":\"no\",\"host\":\"h\""
#define STATE(name, word)   "\"states\":{\"" name "\":\"" word "\"}"
#define NUMBER(name, value) "\"metrics\":{\"" name "\":" value "}"
#define REACHED(word)       STATE("reach_state", word)
#define ONE(labels, more)   SUBJECT("2", "target", "t", labels, more)
#define OTHER(labels, more) SUBJECT("3", "target", "u", labels, more)

#define LIFETIME(value, basis, uncertainty)                                                                  \
    SUBJECT("2", "nat", "t", L("net.nat.lifetime", "responder", "udp"),                                      \
            NUMBER("nat_binding_lifetime_s",                                                                 \
                   value) ",\"basis\":{\"nat_binding_lifetime_s\":\"" basis                                  \
                          "\"},\"uncertainty\":{\"nat_binding_lifetime_s\":" uncertainty "}")

static const struct row {
    const char *rule, *profile, *records;
    const char *statuses; /* of the rule's results: p w f n a s i e */
} rows[] = {
    {"path.sbc", "voice", ONE(L("path.sbc", "sbc", "tcp"), REACHED("open")), "p"},
    {"path.sbc", "voice", ONE(L("path.sbc", "sbc", "tcp"), REACHED("unresolved")), "f"},
    {"path.sbc", "voice", ONE(NO("path.sbc", "sbc", "tcp"), REACHED("filtered")), "i"}, /* direct */
    {"path.sbc", "voice", "", "n"},
    /* the site's transport decides */
    {"fw.sip", "voice",
     ONE(L("fw.sip.tls", "sbc", "tls"), REACHED("open"))
         OTHER(NO("fw.sip.udp", "sbc", "udp"), REACHED("filtered")),
     "pi"},
    {"fw.sip", "integrated",
     ONE(NO("fw.sip.tls", "sbc", "tls"), REACHED("open"))
         OTHER(L("fw.sip.udp", "sbc", "udp"), REACHED("filtered")),
     "if"},
    /* IPv4 and IPv6 each by themselves; a family without an address makes no observation */
    {"fw.sip", "voice",
     ONE(L("fw.sip.tls", "sbc", "tls") AT("10.0.0.1"), REACHED("open"))
         OTHER(L("fw.sip.tls", "sbc", "tls") AT("2001:db8::1"), REACHED("filtered")),
     "pf"},
    {"fw.sip", "voice", ONE(L("fw.sip.tls", "sbc", "tls") AT("10.0.0.1"), REACHED("open")), "p"},
    {"fw.sip", "voice", ONE(L("fw.sip.tls", "sbc", "tls"), REACHED("intercepted")), "f"},
    /* media, by the responder; without it nothing is known */
    {"fw.rtp", "voice",
     ONE(L("fw.rtp", "responder", "udp") ",\"direction\":\"out\",\"local_port\":5008", REACHED("open")), "p"},
    {"fw.rtp", "voice",
     ONE(L("fw.rtp", "responder", "udp") ",\"direction\":\"out\"",
         "\"missing\":{\"reach_state\":\"no responder\"}"),
     "n"},
    {"fw.rtp", "voice", ONE(L("fw.rtp", "responder", "udp") ",\"direction\":\"in\"", REACHED("filtered")),
     "n"},
    {"fw.rtp.in", "voice", ONE(L("fw.rtp", "responder", "udp") ",\"direction\":\"in\"", REACHED("filtered")),
     "f"},
    /* 5223 or 443, of each address */
    {"fw.apns.device", "uc",
     ONE(LP("fw.apns.device", "apns_device", "tls", "5223") AT("17.0.0.1"), REACHED("filtered"))
         OTHER(LP("fw.apns.device", "apns_device", "tls", "443") AT("17.0.0.1"), REACHED("open")),
     "p"},
    {"fw.apns.device", "uc",
     ONE(LP("fw.apns.device", "apns_device", "tls", "5223") AT("17.0.0.1"), REACHED("open"))
         OTHER(LP("fw.apns.device", "apns_device", "tls", "5223") AT("2620:149::1"), REACHED("filtered")),
     "pf"},
    {"fw.apns.5223", "uc", ONE(LP("fw.apns.device", "apns_device", "tls", "5223"), REACHED("filtered")), "f"},
    /* 2195 and 2196: the firewall by the responder, Apple's silence for information */
    {"fw.apns.legacy", "voice",
     ONE(LP("fw.apns.provider", "responder", "tcp", "2195"), REACHED("open"))
         OTHER("\"demand\":\"fw.apns.provider\",\"role\":\"apns_provider\",\"port\":2195,\"judged\":\"no\"",
               REACHED("filtered")),
     "p"},
    {"fw.apns.legacy.apple", "voice",
     ONE(LP("fw.apns.provider", "responder", "tcp", "2195"), REACHED("open"))
         OTHER("\"demand\":\"fw.apns.provider\",\"role\":\"apns_provider\",\"port\":2195,\"judged\":\"no\"",
               REACHED("filtered")),
     "i"},
    {"fw.apns.provider", "voice",
     ONE(LP("fw.apns.provider", "apns_provider", "h2", "443"), REACHED("open"))
         OTHER("\"demand\":\"fw.apns.provider\",\"role\":\"apns_provider\",\"transport\":\"tcp\",\"port\":"
               "2195,\"judged\":\"no\"",
               REACHED("filtered")),
     "p"},
    {"fw.apns.provider", "voice",
     ONE(L("fw.apns.provider", "apns_provider", "h2") ",\"elsewhere\":\"sbc\"", "\"missing\":{}"), "a"},
    {"fw.fcm", "voice",
     ONE(LP("fw.fcm", "fcm_device", "tls", "5228"), REACHED("open"))
         OTHER(LP("fw.fcm", "fcm_device", "tls", "443"), REACHED("closed")),
     "pf"},
    {"net.internet", "voice",
     ONE(LP("fw.fcm", "fcm_device", "tls", "5228"), REACHED("open"))
         OTHER(LP("fw.apns.device", "apns_device", "tls", "443"), REACHED("filtered")),
     "p"},
    {"fw.haproxy", "uc",
     ONE(L("fw.haproxy", "haproxy", "https"), REACHED("open"))
         OTHER(L("fw.haproxy", "haproxy", "wss"), REACHED("closed")),
     "p"},
    {"fw.haproxy.status", "uc", ONE(L("fw.haproxy", "haproxy", "https"), NUMBER("http_status", "401")), "p"},
    {"fw.haproxy.status", "uc", ONE(L("fw.haproxy", "haproxy", "https"), NUMBER("http_status", "503")), "f"},
    {"fw.haproxy.websocket", "uc", ONE(L("fw.haproxy", "haproxy", "wss"), STATE("websocket_state", "held")),
     "p"},
    {"fw.haproxy.websocket", "uc", ONE(L("fw.haproxy", "haproxy", "wss"), STATE("websocket_state", "closed")),
     "f"},
    /* 8081: open is a failure; silence counts only if the address answers otherwise */
    {"fw.http8081", "uc", ONE(L("fw.http8081", "haproxy", "tcp") AT("10.0.0.1"), REACHED("open")), "f"},
    {"fw.http8081", "uc", ONE(L("fw.http8081", "haproxy", "tcp") AT("10.0.0.1"), REACHED("closed")), "p"},
    {"fw.http8081", "uc", ONE(L("fw.http8081", "haproxy", "tcp") AT("10.0.0.1"), REACHED("rejected")), "p"},
    {"fw.http8081", "uc", ONE(L("fw.http8081", "haproxy", "tcp"), REACHED("unresolved")), "w"},
    {"fw.http8081", "uc",
     ONE(L("fw.http8081", "haproxy", "tcp") AT("10.0.0.1"), REACHED("filtered"))
         OTHER(L("fw.haproxy", "haproxy", "https") AT("10.0.0.1"), REACHED("open")),
     "p"},
    {"fw.http8081", "uc",
     ONE(L("fw.http8081", "haproxy", "tcp") AT("10.0.0.1"), REACHED("filtered"))
         OTHER(L("fw.haproxy", "haproxy", "https") AT("10.0.0.1"), REACHED("filtered")),
     "n"},
    {"fw.soap", "integrated", ONE(L("fw.soap", "openscape_voice", "tls"), REACHED("open")), "p"},
    {"fw.codes", "uc",
     ONE(NO("fw.codes", "haproxy", "https"), REACHED("open"))
         OTHER(L("fw.codes", "haproxy and uc", ""), STATE("http_status_kept", "changed")),
     "f"},
    {"tls.soap", "integrated",
     ONE(L("tls.soap", "bcom", "tls"), REACHED("open"))
         OTHER(L("tls.soap", "openscape_voice and bcom", ""), STATE("tls_same_issuer", "same")),
     "p"},
    {"tls.trust", "voice", ONE(L("fw.sip.mtls", "sbc", "mtls"), STATE("tls_verified", "wrong_name")), "f"},
    {"tls.trust", "uc", ONE(L("fw.haproxy", "haproxy", "https"), STATE("tls_verified", "trusted")), "p"},
    {"tls.trust", "voice", ONE(NO("fw.sip.tls", "sbc", "tls"), STATE("tls_verified", "expired")), "i"},
    {"tls.client", "voice", ONE(L("fw.sip.mtls", "sbc", "mtls"), STATE("tls_client_certificate", "refused")),
     "f"},
    {"tls.client", "voice", ONE(L("fw.sip.mtls", "sbc", "mtls"), STATE("tls_client_certificate", "missing")),
     "w"},
    {"tls.client", "voice", ONE(L("fw.sip.tls", "sbc", "tls"), STATE("tls_client_certificate", "not_asked")),
     "p"},
    {"tls.expiry", "uc", ONE(L("fw.haproxy", "haproxy", "https"), NUMBER("tls_days_left", "30")), "p"},
    {"tls.expiry", "uc", ONE(L("fw.haproxy", "haproxy", "https"), NUMBER("tls_days_left", "29")), "w"},
    {"tls.expiry", "uc", ONE(L("fw.haproxy", "haproxy", "https"), NUMBER("tls_days_left", "-1")), "f"},
    {"tls.protocol", "uc", ONE(L("fw.haproxy", "haproxy", "https"), STATE("tls_protocol", "tls1.0")), "w"},
    {"tls.interception", "uc", ONE(L("fw.fcm", "fcm_device", "tls"), STATE("tls_interception", "suspected")),
     "w"},
    {"tls.interception", "uc",
     ONE(L("fw.fcm", "fcm_device", "tls"), STATE("tls_interception", "intercepted")), "f"},
    {"net.dns", "uc",
     ONE(L("dns", "haproxy", "") ",\"type\":\"A\",\"server\":\"s\"", STATE("dns_state", "resolved"))
         OTHER(L("dns", "haproxy", "") ",\"type\":\"AAAA\",\"server\":\"s\"", STATE("dns_state", "no_data")),
     "p"},
    {"net.dns", "uc",
     ONE(L("dns", "haproxy", "") ",\"type\":\"A\",\"server\":\"s\"", STATE("dns_state", "resolved"))
         OTHER(L("dns", "haproxy", "") ",\"type\":\"A\",\"server\":\"t\"", STATE("dns_state", "silent")),
     "pf"},
    {"net.dns.agreement", "uc", ONE(L("dns", "haproxy", ""), STATE("dns_agreement", "differs")), "f"},
    {"net.dns.srv", "voice", ONE(L("dns", "sbc", "") ",\"type\":\"SRV\"", STATE("dns_srv", "none")), "p"},
    /* of another transport's SRV records nothing is said */
    {"net.dns.srv", "voice",
     ONE(L("dns", "sbc", "") ",\"type\":\"SRV\"", STATE("dns_srv", "differs"))
         OTHER(L("dns", "sbc", "") ",\"type\":\"SRV\"", STATE("dns_state", "resolved")),
     "w"},
    /* what the site file has not, and what it does not want */
    {"fw.haproxy", "uc",
     ONE(L("fw.haproxy", "haproxy", "https"),
         "\"missing\":{\"reach_state\":\"the site file has no haproxy\"}"),
     "n"},
    {"fw.fcm", "uc",
     ONE(L("fw.fcm", "fcm_device", "tls") ",\"not_applicable\":\"no Android phones\"",
         "\"missing\":{\"reach_state\":\"no Android phones\"}"),
     "a"},
    {"net.internet", "uc",
     ONE(L("fw.fcm", "fcm_device", "tls") ",\"not_applicable\":\"no Android phones\"",
         "\"missing\":{\"reach_state\":\"no Android phones\"}")
         OTHER(LP("fw.apns.device", "apns_device", "tls", "443"), REACHED("filtered")),
     "f"},
    {"net.vpn", "uc", SUBJECT("2", "path", "p", L("net.vpn", "haproxy", ""), STATE("net_tunnel", "tunnel")),
     "f"},
    {"net.vpn", "uc", SUBJECT("2", "path", "p", NO("net.vpn", "haproxy", ""), STATE("net_tunnel", "tunnel")),
     "i"},
    {"net.mtu", "uc", SUBJECT("2", "path", "p", L("net.vpn", "haproxy", ""), NUMBER("net_mtu_bytes", "1420")),
     "i"},
    {"net.proxy", "voice",
     SUBJECT("2", "link", "h", "\"demand\":\"net.proxy\"", STATE("net_proxy", "configured")), "f"},
    {"net.portal", "uc",
     SUBJECT("2", "link", "h", "\"demand\":\"net.proxy\",\"role\":\"portal\"",
             STATE("net_portal", "captive")),
     "f"},
    {"net.clock", "uc",
     SUBJECT("2", "link", "h", "\"demand\":\"net.proxy\"", STATE("net_clock", "synchronised")), "p"},
    {"net.nat", "voice",
     SUBJECT("2", "nat", "wlan0", "\"family\":\"ipv4\"", STATE("nat_mapping", "translated"))
         SUBJECT("3", "nat", "wlan0", "\"family\":\"ipv6\"", STATE("nat_mapping", "none")),
     "fp"},
    /* without a responder: rejected on the way, or no port open at the SBC, where none is but in calls */
    {"fw.rtp", "voice", ONE(L("fw.rtp", "sbc", "udp") ",\"direction\":\"out\"", REACHED("rejected")), "f"},
    {"fw.rtp", "voice",
     ONE(L("fw.rtp", "sbc", "udp") ",\"direction\":\"out\",\"not_applicable\":\"no call\"",
         REACHED("closed")),
     "a"},
    /* more than a minute: the bounds 60 and 65 are above, 45 and 60 below, 45 and 75 on both sides */
    {"net.nat.lifetime", "uc", LIFETIME("62.5", "interval", "2.5"), "p"},
    {"net.nat.lifetime", "uc", LIFETIME("52.5", "interval", "7.5"), "f"},
    {"net.nat.lifetime", "uc", LIFETIME("60", "interval", "15"), "w"},
    {"net.nat.lifetime", "uc", LIFETIME("70", "interval", "20"), "w"},
    {"net.nat.lifetime", "voice", LIFETIME("120", "lower_bound", "null"), "p"},
    {"net.nat.lifetime", "voice", LIFETIME("12", "lower_bound", "null"), "n"},
    {"net.nat.lifetime", "voice",
     SUBJECT("2", "nat", "t", NO("net.nat.lifetime", "responder", "udp"),
             NUMBER("nat_binding_lifetime_s", "22.5")),
     "i"},
    {"net.alg", "voice",
     SUBJECT("2", "nat", "t", L("net.alg", "responder", "udp"), STATE("sip_alg_state", "none")), "p"},
    {"net.alg", "voice",
     SUBJECT("2", "nat", "t", L("net.alg", "responder", "udp"), STATE("sip_alg_state", "rewritten"))
         SUBJECT("3", "nat", "u", L("net.alg", "responder", "tcp"), STATE("sip_alg_state", "dropped")),
     "ff"},
    /* what tells of ALGs and lifetimes says nothing of the mapping */
    {"net.nat", "voice",
     SUBJECT("2", "nat", "wlan0", "\"family\":\"ipv4\"", STATE("nat_mapping", "none"))
         SUBJECT("3", "nat", "u", L("net.alg", "responder", "tcp") ",\"family\":\"ipv4\"",
                 STATE("sip_alg_state", "dropped")),
     "p"},
    {"sip.options", "voice", ONE(L("fw.sip.tls", "sbc", "tls"), NUMBER("sip_options_code", "405")), "p"},
    {"sip.options", "voice", ONE(L("fw.sip.tls", "sbc", "tls"), NUMBER("sip_options_code", "503")), "w"},
    {"sip.auth", "voice", ONE(L("fw.sip.tls", "sbc", "tls"), STATE("sip_register_state", "registered")), "p"},
    {"sip.auth", "voice", ONE(L("fw.sip.tls", "sbc", "tls"), STATE("sip_register_state", "unchallenged")),
     "f"},
    {"sip.auth.server", "voice",
     ONE(L("fw.sip.tls", "sbc", "tls"), STATE("sip_server_authentication", "absent")), "f"},
    {"sip.expiry", "voice", ONE(L("fw.sip.tls", "sbc", "tls"), NUMBER("sip_expires_s", "604800")), "p"},
    {"sip.expiry", "voice", ONE(L("fw.sip.tls", "sbc", "tls"), NUMBER("sip_expires_s", "3600")), "f"},
    /* the account asks for no more: what the SBC would grant is not known */
    {"sip.expiry", "voice",
     ONE(L("fw.sip.tls", "sbc", "tls"),
         NUMBER("sip_expires_s", "3600") ",\"basis\":{\"sip_expires_s\":\"lower_bound\"}"),
     "n"},
};

static void rules_judge_observations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct vo_selection selection = {.profile = rows[i].profile, .areas = "reach,tls,net,sip"};
        struct vo_case it;
        char statuses[16];
        if (case_file(&it, PACK_FILE, &selection, rows[i].records) != VO_OK)
            fail_msg("row %zu: %s", i, it.error.message);
        if (strcmp(case_statuses(&it, rows[i].rule, statuses), rows[i].statuses) != 0)
            fail_msg("row %zu, %s: '%s' instead of '%s'", i, rows[i].rule, statuses, rows[i].statuses);
        case_free(&it);
    }
}

/* Every rule of these areas has a row above; every demand that is judged has a rule. */
static void rules_and_rows_agree(void **state)
{
    (void)state;
    static const char *const demands[] = {
        "path.sbc",       "fw.sip.udp",       "fw.sip.tcp", "fw.sip.tls",      "fw.sip.mtls", "fw.rtp",
        "fw.apns.device", "fw.apns.provider", "fw.fcm",     "fw.haproxy",      "fw.http8081", "fw.soap",
        "fw.codes",       "tls.soap",         "net.proxy",  "fw.fcm.provider",
    };
    struct vo_rules rules = {0};
    struct vo_error error;
    assert_int_equal(vo_rules_load(&rules, PACK_FILE, &error), VO_OK);
    for (size_t i = 0; i < rules.count; i++) {
        const struct vo_rule *rule = &rules.rules[i];
        size_t j = 0;
        if (!vo_area_in("reach,tls,net,sip", rule->area))
            continue;
        while (j < sizeof rows / sizeof *rows && strcmp(rows[j].rule, rule->id) != 0)
            j++;
        if (j == sizeof rows / sizeof *rows && strcmp(rule->id, "fw.fcm.provider") != 0 &&
            strcmp(rule->id, "fw.apns.provider.http2") != 0)
            fail_msg("no row for the rule %s", rule->id);
    }
    for (size_t i = 0; i < sizeof demands / sizeof *demands; i++) {
        bool found = false;
        for (size_t j = 0; j < rules.count && !found; j++) {
            const struct vo_json *name = vo_json_child(vo_json_get(rules.rules[j].where, "demand"));
            for (; name && !found; name = vo_json_next(name))
                found = strcmp(vo_json_text(name), demands[i]) == 0;
        }
        if (!found)
            fail_msg("no rule for the demand %s", demands[i]);
    }
    vo_rules_release(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_judge_observations),
        cmocka_unit_test(rules_and_rows_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
