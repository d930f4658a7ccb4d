/*
 * Lines that a person or a program writes, as they come in pieces: names of places, readings of a phone.
 *
 * A line is text without its end and without spaces at both ends. Bytes that are no UTF-8, and control
 * characters, are written as \xNN, so that no name is lost or taken for another. A line of more than
 * VO_LINE_MOST bytes is cut behind a whole character; what follows up to its end is dropped.
 */
#ifndef VO_PROBES_WLAN_LINES_H
#define VO_PROBES_WLAN_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum { VO_LINE_MOST = 200, VO_LINE_TEXT = 4 * VO_LINE_MOST + 1, VO_LINES_ROOM = 4096 };

/* A zeroed struct is empty. */
struct vo_lines {
    char bytes[VO_LINES_ROOM];
    size_t size;
    bool ended;    /* nothing more comes */
    bool skipping; /* the rest of a line that was too long */
};

/* Where to read more to, and how much of it; vo_lines_add() says how much came, 0: that was the end. */
char *vo_lines_space(struct vo_lines *lines, size_t *room);
void vo_lines_add(struct vo_lines *lines, size_t came);
/* Takes the next line; false: none is whole yet, or (lines->ended) there are no more. */
bool vo_lines_next(struct vo_lines *lines, char text[VO_LINE_TEXT]);

#endif
