/*
 * Cells of one size, side by side in blocks of 2 MiB that the kernel may back by huge pages (madvise(2)): a
 * round over thousands of streams then stays within few pages. Cells are given back to the pool, blocks to
 * the system at its end.
 */
#ifndef VO_PROBES_FLOW_POOL_H
#define VO_PROBES_FLOW_POOL_H

#include <stddef.h>

#define VO_POOL_BLOCK   ((size_t)2 * 1024 * 1024)
#define VO_POOL_ALIGN   ((size_t)64)
#define VO_POOL_LARGEST (VO_POOL_BLOCK - VO_POOL_ALIGN) /* a block begins with its link */

struct vo_pool { /* zero-initialise, then set `size` */
    size_t size; /* bytes of a cell, 1 to VO_POOL_LARGEST; cells are aligned to VO_POOL_ALIGN */
    void *unused, *blocks;
};

void *vo_pool_take(struct vo_pool *pool); /* not cleared; NULL: out of memory */
void vo_pool_give(struct vo_pool *pool,
                  void *cell);              /* the first bytes are the pool's from here on; accepts NULL */
void vo_pool_release(struct vo_pool *pool); /* all cells at once */

#endif
