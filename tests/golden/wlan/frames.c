/*
 * Prints what the 802.11 decoders say of every frame of a capture: one line a frame, "name=value" separated
 * by tabs, a name only where its value is known. compare.py reads it.
 */
#include "probes/decode/bss_info.h"
#include "probes/decode/colocated.h"
#include "probes/decode/ieee80211.h"
#include "probes/decode/packet.h"
#include "probes/decode/radiotap_rate.h"
#include "probes/decode/wlan_received.h"
#include "probes/io/capture.h"
#include "probes/wlan/air.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void print_address(const char *name, vo_wlan_address address)
{
    char text[VO_WLAN_ADDRESS_TEXT];
    if (address != VO_WLAN_NO_ADDRESS)
        printf("\t%s=%s", name, vo_wlan_address_text(address, text));
}

static void print_bytes(const char *name, const uint8_t *at, unsigned size)
{
    printf("\t%s=", name);
    for (unsigned i = 0; i < size; i++)
        printf("%02x", at[i]);
}

static void print_suites(const char *name, uint32_t suites)
{
    const char *before = "";
    printf("\t%s=", name);
    for (unsigned i = 0; i < 32; i++) {
        if (suites >> i & 1) {
            printf("%s%u", before, i);
            before = ",";
        }
    }
}

/* Fields of radiotap as they are written; those that no other value is made of. */
static const struct {
    const char *name;
    enum vo_radiotap_field field;
    size_t at;
    unsigned size;
    bool is_signed;
} radio_values[] = {
#define VALUE(name, field, member)                                                                           \
    {                                                                                                        \
        name, VO_RADIOTAP_##field, offsetof(struct vo_radiotap, member),                                     \
            sizeof((struct vo_radiotap *)NULL)->member, false                                                \
    }
#define SIGNED(name, field, member)                                                                          \
    {                                                                                                        \
        name, VO_RADIOTAP_##field, offsetof(struct vo_radiotap, member), 1, true                             \
    }
    SIGNED("signal", SIGNAL, signal_dbm),
    SIGNED("noise", NOISE, noise_dbm),
    VALUE("signal_db", SIGNAL_DB, signal_db),
    VALUE("noise_db", NOISE_DB, noise_db),
    VALUE("tsft", TSFT, tsft_us),
    VALUE("frequency", CHANNEL, frequency_mhz),
    VALUE("channel_flags", CHANNEL, channel_flags),
    VALUE("fhss_set", FHSS, fhss_set),
    VALUE("fhss_pattern", FHSS, fhss_pattern),
    VALUE("quality", LOCK_QUALITY, lock_quality),
    VALUE("attenuation", TX_ATTENUATION, tx_attenuation),
    VALUE("attenuation_db", TX_ATTENUATION_DB, tx_attenuation_db),
    SIGNED("power", TX_POWER, tx_power_dbm),
    VALUE("rx_flags", RX_FLAGS, rx_flags),
    VALUE("tx_flags", TX_FLAGS, tx_flags),
    VALUE("data_retries", DATA_RETRIES, data_retries),
    VALUE("xchannel_flags", XCHANNEL, xchannel_flags),
    VALUE("xchannel_mhz", XCHANNEL, xchannel_mhz),
    VALUE("xchannel", XCHANNEL, xchannel),
    VALUE("mcs_known", MCS, mcs_known),
    VALUE("ampdu", AMPDU, ampdu_reference),
    VALUE("ampdu_flags", AMPDU, ampdu_flags),
    VALUE("timestamp_ts", TIMESTAMP, timestamp),
    VALUE("he1", HE, he[0]),
    VALUE("he2", HE, he[1]),
    VALUE("he3", HE, he[2]),
    VALUE("he4", HE, he[3]),
    VALUE("he5", HE, he[4]),
    VALUE("he6", HE, he[5]),
    VALUE("he_mu1", HE_MU, he_mu_flags1),
    VALUE("he_mu2", HE_MU, he_mu_flags2),
    VALUE("he_user1", HE_MU_USER, he_user_1),
    VALUE("he_user2", HE_MU_USER, he_user_2),
    VALUE("zero_length", ZERO_LENGTH_PSDU, zero_length_psdu),
    VALUE("lsig1", LSIG, lsig_known),
    VALUE("lsig2", LSIG, lsig),
    VALUE("usig", USIG, usig_common),
    VALUE("eht", EHT, eht_known),
};

