/*
 * What a SIP message has become on its way (RFC 3261 7, RFC 8866 5): which lines of what was sent are not in
 * what was received. Bytes decide; lines only say where.
 */
#ifndef VO_PROBES_REACH_SIP_COMPARE_H
#define VO_PROBES_REACH_SIP_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vo_sip_difference {
    char what[240];          /* "Via, Contact, SDP o=, SDP c=", each once; grows over several calls */
    char from[160], to[160]; /* the first line that differs, as sent and as received; "" if it is gone */
};

/* True if the bytes differ. `difference` is zero-initialised before the first call. `sent` is ours; `got` is
 * anything. */
bool vo_sip_compare(const char *sent, size_t sent_size, const uint8_t *got, size_t got_size,
                    struct vo_sip_difference *difference);

#endif
