#include "core/record.h"
#include "core/version.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FLUSH_SIZE  65536
#define RECORD_SIZE ((size_t)16 << 20) /* longest line that the reader takes */
#define UUID_SIZE   37

/* The sections of an observation, in the order in which they are written. */
enum section { SUBJECT, METRICS, STATES, MISSING, BASIS, UNCERTAINTY, SECTION_COUNT };

static const char *const section_names[SECTION_COUNT] = {"subject", "metrics", "states",
                                                         "missing", "basis",   "uncertainty"};

#define ROW_WORDS ((VO_METRIC_COUNT + 63) / 64)

struct vo_record_writer {
    int fd; /* -1: nothing is written */
    char *path;
    char *place;
    char run[UUID_SIZE];
    uint64_t n;                /* of the last record */
    struct vo_json_writer out; /* records to be written, then the open record */
    size_t committed;          /* bytes of whole records in `out` */
    bool open;                 /* a record is between begin and commit */
    vo_time flushed;
    vo_time time; /* of the open observation */
    struct vo_json_writer sections[SECTION_COUNT];
    uint64_t given[SECTION_COUNT][ROW_WORDS]; /* rows of the open observation, a bit a metric */
    struct vo_error failure;
};

static bool failed(const struct vo_record_writer *writer)
{
    return writer->failure.status != VO_OK;
}

static void fail_write(struct vo_record_writer *writer, int number)
{
    const char *advice = number == ENOSPC || number == EDQUOT ? "free some space or write elsewhere with -o"
                         : number == EPIPE                    ? "the program that reads the records has ended"
                                           : "check the file system or write elsewhere with -o";
    vo_error_set(&writer->failure, VO_ERR_IO, "%s: cannot write: %s: %s", writer->path, strerror(number),
                 advice);
}

/* Writes all whole records; what belongs to an open record stays. After a failure nothing is written. */
static void flush(struct vo_record_writer *writer)
{
    size_t done = 0;
    while (writer->fd >= 0 && done < writer->committed && !failed(writer)) {
        ssize_t wrote = write(writer->fd, writer->out.data + done, writer->committed - done);
        if (wrote > 0)
            done += (size_t)wrote;
        else if (wrote == 0)
            fail_write(writer, EIO);
        else if (errno == EAGAIN) /* standard output that somebody made non-blocking */
            poll(&(struct pollfd){.fd = writer->fd, .events = POLLOUT}, 1, -1);
        else if (errno != EINTR)
            fail_write(writer, errno);
    }
    size_t rest = writer->out.size - writer->committed;
    if (rest)
        memmove(writer->out.data, writer->out.data + writer->committed, rest);
    writer->out.size = rest;
    writer->committed = 0;
}

struct vo_json_writer *vo_record_begin(struct vo_record_writer *writer, const char *kind)
{
    assert(!writer->open);
    struct vo_json_writer *out = &writer->out;
    writer->open = true;
    out->comma = false;
    vo_json_begin_object(out);
    vo_json_put_string(out, "record", kind);
    vo_json_put_string(out, "run", writer->run);
    vo_json_put_integer(out, "n", (int64_t)writer->n + 1);
    if (writer->place && strcmp(kind, "event") == 0)
        vo_json_put_string(out, "place", writer->place);
    return out;
}

uint64_t vo_record_commit(struct vo_record_writer *writer)
{
    assert(writer->open);
    struct vo_json_writer *out = &writer->out;
    writer->open = false;
    vo_json_end_object(out);
    out->comma = false;
    vo_json_raw(out, "\n", 1);
    size_t size = out->size - writer->committed;
    if (out->failed && !failed(writer))
        vo_error_memory(&writer->failure, "a record");
    else if (size > RECORD_SIZE && !failed(writer))
        vo_error_set(&writer->failure, VO_ERR_LIMIT,
                     "%s: a record of %zu bytes is longer than 16 MiB, which readers refuse: "
                     "use a longer --series step or a shorter capture",
                     writer->path, size);
    if (failed(writer)) {
        out->failed = false;
        out->size = writer->committed;
        return 0;
    }
    writer->committed = out->size;
    if (writer->committed >= FLUSH_SIZE)
        flush(writer);
    return failed(writer) ? 0 : ++writer->n;
}

