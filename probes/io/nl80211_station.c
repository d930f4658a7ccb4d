#include "probes/io/nl80211_station.h"

#include "probes/io/nl80211_attribute.h"
#include "probes/io/nl80211_private.h"

#include <linux/nl80211.h>
#include <netlink/attr.h>
#include <string.h>

_Static_assert((int)VO_STATION_IS_AUTHORIZED == 1 << NL80211_STA_FLAG_AUTHORIZED &&
                   (int)VO_STATION_HAS_WMM == 1 << NL80211_STA_FLAG_WME &&
                   (int)VO_STATION_HAS_PMF == 1 << NL80211_STA_FLAG_MFP &&
                   (int)VO_STATION_IS_ASSOCIATED == 1 << NL80211_STA_FLAG_ASSOCIATED,
               "the kernel's numbers");

/* --- rates --- */

/* Newer than the headers of some systems. */
enum {
    RATE_320_MHZ_WIDTH = 18,
    RATE_EHT_MCS = 19,
    RATE_EHT_NSS = 20,
    RATE_EHT_GI = 21,
    RATE_EHT_RU_ALLOC = 22,
};
static const uint16_t guard_ns[] = {800, 1600, 3200};
static const uint16_t he_tones[] = {26, 52, 106, 242, 484, 996, 1992};
static const uint16_t eht_tones[] = {26,  52,   78,   106,  132,  242,  484,  726,
                                     996, 1480, 1722, 1992, 2476, 2988, 3472, 3984};

/* What the attributes of a rate say one by one, before they are put together. */
struct rate_parts {
    uint64_t has;
    uint32_t malformed;
    uint32_t rate32; /* 100 kbit/s */
    uint16_t rate16; /* the same, absent where it does not fit */
    uint8_t mcs, nss, guard, unit, dcm;
    uint16_t width_mhz;
    enum vo_wlan_phy phy;
    bool short_guard;
};
enum { PART_RATE32, PART_RATE16, PART_MCS, PART_NSS, PART_GUARD, PART_UNIT, PART_DCM, PART_SHORT_GUARD };

static bool take_mcs(void *to, const struct vo_nla *attribute)
{
    static const struct {
        uint16_t type;
        enum vo_wlan_phy phy;
    } phys[] = {{NL80211_RATE_INFO_MCS, VO_WLAN_PHY_HT},
                {NL80211_RATE_INFO_VHT_MCS, VO_WLAN_PHY_VHT},
                {NL80211_RATE_INFO_HE_MCS, VO_WLAN_PHY_HE},
                {RATE_EHT_MCS, VO_WLAN_PHY_EHT}};
    struct rate_parts *parts = to;
    if (!vo_nla_u8(attribute, &parts->mcs))
        return false;
    for (size_t i = 0; i < sizeof phys / sizeof *phys; i++)
        if (phys[i].type == attribute->type)
            parts->phy = phys[i].phy;
    parts->has |= 1u << PART_MCS;
    return true;
}

static bool take_width(void *to, const struct vo_nla *attribute)
{
    static const struct {
        uint16_t type, mhz;
    } widths[] = {{NL80211_RATE_INFO_5_MHZ_WIDTH, 5},
                  {NL80211_RATE_INFO_10_MHZ_WIDTH, 10},
                  {NL80211_RATE_INFO_40_MHZ_WIDTH, 40},
                  {NL80211_RATE_INFO_80_MHZ_WIDTH, 80},
                  {NL80211_RATE_INFO_80P80_MHZ_WIDTH, 160},
                  {NL80211_RATE_INFO_160_MHZ_WIDTH, 160},
                  {RATE_320_MHZ_WIDTH, 320}};
    struct rate_parts *parts = to;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (widths[i].type == attribute->type)
            parts->width_mhz = widths[i].mhz;
    return true;
}

