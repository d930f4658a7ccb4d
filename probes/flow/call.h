/*
 * SIP calls (RFC 3261, 6076): from messages to outcome, times, legs and the media that SDP announces (RFC
 * 3264).
 *
 * A call is one Call-ID. A message that a proxy forwards is seen on several hops: it belongs to the same
 * call, is a retransmission only when source, destination, branch, CSeq and status repeat, and the first
 * sight counts for times. Who is caller is told by the From tag of the first INVITE, so that requests of
 * either side, and responses, find their side.
 *
 * Each SDP announces bindings: this side of this call receives media at this address and port. The newest
 * binding of an endpoint counts; ports are used again. SDP of a failed or superseded offer stays bound until
 * replaced: early media comes before answers.
 *
 * Capped: VO_CALLS_MAX calls and VO_CALL_BINDINGS_MAX bindings, beyond which new ones are refused and
 * counted; VO_CALL_LADDER messages kept a call; VO_CALL_TEXT bytes of each string. Calls, media and bindings
 * stay where they are until vo_calls_free(), so that streams may point to them.
 */
#ifndef VO_PROBES_FLOW_CALL_H
#define VO_PROBES_FLOW_CALL_H

#include "core/clock.h"
#include "probes/decode/packet.h"
#include "probes/decode/sdp.h"
#include "probes/decode/sip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_CALLS_MAX         100000
#define VO_CALL_BINDINGS_MAX 400000
#define VO_CALL_LADDER       200
#define VO_CALL_TEXT         256 /* with the NUL */

enum vo_call_state {
    VO_CALL_IN_PROGRESS,
    VO_CALL_ANSWERED,
    VO_CALL_CANCELLED,
    VO_CALL_REJECTED,
    VO_CALL_FAILED,
    VO_CALL_UNANSWERED
};
enum vo_call_hangup { VO_HANGUP_UNSEEN, VO_HANGUP_CALLER, VO_HANGUP_CALLEE };
enum vo_sip_transport { VO_SIP_UDP, VO_SIP_TCP, VO_SIP_TLS };

/* One m= line as one side announced it, or all that are bundled at one endpoint. */
struct vo_media {
    char kind[12];   /* "": bundled lines of several kinds */
    double ptime_ms; /* 0: not told */
    bool secure, dtls, rtcp_mux, held;
    enum vo_sdp_direction direction;
    uint8_t payload_count;
    struct vo_media_payload {
        uint8_t type, channels;
        bool differs;      /* bundled lines list it with different codecs: neither is known */
        uint32_t clock_hz; /* 0: unknown */
        char codec[VO_SDP_CODEC];
        char kind[12];   /* of the lines that list it; "": of several kinds (RFC 9143 9.2: no way to tell) */
        double ptime_ms; /* of the lines that list it; 0: not told, or they differ */
    } payloads[];
};

struct vo_binding {
    uint8_t address[16];
    uint16_t port;
    bool rtcp;           /* the RTCP port; with rtcp-mux there is only the RTP one */
    bool candidate;      /* from an ICE candidate, not from c= and m= */
    bool caller;         /* announced by the caller's side: media to here goes to the caller */
    uint8_t media_index; /* of the m= line */
    struct vo_call *call;
    const struct vo_media *media;
    vo_time since;
    const struct vo_binding *older; /* at the same endpoint, or NULL */
};

struct vo_ladder {
    vo_time time;
    uint8_t source[16], destination[16];
    uint16_t source_port, destination_port;
    uint16_t status; /* 0: a request */
    char text[48];   /* "INVITE", "180 Ringing" */
    uint32_t cseq;
    bool retransmission, sdp;
    uint8_t dscp;
};

