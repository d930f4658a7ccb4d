#include "probes/wlan/link_poll.h"

#include "probes/io/nl80211_scan.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOWEST_MHZ 1000
#define LOOK_EVERY VO_NS_PER_S

static bool is_up(const char *name)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    bool up = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_UP;
    close(fd);
    return up;
}

static void keep_network(void *context, const struct vo_scan_bss *bss)
{
    struct vo_link_poll *poll = context;
    struct vo_bss_info info;
    if (!vo_scan_has(bss, VO_SCAN_STATUS) || bss->status != VO_SCAN_ASSOCIATED)
        return;
    vo_bss_info_decode(bss->elements, bss->elements_size, (uint16_t)bss->frequency_mhz, &info);
    if (!info.ssid_size && bss->beacon_elements) /* either may lack it */
        vo_bss_info_decode(bss->beacon_elements, bss->beacon_elements_size, (uint16_t)bss->frequency_mhz,
                           &info);
    memcpy(poll->network.ssid, info.ssid, sizeof poll->network.ssid);
    poll->network.ssid_size = info.hidden ? 0 : info.ssid_size;
    poll->network.capability = bss->capability;
    poll->network.known = true;
}

/* Once for each association, and again each second until it is known. */
static void ask_network(struct vo_link_poll *poll)
{
    struct vo_link_reading *reading = &poll->reading;
    struct vo_wlan_interface *interface = &reading->interface;
    bool same = poll->network.peer == reading->station.address;
    if (!same || (!poll->network.known && reading->at - poll->network.looked >= LOOK_EVERY)) {
        memset(&poll->network, 0, sizeof poll->network);
        poll->network.peer = reading->station.address;
        poll->network.looked = reading->at;
        (void)vo_nl80211_scan_results(poll->nl80211, interface->index, keep_network, poll, NULL);
    }
    if (poll->network.ssid_size && !vo_wlan_interface_has(interface, VO_WLAN_INTERFACE_SSID)) {
        memcpy(interface->ssid, poll->network.ssid, sizeof interface->ssid);
        interface->ssid_size = poll->network.ssid_size;
        interface->has |= UINT64_C(1) << VO_WLAN_INTERFACE_SSID;
    }
}

static void keep_station(void *context, const struct vo_station *station)
{
    struct vo_link_reading *reading = context;
    if (station->flags & VO_STATION_IS_TDLS)
        return;
    if (vo_station_has(station, VO_STATION_FLAGS) && station->flags_known & VO_STATION_IS_ASSOCIATED &&
        !(station->flags & VO_STATION_IS_ASSOCIATED))
        return; /* still on its way there */
    reading->station = *station;
    reading->associated = true;
}

/* Below 1 GHz two channels have the same MHz (902 and 902.5): they are no matter here. */
static void keep_survey(void *context, const struct vo_survey *survey)
{
    struct vo_link_poll *poll = context;
    if (vo_survey_has(survey, VO_SURVEY_FREQUENCY) && survey->frequency_mhz >= LOWEST_MHZ &&
        poll->reading.survey_count < VO_LINK_SURVEYS)
        poll->surveys[poll->reading.survey_count++] = *survey;
}

static void ask_survey(struct vo_link_poll *poll)
{
    struct vo_error error;
    struct vo_link_reading *reading = &poll->reading;
    reading->surveys = poll->surveys;
    if (!poll->no_survey_ever) {
        poll->no_survey[0] = '\0';
        if (vo_nl80211_survey(poll->nl80211, reading->interface.index, false, keep_survey, poll, &error) !=
            VO_OK) {
            memcpy(poll->no_survey, error.message, sizeof poll->no_survey);
            poll->no_survey_ever = vo_nl80211_refusal(poll->nl80211) == EOPNOTSUPP;
        } else if (!reading->survey_count) {
            strcpy(poll->no_survey, "the driver's survey of the channels is empty");
        }
    }
    if (poll->no_survey[0])
        reading->no_survey = poll->no_survey;
}

enum vo_status vo_link_poll(struct vo_link_poll *poll, struct vo_error *error)
{
    struct vo_link_reading *reading = &poll->reading;
    memset(reading, 0, sizeof *reading);
    enum vo_status status = vo_nl80211_interface(poll->nl80211, poll->name, &reading->interface, error);
    if (status == VO_ERR_USAGE)
        return vo_error_set(error, VO_ERR_IO, "the interface %s is gone: was the adapter unplugged?",
                            poll->name);
    if (status != VO_OK)
        return status;
    reading->up = is_up(poll->name);
    if (reading->interface.type == VO_WLAN_STATION)
        status = vo_nl80211_stations(poll->nl80211, reading->interface.index, keep_station, reading, error);
    reading->at = vo_clock_monotonic();
    reading->time = vo_clock_now();
    if (status != VO_OK && vo_nl80211_refusal(poll->nl80211) == ENODEV)
        return vo_error_set(error, VO_ERR_IO, "the interface %s is gone: was the adapter unplugged?",
                            poll->name);
    if (status != VO_OK && vo_nl80211_refusal(poll->nl80211) != ENETDOWN)
        return status;
    if (reading->associated)
        ask_network(poll);
    if (!poll->without_survey)
        ask_survey(poll);
    return VO_OK;
}

enum vo_status vo_link_poll_open(struct vo_link_poll *poll, struct vo_nl80211 *nl80211, const char *name,
                                 bool station, struct vo_error *error)
{
    struct vo_wlan_interface interface;
    memset(poll, 0, sizeof *poll);
    poll->nl80211 = nl80211;
    enum vo_status status = vo_nl80211_interface(nl80211, name, &interface, error);
    if (status != VO_OK)
        return status;
    memcpy(poll->name, interface.name, sizeof poll->name);
    if (station && vo_wlan_interface_has(&interface, VO_WLAN_INTERFACE_TYPE) &&
        interface.type != VO_WLAN_STATION)
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s is of type %s, and has no link of its own: name an interface of type station "
                            "(iw dev lists them)",
                            name, vo_wlan_interface_type_name(interface.type));
    return VO_OK;
}
