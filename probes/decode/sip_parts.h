/*
 * What SIP heads and MIME parts have in common (RFC 3261 7.3, RFC 2046 5.1): lines, parameters, the search
 * for SDP. Internal to the SIP decoder.
 */
#ifndef VO_PROBES_DECODE_SIP_PARTS_H
#define VO_PROBES_DECODE_SIP_PARTS_H

#include "probes/decode/bytes.h"

/* The next line with its folded continuations, without the line end; *at moves behind it. An empty line is
 * the blank one. False at the end. The last line needs no line end. */
bool vo_sip_line(const char **at, const char *end, struct vo_span *line);

/* The quote that closes the one at `quote`, or NULL. A backslash escapes. */
const char *vo_sip_closing_quote(const char *quote, const char *end);

/* Value of ";name=value" in the first element of a comma-separated list, without quotes; at NULL: absent. */
struct vo_span vo_sip_parameter(struct vo_span text, const char *name);

/* The URI of a name-addr or addr-spec; *parameters is what follows it, from the semicolon. In a list only the
 * first. */
struct vo_span vo_sip_address(struct vo_span value, bool list, struct vo_span *parameters);

/* The SDP of a body: all of it, or its first application/sdp part (RFC 5621); at NULL: none that can be read.
 */
struct vo_span vo_sip_find_sdp(struct vo_span type, struct vo_span encoding, struct vo_span body);

#endif
