/*
 * The output formats: each writes a whole report into memory. Adding one: a row in main.c, a function here, a
 * file.
 */
#ifndef VO_REPORT_FORMATS_H
#define VO_REPORT_FORMATS_H

#include "report/model.h"
#include "report/out.h"

/* Calls shown whole, with events, tables and plots; further ones are one line each. */
#define VO_REPORT_CALLS_WHOLE 50

struct vo_report_style {
    bool colour;  /* escape sequences may be written: a terminal, and no NO_COLOR */
    size_t width; /* columns, at least 40 */
};

enum vo_status vo_report_text(const struct vo_report *report, const struct vo_report_style *style,
                              struct vo_out *out, struct vo_error *error);
/* One file without any external resource. */
enum vo_status vo_report_html(const struct vo_report *report, const struct vo_report_style *style,
                              struct vo_out *out, struct vo_error *error);
/* The verdict's members as they are, then `calls`, `streams` (of no known call), `captures` and
 * `air` (what was observed of it). */
enum vo_status vo_report_json(const struct vo_report *report, const struct vo_report_style *style,
                              struct vo_out *out, struct vo_error *error);
/* JUnit as CI systems read it: a testsuite an area, a testcase a result. */
enum vo_status vo_report_junit(const struct vo_report *report, const struct vo_report_style *style,
                               struct vo_out *out, struct vo_error *error);
/* RFC 4180, a line a result; text that a spreadsheet would take for a formula begins with an apostrophe. */
enum vo_status vo_report_csv(const struct vo_report *report, const struct vo_report_style *style,
                             struct vo_out *out, struct vo_error *error);

#endif
