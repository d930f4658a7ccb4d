/*
 * lab-ask: each request of probes/io/nl80211*.h, made of a real kernel. Prints what came back as NAME=VALUE
 * words, a line for each thing, and a refusal as "refused ERRNO: message" with status 1.
 *
 *     lab-ask interfaces | interface IFACE | wiphy IFACE | regulatory IFACE | results IFACE | survey IFACE |
 * station IFACE | powersave IFACE | scan IFACE active|passive [MHZ...] | cqm IFACE [DBM...] | monitor IFACE
 * NAME | remove IFACE | channel IFACE MHZ WIDTH CENTER | events SECONDS
 */
#include "core/clock.h"
#include "probes/decode/bss_info.h"
#include "probes/io/nl80211_events.h"
#include "probes/io/nl80211_scan.h"
#include "probes/io/nl80211_station.h"
#include "probes/io/nl80211_survey.h"
#include "probes/io/nl80211_wiphy.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_PATIENCE_S 20

struct asked {
    struct vo_nl80211 *nl80211;
    struct vo_wlan_interface interface;
    char **words; /* behind the interface */
    int count;
};

static void print_interface(void *context, const struct vo_wlan_interface *interface)
{
    char address[VO_WLAN_ADDRESS_TEXT];
    (void)context;
    printf("interface name=%s index=%u wiphy=%u type=%s address=%s", interface->name, interface->index,
           interface->wiphy, vo_wlan_interface_type_name(interface->type),
           vo_wlan_address_text(interface->address, address));
    if (vo_wlan_interface_has(interface, VO_WLAN_INTERFACE_SSID))
        printf(" ssid=%.*s", interface->ssid_size, (const char *)interface->ssid);
    if (vo_wlan_interface_has(interface, VO_WLAN_INTERFACE_FREQUENCY))
        printf(" mhz=%u width=%u center=%u", interface->frequency_mhz, interface->width_mhz,
               interface->center_mhz);
    if (vo_wlan_interface_has(interface, VO_WLAN_INTERFACE_TX_POWER))
        printf(" power_mbm=%d", interface->tx_power_mbm);
    printf(" malformed=%u\n", interface->malformed);
}

static void print_bss(void *context, const struct vo_scan_bss *bss)
{
    char address[VO_WLAN_ADDRESS_TEXT];
    struct vo_bss_info info;
    (void)context;
    vo_bss_info_decode(bss->elements, bss->elements_size, (uint16_t)bss->frequency_mhz, &info);
    printf("bss bssid=%s mhz=%u", vo_wlan_address_text(bss->bssid, address), bss->frequency_mhz);
    if (vo_scan_has(bss, VO_SCAN_SIGNAL))
        printf(" mbm=%d", bss->signal_mbm);
    printf(" age_ms=%u capability=%u probe=%d elements=%u beacon=%u ssid=%.*s hidden=%d%s malformed=%u\n",
           bss->seen_ms_ago, bss->capability, bss->from_probe, bss->elements_size, bss->beacon_elements_size,
           info.ssid_size, (const char *)info.ssid, info.hidden,
           vo_scan_has(bss, VO_SCAN_STATUS) && bss->status == VO_SCAN_ASSOCIATED ? " associated=1" : "",
           bss->malformed);
}

static void print_survey(void *context, const struct vo_survey *survey)
{
    (void)context;
    printf("survey");
    if (vo_survey_has(survey, VO_SURVEY_FREQUENCY))
        printf(" mhz=%u", survey->frequency_mhz);
    if (vo_survey_has(survey, VO_SURVEY_NOISE))
        printf(" noise=%d", survey->noise_dbm);
    if (vo_survey_has(survey, VO_SURVEY_TIME))
        printf(" time_ms=%" PRIu64, survey->time_ms);
    if (vo_survey_has(survey, VO_SURVEY_BUSY))
        printf(" busy_ms=%" PRIu64, survey->busy_ms);
    printf(" in_use=%d malformed=%u\n", survey->in_use, survey->malformed);
}

static void print_station(void *context, const struct vo_station *station)
{
    char address[VO_WLAN_ADDRESS_TEXT];
    (void)context;
    printf("station address=%s", vo_wlan_address_text(station->address, address));
    if (vo_station_has(station, VO_STATION_SIGNAL))
        printf(" signal=%d", station->signal_dbm);
    if (vo_station_has(station, VO_STATION_BEACON_AVERAGE))
        printf(" beacon=%d", station->beacon_average_dbm);
    printf(" tx_packets=%u tx_retries=%u tx_failed=%u rx_packets=%u beacons=%" PRIu64
           " beacon_loss=%u connected_s=%u",
           station->tx_packets, station->tx_retries, station->tx_failed, station->rx_packets,
           station->beacons, station->beacon_loss, station->connected_s);
    if (vo_station_has(station, VO_STATION_TX_RATE))
        printf(" tx_kbps=%u tx_mcs=%u", station->tx_rate.kbps, station->tx_rate.mcs);
    printf(" wmm=%d pmf=%d tid6_tx=%" PRIu64 " tid6_failed=%" PRIu64 " malformed=%u\n",
           (station->flags & VO_STATION_HAS_WMM) != 0, (station->flags & VO_STATION_HAS_PMF) != 0,
           station->tids[6].tx, station->tids[6].tx_failed, station->malformed);
}

