/*
 * Inside of the call tracker: call.c finds calls and keeps their ladders, call_outcome.c tells how they went,
 * call_media.c binds the endpoints that SDP announces, call_table.c holds memory and lookup for them.
 *
 * Sides are indices: VO_CALLER, VO_CALLEE. Tags and SDP are only ever compared, so their hashes are kept; 0
 * is absent.
 */
#ifndef VO_PROBES_FLOW_CALL_PRIVATE_H
#define VO_PROBES_FLOW_CALL_PRIVATE_H

#include "probes/flow/call.h"

#define VO_CALL_DIALOGS 4

enum { VO_CALLER, VO_CALLEE };

/* A stream of one side, by the SDP it sent. */
enum vo_call_flow { VO_FLOW_UNSEEN, VO_FLOW_ACTIVE, VO_FLOW_HELD };

struct vo_call_entry {
    struct vo_call call; /* first: a pointer to one is a pointer to the other */
    uint64_t hash;       /* of the Call-ID, as id_size */
    uint32_t id_size;
    uint64_t caller_tag, caller_uri, callee_uri;

    /* outcome */
    int64_t invite_cseq, reinvite_cseq[2]; /* newest; -1: none */
    vo_time attempted;                     /* first sight of the newest initial INVITE */
    vo_time cancelled;
    bool responded; /* to that INVITE */
    bool has_cancel, has_bye;
    bool accepted;                      /* a 2xx to an INVITE was seen: no failure counts any more */
    uint64_t failure;                   /* the final response that `call.final_code` is of */
    uint64_t dialogs[VO_CALL_DIALOGS];  /* callee tags that accepted: a fork may bring several */
    uint8_t dialog_count, dialogs_gone; /* and a bit for each that had its BYE */

    /* media */
    uint64_t sdp[2]; /* the newest of each side */
    uint8_t flow[2][VO_SDP_MEDIA];

    uint64_t *seen;      /* what makes a message the same: a ring of `capacity` */
    uint32_t seen_count; /* in all */
    uint32_t capacity;   /* of `seen` and of call.ladder */
};

struct vo_call_table {
    struct vo_call_slot {
        uint64_t hash;
        void *item; /* NULL: free */
    } * slots;
    size_t size, used;
};

struct vo_call_chunk {
    struct vo_call_chunk *next;
    size_t used;
};

struct vo_calls {
    struct vo_calls_handler handler;
    struct vo_call_table ids, endpoints; /* of struct vo_call_entry, struct vo_binding */
    struct vo_call_chunk *chunks;
    struct vo_call *first, *last;
    size_t count, bindings;
    uint64_t refused, lost;
    vo_time newest;
    struct vo_sdp sdp;      /* the one being read */
    struct vo_media *media; /* the m= line being read, with room for VO_CALL_PAYLOADS */
};

#define VO_CALL_PAYLOADS 255

/* call_table.c. Memory that lives as long as `calls`, zeroed; NULL: out of memory. */
void *vo_call_allocate(struct vo_calls *calls, size_t size);
void vo_call_release_chunks(struct vo_calls *calls);
uint64_t vo_call_hash(uint64_t seed, const void *data, size_t size);
/* 0 only for what is absent or empty. */
uint64_t vo_call_hash_span(struct vo_span span);
/* Copies what fits into `room` bytes as printable UTF-8: white space is one blank, what cannot be shown '?'.
 */
void vo_call_print(char *to, size_t room, struct vo_span span);
/* The same into memory of `calls`. NULL for an absent or empty span, or out of memory. */
char *vo_call_copy(struct vo_calls *calls, struct vo_span span);
struct vo_call_slot *vo_call_table_find(const struct vo_call_table *table, uint64_t hash,
                                        bool (*same)(const void *item, const void *key), const void *key);
/* `item` must not be in it. False: out of memory. */
bool vo_call_table_add(struct vo_call_table *table, uint64_t hash, void *item);

/* call_outcome.c. `side`: of the requester, for a response too. Not for retransmissions. */
void vo_call_advance(struct vo_calls *calls, struct vo_call_entry *entry, const struct vo_sip *message,
                     int side, vo_time time);
/* call_media.c. `side`: of the sender. */
void vo_call_take_sdp(struct vo_calls *calls, struct vo_call_entry *entry, const struct vo_sip *message,
                      int side, vo_time time);

#endif
