#include "probes/io/nl80211.h"

#include "probes/io/nl80211_attribute.h"
#include "probes/io/nl80211_private.h"

#include <linux/nl80211.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)VO_WLAN_STATION == NL80211_IFTYPE_STATION && (int)VO_WLAN_AP == NL80211_IFTYPE_AP &&
                   (int)VO_WLAN_MONITOR == NL80211_IFTYPE_MONITOR &&
                   (int)VO_WLAN_ADHOC == NL80211_IFTYPE_ADHOC,
               "the kernel's numbers");

/* Newer than the headers of some systems. */
enum { ATTR_MLO_LINKS = 312 };

const char *vo_wlan_interface_type_name(uint32_t type)
{
    static const char *const names[] = {
        "unspecified", "ad hoc",     "station",   "AP",         "AP VLAN",         "WDS", "monitor",
        "mesh point",  "P2P client", "P2P owner", "P2P device", "outside context", "NAN",
    };
    return type < sizeof names / sizeof *names ? names[type] : "other";
}

/* --- interfaces --- */

static const struct {
    uint32_t width;
    uint16_t mhz;
} widths[] = {
    {NL80211_CHAN_WIDTH_20_NOHT, 20}, {NL80211_CHAN_WIDTH_20, 20},   {NL80211_CHAN_WIDTH_40, 40},
    {NL80211_CHAN_WIDTH_80, 80},      {NL80211_CHAN_WIDTH_160, 160}, {NL80211_CHAN_WIDTH_80P80, 160},
    {NL80211_CHAN_WIDTH_5, 5},        {NL80211_CHAN_WIDTH_10, 10},   {13 /* since Linux 5.18 */, 320},
};

static bool take_width(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_interface *interface = to;
    uint32_t width;
    if (!vo_nla_u32(attribute, &width))
        return false;
    interface->ht = width != NL80211_CHAN_WIDTH_20_NOHT;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (widths[i].width == width) {
            interface->width_mhz = widths[i].mhz;
            interface->has |= 1u << VO_WLAN_INTERFACE_WIDTH;
        }
    return true;
}

static bool take_name(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_interface *interface = to;
    size_t size = attribute->size ? strnlen((const char *)attribute->data, attribute->size) : 0;
    if (size == 0 || size >= sizeof interface->name)
        return false;
    memcpy(interface->name, attribute->data, size);
    interface->name[size] = '\0';
    interface->has |= 1u << VO_WLAN_INTERFACE_NAME;
    return true;
}

static bool take_ssid(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_interface *interface = to;
    if (attribute->size > sizeof interface->ssid)
        return false;
    memcpy(interface->ssid, attribute->data, attribute->size);
    interface->ssid_size = (uint8_t)attribute->size;
    interface->has |= 1u << VO_WLAN_INTERFACE_SSID;
    return true;
}

static bool take_links(void *to, const struct vo_nla *attribute)
{
    struct vo_wlan_interface *interface = to;
    struct vo_nlas list = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla link;
    while (vo_nla_next(&list, &link))
        interface->links++;
    interface->has |= 1u << VO_WLAN_INTERFACE_LINKS;
    return !list.malformed;
}

#define AT(member) offsetof(struct vo_wlan_interface, member)
static const struct vo_nla_field interface_fields[] = {
    {NL80211_ATTR_IFINDEX, VO_NLA_32, VO_WLAN_INTERFACE_INDEX, AT(index), NULL},
    {NL80211_ATTR_WIPHY, VO_NLA_32, VO_WLAN_INTERFACE_WIPHY, AT(wiphy), NULL},
    {NL80211_ATTR_IFTYPE, VO_NLA_32, VO_WLAN_INTERFACE_TYPE, AT(type), NULL},
    {NL80211_ATTR_IFNAME, VO_NLA_OTHER, 0, 0, take_name},
    {NL80211_ATTR_MAC, VO_NLA_ADDRESS, VO_WLAN_INTERFACE_ADDRESS, AT(address), NULL},
    {NL80211_ATTR_SSID, VO_NLA_OTHER, 0, 0, take_ssid},
    {NL80211_ATTR_WIPHY_FREQ, VO_NLA_32, VO_WLAN_INTERFACE_FREQUENCY, AT(frequency_mhz), NULL},
    {NL80211_ATTR_WIPHY_FREQ_OFFSET, VO_NLA_32, VO_WLAN_INTERFACE_OFFSET, AT(offset_khz), NULL},
    {NL80211_ATTR_CHANNEL_WIDTH, VO_NLA_OTHER, 0, 0, take_width},
    {NL80211_ATTR_CENTER_FREQ1, VO_NLA_32, VO_WLAN_INTERFACE_CENTER, AT(center_mhz), NULL},
    {NL80211_ATTR_CENTER_FREQ2, VO_NLA_32, VO_WLAN_INTERFACE_CENTER_2, AT(center_2_mhz), NULL},
    {NL80211_ATTR_WIPHY_TX_POWER_LEVEL, VO_NLA_32, VO_WLAN_INTERFACE_TX_POWER, AT(tx_power_mbm), NULL},
    {ATTR_MLO_LINKS, VO_NLA_OTHER, 0, 0, take_links},
};

