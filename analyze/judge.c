#include "analyze/judge.h"

#include "analyze/mention.h"
#include "analyze/scope.h"
#include "analyze/series.h"

#include <math.h>
#include <string.h>

/* What the far end's RTCP must cover for its word to count: a share of the stream's expected packets. */
#define FAR_END_REPORTS 2
#define FAR_END_SHARE   0.8

const char *const vo_result_status_names[VO_RESULT_STATUSES] = {
    "pass", "warn", "fail", "not_measured", "not_applicable", "skipped", "informational", "error"};

static const struct {
    const char *kind, *one, *many;
} nouns[] = {
    {"rtp_stream", "stream", "streams"},
    {"call", "call", "calls"},
    {"capture", "capture", "captures"},
    {"target", "target", "targets"},
    {"path", "route", "routes"},
    {"link", "link", "links"},
    {"nat", "NAT observation", "NAT observations"},
    {"bss", "BSS", "BSSs"},
    {"cell", "cell", "cells"},
    {"access_point", "access point", "access points"},
    {"channel", "channel", "channels"},
    {"station", "station", "stations"},
    {"roam", "roam", "roams"},
};

static const struct {
    const char *basis, *phrase;
} bases[] = {
    {"rtt_half", "taken as half of the round-trip time (rtt_half)"},
    {"clock_estimated", "with the offset of the clocks estimated (clock_estimated)"},
    {"interval", "the middle of what is known by bounds only (interval)"},
    {"lower_bound", "at least: more was not tried (lower_bound)"},
    {"upper_bound", "at most: what is not known may only lower it (upper_bound)"},
    {"mean_of_mw", "mean of the powers"},
    {"kernel_counters", "by the kernel's counters"},
    {"kernel_survey", "by the kernel's survey"},
    {"heard_frames", "by the frames that were heard: what was not heard is not in it"},
    {"acknowledgements_heard", "by the acknowledgements that were heard"},
    {"data_frames_heard", "between the data frames that were heard"},
    {"rtp_received", "in the packets received"},
    {"model", "by a model, whose assumptions are in the label assumptions: no measurement"},
};

const char *vo_subject_noun(const char *kind, size_t count)
{
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        if (strcmp(nouns[i].kind, kind) == 0)
            return count == 1 ? nouns[i].one : nouns[i].many;
    return count == 1 ? "subject" : "subjects";
}

void vo_judge_begin(const struct vo_judge *judge, const struct vo_rule *rule, struct vo_result *result)
{
    *result = (struct vo_result){
        .rule = rule,
        .status = VO_RESULT_NOT_MEASURED,
        .observed = NAN,
        .unit = rule->metric->unit,
        .samples = NAN,
        .limit = rule->pass,
        .warn = rule->warn,
        .limit_text = vo_limit_text(judge->arena, &rule->pass, rule->metric->unit),
        .margin = NAN,
        .uncertainty = NAN,
        .reason = "",
    };
}

static bool unmeasured(struct vo_result *result, enum vo_result_status status, const char *reason)
{
    result->status = status;
    result->reason = reason;
    return false;
}

static bool enough_samples(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    const struct vo_rule *rule = result->rule;
    if (isnan(rule->minimum_samples))
        return true;
    if (isnan(result->samples)) {
        const struct vo_value *value = vo_fact_value(fact, vo_metric_find(rule->metric->samples));
        const char *why = value->type == VO_VALUE_MISSING ? value->text : "the records do not tell";
        return unmeasured(result, VO_RESULT_NOT_MEASURED,
                          vo_arena_format(judge->arena,
                                          "how many samples (%s) stand behind it is not known: %s",
                                          rule->metric->samples, why));
    }
    if (result->samples >= rule->minimum_samples)
        return true;
    return unmeasured(result, VO_RESULT_NOT_MEASURED,
                      vo_arena_format(judge->arena,
                                      "%.0f samples (%s), where the rule asks for at least %.0f",
                                      result->samples, rule->metric->samples, rule->minimum_samples));
}

static bool measure_window(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    const struct vo_facts_series *series = vo_fact_series(judge->facts, fact);
    struct vo_window window = vo_series_worst(judge->arena, series, result->rule);
    result->observed = window.value;
    result->samples = window.samples;
    return window.why ? unmeasured(result, VO_RESULT_NOT_MEASURED, window.why) : true;
}

