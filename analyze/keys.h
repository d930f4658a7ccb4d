/*
 * Reading JSON objects by a table of keys: type, range and presence are checked in one place, and a key that
 * the table lacks is an error.
 */
#ifndef VO_ANALYZE_KEYS_H
#define VO_ANALYZE_KEYS_H

#include "core/error.h"
#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>

enum vo_key_type {
    VO_KEY_TEXT,   /* const char *, not empty */
    VO_KEY_BOOL,   /* bool */
    VO_KEY_NUMBER, /* double within minimum..maximum; NaN when absent */
    VO_KEY_WORD,   /* int: 1 + index in `words`; 0 when absent */
    VO_KEY_METRIC, /* const struct vo_metric_row * */
    VO_KEY_ARRAY,  /* const struct vo_json * */
    VO_KEY_OBJECT, /* const struct vo_json * */
    VO_KEY_LIMIT,  /* const struct vo_json *: an object or null */
};

struct vo_key {
    const char *name; /* NULL ends the table */
    enum vo_key_type type;
    size_t offset; /* of the member in the target */
    bool mandatory;
    double minimum, maximum;
    const char *const *words; /* NULL-terminated */
};

/* Fills `target` from `object`. `where` begins the messages: "rules/x.json: rule media.loss". VO_ERR_USAGE.
 */
enum vo_status vo_keys_read(const struct vo_json *object, const struct vo_key *keys, const char *where,
                            void *target, struct vo_error *error);

#endif
