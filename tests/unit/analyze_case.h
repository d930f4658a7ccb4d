/*
 * What the tests of analyze share: texts of packs and records, and the way from them to an evaluation.
 */
#ifndef VO_TESTS_UNIT_ANALYZE_CASE_H
#define VO_TESTS_UNIT_ANALYZE_CASE_H

#include "analyze/derive/derive.h"
#include "analyze/evaluate.h"
#include "analyze/site.h"

#include <stdio.h>
#include <string.h>

#define PACK(rules)                                                                                          \
    "{\"format\":1,\"pack\":\"p\",\"title\":\"A "                                                            \
    "pack\",\"profiles\":{\"voice\":\"v\",\"uc\":\"u\"},\"rules\":[" rules "]}"
/* `more` are further members, from the comma on. */
#define RULE(id, required, subject, metric, more)                                                            \
    "{\"id\":\"" id "\",\"title\":\"Title of " id                                                            \
    "\",\"area\":\"media\",\"severity\":\"critical\",\"required\":" required                                 \
    ",\"source\":{\"document\":\"Guide\",\"section\":\"13.6\"},\"subject\":\"" subject                       \
    "\",\"metric\":\"" metric "\",\"remediation\":\"Do it.\"" more "}"

#define RUN(run)                                                                                             \
    "{\"record\":\"run\",\"run\":\"" run                                                                     \
    "\",\"n\":1,\"format\":1,\"probe\":\"voready-rtp\",\"version\":\"0\",\"started\":"                       \
    "\"2026-11-22T10:00:00Z\",\"source\":[\"a.pcap\"]}\n"
#define END(run)                                                                                             \
    "{\"record\":\"end\",\"run\":\"" run                                                                     \
    "\",\"n\":99,\"finished\":\"2026-11-22T10:05:00Z\",\"complete\":true,\"records\":9}\n"
#define CUT(run, why)                                                                                        \
    "{\"record\":\"end\",\"run\":\"" run "\",\"n\":99,\"complete\":false,\"why\":\"" why "\",\"records\":9}" \
    "\n"
/* `labels` and `more` from the comma on. */
#define OBS(run, n, kind, id, labels, more)                                                                  \
    "{\"record\":\"observation\",\"run\":\"" run "\",\"n\":" n ",\"time\":\"2026-11-22T10:0" n               \
    ":00Z\",\"subject\":{\"kind\":\"" kind "\",\"id\":\"" id "\",\"key\":\"k\"" labels "}" more "}\n"
/* The head of a site file; further members follow. */
#define SITE    "{\"name\":\"HQ\",\"mode\":\"voice\","
#define STREAM  "10.0.0.1:5008>10.0.0.2:40000#0x0000002a"
#define STREAM2 "10.0.0.2:40000>10.0.0.1:5008#0x0000002b"

struct vo_case {
    struct vo_rules rules;
    struct vo_facts *facts;
    struct vo_evaluation evaluation;
    struct vo_error error;
};

static inline enum vo_status case_json(const char *text, struct vo_json **document, struct vo_error *error)
{
    return vo_json_parse(text, strlen(text), document, error);
}

/* Rules, and a site file unless it is NULL, at noon of 2026-11-22; profile voice. */
static inline enum vo_status case_rules(struct vo_case *it, const char *pack, const char *site)
{
    static const vo_time noon = 1795348800LL * VO_NS_PER_S;
    static const struct vo_selection selection = {.profile = "voice"};
    struct vo_json *document = NULL;
    struct vo_site_head head;
    *it = (struct vo_case){.facts = NULL};
    enum vo_status status = case_json(pack, &document, &it->error);
    if (status == VO_OK)
        status = vo_rules_add(&it->rules, "pack.json", document, &it->error);
    if (status == VO_OK && site) {
        status = case_json(site, &document, &it->error);
        if (status == VO_OK)
            status = vo_site_apply(&it->rules, "site.json", document, noon, &head, &it->error);
    }
    return status == VO_OK ? vo_rules_select(&it->rules, &selection, &it->error) : status;
}

