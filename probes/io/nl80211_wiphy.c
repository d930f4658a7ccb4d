#include "probes/io/nl80211_wiphy.h"

#include "probes/io/nl80211_attribute.h"
#include "probes/io/nl80211_private.h"

#include <linux/nl80211.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

_Static_assert((int)VO_DFS_UNAVAILABLE == NL80211_DFS_UNAVAILABLE && (int)VO_BAND_6GHZ == NL80211_BAND_6GHZ &&
                   (int)VO_WIPHY_SCAN_DWELL == NL80211_EXT_FEATURE_SET_SCAN_DWELL &&
                   (int)VO_WIPHY_CQM_LIST == NL80211_EXT_FEATURE_CQM_RSSI_LIST &&
                   (int)VO_RULE_NO_IR == NL80211_RRF_NO_IR && (int)VO_RULE_AUTO_WIDTH == NL80211_RRF_AUTO_BW,
               "the kernel's numbers");

/* Newer than the headers of some systems. */
enum { FREQUENCY_NO_320MHZ = 26, FREQUENCY_NO_EHT = 27, IFTYPE_EHT_CAP_MAC = 8 };

/* --- frequencies --- */

struct frequency_parts {
    struct vo_wiphy_frequency frequency;
    uint32_t malformed;
};

static bool take_frequency_flag(void *to, const struct vo_nla *attribute)
{
    static const struct {
        uint16_t type;
        uint32_t flag;
    } flags[] = {
        {NL80211_FREQUENCY_ATTR_DISABLED, VO_FREQUENCY_DISABLED},
        {NL80211_FREQUENCY_ATTR_NO_IR, VO_FREQUENCY_NO_IR},
        {NL80211_FREQUENCY_ATTR_RADAR, VO_FREQUENCY_RADAR},
        {NL80211_FREQUENCY_ATTR_INDOOR_ONLY, VO_FREQUENCY_INDOOR_ONLY},
        {NL80211_FREQUENCY_ATTR_NO_HT40_MINUS, VO_FREQUENCY_NO_HT40_MINUS},
        {NL80211_FREQUENCY_ATTR_NO_HT40_PLUS, VO_FREQUENCY_NO_HT40_PLUS},
        {NL80211_FREQUENCY_ATTR_NO_80MHZ, VO_FREQUENCY_NO_80},
        {NL80211_FREQUENCY_ATTR_NO_160MHZ, VO_FREQUENCY_NO_160},
        {FREQUENCY_NO_320MHZ, VO_FREQUENCY_NO_320},
        {NL80211_FREQUENCY_ATTR_NO_HE, VO_FREQUENCY_NO_HE},
        {FREQUENCY_NO_EHT, VO_FREQUENCY_NO_EHT},
    };
    struct frequency_parts *parts = to;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].type == attribute->type)
            parts->frequency.flags |= flags[i].flag;
    return true;
}

#define FREQUENCY(member) offsetof(struct frequency_parts, frequency.member)
#define FREQUENCY_FLAG(type)                                                                                 \
    {                                                                                                        \
        type, VO_NLA_OTHER, 0, 0, take_frequency_flag                                                        \
    }
