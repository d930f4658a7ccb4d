#include "analyze/mention.h"

#include <string.h>

static const struct {
    enum vo_metric metric;
    const char *label, *before; /* what stands before its value */
} mentions[] = {
    {VO_METRIC_REACH_STATE, "offender", "refused by "},
    {VO_METRIC_REACH_STATE, "icmp", ""},
    {VO_METRIC_REACH_STATE, "detail", ""},
    {VO_METRIC_TLS_VERIFIED, "tls_fault_text", ""},
    {VO_METRIC_TLS_VERIFIED, "tls_issuer", "issued by "},
    {VO_METRIC_TLS_DAYS_LEFT, "tls_not_after", "the first certificate is valid until "},
    {VO_METRIC_TLS_INTERCEPTION, "tls_issuer", "issued by "},
    {VO_METRIC_TLS_CLIENT_CERTIFICATE, "tls_failure", ""},
    {VO_METRIC_TLS_SAME_ISSUER, "issuer_openscape_voice", "OpenScape Voice: "},
    {VO_METRIC_TLS_SAME_ISSUER, "issuer_bcom", "BCOM: "},
    {VO_METRIC_HTTP_STATUS, "http_location", "it leads to "},
    {VO_METRIC_HTTP_STATUS_KEPT, "status_haproxy", "through HAProxy "},
    {VO_METRIC_HTTP_STATUS_KEPT, "status_uc", "directly "},
    {VO_METRIC_HTTP2_STATE, "http2_answer", ""},
    {VO_METRIC_WEBSOCKET_STATE, "websocket_answer", ""},
    {VO_METRIC_SIP_OPTIONS_CODE, "sip_server", "answered by "},
    {VO_METRIC_NET_TUNNEL, "interface", "by "},
    {VO_METRIC_NET_PROXY, "proxy", ""},
    {VO_METRIC_NET_PORTAL, "portal_location", "it leads to "},
    {VO_METRIC_NAT_MAPPING, "local", "sent from "},
    {VO_METRIC_NAT_MAPPING, "mapped", "seen as "},
    {VO_METRIC_WLAN_SIGNAL_HANDSET_DBM, "phone", "for the phone "},
    {VO_METRIC_WLAN_SEPARATION_DB, "interferer", "against "},
    {VO_METRIC_WLAN_SEPARATION_DB, "interferer_ssid", "of "},
    {VO_METRIC_WLAN_OVERLAP_PERCENT, "neighbour", "with "},
    {VO_METRIC_WLAN_UTILIZATION_PERCENT, "load_raw", "last announced, of 255: "},
    {VO_METRIC_WLAN_UTILIZATION_V1_PERCENT, "load_v1_raw", "last announced, of 100: "},
    {VO_METRIC_WLAN_CAPACITY_CALLS, "load_from", "load from "},
    {VO_METRIC_WLAN_SECURITY, "akms", "AKMs "},
};

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
            const char *value =
                label->text ? label->text : vo_arena_format(judge->arena, "%g", label->number);
            result->reason =
                vo_arena_format(judge->arena, "%s; %s%s", result->reason, mentions[i].before, value);
        }
    }
}
