/*
 * Texts that are kept once, however often they come: names of labels, places, reasons. Two that are equal
 * have one address.
 */
#ifndef VO_ANALYZE_TEXTS_H
#define VO_ANALYZE_TEXTS_H

#include "analyze/arena.h"

#include <stddef.h>

struct vo_texts { /* zero-initialise */
    const char **slots;
    size_t capacity, count;
};

/* A copy in `arena`, made if the text is new. NULL gives NULL; "" when out of memory, and `arena->failed` is
 * set then. */
const char *vo_texts_get(struct vo_texts *texts, struct vo_arena *arena, const char *text);
/* The one that is kept, or NULL. */
const char *vo_texts_find(const struct vo_texts *texts, const char *text);
void vo_texts_release(struct vo_texts *texts);

#endif
