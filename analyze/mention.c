#include "analyze/mention.h"

#include <string.h>

static const struct {
    enum vo_metric metric;
    const char *label, *before, *after; /* what stands around its value; `after` NULL: nothing */
} mentions[] = {
    {VO_METRIC_REACH_STATE, "offender", "refused by ", NULL},
    {VO_METRIC_REACH_STATE, "icmp", "", NULL},
    {VO_METRIC_REACH_STATE, "detail", "", NULL},
    {VO_METRIC_TLS_VERIFIED, "tls_fault_text", "", NULL},
    {VO_METRIC_TLS_VERIFIED, "tls_issuer", "issued by ", NULL},
    {VO_METRIC_TLS_DAYS_LEFT, "tls_not_after", "the first certificate is valid until ", NULL},
    {VO_METRIC_TLS_INTERCEPTION, "tls_issuer", "issued by ", NULL},
    {VO_METRIC_TLS_CLIENT_CERTIFICATE, "tls_failure", "", NULL},
    {VO_METRIC_TLS_SAME_ISSUER, "issuer_openscape_voice", "OpenScape Voice: ", NULL},
    {VO_METRIC_TLS_SAME_ISSUER, "issuer_bcom", "BCOM: ", NULL},
    {VO_METRIC_HTTP_STATUS, "http_location", "it leads to ", NULL},
    {VO_METRIC_HTTP_STATUS_KEPT, "status_haproxy", "through HAProxy ", NULL},
    {VO_METRIC_HTTP_STATUS_KEPT, "status_uc", "directly ", NULL},
    {VO_METRIC_HTTP2_STATE, "http2_answer", "", NULL},
    {VO_METRIC_WEBSOCKET_STATE, "websocket_answer", "", NULL},
    {VO_METRIC_SIP_OPTIONS_CODE, "sip_server", "answered by ", NULL},
    {VO_METRIC_NET_TUNNEL, "interface", "by ", NULL},
    {VO_METRIC_NET_PROXY, "proxy", "", NULL},
    {VO_METRIC_NET_PORTAL, "portal_location", "it leads to ", NULL},
    {VO_METRIC_NAT_MAPPING, "local", "sent from ", NULL},
    {VO_METRIC_NAT_MAPPING, "mapped", "seen as ", NULL},
    {VO_METRIC_WLAN_SIGNAL_DBM, "bssid", "of ", NULL},
    {VO_METRIC_WLAN_SIGNAL_HANDSET_DBM, "bssid", "of ", NULL},
    {VO_METRIC_WLAN_SIGNAL_HANDSET_DBM, "phone", "for the phone ", NULL},
    {VO_METRIC_WLAN_SEPARATION_DB, "interferer", "against ", NULL},
    {VO_METRIC_WLAN_SEPARATION_DB, "interferer_ssid", "of ", NULL},
    {VO_METRIC_WLAN_SEPARATION_DB, "interferer_dbm", "heard at ", " dBm"},
    {VO_METRIC_WLAN_SEPARATION_DB, "not_told", "", " others may be nearer, which is not known of them"},
    {VO_METRIC_WLAN_EFFECTIVE_SEPARATION_DB, "interferer", "against ", NULL},
    {VO_METRIC_WLAN_EFFECTIVE_SEPARATION_DB, "interferer_ssid", "of ", NULL},
    {VO_METRIC_WLAN_EFFECTIVE_SEPARATION_DB, "interferer_dbm", "heard at ", " dBm"},
    {VO_METRIC_WLAN_ACCESS_POINTS, "boundary_dbm", "at or above ", " dBm"},
    {VO_METRIC_WLAN_SECOND_SIGNAL_DBM, "second", "of ", NULL},
    {VO_METRIC_WLAN_OVERLAP_PERCENT, "neighbour", "with ", NULL},
    {VO_METRIC_WLAN_OVERLAP_PERCENT, "shared_places", "both at ", " places"},
    {VO_METRIC_WLAN_SNR_DB, "bssid", "of ", NULL},
    {VO_METRIC_WLAN_PER_PERCENT, "bssid", "with ", NULL},
    {VO_METRIC_WLAN_PER_PERCENT, "direction", "", NULL},
    {VO_METRIC_WLAN_UTILIZATION_PERCENT, "load_raw", "last announced, of 255: ", NULL},
    {VO_METRIC_WLAN_UTILIZATION_V1_PERCENT, "load_v1_raw", "last announced, of 100: ", NULL},
    {VO_METRIC_WLAN_CAPACITY_CALLS, "load_from", "load from ", NULL},
    {VO_METRIC_WLAN_CAPACITY_CALLS, "load_percent", "", " %"},
    {VO_METRIC_WLAN_CAPACITY_CALLS, "rate_down", "down ", NULL},
    {VO_METRIC_WLAN_CAPACITY_CALLS, "rate_up", "up ", NULL},
    {VO_METRIC_WLAN_SECURITY, "akms", "AKMs ", NULL},
    {VO_METRIC_WLAN_ROAM_SIGNAL_BEFORE_DBM, "from", "from ", NULL},
    {VO_METRIC_WLAN_ROAM_SIGNAL_BEFORE_DBM, "to", "to ", NULL},
    {VO_METRIC_WLAN_ROAM_GAP_MS, "from", "from ", NULL},
    {VO_METRIC_WLAN_ROAM_GAP_MS, "to", "to ", NULL},
    {VO_METRIC_WLAN_ROAM_MEDIA, "from", "from ", NULL},
    {VO_METRIC_WLAN_ROAM_MEDIA, "to", "to ", NULL},
    {VO_METRIC_WLAN_ROAM_SUBNET, "address_before", "before it ", NULL},
    {VO_METRIC_WLAN_ROAM_SUBNET, "address_after", "after it ", NULL},
};

static void add(const struct vo_judge *judge, struct vo_result *result, const char *before, const char *value,
                const char *after)
{
    result->reason =
        vo_arena_format(judge->arena, "%s; %s%s%s", result->reason, before, value, after ? after : "");
}

/* In how many scans an SSID was not heard; where what was measured of the air was measured, but for cells,
 * whose id says it. */
static void mention_air(const struct vo_judge *judge, struct vo_result *result)
{
    const struct vo_fact *fact = result->fact;
    double scans = vo_fact_number(fact, VO_METRIC_WLAN_SCANS);
    if (result->rule->metric == &vo_metrics[VO_METRIC_WLAN_COVERAGE] && scans >= 1)
        add(judge, result, "in ", vo_arena_format(judge->arena, "%.0f", scans),
            scans < 2 ? " scan" : " scans");
    if (strncmp(result->rule->metric->name, "wlan_", 5) == 0 && fact->place &&
        strcmp(fact->kind, "cell") != 0)
        add(judge, result, "at ", fact->place, NULL);
}

void vo_mention_labels(const struct vo_judge *judge, struct vo_result *result)
{
    if (!result->fact || (result->status != VO_RESULT_FAIL && result->status != VO_RESULT_WARN))
        return;
    for (size_t i = 0; i < sizeof mentions / sizeof *mentions; i++) {
        if (result->rule->metric != &vo_metrics[mentions[i].metric])
            continue;
        for (size_t j = 0; j < result->fact->label_count; j++) {
            const struct vo_fact_label *label = &result->fact->labels[j];
            if (strcmp(label->name, mentions[i].label) != 0)
                continue;
            add(judge, result, mentions[i].before,
                label->text ? label->text : vo_arena_format(judge->arena, "%g", label->number),
                mentions[i].after);
        }
    }
    mention_air(judge, result);
}
