#include "probes/io/nl80211_scan.h"

#include "probes/io/nl80211_attribute.h"
#include "probes/io/nl80211_private.h"

#include <linux/nl80211.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

/* Newer than the headers of some systems. */
enum { BSS_MLO_LINK_ID = 21, BSS_MLD_ADDR = 22 };

_Static_assert((int)VO_SCAN_ASSOCIATED == NL80211_BSS_STATUS_ASSOCIATED &&
                   (int)VO_SCAN_JOINED == NL80211_BSS_STATUS_IBSS_JOINED,
               "the kernel's numbers");

/* --- asking for a scan --- */

static bool put_ssids(struct nl_msg *message, const struct vo_scan_request *request)
{
    struct nlattr *list = nla_nest_start(message, NL80211_ATTR_SCAN_SSIDS);
    if (!list || nla_put(message, 1, 0, NULL) != 0) /* the wildcard: everybody answers */
        return false;
    for (size_t i = 0; i < request->ssid_count && i < VO_SCAN_SSIDS; i++)
        if (nla_put(message, (int)i + 2, request->ssids[i].size, request->ssids[i].bytes) != 0)
            return false;
    nla_nest_end(message, list);
    return true;
}

static bool put_frequencies(struct nl_msg *message, const struct vo_scan_request *request)
{
    struct nlattr *list = nla_nest_start(message, NL80211_ATTR_SCAN_FREQUENCIES);
    for (size_t i = 0; list && i < request->frequency_count; i++)
        if (nla_put_u32(message, (int)i + 1, request->frequencies_mhz[i]) != 0)
            return false;
    if (list)
        nla_nest_end(message, list);
    return list != NULL;
}

static bool put_request(struct nl_msg *message, uint32_t index, const struct vo_scan_request *request)
{
    return nla_put_u32(message, NL80211_ATTR_IFINDEX, index) == 0 &&
           (!request->active || put_ssids(message, request)) &&
           (request->frequency_count == 0 || put_frequencies(message, request)) &&
           (!request->flush || nla_put_u32(message, NL80211_ATTR_SCAN_FLAGS, NL80211_SCAN_FLAG_FLUSH) == 0) &&
           (request->dwell_tu == 0 ||
            nla_put_u16(message, NL80211_ATTR_MEASUREMENT_DURATION, request->dwell_tu) == 0);
}

enum vo_status vo_nl80211_scan(struct vo_nl80211 *nl80211, uint32_t index,
                               const struct vo_scan_request *request, struct vo_error *error)
{
    struct nl_msg *message = vo_nl80211_message(nl80211, NL80211_CMD_TRIGGER_SCAN, 0);
    if (!message || !put_request(message, index, request)) {
        nlmsg_free(message);
        return vo_error_memory(error, "a netlink request");
    }
    return vo_nl80211_ask(
        nl80211, (struct vo_nl80211_request){.message = message, .what = "scan", .index = index}, error);
}

/* --- results --- */

static bool take_signal(void *to, const struct vo_nla *attribute)
{
    struct vo_scan_bss *bss = to;
    uint32_t number;
    if (!vo_nla_u32(attribute, &number))
        return false;
    memcpy(&bss->signal_mbm, &number, sizeof number);
    bool possible = bss->signal_mbm >= VO_DBM_LOWEST * 100 && bss->signal_mbm <= VO_DBM_HIGHEST * 100;
    bss->has &= ~(UINT64_C(1) << VO_SCAN_SIGNAL | UINT64_C(1) << VO_SCAN_SIGNAL_DOUBTFUL);
    bss->has |= UINT64_C(1) << (possible ? VO_SCAN_SIGNAL : VO_SCAN_SIGNAL_DOUBTFUL);
    return true;
}

static bool take_percent(void *to, const struct vo_nla *attribute)
{
    struct vo_scan_bss *bss = to;
    if (!vo_nla_u8(attribute, &bss->signal_percent) || bss->signal_percent > 100)
        return false;
    bss->has |= UINT64_C(1) << VO_SCAN_SIGNAL_PERCENT;
    return true;
}

static bool take_chains(void *to, const struct vo_nla *attribute)
{
    struct vo_scan_bss *bss = to;
    bool good = vo_nla_chains(attribute, &bss->chain_mask, bss->chain_dbm, VO_SCAN_CHAINS_MAX);
    if (bss->chain_mask)
        bss->has |= UINT64_C(1) << VO_SCAN_CHAINS;
    return good;
}

static bool take_probe(void *to, const struct vo_nla *attribute)
{
    (void)attribute;
    ((struct vo_scan_bss *)to)->from_probe = true;
    return true;
}

static bool take_elements(void *to, const struct vo_nla *attribute)
{
    struct vo_scan_bss *bss = to;
    bss->elements = attribute->data;
    bss->elements_size = attribute->size;
    bss->has |= UINT64_C(1) << VO_SCAN_ELEMENTS;
    return true;
}

