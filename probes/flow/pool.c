#include "probes/flow/pool.h"

#include <stdlib.h>
#include <sys/mman.h>

#define BLOCK VO_POOL_BLOCK
#define ALIGN VO_POOL_ALIGN

/* At the start of a block, and of a cell that is not in use. */
struct link {
    struct link *next;
};

static void chain(void **list, void *link)
{
    ((struct link *)link)->next = *list;
    *list = link;
}

/* Cells are chained from the last to the first, so that they are taken in order of address. */
static void add_block(struct vo_pool *pool)
{
    size_t cell = (pool->size + ALIGN - 1) / ALIGN * ALIGN;
    char *block = pool->size <= VO_POOL_LARGEST ? aligned_alloc(BLOCK, BLOCK) : NULL;
    if (!block)
        return;
    (void)madvise(block, BLOCK, MADV_HUGEPAGE); /* a wish: without it all works, slower */
    chain(&pool->blocks, block);
    for (size_t i = (BLOCK - ALIGN) / cell; i-- > 0;)
        chain(&pool->unused, block + ALIGN + i * cell);
}

void *vo_pool_take(struct vo_pool *pool)
{
    if (!pool->unused)
        add_block(pool);
    struct link *cell = pool->unused;
    if (cell)
        pool->unused = cell->next;
    return cell;
}

void vo_pool_give(struct vo_pool *pool, void *cell)
{
    if (cell)
        chain(&pool->unused, cell);
}

void vo_pool_release(struct vo_pool *pool)
{
    while (pool->blocks) {
        struct link *block = pool->blocks;
        pool->blocks = block->next;
        free(block);
    }
    pool->unused = NULL;
}
