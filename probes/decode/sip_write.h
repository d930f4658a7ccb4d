/*
 * Writing SIP requests (RFC 3261 7.1, 8.1.1, 10.2; RFC 3581 3) into a caller's buffer: OPTIONS, REGISTER,
 * INVITE with SDP (RFC 8866 5, RFC 3264 5).
 *
 * Pure: randomness and addresses are passed in. Every value is checked for what its place in the message may
 * hold, so that none can add a line or a parameter of its own (a line end, a bracket, a space): such a
 * request is not written at all.
 */
#ifndef VO_PROBES_DECODE_SIP_WRITE_H
#define VO_PROBES_DECODE_SIP_WRITE_H

#include <stddef.h>
#include <stdint.h>

#define VO_SIP_REQUEST_MAX 8192 /* room that fits what the checks send */
#define VO_SIP_URI_MAX     512

struct vo_sip_request {
    const char *method;          /* "OPTIONS" */
    const char *uri;             /* the Request-URI */
    const char *transport;       /* of Via: "UDP", "TCP", "TLS" */
    const char *sent_by;         /* "192.0.2.1:5060", "[2001:db8::1]:5060" */
    const char *branch;          /* random; the cookie z9hG4bK is put before it */
    const char *from, *from_tag; /* URI, random token */
    const char *to;              /* URI */
    const char *call_id;         /* random word */
    uint32_t cseq;               /* below 2^31 (RFC 3261 8.1.1.5) */
    const char *contact;         /* URI, or NULL */
    int64_t expires;             /* seconds; negative: no Expires */
    const char *authorization;   /* whole values, or NULL */
    const char *proxy_authorization;
    const char *user_agent; /* or NULL */
    const char *sdp;        /* body, as vo_sip_write_sdp() makes it, or NULL */
};

/* Writes the request, which ends in a NUL that is not counted. Returns its length; 0 if it does not fit into
 * `room` bytes or a value cannot stand in its place: `to` is then an empty string. */
size_t vo_sip_write_request(const struct vo_sip_request *request, char *to, size_t room);

/* "sip:USER@HOST:PORT;transport=TRANSPORT"; user and transport may be NULL, port 0. What a user part may not
 * hold is escaped, an IPv6 address gets its brackets and loses a zone (RFC 3261 25.1 knows none). 0 as above,
 * also for a host that is none and a user with control characters. */
size_t vo_sip_write_uri(const char *user, const char *host, uint16_t port, const char *transport, char *to,
                        size_t room);

/* An offer of one stream of G.711 (PCMU, PCMA) to a numeric address of this host, which may have a zone.
 * `session`: any number. 0 as above. */
size_t vo_sip_write_sdp(const char *host, uint16_t port, uint32_t session, char *to, size_t room);

/* `size` random bytes as 2 * size lower-case hexadecimal digits and a NUL: for branch, tag, Call-ID, cnonce.
 */
void vo_sip_write_hex(const uint8_t *random, size_t size, char *to);

#endif