static bool take_beacon_elements(void *to, const struct vo_nla *attribute)
{
    struct vo_scan_bss *bss = to;
    bss->beacon_elements = attribute->data;
    bss->beacon_elements_size = attribute->size;
    bss->has |= UINT64_C(1) << VO_SCAN_BEACON_ELEMENTS;
    return true;
}

#define AT(member) offsetof(struct vo_scan_bss, member)
static const struct vo_nla_field bss_fields[] = {
    {NL80211_BSS_BSSID, VO_NLA_ADDRESS, VO_SCAN_BSSID, AT(bssid), NULL},
    {NL80211_BSS_FREQUENCY, VO_NLA_32, VO_SCAN_FREQUENCY, AT(frequency_mhz), NULL},
    {NL80211_BSS_FREQUENCY_OFFSET, VO_NLA_32, VO_SCAN_OFFSET, AT(offset_khz), NULL},
    {NL80211_BSS_SIGNAL_MBM, VO_NLA_OTHER, 0, 0, take_signal},
    {NL80211_BSS_SIGNAL_UNSPEC, VO_NLA_OTHER, 0, 0, take_percent},
    {NL80211_BSS_CHAIN_SIGNAL, VO_NLA_OTHER, 0, 0, take_chains},
    {NL80211_BSS_SEEN_MS_AGO, VO_NLA_32, VO_SCAN_AGE, AT(seen_ms_ago), NULL},
    {NL80211_BSS_LAST_SEEN_BOOTTIME, VO_NLA_64, VO_SCAN_BOOTTIME, AT(boottime_ns), NULL},
    {NL80211_BSS_TSF, VO_NLA_64, VO_SCAN_TSF, AT(tsf), NULL},
    {NL80211_BSS_BEACON_TSF, VO_NLA_64, VO_SCAN_BEACON_TSF, AT(beacon_tsf), NULL},
    {NL80211_BSS_BEACON_INTERVAL, VO_NLA_16, VO_SCAN_BEACON_INTERVAL, AT(beacon_interval_tu), NULL},
    {NL80211_BSS_CAPABILITY, VO_NLA_16, VO_SCAN_CAPABILITY, AT(capability), NULL},
    {NL80211_BSS_STATUS, VO_NLA_32, VO_SCAN_STATUS, AT(status), NULL},
    {NL80211_BSS_PRESP_DATA, VO_NLA_OTHER, 0, 0, take_probe},
    {NL80211_BSS_INFORMATION_ELEMENTS, VO_NLA_OTHER, 0, 0, take_elements},
    {NL80211_BSS_BEACON_IES, VO_NLA_OTHER, 0, 0, take_beacon_elements},
    {BSS_MLO_LINK_ID, VO_NLA_8, VO_SCAN_LINK, AT(link), NULL},
    {BSS_MLD_ADDR, VO_NLA_ADDRESS, VO_SCAN_MLD, AT(mld), NULL},
};

static bool take_bss(void *to, const struct vo_nla *attribute)
{
    struct vo_scan_bss *bss = to;
    vo_nla_fill(attribute->data, attribute->size, bss_fields, sizeof bss_fields / sizeof *bss_fields,
                (struct vo_nla_target){bss, &bss->has, &bss->malformed});
    return true;
}

void vo_scan_parse(const void *attributes, size_t size, struct vo_scan_bss *bss)
{
    static const struct vo_nla_field fields[] = {{NL80211_ATTR_BSS, VO_NLA_OTHER, 0, 0, take_bss}};
    memset(bss, 0, sizeof *bss);
    bss->bssid = bss->mld = VO_WLAN_NO_ADDRESS;
    vo_nla_fill(attributes, size, fields, 1, (struct vo_nla_target){bss, &bss->has, &bss->malformed});
}

struct scan_walk {
    void (*each)(void *context, const struct vo_scan_bss *bss);
    void *context;
};

static void give_bss(void *context, const void *attributes, size_t size)
{
    const struct scan_walk *walk = context;
    struct vo_scan_bss bss;
    vo_scan_parse(attributes, size, &bss);
    walk->each(walk->context, &bss);
}

enum vo_status vo_nl80211_scan_results(struct vo_nl80211 *nl80211, uint32_t index,
                                       void (*each)(void *context, const struct vo_scan_bss *bss),
                                       void *context, struct vo_error *error)
{
    struct scan_walk walk = {each, context};
    return vo_nl80211_ask(nl80211,
                          (struct vo_nl80211_request){
                              .message = vo_nl80211_about(nl80211, NL80211_CMD_GET_SCAN, NLM_F_DUMP, index),
                              .what = "scan results",
                              .index = index,
                              .each = give_bss,
                              .context = &walk},
                          error);
}
