#include "core/json.h"
#include "core/json_scan.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is wrong with a tree, and with which node. */
struct fault {
    const cJSON *node;
    bool twice; /* its key was given before; otherwise it is a number out of range */
};

struct key {
    const cJSON *node;
    size_t order;
};

struct keys {
    struct key *items; /* of one object; reused */
    size_t capacity;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order = strcmp(x->node->string, y->node->string);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* Sorting keeps a hostile object of a million keys from taking quadratic time. */
static enum vo_status check_keys(const cJSON *object, struct keys *keys, struct fault *fault)
{
    size_t count = 0;
    for (const cJSON *node = object->child; node; node = node->next) {
        if (count == keys->capacity) {
            size_t capacity = keys->capacity ? keys->capacity * 2 : 32;
            struct key *items = realloc(keys->items, capacity * sizeof *items);
            if (!items)
                return VO_ERR_MEMORY;
            keys->items = items;
            keys->capacity = capacity;
        }
        keys->items[count] = (struct key){node, count};
        count++;
    }
    if (count > 1)
        qsort(keys->items, count, sizeof *keys->items, compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(keys->items[i - 1].node->string, keys->items[i].node->string) == 0) {
            *fault = (struct fault){keys->items[i].node, true};
            return VO_ERR_INPUT;
        }
    }
    return VO_OK;
}

/* What RFC 8259 allows and we do not: the same key twice, numbers that a double cannot hold. */
static enum vo_status check_tree(const cJSON *node, struct keys *keys, struct fault *fault)
{
    if (cJSON_IsNumber(node) && !isfinite(node->valuedouble)) {
        *fault = (struct fault){node, false};
        return VO_ERR_INPUT;
    }
    enum vo_status status = cJSON_IsObject(node) ? check_keys(node, keys, fault) : VO_OK;
    for (const cJSON *child = node->child; child && status == VO_OK; child = child->next)
        status = check_tree(child, keys, fault);
    return status;
}

/* The position of `wanted` among the values, in the order of the text; VO_JSON_NO_ITEM if it is not in this
 * tree. */
static size_t item_of(const cJSON *node, const cJSON *wanted, size_t *items)
{
    size_t item = (*items)++;
    if (node == wanted)
        return item;
    item = VO_JSON_NO_ITEM;
    for (const cJSON *child = node->child; child && item == VO_JSON_NO_ITEM; child = child->next)
        item = item_of(child, wanted, items);
    return item;
}

static enum vo_status say_place(const char *text, size_t at, struct vo_error *error, const char *message)
{
    size_t line, column;
    vo_json_scan_place(text, at, &line, &column);
    return vo_error_set(error, VO_ERR_INPUT, "line %zu, column %zu: %s", line, column, message);
}

/* The key is shown as the text has it, escapes and all, so that the message stays one line. */
static enum vo_status say_fault(const char *text, size_t size, const cJSON *root, const struct fault *fault,
                                struct vo_error *error)
{
    size_t items = 0;
    struct vo_json_scan scan = {.text = text, .size = size, .wanted = item_of(root, fault->node, &items)};
    vo_json_scan_text(&scan);
    if (!fault->twice)
        return say_place(text, scan.found, error, "this number is too large");
    char message[200];
    size_t length = vo_json_scan_key(text, size, scan.found);
    snprintf(message, sizeof message, "the key %.*s is given twice: remove one",
             length < 120 ? (int)length : 120, text + scan.found);
    return say_place(text, scan.found, error, message);
}

static enum vo_status say_scan(const struct vo_json_scan *scan, struct vo_error *error)
{
    if (scan->at < scan->size)
        return say_place(scan->text, scan->at, error, scan->why);
    char message[200];
    snprintf(message, sizeof message, "%s, found the end of the text", scan->why);
    return say_place(scan->text, scan->at, error, message);
}

enum vo_status vo_json_parse(const char *text, size_t size, struct vo_json **document, struct vo_error *error)
{
    *document = NULL;
    struct vo_json_scan scan = {.text = text, .size = size, .wanted = VO_JSON_NO_ITEM};
    if (!vo_json_scan_text(&scan))
        return say_scan(&scan, error);
    size_t mark =
        text && (unsigned char)text[0] == 0xEF ? 3 : 0; /* a byte order mark: cJSON skips only some */
    cJSON *root = cJSON_ParseWithLengthOpts(text + mark, size - mark, NULL, false);
    if (!root)
        return vo_error_memory(error, "a JSON document");
    struct keys keys = {0};
    struct fault fault = {0};
    enum vo_status status = check_tree(root, &keys, &fault);
    free(keys.items);
    if (status == VO_OK) {
        *document = (struct vo_json *)root;
        return VO_OK;
    }
    if (status == VO_ERR_MEMORY)
        vo_error_memory(error, "the keys of a JSON object");
    else
        say_fault(text, size, root, &fault, error);
    cJSON_Delete(root);
    return status;
}