static void print_value(const char *name, const uint8_t *at, unsigned size, bool is_signed)
{
    uint64_t value = 0;
    memcpy(&value, at, size); /* little-endian hosts alone */
    if (is_signed)
        printf("\t%s=%d", name, (int8_t)value);
    else
        printf("\t%s=%" PRIu64, name, value);
}

/* The frame's, and then those of its chains. */
static void print_levels(const char *name, const struct vo_radiotap *radio, enum vo_radiotap_field field)
{
    bool signal = field == VO_RADIOTAP_SIGNAL, any = false;
    for (int i = -1; i < radio->chain_count; i++) {
        uint32_t has = i < 0 ? radio->has : radio->chain[i].has;
        if (!(has >> field & 1))
            continue;
        int own = signal ? radio->signal_dbm : radio->antenna;
        int of_chain = i < 0 ? 0 : signal ? radio->chain[i].signal_dbm : radio->chain[i].antenna;
        if (!any)
            printf("\t%s=%d", name, i < 0 ? own : of_chain);
        else
            printf(",%d", of_chain);
        any = true;
    }
}

static void print_radio(const struct vo_radiotap *radio)
{
    struct vo_wlan_rate rate;
    for (unsigned i = 0; i < sizeof radio_values / sizeof *radio_values; i++)
        if (vo_radiotap_has(radio, radio_values[i].field))
            print_value(radio_values[i].name, (const uint8_t *)radio + radio_values[i].at,
                        radio_values[i].size, radio_values[i].is_signed);
    if (vo_radiotap_mhz(radio))
        printf("\tmhz=%u", vo_radiotap_mhz(radio));
    if (vo_radiotap_has(radio, VO_RADIOTAP_FLAGS))
        printf("\tpreamble=%d", !!(radio->flags & VO_RADIOTAP_SHORT_PREAMBLE));
    if (vo_radiotap_has(radio, VO_RADIOTAP_VHT) && radio->vht_known & 0x80)
        printf("\tvht_group=%u", radio->vht_group);
    if (vo_radiotap_has(radio, VO_RADIOTAP_VHT) && radio->vht_known & 0x100)
        printf("\tvht_aid=%u", radio->vht_partial_aid);
    if (vo_radiotap_rate(radio, &rate))
        printf("\tkbps=%" PRIu32, rate.kbps);
    if (rate.phy)
        printf("\tphy=%d", rate.phy);
    print_levels("signals", radio, VO_RADIOTAP_SIGNAL);
    print_levels("antennas", radio, VO_RADIOTAP_ANTENNA);
}

static bool has_msdus(const struct vo_ieee80211 *frame)
{
    return frame->has & VO_IEEE80211_IS_AMSDU && !(frame->control & VO_IEEE80211_PROTECTED);
}

/* The header's, and those of the frames of an A-MSDU. */
static void print_ends(const char *name, const struct vo_ieee80211 *frame, bool source)
{
    struct vo_bytes left = vo_bytes_of(frame->body, has_msdus(frame) ? frame->body_size : 0);
    struct vo_ieee80211_msdu msdu;
    char text[VO_WLAN_ADDRESS_TEXT];
    vo_wlan_address own = source ? frame->source : frame->destination;
    bool any = own != VO_WLAN_NO_ADDRESS;
    print_address(name, own);
    while (vo_ieee80211_msdu_next(&left, &msdu)) {
        vo_wlan_address_text(source ? msdu.source : msdu.destination, text);
        if (any)
            printf(",%s", text);
        else
            printf("\t%s=%s", name, text);
        any = true;
    }
}

static void print_types(const struct vo_ieee80211 *frame)
{
    struct vo_bytes left = vo_bytes_of(frame->body, has_msdus(frame) ? frame->body_size : 0);
    struct vo_ieee80211_msdu msdu;
    const char *before = "\tethertype=";
    uint16_t ethertype;
    if (vo_ieee80211_ethertype(frame, &ethertype))
        printf("%s%u", before, ethertype);
    while (vo_ieee80211_msdu_next(&left, &msdu)) {
        if (msdu.size < 8 || memcmp(msdu.at, "\xaa\xaa\x03", 3) != 0)
            continue;
        printf("%s%u", before, vo_load16(msdu.at + 6));
        before = ",";
    }
}

