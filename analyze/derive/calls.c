/* BSSs: the calls that fit beside the load, by the rates of a link to each (core/estimate/capacity.h). */
#include "analyze/derive/index.h"
#include "analyze/derive/parts.h"
#include "core/estimate/capacity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LABELS       24
#define REASON       300
#define TEXT         600
#define PACKET_MS    20 /* of G.711, whose 83.2 kbit/s the guide plans with (13.1) */
#define PAYLOAD      160
#define SRTP_TAG     10 /* of the usual ciphers (RFC 3711 5.2) */
#define SIGNALLING_S 1  /* exchanges: more than 1 kbit/s of a client (guide 13.2) */
#define NO_CEILING   100

/* What decides how many calls fit one BSS. */
struct part {
    const struct vo_derive_context *context;
    const struct vo_fact *bss, *load, *link; /* NULL: none */
    const char *load_from;
    double load_percent, retry_percent; /* NAN: not known */
    struct vo_airtime_ppdu up, down;
    unsigned mhz;
    char why[REASON]; /* why it cannot be said; empty: it can */
};

struct calls {
    const struct vo_derive_context *context;
    struct vo_arena arena;
    struct vo_index bssids, channels, ssids;
    const struct vo_fact **links, **busy; /* by number: the one to take */
};

void vo_derive_want_capacities(struct vo_facts *facts)
{
    vo_facts_want(facts, "bss", VO_METRIC_WLAN_CAPACITY_CALLS);
    vo_facts_want(facts, "bss", VO_METRIC_WLAN_CAPACITY_MOST_CALLS);
    vo_facts_want(facts, "bss", VO_METRIC_WLAN_UTILIZATION_PERCENT);
    vo_facts_want(facts, "bss", VO_METRIC_WLAN_SECURITY);
    vo_facts_want(facts, "channel", VO_METRIC_WLAN_BUSY_PERCENT);
    vo_facts_want(facts, "link", VO_METRIC_WLAN_RETRY_PERCENT);
    vo_facts_want(facts, "cell", VO_METRIC_COUNT);
}

/* --- What is there -------------------------------------------------------------------------------- */

/* How many directions of a link have a rate. */
static int rates_of(const struct vo_fact *fact)
{
    return (vo_fact_label(fact, "tx_phy") != NULL) + (vo_fact_label(fact, "rx_phy") != NULL);
}

static bool is_better(const struct vo_facts *facts, const struct vo_fact *fact, const struct vo_fact *best)
{
    if (!best)
        return true;
    if (strcmp(fact->kind, "link") == 0 && rates_of(fact) != rates_of(best))
        return rates_of(fact) > rates_of(best);
    bool counts = vo_fact_counts(facts, fact), counted = vo_fact_counts(facts, best);
    return counts != counted ? counts : fact->time >= best->time;
}

static const char *intern(const struct calls *it, const char *text)
{
    struct vo_facts *facts = it->context->facts;
    return vo_texts_get(&facts->texts, &facts->arena, text);
}

static bool is_percent(double value)
{
    return value >= 0 && value <= 100;
}

/* The observation to take for a number, of those of a kind. */
static bool keep_best(struct calls *it, struct vo_index *index, uint64_t key, const struct vo_fact ***list,
                      const struct vo_fact *fact)
{
    size_t before = index->count, number = vo_index_get(index, key, 0);
    if (number == VO_INDEX_NONE)
        return false;
    if (number == before && (before & (before - 1)) == 0) {
        const struct vo_fact **grown = vo_arena_get(&it->arena, (2 * before + 1) * sizeof(struct vo_fact *));
        if (!grown)
            return false;
        if (before)
            memcpy(grown, *list, before * sizeof(struct vo_fact *));
        *list = grown;
    }
    if (is_better(it->context->facts, fact, (*list)[number]))
        (*list)[number] = fact;
    return true;
}

