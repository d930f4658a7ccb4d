#include "probes/wlan/describe.h"

#include "core/estimate/channel.h"
#include "core/utf8.h"

#include <stdio.h>
#include <string.h>

char *vo_ssid_text(const uint8_t *ssid, unsigned size, char text[VO_SSID_TEXT])
{
    size_t used = 0;
    for (unsigned at = 0; at < size;) {
        size_t length = vo_utf8_length((const char *)ssid + at, size - at);
        if (length == 0 || ssid[at] < 0x20 || ssid[at] == 0x7f) {
            used += (size_t)snprintf(text + used, VO_SSID_TEXT - used, "\\x%02x", ssid[at]);
            at++;
            continue;
        }
        memcpy(text + used, ssid + at, length);
        used += length;
        at += (unsigned)length;
    }
    text[used] = '\0';
    return text;
}

bool vo_ssid_is_told(const uint8_t *ssid, unsigned size, const char *const *names, size_t count)
{
    char text[VO_SSID_TEXT];
    vo_ssid_text(ssid, size, text);
    for (size_t i = 0; size && i < count; i++)
        if (strcmp(names[i], text) == 0 || (strlen(names[i]) == size && memcmp(names[i], ssid, size) == 0))
            return true;
    return false;
}

bool vo_ssid_name_is_possible(const char *name)
{
    size_t bytes = 0;
    for (const char *at = name; *at; bytes++)
        at += at[0] == '\\' && at[1] == 'x' && strspn(at + 2, "0123456789abcdef") >= 2 ? 4 : 1;
    return bytes > 0 && bytes <= VO_SSID_MAX;
}

#define SUITE(n) (UINT32_C(1) << (n))
enum {
    PSK = SUITE(2) | SUITE(4) | SUITE(6) | SUITE(19) | SUITE(20),
    SAE = SUITE(8) | SUITE(9) | SUITE(24) | SUITE(25),
    OWE = SUITE(18),
    SUITE_B = SUITE(11) | SUITE(12) | SUITE(13) | SUITE(22) | SUITE(23),
};

static const char unknown[] = "unknown";

const char *vo_bss_security_word(const struct vo_bss_info *info, uint16_t capability)
{
    /* the weakest first */
    static const struct {
        uint32_t akms;
        const char *word;
    } words[] = {{PSK, "wpa2_personal"},
                 {OWE, "owe"},
                 {SAE, "wpa3_personal"},
                 {(VO_AKM_IEEE8021X | VO_AKM_FILS) & ~SUITE_B, "wpa2_enterprise"},
                 {SUITE_B, "wpa3_enterprise"}};
    if (vo_bss_has(info, VO_BSS_WPA))
        return "wpa";
    if (info->cut) /* WPA, which is weaker, comes last */
        return unknown;
    if (!vo_bss_has(info, VO_BSS_RSN))
        return vo_bss_has(info, VO_BSS_OTHER_SECURITY) ? "other"
               : capability & VO_CAPABILITY_PRIVACY    ? "wep"
                                                       : "open";
    if (!(info->rsn.parts & VO_BSS_SECURITY_AKM)) /* without a list it means 802.1X (9.4.2.24.1) */
        return info->rsn.broken ? unknown : "wpa2_enterprise";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (info->rsn.akms & words[i].akms)
            return words[i].word;
    return "other";
}

const char *vo_bss_pmf_word(const struct vo_bss_info *info)
{
    if (!vo_bss_has(info, VO_BSS_RSN))
        return info->cut ? unknown : "off";
    if (info->rsn.broken && !(info->rsn.parts & VO_BSS_SECURITY_CAPABILITIES))
        return unknown;
    unsigned capabilities = info->rsn.capabilities;
    return capabilities & VO_RSN_PMF_REQUIRED  ? "required"
           : capabilities & VO_RSN_PMF_CAPABLE ? "optional"
                                               : "off";
}

