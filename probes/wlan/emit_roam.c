/* The observations and events of roams. */
#include "probes/flow/rtp_emit.h"
#include "probes/wlan/emit.h"

#include <stdio.h>
#include <string.h>

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

/* The BSS of an access point, whose SSID is known by preference, by any ear. */
static const struct vo_bss *bss_at(const struct vo_wlan_session *session, vo_wlan_address bssid)
{
    const struct vo_bss *found = NULL;
    for (unsigned i = 0; i < session->ear_count && !(found && found->ssid_size); i++) {
        const struct vo_bss *bss = vo_bsses_find(&session->ears[i]->bsses, bssid);
        found = bss ? bss : found;
    }
    return found;
}

/* Its SSID is that of the new access point, or of the old one where that is not known or not surveyed. */
static void label_roam_ssid(const struct vo_wlan_session *session, const struct vo_phone_roam *roam)
{
    const struct vo_bss *to = bss_at(session, roam->to), *from = bss_at(session, roam->from);
    bool left = from && from->ssid_size && (!to || !to->ssid_size || vo_wlan_is_surveyed(session, from));
    vo_wlan_label_ssid(session, left && !vo_wlan_is_surveyed(session, to) ? from : to);
}

static void observe_roam(const struct vo_wlan_session *session, const struct vo_phone_roam *roam)
{
    struct vo_record_writer *writer = session->writer;
    vo_time gap;
    const char *why;
    vo_wlan_label_address(writer, "station", roam->station);
    vo_wlan_label_address(writer, "from", roam->from);
    vo_wlan_label_address(writer, "to", roam->to);
    label_roam_ssid(session, roam);
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

/* --- What it came to ------------------------------------------------------------------------------ */

/* The id of the stream that it was followed by, "told" of encrypted frames; NULL: of none. */
static const char *media_of(struct vo_wlan_session *session, const struct vo_phone_roam *roam,
                            char text[VO_STREAM_ID])
{
    const struct vo_roam_outcome *outcome = &roam->outcome;
    if (outcome->told)
        return "told";
    if (!outcome->stream.ssrc && !outcome->stream.source_port)
        return NULL;
    vo_streams_flush(session->rtp.streams, session->rtp.calls);
    const struct vo_stream *stream = vo_streams_find(session->rtp.streams, &outcome->stream);
    return stream && stream->confirmed ? vo_rtp_stream_id(&session->rtp, stream, text) : NULL;
}

static void label_ip(struct vo_record_writer *writer, const char *name, const uint8_t address[16])
{
    static const uint8_t none[16];
    char text[VO_ADDRESS_TEXT];
    if (memcmp(address, none, sizeof none) != 0)
        vo_observe_label(writer, name, vo_address_format(address, text));
}

static void put_outcome(struct vo_record_writer *writer, const struct vo_roam_outcome *outcome)
{
    static const char *const subnets[] = {NULL, "same", "different"};
    label_ip(writer, "address_before", outcome->before);
    label_ip(writer, "address_after", outcome->after);
    if (outcome->media)
        vo_observe_state(writer, VO_METRIC_WLAN_ROAM_MEDIA,
                         outcome->media == VO_ROAM_MEDIA_LOST ? "lost" : "resumed");
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_ROAM_MEDIA, "%s", outcome->why_media);
    if (outcome->has_lost) {
        vo_observe_metric(writer, VO_METRIC_WLAN_ROAM_LOST_PACKETS, outcome->lost);
        vo_observe_basis(writer, VO_METRIC_WLAN_ROAM_LOST_PACKETS, "data_frames_heard");
    } else {
        vo_observe_missing(writer, VO_METRIC_WLAN_ROAM_LOST_PACKETS, "%s", outcome->why_lost);
    }
    if (outcome->subnet)
        vo_observe_state(writer, VO_METRIC_WLAN_ROAM_SUBNET, subnets[outcome->subnet]);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_ROAM_SUBNET, "%s", outcome->why_subnet);
}

#define ID_SIZE  (VO_WLAN_ADDRESS_TEXT + VO_TIME_TEXT_SIZE)
#define KEY_SIZE 64

static struct vo_subject subject_of(const struct vo_phone_roam *roam, char id[ID_SIZE], char key[KEY_SIZE])
{
    char one[VO_WLAN_ADDRESS_TEXT], other[VO_WLAN_ADDRESS_TEXT], time[VO_TIME_TEXT_SIZE];
    snprintf(id, ID_SIZE, "%s %s", vo_wlan_address_text(roam->station, one),
             vo_time_format(roam->first_data, time));
    snprintf(key, KEY_SIZE, "%s > %s", vo_wlan_address_text(roam->from, one),
             vo_wlan_address_text(roam->to, other));
    return (struct vo_subject){"roam", id, key};
}

void vo_wlan_tell_roam(struct vo_wlan_session *session, const struct vo_phone_roam *roam)
{
    char id[ID_SIZE], key[KEY_SIZE];
    struct vo_subject subject = subject_of(roam, id, key);
    tell_roam(session->writer, roam, &subject);
}

void vo_wlan_emit_roam(struct vo_wlan_session *session, const struct vo_phone_roam *roam)
{
    char id[ID_SIZE], key[KEY_SIZE], media[VO_STREAM_ID];
    struct vo_subject subject = subject_of(roam, id, key);
    const char *stream = media_of(session, roam, media); /* a look-up, which may write records: first */
    vo_observe_begin(session->writer, roam->first_data, &subject);
    vo_observe_label(session->writer, "media", stream);
    observe_roam(session, roam);
    put_outcome(session->writer, &roam->outcome);
    vo_observe_end(session->writer);
}
