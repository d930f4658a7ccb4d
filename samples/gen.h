/*
 * Captures with known truth: the parts that `generate` builds its scenarios of.
 *
 * A scenario declares calls and streams, plans every RTP packet of a stream (which sequence number and
 * timestamp it has, when it comes to the point of capture, whether it is lost or copied) and changes that
 * plan. Then the frames are sorted by time and written, and the truth is counted from the plan by code of its
 * own: it shares nothing with core/estimate or probes/decode. Everything follows from the seed.
 *
 * Times are ns since the epoch. A failed allocation or write ends the program.
 */
#ifndef VO_SAMPLES_GEN_H
#define VO_SAMPLES_GEN_H

#include "core/clock.h"
#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GEN_START     1768467600000000000LL /* 2026-01-15T09:00:00Z */
#define GEN_MS        VO_NS_PER_MS
#define GEN_S         VO_NS_PER_S
#define GEN_FRAME_MAX 4096
#define GEN_TEXT_MAX  4096
#define GEN_STREAMS   16
#define GEN_EXPECTED  12

void gen_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *gen_room(void *array, size_t count, size_t *capacity,
               size_t item); /* grows an array to hold one more */

/* splitmix64; a number in [0, 1). */
double gen_random(uint64_t *state);

/* --- frames (gen_frame.c) --- */

enum gen_tunnel { GEN_PLAIN, GEN_VLAN, GEN_QINQ, GEN_VXLAN, GEN_GRE };

#define GEN_VLAN_ID  100
#define GEN_INNER_ID 200
#define GEN_VNI      5001

struct gen_address {
    bool six;
    uint8_t bytes[16]; /* the first 4 if IPv4 */
    uint16_t port;
};

struct gen_path {
    struct gen_address from, to;
    enum gen_tunnel tunnel;
    uint8_t dscp, ecn, outer_dscp;
    unsigned interface; /* of a pcapng file */
    unsigned point;     /* of capture: 0 is OUT, 1 is OUT.b */
};

struct gen_address gen_ip(const char *text, uint16_t port);
struct gen_path gen_reverse(struct gen_path path);
char *gen_address_text(const struct gen_address *address, bool with_port, char text[64]);

/* Build one Ethernet frame each in `frame` (GEN_FRAME_MAX); return its size. */
size_t gen_udp(uint8_t *frame, const struct gen_path *path, const void *payload, size_t size);
struct gen_segment {
    uint32_t sequence, acknowledgement;
    uint8_t flags; /* 2 SYN, 8 PSH, 16 ACK, 1 FIN */
};
size_t gen_tcp(uint8_t *frame, const struct gen_path *path, const struct gen_segment *segment,
               const void *payload, size_t size);
/* The `index`-th fragment of an IPv4 UDP datagram, cut every `mtu` bytes of IP payload (a multiple of 8); 0:
 * no such one. */
size_t gen_fragment(uint8_t *frame, const struct gen_path *path, const void *payload, size_t size, size_t mtu,
                    unsigned index);
void gen_store16(uint8_t *at, unsigned value); /* big-endian, as all here */
void gen_store32(uint8_t *at, uint32_t value);
uint16_t gen_checksum(uint32_t sum, const uint8_t *bytes,
                      size_t size); /* Internet checksum, `sum` carried in */

/* --- one capture and its truth (gen_write.c) --- */

struct gen_frame {
    vo_time time;
    size_t order, at;
    uint32_t size;
    unsigned point, interface;
};

struct gen_stream;

struct gen {
    uint64_t random;
    struct gen_frame *frames;
    size_t frame_count, frame_capacity;
    uint8_t *bytes;
    size_t byte_count, byte_capacity;
    struct gen_stream *streams[GEN_STREAMS];
    size_t stream_count;
    struct vo_json_writer facts; /* members of the truth's "facts" object */
    uint32_t snaplen;            /* 0: whole frames */
    bool pcapng;                 /* two interfaces, with statistics: */
    uint64_t interface_drops[2];
    vo_time (*clock_of_b)(vo_time); /* what point b's clock shows; NULL: the true time */
};

void gen_put(struct gen *gen, vo_time time, const struct gen_path *path, const uint8_t *frame, size_t size);
/* Adds the streams' packets, sorts and writes. `truth` NULL: none. */
void gen_finish(struct gen *gen, const char *scenario, const char *what, const char *path, const char *truth);
void gen_release(struct gen *gen);

/* --- streams (gen_stream.c) --- */

/* One planned packet. */
struct gen_packet {
    vo_time time;     /* at the point of capture */
    vo_time ideal;    /* when it would have come without jitter */
    int64_t position; /* extended sequence number; its low 16 bits are sent */
    uint32_t timestamp;
    uint16_t size; /* of the payload */
    uint8_t type, copies;
    bool marker, dropped, untimed; /* untimed: comfort noise, events */
    unsigned segment;              /* of the sender's life: 0, then one more each restart */
    uint8_t head[4];               /* first bytes of the payload */
    uint8_t head_size;
};

struct gen_expected {
    const char *metric, *state; /* state NULL: a number */
    double value;
};

