/*
 * The scanner behind vo_json_parse(): accepts exactly RFC 8259 (and a byte order mark before it, which some
 * editors write), and finds places in the text.
 *
 * cJSON, which builds the tree, reads more than JSON: control characters in strings, bytes that are not
 * UTF-8, numbers such as 01 or -.5. It cuts a string at \u0000, and says no place. So the text is scanned
 * first. Recursion is bounded by the limit of 64 levels.
 */
#ifndef VO_CORE_JSON_SCAN_H
#define VO_CORE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_JSON_NO_ITEM SIZE_MAX

struct vo_json_scan {
    const char *text;
    size_t size, at;
    size_t items;    /* values begun so far, in the order of the text */
    size_t wanted;   /* the value to find, or VO_JSON_NO_ITEM */
    size_t found;    /* where it begins: at its key if it has one */
    const char *why; /* after a failure, what is wrong at `at` */
};

/* Set text, size and wanted before. */
bool vo_json_scan_text(struct vo_json_scan *scan);
/* Size of the string at `at`, quotes included; 0 if there is none. */
size_t vo_json_scan_key(const char *text, size_t size, size_t at);
/* Line and column from 1; columns count characters, not bytes. */
void vo_json_scan_place(const char *text, size_t at, size_t *line, size_t *column);

#endif
