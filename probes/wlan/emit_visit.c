#include "probes/wlan/emit_visit.h"

#include "probes/wlan/describe.h"
#include "probes/wlan/emit_bss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_TEXT 1024

/* --- BSSs ----------------------------------------------------------------------------------------- */

/* BSSID; with the frequency if the same BSSID was heard on another one before. */
static void bss_id(const struct vo_visit *visit, const struct vo_visit_bss *it, char *id, size_t size)
{
    char address[VO_WLAN_ADDRESS_TEXT];
    bool before = false;
    for (const struct vo_visit_bss *other = visit->first; other != it && !before; other = other->next)
        before = other->bss->bssid == it->bss->bssid;
    vo_wlan_address_text(it->bss->bssid, address);
    if (before)
        snprintf(id, size, "%s %u MHz", address, it->mhz);
    else
        snprintf(id, size, "%s", address);
}

static void label_chains(struct vo_record_writer *writer, const struct vo_visit_bss *it)
{
    char text[64];
    size_t used = 0;
    for (unsigned i = 0; i < VO_SCAN_CHAINS_MAX && used < sizeof text; i++)
        if (it->chain_mask >> i & 1)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "%s%d", used ? " " : "", it->chain_dbm[i]);
    if (used)
        vo_observe_label(writer, "chains_dbm", text);
}

static void put_labels(struct vo_record_writer *writer, const struct vo_visit *visit,
                       const struct vo_visit_bss *it, const struct vo_visit_terms *terms, int64_t now_ns)
{
    const struct vo_visit_channel *channel = vo_visit_channel_of(visit, it->mhz);
    vo_observe_label(writer, "interface", terms->interface);
    vo_observe_label_number(writer, "visit", terms->number);
    if (!vo_surveyed_has(terms->surveyed, it->bss->ssid, it->bss->ssid_size))
        vo_observe_label(writer, "judged", "no");
    else
        vo_observe_label(writer, "ssid_told_by", terms->surveyed->told_by);
    vo_observe_label_number(writer, "age_ms", floor((double)(now_ns - it->until_ns) / 1e6));
    if (it->associated)
        vo_observe_label(writer, "associated", "yes");
    if (channel && channel->radar)
        vo_observe_label(writer, "dfs", "yes");
    if (it->by_others)
        vo_observe_label(writer, "scanned_by", it->by_others == it->hearings ? "others" : "both");
    label_chains(writer, it);
}

static void emit_bss(struct vo_record_writer *writer, const struct vo_visit *visit,
                     const struct vo_visit_bss *it, const struct vo_visit_terms *terms, int64_t now_ns,
                     vo_time now)
{
    static const struct vo_signal nothing;
    char id[VO_WLAN_ADDRESS_TEXT + 16], no_level[VO_ERROR_SIZE], no_noise[VO_ERROR_SIZE];
    const struct vo_visit_channel *channel = vo_visit_channel_of(visit, it->mhz);
    double deviation_db = vo_signal_deviation_db(&it->signal);
    bss_id(visit, it, id, sizeof id);
    struct vo_subject subject = {"bss", id, id};
    vo_observe_begin(writer, now, &subject);
    put_labels(writer, visit, it, terms, now_ns);
    vo_wlan_put_bss(writer, it->bss);
    vo_wlan_put_signal(writer, &it->signal, vo_visit_no_level(it, no_level, sizeof no_level),
                       channel ? &channel->noise : &nothing,
                       vo_visit_no_noise(visit, it->mhz, no_noise, sizeof no_noise));
    if (channel && channel->noise.count)
        vo_observe_basis(writer, VO_METRIC_WLAN_NOISE_DBM, "kernel_survey");
    if (isnan(deviation_db))
        vo_observe_missing(writer, VO_METRIC_WLAN_SIGNAL_DEVIATION_DB, "fewer than two readings");
    else
        vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_DEVIATION_DB, deviation_db);
    vo_observe_metric(writer, VO_METRIC_WLAN_SCANS, channel ? channel->scans : 0);
    vo_observe_end(writer);
}

