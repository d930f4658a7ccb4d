#include "probes/wlan/radio.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Which interface ------------------------------------------------------------------------------ */

struct search {
    struct vo_wlan_interface found;
    unsigned stations;
    char names[200];
};

static void note(void *context, const struct vo_wlan_interface *interface)
{
    struct search *search = context;
    size_t used = strlen(search->names);
    if (!vo_wlan_interface_has(interface, VO_WLAN_INTERFACE_NAME))
        return;
    snprintf(search->names + used, sizeof search->names - used, "%s%s", used ? ", " : "", interface->name);
    if (interface->type != VO_WLAN_STATION)
        return;
    search->found = *interface;
    search->stations++;
}

static enum vo_status only_station(struct vo_nl80211 *nl80211, struct vo_wlan_interface *interface,
                                   struct vo_error *error)
{
    struct search search = {.stations = 0};
    enum vo_status status = vo_nl80211_interfaces(nl80211, note, &search, error);
    if (status != VO_OK)
        return status;
    if (!search.names[0])
        return vo_error_set(error, VO_ERR_USAGE,
                            "there is no wireless interface: plug in a wireless adapter, or load its driver");
    if (search.stations != 1)
        return vo_error_set(error, VO_ERR_USAGE, "name the interface with -i: there are %s", search.names);
    *interface = search.found;
    return VO_OK;
}

enum vo_status vo_radio_open(struct vo_nl80211 *nl80211, const char *name, struct vo_radio *radio,
                             struct vo_error *error)
{
    memset(radio, 0, sizeof *radio);
    enum vo_status status = name ? vo_nl80211_interface(nl80211, name, &radio->interface, error)
                                 : only_station(nl80211, &radio->interface, error);
    if (status == VO_OK)
        status = vo_nl80211_wiphy(nl80211, radio->interface.wiphy, &radio->wiphy, error);
    if (status != VO_OK)
        return status;
    (void)vo_nl80211_regulatory(nl80211, radio->interface.wiphy, &radio->regulatory, NULL);
    vo_radio_identify("/sys", radio->interface.name, radio);
    return VO_OK;
}

/* --- What it is ----------------------------------------------------------------------------------- */

/* The first word of a file; false: there is none. */
static bool read_word(const char *path, char *word, size_t size)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    size_t got = fread(word, 1, size - 1, file);
    fclose(file);
    word[got] = '\0';
    word[strcspn(word, " \n")] = '\0';
    return word[0] != '\0';
}

static void read_driver(const char *device, char *driver, size_t size)
{
    char path[PATH_MAX], target[PATH_MAX];
    snprintf(path, sizeof path, "%s/driver", device);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length <= 0)
        return;
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    snprintf(driver, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
}

/* "8086:2725" of PCI, "0bda:8812" of USB, whose number stands a level above the interface's. */
static bool read_model(const char *device, char *model, size_t size)
{
    static const char *const rows[][2] = {{"vendor", "device"}, {"../idVendor", "../idProduct"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[PATH_MAX], maker[16], number[16];
        snprintf(path, sizeof path, "%s/%s", device, rows[i][0]);
        bool known = read_word(path, maker, sizeof maker);
        snprintf(path, sizeof path, "%s/%s", device, rows[i][1]);
        if (!known || !read_word(path, number, sizeof number))
            continue;
        snprintf(model, size, "%s:%s", strncmp(maker, "0x", 2) == 0 ? maker + 2 : maker,
                 strncmp(number, "0x", 2) == 0 ? number + 2 : number);
        return true;
    }
    return false;
}

void vo_radio_identify(const char *sys, const char *interface, struct vo_radio *radio)
{
    char device[256], path[PATH_MAX], which[64];
    snprintf(device, sizeof device, "%s/class/net/%s/device", sys, interface);
    snprintf(path, sizeof path, "%s/class/net/%s/phy80211/macaddress", sys, interface);
    read_driver(device, radio->driver, sizeof radio->driver);
    if (radio->driver[0] && (read_word(path, which, sizeof which) || read_model(device, which, sizeof which)))
        snprintf(radio->adapter, sizeof radio->adapter, "%s %s", radio->driver, which);
}

/* --- What it may ---------------------------------------------------------------------------------- */

const char *vo_radio_domain(const struct vo_radio *radio, char *text, size_t size)
{
    static const char *const regions[] = {
        [VO_DFS_FCC] = " (FCC)", [VO_DFS_ETSI] = " (ETSI)", [VO_DFS_JAPAN] = " (Japan)"};
    const struct vo_regulatory *regulatory = &radio->regulatory;
    if (!vo_regulatory_has(regulatory, VO_REGULATORY_COUNTRY)) {
        snprintf(text, size, "unknown");
        return text;
    }
    const char *region =
        regulatory->dfs_region < sizeof regions / sizeof *regions ? regions[regulatory->dfs_region] : NULL;
    if (strcmp(regulatory->country, "00") == 0)
        region = " (the world's: no country was told)";
    snprintf(text, size, "%s%s", regulatory->country, region ? region : "");
    return text;
}

static bool is_of_wifi(const struct vo_wiphy_frequency *frequency)
{
    return frequency->band == VO_BAND_2GHZ || frequency->band == VO_BAND_5GHZ ||
           frequency->band == VO_BAND_6GHZ;
}

/* Runs of neighbouring frequencies whose flags fit: "5260-5320, 5500-5700 MHz". */
static void print_runs(const struct vo_wiphy *wiphy, uint32_t mask, uint32_t flags, const char *what,
                       FILE *stream)
{
    unsigned runs = 0;
    for (unsigned i = 0; i < wiphy->frequency_count; i++) {
        unsigned first = i;
        while (i < wiphy->frequency_count && (wiphy->frequencies[i].flags & mask) == flags &&
               is_of_wifi(&wiphy->frequencies[i]) &&
               wiphy->frequencies[i].band == wiphy->frequencies[first].band)
            i++;
        if (i == first)
            continue;
        fprintf(stream, "%s%u", runs++ ? ", " : what, wiphy->frequencies[first].mhz);
        if (--i != first)
            fprintf(stream, "-%u", wiphy->frequencies[i].mhz);
    }
    if (runs)
        fprintf(stream, " MHz\n");
}

void vo_radio_print_limits(const struct vo_radio *radio, FILE *stream)
{
    static const struct {
        enum vo_wiphy_band_id id;
        const char *name;
    } bands[] = {{VO_BAND_2GHZ, "2.4 GHz"}, {VO_BAND_5GHZ, "5 GHz"}, {VO_BAND_6GHZ, "6 GHz"}};
    const struct vo_wiphy *wiphy = &radio->wiphy;
    for (size_t i = 0; i < sizeof bands / sizeof *bands; i++)
        if (!wiphy->bands[bands[i].id].present)
            fprintf(stream, "  not measured: %s, which this radio does not have\n", bands[i].name);
    print_runs(wiphy, VO_FREQUENCY_DISABLED, VO_FREQUENCY_DISABLED,
               "  not measured, as the regulatory domain does not permit it: ", stream);
    print_runs(wiphy, VO_FREQUENCY_DISABLED | VO_FREQUENCY_NO_IR, VO_FREQUENCY_NO_IR,
               "  only listened to, as the radio may not send there first: ", stream);
}
