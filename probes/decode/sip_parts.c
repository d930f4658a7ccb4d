#include "probes/decode/sip_parts.h"

#include "probes/decode/text.h"

#define NESTING      3  /* multipart in multipart; RFC 5621 wants one */
#define BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */

bool vo_sip_line(const char **at, const char *end, struct vo_span *line)
{
    const char *start = *at, *stop = NULL, *next = start;
    if (start == end)
        return false;
    do {
        stop = memchr(next, '\n', (size_t)(end - next));
        next = stop ? stop + 1 : end;
        if (!stop)
            stop = end;
        if (stop == start || (stop == start + 1 && *start == '\r'))
            break; /* blank: what follows is the body, however it begins */
    } while (next < end && (*next == ' ' || *next == '\t'));
    *at = next;
    if (stop > start && stop[-1] == '\r')
        stop--;
    *line = vo_span_between(start, stop);
    return true;
}

const char *vo_sip_closing_quote(const char *quote, const char *end)
{
    for (const char *at = quote + 1; at < end; at++) {
        if (*at == '"')
            return at;
        if (*at == '\\')
            at++;
    }
    return NULL;
}

/* The end of the parameter at `at`: a semicolon or comma outside quotes. An open quote takes all that is
 * left. */
static const char *parameter_end(const char *at, const char *end)
{
    for (; at < end && *at != ';' && *at != ','; at++) {
        if (*at != '"')
            continue;
        at = vo_sip_closing_quote(at, end);
        if (!at)
            return end;
    }
    return at;
}

struct vo_span vo_sip_parameter(struct vo_span text, const char *name)
{
    const char *end = vo_span_end(text);
    for (const char *at = text.at; at < end; at++) {
        const char *stop = parameter_end(at, end);
        struct vo_span value = vo_span_between(at, stop);
        if (vo_span_is(vo_span_trim(vo_span_cut(&value, '=')), name)) {
            value = vo_span_trim(value);
            if (value.size >= 2 && value.at[0] == '"' && value.at[value.size - 1] == '"')
                value = (struct vo_span){value.at + 1, value.size - 2};
            return value;
        }
        if (stop < end && *stop == ',')
            break;
        at = stop;
    }
    return (struct vo_span){NULL, 0};
}

struct vo_span vo_sip_address(struct vo_span value, bool list, struct vo_span *parameters)
{
    const char *end = vo_span_end(value), *semicolon = NULL;
    bool quotes = true;
    for (const char *at = value.at; at < end; at++) {
        if (*at == '"' && quotes) {
            const char *close = vo_sip_closing_quote(at, end);
            quotes = close != NULL;
            at = close ? close : at;
        } else if (*at == '<') {
            const char *close = memchr(at, '>', (size_t)(end - at));
            *parameters = vo_span_between(close ? close + 1 : end, end);
            return vo_span_trim(vo_span_between(at + 1, close ? close : end));
        } else if (*at == ';' && !semicolon) {
            semicolon = at;
        } else if (*at == ',' && list) {
            end = at;
        }
    }
    const char *stop = semicolon ? semicolon : end;
    *parameters = vo_span_between(stop, end);
    return vo_span_trim(vo_span_between(value.at, stop));
}

/* Is the boundary at `found` a delimiter: two dashes before it at the start of a line, nothing else behind
 * it? */
static bool is_delimiter(struct vo_span body, const char *found, uint32_t size)
{
    const char *dashes = found - 2, *behind = found + size;
    if (found - body.at < 2 || dashes[0] != '-' || dashes[1] != '-' ||
        (dashes != body.at && dashes[-1] != '\n'))
        return false;
    return behind == vo_span_end(body) || vo_is_space(*behind) || *behind == '-';
}

/* Finds the next "--boundary" that begins a line. False if there is none. */
static bool find_delimiter(struct vo_span body, const char *from, struct vo_span boundary,
                           struct vo_span *delimiter)
{
    const char *end = vo_span_end(body);
    while (from < end) {
        const char *found = memmem(from, (size_t)(end - from), boundary.at, boundary.size);
        if (!found)
            return false;
        if (is_delimiter(body, found, boundary.size)) {
            *delimiter = (struct vo_span){found - 2, boundary.size + 2};
            return true;
        }
        from = found + 1;
    }
    return false;
}

static struct vo_span find_sdp(struct vo_span type, struct vo_span encoding, struct vo_span body, int depth);

static struct vo_span find_sdp_in_part(struct vo_span part, int depth)
{
    struct vo_span type = {"text/plain", 10}, encoding = {NULL, 0}, line; /* RFC 2046 5.1: the default */
    const char *at = part.at, *end = vo_span_end(part);
    while (vo_sip_line(&at, end, &line) && line.size > 0) {
        struct vo_span name = vo_span_trim(vo_span_cut(&line, ':')), value = vo_span_trim(line);
        if (vo_span_is(name, "Content-Type") || vo_span_is(name, "c"))
            type = value;
        else if (vo_span_is(name, "Content-Encoding") || vo_span_is(name, "Content-Transfer-Encoding"))
            encoding = value;
    }
    return find_sdp(type, encoding, vo_span_between(at, end), depth);
}

static struct vo_span find_sdp_in_parts(struct vo_span boundary, struct vo_span body, int depth)
{
    struct vo_span delimiter, next, sdp = {NULL, 0};
    bool more = find_delimiter(body, body.at, boundary, &delimiter);
    while (more && !sdp.at) {
        const char *end = vo_span_end(body), *start = vo_span_end(delimiter);
        if (end - start >= 2 && start[0] == '-' && start[1] == '-')
            break;
        struct vo_span skipped;
        if (!vo_sip_line(&start, end, &skipped))
            break;
        more = find_delimiter(body, start, boundary, &next);
        if (more)
            end = next.at > start && next.at[-1] == '\n' ? next.at - 1 : next.at;
        if (end > start && end[-1] == '\r')
            end--;
        sdp = find_sdp_in_part(vo_span_between(start, end), depth);
        delimiter = next;
    }
    return sdp;
}

/* Not compressed and not base64. */
static bool is_readable(struct vo_span encoding)
{
    return !encoding.at || vo_span_is(encoding, "identity") || vo_span_is(encoding, "binary") ||
           vo_span_is(encoding, "8bit") || vo_span_is(encoding, "7bit") || encoding.size == 0;
}

static struct vo_span find_sdp(struct vo_span type, struct vo_span encoding, struct vo_span body, int depth)
{
    const struct vo_span none = {NULL, 0};
    if (body.size == 0 || !is_readable(encoding))
        return none;
    if (!type.at) /* some senders leave the type out */
        return vo_span_begins(body, "v=0") ? body : none;
    struct vo_span parameters = type;
    struct vo_span name = vo_span_trim(vo_span_cut(&parameters, ';'));
    if (vo_span_is(name, "application/sdp"))
        return body;
    if (!vo_span_begins(name, "multipart/") || depth == NESTING)
        return none;
    struct vo_span boundary = vo_sip_parameter(parameters, "boundary");
    if (boundary.size == 0 || boundary.size > BOUNDARY_MAX)
        return none;
    return find_sdp_in_parts(boundary, body, depth + 1);
}

struct vo_span vo_sip_find_sdp(struct vo_span type, struct vo_span encoding, struct vo_span body)
{
    return find_sdp(type, encoding, body, 0);
}
