#include "report/formats.h"
#include "report/phrase.h"

#include <string.h>

struct tally {
    size_t tests, failures, errors, skipped;
};

static bool is_skipped(enum vo_result_status status)
{
    return status == VO_RESULT_NOT_MEASURED || status == VO_RESULT_NOT_APPLICABLE ||
           status == VO_RESULT_SKIPPED;
}

/* Of one area, or of all with NULL. */
static struct tally count(const struct vo_report *report, const char *area)
{
    struct tally tally = {0};
    for (size_t i = 0; i < report->result_count; i++) {
        const struct vo_result *result = &report->results[i];
        if (area && strcmp(result->area, area) != 0)
            continue;
        tally.tests++;
        tally.failures += result->status == VO_RESULT_FAIL;
        tally.errors += result->status == VO_RESULT_ERROR;
        tally.skipped += is_skipped(result->status);
    }
    return tally;
}

static void attribute(struct vo_out *out, const char *name, const char *value)
{
    vo_out_format(out, " %s=\"", name);
    vo_out_xml(out, value);
    vo_out_add(out, "\"");
}

static void tally_attributes(struct vo_out *out, const struct tally *tally)
{
    vo_out_format(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", tally->tests,
                  tally->failures, tally->errors, tally->skipped);
}

/* <failure>, <error>: the message in one line, below it what to do and where it is demanded. */
static void write_problem(struct vo_out *out, const char *element, const struct vo_result *result)
{
    char text[3 * VO_PHRASE_SIZE];
    vo_phrase_sentence(text, sizeof text, result);
    vo_out_format(out, "      <%s", element);
    attribute(out, "message", text);
    attribute(out, "type", result->severity);
    vo_out_add(out, ">");
    vo_out_xml(out, result->reason);
    if (result->remediation) {
        vo_out_add(out, "\nWhat to do: ");
        vo_out_xml(out, result->remediation);
    }
    vo_phrase_citation(text, sizeof text, result);
    if (text[0]) {
        vo_out_add(out, "\nSource: ");
        vo_out_xml(out, text);
    }
    vo_out_format(out, "</%s>\n", element);
}

static void write_property(struct vo_out *out, const char *name, const char *value)
{
    vo_out_add(out, "        <property");
    attribute(out, "name", name);
    attribute(out, "value", value);
    vo_out_add(out, "/>\n");
}

static void write_properties(struct vo_out *out, const struct vo_result *result)
{
    char observed[VO_PHRASE_SIZE], limit[VO_PHRASE_SIZE];
    vo_phrase_observed(observed, sizeof observed, result);
    vo_phrase_limit(limit, sizeof limit, result);
    vo_out_add(out, "      <properties>\n");
    write_property(out, "status", vo_result_words[result->status]);
    write_property(out, "observed", observed);
    if (limit[0])
        write_property(out, "limit", limit);
    write_property(out, "required", result->required ? "true" : "false");
    vo_out_add(out, "      </properties>\n");
}

static void write_case(struct vo_out *out, const struct vo_result *result)
{
    char text[3 * VO_PHRASE_SIZE];
    vo_out_add(out, "    <testcase");
    attribute(out, "classname", result->area);
    vo_out_add(out, " name=\"");
    vo_out_xml(out, result->rule);
    vo_out_add(out, result->subject_id ? " " : "");
    vo_out_xml(out, result->subject_id);
    vo_out_add(out, "\">\n");
    write_properties(out, result);
    if (result->status == VO_RESULT_FAIL || result->status == VO_RESULT_ERROR) {
        write_problem(out, result->status == VO_RESULT_FAIL ? "failure" : "error", result);
    } else if (is_skipped(result->status)) {
        vo_out_add(out, "      <skipped message=\"");
        vo_out_add(out, vo_result_names[result->status]);
        vo_out_add(out, result->reason ? ": " : "");
        vo_out_xml(out, result->reason);
        vo_out_add(out, "\"/>\n");
    } else if (result->status == VO_RESULT_WARN) {
        vo_phrase_sentence(text, sizeof text, result);
        vo_out_add(out, "      <system-out>Warning: ");
        vo_out_xml(out, text);
        if (result->reason) {
            vo_out_add(out, ". ");
            vo_out_xml(out, result->reason);
        }
        vo_out_add(out, "</system-out>\n");
    }
    vo_out_add(out, "    </testcase>\n");
}

static void write_suite(struct vo_out *out, const struct vo_report *report, const char *area)
{
    struct tally tally = count(report, area);
    vo_out_add(out, "  <testsuite");
    attribute(out, "name", area);
    tally_attributes(out, &tally);
    if (report->created && strlen(report->created) >= 19) {
        char time[20] = ""; /* JUnit's schema wants no zone */
        memcpy(time, report->created, 19);
        attribute(out, "timestamp", time);
    }
    vo_out_add(out, " time=\"0\">\n");
    for (size_t i = 0; i < report->result_count; i++)
        if (strcmp(report->results[i].area, area) == 0)
            write_case(out, &report->results[i]);
    vo_out_add(out, "  </testsuite>\n");
}

static bool is_first_of_area(const struct vo_report *report, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(report->results[i].area, report->results[index].area) == 0)
            return false;
    return true;
}

enum vo_status vo_report_junit(const struct vo_report *report, const struct vo_report_style *style,
                               struct vo_out *out, struct vo_error *error)
{
    struct tally tally = count(report, NULL);
    (void)style;
    vo_out_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"voready\"");
    tally_attributes(out, &tally);
    vo_out_add(out, ">\n");
    for (size_t i = 0; i < report->result_count; i++)
        if (is_first_of_area(report, i))
            write_suite(out, report, report->results[i].area);
    vo_out_add(out, "</testsuites>\n");
    return out->failed ? vo_error_memory(error, "the JUnit report") : VO_OK;
}
