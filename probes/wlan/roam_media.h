/*
 * What packets on this host's interface tell of its roams: streams of RTP that it receives, DHCP, and the key
 * exchange where the kernel shows it as packets. Pure: frames are passed in with their time on the monotonic
 * clock.
 *
 * RTP is known by its header alone: VO_ROAM_RTP_SURE packets of one SSRC whose sequence numbers follow each
 * other. Only what is received counts (sent to the interface's own address): a gap is what the listener
 * hears. Voice over SRTP has the same header; inside a tunnel or with another framing nothing is found.
 */
#ifndef VO_PROBES_WLAN_ROAM_MEDIA_H
#define VO_PROBES_WLAN_ROAM_MEDIA_H

#include "probes/decode/ieee80211.h"
#include "probes/decode/packet.h"
#include "probes/io/capture.h"
#include "probes/wlan/media_gap.h"

#define VO_ROAM_RTP_SURE 8
#define VO_ROAM_STREAMS  32
/* "SRC:PORT>DST:PORT#0xSSRC" */
#define VO_ROAM_STREAM_ID (2 * VO_ENDPOINT_TEXT + 16)

struct vo_roam_stream {
    uint8_t source[16], destination[16];
    uint16_t source_port, destination_port;
    uint32_t ssrc;
    unsigned in_order; /* packets in a row, until it is sure */
    uint16_t sequence;
    vo_time last;
    struct vo_media_stream media;
};

enum vo_roam_packet {
    VO_ROAM_PACKET_OTHER,
    VO_ROAM_PACKET_RTP,
    VO_ROAM_PACKET_DHCP, /* sent or received, UDP 67 and 68 */
    VO_ROAM_PACKET_EAP,
    VO_ROAM_PACKET_KEY,
};

struct vo_roam_media {
    vo_wlan_address own;    /* the interface's address */
    uint16_t ignored_local; /* UDP port of this program's own echo; 0: none */
    struct vo_roam_stream *streams[VO_ROAM_STREAMS];
    unsigned count;
    struct vo_media_stream *echo; /* borrowed; NULL: none */
    bool no_rtp;                  /* only the echo counts */
    vo_time dropped;              /* the capture lost packets about then, monotonic; VO_TIME_UNKNOWN: never */
};

/* The filter that lets pass what is of use here. */
#define VO_ROAM_FILTER "udp or ether proto 0x888e"

enum vo_roam_packet vo_roam_media_frame(struct vo_roam_media *media, const struct vo_frame *frame, vo_time at,
                                        bool doubtful);
void vo_roam_media_release(struct vo_roam_media *media);

/* The stream that suffered most of those that flowed before the roam, and its gap. `id`: "echo", or of the
 * RTP stream, VO_ROAM_STREAM_ID bytes; "" if there is none, and gap->why says so: `none`, where nothing could
 * be received at all. */
void vo_roam_media_measure(const struct vo_roam_media *media, vo_time begun, vo_time ended, vo_time now,
                           bool next, const char *none, char *id, struct vo_media_gap *gap);

#endif