/* Reads until the end or one byte past `limit`; the caller frees `*data`. */
static enum vo_status read_all(int fd, const char *path, size_t limit, char **data, size_t *size,
                               struct vo_error *error)
{
    size_t capacity = 0;
    for (;;) {
        if (*size == capacity) {
            capacity = capacity ? capacity * 2 : 16384;
            char *more = realloc(*data, capacity);
            if (!more)
                return vo_error_memory(error, path);
            *data = more;
        }
        ssize_t got = read(fd, *data + *size, capacity - *size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vo_error_set(error, VO_ERR_IO, "%s: cannot read: %s", path, strerror(errno));
        if (got == 0)
            return VO_OK;
        *size += (size_t)got;
        if (*size > limit)
            return vo_error_set(error, VO_ERR_LIMIT, "%s: larger than %zu bytes: is it the right file?", path,
                                limit);
    }
}

enum vo_status vo_json_load(const char *path, size_t limit, struct vo_json **document, struct vo_error *error)
{
    *document = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vo_error_set(error, VO_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    char *data = NULL;
    size_t size = 0;
    enum vo_status status = read_all(fd, path, limit, &data, &size, error);
    close(fd);
    struct vo_error inner;
    if (status == VO_OK) {
        status = vo_json_parse(data, size, document, &inner);
        if (status != VO_OK)
            vo_error_set(error, status, "%s: %s", path, inner.message);
    }
    free(data);
    return status;
}

/* A node is a cJSON item behind another name. */
static const cJSON *cjson(const struct vo_json *node)
{
    return (const cJSON *)node;
}

static const struct vo_json *node_of(const cJSON *node)
{
    return (const struct vo_json *)node;
}

void vo_json_free(struct vo_json *document)
{
    cJSON_Delete((cJSON *)document);
}

enum vo_json_type vo_json_type(const struct vo_json *node)
{
    static const struct {
        int bit;
        enum vo_json_type type;
    } types[] = {
        {cJSON_NULL, VO_JSON_NULL},     {cJSON_False, VO_JSON_BOOL},    {cJSON_True, VO_JSON_BOOL},
        {cJSON_Number, VO_JSON_NUMBER}, {cJSON_String, VO_JSON_STRING}, {cJSON_Array, VO_JSON_ARRAY},
        {cJSON_Object, VO_JSON_OBJECT},
    };
    for (size_t i = 0; node && i < sizeof types / sizeof types[0]; i++)
        if ((cjson(node)->type & 0xFF) == types[i].bit)
            return types[i].type;
    return VO_JSON_NONE;
}

const struct vo_json *vo_json_get(const struct vo_json *object, const char *key)
{
    return cJSON_IsObject(cjson(object)) ? node_of(cJSON_GetObjectItemCaseSensitive(cjson(object), key))
                                         : NULL;
}

const struct vo_json *vo_json_child(const struct vo_json *node)
{
    return node ? node_of(cjson(node)->child) : NULL;
}

const struct vo_json *vo_json_next(const struct vo_json *node)
{
    return node ? node_of(cjson(node)->next) : NULL;
}

size_t vo_json_count(const struct vo_json *node)
{
    size_t count = 0;
    for (const struct vo_json *child = vo_json_child(node); child; child = vo_json_next(child))
        count++;
    return count;
}

const char *vo_json_key_of(const struct vo_json *node)
{
    return node ? cjson(node)->string : NULL;
}

const char *vo_json_text(const struct vo_json *node)
{
    return cJSON_GetStringValue(cjson(node));
}

double vo_json_double(const struct vo_json *node)
{
    return cJSON_IsNumber(cjson(node)) ? cjson(node)->valuedouble : NAN;
}

bool vo_json_true(const struct vo_json *node)
{
    return cJSON_IsTrue(cjson(node));
}

const char *vo_json_get_text(const struct vo_json *object, const char *key)
{
    return vo_json_text(vo_json_get(object, key));
}

/* With as many digits as reading the number back needs. */
static void copy_number(struct vo_json_writer *writer, double value)
{
    if (value == floor(value) && fabs(value) < 1e15) {
        vo_json_number(writer, value);
        return;
    }
    char text[40];
    int length = 0;
    for (int digits = 15; digits <= 17; digits++) {
        length = snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    vo_json_raw(writer, text, (size_t)length);
}

void vo_json_copy(struct vo_json_writer *writer, const struct vo_json *node)
{
    switch (vo_json_type(node)) {
    case VO_JSON_NUMBER:
        copy_number(writer, vo_json_double(node));
        return;
    case VO_JSON_STRING:
        vo_json_string(writer, vo_json_text(node));
        return;
    case VO_JSON_BOOL:
        vo_json_bool(writer, vo_json_true(node));
        return;
    case VO_JSON_NONE:
    case VO_JSON_NULL:
        vo_json_null(writer);
        return;
    case VO_JSON_ARRAY:
    case VO_JSON_OBJECT:
        break;
    }
    bool object = vo_json_type(node) == VO_JSON_OBJECT;
    (object ? vo_json_begin_object : vo_json_begin_array)(writer);
    for (const struct vo_json *child = vo_json_child(node); child; child = vo_json_next(child)) {
        if (object)
            vo_json_key(writer, vo_json_key_of(child));
        vo_json_copy(writer, child);
    }
    (object ? vo_json_end_object : vo_json_end_array)(writer);
}
