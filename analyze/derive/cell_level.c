/* The level of a cell: of its strongest BSS, and of a phone there. */
#include "analyze/derive/cell.h"
#include "core/estimate/signal.h"

#include <stdio.h>
#include <string.h>

#define HANDSET_DB 12 /* head and hand take 10 to 12 dB (guide 13.4) */

/* --- Level ---------------------------------------------------------------------------------------- */

/* Why a BSS that was heard has no level. */
void vo_cell_no_level(const struct vo_cell *cell, char why[VO_CELL_REASON])
{
    for (size_t i = 0; i < cell->place->bss_count; i++) {
        const struct vo_survey_bss *bss = &cell->place->bss[i];
        const struct vo_value *value = vo_fact_value(bss->latest, &vo_metrics[VO_METRIC_WLAN_SIGNAL_DBM]);
        if (bss->ssid != cell->ssid->ssid)
            continue;
        if (value->type == VO_VALUE_NUMBER)
            snprintf(why, VO_CELL_REASON, "heard, but %.6g dBm is no level that a receiver can read",
                     value->number);
        else if (value->type == VO_VALUE_ABSENT)
            snprintf(why, VO_CELL_REASON, "heard, but its level was not told");
        else
            snprintf(why, VO_CELL_REASON, "heard, but without a level: %.300s", value->text);
        return;
    }
}

/* A figure that several visits cannot be merged to: that of the only one, if it was. */
static void put_single(const struct vo_cell *cell, enum vo_metric metric, double lowest, double highest)
{
    const struct vo_survey_bss *bss = cell->serving;
    const struct vo_value *value = vo_fact_value(bss->latest, &vo_metrics[metric]);
    if (bss->fact_count > 1)
        vo_cell_miss(cell, metric,
                     "of several visits together it is not known: the record of each has its own");
    else if (value->type == VO_VALUE_NUMBER && value->number > lowest && value->number < highest)
        vo_cell_put(cell, metric, value->number, NULL);
    else
        vo_cell_miss(cell, metric,
                     value->type == VO_VALUE_MISSING ? value->text : "the record does not tell");
}

static void put_noise(const struct vo_cell *cell)
{
    const struct vo_survey_bss *bss = cell->serving;
    const struct vo_value *value = vo_fact_value(bss->latest, &vo_metrics[VO_METRIC_WLAN_NOISE_DBM]);
    if (!bss->level.noise_visits) {
        const char *why = value->type == VO_VALUE_MISSING ? value->text : "the noise was not told";
        vo_cell_miss(cell, VO_METRIC_WLAN_NOISE_DBM, why);
        vo_cell_miss(cell, VO_METRIC_WLAN_SNR_DB, why);
        return;
    }
    vo_cell_put(cell, VO_METRIC_WLAN_NOISE_DBM, vo_level_noise_dbm(&bss->level), "mean_of_mw");
    vo_cell_put(cell, VO_METRIC_WLAN_SNR_DB, vo_level_snr_db(&bss->level), NULL);
    if (bss->level.noise_visits < bss->level.visits)
        vo_cell_label_number(cell, "noise_visits", (double)bss->level.noise_visits);
}

void vo_cell_put_level(const struct vo_cell *cell)
{
    const struct vo_level *level = &cell->serving->level;
    double minimum = vo_level_minimum_dbm(level);
    vo_cell_label_number(cell, "visits", (double)level->visits);
    vo_cell_put(cell, VO_METRIC_WLAN_SIGNAL_DBM, vo_level_mean_dbm(level), "mean_of_mw");
    if (level->no_readings)
        vo_cell_miss(cell, VO_METRIC_WLAN_SIGNAL_FRAMES, "not every visit told how many readings it had");
    else
        vo_cell_put(cell, VO_METRIC_WLAN_SIGNAL_FRAMES, level->readings, NULL);
    if (isnan(minimum))
        vo_cell_miss(cell, VO_METRIC_WLAN_SIGNAL_MIN_DBM, "not every visit told its smallest level");
    else
        vo_cell_put(cell, VO_METRIC_WLAN_SIGNAL_MIN_DBM, minimum, NULL);
    put_single(cell, VO_METRIC_WLAN_SIGNAL_P10_DBM, -128, 0);
    put_single(cell, VO_METRIC_WLAN_SIGNAL_DEVIATION_DB, -1e-9, 128);
    put_noise(cell);
}

/* --- Handset -------------------------------------------------------------------------------------- */

/* What the runs that heard the BSS say of a phone, together. */
struct corrected {
    struct vo_level level;
    const struct vo_calibration *first;
    const char *adapter;
    double offset_db, uncertainty_db; /* NaN: they differ; not told */
    const char *why;                  /* it cannot be said, or NULL */
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void correct(const struct vo_cell *cell, const struct vo_fact *fact, struct corrected *all)
{
    const struct vo_calibration *own = &vo_cell_facts(cell)->runs[fact->run].calibration;
    const struct vo_level_visit visit = {
        .mean_dbm = vo_fact_number(fact, VO_METRIC_WLAN_SIGNAL_DBM) + (own->told ? own->offset_db : 0),
        .readings = vo_fact_number(fact, VO_METRIC_WLAN_SIGNAL_FRAMES),
        .minimum_dbm = NAN,
        .noise_dbm = NAN,
    };
    if (!all->first) {
        all->first = own;
        all->adapter = own->adapter;
        all->offset_db = own->offset_db;
        all->uncertainty_db = own->uncertainty_db;
    }
    if (own->bad)
        all->why = own->bad;
    else if (own->told != all->first->told || !same_text(own->phone, all->first->phone))
        all->why =
            "the runs there have calibrations for different phones, or some have none: judge them apart";
    if (own->offset_db != all->first->offset_db)
        all->offset_db = NAN;
    if (!same_text(own->adapter, all->adapter))
        all->adapter = "several";
    if (!(own->uncertainty_db <= all->uncertainty_db)) /* the largest; NaN if one did not tell */
        all->uncertainty_db = isnan(all->uncertainty_db) ? NAN : own->uncertainty_db;
    vo_level_add(&all->level, &visit);
}

void vo_cell_put_handset(const struct vo_cell *cell)
{
    struct corrected all = {.first = NULL};
    const struct vo_survey_bss *bss = cell->serving;
    for (size_t i = 0; i < bss->fact_count; i++)
        if (vo_signal_is_level(vo_fact_number(bss->facts[i], VO_METRIC_WLAN_SIGNAL_DBM)))
            correct(cell, bss->facts[i], &all);
    if (!all.why && !all.level.visits)
        all.why = "with the calibration's offset it is no level";
    if (all.why) {
        vo_cell_miss(cell, VO_METRIC_WLAN_SIGNAL_HANDSET_DBM, all.why);
        return;
    }
    vo_cell_label_number(cell, "margin_db", HANDSET_DB);
    double uncertainty = NAN;
    if (all.first->told) {
        vo_cell_label(cell, "phone", all.first->phone);
        vo_cell_label_number(cell, "phone_offset_db", all.offset_db);
        vo_cell_label(cell, "adapter", all.adapter);
        uncertainty = all.uncertainty_db;
    }
    vo_derive_number(vo_cell_facts(cell), cell->fact, VO_METRIC_WLAN_SIGNAL_HANDSET_DBM,
                     vo_level_mean_dbm(&all.level) - HANDSET_DB, NULL, uncertainty);
}