static inline enum vo_status case_record(struct vo_case *it, const char *line, size_t size, size_t number)
{
    struct vo_json *json = NULL;
    enum vo_status status = vo_json_parse(line, size, &json, &it->error);
    if (status == VO_OK) {
        struct vo_record record = {.kind = vo_json_get_text(json, "record"),
                                   .run = vo_json_get_text(json, "run"),
                                   .n = (uint64_t)vo_json_double(vo_json_get(json, "n")),
                                   .json = json,
                                   .line = number,
                                   .file = "records.jsonl"};
        status = vo_facts_add(it->facts, &record, &it->error);
    }
    vo_json_free(json);
    return status;
}

/* Lines of records to facts. */
static inline enum vo_status case_read(struct vo_case *it, const char *records)
{
    enum vo_status status = VO_OK;
    for (size_t number = 1; status == VO_OK && *records; number++) {
        size_t size = strcspn(records, "\n");
        status = case_record(it, records, size, number);
        records += size + (records[size] == '\n');
    }
    return status;
}

/* Lines of records to derived observations and an evaluation, as the program does it. `ssids` ends with NULL.
 */
static inline enum vo_status case_derive(struct vo_case *it, const char *pack, const char *const *ssids,
                                         const char *records)
{
    size_t count = 0;
    while (ssids && ssids[count])
        count++;
    enum vo_status status = case_rules(it, pack, NULL);
    if (status == VO_OK)
        status = vo_facts_new(&it->rules, &it->facts, &it->error);
    if (status != VO_OK)
        return status;
    vo_facts_survey(it->facts, ssids, count);
    vo_derive_want(it->facts);
    status = case_read(it, records);
    if (status == VO_OK)
        status = vo_facts_finish(it->facts, false, &it->error);
    if (status == VO_OK)
        status = vo_derive(it->facts, &it->error);
    return status == VO_OK ? vo_evaluate(&it->rules, it->facts, &it->evaluation, &it->error) : status;
}

/* The first derived observation of that kind and id (NULL: any); NULL: there is none. */
static inline const struct vo_fact *case_derived(const struct vo_case *it, const char *kind, const char *id)
{
    for (const struct vo_facts_subject *subject = it->facts->subjects; subject; subject = subject->next)
        for (const struct vo_fact *fact = subject->first; fact; fact = fact->next)
            if (fact->derived && strcmp(fact->kind, kind) == 0 && (!id || strcmp(fact->id, id) == 0))
                return fact;
    return NULL;
}

/* Lines of records to an evaluation, by rules that are selected. */
static inline enum vo_status case_judge(struct vo_case *it, const char *records)
{
    enum vo_status status = vo_facts_new(&it->rules, &it->facts, &it->error);
    if (status == VO_OK)
        status = case_read(it, records);
    if (status == VO_OK)
        status = vo_facts_finish(it->facts, false, &it->error);
    return status == VO_OK ? vo_evaluate(&it->rules, it->facts, &it->evaluation, &it->error) : status;
}

/* The same by a pack that is a file, for observations of one whole run. */
static inline enum vo_status case_file(struct vo_case *it, const char *pack,
                                       const struct vo_selection *selection, const char *observations)
{
    char records[8192];
    snprintf(records, sizeof records, "%s%s%s", RUN("r"), observations, END("r"));
    *it = (struct vo_case){.facts = NULL};
    enum vo_status status = vo_rules_load(&it->rules, pack, &it->error);
    if (status == VO_OK)
        status = vo_rules_select(&it->rules, selection, &it->error);
    return status == VO_OK ? case_judge(it, records) : status;
}

/* The statuses of a rule's results, in their order: p w f n a s i e. */
static inline const char *case_statuses(const struct vo_case *it, const char *rule, char statuses[16])
{
    size_t count = 0;
    for (const struct vo_result *result = it->evaluation.first; result && count < 15; result = result->next)
        if (strcmp(result->rule->id, rule) == 0)
            statuses[count++] = "pwfnasie"[result->status];
    statuses[count] = '\0';
    return statuses;
}

static inline enum vo_status case_run(struct vo_case *it, const char *pack, const char *site,
                                      const char *records)
{
    enum vo_status status = case_rules(it, pack, site);
    return status == VO_OK ? case_judge(it, records) : status;
}

static inline void case_free(struct vo_case *it)
{
    vo_evaluation_release(&it->evaluation);
    vo_facts_free(it->facts);
    vo_rules_release(&it->rules);
}

#endif