/* Starting sequence numbers and bitmaps of a block acknowledgement. */
static void print_block_acks(const struct vo_ieee80211 *frame)
{
    struct vo_ieee80211_block_acks acks;
    struct vo_ieee80211_block_ack ack;
    const char *before = "\tba_starts=";
    if (!vo_ieee80211_block_acks_begin(frame, &acks))
        return;
    printf("\tba_type=%u", acks.type);
    struct vo_ieee80211_block_acks again = acks;
    while (vo_ieee80211_block_ack_next(&acks, &ack)) {
        if (ack.bitmap_size)
            printf("%s%u", before, ack.start);
        before = ack.bitmap_size ? "," : before;
    }
    before = "\tba_bitmaps=";
    while (vo_ieee80211_block_ack_next(&again, &ack)) {
        if (!ack.bitmap_size)
            continue;
        printf("%s", before);
        for (unsigned i = 0; i < ack.bitmap_size; i++)
            printf("%02x", ack.bitmap[i]);
        before = ",";
    }
}

/* Of a frame that was cut within its header, what is there. */
static void print_header(const struct vo_ieee80211 *frame, bool is_whole)
{
    printf("\tkind=%u", frame->kind);
    print_address("ra", frame->receiver);
    print_address("ta", frame->transmitter);
    print_address("bssid", frame->bssid);
    print_ends("sa", frame, true);
    print_ends("da", frame, false);
    printf("\tretry=%d\tpm=%d\tprotected=%d", !!(frame->control & VO_IEEE80211_RETRY),
           !!(frame->control & VO_IEEE80211_POWER_MANAGEMENT), !!(frame->control & VO_IEEE80211_PROTECTED));
    if (frame->has & VO_IEEE80211_HAS_SEQUENCE)
        printf("\tseq=%u\tfrag=%u", frame->sequence, frame->fragment);
    if (frame->has & VO_IEEE80211_HAS_DURATION)
        printf("\tduration=%u", frame->duration_us);
    if (frame->has & VO_IEEE80211_HAS_QOS)
        printf("\ttid=%u", frame->tid);
    if (frame->has & VO_IEEE80211_IS_AMSDU)
        printf("\tamsdu=1");
    if (!is_whole)
        return;
    print_types(frame);
    print_block_acks(frame);
}

/* Only the parts that the element has. */
static void print_security(const char *name, const struct vo_bss_security *security)
{
    char text[16];
    if (security->parts & VO_BSS_SECURITY_GROUP)
        printf("\t%s_group=%u", name, security->group);
    snprintf(text, sizeof text, "%s_pairwise", name);
    if (security->parts & VO_BSS_SECURITY_PAIRWISE)
        print_suites(text, security->pairwise);
    snprintf(text, sizeof text, "%s_akm", name);
    if (security->parts & VO_BSS_SECURITY_AKM)
        print_suites(text, security->akms);
}

