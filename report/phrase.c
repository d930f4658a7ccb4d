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

void vo_phrase_metric_short(char *text, size_t size, const struct vo_facts *facts, enum vo_metric metric)
{
    const struct vo_metric_row *row = &vo_metrics[metric];
    const struct vo_metric_row *samples = row->samples ? vo_metric_find(row->samples) : NULL;
    double count = samples ? facts->number[samples - vo_metrics] : NAN;
    if (facts->word[metric])
        write_word(text, size, facts->word[metric]);
    else if (!isnan(facts->number[metric]))
        vo_phrase_number(text, size, facts->number[metric], row->unit, count, facts->uncertainty[metric],
                         NAN);
    else
        snprintf(text, size, "–");
}

void vo_phrase_metric(char *text, size_t size, const struct vo_facts *facts, enum vo_metric metric)
{
    if (facts->word[metric] || !isnan(facts->number[metric]))
        vo_phrase_metric_short(text, size, facts, metric);
    else if (facts->missing[metric])
        snprintf(text, size, "not measured: %s", facts->missing[metric]);
    else
        snprintf(text, size, "not measured");
}

/* --- results
 * ------------------------------------------------------------------------------------------------ */

/* The first number of the limit, for rounding. */
static double limit_of(const struct vo_result *result)
{
    const struct vo_json *limit = result->limit;
    return vo_json_double(vo_json_type(limit) == VO_JSON_OBJECT ? vo_json_child(limit) : limit);
}

void vo_phrase_observed(char *text, size_t size, const struct vo_result *result)
{
    if (result->observed_word)
        write_word(text, size, result->observed_word);
    else
        vo_phrase_number(text, size, result->observed, result->unit, result->samples, result->uncertainty,
                         limit_of(result));
}

void vo_phrase_limit(char *text, size_t size, const struct vo_result *result)
{
    snprintf(text, size, "%s", result->limit_text ? result->limit_text : "");
}

