#include "probes/wlan/link_meter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More frames than any link carries: what a 32-bit counter may grow by, so that a wrap is told from a reset.
 */
#define FRAMES_PER_MS 4000u
#define FRAMES_MOST   (UINT32_MAX / 2)
/* By how much a connection's age in whole seconds may differ from the time that passed. */
#define AGE_SLACK_S 2

static const enum vo_station_field count_fields[VO_LINK_COUNTS] = {
    [VO_LINK_SENT] = VO_STATION_TX_PACKETS,           [VO_LINK_RETRIES] = VO_STATION_TX_RETRIES,
    [VO_LINK_FAILED] = VO_STATION_TX_FAILED,          [VO_LINK_RECEIVED] = VO_STATION_RX_PACKETS,
    [VO_LINK_BEACON_LOSSES] = VO_STATION_BEACON_LOSS,
};

static bool both_have(const struct vo_station *one, const struct vo_station *other,
                      enum vo_station_field field)
{
    return vo_station_has(one, field) && vo_station_has(other, field);
}

/* --- Sums ----------------------------------------------------------------------------------------- */

void vo_link_meter_begin(struct vo_link_meter *meter)
{
    for (size_t i = 0; i < meter->count; i++)
        free(meter->sums[i]);
    meter->count = 0;
    meter->left_out = 0;
    for (size_t i = 0; i < meter->channels.count; i++)
        vo_channel_meter_begin(&meter->channels.list[i]);
}

void vo_link_meter_release(struct vo_link_meter *meter)
{
    vo_link_meter_begin(meter);
    free(meter->sums);
    vo_channel_meters_release(&meter->channels);
    memset(meter, 0, sizeof *meter);
}

static struct vo_link_sum *sum_of(struct vo_link_meter *meter, vo_wlan_address bssid)
{
    for (size_t i = 0; i < meter->count; i++)
        if (meter->sums[i]->bssid == bssid)
            return meter->sums[i];
    if (meter->count == VO_LINK_SUMS)
        return NULL;
    if (meter->count == meter->room) {
        size_t room = meter->room ? 2 * meter->room : 8;
        struct vo_link_sum **sums = realloc(meter->sums, room * sizeof *sums);
        if (!sums)
            return NULL;
        meter->sums = sums;
        meter->room = room;
    }
    struct vo_link_sum *sum = calloc(1, sizeof *sum);
    if (!sum)
        return NULL;
    sum->bssid = bssid;
    sum->first = sum->last = VO_TIME_UNKNOWN;
    meter->sums[meter->count++] = sum;
    return sum;
}

/* --- One reading ---------------------------------------------------------------------------------- */

/* Whether the association is the one of the last reading. */
static bool goes_on(const struct vo_link_meter *meter, const struct vo_link_reading *reading)
{
    const struct vo_station *now = &reading->station, *before = &meter->station;
    if (!meter->associated || meter->bssid != now->address)
        return false;
    if (both_have(now, before, VO_STATION_ASSOCIATED_AT))
        return now->associated_at_ns == before->associated_at_ns;
    if (!both_have(now, before, VO_STATION_CONNECTED))
        return true; /* not told; counters that fall will tell */
    int64_t elapsed_s = (reading->at - meter->at) / VO_NS_PER_S;
    return now->connected_s >= before->connected_s &&
           (int64_t)now->connected_s + AGE_SLACK_S >= (int64_t)before->connected_s + elapsed_s;
}

static void compare_counters(struct vo_link_meter *meter, const struct vo_link_reading *reading,
                             struct vo_link_sum *sum, struct vo_link_step *step)
{
    const struct vo_station *now = &reading->station;
    uint64_t values[VO_LINK_COUNTS] = {now->tx_packets, now->tx_retries, now->tx_failed, now->rx_packets,
                                       now->beacon_loss};
    uint64_t elapsed_ms = (uint64_t)((reading->at - meter->at) / VO_NS_PER_MS);
    uint64_t most = elapsed_ms < FRAMES_MOST / FRAMES_PER_MS ? (elapsed_ms + 1) * FRAMES_PER_MS : FRAMES_MOST;
    uint8_t told = 0;
    for (unsigned i = 0; i < VO_LINK_COUNTS; i++)
        if (vo_station_has(now, count_fields[i]))
            told |= (uint8_t)(1u << i);
        else
            values[i] = 0;
    if (told != meter->told)
        vo_counter_forget(meter->counters, VO_LINK_COUNTS);
    meter->told = told;
    enum vo_counter_result result =
        vo_counter_read_all(meter->counters, VO_COUNTER_32, values, most, step->grown, VO_LINK_COUNTS);
    sum->told |= told;
    sum->resets += result == VO_COUNTER_RESET;
    step->told = told;
    step->compared = vo_counter_stands(result);
    if (!step->compared) {
        if (result != VO_COUNTER_FIRST)
            sum->refusal = vo_counter_text(result);
        return;
    }
    sum->differences++;
    for (unsigned i = 0; i < VO_LINK_COUNTS; i++)
        sum->count[i] += step->grown[i];
}

