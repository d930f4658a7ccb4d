#include "probes/reach/sip_compare.h"

#include <stdio.h>
#include <string.h>

struct line {
    const char *at;
    size_t size, name; /* without the line end; of what stands before the value */
    bool body, first;
};

struct text {
    const char *at, *end;
    bool begun, body;
};

/* The next line of a message; false: there is none. The empty line before the body is none of them. */
static bool next_line(struct text *text, struct line *line)
{
    for (;;) {
        if (text->at >= text->end)
            return false;
        const char *stop = memchr(text->at, '\n', (size_t)(text->end - text->at));
        const char *after = stop ? stop + 1 : text->end;
        *line =
            (struct line){text->at, (size_t)((stop ? stop : after) - text->at), 0, text->body, !text->begun};
        if (line->size > 0 && line->at[line->size - 1] == '\r')
            line->size--;
        text->at = after;
        text->begun = true;
        if (line->size > 0)
            break;
        text->body = true;
    }
    const char *colon = memchr(line->at, line->body ? '=' : ':', line->size);
    line->name = line->first ? 0 : colon ? (size_t)(colon - line->at) : line->size;
    return true;
}

static bool same_name(const struct line *one, const struct line *other)
{
    return one->body == other->body && one->first == other->first && one->name == other->name &&
           memcmp(one->at, other->at, one->name) == 0;
}

/* The `skip`th line after the first of that name. */
static bool find_line(struct text text, const struct line *like, unsigned skip, struct line *found)
{
    while (next_line(&text, found))
        if (same_name(found, like) && skip-- == 0)
            return true;
    return false;
}

/* How many lines of that name stand before it. */
static unsigned place_of(struct text text, const struct line *line)
{
    struct line other;
    unsigned count = 0;
    while (next_line(&text, &other) && other.at < line->at)
        count += same_name(&other, line);
    return count;
}

static void add_name(struct vo_sip_difference *difference, const char *name)
{
    size_t used = strlen(difference->what), size = strlen(name);
    for (const char *at = difference->what; (at = strstr(at, name)); at++)
        if ((at == difference->what || at[-1] == ' ') && (at[size] == ',' || at[size] == '\0'))
            return;
    snprintf(difference->what + used, sizeof difference->what - used, "%s%s", used ? ", " : "", name);
}

/* Lines go into records and to a terminal: no control characters, and plain ASCII. */
static void keep_line(char *to, size_t room, const struct line *line)
{
    size_t size = line->size < room ? line->size : room - 1;
    for (size_t i = 0; i < size; i++)
        to[i] = line->at[i] >= ' ' && line->at[i] < 0x7f ? line->at[i] : '?';
    to[size] = '\0';
}

/* `like` is a line of ours: its name is known. */
static void note(struct vo_sip_difference *difference, const struct line *like, const struct line *found)
{
    char name[48];
    if (like->first)
        snprintf(name, sizeof name, "request line");
    else
        snprintf(name, sizeof name, "%s%.*s%s", like->body ? "SDP " : "", (int)like->name, like->at,
                 like->body ? "=" : "");
    add_name(difference, name);
    if (difference->from[0])
        return;
    keep_line(difference->from, sizeof difference->from, like);
    if (found)
        keep_line(difference->to, sizeof difference->to, found);
}

bool vo_sip_compare(const char *sent, size_t sent_size, const uint8_t *got, size_t got_size,
                    struct vo_sip_difference *difference)
{
    const struct text ours = {sent, sent + sent_size, false, false};
    const struct text theirs = {(const char *)got, (const char *)got + got_size, false, false};
    struct text at = ours;
    struct line line, found;
    bool told = false;
    if (sent_size == got_size && memcmp(sent, got, sent_size) == 0)
        return false;
    while (next_line(&at, &line)) {
        bool there = find_line(theirs, &line, place_of(ours, &line), &found);
        if (there && found.size == line.size && memcmp(found.at, line.at, line.size) == 0)
            continue;
        note(difference, &line, there ? &found : NULL);
        told = true;
    }
    at = theirs;
    while (next_line(&at, &line))
        if (!find_line(ours, &line, place_of(theirs, &line), &found)) {
            add_name(difference, "further lines");
            told = true;
            break;
        }
    if (!told)
        add_name(difference, "line ends");
    return true;
}
