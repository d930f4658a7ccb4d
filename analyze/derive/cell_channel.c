/* The channel of a cell: who else is in it, and who else serves there. */
#include "analyze/derive/cell.h"

#define WIDEST_MHZ 320 /* channel of 802.11be */

static double hundredths(double number)
{
    return round(100 * number) / 100;
}

static bool is_first(struct vo_cell *cell, const struct vo_survey_bss *bss)
{
    if (cell->stamps[bss->access_point] == cell->stamp)
        return false;
    cell->stamps[bss->access_point] = cell->stamp;
    return true;
}

/* --- Separation ----------------------------------------------------------------------------------- */

/* Whether what is not told of the other BSS's channel leaves it possible that it lies over the serving one's.
 */
static bool may_overlap(const struct vo_survey_bss *serving, const struct vo_survey_bss *other)
{
    if (!other->mhz)
        return true;
    if (!other->least || vo_channel_band(serving->mhz) != vo_channel_band(other->mhz))
        return false;
    double apart = fabs((double)other->mhz - serving->channel.center_mhz);
    return apart < WIDEST_MHZ + serving->channel.width_mhz / 2.0;
}

/* Others that may be nearer than `level_dbm`: without a level, or on a channel that is not told. */
static size_t count_nearer(const struct vo_cell *cell, double level_dbm)
{
    size_t count = 0;
    for (size_t i = 0; i < cell->place->bss_count; i++) {
        const struct vo_survey_bss *bss = &cell->place->bss[i];
        double level = cell->heard[i].signal_dbm;
        if (bss->access_point == cell->serving->access_point || level <= level_dbm)
            continue;
        struct vo_channel_overlap overlap = vo_channel_overlap(&cell->serving->channel, &bss->channel);
        bool over = overlap.mhz > 0;
        count += over ? isnan(level) : may_overlap(cell->serving, bss);
    }
    return count;
}

static size_t count_in_channel(struct vo_cell *cell)
{
    size_t count = 0;
    cell->stamp++;
    for (size_t i = 0; i < cell->place->bss_count; i++) {
        const struct vo_survey_bss *bss = &cell->place->bss[i];
        if (bss->access_point == cell->serving->access_point)
            continue;
        if (vo_channel_overlap(&cell->serving->channel, &bss->channel).mhz > 0)
            count += is_first(cell, bss);
    }
    return count;
}

void vo_cell_put_separation(struct vo_cell *cell)
{
    size_t at = (size_t)(cell->serving - cell->place->bss);
    struct vo_place_separation separation = vo_place_separation(cell->heard, cell->place->bss_count, at);
    bool any = separation.overlapping > 0;
    if (!cell->serving->mhz || cell->serving->least) {
        const char *why =
            cell->serving->mhz ? "the width of its channel is not told" : "its channel is not told";
        vo_cell_miss(cell, VO_METRIC_WLAN_SEPARATION_DB, why);
        vo_cell_miss(cell, VO_METRIC_WLAN_EFFECTIVE_SEPARATION_DB, why);
        vo_cell_miss(cell, VO_METRIC_WLAN_CHANNEL_ACCESS_POINTS, why);
        return;
    }
    double level = vo_level_mean_dbm(&cell->serving->level);
    size_t nearer = count_nearer(cell, any ? level - separation.effective_db : -INFINITY);
    const char *basis = nearer ? "upper_bound" : NULL;
    if (nearer)
        vo_cell_label_number(cell, "not_told", (double)nearer);
    vo_cell_put(cell, VO_METRIC_WLAN_CHANNEL_ACCESS_POINTS, (double)count_in_channel(cell),
                nearer ? "lower_bound" : NULL);
    if (any) {
        cell->interferer = &cell->place->bss[separation.strongest];
        vo_cell_label(cell, "interferer", cell->interferer->bssid);
        vo_cell_label(cell, "interferer_ssid", cell->interferer->ssid);
        vo_cell_label_number(cell, "interferer_dbm",
                             hundredths(cell->heard[separation.strongest].signal_dbm));
        vo_cell_put(cell, VO_METRIC_WLAN_SEPARATION_DB, separation.separation_db, basis);
        vo_cell_put(cell, VO_METRIC_WLAN_EFFECTIVE_SEPARATION_DB, separation.effective_db, basis);
        return;
    }
    const char *why = nearer ? "others were heard there without a level, or on a channel that is not told"
                             : "no other access point was heard in its channel";
    vo_cell_miss(cell, VO_METRIC_WLAN_SEPARATION_DB, why);
    vo_cell_miss(cell, VO_METRIC_WLAN_EFFECTIVE_SEPARATION_DB, why);
}

/* --- How many serve ------------------------------------------------------------------------------- */

/* Access points of the SSID that reach the boundary; those that have no level may, too. */
void vo_cell_put_access_points(struct vo_cell *cell)
{
    const struct vo_survey_place *place = cell->place;
    double boundary = cell->context->boundary_dbm;
    size_t count = 0, open = 0;
    if (isnan(boundary)) {
        vo_cell_miss(cell, VO_METRIC_WLAN_ACCESS_POINTS, vo_derive_no_boundary);
        return;
    }
    cell->stamp++;
    for (size_t i = 0; i < place->bss_count; i++)
        if (place->bss[i].ssid == cell->ssid->ssid && cell->heard[i].signal_dbm >= boundary)
            count += is_first(cell, &place->bss[i]);
    for (size_t i = 0; i < place->bss_count; i++)
        if (place->bss[i].ssid == cell->ssid->ssid && isnan(cell->heard[i].signal_dbm))
            open += is_first(cell, &place->bss[i]);
    vo_cell_label_number(cell, "boundary_dbm", boundary);
    vo_cell_put(cell, VO_METRIC_WLAN_ACCESS_POINTS, (double)count, open ? "lower_bound" : NULL);
}

void vo_cell_put_second(const struct vo_cell *cell)
{
    if (cell->second) {
        vo_cell_label(cell, "second", cell->second->bssid);
        vo_cell_put(cell, VO_METRIC_WLAN_SECOND_SIGNAL_DBM, vo_level_mean_dbm(&cell->second->level),
                    "mean_of_mw");
        return;
    }
    for (size_t i = 0; i < cell->place->bss_count; i++)
        if (cell->place->bss[i].ssid == cell->ssid->ssid &&
            cell->place->bss[i].access_point != cell->serving->access_point) {
            vo_cell_miss(cell, VO_METRIC_WLAN_SECOND_SIGNAL_DBM,
                         "a second access point of it was heard without a level");
            return;
        }
    vo_cell_miss(cell, VO_METRIC_WLAN_SECOND_SIGNAL_DBM, "no second access point of it was heard");
}
