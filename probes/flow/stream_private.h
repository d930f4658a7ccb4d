/* Between the files of one stream: candidate (stream.c), measurement (stream_measure.c), series
 * (stream_rows.c), payloads and clock (stream_payload.c). */
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

/* The series: rows of series_s, numbered from the stream's first packet. */
static inline struct vo_stream_row *vo_row_at(struct vo_measure *measure, int64_t number)
{
    return &measure->rows[number % VO_STREAM_ROWS];
}

static inline void vo_row_clear(struct vo_stream_row *row)
{
    *row = (struct vo_stream_row){.jitter_max_ms = -1, .variation_max_ms = -1};
}

/* Tells the rows before `end`, in chunks. */
void vo_rows_tell(struct vo_stream *stream, const struct vo_stream_config *config, int64_t end);
/* Makes `number` the newest row. A pause longer than the rows that are kept ends the chunk: no rows are told
 * of it. */
void vo_rows_advance(struct vo_stream *stream, const struct vo_stream_config *config, int64_t number);
/* Places lost packets into the rows in which they would have come; what belongs before the rows kept goes to
 * the first. Times in seconds since the first packet. */
void vo_rows_lost(struct vo_stream *stream, const struct vo_stream_config *config, uint64_t count,
                  double before_s, double after_s);

#endif
