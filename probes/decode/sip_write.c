#include "probes/decode/sip_write.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What is written goes to `at` as long as it fits; `bad` is kept until the end. */
struct output {
    char *at;
    size_t left; /* the NUL has its place besides */
    bool bad;
};

#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS   "0123456789"
#define ALPHANUM LETTERS DIGITS
#define MARK     "-_.!~*'()"

/* RFC 3261 25.1. */
static const char token[] = ALPHANUM "-.!%*_+`'~";
static const char word[] = ALPHANUM "-.!%*_+`'~()<>:\\/[]?{}@";
static const char address[] = ALPHANUM "-.:[]";
static const char name[] = ALPHANUM "-.";
static const char address6[] = "0123456789abcdefABCDEF:.";
static const char user_part[] = ALPHANUM MARK "&=+$,;?/";
static const char uri[] = ALPHANUM MARK ";/?:@&=+$,%[]";

static void put_sized(struct output *out, const char *text, size_t size)
{
    if (out->bad || size > out->left) {
        out->bad = true;
        return;
    }
    memcpy(out->at, text, size);
    out->at += size;
    out->left -= size;
}

static void put(struct output *out, const char *text)
{
    put_sized(out, text, strlen(text));
}

/* A value that is not empty and holds nothing but these characters. */
static void put_of(struct output *out, const char *value, const char *characters)
{
    if (!value || !*value || value[strspn(value, characters)] != '\0')
        out->bad = true;
    else
        put(out, value);
}

/* A value that is one line: anything but control characters. */
static void put_line(struct output *out, const char *label, const char *value)
{
    if (!value)
        return;
    for (const char *at = value; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            out->bad = true;
    put(out, label);
    put(out, value);
    put(out, "\r\n");
}

static void put_number(struct output *out, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    put(out, text);
}

static size_t finish(struct output *out, char *to, size_t room)
{
    if (room == 0)
        return 0;
    *(out->bad ? to : out->at) = '\0';
    return out->bad ? 0 : (size_t)(out->at - to);
}

static struct output output_to(char *to, size_t room)
{
    return (struct output){to, room ? room - 1 : 0, room == 0};
}

static void put_start(struct output *out, const struct vo_sip_request *request)
{
    put_of(out, request->method, token);
    put(out, " ");
    put_of(out, request->uri, uri);
    put(out, " SIP/2.0\r\nVia: SIP/2.0/");
    put_of(out, request->transport, token);
    put(out, " ");
    put_of(out, request->sent_by, address);
    put(out, ";branch=z9hG4bK");
    put_of(out, request->branch, token);
    put(out, ";rport\r\nMax-Forwards: 70\r\n");
}

static void put_dialog(struct output *out, const struct vo_sip_request *request)
{
    put(out, "From: <");
    put_of(out, request->from, uri);
    put(out, ">;tag=");
    put_of(out, request->from_tag, token);
    put(out, "\r\nTo: <");
    put_of(out, request->to, uri);
    put(out, ">\r\nCall-ID: ");
    put_of(out, request->call_id, word);
    put(out, "\r\nCSeq: ");
    put_number(out, request->cseq);
    put(out, " ");
    put(out, request->method ? request->method : "");
    put(out, "\r\n");
    out->bad |= request->cseq > INT32_MAX;
}

size_t vo_sip_write_request(const struct vo_sip_request *request, char *to, size_t room)
{
    struct output out = output_to(to, room);
    put_start(&out, request);
    put_dialog(&out, request);
    if (request->contact) {
        put(&out, "Contact: <");
        put_of(&out, request->contact, uri);
        put(&out, ">\r\n");
    }
    if (request->expires >= 0) {
        put(&out, "Expires: ");
        put_number(&out, (uint64_t)request->expires);
        put(&out, "\r\n");
    }
    put_line(&out, "Authorization: ", request->authorization);
    put_line(&out, "Proxy-Authorization: ", request->proxy_authorization);
    put_line(&out, "User-Agent: ", request->user_agent);
    if (request->sdp)
        put(&out, "Content-Type: application/sdp\r\n");
    put(&out, "Content-Length: ");
    put_number(&out, request->sdp ? strlen(request->sdp) : 0);
    put(&out, "\r\n\r\n");
    put(&out, request->sdp ? request->sdp : "");
    return finish(&out, to, room);
}

static void put_user(struct output *out, const char *user)
{
    static const char digits[] = "0123456789ABCDEF";
    out->bad |= !*user;
    for (; *user; user++) {
        unsigned char c = (unsigned char)*user;
        if (c < ' ' || c == 0x7f)
            out->bad = true;
        char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};
        bool plain = strchr(user_part, c) != NULL;
        put_sized(out, plain ? user : escaped, plain ? 1 : sizeof escaped);
    }
    put(out, "@");
}

static void put_host(struct output *out, const char *host)
{
    char copy[256];
    size_t size = strcspn(host, "%");
    if (!strchr(host, ':')) {
        put_of(out, host, name);
        return;
    }
    bool brackets = host[0] == '[' && size > 2 && host[strlen(host) - 1] == ']';
    if (brackets) {
        host++;
        size = strcspn(host, "%]");
    }
    if (size >= sizeof copy) {
        out->bad = true;
        return;
    }
    memcpy(copy, host, size);
    copy[size] = '\0';
    put(out, "[");
    put_of(out, copy, address6);
    put(out, "]");
}

size_t vo_sip_write_uri(const char *user, const char *host, uint16_t port, const char *transport, char *to,
                        size_t room)
{
    struct output out = output_to(to, room);
    put(&out, "sip:");
    if (user)
        put_user(&out, user);
    put_host(&out, host);
    if (port) {
        put(&out, ":");
        put_number(&out, port);
    }
    if (transport) {
        put(&out, ";transport=");
        put_of(&out, transport, token);
    }
    return finish(&out, to, room);
}

size_t vo_sip_write_sdp(const char *host, uint16_t port, uint32_t session, char *to, size_t room)
{
    struct output out = output_to(to, room);
    char numeric[64];
    size_t size = strcspn(host, "%");
    const char *network = memchr(host, ':', size) ? "IN IP6 " : "IN IP4 ";
    if (size >= sizeof numeric)
        out.bad = true;
    snprintf(numeric, sizeof numeric, "%.*s", (int)(size < sizeof numeric ? size : 0), host);
    put(&out, "v=0\r\no=- ");
    put_number(&out, session);
    put(&out, " 1 ");
    put(&out, network);
    put_of(&out, numeric, address6);
    put(&out, "\r\ns=-\r\nc=");
    put(&out, network);
    put_of(&out, numeric, address6);
    put(&out, "\r\nt=0 0\r\nm=audio ");
    put_number(&out, port);
    put(&out, " RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n");
    return finish(&out, to, room);
}

void vo_sip_write_hex(const uint8_t *random, size_t size, char *to)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[random[i] >> 4];
        *to++ = digits[random[i] & 15];
    }
    *to = '\0';
}