void vo_wlan_interface_parse(const void *attributes, size_t size, struct vo_wlan_interface *interface)
{
    memset(interface, 0, sizeof *interface);
    interface->address = VO_WLAN_NO_ADDRESS;
    vo_nla_fill(attributes, size, interface_fields, sizeof interface_fields / sizeof *interface_fields,
                (struct vo_nla_target){interface, &interface->has, &interface->malformed});
}

struct interface_walk {
    void (*each)(void *context, const struct vo_wlan_interface *interface);
    void *context;
};

static void give_interface(void *context, const void *attributes, size_t size)
{
    const struct interface_walk *walk = context;
    struct vo_wlan_interface interface;
    vo_wlan_interface_parse(attributes, size, &interface);
    walk->each(walk->context, &interface);
}

enum vo_status vo_nl80211_interfaces(struct vo_nl80211 *nl80211,
                                     void (*each)(void *context, const struct vo_wlan_interface *interface),
                                     void *context, struct vo_error *error)
{
    struct interface_walk walk = {each, context};
    return vo_nl80211_ask(nl80211,
                          (struct vo_nl80211_request){
                              .message = vo_nl80211_message(nl80211, NL80211_CMD_GET_INTERFACE, NLM_F_DUMP),
                              .what = "the list of interfaces",
                              .each = give_interface,
                              .context = &walk},
                          error);
}

struct interface_search {
    const char *name;
    struct vo_wlan_interface *found;
    char names[200]; /* of the others */
};

static void compare_name(void *context, const struct vo_wlan_interface *interface)
{
    struct interface_search *search = context;
    size_t used = strlen(search->names);
    if (!vo_wlan_interface_has(interface, VO_WLAN_INTERFACE_NAME))
        return;
    if (strcmp(interface->name, search->name) == 0)
        *search->found = *interface;
    snprintf(search->names + used, sizeof search->names - used, "%s%s", used ? ", " : "", interface->name);
}

enum vo_status vo_nl80211_interface(struct vo_nl80211 *nl80211, const char *name,
                                    struct vo_wlan_interface *interface, struct vo_error *error)
{
    struct interface_search search = {.name = name, .found = interface};
    memset(interface, 0, sizeof *interface);
    enum vo_status status = vo_nl80211_interfaces(nl80211, compare_name, &search, error);
    if (status != VO_OK || interface->has)
        return status;
    if (!search.names[0])
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s is no wireless interface, and there is none: plug in a wireless adapter",
                            name);
    return vo_error_set(error, VO_ERR_USAGE, "no wireless interface is named %s: there are %s", name,
                        search.names);
}

/* --- settings --- */

static void take_power_save(void *context, const void *attributes, size_t size)
{
    struct vo_nlas list = vo_nlas_of(attributes, size);
    struct vo_nla attribute;
    while (vo_nla_next(&list, &attribute))
        if (attribute.type == NL80211_ATTR_PS_STATE)
            vo_nla_u32(&attribute, context);
}

enum vo_status vo_nl80211_power_save(struct vo_nl80211 *nl80211, uint32_t index, bool *on,
                                     struct vo_error *error)
{
    uint32_t state = UINT32_MAX;
    enum vo_status status =
        vo_nl80211_ask(nl80211,
                       (struct vo_nl80211_request){
                           .message = vo_nl80211_about(nl80211, NL80211_CMD_GET_POWER_SAVE, 0, index),
                           .what = "the power save state",
                           .index = index,
                           .each = take_power_save,
                           .context = &state},
                       error);
    if (status == VO_OK && state == UINT32_MAX)
        status = vo_error_set(error, VO_ERR_INPUT, "the driver does not tell whether it saves power");
    *on = state == NL80211_PS_ENABLED;
    return status;
}

