/*
 * Memory that lives as long as one report: blocks that are freed together, and the JSON documents it borrows
 * from.
 */
#ifndef VO_REPORT_STORE_H
#define VO_REPORT_STORE_H

#include "core/json.h"

#include <stddef.h>

struct vo_store;

struct vo_store *vo_store_new(void); /* NULL if memory is short */
void vo_store_free(struct vo_store *store);
/* Zeroed, aligned for any type; NULL if memory is short. */
void *vo_store_take(struct vo_store *store, size_t size);
/* A copy; the same one for the same text, since records say the same words over and over. NULL for NULL, and
 * if memory is short. */
const char *vo_store_text(struct vo_store *store, const char *text);
/* Gives the document to the store. */
void vo_store_keep(struct vo_store *store, struct vo_json *document);
/* True once any of the above ran out of memory. */
int vo_store_failed(const struct vo_store *store);

/* Grows `items` (an array from the store) so that it holds one more than `count`; returns the array, which
 * may have moved, or NULL. */
void *vo_store_grow(struct vo_store *store, void *items, size_t count, size_t item_size);

#endif
