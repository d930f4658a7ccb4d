#include "assess/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536
#define TURNS 16 /* chunks given on at a time: the probe is not to wait */

enum vo_status vo_keep_open(struct vo_keep *keep, const char *path, struct vo_error *error)
{
    *keep = (struct vo_keep){.from = -1, .to = -1};
    keep->file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (keep->file < 0)
        return vo_error_set(error, VO_ERR_IO, "%.300s: %s: %s with --out", path, strerror(errno),
                            errno == EEXIST ? "records are not written over, name another folder"
                                            : "name another folder");
    keep->held = malloc(VO_KEEP_HELD);
    return keep->held ? VO_OK : vo_error_memory(error, "the records");
}

void vo_keep_retry(struct vo_keep *keep)
{
    size_t done = 0;
    keep->failure = 0;
    while (done < keep->held_size) {
        ssize_t size = write(keep->file, keep->held + done, keep->held_size - done);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0) {
            keep->failure = size < 0 ? errno : EIO;
            break;
        }
        done += (size_t)size;
    }
    keep->written += done;
    keep->held_size -= done;
    if (done)
        memmove(keep->held, keep->held + done, keep->held_size);
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void vo_keep_take(struct vo_keep *keep)
{
    char chunk[CHUNK];
    ssize_t size = read(keep->from, chunk, sizeof chunk);
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (size <= 0) {
        close_one(&keep->from);
        return;
    }
    size_t room = keep->lost ? 0 : VO_KEEP_HELD - keep->held_size;
    size_t fits = (size_t)size < room ? (size_t)size : room;
    memcpy(keep->held + keep->held_size, chunk, fits);
    keep->held_size += fits;
    keep->lost += (size_t)size - fits;
    if (!keep->failure) /* while it fails, the caller tells when to try again */
        vo_keep_retry(keep);
}

bool vo_keep_feed(struct vo_keep *keep)
{
    char chunk[CHUNK];
    for (unsigned turn = 0; turn < TURNS && keep->to >= 0 && keep->fed < keep->written; turn++) {
        uint64_t left = keep->written - keep->fed;
        ssize_t size =
            pread(keep->file, chunk, left < sizeof chunk ? (size_t)left : sizeof chunk, (off_t)keep->fed);
        ssize_t taken = size > 0 ? write(keep->to, chunk, (size_t)size) : -1;
        if (taken < 0 && size > 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (taken < 0) {
            close_one(&keep->to);
            return false;
        }
        keep->fed += (uint64_t)taken;
    }
    return true;
}

bool vo_keep_done(const struct vo_keep *keep)
{
    return keep->from < 0 && keep->held_size == 0 && keep->fed == keep->written;
}

void vo_keep_stop(struct vo_keep *keep)
{
    close_one(&keep->from);
    close_one(&keep->to);
}

enum vo_status vo_keep_close(struct vo_keep *keep, struct vo_error *error)
{
    vo_keep_stop(keep);
    if (keep->held_size)
        vo_keep_retry(keep);
    keep->lost += keep->held_size;
    int failure = keep->failure;
    if (!failure && keep->file >= 0 && fsync(keep->file) != 0 && errno != EINVAL && errno != EROFS)
        failure = errno;
    if (keep->file >= 0 && close(keep->file) != 0 && !failure)
        failure = errno;
    keep->file = -1;
    free(keep->held);
    keep->held = NULL;
    keep->held_size = 0;
    if (!failure && !keep->lost)
        return VO_OK;
    return vo_error_set(error, VO_ERR_IO, "the records could not be written whole: %s: %llu bytes are lost",
                        strerror(failure ? failure : ENOSPC), (unsigned long long)keep->lost);
}
