#include "probes/wlan/link_emit.h"

#include "core/estimate/channel.h"
#include "probes/wlan/describe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ID_SIZE  64
#define KEY_SIZE (VO_SSID_TEXT + 260)

/* --- Links ---------------------------------------------------------------------------------------- */

static void label_rate(struct vo_record_writer *writer, const char *way, const struct vo_wlan_rate *rate)
{
    static const char *const phys[] = {
        [VO_WLAN_PHY_DSSS] = "dsss", [VO_WLAN_PHY_OFDM] = "ofdm", [VO_WLAN_PHY_HT] = "ht",
        [VO_WLAN_PHY_VHT] = "vht",   [VO_WLAN_PHY_HE] = "he",     [VO_WLAN_PHY_EHT] = "eht",
    };
    const struct {
        const char *what;
        uint16_t known;
        double value;
    } parts[] = {{"mcs", VO_WLAN_RATE_MCS, rate->mcs},
                 {"nss", VO_WLAN_RATE_NSS, rate->nss},
                 {"width_mhz", VO_WLAN_RATE_WIDTH, rate->width_mhz},
                 {"gi_ns", VO_WLAN_RATE_GI, rate->gi_ns},
                 {"kbps", VO_WLAN_RATE_KBPS, rate->kbps},
                 {"dcm", VO_WLAN_RATE_DCM, rate->dcm},
                 {"tones", VO_WLAN_RATE_TONES, rate->tones}};
    char name[24];
    snprintf(name, sizeof name, "%s_phy", way);
    vo_observe_label(writer, name, phys[rate->phy]);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(name, sizeof name, "%s_%s", way, parts[i].what);
        if (rate->known & parts[i].known)
            vo_observe_label_number(writer, name, parts[i].value);
    }
}

/* "-61 -64": by chain, "-" for one that is not there. */
static void label_chains(struct vo_record_writer *writer, const struct vo_station *station)
{
    char text[8 * VO_STATION_CHAINS_MAX] = "";
    size_t used = 0;
    for (unsigned i = 0; i < VO_STATION_CHAINS_MAX && station->chain_mask >> i; i++) {
        if (station->chain_mask >> i & 1)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", used ? " " : "",
                                     station->chain_dbm[i]);
        else
            used += (size_t)snprintf(text + used, sizeof text - used, "%s-", used ? " " : "");
    }
    if (vo_station_has(station, VO_STATION_CHAINS))
        vo_observe_label(writer, "chains_dbm", text);
}

static void put_signal(struct vo_record_writer *writer, const struct vo_link_sum *sum)
{
    const struct vo_signal *signal = &sum->signal;
    vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_FRAMES, (double)signal->count);
    if (vo_station_has(&sum->now, VO_STATION_BEACON_AVERAGE))
        vo_observe_metric(writer, VO_METRIC_WLAN_BEACON_SIGNAL_DBM, sum->now.beacon_average_dbm);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_BEACON_SIGNAL_DBM,
                           "the driver tells no average of the beacons' level");
    if (!signal->count) {
        const char *why = vo_station_has(&sum->now, VO_STATION_SIGNAL_DOUBTFUL)
                              ? "the driver reports a level that can be none"
                              : "the driver reports no level in dBm";
        vo_observe_missing(writer, VO_METRIC_WLAN_SIGNAL_DBM, "%s", why);
        vo_observe_missing(writer, VO_METRIC_WLAN_SIGNAL_MIN_DBM, "%s", why);
        return;
    }
    vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_DBM, vo_signal_mean_dbm(signal));
    vo_observe_basis(writer, VO_METRIC_WLAN_SIGNAL_DBM, "mean_of_mw");
    vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_MIN_DBM, vo_signal_minimum_dbm(signal));
    vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_P10_DBM, vo_signal_quantile_dbm(signal, 0.1));
    if (signal->count > 1)
        vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_DEVIATION_DB, vo_signal_deviation_db(signal));
}

