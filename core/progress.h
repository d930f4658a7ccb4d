/*
 * Progress of long work: one line on a terminal's standard error (count, rate, time left), nothing when
 * piped, nothing in the first second. Cheap to call: it looks at the clock only when asked to.
 */
#ifndef VO_CORE_PROGRESS_H
#define VO_CORE_PROGRESS_H

#include "core/clock.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define VO_PROGRESS_ENVIRONMENT "VOREADY_PROGRESS" /* "off": another program has the terminal */

struct vo_progress {
    FILE *stream;
    const char *what; /* "packets" */
    vo_time started, shown;
    bool active, drawn;
};

/* `quiet`, the environment, or a stream that is no terminal makes every call a no-op. */
void vo_progress_start(struct vo_progress *progress, FILE *stream, const char *what, bool quiet, vo_time now);
/* `done` of `total` (bytes, or 0 if not known) and `count` of things. Draws at most every 200 ms. */
void vo_progress_update(struct vo_progress *progress, uint64_t count, uint64_t done, uint64_t total,
                        vo_time now);
/* Erases the line. */
void vo_progress_finish(struct vo_progress *progress);

#endif