/* The kernel's own view of the channel that this host is on, and its links with rates. */
static bool look_at(struct calls *it, const struct vo_fact *fact)
{
    if (strcmp(fact->kind, "channel") == 0) {
        const char *in_use = vo_fact_label(fact, "in_use");
        double mhz = vo_fact_label_number(fact, "frequency_mhz");
        if (!in_use || strcmp(in_use, "yes") != 0 || !(mhz > 0 && mhz < UINT16_MAX) ||
            !is_percent(vo_fact_number(fact, VO_METRIC_WLAN_BUSY_PERCENT)))
            return true;
        return keep_best(it, &it->channels, (uint64_t)mhz, &it->busy, fact);
    }
    /* This host's own links alone have an interface and a BSSID, and no transmitter. */
    const char *bssid = vo_fact_label(fact, "bssid");
    if (!bssid || vo_fact_label(fact, "transmitter"))
        return true;
    return keep_best(it, &it->bssids, vo_index_of(bssid), &it->links, fact);
}

static bool gather(struct calls *it)
{
    const struct vo_survey *survey = it->context->survey;
    for (size_t i = 0; i < survey->place_count; i++)
        for (size_t k = 0; k < survey->places[i].ssid_count; k++)
            (void)vo_index_get(&it->ssids, vo_index_of(survey->places[i].ssids[k].ssid), 0);
    for (const struct vo_facts_subject *subject = it->context->facts->subjects; subject;
         subject = subject->next) {
        if (strcmp(subject->kind, "channel") != 0 && strcmp(subject->kind, "link") != 0)
            continue;
        for (const struct vo_fact *fact = subject->first; fact; fact = fact->next)
            if (!fact->derived && !look_at(it, fact))
                return false;
    }
    return !it->ssids.failed;
}

/* --- Rates ---------------------------------------------------------------------------------------- */

static double rate_label(const struct vo_fact *link, const char *direction, const char *what)
{
    char name[32];
    snprintf(name, sizeof name, "%s_%s", direction, what);
    return vo_fact_label_number(link, name);
}

static unsigned within(double value, double most)
{
    return value >= 0 && value <= most ? (unsigned)value : 0;
}

static unsigned tones_of_width(unsigned width_mhz)
{
    return width_mhz == 20    ? 242
           : width_mhz == 40  ? 484
           : width_mhz == 80  ? 996
           : width_mhz == 160 ? 1992
                              : 0;
}

/* The frame as this host's driver told the rate of its last one. What it did not tell stays untold; to one
 * receiver, as a call's frames are. */
static struct vo_airtime_ppdu ppdu_of(const struct vo_fact *link, const char *direction)
{
    static const char *const phys[VO_AIRTIME_PHYS] = {"", "dsss", "ofdm", "ht", "vht", "he", "eht"};
    char name[32];
    snprintf(name, sizeof name, "%s_phy", direction);
    const char *phy = vo_fact_label(link, name);
    double mcs = rate_label(link, direction, "mcs");
    struct vo_airtime_ppdu ppdu = {
        .mcs = (uint8_t)within(mcs, 127),
        .nss = (uint8_t)within(rate_label(link, direction, "nss"), 16),
        .width_mhz = (uint16_t)within(rate_label(link, direction, "width_mhz"), 320),
        .gi_ns = (uint16_t)within(rate_label(link, direction, "gi_ns"), 3200),
        .kbps = within(rate_label(link, direction, "kbps"), 1e8),
    };
    for (unsigned i = VO_AIRTIME_DSSS; phy && i < VO_AIRTIME_PHYS; i++)
        if (strcmp(phy, phys[i]) == 0)
            ppdu.phy = (uint8_t)i;
    if (ppdu.phy >= VO_AIRTIME_HT && !(mcs >= 0))
        ppdu.phy = VO_AIRTIME_UNKNOWN;
    if (ppdu.phy == VO_AIRTIME_OFDM && !ppdu.width_mhz)
        ppdu.width_mhz = 20;
    if (ppdu.phy == VO_AIRTIME_HT)
        ppdu.format = VO_AIRTIME_MIXED;
    if (ppdu.phy >= VO_AIRTIME_VHT)
        ppdu.format = VO_AIRTIME_SU;
    if (ppdu.phy >= VO_AIRTIME_HE) {
        double dcm = rate_label(link, direction, "dcm");
        unsigned tones = within(rate_label(link, direction, "tones"), 3984);
        ppdu.tones = (uint16_t)(tones ? tones : tones_of_width(ppdu.width_mhz));
        ppdu.dcm = dcm > 0 ? VO_YES : dcm == 0 ? VO_NO : VO_UNTOLD;
    }
    return ppdu;
}

