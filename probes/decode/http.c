#include "probes/decode/http.h"

#include "probes/decode/text.h"

void vo_http_begin(struct vo_http *http, bool head_only)
{
    memset(http, 0, sizeof *http);
    http->head_only = head_only;
}

static void fail(struct vo_http *http, enum vo_http_state state, const char *problem)
{
    http->state = state;
    http->problem = problem;
}

/* Copies printable ASCII; the rest becomes '?', for it goes into records. */
static void copy(char *to, size_t room, struct vo_span value)
{
    size_t size = value.size < room - 1 ? value.size : room - 1;
    for (size_t i = 0; i < size; i++)
        to[i] = value.at[i] >= ' ' && value.at[i] < 0x7f ? value.at[i] : '?';
    to[size] = '\0';
}

/* RFC 9112 4: HTTP/1.x SP 3DIGIT [SP reason]. */
static void take_status(struct vo_http *http, struct vo_span line)
{
    uint64_t status = 0;
    bool fits = line.size >= 12 && memcmp(line.at, "HTTP/1.", 7) == 0 && line.at[7] >= '0' &&
                line.at[7] <= '9' && line.at[8] == ' ' && (line.size == 12 || line.at[12] == ' ') &&
                vo_span_number((struct vo_span){line.at + 9, 3}, &status);
    if (!fits || status < 100 || status > 999) {
        fail(http, VO_HTTP_NOT, "its first line is no HTTP/1 status line");
        return;
    }
    http->minor = (unsigned)(line.at[7] - '0');
    http->status = (unsigned)status;
    http->step = VO_HTTP_FIELDS;
}

static bool has_token(struct vo_span list, const char *token)
{
    while (list.size > 0)
        if (vo_span_is(vo_span_trim(vo_span_cut(&list, ',')), token))
            return true;
    return false;
}

static void take_length(struct vo_http *http, struct vo_span value)
{
    uint64_t length = 0;
    if (!vo_span_number(value, &length) || length > INT64_MAX || (http->sized && length != http->left))
        fail(http, VO_HTTP_BROKEN, "its Content-Length is no number, or there are two");
    http->sized = true;
    http->left = length;
}

/* A coding other than chunked, or one after it, leaves the close as the only end (RFC 9112 6.3). */
static void take_coding(struct vo_http *http, struct vo_span value)
{
    http->coded = true;
    http->chunked = false;
    while (value.size > 0)
        http->chunked = vo_span_is(vo_span_trim(vo_span_cut(&value, ',')), "chunked");
}

static void take_upgrade(struct vo_http *http, struct vo_span value)
{
    http->upgrade_websocket = http->upgrade_websocket || has_token(value, "websocket");
}

static void take_connection(struct vo_http *http, struct vo_span value)
{
    http->connection_upgrade = http->connection_upgrade || has_token(value, "upgrade");
}

static void take_accept(struct vo_http *http, struct vo_span value)
{
    copy(http->accept, sizeof http->accept, value);
}

static void take_extra(struct vo_http *http, struct vo_span value)
{
    copy(http->extra, sizeof http->extra, value);
}

static void take_location(struct vo_http *http, struct vo_span value)
{
    copy(http->location, sizeof http->location, value);
}

static void take_server(struct vo_http *http, struct vo_span value)
{
    copy(http->server, sizeof http->server, value);
}

static const struct {
    const char *name;
    void (*take)(struct vo_http *http, struct vo_span value);
} fields[] = {
    {"Content-Length", take_length},
    {"Transfer-Encoding", take_coding},
    {"Upgrade", take_upgrade},
    {"Connection", take_connection},
    {"Sec-WebSocket-Accept", take_accept},
    {"Sec-WebSocket-Extensions", take_extra},
    {"Sec-WebSocket-Protocol", take_extra},
    {"Location", take_location},
    {"Server", take_server},
};

/* The end of a head: what of a body is to come (RFC 9112 6.3). */
static void begin_body(struct vo_http *http)
{
    if (http->status < 200 && http->status != 101) { /* an interim response: the next head */
        uint32_t head_size = http->head_size, headers = http->headers;
        uint8_t *body = http->body;
        size_t room = http->body_room;
        vo_http_begin(http, http->head_only);
        http->head_size = head_size;
        http->headers = headers;
        http->body = body;
        http->body_room = room;
        return;
    }
    bool none = http->head_only || http->status == 101 || http->status == 204 || http->status == 304;
    if (http->coded && http->sized)
        http->left = 0; /* the coding counts */
    http->step = http->chunked ? VO_HTTP_CHUNK : http->sized && !http->coded ? VO_HTTP_SIZED : VO_HTTP_REST;
    http->state = none || (http->step == VO_HTTP_SIZED && http->left == 0) ? VO_HTTP_DONE : VO_HTTP_BODY;
}

