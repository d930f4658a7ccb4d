#include "analyze/names.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 256

/* FNV-1a; the zero byte between the parts counts. */
static uint64_t hash_of(const char *const parts[VO_NAME_PARTS])
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < VO_NAME_PARTS; i++)
        for (const char *at = parts[i];; at++) {
            hash = (hash ^ (unsigned char)*at) * 1099511628211u;
            if (!*at)
                break;
        }
    return hash;
}

static struct vo_name *find(const struct vo_names *names, const char *const parts[VO_NAME_PARTS],
                            uint64_t hash)
{
    if (!names->bucket_count)
        return NULL;
    for (struct vo_name *name = names->buckets[hash % names->bucket_count]; name; name = name->next) {
        size_t same = 0;
        while (name->hash == hash && same < VO_NAME_PARTS && strcmp(name->parts[same], parts[same]) == 0)
            same++;
        if (same == VO_NAME_PARTS)
            return name;
    }
    return NULL;
}

struct vo_name *vo_names_find(const struct vo_names *names, const char *const parts[VO_NAME_PARTS])
{
    return find(names, parts, hash_of(parts));
}

static int grow(struct vo_names *names)
{
    size_t count = names->bucket_count ? names->bucket_count * 2 : FIRST_BUCKETS;
    struct vo_name **buckets = calloc(count, sizeof *buckets);
    if (!buckets)
        return -1;
    for (size_t i = 0; i < names->bucket_count; i++)
        while (names->buckets[i]) {
            struct vo_name *name = names->buckets[i];
            names->buckets[i] = name->next;
            name->next = buckets[name->hash % count];
            buckets[name->hash % count] = name;
        }
    free(names->buckets);
    names->buckets = buckets;
    names->bucket_count = count;
    return 0;
}

struct vo_name *vo_names_get(struct vo_names *names, struct vo_arena *arena,
                             const char *const parts[VO_NAME_PARTS])
{
    uint64_t hash = hash_of(parts);
    struct vo_name *name = find(names, parts, hash);
    if (name)
        return name;
    if (names->count >= names->bucket_count && grow(names) != 0)
        return NULL;
    name = vo_arena_get(arena, sizeof *name);
    if (!name)
        return NULL;
    for (size_t i = 0; i < VO_NAME_PARTS; i++)
        name->parts[i] = vo_arena_text(arena, parts[i]);
    name->hash = hash;
    name->next = names->buckets[hash % names->bucket_count];
    names->buckets[hash % names->bucket_count] = name;
    names->count++;
    return name;
}

void vo_names_release(struct vo_names *names)
{
    free(names->buckets);
    *names = (struct vo_names){0};
}
