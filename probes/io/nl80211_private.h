/* What the modules nl80211*.c share: one request, and how its refusal is told. */
#ifndef VO_PROBES_IO_NL80211_PRIVATE_H
#define VO_PROBES_IO_NL80211_PRIVATE_H

#include "probes/io/nl80211.h"

struct nl_msg;
struct nl_sock;

/* The message begins with a generic header for `command`; `flags` are NLM_F_DUMP or 0. NULL: out of memory.
 */
struct nl_msg *vo_nl80211_message(struct vo_nl80211 *nl80211, uint8_t command, int flags);
/* The same about one interface. */
struct nl_msg *vo_nl80211_about(struct vo_nl80211 *nl80211, uint8_t command, int flags, uint32_t index);

struct vo_nl80211_request {
    struct nl_msg *message; /* freed by vo_nl80211_ask(); NULL: out of memory */
    const char *what;       /* "scan": the message says what cannot be done */
    uint32_t index;         /* the interface that the message names; 0: none */
    /* Each answer's attributes, once all have come; may be NULL, may ask on. */
    void (*each)(void *context, const void *attributes, size_t size);
    void *context;
};
/* Sends, waits for the acknowledgement or the end of the dump. A dump that the kernel says was changed
 * meanwhile is asked for again. */
enum vo_status vo_nl80211_ask(struct vo_nl80211 *nl80211, struct vo_nl80211_request request,
                              struct vo_error *error);

/* The message for a refusal with errno value `number`; `said` is the kernel's own sentence, or "". */
enum vo_status vo_nl80211_refuse(struct vo_error *error, const char *what, const char *interface, int number,
                                 const char *said);

/* A socket for generic netlink with nl80211's family resolved. */
enum vo_status vo_nl80211_connect(struct nl_sock **socket, int *family, struct vo_error *error);

#endif