const char *vo_bss_phy_word(const struct vo_bss_info *info, uint16_t mhz)
{
    static const struct {
        enum vo_bss_field field;
        const char *word;
    } newest[] = {{VO_BSS_EHT, "be"}, {VO_BSS_HE, "ax"}, {VO_BSS_VHT, "ac"}, {VO_BSS_HT, "n"}};
    for (size_t i = 0; i < sizeof newest / sizeof *newest; i++) {
        if (vo_bss_has(info, newest[i].field))
            return newest[i].word;
        if (info->cut) /* only the newest is surely not followed by a newer one */
            return NULL;
    }
    if (vo_channel_band(mhz) == VO_CHANNEL_5_GHZ || vo_channel_band(mhz) == VO_CHANNEL_4_9_GHZ)
        return "a";
    return info->ofdm ? "g" : info->dsss ? "b" : NULL;
}

/* Names of the suites, those of other organisations as "other". */
static char *suites_text(uint32_t suites, bool other, const char *(*name)(unsigned), char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < 32 && used < size; i++) {
        if (!(suites >> i & 1))
            continue;
        const char *known = name(i);
        used += known ? (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", known)
                      : (size_t)snprintf(text + used, size - used, "%s%u", used ? ", " : "", i);
    }
    if (other && used < size)
        snprintf(text + used, size - used, "%sother", used ? ", " : "");
    return text;
}

char *vo_bss_akm_text(const struct vo_bss_info *info, char *text, size_t size)
{
    bool rsn = vo_bss_has(info, VO_BSS_RSN);
    const struct vo_bss_security *security = rsn ? &info->rsn : &info->wpa;
    text[0] = '\0';
    if (!rsn && !vo_bss_has(info, VO_BSS_WPA))
        return text;
    return suites_text(security->akms, security->other_akm, vo_akm_name, text, size);
}

static void label_if(struct vo_record_writer *writer, const struct vo_bss_info *info, enum vo_bss_field field,
                     const char *name, double value)
{
    if (vo_bss_has(info, field))
        vo_observe_label_number(writer, name, value);
}

static void label_channel(struct vo_record_writer *writer, const struct vo_bss_info *info, uint16_t mhz)
{
    unsigned number = vo_channel_number(mhz);
    if (mhz) {
        vo_observe_label_number(writer, "frequency_mhz", mhz);
        vo_observe_label(writer, "band", vo_channel_band_name(vo_channel_band(mhz)));
    }
    if (number)
        vo_observe_label_number(writer, "channel", number);
    label_if(writer, info, VO_BSS_WIDTH, "width_mhz", info->width_mhz);
    label_if(writer, info, VO_BSS_CENTER, "center_mhz", info->center_mhz);
    label_if(writer, info, VO_BSS_CENTER_2, "center_2_mhz", info->center_2_mhz);
    label_if(writer, info, VO_BSS_PUNCTURED, "punctured", info->punctured);
    label_if(writer, info, VO_BSS_CHANNEL_SWITCH, "channel_switch_to", info->switch_channel);
}

static void label_security(struct vo_record_writer *writer, const struct vo_bss_info *info)
{
    char text[256];
    const struct vo_bss_security *security = vo_bss_has(info, VO_BSS_RSN) ? &info->rsn : &info->wpa;
    if (!vo_bss_has(info, VO_BSS_RSN) && !vo_bss_has(info, VO_BSS_WPA))
        return;
    vo_observe_label(writer, "akms", vo_bss_akm_text(info, text, sizeof text));
    vo_observe_label(
        writer, "ciphers",
        suites_text(security->pairwise, security->other_pairwise, vo_cipher_name, text, sizeof text));
}

static void label_rest(struct vo_record_writer *writer, const struct vo_bss_info *info)
{
    char text[64];
    if (vo_bss_has(info, VO_BSS_COUNTRY)) {
        snprintf(text, sizeof text, "%.2s", info->country);
        vo_observe_label(writer, "country", text);
    }
    if (vo_bss_has(info, VO_BSS_MOBILITY_DOMAIN)) {
        snprintf(text, sizeof text, "%04x", info->mobility_domain);
        vo_observe_label(writer, "mobility_domain", text);
    }
    if (vo_bss_has(info, VO_BSS_MULTI_LINK)) {
        char address[VO_WLAN_ADDRESS_TEXT];
        vo_observe_label(writer, "multi_link_device", vo_wlan_address_text(info->mld, address));
    }
    if (vo_bss_has(info, VO_BSS_CISCO_NAME)) {
        char name[VO_SSID_TEXT];
        vo_observe_label(writer, "ap_name", vo_ssid_text(info->cisco_name, info->cisco_name_size, name));
    }
    label_if(writer, info, VO_BSS_POWER_CONSTRAINT, "power_constraint_db", info->power_constraint_db);
    label_if(writer, info, VO_BSS_COUNTRY_POWER, "power_limit_dbm", info->country_dbm);
    if (info->malformed)
        vo_observe_label_number(writer, "malformed_elements", info->malformed);
}

