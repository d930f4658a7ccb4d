#include "analyze/texts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

/* FNV-1a */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 14695981039346656037u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash;
}

/* Where the text is, or would be. At least one slot is free. */
static size_t place_of(const struct vo_texts *texts, const char *text)
{
    size_t at = hash_of(text) & (texts->capacity - 1);
    while (texts->slots[at] && strcmp(texts->slots[at], text) != 0)
        at = (at + 1) & (texts->capacity - 1);
    return at;
}

static bool grow(struct vo_texts *texts)
{
    struct vo_texts grown = {NULL, texts->capacity ? texts->capacity * 2 : FIRST_CAPACITY, texts->count};
    grown.slots = calloc(grown.capacity, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < texts->capacity; i++)
        if (texts->slots[i])
            grown.slots[place_of(&grown, texts->slots[i])] = texts->slots[i];
    free(texts->slots);
    *texts = grown;
    return true;
}

const char *vo_texts_get(struct vo_texts *texts, struct vo_arena *arena, const char *text)
{
    if (!text)
        return NULL;
    if (4 * (texts->count + 1) > 3 * texts->capacity && !grow(texts)) {
        arena->failed = true;
        return "";
    }
    size_t at = place_of(texts, text);
    if (!texts->slots[at]) {
        const char *copy = vo_arena_text(arena, text);
        if (arena->failed)
            return "";
        texts->slots[at] = copy;
        texts->count++;
    }
    return texts->slots[at];
}

const char *vo_texts_find(const struct vo_texts *texts, const char *text)
{
    return texts->capacity ? texts->slots[place_of(texts, text)] : NULL;
}

void vo_texts_release(struct vo_texts *texts)
{
    free(texts->slots);
    *texts = (struct vo_texts){0};
}
