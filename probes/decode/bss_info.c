#include "probes/decode/bss_private.h"

/* What the readers work on. */
struct reading {
    struct vo_bss_info *info;
    struct vo_bss_operation *operation;
};

/* Reads an element that is at least as long as its row says. False: it contradicts itself. */
typedef bool read_element(struct reading *reading, const struct vo_element *element);

static int8_t load_signed(uint8_t byte)
{
    return (int8_t)(byte < 128 ? byte : byte - 256);
}

static void more_streams(struct vo_bss_info *info, unsigned rx, unsigned tx)
{
    if (rx > info->rx_streams)
        info->rx_streams = (uint8_t)rx;
    if (tx > info->tx_streams)
        info->tx_streams = (uint8_t)tx;
    if (info->rx_streams)
        vo_bss_set(info, VO_BSS_STREAMS);
}

/* Streams of a map with two bits for each, 3: not supported (VHT and HE). */
static unsigned streams_of_map(uint16_t map)
{
    unsigned streams = 0;
    for (unsigned i = 0; i < 8; i++)
        if ((map >> 2 * i & 3) != 3)
            streams = i + 1;
    return streams;
}

/* --- The network ---------------------------------------------------------------------------------- */

static bool read_ssid(struct reading *reading, const struct vo_element *element)
{
    struct vo_bss_info *info = reading->info;
    if (element->size > VO_SSID_MAX)
        return false;
    info->ssid_size = (uint8_t)element->size;
    info->hidden = true;
    for (uint32_t i = 0; i < element->size; i++) {
        info->ssid[i] = element->data[i];
        info->hidden &= element->data[i] == 0;
    }
    return true;
}

static bool read_rates(struct reading *reading, const struct vo_element *element)
{
    enum { BASIC = 0x80, FIRST_SELECTOR = 121, SAE_H2E = 123 };
    struct vo_bss_info *info = reading->info;
    for (uint32_t i = 0; i < element->size; i++) {
        unsigned rate = element->data[i] & ~(unsigned)BASIC;
        if (rate >= FIRST_SELECTOR) { /* of what a station must be able to, not a rate */
            info->sae_hash_to_element_only |= rate == SAE_H2E;
            continue;
        }
        bool dsss = rate == 2 || rate == 4 || rate == 11 || rate == 22;
        info->dsss |= dsss;
        info->ofdm |= !dsss;
        if (info->rate_count < VO_BSS_RATES_MAX)
            info->rates[info->rate_count++] = element->data[i];
    }
    return true;
}

static bool read_dsss(struct reading *reading, const struct vo_element *element)
{
    reading->info->dsss_channel = element->data[0];
    return true;
}

static bool read_tim(struct reading *reading, const struct vo_element *element)
{
    reading->info->dtim_count = element->data[0];
    reading->info->dtim_period = element->data[1];
    return true;
}

static bool read_country(struct reading *reading, const struct vo_element *element)
{
    memcpy(reading->info->country, element->data, 3);
    reading->operation->country = *element;
    return true;
}

static bool read_erp(struct reading *reading, const struct vo_element *element)
{
    reading->info->erp = element->data[0];
    return true;
}

static bool read_multiple_bssid(struct reading *reading, const struct vo_element *element)
{
    reading->info->multiple_bssid_bits = element->data[0];
    return true;
}

/* It has no extension, and so is nothing. */
static bool read_nothing(struct reading *reading, const struct vo_element *element)
{
    (void)reading;
    (void)element;
    return false;
}

static bool read_present(struct reading *reading, const struct vo_element *element)
{
    (void)reading;
    (void)element;
    return true;
}

/* --- Power and channel switches ------------------------------------------------------------------- */

static bool read_power_constraint(struct reading *reading, const struct vo_element *element)
{
    reading->info->power_constraint_db = element->data[0];
    return true;
}

static bool read_tpc_report(struct reading *reading, const struct vo_element *element)
{
    reading->info->tx_power_dbm = load_signed(element->data[0]);
    return true;
}

/* Of a local limit in EIRP (interpretation 0); the others are for 6 GHz and count by density. */
static bool read_power_envelope(struct reading *reading, const struct vo_element *element)
{
    enum { INTERPRETATION = 0x38 };
    if (element->data[0] & INTERPRETATION || vo_bss_has(reading->info, VO_BSS_EIRP_LIMIT))
        return true;
    reading->info->eirp_limit_half_dbm = load_signed(element->data[1]);
    vo_bss_set(reading->info, VO_BSS_EIRP_LIMIT);
    return true;
}

