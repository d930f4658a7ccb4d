/* nl80211's answers: the first byte chooses what they are read as. What is borrowed lies within, texts end,
 * counts stay in their arrays. */
#include "probes/io/nl80211_events.h"
#include "probes/io/nl80211_scan.h"
#include "probes/io/nl80211_station.h"
#include "probes/io/nl80211_survey.h"
#include "probes/io/nl80211_wiphy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_view(const uint8_t *at, uint32_t length, const uint8_t *data, size_t size)
{
    if (at && (at < data || length > size || at + length > data + size))
        abort();
}

static void check(bool good)
{
    if (!good)
        abort();
}

static void as_scan(const uint8_t *data, size_t size)
{
    struct vo_scan_bss bss;
    struct vo_bss_info info;
    vo_scan_parse(data, size, &bss);
    check_view(bss.elements, bss.elements_size, data, size);
    check_view(bss.beacon_elements, bss.beacon_elements_size, data, size);
    check(!vo_scan_has(&bss, VO_SCAN_SIGNAL) || bss.signal_mbm < 0);
    if (bss.elements)
        vo_bss_info_decode(bss.elements, bss.elements_size, (uint16_t)bss.frequency_mhz, &info);
}

static void as_survey(const uint8_t *data, size_t size)
{
    struct vo_survey survey;
    vo_survey_parse(data, size, &survey);
    check(!vo_survey_has(&survey, VO_SURVEY_NOISE) || survey.noise_dbm < 0);
}

static void as_station(const uint8_t *data, size_t size)
{
    struct vo_station station;
    vo_station_parse(data, size, &station);
    check(!vo_station_has(&station, VO_STATION_SIGNAL) || station.signal_dbm < 0);
    check((station.flags & ~station.flags_known) == 0);
}

static void as_wiphy(const uint8_t *data, size_t size)
{
    static struct vo_wiphy wiphy;
    memset(&wiphy, 0, sizeof wiphy);
    vo_wiphy_parse(data, size, &wiphy);
    vo_wiphy_parse(data, size, &wiphy);
    check(wiphy.frequency_count <= VO_WIPHY_FREQUENCIES && memchr(wiphy.name, '\0', sizeof wiphy.name));
    for (size_t i = 0; i < wiphy.frequency_count; i++)
        check(wiphy.frequencies[i].band < VO_WIPHY_BANDS);
}

static void as_regulatory(const uint8_t *data, size_t size)
{
    struct vo_regulatory domain;
    vo_regulatory_parse(data, size, &domain);
    check(domain.rule_count <= VO_REGULATORY_RULES && domain.country[2] == '\0');
}

static void as_interface(const uint8_t *data, size_t size)
{
    struct vo_wlan_interface interface;
    vo_wlan_interface_parse(data, size, &interface);
    check(memchr(interface.name, '\0', sizeof interface.name) && interface.ssid_size <= VO_SSID_MAX);
}

static void as_event(const uint8_t *data, size_t size)
{
    struct vo_wlan_event event;
    if (size == 0)
        return;
    vo_wlan_event_parse(data[0], data + 1, size - 1, &event);
    check_view(event.frame, event.frame_size, data, size);
    check(memchr(event.name, '\0', sizeof event.name) && (unsigned)event.kind < VO_WLAN_EVENT_KINDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const uint8_t *data, size_t size) = {
        as_interface, as_scan, as_survey, as_station, as_wiphy, as_regulatory, as_event, as_event};
    if (size > 0)
        readers[data[0] & 7](data + 1, size - 1);
    return 0;
}
