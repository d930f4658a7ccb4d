/*
 * One RTP stream: from its packets to everything that is measured of it.
 *
 * A stream begins as a candidate that only keeps its first packets. It opens, and they are measured, once it
 * is confirmed (signalling announces it, RTCP names it, or VO_STREAM_CONFIRM packets follow each other as
 * only RTP does) and its payload clock is known: from SDP, from RFC 3551, else estimated from the packets
 * kept. Nothing is measured twice or guessed: a clock that stays unknown leaves the metrics of time
 * unmeasured.
 *
 * Times within a stream count from its first packet. Memory is fixed: about 8 KiB for an open stream.
 */
#ifndef VO_PROBES_FLOW_STREAM_H
#define VO_PROBES_FLOW_STREAM_H

#include "core/estimate/burst.h"
#include "core/estimate/delay.h"
#include "core/estimate/playout.h"
#include "core/estimate/sequence.h"
#include "core/estimate/window.h"
#include "probes/decode/packet.h"
#include "probes/decode/rtcp.h"
#include "probes/flow/call.h"
#include "probes/flow/pool.h"

#define VO_STREAM_CONFIRM  4   /* packets without signalling */
#define VO_STREAM_KEEP     256 /* packets kept at most while the clock is not known */
#define VO_STREAM_PAYLOADS 6
#define VO_STREAM_ROWS     64
#define VO_STREAM_CHUNK    32 /* rows told at once, as far as they go */
#define VO_STREAM_REPORTS  8  /* sender reports remembered */
#define VO_STREAM_PENDING  16 /* packets of an open stream that wait to be measured together */

/* What a stream is fed: a packet without its bytes. */
struct vo_rtp_packet {
    vo_time time;
    uint32_t timestamp;
    uint16_t sequence;
    uint16_t ip_length;      /* bytes of the IP packet; jumbo sizes saturate */
    uint16_t payload_length; /* bytes of the RTP payload on the wire */
    uint16_t air_link;       /* of a frame on the air, see vo_on_air_frame; 0: not on the air, or not known */
    uint16_t air_unheard;
    uint8_t air_state;
    uint8_t payload_type;
    bool marker;
    uint8_t dscp, outer_dscp; /* outer 0xff: no tunnel */
    uint8_t ttl;
    uint8_t event, event_end; /* first two bytes of the payload, when captured: telephone-event and its E bit
                                 and volume */
    bool has_event;
    bool counted; /* the stream's own mark: its row has counted it */
};

struct vo_stream_key {
    uint8_t source[16], destination[16];
    uint16_t source_port, destination_port;
    uint32_t ssrc;
    uint32_t encap_hash;
    uint32_t interface; /* of the capture: another point of it */
};

enum vo_payload_kind { VO_PAYLOAD_MEDIA, VO_PAYLOAD_EVENT, VO_PAYLOAD_NOISE };
enum vo_clock_basis { VO_CLOCK_UNKNOWN, VO_CLOCK_SDP, VO_CLOCK_STATIC, VO_CLOCK_ESTIMATED };

struct vo_payload {
    uint8_t type;
    enum vo_payload_kind kind;
    enum vo_clock_basis basis;
    uint32_t clock_hz;        /* 0: unknown */
    char codec[VO_SDP_CODEC]; /* "" when not known */
    uint64_t packets;
    uint64_t octets; /* of payload */
};

/* One interval of the series. Counts, so that ratios can be made of any sum of rows. */
struct vo_stream_row {
    uint32_t packets, unique, lost, discarded, dscp_46;
    float jitter_max_ms, variation_max_ms; /* negative: none measured */
};

/* What the RTCP of either end says of this stream. */
struct vo_stream_rtcp {
    struct vo_sent_report {
        uint32_t ntp_middle;
        vo_time time;
    } sent[VO_STREAM_REPORTS];
    unsigned sent_count;
    uint64_t reports;
    uint32_t reporter; /* whose: a middlebox's reports are not the receiver's */
    uint32_t first_highest, last_highest;
    int32_t first_lost, last_lost;
    uint8_t fraction_max;
    uint32_t jitter_max; /* timestamp units */
    uint64_t half_loops;
    double half_sum_ns, half_max_ns, half_last_ns;
    vo_time half_at;
    uint64_t round_trips;
    double rtt_sum_ns, rtt_max_ns;
    bool has_xr;
    struct vo_rtcp_xr_voip xr;
    char cname[64];
};

/* The measuring state of an open stream. What every packet touches stands together and is fetched ahead of
 * time (vo_stream_prefetch()); counts that need other memory gather in `batch` and move on once a second. */
