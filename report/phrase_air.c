#include "report/phrase.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LABEL_SIZE 256

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Appends; what does not fit is cut. */
static void append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

void vo_phrase_channel(char *text, size_t size, double mhz)
{
    unsigned frequency = mhz >= 1 && mhz < 1e5 ? (unsigned)(mhz + 0.5) : 0;
    unsigned number = vo_channel_number(frequency);
    if (frequency == 0)
        snprintf(text, size, "channel not told");
    else if (number == 0)
        snprintf(text, size, "%u MHz", frequency);
    else if (vo_channel_band(frequency) == VO_CHANNEL_6_GHZ)
        snprintf(text, size, "channel %u of 6 GHz", number);
    else
        snprintf(text, size, "channel %u", number);
}

void vo_phrase_time(char *text, size_t size, vo_time time)
{
    char whole[VO_TIME_TEXT_SIZE];
    if (time == VO_TIME_UNKNOWN)
        snprintf(text, size, "?");
    else
        snprintf(text, size, "%.8s UTC", vo_time_format(time, whole) + 11);
}

/* --- where
 * -------------------------------------------------------------------------------------------------- */

static const char *label(const struct vo_result *result, const char *name)
{
    return vo_json_get_text(vo_json_get(result->json, "subject"), name);
}

static double number(const struct vo_result *result, const char *name)
{
    return vo_json_double(vo_json_get(vo_json_get(result->json, "subject"), name));
}

static const char *place_of(const struct vo_result *result)
{
    const char *place = label(result, "place");
    return place || !result->air ? place : result->air->place;
}

/* "voice (02:00:5e:00:01:00, channel 36)"; what is not known is left out. */
static void append_network(char *text, size_t size, const struct vo_result *result, const char *bssid)
{
    const char *ssid = label(result, "ssid");
    double mhz = number(result, "frequency_mhz");
    char channel[LABEL_SIZE] = "";
    if (!isnan(mhz))
        vo_phrase_channel(channel, sizeof channel, mhz);
    append(text, size, "%s", ssid ? ssid : same(label(result, "hidden"), "yes") ? "hidden network" : "");
    const char *between = text[0] ? " " : "";
    if (bssid && channel[0])
        append(text, size, "%s(%s, %s)", between, bssid, channel);
    else if (bssid || channel[0])
        append(text, size, "%s(%s)", between, bssid ? bssid : channel);
}

static void where_cell(char *text, size_t size, const struct vo_result *result)
{
    char network[VO_PHRASE_SIZE] = "";
    const char *place = place_of(result);
    append_network(network, sizeof network, result, label(result, "bssid"));
    append(text, size, "%s%s%s", place ? place : "", place && network[0] ? ", " : "", network);
}

static void where_bss(char *text, size_t size, const struct vo_result *result)
{
    char network[VO_PHRASE_SIZE] = "";
    const char *place = place_of(result);
    append_network(network, sizeof network, result, result->subject_id);
    append(text, size, "%s%s%s", place ? place : "", place ? ", " : "", network);
}

/* Of this host's link its interface; of what was heard of others who sends to whom. */
static void where_link(char *text, size_t size, const struct vo_result *result)
{
    const char *interface = label(result, "interface"), *bssid = label(result, "bssid");
    const char *from = label(result, "transmitter"), *to = label(result, "receiver");
    const char *place = place_of(result);
    char network[VO_PHRASE_SIZE] = "";
    append_network(network, sizeof network, result, from && to ? NULL : bssid);
    if (from && to)
        append(text, size, "%s → %s", from, to);
    else
        append(text, size, "%s", interface ? interface : result->subject_id);
    append(text, size, "%s%s", network[0] == '(' ? " " : network[0] ? ", " : "", network);
    if (place)
        append(text, size, ", at %s", place);
}

static void where_channel(char *text, size_t size, const struct vo_result *result)
{
    double mhz = number(result, "frequency_mhz");
    const char *interface = label(result, "interface"), *place = place_of(result);
    char channel[LABEL_SIZE];
    vo_phrase_channel(channel, sizeof channel, mhz);
    if (isnan(mhz))
        append(text, size, "%s", result->subject_id);
    else if (vo_channel_number((unsigned)mhz))
        append(text, size, "%s (%.0f MHz)", channel, mhz);
    else
        append(text, size, "%s", channel);
    if (interface)
        append(text, size, ", %s", interface);
    if (place)
        append(text, size, ", at %s", place);
}

/* The id ends in the time. */
static void where_roam(char *text, size_t size, const struct vo_result *result)
{
    const char *from = label(result, "from"), *to = label(result, "to");
    const char *who = label(result, "station") ? label(result, "station") : label(result, "interface");
    const char *end = strrchr(result->subject_id, ' ');
    char clock[LABEL_SIZE];
    vo_time time;
    if ((!from && !to) || !end || vo_time_parse(end + 1, &time, NULL) != VO_OK) {
        append(text, size, "%s", result->subject_id);
        return;
    }
    vo_phrase_time(clock, sizeof clock, time);
    append(text, size, "%s → %s%s%s, %s", from ? from : "?", to ? to : "nowhere", who ? ", " : "",
           who ? who : "", clock);
}

