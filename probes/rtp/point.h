/*
 * One of two capture points: its name, its files, and what is kept of every RTP packet it saw, so that the
 * packet can be found again at the other point.
 *
 * A packet costs 32 bytes until the comparison is done (a million packets of speech, 5.5 hours of one stream,
 * are 32 MB). Addresses are not kept: NAT changes them. The payload is kept as a hash of its first bytes, as
 * many as VO_POINT_PAYLOAD or all; where the snap length left fewer there is none, and the headers have to
 * do.
 */
#ifndef VO_PROBES_RTP_POINT_H
#define VO_PROBES_RTP_POINT_H

#include "core/error.h"
#include "probes/decode/rtp.h"
#include "probes/flow/rtp_session.h"
#include "probes/io/capture.h"

#define VO_POINT_PAYLOAD 32

enum vo_point_fate {
    VO_POINT_REPEAT = 1,    /* the same packet again: a duplicate */
    VO_POINT_AMBIGUOUS = 2, /* several packets that cannot be told apart */
    VO_POINT_SEEN = 4,      /* the other point has this sequence number and timestamp too */
};

struct vo_point_packet {
    vo_time time;
    uint32_t stream; /* its number at this point */
    uint32_t ssrc, timestamp;
    uint32_t hash; /* when `hashed` */
    uint16_t sequence;
    bool hashed;
    uint8_t fate; /* enum vo_point_fate; the matching's */
};

struct vo_point_stream {
    const struct vo_stream *stream;
    uint64_t packets; /* first copies that can be told apart; the matching's */
    bool torn;        /* several streams of the other point fit it equally; the matching's */
};

struct vo_point {
    char *name;         /* owned; `files` point into it */
    const char **files; /* owned */
    size_t file_count;
    struct vo_capture *capture; /* borrowed: what it dropped is asked for; may be NULL */
    vo_time first, last;        /* of the whole capture */
    struct vo_point_packet *packets;
    size_t count, room;
    struct vo_point_stream *streams; /* by number, from 1 */
    uint32_t stream_count;
};

/* Reads "NAME:FILE[,FILE...]". The caller releases `point`, also after an error. VO_ERR_USAGE, VO_ERR_MEMORY.
 */
enum vo_status vo_point_parse(const char *text, struct vo_point *point, struct vo_error *error);
void vo_point_release(struct vo_point *point);

/* Keeps a packet of `stream`, whose `user` becomes its number. False: out of memory. */
bool vo_point_keep(struct vo_point *point, struct vo_stream *stream, const struct vo_packet *packet,
                   const struct vo_rtp *rtp, vo_time time);
/* For a session: keeps all of its packets. */
struct vo_rtp_keeper vo_point_keeper(struct vo_point *point);
/* After the capture's end: numbers find their streams, and packets of flows that became no stream go. */
enum vo_status vo_point_settle(struct vo_point *point, const struct vo_streams *streams, vo_time first,
                               vo_time last, struct vo_error *error);
/* The number of a stream at its point, 0 if none. */
uint32_t vo_point_number(const struct vo_stream *stream);

#endif
