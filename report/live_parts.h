/*
 * Parts of the live view: lines (live_view.c), the place, link and roam of now (live_here.c). For live_*.c.
 */
#ifndef VO_REPORT_LIVE_PARTS_H
#define VO_REPORT_LIVE_PARTS_H

#include "report/live.h"

#define VO_LIVE_NAME_WIDTH 12

/* A view is made line by line; what does not fit is cut. */
struct vo_live_page {
    const struct vo_report *report;
    const struct vo_live_style *style;
    struct vo_out *out;
    struct vo_live_now now;
    size_t lines, used; /* columns of the line that is open */
};

/* Untrusted text, in `sequence` (or NULL) if there are colours. */
void vo_live_put(struct vo_live_page *page, const char *sequence, const char *text);
void vo_live_pad(struct vo_live_page *page, size_t column);
void vo_live_end_line(struct vo_live_page *page);
/* "Signal      " */
void vo_live_begin(struct vo_live_page *page, const char *name);
/* The sequence of a status, and of a result's (may be NULL); NULL: none. */
const char *vo_live_status_colour(enum vo_result_status status);
const char *vo_live_colour(const struct vo_result *result);
/* Lines on what is measured now, in the order of their weight. */
void vo_live_here(struct vo_live_page *page);

#endif