static void put_noise(struct vo_record_writer *writer, const struct vo_link_sum *sum)
{
    double noise = vo_signal_mean_dbm(&sum->noise), snr = NAN;
    if (!sum->noise.count) {
        const char *why = sum->no_noise ? sum->no_noise : "the driver reports no noise";
        vo_observe_missing(writer, VO_METRIC_WLAN_NOISE_DBM, "%s", why);
        vo_observe_missing(writer, VO_METRIC_WLAN_SNR_DB, "no noise was measured: %s", why);
        return;
    }
    vo_observe_metric(writer, VO_METRIC_WLAN_NOISE_DBM, noise);
    snr = vo_signal_snr_db(vo_signal_mean_dbm(&sum->signal), noise);
    if (isnan(snr))
        vo_observe_missing(writer, VO_METRIC_WLAN_SNR_DB, "no level was measured");
    else
        vo_observe_metric(writer, VO_METRIC_WLAN_SNR_DB, snr);
}

static void put_share(struct vo_record_writer *writer, enum vo_metric metric, double percent, const char *why)
{
    if (isnan(percent)) {
        vo_observe_missing(writer, metric, "%s", why);
        return;
    }
    vo_observe_metric(writer, metric, percent);
    vo_observe_basis(writer, metric, "kernel_counters");
}

static void put_counts(struct vo_record_writer *writer, const struct vo_link_sum *sum)
{
    static const struct {
        enum vo_link_count count;
        enum vo_metric metric;
    } rows[] = {{VO_LINK_SENT, VO_METRIC_WLAN_SENT_FRAMES},
                {VO_LINK_RETRIES, VO_METRIC_WLAN_RETRY_FRAMES},
                {VO_LINK_FAILED, VO_METRIC_WLAN_UNDELIVERED_FRAMES},
                {VO_LINK_BEACON_LOSSES, VO_METRIC_WLAN_BEACON_LOSSES}};
    const char *why = "the counters were never compared";
    unsigned attempts = 1u << VO_LINK_SENT | 1u << VO_LINK_RETRIES;
    double per = vo_link_per_percent(sum, &why);
    put_share(writer, VO_METRIC_WLAN_PER_PERCENT, per, why);
    double retry = vo_link_retry_percent(sum, &why);
    put_share(writer, VO_METRIC_WLAN_RETRY_PERCENT, retry, why);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!(sum->told >> rows[i].count & 1))
            vo_observe_missing(writer, rows[i].metric, "the driver does not count them");
        else if (!sum->differences)
            vo_observe_missing(writer, rows[i].metric, "%s", why);
        else
            vo_observe_metric(writer, rows[i].metric, (double)sum->count[rows[i].count]);
    if (sum->differences && (sum->told & attempts) == attempts)
        vo_observe_metric(writer, VO_METRIC_WLAN_ATTEMPTS,
                          (double)(sum->count[VO_LINK_SENT] + sum->count[VO_LINK_RETRIES]));
    vo_observe_metric(writer, VO_METRIC_WLAN_COUNTER_RESETS, sum->resets);
    vo_observe_metric(writer, VO_METRIC_WLAN_ROAMS, sum->roams);
}

static void put_rates(struct vo_record_writer *writer, const struct vo_link_sum *sum)
{
    if (vo_station_has(&sum->now, VO_STATION_TX_RATE))
        label_rate(writer, "tx", &sum->now.tx_rate);
    if (vo_station_has(&sum->now, VO_STATION_RX_RATE))
        label_rate(writer, "rx", &sum->now.rx_rate);
    if (sum->tx_rates)
        vo_observe_metric(writer, VO_METRIC_WLAN_TX_RATE_MBPS, sum->tx_kbps / sum->tx_rates / 1000);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_TX_RATE_MBPS, "the driver tells no rate of frames sent");
    if (sum->rx_rates)
        vo_observe_metric(writer, VO_METRIC_WLAN_RX_RATE_MBPS, sum->rx_kbps / sum->rx_rates / 1000);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_RX_RATE_MBPS,
                           "the driver tells no rate of frames received");
}

