/*
 * The verdict file: one JSON object (docs/verdict.md).
 */
#ifndef VO_ANALYZE_VERDICT_H
#define VO_ANALYZE_VERDICT_H

#include "analyze/derive/explain.h"
#include "analyze/evaluate.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"

#define VO_VERDICT_FORMAT 1

struct vo_verdict_head {
    vo_time created;
    const char *profile;
    const char *site;                       /* or NULL */
    const struct vo_explanation *explained; /* list, or NULL: what the air did when packets were lost */
};

/* Appends the object; check `json->failed`. */
void vo_verdict_put(struct vo_json_writer *json, const struct vo_verdict_head *head,
                    const struct vo_rules *rules, const struct vo_facts *facts,
                    const struct vo_evaluation *evaluation);
/* Parts of it: `"evidence": […]`, and `"derived": […]` with the derived observations and explanations. */
void vo_verdict_put_evidence(struct vo_json_writer *json, const struct vo_facts *facts,
                             const struct vo_evidence *evidence, size_t count);
void vo_verdict_put_derived(struct vo_json_writer *json, const struct vo_facts *facts,
                            const struct vo_explanation *explained);

/* Writes a verdict and a newline to `path` ("-": standard output). VO_ERR_IO. */
enum vo_status vo_verdict_write(const char *path, const struct vo_json_writer *json, struct vo_error *error);
/* The same, but a file is there whole at every moment: it is written beside, as PATH.new, and takes the place
 * of the one before. VO_ERR_IO, VO_ERR_MEMORY. */
enum vo_status vo_verdict_replace(const char *path, const struct vo_json_writer *json,
                                  struct vo_error *error);

#endif
