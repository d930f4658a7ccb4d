/*
 * A scripted SIP peer on loopback for test_check_sip.c: a UDP socket or a TCP listener on the loop of the
 * check itself, so that nothing runs beside it. What comes is counted and handed to the script; a registrar
 * that checks digests with its own arithmetic is one of the scripts.
 */
#ifndef VO_TESTS_SIP_PEER_H
#define VO_TESTS_SIP_PEER_H

#include "probes/decode/sip_response.h"
#include "probes/io/loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PASSWORD "correct horse"
#define TIMES    32

struct peer;
typedef void script(struct peer *peer, const struct vo_sip *request);

struct registrar {
    const char *challenges[3];   /* header lines with a %s for the nonce; none: it does not challenge */
    const char *algorithm;       /* that it expects: OpenSSL's name */
    const char *info;            /* "right", "wrong", "old" or NULL: no Authentication-Info */
    const char *next_nonce;      /* told with it */
    const char *granted;         /* headers of the 200, with a %s for the contact; NULL: expires=600 */
    unsigned stale;              /* how many times credentials are good but too old */
    unsigned min_expires, final; /* 0: none; `final` is the answer to credentials */
    bool silent, silent_to_credentials, silent_to_unregister, proxy_too;
};

struct peer {
    struct vo_loop *loop;
    script *script;
    const char *text; /* what the script may send */
    struct registrar registrar;
    bool tcp;
    int listener, fd;
    struct vo_watch listening, reading;
    struct vo_timer drip; /* the rest of what is sent: `step` bytes every `pause` */
    char *rest;
    size_t rest_size, rest_at, step;
    vo_time pause;
    struct sockaddr_storage address, from;
    /* what was seen */
    unsigned options, registers, times_count;
    vo_time times[TIMES];
    bool bound, ever_bound;
    int64_t expires_asked;
    char contact[256], nonce[64], authorization[2048], last[8192];
    unsigned nonces;
    char buffer[65536];
    size_t used;
};

static inline void peer_send(struct peer *peer, const char *data, size_t size)
{
    if (!peer->tcp)
        sendto(peer->fd, data, size, 0, (struct sockaddr *)&peer->from, sizeof peer->from);
    else
        send(peer->fd, data, size, MSG_NOSIGNAL);
}

static inline void peer_drip_due(void *context)
{
    struct peer *peer = context;
    size_t left = peer->rest_size - peer->rest_at, part = left < peer->step ? left : peer->step;
    peer_send(peer, peer->rest + peer->rest_at, part);
    peer->rest_at += part;
    if (peer->rest_at < peer->rest_size)
        vo_loop_set(peer->loop, &peer->drip, vo_clock_monotonic() + peer->pause);
}

/* Sends in parts, each of which is read before the next one goes. */
static inline void peer_drip(struct peer *peer, const char *data, size_t size, size_t step, vo_time pause)
{
    free(peer->rest);
    peer->rest = malloc(size);
    assert_non_null(peer->rest);
    memcpy(peer->rest, data, size);
    peer->rest_size = size;
    peer->rest_at = 0;
    peer->step = step;
    peer->pause = pause;
    peer->drip = (struct vo_timer){.due = peer_drip_due, .context = peer};
    vo_loop_set(peer->loop, &peer->drip, vo_clock_monotonic());
}

static inline size_t put_header(const struct vo_sip *request, const char *name, char *to, size_t room)
{
    const char *at = NULL;
    struct vo_span value;
    if (!vo_sip_header(request, name, &at, &value))
        return 0;
    return (size_t)snprintf(to, room, "%s: %.*s\r\n", name, (int)value.size, value.at);
}

/* A response to `request`; `headers` are whole lines, or NULL. */
static inline size_t make_response(const struct vo_sip *request, const char *status, const char *headers,
                                   char *to, size_t room)
{
    static const char *const copied[] = {"Via", "From", "To", "Call-ID", "CSeq"};
    size_t size = (size_t)snprintf(to, room, "SIP/2.0 %s\r\n", status);
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        size += put_header(request, copied[i], to + size, room - size);
    size += (size_t)snprintf(to + size, room - size, "%sContent-Length: 0\r\n\r\n", headers ? headers : "");
    assert_true(size < room);
    return size;
}

static inline void respond(struct peer *peer, const struct vo_sip *request, const char *status,
                           const char *headers)
{
    char text[8192];
    size_t size = make_response(request, status, headers, text, sizeof text);
    peer_send(peer, text, size);
}

/* ---- the registrar ---- */

