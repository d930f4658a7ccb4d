/*
 * The answers of voready init, and the site file that is made of them.
 */
#ifndef VO_ASSESS_INIT_H
#define VO_ASSESS_INIT_H

#include "core/error.h"

#define VO_ANSWER_SIZE 1024

/* In the order of asking. */
enum vo_ask {
    VO_ASK_NAME,
    VO_ASK_MODE,
    VO_ASK_SBC,
    VO_ASK_TRANSPORT,
    VO_ASK_SIP_PORT,
    VO_ASK_RTP,
    VO_ASK_ACCOUNT,
    VO_ASK_CERTIFICATE,
    VO_ASK_HAPROXY,
    VO_ASK_HTTPS_PORT,
    VO_ASK_WEBSOCKET,
    VO_ASK_UC,
    VO_ASK_OPENSCAPE_VOICE,
    VO_ASK_BCOM,
    VO_ASK_BCOM_PORT,
    VO_ASK_APPLE,
    VO_ASK_ANDROID,
    VO_ASK_RESPONDER,
    VO_ASK_CALLS,
    VO_ASK_RESOLVERS,
    VO_ASK_CA,
    VO_ASKED
};

struct vo_answers {
    char text[VO_ASKED][VO_ANSWER_SIZE]; /* "": skipped, or not asked */
};

/* Writes the site file: whole or not at all, readable as a site. VO_ERR_IO, VO_ERR_USAGE, VO_ERR_MEMORY. */
enum vo_status vo_answers_write(const struct vo_answers *answers, const char *path, struct vo_error *error);
/* Prints which secrets belong in which files, and what to do next. */
void vo_answers_advise(const struct vo_answers *answers, const char *path);

#endif
