/*
 * Numbers for pairs of integers, in the order in which they come: 0, 1, 2, …
 */
#ifndef VO_ANALYZE_DERIVE_INDEX_H
#define VO_ANALYZE_DERIVE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_INDEX_NONE SIZE_MAX

struct vo_index { /* zero-initialise */
    struct vo_index_slot *slots;
    size_t capacity, count;
    bool failed; /* memory ran out */
};

/* The pair's number, made if it is new; VO_INDEX_NONE when out of memory. */
size_t vo_index_get(struct vo_index *index, uint64_t a, uint64_t b);
/* VO_INDEX_NONE: it has none. */
size_t vo_index_find(const struct vo_index *index, uint64_t a, uint64_t b);
void vo_index_release(struct vo_index *index);

/* A pointer as half of a pair. */
static inline uint64_t vo_index_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

#endif
