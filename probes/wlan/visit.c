#include "probes/wlan/visit.h"

#include "probes/decode/colocated.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vo_visit_init(struct vo_visit *visit)
{
    memset(visit, 0, sizeof *visit);
    vo_bsses_init(&visit->bsses);
    visit->bsses.by_frequency = true;
    visit->end = &visit->first;
    visit->since_ns = INT64_MAX; /* nothing counts before the first visit */
}

void vo_visit_release(struct vo_visit *visit)
{
    while (visit->first) {
        struct vo_visit_bss *next = visit->first->next;
        free(visit->first);
        visit->first = next;
    }
    vo_bsses_release(&visit->bsses);
    vo_visit_init(visit);
}

void vo_visit_begin(struct vo_visit *visit, int64_t now_ns)
{
    visit->since_ns = now_ns;
    visit->scans = visit->others_scans = visit->written_scans = 0;
    visit->written = false;
    for (struct vo_visit_bss *it = visit->first; it; it = it->next) {
        it->hearings = it->by_others = 0;
        it->written_scans = 0;
        it->changed = false;
        it->signal = (struct vo_signal){0};
        it->absence = VO_LEVEL_THERE;
        it->chain_mask = 0;
        it->bss->load = it->bss->load_v1 = (struct vo_load_sum){0};
    }
    for (unsigned i = 0; i < visit->channel_count; i++) {
        visit->channels[i].scans = 0;
        visit->channels[i].noise = (struct vo_signal){0};
        visit->channels[i].absence = VO_NOISE_NO_ENTRY;
    }
}

/* --- Results -------------------------------------------------------------------------------------- */

static struct vo_visit_bss *state_of(struct vo_visit *visit, struct vo_bss *bss, uint16_t mhz)
{
    if (bss->visited)
        return bss->visited;
    struct vo_visit_bss *made = calloc(1, sizeof *made);
    if (!made) {
        visit->bsses.left_out++;
        return NULL;
    }
    made->bss = bss;
    made->mhz = mhz;
    made->from_ns = made->until_ns = INT64_MIN;
    made->heard = VO_TIME_UNKNOWN;
    *visit->end = made;
    visit->end = &made->next;
    return bss->visited = made;
}

/* Between which times the frame was heard. False: the result does not tell. */
static bool place_in_time(const struct vo_scan_bss *result, const struct vo_visit_moment *moment,
                          int64_t *from_ns, int64_t *until_ns)
{
    if (vo_scan_has(result, VO_SCAN_BOOTTIME) && result->boottime_ns &&
        result->boottime_ns <= (uint64_t)moment->after_ns) {
        *from_ns = *until_ns = (int64_t)result->boottime_ns;
        return true;
    }
    int64_t age_ns = (int64_t)result->seen_ms_ago * VO_NS_PER_MS;
    *from_ns = moment->before_ns - age_ns - VO_VISIT_TICK_NS;
    *until_ns = moment->after_ns - age_ns + VO_VISIT_TICK_NS;
    return vo_scan_has(result, VO_SCAN_AGE);
}

static void add_level(struct vo_visit_bss *it, const struct vo_scan_bss *result)
{
    enum { MBM = 100 };
    it->chain_mask = vo_scan_has(result, VO_SCAN_CHAINS) ? result->chain_mask : 0;
    memcpy(it->chain_dbm, result->chain_dbm, sizeof it->chain_dbm);
    if (vo_scan_has(result, VO_SCAN_SIGNAL) && vo_signal_add(&it->signal, result->signal_mbm / (double)MBM))
        return;
    it->absence = VO_LEVEL_NOT_TOLD;
    if (vo_scan_has(result, VO_SCAN_SIGNAL_DOUBTFUL)) {
        it->absence = VO_LEVEL_NONSENSE;
        it->said = result->signal_mbm / (double)MBM;
    } else if (vo_scan_has(result, VO_SCAN_SIGNAL_PERCENT)) {
        it->absence = VO_LEVEL_PERCENT;
        it->said = result->signal_percent;
    }
}

