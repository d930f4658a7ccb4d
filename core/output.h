/*
 * What a program owes its results before and after it writes them: not over what it reads, and never lost
 * without a word.
 */
#ifndef VO_CORE_OUTPUT_H
#define VO_CORE_OUTPUT_H

#include "core/error.h"

#include <stddef.h>

/* VO_ERR_USAGE if `output` (may be NULL) is the same file as one of `inputs`, by whatever path or link:
 * opening it would empty what is to be read. Pipes and devices are no matter. */
enum vo_status vo_output_apart(const char *output, const char *const *inputs, size_t count,
                               struct vo_error *error);

/* The last step of every main(): flushes standard output. Returns `code`, or 1 after a complaint on standard
 * error if anything that was printed is lost. */
int vo_output_finish(const char *program, int code);

#endif
