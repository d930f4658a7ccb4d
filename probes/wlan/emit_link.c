/* The observations of links and stations. */
#include "probes/wlan/describe.h"
#include "probes/wlan/emit.h"
#include "probes/wlan/emit_bss.h"

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
    vo_wlan_put_signal(writer, &signal, "no level in dBm was reported with its frames", &background,
                       "this receiver reports no noise");
}

void vo_wlan_label_address(struct vo_record_writer *writer, const char *name, vo_wlan_address address)
{
    char text[VO_WLAN_ADDRESS_TEXT];
    if (address != VO_WLAN_NO_ADDRESS)
        vo_observe_label(writer, name, vo_wlan_address_text(address, text));
}

void vo_wlan_label_ssid(const struct vo_wlan_session *session, const struct vo_bss *bss)
{
    char text[VO_SSID_TEXT];
    if (bss && bss->ssid_size)
        vo_observe_label(session->writer, "ssid", vo_ssid_text(bss->ssid, bss->ssid_size, text));
    if (!vo_wlan_is_surveyed(session, bss))
        vo_observe_label(session->writer, "judged", "no");
}

static void label_bss(const struct vo_wlan_ear *ear, const struct vo_bss *bss)
{
    struct vo_record_writer *writer = ear->session->writer;
    if (bss)
        vo_wlan_label_address(writer, "bssid", bss->bssid);
    vo_wlan_label_ssid(ear->session, bss);
    if (bss && bss->mhz)
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
    label_bss(ear, station->bss);
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
    vo_wlan_label_address(writer, "transmitter", link->transmitter);
    vo_wlan_label_address(writer, "receiver", link->receiver);
    label_bss(ear, link->bss);
    label_priorities(writer, &link->voice);
    if (link->unacknowledgeable)
        vo_observe_label_number(writer, "without_acknowledgement", (double)link->unacknowledgeable);
    if (link->unsorted)
        vo_observe_label_number(writer, "attempts_not_followed", (double)link->unsorted);
    put_delivery(writer, link);
    put_voice(writer, &link->voice);
    vo_observe_end(writer);
}
