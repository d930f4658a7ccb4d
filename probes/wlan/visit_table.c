#include "probes/wlan/visit_table.h"

#include "core/estimate/channel.h"
#include "core/estimate/place.h"
#include "probes/wlan/describe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 40 /* of networks that are not surveyed */

enum { VALUE = 16 };

/* "-" for what was not measured. */
static const char *number(char text[VALUE], double value, const char *format)
{
    if (isnan(value))
        return "-";
    snprintf(text, VALUE, format, value);
    return text;
}

static bool was_heard(const struct vo_visit_bss *it)
{
    return it->hearings && it->bss->known;
}

/* --- What is near --------------------------------------------------------------------------------- */

const struct vo_visit_bss *vo_visit_strongest(const struct vo_visit *visit, const uint8_t *ssid, size_t size)
{
    const struct vo_visit_bss *best = NULL;
    for (const struct vo_visit_bss *it = visit->first; it; it = it->next) {
        if (!was_heard(it) || !it->signal.count || it->bss->ssid_size != size ||
            memcmp(it->bss->ssid, ssid, size) != 0)
            continue;
        if (!best || vo_signal_mean_dbm(&it->signal) > vo_signal_mean_dbm(&best->signal))
            best = it;
    }
    return best;
}

static struct vo_place_bss at_place(const struct vo_visit_bss *it)
{
    const struct vo_bss_info *info = &it->bss->info;
    struct vo_place_bss place = {.access_point = (uint32_t)it->bss->ap->number,
                                 .signal_dbm = vo_signal_mean_dbm(&it->signal)};
    if (vo_bss_has(info, VO_BSS_WIDTH) && vo_bss_has(info, VO_BSS_CENTER))
        place.channel = (struct vo_channel){
            .center_mhz = info->center_mhz,
            .width_mhz = info->width_mhz,
            .center_2_mhz = vo_bss_has(info, VO_BSS_CENTER_2) ? info->center_2_mhz : 0,
            .punctured = vo_bss_has(info, VO_BSS_PUNCTURED) ? info->punctured : 0,
        };
    return place;
}

struct vo_visit_neighbors vo_visit_neighbors(const struct vo_visit *visit, const struct vo_visit_bss *it)
{
    struct vo_visit_neighbors neighbors = {.separation_db = NAN};
    size_t count = 0, serving = 0;
    struct vo_place_bss *places = calloc(visit->bsses.count + 1, sizeof *places);
    const struct vo_visit_bss **of = calloc(visit->bsses.count + 1, sizeof(struct vo_visit_bss *));
    for (const struct vo_visit_bss *other = visit->first; places && of && other; other = other->next) {
        if (!was_heard(other))
            continue;
        if (other == it)
            serving = count;
        of[count] = other;
        places[count++] = at_place(other);
    }
    if (count) {
        struct vo_place_separation separation = vo_place_separation(places, count, serving);
        for (size_t i = 0; i < count; i++) { /* access points, not BSSs */
            bool counted = places[i].access_point == places[serving].access_point ||
                           isnan(places[i].signal_dbm) ||
                           !(vo_channel_overlap(&places[serving].channel, &places[i].channel).mhz > 0);
            for (size_t before = 0; before < i && !counted; before++)
                counted = places[before].access_point == places[i].access_point &&
                          !isnan(places[before].signal_dbm) &&
                          vo_channel_overlap(&places[serving].channel, &places[before].channel).mhz > 0;
            neighbors.access_points += !counted;
        }
        neighbors.unknown = separation.unknown;
        neighbors.separation_db = separation.separation_db;
        if (separation.overlapping)
            neighbors.strongest = of[separation.strongest];
    }
    free(places);
    free(of);
    return neighbors;
}

void vo_visit_count(const struct vo_visit *visit, size_t *bsss, size_t *access_points)
{
    *bsss = *access_points = 0;
    for (const struct vo_visit_bss *it = visit->first; it; it = it->next) {
        bool again = false;
        if (!was_heard(it))
            continue;
        for (const struct vo_visit_bss *before = visit->first; before != it && !again; before = before->next)
            again = was_heard(before) && before->bss->ap == it->bss->ap;
        ++*bsss;
        *access_points += !again;
    }
}

/* --- Rows ----------------------------------------------------------------------------------------- */

static void print_head(bool surveyed, FILE *stream)
{
    fprintf(stream, "  %6s %6s %5s %4s %5s %5s %4s %5s %6s %5s %-3s %-15s %-8s %-5s %s%-17s  %s\n", "dBm",
            "min", "+-dB", "n", "SNR", "MHz", "ch", "width", "load", "sta", "PHY", "security", "PMF", "WMM",
            surveyed ? "others  apart  " : "", "BSSID", "SSID");
}

static double load_of(const struct vo_bss *bss)
{
    enum { FULL = 255 };
    return bss->load.count ? 100 * (double)bss->load.sum / (double)bss->load.count / FULL : NAN;
}

static void print_neighbors(const struct vo_visit *visit, const struct vo_visit_bss *it, FILE *stream)
{
    char apart[VALUE];
    struct vo_visit_neighbors near = vo_visit_neighbors(visit, it);
    fprintf(stream, "%6zu  %5s  ", near.access_points, number(apart, near.separation_db, "%.1f"));
}

