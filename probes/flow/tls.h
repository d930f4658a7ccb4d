/*
 * TLS read with a key log (NSS format): 1.2 (RFC 5246, 5288, 7905, extended master secret RFC 7627,
 * encrypt-then-MAC RFC 7366) and 1.3 (RFC 8446). The primitives are OpenSSL's.
 *
 * A session is fed the ordered bytes of both directions and gives back application data. Without a key, or
 * with a hole, or a cipher not known, it says why and gives nothing. Cipher suites: AES-128/256 GCM,
 * AES-128/256 CCM and CCM_8, ChaCha20-Poly1305, AES CBC with SHA-1, SHA-256, SHA-384.
 */
#ifndef VO_PROBES_FLOW_TLS_H
#define VO_PROBES_FLOW_TLS_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key log: CLIENT_RANDOM, CLIENT_/SERVER_HANDSHAKE_TRAFFIC_SECRET, CLIENT_/SERVER_TRAFFIC_SECRET_0; other
 * labels and comments are skipped. */
struct vo_keylog;
enum vo_status vo_keylog_load(const char *path, struct vo_keylog **keylog, struct vo_error *error);
/* Adds the lines of a text (a pcapng secrets block); *keylog may be NULL at first and then is made, even of
 * an empty text. */
enum vo_status vo_keylog_add(struct vo_keylog **keylog, const char *text, size_t size,
                             struct vo_error *error);
size_t vo_keylog_count(const struct vo_keylog *keylog); /* usable lines */
void vo_keylog_free(struct vo_keylog *keylog);

enum vo_tls_state {
    VO_TLS_HANDSHAKE, /* not far enough to tell */
    VO_TLS_DECRYPTED, /* application data comes out */
    VO_TLS_NO_KEY, /* the key log has no line for this client random, or there is no key log. While less than
                    * 18 KiB wait, a line that is added later still helps */
    VO_TLS_UNSUPPORTED,  /* cipher or version */
    VO_TLS_MISSED_START, /* the capture began after the handshake */
    VO_TLS_BROKEN,       /* a hole, a bad tag, or not TLS any more */
};

struct vo_tls;
typedef void vo_tls_plaintext(void *context, int direction, const uint8_t *data, uint32_t size);

/* True if these first bytes of a connection are a TLS record (handshake, or application data in mid-stream).
 */
bool vo_tls_likely(const uint8_t *data, uint32_t size);
/* The key log is borrowed and may be NULL. */
struct vo_tls *vo_tls_new(const struct vo_keylog *keylog);
void vo_tls_feed(struct vo_tls *tls, int direction, const uint8_t *data, uint32_t size,
                 vo_tls_plaintext *plaintext, void *context);
void vo_tls_hole(struct vo_tls *tls, int direction, uint32_t size);
enum vo_tls_state vo_tls_state(const struct vo_tls *tls);
const char *vo_tls_explain(const struct vo_tls *tls);     /* one sentence: cipher or what is missing */
const char *vo_tls_server_name(const struct vo_tls *tls); /* SNI, or NULL */
void vo_tls_free(struct vo_tls *tls);

#endif
