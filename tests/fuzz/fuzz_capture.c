/* Capture files of any format: the input is a file in memory, opened through the public interface. */
#include "probes/io/capture.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void ignore(void *context, const char *message)
{
    (void)context;
    (void)message;
}

static void read_all(const char *const *paths, size_t count, const char *filter)
{
    struct vo_capture_options options = {.filter = filter};
    struct vo_capture *capture;
    struct vo_frame frame;
    volatile uint8_t last = 0;
    size_t size;
    if (vo_capture_open_files(paths, count, &options, ignore, NULL, &capture, NULL) != VO_OK)
        return;
    for (int i = 0; i < 100000 && vo_capture_next(capture, &frame, NULL) == VO_OK; i++) {
        if (frame.length < frame.captured || frame.interface >= vo_capture_interface_count(capture))
            __builtin_trap();
        if (frame.captured > 0)
            last = frame.data[frame.captured - 1];
    }
    (void)last;
    vo_capture_secrets(capture, &size);
    vo_capture_close(capture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("capture", 0);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size) {
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        read_all((const char *const[]){path}, 1, NULL);
        read_all((const char *const[]){path, path}, 2, "udp");
    }
    if (fd >= 0)
        close(fd);
    return 0;
}
