#include "probes/io/nl80211_survey.h"

#include "probes/io/nl80211_attribute.h"
#include "probes/io/nl80211_private.h"

#include <linux/nl80211.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#define AT(member) offsetof(struct vo_survey, member)
static const struct vo_nla_field survey_fields[] = {
    {NL80211_SURVEY_INFO_FREQUENCY, VO_NLA_32, VO_SURVEY_FREQUENCY, AT(frequency_mhz), NULL},
    {NL80211_SURVEY_INFO_FREQUENCY_OFFSET, VO_NLA_32, VO_SURVEY_OFFSET, AT(offset_khz), NULL},
    {NL80211_SURVEY_INFO_NOISE, VO_NLA_DBM, VO_SURVEY_NOISE, AT(noise_dbm), NULL},
    {NL80211_SURVEY_INFO_IN_USE, VO_NLA_FLAG, VO_SURVEY_IN_USE, AT(in_use), NULL},
    {NL80211_SURVEY_INFO_TIME, VO_NLA_64, VO_SURVEY_TIME, AT(time_ms), NULL},
    {NL80211_SURVEY_INFO_TIME_BUSY, VO_NLA_64, VO_SURVEY_BUSY, AT(busy_ms), NULL},
    {NL80211_SURVEY_INFO_TIME_EXT_BUSY, VO_NLA_64, VO_SURVEY_BUSY_SECONDARY, AT(busy_secondary_ms), NULL},
    {NL80211_SURVEY_INFO_TIME_RX, VO_NLA_64, VO_SURVEY_RX, AT(rx_ms), NULL},
    {NL80211_SURVEY_INFO_TIME_TX, VO_NLA_64, VO_SURVEY_TX, AT(tx_ms), NULL},
    {NL80211_SURVEY_INFO_TIME_SCAN, VO_NLA_64, VO_SURVEY_SCAN, AT(scan_ms), NULL},
    {NL80211_SURVEY_INFO_TIME_BSS_RX, VO_NLA_64, VO_SURVEY_BSS_RX, AT(bss_rx_ms), NULL},
};

static bool take_survey(void *to, const struct vo_nla *attribute)
{
    struct vo_survey *survey = to;
    vo_nla_fill(attribute->data, attribute->size, survey_fields, sizeof survey_fields / sizeof *survey_fields,
                (struct vo_nla_target){survey, &survey->has, &survey->malformed});
    /* Members that did not come are 0 and exceed nothing. */
    if (vo_survey_has(survey, VO_SURVEY_TIME) &&
        (survey->busy_ms > survey->time_ms || survey->rx_ms > survey->time_ms ||
         survey->tx_ms > survey->time_ms))
        survey->has |= UINT64_C(1) << VO_SURVEY_CONTRADICTS;
    return true;
}

void vo_survey_parse(const void *attributes, size_t size, struct vo_survey *survey)
{
    static const struct vo_nla_field fields[] = {{NL80211_ATTR_SURVEY_INFO, VO_NLA_OTHER, 0, 0, take_survey}};
    memset(survey, 0, sizeof *survey);
    vo_nla_fill(attributes, size, fields, 1,
                (struct vo_nla_target){survey, &survey->has, &survey->malformed});
}

struct survey_walk {
    void (*each)(void *context, const struct vo_survey *survey);
    void *context;
};

static void give_survey(void *context, const void *attributes, size_t size)
{
    const struct survey_walk *walk = context;
    struct vo_survey survey;
    vo_survey_parse(attributes, size, &survey);
    walk->each(walk->context, &survey);
}

enum vo_status vo_nl80211_survey(struct vo_nl80211 *nl80211, uint32_t index, bool radio,
                                 void (*each)(void *context, const struct vo_survey *survey), void *context,
                                 struct vo_error *error)
{
    struct survey_walk walk = {each, context};
    struct nl_msg *message = vo_nl80211_about(nl80211, NL80211_CMD_GET_SURVEY, NLM_F_DUMP, index);
    if (message && radio && nla_put_flag(message, NL80211_ATTR_SURVEY_RADIO_STATS) != 0) {
        nlmsg_free(message);
        message = NULL;
    }
    return vo_nl80211_ask(
        nl80211,
        (struct vo_nl80211_request){
            .message = message, .what = "survey", .index = index, .each = give_survey, .context = &walk},
        error);
}