/* The frame of `it` that was heard between the two times, if it is a reading. */
static bool add_reading(struct vo_visit *visit, struct vo_visit_bss *it, const struct vo_scan_bss *result,
                        int64_t from_ns, int64_t until_ns, const struct vo_visit_moment *moment)
{
    if (from_ns <= it->until_ns)
        return false;
    it->from_ns = from_ns;
    it->until_ns = until_ns;
    it->heard = moment->time - (moment->after_ns - until_ns);
    it->bss->last = it->heard;
    if (from_ns < visit->since_ns)
        return false;
    bool own = moment->own_until && until_ns >= moment->own_from && from_ns <= moment->own_until;
    it->hearings++;
    it->by_others += !own;
    it->changed = true;
    add_level(it, result);
    return true;
}

/* A frame's load counts once, and if the frame was heard in this visit. Of beacon and response the time
 * stamps tell by how much one is older than the other, which was heard when the result says. */
static void count_load(struct vo_visit *visit, struct vo_visit_bss *it, const struct vo_scan_bss *result,
                       const struct vo_announcement *told, int64_t from_ns, bool is_reading)
{
    enum { NS_PER_US = 1000 };
    bool stamped = vo_scan_has(result, told->beacon ? VO_SCAN_BEACON_TSF : VO_SCAN_TSF);
    uint64_t tsf = told->beacon ? result->beacon_tsf : result->tsf;
    uint64_t other = told->beacon ? result->tsf : result->beacon_tsf;
    uint64_t *last = told->beacon ? &it->beacon_tsf : &it->tsf;
    if (stamped ? tsf == *last : !is_reading)
        return;
    if (stamped && other > tsf)
        from_ns =
            other - tsf < INT64_MAX / NS_PER_US ? from_ns - (int64_t)(other - tsf) * NS_PER_US : INT64_MIN;
    *last = tsf;
    if (from_ns >= visit->since_ns)
        vo_bss_count_load(it->bss, told);
}

/* BSSIDs that share the beacon are heard with it. A kernel that keeps them apart gives the same time for
 * them, so that they do not count twice. */
static void hear_nontransmitted(struct vo_visit *visit, const struct vo_bss *bss,
                                const struct vo_scan_bss *result, int64_t from_ns, int64_t until_ns,
                                const struct vo_visit_moment *moment)
{
    struct vo_nontransmitted_list list;
    struct vo_nontransmitted one;
    vo_nontransmitted_begin(result->beacon_elements, result->beacon_elements_size, bss->bssid, &list);
    while (vo_nontransmitted_next(&list, &one)) {
        struct vo_bss *other = vo_bsses_find_at(&visit->bsses, one.bssid, bss->mhz);
        struct vo_visit_bss *it =
            other && other != bss && other->known ? state_of(visit, other, bss->mhz) : NULL;
        if (it)
            add_reading(visit, it, result, from_ns, until_ns, moment);
    }
}

static bool take(struct vo_visit *visit, struct vo_visit_bss *it, const struct vo_scan_bss *result,
                 int64_t from_ns, int64_t until_ns, const struct vo_visit_moment *moment)
{
    struct vo_bss *bss = it->bss;
    struct vo_announcement beacon = {.elements = result->beacon_elements,
                                     .size = result->beacon_elements_size,
                                     .mhz = it->mhz,
                                     .beacon = true,
                                     .time = moment->time};
    struct vo_announcement response = {.elements = result->elements,
                                       .size = result->elements_size,
                                       .mhz = it->mhz,
                                       .beacon = false,
                                       .time = moment->time};
    if (beacon.elements)
        vo_bss_learn(&visit->bsses, bss, &beacon);
    /* what is not told of which frame is the beacon's, if there is one */
    bool has_response = response.elements && (result->from_probe || !beacon.elements);
    if (has_response)
        vo_bss_learn(&visit->bsses, bss, &response);
    if (vo_scan_has(result, VO_SCAN_CAPABILITY))
        bss->capability = result->capability;
    if (vo_scan_has(result, VO_SCAN_BEACON_INTERVAL))
        bss->interval_tu = result->beacon_interval_tu;
    it->associated = vo_scan_has(result, VO_SCAN_STATUS) && result->status == VO_SCAN_ASSOCIATED;
    bool is_reading = add_reading(visit, it, result, from_ns, until_ns, moment);
    if (from_ns < visit->since_ns)
        return false;
    if (beacon.elements)
        count_load(visit, it, result, &beacon, from_ns, is_reading);
    if (has_response)
        count_load(visit, it, result, &response, from_ns, is_reading);
    if (is_reading && beacon.elements && vo_bss_has(&bss->info, VO_BSS_MULTIPLE_BSSID))
        hear_nontransmitted(visit, bss, result, from_ns, until_ns, moment);
    return is_reading;
}

