/*
 * The user priority of data frames from one station to another, and of those that carry voice.
 *
 * A frame carries voice if its content says so: unencrypted UDP whose payload is RTP, with an SSRC and
 * sequence numbers that go on from a packet before (RFC 3550 A.1). Of encrypted frames only what the user
 * tells can be known: a station's address and perhaps the length of the frames' body, which then come every 5
 * to 70 ms. Retries are not counted again.
 */
#ifndef VO_PROBES_WLAN_VOICE_H
#define VO_PROBES_WLAN_VOICE_H

#include "probes/wlan/heard.h"

#define VO_VOICE_TOLD    16
#define VO_VOICE_STREAMS 8

struct vo_voice_told {
    vo_wlan_address address;
    uint32_t bytes; /* of the frame's body on the air; 0: of any length up to 400 */
};

enum { VO_VOICE_NO_PRIORITY = 8 };

struct vo_voice {
    uint64_t up[9];         /* data frames by user priority, [8]: without one */
    uint64_t voice[9];      /* those that carry voice */
    uint64_t voice_plain;   /* of these, unencrypted */
    uint64_t voice_dscp_46; /* of these, with DSCP 46 */
    uint64_t encrypted;     /* data frames that cannot be looked into */
    const struct vo_voice_told *told;
    vo_time paced; /* the last frame that may be of the voice told */
    uint32_t paced_bytes;
    struct {
        uint32_t ssrc;
        uint16_t sequence;
        bool used;
    } streams[VO_VOICE_STREAMS];
};

/* Takes a data frame with a body; not a retry. True if it is encrypted voice that the user told of. */
bool vo_voice_frame(struct vo_voice *voice, const struct vo_heard *heard);
/* Takes a packet of RTP, as it seems, that came unencrypted; a retry only if no attempt was heard before it,
 * and it is in no count. True if it goes on from one before, and so is RTP. */
bool vo_voice_rtp(struct vo_voice *voice, const struct vo_heard *heard, uint32_t ssrc, uint16_t sequence,
                  uint8_t dscp);
uint64_t vo_voice_frames(const struct vo_voice *voice);

/* "02:00:00:00:01:00" or "02:00:00:00:01:00/BYTES". */
bool vo_voice_told_parse(const char *text, struct vo_voice_told *told);

#endif
