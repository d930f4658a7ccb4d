/*
 * A verdict on records that are still coming: at most one a second, and only if something came.
 *
 * While the input is open a run without `end` is running, not cut. At its end the last verdict is final. A
 * signal to stop (SIGINT, SIGTERM) lets the probe end its run: what comes within VO_FOLLOW_GRACE_S, or until
 * the end of the input, still counts; a second signal ends at once.
 */
#ifndef VO_ANALYZE_FOLLOW_H
#define VO_ANALYZE_FOLLOW_H

#include "analyze/analysis.h"

#define VO_FOLLOW_GRACE_S 1

/* Reads standard input and writes each verdict as a line to `output` ("-": standard output), or replaces the
 * file. `head->created` is set to the time of each. A line that is no record ends it with VO_ERR_INPUT, which
 * names the line: the verdict on what came before it has been written then, and stands. VO_ERR_IO,
 * VO_ERR_MEMORY. */
enum vo_status vo_follow(struct vo_analysis *analysis, struct vo_verdict_head *head, const char *output,
                         enum vo_verdict *verdict, struct vo_error *error);

#endif