#define PART(member) offsetof(struct rate_parts, member)
static const struct vo_nla_field rate_fields[] = {
    {NL80211_RATE_INFO_BITRATE32, VO_NLA_32, PART_RATE32, PART(rate32), NULL},
    {NL80211_RATE_INFO_BITRATE, VO_NLA_16, PART_RATE16, PART(rate16), NULL},
    {NL80211_RATE_INFO_MCS, VO_NLA_OTHER, 0, 0, take_mcs},
    {NL80211_RATE_INFO_VHT_MCS, VO_NLA_OTHER, 0, 0, take_mcs},
    {NL80211_RATE_INFO_HE_MCS, VO_NLA_OTHER, 0, 0, take_mcs},
    {RATE_EHT_MCS, VO_NLA_OTHER, 0, 0, take_mcs},
    {NL80211_RATE_INFO_VHT_NSS, VO_NLA_8, PART_NSS, PART(nss), NULL},
    {NL80211_RATE_INFO_HE_NSS, VO_NLA_8, PART_NSS, PART(nss), NULL},
    {RATE_EHT_NSS, VO_NLA_8, PART_NSS, PART(nss), NULL},
    {NL80211_RATE_INFO_HE_GI, VO_NLA_8, PART_GUARD, PART(guard), NULL},
    {RATE_EHT_GI, VO_NLA_8, PART_GUARD, PART(guard), NULL},
    {NL80211_RATE_INFO_HE_RU_ALLOC, VO_NLA_8, PART_UNIT, PART(unit), NULL},
    {RATE_EHT_RU_ALLOC, VO_NLA_8, PART_UNIT, PART(unit), NULL},
    {NL80211_RATE_INFO_HE_DCM, VO_NLA_8, PART_DCM, PART(dcm), NULL},
    {NL80211_RATE_INFO_SHORT_GI, VO_NLA_FLAG, PART_SHORT_GUARD, PART(short_guard), NULL},
    {NL80211_RATE_INFO_5_MHZ_WIDTH, VO_NLA_OTHER, 0, 0, take_width},
    {NL80211_RATE_INFO_10_MHZ_WIDTH, VO_NLA_OTHER, 0, 0, take_width},
    {NL80211_RATE_INFO_40_MHZ_WIDTH, VO_NLA_OTHER, 0, 0, take_width},
    {NL80211_RATE_INFO_80_MHZ_WIDTH, VO_NLA_OTHER, 0, 0, take_width},
    {NL80211_RATE_INFO_80P80_MHZ_WIDTH, VO_NLA_OTHER, 0, 0, take_width},
    {NL80211_RATE_INFO_160_MHZ_WIDTH, VO_NLA_OTHER, 0, 0, take_width},
    {RATE_320_MHZ_WIDTH, VO_NLA_OTHER, 0, 0, take_width},
};

static bool has_part(const struct rate_parts *parts, unsigned part)
{
    return parts->has >> part & 1;
}

static void tell_speed(const struct rate_parts *parts, struct vo_wlan_rate *rate)
{
    uint32_t hundreds = has_part(parts, PART_RATE32) ? parts->rate32 : parts->rate16;
    if (hundreds == 0 || hundreds > UINT32_MAX / 100)
        return;
    rate->kbps = hundreds * 100;
    rate->known |= VO_WLAN_RATE_KBPS;
    if (rate->phy == VO_WLAN_PHY_UNKNOWN) { /* a rate without MCS */
        bool dsss = hundreds == 10 || hundreds == 20 || hundreds == 55 || hundreds == 110;
        rate->phy = dsss ? VO_WLAN_PHY_DSSS : VO_WLAN_PHY_OFDM;
    }
}

static void tell_unit(const struct rate_parts *parts, struct vo_wlan_rate *rate)
{
    bool eht = rate->phy == VO_WLAN_PHY_EHT;
    size_t count = eht ? sizeof eht_tones / sizeof *eht_tones : sizeof he_tones / sizeof *he_tones;
    if (!has_part(parts, PART_UNIT)) {
        rate->width_mhz = parts->width_mhz ? parts->width_mhz : 20; /* said by saying nothing */
        rate->known |= VO_WLAN_RATE_WIDTH;
    } else if (parts->unit < count) {
        rate->tones = eht ? eht_tones[parts->unit] : he_tones[parts->unit];
        rate->known |= VO_WLAN_RATE_TONES;
    }
}