/* "VHT MCS 7, 2 streams, 80 MHz, 400 ns"; "54 Mbit/s". */
static void rate_text(const struct vo_airtime_ppdu *ppdu, char text[TEXT])
{
    static const char *const phys[VO_AIRTIME_PHYS] = {"unknown", "DSSS", "OFDM", "HT", "VHT", "HE", "EHT"};
    if (ppdu->phy < VO_AIRTIME_HT)
        snprintf(text, TEXT, "%s %g Mbit/s", phys[ppdu->phy], ppdu->kbps / 1e3);
    else if (ppdu->phy == VO_AIRTIME_HT)
        snprintf(text, TEXT, "HT MCS %u, %u MHz, %u ns", ppdu->mcs, ppdu->width_mhz, ppdu->gi_ns);
    else
        snprintf(text, TEXT, "%s MCS %u, %u stream%s, %u MHz, %u ns", phys[ppdu->phy], ppdu->mcs, ppdu->nss,
                 ppdu->nss == 1 ? "" : "s", ppdu->width_mhz, ppdu->gi_ns);
}

/* --- The model ------------------------------------------------------------------------------------ */

/* Cipher of the BSS; of several, and of one that is not known, that with most bytes (`cautious`) or fewest.
 */
static enum vo_capacity_cipher cipher_of(const struct vo_fact *bss, bool cautious)
{
    const char *text = vo_fact_label(bss, "ciphers");
    const struct vo_value *security = vo_fact_value(bss, &vo_metrics[VO_METRIC_WLAN_SECURITY]);
    if (!text && security->type == VO_VALUE_WORD && strcmp(security->text, "open") == 0)
        return VO_CAPACITY_OPEN;
    if (text && strcmp(text, "CCMP-128") == 0)
        return VO_CAPACITY_CCMP;
    return cautious ? VO_CAPACITY_GCMP_256 : VO_CAPACITY_OPEN;
}

/* What the driver did not tell of a frame, as short as it may be: long training fields go with the guard
 * interval (IEEE 802.11ax-2021 27.3.11.10: 1x and 0.8 us, 2x and 1.6 us, 4x and 3.2 us). */
static struct vo_airtime_ppdu shortest(struct vo_airtime_ppdu ppdu)
{
    enum { SHORT_NS = 800, MIDDLE_NS = 1600 };
    ppdu.ldpc = ppdu.ldpc ? ppdu.ldpc : VO_NO;
    ppdu.stbc = ppdu.stbc ? ppdu.stbc : VO_NO;
    ppdu.short_preamble = ppdu.short_preamble ? ppdu.short_preamble : VO_YES;
    if (ppdu.phy == VO_AIRTIME_HE) {
        ppdu.padding = VO_AIRTIME_PADDING_0;
        ppdu.ltf_size = ppdu.gi_ns <= SHORT_NS ? 1 : ppdu.gi_ns <= MIDDLE_NS ? 2 : 4;
    }
    return ppdu;
}

static struct vo_capacity_direction direction_of(const struct vo_airtime_ppdu *ppdu, bool cautious)
{
    static const uint8_t no_rates[1];
    enum { SLOWEST_DSSS = 1000, SLOWEST_OFDM = 6000 };
    bool dsss = ppdu->phy == VO_AIRTIME_DSSS;
    uint32_t slowest = dsss ? SLOWEST_DSSS : SLOWEST_OFDM;
    return (struct vo_capacity_direction){
        .ppdu = cautious ? *ppdu : shortest(*ppdu),
        .response_kbps = cautious ? slowest : vo_contention_response_kbps(ppdu, no_rates, 0),
        .access = vo_contention_default(VO_CONTENTION_VO, !dsss),
    };
}

/* The cautious bound takes the worst of whatever is not told, the other one the best. */
static struct vo_capacity calls_of(const struct part *part, bool cautious)
{
    double ceiling = part->context->load_percent, retry = part->retry_percent;
    const struct vo_capacity_plan plan = {
        .down = direction_of(&part->down, cautious),
        .up = direction_of(&part->up, cautious),
        .frame_bytes =
            vo_capacity_frame_bytes(PAYLOAD, cautious ? SRTP_TAG : 0, false, cipher_of(part->bss, cautious)),
        .packet_ms = PACKET_MS,
        .frequency_mhz = part->mhz,
        .short_slot = cautious ? VO_NO : VO_YES,
        .other_percent = part->load_percent,
        .ceiling_percent = isnan(ceiling) ? NO_CEILING : ceiling,
        .retry_percent = isnan(retry) && !cautious ? 0 : retry,
        .signalling_per_s = cautious ? SIGNALLING_S : 0,
    };
    return vo_capacity_calls(&plan);
}

