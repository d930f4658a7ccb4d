#include "probes/wlan/bsses.h"

#include "probes/decode/colocated.h"

#include <stdlib.h>
#include <string.h>

void vo_bsses_init(struct vo_bsses *bsses)
{
    memset(bsses, 0, sizeof *bsses);
    bsses->end = &bsses->first;
}

void vo_bsses_release(struct vo_bsses *bsses)
{
    while (bsses->first) {
        struct vo_bss *next = bsses->first->next;
        free(bsses->first);
        bsses->first = next;
    }
    vo_lookup_release(&bsses->by);
    vo_bsses_init(bsses);
}

struct vo_bss *vo_bsses_find_at(const struct vo_bsses *bsses, vo_wlan_address bssid, uint16_t mhz)
{
    return vo_lookup_find(&bsses->by, bssid, mhz);
}

struct vo_bss *vo_bsses_find(const struct vo_bsses *bsses, vo_wlan_address bssid)
{
    return vo_bsses_find_at(bsses, bssid, 0);
}

struct vo_bss *vo_bsses_get_at(struct vo_bsses *bsses, vo_wlan_address bssid, uint16_t mhz, vo_time time)
{
    struct vo_bss *bss = vo_bsses_find_at(bsses, bssid, mhz);
    if (bss)
        return bss;
    if (bssid == VO_WLAN_NO_ADDRESS || vo_wlan_address_is_group(bssid))
        return NULL;
    bss = bsses->count < VO_BSS_MOST ? calloc(1, sizeof *bss) : NULL;
    if (!bss || !vo_lookup_add(&bsses->by, bssid, mhz, bss)) {
        free(bss);
        bsses->left_out++;
        return NULL;
    }
    bss->bssid = bssid;
    bss->first = bss->last = time;
    bss->ap = bss;
    bss->number = bsses->count;
    *bsses->end = bss;
    bsses->end = &bss->next;
    bsses->count++;
    return bss;
}

struct vo_bss *vo_bsses_get(struct vo_bsses *bsses, vo_wlan_address bssid, vo_time time)
{
    return vo_bsses_get_at(bsses, bssid, 0, time);
}

/* As the table is keyed. `mhz` 0: not known, and where it is needed there is none. */
static struct vo_bss *get_other(struct vo_bsses *bsses, vo_wlan_address bssid, uint16_t mhz, vo_time time)
{
    if (!bsses->by_frequency)
        return vo_bsses_get(bsses, bssid, time);
    return mhz ? vo_bsses_get_at(bsses, bssid, mhz, time) : NULL;
}

/* Of the elements without what changes with every beacon: TIM, and what BSS Load says. */
static uint64_t hash_of(const struct vo_announcement *told)
{
    uint64_t hash = 0;
    struct vo_elements elements = vo_elements_of(told->elements, told->size);
    struct vo_element element;
    while (vo_element_next(&elements, &element)) {
        if (element.id == VO_ELEMENT_TIM)
            continue;
        hash = (hash ^ element.id ^ (uint64_t)element.size << 16) * UINT64_C(0x9e3779b97f4a7c15);
        if (element.id == VO_ELEMENT_BSS_LOAD || element.id == VO_ELEMENT_CISCO_CCX1)
            continue;
        uint32_t at = 0;
        for (; at + 8 <= element.size; at += 8) {
            uint64_t word;
            memcpy(&word, element.data + at, sizeof word);
            hash = (hash ^ word) * UINT64_C(0xd6e8feb86659fd93);
            hash ^= hash >> 29;
        }
        for (; at < element.size; at++)
            hash = (hash ^ element.data[at]) * UINT64_C(0x100000001b3);
    }
    return hash ? hash : 1;
}

static void add_load(struct vo_load_sum *load, uint8_t utilization, uint16_t stations)
{
    load->count++;
    load->sum += utilization;
    load->last = utilization;
    load->stations_last = stations;
    if (utilization > load->most)
        load->most = utilization;
    if (stations > load->stations_most)
        load->stations_most = stations;
}

