/*
 * SDP (RFC 8866) as far as media analysis needs it: where media goes, how it is packed, whether it is
 * encrypted.
 */
#ifndef VO_PROBES_DECODE_SDP_H
#define VO_PROBES_DECODE_SDP_H

#include "probes/decode/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define VO_SDP_MEDIA      8
#define VO_SDP_PAYLOADS   32
#define VO_SDP_CANDIDATES 16
#define VO_SDP_CODEC      24

enum vo_sdp_direction { VO_SDP_SENDRECV, VO_SDP_SENDONLY, VO_SDP_RECVONLY, VO_SDP_INACTIVE };

struct vo_sdp_payload {
    uint8_t type;
    char codec[VO_SDP_CODEC]; /* encoding name as written, such as "PCMU", "opus"; "" when neither rtpmap nor
                                 RFC 3551 names it */
    uint32_t clock_hz;        /* 0: unknown */
    uint8_t channels;         /* 1 if not told */
    struct vo_span fmtp;
};

struct vo_sdp_candidate { /* RFC 8839 5.1 */
    uint8_t address[16];
    uint16_t port;
    uint8_t component; /* 1 RTP, 2 RTCP */
};

struct vo_sdp_media {
    char kind[12];    /* "audio", "video", "application" …, in lower case */
    uint16_t port;    /* 0: refused */
    bool has_address; /* from c= of the media, else of the session; a host name gives false */
    uint8_t address[16];
    bool held; /* c=0.0.0.0 (RFC 2543) or ::; `address` is that */
    bool rtcp_mux;
    uint16_t rtcp_port; /* a=rtcp (RFC 3605), else port + 1; the same as port with rtcp-mux */
    bool has_rtcp_address;
    uint8_t rtcp_address[16];
    enum vo_sdp_direction direction; /* of the media, else of the session */
    double ptime_ms, maxptime_ms;    /* 0: not told */
    bool secure;                     /* SAVP, SAVPF, TLS in the profile, or a=crypto */
    bool sdes, dtls;                 /* a=crypto (RFC 4568); a=fingerprint (RFC 5763), also the session's */
    uint8_t payload_count;
    struct vo_sdp_payload payloads[VO_SDP_PAYLOADS];
    uint8_t candidate_count; /* UDP only */
    struct vo_sdp_candidate candidates[VO_SDP_CANDIDATES];
};

struct vo_sdp {
    struct vo_span
        origin; /* user name and session id of o=; with the address they identify the session across legs */
    struct vo_span origin_address; /* of o=, as written */
    uint64_t version;
    uint8_t media_count;
    struct vo_sdp_media media[VO_SDP_MEDIA];
    bool truncated; /* more media, payloads or candidates than fit */
};

/* False if it is not SDP (no v= line). Unknown lines are skipped; bad ones ignored. Only media[0 …
 * media_count - 1] are set. */
bool vo_sdp_decode(const char *text, uint32_t size, struct vo_sdp *sdp);
const struct vo_sdp_payload *vo_sdp_find_payload(const struct vo_sdp_media *media, uint8_t type);

#endif
