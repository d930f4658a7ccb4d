#include "core/estimate/capacity.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* From the beginning of a frame to the end of its response; NAN if one of them is not known. */
static double exchange_us(const struct vo_capacity_plan *plan, const struct vo_capacity_direction *direction,
                          const struct vo_contention_timing *timing)
{
    const struct vo_airtime_ppdu *data = &direction->ppdu;
    struct vo_airtime_ppdu response = vo_contention_control(direction->response_kbps, data->short_preamble);
    bool aggregated = data->phy >= VO_AIRTIME_VHT; /* every MPDU, even one alone */
    uint32_t bytes = aggregated ? vo_airtime_aggregate(0, plan->frame_bytes) : plan->frame_bytes;
    double extension = vo_airtime_extension_us(data->phy, plan->frequency_mhz) +
                       vo_airtime_extension_us(response.phy, plan->frequency_mhz);
    return plan->protection_us + vo_airtime_ppdu_us(data, bytes).most_us + timing->sifs_us +
           vo_airtime_ppdu_us(&response, VO_CONTENTION_ACK).most_us + extension;
}

static bool makes_sense(const struct vo_capacity_plan *plan)
{
    return plan->packet_ms > 0 && plan->retry_percent >= 0 && plan->retry_percent < 100 &&
           plan->other_percent >= 0 && plan->ceiling_percent >= 0 && plan->ceiling_percent <= 100 &&
           plan->protection_us >= 0 && plan->signalling_per_s >= 0;
}

/* Share of the channel, in percent, that a call takes if one frame each way takes `both_us`. */
static double call_percent(const struct vo_capacity_plan *plan, double both_us)
{
    double pairs_per_s = 1000 / plan->packet_ms + plan->signalling_per_s / 2;
    double attempts = 100 / (100 - plan->retry_percent);
    return 100 * attempts * pairs_per_s * both_us / 1e6;
}

/* A call that just fits shall not be lost to rounding. */
static double whole_calls(double free_percent, double percent)
{
    return floor(free_percent / percent + 1e-9);
}

struct vo_capacity vo_capacity_calls(const struct vo_capacity_plan *plan)
{
    struct vo_capacity capacity = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (!makes_sense(plan))
        return capacity;
    struct vo_contention_timing timing = vo_contention_timing(plan->frequency_mhz, plan->short_slot);
    double aifs = vo_contention_aifs_us(&timing, plan->down.access.aifsn) +
                  vo_contention_aifs_us(&timing, plan->up.access.aifsn);
    double backoff = vo_contention_backoff_us(&timing, plan->down.access.cw_min) +
                     vo_contention_backoff_us(&timing, plan->up.access.cw_min);
    capacity.exchange_us = exchange_us(plan, &plan->down, &timing) + exchange_us(plan, &plan->up, &timing);
    capacity.contention_us = aifs + backoff;
    capacity.used_percent = call_percent(plan, capacity.exchange_us);
    capacity.occupied_percent = call_percent(plan, capacity.exchange_us + capacity.contention_us);
    capacity.free_percent = fmax(plan->ceiling_percent - plan->other_percent, 0);
    capacity.calls_least = whole_calls(capacity.free_percent, capacity.occupied_percent);
    capacity.calls_most = whole_calls(capacity.free_percent, call_percent(plan, capacity.exchange_us + aifs));
    return capacity;
}

uint32_t vo_capacity_frame_bytes(uint32_t payload, uint32_t srtp_tag, bool ipv6,
                                 enum vo_capacity_cipher cipher)
{
    static const uint8_t ciphers[] = {
        [VO_CAPACITY_OPEN] = 0, [VO_CAPACITY_CCMP] = 16, [VO_CAPACITY_GCMP_256] = 24};
    enum { QOS_DATA = 26, LLC_SNAP = 8, IPV4 = 20, IPV6 = 40, UDP = 8, RTP = 12, FCS = 4 };
    return QOS_DATA + ciphers[cipher] + LLC_SNAP + (ipv6 ? IPV6 : IPV4) + UDP + RTP + payload + srtp_tag +
           FCS;
}

size_t vo_capacity_assumptions(const struct vo_capacity_assumption **rows)
{
    static const struct vo_capacity_assumption assumptions[] = {
        {"no_collisions", "no two stations send at once; each collision costs a whole frame more"},
        {"no_aggregation", "each packet is a transmission of its own, acknowledged by itself"},
        {"constant_stream", "both directions send all the time: no silence suppression"},
        {"same_rates", "every call has these rates; a phone at the cell's edge takes more"},
        {"one_channel", "all calls and the other load share one channel, and hear each other"},
        {"no_power_save", "frames of power saving (U-APSD triggers, PS-Poll) are not counted"},
        {"voice_category", "every voice frame goes out in the access category whose windows are given"},
        {"steady_load", "the other load stays as it was measured"},
    };
    *rows = assumptions;
    return COUNT(assumptions);
}
