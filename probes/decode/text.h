/*
 * Spans of text inside a packet, as SIP and SDP need them. Nothing is copied; all comparison is of ASCII
 * without case.
 */
#ifndef VO_PROBES_DECODE_TEXT_H
#define VO_PROBES_DECODE_TEXT_H

#include "probes/decode/bytes.h"

#include <stddef.h>
#include <strings.h>

static inline struct vo_span vo_span_between(const char *at, const char *end)
{
    return (struct vo_span){at, (uint32_t)(end - at)};
}

static inline const char *vo_span_end(struct vo_span span)
{
    return span.at + span.size;
}

/* Line ends count: a folded header has them inside. */
static inline bool vo_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline struct vo_span vo_span_trim(struct vo_span span)
{
    while (span.size > 0 && vo_is_space(span.at[0])) {
        span.at++;
        span.size--;
    }
    while (span.size > 0 && vo_is_space(span.at[span.size - 1]))
        span.size--;
    return span;
}

static inline bool vo_span_is(struct vo_span span, const char *text)
{
    return span.size == strlen(text) && strncasecmp(span.at, text, span.size) == 0;
}

static inline bool vo_span_begins(struct vo_span span, const char *text)
{
    size_t size = strlen(text);
    return span.size >= size && strncasecmp(span.at, text, size) == 0;
}

/* Cuts off and returns what stands before the first `mark`; all of it when there is none. */
static inline struct vo_span vo_span_cut(struct vo_span *rest, char mark)
{
    const char *end = vo_span_end(*rest);
    const char *found = rest->size ? memchr(rest->at, mark, rest->size) : NULL;
    struct vo_span head = vo_span_between(rest->at, found ? found : end);
    *rest = vo_span_between(found ? found + 1 : end, end);
    return head;
}

/* Cuts off and returns the next word, without the space around it; empty at the end. */
static inline struct vo_span vo_span_word(struct vo_span *rest)
{
    const char *at = rest->at, *end = vo_span_end(*rest);
    while (at < end && vo_is_space(*at))
        at++;
    const char *start = at;
    while (at < end && !vo_is_space(*at))
        at++;
    *rest = vo_span_between(at, end);
    return vo_span_between(start, at);
}

/* False unless all of it is decimal digits. A value too large for 64 bits becomes UINT64_MAX. */
static inline bool vo_span_number(struct vo_span span, uint64_t *value)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < span.size; i++) {
        unsigned digit = (unsigned char)span.at[i] - (unsigned)'0';
        if (digit > 9)
            return false;
        number = number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : number * 10 + digit;
    }
    *value = number;
    return span.size > 0;
}

#endif
