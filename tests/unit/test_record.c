#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/record.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct vo_subject stream = {"rtp_stream", "192.0.2.1:5004>192.0.2.2:6000#0x0000abcd",
                                         "tap audio a>b"};

/* A file in memory with a path. */
struct file {
    int fd;
    char path[64];
};

static struct file make_file(const char *text, size_t size)
{
    struct file file = {.fd = memfd_create("records", 0)};
    assert_true(file.fd >= 0);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
    if (size)
        assert_int_equal(write(file.fd, text, size), size);
    return file;
}

/* All of the file, NUL-terminated; the caller frees. */
static char *contents(const struct file *file, size_t *size)
{
    struct stat status;
    assert_int_equal(fstat(file->fd, &status), 0);
    char *text = calloc(1, (size_t)status.st_size + 1);
    assert_int_equal(pread(file->fd, text, (size_t)status.st_size, 0), status.st_size);
    *size = (size_t)status.st_size;
    return text;
}

static void observe_all(struct vo_record_writer *writer)
{
    vo_observe_begin(writer, 1795369472123000000, &stream);
    vo_observe_uncertainty(writer, VO_METRIC_RTP_LOSS_PERCENT, 0.25);
    vo_observe_label(writer, "codec", "PCMU");
    vo_observe_label(writer, "call_id", NULL);
    vo_observe_label_number(writer, "clock_hz", 8000);
    vo_observe_metric(writer, VO_METRIC_RTP_PACKETS, 500);
    vo_observe_missing(writer, VO_METRIC_RTP_RTT_MS, "no RTCP in %d s", 10);
    vo_observe_metric(writer, VO_METRIC_RTP_LOSS_PERCENT, 1.5);
    vo_observe_metric(writer, VO_METRIC_RTP_LOSS_PERCENT, 99); /* the first stands */
    vo_observe_basis(writer, VO_METRIC_RTP_LOSS_PERCENT, "capture_point");
    vo_observe_state(writer, VO_METRIC_RTP_MEDIA_STATE, "srtp");
    vo_observe_metric(writer, VO_METRIC_RTP_JITTER_MS, NAN);
}

/* The whole text of two observations, and nothing more, after the run record. */
static void test_exact_bytes(void **state)
{
    (void)state;
    struct file file = make_file("old contents", 12);
    struct vo_run run = {.probe = "voready-rtp", .place = "Hall \"A\""};
    struct vo_record_writer *writer;
    assert_int_equal(vo_record_open(file.path, &run, &writer, NULL), VO_OK);
    char expected[2048], uuid[40];
    snprintf(uuid, sizeof uuid, "%s", vo_record_run(writer));
    observe_all(writer);
    assert_int_equal(vo_observe_end(writer), 2);
    vo_observe_begin(writer, VO_TIME_UNKNOWN, &(struct vo_subject){.kind = "capture", .id = "a.pcap"});
    assert_int_equal(vo_observe_end(writer), 3);
    assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    snprintf(
        expected, sizeof expected,
        "\n{\"record\":\"observation\",\"run\":\"%s\",\"n\":2,\"time\":\"2026-11-22T17:44:32.123Z\","
        "\"place\":\"Hall \\\"A\\\"\",\"subject\":{\"kind\":\"rtp_stream\","
        "\"id\":\"192.0.2.1:5004>192.0.2.2:6000#0x0000abcd\",\"key\":\"tap audio a>b\",\"codec\":\"PCMU\","
        "\"clock_hz\":8000},\"metrics\":{\"rtp_packets\":500,\"rtp_loss_percent\":1.5},"
        "\"states\":{\"rtp_media_state\":\"srtp\"},"
        "\"missing\":{\"rtp_rtt_ms\":\"no RTCP in 10 s\",\"rtp_jitter_ms\":\"not a number\"},"
        "\"basis\":{\"rtp_loss_percent\":\"capture_point\"},\"uncertainty\":{\"rtp_loss_percent\":0.25}}\n"
        "{\"record\":\"observation\",\"run\":\"%s\",\"n\":3,\"place\":\"Hall \\\"A\\\"\","
        "\"subject\":{\"kind\":\"capture\",\"id\":\"a.pcap\"}}\n"
        "{\"record\":\"end\",\"run\":\"%s\",\"n\":4,\"finished\":\"",
        uuid, uuid, uuid);
    size_t size;
    char *text = contents(&file, &size);
    char *second = strchr(text, '\n');
    assert_non_null(second);
    assert_memory_equal(second, expected, strlen(expected));
    const char *tail = ",\"complete\":true,\"records\":4}\n";
    assert_string_equal(text + size - strlen(tail), tail);
    free(text);
    close(file.fd);
}

