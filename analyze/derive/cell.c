/* Cells: an SSID at a place. */
#include "analyze/derive/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LABELS 24

static const enum vo_metric metrics[] = {
    VO_METRIC_WLAN_COVERAGE,
    VO_METRIC_WLAN_SCANS,
    VO_METRIC_WLAN_SIGNAL_DBM,
    VO_METRIC_WLAN_SIGNAL_MIN_DBM,
    VO_METRIC_WLAN_SIGNAL_P10_DBM,
    VO_METRIC_WLAN_SIGNAL_FRAMES,
    VO_METRIC_WLAN_SIGNAL_DEVIATION_DB,
    VO_METRIC_WLAN_NOISE_DBM,
    VO_METRIC_WLAN_SNR_DB,
    VO_METRIC_WLAN_SIGNAL_HANDSET_DBM,
    VO_METRIC_WLAN_SEPARATION_DB,
    VO_METRIC_WLAN_EFFECTIVE_SEPARATION_DB,
    VO_METRIC_WLAN_CHANNEL_ACCESS_POINTS,
    VO_METRIC_WLAN_ACCESS_POINTS,
    VO_METRIC_WLAN_SECOND_SIGNAL_DBM,
};
enum { METRICS = sizeof metrics / sizeof *metrics, FIRST_OF_SIGNAL = 2 };

void vo_derive_want_cells(struct vo_facts *facts)
{
    static const enum vo_metric needed[] = {
        VO_METRIC_WLAN_SIGNAL_DBM,
        VO_METRIC_WLAN_SIGNAL_MIN_DBM,
        VO_METRIC_WLAN_SIGNAL_P10_DBM,
        VO_METRIC_WLAN_SIGNAL_FRAMES,
        VO_METRIC_WLAN_SIGNAL_DEVIATION_DB,
        VO_METRIC_WLAN_NOISE_DBM,
        VO_METRIC_WLAN_SNR_DB,
        VO_METRIC_WLAN_SCANS,
    };
    for (size_t i = 0; i < METRICS; i++)
        vo_facts_want(facts, "cell", metrics[i]);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        vo_facts_want(facts, "bss", needed[i]);
}

/* --- Who serves ----------------------------------------------------------------------------------- */

/* Whether `a` is the stronger one; of equal ones that with the smaller BSSID, whatever the order of files. */
static bool is_stronger(const struct vo_survey_bss *a, const struct vo_survey_bss *b)
{
    double x = vo_level_mean_dbm(&a->level);
    if (isnan(x) || !b)
        return !isnan(x);
    double y = vo_level_mean_dbm(&b->level); /* of one that was the stronger before: it has one */
    return x > y || (x == y && strcmp(a->bssid, b->bssid) < 0);
}

static void find_serving(struct vo_cell *cell)
{
    const struct vo_survey_place *place = cell->place;
    for (size_t i = 0; i < place->bss_count; i++) {
        const struct vo_survey_bss *bss = &place->bss[i];
        if (bss->ssid != cell->ssid->ssid)
            continue;
        cell->bsss++;
        if (is_stronger(bss, cell->serving))
            cell->serving = bss;
    }
    for (size_t i = 0; i < place->bss_count && cell->serving; i++) {
        const struct vo_survey_bss *bss = &place->bss[i];
        if (bss->ssid == cell->ssid->ssid && bss->access_point != cell->serving->access_point &&
            is_stronger(bss, cell->second))
            cell->second = bss;
    }
}

/* --- Coverage ------------------------------------------------------------------------------------- */

