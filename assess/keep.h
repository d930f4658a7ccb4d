/*
 * Keeping what a running probe writes: into a file first, then on to a reader that may be slow, dead or not
 * there.
 *
 * The file is the buffer of the reader: it is given what the file has, as fast as it takes it, and a slow one
 * holds nobody up. While the file cannot be written (a full disk), what comes is held in memory and tried
 * again; what does not fit there any more is lost, is counted, and nothing after it is kept, so that the file
 * never has a hole. Invariant: `fed` <= `written`; both count bytes of the file.
 */
#ifndef VO_ASSESS_KEEP_H
#define VO_ASSESS_KEEP_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_KEEP_HELD ((size_t)8 << 20) /* bytes that are held at most */

struct vo_keep {
    int from; /* of the probe; -1: it has ended */
    int to;   /* of the reader, non-blocking; -1: none, or it is gone */
    int file;
    uint64_t written, fed;
    char *held;       /* came, and is not written yet */
    size_t held_size; /* of it */
    uint64_t lost;    /* bytes that were neither written nor held */
    int failure;      /* errno of the last attempt to write; 0: it went well */
};

/* Makes the file anew: one that is there stays as it is. VO_ERR_IO. */
enum vo_status vo_keep_open(struct vo_keep *keep, const char *path, struct vo_error *error);
/* Takes what came from the probe, once, and writes it. At its end `from` is closed and -1. */
void vo_keep_take(struct vo_keep *keep);
/* Tries again to write what is held. */
void vo_keep_retry(struct vo_keep *keep);
/* Gives the reader what it takes without waiting. False: it is gone, and `to` is closed and -1. */
bool vo_keep_feed(struct vo_keep *keep);
/* Whether everything that came is written and was given on. */
bool vo_keep_done(const struct vo_keep *keep);
/* Takes no more: from, to. */
void vo_keep_stop(struct vo_keep *keep);
/* Writes what can be, closes everything. VO_ERR_IO when something is lost, or the system says only now that
 * it was not written. */
enum vo_status vo_keep_close(struct vo_keep *keep, struct vo_error *error);

#endif