static void check_uuid(const char *uuid)
{
    assert_int_equal(strlen(uuid), 36);
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_true(dash ? uuid[i] == '-' : strchr("0123456789abcdef", uuid[i]) != NULL);
    }
    assert_int_equal(uuid[14], '4');           /* version */
    assert_non_null(strchr("89ab", uuid[19])); /* variant */
}

static struct vo_record read_one(struct vo_record_reader *reader)
{
    struct vo_record record = {0};
    struct vo_error error = {0};
    if (vo_record_read(reader, &record, &error) != VO_OK)
        fail_msg("no record: %s", error.message);
    return record;
}

static void test_run_record(void **state)
{
    (void)state;
    struct file file = make_file("", 0);
    struct vo_run run = {.probe = "voready-rtp",
                         .site = "Example",
                         .vantage = "core",
                         .interface = "lo",
                         .source = (const char *const[]){"a.pcap", "b.pcap"},
                         .source_count = 2,
                         .conditions = "{ \"load\":\n\"busy\" }"};
    struct vo_record_writer *writer;
    assert_int_equal(vo_record_open(file.path, &run, &writer, NULL), VO_OK);
    check_uuid(vo_record_run(writer));
    assert_int_equal(vo_record_close(writer, false, "disk full", NULL), VO_OK);
    struct vo_record_reader *reader;
    assert_int_equal(vo_record_reader_open(file.path, &reader, NULL), VO_OK);
    struct vo_record record = read_one(reader);
    assert_string_equal(record.kind, "run");
    assert_int_equal(record.n, 1);
    assert_int_equal(record.line, 1);
    assert_string_equal(record.file, file.path);
    check_uuid(record.run);
    assert_true(vo_json_double(vo_json_get(record.json, "format")) == 1);
    assert_string_equal(vo_json_get_text(record.json, "probe"), "voready-rtp");
    assert_string_equal(vo_json_get_text(record.json, "site"), "Example");
    assert_string_equal(vo_json_get_text(record.json, "vantage"), "core");
    assert_string_equal(vo_json_get_text(vo_json_get(record.json, "conditions"), "load"), "busy");
    vo_time started;
    assert_int_equal(vo_time_parse(vo_json_get_text(record.json, "started"), &started, NULL), VO_OK);
    const struct vo_json *source = vo_json_get(record.json, "source");
    assert_int_equal(vo_json_count(source), 2);
    assert_string_equal(vo_json_text(vo_json_child(source)), "a.pcap");
    const struct vo_json *host = vo_json_get(record.json, "host");
    assert_string_equal(vo_json_get_text(host, "interface"), "lo");
    assert_null(vo_json_get(host, "driver")); /* the loopback has none */
    assert_non_null(vo_json_get_text(host, "name"));
    assert_non_null(vo_json_get_text(host, "kernel"));
    assert_non_null(vo_json_get_text(vo_json_get(host, "clock"), "state"));
    record = read_one(reader);
    assert_string_equal(record.kind, "end");
    assert_false(vo_json_true(vo_json_get(record.json, "complete")));
    assert_string_equal(vo_json_get_text(record.json, "why"), "disk full");
    assert_int_equal(vo_record_read(reader, &record, NULL), VO_END);
    assert_int_equal(vo_record_read(reader, &record, NULL), VO_END);
    assert_false(vo_record_reader_cut(reader));
    vo_record_reader_free(reader);
    close(file.fd);
}

