#include "analyze/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 * 1024)

struct vo_arena_block {
    struct vo_arena_block *next;
    size_t used, size;
    max_align_t data[];
};

static struct vo_arena_block *new_block(struct vo_arena *arena, size_t size)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct vo_arena_block *block = calloc(1, sizeof *block + room);
    if (!block)
        return NULL;
    block->size = room;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *vo_arena_get(struct vo_arena *arena, size_t size)
{
    size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct vo_arena_block *block = arena->blocks;
    if (rounded < size || rounded > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    if (!block || block->size - block->used < rounded)
        block = new_block(arena, rounded);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    void *at = (char *)block->data + block->used;
    block->used += rounded;
    return at;
}

const char *vo_arena_text_sized(struct vo_arena *arena, const char *text, size_t size)
{
    char *copy = vo_arena_get(arena, size + 1);
    if (!copy)
        return "";
    if (size)
        memcpy(copy, text, size);
    return copy;
}

const char *vo_arena_text(struct vo_arena *arena, const char *text)
{
    return text ? vo_arena_text_sized(arena, text, strlen(text)) : NULL;
}

const char *vo_arena_format(struct vo_arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    char *text = size < 0 ? NULL : vo_arena_get(arena, (size_t)size + 1);
    if (text)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text ? text : "";
}

void vo_arena_release(struct vo_arena *arena)
{
    while (arena->blocks) {
        struct vo_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->failed = false;
}
