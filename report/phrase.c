#include "report/phrase.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_SIZE 64

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

/* --- numbers
 * ------------------------------------------------------------------------------------------------ */

/* Decimals that the size of the value asks for: 128, 31.4, 2.0, 0.51, 0.0012. */
static int decimals_of_size(double value, const char *unit)
{
    double size = fabs(value);
    if (same(unit, "count") || same(unit, "code"))
        return 0;
    if (same(unit, "ppm") || same(unit, "R"))
        return size < 10.0 ? 1 : 0;
    if (size >= 100.0)
        return 0;
    if (size >= 1.0)
        return 1;
    if (size < 1e-9)
        return 0;
    int decimals = 1 - (int)floor(log10(size));
    return decimals > 4 ? 4 : decimals;
}

/* Decimals that a resolution such as one packet in 300, or ± 2 ms, supports. */
static int decimals_of_resolution(double resolution)
{
    if (!(resolution > 0.0))
        return 9;
    int decimals = (int)ceil(-log10(resolution) - 1e-9);
    return decimals < 0 ? 0 : decimals;
}

static bool rounds_onto(double value, double limit, int decimals)
{
    double scale = pow(10.0, decimals);
    double distance = fabs(round(value * scale) / scale - limit);
    return fabs(value - limit) > 1e-12 * fmax(1.0, fabs(limit)) && distance < 1e-9 * fmax(1.0, fabs(limit));
}

static int decimals_of(double value, const char *unit, double samples, double uncertainty, double limit)
{
    int decimals = decimals_of_size(value, unit);
    int supported = 9;
    if (uncertainty > 0.0)
        supported = decimals_of_resolution(uncertainty);
    if (same(unit, "percent") && samples > 0.0 && decimals_of_resolution(100.0 / samples) < supported)
        supported = decimals_of_resolution(100.0 / samples);
    if (supported < decimals)
        decimals = supported;
    while (!isnan(limit) && decimals < 4 && rounds_onto(value, limit, decimals))
        decimals++;
    return decimals;
}

/* Groups of three digits: 12,345. */
static void write_count(char *text, size_t size, double value)
{
    char digits[NUMBER_SIZE];
    snprintf(digits, sizeof digits, "%.0f", fabs(value));
    size_t count = strlen(digits);
    text[0] = '\0';
    if (value < -0.5)
        append(text, size, "-");
    for (size_t i = 0; i < count; i++)
        append(text, size, "%s%c", i > 0 && (count - i) % 3 == 0 ? "," : "", digits[i]);
}