bool vo_judge_measure(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    const struct vo_metric_row *metric = result->rule->metric;
    const struct vo_value *value = vo_fact_value(fact, metric);
    result->basis = value->basis;
    if (!isnan(result->rule->window_s))
        return measure_window(judge, fact, result);
    if (value->type == VO_VALUE_BAD)
        return unmeasured(result, VO_RESULT_ERROR, value->text);
    if (value->type == VO_VALUE_MISSING)
        return unmeasured(result, VO_RESULT_NOT_MEASURED, value->text);
    if (value->type == VO_VALUE_ABSENT)
        return unmeasured(result, VO_RESULT_NOT_MEASURED,
                          vo_arena_format(judge->arena, "the record has no %s", metric->name));
    if (value->type == VO_VALUE_WORD)
        result->word = value->text;
    else
        result->observed = value->number;
    result->uncertainty = value->uncertainty;
    if (metric->samples) {
        const struct vo_value *samples = vo_fact_value(fact, vo_metric_find(metric->samples));
        result->samples = samples->type == VO_VALUE_NUMBER ? samples->number : NAN;
    }
    return enough_samples(judge, fact, result);
}

static const char *observed_text(const struct vo_judge *judge, const struct vo_result *result)
{
    if (result->word)
        return result->word;
    return vo_value_text(judge->arena, result->observed, result->unit, &result->limit);
}

static bool holds(const struct vo_limit *limit, const struct vo_result *result)
{
    return result->word ? vo_limit_holds_word(limit, result->word) : vo_limit_holds(limit, result->observed);
}

void vo_judge_compare(const struct vo_judge *judge, struct vo_result *result)
{
    const char *observed = observed_text(judge, result);
    const char *warn = vo_limit_text(judge->arena, &result->warn, result->unit);
    if (!result->word)
        result->margin = vo_limit_margin(&result->limit, result->observed);
    if (result->limit.comparator == VO_LIMIT_NONE) {
        result->status = VO_RESULT_INFORMATIONAL;
        result->reason = vo_arena_format(judge->arena, "%s, for information: there is no limit", observed);
    } else if (holds(&result->limit, result)) {
        result->status = VO_RESULT_PASS;
        result->reason = vo_arena_format(judge->arena, "%s is %s", observed, result->limit_text);
    } else if (holds(&result->warn, result)) {
        result->status = VO_RESULT_WARN;
        result->reason = vo_arena_format(judge->arena, "%s is not %s%s%s", observed, result->limit_text,
                                         result->word ? "" : ", but ", result->word ? "" : warn);
    } else {
        result->status = VO_RESULT_FAIL;
        result->reason = vo_arena_format(judge->arena, "%s is not %s%s%s", observed, result->limit_text,
                                         warn ? ", nor " : "", warn ? warn : "");
    }
}

static void add_reason(const struct vo_judge *judge, struct vo_result *result, const char *more)
{
    result->reason = vo_arena_format(judge->arena, "%s; %s", result->reason, more);
}

/* Packets that the capture of this stream dropped; NaN, and `why`, if that is not known. */
static double dropped_packets(const struct vo_judge *judge, const struct vo_fact *fact, const char **why)
{
    const char *point = vo_fact_label(fact, "point");
    double sum = 0;
    size_t found = 0;
    *why = "the records have no observation of the capture";
    for (size_t i = 0; i < judge->capture_count; i++) {
        const struct vo_fact *capture = judge->captures[i];
        const char *other = vo_fact_label(capture, "point");
        if (capture->run != fact->run || (point && other && strcmp(point, other) != 0))
            continue;
        const struct vo_value *dropped =
            vo_fact_value(capture, &vo_metrics[VO_METRIC_CAPTURE_DROPPED_PACKETS]);
        if (dropped->type != VO_VALUE_NUMBER) {
            *why =
                dropped->type == VO_VALUE_ABSENT ? "the record of the capture does not tell" : dropped->text;
            return NAN;
        }
        sum += dropped->number;
        found++;
    }
    return found ? sum : NAN;
}

/* How many of the lost packets must have arrived for the result not to be a fail; 0 if that is not known. */
static double packets_to_pass(const struct vo_result *result)
{
    double base = result->samples;
    const struct vo_limit *limit = result->warn.comparator ? &result->warn : &result->limit;
    if (!(base > 0))
        return 0;
    double lost = round(result->observed * base / 100);
    double allowed = fmin(floor(limit->low * base / 100) + 1, lost);
    while (allowed >= 0 && !vo_limit_holds(&result->limit, 100 * allowed / base) &&
           !vo_limit_holds(&result->warn, 100 * allowed / base))
        allowed -= 1;
    return lost - allowed;
}