static void print_event(void *context, const struct vo_wlan_event *event)
{
    char address[VO_WLAN_ADDRESS_TEXT], time[VO_TIME_TEXT_SIZE];
    (void)context;
    printf("event %s at=%s index=%u peer=%s", vo_wlan_event_name(event->kind),
           vo_time_format(event->at, time), event->index, vo_wlan_address_text(event->peer, address));
    if (vo_wlan_event_has(event, VO_EVENT_STATUS))
        printf(" status=%u", event->status);
    if (vo_wlan_event_has(event, VO_EVENT_REASON))
        printf(" reason=%u", event->reason);
    if (vo_wlan_event_has(event, VO_EVENT_CQM))
        printf(" cqm=%d", event->cqm);
    if (vo_wlan_event_has(event, VO_EVENT_LEVEL))
        printf(" level=%d", event->level_dbm);
    printf(" malformed=%u\n", event->malformed);
    fflush(stdout);
}

static enum vo_status wiphy(struct asked *asked, struct vo_error *error)
{
    static struct vo_wiphy wiphy;
    enum vo_status status = vo_nl80211_wiphy(asked->nl80211, asked->interface.wiphy, &wiphy, error);
    if (status != VO_OK)
        return status;
    printf("wiphy index=%u name=%s max_ssids=%u types=%x frequencies=%u channel=%d dwell=%d cqm_list=%d "
           "malformed=%u\n",
           wiphy.index, wiphy.name, wiphy.max_ssids, wiphy.types, wiphy.frequency_count, wiphy.sets_channel,
           vo_wiphy_extended(&wiphy, VO_WIPHY_SCAN_DWELL), vo_wiphy_extended(&wiphy, VO_WIPHY_CQM_LIST),
           wiphy.malformed);
    for (unsigned i = 0; i < VO_WIPHY_BANDS; i++)
        if (wiphy.bands[i].present)
            printf("band number=%u phys=%x streams=%u\n", i, wiphy.bands[i].phys, wiphy.bands[i].rx_streams);
    for (unsigned i = 0; i < wiphy.frequency_count; i++)
        printf("frequency mhz=%u flags=%x power_mbm=%u\n", wiphy.frequencies[i].mhz,
               wiphy.frequencies[i].flags, wiphy.frequencies[i].max_power_mbm);
    return VO_OK;
}

static enum vo_status regulatory(struct asked *asked, struct vo_error *error)
{
    struct vo_regulatory domain;
    enum vo_status status = vo_nl80211_regulatory(asked->nl80211, asked->interface.wiphy, &domain, error);
    if (status != VO_OK)
        return status;
    printf("regulatory country=%s dfs=%u rules=%u malformed=%u\n", domain.country, domain.dfs_region,
           domain.rule_count, domain.malformed);
    return VO_OK;
}

static enum vo_status interface(struct asked *asked, struct vo_error *error)
{
    (void)error;
    print_interface(NULL, &asked->interface);
    return VO_OK;
}

static enum vo_status results(struct asked *asked, struct vo_error *error)
{
    return vo_nl80211_scan_results(asked->nl80211, asked->interface.index, print_bss, NULL, error);
}

static enum vo_status survey(struct asked *asked, struct vo_error *error)
{
    return vo_nl80211_survey(asked->nl80211, asked->interface.index, true, print_survey, NULL, error);
}

static enum vo_status station(struct asked *asked, struct vo_error *error)
{
    return vo_nl80211_stations(asked->nl80211, asked->interface.index, print_station, NULL, error);
}

static enum vo_status powersave(struct asked *asked, struct vo_error *error)
{
    bool on;
    enum vo_status status = vo_nl80211_power_save(asked->nl80211, asked->interface.index, &on, error);
    if (status == VO_OK)
        printf("powersave on=%d\n", on);
    return status;
}

static enum vo_status cqm(struct asked *asked, struct vo_error *error)
{
    int32_t thresholds[8];
    size_t count = 0;
    for (int i = 0; i < asked->count && count < 8; i++)
        thresholds[count++] = (int32_t)strtol(asked->words[i], NULL, 10);
    return vo_nl80211_set_cqm(asked->nl80211, asked->interface.index, thresholds, count, 2, error);
}

static enum vo_status monitor(struct asked *asked, struct vo_error *error)
{
    struct vo_wlan_interface made;
    enum vo_status status = vo_nl80211_add_monitor(asked->nl80211, asked->interface.wiphy,
                                                   asked->count ? asked->words[0] : "mon", &made, error);
    if (status == VO_OK)
        print_interface(NULL, &made);
    return status;
}

static enum vo_status take_away(struct asked *asked, struct vo_error *error)
{
    return vo_nl80211_remove(asked->nl80211, asked->interface.index, error);
}