void vo_phrase_clock(char *text, size_t size, double seconds)
{
    if (!(seconds >= 0.0 && seconds < 1e9)) {
        snprintf(text, size, "?");
        return;
    }
    unsigned long whole = (unsigned long)(seconds + 0.5);
    snprintf(text, size, "%02lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
}

void vo_phrase_number(char *text, size_t size, double value, const char *unit, double samples,
                      double uncertainty, double limit)
{
    if (!isfinite(value)) {
        snprintf(text, size, "not measured");
        return;
    }
    if (same(unit, "s") && value >= 60.0 && isnan(limit)) { /* beside a limit: in its unit */
        vo_phrase_clock(text, size, value);
        return;
    }
    int decimals = decimals_of(value, unit, samples, uncertainty, limit);
    bool whole_percent = same(unit, "percent") && (fabs(value) < 1e-12 || fabs(value - 100.0) < 1e-12);
    if (decimals == 0 && !same(unit, "code"))
        write_count(text, size, round(value));
    else
        snprintf(text, size, "%.*f", whole_percent ? 0 : decimals, value);
    if (same(unit, "percent"))
        append(text, size, " %%");
    else if (unit && !same(unit, "count") && !same(unit, "code") && !same(unit, "word") &&
             !same(unit, "MOS") && !same(unit, "R"))
        append(text, size, " %s", unit);
}

/* as_signalled → as signalled */
static void write_word(char *text, size_t size, const char *word)
{
    snprintf(text, size, "%s", word);
    for (char *at = text; *at; at++)
        if (*at == '_')
            *at = ' ';
}

/* Shares of time that a number of frames or announcements told of: those are no resolution of it. */
static bool is_of_time(const struct vo_metric_row *row)
{
    size_t metric = row ? (size_t)(row - vo_metrics) : VO_METRIC_COUNT;
    return metric == VO_METRIC_WLAN_UTILIZATION_PERCENT || metric == VO_METRIC_WLAN_UTILIZATION_MAX_PERCENT ||
           metric == VO_METRIC_WLAN_UTILIZATION_V1_PERCENT ||
           (metric >= VO_METRIC_WLAN_AIRTIME_PERCENT && metric <= VO_METRIC_WLAN_AIRTIME_DAMAGED_PERCENT);
}

void vo_phrase_metric_short(char *text, size_t size, const struct vo_facts *facts, enum vo_metric metric)
{
    const struct vo_metric_row *row = &vo_metrics[metric];
    const struct vo_metric_row *samples = row->samples ? vo_metric_find(row->samples) : NULL;
    const struct vo_reported *told = vo_facts_of(facts, metric);
    double count =
        samples && !is_of_time(row) ? vo_facts_number(facts, (enum vo_metric)(samples - vo_metrics)) : NAN;
    if (told->word)
        write_word(text, size, told->word);
    else if (!isnan(told->number))
        vo_phrase_number(text, size, told->number, row->unit, count, told->uncertainty, NAN);
    else
        snprintf(text, size, "–");
}

void vo_phrase_metric(char *text, size_t size, const struct vo_facts *facts, enum vo_metric metric)
{
    const struct vo_reported *told = vo_facts_of(facts, metric);
    if (told->word || !isnan(told->number))
        vo_phrase_metric_short(text, size, facts, metric);
    else if (told->missing)
        snprintf(text, size, "not measured: %s", told->missing);
    else
        snprintf(text, size, "not measured");
}

/* --- results
 * ------------------------------------------------------------------------------------------------ */

void vo_phrase_observed(char *text, size_t size, const struct vo_result *result)
{
    if (result->observed_word)
        write_word(text, size, result->observed_word);
    else
        vo_phrase_number(text, size, result->observed, result->unit,
                         is_of_time(result->row) ? NAN : result->samples, result->uncertainty,
                         vo_result_limit(result));
}

void vo_phrase_limit(char *text, size_t size, const struct vo_result *result)
{
    snprintf(text, size, "%s", result->limit_text ? result->limit_text : "");
}

void vo_phrase_margin(char *text, size_t size, const struct vo_result *result)
{
    char number[NUMBER_SIZE], uncertainty[NUMBER_SIZE];
    double limit = vo_result_limit(result);
    text[0] = '\0';
    if (isnan(result->margin))
        return;
    bool percent = same(result->unit, "percent"), level = same(result->unit, "dBm");
    const char *unit = percent ? "points" : level ? "dB" : result->unit; /* of a difference */
    vo_phrase_number(number, sizeof number, fabs(result->margin), unit, NAN, result->uncertainty, 0.0);
    if (!isnan(limit) && result->margin < 0)
        snprintf(text, size, "%s %s the limit", number, result->observed > limit ? "over" : "under");
    else if (!isnan(limit) && fabs(result->margin) <= 0.0)
        snprintf(text, size, "exactly at the limit");
    else if (result->margin > 0)
        snprintf(text, size, "%s to spare", number);
    if (!result->within_uncertainty)
        return;
    vo_phrase_number(uncertainty, sizeof uncertainty, result->uncertainty, unit, NAN, result->uncertainty,
                     NAN);
    append(text, size, "%swithin the uncertainty of ± %s", text[0] ? ", " : "", uncertainty);
}

const char *vo_phrase_direction(const struct vo_stream *stream)
{
    if (same(stream->direction, "caller_to_callee"))
        return "caller → callee";
    if (same(stream->direction, "callee_to_caller"))
        return "callee → caller";
    return "direction unknown";
}

void vo_phrase_addresses(char *text, size_t size, const struct vo_stream *stream)
{
    if (stream->source && stream->destination)
        snprintf(text, size, "%s → %s", stream->source, stream->destination);
    else
        snprintf(text, size, "%s", stream->seen.id);
}

/* sip:alice@example.com → alice@example.com */
static const char *without_scheme(const char *address)
{
    if (!address || !*address)
        return "unknown";
    if (strncmp(address, "sip:", 4) == 0)
        return address + 4;
    return strncmp(address, "sips:", 5) == 0 ? address + 5 : address;
}

void vo_phrase_parties(char *text, size_t size, const struct vo_call *call)
{
    if (call->caller || call->callee)
        snprintf(text, size, "%s → %s", without_scheme(call->caller), without_scheme(call->callee));
    else
        snprintf(text, size, "%s", call->seen.id);
}

/* What stands before the id of a subject, for the kinds whose id does not speak for itself. */
static const char *noun_of(const char *kind)
{
    static const struct {
        const char *kind, *noun;
    } nouns[] = {
        {"path", "route to "}, {"nat", "NAT at "},        {"capture", "capture "},
        {"call", "call "},     {"rtp_stream", "stream "},
    };
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        if (same(kind, nouns[i].kind))
            return nouns[i].noun;
    return "";
}

void vo_phrase_where(char *text, size_t size, const struct vo_result *result)
{
    const struct vo_stream *stream = result->stream;
    char addresses[VO_PHRASE_SIZE];
    text[0] = '\0';
    if (stream) {
        vo_phrase_addresses(addresses, sizeof addresses, stream);
        append(text, size, "%s, %s", vo_phrase_direction(stream), addresses);
        if (stream->media && !same(stream->media, "audio"))
            append(text, size, ", %s", stream->media);
        if (stream->point_matters)
            append(text, size, ", captured at %s", stream->point);
    } else if (result->call) {
        vo_phrase_parties(addresses, sizeof addresses, result->call);
        append(text, size, "call %s", addresses);
    } else if (!vo_phrase_air_where(text, size, result) && result->subject_id) {
        append(text, size, "%s%s", noun_of(result->subject_kind), result->subject_id);
    }
}

void vo_phrase_when(char *text, size_t size, const struct vo_result *result)
{
    const struct vo_stream *stream = result->stream;
    char offset[NUMBER_SIZE], time[VO_TIME_TEXT_SIZE];
    text[0] = '\0';
    if (!stream || result->row != &vo_metrics[VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT])
        return;
    double start = vo_facts_number(&stream->seen.facts, VO_METRIC_RTP_LOSS_PEAK_5MIN_START_S);
    double duration = vo_facts_number(&stream->seen.facts, VO_METRIC_RTP_DURATION_S);
    if (duration < 300.0) {
        vo_phrase_number(offset, sizeof offset, duration, "s", NAN, NAN, NAN);
        snprintf(text, size, "Over the whole stream of %s", offset);
    } else if (start >= 0.0) {
        vo_phrase_clock(offset, sizeof offset, start);
        snprintf(text, size, "Worst five minutes from %s", offset);
        if (stream->series.rows > 0 && start < 1e9 && stream->series.start < INT64_MAX / 2) {
            vo_time_format(stream->series.start + (vo_time)start * VO_NS_PER_S, time);
            append(text, size, " of the stream (%.8s UTC)", time + 11);
        }
    }
}

void vo_phrase_call(char *text, size_t size, const struct vo_result *result)
{
    char time[VO_TIME_TEXT_SIZE];
    text[0] = '\0';
    if (!result->stream || !result->call)
        return;
    vo_phrase_parties(text, size, result->call);
    if (result->call->seen.time != VO_TIME_UNKNOWN)
        append(text, size, ", begun %.8s UTC", vo_time_format(result->call->seen.time, time) + 11);
}

void vo_phrase_evidence(char *text, size_t size, const struct vo_result *result)
{
    char part[VO_PHRASE_SIZE];
    const struct vo_json *first = vo_json_child(vo_json_get(result->json, "evidence"));
    const char *run = vo_json_get_text(first, "run");
    double n = vo_json_double(vo_json_get(first, "n"));
    text[0] = '\0';
    if (result->samples > 0) {
        vo_phrase_number(part, sizeof part, result->samples, "count", NAN, NAN, NAN);
        append(text, size, "%s samples", part);
    }
    if (same(result->basis, "capture_point")) {
        append(text, size, "%s",
               text[0] ? ", measured up to the capture point" : "Measured up to the capture point");
    } else if (result->basis) {
        write_word(part, sizeof part, result->basis);
        append(text, size, "%s%s", text[0] ? ", basis: " : "Basis: ", part);
    }
    if (run && n > 0)
        append(text, size, "%s%.0f of run %.8s", text[0] ? "; record " : "Record ", n, run);
}

void vo_phrase_sentence(char *text, size_t size, const struct vo_result *result)
{
    char part[VO_PHRASE_SIZE];
    vo_phrase_observed(part, sizeof part, result);
    snprintf(text, size, "%s: %s", result->title, part);
    vo_phrase_limit(part, sizeof part, result);
    if (part[0])
        append(text, size, " (limit: %s)", part);
    vo_phrase_when(part, sizeof part, result);
    if (part[0])
        append(text, size, ". %s", part);
    vo_phrase_where(part, sizeof part, result);
    if (part[0])
        append(text, size, "; %s", part);
}

void vo_phrase_citation(char *text, size_t size, const struct vo_result *result)
{
    text[0] = '\0';
    if (result->document)
        append(text, size, "%s", result->document);
    if (result->section)
        append(text, size, "%s§ %s", result->document ? ", " : "", result->section);
}

void vo_phrase_mos(char *text, size_t size, const struct vo_stream *stream)
{
    static const struct {
        enum vo_metric metric;
        const char *scale;
    } rows[] = {
        {VO_METRIC_RTP_MOS_CQ_NB, "nb"}, {VO_METRIC_RTP_MOS_CQ_WB, "wb"}, {VO_METRIC_RTP_MOS_CQ_FB, "fb"},
        {VO_METRIC_RTP_MOS_LQ_NB, "nb"}, {VO_METRIC_RTP_MOS_LQ_WB, "wb"}, {VO_METRIC_RTP_MOS_LQ_FB, "fb"},
    };
    snprintf(text, size, "–");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (isnan(vo_facts_number(&stream->seen.facts, rows[i].metric)))
            continue;
        vo_phrase_metric_short(text, size, &stream->seen.facts, rows[i].metric);
        append(text, size, " %s", rows[i].scale);
        return;
    }
}

