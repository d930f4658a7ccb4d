#include "core/estimate/channel.h"

#include <math.h>
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *name;
    uint16_t from, to; /* of centres */
    uint16_t base;     /* a number's centre is base + 5 * number */
    uint8_t first, last;
} bands[VO_CHANNEL_BANDS] = {
    [VO_CHANNEL_NO_BAND] = {"unknown", 0, 0, 0, 0, 0},
    [VO_CHANNEL_2_4_GHZ] = {"2.4 GHz", 2400, 2500, 2407, 1, 13},
    [VO_CHANNEL_4_9_GHZ] = {"4.9 GHz", 4900, 4999, 4000, 182, 196},
    [VO_CHANNEL_5_GHZ] = {"5 GHz", 5000, 5925, 5000, 7, 184},
    [VO_CHANNEL_6_GHZ] = {"6 GHz", 5926, 7125, 5950, 1, 233},
};

/* Two channels that stand off the grid of their band. */
static const struct {
    enum vo_channel_band band;
    uint16_t mhz;
    uint8_t number;
} exceptions[] = {{VO_CHANNEL_2_4_GHZ, 2484, 14}, {VO_CHANNEL_6_GHZ, 5935, 2}};
enum { GRID = 5 };

enum vo_channel_band vo_channel_band(unsigned mhz)
{
    for (unsigned i = VO_CHANNEL_NO_BAND + 1; i < VO_CHANNEL_BANDS; i++)
        if (mhz >= bands[i].from && mhz <= bands[i].to)
            return (enum vo_channel_band)i;
    return VO_CHANNEL_NO_BAND;
}

const char *vo_channel_band_name(enum vo_channel_band band)
{
    return bands[band < VO_CHANNEL_BANDS ? band : VO_CHANNEL_NO_BAND].name;
}

unsigned vo_channel_number(unsigned mhz)
{
    enum vo_channel_band band = vo_channel_band(mhz);
    for (unsigned i = 0; i < COUNT(exceptions); i++)
        if (exceptions[i].mhz == mhz)
            return exceptions[i].number;
    if (band == VO_CHANNEL_NO_BAND || mhz < bands[band].base || (mhz - bands[band].base) % GRID)
        return 0;
    unsigned number = (mhz - bands[band].base) / GRID;
    return number == 0 || vo_channel_mhz(band, number) != mhz ? 0 : number;
}

unsigned vo_channel_mhz(enum vo_channel_band band, unsigned number)
{
    for (unsigned i = 0; i < COUNT(exceptions); i++)
        if (exceptions[i].band == band && exceptions[i].number == number)
            return exceptions[i].mhz;
    if (band <= VO_CHANNEL_NO_BAND || band >= VO_CHANNEL_BANDS || number < bands[band].first ||
        number > bands[band].last)
        return 0;
    return bands[band].base + GRID * number;
}

static struct vo_channel_part part_around(double center, double width)
{
    return (struct vo_channel_part){center - width / 2, center + width / 2};
}

/* The 20 MHz parts that are left, joined where they border. */
static unsigned punctured_parts(const struct vo_channel *channel, struct vo_channel_part parts[])
{
    enum { STEP = 20 };
    unsigned count = 0, steps = channel->width_mhz / STEP;
    double lowest = channel->center_mhz - channel->width_mhz / 2.0;
    if (steps == 0 || channel->punctured >> steps)
        return 0;
    for (unsigned i = 0; i < steps; i++) {
        if (channel->punctured >> i & 1)
            continue;
        double low = lowest + i * STEP;
        if (count && parts[count - 1].high_mhz == low)
            parts[count - 1].high_mhz += STEP;
        else
            parts[count++] = (struct vo_channel_part){low, low + STEP};
    }
    return count;
}

static unsigned two_halves(const struct vo_channel *channel, struct vo_channel_part parts[])
{
    enum { BOTH = 160, HALF = 80 };
    unsigned low = channel->center_mhz, high = channel->center_2_mhz;
    if (low > high) {
        low = channel->center_2_mhz;
        high = channel->center_mhz;
    }
    if (channel->width_mhz != BOTH || channel->punctured || high - low < HALF)
        return 0;
    parts[0] = part_around(low, HALF);
    parts[1] = part_around(high, HALF);
    if (high - low > HALF)
        return 2;
    parts[0].high_mhz = parts[1].high_mhz;
    return 1;
}

unsigned vo_channel_parts(const struct vo_channel *channel, struct vo_channel_part parts[VO_CHANNEL_PARTS])
{
    static const uint16_t widths[] = {5, 10, 20, 40, 80, 160, 320};
    for (unsigned i = 0; i < COUNT(widths); i++) {
        if (channel->width_mhz != widths[i] || channel->center_mhz <= widths[i])
            continue;
        if (channel->center_2_mhz)
            return two_halves(channel, parts);
        if (channel->punctured)
            return punctured_parts(channel, parts);
        parts[0] = part_around(channel->center_mhz, widths[i]);
        return 1;
    }
    return 0;
}

struct vo_channel_overlap vo_channel_overlap(const struct vo_channel *ours, const struct vo_channel *other)
{
    struct vo_channel_part our_parts[VO_CHANNEL_PARTS], parts[VO_CHANNEL_PARTS];
    unsigned our_count = vo_channel_parts(ours, our_parts), count = vo_channel_parts(other, parts);
    if (!our_count || !count)
        return (struct vo_channel_overlap){NAN, NAN, NAN};
    double common = 0, occupied = 0;
    for (unsigned i = 0; i < count; i++) {
        occupied += parts[i].high_mhz - parts[i].low_mhz;
        for (unsigned j = 0; j < our_count; j++)
            common += fmax(0, fmin(parts[i].high_mhz, our_parts[j].high_mhz) -
                                  fmax(parts[i].low_mhz, our_parts[j].low_mhz));
    }
    double share = common / occupied;
    return (struct vo_channel_overlap){common, share, common > 0 ? fabs(10 * log10(share)) : INFINITY};
}
