/* What a radio is called, and what it cannot. */
#include "probes/wlan/radio.h"

#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/nl80211_scene.h"

/* --- a folder that looks like /sys --- */

static char root[] = "/tmp/voready-sys-XXXXXX";

static void file(const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    if (!text)
        return;
    FILE *out = fopen(whole, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void link_to(const char *target, const char *path)
{
    char whole[256];
    file(path, NULL);
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    assert_int_equal(symlink(target, whole), 0);
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

/* The permanent address, where there is one; the hardware's number else, of PCI and of USB. */
static void test_names(void **state)
{
    (void)state;
    static struct vo_radio radio;
    link_to("../../../bus/pci/drivers/iwlwifi", "class/net/wlan0/device/driver");
    file("class/net/wlan0/phy80211/macaddress", "a4:b1:c1:00:00:01\n");
    file("class/net/wlan0/device/vendor", "0x8086\n");
    file("class/net/wlan0/device/device", "0x2725\n");
    vo_radio_identify(root, "wlan0", &radio);
    assert_string_equal(radio.driver, "iwlwifi");
    assert_string_equal(radio.adapter, "iwlwifi a4:b1:c1:00:00:01");
    link_to("../drivers/ath9k", "class/net/wlan1/device/driver");
    file("class/net/wlan1/device/vendor", "0x168c\n");
    file("class/net/wlan1/device/device", "0x0030\n");
    memset(&radio, 0, sizeof radio);
    vo_radio_identify(root, "wlan1", &radio);
    assert_string_equal(radio.adapter, "ath9k 168c:0030");
    link_to("../drivers/rtl8812au", "class/net/wlan2/device/driver");
    file("class/net/wlan2/idVendor", "0bda\n");
    file("class/net/wlan2/idProduct", "8812\n");
    memset(&radio, 0, sizeof radio);
    vo_radio_identify(root, "wlan2", &radio);
    assert_string_equal(radio.adapter, "rtl8812au 0bda:8812");
    memset(&radio, 0, sizeof radio);
    vo_radio_identify(root, "wlan9", &radio); /* there is none */
    assert_string_equal(radio.driver, "");
    assert_string_equal(radio.adapter, "");
}

/* --- limits --- */

static char *limits_of(const struct vo_radio *radio)
{
    static char text[4096];
    FILE *stream = fmemopen(text, sizeof text, "w");
    vo_radio_print_limits(radio, stream);
    fclose(stream);
    return text;
}

static void test_limits(void **state)
{
    (void)state;
    static struct vo_radio radio;
    static const struct {
        uint32_t mhz, flags;
    } frequencies[] = {{2412, 0},
                       {2467, VO_FREQUENCY_DISABLED},
                       {2472, VO_FREQUENCY_DISABLED | VO_FREQUENCY_NO_IR},
                       {5180, 0},
                       {5260, VO_FREQUENCY_NO_IR | VO_FREQUENCY_RADAR},
                       {5280, VO_FREQUENCY_NO_IR | VO_FREQUENCY_RADAR},
                       {5300, 0},
                       {5500, VO_FREQUENCY_NO_IR},
                       {5845, VO_FREQUENCY_DISABLED}};
    for (unsigned i = 0; i < sizeof frequencies / sizeof *frequencies; i++)
        radio.wiphy.frequencies[i] =
            (struct vo_wiphy_frequency){.mhz = frequencies[i].mhz,
                                        .flags = frequencies[i].flags,
                                        .band = frequencies[i].mhz < 3000 ? VO_BAND_2GHZ : VO_BAND_5GHZ};
    radio.wiphy.frequency_count = sizeof frequencies / sizeof *frequencies;
    radio.wiphy.bands[VO_BAND_2GHZ].present = radio.wiphy.bands[VO_BAND_5GHZ].present = true;
    assert_string_equal(limits_of(&radio),
                        "  not measured: 6 GHz, which this radio does not have\n"
                        "  not measured, as the regulatory domain does not permit it: 2467-2472, 5845 MHz\n"
                        "  only listened to, as the radio may not send there first: 5260-5280, 5500 MHz\n");
}

static void add(void *context, uint8_t command, const void *attributes, size_t size)
{
    struct vo_radio *radio = context;
    if (command == NL80211_CMD_NEW_WIPHY)
        vo_wiphy_parse(attributes, size, &radio->wiphy);
    else
        vo_regulatory_parse(attributes, size, &radio->regulatory);
}

/* The lab's, in the USA: it has all three bands. */
static void test_recorded(void **state)
{
    (void)state;
    static struct vo_radio radio;
    char text[64];
    assert_true(replay("wiphy", add, &radio) > 1);
    assert_int_equal(replay("regulatory", add, &radio), 1);
    assert_string_equal(vo_radio_domain(&radio, text, sizeof text), "US (FCC)");
    assert_null(strstr(limits_of(&radio), "does not have"));
    assert_null(strstr(limits_of(&radio), "902")); /* a band that is not of Wi-Fi */
}

static void test_domains(void **state)
{
    (void)state;
    static struct vo_radio radio;
    char text[64];
    assert_string_equal(vo_radio_domain(&radio, text, sizeof text), "unknown");
    radio.regulatory.has = 1u << VO_REGULATORY_COUNTRY;
    memcpy(radio.regulatory.country, "DE", 3);
    radio.regulatory.dfs_region = VO_DFS_ETSI;
    assert_string_equal(vo_radio_domain(&radio, text, sizeof text), "DE (ETSI)");
    memcpy(radio.regulatory.country, "00", 3);
    radio.regulatory.dfs_region = 9;
    assert_string_equal(vo_radio_domain(&radio, text, sizeof text), "00 (the world's: no country was told)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_domains),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