static void tell_streams(const struct rate_parts *parts, struct vo_wlan_rate *rate)
{
    if (!has_part(parts, PART_MCS))
        return;
    rate->mcs = parts->mcs;
    rate->known |= VO_WLAN_RATE_MCS;
    if (rate->phy == VO_WLAN_PHY_HT && parts->mcs < 32) {
        rate->nss = (uint8_t)(parts->mcs / 8 + 1);
        rate->known |= VO_WLAN_RATE_NSS;
    } else if (has_part(parts, PART_NSS)) {
        rate->nss = parts->nss;
        rate->known |= VO_WLAN_RATE_NSS;
    }
    if (rate->phy == VO_WLAN_PHY_HT || rate->phy == VO_WLAN_PHY_VHT) {
        rate->gi_ns = parts->short_guard ? 400 : 800;
        rate->known |= VO_WLAN_RATE_GI;
    } else if (has_part(parts, PART_GUARD) && parts->guard < sizeof guard_ns / sizeof *guard_ns) {
        rate->gi_ns = guard_ns[parts->guard];
        rate->known |= VO_WLAN_RATE_GI;
    }
    if (has_part(parts, PART_DCM)) {
        rate->dcm = parts->dcm != 0;
        rate->known |= VO_WLAN_RATE_DCM;
    }
}

static bool take_rate(struct vo_station *station, const struct vo_nla *attribute, struct vo_wlan_rate *rate)
{
    struct rate_parts parts = {0};
    vo_nla_fill(attribute->data, attribute->size, rate_fields, sizeof rate_fields / sizeof *rate_fields,
                (struct vo_nla_target){&parts, &parts.has, &parts.malformed});
    memset(rate, 0, sizeof *rate);
    rate->phy = parts.phy;
    station->malformed += parts.malformed;
    tell_speed(&parts, rate);
    if (rate->phy == VO_WLAN_PHY_UNKNOWN) /* nothing was sent yet */
        return true;
    tell_unit(&parts, rate);
    tell_streams(&parts, rate);
    station->has |= UINT64_C(1) << (rate == &station->tx_rate ? VO_STATION_TX_RATE : VO_STATION_RX_RATE);
    return true;
}

static bool take_tx_rate(void *to, const struct vo_nla *attribute)
{
    return take_rate(to, attribute, &((struct vo_station *)to)->tx_rate);
}

static bool take_rx_rate(void *to, const struct vo_nla *attribute)
{
    return take_rate(to, attribute, &((struct vo_station *)to)->rx_rate);
}

/* --- the rest --- */

static bool take_chains(void *to, const struct vo_nla *attribute)
{
    struct vo_station *station = to;
    bool good = vo_nla_chains(attribute, &station->chain_mask, station->chain_dbm, VO_STATION_CHAINS_MAX);
    if (station->chain_mask)
        station->has |= UINT64_C(1) << VO_STATION_CHAINS;
    return good;
}

static bool take_chains_average(void *to, const struct vo_nla *attribute)
{
    struct vo_station *station = to;
    bool good = vo_nla_chains(attribute, &station->chain_average_mask, station->chain_average_dbm,
                              VO_STATION_CHAINS_MAX);
    if (station->chain_average_mask)
        station->has |= UINT64_C(1) << VO_STATION_CHAINS_AVERAGE;
    return good;
}

static bool take_flags(void *to, const struct vo_nla *attribute)
{
    struct vo_station *station = to;
    struct nl80211_sta_flag_update update;
    if (attribute->size != sizeof update)
        return false;
    memcpy(&update, attribute->data, sizeof update);
    station->flags_known = update.mask;
    station->flags = update.set & update.mask;
    station->has |= UINT64_C(1) << VO_STATION_FLAGS;
    return true;
}