bool vo_bss_count_load(struct vo_bss *bss, const struct vo_announcement *told)
{
    enum { VERSION_1 = 4, VERSION_2 = 5 };
    struct vo_elements elements = vo_elements_of(told->elements, told->size);
    struct vo_element element;
    bool version_1 = false, version_2 = false; /* of an element that comes twice the first counts */
    /* what the newest beacon has is known: it was learned */
    if (told->beacon ? !vo_bss_has(&bss->info, VO_BSS_LOAD) && !vo_bss_has(&bss->info, VO_BSS_LOAD_V1)
                     : bss->loaded_beacon)
        return false;
    while (vo_element_next(&elements, &element)) {
        if (element.id != VO_ELEMENT_BSS_LOAD || element.size < VERSION_1)
            continue;
        bool newer = element.size >= VERSION_2;
        bool *seen = newer ? &version_2 : &version_1;
        if (!*seen)
            add_load(newer ? &bss->load : &bss->load_v1, element.data[2], vo_load16_le(element.data));
        *seen = true;
    }
    bss->loaded_beacon |= told->beacon && (version_1 || version_2);
    return version_1 || version_2;
}

void vo_bss_set_ssid(struct vo_bss *bss, const uint8_t *ssid, uint8_t size)
{
    memcpy(bss->ssid, ssid, size);
    bss->ssid_size = size;
}

/* Information that an access point may leave out of its beacons to keep them short. */
#define MEMBER(name) offsetof(struct vo_bss_info, name), sizeof(((struct vo_bss_info *)0)->name)
static const struct {
    uint8_t field; /* vo_bss_field */
    size_t at, size;
} of_responses[] = {
    {VO_BSS_COUNTRY, MEMBER(country)},
    {VO_BSS_COUNTRY_POWER, MEMBER(country_dbm)},
    {VO_BSS_POWER_CONSTRAINT, MEMBER(power_constraint_db)},
    {VO_BSS_TX_POWER, MEMBER(tx_power_dbm)},
    {VO_BSS_CISCO_TX_POWER, MEMBER(cisco_tx_power_dbm)},
    {VO_BSS_WMM, MEMBER(wmm_version)},
    {VO_BSS_WMM, MEMBER(qos_info)},
    {VO_BSS_RADIO_MEASUREMENT, MEMBER(radio_measurement)},
    {VO_BSS_MOBILITY_DOMAIN, MEMBER(mobility_domain)},
    {VO_BSS_EXTENDED_CAPABILITIES, MEMBER(extended)},
    {VO_BSS_EXTENDED_CAPABILITIES, MEMBER(extended_size)},
    {VO_BSS_CISCO_NAME, MEMBER(cisco_name)},
    {VO_BSS_CISCO_NAME, MEMBER(cisco_name_size)},
};

static void add_what_responses_say(struct vo_bss_info *info, const struct vo_bss_info *response)
{
    uint64_t absent = ~info->has & response->has;
    for (size_t i = 0; i < sizeof of_responses / sizeof *of_responses; i++) {
        if (!(absent >> of_responses[i].field & 1))
            continue;
        memcpy((uint8_t *)info + of_responses[i].at, (const uint8_t *)response + of_responses[i].at,
               of_responses[i].size);
        info->has |= UINT64_C(1) << of_responses[i].field;
    }
}

/* Decodes what a frame says for the first time, or newly. */
static void decode(struct vo_bss *bss, const struct vo_announcement *told)
{
    struct vo_bss_info info;
    vo_bss_info_decode(told->elements, told->size, told->mhz, &info);
    if (told->cut)
        vo_bss_info_cut(&info);
    bool has_ssid = vo_bss_has(&info, VO_BSS_SSID);
    if (told->beacon && has_ssid)
        bss->hidden = info.hidden;
    if (has_ssid && !info.hidden)
        vo_bss_set_ssid(bss, info.ssid, info.ssid_size);
    if (!told->beacon) {
        bss->response = info;
        bss->has_response = true;
    }
    if (told->beacon || !bss->has_beacon) {
        bss->info = info;
        bss->mhz = vo_bss_has(&info, VO_BSS_CHANNEL) ? info.primary_mhz : told->mhz;
    }
    bss->has_beacon |= told->beacon;
    if (bss->has_beacon && bss->has_response)
        add_what_responses_say(&bss->info, &bss->response);
    bss->known = true;
}

