/*
 * What `voready watch` runs: a probe whose records are kept, judged while they come, and shown.
 */
#ifndef VO_ASSESS_WATCH_H
#define VO_ASSESS_WATCH_H

#include "assess/keep.h"
#include "assess/run.h"

#include <stdbool.h>

struct vo_watch {
    struct vo_command probe, judge, show; /* the last two run while the probe does, and see its records */
    const char *records;                  /* the file that keeps them */
};

/* How it went. */
struct vo_watched {
    uint64_t bytes; /* of records, in the file */
    int code;       /* exit status of the probe */
    bool failed;    /* the probe failed or was killed, or records were lost; it was said */
};

/* Runs it to the probe's end. SIGINT, SIGTERM and SIGHUP end the probe; once it has ended, what shows its
 * records too. SIGHUP stays ignored afterwards: what remains to be done is done though the terminal is gone.
 * Prints messages as `name`. Errors: VO_ERR_IO, VO_ERR_LIMIT, VO_ERR_MEMORY; then nothing was measured. */
enum vo_status vo_watch_run(const char *name, const struct vo_watch *watch, struct vo_watched *watched,
                            struct vo_error *error);

#endif
