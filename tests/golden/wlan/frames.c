/*
 * Prints what the 802.11 decoders say of every frame of a capture: one line a frame, "name=value" separated
 * by tabs, a name only where its value is known. compare.py reads it.
 */
#include "probes/decode/bss_info.h"
#include "probes/decode/ieee80211.h"
#include "probes/decode/radiotap_rate.h"
#include "probes/decode/wlan_received.h"
#include "probes/io/capture.h"

#include <inttypes.h>
#include <stdio.h>

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

static void print_radio(const struct vo_radiotap *radio)
{
    struct vo_wlan_rate rate;
    if (vo_radiotap_has(radio, VO_RADIOTAP_SIGNAL))
        printf("\tsignal=%d", radio->signal_dbm);
    if (vo_radiotap_has(radio, VO_RADIOTAP_SIGNAL_DB))
        printf("\tsignal_db=%u", radio->signal_db);
    if (vo_radiotap_has(radio, VO_RADIOTAP_NOISE))
        printf("\tnoise=%d", radio->noise_dbm);
    if (vo_radiotap_has(radio, VO_RADIOTAP_CHANNEL))
        printf("\tfrequency=%u", radio->frequency_mhz);
    if (vo_radiotap_has(radio, VO_RADIOTAP_TSFT))
        printf("\ttsft=%" PRIu64, radio->tsft_us);
    if (vo_radiotap_has(radio, VO_RADIOTAP_AMPDU))
        printf("\tampdu=%" PRIu32, radio->ampdu_reference);
    if (vo_radiotap_rate(radio, &rate))
        printf("\tkbps=%" PRIu32, rate.kbps);
    if (rate.phy)
        printf("\tphy=%d", rate.phy);
    for (unsigned i = 0; i < radio->chain_count; i++)
        if (radio->chain[i].has >> VO_RADIOTAP_SIGNAL & 1)
            printf("\tchain%u=%d", i, radio->chain[i].signal_dbm);
}

static void print_header(const struct vo_ieee80211 *frame)
{
    printf("\tkind=%u", frame->kind);
    print_address("ra", frame->receiver);
    print_address("ta", frame->transmitter);
    print_address("bssid", frame->bssid);
    print_address("sa", frame->source);
    print_address("da", frame->destination);
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
    uint16_t ethertype;
    if (vo_ieee80211_ethertype(frame, &ethertype))
        printf("\tethertype=%u", ethertype);
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
        printf("\trsn_group=%u", info->rsn.group);
        print_suites("rsn_pairwise", info->rsn.pairwise);
        print_suites("rsn_akm", info->rsn.akms);
        if (info->rsn.parts & VO_BSS_SECURITY_CAPABILITIES)
            printf("\tmfpr=%d\tmfpc=%d", !!(info->rsn.capabilities & VO_RSN_PMF_REQUIRED),
                   !!(info->rsn.capabilities & VO_RSN_PMF_CAPABLE));
        if (info->rsn.parts & VO_BSS_SECURITY_GROUP_MANAGEMENT)
            printf("\trsn_group_management=%u", info->rsn.group_management);
    }
    if (vo_bss_has(info, VO_BSS_WPA)) {
        printf("\twpa_group=%u", info->wpa.group);
        print_suites("wpa_pairwise", info->wpa.pairwise);
        print_suites("wpa_akm", info->wpa.akms);
    }
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
    if (vo_bss_has(info, VO_BSS_STREAMS))
        printf("\tstreams=%u", info->rx_streams);
    if (info->elements)
        printf("\telements=%" PRIu32, info->elements);
    printf("\tmalformed=%u", info->malformed);
    for (unsigned field = VO_BSS_HT; field <= VO_BSS_EHT_OPERATION; field++)
        if (vo_bss_has(info, (enum vo_bss_field)field))
            printf("\tphy%u=1", field - VO_BSS_HT);
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
    print_bss(&info);
}

static void print_frame(uint64_t number, const struct vo_frame *captured)
{
    static const char *const results[] = {"ok", "no frame", "cut", "malformed", "not wlan"};
    struct vo_wlan_received received;
    struct vo_ieee80211 frame;
    enum vo_wlan_received_result result = vo_wlan_received_decode(
        captured->linktype, captured->data, captured->captured, captured->length, &received);
    printf("n=%" PRIu64 "\tlinktype=%" PRIu32 "\theader=%s", number, captured->linktype, results[result]);
    if (result == VO_WLAN_RECEIVED_OK || result == VO_WLAN_RECEIVED_NO_FRAME)
        print_radio(&received.radio);
    if (result == VO_WLAN_RECEIVED_OK) {
        bool with_fcs = received.options & VO_IEEE80211_WITH_FCS;
        if (with_fcs && received.captured == received.length && received.length >= 4)
            printf("\tfcs=%s", vo_ieee80211_fcs_holds(received.at, received.captured) ? "good" : "bad");
        if (received.bad_fcs)
            printf("\tbad_fcs=1");
        if (vo_ieee80211_decode(received.at, received.captured, received.length, received.options, &frame) ==
            VO_IEEE80211_OK) {
            print_header(&frame);
            bool has_channel = vo_radiotap_has(&received.radio, VO_RADIOTAP_CHANNEL);
            print_management(&frame, has_channel ? received.radio.frequency_mhz : 0);
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
    if (vo_capture_open_files(paths, 1, &options, NULL, NULL, &capture, &error) != VO_OK) {
        fprintf(stderr, "wlan-frames: %s\n", error.message);
        return 1;
    }
    enum vo_status status;
    uint64_t number = 0;
    while ((status = vo_capture_next(capture, &frame, &error)) == VO_OK)
        print_frame(++number, &frame);
    if (status != VO_END)
        fprintf(stderr, "wlan-frames: %s\n", error.message);
    vo_capture_close(capture);
    return status != VO_END;
}
