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
    if (modern && (known & (VO_WLAN_RATE_MCS | VO_WLAN_RATE_NSS)) != (VO_WLAN_RATE_MCS | VO_WLAN_RATE_NSS))
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

/* The same few rates and lengths come again and again. */
static struct vo_airtime_span span_of(struct vo_air *air, const struct vo_airtime_ppdu *ppdu, uint32_t bytes)
{
    uint64_t words[sizeof *ppdu / sizeof(uint64_t)], mixed = bytes;
    memcpy(words, ppdu, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        mixed = (mixed ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    struct vo_air_memo *memo = &air->memo[(mixed >> 40) % VO_AIR_MEMO];
    if (!memo->filled || memo->bytes != bytes || memcmp(&memo->ppdu, ppdu, sizeof *ppdu) != 0) {
        memo->ppdu = *ppdu;
        memo->bytes = bytes;
        memo->filled = true;
        memo->span = vo_airtime_ppdu_us(ppdu, bytes);
    }
    return memo->span;
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
    const struct vo_radiotap *radio = heard->radio;
    bool one_sender = transmitter == air->ppdu.transmitter || transmitter == VO_WLAN_NO_ADDRESS ||
                      air->ppdu.transmitter == VO_WLAN_NO_ADDRESS;
    if (!air->ppdu.bytes || !modern || !one_sender || heard->time - air->ppdu.time > VO_AIR_LAG)
        return false;
    if (vo_radiotap_has(radio, VO_RADIOTAP_AMPDU))
        return air->ppdu.has_reference && air->ppdu.reference == radio->ampdu_reference;
    return vo_radiotap_has(radio, VO_RADIOTAP_TSFT) && air->ppdu.has_tsft && !air->ppdu.has_reference &&
           air->ppdu.tsft_us == radio->tsft_us;
}

static void begin_ppdu(struct vo_air *air, const struct vo_heard *heard)
{
    air->ppdu.has_reference = vo_radiotap_has(heard->radio, VO_RADIOTAP_AMPDU);
    air->ppdu.reference = air->ppdu.has_reference ? heard->radio->ampdu_reference : 0;
    air->ppdu.has_tsft = vo_radiotap_has(heard->radio, VO_RADIOTAP_TSFT);
    air->ppdu.tsft_us = air->ppdu.has_tsft ? heard->radio->tsft_us : 0;
    air->ppdu.time = heard->time;
    air->ppdu.bytes = 0;
    air->ppdu.ns = air->ppdu.slack_ns = 0;
    air->ppdu.transmitter = VO_WLAN_NO_ADDRESS;
}

/* What the frame adds to its PPDU. False: not known. */
static bool added_ns(struct vo_air *air, struct vo_heard *heard, uint64_t *ns, uint64_t *slack_ns)
{
    struct vo_wlan_rate rate;
    struct vo_airtime_ppdu ppdu;
    vo_radiotap_rate(heard->radio, &rate);
    ppdu_of(&rate, &ppdu);
    heard->joined = is_joined(air, heard, ppdu.phy >= VO_AIRTIME_HT);
    if (!heard->joined)
        begin_ppdu(air, heard);
    heard->aggregated = air->ppdu.has_reference || heard->joined;
    if (heard->frame)
        air->ppdu.transmitter = heard->frame->transmitter;
    bool in_ampdu = heard->aggregated || ppdu.phy >= VO_AIRTIME_VHT;
    air->ppdu.bytes = in_ampdu ? vo_airtime_aggregate(air->ppdu.bytes, heard->length) : heard->length;
    uint64_t whole_ns, whole_slack;
    if (!middle_of(span_of(air, &ppdu, air->ppdu.bytes), heard->radio, &whole_ns, &whole_slack))
        return false;
    *ns = whole_ns > air->ppdu.ns ? whole_ns - air->ppdu.ns : 0;
    *slack_ns = whole_slack > air->ppdu.slack_ns ? whole_slack - air->ppdu.slack_ns : 0;
    air->ppdu.ns = whole_ns;
    air->ppdu.slack_ns = whole_slack;
    return true;
}

/* --- Channels ------------------------------------------------------------------------------------- */

static void begin_rows(const struct vo_air *air, struct vo_air_channel *channel, vo_time at)
{
    vo_time start = at - (at % air->step + air->step) % air->step;
    vo_occupancy_init(&channel->used, start, air->step);
    vo_occupancy_init(&channel->listened, start, air->step);
    memset(&channel->row, 0, sizeof channel->row);
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

static void keep_row(const struct vo_air *air, struct vo_air_channel *channel,
                     const struct vo_occupancy_interval *used, const struct vo_occupancy_interval *listened)
{
    channel->row.used_ns = (uint64_t)used->used_ns;
    channel->row.listened_ns = (uint64_t)listened->used_ns;
    channel->used_ns += channel->row.used_ns;
    channel->listened_ns += channel->row.listened_ns;
    channel->rows[channel->row_count++] = channel->row;
    memset(&channel->row, 0, sizeof channel->row);
    if (channel->row_count == VO_AIR_ROWS)
        tell_rows(air, channel);
}

/* Notes that the channel was listened to up to `until`. */
static void note_stay(struct vo_air_channel *channel, vo_time until)
{
    vo_occupancy_add(&channel->listened, channel->stay, until);
    channel->stay = until;
}

/* Closes the rows that ended before `begin`. After a long absence they begin anew. */
static void close_rows(const struct vo_air *air, struct vo_air_channel *channel, vo_time begin, bool stayed)
{
    struct vo_occupancy_interval used, listened;
    if (begin < channel->used.start + air->step)
        return;
    if (stayed)
        note_stay(channel, begin);
    unsigned closed = 0;
    while (closed++ < 2 * VO_AIR_ROWS && vo_occupancy_next(&channel->used, begin, &used)) {
        vo_occupancy_next(&channel->listened, begin, &listened);
        keep_row(air, channel, &used, &listened);
    }
    if (begin < channel->used.start + air->step)
        return;
    tell_rows(air, channel);
    if (stayed) /* nothing was heard for all that time */
        channel->listened_ns += (uint64_t)(begin - channel->used.start);
    begin_rows(air, channel, begin);
    channel->stay = begin;
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
        note_stay(channel, channel->until);
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
    if (ns)
        vo_occupancy_add(&channel->used, end - (vo_time)ns, end);
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
    struct vo_wlan_rate rate;
    struct vo_airtime_ppdu ppdu;
    struct vo_airtime_span span = {NAN, NAN};
    uint64_t ns = 0, slack_ns = 0;
    vo_radiotap_rate(heard->radio, &rate);
    ppdu_of(&rate, &ppdu);
    begin_ppdu(air, heard);
    if (heard->radio->zero_length_psdu == SOUNDING)
        span = span_of(air, &ppdu, 0);
    heard->use = heard->radio->zero_length_psdu == SOUNDING ? VO_AIR_CONTROL : VO_AIR_DAMAGED;
    bool timed = middle_of(span, heard->radio, &ns, &slack_ns);
    struct vo_air_channel *channel = count(air, heard, &ns);
    if (channel && !timed)
        channel->untimed++;
    if (channel && ns)
        vo_air_sum_add(&channel->sum, heard->use, ns, slack_ns);
}

void vo_air_finish(struct vo_air *air)
{
    if (air->now)
        note_stay(air->now, air->now->until);
    for (unsigned i = 0; i < air->channel_count; i++) {
        struct vo_air_channel *channel = air->channels[i];
        vo_time end = channel->used.start + air->step;
        struct vo_occupancy_interval used, listened;
        do { /* what reaches beyond the last row has one more */
            used = vo_occupancy_now(&channel->used, end);
            listened = vo_occupancy_now(&channel->listened, end);
            vo_occupancy_next(&channel->used, end, &used);
            vo_occupancy_next(&channel->listened, end, &listened);
            keep_row(air, channel, &used, &listened);
            end += air->step;
        } while (channel->used.count || channel->listened.count);
        tell_rows(air, channel);
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