/* --- Cells ---------------------------------------------------------------------------------------- */

/* "PLACE / SSID", or the SSID; freed by the caller. */
static char *cell_id(const char *place, const char *ssid)
{
    size_t size = (place ? strlen(place) : 0) + strlen(ssid) + sizeof " / ";
    char *id = malloc(size);
    if (id)
        snprintf(id, size, "%s%s%s", place ? place : "", place ? " / " : "", ssid);
    return id;
}

/* Which frequencies were scanned, if they were chosen. */
static void label_chosen(struct vo_record_writer *writer, const struct vo_frequencies *chosen)
{
    char text[NUMBERS_TEXT];
    size_t used = 0;
    for (size_t i = 0; i < chosen->count && used < sizeof text - 8; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u", used ? " " : "", chosen->mhz[i]);
    if (used)
        vo_observe_label(writer, "scanned_mhz", text);
}

static void emit_cell(struct vo_record_writer *writer, const struct vo_visit *visit,
                      const struct vo_visit_terms *terms, unsigned which, vo_time now)
{
    const uint8_t *bytes = terms->surveyed->names[which].bytes;
    uint8_t size = terms->surveyed->names[which].size;
    char ssid[VO_SSID_TEXT];
    const char *why;
    char *id = cell_id(terms->place, vo_ssid_text(bytes, size, ssid));
    if (!id)
        return;
    struct vo_subject subject = {"cell", id, id};
    vo_observe_begin(writer, now, &subject);
    vo_observe_label(writer, "interface", terms->interface);
    vo_observe_label(writer, "ssid", ssid);
    vo_observe_label(writer, "ssid_told_by", terms->surveyed->told_by);
    vo_observe_label(writer, "place", terms->place);
    vo_observe_label_number(writer, "visit", terms->number);
    label_chosen(writer, terms->chosen);
    switch (vo_visit_coverage(visit, bytes, size, &why)) {
    case VO_COVERAGE_HEARD:
        vo_observe_state(writer, VO_METRIC_WLAN_COVERAGE, "heard");
        break;
    case VO_COVERAGE_NOT_HEARD:
        vo_observe_state(writer, VO_METRIC_WLAN_COVERAGE, "not_heard");
        break;
    case VO_COVERAGE_UNKNOWN:
        vo_observe_missing(writer, VO_METRIC_WLAN_COVERAGE, "%s", why);
        break;
    }
    vo_observe_metric(writer, VO_METRIC_WLAN_SCANS, visit->scans);
    vo_observe_end(writer);
    free(id);
}

void vo_visit_emit(struct vo_record_writer *writer, struct vo_visit *visit,
                   const struct vo_visit_terms *terms, bool all, int64_t now_ns, vo_time now)
{
    bool news = !visit->written || visit->written_scans != visit->scans;
    for (struct vo_visit_bss *it = visit->first; it; it = it->next) {
        const struct vo_visit_channel *channel = vo_visit_channel_of(visit, it->mhz);
        uint32_t scans = channel ? channel->scans : 0;
        if (!it->hearings || !it->bss->known || !(it->changed || (all && it->written_scans != scans)))
            continue;
        emit_bss(writer, visit, it, terms, now_ns, now);
        news |= it->changed;
        it->changed = false;
        it->written_scans = scans;
    }
    if (!news)
        return;
    for (unsigned i = 0; i < terms->surveyed->count; i++)
        emit_cell(writer, visit, terms, i, now);
    visit->written = true;
    visit->written_scans = visit->scans;
}

void vo_visit_emit_place(struct vo_record_writer *writer, const struct vo_visit_terms *terms, bool began,
                         vo_time now)
{
    struct vo_json_writer *json = vo_record_begin(writer, "event");
    vo_record_put_time(json, "time", now);
    vo_json_put_string(json, "kind", "place");
    vo_json_put_integer(json, "visit", terms->number);
    vo_json_put_string(json, "state", began ? "begun" : "ended");
    vo_record_commit(writer);
}