void vo_record_put_columns(struct vo_json_writer *json, const enum vo_metric *columns, size_t column_count,
                           const void *rows, size_t row_count,
                           double (*cell)(const void *rows, size_t row, enum vo_metric column))
{
    vo_json_key(json, "columns");
    vo_json_begin_object(json);
    for (size_t c = 0; c < column_count; c++) {
        vo_json_key(json, vo_metrics[columns[c]].name);
        vo_json_begin_array(json);
        for (size_t i = 0; i < row_count; i++)
            vo_json_number(json, cell(rows, i, columns[c]));
        vo_json_end_array(json);
    }
    vo_json_end_object(json);
}

void vo_record_put_time(struct vo_json_writer *json, const char *key, vo_time time)
{
    if (time == VO_TIME_UNKNOWN)
        return;
    char text[VO_TIME_TEXT_SIZE];
    vo_json_put_string(json, key, vo_time_format(time, text));
}

static void put_subject_members(struct vo_json_writer *json, const struct vo_subject *subject)
{
    vo_json_put_string(json, "kind", subject->kind);
    vo_json_put_string(json, "id", subject->id);
    if (subject->key)
        vo_json_put_string(json, "key", subject->key);
}

void vo_record_put_subject(struct vo_json_writer *json, const struct vo_subject *subject)
{
    vo_json_key(json, "subject");
    vo_json_begin_object(json);
    put_subject_members(json, subject);
    vo_json_end_object(json);
}

/* The section, opened if this is its first member. */
static struct vo_json_writer *section_of(struct vo_record_writer *writer, enum section section)
{
    struct vo_json_writer *json = &writer->sections[section];
    if (json->size == 0)
        vo_json_begin_object(json);
    return json;
}

/* The section with the metric's key written; NULL if the observation has that row already, for a key given
 * twice would make a line that no reader takes. */
static struct vo_json_writer *begin_row(struct vo_record_writer *writer, enum section section,
                                        enum vo_metric metric)
{
    assert((unsigned)metric < VO_METRIC_COUNT);
    uint64_t *word = &writer->given[section][(unsigned)metric / 64];
    uint64_t bit = (uint64_t)1 << ((unsigned)metric % 64);
    if (*word & bit)
        return NULL;
    *word |= bit;
    struct vo_json_writer *json = section_of(writer, section);
    vo_json_key(json, vo_metrics[metric].name);
    return json;
}

void vo_observe_begin(struct vo_record_writer *writer, vo_time time, const struct vo_subject *subject)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        writer->sections[i].size = 0;
        writer->sections[i].comma = false;
    }
    memset(writer->given, 0, sizeof writer->given);
    writer->time = time;
    put_subject_members(section_of(writer, SUBJECT), subject);
}

void vo_observe_label(struct vo_record_writer *writer, const char *name, const char *value)
{
    if (value)
        vo_json_put_string(section_of(writer, SUBJECT), name, value);
}

void vo_observe_label_number(struct vo_record_writer *writer, const char *name, double value)
{
    vo_json_put_number(section_of(writer, SUBJECT), name, value);
}

void vo_observe_metric(struct vo_record_writer *writer, enum vo_metric metric, double value)
{
    if (!isfinite(value)) {
        vo_observe_missing(writer, metric, "not a number");
        return;
    }
    struct vo_json_writer *json = begin_row(writer, METRICS, metric);
    if (json)
        vo_json_number(json, value);
}

/* Whether `words`, separated by spaces, have `word`. */
static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    while (words && *words) {
        size_t span = strcspn(words, " ");
        if (span == length && memcmp(words, word, span) == 0)
            return true;
        words += span + (words[span] == ' ');
    }
    return false;
}

void vo_observe_state(struct vo_record_writer *writer, enum vo_metric state, const char *word)
{
    bool known = has_word(vo_metrics[state].words, word);
    assert(known);
    struct vo_json_writer *json = known ? begin_row(writer, STATES, state) : NULL;
    if (json)
        vo_json_string(json, word);
}