struct gen_stream {
    struct gen *gen;
    struct gen_path path;
    uint32_t ssrc;
    uint8_t type;
    uint16_t size; /* payload bytes of a packet */
    uint32_t clock_hz, step;
    const char *codec, *call_id;
    vo_time interval;  /* between packets */
    double fast;       /* sender's clock: 200e-6 is 200 ppm fast */
    double jitter_ms;  /* arrivals are spread evenly over this much */
    vo_time next;      /* ideal arrival of the next packet */
    double next_exact; /* the same since GEN_START, unrounded */
    int64_t position;  /* of the next packet */
    uint32_t timestamp;
    unsigned segment;
    bool marker; /* of the next packet */
    bool secure, no_jitter,
        peak; /* no_jitter: RFC 3550 leaves open what it is here; peak: tell the worst five minutes */
    struct gen_packet *packets;
    size_t count, capacity;
    struct gen_expected expected[GEN_EXPECTED];
    size_t expected_count;
};

struct gen_codec {
    const char *name, *rtpmap; /* "PCMU", "PCMU/8000" */
    uint8_t type;
    uint32_t clock_hz, step;
    uint16_t size;
};
const struct gen_codec *gen_codec(const char *name);

/* A stream of the codec along the path, first packet at `start`; owned by `gen`. */
struct gen_stream *gen_stream(struct gen *gen, const struct gen_path *path, const char *codec, uint32_t ssrc,
                              vo_time start);
/* The same stream as another point or leg sees it: `delay` later. The plan is copied; change it before. */
struct gen_stream *gen_stream_again(const struct gen_stream *stream, const struct gen_path *path,
                                    vo_time delay);
struct gen_packet *gen_talk(struct gen_stream *stream,
                            size_t count); /* plans packets; returns the first of them */
void gen_silence(struct gen_stream *stream, double seconds, bool timestamps_run);
void gen_use_codec(struct gen_stream *stream, const char *codec);
void gen_expect(struct gen_stream *stream, const char *metric, double value);
void gen_expect_state(struct gen_stream *stream, const char *metric, const char *state);
void gen_stream_put(const struct gen_stream *stream);
void gen_stream_truth(const struct gen_stream *stream, struct vo_json_writer *json);

/* --- signalling and RTCP (gen_sip.c) --- */

struct gen_call {
    struct gen *gen;
    const char *id;
    struct gen_path path;        /* of SIP, caller to callee */
    struct gen_address media[2]; /* of the caller and of the callee */
    const char *codecs;          /* "PCMU PCMA telephone-event" */
    const char *profile;         /* NULL: RTP/AVP */
    const char *attributes;      /* more a= lines, each with \r\n, or NULL */
    unsigned ptime_ms;           /* 0: not told */
    bool tcp, fragments, padded; /* padded: an INVITE larger than an MTU */
    vo_time
        offset[2]; /* added to the times of what caller and callee send: the way to the point of capture */
    unsigned cseq;
    uint32_t tcp_next[2];    /* sequence numbers of either side */
    char held[GEN_TEXT_MAX]; /* TCP: waits to share the next segment */
    size_t held_size;
};

/* INVITE at `start`, 100, 180 after 100 ms, 200 at `answer`, ACK. */
void gen_call_begin(struct gen_call *call, vo_time start, vo_time answer);
/* re-INVITE of the caller with an attribute such as "sendonly", 200, ACK. */
void gen_call_again(struct gen_call *call, vo_time time, const char *direction);
void gen_call_end(struct gen_call *call, vo_time time); /* BYE of the caller, 200 */
/* The texts alone, for the bench: `step` counts the messages of a call. Returns 0 after the last one. */
size_t gen_call_text(const struct gen_call *call, unsigned step, char text[GEN_TEXT_MAX], bool *from_caller);
#define GEN_CALL_SETUP 5 /* messages up to and with ACK; BYE and its 200 follow */

struct gen_report { /* a report block, RFC 3550 6.4.1 */
    uint32_t about, highest, jitter, last_report, delay_since;
    uint8_t fraction;
    int32_t lost;
};
struct gen_rtcp {
    uint32_t ssrc, rtp_timestamp, packets, octets;
    vo_time ntp;                     /* 0: a receiver report */
    const struct gen_report *report; /* or NULL */
    bool secure;                     /* SRTCP: all but the first 8 bytes is noise, index and tag follow */
};
uint32_t gen_ntp_middle(vo_time time);
/* SR or RR, then SDES, at `time`; the ports of the path are RTCP's. */
void gen_rtcp(struct gen *gen, vo_time time, const struct gen_path *path, const struct gen_rtcp *rtcp);

/* --- scenarios --- */

/* The usual case (gen_duo.c): alice at 10.0.0.1 calls bob at 10.0.0.2, SIP with DSCP 40 and RTP with 46,
 * media from alice's port 20000 to bob's 30000 and back. Initialise, change what the scenario is about, open;
 * then plan packets. */
struct gen_duo {
    struct gen_call call;
    struct gen_path up; /* of media, alice to bob */
    struct gen_stream *to_bob, *to_alice;
    const char *codec;
    vo_time start;        /* of the call; answered 1 s later */
    bool silent, one_way; /* silent: no SIP is seen; one_way: bob sends nothing */
};
void gen_duo_init(struct gen_duo *duo, struct gen *gen, const char *codec);
void gen_duo_open(struct gen_duo *duo);
void gen_duo_talk(struct gen_duo *duo, size_t count); /* either way */
void gen_duo_close(struct gen_duo *duo);              /* BYE after the last packet */

struct gen_scenario {
    const char *name, *what;
    void (*build)(struct gen *gen);
};
extern const struct gen_scenario gen_loss_scenarios[], gen_media_scenarios[],
    gen_network_scenarios[]; /* end with a NULL name */

struct gen_bench {
    long packets, streams, seed;
    double loss_percent;
};
void gen_bench(const struct gen_bench *bench, const char *path, const char *truth);

#endif
