#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/metric.h"

#include <stdbool.h>
#include <string.h>

/* Lower case, digits and underscores, beginning with a letter. */
static bool is_name(const char *text, size_t size)
{
    return size > 0 && text[0] >= 'a' && text[0] <= 'z' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") >= size;
}

/* A state's words are values, and may have a version's dot: tls1.2. */
static bool are_words(const char *text)
{
    return text[0] >= 'a' && text[0] <= 'z' && !strstr(text, "  ") &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_. ") == strlen(text);
}

/* Names between single spaces. */
static bool are_names(const char *text)
{
    for (;;) {
        size_t size = strcspn(text, " ");
        if (!is_name(text, size))
            return false;
        if (!text[size])
            return true;
        text += size + 1;
    }
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VO_METRIC_COUNT; i++) {
        const struct vo_metric_row *row = &vo_metrics[i];
        if (!is_name(row->name, strlen(row->name)))
            fail_msg("\"%s\" is not spelled as a metric", row->name);
        if (!row->unit || !*row->unit || !row->definition || !*row->definition || !row->source)
            fail_msg("%s lacks its unit, definition or source", row->name);
        if (!row->subjects || !are_names(row->subjects))
            fail_msg("%s: subjects \"%s\"", row->name, row->subjects);
        if ((strcmp(row->unit, "word") == 0) != (row->words != NULL) ||
            (row->words && !are_words(row->words)))
            fail_msg("%s: unit \"%s\", words \"%s\"", row->name, row->unit, row->words ? row->words : "none");
        const struct vo_metric_row *samples = row->samples ? vo_metric_find(row->samples) : NULL;
        if (row->samples && (!samples || strcmp(samples->unit, "count") != 0))
            fail_msg("%s: samples \"%s\" are no count of the catalogue", row->name, row->samples);
    }
}

static void test_names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < VO_METRIC_COUNT; i++)
        if (vo_metric_find(vo_metrics[i].name) != &vo_metrics[i])
            fail_msg("%s is in the catalogue twice", vo_metrics[i].name);
}

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(vo_metric_find("rtp_loss_percent"), &vo_metrics[VO_METRIC_RTP_LOSS_PERCENT]);
    assert_null(vo_metric_find("rtp_loss"));
    assert_null(vo_metric_find("RTP_LOSS_PERCENT"));
    assert_null(vo_metric_find(""));
}

static void test_nearest(void **state)
{
    (void)state;
    assert_string_equal(vo_metric_nearest("rtp_los_percent"), "rtp_loss_percent");
    assert_string_equal(vo_metric_nearest("rtp_packet"), "rtp_packets");
    assert_null(vo_metric_nearest("zzzzzzzzzzzz"));
    static const char *const words[] = {"text", "html", "json"};
    assert_string_equal(vo_nearest_word("htm", words, 3), "html");
    assert_string_equal(vo_nearest_word("jsno", words, 3), "json");
    assert_null(vo_nearest_word("prometheus", words, 3));
    assert_null(vo_nearest_word("text", words, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
