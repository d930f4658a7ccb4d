/* The observations of BSSs, channels and the capture, and the series of channels. */
#include "probes/wlan/emit.h"

#include "core/estimate/channel.h"
#include "probes/flow/rtp_emit.h"
#include "probes/wlan/emit_bss.h"

#include <math.h>
#include <stdio.h>

const char *vo_wlan_ear_name(const struct vo_wlan_ear *ear)
{
    struct vo_capture *capture = ear->session->capture;
    if (!capture || vo_capture_interface_count(capture) < 2)
        return NULL;
    const struct vo_capture_interface *interface = vo_capture_interface(capture, ear->interface);
    return interface && interface->name ? interface->name : ear->number;
}

static struct vo_subject channel_subject(uint16_t mhz, char text[16])
{
    snprintf(text, 16, "%u MHz", mhz);
    return (struct vo_subject){"channel", text, text};
}

/* --- Series --------------------------------------------------------------------------------------- */

static const enum vo_metric columns[] = {VO_METRIC_WLAN_FRAMES, VO_METRIC_WLAN_RETRY_FRAMES,
                                         VO_METRIC_WLAN_FCS_ERROR_FRAMES, VO_METRIC_WLAN_AIRTIME_MS,
                                         VO_METRIC_WLAN_OBSERVED_MS};

static double cell(const void *rows, size_t at, enum vo_metric column)
{
    const struct vo_air_row *row = (const struct vo_air_row *)rows + at;
    switch (column) {
    case VO_METRIC_WLAN_FRAMES:
        return row->frames;
    case VO_METRIC_WLAN_RETRY_FRAMES:
        return row->retries;
    case VO_METRIC_WLAN_FCS_ERROR_FRAMES:
        return row->damaged;
    case VO_METRIC_WLAN_AIRTIME_MS:
        return (double)row->used_ns / 1e6;
    case VO_METRIC_WLAN_OBSERVED_MS:
        return (double)row->listened_ns / 1e6;
    default:
        return NAN;
    }
}

void vo_wlan_emit_rows(void *context, const struct vo_air_channel *channel, vo_time start,
                       const struct vo_air_row *rows, unsigned count)
{
    const struct vo_wlan_ear *ear = context;
    char id[16];
    struct vo_subject subject = channel_subject(channel->mhz, id);
    struct vo_json_writer *json = vo_record_begin(ear->session->writer, "series");
    const char *interface = vo_wlan_ear_name(ear);
    vo_record_put_subject(json, &subject);
    if (interface)
        vo_json_put_string(json, "interface", interface);
    vo_record_put_time(json, "start", start);
    vo_json_put_integer(json, "step_s", ear->session->options.series_s);
    vo_record_put_columns(json, columns, sizeof columns / sizeof *columns, rows, count, cell);
    vo_record_commit(ear->session->writer);
}

/* --- Airtime -------------------------------------------------------------------------------------- */

static const enum vo_metric uses[VO_AIR_USES] = {
    [VO_AIR_VOICE] = VO_METRIC_WLAN_AIRTIME_VOICE_PERCENT,
    [VO_AIR_VIDEO] = VO_METRIC_WLAN_AIRTIME_VIDEO_PERCENT,
    [VO_AIR_BEST_EFFORT] = VO_METRIC_WLAN_AIRTIME_BEST_EFFORT_PERCENT,
    [VO_AIR_BACKGROUND] = VO_METRIC_WLAN_AIRTIME_BACKGROUND_PERCENT,
    [VO_AIR_MANAGEMENT] = VO_METRIC_WLAN_AIRTIME_MANAGEMENT_PERCENT,
    [VO_AIR_CONTROL] = VO_METRIC_WLAN_AIRTIME_CONTROL_PERCENT,
    [VO_AIR_DAMAGED] = VO_METRIC_WLAN_AIRTIME_DAMAGED_PERCENT,
};

/* Why there is no airtime on a channel; NULL: there is. */
static const char *no_airtime(const struct vo_air_channel *channel)
{
    if (!channel)
        return "its channel was not listened to, or the receiver does not tell the channel";
    if (channel->untimed == channel->frames)
        return "the receiver does not tell the rates of frames";
    return channel->listened_ns < VO_AIR_LEAST ? "the channel was listened to for less than a second" : NULL;
}

