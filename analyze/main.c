/* voready-analyze: records and rules to a verdict. */
#include "analyze/analysis.h"
#include "analyze/follow.h"
#include "analyze/site.h"
#include "core/options.h"
#include "core/output.h"
#include "core/site_syntax.h"

#include <stdlib.h>
#include <string.h>

#define NAME "voready-analyze"

enum { EXIT_READY = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct settings {
    struct vo_option_list packs, not_required, ssids;
    const char *profile, *areas, *site, *output;
    bool follow;
};

static struct settings settings = {.output = "-"};

static const struct vo_option options[] = {
    {"rules", 'r', VO_OPTION_LIST, &settings.packs, "PACK",
     "rule pack, a JSON file; may be given several times", 0, 0, NULL},
    {"profile", 'p', VO_OPTION_TEXT, &settings.profile, "NAME",
     "how the phones are used; a profile of the packs (default: the mode of --site)", 0, 0, NULL},
    {"area", 'a', VO_OPTION_TEXT, &settings.areas, "A,B", "only rules of these areas", 0, 0, NULL},
    {"site", 's', VO_OPTION_FILE, &settings.site, "SITE.json",
     "the site: its mode, its SSIDs, its own limits, its waivers", 0, 0, NULL},
    {"ssid", 0, VO_OPTION_LIST, &settings.ssids, "NAME",
     "the WLAN that is judged (default: those of --site, else those that the records name); may be given "
     "several times",
     0, 0, NULL},
    {"not-required", 0, VO_OPTION_LIST, &settings.not_required, "RULE",
     "judge the rule, but do not require it; may be given several times", 0, 0, NULL},
    {"follow", 'f', VO_OPTION_FLAG, &settings.follow, NULL,
     "judge standard input as it comes: a line of verdict a second, if something came", 0, 0, NULL},
    {"output", 'o', VO_OPTION_FILE, &settings.output, "VERDICT.json", "where to write; - is standard output",
     0, 0, NULL},
    {0},
};

static const char *const usage[] = {
    "--rules PACK... --profile NAME [--area A,B] [-o VERDICT.json] RECORDS...",
    "--rules PACK... --site SITE.json [--area A,B] [-o VERDICT.json] RECORDS...",
    "--rules PACK... --follow [--ssid NAME] [-o VERDICT.json] -", NULL};

static const struct vo_program program = {
    .name = NAME,
    .summary = "judges records by rules and writes a verdict",
    .usage = usage,
    .options = options,
    .notes =
        "RECORDS are files of voready's probes, also concatenated ones; - is standard input. Several packs:\n"
        "--rules once for each. What was not measured is never a pass: the verdict says why.\n"
        "\n"
        "Exit codes:\n"
        "  0  ready\n"
        "  1  the tool failed, or the records could not be read\n"
        "  2  wrong usage, rules or site file\n"
        "  3  not ready: a required rule failed\n"
        "  4  ready with warnings\n"
        "  5  incomplete: a required rule was not measured\n"
        "\n"
        "Example: " NAME " --rules rules/openscape-mobile.json --profile voice -o verdict.json call.jsonl\n",
    .operands_are_files = true,
};

/* What is judged, besides the rules. */
struct task {
    struct vo_verdict_head head;
    const char **ssids;
    size_t ssid_count;
};

static enum vo_status take_ssids(const struct vo_json *list, struct task *task, struct vo_error *error)
{
    size_t count = list ? vo_json_count(list) : settings.ssids.count;
    const struct vo_json *item = vo_json_child(list);
    task->ssids = calloc(count + 1, sizeof *task->ssids);
    if (!task->ssids)
        return vo_error_memory(error, "the SSIDs");
    for (size_t i = 0; i < count; i++, item = vo_json_next(item)) {
        const char *ssid = list ? vo_json_text(item) : settings.ssids.items[i];
        const char *problem = vo_syntax_label(ssid);
        if (problem)
            return vo_error_set(error, VO_ERR_USAGE, "--ssid: the name %s", problem);
        task->ssids[task->ssid_count++] = ssid;
    }
    return VO_OK;
}

/* The site's mode is the profile; --profile must not say otherwise. */
static enum vo_status load_site(struct vo_rules *rules, struct task *task, struct vo_error *error)
{
    struct vo_site_head site;
    struct vo_verdict_head *head = &task->head;
    enum vo_status status = vo_site_load(rules, settings.site, head->created, &site, error);
    if (status != VO_OK)
        return status;
    if (head->profile && strcmp(head->profile, site.mode) != 0)
        return vo_error_set(
            error, VO_ERR_USAGE,
            "--profile %.60s: %.200s says that the mode is %s: leave --profile out, or correct "
            "the site file",
            head->profile, settings.site, site.mode);
    head->site = site.name;
    head->profile = site.mode;
    return settings.ssids.count || !site.ssids ? VO_OK : take_ssids(site.ssids, task, error);
}

static enum vo_status load_rules(struct vo_rules *rules, struct task *task, struct vo_error *error)
{
    enum vo_status status = VO_OK;
    if (!settings.packs.count)
        return vo_error_set(error, VO_ERR_USAGE, "--rules is missing: name a rule pack; see " NAME " -h");
    for (size_t i = 0; i < settings.packs.count && status == VO_OK; i++)
        status = vo_rules_load(rules, settings.packs.items[i], error);
    if (status == VO_OK && settings.site)
        status = load_site(rules, task, error);
    if (status == VO_OK && settings.ssids.count)
        status = take_ssids(NULL, task, error);
    const struct vo_selection selection = {.profile = task->head.profile,
                                           .areas = settings.areas,
                                           .not_required = settings.not_required.items,
                                           .not_required_count = settings.not_required.count};
    return status == VO_OK ? vo_rules_select(rules, &selection, error) : status;
}

static enum vo_status judge_files(struct vo_analysis *analysis, const struct vo_option_list *files,
                                  const struct task *task, enum vo_verdict *verdict, struct vo_error *error)
{
    struct vo_json_writer json = {0};
    enum vo_status status = VO_OK;
    for (size_t i = 0; i < files->count && status == VO_OK; i++)
        status = vo_analysis_read(analysis, files->items[i], error);
    if (status == VO_OK)
        status = vo_analysis_judge(analysis, &task->head, false, &json, verdict, error);
    if (status == VO_OK)
        status = vo_verdict_write(settings.output, &json, error);
    vo_json_writer_release(&json);
    return status;
}

static enum vo_status judge_records(const struct vo_rules *rules, const struct vo_option_list *files,
                                    struct task *task, int *code, struct vo_error *error)
{
    struct vo_analysis analysis;
    enum vo_verdict verdict = VO_VERDICT_ERROR;
    enum vo_status status = vo_analysis_new(rules, task->ssids, task->ssid_count, &analysis, error);
    if (status == VO_OK)
        status = settings.follow ? vo_follow(&analysis, &task->head, settings.output, &verdict, error)
                                 : judge_files(&analysis, files, task, &verdict, error);
    if (status == VO_OK)
        *code = vo_verdict_exit(verdict);
    vo_analysis_free(&analysis);
    return status;
}

static enum vo_status check_files(const struct vo_option_list *files, struct vo_error *error)
{
    bool standard = files->count == 1 && strcmp(files->items[0], "-") == 0;
    if (settings.follow && files->count && !standard)
        return vo_error_set(error, VO_ERR_USAGE, "--follow reads standard input: name no file but -");
    if (!files->count && !settings.follow)
        return vo_error_set(error, VO_ERR_USAGE, "name the record files to judge, or - for standard input");
    enum vo_status status = vo_output_apart(settings.output, files->items, files->count, error);
    if (status == VO_OK)
        status = vo_output_apart(settings.output, settings.packs.items, settings.packs.count, error);
    if (status == VO_OK)
        status = vo_output_apart(settings.output, &settings.site, settings.site != NULL, error);
    return status;
}

static int run(const struct vo_option_list *files)
{
    struct vo_error error = {VO_OK, ""};
    struct vo_rules rules = {0};
    struct task task = {
        .head = {.created = vo_clock_now() / VO_NS_PER_S * VO_NS_PER_S, .profile = settings.profile}};
    int code = EXIT_FAILED;
    /* Whatever is wrong with rules or site file is the user's to correct. */
    enum vo_status status = load_rules(&rules, &task, &error);
    if (status != VO_OK)
        code = status == VO_ERR_MEMORY ? EXIT_FAILED : EXIT_USAGE;
    else if ((status = check_files(files, &error)) != VO_OK)
        code = EXIT_USAGE;
    if (status == VO_OK)
        status = judge_records(&rules, files, &task, &code, &error);
    if (status != VO_OK)
        vo_complain(NAME, &error);
    vo_rules_release(&rules);
    free(task.ssids);
    return code;
}

int main(int argc, char **argv)
{
    struct vo_option_list files = {0};
    struct vo_error error = {VO_OK, ""};
    enum vo_status status = vo_options_parse(&program, argc, argv, &files, &error);
    int code = EXIT_READY;
    if (status == VO_OK) {
        code = run(&files);
    } else if (status != VO_END) {
        vo_complain(NAME, &error);
        code = status == VO_ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
    }
    vo_options_release(&program, &files);
    return vo_output_finish(NAME, code);
}
