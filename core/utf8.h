/*
 * UTF-8 (RFC 3629): how long the character at a place is, and whether it is one.
 */
#ifndef VO_CORE_UTF8_H
#define VO_CORE_UTF8_H

#include <stddef.h>

/* Bytes (1 to 4) of the well-formed character that `text` begins with; 0 if the `size` bytes begin with none.
 * Overlong forms, surrogates and what lies past U+10FFFF are not well-formed. */
size_t vo_utf8_length(const char *text, size_t size);

#endif
