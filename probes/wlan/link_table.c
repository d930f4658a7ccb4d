#include "probes/wlan/link_table.h"

#include "core/estimate/channel.h"
#include "probes/wlan/describe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE = 24 };

/* "-" for what was not measured. */
static const char *number(char text[VALUE], double value, const char *format)
{
    if (isnan(value))
        return "-";
    snprintf(text, VALUE, format, value);
    return text;
}

static double mean_rate(double kbps, uint32_t count)
{
    return count ? kbps / count / 1000 : NAN;
}

const char *vo_link_line(const struct vo_link_meter *meter, const struct vo_link_sum *sum, double signal_dbm,
                         char text[VO_LINK_LINE])
{
    char dbm[VALUE], snr[VALUE], rate[VALUE], per[VALUE], retry[VALUE], busy[VALUE];
    char bssid[VO_WLAN_ADDRESS_TEXT];
    const char *why;
    const struct vo_channel_meter *channel = vo_channel_meters_find(&meter->channels, sum->frequency_mhz);
    double noise = vo_signal_mean_dbm(&sum->noise);
    bool sent = vo_station_has(&sum->now, VO_STATION_TX_RATE) && sum->now.tx_rate.known & VO_WLAN_RATE_KBPS;
    snprintf(text, VO_LINK_LINE,
             "%s %u MHz: %s dBm, SNR %s dB, sent at %s Mbit/s, PER %s, retries %s, channel busy %s",
             vo_wlan_address_text(sum->bssid, bssid), sum->frequency_mhz, number(dbm, signal_dbm, "%.0f"),
             number(snr, vo_signal_snr_db(signal_dbm, noise), "%.0f"),
             number(rate, sent ? sum->now.tx_rate.kbps / 1000.0 : NAN, "%.1f"),
             number(per, vo_link_per_percent(sum, &why), "%.2f %%"),
             number(retry, vo_link_retry_percent(sum, &why), "%.1f %%"),
             number(busy, channel ? vo_channel_percent(channel, VO_CHANNEL_BUSY) : NAN, "%.0f %%"));
    return text;
}

/* --- Links ---------------------------------------------------------------------------------------- */

static void print_link(const struct vo_link_sum *sum, FILE *stream)
{
    char bssid[VO_WLAN_ADDRESS_TEXT], ssid[VO_SSID_TEXT], mean[VALUE], least[VALUE], noise[VALUE], snr[VALUE];
    char per[VALUE], retry[VALUE], tx[VALUE], rx[VALUE], sent[VALUE];
    const char *why;
    double level = vo_signal_mean_dbm(&sum->signal), background = vo_signal_mean_dbm(&sum->noise);
    bool counted = sum->differences && sum->told >> VO_LINK_SENT & 1;
    fprintf(stream, "  %s %5u %6.0f s %7s %5s %6s %5s %9s %8s %8s %9s %9s %6u  %s\n",
            vo_wlan_address_text(sum->bssid, bssid), sum->frequency_mhz,
            (double)(sum->last - sum->first) / (double)VO_NS_PER_S, number(mean, level, "%.1f"),
            number(least, vo_signal_minimum_dbm(&sum->signal), "%.0f"), number(noise, background, "%.0f"),
            number(snr, vo_signal_snr_db(level, background), "%.0f"),
            number(sent, counted ? (double)sum->count[VO_LINK_SENT] : NAN, "%.0f"),
            number(per, vo_link_per_percent(sum, &why), "%.2f %%"),
            number(retry, vo_link_retry_percent(sum, &why), "%.1f %%"),
            number(tx, mean_rate(sum->tx_kbps, sum->tx_rates), "%.1f"),
            number(rx, mean_rate(sum->rx_kbps, sum->rx_rates), "%.1f"), sum->roams,
            sum->ssid_size ? vo_ssid_text(sum->ssid, sum->ssid_size, ssid) : "-");
}

