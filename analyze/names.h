/*
 * A hash table from three texts to an object: subjects by kind, id and point; series by run, id and key.
 */
#ifndef VO_ANALYZE_NAMES_H
#define VO_ANALYZE_NAMES_H

#include "analyze/arena.h"

#include <stddef.h>
#include <stdint.h>

#define VO_NAME_PARTS 3

struct vo_name {
    struct vo_name *next;
    uint64_t hash;
    const char *parts[VO_NAME_PARTS];
    void *object; /* the caller's; NULL when the name is new */
};

struct vo_names { /* zero-initialise */
    struct vo_name **buckets;
    size_t bucket_count, count;
};

/* The entry of a name, or NULL. */
struct vo_name *vo_names_find(const struct vo_names *names, const char *const parts[VO_NAME_PARTS]);
/* The same, made if it is new, with copies of the texts in `arena`; NULL when out of memory. */
struct vo_name *vo_names_get(struct vo_names *names, struct vo_arena *arena,
                             const char *const parts[VO_NAME_PARTS]);
void vo_names_release(struct vo_names *names);

#endif
