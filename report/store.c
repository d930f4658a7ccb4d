#include "report/store.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536
#define TEXT_ROOM  1024 /* a power of two */

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

struct vo_store {
    struct block *blocks;
    struct vo_json **documents;
    size_t document_count;
    const char **texts; /* by their hash, open addressing */
    size_t text_count, text_room;
    bool failed;
};

struct vo_store *vo_store_new(void)
{
    return calloc(1, sizeof(struct vo_store));
}

void vo_store_free(struct vo_store *store)
{
    if (!store)
        return;
    while (store->blocks) {
        struct block *next = store->blocks->next;
        free(store->blocks);
        store->blocks = next;
    }
    for (size_t i = 0; i < store->document_count; i++)
        vo_json_free(store->documents[i]);
    free(store->documents);
    free(store->texts);
    free(store);
}

int vo_store_failed(const struct vo_store *store)
{
    return store->failed;
}

void *vo_store_take(struct vo_store *store, size_t size)
{
    size_t rounded = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct block *block = store->blocks;
    if (!block || block->size - block->used < rounded) {
        size_t space = rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE;
        block = calloc(1, sizeof *block + space);
        if (!block) {
            store->failed = true;
            return NULL;
        }
        block->size = space;
        block->next = store->blocks;
        store->blocks = block;
    }
    void *taken = block->bytes + block->used;
    block->used += rounded;
    return taken;
}

/* Where the text is, or would be. */
static size_t find_text(const char *const *texts, size_t room, const char *text)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *at = text; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    size_t at = (size_t)hash & (room - 1);
    while (texts[at] && strcmp(texts[at], text) != 0)
        at = (at + 1) & (room - 1);
    return at;
}

static bool grow_texts(struct vo_store *store)
{
    size_t room = store->text_room ? 2 * store->text_room : TEXT_ROOM;
    const char **texts = calloc(room, sizeof *texts);
    if (!texts)
        return false;
    for (size_t i = 0; i < store->text_room; i++)
        if (store->texts[i])
            texts[find_text(texts, room, store->texts[i])] = store->texts[i];
    free(store->texts);
    store->texts = texts;
    store->text_room = room;
    return true;
}

const char *vo_store_text(struct vo_store *store, const char *text)
{
    if (!text)
        return NULL;
    if (2 * store->text_count >= store->text_room && !grow_texts(store)) {
        store->failed = true;
        return NULL;
    }
    size_t at = find_text(store->texts, store->text_room, text);
    if (store->texts[at])
        return store->texts[at];
    size_t size = strlen(text) + 1;
    char *copy = vo_store_take(store, size);
    if (!copy)
        return NULL;
    memcpy(copy, text, size);
    store->texts[at] = copy;
    store->text_count++;
    return copy;
}

void vo_store_keep(struct vo_store *store, struct vo_json *document)
{
    struct vo_json **documents =
        realloc(store->documents, (store->document_count + 1) * sizeof *store->documents);
    if (!documents) {
        store->failed = true;
        vo_json_free(document);
        return;
    }
    store->documents = documents;
    store->documents[store->document_count++] = document;
}

void *vo_store_grow(struct vo_store *store, void *items, size_t count, size_t item_size)
{
    bool full = count == 0 || (count & (count - 1)) == 0; /* capacities are powers of two */
    if (!full)
        return items;
    void *grown = vo_store_take(store, (count ? count * 2 : 1) * item_size);
    if (grown && count)
        memcpy(grown, items, count * item_size);
    return grown;
}