static enum vo_status channel(struct asked *asked, struct vo_error *error)
{
    unsigned long numbers[3] = {0};
    for (int i = 0; i < 3 && i < asked->count; i++)
        numbers[i] = strtoul(asked->words[i], NULL, 10);
    return vo_nl80211_set_channel(asked->nl80211, asked->interface.index, (uint32_t)numbers[0],
                                  (uint16_t)numbers[1], (uint32_t)numbers[2], error);
}

struct wait {
    bool print, done;
    uint32_t index;
};

static void look_for_end(void *context, const struct vo_wlan_event *event)
{
    struct wait *wait = context;
    if (event->index == wait->index &&
        (event->kind == VO_WLAN_EVENT_SCAN_DONE || event->kind == VO_WLAN_EVENT_SCAN_ABORTED)) {
        printf("%s frequencies=%u\n", vo_wlan_event_name(event->kind), event->frequencies);
        wait->done = true;
    }
}

static enum vo_status listen_for(struct vo_nl80211_events *events, double seconds, struct wait *wait,
                                 struct vo_error *error)
{
    vo_time until = vo_clock_monotonic() + (vo_time)(seconds * 1e9);
    enum vo_status status = VO_OK;
    for (vo_time left; status == VO_OK && !wait->done && (left = until - vo_clock_monotonic()) > 0;) {
        struct pollfd ready = {vo_nl80211_events_fd(events), POLLIN, 0};
        if (poll(&ready, 1, (int)(left / VO_NS_PER_MS) + 1) > 0)
            status = vo_nl80211_events_read(events, wait->print ? print_event : look_for_end, wait, error);
    }
    return status;
}

static enum vo_status scan(struct asked *asked, struct vo_error *error)
{
    uint32_t frequencies[32];
    struct vo_scan_request request = {.active = asked->count && strcmp(asked->words[0], "active") == 0,
                                      .flush = true,
                                      .frequencies_mhz = frequencies};
    for (int i = 1; i < asked->count && request.frequency_count < 32; i++)
        frequencies[request.frequency_count++] = (uint32_t)strtoul(asked->words[i], NULL, 10);
    struct vo_nl80211_events *events;
    struct wait wait = {.index = asked->interface.index};
    enum vo_status status = vo_nl80211_events_new(&events, error);
    if (status != VO_OK)
        return status;
    status = vo_nl80211_scan(asked->nl80211, wait.index, &request, error);
    if (status == VO_OK)
        status = listen_for(events, SCAN_PATIENCE_S, &wait, error);
    vo_nl80211_events_free(events);
    return status == VO_OK ? results(asked, error) : status;
}

static enum vo_status announcements(const char *seconds, struct vo_error *error)
{
    struct vo_nl80211_events *events;
    struct wait wait = {.print = true};
    enum vo_status status = vo_nl80211_events_new(&events, error);
    if (status != VO_OK)
        return status;
    printf("listening\n");
    fflush(stdout);
    status = listen_for(events, strtod(seconds, NULL), &wait, error);
    vo_nl80211_events_free(events);
    return status;
}

static const struct {
    const char *word;
    enum vo_status (*ask)(struct asked *asked, struct vo_error *error);
} questions[] = {
    {"interface", interface}, {"wiphy", wiphy},      {"regulatory", regulatory},
    {"results", results},     {"survey", survey},    {"station", station},
    {"powersave", powersave}, {"scan", scan},        {"cqm", cqm},
    {"monitor", monitor},     {"remove", take_away}, {"channel", channel},
};

static enum vo_status run(struct asked *asked, const char *word, const char *name, struct vo_error *error)
{
    enum vo_status status;
    if (strcmp(word, "events") == 0)
        return announcements(name ? name : "1", error);
    if ((status = vo_nl80211_new(&asked->nl80211, error)) != VO_OK)
        return status;
    if (strcmp(word, "interfaces") == 0)
        return vo_nl80211_interfaces(asked->nl80211, print_interface, NULL, error);
    /* "#7": an index, which need not exist */
    if (name && name[0] == '#')
        asked->interface.index = (uint32_t)strtoul(name + 1, NULL, 10);
    else if ((status = vo_nl80211_interface(asked->nl80211, name ? name : "", &asked->interface, error)) !=
             VO_OK)
        return status;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (strcmp(questions[i].word, word) == 0)
            return questions[i].ask(asked, error);
    return vo_error_set(error, VO_ERR_USAGE, "%s is not known", word);
}

int main(int argc, char **argv)
{
    struct vo_error error;
    struct asked asked = {.words = argv + 3, .count = argc > 3 ? argc - 3 : 0};
    if (argc < 2)
        return 2;
    enum vo_status status = run(&asked, argv[1], argc > 2 ? argv[2] : NULL, &error);
    int number = asked.nl80211 ? vo_nl80211_refusal(asked.nl80211) : 0;
    if (status != VO_OK)
        printf("refused %d: %s\n", number, error.message);
    else
        printf("ok\n");
    vo_nl80211_free(asked.nl80211);
    return status != VO_OK;
}
