/*
 * Digest authentication of a client (RFC 7616, RFC 8760, RFC 3261 22; RFC 2617 and 2069 for old servers):
 * MD5, SHA-256, SHA-512-256 and their -sess forms, qop auth or none. OpenSSL computes the hashes.
 *
 * Also the other direction: rspauth of Authentication-Info, by which the server proves that it knows the
 * password too (RFC 7616 3.5). auth-int is not spoken: a challenge that offers nothing else is refused.
 *
 * The password is only looked at by vo_digest_begin(). What is kept of it (HA1) is as good as the password
 * within its realm: vo_digest_clear() wipes it.
 */
#ifndef VO_PROBES_IO_DIGEST_H
#define VO_PROBES_IO_DIGEST_H

#include "core/error.h"
#include "probes/decode/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vo_digest_algorithm { VO_DIGEST_MD5, VO_DIGEST_SHA_256, VO_DIGEST_SHA_512_256 }; /* weakest first */

#define VO_DIGEST_TEXT   512 /* room of realm, nonce and opaque; longer ones are refused */
#define VO_DIGEST_USER   128
#define VO_DIGEST_CNONCE 64
#define VO_DIGEST_HEX    65 /* the longest hash in hexadecimal, and a NUL */

struct vo_digest_challenge {
    enum vo_digest_algorithm algorithm;
    bool session;       /* a -sess algorithm */
    bool has_algorithm; /* told, not the default */
    bool qop;           /* auth is offered; false: the server knows no qop (RFC 2069) */
    bool stale;         /* the credentials were good, the nonce is too old */
    bool has_opaque;
    char realm[VO_DIGEST_TEXT], nonce[VO_DIGEST_TEXT], opaque[VO_DIGEST_TEXT]; /* as between the quotes */
};

/* Reads the value of WWW-Authenticate or Proxy-Authenticate. VO_ERR_INPUT says what cannot be used: another
 * scheme, an unknown algorithm, auth-int only, no realm or nonce, control characters, too long. */
enum vo_status vo_digest_read(struct vo_span value, struct vo_digest_challenge *challenge,
                              struct vo_error *error);
/* "MD5", "SHA-256-sess", … */
const char *vo_digest_name(const struct vo_digest_challenge *challenge);

struct vo_digest { /* zero-initialise; vo_digest_clear() at the end */
    struct vo_digest_challenge challenge;
    char user[VO_DIGEST_USER], cnonce[VO_DIGEST_CNONCE];
    char ha1[VO_DIGEST_HEX];
    uint32_t count; /* nc of the last request under this nonce */
};

/* Takes up a challenge. `cnonce` is random, quoted as it is. VO_ERR_USAGE: user or cnonce is too long, or
 * holds quotes, backslashes or control characters; VO_ERR_IO: this OpenSSL refuses the algorithm (MD5 in FIPS
 * mode). */
enum vo_status vo_digest_begin(struct vo_digest *digest, const struct vo_digest_challenge *challenge,
                               const char *user, const char *password, const char *cnonce,
                               struct vo_error *error);
/* The value of Authorization or Proxy-Authorization for one more request; counts nc. Its length, or 0 if it
 * does not fit or `uri` cannot be quoted. */
size_t vo_digest_authorize(struct vo_digest *digest, const char *method, const char *uri, char *to,
                           size_t room);

enum vo_digest_proof { VO_DIGEST_ABSENT, VO_DIGEST_VERIFIED, VO_DIGEST_WRONG };
/* Checks the value of Authentication-Info (at NULL: there is none) of the response to the last request, whose
 * digest URI was `uri`. Absent without rspauth; wrong also if qop, cnonce or nc are not the request's. */
enum vo_digest_proof vo_digest_verify(const struct vo_digest *digest, const char *uri, struct vo_span info);
/* Goes over to the nextnonce of Authentication-Info, if it has one. After vo_digest_verify(). */
void vo_digest_advance(struct vo_digest *digest, struct vo_span info);
void vo_digest_clear(struct vo_digest *digest);

#endif
