/* nl80211: interfaces, how refusals are told, and what is shared: attributes that lie. */
#include "probes/io/nl80211.h"
#include "probes/io/nl80211_attribute.h"
#include "probes/io/nl80211_private.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/nl80211_scene.h"

/* --- attributes --- */

static unsigned count_attributes(const uint8_t *bytes, size_t size, bool *malformed)
{
    unsigned count = 0;
    struct vo_nla attribute;
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    struct vo_nlas list = vo_nlas_of(copy, size);
    while (vo_nla_next(&list, &attribute)) {
        assert_true(attribute.data >= copy && attribute.data + attribute.size <= copy + size);
        count++;
    }
    *malformed = list.malformed;
    free(copy);
    return count;
}

static void test_attributes_are_read_at_any_alignment(void **state)
{
    (void)state;
    struct list list = {.size = 0};
    put8(&list, 7, 42);
    put32(&list, 8 | 0x4000 /* NLA_F_NET_BYTEORDER */, 0x01020304);
    uint8_t *shifted = malloc(list.size + 1);
    memcpy(shifted + 1, list.bytes, list.size);
    struct vo_nlas walk = vo_nlas_of(shifted + 1, list.size);
    struct vo_nla attribute;
    uint8_t small;
    uint32_t number;
    assert_true(vo_nla_next(&walk, &attribute));
    assert_int_equal(attribute.type, 7);
    assert_true(vo_nla_u8(&attribute, &small));
    assert_int_equal(small, 42);
    assert_false(vo_nla_u32(&attribute, &number));
    assert_true(vo_nla_next(&walk, &attribute));
    assert_int_equal(attribute.type, 8);
    assert_true(vo_nla_u32(&attribute, &number));
    assert_int_equal(number, 0x01020304);
    assert_false(vo_nla_next(&walk, &attribute));
    assert_false(walk.malformed);
    free(shifted);
}

static void test_lengths_that_lie_end_the_list(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[12];
        size_t size;
        unsigned count;
        bool malformed;
    } cases[] = {
        {{0}, 0, 0, false},
        {{8, 0, 1, 0, 1, 2, 3, 4}, 8, 1, false},
        {{5, 0, 1, 0, 1}, 5, 1, false}, /* the last need not be padded */
        {{5, 0, 1, 0, 1, 0, 0, 0, 4, 0, 2, 0}, 12, 2, false},
        {{4, 0, 1, 0, 4, 0, 2}, 7, 1, true},    /* a cut header */
        {{3, 0, 1, 0}, 4, 0, true},             /* shorter than its own header */
        {{0, 0, 1, 0, 0, 0, 0, 0}, 8, 0, true}, /* would never end */
        {{9, 0, 1, 0, 1, 2, 3, 4}, 8, 0, true}, /* one byte more than there is */
        {{0xff, 0xff, 1, 0, 1, 2, 3, 4}, 8, 0, true},
        {{8}, 1, 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool malformed;
        assert_int_equal(count_attributes(cases[i].bytes, cases[i].size, &malformed), cases[i].count);
        assert_int_equal(malformed, cases[i].malformed);
    }
}

/* --- interfaces --- */

struct found {
    unsigned count;
    struct vo_wlan_interface interfaces[8];
};

static void keep(void *context, uint8_t command, const void *attributes, size_t size)
{
    struct found *found = context;
    assert_int_equal(command, NL80211_CMD_NEW_INTERFACE);
    assert_true(found->count < 8);
    vo_wlan_interface_parse(attributes, size, &found->interfaces[found->count++]);
}

static const struct vo_wlan_interface *named(const struct found *found, const char *name)
{
    for (unsigned i = 0; i < found->count; i++)
        if (strcmp(found->interfaces[i].name, name) == 0)
            return &found->interfaces[i];
    fail_msg("no interface %s", name);
    return NULL;
}

/* What the lab was told: wlan0 serves "voice" on channel 1, wlan2 the same on 36 with 80 MHz, wlan1 is a
 * station of wlan0; phy1 has a P2P device, which is no network interface. */
