#include "probes/wlan/air.h"

#include "probes/decode/radiotap_rate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- The time of a PPDU --------------------------------------------------------------------------- */

static uint8_t told(bool known, bool value)
{
    return !known ? VO_UNTOLD : value ? VO_YES : VO_NO;
}

/* What airtime.h needs of a received rate; the enumerations of PHYs and formats have one order. */
static void ppdu_of(const struct vo_wlan_rate *rate, struct vo_airtime_ppdu *ppdu)
{
    _Static_assert((int)VO_WLAN_PHY_EHT == (int)VO_AIRTIME_EHT, "PHYs in one order");
    _Static_assert((int)VO_WLAN_FORMAT_TB == (int)VO_AIRTIME_TB, "formats in one order");
    unsigned known = rate->known;
    bool modern = rate->phy >= VO_WLAN_PHY_HT;
    memset(ppdu, 0, sizeof *ppdu);
    if (modern && !(known & VO_WLAN_RATE_KBPS)) /* not all told, or no combination of the standard */
        return;
    ppdu->phy = (uint8_t)rate->phy;
    ppdu->format = (uint8_t)rate->format;
    ppdu->short_preamble = told(known & VO_WLAN_RATE_PREAMBLE, rate->short_preamble);
    ppdu->ldpc = told(known & VO_WLAN_RATE_LDPC, rate->ldpc);
    ppdu->stbc = told(known & VO_WLAN_RATE_STBC || rate->assumed & VO_WLAN_ASSUMED_NO_STBC, rate->stbc);
    ppdu->dcm = told(known & VO_WLAN_RATE_DCM || rate->assumed & VO_WLAN_ASSUMED_NO_DCM, rate->dcm);
    ppdu->ltf_size = known & VO_WLAN_RATE_LTF ? rate->ltf_size : 0;
    ppdu->ltf_count = rate->ltf_count;
    ppdu->mcs = rate->mcs;
    ppdu->nss = rate->nss;
    ppdu->width_mhz = known & VO_WLAN_RATE_WIDTH ? rate->width_mhz : 0;
    ppdu->tones = known & VO_WLAN_RATE_TONES ? rate->tones : 0;
    ppdu->gi_ns = known & VO_WLAN_RATE_GI ? rate->gi_ns : 0;
    ppdu->kbps = known & VO_WLAN_RATE_KBPS ? rate->kbps : 0;
}

/* The time that the L-SIG reserves; NAN where it is not told. */
static double reserved_us(const struct vo_radiotap *radio)
{
    enum { LENGTH_KNOWN = 2 };
    if (!vo_radiotap_has(radio, VO_RADIOTAP_LSIG) || !(radio->lsig_known & LENGTH_KNOWN))
        return NAN;
    return vo_airtime_lsig_us(radio->lsig >> 4);
}

/* Middle and half width, ns. False: not known. */
static bool middle_of(struct vo_airtime_span span, const struct vo_radiotap *radio, uint64_t *ns,
                      uint64_t *slack_ns)
{
    if (isnan(span.most_us))
        span.least_us = span.most_us = reserved_us(radio);
    if (isnan(span.least_us) || isnan(span.most_us))
        return false;
    *ns = (uint64_t)llround((span.least_us + span.most_us) * 500);
    *slack_ns = (uint64_t)llround((span.most_us - span.least_us) * 500);
    return true;
}

/* Whether this frame came in the PPDU of the one before. */
static bool is_joined(const struct vo_air *air, const struct vo_heard *heard, bool modern)
{
    vo_wlan_address transmitter = heard->frame ? heard->frame->transmitter : VO_WLAN_NO_ADDRESS;
    enum { LONGEST_US = 10000 }; /* aPPDUMaxTime of HT (table 19-25); later ones are shorter */
    const struct vo_radiotap *radio = heard->radio;
    bool timed = vo_radiotap_has_clock(radio) && air->ppdu.has_tsft;
    bool one_sender = transmitter == air->ppdu.transmitter || transmitter == VO_WLAN_NO_ADDRESS ||
                      air->ppdu.transmitter == VO_WLAN_NO_ADDRESS;
    if (!air->ppdu.bytes || !modern || !one_sender || heard->time - air->ppdu.time > VO_AIR_LAG)
        return false;
    if (vo_radiotap_has(radio, VO_RADIOTAP_AMPDU)) {
        uint64_t apart = radio->tsft_us - air->ppdu.tsft_us; /* either may have been stamped later */
        bool far = timed && apart + LONGEST_US > 2 * LONGEST_US;
        return air->ppdu.has_reference && air->ppdu.reference == radio->ampdu_reference && !far;
    }
    return timed && !air->ppdu.has_reference && air->ppdu.tsft_us == radio->tsft_us;
}