static void note_fixed(struct vo_bss *bss, const struct vo_ieee80211_management *management)
{
    if (management->has >> VO_MANAGEMENT_CAPABILITY & 1)
        bss->capability = (uint16_t)management->value[VO_MANAGEMENT_CAPABILITY];
    if (management->has >> VO_MANAGEMENT_INTERVAL & 1)
        bss->interval_tu = (uint16_t)management->value[VO_MANAGEMENT_INTERVAL];
}

static struct vo_bss *root_of(struct vo_bss *bss)
{
    while (bss->ap != bss)
        bss = bss->ap = bss->ap->ap;
    return bss;
}

/* The one heard first stands for the group. */
static void join(struct vo_bss *one, struct vo_bss *other)
{
    one = root_of(one);
    other = root_of(other);
    if (one->number < other->number)
        other->ap = one;
    else
        one->ap = other;
}

/* The other radios of the same device. */
static void learn_neighbors(struct vo_bsses *bsses, struct vo_bss *bss, const struct vo_announcement *told)
{
    enum { NEEDED = VO_NEIGHBOR_BSSID | VO_NEIGHBOR_PARAMETERS };
    struct vo_neighbor_list list;
    struct vo_neighbor one;
    vo_neighbors_begin(told->elements, told->size, &list);
    while (vo_neighbor_next(&list, &one)) {
        if ((one.has & NEEDED) != NEEDED || !(one.parameters & VO_NEIGHBOR_CO_LOCATED))
            continue;
        struct vo_bss *other = get_other(bsses, one.bssid, one.frequency_mhz, told->time);
        if (other)
            join(bss, other);
    }
}

/* What a beacon says of a BSS that has none. */
static void learn_profile(struct vo_bss *other, const struct vo_bss *bss, const struct vo_nontransmitted *one,
                          const struct vo_announcement *told)
{
    enum { PROFILE = 512, ROOM = 8192 };
    uint8_t elements[ROOM];
    uint32_t size = vo_nontransmitted_elements(told->elements, told->size, one, elements, sizeof elements);
    struct vo_bss_info info;
    vo_bss_info_decode(elements, size, bss->mhz, &info);
    if (told->cut || bss->info.cut || told->size > ROOM - PROFILE)
        vo_bss_info_cut(&info);
    other->info = info;
    other->mhz = bss->mhz;
    other->capability = one->has_capability ? one->capability : bss->capability;
    other->interval_tu = bss->interval_tu;
    other->known = true;
    if (!vo_bss_has(&info, VO_BSS_SSID))
        return;
    other->hidden = info.hidden;
    if (!info.hidden)
        vo_bss_set_ssid(other, info.ssid, info.ssid_size);
}

/* BSSIDs that share this beacon are BSSs, too: of them there is nothing else to hear. */
static void learn_nontransmitted(struct vo_bsses *bsses, const struct vo_bss *bss,
                                 const struct vo_announcement *told)
{
    struct vo_nontransmitted_list list;
    struct vo_nontransmitted one;
    vo_nontransmitted_begin(told->elements, told->size, bss->bssid, &list);
    while (vo_nontransmitted_next(&list, &one)) {
        struct vo_bss *other = get_other(bsses, one.bssid, bss->mhz, told->time);
        if (!other || other == bss)
            continue;
        other->last = told->time;
        if (!other->has_beacon)
            learn_profile(other, bss, &one, told);
    }
}

void vo_bss_learn(struct vo_bsses *bsses, struct vo_bss *bss, const struct vo_announcement *told)
{
    uint64_t hash = hash_of(told), *before = told->beacon ? &bss->elements_hash : &bss->hidden_hash;
    if (hash == *before)
        return;
    bss->changes += told->beacon && *before;
    *before = hash;
    decode(bss, told);
    if (told->beacon && vo_bss_has(&bss->info, VO_BSS_MULTIPLE_BSSID))
        learn_nontransmitted(bsses, bss, told);
    if (told->beacon && vo_bss_has(&bss->info, VO_BSS_REDUCED_NEIGHBORS))
        learn_neighbors(bsses, bss, told);
}

