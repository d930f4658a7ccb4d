#include "probes/wlan/lines.h"

#include "core/utf8.h"

#include <stdio.h>
#include <string.h>

char *vo_lines_space(struct vo_lines *lines, size_t *room)
{
    *room = sizeof lines->bytes - lines->size;
    return lines->bytes + lines->size;
}

void vo_lines_add(struct vo_lines *lines, size_t came)
{
    lines->size += came;
    lines->ended |= came == 0;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static void write_text(const char *from, size_t size, char text[VO_LINE_TEXT])
{
    size_t used = 0;
    for (size_t at = 0; at < size && at < VO_LINE_MOST;) {
        size_t length = vo_utf8_length(from + at, size - at);
        unsigned char byte = (unsigned char)from[at];
        if (at + length > VO_LINE_MOST)
            break;
        if (length == 0 || byte < 0x20 || byte == 0x7f) {
            used += (size_t)snprintf(text + used, VO_LINE_TEXT - used, "\\x%02x", byte);
            at++;
            continue;
        }
        memcpy(text + used, from + at, length);
        used += length;
        at += length;
    }
    text[used] = '\0';
}

static void drop(struct vo_lines *lines, size_t size)
{
    memmove(lines->bytes, lines->bytes + size, lines->size - size);
    lines->size -= size;
}

/* The bytes of the next line, its end left out; false: it is not whole. */
static bool find(const struct vo_lines *lines, size_t *size, size_t *taken)
{
    const char *end = memchr(lines->bytes, '\n', lines->size);
    *size = end ? (size_t)(end - lines->bytes) : lines->size;
    *taken = *size + (end != NULL);
    return end || (lines->ended && lines->size) || lines->size == sizeof lines->bytes;
}

bool vo_lines_next(struct vo_lines *lines, char text[VO_LINE_TEXT])
{
    size_t size, taken;
    while (find(lines, &size, &taken)) {
        bool rest = lines->skipping;
        size_t begin = 0, end = size;
        lines->skipping = taken == size && !lines->ended;
        while (begin < end && is_space(lines->bytes[begin]))
            begin++;
        while (end > begin && is_space(lines->bytes[end - 1]))
            end--;
        if (!rest)
            write_text(lines->bytes + begin, end - begin, text);
        drop(lines, taken);
        if (!rest)
            return true;
    }
    return false;
}