static double number_of(const struct vo_fact *fact, enum vo_metric metric)
{
    const struct vo_value *value = vo_fact_value(fact, &vo_metrics[metric]);
    return value->type == VO_VALUE_NUMBER ? value->number : NAN;
}

/* On the air what the receiver did not hear looks as if it had been lost. True if that, with what the capture
 * dropped, could explain the fail. */
static bool weigh_unheard(const struct vo_judge *judge, const struct vo_fact *fact, double dropped,
                          struct vo_result *result)
{
    double needed = packets_to_pass(result);
    double unheard = number_of(fact, VO_METRIC_RTP_UNHEARD_PACKETS);
    if (!(unheard > 0))
        return false;
    if (unheard + fmax(dropped, 0) < needed) {
        add_reason(
            judge, result,
            vo_arena_format(judge->arena,
                            "the %.0f packets that the receiver may only not have heard do not explain it",
                            unheard));
        return false;
    }
    result->status = VO_RESULT_NOT_MEASURED;
    add_reason(
        judge, result,
        vo_arena_format(judge->arena,
                        "but the receiver may only not have heard %.0f of them%s, which could explain it "
                        "(%.0f would do): capture again, nearer to both ends and on their channels",
                        unheard, dropped > 0 ? ", and the capture dropped some" : "", needed));
    return true;
}

static void weigh_drops(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    const char *why;
    double dropped = dropped_packets(judge, fact, &why);
    if (weigh_unheard(judge, fact, dropped, result))
        return;
    if (isnan(dropped)) {
        add_reason(
            judge, result,
            vo_arena_format(judge->arena, "how many packets the capture dropped is not known: %s", why));
        return;
    }
    double needed = packets_to_pass(result);
    if (dropped > 0 && dropped >= needed) {
        result->status = VO_RESULT_NOT_MEASURED;
        add_reason(
            judge, result,
            vo_arena_format(judge->arena,
                            "but the capture itself dropped %.0f packets, which could explain it (%.0f would "
                            "do): capture again without drops",
                            dropped, needed));
    } else if (dropped > 0) {
        add_reason(judge, result,
                   vo_arena_format(judge->arena,
                                   "the %.0f packets that the capture dropped do not explain it", dropped));
    }
}

/* Where the stream goes: what stands between `>` and `#` of its id. */
static const char *receiver_of(const struct vo_judge *judge, const struct vo_fact *fact)
{
    const char *from = strchr(fact->id, '>');
    size_t size = from ? strcspn(from + 1, "#") : 0;
    bool stream = strcmp(fact->kind, "rtp_stream") == 0;
    return stream && size ? vo_arena_text_sized(judge->arena, from + 1, size) : "the receiver";
}

/* What the far end's reports lack to speak for the stream; "" if nothing. Between its first and its last
 * report it speaks of what it should have had; of the rest it says nothing. */
static const char *far_end_lacks(const struct vo_judge *judge, const struct vo_fact *fact,
                                 const struct vo_rule *rule)
{
    double reports = vo_fact_number(fact, VO_METRIC_RTCP_REPORTS);
    double covered = vo_fact_number(fact, VO_METRIC_RTCP_EXPECTED_PACKETS);
    double expected = vo_fact_number(fact, VO_METRIC_RTP_EXPECTED_PACKETS);
    const char *text = "";
    if (isnan(reports))
        text = "how many reports it sent is not known";
    else if (reports < FAR_END_REPORTS)
        text = vo_arena_format(judge->arena, "it sent %.0f report%s, where %d are needed", reports,
                               reports > 0.5 && reports < 1.5 ? "" : "s", FAR_END_REPORTS);
    if (isnan(covered) || !(expected > 0))
        return *text ? text : "how much of the stream its reports cover is not known";
    if (covered < rule->minimum_samples)
        text = vo_arena_format(judge->arena,
                               "%s%sits reports cover %.0f packets, where the rule asks for at least %.0f",
                               text, *text ? "; " : "", covered, rule->minimum_samples);
    if (covered < FAR_END_SHARE * expected)
        text = vo_arena_format(judge->arena,
                               "%s%sits reports cover %.0f of the stream's %.0f packets, less than %.0f %%",
                               text, *text ? "; " : "", covered, expected, 100 * FAR_END_SHARE);
    return text;
}

/* Whether the far end reports the same, of enough of the stream; what it reports, and what that lacks, goes
 * to `text`. */
