/*
 * What voready-reach prints for a person when no records are asked for. It is made of the same records that a
 * program would read.
 */
#ifndef VO_PROBES_REACH_TABLE_H
#define VO_PROBES_REACH_TABLE_H

#include "core/error.h"

#include <stdbool.h>
#include <stdio.h>

/* `records`: path of the run's records. `colour`: with ANSI escapes. */
enum vo_status vo_reach_print_table(const char *records, FILE *stream, bool colour, struct vo_error *error);

#endif
