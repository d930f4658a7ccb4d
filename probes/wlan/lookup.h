/*
 * Addresses to what is known of them: a hash table of pairs of 48-bit addresses (open addressing, linear
 * probing; nothing is ever taken out). The values are the caller's.
 */
#ifndef VO_PROBES_WLAN_LOOKUP_H
#define VO_PROBES_WLAN_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vo_lookup_row {
    uint64_t first, second;
    void *value; /* NULL: the row is free */
};

/* A zeroed struct is empty. */
struct vo_lookup {
    struct vo_lookup_row *rows;
    size_t count, room; /* room: 0 or a power of two */
};

/* NULL: not there. */
void *vo_lookup_find(const struct vo_lookup *lookup, uint64_t first, uint64_t second);
/* The pair must not be there yet, `value` not be NULL. False: out of memory. */
bool vo_lookup_add(struct vo_lookup *lookup, uint64_t first, uint64_t second, void *value);
void vo_lookup_release(struct vo_lookup *lookup);

#endif
