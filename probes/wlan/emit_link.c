/* The observations of links, stations and roams. */
#include "probes/wlan/describe.h"
#include "probes/wlan/emit.h"

#include <math.h>
#include <stdio.h>

#define ID_SIZE  64
#define KEY_SIZE (VO_SSID_TEXT + 256)

void vo_wlan_put_levels(struct vo_record_writer *writer, const struct vo_levels *levels,
                        const struct vo_levels *noise)
{
    struct vo_signal signal, background;
    vo_levels_signal(levels, &signal);
    vo_levels_signal(noise, &background);
    vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_FRAMES, (double)signal.count);
    if (!signal.count) {
        vo_observe_missing(writer, VO_METRIC_WLAN_SIGNAL_DBM, "no level in dBm was reported with its frames");
        vo_observe_missing(writer, VO_METRIC_WLAN_SNR_DB, "no level in dBm was reported with its frames");
        return;
    }
    vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_DBM, vo_signal_mean_dbm(&signal));
    vo_observe_basis(writer, VO_METRIC_WLAN_SIGNAL_DBM, "mean_of_mw");
    vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_MIN_DBM, vo_signal_minimum_dbm(&signal));
    vo_observe_metric(writer, VO_METRIC_WLAN_SIGNAL_P10_DBM, vo_signal_quantile_dbm(&signal, 0.1));
    if (!background.count) {
        vo_observe_missing(writer, VO_METRIC_WLAN_NOISE_DBM, "this receiver reports no noise");
        vo_observe_missing(writer, VO_METRIC_WLAN_SNR_DB, "this receiver reports no noise");
        return;
    }
    double noise_dbm = vo_signal_mean_dbm(&background);
    vo_observe_metric(writer, VO_METRIC_WLAN_NOISE_DBM, noise_dbm);
    vo_observe_metric(writer, VO_METRIC_WLAN_SNR_DB,
                      vo_signal_snr_db(vo_signal_mean_dbm(&signal), noise_dbm));
}

static void label_address(struct vo_record_writer *writer, const char *name, vo_wlan_address address)
{
    char text[VO_WLAN_ADDRESS_TEXT];
    if (address != VO_WLAN_NO_ADDRESS)
        vo_observe_label(writer, name, vo_wlan_address_text(address, text));
}

static void label_bss(struct vo_record_writer *writer, const struct vo_bss *bss)
{
    char text[VO_SSID_TEXT];
    if (!bss)
        return;
    label_address(writer, "bssid", bss->bssid);
    if (bss->ssid_size)
        vo_observe_label(writer, "ssid", vo_ssid_text(bss->ssid, bss->ssid_size, text));
    if (bss->mhz)
        vo_observe_label_number(writer, "frequency_mhz", bss->mhz);
}

void vo_wlan_emit_station(const struct vo_wlan_ear *ear, const struct vo_station *station)
{
    struct vo_record_writer *writer = ear->session->writer;
    char id[VO_WLAN_ADDRESS_TEXT];
    vo_wlan_address_text(station->address, id);
    struct vo_subject subject = {"station", id, id};
    vo_observe_begin(writer, station->first, &subject);
    vo_observe_label(writer, "interface", vo_wlan_ear_name(ear));
    vo_observe_label(writer, "role", station->is_ap ? "access_point" : "station");
    label_bss(writer, station->bss);
    vo_observe_metric(writer, VO_METRIC_WLAN_FRAMES, (double)station->frames);
    vo_wlan_put_levels(writer, &station->signal, &station->noise);
    vo_observe_end(writer);
}

/* --- Links ---------------------------------------------------------------------------------------- */

static void put_delivery(struct vo_record_writer *writer, const struct vo_link *link)
{
    double percent, uncertainty;
    const char *why;
    uint64_t sent = link->acknowledged + link->undelivered + link->unheard;
    vo_observe_metric(writer, VO_METRIC_WLAN_ATTEMPTS, (double)link->attempts);
    vo_observe_metric(writer, VO_METRIC_WLAN_RETRY_FRAMES, (double)link->retries);
    if (link->attempts)
        vo_observe_metric(writer, VO_METRIC_WLAN_RETRY_PERCENT,
                          100 * (double)link->retries / (double)link->attempts);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_RETRY_PERCENT, "all of its frames need no acknowledgement");
    vo_observe_metric(writer, VO_METRIC_WLAN_SENT_FRAMES, (double)sent);
    vo_observe_metric(writer, VO_METRIC_WLAN_UNHEARD_ACK_FRAMES, (double)link->unheard);
    vo_observe_metric(writer, VO_METRIC_WLAN_DUPLICATE_FRAMES, (double)link->duplicates);
    vo_observe_metric(writer, VO_METRIC_WLAN_SKIPPED_FRAMES, (double)link->skipped);
    if (!vo_link_per(link, &percent, &uncertainty, &why)) {
        vo_observe_missing(writer, VO_METRIC_WLAN_PER_PERCENT, "%s", why);
        vo_observe_missing(writer, VO_METRIC_WLAN_UNDELIVERED_FRAMES, "%s", why);
        return;
    }
    vo_observe_metric(writer, VO_METRIC_WLAN_UNDELIVERED_FRAMES, (double)link->undelivered);
    vo_observe_metric(writer, VO_METRIC_WLAN_PER_PERCENT, percent);
    vo_observe_basis(writer, VO_METRIC_WLAN_PER_PERCENT,
                     link->reported == sent ? "told_by_sender" : "acknowledgements_heard");
    vo_observe_uncertainty(writer, VO_METRIC_WLAN_PER_PERCENT, uncertainty);
}