static const struct vo_nla_field frequency_fields[] = {
    {NL80211_FREQUENCY_ATTR_FREQ, VO_NLA_32, VO_FREQUENCY_MHZ, FREQUENCY(mhz), NULL},
    {NL80211_FREQUENCY_ATTR_OFFSET, VO_NLA_32, VO_FREQUENCY_OFFSET, FREQUENCY(offset_khz), NULL},
    {NL80211_FREQUENCY_ATTR_MAX_TX_POWER, VO_NLA_32, VO_FREQUENCY_MAX_POWER, FREQUENCY(max_power_mbm), NULL},
    {NL80211_FREQUENCY_ATTR_DFS_STATE, VO_NLA_32, VO_FREQUENCY_DFS_STATE, FREQUENCY(dfs_state), NULL},
    {NL80211_FREQUENCY_ATTR_DFS_TIME, VO_NLA_32, VO_FREQUENCY_DFS_TIME, FREQUENCY(dfs_state_ms), NULL},
    {NL80211_FREQUENCY_ATTR_DFS_CAC_TIME, VO_NLA_32, VO_FREQUENCY_CAC, FREQUENCY(cac_ms), NULL},
    FREQUENCY_FLAG(NL80211_FREQUENCY_ATTR_DISABLED),
    FREQUENCY_FLAG(NL80211_FREQUENCY_ATTR_NO_IR),
    FREQUENCY_FLAG(NL80211_FREQUENCY_ATTR_RADAR),
    FREQUENCY_FLAG(NL80211_FREQUENCY_ATTR_INDOOR_ONLY),
    FREQUENCY_FLAG(NL80211_FREQUENCY_ATTR_NO_HT40_MINUS),
    FREQUENCY_FLAG(NL80211_FREQUENCY_ATTR_NO_HT40_PLUS),
    FREQUENCY_FLAG(NL80211_FREQUENCY_ATTR_NO_80MHZ),
    FREQUENCY_FLAG(NL80211_FREQUENCY_ATTR_NO_160MHZ),
    FREQUENCY_FLAG(FREQUENCY_NO_320MHZ),
    FREQUENCY_FLAG(NL80211_FREQUENCY_ATTR_NO_HE),
    FREQUENCY_FLAG(FREQUENCY_NO_EHT),
};

const struct vo_wiphy_frequency *vo_wiphy_frequency(const struct vo_wiphy *wiphy, uint32_t mhz)
{
    for (size_t i = 0; i < wiphy->frequency_count; i++)
        if (wiphy->frequencies[i].mhz == mhz)
            return &wiphy->frequencies[i];
    return NULL;
}

static void add_frequency(struct vo_wiphy *wiphy, const struct vo_wiphy_frequency *frequency)
{
    size_t at = 0;
    while (at < wiphy->frequency_count && (wiphy->frequencies[at].mhz != frequency->mhz ||
                                           wiphy->frequencies[at].offset_khz != frequency->offset_khz))
        at++;
    if (at == VO_WIPHY_FREQUENCIES) {
        wiphy->more_frequencies = true;
        return;
    }
    wiphy->frequencies[at] = *frequency;
    wiphy->frequency_count += at == wiphy->frequency_count;
}

static bool take_frequencies(struct vo_wiphy *wiphy, const struct vo_nla *attribute, uint8_t band)
{
    struct vo_nlas list = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla entry;
    while (vo_nla_next(&list, &entry)) {
        struct frequency_parts parts = {0};
        vo_nla_fill(entry.data, entry.size, frequency_fields,
                    sizeof frequency_fields / sizeof *frequency_fields,
                    (struct vo_nla_target){&parts, &parts.frequency.has, &parts.malformed});
        wiphy->malformed += parts.malformed;
        parts.frequency.band = band;
        if (parts.frequency.has >> VO_FREQUENCY_MHZ & 1)
            add_frequency(wiphy, &parts.frequency);
    }
    return !list.malformed;
}

/* --- bands --- */

enum { MCS_SET_SIZE = 16, VHT_MCS_SET_SIZE = 8, HT_STREAMS = 4, VHT_STREAMS = 8, VHT_NOT_THERE = 3 };

/* Streams that can be received: an HT set has a byte of MCSs each, a VHT set two bits each. */
static uint8_t ht_streams(const struct vo_nla *attribute)
{
    uint8_t streams = 0;
    for (unsigned i = 0; i < HT_STREAMS && attribute->size == MCS_SET_SIZE; i++)
        if (attribute->data[i])
            streams = (uint8_t)(i + 1);
    return streams;
}

static uint8_t vht_streams(const struct vo_nla *attribute)
{
    uint8_t streams = 0;
    for (unsigned i = 0; i < VHT_STREAMS && attribute->size == VHT_MCS_SET_SIZE; i++)
        if ((vo_load16_le(attribute->data) >> 2 * i & 3) != VHT_NOT_THERE)
            streams = (uint8_t)(i + 1);
    return streams;
}