static bool read_channel_switch(struct reading *reading, const struct vo_element *element)
{
    bool extended = element->id == VO_ELEMENT_EXTENDED_CHANNEL_SWITCH; /* with an operating class */
    reading->info->switch_mode = element->data[0];
    reading->info->switch_channel = element->data[extended ? 2 : 1];
    reading->info->switch_count = element->data[extended ? 3 : 2];
    return true;
}

static bool read_quiet(struct reading *reading, const struct vo_element *element)
{
    reading->info->quiet_count = element->data[0];
    return true;
}

/* --- Load, quality of service, roaming ------------------------------------------------------------ */

static bool read_load(struct reading *reading, const struct vo_element *element)
{
    enum { VERSION_1 = 4, VERSION_2 = 5 };
    struct vo_bss_info *info = reading->info;
    if (element->size == VERSION_1 && !vo_bss_has(info, VO_BSS_LOAD_V1)) {
        info->load_v1_stations = vo_load16_le(element->data);
        info->load_v1_utilization = element->data[2];
        vo_bss_set(info, VO_BSS_LOAD_V1);
    } else if (element->size >= VERSION_2 && !vo_bss_has(info, VO_BSS_LOAD)) {
        info->load_stations = vo_load16_le(element->data);
        info->load_utilization = element->data[2];
        info->load_admission_32us = vo_load16_le(element->data + 3);
        vo_bss_set(info, VO_BSS_LOAD);
    }
    return true;
}

/* Four access categories of four bytes: WMM and element 12 write them alike. */
static void read_access(struct vo_bss_info *info, const uint8_t *at)
{
    enum { SIZE = 4, AIFSN = 0x0f, REQUIRED = 0x10, TXOP_UNIT_US = 32, LONGEST_US = UINT16_MAX };
    for (unsigned i = 0; i < VO_ACCESS_CATEGORIES; i++, at += SIZE) {
        uint32_t txop_us = vo_load16_le(at + 2) * (uint32_t)TXOP_UNIT_US;
        info->access[at[0] >> 5 & 3] =
            (struct vo_bss_access){.aifsn = at[0] & AIFSN,
                                   .admission_required = at[0] & REQUIRED,
                                   .cw_min_exponent = at[1] & 15,
                                   .cw_max_exponent = at[1] >> 4,
                                   .txop_us = (uint16_t)(txop_us < LONGEST_US ? txop_us : LONGEST_US)};
    }
}

static bool read_edca(struct reading *reading, const struct vo_element *element)
{
    enum { FIRST = 2 }; /* behind QoS info and update info */
    if (!vo_bss_has(reading->info, VO_BSS_WMM_PARAMETERS))
        read_access(reading->info, element->data + FIRST);
    return true;
}

static bool read_radio_measurement(struct reading *reading, const struct vo_element *element)
{
    memcpy(reading->info->radio_measurement, element->data, sizeof reading->info->radio_measurement);
    return true;
}

static bool read_mobility_domain(struct reading *reading, const struct vo_element *element)
{
    reading->info->mobility_domain = vo_load16_le(element->data);
    reading->info->ft_capability = element->data[2];
    return true;
}

static bool read_extended_capabilities(struct reading *reading, const struct vo_element *element)
{
    struct vo_bss_info *info = reading->info;
    info->extended_size =
        (uint8_t)(element->size < VO_BSS_EXTENDED_MAX ? element->size : VO_BSS_EXTENDED_MAX);
    memcpy(info->extended, element->data, info->extended_size);
    return true;
}

/* What an RSN or WPA element says before it contradicts itself still tells that the network is no open one.
 */
static bool read_rsn(struct reading *reading, const struct vo_element *element)
{
    enum { RSN_ORGANISATION = 0x000fac };
    struct vo_bss_info *info = reading->info;
    info->malformed += !vo_bss_security_decode(element->data, element->size, RSN_ORGANISATION, &info->rsn);
    return true;
}

/* --- PHYs ----------------------------------------------------------------------------------------- */

static bool read_ht(struct reading *reading, const struct vo_element *element)
{
    enum { MCS_SET = 3, STREAMS = 4, TX = MCS_SET + 12, TX_DEFINED = 1, TX_DIFFERS = 2 };
    unsigned rx = 0;
    for (unsigned i = 0; i < STREAMS; i++)
        if (element->data[MCS_SET + i])
            rx = i + 1;
    uint8_t tx = element->data[TX];
    reading->info->ht_capabilities = vo_load16_le(element->data);
    more_streams(reading->info, rx, !(tx & TX_DEFINED) ? 0 : tx & TX_DIFFERS ? (tx >> 2 & 3) + 1u : rx);
    return true;
}