static void print_row(const struct vo_visit *visit, const struct vo_visit_bss *it, bool surveyed,
                      FILE *stream)
{
    const struct vo_bss *bss = it->bss;
    char mean[VALUE], least[VALUE], deviation[VALUE], snr[VALUE], load[VALUE], stations[VALUE] = "-",
                                                                               width[VALUE] = "-";
    char address[VO_WLAN_ADDRESS_TEXT], ssid[VO_SSID_TEXT];
    const char *phy = vo_bss_phy_word(&bss->info, bss->mhz);
    bool wmm = vo_bss_has(&bss->info, VO_BSS_WMM);
    if (vo_bss_has(&bss->info, VO_BSS_WIDTH))
        snprintf(width, sizeof width, "%u", bss->info.width_mhz);
    if (bss->load.count)
        snprintf(stations, sizeof stations, "%u", bss->load.stations_last);
    fprintf(stream, "%c %6s %6s %5s %4u %5s %5u %4u %5s %6s %5s %-3s %-15s %-8s %-5s ",
            it->associated ? '*' : ' ', number(mean, vo_signal_mean_dbm(&it->signal), "%.1f"),
            number(least, vo_signal_minimum_dbm(&it->signal), "%.1f"),
            number(deviation, vo_signal_deviation_db(&it->signal), "%.1f"), it->hearings,
            number(snr, vo_visit_snr_db(visit, it), "%.1f"), bss->mhz, vo_channel_number(bss->mhz), width,
            number(load, load_of(bss), "%.0f %%"), stations, phy ? phy : "-",
            vo_bss_security_word(&bss->info, bss->capability), vo_bss_pmf_word(&bss->info),
            !wmm                                     ? "-"
            : bss->info.qos_info & VO_QOS_INFO_UAPSD ? "uapsd"
                                                     : "wmm");
    if (surveyed)
        print_neighbors(visit, it, stream);
    fprintf(stream, "%-17s  %s%s\n", vo_wlan_address_text(bss->bssid, address),
            bss->ssid_size ? vo_ssid_text(bss->ssid, bss->ssid_size, ssid) : "(hidden)",
            bss->ssid_size && bss->hidden ? " (hidden)" : "");
}

/* --- Lists ---------------------------------------------------------------------------------------- */

static double strength(const struct vo_visit_bss *it)
{
    double dbm = vo_signal_mean_dbm(&it->signal);
    return isnan(dbm) ? -1000 : dbm;
}

static int by_strength(const void *a, const void *b)
{
    const struct vo_visit_bss *const *one = a, *const *other = b;
    double left = strength(*one), right = strength(*other);
    return left > right ? -1 : left < right;
}

static bool is_surveyed(const struct vo_surveyed *surveyed, const struct vo_visit_bss *it)
{
    return vo_surveyed_has(surveyed, it->bss->ssid, it->bss->ssid_size);
}

static void print_list(const struct vo_visit *visit, const struct vo_surveyed *surveyed, bool ours,
                       FILE *stream)
{
    size_t count = 0, most = ours ? SIZE_MAX : ROWS;
    const struct vo_visit_bss **list = calloc(visit->bsses.count + 1, sizeof(struct vo_visit_bss *));
    for (const struct vo_visit_bss *it = visit->first; list && it; it = it->next)
        if (was_heard(it) && is_surveyed(surveyed, it) == ours)
            list[count++] = it;
    if (count) {
        qsort(list, count, sizeof *list, by_strength);
        fprintf(stream, "\n%s\n", ours ? "Surveyed" : surveyed->count ? "Others" : "Networks");
        print_head(ours, stream);
        for (size_t i = 0; i < count && i < most; i++)
            print_row(visit, list[i], ours, stream);
        if (count > most)
            fprintf(stream, "  and %zu more\n", count - most);
    }
    free(list);
}

/* What has no row because it was not heard, and why columns are empty. */
static void print_absences(const struct vo_visit *visit, const struct vo_surveyed *surveyed, FILE *stream)
{
    char text[VO_ERROR_SIZE], ssid[VO_SSID_TEXT];
    const char *why = NULL;
    bool told_level = false, told_noise = false;
    for (unsigned i = 0; i < surveyed->count; i++) {
        enum vo_visit_coverage coverage =
            vo_visit_coverage(visit, surveyed->names[i].bytes, surveyed->names[i].size, &why);
        if (coverage == VO_COVERAGE_HEARD)
            continue;
        vo_ssid_text(surveyed->names[i].bytes, surveyed->names[i].size, ssid);
        if (coverage == VO_COVERAGE_NOT_HEARD)
            fprintf(stream, "\n%s: not heard in %u scan%s\n", ssid, visit->scans,
                    visit->scans == 1 ? "" : "s");
        else
            fprintf(stream, "\n%s: not known whether it is here: %s\n", ssid, why);
    }
    for (const struct vo_visit_bss *it = visit->first; it; it = it->next) {
        if (!was_heard(it))
            continue;
        if (!it->signal.count && !told_level)
            fprintf(stream, "\nNo level: %s\n", vo_visit_no_level(it, text, sizeof text));
        told_level |= !it->signal.count;
        if (isnan(vo_visit_snr_db(visit, it)) && it->signal.count && !told_noise) {
            fprintf(stream, "\nNo SNR: %s\n", vo_visit_no_noise(visit, it->mhz, text, sizeof text));
            told_noise = true;
        }
    }
}

void vo_visit_print(const struct vo_visit *visit, const struct vo_surveyed *surveyed, FILE *stream)
{
    print_list(visit, surveyed, true, stream);
    print_list(visit, surveyed, false, stream);
    print_absences(visit, surveyed, stream);
    if (!surveyed->count)
        fprintf(stream, "\nName your network by --ssid to tell it from its neighbours.\n");
}