/* HE and EHT are told by kind of interface; any counts. */
static bool take_types_data(struct vo_wiphy_band *band, const struct vo_nla *attribute)
{
    struct vo_nlas kinds = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla kind;
    bool good = true;
    while (vo_nla_next(&kinds, &kind)) {
        struct vo_nlas list = vo_nlas_of(kind.data, kind.size);
        struct vo_nla entry;
        while (vo_nla_next(&list, &entry)) {
            if (entry.type == NL80211_BAND_IFTYPE_ATTR_HE_CAP_MAC)
                band->phys |= VO_BAND_HAS_HE;
            if (entry.type == IFTYPE_EHT_CAP_MAC)
                band->phys |= VO_BAND_HAS_EHT;
        }
        good = good && !list.malformed;
    }
    return good && !kinds.malformed;
}

static uint8_t more(uint8_t one, uint8_t other)
{
    return one > other ? one : other;
}

static bool take_of_band(struct vo_wiphy *wiphy, const struct vo_nla *attribute, uint8_t number)
{
    struct vo_wiphy_band *band = &wiphy->bands[number];
    switch (attribute->type) {
    case NL80211_BAND_ATTR_FREQS:
        return take_frequencies(wiphy, attribute, number);
    case NL80211_BAND_ATTR_HT_CAPA:
        if (attribute->size != sizeof band->ht_capabilities)
            return false;
        memcpy(&band->ht_capabilities, attribute->data, attribute->size);
        band->phys |= VO_BAND_HAS_HT;
        return true;
    case NL80211_BAND_ATTR_HT_MCS_SET:
        band->rx_streams = more(band->rx_streams, ht_streams(attribute));
        return attribute->size == MCS_SET_SIZE;
    case NL80211_BAND_ATTR_VHT_CAPA:
        band->phys |= VO_BAND_HAS_VHT;
        return vo_nla_u32(attribute, &band->vht_capabilities);
    case NL80211_BAND_ATTR_VHT_MCS_SET:
        band->rx_streams = more(band->rx_streams, vht_streams(attribute));
        return attribute->size == VHT_MCS_SET_SIZE;
    case NL80211_BAND_ATTR_IFTYPE_DATA:
        return take_types_data(band, attribute);
    default:
        return true;
    }
}

static bool take_bands(void *to, const struct vo_nla *attribute)
{
    struct vo_wiphy *wiphy = to;
    struct vo_nlas bands = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla band;
    while (vo_nla_next(&bands, &band)) {
        struct vo_nlas list = vo_nlas_of(band.data, band.size);
        struct vo_nla entry;
        if (band.type >= VO_WIPHY_BANDS)
            continue;
        wiphy->bands[band.type].present = true;
        while (vo_nla_next(&list, &entry))
            wiphy->malformed += !take_of_band(wiphy, &entry, (uint8_t)band.type);
        wiphy->malformed += list.malformed;
    }
    return !bands.malformed;
}

/* --- the radio --- */

static bool take_name(void *to, const struct vo_nla *attribute)
{
    struct vo_wiphy *wiphy = to;
    size_t size = attribute->size ? strnlen((const char *)attribute->data, attribute->size) : 0;
    if (size == 0 || size >= sizeof wiphy->name)
        return false;
    memcpy(wiphy->name, attribute->data, size);
    wiphy->name[size] = '\0';
    wiphy->has |= 1u << VO_WIPHY_NAME;
    return true;
}

static bool take_features(void *to, const struct vo_nla *attribute)
{
    struct vo_wiphy *wiphy = to;
    uint32_t size =
        attribute->size < sizeof wiphy->features ? attribute->size : (uint32_t)sizeof wiphy->features;
    memcpy(wiphy->features, attribute->data, size);
    wiphy->has |= 1u << VO_WIPHY_FEATURES;
    return true;
}

static bool take_types(void *to, const struct vo_nla *attribute)
{
    struct vo_wiphy *wiphy = to;
    struct vo_nlas list = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla type;
    while (vo_nla_next(&list, &type))
        if (type.type < 32)
            wiphy->types |= UINT32_C(1) << type.type;
    wiphy->has |= 1u << VO_WIPHY_TYPES;
    return !list.malformed;
}

/* The kernel names some commands that a driver takes; scans and surveys are not among them. */
static bool take_commands(void *to, const struct vo_nla *attribute)
{
    struct vo_wiphy *wiphy = to;
    struct vo_nlas list = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla entry;
    uint32_t command;
    bool good = true;
    while (vo_nla_next(&list, &entry)) {
        bool read = vo_nla_u32(&entry, &command);
        good = good && read;
        wiphy->sets_channel |= read && command == NL80211_CMD_SET_CHANNEL;
    }
    wiphy->has |= 1u << VO_WIPHY_COMMANDS;
    return good && !list.malformed;
}

