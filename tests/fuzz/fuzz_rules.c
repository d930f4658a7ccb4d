/*
 * A rule pack, then (after a byte 0x1e) lines of records: whatever loads is evaluated and written as a
 * verdict, which must be JSON.
 */
#include "analyze/verdict.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum vo_status add_line(struct vo_facts *facts, const char *line, size_t size, struct vo_error *error)
{
    struct vo_json *json = NULL;
    enum vo_status status = vo_json_parse(line, size, &json, error);
    struct vo_record record = {.kind = vo_json_get_text(json, "record"),
                               .run = vo_json_get_text(json, "run"),
                               .n = 1,
                               .json = json,
                               .line = 1,
                               .file = "fuzz"};
    if (status == VO_OK && record.kind && record.run)
        status = vo_facts_add(facts, &record, error);
    vo_json_free(json);
    return status;
}

static void judge(struct vo_rules *rules, const char *text, size_t size)
{
    struct vo_facts *facts = NULL;
    struct vo_evaluation evaluation = {0};
    struct vo_json_writer json = {0};
    struct vo_json *tree = NULL;
    struct vo_error error;
    if (vo_facts_new(rules, &facts, &error) != VO_OK)
        return;
    while (size) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        add_line(facts, text, length, &error);
        text += end ? length + 1 : length;
        size -= end ? length + 1 : length;
    }
    const struct vo_verdict_head head = {.profile = "voice"};
    if (vo_facts_finish(facts, false, &error) == VO_OK && vo_evaluate(rules, facts, &evaluation, &error) == VO_OK) {
        vo_verdict_put(&json, &head, rules, facts, &evaluation);
        if (vo_json_parse(json.data, json.size, &tree, &error) != VO_OK)
            abort();
    }
    vo_json_free(tree);
    vo_json_writer_release(&json);
    vo_evaluation_release(&evaluation);
    vo_facts_free(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *split = size ? memchr(text, 0x1e, size) : NULL;
    size_t pack = split ? (size_t)(split - text) : size;
    const struct vo_selection selection = {.profile = "voice"};
    struct vo_rules rules = {0};
    struct vo_json *document = NULL;
    struct vo_error error;
    if (vo_json_parse(text, pack, &document, &error) == VO_OK &&
        vo_rules_add(&rules, "fuzz", document, &error) == VO_OK &&
        vo_rules_select(&rules, &selection, &error) == VO_OK)
        judge(&rules, split ? split + 1 : text, split ? size - pack - 1 : 0);
    vo_rules_release(&rules);
    return 0;
}
