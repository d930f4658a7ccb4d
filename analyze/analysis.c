#include "analyze/analysis.h"

#include "analyze/derive/derive.h"

#include <string.h>

static bool judges_streams(const struct vo_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        if (rules->rules[i].selected && strcmp(rules->rules[i].subject, "rtp_stream") == 0)
            return true;
    return false;
}

enum vo_status vo_analysis_new(const struct vo_rules *rules, const char *const *ssids, size_t ssid_count,
                               struct vo_analysis *analysis, struct vo_error *error)
{
    *analysis = (struct vo_analysis){.rules = rules};
    enum vo_status status = vo_facts_new(rules, &analysis->facts, error);
    if (status != VO_OK)
        return status;
    vo_facts_survey(analysis->facts, ssids, ssid_count);
    vo_derive_want(analysis->facts);
    if (!judges_streams(rules))
        return VO_OK;
    analysis->timeline = vo_timeline_new(analysis->facts);
    return analysis->timeline ? VO_OK : vo_error_memory(error, "the records");
}

void vo_analysis_free(struct vo_analysis *analysis)
{
    vo_timeline_free(analysis->timeline);
    vo_facts_free(analysis->facts);
    *analysis = (struct vo_analysis){.rules = NULL};
}

enum vo_status vo_analysis_add(struct vo_analysis *analysis, const struct vo_record *record,
                               struct vo_error *error)
{
    enum vo_status status = vo_facts_add(analysis->facts, record, error);
    if (status == VO_OK && analysis->timeline)
        status = vo_timeline_add(analysis->timeline, record, error);
    return status;
}

enum vo_status vo_analysis_read(struct vo_analysis *analysis, const char *path, struct vo_error *error)
{
    struct vo_record_reader *reader = NULL;
    struct vo_record record = {0};
    enum vo_status status = vo_record_reader_open(path, &reader, error);
    while (status == VO_OK) {
        status = vo_record_read(reader, &record, error);
        if (status == VO_OK)
            status = vo_analysis_add(analysis, &record, error);
    }
    vo_record_reader_free(reader);
    return status == VO_END ? VO_OK : status;
}

enum vo_status vo_analysis_judge(struct vo_analysis *analysis, const struct vo_verdict_head *head, bool more,
                                 struct vo_json_writer *json, enum vo_verdict *verdict,
                                 struct vo_error *error)
{
    struct vo_evaluation evaluation = {0};
    struct vo_verdict_head whole = *head;
    struct vo_facts *facts = analysis->facts;
    enum vo_status status = vo_facts_finish(facts, more, error);
    if (status == VO_OK)
        status = vo_derive(facts, error);
    if (status == VO_OK)
        status = vo_evaluate(analysis->rules, facts, &evaluation, error);
    if (status == VO_OK && analysis->timeline)
        status = vo_timeline_explain(analysis->timeline, &evaluation.arena, &whole.explained, error);
    if (status == VO_OK) {
        json->size = 0;
        json->comma = false;
        vo_verdict_put(json, &whole, analysis->rules, facts, &evaluation);
        *verdict = evaluation.verdict;
        if (json->failed)
            status = vo_error_memory(error, "the verdict");
    }
    vo_evaluation_release(&evaluation);
    return status;
}