#define TID(member) offsetof(struct vo_station_tid, member)
static bool take_tids(void *to, const struct vo_nla *attribute)
{
    static const struct vo_nla_field fields[] = {
        {NL80211_TID_STATS_RX_MSDU, VO_NLA_64, VO_TID_RX, TID(rx), NULL},
        {NL80211_TID_STATS_TX_MSDU, VO_NLA_64, VO_TID_TX, TID(tx), NULL},
        {NL80211_TID_STATS_TX_MSDU_RETRIES, VO_NLA_64, VO_TID_TX_RETRIES, TID(tx_retries), NULL},
        {NL80211_TID_STATS_TX_MSDU_FAILED, VO_NLA_64, VO_TID_TX_FAILED, TID(tx_failed), NULL},
    };
    struct vo_station *station = to;
    struct vo_nlas list = vo_nlas_of(attribute->data, attribute->size);
    struct vo_nla tid;
    while (vo_nla_next(&list, &tid)) {
        if (tid.type == 0 || tid.type > VO_STATION_TIDS_MAX)
            continue;
        struct vo_station_tid *numbers = &station->tids[tid.type - 1];
        vo_nla_fill(tid.data, tid.size, fields, sizeof fields / sizeof *fields,
                    (struct vo_nla_target){numbers, &numbers->has, &station->malformed});
        if (numbers->has)
            station->has |= UINT64_C(1) << VO_STATION_TIDS;
    }
    return !list.malformed;
}

#define AT(member) offsetof(struct vo_station, member)
static bool take_bss(void *to, const struct vo_nla *attribute)
{
    static const struct vo_nla_field fields[] = {
        {NL80211_STA_BSS_PARAM_DTIM_PERIOD, VO_NLA_8, VO_STATION_DTIM_PERIOD, AT(dtim_period), NULL},
        {NL80211_STA_BSS_PARAM_BEACON_INTERVAL, VO_NLA_16, VO_STATION_BEACON_INTERVAL, AT(beacon_interval_tu),
         NULL},
    };
    struct vo_station *station = to;
    vo_nla_fill(attribute->data, attribute->size, fields, sizeof fields / sizeof *fields,
                (struct vo_nla_target){station, &station->has, &station->malformed});
    return true;
}

static const struct vo_nla_field station_fields[] = {
    {NL80211_STA_INFO_SIGNAL, VO_NLA_DBM, VO_STATION_SIGNAL, AT(signal_dbm), NULL},
    {NL80211_STA_INFO_SIGNAL_AVG, VO_NLA_DBM, VO_STATION_SIGNAL_AVERAGE, AT(signal_average_dbm), NULL},
    {NL80211_STA_INFO_BEACON_SIGNAL_AVG, VO_NLA_DBM, VO_STATION_BEACON_AVERAGE, AT(beacon_average_dbm), NULL},
    {NL80211_STA_INFO_ACK_SIGNAL, VO_NLA_DBM, VO_STATION_ACK_SIGNAL, AT(ack_dbm), NULL},
    {NL80211_STA_INFO_ACK_SIGNAL_AVG, VO_NLA_DBM, VO_STATION_ACK_AVERAGE, AT(ack_average_dbm), NULL},
    {NL80211_STA_INFO_CHAIN_SIGNAL, VO_NLA_OTHER, 0, 0, take_chains},
    {NL80211_STA_INFO_CHAIN_SIGNAL_AVG, VO_NLA_OTHER, 0, 0, take_chains_average},
    {NL80211_STA_INFO_TX_PACKETS, VO_NLA_32, VO_STATION_TX_PACKETS, AT(tx_packets), NULL},
    {NL80211_STA_INFO_TX_BYTES64, VO_NLA_64, VO_STATION_TX_BYTES, AT(tx_bytes), NULL},
    {NL80211_STA_INFO_TX_RETRIES, VO_NLA_32, VO_STATION_TX_RETRIES, AT(tx_retries), NULL},
    {NL80211_STA_INFO_TX_FAILED, VO_NLA_32, VO_STATION_TX_FAILED, AT(tx_failed), NULL},
    {NL80211_STA_INFO_TX_DURATION, VO_NLA_64, VO_STATION_TX_DURATION, AT(tx_duration_us), NULL},
    {NL80211_STA_INFO_RX_PACKETS, VO_NLA_32, VO_STATION_RX_PACKETS, AT(rx_packets), NULL},
    {NL80211_STA_INFO_RX_BYTES64, VO_NLA_64, VO_STATION_RX_BYTES, AT(rx_bytes), NULL},
    {NL80211_STA_INFO_RX_DROP_MISC, VO_NLA_64, VO_STATION_RX_DROPPED, AT(rx_dropped), NULL},
    {NL80211_STA_INFO_RX_MPDUS, VO_NLA_32, VO_STATION_RX_MPDUS, AT(rx_mpdus), NULL},
    {NL80211_STA_INFO_FCS_ERROR_COUNT, VO_NLA_32, VO_STATION_RX_FCS_ERRORS, AT(rx_fcs_errors), NULL},
    {NL80211_STA_INFO_RX_DURATION, VO_NLA_64, VO_STATION_RX_DURATION, AT(rx_duration_us), NULL},
    {NL80211_STA_INFO_BEACON_RX, VO_NLA_64, VO_STATION_BEACONS, AT(beacons), NULL},
    {NL80211_STA_INFO_BEACON_LOSS, VO_NLA_32, VO_STATION_BEACON_LOSS, AT(beacon_loss), NULL},
    {NL80211_STA_INFO_TX_BITRATE, VO_NLA_OTHER, 0, 0, take_tx_rate},
    {NL80211_STA_INFO_RX_BITRATE, VO_NLA_OTHER, 0, 0, take_rx_rate},
    {NL80211_STA_INFO_EXPECTED_THROUGHPUT, VO_NLA_32, VO_STATION_THROUGHPUT, AT(throughput_kbps), NULL},
    {NL80211_STA_INFO_INACTIVE_TIME, VO_NLA_32, VO_STATION_INACTIVE, AT(inactive_ms), NULL},
    {NL80211_STA_INFO_CONNECTED_TIME, VO_NLA_32, VO_STATION_CONNECTED, AT(connected_s), NULL},
    {NL80211_STA_INFO_ASSOC_AT_BOOTTIME, VO_NLA_64, VO_STATION_ASSOCIATED_AT, AT(associated_at_ns), NULL},
    {NL80211_STA_INFO_STA_FLAGS, VO_NLA_OTHER, 0, 0, take_flags},
    {NL80211_STA_INFO_BSS_PARAM, VO_NLA_OTHER, 0, 0, take_bss},
    {NL80211_STA_INFO_TID_STATS, VO_NLA_OTHER, 0, 0, take_tids},
};