static const char not_whole[] = "its beacons were not captured whole, or end within an element";

/* `is_told`: what it depends on is there, so that "off" is no guess. */
static void put_word(struct vo_record_writer *writer, const struct vo_bss_info *info, enum vo_metric state,
                     bool is_on, bool is_told)
{
    if (is_told || !info->cut)
        vo_observe_state(writer, state, is_on ? "on" : "off");
    else
        vo_observe_missing(writer, state, "%s", not_whole);
}

static void put_security(struct vo_record_writer *writer, enum vo_metric state, const char *word,
                         const struct vo_bss_info *info)
{
    if (word != unknown)
        vo_observe_state(writer, state, word);
    else
        vo_observe_missing(writer, state, "%s", info->cut ? not_whole : "its RSN element ends within a list");
}

/* What the capabilities of its PHYs and its power elements say. */
static void put_radio(struct vo_record_writer *writer, const struct vo_bss_info *info, uint16_t mhz)
{
    const char *phy = vo_bss_phy_word(info, mhz);
    if (phy)
        vo_observe_state(writer, VO_METRIC_WLAN_PHY, phy);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_PHY, "%s",
                           info->cut ? not_whole : "neither rates nor capabilities are announced");
    if (vo_bss_has(info, VO_BSS_STREAMS))
        vo_observe_metric(writer, VO_METRIC_WLAN_STREAMS, info->rx_streams);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_STREAMS, "%s",
                           info->cut ? not_whole : "no HT or later capabilities are announced");
    if (vo_bss_has(info, VO_BSS_TX_POWER))
        vo_observe_metric(writer, VO_METRIC_WLAN_TX_POWER_DBM, info->tx_power_dbm);
    else if (vo_bss_has(info, VO_BSS_CISCO_TX_POWER))
        vo_observe_metric(writer, VO_METRIC_WLAN_TX_POWER_DBM, info->cisco_tx_power_dbm);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_TX_POWER_DBM, "%s",
                           info->cut ? not_whole : "the access point does not announce it");
}

void vo_bss_observe(struct vo_record_writer *writer, const struct vo_bss_info *info, uint16_t capability,
                    uint16_t mhz)
{
    enum { NEIGHBOR_REPORT = 2 };
    bool wmm = vo_bss_has(info, VO_BSS_WMM), measures = vo_bss_has(info, VO_BSS_RADIO_MEASUREMENT),
         roams = vo_bss_has(info, VO_BSS_MOBILITY_DOMAIN),
         extended = vo_bss_has(info, VO_BSS_EXTENDED_CAPABILITIES);
    label_channel(writer, info, mhz);
    label_security(writer, info);
    label_rest(writer, info);
    put_security(writer, VO_METRIC_WLAN_SECURITY, vo_bss_security_word(info, capability), info);
    put_security(writer, VO_METRIC_WLAN_PMF, vo_bss_pmf_word(info), info);
    put_word(writer, info, VO_METRIC_WLAN_WMM, wmm, wmm);
    put_word(writer, info, VO_METRIC_WLAN_UAPSD, wmm && info->qos_info & VO_QOS_INFO_UAPSD, wmm);
    put_word(writer, info, VO_METRIC_WLAN_NEIGHBOR_REPORTS,
             measures && info->radio_measurement[0] & NEIGHBOR_REPORT, measures);
    put_word(writer, info, VO_METRIC_WLAN_BSS_TRANSITION, vo_bss_capable_of(info, VO_EXTENDED_BSS_TRANSITION),
             extended);
    put_word(writer, info, VO_METRIC_WLAN_FAST_TRANSITION, roams, roams);
    put_radio(writer, info, mhz);
}