/* --- One BSS -------------------------------------------------------------------------------------- */

static void find_load(const struct calls *it, const struct vo_facts_subject *subject, struct part *part)
{
    const struct vo_value *told = NULL;
    for (const struct vo_fact *fact = subject->first; fact; fact = fact->next) {
        const struct vo_value *value = vo_fact_value(fact, &vo_metrics[VO_METRIC_WLAN_UTILIZATION_PERCENT]);
        if (fact->derived || value->type == VO_VALUE_ABSENT)
            continue;
        if (is_percent(value->number) && value->type == VO_VALUE_NUMBER) {
            if (is_better(it->context->facts, fact, part->load))
                part->load = fact;
        } else {
            told = value;
        }
    }
    if (part->load) {
        part->load_from = "bss_load";
        part->load_percent = vo_fact_number(part->load, VO_METRIC_WLAN_UTILIZATION_PERCENT);
        return;
    }
    size_t channel = vo_index_find(&it->channels, part->mhz, 0);
    if (channel != VO_INDEX_NONE && it->busy) {
        part->load = it->busy[channel];
        part->load_from = "kernel_survey";
        part->load_percent = vo_fact_number(part->load, VO_METRIC_WLAN_BUSY_PERCENT);
    } else if (!*part->why) {
        const char *why = !told                            ? "the records do not tell"
                          : told->type == VO_VALUE_MISSING ? told->text
                                                           : "what is announced is no percentage";
        snprintf(part->why, REASON, "the load of its channel is not known: %.200s", why);
    }
}

static void find_rates(const struct calls *it, struct part *part)
{
    size_t number = vo_index_find(&it->bssids, vo_index_of(intern(it, part->bss->id)), 0);
    if (number == VO_INDEX_NONE || !it->links) {
        snprintf(part->why, REASON,
                 "the rates that a phone has with it are not known: no link to it was measured (voready-wlan "
                 "link or walk)");
        return;
    }
    part->link = it->links[number];
    part->up = ppdu_of(part->link, "tx");
    part->down = ppdu_of(part->link, "rx");
    part->retry_percent = vo_fact_number(part->link, VO_METRIC_WLAN_RETRY_PERCENT);
    bool up = part->up.phy != VO_AIRTIME_UNKNOWN, down = part->down.phy != VO_AIRTIME_UNKNOWN;
    if (!up || !down)
        snprintf(part->why, REASON, "the link to it did not tell at which rate frames are %s",
                 up     ? "received"
                 : down ? "sent"
                        : "sent and received");
}

static void put_labels(const struct part *part, struct vo_fact *fact, const struct vo_capacity *capacity)
{
    static const char *const copied[] = {"ssid", "ap", "band"};
    static const char *const numbers[] = {"frequency_mhz", "channel", "width_mhz"};
    struct vo_facts *facts = part->context->facts;
    double ceiling = part->context->load_percent;
    char text[TEXT];
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        vo_derive_label(facts, fact, copied[i], vo_fact_label(part->bss, copied[i]));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        vo_derive_label_number(facts, fact, numbers[i], vo_fact_label_number(part->bss, numbers[i]));
    vo_derive_label(facts, fact, "load_from", part->load_from);
    vo_derive_label_number(facts, fact, "load_percent", part->load_percent);
    vo_derive_label_number(facts, fact, "ceiling_percent", isnan(ceiling) ? NO_CEILING : ceiling);
    if (!part->link)
        return;
    rate_text(&part->up, text);
    vo_derive_label(facts, fact, "rate_up", part->up.phy ? text : NULL);
    rate_text(&part->down, text);
    vo_derive_label(facts, fact, "rate_down", part->down.phy ? text : NULL);
    vo_derive_label(facts, fact, "rates_at", part->link->place);
    vo_derive_label_number(facts, fact, "retry_percent", part->retry_percent);
    vo_derive_label_number(facts, fact, "call_percent", round(1e4 * capacity->occupied_percent) / 1e4);
}

