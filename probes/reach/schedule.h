/*
 * Which checks there are, and when they run: demands become checks of addresses, as many at once as there are
 * file descriptors.
 *
 * A demand of another vantage is an observation that says so. A host that is an address, or has none, is one
 * check; a name is resolved, and each of its addresses is a check as soon as it is known. What compares
 * others (vo_demand.last) begins when they are done. A family that this host has no address of is not tried,
 * if the name has one of the other family.
 */
#ifndef VO_PROBES_REACH_SCHEDULE_H
#define VO_PROBES_REACH_SCHEDULE_H

#include "core/progress.h"
#include "probes/reach/plan.h"

#include <signal.h>

struct vo_schedule_options {
    const struct vo_plan *plan;
    enum vo_vantage vantage;
    struct vo_progress *progress;
    const volatile sig_atomic_t *stop; /* set by a signal: everything ends with what is known */
    unsigned limit;                    /* checks at once */
};

/* Runs all of it. `reach` has loop, site, writer, resolvers, timeout; the rest is set here and freed. VO_OK
 * also when it was stopped (reach->stopping). Errors: VO_ERR_MEMORY, VO_ERR_IO. */
enum vo_status vo_schedule_run(struct vo_reach *reach, const struct vo_schedule_options *options,
                               struct vo_error *error);

#endif
