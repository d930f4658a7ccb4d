#include "probes/wlan/lookup.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_of(const struct vo_lookup *lookup, uint64_t first, uint64_t second)
{
    uint64_t mixed = first * UINT64_C(0x9e3779b97f4a7c15) ^ (second + 1) * UINT64_C(0xd6e8feb86659fd93);
    mixed ^= mixed >> 32;
    mixed *= UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(mixed >> 32) & (lookup->room - 1);
}

/* The row of the pair, or the free one where it belongs. */
static struct vo_lookup_row *row_of(const struct vo_lookup *lookup, uint64_t first, uint64_t second)
{
    size_t at = slot_of(lookup, first, second);
    while (lookup->rows[at].value && (lookup->rows[at].first != first || lookup->rows[at].second != second))
        at = (at + 1) & (lookup->room - 1);
    return &lookup->rows[at];
}

void *vo_lookup_find(const struct vo_lookup *lookup, uint64_t first, uint64_t second)
{
    return lookup->room ? row_of(lookup, first, second)->value : NULL;
}

static bool grow(struct vo_lookup *lookup)
{
    enum { SMALLEST = 64 };
    struct vo_lookup wider = {.room = lookup->room ? lookup->room * 2 : SMALLEST, .count = lookup->count};
    wider.rows = calloc(wider.room, sizeof *wider.rows);
    if (!wider.rows)
        return false;
    for (size_t i = 0; i < lookup->room; i++)
        if (lookup->rows[i].value)
            *row_of(&wider, lookup->rows[i].first, lookup->rows[i].second) = lookup->rows[i];
    free(lookup->rows);
    *lookup = wider;
    return true;
}

bool vo_lookup_add(struct vo_lookup *lookup, uint64_t first, uint64_t second, void *value)
{
    if (lookup->count * 2 >= lookup->room && !grow(lookup))
        return false;
    *row_of(lookup, first, second) = (struct vo_lookup_row){first, second, value};
    lookup->count++;
    return true;
}

void vo_lookup_release(struct vo_lookup *lookup)
{
    free(lookup->rows);
    memset(lookup, 0, sizeof *lookup);
}