struct names {
    char id[ID_SIZE], key[KEY_SIZE], ssid[VO_SSID_TEXT], bssid[VO_WLAN_ADDRESS_TEXT];
};

/* `way`: " from_ap", or "". */
static struct vo_subject name_link(const struct vo_link_tells *tells, vo_wlan_address bssid,
                                   const uint8_t *ssid, unsigned ssid_size, const char *way,
                                   struct names *names)
{
    vo_wlan_address_text(bssid, names->bssid);
    vo_ssid_text(ssid, ssid_size, names->ssid);
    snprintf(names->id, sizeof names->id, "%.15s %s%s", tells->interface, names->bssid, way);
    snprintf(names->key, sizeof names->key, "%s%s%.200s%s", ssid_size ? names->ssid : names->bssid,
             tells->place ? " @ " : "", tells->place ? tells->place : "", way);
    return (struct vo_subject){"link", names->id, names->key};
}

static void begin_link(const struct vo_link_tells *tells, const struct vo_link_sum *sum,
                       const char *direction, const char *way)
{
    struct names names;
    struct vo_record_writer *writer = tells->writer;
    struct vo_subject subject = name_link(tells, sum->bssid, sum->ssid, sum->ssid_size, way, &names);
    vo_observe_begin(writer, sum->first, &subject);
    vo_observe_label(writer, "interface", tells->interface);
    vo_observe_label(writer, "direction", direction);
    vo_observe_label(writer, "bssid", names.bssid);
    vo_observe_label(writer, "ssid", sum->ssid_size ? names.ssid : NULL);
    if (sum->frequency_mhz)
        vo_observe_label_number(writer, "frequency_mhz", sum->frequency_mhz);
    if (tells->visit)
        vo_observe_label_number(writer, "visit", tells->visit);
}

/* The other way, of which the kernel knows nothing: said once. */
static void emit_from_ap(const struct vo_link_tells *tells, const struct vo_link_sum *sum)
{
    static const char why[] =
        "the kernel does not count what an access point sent in vain: a capture in monitor mode tells";
    begin_link(tells, sum, "from_ap", " from_ap");
    vo_observe_missing(tells->writer, VO_METRIC_WLAN_PER_PERCENT, "%s", why);
    vo_observe_missing(tells->writer, VO_METRIC_WLAN_RETRY_PERCENT, "%s", why);
    vo_observe_end(tells->writer);
}

static void emit_link(const struct vo_link_tells *tells, struct vo_link_sum *sum)
{
    struct vo_record_writer *writer = tells->writer;
    if (!sum->told_from_ap)
        emit_from_ap(tells, sum);
    sum->told_from_ap = true;
    sum->fresh = false;
    begin_link(tells, sum, "to_ap", "");
    vo_observe_label_number(writer, "associations", sum->associations);
    label_chains(writer, &sum->now);
    put_signal(writer, sum);
    put_noise(writer, sum);
    put_counts(writer, sum);
    put_rates(writer, sum);
    if (tells->more)
        tells->more(tells->context, writer, sum);
    vo_observe_end(writer);
}

void vo_link_emit(const struct vo_link_tells *tells, struct vo_link_meter *meter, bool all)
{
    for (size_t i = 0; i < meter->count; i++)
        if (all || meter->sums[i]->fresh)
            emit_link(tells, meter->sums[i]);
    for (size_t i = 0; i < meter->channels.count; i++)
        if (meter->channels.list[i].sum.readings && (all || meter->channels.list[i].fresh))
            vo_channel_emit(tells, &meter->channels.list[i]);
}

/* --- Channels ------------------------------------------------------------------------------------- */

static struct vo_subject name_channel(uint32_t mhz, char text[ID_SIZE])
{
    snprintf(text, ID_SIZE, "%u MHz", mhz);
    return (struct vo_subject){"channel", text, text};
}

