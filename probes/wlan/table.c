#include "probes/wlan/table.h"

#include "core/estimate/channel.h"
#include "probes/flow/rtp_table.h"
#include "probes/wlan/describe.h"
#include "probes/wlan/emit.h"

#include <math.h>
#include <stdlib.h>

#define ROWS 40 /* of each list */

enum { VALUE = 16 };

/* "-" for what was not measured. */
static const char *number(char text[VALUE], double value, const char *format)
{
    if (isnan(value))
        return "-";
    snprintf(text, VALUE, format, value);
    return text;
}

static double mean_of(const struct vo_levels *levels)
{
    struct vo_signal signal;
    vo_levels_signal(levels, &signal);
    return vo_signal_mean_dbm(&signal);
}

static void print_more(FILE *stream, size_t count)
{
    if (count > ROWS)
        fprintf(stream, "  and %zu more\n", count - ROWS);
}

/* --- Channels ------------------------------------------------------------------------------------- */

static double share(const struct vo_air_channel *channel, uint64_t ns)
{
    return channel->listened_ns >= VO_AIR_LEAST && channel->untimed < channel->frames
               ? fmin(100 * (double)ns / (double)channel->listened_ns, 100)
               : NAN;
}

static void print_channels(const struct vo_wlan_ear *ear, FILE *stream)
{
    char use[VALUE], voice[VALUE], management[VALUE], control[VALUE], damaged[VALUE], noise[VALUE];
    fprintf(stream, "  %-10s %10s %9s %9s %8s %8s %9s %8s %7s\n", "channel", "frames", "listened", "airtime",
            "voice", "mgmt", "control", "bad FCS", "noise");
    for (unsigned i = 0; i < ear->air->channel_count; i++) {
        const struct vo_air_channel *channel = ear->air->channels[i];
        fprintf(stream, "  %4u MHz   %10llu %7.1f s %9s %8s %8s %9s %8s %7s\n", channel->mhz,
                (unsigned long long)channel->frames, (double)channel->listened_ns / 1e9,
                number(use, share(channel, channel->used_ns), "%.1f %%"),
                number(voice, share(channel, channel->sum.ns[VO_AIR_VOICE]), "%.1f %%"),
                number(management, share(channel, channel->sum.ns[VO_AIR_MANAGEMENT]), "%.1f %%"),
                number(control, share(channel, channel->sum.ns[VO_AIR_CONTROL]), "%.1f %%"),
                number(damaged, 100 * (double)channel->damaged / (double)channel->frames, "%.1f %%"),
                number(noise, mean_of(&channel->noise), "%.0f"));
    }
}

/* --- BSSs ----------------------------------------------------------------------------------------- */

struct strength {
    const struct vo_bss *bss;
    double dbm;
};

static int by_strength(const void *a, const void *b)
{
    const struct strength *one = a, *other = b;
    double left = isnan(one->dbm) ? -1000 : one->dbm, right = isnan(other->dbm) ? -1000 : other->dbm;
    return left > right ? -1 : left < right;
}

static void print_bss(const struct vo_bss *bss, double dbm, FILE *stream)
{
    char address[VO_WLAN_ADDRESS_TEXT], ssid[VO_SSID_TEXT], signal[VALUE], load[VALUE], width[VALUE] = "-";
    double used = bss->load.count ? 100 * (double)bss->load.sum / (double)bss->load.count / 255 : NAN;
    const char *phy = vo_bss_phy_word(&bss->info, bss->mhz);
    bool wmm = vo_bss_has(&bss->info, VO_BSS_WMM);
    if (vo_bss_has(&bss->info, VO_BSS_WIDTH))
        snprintf(width, sizeof width, "%u", bss->info.width_mhz);
    fprintf(stream, "  %s %5u %5s %8s %8llu %6s %-4s %-15s %-8s %-5s %s\n",
            vo_wlan_address_text(bss->bssid, address), bss->mhz, width, number(signal, dbm, "%.1f"),
            (unsigned long long)bss->beacons, number(load, used, "%.0f %%"), phy ? phy : "-",
            vo_bss_security_word(&bss->info, bss->capability), vo_bss_pmf_word(&bss->info),
            !wmm                                     ? bss->info.cut ? "?" : "-"
            : bss->info.qos_info & VO_QOS_INFO_UAPSD ? "uapsd"
                                                     : "wmm",
            bss->ssid_size ? vo_ssid_text(bss->ssid, bss->ssid_size, ssid) : "(hidden)");
}

static void print_bsses(const struct vo_wlan_ear *ear, FILE *stream)
{
    size_t count = 0;
    struct strength *list = calloc(ear->bsses.count + 1, sizeof *list);
    for (const struct vo_bss *bss = ear->bsses.first; list && bss; bss = bss->next)
        if (bss->known)
            list[count++] = (struct strength){bss, mean_of(&bss->signal)};
    if (count) {
        qsort(list, count, sizeof *list, by_strength);
        fprintf(stream, "\n  %-17s %5s %5s %8s %8s %6s %-4s %-15s %-8s %-5s %s\n", "BSSID", "MHz", "width",
                "dBm", "beacons", "load", "PHY", "security", "PMF", "WMM", "SSID");
        for (size_t i = 0; i < count && i < ROWS; i++)
            print_bss(list[i].bss, list[i].dbm, stream);
        print_more(stream, count);
    }
    if (!list)
        fprintf(stream, "\n  BSSs are not shown: out of memory\n");
    free(list);
}

