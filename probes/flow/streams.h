/*
 * The stream table: every RTP stream of a capture, found by addresses, ports, SSRC, encapsulation and
 * interface.
 *
 * Candidates are capped at VO_STREAMS_CANDIDATES (the oldest goes, silently: nothing vouches for it); open
 * streams at the limit given: the longest idle of a sample is closed and told, so that its measurement is
 * kept and the eviction is known.
 */
#ifndef VO_PROBES_FLOW_STREAMS_H
#define VO_PROBES_FLOW_STREAMS_H

#include "probes/flow/stream.h"

#define VO_STREAMS_CANDIDATES 16384

struct vo_streams_handler {
    void *context;
    void (*evicted)(void *context, struct vo_stream *stream); /* closed early; freed after the call */
};

struct vo_streams;
struct vo_streams *vo_streams_new(const struct vo_stream_config *config,
                                  const struct vo_streams_handler *handler, size_t limit);
void vo_streams_free(struct vo_streams *streams);

/* The stream of a key, or NULL. */
struct vo_stream *vo_streams_find(const struct vo_streams *streams, const struct vo_stream_key *key);
/* Takes a packet: finds or begins its stream, bound to what SDP says of its ends. NULL: out of memory. */
struct vo_stream *vo_streams_add(struct vo_streams *streams, const struct vo_calls *calls,
                                 const struct vo_stream_key *key, const struct vo_packet *packet,
                                 const struct vo_rtp_packet *rtp);
/* The same, in two steps: the caller writes a packet to vo_streams_place(), then vo_streams_queue() takes it,
 * a few packets later. This more than halves the time of captures with many streams: memory comes near while
 * a packet is queued, and packets of an open stream wait in the stream until they are measured together.
 * vo_streams_flush() takes what is queued; do it before anything else touches the table. The functions below
 * hand out streams whose packets are all measured. What was lost for want of memory is counted by
 * vo_streams_lost(). */
struct vo_queued {
    struct vo_stream_key key;
    struct vo_rtp_packet rtp;
};
struct vo_queued *vo_streams_place(struct vo_streams *streams);
void vo_streams_queue(struct vo_streams *streams, const struct vo_calls *calls, const struct vo_encap *encap,
                      uint8_t encap_count); /* its encapsulations, outermost first */
void vo_streams_flush(struct vo_streams *streams, const struct vo_calls *calls);
/* Flushes, and measures everything that waits: for a live capture now and then. */
void vo_streams_settle(struct vo_streams *streams, const struct vo_calls *calls);
uint64_t vo_streams_lost(const struct vo_streams *streams);
/* Vouches for a candidate. */
void vo_streams_confirm(struct vo_streams *streams, struct vo_stream *stream);

/* Confirmed streams by SSRC (chained by next_ssrc), by source endpoint (next_source), by destination endpoint
 * (next_destination). A chain may hold others that share the hash: check. */
struct vo_stream *vo_streams_of_ssrc(const struct vo_streams *streams, uint32_t ssrc);
struct vo_stream *vo_streams_from(const struct vo_streams *streams, const uint8_t address[16], uint16_t port);
struct vo_stream *vo_streams_to(const struct vo_streams *streams, const uint8_t address[16], uint16_t port);
/* All confirmed streams in order of first sight. */
size_t vo_streams_count(const struct vo_streams *streams);
struct vo_stream *vo_streams_at(const struct vo_streams *streams, size_t index);
/* Candidates that nothing confirmed, gone or left. */
uint64_t vo_streams_unconfirmed(const struct vo_streams *streams);
uint64_t vo_streams_evicted(const struct vo_streams *streams);
/* Finishes all; candidates that nothing confirmed are dropped. */
void vo_streams_finish(struct vo_streams *streams);

#endif