static void test_recorded_interfaces(void **state)
{
    (void)state;
    struct found found = {0};
    assert_int_equal(replay("interfaces", keep, &found), 6);
    const struct vo_wlan_interface *ap = named(&found, "wlan0"), *wide = named(&found, "wlan2"),
                                   *station = named(&found, "wlan1");
    assert_int_equal(ap->type, VO_WLAN_AP);
    assert_true(ap->address == UINT64_C(0x020000000000));
    assert_int_equal(ap->ssid_size, 5);
    assert_memory_equal(ap->ssid, "voice", 5);
    assert_int_equal(ap->frequency_mhz, 2412);
    assert_int_equal(ap->width_mhz, 20);
    assert_true(ap->ht);
    assert_int_equal(wide->frequency_mhz, 5180);
    assert_int_equal(wide->width_mhz, 80);
    assert_int_equal(wide->center_mhz, 5210);
    assert_int_equal(wide->tx_power_mbm, 2300); /* the domain US permits 23 dBm there */
    assert_int_equal(station->type, VO_WLAN_STATION);
    assert_int_equal(station->wiphy, 1);
    assert_int_equal(station->frequency_mhz, 2412);
    assert_false(vo_wlan_interface_has(named(&found, "wlan4"), VO_WLAN_INTERFACE_FREQUENCY));
    unsigned devices = 0;
    for (unsigned i = 0; i < found.count; i++) {
        assert_int_equal(found.interfaces[i].malformed, 0);
        if (!vo_wlan_interface_has(&found.interfaces[i], VO_WLAN_INTERFACE_INDEX)) {
            assert_string_equal(vo_wlan_interface_type_name(found.interfaces[i].type), "P2P device");
            assert_false(vo_wlan_interface_has(&found.interfaces[i], VO_WLAN_INTERFACE_NAME));
            devices++;
        }
    }
    assert_int_equal(devices, 1);
}

static struct list interface_by_hand(void)
{
    static const uint8_t address[6] = {2, 0, 0, 0, 9, 0};
    struct list list = {.size = 0}, links = {.size = 0}, link = {.size = 0};
    put32(&list, NL80211_ATTR_IFINDEX, 12);
    put(&list, NL80211_ATTR_IFNAME, "wlp2s0", 7);
    put32(&list, NL80211_ATTR_WIPHY, 3);
    put32(&list, NL80211_ATTR_IFTYPE, NL80211_IFTYPE_STATION);
    put(&list, NL80211_ATTR_MAC, address, sizeof address);
    put32(&list, NL80211_ATTR_WIPHY_FREQ, 5975);
    put32(&list, NL80211_ATTR_CHANNEL_WIDTH, 13); /* 320 MHz */
    put32(&list, NL80211_ATTR_CENTER_FREQ1, 6105);
    put32(&list, NL80211_ATTR_WIPHY_TX_POWER_LEVEL, (uint32_t)-100);
    put8(&link, 1, 0);
    put_list(&links, 1, &link);
    put_list(&links, 2, &link);
    put_list(&list, 312 /* NL80211_ATTR_MLO_LINKS */, &links);
    return list;
}

static void test_an_interface_of_wifi_7(void **state)
{
    (void)state;
    struct list list = interface_by_hand();
    struct vo_wlan_interface interface;
    vo_wlan_interface_parse(list.bytes, list.size, &interface);
    assert_string_equal(interface.name, "wlp2s0");
    assert_int_equal(interface.width_mhz, 320);
    assert_int_equal(interface.center_mhz, 6105);
    assert_int_equal(interface.tx_power_mbm, -100);
    assert_int_equal(interface.links, 2);
    assert_int_equal(interface.malformed, 0);
}

