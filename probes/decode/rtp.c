#include "probes/decode/rtp.h"

#include <stddef.h>

#define RTP_HEADER        12
#define STUN_HEADER       20
#define STUN_COOKIE       0x2112A442u /* RFC 8489 5 */
#define ZRTP_COOKIE       0x5A525450u /* "ZRTP", RFC 6189 5 */
#define ZRTP_HEADER       12
#define DTLS_HEADER       13
#define DTLS_1_0          0xFEFFu
#define DTLS_1_2          0xFEFDu /* DTLS 1.3 writes it as well in its hellos */
#define TURN_CHANNEL_HEAD 4

/* The second byte of RTCP: RFC 5761 4 keeps these values off RTP payload types with and without marker. */
static bool rtcp_type(uint8_t byte)
{
    return byte >= 192 && byte <= 223;
}

static enum vo_media_packet classify_version_2(const uint8_t *data, uint32_t size, uint32_t length)
{
    if (size >= 4 && rtcp_type(data[1]) && (vo_load16(data + 2) + 1u) * 4u <= length)
        return VO_MEDIA_RTCP;
    return length >= RTP_HEADER ? VO_MEDIA_RTP : VO_MEDIA_OTHER;
}

/* Everything that is not RTP or RTCP; rare, so kept out of the way of the common case. */
static enum vo_media_packet classify_other(const uint8_t *data, uint32_t size, uint32_t length)
{
    uint8_t first = data[0];
    if (first <= 3 && size >= 8 && vo_load32(data + 4) == STUN_COOKIE)
        return STUN_HEADER + (uint32_t)vo_load16(data + 2) <= length ? VO_MEDIA_STUN : VO_MEDIA_OTHER;
    if (first >= 16 && first <= 19 && size >= 8 && vo_load32(data + 4) == ZRTP_COOKIE)
        return length >= ZRTP_HEADER ? VO_MEDIA_ZRTP : VO_MEDIA_OTHER;
    if (first >= 20 && first <= 63 && size >= 3 && length >= DTLS_HEADER) {
        uint16_t version = vo_load16(data + 1);
        return version == DTLS_1_0 || version == DTLS_1_2 ? VO_MEDIA_DTLS : VO_MEDIA_OTHER;
    }
    if (first >= 64 && first <= 79 && size >= 4 &&
        TURN_CHANNEL_HEAD + (uint32_t)vo_load16(data + 2) <= length)
        return VO_MEDIA_TURN_CHANNEL;
    return VO_MEDIA_OTHER;
}

enum vo_media_packet vo_media_classify(const uint8_t *data, uint32_t size, uint32_t length)
{
    if (size < 2)
        return VO_MEDIA_OTHER;
    return data[0] >> 6 == 2 ? classify_version_2(data, size, length) : classify_other(data, size, length);
}

/* Offset of the payload behind an extension header at `offset`. When the snap length hides how long the
 * extension is, the nearest place where the payload could begin. `offset` itself at most 72: nothing
 * overflows. */
static uint32_t skip_extension(const uint8_t *data, uint32_t size, uint32_t offset)
{
    uint32_t after = offset + 4;
    return after <= size ? after + 4u * vo_load16(data + offset + 2) : after;
}

/* Padding bytes at the end, 0 when there can be none or the count is cut off. A count larger than the payload
 * is left alone: SRTP ends in its tag, not in a count. */
static uint32_t padding_of(const uint8_t *data, uint32_t size, uint32_t length, uint32_t payload)
{
    if (size < length || payload == 0)
        return 0;
    uint8_t count = data[length - 1];
    return count <= payload ? count : 0;
}

bool vo_rtp_decode(const uint8_t *data, uint32_t size, uint32_t length, struct vo_rtp *rtp)
{
    if (size < RTP_HEADER || length < RTP_HEADER || data[0] >> 6 != 2)
        return false;
    if (size > length)
        size = length;
    rtp->padding = data[0] & 0x20;
    rtp->extension = data[0] & 0x10;
    rtp->csrc_count = data[0] & 0x0F;
    rtp->marker = data[1] & 0x80;
    rtp->payload_type = data[1] & 0x7F;
    rtp->sequence = vo_load16(data + 2);
    rtp->timestamp = vo_load32(data + 4);
    rtp->ssrc = vo_load32(data + 8);
    uint32_t offset = RTP_HEADER + 4u * rtp->csrc_count;
    if (rtp->extension)
        offset = skip_extension(data, size, offset);
    if (offset > length)
        return false;
    rtp->payload_offset = offset;
    rtp->payload_length = length - offset;
    if (rtp->padding)
        rtp->payload_length -= padding_of(data, size, length, rtp->payload_length);
    return true;
}

/* RFC 3551 tables 4 and 5. What is not listed is reserved or unassigned. */
static const struct vo_rtp_static static_payloads[] = {
    [0] = {"PCMU", 8000, "audio", 1},
    [3] = {"GSM", 8000, "audio", 1},
    [4] = {"G723", 8000, "audio", 1},
    [5] = {"DVI4", 8000, "audio", 1},
    [6] = {"DVI4", 16000, "audio", 1},
    [7] = {"LPC", 8000, "audio", 1},
    [8] = {"PCMA", 8000, "audio", 1},
    [9] = {"G722", 8000, "audio", 1}, /* samples at 16 kHz; the clock is 8000 by an old error */
    [10] = {"L16", 44100, "audio", 2},
    [11] = {"L16", 44100, "audio", 1},
    [12] = {"QCELP", 8000, "audio", 1},
    [13] = {"CN", 8000, "audio", 1},
    [14] = {"MPA", 90000, "audio", 1},
    [15] = {"G728", 8000, "audio", 1},
    [16] = {"DVI4", 11025, "audio", 1},
    [17] = {"DVI4", 22050, "audio", 1},
    [18] = {"G729", 8000, "audio", 1},
    [25] = {"CelB", 90000, "video", 1},
    [26] = {"JPEG", 90000, "video", 1},
    [28] = {"nv", 90000, "video", 1},
    [31] = {"H261", 90000, "video", 1},
    [32] = {"MPV", 90000, "video", 1},
    [33] = {"MP2T", 90000, "video", 1},
    [34] = {"H263", 90000, "video", 1},
};

const struct vo_rtp_static *vo_rtp_static_payload(uint8_t payload_type)
{
    if (payload_type >= sizeof static_payloads / sizeof *static_payloads)
        return NULL;
    const struct vo_rtp_static *entry = &static_payloads[payload_type];
    return entry->codec ? entry : NULL;
}