static void put_voice(struct vo_record_writer *writer, const struct vo_voice *voice)
{
    enum { UP_VOICE = 6 };
    uint64_t frames = vo_voice_frames(voice), data = 0;
    for (unsigned i = 0; i < sizeof voice->up / sizeof *voice->up; i++)
        data += voice->up[i];
    if (data) {
        vo_observe_metric(writer, VO_METRIC_WLAN_DATA_FRAMES, (double)data);
        vo_observe_metric(writer, VO_METRIC_WLAN_UP6_PERCENT,
                          100 * (double)voice->up[UP_VOICE] / (double)data);
    }
    if (!frames) {
        vo_observe_missing(writer, VO_METRIC_WLAN_VOICE_UP6_PERCENT, "%s",
                           voice->told ? "no frames at the pace of voice, of the station and length told"
                           : voice->encrypted ? "encrypted: tell with --voice which frames are a call's"
                                              : "no voice was heard on this link");
        return;
    }
    vo_observe_label(writer, "voice_known_by", voice->voice_plain ? "content" : "told");
    vo_observe_metric(writer, VO_METRIC_WLAN_VOICE_FRAMES, (double)frames);
    vo_observe_metric(writer, VO_METRIC_WLAN_VOICE_UP6_PERCENT,
                      100 * (double)voice->voice[UP_VOICE] / (double)frames);
    if (voice->voice_plain)
        vo_observe_label_number(writer, "voice_dscp_46_percent",
                                100 * (double)voice->voice_dscp_46 / (double)voice->voice_plain);
}

/* "6 x100, 0 x3": data frames by user priority. */
static void label_priorities(struct vo_record_writer *writer, const struct vo_voice *voice)
{
    char text[256];
    size_t used = 0;
    for (unsigned i = 8; i-- > 0;)
        if (voice->up[i] && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%u x%llu", used ? ", " : "", i,
                                     (unsigned long long)voice->up[i]);
    if (voice->up[VO_VOICE_NO_PRIORITY] && used < sizeof text)
        used += (size_t)snprintf(text + used, sizeof text - used, "%snone x%llu", used ? ", " : "",
                                 (unsigned long long)voice->up[VO_VOICE_NO_PRIORITY]);
    vo_observe_label(writer, "user_priorities", used ? text : NULL);
}

void vo_wlan_emit_link(const struct vo_wlan_ear *ear, const struct vo_link *link)
{
    static const char *const directions[] = {"other", "from_ap", "to_ap"};
    struct vo_record_writer *writer = ear->session->writer;
    char id[ID_SIZE], key[KEY_SIZE], from[VO_WLAN_ADDRESS_TEXT], to[VO_WLAN_ADDRESS_TEXT];
    char ssid[VO_SSID_TEXT] = "";
    const char *place = ear->session->options.place;
    snprintf(id, sizeof id, "%s>%s", vo_wlan_address_text(link->transmitter, from),
             vo_wlan_address_text(link->receiver, to));
    if (link->bss && link->bss->ssid_size)
        vo_ssid_text(link->bss->ssid, link->bss->ssid_size, ssid);
    snprintf(key, sizeof key, "%s%s%.100s%s%s", ssid, *ssid ? " " : "", place ? place : "", place ? " " : "",
             id);
    struct vo_subject subject = {"link", id, key};
    vo_observe_begin(writer, link->first, &subject);
    vo_observe_label(writer, "interface", vo_wlan_ear_name(ear));
    vo_observe_label(writer, "direction", directions[link->direction]);
    label_address(writer, "transmitter", link->transmitter);
    label_address(writer, "receiver", link->receiver);
    label_bss(writer, link->bss);
    label_priorities(writer, &link->voice);
    if (link->unacknowledgeable)
        vo_observe_label_number(writer, "without_acknowledgement", (double)link->unacknowledgeable);
    if (link->unsorted)
        vo_observe_label_number(writer, "attempts_not_followed", (double)link->unsorted);
    put_delivery(writer, link);
    put_voice(writer, &link->voice);
    vo_observe_end(writer);
}

/* --- Roams ---------------------------------------------------------------------------------------- */

static const char *const methods[] = {
    [VO_ROAM_UNSEEN] = "unseen", [VO_ROAM_OPEN] = "open", [VO_ROAM_HANDSHAKE] = "handshake",
    [VO_ROAM_SAE] = "sae",       [VO_ROAM_FT] = "ft",     [VO_ROAM_AUTHENTICATION] = "authentication",
};

