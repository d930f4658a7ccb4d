/*
 * Block input of a capture file: a regular file, a pipe, standard input ("-"), gzip inside any of them.
 *
 * The unread bytes lie between `at` and `end`; a reader takes from there and asks vo_stream_need() when it
 * wants more. What is left is then moved to the front of the buffer and the rest filled from the file, so
 * every pointer into the buffer dies with the next vo_stream_need(). read(2) in blocks of 128 KiB beats
 * mmap(2) once the bytes are looked at (they are still in the processor's cache), and a file that shrinks
 * meanwhile gives an end, not SIGBUS.
 */
#ifndef VO_PROBES_IO_STREAM_H
#define VO_PROBES_IO_STREAM_H

#include "core/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_STREAM_BLOCK ((size_t)128 * 1024) /* usual read */
#define VO_STREAM_ROOM                                                                                       \
    ((size_t)64 * 1024 * 1024) /* the most vo_stream_need() can give; the buffer grows to it */

enum vo_stream_fault {
    VO_STREAM_SOUND,
    VO_STREAM_GZIP_CUT,
    VO_STREAM_GZIP_CORRUPT,
    VO_STREAM_FAILED,  /* read(2) failed; errno is in `error_number` */
    VO_STREAM_STOPPED, /* by the flag, or by a signal while `interruptible` */
};

struct vo_gzip;

struct vo_stream {
    const uint8_t *at, *end; /* what is not taken yet */
    uint8_t *buffer;
    size_t room;
    uint64_t offset; /* of `buffer` in the file, after decompression */
    uint64_t stored; /* bytes read so far, before decompression */
    uint64_t total;  /* size of the file as stored; 0 for a pipe */
    int fd;
    int error_number;
    bool regular, finished;
    bool interruptible; /* any signal ends a blocking read, not only one that set the stop flag */
    enum vo_stream_fault fault;
    struct vo_gzip *gzip;
    const volatile sig_atomic_t *stop;
};

/* Opens `path` and finds out whether it is gzip. `stop` is looked at before every read; borrowed. VO_ERR_IO,
 * VO_ERR_MEMORY. vo_stream_close() must follow, also after a failure. */
enum vo_status vo_stream_open(struct vo_stream *stream, const char *path, const volatile sig_atomic_t *stop,
                              struct vo_error *error);
void vo_stream_close(struct vo_stream *stream);

/* Passes over `size` bytes; false when the file ends before. */
bool vo_stream_skip(struct vo_stream *stream, uint64_t size);

static inline size_t vo_stream_left(const struct vo_stream *stream)
{
    return (size_t)(stream->end - stream->at);
}

/* The slow half of vo_stream_need(). */
bool vo_stream_fill(struct vo_stream *stream, size_t size);

/* Makes `size` bytes (VO_STREAM_ROOM at most) contiguous at `at`. False when the file has not so many:
 * `fault` says why. */
static inline bool vo_stream_need(struct vo_stream *stream, size_t size)
{
    return vo_stream_left(stream) >= size || vo_stream_fill(stream, size);
}

/* Offset in the (decompressed) file of the next byte to take. */
static inline uint64_t vo_stream_offset(const struct vo_stream *stream)
{
    return stream->offset + (uint64_t)(stream->at - stream->buffer);
}

#endif
