#include "core/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE  ((size_t)16 << 20)
#define FIRST_SIZE ((size_t)64 << 10)
#define N_LIMIT    9007199254740992.0 /* 2^53 */

struct vo_record_reader {
    int fd;
    char *file;
    char *buffer;
    size_t begin, end, capacity; /* what was read and not yet given out is buffer[begin..end) */
    size_t searched;             /* no newline lies in buffer[begin..searched) */
    size_t line;                 /* of the last record */
    bool ended;                  /* nothing more to read */
    bool cut;
    struct vo_json *json; /* the last record */
};

enum vo_status vo_record_reader_open(const char *path, struct vo_record_reader **reader,
                                     struct vo_error *error)
{
    *reader = NULL;
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vo_error_set(error, VO_ERR_IO, "%s: cannot open the record file: %s", path, strerror(errno));
    struct vo_record_reader *made = calloc(1, sizeof *made);
    char *file = strdup(standard ? "standard input" : path);
    if (!made || !file) {
        free(made);
        free(file);
        if (!standard)
            close(fd);
        return vo_error_memory(error, "the record reader");
    }
    made->fd = fd;
    made->file = file;
    *reader = made;
    return VO_OK;
}

void vo_record_reader_free(struct vo_record_reader *reader)
{
    if (!reader)
        return;
    vo_json_free(reader->json);
    if (reader->fd != STDIN_FILENO)
        close(reader->fd);
    free(reader->buffer);
    free(reader->file);
    free(reader);
}

bool vo_record_reader_cut(const struct vo_record_reader *reader)
{
    return reader->cut;
}

/* Makes room after `end`: by moving the bytes to the front, else by growing. The limit of a line bounds it.
 */
static enum vo_status make_room(struct vo_record_reader *reader, struct vo_error *error)
{
    if (reader->end < reader->capacity)
        return VO_OK;
    if (reader->begin > 0) {
        memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
        reader->end -= reader->begin;
        reader->searched -= reader->begin;
        reader->begin = 0;
        return VO_OK;
    }
    size_t capacity = reader->capacity ? reader->capacity * 2 : FIRST_SIZE;
    char *buffer = realloc(reader->buffer, capacity);
    if (!buffer)
        return vo_error_memory(error, "a line of records");
    reader->buffer = buffer;
    reader->capacity = capacity;
    return VO_OK;
}

static enum vo_status read_more(struct vo_record_reader *reader, struct vo_error *error)
{
    enum vo_status status = make_room(reader, error);
    if (status != VO_OK)
        return status;
    ssize_t got;
    do
        got = read(reader->fd, reader->buffer + reader->end, reader->capacity - reader->end);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return vo_error_set(error, VO_ERR_IO, "%s: cannot read: %s", reader->file, strerror(errno));
    reader->ended = got == 0;
    reader->end += (size_t)got;
    return VO_OK;
}

static enum vo_status refuse_long(struct vo_record_reader *reader, struct vo_error *error)
{
    reader->ended = true; /* what follows within the line would only be misread */
    reader->begin = reader->searched = reader->end;
    return vo_error_set(error, VO_ERR_INPUT, "%s:%zu: the line is longer than 16 MiB: is this a record file?",
                        reader->file, reader->line + 1);
}

/* The next line without its newline; `whole` is false for a last one that has none. VO_END after the last.
 * With `wait` false, NULL if no whole line has come yet. */
static enum vo_status next_line(struct vo_record_reader *reader, const char **line, size_t *size, bool *whole,
                                bool wait, struct vo_error *error)
{
    const char *newline = NULL;
    *line = NULL;
    for (;;) {
        size_t rest = reader->end - reader->searched;
        newline = rest ? memchr(reader->buffer + reader->searched, '\n', rest) : NULL;
        reader->searched = reader->end;
        *size = (newline ? (size_t)(newline - reader->buffer) : reader->end) - reader->begin;
        if (*size > LINE_SIZE)
            return refuse_long(reader, error);
        if (newline || reader->ended)
            break;
        if (!wait)
            return VO_OK;
        enum vo_status status = read_more(reader, error);
        if (status != VO_OK)
            return status;
    }
    if (reader->begin == reader->end)
        return VO_END;
    *line = reader->buffer + reader->begin;
    *whole = newline != NULL;
    reader->begin += *size + *whole;
    reader->searched = reader->begin;
    reader->line++;
    return VO_OK;
}

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