static void put_channel(struct vo_record_writer *writer, const struct vo_channel_meter *meter)
{
    static const struct {
        enum vo_channel_count count;
        enum vo_metric metric;
    } rows[] = {{VO_CHANNEL_BUSY, VO_METRIC_WLAN_BUSY_PERCENT},
                {VO_CHANNEL_RECEIVING, VO_METRIC_WLAN_RECEIVING_PERCENT},
                {VO_CHANNEL_SENDING, VO_METRIC_WLAN_SENDING_PERCENT}};
    const struct vo_channel_sum *sum = &meter->sum;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        put_share(writer, rows[i].metric, vo_channel_percent(meter, rows[i].count),
                  vo_channel_why(meter, rows[i].count));
    if (sum->differences)
        vo_observe_metric(writer, VO_METRIC_WLAN_OBSERVED_S, (double)sum->observed_ms / 1000);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_OBSERVED_S, "%s", vo_channel_why(meter, VO_CHANNEL_TIME));
    if (sum->noise.count)
        vo_observe_metric(writer, VO_METRIC_WLAN_NOISE_DBM, vo_signal_mean_dbm(&sum->noise));
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_NOISE_DBM, "%s", vo_channel_why_no_noise(meter));
    vo_observe_metric(writer, VO_METRIC_WLAN_COUNTER_RESETS, sum->resets);
}

void vo_channel_emit(const struct vo_link_tells *tells, struct vo_channel_meter *meter)
{
    struct vo_record_writer *writer = tells->writer;
    char id[ID_SIZE];
    struct vo_subject subject = name_channel(meter->mhz, id);
    unsigned number = vo_channel_number(meter->mhz);
    meter->fresh = false;
    vo_observe_begin(writer, meter->sum.first, &subject);
    vo_observe_label(writer, "interface", tells->interface);
    vo_observe_label(writer, "source", "kernel_survey");
    vo_observe_label_number(writer, "frequency_mhz", meter->mhz);
    vo_observe_label(writer, "band", vo_channel_band_name(vo_channel_band(meter->mhz)));
    if (number)
        vo_observe_label_number(writer, "channel", number);
    vo_observe_label(writer, "in_use", meter->in_use ? "yes" : "no");
    vo_observe_label(writer, "judged", meter->in_use ? NULL : "no");
    if (tells->visit)
        vo_observe_label_number(writer, "visit", tells->visit);
    put_channel(writer, meter);
    vo_observe_end(writer);
}

/* --- Series --------------------------------------------------------------------------------------- */

static double link_cell(const void *rows, size_t at, enum vo_metric column)
{
    const struct vo_link_row *row = (const struct vo_link_row *)rows + at;
    switch (column) {
    case VO_METRIC_WLAN_SIGNAL_DBM:
        return row->signals ? 10 * log10(row->signal_mw / row->signals) : NAN;
    case VO_METRIC_WLAN_SENT_FRAMES:
        return row->counted >> VO_LINK_SENT & 1 ? (double)row->sent : NAN;
    case VO_METRIC_WLAN_UNDELIVERED_FRAMES:
        return row->counted >> VO_LINK_FAILED & 1 ? (double)row->failed : NAN;
    case VO_METRIC_WLAN_RETRY_FRAMES:
        return row->counted >> VO_LINK_RETRIES & 1 ? (double)row->retries : NAN;
    case VO_METRIC_WLAN_BUSY_MS:
        return row->busy_told ? (double)row->busy_ms : NAN;
    case VO_METRIC_WLAN_OBSERVED_MS:
        return row->channel ? (double)row->observed_ms : NAN;
    default:
        return NAN;
    }
}

static void put_series(const struct vo_link_series *series, const struct vo_link_tells *tells,
                       const struct vo_subject *subject, const enum vo_metric *columns, size_t count)
{
    struct vo_json_writer *json = vo_record_begin(tells->writer, "series");
    vo_record_put_subject(json, subject);
    vo_json_put_string(json, "interface", tells->interface);
    vo_record_put_time(json, "start", series->first * series->step_s * VO_NS_PER_S);
    vo_json_put_integer(json, "step_s", series->step_s);
    vo_record_put_columns(json, columns, count, series->rows, series->count, link_cell);
    vo_record_commit(tells->writer);
}

