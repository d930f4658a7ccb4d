#include "probes/io/http2.h"

#include <nghttp2/nghttp2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vo_http2 {
    nghttp2_session *session;
    struct vo_http2_result result;
    int32_t stream;
    size_t taken;
    unsigned headers;
    unsigned status;  /* of the headers that are coming in */
    uint8_t first[4]; /* of what the peer sent */
    size_t first_size;
};

static void stop(struct vo_http2 *http2, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first reason stands; a status code is never taken back. */
static void stop(struct vo_http2 *http2, const char *format, ...)
{
    if (http2->result.phase != VO_HTTP2_WAITING)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(http2->result.problem, sizeof http2->result.problem, format, arguments);
    va_end(arguments);
    http2->result.phase = VO_HTTP2_ENDED;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags, void *context)
{
    struct vo_http2 *http2 = context;
    (void)session, (void)flags;
    if (++http2->headers > VO_HTTP2_HEADERS) {
        stop(http2, "its response has more than %d headers", VO_HTTP2_HEADERS);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    /* nghttp2 has checked that :status is three digits. */
    if (frame->hd.stream_id == http2->stream && name_size == 7 && memcmp(name, ":status", 7) == 0 &&
        value_size == 3)
        http2->status = (value[0] - '0') * 100U + (value[1] - '0') * 10U + (value[2] - '0');
    return 0;
}

static void on_headers_end(struct vo_http2 *http2)
{
    if (http2->status < 200 || http2->result.phase != VO_HTTP2_WAITING)
        return;
    http2->result.status = http2->status;
    http2->result.phase = VO_HTTP2_ANSWERED;
    nghttp2_session_terminate_session(http2->session, NGHTTP2_NO_ERROR);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct vo_http2 *http2 = context;
    (void)session;
    if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
        http2->result.spoken = true;
    else if (frame->hd.type == NGHTTP2_HEADERS && frame->hd.stream_id == http2->stream)
        on_headers_end(http2);
    else if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.last_stream_id < http2->stream)
        stop(http2, "the server ended HTTP/2 before it answered: GOAWAY %s",
             nghttp2_http2_strerror(frame->goaway.error_code));
    return 0;
}

static int on_stream_end(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
    (void)session;
    if (stream == ((struct vo_http2 *)context)->stream)
        stop(context, "the server ended the request without an answer: %s", nghttp2_http2_strerror(code));
    return 0;
}

static int on_bad_frame(nghttp2_session *session, const nghttp2_frame *frame, int code, void *context)
{
    (void)session, (void)frame;
    stop(context, "the server broke HTTP/2: %s", nghttp2_strerror(code));
    return 0;
}

/* nghttp2 answers what breaks the protocol with a GOAWAY of ours (RFC 9113 5.4.1). */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    (void)session;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
        stop(context, "the server broke HTTP/2: %s", nghttp2_http2_strerror(frame->goaway.error_code));
    return 0;
}

static nghttp2_session *session_new(struct vo_http2 *http2)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *options;
    nghttp2_session *session = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0)
        return NULL;
    if (nghttp2_option_new(&options) == 0) {
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_end);
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_bad_frame);
        nghttp2_option_set_max_outbound_ack(options, 100);
        if (nghttp2_session_client_new2(&session, callbacks, http2, options) != 0)
            session = NULL;
        nghttp2_option_del(options);
    }
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static bool ask(struct vo_http2 *http2, const char *authority, const char *path, const char *agent)
{
    static const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                                      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 16384}};
    const nghttp2_nv request[] = {field(":method", "GET"), field(":scheme", "https"),
                                  field(":authority", authority), field(":path", path),
                                  field("user-agent", agent)};
    if (nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings,
                                sizeof settings / sizeof *settings) != 0)
        return false;
    http2->stream =
        nghttp2_submit_request(http2->session, NULL, request, sizeof request / sizeof *request, NULL, NULL);
    return http2->stream > 0;
}

enum vo_status vo_http2_new(const char *authority, const char *path, const char *agent,
                            struct vo_http2 **made, struct vo_error *error)
{
    *made = NULL;
    struct vo_http2 *http2 = calloc(1, sizeof *http2);
    if (http2)
        http2->session = session_new(http2);
    if (!http2 || !http2->session || !ask(http2, authority, path, agent)) {
        vo_http2_free(http2);
        return vo_error_memory(error, "HTTP/2");
    }
    *made = http2;
    return VO_OK;
}

void vo_http2_free(struct vo_http2 *http2)
{
    if (!http2)
        return;
    nghttp2_session_del(http2->session);
    free(http2);
}

/* RFC 9113 3.4: the first frame is SETTINGS; its type is the fourth byte. Anything else is another protocol.
 */
static bool begins_well(struct vo_http2 *http2, const uint8_t *data, size_t size)
{
    while (http2->first_size < sizeof http2->first && size > 0) {
        http2->first[http2->first_size++] = *data++;
        size--;
    }
    return http2->first_size < sizeof http2->first || http2->first[3] == NGHTTP2_SETTINGS;
}

enum vo_http2_phase vo_http2_feed(struct vo_http2 *http2, const uint8_t *data, size_t size)
{
    struct vo_http2_result *result = &http2->result;
    if (result->phase != VO_HTTP2_WAITING)
        return result->phase;
    http2->taken += size;
    if (size == 0)
        stop(http2, "the server closed before it %s", result->spoken ? "answered" : "spoke HTTP/2");
    else if (http2->taken > VO_HTTP2_LIMIT)
        stop(http2, "the server sent %d KiB without an answer", VO_HTTP2_LIMIT / 1024);
    else if (!begins_well(http2, data, size))
        stop(http2, "the server does not speak HTTP/2: its first bytes are no SETTINGS");
    else {
        ssize_t taken = nghttp2_session_mem_recv(http2->session, data, size);
        if (taken < 0)
            stop(http2, "the server broke HTTP/2: %s", nghttp2_strerror((int)taken));
    }
    return result->phase;
}

size_t vo_http2_output(struct vo_http2 *http2, const uint8_t **data)
{
    ssize_t size = nghttp2_session_mem_send(http2->session, data);
    return size > 0 ? (size_t)size : 0;
}

const struct vo_http2_result *vo_http2_result(const struct vo_http2 *http2)
{
    return &http2->result;
}