static void test_nonsense_in_an_interface_is_left_out(void **state)
{
    (void)state;
    struct list list = {.size = 0};
    struct vo_wlan_interface interface;
    put(&list, NL80211_ATTR_IFNAME, "a name that is much too long", 29);
    put(&list, NL80211_ATTR_SSID, "an SSID of more than thirty-two bytes", 37);
    put16(&list, NL80211_ATTR_WIPHY_FREQ, 2412);
    put(&list, NL80211_ATTR_MAC, "abc", 3);
    put32(&list, NL80211_ATTR_CHANNEL_WIDTH, 77);
    put8(&list, 999, 1); /* newer than this program */
    vo_wlan_interface_parse(list.bytes, list.size, &interface);
    assert_true(interface.has == 0);
    assert_int_equal(interface.malformed, 4); /* not the width, which may be one of a time to come */
    assert_true(interface.address == VO_WLAN_NO_ADDRESS);
}

static void parse_interface(const void *attributes, size_t size, void *context)
{
    struct vo_wlan_interface interface;
    (void)context;
    vo_wlan_interface_parse(attributes, size, &interface);
    assert_true(memchr(interface.name, '\0', sizeof interface.name) != NULL);
}

static void test_interfaces_cut_anywhere(void **state)
{
    (void)state;
    struct list list = interface_by_hand();
    at_every_length(&list, parse_interface, NULL);
}

/* --- refusals --- */

static void test_refusals_say_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int number;
        enum vo_status status;
        const char *part;
    } cases[] = {
        {"scan", EPERM, VO_ERR_PRIVILEGE, "CAP_NET_ADMIN"},
        {"scan", EPERM, VO_ERR_PRIVILEGE, "sudo setcap"},
        {"scan", EBUSY, VO_ERR_IO, "another scan is running"},
        {"the channel", EBUSY, VO_ERR_IO, "disconnect"},
        {"scan", EOPNOTSUPP, VO_ERR_IO, "does not scan"},
        {"survey", EOPNOTSUPP, VO_ERR_IO, "does not measure channels"},
        {"survey", ENODEV, VO_ERR_IO, "is gone"},
        {"scan", ENETDOWN, VO_ERR_IO, "ip link set"},
        {"scan", ERFKILL, VO_ERR_IO, "rfkill unblock"},
        {"scan", ELOOP, VO_ERR_IO, "scan on wlan0 is refused"}, /* one that has no advice */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vo_error error;
        assert_int_equal(vo_nl80211_refuse(&error, cases[i].what, "wlan0", cases[i].number, ""),
                         cases[i].status);
        assert_non_null(strstr(error.message, cases[i].part));
        assert_non_null(strstr(error.message, "wlan0"));
    }
    struct vo_error error;
    vo_nl80211_refuse(&error, "scan", NULL, EINVAL, "invalid frequency");
    assert_non_null(strstr(error.message, "the kernel says: invalid frequency"));
}

/* A machine without radios says so, one with radios answers. */
static void test_any_machine(void **state)
{
    (void)state;
    struct vo_nl80211 *nl80211 = NULL;
    struct vo_error error;
    enum vo_status status = vo_nl80211_new(&nl80211, &error);
    if (status != VO_OK) {
        assert_int_equal(status, VO_ERR_IO);
        assert_non_null(strstr(error.message, ": "));
        assert_null(nl80211);
        return;
    }
    struct vo_wlan_interface interface;
    assert_int_equal(vo_nl80211_interface(nl80211, "none-such", &interface, &error), VO_ERR_USAGE);
    assert_non_null(strstr(error.message, "none-such"));
    vo_nl80211_free(nl80211);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes_are_read_at_any_alignment),
        cmocka_unit_test(test_lengths_that_lie_end_the_list),
        cmocka_unit_test(test_recorded_interfaces),
        cmocka_unit_test(test_an_interface_of_wifi_7),
        cmocka_unit_test(test_nonsense_in_an_interface_is_left_out),
        cmocka_unit_test(test_interfaces_cut_anywhere),
        cmocka_unit_test(test_refusals_say_what_to_do),
        cmocka_unit_test(test_any_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
