/*
 * Reads one DNS response (RFC 1035 4.1). Used by resolve.c only.
 *
 * The server is not trusted: a record counts only if its owner is the name that was asked for, or what CNAMEs
 * in the same answer make of it; names are followed a bounded number of times; text has no control
 * characters.
 */
#ifndef VO_PROBES_IO_RESOLVE_ANSWER_H
#define VO_PROBES_IO_RESOLVE_ANSWER_H

#include "probes/io/resolve.h"

/* Fills everything but `took`. `name` is the name asked for, without the root's dot. */
void vo_resolve_read(const uint8_t *data, size_t size, const char *name, enum vo_dns_type type,
                     struct vo_dns_answer *answer);

#endif
