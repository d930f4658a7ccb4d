#include "probes/io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define POLL_MS 200 /* how long a stop flag that was set without a signal may go unseen on a pipe */

struct vo_gzip {
    z_stream z;
    bool in_member; /* between the header and the trailer of a gzip member */
    uint8_t input[VO_STREAM_BLOCK];
};

/* Waits until a pipe or terminal has something; false when the wait was ended from outside. */
static bool wait_for_input(struct vo_stream *stream)
{
    for (;;) {
        if (*stream->stop)
            return false;
        struct pollfd pollfd = {.fd = stream->fd, .events = POLLIN};
        int ready = poll(&pollfd, 1, POLL_MS);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* read(2) tells what is wrong */
        if (ready < 0 && stream->interruptible)
            return false;
    }
}

/* One read(2). 0 at the end or on a fault. */
static size_t read_some(struct vo_stream *stream, uint8_t *to, size_t room)
{
    for (;;) {
        if (*stream->stop || (!stream->regular && !wait_for_input(stream))) {
            stream->fault = VO_STREAM_STOPPED;
            return 0;
        }
        ssize_t got = read(stream->fd, to, room);
        if (got >= 0) {
            stream->stored += (uint64_t)got;
            return (size_t)got;
        }
        if (errno != EINTR && errno != EAGAIN) {
            stream->fault = VO_STREAM_FAILED;
            stream->error_number = errno;
            return 0;
        }
    }
}

/* Refills the compressed input and steps to the next member where one follows. False: nothing more to
 * inflate. */
static bool gzip_ready(struct vo_stream *stream)
{
    struct vo_gzip *gzip = stream->gzip;
    if (gzip->z.avail_in == 0) {
        gzip->z.next_in = gzip->input;
        gzip->z.avail_in = (uInt)read_some(stream, gzip->input, sizeof gzip->input);
        if (gzip->z.avail_in == 0) {
            if (gzip->in_member && stream->fault == VO_STREAM_SOUND)
                stream->fault = VO_STREAM_GZIP_CUT;
            return false;
        }
    }
    if (!gzip->in_member) {
        if (gzip->z.next_in[0] != 0x1f) /* padding after the last member, as tapes and tar leave it */
            return false;
        inflateReset(&gzip->z);
        gzip->in_member = true;
    }
    return true;
}

/* Inflates at least one byte. 0 at the end or on a fault. */
static size_t inflate_some(struct vo_stream *stream, uint8_t *to, size_t room)
{
    z_stream *z = &stream->gzip->z;
    z->next_out = to;
    z->avail_out = (uInt)room;
    while (z->avail_out == room && stream->fault == VO_STREAM_SOUND && gzip_ready(stream)) {
        int result = inflate(z, Z_NO_FLUSH);
        if (result == Z_STREAM_END)
            stream->gzip->in_member = false;
        else if (result != Z_OK && result != Z_BUF_ERROR)
            stream->fault = VO_STREAM_GZIP_CORRUPT;
    }
    return room - z->avail_out;
}

/* Moves what is left to the front of a buffer of at least `size` bytes. */
static bool make_room(struct vo_stream *stream, size_t size)
{
    size_t left = vo_stream_left(stream);
    stream->offset += (uint64_t)(stream->at - stream->buffer);
    memmove(stream->buffer, stream->at, left);
    uint8_t *grown = stream->room < size ? realloc(stream->buffer, size) : stream->buffer;
    if (grown) {
        stream->room = stream->room < size ? size : stream->room;
        stream->buffer = grown;
    } else {
        stream->fault = VO_STREAM_FAILED;
        stream->error_number = ENOMEM;
    }
    stream->at = stream->buffer;
    stream->end = stream->buffer + left;
    return grown != NULL;
}

bool vo_stream_fill(struct vo_stream *stream, size_t size)
{
    if (size > VO_STREAM_ROOM || !make_room(stream, size))
        return false;
    size_t left = vo_stream_left(stream), goal = size > VO_STREAM_BLOCK ? size : VO_STREAM_BLOCK;
    while (left < size && !stream->finished) {
        uint8_t *to = stream->buffer + left;
        size_t got =
            stream->gzip ? inflate_some(stream, to, goal - left) : read_some(stream, to, goal - left);
        stream->finished = got == 0;
        left += got;
    }
    stream->end = stream->buffer + left;
    return left >= size;
}

bool vo_stream_skip(struct vo_stream *stream, uint64_t size)
{
    while (size > 0) {
        if (!vo_stream_need(stream, 1))
            return false;
        uint64_t left = vo_stream_left(stream);
        uint64_t step = left < size ? left : size;
        stream->at += step;
        size -= step;
    }
    return true;
}

/* What was read as plain so far becomes the first input of the inflater. */
static enum vo_status start_gzip(struct vo_stream *stream, struct vo_error *error)
{
    struct vo_gzip *gzip = calloc(1, sizeof *gzip);
    if (!gzip)
        return vo_error_memory(error, "decompression");
    if (inflateInit2(&gzip->z, MAX_WBITS + 16) != Z_OK) {
        free(gzip);
        return vo_error_memory(error, "decompression");
    }
    size_t left = vo_stream_left(stream); /* one block at most */
    memcpy(gzip->input, stream->at, left);
    gzip->z.next_in = gzip->input;
    gzip->z.avail_in = (uInt)left;
    gzip->in_member = true;
    stream->gzip = gzip;
    stream->at = stream->end = stream->buffer;
    stream->finished = false;
    return VO_OK;
}

static enum vo_status open_file(struct vo_stream *stream, const char *path, struct vo_error *error)
{
    bool standard = strcmp(path, "-") == 0;
    stream->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (stream->fd < 0 || fstat(stream->fd, &status) != 0)
        return vo_error_set(error, VO_ERR_IO, "cannot open %s: %s%s", path, strerror(errno),
                            errno == EMFILE ? "; raise the limit of open files (ulimit -n)" : "");
    if (S_ISDIR(status.st_mode))
        return vo_error_set(error, VO_ERR_IO, "%s is a directory: name the capture files in it", path);
    stream->regular = S_ISREG(status.st_mode);
    if (stream->regular) {
        stream->total = (uint64_t)status.st_size;
        posix_fadvise(stream->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* doubles the kernel's read-ahead */
    }
    return VO_OK;
}

enum vo_status vo_stream_open(struct vo_stream *stream, const char *path, const volatile sig_atomic_t *stop,
                              struct vo_error *error)
{
    *stream = (struct vo_stream){.fd = -1, .stop = stop, .interruptible = true};
    enum vo_status status = open_file(stream, path, error);
    if (status != VO_OK)
        return status;
    stream->buffer = malloc(VO_STREAM_BLOCK);
    if (!stream->buffer)
        return vo_error_memory(error, "the read buffer");
    stream->room = VO_STREAM_BLOCK;
    stream->at = stream->end = stream->buffer;
    if (vo_stream_need(stream, 3) && memcmp(stream->at, "\x1f\x8b\x08", 3) == 0)
        status = start_gzip(stream, error);
    return status;
}

void vo_stream_close(struct vo_stream *stream)
{
    if (stream->gzip) {
        inflateEnd(&stream->gzip->z);
        free(stream->gzip);
    }
    if (stream->fd > STDIN_FILENO)
        close(stream->fd);
    free(stream->buffer);
    stream->gzip = NULL;
    stream->buffer = NULL;
    stream->at = stream->end = NULL;
    stream->fd = -1;
}
