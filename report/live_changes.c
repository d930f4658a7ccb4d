#include "report/live.h"

#include "report/phrase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One result's status, by rule, subject and place. */
struct seen {
    char *key;
    enum vo_result_status status;
    const struct vo_result *result; /* of the verdict at hand; not kept */
};

struct vo_live_seen {
    struct seen *entries; /* by key */
    size_t count;
    char *word; /* of the verdict */
};

void vo_live_forget(struct vo_live_seen *seen)
{
    if (!seen)
        return;
    for (size_t i = 0; i < seen->count; i++)
        free(seen->entries[i].key);
    free(seen->entries);
    free(seen->word);
    free(seen);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static int compare_seen(const void *left, const void *right)
{
    const struct seen *a = left, *b = right;
    int order = strcmp(a->key, b->key);
    return order ? order : (a->status > b->status) - (a->status < b->status);
}

static struct vo_live_seen *look(const struct vo_report *report)
{
    struct vo_live_seen *seen = calloc(1, sizeof *seen);
    if (!seen)
        return NULL;
    seen->entries = calloc(report->result_count + 1, sizeof *seen->entries);
    seen->word = strdup(report->word);
    for (size_t i = 0; seen->entries && i < report->result_count; i++) {
        const struct vo_result *result = &report->results[i];
        const char *place = vo_json_get_text(vo_json_get(result->json, "subject"), "place");
        struct seen *entry = &seen->entries[seen->count];
        if (asprintf(&entry->key, "%s\037%s\037%s\037%s", result->rule, or_empty(result->subject_kind),
                     or_empty(result->subject_id), or_empty(place)) < 0) {
            entry->key = NULL;
            break;
        }
        entry->status = result->status;
        entry->result = result;
        seen->count++;
    }
    if (!seen->entries || !seen->word || seen->count < report->result_count) {
        vo_live_forget(seen);
        return NULL;
    }
    if (seen->count)
        qsort(seen->entries, seen->count, sizeof *seen->entries, compare_seen);
    return seen;
}

/* The status of that key before; VO_RESULT_STATUSES: there was none. `at` goes through it, both being sorted.
 */
static enum vo_result_status status_before(const struct vo_live_seen *before, const char *key, size_t *at)
{
    while (before && *at < before->count && strcmp(before->entries[*at].key, key) < 0)
        (*at)++;
    return before && *at < before->count && strcmp(before->entries[*at].key, key) == 0
               ? before->entries[*at].status
               : VO_RESULT_STATUSES;
}

/* "14:03:05 UTC  " */
static void write_time(struct vo_out *out, const struct vo_report *report)
{
    char text[VO_PHRASE_SIZE] = "?";
    vo_time time;
    if (report->created && vo_time_parse(report->created, &time, NULL) == VO_OK)
        vo_phrase_time(text, sizeof text, time);
    vo_out_format(out, "%s  ", text);
}

static void write_change(struct vo_out *out, const struct vo_report *report, const struct vo_result *result,
                         enum vo_result_status before)
{
    char sentence[3 * VO_PHRASE_SIZE];
    write_time(out, report);
    if (before < VO_RESULT_STATUSES)
        vo_out_format(out, "%s → ", vo_result_names[before]);
    vo_out_format(out, "%s: ", vo_result_names[result->status]);
    if (result->status == VO_RESULT_NOT_MEASURED) {
        vo_out_plain(out, result->title);
        vo_phrase_where(sentence, sizeof sentence, result);
        vo_out_add(out, sentence[0] ? "; " : "");
        vo_out_plain(out, sentence);
        vo_out_add(out, result->reason ? ": " : "");
        vo_out_plain(out, result->reason);
    } else {
        vo_phrase_sentence(sentence, sizeof sentence, result);
        vo_out_plain(out, sentence);
    }
    vo_out_add(out, "\n");
}

static void write_verdict(struct vo_out *out, const struct vo_report *report, const char *before)
{
    write_time(out, report);
    vo_out_add(out, "Verdict: ");
    if (before) {
        vo_out_plain(out, vo_phrase_verdict(before));
        vo_out_add(out, " → ");
    }
    vo_out_plain(out, vo_phrase_verdict(report->word));
    if (report->reason) {
        vo_out_add(out, ": ");
        vo_out_plain(out, report->reason);
    }
    vo_out_add(out, "\n");
}

/* What is told for information, or does not apply, is news only if it was something else before. */
static bool is_judged(enum vo_result_status status)
{
    return status <= VO_RESULT_PASS;
}

static int compare_order(const void *left, const void *right) /* as in the verdict */
{
    const struct seen *a = left, *b = right;
    return (a->result > b->result) - (a->result < b->result);
}

enum vo_status vo_live_changes(struct vo_live_seen **seen, const struct vo_report *report, struct vo_out *out,
                               struct vo_error *error)
{
    struct vo_live_seen *before = *seen, *now = look(report);
    struct seen *changed = now ? calloc(now->count + 1, sizeof *changed) : NULL;
    size_t count = 0, at = 0;
    if (!changed) {
        vo_live_forget(now);
        return vo_error_memory(error, "the live view");
    }
    for (size_t i = 0; i < now->count; i++) {
        bool again = i > 0 && strcmp(now->entries[i - 1].key, now->entries[i].key) == 0;
        enum vo_result_status status =
            again ? now->entries[i].status : status_before(before, now->entries[i].key, &at);
        if (!again && status != now->entries[i].status &&
            (status < VO_RESULT_STATUSES || is_judged(now->entries[i].status)))
            changed[count++] = (struct seen){NULL, status, now->entries[i].result};
    }
    qsort(changed, count, sizeof *changed, compare_order);
    for (size_t i = 0; i < count; i++)
        write_change(out, report, changed[i].result, changed[i].status);
    if (!before || strcmp(before->word, now->word) != 0)
        write_verdict(out, report, before ? before->word : NULL);
    free(changed);
    vo_live_forget(before);
    *seen = now;
    return out->failed ? vo_error_memory(error, "the live view") : VO_OK;
}
