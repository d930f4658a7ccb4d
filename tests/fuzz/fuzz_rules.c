/*
 * A rule pack, then (after a byte 0x1e) lines of records: whatever loads is evaluated and written as a
 * verdict, which must be JSON.
 */
#include "analyze/analysis.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_line(struct vo_analysis *analysis, const char *line, size_t size)
{
    struct vo_json *json = NULL;
    struct vo_error error;
    enum vo_status status = vo_json_parse(line, size, &json, &error);
    struct vo_record record = {.kind = vo_json_get_text(json, "record"),
                               .run = vo_json_get_text(json, "run"),
                               .n = 1,
                               .json = json,
                               .line = 1,
                               .file = "fuzz"};
    if (status == VO_OK && record.kind && record.run)
        (void)vo_analysis_add(analysis, &record, &error);
    vo_json_free(json);
}

/* Whatever was read so far gives a verdict that is JSON. */
static void check_verdict(struct vo_analysis *analysis, bool more)
{
    const struct vo_verdict_head head = {.profile = "voice"};
    struct vo_json_writer json = {0};
    struct vo_json *tree = NULL;
    enum vo_verdict verdict;
    struct vo_error error;
    if (vo_analysis_judge(analysis, &head, more, &json, &verdict, &error) == VO_OK &&
        vo_json_parse(json.data, json.size, &tree, &error) != VO_OK)
        abort();
    vo_json_free(tree);
    vo_json_writer_release(&json);
}

/* As records come: judged in the middle, too. `ssids` as --ssid gives them. */
static void judge(struct vo_rules *rules, const char *text, size_t size, size_t ssids)
{
    static const char *const names[] = {"voice"};
    struct vo_analysis analysis;
    struct vo_error error;
    bool good = vo_analysis_new(rules, names, ssids, &analysis, &error) == VO_OK;
    for (size_t number = 0; good && size; number++) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        add_line(&analysis, text, length);
        text += end ? length + 1 : length;
        size -= end ? length + 1 : length;
        if (number == 2)
            check_verdict(&analysis, true);
    }
    if (good)
        check_verdict(&analysis, false);
    vo_analysis_free(&analysis);
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
        judge(&rules, split ? split + 1 : text, split ? size - pack - 1 : 0, size % 2);
    vo_rules_release(&rules);
    return 0;
}
