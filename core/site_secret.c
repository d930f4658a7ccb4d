/* Secrets of a site: the first line of a file that only its owner may read. */
#include "core/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* systemd lets a service read its credentials by an ACL, whose mask stands where the group's rights do
 * (systemd.exec(5), acl(5)). */
static bool is_credential(const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    size_t size = folder ? strlen(folder) : 0;
    return size && strncmp(path, folder, size) == 0 && path[size] == '/';
}

static enum vo_status check_file(int file, const char *path, struct vo_error *error)
{
    struct stat is;
    mode_t others = is_credential(path) ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    if (fstat(file, &is) != 0)
        return vo_error_set(error, VO_ERR_IO, "%s: cannot look at it: %s", path, strerror(errno));
    if (!S_ISREG(is.st_mode))
        return vo_error_set(error, VO_ERR_USAGE, "%s: not a regular file: put the secret into one", path);
    if (is.st_mode & others)
        return vo_error_set(error, VO_ERR_USAGE,
                            "%s: others may read this secret (mode %03o): run chmod 600 on it", path,
                            (unsigned)(is.st_mode & 0777));
    return VO_OK;
}

/* Fills `secret`, up to the end of the file; *size is at most `room`. */
static enum vo_status read_all(int file, const char *path, char *secret, size_t room, size_t *size,
                               struct vo_error *error)
{
    *size = 0;
    while (*size < room) {
        ssize_t got = read(file, secret + *size, room - *size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vo_error_set(error, VO_ERR_IO, "%s: cannot read it: %s", path, strerror(errno));
        if (got == 0)
            break;
        *size += (size_t)got;
    }
    return VO_OK;
}

static enum vo_status first_line(const char *path, char *secret, size_t size, size_t room,
                                 struct vo_error *error)
{
    const char *end = memchr(secret, '\n', size);
    size_t length = end ? (size_t)(end - secret) : size;
    if (!end && size == room)
        return vo_error_set(error, VO_ERR_USAGE, "%s: its first line is longer than %zu bytes", path,
                            room - 1);
    if (length && secret[length - 1] == '\r')
        length--;
    if (memchr(secret, '\0', length))
        return vo_error_set(error, VO_ERR_USAGE, "%s: its first line is not text: write the secret as text",
                            path);
    if (length == 0)
        return vo_error_set(error, VO_ERR_USAGE, "%s: its first line is empty: write the secret there", path);
    explicit_bzero(secret + length, room - length);
    return VO_OK;
}

enum vo_status vo_secret_read(const char *path, char *secret, size_t room, struct vo_error *error)
{
    size_t size = 0;
    /* A FIFO must not block. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return vo_error_set(error, VO_ERR_IO, "%s: cannot open it: %s", path, strerror(errno));
    enum vo_status status = check_file(file, path, error);
    if (status == VO_OK)
        status = read_all(file, path, secret, room, &size, error);
    if (status == VO_OK)
        status = first_line(path, secret, size, room, error);
    close(file);
    if (status != VO_OK)
        explicit_bzero(secret, room);
    return status;
}
