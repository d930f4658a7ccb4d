#include "probes/wlan/phone_readings.h"

#include "probes/wlan/describe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool read_address(const char *text, vo_wlan_address *address, int *used)
{
    enum { BYTES = 6 };
    unsigned byte[BYTES];
    *used = 0;
    if (strspn(text, "0123456789abcdefABCDEF:") < (size_t)(3 * BYTES - 1) ||
        sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5],
               used) != BYTES)
        return false;
    *address = 0;
    for (unsigned i = 0; i < BYTES; i++)
        *address = *address << 8 | byte[i];
    return !vo_wlan_address_is_group(*address);
}

enum vo_status vo_phone_reading_add(struct vo_phone_readings *readings, const char *text,
                                    struct vo_error *error)
{
    struct vo_phone_reading one;
    int used;
    char *end = NULL;
    bool good = read_address(text, &one.bssid, &used) && (text[used] == '=' || text[used] == ' ');
    if (good)
        one.dbm = strtod(text + used + 1, &end);
    if (!good || end == text + used + 1 || *end || !vo_signal_is_level(one.dbm))
        return vo_error_set(error, VO_ERR_USAGE,
                            "'%s' is no reading: BSSID=DBM, such as 02:00:00:00:01:00=-61", text);
    if (readings->count == VO_PHONE_READINGS)
        return vo_error_set(error, VO_ERR_USAGE, "at most %d readings are taken", VO_PHONE_READINGS);
    readings->rows[readings->count++] = one;
    return VO_OK;
}

const struct vo_visit_bss *vo_phone_reading_bss(const struct vo_visit *visit, vo_wlan_address bssid,
                                                const char **why)
{
    const struct vo_visit_bss *found = NULL;
    *why = "this adapter did not hear it";
    for (const struct vo_visit_bss *it = visit->first; it; it = it->next) {
        if (it->bss->bssid != bssid || !it->hearings)
            continue;
        if (found) {
            *why = "this adapter heard it on two frequencies: which one the phone shows is not known";
            return NULL;
        }
        found = it;
    }
    if (found && !found->signal.count)
        *why = "this adapter's driver tells no level of it";
    return found && found->signal.count ? found : NULL;
}

unsigned vo_phone_differences(const struct vo_phone_readings *readings, const struct vo_visit *visit,
                              double differences[VO_PHONE_READINGS])
{
    unsigned count = 0;
    for (unsigned i = 0; i < readings->count; i++) {
        const char *why;
        const struct vo_visit_bss *it = vo_phone_reading_bss(visit, readings->rows[i].bssid, &why);
        if (it)
            differences[count++] = readings->rows[i].dbm - vo_signal_mean_dbm(&it->signal);
    }
    return count;
}

void vo_phone_print(const struct vo_phone_readings *readings, const struct vo_visit *visit, FILE *stream)
{
    fprintf(stream, "%-17s %6s %9s %8s %7s %6s  %s\n", "BSSID", "MHz", "here dBm", "readings", "phone",
            "diff", "SSID");
    for (unsigned i = 0; i < readings->count; i++) {
        const struct vo_phone_reading *row = &readings->rows[i];
        char address[VO_WLAN_ADDRESS_TEXT], ssid[VO_SSID_TEXT];
        const char *why;
        const struct vo_visit_bss *it = vo_phone_reading_bss(visit, row->bssid, &why);
        fprintf(stream, "%-17s ", vo_wlan_address_text(row->bssid, address));
        if (!it) {
            fprintf(stream, "left out: %s\n", why);
            continue;
        }
        double here = vo_signal_mean_dbm(&it->signal);
        fprintf(stream, "%6u %9.1f %8llu %7.1f %+6.1f  %s\n", it->mhz, here,
                (unsigned long long)it->signal.count, row->dbm, row->dbm - here,
                vo_ssid_text(it->bss->ssid, it->bss->ssid_size, ssid));
    }
}
