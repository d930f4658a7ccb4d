#include "probes/wlan/roam_emit.h"

#include "probes/wlan/describe.h"

#include <math.h>
#include <string.h>

#define NS_PER_MS (double)VO_NS_PER_MS

static vo_time real(const struct vo_roam_told *told, vo_time at)
{
    return vo_clock_map_real(told->clock, at);
}

/* When the roam was over; of one without end, when it began. */
static vo_time time_of(const struct vo_host_roam *roam)
{
    return roam->connected != VO_TIME_UNKNOWN ? roam->connected : roam->begun;
}

/* From the earlier to the later, ms; NAN if one was not seen. */
static double between(vo_time from, vo_time to)
{
    return from == VO_TIME_UNKNOWN || to == VO_TIME_UNKNOWN || to < from ? NAN
                                                                         : (double)(to - from) / NS_PER_MS;
}

static double events_ms(const struct vo_host_roam *roam)
{
    return roam->by_readings || roam->by_driver ? NAN : between(roam->begun, vo_host_roam_ended(roam));
}

/* --- Records -------------------------------------------------------------------------------------- */

static void label_address(struct vo_record_writer *writer, const char *name, vo_wlan_address address)
{
    char text[VO_WLAN_ADDRESS_TEXT];
    if (address)
        vo_observe_label(writer, name, vo_wlan_address_text(address, text));
}

static void label_ip(struct vo_record_writer *writer, const char *name, const struct vo_addresses *addresses)
{
    char text[VO_NET_ADDRESS_TEXT];
    if (addresses->count)
        vo_observe_label(writer, name, vo_net_address_format(&addresses->list[0], text));
}

static void put_labels(struct vo_record_writer *writer, const struct vo_roam_told *told)
{
    const struct vo_host_roam *roam = told->roam;
    char ssid[VO_SSID_TEXT];
    vo_observe_label(writer, "interface", told->interface);
    if (roam->ssid_size)
        vo_observe_label(writer, "ssid", vo_ssid_text(roam->ssid, roam->ssid_size, ssid));
    label_address(writer, "from", roam->from);
    label_address(writer, "to", roam->to);
    if (roam->from_mhz)
        vo_observe_label_number(writer, "from_mhz", roam->from_mhz);
    if (roam->to_mhz)
        vo_observe_label_number(writer, "to_mhz", roam->to_mhz);
    if (*told->media)
        vo_observe_label(writer, "media", told->media);
    if (roam->dhcp)
        vo_observe_label(writer, "dhcp", "yes");
    else if (told->captured && !roam->next && !roam->cut)
        vo_observe_label(writer, "dhcp", "no");
    label_ip(writer, "address_before", &roam->before);
    label_ip(writer, "address_after", &roam->after);
    if (roam->attempts)
        vo_observe_label_number(writer, "attempts_elsewhere", roam->attempts);
    if (roam->reason)
        vo_observe_label_number(writer, "reason", roam->reason);
    vo_observe_label(writer, "ended_by", roam->by_peer ? "access_point" : NULL);
    vo_observe_label(writer, "told_by",
                     roam->by_readings ? "readings"
                     : roam->by_driver ? "driver"
                                       : "events");
    if (roam->lost)
        vo_observe_label(writer, "events_lost", "yes");
}

static void put_gap(struct vo_record_writer *writer, const struct vo_media_gap *gap)
{
    static const char *const states[] = {
        [VO_MEDIA_UNKNOWN] = NULL, [VO_MEDIA_RESUMED] = "resumed", [VO_MEDIA_LOST] = "lost"};
    if (gap->why) {
        vo_observe_missing(writer, VO_METRIC_WLAN_ROAM_GAP_MS, "%s", gap->why);
    } else {
        vo_observe_metric(writer, VO_METRIC_WLAN_ROAM_GAP_MS, (double)(gap->to - gap->from) / NS_PER_MS);
        vo_observe_basis(writer, VO_METRIC_WLAN_ROAM_GAP_MS, "rtp_received");
        vo_observe_uncertainty(writer, VO_METRIC_WLAN_ROAM_GAP_MS, (double)gap->pace / NS_PER_MS);
    }
    if (gap->why_no_loss)
        vo_observe_missing(writer, VO_METRIC_WLAN_ROAM_LOST_PACKETS, "%s", gap->why_no_loss);
    else
        vo_observe_metric(writer, VO_METRIC_WLAN_ROAM_LOST_PACKETS, gap->lost);
    if (states[gap->state])
        vo_observe_state(writer, VO_METRIC_WLAN_ROAM_MEDIA, states[gap->state]);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_ROAM_MEDIA, "%s", gap->why_unknown);
}

