/*
 * Unencrypted data frames with packets of RTP, RTCP and SIP, for the tests of what voready-wlan makes of
 * their content. The same frames go to a session as voready-rtp opens it: what both find of a stream is
 * compared.
 */
#ifndef VO_TESTS_UNIT_CONTENT_SCENE_H
#define VO_TESTS_UNIT_CONTENT_SCENE_H

#include "probes/flow/leg.h"
#include "probes/flow/rtp_emit.h"
#include "tests/unit/wlan_scene.h"

#include <stdio.h>

/* A frame with one packet; members that are 0 take what stands beside them. */
struct sent {
    double ms;
    unsigned from, to;           /* stations of wlan_scene.h */
    uint8_t flags;               /* TO_DS, FROM_DS, RETRY */
    unsigned number;             /* of the frame, 0 to 4095 */
    unsigned tid;                /* 6 */
    uint64_t group;              /* receiver's address in place of `to` */
    uint8_t source, destination; /* 10.0.0.n: 1, 2 */
    uint16_t ports;              /* both; 4000 */
    uint8_t ttl;                 /* 64 */
    unsigned rtp;                /* RTP sequence number; its timestamp is 160 times it */
    uint32_t ssrc;               /* 0xabcd */
    const void *payload;         /* of UDP, in place of RTP */
    uint32_t size;
};

static inline void put_big(struct scene *scene, uint64_t value, unsigned size)
{
    for (unsigned i = size; i-- > 0;)
        scene->bytes[scene->size++] = (uint8_t)(value >> 8 * i);
}

static inline void put_llc(struct scene *scene)
{
    put(scene, "\xaa\xaa\3\0\0\0\x08\0", 8);
}

/* IPv4 and UDP, without LLC. */
static inline void put_packet(struct scene *scene, const struct sent *sent)
{
    enum { RTP = 12 + 160, IP = 20, UDP = 8, EF = 46 };
    uint32_t size = sent->payload ? sent->size : RTP;
    put_big(scene, 0x4500 | EF << 2, 2);
    put_big(scene, IP + UDP + size, 2);
    put_big(scene, 0, 4);
    put_big(scene, sent->ttl ? sent->ttl : 64, 1);
    put_big(scene, 17, 1);
    put_big(scene, 0, 2);
    put_big(scene, 0x0a000000 | (sent->source ? sent->source : 1), 4);
    put_big(scene, 0x0a000000 | (sent->destination ? sent->destination : 2), 4);
    put_big(scene, sent->ports ? sent->ports : 4000, 2);
    put_big(scene, sent->ports ? sent->ports : 4000, 2);
    put_big(scene, UDP + size, 2);
    put_big(scene, 0, 2);
    if (sent->payload) {
        put(scene, sent->payload, sent->size);
        return;
    }
    put_big(scene, 0x8000, 2);
    put_big(scene, sent->rtp, 2);
    put_big(scene, sent->rtp * 160, 4);
    put_big(scene, sent->ssrc ? sent->ssrc : 0xabcd, 4);
    for (unsigned i = 0; i < 160; i++)
        put_big(scene, i ^ sent->rtp, 1);
}

/* The header of QoS data up to its body. */
static inline void put_frame(struct scene *scene, const struct sent *sent, unsigned qos)
{
    scene->ms = sent->ms;
    put_header(scene, VO_IEEE80211_QOS_DATA, sent->flags, sent->group ? sent->group : STATION(sent->to),
               STATION(sent->from), STATION(99), sent->number);
    put_number(scene, (sent->tid ? sent->tid : 6) | qos, 2);
}

static inline void send(struct scene *scene, struct sent sent)
{
    put_frame(scene, &sent, 0);
    put_llc(scene);
    put_packet(scene, &sent);
    hear(scene);
}

#define SDP_OF(host)                                                                                         \
    "v=0\r\no=- 1 1 IN IP4 10.0.0." host "\r\ns=-\r\nc=IN IP4 10.0.0." host                                  \
    "\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
#define SIP_FROM(line, cseq, tag, more)                                                                      \
    line "\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK" cseq                                            \
         "\r\nFrom: <sip:a@10.0.0.1>;tag=1\r\nTo: <sip:b@10.0.0.2>" tag "\r\nCall-ID: air\r\nCSeq: " cseq    \
         "\r\n" more
#define SIP_OF(line, cseq, more) SIP_FROM(line, cseq, ";tag=2", more)
#define WITH_SDP(host)           "Content-Type: application/sdp\r\nContent-Length: 94\r\n\r\n" SDP_OF(host)
#define NO_BODY                  "Content-Length: 0\r\n\r\n"