void vo_phrase_margin(char *text, size_t size, const struct vo_result *result)
{
    char number[NUMBER_SIZE], uncertainty[NUMBER_SIZE];
    double limit = limit_of(result);
    text[0] = '\0';
    if (isnan(result->margin))
        return;
    bool percent = same(result->unit, "percent");
    const char *unit = percent ? "points" : result->unit;
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
    } else if (result->subject_id) {
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
        if (isnan(stream->seen.facts.number[rows[i].metric]))
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
    const char *outcome = facts->word[VO_METRIC_SIP_CALL_STATE];
    write_word(text, size, outcome ? outcome : "outcome unknown");
    double code = facts->number[VO_METRIC_SIP_FINAL_CODE];
    if (code >= 300.0 && !same(outcome, "answered"))
        append(text, size, " (%.0f)", code);
    if (!isnan(facts->number[VO_METRIC_SIP_DURATION_S])) {
        vo_phrase_clock(part, sizeof part, facts->number[VO_METRIC_SIP_DURATION_S]);
        append(text, size, ", %s", part);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (same(facts->word[rows[i].state], rows[i].word))
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

static const struct {
    enum vo_metric metric;
    const char *heading;
} headings[] = {
    {VO_METRIC_RTP_PACKETS, "Packets"},
    {VO_METRIC_RTP_EXPECTED_PACKETS, "Packets expected"},
    {VO_METRIC_RTP_LOST_PACKETS, "Packets lost"},
    {VO_METRIC_RTP_DUPLICATE_PACKETS, "Duplicates"},
    {VO_METRIC_RTP_REORDERED_PACKETS, "Reordered"},
    {VO_METRIC_RTP_RESTARTS, "Restarts"},
    {VO_METRIC_RTP_DURATION_S, "Duration"},
    {VO_METRIC_RTP_LOSS_PERCENT, "Loss, whole stream"},
    {VO_METRIC_RTP_LOSS_PEAK_5MIN_PERCENT, "Loss, worst five minutes"},
    {VO_METRIC_RTP_LOSS_LONGEST_PACKETS, "Longest run of lost packets"},
    {VO_METRIC_RTP_DISCARDED_PERCENT, "Too late for the buffer"},
    {VO_METRIC_RTP_BURST_DENSITY_PERCENT, "Loss within bursts"},
    {VO_METRIC_RTP_BURST_LENGTH_MS, "Length of bursts, mean"},
    {VO_METRIC_RTP_JITTER_MS, "Jitter, last"},
    {VO_METRIC_RTP_JITTER_MEAN_MS, "Jitter, mean"},
    {VO_METRIC_RTP_JITTER_MAX_MS, "Jitter, largest"},
    {VO_METRIC_RTP_PDV_P95_MS, "Delay variation, 95 %"},
    {VO_METRIC_RTP_PDV_MAX_MS, "Delay variation, largest"},
    {VO_METRIC_RTP_LATENCY_MS, "Latency, mean"},
    {VO_METRIC_RTP_LATENCY_MAX_MS, "Latency, largest"},
    {VO_METRIC_RTP_RTT_MS, "Round trip, mean"},
    {VO_METRIC_RTP_CLOCK_SKEW_PPM, "Clock skew"},
    {VO_METRIC_RTP_MOS_LQ_NB, "MOS listening, narrowband"},
    {VO_METRIC_RTP_MOS_LQ_WB, "MOS listening, wideband"},
    {VO_METRIC_RTP_MOS_LQ_FB, "MOS listening, fullband"},
    {VO_METRIC_RTP_MOS_CQ_NB, "MOS conversation, narrowband"},
    {VO_METRIC_RTP_MOS_CQ_WB, "MOS conversation, wideband"},
    {VO_METRIC_RTP_MOS_CQ_FB, "MOS conversation, fullband"},
    {VO_METRIC_RTP_BITRATE_KBPS, "Bit rate"},
    {VO_METRIC_RTP_PTIME_MS, "Packet time"},
    {VO_METRIC_RTP_DSCP_46_PERCENT, "DSCP 46"},
    {VO_METRIC_RTP_MEDIA_STATE, "Media"},
    {VO_METRIC_RTP_ADDRESS_STATE, "Addresses"},
    {VO_METRIC_RTCP_LOSS_PERCENT, "Loss, receiver's report"},
    {VO_METRIC_RTCP_JITTER_MAX_MS, "Jitter, receiver's report"},
    {VO_METRIC_CAPTURE_PACKETS, "Packets"},
    {VO_METRIC_CAPTURE_DROPPED_PACKETS, "Dropped by the capture"},
    {VO_METRIC_CAPTURE_SNAPPED_PACKETS, "Cut by the snap length"},
    {VO_METRIC_CAPTURE_TIME_BACKSTEPS, "Time steps backwards"},
    {VO_METRIC_CAPTURE_UNDECODED_PACKETS, "Not decoded"},
    {VO_METRIC_CAPTURE_ENCRYPTED_FRAMES, "Encrypted 802.11 frames"},
    {VO_METRIC_CAPTURE_EVICTED_STREAMS, "Streams closed early"},
    {VO_METRIC_CAPTURE_ONE_SIDED_FLOWS, "One-sided media flows"},
    {VO_METRIC_CAPTURE_STREAMS, "RTP streams"},
    {VO_METRIC_CAPTURE_CALLS, "SIP calls"},
    {VO_METRIC_SIP_POST_DIAL_DELAY_MS, "Post-dial delay"},
    {VO_METRIC_SIP_ANSWER_DELAY_MS, "Time to answer"},
    {VO_METRIC_SIP_RETRANSMISSIONS, "SIP sent again"},
    {VO_METRIC_SIP_DSCP_40_PERCENT, "SIP DSCP 40"},
};

const char *vo_phrase_heading(enum vo_metric metric)
{
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (headings[i].metric == metric)
            return headings[i].heading;
    return vo_metrics[metric].name;
}
