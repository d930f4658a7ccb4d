/*
 * RTP (RFC 3550 5.1), and what shares its ports: RTCP (RFC 5761), STUN, DTLS, ZRTP (RFC 7983).
 */
#ifndef VO_PROBES_DECODE_RTP_H
#define VO_PROBES_DECODE_RTP_H

#include "probes/decode/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum vo_media_packet {
    VO_MEDIA_OTHER,
    VO_MEDIA_RTP,
    VO_MEDIA_RTCP,
    VO_MEDIA_STUN,
    VO_MEDIA_DTLS,
    VO_MEDIA_ZRTP,
    VO_MEDIA_TURN_CHANNEL
};

/* Tells them apart by the first bytes: STUN also by its magic cookie, ZRTP by its cookie, RTCP by packet
 * types 192 to 223 and a length that fits. VO_MEDIA_RTP means only that it may be. */
enum vo_media_packet vo_media_classify(const uint8_t *data, uint32_t size, uint32_t length);

struct vo_rtp {
    uint32_t ssrc;
    uint32_t timestamp;
    uint16_t sequence;
    uint8_t payload_type;
    bool marker, padding, extension;
    uint8_t csrc_count;
    uint32_t payload_offset; /* of the payload after CSRC and extension; may lie beyond the captured bytes */
    uint32_t payload_length; /* on the wire, padding taken off where it can be read. SRTP encrypts the count:
                              * who knows that it is SRTP takes the length minus payload_offset */
};

/* `length` is the UDP payload on the wire, `size` what was captured. False if it is not RTP: version, or
 * headers longer than `length`. A header cut by the snap length within the first 12 bytes is false; later it
 * is true. */
bool vo_rtp_decode(const uint8_t *data, uint32_t size, uint32_t length, struct vo_rtp *rtp);

/* Static payload types (RFC 3551 6). */
struct vo_rtp_static {
    const char *codec; /* encoding name as SDP writes it */
    uint32_t clock_hz;
    const char *media; /* "audio", "video" */
    uint8_t channels;  /* 2 only for type 10 */
};
/* NULL for dynamic and unassigned types. */
const struct vo_rtp_static *vo_rtp_static_payload(uint8_t payload_type);

#endif
