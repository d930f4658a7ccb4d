/*
 * From records to a verdict: what is read, what is derived of it, and what is judged. The same for records
 * that are all there and for those that are still coming.
 */
#ifndef VO_ANALYZE_ANALYSIS_H
#define VO_ANALYZE_ANALYSIS_H

#include "analyze/derive/timeline.h"
#include "analyze/evaluate.h"
#include "analyze/verdict.h"

struct vo_analysis {
    const struct vo_rules *rules; /* borrowed */
    struct vo_facts *facts;
    struct vo_timeline *timeline; /* NULL: no rule judges streams, whose losses it would explain */
};

/* For the rules that are selected. `ssids`: the WLAN that is surveyed; count 0: as the records say. Both are
 * borrowed. VO_ERR_MEMORY; the caller frees with vo_analysis_free() in any case. */
enum vo_status vo_analysis_new(const struct vo_rules *rules, const char *const *ssids, size_t ssid_count,
                               struct vo_analysis *analysis, struct vo_error *error);
void vo_analysis_free(struct vo_analysis *analysis);
/* VO_ERR_INPUT with file and line, VO_ERR_MEMORY. */
enum vo_status vo_analysis_add(struct vo_analysis *analysis, const struct vo_record *record,
                               struct vo_error *error);
/* Reads a whole file of records ("-": standard input). VO_ERR_IO, and as above. */
enum vo_status vo_analysis_read(struct vo_analysis *analysis, const char *path, struct vo_error *error);
/* The verdict on what was read so far, as one JSON object, in place of what is in `json`. `more`: records may
 * still come. */
enum vo_status vo_analysis_judge(struct vo_analysis *analysis, const struct vo_verdict_head *head, bool more,
                                 struct vo_json_writer *json, enum vo_verdict *verdict,
                                 struct vo_error *error);

#endif