static void take_field(struct vo_http *http, struct vo_span line)
{
    if (line.size == 0) {
        begin_body(http);
        return;
    }
    if (++http->headers > VO_HTTP_HEADERS) {
        fail(http, VO_HTTP_BROKEN, "it has more than 100 headers");
        return;
    }
    if (line.at[0] == ' ' || line.at[0] == '\t')
        return; /* a folded value (RFC 9112 5.2); nothing needed here is folded by anybody */
    struct vo_span name = vo_span_cut(&line, ':');
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (vo_span_is(vo_span_trim(name), fields[i].name))
            fields[i].take(http, vo_span_trim(line));
}

/* RFC 9112 7.1: hexadecimal, and maybe extensions. */
static void take_chunk_size(struct vo_http *http, struct vo_span line)
{
    struct vo_span digits = vo_span_trim(vo_span_cut(&line, ';'));
    uint64_t size = 0;
    for (uint32_t i = 0; i < digits.size; i++) {
        char c = digits.at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;
        if (digit > 15 || size > INT64_MAX / 16) {
            digits.size = 0;
            break;
        }
        size = size * 16 + digit;
    }
    if (digits.size == 0) {
        fail(http, VO_HTTP_BROKEN, "a chunk of its body has no size");
        return;
    }
    http->left = size;
    http->step = size ? VO_HTTP_SIZED : VO_HTTP_TRAILER;
}

static void take_chunk_end(struct vo_http *http, struct vo_span line)
{
    if (line.size > 0)
        fail(http, VO_HTTP_BROKEN, "a chunk of its body is longer than its size");
    http->step = VO_HTTP_CHUNK;
}

static void take_trailer(struct vo_http *http, struct vo_span line)
{
    if (line.size == 0)
        http->state = VO_HTTP_DONE;
    else if (++http->headers > VO_HTTP_HEADERS)
        fail(http, VO_HTTP_BROKEN, "it has more than 100 headers");
}

static void take_line(struct vo_http *http)
{
    struct vo_span line = {http->line, http->line_size};
    if (line.size > 0 && line.at[line.size - 1] == '\r')
        line.size--;
    http->line_size = 0;
    switch (http->step) {
    case VO_HTTP_STATUS:
        take_status(http, line);
        break;
    case VO_HTTP_FIELDS:
        take_field(http, line);
        break;
    case VO_HTTP_CHUNK:
        take_chunk_size(http, line);
        break;
    case VO_HTTP_CHUNK_END:
        take_chunk_end(http, line);
        break;
    default:
        take_trailer(http, line);
        break;
    }
}

/* One byte of a line. Other protocols show before their first line ends. */
static void take_line_byte(struct vo_http *http, char c)
{
    static const char begin[] = "HTTP/1.";
    bool framing = http->step == VO_HTTP_CHUNK || http->step == VO_HTTP_CHUNK_END;
    if (!framing && ++http->head_size > VO_HTTP_HEAD_MAX) {
        fail(http, VO_HTTP_BROKEN, "its head does not end within 32 KiB");
        return;
    }
    if (http->step == VO_HTTP_STATUS && http->line_size < sizeof begin - 1 && c != begin[http->line_size]) {
        fail(http, VO_HTTP_NOT, "its first bytes are no HTTP/1 response");
        return;
    }
    if (c == '\n')
        take_line(http);
    else if (http->line_size == VO_HTTP_LINE_MAX)
        fail(http, VO_HTTP_BROKEN, "a line of it is longer than 4 KiB");
    else
        http->line[http->line_size++] = c;
}

static size_t take_body(struct vo_http *http, const uint8_t *data, size_t size)
{
    if (http->step == VO_HTTP_SIZED && size > http->left)
        size = (size_t)http->left;
    size_t room = http->body_room - http->body_kept;
    size_t kept = size < room ? size : room;
    if (kept > 0)
        memcpy(http->body + http->body_kept, data, kept);
    http->body_kept += kept;
    http->body_size += size;
    if (http->step == VO_HTTP_REST)
        return size;
    http->left -= size;
    if (http->left == 0 && http->chunked)
        http->step = VO_HTTP_CHUNK_END;
    else if (http->left == 0)
        http->state = VO_HTTP_DONE;
    return size;
}

size_t vo_http_feed(struct vo_http *http, const uint8_t *data, size_t size)
{
    enum vo_http_state before = http->state;
    size_t at = 0;
    while (at < size && http->state == before && (before == VO_HTTP_HEAD || before == VO_HTTP_BODY)) {
        if (http->step == VO_HTTP_SIZED || http->step == VO_HTTP_REST)
            at += take_body(http, data + at, size - at);
        else
            take_line_byte(http, (char)data[at++]);
    }
    return at;
}

void vo_http_end(struct vo_http *http)
{
    if (http->state == VO_HTTP_BODY && http->step == VO_HTTP_REST)
        http->state = VO_HTTP_DONE;
    else if (http->state == VO_HTTP_HEAD)
        fail(http, VO_HTTP_BROKEN,
             http->head_size ? "it was closed within the head" : "it was closed without a byte");
    else if (http->state == VO_HTTP_BODY)
        fail(http, VO_HTTP_BROKEN, "it was closed within the body");
}