static bool take_own(void *to, const struct vo_nla *attribute)
{
    (void)attribute;
    ((struct vo_wiphy *)to)->has |= 1u << VO_WIPHY_OWN_REGULATION;
    return true;
}

#define AT(member) offsetof(struct vo_wiphy, member)
static const struct vo_nla_field wiphy_fields[] = {
    {NL80211_ATTR_WIPHY, VO_NLA_32, VO_WIPHY_INDEX, AT(index), NULL},
    {NL80211_ATTR_WIPHY_NAME, VO_NLA_OTHER, 0, 0, take_name},
    {NL80211_ATTR_MAX_NUM_SCAN_SSIDS, VO_NLA_8, VO_WIPHY_MAX_SSIDS, AT(max_ssids), NULL},
    {NL80211_ATTR_MAX_SCAN_IE_LEN, VO_NLA_16, VO_WIPHY_MAX_ELEMENTS, AT(max_elements), NULL},
    {NL80211_ATTR_EXT_FEATURES, VO_NLA_OTHER, 0, 0, take_features},
    {NL80211_ATTR_SUPPORTED_IFTYPES, VO_NLA_OTHER, 0, 0, take_types},
    {NL80211_ATTR_SUPPORTED_COMMANDS, VO_NLA_OTHER, 0, 0, take_commands},
    {NL80211_ATTR_WIPHY_ANTENNA_AVAIL_TX, VO_NLA_32, VO_WIPHY_TX_ANTENNAS, AT(tx_antennas), NULL},
    {NL80211_ATTR_WIPHY_ANTENNA_AVAIL_RX, VO_NLA_32, VO_WIPHY_RX_ANTENNAS, AT(rx_antennas), NULL},
    {NL80211_ATTR_WIPHY_SELF_MANAGED_REG, VO_NLA_OTHER, 0, 0, take_own},
    {NL80211_ATTR_WIPHY_BANDS, VO_NLA_OTHER, 0, 0, take_bands},
};

void vo_wiphy_parse(const void *attributes, size_t size, struct vo_wiphy *wiphy)
{
    vo_nla_fill(attributes, size, wiphy_fields, sizeof wiphy_fields / sizeof *wiphy_fields,
                (struct vo_nla_target){wiphy, &wiphy->has, &wiphy->malformed});
}

static void add_part(void *context, const void *attributes, size_t size)
{
    vo_wiphy_parse(attributes, size, context);
}

enum vo_status vo_nl80211_wiphy(struct vo_nl80211 *nl80211, uint32_t index, struct vo_wiphy *wiphy,
                                struct vo_error *error)
{
    struct nl_msg *message = vo_nl80211_message(nl80211, NL80211_CMD_GET_WIPHY, NLM_F_DUMP);
    memset(wiphy, 0, sizeof *wiphy);
    if (!message || nla_put_u32(message, NL80211_ATTR_WIPHY, index) != 0 ||
        nla_put_flag(message, NL80211_ATTR_SPLIT_WIPHY_DUMP) != 0) {
        nlmsg_free(message);
        return vo_error_memory(error, "a netlink request");
    }
    enum vo_status status = vo_nl80211_ask(
        nl80211,
        (struct vo_nl80211_request){
            .message = message, .what = "the radio's description", .each = add_part, .context = wiphy},
        error);
    if (status == VO_OK && !wiphy->has)
        return vo_error_set(error, VO_ERR_IO,
                            "there is no radio of number %u any more: plug the adapter in again", index);
    return status;
}

/* --- regulatory domain --- */

struct rule_parts {
    struct vo_regulatory_rule rule;
    uint32_t malformed;
};

static bool take_country(void *to, const struct vo_nla *attribute)
{
    struct vo_regulatory *regulatory = to;
    if (attribute->size < 2)
        return false;
    memcpy(regulatory->country, attribute->data, 2);
    for (size_t i = 0; i < 2; i++)
        if (regulatory->country[i] < ' ' || regulatory->country[i] > '~')
            regulatory->country[i] = '?';
    regulatory->has |= 1u << VO_REGULATORY_COUNTRY;
    return true;
}

