#include "core/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum vo_status vo_output_apart(const char *output, const char *const *inputs, size_t count,
                               struct vo_error *error)
{
    struct stat there, input;
    if (!output || strcmp(output, "-") == 0 || stat(output, &there) != 0 || !S_ISREG(there.st_mode))
        return VO_OK;
    for (size_t i = 0; i < count; i++)
        if (stat(inputs[i], &input) == 0 && input.st_dev == there.st_dev && input.st_ino == there.st_ino)
            return vo_error_set(
                error, VO_ERR_USAGE,
                "%s is to be read and cannot be written at the same time: choose another file with -o",
                output);
    return VO_OK;
}

int vo_output_finish(const char *program, int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "%s: standard output cannot be written: %s\n", program,
            errno ? strerror(errno) : "an earlier failure");
    return 1;
}
