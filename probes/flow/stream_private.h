/* Between the files of one stream: candidate (stream.c), measurement (stream_measure.c), payloads and clock
 * (stream_payload.c). */
#ifndef VO_PROBES_FLOW_STREAM_PRIVATE_H
#define VO_PROBES_FLOW_STREAM_PRIVATE_H

#include "probes/flow/stream.h"

/* Measures packets of an open stream, in order of arrival. */
void vo_measure_packets(struct vo_stream *stream, const struct vo_stream_config *config,
                        const struct vo_rtp_packet *packets, unsigned count);
/* Begins the measurement: false when out of memory. */
bool vo_measure_open(struct vo_stream *stream, const struct vo_stream_config *config,
                     const struct vo_rtp_packet *first);
/* New bindings may have told another clock of the media in use. */
void vo_measure_bind(struct vo_stream *stream);
void vo_measure_finish(struct vo_stream *stream, const struct vo_stream_config *config);

/* The row of a payload type, made when new: by the bindings, RFC 3551, or what its packets look like. */
struct vo_payload *vo_payload_of(struct vo_stream *stream, const struct vo_rtp_packet *packet);
/* Looks all payload types up again, after new bindings. */
void vo_payloads_bind(struct vo_stream *stream);
/* Clock of the packets kept, snapped to one that is in use; 0 when they do not tell. */
uint32_t vo_clock_estimate(const struct vo_rtp_packet *packets, unsigned count);

#endif