static void begin_ppdu(struct vo_air *air, const struct vo_heard *heard)
{
    air->ppdu.has_reference = vo_radiotap_has(heard->radio, VO_RADIOTAP_AMPDU);
    air->ppdu.reference = air->ppdu.has_reference ? heard->radio->ampdu_reference : 0;
    air->ppdu.has_tsft = vo_radiotap_has_clock(heard->radio);
    air->ppdu.tsft_us = air->ppdu.has_tsft ? heard->radio->tsft_us : 0;
    air->ppdu.time = heard->time;
    air->ppdu.bytes = 0;
    air->ppdu.ns = air->ppdu.slack_ns = 0;
    air->ppdu.transmitter = VO_WLAN_NO_ADDRESS;
}

/* The fields that decide the time of a PPDU up to HT, as one number; 0: a later one, or an unusual header. */
static uint64_t phy_of(const struct vo_radiotap *radio)
{
    enum {
        LATER = 1u << VO_RADIOTAP_VHT | 1u << VO_RADIOTAP_HE | 1u << VO_RADIOTAP_EHT |
                1u << VO_RADIOTAP_USIG | 1u << VO_RADIOTAP_LSIG | 1u << VO_RADIOTAP_XCHANNEL
    };
    bool has_mcs = vo_radiotap_has(radio, VO_RADIOTAP_MCS),
         has_rate = vo_radiotap_has(radio, VO_RADIOTAP_RATE),
         has_flags = vo_radiotap_has(radio, VO_RADIOTAP_FLAGS);
    if (radio->has & LATER)
        return 0;
    return (uint64_t)radio->channel_flags << 48 | (uint64_t)radio->mcs << 40 |
           (uint64_t)radio->mcs_flags << 32 | (uint64_t)radio->mcs_known << 24 |
           (uint64_t)radio->rate_500 << 16 | (uint64_t)radio->flags << 8 | (uint64_t)has_flags << 3 |
           (uint64_t)has_mcs << 2 | (uint64_t)has_rate << 1 | 1;
}

static struct vo_air_memo compute(const struct vo_radiotap *radio, uint64_t phy, uint32_t bytes)
{
    struct vo_wlan_rate rate;
    struct vo_airtime_ppdu ppdu;
    struct vo_air_memo memo = {.phy = phy, .bytes = bytes, .filled = true};
    vo_radiotap_rate(radio, &rate);
    ppdu_of(&rate, &ppdu);
    memo.timed = middle_of(vo_airtime_ppdu_us(&ppdu, bytes), radio, &memo.ns, &memo.slack_ns);
    return memo;
}

static struct vo_air_memo whole_ppdu(struct vo_air *air, const struct vo_radiotap *radio, uint32_t bytes)
{
    uint64_t phy = phy_of(radio);
    uint64_t mixed = (phy ^ (uint64_t)bytes << 20) * UINT64_C(0x9e3779b97f4a7c15);
    struct vo_air_memo *memo = &air->memo[mixed >> 40 & (VO_AIR_MEMO - 1)];
    if (!phy)
        return compute(radio, phy, bytes);
    if (!memo->filled || memo->bytes != bytes || memo->phy != phy)
        *memo = compute(radio, phy, bytes);
    return *memo;
}

/* What the frame adds to its PPDU. False: not known. */
static bool added_ns(struct vo_air *air, struct vo_heard *heard, uint64_t *ns, uint64_t *slack_ns)
{
    enum {
        VHT = 1u << VO_RADIOTAP_VHT | 1u << VO_RADIOTAP_HE | 1u << VO_RADIOTAP_EHT | 1u << VO_RADIOTAP_USIG,
        HT = VHT | 1u << VO_RADIOTAP_MCS
    };
    heard->joined = is_joined(air, heard, heard->radio->has & HT);
    if (!heard->joined)
        begin_ppdu(air, heard);
    heard->aggregated = air->ppdu.has_reference || heard->joined;
    if (heard->frame)
        air->ppdu.transmitter = heard->frame->transmitter;
    bool in_ampdu = heard->aggregated || heard->radio->has & VHT;
    air->ppdu.bytes = in_ampdu ? vo_airtime_aggregate(air->ppdu.bytes, heard->length) : heard->length;
    struct vo_air_memo whole = whole_ppdu(air, heard->radio, air->ppdu.bytes);
    if (!whole.timed)
        return false;
    *ns = whole.ns > air->ppdu.ns ? whole.ns - air->ppdu.ns : 0;
    *slack_ns = whole.slack_ns > air->ppdu.slack_ns ? whole.slack_ns - air->ppdu.slack_ns : 0;
    air->ppdu.ns = whole.ns;
    air->ppdu.slack_ns = whole.slack_ns;
    return true;
}

