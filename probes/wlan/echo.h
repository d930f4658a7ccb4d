/*
 * A stream in the shape of a call, that a responder (voready-reflect) sends back packet by packet: what media
 * on this host's link is measured with where there is no call.
 *
 * Requests are of 172 bytes, as G.711 with 20 ms a packet, marked with DSCP 46; replies are believed only
 * with the session's authentication code (probes/decode/reflect.h). Who comes is told with the time that the
 * kernel stamped. A reply that is missing was lost on one of the two ways, or could not be sent.
 */
#ifndef VO_PROBES_WLAN_ECHO_H
#define VO_PROBES_WLAN_ECHO_H

#include "probes/io/loop.h"

struct vo_echo;
struct vo_echo_config {
    const char *responder; /* "HOST", "HOST:PORT", "[IPv6]:PORT"; the control port */
    const char *key;       /* the secret */
    const char *interface; /* that packets are to leave by; NULL: any */
    uint16_t port;         /* the responder's UDP port, even; 0: the first of its usual ones that it serves */
    vo_time pace;
    vo_time timeout;                   /* of each step until it is ready */
    const volatile sig_atomic_t *stop; /* gives up waiting; may be NULL */
    void *context;
    /* A reply; `time`: real time, by the kernel. */
    void (*received)(void *context, uint32_t sequence, vo_time time);
    /* The responder is lost: nothing comes from here on. `why` lives as long as the echo. */
    void (*failed)(void *context, const char *why);
};

/* Connects and waits, running the loop, until the responder has proved itself and serves a port.
 * VO_ERR_USAGE, VO_ERR_IO: who cannot be reached, or does not know the key; or packets would leave by another
 * interface. */
enum vo_status vo_echo_open(struct vo_loop *loop, const struct vo_echo_config *config, struct vo_echo **echo,
                            struct vo_error *error);
/* Begins to send. */
void vo_echo_start(struct vo_echo *echo);
void vo_echo_free(struct vo_echo *echo); /* not from a callback; accepts NULL */

struct vo_echo_counts {
    uint64_t sent, refused, received; /* refused: by this host's system, for want of a route, say */
};
struct vo_echo_counts vo_echo_counts(const struct vo_echo *echo);
/* The UDP port of this host. */
uint16_t vo_echo_local_port(const struct vo_echo *echo);

#endif