struct vo_call {
    char *id;              /* Call-ID. In all texts control characters and bytes that are no UTF-8 are '?' */
    char *caller, *callee; /* From and To URIs of the first message, or NULL */
    char *session_id; /* RFC 7989: the caller's UUID in lower case, which is the same on every leg; or NULL */
    char *origin[2];  /* SDP o= (user, session id, address) of the caller's and the callee's side, or NULL */
    char *user_agent[2]; /* likewise, or NULL; not of 100, 401 and 407, which proxies answer */
    char *hangup_reason; /* Reason header of BYE or CANCEL, or NULL */
    enum vo_sip_transport transport;
    bool invite; /* false: the INVITE was not seen (capture began later), or not a call (OPTIONS, REGISTER:
                    not kept at all) */
    vo_time first, last;
    vo_time invited; /* the first INVITE, before any challenge: the caller waits from here; this and all below
                        may be VO_TIME_UNKNOWN */
    vo_time progressed;             /* first provisional response above 100 */
    vo_time ringing;                /* first 180 */
    vo_time answered, acknowledged; /* 2xx to the INVITE, its ACK */
    vo_time ended;                  /* BYE, CANCEL or failing final response */
    uint16_t final_code; /* last final response to an INVITE; 0 none. 401, 407 and 3xx are not final when the
                            caller goes on */
    enum vo_call_state state;
    enum vo_call_hangup hangup;
    uint32_t packets[2]; /* from the caller's side, from the callee's, retransmissions included */
    uint32_t retransmissions;
    uint32_t dscp[2][64]; /* packets by DSCP and side */
    uint32_t holds;       /* SDP that put a stream on hold */
    struct vo_ladder *ladder;
    uint32_t ladder_count, ladder_left_out;
    bool media_announced[2]; /* either side has announced a media port */
    void *user;              /* the program's; freed by `evicted` */
    struct vo_call *next;    /* in order of first sight */
};

struct vo_calls_handler {
    void *context;
    void (*bound)(void *context,
                  const struct vo_binding *binding); /* a new binding: streams may look again */
    void (*evicted)(void *context,
                    struct vo_call *call); /* at vo_calls_free(), for each call: frees call->user */
};

struct vo_calls;
struct vo_calls *vo_calls_new(const struct vo_calls_handler *handler); /* NULL: out of memory */
void vo_calls_free(struct vo_calls *calls);
/* Takes one message. Without a Call-ID, or outside a call, it is passed over. Out of memory loses it and is
 * counted. `dscp` and addresses come from the packet that ended it. */
void vo_calls_add(struct vo_calls *calls, const struct vo_sip *message, const struct vo_packet *packet,
                  vo_time time, enum vo_sip_transport transport);
/* The newest binding of an endpoint, or NULL. */
const struct vo_binding *vo_calls_binding(const struct vo_calls *calls, const uint8_t address[16],
                                          uint16_t port);
const struct vo_media_payload *vo_media_find(const struct vo_media *media, uint8_t payload_type);
/* What the m= lines of a stream's two ends (either may be NULL) say of a payload type: those of its receiver,
 * who chose the numbers, before those of its sender. NULL: no line lists it. */
const struct vo_media_payload *vo_media_named(const struct vo_binding *to, const struct vo_binding *from,
                                              uint8_t payload_type);
struct vo_call *vo_calls_first(const struct vo_calls *calls);
size_t vo_calls_count(const struct vo_calls *calls);
/* INVITEs of new calls that were refused for want of room. */
uint64_t vo_calls_evicted(const struct vo_calls *calls);
/* Messages lost for want of memory, and bindings for want of memory or room. */
uint64_t vo_calls_lost(const struct vo_calls *calls);
/* At the end of the capture, `now`: a call whose INVITE had no response for 32 s (RFC 3261 Timer B) is
 * unanswered. May be called again later. */
void vo_calls_finish(struct vo_calls *calls, vo_time now);
/* First INVITE to the first response that tells its fate: 101 to 199, or final (RFC 6076 4.3); NaN if not
 * seen. Unit: ms. */
double vo_call_post_dial_ms(const struct vo_call *call);

#endif