static void take_announcement(struct vo_bsses *bsses, struct vo_bss *bss, const struct vo_heard *heard,
                              const struct vo_ieee80211_management *management, bool beacon)
{
    struct vo_announcement told = {.elements = management->elements,
                                   .size = management->elements_size,
                                   .mhz = heard->mhz,
                                   .beacon = beacon,
                                   .cut = management->cut,
                                   .time = heard->time};
    note_fixed(bss, management);
    vo_bss_learn(bsses, bss, &told);
    vo_bss_count_load(bss, &told);
}

void vo_bss_hear(struct vo_bsses *bsses, struct vo_bss *bss, const struct vo_heard *heard)
{
    struct vo_ieee80211_management management;
    bool beacon = heard->frame->kind == VO_IEEE80211_BEACON;
    if (beacon)
        bss->beacons++;
    else
        bss->responses++;
    bss->last = heard->time;
    if (vo_ieee80211_management_decode(heard->frame, &management) && management.elements)
        take_announcement(bsses, bss, heard, &management, beacon);
    if (bss->mhz && heard->mhz && bss->mhz != heard->mhz) {
        bss->off_channel++;
        return;
    }
    vo_levels_add(&bss->signal, heard->signal_dbm);
    vo_levels_add(&bss->noise, heard->noise_dbm);
}

void vo_bss_name(struct vo_bss *bss, const struct vo_ieee80211_management *management)
{
    struct vo_elements elements = vo_elements_of(management->elements, management->elements_size);
    struct vo_element element;
    while (!bss->ssid_size && vo_element_next(&elements, &element)) {
        if (element.id != VO_ELEMENT_SSID)
            continue;
        if (element.size && element.size <= VO_SSID_MAX)
            vo_bss_set_ssid(bss, element.data, (uint8_t)element.size);
        return;
    }
}

/* --- Access points -------------------------------------------------------------------------------- */

/* Joins the BSS to the first that had the same key; 0 is none. False: out of memory. */
static bool join_by(struct vo_lookup *keys, unsigned kind, uint64_t key, struct vo_bss *bss)
{
    struct vo_bss *before = key ? vo_lookup_find(keys, key, kind) : NULL;
    if (before)
        join(before, bss);
    return !key || before || vo_lookup_add(keys, key, kind, bss);
}

static uint64_t name_key(const struct vo_bss_info *info)
{
    uint64_t hash = 0;
    if (!vo_bss_has(info, VO_BSS_CISCO_NAME) || !info->cisco_name_size)
        return 0;
    for (unsigned i = 0; i < info->cisco_name_size; i++)
        hash = (hash ^ info->cisco_name[i]) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    return hash ? hash : 1;
}

void vo_bsses_group(struct vo_bsses *bsses)
{
    enum { BY_ADDRESS, BY_SET, BY_DEVICE, BY_NAME };
    static const uint64_t device_bits = UINT64_C(0x00fffffffff0);
    struct vo_lookup keys = {0};
    for (struct vo_bss *bss = bsses->first; bss; bss = bss->next) {
        const struct vo_bss_info *info = &bss->info;
        bool device = vo_bss_has(info, VO_BSS_MULTI_LINK) && info->mld != VO_WLAN_NO_ADDRESS;
        bool set = vo_bss_has(info, VO_BSS_MULTIPLE_BSSID) && info->multiple_bssid_bits <= 8;
        uint64_t set_key = bss->bssid >> info->multiple_bssid_bits % 64 << 8 | info->multiple_bssid_bits;
        bool good = join_by(&keys, BY_ADDRESS, bss->bssid & device_bits, bss);
        good &= join_by(&keys, BY_NAME, name_key(info), bss);
        good &= join_by(&keys, BY_DEVICE, device ? info->mld : 0, bss);
        good &= join_by(&keys, BY_SET, set ? set_key : 0, bss);
        bsses->ungrouped += !good;
    }
    vo_lookup_release(&keys);
    for (struct vo_bss *bss = bsses->first; bss; bss = bss->next)
        bss->ap = root_of(bss);
}
