#include "probes/decode/sip.h"

#include "probes/decode/sip_parts.h"
#include "probes/decode/text.h"

#define METHOD_MAX 32 /* longer words do not begin a request */

static const char *const method_names[] = {
    [VO_SIP_UNKNOWN] = "unknown", [VO_SIP_INVITE] = "INVITE",
    [VO_SIP_ACK] = "ACK",         [VO_SIP_BYE] = "BYE",
    [VO_SIP_CANCEL] = "CANCEL",   [VO_SIP_REGISTER] = "REGISTER",
    [VO_SIP_OPTIONS] = "OPTIONS", [VO_SIP_PRACK] = "PRACK",
    [VO_SIP_UPDATE] = "UPDATE",   [VO_SIP_INFO] = "INFO",
    [VO_SIP_REFER] = "REFER",     [VO_SIP_SUBSCRIBE] = "SUBSCRIBE",
    [VO_SIP_NOTIFY] = "NOTIFY",   [VO_SIP_MESSAGE_METHOD] = "MESSAGE",
    [VO_SIP_PUBLISH] = "PUBLISH",
};
#define METHODS (sizeof method_names / sizeof *method_names)

const char *vo_sip_method_name(enum vo_sip_method method)
{
    return (size_t)method < METHODS ? method_names[method] : method_names[VO_SIP_UNKNOWN];
}