static bool read_ht_operation(struct reading *reading, const struct vo_element *element)
{
    reading->info->ht_protection = element->data[2] & 3;
    reading->operation->ht = *element;
    return true;
}

static bool read_vht(struct reading *reading, const struct vo_element *element)
{
    enum { RX_MAP = 4, TX_MAP = 8 };
    reading->info->vht_capabilities = vo_load32_le(element->data);
    more_streams(reading->info, streams_of_map(vo_load16_le(element->data + RX_MAP)),
                 streams_of_map(vo_load16_le(element->data + TX_MAP)));
    return true;
}

static bool read_vht_operation(struct reading *reading, const struct vo_element *element)
{
    reading->operation->vht = *element;
    return true;
}

static bool read_he(struct reading *reading, const struct vo_element *element)
{
    enum { RX_MAP = 17, TX_MAP = 19 }; /* behind MAC (6) and PHY (11) capabilities: up to 80 MHz */
    more_streams(reading->info, streams_of_map(vo_load16_le(element->data + RX_MAP)),
                 streams_of_map(vo_load16_le(element->data + TX_MAP)));
    return true;
}

static bool read_he_operation(struct reading *reading, const struct vo_element *element)
{
    enum { COLOR = 3, DISABLED = 0x80 };
    reading->operation->he = *element;
    if (!(element->data[COLOR] & DISABLED)) {
        reading->info->color = element->data[COLOR] & 0x3f;
        vo_bss_set(reading->info, VO_BSS_COLOR);
    }
    return true;
}

static bool read_eht(struct reading *reading, const struct vo_element *element)
{
    enum { NSS = 11 }; /* behind MAC (2) and PHY (9) capabilities: the lowest MCS, receive and transmit */
    more_streams(reading->info, element->data[NSS] & 15, element->data[NSS] >> 4);
    return true;
}

static bool read_eht_operation(struct reading *reading, const struct vo_element *element)
{
    reading->operation->eht = *element;
    return true;
}

/* Of a basic multi-link element: whose link this BSS is. */
static bool read_multi_link(struct reading *reading, const struct vo_element *element)
{
    enum { TYPE = 7, BASIC = 0, LINK_PRESENT = 0x10, MLD = 3, LINK = 9, WITH_LINK = 8 };
    struct vo_bss_info *info = reading->info;
    if ((element->data[0] & TYPE) != BASIC || vo_bss_has(info, VO_BSS_MULTI_LINK))
        return true;
    info->mld = vo_wlan_address_of(element->data + MLD);
    info->has_link_id =
        element->data[0] & LINK_PRESENT && element->data[2] >= WITH_LINK && element->size > LINK;
    if (info->has_link_id)
        info->link_id = element->data[LINK] & 15;
    vo_bss_set(info, VO_BSS_MULTI_LINK);
    return true;
}

/* --- Cisco and the Wi-Fi Alliance ----------------------------------------------------------------- */

static bool read_cisco_ccx1(struct reading *reading, const struct vo_element *element)
{
    enum { NAME = 10, CLIENTS = NAME + VO_BSS_NAME_MAX };
    struct vo_bss_info *info = reading->info;
    while (info->cisco_name_size < VO_BSS_NAME_MAX && element->data[NAME + info->cisco_name_size]) {
        info->cisco_name[info->cisco_name_size] = element->data[NAME + info->cisco_name_size];
        info->cisco_name_size++;
    }
    if (element->size > CLIENTS) {
        info->cisco_clients = element->data[CLIENTS];
        vo_bss_set(info, VO_BSS_CISCO_CLIENTS);
    }
    return true;
}

static bool read_cisco_vendor(struct reading *reading, const struct vo_element *element)
{
    enum { TX_POWER = 0x00409600, DBM = 4 };
    if (vo_load32(element->data) == TX_POWER && !vo_bss_has(reading->info, VO_BSS_CISCO_TX_POWER)) {
        reading->info->cisco_tx_power_dbm = load_signed(element->data[DBM]);
        vo_bss_set(reading->info, VO_BSS_CISCO_TX_POWER);
    }
    return true;
}

static bool read_wpa(struct reading *reading, const struct vo_element *element)
{
    enum { VENDOR = 4, WPA_ORGANISATION = 0x0050f2 };
    struct vo_bss_info *info = reading->info;
    info->malformed +=
        !vo_bss_security_decode(element->data + VENDOR, element->size - VENDOR, WPA_ORGANISATION, &info->wpa);
    return true;
}

