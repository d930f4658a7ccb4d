/*
 * The pass over a capture: frames in, streams and calls out.
 *
 * frame -> decode -> repetitions on the air (on_air.h) -> fragments, TCP -> SIP (rtp_signalling.c), RTCP
 * (rtp_reports.c), RTP (the stream table). Nothing is written here but series and events, which must not wait
 * for the end; rtp_emit.h writes the rest.
 */
#ifndef VO_PROBES_FLOW_RTP_SESSION_H
#define VO_PROBES_FLOW_RTP_SESSION_H

#include "core/record.h"
#include "probes/decode/frame.h"
#include "probes/decode/packet.h"
#include "probes/decode/rtp.h"
#include "probes/flow/call.h"
#include "probes/flow/fragments.h"
#include "probes/flow/on_air.h"
#include "probes/flow/streams.h"
#include "probes/flow/tcp.h"
#include "probes/flow/tls.h"

#define VO_RTP_NEAR 16

struct vo_rtp_options {
    struct vo_stream_config stream; /* series_s, playout */
    size_t stream_limit;
    const char *point;                   /* name of the capture point, or NULL */
    const char *position;                /* told by the user, or NULL */
    uint8_t near[VO_RTP_NEAR][16];       /* hosts that the capture was taken beside, */
    const char *near_point[VO_RTP_NEAR]; /* at this point; NULL: there is one capture */
    unsigned near_count;
    const struct vo_option_list *impairments; /* --codec-impairment, each checked */
};

/* Signalling that could not be read: the TLS connections to one server's SIP port without their keys. */
struct vo_hidden_signalling {
    uint8_t server[16], client[16]; /* the client: of the first connection */
    uint16_t server_port, client_port;
    vo_time first, last;
    uint64_t connections;
    uint32_t packets[2], dscp[2][64]; /* from clients, from the server */
    char why[160];                    /* of the first connection */
    bool others_differ;               /* other connections could not be read for other reasons */
    struct vo_hidden_signalling *next, *next_in_bucket;
};

#define VO_RTP_HIDDEN_MAX     1024 /* servers; connections to further ones are only counted */
#define VO_RTP_HIDDEN_BUCKETS 256

struct vo_rtp_counts {
    uint64_t frames, undecoded, encrypted_frames, damaged, srtcp, malformed_rtcp, malformed_sip, sip_holes;
    uint64_t sip_packets, sip_40, memory;
    uint64_t hidden_left_out; /* TLS connections to servers beyond VO_RTP_HIDDEN_MAX */
    uint64_t repeated;        /* frames on the air that had been heard before, and were left out */
    uint64_t unsorted;        /* frames on the air of links beyond VO_ON_AIR_FLOWS */
    uint64_t unknown_link;
    uint32_t unknown_linktype;
};

/* Who keeps every packet of every stream, such as to find it again at another capture point. */
struct vo_rtp_keeper {
    void *context;
    bool (*keep)(void *context, struct vo_stream *stream, const struct vo_packet *packet,
                 const struct vo_rtp *rtp, vo_time time); /* NULL: nobody. False: out of memory */
};

struct vo_rtp_session {
    struct vo_rtp_options options;
    struct vo_record_writer *writer;
    struct vo_streams *streams;
    struct vo_calls *calls;
    struct vo_fragments *fragments;
    struct vo_tcp *tcp;
    struct vo_on_air *air;
    struct vo_keylog *keylog; /* never NULL while TLS is read: it grows by the secrets in the capture file */
    size_t secrets_taken;
    struct vo_frame_source source;
    struct vo_rtp_keeper keeper;
    struct vo_hidden_signalling *hidden, *hidden_by[VO_RTP_HIDDEN_BUCKETS];
    size_t hidden_count;
    struct {
        uint64_t ssrcs, streams;
        uint32_t ssrc; /* one of them */
    } crowded;         /* SSRCs under which too many streams were up at once to tell anything */
    struct vo_rtp_counts counts;
    vo_time now;         /* of the frame being handled */
    vo_time first, last; /* of the capture */
    uint32_t interface;
    struct vo_on_air_frame heard; /* the frame being handled, zeroed if it was not on the air */
    uint64_t streams_written;
};

/* The writer is borrowed; so are keylog, source and keeper, which the caller sets afterwards. */
enum vo_status vo_rtp_session_open(struct vo_rtp_session *session, const struct vo_rtp_options *options,
                                   struct vo_record_writer *writer, struct vo_error *error);
void vo_rtp_session_frame(struct vo_rtp_session *session, const struct vo_frame *frame);

/* The same in steps, for a caller that decodes frames on the air itself: begins with a frame; gives its
 * packets (decoded by vo_decode_wlan() or vo_decode_next()) one by one, or queues one that
 * vo_direct_read_air() put into vo_streams_place() of `streams`. */
/* False: the frame is a repetition of one that was heard; its packets are left out. */
bool vo_rtp_session_begin(struct vo_rtp_session *session, uint32_t interface, const struct vo_mpdu *mpdu,
                          vo_time time);
void vo_rtp_session_packet(struct vo_rtp_session *session, enum vo_decoded decoded, struct vo_packet *packet);
void vo_rtp_session_queue(struct vo_rtp_session *session, const struct vo_encap *encap, uint8_t encap_count);
/* Settles everything: no frame may follow. */
void vo_rtp_session_finish(struct vo_rtp_session *session);
void vo_rtp_session_close(struct vo_rtp_session *session);

/* rtp_signalling.c */
void vo_rtp_sip_datagram(struct vo_rtp_session *session, const struct vo_packet *packet);
bool vo_rtp_signalling_open(struct vo_rtp_session *session);
/* rtp_reports.c */
void vo_rtp_rtcp(struct vo_rtp_session *session, const struct vo_packet *packet);

#endif
