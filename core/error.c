#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

enum vo_status vo_error_set(struct vo_error *error, enum vo_status status, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

enum vo_status vo_error_memory(struct vo_error *error, const char *what)
{
    return vo_error_set(error, VO_ERR_MEMORY, "out of memory for %s: free some memory or read less at once",
                        what);
}
