/* Writes classic pcap with nanoseconds, little-endian whatever the machine: the same frames give the same
 * bytes. */
#include "probes/io/capture_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define NS_MAGIC      0xa1b23c4du
#define FILE_HEADER   24u
#define RECORD_HEADER 16u

struct vo_capture_writer {
    int fd;
    uint32_t snaplen;
    char *path;
    uint64_t written;        /* bytes of whole records in the file */
    size_t used;             /* of the buffer: whole records only */
    struct vo_error failure; /* the first one; nothing is written after it */
    uint8_t buffer[RECORD_HEADER + VO_FRAME_MAX];
};

static void store16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void store32(uint8_t *at, uint32_t value)
{
    store16(at, (uint16_t)value);
    store16(at + 2, (uint16_t)(value >> 16));
}

static enum vo_status failed(const struct vo_capture_writer *writer, struct vo_error *error)
{
    if (error)
        *error = writer->failure;
    return writer->failure.status;
}

enum vo_status vo_capture_flush(struct vo_capture_writer *writer, struct vo_error *error)
{
    size_t done = 0;
    while (writer->failure.status == VO_OK && done < writer->used) {
        ssize_t wrote = write(writer->fd, writer->buffer + done, writer->used - done);
        if (wrote >= 0) {
            done += (size_t)wrote;
        } else if (errno != EINTR) {
            vo_error_set(&writer->failure, VO_ERR_IO, "cannot write %s: %s; it ends after %llu bytes",
                         writer->path, strerror(errno), (unsigned long long)writer->written);
            /* No half record at the end. A pipe cannot be shortened, and has no need to be. */
            if (ftruncate(writer->fd, (off_t)writer->written) != 0)
                errno = 0;
        }
    }
    if (writer->failure.status != VO_OK)
        return failed(writer, error);
    writer->written += writer->used;
    writer->used = 0;
    return VO_OK;
}

enum vo_status vo_capture_create(const char *path, uint32_t linktype, uint32_t snaplen,
                                 struct vo_capture_writer **writer, struct vo_error *error)
{
    *writer = NULL;
    struct vo_capture_writer *it = malloc(sizeof *it);
    char *copy = strdup(path);
    int fd = it && copy ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (fd < 0) {
        enum vo_status status =
            it && copy ? vo_error_set(error, VO_ERR_IO, "cannot write %s: %s", path, strerror(errno))
                       : vo_error_memory(error, "a capture file");
        free(copy);
        free(it);
        return status;
    }
    it->fd = fd;
    it->snaplen = snaplen > 0 && snaplen < VO_FRAME_MAX ? snaplen : VO_FRAME_MAX;
    it->path = copy;
    it->written = 0;
    it->failure = (struct vo_error){0};
    store32(it->buffer, NS_MAGIC);
    store16(it->buffer + 4, 2);
    store16(it->buffer + 6, 4);
    memset(it->buffer + 8, 0, 8); /* time zone and accuracy: always 0 */
    store32(it->buffer + 16, it->snaplen);
    store32(it->buffer + 20, linktype);
    it->used = FILE_HEADER;
    *writer = it;
    return VO_OK;
}

enum vo_status vo_capture_write(struct vo_capture_writer *writer, vo_time time, const uint8_t *data,
                                uint32_t captured, uint32_t length, struct vo_error *error)
{
    if (writer->failure.status != VO_OK)
        return failed(writer, error);
    if (time < 0 || time / VO_NS_PER_S > UINT32_MAX)
        return vo_error_set(error, VO_ERR_USAGE,
                            "a frame for %s has no time between 1970 and 2106, which pcap needs",
                            writer->path);
    uint32_t kept = captured < writer->snaplen ? captured : writer->snaplen;
    if (sizeof writer->buffer - writer->used < RECORD_HEADER + kept) {
        enum vo_status status = vo_capture_flush(writer, error);
        if (status != VO_OK)
            return status;
    }
    uint8_t *at = writer->buffer + writer->used;
    store32(at, (uint32_t)(time / VO_NS_PER_S));
    store32(at + 4, (uint32_t)(time % VO_NS_PER_S));
    store32(at + 8, kept);
    store32(at + 12, length > captured ? length : captured);
    if (kept > 0)
        memcpy(at + RECORD_HEADER, data, kept);
    writer->used += RECORD_HEADER + kept;
    return VO_OK;
}

enum vo_status vo_capture_finish(struct vo_capture_writer *writer, struct vo_error *error)
{
    if (!writer)
        return VO_OK;
    enum vo_status status = vo_capture_flush(writer, error);
    if (close(writer->fd) != 0 && status == VO_OK)
        status = vo_error_set(error, VO_ERR_IO, "cannot write %s: %s", writer->path, strerror(errno));
    free(writer->path);
    free(writer);
    return status;
}