/* --- Links ---------------------------------------------------------------------------------------- */

static int by_attempts(const void *a, const void *b)
{
    const struct vo_link *const *one = a, *const *other = b;
    return (*one)->attempts > (*other)->attempts ? -1 : (*one)->attempts < (*other)->attempts;
}

static void print_link(const struct vo_wlan_ear *ear, const struct vo_link *link, FILE *stream)
{
    char from[VO_WLAN_ADDRESS_TEXT], to[VO_WLAN_ADDRESS_TEXT], per[VALUE], retry[VALUE], dbm[VALUE],
        up6[VALUE];
    double percent = NAN, uncertainty;
    const char *why;
    uint64_t voice = vo_voice_frames(&link->voice);
    const struct vo_station *station = vo_stations_find(&ear->stations, link->transmitter);
    if (!vo_link_per(link, &percent, &uncertainty, &why))
        percent = NAN;
    fprintf(
        stream, "  %s > %s %9llu %8s %8s %8s %8s  %s\n", vo_wlan_address_text(link->transmitter, from),
        vo_wlan_address_text(link->receiver, to), (unsigned long long)link->attempts,
        number(retry, link->attempts ? 100 * (double)link->retries / (double)link->attempts : NAN, "%.1f %%"),
        number(per, percent, "%.2f %%"), number(dbm, station ? mean_of(&station->signal) : NAN, "%.1f"),
        number(up6, voice ? 100 * (double)link->voice.voice[6] / (double)voice : NAN, "%.0f %%"),
        why ? why : "");
}

static void print_links(const struct vo_wlan_ear *ear, FILE *stream)
{
    size_t count = 0;
    const struct vo_link **list = calloc(ear->delivery.count + 1, sizeof *list);
    for (const struct vo_link *link = ear->delivery.first; list && link; link = link->next)
        list[count++] = link;
    if (count) {
        qsort(list, count, sizeof *list, by_attempts);
        fprintf(stream, "\n  %-17s   %-17s %9s %8s %8s %8s %8s\n", "transmitter", "receiver", "attempts",
                "retries", "PER", "dBm", "voice UP6");
        for (size_t i = 0; i < count && i < ROWS; i++)
            print_link(ear, list[i], stream);
        print_more(stream, count);
    }
    if (!list)
        fprintf(stream, "\n  links are not shown: out of memory\n");
    free(list);
}

/* --- Roams ---------------------------------------------------------------------------------------- */

static void print_roams(const struct vo_wlan_session *session, FILE *stream)
{
    static const char *const methods[] = {
        [VO_ROAM_UNSEEN] = "unseen", [VO_ROAM_OPEN] = "open",  [VO_ROAM_HANDSHAKE] = "4-way handshake",
        [VO_ROAM_SAE] = "SAE",       [VO_ROAM_FT] = "802.11r", [VO_ROAM_AUTHENTICATION] = "EAP",
    };
    if (session->kept_count)
        fprintf(stream, "\n  Roams\n");
    for (size_t i = 0; i < session->kept_count && i < ROWS; i++) {
        const struct vo_phone_roam *roam = &session->kept[i];
        char time[VO_TIME_TEXT_SIZE], station[VO_WLAN_ADDRESS_TEXT], from[VO_WLAN_ADDRESS_TEXT],
            to[VO_WLAN_ADDRESS_TEXT];
        vo_time gap;
        const char *why;
        fprintf(stream, "  %s %s: %s > %s, %s, ", vo_time_format(roam->first_data, time),
                vo_wlan_address_text(roam->station, station), vo_wlan_address_text(roam->from, from),
                vo_wlan_address_text(roam->to, to), methods[vo_phone_roam_method(roam)]);
        if (vo_phone_roam_gap(roam, &gap, &why))
            fprintf(stream, "gap %.1f ms", (double)gap / 1e6);
        else
            fprintf(stream, "gap not measured: %s", why);
        if (roam->outcome.media)
            fprintf(stream, ", media %s", roam->outcome.media == VO_ROAM_MEDIA_LOST ? "LOST" : "resumed");
        if (roam->outcome.subnet)
            fprintf(stream, ", %s address",
                    roam->outcome.subnet == VO_ROAM_SUBNET_SAME ? "the same" : "another");
        fprintf(stream, "\n");
    }
    print_more(stream, session->roams.roams);
}

void vo_wlan_print_table(struct vo_wlan_session *session, FILE *stream)
{
    const struct vo_wlan_counts *counts = &session->counts;
    fprintf(stream, "%llu frames, %llu beacons, %llu retries, %llu with a bad FCS, %llu not decoded\n",
            (unsigned long long)counts->frames, (unsigned long long)counts->beacons,
            (unsigned long long)counts->retries, (unsigned long long)counts->bad_fcs,
            (unsigned long long)counts->undecoded + (unsigned long long)counts->not_wlan);
    for (unsigned i = 0; i < session->ear_count; i++) {
        const char *name = vo_wlan_ear_name(session->ears[i]);
        if (name)
            fprintf(stream, "\nInterface %s\n", name);
        print_channels(session->ears[i], stream);
        print_bsses(session->ears[i], stream);
        print_links(session->ears[i], stream);
    }
    print_roams(session, stream);
    vo_rtp_print_calls(&session->rtp, stream, false);
    vo_rtp_print_streams(&session->rtp, stream);
    if (session->rtp.hidden || session->rtp.crowded.ssrcs)
        fprintf(stream, "\n");
    vo_rtp_print_hidden(&session->rtp, stream);
}