/* `used_ns`: all of it, the channel's merged time or the BSS's sum. `used`: uses that are written. */
static void put_airtime(struct vo_record_writer *writer, const struct vo_air_channel *channel,
                        const struct vo_air_sum *sum, uint64_t used_ns, unsigned used)
{
    const char *why = no_airtime(channel);
    if (why) {
        vo_observe_missing(writer, VO_METRIC_WLAN_AIRTIME_PERCENT, "%s", why);
        return;
    }
    double share = 100 / (double)channel->listened_ns;
    vo_observe_metric(writer, VO_METRIC_WLAN_AIRTIME_PERCENT, fmin((double)used_ns * share, 100));
    vo_observe_basis(writer, VO_METRIC_WLAN_AIRTIME_PERCENT, "heard_frames");
    if (sum->slack_ns)
        vo_observe_uncertainty(writer, VO_METRIC_WLAN_AIRTIME_PERCENT, (double)sum->slack_ns * share);
    for (unsigned i = 0; i < used; i++)
        vo_observe_metric(writer, uses[i], fmin((double)sum->ns[i] * share, 100));
}

static void put_share(struct vo_record_writer *writer, enum vo_metric metric, uint64_t part, uint64_t whole,
                      const char *of_nothing)
{
    if (whole)
        vo_observe_metric(writer, metric, 100 * (double)part / (double)whole);
    else
        vo_observe_missing(writer, metric, "%s", of_nothing);
}

static void emit_channel(const struct vo_wlan_ear *ear, const struct vo_air_channel *channel)
{
    struct vo_record_writer *writer = ear->session->writer;
    char id[16];
    struct vo_subject subject = channel_subject(channel->mhz, id);
    struct vo_signal noise;
    unsigned number = vo_channel_number(channel->mhz);
    vo_observe_begin(writer, channel->first, &subject);
    vo_observe_label(writer, "interface", vo_wlan_ear_name(ear));
    if (channel->mhz) {
        vo_observe_label_number(writer, "frequency_mhz", channel->mhz);
        vo_observe_label(writer, "band", vo_channel_band_name(vo_channel_band(channel->mhz)));
    }
    if (number)
        vo_observe_label_number(writer, "channel", number);
    if (channel->late_ns)
        vo_observe_label_number(writer, "airtime_left_out_ms", (double)channel->late_ns / 1e6);
    vo_observe_metric(writer, VO_METRIC_WLAN_FRAMES, (double)channel->frames);
    vo_observe_metric(writer, VO_METRIC_WLAN_RETRY_FRAMES, (double)channel->retries);
    vo_observe_metric(writer, VO_METRIC_WLAN_FCS_ERROR_FRAMES, (double)channel->damaged);
    put_share(writer, VO_METRIC_WLAN_FCS_ERROR_PERCENT, channel->damaged, channel->frames,
              "no frame was heard");
    vo_observe_metric(writer, VO_METRIC_WLAN_UNTIMED_FRAMES, (double)channel->untimed);
    vo_observe_metric(writer, VO_METRIC_WLAN_OBSERVED_S, (double)channel->listened_ns / 1e9);
    put_airtime(writer, channel, &channel->sum, channel->used_ns, VO_AIR_USES);
    vo_levels_signal(&channel->noise, &noise);
    if (noise.count)
        vo_observe_metric(writer, VO_METRIC_WLAN_NOISE_DBM, vo_signal_mean_dbm(&noise));
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_NOISE_DBM, "this receiver reports no noise");
    vo_observe_end(writer);
}

/* --- BSSs ----------------------------------------------------------------------------------------- */

static void emit_bss(const struct vo_wlan_ear *ear, const struct vo_bss *bss)
{
    struct vo_record_writer *writer = ear->session->writer;
    char id[VO_WLAN_ADDRESS_TEXT];
    vo_wlan_address_text(bss->bssid, id);
    struct vo_subject subject = {"bss", id, id};
    uint64_t air_ns = vo_air_sum_ns(&bss->air);
    vo_observe_begin(writer, bss->first, &subject);
    vo_observe_label(writer, "interface", vo_wlan_ear_name(ear));
    if (vo_wlan_is_surveyed(ear->session, bss))
        vo_observe_label(writer, "ssid_told_by", "option");
    else
        vo_observe_label(writer, "judged", "no");
    if (bss->off_channel)
        vo_observe_label_number(writer, "heard_off_channel", (double)bss->off_channel);
    if (bss->stations)
        vo_observe_label_number(writer, "stations_heard", bss->stations);
    vo_wlan_put_bss(writer, bss);
    vo_observe_metric(writer, VO_METRIC_WLAN_BEACONS, (double)bss->beacons);
    vo_wlan_put_levels(writer, &bss->signal, &bss->noise);
    put_airtime(writer, bss->mhz ? vo_air_channel_of(ear->air, bss->mhz) : NULL, &bss->air, air_ns,
                VO_AIR_DAMAGED);
    vo_observe_end(writer);
}

