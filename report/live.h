/*
 * The live view: verdicts come as lines of JSON on standard input (voready-analyze --follow), each is shown
 * when it comes.
 *
 * live.c has the terminal, live_view.c and live_here.c what stands on it, live_now.c what of a verdict is of
 * now, live_changes.c the lines for what is no terminal. All but live.c write into memory.
 */
#ifndef VO_REPORT_LIVE_H
#define VO_REPORT_LIVE_H

#include "report/air.h"
#include "report/out.h"

/* Reads standard input to its end. On a terminal a view is redrawn, and at the end its text is left in plain
 * form; elsewhere a line is written for each change. `operand` is "-" or NULL. VO_ERR_USAGE: another operand,
 * or standard input is a terminal; VO_ERR_INPUT: no verdict came; VO_ERR_IO; VO_ERR_MEMORY. */
enum vo_status vo_report_live(const char *operand, struct vo_error *error);

/* --- what is of now --- */

/* A rule: its result here and now, or its worst one anywhere if none is of here. */
struct vo_live_rule {
    const struct vo_result *result;
    bool here;
    size_t failed_elsewhere; /* results that failed, without the one above */
};

struct vo_live_now {
    const struct vo_air_item *cell; /* derived last: the place that is being measured; NULL: none */
    size_t cells;                   /* at that place */
    const struct vo_result *link;   /* the newest result of a link of this host; NULL: none */
    const struct vo_result *roam;   /* of the last roam; NULL: none */
    const char *bssid;              /* of the cell, else of the link; NULL: none */
    double mhz;
    struct vo_live_rule *rules; /* worst first; in the report's memory */
    size_t rule_count;
};

/* VO_ERR_MEMORY. */
enum vo_status vo_live_find(const struct vo_report *report, struct vo_live_now *now, struct vo_error *error);
/* The result over `metric` of that kind that is of now: of the cell's BSS or channel, of the link; NULL:
 * none. */
const struct vo_result *vo_live_result(const struct vo_report *report, const struct vo_live_now *now,
                                       enum vo_air_kind kind, enum vo_metric metric);

/* --- what is shown --- */

struct vo_live_style {
    bool colour;
    size_t width, height; /* height 0: all lines */
};

/* Lines that fit, each with a newline, and without sequences that move the cursor. `trouble`: told in the
 * view, or NULL. */
enum vo_status vo_live_view(const struct vo_report *report, const struct vo_live_style *style,
                            const char *trouble, struct vo_out *out, struct vo_error *error);
/* Whether places are being named: the view says how. */
bool vo_live_asks(const struct vo_report *report);

/* --- what changed --- */

struct vo_live_seen; /* statuses of the verdict before */
/* Writes a line for each result whose status is another one than in the verdict before, and for the verdict
 * itself.
 * `*seen` is NULL before the first; vo_live_forget() frees, and accepts NULL. VO_ERR_MEMORY. */
enum vo_status vo_live_changes(struct vo_live_seen **seen, const struct vo_report *report, struct vo_out *out,
                               struct vo_error *error);
void vo_live_forget(struct vo_live_seen *seen);

#endif