static void put_step(struct vo_record_writer *writer, enum vo_metric metric, double ms, vo_time slack,
                     const char *why)
{
    if (isnan(ms)) {
        vo_observe_missing(writer, metric, "%s", why);
        return;
    }
    vo_observe_metric(writer, metric, ms);
    if (slack)
        vo_observe_uncertainty(writer, metric, (double)slack / NS_PER_MS);
}

static const char *why_no_events(const struct vo_host_roam *roam)
{
    if (roam->by_readings)
        return roam->lost ? "the kernel's announcements were lost" : "the kernel did not announce it";
    if (roam->by_driver)
        return "the driver chose by itself, and told only that it had";
    return roam->to ? "it was not seen when the keys were there" : "it associated with no access point again";
}

static void put_steps(struct vo_record_writer *writer, const struct vo_host_roam *roam)
{
    const char *ft = "fast transition needs no key exchange afterwards";
    bool is_ft = strcmp(vo_host_roam_method(roam), "ft") == 0;
    put_step(writer, VO_METRIC_WLAN_ROAM_EVENTS_MS, events_ms(roam), roam->authorized_slack,
             why_no_events(roam));
    put_step(writer, VO_METRIC_WLAN_ROAM_SCAN_MS, between(roam->scan_began, roam->authenticated), 0,
             roam->scan_began == VO_TIME_UNKNOWN ? "no scan was announced shortly before"
                                                 : "no authentication was announced");
    put_step(writer, VO_METRIC_WLAN_ROAM_ASSOCIATION_MS, between(roam->authenticated, roam->associated), 0,
             "authentication or association was not announced");
    put_step(writer, VO_METRIC_WLAN_ROAM_KEYS_MS, is_ft ? NAN : between(roam->associated, roam->authorized),
             roam->authorized_slack, is_ft ? ft : "it was not seen when the keys were there");
}

static void put_level(struct vo_record_writer *writer, enum vo_metric metric, int8_t dbm, const char *why)
{
    if (dbm)
        vo_observe_metric(writer, metric, dbm);
    else
        vo_observe_missing(writer, metric, "%s", why);
}

static void tell_timeline(struct vo_record_writer *writer, const struct vo_roam_told *told,
                          const struct vo_subject *subject)
{
    const struct vo_host_roam *roam = told->roam;
    struct vo_json_writer *json = vo_record_begin(writer, "event");
    vo_record_put_time(json, "time", real(told, time_of(roam)));
    vo_json_put_string(json, "kind", "wlan_roam");
    vo_record_put_subject(json, subject);
    vo_record_put_time(json, "scan_started", real(told, roam->scan_began));
    vo_record_put_time(json, "scan_done", real(told, roam->scan_ended));
    vo_record_put_time(json, "disconnected", real(told, roam->left));
    vo_record_put_time(json, "authentication", real(told, roam->authenticated));
    vo_record_put_time(json, "association_response", real(told, roam->associated));
    vo_record_put_time(json, "connected", real(told, roam->connected));
    vo_record_put_time(json, "keys_last", real(told, roam->authorized));
    vo_record_put_time(json, "last_data", real(told, told->gap->from));
    vo_record_put_time(json, "first_data", real(told, told->gap->to));
    vo_json_put_integer(json, "eap_frames", roam->eap_frames);
    vo_json_put_integer(json, "key_frames", roam->key_frames);
    vo_record_commit(writer);
}