static void test_conditions_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"busy", "[1]", "{\"a\":1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vo_run run = {.probe = "p", .conditions = bad[i]};
        struct vo_record_writer *writer;
        struct vo_error error = {0};
        assert_int_equal(vo_record_open(NULL, &run, &writer, &error), VO_ERR_USAGE);
        assert_null(writer);
        assert_non_null(strstr(error.message, "conditions"));
    }
}

/* An event, a series with a subject and a state; kinds unknown to this version pass too. */
static void test_other_kinds(void **state)
{
    (void)state;
    struct file file = make_file("", 0);
    struct vo_run run = {.probe = "p", .place = "roof"};
    struct vo_record_writer *writer;
    assert_int_equal(vo_record_open(file.path, &run, &writer, NULL), VO_OK);
    static const char *const kinds[] = {"event", "series", "from_the_future"};
    for (uint64_t i = 0; i < 3; i++) {
        struct vo_json_writer *json = vo_record_begin(writer, kinds[i]);
        vo_record_put_time(json, "time", 0);
        vo_record_put_time(json, "never", VO_TIME_UNKNOWN);
        vo_record_put_subject(json, &stream);
        assert_int_equal(vo_record_commit(writer), i + 2);
    }
    assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    struct vo_record_reader *reader;
    assert_int_equal(vo_record_reader_open(file.path, &reader, NULL), VO_OK);
    read_one(reader);
    for (uint64_t i = 0; i < 3; i++) {
        struct vo_record record = read_one(reader);
        assert_string_equal(record.kind, kinds[i]);
        assert_int_equal(record.n, i + 2);
        assert_string_equal(vo_json_get_text(record.json, "time"), "1970-01-01T00:00:00Z");
        assert_null(vo_json_get(record.json, "never"));
        assert_string_equal(vo_json_get_text(vo_json_get(record.json, "subject"), "key"), stream.key);
        const char *place = vo_json_get_text(record.json, "place");
        assert_true(i == 0 ? place && strcmp(place, "roof") == 0 : !place);
    }
    vo_record_reader_free(reader);
    close(file.fd);
}

/* A survey goes from place to place within one run: each record has the place of its own time. */
static void test_place_changes(void **state)
{
    (void)state;
    static const char *const places[] = {"lobby", "stairs", NULL, "lobby"};
    struct file file = make_file("", 0);
    struct vo_record_writer *writer;
    assert_int_equal(vo_record_open(file.path, &(struct vo_run){.probe = "p"}, &writer, NULL), VO_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(vo_record_set_place(writer, places[i], NULL), VO_OK);
        vo_observe_begin(writer, 0, &stream);
        vo_observe_end(writer);
        vo_record_put_time(vo_record_begin(writer, "event"), "time", 0);
        vo_record_commit(writer);
    }
    assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    struct vo_record_reader *reader;
    assert_int_equal(vo_record_reader_open(file.path, &reader, NULL), VO_OK);
    read_one(reader);
    for (size_t i = 0; i < 8; i++) {
        const char *place = vo_json_get_text(read_one(reader).json, "place"), *told = places[i / 2];
        assert_true(told ? place && strcmp(place, told) == 0 : !place);
    }
    vo_record_reader_free(reader);
    close(file.fd);
}

/* Sections are reused: what one observation had does not leak into the next, over many buffers' worth. */
static void test_many_round_trip(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct file file = make_file("", 0);
    struct vo_record_writer *writer;
    assert_int_equal(vo_record_open(file.path, &(struct vo_run){.probe = "p"}, &writer, NULL), VO_OK);
    for (uint64_t i = 0; i < COUNT; i++) {
        vo_observe_begin(writer, (vo_time)i * VO_NS_PER_S, &stream);
        if (i % 2)
            vo_observe_metric(writer, VO_METRIC_RTP_PACKETS, (double)i);
        else
            vo_observe_missing(writer, VO_METRIC_RTP_PACKETS, "row %d", (int)i);
        assert_int_equal(vo_observe_end(writer), i + 2);
    }
    assert_int_equal(vo_record_status(writer, NULL), VO_OK);
    assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    struct vo_record_reader *reader;
    assert_int_equal(vo_record_reader_open(file.path, &reader, NULL), VO_OK);
    read_one(reader);
    for (uint64_t i = 0; i < COUNT; i++) {
        struct vo_record record = read_one(reader);
        assert_int_equal(record.n, i + 2);
        assert_int_equal(record.line, i + 2);
        const struct vo_json *metrics = vo_json_get(record.json, "metrics");
        assert_true((metrics != NULL) == (i % 2 == 1));
        assert_true((vo_json_get(record.json, "missing") == NULL) == (i % 2 == 1));
        if (metrics)
            assert_true(vo_json_double(vo_json_get(metrics, "rtp_packets")) == (double)i);
    }
    assert_string_equal(read_one(reader).kind, "end");
    vo_record_reader_free(reader);
    close(file.fd);
}

