/* What an access point says of its BSS: every element by hand. */
#include "probes/decode/bss_info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(x)   (sizeof(x) / sizeof *(x))
#define L16(x)     (uint8_t)(x), (uint8_t)((x) >> 8)
#define ADDRESS(n) 2, 0, 0, 0, 0, n
#define ZERO4      0, 0, 0, 0
#define ZERO16     ZERO4, ZERO4, ZERO4, ZERO4

static struct vo_bss_info info;

/* Decodes a copy that ends where the elements do. */
static void decode_at(uint16_t frequency, const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size)
        memcpy(copy, data, size);
    memset(&info, 0xa5, sizeof info);
    vo_bss_info_decode(copy, (uint32_t)size, frequency, &info);
    free(copy);
}

#define DECODE_AT(mhz, ...)                                                                                  \
    decode_at(mhz, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define DECODE(...) DECODE_AT(0, __VA_ARGS__)

static bool has(enum vo_bss_field field)
{
    return vo_bss_has(&info, field);
}

static void nothing(void **state)
{
    (void)state;
    decode_at(2412, NULL, 0);
    assert_true(info.has == 0);
    assert_int_equal(info.malformed, 0);
    assert_true(info.mld == VO_WLAN_NO_ADDRESS);
}

static void names(void **state)
{
    (void)state;
    DECODE(0, 5, 'v', 'o', 'i', 'c', 'e');
    assert_true(has(VO_BSS_SSID) && !info.hidden);
    assert_int_equal(info.ssid_size, 5);
    assert_memory_equal(info.ssid, "voice", 5);
    DECODE(0, 0);
    assert_true(has(VO_BSS_SSID) && info.hidden);
    DECODE(0, 3, 0, 0, 0);
    assert_true(info.hidden);
    DECODE(0, 3, 0, 'x', 0);
    assert_false(info.hidden);
    DECODE(0, 1, 'a', 0, 1, 'b'); /* the first counts */
    assert_int_equal(info.ssid[0], 'a');
    const uint8_t longer[35] = {0, 33};
    decode_at(0, longer, sizeof longer);
    assert_false(has(VO_BSS_SSID));
    assert_int_equal(info.malformed, 1);
}

/* An element 255 without its extension is none; the RSN behind it is read all the same. */
static void what_is_no_element(void **state)
{
    (void)state;
    DECODE(255, 0, 48, 6, 1, 0, 0, 0x0f, 0xac, 4);
    assert_true(has(VO_BSS_RSN));
    assert_int_equal(info.rsn.group, 4);
    assert_int_equal(info.elements, 2);
    assert_int_equal(info.malformed, 1);
    assert_false(info.cut);
}

/* A list that ends within an element: there may be more, which could make the channel wider (VHT operation
 * says 80 MHz) and the streams more. What is there is told. */
static void lists_that_are_cut(void **state)
{
    (void)state;
    enum { HT = 26 + 2, OPERATION = 22 + 2, VHT = 5 + 2 };
    uint8_t data[HT + OPERATION + VHT] = {45, 26};
    data[2 + 3] = 0xff;                                     /* one stream */
    memcpy(data + HT, (const uint8_t[]){61, 22, 36, 5}, 4); /* 40 MHz, upwards */
    memcpy(data + HT + OPERATION, (const uint8_t[]){192, 5, 1, 42, 0}, 5);
    decode_at(5180, data, sizeof data);
    assert_false(info.cut);
    assert_int_equal(info.width_mhz, 80);
    assert_int_equal(info.rx_streams, 1);
    assert_true(has(VO_BSS_WIDTH) && has(VO_BSS_CENTER) && has(VO_BSS_STREAMS));
    for (size_t size = HT + OPERATION; size < sizeof data; size++) {
        decode_at(5180, data, size);
        if (size == HT + OPERATION) { /* whole, but the caller knows better */
            assert_int_equal(info.width_mhz, 40);
            assert_true(has(VO_BSS_WIDTH));
            vo_bss_info_cut(&info);
        }
        assert_true(info.cut);
        assert_false(has(VO_BSS_WIDTH) || has(VO_BSS_CENTER) || has(VO_BSS_STREAMS));
        assert_true(has(VO_BSS_CHANNEL) && has(VO_BSS_HT));
        assert_int_equal(info.primary_mhz, 5180);
    }
    /* EHT operation says the width last: 20 MHz, and nothing behind it can change that. */
    DECODE_AT(5180, 3, 1, 36, 255, 9, 106, 1, 0x44, 0x44, 0x44, 0x44, 0, 36, 0, 221, 9);
    assert_true(info.cut && has(VO_BSS_WIDTH));
    assert_int_equal(info.width_mhz, 20);
}

/* Neither RSN nor WPA, but not WEP either: WAPI (9.4.2.31) and OSEN (Hotspot 2.0, WFA type 18). */
static void other_securities(void **state)
{
    (void)state;
    DECODE(68, 2, 1, 0);
    assert_true(has(VO_BSS_OTHER_SECURITY));
    DECODE(221, 8, 0x50, 0x6f, 0x9a, 18, 0, 0x0f, 0xac, 7);
    assert_true(has(VO_BSS_OTHER_SECURITY));
    DECODE(221, 4, 0x50, 0x6f, 0x9a, 16);
    assert_false(has(VO_BSS_OTHER_SECURITY));
    /* A pairwise count of 255, and nothing behind it: what is not there is not known. */
    DECODE(48, 8, 1, 0, 0, 0x0f, 0xac, 4, 255, 0);
    assert_true(has(VO_BSS_RSN) && info.rsn.broken);
    DECODE(48, 6, 1, 0, 0, 0x0f, 0xac, 4);
    assert_true(has(VO_BSS_RSN) && !info.rsn.broken);
}

static void rates(void **state)
{
    (void)state;
    DECODE(1, 5, 0x82, 0x84, 0x8b, 12, 108, 50, 2, 0xfb, 0xff); /* 123: hash to element; 127: HT required */
    assert_true(info.dsss && info.ofdm && info.sae_hash_to_element_only);
    assert_int_equal(info.rate_count, 5);
    assert_int_equal(info.rates[0], 0x82);
    assert_int_equal(info.rates[4], 108);
    DECODE(1, 1, 0x8c);
    assert_true(info.ofdm && !info.dsss);
}

/* The two versions must not be mixed up: 105/255 and 45/100 are the same load, and both are 41 to 45 percent.
 */
static void load(void **state)
{
    (void)state;
    DECODE(11, 5, L16(12), 80, L16(20000));
    assert_true(has(VO_BSS_LOAD) && !has(VO_BSS_LOAD_V1));
    assert_int_equal(info.load_stations, 12);
    assert_int_equal(info.load_utilization, 80);
    assert_int_equal(info.load_admission_32us, 20000);
    DECODE(11, 4, L16(300), 45, 0);
    assert_true(!has(VO_BSS_LOAD) && has(VO_BSS_LOAD_V1));
    assert_int_equal(info.load_v1_stations, 300);
    assert_int_equal(info.load_v1_utilization, 45);
    DECODE(11, 4, L16(1), 45, 0, 11, 5, L16(2), 105, L16(0));
    assert_true(has(VO_BSS_LOAD) && has(VO_BSS_LOAD_V1));
    assert_int_equal(info.load_utilization, 105);
    assert_int_equal(info.load_v1_utilization, 45);
    DECODE(11, 3, L16(1), 45);
    assert_true(!has(VO_BSS_LOAD) && !has(VO_BSS_LOAD_V1));
    assert_int_equal(info.malformed, 1);
}

static const uint8_t rsn[] = {48,     26, L16(1), 0,    0x0f, 0xac, 4,    L16(1), 0, 0x0f,        0xac,  4,
                              L16(2), 0,  0x0f,   0xac, 1,    0,    0x0f, 0xac,   3, L16(0x00c0), L16(0)};

static void security(void **state)
{
    (void)state;
    decode_at(0, rsn, sizeof rsn);
    assert_true(has(VO_BSS_RSN));
    assert_int_equal(info.malformed, 0);
    assert_int_equal(info.rsn.version, 1);
    assert_int_equal(info.rsn.group, 4);
    assert_int_equal(info.rsn.pairwise, 1 << 4);
    assert_int_equal(info.rsn.akms, 1 << 1 | 1 << 3);
    assert_int_equal(info.rsn.akms & ~VO_AKM_IEEE8021X, 0);
    assert_int_equal(info.rsn.capabilities & (VO_RSN_PMF_REQUIRED | VO_RSN_PMF_CAPABLE),
                     VO_RSN_PMF_REQUIRED | VO_RSN_PMF_CAPABLE);
    assert_false(info.rsn.parts & VO_BSS_SECURITY_GROUP_MANAGEMENT);
    DECODE(48, 42, L16(1), 0, 0x0f, 0xac, 9, L16(1), 0, 0x0f, 0xac, 9, L16(1), 0, 0x0f, 0xac, 12, L16(0xc0),
           L16(1), ZERO16, 0, 0x0f, 0xac, 12);
    assert_int_equal(info.rsn.group_management, 12); /* behind one PMKID */
    assert_int_equal(info.rsn.akms, VO_AKM_IEEE8021X & 1 << 12);
    DECODE(48, 18, L16(1), 0, 0x40, 0x96, 0, L16(1), 0, 0x40, 0x96, 0, L16(1), 0, 0x40, 0x96, 0);
    assert_int_equal(info.rsn.group, 0xff); /* another organisation's */
    assert_int_equal(info.rsn.akms, 0);
    assert_true(info.rsn.other_akm && info.rsn.other_pairwise);
    DECODE(221, 22, 0, 0x50, 0xf2, 1, L16(1), 0, 0x50, 0xf2, 2, L16(1), 0, 0x50, 0xf2, 2, L16(1), 0, 0x50,
           0xf2, 2);
    assert_true(has(VO_BSS_WPA) && !has(VO_BSS_RSN));
    assert_int_equal(info.wpa.group, 2);
    assert_int_equal(info.wpa.akms, 1 << 2);
    assert_string_equal(vo_akm_name(8), "SAE");
    assert_string_equal(vo_cipher_name(4), "CCMP-128");
    assert_null(vo_akm_name(26));
    assert_null(vo_akm_name(0));
    assert_null(vo_cipher_name(3));
}

/* An RSN element that ends anywhere, or whose counts lie, still says that the network is secured. */
static void security_at_every_length(void **state)
{
    (void)state;
    uint8_t cut[sizeof rsn];
    memcpy(cut, rsn, sizeof rsn);
    for (size_t size = 2; size <= sizeof rsn; size++) {
        cut[1] = (uint8_t)(size - 2);
        decode_at(0, cut, size);
        assert_int_equal(has(VO_BSS_RSN), size >= 4);
        bool whole = size == 4 || size == 8 || size == 14 || size == 24 || size == 26 || size == 28;
        assert_int_equal(info.malformed, !whole);
        assert_int_equal(!!(info.rsn.parts & VO_BSS_SECURITY_AKM), size >= 24);
        assert_int_equal(!!(info.rsn.parts & VO_BSS_SECURITY_CAPABILITIES), size >= 26);
    }
    cut[14] = 0xff; /* 65 thousand key managements */
    cut[15] = 0xff;
    decode_at(0, cut, sizeof cut);
    assert_true(has(VO_BSS_RSN));
    assert_int_equal(info.rsn.parts, VO_BSS_SECURITY_GROUP | VO_BSS_SECURITY_PAIRWISE);
    assert_int_equal(info.malformed, 1);
}

static void quality_of_service(void **state)
{
    (void)state;
    /* QoS info: U-APSD, parameter set 1. Each row tells its category (bits 5 and 6): here VO, with admission
     * control, BE, BK, VI. */
    DECODE(221, 24, 0, 0x50, 0xf2, 2, 1, 1, 0x81, 0, 0x72, 0x32, L16(47), 0x03, 0xa4, L16(0), 0x27, 0xa4,
           L16(0), 0x42, 0x43, L16(94));
    assert_true(has(VO_BSS_WMM) && has(VO_BSS_WMM_PARAMETERS));
    assert_true(info.qos_info & VO_QOS_INFO_UAPSD);
    assert_int_equal(info.access[VO_AC_BE].aifsn, 3);
    assert_int_equal(info.access[VO_AC_BK].aifsn, 7);
    assert_int_equal(info.access[VO_AC_VI].txop_us, 94 * 32);
    assert_int_equal(info.access[VO_AC_VO].aifsn, 2);
    assert_int_equal(info.access[VO_AC_VO].cw_min_exponent, 2);
    assert_int_equal(info.access[VO_AC_VO].cw_max_exponent, 3);
    assert_int_equal(info.access[VO_AC_VO].txop_us, 47 * 32);
    assert_true(info.access[VO_AC_VO].admission_required);
    assert_false(info.access[VO_AC_VI].admission_required);
    DECODE(221, 7, 0, 0x50, 0xf2, 2, 0, 1, 0x0f); /* WMM information */
    assert_true(has(VO_BSS_WMM) && !has(VO_BSS_WMM_PARAMETERS));
    assert_int_equal(info.qos_info & VO_QOS_INFO_STATION_UAPSD, 15);
    DECODE(221, 8, 0, 0x50, 0xf2, 2, 1, 1, 0x81, 0); /* parameters without parameters */
    assert_true(has(VO_BSS_WMM) && !has(VO_BSS_WMM_PARAMETERS));
    assert_int_equal(info.malformed, 1);
    DECODE(221, 7, 0, 0x50, 0xf2, 2, 2, 1, 0); /* a traffic specification */
    assert_false(has(VO_BSS_WMM));
    DECODE(221, 4, 0, 0x50, 0xf2, 4); /* WPS is not read */
    assert_int_equal(info.malformed, 0);
    DECODE(12, 18, 0x80, 0, 0x03, 0xa4, L16(0), 0x27, 0xa4, L16(0), 0x42, 0x43, L16(94), 0x62, 0x32,
           L16(0xffff));
    assert_true(has(VO_BSS_EDCA));
    assert_int_equal(info.access[VO_AC_VO].txop_us, 65535); /* the end of the scale, not a wrap */
}

static void roaming(void **state)
{
    (void)state;
    DECODE(70, 5, 0x72, 0, 0, 0, 0, 54, 3, L16(0xb2a1), 1, 127, 3, 0, 0, 0x08);
    assert_true(has(VO_BSS_RADIO_MEASUREMENT) && info.radio_measurement[0] & 2);
    assert_int_equal(info.mobility_domain, 0xb2a1);
    assert_int_equal(info.ft_capability, 1);
    assert_true(vo_bss_capable_of(&info, VO_EXTENDED_BSS_TRANSITION));
    assert_false(vo_bss_capable_of(&info, VO_EXTENDED_WNM_SLEEP));
    assert_false(vo_bss_capable_of(&info, 24)); /* beyond what was told */
    uint8_t longer[2 + 40] = {127, 40};
    memset(longer + 2, 0xff, 40);
    decode_at(0, longer, sizeof longer);
    assert_int_equal(info.extended_size, VO_BSS_EXTENDED_MAX);
}

static void power_and_switches(void **state)
{
    (void)state;
    DECODE(3, 1, 11, 7, 12, 'D', 'E', ' ', 1, 9, 20, 10, 4, 17, 36, 4, 23, 32, 1, 3, 35, 2, 0xfb, 0, 195, 2,
           0, 46, 150, 6, 0, 0x40, 0x96, 0, 15, 0, 37, 3, 1, 36, 5, 40, 6, 2, 0, 0, 0, 0, 0);
    assert_string_equal(info.country, "DE ");
    assert_int_equal(info.country_dbm, 17); /* channel 11 is in the second row */
    assert_int_equal(info.power_constraint_db, 3);
    assert_int_equal(info.tx_power_dbm, -5);
    assert_int_equal(info.eirp_limit_half_dbm, 46);
    assert_int_equal(info.cisco_tx_power_dbm, 15);
    assert_true(has(VO_BSS_CISCO_TX_POWER));
    assert_true(has(VO_BSS_CHANNEL_SWITCH) && has(VO_BSS_QUIET));
    assert_int_equal(info.switch_mode, 1);
    assert_int_equal(info.switch_channel, 36);
    assert_int_equal(info.switch_count, 5);
    assert_int_equal(info.quiet_count, 2);
    DECODE(60, 4, 0, 115, 44, 3);
    assert_int_equal(info.switch_channel, 44);
    assert_int_equal(info.switch_count, 3);
    DECODE(3, 1, 13, 7, 6, 'U', 'S', ' ', 1, 11, 20); /* channel 13: no row has it */
    assert_true(has(VO_BSS_COUNTRY) && !has(VO_BSS_COUNTRY_POWER));
    DECODE(195, 2, 0x08, 46, 150, 5, 0, 0x40, 0x96, 1, 9); /* a density; another element of Cisco's */
    assert_false(has(VO_BSS_EIRP_LIMIT) || has(VO_BSS_CISCO_TX_POWER));
}

static void cisco_and_owe(void **state)
{
    (void)state;
    DECODE(133, 30, ZERO4, ZERO4, 0, 0, 'a', 'p', '-', '3', 0, 'x', 'x', 'x', ZERO4, ZERO4, 7, 0, 0, 0, 221,
           5, 0, 0x40, 0x96, 3, 5);
    assert_int_equal(info.cisco_name_size, 4);
    assert_memory_equal(info.cisco_name, "ap-3", 4);
    assert_int_equal(info.cisco_clients, 7);
    assert_int_equal(info.ccx_version, 5);
    DECODE(221, 14, 0x50, 0x6f, 0x9a, 0x1c, ADDRESS(9), 3, 'o', 'w', 'e');
    assert_true(has(VO_BSS_OWE_TRANSITION));
    assert_true(info.owe_bssid == UINT64_C(0x020000000009));
    assert_memory_equal(info.owe_ssid, "owe", 3);
    DECODE(221, 14, 0x50, 0x6f, 0x9a, 0x1c, ADDRESS(9), 4, 'o', 'w', 'e');
    assert_false(has(VO_BSS_OWE_TRANSITION));
    assert_int_equal(info.malformed, 1);
}

/* --- PHYs and streams ----------------------------------------------------------------------------- */

/* HT capabilities: streams of MCS bitmaps, and what is said of transmitting. */
#define HT(map0, map1, map2, tx)                                                                             \
    45, 26, L16(0x19ef), 3, map0, map1, map2, 0, ZERO4, ZERO4, tx, 0, 0, 0, 0, 0, ZERO4, 0

static void streams(void **state)
{
    (void)state;
    DECODE(HT(255, 255, 0, 1));
    assert_true(has(VO_BSS_HT) && has(VO_BSS_STREAMS));
    assert_int_equal(info.rx_streams, 2);
    assert_int_equal(info.tx_streams, 2);
    DECODE(HT(255, 255, 255, 3)); /* it differs for sending: 1 */
    assert_int_equal(info.rx_streams, 3);
    assert_int_equal(info.tx_streams, 1);
    DECODE(HT(255, 0, 0, 0));
    assert_int_equal(info.tx_streams, 0); /* not told */
    DECODE(HT(0, 0, 0, 0));
    assert_false(has(VO_BSS_STREAMS));
    /* VHT: receive 0xffaa is 4 streams, send 0xfffa 2. */
    DECODE(191, 12, 1, 2, 3, 4, L16(0xffaa), 0, 0, L16(0xfffa), 0, 0);
    assert_int_equal(info.vht_capabilities, 0x04030201);
    assert_int_equal(info.rx_streams, 4);
    assert_int_equal(info.tx_streams, 2);
    /* HE: behind 6 + 11 bytes. EHT: behind 2 + 9 bytes, receive 4, send 3. The most counts. */
    DECODE(HT(255, 0, 0, 1), 255, 22, 35, ZERO16, 0, L16(0xfffa), L16(0xfffa));
    assert_true(has(VO_BSS_HE));
    assert_int_equal(info.rx_streams, 2);
    DECODE(255, 15, 108, ZERO4, ZERO4, 0, 0, 0, 0x34, 0x34, 0x34);
    assert_true(has(VO_BSS_EHT));
    assert_int_equal(info.rx_streams, 4);
    assert_int_equal(info.tx_streams, 3);
}

static void multi_link(void **state)
{
    (void)state;
    DECODE(255, 12, 107, L16(0x0010), 8, ADDRESS(5), 0xf2, 0);
    assert_true(has(VO_BSS_MULTI_LINK));
    assert_true(info.mld == UINT64_C(0x020000000005));
    assert_true(info.has_link_id);
    assert_int_equal(info.link_id, 2);
    DECODE(255, 10, 107, L16(0x0000), 7, ADDRESS(5));
    assert_true(has(VO_BSS_MULTI_LINK) && !info.has_link_id);
    DECODE(255, 10, 107, L16(0x0001), 7, ADDRESS(5)); /* a probe request's */
    assert_false(has(VO_BSS_MULTI_LINK));
}

static void the_rest(void **state)
{
    (void)state;
    DECODE(5, 4, 1, 3, 0, 0, 42, 1, 3, 71, 1, 4, 201, 4, 0, 0, 0, 0, 255, 7, 36, 0, 0, 0, 0x25, 0xfc, 0xff,
           46, 1, 0);
    assert_int_equal(info.dtim_count, 1);
    assert_int_equal(info.dtim_period, 3);
    assert_int_equal(info.erp, 3);
    assert_int_equal(info.multiple_bssid_bits, 4);
    assert_true(has(VO_BSS_REDUCED_NEIGHBORS) && has(VO_BSS_QOS_CAPABILITY));
    assert_int_equal(info.color, 0x25);
    DECODE(255, 7, 36, 0, 0, 0, 0xa5, 0xfc, 0xff); /* the colour is disabled */
    assert_true(has(VO_BSS_HE_OPERATION) && !has(VO_BSS_COLOR));
}

/* --- Channels ------------------------------------------------------------------------------------- */

/* HT operation: primary, secondary above (1), below (3) or none (0), any width (4), centre 2. */
#define HT_OPERATION(primary, second, center_2) 61, 22, primary, second, L16((center_2) << 5), 0, 0, ZERO16
#define VHT_OPERATION(width, zero, one)         192, 5, width, zero, one, 0xfc, 0xff
#define HE_OPERATION(primary, width, zero, one)                                                              \
    255, 12, 36, 0, 0, 2, 0, 0xfc, 0xff, primary, width, zero, one, 6
#define EHT_OPERATION(width, zero, one) 255, 9, 106, 1, ZERO4, width, zero, one

static void assert_channel(unsigned primary, unsigned width, unsigned center, unsigned center_2)
{
    assert_int_equal(has(VO_BSS_CHANNEL), primary != 0);
    if (primary)
        assert_int_equal(info.primary_mhz, primary);
    assert_int_equal(has(VO_BSS_WIDTH), width != 0);
    assert_int_equal(has(VO_BSS_CENTER), width != 0);
    if (width) {
        assert_int_equal(info.width_mhz, width);
        assert_int_equal(info.center_mhz, center);
    }
    assert_int_equal(has(VO_BSS_CENTER_2), center_2 != 0);
    if (center_2)
        assert_int_equal(info.center_2_mhz, center_2);
}

static void narrow_channels(void **state)
{
    (void)state;
    DECODE_AT(2412, 3, 1, 3); /* heard on channel 1, sent on 3 */
    assert_channel(2422, 20, 2422, 0);
    DECODE(3, 1, 14);
    assert_channel(2484, 20, 2484, 0);
    DECODE_AT(5200, 0, 0); /* 802.11a: nothing says it */
    assert_channel(5200, 20, 5200, 0);
    DECODE_AT(2412, 0, 0); /* in the 2.4 GHz band this tells nothing */
    assert_channel(0, 0, 0, 0);
    DECODE_AT(2437, HT_OPERATION(6, 4 | 1, 0));
    assert_channel(2437, 40, 2447, 0);
    DECODE(HT_OPERATION(40, 4 | 3, 0));
    assert_channel(5200, 40, 5190, 0);
    DECODE(HT_OPERATION(36, 1, 0)); /* a secondary channel, but 20 MHz only */
    assert_channel(5180, 20, 5180, 0);
    DECODE_AT(2412, 3, 1, 40); /* not a channel of this band */
    assert_channel(0, 0, 0, 0);
    DECODE(3, 1, 0);
    assert_channel(0, 0, 0, 0);
}

static void wide_channels(void **state)
{
    (void)state;
    DECODE_AT(5180, HT_OPERATION(36, 5, 0), VHT_OPERATION(1, 42, 0));
    assert_channel(5180, 80, 5210, 0);
    DECODE(HT_OPERATION(36, 5, 0), VHT_OPERATION(0, 0, 0));
    assert_channel(5180, 40, 5190, 0);
    DECODE(HT_OPERATION(48, 7, 0), VHT_OPERATION(1, 42, 50)); /* 160: the centres are 8 apart */
    assert_channel(5240, 160, 5250, 0);
    DECODE(HT_OPERATION(64, 7, 0), VHT_OPERATION(1, 58, 50));
    assert_channel(5320, 160, 5250, 0);
    DECODE(HT_OPERATION(36, 5, 0), VHT_OPERATION(1, 42, 106)); /* more than 16 apart: 80+80 */
    assert_channel(5180, 160, 5210, 5530);
    DECODE(HT_OPERATION(36, 5, 50), VHT_OPERATION(1, 42, 0)); /* centre 2 of HT operation (extended NSS) */
    assert_channel(5180, 160, 5250, 0);
    DECODE(HT_OPERATION(36, 5, 0), VHT_OPERATION(2, 50, 0)); /* the old way to say 160 */
    assert_channel(5180, 160, 5250, 0);
    DECODE(HT_OPERATION(36, 5, 0), VHT_OPERATION(3, 42, 155)); /* and 80+80 */
    assert_channel(5180, 160, 5210, 5775);
    DECODE(HT_OPERATION(149, 5, 0), VHT_OPERATION(1, 42, 0)); /* the primary channel is not in it: by HT */
    assert_channel(5745, 40, 5755, 0);
    DECODE(HT_OPERATION(36, 5, 0), VHT_OPERATION(1, 41, 0)); /* nor is it one of its four */
    assert_channel(5180, 40, 5190, 0);
    /* An HE operation element with VHT's part (bit 14), as without a VHT operation element. */
    DECODE(HT_OPERATION(36, 5, 0), 255, 10, 36, 0, 0x40, 0, 0, 0xfc, 0xff, 1, 42, 0);
    assert_channel(5180, 80, 5210, 0);
    /* … of which the three bytes are not there. */
    DECODE(HT_OPERATION(36, 5, 0), 255, 8, 36, 0, 0x40, 0, 0, 0xfc, 0xff, 1);
    assert_channel(5180, 40, 5190, 0);
}

static void six_gigahertz(void **state)
{
    (void)state;
    DECODE_AT(6135, HE_OPERATION(37, 0, 37, 0));
    assert_channel(6135, 20, 6135, 0);
    DECODE_AT(6135, HE_OPERATION(37, 2, 39, 0));
    assert_channel(6135, 80, 6145, 0);
    DECODE(HE_OPERATION(37, 3, 39, 47)); /* the band is in the element; 160 */
    assert_channel(6135, 160, 6185, 0);
    DECODE(HE_OPERATION(37, 3, 39, 103));
    assert_channel(6135, 160, 6145, 6465);
    DECODE(HE_OPERATION(37, 3, 39, 47), EHT_OPERATION(4, 47, 63)); /* 320 */
    assert_channel(6135, 320, 6265, 0);
    DECODE_AT(5935, HE_OPERATION(2, 0, 2, 0)); /* channel 2 lies apart */
    assert_channel(5935, 20, 5935, 0);
    DECODE_AT(6135, 0, 0); /* no operation element: heard there, of unknown width */
    assert_channel(6135, 0, 0, 0);
    /* The number 37 heard at 5 GHz would be 5185: the element is not of this BSS's band, and not believed. */
    DECODE_AT(5180, HE_OPERATION(37, 0, 37, 0));
    assert_channel(5180, 20, 5180, 0);
    /* The country's limit: channel 37 in the rows behind class 131, not the one of 5 GHz. */
    DECODE(7, 12, 'D', 'E', 4, 36, 4, 17, 201, 131, 0, 1, 24, 14, HE_OPERATION(37, 0, 37, 0));
    assert_int_equal(info.country_dbm, 14);
}

static void of_eht(void **state)
{
    (void)state;
    DECODE(HT_OPERATION(36, 5, 0), VHT_OPERATION(1, 42, 0), EHT_OPERATION(3, 42, 50));
    assert_channel(5180, 160, 5250, 0);
    DECODE(HT_OPERATION(36, 5, 0), VHT_OPERATION(1, 42, 0), 255, 6, 106, 0,
           ZERO4); /* says nothing of the channel */
    assert_channel(5180, 80, 5210, 0);
    DECODE(HT_OPERATION(36, 5, 0), EHT_OPERATION(7, 42, 50)); /* no such width */
    assert_channel(5180, 40, 5190, 0);
    DECODE(HT_OPERATION(36, 5, 0), 255, 11, 106, 3, ZERO4, 2, 42, 0,
           L16(0x0008)); /* the uppermost 20 MHz are punctured */
    assert_channel(5180, 80, 5210, 0);
    assert_true(has(VO_BSS_PUNCTURED));
    assert_int_equal(info.punctured, 8);
}

static void channel_numbers(void **state)
{
    (void)state;
    assert_int_equal(vo_bss_channel_mhz(1, 0), 2412);
    assert_int_equal(vo_bss_channel_mhz(1, 6000), 5955);
    assert_int_equal(vo_bss_channel_mhz(233, 6000), 7115);
    assert_int_equal(vo_bss_channel_mhz(234, 6000), 0);
    assert_int_equal(vo_bss_channel_mhz(36, 0), 5180);
    assert_int_equal(vo_bss_channel_mhz(184, 0), 4920);
    assert_int_equal(vo_bss_channel_mhz(197, 0), 0);
    assert_int_equal(vo_bss_channel_mhz(15, 2412), 0);
    assert_int_equal(vo_bss_channel_mhz(0, 2412), 0);
}

/* --- Lengths -------------------------------------------------------------------------------------- */

/* Every element that is read, at every length from nothing to longer than it is: no byte beyond is touched,
 * and one that is too short is counted and sets nothing. */
static void every_element_at_every_length(void **state)
{
    (void)state;
    static const struct {
        uint8_t id, extension;
        uint8_t least; /* bytes, with the extension */
    } elements[] = {
        {1, 0, 1},    {3, 0, 1},     {5, 0, 3},      {7, 0, 3},      {11, 0, 4},  {12, 0, 18}, {32, 0, 1},
        {35, 0, 2},   {37, 0, 3},    {40, 0, 6},     {42, 0, 1},     {45, 0, 26}, {46, 0, 1},  {48, 0, 2},
        {50, 0, 1},   {54, 0, 3},    {60, 0, 4},     {61, 0, 22},    {70, 0, 5},  {71, 0, 1},  {127, 0, 1},
        {133, 0, 26}, {150, 0, 5},   {191, 0, 12},   {192, 0, 5},    {195, 0, 2}, {201, 0, 4}, {255, 35, 22},
        {255, 36, 7}, {255, 106, 6}, {255, 107, 10}, {255, 108, 13},
    };
    for (size_t i = 0; i < COUNT(elements); i++) {
        for (unsigned size = elements[i].extension != 0; size < 64; size++) {
            uint8_t data[2 + 64] = {elements[i].id, (uint8_t)size, elements[i].extension};
            decode_at(5180, data, 2 + size);
            assert_int_equal(info.elements, 1);
            if (size < elements[i].least)
                assert_int_equal(info.malformed, 1);
            uint64_t of_frequency =
                UINT64_C(1) << VO_BSS_CHANNEL | UINT64_C(1) << VO_BSS_WIDTH | UINT64_C(1) << VO_BSS_CENTER;
            if (size < elements[i].least)
                assert_true((info.has & ~of_frequency) == 0);
        }
    }
    for (unsigned size = 4; size < 64; size++) { /* and those of vendors */
        static const uint8_t vendors[][4] = {
            {0, 0x50, 0xf2, 1}, {0, 0x50, 0xf2, 2}, {0x50, 0x6f, 0x9a, 0x1c}, {0, 0x40, 0x96, 3}};
        for (size_t i = 0; i < COUNT(vendors); i++) {
            uint8_t data[2 + 64] = {221, (uint8_t)size};
            memcpy(data + 2, vendors[i], 4);
            decode_at(0, data, 2 + size);
            assert_int_equal(info.elements, 1);
        }
    }
}

/* The list itself cut anywhere. */
static void a_beacon_at_every_length(void **state)
{
    (void)state;
    static const uint8_t beacon[] = {
        0,  2, 'a',     'b', 1,         1, 0x82, HT_OPERATION(36, 5, 0), VHT_OPERATION(1, 42, 0),
        11, 5, L16(12), 80,  L16(20000)};
    for (size_t size = 0; size <= sizeof beacon; size++) {
        decode_at(5180, beacon, size);
        assert_int_equal(has(VO_BSS_SSID), size >= 4);
        assert_int_equal(has(VO_BSS_RATES), size >= 7);
        assert_int_equal(has(VO_BSS_LOAD), size == sizeof beacon);
        assert_int_equal(info.width_mhz, size >= 38 ? 80 : size >= 31 ? 40 : 20);
        bool whole = size == 0 || size == 4 || size == 7 || size == 31 || size == 38 || size == sizeof beacon;
        assert_int_equal(info.malformed, !whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(names),
        cmocka_unit_test(what_is_no_element),
        cmocka_unit_test(lists_that_are_cut),
        cmocka_unit_test(other_securities),
        cmocka_unit_test(rates),
        cmocka_unit_test(load),
        cmocka_unit_test(security),
        cmocka_unit_test(security_at_every_length),
        cmocka_unit_test(quality_of_service),
        cmocka_unit_test(roaming),
        cmocka_unit_test(power_and_switches),
        cmocka_unit_test(cisco_and_owe),
        cmocka_unit_test(streams),
        cmocka_unit_test(multi_link),
        cmocka_unit_test(the_rest),
        cmocka_unit_test(narrow_channels),
        cmocka_unit_test(wide_channels),
        cmocka_unit_test(six_gigahertz),
        cmocka_unit_test(of_eht),
        cmocka_unit_test(channel_numbers),
        cmocka_unit_test(every_element_at_every_length),
        cmocka_unit_test(a_beacon_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