/* Why columns are empty, each reason once. */
static void print_reasons(const struct vo_link_meter *meter, FILE *stream)
{
    const char *told[3] = {NULL, NULL, NULL};
    for (size_t i = 0; i < meter->count; i++) {
        const struct vo_link_sum *sum = meter->sums[i];
        const char *why[3] = {NULL, NULL, NULL};
        static const char *const what[3] = {"PER", "retries", "noise and SNR"};
        if (!isnan(vo_link_per_percent(sum, &why[0])))
            why[0] = NULL;
        if (!isnan(vo_link_retry_percent(sum, &why[1])))
            why[1] = NULL;
        why[2] = sum->noise.count ? NULL : sum->no_noise;
        for (int k = 0; k < 3; k++)
            if (why[k] && !(told[k] && strcmp(told[k], why[k]) == 0)) {
                fprintf(stream, "  %s not measured: %s\n", what[k], why[k]);
                told[k] = why[k];
            }
    }
}

void vo_link_print(const struct vo_link_meter *meter, FILE *stream)
{
    if (!meter->count)
        return;
    fprintf(stream, "  %-17s %5s %8s %7s %5s %6s %5s %9s %8s %8s %9s %9s %6s  %s\n", "BSSID", "MHz", "time",
            "dBm", "least", "noise", "SNR", "sent", "PER", "retries", "Mbit/s tx", "Mbit/s rx", "roams to",
            "SSID");
    for (size_t i = 0; i < meter->count; i++)
        print_link(meter->sums[i], stream);
    print_reasons(meter, stream);
    fputs("  Loss from the access point is not counted by the kernel: voready-wlan monitor hears it.\n\n",
          stream);
    vo_channel_print(&meter->channels, stream);
}

/* --- Channels ------------------------------------------------------------------------------------- */

static int by_frequency(const void *a, const void *b)
{
    const struct vo_channel_meter *const *one = a, *const *other = b;
    return (*one)->mhz > (*other)->mhz ? 1 : -((*one)->mhz < (*other)->mhz);
}

static void print_channel(const struct vo_channel_meter *meter, FILE *stream)
{
    char busy[VALUE], receiving[VALUE], sending[VALUE], noise[VALUE], channel[VALUE] = "-", time[VALUE];
    const struct vo_channel_sum *sum = &meter->sum;
    unsigned number_of = vo_channel_number(meter->mhz);
    double share = vo_channel_percent(meter, VO_CHANNEL_BUSY);
    if (number_of)
        snprintf(channel, sizeof channel, "%u", number_of);
    fprintf(stream, "  %5u %7s %-8s %-6s %10s %8s %9s %8s %7s%s%s\n", meter->mhz, channel,
            vo_channel_band_name(vo_channel_band(meter->mhz)), meter->in_use ? "yes" : "no",
            number(time, sum->differences ? (double)sum->observed_ms / 1000 : NAN, "%.1f s"),
            number(busy, share, "%.1f %%"),
            number(receiving, vo_channel_percent(meter, VO_CHANNEL_RECEIVING), "%.1f %%"),
            number(sending, vo_channel_percent(meter, VO_CHANNEL_SENDING), "%.1f %%"),
            number(noise, vo_signal_mean_dbm(&sum->noise), "%.0f"), isnan(share) ? "  " : "",
            isnan(share) ? vo_channel_why(meter, VO_CHANNEL_BUSY) : "");
}

void vo_channel_print(const struct vo_channel_meters *meters, FILE *stream)
{
    size_t count = 0, others = 0;
    const struct vo_channel_meter **list = calloc(meters->count + 1, sizeof *list);
    for (size_t i = 0; list && i < meters->count; i++) {
        const struct vo_channel_meter *meter = &meters->list[i];
        bool shown = meter->in_use || meter->sum.differences;
        others += meter->sum.readings && !shown;
        if (meter->sum.readings && shown)
            list[count++] = meter;
    }
    if (count) {
        qsort(list, count, sizeof *list, by_frequency);
        fprintf(stream, "  %5s %7s %-8s %-6s %10s %8s %9s %8s %7s\n", "MHz", "channel", "band", "in use",
                "observed", "busy", "receiving", "sending", "noise");
        for (size_t i = 0; i < count; i++)
            print_channel(list[i], stream);
    }
    if (others)
        fprintf(stream, "  %zu further channels are not measured: no scan came there twice\n", others);
    free(list);
}
