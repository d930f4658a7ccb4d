/*
 * SIP messages (RFC 3261 7, 25): one message of a datagram or stream, read in place.
 *
 * Tolerant as captures demand: compact names, folded lines, LF without CR, white space before colons, several
 * messages a segment, UTF-8. Bounded: at most VO_SIP_HEADERS headers are looked at (`truncated` is set
 * beyond), none is copied.
 */
#ifndef VO_PROBES_DECODE_SIP_H
#define VO_PROBES_DECODE_SIP_H

#include "probes/decode/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define VO_SIP_HEADERS     512
#define VO_SIP_MESSAGE_MAX 65536 /* bytes of head and body on a stream */

enum vo_sip_result {
    VO_SIP_MESSAGE,    /* *message is set */
    VO_SIP_INCOMPLETE, /* a stream: more bytes are needed */
    VO_SIP_KEEPALIVE,  /* CRLF CRLF, or NULs (RFC 5626): message->size tells how many bytes to skip */
    VO_SIP_MALFORMED,  /* begins as SIP does and then breaks */
    VO_SIP_NOT,        /* something else */
};

enum vo_sip_method {
    VO_SIP_UNKNOWN,
    VO_SIP_INVITE,
    VO_SIP_ACK,
    VO_SIP_BYE,
    VO_SIP_CANCEL,
    VO_SIP_REGISTER,
    VO_SIP_OPTIONS,
    VO_SIP_PRACK,
    VO_SIP_UPDATE,
    VO_SIP_INFO,
    VO_SIP_REFER,
    VO_SIP_SUBSCRIBE,
    VO_SIP_NOTIFY,
    VO_SIP_MESSAGE_METHOD,
    VO_SIP_PUBLISH
};

struct vo_sip {
    bool request;
    enum vo_sip_method method;       /* of the request, or of the response's CSeq */
    struct vo_span method_text, uri; /* request */
    uint16_t status;                 /* response: 100 to 699 */
    struct vo_span reason;
    struct vo_span call_id;
    struct vo_span from_uri, from_tag, to_uri,
        to_tag;                 /* URIs without display name, brackets and header parameters */
    struct vo_span branch;      /* of the topmost Via */
    struct vo_span contact_uri; /* the first; "*" stays "*" */
    struct vo_span content_type, content_encoding, session_id,
        reason_header;         /* whole values, with parameters */
    struct vo_span user_agent; /* User-Agent or Server */
    uint32_t cseq;
    enum vo_sip_method cseq_method;
    int64_t content_length; /* -1: absent */
    struct vo_span body;    /* within what was captured */
    struct vo_span sdp;     /* body, or its application/sdp part of multipart (RFC 5621); at NULL: none */
    bool truncated; /* too many headers, no blank line after them, or the body is shorter than Content-Length
                     */
    struct vo_span head; /* the lines of the headers: for vo_sip_header() */
    uint32_t size;       /* bytes of the whole message: where the next one begins */
};

/* `stream`: TCP or TLS, where Content-Length frames the message (absent: 0); beyond VO_SIP_MESSAGE_MAX it is
 * given as it is, truncated. In a datagram a body without Content-Length reaches to the end. Blanks before
 * the start line belong to the message. Only a broken start line is malformed: what a head lacks is absent (a
 * CSeq that is no number: 0). */
enum vo_sip_result vo_sip_decode(const uint8_t *data, uint32_t size, bool stream, struct vo_sip *message);
/* Cheap first look: could this be the start of SIP? (a method name or "SIP/2.0") */
bool vo_sip_likely(const uint8_t *data, uint32_t size);
/* The value of the next header of that name, in its compact form too, trimmed; lines folded into it stay in
 * it. `*at` is NULL at first, then the caller leaves it alone. False: there is none any more. */
bool vo_sip_header(const struct vo_sip *message, const char *name, const char **at, struct vo_span *value);
const char *vo_sip_method_name(enum vo_sip_method method);

#endif
