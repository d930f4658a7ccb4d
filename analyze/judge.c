#include "analyze/judge.h"

#include "analyze/series.h"

#include <math.h>
#include <string.h>

const char *const vo_result_status_names[VO_RESULT_STATUSES] = {
    "pass", "warn", "fail", "not_measured", "not_applicable", "skipped", "informational", "error"};

static const struct {
    const char *kind, *one, *many;
} nouns[] = {
    {"rtp_stream", "stream", "streams"}, {"call", "call", "calls"}, {"capture", "capture", "captures"}};

static const struct {
    const char *basis, *phrase;
} bases[] = {
    {"rtt_half", "taken as half of the round-trip time (rtt_half)"},
    {"clock_estimated", "with the offset of the clocks estimated (clock_estimated)"},
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
        const struct vo_value *value =
            vo_fact_value(judge->facts, fact, vo_metric_find(rule->metric->samples));
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
    const struct vo_value *value = vo_fact_value(judge->facts, fact, metric);
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
        const struct vo_value *samples = vo_fact_value(judge->facts, fact, vo_metric_find(metric->samples));
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
            vo_fact_value(judge->facts, capture, &vo_metrics[VO_METRIC_CAPTURE_DROPPED_PACKETS]);
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

static void weigh_drops(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    const char *why;
    double dropped = dropped_packets(judge, fact, &why);
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

/* Whether the far end reports the same; what it reports goes to `text`. */
static bool far_end_agrees(const struct vo_judge *judge, const struct vo_fact *fact,
                           const struct vo_result *result, const char **text)
{
    const struct vo_metric_row *metric = result->rule->far_end;
    *text = "";
    if (!metric)
        return false;
    const struct vo_value *value = vo_fact_value(judge->facts, fact, metric);
    if (value->type != VO_VALUE_NUMBER) {
        *text = vo_arena_format(judge->arena, "; the far end's RTCP does not tell: %s",
                                value->type == VO_VALUE_ABSENT ? "there is none" : value->text);
        return false;
    }
    const struct vo_limit *limit = result->status == VO_RESULT_PASS ? &result->limit : &result->warn;
    *text = vo_arena_format(judge->arena, "; the far end's RTCP (rtcp_report) gives %s",
                            vo_value_text(judge->arena, value->number, metric->unit, limit));
    return vo_limit_holds(limit, value->number);
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

void vo_judge_qualify(const struct vo_judge *judge, const struct vo_fact *fact, struct vo_result *result)
{
    const struct vo_rule *rule = result->rule;
    bool at_point = result->basis && (strcmp(result->basis, "capture_point") == 0 ||
                                      strcmp(result->basis, "clock_estimated") == 0);
    mention_basis(judge, result);
    if (result->status == VO_RESULT_FAIL && rule->drops_explain)
        weigh_drops(judge, fact, result);
    else if ((result->status == VO_RESULT_PASS || result->status == VO_RESULT_WARN) && at_point &&
             strcmp(rule->subject, "rtp_stream") == 0)
        weigh_position(judge, fact, result);
    if (fabs(result->margin) < result->uncertainty) {
        result->within_uncertainty = true;
        add_reason(judge, result,
                   vo_arena_format(judge->arena,
                                   "the margin of %.3g %s is within the uncertainty of ± %.3g %s",
                                   result->margin, vo_unit_symbol(result->unit), result->uncertainty,
                                   vo_unit_symbol(result->unit)));
    }
}

void vo_judge_fact(const struct vo_judge *judge, const struct vo_rule *rule, const struct vo_fact *fact,
                   struct vo_result *result)
{
    vo_judge_begin(judge, rule, result);
    result->fact = fact;
    result->subjects = 1;
    result->evidence = vo_arena_get(judge->arena, sizeof *result->evidence);
    if (result->evidence) {
        *result->evidence = (struct vo_evidence){fact->run, fact->n};
        result->evidence_count = 1;
    }
    if (!vo_judge_measure(judge, fact, result))
        return;
    vo_judge_compare(judge, result);
    vo_judge_qualify(judge, fact, result);
}
