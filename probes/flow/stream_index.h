/*
 * An index of streams by a hash: open addressing with linear probing. Slots hold the hash beside the pointer,
 * so that a miss rarely leaves the table. A hash is never 0. Used with one slot a hash, from which streams
 * are chained, or with a slot for each stream (streams.c).
 */
#ifndef VO_PROBES_FLOW_STREAM_INDEX_H
#define VO_PROBES_FLOW_STREAM_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vo_stream;

struct vo_stream_slot {
    uint64_t hash; /* 0: free */
    struct vo_stream *stream;
};

struct vo_stream_index { /* zero-initialise; the owner frees `slots` */
    struct vo_stream_slot *slots;
    size_t size, used; /* size: a power of two */
};

/* Doubles it. False: out of memory. */
bool vo_stream_index_grow(struct vo_stream_index *table);
/* The slot of a hash, a free one if there is none; NULL: out of memory. */
struct vo_stream_slot *vo_stream_index_slot(struct vo_stream_index *table, uint64_t hash);
/* Frees a slot and closes the hole. */
void vo_stream_index_remove(struct vo_stream_index *table, size_t hole);
/* The stream in the first slot of the hash, or NULL. */
static inline struct vo_stream *vo_stream_index_head(const struct vo_stream_index *table, uint64_t hash)
{
    if (table->size == 0)
        return NULL;
    size_t at = hash & (table->size - 1);
    while (table->slots[at].hash && table->slots[at].hash != hash)
        at = (at + 1) & (table->size - 1);
    return table->slots[at].stream;
}

#endif
