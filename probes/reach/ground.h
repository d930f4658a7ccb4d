/*
 * Whether the ground that a run stands on has moved: an interface that went down or away while it ran. What
 * was silent then was not the network's silence, so the run is not complete.
 *
 * Loopback does not count, nor does an address that expired while its interface kept another of its family.
 */
#ifndef VO_PROBES_REACH_GROUND_H
#define VO_PROBES_REACH_GROUND_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#define VO_GROUND_INTERFACES 64 /* more of them are not watched */

struct vo_ground {
    struct {
        char name[IF_NAMESIZE];
        bool has[2]; /* an address of IPv4, of IPv6 that leads further than the link */
    } interfaces[VO_GROUND_INTERFACES];
    size_t count;
};

/* The interfaces that are up, with their addresses. None, if the system does not tell. */
void vo_ground_look(struct vo_ground *ground);
/* Whether `now` lacks what `before` had; `text` then says what, and what to do. */
bool vo_ground_moved(const struct vo_ground *before, const struct vo_ground *now, char *text, size_t size);

#endif