/* Reads `size` bytes; returns how many records came, or -1 after an error. */
static int read_all(const char *text, size_t size, bool *cut, struct vo_error *error)
{
    struct file file = make_file(text, size);
    struct vo_record_reader *reader;
    struct vo_record record;
    int count = 0;
    enum vo_status status;
    assert_int_equal(vo_record_reader_open(file.path, &reader, NULL), VO_OK);
    while ((status = vo_record_read(reader, &record, error)) == VO_OK)
        count++;
    *cut = vo_record_reader_cut(reader);
    vo_record_reader_free(reader);
    close(file.fd);
    return status == VO_END ? count : -1;
}

static char *two_runs(size_t *size)
{
    struct file file = make_file("", 0);
    char *all = NULL;
    *size = 0;
    for (int i = 0; i < 2; i++) {
        struct vo_record_writer *writer;
        assert_int_equal(vo_record_open(file.path, &(struct vo_run){.probe = "p"}, &writer, NULL), VO_OK);
        observe_all(writer);
        vo_observe_end(writer);
        assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
        size_t part;
        char *text = contents(&file, &part);
        all = realloc(all, *size + part);
        memcpy(all + *size, text, part);
        *size += part;
        free(text);
    }
    close(file.fd);
    return all;
}

/* Two runs in one file, cut at every length: whole lines are delivered, and a part of a line is called cut.
 */
static void test_cut_everywhere(void **state)
{
    (void)state;
    size_t size;
    char *text = two_runs(&size);
    int lines = 0;
    for (size_t length = 0; length <= size; length++) {
        bool cut;
        struct vo_error error = {0};
        bool at_start = length == 0 || text[length - 1] == '\n';
        bool at_end = length < size && text[length] == '\n'; /* a whole record, only its newline is missing */
        if (length && at_start)
            lines++;
        int count = read_all(text, length, &cut, &error);
        if (count != lines + at_end || cut != (!at_start && !at_end))
            fail_msg("cut at %zu: %d records, cut %d: %s", length, count, cut, error.message);
    }
    assert_int_equal(lines, 6);
    free(text);
}

#define HEAD "{\"record\":\"run\",\"run\":\"r\",\"n\":1,\"format\":1}\n"

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {HEAD "{\"record\":\"run\",\"run\":\"r\",\"n\":1,\"format\":2}\n",
         ":2: record format 2 is not known"},
        {"{\"record\":\"run\",\"run\":\"r\",\"n\":1}\n", ":1: the run has no number \"format\""},
        {HEAD "\n{\"a\":1}\n", ":3: an object without \"record\""},
        {HEAD "{\"record\":7}\n", ":2: an object without \"record\""},
        {HEAD "[]\n", ":2: an object without \"record\""},
        {HEAD "{\"record\":\"x\",\"n\":1}\n", ":2: a record without \"run\""},
        {HEAD "{\"record\":\"x\",\"run\":\"r\"}\n", ":2: a record without \"n\""},
        {HEAD "{\"record\":\"x\",\"run\":\"r\",\"n\":0}\n", ":2: a record without \"n\""},
        {HEAD "{\"record\":\"x\",\"run\":\"r\",\"n\":1.5}\n", ":2: a record without \"n\""},
        {HEAD "{\"record\":\"x\",\"run\":\"r\",\"n\":1e300}\n", ":2: a record without \"n\""},
        {HEAD "{\"record\":\"x\",\n", ":2: column 15: expected a string"},
        {HEAD "{\"record\":\"x\",\"record\":\"y\"}\n", ":2: column 15: the key \"record\" is given twice"},
        {HEAD "not json", ":2: column 1: expected a value"},
        {"\xD4\xC3\xB2\xA1", ":1: column 1: expected a value"}, /* a capture file */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool cut;
        struct vo_error error = {0};
        assert_int_equal(read_all(rows[i].text, strlen(rows[i].text), &cut, &error), -1);
        if (!strstr(error.message, rows[i].message) || !strstr(error.message, "/proc/self/fd/"))
            fail_msg("%s\n  gave %s", rows[i].text, error.message);
    }
}

