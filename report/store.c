#include "report/store.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

struct vo_store {
    struct block *blocks;
    struct vo_json **documents;
    size_t document_count;
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

const char *vo_store_text(struct vo_store *store, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = vo_store_take(store, size);
    if (copy)
        memcpy(copy, text, size);
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
