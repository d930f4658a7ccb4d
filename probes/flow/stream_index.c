#include "probes/flow/stream_index.h"

#include <stdlib.h>

bool vo_stream_index_grow(struct vo_stream_index *table)
{
    struct vo_stream_index bigger = {.size = table->size ? table->size * 2 : 1024, .used = table->used};
    bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < table->size; i++) {
        if (!table->slots[i].hash)
            continue;
        size_t at = table->slots[i].hash & (bigger.size - 1);
        while (bigger.slots[at].hash)
            at = (at + 1) & (bigger.size - 1);
        bigger.slots[at] = table->slots[i];
    }
    free(table->slots);
    *table = bigger;
    return true;
}

struct vo_stream_slot *vo_stream_index_slot(struct vo_stream_index *table, uint64_t hash)
{
    if (2 * (table->used + 1) > table->size && !vo_stream_index_grow(table))
        return NULL;
    size_t at = hash & (table->size - 1);
    while (table->slots[at].hash && table->slots[at].hash != hash)
        at = (at + 1) & (table->size - 1);
    if (!table->slots[at].hash) {
        table->slots[at].hash = hash;
        table->used++;
    }
    return &table->slots[at];
}

/* Closes the hole that a removed entry leaves: entries after it move up unless that would pass their own
 * place. */
void vo_stream_index_remove(struct vo_stream_index *table, size_t hole)
{
    size_t mask = table->size - 1, at = hole;
    for (;;) {
        at = (at + 1) & mask;
        if (!table->slots[at].hash)
            break;
        size_t home = table->slots[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole] = (struct vo_stream_slot){0};
    table->used--;
}