static void test_white_space_between(void **state)
{
    (void)state;
    static const char text[] = "\n" HEAD "\r\n  \n{\"record\":\"x\",\"run\":\"r\",\"n\":2}\r\n";
    bool cut;
    assert_int_equal(read_all(text, sizeof text - 1, &cut, NULL), 2);
    assert_false(cut);
}

static void test_long_lines(void **state)
{
    (void)state;
    static const size_t limit = (size_t)16 << 20;
    char *text = malloc(limit + 2);
    static const char head[] = "{\"record\":\"x\",\"run\":\"r\",\"n\":1,\"a\":\"";
    memset(text, 'a', limit + 2);
    memcpy(text, head, sizeof head - 1);
    text[limit - 2] = '"';
    text[limit - 1] = '}';
    text[limit] = '\n';
    bool cut;
    struct vo_error error = {0};
    assert_int_equal(read_all(text, limit + 1, &cut, &error), 1);
    text[limit - 2] = 'a';
    text[limit - 1] = '"';
    text[limit] = '}';
    text[limit + 1] = '\n';
    assert_int_equal(read_all(text, limit + 2, &cut, &error), -1);
    assert_non_null(strstr(error.message, ":1: the line is longer than 16 MiB"));
    free(text);
}

/* A record that no reader takes is not written; what came before stays and the failure is told. */
static void test_too_long_record(void **state)
{
    (void)state;
    struct file file = make_file("", 0);
    struct vo_record_writer *writer;
    assert_int_equal(vo_record_open(file.path, &(struct vo_run){.probe = "p"}, &writer, NULL), VO_OK);
    struct vo_json_writer *json = vo_record_begin(writer, "series");
    vo_json_key(json, "columns");
    vo_json_begin_array(json);
    for (int i = 0; i < 3000000; i++)
        vo_json_number(json, 1.5 * i);
    vo_json_end_array(json);
    assert_int_equal(vo_record_commit(writer), 0);
    struct vo_error error = {0};
    assert_int_equal(vo_record_close(writer, true, NULL, &error), VO_ERR_LIMIT);
    assert_non_null(strstr(error.message, "16 MiB"));
    size_t size;
    char *text = contents(&file, &size);
    assert_ptr_equal(strchr(text, '\n'), text + size - 1); /* the run record alone: no end */
    free(text);
    close(file.fd);
}

static void test_full_disk(void **state)
{
    (void)state;
    struct vo_record_writer *writer;
    struct vo_error error = {0};
    assert_int_equal(vo_record_open("/dev/full", &(struct vo_run){.probe = "p"}, &writer, &error), VO_ERR_IO);
    assert_null(writer);
    assert_string_equal(error.message, "/dev/full: cannot write: No space left on device: "
                                       "free some space or write elsewhere with -o");
}