static void label_assumptions(const struct part *part, struct vo_fact *fact)
{
    const struct vo_capacity_assumption *rows;
    size_t count = vo_capacity_assumptions(&rows), used = 0;
    char text[TEXT] = "";
    for (size_t i = 0; i < count && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s, ", rows[i].name);
    if (used < sizeof text)
        snprintf(text + used, sizeof text - used, "g711_20_ms, default_edca, no_protection, same_retries");
    vo_derive_label(part->context->facts, fact, "assumptions", text);
}

static void put_calls(const struct part *part, struct vo_fact *fact)
{
    struct vo_facts *facts = part->context->facts;
    struct vo_capacity cautious = {.calls_least = NAN, .occupied_percent = NAN}, best = {.calls_most = NAN};
    if (!*part->why) {
        cautious = calls_of(part, true);
        best = calls_of(part, false);
    }
    put_labels(part, fact, &cautious);
    if (*part->why || isnan(best.calls_most)) {
        const char *why = *part->why ? part->why
                          : part->up.phy == VO_AIRTIME_EHT || part->down.phy == VO_AIRTIME_EHT
                              ? "how long an EHT frame of these rates takes is not known"
                              : "how long a frame of these rates takes is not known";
        vo_derive_missing(facts, fact, VO_METRIC_WLAN_CAPACITY_CALLS, "%s", why);
        vo_derive_missing(facts, fact, VO_METRIC_WLAN_CAPACITY_MOST_CALLS, "%s", why);
        return;
    }
    label_assumptions(part, fact);
    vo_derive_number(facts, fact, VO_METRIC_WLAN_CAPACITY_MOST_CALLS, best.calls_most, "model", NAN);
    if (isnan(cautious.calls_least))
        vo_derive_missing(facts, fact, VO_METRIC_WLAN_CAPACITY_CALLS,
                          isnan(part->retry_percent) ? "how many frames are repeated is not known"
                                                     : "how long a frame of these rates takes is not known");
    else
        vo_derive_number(facts, fact, VO_METRIC_WLAN_CAPACITY_CALLS, cautious.calls_least, "model", NAN);
}

static void make_bss(const struct calls *it, const struct vo_facts_subject *subject)
{
    struct vo_facts *facts = it->context->facts;
    struct part part = {.context = it->context, .load_percent = NAN, .retry_percent = NAN};
    for (const struct vo_fact *fact = subject->first; fact; fact = fact->next)
        if (!fact->derived && vo_fact_label(fact, "ssid") && is_better(facts, fact, part.bss))
            part.bss = fact;
    const char *ssid = part.bss ? vo_fact_label(part.bss, "ssid") : NULL;
    if (!ssid || vo_index_find(&it->ssids, vo_index_of(ssid), 0) == VO_INDEX_NONE)
        return;
    double mhz = vo_fact_label_number(part.bss, "frequency_mhz");
    part.mhz = mhz > 0 && mhz < UINT16_MAX ? (unsigned)mhz : 0;
    find_rates(it, &part);
    find_load(it, subject, &part);
    if (!*part.why && !part.mhz)
        snprintf(part.why, REASON, "its channel is not told");
    struct vo_fact *made = vo_derive_begin(facts, "bss", subject->id, part.bss->key, LABELS);
    put_calls(&part, made);
    vo_derive_evidence(facts, made, part.bss);
    if (part.load && part.load != part.bss)
        vo_derive_evidence(facts, made, part.load);
    if (part.link)
        vo_derive_evidence(facts, made, part.link);
}

void vo_derive_capacities(const struct vo_derive_context *context)
{
    struct calls it = {.context = context};
    bool good = gather(&it);
    struct vo_facts_subject *subject = context->facts->subjects;
    for (; good && subject; subject = subject->next)
        if (strcmp(subject->kind, "bss") == 0 && subject->last_read)
            make_bss(&it, subject);
    if (!good || it.arena.failed)
        context->facts->derived.arena.failed = true;
    vo_index_release(&it.bssids);
    vo_index_release(&it.channels);
    vo_index_release(&it.ssids);
    vo_arena_release(&it.arena);
}