/* Each message in a frame that is sent twice; from the phone, or to it. */
static inline void send_sip(struct scene *scene, double ms, bool to_phone, unsigned number, const char *text)
{
    struct sent sent = {.ms = ms,
                        .from = to_phone ? AP : PHONE,
                        .to = to_phone ? PHONE : AP,
                        .flags = to_phone ? FROM_DS : TO_DS,
                        .number = number,
                        .tid = 4,
                        .source = to_phone ? 2 : 1,
                        .destination = to_phone ? 1 : 2,
                        .ports = 5060,
                        .payload = text,
                        .size = (uint32_t)strlen(text)};
    send(scene, sent);
    sent.flags |= RETRY;
    send(scene, sent);
}

static inline struct scene *content_scene(const struct vo_wlan_options *options, const char *path)
{
    struct scene *scene = scene_with(options, path);
    struct vo_rtp_options rtp = {.stream_limit = options->stream_limit ? options->stream_limit : 65536};
    assert_true(vo_playout_parse("fixed:60", &rtp.stream.playout));
    scene->also = calloc(1, sizeof *scene->also);
    assert_non_null(scene->also);
    assert_int_equal(
        vo_record_open(NULL, &(struct vo_run){.probe = "voready-rtp"}, &scene->also_writer, NULL), VO_OK);
    assert_int_equal(vo_rtp_session_open(scene->also, &rtp, scene->also_writer, NULL), VO_OK);
    scene->also->keylog = scene->session.keylog;
    return scene;
}

static inline struct scene *content_new(void)
{
    static const struct vo_wlan_options options;
    return content_scene(&options, NULL);
}

static inline void content_free(struct scene *scene)
{
    vo_rtp_session_close(scene->also);
    assert_int_equal(vo_record_close(scene->also_writer, true, NULL, NULL), VO_OK);
    free(scene->also);
    scene_free(scene);
}

static inline const struct vo_stream *stream_in(struct vo_rtp_session *session, const char *id)
{
    char text[VO_STREAM_ID], all[2000] = "";
    for (size_t i = 0; i < vo_streams_count(session->streams); i++) {
        const struct vo_stream *stream = vo_streams_at(session->streams, i);
        vo_rtp_stream_id(session, stream, text);
        if (strcmp(text, id) == 0)
            return stream;
        snprintf(all + strlen(all), sizeof all - strlen(all), " %s", text);
    }
    fail_msg("no stream %s, but%s", id, all);
    return NULL;
}

static inline void same(const char *what, uint64_t one, uint64_t other)
{
    if (one != other)
        fail_msg("%s: %llu by voready-wlan, %llu by voready-rtp", what, (unsigned long long)one,
                 (unsigned long long)other);
}

/* After the end: the stream as voready-wlan has it. voready-rtp has the same. */
static inline const struct vo_stream *stream_of(struct scene *scene, const char *id)
{
    const struct vo_stream *one = stream_in(&scene->session.rtp, id), *other = stream_in(scene->also, id);
    same("streams", vo_streams_count(scene->session.rtp.streams), vo_streams_count(scene->also->streams));
    same("packets", one->measure->packets, other->measure->packets);
    same("unique", one->measure->sequence.unique, other->measure->sequence.unique);
    same("expected", vo_sequence_expected(&one->measure->sequence),
         vo_sequence_expected(&other->measure->sequence));
    same("duplicates", one->measure->sequence.duplicates, other->measure->sequence.duplicates);
    same("unheard", one->measure->air.packets, other->measure->air.packets);
    same("DSCP", one->measure->dscp[46], other->measure->dscp[46]);
    same("octets", one->measure->octets, other->measure->octets);
    same("jitter", (uint64_t)one->measure->delay.jitter.maximum_ns,
         (uint64_t)other->measure->delay.jitter.maximum_ns);
    same("leg", one->leg ? one->leg->matched : 0, other->leg ? other->leg->matched : 0);
    return one;
}

static inline void finish(struct scene *scene)
{
    vo_wlan_session_finish(&scene->session);
    vo_rtp_session_finish(scene->also);
    assert_true(vo_rtp_link_calls(scene->also));
    same("repeated", scene->session.rtp.counts.repeated, scene->also->counts.repeated);
}

static inline uint64_t lost(const struct vo_stream *stream)
{
    return vo_sequence_expected(&stream->measure->sequence) - stream->measure->sequence.unique;
}

#endif