static bool read_wmm(struct reading *reading, const struct vo_element *element)
{
    enum { SUBTYPE = 4, VERSION = 5, QOS_INFO = 6, ACCESS = 8, PARAMETERS = 1, FULL = 24 };
    struct vo_bss_info *info = reading->info;
    bool parameters = element->data[SUBTYPE] == PARAMETERS;
    if (vo_bss_has(info, parameters ? VO_BSS_WMM_PARAMETERS : VO_BSS_WMM) ||
        element->data[SUBTYPE] > PARAMETERS) /* above: traffic streams */
        return true;
    info->wmm_version = element->data[VERSION];
    info->qos_info = element->data[QOS_INFO];
    vo_bss_set(info, VO_BSS_WMM);
    if (!parameters)
        return true;
    if (element->size < FULL)
        return false;
    read_access(info, element->data + ACCESS);
    vo_bss_set(info, VO_BSS_WMM_PARAMETERS);
    return true;
}

static bool read_owe_transition(struct reading *reading, const struct vo_element *element)
{
    enum { BSSID = 4, SSID_SIZE = 10, SSID = 11 };
    struct vo_bss_info *info = reading->info;
    uint32_t size = element->data[SSID_SIZE];
    if (size > VO_SSID_MAX || size > element->size - SSID)
        return false;
    info->owe_bssid = vo_wlan_address_of(element->data + BSSID);
    info->owe_ssid_size = (uint8_t)size;
    memcpy(info->owe_ssid, element->data + SSID, size);
    return true;
}

static bool read_ccx_version(struct reading *reading, const struct vo_element *element)
{
    reading->info->ccx_version = element->data[4];
    return true;
}

/* --- The tables ----------------------------------------------------------------------------------- */

/* A field of SELF is set by its reader, and may come again. */
enum { SELF = 0xff };

struct row {
    read_element *read; /* NULL: not read */
    uint8_t least;      /* bytes, without id, length and extension */
    uint8_t field;      /* vo_bss_field */
};

static const struct row rows[VO_ELEMENT_EXTENDED(256)] = {
    [VO_ELEMENT_SSID] = {read_ssid, 0, VO_BSS_SSID},
    [VO_ELEMENT_RATES] = {read_rates, 1, VO_BSS_RATES},
    [VO_ELEMENT_EXTENDED_RATES] = {read_rates, 1, VO_BSS_EXTENDED_RATES},
    [VO_ELEMENT_DSSS] = {read_dsss, 1, VO_BSS_DSSS},
    [VO_ELEMENT_TIM] = {read_tim, 3, VO_BSS_TIM},
    [VO_ELEMENT_COUNTRY] = {read_country, 3, VO_BSS_COUNTRY},
    [VO_ELEMENT_BSS_LOAD] = {read_load, 4, SELF},
    [VO_ELEMENT_EDCA] = {read_edca, 18, VO_BSS_EDCA},
    [VO_ELEMENT_POWER_CONSTRAINT] = {read_power_constraint, 1, VO_BSS_POWER_CONSTRAINT},
    [VO_ELEMENT_TPC_REPORT] = {read_tpc_report, 2, VO_BSS_TX_POWER},
    [VO_ELEMENT_CHANNEL_SWITCH] = {read_channel_switch, 3, VO_BSS_CHANNEL_SWITCH},
    [VO_ELEMENT_EXTENDED_CHANNEL_SWITCH] = {read_channel_switch, 4, VO_BSS_CHANNEL_SWITCH},
    [VO_ELEMENT_QUIET] = {read_quiet, 6, VO_BSS_QUIET},
    [VO_ELEMENT_ERP] = {read_erp, 1, VO_BSS_ERP},
    [VO_ELEMENT_HT_CAPABILITIES] = {read_ht, 26, VO_BSS_HT},
    [VO_ELEMENT_QOS_CAPABILITY] = {read_present, 1, VO_BSS_QOS_CAPABILITY},
    [VO_ELEMENT_RSN] = {read_rsn, 2, VO_BSS_RSN},
    [VO_ELEMENT_WAPI] = {read_present, 0, VO_BSS_OTHER_SECURITY},
    [VO_ELEMENT_MOBILITY_DOMAIN] = {read_mobility_domain, 3, VO_BSS_MOBILITY_DOMAIN},
    [VO_ELEMENT_HT_OPERATION] = {read_ht_operation, 22, VO_BSS_HT_OPERATION},
    [VO_ELEMENT_RADIO_MEASUREMENT] = {read_radio_measurement, 5, VO_BSS_RADIO_MEASUREMENT},
    [VO_ELEMENT_MULTIPLE_BSSID] = {read_multiple_bssid, 1, VO_BSS_MULTIPLE_BSSID},
    [VO_ELEMENT_EXTENDED_CAPABILITIES] = {read_extended_capabilities, 1, VO_BSS_EXTENDED_CAPABILITIES},
    [VO_ELEMENT_CISCO_CCX1] = {read_cisco_ccx1, 26, VO_BSS_CISCO_NAME},
    [VO_ELEMENT_CISCO_VENDOR] = {read_cisco_vendor, 5, SELF},
    [VO_ELEMENT_VHT_CAPABILITIES] = {read_vht, 12, VO_BSS_VHT},
    [VO_ELEMENT_VHT_OPERATION] = {read_vht_operation, 5, VO_BSS_VHT_OPERATION},
    [VO_ELEMENT_TRANSMIT_POWER_ENVELOPE] = {read_power_envelope, 2, SELF},
    [VO_ELEMENT_REDUCED_NEIGHBORS] = {read_present, 4, VO_BSS_REDUCED_NEIGHBORS},
    [VO_ELEMENT_EXTENSION] = {read_nothing, 0, SELF},
    [VO_ELEMENT_HE_CAPABILITIES] = {read_he, 21, VO_BSS_HE},
    [VO_ELEMENT_HE_OPERATION] = {read_he_operation, 6, VO_BSS_HE_OPERATION},
    [VO_ELEMENT_EHT_OPERATION] = {read_eht_operation, 5, VO_BSS_EHT_OPERATION},
    [VO_ELEMENT_MULTI_LINK] = {read_multi_link, 9, SELF},
    [VO_ELEMENT_EHT_CAPABILITIES] = {read_eht, 12, VO_BSS_EHT},
};