void vo_link_series_flush(struct vo_link_series *series, const struct vo_link_tells *tells)
{
    static const enum vo_metric of_link[] = {VO_METRIC_WLAN_SIGNAL_DBM, VO_METRIC_WLAN_SENT_FRAMES,
                                             VO_METRIC_WLAN_UNDELIVERED_FRAMES, VO_METRIC_WLAN_RETRY_FRAMES};
    static const enum vo_metric of_channel[] = {VO_METRIC_WLAN_BUSY_MS, VO_METRIC_WLAN_OBSERVED_MS};
    bool surveyed = false;
    for (unsigned i = 0; i < series->count; i++)
        surveyed |= series->rows[i].channel;
    if (series->count && series->bssid) {
        struct names names;
        struct vo_subject subject =
            name_link(tells, series->bssid, series->ssid, series->ssid_size, "", &names);
        put_series(series, tells, &subject, of_link, sizeof of_link / sizeof *of_link);
    }
    if (surveyed && series->mhz) {
        char id[ID_SIZE];
        struct vo_subject subject = name_channel(series->mhz, id);
        put_series(series, tells, &subject, of_channel, sizeof of_channel / sizeof *of_channel);
    }
    series->count = 0;
}

/* The row of a time; rows between are empty. */
static struct vo_link_row *row_at(struct vo_link_series *series, const struct vo_link_tells *tells,
                                  vo_time time)
{
    int64_t number = time / VO_NS_PER_S / series->step_s;
    if (series->count && (number < series->first || number - series->first >= VO_LINK_ROWS))
        vo_link_series_flush(series, tells);
    if (!series->count) {
        memset(series->rows, 0, sizeof series->rows);
        series->first = number;
    }
    if (number - series->first >= series->count)
        series->count = (unsigned)(number - series->first) + 1;
    return &series->rows[number - series->first];
}

static void count_step(struct vo_link_row *row, const struct vo_link_step *step)
{
    if (step->compared) {
        row->sent += step->grown[VO_LINK_SENT];
        row->failed += step->grown[VO_LINK_FAILED];
        row->retries += step->grown[VO_LINK_RETRIES];
        row->counted |= step->told;
    }
    if (step->channel.stands) {
        row->channel = true;
        row->busy_told |= step->channel.busy_told;
        row->busy_ms += step->channel.busy_ms;
        row->observed_ms += step->channel.observed_ms;
    }
}

enum vo_status vo_link_series_begin(struct vo_link_series *series, long asked_s, double interval_s,
                                    struct vo_error *error)
{
    long least = (long)ceil(interval_s);
    memset(series, 0, sizeof *series);
    series->step_s = (unsigned)(asked_s ? asked_s : least);
    if (asked_s && asked_s < least)
        return vo_error_set(error, VO_ERR_USAGE,
                            "--series %ld is shorter than the time between two readings: give --interval %ld "
                            "or less",
                            asked_s, asked_s);
    return VO_OK;
}

void vo_link_series_add(struct vo_link_series *series, const struct vo_link_tells *tells,
                        const struct vo_link_step *step)
{
    vo_time length = (vo_time)series->step_s * VO_NS_PER_S;
    vo_wlan_address bssid = step->sum ? step->sum->bssid : 0;
    if (bssid != series->bssid || step->mhz != series->mhz) {
        vo_link_series_flush(series, tells);
        series->bssid = bssid;
        series->mhz = step->mhz;
    }
    if (!step->sum && !step->mhz)
        return;
    if (step->sum) {
        memcpy(series->ssid, step->sum->ssid, sizeof series->ssid);
        series->ssid_size = step->sum->ssid_size;
    }
    if (step->from != VO_TIME_UNKNOWN && step->to - step->from <= length + length / 4)
        count_step(row_at(series, tells, step->from + (step->to - step->from) / 2), step);
    if (!isnan(step->signal_dbm)) {
        struct vo_link_row *row = row_at(series, tells, step->to - 1);
        row->signal_mw += pow(10, step->signal_dbm / 10);
        row->signals++;
    }
}
