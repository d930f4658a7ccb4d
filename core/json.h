/*
 * JSON (RFC 8259): a writer that appends to a buffer, and a read-only tree over cJSON.
 *
 * json.c is the only file that sees cJSON. The writer never produces invalid JSON: strings that are not
 * UTF-8 have each bad byte written as U+FFFD; a number that is not finite is written as null. Numbers are
 * written as integers when they are whole, otherwise rounded to six decimals without trailing zeros
 * (tiny or huge ones: nine significant digits).
 */
#ifndef VO_CORE_JSON_H
#define VO_CORE_JSON_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writer. Zero-initialise; the caller frees with vo_json_writer_release(). An allocation that failed sets
 * `failed`, after which every call does nothing; check it once at the end. */
struct vo_json_writer {
    char *data; /* not NUL-terminated */
    size_t size, capacity;
    bool failed;
    bool comma; /* the next value needs a comma before it */
};

void vo_json_writer_release(struct vo_json_writer *writer);
void vo_json_begin_object(struct vo_json_writer *writer);
void vo_json_end_object(struct vo_json_writer *writer);
void vo_json_begin_array(struct vo_json_writer *writer);
void vo_json_end_array(struct vo_json_writer *writer);
void vo_json_key(struct vo_json_writer *writer, const char *key);
void vo_json_string(struct vo_json_writer *writer, const char *text); /* NULL writes null */
void vo_json_string_sized(struct vo_json_writer *writer, const char *text, size_t size);
void vo_json_number(struct vo_json_writer *writer, double value);
void vo_json_integer(struct vo_json_writer *writer, int64_t value);
void vo_json_bool(struct vo_json_writer *writer, bool value);
void vo_json_null(struct vo_json_writer *writer);
/* A value that is JSON already (made by another writer). */
void vo_json_raw(struct vo_json_writer *writer, const char *json, size_t size);

/* Key and value in one call. */
void vo_json_put_string(struct vo_json_writer *writer, const char *key, const char *text);
void vo_json_put_number(struct vo_json_writer *writer, const char *key, double value);
void vo_json_put_integer(struct vo_json_writer *writer, const char *key, int64_t value);
void vo_json_put_bool(struct vo_json_writer *writer, const char *key, bool value);

/* Reader. A node borrows from its document and dies with it. Every accessor accepts NULL. */
struct vo_json; /* a node, and with the root the document */
enum vo_json_type {
    VO_JSON_NONE,
    VO_JSON_NULL,
    VO_JSON_BOOL,
    VO_JSON_NUMBER,
    VO_JSON_STRING,
    VO_JSON_ARRAY,
    VO_JSON_OBJECT
};

/* Parses exactly one value; anything but white space after it is an error. The message gives line and
 * column, counted from 1. Nesting is limited to 64. The caller frees with vo_json_free(). Errors:
 * VO_ERR_INPUT, VO_ERR_MEMORY. */
enum vo_status vo_json_parse(const char *text, size_t size, struct vo_json **document,
                             struct vo_error *error);
/* Reads and parses a whole file of at most `limit` bytes; messages name the file. */
enum vo_status vo_json_load(const char *path, size_t limit, struct vo_json **document,
                            struct vo_error *error);
void vo_json_free(struct vo_json *document);

enum vo_json_type vo_json_type(const struct vo_json *node);
const struct vo_json *vo_json_get(const struct vo_json *object,
                                  const char *key);              /* NULL when absent; case-sensitive */
const struct vo_json *vo_json_child(const struct vo_json *node); /* first of an array or object */
const struct vo_json *vo_json_next(const struct vo_json *node);  /* next sibling, or NULL */
size_t vo_json_count(const struct vo_json *node);
const char *vo_json_key_of(const struct vo_json *node); /* NULL outside an object */
const char *vo_json_text(const struct vo_json *node);   /* NULL if not a string */
double vo_json_double(const struct vo_json *node);      /* NaN if not a number */
bool vo_json_true(const struct vo_json *node);          /* true only for true */
/* The text of member `key`, or NULL. */
const char *vo_json_get_text(const struct vo_json *object, const char *key);
/* Writes the node, whole, as it is. */
void vo_json_copy(struct vo_json_writer *writer, const struct vo_json *node);

#endif