static void test_no_such_folder(void **state)
{
    (void)state;
    struct vo_record_writer *writer;
    struct vo_record_reader *reader;
    struct vo_error error = {0};
    assert_int_equal(vo_record_open("/nowhere/x", &(struct vo_run){.probe = "p"}, &writer, &error),
                     VO_ERR_IO);
    assert_non_null(strstr(error.message, "/nowhere/x: cannot create the record file: No such file"));
    assert_int_equal(vo_record_reader_open("/nowhere/x", &reader, &error), VO_ERR_IO);
    assert_non_null(strstr(error.message, "/nowhere/x: cannot open the record file: No such file"));
    assert_int_equal(vo_record_reader_open("/tmp", &reader, &error), VO_OK);
    struct vo_record record;
    assert_int_equal(vo_record_read(reader, &record, &error), VO_ERR_IO);
    assert_non_null(strstr(error.message, "/tmp: cannot read: Is a directory"));
    vo_record_reader_free(reader);
}

/* The reader of a pipe goes away in the middle: the first failure stays, and the process lives. */
static void test_closed_pipe(void **state)
{
    (void)state;
    int ends[2];
    char path[64];
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    struct vo_record_writer *writer;
    assert_int_equal(vo_record_open(path, &(struct vo_run){.probe = "p"}, &writer, NULL), VO_OK);
    close(ends[1]);
    close(ends[0]);
    struct vo_error error = {0};
    uint64_t n = 1;
    for (int i = 0; i < 1000 && n; i++) { /* 1000 records are more than one buffer */
        observe_all(writer);
        n = vo_observe_end(writer);
    }
    assert_int_equal(n, 0);
    assert_int_equal(vo_record_status(writer, &error), VO_ERR_IO);
    assert_non_null(strstr(error.message, "Broken pipe"));
    observe_all(writer);
    assert_int_equal(vo_observe_end(writer), 0);
    assert_int_equal(vo_record_close(writer, true, NULL, &error), VO_ERR_IO);
    assert_non_null(strstr(error.message, "Broken pipe"));
}

/* tick() writes whole records once a second, and leaves alone one that is still open. */
static void test_tick(void **state)
{
    (void)state;
    struct file file = make_file("", 0);
    struct vo_record_writer *writer;
    vo_time now = vo_clock_monotonic();
    assert_int_equal(vo_record_open(file.path, &(struct vo_run){.probe = "p"}, &writer, NULL), VO_OK);
    size_t first, size;
    free(contents(&file, &first));
    assert_true(first > 0);
    observe_all(writer);
    vo_observe_end(writer);
    vo_record_tick(writer, now + VO_NS_PER_S / 2);
    free(contents(&file, &size));
    assert_int_equal(size, first);
    struct vo_json_writer *json = vo_record_begin(writer, "event");
    vo_json_put_string(json, "kind", "begun");
    vo_record_tick(writer, now + 2 * VO_NS_PER_S);
    char *text = contents(&file, &size);
    assert_true(size > first);
    assert_int_equal(text[size - 1], '\n');
    assert_null(strstr(text, "begun"));
    free(text);
    vo_json_put_string(json, "more", "text");
    assert_int_equal(vo_record_commit(writer), 3);
    assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    text = contents(&file, &size);
    bool cut;
    assert_int_equal(read_all(text, size, &cut, NULL), 4);
    assert_non_null(strstr(text, "\"n\":3,\"kind\":\"begun\",\"more\":\"text\"}\n"));
    free(text);
    close(file.fd);
}

static void test_nowhere(void **state)
{
    (void)state;
    struct vo_record_writer *writer;
    assert_int_equal(vo_record_open(NULL, &(struct vo_run){.probe = "p"}, &writer, NULL), VO_OK);
    for (uint64_t i = 0; i < 1000; i++) {
        observe_all(writer);
        assert_int_equal(vo_observe_end(writer), i + 2);
    }
    assert_int_equal(vo_record_close(writer, true, NULL, NULL), VO_OK);
    assert_int_equal(vo_record_close(NULL, true, NULL, NULL), VO_OK);
    vo_record_reader_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_bytes),
        cmocka_unit_test(test_run_record),
        cmocka_unit_test(test_conditions_refused),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_place_changes),
        cmocka_unit_test(test_many_round_trip),
        cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_white_space_between),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_too_long_record),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_no_such_folder),
        cmocka_unit_test(test_closed_pipe),
        cmocka_unit_test(test_tick),
        cmocka_unit_test(test_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