#define RULE(member) offsetof(struct rule_parts, rule.member)
static bool take_rules(void *to, const struct vo_nla *attribute)
{
    static const struct vo_nla_field fields[] = {
        {NL80211_ATTR_REG_RULE_FLAGS, VO_NLA_32, VO_RULE_FLAGS, RULE(flags), NULL},
        {NL80211_ATTR_FREQ_RANGE_START, VO_NLA_32, VO_RULE_START, RULE(start_khz), NULL},
        {NL80211_ATTR_FREQ_RANGE_END, VO_NLA_32, VO_RULE_END, RULE(end_khz), NULL},
        {NL80211_ATTR_FREQ_RANGE_MAX_BW, VO_NLA_32, VO_RULE_MAX_WIDTH, RULE(max_width_khz), NULL},
        {NL80211_ATTR_POWER_RULE_MAX_ANT_GAIN, VO_NLA_32, VO_RULE_MAX_GAIN, RULE(max_gain_mbi), NULL},
        {NL80211_ATTR_POWER_RULE_MAX_EIRP, VO_NLA_32, VO_RULE_MAX_EIRP, RULE(max_eirp_mbm), NULL},
        {NL80211_ATTR_DFS_CAC_TIME, VO_NLA_32, VO_RULE_CAC, RULE(cac_ms), NULL},
    };
    struct vo_regulatory *regulatory = to;
    struct vo_nlas list = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla entry;
    while (vo_nla_next(&list, &entry)) {
        struct rule_parts parts = {0};
        vo_nla_fill(entry.data, entry.size, fields, sizeof fields / sizeof *fields,
                    (struct vo_nla_target){&parts, &parts.rule.has, &parts.malformed});
        regulatory->malformed += parts.malformed;
        if (regulatory->rule_count < VO_REGULATORY_RULES)
            regulatory->rules[regulatory->rule_count++] = parts.rule;
        else
            regulatory->more_rules = true;
    }
    return !list.malformed;
}

#define OF_DOMAIN(member) offsetof(struct vo_regulatory, member)
void vo_regulatory_parse(const void *attributes, size_t size, struct vo_regulatory *regulatory)
{
    static const struct vo_nla_field fields[] = {
        {NL80211_ATTR_REG_ALPHA2, VO_NLA_OTHER, 0, 0, take_country},
        {NL80211_ATTR_DFS_REGION, VO_NLA_8, VO_REGULATORY_DFS, OF_DOMAIN(dfs_region), NULL},
        {NL80211_ATTR_WIPHY, VO_NLA_32, VO_REGULATORY_WIPHY, OF_DOMAIN(wiphy), NULL},
        {NL80211_ATTR_WIPHY_SELF_MANAGED_REG, VO_NLA_FLAG, VO_REGULATORY_OWN, OF_DOMAIN(own), NULL},
        {NL80211_ATTR_REG_RULES, VO_NLA_OTHER, 0, 0, take_rules},
    };
    memset(regulatory, 0, sizeof *regulatory);
    vo_nla_fill(attributes, size, fields, sizeof fields / sizeof *fields,
                (struct vo_nla_target){regulatory, &regulatory->has, &regulatory->malformed});
}

static void keep_regulatory(void *context, const void *attributes, size_t size)
{
    vo_regulatory_parse(attributes, size, context);
}

enum vo_status vo_nl80211_regulatory(struct vo_nl80211 *nl80211, uint32_t wiphy,
                                     struct vo_regulatory *regulatory, struct vo_error *error)
{
    struct nl_msg *message = vo_nl80211_message(nl80211, NL80211_CMD_GET_REG, 0);
    memset(regulatory, 0, sizeof *regulatory);
    if (!message || nla_put_u32(message, NL80211_ATTR_WIPHY, wiphy) != 0) {
        nlmsg_free(message);
        return vo_error_memory(error, "a netlink request");
    }
    return vo_nl80211_ask(nl80211,
                          (struct vo_nl80211_request){.message = message,
                                                      .what = "the regulatory domain",
                                                      .each = keep_regulatory,
                                                      .context = regulatory},
                          error);
}