static bool take_info(void *to, const struct vo_nla *attribute)
{
    struct vo_station *station = to;
    vo_nla_fill(attribute->data, attribute->size, station_fields,
                sizeof station_fields / sizeof *station_fields,
                (struct vo_nla_target){station, &station->has, &station->malformed});
    return true;
}

void vo_station_parse(const void *attributes, size_t size, struct vo_station *station)
{
    static const struct vo_nla_field fields[] = {
        {NL80211_ATTR_MAC, VO_NLA_ADDRESS, VO_STATION_ADDRESS, AT(address), NULL},
        {NL80211_ATTR_GENERATION, VO_NLA_32, VO_STATION_GENERATION, AT(generation), NULL},
        {NL80211_ATTR_STA_INFO, VO_NLA_OTHER, 0, 0, take_info},
    };
    memset(station, 0, sizeof *station);
    station->address = VO_WLAN_NO_ADDRESS;
    vo_nla_fill(attributes, size, fields, sizeof fields / sizeof *fields,
                (struct vo_nla_target){station, &station->has, &station->malformed});
}

struct station_walk {
    void (*each)(void *context, const struct vo_station *station);
    void *context;
};

static void give_station(void *context, const void *attributes, size_t size)
{
    const struct station_walk *walk = context;
    struct vo_station station;
    vo_station_parse(attributes, size, &station);
    walk->each(walk->context, &station);
}

enum vo_status vo_nl80211_stations(struct vo_nl80211 *nl80211, uint32_t index,
                                   void (*each)(void *context, const struct vo_station *station),
                                   void *context, struct vo_error *error)
{
    struct station_walk walk = {each, context};
    return vo_nl80211_ask(
        nl80211,
        (struct vo_nl80211_request){.message =
                                        vo_nl80211_about(nl80211, NL80211_CMD_GET_STATION, NLM_F_DUMP, index),
                                    .what = "the station's counters",
                                    .index = index,
                                    .each = give_station,
                                    .context = &walk},
        error);
}