static bool far_end_agrees(const struct vo_judge *judge, const struct vo_fact *fact,
                           const struct vo_result *result, const char **text)
{
    const struct vo_metric_row *metric = result->rule->far_end;
    *text = "";
    if (!metric)
        return false;
    const struct vo_value *value = vo_fact_value(fact, metric);
    if (value->type != VO_VALUE_NUMBER) {
        *text = vo_arena_format(judge->arena, "; the far end's RTCP does not tell: %s",
                                value->type == VO_VALUE_ABSENT ? "there is none" : value->text);
        return false;
    }
    const struct vo_limit *limit = result->status == VO_RESULT_PASS ? &result->limit : &result->warn;
    bool holds_there = vo_limit_holds(limit, value->number);
    const char *lacks = far_end_lacks(judge, fact, result->rule);
    *text = vo_arena_format(judge->arena, "; the far end's RTCP (rtcp_report) gives %s%s%s%s",
                            vo_value_text(judge->arena, value->number, metric->unit, limit),
                            holds_there ? "" : ", which is not within the limit",
                            *lacks ? ", and does not suffice: " : "", lacks);
    return holds_there && !*lacks;
}

/* A pass (or a warning) holds up to the capture point only. */
static void weigh_position(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    const char *position = vo_fact_label(fact, "position"), *far_end;
    if (position && strcmp(position, "near_receiver") == 0)
        return;
    bool agrees = far_end_agrees(judge, fact, result, &far_end);
    if (agrees) {
        result->basis = "rtcp_report";
        result->reason = vo_arena_format(judge->arena, "%s at the capture point%s", result->reason, far_end);
        return;
    }
    bool near_sender = position && strcmp(position, "near_sender") == 0;
    const char *place = near_sender ? "the capture point, which is near the sender"
                        : position && strcmp(position, "middle") == 0
                            ? "the capture point in the middle"
                            : "the capture point, whose place is not known";
    const char *receiver = receiver_of(judge, fact);
    result->status = near_sender ? VO_RESULT_NOT_MEASURED : VO_RESULT_WARN;
    result->reason = vo_arena_format(judge->arena, "%s up to %s; what lies between it and %s was not seen%s",
                                     result->reason, place, receiver, far_end);
}

/* A delay between two points is that from end to end where the first is beside the sender and the second
 * beside the receiver; both at one end have seen next to nothing of it. */
static void weigh_points(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    const char *first = vo_fact_label(fact, "first_position"), *last = vo_fact_label(fact, "position");
    const char *way = vo_fact_label(fact, "point"), *cut = way ? strchr(way, '>') : NULL;
    const char *from = cut ? vo_arena_text_sized(judge->arena, way, (size_t)(cut - way)) : "the first point";
    const char *to = cut ? cut + 1 : "the second point";
    first = first ? first : "unknown";
    last = last ? last : "unknown";
    bool begins = strcmp(first, "near_sender") == 0, ends = strcmp(last, "near_receiver") == 0;
    if (begins && ends)
        return;
    bool one_end = strcmp(first, "near_receiver") == 0 || strcmp(last, "near_sender") == 0;
    result->status = one_end ? VO_RESULT_NOT_MEASURED : VO_RESULT_WARN;
    result->reason = vo_arena_format(judge->arena, "%s from %s to %s", result->reason, from, to);
    if (!begins)
        add_reason(judge, result,
                   vo_arena_format(judge->arena, "what lies between the sender and %s was not seen", from));
    if (!ends)
        add_reason(judge, result,
                   vo_arena_format(judge->arena, "what lies between %s and %s was not seen", to,
                                   receiver_of(judge, fact)));
    if (strcmp(first, "unknown") == 0 || strcmp(last, "unknown") == 0)
        add_reason(judge, result,
                   vo_arena_format(judge->arena,
                                   "if a point is beside an end, measure with --near %s:ADDRESS of that host",
                                   strcmp(last, "unknown") == 0 ? to : from));
}

/* What is counted of a call is counted of both directions, and a capture point is beside one receiver at
 * most, unless the user says otherwise. */
static void weigh_both_ways(const struct vo_judge *judge, const struct vo_fact *fact,
                            struct vo_result *result)
{
    const char *position = vo_fact_label(fact, "position");
    if (position && strcmp(position, "near_receiver") == 0)
        return;
    result->status = VO_RESULT_WARN;
    add_reason(
        judge, result,
        "signalling goes both ways, and what lies between the capture point and the receiver of either "
        "way was not seen");
}

