/*
 * Memory that is given back all at once: the texts and small structures of one analysis.
 *
 * Invariant: after an allocation has failed `failed` stays set, texts come back as "" and everything else as
 * NULL, so that a caller can build a whole sentence and check once at the end.
 */
#ifndef VO_ANALYZE_ARENA_H
#define VO_ANALYZE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct vo_arena_block;

struct vo_arena { /* zero-initialise */
    struct vo_arena_block *blocks;
    bool failed;
};

/* Zeroed and aligned for any type; NULL when out of memory. */
void *vo_arena_get(struct vo_arena *arena, size_t size);
/* A copy of `text`; NULL gives NULL. */
const char *vo_arena_text(struct vo_arena *arena, const char *text);
const char *vo_arena_text_sized(struct vo_arena *arena, const char *text, size_t size);
/* Never NULL. */
const char *vo_arena_format(struct vo_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void vo_arena_release(struct vo_arena *arena);

#endif