/* --- Channels ------------------------------------------------------------------------------------- */

static void begin_rows(const struct vo_air *air, struct vo_air_channel *channel, vo_time at)
{
    vo_time start = at - (at % air->step + air->step) % air->step;
    memset(&channel->row, 0, sizeof channel->row);
    channel->beyond_ns = 0;
    channel->row_end = start + air->step;
    channel->rows_start = start;
    channel->row_count = 0;
}

static void tell_rows(const struct vo_air *air, struct vo_air_channel *channel)
{
    if (channel->row_count && air->told)
        air->told(air->context, channel, channel->rows_start, channel->rows, channel->row_count);
    channel->rows_start += channel->row_count * air->step;
    channel->row_count = 0;
}

/* Puts the row away and opens the next, with what reached beyond the end. */
static void next_row(const struct vo_air *air, struct vo_air_channel *channel)
{
    channel->used_ns += channel->row.used_ns;
    channel->listened_ns += channel->row.listened_ns;
    channel->rows[channel->row_count++] = channel->row;
    if (channel->row_count == VO_AIR_ROWS)
        tell_rows(air, channel);
    uint64_t step = (uint64_t)air->step, used = channel->beyond_ns < step ? channel->beyond_ns : step;
    channel->row = (struct vo_air_row){.used_ns = used};
    channel->beyond_ns -= used;
    channel->row_end += air->step;
}

/* The channel is listened to up to `until`, which is not before the row. */
static void note_stay(const struct vo_air *air, struct vo_air_channel *channel, vo_time until)
{
    while (until > channel->row_end) {
        if (channel->stay < channel->row_end)
            channel->row.listened_ns += (uint64_t)(channel->row_end - channel->stay);
        channel->stay = channel->row_end;
        next_row(air, channel);
    }
    if (until > channel->stay)
        channel->row.listened_ns += (uint64_t)(until - channel->stay);
    channel->stay = until;
}

/* Closes the rows that ended before `begin`. A long silence has no rows of its own, but `stayed` tells that
 * it was listened to. */
static void close_rows(const struct vo_air *air, struct vo_air_channel *channel, vo_time begin, bool stayed)
{
    static const vo_time long_rows = 2 * VO_AIR_ROWS;
    if (begin < channel->row_end)
        return;
    if ((begin - channel->row_end) / air->step >= long_rows) {
        note_stay(air, channel, stayed ? channel->row_end : channel->stay);
        next_row(air, channel);
        tell_rows(air, channel);
        channel->used_ns += channel->row.used_ns;
        if (stayed)
            channel->listened_ns += (uint64_t)(begin - channel->stay);
        begin_rows(air, channel, begin);
        channel->stay = begin;
        return;
    }
    if (stayed)
        note_stay(air, channel, begin);
    while (begin >= channel->row_end)
        next_row(air, channel);
}

static struct vo_air_channel *add_channel(struct vo_air *air, uint16_t mhz, vo_time begin)
{
    struct vo_air_channel *channel = air->channel_count < VO_AIR_CHANNELS ? calloc(1, sizeof *channel) : NULL;
    if (!channel)
        return NULL;
    channel->mhz = mhz;
    channel->first = channel->until = channel->stay = begin;
    begin_rows(air, channel, begin);
    air->channels[air->channel_count++] = channel;
    return channel;
}

const struct vo_air_channel *vo_air_channel_of(const struct vo_air *air, uint16_t mhz)
{
    for (unsigned i = 0; i < air->channel_count; i++)
        if (air->channels[i]->mhz == mhz)
            return air->channels[i];
    return NULL;
}