static void mention_basis(const struct vo_judge *judge, struct vo_result *result)
{
    const char *basis = result->basis;
    if (!basis || strcmp(basis, "capture_point") == 0 || strcmp(basis, "rtcp_report") == 0)
        return;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
        if (strcmp(bases[i].basis, basis) == 0) {
            add_reason(judge, result, bases[i].phrase);
            return;
        }
    add_reason(judge, result, vo_arena_format(judge->arena, "basis: %s", basis));
}

/* Whether a value comes to the right side of the limit, or further to it, by growing (`up`) or by falling. */
static bool could_pass(const struct vo_result *result, bool up)
{
    switch (result->limit.comparator) {
    case VO_LIMIT_ABOVE:
    case VO_LIMIT_AT_LEAST:
        return up;
    case VO_LIMIT_BELOW:
    case VO_LIMIT_AT_MOST:
        return !up;
    case VO_LIMIT_BETWEEN:
        return up ? result->observed < result->limit.low : result->observed > result->limit.high;
    default:
        return false;
    }
}

/* A value that is known by bounds only neither keeps nor breaks a limit that lies between them. */
static void weigh_bounds(const struct vo_judge *judge, struct vo_result *result)
{
    const char *basis = result->basis ? result->basis : "";
    bool upper = strcmp(basis, "upper_bound") == 0, lower = strcmp(basis, "lower_bound") == 0;
    bool failed = result->status == VO_RESULT_FAIL, passed = result->status == VO_RESULT_PASS;
    if ((lower || upper) &&
        ((failed && could_pass(result, lower)) || (passed && could_pass(result, upper)))) {
        result->status = VO_RESULT_NOT_MEASURED;
        add_reason(judge, result, lower ? "what lies above is not known" : "what lies below is not known");
    } else if (strcmp(basis, "interval") == 0 && result->within_uncertainty &&
               (result->status == VO_RESULT_PASS || result->status == VO_RESULT_FAIL)) {
        result->status = VO_RESULT_WARN;
        add_reason(judge, result, "the limit lies between the bounds");
    }
}

void vo_judge_qualify(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    const struct vo_rule *rule = result->rule;
    const char *basis = result->basis ? result->basis : "";
    bool stream = strcmp(rule->subject, "rtp_stream") == 0;
    bool good = result->status == VO_RESULT_PASS || result->status == VO_RESULT_WARN;
    if (good && stream && strcmp(basis, "clock_estimated") == 0)
        weigh_points(judge, fact, result);
    mention_basis(judge, result);
    if (result->status == VO_RESULT_FAIL && rule->drops_explain)
        weigh_drops(judge, fact, result);
    else if (good && strcmp(basis, "capture_point") == 0 && stream)
        weigh_position(judge, fact, result);
    else if (good && strcmp(basis, "capture_point") == 0 && strcmp(rule->subject, "call") == 0)
        weigh_both_ways(judge, fact, result);
    if (fabs(result->margin) < result->uncertainty) {
        result->within_uncertainty = true;
        add_reason(judge, result,
                   vo_arena_format(judge->arena,
                                   "the margin of %.3g %s is within the uncertainty of ± %.3g %s",
                                   result->margin, vo_unit_symbol(result->unit), result->uncertainty,
                                   vo_unit_symbol(result->unit)));
    }
    weigh_bounds(judge, result);
}

static void set_evidence(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    struct vo_evidence *own = fact->evidence ? NULL : vo_arena_get(judge->arena, sizeof *own), self;
    result->evidence = vo_fact_evidence(fact, own ? own : &self, &result->evidence_count);
    if (result->evidence == &self) /* out of memory, which the arena remembers */
        result->evidence_count = 0;
}

void vo_judge_fact(const struct vo_judge *judge, const struct vo_rule *rule, const struct vo_fact *fact,
                   struct vo_result *result)
{
    vo_judge_begin(judge, rule, result);
    result->fact = fact;
    result->subjects = 1;
    set_evidence(judge, fact, result);
    const char *inapplicable = vo_scope_reason(judge->arena, fact);
    if (inapplicable) {
        unmeasured(result, VO_RESULT_NOT_APPLICABLE, inapplicable);
        return;
    }
    if (vo_judge_measure(judge, fact, result)) {
        vo_judge_compare(judge, result);
        vo_judge_qualify(judge, fact, result);
    }
    vo_scope_weigh(judge, result);
    vo_mention_labels(judge, result);
}
