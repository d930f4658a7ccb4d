/* A small survey for the tests of report/: two places of one SSID, three BSSIDs, a channel, a link, a roam, a
 * burst. */
#ifndef VO_TESTS_UNIT_REPORT_AIR_FIXTURE_H
#define VO_TESTS_UNIT_REPORT_AIR_FIXTURE_H

#include "report/air.h"
#include "tests/unit/report_fixture.h"

#define OWN    "02:00:5e:00:01:00"
#define SECOND "02:00:5e:00:02:00"
#define OTHER  "3c:84:6a:11:20:01"
#define ROAM   "wlan0 2026-11-22T14:03:05.000Z"
#define CELL                                                                                                 \
    "\"kind\":\"cell\",\"id\":\"Lobby / voice\",\"ssid\":\"voice\",\"place\":\"Lobby\",\"bssid\":\"" OWN     \
    "\","                                                                                                    \
    "\"ap\":\"" OWN "\",\"frequency_mhz\":5180,\"channel\":36,\"boundary_dbm\":-70"

/* Lobby is judged -72 dBm; nothing of it was judged where the SSID was not heard. */
static const char air_verdict[] =
    "{\"format\":1,\"verdict\":\"not_ready\",\"reason\":\"air.signal failed for 1 of 2 places\",\n"
    "\"created\":\"2026-11-22T14:10:00Z\",\"profile\":\"voice\",\"areas\":[\"air\"],\n"
    "\"runs\":[{\"run\":\"w\",\"probe\":\"voready-wlan\",\"source\":[\"wlan0\"],\"complete\":true}],\n"
    "\"results\":[\n"
    "{\"rule\":\"air.signal\",\"title\":\"Signal\",\"area\":\"air\",\"severity\":\"critical\",\"required\":"
    "true,\n"
    " \"status\":\"fail\",\"subject\":{" CELL
    "},\"metric\":\"wlan_signal_dbm\",\"observed\":-72,\"unit\":\"dBm\",\n"
    " \"limit\":{\"at_least\":-70},\"limit_text\":\"at least -70 dBm\",\"margin\":-2,\n"
    " \"evidence\":[{\"run\":\"w\",\"n\":4}],\"reason\":\"-72.0 dBm is not at least -70 dBm\"},\n"
    "{\"rule\":\"air.separation\",\"title\":\"Separation\",\"area\":\"air\",\"severity\":\"major\","
    "\"status\":\"pass\",\n"
    " \"subject\":{" CELL "},\"metric\":\"wlan_separation_db\",\"observed\":20,\"unit\":\"dB\",\n"
    " \"limit\":{\"at_least\":19},\"limit_text\":\"at least 19 dB\",\"margin\":1,\"reason\":\"20.0 dB\"},\n"
    "{\"rule\":\"air.utilization\",\"title\":\"Load\",\"area\":\"air\",\"severity\":\"major\",\"status\":"
    "\"warn\",\n"
    " \"subject\":{\"kind\":\"bss\",\"id\":\"" OWN "\",\"ssid\":\"voice\",\"frequency_mhz\":5180},\n"
    " \"metric\":\"wlan_utilization_percent\",\"observed\":40,\"unit\":\"percent\",\"limit\":{\"below\":45},"
    "\n"
    " \"limit_text\":\"below 45 "
    "%\",\"margin\":5,\"evidence\":[{\"run\":\"w\",\"n\":4}],\"reason\":\"near\"},\n"
    "{\"rule\":\"air.busy\",\"title\":\"Busy\",\"area\":\"air\",\"severity\":\"major\",\"status\":\"not_"
    "measured\",\n"
    " \"subject\":{\"kind\":\"channel\",\"id\":\"5180 "
    "MHz\",\"frequency_mhz\":5180,\"interface\":\"wlan0\"},\n"
    " \"metric\":\"wlan_busy_percent\",\"observed\":null,\"unit\":\"percent\",\"limit\":{\"below\":45},\n"
    " \"limit_text\":\"below 45 %\",\"margin\":null,\"reason\":\"the driver does not count\"},\n"
    "{\"rule\":\"air.per\",\"title\":\"PER\",\"area\":\"air\",\"severity\":\"critical\",\"status\":\"pass\","
    "\n"
    " \"subject\":{\"kind\":\"link\",\"id\":\"wlan0 " OWN
    "\",\"interface\":\"wlan0\",\"ssid\":\"voice\",\"bssid\":\"" OWN "\",\"frequency_mhz\":5180},\n"
    " \"metric\":\"wlan_per_percent\",\"observed\":0.5,\"unit\":\"percent\",\"samples\":1000,\"limit\":{"
    "\"below\":1},\n"
    " \"limit_text\":\"below 1 %\",\"margin\":0.5,\"evidence\":[{\"run\":\"w\",\"n\":9}],\"reason\":\"0.5 "
    "%\"},\n"
    "{\"rule\":\"air.roaming.gap\",\"title\":\"Gap\",\"area\":\"air\",\"severity\":\"critical\",\"status\":"
    "\"fail\",\n"
    " \"subject\":{\"kind\":\"roam\",\"id\":\"" ROAM "\",\"interface\":\"wlan0\",\"from\":\"" OWN
    "\",\"to\":\"" SECOND "\"},\n"
    " \"metric\":\"wlan_roam_gap_ms\",\"observed\":312,\"unit\":\"ms\",\"limit\":{\"below\":150},\n"
    " \"limit_text\":\"below 150 "
    "ms\",\"margin\":-162,\"evidence\":[{\"run\":\"w\",\"n\":10}],\"reason\":\"312 ms\"},\n"
    "{\"rule\":\"air.overlap\",\"title\":\"Overlap\",\"area\":\"air\",\"severity\":\"major\",\"status\":"
    "\"pass\",\n"
    " \"subject\":{\"kind\":\"access_point\",\"id\":\"voice " OWN "\",\"ssid\":\"voice\"},\n"
    " \"metric\":\"wlan_overlap_percent\",\"observed\":25,\"unit\":\"percent\",\"limit\":{\"at_least\":20},\n"
    " \"limit_text\":\"at least 20 %\",\"margin\":5,\"reason\":\"25 %\"}],\n"
    "\"derived\":[\n"
    "{\"record\":\"observation\",\"time\":\"2026-11-22T14:01:00Z\",\"subject\":{" CELL
    ",\"interferer\":\"" OTHER "\",\"interferer_ssid\":\"Coffee\",\"interferer_dbm\":-92},\n"
    " \"metrics\":{\"wlan_signal_dbm\":-72,\"wlan_signal_min_dbm\":-77,\"wlan_signal_handset_dbm\":-84,\n"
    " \"wlan_signal_frames\":24,\"wlan_separation_db\":20,\"wlan_channel_access_points\":1},\n"
    " \"states\":{\"wlan_coverage\":\"heard\"},\"missing\":{\"wlan_snr_db\":\"no noise\"},\n"
    " \"evidence\":[{\"run\":\"w\",\"n\":4},{\"run\":\"w\",\"n\":3}]},\n"
    "{\"subject\":{\"kind\":\"cell\",\"id\":\"Stairs / voice\",\"ssid\":\"voice\",\"place\":\"Stairs\"},\n"
    " \"metrics\":{\"wlan_scans\":3},\"states\":{\"wlan_coverage\":\"not_heard\"},\"evidence\":[{\"run\":"
    "\"w\",\"n\":2}]},\n"
    "{\"subject\":{\"kind\":\"access_point\",\"id\":\"voice " OWN
    "\",\"ssid\":\"voice\",\"neighbour\":\"" SECOND
    "\",\"shared_places\":1},\"metrics\":{\"wlan_overlap_percent\":25,\"wlan_covered_places\":4}},\n"
    "{\"subject\":{\"kind\":\"bss\",\"id\":\"" OWN "\",\"assumptions\":\"G.711\"},\n"
    " \"metrics\":{\"wlan_capacity_calls\":14,\"wlan_capacity_most_calls\":27}},\n"
    "{\"record\":\"event\",\"kind\":\"explanation\",\"time\":\"2026-11-22T14:03:05Z\",\"until\":\"2026-11-"
    "22T14:03:07Z\",\n"
    " \"subject\":{\"kind\":\"rtp_stream\",\"id\":\"s1\"},\"lost\":23,\"expected\":100,\"with\":[\n"
    " {\"what\":\"roam\",\"text\":\"roam A → B\",\"evidence\":[{\"run\":\"5f0c2f6e-x\",\"n\":17}]}]},\n"
    "{\"record\":\"event\",\"kind\":\"explanation\",\"time\":\"2026-11-22T14:02:05.120Z\",\n"
    " \"until\":\"2026-11-22T14:02:05.480Z\",\"subject\":\"s1\",\"lost\":3,\"with\":[]}]}\n";