bool vo_visit_result(struct vo_visit *visit, const struct vo_scan_bss *result,
                     const struct vo_visit_moment *moment)
{
    int64_t from_ns, until_ns;
    visit->malformed += result->malformed != 0;
    if (!vo_scan_has(result, VO_SCAN_BSSID) || !vo_scan_has(result, VO_SCAN_FREQUENCY) ||
        result->frequency_mhz > UINT16_MAX || !place_in_time(result, moment, &from_ns, &until_ns)) {
        visit->malformed += !result->malformed;
        return false;
    }
    uint16_t mhz = (uint16_t)result->frequency_mhz;
    struct vo_bss *bss = vo_bsses_get_at(&visit->bsses, result->bssid, mhz, moment->time);
    struct vo_visit_bss *it = bss ? state_of(visit, bss, mhz) : NULL;
    return it && take(visit, it, result, from_ns, until_ns, moment);
}

/* --- Channels ------------------------------------------------------------------------------------- */

const struct vo_visit_channel *vo_visit_channel_of(const struct vo_visit *visit, uint32_t mhz)
{
    for (unsigned i = 0; i < visit->channel_count; i++)
        if (visit->channels[i].mhz == mhz)
            return &visit->channels[i];
    return NULL;
}

struct vo_visit_channel *vo_visit_channel(struct vo_visit *visit, uint32_t mhz)
{
    for (unsigned i = 0; i < visit->channel_count; i++)
        if (visit->channels[i].mhz == mhz)
            return &visit->channels[i];
    if (visit->channel_count == VO_VISIT_CHANNELS || mhz > UINT16_MAX)
        return NULL;
    struct vo_visit_channel *made = &visit->channels[visit->channel_count++];
    *made = (struct vo_visit_channel){.mhz = (uint16_t)mhz};
    return made;
}

void vo_visit_scanned(struct vo_visit *visit, const uint32_t *mhz, size_t count, bool own)
{
    visit->scans++;
    visit->others_scans += !own;
    for (size_t i = 0; i < count; i++) {
        struct vo_visit_channel *channel = vo_visit_channel(visit, mhz[i]);
        if (!channel)
            continue;
        channel->covered = true;
        channel->scans++;
    }
}

void vo_visit_survey(struct vo_visit *visit, const struct vo_survey *survey, uint64_t scan_ms)
{
    struct vo_visit_channel *channel =
        vo_survey_has(survey, VO_SURVEY_FREQUENCY) ? vo_visit_channel(visit, survey->frequency_mhz) : NULL;
    if (!channel)
        return;
    bool has_time = vo_survey_has(survey, VO_SURVEY_TIME);
    bool stood = has_time && channel->timed && survey->time_ms == channel->time_ms;
    channel->timed = has_time;
    channel->time_ms = survey->time_ms;
    if (!scan_ms || !(channel->covered || survey->in_use))
        return;
    if (vo_survey_has(survey, VO_SURVEY_NOISE_DOUBTFUL)) {
        channel->absence = VO_NOISE_NONSENSE;
        channel->said = survey->noise_dbm;
    } else if (!vo_survey_has(survey, VO_SURVEY_NOISE)) {
        channel->absence = VO_NOISE_NOT_TOLD;
    } else if (stood && survey->time_ms > scan_ms) {
        channel->absence = VO_NOISE_OLD;
    } else {
        vo_signal_add(&channel->noise, survey->noise_dbm);
    }
}