void vo_observe_missing(struct vo_record_writer *writer, enum vo_metric metric, const char *format, ...)
{
    char reason[VO_ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    struct vo_json_writer *json = begin_row(writer, MISSING, metric);
    if (json)
        vo_json_string(json, reason);
}

void vo_observe_basis(struct vo_record_writer *writer, enum vo_metric metric, const char *basis)
{
    struct vo_json_writer *json = begin_row(writer, BASIS, metric);
    if (json)
        vo_json_string(json, basis);
}

void vo_observe_uncertainty(struct vo_record_writer *writer, enum vo_metric metric, double plus_minus)
{
    struct vo_json_writer *json = isfinite(plus_minus) ? begin_row(writer, UNCERTAINTY, metric) : NULL;
    if (json)
        vo_json_number(json, plus_minus);
}

enum vo_status vo_record_set_place(struct vo_record_writer *writer, const char *place, struct vo_error *error)
{
    char *copy = place ? strdup(place) : NULL;
    free(writer->place);
    writer->place = copy;
    return place && !copy ? vo_error_memory(error, "the name of the place") : VO_OK;
}

uint64_t vo_observe_end(struct vo_record_writer *writer)
{
    struct vo_json_writer *out = vo_record_begin(writer, "observation");
    vo_record_put_time(out, "time", writer->time);
    if (writer->place)
        vo_json_put_string(out, "place", writer->place);
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        struct vo_json_writer *section = &writer->sections[i];
        if (section->size)
            vo_json_end_object(section);
        if (section->failed)
            out->failed = true;
        if (section->size == 0)
            continue;
        vo_json_key(out, section_names[i]);
        vo_json_raw(out, section->data, section->size);
    }
    return vo_record_commit(writer);
}

/* A random UUID (RFC 9562, 5.4). */
static enum vo_status make_uuid(char *text, struct vo_error *error)
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return vo_error_set(error, VO_ERR_IO, "cannot get random numbers for the run: %s", strerror(errno));
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        text += snprintf(text, 4, dash ? "-%02x" : "%02x", bytes[i]);
    }
    return VO_OK;
}

static void put_driver(struct vo_json_writer *json, const char *interface)
{
    char path[128], target[256];
    snprintf(path, sizeof path, "/sys/class/net/%s/device/driver", interface);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length <= 0)
        return; /* a virtual interface has none */
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    vo_json_put_string(json, "driver", slash ? slash + 1 : target);
}

/* Whether the kernel's clock is disciplined (NTP, PTP): one-way times are worth as much as that. */
static const char *clock_state(void)
{
    struct timex state = {.modes = 0};
    int result = adjtimex(&state);
    if (result < 0)
        return "unknown";
    return result == TIME_ERROR || (state.status & STA_UNSYNC) ? "unsynchronised" : "synchronised";
}

static void put_host(struct vo_json_writer *json, const char *interface)
{
    struct utsname system;
    bool named = uname(&system) == 0;
    vo_json_key(json, "host");
    vo_json_begin_object(json);
    if (named)
        vo_json_put_string(json, "name", system.nodename);
    if (interface) {
        vo_json_put_string(json, "interface", interface);
        put_driver(json, interface);
    }
    if (named)
        vo_json_put_string(json, "kernel", system.release);
    vo_json_key(json, "clock");
    vo_json_begin_object(json);
    vo_json_put_string(json, "state", clock_state());
    vo_json_end_object(json);
    vo_json_end_object(json);
}

static void put_run(struct vo_record_writer *writer, const struct vo_run *run,
                    const struct vo_json *conditions)
{
    struct vo_json_writer *json = vo_record_begin(writer, "run");
    vo_json_put_integer(json, "format", VO_RECORD_FORMAT);
    vo_json_put_string(json, "probe", run->probe);
    vo_json_put_string(json, "version", VO_VERSION);
    vo_record_put_time(json, "started", vo_clock_now());
    if (run->source_count) {
        vo_json_key(json, "source");
        vo_json_begin_array(json);
        for (size_t i = 0; i < run->source_count; i++)
            vo_json_string(json, run->source[i]);
        vo_json_end_array(json);
    }
    if (run->site)
        vo_json_put_string(json, "site", run->site);
    if (run->vantage)
        vo_json_put_string(json, "vantage", run->vantage);
    put_host(json, run->interface);
    if (conditions) {
        vo_json_key(json, "conditions");
        vo_json_copy(json, conditions);
    }
    vo_record_commit(writer);
}