static enum vo_status refuse(const struct vo_record_reader *reader, struct vo_error *error, const char *what)
{
    return vo_error_set(error, VO_ERR_INPUT, "%s:%zu: %s", reader->file, reader->line, what);
}

static enum vo_status check_format(const struct vo_record_reader *reader, struct vo_error *error)
{
    double format = vo_json_double(vo_json_get(reader->json, "format"));
    if (format == VO_RECORD_FORMAT)
        return VO_OK;
    if (format != format)
        return refuse(reader, error,
                      "the run has no number \"format\": this is not a record file of voready");
    return vo_error_set(
        error, VO_ERR_INPUT,
        "%s:%zu: record format %g is not known, only %d is: read it with the version of voready "
        "that wrote it, or a newer one",
        reader->file, reader->line, format, VO_RECORD_FORMAT);
}

static enum vo_status take_record(const struct vo_record_reader *reader, struct vo_record *record,
                                  struct vo_error *error)
{
    *record = (struct vo_record){
        .kind = vo_json_get_text(reader->json, "record"),
        .run = vo_json_get_text(reader->json, "run"),
        .json = reader->json,
        .line = reader->line,
        .file = reader->file,
    };
    if (!record->kind)
        return refuse(reader, error, "an object without \"record\": this is not a record file of voready");
    if (!record->run)
        return refuse(reader, error, "a record without \"run\": every record carries the UUID of its run");
    double n = vo_json_double(vo_json_get(reader->json, "n"));
    if (!(n >= 1 && n <= N_LIMIT) || n != (double)(uint64_t)n)
        return refuse(reader, error, "a record without \"n\", its whole number within the run, from 1");
    record->n = (uint64_t)n;
    return strcmp(record->kind, "run") == 0 ? check_format(reader, error) : VO_OK;
}

/* A line is one line: only the column of the parser's message says something. */
static enum vo_status refuse_line(const struct vo_record_reader *reader, enum vo_status status,
                                  const struct vo_error *inner, struct vo_error *error)
{
    static const char first[] = "line 1, ";
    const char *message = inner->message;
    if (strncmp(message, first, sizeof first - 1) == 0)
        message += sizeof first - 1;
    return vo_error_set(error, status, "%s:%zu: %.400s", reader->file, reader->line, message);
}

static enum vo_status read_record(struct vo_record_reader *reader, struct vo_record *record, bool wait,
                                  struct vo_error *error)
{
    const char *line;
    size_t size = 0;
    bool whole = false;
    *record = (struct vo_record){0}; /* nothing of the one before is left, whatever comes now */
    vo_json_free(reader->json);
    reader->json = NULL;
    if (!wait)
        *record = (struct vo_record){.kind = NULL};
    do {
        enum vo_status status = next_line(reader, &line, &size, &whole, wait, error);
        if (status != VO_OK || !line)
            return status;
    } while (is_blank(line, size));
    struct vo_error inner;
    enum vo_status status = vo_json_parse(line, size, &reader->json, &inner);
    if (status == VO_OK)
        return take_record(reader, record, error);
    /* Records begin with a brace: anything else at the end is not what a killed probe leaves. */
    if (status == VO_ERR_INPUT && !whole && line[0] == '{') {
        reader->cut = true;
        return VO_END;
    }
    return refuse_line(reader, status, &inner, error);
}

enum vo_status vo_record_read(struct vo_record_reader *reader, struct vo_record *record,
                              struct vo_error *error)
{
    return read_record(reader, record, true, error);
}

int vo_record_reader_descriptor(const struct vo_record_reader *reader)
{
    return reader->fd;
}

enum vo_status vo_record_fill(struct vo_record_reader *reader, struct vo_error *error)
{
    return reader->ended ? VO_OK : read_more(reader, error);
}

enum vo_status vo_record_take(struct vo_record_reader *reader, struct vo_record *record,
                              struct vo_error *error)
{
    return read_record(reader, record, false, error);
}