/* --- calls, counts, names
 * ----------------------------------------------------------------------------------- */

void vo_phrase_outcome(char *text, size_t size, const struct vo_call *call)
{
    static const struct {
        enum vo_metric state;
        const char *word, *text;
    } rows[] = {
        {VO_METRIC_SIP_HANGUP_STATE, "caller", ", ended by the caller"},
        {VO_METRIC_SIP_HANGUP_STATE, "callee", ", ended by the callee"},
        {VO_METRIC_SIP_HANGUP_STATE, "unseen", ", end not captured"},
        {VO_METRIC_CALL_MEDIA_STATE, "both_ways", ", media both ways"},
        {VO_METRIC_CALL_MEDIA_STATE, "one_way", ", media one way only"},
        {VO_METRIC_CALL_MEDIA_STATE, "none", ", no media captured"},
        {VO_METRIC_SIP_SIGNALLING_STATE, "encrypted", ", signalling encrypted"},
        {VO_METRIC_SIP_SIGNALLING_STATE, "decrypted", ", signalling decrypted"},
    };
    const struct vo_facts *facts = &call->seen.facts;
    char part[NUMBER_SIZE];
    const char *outcome = vo_facts_of(facts, VO_METRIC_SIP_CALL_STATE)->word;
    write_word(text, size, outcome ? outcome : "outcome unknown");
    double code = vo_facts_number(facts, VO_METRIC_SIP_FINAL_CODE);
    if (code >= 300.0 && !same(outcome, "answered"))
        append(text, size, " (%.0f)", code);
    double duration = vo_facts_number(facts, VO_METRIC_SIP_DURATION_S);
    if (!isnan(duration)) {
        vo_phrase_clock(part, sizeof part, duration);
        append(text, size, ", %s", part);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (same(vo_facts_of(facts, rows[i].state)->word, rows[i].word))
            append(text, size, "%s", rows[i].text);
}

const char *vo_phrase_verdict(const char *word)
{
    static const char *const names[][2] = {
        {"ready", "Ready"},           {"ready_with_warnings", "Ready, with warnings"},
        {"incomplete", "Incomplete"}, {"not_ready", "Not ready"},
        {"error", "Error"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (same(word, names[i][0]))
            return names[i][1];
    return word;
}

const char *vo_phrase_worst(enum vo_result_status worst)
{
    return worst == VO_RESULT_NOT_MEASURED ? "Not all measured" : vo_result_names[worst];
}

void vo_phrase_counts(char *text, size_t size, const struct vo_report *report)
{
    static const char *const words[VO_RESULT_STATUSES] = {
        "error", "failed", "warning", "not measured", "passed", "informational", "skipped", "not applicable"};
    text[0] = '\0';
    for (size_t i = 0; i < VO_RESULT_STATUSES; i++) {
        if (report->counts[i] == 0)
            continue;
        bool plural = report->counts[i] != 1 && (i == VO_RESULT_ERROR || i == VO_RESULT_WARN);
        append(text, size, "%s%zu %s%s", text[0] ? ", " : "", report->counts[i], words[i], plural ? "s" : "");
    }
    if (!text[0])
        append(text, size, "no results");
}