enum vo_status vo_nl80211_set_cqm(struct vo_nl80211 *nl80211, uint32_t index, const int32_t *thresholds_dbm,
                                  size_t count, uint32_t hysteresis_db, struct vo_error *error)
{
    static const int32_t no_more = 0;
    struct nl_msg *message = vo_nl80211_about(nl80211, NL80211_CMD_SET_CQM, 0, index);
    struct nlattr *cqm = message ? nla_nest_start(message, NL80211_ATTR_CQM) : NULL;
    if (!cqm ||
        nla_put(message, NL80211_ATTR_CQM_RSSI_THOLD, (int)(count ? count * sizeof *thresholds_dbm : 4),
                count ? thresholds_dbm : &no_more) != 0 ||
        nla_put_u32(message, NL80211_ATTR_CQM_RSSI_HYST, hysteresis_db) != 0) {
        nlmsg_free(message);
        return vo_error_memory(error, "a netlink request");
    }
    nla_nest_end(message, cqm);
    return vo_nl80211_ask(
        nl80211,
        (struct vo_nl80211_request){.message = message, .what = "watching the signal", .index = index},
        error);
}

static void keep_interface(void *context, const void *attributes, size_t size)
{
    vo_wlan_interface_parse(attributes, size, context);
}

enum vo_status vo_nl80211_add_monitor(struct vo_nl80211 *nl80211, uint32_t wiphy, const char *name,
                                      struct vo_wlan_interface *interface, struct vo_error *error)
{
    struct nl_msg *message = vo_nl80211_message(nl80211, NL80211_CMD_NEW_INTERFACE, 0);
    memset(interface, 0, sizeof *interface);
    if (!message || nla_put_u32(message, NL80211_ATTR_WIPHY, wiphy) != 0 ||
        nla_put_string(message, NL80211_ATTR_IFNAME, name) != 0 ||
        nla_put_u32(message, NL80211_ATTR_IFTYPE, NL80211_IFTYPE_MONITOR) != 0) {
        nlmsg_free(message);
        return vo_error_memory(error, "a netlink request");
    }
    return vo_nl80211_ask(
        nl80211,
        (struct vo_nl80211_request){
            .message = message, .what = "a monitor interface", .each = keep_interface, .context = interface},
        error);
}

enum vo_status vo_nl80211_remove(struct vo_nl80211 *nl80211, uint32_t index, struct vo_error *error)
{
    return vo_nl80211_ask(
        nl80211,
        (struct vo_nl80211_request){.message = vo_nl80211_about(nl80211, NL80211_CMD_DEL_INTERFACE, 0, index),
                                    .what = "removing the interface",
                                    .index = index},
        error);
}

enum vo_status vo_nl80211_set_channel(struct vo_nl80211 *nl80211, uint32_t index, uint32_t frequency_mhz,
                                      uint16_t width_mhz, uint32_t center_mhz, struct vo_error *error)
{
    uint32_t width = UINT32_MAX;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (widths[i].mhz == width_mhz && widths[i].width != NL80211_CHAN_WIDTH_20_NOHT &&
            widths[i].width != NL80211_CHAN_WIDTH_80P80)
            width = widths[i].width;
    if (width == UINT32_MAX)
        return vo_error_set(error, VO_ERR_USAGE, "no channel is %u MHz wide: 20, 40, 80, 160 or 320",
                            width_mhz);
    struct nl_msg *message = vo_nl80211_about(nl80211, NL80211_CMD_SET_CHANNEL, 0, index);
    if (!message || nla_put_u32(message, NL80211_ATTR_WIPHY_FREQ, frequency_mhz) != 0 ||
        nla_put_u32(message, NL80211_ATTR_CHANNEL_WIDTH, width) != 0 ||
        nla_put_u32(message, NL80211_ATTR_CENTER_FREQ1, center_mhz) != 0) {
        nlmsg_free(message);
        return vo_error_memory(error, "a netlink request");
    }
    return vo_nl80211_ask(
        nl80211, (struct vo_nl80211_request){.message = message, .what = "the channel", .index = index},
        error);
}
