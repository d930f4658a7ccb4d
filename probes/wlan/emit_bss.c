#include "probes/wlan/emit_bss.h"

#include "probes/wlan/describe.h"

static void put_load(struct vo_record_writer *writer, const struct vo_bss *bss)
{
    enum { FULL = 255 };
    const struct vo_load_sum *load = &bss->load, *v1 = &bss->load_v1;
    vo_observe_metric(writer, VO_METRIC_WLAN_LOAD_FRAMES, (double)load->count);
    if (load->count) {
        vo_observe_label_number(writer, "load_raw", load->last);
        vo_observe_metric(writer, VO_METRIC_WLAN_UTILIZATION_PERCENT,
                          100 * (double)load->sum / (double)load->count / FULL);
        vo_observe_metric(writer, VO_METRIC_WLAN_UTILIZATION_MAX_PERCENT, 100 * (double)load->most / FULL);
        vo_observe_metric(writer, VO_METRIC_WLAN_BSS_STATIONS, load->stations_last);
    } else {
        const char *why = v1->count       ? "BSS Load is of Cisco's version 1, another measure"
                          : bss->info.cut ? "its beacons were not captured whole, or end within an element"
                          : vo_bss_has(&bss->info, VO_BSS_LOAD) ? "none of its frames with BSS Load was heard"
                                                                : "its beacons have no BSS Load";
        vo_observe_missing(writer, VO_METRIC_WLAN_UTILIZATION_PERCENT, "%s", why);
    }
    if (v1->count) {
        vo_observe_label_number(writer, "load_v1_raw", v1->last);
        vo_observe_metric(writer, VO_METRIC_WLAN_UTILIZATION_V1_PERCENT, (double)v1->sum / (double)v1->count);
    }
}

void vo_wlan_put_bss(struct vo_record_writer *writer, const struct vo_bss *bss)
{
    char ap[VO_WLAN_ADDRESS_TEXT], ssid[VO_SSID_TEXT];
    if (bss->ssid_size)
        vo_observe_label(writer, "ssid", vo_ssid_text(bss->ssid, bss->ssid_size, ssid));
    if (bss->hidden)
        vo_observe_label(writer, "hidden", "yes");
    vo_observe_label(writer, "ap", vo_wlan_address_text(bss->ap->bssid, ap));
    if (bss->interval_tu)
        vo_observe_label_number(writer, "beacon_interval_tu", bss->interval_tu);
    if (bss->changes)
        vo_observe_label_number(writer, "changes", bss->changes);
    vo_bss_observe(writer, &bss->info, bss->capability, bss->mhz);
    put_load(writer, bss);
}

void vo_wlan_put_signal(struct vo_record_writer *writer, const struct vo_signal *signal,
                        const char *no_signal, const struct vo_signal *noise, const char *no_noise)
{
    double signal_dbm = vo_signal_mean_dbm(signal), noise_dbm = vo_signal_mean_dbm(noise);
    vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_FRAMES, (double)signal->count);
    if (signal->count) {
        vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_DBM, signal_dbm);
        vo_observe_basis(writer, VO_METRIC_WLAN_SIGNAL_DBM, "mean_of_mw");
        vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_MIN_DBM, vo_signal_minimum_dbm(signal));
        vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_P10_DBM, vo_signal_quantile_dbm(signal, 0.1));
    } else {
        vo_observe_missing(writer, VO_METRIC_WLAN_SIGNAL_DBM, "%s", no_signal);
        vo_observe_missing(writer, VO_METRIC_WLAN_SNR_DB, "%s", no_signal);
    }
    if (noise->count) {
        vo_observe_metric(writer, VO_METRIC_WLAN_NOISE_DBM, noise_dbm);
    } else {
        vo_observe_missing(writer, VO_METRIC_WLAN_NOISE_DBM, "%s", no_noise);
        vo_observe_missing(writer, VO_METRIC_WLAN_SNR_DB, "%s", no_noise);
    }
    if (signal->count && noise->count)
        vo_observe_metric(writer, VO_METRIC_WLAN_SNR_DB, vo_signal_snr_db(signal_dbm, noise_dbm));
}
