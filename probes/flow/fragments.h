/*
 * IP reassembly (RFC 791, RFC 8200 4.5): fragments kept by source, destination, protocol, identification and
 * encapsulation.
 *
 * Capped: at most VO_FRAGMENTS_MAX datagrams at once (the oldest goes), 65,535 bytes each, 30 s. Overlapping
 * fragments discard the datagram (RFC 5722), except exact copies.
 */
#ifndef VO_PROBES_FLOW_FRAGMENTS_H
#define VO_PROBES_FLOW_FRAGMENTS_H

#include "core/clock.h"
#include "probes/decode/packet.h"

#define VO_FRAGMENTS_MAX 256

struct vo_fragments_stats {
    uint64_t fragments, reassembled, timed_out, evicted, overlapping;
    uint64_t lost; /* datagrams, for want of memory */
};
struct vo_fragments;
struct vo_fragments *vo_fragments_new(void); /* NULL: out of memory */
void vo_fragments_free(struct vo_fragments *fragments);
/* Takes a VO_DECODED_FRAGMENT. True when it completed its datagram: *data and *size (until the next call) go
 * to vo_decode_transport() with packet->fragment.protocol. */
bool vo_fragments_add(struct vo_fragments *fragments, const struct vo_packet *packet, vo_time time,
                      const uint8_t **data, uint32_t *size);
const struct vo_fragments_stats *vo_fragments_stats(const struct vo_fragments *fragments);

#endif
