#include "core/estimate/contention.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct vo_contention_access vo_contention_default(unsigned category, bool ofdm)
{
    enum { WINDOW_OFDM = 15, WINDOW_DSSS = 31, LARGEST = 1023 };
    unsigned window = ofdm ? WINDOW_OFDM : WINDOW_DSSS;
    unsigned half = (window + 1) / 2 - 1, quarter = (window + 1) / 4 - 1;
    const struct vo_contention_access defaults[VO_CONTENTION_CATEGORIES] = {
        [VO_CONTENTION_BE] = {3, (uint16_t)window, LARGEST},
        [VO_CONTENTION_BK] = {7, (uint16_t)window, LARGEST},
        [VO_CONTENTION_VI] = {2, (uint16_t)half, (uint16_t)window},
        [VO_CONTENTION_VO] = {2, (uint16_t)quarter, (uint16_t)half},
    };
    return defaults[category < VO_CONTENTION_CATEGORIES ? category : VO_CONTENTION_BE];
}

struct vo_contention_timing vo_contention_timing(unsigned frequency_mhz, enum vo_told short_slot)
{
    static const struct {
        uint16_t from, to;
        uint8_t sifs;
        bool long_slots;
    } bands[] = {{2400, 2500, 10, true}, {4900, 7125, 16, false}};
    enum { SHORT_US = 9, LONG_US = 20 };
    struct vo_contention_timing timing = {NAN, NAN};
    for (unsigned i = 0; i < COUNT(bands); i++) {
        if (frequency_mhz < bands[i].from || frequency_mhz > bands[i].to)
            continue;
        timing.sifs_us = bands[i].sifs;
        if (!bands[i].long_slots || short_slot == VO_YES)
            timing.slot_us = SHORT_US;
        else if (short_slot == VO_NO)
            timing.slot_us = LONG_US;
    }
    return timing;
}

double vo_contention_aifs_us(const struct vo_contention_timing *timing, unsigned aifsn)
{
    return timing->sifs_us + aifsn * timing->slot_us;
}

double vo_contention_backoff_us(const struct vo_contention_timing *timing, unsigned cw_min)
{
    return cw_min * timing->slot_us / 2;
}

/* Legacy rates in 500 kbit/s; the membership selectors that stand among a BSS's rates are none of them. */
static const struct {
    uint8_t rate_500;
    bool dsss, mandatory;
} legacy[] = {{2, true, true},   {4, true, true},    {11, true, true},   {22, true, true},
              {12, false, true}, {18, false, false}, {24, false, true},  {36, false, false},
              {48, false, true}, {72, false, false}, {96, false, false}, {108, false, false}};

static bool is_basic(unsigned rate_500, const uint8_t *rates, size_t count)
{
    enum { BASIC = 0x80 };
    for (size_t i = 0; i < count; i++)
        if (rates[i] == (BASIC | rate_500))
            return true;
    return false;
}

uint32_t vo_contention_response_kbps(const struct vo_airtime_ppdu *ppdu, const uint8_t *rates, size_t count)
{
    enum { UNIT_KBPS = 500 };
    uint32_t reference = vo_airtime_reference_kbps(ppdu), basic = 0, mandatory = 0;
    if (!rates)
        return 0;
    for (unsigned i = 0; i < COUNT(legacy); i++) {
        uint32_t kbps = legacy[i].rate_500 * UNIT_KBPS;
        if (kbps > reference || legacy[i].dsss != (ppdu->phy == VO_AIRTIME_DSSS))
            continue;
        if (legacy[i].mandatory)
            mandatory = kbps;
        if (is_basic(legacy[i].rate_500, rates, count))
            basic = kbps;
    }
    return basic ? basic : mandatory;
}

struct vo_airtime_ppdu vo_contention_control(uint32_t kbps, enum vo_told short_preamble)
{
    struct vo_airtime_ppdu ppdu = {.kbps = kbps, .width_mhz = 20, .short_preamble = (uint8_t)short_preamble};
    for (unsigned i = 0; i < COUNT(legacy); i++)
        if (legacy[i].rate_500 * 500u == kbps)
            ppdu.phy = legacy[i].dsss ? VO_AIRTIME_DSSS : VO_AIRTIME_OFDM;
    return ppdu;
}