static void put_step(struct vo_record_writer *writer, enum vo_metric metric, vo_time from, vo_time to,
                     const char *why)
{
    if (from == VO_TIME_UNKNOWN || to == VO_TIME_UNKNOWN || to < from)
        vo_observe_missing(writer, metric, "%s", why);
    else
        vo_observe_metric(writer, metric, (double)(to - from) / 1e6);
}

static void put_level(struct vo_record_writer *writer, enum vo_metric metric, int8_t dbm)
{
    if (dbm)
        vo_observe_metric(writer, metric, dbm);
    else
        vo_observe_missing(writer, metric, "no frame of that access point to the station was heard");
}

static void observe_roam(struct vo_record_writer *writer, const struct vo_phone_roam *roam)
{
    vo_time gap;
    const char *why;
    label_address(writer, "station", roam->station);
    label_address(writer, "from", roam->from);
    label_address(writer, "to", roam->to);
    if (roam->from_mhz)
        vo_observe_label_number(writer, "from_mhz", roam->from_mhz);
    if (roam->to_mhz)
        vo_observe_label_number(writer, "to_mhz", roam->to_mhz);
    if (roam->attempts)
        vo_observe_label_number(writer, "attempts_elsewhere", roam->attempts);
    if (roam->over_ds)
        vo_observe_label(writer, "over_ds", "yes");
    vo_observe_state(writer, VO_METRIC_WLAN_ROAM_METHOD, methods[vo_phone_roam_method(roam)]);
    if (vo_phone_roam_gap(roam, &gap, &why)) {
        vo_observe_metric(writer, VO_METRIC_WLAN_ROAM_GAP_MS, (double)gap / 1e6);
        vo_observe_basis(writer, VO_METRIC_WLAN_ROAM_GAP_MS, "data_frames_heard");
        vo_observe_uncertainty(writer, VO_METRIC_WLAN_ROAM_GAP_MS, (double)roam->pace / 1e6);
    } else {
        vo_observe_missing(writer, VO_METRIC_WLAN_ROAM_GAP_MS, "%s", why);
    }
    put_step(writer, VO_METRIC_WLAN_ROAM_SCAN_MS, roam->first_probe, roam->authentication,
             "no probe request shortly before the authentication, or no authentication was heard");
    put_step(writer, VO_METRIC_WLAN_ROAM_ASSOCIATION_MS, roam->authentication, roam->response,
             "authentication or association was not heard");
    put_step(writer, VO_METRIC_WLAN_ROAM_KEYS_MS, roam->response, roam->keys_last,
             "no key exchange was heard: none is needed with fast transition or an open network");
    put_level(writer, VO_METRIC_WLAN_ROAM_SIGNAL_BEFORE_DBM, roam->from_dbm);
    put_level(writer, VO_METRIC_WLAN_ROAM_SIGNAL_AFTER_DBM, roam->to_dbm);
}

static void tell_roam(struct vo_record_writer *writer, const struct vo_phone_roam *roam,
                      const struct vo_subject *subject)
{
    struct vo_json_writer *json = vo_record_begin(writer, "event");
    vo_record_put_time(json, "time", roam->first_data);
    vo_json_put_string(json, "kind", "wlan_roam");
    vo_record_put_subject(json, subject);
    vo_record_put_time(json, "first_probe", roam->first_probe);
    vo_record_put_time(json, "last_data", roam->last_data);
    vo_record_put_time(json, "disconnected", roam->disconnected);
    vo_record_put_time(json, "authentication", roam->authentication);
    vo_record_put_time(json, "association_request", roam->request);
    vo_record_put_time(json, "association_response", roam->response);
    vo_record_put_time(json, "keys_first", roam->keys_first);
    vo_record_put_time(json, "keys_last", roam->keys_last);
    vo_record_put_time(json, "first_data", roam->first_data);
    vo_json_put_integer(json, "probes", roam->probes);
    vo_json_put_integer(json, "eap_frames", roam->eap_frames);
    vo_json_put_integer(json, "key_frames", roam->key_frames);
    vo_json_put_bool(json, "reassociation", roam->reassociation);
    if (roam->station_before_dbm)
        vo_json_put_integer(json, "station_before_dbm", roam->station_before_dbm);
    if (roam->station_after_dbm)
        vo_json_put_integer(json, "station_after_dbm", roam->station_after_dbm);
    vo_record_commit(writer);
}

void vo_wlan_emit_roam(struct vo_wlan_session *session, const struct vo_phone_roam *roam)
{
    char id[VO_WLAN_ADDRESS_TEXT + VO_TIME_TEXT_SIZE], key[ID_SIZE], time[VO_TIME_TEXT_SIZE];
    char one[VO_WLAN_ADDRESS_TEXT], other[VO_WLAN_ADDRESS_TEXT];
    snprintf(id, sizeof id, "%s %s", vo_wlan_address_text(roam->station, one),
             vo_time_format(roam->first_data, time));
    snprintf(key, sizeof key, "%s > %s", vo_wlan_address_text(roam->from, one),
             vo_wlan_address_text(roam->to, other));
    struct vo_subject subject = {"roam", id, key};
    vo_observe_begin(session->writer, roam->first_data, &subject);
    observe_roam(session->writer, roam);
    vo_observe_end(session->writer);
    tell_roam(session->writer, roam, &subject);
}