/* Methods are case-sensitive (RFC 3261 7.1). */
static enum vo_sip_method method_of(struct vo_span text)
{
    for (size_t i = VO_SIP_UNKNOWN + 1; i < METHODS; i++)
        if (text.size == strlen(method_names[i]) && memcmp(text.at, method_names[i], text.size) == 0)
            return (enum vo_sip_method)i;
    return VO_SIP_UNKNOWN;
}

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-.!%*_+`'~", c) != NULL);
}

/* How many bytes at the start are line ends and NULs: keep-alives, or what RFC 3261 7.5 says to skip. */
static uint32_t blank_prefix(const char *at, uint32_t size)
{
    uint32_t blank = 0;
    while (blank < size && (at[blank] == '\r' || at[blank] == '\n' || at[blank] == '\0'))
        blank++;
    return blank;
}

bool vo_sip_likely(const uint8_t *data, uint32_t size)
{
    struct vo_span text = {(const char *)data, size};
    while (text.size > 0 && (text.at[0] == '\r' || text.at[0] == '\n'))
        text = (struct vo_span){text.at + 1, text.size - 1};
    if (text.size < 4 || text.at[0] < 'A' || text.at[0] > 's')
        return false;
    if (vo_span_begins(text, "SIP/2.0"))
        return true;
    if (text.size > METHOD_MAX)
        text.size = METHOD_MAX;
    const char *space = memchr(text.at, ' ', text.size);
    return space && method_of(vo_span_between(text.at, space)) != VO_SIP_UNKNOWN;
}

/* Could these bytes, without a line end so far, grow into a start line? */
static bool may_become_sip(struct vo_span text)
{
    uint32_t at = 0;
    while (at < text.size && at <= METHOD_MAX && is_token(text.at[at]))
        at++;
    return at == text.size || (at > 0 && at <= METHOD_MAX && (text.at[at] == ' ' || text.at[at] == '/'));
}

/* ---- the start line ---- */

static enum vo_sip_result read_status_line(struct vo_span line, struct vo_sip *message)
{
    uint64_t status;
    if (!vo_span_is(vo_span_word(&line), "SIP/2.0"))
        return VO_SIP_MALFORMED;
    struct vo_span code = vo_span_word(&line);
    if (code.size != 3 || !vo_span_number(code, &status) || status < 100 || status > 699)
        return VO_SIP_MALFORMED;
    message->status = (uint16_t)status;
    message->reason = vo_span_trim(line);
    return VO_SIP_MESSAGE;
}

/* "METHOD URI SIP/2.0". The URI is what stands between the first and the last word, so that a stray space in
 * it does not cost the message. */
static enum vo_sip_result read_request_line(struct vo_span line, struct vo_sip *message)
{
    message->request = true;
    message->method_text = vo_span_cut(&line, ' ');
    if (message->method_text.size == 0 || message->method_text.size > METHOD_MAX)
        return VO_SIP_NOT;
    for (uint32_t i = 0; i < message->method_text.size; i++)
        if (!is_token(message->method_text.at[i]))
            return VO_SIP_NOT;
    message->method = method_of(message->method_text);
    line = vo_span_trim(line);
    const char *space = line.size ? memrchr(line.at, ' ', line.size) : NULL;
    struct vo_span version = space ? vo_span_between(space + 1, vo_span_end(line)) : line;
    if (!vo_span_begins(version, "SIP/")) {
        bool other = vo_span_begins(version, "HTTP/") || vo_span_begins(version, "RTSP/");
        return other || message->method == VO_SIP_UNKNOWN ? VO_SIP_NOT : VO_SIP_MALFORMED;
    }
    if (!space || !vo_span_is(version, "SIP/2.0"))
        return VO_SIP_MALFORMED;
    message->uri = vo_span_trim(vo_span_between(line.at, space));
    return message->uri.size ? VO_SIP_MESSAGE : VO_SIP_MALFORMED;
}

static enum vo_sip_result read_start_line(struct vo_span line, struct vo_sip *message)
{
    line = vo_span_trim(line);
    return vo_span_begins(line, "SIP/") ? read_status_line(line, message) : read_request_line(line, message);
}

/* ---- headers ---- */

static void read_from(struct vo_sip *message, struct vo_span value)
{
    struct vo_span parameters;
    message->from_uri = vo_sip_address(value, false, &parameters);
    message->from_tag = vo_sip_parameter(parameters, "tag");
}

static void read_to(struct vo_sip *message, struct vo_span value)
{
    struct vo_span parameters;
    message->to_uri = vo_sip_address(value, false, &parameters);
    message->to_tag = vo_sip_parameter(parameters, "tag");
}

static void read_contact(struct vo_sip *message, struct vo_span value)
{
    struct vo_span parameters;
    message->contact_uri = vo_sip_address(value, true, &parameters);
}

static void read_via(struct vo_sip *message, struct vo_span value)
{
    message->branch = vo_sip_parameter(value, "branch");
}

static void read_cseq(struct vo_sip *message, struct vo_span value)
{
    uint64_t number;
    if (!vo_span_number(vo_span_word(&value), &number) || number > UINT32_MAX)
        return;
    message->cseq = (uint32_t)number;
    message->cseq_method = method_of(vo_span_word(&value));
}

static void read_content_length(struct vo_sip *message, struct vo_span value)
{
    uint64_t number;
    if (vo_span_number(value, &number))
        message->content_length = number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

/* Of each the first one counts. A row without `read` keeps the value as it is, at `span` of struct vo_sip. */
static const struct header {
    const char *name;
    char compact; /* RFC 3261 7.3.3; 0: none */
    void (*read)(struct vo_sip *message, struct vo_span value);
    size_t span;
} headers[] = {
    {"Via", 'v', read_via, 0},
    {"From", 'f', read_from, 0},
    {"To", 't', read_to, 0},
    {"CSeq", 0, read_cseq, 0},
    {"Contact", 'm', read_contact, 0},
    {"Content-Length", 'l', read_content_length, 0},
    {"Call-ID", 'i', NULL, offsetof(struct vo_sip, call_id)},
    {"Content-Type", 'c', NULL, offsetof(struct vo_sip, content_type)},
    {"Content-Encoding", 'e', NULL, offsetof(struct vo_sip, content_encoding)},
    {"User-Agent", 0, NULL, offsetof(struct vo_sip, user_agent)},
    {"Server", 0, NULL, offsetof(struct vo_sip, user_agent)},
    {"Session-ID", 0, NULL, offsetof(struct vo_sip, session_id)},
    {"Reason", 0, NULL, offsetof(struct vo_sip, reason_header)},
};
#define HEADERS (sizeof headers / sizeof *headers)

static size_t find_header(struct vo_span name)
{
    for (size_t i = 0; i < HEADERS; i++) {
        if (name.size == 1 ? headers[i].compact == (name.at[0] | 0x20) : vo_span_is(name, headers[i].name))
            return i;
    }
    return HEADERS;
}

bool vo_sip_header(const struct vo_sip *message, const char *name, const char **at, struct vo_span *value)
{
    if (!message->head.at)
        return false;
    struct vo_span line;
    size_t row = find_header((struct vo_span){name, (uint32_t)strlen(name)});
    const char *end = vo_span_end(message->head);
    if (!*at)
        *at = message->head.at;
    while (vo_sip_line(at, end, &line)) {
        if (line.size == 0 || (*at == end && end[-1] != '\n'))
            break;
        struct vo_span found = vo_span_trim(vo_span_cut(&line, ':'));
        if (vo_span_is(found, name) || (row < HEADERS && find_header(found) == row)) {
            *value = vo_span_trim(line);
            return true;
        }
    }
    *at = end;
    return false;
}

static void read_header(struct vo_sip *message, struct vo_span line, unsigned *seen)
{
    struct vo_span value = line;
    struct vo_span name = vo_span_trim(vo_span_cut(&value, ':'));
    size_t row = find_header(name);
    if (row == HEADERS || *seen & 1u << row)
        return;
    *seen |= 1u << row;
    value = vo_span_trim(value);
    if (headers[row].read) {
        headers[row].read(message, value);
        return;
    }
    struct vo_span *span = (void *)((char *)message + headers[row].span);
    if (!span->at)
        *span = value;
}

/* Reads headers up to the blank line; false if there is none. *at ends behind what was read. A last line
 * without line end is left out: half of a Call-ID would be another call's. */
static bool read_headers(struct vo_sip *message, const char **at, const char *end)
{
    struct vo_span line;
    unsigned count = 0, seen = 0;
    while (vo_sip_line(at, end, &line)) {
        if (*at == end && end[-1] != '\n')
            break;
        if (line.size == 0)
            return true;
        if (++count <= VO_SIP_HEADERS)
            read_header(message, line, &seen);
        else
            message->truncated = true;
    }
    return false;
}

/* ---- the whole ---- */

/* Sets body and end of a message whose head ends at `at`; false if the body is not all there. */
static bool read_body(struct vo_sip *message, const char *at, const char *end, bool stream)
{
    uint64_t left = (uint64_t)(end - at), declared = stream ? 0 : left;
    if (message->content_length >= 0)
        declared = (uint64_t)message->content_length;
    uint64_t size = declared < left ? declared : left;
    message->size += (uint32_t)size;
    if (size > 0) {
        message->body = (struct vo_span){at, (uint32_t)size};
        message->sdp = vo_sip_find_sdp(message->content_type, message->content_encoding, message->body);
    }
    return declared <= left;
}

enum vo_sip_result vo_sip_decode(const uint8_t *data, uint32_t size, bool stream, struct vo_sip *message)
{
    memset(message, 0, sizeof *message);
    message->content_length = -1;
    uint32_t available = stream && size > VO_SIP_MESSAGE_MAX ? VO_SIP_MESSAGE_MAX : size;
    bool may_grow = stream && size < VO_SIP_MESSAGE_MAX;
    if (size == 0)
        return stream ? VO_SIP_INCOMPLETE : VO_SIP_NOT;
    const char *start = (const char *)data, *end = start + available;
    const char *at = start + blank_prefix(start, available);
    if (at == end) {
        message->size = available;
        return VO_SIP_KEEPALIVE;
    }
    struct vo_span line = vo_span_between(at, end);
    if (!is_token(*at))
        return VO_SIP_NOT;
    if (may_grow && !memchr(line.at, '\n', line.size))
        return may_become_sip(line) ? VO_SIP_INCOMPLETE : VO_SIP_NOT;
    vo_sip_line(&at, end, &line);
    enum vo_sip_result result = read_start_line(line, message);
    if (result != VO_SIP_MESSAGE)
        return result;
    const char *head = at;
    bool whole = read_headers(message, &at, end);
    message->head = vo_span_between(head, at);
    message->size = (uint32_t)(at - start);
    if (whole)
        whole = read_body(message, at, end, stream);
    if (!whole && may_grow)
        return VO_SIP_INCOMPLETE;
    message->truncated |= !whole;
    if (!message->request)
        message->method = message->cseq_method;
    return VO_SIP_MESSAGE;
}
