/*
 * Any bytes as a record file: the reader must not crash, and must come to an end. What it delivers has its
 * kind, run and n.
 */
#include "core/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("records", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct vo_record_reader *reader;
    struct vo_record record;
    struct vo_error error;
    if (vo_record_reader_open(path, &reader, &error) != VO_OK)
        abort();
    /* Errors of a line do not end the file: reading on is allowed. */
    enum vo_status status;
    size_t calls = 0;
    do {
        status = vo_record_read(reader, &record, &error);
        if (status == VO_OK && (!record.kind || !record.run || record.n == 0))
            abort();
        if (++calls > size + 2)
            abort();
    } while (status != VO_END);
    vo_record_reader_free(reader);
    close(fd);
    return 0;
}
