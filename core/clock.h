/*
 * Time: nanoseconds since 1970-01-01 UTC in an int64_t (`vo_time`), and its text.
 *
 * Estimators never ask for the time: whoever calls them passes it in.
 */
#ifndef VO_CORE_CLOCK_H
#define VO_CORE_CLOCK_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>

typedef int64_t vo_time; /* ns since the epoch, UTC */

#define VO_TIME_UNKNOWN   INT64_MIN
#define VO_NS_PER_S       1000000000LL
#define VO_NS_PER_MS      1000000LL
#define VO_TIME_TEXT_SIZE 40

vo_time vo_clock_now(void);       /* CLOCK_REALTIME */
vo_time vo_clock_monotonic(void); /* CLOCK_MONOTONIC, for progress and time-outs only */

/* RFC 3339 in UTC, such as 2026-11-22T17:44:32.123456789Z: as many digits of the fraction (0, 3, 6 or 9) as
 * the value needs. `text` holds VO_TIME_TEXT_SIZE bytes; returns `text`. A vo_time holds
 * 1677-09-21 to 2262-04-11; VO_TIME_UNKNOWN gives "unknown". */
char *vo_time_format(vo_time time, char *text);
/* The inverse; accepts any number of fraction digits up to 9, "Z" or an offset. VO_ERR_INPUT otherwise, also
 * for NULL and for dates that a vo_time cannot hold. */
enum vo_status vo_time_parse(const char *text, vo_time *time, struct vo_error *error);

#endif
