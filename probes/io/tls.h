/*
 * A TLS client that looks: it records what a server is and asks for, and goes on where an ordinary client
 * would stop (OpenSSL; TLS 1.0 to 1.3). No sockets: bytes in, bytes out, so that it is tested without a
 * network.
 *
 * Verification never ends the handshake: what is wrong is in the result, so that expiry and issuer are known
 * of a chain that is not trusted. In TLS 1.3 a server refuses a client certificate only after the client's
 * handshake is over (RFC 8446 4.4.2.4): `client_certificate` is final only after something was read, or the
 * peer closed.
 */
#ifndef VO_PROBES_IO_TLS_H
#define VO_PROBES_IO_TLS_H

#include "core/clock.h"
#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who is trusted: the system's CAs and those of a PEM file (NULL: none further). */
struct vo_tls_trust;
enum vo_status vo_tls_trust_new(const char *ca_file, struct vo_tls_trust **trust, struct vo_error *error);
void vo_tls_trust_free(struct vo_tls_trust *trust);

/* A client certificate with its key and chain: PKCS#12 or PEM. `password` may be NULL. Errors name the file
 * and say what is wrong with it (no key, wrong password, key of another certificate). */
struct vo_tls_identity;
enum vo_status vo_tls_identity_load(const char *file, const char *key_file, const char *password,
                                    struct vo_tls_identity **identity, struct vo_error *error);
void vo_tls_identity_free(struct vo_tls_identity *identity);

struct vo_tls_config {
    const char *name; /* SNI and the name to verify; an IP literal is verified as one, without SNI */
    const struct vo_tls_trust *trust;       /* outlives the session */
    const struct vo_tls_identity *identity; /* NULL: none */
    const char *const *alpn;                /* offered, in order */
    size_t alpn_count;
    /* "sha256/BASE64" of the SubjectPublicKeyInfo of an issuer (RFC 7469 2.4); none: count 0 */
    const char *const *pins;
    size_t pin_count;
    /* Such as push: its chain must lead to a CA that the system trusts, else interception is suspected. */
    bool public_service;
    vo_time now; /* Unix time of the check of dates */
};

enum vo_tls_phase { VO_TLS_OPENING, VO_TLS_OPEN, VO_TLS_CLOSED, VO_TLS_FAILED };

/* What is wrong with the chain; several may hold. */
enum vo_tls_fault {
    VO_TLS_EXPIRED = 1,
    VO_TLS_NOT_YET_VALID = 2,
    VO_TLS_WRONG_NAME = 4,
    VO_TLS_SELF_SIGNED = 8,       /* the leaf itself, not trusted */
    VO_TLS_UNKNOWN_ISSUER = 16,   /* complete up to a root that is not trusted */
    VO_TLS_INCOMPLETE_CHAIN = 32, /* the leaf's issuer was not presented: an intermediate is missing */
    VO_TLS_REVOKED = 64,
    VO_TLS_WEAK = 128, /* key or signature below today's strength */
    VO_TLS_OTHER_FAULT = 256,
};

#define VO_TLS_CHAIN 10
struct vo_tls_certificate {
    char subject[160], issuer[160]; /* RFC 4514 text, cut */
    char names[320];                /* subjectAltName DNS and IP, separated by spaces, cut */
    int64_t not_before, not_after;  /* Unix seconds */
    char pin[52];                   /* "sha256/…" of its public key */
};

struct vo_tls_result {
    enum vo_tls_phase phase;
    char protocol[12]; /* a word of tls_protocol: "tls1.2"; "" before it is known */
    char cipher[64], alpn[32];
    unsigned faults;       /* enum vo_tls_fault */
    char verify_text[160]; /* the library's words for the first fault */
    int64_t days_left;     /* whole days until the first certificate of the presented chain expires; negative:
                              expired */
    unsigned presented_count, verified_count;
    struct vo_tls_certificate presented[VO_TLS_CHAIN],
        verified[VO_TLS_CHAIN]; /* leaf first; verified: as far as issuers were found */
    const char *ocsp; /* a word of tls_ocsp: none good revoked unknown invalid; NULL: not known, because there
                         was no handshake, or the issuer that must have signed it is not at hand */
    /* A word of tls_client_certificate: not_asked, accepted, refused, missing (asked, and there is none);
     * NULL: not known yet, or it never showed. */
    const char *client_certificate;
    /* A word of tls_interception; NULL: not known. With pins: none, intercepted, or suspected if the chain
     * ends before its root, so that an expected issuer may stand behind it. Without: suspected or NULL. */
    const char *interception;
    int alert;         /* received, -1 none (RFC 8446 6) */
    char failure[200]; /* why it failed, "" if it did not */
};

/* The name is not vo_tls because probes/flow/tls.h has that for reading other people's TLS. */
struct vo_tls_client;
/* What `config` points to outlives the client, except the configuration itself. The first output is ready. */
enum vo_status vo_tls_client_new(const struct vo_tls_config *config, struct vo_tls_client **client,
                                 struct vo_error *error);
void vo_tls_client_free(struct vo_tls_client *client);
/* Ciphertext from the peer; size 0: the peer closed. Goes as far as it can. Then plaintext is to be
 * read until there is none: what follows it (the peer's close, an alert) shows in the phase only after that.
 */
enum vo_tls_phase vo_tls_client_feed(struct vo_tls_client *client, const uint8_t *data, size_t size);
/* Ciphertext for the peer: borrowed until the next call; vo_tls_client_sent() says how much of it went. There
 * may be some after FAILED, too: the alert. */
const uint8_t *vo_tls_client_output(struct vo_tls_client *client, size_t *size);
void vo_tls_client_sent(struct vo_tls_client *client, size_t size);
/* Plaintext: how many bytes were read, 0 when there is none now. */
size_t vo_tls_client_read(struct vo_tls_client *client, uint8_t *to, size_t room);
bool vo_tls_client_write(struct vo_tls_client *client, const void *data, size_t size);
void vo_tls_client_close(struct vo_tls_client *client); /* close_notify goes to the output */
/* Lives as long as the client, and is kept up to date. */
const struct vo_tls_result *vo_tls_client_result(const struct vo_tls_client *client);

#endif
