/*
 * Parts of the text report: lines (text.c), the air (text_air.c). For text*.c.
 */
#ifndef VO_REPORT_TEXT_PARTS_H
#define VO_REPORT_TEXT_PARTS_H

#include "report/air.h"
#include "report/formats.h"

struct vo_text {
    const struct vo_report *report;
    const struct vo_report_style *style;
    struct vo_out *out;
};

/* A heading, after an empty line. */
void vo_text_heading(const struct vo_text *page, const char *text);
/* Writes `text` word by word from column `column` on; further lines begin at `indent`. Untrusted text. */
void vo_text_wrap(const struct vo_text *page, const char *text, size_t column, size_t indent);
/* Untrusted text in a column of `width`, cut if it is longer. */
void vo_text_cell(const struct vo_text *page, const char *text, size_t width, bool right);
/* The name of a status in its colour; nothing for VO_RESULT_STATUSES. */
void vo_text_worst(const struct vo_text *page, enum vo_result_status worst);
/* A short one in a column of `width`: "not all" stands for "not all measured". */
void vo_text_verdict(const struct vo_text *page, enum vo_result_status worst, size_t width);
/* "  and 12 more …", if `count` exceeds `shown`. */
void vo_text_more(const struct vo_text *page, size_t count, size_t shown, const char *what);

/* Places, channels, access points, links, roams, and what the air did when packets were lost. */
void vo_text_air(const struct vo_text *page);

#endif
