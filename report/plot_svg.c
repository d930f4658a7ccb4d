/* Cutting down gnuplot's SVG: only the elements and attributes listed here pass. */
#include "report/plot.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 64
#define NAME_SIZE 32

/* Elements that draw; what is between <defs>, <title> and <desc> tags is left out whole. */
static const char *const elements[] = {"g", "path", "polygon", "polyline", "line", "text"};
static const char *const hidden[] = {"defs", "title", "desc", "style", "script"};
static const char *const attributes[] = {"d",      "points",       "transform",       "x",
                                         "y",      "text-anchor",  "font-size",       "fill",
                                         "stroke", "stroke-width", "stroke-dasharray"};

struct cleaner {
    struct vo_out *out;
    struct {
        size_t start, content; /* where the group began in `out`, and where its content does */
    } groups[DEPTH_MAX];
    size_t depth;
    const char *skip; /* name of the hidden element that we are in */
    bool in_text;
};

static bool listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}
#define LISTED(names, name) listed((names), sizeof(names) / sizeof *(names), (name))

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == ':' || c == '_';
}

static const char *read_name(const char *at, const char *end, char *name)
{
    size_t size = 0;
    for (; at < end && is_name(*at); at++)
        if (size + 1 < NAME_SIZE)
            name[size++] = *at;
    name[size] = '\0';
    return at;
}

/* rgb(  5,   5,   5) is colour 5 of the page; black is the text's. */
static void write_value(struct vo_out *out, const char *value, size_t size)
{
    unsigned int red, green, blue;
    char copy[NAME_SIZE] = "";
    if (size < sizeof copy)
        memcpy(copy, value, size);
    if (sscanf(copy, "rgb( %3u, %3u, %3u )", &red, &green, &blue) == 3 && red == green && green == blue &&
        red < 10)
        vo_out_format(out, "var(--g%u)", red);
    else if (strcmp(copy, "black") == 0)
        vo_out_add(out, "currentColor");
    else
        for (size_t i = 0; i < size; i++)
            if (!strchr("\"'<>&", value[i]))
                vo_out_bytes(out, &value[i], 1);
}

static void write_attributes(struct vo_out *out, const char *at, const char *end)
{
    char name[NAME_SIZE];
    while (at < end) {
        while (at < end && !is_name(*at))
            at++;
        at = read_name(at, end, name);
        while (at < end && (*at == ' ' || *at == '='))
            at++;
        if (at >= end || (*at != '"' && *at != '\''))
            continue;
        const char *value = at + 1, *close = memchr(value, *at, (size_t)(end - value));
        if (!close)
            return;
        while (value < close && *value == ' ')
            value++;
        const char *last = close;
        while (last > value && last[-1] == ' ')
            last--;
        if (LISTED(attributes, name)) {
            vo_out_format(out, " %s=\"", name);
            write_value(out, value, (size_t)(last - value));
            vo_out_add(out, "\"");
        }
        at = close + 1;
    }
}

static void close_element(struct cleaner *cleaner, const char *name)
{
    struct vo_out *out = cleaner->out;
    if (strcmp(name, "text") == 0)
        cleaner->in_text = false;
    if (strcmp(name, "g") != 0) {
        vo_out_format(out, "</%s>", name);
        return;
    }
    if (cleaner->depth == 0)
        return;
    cleaner->depth--;
    if (!out->failed && out->size == cleaner->groups[cleaner->depth].content) {
        out->size = cleaner->groups[cleaner->depth].start; /* nothing in it: as if it had not been */
        out->data[out->size] = '\0';
    } else {
        vo_out_add(out, "</g>");
    }
}

/* `at` is behind '<', `end` at '>'. */
static void clean_tag(struct cleaner *cleaner, const char *at, const char *end)
{
    char name[NAME_SIZE];
    bool closing = at < end && *at == '/';
    bool alone = end > at && end[-1] == '/';
    const char *rest = read_name(at + closing, end, name);
    if (cleaner->skip) {
        if (closing && strcmp(name, cleaner->skip) == 0)
            cleaner->skip = NULL;
        return;
    }
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (!closing && !alone && strcmp(name, hidden[i]) == 0)
            cleaner->skip = hidden[i];
    if (!LISTED(elements, name) || (cleaner->depth == DEPTH_MAX && strcmp(name, "g") == 0))
        return;
    if (closing) {
        close_element(cleaner, name);
        return;
    }
    size_t start = cleaner->out->size;
    vo_out_format(cleaner->out, "<%s", name);
    write_attributes(cleaner->out, rest, alone ? end - 1 : end);
    vo_out_add(cleaner->out, alone ? "/>" : ">");
    if (strcmp(name, "text") == 0)
        cleaner->in_text = !alone;
    if (strcmp(name, "g") == 0 && !alone) {
        cleaner->groups[cleaner->depth].start = start;
        cleaner->groups[cleaner->depth++].content = cleaner->out->size;
    }
}

void vo_plot_clean(struct vo_out *out, const char *svg, size_t size)
{
    struct cleaner cleaner = {.out = out};
    const char *at = svg, *end = svg + size;
    while (at < end) {
        if (*at == '<') {
            const char *close = memchr(at, '>', (size_t)(end - at));
            if (!close)
                return;
            clean_tag(&cleaner, at + 1, close);
            at = close + 1;
            continue;
        }
        const char *next = memchr(at, '<', (size_t)(end - at));
        next = next ? next : end;
        if (cleaner.in_text && !cleaner.skip)
            vo_out_bytes(out, at, (size_t)(next - at));
        at = next;
    }
    while (cleaner.depth > 0)
        close_element(&cleaner, "g");
}