/* Whether the SSID was heard: the word, or NULL and why that is not known. */
static const char *coverage_of(const struct vo_cell *cell, char why[VO_CELL_REASON])
{
    const struct vo_survey_ssid *ssid = cell->ssid;
    if (cell->bsss || ssid->told_heard)
        return "heard";
    if (ssid->told_gone)
        return "not_heard";
    if (ssid->why)
        snprintf(why, VO_CELL_REASON, "%s", ssid->why);
    else if (!(ssid->scans >= 1))
        snprintf(why, VO_CELL_REASON,
                 "no scan of the place was completed: an access point on another channel is not heard then");
    else if (!ssid->asked && cell->place->hidden)
        snprintf(why, VO_CELL_REASON,
                 "it was not heard, but nor asked for by name, and %zu BSS%s there hid %s SSID: scan with "
                 "--ssid",
                 cell->place->hidden, cell->place->hidden == 1 ? "" : "s",
                 cell->place->hidden == 1 ? "its" : "their");
    else
        return "not_heard";
    return NULL;
}

/* The channels that were scanned, if the user chose them: another one may have it. NULL: all. */
static const char *chosen_channels(const struct vo_cell *cell)
{
    for (size_t i = 0; i < cell->ssid->cell_count; i++)
        if (vo_fact_label(cell->ssid->cells[i], "scanned_mhz"))
            return vo_fact_label(cell->ssid->cells[i], "scanned_mhz");
    return NULL;
}

/* Whether it was not heard; why then there is no level, or why that is not known. */
static bool put_coverage(const struct vo_cell *cell, char why[VO_CELL_REASON])
{
    char reason[VO_CELL_REASON] = "";
    const char *word = coverage_of(cell, reason);
    double scans = cell->ssid->scans;
    if (word)
        vo_derive_word(vo_cell_facts(cell), cell->fact, VO_METRIC_WLAN_COVERAGE, word);
    else
        vo_cell_miss(cell, VO_METRIC_WLAN_COVERAGE, reason);
    if (isnan(scans))
        vo_cell_miss(cell, VO_METRIC_WLAN_SCANS, "the records do not tell of scans at the place");
    else
        vo_cell_put(cell, VO_METRIC_WLAN_SCANS, scans, NULL);
    if (!word)
        snprintf(why, VO_CELL_REASON, "whether it was heard is not known: %.300s", reason);
    else if (strcmp(word, "heard") == 0)
        snprintf(why, VO_CELL_REASON, "the records do not tell which BSS of it was heard there");
    else if (scans >= 1)
        snprintf(why, VO_CELL_REASON, "not heard in %.0f scan%s%s", scans, scans < 1.5 ? "" : "s",
                 chosen_channels(cell) ? " of some channels (scanned_mhz)" : "");
    else
        snprintf(why, VO_CELL_REASON, "not heard");
    return word && strcmp(word, "not_heard") == 0;
}

/* --- Putting together ----------------------------------------------------------------------------- */

static void add_evidence(const struct vo_cell *cell, const struct vo_survey_bss *bss)
{
    for (size_t i = 0; bss && i < bss->fact_count; i++)
        vo_derive_evidence(vo_cell_facts(cell), cell->fact, bss->facts[i]);
}

static void put_evidence(const struct vo_cell *cell)
{
    for (size_t i = 0; i < cell->ssid->cell_count; i++)
        vo_derive_evidence(vo_cell_facts(cell), cell->fact, cell->ssid->cells[i]);
    add_evidence(cell, cell->serving);
    add_evidence(cell, cell->interferer);
    if (cell->second != cell->interferer)
        add_evidence(cell, cell->second);
    if (cell->fact && !cell->fact->evidence_count)
        vo_derive_evidence(vo_cell_facts(cell), cell->fact, cell->place->any);
}

static void label_serving(const struct vo_cell *cell)
{
    const struct vo_survey_bss *bss = cell->serving;
    vo_cell_label(cell, "bssid", bss->bssid);
    vo_cell_label(cell, "ap", cell->context->survey->access_points[bss->access_point]);
    if (bss->mhz) {
        vo_cell_label_number(cell, "frequency_mhz", bss->mhz);
        vo_cell_label(cell, "band", vo_channel_band_name(vo_channel_band(bss->mhz)));
    }
    if (vo_channel_number(bss->mhz))
        vo_cell_label_number(cell, "channel", vo_channel_number(bss->mhz));
    if (!bss->least && bss->channel.width_mhz)
        vo_cell_label_number(cell, "width_mhz", bss->channel.width_mhz);
}

