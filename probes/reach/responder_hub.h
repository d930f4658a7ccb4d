/*
 * What the checks through a responder share: one control connection for each of its addresses, turns at local
 * ports, and what NAT did.
 *
 * Everything moves in vo_hub_walk(), which the loop calls soon after something came (vo_hub_wake()):
 * callbacks only note what came.
 */
#ifndef VO_PROBES_REACH_RESPONDER_HUB_H
#define VO_PROBES_REACH_RESPONDER_HUB_H

#include "probes/io/responder_client.h"
#include "probes/reach/check.h"

#define VO_ATTEMPT_TRIES 3 /* requests, spaced so that limits of ICMP do not hide what a router says */

/* OWN: of a check that moves by its own function, and takes no turns. */
enum vo_attempt_kind { VO_ATTEMPT_OUT, VO_ATTEMPT_IN, VO_ATTEMPT_TCP, VO_ATTEMPT_OWN };

enum vo_attempt_stage {
    VO_ATTEMPT_CONTROL, /* waits for the control connection */
    VO_ATTEMPT_PORT,    /* waits to hear whether the responder listens on the port */
    VO_ATTEMPT_TURN,    /* waits for other attempts from the same local port, or to the same port */
    VO_ATTEMPT_TRY,
    VO_ATTEMPT_COUNT, /* nothing came: waits for the responder's counters */
    VO_ATTEMPT_DONE,
};

/* An address of the responder. */
struct vo_hub_peer {
    struct vo_hub_peer *next;
    struct sockaddr_storage address;    /* with the control port */
    struct vo_responder_client *client; /* NULL: why */
    char why[VO_ERROR_SIZE];
    unsigned left;      /* attempts not done */
    bool heard_icmp;    /* about a request: silence may be a limit of such errors (RFC 1812 4.3.2.8) */
    vo_time slow_until; /* until when single requests may be tried again; 0: none was */
    struct {
        const char *by;                   /* "udp", "control"; NULL: nothing seen */
        struct vo_endpoint local, mapped; /* the first pair that differs, or the first of all */
        bool translated, ports_changed, told;
    } nat;
};

struct vo_attempt {
    struct vo_attempt *next;
    struct vo_check *check;
    struct vo_responder_hub *hub;
    struct vo_hub_peer *peer;
    enum vo_attempt_kind kind;
    enum vo_attempt_stage stage;
    /* of OWN: as vo_attempt_advance(), while the control connection is sound; `reported`: what it waits for
     * has come */
    bool (*advance)(void *own, vo_time now, bool reported);
    void (*close)(
        void *own); /* of OWN: its sockets; called once its end is known, and again when the check is gone */
    void *own;      /* the hub frees it */
    bool dead;      /* the check is gone */
    bool slow;      /* tried again, alone, because a router limits its ICMP errors */
    struct vo_udp *udp;
    struct vo_conn *conn;
    uint32_t report;      /* that it waits for */
    uint32_t before;      /* requests that the responder had counted on that port */
    uint32_t arrived;     /* of OUT: its counter, as its reply says */
    vo_time next_at, end; /* of a try, monotonic; next_at 0: no more requests */
    unsigned sent;
    uint32_t sequences[VO_ATTEMPT_TRIES + 1]; /* and the slow one */
    vo_time sent_at[VO_ATTEMPT_TRIES + 1];
    bool echoed, opened, ended;
    vo_time took; /* request to reply */
    struct vo_icmp_error icmp;
    struct vo_endpoint local, seen; /* once it has echoed */
    uint8_t in[VO_REFLECT_BODY];    /* TCP: of the reply */
    uint32_t in_size;
};

struct vo_responder_hub {
    struct vo_reach *reach;
    struct vo_hub_peer *peers;
    struct vo_attempt *attempts;
    struct vo_timer wake;
    bool walking;
};

/* Makes the attempt of a check, which is its state, and the hub if there is none. For OWN, `own_size` zeroed
 * bytes and its functions. NULL: no memory, and the check is done. */
struct vo_attempt *vo_hub_join(struct vo_check *check, enum vo_attempt_kind kind, size_t own_size);
/* Ends the check early, if it has not ended: vo_check_kind.stop. */
void vo_hub_stop(struct vo_check *check);
/* The check is gone, the last one takes the hub along: vo_check_kind.free. */
void vo_hub_leave(struct vo_check *check);
/* Something came: have all attempts looked at soon. */
void vo_hub_wake(struct vo_responder_hub *hub);
/* Whether the attempt may begin: it is alone with its local port and its row, and whoever wants to be called
 * unasked on that port has been. */
bool vo_hub_turn(const struct vo_attempt *attempt);
/* What the responder has counted on the attempt's port by now, as far as is known. */
uint32_t vo_hub_counted(const struct vo_attempt *attempt);
/* Keeps how the responder saw a packet that was sent from `local`. */
void vo_hub_note_nat(struct vo_hub_peer *peer, const char *by, const struct vo_endpoint *local,
                     const struct vo_endpoint *seen);
/* The attempt has its observation: closes its sockets and ends the check. The last one of a peer writes that
 * of its NAT. */
void vo_hub_done(struct vo_attempt *attempt);

/* Ends the check: all that it would have measured is missing for this reason. True. */
bool vo_hub_missing(struct vo_attempt *attempt, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Moves an attempt on as far as it goes now (check_responder.c). False: nothing has changed. */
bool vo_attempt_advance(struct vo_attempt *attempt, vo_time now, bool reported);

#endif