void vo_roam_emit(struct vo_record_writer *writer, const struct vo_roam_told *told)
{
    const struct vo_host_roam *roam = told->roam;
    char id[VO_WLAN_NAME + VO_TIME_TEXT_SIZE], key[64], time[VO_TIME_TEXT_SIZE];
    char from[VO_WLAN_ADDRESS_TEXT], to[VO_WLAN_ADDRESS_TEXT];
    const char *why = NULL, *subnet = vo_host_roam_subnet(roam, &why);
    snprintf(id, sizeof id, "%.15s %s", told->interface, vo_time_format(real(told, time_of(roam)), time));
    snprintf(key, sizeof key, "%s > %s", vo_wlan_address_text(roam->from, from),
             roam->to ? vo_wlan_address_text(roam->to, to) : "nowhere");
    struct vo_subject subject = {"roam", id, key};
    vo_observe_begin(writer, real(told, time_of(roam)), &subject);
    put_labels(writer, told);
    put_gap(writer, told->gap);
    vo_observe_state(writer, VO_METRIC_WLAN_ROAM_METHOD, vo_host_roam_method(roam));
    put_steps(writer, roam);
    put_level(writer, VO_METRIC_WLAN_ROAM_SIGNAL_BEFORE_DBM, roam->from_dbm,
              "the driver reported no level of the old access point");
    put_level(writer, VO_METRIC_WLAN_ROAM_SIGNAL_AFTER_DBM, roam->to_dbm,
              roam->to ? "no level of the new access point was read"
                       : "it associated with no access point again");
    if (subnet)
        vo_observe_state(writer, VO_METRIC_WLAN_ROAM_SUBNET, subnet);
    else
        vo_observe_missing(writer, VO_METRIC_WLAN_ROAM_SUBNET, "%s", why);
    vo_observe_end(writer);
    tell_timeline(writer, told, &subject);
}

/* --- For a person --------------------------------------------------------------------------------- */

enum { VALUE = 24 };

static const char *number(char text[VALUE], double value, const char *format)
{
    if (isnan(value))
        return "-";
    snprintf(text, VALUE, format, value);
    return text;
}

void vo_roam_print_head(FILE *stream)
{
    fprintf(stream, "  %-8s  %-17s   %-17s %9s  %-14s %8s %9s %6s  %-9s %s\n", "UTC", "from", "to", "dBm",
            "method", "events", "gap", "lost", "subnet", "media");
}

void vo_roam_print(const struct vo_roam_told *told, FILE *stream)
{
    const struct vo_host_roam *roam = told->roam;
    const struct vo_media_gap *gap = told->gap;
    char time[VO_TIME_TEXT_SIZE], from[VO_WLAN_ADDRESS_TEXT], to[VO_WLAN_ADDRESS_TEXT], levels[2 * VALUE + 2];
    char before[VALUE], after[VALUE], events[VALUE], length[VALUE], lost[VALUE];
    const char *why, *subnet = vo_host_roam_subnet(roam, &why);
    vo_time_format(real(told, time_of(roam)), time);
    snprintf(levels, sizeof levels, "%s>%s", number(before, roam->from_dbm ? roam->from_dbm : NAN, "%.0f"),
             number(after, roam->to_dbm ? roam->to_dbm : NAN, "%.0f"));
    fprintf(stream, "  %.8s  %-17s > %-17s %9s  %-14s %8s %9s %6s  %-9s %s%s%s%s%s\n", time + 11,
            vo_wlan_address_text(roam->from, from), roam->to ? vo_wlan_address_text(roam->to, to) : "nowhere",
            levels, vo_host_roam_method(roam), number(events, events_ms(roam), "%.0f ms"),
            gap->state == VO_MEDIA_LOST
                ? "lost"
                : number(length, gap->why ? NAN : (double)(gap->to - gap->from) / NS_PER_MS, "%.0f ms"),
            number(lost, gap->why_no_loss ? NAN : gap->lost, "%.0f"), subnet ? subnet : "-",
            *told->media ? told->media : "none", gap->why ? ": " : "", gap->why ? gap->why : "",
            roam->dhcp ? "; DHCP" : "", roam->lost ? "; announcements were lost" : "");
    fflush(stream);
}