/* Whether a frame of the access point came since the last reading; true where the driver does not tell. */
static bool heard_since(const struct vo_station *now, const struct vo_station *before)
{
    bool told = false;
    if (both_have(now, before, VO_STATION_RX_PACKETS)) {
        told = true;
        if (now->rx_packets != before->rx_packets)
            return true;
    }
    if (both_have(now, before, VO_STATION_BEACONS)) {
        told = true;
        if (now->beacons != before->beacons)
            return true;
    }
    return !told;
}

static void take_levels(struct vo_link_sum *sum, const struct vo_station *now, bool heard,
                        struct vo_link_step *step)
{
    if (heard && vo_station_has(now, VO_STATION_SIGNAL) && vo_signal_add(&sum->signal, now->signal_dbm))
        step->signal_dbm = now->signal_dbm;
}

static void take_rates(struct vo_link_sum *sum, const struct vo_station *now, bool heard, bool sent)
{
    if (sent && vo_station_has(now, VO_STATION_TX_RATE) && now->tx_rate.known & VO_WLAN_RATE_KBPS) {
        sum->tx_kbps += now->tx_rate.kbps;
        sum->tx_rates++;
    }
    if (heard && vo_station_has(now, VO_STATION_RX_RATE) && now->rx_rate.known & VO_WLAN_RATE_KBPS) {
        sum->rx_kbps += now->rx_rate.kbps;
        sum->rx_rates++;
    }
}

/* The survey's entry of the channel that the interface is on; NULL: none, or not known which. */
static const struct vo_survey *survey_in_use(const struct vo_link_reading *reading)
{
    const struct vo_survey *found = NULL;
    bool told = vo_wlan_interface_has(&reading->interface, VO_WLAN_INTERFACE_FREQUENCY);
    for (size_t i = 0; i < reading->survey_count; i++) {
        const struct vo_survey *survey = &reading->surveys[i];
        if (!vo_survey_has(survey, VO_SURVEY_FREQUENCY))
            continue;
        if (told ? survey->frequency_mhz != reading->interface.frequency_mhz : !survey->in_use)
            continue;
        if (found && !told)
            return NULL; /* several links, each on its channel */
        found = survey;
    }
    return found;
}

static void take_channel(struct vo_link_meter *meter, const struct vo_link_reading *reading,
                         struct vo_link_sum *sum, struct vo_link_step *step)
{
    static const char not_surveyed[] = "the driver's survey does not have the channel in use";
    const struct vo_survey *survey = survey_in_use(reading);
    bool told = vo_wlan_interface_has(&reading->interface, VO_WLAN_INTERFACE_FREQUENCY);
    uint32_t mhz = survey ? survey->frequency_mhz : told ? reading->interface.frequency_mhz : 0;
    struct vo_channel_meter *channel = mhz ? vo_channel_meters_get(&meter->channels, mhz) : NULL;
    if (survey && channel) {
        step->mhz = mhz;
        step->channel = vo_channel_meter_read(channel, survey, true, reading->at, reading->time);
    } else if (channel) {
        vo_channel_meter_absent(channel, reading->no_survey ? reading->no_survey : not_surveyed, true,
                                reading->time);
    }
    if (!sum)
        return;
    if (survey && vo_survey_has(survey, VO_SURVEY_NOISE))
        vo_signal_add(&sum->noise, survey->noise_dbm);
    else
        sum->no_noise = channel && survey    ? vo_channel_why_no_noise(channel)
                        : reading->no_survey ? reading->no_survey
                                             : not_surveyed;
}

