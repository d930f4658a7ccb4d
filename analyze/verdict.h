/*
 * The verdict file: one JSON object (docs/verdict.md).
 */
#ifndef VO_ANALYZE_VERDICT_H
#define VO_ANALYZE_VERDICT_H

#include "analyze/evaluate.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"

#define VO_VERDICT_FORMAT 1

struct vo_verdict_head {
    vo_time created;
    const char *profile;
    const char *site; /* or NULL */
};

/* Appends the object; check `json->failed`. */
void vo_verdict_put(struct vo_json_writer *json, const struct vo_verdict_head *head,
                    const struct vo_rules *rules, const struct vo_facts *facts,
                    const struct vo_evaluation *evaluation);
/* Writes it to `path` ("-": standard output). VO_ERR_IO, VO_ERR_MEMORY. */
enum vo_status vo_verdict_save(const char *path, const struct vo_verdict_head *head,
                               const struct vo_rules *rules, const struct vo_facts *facts,
                               const struct vo_evaluation *evaluation, struct vo_error *error);

#endif
