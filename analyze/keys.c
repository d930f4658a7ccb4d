#include "analyze/keys.h"

#include "analyze/limit.h"
#include "core/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_KEYS 40

static enum vo_status unknown_key(const struct vo_key *keys, const char *where, const char *name,
                                  struct vo_error *error)
{
    const char *names[MAX_KEYS];
    char hint[300];
    size_t count = 0;
    for (; count < MAX_KEYS && keys[count].name; count++)
        names[count] = keys[count].name;
    return vo_error_set(error, VO_ERR_USAGE, "%s: unknown key '%.60s' %s", where, name,
                        vo_unknown_hint(name, names, count, hint, sizeof hint));
}

static enum vo_status check_names(const struct vo_json *object, const struct vo_key *keys, const char *where,
                                  struct vo_error *error)
{
    for (const struct vo_json *item = vo_json_child(object); item; item = vo_json_next(item)) {
        const struct vo_key *key = keys;
        while (key->name && strcmp(key->name, vo_json_key_of(item)) != 0)
            key++;
        if (!key->name)
            return unknown_key(keys, where, vo_json_key_of(item), error);
    }
    return VO_OK;
}

static enum vo_status wrong_type(const struct vo_key *key, const char *where, const char *what,
                                 struct vo_error *error)
{
    return vo_error_set(error, VO_ERR_USAGE, "%s: key '%s' must be %s", where, key->name, what);
}

static enum vo_status read_number(const struct vo_json *node, const struct vo_key *key, const char *where,
                                  double *number, struct vo_error *error)
{
    *number = vo_json_double(node);
    if (*number >= key->minimum && *number <= key->maximum)
        return VO_OK;
    return vo_error_set(error, VO_ERR_USAGE, "%s: key '%s' must be a number from %g to %g", where, key->name,
                        key->minimum, key->maximum);
}

static enum vo_status read_word(const struct vo_json *node, const struct vo_key *key, const char *where,
                                int *word, struct vo_error *error)
{
    const char *text = vo_json_text(node);
    char hint[300];
    size_t count = 0;
    if (!text)
        return wrong_type(key, where, "a word", error);
    for (; key->words[count]; count++)
        if (strcmp(key->words[count], text) == 0) {
            *word = (int)count + 1;
            return VO_OK;
        }
    return vo_error_set(error, VO_ERR_USAGE, "%s: unknown %s '%.60s' %s", where, key->name, text,
                        vo_unknown_hint(text, key->words, count, hint, sizeof hint));
}

static enum vo_status read_metric(const struct vo_json *node, const struct vo_key *key, const char *where,
                                  const struct vo_metric_row **metric, struct vo_error *error)
{
    const char *name = vo_json_text(node);
    if (!name)
        return wrong_type(key, where, "the name of a metric", error);
    *metric = vo_metric_find(name);
    if (*metric)
        return VO_OK;
    const char *near = vo_metric_nearest(name);
    return vo_error_set(error, VO_ERR_USAGE, "%s: unknown metric '%.60s' %s%s%s", where, name,
                        near ? "(did you mean '" : "(core/metrics.def lists them", near ? near : "",
                        near ? "'?)" : ")");
}

static enum vo_status read_node(const struct vo_json *node, const struct vo_key *key, const char *where,
                                const struct vo_json **target, struct vo_error *error)
{
    enum vo_json_type type = vo_json_type(node);
    *target = node;
    switch (key->type) {
    case VO_KEY_ARRAY:
        return type == VO_JSON_ARRAY ? VO_OK : wrong_type(key, where, "a list", error);
    case VO_KEY_OBJECT:
        return type == VO_JSON_OBJECT ? VO_OK : wrong_type(key, where, "an object", error);
    default:
        return type == VO_JSON_OBJECT || type == VO_JSON_NULL
                   ? VO_OK
                   : wrong_type(key, where, "an object or null", error);
    }
}

static enum vo_status read_key(const struct vo_json *node, const struct vo_key *key, const char *where,
                               void *member, struct vo_error *error)
{
    switch (key->type) {
    case VO_KEY_TEXT:
        *(const char **)member = vo_json_text(node);
        if (!vo_json_text(node) || !*vo_json_text(node))
            return wrong_type(key, where, "a text that is not empty", error);
        return VO_OK;
    case VO_KEY_BOOL:
        *(bool *)member = vo_json_true(node);
        return vo_json_type(node) == VO_JSON_BOOL ? VO_OK : wrong_type(key, where, "true or false", error);
    case VO_KEY_NUMBER:
        return read_number(node, key, where, member, error);
    case VO_KEY_WORD:
        return read_word(node, key, where, member, error);
    case VO_KEY_METRIC:
        return read_metric(node, key, where, member, error);
    default:
        return read_node(node, key, where, member, error);
    }
}

enum vo_status vo_keys_read(const struct vo_json *object, const struct vo_key *keys, const char *where,
                            void *target, struct vo_error *error)
{
    if (vo_json_type(object) != VO_JSON_OBJECT)
        return vo_error_set(error, VO_ERR_USAGE, "%s: must be an object", where);
    enum vo_status status = check_names(object, keys, where, error);
    for (const struct vo_key *key = keys; status == VO_OK && key->name; key++) {
        const struct vo_json *node = vo_json_get(object, key->name);
        void *member = (char *)target + key->offset;
        if (node)
            status = read_key(node, key, where, member, error);
        else if (key->mandatory)
            status = vo_error_set(error, VO_ERR_USAGE, "%s: key '%s' is missing", where, key->name);
        else if (key->type == VO_KEY_NUMBER)
            *(double *)member = NAN;
    }
    return status;
}