__attribute__((format(printf, 3, 4))) static inline char *hash_text(const char *algorithm, char *hex,
                                                                    const char *format, ...)
{
    char text[2048];
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert_true(length >= 0 && (size_t)length < sizeof text);
    assert_int_equal(EVP_Digest(text, (size_t)length, bytes, &size, EVP_get_digestbyname(algorithm), NULL),
                     1);
    for (unsigned i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    return hex;
}

static inline const char *parameter(struct vo_span value, const char *name, char *to, size_t room)
{
    struct vo_span found = vo_sip_auth_parameter(value, name);
    snprintf(to, room, "%.*s", (int)found.size, found.at ? found.at : "");
    return to;
}

/* The response that the credentials must have; method "" gives rspauth. */
static inline void expected_response(const struct peer *peer, struct vo_span value, const char *method,
                                     char *hex)
{
    const char *algorithm = peer->registrar.algorithm;
    char a1[130], a2[130], user[64], realm[64], nonce[64], nc[16], cnonce[80], uri[256];
    hash_text(algorithm, a1, "%s:%s:%s", parameter(value, "username", user, sizeof user),
              parameter(value, "realm", realm, sizeof realm), PASSWORD);
    hash_text(algorithm, a2, "%s:%s", method, parameter(value, "uri", uri, sizeof uri));
    hash_text(algorithm, hex, "%s:%s:%s:%s:auth:%s", a1, parameter(value, "nonce", nonce, sizeof nonce),
              parameter(value, "nc", nc, sizeof nc), parameter(value, "cnonce", cnonce, sizeof cnonce), a2);
}

static inline void challenge(struct peer *peer, const struct vo_sip *request, bool proxy, bool stale)
{
    char headers[2048] = "", line[512];
    snprintf(peer->nonce, sizeof peer->nonce, "nonce%u", ++peer->nonces);
    for (size_t i = 0; i < 3 && peer->registrar.challenges[i]; i++) {
        size_t used = strlen(headers);
        snprintf(line, sizeof line, peer->registrar.challenges[i], peer->nonce);
        snprintf(headers + used, sizeof headers - used, "%s-Authenticate: %s%s\r\n", proxy ? "Proxy" : "WWW",
                 line, stale ? ", stale=true" : "");
    }
    respond(peer, request, proxy ? "407 Proxy Authentication Required" : "401 Unauthorized", headers);
}

static inline bool has_credentials(struct peer *peer, const struct vo_sip *request, const char *header,
                                   struct vo_span *value)
{
    const char *at = NULL;
    char hex[130], text[130];
    if (!vo_sip_header(request, header, &at, value))
        return false;
    snprintf(peer->authorization, sizeof peer->authorization, "%.*s", (int)value->size, value->at);
    assert_true(value->size > 7 && memcmp(value->at, "Digest ", 7) == 0);
    *value = (struct vo_span){value->at + 7, value->size - 7};
    expected_response(peer, *value, "REGISTER", hex);
    return strcmp(parameter(*value, "response", text, sizeof text), hex) == 0;
}

static inline void bind_contact(struct peer *peer, const struct vo_sip *request, struct vo_span credentials)
{
    char headers[2048] = "", lines[1024], hex[130] = "", nc[16], cnonce[80];
    const struct registrar *registrar = &peer->registrar;
    snprintf(peer->contact, sizeof peer->contact, "%.*s", (int)request->contact_uri.size,
             request->contact_uri.at);
    peer->bound = peer->expires_asked > 0;
    peer->ever_bound |= peer->bound;
    const char *granted = registrar->granted ? registrar->granted : "Contact: <%s>;expires=600\r\n";
    if (peer->bound)
        snprintf(headers, sizeof headers, granted, peer->contact);
    if (registrar->info && credentials.at) {
        expected_response(peer, credentials, "", hex);
        if (strcmp(registrar->info, "wrong") == 0)
            hex[0] = hex[0] == '0' ? '1' : '0';
        snprintf(lines, sizeof lines,
                 "Authentication-Info: qop=auth, rspauth=\"%s\", nc=%s, cnonce=\"%s\"%s%s%s\r\n", hex,
                 parameter(credentials, "nc", nc, sizeof nc),
                 parameter(credentials, "cnonce", cnonce, sizeof cnonce),
                 registrar->next_nonce ? ", nextnonce=\"" : "",
                 registrar->next_nonce ? registrar->next_nonce : "", registrar->next_nonce ? "\"" : "");
        size_t used = strlen(headers);
        snprintf(headers + used, sizeof headers - used, "%s", lines);
    }
    if (registrar->next_nonce)
        snprintf(peer->nonce, sizeof peer->nonce, "%s", registrar->next_nonce);
    respond(peer, request, "200 OK", headers);
}

static inline void serve_register(struct peer *peer, const struct vo_sip *request)
{
    struct registrar *registrar = &peer->registrar;
    struct vo_span value = {NULL, 0};
    char text[64], nonce[64];
    peer->expires_asked = vo_sip_seconds(request, "Expires");
    if (registrar->silent || (registrar->silent_to_unregister && peer->expires_asked == 0))
        return;
    if (registrar->proxy_too && !has_credentials(peer, request, "Proxy-Authorization", &value)) {
        challenge(peer, request, true, false);
        return;
    }
    if (registrar->challenges[0]) {
        bool good = has_credentials(peer, request, "Authorization", &value);
        if (!value.at || strstr(peer->last, "\r\nAuthorization:") == NULL) {
            challenge(peer, request, false, false);
            return;
        }
        if (registrar->silent_to_credentials && peer->expires_asked > 0) {
            peer->bound = peer->ever_bound = true; /* and the answer is lost */
            return;
        }
        bool current = strcmp(parameter(value, "nonce", nonce, sizeof nonce), peer->nonce) == 0;
        if (good && (registrar->stale || !current)) {
            registrar->stale -= registrar->stale > 0;
            challenge(peer, request, false, true);
            return;
        }
        if (!good) {
            challenge(peer, request, false, false);
            return;
        }
    }
    if (registrar->min_expires && peer->expires_asked > 0 && peer->expires_asked < registrar->min_expires) {
        snprintf(text, sizeof text, "Min-Expires: %u\r\n", registrar->min_expires);
        respond(peer, request, "423 Interval Too Brief", text);
    } else if (registrar->final) {
        snprintf(text, sizeof text, "%u Because", registrar->final);
        respond(peer, request, text, registrar->final < 400 ? "Contact: <sip:else@192.0.2.77>\r\n" : NULL);
    } else {
        bind_contact(peer, request, value);
    }
}

/* OPTIONS gets 200, REGISTER goes to the registrar. */
static inline void serve(struct peer *peer, const struct vo_sip *request)
{
    if (request->method == VO_SIP_REGISTER)
        serve_register(peer, request);
    else
        respond(peer, request, "200 OK", "Server: peer/1\r\nAllow: OPTIONS,REGISTER\r\n");
}

/* ---- sockets ---- */

static inline void peer_take(struct peer *peer, const struct vo_sip *request)
{
    snprintf(peer->last, sizeof peer->last, "%.*s", (int)request->size, peer->buffer);
    if (peer->times_count < TIMES)
        peer->times[peer->times_count++] = vo_clock_monotonic();
    peer->options += request->method == VO_SIP_OPTIONS;
    peer->registers += request->method == VO_SIP_REGISTER;
    if (peer->script)
        peer->script(peer, request);
}

static inline void peer_readable(void *context, uint32_t events)
{
    struct peer *peer = context;
    socklen_t size = sizeof peer->from;
    struct vo_sip request;
    (void)events;
    if (!peer->tcp)
        peer->used = 0;
    ssize_t got =
        recvfrom(peer->fd, peer->buffer + peer->used, sizeof peer->buffer - peer->used, MSG_DONTWAIT,
                 peer->tcp ? NULL : (struct sockaddr *)&peer->from, peer->tcp ? NULL : &size);
    if (got <= 0) {
        if (peer->tcp)
            vo_loop_unwatch(peer->loop, &peer->reading);
        return;
    }
    peer->used += (size_t)got;
    while (peer->used > 0 && vo_sip_decode((uint8_t *)peer->buffer, (uint32_t)peer->used, peer->tcp,
                                           &request) == VO_SIP_MESSAGE) {
        peer_take(peer, &request);
        memmove(peer->buffer, peer->buffer + request.size, peer->used - request.size);
        peer->used -= request.size;
    }
}

static inline void peer_accept(void *context, uint32_t events)
{
    struct peer *peer = context;
    (void)events;
    peer->fd = accept(peer->listener, NULL, NULL);
    assert_true(peer->fd >= 0);
    peer->reading = (struct vo_watch){.ready = peer_readable, .context = peer, .fd = peer->fd};
    assert_int_equal(vo_loop_watch(peer->loop, &peer->reading, EPOLLIN, NULL), VO_OK);
}

static inline void peer_open(struct peer *peer, struct vo_loop *loop, bool tcp, bool v6)
{
    peer->loop = loop;
    peer->tcp = tcp;
    peer->fd = peer->listener = -1;
    int fd = socket(v6 ? AF_INET6 : AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(
        bind(fd, v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in, v6 ? sizeof in6 : sizeof in), 0);
    socklen_t size = sizeof peer->address;
    getsockname(fd, (struct sockaddr *)&peer->address, &size);
    if (tcp) {
        assert_int_equal(listen(fd, 4), 0);
        peer->listener = fd;
        peer->listening = (struct vo_watch){.ready = peer_accept, .context = peer, .fd = fd};
        assert_int_equal(vo_loop_watch(loop, &peer->listening, EPOLLIN, NULL), VO_OK);
        return;
    }
    peer->fd = fd;
    peer->reading = (struct vo_watch){.ready = peer_readable, .context = peer, .fd = fd};
    assert_int_equal(vo_loop_watch(loop, &peer->reading, EPOLLIN, NULL), VO_OK);
}

static inline void peer_hang_up(struct peer *peer, bool reset)
{
    const struct linger now = {1, 0};
    if (peer->fd < 0)
        return;
    vo_loop_unwatch(peer->loop, &peer->reading);
    if (reset)
        setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(peer->fd);
    peer->fd = -1;
}

static inline void peer_close(struct peer *peer)
{
    vo_loop_cancel(peer->loop, &peer->drip);
    free(peer->rest);
    peer_hang_up(peer, false);
    if (peer->listener >= 0) {
        vo_loop_unwatch(peer->loop, &peer->listening);
        close(peer->listener);
    }
}

static inline uint16_t peer_port(const struct peer *peer)
{
    const struct sockaddr_storage *address = &peer->address;
    return ntohs(address->ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)address)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)address)->sin_port);
}

#endif
