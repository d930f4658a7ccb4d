#include "report/out.h"

#include "core/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

void vo_out_release(struct vo_out *out)
{
    free(out->data);
    *out = (struct vo_out){0};
}

void vo_out_end_part(struct vo_out *whole, struct vo_out *part)
{
    whole->failed = whole->failed || part->failed;
    vo_out_release(part);
}

/* Makes room for `more` bytes and a NUL. */
static bool reserve(struct vo_out *out, size_t more)
{
    if (out->failed)
        return false;
    size_t need = out->size + more + 1;
    if (need <= out->capacity)
        return true;
    size_t capacity = out->capacity ? out->capacity : 4096;
    while (capacity < need)
        capacity *= 2;
    char *data = realloc(out->data, capacity);
    if (!data) {
        out->failed = true;
        return false;
    }
    out->data = data;
    out->capacity = capacity;
    return true;
}

void vo_out_bytes(struct vo_out *out, const char *bytes, size_t size)
{
    if (!reserve(out, size))
        return;
    memcpy(out->data + out->size, bytes, size);
    out->size += size;
    out->data[out->size] = '\0';
}

void vo_out_add(struct vo_out *out, const char *text)
{
    if (text)
        vo_out_bytes(out, text, strlen(text));
}

void vo_out_format(struct vo_out *out, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size >= 0 && reserve(out, (size_t)size)) {
        vsnprintf(out->data + out->size, (size_t)size + 1, format, again);
        out->size += (size_t)size;
    }
    va_end(again);
}

void vo_out_repeat(struct vo_out *out, const char *text, size_t times)
{
    while (times-- > 0)
        vo_out_add(out, text);
}

size_t vo_out_decode(const char *text, uint32_t *code)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t size = vo_utf8_length(text, strnlen(text, 4));
    if (size <= 1) {
        *code = size ? byte[0] : 0xFFFD;
        return 1;
    }
    *code = byte[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++)
        *code = *code << 6 | (byte[i] & 0x3Fu);
    return size;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

/* Marks, embeddings, overrides and isolates of writing direction; line and paragraph separators. They could
 * make a name read as another one. */
static bool is_deceptive(uint32_t code)
{
    return code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

static const char *markup_entity(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* `bad` stands for a character that must not be shown. */
static void add_safely(struct vo_out *out, const char *text, bool markup, const char *bad)
{
    while (text && *text) {
        uint32_t code;
        size_t size = vo_out_decode(text, &code);
        const char *entity = markup ? markup_entity(code) : NULL;
        if (entity)
            vo_out_add(out, entity);
        else if (code == '\n' || code == '\t' || code == '\r')
            vo_out_bytes(out, " ", 1);
        else if (is_control(code) || is_deceptive(code))
            vo_out_add(out, bad);
        else if (code == 0xFFFD || code == 0xFFFE || code == 0xFFFF)
            vo_out_add(out, REPLACEMENT);
        else
            vo_out_bytes(out, text, size);
        text += size;
    }
}

void vo_out_html(struct vo_out *out, const char *text)
{
    add_safely(out, text, true, REPLACEMENT);
}

void vo_out_xml(struct vo_out *out, const char *text)
{
    add_safely(out, text, true, "");
}

void vo_out_plain(struct vo_out *out, const char *text)
{
    add_safely(out, text, false, REPLACEMENT);
}

/* Unicode 15, annex 11 (East Asian width W and F) and general categories Mn and Cf, in blocks. */
size_t vo_out_columns(uint32_t code)
{
    static const struct {
        uint32_t first, last;
        size_t columns;
    } blocks[] = {
        {0x0300, 0x036F, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05BD, 0},   {0x0610, 0x061A, 0},
        {0x064B, 0x065F, 0},   {0x1100, 0x115F, 2},   {0x1AB0, 0x1AFF, 0},   {0x1DC0, 0x1DFF, 0},
        {0x200B, 0x200D, 0},   {0x20D0, 0x20FF, 0},   {0x2E80, 0x303E, 2},   {0x3041, 0x33FF, 2},
        {0x3400, 0x4DBF, 2},   {0x4E00, 0x9FFF, 2},   {0xA000, 0xA4CF, 2},   {0xA960, 0xA97F, 2},
        {0xAC00, 0xD7A3, 2},   {0xF900, 0xFAFF, 2},   {0xFE00, 0xFE0F, 0},   {0xFE20, 0xFE2F, 0},
        {0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},   {0x1F300, 0x1F64F, 2},
        {0x1F680, 0x1F6FF, 2}, {0x1F900, 0x1FAFF, 2}, {0x20000, 0x3FFFD, 2}, {0xE0000, 0xE01EF, 0},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (code >= blocks[i].first && code <= blocks[i].last)
            return blocks[i].columns;
    return 1;
}

size_t vo_out_width(const char *text)
{
    size_t width = 0;
    uint32_t code;
    while (text && *text) {
        text += vo_out_decode(text, &code);
        width += vo_out_columns(code);
    }
    return width;
}