static void print_rest(const struct vo_bss_info *info)
{
    if (vo_bss_has(info, VO_BSS_POWER_CONSTRAINT))
        printf("\tconstraint=%u", info->power_constraint_db);
    if (vo_bss_has(info, VO_BSS_TX_POWER))
        printf("\ttx_power=%d", info->tx_power_dbm);
    if (vo_bss_has(info, VO_BSS_CISCO_TX_POWER))
        printf("\tcisco_tx_power=%d", info->cisco_tx_power_dbm);
    if (vo_bss_has(info, VO_BSS_EIRP_LIMIT))
        printf("\teirp_limit=%d", info->eirp_limit_half_dbm);
    if (vo_bss_has(info, VO_BSS_COUNTRY_POWER))
        printf("\tcountry_dbm=%d", info->country_dbm);
    if (vo_bss_has(info, VO_BSS_ERP))
        printf("\terp=%u", info->erp);
    if (vo_bss_has(info, VO_BSS_HT))
        printf("\tht_capabilities=%u", info->ht_capabilities);
    if (vo_bss_has(info, VO_BSS_VHT))
        printf("\tvht_capabilities=%" PRIu32, info->vht_capabilities);
    if (vo_bss_has(info, VO_BSS_CHANNEL_SWITCH))
        printf("\tswitch=%u,%u,%u", info->switch_mode, info->switch_channel, info->switch_count);
    if (vo_bss_has(info, VO_BSS_QUIET))
        printf("\tquiet=%u", info->quiet_count);
    if (vo_bss_has(info, VO_BSS_MULTIPLE_BSSID))
        printf("\tbssid_bits=%u", info->multiple_bssid_bits);
    if (vo_bss_has(info, VO_BSS_RADIO_MEASUREMENT))
        print_bytes("measurement", info->radio_measurement, sizeof info->radio_measurement);
    if (vo_bss_has(info, VO_BSS_CISCO_NAME) && info->cisco_name_size)
        printf("\tcisco_name=%.*s", info->cisco_name_size, info->cisco_name);
    if (vo_bss_has(info, VO_BSS_CISCO_CLIENTS))
        printf("\tcisco_clients=%u", info->cisco_clients);
    if (vo_bss_has(info, VO_BSS_CCX_VERSION))
        printf("\tccx=%u", info->ccx_version);
    if (vo_bss_has(info, VO_BSS_OWE_TRANSITION))
        print_bytes("owe_ssid", info->owe_ssid, info->owe_ssid_size);
    print_address("mld", info->mld);
    if (info->rate_count)
        print_bytes("rates", info->rates, info->rate_count);
}

static void print_bss(const struct vo_bss_info *info)
{
    if (vo_bss_has(info, VO_BSS_SSID))
        print_bytes("ssid", info->ssid, info->ssid_size);
    if (vo_bss_has(info, VO_BSS_LOAD))
        printf("\tload=%u,%u,%u", info->load_stations, info->load_utilization, info->load_admission_32us);
    if (vo_bss_has(info, VO_BSS_LOAD_V1))
        printf("\tload1=%u,%u", info->load_v1_stations, info->load_v1_utilization);
    if (vo_bss_has(info, VO_BSS_COUNTRY))
        printf("\tcountry=%.2s", info->country);
    if (vo_bss_has(info, VO_BSS_RSN)) {
        print_security("rsn", &info->rsn);
        if (info->rsn.parts & VO_BSS_SECURITY_CAPABILITIES)
            printf("\tmfpr=%d\tmfpc=%d", !!(info->rsn.capabilities & VO_RSN_PMF_REQUIRED),
                   !!(info->rsn.capabilities & VO_RSN_PMF_CAPABLE));
        if (info->rsn.parts & VO_BSS_SECURITY_GROUP_MANAGEMENT)
            printf("\trsn_group_management=%u", info->rsn.group_management);
    }
    if (vo_bss_has(info, VO_BSS_WPA))
        print_security("wpa", &info->wpa);
    if (vo_bss_has(info, VO_BSS_WMM))
        printf("\twmm_qos_info=%u", info->qos_info);
    if (vo_bss_has(info, VO_BSS_WMM_PARAMETERS))
        for (unsigned i = 0; i < VO_ACCESS_CATEGORIES; i++)
            printf("\tac%u=%u,%u,%u,%u,%u", i, info->access[i].aifsn, info->access[i].admission_required,
                   info->access[i].cw_min_exponent, info->access[i].cw_max_exponent,
                   info->access[i].txop_us / 32u);
    if (vo_bss_has(info, VO_BSS_MOBILITY_DOMAIN))
        printf("\tmdid=%u\tft=%u", info->mobility_domain, info->ft_capability);
    if (vo_bss_has(info, VO_BSS_DSSS))
        printf("\tdsss=%u", info->dsss_channel);
    if (info->extended_size > VO_EXTENDED_BSS_TRANSITION / 8)
        printf("\tbss_transition=%d", vo_bss_capable_of(info, VO_EXTENDED_BSS_TRANSITION));
    if (vo_bss_has(info, VO_BSS_TIM))
        printf("\tdtim=%u", info->dtim_period);
    if (vo_bss_has(info, VO_BSS_COLOR))
        printf("\tcolor=%u", info->color);
    if (vo_bss_has(info, VO_BSS_CHANNEL))
        printf("\tprimary=%u", info->primary_mhz);
    if (vo_bss_has(info, VO_BSS_WIDTH))
        printf("\twidth=%u\tcenter=%u", info->width_mhz, info->center_mhz);
    if (vo_bss_has(info, VO_BSS_CENTER_2))
        printf("\tcenter_2=%u", info->center_2_mhz);
    if (vo_bss_has(info, VO_BSS_PUNCTURED))
        printf("\tpunctured=%u", info->punctured);
    if (vo_bss_has(info, VO_BSS_STREAMS))
        printf("\tstreams=%u", info->rx_streams);
    print_rest(info);
    if (info->elements)
        printf("\telements=%" PRIu32, info->elements);
    printf("\tmalformed=%u", info->malformed);
    for (unsigned field = VO_BSS_HT; field <= VO_BSS_EHT_OPERATION; field++)
        if (vo_bss_has(info, (enum vo_bss_field)field))
            printf("\tphy%u=1", field - VO_BSS_HT);
}

