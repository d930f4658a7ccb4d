#include "report/formats.h"
#include "report/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_SIZE 40

static const char header[] =
    "rule,title,area,severity,required,status,subject_kind,subject_id,metric,observed,unit,"
    "limit,margin,uncertainty,basis,samples,document,section,reason,remediation,where\r\n";

/* Text, quoted where RFC 4180 asks for it. A spreadsheet runs what begins with one of = + - @ or a tab. */
static void text_cell(struct vo_out *out, const char *text, const char *end)
{
    struct vo_out plain = {0};
    vo_out_plain(&plain, text);
    const char *clean = plain.data ? plain.data : "";
    bool formula = *clean && strchr("=+-@", *clean);
    bool quoted = strpbrk(clean, ",\"") || *clean == ' ';
    vo_out_add(out, quoted ? "\"" : "");
    vo_out_add(out, formula ? "'" : "");
    for (; *clean; clean++) {
        if (*clean == '"')
            vo_out_add(out, "\"");
        vo_out_bytes(out, clean, 1);
    }
    vo_out_add(out, quoted ? "\"" : "");
    vo_out_add(out, end);
    vo_out_end_part(out, &plain);
}

/* As measured, up to six decimals; empty if it is not known. */
static void number_cell(struct vo_out *out, double value, const char *end)
{
    char text[NUMBER_SIZE] = "";
    if (isfinite(value)) {
        snprintf(text, sizeof text, fabs(value) < 1e15 ? "%.6f" : "%.9g", value);
        size_t size = strchr(text, '.') ? strlen(text) : 0;
        while (size > 0 && (text[size - 1] == '0' || text[size - 1] == '.')) {
            bool point = text[size - 1] == '.';
            text[--size] = '\0';
            if (point)
                break;
        }
    }
    vo_out_add(out, strcmp(text, "-0") == 0 ? "0" : text);
    vo_out_add(out, end);
}

static void write_result(struct vo_out *out, const struct vo_result *result)
{
    char where[VO_PHRASE_SIZE];
    text_cell(out, result->rule, ",");
    text_cell(out, result->title, ",");
    text_cell(out, result->area, ",");
    text_cell(out, result->severity, ",");
    vo_out_add(out, result->required ? "true," : "false,");
    text_cell(out, vo_result_words[result->status], ",");
    text_cell(out, result->subject_kind, ",");
    text_cell(out, result->subject_id, ",");
    text_cell(out, result->metric, ",");
    if (result->observed_word)
        text_cell(out, result->observed_word, ",");
    else
        number_cell(out, result->observed, ",");
    text_cell(out, result->unit, ",");
    text_cell(out, result->limit_text, ",");
    number_cell(out, result->margin, ",");
    number_cell(out, result->uncertainty, ",");
    text_cell(out, result->basis, ",");
    number_cell(out, result->samples, ",");
    text_cell(out, result->document, ",");
    text_cell(out, result->section, ",");
    text_cell(out, result->reason, ",");
    text_cell(out, result->remediation, ",");
    vo_phrase_where(where, sizeof where, result);
    text_cell(out, where, "\r\n");
}

enum vo_status vo_report_csv(const struct vo_report *report, const struct vo_report_style *style,
                             struct vo_out *out, struct vo_error *error)
{
    (void)style;
    vo_out_add(out, header);
    for (size_t i = 0; i < report->result_count; i++)
        write_result(out, &report->results[i]);
    return out->failed ? vo_error_memory(error, "the CSV report") : VO_OK;
}