struct vo_measure {
    uint64_t packets, octets; /* octets of IP */
    vo_time first, last;
    vo_time second_end;             /* when the second of `last` ends */
    struct vo_payload *payload;     /* of the last packet */
    const struct vo_payload *media; /* of the last one that was neither noise nor an event */
    unsigned ahead_count;           /* packets kept to judge a jump of transit */
    bool resumes;                   /* the next media packet comes after silence, noise or an event */
    bool replaying, clockless;
    uint8_t ttl_minimum, ttl_maximum;
    struct vo_measure_batch {
        uint8_t dscp;
        uint32_t dscp_packets;             /* of that DSCP */
        uint32_t payloads, payload_octets; /* of `payload` */
        uint32_t received;                 /* within the second that ends at second_end */
        struct vo_stream_row row;          /* to be added to the newest row */
    } batch;
    struct vo_playout playout;
    struct vo_sequence sequence;
    struct vo_delay delay;
    /* now and then */
    struct vo_burst burst;
    struct vo_window window;
    uint64_t talkspurts, noise_packets, event_packets, codec_changes;
    uint64_t tunnelled, outer_46;
    uint32_t dscp[64];
    uint32_t outer_dscp[64];
    uint32_t event_timestamp; /* of the newest telephone-event */
    bool any_event;
    struct {
        uint16_t link, sequence, unheard; /* of the newest packet */
        uint8_t state;
        uint64_t packets; /* at most so many of the lost ones were on the air, but not heard */
    } air;
    struct vo_rtp_packet held, ahead[VO_DELAY_AHEAD];
    int64_t row_first, row_newest; /* rows not told yet: their numbers from the stream's start */
    struct vo_stream_row rows[VO_STREAM_ROWS];
};

/* Every packet touches the first cache line and one of `pending`; the rest only once they are measured. */
struct vo_stream {
    _Alignas(64) struct vo_stream_key key;
    struct vo_measure *measure; /* of an open stream */
    uint8_t pending_count;
    bool batched; /* open, and nothing looks at it packet by packet: the table's */
    struct vo_rtp_packet pending[VO_STREAM_PENDING];
    struct vo_leg_delay *leg; /* delay from the same stream's other leg in this capture, or NULL */
    uint64_t hash;
    struct vo_encap *encap; /* NULL: none */
    uint8_t encap_count;
    bool confirmed, closed, secure;
    uint8_t good_pairs;
    uint16_t kept_count, kept_room;
    struct vo_rtp_packet *kept; /* of a candidate */
    struct vo_stream_rtcp *rtcp;
    struct vo_payload payloads[VO_STREAM_PAYLOADS];
    uint8_t payload_count;
    const struct vo_binding *to, *from; /* who receives here, whose address it comes from */
    vo_time last;
    struct vo_stream *next_ssrc, *next_source, *next_destination; /* chains of the table's indices */
    struct vo_stream *newer, *older;                              /* candidates, by age */
    struct vo_pool *measure_pool; /* where `measure` came from; NULL: the heap */
    void *user;
};

struct vo_stream_config {
    struct vo_playout_config playout;
    unsigned series_s;        /* 0: no series */
    struct vo_pool *measures; /* where struct vo_measure come from; NULL: the heap */
    void *context;
    /* `count` finished rows from row number `first` on (each series_s long). */
    void (*rows)(void *context, const struct vo_stream *stream, int64_t first,
                 const struct vo_stream_row *rows, unsigned count);
    /* Something worth an event record: kinds "dtmf" (detail: the key), "restart", "codec_change", "hold". */
    void (*event)(void *context, const struct vo_stream *stream, vo_time time, const char *kind,
                  const char *detail);
};

/* Takes one packet of the stream. False: out of memory, the packet is lost to the measurement. */
bool vo_stream_add(struct vo_stream *stream, const struct vo_stream_config *config,
                   const struct vo_rtp_packet *packet);
/* Asks for the memory that measuring `pending` will touch. */
void vo_stream_prefetch(const struct vo_stream *stream);
/* Measures what waits in `pending`. */
void vo_stream_settle(struct vo_stream *stream, const struct vo_stream_config *config);

/* Signalling or RTCP vouches for it. */
void vo_stream_confirm(struct vo_stream *stream, const struct vo_stream_config *config);
/* New bindings: payloads get their names and clocks. */
void vo_stream_bind(struct vo_stream *stream, const struct vo_binding *to, const struct vo_binding *from);
/* The end: opens what is confirmed but kept, settles everything, tells the last rows. After it only reading.
 */
void vo_stream_finish(struct vo_stream *stream, const struct vo_stream_config *config);
void vo_stream_release(struct vo_stream *stream); /* what it owns, not itself */

/* The payload that most media packets have; NULL if none. */
const struct vo_payload *vo_stream_main_payload(const struct vo_stream *stream);

#endif