/* Neighbours and BSSs that have no beacon of their own. */
static void print_colocated(const struct vo_ieee80211_management *management, vo_wlan_address bssid)
{
    struct vo_neighbor_list neighbors;
    struct vo_neighbor neighbor;
    struct vo_nontransmitted_list list;
    struct vo_nontransmitted one;
    char text[VO_WLAN_ADDRESS_TEXT];
    const char *before = "\tneighbors=";
    vo_neighbors_begin(management->elements, management->elements_size, &neighbors);
    while (vo_neighbor_next(&neighbors, &neighbor)) {
        printf("%s%u/%u/%u/%s/%02x", before, neighbor.operating_class, neighbor.channel,
               neighbor.frequency_mhz, vo_wlan_address_text(neighbor.bssid, text),
               neighbor.has & VO_NEIGHBOR_PARAMETERS ? neighbor.parameters : 0);
        before = ",";
    }
    before = "\tnontransmitted=";
    vo_nontransmitted_begin(management->elements, management->elements_size, bssid, &list);
    while (vo_nontransmitted_next(&list, &one)) {
        printf("%s%s", before, vo_wlan_address_text(one.bssid, text));
        before = ",";
    }
}

static void print_management(const struct vo_ieee80211 *frame, uint16_t frequency)
{
    static const char *const names[VO_MANAGEMENT_FIELDS] = {[VO_MANAGEMENT_TIMESTAMP] = "timestamp",
                                                            [VO_MANAGEMENT_INTERVAL] = "interval",
                                                            [VO_MANAGEMENT_CAPABILITY] = "capability",
                                                            [VO_MANAGEMENT_LISTEN] = "listen",
                                                            [VO_MANAGEMENT_STATUS] = "status",
                                                            [VO_MANAGEMENT_REASON] = "reason",
                                                            [VO_MANAGEMENT_AID] = "aid",
                                                            [VO_MANAGEMENT_ALGORITHM] = "algorithm",
                                                            [VO_MANAGEMENT_TRANSACTION] = "transaction",
                                                            [VO_MANAGEMENT_CATEGORY] = "category"};
    struct vo_ieee80211_management management;
    struct vo_bss_info info;
    if (!vo_ieee80211_management_decode(frame, &management))
        return;
    for (unsigned i = 0; i < VO_MANAGEMENT_FIELDS; i++)
        if (management.has >> i & 1 && names[i])
            printf("\t%s=%" PRIu64, names[i], management.value[i]);
    if (management.has >> VO_MANAGEMENT_CURRENT_AP & 1)
        print_address("current_ap", management.value[VO_MANAGEMENT_CURRENT_AP]);
    if (!management.elements)
        return;
    vo_bss_info_decode(management.elements, management.elements_size, frequency, &info);
    if (management.cut)
        vo_bss_info_cut(&info);
    print_bss(&info);
    print_colocated(&management, frame->bssid);
}

static const char *print_datagram(const struct vo_packet *packet, const char *before)
{
    enum { UDP = 17, HEADER = 8 };
    if (packet->protocol != UDP)
        return before;
    printf("%s%u>%u/%" PRIu32, before, packet->source_port, packet->destination_port,
           packet->payload_length + HEADER);
    return ",";
}

