#include "probes/flow/rtp_session.h"

#include "probes/decode/rtp.h"
#include "probes/flow/rtp_direct.h"
#include "probes/flow/rtp_emit.h"

#include <stdlib.h>
#include <string.h>

#define QUIET_NS (5 * VO_NS_PER_S)

/* Does the stream still belong to an earlier call of this endpoint? Phones use the same few ports for every
 * call: what ended, or fell silent, before the new SDP came is not the new call's. */
static bool is_past(const struct vo_stream *stream, const struct vo_binding *before,
                    const struct vo_binding *now)
{
    if (!before || before->call == now->call)
        return false;
    return before->call->ended != VO_TIME_UNKNOWN || now->since - stream->last > QUIET_NS;
}

/* Looks again at what the bound endpoint already receives and sends. */
static void on_bound(void *context, const struct vo_binding *binding)
{
    struct vo_rtp_session *session = context;
    const uint8_t *address = binding->address;
    uint16_t port = binding->port;
    if (binding->rtcp)
        return;
    for (struct vo_stream *s = vo_streams_to(session->streams, address, port); s; s = s->next_destination)
        if (s->key.destination_port == port && memcmp(s->key.destination, address, 16) == 0 &&
            !is_past(s, s->to, binding))
            vo_stream_bind(s, binding, s->from);
    for (struct vo_stream *s = vo_streams_from(session->streams, address, port); s; s = s->next_source)
        if (s->key.source_port == port && memcmp(s->key.source, address, 16) == 0 &&
            !is_past(s, s->from, binding))
            vo_stream_bind(s, s->to, binding);
}

static void on_call_evicted(void *context, struct vo_call *call)
{
    struct vo_rtp_session *session = context;
    (void)session;
    free(call->user);
    call->user = NULL;
}

static void on_stream_evicted(void *context, struct vo_stream *stream)
{
    vo_rtp_emit_stream(context, stream, true);
}

enum vo_status vo_rtp_session_open(struct vo_rtp_session *session, const struct vo_rtp_options *options,
                                   struct vo_record_writer *writer, struct vo_error *error)
{
    memset(session, 0, sizeof *session);
    session->options = *options;
    session->writer = writer;
    session->first = session->last = VO_TIME_UNKNOWN;
    struct vo_stream_config *config = &session->options.stream;
    config->context = session;
    config->rows = vo_rtp_emit_rows;
    config->event = vo_rtp_emit_stream_event;
    const struct vo_streams_handler streams = {session, on_stream_evicted};
    const struct vo_calls_handler calls = {session, on_bound, on_call_evicted};
    session->streams = vo_streams_new(config, &streams, options->stream_limit);
    session->calls = vo_calls_new(&calls);
    session->fragments = vo_fragments_new();
    session->air = vo_on_air_new();
    if (!session->streams || !session->calls || !session->fragments || !session->air ||
        !vo_rtp_signalling_open(session)) {
        vo_rtp_session_close(session);
        return vo_error_memory(error, "the stream and call tables");
    }
    return VO_OK;
}