static void where_access_point(char *text, size_t size, const struct vo_result *result)
{
    const char *ssid = label(result, "ssid"), *id = result->subject_id;
    size_t length = ssid ? strlen(ssid) : 0;
    if (ssid && strncmp(id, ssid, length) == 0 && id[length] == ' ')
        append(text, size, "%s, access point %s", ssid, id + length + 1);
    else
        append(text, size, "access point %s", id);
}

bool vo_phrase_air_where(char *text, size_t size, const struct vo_result *result)
{
    static void (*const kinds[VO_AIR_KINDS])(char *, size_t, const struct vo_result *) = {
        [VO_AIR_BSS] = where_bss,   [VO_AIR_CELL] = where_cell,
        [VO_AIR_LINK] = where_link, [VO_AIR_CHANNEL] = where_channel,
        [VO_AIR_ROAM] = where_roam, [VO_AIR_ACCESS_POINT] = where_access_point,
    };
    enum vo_air_kind kind = vo_air_kind_of(result->subject_kind);
    if (kind == VO_AIR_KINDS || !result->subject_id)
        return false;
    /* a result over all subjects of a kind has none of their labels; an interface of a target is no Wi-Fi */
    bool all = same(label(result, "key"), "all");
    bool wired = kind == VO_AIR_LINK && !label(result, "bssid") && !label(result, "transmitter");
    if (all || wired)
        return false;
    size_t before = strlen(text);
    kinds[kind](text, size, result);
    return strlen(text) > before;
}

/* --- loss and what the air did
 * ------------------------------------------------------------------------------ */

/* "14:03:05–14:03:07 UTC"; within one second with milliseconds. */
static void append_span(struct vo_out *text, vo_time from, vo_time until)
{
    char first[VO_TIME_TEXT_SIZE], last[VO_TIME_TEXT_SIZE];
    if (from == VO_TIME_UNKNOWN) {
        vo_out_add(text, "At a time that is not told");
        return;
    }
    vo_time_format(from, first);
    if (until == VO_TIME_UNKNOWN || until <= from) {
        vo_out_format(text, "%.8s UTC", first + 11);
        return;
    }
    vo_time_format(until, last);
    if (from / VO_NS_PER_S == until / VO_NS_PER_S)
        vo_out_format(text, "%.8s.%03d–%.8s.%03d UTC", first + 11, (int)(from / VO_NS_PER_MS % 1000),
                      last + 11, (int)(until / VO_NS_PER_MS % 1000));
    else
        vo_out_format(text, "%.8s–%.8s UTC", first + 11, last + 11);
}

static void append_loss(struct vo_out *text, const struct vo_explanation *explanation)
{
    char lost[LABEL_SIZE], expected[LABEL_SIZE];
    if (isnan(explanation->lost)) {
        vo_out_add(text, "packets lost");
        return;
    }
    vo_phrase_number(lost, sizeof lost, explanation->lost, "count", NAN, NAN, NAN);
    vo_phrase_number(expected, sizeof expected, explanation->expected, "count", NAN, NAN, NAN);
    if (isnan(explanation->expected))
        vo_out_format(text, "%s packets lost", lost);
    else
        vo_out_format(text, "%s of %s packets lost", lost, expected);
}

void vo_phrase_burst(struct vo_out *text, const struct vo_explanation *explanation)
{
    append_span(text, explanation->from, explanation->until);
    vo_out_add(text, ": ");
    append_loss(text, explanation);
    vo_out_add(text, explanation->with_count ? ". At the same time:"
                                             : ". The air was measured then, and nothing in it coincides.");
}

void vo_phrase_coincidence(struct vo_out *text, const struct vo_coincidence *with)
{
    vo_out_add(text, with->text);
    if (with->run)
        vo_out_format(text, " (record %llu of run %.8s)", (unsigned long long)with->n, with->run);
}

const char *vo_phrase_no_cause(const struct vo_explanation *explanation)
{
    if (explanation->with_count == 0)
        return NULL;
    return explanation->with_count == 1 ? "That it coincides does not prove a cause."
                                        : "That they coincide does not prove a cause.";
}

/* --- roams
 * -------------------------------------------------------------------------------------------------- */

const char *vo_phrase_method(const char *word)
{
    static const char *const names[][2] = {
        {"ft", "fast transition (802.11r)"},
        {"authentication", "authentication anew (EAP)"},
        {"sae", "SAE anew"},
        {"handshake", "4-way handshake"},
        {"open", "open network"},
        {"unseen", "method not seen"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (same(word, names[i][0]))
            return names[i][1];
    return word;
}

void vo_phrase_step(char *text, size_t size, const char *name)
{
    static const char *const names[][2] = {
        {"scan_started", "scan begun"},
        {"scan_done", "scan done"},
        {"first_probe", "first probe request"},
        {"last_data", "last data with the old"},
        {"disconnected", "left the old"},
        {"authentication", "authentication"},
        {"association_request", "association asked for"},
        {"association_response", "associated"},
        {"keys_first", "first frame of keys"},
        {"connected", "connected"},
        {"keys_last", "keys are there"},
        {"first_data", "first data with the new"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (same(name, names[i][0])) {
            snprintf(text, size, "%s", names[i][1]);
            return;
        }
    snprintf(text, size, "%s", name);
    for (char *at = text; *at; at++)
        *at = *at == '_' ? ' ' : *at;
}
