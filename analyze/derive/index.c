#include "analyze/derive/index.h"

#include <stdlib.h>

#define FIRST_CAPACITY 64 /* a power of two */

struct vo_index_slot {
    uint64_t a, b;
    size_t number; /* 1 + the pair's; 0: free */
};

/* splitmix64's mixer */
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static struct vo_index_slot *slot_of(const struct vo_index *index, uint64_t a, uint64_t b)
{
    size_t at = (size_t)(mix(a) ^ mix(b + UINT64_C(0x9e3779b97f4a7c15))) & (index->capacity - 1);
    while (index->slots[at].number && (index->slots[at].a != a || index->slots[at].b != b))
        at = (at + 1) & (index->capacity - 1);
    return &index->slots[at];
}

static bool grow(struct vo_index *index)
{
    struct vo_index grown = {.capacity = index->capacity ? 2 * index->capacity : FIRST_CAPACITY,
                             .count = index->count};
    grown.slots = calloc(grown.capacity, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < index->capacity; i++)
        if (index->slots[i].number)
            *slot_of(&grown, index->slots[i].a, index->slots[i].b) = index->slots[i];
    free(index->slots);
    *index = grown;
    return true;
}

size_t vo_index_get(struct vo_index *index, uint64_t a, uint64_t b)
{
    if (2 * (index->count + 1) > index->capacity && (index->failed || !grow(index))) {
        index->failed = true;
        return VO_INDEX_NONE;
    }
    struct vo_index_slot *slot = slot_of(index, a, b);
    if (!slot->number)
        *slot = (struct vo_index_slot){a, b, ++index->count};
    return slot->number - 1;
}

size_t vo_index_find(const struct vo_index *index, uint64_t a, uint64_t b)
{
    const struct vo_index_slot *slot = index->capacity ? slot_of(index, a, b) : NULL;
    return slot && slot->number ? slot->number - 1 : VO_INDEX_NONE;
}

void vo_index_release(struct vo_index *index)
{
    free(index->slots);
    *index = (struct vo_index){0};
}
