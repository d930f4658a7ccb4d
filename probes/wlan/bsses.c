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

struct vo_bss *vo_bsses_find(const struct vo_bsses *bsses, vo_wlan_address bssid)
{
    return vo_lookup_find(&bsses->by, bssid, 0);
}

struct vo_bss *vo_bsses_get(struct vo_bsses *bsses, vo_wlan_address bssid, vo_time time)
{
    struct vo_bss *bss = vo_bsses_find(bsses, bssid);
    if (bss)
        return bss;
    if (bssid == VO_WLAN_NO_ADDRESS || vo_wlan_address_is_group(bssid))
        return NULL;
    bss = bsses->count < VO_BSS_MOST ? calloc(1, sizeof *bss) : NULL;
    if (!bss || !vo_lookup_add(&bsses->by, bssid, 0, bss)) {
        free(bss);
        bsses->left_out++;
        return NULL;
    }
    bss->bssid = bssid;
    bss->first = bss->last = time;
    bss->ap = bss;
    *bsses->end = bss;
    bsses->end = &bss->next;
    bsses->count++;
    return bss;
}

/* Of the elements without TIM and BSS Load, which change with every beacon. */
static uint64_t hash_of(const struct vo_ieee80211_management *management)
{
    uint64_t hash = management->elements_size;
    struct vo_elements elements = vo_elements_of(management->elements, management->elements_size);
    struct vo_element element;
    while (vo_element_next(&elements, &element)) {
        hash = (hash ^ element.id ^ (uint64_t)element.size << 16) * UINT64_C(0x9e3779b97f4a7c15);
        if (element.id == VO_ELEMENT_TIM || element.id == VO_ELEMENT_BSS_LOAD ||
            element.id == VO_ELEMENT_CISCO_CCX1)
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

static void take_ssid(struct vo_bss *bss, const uint8_t *ssid, uint8_t size)
{
    memcpy(bss->ssid, ssid, size);
    bss->ssid_size = size;
}

/* BSS Load alone, where nothing else of the beacon is new: of each version the first. */
static void refresh_load(struct vo_bss *bss, const struct vo_ieee80211_management *management)
{
    enum { VERSION_1 = 4, VERSION_2 = 5 };
    struct vo_elements elements = vo_elements_of(management->elements, management->elements_size);
    struct vo_element element;
    bool old = !vo_bss_has(&bss->info, VO_BSS_LOAD_V1), new = !vo_bss_has(&bss->info, VO_BSS_LOAD);
    while ((!old || !new) && vo_element_next(&elements, &element)) {
        if (element.id != VO_ELEMENT_BSS_LOAD)
            continue;
        if (element.size >= VERSION_2 && !new) {
            bss->info.load_stations = vo_load16_le(element.data);
            bss->info.load_utilization = element.data[2];
            bss->info.load_admission_32us = vo_load16_le(element.data + 3);
            new = true;
        } else if (element.size == VERSION_1 && !old) {
            bss->info.load_v1_stations = vo_load16_le(element.data);
            bss->info.load_v1_utilization = element.data[2];
            old = true;
        }
    }
}

static void count_load(struct vo_bss *bss)
{
    if (vo_bss_has(&bss->info, VO_BSS_LOAD))
        add_load(&bss->load, bss->info.load_utilization, bss->info.load_stations);
    if (vo_bss_has(&bss->info, VO_BSS_LOAD_V1))
        add_load(&bss->load_v1, bss->info.load_v1_utilization, bss->info.load_v1_stations);
}

/* Decodes what a frame says for the first time, or newly. */
static void learn(struct vo_bss *bss, const struct vo_heard *heard,
                  const struct vo_ieee80211_management *management, bool beacon)
{
    struct vo_bss_info info;
    vo_bss_info_decode(management->elements, management->elements_size, heard->mhz, &info);
    if (management->cut)
        vo_bss_info_cut(&info);
    bool has_ssid = vo_bss_has(&info, VO_BSS_SSID);
    if (beacon && has_ssid)
        bss->hidden = info.hidden;
    if (has_ssid && !info.hidden)
        take_ssid(bss, info.ssid, info.ssid_size);
    if (beacon || bss->beacons == 0) {
        bss->info = info;
        bss->mhz = vo_bss_has(&info, VO_BSS_CHANNEL) ? info.primary_mhz : heard->mhz;
    }
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

/* The one heard first stands for the group: the list is in that order. */
static void join(struct vo_bss *earlier, struct vo_bss *later)
{
    earlier = root_of(earlier);
    later = root_of(later);
    if (earlier != later)
        later->ap = earlier;
}

/* The other radios of the same device. */
static void learn_neighbors(struct vo_bsses *bsses, struct vo_bss *bss,
                            const struct vo_ieee80211_management *management, vo_time time)
{
    enum { NEEDED = VO_NEIGHBOR_BSSID | VO_NEIGHBOR_PARAMETERS };
    struct vo_neighbor_list list;
    struct vo_neighbor one;
    vo_neighbors_begin(management->elements, management->elements_size, &list);
    while (vo_neighbor_next(&list, &one)) {
        if ((one.has & NEEDED) != NEEDED || !(one.parameters & VO_NEIGHBOR_CO_LOCATED))
            continue;
        struct vo_bss *other = vo_bsses_get(bsses, one.bssid, time);
        if (other)
            join(bss, other);
    }
}

/* What a beacon says of a BSS that has none. */
static void learn_profile(struct vo_bss *other, const struct vo_bss *bss, const struct vo_nontransmitted *one,
                          const struct vo_ieee80211_management *management)
{
    enum { PROFILE = 512, ROOM = 8192 };
    uint8_t elements[ROOM];
    uint32_t size = vo_nontransmitted_elements(management->elements, management->elements_size, one, elements,
                                               sizeof elements);
    struct vo_bss_info info;
    vo_bss_info_decode(elements, size, bss->mhz, &info);
    if (management->cut || bss->info.cut || management->elements_size > ROOM - PROFILE)
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
        take_ssid(other, info.ssid, info.ssid_size);
}

/* BSSIDs that share this beacon are BSSs, too: of them there is nothing else to hear. */
static void learn_nontransmitted(struct vo_bsses *bsses, const struct vo_bss *bss,
                                 const struct vo_ieee80211_management *management, vo_time time)
{
    struct vo_nontransmitted_list list;
    struct vo_nontransmitted one;
    vo_nontransmitted_begin(management->elements, management->elements_size, bss->bssid, &list);
    while (vo_nontransmitted_next(&list, &one)) {
        struct vo_bss *other = vo_bsses_get(bsses, one.bssid, time);
        if (!other || other == bss)
            continue;
        other->last = time;
        if (!other->beacons)
            learn_profile(other, bss, &one, management);
    }
}

static void take_elements(struct vo_bsses *bsses, struct vo_bss *bss, const struct vo_heard *heard,
                          const struct vo_ieee80211_management *management, bool beacon)
{
    uint64_t hash = hash_of(management), *before = beacon ? &bss->elements_hash : &bss->hidden_hash;
    if (hash != *before) {
        bss->changes += beacon && *before;
        learn(bss, heard, management, beacon);
        if (beacon && vo_bss_has(&bss->info, VO_BSS_MULTIPLE_BSSID))
            learn_nontransmitted(bsses, bss, management, heard->time);
        if (beacon && vo_bss_has(&bss->info, VO_BSS_REDUCED_NEIGHBORS))
            learn_neighbors(bsses, bss, management, heard->time);
        *before = hash;
    } else if (beacon) {
        refresh_load(bss, management);
    }
    if (beacon)
        count_load(bss);
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
    if (vo_ieee80211_management_decode(heard->frame, &management) && management.elements) {
        note_fixed(bss, &management);
        take_elements(bsses, bss, heard, &management, beacon);
    }
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
            take_ssid(bss, element.data, (uint8_t)element.size);
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
