#include "probes/wlan/walk_table.h"

#include "probes/wlan/describe.h"
#include "probes/wlan/visit_table.h"

#include <math.h>
#include <string.h>

enum { VALUE = 16, PLACE = 24 };

static const char *number(char text[VALUE], double value)
{
    if (isnan(value))
        return "-";
    snprintf(text, VALUE, "%.1f", value);
    return text;
}

/* The place's name in its column: by characters, not bytes. */
static void print_place(const struct vo_visit_terms *terms, FILE *stream)
{
    int characters = 0;
    for (const char *at = terms->place; *at; at++)
        characters += (*at & 0xc0) != 0x80;
    fprintf(stream, "%s%*s", terms->place, characters < PLACE ? PLACE - characters : 0, "");
}

/* Level of the second strongest access point of the network; NAN: there is none. */
static double second_dbm(const struct vo_visit *visit, const struct vo_visit_bss *best)
{
    double second = NAN;
    for (const struct vo_visit_bss *it = visit->first; it; it = it->next) {
        bool same = it->bss->ssid_size == best->bss->ssid_size &&
                    memcmp(it->bss->ssid, best->bss->ssid, best->bss->ssid_size) == 0;
        double dbm = vo_signal_mean_dbm(&it->signal);
        if (same && it->bss->ap != best->bss->ap && !isnan(dbm) && !(dbm <= second))
            second = dbm;
    }
    return second;
}

void vo_walk_print_head(FILE *stream)
{
    fprintf(stream, "%-*s %5s %5s  %6s %6s %5s %5s %5s %6s %6s %6s  %-17s  %s\n", PLACE, "place", "visit",
            "scans", "dBm", "min", "+-dB", "SNR", "MHz", "2nd", "others", "apart", "BSSID", "SSID");
}

/* What stands in a row instead of a level. */
static const char *absence(const struct vo_visit *visit, const struct vo_visit_terms *terms, unsigned which)
{
    const char *why = "";
    switch (vo_visit_coverage(visit, terms->surveyed->names[which].bytes, terms->surveyed->names[which].size,
                              &why)) {
    case VO_COVERAGE_HEARD:
        return "heard, at a level that the driver does not tell";
    case VO_COVERAGE_NOT_HEARD:
        return "not heard";
    default:
        return why;
    }
}

static void print_row(const struct vo_visit *visit, const struct vo_visit_terms *terms, unsigned which,
                      FILE *stream)
{
    const uint8_t *bytes = terms->surveyed->names[which].bytes;
    uint8_t size = terms->surveyed->names[which].size;
    char ssid[VO_SSID_TEXT], address[VO_WLAN_ADDRESS_TEXT], values[6][VALUE];
    const struct vo_visit_bss *best = vo_visit_strongest(visit, bytes, size);
    vo_ssid_text(bytes, size, ssid);
    print_place(terms, stream);
    fprintf(stream, " %5u %5u  ", terms->number, visit->scans);
    if (!best) {
        fprintf(stream, "%s: %s\n", ssid, absence(visit, terms, which));
        return;
    }
    struct vo_visit_neighbors near = vo_visit_neighbors(visit, best);
    fprintf(stream, "%6s %6s %5s %5s %5u %6s %6zu %6s  %-17s  %s\n",
            number(values[0], vo_signal_mean_dbm(&best->signal)),
            number(values[1], vo_signal_minimum_dbm(&best->signal)),
            number(values[2], vo_signal_deviation_db(&best->signal)),
            number(values[3], vo_visit_snr_db(visit, best)), best->bss->mhz,
            number(values[4], second_dbm(visit, best)), near.access_points,
            number(values[5], near.separation_db), vo_wlan_address_text(best->bss->bssid, address), ssid);
}

void vo_walk_print_visit(const struct vo_visit *visit, const struct vo_visit_terms *terms, FILE *stream)
{
    for (unsigned i = 0; i < terms->surveyed->count; i++)
        print_row(visit, terms, i, stream);
    if (!terms->surveyed->count) {
        size_t bsss, access_points;
        vo_visit_count(visit, &bsss, &access_points);
        print_place(terms, stream);
        fprintf(stream, " %5u %5u  %zu BSSs of %zu access points\n", terms->number, visit->scans, bsss,
                access_points);
    }
    fflush(stream);
}

void vo_walk_print_now(const struct vo_visit *visit, const struct vo_visit_terms *terms, FILE *stream)
{
    for (unsigned i = 0; i < terms->surveyed->count; i++) {
        char ssid[VO_SSID_TEXT], apart[VALUE];
        const struct vo_visit_bss *best =
            vo_visit_strongest(visit, terms->surveyed->names[i].bytes, terms->surveyed->names[i].size);
        vo_ssid_text(terms->surveyed->names[i].bytes, terms->surveyed->names[i].size, ssid);
        if (!best) {
            fprintf(stream, "  %s: %s", ssid, absence(visit, terms, i));
            continue;
        }
        struct vo_visit_neighbors near = vo_visit_neighbors(visit, best);
        fprintf(stream, "  %s %.1f dBm on %u MHz, %zu other%s in the channel", ssid,
                vo_signal_mean_dbm(&best->signal), best->bss->mhz, near.access_points,
                near.access_points == 1 ? "" : "s");
        if (near.strongest)
            fprintf(stream, ", %s dB apart", number(apart, near.separation_db));
    }
    fprintf(stream, "\n");
}