void vo_visit_survey_read(struct vo_visit *visit)
{
    for (unsigned i = 0; i < visit->channel_count; i++)
        visit->channels[i].covered = false;
}

double vo_visit_snr_db(const struct vo_visit *visit, const struct vo_visit_bss *it)
{
    const struct vo_visit_channel *channel = vo_visit_channel_of(visit, it->mhz);
    return channel ? vo_signal_snr_db(vo_signal_mean_dbm(&it->signal), vo_signal_mean_dbm(&channel->noise))
                   : NAN;
}

/* --- What could not be had ------------------------------------------------------------------------ */

const char *vo_visit_no_level(const struct vo_visit_bss *it, char *text, size_t size)
{
    switch (it->absence) {
    case VO_LEVEL_PERCENT:
        snprintf(text, size, "the driver tells a quality of %.0f percent and no dBm", it->said);
        break;
    case VO_LEVEL_NONSENSE:
        snprintf(text, size, "the driver tells %.4g dBm, which is no level that a receiver can have",
                 it->said);
        break;
    default:
        snprintf(text, size, "%s", it->hearings ? "the driver tells no level" : "it was not heard");
    }
    return text;
}

const char *vo_visit_no_noise(const struct vo_visit *visit, uint16_t mhz, char *text, size_t size)
{
    const struct vo_visit_channel *channel = vo_visit_channel_of(visit, mhz);
    if (visit->no_survey[0])
        snprintf(text, size, "%s", visit->no_survey);
    else if (!channel || (channel->absence == VO_NOISE_NO_ENTRY && !channel->scans))
        snprintf(text, size, "no scan that covered the channel was completed");
    else if (channel->absence == VO_NOISE_NONSENSE)
        snprintf(text, size, "the driver tells a noise of %d dBm, which is none", channel->said);
    else if (channel->absence == VO_NOISE_OLD)
        snprintf(text, size, "the driver's noise of the channel is from before the scan");
    else if (channel->absence == VO_NOISE_NOT_TOLD)
        snprintf(text, size, "the driver's survey of the channel has no noise");
    else
        snprintf(text, size, "the driver has no survey of the channel");
    return text;
}

/* --- Coverage ------------------------------------------------------------------------------------- */

static bool is_named(const struct vo_bss *bss, const uint8_t *ssid, size_t size)
{
    return bss->ssid_size == size && memcmp(bss->ssid, ssid, size) == 0;
}

/* Whether a network of that name, were it this one, would have said so: it answers if it is asked by name. */
static bool could_be_hidden(const struct vo_visit *visit, const struct vo_visit_bss *it)
{
    const struct vo_visit_channel *channel = vo_visit_channel_of(visit, it->mhz);
    return it->hearings && !it->bss->ssid_size && !(visit->asks_by_name && channel && !channel->listen_only);
}

enum vo_visit_coverage vo_visit_coverage(const struct vo_visit *visit, const uint8_t *ssid, size_t size,
                                         const char **why)
{
    bool hidden = false, shown = false;
    for (const struct vo_visit_bss *it = visit->first; it; it = it->next) {
        bool named = is_named(it->bss, ssid, size);
        if (named && it->hearings)
            return VO_COVERAGE_HEARD;
        shown |= named && !it->bss->hidden;
        hidden |= could_be_hidden(visit, it);
    }
    if (!visit->scans) {
        *why = "no scan was completed";
        return VO_COVERAGE_UNKNOWN;
    }
    if (hidden && !shown) {
        *why = "a network that hides its name was heard where it could not be asked for its name";
        return VO_COVERAGE_UNKNOWN;
    }
    return VO_COVERAGE_NOT_HEARD;
}