static uint16_t saturate16(uint32_t value)
{
    return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

/* What the stream table needs of a packet. */
static void fill(const struct vo_rtp_session *session, const struct vo_packet *packet,
                 const struct vo_rtp *rtp, struct vo_queued *to)
{
    struct vo_stream_key *key = &to->key;
    struct vo_rtp_packet *fed = &to->rtp;
    memcpy(key->source, packet->source, 16);
    memcpy(key->destination, packet->destination, 16);
    key->source_port = packet->source_port;
    key->destination_port = packet->destination_port;
    key->ssrc = rtp->ssrc;
    key->encap_hash = packet->encap_hash;
    key->interface = session->interface;
    fed->time = session->now;
    fed->timestamp = rtp->timestamp;
    fed->sequence = rtp->sequence;
    fed->ip_length = saturate16(packet->ip_length);
    fed->payload_length = saturate16(rtp->payload_length);
    fed->air_link = session->heard.link;
    fed->air_unheard = session->heard.unheard;
    fed->air_state = session->heard.state;
    fed->payload_type = rtp->payload_type;
    fed->marker = rtp->marker;
    fed->dscp = packet->dscp;
    fed->outer_dscp = packet->flags & VO_PACKET_TUNNELLED ? packet->outer_dscp : 0xff;
    fed->ttl = packet->ttl;
    fed->counted = false;
    fed->has_event = rtp->payload_length == 4 && packet->payload_size >= rtp->payload_offset + 2;
    fed->event = fed->has_event ? packet->payload[rtp->payload_offset] : 0;
    fed->event_end = fed->has_event ? packet->payload[rtp->payload_offset + 1] : 0;
}

static void take_rtp(struct vo_rtp_session *session, const struct vo_packet *packet, const struct vo_rtp *rtp)
{
    if (!session->keeper.keep) {
        fill(session, packet, rtp, vo_streams_place(session->streams));
        vo_streams_queue(session->streams, session->calls, packet->encap, packet->encap_count);
        return;
    }
    struct vo_queued one;
    fill(session, packet, rtp, &one);
    struct vo_stream *stream = vo_streams_add(session->streams, session->calls, &one.key, packet, &one.rtp);
    bool timed = session->first != VO_TIME_UNKNOWN;
    if (!stream ||
        (timed && !session->keeper.keep(session->keeper.context, stream, packet, rtp, session->now)))
        session->counts.memory++;
}

/* DTLS or ZRTP on the ports of a stream: its payload is encrypted whatever SDP says. */
static void mark_secure(struct vo_rtp_session *session, const struct vo_packet *packet)
{
    for (struct vo_stream *s = vo_streams_to(session->streams, packet->destination, packet->destination_port);
         s; s = s->next_destination)
        s->secure = true;
    for (struct vo_stream *s =
             vo_streams_from(session->streams, packet->destination, packet->destination_port);
         s; s = s->next_source)
        s->secure = true;
}

static void take_udp(struct vo_rtp_session *session, const struct vo_packet *packet)
{
    struct vo_rtp rtp;
    switch (vo_media_classify(packet->payload, packet->payload_size, packet->payload_length)) {
    case VO_MEDIA_RTP:
        if (vo_rtp_decode(packet->payload, packet->payload_size, packet->payload_length, &rtp))
            take_rtp(session, packet, &rtp);
        break;
    case VO_MEDIA_RTCP:
        vo_streams_flush(session->streams, session->calls);
        vo_rtp_rtcp(session, packet);
        break;
    case VO_MEDIA_DTLS:
    case VO_MEDIA_ZRTP:
        vo_streams_flush(session->streams, session->calls);
        mark_secure(session, packet);
        break;
    case VO_MEDIA_OTHER:
        if (!vo_sip_likely(packet->payload, packet->payload_size))
            break;
        vo_streams_flush(session->streams, session->calls);
        vo_rtp_sip_datagram(session, packet);
        break;
    case VO_MEDIA_STUN:
    case VO_MEDIA_TURN_CHANNEL:
        break;
    }
}

static void take(struct vo_rtp_session *session, enum vo_decoded decoded, struct vo_packet *packet)
{
    const uint8_t *data;
    uint32_t size;
    switch (decoded) {
    case VO_DECODED_DATAGRAM:
        if (packet->protocol == 17) {
            take_udp(session, packet);
            break;
        }
        vo_streams_flush(session->streams, session->calls);
        vo_tcp_add(session->tcp, packet, session->now);
        break;
    case VO_DECODED_FRAGMENT:
        if (vo_fragments_add(session->fragments, packet, session->now, &data, &size))
            take(session, vo_decode_transport(packet, packet->fragment.protocol, data, size), packet);
        break;
    case VO_DECODED_OTHER:
        break;
    case VO_DECODED_ENCRYPTED:
        session->counts.encrypted_frames++;
        break;
    case VO_DECODED_DAMAGED:
        session->counts.damaged++;
        break;
    case VO_DECODED_LINK:
        session->counts.unknown_link++;
        session->counts.undecoded++;
        break;
    case VO_DECODED_CUT:
    case VO_DECODED_MALFORMED:
        session->counts.undecoded++;
        break;
    }
}

static void note_frame(struct vo_rtp_session *session, uint32_t interface, vo_time time)
{
    session->counts.frames++;
    session->interface = interface;
    if (time == VO_TIME_UNKNOWN)
        return;
    session->now = time;
    if (session->first == VO_TIME_UNKNOWN)
        session->first = time;
    if (session->last == VO_TIME_UNKNOWN || time > session->last)
        session->last = time;
}

static bool note_on_air(struct vo_rtp_session *session, const struct vo_mpdu *mpdu)
{
    session->heard = vo_on_air_hear(session->air, session->interface, mpdu, session->now);
    session->counts.repeated += session->heard.repeated;
    return !session->heard.repeated;
}

bool vo_rtp_session_begin(struct vo_rtp_session *session, uint32_t interface, const struct vo_mpdu *mpdu,
                          vo_time time)
{
    note_frame(session, interface, time);
    return note_on_air(session, mpdu);
}

void vo_rtp_session_packet(struct vo_rtp_session *session, enum vo_decoded decoded, struct vo_packet *packet)
{
    take(session, decoded, packet);
}

void vo_rtp_session_queue(struct vo_rtp_session *session, const struct vo_encap *encap, uint8_t encap_count)
{
    struct vo_rtp_packet *placed = &vo_streams_place(session->streams)->rtp;
    placed->air_link = session->heard.link;
    placed->air_unheard = session->heard.unheard;
    placed->air_state = session->heard.state;
    vo_streams_queue(session->streams, session->calls, encap, encap_count);
}

void vo_rtp_session_frame(struct vo_rtp_session *session, const struct vo_frame *frame)
{
    struct vo_packet packet;
    unsigned packets = 1;
    note_frame(session, frame->interface, frame->time);
    if (!session->keeper.keep && vo_direct_read(frame, session->now, vo_streams_place(session->streams))) {
        vo_streams_queue(session->streams, session->calls, NULL, 0);
        return;
    }
    packet.rest = NULL;
    enum vo_decoded decoded =
        vo_decode_frame(frame->linktype, frame->data, frame->captured, frame->length, &packet);
    if (decoded == VO_DECODED_LINK)
        session->counts.unknown_linktype = frame->linktype;
    session->heard = (struct vo_on_air_frame){0};
    bool on_air = packet.flags & VO_PACKET_ON_AIR;
    if (on_air && !note_on_air(session, &packet.mpdu))
        return;
    take(session, decoded, &packet);
    for (; packet.rest; packets++)
        take(session, vo_decode_next(&packet), &packet);
    if (on_air && packets > 1)
        vo_on_air_count(session->air, packets);
}

void vo_rtp_session_finish(struct vo_rtp_session *session)
{
    vo_streams_flush(session->streams, session->calls);
    session->counts.memory += vo_tcp_stats(session->tcp)->lost + vo_fragments_stats(session->fragments)->lost;
    session->counts.unsorted = vo_on_air_left_out(session->air);
    session->counts.memory += vo_on_air_lost(session->air);
    vo_tcp_free(session->tcp); /* tells what connections were left: hidden signalling among them */
    session->tcp = NULL;
    if (session->last != VO_TIME_UNKNOWN)
        vo_calls_finish(session->calls, session->last);
    vo_streams_finish(session->streams);
    session->counts.memory += vo_streams_lost(session->streams) + vo_calls_lost(session->calls);
}

void vo_rtp_session_close(struct vo_rtp_session *session)
{
    vo_tcp_free(session->tcp);
    vo_streams_free(session->streams);
    vo_calls_free(session->calls);
    vo_fragments_free(session->fragments);
    vo_on_air_free(session->air);
    while (session->hidden) {
        struct vo_hidden_signalling *next = session->hidden->next;
        free(session->hidden);
        session->hidden = next;
    }
    memset(session, 0, sizeof *session);
}