static const struct {
    uint32_t vendor; /* organisation and type */
    struct row row;  /* its size counts these four bytes */
} vendors[] = {
    {0x0050f201, {read_wpa, 6, VO_BSS_WPA}},
    {0x0050f202, {read_wmm, 7, SELF}},
    {0x506f9a12, {read_present, 4, VO_BSS_OTHER_SECURITY}}, /* OSEN, of online sign-up (Hotspot 2.0) */
    {0x506f9a1c, {read_owe_transition, 11, VO_BSS_OWE_TRANSITION}},
    {0x00409603, {read_ccx_version, 5, VO_BSS_CCX_VERSION}},
};

static const struct row *row_of(const struct vo_element *element)
{
    uint32_t vendor;
    if (!vo_element_vendor(element, &vendor))
        return &rows[element->id];
    for (unsigned i = 0; i < sizeof vendors / sizeof *vendors; i++)
        if (vendors[i].vendor == vendor)
            return &vendors[i].row;
    return &rows[VO_ELEMENT_VENDOR];
}

static void read_one(struct reading *reading, const struct vo_element *element)
{
    struct vo_bss_info *info = reading->info;
    const struct row *row = row_of(element);
    if (!row->read || (row->field != SELF && vo_bss_has(info, (enum vo_bss_field)row->field)))
        return;
    if (element->size < row->least) {
        info->malformed++;
        return;
    }
    if (!row->read(reading, element))
        info->malformed++;
    else if (row->field != SELF)
        vo_bss_set(info, (enum vo_bss_field)row->field);
}

void vo_bss_info_decode(const uint8_t *data, uint32_t size, uint16_t frequency_mhz, struct vo_bss_info *info)
{
    struct vo_bss_operation operation;
    struct reading reading = {info, &operation};
    struct vo_elements elements = vo_elements_of(data, size);
    struct vo_element element;
    memset(info, 0, sizeof *info);
    memset(&operation, 0, sizeof operation);
    info->mld = info->owe_bssid = VO_WLAN_NO_ADDRESS;
    while (info->malformed < UINT16_MAX - 1 && vo_element_next(&elements, &element)) {
        info->elements++;
        read_one(&reading, &element);
    }
    vo_bss_channel_resolve(&operation, frequency_mhz, info);
    if (vo_elements_are_malformed(&elements)) {
        info->malformed++;
        vo_bss_info_cut(info);
    }
}

void vo_bss_info_cut(struct vo_bss_info *info)
{
    enum vo_bss_field of_width[] = {VO_BSS_WIDTH, VO_BSS_CENTER, VO_BSS_CENTER_2, VO_BSS_PUNCTURED};
    info->cut = true;
    if (!vo_bss_has(info, VO_BSS_EHT_OPERATION)) /* which says it last */
        for (unsigned i = 0; i < sizeof of_width / sizeof *of_width; i++)
            info->has &= ~(UINT64_C(1) << of_width[i]);
    if (!vo_bss_has(info, VO_BSS_EHT))
        info->has &= ~(UINT64_C(1) << VO_BSS_STREAMS);
}
