#include "probes/wlan/frequencies.h"

#include "core/estimate/channel.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t as_mhz(unsigned long number)
{
    return number <= UINT16_MAX ? (uint32_t)number : 0;
}

/* Of 2.4 GHz up to 14, above of 5 GHz. 0: none. */
static uint32_t channel_mhz(unsigned long number)
{
    enum { LAST_OF_2_4_GHZ = 14 };
    if (number == 0 || number > UINT8_MAX)
        return 0;
    return vo_channel_mhz(number <= LAST_OF_2_4_GHZ ? VO_CHANNEL_2_4_GHZ : VO_CHANNEL_5_GHZ,
                          (unsigned)number);
}

static void refuse(struct vo_frequencies *chosen, uint32_t mhz, const char *why)
{
    size_t used = strlen(chosen->refused);
    snprintf(chosen->refused + used, sizeof chosen->refused - used, "%s%u MHz (%s)", used ? ", " : "", mhz,
             why);
}

/* In its place, once. */
static void add(struct vo_frequencies *chosen, uint32_t mhz)
{
    size_t at = 0;
    while (at < chosen->count && chosen->mhz[at] < mhz)
        at++;
    if ((at < chosen->count && chosen->mhz[at] == mhz) || chosen->count == VO_WIPHY_FREQUENCIES)
        return;
    memmove(chosen->mhz + at + 1, chosen->mhz + at, (chosen->count - at) * sizeof *chosen->mhz);
    chosen->mhz[at] = mhz;
    chosen->count++;
}

static void choose_one(const struct vo_wiphy *wiphy, uint32_t mhz, struct vo_frequencies *chosen)
{
    const struct vo_wiphy_frequency *frequency = vo_wiphy_frequency(wiphy, mhz);
    if (!frequency)
        refuse(chosen, mhz, "this radio does not have it");
    else if (frequency->flags & VO_FREQUENCY_DISABLED)
        refuse(chosen, mhz, "the regulatory domain does not permit it");
    else
        add(chosen, mhz);
}

static void choose_range(const struct vo_wiphy *wiphy, uint32_t from, uint32_t to,
                         struct vo_frequencies *chosen)
{
    for (unsigned i = 0; i < wiphy->frequency_count; i++) {
        const struct vo_wiphy_frequency *frequency = &wiphy->frequencies[i];
        if (frequency->mhz >= from && frequency->mhz <= to && !(frequency->flags & VO_FREQUENCY_DISABLED))
            add(chosen, frequency->mhz);
    }
}

/* A decimal number at *at. */
static bool take_number(const char **at, unsigned long *number)
{
    char *end;
    if (!isdigit((unsigned char)**at))
        return false;
    *number = strtoul(*at, &end, 10);
    *at = end;
    return true;
}

/* What the option's numbers are. */
struct kind {
    const char *option, *unknown;
    uint32_t (*mhz_of)(unsigned long number); /* 0: there is none */
};

static enum vo_status choose(const char *list, const struct kind *kind, const struct vo_wiphy *wiphy,
                             struct vo_frequencies *chosen, struct vo_error *error)
{
    const char *at = list;
    do {
        unsigned long first = 0, last;
        bool range = false, good = take_number(&at, &first);
        last = first;
        if (good && *at == '-') {
            at++;
            range = true;
            good = take_number(&at, &last) && last >= first;
        }
        if (!good || (*at && *at != ','))
            return vo_error_set(error, VO_ERR_USAGE,
                                "%s: '%s' is no list of numbers and ranges, such as 1,6,11,36-48 or "
                                "2412,5180-5240",
                                kind->option, list);
        uint32_t from = kind->mhz_of(first), to = kind->mhz_of(last);
        if (!from || !to)
            return vo_error_set(error, VO_ERR_USAGE, "%s: %lu is %s", kind->option, from ? last : first,
                                kind->unknown);
        if (range)
            choose_range(wiphy, from, to, chosen);
        else
            choose_one(wiphy, from, chosen);
    } while (*at++ == ',');
    return VO_OK;
}

enum vo_status vo_frequencies_choose(const char *channels, const char *mhz, const struct vo_wiphy *wiphy,
                                     struct vo_frequencies *chosen, struct vo_error *error)
{
    static const struct kind numbers = {
        "--channels", "no channel of 2.4 or 5 GHz (those of 6 GHz are named by --frequencies)", channel_mhz};
    static const struct kind megahertz = {"--frequencies", "no frequency in MHz", as_mhz};
    enum vo_status status = VO_OK;
    memset(chosen, 0, sizeof *chosen);
    if (channels)
        status = choose(channels, &numbers, wiphy, chosen, error);
    if (status == VO_OK && mhz)
        status = choose(mhz, &megahertz, wiphy, chosen, error);
    if (status != VO_OK || (!channels && !mhz) || chosen->count)
        return status;
    return vo_error_set(error, VO_ERR_USAGE, "none of the frequencies can be scanned%s%s",
                        chosen->refused[0] ? ": " : ": this radio has none in the range", chosen->refused);
}