/* --- The capture ---------------------------------------------------------------------------------- */

static void put_capture_drops(struct vo_record_writer *writer, struct vo_capture *capture)
{
    uint64_t dropped = 0;
    bool known = vo_capture_interface_count(capture) > 0;
    for (size_t i = 0; i < vo_capture_interface_count(capture); i++) {
        const struct vo_capture_interface *interface = vo_capture_interface(capture, i);
        known = known && interface->has_statistics;
        dropped += interface->dropped;
    }
    if (known)
        vo_observe_metric(writer, VO_METRIC_CAPTURE_DROPPED_PACKETS, (double)dropped);
    else
        vo_observe_missing(writer, VO_METRIC_CAPTURE_DROPPED_PACKETS,
                           "the file does not tell of dropped packets");
}

static void emit_capture(struct vo_wlan_session *session, const char *id)
{
    struct vo_record_writer *writer = session->writer;
    const struct vo_wlan_counts *counts = &session->counts;
    struct vo_subject subject = {"capture", id, "capture"};
    uint64_t heard = counts->frames - counts->not_wlan;
    vo_observe_begin(writer, session->first, &subject);
    if (counts->unmarked_damage)
        vo_observe_label_number(writer, "damage_unmarked", (double)counts->unmarked_damage);
    if (counts->preambles)
        vo_observe_label_number(writer, "preambles_only", (double)counts->preambles);
    vo_observe_metric(writer, VO_METRIC_CAPTURE_PACKETS, (double)counts->frames);
    vo_observe_metric(writer, VO_METRIC_CAPTURE_UNDECODED_PACKETS,
                      (double)(counts->undecoded + counts->not_wlan));
    vo_observe_metric(writer, VO_METRIC_CAPTURE_ENCRYPTED_FRAMES, (double)counts->encrypted);
    vo_observe_metric(writer, VO_METRIC_WLAN_FRAMES, (double)heard);
    vo_observe_metric(writer, VO_METRIC_WLAN_BEACONS, (double)counts->beacons);
    vo_observe_metric(writer, VO_METRIC_WLAN_RETRY_FRAMES, (double)counts->retries);
    vo_observe_metric(writer, VO_METRIC_WLAN_FCS_ERROR_FRAMES, (double)counts->bad_fcs);
    put_share(writer, VO_METRIC_WLAN_FCS_ERROR_PERCENT, counts->bad_fcs, heard, "no frame was heard");
    if (session->capture) {
        const struct vo_capture_stats *stats = vo_capture_stats(session->capture);
        vo_observe_metric(writer, VO_METRIC_CAPTURE_SNAPPED_PACKETS, (double)stats->snapped);
        vo_observe_metric(writer, VO_METRIC_CAPTURE_TIME_BACKSTEPS, (double)stats->backsteps);
        put_capture_drops(writer, session->capture);
    }
    vo_rtp_emit_counts(&session->rtp);
    vo_observe_end(writer);
}

void vo_wlan_emit_all(struct vo_wlan_session *session, const char *id)
{
    for (unsigned i = 0; i < session->ear_count; i++) {
        const struct vo_wlan_ear *ear = session->ears[i];
        for (unsigned c = 0; c < ear->air->channel_count; c++)
            emit_channel(ear, ear->air->channels[c]);
        for (const struct vo_bss *bss = ear->bsses.first; bss; bss = bss->next)
            if (bss->known)
                emit_bss(ear, bss);
        for (const struct vo_station *it = ear->stations.first; it; it = it->next)
            vo_wlan_emit_station(ear, it);
        for (const struct vo_link *link = ear->delivery.first; link; link = link->next)
            vo_wlan_emit_link(ear, link);
    }
    vo_rtp_emit_all(&session->rtp);
    emit_capture(session, id);
}
