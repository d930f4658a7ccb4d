#include "core/json.h"
#include "core/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_LIMIT 9007199254740992.0 /* 2^53: every whole double below it is exact */
#define FIXED_LIMIT 1e9                /* below it, six decimals fit into 2^53 */
#define FIXED_LEAST 1e-3               /* below it, six decimals would leave fewer than four digits */

void vo_json_writer_release(struct vo_json_writer *writer)
{
    free(writer->data);
    *writer = (struct vo_json_writer){0};
}

/* Room for `size` more bytes, or NULL. */
static bool grow(struct vo_json_writer *writer, size_t size)
{
    size_t wanted = writer->size + size;
    size_t capacity = writer->capacity ? writer->capacity : 256;
    while (capacity < wanted && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    char *data = wanted < size || capacity < wanted ? NULL : realloc(writer->data, capacity);
    if (!data) {
        writer->failed = true;
        return false;
    }
    writer->data = data;
    writer->capacity = capacity;
    return true;
}

static inline char *reserve(struct vo_json_writer *writer, size_t size)
{
    if (writer->failed || (size > writer->capacity - writer->size && !grow(writer, size)))
        return NULL;
    return writer->data + writer->size;
}

static inline void append(struct vo_json_writer *writer, const char *text, size_t size)
{
    char *room = reserve(writer, size);
    if (room && size) {
        memcpy(room, text, size);
        writer->size += size;
    }
}

/* Every value begins here. */
static inline void append_value(struct vo_json_writer *writer, const char *text, size_t size)
{
    if (writer->comma)
        append(writer, ",", 1);
    append(writer, text, size);
    writer->comma = true;
}

static void begin(struct vo_json_writer *writer, const char *bracket)
{
    append_value(writer, bracket, 1);
    writer->comma = false;
}

static void end(struct vo_json_writer *writer, const char *bracket)
{
    append(writer, bracket, 1);
    writer->comma = true;
}

void vo_json_begin_object(struct vo_json_writer *writer)
{
    begin(writer, "{");
}

void vo_json_end_object(struct vo_json_writer *writer)
{
    end(writer, "}");
}

void vo_json_begin_array(struct vo_json_writer *writer)
{
    begin(writer, "[");
}

void vo_json_end_array(struct vo_json_writer *writer)
{
    end(writer, "]");
}

void vo_json_key(struct vo_json_writer *writer, const char *key)
{
    vo_json_string(writer, key);
    append(writer, ":", 1);
    writer->comma = false;
}

static void append_escape(struct vo_json_writer *writer, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char plain[] = "\"\\\n\t\r\b\f";
    static const char letters[] = "\"\\ntrbf";
    const char *found = byte ? strchr(plain, byte) : NULL;
    if (found) {
        append(writer, (char[]){'\\', letters[found - plain]}, 2);
        return;
    }
    append(writer, (char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
}

/* High bits of the bytes that are not printable ASCII, or are quote or backslash (the classic test for a zero
 * or smaller byte within a word, applied to each of the four conditions; exact as far as whether there is
 * any). */
static uint64_t odd_bytes(const char *text)
{
    const uint64_t ones = 0x0101010101010101ull, high = 0x8080808080808080ull;
    uint64_t word;
    memcpy(&word, text, sizeof word);
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    return (word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) & high;
}

/* Does it need no escape? Eight bytes at a time, the last eight overlap. */
static bool is_plain(const char *text, size_t size)
{
    uint64_t odd = 0;
    if (size < 8) {
        char padded[8] = "        ";
        for (size_t i = 0; i < size; i++)
            padded[i] = text[i];
        return odd_bytes(padded) == 0;
    }
    for (size_t at = 0; at + 8 <= size; at += 8)
        odd |= odd_bytes(text + at);
    return (odd | odd_bytes(text + size - 8)) == 0;
}

/* Most strings need no escape: one reservation, one copy. */
static bool append_plain(struct vo_json_writer *writer, const char *text, size_t size)
{
    if (size > SIZE_MAX - 3 || !is_plain(text, size))
        return false;
    char *room = reserve(writer, size + 3);
    if (!room)
        return true;
    if (writer->comma)
        *room++ = ',';
    *room++ = '"';
    memcpy(room, text, size);
    room[size] = '"';
    writer->size = (size_t)(room + size + 1 - writer->data);
    writer->comma = true;
    return true;
}

void vo_json_string_sized(struct vo_json_writer *writer, const char *text, size_t size)
{
    if (append_plain(writer, text, size))
        return;
    append_value(writer, "\"", 1);
    size_t done = 0, i = 0; /* text[done..i) can be copied as it is */
    while (i < size) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x80 && byte >= 0x20 && byte != '"' && byte != '\\') {
            i++;
            continue;
        }
        size_t length = byte < 0x80 ? 0 : vo_utf8_length(text + i, size - i);
        if (length) {
            i += length;
            continue;
        }
        append(writer, text + done, i - done);
        if (byte < 0x80)
            append_escape(writer, byte);
        else
            append(writer, "\xEF\xBF\xBD", 3); /* U+FFFD */
        done = ++i;
    }
    append(writer, text + done, size - done);
    append(writer, "\"", 1);
}

void vo_json_string(struct vo_json_writer *writer, const char *text)
{
    if (text)
        vo_json_string_sized(writer, text, strlen(text));
    else
        vo_json_null(writer);
}

/* Writes digits so that they end before `end`; returns where they begin. */
static char *digits_before(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return end;
}

static void append_decimal(struct vo_json_writer *writer, bool negative, char *begin_digits,
                           const char *end_digits)
{
    if (negative)
        *--begin_digits = '-';
    append_value(writer, begin_digits, (size_t)(end_digits - begin_digits));
}

void vo_json_integer(struct vo_json_writer *writer, int64_t value)
{
    char text[24];
    char *last = text + sizeof text;
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    append_decimal(writer, value < 0, digits_before(last, size), last);
}

/* |value| within FIXED_LEAST..FIXED_LIMIT: six decimals, trailing zeros cut. */
static void append_fixed(struct vo_json_writer *writer, double value)
{
    char text[32];
    char *last = text + sizeof text;
    uint64_t millionths = (uint64_t)(fabs(value) * 1e6 + 0.5);
    uint64_t fraction = millionths % 1000000;
    char *first = last;
    if (fraction) {
        char *point = last - 7;
        for (char *digit = last - 1; digit > point; digit--) {
            *digit = (char)('0' + fraction % 10);
            fraction /= 10;
        }
        *point = '.';
        while (last[-1] == '0')
            last--;
        first = point;
    }
    append_decimal(writer, value < 0, digits_before(first, millionths / 1000000), last);
}

void vo_json_number(struct vo_json_writer *writer, double value)
{
    double size = fabs(value);
    if (!isfinite(value)) {
        vo_json_null(writer);
    } else if (size <= WHOLE_LIMIT && value == (double)(int64_t)value) {
        vo_json_integer(writer, (int64_t)value);
    } else if (size >= FIXED_LEAST && size < FIXED_LIMIT) {
        append_fixed(writer, value);
    } else {
        char text[32];
        int length = snprintf(text, sizeof text, "%.9g", value);
        append_value(writer, text, (size_t)length);
    }
}

void vo_json_bool(struct vo_json_writer *writer, bool value)
{
    append_value(writer, value ? "true" : "false", value ? 4 : 5);
}

void vo_json_null(struct vo_json_writer *writer)
{
    append_value(writer, "null", 4);
}

void vo_json_raw(struct vo_json_writer *writer, const char *json, size_t size)
{
    append_value(writer, json, size);
}

void vo_json_put_string(struct vo_json_writer *writer, const char *key, const char *text)
{
    vo_json_key(writer, key);
    vo_json_string(writer, text);
}

void vo_json_put_number(struct vo_json_writer *writer, const char *key, double value)
{
    vo_json_key(writer, key);
    vo_json_number(writer, value);
}

void vo_json_put_integer(struct vo_json_writer *writer, const char *key, int64_t value)
{
    vo_json_key(writer, key);
    vo_json_integer(writer, value);
}

void vo_json_put_bool(struct vo_json_writer *writer, const char *key, bool value)
{
    vo_json_key(writer, key);
    vo_json_bool(writer, value);
}