/* Ports and lengths of the UDP datagrams in an unencrypted frame, as the voice in them is found. */
static void print_datagrams(const struct vo_frame *captured)
{
    const char *before = "\tudp=";
    struct vo_packet packet;
    packet.rest = NULL;
    if (vo_decode_frame(captured->linktype, captured->data, captured->captured, captured->length, &packet) ==
        VO_DECODED_DATAGRAM)
        before = print_datagram(&packet, before);
    while (packet.rest)
        if (vo_decode_next(&packet) == VO_DECODED_DATAGRAM)
            before = print_datagram(&packet, before);
}

/* Its time on the air; with what it may be longer where something is not told. Frames of one A-MPDU are told
 * apart by what each adds. */
static void print_airtime(struct vo_air *air, const struct vo_frame *captured,
                          const struct vo_wlan_received *received, const struct vo_ieee80211 *frame)
{
    enum { FCS = 4 };
    struct vo_heard heard = {.time = captured->time,
                             .frame = frame,
                             .radio = &received->radio,
                             .length =
                                 received->length + (received->options & VO_IEEE80211_WITH_FCS ? 0 : FCS),
                             .mhz = vo_radiotap_mhz(&received->radio)};
    uint64_t slack_ns;
    struct vo_air_channel *channel;
    uint64_t ns = vo_air_add(air, &heard, &slack_ns, &channel);
    if (ns)
        printf("\tus=%.1f\tslack_us=%.1f", (double)ns / 1000, (double)slack_ns / 1000);
}

static void print_frame(struct vo_air *air, uint64_t number, const struct vo_frame *captured)
{
    static const char *const results[] = {"ok", "no frame", "cut", "malformed", "not wlan"};
    struct vo_wlan_received received;
    struct vo_ieee80211 frame;
    enum vo_wlan_received_result result = vo_wlan_received_decode(
        captured->linktype, captured->data, captured->captured, captured->length, &received);
    printf("n=%" PRIu64 "\tlinktype=%" PRIu32 "\theader=%s", number, captured->linktype, results[result]);
    if (captured->time != VO_TIME_UNKNOWN)
        printf("\ttime=%" PRId64, captured->time);
    if (result == VO_WLAN_RECEIVED_OK || result == VO_WLAN_RECEIVED_NO_FRAME)
        print_radio(&received.radio);
    if (result == VO_WLAN_RECEIVED_OK) {
        bool with_fcs = received.options & VO_IEEE80211_WITH_FCS;
        enum vo_ieee80211_result decoded =
            vo_ieee80211_decode(received.at, received.captured, received.length, received.options, &frame);
        if (with_fcs && received.captured == received.length && received.length >= 4)
            printf("\tfcs=%s",
                   vo_ieee80211_fcs_holds(received.at, received.captured, &frame) ? "good" : "bad");
        if (received.bad_fcs)
            printf("\tbad_fcs=1");
        if (decoded == VO_IEEE80211_OK || (decoded == VO_IEEE80211_CUT && received.captured >= 2))
            print_header(&frame, decoded == VO_IEEE80211_OK);
        if (decoded == VO_IEEE80211_OK) {
            print_airtime(air, captured, &received, &frame);
            print_datagrams(captured);
            print_management(&frame, vo_radiotap_mhz(&received.radio));
        }
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct vo_error error;
    struct vo_capture *capture;
    struct vo_frame frame;
    struct vo_capture_options options = {0};
    if (argc != 2) {
        fprintf(stderr, "wlan-frames FILE\n");
        return 2;
    }
    const char *paths[] = {argv[1]};
    struct vo_air *air = vo_air_new(3600 * VO_NS_PER_S, NULL, NULL);
    if (!air)
        return 1;
    if (vo_capture_open_files(paths, 1, &options, NULL, NULL, &capture, &error) != VO_OK) {
        fprintf(stderr, "wlan-frames: %s\n", error.message);
        return 1;
    }
    enum vo_status status;
    uint64_t number = 0;
    while ((status = vo_capture_next(capture, &frame, &error)) == VO_OK)
        print_frame(air, ++number, &frame);
    if (status != VO_END)
        fprintf(stderr, "wlan-frames: %s\n", error.message);
    vo_air_free(air);
    vo_capture_close(capture);
    return status != VO_END;
}