#define AIR_BSS(n, place, bssid, labels, metrics, more)                                                      \
    "{\"record\":\"observation\",\"run\":\"w\",\"n\":" n ",\"time\":\"2026-11-22T14:00:0" n                  \
    "Z\",\"place\":\"" place "\",\"subject\":{\"kind\":\"bss\",\"id\":\"" bssid "\",\"visit\":1," labels     \
    "},\"metrics\":{" metrics "}" more "}\n"

/* OWN was told twice at Stairs: the second stands, with 10 announcements of 20 %; at Lobby 30 of 40 %. */
static const char air_records[] =
    "{\"record\":\"run\",\"run\":\"w\",\"n\":1,\"format\":1,\"probe\":\"voready-wlan\"}\n"
    "{\"record\":\"observation\",\"run\":\"w\",\"n\":2,\"place\":\"Stairs\",\"subject\":{\"kind\":\"cell\","
    "\"id\":\"Stairs / voice\",\"visit\":1},\"states\":{\"wlan_coverage\":\"heard\"}}\n" AIR_BSS(
        "2", "Stairs", OWN,
        "\"ssid\":\"voice\",\"ap\":\"" OWN "\",\"ap_name\":\"ap-lobby\",\"frequency_mhz\":5180,"
        "\"width_mhz\":80,\"center_mhz\":5210",
        "\"wlan_signal_dbm\":-60,\"wlan_utilization_percent\":90,\"wlan_load_frames\":5", "")
        AIR_BSS("3", "Stairs", OWN,
                "\"ssid\":\"voice\",\"ap\":\"" OWN
                "\",\"ap_name\":\"ap-lobby\",\"frequency_mhz\":5180,\"width_mhz\":80,"
                "\"center_mhz\":5210",
                "\"wlan_signal_dbm\":-61,\"wlan_utilization_percent\":20,\"wlan_utilization_max_percent\":22,"
                "\"wlan_load_frames\":10",
                "")
            AIR_BSS(
                "4", "Lobby", OWN,
                "\"ssid\":\"voice\",\"ap\":\"" OWN "\",\"ap_name\":\"ap-lobby\",\"frequency_mhz\":5180,"
                "\"width_mhz\":80,\"center_mhz\":5210,\"akms\":\"802.1X\",\"country\":\"DE\",\"dfs\":\"yes\"",
                "\"wlan_signal_dbm\":-72,\"wlan_utilization_percent\":40,\"wlan_utilization_max_percent\":44,"
                "\"wlan_load_frames\":30,\"wlan_streams\":4,\"wlan_tx_power_dbm\":14",
                ",\"states\":{\"wlan_wmm\":\"on\",\"wlan_uapsd\":\"off\",\"wlan_pmf\":\"optional\","
                "\"wlan_security\":\"wpa2_enterprise\",\"wlan_phy\":\"ax\",\"wlan_fast_transition\":\"on\","
                "\"wlan_bss_transition\":\"off\"}")
                AIR_BSS("5", "Lobby", SECOND,
                        "\"ssid\":\"guest\",\"ap\":\"" OWN "\",\"frequency_mhz\":5180,\"width_mhz\":80,"
                        "\"center_mhz\":5210,\"judged\":\"no\"",
                        "\"wlan_signal_dbm\":-73", "")
                    AIR_BSS("6", "Lobby", OTHER,
                            "\"hidden\":\"yes\",\"frequency_mhz\":5955,\"channel\":1,\"judged\":\"no\"",
                            "\"wlan_signal_dbm\":-92",
                            ",\"missing\":{\"wlan_utilization_percent\":\"its beacons have no BSS "
                            "Load\"}") "{\"record\":\"observation\",\"run\":\"w\",\"n\":7,\"subject\":{"
                                       "\"kind\":\"channel\",\"id\":\"5180 MHz\","
                                       "\"frequency_mhz\":5180,\"interface\":\"wlan0\",\"source\":"
                                       "\"kernel_survey\"},\"missing\":{\"wlan_busy_percent\":"
                                       "\"the driver does not count\"}}\n"
                                       "{\"record\":\"observation\",\"run\":\"w\",\"n\":8,\"subject\":{"
                                       "\"kind\":\"channel\",\"id\":\"5180 MHz\","
                                       "\"frequency_mhz\":5180,\"interface\":\"mon0\"},\"metrics\":{"
                                       "\"wlan_airtime_percent\":22.5,"
                                       "\"wlan_airtime_voice_percent\":6,\"wlan_airtime_management_"
                                       "percent\":4.5}}\n"
                                       "{\"record\":\"observation\",\"run\":\"w\",\"n\":9,\"subject\":{"
                                       "\"kind\":\"link\",\"id\":\"wlan0 " OWN
                                       "\",\"interface\":\"wlan0\",\"ssid\":\"voice\",\"bssid\":\"" OWN
                                       "\",\"frequency_mhz\":5180},"
                                       "\"metrics\":{\"wlan_signal_dbm\":-64,\"wlan_per_percent\":0.5,"
                                       "\"wlan_sent_frames\":1000,"
                                       "\"wlan_undelivered_frames\":5,\"wlan_retry_percent\":10,\"wlan_"
                                       "attempts\":1111,\"wlan_retry_frames\":111}}\n"
                                       "{\"record\":\"event\",\"run\":\"w\",\"n\":11,\"kind\":\"wlan_"
                                       "roam\",\"time\":\"2026-11-22T14:03:05Z\","
                                       "\"subject\":{\"kind\":\"roam\",\"id\":\"" ROAM
                                       "\"},\"last_data\":\"2026-11-22T14:03:05.000Z\","
                                       "\"first_data\":\"2026-11-22T14:03:05.312Z\",\"authentication\":"
                                       "\"2026-11-22T14:03:05.100Z\",\"probes\":4,"
                                       "\"port_opened\":\"2026-11-22T14:03:05.250Z\"}\n"
                                       "{\"record\":\"observation\",\"run\":\"w\",\"n\":10,\"time\":"
                                       "\"2026-11-22T14:03:05Z\",\"subject\":{\"kind\":\"roam\","
                                       "\"id\":\"" ROAM "\",\"interface\":\"wlan0\",\"from\":\"" OWN
                                       "\",\"to\":\"" SECOND "\",\"dhcp\":\"yes\"},"
                                       "\"metrics\":{\"wlan_roam_gap_ms\":312,\"wlan_roam_signal_before_"
                                       "dbm\":-76,\"wlan_roam_signal_after_dbm\":-58},"
                                       "\"states\":{\"wlan_roam_method\":\"ft\",\"wlan_roam_subnet\":"
                                       "\"same\"},"
                                       "\"uncertainty\":{\"wlan_roam_gap_ms\":20},\"basis\":{\"wlan_roam_"
                                       "gap_ms\":\"rtp_received\"}}\n"
                                       /* two links of one interface meet in the step 14:03:05: 30 + 10
                                          frames, the weaker level */
                                       "{\"record\":\"series\",\"run\":\"w\",\"n\":12,\"subject\":{"
                                       "\"kind\":\"link\",\"id\":\"wlan0 " OWN
                                       "\"},\"start\":\"2026-11-22T14:03:03Z\",\"step_s\":1,\"columns\":{"
                                       "\"wlan_signal_dbm\":[-70,-74,-76],"
                                       "\"wlan_sent_frames\":[50,50,30],\"wlan_retry_frames\":[0,50,10],"
                                       "\"wlan_undelivered_frames\":[0,1,3]}}\n"
                                       "{\"record\":\"series\",\"run\":\"w\",\"n\":13,\"subject\":{"
                                       "\"kind\":\"link\",\"id\":\"wlan0 " SECOND
                                       "\"},\"start\":\"2026-11-22T14:03:05Z\",\"step_s\":1,\"columns\":{"
                                       "\"wlan_signal_dbm\":[-58,-58],"
                                       "\"wlan_sent_frames\":[10,50],\"wlan_retry_frames\":[0,0],\"wlan_"
                                       "undelivered_frames\":[0,0]}}\n"
                                       "{\"record\":\"end\",\"run\":\"w\",\"n\":14,\"complete\":true}\n";

static inline struct vo_report *air_load(void)
{
    struct vo_report *report;
    struct vo_error error = {0};
    if (fixture_load_texts(air_verdict, air_records, &report, &error) != VO_OK) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    return report;
}

#endif