static enum vo_status open_output(struct vo_record_writer *writer, const char *path, struct vo_error *error)
{
    writer->fd = -1;
    if (!path)
        return VO_OK;
    /* A closed pipe is then an error of write(), which is reported, and not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    bool standard = strcmp(path, "-") == 0;
    writer->path = strdup(standard ? "standard output" : path);
    if (!writer->path)
        return vo_error_memory(error, "the name of the record file");
    /* Not a temporary file: what was measured must be on disk even if the probe is killed. */
    writer->fd = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (writer->fd < 0)
        return vo_error_set(error, VO_ERR_IO,
                            "%s: cannot create the record file: %s: choose another one with -o", path,
                            strerror(errno));
    return VO_OK;
}

static enum vo_status parse_conditions(const char *text, struct vo_json **conditions, struct vo_error *error)
{
    struct vo_error inner;
    *conditions = NULL;
    if (!text)
        return VO_OK;
    enum vo_status status = vo_json_parse(text, strlen(text), conditions, &inner);
    if (status != VO_OK)
        return vo_error_set(error, VO_ERR_USAGE, "conditions: %s", inner.message);
    if (vo_json_type(*conditions) == VO_JSON_OBJECT)
        return VO_OK;
    return vo_error_set(error, VO_ERR_USAGE,
                        "conditions must be a JSON object, such as {\"load\": \"busy hour\"}");
}

static void release(struct vo_record_writer *writer)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        vo_json_writer_release(&writer->sections[i]);
    vo_json_writer_release(&writer->out);
    free(writer->place);
    free(writer->path);
    free(writer);
}

/* The first record is written at once: a full disk shows now, not after an hour of measuring. */
static enum vo_status begin_run(struct vo_record_writer *writer, const char *path, const struct vo_run *run,
                                struct vo_error *error)
{
    struct vo_json *conditions;
    enum vo_status status = parse_conditions(run->conditions, &conditions, error);
    if (status == VO_OK)
        status = make_uuid(writer->run, error);
    if (status == VO_OK && run->place && !(writer->place = strdup(run->place)))
        status = vo_error_memory(error, "the name of the place");
    if (status == VO_OK)
        status = open_output(writer, path, error);
    if (status == VO_OK) {
        writer->flushed = vo_clock_monotonic();
        put_run(writer, run, conditions);
        flush(writer);
        status = vo_record_status(writer, error);
    }
    vo_json_free(conditions);
    return status;
}

enum vo_status vo_record_open(const char *path, const struct vo_run *run, struct vo_record_writer **writer,
                              struct vo_error *error)
{
    *writer = NULL;
    struct vo_record_writer *made = calloc(1, sizeof *made);
    if (!made)
        return vo_error_memory(error, "the record writer");
    made->fd = -1;
    enum vo_status status = begin_run(made, path, run, error);
    if (status == VO_OK) {
        *writer = made;
        return VO_OK;
    }
    if (made->fd > STDERR_FILENO)
        close(made->fd);
    release(made);
    return status;
}

const char *vo_record_run(const struct vo_record_writer *writer)
{
    return writer->run;
}

void vo_record_tick(struct vo_record_writer *writer, vo_time now)
{
    if (now - writer->flushed < VO_NS_PER_S)
        return;
    writer->flushed = now;
    flush(writer);
}

enum vo_status vo_record_status(const struct vo_record_writer *writer, struct vo_error *error)
{
    if (failed(writer) && error)
        *error = writer->failure;
    return writer->failure.status;
}

static void put_end(struct vo_record_writer *writer, bool complete, const char *why)
{
    struct vo_json_writer *json = vo_record_begin(writer, "end");
    vo_record_put_time(json, "finished", vo_clock_now());
    vo_json_put_bool(json, "complete", complete);
    if (!complete && why)
        vo_json_put_string(json, "why", why);
    vo_json_put_integer(json, "records", (int64_t)writer->n + 1);
    vo_record_commit(writer);
}

enum vo_status vo_record_close(struct vo_record_writer *writer, bool complete, const char *why,
                               struct vo_error *error)
{
    if (!writer)
        return VO_OK;
    if (writer->open) { /* begun and never committed */
        writer->open = false;
        writer->out.size = writer->committed;
    }
    put_end(writer, complete, why);
    flush(writer);
    bool own = writer->fd >= 0 && writer->fd != STDOUT_FILENO;
    if (own && close(writer->fd) != 0 && !failed(writer))
        fail_write(writer, errno); /* network file systems report late */
    enum vo_status status = vo_record_status(writer, error);
    release(writer);
    return status;
}
