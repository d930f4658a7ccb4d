/*
 * The driver's own measurement of channels: noise, and for how long the radio was on a channel and found it
 * busy.
 *
 * Source: Linux' include/uapi/linux/nl80211.h (NL80211_CMD_GET_SURVEY, enum nl80211_survey_info).
 *
 * Times are counters: some drivers add up since they were loaded, some clear when read or when a scan begins.
 * Measure by the difference of two readings, which may be 0 or negative. A channel that the radio is not on
 * now
 * (`in_use` not set) holds what an earlier scan left. What a driver does not measure is absent, never 0.
 *
 * Many drivers have nothing at all (iwlwifi and rtw88 as a station): the dump is empty or refused
 * (EOPNOTSUPP).
 */
#ifndef VO_PROBES_IO_NL80211_SURVEY_H
#define VO_PROBES_IO_NL80211_SURVEY_H

#include "probes/io/nl80211.h"

enum vo_survey_field {
    VO_SURVEY_FREQUENCY, /* absent: an entry of the whole radio, over all its channels */
    VO_SURVEY_OFFSET,
    VO_SURVEY_NOISE,          /* noise_dbm, which can be true */
    VO_SURVEY_NOISE_DOUBTFUL, /* noise_dbm as the driver says, but it is none (0, positive, -128) */
    VO_SURVEY_IN_USE,
    VO_SURVEY_TIME, /* on the channel */
    VO_SURVEY_BUSY,
    VO_SURVEY_BUSY_SECONDARY,
    VO_SURVEY_RX,
    VO_SURVEY_TX,
    VO_SURVEY_SCAN,
    VO_SURVEY_BSS_RX,
    VO_SURVEY_CONTRADICTS, /* busy, receiving or sending for longer than it was there: the driver errs */
};
struct vo_survey {
    uint64_t has;
    uint32_t malformed;
    uint32_t frequency_mhz, offset_khz;
    int8_t noise_dbm;
    bool in_use;
    uint64_t time_ms, busy_ms;
    uint64_t busy_secondary_ms; /* the secondary channel */
    uint64_t rx_ms, tx_ms, scan_ms;
    uint64_t bss_rx_ms; /* receiving frames of the own BSS */
};
static inline bool vo_survey_has(const struct vo_survey *survey, enum vo_survey_field field)
{
    return survey->has >> field & 1;
}
/* Of one message of the dump; one that holds no survey has no bits. */
void vo_survey_parse(const void *attributes, size_t size, struct vo_survey *survey);
/* Channel by channel, and with `radio` also the entry of the whole radio, if the driver has it. */
enum vo_status vo_nl80211_survey(struct vo_nl80211 *nl80211, uint32_t index, bool radio,
                                 void (*each)(void *context, const struct vo_survey *survey), void *context,
                                 struct vo_error *error);

#endif