static void take_association(struct vo_link_meter *meter, const struct vo_link_reading *reading,
                             struct vo_link_sum *sum, bool same)
{
    const struct vo_wlan_interface *interface = &reading->interface;
    bool first = sum->readings == 0;
    if (vo_wlan_interface_has(interface, VO_WLAN_INTERFACE_SSID)) {
        memcpy(sum->ssid, interface->ssid, sizeof sum->ssid);
        sum->ssid_size = interface->ssid_size;
    }
    if (vo_wlan_interface_has(interface, VO_WLAN_INTERFACE_FREQUENCY))
        sum->frequency_mhz = interface->frequency_mhz;
    if (!same) {
        bool moved = meter->bssid && meter->bssid != sum->bssid && meter->ssid_size == sum->ssid_size &&
                     memcmp(meter->ssid, sum->ssid, sum->ssid_size) == 0;
        sum->roams += moved;
        /* The first association of all is no reset: nothing had been counted. */
        sum->resets += meter->bssid != 0;
    }
    sum->associations += !same || first;
    if (first)
        sum->first = reading->time;
    sum->last = reading->time;
    sum->readings++;
    sum->fresh = true;
}

static void remember(struct vo_link_meter *meter, const struct vo_link_reading *reading)
{
    meter->associated = reading->associated;
    meter->at = reading->at;
    meter->frequency_mhz = vo_wlan_interface_has(&reading->interface, VO_WLAN_INTERFACE_FREQUENCY)
                               ? reading->interface.frequency_mhz
                               : 0;
    if (!reading->associated)
        return;
    meter->station = reading->station;
    meter->bssid = reading->station.address;
    memcpy(meter->ssid, reading->interface.ssid, sizeof meter->ssid);
    meter->ssid_size = reading->interface.ssid_size;
}

struct vo_link_step vo_link_meter_read(struct vo_link_meter *meter, const struct vo_link_reading *reading)
{
    struct vo_link_step step = {.signal_dbm = NAN, .from = VO_TIME_UNKNOWN, .to = reading->time};
    bool same = reading->associated && goes_on(meter, reading);
    struct vo_link_sum *sum = NULL;
    if (meter->at)
        step.from = reading->time - (reading->at - meter->at);
    if (reading->associated) {
        sum = sum_of(meter, reading->station.address);
        meter->left_out += !sum;
        step.other = !same;
    }
    if (!same) {
        vo_counter_forget(meter->counters, VO_LINK_COUNTS);
        meter->told = 0;
    }
    if (reading->associated)
        take_channel(meter, reading, sum, &step);
    if (sum) {
        take_association(meter, reading, sum, same);
        bool heard = !same || heard_since(&reading->station, &meter->station);
        compare_counters(meter, reading, sum, &step);
        bool sent = !step.compared || !(step.told >> VO_LINK_SENT & 1) || step.grown[VO_LINK_SENT] > 0;
        take_levels(sum, &reading->station, heard, &step);
        take_rates(sum, &reading->station, heard, sent);
        sum->now = reading->station;
        step.sum = sum;
    }
    remember(meter, reading);
    return step;
}

/* --- Results -------------------------------------------------------------------------------------- */

static double share(const struct vo_link_sum *sum, enum vo_link_count part, uint64_t whole,
                    const char *not_told, const char **why)
{
    double percent = NAN;
    if (!(sum->told >> VO_LINK_SENT & 1))
        *why = "the driver does not count the frames that it sends";
    else if (!(sum->told >> part & 1))
        *why = not_told;
    else if (!sum->differences)
        *why = sum->refusal ? sum->refusal
                            : "the counters of an association were read once only: a difference needs two "
                              "readings";
    else if (whole == 0)
        *why = "no frame was sent to the access point";
    else if (vo_share_percent(sum->count[part], whole, 0, &percent) != VO_SHARE_OK)
        *why = vo_share_text(VO_SHARE_EXCEEDS);
    return percent;
}

double vo_link_per_percent(const struct vo_link_sum *sum, const char **why)
{
    return share(sum, VO_LINK_FAILED, sum->count[VO_LINK_SENT],
                 "the driver does not count the frames that were never acknowledged", why);
}

double vo_link_retry_percent(const struct vo_link_sum *sum, const char **why)
{
    return share(sum, VO_LINK_RETRIES, sum->count[VO_LINK_SENT] + sum->count[VO_LINK_RETRIES],
                 "the driver does not count repetitions", why);
}