/* The channel that the receiver is on now: `begin` is when the present frame began. */
static struct vo_air_channel *tune(struct vo_air *air, uint16_t mhz, vo_time begin)
{
    struct vo_air_channel *channel = air->now;
    if (channel && channel->mhz == mhz)
        return channel;
    if (channel)
        note_stay(air, channel, channel->until);
    channel = NULL;
    for (unsigned i = 0; i < air->channel_count && !channel; i++)
        if (air->channels[i]->mhz == mhz)
            channel = air->channels[i];
    if (!channel)
        return air->now = add_channel(air, mhz, begin);
    close_rows(air, channel, begin, false);
    channel->stay = begin > channel->until ? begin : channel->until;
    return air->now = channel;
}

/* Lays `ns` behind what was there. Returns what is counted of it. */
static uint64_t lay(const struct vo_air *air, struct vo_air_channel *channel, vo_time time, uint64_t ns)
{
    vo_time end = channel->until + (vo_time)ns;
    if (end < time)
        end = time;
    if (end - time > VO_AIR_LAG) {
        channel->late_ns += ns;
        return 0;
    }
    close_rows(air, channel, end - (vo_time)ns, true);
    uint64_t beyond = end > channel->row_end ? (uint64_t)(end - channel->row_end) : 0;
    channel->row.used_ns += ns - beyond;
    channel->beyond_ns += beyond;
    channel->until = end;
    return ns;
}

static struct vo_air_channel *count(struct vo_air *air, const struct vo_heard *heard, uint64_t *ns)
{
    struct vo_air_channel *channel = tune(air, heard->mhz, heard->time - (vo_time)*ns);
    if (!channel) {
        air->left_out++;
        *ns = 0;
        return NULL;
    }
    *ns = lay(air, channel, heard->time, *ns);
    channel->last = heard->time;
    channel->frames++;
    channel->row.frames++;
    if (heard->bad_fcs) {
        channel->damaged++;
        channel->row.damaged++;
    }
    if (heard->frame && heard->frame->control & VO_IEEE80211_RETRY) {
        channel->retries++;
        channel->row.retries++;
    }
    if (heard->noise_dbm)
        vo_levels_add(&channel->noise, heard->noise_dbm);
    return channel;
}

uint64_t vo_air_add(struct vo_air *air, struct vo_heard *heard, uint64_t *slack_ns,
                    struct vo_air_channel **channel)
{
    uint64_t ns = 0;
    *slack_ns = 0;
    bool timed = added_ns(air, heard, &ns, slack_ns);
    *channel = count(air, heard, &ns);
    if (*channel && !timed)
        (*channel)->untimed++;
    if (*channel && ns)
        vo_air_sum_add(&(*channel)->sum, heard->use, ns, *slack_ns);
    return ns;
}

void vo_air_add_preamble(struct vo_air *air, struct vo_heard *heard)
{
    enum { SOUNDING = 0 };
    bool sounding = heard->radio->zero_length_psdu == SOUNDING;
    struct vo_airtime_span unknown = {NAN, NAN};
    uint64_t ns = 0, slack_ns = 0;
    begin_ppdu(air, heard);
    struct vo_air_memo whole = compute(heard->radio, 0, 0);
    bool timed = sounding ? whole.timed : middle_of(unknown, heard->radio, &ns, &slack_ns);
    if (sounding && timed) {
        ns = whole.ns;
        slack_ns = whole.slack_ns;
    }
    heard->use = sounding ? VO_AIR_CONTROL : VO_AIR_DAMAGED;
    struct vo_air_channel *channel = count(air, heard, &ns);
    if (channel && !timed)
        channel->untimed++;
    if (channel && ns)
        vo_air_sum_add(&channel->sum, heard->use, ns, slack_ns);
}

void vo_air_finish(struct vo_air *air)
{
    if (air->now)
        note_stay(air, air->now, air->now->until);
    for (unsigned i = 0; i < air->channel_count; i++) {
        do
            next_row(air, air->channels[i]);
        while (air->channels[i]->row.used_ns || air->channels[i]->row.listened_ns);
        tell_rows(air, air->channels[i]);
    }
}

uint64_t vo_air_sum_ns(const struct vo_air_sum *sum)
{
    uint64_t ns = 0;
    for (unsigned i = 0; i < VO_AIR_USES; i++)
        ns += sum->ns[i];
    return ns;
}

struct vo_air *vo_air_new(vo_time step, vo_air_rows *rows, void *context)
{
    struct vo_air *air = calloc(1, sizeof *air);
    if (!air)
        return NULL;
    air->step = step;
    air->told = rows;
    air->context = context;
    return air;
}

void vo_air_free(struct vo_air *air)
{
    for (unsigned i = 0; air && i < air->channel_count; i++)
        free(air->channels[i]);
    free(air);
}
