/*
 * A captured frame, and what can be asked of where it came from: what captures (probes/io) give to those that
 * measure (probes/flow, the programs).
 */
#ifndef VO_PROBES_DECODE_FRAME_H
#define VO_PROBES_DECODE_FRAME_H

#include "core/clock.h"

#include <stddef.h>
#include <stdint.h>

struct vo_frame {
    const uint8_t *data; /* valid until the next frame is asked for */
    uint32_t captured;   /* bytes at data */
    uint32_t
        length; /* bytes on the wire; at least captured, FCS taken off both where the file tells its size */
    uint32_t linktype;  /* LINKTYPE_ */
    uint32_t interface; /* of the capture, numbered through all files: the same name and link type is the same
                           interface */
    vo_time time;       /* VO_TIME_UNKNOWN for a frame without one */
};

/* Functions that are NULL have nothing to tell. */
struct vo_frame_source {
    void *context;
    size_t (*interface_count)(void *context);
    const char *(*interface_name)(void *context, uint32_t interface); /* NULL: it has none */
    /* Text of a TLS key log (NSS format) that the capture itself carries; NULL: none. It grows. */
    const char *(*secrets)(void *context, size_t *size);
};

#endif