static void miss_all(const struct vo_cell *cell, const char *why)
{
    for (size_t i = FIRST_OF_SIGNAL; i < METRICS; i++)
        vo_cell_miss(cell, metrics[i], why);
}

static void put_serving(struct vo_cell *cell)
{
    label_serving(cell);
    vo_cell_put_level(cell);
    vo_cell_put_handset(cell);
    vo_cell_put_separation(cell);
    vo_cell_put_access_points(cell);
    vo_cell_put_second(cell);
}

static void make_cell(struct vo_cell *cell)
{
    const char *ssid = cell->ssid->ssid, *name = cell->place->name;
    char why[VO_CELL_REASON] = "";
    const char *id =
        name ? vo_arena_format(&vo_cell_facts(cell)->derived.arena, "%s / %s", name, ssid) : ssid;
    cell->fact = vo_derive_begin(vo_cell_facts(cell), "cell", id, id, LABELS);
    vo_cell_label(cell, "ssid", ssid);
    vo_cell_label(cell, "place", name);
    vo_cell_label(cell, "scanned_mhz", chosen_channels(cell));
    find_serving(cell);
    if (cell->ssid->told_gone)
        vo_cell_label_number(cell, "visits_not_heard", (double)cell->ssid->told_gone);
    bool gone = put_coverage(cell, why);
    if (cell->serving) {
        put_serving(cell);
    } else {
        if (cell->bsss)
            vo_cell_no_level(cell, why);
        else if (gone)
            vo_cell_put_access_points(cell); /* none, which is a count */
        miss_all(cell, why);
    }
    put_evidence(cell);
}

/* One cell for all, if nothing can be said of any. */
static bool say_nothing(const struct vo_derive_context *context)
{
    const char *why = vo_derive_no_survey(context->survey);
    if (!why)
        return false;
    struct vo_cell cell = {.context = context};
    cell.fact = vo_derive_begin(context->facts, "cell", "surveyed WLAN", "surveyed WLAN", 1);
    vo_cell_label_number(&cell, "bsss", (double)context->survey->bss_count);
    for (size_t i = 0; i < METRICS; i++)
        vo_cell_miss(&cell, metrics[i], why);
    vo_derive_evidence(context->facts, cell.fact, context->survey->any);
    return true;
}

static bool make_place(const struct vo_derive_context *context, const struct vo_survey_place *place,
                       size_t *stamps, size_t *stamp)
{
    struct vo_arena arena = {.blocks = NULL};
    struct vo_place_bss *heard = vo_arena_get(&arena, (place->bss_count + 1) * sizeof *heard);
    for (size_t i = 0; heard && i < place->bss_count; i++) {
        const struct vo_survey_bss *bss = &place->bss[i];
        heard[i] =
            (struct vo_place_bss){(uint32_t)bss->access_point, vo_level_mean_dbm(&bss->level), bss->channel};
    }
    for (size_t i = 0; heard && i < place->ssid_count; i++) {
        struct vo_cell cell = {.context = context,
                               .place = place,
                               .ssid = &place->ssids[i],
                               .heard = heard,
                               .stamps = stamps,
                               .stamp = *stamp + 1};
        make_cell(&cell);
        *stamp = cell.stamp;
    }
    vo_arena_release(&arena);
    return heard != NULL;
}

void vo_derive_cells(const struct vo_derive_context *context)
{
    struct vo_arena *arena = &context->facts->derived.arena;
    const struct vo_survey *survey = context->survey;
    if (say_nothing(context))
        return;
    size_t stamp = 0, *stamps = vo_arena_get(arena, (survey->access_point_count + 1) * sizeof *stamps);
    for (size_t i = 0; stamps && i < survey->place_count; i++)
        if (!make_place(context, &survey->places[i], stamps, &stamp))
            arena->failed = true;
}
